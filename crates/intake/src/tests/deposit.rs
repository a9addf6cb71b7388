//! Works that deposit: nothing is confirmed before every original is here, and none of them gets lost on
//! its way beside the record.

use super::{confirmed, draft_of, house, house_on_postgres, told, version_of};
use axum::body::Body;
use axum::http::Request;
use registry::evidence::{Owner, Party};
use registry::holdings::{self, Holding, NewUpload, Piece};
use registry::testing::{Browser, DEPOSITS, House};
use trust::storage::Storage;

fn digest(content: &[u8]) -> String {
    proof::digest::DigestAlgorithm::Sha256.digest(content).to_string()
}

async fn party(house: &House, browser: &Browser<'_>, organisation: Option<&str>) -> Party {
    let me = house.me(browser).await;
    let own = || Owner::Person(me.person.id.clone());
    let owner = organisation.map_or_else(own, |id| Owner::Organisation(id.to_owned()));
    Party::of(&me, &owner, registry::accounts::organisation::ANYONE).await.unwrap()
}

/// An original that is here before any record refers to it.
async fn uploaded(house: &House, by: &Party, content: &[u8]) -> String {
    let digest = proof::digest::from_hex(&digest(content)).and_then(|bytes| bytes.try_into().ok());
    let new = NewUpload { size: content.len() as u64, digest, name: "a.bin".to_owned(), draft: String::new() };
    let upload = house.holdings.begin(by, &new).await.unwrap();
    let done = house.holdings.receive(by, &upload.id, Piece::default(), Body::from(content.to_vec())).await;
    done.unwrap().holding.unwrap()
}

/// The first screen in deposit mode, pressed through; the id and the answer.
async fn begun(browser: &mut Browser<'_>, files: &[(&str, &[u8])], each: bool) -> (String, registry::testing::Answer) {
    let id = draft_of(&browser.page("/protect").await);
    let lines: String =
        files.iter().map(|(name, content)| format!("{} {} {name}\n", digest(content), content.len())).collect();
    let mut fields =
        vec![("version", "0"), ("kind", "photo"), ("published", "no"), ("mode", "deposit"), ("go", "next")];
    fields.push(("digests", lines.as_str()));
    if each {
        fields.push(("each", "on"));
    }
    let answer = browser.post(&format!("/protect/{id}"), &fields).await;
    (id, answer)
}

async fn next(browser: &mut Browser<'_>, id: &str) -> registry::testing::Answer {
    let version = version_of(&browser.page(&format!("/protect/{id}")).await);
    let fields = [("version", version.as_str()), ("kind", "photo"), ("published", "no"), ("go", "next")];
    browser.post(&format!("/protect/{id}"), &fields).await
}

async fn of_record(house: &House, by: &Party, number: &str) -> Vec<Holding> {
    let entry = house.evidence.entry_of(number.parse().unwrap()).await.unwrap().unwrap();
    house.holdings.of_record(by, &entry).await.unwrap().into_iter().map(|care| care.holding).collect()
}

async fn jobs(house: &House) -> i64 {
    let sql = "select count(*) from job where kind = $1 and state = 'ready'";
    house.accounts.db().rows(sql, &[holdings::LISTENER.into()]).await.unwrap()[0].int(0).unwrap()
}

async fn nothing_is_confirmed_without_its_originals(house: &House) {
    let mut lin = house.person("lin").await;
    let by = party(house, &lin, None).await;
    let (id, answer) = begun(&mut lin, &[("a.bin", b"one"), ("b.bin", b"two")], false).await;
    assert!(answer.is(422).body.contains("a.bin; b.bin"), "{}", answer.body);
    uploaded(house, &by, b"one").await;
    let answer = next(&mut lin, &id).await;
    assert!(answer.is(422).body.contains("missing (1): b.bin"), "{}", answer.body);
    let told_by: serde_json::Value =
        serde_json::from_str(&lin.get(&format!("/protect/{id}/originals")).await.is(200).body).unwrap();
    assert_eq!((&told_by["count"], told_by["missing"].as_array().unwrap().len()), (&2.into(), 1));
    assert_eq!(told_by["missing"][0]["digest"], digest(b"two"));
    let last = uploaded(house, &by, b"two").await;
    next(&mut lin, &id).await.leads_to(&format!("/protect/{id}/about"));
    told(&mut lin, &id, "Harbour", "finished", &[]).await;
    assert!(lin.page(&format!("/protect/{id}/confirm")).await.contains("The files leave this computer"));
    // It goes between the pages: the page says so, and nothing is stamped.
    let before = house.node.log_size();
    house.holdings.remove(&by, &last).await.unwrap();
    let place = format!("/protect/{id}/confirm");
    let page = lin.page(&place).await;
    assert!(page.contains("missing (1): b.bin"), "{page}");
    let version = version_of(&page);
    let answer = lin.post(&place, &[("version", &version), ("sure", "on")]).await;
    assert!(answer.is(422).body.contains("missing (1): b.bin"), "{}", answer.body);
    assert_eq!(house.node.log_size(), before);
    // It comes again, and stands beside the record at once; the job finds nothing to do.
    uploaded(house, &by, b"two").await;
    let number = confirmed(&mut lin, &id).await;
    let held = of_record(house, &by, &number).await;
    assert_eq!(held.len(), 2);
    assert!(held.iter().all(|holding| holding.loose_until.is_none()), "{held:?}");
    assert_eq!(jobs(house).await, 1);
    house.holdings.attach_due(house.node.now()).await.unwrap();
    assert_eq!(jobs(house).await, 0);
    assert_eq!(of_record(house, &by, &number).await, held);
    // Bit for bit what was uploaded.
    let answer = lin.get(&format!("/holdings/{}", held[0].id)).await;
    assert_eq!(answer.is(200).bytes, b"one");
}

#[tokio::test]
async fn nothing_is_confirmed_without_its_originals_on_sqlite() {
    nothing_is_confirmed_without_its_originals(&house().await).await;
}

#[tokio::test]
async fn nothing_is_confirmed_without_its_originals_on_postgresql() {
    nothing_is_confirmed_without_its_originals(&house_on_postgres().await).await;
}

#[tokio::test]
async fn each_record_gets_its_own_original() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    let by = party(&house, &lin, None).await;
    for content in [&b"one"[..], b"two"] {
        uploaded(&house, &by, content).await;
    }
    let (id, answer) = begun(&mut lin, &[("a.bin", b"one"), ("b.bin", b"two"), ("c.bin", b"one")], true).await;
    answer.leads_to(&format!("/protect/{id}/about"));
    told(&mut lin, &id, "Harbour", "finished", &[]).await;
    let place = format!("/protect/{id}/confirm");
    let version = version_of(&lin.page(&place).await);
    lin.post(&place, &[("version", &version), ("sure", "on")]).await.leads_to("/records?said=kept");
    let all = house.evidence.list(&by, &registry::evidence::Filter::default()).await.unwrap().entries;
    assert_eq!(all.len(), 3);
    for entry in all {
        let care = house.holdings.of_record(&by, &entry).await.unwrap();
        assert!(care.len() == 1 && care[0].is_matched, "{care:?}");
    }
}

#[tokio::test]
async fn a_record_whose_original_went_fails_loudly_and_is_mended() {
    let house = house().await;
    let lin = house.person("lin").await;
    let by = party(&house, &lin, None).await;
    // As a crash leaves it: kept, and nothing attached yet; and one original was removed meanwhile.
    let (one, two) = (uploaded(&house, &by, b"one").await, uploaded(&house, &by, b"two").await);
    let file = |path: &str, content: &[u8]| registry::evidence::DraftFile {
        path: path.to_owned(),
        size: content.len() as u64,
        digest: digest(content),
        sm3: String::new(),
        is_attached: false,
    };
    let draft = registry::evidence::Draft {
        idem: "k".to_owned(),
        content: "k".to_owned(),
        maker: "work",
        origin: "W1".to_owned(),
        kind: "photo".to_owned(),
        kind_name: registry::evidence::vocabulary::Both::new("摄影", "Photograph"),
        mode: registry::evidence::Mode::Deposit,
        title: registry::evidence::Title { title: "Harbour".to_owned(), ..Default::default() },
        files: vec![file("a.bin", b"one"), file("b.bin", b"two")],
        statements: Vec::new(),
        previous: Vec::new(),
        related: registry::evidence::Related::Unknown,
        is_free: false,
    };
    let entry = house.evidence.preserve(&by, &draft).await.unwrap();
    house.holdings.remove(&by, &two).await.unwrap();
    house.holdings.attach_due(house.node.now()).await.unwrap();
    let held = house.holdings.of_record(&by, &entry).await.unwrap();
    assert_eq!(held.iter().map(|care| care.holding.id.as_str()).collect::<Vec<_>>(), [one.as_str()]);
    assert_eq!(jobs(&house).await, 1, "it is tried again");
    // It comes again: the next try finds it.
    uploaded(&house, &by, b"two").await;
    house.holdings.attach_due(house.node.now().plus_s(7_200)).await.unwrap();
    assert_eq!((house.holdings.count_of(&entry).await.unwrap(), jobs(&house).await), (2, 0));
    // What its owner removes later is no fault of the record's.
    house.holdings.remove(&by, &one).await.unwrap();
    assert!(house.holdings.attach_all(&by, &entry).await.unwrap().is_empty());
}

async fn organisation(browser: &mut Browser<'_>) -> String {
    browser.page("/account").await;
    let answer = browser.post("/organisations/new", &[("name", "Studio")]).await;
    answer.headers["location"].to_str().unwrap().split(['/', '?']).nth(2).unwrap().to_owned()
}

async fn what_was_uploaded_changes_hands(house: &House) {
    let mut lin = house.person("lin").await;
    let studio = organisation(&mut lin).await;
    let (own, for_studio) = (party(house, &lin, None).await, party(house, &lin, Some(&studio)).await);
    let id = uploaded(house, &own, b"one").await;
    let (draft, answer) = begun(&mut lin, &[("a.bin", b"one")], false).await;
    answer.leads_to(&format!("/protect/{draft}/about"));
    told(&mut lin, &draft, "Harbour", "finished", &[("organisation", &studio)]).await;
    let number = confirmed(&mut lin, &draft).await;
    let held = of_record(house, &for_studio, &number).await;
    assert_eq!((held.len(), held[0].id == id, held[0].owner.clone()), (1, true, for_studio.owner.clone()));
    assert!(house.holdings.holding(&own, &id).await.is_err(), "it is the person's no longer");
    assert_eq!(lin.get(&format!("/holdings/{id}")).await.is(200).bytes, b"one");
    // The bytes are read under the organisation's key alone, and its copies are still checked in full.
    house.holdings.round(house.node.now().plus_s(40 * 86_400)).await.unwrap();
    let checks = house.holdings.checks(&for_studio, &id).await.unwrap();
    assert!(checks.iter().any(|check| check.outcome == holdings::Outcome::Good), "{checks:?}");
    // What the person's own record refers to stays.
    let bound = uploaded(house, &own, b"two").await;
    let (draft, answer) = begun(&mut lin, &[("b.bin", b"two")], false).await;
    answer.leads_to(&format!("/protect/{draft}/about"));
    told(&mut lin, &draft, "Lighthouse", "finished", &[]).await;
    confirmed(&mut lin, &draft).await;
    let (draft, answer) = begun(&mut lin, &[("b.bin", b"two")], false).await;
    answer.leads_to(&format!("/protect/{draft}/about"));
    told(&mut lin, &draft, "Lighthouse", "finished", &[("organisation", &studio)]).await;
    let place = format!("/protect/{draft}/confirm");
    let page = lin.page(&place).await;
    assert!(page.contains("belong to your own records"), "{page}");
    let version = version_of(&page);
    let answer = lin.post(&place, &[("version", &version), ("sure", "on")]).await;
    assert!(answer.is(422).body.contains("belongs to your own records"), "{}", answer.body);
    assert_eq!(house.holdings.holding(&own, &bound).await.unwrap().owner, own.owner);
    // Uploaded for the organisation, it is the organisation's own, and the application goes on.
    uploaded(house, &for_studio, b"two").await;
    confirmed(&mut lin, &draft).await;
}

#[tokio::test]
async fn what_was_uploaded_changes_hands_on_sqlite() {
    what_was_uploaded_changes_hands(&house().await).await;
}

#[tokio::test]
async fn what_was_uploaded_changes_hands_on_postgresql() {
    what_was_uploaded_changes_hands(&house_on_postgres().await).await;
}

#[tokio::test]
async fn programs_deposit_too() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    let by = party(&house, &lin, None).await;
    lin.page("/account/keys").await;
    let fields = [("label", "nightly"), ("days", "90"), ("organisation", ""), ("scope", "records:write")];
    let page = lin.post("/account/keys", &fields).await;
    let key = page.is(200).body.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let body = serde_json::json!({
        "type": "photo", "published": false, "mode": "deposit", "title": "Moon", "stage": "finished",
        "declaration": "I made it.",
        "files": [{ "path": "a.bin", "size": 3, "digest": digest(b"one") }],
    })
    .to_string();
    let ask = async || {
        let request = Request::post("/api/v1/works").header("authorization", format!("Bearer {key}"));
        let request = request.header("content-type", "application/json").header("idempotency-key", "k");
        house.ask(request.body(Body::from(body.clone())).unwrap()).await
    };
    let answer = ask().await;
    assert!(answer.is(422).body.contains("\"field\":\"files\""), "{}", answer.body);
    let original = uploaded(&house, &by, b"one").await;
    let made: serde_json::Value = serde_json::from_str(&ask().await.is(201).body).unwrap();
    let number = made["records"][0]["number"].as_str().unwrap();
    assert_eq!(of_record(&house, &by, number).await.len(), 1);
    // Asked again after its original was removed, it is the same record.
    house.holdings.remove(&by, &original).await.unwrap();
    let again: serde_json::Value = serde_json::from_str(&ask().await.is(201).body).unwrap();
    assert_eq!(again, made);
}

#[tokio::test]
async fn a_node_that_takes_no_originals_offers_none() {
    let deposits = holdings::Settings { quota_bytes: 0, ..DEPOSITS };
    let house = House::depositing(super::ROOMS, Storage::default(), Default::default(), deposits).await;
    let house = super::opened(house).await;
    let mut lin = house.person("lin").await;
    assert!(!lin.page("/protect").await.contains("value=\"deposit\""));
    let (_, answer) = begun(&mut lin, &[("a.bin", b"one")], false).await;
    assert!(answer.is(422).body.contains("Choose a mode"), "{}", answer.body);
}

#[tokio::test]
async fn originals_wait_for_the_approver_and_no_longer() {
    let house = house().await;
    let (mut lin, mut mei) = (house.person("lin").await, house.person("mei").await);
    let studio = organisation(&mut lin).await;
    lin.page(&format!("/organisations/{studio}")).await;
    lin.post(&format!("/organisations/{studio}/settings"), &[("name", "Studio"), ("asks", "on")]).await;
    let invite = [("mail", "mei@people.example"), ("role", "approver")];
    lin.post(&format!("/organisations/{studio}/invitations"), &invite).await;
    let join = registry::testing::address(&mei.page("/account").await, "/invitations/");
    mei.post(&join, &[]).await;
    let for_studio = party(&house, &lin, Some(&studio)).await;
    assert!(for_studio.organisation.as_ref().unwrap().asks);
    let id = uploaded(&house, &for_studio, b"one").await;
    let (draft, answer) = begun(&mut lin, &[("a.bin", b"one")], false).await;
    // For the person, who applies as long as nothing else is said, it is not here.
    answer.is(422);
    house.holdings.remove(&for_studio, &id).await.unwrap();
    let own = party(&house, &lin, None).await;
    let id = uploaded(&house, &own, b"one").await;
    next(&mut lin, &draft).await.leads_to(&format!("/protect/{draft}/about"));
    told(&mut lin, &draft, "Harbour", "finished", &[("organisation", &studio)]).await;
    let number = confirmed(&mut lin, &draft).await;
    let entry = house.evidence.entry_of(number.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(entry.state, registry::evidence::State::Asked);
    // Longer than what belongs to nothing would wait.
    house.holdings.round(house.node.now().plus_s(30 * 86_400)).await.unwrap();
    assert_eq!(of_record(&house, &for_studio, &number).await.len(), 1);
    mei.page(&format!("/organisations/{studio}")).await;
    let place = format!("/organisations/{studio}/approvals/{}", entry.request.unwrap());
    mei.post(&place, &[("decision", "declined")]).await.is(303);
    house.evidence.round(house.node.now().plus_s(60)).await.unwrap();
    house.holdings.round(house.node.now()).await.unwrap();
    assert!(of_record(&house, &for_studio, &number).await.is_empty());
    assert!(house.holdings.holding(&for_studio, &id).await.unwrap().loose_until.is_some());
}

/// A price for each begun gigabyte and none for units: seen before, held, charged, and given back with the record that
/// was not made.
async fn gigabytes(house: &House) {
    use registry::billing::{ByHand, PriceList, money::Currency};
    let (mut lin, operator) = (house.person("lin").await, house.operator().await);
    let (by, boss) = (party(house, &lin, None).await, house.me(&operator).await);
    let (owner, now) = (by.owner.name(), house.node.now());
    let list = PriceList {
        version: 0,
        currency: Currency::CNY,
        unit: 0,
        gigabyte: 300,
        free_units: 0,
        waits: false,
        from: now,
        made: now,
    };
    let version = house.billing.announce(&boss, &list).await.unwrap();
    let balance = async || {
        let funds = house.billing.funds(&owner, Currency::CNY).await.unwrap();
        (funds.balance, funds.held)
    };
    // Digests alone cost nothing under this list.
    let id = super::begun(&mut lin, "photo", &["free.jpg"]).await;
    told(&mut lin, &id, "Free", "finished", &[]).await;
    let place = format!("/protect/{id}/confirm");
    let price = |page: &str| {
        page.split("name=\"price\" value=\"").nth(1).map(|rest| rest.split('"').next().unwrap().to_owned())
    };
    let page = lin.page(&place).await;
    let (shown, draft_version) = (price(&page).unwrap_or_default(), version_of(&page));
    let fields = [("version", draft_version.as_str()), ("sure", "on"), ("price", shown.as_str())];
    let made = lin.post(&place, &fields).await;
    assert!(made.headers["location"].to_str().unwrap().ends_with("?said=kept"), "{}", made.body);
    assert_eq!(balance().await, (0, 0));
    // Two originals of a few bytes are one begun gigabyte of one record.
    for content in [&b"one"[..], b"two"] {
        uploaded(house, &by, content).await;
    }
    let (id, answer) = begun(&mut lin, &[("a.bin", b"one"), ("b.bin", b"two")], false).await;
    answer.leads_to(&format!("/protect/{id}/about"));
    told(&mut lin, &id, "Harbour", "finished", &[]).await;
    let place = format!("/protect/{id}/confirm");
    let page = lin.page(&place).await;
    let cost = page.split("data-part=\"cost\"").nth(1).unwrap_or_else(|| panic!("{page}"));
    assert!(cost.contains("CNY\u{a0}3.00") && !cost.contains("CNY\u{a0}6.00"), "{cost}");
    let (shown, draft_version) = (price(&page).unwrap(), version_of(&page));
    let fields = [("version", draft_version.as_str()), ("sure", "on"), ("price", shown.as_str())];
    let before = house.node.log_size();
    assert!(lin.post(&place, &fields).await.is(422).body.contains("Top up at"));
    assert_eq!((house.node.log_size(), balance().await), (before, (0, 0)));
    house.billing.book(&boss, (&owner, Currency::CNY), ByHand::BankIn, (1000, "T1")).await.unwrap();
    let number = confirmed_at(&mut lin, &place, &fields).await;
    assert_eq!(balance().await, (700, 0));
    let charge = house.billing.charge_of(&format!("record/{number}")).await.unwrap().unwrap();
    let of = (charge.cost.units, charge.cost.gigabytes, charge.cost.amount, charge.price, charge.state.as_str());
    assert_eq!(of, (2, 1, 300, version, "charged"));
    // The original came before its record and is bound to it once: nothing more is charged for keeping it.
    house.holdings.attach_due(house.node.now()).await.unwrap();
    assert_eq!(balance().await, (700, 0));
    assert_eq!(of_record(house, &by, &number).await.len(), 2);
    // One record for each file: a begun gigabyte for each of them.
    for content in [&b"three"[..], b"four"] {
        uploaded(house, &by, content).await;
    }
    let (id, answer) = begun(&mut lin, &[("c.bin", b"three"), ("d.bin", b"four")], true).await;
    answer.leads_to(&format!("/protect/{id}/about"));
    told(&mut lin, &id, "Pair", "finished", &[]).await;
    let place = format!("/protect/{id}/confirm");
    let page = lin.page(&place).await;
    let (shown, draft_version) = (price(&page).unwrap(), version_of(&page));
    let fields = [("version", draft_version.as_str()), ("sure", "on"), ("price", shown.as_str())];
    lin.post(&place, &fields).await;
    assert_eq!(balance().await, (100, 0), "{page}");
    assert_eq!(house.billing.faults().await.unwrap(), Vec::<String>::new(), "the books balance");
}

/// The third screen sent with these fields; the number of the record.
async fn confirmed_at(browser: &mut Browser<'_>, place: &str, fields: &[(&str, &str)]) -> String {
    let answer = browser.post(place, fields).await;
    let to = answer.headers.get("location").unwrap_or_else(|| panic!("{}", answer.body)).to_str().unwrap();
    to.strip_prefix("/records/").and_then(|rest| rest.strip_suffix("?said=kept")).unwrap().to_owned()
}

#[tokio::test]
async fn begun_gigabytes_are_paid_for_on_sqlite() {
    gigabytes(&house().await).await;
}

#[tokio::test]
async fn begun_gigabytes_are_paid_for_on_postgresql() {
    gigabytes(&house_on_postgres().await).await;
}
