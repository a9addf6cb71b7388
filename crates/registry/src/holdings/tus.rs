//! What the tus protocol 1.0.0 says in headers, read and written: core, creation, creation-with-upload,
//! termination, expiration and checksum (SHA-256). <https://tus.io/protocols/resumable-upload>

use super::receive::Checksum;
use base64ct::{Base64, Encoding as _};
use proof::der::Time;
use proof::digest::from_hex;

/// The version of the protocol.
pub(super) const VERSION: &str = "1.0.0";
/// What of the protocol is spoken here.
pub(super) const EXTENSIONS: &str = "creation,creation-with-upload,termination,expiration,checksum";
/// How the checksum of a piece may be computed, the better first. Against a bad line SHA-1 does, and the
/// protocol asks for it; what a file is, the SHA-256 of the whole says alone.
pub(super) const CHECKSUMS: &str = "sha256,sha1";
/// What the bytes of a file come as.
pub(super) const MEDIA_TYPE: &str = "application/offset+octet-stream";
/// The longest metadata.
const METADATA_BYTES_MAX: usize = 8 << 10;
/// The longest name of a file, in bytes.
pub(super) const NAME_BYTES_MAX: usize = 1_024;

/// What a sender says of a file (`Upload-Metadata`). Other keys are not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    /// `filename`, or `name`.
    pub name: String,
    /// `sha256`, in hexadecimal.
    pub digest: Option<[u8; 32]>,
    /// `draft`: what it is for.
    pub draft: String,
    /// `organisation`: whose it will be, where it is not the sender's own.
    pub organisation: Option<String>,
}

impl Metadata {
    /// Reads the header; none where it is not what the protocol says.
    pub(super) fn parse(header: &str) -> Option<Self> {
        if header.len() > METADATA_BYTES_MAX {
            return None;
        }
        let mut found = Self::default();
        let mut seen = Vec::new();
        for pair in header.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
            if key.is_empty() || seen.contains(&key) {
                return None;
            }
            seen.push(key);
            let value = Base64::decode_vec(value.trim()).ok()?;
            let value = String::from_utf8(value).ok();
            match key {
                "filename" => found.name = name(value?)?,
                "name" if found.name.is_empty() => found.name = name(value?)?,
                "sha256" => found.digest = Some(digest(&value?)?),
                "draft" => found.draft = id(value?)?,
                "organisation" => found.organisation = Some(id(value?)?),
                _ => {}
            }
        }
        Some(found)
    }
}

fn name(text: String) -> Option<String> {
    (text.len() <= NAME_BYTES_MAX && !text.contains(char::is_control)).then_some(text)
}

fn digest(text: &str) -> Option<[u8; 32]> {
    from_hex(text).and_then(|bytes| bytes.try_into().ok())
}

fn id(text: String) -> Option<String> {
    let is_id = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (!text.is_empty() && text.len() <= 64 && text.bytes().all(is_id)).then_some(text)
}

/// A number of bytes; none where it is no decimal number below 2^53.
pub(super) fn number(header: &str) -> Option<u64> {
    let is_plain = !header.is_empty() && header.bytes().all(|b| b.is_ascii_digit());
    header.parse().ok().filter(|number| is_plain && *number < 1 << 53)
}

/// The checksum of a piece (`Upload-Checksum: sha256 BASE64`); none where it is another algorithm or no digest.
pub(super) fn checksum(header: &str) -> Option<Checksum> {
    let (algorithm, value) = header.trim().split_once(' ')?;
    let value = Base64::decode_vec(value.trim()).ok()?;
    match algorithm {
        "sha256" => value.try_into().ok().map(Checksum::Sha256),
        "sha1" => value.try_into().ok().map(Checksum::Sha1),
        _ => None,
    }
}

/// A time as HTTP writes it (RFC 9110 section 5.6.7).
pub(super) fn http_date(time: Time) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let day = usize::try_from(time.unix_s().div_euclid(86_400).rem_euclid(7)).unwrap_or_default();
    // `2026-11-21T04:05:06Z`
    let text = time.truncate_to_second().to_string();
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default().to_owned();
    let month = part(5..7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
    format!("{}, {} {} {} {} GMT", DAYS[day], part(8..10), month.unwrap_or(&"Jan"), part(0..4), part(11..19))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_read_as_the_protocol_says() {
        let read = |text: &str| Metadata::parse(text);
        // The example of the protocol, and what we ask for.
        assert_eq!(
            read("filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential").unwrap().name,
            "world_domination_plan.pdf"
        );
        let hex = "ab".repeat(32);
        let text = format!(
            "sha256 {},filename {},draft {}, organisation {}",
            Base64::encode_string(hex.as_bytes()),
            Base64::encode_string("月港.jpg".as_bytes()),
            Base64::encode_string(b"d-1"),
            Base64::encode_string(b"o_1")
        );
        let found = read(&text).unwrap();
        assert_eq!((found.name.as_str(), found.digest, found.draft.as_str()), ("月港.jpg", Some([0xab; 32]), "d-1"));
        assert_eq!(found.organisation.as_deref(), Some("o_1"));
        assert_eq!(read("").unwrap(), Metadata::default());
        for wrong in [
            "filename !",
            "filename YQ==,filename YQ==",
            "sha256 YQ==",
            "draft YS9i",
            "filename AAo=",
            &"a ,".repeat(9000),
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_checksums_and_dates_are_exact() {
        assert_eq!((number("0"), number("9007199254740991")), (Some(0), Some((1 << 53) - 1)));
        for wrong in ["", "-1", "+1", "1.0", "9007199254740992", "99999999999999999999", " 1"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
        assert_eq!(checksum(&format!("sha256 {}", Base64::encode_string(&[7; 32]))), Some(Checksum::Sha256([7; 32])));
        assert_eq!(checksum(&format!("sha1 {}", Base64::encode_string(&[7; 20]))), Some(Checksum::Sha1([7; 20])));
        for wrong in ["sha256 AAAA", "sha1 AAAA", "md5 AAAAAAAAAAAAAAAAAAAAAA==", "sha256", ""] {
            assert_eq!(checksum(wrong), None, "{wrong}");
        }
        // The example of the protocol.
        assert!(checksum("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=").is_some_and(|sum| sum.is_of(b"hello world")));
        // The example of RFC 9110.
        assert_eq!(http_date(Time::from_unix(784_111_777)), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
