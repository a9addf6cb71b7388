//! The house's own tools.

mod vectors;

use anyhow::{Result, bail};
use std::path::Path;

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    match std::env::args().nth(1).as_deref() {
        Some("vectors") => vectors::write(&root.join("vectors")),
        _ => bail!("usage: cargo xtask vectors"),
    }
}
