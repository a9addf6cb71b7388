//! What a content is, by its own first bytes: a short list, and nothing its sender said.

/// How many bytes of the beginning tell it.
pub const HEAD_BYTES: usize = 512;

/// A kind of content that can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// PNG (ISO/IEC 15948).
    Png,
    /// JPEG (ISO/IEC 10918-5).
    Jpeg,
    /// GIF87a, GIF89a.
    Gif,
    /// WebP (RFC 9649).
    Webp,
    /// PDF (ISO 32000).
    Pdf,
    /// MPEG-4 and QuickTime with moving pictures (ISO/IEC 14496-14).
    Mp4,
    /// Matroska and WebM (RFC 9559).
    Webm,
    /// Ogg with moving pictures (RFC 3533).
    Ogv,
    /// MPEG-4 that says it is sound alone.
    M4a,
    /// MPEG-1 layer III.
    Mp3,
    /// RIFF WAVE.
    Wav,
    /// FLAC (RFC 9639).
    Flac,
    /// Ogg with sound.
    Ogg,
}

/// In which way something is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// One picture.
    Image,
    /// Pages.
    Pages,
    /// It plays, and can be seen.
    Video,
    /// It plays.
    Sound,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::Png,
        Self::Jpeg,
        Self::Gif,
        Self::Webp,
        Self::Pdf,
        Self::Mp4,
        Self::Webm,
        Self::Ogv,
        Self::M4a,
        Self::Mp3,
        Self::Wav,
        Self::Flac,
        Self::Ogg,
    ];

    /// What begins like this; none where it is none of the list.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        let head = head.get(..HEAD_BYTES).unwrap_or(head);
        let at = |offset: usize, bytes: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(bytes));
        let has = |bytes: &[u8]| head.windows(bytes.len()).any(|window| window == bytes);
        Some(match head {
            _ if at(0, b"\x89PNG\r\n\x1a\n") => Self::Png,
            _ if at(0, b"\xff\xd8\xff") => Self::Jpeg,
            _ if at(0, b"GIF87a") || at(0, b"GIF89a") => Self::Gif,
            _ if at(0, b"RIFF") && at(8, b"WEBP") => Self::Webp,
            _ if at(0, b"RIFF") && at(8, b"WAVE") => Self::Wav,
            _ if at(0, b"%PDF-") => Self::Pdf,
            _ if at(4, b"ftypM4A ") || at(4, b"ftypM4B ") => Self::M4a,
            // Still pictures and what else shares the box are no films.
            _ if at(4, b"ftyp") && BRANDS.iter().any(|brand| at(8, brand)) => Self::Mp4,
            _ if at(0, b"\x1a\x45\xdf\xa3") && (has(b"webm") || has(b"matroska")) => Self::Webm,
            _ if at(0, b"OggS") && (has(b"\x80theora") || has(b"OVP80")) => Self::Ogv,
            _ if at(0, b"OggS") => Self::Ogg,
            _ if at(0, b"fLaC") => Self::Flac,
            _ if at(0, b"ID3") || is_layer_3(head) => Self::Mp3,
            _ => return None,
        })
    }

    /// In which way it is shown.
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::Png | Self::Jpeg | Self::Gif | Self::Webp => Class::Image,
            Self::Pdf => Class::Pages,
            Self::Mp4 | Self::Webm | Self::Ogv => Class::Video,
            Self::M4a | Self::Mp3 | Self::Wav | Self::Flac | Self::Ogg => Class::Sound,
        }
    }

    /// The media type under which a browser may show the original itself; none where it may not. The list
    /// holds nothing that a browser runs: no HTML, no SVG, no XML, no script, no PDF.
    #[must_use]
    pub fn media_type(self) -> Option<&'static str> {
        Some(match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Mp4 => "video/mp4",
            Self::Webm => "video/webm",
            Self::Ogv => "video/ogg",
            Self::M4a => "audio/mp4",
            Self::Mp3 => "audio/mpeg",
            Self::Wav => "audio/wav",
            Self::Flac => "audio/flac",
            Self::Ogg => "audio/ogg",
            Self::Pdf => return None,
        })
    }

    /// Its name in a database and on a command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Pdf => "pdf",
            Self::Mp4 => "mp4",
            Self::Webm => "webm",
            Self::Ogv => "ogv",
            Self::M4a => "m4a",
            Self::Mp3 => "mp3",
            Self::Wav => "wav",
            Self::Flac => "flac",
            Self::Ogg => "ogg",
        }
    }

    /// That of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The one reader that is tried on it.
    pub(crate) fn demuxer(self) -> Option<&'static str> {
        match self {
            Self::Mp4 | Self::M4a => Some("mov"),
            Self::Webm => Some("matroska"),
            Self::Ogv | Self::Ogg => Some("ogg"),
            Self::Mp3 => Some("mp3"),
            Self::Wav => Some("wav"),
            Self::Flac => Some("flac"),
            _ => None,
        }
    }
}

/// Major brands of what plays.
const BRANDS: [&[u8]; 11] =
    [b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"qt  ", b"dash"];

/// The head of a frame of MPEG-1 or MPEG-2 layer III.
fn is_layer_3(head: &[u8]) -> bool {
    matches!(head, [0xff, second, third, ..] if second & 0xe6 == 0xe2 && third & 0xf0 != 0xf0 && third & 0x0c != 0x0c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_is_what_it_begins_with() {
        let of = |head: &[u8]| Kind::of(head);
        assert_eq!(of(b"\x89PNG\r\n\x1a\n...."), Some(Kind::Png));
        assert_eq!(of(b"\xff\xd8\xff\xe0"), Some(Kind::Jpeg));
        assert_eq!(of(b"GIF89a/*<script>alert(1)</script>*/"), Some(Kind::Gif));
        assert_eq!(of(b"RIFF....WEBPVP8 "), Some(Kind::Webp));
        assert_eq!(of(b"RIFF....WAVEfmt "), Some(Kind::Wav));
        assert_eq!(of(b"%PDF-1.7"), Some(Kind::Pdf));
        assert_eq!(of(b"\0\0\0\x20ftypisom"), Some(Kind::Mp4));
        assert_eq!(of(b"\0\0\0\x20ftypM4A \0"), Some(Kind::M4a));
        assert_eq!(of(b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm"), Some(Kind::Webm));
        assert_eq!(of(b"OggS\0\x02.....\x80theora"), Some(Kind::Ogv));
        assert_eq!(of(b"OggS\0\x02.....OpusHead"), Some(Kind::Ogg));
        assert_eq!(of(b"fLaC\0"), Some(Kind::Flac));
        assert_eq!(of(b"ID3\x04"), Some(Kind::Mp3));
        assert_eq!(of(b"\xff\xfb\x90\x64"), Some(Kind::Mp3));
        let nothing: [&[u8]; 10] = [
            b"",
            b"<!doctype html>",
            b"<svg xmlns=",
            b"<?xml version",
            b"\xef\xbb\xbf<html>",
            b" GIF89a",
            b"\0\0\0\x20ftypheic",
            b"\xff\xff\xff\xff",
            b"MZ",
            b"import(1)",
        ];
        for one in nothing {
            assert_eq!(of(one), None, "{one:?}");
        }
    }

    #[test]
    fn the_list_holds_nothing_that_runs() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.name()), Some(kind));
            let Some(media_type) = kind.media_type() else { continue };
            assert!(["image/", "video/", "audio/"].iter().any(|start| media_type.starts_with(start)));
            assert!(!["svg", "xml", "html", "script"].iter().any(|word| media_type.contains(word)), "{media_type}");
        }
    }
}
