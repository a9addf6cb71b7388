//! Verifying responses and tokens (RFC 3161 sections 2.2 and 4, appendix B).
//!
//! Every check that can be made is made, and each leaves a finding; a verdict is
//! only good where all passed. The path is checked at the time in the token, not
//! now. What arrives with a token (certificates, revocation lists) is used but
//! never trusted. Absent: evidence records.

mod log;
mod memo;
pub(crate) mod revocation;
pub(crate) mod signer;

pub use memo::PathMemo;

use crate::cms::{self, SignedData};
use crate::crypto::Verifier;
use crate::der::{DerError, Time, ber};
use crate::digest::{Digest, DigestAlgorithm, hex};
use crate::oid;
use crate::report::{Code, Finding, IndependentTime, Report, TokenFacts};
use crate::tsp::{Status, TimeStampReq, TimeStampResp, TstInfo};
use std::borrow::Cow;

/// How far a token's time may lie ahead of ours before one of the two clocks is wrong.
pub const FUTURE_TOLERANCE_S: i64 = 60;

/// What a verification is given beside the token.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The crypto backend.
    pub verifier: &'a dyn Verifier,
    /// The time now, for tokens from the future and the age of revocation lists.
    pub now: Time,
    /// Digests of the content; the one under the token's algorithm is compared.
    pub content: &'a [Digest],
    /// The request that was sent, where the answer to it is being checked.
    pub request: Option<&'a TimeStampReq<'a>>,
    /// Certificates that are trusted, in DER. The only source of trust.
    pub anchors: &'a [Vec<u8>],
    /// Further certificates for building a path, in DER. Not trusted.
    pub certificates: &'a [Vec<u8>],
    /// Revocation lists and OCSP responses, in DER. Not trusted until their signature holds.
    pub crls: &'a [Vec<u8>],
    /// Remembers paths that were found, for checking many tokens of one authority.
    pub memo: Option<&'a PathMemo>,
}

impl<'a> Context<'a> {
    /// A context without anchors, content or anything else.
    #[must_use]
    pub fn new(verifier: &'a dyn Verifier, now: Time) -> Self {
        Self { verifier, now, content: &[], request: None, anchors: &[], certificates: &[], crls: &[], memo: None }
    }
}

/// Findings as they are made.
#[derive(Default)]
pub(crate) struct Findings(pub(crate) Vec<Finding>);

impl Findings {
    pub(crate) fn add(&mut self, code: Code) {
        self.with(code, []);
    }

    pub(crate) fn with<const N: usize>(&mut self, code: Code, values: [(&'static str, String); N]) {
        self.0.push(Finding { code, values: values.into() });
    }

    fn report(self, facts: Option<TokenFacts>) -> Report {
        Report::new(self.0, facts)
    }
}

/// Verifies a file that holds a response or a bare token, as `.tsr` and `.tst` files do.
#[must_use]
pub fn verify(bytes: &[u8], cx: &Context<'_>) -> Report {
    let Ok((der, _)) = cms::normalise(bytes) else { return verify_token(bytes, cx) };
    // A response starts with a SEQUENCE (PKIStatusInfo), a token with an OBJECT IDENTIFIER.
    match crate::der::Element::parse(&der).ok().and_then(|e| e.content.first().copied()) {
        Some(crate::der::tag::SEQUENCE) => verify_response(bytes, cx),
        _ => verify_token(bytes, cx),
    }
}

/// Verifies a TimeStampResp.
#[must_use]
pub fn verify_response(bytes: &[u8], cx: &Context<'_>) -> Report {
    let mut findings = Findings::default();
    let parsed = cms::normalise(bytes);
    let response = parsed.as_ref().map_err(|e| *e).and_then(|(der, _)| TimeStampResp::parse(der));
    let response = match response {
        Ok(response) => response,
        Err(cause) => {
            findings.with(Code::ReplyMalformed, [("cause", cause.to_string())]);
            return findings.report(None);
        }
    };
    let status = response.status.name().to_owned();
    match (response.status.is_granted(), response.token) {
        (true, Some(token)) => {
            if response.status == Status::GrantedWithMods {
                findings.add(Code::GrantedWithMods);
            }
            let rewritten = matches!(parsed, Ok((_, true)));
            check_token(token, rewritten, cx, findings, Depth::Token)
        }
        (true, None) => {
            findings.add(Code::TokenMissing);
            findings.report(None)
        }
        (false, Some(_)) => {
            findings.with(Code::TokenWithRefusal, [("status", status)]);
            findings.report(None)
        }
        (false, None) => {
            let failures: Vec<_> = response.failures.iter().map(|f| f.name()).collect();
            findings.with(
                Code::Refused,
                [("status", status), ("failures", failures.join(" ")), ("text", response.status_strings.join(" "))],
            );
            findings.report(None)
        }
    }
}

/// Verifies a bare token (a ContentInfo).
#[must_use]
pub fn verify_token(bytes: &[u8], cx: &Context<'_>) -> Report {
    match cms::normalise(bytes) {
        Ok((der, rewritten)) => check_token(&der, rewritten, cx, Findings::default(), Depth::Token),
        Err(cause) => malformed(Findings::default(), cause),
    }
}

fn malformed(mut findings: Findings, cause: DerError) -> Report {
    findings.with(Code::TokenMalformed, [("cause", cause.to_string())]);
    findings.report(None)
}

/// The token inside a response or the token itself, brought to DER.
///
/// # Errors
/// Where the bytes are neither, or the response carries no token.
pub fn token_der(bytes: &[u8]) -> Result<Cow<'_, [u8]>, DerError> {
    let (der, _) = ber::normalise(bytes)?;
    match TimeStampResp::parse(&der) {
        Ok(response) => Ok(Cow::Owned(response.token.ok_or(DerError::BadValue("token"))?.to_vec())),
        Err(_) => Ok(der),
    }
}

/// The digest algorithm under which the content must be hashed to be compared.
#[must_use]
pub fn imprint_algorithm(bytes: &[u8]) -> Option<DigestAlgorithm> {
    told(bytes, |info| info.imprint.algorithm.digest())
}

/// The digest that a response or token was issued for, where its algorithm is known and its length fits.
#[must_use]
pub fn imprint(bytes: &[u8]) -> Option<Digest> {
    told(bytes, |info| info.imprint.digest())
}

/// What a response or token says, as `look` takes it out. Nothing of it is verified here.
pub fn told<T>(bytes: &[u8], look: impl FnOnce(&TstInfo<'_>) -> Option<T>) -> Option<T> {
    let token = token_der(bytes).ok()?;
    let signed = SignedData::parse(&token).ok()?;
    look(&TstInfo::parse(signed.content).ok()?)
}

/// Whether a token is what is asked about, or a stamp over the log that it is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Token,
    /// Its own place in a log is not looked at: that would have no end.
    Stamp,
}

fn check_token(der: &[u8], rewritten: bool, cx: &Context<'_>, mut findings: Findings, depth: Depth) -> Report {
    let signed = match SignedData::parse(der) {
        Ok(signed) => signed,
        Err(cause) => return malformed(findings, cause),
    };
    if signed.content_type != oid::TST_INFO {
        findings.with(Code::ContentTypeWrong, [("oid", signed.content_type.to_string())]);
        return findings.report(None);
    }
    let info = match TstInfo::parse(signed.content) {
        Ok(info) => info,
        Err(cause) => {
            findings.with(Code::TstInfoMalformed, [("cause", cause.to_string())]);
            return findings.report(None);
        }
    };
    let mut facts = facts(&info);
    check_content(&info, cx, &mut findings);
    check_request(&info, &signed, cx, &mut findings);
    check_info(&info, cx.now, &mut findings);
    note_form(&signed, &info, rewritten, &mut findings);
    match signed.signers.as_slice() {
        [signer] => signer::check(signer, &signed, &info, cx, &mut facts, &mut findings, depth),
        signers => findings.with(Code::SignerCount, [("count", signers.len().to_string())]),
    }
    let accuracy = info.accuracy.map_or_else(|| "—".to_owned(), |a| a.to_string());
    findings.with(Code::TimeStated, [("time", info.gen_time.to_string()), ("accuracy", accuracy)]);
    match &facts.independent {
        Some(IndependentTime { time, authority }) => {
            let gap_s = (time.unix_s() - info.gen_time.unix_s()).max(0);
            let (time, stated) = (("time", time.to_string()), ("stated", info.gen_time.to_string()));
            let gap = ("gap", format!("{gap_s} s"));
            findings.with(Code::IndependentTime, [("authority", authority.clone()), time, stated, gap]);
        }
        None => findings.add(Code::BackdatingNotExcluded),
    }
    findings.report(Some(facts))
}

fn facts(info: &TstInfo<'_>) -> TokenFacts {
    let algorithm = info.imprint.algorithm;
    TokenFacts {
        gen_time: info.gen_time,
        accuracy: info.accuracy,
        policy: info.policy.to_string(),
        serial: info.serial.to_string(),
        imprint_algorithm: algorithm.oid.name().map_or_else(|| algorithm.oid.to_string(), str::to_owned),
        imprint: hex(info.imprint.value),
        signer: None,
        path: Vec::new(),
        authority_fingerprint: None,
        token_digest: None,
        log: None,
        independent: None,
    }
}

/// The imprint: an algorithm that binds, a length that fits, and the content's own digest.
fn check_content(info: &TstInfo<'_>, cx: &Context<'_>, findings: &mut Findings) {
    let imprint = &info.imprint;
    let Some(algorithm) = imprint.algorithm.digest() else {
        findings.with(Code::ImprintUnsupported, [("oid", imprint.algorithm.oid.to_string())]);
        return;
    };
    let name = || ("algorithm", algorithm.name().to_owned());
    let Some(stamped) = imprint.digest() else {
        let (length, expected) = (imprint.value.len().to_string(), algorithm.length().to_string());
        findings.with(Code::ImprintLength, [("length", length), ("expected", expected), name()]);
        return;
    };
    if !algorithm.is_collision_resistant() {
        findings.with(Code::ImprintWeak, [name()]);
    }
    let asked = cx.request.and_then(|r| r.imprint.digest());
    let mut given = cx.content.iter().copied().chain(asked).filter(|d| d.algorithm() == algorithm).peekable();
    if given.peek().is_none() {
        // A request under another algorithm is an answer to something else.
        match asked {
            Some(asked) => findings.with(
                Code::ImprintMismatch,
                [name(), ("actual", asked.to_string()), ("expected", stamped.to_string())],
            ),
            None => findings.add(Code::ContentMissing),
        }
        return;
    }
    match given.find(|d| *d != stamped) {
        None => findings.with(Code::ImprintMatches, [name()]),
        Some(other) => findings
            .with(Code::ImprintMismatch, [name(), ("actual", other.to_string()), ("expected", stamped.to_string())]),
    }
}

/// What the request fixed: nonce, policy, certificate.
fn check_request(info: &TstInfo<'_>, signed: &SignedData<'_>, cx: &Context<'_>, findings: &mut Findings) {
    let Some(request) = cx.request else { return };
    match (request.nonce, info.nonce) {
        (Some(sent), Some(received)) if sent == received => findings.add(Code::NonceMatches),
        (Some(_), Some(_)) => findings.add(Code::NonceWrong),
        (Some(_), None) => findings.add(Code::NonceMissing),
        (None, Some(_)) => findings.add(Code::NonceUnasked),
        (None, None) => {}
    }
    if request.policy.is_some_and(|wanted| wanted != info.policy) {
        findings.with(Code::PolicyWrong, [("policy", info.policy.to_string())]);
    }
    if request.cert_req && signed.certificates.is_empty() {
        findings.add(Code::CertificateNotSent);
    }
}

/// What TSTInfo says of itself.
fn check_info(info: &TstInfo<'_>, now: Time, findings: &mut Findings) {
    if info.version != 1 {
        findings.with(Code::VersionWrong, [("version", info.version.to_string())]);
    }
    if let Some(unknown) = info.extensions.iter().find(|e| e.critical) {
        findings.with(Code::ExtensionUnknown, [("oid", unknown.oid.to_string())]);
    }
    if info.gen_time > now.plus_s(FUTURE_TOLERANCE_S) {
        findings.with(Code::TimeInFuture, [("time", info.gen_time.to_string()), ("now", now.to_string())]);
    }
    // RFC 3161 2.4.2: users must be ready for 160 bits.
    if info.serial.is_negative() || info.serial.unsigned().is_some_and(|m| m.len() > 20) {
        findings.add(Code::SerialUnusual);
    }
}

/// Deviations in form that leave the proof as it is.
fn note_form(signed: &SignedData<'_>, info: &TstInfo<'_>, rewritten: bool, findings: &mut Findings) {
    if rewritten {
        findings.with(Code::NotDer, [("part", "SignedData".to_owned())]);
    }
    for part in &info.not_der {
        findings.with(Code::NotDer, [("part", (*part).to_owned())]);
    }
    if signed.version != 3 {
        findings.with(Code::SignedDataVersion, [("version", signed.version.to_string())]);
    }
}
