//! Pages that are made of records, ledgers and forms, composed instead of templated.
//!
//! Account pages differ in what they say, not in how they look. A [`Sheet`] is what they say; the
//! one template beside it is how it looks. So both languages have the same structure, every value
//! is escaped, every form of a signed-in person carries its token, and a page cannot be ugly alone.

use super::cx::{Cx, Page, Scripts};
use super::{Fault, Fields};
use askama::Template;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use proof::der::Time;
use proof::report::Language;
use proof_wasm::page;

/// A page.
#[derive(Default, Template)]
#[template(path = "web/sheet.html")]
pub struct Sheet {
    title: String,
    reference: String,
    lead: String,
    said: Option<Said>,
    parts: Vec<Part>,
    current: &'static str,
    scripts: Scripts,
    shows_content: bool,
    status: StatusCode,
    zh: bool,
}

/// What became of the last act.
struct Said {
    what: String,
    is_fault: bool,
}

/// A part of a page: a heading on the left axis, blocks on the right.
#[derive(Default)]
pub struct Part {
    heading: String,
    note: String,
    blocks: Vec<Block>,
    is_full: bool,
}

/// What stands in a part.
pub enum Block {
    /// A paragraph.
    Text(String),
    /// A small paragraph.
    Note(String),
    /// What must be read; nothing is wrong.
    Notice(String, String),
    /// Facts: labels and values.
    Record(Vec<(String, Value)>),
    /// Rows of equal kind.
    Ledger(Ledger),
    /// A form.
    Form(Form),
    /// An empty list: what will stand here.
    Empty(String, String),
    /// Text as it is, to be copied.
    Plain(String),
    /// Links to further acts.
    Links(Vec<(String, String)>),
    /// Further pages: address, name, what is there.
    Contents(Vec<(String, String, String)>),
    /// A drawing of ours.
    Drawing(String),
    /// A picture: its address, and what it is.
    Picture(String, String),
    /// Pictures side by side.
    Pictures(Vec<Seen>),
    /// A film or a sound: its address, what it is, and the picture before it plays; no picture for a sound.
    Player(String, String, Option<String>),
}

/// A picture of a certain size.
pub struct Seen {
    /// Its address.
    pub src: String,
    /// What it is.
    pub alt: String,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

/// A table.
#[derive(Default)]
pub struct Ledger {
    /// What it is called for readers by ear.
    pub name: String,
    /// The heads of its columns.
    pub head: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<Value>>,
}

impl Ledger {
    /// What stands over a column, counted from 1; on a narrow page, over each value of it.
    fn label(&self, column: &usize) -> &str {
        self.head.get(column - 1).map_or("", String::as_str)
    }
}

/// A state of a thing, drawn as a square (LOOK.md section 4).
#[derive(Clone, Copy)]
pub enum Mark {
    /// It was attested.
    Sealed,
    /// Something is awaited.
    Waiting,
    /// It is not shown.
    Absent,
    /// It does not hold.
    Failed,
}

/// A value in a record or a table.
pub enum Value {
    /// Words.
    Text(String),
    /// What a machine computed.
    Mono(String),
    /// The same where links lead to it: its id in the page first.
    Anchor(String, String),
    /// A moment.
    Time(Time),
    /// A state, always with a word.
    Mark(Mark, String),
    /// A link.
    Link(String, String),
    /// Words, and smaller ones under them.
    Two(String, String),
    /// The name of a thing that has a page: address, name, and smaller words under it.
    Titled(String, String, String),
    /// A digest in hexadecimal.
    Digest(String),
    /// Acts on this row.
    Acts(Vec<Form>),
    /// Nothing.
    None,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Option<Time>> for Value {
    fn from(time: Option<Time>) -> Self {
        time.map_or(Self::None, Self::Time)
    }
}

/// A form.
#[derive(Default)]
pub struct Form {
    action: String,
    token: String,
    hidden: Vec<(&'static str, String)>,
    fields: Vec<Field>,
    submit: String,
    note: String,
    is_primary: bool,
    is_small: bool,
    takes_files: bool,
    is_read: bool,
    script: &'static str,
    failed: String,
}

/// A question of a form.
pub struct Field {
    name: &'static str,
    label: String,
    kind: Kind,
    value: String,
    help: String,
    fault: String,
    autocomplete: &'static str,
    is_optional: bool,
    is_short: bool,
    is_wrong: bool,
}

enum Kind {
    Text,
    Mail,
    Password,
    Code,
    Date,
    Area,
    File,
    Check(String),
    Select(Vec<(String, String)>),
    Boxes(Vec<(String, String, bool)>),
    Choices(Vec<(String, String, String)>),
}

impl Sheet {
    /// A page of this title.
    #[must_use]
    pub fn new(cx: &Cx, title: String) -> Self {
        Self { title, zh: cx.language == Language::Zh, ..Self::default() }
    }

    /// Whether it is typed as it is read: letter by letter.
    fn is_code(field: &Field) -> bool {
        matches!(field.kind, Kind::Code)
    }

    fn input_type(field: &Field) -> &'static str {
        match field.kind {
            Kind::Mail => "email",
            Kind::Password => "password",
            Kind::Date => "date",
            Kind::File => "file",
            _ => "text",
        }
    }

    /// A sentence or two under the title.
    #[must_use]
    pub fn lead(mut self, lead: String) -> Self {
        self.lead = lead;
        self
    }

    /// A number or id at the left of the lead.
    #[must_use]
    pub fn reference(mut self, reference: String) -> Self {
        self.reference = reference;
        self
    }

    /// The navigation's entry that it belongs to.
    #[must_use]
    pub fn under(mut self, current: &'static str) -> Self {
        self.current = current;
        self
    }

    /// Which scripts it runs.
    #[must_use]
    pub fn runs(mut self, scripts: Scripts) -> Self {
        self.scripts = scripts;
        self
    }

    /// It shows what people sent in, from the content's host.
    #[must_use]
    pub fn shows_content(mut self) -> Self {
        self.shows_content = true;
        self
    }

    /// What became of the last act, where there was one.
    #[must_use]
    pub fn said(mut self, what: Option<String>) -> Self {
        self.said = what.map(|what| Said { what, is_fault: false });
        self
    }

    /// What is wrong with the form as a whole.
    #[must_use]
    pub fn fault(mut self, what: String) -> Self {
        self.said = Some(Said { what, is_fault: true });
        self.status = StatusCode::UNPROCESSABLE_ENTITY;
        self
    }

    /// With this status.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// With a further part.
    #[must_use]
    pub fn part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }
}

impl Page for Sheet {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn current(&self) -> &'static str {
        self.current
    }

    fn scripts(&self) -> Scripts {
        self.scripts
    }

    fn shows_content(&self) -> bool {
        self.shows_content
    }

    fn status(&self) -> StatusCode {
        self.status
    }
}

impl Cx {
    /// The answer to an act: what it came to, or the fault.
    #[must_use]
    pub fn end(&self, answer: Result<Response<Body>, Fault>) -> Response<Body> {
        answer.unwrap_or_else(|fault| fault.answer(self))
    }

    /// The answer to a form: what it came to, or the page again with what was typed and what is wrong.
    pub async fn end_form(
        &self,
        answer: Result<Response<Body>, Fault>,
        again: impl AsyncFnOnce(&Fault) -> Result<Sheet, Fault>,
    ) -> Response<Body> {
        match answer {
            Err(fault @ Fault::Field { .. }) => {
                let sheet = again(&fault).await;
                self.end(sheet.map(|sheet| self.page(&sheet.status(StatusCode::UNPROCESSABLE_ENTITY))))
            }
            other => self.end(other),
        }
    }
}

impl Form {
    /// The form as it came, where it did: filled again, with its fault at its field.
    #[must_use]
    pub fn after(self, wrong: Option<(&Fields, &Fault)>) -> Self {
        match wrong {
            Some((fields, fault)) => self.again(fields, fault),
            None => self,
        }
    }
}

impl Part {
    /// A part of this heading.
    #[must_use]
    pub fn new(heading: String) -> Self {
        Self { heading, ..Self::default() }
    }

    /// A small note under the heading.
    #[must_use]
    pub fn note(mut self, note: String) -> Self {
        self.note = note;
        self
    }

    /// Over the whole width.
    #[must_use]
    pub fn full(mut self) -> Self {
        self.is_full = true;
        self
    }

    /// With a further block.
    #[must_use]
    pub fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// With a block where there is something to say.
    #[must_use]
    pub fn maybe(self, block: Option<Block>) -> Self {
        match block {
            Some(block) => self.with(block),
            None => self,
        }
    }
}

impl Form {
    /// A form that is sent to `action`, by a button that says `submit`.
    #[must_use]
    pub fn new(action: impl Into<String>, submit: String) -> Self {
        Self { action: action.into(), submit, ..Self::default() }
    }

    /// Carries the token of the session.
    #[must_use]
    pub fn of(mut self, cx: &Cx) -> Self {
        self.token = cx.form_token();
        self
    }

    /// The one act that the page asks for.
    #[must_use]
    pub fn primary(mut self) -> Self {
        self.is_primary = true;
        self
    }

    /// In a row of a table.
    #[must_use]
    pub fn small(mut self) -> Self {
        self.is_small = true;
        self
    }

    /// Asks, and changes nothing: the fields stand in the address.
    #[must_use]
    pub fn read(mut self) -> Self {
        self.is_read = true;
        self
    }

    /// A small note above the button.
    #[must_use]
    pub fn note(mut self, note: String) -> Self {
        self.note = note;
        self
    }

    /// What the script of the page does with it, and what is said where that fails.
    #[must_use]
    pub fn script(mut self, script: &'static str, failed: String) -> Self {
        self.script = script;
        self.failed = failed;
        self
    }

    /// With a value that nobody types.
    #[must_use]
    pub fn hidden(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.hidden.push((name, value.into()));
        self
    }

    /// With a further question.
    #[must_use]
    pub fn field(mut self, field: Field) -> Self {
        self.takes_files |= matches!(field.kind, Kind::File);
        self.fields.push(field);
        self
    }

    /// Where a field was wrong: what came, and what is wrong with one of them.
    #[must_use]
    pub fn again(mut self, came: &Fields, wrong: &Fault) -> Self {
        for field in &mut self.fields {
            field.answer(came);
            if let Fault::Field { field: name, what } = wrong
                && *name == field.name
            {
                field.fault.clone_from(what);
                field.is_wrong = true;
            }
        }
        self
    }

    /// Boxes have no one control that a label could name.
    fn labels_control(field: &Field) -> bool {
        !matches!(field.kind, Kind::Boxes(_) | Kind::Choices(_) | Kind::Check(_))
    }
}

impl Field {
    fn new(kind: Kind, name: &'static str, label: String) -> Self {
        Self {
            name,
            label,
            kind,
            value: String::new(),
            help: String::new(),
            fault: String::new(),
            autocomplete: "off",
            is_optional: false,
            is_short: false,
            is_wrong: false,
        }
    }

    /// A line of text.
    #[must_use]
    pub fn text(name: &'static str, label: String) -> Self {
        Self::new(Kind::Text, name, label)
    }

    /// An address for mail.
    #[must_use]
    pub fn mail(name: &'static str, label: String) -> Self {
        Self::new(Kind::Mail, name, label).completes("username")
    }

    /// A password.
    #[must_use]
    pub fn password(name: &'static str, label: String) -> Self {
        Self::new(Kind::Password, name, label).completes("current-password")
    }

    /// A code that was sent or shown.
    #[must_use]
    pub fn code(name: &'static str, label: String) -> Self {
        let field = Self::new(Kind::Code, name, label).completes("one-time-code");
        Self { is_short: true, ..field }
    }

    /// A day.
    #[must_use]
    pub fn date(name: &'static str, label: String) -> Self {
        Self { is_short: true, ..Self::new(Kind::Date, name, label) }
    }

    /// Several lines.
    #[must_use]
    pub fn area(name: &'static str, label: String) -> Self {
        Self::new(Kind::Area, name, label)
    }

    /// A file.
    #[must_use]
    pub fn file(name: &'static str, label: String) -> Self {
        Self::new(Kind::File, name, label)
    }

    /// A box to tick, and what it says.
    #[must_use]
    pub fn check(name: &'static str, label: String, says: String) -> Self {
        Self::new(Kind::Check(says), name, label)
    }

    /// One of several: values and words.
    #[must_use]
    pub fn select(name: &'static str, label: String, options: Vec<(String, String)>) -> Self {
        Self::new(Kind::Select(options), name, label)
    }

    /// Some of several: values, words, whether ticked.
    #[must_use]
    pub fn boxes(name: &'static str, label: String, options: Vec<(String, String, bool)>) -> Self {
        Self::new(Kind::Boxes(options), name, label)
    }

    /// One of a few, each explained: values, words, explanations.
    #[must_use]
    pub fn choices(name: &'static str, label: String, options: Vec<(String, String, String)>) -> Self {
        Self::new(Kind::Choices(options), name, label)
    }

    /// With this in it.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// With an explanation under it.
    #[must_use]
    pub fn help(mut self, help: String) -> Self {
        self.help = help;
        self
    }

    /// What the browser may fill in.
    #[must_use]
    pub fn completes(mut self, with: &'static str) -> Self {
        self.autocomplete = with;
        self
    }

    /// It may be left empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.is_optional = true;
        self
    }

    /// A few characters.
    #[must_use]
    pub fn short(mut self) -> Self {
        self.is_short = true;
        self
    }

    fn id(&self, place: &str) -> String {
        format!("{place}-{}", self.name)
    }

    /// Puts in what came. Passwords and files are given anew.
    fn answer(&mut self, came: &Fields) {
        match &mut self.kind {
            Kind::Password | Kind::File => {}
            Kind::Check(_) => self.value = if came.is_ticked(self.name) { "on".to_owned() } else { String::new() },
            Kind::Boxes(options) => {
                for (value, _, ticked) in options {
                    *ticked = came.all(self.name).any(|v| v == value);
                }
            }
            _ => came.text(self.name).clone_into(&mut self.value),
        }
    }
}

impl Value {
    /// As HTML, in the page's language.
    fn html(&self, zh: &bool) -> String {
        let language = if *zh { Language::Zh } else { Language::En };
        let escape = page::escape;
        match self {
            Self::Text(text) => escape(text),
            Self::Mono(text) => format!("<span class=\"mono break\">{}</span>", escape(text)),
            Self::Anchor(id, text) => {
                format!("<span class=\"mono break\" id=\"{}\">{}</span>", escape(id), escape(text))
            }
            Self::Time(time) => page::instant(time.truncate_to_second(), language),
            Self::Mark(mark, text) => {
                let class = match mark {
                    Mark::Sealed => "sealed",
                    Mark::Waiting => "waiting",
                    Mark::Absent => "absent",
                    Mark::Failed => "failed",
                };
                format!("<span class=\"mark {class}\">{}</span>", escape(text))
            }
            Self::Link(href, text) => format!("<a href=\"{}\">{}</a>", escape(href), escape(text)),
            Self::Two(first, second) => format!("{}<br><small>{}</small>", escape(first), escape(second)),
            Self::Titled(href, title, small) => {
                let (href, title, small) = (escape(href), escape(title), escape(small));
                // A title may turn the direction of writing; it must not turn what follows.
                format!("<a class=\"title\" href=\"{href}\"><bdi>{title}</bdi></a><br><small>{small}</small>")
            }
            Self::Digest(hex) => page::digest(hex),
            Self::Acts(_) | Self::None => String::new(),
        }
    }
}
