//! What goes into a statement and what comes out of a row.

use crate::StoreError;

/// A value of one of the three types that both databases hold alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// An integer; also times and truth values.
    Int(Option<i64>),
    /// Text without NUL.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
}

macro_rules! from {
    ($($type:ty, $variant:ident, $value:ident => $into:expr;)*) => {
        $(impl From<$type> for Value {
            fn from($value: $type) -> Self {
                Self::$variant(Some($into))
            }
        }

        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map(|$value| $into))
            }
        })*
    };
}

from! {
    i64, Int, value => value;
    bool, Int, value => i64::from(value);
    String, Text, value => value;
    &str, Text, value => value.to_owned();
    Vec<u8>, Bytes, value => value;
    &[u8], Bytes, value => value.to_vec();
}

/// One row of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(pub(crate) Vec<Option<Cell>>);

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Row {
    fn cell(&self, column: usize) -> Option<&Cell> {
        self.0.get(column).and_then(Option::as_ref)
    }

    /// The integer in a column, counted from 0.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.maybe_int(column)?.ok_or_else(|| wrong(column, "an integer"))
    }

    /// The integer in a column, or none where it is null.
    pub fn maybe_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.cell(column) {
            None => Ok(None),
            Some(Cell::Int(value)) => Ok(Some(*value)),
            Some(_) => Err(wrong(column, "an integer")),
        }
    }

    /// The text in a column, counted from 0.
    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        self.maybe_text(column)?.ok_or_else(|| wrong(column, "text"))
    }

    /// The text in a column, or none where it is null.
    pub fn maybe_text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self.cell(column) {
            None => Ok(None),
            Some(Cell::Text(value)) => Ok(Some(value)),
            Some(_) => Err(wrong(column, "text")),
        }
    }

    /// The bytes in a column, counted from 0.
    pub fn bytes(&self, column: usize) -> Result<&[u8], StoreError> {
        match self.cell(column) {
            Some(Cell::Bytes(value)) => Ok(value),
            _ => Err(wrong(column, "bytes")),
        }
    }
}

fn wrong(column: usize, expected: &str) -> StoreError {
    StoreError::Broken(format!("column {column} of a row is not {expected}; restore a backup"))
}
