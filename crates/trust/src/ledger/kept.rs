//! Checkpoints kept for ever, with what other authorities said of them, as public files.
//!
//! ```text
//! kept/list               the sizes, ascending, a line each
//! kept/SIZE/checkpoint    the checkpoint as it was signed
//! kept/SIZE/0.tst …       tokens over that file, which `openssl ts -verify -token_in` reads
//! ```

use super::CHECKPOINT_BYTES_MAX;
use crate::TrustError;
use store::blobs::Blobs;

/// The name of the list of sizes.
pub const KEPT_LIST: &str = "kept/list";
/// Stamps looked for at one checkpoint.
pub const STAMPS_MAX: usize = 16;
/// A list of a checkpoint every ten minutes for many years.
const LIST_BYTES_MAX: u64 = 64 << 20;

/// The name of a kept checkpoint.
#[must_use]
pub fn kept_checkpoint(size: u64) -> String {
    format!("kept/{size}/checkpoint")
}

/// The name of a stamp over a kept checkpoint.
#[must_use]
pub fn kept_stamp(size: u64, number: usize) -> String {
    format!("kept/{size}/{number}.tst")
}

/// Whether this is the name of a kept file.
#[must_use]
pub fn is_kept_name(name: &str) -> bool {
    let Some((size, file)) = name.strip_prefix("kept/").and_then(|n| n.split_once('/')) else {
        return name == KEPT_LIST;
    };
    let Some(size) = size.parse::<u64>().ok().filter(|s| s.to_string() == size) else { return false };
    name == kept_checkpoint(size) || (0..STAMPS_MAX).any(|n| file == format!("{n}.tst"))
}

/// The sizes in a list.
#[must_use]
pub fn parse_list(bytes: &[u8]) -> Option<Vec<u64>> {
    let sizes: Option<Vec<u64>> = std::str::from_utf8(bytes).ok()?.lines().map(|l| l.parse().ok()).collect();
    sizes.filter(|sizes| sizes.is_sorted_by(|a, b| a < b))
}

/// The sizes of all kept checkpoints.
pub async fn kept(public: &Blobs) -> Result<Vec<u64>, TrustError> {
    let Some(bytes) = public.get(KEPT_LIST, LIST_BYTES_MAX).await? else { return Ok(Vec::new()) };
    parse_list(&bytes).ok_or_else(|| TrustError::Broken("the list of kept checkpoints is damaged".to_owned()))
}

/// Keeps a checkpoint with the stamps over it. It is in the list when all of it is there.
pub async fn keep(public: &Blobs, size: u64, checkpoint: &str, stamps: &[Vec<u8>]) -> Result<(), TrustError> {
    let mut sizes = kept(public).await?;
    public.put_new(&kept_checkpoint(size), checkpoint.as_bytes().to_vec()).await?;
    for (number, stamp) in stamps.iter().enumerate() {
        public.replace(&kept_stamp(size, number), stamp.clone()).await?;
    }
    if let Err(place) = sizes.binary_search(&size) {
        sizes.insert(place, size);
        let list: String = sizes.iter().map(|s| format!("{s}\n")).collect();
        public.replace(KEPT_LIST, list.into_bytes()).await?;
    }
    Ok(())
}

/// A kept checkpoint and the stamps over it.
pub async fn read(public: &Blobs, size: u64) -> Result<(String, Vec<Vec<u8>>), TrustError> {
    let missing = || TrustError::Broken(format!("the kept checkpoint of size {size} is missing; restore a backup"));
    let text = public.get(&kept_checkpoint(size), CHECKPOINT_BYTES_MAX).await?.ok_or_else(missing)?;
    let text = String::from_utf8(text).map_err(|_| missing())?;
    let mut stamps = Vec::new();
    while stamps.len() < STAMPS_MAX
        && let Some(stamp) = public.get(&kept_stamp(size, stamps.len()), 1 << 20).await?
    {
        stamps.push(stamp);
    }
    Ok((text, stamps))
}
