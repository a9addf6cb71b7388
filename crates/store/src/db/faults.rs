//! Faults put into commits, for tests of those who must survive them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// What happens to a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is refused, and nothing was written.
    Refused,
    /// Its outcome is unknown, and nothing was written.
    UnknownNotWritten,
    /// Its outcome is unknown, and all was written.
    UnknownWritten,
}

/// The faults of commits to come, each for the first transaction that touches its table.
#[derive(Debug, Default)]
pub struct Faults(Mutex<VecDeque<(&'static str, Fault)>>);

impl Faults {
    /// The next transaction with a statement that names `table` meets `fault`.
    pub fn plan(&self, table: &'static str, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back((table, fault));
    }

    pub(super) fn take(&self, statements: &[&'static str]) -> Option<Fault> {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = plans.iter().position(|(table, _)| statements.iter().any(|s| s.contains(table)))?;
        plans.remove(found).map(|(_, fault)| fault)
    }
}
