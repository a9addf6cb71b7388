//! Showing a report: to a person in their language, and as JSON.

use crate::exit::Exit;
use crate::words::{Words, visible};
use proof::report::{Finding, Language, Report, Severity, Verdict};
use serde::Serialize;
use std::fmt::Write as _;

/// The exit code of a verdict.
pub fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Valid => Exit::Valid,
        Verdict::Unconfirmed => Exit::Unconfirmed,
        Verdict::Incomplete => Exit::Incomplete,
        Verdict::Invalid => Exit::Invalid,
    }
}

/// A report for a person: the verdict, every finding, what the token says.
pub fn text(report: &Report, words: &Words) -> String {
    let mut out = format!("{}\n", report.verdict.sentence(words.language()));
    for finding in &report.findings {
        write_finding(&mut out, finding, words);
    }
    let Some(facts) = &report.facts else { return out };
    let mut fact = |id: &str, value: &str| {
        let _ = writeln!(out, "  {}: {}", words.say(id, &[]), visible(value));
    };
    fact("verify-time", &local_time(facts.gen_time, words.language()));
    fact("verify-imprint", &format!("{} {}", facts.imprint_algorithm, facts.imprint));
    fact("verify-serial", &facts.serial);
    fact("verify-policy", &facts.policy);
    if let Some(signer) = &facts.signer {
        fact("verify-signer", signer);
    }
    if let Some(fingerprint) = &facts.authority_fingerprint {
        fact("verify-authority", fingerprint);
    }
    if let Some(log) = &facts.log {
        fact("verify-log", &format!("{} #{}", log.origin, log.index));
    }
    if let Some(independent) = &facts.independent {
        fact("verify-independent", &local_time(independent.time, words.language()));
    }
    out
}

/// Only what is wrong or missing.
pub fn faults(report: &Report, words: &Words) -> String {
    let mut out = String::new();
    for finding in report.findings.iter().filter(|f| f.code.severity() > Severity::Warning) {
        write_finding(&mut out, finding, words);
    }
    out.trim_end().to_owned()
}

fn write_finding(out: &mut String, finding: &Finding, words: &Words) {
    let mark = match finding.code.severity() {
        Severity::Pass => "✓",
        Severity::Notice => "·",
        Severity::Warning => "!",
        Severity::Unconfirmed | Severity::Gap => "?",
        Severity::Error => "✗",
    };
    let language = words.language();
    let sentence = visible(&finding.sentence(language));
    let _ = writeln!(out, "{mark} {sentence} [{}; {}]", finding.code.name(), finding.code.section());
    if finding.code.severity() > Severity::Notice {
        let _ = writeln!(out, "    {}: {}", words.say("verify-fault", &[]), finding.code.fault().phrase(language));
    }
    if let Some(remedy) = finding.remedy(language) {
        let _ = writeln!(out, "    {}: {}", words.say("verify-remedy", &[]), visible(&remedy));
    }
}

/// UTC, and for Chinese readers the same moment at UTC+8.
fn local_time(time: proof::der::Time, language: Language) -> String {
    match language {
        Language::En => time.to_string(),
        Language::Zh => {
            format!("{time}（UTC+8 {}）", time.plus_s(8 * 3600).to_string().replace('T', " ").replace('Z', ""))
        }
    }
}

/// A report as JSON has it.
#[derive(Serialize)]
pub struct JsonReport {
    path: String,
    verdict: &'static str,
    findings: Vec<JsonFinding>,
    facts: Option<JsonFacts>,
    /// Tokens of further suites over the same content.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    further: Vec<JsonReport>,
}

#[derive(Serialize)]
struct JsonFinding {
    code: &'static str,
    severity: &'static str,
    fault: &'static str,
    section: &'static str,
    sentence: String,
    remedy: Option<String>,
}

#[derive(Serialize)]
struct JsonFacts {
    time: String,
    accuracy: Option<String>,
    policy: String,
    serial: String,
    imprint_algorithm: String,
    imprint: String,
    signer: Option<String>,
    path: Vec<String>,
    authority_sha256: Option<String>,
    token_digest: Option<String>,
    log: Option<JsonLog>,
    independent: Option<JsonIndependent>,
}

#[derive(Serialize)]
struct JsonLog {
    origin: String,
    index: u64,
    size: u64,
}

#[derive(Serialize)]
struct JsonIndependent {
    time: String,
    authority: String,
}

impl JsonReport {
    /// The report on `path`.
    pub fn new(path: &str, report: &Report, language: Language) -> Self {
        let finding = |f: &Finding| JsonFinding {
            code: f.code.name(),
            severity: f.code.severity().name(),
            fault: f.code.fault().name(),
            section: f.code.section(),
            sentence: f.sentence(language),
            remedy: f.remedy(language),
        };
        let facts = report.facts.as_ref().map(|f| JsonFacts {
            time: f.gen_time.to_string(),
            accuracy: f.accuracy.map(|a| a.to_string()),
            policy: f.policy.clone(),
            serial: f.serial.clone(),
            imprint_algorithm: f.imprint_algorithm.clone(),
            imprint: f.imprint.clone(),
            signer: f.signer.clone(),
            path: f.path.clone(),
            authority_sha256: f.authority_fingerprint.clone(),
            token_digest: f.token_digest.clone(),
            log: f.log.as_ref().map(|l| JsonLog { origin: l.origin.clone(), index: l.index, size: l.size }),
            independent: f
                .independent
                .as_ref()
                .map(|i| JsonIndependent { time: i.time.to_string(), authority: i.authority.clone() }),
        });
        let findings = report.findings.iter().map(finding).collect();
        Self { path: path.to_owned(), verdict: report.verdict.name(), findings, facts, further: Vec::new() }
    }

    /// The same, with the reports on further tokens.
    pub fn with_further<'r>(
        mut self,
        further: impl Iterator<Item = (&'r std::path::Path, &'r Report)>,
        language: Language,
    ) -> Self {
        self.further = further.map(|(path, report)| Self::new(&path.to_string_lossy(), report, language)).collect();
        self
    }
}
