//! A batch through the API: 1,000 files, each a record with a signed certificate, made and fetched.

use super::{program, script};
use anyhow::{Context as _, Result};
use std::path::Path;

const FILES: u64 = 1000;

pub(crate) fn run(root: &Path) -> Result<()> {
    let program = program(root)?;
    let said = script(root, "batch_bench.py", |python| python.env("SHIYIN", program).arg(FILES.to_string()))?;
    let figures: serde_json::Value = serde_json::from_str(&said)?;
    let figure = |name: &str| figures[name].as_f64().with_context(|| format!("{name} in {said}"));
    println!(
        "{FILES} files through the API: records in {:.1} s, with every certificate in {:.1} s (bar: 60)",
        figure("records_s")?,
        figure("all_s")?
    );
    Ok(())
}
