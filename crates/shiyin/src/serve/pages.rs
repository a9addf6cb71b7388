//! The pages behind the protocols: what no protocol's address takes goes to them.

use super::connections::Client;
use super::{Server, stamp};
use crate::config::{self, Config};
use crate::exit::{Exit, Failure};
use crate::input;
use crate::words::Words;
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, Request, Response};
use registry::web::{Caller, ContentHost, Profile, Relation, WitnessRoot, name_in};
use std::net::SocketAddr;
use std::sync::Arc;
use tower_service::Service as _;
use trust::instance::Mode;

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
        content: None,
    })
}

/// Where content is shown from: what is configured, or on an evaluation instance that only this host reaches
/// a name that every browser takes for this host.
pub(super) fn content(
    config: &Config,
    mode: Mode,
    local: SocketAddr,
    words: &Words,
) -> Result<Option<ContentHost>, Failure> {
    let Some(url) = &config.public.content_url else {
        let is_here = mode == Mode::Evaluation && local.ip().is_loopback();
        let is_plain = config.public.url.is_empty() && config.serve.tls.is_none();
        let url = format!("http://content.localhost:{}", local.port());
        return Ok((is_here && is_plain).then(|| ContentHost::parse(&url)).flatten());
    };
    let refused = |id: &str| Failure::new(Exit::Instance, words.say(id, &[("url", url)]));
    let host = ContentHost::parse(url).ok_or_else(|| refused("serve-content-url"))?;
    match fault_of(&host, &config.public.url) {
        Some(id) => Err(refused(id)),
        None => Ok(Some(host)),
    }
}

/// What is wrong with a host for content beside the site at this address.
pub(crate) fn fault_of(host: &ContentHost, site: &str) -> Option<&'static str> {
    if [name_in(site), "localhost".to_owned()].contains(&host.name().to_owned()) {
        Some("serve-content-same")
    } else if site.starts_with("https://") && !host.origin().starts_with("https://") {
        Some("serve-content-plain")
    } else {
        None
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proof::report::Language;

    fn found(text: &str, mode: Mode, local: &str) -> Result<Option<String>, String> {
        let config: Config = toml::from_str(text).unwrap();
        let host = content(&config, mode, local.parse().unwrap(), &Words::new(Language::En));
        host.map(|host| host.map(|host| host.origin().to_owned())).map_err(|failure| failure.message)
    }

    #[test]
    fn content_has_a_name_of_its_own_or_none() {
        let (here, there) = ("127.0.0.1:8318", "192.0.2.1:8318");
        let own = || Ok(Some("http://content.localhost:8318".to_owned()));
        assert_eq!(found("", Mode::Evaluation, here), own());
        assert_eq!(found("", Mode::Evaluation, "[::1]:8318"), own());
        for (text, mode, local) in [
            ("", Mode::Evaluation, there),
            ("", Mode::Production, here),
            ("[public]\nurl = \"https://shiyin.example\"", Mode::Evaluation, here),
        ] {
            assert_eq!(found(text, mode, local), Ok(None), "{text} {local}");
        }
        let named = |site: &str, content: &str| {
            let text = format!("[public]\nurl = \"{site}\"\ncontent_url = \"{content}\"");
            found(&text, Mode::Production, here)
        };
        let content = "https://content.example";
        assert_eq!(named("https://shiyin.example", content), Ok(Some(content.to_owned())));
        for (site, content, word) in [
            ("https://shiyin.example", "https://shiyin.example:8443", "of its own"),
            ("https://shiyin.example", "https://Shiyin.example.", "cannot be used"),
            ("https://shiyin.example", "http://content.example", "Make it https"),
            ("https://shiyin.example", "https://content.example/a", "cannot be used"),
            ("", "http://localhost:8318", "of its own"),
            ("", "http://127.0.0.1:8318", "cannot be used"),
        ] {
            let refused = named(site, content).unwrap_err();
            assert!(refused.contains(word) && refused.contains(content), "{content}: {refused}");
        }
    }
}
