//! Text in lines: spans are measured and broken, as Chinese and English are broken.
//!
//! Between Han characters a line may break anywhere, except that no line begins with a
//! closing mark or ends with an opening one (GB/T 15834, JIS X 4051). Latin breaks at
//! blanks and after hyphens and slashes; a word wider than the line breaks where it must.
//! Digests break between groups of eight and copy as one word.

use crate::block::Mark;
use crate::face::{Face, Family, Glyph, PaperFault};

/// A colour of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ink {
    /// Text.
    #[default]
    Full,
    /// Labels and notes.
    Soft,
    /// Hairlines.
    Line,
    /// Cinnabar: what was stamped.
    Seal,
}

/// How a span is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Plain text.
    Text,
    /// The name of a work; a heading.
    Strong,
    /// A second language, a note.
    Quiet,
    /// What a machine computed.
    Mono,
    /// A digest in hexadecimal, in groups of eight.
    Digest,
    /// A state, drawn before its word.
    State(Mark),
}

/// A piece of text in one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The text; a line feed ends the line.
    pub text: String,
    /// How it is set.
    pub style: Style,
}

impl Span {
    /// Plain text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style::Text }
    }

    /// The name of a work.
    #[must_use]
    pub fn strong(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style::Strong }
    }

    /// A second language, a note.
    #[must_use]
    pub fn quiet(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style::Quiet }
    }

    /// What a machine computed.
    #[must_use]
    pub fn mono(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style::Mono }
    }

    /// A digest in hexadecimal.
    #[must_use]
    pub fn digest(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style::Digest }
    }

    /// A state and its word.
    #[must_use]
    pub fn state(mark: Mark, word: impl Into<String>) -> Self {
        Self { text: word.into(), style: Style::State(mark) }
    }
}

/// How large plain text is here; the other styles follow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    /// Points.
    pub(crate) size: f32,
    /// From line to line, in parts of the size.
    pub(crate) leading: f32,
    /// Points.
    pub(crate) width: f32,
}

impl Style {
    fn family(self) -> Family {
        match self {
            Self::Text | Self::State(_) => Family::Sans,
            Self::Quiet => Family::Latin,
            Self::Strong => Family::Serif,
            Self::Mono | Self::Digest => Family::Mono,
        }
    }

    fn size(self, text: f32) -> f32 {
        match self {
            Self::Text | Self::Strong | Self::State(_) => text,
            Self::Quiet => text * 0.9,
            Self::Mono => text * 0.92,
            Self::Digest => text * 0.87,
        }
    }

    fn ink(self) -> Ink {
        if self == Self::Quiet { Ink::Soft } else { Ink::Full }
    }
}

/// Text of one face in one size, beginning at `x`.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) x: f32,
    pub(crate) size: f32,
    pub(crate) ink: Ink,
    pub(crate) text: String,
    pub(crate) glyphs: Vec<Glyph>,
    pub(crate) face: usize,
    /// Drawn before the text.
    pub(crate) mark: Option<Mark>,
}

/// One line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) width: f32,
    pub(crate) height: f32,
    /// From the top of the line down to where the letters stand.
    pub(crate) base: f32,
}

/// What is never parted from what stands before it.
const CLOSING: &str = "，。；：！？、）》」』】〉〕”’…—·％%‰℃,.;:!?)]}»›";
/// What is never parted from what follows it.
const OPENING: &str = "（《「『【〈〔“‘([{«‹$￥#";
/// The gap between groups of a digest, in parts of its size.
const GROUP_GAP: f32 = 0.55;
/// Room for a mark, in parts of the size.
const MARK_ROOM: f32 = 1.15;

fn is_wide(c: char) -> bool {
    ('\u{2e80}'..='\u{9fff}').contains(&c)
        || ('\u{f900}'..='\u{faff}').contains(&c)
        || ('\u{ff00}'..='\u{ffef}').contains(&c)
        || c >= '\u{20000}'
}

/// Characters that stay together.
struct Word {
    chars: Vec<(char, Glyph)>,
    style: Style,
    width: f32,
    is_blank: bool,
    is_end: bool,
}

/// Breaks spans into lines of a width.
pub(crate) fn lines(faces: &[Face], spans: &[Span], measure: Measure) -> Result<Vec<Line>, PaperFault> {
    let mut breaker = Breaker { measure, lines: Vec::new(), line: Line::default() };
    for span in spans {
        for word in words(faces, span, measure)? {
            breaker.put(word);
        }
    }
    Ok(breaker.finish())
}

fn words(faces: &[Face], span: &Span, measure: Measure) -> Result<Vec<Word>, PaperFault> {
    let (mut style, family) = (span.style, span.style.family());
    let size = style.size(measure.size);
    let mut words: Vec<Word> = Vec::new();
    let mut last: Option<char> = None;
    let mut in_group = 0;
    for c in span.text.chars() {
        if c == '\n' {
            words.push(Word { chars: Vec::new(), style, width: 0.0, is_blank: false, is_end: true });
            (last, in_group) = (None, 0);
            continue;
        }
        let mut glyph = family.glyph(faces, c)?;
        let mut joins = joins(last, c);
        if style == Style::Digest {
            in_group += 1;
            joins = in_group != 1;
            if in_group == 8 {
                (glyph.advance, in_group) = (glyph.advance + GROUP_GAP, 0);
            }
        }
        let width = glyph.advance * size;
        match words.last_mut() {
            Some(word) if joins && !word.is_end && word.width + width <= measure.width => {
                word.chars.push((c, glyph));
                word.width += width;
            }
            _ => {
                let mut chars = Vec::new();
                // A closing mark that does not fit takes what it closes along: it begins no line.
                if let Some(word) = words.last_mut().filter(|word| joins && CLOSING.contains(c) && !word.is_end) {
                    while word.chars.len() > 1
                        && let Some((before, glyph)) = word.chars.pop()
                    {
                        word.width -= glyph.advance * size;
                        chars.insert(0, (before, glyph));
                        if !CLOSING.contains(before) {
                            break;
                        }
                    }
                }
                chars.push((c, glyph));
                let width = chars.iter().map(|(_, glyph)| glyph.advance * size).sum();
                words.push(Word { chars, style, width, is_blank: c == ' ', is_end: false });
                // The mark stands before the first word alone.
                if matches!(style, Style::State(_)) {
                    style = Style::Text;
                }
            }
        }
        last = Some(c);
    }
    Ok(words)
}

/// Whether no line may end between these two.
fn joins(before: Option<char>, c: char) -> bool {
    let Some(before) = before else { return false };
    if before == ' ' || c == ' ' {
        return before == ' ' && c == ' ';
    }
    if CLOSING.contains(c) || OPENING.contains(before) {
        return true;
    }
    !is_wide(before) && !is_wide(c) && !matches!(before, '-' | '/' | '_')
}

struct Breaker {
    measure: Measure,
    lines: Vec<Line>,
    line: Line,
}

impl Breaker {
    fn put(&mut self, word: Word) {
        if word.is_end {
            return self.end();
        }
        let mark = match word.style {
            Style::State(mark) => Some(mark),
            _ => None,
        };
        let room = mark.map_or(0.0, |_| MARK_ROOM * self.measure.size);
        // A closing mark may hang a hair over the edge, but nothing is lost.
        if self.line.width > 0.0 && self.line.width + room + word.width > self.measure.width + 0.01 {
            self.end();
        }
        if word.is_blank && self.line.width == 0.0 {
            return;
        }
        let size = word.style.size(self.measure.size);
        let start = self.line.width + room;
        let mut x = start;
        for (c, glyph) in word.chars {
            let ink = word.style.ink();
            match self.line.pieces.last_mut() {
                Some(piece)
                    if piece.face == glyph.face
                        && piece.size == size
                        && piece.ink == ink
                        && piece.mark == mark.filter(|_| x > start) =>
                {
                    piece.text.push(c);
                    piece.glyphs.push(glyph);
                }
                _ => self.line.pieces.push(Piece {
                    x,
                    size,
                    ink,
                    text: c.to_string(),
                    glyphs: vec![glyph],
                    face: glyph.face,
                    mark: mark.filter(|_| x == start),
                }),
            }
            x += glyph.advance * size;
        }
        self.line.width = x;
    }

    fn end(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        line.height = self.measure.size * self.measure.leading;
        line.base = (line.height - self.measure.size) / 2.0 + self.measure.size * 0.87;
        self.lines.push(line);
    }

    fn finish(mut self) -> Vec<Line> {
        if !self.line.pieces.is_empty() || self.lines.is_empty() {
            self.end();
        }
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::faces;

    fn broken(text: &str, style: Style, width: f32) -> Vec<String> {
        let measure = Measure { size: 10.0, leading: 1.5, width };
        let lines = lines(faces().unwrap(), &[Span { text: text.to_owned(), style }], measure).unwrap();
        let text = |line: &Line| line.pieces.iter().map(|piece| piece.text.as_str()).collect::<String>();
        assert!(
            lines.iter().all(|line| line.width <= width + 0.02 || line.pieces.len() == 1),
            "{text:?}",
            text = lines.len()
        );
        lines.iter().map(text).collect()
    }

    #[test]
    fn no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one() {
        for width in 30..120 {
            let lines = broken(
                "短片《月港》由本人与他人（合作者）共同创作完成，未侵犯他人权利。如有不实，承担责任。",
                Style::Text,
                width as f32,
            );
            for line in &lines {
                assert!(!line.starts_with(|c| "，。》）".contains(c)), "{line} at {width}");
                assert!(!line.ends_with(|c| "《（".contains(c)), "{line} at {width}");
            }
        }
    }

    #[test]
    fn a_mark_after_a_long_word_begins_no_line() {
        for width in 60..200 {
            let lines = broken(
                "（SHA-256 40edd5d5594405ea6824a9a0f9ee192c81a386f5）），路径上的证书均有效。",
                Style::Text,
                width as f32,
            );
            assert!(lines.iter().all(|line| !line.starts_with(|c| "，）。".contains(c))), "{lines:?} at {width}");
            assert_eq!(
                lines.concat().replace(' ', ""),
                "（SHA-25640edd5d5594405ea6824a9a0f9ee192c81a386f5）），路径上的证书均有效。"
            );
        }
    }

    #[test]
    fn latin_breaks_at_blanks_and_long_words_where_they_must() {
        assert_eq!(broken("existed no later than", Style::Text, 60.0), ["existed no ", "later than"]);
        let long = broken(&"x".repeat(100), Style::Text, 60.0);
        assert!(long.len() > 5 && long.concat().len() == 100);
        assert_eq!(broken("a\n\nb", Style::Text, 60.0), ["a", "", "b"]);
    }

    #[test]
    fn a_digest_breaks_between_groups_and_copies_as_one_word() {
        let digest = "0123456789abcdef".repeat(4);
        let lines = broken(&digest, Style::Digest, 200.0);
        assert!(lines.len() > 1 && lines.iter().all(|line| line.len() % 8 == 0), "{lines:?}");
        assert_eq!(lines.concat(), digest);
    }

    #[test]
    fn a_character_that_no_face_has_is_refused() {
        let measure = Measure { size: 10.0, leading: 1.5, width: 100.0 };
        let refused = lines(faces().unwrap(), &[Span::text("名\u{1f600}")], measure);
        assert_eq!(refused.err(), Some(PaperFault::Glyph('\u{1f600}')));
    }
}
