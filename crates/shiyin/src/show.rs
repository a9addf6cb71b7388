//! Showing a report to a person in their language.

use crate::exit::Exit;
use crate::words::{Words, visible};
use proof::report::{Finding, Language, Report, Severity, Verdict};
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
