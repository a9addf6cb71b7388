//! TLS for an instance without a proxy before it: a certificate out of files, or by ACME.

use super::acme::{Acme, PROOF_PROTOCOL};
use crate::config::TlsConfig;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::words::Words;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// What accepts connections, and what keeps its certificate new where that is to be done.
pub(super) struct Tls {
    pub(super) acceptor: TlsAcceptor,
    pub(super) acme: Option<Acme>,
}

/// A chain and its key out of PEM, where they belong together.
pub(super) fn certified(chain: &[u8], key: &[u8]) -> Result<CertifiedKey, String> {
    let certified = unchecked(chain, key)?;
    certified.keys_match().map_err(|e| e.to_string())?;
    Ok(certified)
}

/// A chain and its key out of PEM. A proof's certificate has a critical extension that the check
/// does not know.
pub(super) fn unchecked(chain: &[u8], key: &[u8]) -> Result<CertifiedKey, String> {
    let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|e| e.to_string())?;
    Ok(CertifiedKey::new(chain, any_supported_type(&key).map_err(|e| e.to_string())?))
}

/// TLS as configured for the instance in `data`, which is found at the first of these addresses, and shows
/// content at the second where it is not empty.
pub(super) fn prepare(
    config: &TlsConfig,
    data: &Path,
    [url, content]: [&str; 2],
    words: &Words,
) -> Result<Tls, Failure> {
    let refused = |cause: String| Failure::new(Exit::Instance, words.say("serve-tls", &[("cause", &cause)]));
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| refused(e.to_string()))?
        .with_no_client_auth();
    let mut acme = None;
    let mut made = match config {
        TlsConfig::Files { certificate, key } => {
            let read = |path| input::read(path, input::SMALL_BYTES_MAX, words);
            let certified = certified(&read(certificate)?, &read(key)?);
            let certified = certified.map_err(|cause| refused(format!("{}: {cause}", certificate.display())))?;
            builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)))
        }
        TlsConfig::Acme { acme: config } => {
            let names = [url, content].into_iter().filter(|url| !url.is_empty()).map(|url| {
                let host = url.strip_prefix("https://").map(|rest| rest.split(['/', ':']).next().unwrap_or_default());
                host.filter(|host| !host.is_empty()).map(str::to_owned)
            });
            let names = names.collect::<Option<Vec<_>>>().filter(|names| !names.is_empty());
            let names = names.ok_or_else(|| {
                refused("public.url and public.content_url must begin with https:// and name a host".to_owned())
            })?;
            if !config.agree_to_terms {
                return Err(refused("read the service's terms and set agree_to_terms = true".to_owned()));
            }
            let made = Acme::new(config, names, &data.join("keys"));
            let resolver = made.resolver();
            acme = Some(made);
            builder.with_cert_resolver(resolver)
        }
    };
    made.alpn_protocols = vec![b"http/1.1".to_vec()];
    if acme.is_some() {
        made.alpn_protocols.push(PROOF_PROTOCOL.to_vec());
    }
    Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(made)), acme })
}

/// Whether a connection was made for a proof alone, which the handshake has given.
pub(super) fn is_proof(connection: &rustls::ServerConnection) -> bool {
    connection.alpn_protocol() == Some(PROOF_PROTOCOL)
}
