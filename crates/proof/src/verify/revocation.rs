//! Whether a certificate of the path was revoked, and what that does to the token.
//!
//! The newest list that its issuer signed decides; it may have come with the
//! token or been supplied. RFC 3161 section 4: a revocation for a harmless
//! reason spares tokens from before it; any other, or none given, takes force
//! from all tokens of the key.

use super::{Context, FUTURE_TOLERANCE_S, Findings};
use crate::der::Time;
use crate::report::Code;
use crate::x509::crl::{Crl, Reason};
use crate::x509::path::Path;

pub(super) fn check(path: &Path<'_>, gen_time: Time, embedded: &[&[u8]], cx: &Context<'_>, findings: &mut Findings) {
    let supplied = cx.crls.iter().map(Vec::as_slice);
    let mut lists = Vec::new();
    for der in embedded.iter().copied().chain(supplied) {
        match Crl::parse(der) {
            Ok(list) => lists.push(list),
            Err(_) => findings.add(Code::RevocationListMalformed),
        }
    }
    for pair in path.certificates.windows(2) {
        let [certificate, issuer] = pair else { continue };
        let subject = || ("subject", certificate.subject.to_string());
        let newest = lists
            .iter()
            .filter(|l| l.this_update <= cx.now.plus_s(FUTURE_TOLERANCE_S) && l.is_from(issuer, cx.verifier))
            .max_by_key(|l| l.this_update);
        let Some(list) = newest else {
            findings.with(Code::NoRevocationData, [subject()]);
            continue;
        };
        if let Some(due) = list.next_update.filter(|due| *due < cx.now) {
            let date = list.this_update.to_string();
            findings.with(Code::RevocationDataOld, [("date", date), ("due", due.to_string())]);
        }
        match list.revocation(certificate.serial) {
            Err(_) => {
                findings.add(Code::RevocationListMalformed);
                findings.with(Code::NoRevocationData, [subject()]);
            }
            Ok(None) => findings.with(Code::NotRevoked, [subject(), ("date", list.this_update.to_string())]),
            Ok(Some(revocation)) => {
                let spared = revocation.reason.is_some_and(Reason::spares_earlier_tokens) && gen_time < revocation.date;
                let code = if spared { Code::RevokedLater } else { Code::Revoked };
                let reason = revocation.reason.map_or("—", Reason::name).to_owned();
                findings.with(code, [subject(), ("date", revocation.date.to_string()), ("reason", reason)]);
            }
        }
    }
}
