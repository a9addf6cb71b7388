//! The badge: a small picture that other sites may show beside a work, which leads to its page (case-11).
//!
//! It says what a stamp says and no more; it is there only for a record that its owner shows.

use super::Numbers;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Response, header};
use axum::routing::get;
use proof::record::EvidenceNumber;
use registry::web::{Cx, Fault};

pub(super) fn router() -> Router<Numbers> {
    Router::new().route("/v/{number}/badge.svg", get(badge))
}

/// `GET /v/{number}/badge.svg`
async fn badge(State(room): State<Numbers>, cx: Cx, Path(number): Path<String>) -> Response<Body> {
    let drawn = async {
        let number: EvidenceNumber = number.parse().map_err(|_| Fault::NotFound)?;
        let entry = room.evidence.entry_of(number).await?.ok_or(Fault::NotFound)?;
        room.parts(&entry).await?.ok_or(Fault::NotFound)?;
        let time = entry.time.ok_or(Fault::NotFound)?;
        let day: String = time.to_string().chars().take(10).collect();
        let mut response = Response::new(Body::from(svg(&number.to_string(), &day)));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60, must-revalidate"));
        // Made to be shown on other sites; it carries nothing of whoever looks.
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
        Ok(response)
    };
    cx.end(drawn.await)
}

fn svg(number: &str, day: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"250\" height=\"40\" viewBox=\"0 0 250 40\" role=\"img\" \
         aria-label=\"时印 Shiyin {number}\"><path fill=\"#fcfcfa\" stroke=\"#15181c\" d=\"M.5.5h249v39H.5z\"/>\
         <path fill=\"#c2301f\" transform=\"translate(10 12)\" d=\"M0 0h16v16H0V9h4v5h8V2H4v5H0zM6 4h4v3H6zM6 9h4v3H6z\"/>\
         <g font-family=\"sans-serif\" fill=\"#15181c\"><text x=\"36\" y=\"17\" font-size=\"11\">时印 不晚于 no later than {day} UTC</text>\
         <text x=\"36\" y=\"32\" font-size=\"10.5\" font-family=\"monospace\" fill=\"#4d5259\">{number}</text></g></svg>"
    )
}
