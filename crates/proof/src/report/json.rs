//! A report as JSON: the same bytes from the server, the command line and a browser.

use super::{Finding, Language, Report};
use serde::Serialize;

/// A report as JSON has it.
#[derive(Serialize)]
pub struct JsonReport {
    verdict: &'static str,
    findings: Vec<JsonFinding>,
    facts: Option<JsonFacts>,
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
    /// The report with its sentences in one language.
    #[must_use]
    pub fn new(report: &Report, language: Language) -> Self {
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
        Self { verdict: report.verdict.name(), findings, facts }
    }
}
