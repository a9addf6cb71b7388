//! The CMS of a signature whose content is elsewhere (RFC 5652, ETSI EN 319 122-1 and 319 142-1
//! section 6.3): contentType, messageDigest and signingCertificateV2, and no signing time.

use super::SignatureError;
use proof::cms;
use proof::der::{DerError, Element, Writer, tag};
use proof::digest::{Digest, DigestAlgorithm};
use proof::oid::{self, Oid};
use proof::x509::Certificate;

/// The signed attributes as a SET in DER: what is to be signed.
pub(super) fn attributes(digest: &Digest, signer: &Certificate<'_>) -> Vec<u8> {
    let mut w = Writer::new();
    w.set_of(vec![
        attribute(oid::CONTENT_TYPE, &|w| w.oid(oid::DATA)),
        attribute(oid::MESSAGE_DIGEST, &|w| w.octets(digest.as_bytes())),
        attribute(oid::SIGNING_CERTIFICATE_V2, &|w| cms::write_signing_certificate_v2(w, signer)),
    ]);
    w.into_bytes()
}

fn attribute(oid: Oid<'_>, fill: &dyn Fn(&mut Writer)) -> Vec<u8> {
    let mut w = Writer::new();
    w.sequence(|w| {
        w.oid(oid);
        w.set(|w| fill(w));
    });
    w.into_bytes()
}

/// ContentInfo with SignedData version 1 and one signer.
pub(super) fn signed_data(
    chain: &[Vec<u8>],
    algorithm: DigestAlgorithm,
    signature_algorithm: &[u8],
    attributes: &[u8],
    signature: &[u8],
) -> Result<Vec<u8>, DerError> {
    let signer = Certificate::parse(chain.first().ok_or(DerError::Truncated)?)?;
    // The same bytes under the IMPLICIT tag: skip the SET's header.
    let attributes = Element::parse(attributes)?.content;
    let mut sorted: Vec<&Vec<u8>> = chain.iter().collect();
    sorted.sort();
    sorted.dedup();
    let mut w = Writer::new();
    w.sequence(|w| {
        w.oid(oid::SIGNED_DATA);
        w.nested(tag::context_constructed(0), |w| {
            w.sequence(|w| {
                w.integer_u64(1);
                w.set(|w| w.algorithm(algorithm.oid(), false));
                w.sequence(|w| w.oid(oid::DATA));
                w.nested(tag::context_constructed(0), |w| sorted.iter().for_each(|c| w.raw(c)));
                w.set(|w| {
                    w.sequence(|w| {
                        w.integer_u64(1);
                        w.sequence(|w| {
                            w.raw(signer.issuer.der());
                            w.integer(signer.serial.as_bytes());
                        });
                        w.algorithm(algorithm.oid(), false);
                        w.nested(tag::context_constructed(0), |w| w.raw(attributes));
                        w.raw(signature_algorithm);
                        w.octets(signature);
                    });
                });
            });
        });
    });
    Ok(w.into_bytes())
}

/// The same with a timestamp over its signature value, in place of any that it has.
pub(super) fn with_timestamp(cms: &[u8], token: &[u8]) -> Result<Vec<u8>, DerError> {
    let attribute = attribute(oid::SIGNATURE_TIME_STAMP, &|w| w.raw(token));
    cms::replace_unsigned(cms, oid::SIGNATURE_TIME_STAMP, Some(&attribute))
}

/// The token in a token or a response, where it stamps what `digest` finds under its algorithm.
pub(super) fn token_over(
    bytes: &[u8],
    digest: impl FnOnce(DigestAlgorithm) -> Digest,
) -> Result<Vec<u8>, SignatureError> {
    let token = proof::verify::token_der(bytes).map_err(SignatureError::Token)?;
    let stamped = proof::verify::imprint(&token).ok_or(SignatureError::Token(DerError::BadValue("token")))?;
    if !stamped.algorithm().is_collision_resistant() || digest(stamped.algorithm()) != stamped {
        return Err(SignatureError::OtherImprint);
    }
    Ok(token.into_owned())
}
