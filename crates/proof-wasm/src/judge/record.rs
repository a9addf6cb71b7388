//! A record and its files: whether it is what was stamped, what it says, and what is opened of it.
//!
//! Whether the record is genuine and whether files are the ones it lists are two answers. What it says is
//! shown where it is what was stamped; a commitment is shown by an opening that fits, or as not shown.

use super::compare::Leaves;
use super::{Judge, Made, Means, Subject, finding};
use crate::kind::Kind;
use proof::digest::{Digest, DigestAlgorithm};
use proof::package;
use proof::record::{Disclosure, Files, Opened, Openings, Part, Record, RecordError, Statement};
use proof::report::{Code, Finding, Report};
use proof::verify;
use std::collections::BTreeMap;

/// What is known of something that a record states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It stands in the record.
    Open(String),
    /// The record commits to it, and it was opened.
    Opened(String),
    /// The record commits to it.
    Hidden,
}

/// What a stamped record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordView {
    /// Its evidence number.
    pub number: String,
    /// Its SHA-256, in hexadecimal.
    pub digest: String,
    /// Who runs the node.
    pub operator: String,
    /// How the operator is related to the applicant.
    pub relation: String,
    /// The applicant's name.
    pub applicant: Said,
    /// How the name was found out.
    pub level: String,
    /// What the applicant states, by name.
    pub statements: Vec<(String, Said)>,
    /// How many files it holds.
    pub count: u64,
    /// How large they are together.
    pub bytes: u64,
    /// Whether one file is shown alone.
    pub is_disclosure: bool,
    /// Whether the record is what a token was issued for; else it is only shown which one it claims to be.
    pub is_stamped: bool,
}

/// A report over a record, whose content is the record itself and no file.
pub(super) fn of_record(mut report: Report) -> Report {
    for finding in &mut report.findings {
        finding.code = match finding.code {
            Code::ImprintMatches => Code::RecordStamped,
            Code::ImprintMismatch => Code::RecordChanged,
            other => other,
        };
    }
    report
}

fn view(record: &Record, opened: &[Opened], is_stamped: bool) -> RecordView {
    let text = |part: &Part| {
        let of = |one: &Opened| match one {
            Opened::Text(of, text) if of == part => Some(Said::Opened(text.clone())),
            _ => None,
        };
        opened.iter().find_map(of).unwrap_or(Said::Hidden)
    };
    let statement = |(name, statement): (&String, &Statement)| match statement {
        Statement::Open(text) => (name.clone(), Said::Open(text.clone())),
        Statement::Committed(_) => (name.clone(), text(&Part::Statement(name.clone()))),
    };
    RecordView {
        number: record.number.to_string(),
        digest: proof::digest::hex(&record.digest()),
        operator: record.operator.clone(),
        relation: record.relation.clone(),
        applicant: text(&Part::Applicant),
        level: record.applicant.1.clone(),
        statements: record.statements.iter().map(statement).collect(),
        count: record.files.count,
        bytes: record.files.bytes,
        is_disclosure: false,
        is_stamped,
    }
}

/// The names of files among what was opened.
fn names(opened: &[Opened]) -> BTreeMap<usize, String> {
    let name = |one: &Opened| match one {
        Opened::Text(Part::Name(place), text) => Some((*place, text.clone())),
        _ => None,
    };
    opened.iter().filter_map(name).collect()
}

/// What is to be said of openings. A salt of a content is compared with the file.
fn tell(opened: &[Opened], findings: &mut Vec<Finding>) {
    let mut fitting = 0_usize;
    for one in opened {
        match one {
            Opened::Text(..) => fitting += 1,
            Opened::File(..) => {}
            Opened::Differs(part) => findings.push(finding(Code::OpeningWrong, [("part", part.to_string())])),
        }
    }
    if fitting > 0 {
        findings.push(finding(Code::OpeningsFit, [("count", fitting.to_string())]));
    }
}

impl<'d> Judge<'d> {
    /// A record that lies on the desk, with the list of its files and its openings, where they lie there too.
    pub(super) fn check_record(
        &mut self,
        item: usize,
        record: &Result<Box<Record>, RecordError>,
        is_stamped: bool,
        subject: &mut Subject,
        findings: &mut Vec<Finding>,
    ) {
        let Some(about) = self.desk.items.get(item) else { return };
        let (name, folder) = (about.name.clone(), about.folder().to_owned());
        let record = match record {
            Ok(record) => record,
            Err(cause) => return findings.push(finding(Code::RecordMalformed, [("cause", cause.to_string())])),
        };
        let number = record.number.to_string();
        // What rides in a certificate stands where the certificate does.
        let beside =
            || about.folder().trim_end_matches('/').rsplit_once('/').map(|(at, _)| format!("{at}/record.json"));
        let place = if about.is_attached { beside().unwrap_or_default() } else { name.clone() };
        if let Some(below) = package::root_of(&place).and_then(|root| place.strip_prefix(root))
            && let package::Part::Of(folder, _) = package::Part::of(below)
            && folder != record.number
        {
            let path = ("path", name.clone());
            findings.push(finding(Code::RecordMisplaced, [path, ("number", number.clone())]));
        }
        subject.name = number;
        let none = Files::default();
        let list = self.list_of(record, &name, findings);
        let mut opened = Vec::new();
        for openings in self.openings_of(record, &name, list.unwrap_or(&none), findings) {
            let is_of_file = |one: &Opened| matches!(one, Opened::Differs(Part::Name(_) | Part::Content(_)));
            let checked = openings.check(record, list.unwrap_or(&none));
            opened.extend(checked.into_iter().filter(|one| list.is_some() || !is_of_file(one)));
        }
        if is_stamped {
            tell(&opened, findings);
        }
        if let Some(list) = list {
            let files = list.all().iter().enumerate().collect();
            let leaves = Leaves { files, total: record.files.count, names: names(&opened), folder };
            subject.files.extend(self.compare_files(&leaves, is_stamped, findings));
        }
        let view = view(record, if is_stamped { &opened } else { &[] }, is_stamped);
        let statements = if is_stamped { view.statements.clone() } else { Vec::new() };
        subject.record = Some(RecordView { statements, ..view });
    }

    /// The list under the record's root, wherever it lies.
    fn list_of(&mut self, record: &Record, name: &str, findings: &mut Vec<Finding>) -> Option<&'d Files> {
        let beside = sibling(name, "files.json");
        let desk = self.desk;
        let beside = beside.and_then(|path| self.by_name.get(&*path)).copied();
        // The one beside it first: others are looked at where it is not the one.
        let first = beside.and_then(|number| Some((number, desk.items.get(number)?)));
        let lists = first.into_iter().chain(desk.items.iter().enumerate());
        let is_it = |files: &Files| {
            // The number is looked at first: a root is computed over all leaves.
            files.all().len() as u64 == record.files.count && files.head() == record.files
        };
        for (number, item) in lists {
            match &item.kind {
                Kind::Files(Ok(files)) if is_it(files) => {
                    self.spoken_of.insert(number);
                    findings.push(finding(Code::ListProven, [("count", record.files.count.to_string())]));
                    return Some(files);
                }
                _ => {}
            }
        }
        let given = beside.and_then(|number| desk.items.get(number));
        let count = ("count", record.files.count.to_string());
        findings.push(match given.map(|item| (&item.kind, item)) {
            Some((Kind::Files(Err(cause)), item)) => {
                finding(Code::PartMalformed, [("path", item.name.clone()), ("cause", cause.to_string())])
            }
            Some((_, item)) => finding(Code::ListWrong, [("path", item.name.clone())]),
            None => finding(Code::ListMissing, [count]),
        });
        None
    }

    /// The openings beside the record; else those anywhere of which one fits.
    fn openings_of(
        &self,
        record: &Record,
        name: &str,
        files: &Files,
        findings: &mut Vec<Finding>,
    ) -> Vec<&'d Openings> {
        let beside = sibling(name, "openings.json").and_then(|path| self.by_name.get(&*path).copied());
        match beside.and_then(|number| self.desk.items.get(number)).map(|item| (&item.kind, item)) {
            Some((Kind::Openings(Ok(openings)), _)) => return vec![&**openings],
            Some((Kind::Openings(Err(cause)), item)) => {
                let values = [("path", item.name.clone()), ("cause", cause.to_string())];
                findings.push(finding(Code::PartMalformed, values));
            }
            _ => {}
        }
        let fits =
            |openings: &&Openings| openings.check(record, files).iter().any(|one| matches!(one, Opened::Text(..)));
        let openings = self.desk.items.iter().filter_map(|item| match &item.kind {
            Kind::Openings(Ok(openings)) => Some(&**openings),
            _ => None,
        });
        openings.filter(fits).take(1).collect()
    }

    /// Files of records shown alone: each holds its own record and token.
    pub(super) fn check_disclosures(&mut self, means: &Means, made: &mut Vec<Made>) {
        let desk = self.desk;
        for (number, item) in desk.items.iter().enumerate() {
            let Kind::Disclosure(read) = &item.kind else { continue };
            let mut subject = Subject { name: item.name.clone(), ..Subject::default() };
            let mut further = Vec::new();
            self.spoken_of.insert(number);
            let report = match read {
                Ok(one) => self.check_disclosure(one, item.folder(), means, &mut subject, &mut further),
                Err(cause) => {
                    further.push(finding(Code::DisclosureMalformed, [("cause", cause.to_string())]));
                    Report::new(Vec::new(), None)
                }
            };
            subject.tokens.push((item.name.clone(), super::with(report, &further)));
            made.push(Made { content: Some(number), fits: true, further, subject });
        }
    }

    fn check_disclosure(
        &mut self,
        one: &Disclosure,
        folder: &str,
        means: &Means,
        subject: &mut Subject,
        further: &mut Vec<Finding>,
    ) -> Report {
        let algorithm = verify::imprint_algorithm(&one.token).unwrap_or(DigestAlgorithm::Sha256);
        let digests: [Digest; 1] = [algorithm.digest(&one.record.to_canonical_json())];
        let report = of_record(means.check(&one.token, &digests));
        let is_stamped = report.has(Code::RecordStamped);
        let shown = one.check();
        let own = usize::try_from(one.proof.index).unwrap_or(usize::MAX);
        let place = ("place", (one.proof.index.saturating_add(1)).to_string());
        let total = one.record.files.count;
        further.push(match shown.is_in_record {
            true => finding(Code::FileProven, [place, ("count", total.to_string())]),
            false => finding(Code::FileNotProven, []),
        });
        let counts = is_stamped && shown.is_in_record;
        if is_stamped {
            tell(&shown.opened, further);
        }
        let folder = folder.to_owned();
        let leaves = Leaves { files: vec![(own, &one.file)], total, names: names(&shown.opened), folder };
        subject.files = self.compare_files(&leaves, counts, further);
        subject.name = one.record.number.to_string();
        let view = view(&one.record, if is_stamped { &shown.opened } else { &[] }, is_stamped);
        let statements = if is_stamped { view.statements.clone() } else { Vec::new() };
        subject.record = Some(RecordView { is_disclosure: true, statements, ..view });
        report
    }
}

/// The name of what lies beside a record: `files.json` beside `record.json`, `X.files.json` beside
/// `X.record.json`.
fn sibling(record: &str, name: &str) -> Option<String> {
    Some(format!("{}{name}", record.strip_suffix("record.json")?))
}
