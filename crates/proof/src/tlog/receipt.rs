//! Offline proofs that an entry is in a log (C2SP tlog-proof, commit 5ba5ee8).

use super::checkpoint::decimal;
use super::merkle::{Hash, InclusionProof};
use super::{Checkpoint, TlogError};
use base64ct::{Base64, Encoding as _};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// A tree of 2^64 leaves has proofs no longer.
const HASHES_MAX: usize = 64;
const TEXT_BYTES_MAX: usize = 256 << 10;

/// An inclusion proof and the checkpoint it leads to; nothing is verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt<'a> {
    /// Data of the application, which nothing vouches for.
    pub extra: Option<Vec<u8>>,
    /// Where the entry stands, and the way to the root.
    pub inclusion: InclusionProof,
    /// The checkpoint as it was signed.
    pub checkpoint: &'a str,
}

impl<'a> Receipt<'a> {
    /// Reads a `.tlog-proof`.
    pub fn parse(text: &'a str) -> Result<Self, TlogError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(TlogError::TooLarge("proof"));
        }
        let malformed = TlogError::Malformed("proof");
        let (head, checkpoint) = text.split_once("\n\n").ok_or(malformed)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(TlogError::Malformed("proof: first line"));
        }
        let extra = lines.next_if(|l| l.starts_with("extra ")).and_then(|l| l.strip_prefix("extra "));
        let extra = extra.map(Base64::decode_vec).transpose().map_err(|_| malformed)?;
        let index = lines.next().and_then(|l| l.strip_prefix("index ")).and_then(decimal).ok_or(malformed)?;
        let hashes = lines.map(|l| Hash::from_base64(l).ok_or(malformed)).collect::<Result<Vec<_>, _>>()?;
        if hashes.len() > HASHES_MAX {
            return Err(TlogError::TooLarge("proof: hashes"));
        }
        Checkpoint::parse(checkpoint)?;
        Ok(Self { extra, inclusion: InclusionProof { index, hashes }, checkpoint })
    }

    /// Writes a `.tlog-proof`.
    #[must_use]
    pub fn encode(&self) -> String {
        use core::fmt::Write as _;
        let mut text = format!("{FIRST_LINE}\n");
        if let Some(extra) = &self.extra {
            let _ = writeln!(text, "extra {}", Base64::encode_string(extra));
        }
        let _ = writeln!(text, "index {}", self.inclusion.index);
        for hash in &self.inclusion.hashes {
            let _ = writeln!(text, "{hash}");
        }
        text.push('\n');
        text.push_str(self.checkpoint);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKPOINT: &str = "o\n2\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— o AAAAAAA=\n";

    #[test]
    fn a_receipt_is_written_as_it_is_read() {
        let hash = leaf();
        for (extra, hashes) in [(None, vec![]), (Some(b"x".to_vec()), vec![hash]), (None, vec![hash; 64])] {
            let receipt = Receipt { extra, inclusion: InclusionProof { index: 7, hashes }, checkpoint: CHECKPOINT };
            assert_eq!(Receipt::parse(&receipt.encode()), Ok(receipt));
        }
    }

    fn leaf() -> Hash {
        Hash::from_bytes([7; 32])
    }

    #[test]
    fn deviations_are_refused() {
        let good = Receipt {
            extra: Some(b"x".to_vec()),
            inclusion: InclusionProof { index: 1, hashes: vec![leaf()] },
            checkpoint: CHECKPOINT,
        }
        .encode();
        for (from, to) in [
            ("@v1", "@v2"),
            ("extra eA==", "extra eA="),
            ("index 1", "index 01"),
            ("index 1", "index -1"),
            ("index 1\n", ""),
            ("index 1\n", "index 1\nextra eA==\n"),
            ("=\n\no", "=\no"),
            ("BwcH", "BwcHBwcH"),
            ("o\n2", "o\n02"),
        ] {
            assert_ne!(good.replacen(from, to, 1), good, "{from}");
            assert!(Receipt::parse(&good.replacen(from, to, 1)).is_err(), "{from} {to}");
        }
        let long = Receipt {
            extra: None,
            inclusion: InclusionProof { index: 0, hashes: vec![leaf(); 65] },
            checkpoint: CHECKPOINT,
        };
        assert!(Receipt::parse(&long.encode()).is_err());
    }
}
