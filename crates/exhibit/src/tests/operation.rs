//! The operator's room: how the house stands, announcements, organisations.

use super::{house, house_on_postgres};
use registry::testing::{Browser, House, address};
use store::jobs::{self, NewJob};

async fn announcing(house: &House) {
    let mut operator = house.operator().await;
    let fields = [("zh", "周日维护"), ("en", "Maintenance on  Sunday"), ("from", ""), ("until", "2099-01-01")];
    for wrong in [("zh", " "), ("en", &*"x".repeat(501)), ("from", "Sunday"), ("until", "2020-01-01"), ("until", "")] {
        let others: Vec<_> = fields.into_iter().filter(|(name, _)| *name != wrong.0).chain([wrong]).collect();
        let answer = operator.post("/operator/announcements", &others).await;
        assert!(answer.is(422).body.contains(&format!("{}-fault", wrong.0)), "{}", answer.body);
    }
    assert!(!house.browser().page("/").await.contains("Maintenance"), "nothing of what was refused is shown");
    operator.post("/operator/announcements", &fields).await.leads_to("/operator/announcements?said=done");
    // Everybody reads it, in the own language, escaped.
    let strangers = async |path: &str| house.browser().page(path).await;
    assert!(strangers("/verify").await.contains("Maintenance on Sunday"));
    assert!(strangers("/?lang=zh").await.contains("周日维护"));
    let hostile = [("zh", "<script>"), ("en", "<b>bold</b>"), ("until", "2099-01-01")];
    operator.post("/operator/announcements", &hostile).await.leads_to("/operator/announcements?said=done");
    assert!(strangers("/").await.contains("&#60;b&#62;bold"));
    // Three at the same time; one that begins later has a place of its own.
    operator.post("/operator/announcements", &fields).await.leads_to("/operator/announcements?said=done");
    let full = operator.post("/operator/announcements", &fields).await;
    assert!(full.is(422).body.contains("Three announcements"), "{}", full.body);
    let later = [("zh", "以后"), ("en", "Later"), ("from", "2099-02-01"), ("until", "2099-03-01")];
    operator.post("/operator/announcements", &later).await.leads_to("/operator/announcements?said=done");
    assert!(!strangers("/").await.contains("Later"));
    // Another process learns of it when it looks.
    house.accounts.site().announce(Vec::new());
    assert!(!strangers("/").await.contains("Maintenance"));
    let page = operator.page("/operator/announcements").await;
    let ids: Vec<&str> =
        page.split("name=\"announcement\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(ids.len(), 4);
    for id in &ids {
        operator
            .post("/operator/announcements/end", &[("announcement", id)])
            .await
            .leads_to("/operator/announcements?said=done");
    }
    operator.post("/operator/announcements/end", &[("announcement", ids[0])]).await.is(404);
    assert!(!strangers("/").await.contains("Maintenance"));
    let page = operator.page("/operator/announcements").await;
    assert_eq!(page.matches("Maintenance on Sunday").count(), 2, "what was announced stays to be read");
    let trail = operator.page("/operator/history").await;
    assert_eq!((trail.matches("Announced something").count(), trail.matches("Ended an announcement").count()), (4, 4));
}

#[tokio::test]
async fn announcements_on_sqlite() {
    announcing(&house().await).await;
}

#[tokio::test]
async fn announcements_on_postgresql() {
    announcing(&house_on_postgres().await).await;
}

async fn retried(operator: &mut Browser<'_>, job: &str) -> u16 {
    operator.post("/operator/standing/retry", &[("job", job)]).await.status.as_u16()
}

async fn what_was_given_up(house: &House) {
    let mut operator = house.operator().await;
    let page = operator.page("/operator/standing").await;
    for shown in ["Signs", "Issuing CA", "Nothing was given up", "Room on the disk"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let (db, now_ms) = (house.accounts.db(), house.node.now().unix_s() * 1000);
    let new = NewJob { id: "broken/1", kind: "broken", payload: "", due_ms: 0, tries_max: 1 };
    let added: Result<(), store::StoreError> = store::transaction!(db, tx => jobs::add(tx, &new, now_ms).await);
    added.unwrap();
    let job = jobs::take(db, "broken", "lease", now_ms, 1000).await.unwrap().unwrap();
    assert_eq!(retried(&mut operator, "broken/1").await, 404, "it is being done");
    jobs::fail(db, &job, "the disk <is> full", now_ms).await.unwrap();
    let page = operator.page("/operator/standing").await;
    assert!(page.contains("the disk &lt;is&gt; full") && page.contains("Tries: 1"), "{page}");
    assert_eq!(retried(&mut operator, "broken/2").await, 404);
    assert_eq!(retried(&mut operator, "broken/1").await, 303);
    assert_eq!(retried(&mut operator, "broken/1").await, 404, "once");
    let progress = jobs::progress(db, "broken/1").await.unwrap().unwrap();
    assert_eq!((progress.state, progress.tries), (jobs::State::Ready, 0));
    assert_eq!(operator.page("/operator/history").await.matches("Let a job be tried again").count(), 1);
}

#[tokio::test]
async fn what_was_given_up_is_tried_again_on_sqlite() {
    what_was_given_up(&house().await).await;
}

#[tokio::test]
async fn what_was_given_up_is_tried_again_on_postgresql() {
    what_was_given_up(&house_on_postgres().await).await;
}

#[tokio::test]
async fn organisations_are_seen_and_left_alone() {
    let house = house().await;
    let (mut lin, mut operator) = (house.person("lin").await, house.operator().await);
    assert!(operator.page("/operator/organisations").await.contains("Organisations that people found stand here"));
    lin.post("/organisations/new", &[("name", "Harbour & Co")]).await;
    let page = operator.page("/operator/organisations").await;
    assert!(page.contains("Harbour &amp; Co") && page.contains("Not checked"), "{page}");
    let place = address(&page, "/operator/organisations/");
    let page = operator.page(&place).await;
    assert!(page.contains("Owner") && page.contains("/operator/people/"), "{page}");
    assert_eq!(page.matches("<form").count(), 0, "there is nothing to change");
    operator.get("/operator/organisations/nothing").await.is(404);
}
