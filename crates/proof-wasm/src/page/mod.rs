//! An outcome as HTML, in twelve parts (FEATURES section 3), and as JSON.
//!
//! The same markup is written in a browser and by the server. Every value from
//! outside is escaped, and characters that turn a line around are made visible.

mod json;
mod pdf;
mod record;

pub use json::Json;

use crate::articles::{Answer, POINTS};
use crate::judge::{FileLine, FileState, Outcome, Subject};
use crate::parts::{self, Part, genuine, is_genuine, part_of, same};
use crate::sentences::{headline, sentences};
use crate::words::{Word, fill};
use proof::der::Time;
use proof::report::{Code, Finding, Language, Report, Severity, TokenFacts, Verdict};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Rows of one table that are written out; the worst come first, the rest is counted.
const ROWS_MAX: usize = 200;
/// JSON that is written out on the page.
const MACHINE_BYTES_MAX: usize = 64 << 10;
/// Findings of one part that are written out.
const FINDINGS_MAX: usize = 100;
/// Subjects that are written out.
const SUBJECTS_MAX: usize = 50;

/// Where a page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a browser with a node behind it, which can stamp the report.
    Served,
    /// In the verifier that is one file.
    Offline,
    /// On a page without scripts.
    Still,
}

/// The program that checked, as reports name it.
pub const PROGRAM: &str = concat!("shiyin proof ", env!("CARGO_PKG_VERSION"));

/// Text for HTML, with what could turn a line around made visible.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push('\u{fffd}'),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A size for a person.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes}\u{a0}B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.995 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.2}\u{a0}{}", UNITS[unit])
}

/// A digest in groups of eight, which copies as one word.
#[must_use]
pub fn digest(hex: &str) -> String {
    let groups: Vec<String> = hex
        .as_bytes()
        .chunks(8)
        .map(|group| format!("<span>{}</span>", escape(&String::from_utf8_lossy(group))))
        .collect();
    format!("<code class=\"digest\">{}</code>", groups.concat())
}

/// A moment, UTC first for English and UTC+8 first for Chinese; `big` for the first of the two.
#[must_use]
pub fn moment(time: Time, language: Language, big: bool) -> String {
    let words = |t: Time, zone: &str| format!("{} {zone}", t.to_string().replace('T', " ").replace('Z', ""));
    let (utc, east) = (words(time, "UTC"), words(time.plus_s(8 * 3600), "UTC+8"));
    let (first, second) = match language {
        Language::En => (utc, east),
        Language::Zh => (east, utc),
    };
    let class = if big { " class=\"big\"" } else { "" };
    format!("<time{class} datetime=\"{time}\">{first}</time><time datetime=\"{time}\">{second}</time>")
}

/// A moment on one line, in the reader's first zone.
#[must_use]
pub fn instant(time: Time, language: Language) -> String {
    let (local, zone) = match language {
        Language::En => (time, "UTC"),
        Language::Zh => (time.plus_s(8 * 3600), "UTC+8"),
    };
    format!("<time datetime=\"{time}\">{} {zone}</time>", local.to_string().replace('T', " ").replace('Z', ""))
}

/// Evidence numbers in escaped text, each on one line.
fn unbroken(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("SY-") {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(from.len());
        let (number, after) = from.split_at(end);
        let _ = write!(out, "{before}<span class=\"unbroken\">{number}</span>");
        rest = after;
    }
    out + rest
}

/// The name of a token where there are several.
fn name_among((name, _): &(String, Report), subject: &Subject) -> String {
    if subject.tokens.len() < 2 {
        return String::new();
    }
    format!(" <span class=\"quiet\">{}</span>", escape(name))
}

struct Page {
    out: String,
    language: Language,
    place: Place,
    now: Time,
    /// Which subject is written now, counted from 0.
    number: usize,
}

/// The whole result: the verdict, and twelve parts for each subject.
#[must_use]
pub fn html(outcome: &Outcome, language: Language, place: Place) -> String {
    let mut page = Page { out: String::new(), language, place, now: outcome.now, number: 0 };
    page.verdict(outcome);
    let many = outcome.subjects.len() > 1;
    for (number, subject) in outcome.subjects.iter().take(SUBJECTS_MAX).enumerate() {
        page.number = number;
        if many {
            let heading = page.heading(subject);
            page.add(&format!("<h2 class=\"subject\">{heading}</h2>"));
        }
        page.subject(subject, outcome);
    }
    if outcome.subjects.len() > SUBJECTS_MAX {
        let count = (outcome.subjects.len() - SUBJECTS_MAX).to_string();
        let text = fill(Word::FilesMore.text(language), &[("count", &count)]);
        page.add(&format!("<p class=\"note\">{text}</p>"));
    }
    if !outcome.loose.is_empty() {
        page.loose(outcome);
    }
    page.out
}

fn mark(class: &str, text: &str) -> String {
    format!("<span class=\"mark {class}\">{text}</span>")
}

impl Page {
    fn say(&self, word: Word) -> &'static str {
        word.text(self.language)
    }

    fn add(&mut self, html: &str) {
        self.out.push_str(html);
        self.out.push('\n');
    }

    fn verdict_mark(&self, verdict: Verdict, holds: Word) -> String {
        match verdict {
            Verdict::Valid => mark("sealed", self.say(holds)),
            Verdict::Unconfirmed => mark("waiting", self.say(Word::MarkUnconfirmed)),
            Verdict::Incomplete => mark("absent", self.say(Word::MarkIncomplete)),
            Verdict::Invalid => mark("failed", self.say(Word::MarkInvalid)),
        }
    }

    fn verdict(&mut self, outcome: &Outcome) {
        let said = headline(outcome, self.language);
        let (first, rest) = said.split_first().map_or(("", &[][..]), |(f, r)| (f.as_str(), r));
        // Two short sentences are one headline.
        let joined = match self.language {
            Language::En => [&[first.to_owned()], rest].concat().join(" "),
            Language::Zh => [&[first.to_owned()], rest].concat().concat(),
        };
        let class = match outcome.verdict() {
            Verdict::Valid => "verdict holds",
            Verdict::Unconfirmed | Verdict::Incomplete => "verdict open",
            Verdict::Invalid => "fault verdict",
        };
        let label = self.say(Word::VerdictLabel);
        let note = if outcome.subjects.is_empty() {
            format!("<p>{}</p>", self.say(Word::NoTokenNote))
        } else {
            self.leading_remedy(outcome)
        };
        let verdict = outcome.verdict().name();
        self.add(&format!(
            "<section class=\"{class}\" role=\"status\" aria-label=\"{label}\" data-verdict=\"{verdict}\"><p class=\"big\">{}</p>{note}</section>",
            unbroken(&escape(&joined))
        ));
    }

    /// The worst finding and what to do about it, in the headline's block.
    fn leading_remedy(&self, outcome: &Outcome) -> String {
        let deciding = outcome.subjects.iter().filter(|subject| !subject.is_aside());
        let reports = deciding.flat_map(|s| s.tokens.iter().map(|(_, r)| r));
        let worst = reports.flat_map(|r| &r.findings).max_by_key(|f| f.code.severity());
        let Some(finding) = worst.filter(|f| f.code.severity() > Severity::Warning) else { return String::new() };
        let remedy = finding.remedy(self.language).unwrap_or_default();
        // The digests of a changed file stand below, in groups; here they would only be noise.
        if matches!(finding.code, Code::ImprintMismatch | Code::RecordChanged) {
            return format!("<p>{}</p>", escape(&remedy));
        }
        let gap = if self.language == Language::En { " " } else { "" };
        format!("<p>{}{gap}{}</p>", escape(&finding.sentence(self.language)), escape(&remedy))
    }

    fn subject(&mut self, subject: &Subject, outcome: &Outcome) {
        self.add("<ol class=\"findings\">");
        let has_loose = !outcome.loose.is_empty();
        self.part(Word::PartVerdict, subject.verdict() == Verdict::Invalid, |page| {
            page.part_verdict(subject, has_loose)
        });
        let worst = is_genuine(subject);
        let is_error = |f: &Finding| f.code.severity() == Severity::Error;
        let fails = |part| subject.tokens.iter().any(|(_, r)| parts::of(r, part).any(is_error));
        self.part(Word::PartFile, fails(Part::File), |page| page.part_file(subject));
        let token = if subject.pdf.is_some() { Word::PartSignature } else { Word::PartToken };
        self.part(token, worst == Verdict::Invalid, |page| page.part_token(subject));
        self.part(Word::PartTime, fails(Part::Time), |page| match &subject.pdf {
            Some(pdf) => page.pdf_time(subject, pdf),
            None => page.part_time(subject),
        });
        self.part(Word::PartIssuer, subject.tokens.iter().any(|(_, r)| parts::issuer(r) == Verdict::Invalid), |page| {
            page.part_issuer(subject)
        });
        self.part(Word::PartWitness, fails(Part::Witness), |page| page.part_witness(subject));
        self.part(Word::PartWho, fails(Part::Who), |page| page.part_who(subject));
        self.part(Word::PartSince, fails(Part::Since), |page| page.part_since(subject));
        self.part(Word::PartArticle, false, |page| page.part_article(subject));
        self.part(Word::PartNotShown, false, |page| page.part_not_shown(subject));
        self.part(Word::PartReport, false, |page| page.part_report(subject));
        self.part(Word::PartMachine, false, |page| page.part_machine(subject, outcome));
        self.add("</ol>");
    }

    fn part(&mut self, title: Word, fails: bool, write: impl FnOnce(&mut Self)) {
        let class = if fails { " class=\"fails\"" } else { "" };
        let title_text = self.say(title);
        self.add(&format!("<li{class} data-part=\"{}\"><h3>{title_text}</h3><div class=\"answer\">", title.name()));
        write(self);
        self.add("</div></li>");
    }

    fn part_verdict(&mut self, subject: &Subject, has_loose: bool) {
        let verdict = subject.verdict();
        let is_genuine = subject.tokens.iter().all(|(_, r)| genuine(r) != Verdict::Invalid);
        let mark = match same(subject) {
            Some(false) if is_genuine => mark("failed", self.say(Word::MarkDiffers)),
            _ => self.verdict_mark(verdict, Word::MarkHolds),
        };
        self.add(&format!("<p>{mark}</p>"));
        let gap = if self.language == Language::En { " " } else { "" };
        let said = sentences(subject, has_loose, self.language).join(gap);
        self.add(&format!("<p>{}</p>", escape(&said)));
        let by = if self.place == Place::Still { Word::CheckedByNode } else { Word::CheckedAt };
        let checked = fill(self.say(by), &[("time", &instant(self.now, self.language))]);
        let stayed = if self.place == Place::Still { "" } else { self.say(Word::FilesStayed) };
        self.add(&format!("<p class=\"note\">{checked}{gap}{stayed}</p>"));
    }

    fn part_file(&mut self, subject: &Subject) {
        if subject.files.is_empty() {
            let (mark, note) = (mark("absent", self.say(Word::MarkNotGiven)), self.say(Word::NothingGiven));
            self.add(&format!("<p>{mark}</p><p>{note}</p>"));
        } else {
            self.files(&subject.files);
        }
        if let Some((_, report)) = subject.tokens.first().filter(|_| subject.pdf.is_none())
            && let Some(facts) = &report.facts
        {
            let (name, value) = (escape(&facts.imprint_algorithm), digest(&facts.imprint));
            let label = self.say(Word::Imprint);
            self.add(&format!(
                "<dl class=\"record\"><div><dt>{label}<small>{name}</small></dt><dd>{value}</dd></div></dl>"
            ));
        }
        if subject.files.iter().any(|f| f.is_salted) {
            let note = self.say(Word::UnderSalt);
            self.add(&format!("<p class=\"note\">{note}</p>"));
        }
        if same(subject) == Some(false) && subject.pdf.is_none() {
            let note = self.say(Word::RenamingHarmless);
            self.add(&format!("<p class=\"note\">{note}</p>"));
        }
        self.list(&subject.tokens, Part::File);
    }

    fn files(&mut self, files: &[FileLine]) {
        let mut sorted: Vec<&FileLine> = files.iter().collect();
        sorted.sort_by_key(|f| std::cmp::Reverse(f.state));
        let [file, size_word, state] = [Word::File, Word::Size, Word::State].map(|w| self.say(w));
        self.add(&format!(
            "<table class=\"ledger\"><thead><tr><th scope=\"col\">{file}</th><th scope=\"col\" class=\"num wide\">{size_word}</th><th scope=\"col\">{state}</th></tr></thead><tbody>"
        ));
        for line in sorted.iter().take(ROWS_MAX) {
            let mark = match line.state {
                FileState::Same => mark("sealed", self.say(Word::MarkSame)),
                FileState::Extra => mark("absent", self.say(Word::MarkExtra)),
                FileState::NotGiven => mark("absent", self.say(Word::MarkNotGiven)),
                FileState::Unchecked => mark("waiting", self.say(Word::MarkUnchecked)),
                FileState::Differs => mark("failed", self.say(Word::MarkDiffers)),
            };
            let size = line.size.map(size).unwrap_or_default();
            let name = self.file_name(line);
            self.add(&format!(
                "<tr><td class=\"name\">{name}</td><td class=\"num wide\">{size}</td><td>{mark}</td></tr>"
            ));
        }
        self.add("</tbody></table>");
        if sorted.len() > ROWS_MAX {
            let count = (sorted.len() - ROWS_MAX).to_string();
            let text = fill(self.say(Word::FilesMore), &[("count", &count)]);
            self.add(&format!("<p class=\"note\">{text}</p>"));
        }
        for line in sorted.iter().filter(|l| l.state == FileState::Differs).take(8) {
            if let (Some((algorithm, listed)), Some(found)) = (&line.listed, &line.found) {
                let (a, b) = (self.say(Word::Listed), self.say(Word::Found));
                let (name, listed, found) = (escape(algorithm), digest(listed), digest(found));
                self.add(&format!(
                    "<dl class=\"record\"><div><dt>{a}<small>{name}</small></dt><dd>{listed}</dd></div><div><dt>{b}<small>{name}</small></dt><dd>{found}</dd></div></dl>"
                ));
            }
        }
    }

    fn part_token(&mut self, subject: &Subject) {
        for token in &subject.tokens {
            let mark = self.verdict_mark(genuine(&token.1), Word::MarkGenuine);
            self.add(&format!("<p>{mark}{}</p>", name_among(token, subject)));
            self.list(std::slice::from_ref(token), Part::Token);
        }
    }

    fn part_time(&mut self, subject: &Subject) {
        // The time of the token that is confirmed best; one that proves nothing must not stand before it.
        let best = subject.tokens.iter().min_by_key(|(_, report)| genuine(report));
        let Some((_, report)) = best else { return };
        let is_confirmed = genuine(report) == Verdict::Valid;
        if let Some(facts) = &report.facts {
            let accuracy = match facts.accuracy {
                Some(accuracy) => fill(self.say(Word::Accuracy), &[("accuracy", &accuracy.to_string())]),
                None => self.say(Word::AccuracyNone).to_owned(),
            };
            let no_later = if is_confirmed { Word::NoLaterThan } else { Word::TokenSays };
            let [earlier, earlier_note, no_later, by_word] =
                [Word::Earlier, Word::EarlierNote, no_later, Word::ByWord].map(|w| self.say(w));
            let moment = moment(facts.gen_time, self.language, true);
            let comma = if self.language == Language::En { "; " } else { "；" };
            let class = if is_confirmed { "since" } else { "since unproven" };
            self.add(&format!(
                "<figure class=\"interval\"><ol><li class=\"before\"><b>{earlier}</b><small>{earlier_note}</small></li>\
                 <li class=\"{class}\"><b>{no_later}</b>{moment}<small>{by_word}{comma}{accuracy}</small></li></ol></figure>"
            ));
            if is_confirmed {
                self.independent(facts);
                let means = self.say(Word::TimeMeans);
                self.add(&format!("<p>{means}</p>"));
            }
        }
        self.list(&subject.tokens, Part::Time);
    }

    fn independent(&mut self, facts: &TokenFacts) {
        let label = self.say(Word::Independent);
        match &facts.independent {
            None => {
                let none = mark("absent", self.say(Word::IndependentNone));
                self.add(&format!("<dl class=\"record\"><div><dt>{label}</dt><dd>{none}</dd></div></dl>"));
            }
            Some(independent) => {
                let time = instant(independent.time, self.language);
                let by = fill(
                    &escape(self.say(Word::IndependentBy)),
                    &[("time", &time), ("authority", &escape(&independent.authority))],
                );
                let seconds = (independent.time.unix_s() - facts.gen_time.unix_s()).max(0);
                let gap = fill(self.say(Word::GapNote), &[("gap", &format!("{seconds}\u{a0}s"))]);
                let (sealed, gap_label) = (mark("sealed", &by), self.say(Word::Gap));
                self.add(&format!(
                    "<dl class=\"record\"><div><dt>{label}</dt><dd>{sealed}</dd></div><div><dt>{gap_label}</dt><dd>{gap}</dd></div></dl>"
                ));
            }
        }
    }

    fn part_issuer(&mut self, subject: &Subject) {
        if let Some(pdf) = &subject.pdf {
            self.pdf_signers(pdf);
        }
        for token in &subject.tokens {
            let report = &token.1;
            let mark = self.verdict_mark(parts::issuer(report), Word::MarkHolds);
            self.add(&format!("<p>{mark}{}</p>", name_among(token, subject)));
            if let Some(facts) = &report.facts {
                let mut rows = String::new();
                let mut row = |word: Word, value: String| {
                    let _ = write!(rows, "<div><dt>{}</dt><dd>{value}</dd></div>", word.text(self.language));
                };
                if let Some(signer) = &facts.signer {
                    row(Word::Signer, escape(signer));
                }
                if !facts.path.is_empty() {
                    let path: Vec<String> = facts.path.iter().map(|p| escape(p)).collect();
                    row(Word::Path, path.join("<br>"));
                }
                if let Some(fingerprint) = &facts.authority_fingerprint {
                    row(Word::Anchor, digest(fingerprint));
                }
                let mono = |text: &str| format!("<span class=\"mono break\">{}</span>", escape(text));
                row(Word::Policy, mono(&facts.policy));
                row(Word::Serial, mono(&facts.serial));
                if let Some(value) = &facts.token_digest {
                    row(Word::TokenDigest, digest(value));
                }
                self.add(&format!("<dl class=\"record\">{rows}</dl>"));
            }
            self.list(std::slice::from_ref(token), Part::Issuer);
        }
        let note = self.say(Word::ClockNote);
        self.add(&format!("<p class=\"note\">{note}</p>"));
    }

    fn part_witness(&mut self, subject: &Subject) {
        let mut rows: Vec<(String, &str, String)> = Vec::new();
        for (_, report) in &subject.tokens {
            for row in self.witnesses(report) {
                if !rows.contains(&row) {
                    rows.push(row);
                }
            }
        }
        if rows.is_empty() {
            let none = mark("absent", self.say(Word::WitnessNone));
            self.add(&format!("<p>{none}</p>"));
        } else {
            let [witness, independent, state] = [Word::Witness, Word::IsIndependent, Word::State].map(|w| self.say(w));
            self.add(&format!(
                "<table class=\"ledger\"><thead><tr><th scope=\"col\">{witness}</th><th scope=\"col\" class=\"wide\">{independent}</th><th scope=\"col\">{state}</th></tr></thead><tbody>"
            ));
            for (name, independence, state) in rows {
                self.add(&format!(
                    "<tr><td class=\"name\">{name}</td><td class=\"wide\">{independence}</td><td>{state}</td></tr>"
                ));
            }
            self.add("</tbody></table>");
        }
        self.list(&subject.tokens, Part::Witness);
    }

    /// Who saw a token: the name, whether it is another than the issuer, and how that stands.
    fn witnesses(&self, report: &Report) -> Vec<(String, &'static str, String)> {
        let mut rows = Vec::new();
        let (yes, no) = (self.say(Word::Yes), self.say(Word::No));
        // What a token that proves nothing brings along was not seen by anybody.
        let seen = if genuine(report) == Verdict::Valid { "sealed" } else { "waiting" };
        if let Some(log) = report.facts.as_ref().and_then(|f| f.log.as_ref()) {
            let (index, size) = (log.index.to_string(), log.size.to_string());
            let values = [("origin", &*escape(&log.origin)), ("index", &index), ("size", &size)];
            rows.push((fill(self.say(Word::WitnessLog), &values), no, mark(seen, self.say(Word::MarkShown))));
        }
        for finding in &report.findings {
            let value = |name: &str| {
                escape(finding.values.iter().find(|(n, _)| *n == name).map_or("", |(_, value)| value.as_str()))
            };
            let (other, state) = match finding.code {
                Code::IndependentTime => (yes, mark(seen, &value("time"))),
                Code::StampNotIndependent => (no, mark(seen, self.say(Word::MarkShown))),
                Code::StampUnconfirmed => ("—", mark("waiting", self.say(Word::MarkUnconfirmed))),
                Code::StampWrong => ("—", mark("failed", self.say(Word::MarkInvalid))),
                _ => continue,
            };
            rows.push((value("authority"), other, state));
        }
        rows
    }

    fn part_since(&mut self, subject: &Subject) {
        self.list(&subject.tokens, Part::Since);
        let [renewal, claims] = [Word::SinceRenewal, Word::SinceClaims].map(|w| mark("absent", self.say(w)));
        self.add(&format!("<ul><li>{renewal}</li><li>{claims}</li></ul>"));
    }

    fn part_article(&mut self, subject: &Subject) {
        let note = self.say(Word::ArticleNote);
        self.add(&format!("<p class=\"note\">{note}</p>"));
        let worst = is_genuine(subject);
        let genuine = matches!(worst, Verdict::Valid | Verdict::Unconfirmed);
        let [law, asks, answer] = [Word::Law, Word::Asks, Word::Answer].map(|w| self.say(w));
        self.add(&format!(
            "<table class=\"ledger points\"><thead><tr><th scope=\"col\">{law}</th><th scope=\"col\">{asks}</th><th scope=\"col\">{answer}</th></tr></thead><tbody>"
        ));
        let (shown, partly, absent) = (
            mark("sealed", self.say(Word::MarkShown)),
            mark("waiting", self.say(Word::MarkPartly)),
            mark("absent", self.say(Word::MarkNotShown)),
        );
        let differs = mark("failed", self.say(Word::MarkDiffers));
        let l = self.language;
        for (number, point) in POINTS.iter().enumerate() {
            let state = match (point.answer, genuine) {
                (_, false) | (Answer::NotShown, _) => &absent,
                (Answer::Integrity, true) => match same(subject) {
                    Some(true) if worst == Verdict::Unconfirmed => &partly,
                    Some(true) => &shown,
                    Some(false) => &differs,
                    None => &absent,
                },
                (Answer::TimeOnly | Answer::Partly, true) => &partly,
                (Answer::Repeatable, true) if worst == Verdict::Valid => &shown,
                (Answer::Repeatable, true) => &partly,
            };
            // A text is named once, beside all of its points.
            let is_first = number == 0 || POINTS[number - 1].law(l) != point.law(l);
            let rows = POINTS[number..].iter().take_while(|p| p.law(l) == point.law(l)).count();
            let law = match is_first {
                true => format!("<th scope=\"rowgroup\" rowspan=\"{rows}\">{}</th>", point.law(l)),
                false => String::new(),
            };
            let (asks, says) = (point.asks(l), point.says(l));
            self.add(&format!("<tr>{law}<td>{asks}</td><td>{state}<br><small>{says}</small></td></tr>"));
        }
        self.add("</tbody></table>");
    }

    fn part_not_shown(&mut self, subject: &Subject) {
        let mut words = vec![Word::NotAuthor, Word::NotBegin, Word::NotTrue];
        let is_seen = |r: &Report| r.facts.as_ref().is_some_and(|f| f.independent.is_some());
        if !subject.tokens.iter().any(|(_, report)| is_seen(report)) {
            words.push(Word::NotIndependent);
        }
        words.extend([Word::NotQualified, Word::NotCourt]);
        let mut items: Vec<String> =
            words.into_iter().map(|w| format!("<li>{}</li>", mark("absent", self.say(w)))).collect();
        if subject.is_certificate() {
            items.push(format!("<li>{}</li>", mark("absent", self.say(Word::NotPages))));
        }
        items.extend(self.hidden(subject));
        self.add(&format!("<ul>{}</ul>", items.concat()));
    }

    fn part_report(&mut self, subject: &Subject) {
        let button = |act: &str, text: &str| {
            format!("<button type=\"button\" class=\"button\" data-act=\"{act}\">{text}</button>")
        };
        let (print, json, stamped) = (self.say(Word::Print), self.say(Word::SaveJson), self.say(Word::SaveStamped));
        let buttons = match self.place {
            Place::Still => String::new(),
            Place::Offline => [button("print", print), button("json", json)].concat(),
            Place::Served => [button("print", print), button("json", json), button("stamp", stamped)].concat(),
        };
        let is_signable = subject.is_reportable() && self.place == Place::Served;
        let paper = match is_signable {
            true => format!(
                "<button type=\"button\" class=\"button\" data-act=\"paper\" data-subject=\"{}\">{}</button>",
                self.number,
                self.say(Word::SavePaper)
            ),
            false => String::new(),
        };
        let buttons = format!("{paper}{buttons}");
        if !buttons.is_empty() {
            self.add(&format!("<p class=\"acts\">{buttons}</p>"));
        }
        let word = if self.place == Place::Served { Word::ReportNote } else { Word::ReportOffline };
        let note = fill(self.say(word), &[("program", PROGRAM)]);
        self.add(&format!("<p class=\"note\">{note}</p>"));
        if is_signable {
            let note = self.say(Word::PaperNote);
            self.add(&format!("<p class=\"note\">{note}</p>"));
        }
        let title = self.say(Word::OpenSsl);
        let command = match subject.pdf.is_some() {
            true => pdf::BY_HAND,
            false => "openssl ts -verify -data FILE -in FILE.tsr -CAfile root.pem",
        };
        self.add(&format!("<p>{title}</p><pre class=\"pre\" tabindex=\"0\"><code>{command}</code></pre>"));
    }

    fn part_machine(&mut self, subject: &Subject, outcome: &Outcome) {
        let one = Outcome { now: outcome.now, subjects: vec![subject.clone()], loose: Vec::new() };
        let mut text = serde_json::to_string_pretty(&Json::new(&one, self.language)).unwrap_or_default();
        if text.len() > MACHINE_BYTES_MAX {
            let end = (0..=MACHINE_BYTES_MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
            text.push('\n');
            text.push_str(self.say(Word::Cut));
        }
        // Of several subjects, each has a region of its own name.
        let label = format!("{}: {}", self.say(Word::PartMachine), escape(&subject.name));
        self.add(&format!(
            "<pre class=\"pre tall\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\"><code>{}</code></pre>",
            escape_lines(&text)
        ));
    }

    /// The findings of a part, each once with its code, and what to do where something is to be done.
    fn list(&mut self, reports: &[(String, Report)], part: Part) {
        // What stands in the table of files needs no list of the same.
        let is_row = |f: &Finding| {
            part == Part::File
                && matches!(f.code, Code::ImprintMismatch | Code::FileChanged | Code::FileMissing | Code::FileExtra)
        };
        let mut known = BTreeSet::new();
        let is_new = |f: &&Finding| part_of(f.code) == part && !is_row(f) && known.insert(f.sentence(Language::En));
        let findings: Vec<&Finding> = reports.iter().flat_map(|(_, r)| &r.findings).filter(is_new).collect();
        if findings.is_empty() {
            return;
        }
        self.add("<ul class=\"checked\">");
        let more = findings.len().saturating_sub(FINDINGS_MAX);
        for finding in findings.into_iter().take(FINDINGS_MAX) {
            let class = match finding.code.severity() {
                Severity::Pass => "sealed",
                Severity::Notice => "note-mark",
                Severity::Warning | Severity::Unconfirmed => "waiting",
                Severity::Gap => "absent",
                Severity::Error => "failed",
            };
            let sentence = escape(&finding.sentence(self.language));
            let mut line = format!("<li class=\"{class}\"><p>{sentence}</p>");
            let code = finding.code;
            let _ = write!(line, "<small><code>{}</code> {}", code.name(), escape(code.section()));
            if code.severity() > Severity::Notice {
                let _ = write!(line, " · {}: {}", self.say(Word::WhoseMatter), code.fault().phrase(self.language));
            }
            line.push_str("</small>");
            if let Some(remedy) = finding.remedy(self.language) {
                let _ = write!(line, "<p class=\"note\">{}</p>", escape(&remedy));
            }
            line.push_str("</li>");
            self.add(&line);
        }
        if more > 0 {
            let text = self.say(Word::Cut);
            self.add(&format!("<li class=\"note-mark\"><p>{text}</p></li>"));
        }
        self.add("</ul>");
    }

    fn loose(&mut self, outcome: &Outcome) {
        let title = self.say(Word::MarkNoToken);
        self.add(&format!("<section class=\"part full\"><header><h2>{title}</h2></header>"));
        for (line, digests) in outcome.loose.iter().take(ROWS_MAX) {
            let mut rows = String::new();
            for value in digests {
                let (name, value) = (value.algorithm().name(), digest(&value.to_string()));
                let _ = write!(rows, "<div><dt>{name}</dt><dd>{value}</dd></div>");
            }
            let size = line.size.map(size).unwrap_or_default();
            self.add(&format!(
                "<h3>{} <small class=\"quiet\">{size}</small></h3><dl class=\"record\">{rows}</dl>",
                escape(&line.name)
            ));
        }
        if outcome.loose.len() > ROWS_MAX {
            let count = (outcome.loose.len() - ROWS_MAX).to_string();
            let text = fill(self.say(Word::FilesMore), &[("count", &count)]);
            self.add(&format!("<p class=\"note\">{text}</p>"));
        }
        self.add("</section>");
    }
}

/// As [`escape`], with the line ends of our own text kept.
fn escape_lines(text: &str) -> String {
    text.lines().map(escape).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_on_one_line() {
        let said = unbroken("记录 SY-0123-4567-89AB-CDEF-1 属实；SY-1, end");
        assert_eq!(
            said,
            "记录 <span class=\"unbroken\">SY-0123-4567-89AB-CDEF-1</span> 属实；<span class=\"unbroken\">SY-1</span>, end"
        );
        assert_eq!(unbroken("none"), "none");
    }

    #[test]
    fn hostile_text_is_made_harmless() {
        assert_eq!(escape("<b>\"'&\u{202e}\n"), "&lt;b&gt;&quot;&#39;&amp;\u{fffd}\u{fffd}");
    }

    #[test]
    fn sizes_and_digests_read_well() {
        assert_eq!(size(999), "999\u{a0}B");
        assert_eq!(size(12_000_000_000), "12.00\u{a0}GB");
        assert_eq!(
            digest("0011223344556677"),
            "<code class=\"digest\"><span>00112233</span><span>44556677</span></code>"
        );
    }

    #[test]
    fn a_moment_is_told_in_both_zones() {
        let time = Time::parse("2026-11-20T02:22:31.408Z").unwrap();
        assert!(moment(time, Language::Zh, true).contains(">2026-11-20 10:22:31.408 UTC+8</time>"));
        assert!(instant(time, Language::En).ends_with(">2026-11-20 02:22:31.408 UTC</time>"));
    }
}
