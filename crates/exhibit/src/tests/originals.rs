//! Originals on the pages: what a record lacks, and what the operator sees and does.

use super::{house, house_on_postgres};
use proof::digest::DigestAlgorithm;
use registry::accounts::audit::{Act, Scope};
use registry::evidence::{Mode, Owner, Party};
use registry::holdings::{NewUpload, Piece};
use registry::testing::{Browser, House};

const LACKS: &str = "Originals that are not here: 1";

async fn party(house: &House, browser: &Browser<'_>) -> Party {
    let me = house.me(browser).await;
    Party::of(&me, &Owner::Person(me.person.id.clone()), &[]).await.unwrap()
}

async fn uploaded(house: &House, by: &Party, content: &'static str) -> String {
    let digest = DigestAlgorithm::Sha256.digest(content.as_bytes()).as_bytes().try_into().ok();
    let new =
        NewUpload { size: content.len() as u64, digest, name: "secret name.jpg".to_owned(), draft: String::new() };
    let upload = house.holdings.begin(by, &new).await.unwrap();
    let upload = house.holdings.receive(by, &upload.id, Piece::default(), content.into()).await.unwrap();
    upload.holding.unwrap()
}

#[tokio::test]
async fn a_record_says_that_its_originals_are_not_here_until_they_are() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    let by = party(&house, &lin).await;
    let mut draft = super::evidence::draft("k", "Harbour");
    draft.mode = Mode::Deposit;
    draft.files[0].digest = DigestAlgorithm::Sha256.digest(b"abc").to_string();
    draft.files[0].size = 3;
    draft.files.truncate(1);
    let entry = house.evidence.preserve(&by, &draft).await.unwrap();
    let (page, care) = (format!("/records/{}", entry.number), format!("/records/{}/care", entry.number));
    assert_eq!(house.holdings.attach_all(&by, &entry).await.unwrap().len(), 1, "it is not here");
    for place in [&page, &care] {
        let shown = lin.page(place).await;
        assert!(shown.contains(LACKS), "{place}: {shown}");
    }
    uploaded(&house, &by, "abc").await;
    assert!(house.holdings.attach_all(&by, &entry).await.unwrap().is_empty());
    for place in [&page, &care] {
        let shown = lin.page(place).await;
        assert!(!shown.contains(LACKS), "{place}: {shown}");
    }
    // A record of digests lacks nothing.
    draft.mode = Mode::Digest;
    "other".clone_into(&mut draft.idem);
    let entry = house.evidence.preserve(&by, &draft).await.unwrap();
    assert!(!lin.page(&format!("/records/{}", entry.number)).await.contains(LACKS));
}

async fn the_operator_sees_how_originals_stand(house: House) {
    let mut operator = house.operator().await;
    let empty = operator.page("/operator/holdings").await;
    for text in ["There is one place only", "No copy is bad", "Given up", "first"] {
        assert!(empty.contains(text), "{text}: {empty}");
    }
    assert!(operator.page("/operator").await.contains("/operator/holdings"));
    let lin = house.person("lin").await;
    let by = party(&house, &lin).await;
    let holding = uploaded(&house, &by, "abc").await;
    let now = house.node.now();
    house.holdings.round(now).await.unwrap();
    let page = operator.page("/operator/holdings").await;
    assert!(page.contains("Answers") && page.contains("Since") && !page.contains(&holding), "{page}");
    // Damaged: by id, and never by name or owner.
    let db = house.accounts.db();
    db.execute("update holding set stored_digest = $1, loose_until_s = null", &[vec![0_u8; 32].into()]).await.unwrap();
    house.holdings.round(now.plus_s(31 * 86_400)).await.unwrap();
    let page = operator.page("/operator/holdings").await;
    for text in [&*holding, "Damaged", "None is good"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("secret name") && !page.contains("lin@people.example"), "{page}");
    // Work that was given up is named, and begun again by an act that is in the trail.
    let object = "cd".repeat(16);
    let added: Result<(), store::StoreError> = store::transaction!(db, tx => {
        let job = store::jobs::NewJob { id: "x", kind: "holding-bytes", payload: &object, due_ms: 0, tries_max: 1 };
        store::jobs::add(tx, &job, 0).await
    });
    added.unwrap();
    db.execute("update job set state = 'dead', error = 'the disk said no' where id = 'x'", &[]).await.unwrap();
    let page = operator.page("/operator/holdings").await;
    assert!(page.contains(&object) && page.contains("the disk said no"), "{page}");
    operator.post("/operator/holdings/retry", &[]).await.leads_to("/operator/holdings?said=done");
    assert_eq!(house.holdings.keeping().standing(false).await.unwrap().dead, 0);
    let lines = house.accounts.history(&Scope::Node, 20).await.unwrap();
    let own = format!("person/{}", operator.id().await);
    assert!(lines.iter().any(|line| line.act == Act::OriginalsRetried.name() && line.actor == own), "{lines:?}");
    let mut lin = lin;
    lin.get("/operator/holdings").await.is(403);
}

#[tokio::test]
async fn the_operator_sees_how_originals_stand_on_sqlite() {
    the_operator_sees_how_originals_stand(house().await).await;
}

#[tokio::test]
async fn the_operator_sees_how_originals_stand_on_postgresql() {
    the_operator_sees_how_originals_stand(house_on_postgres().await).await;
}
