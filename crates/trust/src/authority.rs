//! An authority on disk: its database, its keys, its certificates.
//!
//! `DATA/shiyin.db` says what the instance is, `DATA/log.db` is its log; `DATA/keys/`
//! holds encrypted keys and their passphrase (secret); `DATA/public/` holds what
//! anyone may have, the log's tiles among it.
//! Making one is an explicit act and leaves either all of it or nothing.
//! An evaluation instance says so in every name and can never be anything else.

use crate::TrustError;
use crate::certificates::{self, Issuer, Role};
use crate::keys::{self, KeyAlgorithm, SigningKey};
use crate::ledger::{self, LogKey, Place};
use crate::storage::Storage;
use proof::der::Time;
use proof::digest::{DigestAlgorithm, hex};
use proof::logged::LogIdentity;
use proof::x509::Certificate;
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Db, Location, Migration, Schema, Value, files};

const SCHEMA: Schema = Schema { part: "instance", migrations: MIGRATIONS };

const MIGRATIONS: &[Migration] = &[Migration {
    number: 1,
    name: "the instance and its certificates",
    sql: "
create table instance (
    key text primary key,
    value text not null
);
create table certificate (
    fingerprint text primary key,
    role text not null,
    der bytea not null,
    number bigint not null
);
",
}];

/// What a new instance is to be.
#[derive(Clone)]
pub struct InitOptions {
    /// Who runs it, as it will stand in the certificates.
    pub operator: String,
    /// The kind of the signing key.
    pub algorithm: KeyAlgorithm,
    /// The time now.
    pub now: Time,
    /// Where the log is to be kept.
    pub storage: Storage,
}

/// An instance that may sign.
#[derive(Debug)]
pub struct Authority {
    /// Who runs it.
    pub operator: String,
    /// The root certificate, in DER.
    pub root: Vec<u8>,
    /// The TSA certificate and the issuing CA's, in DER.
    pub chain: Vec<Vec<u8>>,
    /// The key that signs tokens.
    pub key: SigningKey,
    /// The key of the log that every token goes into.
    pub log: Arc<LogKey>,
    /// That log and those that were closed before it, the oldest first.
    pub logs: Vec<LogIdentity>,
}

/// The operator's name goes into certificates: X.520 allows 64 characters.
const OPERATOR_CHARS_MAX: usize = 64;

impl Authority {
    /// Makes an evaluation instance in `folder`, which must not hold one.
    pub async fn init_evaluation(folder: &Path, options: &InitOptions) -> Result<(), TrustError> {
        let operator = options.operator.trim();
        if operator.is_empty() || operator.chars().count() > OPERATOR_CHARS_MAX || operator.contains(char::is_control) {
            return Err(TrustError::Refused(format!(
                "the operator's name must have 1 to {OPERATOR_CHARS_MAX} printable characters"
            )));
        }
        if fs::symlink_metadata(folder).is_ok() {
            return Err(TrustError::Refused(format!(
                "{} exists already; nothing was changed. Choose another folder with --data",
                folder.display()
            )));
        }
        let staging = staging_folder(folder)?;
        let made = make(&staging, operator, options).await;
        let moved = match made {
            Ok(()) => fs::rename(&staging, folder).map_err(|e| cannot("make", folder, &e)),
            Err(error) => Err(error),
        };
        if moved.is_err() {
            let _ = fs::remove_dir_all(&staging);
        }
        moved
    }

    /// Opens the instance in `folder` and checks that its tokens will verify.
    pub async fn open(folder: &Path, now: Time) -> Result<Self, TrustError> {
        let path = folder.join("shiyin.db");
        if !path.is_file() {
            return Err(TrustError::Refused(format!(
                "{} holds no instance; make one with: shiyin init --evaluation --data {}",
                folder.display(),
                folder.display()
            )));
        }
        let db = Db::open(&Location::Sqlite(path), false, SCHEMA).await?;
        let operator = instance_value(&db, "operator").await?;
        let algorithm: KeyAlgorithm = instance_value(&db, "algorithm").await?.parse()?;
        let root = certificate(&db, Role::Root).await?;
        let chain = vec![certificate(&db, Role::Tsa).await?, certificate(&db, Role::Issuing).await?];
        let rows =
            db.rows("select der from certificate where role = $1 order by number", &[Role::Tsa.name().into()]).await?;
        let logs = rows.iter().map(|row| log_of(row.bytes(0)?)).collect::<Result<_, TrustError>>()?;
        db.close().await;
        let passphrase = read(&folder.join("keys/passphrase"))?;
        let pem = read(&folder.join("keys/tsa.pem"))?;
        let key = SigningKey::from_encrypted_pem(algorithm, &pem, passphrase.trim().as_bytes())?;
        certificates::check(&chain, &root, &key, now).map_err(|fault| TrustError::Broken(fault.remedy().to_owned()))?;
        let log = Arc::new(log_key(folder, &chain[0], passphrase.trim().as_bytes())?);
        Ok(Self { operator, root, chain, key, log, logs })
    }

    /// Where the instance in `folder` keeps its log.
    pub fn log_place(&self, folder: &Path, storage: &Storage) -> Result<Place, TrustError> {
        place(folder, storage, &self.log)
    }

    /// Closes the log of the instance in `folder` and begins a new one, with a key and a name of
    /// its own, which a new TSA certificate names. What the old log proved stays proven.
    ///
    /// For an instance out of a backup, and for one whose log can no longer be trusted. Nothing
    /// may be serving it. Gives the new log's name.
    pub async fn retire(folder: &Path, storage: &Storage, now: Time) -> Result<String, TrustError> {
        let old = Self::open(folder, now).await?;
        let passphrase = read(&folder.join("keys/passphrase"))?;
        let pem = read(&folder.join("keys/issuing.pem"))?;
        let passphrase = passphrase.trim().as_bytes();
        let issuing_key = SigningKey::from_encrypted_pem(old.key.algorithm(), &pem, passphrase)?;
        let log = LogKey::generate(&next_origin(old.log.origin()))?;
        let root = Certificate::parse(&old.root).map_err(|_| TrustError::Broken("the root is damaged".to_owned()))?;
        let issuer = Issuer { certificate: &old.chain[1], key: &issuing_key };
        let name = common_name("TSA", root.spki);
        let identity = log.identity();
        let tsa = certificates::issue(Role::Tsa, &old.operator, &name, &old.key, Some(issuer), Some(&identity), now)?;
        let path = folder.join(log_key_file(&log));
        write(&path, log.to_encrypted_pem(passphrase)?.as_bytes(), files::SECRET)?;
        ledger::create(&place(folder, storage, &log)?, &log).await?;
        // From this row on the new log counts; before it, all of the above is only lying about.
        let db = Db::open(&Location::Sqlite(folder.join("shiyin.db")), false, SCHEMA).await?;
        let sql = "insert into certificate (fingerprint, role, der, number) \
                   select $1, $2, $3, max(number) + 1 from certificate";
        let fingerprint = DigestAlgorithm::Sha256.digest(&tsa).to_string();
        let inserted = db.execute(sql, &[fingerprint.into(), Role::Tsa.name().into(), tsa.as_slice().into()]).await;
        db.close().await;
        inserted?;
        let chain = folder.join("public/chain.pem");
        let text = pem_of(&[tsa, old.chain[1].clone()]);
        files::replace(&chain, text.as_bytes(), files::PUBLIC).map_err(|e| cannot("write", &chain, &e))?;
        Ok(log.origin().to_owned())
    }
}

/// A log's files are under the id of its key, so that those of retired logs stay where they are.
fn place(folder: &Path, storage: &Storage, log: &LogKey) -> Result<Place, TrustError> {
    let public = storage.log(folder, &log_id(&log.identity()))?;
    Ok(Place { database: storage.database(folder), public })
}

fn log_key_file(log: &LogKey) -> String {
    format!("keys/log-{}.pem", log_id(&log.identity()))
}

/// `NAME` is followed by `NAME~2`, that by `NAME~3`.
fn next_origin(origin: &str) -> String {
    match origin.rsplit_once('~').and_then(|(name, n)| Some((name, n.parse::<u32>().ok()?))) {
        Some((name, n)) => format!("{name}~{}", n.saturating_add(1)),
        None => format!("{origin}~2"),
    }
}

/// Instances of one operator must not share a name: a verifier tells authorities apart by it.
fn common_name(title: &str, root_spki: &[u8]) -> String {
    let own = instance_id(root_spki);
    format!("Shiyin {title} {own} (EVALUATION ONLY 仅供评估)")
}

fn instance_id(root_spki: &[u8]) -> String {
    hex(&DigestAlgorithm::Sha256.digest(root_spki).as_bytes()[..4])
}

fn pem_of(chain: &[Vec<u8>]) -> String {
    chain.iter().map(|der| pem(der)).collect()
}

/// The log that a TSA certificate names.
fn log_of(tsa: &[u8]) -> Result<LogIdentity, TrustError> {
    let identity = Certificate::parse(tsa).ok().and_then(|c| LogIdentity::of(&c).ok().flatten());
    identity.ok_or_else(|| TrustError::Broken("the TSA certificate names no log; issue a new one".to_owned()))
}

/// What a log's files are found under: the id of its key.
#[must_use]
pub fn log_id(identity: &LogIdentity) -> String {
    identity.keys.first().map_or_else(String::new, |key| hex(&key.id()))
}

/// The key of the log that the TSA certificate names.
fn log_key(folder: &Path, tsa: &[u8], passphrase: &[u8]) -> Result<LogKey, TrustError> {
    let identity = Certificate::parse(tsa).ok().and_then(|c| LogIdentity::of(&c).ok().flatten());
    let identity =
        identity.ok_or_else(|| TrustError::Broken("the TSA certificate names no log; issue a new one".to_owned()))?;
    let id = identity.keys.first().map_or_else(String::new, |key| hex(&key.id()));
    let path = folder.join(format!("keys/log-{id}.pem"));
    let key = LogKey::from_encrypted_pem(&identity.origin, &read(&path)?, passphrase)?;
    match identity.keys.contains(key.verifier_key()) {
        true => Ok(key),
        false => Err(TrustError::Broken(
            "the log key is not the one that the TSA certificate names: restore both from the same backup".to_owned(),
        )),
    }
}

pub(crate) fn cannot(verb: &str, path: &Path, error: &std::io::Error) -> TrustError {
    TrustError::Refused(format!("cannot {verb} {}: {error}", path.display()))
}

fn read(path: &Path) -> Result<String, TrustError> {
    fs::read_to_string(path).map_err(|e| cannot("read", path, &e))
}

async fn instance_value(db: &Db, key: &str) -> Result<String, TrustError> {
    let rows = db.rows("select value from instance where key = $1", &[key.into()]).await?;
    let value = rows.first().map(|row| row.text(0).map(str::to_owned)).transpose()?;
    value.ok_or_else(|| TrustError::Broken(format!("the database does not say the instance's {key}; restore a backup")))
}

async fn certificate(db: &Db, role: Role) -> Result<Vec<u8>, TrustError> {
    let sql = "select der from certificate where role = $1 order by number desc limit 1";
    let rows = db.rows(sql, &[role.name().into()]).await?;
    let der = rows.first().map(|row| row.bytes(0).map(<[u8]>::to_vec)).transpose()?;
    der.ok_or_else(|| TrustError::Broken(format!("the {} certificate is missing; restore a backup", role.name())))
}

/// A new folder beside `folder`, for building what then takes its name.
fn staging_folder(folder: &Path) -> Result<PathBuf, TrustError> {
    let name = folder.file_name().ok_or_else(|| TrustError::Refused("the data folder needs a name".to_owned()))?;
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

async fn make(folder: &Path, operator: &str, options: &InitOptions) -> Result<(), TrustError> {
    let keys = [
        (Role::Root, SigningKey::generate(options.algorithm)?),
        (Role::Issuing, SigningKey::generate(options.algorithm)?),
        (Role::Tsa, SigningKey::generate(options.algorithm)?),
    ];
    let [(_, root_key), (_, issuing_key), (_, tsa_key)] = &keys;
    let root_spki = root_key.spki()?;
    let log = LogKey::generate(&format!("shiyin.invalid/evaluation/{}", instance_id(&root_spki)))?;
    let identity = log.identity();
    let issue = |role, title: &str, key, issuer| {
        let common_name = common_name(title, &root_spki);
        let log = Some(&identity).filter(|_| role == Role::Tsa);
        certificates::issue(role, operator, &common_name, key, issuer, log, options.now)
    };
    let root = issue(Role::Root, "Root", root_key, None)?;
    let issuing = issue(Role::Issuing, "Issuing CA", issuing_key, Some(Issuer { certificate: &root, key: root_key }))?;
    let tsa = issue(Role::Tsa, "TSA", tsa_key, Some(Issuer { certificate: &issuing, key: issuing_key }))?;

    let passphrase = hex(&keys::random::<32>()?);
    write(&folder.join("keys/passphrase"), passphrase.as_bytes(), files::SECRET)?;
    for (role, key) in &keys {
        let path = folder.join(format!("keys/{}.pem", role.name()));
        write(&path, key.to_encrypted_pem(passphrase.as_bytes())?.as_bytes(), files::SECRET)?;
    }
    write(&folder.join(log_key_file(&log)), log.to_encrypted_pem(passphrase.as_bytes())?.as_bytes(), files::SECRET)?;
    write(&folder.join("public/root.pem"), pem(&root).as_bytes(), files::PUBLIC)?;
    write(&folder.join("public/chain.pem"), pem_of(&[tsa.clone(), issuing.clone()]).as_bytes(), files::PUBLIC)?;

    let db = Db::open(&Location::Sqlite(folder.join("shiyin.db")), true, SCHEMA).await?;
    let created = options.now.unix_s().to_string();
    for (key, value) in [
        ("mode", "evaluation"),
        ("operator", operator),
        ("algorithm", options.algorithm.name()),
        ("created_s", created.as_str()),
    ] {
        db.execute("insert into instance (key, value) values ($1, $2)", &[key.into(), value.into()]).await?;
    }
    for (number, role, der) in [(1, Role::Root, &root), (2, Role::Issuing, &issuing), (3, Role::Tsa, &tsa)] {
        let fingerprint = DigestAlgorithm::Sha256.digest(der).to_string();
        let sql = "insert into certificate (fingerprint, role, der, number) values ($1, $2, $3, $4)";
        let values: [Value; 4] = [fingerprint.into(), role.name().into(), der.as_slice().into(), number.into()];
        db.execute(sql, &values).await?;
    }
    ledger::create(&place(folder, &options.storage, &log)?, &log).await?;
    db.close().await;
    Ok(())
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), TrustError> {
    files::write_new(path, bytes, mode).map_err(|e| cannot("write", path, &e))
}

/// A certificate as PEM (RFC 7468).
#[must_use]
pub fn pem(der: &[u8]) -> String {
    let encoded = pkcs8::der::pem::encode_string("CERTIFICATE", pkcs8::der::pem::LineEnding::LF, der);
    encoded.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(operator: &str) -> InitOptions {
        InitOptions {
            operator: operator.to_owned(),
            algorithm: KeyAlgorithm::P256,
            storage: Storage::default(),
            now: Time::from_unix(1_795_248_000),
        }
    }

    #[tokio::test]
    async fn an_instance_opens_again_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let now = options("x").now;
        assert!(matches!(Authority::open(&data, now).await, Err(TrustError::Refused(_))));
        Authority::init_evaluation(&data, &options("测试机构")).await.unwrap();
        let authority = Authority::open(&data, now).await.unwrap();
        assert_eq!(authority.operator, "测试机构");
        let again = Authority::init_evaluation(&data, &options("other")).await;
        assert!(matches!(again, Err(TrustError::Refused(_))));
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["data"], "nothing is left behind");
    }

    #[tokio::test]
    async fn bad_names_and_damaged_keys_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        for name in ["", "  ", "a\nb", &"x".repeat(65)] {
            assert!(Authority::init_evaluation(&data, &options(name)).await.is_err());
        }
        Authority::init_evaluation(&data, &options("x")).await.unwrap();
        fs::write(data.join("keys/passphrase"), "wrong").unwrap();
        assert!(Authority::open(&data, options("x").now).await.is_err());
    }
}
