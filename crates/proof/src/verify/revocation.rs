//! Whether a certificate of the path was revoked, and what that does to what it signed.
//!
//! The newest word of its issuer decides, a list's or an OCSP response's; it may have
//! come with the token or been supplied. RFC 3161 section 4: a revocation for a harmless
//! reason spares tokens from before it; any other, or none given, takes force from all
//! tokens of the key. It does not from one that others saw in the log before: whoever
//! has the key can make tokens, but not one that was there already.

use super::{Context, FUTURE_TOLERANCE_S, Findings};
use crate::der::Time;
use crate::report::{Code, TokenFacts};
use crate::x509::Certificate;
use crate::x509::crl::{Crl, Reason, Revocation};
use crate::x509::ocsp::{OcspResponse, Status};
use crate::x509::path::Path;

/// What issuers said, read.
#[derive(Default)]
struct Supplied<'a> {
    lists: Vec<(&'a [u8], Crl<'a>)>,
    responses: Vec<OcspResponse<'a>>,
}

/// What the issuer said last of one certificate.
struct Word {
    date: Time,
    due: Option<Time>,
    revocation: Option<Revocation>,
}

/// A certificate that was revoked, before it is judged.
pub(crate) struct Revoked {
    /// Whose it is.
    pub(crate) subject: String,
    /// What its issuer says.
    pub(crate) revocation: Revocation,
}

impl Revoked {
    /// The reason's name.
    pub(crate) fn reason(&self) -> String {
        self.revocation.reason.map_or("—", Reason::name).to_owned()
    }
}

impl<'a> Supplied<'a> {
    fn read(embedded: &[&'a [u8]], cx: &Context<'a>, findings: &mut Findings) -> Self {
        let mut supplied = Self::default();
        for der in embedded.iter().copied().chain(cx.crls.iter().map(Vec::as_slice)) {
            if let Ok(list) = Crl::parse(der) {
                supplied.lists.push((der, list));
            } else if let Ok(response) = OcspResponse::parse(der) {
                supplied.responses.push(response);
            } else {
                findings.add(Code::RevocationListMalformed);
            }
        }
        supplied
    }

    fn newest(
        &self,
        certificate: &Certificate<'_>,
        issuer: &Certificate<'_>,
        cx: &Context<'_>,
        findings: &mut Findings,
    ) -> Option<Word> {
        let is_past = |time: Time| time <= cx.now.plus_s(FUTURE_TOLERANCE_S);
        let mut words = Vec::new();
        let own = |list: &Crl<'_>| is_past(list.this_update) && list.issuer.matches(&issuer.subject);
        for (der, list) in self.lists.iter().filter(|(_, list)| own(list)) {
            let is_from = || list.is_from(issuer, cx.verifier);
            if !cx.memo.map_or_else(is_from, |memo| memo.list(der, issuer, is_from)) {
                continue;
            }
            match list.revocation(certificate.serial) {
                Ok(revocation) => words.push(Word { date: list.this_update, due: list.next_update, revocation }),
                Err(_) => findings.add(Code::RevocationListMalformed),
            }
        }
        for response in self.responses.iter().filter(|r| is_past(r.produced_at)) {
            let Some(answer) = response.about(issuer, certificate.serial) else { continue };
            if !is_past(answer.this_update) || !response.is_from(issuer, cx.verifier) {
                continue;
            }
            let revocation = match answer.status {
                Status::Good => None,
                Status::Revoked(revocation) => Some(revocation),
                Status::Unknown => continue,
            };
            words.push(Word { date: answer.this_update, due: answer.next_update, revocation });
        }
        // At the same moment, the one that says more.
        words.into_iter().max_by_key(|word| (word.date, word.revocation.is_some()))
    }
}

pub(super) fn check(
    path: &Path<'_>,
    gen_time: Time,
    embedded: &[&[u8]],
    cx: &Context<'_>,
    facts: &TokenFacts,
    findings: &mut Findings,
) {
    for revoked in revoked(path, embedded, cx, findings) {
        let (revocation, reason) = (revoked.revocation, ("reason", revoked.reason()));
        let subject = ("subject", revoked.subject);
        let date = ("date", revocation.date.to_string());
        let is_harmless = revocation.reason.is_some_and(Reason::spares_earlier_tokens);
        let witnessed = facts.independent.as_ref().filter(|seen| seen.time < revocation.takes_force_from());
        match witnessed {
            _ if is_harmless && gen_time < revocation.date => {
                findings.with(Code::RevokedLater, [subject, date, reason]);
            }
            Some(seen) => {
                let seen = [("authority", seen.authority.clone()), ("time", seen.time.to_string())];
                let [authority, time] = seen;
                findings.with(Code::RevokedButWitnessed, [subject, date, reason, authority, time]);
            }
            None => findings.with(Code::Revoked, [subject, date, reason]),
        }
    }
}

/// Looks up each certificate below the end of the path, notes what is known of it, and returns
/// those that were revoked.
pub(crate) fn revoked(path: &Path<'_>, embedded: &[&[u8]], cx: &Context<'_>, findings: &mut Findings) -> Vec<Revoked> {
    let supplied = Supplied::read(embedded, cx, findings);
    let mut revoked = Vec::new();
    for pair in path.certificates.windows(2) {
        let [certificate, issuer] = pair else { continue };
        let subject = || ("subject", certificate.subject.to_string());
        let Some(word) = supplied.newest(certificate, issuer, cx, findings) else {
            findings.with(Code::NoRevocationData, [subject()]);
            continue;
        };
        if let Some(due) = word.due.filter(|due| *due < cx.now) {
            let date = word.date.to_string();
            findings.with(Code::RevocationDataOld, [("date", date), ("due", due.to_string())]);
        }
        match word.revocation {
            None => findings.with(Code::NotRevoked, [subject(), ("date", word.date.to_string())]),
            Some(revocation) => revoked.push(Revoked { subject: certificate.subject.to_string(), revocation }),
        }
    }
    revoked
}
