//! The textual encoding of certificates and lists (RFC 7468), read leniently: what is
//! not a block with the label looked for is passed over.

use crate::der::Element;

/// The DER of every PEM block with this label, or the bytes themselves where they are DER.
#[must_use]
pub fn blocks(bytes: &[u8], label: &str) -> Vec<Vec<u8>> {
    if Element::parse(bytes).is_ok() {
        return vec![bytes.to_vec()];
    }
    let text = String::from_utf8_lossy(bytes);
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let mut found = Vec::new();
    let mut rest = &*text;
    while let Some((_, after)) = rest.split_once(&begin) {
        let Some((body, after)) = after.split_once(&end) else { break };
        found.extend(base64(body));
        rest = after;
    }
    found
}

/// Base64 with line breaks (RFC 7468); none where it is not that.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let body: Vec<u8> = text.bytes().filter(|c| !c.is_ascii_whitespace()).collect();
    let digits = body.strip_suffix(b"==").or_else(|| body.strip_suffix(b"=")).unwrap_or(&body);
    if !body.len().is_multiple_of(4) {
        return None;
    }
    let mut out = Vec::with_capacity(body.len() / 4 * 3);
    for group in digits.chunks(4) {
        let mut bits = 0u32;
        for c in group {
            bits = bits << 6 | u32::from(digit(*c)?);
        }
        bits <<= 6 * (4 - group.len());
        out.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_is_read_and_junk_is_not() {
        assert_eq!(base64("AAEC\nAw=="), Some(vec![0, 1, 2, 3]));
        assert_eq!(base64("AAE="), Some(vec![0, 1]));
        assert_eq!(base64("AA"), None);
        assert_eq!(base64("A*=="), None);
        let pem = b"junk\n-----BEGIN X-----\nMAA=\n-----END X-----\n-----BEGIN X-----\nMAA=\n-----END X-----";
        assert_eq!(blocks(pem, "X"), vec![vec![0x30, 0], vec![0x30, 0]]);
        assert!(blocks(b"-----BEGIN X-----\nMAA=", "X").is_empty());
    }
}
