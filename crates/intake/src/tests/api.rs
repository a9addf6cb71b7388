//! What programs do: one request, one record; sent twice, still one.

use super::{digest, house, house_on_postgres};
use axum::body::Body;
use axum::http::Request;
use proof::record::Part;
use registry::evidence::{Owner, Party};
use registry::testing::{Answer, Browser, House};
use serde_json::{Value, json};

pub(super) async fn key(browser: &mut Browser<'_>, scopes: &[&str], organisation: &str) -> String {
    browser.page("/account/keys").await;
    let mut fields = vec![("label", "nightly"), ("days", "90"), ("organisation", organisation)];
    fields.extend(scopes.iter().map(|scope| ("scope", *scope)));
    let page = browser.post("/account/keys", &fields).await;
    page.is(200).body.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned()
}

pub(super) async fn ask(house: &House, key: &str, path: &str, sent: Option<(&str, &Value)>) -> Answer {
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
        ("type", wrong(&|v| v["type"] = "nothing".into())),
        ("title", wrong(&|v| v["title"] = "".into())),
        ("stage", wrong(&|v| v["stage"] = "nothing".into())),
        ("own_stage", wrong(&|v| v["stage"] = "own".into())),
        ("declaration", wrong(&|v| v["declaration"] = " ".into())),
        ("files", wrong(&|v| v["files"] = json!([]))),
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

pub(super) fn read(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

async fn once_and_page_by_page(house: &House) {
    let mut lin = house.person("lin").await;
    let both = key(&mut lin, &["records:read", "records:write"], "").await;
    // Two at the same time with one key: one record, and who comes too early is told so.
    let moon = application("Moon");
    let sent = Some(("same", &moon));
    let (a, b) = tokio::join!(ask(house, &both, "/api/v1/works", sent), ask(house, &both, "/api/v1/works", sent));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert!(statuses == [201, 201] || statuses == [201, 409], "{statuses:?} {} {}", a.body, b.body);
    for answer in [&a, &b].into_iter().filter(|answer| answer.status == 409) {
        assert_eq!(read(answer)["code"], "in-progress");
    }
    let work = read(&ask(house, &both, "/api/v1/works", sent).await)["records"][0]["work"].as_str().unwrap().to_owned();
    // The whole work with a key: the same answer, though the work has grown.
    let path = format!("/api/v1/works/{work}/whole");
    let first = ask(house, &both, &path, Some(("whole", &Value::Null))).await;
    let mut second = application("Moon again");
    second["work"] = work.as_str().into();
    ask(house, &both, "/api/v1/works", Some(("", &second))).await.is(201);
    assert_eq!(ask(house, &both, &path, Some(("whole", &Value::Null))).await.body, first.is(200).body);
    assert_ne!(ask(house, &both, &path, Some(("other", &Value::Null))).await.body, first.body);
    // The key of one request is not good for another address.
    assert_eq!(
        read(ask(house, &both, "/api/v1/works", Some(("whole", &moon))).await.is(422))["field"],
        "idempotency_key"
    );
    for wrong in ["a b", &"x".repeat(101)] {
        let answer = ask(house, &both, "/api/v1/works", Some((wrong, &moon))).await;
        assert_eq!(read(answer.is(422))["field"], "idempotency_key", "{wrong}");
    }
    // What was refused may be sent again with the same key, put right.
    let mut wrong = application("Sun");
    wrong["stage"] = "nothing".into();
    ask(house, &both, "/api/v1/works", Some(("sun", &wrong))).await.is(422);
    ask(house, &both, "/api/v1/works", Some(("sun", &application("Sun")))).await.is(201);
    ask(house, &both, "/api/v1/works", Some(("star", &application("Star")))).await.is(201);
    // Page by page, as the link says, everything once.
    let (mut seen, mut place) = (Vec::new(), Some("/api/v1/works?limit=2".to_owned()));
    while let Some(path) = place {
        let answer = ask(house, &both, &path, None).await;
        let page = read(answer.is(200));
        seen.extend(page["works"].as_array().unwrap().iter().map(|work| work["title"].as_str().unwrap().to_owned()));
        let link = answer.headers.get("link").map(|link| link.to_str().unwrap().to_owned());
        assert_eq!(link.is_some(), page["next"].is_string(), "the header and the body say the same");
        place = link.map(|link| link.split(['<', '>']).nth(1).unwrap().to_owned());
    }
    seen.sort();
    assert_eq!(seen, ["Moon", "Star", "Sun"]);
    let next = read(&ask(house, &both, "/api/v1/works?limit=1", None).await)["next"].as_str().unwrap().to_owned();
    let lines = key(&mut lin, &["history:read"], "").await;
    for (who, path, field) in [
        (&both, "/api/v1/works?limit=0".to_owned(), "limit"),
        (&both, "/api/v1/works?limit=101".to_owned(), "limit"),
        (&both, "/api/v1/works?limit=x".to_owned(), "limit"),
        (&both, "/api/v1/works?after=x".to_owned(), "after"),
        // The cursor of another list.
        (&lines, format!("/api/v1/account/history?after={next}"), "after"),
    ] {
        let answer = ask(house, who, &path, None).await;
        assert_eq!(read(answer.is(422))["field"], field, "{path}");
    }
}

#[tokio::test]
async fn what_is_sent_again_is_done_once_on_sqlite() {
    once_and_page_by_page(&house().await).await;
}

#[tokio::test]
async fn what_is_sent_again_is_done_once_on_postgresql() {
    once_and_page_by_page(&house_on_postgres().await).await;
}

#[tokio::test]
async fn a_refusal_is_a_problem_in_the_language_that_was_asked_for() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    let reads = key(&mut lin, &["records:read"], "").await;
    for (language, title) in [("zh", "没有权限 account:read"), ("en", "lacks the scope account:read")] {
        let path = format!("/api/v1/account?lang={language}");
        let answer = ask(&house, &reads, &path, None).await;
        assert_eq!(answer.is(403).headers["content-type"], "application/problem+json");
        assert_eq!(answer.headers["content-language"], language);
        let problem = read(&answer);
        assert_eq!(
            (&problem["code"], &problem["status"], &problem["fault"]),
            (&"scope".into(), &403.into(), &"client".into())
        );
        assert!(problem["title"].as_str().unwrap().contains(title), "{problem}");
        assert!(problem["type"].as_str().unwrap().ends_with("/api#problem-scope"), "{problem}");
        let asked = "Bearer error=\"insufficient_scope\", scope=\"account:read\"";
        assert_eq!(answer.headers["www-authenticate"], asked);
        for member in ["detail", "remedy", "instance"] {
            assert!(!problem[member].as_str().unwrap().is_empty(), "{member}");
        }
        assert_eq!(problem["field"], Value::Null);
    }
    let nobody = ask(&house, "shiyin_x.y", "/api/v1/works", None).await;
    assert_eq!(nobody.is(401).headers["www-authenticate"], "Bearer");
}

#[tokio::test]
async fn a_key_that_asks_too_much_waits_and_others_do_not() {
    let settings = registry::accounts::Settings { paper_days: 30, key_rate: (1, 3), ..Default::default() };
    let house = super::opened(House::with(super::ROOMS, Default::default(), settings).await).await;
    let mut lin = house.person("lin").await;
    let (one, other) = (key(&mut lin, &["records:read"], "").await, key(&mut lin, &["records:read"], "").await);
    let mut last = ask(&house, &one, "/api/v1/works", None).await;
    assert_eq!(last.headers["ratelimit-policy"], "\"key\";q=3;w=3");
    assert!(last.headers["ratelimit"].to_str().unwrap().starts_with("\"key\";r=2;t="));
    for _ in 0..1_000 {
        last = ask(&house, &one, "/api/v1/works", None).await;
        if last.status != 200 {
            break;
        }
    }
    assert_eq!(read(last.is(429))["code"], "too-many");
    assert_eq!(
        (&last.headers["retry-after"], last.headers["ratelimit"].to_str().unwrap().contains("r=0")),
        (&"1".parse().unwrap(), true)
    );
    ask(&house, &other, "/api/v1/works", None).await.is(200);
    assert!(!house.get("/").await.headers.contains_key("ratelimit"), "who has no key has no limit of one");
}

/// A batch once it has ended.
async fn ended(house: &House, key: &str, path: &str) -> Value {
    crate::works::Works::of(&house.holdings).batches().await.unwrap();
    let mut turns = 0;
    loop {
        let page = read(ask(house, key, &format!("{path}?limit=1000"), None).await.is(200));
        if page["batch"]["state"] == "done" {
            return page;
        }
        turns += 1;
        assert!(turns < 2_000, "{page}");
        tokio::task::yield_now().await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

pub(super) async fn change(house: &House, key: &str, method: &str, path: &str, value: &Value) -> Answer {
    let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {key}"));
    house.ask(request.header("accept-language", "en").body(Body::from(value.to_string())).unwrap()).await
}

pub(super) fn batch(count: usize) -> Value {
    let mut common = application("shared");
    let file = common["files"][0].take();
    common.as_object_mut().unwrap().retain(|name, _| !["files", "title"].contains(&name.as_str()));
    let items = (0..count).map(|at| {
        let mut file = file.clone();
        file["path"] = format!("album/{at}.jpg").into();
        file["digest"] = digest(&format!("{at}")).into();
        json!({ "files": [file] })
    });
    json!({ "common": common, "items": items.collect::<Vec<_>>() })
}

async fn batches(house: &House) {
    let mut lin = house.person("lin").await;
    let both = key(&mut lin, &["records:read", "records:write"], "").await;
    let before = house.node.log_size();
    // One wrong item, and nothing is stored.
    let wrong = |change: &dyn Fn(&mut Value)| {
        let mut value = batch(3);
        change(&mut value);
        value
    };
    for (field, told, value) in [
        ("items", "Item 1", wrong(&|v| v["items"][1]["fields"] = json!({ "stage": "nothing" }))),
        ("items", "Item 2", wrong(&|v| v["items"][2]["files"][0]["path"] = "../x".into())),
        ("items", "Item 0", wrong(&|v| v["items"][0]["files"][0]["digest"] = "x".into())),
        ("items", "Item 0", wrong(&|v| v["common"]["work"] = "W0".into())),
        ("items", "1 to 1000", wrong(&|v| v["items"] = json!([]))),
        ("items", "1 to 1000", batch(1_001)),
        ("body", "", wrong(&|v| v["more"] = 1.into())),
    ] {
        let answer = ask(house, &both, "/api/v1/batches", Some(("", &value))).await;
        let problem = read(answer.is(422));
        assert_eq!(problem["field"], field, "{problem}");
        assert!(problem["remedy"].as_str().unwrap().contains(told), "{told}: {problem}");
    }
    assert_eq!(read(&ask(house, &both, "/api/v1/batches", None).await)["batches"], json!([]));
    // Each item becomes one record, however often it is asked for.
    let twenty = batch(20);
    let sent = ask(house, &both, "/api/v1/batches", Some(("b1", &twenty))).await;
    let path = sent.is(202).headers["location"].to_str().unwrap().to_owned();
    assert_eq!(read(&sent)["items"], 20);
    let page = ended(house, &both, &path).await;
    assert_eq!((&page["batch"]["made"], &page["batch"]["failed"]), (&20.into(), &0.into()), "{page}");
    let rows = house.accounts.db().rows("select body from webhook_event where kind = 'batch.done'", &[]).await.unwrap();
    let told: Vec<Value> = rows.iter().map(|row| serde_json::from_str(row.text(0).unwrap()).unwrap()).collect();
    let id = page["batch"]["id"].as_str().unwrap();
    let done = json!({ "id": id, "state": "done", "items": 20, "made": 20, "failed": 0, "batch": path });
    assert_eq!(told.iter().map(|event| &event["data"]).collect::<Vec<_>>(), [&done], "told once");
    let mut numbers: Vec<&str> =
        page["results"].as_array().unwrap().iter().map(|one| one["number"].as_str().unwrap()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 20);
    assert_eq!(read(&ask(house, &both, "/api/v1/batches", Some(("b1", &twenty))).await)["href"], path);
    let record = read(&ask(house, &both, &format!("{path}?limit=1"), None).await);
    assert!(record["next"].is_string() && record["results"].as_array().unwrap().len() == 1);
    let size = house.node.log_size();
    assert_eq!(size - before, 20, "a stamp for each, and none besides");
    // Held: nothing is stamped, titles, tags and names are edited together, and it is let go once.
    let mut held = batch(5);
    held["hold"] = true.into();
    let sent = ask(house, &both, "/api/v1/batches", Some(("b2", &held))).await;
    let path = sent.is(202).headers["location"].to_str().unwrap().to_owned();
    let edit = json!({ "items": [1, 3], "set": { "title": "Cover", "tags": [] }, "rename": { "find": "album/", "put": "covers/" } });
    change(house, &both, "PATCH", &path, &edit).await.is(200);
    for (field, value) in [
        ("items", json!({ "items": [5], "set": { "title": "x" } })),
        ("items", json!({ "set": { "stage": "nothing" } })),
        ("items", json!({ "set": { "title": "x".repeat(201) } })),
        ("rename", json!({ "rename": { "find": "", "put": "x" } })),
        ("body", json!({ "set": { "files": [] } })),
    ] {
        let answer = change(house, &both, "PATCH", &path, &value).await;
        assert_eq!(read(answer.is(422))["field"], field, "{value}");
    }
    let page = read(&ask(house, &both, &path, None).await);
    let titles: Vec<&str> =
        page["results"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["0.jpg", "Cover", "2.jpg", "Cover", "4.jpg"]);
    assert_eq!((house.node.log_size(), &page["batch"]["state"]), (size, &"held".into()));
    change(house, &both, "POST", &format!("{path}/confirm"), &Value::Null).await.is(202);
    change(house, &both, "POST", &format!("{path}/confirm"), &Value::Null).await.is(202);
    let page = ended(house, &both, &path).await;
    assert_eq!((&page["batch"]["made"], house.node.log_size() - size), (&5.into(), 5));
    let number = page["results"][1]["number"].as_str().unwrap();
    let me = house.me(&lin).await;
    let by = Party::of(&me, &Owner::Person(me.person.id.clone()), &[]).await.unwrap();
    let kept = house.evidence.kept(&by, number.parse().unwrap()).await.unwrap();
    assert_eq!(kept.text(&Part::Name(0)), Some("covers/1.jpg"), "what was edited is what was stamped");
    assert_eq!(kept.entry.title.unwrap().title, "Cover");
    assert_eq!(read(change(house, &both, "PATCH", &path, &edit).await.is(409))["code"], "not-held");
    change(house, &both, "DELETE", &path, &Value::Null).await.is(409);
    // Dropped, and of somebody else.
    let sent = ask(house, &both, "/api/v1/batches", Some(("", &held))).await;
    let path = sent.is(202).headers["location"].to_str().unwrap().to_owned();
    let mut mei = house.person("mei").await;
    let hers = key(&mut mei, &["records:read", "records:write"], "").await;
    for (method, place) in
        [("GET", path.clone()), ("PATCH", path.clone()), ("DELETE", path.clone()), ("POST", format!("{path}/confirm"))]
    {
        change(house, &hers, method, &place, &edit).await.is(404);
    }
    change(house, &both, "DELETE", &path, &Value::Null).await.is(204);
    ask(house, &both, &path, None).await.is(404);
    // What cannot be told before is told of its item.
    let operator = house.operator().await;
    house.accounts.block(&house.me(&operator).await, &digest("0"), Some("a court's order")).await.unwrap();
    let sent = ask(house, &both, "/api/v1/batches", Some(("b3", &batch(2)))).await;
    let path = sent.is(202).headers["location"].to_str().unwrap().to_owned();
    let page = ended(house, &both, &path).await;
    assert_eq!((&page["results"][0]["state"], &page["results"][1]["state"]), (&"failed".into(), &"made".into()));
    assert_eq!(page["results"][0]["refusal"]["field"], "files");
}

#[tokio::test]
async fn batches_become_records_on_sqlite() {
    batches(&house().await).await;
}

#[tokio::test]
async fn batches_become_records_on_postgresql() {
    batches(&house_on_postgres().await).await;
}
