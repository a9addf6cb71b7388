//! Answers that are no pages: JSON for programs and scripts, and bytes that the browser saves.

use super::range::{Part, part};
use super::{Cx, Fault};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use proof::digest::DigestAlgorithm;
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

/// The same of bytes that are always these: a part of them where `Range` asks for one, so that what was cut goes on. What
/// they are known by again is their digest.
#[must_use]
pub fn download_part(headers: &HeaderMap, name: &str, media_type: &'static str, mut bytes: Vec<u8>) -> Response<Body> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let tag = format!("\"{}\"", DigestAlgorithm::Sha256.digest(&bytes));
    let (size, is_same) = (bytes.len(), text(header::IF_RANGE).is_none_or(|condition| condition.trim() == tag));
    let (status, range) = match part(text(header::RANGE).filter(|_| is_same), size as u64) {
        Part::Whole => (StatusCode::OK, None),
        Part::None => {
            bytes.clear();
            (StatusCode::RANGE_NOT_SATISFIABLE, Some(format!("bytes */{size}")))
        }
        Part::Some(range) => {
            let of = |place: u64| usize::try_from(place).unwrap_or(size);
            bytes = bytes.get(of(range.start)..of(range.end)).unwrap_or_default().to_vec();
            (StatusCode::PARTIAL_CONTENT, Some(format!("bytes {}-{}/{size}", range.start, range.end - 1)))
        }
    };
    let mut response = download(name, media_type, bytes);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    for (name, value) in [(header::ETAG, Some(tag)), (header::CONTENT_RANGE, range)] {
        headers.extend(value.and_then(|value| HeaderValue::from_str(&value).ok()).map(|value| (name, value)));
    }
    response
}

/// The answer to HEAD where GET makes what it gives: asking about it must make nothing.
pub async fn get_alone(cx: Cx) -> Response<Body> {
    Fault::MethodNotAllowed.answer(&cx)
}
