//! The CMS of a signature: what was signed, by whom, and when at the latest (RFC 5652, ETSI EN
//! 319 142-1 section 5.3, EN 319 122-1).
//!
//! The checks that any SignerInfo has are those of `verify::signer`; here they are told in the words
//! of a document. The path is checked at the earliest time that a timestamp proves, else now.

use super::signature::{Encoding, Signature};
use super::verify::Proof;
use crate::cms::{self, SignedData, SignerInfo};
use crate::der::{Element, Time};
use crate::digest::{Digest, DigestAlgorithm};
use crate::oid;
use crate::report::{Code, Report, Verdict};
use crate::verify::signer::{
    AttributeFault, Binding, SignatureFault, attribute_faults, find_certificate, pool, signature,
};
use crate::verify::{Context, Findings, imprint_algorithm, revocation, verify_token};
use crate::x509::path::{self, BrokenPath, Path, PathProblem, Purpose};
use crate::x509::{Certificate, key_usage};

/// Timestamps looked at in one signature.
const TIMESTAMPS_MAX: usize = 4;

/// What was found beside the findings.
#[derive(Default)]
pub(super) struct Signed {
    /// The subject of the signer's certificate.
    pub(super) subject: Option<String>,
    /// The signature timestamp, verified.
    pub(super) timestamp: Option<Report>,
    /// The earliest time at which the signature is proven to have existed.
    pub(super) time: Option<Time>,
    /// Whether the store alone says of the signer's certificate whether it was revoked.
    pub(super) has_validation_data: bool,
}

/// Checks the CMS of a signature. `later` are the document timestamps that cover it; `store` are
/// the revocation lists and responses that the document carries.
pub(super) fn check(
    signature: &Signature<'_>,
    later: &[Proof],
    store: &[Vec<u8>],
    cx: &Context<'_>,
    findings: &mut Findings,
) -> Signed {
    let mut signed = Signed::default();
    let der = signature.cms().and_then(cms::normalise);
    let data = der.as_ref().map_err(|e| *e).and_then(|(der, _)| SignedData::parse_detached(der));
    let data = match data {
        Ok(data) => data,
        Err(cause) => {
            findings.with(Code::PdfSignatureMalformed, [("cause", cause.to_string())]);
            return signed;
        }
    };
    let [signer] = data.signers.as_slice() else {
        let cause = format!("{} signers", data.signers.len());
        findings.with(Code::PdfSignatureMalformed, [("cause", cause)]);
        return signed;
    };
    let Some(signed_bytes) = signer.signed_bytes().filter(|_| data.content_type == oid::DATA) else {
        findings.with(Code::PdfSignatureMalformed, [("cause", "signed attributes".to_owned())]);
        return signed;
    };
    check_attributes(signature, signer, cx, findings);
    let certificates = pool(&data, cx);
    let Some((certificate, binding)) = find_certificate(signer, &certificates, cx.verifier) else {
        findings.add(Code::PdfSignerMissing);
        return signed;
    };
    let name = certificate.subject.to_string();
    signed.subject = Some(name.clone());
    check_signature(signer, &signed_bytes, certificate, &name, cx, findings);
    check_binding(signature.encoding, binding, findings);
    check_purpose(certificate, findings);

    let mut proofs: Vec<Proof> = later.to_vec();
    if let Some(report) = timestamp(signer, cx, findings) {
        proofs.extend(Proof::of(&report, 0));
        signed.timestamp = Some(report);
    }
    let at = note_time(&proofs, &mut signed, cx, findings);
    let anchors: Vec<Certificate<'_>> = cx.anchors.iter().filter_map(|der| Certificate::parse(der).ok()).collect();
    match path::build_for(Purpose::Documents, certificate, &certificates, &anchors, at, cx.verifier) {
        Ok(path) => {
            note_path(&path, at, cx, findings);
            check_revocation(&path, &data, signed.time, cx, findings);
            signed.has_validation_data = has_validation_data(&path, store, cx);
        }
        Err(broken) => note_broken(&broken, at, findings),
    }
    signed
}

fn check_attributes(signature: &Signature<'_>, signer: &SignerInfo<'_>, cx: &Context<'_>, findings: &mut Findings) {
    let faults = attribute_faults(signer, oid::DATA, &signature.signed, cx.verifier);
    if faults.is_empty() {
        findings.with(Code::PdfContentSame, [("end", signature.end.to_string())]);
    }
    for fault in faults {
        match fault {
            AttributeFault::MessageDigest => findings.add(Code::PdfContentChanged),
            AttributeFault::Digest(oid) => findings.with(Code::PdfAlgorithmUnsupported, [("oid", oid)]),
            AttributeFault::Count(name) => {
                findings.with(Code::PdfSignatureMalformed, [("cause", name.to_owned())]);
            }
            AttributeFault::ContentType => {
                findings.with(Code::PdfSignatureMalformed, [("cause", "contentType".to_owned())]);
            }
        }
    }
}

fn check_signature(
    signer: &SignerInfo<'_>,
    signed_bytes: &[u8],
    certificate: &Certificate<'_>,
    name: &str,
    cx: &Context<'_>,
    findings: &mut Findings,
) {
    let by = ("signer", name.to_owned());
    match signature(signer, signed_bytes, certificate, cx.verifier) {
        Ok(algorithm) => findings.with(Code::PdfSignatureValid, [("algorithm", algorithm.to_string()), by]),
        Err(SignatureFault::Wrong) => findings.with(Code::PdfSignatureWrong, [by]),
        Err(SignatureFault::Unsupported(oid)) => findings.with(Code::PdfAlgorithmUnsupported, [("oid", oid)]),
        Err(SignatureFault::Key) => {
            findings.with(Code::PdfAlgorithmUnsupported, [("oid", signer.signature_algorithm.oid.to_string())]);
        }
    }
}

/// EN 319 142-1 section 6.3 asks for the attribute; the older encoding did not know it.
fn check_binding(encoding: Encoding, binding: Binding, findings: &mut Findings) {
    match (binding, encoding) {
        (Binding::Right, _) => findings.add(Code::PdfSignerNamed),
        (Binding::Missing, Encoding::Pkcs7) => findings.add(Code::PdfSignerNotNamed),
        (Binding::Missing, _) => findings.add(Code::PdfSignerIdMissing),
        (Binding::Wrong, _) => findings.add(Code::PdfSignerIdWrong),
    }
}

/// A key for signatures, and for documents where the certificate is confined to purposes.
fn check_purpose(certificate: &Certificate<'_>, findings: &mut Findings) {
    let signing = key_usage::DIGITAL_SIGNATURE | key_usage::NON_REPUDIATION;
    let may_sign = certificate.key_usage().is_ok_and(|bits| bits.is_none_or(|bits| bits & signing != 0));
    let purposes = certificate.extended_key_usage();
    let is_for_documents = purposes.is_ok_and(|p| p.is_none_or(|p| Purpose::Documents.is_served_by(&p)));
    if !may_sign || !is_for_documents {
        findings.add(Code::PdfSignerPurpose);
    }
}

/// The signature timestamp: a token over the signature value.
fn timestamp(signer: &SignerInfo<'_>, cx: &Context<'_>, findings: &mut Findings) -> Option<Report> {
    let attributes = signer.unsigned_attributes.iter().filter(|a| a.oid == oid::SIGNATURE_TIME_STAMP);
    let tokens: Vec<Element<'_>> = attributes.flat_map(|a| a.values.iter().copied()).take(TIMESTAMPS_MAX).collect();
    let mut best: Option<Report> = None;
    for token in tokens {
        let report = verify_over(token.full, &[signer.signature], cx);
        if report.verdict == Verdict::Invalid {
            findings.add(Code::PdfTimestampWrong);
        }
        let time = |report: &Report| (report.verdict, report.facts.as_ref().map(|f| f.gen_time));
        if best.as_ref().is_none_or(|best| time(&report) < time(best)) {
            best = Some(report);
        }
    }
    best
}

/// Verifies a token over these bytes.
pub(super) fn verify_over(token: &[u8], content: &[&[u8]], cx: &Context<'_>) -> Report {
    let digest = imprint_algorithm(token).map(|algorithm: DigestAlgorithm| cx.verifier.digest(algorithm, content));
    let content: &[Digest] = digest.as_slice();
    verify_token(token, &Context { content, request: None, ..*cx })
}

/// Notes the earliest proven time, and returns the time at which the path is checked.
fn note_time(proofs: &[Proof], signed: &mut Signed, cx: &Context<'_>, findings: &mut Findings) -> Time {
    let earliest = |is_confirmed: bool| {
        proofs.iter().filter(|proof| proof.is_confirmed == is_confirmed).min_by_key(|proof| proof.time)
    };
    let words = |proof: &Proof| [("time", proof.time.to_string()), ("authority", proof.authority.clone())];
    match (earliest(true), earliest(false)) {
        (Some(proof), _) => {
            signed.time = Some(proof.time);
            findings.with(Code::PdfTimeProven, words(proof));
            proof.time
        }
        (None, Some(proof)) => {
            findings.with(Code::PdfTimeUnconfirmed, words(proof));
            proof.time
        }
        (None, None) => {
            findings.with(Code::PdfTimeUnproven, [("now", cx.now.to_string())]);
            cx.now
        }
    }
}

fn note_path(path: &Path<'_>, at: Time, cx: &Context<'_>, findings: &mut Findings) {
    let Some(top) = path.certificates.last() else { return };
    let fingerprint = cx.verifier.digest(DigestAlgorithm::Sha256, &[top.der]).to_string();
    let subject = top.subject.to_string();
    if path.anchored {
        let words = [("anchor", subject), ("fingerprint", fingerprint), ("time", at.to_string())];
        findings.with(Code::PdfSignerTrusted, words);
    } else {
        findings.with(Code::AuthorityUnconfirmed, [("top", subject), ("fingerprint", fingerprint)]);
    }
}

fn note_broken(broken: &BrokenPath, at: Time, findings: &mut Findings) {
    let (subject, time) = (("subject", broken.subject.clone()), ("time", at.to_string()));
    let rule = match &broken.problem {
        PathProblem::NotValidAt(from, to) => {
            let span = [("from", from.to_string()), ("to", to.to_string())];
            let [from, to] = span;
            findings.with(Code::PdfSignerOutsideValidity, [subject, time, from, to]);
            return;
        }
        PathProblem::BadSignature => "signature",
        PathProblem::UnsupportedSignature | PathProblem::WeakSignature => "signatureAlgorithm",
        PathProblem::NotCa => "basicConstraints",
        PathProblem::NoCertSign => "keyUsage",
        PathProblem::OtherPurpose => "extKeyUsage",
        PathProblem::PathTooLong | PathProblem::TooCostly => "pathLenConstraint",
        PathProblem::NameConstraints => "nameConstraints",
        PathProblem::UnknownCritical(oid) => oid.as_str(),
        _ => "—",
    };
    findings.with(Code::PdfSignerPathBroken, [subject, ("rule", rule.to_owned())]);
}

/// A revocation takes force from a signature that is not proven to have existed before it.
fn check_revocation(
    path: &Path<'_>,
    data: &SignedData<'_>,
    proven: Option<Time>,
    cx: &Context<'_>,
    findings: &mut Findings,
) {
    for revoked in revocation::revoked(path, &data.crls, cx, findings) {
        let (date, reason) = (("date", revoked.revocation.date.to_string()), ("reason", revoked.reason()));
        match proven.filter(|time| *time < revoked.revocation.takes_force_from()) {
            Some(time) => {
                let time = ("time", time.to_string());
                findings.with(Code::PdfSignerRevokedLater, [("subject", revoked.subject), date, reason, time]);
            }
            None => findings.with(Code::PdfSignerRevoked, [("subject", revoked.subject), date, reason]),
        }
    }
}

fn has_validation_data(path: &Path<'_>, store: &[Vec<u8>], cx: &Context<'_>) -> bool {
    let mut aside = Findings::default();
    revocation::revoked(path, &[], &Context { crls: store, ..*cx }, &mut aside);
    let is_silent = aside.0.iter().any(|finding| finding.code == Code::NoRevocationData);
    // A path of one has nobody above who could revoke it.
    !store.is_empty() && path.certificates.len() > 1 && !is_silent
}
