//! Webhooks over the API and on pages: fields, bounds, pages of lists, and whose they are.

use super::*;
use crate::accounts::organisation::Role;
use crate::webhooks::ENDPOINTS_MAX;

async fn programs(house: House) {
    let desk = Desk::new(&house).await;
    let url = "https://hooks.example/shiyin";
    let whole = json!({ "url": url, "description": " Desk ", "events": ["batch.done", "record.kept"] });
    let made = desk.ask("POST", "/api/v1/webhooks", Some(whole)).await;
    let told: Value = serde_json::from_str(&made.is(201).body).unwrap();
    let id = told["webhook"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/webhooks/{id}");
    assert_eq!(made.headers["location"], path.as_str());
    assert_eq!(told["webhook"]["events"], json!(["batch.done", "record.kept"]));
    assert_eq!(told["webhook"]["description"], "Desk");
    let secret = told["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    // It is told once.
    for path in ["/api/v1/webhooks", &path] {
        let body = desk.ask("GET", path, None).await.body;
        assert!(body.contains(url) && !body.contains("whsec_") && !body.contains("secret\":\""), "{body}");
    }
    // Wrong fields name themselves, and change nothing.
    for (body, told) in [
        (json!({}), "field body"),
        (json!({ "url": url, "x": 1 }), "field body"),
        (json!({ "url": 1 }), "field body"),
        (json!([url]), "field body"),
        (json!({ "url": "http://hooks.example/" }), "field url"),
        (json!({ "url": "https://10.0.0.1/" }), "field url"),
        (json!({ "url": "https://me@hooks.example/" }), "field url"),
        (json!({ "url": url, "events": [] }), "field events"),
        (json!({ "url": url, "events": ["ping"] }), "field events"),
        (json!({ "url": url, "description": "x".repeat(201) }), "field description"),
        (json!({ "url": url, "description": "a\nb" }), "field description"),
    ] {
        let text = body.to_string();
        assert_eq!(code(desk.ask("POST", "/api/v1/webhooks", Some(body)).await.is(422)), told, "{text}");
    }
    let changed = desk.ask("PATCH", &path, Some(json!({ "events": ["*"], "description": "" }))).await;
    let told: Value = serde_json::from_str(&changed.is(200).body).unwrap();
    assert_eq!((told["url"].as_str(), &told["events"]), (Some(url), &json!(["*"])));
    assert_eq!(code(desk.ask("PATCH", &path, Some(json!({ "url": "x" }))).await.is(422)), "field url");
    assert_eq!(code(desk.ask("PATCH", &path, Some(json!([null, null]))).await.is(422)), "field body");
    // A request that is sent again is carried out once.
    let again = |n: u32| {
        let body = json!({ "url": format!("https://hooks.example/{n}") });
        ask(&house, &desk.key, "POST", "/api/v1/webhooks", Some(body), &[("idempotency-key", "k1")])
    };
    let (first, second) = (again(1).await, again(1).await);
    assert_eq!(first.is(201).body, second.is(201).body);
    assert_eq!(code(again(2).await.is(422)), "field idempotency_key");
    // So many and no more.
    for n in 2..ENDPOINTS_MAX {
        desk.webhook(&format!("https://hooks.example/{n}")).await;
    }
    let full = desk.ask("POST", "/api/v1/webhooks", Some(json!({ "url": url }))).await;
    assert!(full.is(422).body.contains("16 webhooks"), "{}", full.body);
    desk.ask("DELETE", &path, None).await.is(204);
    desk.ask("DELETE", &path, None).await.is(404);
    desk.ask("GET", &path, None).await.is(404);
    desk.webhook(url).await;
    // Tests are few: nobody is flooded by them.
    let last = desk.get("/api/v1/webhooks").await["webhooks"][ENDPOINTS_MAX as usize - 1]["href"].clone();
    let path = format!("{}/ping", last.as_str().unwrap());
    for _ in 0..10 {
        desk.ask("POST", &path, None).await.is(202);
    }
    assert_eq!(desk.ask("POST", &path, None).await.is(429).headers["retry-after"], "60");
    // An operator who sends nothing says so before anybody waits for it.
    let settings = crate::webhooks::Settings { is_enabled: false, ..crate::webhooks::Settings::default() };
    let quiet = Webhooks::open(&house.accounts, settings).await.unwrap();
    let by = quiet.by_me(&house.me(&desk.lin).await).await.unwrap();
    let endpoint = quiet.endpoints(&by).await.unwrap().remove(0);
    let refused = quiet.ping(&by, &endpoint).await.unwrap_err();
    assert!(matches!(refused, crate::web::Fault::Refused { code: crate::web::Code::WebhooksOff, .. }), "{refused:?}");
    // A disabled one gets nothing from its beginning.
    desk.ask("DELETE", first.headers["location"].to_str().unwrap(), None).await.is(204);
    let body = json!({ "url": url, "enabled": false });
    let told: Value =
        serde_json::from_str(&desk.ask("POST", "/api/v1/webhooks", Some(body)).await.is(201).body).unwrap();
    assert_eq!(told["webhook"]["disabled_because"], "owner");
}

#[tokio::test]
async fn programs_on_sqlite() {
    programs(House::new(ROOMS).await).await;
}

#[tokio::test]
async fn programs_on_postgresql() {
    programs(House::on_postgres(ROOMS).await).await;
}

#[tokio::test]
async fn lists_go_on_where_they_ended() {
    let house = House::new(ROOMS).await;
    let (desk, receiver) = (Desk::new(&house).await, Receiver::new());
    let (id, _) = desk.webhook(&receiver.url()).await;
    for name in ["a", "b", "c", "d", "e"] {
        desk.record(name).await;
    }
    receiver.answers(&[500]);
    desk.at(0).await;
    for (list, name) in
        [(format!("/api/v1/webhooks/{id}/deliveries"), "deliveries"), ("/api/v1/events".to_owned(), "events")]
    {
        let (mut seen, mut path) = (Vec::new(), format!("{list}?limit=2"));
        let mut pages = 0;
        loop {
            let page = desk.get(&path).await;
            pages += 1;
            seen.extend(page[name].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("{list}?limit=2&after={next}");
        }
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((pages, count, seen.len()), (3, 5, 5), "{name}");
        assert_eq!(code(desk.ask("GET", &format!("{list}?after=x"), None).await.is(422)), "field after");
        assert_eq!(code(desk.ask("GET", &format!("{list}?limit=101"), None).await.is(422)), "field limit");
    }
    let of = async |state: &str| {
        let page = desk.get(&format!("/api/v1/webhooks/{id}/deliveries?state={state}")).await;
        page["deliveries"].as_array().unwrap().len()
    };
    assert_eq!((of("delivered").await, of("waiting").await, of("failed").await), (4, 1, 0));
    for path in [format!("/api/v1/webhooks/{id}/deliveries?state=x"), "/api/v1/events?type=ping".to_owned()] {
        desk.ask("GET", &path, None).await.is(422);
    }
}

/// A key does what its scopes say, for its own person; what is another's is not there.
#[tokio::test]
async fn a_webhook_is_its_owner_s() {
    let house = House::new(ROOMS).await;
    let (mut desk, receiver) = (Desk::new(&house).await, Receiver::new());
    let (id, _) = desk.webhook(&receiver.url()).await;
    desk.record("one").await;
    desk.at(0).await;
    let delivery = desk.deliveries(&id).await[0]["id"].as_str().unwrap().to_owned();
    let mut mei = house.person("mei").await;
    let (read, write) = (Scopes::WebhooksRead.name(), Scopes::WebhooksWrite.name());
    let other = key(&mut mei, &[read, write], "").await;
    let all = [
        ("GET", format!("/api/v1/webhooks/{id}")),
        ("PATCH", format!("/api/v1/webhooks/{id}")),
        ("DELETE", format!("/api/v1/webhooks/{id}")),
        ("POST", format!("/api/v1/webhooks/{id}/secret")),
        ("POST", format!("/api/v1/webhooks/{id}/ping")),
        ("GET", format!("/api/v1/webhooks/{id}/deliveries")),
        ("GET", format!("/api/v1/deliveries/{delivery}")),
        ("POST", format!("/api/v1/deliveries/{delivery}/replay")),
    ];
    let body = |method: &str| (method == "PATCH").then(|| json!({ "enabled": false }));
    for (method, path) in &all {
        ask(&house, &other, method, path, body(method), &[]).await.is(404);
    }
    for path in ["/api/v1/webhooks", "/api/v1/events"] {
        let told = ask(&house, &other, "GET", path, None, &[]).await;
        let told: Value = serde_json::from_str(&told.is(200).body).unwrap();
        let list = told.as_object().unwrap().values().find_map(Value::as_array).unwrap();
        assert!(list.is_empty(), "{told}");
    }
    // Reading is not writing, and neither is for other scopes.
    let reader = key(&mut desk.lin, &[read], "").await;
    let stranger = key(&mut desk.lin, &["records:read"], "").await;
    for (method, path) in &all {
        let told = ask(&house, &reader, method, path, body(method), &[]).await;
        assert_eq!(told.status, if *method == "GET" { 200 } else { 403 }, "{method} {path}");
        ask(&house, &stranger, method, path, body(method), &[]).await.is(403);
    }
    for path in ["/api/v1/webhooks", "/api/v1/events"] {
        ask(&house, &stranger, "GET", path, None, &[]).await.is(403);
    }
    // Of an organisation: for its owners; its events for any member.
    let answer = desk.lin.post("/organisations/new", &[("name", "Studio")]).await;
    let studio = answer.headers["location"].to_str().unwrap().split(['/', '?']).nth(2).unwrap().to_owned();
    desk.lin.page(&format!("/organisations/{studio}")).await;
    let invite = [("mail", "mei@people.example"), ("role", Role::Applicant.name())];
    desk.lin.post(&format!("/organisations/{studio}/invitations"), &invite).await;
    let join = crate::testing::address(&mei.page("/account").await, "/invitations/");
    mei.post(&join, &[]).await;
    let owner = key(&mut desk.lin, &[read, write], &studio).await;
    let member = key(&mut mei, &[read, write], &studio).await;
    let make = async |key: &str| {
        ask(&house, key, "POST", "/api/v1/webhooks", Some(json!({ "url": receiver.url() })), &[]).await
    };
    make(&member).await.is(403);
    let told: Value = serde_json::from_str(&make(&owner).await.is(201).body).unwrap();
    let theirs = told["webhook"]["id"].as_str().unwrap().to_owned();
    ask(&house, &member, "GET", "/api/v1/webhooks", None, &[]).await.is(403);
    ask(&house, &member, "GET", "/api/v1/events", None, &[]).await.is(200);
    ask(&house, &owner, "GET", &format!("/api/v1/webhooks/{theirs}"), None, &[]).await.is(200);
    desk.ask("GET", &format!("/api/v1/webhooks/{theirs}"), None).await.is(404);
    // What happens to one owner's goes to no other's.
    receiver.came();
    desk.record("own").await;
    desk.at(0).await;
    assert_eq!(receiver.came().len(), 1);
}

/// The same on pages, without scripts.
#[tokio::test]
async fn people_on_pages() {
    let house = House::new(ROOMS).await;
    let receiver = Receiver::new();
    let mut lin = house.person("lin").await;
    assert!(lin.page("/account").await.contains("href=\"/account/webhooks\""));
    assert!(lin.page("/account/webhooks").await.contains("No webhooks yet"));
    let list = "/account/webhooks";
    lin.post(list, &[("url", "http://hooks.example/"), ("event", "*")]).await.is(422);
    lin.post(list, &[("url", &receiver.url())]).await.is(422);
    let fields = [("url", receiver.url()), ("description", "<Desk>".to_owned()), ("event", "record.kept".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let made = lin.post(list, &fields).await.is(200).body.clone();
    let secret = made.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"));
    let place = crate::testing::address(&made, "/account/webhooks/");
    let page = lin.page(&place).await;
    assert!(!page.contains("whsec_") && page.contains("&#60;Desk&#62;"), "{page}");
    lin.post(&place, &[("act", "ping")]).await.leads_to(&format!("{place}?said=sent"));
    house.webhooks.round(house.node.now().plus_s(1)).await.unwrap();
    let came = receiver.came();
    assert!(came[0].is_signed_by(&secret).0 && came[0].event()["type"] == "ping");
    let page = lin.page(&place).await;
    let delivery = crate::testing::address(&page, &format!("{place}/"));
    let page = lin.page(&delivery).await;
    assert!(page.contains("Delivered") && page.contains("webhook-signature: v1,") && page.contains("evt_"), "{page}");
    lin.post(&delivery, &[]).await.leads_to(&format!("{delivery}?said=replayed"));
    house.webhooks.round(house.node.now().plus_s(2)).await.unwrap();
    assert_eq!(receiver.came()[0].headers["webhook-id"], came[0].headers["webhook-id"]);
    let renewed = lin.post(&place, &[("act", "secret")]).await.is(200).body.clone();
    assert!(renewed.contains("whsec_") && !renewed.contains(&secret));
    lin.post(&place, &[("act", "disable")]).await.leads_to(&format!("{place}?said=disabled"));
    lin.post(&place, &[("act", "ping")]).await.is(409);
    lin.post(&delivery, &[]).await.is(409);
    lin.post(&place, &[("act", "enable")]).await.leads_to(&format!("{place}?said=enabled"));
    lin.post(&place, &[("act", "change"), ("url", "nowhere"), ("event", "*")]).await.is(422);
    let url = receiver.url();
    lin.post(&place, &[("act", "change"), ("url", &url), ("event", "*")])
        .await
        .leads_to(&format!("{place}?said=changed"));
    lin.post(&place, &[("act", "x")]).await.is(422);
    // Another's is not there, whatever the address says.
    let mut mei = house.person("mei").await;
    for path in [&place, &delivery] {
        mei.get(path).await.is(404);
        mei.page("/account").await;
        mei.post(path, &[("act", "remove")]).await.is(404);
    }
    let page = lin.page(&place).await;
    assert!(page.contains("All events"), "{page}");
    lin.post(&place, &[("act", "remove")]).await.leads_to("/account/webhooks?said=removed");
    lin.get(&place).await.is(404);
    lin.get(&delivery).await.is(404);
}
