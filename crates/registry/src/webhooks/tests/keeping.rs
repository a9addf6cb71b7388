//! Endpoints over time: another secret, disabled by themselves, old, gone with their owner; and what is at rest.

use super::*;

const DAY_S: i64 = 86_400;

/// For a day both secrets sign; then the new one alone, and nothing of the old is left.
#[tokio::test]
async fn an_old_secret_signs_for_a_day() {
    let house = House::new(ROOMS).await;
    let (desk, receiver) = (Desk::new(&house).await, Receiver::new());
    let (id, old) = desk.webhook(&receiver.url()).await;
    let answer = desk.ask("POST", &format!("/api/v1/webhooks/{id}/secret"), None).await;
    let made: Value = serde_json::from_str(&answer.is(200).body).unwrap();
    let new = made["secret"].as_str().unwrap().to_owned();
    assert_ne!(new, old);
    assert!(made["webhook"]["old_secret_until"].is_string());
    for (at, is_old) in [(DAY_S - 60, true), (DAY_S + 60, false)] {
        desk.ask("POST", &format!("/api/v1/webhooks/{id}/ping"), None).await.is(202);
        desk.at(at).await;
        let came = &receiver.came()[0];
        assert_eq!(came.is_signed_by(&new), (true, if is_old { 2 } else { 1 }));
        assert_eq!(came.is_signed_by(&old).0, is_old);
    }
    desk.hooks().sweep(desk.now().plus_s(DAY_S + 60)).await.unwrap();
    let rows = house.accounts.db().rows("select old_secret from webhook_endpoint", &[]).await.unwrap();
    assert!(rows[0].bytes(0).is_err(), "it is gone");
    assert!(desk.get(&format!("/api/v1/webhooks/{id}")).await["old_secret_until"].is_null());
}

/// 410 disables at once; nothing but failures for five days does. The owner is told by mail and by the trail.
#[tokio::test]
async fn who_is_gone_is_not_sent_to() {
    let house = House::new(ROOMS).await;
    let (desk, receiver) = (Desk::new(&house).await, Receiver::new());
    let (id, _) = desk.webhook(&receiver.url()).await;
    for name in ["a", "b"] {
        desk.record(name).await;
    }
    receiver.answers(&[500, 500, 410]);
    desk.at(0).await;
    assert_eq!(receiver.came().len(), 2);
    desk.at(10).await;
    let came = receiver.came().len();
    let path = format!("/api/v1/webhooks/{id}");
    let told = desk.get(&path).await;
    assert_eq!((told["enabled"].as_bool(), told["disabled_because"].as_str()), (Some(false), Some("gone")));
    assert!(came <= 2);
    let letter = house.mail("lin@people.example").await;
    assert_eq!(letter.subject, "A webhook of yours was disabled");
    assert!(letter.text.contains(&format!("https://shiyin.example/account/webhooks/{id}")), "{}", letter.text);
    assert!(letter.text.contains("410"), "{}", letter.text);
    desk.record("c").await;
    desk.at(DAY_S).await;
    assert!(receiver.came().is_empty());
    let refused = desk.ask("POST", &format!("{path}/ping"), None).await;
    assert_eq!(code(refused.is(409)), "webhook-disabled");
    // Enabled again it gets what happens from then on.
    desk.ask("PATCH", &path, Some(json!({ "enabled": true }))).await.is(200);
    desk.record("d").await;
    desk.at(0).await;
    assert_eq!(receiver.came().len(), 1);
    // Failures for less than five days are borne, and one success ends them.
    receiver.answers(&[500; 100]);
    desk.record("e").await;
    desk.at(0).await;
    let since = desk.get(&path).await["failing_since"].clone();
    assert!(since.is_string());
    desk.record("f").await;
    desk.at(4 * DAY_S).await;
    assert_eq!(desk.get(&path).await["failing_since"], since);
    assert_eq!(desk.get(&path).await["enabled"], true);
    desk.at(5 * DAY_S + 60).await;
    let told = desk.get(&path).await;
    assert_eq!((told["enabled"].as_bool(), told["disabled_because"].as_str()), (Some(false), Some("failing")));
    assert!(house.mail("lin@people.example").await.text.contains("five days"));
    // Another address begins anew.
    desk.ask("PATCH", &path, Some(json!({ "enabled": true }))).await.is(200);
    desk.record("g").await;
    desk.at(0).await;
    assert!(desk.get(&path).await["failing_since"].is_string());
    let elsewhere = format!("{}&elsewhere=", receiver.url());
    desk.ask("PATCH", &path, Some(json!({ "url": elsewhere }))).await.is(200);
    assert!(desk.get(&path).await["failing_since"].is_null());
    let me = house.me(&desk.lin).await;
    let trail = house.accounts.trail(&me.scope(), 1, i64::MAX).await.unwrap();
    let of = |act: &str, by: &str| {
        let is = |line: &&String| line.contains(&format!("\"act\":\"{act}\"")) && line.contains(&format!("\"{by}"));
        trail.iter().filter(|line| line.contains(&format!("webhook/{id}"))).filter(is).count()
    };
    assert_eq!((of("webhook-disabled", "node"), of("webhook-enabled", "key/"), of("webhook-made", "key/")), (2, 2, 1));
}

/// What is at rest betrays neither an address nor a secret, and goes after thirty days, or with its owner.
#[tokio::test]
async fn what_is_kept_is_sealed_and_goes() {
    let house = House::new(ROOMS).await;
    let (mut desk, receiver) = (Desk::new(&house).await, Receiver::new());
    let (id, secret) = desk.webhook(&format!("{}&token=kingfisher", receiver.url())).await;
    receiver.answers_with("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnightjar!");
    let entry = desk.record("one").await;
    desk.at(0).await;
    let detail = desk.deliveries(&id).await[0]["href"].as_str().unwrap().to_owned();
    assert_eq!(desk.get(&detail).await["attempts"][0]["answer"], "nightjar!");
    house.accounts.db().scrub().await.unwrap();
    let data = house.folder.path().join("data");
    let plain = secret.strip_prefix("whsec_").unwrap();
    let mut read = 0;
    for file in ["registry.db", "registry.db-wal"] {
        let bytes = std::fs::read(data.join(file)).unwrap_or_default();
        read += bytes.len();
        for word in ["kingfisher", "nightjar", plain, "127.0.0.1"] {
            assert!(!bytes.windows(word.len()).any(|w| w == word.as_bytes()), "{word} in {file}");
        }
    }
    assert!(read > 10_000);
    // What a person gets to read holds the address and no secret.
    let export = desk.lin.page("/account/privacy").await;
    assert!(!export.is_empty());
    let me = house.me(&desk.lin).await;
    use crate::accounts::privacy::Keeper as _;
    let keeper = crate::webhooks::keeper::WebhookKeeper(house.accounts.db().clone());
    let told = keeper.export(&me.person).await.unwrap().to_string();
    assert!(told.contains("kingfisher") && told.contains(&id) && told.contains("delivered"), "{told}");
    assert!(!told.contains("whsec_") && !told.contains(plain));
    // After 30 days events and deliveries go; the webhook stays.
    let count = async || {
        let sql = "select (select count(*) from webhook_event), (select count(*) from webhook_delivery), \
                   (select count(*) from webhook_attempt), (select count(*) from webhook_endpoint)";
        let rows = house.accounts.db().rows(sql, &[]).await.unwrap();
        [0, 1, 2, 3].map(|column| rows[0].int(column).unwrap())
    };
    assert_eq!(count().await, [1, 1, 1, 1]);
    desk.hooks().sweep(desk.now().plus_s(29 * DAY_S)).await.unwrap();
    assert_eq!(count().await, [1, 1, 1, 1]);
    desk.hooks().sweep(desk.now().plus_s(31 * DAY_S)).await.unwrap();
    assert_eq!(count().await, [0, 0, 0, 1]);
    assert_eq!(desk.ask("GET", &detail, None).await.status, 404);
    // With the owner all goes.
    desk.record("two").await;
    desk.at(0).await;
    assert_eq!(count().await, [1, 1, 1, 1]);
    let owner = format!("person/{}", me.person.id);
    let db = house.accounts.db();
    let gone: Result<(), store::StoreError> = store::transaction!(db, tx => keeper.forget(tx, &owner).await);
    gone.unwrap();
    assert_eq!(count().await, [0, 0, 0, 0]);
    assert!(!entry.digest.is_empty());
}

/// What is a frozen person's waits, and counts as no attempt.
#[tokio::test]
async fn nothing_is_sent_for_who_is_frozen() {
    let house = House::new(ROOMS).await;
    let (desk, receiver) = (Desk::new(&house).await, Receiver::new());
    desk.webhook(&receiver.url()).await;
    desk.record("one").await;
    let db = house.accounts.db();
    db.execute("update person set state = 'frozen'", &[]).await.unwrap();
    desk.at(0).await;
    assert!(receiver.came().is_empty());
    db.execute("update person set state = 'active'", &[]).await.unwrap();
    desk.at(10).await;
    assert!(receiver.came().is_empty(), "it waits for an hour");
    desk.at(3_700).await;
    assert_eq!(receiver.came().len(), 1);
    let rows = db.rows("select tries, attempts from webhook_delivery", &[]).await.unwrap();
    assert_eq!((rows[0].int(0), rows[0].int(1)), (Ok(1), Ok(1)));
}
