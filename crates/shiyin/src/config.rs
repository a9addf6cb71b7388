//! `DATA/shiyin.toml`: what an operator may set. Read, never written; unknown keys are refused.

use crate::deposits::HoldingsConfig;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::payments::BillingConfig;
use crate::people::{AccountsConfig, IdentityConfig, MailConfig};
use crate::webhooks::WebhooksConfig;
use crate::words::Words;
use serde::Deserialize;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::blobs::S3;
use trust::clock::Limits;
use trust::clock::source::Source;
use trust::storage::{KeyPlaces, PlaceAt, Storage, TokenPlace, VaultPlace};
use trust::tsa::Form;

/// The whole file. Where it is missing, everything has its default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Who runs the instance. Name, country and registration are read when it is made.
    pub operator: OperatorConfig,
    /// Where it is to be found.
    pub public: PublicConfig,
    /// What its tokens are like.
    pub tsa: TsaConfig,
    /// Where its keys are.
    keys: KeysConfig,
    /// Where its time comes from.
    pub clock: ClockConfig,
    /// How it is served.
    pub serve: ServeConfig,
    /// Its messages to the operator.
    pub messages: MessagesConfig,
    /// Where the log is kept. To be set before the instance is made.
    storage: StorageConfig,
    /// Where originals are kept.
    vault: VaultConfig,
    /// How much is taken, for how long it is kept, and how often it is checked.
    pub holdings: HoldingsConfig,
    /// Other authorities that stamp the log.
    pub external: External,
    /// How mail reaches people.
    pub mail: Option<MailConfig>,
    /// Who may have an account.
    pub accounts: AccountsConfig,
    /// How real names are checked.
    pub identity: IdentityConfig,
    /// Who takes money.
    pub billing: BillingConfig,
    /// How much programs may ask for.
    pub api: ApiConfig,
    /// Where programs are told what happened.
    pub webhooks: WebhooksConfig,
}

/// `[operator]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OperatorConfig {
    /// The legal name, as it will stand in the certificates.
    pub name: String,
    /// Two letters (ISO 3166).
    pub country: String,
    /// The number under which it is registered, such as a 统一社会信用代码.
    pub registration: String,
    /// Where it can be reached by post.
    pub address: String,
    /// Where it can be reached otherwise: an address for mail, a telephone number.
    pub contact: String,
    /// How it is related to those whose works it stamps.
    pub relation: Option<Relation>,
    /// The number of its filing with the authorities, such as an ICP 备案号, where it has one.
    pub filing: String,
}

/// How the operator is related to those whose works it stamps.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// It stamps for others and has no part in their works.
    Independent,
    /// It stamps its own works.
    OwnWorks,
    /// Both.
    Both,
}

/// `[public]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PublicConfig {
    /// The address at which others find it, such as `https://shiyin.example`; it goes into certificates.
    pub url: String,
    /// The address from which originals and previews are shown, such as `https://content.example`: another host
    /// name, which leads to this instance as well.
    pub content_url: Option<String>,
}

/// `[tsa]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TsaConfig {
    /// The algorithms of its chains, the main one first. Read when the instance is made.
    pub algorithms: Vec<String>,
    /// The policy in its tokens, in dotted decimal. Read when the instance is made.
    pub policy: String,
    /// The name of its log, where it is not made of the address. Read when the instance is made.
    pub origin: Option<String>,
    /// `pkcs7` or `gmt`: the SignedData that SM2 tokens are in.
    pub sm2_signed_data: Sm2SignedData,
    /// How long its log and records are kept at least, as the practice statement promises.
    pub retention_years: u32,
}

impl Default for TsaConfig {
    fn default() -> Self {
        Self {
            algorithms: vec!["p256".to_owned()],
            policy: trust::tsa::PRODUCTION_POLICY.to_owned(),
            origin: None,
            sm2_signed_data: Sm2SignedData::default(),
            retention_years: 20,
        }
    }
}

/// Which identifier the SignedData of SM2 tokens has.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Sm2SignedData {
    /// 1.2.840.113549.1.7.2
    #[default]
    Pkcs7,
    /// 1.2.156.10197.6.1.4.2.2 (GM/T 0010)
    Gmt,
}

impl TsaConfig {
    /// How tokens are written.
    pub fn form(&self) -> Form {
        Form { gmt_signed_data: self.sm2_signed_data == Sm2SignedData::Gmt }
    }
}

/// `[keys]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct KeysConfig {
    /// The file with the passphrase of the key files; by default `keys/passphrase` beside them.
    passphrase_file: Option<PathBuf>,
    /// A PKCS #11 token in which keys are made and used.
    pkcs11: Option<Pkcs11Config>,
}

/// `[keys.pkcs11]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pkcs11Config {
    /// The library file of the module.
    module: PathBuf,
    /// The token's label.
    token: String,
    /// The file with the user's PIN.
    pin_file: PathBuf,
}

/// `[clock]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClockConfig {
    /// Sources that must agree; more than half of all in any case.
    pub quorum: usize,
    /// Of those that agree, how many must have proved who they are.
    pub authenticated: usize,
    /// Seconds between two measurements.
    pub every_s: u64,
    /// How old the last measurement may be, in seconds.
    pub fresh_s: u32,
    /// How far off the time may be at most, in milliseconds.
    pub accuracy_ms: u32,
    /// A larger correction waits for the operator, in milliseconds.
    pub step_ms: u32,
    /// More correction in a day waits for the operator, in milliseconds.
    pub day_ms: u32,
    /// How far the host's clock may be from the sources, in milliseconds.
    pub host_ms: u32,
    /// The sources.
    pub source: Vec<SourceConfig>,
}

/// `[[clock.source]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, untagged)]
pub enum SourceConfig {
    /// An NTP server: `ntp = "HOST"` or `"HOST:PORT"`.
    Ntp {
        /// Host, and port where it is not 123.
        ntp: String,
    },
    /// A chronyd beside us: `chrony = "/run/chrony/chronyd.sock"`.
    Chrony {
        /// Its command socket.
        chrony: PathBuf,
        /// Its client program, where it is not `chronyc`.
        #[serde(default = "chronyc")]
        program: PathBuf,
    },
}

fn chronyc() -> PathBuf {
    PathBuf::from("/usr/bin/chronyc")
}

impl Default for ClockConfig {
    fn default() -> Self {
        let limits = Limits::default();
        let ms = |ns: i64| u32::try_from(ns / 1_000_000).unwrap_or_default();
        Self {
            quorum: limits.quorum,
            authenticated: limits.authenticated,
            every_s: 64,
            fresh_s: ms(limits.fresh_ns) / 1000,
            accuracy_ms: ms(limits.accuracy_ns),
            step_ms: ms(limits.step_ns),
            day_ms: ms(limits.day_ns),
            host_ms: ms(limits.host_ns),
            source: Vec::new(),
        }
    }
}

impl ClockConfig {
    /// What the gate is to insist on.
    pub fn limits(&self) -> Limits {
        let ns = |ms: u32| i64::from(ms) * 1_000_000;
        Limits {
            quorum: self.quorum,
            authenticated: self.authenticated,
            fresh_ns: i64::from(self.fresh_s) * 1_000_000_000,
            accuracy_ns: ns(self.accuracy_ms),
            step_ns: ns(self.step_ms),
            day_ns: ns(self.day_ms),
            host_ns: ns(self.host_ms),
            ..Limits::default()
        }
    }

    /// How often it is measured.
    pub fn every(&self) -> Duration {
        Duration::from_secs(self.every_s.max(1))
    }

    /// The sources.
    pub fn sources(&self) -> Vec<Source> {
        let source = |source: &SourceConfig| match source {
            SourceConfig::Ntp { ntp } => {
                // An address with colons and no brackets is one of IPv6 without a port.
                let is_bare_v6 = ntp.matches(':').count() > 1 && !ntp.starts_with('[');
                let has_port = !is_bare_v6 && ntp.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
                match (is_bare_v6, has_port) {
                    (true, _) => Source::Ntp(format!("[{ntp}]:123")),
                    (false, true) => Source::Ntp(ntp.clone()),
                    (false, false) => Source::Ntp(format!("{ntp}:123")),
                }
            }
            SourceConfig::Chrony { chrony, program } => {
                Source::Chrony { program: program.clone(), socket: chrony.clone() }
            }
        };
        self.source.iter().map(source).collect()
    }
}

/// `[api]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiConfig {
    /// Requests in a second that a key may send for long; 0 for no limit. Each process counts for itself.
    pub requests_per_second: u32,
    /// Requests that a key may send at once.
    pub burst: u32,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self { requests_per_second: 100, burst: 200 }
    }
}

/// `[serve]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServeConfig {
    /// Address and port to listen on, where the command line does not say.
    pub listen: Option<String>,
    /// Address and port for metrics, on which nobody but the operator may reach it.
    pub metrics: Option<String>,
    /// Proxies whose word on who sent a request counts.
    pub trusted_proxies: Vec<IpAddr>,
    /// TLS, where no proxy does it.
    pub tls: Option<TlsConfig>,
}

/// `[serve.tls]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, untagged)]
pub enum TlsConfig {
    /// Out of files.
    Files {
        /// The certificate chain, in PEM.
        certificate: PathBuf,
        /// Its key, in PEM.
        key: PathBuf,
    },
    /// By ACME.
    Acme {
        /// From where.
        acme: AcmeConfig,
    },
}

/// `[serve.tls.acme]`: the names are those of `public.url` and `public.content_url`, and the service must reach
/// them on port 443.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcmeConfig {
    /// The service's directory.
    #[serde(default = "lets_encrypt")]
    pub directory: String,
    /// Where the service may write to, such as `mailto:security@shiyin.example`.
    #[serde(default)]
    pub contact: Option<String>,
    /// That the service's terms were read and are agreed to.
    #[serde(default)]
    pub agree_to_terms: bool,
    /// The root of the service's own TLS, where it is no public one.
    #[serde(default)]
    pub root: Option<PathBuf>,
}

fn lets_encrypt() -> String {
    "https://acme-v02.api.letsencrypt.org/directory".to_owned()
}

/// `[messages]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MessagesConfig {
    /// `text` or `json`.
    pub format: MessageFormat,
    /// A folder for them, one file a day; by default they go to standard error.
    pub folder: Option<PathBuf>,
    /// Days after which a file goes.
    pub keep_days: usize,
}

impl Default for MessagesConfig {
    fn default() -> Self {
        Self { format: MessageFormat::default(), folder: None, keep_days: 180 }
    }
}

/// How messages are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum MessageFormat {
    /// A line for people.
    #[default]
    Text,
    /// An object a line.
    Json,
}

/// `[storage]`: by default the log is in the instance's folder.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct StorageConfig {
    /// A file that holds the address of a PostgreSQL database, `postgres://USER:PASSWORD@HOST/NAME`.
    database_file: Option<PathBuf>,
    /// An S3-compatible service for the log's public files.
    s3: Option<S3Config>,
}

/// `[vault]`: by default originals are in `DATA/vault` alone.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct VaultConfig {
    /// The places, each of which has a copy of every original; the first one takes what arrives.
    place: Vec<PlaceConfig>,
}

/// `[[vault.place]]`: a folder or a bucket.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceConfig {
    /// What it is called, in `a`-`z`, `0`-`9` and `-`. It keeps its name when others come or go.
    name: String,
    /// A folder, on a disk of its own where that is possible.
    folder: Option<PathBuf>,
    /// An S3-compatible service.
    s3: Option<S3Config>,
}

/// `[storage.s3]` and `[vault.place.s3]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct S3Config {
    /// `https://HOST`; `http` only on loopback.
    endpoint: String,
    region: String,
    bucket: String,
    /// What all names begin with.
    #[serde(default)]
    prefix: String,
    /// The id of the access key.
    key_id: String,
    /// A file that holds the secret of the access key.
    secret_file: PathBuf,
}

impl Config {
    /// Where log and keys are kept, with the secrets of the database and S3 read from their files.
    pub fn storage(&self) -> Result<Storage, Failure> {
        let fault = |path: &Path, cause: &dyn std::fmt::Display| {
            Failure::new(Exit::Instance, format!("{}: {cause}", path.display()))
        };
        let secret = |path: &Path| {
            let text = std::fs::read_to_string(path).map_err(|e| fault(path, &e))?;
            Ok::<_, Failure>(text.trim().to_owned())
        };
        let database = self
            .storage
            .database_file
            .as_deref()
            .map(|path| secret(path)?.parse().map_err(|e: store::StoreError| fault(path, &e)));
        let service = |s3: &S3Config| {
            let slash = if s3.prefix.is_empty() || s3.prefix.ends_with('/') { "" } else { "/" };
            Ok::<_, Failure>(S3 {
                endpoint: s3.endpoint.clone(),
                region: s3.region.clone(),
                bucket: s3.bucket.clone(),
                prefix: format!("{}{slash}", s3.prefix),
                key_id: s3.key_id.clone(),
                secret: secret(&s3.secret_file)?,
            })
        };
        let s3 = self.storage.s3.as_ref().map(service);
        let place = |place: &PlaceConfig| {
            let at = match (&place.folder, &place.s3) {
                (Some(folder), None) => PlaceAt::Folder(folder.clone()),
                (None, Some(s3)) => PlaceAt::S3(service(s3)?),
                _ => {
                    let text = format!("[[vault.place]] {:?} needs a folder or an s3, and not both", place.name);
                    return Err(Failure::new(Exit::Instance, text));
                }
            };
            Ok(VaultPlace { name: place.name.clone(), at })
        };
        let vault = self.vault.place.iter().map(place).collect::<Result<_, _>>()?;
        let token = self.keys.pkcs11.as_ref().map(|token| TokenPlace {
            module: token.module.clone(),
            label: token.token.clone(),
            pin_file: token.pin_file.clone(),
        });
        let keys = KeyPlaces { passphrase: self.keys.passphrase_file.clone(), token };
        Ok(Storage { database: database.transpose()?, s3: s3.transpose()?, keys, vault })
    }
}

/// `[external]`: who else is asked for the time. Without them, back-dating by the operator is
/// not excluded, and every report says so.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct External {
    /// Seconds between two stamps while the log grows.
    pub every_s: u64,
    /// Stamps asked for at each checkpoint; where an authority fails, the next is asked.
    pub stamps: usize,
    /// The authorities, in the order in which they are asked.
    pub authority: Vec<ExternalAuthority>,
}

impl Default for External {
    fn default() -> Self {
        Self { every_s: 600, stamps: 1, authority: Vec::new() }
    }
}

/// `[[external.authority]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalAuthority {
    /// Where it answers, such as `https://freetsa.org/tsr`.
    pub url: String,
    /// Its root certificate, PEM or DER; a relative name is beside this file.
    pub root: PathBuf,
}

/// The name of the file in an instance's folder.
pub const FILE: &str = "shiyin.toml";

/// Reads the configuration of the instance in `data`.
pub fn read(data: &Path, words: &Words) -> Result<Config, Failure> {
    let path = data.join(FILE);
    if path.exists() { read_file(&path, data, words) } else { Ok(Config::default()) }
}

/// Reads a configuration; relative names in it are of files in `data`.
pub fn read_file(path: &Path, data: &Path, words: &Words) -> Result<Config, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| input::cannot_read(path, &error, words))?;
    parse(&text, path, data, words)
}

/// Reads a configuration that is called `path` where it is at fault.
pub fn parse(text: &str, path: &Path, data: &Path, words: &Words) -> Result<Config, Failure> {
    let mut config: Config = toml::from_str(text).map_err(|error| {
        let values = [("path", &*path.to_string_lossy()), ("cause", error.message())];
        Failure::new(Exit::Instance, words.say("err-config", &values))
    })?;
    let roots = config.external.authority.iter_mut().map(|a| &mut a.root);
    let secrets = config.storage.s3.as_mut().map(|s3| &mut s3.secret_file);
    let keys = &mut config.keys;
    let keys = keys.passphrase_file.as_mut().into_iter().chain(keys.pkcs11.as_mut().map(|t| &mut t.pin_file));
    let tls = config.serve.tls.as_mut().into_iter().flat_map(|tls| match tls {
        TlsConfig::Files { certificate, key } => vec![certificate, key],
        TlsConfig::Acme { acme } => acme.root.as_mut().into_iter().collect(),
    });
    let database = config.storage.database_file.as_mut();
    let places = config.vault.place.iter_mut();
    let places =
        places.flat_map(|place| place.folder.iter_mut().chain(place.s3.as_mut().map(|s3| &mut s3.secret_file)));
    let secrets = secrets.into_iter().chain(places);
    for name in roots.chain(secrets).chain(database).chain(keys).chain(tls).chain(config.messages.folder.as_mut()) {
        *name = data.join(&*name);
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S3: &str = "endpoint = \"a\"\nregion = \"a\"\nbucket = \"a\"\nkey_id = \"a\"\nsecret_file = \"a\"\n";
    const WECHAT: [&str; 7] = [
        "app_id",
        "merchant_id",
        "certificate_serial",
        "key_file",
        "platform_key_id",
        "platform_key_file",
        "api_v3_key_file",
    ];

    /// Sections that are there whole or not at all, with what they cannot do without; and the rest.
    fn sections() -> [(&'static str, String); 7] {
        let wechat: String = WECHAT.iter().map(|key| format!("{key} = \"a\"\n")).collect();
        [
            ("clock.source[]", "[[clock.source]]\nchrony = \"a\"\n".to_owned()),
            ("serve.tls.acme", "[serve.tls.acme]\n".to_owned()),
            ("storage.s3", format!("[storage.s3]\n{S3}")),
            ("vault.place[].s3", format!("[[vault.place]]\nname = \"a\"\n[vault.place.s3]\n{S3}")),
            ("mail", "[mail]\nhost = \"a\"\nport = 25\nfrom = \"a\"\n".to_owned()),
            ("billing.wechat", format!("[billing.wechat]\n{wechat}")),
            ("", String::new()),
        ]
    }

    /// Keys and defaults, out of the tables of a chapter.
    fn rows(page: &str) -> Vec<(&str, &str)> {
        fn row(line: &str) -> Option<(&str, &str)> {
            let (key, rest) = line.strip_prefix("| `")?.split_once("` | `")?;
            let (default, _) = rest.split_once("` | ")?;
            (!key.contains(' ')).then_some((key, default))
        }
        page.lines().filter_map(row).collect()
    }

    /// Written down, the defaults of the operator guide are what is taken where nothing is written.
    #[test]
    fn the_operator_guide_has_the_defaults() {
        let rows = rows(include_str!("../../../docs/operator/en/configuration.md"));
        let sections = sections();
        let is_of = |key: &str, section: &str| section.is_empty() || key.starts_with(&format!("{section}."));
        for (section, needed) in &sections {
            let mut written = needed.clone();
            for (key, default) in rows.iter().copied() {
                let first = sections.iter().map(|(name, _)| *name).find(|name| is_of(key, name));
                if first == Some(*section) {
                    let key = key.strip_prefix(*section).unwrap_or(key).trim_start_matches('.');
                    written.push_str(&format!("{key} = {default}\n"));
                }
            }
            assert_ne!(&written, needed, "[{section}]");
            let read = |text: &str| format!("{:?}", toml::from_str::<Config>(text).unwrap());
            assert_eq!(read(&written), read(needed), "[{section}]");
        }
    }
}
