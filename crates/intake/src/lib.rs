//! Makers of records. They never know each other: each builds a draft in its own way and hands it to
//! the heart.

#[cfg(test)]
mod tests;
pub mod works;
