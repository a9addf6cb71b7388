//! Acts that change keys: each is asked for by the operator, and each is in the journal.
//!
//! A server that runs goes on with what it has opened until it is told to look again.
//! A new key is made before the old one goes, and an old key only goes by its own act.

use crate::TrustError;
use crate::certificates::{self, Issuer, Request, Role};
use crate::init::{Maker, RootKeys, fields, record_certificate, record_key, root_key_file, spki_digest};
use crate::instance::{self, DESTROYED, Held, Instance, Mode, Suite, add_certificate, place, read};
use crate::journal::{Journal, Kind};
use crate::keys::{KeyAlgorithm, Keystore, SigningKey};
use crate::ledger::{self, LogKey};
use crate::revocation::{ISSUING_LIST_S, ROOT_LIST_S, issue_list};
use crate::seal::{self, NoSeal};
use crate::storage::Storage;
use proof::der::Time;
use proof::digest::hex;
use proof::logged::LogIdentity;
use proof::x509::crl::{Crl, Reason, Revocation};
use serde_json::json;
use std::path::{Path, PathBuf};
use store::Db;

/// An instance on which the operator acts.
pub struct Ceremony {
    folder: PathBuf,
    storage: Storage,
    now: Time,
    instance: Instance,
    keystore: Keystore,
    db: Db,
    journal: Journal,
}

/// What a new issuing CA took the place of; the keys are still there.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// The issuing CA before it.
    pub issuing: Held,
    /// The TSA certificate before the one that it issued.
    pub tsa: Held,
    /// The seal's before the one that it issued, where the seal is of this suite.
    pub seal: Option<Held>,
}

/// The root keys, brought back for one act.
pub struct RootFolder<'a> {
    /// The folder that setup wrote them to.
    pub folder: &'a Path,
    /// What opens them.
    pub passphrase: &'a str,
}

fn refused(text: impl Into<String>) -> TrustError {
    TrustError::Refused(text.into())
}

impl Ceremony {
    /// Opens the instance in `folder` for acts at the time `now`.
    pub async fn begin(folder: &Path, storage: &Storage, now: Time) -> Result<Self, TrustError> {
        let db = Instance::database(folder).await?;
        let instance = Instance::read(&db).await?;
        let keystore = instance::keystore(folder, storage)?;
        let journal = Journal::open(&storage.database(folder)).await?;
        Ok(Self { folder: folder.to_owned(), storage: storage.clone(), now, instance, keystore, db, journal })
    }

    /// What the acts have made of the instance.
    #[must_use]
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Closes what it has opened.
    pub async fn end(self) {
        self.journal.close().await;
        self.db.close().await;
    }

    async fn look_again(&mut self) -> Result<(), TrustError> {
        self.instance = Instance::read(&self.db).await?;
        instance::publish(&self.folder, &self.instance)
    }

    fn issuing_key(&self, suite: &Suite) -> Result<SigningKey, TrustError> {
        self.keystore.open(suite.algorithm, &suite.issuing.place)
    }

    /// Issues a certificate and adds it: from then on it is the one that counts.
    async fn certify(
        &self,
        role: Role,
        algorithm: KeyAlgorithm,
        key: (&SigningKey, String),
        issuer: Issuer<'_>,
        log: Option<&LogIdentity>,
    ) -> Result<Held, TrustError> {
        let instance = &self.instance;
        let common_name = Instance::common_name(instance.mode, &instance.label, role, algorithm);
        let subject = instance.operator.subject(&common_name);
        let (key, place) = key;
        let spki = key.spki()?;
        let url = instance.url.as_deref();
        let request = Request { role, subject: &subject, spki: &spki, log, url, now: self.now };
        let der = certificates::issue(&request, Some(issuer), key)?;
        let held = Held { der, role, algorithm, place };
        add_certificate(&self.db, &held).await?;
        record_certificate(&self.journal, self.now, &held).await?;
        Ok(held)
    }

    async fn new_key(&self, algorithm: KeyAlgorithm, role: &str) -> Result<(SigningKey, String), TrustError> {
        let (key, place) = self.keystore.generate(algorithm, role)?;
        let public = hex(&spki_digest(&key.spki()?));
        record_key(&self.journal, self.now, role, algorithm, &place, &public).await?;
        Ok((key, place))
    }

    /// A new TSA key and certificate for a suite. Gives the certificate before it, whose key is
    /// still there.
    pub async fn rotate(&mut self, algorithm: KeyAlgorithm) -> Result<Held, TrustError> {
        let suite = self.instance.suite(algorithm)?.clone();
        let issuing_key = self.issuing_key(&suite)?;
        let (key, place) = self.new_key(algorithm, Role::Tsa.name()).await?;
        let log = self.instance.logs.last().cloned();
        let issuer = Issuer { certificate: &suite.issuing.der, key: &issuing_key };
        self.certify(Role::Tsa, algorithm, (&key, place), issuer, log.as_ref()).await?;
        self.look_again().await?;
        Ok(suite.tsa)
    }

    /// A new key and certificate for sealing documents, the first ones where there were none. They
    /// are of the suite of `algorithm`, else of the seal before, else of the first suite that PDF
    /// readers know. Gives the certificate before it, whose key is still there.
    ///
    /// # Errors
    /// Refused where readers do not know the algorithm, or the instance has no such suite.
    pub async fn rotate_seal(&mut self, algorithm: Option<KeyAlgorithm>) -> Result<Option<Held>, TrustError> {
        let old = self.instance.seal.as_ref().map(|chain| chain.seal.clone());
        let own = self.instance.suites.iter().map(|suite| suite.algorithm);
        let wanted = algorithm.or(old.as_ref().map(|old| old.algorithm)).or_else(|| seal::algorithm(own));
        let algorithm = wanted.ok_or_else(|| refused(NoSeal::NoAlgorithm.to_string()))?;
        if !seal::is_known_to_readers(algorithm) {
            return Err(refused(format!("few PDF readers know {algorithm}: seal with p256, p384 or RSA")));
        }
        let suite = self.instance.suite(algorithm)?.clone();
        let issuing_key = self.issuing_key(&suite)?;
        let (key, place) = self.new_key(algorithm, Role::Seal.name()).await?;
        let issuer = Issuer { certificate: &suite.issuing.der, key: &issuing_key };
        self.certify(Role::Seal, algorithm, (&key, place), issuer, None).await?;
        self.look_again().await?;
        Ok(old)
    }

    /// Makes the seal of an evaluation instance that was made before there were seals, where its
    /// issuing key is on the host. A production instance gets its own by the operator's act. Gives
    /// whether one was made.
    pub async fn complete_evaluation(folder: &Path, storage: &Storage, now: Time) -> Result<bool, TrustError> {
        let instance = Instance::open(folder).await?;
        let Some(algorithm) = seal::algorithm(instance.suites.iter().map(|suite| suite.algorithm)) else {
            return Ok(false);
        };
        if instance.mode != Mode::Evaluation || instance.seal.is_some() {
            return Ok(false);
        }
        let mut ceremony = Self::begin(folder, storage, now).await?;
        let issuing = &instance.suite(algorithm)?.issuing;
        let made = match ceremony.keystore.has(algorithm, &issuing.place) {
            true => ceremony.rotate_seal(Some(algorithm)).await.map(|_| true),
            false => Ok(false),
        };
        ceremony.end().await;
        made
    }

    /// A chain of another algorithm, with a root of its own; with a seal where the instance has none and PDF
    /// readers know the algorithm. A production instance's new root key
    /// goes to the folder with the others.
    pub async fn add_suite(
        &mut self,
        algorithm: KeyAlgorithm,
        root: Option<&RootFolder<'_>>,
    ) -> Result<(), TrustError> {
        if self.instance.suite(algorithm).is_ok() {
            return Err(refused(format!("this instance has {algorithm} keys already")));
        }
        let root_keys = root.map(|r| RootKeys { folder: r.folder.to_owned(), passphrase: r.passphrase.to_owned() });
        if self.instance.mode == Mode::Production && root_keys.is_none() {
            return Err(refused("the new root key needs a place off this host: name it with --root-keys"));
        }
        let log = self.instance.logs.last().ok_or_else(|| refused("the instance has no log"))?;
        let maker = Maker {
            mode: self.instance.mode,
            operator: &self.instance.operator,
            url: self.instance.url.as_deref(),
            root_keys: root_keys.as_ref(),
            now: self.now,
            keystore: &self.keystore,
            label: &self.instance.label,
            log,
            db: &self.db,
            journal: &self.journal,
        };
        let mut written = Vec::new();
        let with_seal = self.instance.seal.is_none() && seal::is_known_to_readers(algorithm);
        let made = maker.suite(algorithm, with_seal, &mut written).await;
        if made.is_err() {
            // Or the next try would find a root key that belongs to nothing.
            written.iter().for_each(|path| drop(std::fs::remove_file(path)));
        }
        made?;
        self.look_again().await
    }

    fn root_key(&self, suite: &Suite, root: Option<&RootFolder<'_>>) -> Result<SigningKey, TrustError> {
        let key = match root {
            Some(root) => {
                let path = root_key_file(root.folder, &self.instance.label, suite.algorithm);
                SigningKey::from_encrypted_pem(suite.algorithm, &read(&path)?, root.passphrase.as_bytes())?
            }
            None if suite.root.has_key() => self.keystore.open(suite.algorithm, &suite.root.place)?,
            None => return Err(refused("this needs the root key: bring its folder and name it with --root-keys")),
        };
        match key.spki()? == suite.root.certificate()?.spki {
            true => Ok(key),
            false => Err(refused("the root key is not that of this instance's root certificate")),
        }
    }

    /// A new issuing CA for a suite, and under it a new TSA, and a new seal where the seal is of this
    /// suite. Gives the certificates before them.
    pub async fn renew_issuing(
        &mut self,
        algorithm: KeyAlgorithm,
        root: Option<&RootFolder<'_>>,
    ) -> Result<Renewed, TrustError> {
        let suite = self.instance.suite(algorithm)?.clone();
        let root_key = self.root_key(&suite, root)?;
        let (key, place) = self.new_key(algorithm, Role::Issuing.name()).await?;
        let issuer = Issuer { certificate: &suite.root.der, key: &root_key };
        let issuing = self.certify(Role::Issuing, algorithm, (&key, place), issuer, None).await?;
        issue_list(&self.db, &issuing, &key, self.now, ISSUING_LIST_S).await?;
        self.instance = Instance::read(&self.db).await?;
        let tsa = self.rotate(algorithm).await?;
        let is_sealing = self.instance.seal.as_ref().is_some_and(|chain| chain.seal.algorithm == algorithm);
        let seal = if is_sealing { self.rotate_seal(Some(algorithm)).await? } else { None };
        Ok(Renewed { issuing: suite.issuing, tsa, seal })
    }

    /// The certificate of this instance with this fingerprint, or the beginning of one.
    pub fn find(&self, fingerprint: &str) -> Result<Held, TrustError> {
        let wanted = fingerprint.to_ascii_lowercase().replace(':', "");
        let all = &self.instance.certificates;
        let found: Vec<&Held> =
            all.iter().filter(|c| wanted.len() >= 8 && c.fingerprint().starts_with(&wanted)).collect();
        match found.as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(refused(format!(
                "no certificate of this instance has the fingerprint {fingerprint}; see: shiyin keys list"
            ))),
            _ => Err(refused(format!("several certificates begin with {fingerprint}; give more of it"))),
        }
    }

    /// Revokes a certificate and issues the list that says so. A TSA's and a seal's is their issuing
    /// CA's matter, an issuing CA's is the root's, whose key must be brought.
    pub async fn revoke(
        &mut self,
        held: &Held,
        reason: Reason,
        invalid_from: Option<Time>,
        root: Option<&RootFolder<'_>>,
    ) -> Result<(), TrustError> {
        let certificate = held.certificate()?;
        let suite = self.instance.suite(held.algorithm)?.clone();
        let (issuer, key, good_s) = match held.role {
            Role::Root => {
                return Err(refused("a root cannot revoke itself: tell everyone who pinned it; see docs/operations"));
            }
            Role::Issuing => (suite.root.clone(), self.root_key(&suite, root)?, ROOT_LIST_S),
            Role::Tsa | Role::Seal => {
                let mut cas = self.instance.certificates.iter().filter(|c| c.role == Role::Issuing);
                let issuer = cas.find(|ca| held.is_from(ca) == Ok(true)).cloned();
                let issuer = issuer.ok_or_else(|| refused("the certificate's issuer is not of this instance"))?;
                let key = self.keystore.open(issuer.algorithm, &issuer.place)?;
                (issuer, key, ISSUING_LIST_S)
            }
        };
        // A list knows whole seconds; what was signed in this one came before.
        let date = self.now.truncate_to_second().plus_s(1);
        let revocation = Revocation { date, reason: Some(reason), invalid_from };
        let sql = "insert into revocation (fingerprint, issuer, serial, reason, date_s, invalid_s) \
                   values ($1, $2, $3, $4, $5, $6) on conflict do nothing";
        let values = [
            held.fingerprint().into(),
            issuer.issuer_id()?.into(),
            certificate.serial.as_bytes().into(),
            i64::from(reason.number()).into(),
            revocation.date.unix_s().into(),
            revocation.invalid_from.map(|t| t.unix_s()).into(),
        ];
        if self.db.execute(sql, &values).await? == 0 {
            let newest = Instance::crl(&self.db, &issuer.issuer_id()?).await?;
            let list = newest.as_ref().and_then(|list| Crl::parse(&list.der).ok());
            // An act that was cut short before the list was issued is finished by doing it again.
            if list.is_some_and(|list| matches!(list.revocation(certificate.serial), Ok(Some(_)))) {
                return Err(refused("this certificate is revoked already"));
            }
        }
        let list = issue_list(&self.db, &issuer, &key, self.now, good_s).await?;
        let fields = fields(json!({
            "role": held.role.name(),
            "fingerprint": held.fingerprint(),
            "reason": reason.name(),
            "date": revocation.date.to_string(),
            "invalid_from": revocation.invalid_from.map(|t| t.to_string()),
            "list": list.number,
        }));
        self.journal.write(Kind::CertificateRevoked, self.now, fields).await?;
        Ok(())
    }

    /// A new list of each root, good for another 400 days.
    pub async fn renew_root_lists(&mut self, root: Option<&RootFolder<'_>>) -> Result<(), TrustError> {
        for suite in self.instance.suites.clone() {
            let key = self.root_key(&suite, root)?;
            issue_list(&self.db, &suite.root, &key, self.now, ROOT_LIST_S).await?;
        }
        Ok(())
    }

    /// Destroys the key of a certificate that no longer counts.
    pub async fn destroy(&mut self, held: &Held) -> Result<(), TrustError> {
        let fingerprint = held.fingerprint();
        let is_same = |c: &Held| c.role != Role::Root && (c.fingerprint() == fingerprint || c.place == held.place);
        if self.instance.in_use().any(is_same) {
            let option = if held.role == Role::Seal { " --seal" } else { "" };
            return Err(refused(format!("this key is in use: make a new one first with: shiyin keys rotate{option}")));
        }
        if !held.has_key() {
            return Err(refused("the key of this certificate is not on this host"));
        }
        self.keystore.destroy(&held.place)?;
        let sql = "update certificate set place = $1 where place = $2";
        self.db.execute(sql, &[DESTROYED.into(), held.place.as_str().into()]).await?;
        let fields = fields(json!({ "role": held.role.name(), "fingerprint": fingerprint }));
        self.journal.write(Kind::KeyDestroyed, self.now, fields).await?;
        self.look_again().await
    }

    /// Closes the log and begins a new one, with a key and a name of its own, which new TSA
    /// certificates name. What the old log proved stays proven.
    ///
    /// For an instance out of a backup, and for one whose log can no longer be trusted. Nothing
    /// may be serving it. Gives the new log's name.
    pub async fn retire_log(&mut self, destroy_key: bool) -> Result<String, TrustError> {
        let old = self.instance.logs.last().ok_or_else(|| refused("the instance has no log"))?.clone();
        let (key, log_place) = self.keystore.generate(KeyAlgorithm::Ed25519, "log")?;
        let log = LogKey::new(&next_origin(&old.origin), key)?;
        let identity = log.identity();
        ledger::create(&place(&self.folder, &self.storage, &identity)?, &log).await?;
        let id = instance::log_id(&identity);
        let sql = "insert into log_key (id, place) values ($1, $2)";
        self.db.execute(sql, &[id.into(), log_place.as_str().into()]).await?;
        let public = log.verifier_key().to_string();
        record_key(&self.journal, self.now, "log", KeyAlgorithm::Ed25519, &log_place, &public).await?;
        // The main suite comes last: from its row on the new log counts; before it, all of the
        // above is only lying about.
        for suite in self.instance.suites.clone().iter().rev() {
            let issuing_key = self.issuing_key(suite)?;
            let key = self.keystore.open(suite.algorithm, &suite.tsa.place)?;
            let issuer = Issuer { certificate: &suite.issuing.der, key: &issuing_key };
            let own = (&key, suite.tsa.place.clone());
            self.certify(Role::Tsa, suite.algorithm, own, issuer, Some(&identity)).await?;
        }
        let about = fields(json!({ "closed": old.origin, "begun": identity.origin }));
        self.journal.write(Kind::LogRetired, self.now, about).await?;
        if destroy_key {
            self.keystore.destroy(&self.instance.log_place)?;
            let public: Vec<String> = old.keys.iter().map(ToString::to_string).collect();
            let about = fields(json!({ "role": "log", "public": public.join(" ") }));
            self.journal.write(Kind::KeyDestroyed, self.now, about).await?;
        }
        self.look_again().await?;
        Ok(identity.origin)
    }
}

/// `NAME` is followed by `NAME~2`, that by `NAME~3`.
fn next_origin(origin: &str) -> String {
    match origin.rsplit_once('~').and_then(|(name, n)| Some((name, n.parse::<u32>().ok()?))) {
        Some((name, n)) => format!("{name}~{}", n.saturating_add(1)),
        None => format!("{origin}~2"),
    }
}
