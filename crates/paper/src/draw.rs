//! Leaves to PDF/A-3b, through krilla. Time and identity come with the document, so that the bytes are the same again.

use crate::block::{Document, Mark};
use crate::face::{Face, PaperFault, faces};
use crate::flow::{HEIGHT, MM, Op, WIDTH, flow};
use crate::line::{Ink, Line, Piece};
use crate::scan::Scan;
use krilla::SerializeSettings;
use krilla::color::rgb;
use krilla::configure::{Archival, ConfigurationBuilder, PdfVersion};
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{Path, PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph};
use proof::der::Time;

impl Document {
    /// The bytes of the PDF. The same document gives the same bytes.
    ///
    /// # Errors
    /// Where a character has no glyph, or the writer refuses.
    pub fn to_pdf(&self) -> Result<Vec<u8>, PaperFault> {
        let faces = faces()?;
        let leaves = flow(faces, self)?;
        let writer = |cause: &dyn std::fmt::Debug| PaperFault::Writer(format!("{cause:?}"));
        let configuration = ConfigurationBuilder::new()
            .with_archival_validator(Archival::A3_B)
            .with_version(PdfVersion::Pdf17)
            .finish()
            .map_err(|cause| writer(&cause))?;
        let settings = SerializeSettings { configuration, enable_tagging: false, ..SerializeSettings::default() };
        let mut pdf = krilla::Document::new_with(settings);
        let time = date(self.time);
        pdf.set_metadata(
            Metadata::new()
                .title(self.title.clone())
                .authors(vec![self.author.clone()])
                .creator("Shiyin 时印".to_owned())
                .producer("Shiyin 时印".to_owned())
                .language("zh-Hans".to_owned())
                .document_id(self.id.clone())
                .creation_date(time),
        );
        for file in &self.attached {
            let embedded = EmbeddedFile {
                path: file.name.clone(),
                mime_type: MimeType::new(file.media_type),
                description: Some(file.about.clone()),
                association_kind: AssociationKind::Data,
                data: file.bytes.clone().into(),
                modification_date: Some(time),
                compress: Some(true),
                location: None,
            };
            pdf.embed_file(embedded).ok_or_else(|| writer(&"two attached files have one name"))?;
        }
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| writer(&"a page has no size"))?;
        for leaf in &leaves {
            let mut page = pdf.start_page_with(settings.clone());
            let mut surface = page.surface();
            let mut pen = Pen { surface: &mut surface, faces };
            pen.frame();
            for op in leaf {
                pen.op(op, self.scan.as_ref().map(|(scan, _)| scan));
            }
            surface.finish();
            page.finish();
        }
        pdf.finish().map_err(|cause| writer(&cause))
    }
}

/// A time in the metadata of PDF, to the second.
fn date(time: Time) -> DateTime {
    let text = time.to_generalized();
    let part =
        |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u16>().ok()).unwrap_or_default();
    let small = |from: usize| u8::try_from(part(from, from + 2)).unwrap_or_default();
    DateTime::new(part(0, 4))
        .month(small(4))
        .day(small(6))
        .hour(small(8))
        .minute(small(10))
        .second(small(12))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

fn colour(ink: Ink) -> rgb::Color {
    match ink {
        Ink::Full => rgb::Color::new(0x15, 0x18, 0x1c),
        Ink::Soft => rgb::Color::new(0x4d, 0x52, 0x59),
        Ink::Line => rgb::Color::new(0xc9, 0xc8, 0xc2),
        Ink::Seal => rgb::Color::new(0xc2, 0x30, 0x1f),
    }
}

struct Pen<'a, 'b> {
    surface: &'a mut Surface<'b>,
    faces: &'a [Face],
}

/// The seal, on a grid of 48 (look/logo): the strokes of 时 over 印.
const STROKES: [&[(f32, f32)]; 10] = [
    &[(8.0, 8.0), (19.0, 8.0), (19.0, 21.5), (8.0, 21.5), (8.0, 8.0)],
    &[(8.0, 14.75), (19.0, 14.75)],
    &[(22.0, 11.5), (40.0, 11.5)],
    &[(35.0, 6.75), (35.0, 21.5), (29.0, 21.5)],
    &[(26.5, 14.5), (26.5, 18.75)],
    &[(18.5, 27.0), (8.0, 27.0), (8.0, 41.0), (18.5, 41.0)],
    &[(8.0, 34.0), (18.5, 34.0)],
    &[(24.0, 42.25), (24.0, 27.0), (39.0, 27.0), (39.0, 36.5), (32.5, 36.5)],
    &[(1.5, 1.5), (46.5, 1.5), (46.5, 46.5), (1.5, 46.5)],
    &[(1.5, 46.5), (1.5, 1.5)],
];
/// The last two are the frame, which is heavier.
const FRAME_FROM: usize = 8;

impl Pen<'_, '_> {
    /// The thick and the thin line on four sides.
    fn frame(&mut self) {
        for (inset, weight) in [(7.0 * MM, 1.6), (8.4 * MM, 0.5)] {
            let path = rectangle(inset, inset, WIDTH - 2.0 * inset, HEIGHT - 2.0 * inset);
            self.stroke(path, weight, Ink::Full, None);
        }
    }

    fn fill(&mut self, path: Option<Path>, ink: Ink) {
        let Some(path) = path else { return };
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill { paint: colour(ink).into(), ..Fill::default() }));
        self.surface.draw_path(&path);
    }

    fn stroke(&mut self, path: Option<Path>, width: f32, ink: Ink, dash: Option<StrokeDash>) {
        let Some(path) = path else { return };
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(Stroke { paint: colour(ink).into(), width, dash, ..Stroke::default() }));
        self.surface.draw_path(&path);
        self.surface.set_stroke(None);
    }

    fn op(&mut self, op: &Op, scan: Option<&Scan>) {
        match op {
            Op::Text { x, y, line } => self.line(*x, *y, line),
            Op::Rule { x, y, width, weight, ink, is_dashed } => {
                let dash = is_dashed.then(|| StrokeDash { array: vec![2.4, 2.0], offset: 0.0 });
                self.stroke(polyline(&[(*x, *y), (x + width, *y)]), *weight, *ink, dash);
            }
            Op::Fill { x, y, width, height, ink } => self.fill(rectangle(*x, *y, *width, *height), *ink),
            Op::Stamp { x, y, size } => self.stamp(*x, *y, *size),
            Op::Scan { x, y, size } => self.scan(*x, *y, *size, scan),
        }
    }

    fn line(&mut self, x: f32, y: f32, line: &Line) {
        for piece in &line.pieces {
            if let Some(mark) = piece.mark {
                self.mark(mark, x + piece.x - 1.15 * piece.size, y, piece.size);
            }
            self.piece(x + piece.x, y, piece);
        }
    }

    fn piece(&mut self, x: f32, y: f32, piece: &Piece) {
        let Some(face) = self.faces.get(piece.face) else { return };
        let ranges = piece.text.char_indices().map(|(at, c)| at..at + c.len_utf8());
        let glyphs: Vec<KrillaGlyph> = piece
            .glyphs
            .iter()
            .zip(ranges)
            .map(|(glyph, range)| KrillaGlyph::new(GlyphId::new(glyph.id), glyph.advance, 0.0, 0.0, 0.0, range, None))
            .collect();
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill { paint: colour(piece.ink).into(), ..Fill::default() }));
        self.surface.draw_glyphs(Point::from_xy(x, y), &glyphs, face.font.clone(), &piece.text, piece.size, false);
    }

    fn mark(&mut self, mark: Mark, x: f32, base: f32, size: f32) {
        let (side, y) = (size * 0.72, base - size * 0.75);
        match mark {
            Mark::Sealed => self.fill(rectangle(x, y, side, side), Ink::Seal),
            Mark::Failed => self.fill(rectangle(x, y, side, side), Ink::Full),
            Mark::Waiting => {
                self.stroke(rectangle(x + 0.4, y + 0.4, side - 0.8, side - 0.8), 0.8, Ink::Full, None);
                self.fill(rectangle(x, y + side / 2.0, side, side / 2.0), Ink::Full);
            }
            Mark::Absent => {
                let dash = StrokeDash { array: vec![1.4, 1.1], offset: 0.0 };
                self.stroke(rectangle(x + 0.4, y + 0.4, side - 0.8, side - 0.8), 0.8, Ink::Soft, Some(dash));
            }
        }
    }

    fn stamp(&mut self, x: f32, y: f32, size: f32) {
        let scale = size / 48.0;
        for (place, points) in STROKES.iter().enumerate() {
            let points: Vec<(f32, f32)> = points.iter().map(|(px, py)| (x + px * scale, y + py * scale)).collect();
            let weight = if place < FRAME_FROM { 2.5 } else { 3.0 };
            self.stroke(polyline(&points), weight * scale, Ink::Seal, None);
        }
        let corner = 1.5 * scale;
        self.fill(rectangle(x, y, 2.0 * corner, 2.0 * corner), Ink::Seal);
    }

    fn scan(&mut self, x: f32, y: f32, size: f32, scan: Option<&Scan>) {
        let Some(scan) = scan else { return };
        let module = size / scan.side() as f32;
        let mut path = PathBuilder::new();
        for (column, row, length) in scan.runs() {
            let (left, top) = (x + column as f32 * module, y + row as f32 * module);
            if let Some(run) = Rect::from_xywh(left, top, length as f32 * module, module) {
                path.push_rect(run);
            }
        }
        self.fill(path.finish(), Ink::Full);
    }
}

fn rectangle(x: f32, y: f32, width: f32, height: f32) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.push_rect(Rect::from_xywh(x, y, width, height)?);
    path.finish()
}

fn polyline(points: &[(f32, f32)]) -> Option<Path> {
    let mut path = PathBuilder::new();
    let ((x, y), rest) = points.split_first()?;
    path.move_to(*x, *y);
    rest.iter().for_each(|(x, y)| path.line_to(*x, *y));
    path.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{Attached, Block, Both, Files, Foot, Row, Stamp};
    use crate::line::Span;

    fn document(blocks: Vec<Block>) -> Document {
        Document {
            title: "SY-1 证明".to_owned(),
            id: "SY-1".to_owned(),
            author: "示例".to_owned(),
            time: Time::from_unix(1_795_248_000),
            blocks,
            scan: Some((Scan::new("https://shiyin.example/v/SY-1").unwrap(), vec![vec![Span::text("扫描核验")]])),
            foot: Foot { left: "SY-1".to_owned(), middle: String::new() },
            attached: vec![Attached {
                name: "record.json".to_owned(),
                media_type: "application/json",
                about: "record".to_owned(),
                bytes: b"{}".to_vec(),
            }],
        }
    }

    fn pages(pdf: &[u8]) -> usize {
        let text = String::from_utf8_lossy(pdf);
        text.matches("/Type/Page/").count()
            + text.matches("/Type /Page\n").count()
            + text.matches("/Type/Page\n").count()
    }

    fn row(value: &str) -> Row {
        Row::new(Both::new("声明", "Statement"), vec![Span::text(value)])
    }

    #[test]
    fn the_same_document_gives_the_same_bytes() {
        let blocks = vec![Block::Title(Both::new("证明", "Record"), Stamp::Sealed), Block::Rows(vec![row("喆堃玥𬱖")])];
        let first = document(blocks.clone()).to_pdf().unwrap();
        assert_eq!(first, document(blocks).to_pdf().unwrap());
        assert!(first.starts_with(b"%PDF-1.7"));
        let other = document(vec![Block::Rows(vec![row("另一")])]).to_pdf().unwrap();
        assert_ne!(first, other);
    }

    #[test]
    fn what_is_long_flows_on_and_nothing_is_lost() {
        let short = document(vec![Block::Rows(vec![row("短")])]).to_pdf().unwrap();
        let long = document(vec![Block::Rows(vec![row(&"很长的声明。".repeat(2000))])]).to_pdf().unwrap();
        let file = |n: usize| Files { name: format!("{n}.mp4"), size: "1 MB".to_owned(), digests: Vec::new() };
        let files = document(vec![Block::Files((0..200).map(file).collect())]).to_pdf().unwrap();
        assert_eq!(pages(&short), 1);
        assert!(pages(&long) > 3 && pages(&files) > 3, "{} {}", pages(&long), pages(&files));
    }

    #[test]
    fn a_character_without_a_glyph_is_named() {
        let refused = document(vec![Block::Rows(vec![row("名\u{1f600}")])]).to_pdf();
        assert_eq!(refused, Err(PaperFault::Glyph('\u{1f600}')));
        assert!(refused.unwrap_err().to_string().contains("U+1F600"));
        let mut twice = document(vec![]);
        twice.attached.push(twice.attached[0].clone());
        assert!(matches!(twice.to_pdf(), Err(PaperFault::Writer(_))));
    }
}
