//! The house's own tools: `tidy` checks its rules, `vectors` writes the test vectors, `bench` measures.

mod bench;
mod tidy;
mod vectors;

use anyhow::{Result, bail};
use std::path::Path;

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    match std::env::args().nth(1).as_deref() {
        Some("vectors") => vectors::write(&root.join("vectors")),
        Some("bench") => bench::run(&root),
        Some("tidy") => {
            let breaches = tidy::check();
            if !breaches.is_empty() {
                bail!("\n{}", breaches.join("\n"));
            }
            Ok(())
        }
        _ => bail!("usage: cargo run -p xtask -- tidy | vectors | bench"),
    }
}
