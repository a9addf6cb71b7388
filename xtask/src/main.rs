//! The house's own tools: `tidy` checks its rules, `vectors` writes the test vectors, `wasm` builds the
//! verifier for browsers, `bench` measures.

mod bench;
mod tidy;
mod vectors;
mod wasm;

use anyhow::{Result, bail};
use std::path::Path;

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    match std::env::args().nth(1).as_deref() {
        Some("vectors") => vectors::write(&root.join("vectors")),
        Some("wasm") => wasm::run(&root, std::env::args().any(|a| a == "--check")),
        Some("bench") => match std::env::args().nth(2).as_deref() {
            None => bench::run(&root),
            Some("records") => bench::records::run(),
            Some("certificates") => bench::certificates::run(),
            Some("vault") => bench::vault::run(),
            Some("holdings") => bench::holdings::run(&root),
            Some("batch") => bench::batch::run(&root),
            Some("load") => bench::load::run(&root),
            Some(other) => bail!("no bench is called {other}"),
        },
        Some("tidy") => {
            let breaches = tidy::check();
            if !breaches.is_empty() {
                bail!("\n{}", breaches.join("\n"));
            }
            Ok(())
        }
        _ => bail!(
            "usage: cargo run -p xtask -- tidy | vectors | wasm [--check] | bench [records | certificates | vault | holdings | batch | load]"
        ),
    }
}
