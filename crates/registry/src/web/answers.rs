//! Answers that are no pages: JSON for programs and scripts, and bytes that the browser saves.

use super::{Cx, Fault};
use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use serde::Serialize;

fn kept_nowhere(bytes: Vec<u8>, media_type: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A value for a program or a script.
///
/// # Errors
/// Where it cannot be written as JSON.
pub fn json(value: &impl Serialize) -> Result<Response<Body>, Fault> {
    Ok(kept_nowhere(serde_json::to_vec(value).map_err(Fault::broken)?, "application/json"))
}

/// Bytes that the browser saves under a name of ours, which holds nothing that a header could not.
#[must_use]
pub fn download(name: &str, media_type: &'static str, bytes: Vec<u8>) -> Response<Body> {
    let mut response = kept_nowhere(bytes, media_type);
    let place = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let place = place.unwrap_or(HeaderValue::from_static("attachment"));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, place);
    response
}

/// The answer to HEAD where GET makes what it gives: asking about it must make nothing.
pub async fn get_alone(cx: Cx) -> Response<Body> {
    Fault::MethodNotAllowed.answer(&cx)
}
