//! The result of a verification: a verdict, and the findings it rests on.
//!
//! A finding has a code that never changes its meaning, says whose fault it is,
//! names the section of the standard, and tells in Chinese and English what was
//! found and what to do. Sentences state what is proven and no more
//! (FEATURES section 1.15).

mod codes;
mod json;

pub use codes::Code;
pub use json::JsonReport;

use crate::der::Time;
use crate::tsp::Accuracy;

/// What a verification comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Everything was checked and holds, under a pinned authority.
    Valid,
    /// Internally consistent, but the authority is not one that was pinned.
    Unconfirmed,
    /// Something needed for the check was not there.
    Incomplete,
    /// Something is wrong.
    Invalid,
}

impl Verdict {
    /// The stable name used in JSON and vectors.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Unconfirmed => "unconfirmed",
            Self::Incomplete => "incomplete",
            Self::Invalid => "invalid",
        }
    }

    /// One sentence for the top of a report.
    #[must_use]
    pub fn sentence(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Valid, Language::En) => "Valid: the timestamp is genuine and belongs to this content.",
            (Self::Valid, Language::Zh) => "有效：时间戳真实，且与该内容一致。",
            (Self::Unconfirmed, Language::En) => "Internally consistent, but the authority is not confirmed.",
            (Self::Unconfirmed, Language::Zh) => "内部一致，但签发机构未经确认。",
            (Self::Incomplete, Language::En) => "Incomplete: something needed for the check is missing.",
            (Self::Incomplete, Language::Zh) => "不完整：缺少验证所需的内容。",
            (Self::Invalid, Language::En) => "Not valid.",
            (Self::Invalid, Language::Zh) => "无效。",
        }
    }
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A check that passed.
    Pass,
    /// Something the reader should know.
    Notice,
    /// Something out of order that does not break the proof.
    Warning,
    /// The authority is not pinned.
    Unconfirmed,
    /// Something is missing.
    Gap,
    /// The proof is broken.
    Error,
}

impl Severity {
    /// The stable name used in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Unconfirmed => "unconfirmed",
            Self::Gap => "gap",
            Self::Error => "error",
        }
    }
}

/// Whose fault a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nobody's: a check that passed, or a fact.
    Nobody,
    /// The content is not what was stamped.
    Content,
    /// The token was damaged, or made by somebody else than it says.
    Token,
    /// The authority that issued the token.
    Authority,
    /// The server that answered.
    Server,
    /// Whoever verifies: something was not supplied.
    Verifier,
}

impl Fault {
    /// The stable name used in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Content => "content",
            Self::Token => "token",
            Self::Authority => "authority",
            Self::Server => "server",
            Self::Verifier => "verifier",
        }
    }

    /// A short phrase: whose matter it is.
    #[must_use]
    pub fn phrase(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Nobody, Language::En) => "nobody is at fault",
            (Self::Nobody, Language::Zh) => "无过错方",
            (Self::Content, Language::En) => "the content given for checking",
            (Self::Content, Language::Zh) => "提交核验的内容",
            (Self::Token, Language::En) => "the token, or whoever altered or forged it",
            (Self::Token, Language::Zh) => "时间戳令牌，或篡改、伪造它的人",
            (Self::Authority, Language::En) => "the time stamp authority",
            (Self::Authority, Language::Zh) => "时间戳签发机构",
            (Self::Server, Language::En) => "the server that answered",
            (Self::Server, Language::Zh) => "应答的服务器",
            (Self::Verifier, Language::En) => "whoever verifies: something was not supplied",
            (Self::Verifier, Language::Zh) => "核验方：尚未提供所需材料",
        }
    }
}

/// The language of a sentence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Chinese
    #[default]
    Zh,
    /// English
    En,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was found.
    pub code: Code,
    /// Values for the places `{name}` in the sentence.
    pub values: Vec<(&'static str, String)>,
}

impl Finding {
    /// What was found, as one sentence.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        self.fill(self.code.sentence(language))
    }

    /// What to do about it; none where there is nothing to do.
    #[must_use]
    pub fn remedy(&self, language: Language) -> Option<String> {
        Some(self.code.remedy(language)).filter(|text| !text.is_empty()).map(|text| self.fill(text))
    }

    fn fill(&self, pattern: &str) -> String {
        let mut out = String::with_capacity(pattern.len() + 64);
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((name, after)) = after.split_once('}') else { break };
            out.push_str(self.values.iter().find(|(n, _)| *n == name).map_or("?", |(_, value)| value));
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// What a token says, for showing; only to be relied on as far as the verdict goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    /// When the authority says the token was made.
    pub gen_time: Time,
    /// How far that may be off, where it says.
    pub accuracy: Option<Accuracy>,
    /// The policy, in dotted decimal.
    pub policy: String,
    /// The serial number, in hexadecimal.
    pub serial: String,
    /// The digest algorithm of the imprint, by name or in dotted decimal.
    pub imprint_algorithm: String,
    /// The imprint, in hexadecimal.
    pub imprint: String,
    /// The subject of the signer's certificate, where it was found.
    pub signer: Option<String>,
    /// The subjects of the path above the signer.
    pub path: Vec<String>,
    /// SHA-256 of the last certificate of the path, in hexadecimal.
    pub authority_fingerprint: Option<String>,
    /// SHA-256 over signed attributes and signature, in hexadecimal.
    pub token_digest: Option<String>,
    /// Where the token stands in its authority's log, where that was proven.
    pub log: Option<LogPlace>,
    /// The earliest time at which another authority saw it there.
    pub independent: Option<IndependentTime>,
}

/// A place in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// The log's name.
    pub origin: String,
    /// The index of the entry, from 0.
    pub index: u64,
    /// The size of the tree it was proven in.
    pub size: u64,
}

/// A time that is not the issuing authority's own word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndependentTime {
    /// No later than this.
    pub time: Time,
    /// Who says so.
    pub authority: String,
}

/// A verdict and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What it comes to.
    pub verdict: Verdict,
    /// What was found, in the order of the checks.
    pub findings: Vec<Finding>,
    /// What the token says, where it could be read.
    pub facts: Option<TokenFacts>,
}

impl Report {
    /// The verdict that these findings come to.
    #[must_use]
    pub fn new(findings: Vec<Finding>, facts: Option<TokenFacts>) -> Self {
        let worst = findings.iter().map(|f| f.code.severity()).max().unwrap_or(Severity::Gap);
        let verdict = match worst {
            Severity::Pass | Severity::Notice | Severity::Warning => Verdict::Valid,
            Severity::Unconfirmed => Verdict::Unconfirmed,
            Severity::Gap => Verdict::Incomplete,
            Severity::Error => Verdict::Invalid,
        };
        Self { verdict, findings, facts }
    }

    /// Whether a finding with this code is there.
    #[must_use]
    pub fn has(&self, code: Code) -> bool {
        self.findings.iter().any(|f| f.code == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_speaks_both_languages_with_the_same_values() {
        let names = |text: &str| {
            let mut found: Vec<String> =
                text.split('{').skip(1).filter_map(|s| s.split_once('}')).map(|(n, _)| n.to_owned()).collect();
            found.sort();
            found
        };
        let mut texts = std::collections::HashSet::new();
        for code in Code::ALL {
            let (zh, en) = (code.sentence(Language::Zh), code.sentence(Language::En));
            assert!(!zh.is_empty() && !en.is_empty(), "{}", code.name());
            assert_eq!(names(zh), names(en), "{}", code.name());
            assert!(zh.chars().any(|c| c > '\u{2e80}'), "{}: not Chinese", code.name());
            assert_eq!(code.remedy(Language::Zh).is_empty(), code.remedy(Language::En).is_empty(), "{}", code.name());
            let needs_remedy = matches!(code.severity(), Severity::Error | Severity::Gap | Severity::Unconfirmed);
            assert!(!needs_remedy || !code.remedy(Language::En).is_empty(), "{}: no remedy", code.name());
            assert!(texts.insert(code.name()), "{} stands twice", code.name());
            // FEATURES 1.15: a stamp never proves creation, and nothing is "legally recognised".
            for claim in ["legally", "created at", "proves creation", "法律认可", "创作于", "证明创作"] {
                assert!(!zh.contains(claim) && !en.contains(claim), "{} claims too much", code.name());
            }
        }
    }

    #[test]
    fn the_worst_finding_decides() {
        let finding = |code| Finding { code, values: vec![] };
        let verdict = |codes: &[Code]| Report::new(codes.iter().map(|c| finding(*c)).collect(), None).verdict;
        assert_eq!(verdict(&[Code::SignatureValid]), Verdict::Valid);
        assert_eq!(verdict(&[Code::SignatureValid, Code::AuthorityUnconfirmed]), Verdict::Unconfirmed);
        assert_eq!(verdict(&[Code::SignerCertificateMissing, Code::AuthorityUnconfirmed]), Verdict::Incomplete);
        assert_eq!(verdict(&[Code::ImprintMismatch, Code::SignerCertificateMissing]), Verdict::Invalid);
        assert_eq!(verdict(&[]), Verdict::Incomplete, "nothing found is nothing proven");
    }
}
