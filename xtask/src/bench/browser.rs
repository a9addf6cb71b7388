//! Hashing in a browser beside the same code natively: SHA-256 and SM3 in one pass over one file.

use super::{clock, script};
use anyhow::{Result, ensure};
use proof::digest::DigestAlgorithm;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;

const FILE_BYTES: usize = 512 << 20;
/// As the browser's worker reads and hashes.
const READ_BYTES: usize = 4 << 20;
const PIECE_BYTES: usize = 16 << 10;

pub(super) fn run(root: &Path, program: &Path, folder: &Path) -> Result<()> {
    let file = folder.join("hashed.bin");
    let block: Vec<u8> = (0..1u32 << 20).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut out = std::fs::File::create(&file)?;
    for _ in 0..FILE_BYTES >> 20 {
        out.write_all(&block)?;
    }
    drop(out);
    let mut native = 0f64;
    for _ in 0..3 {
        native = native.max(both(&file)?);
    }
    let page = folder.join("verify.html");
    std::fs::write(&page, Command::new(program).arg("verifier").output()?.stdout)?;
    let browser: f64 = script(root, "hash_bench.py", |python| python.args([&file, &page]))?.trim().parse()?;
    println!(
        "SHA-256 and SM3 in one pass, one core: browser {:.0} MB/s, native {:.0} MB/s, ratio {:.2} (bar: 0.35)",
        browser / 1e6,
        native / 1e6,
        browser / native
    );
    std::fs::remove_file(&file)?;
    Ok(())
}

/// Bytes a second of both digests over a file, read and hashed by one thread.
fn both(file: &Path) -> Result<f64> {
    let mut input = std::fs::File::open(file)?;
    let mut hashers = [DigestAlgorithm::Sha256, DigestAlgorithm::Sm3].map(DigestAlgorithm::hasher);
    let mut buffer = vec![0; READ_BYTES];
    let start = clock();
    loop {
        let read = input.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        for piece in buffer[..read].chunks(PIECE_BYTES) {
            hashers.iter_mut().for_each(|hasher| hasher.update(piece));
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let digests = hashers.map(|hasher| hasher.finish().to_string());
    ensure!(digests.iter().all(|d| d.len() == 64), "digests");
    Ok(FILE_BYTES as f64 / seconds)
}
