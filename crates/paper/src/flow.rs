//! Blocks onto leaves: where each line, rule and mark goes.
//!
//! Measures are those of look/look.css, in points from the top left. A row is kept whole
//! where a leaf holds it; a long one flows on. Drawing is another file's matter.

use crate::block::{Block, Both, Column, Document, Files, Row, Stamp, Time};
use crate::face::{Face, PaperFault};
use crate::line::{Ink, Line, Measure, Span, Style, lines};

pub(crate) const MM: f32 = 72.0 / 25.4;
pub(crate) const WIDTH: f32 = 595.276;
pub(crate) const HEIGHT: f32 = 841.89;
const LEFT: f32 = 16.0 * MM;
const RIGHT: f32 = WIDTH - 16.0 * MM;
const TOP: f32 = 15.0 * MM;
/// Where the rule of the foot stands.
const FOOT: f32 = HEIGHT - 17.5 * MM;
/// Content ends above the foot.
const BOTTOM: f32 = FOOT - 3.0 * MM;
const LABEL: f32 = 33.0 * MM;
const GAP: f32 = 4.0 * MM;
const SCAN: f32 = 31.0 * MM;
const FACING_GAP: f32 = 8.0 * MM;

/// One of two lists: its head, and its items.
type Side = (Vec<Line>, Vec<Vec<Line>>);

/// Something drawn on a leaf.
pub(crate) enum Op {
    /// A line of text: where it begins, and its baseline.
    Text { x: f32, y: f32, line: Line },
    /// A horizontal rule.
    Rule { x: f32, y: f32, width: f32, weight: f32, ink: Ink, is_dashed: bool },
    /// A filled box.
    Fill { x: f32, y: f32, width: f32, height: f32, ink: Ink },
    /// The full seal, so large.
    Stamp { x: f32, y: f32, size: f32 },
    /// The document's code, so large.
    Scan { x: f32, y: f32, size: f32 },
}

pub(crate) struct Flow<'a> {
    faces: &'a [Face],
    pub(crate) leaves: Vec<Vec<Op>>,
    y: f32,
    /// Room kept at the foot of the first leaf.
    kept: f32,
    last_is_heading: bool,
}

const TEXT: f32 = 9.4;

fn measure(size: f32, leading: f32, width: f32) -> Measure {
    Measure { size, leading, width }
}

/// Lays a document out.
pub(crate) fn flow(faces: &[Face], document: &Document) -> Result<Vec<Vec<Op>>, PaperFault> {
    let kept = if document.scan.is_some() { SCAN + 2.0 * MM } else { 0.0 };
    let mut flow = Flow { faces, leaves: vec![Vec::new()], y: TOP, kept, last_is_heading: false };
    let mut blocks = document.blocks.iter().peekable();
    while let Some(block) = blocks.next() {
        // A heading stays with what it is over.
        if let (Block::Heading(_), Some(Block::Facing(lists))) = (block, blocks.peek()) {
            let height = flow.sides(lists)?.1;
            flow.need(height + 14.0 * MM);
        }
        flow.block(block)?;
        flow.last_is_heading = matches!(block, Block::Heading(_));
    }
    if let Some((_, words)) = &document.scan {
        flow.scan(words)?;
    }
    flow.feet(document)?;
    Ok(flow.leaves)
}

fn total(lines: &[Line]) -> f32 {
    lines.iter().map(|line| line.height).sum()
}

impl Flow<'_> {
    fn bottom(&self) -> f32 {
        if self.leaves.len() == 1 { BOTTOM - self.kept } else { BOTTOM }
    }

    fn put(&mut self, op: Op) {
        if let Some(leaf) = self.leaves.last_mut() {
            leaf.push(op);
        }
    }

    fn turn(&mut self) {
        self.leaves.push(Vec::new());
        self.y = TOP;
    }

    /// Turns the leaf where so much does not fit on it any more, and another has more room.
    fn need(&mut self, height: f32) {
        if self.y + height > self.bottom() && self.y > TOP {
            self.turn();
        }
    }

    fn set(&mut self, x: f32, mut y: f32, lines: Vec<Line>) -> f32 {
        for line in lines {
            let height = line.height;
            self.put(Op::Text { x, y: y + line.base, line });
            y += height;
        }
        y
    }

    fn rule(&mut self, x: f32, y: f32, width: f32, weight: f32, ink: Ink) {
        self.put(Op::Rule { x, y, width, weight, ink, is_dashed: false });
    }

    fn lines(&self, spans: &[Span], measure: Measure) -> Result<Vec<Line>, PaperFault> {
        lines(self.faces, spans, measure)
    }

    /// Chinese, and English small beneath it.
    fn both(&self, both: &Both, size: f32, small: f32, width: f32) -> Result<Vec<Line>, PaperFault> {
        let mut all = self.lines(&[Span::text(&both.zh)], measure(size, 1.4, width))?;
        if !both.en.is_empty() {
            all.extend(self.lines(&[Span::quiet(&both.en)], measure(small, 1.35, width))?);
        }
        Ok(all)
    }

    fn block(&mut self, block: &Block) -> Result<(), PaperFault> {
        match block {
            Block::Title(title, stamp) => self.title(title, *stamp),
            Block::Heading(heading) => self.heading(heading),
            Block::Time(time) => self.time(time),
            Block::Rows(rows) => self.rows(rows),
            Block::Text(spans) => self.text(spans),
            Block::Table(columns, rows) => self.table(columns, rows),
            Block::Files(files) => self.files(files),
            Block::Facing(lists) => self.facing(lists),
            Block::Code(code) => self.code(code),
            Block::Leaf => {
                if self.leaves.len() == 1 {
                    self.turn();
                }
                Ok(())
            }
        }
    }

    fn title(&mut self, title: &Both, stamp: Stamp) -> Result<(), PaperFault> {
        let has_stamp = stamp == Stamp::Sealed;
        let size = 23.0 * MM;
        let width = RIGHT - LEFT - if has_stamp { size + GAP } else { 0.0 };
        let zh = self.lines(&[Span::strong(&title.zh)], measure(22.0, 1.35, width))?;
        let en = self.lines(&[Span { text: title.en.clone(), style: Style::Strong }], measure(11.0, 1.5, width))?;
        let top = self.y;
        let y = self.set(LEFT, top + 1.5 * MM, zh);
        let y = self.set(LEFT, y, en.into_iter().map(softened).collect());
        if has_stamp {
            self.put(Op::Stamp { x: RIGHT - size, y: top, size });
        }
        self.y = y.max(if has_stamp { top + size } else { y }) + 4.0 * MM;
        Ok(())
    }

    fn heading(&mut self, heading: &Both) -> Result<(), PaperFault> {
        // A heading never stands alone at the foot of a leaf.
        self.need(26.0 * MM);
        if self.y > TOP {
            self.y += 3.0 * MM;
            self.rule(LEFT, self.y, RIGHT - LEFT, 0.75, Ink::Full);
            self.y += 1.5 * MM;
        }
        let spans = [Span::strong(format!("{}　", heading.zh))];
        let mut line = self.lines(&spans, measure(11.0, 1.5, RIGHT - LEFT))?;
        let start = line.first().map_or(0.0, |line| line.width);
        let (y, base) = (self.y, line.first().map_or(0.0, |line| line.base));
        let english = self.lines(&[Span::quiet(&heading.en)], measure(9.4, 1.5, RIGHT - LEFT - start))?;
        for line in english.into_iter().take(1) {
            self.put(Op::Text { x: LEFT + start, y: y + base, line });
        }
        line.truncate(1);
        self.y = self.set(LEFT, y, line) + 1.0 * MM;
        Ok(())
    }

    fn time(&mut self, time: &Time) -> Result<(), PaperFault> {
        self.need(30.0 * MM);
        let (left, seal) = ((RIGHT - LEFT) * 0.31, 4.2 * MM);
        let y = self.y + seal / 2.0;
        self.put(Op::Rule { x: LEFT, y, width: left, weight: 0.8, ink: Ink::Line, is_dashed: true });
        self.rule(LEFT + left, y, RIGHT - LEFT - left, 2.0, Ink::Full);
        self.put(Op::Fill { x: LEFT + left, y: y - seal / 2.0, width: seal, height: seal, ink: Ink::Seal });
        let top = y + seal / 2.0 + 1.2 * MM;
        let head = |both: &Both| [Span::strong(format!("{}　{}", both.zh, both.en))];
        let mut before = self.lines(&head(&Both::new(&time.before.0.zh, "")), measure(11.0, 1.5, left - GAP))?;
        before.extend(self.both(&time.before.1, 8.4, 8.4, left - GAP)?);
        let width = RIGHT - LEFT - left;
        let mut since = self.lines(&head(&time.since), measure(11.0, 1.5, width))?;
        for (place, instant) in time.instants.iter().enumerate() {
            let size = if place == 0 { 13.0 } else { 10.0 };
            since.extend(self.lines(&[Span::mono(instant)], measure(size, 1.5, width))?);
        }
        for note in &time.notes {
            let spans = [Span::quiet(format!("{}　{}", note.zh, note.en))];
            since.extend(self.lines(&spans, measure(9.0, 1.4, width))?);
        }
        let end = self.set(LEFT, top, before);
        self.y = self.set(LEFT + left, top, since).max(end) + 3.0 * MM;
        Ok(())
    }

    fn rows(&mut self, rows: &[Row]) -> Result<(), PaperFault> {
        let (pad, width) = (0.95 * MM, RIGHT - LEFT - LABEL - GAP);
        if !self.last_is_heading {
            self.rule(LEFT, self.y, RIGHT - LEFT, 0.4, Ink::Line);
        }
        for (place, row) in rows.iter().enumerate() {
            let label = self.both(&row.label, 9.0, 8.2, LABEL)?;
            let value = self.lines(&row.value, measure(TEXT, 1.5, width))?;
            let height = total(&label).max(total(&value)) + 2.0 * pad;
            if height < 90.0 * MM {
                self.need(height);
            } else {
                self.need(total(&label) + 2.0 * pad);
            }
            let (top, leaf) = (self.y + pad, self.leaves.len());
            let label_end = self.set(LEFT, top, label);
            let mut y = top;
            for line in value {
                if y + line.height > self.bottom() {
                    self.turn();
                    y = self.y;
                }
                let height = line.height;
                self.put(Op::Text { x: LEFT + LABEL + GAP, y: y + line.base, line });
                y += height;
            }
            let is_same_leaf = leaf == self.leaves.len();
            self.y = if is_same_leaf { y.max(label_end) } else { y } + pad;
            if place + 1 < rows.len() {
                self.rule(LEFT, self.y, RIGHT - LEFT, 0.4, Ink::Line);
            }
        }
        Ok(())
    }

    fn text(&mut self, spans: &[Span]) -> Result<(), PaperFault> {
        let lines = self.lines(spans, measure(TEXT, 1.5, RIGHT - LEFT))?;
        // A short text is kept whole.
        self.need(total(&lines).min(30.0 * MM));
        for line in lines {
            self.need(line.height);
            self.y = self.set(LEFT, self.y, vec![line]);
        }
        self.y += 1.0 * MM;
        Ok(())
    }

    fn table(&mut self, columns: &[Column], rows: &[Vec<Vec<Span>>]) -> Result<(), PaperFault> {
        let whole: f32 = columns.iter().map(|column| column.share).sum::<f32>().max(0.01);
        let widths: Vec<f32> = columns.iter().map(|column| (RIGHT - LEFT) * column.share / whole).collect();
        self.table_head(columns, &widths)?;
        for row in rows {
            let mut cells = Vec::new();
            for (cell, width) in row.iter().zip(&widths) {
                cells.push(self.lines(cell, measure(8.8, 1.45, width - 2.5 * MM))?);
            }
            let height = cells.iter().map(|lines| total(lines)).fold(0.0, f32::max) + 2.2 * MM;
            if self.y + height > self.bottom() && self.y > TOP {
                self.turn();
                self.table_head(columns, &widths)?;
            }
            let (mut x, top) = (LEFT, self.y + 1.1 * MM);
            for (lines, width) in cells.into_iter().zip(&widths) {
                self.set(x, top, lines);
                x += width;
            }
            self.y += height;
            self.rule(LEFT, self.y, RIGHT - LEFT, 0.4, Ink::Line);
        }
        self.y += 1.0 * MM;
        Ok(())
    }

    fn table_head(&mut self, columns: &[Column], widths: &[f32]) -> Result<(), PaperFault> {
        self.need(16.0 * MM);
        let (mut x, mut end) = (LEFT, self.y);
        for (column, width) in columns.iter().zip(widths) {
            let spans = [Span::quiet(format!("{} {}", column.head.zh, column.head.en))];
            let lines = self.lines(&spans, measure(8.8, 1.4, width - 2.5 * MM))?;
            end = self.set(x, self.y + 0.6 * MM, lines).max(end);
            x += width;
        }
        self.y = end + 1.0 * MM;
        self.rule(LEFT, self.y, RIGHT - LEFT, 0.75, Ink::Full);
        Ok(())
    }

    fn files(&mut self, files: &[Files]) -> Result<(), PaperFault> {
        let right = 26.0 * MM;
        for file in files {
            let name = self.lines(&[Span::text(&file.name)], measure(9.2, 1.45, RIGHT - LEFT - right))?;
            let size = self.lines(&[Span::text(&file.size)], measure(8.8, 1.45, right))?;
            let mut digests = Vec::new();
            for (algorithm, digest) in &file.digests {
                let gap = if algorithm.is_empty() { String::new() } else { format!("{algorithm}　") };
                let spans = [Span::quiet(gap), Span::digest(digest)];
                digests.extend(self.lines(&spans, measure(9.2, 1.45, RIGHT - LEFT))?);
            }
            let height = total(&name) + total(&digests) + 2.2 * MM;
            self.need(height);
            let top = self.y + 1.1 * MM;
            for line in size.into_iter().take(1) {
                self.put(Op::Text { x: RIGHT - line.width, y: top + line.base, line });
            }
            let y = self.set(LEFT, top, name);
            self.set(LEFT, y, digests);
            self.y += height;
            self.rule(LEFT, self.y, RIGHT - LEFT, 0.4, Ink::Line);
        }
        Ok(())
    }

    /// Two lists as lines, and how high they are.
    fn sides(&self, lists: &[(Both, Vec<Both>); 2]) -> Result<(Vec<Side>, f32), PaperFault> {
        let width = (RIGHT - LEFT - FACING_GAP) / 2.0;
        let mut sides = Vec::new();
        for (head, items) in lists {
            let head = self.lines(&[Span::strong(format!("{} {}", head.zh, head.en))], measure(9.8, 1.5, width))?;
            let mut all = Vec::new();
            for item in items {
                all.push(self.both(item, 9.0, 8.6, width)?);
            }
            sides.push((head, all));
        }
        let height =
            |side: &Side| total(&side.0) + 2.0 * MM + side.1.iter().map(|lines| total(lines) + 2.0 * MM).sum::<f32>();
        let height = sides.iter().map(height).fold(0.0, f32::max);
        Ok((sides, height))
    }

    fn facing(&mut self, lists: &[(Both, Vec<Both>); 2]) -> Result<(), PaperFault> {
        let width = (RIGHT - LEFT - FACING_GAP) / 2.0;
        let (sides, height) = self.sides(lists)?;
        self.need(height);
        let (top, mut end) = (self.y, self.y);
        for (side, (head, items)) in sides.into_iter().enumerate() {
            let x = LEFT + if side == 0 { 0.0 } else { width + FACING_GAP };
            let mut y = self.set(x, top, head) + 0.8 * MM;
            self.rule(x, y, width, 0.75, Ink::Full);
            for lines in items {
                y = self.set(x, y + 1.0 * MM, lines) + 1.0 * MM;
                self.rule(x, y, width, 0.4, Ink::Line);
            }
            end = end.max(y);
        }
        self.y = end + 1.0 * MM;
        Ok(())
    }

    fn code(&mut self, code: &[String]) -> Result<(), PaperFault> {
        for text in code {
            let lines = self.lines(&[Span::mono(text)], measure(8.6, 1.5, RIGHT - LEFT - 6.0 * MM))?;
            self.need(total(&lines));
            self.y = self.set(LEFT + 3.0 * MM, self.y, lines);
        }
        self.y += 1.5 * MM;
        Ok(())
    }

    /// At the foot of the first leaf, whatever flowed on meanwhile.
    fn scan(&mut self, words: &[Vec<Span>]) -> Result<(), PaperFault> {
        let width = RIGHT - LEFT - SCAN - GAP;
        let mut all = Vec::new();
        for spans in words {
            all.extend(self.lines(spans, measure(9.2, 1.5, width))?);
        }
        let (bottom, mut y) = (FOOT - 2.0 * MM, FOOT - 3.5 * MM - total(&all));
        let Some(leaf) = self.leaves.first_mut() else { return Ok(()) };
        for line in all {
            let height = line.height;
            leaf.push(Op::Text { x: LEFT, y: y + line.base, line });
            y += height;
        }
        leaf.push(Op::Scan { x: RIGHT - SCAN + 3.0 * MM, y: bottom - SCAN, size: SCAN });
        Ok(())
    }

    fn feet(&mut self, document: &Document) -> Result<(), PaperFault> {
        let count = self.leaves.len();
        let small = measure(8.0, 1.4, RIGHT - LEFT);
        for leaf in 0..count {
            let left = self.lines(&[Span::quiet(&document.foot.left)], small)?;
            let middle = self.lines(&[Span::quiet(&document.foot.middle)], small)?;
            let number = self.lines(&[Span::quiet(format!("{} / {count}", leaf + 1))], small)?;
            let Some(ops) = self.leaves.get_mut(leaf) else { continue };
            ops.push(Op::Rule { x: LEFT, y: FOOT, width: RIGHT - LEFT, weight: 0.5, ink: Ink::Full, is_dashed: false });
            let y = FOOT + 1.4 * MM;
            // What stands in the middle gives way to what stands at the left.
            let end = left.first().map_or(0.0, |line| line.width + 6.0 * MM);
            for (lines, share) in [(left, 0.0), (middle, 0.5), (number, 1.0)] {
                for line in lines.into_iter().take(1) {
                    let place = (RIGHT - LEFT - line.width) * share;
                    let x = LEFT + if share == 0.0 { 0.0 } else { place.max(end) };
                    ops.push(Op::Text { x, y: y + line.base, line });
                }
            }
        }
        Ok(())
    }
}

fn softened(mut line: Line) -> Line {
    line.pieces.iter_mut().for_each(|piece| piece.ink = Ink::Soft);
    line
}
