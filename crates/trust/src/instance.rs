//! What an instance is, as its database says: who runs it, its certificates, its logs. No keys.
//!
//! `DATA/shiyin.db` holds it, `DATA/log.db` is its log and its journal; `DATA/keys/`
//! holds encrypted keys (secret); `DATA/public/` holds what anyone may have. A suite is a
//! chain of one algorithm: root, issuing CA, TSA; the first one answers at `/tsa`. One of the
//! suites may have a seal as well, for documents.

use crate::TrustError;
use crate::certificates::{self, Role};
use crate::keys::{Hardware, KeyAlgorithm, Keystore};
use crate::ledger::Place;
use crate::storage::Storage;
use proof::der::Time;
use proof::digest::{DigestAlgorithm, hex};
use proof::logged::LogIdentity;
use proof::oid::{self, Oid};
use proof::x509::crl::{Reason, Revocation};
use proof::x509::{Certificate, name};
use std::fs;
use std::path::Path;
use store::{Db, Location, Migration, Schema, Value, files};

const SCHEMA: Schema = Schema { part: "instance", migrations: MIGRATIONS };

const MIGRATIONS: &[Migration] = &[
    Migration {
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
    },
    Migration {
        number: 2,
        name: "suites, places of keys, revocation",
        sql: "
alter table certificate add column suite text not null default '';
alter table certificate add column place text not null default '';
update certificate set suite = (select value from instance where key = 'algorithm'), place = 'file:' || role || '.pem';
create table log_key (
    id text primary key,
    place text not null
);
create table revocation (
    fingerprint text primary key,
    issuer text not null,
    serial bytea not null,
    reason bigint,
    date_s bigint not null,
    invalid_s bigint
);
create table crl (
    issuer text not null,
    number bigint not null,
    der bytea not null,
    due_s bigint not null,
    primary key (issuer, number)
);
",
    },
];

/// The place of a key that is not on this host.
pub const OFFLINE: &str = "offline";
/// The place of a key that is no more.
pub const DESTROYED: &str = "destroyed";

/// Whether an instance is for trying out or for use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Marked everywhere, without an accuracy; never anything else.
    Evaluation,
    /// Signs only what its clock can answer for.
    Production,
}

/// Who runs an instance, as it stands in the certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operator {
    /// The legal name.
    pub name: String,
    /// The country, two letters (ISO 3166).
    pub country: Option<String>,
    /// The number under which it is registered, such as a 统一社会信用代码.
    pub registration: Option<String>,
}

impl Operator {
    /// The distinguished name of one of its certificates.
    #[must_use]
    pub fn subject(&self, common_name: &str) -> Vec<u8> {
        let mut attributes: Vec<(Oid<'_>, &str)> = Vec::new();
        attributes.extend(self.country.as_deref().map(|c| (oid::COUNTRY, c)));
        attributes.push((oid::ORGANIZATION, &self.name));
        attributes.extend(self.registration.as_deref().map(|r| (oid::ORGANIZATION_ID, r)));
        attributes.push((oid::COMMON_NAME, common_name));
        name::encode(&attributes)
    }
}

/// The newest chain of one algorithm.
#[derive(Clone, Debug)]
pub struct Suite {
    /// The algorithm of all its keys.
    pub algorithm: KeyAlgorithm,
    /// Its root, issuing CA and TSA.
    pub root: Held,
    /// The CA that issues TSA certificates and signs revocation lists.
    pub issuing: Held,
    /// The certificate that signs tokens.
    pub tsa: Held,
}

impl Suite {
    /// The TSA certificate and the issuing CA's, in DER: what a token carries.
    #[must_use]
    pub fn chain(&self) -> Vec<Vec<u8>> {
        vec![self.tsa.der.clone(), self.issuing.der.clone()]
    }
}

/// The newest certificate under which documents are sealed, and those above it.
#[derive(Clone, Debug)]
pub struct SealChain {
    /// The root, for whoever has not got it.
    pub root: Held,
    /// The CA that issued the seal.
    pub issuing: Held,
    /// The certificate of the seal.
    pub seal: Held,
}

impl SealChain {
    /// The seal's certificate and the issuing CA's, in DER: what a document carries.
    #[must_use]
    pub fn chain(&self) -> Vec<Vec<u8>> {
        vec![self.seal.der.clone(), self.issuing.der.clone()]
    }

    /// That of the newest seal; none where none was made.
    fn of(certificates: &[Held]) -> Option<Self> {
        let seal = certificates.iter().rev().find(|c| c.role == Role::Seal)?;
        let above = |role| certificates.iter().rev().filter(move |c| c.role == role && c.algorithm == seal.algorithm);
        // Where the CA that issued it is not there, opening the seal says so; the rest of the instance is well.
        let issuing = above(Role::Issuing).find(|ca| seal.is_from(ca) == Ok(true)).or(above(Role::Issuing).next())?;
        Some(Self { root: above(Role::Root).next()?.clone(), issuing: issuing.clone(), seal: seal.clone() })
    }
}

/// A certificate of the instance, and where its key is.
#[derive(Clone, Debug)]
pub struct Held {
    /// The certificate, in DER.
    pub der: Vec<u8>,
    /// What it is for.
    pub role: Role,
    /// The algorithm of its suite.
    pub algorithm: KeyAlgorithm,
    /// Where its key is (see [`Keystore`]), [`OFFLINE`] or [`DESTROYED`].
    pub place: String,
}

impl Held {
    /// SHA-256 over the certificate, in hex.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        DigestAlgorithm::Sha256.digest(&self.der).to_string()
    }

    /// The certificate, read.
    pub fn certificate(&self) -> Result<Certificate<'_>, TrustError> {
        let damaged =
            |_| TrustError::Broken(format!("the {} certificate is damaged; restore a backup", self.role.name()));
        Certificate::parse(&self.der).map_err(damaged)
    }

    /// How its files are called where it issues.
    pub fn issuer_id(&self) -> Result<String, TrustError> {
        Ok(certificates::issuer_id(self.certificate()?.spki))
    }

    /// Whether `issuer` is the CA that issued it: CAs that follow each other share a name, not a key.
    pub fn is_from(&self, issuer: &Self) -> Result<bool, TrustError> {
        let certificate = self.certificate()?;
        let id = certificates::key_id(issuer.certificate()?.spki);
        Ok(certificate.extension(oid::AUTHORITY_KEY_ID).is_some_and(|e| e.value.ends_with(&id)))
    }

    /// Whether its key can be used on this host.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.place != OFFLINE && self.place != DESTROYED
    }
}

/// A revocation list of one issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its number.
    pub number: i64,
    /// The list.
    pub der: Vec<u8>,
    /// When the next one is due at the latest.
    pub due: Time,
}

/// A certificate that was revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// Its fingerprint.
    pub fingerprint: String,
    /// Its serial number, as the content of an INTEGER.
    pub serial: Vec<u8>,
    /// Why and when.
    pub revocation: Revocation,
}

/// An instance.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Whether it is for use.
    pub mode: Mode,
    /// Who runs it.
    pub operator: Operator,
    /// Its public address, without a slash at the end.
    pub url: Option<String>,
    /// Its policy, as the content of an OBJECT IDENTIFIER.
    pub policy: Vec<u8>,
    /// What common names begin with; instances of one operator must not share a name.
    pub label: String,
    /// All certificates, the oldest first.
    pub certificates: Vec<Held>,
    /// The newest chain of each algorithm; the first is the main one.
    pub suites: Vec<Suite>,
    /// What documents are sealed under; none where there is no seal.
    pub seal: Option<SealChain>,
    /// The logs, the newest last.
    pub logs: Vec<LogIdentity>,
    /// Where the key of the newest log is.
    pub log_place: String,
}

impl Instance {
    /// The database of the instance in `folder`.
    pub(crate) async fn database(folder: &Path) -> Result<Db, TrustError> {
        let path = folder.join("shiyin.db");
        if !path.is_file() {
            return Err(TrustError::Refused(format!(
                "{} holds no instance; make one with: shiyin setup, or to try it out: shiyin init --evaluation --data {}",
                folder.display(),
                folder.display()
            )));
        }
        Ok(Db::open(&Location::Sqlite(path), false, SCHEMA).await?)
    }

    /// Makes the database of a new instance.
    pub(crate) async fn new_database(folder: &Path) -> Result<Db, TrustError> {
        Ok(Db::open(&Location::Sqlite(folder.join("shiyin.db")), true, SCHEMA).await?)
    }

    /// Keeps the digest of a token for an administrator of the instance in `folder`; one that was
    /// there is no longer good.
    pub async fn set_admin_token(folder: &Path, digest: &str) -> Result<(), TrustError> {
        let db = Self::database(folder).await?;
        let sql = "insert into instance (key, value) values ('admin_token_sha256', $1) \
                   on conflict (key) do update set value = excluded.value";
        let written = db.execute(sql, &[digest.into()]).await;
        db.close().await;
        Ok(written.map(drop)?)
    }

    /// Whether this is the token for an administrator; it stays good.
    pub async fn is_admin_token(folder: &Path, token: &str) -> Result<bool, TrustError> {
        let digest = DigestAlgorithm::Sha256.digest(token.as_bytes()).to_string();
        let db = Self::database(folder).await?;
        let sql = "select value from instance where key = 'admin_token_sha256' and value = $1";
        let found = db.rows(sql, &[digest.into()]).await;
        db.close().await;
        Ok(!found?.is_empty())
    }

    /// Takes the token for an administrator, once: whether it was the right one.
    pub async fn take_admin_token(folder: &Path, token: &str) -> Result<bool, TrustError> {
        let digest = DigestAlgorithm::Sha256.digest(token.as_bytes()).to_string();
        let db = Self::database(folder).await?;
        let sql = "delete from instance where key = 'admin_token_sha256' and value = $1";
        let taken = db.execute(sql, &[digest.into()]).await;
        db.close().await;
        Ok(taken? == 1)
    }

    /// Reads the instance in `folder`.
    pub async fn open(folder: &Path) -> Result<Self, TrustError> {
        let db = Self::database(folder).await?;
        let read = Self::read(&db).await;
        db.close().await;
        read
    }

    pub(crate) async fn read(db: &Db) -> Result<Self, TrustError> {
        let rows = db.rows("select key, value from instance", &[]).await?;
        let values: Vec<(&str, &str)> =
            rows.iter().map(|r| Ok((r.text(0)?, r.text(1)?))).collect::<Result<_, TrustError>>()?;
        let value = |key: &str| values.iter().find(|(k, _)| *k == key).map(|(_, v)| (*v).to_owned());
        let needed = |key: &str| {
            let text = format!("the database does not say the instance's {key}; restore a backup");
            value(key).ok_or(TrustError::Broken(text))
        };
        let mode = match needed("mode")?.as_str() {
            "production" => Mode::Production,
            _ => Mode::Evaluation,
        };
        let policy = match value("policy") {
            Some(dotted) => Oid::parse_dotted(&dotted),
            None => Some(crate::tsa::EVALUATION_POLICY.as_bytes().to_vec()),
        };
        let policy = policy.ok_or_else(|| TrustError::Broken("the database's policy is no identifier".to_owned()))?;
        let certificates = certificates_of(db).await?;
        let suites = suites_of(&certificates)?;
        let main = suites.first().ok_or_else(|| missing("TSA"))?;
        let is_main_tsa = |c: &&Held| c.role == Role::Tsa && c.algorithm == main.algorithm;
        let mut logs: Vec<LogIdentity> = Vec::new();
        for held in certificates.iter().filter(is_main_tsa) {
            let log = log_of(held)?;
            if logs.last() != Some(&log) {
                logs.push(log);
            }
        }
        let id = logs.last().map(log_id).unwrap_or_default();
        let rows = db.rows("select place from log_key where id = $1", &[id.as_str().into()]).await?;
        let log_place = rows.first().map(|r| r.text(0).map(str::to_owned)).transpose()?;
        let root = certificates.iter().find(|c| c.role == Role::Root).ok_or_else(|| missing("root"))?;
        let label =
            value("label").unwrap_or(hex(&DigestAlgorithm::Sha256.digest(root.certificate()?.spki).as_bytes()[..4]));
        Ok(Self {
            mode,
            operator: Operator {
                name: needed("operator")?,
                country: value("country"),
                registration: value("registration"),
            },
            url: value("url"),
            policy,
            label,
            suites,
            seal: SealChain::of(&certificates),
            certificates,
            logs,
            log_place: log_place.unwrap_or(format!("file:log-{id}.pem")),
        })
    }

    /// The policy in its tokens.
    #[must_use]
    pub fn policy(&self) -> Oid<'_> {
        Oid::from_content(&self.policy).unwrap_or(crate::tsa::EVALUATION_POLICY)
    }

    /// The main suite.
    ///
    /// # Panics
    /// Never: an instance that was read has one.
    #[must_use]
    pub fn main(&self) -> &Suite {
        &self.suites[0]
    }

    /// The certificates that count now: of each suite, the main one first, and the seal's.
    pub fn in_use(&self) -> impl Iterator<Item = &Held> {
        let suites = self.suites.iter().flat_map(|suite| [&suite.root, &suite.issuing, &suite.tsa]);
        suites.chain(self.seal.iter().map(|chain| &chain.seal))
    }

    /// The suite of this algorithm.
    pub fn suite(&self, algorithm: KeyAlgorithm) -> Result<&Suite, TrustError> {
        let found = self.suites.iter().find(|s| s.algorithm == algorithm);
        found.ok_or_else(|| TrustError::Refused(format!("this instance has no {algorithm} keys")))
    }

    /// Where the newest log is kept.
    pub fn log_place(&self, folder: &Path, storage: &Storage) -> Result<Place, TrustError> {
        let newest = self.logs.last().ok_or_else(|| missing("log"))?;
        place(folder, storage, newest)
    }

    /// The common name of a certificate.
    #[must_use]
    pub fn common_name(mode: Mode, label: &str, role: Role, algorithm: KeyAlgorithm) -> String {
        let title = match role {
            Role::Root => "Root",
            Role::Issuing => "Issuing CA",
            Role::Tsa => "TSA",
            Role::Seal => "Document Seal",
        };
        let mark = if mode == Mode::Evaluation { " (EVALUATION ONLY 仅供评估)" } else { "" };
        let suite = if algorithm == KeyAlgorithm::P256 { String::new() } else { format!(" {algorithm}") };
        format!("Shiyin {title} {label}{suite}{mark}")
    }

    /// The newest list of an issuer.
    pub(crate) async fn crl(db: &Db, issuer: &str) -> Result<Option<Issued>, TrustError> {
        let sql = "select number, der, due_s from crl where issuer = $1 order by number desc limit 1";
        let rows = db.rows(sql, &[issuer.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(Issued { number: row.int(0)?, der: row.bytes(1)?.to_vec(), due: Time::from_unix(row.int(2)?) }))
    }

    /// The certificates of an issuer that were revoked, the oldest first.
    pub(crate) async fn revoked(db: &Db, issuer: &str) -> Result<Vec<Revoked>, TrustError> {
        let sql =
            "select fingerprint, serial, reason, date_s, invalid_s from revocation where issuer = $1 order by date_s";
        let rows = db.rows(sql, &[issuer.into()]).await?;
        let read = |row: &store::Row| {
            let reason = row.maybe_int(2)?.map(|n| [n as u8]);
            let reason = reason.and_then(|n| {
                let element = [&[proof::der::tag::ENUMERATED, 1][..], &n].concat();
                proof::der::Element::parse(&element).ok().and_then(|e| Reason::from_enumerated(&e).ok())
            });
            Ok(Revoked {
                fingerprint: row.text(0)?.to_owned(),
                serial: row.bytes(1)?.to_vec(),
                revocation: Revocation {
                    date: Time::from_unix(row.int(3)?),
                    reason,
                    invalid_from: row.maybe_int(4)?.map(Time::from_unix),
                },
            })
        };
        rows.iter().map(read).collect()
    }
}

/// Adds a certificate; from then on it is the newest of its role and suite.
pub(crate) async fn add_certificate(db: &Db, held: &Held) -> Result<(), TrustError> {
    let sql = "insert into certificate (fingerprint, role, der, number, suite, place) \
               select $1, $2, $3, coalesce(max(number), 0) + 1, $4, $5 from certificate";
    let values: [Value; 5] = [
        held.fingerprint().into(),
        held.role.name().into(),
        held.der.as_slice().into(),
        held.algorithm.name().into(),
        held.place.as_str().into(),
    ];
    db.execute(sql, &values).await?;
    Ok(())
}

async fn certificates_of(db: &Db) -> Result<Vec<Held>, TrustError> {
    let rows = db.rows("select der, role, suite, place from certificate order by number", &[]).await?;
    let read = |row: &store::Row| {
        let role = Role::ALL.into_iter().find(|r| row.text(1) == Ok(r.name()));
        Ok(Held {
            der: row.bytes(0)?.to_vec(),
            role: role
                .ok_or_else(|| TrustError::Broken("a certificate of an unknown kind; restore a backup".to_owned()))?,
            algorithm: row.text(2)?.parse()?,
            place: row.text(3)?.to_owned(),
        })
    };
    rows.iter().map(read).collect()
}

/// The chains, in the order in which they were begun. One whose making was cut short has no TSA
/// certificate, and is none.
fn suites_of(certificates: &[Held]) -> Result<Vec<Suite>, TrustError> {
    let mut algorithms: Vec<KeyAlgorithm> = Vec::new();
    for held in certificates.iter().filter(|c| c.role == Role::Tsa) {
        if !algorithms.contains(&held.algorithm) {
            algorithms.push(held.algorithm);
        }
    }
    let newest = |role: Role, algorithm| {
        let found = certificates.iter().rev().find(|c| c.role == role && c.algorithm == algorithm);
        found.cloned().ok_or_else(|| missing(role.name()))
    };
    let suite = |algorithm| {
        Ok(Suite {
            algorithm,
            root: newest(Role::Root, algorithm)?,
            issuing: newest(Role::Issuing, algorithm)?,
            tsa: newest(Role::Tsa, algorithm)?,
        })
    };
    algorithms.into_iter().map(suite).collect()
}

fn missing(what: &str) -> TrustError {
    TrustError::Broken(format!("the database does not hold the instance's {what}; restore a backup"))
}

/// The keys of the instance in `folder`.
pub(crate) fn keystore(folder: &Path, storage: &Storage) -> Result<Keystore, TrustError> {
    let path = storage.keys.passphrase.clone().unwrap_or(folder.join("keys/passphrase"));
    let passphrase = read(&path)?;
    let hardware = storage.keys.token.as_ref().map(|token| {
        let pin = read(&token.pin_file)?;
        Hardware::open(&token.module, &token.label, pin.trim())
    });
    Ok(Keystore::new(&folder.join("keys"), passphrase.trim().as_bytes(), hardware.transpose()?))
}

/// A log's files are under the id of its key, so that those of retired logs stay where they are.
pub(crate) fn place(folder: &Path, storage: &Storage, log: &LogIdentity) -> Result<Place, TrustError> {
    Ok(Place { database: storage.database(folder), public: storage.log(folder, &log_id(log))? })
}

/// What a log's files are found under: the id of its key.
#[must_use]
pub fn log_id(identity: &LogIdentity) -> String {
    identity.keys.first().map_or_else(String::new, |key| hex(&key.id()))
}

/// The log that a TSA certificate names.
fn log_of(tsa: &Held) -> Result<LogIdentity, TrustError> {
    let identity = LogIdentity::of(&tsa.certificate()?).ok().flatten();
    identity.ok_or_else(|| TrustError::Broken("the TSA certificate names no log; issue a new one".to_owned()))
}

/// What anyone may have of the certificates, as PEM by the names of files: roots and chains.
#[must_use]
pub fn public_files(instance: &Instance) -> Vec<(String, String)> {
    let text = |chain: Vec<Vec<u8>>| chain.iter().map(|der| pem(der)).collect();
    let mut files = Vec::new();
    for (number, suite) in instance.suites.iter().enumerate() {
        let end = if number == 0 { String::new() } else { format!("-{}", suite.algorithm) };
        files.push((format!("root{end}.pem"), pem(&suite.root.der)));
        files.push((format!("chain{end}.pem"), text(suite.chain())));
    }
    files.extend(instance.seal.iter().map(|seal| ("seal.pem".to_owned(), text(seal.chain()))));
    files
}

/// Writes these files.
pub(crate) fn publish(folder: &Path, instance: &Instance) -> Result<(), TrustError> {
    for (name, text) in public_files(instance) {
        let path = folder.join("public").join(name);
        files::replace(&path, text.as_bytes(), files::PUBLIC).map_err(|e| cannot("write", &path, &e))?;
    }
    Ok(())
}

pub(crate) fn cannot(verb: &str, path: &Path, error: &std::io::Error) -> TrustError {
    TrustError::Refused(format!("cannot {verb} {}: {error}", path.display()))
}

pub(crate) fn read(path: &Path) -> Result<String, TrustError> {
    fs::read_to_string(path).map_err(|e| cannot("read", path, &e))
}

pub(crate) fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), TrustError> {
    files::write_new(path, bytes, mode).map_err(|e| cannot("write", path, &e))
}

/// A certificate as PEM (RFC 7468).
#[must_use]
pub fn pem(der: &[u8]) -> String {
    let encoded = pkcs8::der::pem::encode_string("CERTIFICATE", pkcs8::der::pem::LineEnding::LF, der);
    encoded.unwrap_or_default()
}
