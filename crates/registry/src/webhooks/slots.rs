//! How much is under way at once: in all, to one endpoint, and to those that did not answer last time.
//!
//! An endpoint that fails has one place, and all that fail have half of all: whoever answers is not held up by
//! those who do not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Deliveries of one process at once.
pub(super) const ALL: usize = 32;
/// Of those, to endpoints that fail.
const FAILING: usize = ALL / 2;
/// To one endpoint.
const EACH: usize = 4;

#[derive(Default)]
struct Busy {
    all: usize,
    failing: usize,
    each: HashMap<String, usize>,
}

/// The places of one process.
#[derive(Clone, Default)]
pub(super) struct Slots(Arc<Mutex<Busy>>);

/// A place, until it goes out of scope.
pub(super) struct Slot {
    slots: Slots,
    endpoint: String,
    is_failing: bool,
}

impl Slots {
    /// Places for one endpoint, as many as there are for it.
    pub(super) fn take(&self, endpoint: &str, is_failing: bool) -> Vec<Slot> {
        let mut busy = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = busy.each.get(endpoint).copied().unwrap_or(0);
        let (each, rest) = match is_failing {
            true => (1, FAILING.saturating_sub(busy.failing)),
            false => (EACH, ALL),
        };
        let count = each.saturating_sub(own).min(rest).min(ALL.saturating_sub(busy.all));
        if count == 0 {
            return Vec::new();
        }
        busy.all += count;
        busy.failing += if is_failing { count } else { 0 };
        *busy.each.entry(endpoint.to_owned()).or_default() += count;
        let slot = |_| Slot { slots: self.clone(), endpoint: endpoint.to_owned(), is_failing };
        (0..count).map(slot).collect()
    }

    /// Whether there is none left.
    pub(super) fn is_full(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).all >= ALL
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut busy = self.slots.0.lock().unwrap_or_else(PoisonError::into_inner);
        busy.all -= 1;
        busy.failing -= usize::from(self.is_failing);
        if let Some(own) = busy.each.get_mut(&self.endpoint) {
            *own -= 1;
            if *own == 0 {
                busy.each.remove(&self.endpoint);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_fail_leave_room_for_those_that_answer() {
        let slots = Slots::default();
        let failing: Vec<Slot> = (0..100).flat_map(|n| slots.take(&format!("dead-{n}"), true)).collect();
        assert_eq!(failing.len(), FAILING);
        assert!(slots.take("dead-0", true).is_empty());
        let well: Vec<Slot> = (0..100).flat_map(|n| slots.take(&format!("well-{n}"), false)).collect();
        assert_eq!(well.len(), ALL - FAILING);
        assert!(slots.is_full() && slots.take("another", false).is_empty());
        drop(failing);
        assert_eq!(slots.take("dead-0", true).len(), 1);
        drop(well);
        let own = slots.take("well-0", false);
        assert_eq!(own.len(), EACH);
        assert!(slots.take("well-0", false).is_empty() && slots.take("well-0", true).is_empty());
        drop(own);
        let busy = slots.0.lock().unwrap();
        assert_eq!((busy.all, busy.failing, busy.each.len()), (0, 0, 0));
    }
}
