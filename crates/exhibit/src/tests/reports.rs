//! Signed reports: what anyone gets, what it holds, and what is refused without costing a turn.

use super::evidence::{draft, party_of};
use super::house;
use crate::verification::anchors;
use axum::body::Body;
use axum::extract::FromRequestParts as _;
use axum::http::Request;
use proof::crypto::RustCrypto;
use proof::digest::DigestAlgorithm;
use proof::pdf;
use proof::report::Verdict;
use proof::verify::Context;
use registry::testing::{Answer, House};
use registry::web::{Caller, Cx};
use serde_json::{Value, json};
use std::net::IpAddr;

async fn asked(house: &House, docket: &Value, caller: Option<IpAddr>) -> Answer {
    let mut request = Request::post("/api/v1/verify/report")
        .header("content-type", "application/json")
        .body(Body::from(docket.to_string()))
        .unwrap();
    if let Some(caller) = caller {
        request.extensions_mut().insert(Caller(caller));
    }
    house.ask(request).await
}

/// The result that rides in a report, which its signatures must cover.
fn result(house: &House, report: &[u8]) -> Value {
    let anchors = anchors(&house.node);
    let cx = Context { anchors: &anchors, ..Context::new(&RustCrypto, house.node.now()) };
    let judged = pdf::verify(report, &cx);
    assert_eq!(judged.verdict, Verdict::Valid, "{judged:?}");
    assert_eq!(judged.signatures[0].level, Some(pdf::Level::Lta));
    let attached = pdf::attachments(report).unwrap();
    let one = attached.iter().find(|one| one.name == "result.en.json").unwrap();
    serde_json::from_slice(&one.bytes).unwrap()
}

#[tokio::test]
async fn a_stranger_takes_a_signed_report_away() {
    let house = house().await;
    let lin = house.person("LinZhixia").await;
    let by = party_of(&house, &lin).await;
    let draft = draft("k1", "月港 Moon harbour");
    let entry = house.evidence.preserve(&by, &draft).await.unwrap();
    let number = entry.number.to_string();
    let kept = house.evidence.kept(&by, entry.number).await.unwrap();
    let proof::record::Content::Digests { sha256, .. } = kept.files.all()[0].content else { panic!("digests") };
    let same = format!("SHA-256:{}", proof::digest::hex(&sha256));
    let other = format!("SHA-256:{}", DigestAlgorithm::Sha256.digest(b"another file"));
    // The record alone; with one of its files; with a file that is none of them.
    for files in [json!([]), json!([[same]]), json!([[other]])] {
        let answer = asked(&house, &json!({ "number": number, "files": files }), None).await;
        let report = &answer.is(200).bytes;
        let disposition = answer.headers["content-disposition"].to_str().unwrap();
        assert!(disposition.contains(&format!("{number}.verification.pdf")), "{disposition}");
        let result = result(&house, report);
        assert_eq!(result["subjects"][0]["genuine"], json!("valid"));
        // What the desk says to whoever put a file down is not said by a node that saw none.
        assert!(result["subjects"][0].get("same").is_none() && result["subjects"][0].get("sentences").is_none());
        let states: Vec<&str> =
            result["subjects"][0]["files"].as_array().unwrap().iter().map(|f| f["state"].as_str().unwrap()).collect();
        let count_same = states.iter().filter(|state| **state == "same").count();
        assert_eq!(count_same, usize::from(files.to_string().contains(&same)), "{states:?}");
        assert_eq!(result["without_token"].as_array().unwrap().len(), usize::from(files.to_string().contains(&other)));
        let all: Vec<u8> = pdf::attachments(report).unwrap().into_iter().flat_map(|one| one.bytes).collect();
        let text = String::from_utf8_lossy(&all);
        assert!(!text.contains("LinZhixia") && !text.contains("Moon harbour"), "nobody is named");
    }
    // Without scripts: the form on the page of the number.
    let page = house.get(&format!("/v/{number}")).await;
    assert!(page.body.contains("action=\"/verify/report\""));
    let body = format!("number={number}&digest={}", &same[8..]);
    let form = |body: String| {
        Request::post("/verify/report")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap()
    };
    let answer = house.ask(form(body)).await;
    assert_eq!(result(&house, &answer.is(200).bytes)["subjects"][0]["record"]["number"], json!(number));
    house.ask(form(format!("number={number}&digest=12"))).await.is(422);
    house.ask(form("number=SY-1".to_owned())).await.is(422);
    // A token over a file that no record speaks of.
    let digest = DigestAlgorithm::Sha256.digest(b"a file");
    let token = house.node.stamp(&digest).await.unwrap();
    for (given, verdict) in [(digest, "valid"), (DigestAlgorithm::Sha256.digest(b"b"), "invalid")] {
        let docket = json!({ "token": proof::digest::hex(&token), "files": [[format!("SHA-256:{given}")]] });
        let answer = asked(&house, &docket, None).await;
        assert_eq!(result(&house, &answer.is(200).bytes)["verdict"], json!(verdict));
    }
}

#[tokio::test]
async fn nobody_gets_a_false_word_signed() {
    let house = house().await;
    let lin = house.person("lin").await;
    let by = party_of(&house, &lin).await;
    let open = house.evidence.preserve(&by, &draft("k1", "Open")).await.unwrap();
    let kept = house.evidence.kept(&by, open.number).await.unwrap();
    let proof::record::Content::Digests { sha256, .. } = kept.files.all()[0].content else { panic!("digests") };
    let [stamped, forged] = [sha256, [9; 32]].map(|digest| format!("SHA-256:{}", proof::digest::hex(&digest)));
    let open = open.number.to_string();
    // A forged digest beside the stamped one, as if both were of one file.
    for files in [json!([[stamped, forged]]), json!([[forged, stamped]])] {
        asked(&house, &json!({ "number": open, "files": files }), None).await.is(422);
    }
    // Commitments are public: handing one in shows nothing, and is not taken at all.
    let salted = json!([{ "digests": [forged], "salted": [stamped] }]);
    asked(&house, &json!({ "number": open, "files": salted }), None).await.is(422);
    let mut secret = draft("k2", "Salted");
    secret.mode = registry::evidence::Mode::Salted;
    secret.files.iter_mut().for_each(|file| file.sm3.clear());
    let secret = house.evidence.preserve(&by, &secret).await.unwrap().number.to_string();
    asked(&house, &json!({ "number": secret, "files": [[forged]] }), None).await.is(422);
    let report = asked(&house, &json!({ "number": secret }), None).await;
    let found = result(&house, &report.is(200).bytes);
    assert!(found["subjects"][0]["files"].as_array().unwrap().iter().all(|file| file["state"] == json!("not-given")));
}

#[tokio::test]
async fn what_cannot_be_reported_is_told_and_strangers_have_their_share() {
    let house = house().await;
    let unknown = proof::record::EvidenceNumber::from_random(&[7; 32]).unwrap().to_string();
    for (docket, field) in [
        (json!({}), "number"),
        (json!({ "number": unknown }), "number"),
        (json!({ "number": "SY-1" }), "number"),
        (json!({ "number": unknown, "token": "00" }), "number"),
        (json!({ "token": "zz" }), "token"),
        (json!({ "token": "00", "files": [["SHA-256:00"]] }), "files"),
        (json!({ "token": "00", "files": [[]] }), "files"),
        (json!({ "other": 1 }), "body"),
    ] {
        let answer = asked(&house, &docket, None).await;
        let body: Value = serde_json::from_str(&answer.is(422).body).unwrap();
        assert_eq!(body["field"], json!(field), "{docket}");
    }
    // What is no token at all is reported as what it is.
    let none = asked(&house, &json!({ "token": "3000" }), None).await;
    assert_eq!(result(&house, &none.is(200).bytes)["verdict"], json!("invalid"));
    // An address gets its share in an hour, and others go on.
    let [one, two] = [IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2])];
    let (mut parts, ()) = Request::get("/").body(()).unwrap().into_parts();
    parts.extensions.insert(Caller(one));
    let Ok(cx) = Cx::from_request_parts(&mut parts, house.accounts.site()).await;
    for _ in 0..60 {
        house.accounts.count_document(&cx).await.unwrap();
    }
    assert!(asked(&house, &json!({ "token": "3000" }), Some(one)).await.status == 429);
    asked(&house, &json!({ "token": "3000" }), Some(two)).await.is(200);
    // So many pages of numbers in a second, too; the host itself is not counted.
    let pages = async |caller: IpAddr| {
        let mut refused = 0;
        for _ in 0..80 {
            let mut request = Request::get("/v/SY-1").body(Body::empty()).unwrap();
            request.extensions_mut().insert(Caller(caller));
            refused += usize::from(house.ask(request).await.status == 429);
        }
        refused
    };
    assert!(pages(one).await > 0);
    assert_eq!(pages(IpAddr::from([127, 0, 0, 1])).await, 0);
}
