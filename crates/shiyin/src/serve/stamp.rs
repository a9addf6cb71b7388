//! Requests for tokens (RFC 3161 section 3.4). A refusal is an answer of the protocol.

use super::connections::Client;
use super::{Server, refuse};
use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use proof::tsp::{FailureInfo, QUERY_MEDIA_TYPE, REPLY_MEDIA_TYPE, REQUEST_BYTES_MAX, TimeStampResp};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use trust::keys::KeyAlgorithm;

/// How long a client may take to send its request.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// `POST /tsa`: a token of the main suite.
pub(super) async fn main(
    State(server): State<Arc<Server>>,
    Extension(client): Extension<Client>,
    request: Request<Body>,
) -> Response<Body> {
    answer(&server, client, None, request).await
}

/// `POST /tsa/ALGORITHM`: a token of another suite.
pub(super) async fn other(
    State(server): State<Arc<Server>>,
    Extension(client): Extension<Client>,
    Path(algorithm): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    match algorithm.parse() {
        Ok(algorithm) => answer(&server, client, Some(algorithm), request).await,
        Err(_) => refuse(StatusCode::NOT_FOUND, NO_SUITE),
    }
}

/// Counts a request of this client; the answer where it asks too often.
pub(super) fn refused(server: &Server, Client(peer): Client, headers: &HeaderMap) -> Option<Response<Body>> {
    let address = sender(peer, headers, &server.trusted_proxies);
    let wait_s = server.rate.take(address, server.started.elapsed().as_secs()).err()?;
    server.metrics.count("rate-limited");
    let mut response = refuse(StatusCode::TOO_MANY_REQUESTS, "too many requests; wait as long as Retry-After says\n");
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
    Some(response)
}

const NO_SUITE: &str = "this authority has no keys of that algorithm; ask at /tsa\n";

async fn answer(
    server: &Server,
    client: Client,
    algorithm: Option<KeyAlgorithm>,
    request: Request<Body>,
) -> Response<Body> {
    if let Some(refusal) = refused(server, client, request.headers()) {
        return refusal;
    }
    if !is_query(request.headers()) {
        server.metrics.count("wrong-media-type");
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send Content-Type: application/timestamp-query\n");
    }
    let body = tokio::time::timeout(BODY_TIMEOUT, to_bytes(request.into_body(), REQUEST_BYTES_MAX)).await;
    let der = match body {
        Err(_) => {
            server.metrics.count("slow-request");
            return refuse(StatusCode::REQUEST_TIMEOUT, "the request did not arrive in time\n");
        }
        Ok(Ok(body)) => {
            let begun = Instant::now();
            let Some(reply) = server.node.tsa.respond(algorithm, &body).await else {
                return refuse(StatusCode::NOT_FOUND, NO_SUITE);
            };
            server.metrics.answered(reply.refused, begun.elapsed());
            reply.der
        }
        Ok(Err(_)) => {
            let sentence = "a request must not be larger than 4096 bytes; send a digest, not the content";
            server.metrics.count(FailureInfo::BadDataFormat.name());
            TimeStampResp::encode_rejection(FailureInfo::BadDataFormat, sentence)
        }
    };
    let mut response = Response::new(Body::from(der));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(REPLY_MEDIA_TYPE));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Who sent a request: the peer, or whom the last of our own proxies names. What others wrote into
/// the header before it is not believed.
pub(super) fn sender(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    if !trusted.contains(&peer) {
        return peer;
    }
    let values = headers.get_all("x-forwarded-for");
    let named: Vec<&str> = values.iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).collect();
    for name in named.iter().rev() {
        match name.trim().parse::<IpAddr>() {
            Ok(address) if trusted.contains(&address) => {}
            Ok(address) => return address,
            Err(_) => break,
        }
    }
    peer
}

fn is_query(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|v| v.trim().eq_ignore_ascii_case(QUERY_MEDIA_TYPE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_proxies_are_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let (proxy, inner) = (ip("10.0.0.1"), ip("10.0.0.2"));
        let from = |peer, values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("x-forwarded-for", HeaderValue::from_static(value));
            }
            sender(peer, &headers, &[proxy, inner])
        };
        assert_eq!(from(ip("192.0.2.7"), &["203.0.113.1"]), ip("192.0.2.7"), "a stranger's word");
        assert_eq!(from(proxy, &["198.51.100.1, 203.0.113.1"]), ip("203.0.113.1"), "the last counts");
        assert_eq!(from(proxy, &["203.0.113.1", "10.0.0.2"]), ip("203.0.113.1"), "through both proxies");
        assert_eq!(from(proxy, &[]), proxy);
        assert_eq!(from(proxy, &["203.0.113.1, unknown"]), proxy);
    }
}
