//! Revocation as an issuer tells it: lists (RFC 5280) and answers (RFC 6960).

use crate::TrustError;
use crate::certificates::sign;
use crate::instance::{Held, Instance, Issued, Revoked};
use crate::keys::SigningKey;
use proof::der::Time;
use proof::x509::crl::{NewEntry, encode_tbs};
use proof::x509::ocsp::{CertificateId, OcspFailure, OcspRequest, Status, encode_data, encode_response};
use store::Db;

const DAY_S: i64 = 86_400;
/// An issuing CA's list is good for this long, and renewed each day.
pub const ISSUING_LIST_S: i64 = 7 * DAY_S;
/// A root's list is good for this long: its key is far away.
pub const ROOT_LIST_S: i64 = 400 * DAY_S;
/// An answer is good for this long.
const ANSWER_S: i64 = DAY_S;

/// Issues the next list of `issuer`, which holds all that was revoked, and keeps it.
pub(crate) async fn issue_list(
    db: &Db,
    issuer: &Held,
    key: &SigningKey,
    now: Time,
    good_s: i64,
) -> Result<Issued, TrustError> {
    let id = issuer.issuer_id()?;
    let revoked = Instance::revoked(db, &id).await?;
    let entries: Vec<NewEntry<'_>> =
        revoked.iter().map(|r| NewEntry { serial: &r.serial, revocation: r.revocation }).collect();
    let number = Instance::crl(db, &id).await?.map_or(1, |newest| newest.number + 1);
    let (this, due) = (now.truncate_to_second(), now.truncate_to_second().plus_s(good_s));
    let algorithm = key.algorithm().signature_identifier();
    let tbs = encode_tbs(&issuer.certificate()?, &algorithm, number.unsigned_abs(), this, due, &entries);
    let der = sign(&tbs, key)?;
    let sql = "insert into crl (issuer, number, der, due_s) values ($1, $2, $3, $4)";
    db.execute(sql, &[id.into(), number.into(), der.as_slice().into(), due.unix_s().into()]).await?;
    Ok(Issued { number, der, due })
}

/// An issuing CA, ready to answer for its certificates.
pub struct Responder {
    issuer: Held,
    key: SigningKey,
    /// The serial numbers of all it issued.
    issued: Vec<Vec<u8>>,
    revoked: Vec<Revoked>,
}

impl Responder {
    /// A responder for `issuer` that knows these certificates of its.
    pub(crate) fn new(issuer: Held, key: SigningKey, issued: Vec<Vec<u8>>, revoked: Vec<Revoked>) -> Self {
        Self { issuer, key, issued, revoked }
    }

    fn status(&self, id: &CertificateId<'_>) -> Status {
        let serial = id.serial();
        if let Some(revoked) = self.revoked.iter().find(|r| r.serial == serial.as_bytes()) {
            return Status::Revoked(revoked.revocation);
        }
        // What it never issued is not good, whoever made it (RFC 6960 section 2.2).
        if self.issued.iter().any(|known| known == serial.as_bytes()) { Status::Good } else { Status::Unknown }
    }

    fn answer(&self, request: &OcspRequest<'_>, now: Time) -> Result<Option<Vec<u8>>, TrustError> {
        let certificate = self.issuer.certificate()?;
        let own = request.certificates.iter().filter(|id| id.is_of(&certificate));
        let answers: Vec<_> = own.map(|id| (*id, self.status(id))).collect();
        // All of a request must be for one issuer: the signature is one.
        if answers.is_empty() || answers.len() != request.certificates.len() {
            return Ok(None);
        }
        let data = encode_data(&certificate, &answers, request.nonce, now, now.plus_s(ANSWER_S));
        let signature = self.key.sign(&data)?;
        Ok(Some(encode_response(&data, &self.key.algorithm().signature_identifier(), &signature)))
    }
}

/// Answers one request by the responder whom it is for.
#[must_use]
pub fn respond(responders: &[Responder], body: &[u8], now: Time) -> Vec<u8> {
    let Ok(request) = OcspRequest::parse(body) else { return OcspFailure::MalformedRequest.encode() };
    for responder in responders {
        match responder.answer(&request, now) {
            Ok(Some(response)) => return response,
            Ok(None) => {}
            Err(_) => return OcspFailure::InternalError.encode(),
        }
    }
    OcspFailure::Unauthorized.encode()
}
