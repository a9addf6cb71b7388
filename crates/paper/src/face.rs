//! The faces: which characters they have, and how wide those are.
//!
//! Noto Sans SC with every Han character it has, Noto Serif SC for titles, Noto
//! Sans for Latin, Greek and Cyrillic, Noto Sans Mono for what a machine computed. What
//! one face lacks is taken from the next. There is no shaping: of the scripts
//! that these faces hold, none needs it.

use flate2::read::GzDecoder;
use krilla::text::Font;
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider as _};
use std::fmt;
use std::io::Read as _;
use std::sync::LazyLock;

/// One face, ready.
pub(crate) struct Face {
    pub(crate) font: Font,
    charmap: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    em: f32,
}

/// What a span is set in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Family {
    Sans,
    Serif,
    /// A second language: its marks are Latin, and not as wide as a Han character.
    Latin,
    Mono,
}

/// A character as a glyph of a face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Glyph {
    /// Which face, by its place.
    pub(crate) face: usize,
    pub(crate) id: u32,
    /// The advance, in parts of the em.
    pub(crate) advance: f32,
}

/// Why a document could not be set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PaperFault {
    /// No face has this character. Set `printable` text.
    Glyph(char),
    /// A text holds a character that turns, hides or breaks: it is not for print.
    Control(char),
    /// The code to photograph would be too large.
    Scan,
    /// The writer of the PDF refused; the text is for the log.
    Writer(String),
}

impl fmt::Display for PaperFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Glyph(c) => write!(f, "no face has the character U+{:04X}; write it as its number", *c as u32),
            Self::Control(c) => write!(f, "the character U+{:04X} is not for print; write it as its number", *c as u32),
            Self::Scan => f.write_str("the address is too long for a code; shorten the public address"),
            Self::Writer(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for PaperFault {}

const SANS: usize = 0;
const SERIF: usize = 1;
const LATIN: usize = 2;
const MONO: usize = 3;

const PACKED: [&[u8]; 4] = [
    include_bytes!("../fonts/sans.ttf.gz"),
    include_bytes!("../fonts/serif.ttf.gz"),
    include_bytes!("../fonts/latin.ttf.gz"),
    include_bytes!("../fonts/mono.ttf.gz"),
];

/// Unpacked once. They are part of the program: where one cannot be read, nothing can be set.
static FACES: LazyLock<Result<Vec<Face>, String>> =
    LazyLock::new(|| PACKED.iter().map(|packed| Face::open(packed)).collect());

impl Face {
    fn open(packed: &[u8]) -> Result<Self, String> {
        let mut bytes = Vec::with_capacity(packed.len() * 2);
        GzDecoder::new(packed).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
        // For as long as the program runs, as the program itself.
        let bytes: &'static [u8] = Vec::leak(bytes);
        let read = FontRef::new(bytes).map_err(|e| e.to_string())?;
        let font = Font::new(bytes.into(), 0).ok_or("a face cannot be read")?;
        let em = font.units_per_em();
        let metrics = read.glyph_metrics(Size::unscaled(), LocationRef::default());
        Ok(Self { font, charmap: read.charmap(), metrics, em })
    }

    fn glyph(&self, face: usize, c: char) -> Option<Glyph> {
        let id = self.charmap.map(c)?;
        let advance = self.metrics.advance_width(id)? / self.em;
        Some(Glyph { face, id: id.to_u32(), advance })
    }
}

/// All faces.
pub(crate) fn faces() -> Result<&'static [Face], PaperFault> {
    match &*FACES {
        Ok(faces) => Ok(faces),
        Err(cause) => Err(PaperFault::Writer(cause.clone())),
    }
}

/// Unpacks the faces, so that the first document need not wait for them.
///
/// # Errors
/// Where the program is damaged.
pub fn warm() -> Result<(), PaperFault> {
    faces().map(drop)
}

impl Family {
    fn order(self) -> &'static [usize] {
        match self {
            Self::Sans => &[SANS, LATIN],
            Self::Latin => &[LATIN, SANS],
            Self::Serif => &[SERIF, SANS, LATIN],
            Self::Mono => &[MONO, SANS, LATIN],
        }
    }

    /// The glyph of a character, from the first face that has it.
    pub(crate) fn glyph(self, faces: &[Face], c: char) -> Result<Glyph, PaperFault> {
        if is_control(c) {
            return Err(PaperFault::Control(c));
        }
        let found = self.order().iter().find_map(|face| faces.get(*face)?.glyph(*face, c));
        found.ok_or(PaperFault::Glyph(c))
    }
}

/// What has no place on paper: controls, and what turns or hides the characters around it.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The text with each character that cannot be set written as its number, such as `‹U+1F600›`; lines stay.
///
/// Nothing is dropped and nothing looks like something else: `‹` itself is written as its number too.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let faces = faces().unwrap_or_default();
    for c in text.chars() {
        match c {
            '\n' => out.push('\n'),
            '\t' => out.push(' '),
            '‹' => out.push_str("‹U+2039›"),
            c if Family::Sans.glyph(faces, c).is_ok() => out.push(c),
            c => out.push_str(&format!("‹U+{:04X}›", c as u32)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_there(c: char) -> bool {
        Family::Sans.glyph(faces().unwrap(), c).is_ok()
    }

    #[test]
    fn rare_characters_of_names_are_there() {
        // Outside GB 2312 and in names of living people (research: fonts).
        for c in "喆堃玥翀骉犇琋㛃䶮𬱖镕囍，。「」《》—…·ÀéîõüßğŁžşРоссияΑθήνα…Việt".chars()
        {
            assert!(is_there(c), "{c}");
        }
    }

    #[test]
    fn what_no_face_has_is_named_and_what_turns_is_refused() {
        for c in ['\u{1f600}', '한', 'א', 'ع', 'ก'] {
            assert_eq!(Family::Sans.glyph(faces().unwrap(), c), Err(PaperFault::Glyph(c)));
        }
        for c in ['\u{202e}', '\u{200b}', '\u{2066}', '\0', '\u{feff}'] {
            assert_eq!(Family::Sans.glyph(faces().unwrap(), c), Err(PaperFault::Control(c)));
        }
        assert_eq!(printable("a\u{1f600}\u{202e}b\nc‹"), "a‹U+1F600›‹U+202E›b\nc‹U+2039›");
    }

    #[test]
    fn what_is_printable_can_be_set() {
        let text: String = (0..0x3_0000).step_by(7).filter_map(char::from_u32).collect();
        let printed = printable(&text);
        assert!(printed.chars().filter(|c| *c != '\n').all(is_there));
    }
}
