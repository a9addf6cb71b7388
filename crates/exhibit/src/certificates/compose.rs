//! A record as a certificate: the rows of the screen on paper, in both languages (FEATURES section 3, 6.1).
//!
//! Everything here comes from the record, its openings and its token, so that the same record gives the
//! same bytes. What a person wrote is set as far as there are glyphs, and its numbers for the rest.

use super::WORDS;
use crate::typeset::{self, beside, moment, spans, zoned};
use paper::{Attached, Block, Both, Column, Document, Files, Foot, Mark, Row, Scan, Span, Stamp, Time, printable};
use proof::der::Time as Instant;
use proof::digest::hex;
use proof::record::{Content, Part};
use proof::report::{Language, TokenFacts};
use proof_wasm::page;
use registry::accounts::identity::Level;
use registry::evidence::{Entry, Kept, Mode, Related, leaf};
use registry::web::Fault;

/// Files that a certificate names; all of them stand in the list that rides in it.
const FILES_SHOWN: usize = 60;

/// What a certificate is made of.
pub(super) struct Subject<'a> {
    pub(super) kept: &'a Kept,
    /// What the token says, verified.
    pub(super) facts: &'a TokenFacts,
    /// The records that it follows, the oldest first; of a whole work, its parts.
    pub(super) others: &'a [Entry],
    /// Where it is verified: the address in the code.
    pub(super) address: &'a str,
    /// The root that the token leads to.
    pub(super) root: &'a [u8],
    /// Whether the node is for trying out only.
    pub(super) is_evaluation: bool,
}

/// A message of this room in both languages.
fn both(id: &str) -> Both {
    typeset::both(&WORDS, id)
}

fn filled(id: &str, values: &[(&str, &str)]) -> Both {
    typeset::filled(&WORDS, id, values)
}

/// A message of the leaf: what the screen says, the certificate says.
fn of_leaf(id: &str, values: &[(&str, &str)]) -> Both {
    let say = |language| leaf::words(language).fill(id, values);
    Both::new(say(Language::Zh), say(Language::En).trim())
}

impl Subject<'_> {
    fn is_whole(&self) -> bool {
        self.kept.said("whole").is_some()
    }

    /// The document.
    pub(super) fn document(&self) -> Result<Document, Fault> {
        let number = self.kept.entry.number.to_string();
        let title = of_leaf("leaf-title", &[]);
        let title = Both::new(title.zh.replace("<wbr>", ""), title.en);
        let edition = if self.is_whole() { both("edition-whole") } else { both("edition-work") };
        let heading = Both::new(title.zh.clone(), format!("{}, {}", title.en, edition.en));
        let mut blocks = vec![Block::Title(heading, Stamp::Sealed), Block::Time(self.time()), Block::Rows(self.rows())];
        blocks.push(Block::Leaf);
        if self.is_whole() {
            blocks.extend([Block::Heading(both("parts")), self.parts()]);
        } else if !self.kept.files.all().is_empty() {
            blocks.extend([Block::Heading(both("files")), Block::Files(self.files())]);
            let more = self.kept.files.all().len().saturating_sub(FILES_SHOWN);
            if more > 0 {
                blocks.push(Block::Text(beside(&filled("files-more", &[("count", &more.to_string())]))));
            }
            let note = if self.kept.entry.mode == Mode::Salted { "files-salted" } else { "files-plain" };
            blocks.push(Block::Text(spans(&both(note))));
        }
        blocks.extend([Block::Heading(both("witnesses")), self.witnesses()]);
        blocks.extend([Block::Heading(both("proves-heading")), proves()]);
        blocks.extend([Block::Heading(both("offline")), Block::Text(spans(&both("offline-note")))]);
        blocks.push(Block::Code(vec![
            format!("pdfdetach -saveall {number}.pdf"),
            "openssl ts -verify -data record.json -in record.tsr -CAfile root.pem".to_owned(),
            "sha256sum FILE        # files.json".to_owned(),
        ]));
        let print = proof::digest::DigestAlgorithm::Sha256.digest(self.root).to_string();
        let root = [beside(&both("offline-root")), vec![Span::text("\n"), Span::digest(print)]].concat();
        blocks.push(Block::Text(root));
        let scan = Scan::new(self.address).map_err(|_| Fault::broken("the public address is too long for a code"))?;
        let words =
            vec![vec![Span::text(both("scan").zh)], vec![Span::quiet(both("scan").en)], vec![Span::mono(self.address)]];
        let warning = if self.is_evaluation { both("evaluation") } else { both("not-qualified") };
        Ok(Document {
            title: format!("{number} {}", title.zh),
            id: number.clone(),
            author: self.kept.record.operator.clone(),
            time: self.facts.gen_time,
            blocks,
            scan: Some((scan, words)),
            foot: Foot { left: format!("时印 Shiyin　{number}"), middle: format!("{} {}", warning.zh, warning.en) },
            attached: self.attached(),
        })
    }

    fn time(&self) -> Time {
        let time = self.facts.gen_time;
        let accuracy = match self.facts.accuracy {
            Some(accuracy) => {
                let us = u64::from(accuracy.seconds) * 1_000_000
                    + u64::from(accuracy.millis) * 1000
                    + u64::from(accuracy.micros);
                let ms = format!("{}.{}", us / 1000, us % 1000 / 100);
                filled("accuracy", &[("ms", &ms)])
            }
            None if self.is_evaluation => both("accuracy-none"),
            None => both("accuracy-unstated"),
        };
        Time {
            before: (of_leaf("leaf-before", &[]), both("before-note")),
            since: of_leaf("leaf-no-later", &[]),
            instants: vec![zoned(time, 8, "UTC+8"), zoned(time, 0, "UTC")],
            notes: vec![accuracy, both("time-note")],
        }
    }

    fn rows(&self) -> Vec<Row> {
        let kept = self.kept;
        let mut rows = Vec::new();
        if self.is_evaluation {
            rows.push(Row::new(both("note"), spans(&both("evaluation"))));
        }
        rows.push(Row::new(of_leaf("leaf-number", &[]), vec![Span::mono(kept.entry.number.to_string())]));
        let title = kept.said("title").map_or_else(|| "—".to_owned(), printable);
        let about = kept.entry.title.as_ref().map(|t| (printable(&t.zh), printable(&t.en))).unwrap_or_default();
        let work = vec![Span::strong(title), Span::text(format!("　{}　", about.0)), Span::quiet(about.1)];
        rows.push(Row::new(of_leaf("leaf-work", &[]), work));
        let said = |name: &str, label: &str| {
            let text = kept.said(name).filter(|text| !text.trim().is_empty())?;
            Some(Row::new(of_leaf(label, &[]), vec![Span::text(printable(text))]))
        };
        rows.extend(said("tags", "leaf-tags"));
        rows.push(Row::new(of_leaf("leaf-applicant", &[]), applicant(self.kept)));
        let operator = &kept.record.operator;
        let related = match Related::parse(&kept.record.relation) {
            Related::Independent => "leaf-related-independent",
            Related::IndependentByApplicant => "leaf-related-by-applicant",
            Related::OwnWorks => "leaf-related-own",
            Related::Unknown => "leaf-related-unknown",
        };
        rows.push(Row::new(of_leaf("leaf-related", &[]), spans(&of_leaf(related, &[("operator", operator)]))));
        rows.extend(said("authors", "leaf-authors"));
        rows.extend(said("summary", "leaf-summary"));
        rows.extend(said("declaration", "leaf-declaration"));
        rows.extend(said("version", "leaf-version"));
        rows.extend(said("platforms", "leaf-platforms"));
        rows.extend(said("materials", "leaf-materials"));
        if let Some(published) = kept.said("published") {
            let id = if published == "yes" { "leaf-published-yes" } else { "leaf-published-no" };
            rows.push(Row::new(of_leaf("leaf-published", &[]), beside(&of_leaf(id, &[]))));
        }
        if !self.is_whole() {
            let mode = match kept.entry.mode {
                Mode::Digest => "leaf-mode-digest",
                Mode::Deposit => "leaf-mode-deposit",
                Mode::Salted => "leaf-mode-salted",
            };
            rows.push(Row::new(of_leaf("leaf-mode", &[]), spans(&of_leaf(mode, &[]))));
        }
        let values = [("count", &*kept.entry.files.to_string()), ("size", &*page::size(kept.entry.bytes))];
        rows.push(Row::new(of_leaf("leaf-files", &[]), beside(&filled("count", &values))));
        rows.push(Row::new(of_leaf("leaf-root", &[]), vec![Span::digest(hex(&kept.record.files.root))]));
        rows.push(Row::new(both("record-digest"), vec![Span::digest(kept.entry.digest.clone())]));
        rows.extend(self.token_rows());
        if !self.others.is_empty() && !self.is_whole() {
            let mut earlier = Vec::new();
            for one in self.others {
                let time = one.time.map(moment).unwrap_or_default();
                earlier.push(Span::text(format!("{time}　")));
                earlier.push(Span::mono(format!("{}\n", one.number)));
            }
            rows.push(Row::new(both("earlier"), earlier));
        }
        rows.push(Row::new(both("ai"), beside(&both("ai-not-looked"))));
        rows
    }

    fn token_rows(&self) -> Vec<Row> {
        let facts = self.facts;
        let signer = facts.signer.as_deref().map(printable).unwrap_or_default();
        let mut rows = vec![Row::new(
            both("authority"),
            vec![
                Span::text(signer),
                Span::text(format!("\n{} ", both("policy").zh)),
                Span::mono(&facts.policy),
                Span::text(format!("　{} ", both("serial").zh)),
                Span::mono(&facts.serial),
            ],
        )];
        if let Some(digest) = &facts.token_digest {
            rows.push(Row::new(both("token-digest"), vec![Span::digest(digest.clone())]));
        }
        if let Some(log) = &facts.log {
            let values = [("index", &*log.index.to_string()), ("size", &*log.size.to_string())];
            let place = filled("log-place", &values);
            let mut value = vec![Span::mono(printable(&log.origin)), Span::text("\n")];
            value.extend(beside(&place));
            rows.push(Row::new(both("log"), value));
        }
        rows
    }

    fn files(&self) -> Vec<Files> {
        let names = self.kept.names();
        let shown = self.kept.files.all().iter().enumerate().take(FILES_SHOWN).map(|(place, file)| {
            let name =
                names.get(place).filter(|name| !name.is_empty()).map_or_else(|| "—".to_owned(), |n| printable(n));
            let attached = if file.is_attached { format!("　{}", both("attached").zh) } else { String::new() };
            let digests = match &file.content {
                Content::Digests { sha256, sm3 } => {
                    let mut all = vec![("SHA-256".to_owned(), hex(sha256))];
                    all.extend(sm3.map(|sm3| ("SM3".to_owned(), hex(&sm3))));
                    all
                }
                Content::Salted(commitment) => vec![(both("commitment").zh, commitment.to_string())],
            };
            Files { name: format!("{name}{attached}"), size: page::size(file.size), digests }
        });
        shown.collect()
    }

    /// The stages of a whole work: each record of it with its time.
    fn parts(&self) -> Block {
        let column = |id: &str, share| Column { head: both(id), share };
        let columns = vec![column("part-time", 2.6), column("part-what", 2.2), column("part-number", 3.2)];
        let row = |entry: &Entry| {
            let about = entry.title.as_ref().map(|t| (printable(&t.zh), printable(&t.en))).unwrap_or_default();
            vec![
                vec![Span::mono(entry.time.map(moment).unwrap_or_default())],
                vec![Span::text(about.0), Span::quiet(format!("\n{}", about.1))],
                vec![Span::mono(entry.number.to_string())],
            ]
        };
        Block::Table(columns, self.others.iter().map(row).collect())
    }

    fn witnesses(&self) -> Block {
        match &self.facts.independent {
            Some(seen) => {
                let state = both("witness-sealed");
                let row = vec![
                    vec![Span::text(printable(&seen.authority))],
                    vec![Span::mono(zoned(seen.time, 8, "UTC+8"))],
                    vec![Span::state(Mark::Sealed, format!("{} {}", state.zh, state.en))],
                ];
                let column = |id: &str, share| Column { head: both(id), share };
                let columns =
                    vec![column("witness-name", 3.0), column("witness-time", 2.0), column("witness-state", 1.6)];
                Block::Table(columns, vec![row])
            }
            None => {
                let none = both("witness-none");
                Block::Text(vec![Span::state(Mark::Absent, none.zh), Span::quiet(format!("\n{}", none.en))])
            }
        }
    }

    fn attached(&self) -> Vec<Attached> {
        let kept = self.kept;
        let file = |name: &str, media_type, about: &str, bytes| Attached {
            name: name.to_owned(),
            media_type,
            about: format!("{} {}", both(about).zh, both(about).en),
            bytes,
        };
        let mut all = vec![file("record.json", "application/json", "about-record", kept.record.to_canonical_json())];
        all.extend(
            kept.token.clone().map(|token| file("record.tsr", "application/timestamp-reply", "about-token", token)),
        );
        all.push(file("files.json", "application/json", "about-files", kept.files.to_canonical_json()));
        all.push(file("openings.json", "application/json", "about-openings", kept.openings.to_canonical_json()));
        let root = trust::instance::pem(self.root).into_bytes();
        all.push(file("root.pem", "application/x-pem-file", "about-root", root));
        all
    }
}

/// What it proves and what not (FEATURES section 1.15).
pub(super) fn proves() -> Block {
    Block::Facing([
        (both("proves"), vec![both("proves-existed"), both("proves-unchanged"), both("proves-stated")]),
        (both("proves-not"), vec![both("proves-not-author"), both("proves-not-true"), both("proves-not-court")]),
    ])
}

/// Who applied, and how the name was found out.
pub(super) fn applicant(kept: &Kept) -> Vec<Span> {
    let name = kept.text(&Part::Applicant).map_or_else(|| "—".to_owned(), printable);
    let level = [Level::Papers, Level::Provider].into_iter().find(|l| l.name() == kept.record.applicant.1);
    let confirmed = kept.said("confirmed").and_then(Instant::parse);
    let how = match (level, confirmed) {
        (Some(level), Some(time)) => {
            let day: String = time.to_string().chars().take(10).collect();
            let number = printable(kept.said("paper").unwrap_or_default());
            let id = if level == Level::Papers { "leaf-level-papers" } else { "leaf-level-provider" };
            of_leaf(id, &[("day", &day), ("number", &number)])
        }
        _ => of_leaf("leaf-level-mail", &[]),
    };
    vec![Span::text(format!("{name}{}", how.zh)), Span::quiet(format!("\n{}", how.en))]
}
