//! Programs that are signed in by a code: whose code it is, what is given, once and soon.

use super::{house, house_on_postgres};
use axum::body::Body;
use axum::http::Request;
use registry::testing::{Answer, House};
use serde_json::{Value, json};

async fn send(house: &House, path: &str, body: &Value) -> Answer {
    let request = Request::post(path).header("content-type", "application/json").header("accept-language", "en");
    house.ask(request.body(Body::from(body.to_string())).unwrap()).await
}

async fn begun(house: &House, scopes: &[&str]) -> (String, String) {
    let asked = json!({ "label": "shiyin", "host": "desk-7 <b>", "scopes": scopes });
    let answer = send(house, "/api/v1/device", &asked).await;
    let begun: Value = serde_json::from_str(&answer.is(200).body).unwrap();
    assert_eq!(begun["verification_uri"], "https://shiyin.example/account/device");
    assert_eq!(begun["expires_in"], 600);
    let text = |name: &str| begun[name].as_str().unwrap().to_owned();
    assert!(!text("verification_uri").contains(&text("user_code")), "no code in an address");
    (text("device_code"), text("user_code"))
}

/// What a program that asks for its key is told.
async fn fetched(house: &House, secret: &str) -> (u16, Value) {
    let answer = send(house, "/api/v1/device/token", &json!({ "device_code": secret })).await;
    (answer.status.as_u16(), serde_json::from_str(&answer.body).unwrap())
}

async fn refused(house: &House, secret: &str) -> String {
    let (status, said) = fetched(house, secret).await;
    assert_eq!(status, 400, "{said}");
    assert!(said["remedy"].as_str().is_some_and(|text| !text.is_empty()));
    said["code"].as_str().unwrap().to_owned()
}

async fn with_key(house: &House, method: &str, path: &str, key: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {key}"));
    house.ask(request.body(Body::empty()).unwrap()).await
}

const ALLOW: [(&str, &str); 3] = [("act", "allow"), ("days", "90"), ("organisation", "")];

async fn devices(house: &House) {
    let mut lin = house.person("lin").await;
    let mut mei = house.person("mei").await;
    let (secret, code) = begun(house, &["account:read", "records:write", "records:read"]).await;
    assert_eq!(refused(house, &secret).await, "authorization_pending");
    assert_eq!(refused(house, &secret).await, "slow_down");
    // Nothing of it lies open in the database: neither code, nor what the program said.
    let rows = house.accounts.db().rows("select id, code, body from key_request", &[]).await.unwrap();
    let (id, kept, body) = (rows[0].text(0).unwrap(), rows[0].text(1).unwrap(), rows[0].bytes(2).unwrap());
    assert!(id != secret && kept != code && kept != code.replace('-', ""));
    assert!(!body.windows(6).any(|part| part == b"desk-7"));
    // Typed in any way; shown as data; what is asked and no more.
    lin.page("/account/device").await;
    let page = lin.post("/account/device", &[("code", &code.to_lowercase().replace('-', " "))]).await;
    let page = &page.is(200).body;
    registry::testing::check_tags("/account/device", page);
    assert!(page.contains(&code) && page.contains("desk-7 &lt;b&gt;") && page.contains("203.0.113.7"), "{page}");
    assert!(page.contains("records:write") && !page.contains("holdings:write"));
    // Whoever typed it first has it alone.
    mei.page("/account/device").await;
    mei.post("/account/device", &[("code", &code)]).await.is(422);
    let theirs = [&ALLOW[..], &[("code", code.as_str()), ("scope", "records:read")]].concat();
    mei.post("/account/device/answer", &theirs).await.is(422);
    assert_eq!(refused(house, &secret).await, "slow_down");
    // Nothing chosen, a term that is not offered, an organisation of others.
    lin.post("/account/device/answer", &[&ALLOW[..], &[("code", &code)]].concat()).await.is(422);
    let odd = [("code", code.as_str()), ("act", "allow"), ("days", "9999"), ("scope", "records:read")];
    lin.post("/account/device/answer", &odd).await.is(422);
    let odd =
        [("code", code.as_str()), ("act", "allow"), ("days", "90"), ("scope", "records:read"), ("organisation", "x")];
    lin.post("/account/device/answer", &odd).await.is(404);
    // A form of another session allows nothing.
    let own = std::mem::replace(&mut lin.form_token, "0".to_owned());
    lin.post("/account/device/answer", &theirs).await.is(403);
    lin.form_token = own;
    // Less than was asked, and never what was not.
    let more = [
        &ALLOW[..],
        &[("code", &code), ("scope", "account:read"), ("scope", "records:read"), ("scope", "holdings:write")],
    ]
    .concat();
    lin.post("/account/device/answer", &more).await.leads_to("/account/keys?said=device-allowed");
    assert!(lin.page("/account/keys?said=device-allowed").await.contains("It is allowed"));
    lin.post("/account/device/answer", &more).await.is(422);
    let (status, given) = fetched(house, &secret).await;
    assert_eq!(status, 200, "{given}");
    assert_eq!(given["scopes"], json!(["account:read", "records:read"]));
    let key = given["key"].as_str().unwrap().to_owned();
    assert!(with_key(house, "GET", "/api/v1/account", &key).await.is(200).body.contains("lin@people.example"));
    with_key(house, "GET", "/api/v1/account/history", &key).await.is(403);
    // Once.
    assert_eq!(refused(house, &secret).await, "expired_token");
    let letter = house.mail("lin@people.example").await;
    assert!(letter.subject.contains("API key"), "{}", letter.subject);
    // The program ends its key; another's key is not touched by it.
    let (other, code) = begun(house, &["account:read"]).await;
    mei.page("/account/device").await;
    mei.post("/account/device", &[("code", &code)]).await.is(200);
    let fields = [&ALLOW[..], &[("code", code.as_str()), ("scope", "account:read")]].concat();
    mei.post("/account/device/answer", &fields).await.leads_to("/account/keys?said=device-allowed");
    let hers = fetched(house, &other).await.1["key"].as_str().unwrap().to_owned();
    with_key(house, "DELETE", "/api/v1/account/key", &key).await.is(200);
    with_key(house, "GET", "/api/v1/account", &key).await.is(401);
    with_key(house, "DELETE", "/api/v1/account/key", &key).await.is(401);
    with_key(house, "GET", "/api/v1/account", &hers).await.is(200);
    // Refused, and too late.
    let (secret, code) = begun(house, &["account:read"]).await;
    lin.page("/account/device").await;
    let no = [("code", code.as_str()), ("act", "refuse")];
    lin.post("/account/device/answer", &no).await.leads_to("/account/keys?said=device-refused");
    assert_eq!(refused(house, &secret).await, "access_denied");
    assert_eq!(refused(house, &secret).await, "expired_token");
    let (secret, code) = begun(house, &["account:read"]).await;
    house.accounts.db().execute("update key_request set due_s = 1", &[]).await.unwrap();
    lin.post("/account/device", &[("code", &code)]).await.is(422);
    assert_eq!(refused(house, &secret).await, "expired_token");
    house.accounts.sweep(house.node.now()).await.unwrap();
    assert!(house.accounts.db().rows("select id from key_request", &[]).await.unwrap().is_empty());
    // What a program may not ask.
    for (field, asked) in [
        ("label", json!({ "label": "", "scopes": ["account:read"] })),
        ("label", json!({ "label": "x".repeat(61), "scopes": ["account:read"] })),
        ("host", json!({ "label": "x", "host": "a\u{202e}b", "scopes": ["account:read"] })),
        ("scopes", json!({ "label": "x", "scopes": [] })),
        ("scopes", json!({ "label": "x", "scopes": ["everything"] })),
    ] {
        let answer = send(house, "/api/v1/device", &asked).await;
        assert!(answer.is(422).body.contains(&format!("\"field\":\"{field}\"")), "{}", answer.body);
    }
    send(house, "/api/v1/device", &json!({ "label": "x".repeat(5000), "scopes": [] })).await.is(413);
    send(house, "/api/v1/device", &json!([])).await.is(422);
}

#[tokio::test]
async fn a_program_is_signed_in_by_a_code_on_sqlite() {
    devices(&house().await).await;
}

#[tokio::test]
async fn a_program_is_signed_in_by_a_code_on_postgresql() {
    devices(&house_on_postgres().await).await;
}

#[tokio::test]
async fn codes_cannot_be_tried_and_requests_are_bounded() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    lin.page("/account/device").await;
    let (_, code) = begun(&house, &["account:read"]).await;
    for _ in 0..10 {
        lin.post("/account/device", &[("code", "AAAA-AAAA")]).await.is(422);
    }
    lin.post("/account/device", &[("code", &code)]).await.is(429);
    for _ in 1..30 {
        begun(&house, &["account:read"]).await;
    }
    let asked = json!({ "label": "shiyin", "scopes": ["account:read"] });
    let answer = send(&house, "/api/v1/device", &asked).await;
    assert!(answer.is(429).headers.contains_key("retry-after"));
}

#[tokio::test]
async fn who_left_or_is_frozen_gives_no_key() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    let (secret, code) = begun(&house, &["account:read"]).await;
    lin.page("/account/device").await;
    lin.post("/account/device", &[("code", &code)]).await.is(200);
    let fields = [&ALLOW[..], &[("code", code.as_str()), ("scope", "account:read")]].concat();
    lin.post("/account/device/answer", &fields).await.leads_to("/account/keys?said=device-allowed");
    let person = house.me(&lin).await.person.id;
    let mut operator = house.operator().await;
    operator.page("/operator/people").await;
    operator.page(&format!("/operator/people/{person}")).await;
    let frozen = operator.post(&format!("/operator/people/{person}/freeze"), &[("reason", "asked")]).await;
    assert!(frozen.status.as_u16() == 303, "{}", frozen.body);
    assert_eq!(refused(&house, &secret).await, "access_denied");
}
