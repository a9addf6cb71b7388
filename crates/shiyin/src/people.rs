//! People at this node: how mail reaches them, who confirms real names, who may register; and the
//! token that makes an administrator.

use crate::exit::{Exit, Failure};
use crate::instance::runtime;
use crate::words::Words;
use crate::{input, tell};
use clap::ArgMatches;
use proof::digest::{DigestAlgorithm, hex};
use registry::accounts::Settings;
use registry::accounts::identity::ProviderSettings;
use registry::accounts::mail::{Security, Smtp};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use trust::instance::Instance;

/// `[mail]`: without it, mail waits for the operator to hand it over.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// The mail server's name.
    host: String,
    /// Its port: 465 for TLS, 587 for STARTTLS, 25 on this host.
    port: u16,
    /// `tls`, `starttls`, or `none` for a server on this host.
    #[serde(default)]
    security: MailSecurity,
    /// Whom mail is from, such as `Shiyin <noreply@shiyin.example>`.
    from: String,
    /// The name to log in with, where the server asks for one.
    #[serde(default)]
    user: String,
    /// A file that holds the password.
    #[serde(default)]
    password_file: Option<PathBuf>,
    /// The root of the server's certificate in PEM, where it is no public one.
    #[serde(default)]
    root: Option<PathBuf>,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// TLS from the first byte.
    #[default]
    Tls,
    /// STARTTLS, required.
    StartTls,
    /// None.
    None,
}

/// `[accounts]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountsConfig {
    /// Takes only those who were invited to an organisation.
    by_invitation: bool,
    /// Days for which sign-ins are kept, with device and network address; 180 at least (law-24).
    keep_sign_ins_days: u32,
}

/// `[identity]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IdentityConfig {
    /// Days after the decision on a real name for which papers are kept.
    keep_papers_days: u32,
    /// Who confirms real names beside the operator (docs/operator/en/identity.md).
    provider: Option<ProviderConfig>,
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self { keep_papers_days: 30, provider: None }
    }
}

/// `[identity.provider]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderConfig {
    /// How people know it.
    name: String,
    /// Where it answers; `http` only on this host.
    url: String,
    /// A file that holds the secret shared with it.
    secret_file: PathBuf,
}

/// Whether what is asked for there is covered on the way: over TLS, or on this host.
pub fn is_covered(url: &str) -> bool {
    let rest = |host: &str| url.strip_prefix("http://").and_then(|url| url.strip_prefix(host));
    let is_here = ["127.0.0.1", "localhost", "[::1]"].into_iter().filter_map(rest);
    let is_here = is_here.into_iter().any(|rest| rest.is_empty() || rest.starts_with([':', '/']));
    url.starts_with("https://") || is_here
}

/// The secret that a file holds.
pub fn secret(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = std::fs::read(path);
    let bytes = read.map_err(|e| Failure::new(Exit::Instance, format!("{}: {e}", path.display())))?;
    Ok(bytes.trim_ascii().to_vec())
}

/// What the configuration says of people; relative names are of files in `data`.
pub fn settings(config: &crate::config::Config, data: &Path, words: &Words) -> Result<Settings, Failure> {
    let smtp = match &config.mail {
        None => None,
        Some(mail) => {
            let password = mail.password_file.as_ref().map(|file| secret(&data.join(file))).transpose()?;
            let password = password.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            Some(Smtp {
                host: mail.host.clone(),
                port: mail.port,
                security: match mail.security {
                    MailSecurity::Tls => Security::Tls,
                    MailSecurity::StartTls => Security::StartTls,
                    MailSecurity::None => Security::None,
                },
                login: password.map(|password| (mail.user.clone(), password)),
                from: mail.from.clone(),
                root: mail.root.as_ref().map(|file| secret(&data.join(file))).transpose()?,
            })
        }
    };
    let provider = match &config.identity.provider {
        None => None,
        Some(provider) => {
            if !is_covered(&provider.url) {
                return Err(Failure::new(Exit::Instance, words.say("err-provider-plain", &[("url", &provider.url)])));
            }
            let secret = secret(&data.join(&provider.secret_file))?;
            if secret.is_empty() {
                let values = [("path", &*provider.secret_file.to_string_lossy())];
                return Err(Failure::new(Exit::Instance, words.say("err-secret-empty", &values)));
            }
            Some(ProviderSettings { name: provider.name.clone(), url: provider.url.clone(), secret })
        }
    };
    let (access_days, paper_days) = (config.accounts.keep_sign_ins_days, config.identity.keep_papers_days);
    let key_rate = (config.api.requests_per_second, config.api.burst);
    let by_invitation = config.accounts.by_invitation;
    Ok(Settings { smtp, provider, by_invitation, access_days, paper_days, key_rate })
}

/// A new token for an administrator, and its digest.
pub fn new_token() -> Result<(String, String), Failure> {
    let random = trust::keys::random::<32>().map_err(|e| Failure::new(Exit::Instance, e.to_string()))?;
    let token = hex(&random);
    let digest = DigestAlgorithm::Sha256.digest(token.as_bytes()).to_string();
    Ok((token, digest))
}

/// `shiyin operator-token`: a one-time token for an administrator; the one before ends.
pub fn operator_token(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let data = input::path(matches, "data");
    let (token, digest) = new_token()?;
    let kept = runtime()?.block_on(Instance::set_admin_token(data, &digest));
    kept.map_err(|e| Failure::new(Exit::Instance, e.to_string()))?;
    tell(&words.say("operator-token", &[("token", &token)]));
    Ok(Exit::Valid)
}
