//! Every page through the router, as a visitor meets it: both languages, structure, words,
//! headers; and what bad requests come to.

use super::house;
use crate::help;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use proof::report::Language;
use registry::testing::check_tags;
use registry::web::check_words;
use std::path::Path;

fn every_page() -> Vec<String> {
    let fixed = [
        "/",
        "/verify",
        "/authority",
        "/help",
        "/samples",
        "/nothing-here",
        "/register",
        "/register/code",
        "/signin",
        "/signin/code",
        "/recover",
        "/recover/code",
        "/administrator",
        "/report",
    ];
    let fixed = fixed.map(str::to_owned);
    fixed.into_iter().chain(["/help/operator".to_owned()]).chain(help::pages()).collect()
}

#[tokio::test]
async fn every_page_is_sound_in_both_languages() {
    let house = house().await;
    for path in every_page() {
        let mut pages = Vec::new();
        for (lang, html_lang) in [("zh", "zh-Hans"), ("en", "en")] {
            let answer = house.get(&format!("{path}?lang={lang}")).await;
            let expected = if path == "/nothing-here" { StatusCode::NOT_FOUND } else { StatusCode::OK };
            assert_eq!(answer.status, expected, "{path}");
            let html = &answer.body;
            check_tags(&path, html);
            assert!(html.contains(&format!("<html lang=\"{html_lang}\">")), "{path}");
            assert_eq!(html.matches("<h1").count(), 1, "{path}");
            assert!(html.matches("button primary").count() <= 2, "{path}: one primary act, two where one is hidden");
            assert!(!html.contains(" style=") && !html.contains("onclick"), "{path}: nothing inline");
            assert!(html.contains("&#60;Qingyu&#62;") || html.contains("&lt;Qingyu&gt;"), "{path}: who runs it");
            assert!(!html.contains("<Qingyu>") && !html.contains("<b>@example"), "{path}: values are escaped");
            for claim in ["legally recognised", "created at", "法律认可", "无需公证"] {
                assert!(!html.contains(claim), "{path}: {claim}");
            }
            let policy = answer.headers["content-security-policy"].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe-inline"), "{path}");
            let runs = path == "/verify" || path == "/signin";
            assert_eq!(policy.contains("script-src"), runs, "{path}: scripts only where they are needed");
            assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
            assert!(answer.headers.contains_key("strict-transport-security"), "{path}");
            assert!(answer.headers["set-cookie"].to_str().unwrap().starts_with(&format!("lang={lang};")));
            pages.push(answer.body);
        }
        let structure = |html: &str| -> Vec<String> {
            let tags = html.split('<').skip(1).filter_map(|t| t.split(['>', ' ', '\n']).next());
            tags.filter(|t| ["h1", "h2", "section", "table", "form", "input", "button"].contains(t))
                .map(str::to_owned)
                .collect()
        };
        assert_eq!(structure(&pages[0]), structure(&pages[1]), "{path}");
    }
    assert!(!house.get("/").await.headers.contains_key("set-cookie"), "a cookie only for who chose");
}

#[test]
fn every_rooms_words_are_complete() {
    let folder = |room: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room);
    macro_rules! rooms {
        ($($room:literal)*) => {$(check_words(
            include_str!(concat!("../", $room, "/zh.ftl")),
            include_str!(concat!("../", $room, "/en.ftl")),
            &folder($room),
        );)*};
    }
    rooms! { "home" "verification" "authority" "help" "operation" }
}

#[tokio::test]
async fn bad_requests_get_a_remedy_and_change_nothing() {
    let house = house().await;
    let before = house.node.log_size();
    let wrong = house.post("/api/v1/verify", "application/json", "{\"token\": 1}").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let error: serde_json::Value = serde_json::from_str(&wrong.body).unwrap();
    assert_eq!(error["field"], "body");
    assert!(error["instance"].is_string());
    for body in [
        r#"{"token":"*"}"#,
        r#"{"token":"AAAA","digests":{"SHA-256":"00"}}"#,
        r#"{"token":"AAAA","digests":{"MD5":"00"}}"#,
        r#"{"token":"AAAA","trust":["no certificate"]}"#,
        r#"{"token":"AAAA","language":"fr"}"#,
        r#"{"token":"AAAA","more":1}"#,
    ] {
        let answer = house.post("/api/v1/verify", "application/json", body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    let junk = house.post("/api/v1/verify?lang=en", "application/json", r#"{"token":"AAAA"}"#).await;
    assert_eq!(junk.status, StatusCode::OK, "a token that cannot be read is a finding");
    assert!(junk.body.contains("\"invalid\""), "{}", junk.body);
    let large = house.post("/api/v1/verify", "application/json", vec![b' '; 9 << 20]).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    let large = house.post("/verify", "multipart/form-data; boundary=x", vec![b' '; 9 << 20]).await;
    assert!(large.status.is_client_error(), "{}", large.status);
    let other = Request::post("/verify").header("sec-fetch-site", "cross-site").body(Body::empty()).unwrap();
    assert_eq!(house.ask(other).await.status, StatusCode::FORBIDDEN);
    let method = Request::builder().method(Method::DELETE).uri("/verify").body(Body::empty()).unwrap();
    assert_eq!(house.ask(method).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(house.get("/help/nothing").await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.get("/help/operator/nothing").await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.get("/assets/nothing.css").await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.node.log_size(), before);
}

fn form(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in parts {
        let head = format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\r\n");
        body.extend([head.as_bytes(), *value, b"\r\n"].concat());
    }
    body.extend(b"--x--\r\n");
    body
}

#[tokio::test]
async fn the_form_and_the_api_say_what_proof_says() {
    let house = house().await;
    let token = house.stamp(b"a").await;
    let digest = proof::digest::DigestAlgorithm::Sha256.digest(b"a").to_string();
    let send = async |parts: &[(&str, &[u8])]| {
        house.post("/verify?lang=en", "multipart/form-data; boundary=x", form(parts)).await
    };
    let good = send(&[("token", &token), ("digest", digest.to_uppercase().as_bytes())]).await;
    assert!(good.body.contains("data-verdict=\"valid\""), "{}", good.body);
    check_tags("/verify", &good.body);
    let other = send(&[("token", &token), ("digest", "00".repeat(32).as_bytes())]).await;
    assert!(other.body.contains("data-verdict=\"invalid\""));
    let alone = send(&[("token", &token)]).await;
    assert!(alone.body.contains("data-verdict=\"incomplete\""));
    let empty = send(&[("digest", b"<script>")]).await;
    assert!(empty.body.contains("role=\"alert\"") && !empty.body.contains("<script>\""), "{}", empty.body);
    let no_root = send(&[("token", &token), ("trust", b"no certificate")]).await;
    assert!(no_root.body.contains("not a certificate"));
    let token = <base64ct::Base64 as base64ct::Encoding>::encode_string(&token);
    let body = serde_json::json!({ "token": token, "digests": { "sha-256": digest }, "language": "en" });
    let answer = house.post("/api/v1/verify", "application/json", body.to_string()).await;
    let report: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(report["verdict"], "valid", "{}", answer.body);
}

#[tokio::test]
async fn the_public_record_is_there_for_programs() {
    let house = house().await;
    let answer = house.get("/api/v1/authority").await;
    let record: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(record["evaluation"], true);
    assert_eq!(record["certificates"].as_array().unwrap().len(), 7, "two suites and a seal");
    assert_eq!(record["verifier_sha256"].as_str().unwrap().len(), 64);
    assert!(record["checkpoint"].as_str().unwrap().contains("shiyin"));
    let page = house.get("/authority?lang=en").await.body;
    for held in record["certificates"].as_array().unwrap() {
        let fingerprint = held["sha256"].as_str().unwrap();
        let groups = proof_wasm::page::digest(fingerprint);
        assert!(page.contains(&groups), "{fingerprint}");
    }
}

#[tokio::test]
async fn the_seal_is_shown_as_it_is_and_rooms_reach_it() {
    let house = house().await;
    let seal = house.node.seal().unwrap();
    assert!(seal.sign(&[0x31, 0]).is_ok() && seal.sign(b"a document").is_err());
    let own = proof::digest::DigestAlgorithm::Sha256.digest(&seal.chain()[0]).to_string();
    let said = async || {
        let record: serde_json::Value = serde_json::from_str(&house.get("/api/v1/authority").await.body).unwrap();
        record["seal"].clone()
    };
    assert_eq!(said().await, serde_json::json!({ "sha256": own, "address": "/seal.pem", "signs": true }));
    for (language, sealing, silent) in [("en", "Sealing documents", "Cannot sign now"), ("zh", "签章中", "暂不能签章")]
    {
        house.node.set_seal(Some(seal.clone()));
        let page = house.get(&format!("/authority?lang={language}")).await.body;
        assert!(page.contains(sealing) && page.contains("href=\"/seal.pem\"") && !page.contains(silent), "{page}");
        house.node.set_seal(None);
        let page = house.get(&format!("/authority?lang={language}")).await.body;
        assert!(page.contains(silent) && !page.contains(sealing), "{page}");
    }
    assert!(house.node.seal().is_none());
    assert_eq!(said().await["signs"], false);
}

#[tokio::test]
async fn rooms_ask_for_stamps_by_one_door() {
    use proof::digest::DigestAlgorithm;
    use registry::web::NotStamped;
    let house = house().await;
    for algorithm in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512, DigestAlgorithm::Sm3] {
        let digest = algorithm.digest(b"a document");
        let response = house.node.stamp(&digest).await.unwrap();
        let token = proof::verify::token_der(&response).unwrap();
        assert_eq!(proof::verify::imprint(&response), Some(digest));
        let signed = proof::cms::SignedData::parse(&token).unwrap();
        assert_eq!(signed.certificates.len(), 2, "whoever gets it needs nothing else but the root");
    }
    let size = house.node.log_size();
    let weak = house.node.stamp(&DigestAlgorithm::Sha1.digest(b"a document")).await;
    assert!(matches!(weak, Err(NotStamped::Refused(why)) if why.name() == "badAlg"), "{weak:?}");
    house.clock.set_failing(true);
    let refused = house.node.stamp(&DigestAlgorithm::Sha256.digest(b"a document")).await;
    assert!(matches!(refused, Err(NotStamped::Refused(why)) if why.name() == "timeNotAvailable"), "{refused:?}");
    assert_eq!(house.node.log_size(), size, "a refusal leaves nothing");
}

/// The offline verifier speaks both languages out of one file.
#[test]
fn the_one_file_has_every_word_it_names() {
    let file = crate::verification::offline();
    let names: Vec<&str> = file
        .split("data-word=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|n| !n.is_empty())
        .collect();
    assert!(names.len() > 12);
    for name in names {
        let known = proof_wasm::words::Word::ALL.iter().find(|w| w.name() == name);
        let word = known.unwrap_or_else(|| panic!("no word {name}"));
        assert!(!word.text(Language::En).is_empty());
    }
}

/// Every word of the verification is said somewhere: by the code, a template, or a script.
#[test]
fn no_word_of_the_verification_is_idle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut said = String::from(proof_wasm::browser::DESK);
    for folder in ["proof-wasm/src", "proof-wasm/src/page", "exhibit/src/verification"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() && path.file_name().is_some_and(|name| name != "words.rs") {
                said.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let known: std::collections::HashSet<&str> = said.split(|c| !is_part(c)).collect();
    // The script puts the names of kinds together.
    let is_kind = |name: &str| name.starts_with("kind-");
    let idle: Vec<String> = proof_wasm::words::Word::ALL
        .iter()
        .filter(|word| !known.contains(word.name()) && !known.contains(&*format!("{word:?}")) && !is_kind(word.name()))
        .map(|word| format!("{word:?}"))
        .collect();
    assert!(idle.is_empty(), "never said: {idle:?}");
}

/// One request is one number for the operator, whoever answers it.
#[tokio::test]
async fn a_request_is_counted_once() {
    let house = house().await;
    let number = async || {
        let answer = house.get("/api/v1/nothing").await;
        let error: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        let enquiry = error["instance"].as_str().unwrap().to_owned();
        u64::from_str_radix(enquiry.split('-').nth(1).unwrap(), 16).unwrap()
    };
    let first = number().await;
    assert_eq!(number().await, first + 1);
}
