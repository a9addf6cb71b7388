//! The originals of a record in its package, read from their places while they are sent.
//!
//! They lie under the names that are opened for them, so they stand in no package without names. A name that
//! no archive may have is replaced; the digest finds the file all the same.

use super::Packages;
use super::write::Writing;
use proof::package::{Part, RecordPart};
use registry::evidence::{Kept, Party};
use registry::web::Fault;
use std::collections::HashSet;

/// Originals in one package: what every reader of ours opens, with all that stands beside them.
pub(super) const ORIGINALS_MAX: u64 = 30_000;
/// Their bytes together: half of what every reader of ours opens.
pub(super) const BYTES_MAX: u64 = 1 << 39;

/// What became of the originals of a package.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Those that are in it.
    pub held: u64,
    /// Those that were removed, or could not be read.
    pub left_out: u64,
    /// They are too many or too large for one package, and none is in it.
    pub is_too_large: bool,
}

/// Whether an archive may have a file of this name.
fn is_safe(name: &str) -> bool {
    let is_drive = name.as_bytes().get(1) == Some(&b':');
    let parts = || name.split('/');
    !is_drive
        && !name.contains(|c: char| c == '\\' || c.is_control())
        && !parts().any(|part| matches!(part, "" | "." | ".."))
}

impl Packages {
    /// Whether the originals of these records fit into one package.
    pub(super) async fn fits(&self, by: &Party, numbers: &[proof::record::EvidenceNumber]) -> Result<bool, Fault> {
        let (mut count, mut bytes) = (0_u64, 0_u64);
        for number in numbers {
            let Some(entry) = self.evidence.entry_of(*number).await? else { continue };
            let own = self.holdings.kept_of(by, &entry).await?;
            (count, bytes) = (count.saturating_add(own.0), bytes.saturating_add(own.1));
        }
        Ok(count <= ORIGINALS_MAX && bytes <= BYTES_MAX)
    }

    pub(super) async fn originals(
        &self,
        by: &Party,
        kept: &Kept,
        to: &mut Writing,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let (names, mut taken) = (kept.names(), HashSet::new());
        for care in self.holdings.of_record(by, &kept.entry).await? {
            let mut content = match self.holdings.content(by, &care.holding.id).await {
                Ok(content) => content,
                Err(Fault::Broken(cause)) => return Err(Fault::Broken(cause)),
                Err(_) => {
                    tally.left_out += 1;
                    continue;
                }
            };
            // The first bytes are read before its name is written: what is lost is left out.
            if let Err(error) = content.read_at(0, 1).await {
                tracing::error!(%error, holding = care.holding.id, "an original is left out of a package");
                tally.left_out += 1;
                continue;
            }
            let name = names.get(care.place).map(String::as_str).unwrap_or_default();
            let is_free = is_safe(name) && taken.insert(name.to_lowercase());
            let name = if is_free { name.to_owned() } else { format!("file-{}", care.place) };
            to.stream(&Part::Of(kept.entry.number, RecordPart::Original(name)), content).await?;
            tally.held += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leaves_its_folder_nowhere() {
        for name in ["a.txt", "成片/a b.jpg", "a..b", "a:"] {
            assert_eq!(is_safe(name), !name.ends_with(':'), "{name}");
        }
        for name in ["", "/a", "a//b", "../a", "a/./b", "C:\\x", "c:x", "a\nb"] {
            assert!(!is_safe(name), "{name:?}");
        }
    }
}
