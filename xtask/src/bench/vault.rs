//! The vault: an object of 5 GB sealed to the disk beside the same bytes written plainly, what memory that
//! takes, and how long a reader who jumps about in it waits. The disk is that of the temporary folder.

use super::{clock, cpu_ticks, ms};
use anyhow::{Context as _, Result, ensure};
use rustix::fs::{Advice, fadvise};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use trust::storage::Storage;
use trust::vault::{Condition, ContentKey, Key, Object, ObjectId, Stores, Vault};

const LENGTH: u64 = 5_000_000_000;
/// What an upload sends at a time, and after how much of it all is durable.
const PIECE_BYTES: usize = 1 << 20;
const DURABLE_PIECES: u64 = 64;
const SEEKS: u64 = 200;
const TURNS: usize = 3;

/// Prints the figures.
pub(crate) fn run() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    runtime.block_on(measure(folder.path()))
}

async fn measure(folder: &Path) -> Result<()> {
    std::fs::create_dir(folder.join("keys"))?;
    std::fs::write(folder.join("keys/passphrase"), "bench\n")?;
    let storage = Storage::default();
    let (owner, _) = Vault::open(folder, &storage, false)?.new_key("bench")?;
    let stores = Stores::open(folder, &storage, &[]).await?;
    // Nothing in it repeats within a piece, so that no disk can make it smaller.
    let piece: Vec<u8> = (0..PIECE_BYTES as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8).collect();
    // Seconds of all turns, plain and sealed by turns, so that what else the disk does falls on both.
    let (mut plain_s, mut sealed_s, mut cpu_s) = (0.0, 0.0, 0.0);
    let mut memory_mib = 0;
    let mut last = None;
    for turn in 1..=TURNS {
        let plain = plain(&folder.join("plain"), &piece)?;
        if let Some((_, object)) = last.take() {
            forgotten(&stores, &object).await?;
        }
        std::fs::write("/proc/self/clear_refs", "5")?;
        let before = cpu_ticks("self", false)?;
        let (sealed, key, object) = sealed(&stores, &owner, &piece).await?;
        cpu_s += (cpu_ticks("self", false)? - before) as f64 / 100.0;
        memory_mib = memory_mib.max(high_water_mib()?);
        println!("  turn {turn}: sealed in {sealed:.1} s, plain in {plain:.1} s, ratio {:.2}", plain / sealed);
        (plain_s, sealed_s) = (plain_s + plain, sealed_s + sealed);
        last = Some((key, object));
    }
    let gb = LENGTH as f64 / 1e9 * TURNS as f64;
    let (ours, plainly) = (gb * 1000.0 / sealed_s, gb * 1000.0 / plain_s);
    let ratio = plain_s / sealed_s;
    println!(
        "5 GB sealed to the disk: {ours:.0} MB/s, written plainly {plainly:.0} MB/s, ratio {ratio:.2} (bar: 0.60)"
    );
    println!("  CPU of sealing and writing             {:>9.2} s a GB", cpu_s / gb);
    println!("  memory at most                         {memory_mib:>9} MiB, of the whole process (bar: 300)");
    let (key, object) = last.context("no turn")?;
    seeks(&stores, &key, &object, folder).await?;
    for (what, key) in [("by its digest", None), ("opened and compared", Some(&key))] {
        let begun = clock();
        let condition = stores.check("first", &object, key, &AtomicU64::new(0)).await?;
        ensure!(condition == Condition::Good, "{condition:?}");
        println!("copy checked {what:<25} {:>9.0} MB/s, cold", LENGTH as f64 / 1e6 / begun.elapsed().as_secs_f64());
    }
    Ok(())
}

/// Seconds for the same bytes without cipher and vault, durable at the end.
fn plain(path: &Path, piece: &[u8]) -> Result<f64> {
    let begun = clock();
    let mut file = File::create(path)?;
    let mut left = LENGTH;
    while left > 0 {
        let length = piece.len().min(usize::try_from(left)?);
        file.write_all(&piece[..length])?;
        left -= length as u64;
    }
    file.sync_all()?;
    let took = begun.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(took)
}

async fn sealed(stores: &Stores, owner: &Key, piece: &[u8]) -> Result<(f64, ContentKey, Object)> {
    let begun = clock();
    let key = ContentKey::new(ObjectId::random()?)?;
    let mut arriving = stores.begin(&key, LENGTH).await?;
    let (mut room, mut pieces) = (Vec::new(), 0);
    while arriving.length() < LENGTH {
        let length = piece.len().min(usize::try_from(LENGTH - arriving.length())?);
        room.extend_from_slice(&piece[..length]);
        room = arriving.write(room).await?;
        pieces += 1;
        if pieces % DURABLE_PIECES == 0 {
            arriving.pause(owner).await?;
        }
    }
    let object = arriving.seal().await?;
    stores.publish(&object).await?;
    Ok((begun.elapsed().as_secs_f64(), key, object))
}

async fn seeks(stores: &Stores, key: &ContentKey, object: &Object, folder: &Path) -> Result<()> {
    let id = object.id.to_string();
    let file = File::open(folder.join("vault/objects").join(&id[..2]).join(&id))?;
    let mut times = Vec::new();
    for turn in 0..SEEKS {
        // What the system remembers of the file goes first; the disk's own memory stays.
        fadvise(&file, 0, None, Advice::DontNeed)?;
        let offset = turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (LENGTH - PIECE_BYTES as u64);
        let begun = clock();
        let read = stores.read(key, object.length).read_at(offset, PIECE_BYTES).await?;
        times.push(ms(begun.elapsed().as_secs_f64()));
        ensure!(read.len() == PIECE_BYTES, "a short read");
    }
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times[times.len() * percent / 100];
    println!(
        "1 MiB at a random place of 5 GB, cold:   {:>9.1} ms p50, {:.1} ms p95, {:.1} ms at most (bar: 100)",
        at(50),
        at(95),
        times[times.len() - 1]
    );
    Ok(())
}

async fn forgotten(stores: &Stores, object: &Object) -> Result<()> {
    let failed = stores.erase(object.id).await;
    ensure!(failed.is_empty(), "{failed:?}");
    Ok(())
}

/// The most memory that this process had at once since it was last set back.
fn high_water_mib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? >> 10)
}
