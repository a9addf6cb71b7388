//! shiyin
fn main() {}
