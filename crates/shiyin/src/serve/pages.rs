//! The pages behind the protocols: what no protocol's address takes goes to them.

use super::connections::Client;
use super::{Server, stamp};
use crate::config::{self, Config};
use crate::exit::Failure;
use crate::input;
use crate::words::Words;
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, Request, Response};
use registry::web::{Caller, Profile, Relation, WitnessRoot};
use std::sync::Arc;
use tower_service::Service as _;

/// What the operator says of itself in the configuration.
pub(super) fn profile(config: &Config, url: &str, words: &Words) -> Result<Profile, Failure> {
    let mut witnesses = Vec::new();
    for authority in &config.external.authority {
        let roots = input::certificates(&authority.root, words)?;
        witnesses.extend(roots.into_iter().map(|root| WitnessRoot { url: authority.url.clone(), root }));
    }
    let operator = &config.operator;
    Ok(Profile {
        url: Some(&config.public.url).filter(|url| !url.is_empty()).map_or(url, String::as_str).to_owned(),
        address: operator.address.clone(),
        contact: operator.contact.clone(),
        filing: operator.filing.clone(),
        relation: operator.relation.map(|relation| match relation {
            config::Relation::Independent => Relation::Independent,
            config::Relation::OwnWorks => Relation::OwnWorks,
            config::Relation::Both => Relation::Both,
        }),
        witnesses,
    })
}

/// Certificates at their addresses, then the pages. What is sent here is counted as requests for tokens are.
pub(super) async fn show(
    State(server): State<Arc<Server>>,
    Extension(client): Extension<Client>,
    mut request: Request<Body>,
) -> Response<Body> {
    if let Some(pem) = server.issuers().pem(request.uri().path()) {
        return pem;
    }
    if request.method() == Method::POST
        && let Some(refusal) = stamp::refused(&server, client, request.headers())
    {
        return refusal;
    }
    let caller = Caller(stamp::sender(client.0, request.headers(), &server.trusted_proxies));
    request.extensions_mut().insert(caller);
    match server.pages.clone().call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
