//! TLS certificates by ACME (RFC 8555), proven over TLS itself (RFC 8737): no further port, and no
//! program beside this one.
//!
//! What was issued and the account's key are in the key folder. A certificate is renewed when
//! a third of its life is left; what fails is tried again, and the old one serves on.

use super::tls::{certified, unchecked};
use crate::config::AcmeConfig;
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, OrderStatus,
    RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use store::files;
use trust::clock::{Clock as _, SystemClock};

/// The protocol under which a proof is asked for.
pub(super) const PROOF_PROTOCOL: &[u8] = b"acme-tls/1";
/// How often it is looked at whether a certificate is to be renewed.
const LOOK: Duration = Duration::from_secs(6 * 3600);
/// Pause after a failure; the service's limits are a few an hour.
const RETRY: Duration = Duration::from_secs(1200);

type Error = Box<dyn std::error::Error + Send + Sync>;

/// The certificate in use, and proofs that are being asked for.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    current: RwLock<Option<Arc<CertifiedKey>>>,
    proofs: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let is_proof = hello.alpn().is_some_and(|mut names| names.all(|name| name == PROOF_PROTOCOL));
        if is_proof && let Some(name) = hello.server_name() {
            return self.proofs.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        }
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Gets and renews the certificate for the instance's names, all in one.
pub(super) struct Acme {
    config: AcmeConfig,
    names: Vec<String>,
    keys: PathBuf,
    resolver: Arc<Resolver>,
}

impl Acme {
    /// Prepares to serve these names with what is in the key folder, where there is something.
    pub(super) fn new(config: &AcmeConfig, names: Vec<String>, keys: &Path) -> Self {
        let acme =
            Self { config: config.clone(), names, keys: keys.to_owned(), resolver: Arc::new(Resolver::default()) };
        if let Ok(text) = std::fs::read(acme.file()) {
            acme.take(&text);
        }
        acme
    }

    pub(super) fn resolver(&self) -> Arc<Resolver> {
        Arc::clone(&self.resolver)
    }

    fn file(&self) -> PathBuf {
        self.keys.join("tls.pem")
    }

    fn take(&self, pem: &[u8]) -> bool {
        let Ok(certified) = certified(pem, pem) else { return false };
        *self.resolver.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(certified));
        true
    }

    /// Whether the certificate is missing, names not all that it should, or two thirds of its life are over.
    fn is_due(&self) -> bool {
        let current = self.resolver.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        let leaf = current.as_ref().and_then(|c| c.cert.first());
        let parsed = leaf.and_then(|der| proof::x509::Certificate::parse(der).ok());
        let (Some(certificate), Ok(reading)) = (parsed, SystemClock.now()) else { return true };
        if !self.names.iter().all(|name| names(leaf, name)) {
            return true;
        }
        let (from, to) = (certificate.not_before.unix_s(), certificate.not_after.unix_s());
        reading.time.unix_s() > from + (to - from) / 3 * 2
    }

    /// Works until it is dropped.
    pub(super) async fn run(self) {
        loop {
            let mut pause = LOOK;
            if self.is_due() {
                match self.order().await {
                    Ok(()) => tracing::info!(names = self.names.join(" "), "a TLS certificate was issued"),
                    Err(error) => {
                        pause = RETRY;
                        let cause = causes(error.as_ref());
                        tracing::error!(
                            names = self.names.join(" "),
                            cause,
                            "no TLS certificate was issued; it is tried again"
                        );
                    }
                }
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn account(&self) -> Result<Account, Error> {
        let path = self.keys.join("acme-account.json");
        let builder = || match &self.config.root {
            Some(root) => Account::builder_with_root(root),
            None => Account::builder(),
        };
        if let Ok(text) = std::fs::read(&path) {
            let credentials: AccountCredentials = serde_json::from_slice(&text)?;
            return Ok(builder()?.from_credentials(credentials).await?);
        }
        let contact: Vec<&str> = self.config.contact.iter().map(String::as_str).collect();
        let new = NewAccount {
            contact: &contact,
            terms_of_service_agreed: self.config.agree_to_terms,
            only_return_existing: false,
        };
        let (account, credentials) = builder()?.create(&new, self.config.directory.clone(), None).await?;
        files::write_new(&path, &serde_json::to_vec(&credentials)?, files::SECRET)?;
        Ok(account)
    }

    async fn order(&self) -> Result<(), Error> {
        let account = self.account().await?;
        let names: Vec<Identifier> = self.names.iter().cloned().map(Identifier::Dns).collect();
        let mut order = account.new_order(&NewOrder::new(&names)).await?;
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let challenge = authorization.challenge(ChallengeType::TlsAlpn01);
            let mut challenge = challenge.ok_or("the service offers no proof over TLS (tls-alpn-01)")?;
            let name = challenge.identifier().to_string();
            let proof = proof_of(&name, challenge.key_authorization().digest().as_ref())?;
            self.resolver.proofs.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::new(proof));
            challenge.set_ready().await?;
        }
        let ready = order.poll_ready(&RetryPolicy::default()).await;
        self.resolver.proofs.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if ready? != OrderStatus::Ready {
            return Err("the service did not accept the proof: is the name's address this host's, on port 443?".into());
        }
        let key = order.finalize().await?;
        let chain = order.poll_certificate(&RetryPolicy::default()).await?;
        let pem = format!("{chain}\n{key}");
        if !self.take(pem.as_bytes()) {
            return Err("the service sent what is no certificate".into());
        }
        Ok(files::replace(&self.file(), pem.as_bytes(), files::SECRET)?)
    }
}

/// Whether a certificate is for this name.
fn names(leaf: Option<&CertificateDer<'_>>, name: &str) -> bool {
    let parsed = leaf.and_then(|der| ParsedCertificate::try_from(der).ok());
    let name = ServerName::try_from(name);
    parsed.zip(name.ok()).is_some_and(|(parsed, name)| verify_server_name(&parsed, &name).is_ok())
}

/// An error with all that caused it.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let all = std::iter::successors(Some(error), |e| e.source());
    all.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The certificate that proves the name (RFC 8737 section 3).
fn proof_of(name: &str, digest: &[u8]) -> Result<CertifiedKey, Error> {
    let key = KeyPair::generate()?;
    let mut parameters = CertificateParams::new(vec![name.to_owned()])?;
    parameters.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = parameters.self_signed(&key)?;
    Ok(unchecked(certificate.pem().as_bytes(), key.serialize_pem().as_bytes())?)
}
