//! What anyone may read of the certificates: chains, revocation lists, answers about revocation.

use super::{Server, public, refuse};
use crate::serve::log;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use base64ct::{Base64, Encoding as _};
use proof::x509::ocsp::{OcspFailure, REQUEST_BYTES_MAX};
use std::path::Path as FilePath;
use std::sync::Arc;
use trust::TrustError;
use trust::instance::{Instance, public_files};
use trust::revocation::{self, Responder};
use trust::storage::Storage;
use trust::{authority, certificates};

const PEM: &str = "application/x-pem-file";

/// All of it as of one moment.
pub(super) struct Issuers {
    pub(super) listing: String,
    /// The addresses of roots and chains, the seal's among them.
    pems: Vec<(String, String)>,
    /// By the ids of their issuers.
    certificates: Vec<(String, Vec<u8>)>,
    responders: Vec<Responder>,
}

impl Issuers {
    pub(super) async fn read(instance: &Instance, data: &FilePath, storage: &Storage) -> Result<Self, TrustError> {
        let pems = public_files(instance).into_iter().map(|(name, text)| (format!("/{name}"), text)).collect();
        let mut cas = Vec::new();
        for held in instance.certificates.iter().filter(|c| c.role.is_ca()) {
            cas.push((certificates::issuer_id(held.certificate()?.spki), held.der.clone()));
        }
        Ok(Self {
            listing: log::listing(&instance.logs),
            pems,
            certificates: cas,
            responders: authority::responders(data, storage).await?,
        })
    }
}

fn der(bytes: Vec<u8>, media_type: &'static str) -> Response<Body> {
    let mut response = public("", media_type);
    *response.body_mut() = Body::from(bytes);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

impl Issuers {
    /// What is at `/root.pem`, `/chain.pem`, `/seal.pem` and the addresses of further suites.
    pub(super) fn pem(&self, path: &str) -> Option<Response<Body>> {
        self.pems.iter().find(|(name, _)| name == path).map(|(_, text)| public(text, PEM))
    }
}

/// `GET /crl`: where the lists are.
pub(super) async fn lists(State(server): State<Arc<Server>>) -> Response<Body> {
    let text: String = server.node.public().lists.iter().map(|(id, _)| format!("/crl/{id}.crl\n")).collect();
    public(&text, "text/plain; charset=utf-8")
}

/// `GET /crl/ID.crl`: the newest list of an issuer.
pub(super) async fn list(State(server): State<Arc<Server>>, Path(name): Path<String>) -> Response<Body> {
    let public = server.node.public();
    let id = name.strip_suffix(".crl").unwrap_or_default();
    match public.lists.iter().find(|(known, _)| known == id) {
        Some((_, list)) => der(list.der.clone(), "application/pkix-crl"),
        None => refuse(StatusCode::NOT_FOUND, "no such list\n"),
    }
}

/// `GET /ca/ID.cer`: the certificate of an issuer.
pub(super) async fn certificate(State(server): State<Arc<Server>>, Path(name): Path<String>) -> Response<Body> {
    let issuers = server.issuers();
    let id = name.strip_suffix(".cer").unwrap_or_default();
    match issuers.certificates.iter().find(|(known, _)| known == id) {
        Some((_, bytes)) => der(bytes.clone(), "application/pkix-cert"),
        None => refuse(StatusCode::NOT_FOUND, "no such certificate\n"),
    }
}

/// `POST /ocsp` (RFC 6960 appendix A.1).
pub(super) async fn answer(State(server): State<Arc<Server>>, request: Request) -> Response<Body> {
    let body = to_bytes(request.into_body(), REQUEST_BYTES_MAX).await;
    respond(&server, body.ok().as_deref())
}

/// `GET /ocsp/BASE64`.
pub(super) async fn answer_in_address(
    State(server): State<Arc<Server>>,
    Path(request): Path<String>,
) -> Response<Body> {
    let request = Some(request).filter(|r| r.len() <= REQUEST_BYTES_MAX * 2);
    respond(&server, request.and_then(|r| Base64::decode_vec(&r).ok()).as_deref())
}

fn respond(server: &Server, request: Option<&[u8]>) -> Response<Body> {
    const REPLY: &str = "application/ocsp-response";
    let Some(request) = request else {
        return der(OcspFailure::MalformedRequest.encode(), REPLY);
    };
    der(revocation::respond(&server.issuers().responders, request, server.node.now()), REPLY)
}
