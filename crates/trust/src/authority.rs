//! An instance with its keys: what may sign.

use crate::TrustError;
use crate::certificates::{self, Role};
use crate::instance::{self, Held, Instance, Issued, SealChain, Suite};
use crate::keys::{Keystore, SigningKey};
use crate::ledger::LogKey;
use crate::revocation::{ISSUING_LIST_S, Responder, issue_list};
use crate::seal::{DocumentSeal, NoSeal};
use crate::storage::Storage;
use proof::der::Time;
use std::path::Path;
use std::sync::Arc;

/// An issuing CA's list is renewed when it is this old.
const LIST_RENEWED_S: i64 = 86_400;

/// One suite, ready to sign tokens.
#[derive(Debug)]
pub struct Signer {
    /// Its certificates.
    pub suite: Suite,
    /// The key of its TSA certificate.
    pub key: SigningKey,
    /// The newest revocation lists of the issuing CA and the root.
    pub crls: Vec<Vec<u8>>,
}

/// An instance that may sign.
#[derive(Debug)]
pub struct Authority {
    /// What it is.
    pub instance: Instance,
    /// Its suites, the main one first.
    pub signers: Vec<Signer>,
    /// The key of the log that every token goes into.
    pub log: Arc<LogKey>,
    /// What signs its documents, or why nothing does; timestamps do not depend on it.
    pub seal: Result<DocumentSeal, NoSeal>,
}

impl Authority {
    /// Opens the instance in `folder` and checks that its tokens will verify. Issuing CAs whose
    /// list is a day old issue the next one.
    pub async fn open(folder: &Path, storage: &Storage, now: Time) -> Result<Self, TrustError> {
        let instance = Instance::open(folder).await?;
        let keystore = instance::keystore(folder, storage)?;
        let log = Arc::new(log_key(&instance, &keystore)?);
        let db = Instance::database(folder).await?;
        let opened = async {
            let mut signers = Vec::new();
            for suite in &instance.suites {
                let key = keystore.open(suite.algorithm, &suite.tsa.place)?;
                let checked = certificates::check(&suite.chain(), &suite.root.der, &key, now);
                checked.map_err(|fault| TrustError::Broken(format!("{}: {}", suite.algorithm, fault.remedy())))?;
                let crls = newest_lists(&db, [&suite.issuing, &suite.root], &keystore, now).await?;
                signers.push(Signer { suite: suite.clone(), key, crls });
            }
            let seal = match &instance.seal {
                Some(chain) => open_seal(&db, chain, &keystore, now).await?,
                None => Err(NoSeal::of_none(instance.suites.iter().map(|suite| suite.algorithm))),
            };
            Ok::<_, TrustError>((signers, seal))
        };
        let opened = opened.await;
        db.close().await;
        let (signers, seal) = opened?;
        Ok(Self { signers, instance, log, seal })
    }
}

/// The seal with its key and the newest lists, or what is wrong with it.
async fn open_seal(
    db: &store::Db,
    chain: &SealChain,
    keystore: &Keystore,
    now: Time,
) -> Result<Result<DocumentSeal, NoSeal>, TrustError> {
    for (held, issuer) in [(&chain.seal, &chain.issuing), (&chain.issuing, &chain.root)] {
        let revoked = Instance::revoked(db, &issuer.issuer_id()?).await?;
        if revoked.iter().any(|one| one.fingerprint == held.fingerprint()) {
            return Ok(Err(NoSeal::Revoked));
        }
    }
    let key = match keystore.open(chain.seal.algorithm, &chain.seal.place) {
        Ok(key) => key,
        Err(error) => return Ok(Err(NoSeal::NoKey(error.to_string()))),
    };
    let crls = newest_lists(db, [&chain.issuing, &chain.root], keystore, now).await?;
    Ok(DocumentSeal::open(chain, key, crls, now))
}

/// The newest lists of an issuing CA and its root.
async fn newest_lists(
    db: &store::Db,
    [issuing, root]: [&Held; 2],
    keystore: &Keystore,
    now: Time,
) -> Result<Vec<Vec<u8>>, TrustError> {
    let lists = [current_list(db, issuing, keystore, now).await?, Instance::crl(db, &root.issuer_id()?).await?];
    Ok(lists.into_iter().flatten().map(|list| list.der).collect())
}

/// The newest list of an issuing CA, which issues one where there is none or it is a day old.
async fn current_list(
    db: &store::Db,
    issuing: &Held,
    keystore: &Keystore,
    now: Time,
) -> Result<Option<Issued>, TrustError> {
    let newest = Instance::crl(db, &issuing.issuer_id()?).await?;
    let is_young = newest.as_ref().is_some_and(|list| {
        let made_s = list.due.unix_s() - ISSUING_LIST_S;
        (0..LIST_RENEWED_S).contains(&(now.unix_s() - made_s))
    });
    if is_young || !keystore.has(issuing.algorithm, &issuing.place) {
        return Ok(newest);
    }
    let key = keystore.open(issuing.algorithm, &issuing.place)?;
    issue_list(db, issuing, &key, now, ISSUING_LIST_S).await.map(Some)
}

/// The lists of all issuers of the instance, each with the name of its file, for whoever asks.
pub async fn lists(folder: &Path) -> Result<Vec<(String, Issued)>, TrustError> {
    let instance = Instance::open(folder).await?;
    let db = Instance::database(folder).await?;
    let read = async {
        let mut lists = Vec::new();
        for issuer in instance.certificates.iter().filter(|c| c.role.is_ca()) {
            let id = issuer.issuer_id()?;
            lists.extend(Instance::crl(&db, &id).await?.map(|list| (id, list)));
        }
        Ok(lists)
    };
    let read = read.await;
    db.close().await;
    read
}

/// What answers for the certificates of the issuing CAs whose keys are here.
pub async fn responders(folder: &Path, storage: &Storage) -> Result<Vec<Responder>, TrustError> {
    let instance = Instance::open(folder).await?;
    let keystore = instance::keystore(folder, storage)?;
    let db = Instance::database(folder).await?;
    let read = async {
        let mut responders = Vec::new();
        for issuing in instance.certificates.iter().filter(|c| c.role == Role::Issuing && c.has_key()) {
            if !keystore.has(issuing.algorithm, &issuing.place) {
                continue;
            }
            let key = keystore.open(issuing.algorithm, &issuing.place)?;
            let mut issued = Vec::new();
            for held in instance.certificates.iter().filter(|c| !c.role.is_ca()) {
                if held.is_from(issuing)? {
                    issued.push(held.certificate()?.serial.as_bytes().to_vec());
                }
            }
            let revoked = Instance::revoked(&db, &issuing.issuer_id()?).await?;
            responders.push(Responder::new(issuing.clone(), key, issued, revoked));
        }
        Ok(responders)
    };
    let read = read.await;
    db.close().await;
    read
}

/// The key of the log that the TSA certificate names.
pub(crate) fn log_key(instance: &Instance, keystore: &Keystore) -> Result<LogKey, TrustError> {
    let newest = instance.logs.last();
    let identity = newest.ok_or_else(|| TrustError::Broken("the instance has no log; restore a backup".to_owned()))?;
    let key = keystore.open(crate::keys::KeyAlgorithm::Ed25519, &instance.log_place)?;
    let key = LogKey::new(&identity.origin, key)?;
    match identity.keys.contains(key.verifier_key()) {
        true => Ok(key),
        false => Err(TrustError::Broken(
            "the log key is not the one that the TSA certificate names: restore both from the same backup".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::NewInstance;
    use crate::keys::KeyAlgorithm;
    use std::fs;

    const NOW: Time = Time::from_unix(1_795_248_000);

    fn new(operator: &str) -> NewInstance {
        NewInstance::evaluation(operator, vec![KeyAlgorithm::P256], Storage::default(), NOW)
    }

    async fn open(data: &Path) -> Result<Authority, TrustError> {
        Authority::open(data, &Storage::default(), NOW).await
    }

    #[tokio::test]
    async fn an_instance_opens_again_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        assert!(matches!(open(&data).await, Err(TrustError::Refused(_))));
        new("测试机构").make(&data).await.unwrap();
        let authority = open(&data).await.unwrap();
        assert_eq!(authority.instance.operator.name, "测试机构");
        assert_eq!(authority.signers[0].crls.len(), 2);
        assert!(matches!(new("other").make(&data).await, Err(TrustError::Refused(_))));
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["data"], "nothing is left behind");
    }

    #[tokio::test]
    async fn bad_names_and_damaged_keys_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        for name in ["", "  ", "a\nb", &"x".repeat(65)] {
            assert!(new(name).make(&data).await.is_err());
        }
        new("x").make(&data).await.unwrap();
        fs::write(data.join("keys/passphrase"), "wrong").unwrap();
        assert!(open(&data).await.is_err());
    }
}
