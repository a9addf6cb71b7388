//! Why a text differs (fix-21): line ends, a byte order mark, blanks at its beginning or end.
//!
//! A few texts that editors and messengers commonly make of one another are hashed. Where one of them is
//! what was stamped, the cause is known; the file is nevertheless another one.

use super::Judge;
use crate::kind::Kind;
use proof::digest::{Digest, DigestAlgorithm};
use std::collections::{BTreeSet, HashSet};

/// Texts up to this size are looked into.
pub(crate) const TEXT_BYTES_MAX: usize = 256 << 10;
const MARK: char = '\u{feff}';

/// Whether these bytes are a text that is kept at hand for this.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let is_small = !bytes.is_empty() && bytes.len() <= TEXT_BYTES_MAX;
    is_small && !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok()
}

/// The digests of the texts that differ from this one in nothing else, itself left out.
pub(crate) fn digests(bytes: &[u8], salt: Option<[u8; 32]>, algorithm: DigestAlgorithm) -> HashSet<Digest> {
    let Some(text) = std::str::from_utf8(bytes).ok().filter(|_| is_text(bytes)) else { return HashSet::new() };
    let bare = text.trim_start_matches(MARK);
    let lf = bare.replace("\r\n", "\n").replace('\r', "\n");
    // Blanks before each line end are taken away by editors as they save.
    let lines: Vec<&str> = lf.lines().map(str::trim_end).collect();
    let mut known = BTreeSet::new();
    for line_end in ["\n", "\r\n"] {
        let body = lf.replace('\n', line_end);
        let ended = body.trim_end_matches(['\r', '\n']);
        let unpadded = lines.join(line_end);
        for form in [&body, ended, body.trim_end(), body.trim(), &unpadded] {
            for end in ["", line_end] {
                for start in ["", "\u{feff}"] {
                    known.insert(format!("{start}{form}{end}"));
                }
            }
        }
    }
    known.remove(text);
    let digest = |form: &String| {
        let mut hasher = algorithm.hasher();
        hasher.update(salt.as_ref().map_or(&[][..], |salt| &salt[..]));
        hasher.update(form.as_bytes());
        hasher.finish()
    };
    known.iter().map(digest).collect()
}

impl Judge<'_> {
    /// Whether an item differs from what was stamped in nothing else. Each text is hashed once, however
    /// many records or tokens it is compared with.
    pub(super) fn is_similar(&self, item: usize, is_salted: bool, stamped: Option<Digest>) -> bool {
        let (Some(stamped), Some(about)) = (stamped, self.desk.items.get(item)) else { return false };
        if about.bytes.is_empty() || about.kind != Kind::Content {
            return false;
        }
        let key = (item, stamped.algorithm(), is_salted);
        let mut known = self.similar.borrow_mut();
        let salt = about.salt.filter(|_| is_salted);
        known.entry(key).or_insert_with(|| digests(&about.bytes, salt, stamped.algorithm())).contains(&stamped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_similar(bytes: &[u8], salt: Option<[u8; 32]>, stamped: &Digest) -> bool {
        digests(bytes, salt, stamped.algorithm()).contains(stamped)
    }

    #[test]
    fn the_common_causes_are_found_and_no_other() {
        let stamped = "第一行\n第二行 \nthird\n";
        let digest = DigestAlgorithm::Sha256.digest(stamped.as_bytes());
        for changed in [
            "第一行\r\n第二行 \r\nthird\r\n",
            "第一行\n第二行 \nthird",
            "\u{feff}第一行\n第二行 \nthird\n",
            "第一行\n第二行 \nthird\n\n",
            "第一行\r\n第二行 \r\nthird",
            "\n第一行\n第二行 \nthird\n  ",
        ] {
            assert!(is_similar(changed.as_bytes(), None, &digest), "{changed:?}");
        }
        for other in ["第一行\n第二行 \nThird\n", "第一行\n\n第二行 \nthird\n", stamped, ""] {
            assert!(!is_similar(other.as_bytes(), None, &digest), "{other:?}");
        }
        let salted = DigestAlgorithm::Sm3.digest(&[&[7; 32][..], b"a\n"].concat());
        assert!(is_similar(b"a", Some([7; 32]), &salted) && !is_similar(b"a", None, &salted));
        assert!(!is_similar(b"a\0", None, &DigestAlgorithm::Sha256.digest(b"a\0\n")));
    }
}
