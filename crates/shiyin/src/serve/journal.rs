//! The public journal of clock and keys over HTTP, and the graph drawn from it.

use super::{Server, public, refuse};
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use std::collections::HashMap;
use std::sync::Arc;
use trust::clock::graph::picture;

/// Lines in one answer.
const LINES_MAX: i64 = 1000;
/// Lines that the graph is drawn from: some months of a quiet clock.
const GRAPH_LINES: i64 = 4000;

/// `GET /journal?from=N`: lines from this number on, a thousand at most.
pub(super) async fn lines(
    State(server): State<Arc<Server>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response<Body> {
    let from = match query.get("from").map(|from| from.parse::<i64>()) {
        None => 1,
        Some(Ok(from)) if from >= 1 => from,
        Some(_) => return refuse(StatusCode::BAD_REQUEST, "from is the number of a line, from 1 on\n"),
    };
    match server.node.journal.entries(from, LINES_MAX).await {
        Ok(entries) => {
            let text: String = entries.iter().map(|e| format!("{}\n", e.line)).collect();
            let mut response = public(&text, "application/x-ndjson");
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            response
        }
        Err(error) => {
            tracing::error!(%error, "the journal cannot be read");
            refuse(StatusCode::INTERNAL_SERVER_ERROR, "the journal cannot be read now; try later\n")
        }
    }
}

/// `GET /clock.svg`: how far the clock was found off.
pub(super) async fn graph(State(server): State<Arc<Server>>) -> Response<Body> {
    let entries = server.node.journal.last(GRAPH_LINES).await.unwrap_or_default();
    let oldest_first: Vec<_> = entries.into_iter().rev().collect();
    match picture(&oldest_first) {
        Some(svg) => public(&svg, "image/svg+xml"),
        None => refuse(StatusCode::NOT_FOUND, "the clock was not measured twice yet\n"),
    }
}
