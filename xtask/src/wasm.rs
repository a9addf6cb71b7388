//! The verifier for browsers: `crates/proof-wasm` as WebAssembly, the same bytes wherever
//! it is built by the pinned toolchain, so that its digest can be published.

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-unknown-unknown";
/// Where the repository keeps it.
const KEPT: &str = "crates/proof-wasm/web/verifier.wasm";

/// Builds it, and writes it or, with `check`, compares it with the one that is kept.
pub fn run(root: &Path, check: bool) -> Result<()> {
    let built = std::fs::read(build(root)?).context("the built verifier")?;
    let kept = root.join(KEPT);
    if !check {
        return Ok(std::fs::write(kept, built)?);
    }
    if std::fs::read(kept)? != built {
        bail!("{KEPT} is not what the source makes: run `make wasm` and commit it");
    }
    Ok(())
}

fn build(root: &Path) -> Result<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|h| Path::new(&h).join(".cargo"))).context("no HOME")?;
    // Panics name the file they come from: where the registry lies must not show.
    let mut flags = vec!["-Ctarget-cpu=mvp".to_owned()];
    for registry in std::fs::read_dir(home.join("registry/src")).context("cargo's registry")? {
        flags.push(format!("--remap-path-prefix={}=/crates", registry?.path().display()));
    }
    flags.sort();
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let arguments =
        ["build", "--quiet", "--locked", "--profile", "wasm", "--package", "proof-wasm", "--lib", "--target"];
    let status = Command::new("cargo")
        .args(arguments)
        .arg(TARGET)
        .current_dir(root)
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .status()
        .context("cargo")?;
    if !status.success() {
        bail!("the verifier cannot be built; `rustup target add {TARGET}` may be missing");
    }
    Ok(target.join(TARGET).join("wasm/proof_wasm.wasm"))
}
