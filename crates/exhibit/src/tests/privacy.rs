//! Real names and a person's rights: what is asked, shown, kept, exported and erased.

use super::{house, house_on_postgres};
use proof::crypto::RustCrypto;
use proof::digest::{DigestAlgorithm, from_hex};
use proof::report::Verdict;
use proof::verify::{Context, verify};
use registry::accounts::audit::{Scope, check};
use registry::accounts::privacy::consent::{Purpose, commitment};
use registry::testing::{House, PASSWORD, address};
use std::path::Path;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n the picture of a paper";
const NUMBER: &str = "11010519491231002X";
const STATED: [(&str, &str); 6] = [
    ("method", "papers"),
    ("name", "林月港"),
    ("paper", "cn-resident-id"),
    ("country", "CN"),
    ("number", NUMBER),
    ("identity", "on"),
];

async fn real_names(house: &House) {
    let (mut lin, mut operator) = (house.person("lin").await, house.operator().await);
    lin.page("/account/identity").await;
    for (field, value) in
        [("number", "110105194912310021"), ("name", "x"), ("country", "China"), ("identity", ""), ("country", "US")]
    {
        let changed = STATED.map(|(name, old)| if name == field { (name, value) } else { (name, old) });
        let answer = lin.upload("/account/identity", &changed, &[("paper-1", PNG)]).await;
        assert!(answer.is(422).body.contains(&format!("-{field}-fault")), "{field}: {}", answer.body);
    }
    lin.upload("/account/identity", &STATED, &[]).await.is(422);
    lin.upload("/account/identity", &STATED, &[("paper-1", b"<script>alert(1)</script>")]).await.is(422);
    let sent = lin.upload("/account/identity", &STATED, &[("paper-1", PNG), ("paper-2", b"%PDF-1.7")]).await;
    sent.leads_to("/account/identity?said=identity-asked");
    let page = lin.page("/account/identity").await;
    assert!(page.contains("Being checked") && page.contains("11****2X") && !page.contains(NUMBER));
    lin.get("/operator/identities").await.is(403);
    // The operator sees it in full, and that it was seen is in both trails.
    let review = address(&operator.page("/operator/identities").await, "/operator/identities/");
    let page = operator.page(&review).await;
    assert!(page.contains(NUMBER) && page.contains("林月港"));
    let picture = address(&page, &format!("{review}/papers/"));
    let shown = operator.get(&picture).await;
    assert!(shown.is(200).body.contains("the picture of a paper"));
    assert!(shown.headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
    lin.get(&picture).await.is(403);
    assert!(lin.page("/account/history").await.contains("Looked at papers"));
    operator.post(&review, &[("decision", "refuse")]).await.is(422);
    operator.post(&review, &[("decision", "confirm")]).await.leads_to("/operator/identities?said=done");
    operator.post(&review, &[("decision", "refuse"), ("reason", "late")]).await.is(404);
    let page = lin.page("/account/identity").await;
    assert!(page.contains("林** (11****2X), Papers seen by the operator"), "{page}");
    assert!(house.mail("lin@people.example").await.subject.contains("was checked"));
    // A statement names the person in full; the page to check it at names nobody.
    let page = lin.post("/account/identity/statement", &[("audience", "Example Court")]).await.body;
    let file = lin.get(&address(&page, "/account/identity/statement/identity.json?")).await;
    assert!(file.body.contains("林月港") && !file.body.contains(NUMBER), "{}", file.body);
    let place = file.body.split("https://shiyin.example").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let checked = house.get(&format!("{place}?lang=en")).await;
    assert!(checked.body.contains("Holds") && !checked.body.contains('林'));
    let digest = DigestAlgorithm::Sha256.digest(file.body.as_bytes()).to_string();
    assert!(checked.body.contains(&proof_wasm::page::digest(&digest)));
    lin.get(&address(&page, "/account/identity/statement/identity.json.tsr?")).await.is(200);
    let forged = address(&page, "/account/identity/statement/identity.json?").replace("for=Example", "for=Other");
    lin.get(&forged).await.is(404);
    let id = lin.id().await;
    let held = format!("/operator/people/{id}");
    operator.post(&format!("{held}/hold"), &[("reason", "case 7"), ("until", "2099-01-01")]).await;
    // Papers go as the policy says, but not while a hold keeps them; the name stays.
    let count = async || house.accounts.db().rows("select id from paper", &[]).await.unwrap().len();
    let now = house.node.now();
    house.accounts.sweep(now.plus_s(29 * 86_400)).await.unwrap();
    assert_eq!(count().await, 2);
    house.accounts.sweep(now.plus_s(31 * 86_400)).await.unwrap();
    assert_eq!(count().await, 2, "a hold beats retention");
    operator.post("/signin", &[("mail", "operator@people.example"), ("password", PASSWORD)]).await.leads_to("/account");
    operator.page(&held).await;
    operator.post(&format!("{held}/release"), &[]).await.leads_to(&format!("{held}?said=done"));
    house.accounts.sweep(now.plus_s(31 * 86_400)).await.unwrap();
    assert_eq!(count().await, 0);
    let mut again = house.browser();
    again.post("/signin", &[("mail", "lin@people.example"), ("password", PASSWORD)]).await.leads_to("/account");
    assert!(again.page("/account/identity").await.contains("林月港"));
    again.post("/account/identity/withdraw", &[]).await.leads_to("/account/identity?said=identity-withdrawn");
    assert!(!again.page("/account/identity").await.contains("林月港"));
    assert!(house.get(&format!("{place}?lang=en")).await.body.contains("No longer holds"));
}

#[tokio::test]
async fn real_names_on_sqlite() {
    real_names(&house().await).await;
}

#[tokio::test]
async fn real_names_on_postgresql() {
    real_names(&house_on_postgres().await).await;
}

#[tokio::test]
async fn an_organisation_and_a_foreigner_have_real_names_too() {
    let house = house().await;
    let (mut mei, mut operator) = (house.person("mei").await, house.operator().await);
    let answer = mei.post("/organisations/new", &[("name", "Qingyu")]).await;
    let id = answer.headers["location"].to_str().unwrap().split(['/', '?']).nth(2).unwrap().to_owned();
    let fields = |number: &'static str| {
        [
            ("method", "papers"),
            ("name", "青屿示例科技有限公司"),
            ("paper", "cn-social-credit-code"),
            ("country", "CN"),
            ("number", number),
            ("representative", "Mei Lin"),
            ("identity", "on"),
        ]
    };
    let place = format!("/organisations/{id}/identity");
    operator.get(&place).await.is(404);
    mei.upload(&place, &fields("91350100M000100Y44"), &[("paper-1", PNG)]).await.is(422);
    let sent = mei.upload(&place, &fields("91350100M000100Y43"), &[("paper-1", PNG)]).await;
    sent.leads_to(&format!("{place}?said=identity-asked"));
    let passport = [
        ("method", "papers"),
        ("name", "Mei Lin"),
        ("paper", "passport"),
        ("country", "sg"),
        ("number", "K1234567E"),
        ("identity", "on"),
    ];
    mei.page("/account/identity").await;
    mei.upload("/account/identity", &passport, &[("paper-1", PNG)])
        .await
        .leads_to("/account/identity?said=identity-asked");
    for _ in 0..2 {
        let review = address(&operator.page("/operator/identities").await, "/operator/identities/");
        operator.page(&review).await;
        operator.post(&review, &[("decision", "confirm")]).await.leads_to("/operator/identities?said=done");
    }
    assert!(mei.page(&place).await.contains("青屿示例科技有限公司"));
    assert!(mei.page("/account/identity").await.contains("M** L** (K1****7E)"));
    // Nobody decides on his or her own name.
    operator.page("/account/identity").await;
    operator.upload("/account/identity", &passport, &[("paper-1", PNG)]).await;
    let review = address(&operator.page("/operator/identities").await, "/operator/identities/");
    operator.get(&review).await.is(403);
}

/// Whether any file of the instance but the keys holds these bytes.
fn is_anywhere(folder: &Path, what: &[u8]) -> bool {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read(&path).unwrap().windows(what.len()).any(|window| window == what) {
                return true;
            }
        }
    }
    false
}

async fn rights(house: &House) {
    let (mut lin, mut operator) = (house.person("lin").await, house.operator().await);
    lin.page("/account/identity").await;
    lin.upload("/account/identity", &STATED, &[("paper-1", PNG)]).await;
    let id = lin.id().await;
    let agreed = async |purpose| house.accounts.has_consented(&id, purpose).await.unwrap();
    assert!(agreed(Purpose::Terms).await && agreed(Purpose::Identity).await && !agreed(Purpose::ShowName).await);
    lin.post("/account/privacy/consent", &[("purpose", "show-name"), ("given", "on")]).await;
    assert!(agreed(Purpose::ShowName).await);
    lin.post("/account/privacy/consent", &[("purpose", "terms")]).await.is(422);
    // Consents are stamped: the record verifies, and its opening leads to the person.
    house.accounts.round(house.node.now()).await.unwrap();
    let me = house.me(&lin).await;
    let consents = house.accounts.consents(&me.person).await.unwrap();
    assert_eq!(consents.len(), 4);
    let anchors = crate::verification::anchors(&house.node);
    for consent in &consents {
        let digest = DigestAlgorithm::Sha256.digest(consent.record.as_bytes());
        let token = proof::verify::token_der(consent.token.as_ref().unwrap()).unwrap();
        let content = [digest];
        let context = Context { content: &content, anchors: &anchors, ..Context::new(&RustCrypto, house.node.now()) };
        assert_eq!(verify(&token, &context).verdict, Verdict::Valid);
        let salt = from_hex(consent.salt.as_ref().unwrap()).unwrap();
        assert!(consent.record.contains(&commitment(&salt, &id)));
        assert!(!consent.record.contains(&id) && !consent.record.contains("lin"));
    }
    // The words that were agreed to can be shown as long as the record.
    for consent in &consents {
        let record: serde_json::Value = serde_json::from_str(&consent.record).unwrap();
        let digest = record["text_sha256"].as_str().unwrap();
        let text = house.accounts.consent_text(digest).await.unwrap().unwrap();
        assert_eq!(DigestAlgorithm::Sha256.digest(text.as_bytes()).to_string(), digest);
    }
    // Everything about the person is in one file, for the person alone.
    let export = lin.post("/account/privacy/export", &[]).await;
    let all: serde_json::Value = serde_json::from_str(&export.is(200).body).unwrap();
    assert_eq!((&all["mail"], &all["real_names"][0]["number"]), (&"lin@people.example".into(), &NUMBER.into()));
    assert_eq!(all["consents"].as_array().unwrap().len(), 4);
    assert!(all["real_names"][0]["papers"][0]["content"].as_str().unwrap().len() > 20);
    assert_eq!(all["sign_ins"][0]["address"], "203.0.113.7");
    for part in ["duties", "requests", "sessions", "history", "passkeys", "keys", "organisations", "disclosures"] {
        assert!(all[part].is_array(), "{part}");
    }
    // A disclosure is shown to the person, unless the law asks for silence.
    let told =
        [("to", "Court A"), ("basis", "art. 1, no. 2"), ("what", "the sign-ins"), ("mail", "lin@people.example")];
    operator.post("/operator/disclosures", &told[..3]).await.leads_to("/operator/disclosures?said=done");
    assert!(!lin.page("/account/privacy").await.contains("Court A"));
    operator.post("/operator/disclosures", &told).await.leads_to("/operator/disclosures?said=done");
    assert!(lin.page("/account/privacy").await.contains("Court A"));
    let silent = [("to", "Court B"), told[1], told[2], told[3], ("silent-until", "2099-01-01")];
    operator.post("/operator/disclosures", &silent).await.leads_to("/operator/disclosures?said=done");
    assert!(!lin.page("/account/privacy").await.contains("Court B"));
    assert!(operator.page("/operator/disclosures").await.contains("Court B"));
    // A member who is erased leaves a line in the organisation's trail.
    let answer = operator.post("/organisations/new", &[("name", "Studio")]).await;
    let organisation = answer.headers["location"].to_str().unwrap().split(['/', '?']).nth(2).unwrap().to_owned();
    operator
        .post(
            &format!("/organisations/{organisation}/invitations"),
            &[("mail", "lin@people.example"), ("role", "applicant")],
        )
        .await;
    let join = address(&lin.page("/account").await, "/invitations/");
    lin.post(&join, &[]).await.leads_to(&format!("/organisations/{organisation}?said=joined"));
    // Erasure: asked for, thought over, held, done.
    lin.post("/account/privacy/erase", &[("mail", "mei@people.example")]).await.is(422);
    let ask = [("mail", "lin@people.example")];
    lin.post("/account/privacy/erase", &ask).await.leads_to("/account/privacy?said=erasure");
    lin.post("/account/privacy/erase/stop", &[]).await.leads_to("/account/privacy?said=erasure-stopped");
    lin.post("/account/privacy/erase", &ask).await.leads_to("/account/privacy?said=erasure");
    let place = format!("/operator/people/{id}");
    operator.post(&format!("{place}/hold"), &[("reason", ""), ("until", "2099-01-01")]).await.is(422);
    operator.post(&format!("{place}/hold"), &[("reason", "case 7"), ("until", "2001-01-01")]).await.is(422);
    operator.post(&format!("{place}/hold"), &[("reason", "case 7"), ("until", "2099-01-01")]).await;
    assert!(lin.page("/account/privacy").await.contains("Kept for now"));
    let now = house.node.now();
    let later = now.plus_s(8 * 86_400);
    let is_there = async || house.accounts.person(&id).await.unwrap().is_some();
    house.accounts.sweep(later).await.unwrap();
    assert!(is_there().await, "a hold beats erasure");
    // Sessions ended meanwhile.
    operator.post("/signin", &[("mail", "operator@people.example"), ("password", PASSWORD)]).await.leads_to("/account");
    operator.page(&place).await;
    operator.post(&format!("{place}/release"), &[]).await.leads_to(&format!("{place}?said=done"));
    let wrapped =
        house.accounts.db().rows("select key from person where id = $1", &[id.as_str().into()]).await.unwrap();
    let wrapped = wrapped[0].bytes(0).unwrap().to_vec();
    house.accounts.sweep(now.plus_s(6 * 86_400)).await.unwrap();
    assert!(is_there().await, "there are seven days to think again");
    house.accounts.sweep(later).await.unwrap();
    assert!(!is_there().await);
    if !house.accounts.db().is_shared() {
        let data = house.folder.path().join("data");
        assert!(!is_anywhere(&data, &wrapped), "the key is in no free page");
    }
    lin.get("/account").await.leads_to("/signin?next=%2Faccount");
    // What was stamped still verifies and leads to nobody.
    let rows = house.accounts.db().rows("select record, salt is null from consent", &[]).await.unwrap();
    let erased = rows.iter().filter(|row| row.int(1) == Ok(1)).count();
    assert_eq!(erased, 4);
    assert!(consents.iter().all(|c| rows.iter().any(|row| row.text(0) == Ok(&c.record))));
    let trail = house.accounts.trail(&Scope::Person(id.clone()), 1, i64::MAX).await.unwrap();
    assert_eq!(check(&trail), Ok(()));
    assert!(trail.last().unwrap().contains("\"erased\""));
    let scope = Scope::Organisation(organisation);
    let left = house.accounts.trail(&scope, 1, i64::MAX).await.unwrap();
    assert!(left.last().unwrap().contains("\"left\"") && left.last().unwrap().contains(&id));
    // The address is free again, and it is another person who takes it.
    let mut new = house.person("lin").await;
    assert_ne!(new.id().await, id);
}

#[tokio::test]
async fn rights_on_sqlite() {
    rights(&house().await).await;
}

#[tokio::test]
async fn rights_on_postgresql() {
    rights(&house_on_postgres().await).await;
}

#[tokio::test]
async fn nothing_in_the_files_names_a_person() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    lin.post("/account/name", &[("name", "Moonharbour-Lin")]).await;
    lin.page("/account/identity").await;
    lin.upload("/account/identity", &STATED, &[("paper-1", PNG)]).await;
    lin.post("/organisations/new", &[("name", "Qingyu-Studio")]).await;
    lin.post("/report", &[("about", "https://copies.example"), ("what", "they copy my harbour")]).await;
    let data = house.folder.path().join("data");
    assert!(is_anywhere(&data, b"identity-asked"), "the database is there to be read");
    for secret in [
        "lin@people.example",
        "Moonharbour-Lin",
        "Qingyu-Studio",
        NUMBER,
        "林月港",
        "the picture of a paper",
        "copies.example",
        "203.0.113.7",
        PASSWORD,
        lin.cookies["__Host-session"].as_str(),
    ] {
        assert!(!is_anywhere(&data, secret.as_bytes()), "{secret}");
    }
}

#[tokio::test]
async fn a_frozen_account_opens_its_rights_alone() {
    let house = house().await;
    let (mut lin, mut operator) = (house.person("lin").await, house.operator().await);
    let id = lin.id().await;
    let own = operator.id().await;
    operator.page("/operator").await;
    operator.post(&format!("/operator/people/{own}/freeze"), &[]).await.is(403);
    let place = format!("/operator/people/{id}");
    operator.post(&format!("{place}/freeze"), &[]).await.leads_to(&format!("{place}?said=done"));
    lin.get("/account").await.leads_to("/signin?next=%2Faccount");
    lin.post("/signin", &[("mail", "lin@people.example"), ("password", PASSWORD)]).await.leads_to("/account");
    lin.get("/account").await.is(403);
    lin.get("/organisations/new").await.is(403);
    assert!(lin.page("/account/privacy").await.contains("is frozen"));
    lin.post("/account/privacy/export", &[]).await.is(200);
    operator.post(&format!("{place}/thaw"), &[]).await;
    lin.page("/account").await;
    // Second factors come off only by the operator, and everything else ends with them.
    operator.post(&format!("{place}/reset"), &[]).await.leads_to(&format!("{place}?said=done"));
    lin.get("/account").await.leads_to("/signin?next=%2Faccount");
    assert!(house.mail("lin@people.example").await.subject.contains("were reset"));
}

#[tokio::test]
async fn reports_reach_the_operator_and_blocks_hold() {
    let house = house().await;
    let mut operator = house.operator().await;
    let mut visitor = house.browser();
    visitor.post("/report", &[("about", "x"), ("what", "short")]).await.is(422);
    let fields = [("about", "https://copies.example"), ("what", "they copy my harbour"), ("contact", "a@b.example")];
    visitor.post("/report", &fields).await.leads_to("/report?said=report");
    let page = operator.page("/operator/reports").await;
    assert!(page.contains("https://copies.example"));
    assert!(house.mail("operator@people.example").await.subject.contains("report of abuse"));
    let answer = address(&page, "/operator/reports/");
    operator.post(&answer, &[]).await.is(422);
    operator.post(&answer, &[("answer", "taken down")]).await.leads_to("/operator/reports?said=done");
    operator.post(&answer, &[("answer", "again")]).await.is(404);
    assert!(house.mail("a@b.example").await.text.contains("taken down"));
    let digest = "AB".repeat(32);
    operator.post("/operator/blocks", &[("digest", "zz"), ("reason", "r")]).await.is(422);
    operator
        .post("/operator/blocks", &[("digest", &digest), ("reason", "report 1")])
        .await
        .leads_to("/operator/blocks?said=done");
    assert!(house.accounts.is_blocked(&digest.to_lowercase()).await.unwrap());
    operator.post("/operator/blocks/end", &[("digest", &digest.to_lowercase())]).await;
    operator.post("/operator/blocks/end", &[("digest", "anything")]).await.is(404);
    assert!(!house.accounts.is_blocked(&digest.to_lowercase()).await.unwrap());
    let trail = operator.get("/operator/history/history.jsonl").await;
    let lines: Vec<String> = trail.body.lines().map(str::to_owned).collect();
    assert_eq!(check(&lines), Ok(()));
    for act in ["reported", "report-answered", "blocked", "unblocked"] {
        assert!(trail.body.contains(&format!("\"{act}\"")), "{act}");
    }
    for _ in 0..9 {
        visitor.post("/report", &fields).await;
    }
    visitor.post("/report", &fields).await.is(429);
}
