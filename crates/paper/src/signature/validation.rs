//! What is needed to check the signatures of a file later, put into the file: the document security
//! store (ETSI EN 319 142-1 section 5.4.2, ISO 32000-2 section 12.8.4.3).

use super::SignatureError;
use super::update::{Body, Update};
use super::write;
use proof::der::DerError;
use proof::digest::DigestAlgorithm;
use proof::pdf::{self, Dictionary, Object, Reference};
use proof::x509::Certificate;
use proof::x509::crl::Crl;
use proof::x509::ocsp::OcspResponse;
use std::collections::BTreeMap;

/// Adds certificates, revocation lists and OCSP responses (all in DER) to the file's store, each once,
/// and names them for every signature and timestamp that had none named yet.
///
/// # Errors
/// Where the file cannot be read, nothing is given, or something given cannot be read.
pub fn with_validation_data(
    pdf: &[u8],
    certificates: &[Vec<u8>],
    crls: &[Vec<u8>],
    ocsps: &[Vec<u8>],
) -> Result<Vec<u8>, SignatureError> {
    check(certificates, crls, ocsps)?;
    let mut update = Update::new(pdf)?;
    let (root, mut catalog) = update.catalog()?;
    let place = catalog.get("DSS").and_then(Object::reference);
    let store = update.file.value(&catalog, "DSS")?;
    let is_there = store.dictionary().is_some();
    let mut store = store.dictionary().cloned().unwrap_or_default();
    store.set("Type", write::named("DSS"));
    let mut named = Dictionary::new();
    for (key, own_key, values) in [("Certs", "Cert", certificates), ("CRLs", "CRL", crls), ("OCSPs", "OCSP", ocsps)] {
        let references = add(&mut update, &mut store, key, values)?;
        if !references.is_empty() {
            named.set(own_key, Object::Array(references));
        }
    }
    name_for_signatures(&update, &mut store, &named)?;
    match place.filter(|_| is_there) {
        Some(place) => update.put_dictionary(place, store),
        None => {
            let place = update.add(Body::Object(Object::Dictionary(store)))?;
            catalog.set("DSS", Object::Reference(place));
            update.put_dictionary(root, catalog);
        }
    }
    Ok(update.finish()?.bytes)
}

fn check(certificates: &[Vec<u8>], crls: &[Vec<u8>], ocsps: &[Vec<u8>]) -> Result<(), SignatureError> {
    if certificates.is_empty() && crls.is_empty() && ocsps.is_empty() {
        return Err(SignatureError::NothingGiven);
    }
    let all = |values: &[Vec<u8>], read: &dyn Fn(&[u8]) -> Result<(), DerError>| {
        values.iter().try_for_each(|value| read(value))
    };
    all(certificates, &|der| Certificate::parse(der).map(drop)).map_err(SignatureError::Certificate)?;
    all(crls, &|der| Crl::parse(der).map(drop)).map_err(SignatureError::RevocationData)?;
    all(ocsps, &|der| OcspResponse::parse(der).map(drop)).map_err(SignatureError::RevocationData)
}

/// Adds what one list of the store does not have, and returns where all that was given stands.
fn add(
    update: &mut Update<'_>,
    store: &mut Dictionary,
    key: &str,
    values: &[Vec<u8>],
) -> Result<Vec<Object>, SignatureError> {
    let mut list = update.file.value(store, key)?.array().map(<[Object]>::to_vec).unwrap_or_default();
    let mut known: BTreeMap<Vec<u8>, Reference> = BTreeMap::new();
    for reference in list.iter().filter_map(Object::reference) {
        let bytes = update.file.stream(&update.file.object(reference)?)?;
        known.entry(bytes).or_insert(reference);
    }
    let mut given = Vec::new();
    for value in values {
        let reference = match known.get(value) {
            Some(reference) => *reference,
            None => {
                let reference = update.add(Body::Stream(value.clone()))?;
                list.push(Object::Reference(reference));
                known.insert(value.clone(), reference);
                reference
            }
        };
        if !given.contains(&Object::Reference(reference)) {
            given.push(Object::Reference(reference));
        }
    }
    if !list.is_empty() {
        store.set(key, Object::Array(list));
    }
    Ok(given)
}

/// VRI: one entry for each signature, under the SHA-1 of its Contents; a name, and no protection.
fn name_for_signatures(update: &Update<'_>, store: &mut Dictionary, named: &Dictionary) -> Result<(), SignatureError> {
    let file = &update.file;
    let mut entries = file.value(store, "VRI")?.dictionary().cloned().unwrap_or_default();
    for field in pdf::fields(file)? {
        let Some(value) = field.value else { continue };
        let value = file.resolve(&value)?;
        let contents = value.dictionary().and_then(|v| v.get("Contents")).and_then(Object::string);
        let Some(contents) = contents else { continue };
        let key = DigestAlgorithm::Sha1.digest(&contents.bytes).to_string().to_ascii_uppercase();
        if entries.get(&key).is_none() {
            entries.set(&key, Object::Dictionary(named.clone()));
        }
    }
    if !entries.is_empty() {
        store.set("VRI", Object::Dictionary(entries));
    }
    Ok(())
}
