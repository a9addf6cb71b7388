//! The verifier as one file, which opens from a disk with the network cut.
//!
//! It holds no anchor and nothing of a node, so that every node of a release gives the
//! same bytes, whose digest is published. Its own policy forbids it every connection.

use super::DeskHtml;
use askama::Template;
use base64ct::{Base64, Encoding as _};
use flate2::Compression;
use flate2::write::GzEncoder;
use proof::digest::DigestAlgorithm;
use proof::report::Language;
use proof_wasm::browser;
use proof_wasm::words::Word;
use registry::web::assets;
use std::io::Write as _;
use std::sync::LazyLock;

#[derive(Template)]
#[template(path = "verification/offline.html")]
struct Offline {
    style: &'static str,
    mark: String,
    desk: String,
    script: &'static str,
    hasher: &'static str,
    verifier: String,
}

impl Offline {
    fn say(&self, word: Word) -> &'static str {
        word.text(Language::Zh)
    }
}

static OFFLINE: LazyLock<String> = LazyLock::new(|| {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory does not fail.
    let packed = encoder.write_all(browser::VERIFIER).and_then(|()| encoder.finish()).unwrap_or_default();
    let page = Offline {
        style: assets::STYLE,
        mark: Base64::encode_string(assets::MARK.as_bytes()),
        desk: DeskHtml { lang: Language::Zh }.render().unwrap_or_default(),
        script: browser::DESK,
        hasher: browser::HASHER,
        verifier: Base64::encode_string(&packed),
    };
    page.render().unwrap_or_default() + "\n"
});

/// The SHA-256 of the file, in hexadecimal, as it is published.
#[must_use]
pub fn offline_digest() -> &'static str {
    static DIGEST: LazyLock<String> =
        LazyLock::new(|| DigestAlgorithm::Sha256.digest(offline().as_bytes()).to_string());
    &DIGEST
}

/// The file: the same bytes wherever a release is built.
#[must_use]
pub fn offline() -> &'static str {
    &OFFLINE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_small_and_asks_nobody() {
        let file = offline();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(file.as_bytes()).unwrap();
        assert!(encoder.finish().unwrap().len() < 1 << 20, "under 1 MB compressed");
        for asks in ["http://", "https://", "src=\"/", "href=\"/"] {
            let found = file.replace("http://www.w3.org/2000/svg", "");
            assert!(!found.contains(asks), "{asks}");
        }
        assert!(file.contains("connect-src 'none'"));
    }
}
