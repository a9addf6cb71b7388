//! What was found, as a document: the two answers first, then the files, then each finding with its code.
//!
//! The node saw digests and no file. So it says of a file that its digest is one that was stamped, and never that
//! somebody has it; and what the desk says of files in sentences is left out.

use super::WORDS;
use crate::typeset::{self, beside, spans, zoned};
use paper::{Attached, Block, Both, Column, Document, Files, Foot, Mark, Row, Scan, Span, Stamp, Time, printable};
use proof::digest::DigestAlgorithm;
use proof::record::EvidenceNumber;
use proof::report::{Finding, Language, Severity, TokenFacts, Verdict};
use proof::x509::Certificate;
use proof_wasm::docket::Docket;
use proof_wasm::judge::{FileLine, FileState, Outcome, Subject};
use proof_wasm::page::{Json, PROGRAM, size};
use proof_wasm::parts::{Part, genuine, is_genuine, part_of};
use proof_wasm::pdf::REPORT_RESULT;
use proof_wasm::words::{Word, fill};
use registry::web::Fault;
use serde_json::json;

/// Files and findings that are written out, what fails first; the result that rides in the document has them all.
const ROWS_MAX: usize = 200;

/// What a report is made of, beside what was found.
pub(super) struct Findings {
    pub(super) number: Option<EvidenceNumber>,
    pub(super) docket: Docket,
    /// Whether the token came without the response around it.
    pub(super) is_bare: bool,
    /// Who checked.
    pub(super) operator: String,
    pub(super) url: String,
    /// The roots that were trusted, in DER.
    pub(super) anchors: Vec<Vec<u8>>,
    pub(super) is_evaluation: bool,
    /// What the document is identified by.
    pub(super) id: String,
}

fn both(id: &str) -> Both {
    typeset::both(&WORDS, id)
}

/// A word of the desk: what the screen says, the report says.
fn word(word: Word) -> Both {
    Both::new(word.text(Language::Zh), word.text(Language::En))
}

fn state(mark: Mark, both: &Both) -> Vec<Span> {
    vec![Span::state(mark, format!("{} {}", both.zh, both.en))]
}

fn of_verdict(verdict: Verdict) -> Vec<Span> {
    let (mark, said) = match verdict {
        Verdict::Valid => (Mark::Sealed, Word::MarkGenuine),
        Verdict::Unconfirmed => (Mark::Waiting, Word::MarkUnconfirmed),
        Verdict::Incomplete => (Mark::Absent, Word::MarkIncomplete),
        Verdict::Invalid => (Mark::Failed, Word::MarkInvalid),
    };
    state(mark, &word(said))
}

fn of_file(is_same: FileState) -> Vec<Span> {
    let (mark, said) = match is_same {
        FileState::Same => (Mark::Sealed, "report-digest-same"),
        FileState::Differs => (Mark::Failed, "report-digest-differs"),
        FileState::NotGiven | FileState::Extra => (Mark::Absent, "report-digest-none"),
        FileState::Unchecked => (Mark::Waiting, "report-digest-unchecked"),
    };
    state(mark, &both(said))
}

fn of_finding(finding: &Finding) -> Vec<Span> {
    let (mark, id) = match finding.code.severity() {
        Severity::Pass => (Mark::Sealed, "report-holds"),
        Severity::Notice | Severity::Warning => (Mark::Waiting, "report-note"),
        Severity::Unconfirmed => (Mark::Waiting, "report-unconfirmed"),
        Severity::Gap => (Mark::Absent, "report-missing"),
        Severity::Error => (Mark::Failed, "report-fails"),
    };
    state(mark, &both(id))
}

fn title_of(part: Part) -> Word {
    match part {
        Part::File => Word::PartFile,
        Part::Token => Word::PartToken,
        Part::Time => Word::PartTime,
        Part::Issuer => Word::PartIssuer,
        Part::Witness => Word::PartWitness,
        Part::Who => Word::PartWho,
        Part::Since => Word::PartSince,
    }
}

/// A line of the table of files: by its name where that is opened, else by its place.
fn named(line: &FileLine) -> Vec<Span> {
    match line.place.filter(|_| line.name.is_empty()) {
        Some((place, total)) => {
            let values = [("place", &*place.to_string()), ("total", &*total.to_string())];
            let say = |language| fill(Word::FileOf.text(language), &values);
            beside(&Both::new(say(Language::Zh), say(Language::En)))
        }
        None => vec![Span::text(printable(&line.name))],
    }
}

impl Findings {
    /// The document over an outcome, with the files that it was judged from.
    pub(super) fn document(&self, outcome: &Outcome, judged: Vec<(&'static str, Vec<u8>)>) -> Result<Document, Fault> {
        let mut blocks = vec![Block::Title(both("report-title"), Stamp::None)];
        for subject in &outcome.subjects {
            // A time is drawn where it is proven.
            let facts = subject.tokens.iter().filter(|(_, report)| genuine(report) == Verdict::Valid);
            blocks.extend(facts.filter_map(|(_, report)| report.facts.as_ref()).take(1).map(time));
        }
        blocks.push(Block::Rows(self.rows(outcome)));
        blocks.push(Block::Heading(both("report-files")));
        blocks.extend(table(&["report-file", "report-size", "report-state"], [4.0, 1.4, 2.6], files(outcome)));
        if !self.docket.files.is_empty() {
            blocks.extend([Block::Heading(both("report-given")), self.given()]);
            blocks.extend(more(self.docket.files.len()));
            blocks.push(Block::Text(spans(&both("report-given-note"))));
        }
        blocks.push(Block::Heading(both("report-findings")));
        let shares = [1.5, 1.7, 5.8];
        blocks.extend(table(&["report-part", "report-state", "report-finding"], shares, findings(outcome)));
        blocks.extend([Block::Heading(both("report-means")), means()]);
        blocks.extend([Block::Heading(both("report-again")), Block::Text(spans(&both("report-again-note")))]);
        let command = match (self.number, self.is_bare) {
            (Some(_), _) => "openssl ts -verify -data record.json -in record.tsr -CAfile root.pem",
            (None, false) => "openssl ts -verify -data FILE -in token.tsr -CAfile root.pem",
            (None, true) => "openssl ts -verify -data FILE -in token.tsr -token_in -CAfile root.pem",
        };
        blocks.push(Block::Code(vec!["pdfdetach -saveall REPORT.pdf".to_owned(), command.to_owned()]));
        let name = self.number.map_or_else(|| both("report-token").zh, |number| number.to_string());
        let scan = self.number.map(|number| format!("{}/v/{number}", self.url)).map(|address| {
            let words = vec![spans(&both("report-scan")), vec![Span::mono(&address)]];
            Scan::new(&address).map(|scan| (scan, words))
        });
        let warning = if self.is_evaluation { both("report-evaluation") } else { both("report-not-qualified") };
        let title = both("report-title").zh;
        Ok(Document {
            title: format!("{name} {title}"),
            id: self.id.clone(),
            author: self.operator.clone(),
            time: outcome.now,
            blocks,
            scan: scan.transpose().map_err(|_| Fault::broken("the public address is too long for a code"))?,
            foot: Foot { left: format!("时印 Shiyin　{name}"), middle: format!("{} {}", warning.zh, warning.en) },
            attached: self.attached(outcome, judged)?,
        })
    }

    fn rows(&self, outcome: &Outcome) -> Vec<Row> {
        let mut rows = Vec::new();
        rows.extend(self.number.map(|number| Row::new(both("number"), vec![Span::mono(number.to_string())])));
        for subject in &outcome.subjects {
            rows.push(Row::new(both("report-genuine"), of_verdict(is_genuine(subject))));
            rows.push(Row::new(both("report-match"), self.matched(subject, outcome)));
            if let Some(record) = &subject.record {
                rows.push(Row::new(both("report-record"), vec![Span::digest(record.digest.clone())]));
            }
        }
        let checked = [zoned(outcome.now, 8, "UTC+8"), zoned(outcome.now, 0, "UTC")].join("　");
        rows.push(Row::new(both("report-checked"), vec![Span::mono(checked)]));
        let by = vec![Span::text(printable(&self.operator)), Span::quiet(format!("\n{PROGRAM}\n{}", self.url))];
        rows.push(Row::new(both("report-by"), by));
        let mut trusted = Vec::new();
        for der in &self.anchors {
            let subject = Certificate::parse(der).map(|c| c.subject.to_string()).unwrap_or_default();
            let print = DigestAlgorithm::Sha256.digest(der).to_string();
            let end = if trusted.is_empty() { "" } else { "\n" };
            trusted.extend([Span::text(printable(&format!("{end}{subject}\n"))), Span::digest(print)]);
        }
        rows.push(Row::new(both("report-anchors"), trusted));
        rows
    }

    /// How many of the digests that were handed in are of files that were stamped.
    fn matched(&self, subject: &Subject, outcome: &Outcome) -> Vec<Span> {
        let given = self.docket.files.len();
        let is_salted = subject.files.iter().any(|file| file.is_salted);
        if given == 0 {
            return state(Mark::Absent, &both(if is_salted { "report-digests-salted" } else { "report-digests-none" }));
        }
        let same = subject.files.iter().filter(|file| file.state == FileState::Same).count();
        let values = [("count", &*same.to_string()), ("total", &*given.to_string())];
        let mark = match () {
            () if same == given && outcome.loose.is_empty() => Mark::Sealed,
            () if same == 0 => Mark::Failed,
            () => Mark::Waiting,
        };
        state(mark, &typeset::filled(&WORDS, "report-digests", &values))
    }

    /// The digests that were handed in.
    fn given(&self) -> Block {
        let files = self.docket.files.iter().enumerate().take(ROWS_MAX).map(|(place, digests)| {
            let digest = |digest: &String| {
                let (name, value) = digest.split_once(':').unwrap_or_default();
                (name.to_owned(), value.to_lowercase())
            };
            Files {
                name: format!("#{}", place + 1),
                size: String::new(),
                digests: digests.iter().map(digest).collect(),
            }
        });
        Block::Files(files.collect())
    }

    /// What was judged, and what was found, for machines.
    fn attached(&self, outcome: &Outcome, judged: Vec<(&'static str, Vec<u8>)>) -> Result<Vec<Attached>, Fault> {
        let file = |name: &str, media_type, id: &str, bytes| {
            let about = both(id);
            Attached { name: name.to_owned(), media_type, about: format!("{} {}", about.zh, about.en), bytes }
        };
        let mut all = Vec::new();
        for (name, language) in [("result.zh.json", Language::Zh), (REPORT_RESULT, Language::En)] {
            let bytes = serde_json::to_vec_pretty(&result(outcome, language)?).map_err(Fault::broken)?;
            all.push(file(name, "application/json", "report-about-result", bytes));
        }
        for (name, bytes) in judged {
            let media_type = if name.ends_with(".json") { "application/json" } else { "application/timestamp-reply" };
            all.push(file(name, media_type, "report-about-judged", bytes));
        }
        let asked = serde_json::to_vec_pretty(&self.docket).map_err(Fault::broken)?;
        all.push(file("asked.json", "application/json", "report-about-asked", asked));
        let roots: String = self.anchors.iter().map(|der| trust::instance::pem(der)).collect();
        all.push(file("root.pem", "application/x-pem-file", "report-about-roots", roots.into_bytes()));
        Ok(all)
    }
}

/// The result for machines. Sentences about files speak to whoever put them down, which the node did not see.
fn result(outcome: &Outcome, language: Language) -> Result<serde_json::Value, Fault> {
    let mut result = serde_json::to_value(Json::new(outcome, language)).map_err(Fault::broken)?;
    result["compared"] = json!("digests that were handed in; no file was seen");
    for subject in result["subjects"].as_array_mut().into_iter().flatten() {
        if let Some(subject) = subject.as_object_mut() {
            subject.remove("sentences");
            subject.remove("same");
        }
    }
    Ok(result)
}

fn time(facts: &TokenFacts) -> Block {
    Block::Time(Time {
        before: (both("report-before"), both("report-before-note")),
        since: both("report-no-later"),
        instants: vec![zoned(facts.gen_time, 8, "UTC+8"), zoned(facts.gen_time, 0, "UTC")],
        notes: vec![both("report-time-note")],
    })
}

/// A table, and how many rows of it were left out.
fn table<const N: usize>(heads: &[&str; N], shares: [f32; N], mut rows: Vec<Vec<Vec<Span>>>) -> Vec<Block> {
    let count = rows.len();
    rows.truncate(ROWS_MAX);
    let columns = heads.iter().zip(shares).map(|(id, share)| Column { head: both(id), share }).collect();
    let mut blocks = vec![Block::Table(columns, rows)];
    blocks.extend(more(count));
    blocks
}

fn more(count: usize) -> Option<Block> {
    let more = count.checked_sub(ROWS_MAX).filter(|more| *more > 0)?.to_string();
    Some(Block::Text(spans(&typeset::filled(&WORDS, "report-more", &[("count", &more)]))))
}

/// What differs first, then what fits nothing, then the rest.
fn files(outcome: &Outcome) -> Vec<Vec<Vec<Span>>> {
    let mut lines: Vec<&FileLine> = outcome.subjects.iter().flat_map(|subject| &subject.files).collect();
    lines.sort_by_key(|line| (line.state != FileState::Differs, line.state));
    let row = |line: &FileLine, said| {
        let size = line.place.and(line.size).map(size).unwrap_or_default();
        vec![named(line), vec![Span::text(size)], said]
    };
    let known: Vec<_> = lines.iter().map(|line| row(line, of_file(line.state))).collect();
    let differing = lines.iter().filter(|line| line.state == FileState::Differs).count();
    let loose = outcome.loose.iter().map(|(line, _)| row(line, state(Mark::Failed, &both("report-fits-none"))));
    let mut rows: Vec<_> = known.iter().take(differing).cloned().collect();
    rows.extend(loose);
    rows.extend(known.into_iter().skip(differing));
    rows
}

/// Findings, but for those about files: what is to be said of these stands in their table.
fn findings(outcome: &Outcome) -> Vec<Vec<Vec<Span>>> {
    let mut rows = Vec::new();
    let reports = outcome.subjects.iter().flat_map(|subject| &subject.tokens);
    let is_told = |finding: &&Finding| part_of(finding.code) != Part::File || finding.code.name().starts_with("list-");
    for finding in reports.flat_map(|(_, report)| &report.findings).filter(is_told) {
        let title = word(title_of(part_of(finding.code)));
        let sentence = |language| printable(&finding.sentence(language));
        let mut said = vec![Span::text(sentence(Language::Zh)), Span::quiet(format!("\n{}", sentence(Language::En)))];
        if let Some((zh, en)) = finding.remedy(Language::Zh).zip(finding.remedy(Language::En)) {
            said.extend([Span::text(printable(&format!("\n{zh}"))), Span::quiet(printable(&format!("\n{en}")))]);
        }
        said.push(Span::quiet(format!("\n{}　{}", finding.code.name(), finding.code.section())));
        let part = vec![Span::text(title.zh), Span::quiet(format!("\n{}", title.en))];
        rows.push(vec![part, of_finding(finding), said]);
    }
    rows
}

/// What it says and what not (FEATURES section 1.15).
fn means() -> Block {
    Block::Facing([
        (both("report-says"), vec![both("report-says-checked"), both("report-says-same")]),
        (both("report-says-not"), vec![both("report-not-opinion"), both("report-not-author")]),
    ])
}
