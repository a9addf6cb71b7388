//! What a record says, as a document of ruled rows: the same before it is stamped and after.
//!
//! What is confirmed is what is got (LOOK.md section 1): the page that asks for the confirmation, the
//! page of the record and the certificate show this one thing.

use super::WORDS;
use super::model::{Draft, Mode, Party, Related, Said, State};
use super::read::Kept;
use crate::accounts::identity::Level;
use crate::web::{Cx, Words};
use askama::Template;
use proof::der::Time;
use proof::digest::hex;
use proof::record::{Content, Part};
use proof::verify::told;
use proof_wasm::page;

/// Files that a leaf names; the others stand in the list.
pub const SHOWN: usize = 40;

/// One row: what it is, a small word under that, and the value as HTML.
struct Row {
    label: String,
    small: String,
    html: String,
    is_to_come: bool,
}

struct Shown {
    name: String,
    size: String,
    digest: String,
    sm3: String,
    number: usize,
}

/// The document.
#[derive(Template)]
#[template(path = "evidence/leaf.html")]
pub struct Leaf {
    w: Words,
    rows: Vec<Row>,
    is_stamped: bool,
    edition: String,
    time: Option<String>,
}

/// What is stated under a name.
type Told<'a> = Box<dyn Fn(&str) -> Option<String> + 'a>;

/// What both kinds of rows are made of.
struct Facts<'a> {
    said: Told<'a>,
    name: String,
    level: Level,
    mode: Mode,
    related: Related,
    words: String,
    files: Vec<Shown>,
    attached: Vec<Shown>,
    count: u64,
    bytes: u64,
}

fn text(text: &str) -> String {
    // What a person wrote may turn the direction of writing; it must not turn what follows.
    let lines: Vec<String> = text.lines().map(|line| format!("<bdi>{}</bdi>", page::escape(line))).collect();
    lines.join("<br>")
}

/// The words of the leaf in one language: what the screen says, paper says too.
#[must_use]
pub fn words(language: proof::report::Language) -> Words {
    WORDS.of(language)
}

impl Leaf {
    /// As it will be, of a draft.
    #[must_use]
    pub fn of_draft(cx: &Cx, by: &Party, draft: &Draft) -> Self {
        let w = cx.words(&WORDS);
        let said = |name: &str| match name {
            "title" => Some(draft.title.title.clone()),
            "confirmed" => by.confirmed.map(|time| time.truncate_to_second().to_string()),
            "paper" => Some(by.paper.clone()),
            name => draft.statements.iter().find(|(n, _)| n == name).map(|(_, said)| match said {
                Said::Open(text) | Said::Sealed(text) => text.clone(),
            }),
        };
        let shown = |is_attached: bool| {
            let files = draft.files.iter().enumerate().filter(|(_, file)| file.is_attached == is_attached);
            let shown = files.take(SHOWN).map(|(place, file)| Shown {
                name: text(&file.path),
                size: page::size(file.size),
                digest: page::digest(&file.digest),
                sm3: if file.sm3.is_empty() { String::new() } else { page::digest(&file.sm3) },
                number: place,
            });
            shown.collect::<Vec<_>>()
        };
        let facts = Facts {
            said: Box::new(said),
            name: by.name.clone(),
            level: by.level,
            mode: draft.mode,
            related: draft.related,
            words: if cx.is_chinese() { draft.title.zh.clone() } else { draft.title.en.clone() },
            files: shown(false),
            attached: shown(true),
            count: draft.files.len() as u64,
            bytes: draft.files.iter().map(|file| file.size).sum(),
        };
        let mut rows = facts.rows(cx, w, None);
        let to_come = |label: &str, what: &str| Row {
            label: w.say(label),
            small: String::new(),
            html: page::escape(&w.say(what)),
            is_to_come: true,
        };
        rows.push(to_come("leaf-no-later", "leaf-to-come-time"));
        rows.push(to_come("leaf-place", "leaf-to-come"));
        rows.push(to_come("leaf-witnesses", "leaf-to-come-witnesses"));
        Self { w, rows, is_stamped: false, edition: w.say("leaf-edition"), time: None }
    }

    /// As it is, of a record. `link` gives the address where a file is shown alone.
    #[must_use]
    pub fn of_record(cx: &Cx, kept: &Kept, link: Option<&dyn Fn(usize) -> String>) -> Self {
        let w = cx.words(&WORDS);
        let names = kept.names();
        let shown = |is_attached: bool| {
            let files = kept.files.all().iter().enumerate().filter(|(_, file)| file.is_attached == is_attached);
            let shown = files.take(SHOWN).map(|(place, file)| {
                let (digest, sm3) = match &file.content {
                    Content::Digests { sha256, sm3 } => (hex(sha256), sm3.map(|sm3| page::digest(&hex(&sm3)))),
                    Content::Salted(commitment) => (commitment.to_string(), None),
                };
                let name = names.get(place).filter(|name| !name.is_empty());
                Shown {
                    name: name.map_or_else(|| page::escape(&w.say("leaf-hidden")), |name| text(name)),
                    size: page::size(file.size),
                    digest: page::digest(&digest),
                    sm3: sm3.unwrap_or_default(),
                    number: place,
                }
            });
            shown.collect::<Vec<_>>()
        };
        let title = kept.entry.title.as_ref();
        let level = [Level::Papers, Level::Provider].into_iter().find(|level| level.name() == kept.record.applicant.1);
        let facts = Facts {
            said: Box::new(|name| kept.said(name).map(str::to_owned)),
            name: kept.text(&Part::Applicant).map_or_else(|| w.say("leaf-hidden"), str::to_owned),
            level: level.unwrap_or(Level::Mail),
            mode: kept.entry.mode,
            related: Related::parse(&kept.record.relation),
            words: title.map_or_else(String::new, |t| if cx.is_chinese() { t.zh.clone() } else { t.en.clone() }),
            files: shown(false),
            attached: shown(true),
            count: kept.entry.files,
            bytes: kept.entry.bytes,
        };
        let mut rows = facts.rows(cx, w, link);
        let number = format!("<span class=\"mono\">{}</span>", kept.entry.number);
        rows.insert(0, Row::new(w.say("leaf-number"), number));
        rows.push(
            Row::new(w.say("leaf-root"), page::digest(&hex(&kept.record.files.root))).small(w.say("leaf-root-note")),
        );
        rows.push(Row::new(w.say("leaf-record"), page::digest(&kept.entry.digest)).small("SHA-256".to_owned()));
        if let Some(token) = &kept.token {
            let serial = told(token, |info| Some((hex(info.serial.as_bytes()), info.policy.to_string())));
            if let Some((serial, policy)) = serial {
                let mono = |text: &str| format!("<span class=\"mono break\">{}</span>", page::escape(text));
                rows.push(Row::new(w.say("leaf-serial"), mono(&format!("0x{serial}"))));
                rows.push(Row::new(w.say("leaf-policy"), mono(&policy)));
            }
            rows.push(Row::new(w.say("leaf-witnesses"), page::escape(&witnesses(cx, w))));
        }
        let time = kept.entry.time.map(|time| page::moment(time, cx.language, true));
        let is_stamped = kept.entry.state == State::Kept;
        Self { w, rows, is_stamped, edition: w.say("leaf-edition"), time }
    }
}

/// Who else stamps the log, as the operator set it; what they have covered is said by the token.
fn witnesses(cx: &Cx, w: Words) -> String {
    let found = cx.site.node.witnesses();
    match found.is_empty() {
        true => w.say("leaf-witnesses-none"),
        false => {
            let urls: Vec<&str> = found.iter().map(|one| one.url.as_str()).collect();
            w.fill("leaf-witnesses-some", &[("names", &urls.join(&w.say("leaf-comma")))])
        }
    }
}

/// A digest with the name of its algorithm before it.
fn algorithm(name: &str, digest: &str) -> String {
    format!("<small class=\"quiet algorithm\">{name}</small>{digest}")
}

impl Row {
    fn new(label: String, html: String) -> Self {
        Self { label, small: String::new(), html, is_to_come: false }
    }

    fn small(self, small: String) -> Self {
        Self { small, ..self }
    }
}

impl Facts<'_> {
    fn rows(&self, cx: &Cx, w: Words, link: Option<&dyn Fn(usize) -> String>) -> Vec<Row> {
        let said = |name: &str| (self.said)(name).filter(|text| !text.trim().is_empty());
        let mut rows = Vec::new();
        let title = said("title").unwrap_or_else(|| w.say("leaf-hidden"));
        let work = format!("<b><bdi>{}</bdi></b>　{}", page::escape(&title), page::escape(&self.words));
        rows.push(Row::new(w.say("leaf-work"), work));
        rows.extend(said("tags").map(|tags| Row::new(w.say("leaf-tags"), text(&tags))));
        let mut applicant = format!("<bdi>{}</bdi>", page::escape(&self.name));
        let confirmed = said("confirmed").and_then(|time| Time::parse(&time));
        applicant += &page::escape(&match (self.level, confirmed) {
            (Level::Mail, _) | (_, None) => w.say("leaf-level-mail"),
            (level, Some(time)) => {
                let id = if level == Level::Papers { "leaf-level-papers" } else { "leaf-level-provider" };
                let day: String = time.to_string().chars().take(10).collect();
                w.fill(id, &[("day", &day), ("number", &said("paper").unwrap_or_default())])
            }
        });
        rows.push(Row::new(w.say("leaf-applicant"), applicant));
        for (name, label) in [
            ("authors", "leaf-authors"),
            ("summary", "leaf-summary"),
            ("declaration", "leaf-declaration"),
            ("version", "leaf-version"),
            ("platforms", "leaf-platforms"),
            ("materials", "leaf-materials"),
            ("stages", "leaf-stages"),
        ] {
            rows.extend(said(name).map(|said| Row::new(w.say(label), text(&said))));
        }
        let published = said("published");
        if let Some(published) = published {
            let id = if published == "yes" { "leaf-published-yes" } else { "leaf-published-no" };
            rows.push(Row::new(w.say("leaf-published"), page::escape(&w.say(id))));
        }
        let mode = match self.mode {
            Mode::Digest => "leaf-mode-digest",
            Mode::Deposit => "leaf-mode-deposit",
            Mode::Salted => "leaf-mode-salted",
        };
        if self.count > 0 {
            // The files of a whole work are its records, which the node has.
            if said("whole").is_none() {
                rows.push(Row::new(w.say("leaf-mode"), page::escape(&w.say(mode))));
            }
            let count = w.fill("leaf-count", &[("count", &self.count.to_string()), ("size", &page::size(self.bytes))]);
            rows.push(Row::new(w.say("leaf-files"), self.list(w, &self.files, link, true)).small(count));
        }
        if !self.attached.is_empty() {
            rows.push(Row::new(w.say("leaf-attached"), self.list(w, &self.attached, link, false)));
        }
        let operator = &cx.site.node.public().instance.operator.name;
        let related = match self.related {
            Related::Independent => "leaf-related-independent",
            Related::IndependentByApplicant => "leaf-related-by-applicant",
            Related::OwnWorks => "leaf-related-own",
            Related::Unknown => "leaf-related-unknown",
        };
        let related = page::escape(&w.fill(related, &[("operator", operator)]));
        rows.push(Row::new(w.say("leaf-related"), related));
        rows
    }

    fn list(&self, w: Words, files: &[Shown], link: Option<&dyn Fn(usize) -> String>, is_all: bool) -> String {
        let mut html = String::from("<ul class=\"filelist\">");
        for file in files {
            let name = match link {
                Some(link) => format!("<a href=\"{}\">{}</a>", page::escape(&link(file.number)), file.name),
                None => file.name.clone(),
            };
            html += &format!("<li><b>{name}</b><small class=\"quiet\">{}</small>", file.size);
            match file.sm3.as_str() {
                "" => html += &file.digest,
                sm3 => html += &(algorithm("SHA-256", &file.digest) + &algorithm("SM3", sm3)),
            }
            html += "</li>";
        }
        html += "</ul>";
        let more = self.count.saturating_sub((self.files.len() + self.attached.len()) as u64);
        if is_all && more > 0 {
            let more = w.fill("leaf-more", &[("count", &more.to_string())]);
            html += &format!("<p class=\"note\">{}</p>", page::escape(&more));
        }
        html
    }
}
