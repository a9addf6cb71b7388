//! From what happens to what a receiver gets: nothing lost, nothing made up, again until it is taken.

use super::*;
use crate::webhooks::slots::ALL;
use crate::webhooks::{Settings, Webhooks};
use store::faults::Fault;

const H: i64 = 3_600;

/// A record that is kept is told, signed, with an id that its later deliveries have too.
async fn what_is_kept_is_told(house: House) {
    let (desk, receiver) = (Desk::new(&house).await, Receiver::new());
    let early = desk.record("before").await;
    let (id, secret) = desk.webhook(&receiver.url()).await;
    let entry = desk.record("after").await;
    desk.at(0).await;
    let came = receiver.came();
    assert_eq!(came.len(), 1, "what happened before the webhook is not sent: {came:?}");
    let came = &came[0];
    assert_eq!(came.line, "POST /hooks?a=b HTTP/1.1");
    assert_eq!(came.headers["content-type"], "application/json");
    assert_eq!(came.headers["user-agent"], concat!("Shiyin/", env!("CARGO_PKG_VERSION")));
    assert_eq!(came.is_signed_by(&secret), (true, 1));
    let event = came.event();
    assert_eq!(event["id"].as_str().unwrap(), came.headers["webhook-id"]);
    assert!(event["id"].as_str().unwrap().starts_with("evt_"));
    assert_eq!(event["type"], "record.kept");
    assert!(event["created"].as_str().unwrap().ends_with('Z'));
    let number = entry.number.to_string();
    assert_eq!(
        event["data"],
        json!({
            "number": number, "sha256": entry.digest, "state": "kept", "waits_for": null,
            "record": format!("/api/v1/records/{number}"),
            "certificate": format!("/api/v1/records/{number}/certificate.pdf"),
        })
    );
    for personal in ["Harbour", "moon.jpg", "lin"] {
        assert!(!came.body.contains(personal), "{personal} in {}", came.body);
    }
    // Both are in the list, the newest first; the delivery is told with what was sent.
    let events = desk.get("/api/v1/events").await;
    let numbers: Vec<&str> =
        events["events"].as_array().unwrap().iter().map(|e| e["data"]["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, [number.clone(), early.number.to_string()]);
    let told = &desk.deliveries(&id).await[0];
    assert_eq!((told["state"].as_str(), told["last_status"].as_u64()), (Some("delivered"), Some(204)));
    let detail = desk.get(told["href"].as_str().unwrap()).await;
    assert_eq!(detail["body"], came.body);
    assert_eq!(detail["attempts"][0]["headers"]["webhook-signature"], came.headers["webhook-signature"]);
    // Sent again: the same id and body, another time.
    let path = format!("{}/replay", told["href"].as_str().unwrap());
    desk.ask("POST", &path, None).await.is(202);
    desk.at(7).await;
    let again = &receiver.came()[0];
    assert_eq!((&again.headers["webhook-id"], &again.body), (&came.headers["webhook-id"], &came.body));
    assert_ne!(again.headers["webhook-timestamp"], came.headers["webhook-timestamp"]);
    assert!(again.is_signed_by(&secret).0);
    desk.at(9).await;
    assert!(receiver.came().is_empty(), "once each");
}

#[tokio::test]
async fn what_is_kept_is_told_on_sqlite() {
    what_is_kept_is_told(House::new(ROOMS).await).await;
}

#[tokio::test]
async fn what_is_kept_is_told_on_postgresql() {
    what_is_kept_is_told(House::on_postgres(ROOMS).await).await;
}

/// Whatever becomes of the commit that keeps a record, there is one event where there is a record, and none where
/// there is none.
#[tokio::test]
async fn an_event_is_there_when_and_only_when_it_happened() {
    let house = House::new(ROOMS).await;
    let desk = Desk::new(&house).await;
    let lin = party(&house, &desk.lin).await;
    for (name, fault) in [("a", Fault::Refused), ("b", Fault::UnknownNotWritten), ("c", Fault::UnknownWritten)] {
        house.accounts.db().faults().plan("insert into webhook_event", fault);
        let done = house.evidence.preserve(&lin, &draft(name)).await;
        let sql = "select (select count(*) from record where state = 'kept'), \
                   (select count(*) from webhook_event where kind = 'record.kept')";
        let rows = house.accounts.db().rows(sql, &[]).await.unwrap();
        assert_eq!(rows[0].int(0), rows[0].int(1), "{name}: {done:?}");
        house.evidence.preserve(&lin, &draft(name)).await.unwrap();
    }
    let events = desk.get("/api/v1/events?type=record.kept").await;
    assert_eq!(events["events"].as_array().unwrap().len(), 3);
}

/// A record that waits is told once, and what it waits for; then that it is kept.
#[tokio::test]
async fn what_waits_is_told_once() {
    let house = House::new(ROOMS).await;
    let (desk, receiver) = (Desk::new(&house).await, Receiver::new());
    desk.webhook(&receiver.url()).await;
    house.clock.set_failing(true);
    let entry = desk.record("waits").await;
    for _ in 0..3 {
        house.evidence.round(house.node.now().plus_s(60)).await.unwrap();
    }
    house.clock.set_failing(false);
    house.evidence.round(house.node.now().plus_s(60)).await.unwrap();
    desk.at(1).await;
    let mut told: Vec<String> = receiver
        .came()
        .iter()
        .map(|came| {
            let event = came.event();
            assert_eq!(event["data"]["number"], entry.number.to_string());
            format!("{} {}", event["type"].as_str().unwrap(), event["data"]["waits_for"])
        })
        .collect();
    told.sort();
    assert_eq!(told, ["record.kept null", "record.waiting \"authority\""]);
}

/// Ten attempts in about three days, by the schedule; then it is given up, and stays to be sent again.
#[tokio::test]
async fn what_is_refused_is_tried_again_by_the_schedule() {
    let house = House::new(ROOMS).await;
    let (desk, receiver) = (Desk::new(&house).await, Receiver::new());
    let (id, secret) = desk.webhook(&receiver.url()).await;
    receiver.answers(&[500; 10]);
    desk.record("one").await;
    let begun = desk.now();
    let mut at = begun;
    let mut ids = std::collections::BTreeSet::new();
    for (number, wait) in [5, 300, 1_800, 2 * H, 5 * H, 10 * H, 14 * H, 20 * H, 24 * H].into_iter().enumerate() {
        desk.hooks().round(at).await.unwrap();
        let came = receiver.came();
        assert_eq!(came.len(), 1, "attempt {}", number + 1);
        assert!(came[0].is_signed_by(&secret).0);
        ids.insert(came[0].headers["webhook-id"].clone());
        let told = desk.deliveries(&id).await[0].clone();
        assert_eq!(told["state"], "waiting");
        assert_eq!((told["last_status"].as_u64(), told["attempts"].as_u64()), (Some(500), Some(number as u64 + 1)));
        let due = Time::parse(told["next_attempt"].as_str().unwrap()).unwrap();
        let waited = due.unix_s() - at.unix_s();
        assert!((wait - 1..=wait + wait / 10 + 3).contains(&waited), "after {}: {waited} for {wait}", number + 1);
        // Not before its time.
        desk.hooks().round(due.plus_s(-2)).await.unwrap();
        assert!(receiver.came().is_empty(), "attempt {} came too soon", number + 2);
        at = due.plus_s(1);
    }
    desk.hooks().round(at).await.unwrap();
    assert_eq!(receiver.came().len(), 1);
    let told = desk.deliveries(&id).await[0].clone();
    assert_eq!((told["state"].as_str(), told["attempts"].as_u64()), (Some("failed"), Some(10)));
    assert_eq!(ids.len(), 1, "one id");
    let hours = (at.unix_s() - begun.unix_s()) / H;
    assert!((72..86).contains(&hours), "{hours} hours");
    desk.hooks().round(at.plus_s(100 * H)).await.unwrap();
    assert!(receiver.came().is_empty(), "given up is given up");
    // By hand it goes on.
    desk.ask("POST", &format!("{}/replay", told["href"].as_str().unwrap()), None).await.is(202);
    desk.at(1).await;
    assert_eq!(receiver.came().len(), 1);
    assert_eq!(desk.deliveries(&id).await[0]["state"], "delivered");
}

/// What a process has in hand that dies is another's after the lease, and nobody's before; what two take at the same
/// time is sent once.
async fn a_delivery_is_one_process_s(house: House) {
    let (desk, receiver) = (Desk::new(&house).await, Receiver::new());
    let (id, _) = desk.webhook(&receiver.url()).await;
    desk.record("one").await;
    let other = Webhooks::open(&house.accounts, Settings::default()).await.unwrap();
    while desk.hooks().spread().await.unwrap() {}
    let now = desk.now().plus_s(1);
    let taken = desk.hooks().take(now).await.unwrap();
    assert_eq!(taken.len(), 1);
    assert!(other.take(now.plus_s(30)).await.unwrap().is_empty(), "it is taken");
    assert_eq!(desk.deliveries(&id).await[0]["state"], "sending");
    let href = desk.deliveries(&id).await[0]["href"].as_str().unwrap().to_owned();
    let refused = desk.ask("POST", &format!("{href}/replay"), None).await;
    assert_eq!(code(refused.is(409)), "delivery-under-way");
    // The process dies.
    drop(taken);
    other.round(now.plus_s(61)).await.unwrap();
    assert_eq!(receiver.came().len(), 1, "another took it over");
    // A process that was only slow says nothing of what it lost.
    let sql = "select state, attempts from webhook_delivery";
    let rows = house.accounts.db().rows(sql, &[]).await.unwrap();
    assert_eq!((rows[0].text(0).unwrap(), rows[0].int(1).unwrap()), ("delivered", 2));
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        desk.record(name).await;
    }
    let now = desk.now().plus_s(1);
    let both = tokio::join!(desk.hooks().round(now), other.round(now));
    both.0.unwrap();
    both.1.unwrap();
    let mut ids: Vec<String> = receiver.came().iter().map(|came| came.headers["webhook-id"].clone()).collect();
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), count), (8, 8), "each once");
}

#[tokio::test]
async fn a_delivery_is_one_process_s_on_sqlite() {
    a_delivery_is_one_process_s(House::new(ROOMS).await).await;
}

#[tokio::test]
async fn a_delivery_is_one_process_s_on_postgresql() {
    a_delivery_is_one_process_s(House::on_postgres(ROOMS).await).await;
}

/// The work beside the requests holds up no request, and none of its own transactions another.
async fn the_work_goes_on_beside_the_requests(house: House) {
    let (desk, receiver) = (Desk::new(&house).await, Receiver::new());
    let (id, _) = desk.webhook(&receiver.url()).await;
    let lin = party(&house, &desk.lin).await;
    let work = tokio::spawn(desk.hooks().clone().work());
    for round in 0..12 {
        let drafts: Vec<Draft> = (0..4).map(|n| draft(&format!("{round}-{n}"))).collect();
        let made = futures_util::future::join_all(drafts.iter().map(|one| house.evidence.preserve(&lin, one))).await;
        assert!(made.iter().all(Result::is_ok), "{made:?}");
    }
    receiver.wait(48).await;
    work.abort();
    assert!(work.await.unwrap_err().is_cancelled());
    // What was under way when it ended is taken again.
    desk.at(120).await;
    assert!(desk.deliveries(&id).await.iter().all(|told| told["state"] == "delivered"));
    let ids: std::collections::BTreeSet<String> =
        receiver.came().iter().map(|came| came.headers["webhook-id"].clone()).collect();
    assert_eq!(ids.len(), 48);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_work_goes_on_beside_the_requests_on_sqlite() {
    the_work_goes_on_beside_the_requests(House::new(ROOMS).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_work_goes_on_beside_the_requests_on_postgresql() {
    the_work_goes_on_beside_the_requests(House::on_postgres(ROOMS).await).await;
}

/// However much waits for one endpoint, others get their places.
#[tokio::test]
async fn one_endpoint_does_not_hold_up_another() {
    let house = House::new(ROOMS).await;
    let desk = Desk::new(&house).await;
    let [busy, well] =
        [desk.webhook("http://127.0.0.1:9999/busy").await.0, desk.webhook("http://127.0.0.1:9999/well").await.0];
    for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i"] {
        desk.record(name).await;
    }
    while desk.hooks().spread().await.unwrap() {}
    let db = house.accounts.db();
    // Only the newest is due for the second, so that all of the first comes before it.
    let sql = "update webhook_delivery set due_ms = due_ms + 1000 where endpoint = $1";
    db.execute(sql, &[well.as_str().into()]).await.unwrap();
    let now = desk.now().plus_s(5);
    let taken = desk.hooks().take(now).await.unwrap();
    assert_eq!(taken.len(), 8, "four each");
    assert!(desk.hooks().take(now).await.unwrap().is_empty());
    drop(taken);
    // One that failed last time has one place.
    let sql = "update webhook_endpoint set failing_since_s = 1 where id = $1";
    db.execute(sql, &[busy.as_str().into()]).await.unwrap();
    let taken = desk.hooks().take(now.plus_s(61)).await.unwrap();
    assert_eq!(taken.len(), 5, "one, and four");
    assert!(taken.len() < ALL);
}

/// A redirect is no success and is not followed; what an answer says is kept in part, as text.
#[tokio::test]
async fn an_answer_is_its_status() {
    let house = House::new(ROOMS).await;
    let (desk, receiver, elsewhere) = (Desk::new(&house).await, Receiver::new(), Receiver::new());
    let (id, _) = desk.webhook(&receiver.url()).await;
    let place = elsewhere.url();
    receiver.answers_with(&format!("HTTP/1.1 307 X\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n"));
    let long = format!("<b>\u{1b}[31m\u{0}{}", "x".repeat(100_000));
    let length = long.len();
    receiver.answers_with(&format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{long}"));
    receiver.answers_with("HTTP/1.1 503 X\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n");
    receiver.answers_with("what\r\n\r\n");
    desk.record("one").await;
    desk.at(0).await;
    let told = desk.deliveries(&id).await[0].clone();
    assert_eq!((told["last_status"].as_u64(), told["last_trouble"].as_str()), (Some(307), Some("status")));
    assert!(elsewhere.came().is_empty(), "a redirect was followed");
    desk.at(10).await;
    let detail = desk.get(told["href"].as_str().unwrap()).await;
    assert_eq!(detail["delivery"]["state"], "delivered");
    let answer = detail["attempts"][0]["answer"].as_str().unwrap();
    assert!(answer.starts_with("<b>\u{fffd}[31m\u{fffd}xxx") && answer.chars().count() == 1_000, "{answer:?}");
    // Who asks to wait is waited for.
    desk.record("two").await;
    let now = desk.now();
    desk.at(0).await;
    let told = desk.deliveries(&id).await[0].clone();
    let due = Time::parse(told["next_attempt"].as_str().unwrap()).unwrap();
    assert!((600..605).contains(&(due.unix_s() - now.unix_s())), "{told}");
    // What is no HTTP, and what does not answer.
    desk.at(700).await;
    assert_eq!(desk.deliveries(&id).await[0]["last_trouble"], "answer");
    let (away, _) = desk.webhook("http://127.0.0.1:9999/").await;
    desk.ask("POST", &format!("/api/v1/webhooks/{away}/ping"), None).await.is(202);
    desk.at(1).await;
    assert_eq!(desk.deliveries(&away).await[0]["last_trouble"], "connect");
}
