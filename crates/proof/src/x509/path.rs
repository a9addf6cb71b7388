//! Finding and checking a certification path (RFC 5280 section 6) at a given time.
//!
//! A path starts at the signer, climbs through certificates that came with the
//! token or were supplied, and is trusted only where it ends at a pinned anchor:
//! nothing that arrives with a token is ever an anchor. Each rule is checked on
//! the way up, so a path that ends nowhere is still known to be consistent. A CA confined to
//! purposes must have the one asked for.
//! Policies are not processed: a critical policyConstraints or inhibitAnyPolicy
//! is refused as unknown. Work is bounded in depth and in signature checks.

use super::{Certificate, key_usage};
use crate::crypto::{self, SignatureAlgorithm, SignatureError, Verifier};
use crate::der::{DerError, Element, Reader, Time, tag};
use crate::oid::{self, Oid};
use crate::x509::name::Name;

/// Certificates in a path, the anchor included.
const DEPTH_MAX: usize = 8;
/// Signature checks spent on finding one path.
const CHECKS_MAX: u32 = 32;

/// Why a certificate cannot stand where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathProblem {
    /// Not valid at the time asked for.
    NotValidAt(Time, Time),
    /// The issuer's signature over it is wrong.
    BadSignature,
    /// The signature uses an algorithm or key this crate does not have.
    UnsupportedSignature,
    /// The signature uses a digest for which collisions are known.
    WeakSignature,
    /// It issued a certificate without being a CA.
    NotCa,
    /// It is a CA that may not sign certificates.
    NoCertSign,
    /// It is a CA confined to other purposes.
    OtherPurpose,
    /// More CAs stand below it than it allows.
    PathTooLong,
    /// It has a critical extension that is not known here.
    UnknownCritical(String),
    /// A name below it lies outside its name constraints, or cannot be judged by them.
    NameConstraints,
    /// One of its extensions is malformed.
    Malformed,
    /// The search was ended because it became too costly.
    TooCostly,
}

/// What the signer's signature is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Time-stamp tokens (RFC 3161 section 2.3).
    TimeStamping,
    /// Documents, by people and organisations (RFC 9336, and what was used before it).
    Documents,
}

impl Purpose {
    /// Whether one of these extended key usages serves the purpose.
    #[must_use]
    pub fn is_served_by(self, usages: &[Oid<'_>]) -> bool {
        let serves = |usage: &Oid<'_>| match self {
            Self::TimeStamping => *usage == oid::TIME_STAMPING,
            Self::Documents => DOCUMENT_PURPOSES.contains(usage),
        };
        usages.iter().any(|usage| *usage == oid::ANY_EXT_KEY_USAGE || serves(usage))
    }
}

/// Issuers of document certificates write one or several of these.
const DOCUMENT_PURPOSES: [Oid<'static>; 5] = [
    oid::DOCUMENT_SIGNING,
    oid::EMAIL_PROTECTION,
    oid::CLIENT_AUTH,
    oid::ADOBE_DOCUMENT_SIGNING,
    oid::MICROSOFT_DOCUMENT_SIGNING,
];

/// A path from a signer to where it ends.
#[derive(Clone, Debug)]
pub struct Path<'a> {
    /// The signer first; the anchor last where `anchored`.
    pub certificates: Vec<Certificate<'a>>,
    /// Whether the last certificate is a pinned anchor.
    pub anchored: bool,
}

/// A certificate that broke the path, and why.
#[derive(Clone, Debug)]
pub struct BrokenPath {
    /// The subject of the certificate at fault.
    pub subject: String,
    /// What is wrong with it.
    pub problem: PathProblem,
}

/// Finds a path from `leaf` through `pool` to one of `anchors`, all of it right at `time`.
///
/// Where no anchor is reached, the longest consistent path comes back unanchored.
///
/// # Errors
/// Where every way up breaks a rule.
pub fn build<'a>(
    leaf: &Certificate<'a>,
    pool: &[Certificate<'a>],
    anchors: &[Certificate<'a>],
    time: Time,
    verifier: &dyn Verifier,
) -> Result<Path<'a>, BrokenPath> {
    build_for(Purpose::TimeStamping, leaf, pool, anchors, time, verifier)
}

/// The same for another purpose.
///
/// # Errors
/// Where every way up breaks a rule.
pub fn build_for<'a>(
    purpose: Purpose,
    leaf: &Certificate<'a>,
    pool: &[Certificate<'a>],
    anchors: &[Certificate<'a>],
    time: Time,
    verifier: &dyn Verifier,
) -> Result<Path<'a>, BrokenPath> {
    let checks_left = CHECKS_MAX;
    let mut search = Search { purpose, pool, anchors, time, verifier, checks_left, unanchored: None, broken: None };
    if let Err(problem) = check_alone(leaf, time) {
        return Err(broken(leaf, problem));
    }
    if anchors.iter().any(|a| a.der == leaf.der) {
        return Ok(Path { certificates: vec![leaf.clone()], anchored: true });
    }
    let mut path = vec![leaf.clone()];
    if search.climb(&mut path) {
        return Ok(Path { certificates: path, anchored: true });
    }
    match (search.broken, search.unanchored) {
        (Some((_, true, broken)), _) => Err(broken),
        (_, Some(certificates)) => Ok(Path { certificates, anchored: false }),
        (Some((_, false, broken)), None) => Err(broken),
        (None, None) => Ok(Path { certificates: vec![leaf.clone()], anchored: false }),
    }
}

fn broken(certificate: &Certificate<'_>, problem: PathProblem) -> BrokenPath {
    BrokenPath { subject: certificate.subject.to_string(), problem }
}

struct Search<'s, 'a> {
    purpose: Purpose,
    pool: &'s [Certificate<'a>],
    anchors: &'s [Certificate<'a>],
    time: Time,
    verifier: &'s dyn Verifier,
    checks_left: u32,
    unanchored: Option<Vec<Certificate<'a>>>,
    /// The deepest fault so far, and whether it stood at an anchor.
    broken: Option<(usize, bool, BrokenPath)>,
}

impl<'a> Search<'_, 'a> {
    /// Extends `path` to an anchor; false (and `path` as it was) where none is reached.
    fn climb(&mut self, path: &mut Vec<Certificate<'a>>) -> bool {
        let Some(top) = path.last().cloned() else { return false };
        let mut has_candidate = false;
        for (candidates, is_anchor) in [(self.anchors, true), (self.pool, false)] {
            let mut issuers: Vec<&Certificate<'a>> = candidates
                .iter()
                .filter(|c| c.subject.matches(&top.issuer) && !path.iter().any(|p| p.der == c.der))
                .collect();
            // One whose key identifier is the one named comes first; names can be shared.
            let wanted = authority_key_id(&top);
            issuers.sort_by_key(|c| wanted.is_none() || c.subject_key_id() != wanted);
            has_candidate |= !issuers.is_empty();
            for issuer in issuers {
                if path.len() >= DEPTH_MAX || self.checks_left == 0 {
                    self.note(path.len(), is_anchor, broken(issuer, PathProblem::TooCostly));
                    continue;
                }
                if let Err((at_fault, problem)) = self.check_issuer(issuer, path) {
                    let at_fault = if at_fault { issuer } else { &top };
                    self.note(path.len(), is_anchor, broken(at_fault, problem));
                    continue;
                }
                path.push(issuer.clone());
                if is_anchor {
                    return true;
                }
                if self.climb(path) {
                    return true;
                }
                path.pop();
            }
        }
        // Only where nobody claims to be the issuer is this the end of a consistent path.
        if !has_candidate && self.unanchored.as_ref().is_none_or(|best| best.len() < path.len()) {
            self.unanchored = Some(path.clone());
        }
        false
    }

    fn note(&mut self, depth: usize, at_anchor: bool, broken: BrokenPath) {
        if self.broken.as_ref().is_none_or(|(d, a, _)| (at_anchor, depth) > (*a, *d)) {
            self.broken = Some((depth, at_anchor, broken));
        }
    }

    /// Whether `issuer` may stand above `path`. The flag of an error: the issuer is at fault,
    /// not the certificate below it.
    fn check_issuer(&mut self, issuer: &Certificate<'a>, path: &[Certificate<'a>]) -> Result<(), (bool, PathProblem)> {
        let own = |problem| (true, problem);
        check_alone(issuer, self.time).map_err(own)?;
        check_ca(issuer, path, self.purpose).map_err(own)?;
        check_name_constraints(issuer, path).map_err(own)?;
        let Some(child) = path.last() else { return Ok(()) };
        self.checks_left -= 1;
        check_signature(child, issuer, self.verifier).map_err(|problem| (false, problem))
    }
}

/// Rules that a certificate meets or breaks by itself.
fn check_alone(certificate: &Certificate<'_>, time: Time) -> Result<(), PathProblem> {
    if let Some(unknown) = certificate.extensions().iter().find(|e| e.critical && !is_processed(e.oid)) {
        return Err(PathProblem::UnknownCritical(unknown.oid.to_string()));
    }
    if !certificate.is_valid_at(time) {
        return Err(PathProblem::NotValidAt(certificate.not_before, certificate.not_after));
    }
    Ok(())
}

fn is_processed(oid: Oid<'_>) -> bool {
    matches!(
        oid,
        oid::BASIC_CONSTRAINTS
            | oid::KEY_USAGE
            | oid::EXT_KEY_USAGE
            | oid::NAME_CONSTRAINTS
            | oid::SUBJECT_ALT_NAME
            | oid::CERTIFICATE_POLICIES
            | oid::SUBJECT_KEY_ID
            | oid::AUTHORITY_KEY_ID
    )
}

fn check_ca(issuer: &Certificate<'_>, path: &[Certificate<'_>], purpose: Purpose) -> Result<(), PathProblem> {
    let malformed = |_: DerError| PathProblem::Malformed;
    let constraints = issuer.basic_constraints().map_err(malformed)?;
    // A root of version 1 has no extensions to say so; it can only be an anchor, and is pinned.
    let is_old_root = issuer.extensions().is_empty() && issuer.is_self_issued();
    if !(constraints.is_ca || is_old_root) {
        return Err(PathProblem::NotCa);
    }
    if issuer.key_usage().map_err(malformed)?.is_some_and(|bits| bits & key_usage::KEY_CERT_SIGN == 0) {
        return Err(PathProblem::NoCertSign);
    }
    if let Some(purposes) = issuer.extended_key_usage().map_err(malformed)?
        && !purpose.is_served_by(&purposes)
    {
        return Err(PathProblem::OtherPurpose);
    }
    let cas_below = path.iter().skip(1).filter(|c| !c.is_self_issued()).count() as u64;
    if constraints.path_length.is_some_and(|most| cas_below > most) {
        return Err(PathProblem::PathTooLong);
    }
    Ok(())
}

/// Checks the signature of `issuer` over `certificate`.
pub(crate) fn check_signature(
    certificate: &Certificate<'_>,
    issuer: &Certificate<'_>,
    verifier: &dyn Verifier,
) -> Result<(), PathProblem> {
    let algorithm = SignatureAlgorithm::from_identifier(&certificate.signature_algorithm, None)
        .ok_or(PathProblem::UnsupportedSignature)?;
    if algorithm.digest().is_some_and(|d| !d.is_collision_resistant()) {
        return Err(PathProblem::WeakSignature);
    }
    let key = issuer.public_key().map_err(|_| PathProblem::UnsupportedSignature)?;
    crypto::verify(verifier, algorithm, &key, certificate.tbs, certificate.signature).map_err(|e| match e {
        SignatureError::Mismatch => PathProblem::BadSignature,
        SignatureError::Unsupported => PathProblem::UnsupportedSignature,
    })
}

fn authority_key_id<'a>(certificate: &Certificate<'a>) -> Option<&'a [u8]> {
    let value = certificate.extension(oid::AUTHORITY_KEY_ID)?.value;
    let mut fields = Element::parse(value).ok()?.inside(tag::SEQUENCE).ok()?;
    fields.optional(tag::context(0)).ok()?.map(|e| e.content)
}

/// nameConstraints for directory names. Names of another kind that a constraint speaks of
/// cannot be judged here, and so are refused.
fn check_name_constraints(issuer: &Certificate<'_>, path: &[Certificate<'_>]) -> Result<(), PathProblem> {
    let Some(extension) = issuer.extension(oid::NAME_CONSTRAINTS) else { return Ok(()) };
    let (permitted, excluded) = read_name_constraints(extension.value).map_err(|_| PathProblem::Malformed)?;
    for (i, certificate) in path.iter().enumerate() {
        if i > 0 && certificate.is_self_issued() {
            continue;
        }
        let others = certificate.subject_alt_names().map_err(|_| PathProblem::Malformed)?;
        let has_email = certificate.subject.attribute(oid::EMAIL_ADDRESS).is_some();
        let mut names = vec![certificate.subject];
        for other in &others {
            if other.tag == DIRECTORY_NAME {
                names.push(Name::parse(other.content).map_err(|_| PathProblem::Malformed)?);
            }
        }
        let spoken_of = |tag: u8| permitted.iter().chain(&excluded).any(|base| base.tag == tag);
        let unjudged = others.iter().any(|o| o.tag != DIRECTORY_NAME && spoken_of(o.tag));
        if unjudged || (has_email && spoken_of(RFC822_NAME)) {
            return Err(PathProblem::NameConstraints);
        }
        let within = |list: &[Element<'_>], name: &Name<'_>| {
            list.iter().any(|base| {
                base.tag == DIRECTORY_NAME && Name::parse(base.content).is_ok_and(|base| name.is_within(&base))
            })
        };
        let names: Vec<_> = names.into_iter().filter(|n| !n.is_empty()).collect();
        if names.iter().any(|n| within(&excluded, n)) {
            return Err(PathProblem::NameConstraints);
        }
        if spoken_of_directories(&permitted) && !names.iter().all(|n| within(&permitted, n)) {
            return Err(PathProblem::NameConstraints);
        }
    }
    Ok(())
}

fn spoken_of_directories(bases: &[Element<'_>]) -> bool {
    bases.iter().any(|base| base.tag == DIRECTORY_NAME)
}

const RFC822_NAME: u8 = tag::context(1);
const DIRECTORY_NAME: u8 = tag::context_constructed(4);

type Subtrees<'a> = Vec<Element<'a>>;

fn read_name_constraints(value: &[u8]) -> Result<(Subtrees<'_>, Subtrees<'_>), DerError> {
    let mut fields = Element::parse(value)?.inside(tag::SEQUENCE)?;
    let mut read = |n: u8| -> Result<Subtrees<'_>, DerError> {
        let mut bases = Vec::new();
        if let Some(list) = fields.optional(tag::context_constructed(n))? {
            let mut list = Reader::new(list.content);
            while !list.is_empty() {
                if bases.len() == 256 {
                    return Err(DerError::TooLarge("name constraints"));
                }
                let mut subtree = list.sequence()?;
                bases.push(subtree.any()?);
                // minimum must be 0 and maximum absent (RFC 5280 section 4.2.1.10).
                subtree.finish()?;
            }
        }
        Ok(bases)
    };
    let lists = (read(0)?, read(1)?);
    fields.finish()?;
    Ok(lists)
}
