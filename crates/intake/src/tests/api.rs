//! What programs do: one request, one record; sent twice, still one.

use super::{digest, house, house_on_postgres};
use axum::body::Body;
use axum::http::Request;
use registry::testing::{Answer, Browser, House};
use serde_json::{Value, json};

async fn key(browser: &mut Browser<'_>, scopes: &[&str], organisation: &str) -> String {
    browser.page("/account/keys").await;
    let mut fields = vec![("label", "nightly"), ("days", "90"), ("organisation", organisation)];
    fields.extend(scopes.iter().map(|scope| ("scope", *scope)));
    let page = browser.post("/account/keys", &fields).await;
    page.is(200).body.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned()
}

async fn ask(house: &House, key: &str, path: &str, sent: Option<(&str, &Value)>) -> Answer {
    let mut request = Request::builder().uri(path).header("authorization", format!("Bearer {key}"));
    let body = match sent {
        Some((idem, value)) => {
            request = request.method("POST").header("content-type", "application/json").header("accept-language", "en");
            if !idem.is_empty() {
                request = request.header("idempotency-key", idem);
            }
            Body::from(value.to_string())
        }
        None => Body::empty(),
    };
    house.ask(request.body(body).unwrap()).await
}

fn application(title: &str) -> Value {
    json!({
        "type": "photo", "published": false, "mode": "digest", "title": title, "stage": "finished",
        "declaration": "I made it.", "people": [{ "name": "Lin", "part": "camera", "territory": "everywhere" }],
        "tags": [{ "id": "shot-abroad", "values": ["Portugal", "Aveiro", "2026-09-14"] }],
        "files": [{ "path": "a/月.jpg", "size": 3, "digest": digest("a"), "sm3": "ab".repeat(32) }],
    })
}

async fn programs(house: &House) {
    let mut lin = house.person("lin").await;
    let both = key(&mut lin, &["records:read", "records:write"], "").await;
    let made = ask(house, &both, "/api/v1/works", Some(("k1", &application("Moon")))).await;
    let made: Value = serde_json::from_str(&made.is(201).body).unwrap();
    let record = &made["records"][0];
    assert_eq!((&record["state"], &record["files"]), (&"kept".into(), &1.into()));
    // Sent again: the same; with other content: refused.
    let again = ask(house, &both, "/api/v1/works", Some(("k1", &application("Moon")))).await;
    assert_eq!(serde_json::from_str::<Value>(&again.is(201).body).unwrap(), made);
    let other = ask(house, &both, "/api/v1/works", Some(("k1", &application("Sun")))).await;
    assert!(other.is(422).body.contains("\"field\":\"idempotency_key\""), "{}", other.body);
    // A work, and what stands in it.
    let work = record["work"].as_str().unwrap();
    let chain = ask(house, &both, &format!("/api/v1/works/{work}"), None).await;
    let chain: Value = serde_json::from_str(&chain.is(200).body).unwrap();
    assert_eq!(chain["records"][0]["stage"], "finished");
    let works: Value = serde_json::from_str(&ask(house, &both, "/api/v1/works", None).await.is(200).body).unwrap();
    assert_eq!(works["works"][0]["title"], "Moon");
    let mut second = application("Moon");
    second["work"] = work.into();
    ask(house, &both, "/api/v1/works", Some(("", &second))).await.is(201);
    let whole = ask(house, &both, &format!("/api/v1/works/{work}/whole"), Some(("", &Value::Null))).await;
    assert!(whole.is(200).body.contains("\"kept\""));
    assert!(ask(house, &both, "/api/v1/vocabulary", None).await.is(200).body.contains("shot-abroad"));
    // Each wrong thing is named, and nothing is made of it.
    let before = house.node.log_size();
    let wrong = |change: &dyn Fn(&mut Value)| {
        let mut value = application("Moon");
        change(&mut value);
        value
    };
    for (field, value) in [
        ("kind", wrong(&|v| v["type"] = "nothing".into())),
        ("title", wrong(&|v| v["title"] = "".into())),
        ("stage", wrong(&|v| v["stage"] = "nothing".into())),
        ("own_stage", wrong(&|v| v["stage"] = "own".into())),
        ("declaration", wrong(&|v| v["declaration"] = " ".into())),
        ("digests", wrong(&|v| v["files"] = json!([]))),
        ("files", wrong(&|v| v["files"][0]["path"] = "../x".into())),
        ("files", wrong(&|v| v["files"][0]["digest"] = "x".into())),
        ("files", wrong(&|v| v["mode"] = "salted".into())),
        ("people", wrong(&|v| v["people"] = json!([{ "part": "nobody" }]))),
        ("work", wrong(&|v| v["work"] = "W0".into())),
        // One wrong file among several records makes none of them.
        (
            "files",
            wrong(&|v| {
                let good = v["files"][0].clone();
                let twelve = (0..12).map(|at| {
                    let mut file = good.clone();
                    file["path"] = if at == 11 { "x".repeat(1025).into() } else { format!("{at}").into() };
                    file
                });
                v["files"] = twelve.collect();
                v["each"] = true.into();
            }),
        ),
        ("body", wrong(&|v| v["more"] = 1.into())),
        ("body", json!([])),
    ] {
        let answer = ask(house, &both, "/api/v1/works", Some(("", &value))).await;
        assert!(answer.is(422).body.contains(&format!("\"field\":\"{field}\"")), "{field}: {}", answer.body);
    }
    assert_eq!(house.node.log_size(), before);
    // A key that may not, of another, of an organisation.
    let reads = key(&mut lin, &["records:read"], "").await;
    ask(house, &reads, "/api/v1/works", Some(("", &application("x")))).await.is(403);
    let writes = key(&mut lin, &["records:write"], "").await;
    ask(house, &writes, "/api/v1/works", None).await.is(403);
    let mut mei = house.person("mei").await;
    let hers = key(&mut mei, &["records:read", "records:write"], "").await;
    ask(house, &hers, &format!("/api/v1/works/{work}"), None).await.is(404);
    ask(house, &hers, &format!("/api/v1/works/{work}/whole"), Some(("", &Value::Null))).await.is(404);
    let mut foreign = application("x");
    foreign["work"] = work.into();
    ask(house, &hers, "/api/v1/works", Some(("", &foreign))).await.is(422);
}

#[tokio::test]
async fn programs_make_records_on_sqlite() {
    programs(&house().await).await;
}

#[tokio::test]
async fn programs_make_records_on_postgresql() {
    programs(&house_on_postgres().await).await;
}
