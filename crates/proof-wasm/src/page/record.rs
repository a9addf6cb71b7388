//! What a record adds to the page: its number, who applied, what is stated, and what nobody opened.

use super::{Page, digest, escape, mark};
use crate::judge::{FileLine, RecordView, Said, Subject};
use crate::parts::Part;
use crate::words::{Word, fill};
use proof::report::Language;
use std::fmt::Write as _;

/// The word for a statement of works; none for one that is not known here.
fn word_of(statement: &str) -> Option<Word> {
    Some(match statement {
        "type" => Word::StateType,
        "type-name" => Word::StateTypeName,
        "mode" => Word::StateMode,
        "stage" => Word::StateStage,
        "stage-name" => Word::StateStageName,
        "published" => Word::StatePublished,
        "whole" => Word::StateWhole,
        "title" => Word::StateTitle,
        "summary" => Word::StateSummary,
        "authors" => Word::StateAuthors,
        "tags" => Word::StateTags,
        "declaration" => Word::StateDeclaration,
        "version" => Word::StateVersion,
        "platforms" => Word::StatePlatforms,
        "materials" => Word::StateMaterials,
        "stages" => Word::StateStages,
        "work" => Word::StateWork,
        "confirmed" => Word::StateConfirmed,
        "paper" => Word::StatePaper,
        _ => return None,
    })
}

impl Page {
    /// What stands above one subject of several.
    pub(super) fn heading(&self, subject: &Subject) -> String {
        let kind = match () {
            () if subject.record.is_some() => self.say(Word::Record),
            () if subject.is_package => self.say(Word::Package),
            () if subject.is_certificate() => self.say(Word::Certificate),
            () if subject.pdf.is_some() => self.say(Word::SignedPdf),
            () => return escape(&subject.name),
        };
        format!("{kind} <span class=\"mono\">{}</span>", escape(&subject.name))
    }

    /// A file's name, or its place where its name is a commitment that nobody opened.
    pub(super) fn file_name(&self, line: &FileLine) -> String {
        let mut name = escape(&line.name);
        if let Some((place, total)) = line.place.filter(|_| line.name.is_empty()) {
            let values = [("place", &*place.to_string()), ("total", &*total.to_string())];
            let (of, hidden) = (fill(self.say(Word::FileOf), &values), self.say(Word::NameHidden));
            name = format!("{of} <small class=\"quiet\">{hidden}</small>");
        }
        if let Some(given) = &line.given {
            let given = fill(self.say(Word::GivenAs), &[("name", &escape(given))]);
            let _ = write!(name, "<br><small class=\"quiet\">{given}</small>");
        }
        name
    }

    fn label(&self, statement: &str) -> String {
        word_of(statement).map_or_else(|| escape(statement), |word| self.say(word).to_owned())
    }

    fn said(&self, said: &Said) -> String {
        match said {
            Said::Open(text) | Said::Opened(text) => text.lines().map(escape).collect::<Vec<_>>().join("<br>"),
            Said::Hidden => mark("absent", self.say(Word::Hidden)),
        }
    }

    pub(super) fn part_who(&mut self, subject: &Subject) {
        if let Some(pdf) = &subject.pdf {
            return self.pdf_who(pdf);
        }
        let Some(record) = &subject.record else {
            let (none, note) = (mark("absent", self.say(Word::WhoNone)), self.say(Word::WhoNote));
            return self.add(&format!("<p>{none}</p><p>{note}</p>"));
        };
        let number = ("number", format!("<span class=\"mono\">{}</span>", escape(&record.number)));
        if !record.is_stamped {
            let (label, none) = (self.say(Word::Number), mark("failed", self.say(Word::ClaimsNone)));
            let row = format!("<div><dt>{label}</dt><dd>{}</dd></div>", number.1);
            return self.add(&format!("<dl class=\"record\">{row}</dl><p>{none}</p>"));
        }
        let mut rows = String::new();
        let mut row = |label: &str, value: &str| {
            let _ = write!(rows, "<div><dt>{label}</dt><dd>{value}</dd></div>");
        };
        row(self.say(Word::Number), &number.1);
        let level = self.level(record);
        row(self.say(Word::Applicant), &format!("{}<br><small>{level}</small>", self.said(&record.applicant)));
        row(self.say(Word::Operator), &escape(&record.operator));
        row(self.say(Word::Relation), &self.relation(record));
        row(self.say(Word::RecordDigest), &digest(&record.digest));
        self.add(&format!("<dl class=\"record\">{rows}</dl>"));
        if !record.statements.is_empty() {
            let mut rows = String::new();
            for (name, said) in &record.statements {
                let _ = write!(rows, "<div><dt>{}</dt><dd>{}</dd></div>", self.label(name), self.said(said));
            }
            let note = self.say(Word::Claims);
            self.add(&format!("<p class=\"note\">{note}</p><dl class=\"record claims\">{rows}</dl>"));
        }
        self.list(&subject.tokens, Part::Who);
    }

    fn level(&self, record: &RecordView) -> String {
        match record.level.as_str() {
            "mail" => self.say(Word::LevelMail).to_owned(),
            "provider" => self.say(Word::LevelProvider).to_owned(),
            "papers" => self.say(Word::LevelPapers).to_owned(),
            other => escape(other),
        }
    }

    fn relation(&self, record: &RecordView) -> String {
        match record.relation.as_str() {
            "independent" => self.say(Word::RelationIndependent).to_owned(),
            "independent-by-applicant" => self.say(Word::RelationByApplicant).to_owned(),
            "own-works" => self.say(Word::RelationOwn).to_owned(),
            "unknown" => self.say(Word::RelationUnknown).to_owned(),
            other => escape(other),
        }
    }

    /// What a record commits to and nobody opened, as an entry of the list of what is not shown.
    pub(super) fn hidden(&self, subject: &Subject) -> Option<String> {
        let record = subject.record.as_ref().filter(|record| record.is_stamped)?;
        let applicant = (record.applicant == Said::Hidden).then(|| self.say(Word::Applicant).to_owned());
        let statements = record.statements.iter().filter(|(_, said)| *said == Said::Hidden);
        let names: Vec<String> = applicant.into_iter().chain(statements.map(|(name, _)| self.label(name))).collect();
        let between = if self.language == Language::En { ", " } else { "、" };
        let text = fill(self.say(Word::NotOpenedParts), &[("names", &names.join(between))]);
        (!names.is_empty()).then(|| format!("<li>{}</li>", mark("absent", &text)))
    }
}
