//! Checkpoints (C2SP tlog-checkpoint v1.0.0): the note of a log's head.

use super::merkle::{Hash, Head};
use super::{Note, TlogError};

/// Longer origins are refused: cosignatures have one byte for their length.
pub const ORIGIN_BYTES_MAX: usize = 255;

/// A checkpoint; nothing is verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint<'a> {
    /// Which log.
    pub origin: &'a str,
    /// How large it was, and the root.
    pub head: Head,
    /// The note that carries it, with its signatures.
    pub note: Note<'a>,
}

impl<'a> Checkpoint<'a> {
    /// Reads a checkpoint with its signatures.
    pub fn parse(text: &'a str) -> Result<Self, TlogError> {
        let note = Note::parse(text)?;
        let malformed = TlogError::Malformed("checkpoint");
        let body = note.text.strip_suffix('\n').ok_or(malformed)?;
        let mut lines = body.split('\n');
        let mut next = || lines.next().filter(|l| !l.is_empty()).ok_or(malformed);
        let (origin, size, root) = (next()?, next()?, next()?);
        if lines.any(str::is_empty) || origin.len() > ORIGIN_BYTES_MAX {
            return Err(malformed);
        }
        let size = decimal(size).ok_or(malformed)?;
        let root = Hash::from_base64(root).ok_or(malformed)?;
        Ok(Self { origin, head: Head { size, root }, note })
    }

    /// The text that a log signs for this head.
    #[must_use]
    pub fn text(origin: &str, head: &Head) -> String {
        format!("{origin}\n{}\n{}\n", head.size, head.root)
    }
}

/// Whether a log of ours may be named so: it is the name of its key, too.
#[must_use]
pub fn is_origin(text: &str) -> bool {
    let fits = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
    !text.is_empty() && text.len() <= ORIGIN_BYTES_MAX && text.chars().all(fits)
}

/// Decimal digits without leading zeros.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let canonical = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| canonical)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the specification.
    const EXAMPLE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

    #[test]
    fn the_example_of_the_specification_is_read() {
        let checkpoint = Checkpoint::parse(EXAMPLE).unwrap();
        assert_eq!((checkpoint.origin, checkpoint.head.size), ("example.com/behind-the-sofa", 20_852_163));
        assert_eq!(checkpoint.note.text, Checkpoint::text(checkpoint.origin, &checkpoint.head));
    }

    #[test]
    fn deviations_are_refused() {
        for (from, to) in [
            ("20852163", "020852163"),
            ("20852163", "+20852163"),
            ("20852163", ""),
            ("20852163", "99999999999999999999"),
            ("q2I=", "q2I"),
            ("q2I=", "q2J="),
            ("CsUY", ""),
            ("example.com/behind-the-sofa\n2", "\n2"),
            ("q2I=\n", "q2I=\n\nx\n"),
        ] {
            assert!(Checkpoint::parse(&EXAMPLE.replacen(from, to, 1)).is_err(), "{from} {to}");
        }
        let extended = EXAMPLE.replacen("q2I=\n", "q2I=\nextension\n", 1);
        assert!(Checkpoint::parse(&extended).is_ok(), "extension lines are allowed");
    }
}
