//! An original over HTTP: 10 GB deposited beside a plain durable write of as many bytes to the same disk, the
//! server's memory, and reads of 1 MiB out of the middle of it, as a player that seeks makes them.

use super::{program, script};
use anyhow::{Context as _, Result};
use std::path::Path;

const BYTES: u64 = 10_000_000_000;
const SEEKS: u32 = 100;

pub(crate) fn run(root: &Path) -> Result<()> {
    let program = program(root)?;
    let arguments = [BYTES.to_string(), SEEKS.to_string()];
    let said = script(root, "holding_bench.py", |python| python.env("SHIYIN", program).args(arguments))?;
    let figures: serde_json::Value = serde_json::from_str(&said)?;
    let figure = |name: &str| figures[name].as_f64().with_context(|| format!("{name} in {said}"));
    println!(
        "10 GB deposited over HTTP: {:.0} MB/s, plain write {:.0} MB/s, ratio {:.2} (bar: 0.60)",
        figure("deposit_bytes_s")? / 1e6,
        figure("plain_bytes_s")? / 1e6,
        figure("ratio")?
    );
    println!("  the server's memory at most {:.0} MiB (bar: 300)", figure("memory_mib")?);
    println!(
        "  1 MiB out of its middle: p50 {:.1} ms, at most {:.1} ms (bar: 100)",
        figure("seek_ms_p50")?,
        figure("seek_ms_max")?
    );
    Ok(())
}
