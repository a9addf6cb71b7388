//! Who signed: the certificate, its binding to the signature, its purpose and its path. What holds
//! for any SignerInfo is told without words, so that signatures of documents are checked by the same.

use super::{Context, Depth, Findings, revocation};
use crate::cms::{SignedData, SignerId, SignerInfo};
use crate::crypto::{self, SignatureAlgorithm, SignatureError, Verifier};
use crate::der::{DerError, Element, Integer, Reader, tag};
use crate::digest::DigestAlgorithm;
use crate::oid::{self, Oid};
use crate::report::{Code, TokenFacts};
use crate::tsp::TstInfo;
use crate::x509::name::Name;
use crate::x509::path::{BrokenPath, Path, PathProblem};
use crate::x509::{Certificate, key_usage};

pub(super) fn check(
    signer: &SignerInfo<'_>,
    signed: &SignedData<'_>,
    info: &TstInfo<'_>,
    cx: &Context<'_>,
    facts: &mut TokenFacts,
    findings: &mut Findings,
    depth: Depth,
) {
    let token_digest = signer.token_digest(cx.verifier);
    facts.token_digest = token_digest.map(|d| d.to_string());
    let Some(signed_bytes) = signer.signed_bytes() else {
        findings.add(Code::AttributesMissing);
        return;
    };
    if !signer.is_sorted() {
        findings.add(Code::AttributesUnsorted);
    }
    note_attributes(attribute_faults(signer, signed.content_type, &[signed.content], cx.verifier), findings);

    let pool = pool(signed, cx);
    let Some((certificate, binding)) = find_certificate(signer, &pool, cx.verifier) else {
        let code = if signed.certificates.iter().any(|der| Certificate::parse(der).is_err()) {
            Code::CertificateMalformed
        } else {
            Code::SignerCertificateMissing
        };
        findings.add(code);
        return;
    };
    let name = certificate.subject.to_string();
    facts.signer = Some(name.clone());
    check_signature(signer, &signed_bytes, certificate, &name, cx, findings);
    check_binding(signer, binding, findings);
    check_purpose(certificate, findings);
    check_tsa_name(info, certificate, findings);

    let anchors: Vec<Certificate<'_>> = cx.anchors.iter().filter_map(|der| Certificate::parse(der).ok()).collect();
    let path = super::memo::path(certificate, &pool, &anchors, info.gen_time, cx);
    match &path {
        Ok(path) => note_path(path, cx.verifier, facts, findings),
        Err(broken) => note_broken(broken, info, findings),
    }
    if depth == Depth::Token {
        super::log::check(signer, certificate, info, token_digest, cx, facts, findings);
    }
    // After the log: what others saw there decides over what a revocation does.
    if let Ok(path) = &path {
        revocation::check(path, info.gen_time, &signed.crls, cx, facts, findings);
    }
}

/// Every certificate that came along or was supplied, each once; those that cannot be read left out.
pub(crate) fn pool<'a>(signed: &SignedData<'a>, cx: &Context<'a>) -> Vec<Certificate<'a>> {
    let supplied = cx.certificates.iter().chain(cx.anchors).map(Vec::as_slice);
    let mut pool: Vec<Certificate<'_>> = Vec::new();
    for der in signed.certificates.iter().copied().chain(supplied) {
        if !pool.iter().any(|known| known.der == der) {
            pool.extend(Certificate::parse(der));
        }
    }
    pool
}

/// What can be wrong with the attributes that every signature has.
pub(crate) enum AttributeFault {
    /// This one does not stand exactly once with one value.
    Count(&'static str),
    /// contentType is not the type of the content.
    ContentType,
    /// messageDigest is not the digest of the content.
    MessageDigest,
    /// The digest algorithm is broken or not known.
    Digest(String),
}

/// contentType and messageDigest: once each, one value, and right (RFC 5652 sections 11.1, 11.2).
pub(crate) fn attribute_faults(
    signer: &SignerInfo<'_>,
    content_type: Oid<'_>,
    content: &[&[u8]],
    verifier: &dyn Verifier,
) -> Vec<AttributeFault> {
    let mut faults = Vec::new();
    let mut single = |oid: Oid<'_>| {
        let mut all = signer.attributes.iter().filter(|a| a.oid == oid);
        match (all.next().map(|a| a.values.as_slice()), all.next()) {
            (Some([value]), None) => Some(*value),
            _ => {
                faults.push(AttributeFault::Count(oid.name().unwrap_or("?")));
                None
            }
        }
    };
    let stated_type = single(oid::CONTENT_TYPE);
    let message_digest = single(oid::MESSAGE_DIGEST);
    if stated_type.is_some_and(|value| value.oid() != Ok(content_type)) {
        faults.push(AttributeFault::ContentType);
    }
    let Some(algorithm) = signer.digest_algorithm.digest().filter(|a| a.is_collision_resistant()) else {
        faults.push(AttributeFault::Digest(signer.digest_algorithm.oid.to_string()));
        return faults;
    };
    if let Some(value) = message_digest
        && (value.tag != tag::OCTET_STRING || value.content != verifier.digest(algorithm, content).as_bytes())
    {
        faults.push(AttributeFault::MessageDigest);
    }
    faults
}

fn note_attributes(faults: Vec<AttributeFault>, findings: &mut Findings) {
    for fault in faults {
        match fault {
            AttributeFault::Count(name) => findings.with(Code::AttributeCount, [("name", name.to_owned())]),
            AttributeFault::ContentType => findings.add(Code::ContentTypeAttributeWrong),
            AttributeFault::MessageDigest => findings.add(Code::MessageDigestWrong),
            AttributeFault::Digest(oid) => findings.with(Code::DigestUnsupported, [("oid", oid)]),
        }
    }
}

/// The certificate that the SignerInfo names. Where several fit, the one that the signed
/// attributes bind; a certificate is never chosen for its place in the token.
pub(crate) fn find_certificate<'c, 'a>(
    signer: &SignerInfo<'_>,
    pool: &'c [Certificate<'a>],
    verifier: &dyn Verifier,
) -> Option<(&'c Certificate<'a>, Binding)> {
    let fits = |c: &&Certificate<'_>| match &signer.sid {
        SignerId::IssuerAndSerial(issuer, serial) => c.serial == *serial && c.issuer.matches(issuer),
        SignerId::SubjectKeyId(id) => c.subject_key_id() == Some(*id),
    };
    let mut first = None;
    for certificate in pool.iter().filter(fits) {
        // What cannot be read binds to nothing.
        let binding = binding(signer, certificate, verifier).unwrap_or(Binding::Wrong);
        if binding == Binding::Right {
            return Some((certificate, binding));
        }
        first = first.or(Some((certificate, binding)));
    }
    first
}

fn check_signature(
    signer: &SignerInfo<'_>,
    signed_bytes: &[u8],
    certificate: &Certificate<'_>,
    name: &str,
    cx: &Context<'_>,
    findings: &mut Findings,
) {
    match signature(signer, signed_bytes, certificate, cx.verifier) {
        Ok(algorithm) => {
            findings.with(Code::SignatureValid, [("algorithm", algorithm.to_string()), ("signer", name.to_owned())])
        }
        Err(SignatureFault::Wrong) => findings.with(Code::SignatureWrong, [("signer", name.to_owned())]),
        Err(SignatureFault::Unsupported(oid)) => findings.with(Code::SignatureUnsupported, [("oid", oid)]),
        Err(SignatureFault::Key) => findings.add(Code::KeyUnsupported),
    }
}

/// Why a signature does not hold.
pub(crate) enum SignatureFault {
    /// The key is of a kind or size that is not accepted.
    Key,
    /// The algorithm is not known or does not fit.
    Unsupported(String),
    /// It is not right.
    Wrong,
}

/// Checks the signature over the received signed attributes with the key of `certificate`.
pub(crate) fn signature(
    signer: &SignerInfo<'_>,
    signed_bytes: &[u8],
    certificate: &Certificate<'_>,
    verifier: &dyn Verifier,
) -> Result<SignatureAlgorithm, SignatureFault> {
    let key = certificate.public_key().map_err(|_| SignatureFault::Key)?;
    let digest = signer.digest_algorithm.digest();
    let unsupported = || SignatureFault::Unsupported(signer.signature_algorithm.oid.to_string());
    let algorithm = SignatureAlgorithm::from_identifier(&signer.signature_algorithm, digest).ok_or_else(unsupported)?;
    // Ed25519 brings its own digest and RFC 8419 pairs it with SHA-512; all others must agree.
    if algorithm.digest().is_some_and(|d| Some(d) != digest || !d.is_collision_resistant()) {
        return Err(unsupported());
    }
    match crypto::verify(verifier, algorithm, &key, signed_bytes, signer.signature) {
        Ok(()) => Ok(algorithm),
        Err(SignatureError::Mismatch) => Err(SignatureFault::Wrong),
        Err(SignatureError::Unsupported) => Err(unsupported()),
    }
}

/// Whether the signed attributes name the signer's certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    /// They name none.
    Missing,
    /// They name it.
    Right,
    /// They name another.
    Wrong,
}

fn check_binding(signer: &SignerInfo<'_>, binding: Binding, findings: &mut Findings) {
    match binding {
        Binding::Right => findings.add(Code::SignerBound),
        Binding::Missing => findings.add(Code::CertificateIdMissing),
        Binding::Wrong => findings.add(Code::CertificateIdWrong),
    }
    let has = |oid| signer.attributes.iter().any(|a| a.oid == oid);
    if has(oid::SIGNING_CERTIFICATE) && !has(oid::SIGNING_CERTIFICATE_V2) {
        findings.add(Code::WeakCertificateId);
    }
}

/// Whether signingCertificate (v1, v2, or both: then both must hold) names this certificate
/// first. Further identifiers speak of the path and are not needed for the binding.
fn binding(
    signer: &SignerInfo<'_>,
    certificate: &Certificate<'_>,
    verifier: &dyn Verifier,
) -> Result<Binding, DerError> {
    let mut result = Binding::Missing;
    for (oid, is_v2) in [(oid::SIGNING_CERTIFICATE, false), (oid::SIGNING_CERTIFICATE_V2, true)] {
        let mut all = signer.attributes.iter().filter(|a| a.oid == oid);
        let Some(attribute) = all.next() else { continue };
        let [value] = attribute.values.as_slice() else { return Ok(Binding::Wrong) };
        if all.next().is_some() {
            return Ok(Binding::Wrong);
        }
        let mut fields = value.inside(tag::SEQUENCE)?;
        let mut ids = fields.sequence()?;
        let id = ids.sequence()?;
        if !names_certificate(id, is_v2, certificate, verifier)? {
            return Ok(Binding::Wrong);
        }
        result = Binding::Right;
    }
    Ok(result)
}

/// One ESSCertID or ESSCertIDv2 (RFC 5035): the hash, and issuer and serial where given.
fn names_certificate(
    mut id: Reader<'_>,
    is_v2: bool,
    certificate: &Certificate<'_>,
    verifier: &dyn Verifier,
) -> Result<bool, DerError> {
    let mut algorithm = Some(if is_v2 { DigestAlgorithm::Sha256 } else { DigestAlgorithm::Sha1 });
    if is_v2 && let Some(identifier) = id.optional(tag::SEQUENCE)? {
        let mut inside = Reader::new(identifier.content);
        algorithm =
            crypto::AlgorithmIdentifier::read_inside(&mut inside)?.digest().filter(|a| a.is_collision_resistant());
    }
    let hash = id.octets()?;
    let Some(algorithm) = algorithm else { return Ok(false) };
    if verifier.digest(algorithm, &[certificate.der]).as_bytes() != hash {
        return Ok(false);
    }
    if let Some(pair) = id.optional(tag::SEQUENCE)? {
        let mut fields = Reader::new(pair.content);
        let mut names = fields.sequence()?;
        let serial: Integer<'_> = fields.integer()?;
        fields.finish()?;
        let name = names.expect(tag::context_constructed(4))?;
        names.finish()?;
        if serial != certificate.serial || !Name::parse(name.content)?.matches(&certificate.issuer) {
            return Ok(false);
        }
    }
    id.finish()?;
    Ok(true)
}

/// RFC 3161 section 2.3: one purpose, time stamping, critical; and not a CA.
fn check_purpose(certificate: &Certificate<'_>, findings: &mut Findings) {
    match certificate.extended_key_usage() {
        Ok(Some(purposes)) if !purposes.contains(&oid::TIME_STAMPING) => findings.add(Code::PurposeMissing),
        Ok(Some(purposes)) => {
            if purposes.len() != 1 {
                findings.add(Code::PurposeNotSole);
            }
            if !certificate.extension(oid::EXT_KEY_USAGE).is_some_and(|e| e.critical) {
                findings.add(Code::PurposeNotCritical);
            }
        }
        Ok(None) | Err(_) => findings.add(Code::PurposeMissing),
    }
    if !certificate.basic_constraints().is_ok_and(|b| !b.is_ca) {
        findings.add(Code::SignerIsCa);
    }
    let signing = key_usage::DIGITAL_SIGNATURE | key_usage::NON_REPUDIATION;
    match certificate.key_usage() {
        Ok(None) => {}
        Ok(Some(bits)) if bits & (key_usage::KEY_CERT_SIGN | key_usage::CRL_SIGN) != 0 => {
            findings.add(Code::SignerIsCa);
        }
        Ok(Some(bits)) if bits & signing == 0 => findings.add(Code::KeyUsageWrong),
        Ok(Some(bits)) if bits & !signing != 0 => findings.add(Code::KeyUsageBroad),
        Ok(Some(_)) => {}
        Err(_) => findings.add(Code::KeyUsageWrong),
    }
}

/// The tsa field, where present, must be one of the certificate's names (RFC 3161 section 2.4.2).
fn check_tsa_name(info: &TstInfo<'_>, certificate: &Certificate<'_>, findings: &mut Findings) {
    let Some(tsa) = info.tsa else { return };
    let matches_subject = info.tsa_name().is_some_and(|name| name.matches(&certificate.subject));
    let same = |other: &Element<'_>| {
        other.full == tsa.full
            || (other.tag == tsa.tag
                && info.tsa_name().is_some_and(|n| Name::parse(other.content).is_ok_and(|o| o.matches(&n))))
    };
    if !matches_subject && !certificate.subject_alt_names().is_ok_and(|names| names.iter().any(same)) {
        findings.add(Code::TsaNameWrong);
    }
}

fn note_path(path: &Path<'_>, verifier: &dyn Verifier, facts: &mut TokenFacts, findings: &mut Findings) {
    let Some(top) = path.certificates.last() else { return };
    let fingerprint = verifier.digest(DigestAlgorithm::Sha256, &[top.der]).to_string();
    facts.path = path.certificates.iter().skip(1).map(|c| c.subject.to_string()).collect();
    facts.authority_fingerprint = Some(fingerprint.clone());
    let subject = top.subject.to_string();
    if path.anchored {
        findings.with(Code::AuthorityTrusted, [("anchor", subject), ("fingerprint", fingerprint)]);
    } else {
        findings.with(Code::AuthorityUnconfirmed, [("top", subject), ("fingerprint", fingerprint)]);
    }
}

fn note_broken(broken: &BrokenPath, info: &TstInfo<'_>, findings: &mut Findings) {
    let subject = ("subject", broken.subject.clone());
    match &broken.problem {
        PathProblem::NotValidAt(from, to) => findings.with(
            Code::TimeOutsideCertificate,
            [subject, ("time", info.gen_time.to_string()), ("from", from.to_string()), ("to", to.to_string())],
        ),
        PathProblem::BadSignature => findings.with(Code::PathSignatureWrong, [subject]),
        PathProblem::UnsupportedSignature | PathProblem::WeakSignature => {
            findings.with(Code::PathSignatureWeak, [subject]);
        }
        PathProblem::NotCa | PathProblem::NoCertSign => findings.with(Code::PathNotCa, [subject]),
        PathProblem::PathTooLong | PathProblem::TooCostly => findings.with(Code::PathTooLong, [subject]),
        problem => {
            let rule = match problem {
                PathProblem::UnknownCritical(oid) => oid.clone(),
                PathProblem::NameConstraints => "nameConstraints".to_owned(),
                PathProblem::OtherPurpose => "extKeyUsage".to_owned(),
                _ => "—".to_owned(),
            };
            findings.with(Code::PathConstraint, [subject, ("rule", rule)]);
        }
    }
}
