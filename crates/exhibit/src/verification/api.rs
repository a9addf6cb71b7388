//! `POST /api/v1/verify`: a token against digests, for programs. The report is the one that
//! every other door gives.

use super::anchors;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderValue, Response, header};
use base64ct::{Base64, Encoding as _};
use proof::crypto::RustCrypto;
use proof::digest::{Digest, DigestAlgorithm, from_hex};
use proof::pem;
use proof::report::{JsonReport, Language};
use proof::verify::{self, Context};
use registry::web::{Cx, Fault, guard};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Digests, certificates or lists in one request.
const MANY: usize = 64;

/// What is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    /// The response or token, in base64.
    token: String,
    /// Digests of the content by the names of their algorithms, in hexadecimal.
    #[serde(default)]
    digests: BTreeMap<String, String>,
    /// Certificates to trust beside this node's own, PEM.
    #[serde(default)]
    trust: Vec<String>,
    /// Certificates for building paths, PEM.
    #[serde(default)]
    certificates: Vec<String>,
    /// Revocation lists or OCSP responses, in base64.
    #[serde(default)]
    lists: Vec<String>,
    /// `zh` or `en`; else as the headers ask.
    language: Option<String>,
}

pub(super) async fn verify(cx: Cx, body: Result<Bytes, BytesRejection>) -> Response<Body> {
    if let Err(fault) = cx.count_check() {
        return fault.answer(&cx);
    }
    let Ok(body) = body else { return Fault::TooLarge(guard::BODY_BYTES_MAX).answer(&cx) };
    let request: Request = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => return Fault::Field { field: "body", what: error.to_string() }.answer(&cx),
    };
    let job = cx.clone();
    match cx.site.node.check(move || report(&job, &request)).await {
        Ok(Ok(report)) => {
            let text = serde_json::to_string_pretty(&report).unwrap_or_default();
            let mut response = Response::new(Body::from(text));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Ok(Err(field)) => {
            let what = format!("{field}: base64, hexadecimal under a known algorithm, or PEM; {MANY} at most");
            Fault::Field { field, what }.answer(&cx)
        }
        Err(cause) => Fault::Broken(cause).answer(&cx),
    }
}

/// The report, or the name of the field that cannot be used.
fn report(cx: &Cx, request: &Request) -> Result<JsonReport, &'static str> {
    let base64 = |text: &String| Base64::decode_vec(text.trim()).ok();
    let token = base64(&request.token).ok_or("token")?;
    let is_many = |count: usize| count > MANY;
    let digest = |(name, value): (&String, &String)| {
        let algorithm = DigestAlgorithm::ALL.into_iter().find(|a| a.name().eq_ignore_ascii_case(name))?;
        Digest::new(algorithm, &from_hex(&value.to_lowercase())?)
    };
    if is_many(request.digests.len()) {
        return Err("digests");
    }
    let content: Vec<Digest> = request.digests.iter().map(digest).collect::<Option<_>>().ok_or("digests")?;
    let certificates = |texts: &[String]| -> Option<Vec<Vec<u8>>> {
        let found: Vec<_> = texts.iter().map(|text| pem::blocks(text.as_bytes(), "CERTIFICATE")).collect();
        let is_read = found.iter().all(|ders| !ders.is_empty());
        let all: Vec<Vec<u8>> = found.into_iter().flatten().collect();
        (is_read && !is_many(all.len())).then_some(all)
    };
    let mut trusted = anchors(&cx.site.node);
    trusted.extend(certificates(&request.trust).ok_or("trust")?);
    let further = certificates(&request.certificates).ok_or("certificates")?;
    let given: Option<Vec<Vec<u8>>> = request.lists.iter().map(base64).collect();
    let mut lists = given.filter(|lists| !is_many(lists.len())).ok_or("lists")?;
    lists.extend(cx.site.node.public().lists.iter().map(|(_, list)| list.der.clone()));
    let language = match request.language.as_deref() {
        None => cx.language,
        Some("zh") => Language::Zh,
        Some("en") => Language::En,
        Some(_) => return Err("language"),
    };
    let context = Context {
        content: &content,
        anchors: &trusted,
        certificates: &further,
        crls: &lists,
        ..Context::new(&RustCrypto, cx.now)
    };
    Ok(JsonReport::new(&verify::verify(&token, &context), language))
}
