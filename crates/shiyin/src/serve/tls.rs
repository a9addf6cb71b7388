//! TLS with a certificate out of files, for an instance without a proxy before it.

use crate::config::TlsConfig;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::words::Words;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// What accepts connections under the configured certificate.
pub(super) fn acceptor(config: &TlsConfig, words: &Words) -> Result<TlsAcceptor, Failure> {
    let refused = |cause: String| Failure::new(Exit::Instance, words.say("serve-tls", &[("cause", &cause)]));
    let read = |path| input::read(path, input::SMALL_BYTES_MAX, words);
    let chain = CertificateDer::pem_slice_iter(&read(&config.certificate)?).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|e| refused(format!("{}: {e}", config.certificate.display())))?;
    let key = PrivateKeyDer::from_pem_slice(&read(&config.key)?);
    let key = key.map_err(|e| refused(format!("{}: {e}", config.key.display())))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let made = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    let mut made = made.map_err(|e| refused(e.to_string()))?;
    made.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(made)))
}
