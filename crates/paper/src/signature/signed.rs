//! A signature in its phases: prepared, signed, and with its timestamp or without.

use super::SignatureError;
use super::cms;
use super::container::{Container, Placeholder};
use super::field;
use super::update::Update;
use super::write;
use proof::der::{DerError, Element, Time, tag};
use proof::digest::{Digest, DigestAlgorithm};
use proof::x509::Certificate;

/// What a signature is made of beside the file.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    /// The field's name, unique in the file; an unsigned field of that name is used.
    pub name: &'a str,
    /// The signer's certificate and those above it, in DER, the signer first.
    pub chain: &'a [Vec<u8>],
    /// The digest of the document.
    pub digest: DigestAlgorithm,
    /// The algorithm of the signature: an AlgorithmIdentifier in DER.
    pub signature_algorithm: &'a [u8],
    /// When the signer says the signature is made; no proof of it.
    pub time: Time,
    /// Why it is signed; left out where empty.
    pub reason: &'a str,
    /// Where it is signed; left out where empty.
    pub location: &'a str,
    /// The signer's name as it is to be shown; left out where empty.
    pub signer: &'a str,
    /// Room for the signature in bytes, [`super::RESERVE_BYTES`] where nothing else is known.
    pub reserve: usize,
}

/// A file in which only the signature is missing.
#[derive(Clone, Debug)]
pub struct Prepared {
    container: Container,
    chain: Vec<Vec<u8>>,
    digest: DigestAlgorithm,
    signature_algorithm: Vec<u8>,
    attributes: Vec<u8>,
}

/// A file and its signature, before they are joined.
#[derive(Clone, Debug)]
pub struct Signed {
    container: Container,
    cms: Vec<u8>,
    signature: Vec<u8>,
}

/// Adds a revision with a signature field on the first page, and room for the signature.
///
/// # Errors
/// Where the file cannot be read, the field cannot stand in it, or what is given cannot be used.
pub fn prepare(pdf: &[u8], field: &Field<'_>) -> Result<Prepared, SignatureError> {
    let signer = field.chain.first().ok_or(SignatureError::Certificate(DerError::Truncated))?;
    for certificate in field.chain {
        Certificate::parse(certificate).map_err(SignatureError::Certificate)?;
    }
    let algorithm = Element::parse(field.signature_algorithm).and_then(|e| e.inside(tag::SEQUENCE)?.oid());
    if algorithm.is_err() || !field.digest.is_collision_resistant() {
        return Err(SignatureError::Algorithm);
    }
    let mut update = Update::new(pdf)?;
    let signature = update.reserve()?;
    field::place(&mut update, field.name, signature)?;
    let mut dictionary = write::entries([
        ("Type", write::named("Sig")),
        ("Filter", write::named("Adobe.PPKLite")),
        ("SubFilter", write::named("ETSI.CAdES.detached")),
        ("M", write::text(&format!("D:{}", field.time.truncate_to_second().to_generalized()))),
    ]);
    for (key, value) in [("Reason", field.reason), ("Location", field.location), ("Name", field.signer)] {
        if !value.is_empty() {
            dictionary.set(key, write::text(value));
        }
    }
    let container = Container::new(update, signature, Placeholder::new(&dictionary, field.reserve))?;
    let certificate = Certificate::parse(signer).map_err(SignatureError::Certificate)?;
    let attributes = cms::attributes(&container.digest(field.digest), &certificate);
    Ok(Prepared {
        container,
        chain: field.chain.to_vec(),
        digest: field.digest,
        signature_algorithm: field.signature_algorithm.to_vec(),
        attributes,
    })
}

impl Prepared {
    /// What is to be signed: the signed attributes as a SET in DER.
    #[must_use]
    pub fn attributes(&self) -> &[u8] {
        &self.attributes
    }

    /// With the signature over [`Self::attributes`]; whether it holds is for whoever made it to check.
    ///
    /// # Errors
    /// Where the signer's certificate cannot be read, which [`prepare`] has seen to.
    pub fn signed(self, signature: Vec<u8>) -> Result<Signed, SignatureError> {
        let Self { container, chain, digest, signature_algorithm, attributes } = self;
        let cms = cms::signed_data(&chain, digest, &signature_algorithm, &attributes, &signature)
            .map_err(SignatureError::Certificate)?;
        Ok(Signed { container, cms, signature })
    }
}

impl Signed {
    /// What a timestamp is to be over: the digest of the signature value.
    #[must_use]
    pub fn imprint(&self, algorithm: DigestAlgorithm) -> Digest {
        algorithm.digest(&self.signature)
    }

    /// The file at level B-B, without a proven time.
    ///
    /// # Errors
    /// Where the signature does not fit in the room kept for it.
    pub fn plain(self) -> Result<Vec<u8>, SignatureError> {
        self.container.filled(&self.cms)
    }

    /// The file at level B-T, with this token (or the response that carries it) in the signature.
    ///
    /// # Errors
    /// Where it is no token, is over something else, or does not fit in the room kept for it.
    pub fn stamped(self, token: &[u8]) -> Result<Vec<u8>, SignatureError> {
        let token = cms::token_over(token, |algorithm| self.imprint(algorithm))?;
        let cms = cms::with_timestamp(&self.cms, &token).map_err(SignatureError::Token)?;
        self.container.filled(&cms)
    }
}
