//! Making an instance: an explicit act that leaves either all of it or nothing.
//!
//! A production instance keeps no root key: it goes to a folder that the operator
//! takes away. An evaluation instance says what it is in every name and can never be
//! anything else.

use crate::TrustError;
use crate::certificates::{self, Issuer, Request, Role};
use crate::instance::{self, Held, Instance, Mode, OFFLINE, Operator, add_certificate, cannot, place, write};
use crate::journal::{Journal, Kind};
use crate::keys::{self, KeyAlgorithm, Keystore, SigningKey};
use crate::ledger::{self, LogKey};
use crate::revocation::{ISSUING_LIST_S, ROOT_LIST_S, issue_list};
use crate::seal;
use crate::storage::Storage;
use proof::der::Time;
use proof::digest::hex;
use proof::logged::LogIdentity;
use serde_json::{Map, Value, json};
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use store::{Db, files};

/// The operator's name goes into certificates: X.520 allows 64 characters.
const NAME_CHARS_MAX: usize = 64;

/// What a new instance is to be.
#[derive(Clone)]
pub struct NewInstance {
    /// Whether it is for use.
    pub mode: Mode,
    /// Who runs it.
    pub operator: Operator,
    /// The algorithms of its chains, the main one first.
    pub algorithms: Vec<KeyAlgorithm>,
    /// Its public address; a production instance has one.
    pub url: Option<String>,
    /// The name of its log, where it is not made of the address.
    pub origin: Option<String>,
    /// Its policy, in dotted decimal.
    pub policy: Option<String>,
    /// Where the root keys of a production instance go.
    pub root_keys: Option<RootKeys>,
    /// SHA-256, in hex, of the secret with which the first administrator makes himself known.
    pub admin_token_digest: Option<String>,
    /// Further files of the instance's folder, such as its configuration.
    pub files: Vec<(String, Vec<u8>)>,
    /// The time now.
    pub now: Time,
    /// Where log and keys are to be kept.
    pub storage: Storage,
}

/// Root keys on their way out of the host.
#[derive(Clone)]
pub struct RootKeys {
    /// A folder that is taken away; it must exist.
    pub folder: PathBuf,
    /// What opens them.
    pub passphrase: String,
}

fn refused(text: impl Into<String>) -> TrustError {
    TrustError::Refused(text.into())
}

impl NewInstance {
    /// An evaluation instance with these chains.
    #[must_use]
    pub fn evaluation(operator: &str, algorithms: Vec<KeyAlgorithm>, storage: Storage, now: Time) -> Self {
        Self {
            mode: Mode::Evaluation,
            operator: Operator { name: operator.trim().to_owned(), ..Operator::default() },
            algorithms,
            url: None,
            origin: None,
            policy: None,
            root_keys: None,
            admin_token_digest: None,
            files: Vec::new(),
            now,
            storage,
        }
    }

    fn check(&self) -> Result<(), TrustError> {
        let is_plain = |text: &str| {
            let length = text.chars().count();
            (1..=NAME_CHARS_MAX).contains(&length) && !text.contains(char::is_control) && text.trim() == text
        };
        if !is_plain(&self.operator.name) {
            return Err(refused(format!("the operator's name must have 1 to {NAME_CHARS_MAX} printable characters")));
        }
        if !self.operator.registration.as_deref().is_none_or(is_plain) {
            return Err(refused(format!(
                "the registration number must have 1 to {NAME_CHARS_MAX} printable characters"
            )));
        }
        let is_country = |c: &str| c.len() == 2 && c.bytes().all(|b| b.is_ascii_uppercase());
        if !self.operator.country.as_deref().is_none_or(is_country) {
            return Err(refused("the country must be two capital letters (ISO 3166), such as CN"));
        }
        let is_repeated = |i: usize| self.algorithms[..i].contains(&self.algorithms[i]);
        if self.algorithms.is_empty() || (0..self.algorithms.len()).any(is_repeated) {
            return Err(refused("name at least one algorithm, and each of them once"));
        }
        if let Some(url) = &self.url {
            let is_url = (url.starts_with("https://") || url.starts_with("http://")) && !url.ends_with('/');
            if !is_url || url.len() > 200 || !url.bytes().all(|b| b.is_ascii_graphic()) {
                return Err(refused(
                    "the public address must be like https://shiyin.example, without a slash at the end",
                ));
            }
        }
        if self.policy.as_deref().is_some_and(|dotted| proof::oid::Oid::parse_dotted(dotted).is_none()) {
            return Err(refused("the policy must be an object identifier such as 2.25.123"));
        }
        if self.mode == Mode::Production && (self.url.is_none() || self.root_keys.is_none() || self.policy.is_none()) {
            return Err(refused(
                "a production instance needs a public address, a policy, and a place for its root keys",
            ));
        }
        Ok(())
    }

    /// Makes the instance in `folder`, which must not be there.
    pub async fn make(&self, folder: &Path) -> Result<(), TrustError> {
        self.check()?;
        if fs::symlink_metadata(folder).is_ok() {
            return Err(refused(format!(
                "{} exists already; nothing was changed. Choose another folder with --data",
                folder.display()
            )));
        }
        let mut written = Vec::new();
        let staging = staging_folder(folder)?;
        let made = self.fill(&staging, &mut written).await;
        let moved = match made {
            Ok(()) => fs::rename(&staging, folder).map_err(|e| cannot("make", folder, &e)),
            Err(error) => Err(error),
        };
        if moved.is_err() {
            let _ = fs::remove_dir_all(&staging);
            written.iter().for_each(|path| drop(fs::remove_file(path)));
        }
        moved
    }

    async fn fill(&self, folder: &Path, written: &mut Vec<PathBuf>) -> Result<(), TrustError> {
        if self.storage.keys.passphrase.is_none() {
            write(&folder.join("keys/passphrase"), hex(&keys::random::<32>()?).as_bytes(), files::SECRET)?;
        }
        for (name, content) in &self.files {
            write(&folder.join(name), content, files::PUBLIC)?;
        }
        let keystore = instance::keystore(folder, &self.storage)?;
        let label = hex(&keys::random::<4>()?);
        let origin = match (&self.origin, &self.url) {
            (Some(origin), _) => origin.clone(),
            (None, Some(url)) => format!("{}/log", url.split_once("://").map_or(url.as_str(), |(_, host)| host)),
            (None, None) => format!("shiyin.invalid/evaluation/{label}"),
        };
        let (log_key, log_place) = keystore.generate(KeyAlgorithm::Ed25519, "log")?;
        let log = LogKey::new(&origin, log_key)?;
        let db = Instance::new_database(folder).await?;
        let place = place(folder, &self.storage, &log.identity())?;
        ledger::create(&place, &log).await?;
        let journal = Journal::open(&place.database).await?;
        record_key(&journal, self.now, "log", KeyAlgorithm::Ed25519, &log_place, &log.verifier_key().to_string())
            .await?;
        self.write_values(&db, &label).await?;
        let log_id = instance::log_id(&log.identity());
        let sql = "insert into log_key (id, place) values ($1, $2)";
        db.execute(sql, &[log_id.into(), log_place.as_str().into()]).await?;
        let maker = Maker {
            mode: self.mode,
            operator: &self.operator,
            url: self.url.as_deref(),
            root_keys: self.root_keys.as_ref(),
            now: self.now,
            keystore: &keystore,
            label: &label,
            log: &log.identity(),
            db: &db,
            journal: &journal,
        };
        let sealing = seal::algorithm(self.algorithms.iter().copied());
        for algorithm in &self.algorithms {
            maker.suite(*algorithm, sealing == Some(*algorithm), written).await?;
        }
        instance::publish(folder, &Instance::read(&db).await?)?;
        journal.close().await;
        db.close().await;
        Ok(())
    }

    async fn write_values(&self, db: &Db, label: &str) -> Result<(), TrustError> {
        let created = self.now.unix_s().to_string();
        let mode = match self.mode {
            Mode::Evaluation => "evaluation",
            Mode::Production => "production",
        };
        let algorithm = self.algorithms.first().map_or("", |a| a.name());
        let values = [
            ("mode", Some(mode)),
            ("operator", Some(self.operator.name.as_str())),
            ("country", self.operator.country.as_deref()),
            ("registration", self.operator.registration.as_deref()),
            ("algorithm", Some(algorithm)),
            ("created_s", Some(created.as_str())),
            ("label", Some(label)),
            ("url", self.url.as_deref()),
            ("policy", self.policy.as_deref()),
            ("admin_token_sha256", self.admin_token_digest.as_deref()),
        ];
        for (key, value) in values {
            if let Some(value) = value {
                db.execute("insert into instance (key, value) values ($1, $2)", &[key.into(), value.into()]).await?;
            }
        }
        Ok(())
    }
}

/// Makes chains.
pub(crate) struct Maker<'a> {
    pub(crate) mode: Mode,
    pub(crate) operator: &'a Operator,
    pub(crate) url: Option<&'a str>,
    pub(crate) root_keys: Option<&'a RootKeys>,
    pub(crate) now: Time,
    pub(crate) keystore: &'a Keystore,
    pub(crate) label: &'a str,
    pub(crate) log: &'a LogIdentity,
    pub(crate) db: &'a Db,
    pub(crate) journal: &'a Journal,
}

impl Maker<'_> {
    /// Makes the chain of one algorithm, with a seal where one is wanted, and notes the files outside
    /// the instance that it wrote.
    pub(crate) async fn suite(
        &self,
        algorithm: KeyAlgorithm,
        with_seal: bool,
        written: &mut Vec<PathBuf>,
    ) -> Result<(), TrustError> {
        let (root_key, root_place) = match self.root_keys {
            Some(out) => {
                let key = SigningKey::generate(algorithm)?;
                let path = root_key_file(&out.folder, self.label, algorithm);
                write(&path, key.to_encrypted_pem(out.passphrase.as_bytes())?.as_bytes(), files::SECRET)?;
                written.push(path);
                (key, OFFLINE.to_owned())
            }
            None => {
                // The root of an evaluation proves nothing, so it may lie with the rest.
                let key = SigningKey::generate(algorithm)?;
                let place = self.keystore.keep(&key, "root")?;
                (key, place)
            }
        };
        let root = self.certificate(Role::Root, algorithm, &root_key, root_place, None).await?;
        let issuer = Issuer { certificate: &root.der, key: &root_key };
        let (issuing_key, place) = self.keystore.generate(algorithm, "issuing")?;
        let issuing = self.certificate(Role::Issuing, algorithm, &issuing_key, place, Some(issuer)).await?;
        let issuer = Issuer { certificate: &issuing.der, key: &issuing_key };
        let (tsa_key, place) = self.keystore.generate(algorithm, "tsa")?;
        self.certificate(Role::Tsa, algorithm, &tsa_key, place, Some(issuer)).await?;
        if with_seal {
            let (seal_key, place) = self.keystore.generate(algorithm, Role::Seal.name())?;
            self.certificate(Role::Seal, algorithm, &seal_key, place, Some(issuer)).await?;
        }
        issue_list(self.db, &root, &root_key, self.now, ROOT_LIST_S).await?;
        issue_list(self.db, &issuing, &issuing_key, self.now, ISSUING_LIST_S).await?;
        Ok(())
    }

    async fn certificate(
        &self,
        role: Role,
        algorithm: KeyAlgorithm,
        key: &SigningKey,
        place: String,
        issuer: Option<Issuer<'_>>,
    ) -> Result<Held, TrustError> {
        let common_name = Instance::common_name(self.mode, self.label, role, algorithm);
        let subject = self.operator.subject(&common_name);
        let spki = key.spki()?;
        let log = Some(self.log).filter(|_| role == Role::Tsa);
        let request = Request { role, subject: &subject, spki: &spki, log, url: self.url, now: self.now };
        let der = certificates::issue(&request, issuer, key)?;
        let held = Held { der, role, algorithm, place };
        add_certificate(self.db, &held).await?;
        record_key(self.journal, self.now, role.name(), algorithm, &held.place, &hex(&spki_digest(&spki))).await?;
        record_certificate(self.journal, self.now, &held).await?;
        Ok(held)
    }
}

/// Where the root key of a suite is written.
#[must_use]
pub fn root_key_file(folder: &Path, label: &str, algorithm: KeyAlgorithm) -> PathBuf {
    folder.join(format!("shiyin-root-{label}-{algorithm}.pem"))
}

pub(crate) fn spki_digest(spki: &[u8]) -> Vec<u8> {
    proof::digest::DigestAlgorithm::Sha256.digest(spki).as_bytes().to_vec()
}

/// Records that a key was made: which, of what kind, and where it is, not what it is called there.
pub(crate) async fn record_key(
    journal: &Journal,
    now: Time,
    role: &str,
    algorithm: KeyAlgorithm,
    place: &str,
    public: &str,
) -> Result<(), TrustError> {
    let kept = place.split(':').next().unwrap_or_default();
    let fields = fields(json!({ "role": role, "algorithm": algorithm.name(), "kept": kept, "public": public }));
    journal.write(Kind::KeyMade, now, fields).await.map(|_| ())
}

pub(crate) async fn record_certificate(journal: &Journal, now: Time, held: &Held) -> Result<(), TrustError> {
    let certificate = held.certificate()?;
    let fields = fields(json!({
        "role": held.role.name(),
        "algorithm": held.algorithm.name(),
        "fingerprint": held.fingerprint(),
        "subject": certificate.subject.to_string(),
        "not_after": certificate.not_after.to_string(),
    }));
    journal.write(Kind::CertificateIssued, now, fields).await.map(|_| ())
}

pub(crate) fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// A new folder beside `folder`, for building what then takes its name.
fn staging_folder(folder: &Path) -> Result<PathBuf, TrustError> {
    let name = folder.file_name().ok_or_else(|| refused("the data folder needs a name"))?;
    let suffix: [u8; 8] = keys::random()?;
    let staging = folder.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), hex(&suffix)));
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(&staging).map_err(|e| cannot("make", &staging, &e))?;
    for inner in ["keys", "public"] {
        let path = staging.join(inner);
        fs::DirBuilder::new().mode(0o700).create(&path).map_err(|e| cannot("make", &path, &e))?;
    }
    Ok(staging)
}
