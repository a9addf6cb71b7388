//! Batches whose sender goes: what is told of them, and what is left.

use super::api::{ask, batch, change, key, read};
use super::{house, house_on_postgres};
use crate::works::Works;
use registry::testing::House;
use serde_json::{Value, json};
use store::jobs::{self, NewJob};

const BATCHES: &str = "select count(*) from batch";
const ITEMS: &str = "select count(*) from batch_item";
const RECORDS: &str = "select count(*) from record";
const JOBS: &str = "select count(*) from job where kind = 'batch' and state <> 'done'";

/// As if the node had died between the confirmation of a held batch and its job, which waits for [`carried_out`].
async fn confirmed(house: &House, id: &str) {
    let (db, name) = (house.accounts.db(), format!("batch/{id}"));
    let done: Result<(), store::StoreError> = store::transaction!(db, tx => {
        tx.execute("update batch set state = 'running' where id = $1", &[id.into()]).await?;
        let job = NewJob { id: &name, kind: "batch", payload: id, due_ms: i64::MAX, tries_max: 3 };
        jobs::add(tx, &job, 0).await
    });
    done.unwrap();
}

async fn left(house: &House, sql: &'static str) -> i64 {
    house.accounts.db().rows(sql, &[]).await.unwrap()[0].int(0).unwrap()
}

/// Lets the jobs go, and waits until none is left.
async fn carried_out(house: &House) {
    house
        .accounts
        .db()
        .execute("update job set due_ms = 0 where kind = 'batch' and state = 'ready'", &[])
        .await
        .unwrap();
    Works::of(&house.holdings).batches().await.unwrap();
    for turn in 0.. {
        if left(house, JOBS).await == 0 {
            return;
        }
        // Another look took it first.
        assert!(turn < 500, "a job is left");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn senders_go(house: &House) {
    let (mut lin, mut mei) = (house.person("lin").await, house.person("mei").await);
    let answer = lin.post("/organisations/new", &[("name", "Studio")]).await;
    let organisation = answer.headers["location"].to_str().unwrap().split(['/', '?']).nth(2).unwrap().to_owned();
    let place = format!("/organisations/{organisation}");
    let invitation = [("mail", "mei@people.example"), ("role", "applicant")];
    lin.post(&format!("{place}/invitations"), &invitation).await;
    let join = registry::testing::address(&mei.page("/account").await, "/invitations/");
    mei.post(&join, &[]).await;
    let scopes = ["records:read", "records:write"];
    let (hers, own) = (key(&mut mei, &scopes, &organisation).await, key(&mut mei, &scopes, "").await);
    let owners = key(&mut lin, &scopes, &organisation).await;
    let mut held = batch(3);
    held["hold"] = true.into();
    // What one who left sent for the organisation is stopped, and each item says so to those who stay.
    let sent = read(ask(house, &hers, "/api/v1/batches", Some(("", &held))).await.is(202));
    let (id, path) = (sent["id"].as_str().unwrap(), sent["href"].as_str().unwrap());
    confirmed(house, id).await;
    let number = "SY-1";
    let made = "update batch_item set state = 'made', number = $2, body = null where batch = $1 and place = 0";
    house.accounts.db().execute(made, &[id.into(), number.into()]).await.unwrap();
    let mei_id = mei.id().await;
    lin.page(&format!("{place}/members/{mei_id}")).await;
    lin.post(&format!("{place}/members/{mei_id}/remove"), &[]).await.leads_to(&format!("{place}?said=removed"));
    let before = house.node.log_size();
    carried_out(house).await;
    assert_eq!(house.node.log_size(), before, "nothing more is stamped");
    let page = read(ask(house, &owners, &format!("{path}?lang=en"), None).await.is(200));
    let batch_of = &page["batch"];
    let counts = ["items", "made", "failed", "stopped"].map(|name| batch_of[name].as_u64().unwrap());
    assert_eq!((&batch_of["state"], counts), (&"stopped".into(), [3, 1, 0, 2]), "{page}");
    let rows = house.accounts.db().rows("select body from webhook_event where kind = 'batch.done'", &[]).await.unwrap();
    let told: Vec<Value> = rows.iter().map(|row| serde_json::from_str(row.text(0).unwrap()).unwrap()).collect();
    let of_it = told.iter().filter(|event| event["data"]["id"] == batch_of["id"]);
    assert_eq!(of_it.map(|event| &event["data"]["state"]).collect::<Vec<_>>(), ["stopped"]);
    let first = &page["results"][0];
    assert_eq!((&first["state"], &first["number"], &first["refusal"]), (&"made".into(), &number.into(), &Value::Null));
    for item in &page["results"].as_array().unwrap()[1..] {
        assert_eq!((&item["state"], &item["refusal"]["code"]), (&"stopped".into(), &"stopped".into()), "{item}");
        assert!(item["refusal"]["remedy"].as_str().unwrap().contains("send what has no record again"), "{item}");
        assert!(item["title"].as_str().unwrap().ends_with(".jpg"), "it is told which: {item}");
    }
    // It is over: nobody confirms, edits or carries it out again.
    for (method, place) in [("PATCH", path.to_owned()), ("DELETE", path.to_owned())] {
        assert_eq!(read(change(house, &owners, method, &place, &json!({})).await.is(409))["code"], "not-held");
    }
    change(house, &owners, "POST", &format!("{path}/confirm"), &Value::Null).await.is(202);
    carried_out(house).await;
    assert_eq!(house.node.log_size(), before);
    assert_eq!(read(&ask(house, &owners, path, None).await)["batch"]["state"], "stopped");
    // What somebody sent for himself goes with him, whether held or about to be carried out.
    let mut ids = Vec::new();
    for _ in 0..2 {
        let sent = read(ask(house, &own, "/api/v1/batches", Some(("", &held))).await.is(202));
        ids.push(sent["id"].as_str().unwrap().to_owned());
    }
    confirmed(house, &ids[0]).await;
    assert_eq!((left(house, BATCHES).await, left(house, ITEMS).await), (3, 9));
    mei.page("/account/privacy").await;
    mei.post("/account/privacy/erase", &[("mail", "mei@people.example")]).await;
    house.accounts.sweep(house.node.now().plus_s(8 * 86_400)).await.unwrap();
    assert_eq!((left(house, BATCHES).await, left(house, ITEMS).await), (1, 3), "the organisation's stays");
    carried_out(house).await;
    assert_eq!(left(house, RECORDS).await, 0, "no record was made of any of it");
}

#[tokio::test]
async fn a_batch_whose_sender_goes_is_stopped_or_goes_too_on_sqlite() {
    senders_go(&house().await).await;
}

#[tokio::test]
async fn a_batch_whose_sender_goes_is_stopped_or_goes_too_on_postgresql() {
    senders_go(&house_on_postgres().await).await;
}
