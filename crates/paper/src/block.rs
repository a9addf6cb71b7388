//! What a document is made of. Everything stands in Chinese first and in English beneath (LOOK.md section 5).

use crate::line::Span;
use crate::scan::Scan;

/// The same in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Both {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Both {
    /// These two.
    #[must_use]
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}

/// How a state is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// It was stamped, it holds.
    Sealed,
    /// It waits.
    Waiting,
    /// It is not shown.
    Absent,
    /// It does not hold.
    Failed,
}

/// The seal at the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// None: a report.
    None,
    /// In cinnabar.
    Sealed,
}

/// What is known about time, drawn: dashed before, solid after (LOOK.md section 1.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Time {
    /// Over the dashed part, and a note under it.
    pub before: (Both, Both),
    /// Over the solid part.
    pub since: Both,
    /// The instant, in the zones in which it is told; the first is large.
    pub instants: Vec<String>,
    /// Under the instants.
    pub notes: Vec<Both>,
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub label: Both,
    /// What it says.
    pub value: Vec<Span>,
}

impl Row {
    /// This fact.
    #[must_use]
    pub fn new(label: Both, value: Vec<Span>) -> Self {
        Self { label, value }
    }
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// What stands in it.
    pub head: Both,
    /// How wide it is, in parts of the whole.
    pub share: f32,
}

/// One file of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// What it is called.
    pub name: String,
    /// How large it is.
    pub size: String,
    /// Its digests or its commitment, each with the name of what it is, or none.
    pub digests: Vec<(String, String)>,
}

/// A part of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// The title, with the seal beside it.
    Title(Both, Stamp),
    /// A heading over what follows.
    Heading(Both),
    /// What is known about time.
    Time(Time),
    /// Facts, one under the other.
    Rows(Vec<Row>),
    /// Running text.
    Text(Vec<Span>),
    /// A table.
    Table(Vec<Column>, Vec<Vec<Vec<Span>>>),
    /// A list of files.
    Files(Vec<Files>),
    /// Two lists that answer each other, each under its heading.
    Facing([(Both, Vec<Both>); 2]),
    /// Lines for a machine.
    Code(Vec<String>),
    /// The rest stands behind the first leaf.
    Leaf,
}

/// A file that rides in the document (ISO 32000-2 section 7.11.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// What it is.
    pub about: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What stands at the foot of each leaf, beside its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Foot {
    /// At the left.
    pub left: String,
    /// In the middle.
    pub middle: String,
}

/// A document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What readers of PDF show as its title.
    pub title: String,
    /// What it is identified by; equal documents have equal ones.
    pub id: String,
    /// Who made it.
    pub author: String,
    /// The time that it carries as its own: of the record, and not of the making.
    pub time: proof::der::Time,
    /// Its parts.
    pub blocks: Vec<Block>,
    /// What stands at the foot of the first leaf, above its last line: the code to photograph with its words.
    pub scan: Option<(Scan, Vec<Vec<Span>>)>,
    /// At the foot of each leaf.
    pub foot: Foot,
    /// The files that ride in it.
    pub attached: Vec<Attached>,
}
