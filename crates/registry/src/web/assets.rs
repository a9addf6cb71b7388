//! The files that pages ask for: one stylesheet, one mark, the scripts, the verifier.
//!
//! Addresses hold a digest of the content, so that a browser may keep a file for ever
//! and never has a wrong one. Nothing is asked of another host.

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use flate2::Compression;
use flate2::write::GzEncoder;
use proof::digest::DigestAlgorithm;
use std::io::Write as _;
use std::sync::LazyLock;

/// The stylesheet.
pub const STYLE: &str = include_str!("assets/look.css");
/// The mark, as a picture.
pub const MARK: &str = include_str!("assets/favicon.svg");

struct Asset {
    name: &'static str,
    path: String,
    media_type: &'static str,
    bytes: &'static [u8],
    compressed: Vec<u8>,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let files: [(&'static str, &'static str, &'static [u8]); 9] = [
        ("look.css", "text/css; charset=utf-8", STYLE.as_bytes()),
        ("favicon.svg", "image/svg+xml", MARK.as_bytes()),
        ("verify.js", "text/javascript; charset=utf-8", proof_wasm::browser::DESK.as_bytes()),
        ("hash.js", "text/javascript; charset=utf-8", proof_wasm::browser::HASHER.as_bytes()),
        ("protect.js", "text/javascript; charset=utf-8", include_bytes!("assets/protect.js")),
        ("upload.js", "text/javascript; charset=utf-8", include_bytes!("assets/upload.js")),
        ("passkey.js", "text/javascript; charset=utf-8", include_bytes!("assets/passkey.js")),
        ("player.js", "text/javascript; charset=utf-8", include_bytes!("assets/player.js")),
        ("verifier.wasm", "application/wasm", proof_wasm::browser::VERIFIER),
    ];
    files.map(|(name, media_type, bytes)| asset(name, media_type, bytes)).into()
});

fn asset(name: &'static str, media_type: &'static str, bytes: &'static [u8]) -> Asset {
    let digest = DigestAlgorithm::Sha256.digest(bytes).to_string();
    let (stem, end) = name.rsplit_once('.').unwrap_or((name, ""));
    // A browser asks for the mark by its plain name as well.
    let path = match name {
        "favicon.svg" => "/assets/favicon.svg".to_owned(),
        _ => format!("/assets/{stem}.{}.{end}", &digest[..16]),
    };
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory does not fail.
    let compressed = encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default();
    Asset { name, path, media_type, bytes, compressed }
}

/// The address of a file; empty where there is none of this name.
#[must_use]
pub fn path(name: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map_or("", |asset| &asset.path)
}

/// `GET /assets/…`
pub async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response<Body> {
    let path = format!("/assets/{name}");
    let Some(asset) = ASSETS.iter().find(|asset| asset.path == path) else {
        let mut response = Response::new(Body::from("no such file; load the page again\n"));
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    };
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let is_compressed = accepts.contains("gzip") && !asset.compressed.is_empty();
    let body = if is_compressed { Body::from(asset.compressed.clone()) } else { Body::from(asset.bytes) };
    let mut response = Response::new(body);
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let keeps =
        if asset.name == "favicon.svg" { "public, max-age=86400" } else { "public, max-age=31536000, immutable" };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(keeps));
    if is_compressed {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    // The worker is a document of its own, with a policy of its own.
    let policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'none'";
    out.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_an_address_of_its_content() {
        for asset in ASSETS.iter() {
            assert_eq!(path(asset.name), asset.path);
            assert!(asset.compressed.len() < asset.bytes.len() + 32, "{}", asset.name);
        }
        assert!(path("look.css").starts_with("/assets/look.") && path("look.css").len() > 24);
        assert_eq!(path("nothing"), "");
    }

    /// LOOK.md: no request to anywhere, and the two dark blocks are equal.
    #[test]
    fn the_stylesheet_asks_nobody_and_is_dark_in_one_way() {
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
        let blocks: Vec<&str> =
            STYLE.split("color-scheme: dark;").skip(1).filter_map(|s| s.split('}').next()).collect();
        assert_eq!(blocks.len(), 2);
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(plain(blocks[0]), plain(blocks[1]));
    }
}
