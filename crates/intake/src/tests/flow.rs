//! The four screens as a person goes through them, and what may happen on the way.

use super::{begun, confirmed, digest, draft_of, house, house_on_postgres, told, version_of};
use crate::works::Works;
use axum::body::Body;
use axum::http::Request;
use registry::evidence::{Filter, Owner, Party, State};
use registry::testing::{Answer, Browser, House};
use serde_json::{Value, json};

async fn party(house: &House, browser: &Browser<'_>) -> Party {
    let me = house.me(browser).await;
    Party::of(&me, &Owner::Person(me.person.id.clone()), &[]).await.unwrap()
}

/// What the page's script sends.
async fn add(browser: &mut Browser<'_>, id: &str, mode: &str, files: &[(&str, &str)]) -> Answer {
    let files: Vec<Value> =
        files.iter().map(|(path, text)| json!({ "path": path, "size": text.len(), "digest": digest(text) })).collect();
    let body = json!({ "mode": mode, "files": files }).to_string();
    let request = Request::post(format!("/protect/{id}/added"))
        .header("content-type", "application/json")
        .header("x-form-token", browser.form_token.clone());
    browser.ask(request.body(Body::from(body)).unwrap()).await
}

async fn four_screens(house: &House) {
    let mut lin = house.person("lin").await;
    let before = house.node.log_size();
    let id = begun(&mut lin, "video", &["成片/月港.mp4", "sub/剪辑.xml"]).await;
    let more = [
        ("summary", "<script>alert(1)</script>"),
        ("person_name", "Lin"),
        ("person_part", "director"),
        ("person_country", "Portugal"),
        ("person_territory", "everywhere"),
        ("person_share", "70 %"),
        ("tag", "shot-abroad"),
        ("tag_shot-abroad", "葡萄牙"),
        ("tag_shot-abroad", "Aveiro"),
        ("tag_shot-abroad", "2026-09-14"),
        ("platforms", "video.example"),
        ("materials", "Editor 7\nMusic under CC BY"),
        ("version_note", "first cut"),
    ];
    told(&mut lin, &id, "月港 <b>", "post", &more).await;
    // The page equals what the record will say, and nothing is stamped before the confirmation.
    let page = lin.page(&format!("/protect/{id}/confirm")).await;
    for shown in [
        "月港 &lt;b&gt;",
        "Lin · director · Portugal · everywhere · 70 %",
        "海外拍摄 Shot abroad: 葡萄牙; Aveiro; 2026-09-14",
        "video.example",
        "Music under CC BY",
        "first cut",
        "I made it.",
        "Video, Post-production",
        "成片/月港.mp4",
        "&lt;script&gt;",
        "Written when it is stamped",
        "no affiliation with the operator",
    ] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    assert!(!page.contains("<script>alert") && !page.contains("月港 <b>"));
    assert_eq!(house.node.log_size(), before);
    let place = format!("/protect/{id}/confirm");
    let version = version_of(&page);
    lin.post(&place, &[("version", &version)]).await.is(422);
    assert_eq!(house.node.log_size(), before);
    let number = confirmed(&mut lin, &id).await;
    assert_eq!(house.node.log_size(), before + 1);
    // Pressed again, or gone back to: the same record.
    let again = lin.post(&place, &[("version", &version), ("sure", "on")]).await;
    again.leads_to(&format!("/records/{number}?said=kept"));
    for screen in ["", "/about", "/confirm"] {
        lin.get(&format!("/protect/{id}{screen}")).await.leads_to(&format!("/records/{number}?said=kept"));
    }
    lin.post(&format!("/protect/{id}/drop"), &[]).await.is(404);
    assert_eq!(house.node.log_size(), before + 1);
    let by = party(house, &lin).await;
    let kept = house.evidence.kept(&by, number.parse().unwrap()).await.unwrap();
    assert_eq!(kept.said("tags"), Some("海外拍摄 Shot abroad: 葡萄牙; Aveiro; 2026-09-14"));
    assert_eq!(kept.said("stage"), Some("post"));
    assert_eq!(kept.record.relation, "independent-by-applicant");
    assert_eq!(kept.names(), ["成片/月港.mp4", "sub/剪辑.xml"]);
}

#[tokio::test]
async fn four_screens_on_sqlite() {
    four_screens(&house().await).await;
}

#[tokio::test]
async fn four_screens_on_postgresql() {
    four_screens(&house_on_postgres().await).await;
}

#[tokio::test]
async fn a_draft_survives_and_is_its_persons_alone() {
    let house = house().await;
    let (mut lin, mut mei) = (house.person("lin").await, house.person("mei").await);
    let id = begun(&mut lin, "photo", &["a.jpg"]).await;
    told(&mut lin, &id, "Harbour", "raw", &[]).await;
    // Another device: the same person signed in anew.
    let mut phone = house.browser();
    let fields = [("mail", "lin@people.example"), ("password", registry::testing::PASSWORD)];
    phone.get("/signin").await;
    phone.post("/signin", &fields).await;
    let page = phone.page("/protect").await;
    assert!(page.contains(&format!("/protect/{id}")) && page.contains("Harbour"));
    assert!(phone.page(&format!("/protect/{id}/about")).await.contains("value=\"Harbour\""));
    // A session that ends in the middle: the draft is there after signing in again.
    phone.post("/signout", &[]).await;
    phone.post(&format!("/protect/{id}/confirm"), &[("sure", "on")]).await.is(401);
    phone.get(&format!("/protect/{id}/confirm")).await.leads_to(&format!("/signin?next=%2Fprotect%2F{id}%2Fconfirm"));
    // Not for others: not shown, not taken over, not filled.
    for place in ["", "/about", "/confirm", "/files"] {
        mei.get(&format!("/protect/{id}{place}")).await.is(404);
    }
    mei.page("/protect").await;
    mei.post(&format!("/protect/{id}"), &[("version", "0"), ("kind", "photo"), ("go", "keep")]).await.is(404);
    add(&mut mei, &id, "digest", &[("x", "x")]).await.is(404);
    assert!(!mei.page("/protect").await.contains("Harbour"));
    // A name that none of our pages made up is no draft.
    lin.post("/protect/short", &[("version", "0"), ("go", "keep")]).await.is(404);
    lin.post(&format!("/protect/{id}/drop"), &[]).await.leads_to("/protect");
    lin.get(&format!("/protect/{id}")).await.is(404);
}

#[tokio::test]
async fn two_windows_do_not_overwrite_each_other() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    let id = begun(&mut lin, "photo", &["a.jpg"]).await;
    let place = format!("/protect/{id}/about");
    let version = version_of(&lin.page(&place).await);
    let fields = |title: &'static str| {
        [("title", title), ("stage", "raw"), ("related", "no"), ("declaration", "Mine."), ("go", "next")]
    };
    let first = [&[("version", version.as_str())][..], &fields("One")].concat();
    lin.post(&place, &first).await.leads_to(&format!("/protect/{id}/confirm"));
    let second = [&[("version", version.as_str())][..], &fields("Two")].concat();
    let answer = lin.post(&place, &second).await;
    assert!(answer.is(409).body.contains("value=\"Two\"") && answer.body.contains("another window"));
    assert!(lin.page(&place).await.contains("value=\"One\""), "what is newer stays");
    // Pressed again, it counts.
    let version = version_of(&answer.body);
    let third = [&[("version", version.as_str())][..], &fields("Two")].concat();
    lin.post(&place, &third).await.leads_to(&format!("/protect/{id}/confirm"));
    // What is confirmed is what was shown.
    let confirm = format!("/protect/{id}/confirm");
    let shown = version_of(&lin.page(&confirm).await);
    let version = version_of(&lin.page(&place).await);
    let fourth = [&[("version", version.as_str())][..], &fields("Three")].concat();
    lin.post(&place, &fourth).await.leads_to(&confirm);
    let before = house.node.log_size();
    let answer = lin.post(&confirm, &[("version", &shown), ("sure", "on")]).await;
    assert!(answer.is(409).body.contains("Three"));
    assert_eq!(house.node.log_size(), before);
    confirmed(&mut lin, &id).await;
}

#[tokio::test]
async fn files_are_added_renamed_marked_and_removed() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    let id = draft_of(&lin.page("/protect").await);
    let said = |answer: &Answer| serde_json::from_str::<Value>(&answer.is(200).body).unwrap();
    let first =
        add(&mut lin, &id, "digest", &[("a.jpg", "1"), ("A.JPG", "2"), ("a.jpg", "1"), ("n\u{7}.txt", "3")]).await;
    let added = &said(&first)["added"];
    assert_eq!((&added["count"], &added["same"]), (&3.into(), &1.into()));
    assert_eq!(added["renamed"], json!([["A.JPG", "A (2).JPG"]]), "two names that fall together");
    // Digests and commitments never stand in one draft.
    let mixed = add(&mut lin, &id, "salted", &[("b", "b")]).await;
    assert!(mixed.is(422).body.contains("\"mode\""));
    add(&mut lin, &id, "digest", &[("../b", "b")]).await.is(422);
    let page = lin.page(&format!("/protect/{id}/files")).await;
    assert!(page.contains("n␇.txt") && page.contains("A (2).JPG"));
    let place = format!("/protect/{id}/files");
    let edit = async |lin: &mut Browser<'_>, fields: &[(&str, &str)]| {
        let version = version_of(&lin.page(&place).await);
        lin.post(&place, &[&[("version", version.as_str())], fields].concat()).await
    };
    edit(&mut lin, &[("act", "remove")]).await.is(422);
    edit(&mut lin, &[("file", "1")]).await.is(422);
    edit(&mut lin, &[("file", "1"), ("act", "replace"), ("find", "a.jpg"), ("put", "")]).await.is(422);
    edit(&mut lin, &[("all", "on"), ("act", "replace"), ("find", " (2)"), ("put", "")]).await.is(422);
    edit(&mut lin, &[("all", "on"), ("act", "replace"), ("find", "."), ("put", "/../")]).await.is(422);
    edit(&mut lin, &[("file", "1"), ("act", "attach")]).await.leads_to(&place);
    edit(&mut lin, &[("all", "on"), ("act", "replace"), ("find", ".JPG"), ("put", "-x.jpeg")]).await.leads_to(&place);
    edit(&mut lin, &[("file", "3"), ("act", "remove")]).await.leads_to(&place);
    let page = lin.page(&place).await;
    assert!(page.contains("A (2)-x.jpeg") && page.contains("attachment") && !page.contains("n␇.txt"));
    lin.post(&place, &[("version", "1"), ("all", "on"), ("act", "remove")]).await.is(422);
    // A token of another session does nothing.
    lin.form_token = "0".to_owned();
    add(&mut lin, &id, "digest", &[("c", "c")]).await.is(403);
}

#[tokio::test]
async fn each_file_may_have_a_record_of_its_own() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    let id = begun(&mut lin, "photo", &["x/1.jpg", "2.jpg", "3.jpg"]).await;
    let place = format!("/protect/{id}");
    let version = version_of(&lin.page(&place).await);
    let fields =
        [("version", version.as_str()), ("kind", "photo"), ("published", "yes"), ("each", "on"), ("go", "next")];
    lin.post(&place, &fields).await.leads_to(&format!("{place}/about"));
    told(&mut lin, &id, "Harbour", "raw", &[]).await;
    let version = version_of(&lin.page(&format!("{place}/confirm")).await);
    let answer = lin.post(&format!("{place}/confirm"), &[("version", &version), ("sure", "on")]).await;
    answer.leads_to("/records?said=kept");
    let by = party(&house, &lin).await;
    let listed = house.evidence.list(&by, &Filter::default()).await.unwrap();
    let mut titles: Vec<String> = listed.entries.iter().map(|e| e.title.clone().unwrap().title).collect();
    titles.sort();
    assert_eq!(titles, ["Harbour · 1.jpg", "Harbour · 2.jpg", "Harbour · 3.jpg"]);
    lin.get(&format!("{place}/confirm")).await.leads_to("/records?said=kept");
}

#[tokio::test]
async fn a_record_for_each_file_needs_files_and_carries_what_is_attached() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    let id = begun(&mut lin, "photo", &["1.jpg", "contract.pdf"]).await;
    let place = format!("/protect/{id}");
    let attach = async |lin: &mut Browser<'_>, file: &str, act: &str| {
        let version = version_of(&lin.page(&format!("{place}/files")).await);
        let fields = [("version", version.as_str()), ("file", file), ("act", act)];
        lin.post(&format!("{place}/files"), &fields).await.leads_to(&format!("{place}/files"));
    };
    attach(&mut lin, "1", "attach").await;
    attach(&mut lin, "2", "attach").await;
    let version = version_of(&lin.page(&place).await);
    let fields =
        [("version", version.as_str()), ("kind", "photo"), ("published", "yes"), ("each", "on"), ("go", "next")];
    lin.post(&place, &fields).await.leads_to(&format!("{place}/about"));
    told(&mut lin, &id, "Harbour", "raw", &[]).await;
    let confirm = format!("{place}/confirm");
    let version = version_of(&lin.page(&confirm).await);
    let before = house.node.log_size();
    lin.post(&confirm, &[("version", &version), ("sure", "on")]).await.is(422);
    assert_eq!(house.node.log_size(), before);
    assert!(lin.page("/works").await.contains("There are no works yet"), "what is refused begins no work");
    // It can be mended after the refusal, and the attachment goes with the one file.
    attach(&mut lin, "1", "detach").await;
    let version = version_of(&lin.page(&confirm).await);
    lin.post(&confirm, &[("version", &version), ("sure", "on")]).await.leads_to("/records?said=kept");
    let by = party(&house, &lin).await;
    let listed = house.evidence.list(&by, &Filter::default()).await.unwrap();
    assert_eq!(listed.entries.len(), 1);
    assert_eq!(listed.entries[0].files, 2);
}

#[tokio::test]
async fn files_that_come_after_the_confirmation_was_shown_are_not_stamped_unseen() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    let id = begun(&mut lin, "photo", &["a.jpg"]).await;
    told(&mut lin, &id, "Harbour", "raw", &[]).await;
    let confirm = format!("/protect/{id}/confirm");
    let version = version_of(&lin.page(&confirm).await);
    add(&mut lin, &id, "digest", &[("late.jpg", "late")]).await.is(200);
    let before = house.node.log_size();
    let answer = lin.post(&confirm, &[("version", &version), ("sure", "on")]).await;
    assert!(answer.is(409).body.contains("late.jpg"));
    assert_eq!(house.node.log_size(), before);
    // Two batches at once: both are there.
    let other = begun(&mut lin, "photo", &["a.jpg"]).await;
    let me = house.me(&lin).await;
    let works = Works::of(&house.holdings);
    let (one, two) = tokio::join!(
        works.add_for_test(&me, &other, &["x.jpg", "b.jpg"]),
        works.add_for_test(&me, &other, &["x.jpg", "c.jpg"])
    );
    assert!(one && two);
    let page = lin.page(&format!("/protect/{other}/files")).await;
    for name in ["a.jpg", "b.jpg", "c.jpg", "x.jpg"] {
        assert!(page.contains(name), "{name}");
    }
}

#[tokio::test]
async fn nobody_writes_into_anothers_work() {
    let house = house().await;
    let (mut lin, mut mei) = (house.person("lin").await, house.person("mei").await);
    let first = begun(&mut lin, "photo", &["a.jpg"]).await;
    told(&mut lin, &first, "Harbour", "raw", &[]).await;
    confirmed(&mut lin, &first).await;
    let work = lin.page("/works").await.split("/works/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let hers = begun(&mut mei, "photo", &["b.jpg"]).await;
    told(&mut mei, &hers, "Mine", "finished", &[("work", &work)]).await;
    confirmed(&mut mei, &hers).await;
    Works::of(&house.holdings).round().await.unwrap();
    let page = lin.page(&format!("/works/{work}")).await;
    assert!(page.contains("Some stages have no stamp yet"), "her record is not under his work");
    mei.get(&format!("/works/{work}")).await.is(404);
    assert!(mei.page("/works").await.contains("Mine"));
}

#[tokio::test]
async fn an_application_for_an_organisation_that_was_left_becomes_the_persons() {
    let house = house().await;
    let (mut lin, mut mei) = (house.person("lin").await, house.person("mei").await);
    let answer = lin.post("/organisations/new", &[("name", "Studio")]).await;
    let organisation = answer.headers["location"].to_str().unwrap().split(['/', '?']).nth(2).unwrap().to_owned();
    let place = format!("/organisations/{organisation}");
    lin.page(&place).await;
    lin.post(&format!("{place}/invitations"), &[("mail", "mei@people.example"), ("role", "applicant")]).await;
    let join = registry::testing::address(&mei.page("/account").await, "/invitations/");
    mei.post(&join, &[]).await;
    let id = begun(&mut mei, "photo", &["a.jpg"]).await;
    told(&mut mei, &id, "Harbour", "raw", &[("organisation", &organisation)]).await;
    let confirm = format!("/protect/{id}/confirm");
    let page = mei.page(&confirm).await;
    assert!(page.contains("Studio"));
    let version = version_of(&page);
    mei.post(&format!("{place}/leave"), &[]).await;
    // What was shown was the organisation's; it is shown anew, and stamped for nobody.
    let before = house.node.log_size();
    let answer = mei.post(&confirm, &[("version", &version), ("sure", "on")]).await;
    assert!(!answer.is(409).body.contains("Studio"));
    assert_eq!(house.node.log_size(), before);
    told(&mut mei, &id, "Harbour", "raw", &[]).await;
    confirmed(&mut mei, &id).await;
}

#[tokio::test]
async fn a_salted_record_asks_for_the_salts() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    let id = draft_of(&lin.page("/protect").await);
    add(&mut lin, &id, "salted", &[("formula.txt", "the commitment")]).await.is(200);
    let place = format!("/protect/{id}");
    let version = version_of(&lin.page(&place).await);
    let fields = [("version", version.as_str()), ("kind", "formula"), ("published", "no"), ("go", "next")];
    lin.post(&place, &fields).await.leads_to(&format!("{place}/about"));
    told(&mut lin, &id, "Glaze", "final", &[]).await;
    let page = lin.page(&format!("{place}/confirm")).await;
    assert!(page.contains("Save the salts") && page.contains("neither"));
    let version = version_of(&page);
    lin.post(&format!("{place}/confirm"), &[("version", &version), ("sure", "on")]).await.is(422);
    let both = [("version", version.as_str()), ("sure", "on"), ("salts", "on")];
    let answer = lin.post(&format!("{place}/confirm"), &both).await;
    assert!(answer.headers["location"].to_str().unwrap().starts_with("/records/SY-"));
}

async fn stages(house: &House) {
    let works = Works::of(&house.holdings);
    let mut lin = house.person("lin").await;
    let first = begun(&mut lin, "photo", &["raw.dng"]).await;
    told(&mut lin, &first, "Harbour", "raw", &[]).await;
    confirmed(&mut lin, &first).await;
    works.round().await.unwrap();
    let list = lin.page("/works").await;
    let work = list.split("/works/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = lin.page(&format!("/works/{work}")).await;
    assert!(page.contains("Some stages have no stamp yet") && page.contains("Earliest stamp"));
    // The second stage completes it, and the whole is stamped by itself, once.
    let answer = lin.get(&format!("/protect?work={work}")).await;
    let id = answer.headers["location"].to_str().unwrap().strip_prefix("/protect/").unwrap().to_owned();
    let page = lin.page(&format!("/protect/{id}")).await;
    assert!(page.contains("A further version of “Harbour”"));
    let lines = format!("{} 9 final.jpg", digest("final"));
    let version = version_of(&page);
    let fields = [
        ("version", version.as_str()),
        ("kind", "photo"),
        ("published", "no"),
        ("mode", "digest"),
        ("digests", &lines),
        ("go", "next"),
    ];
    lin.post(&format!("/protect/{id}"), &fields).await.leads_to(&format!("/protect/{id}/about"));
    told(&mut lin, &id, "Harbour", "finished", &[("work", &work)]).await;
    confirmed(&mut lin, &id).await;
    works.round().await.unwrap();
    works.round().await.unwrap();
    let by = party(house, &lin).await;
    let entries = house.evidence.of_origin(&by, &work).await.unwrap();
    assert_eq!(entries.len(), 3);
    let whole = house.evidence.kept(&by, entries[2].number).await.unwrap();
    assert_eq!(whole.said("whole"), Some("2"));
    let named: Vec<String> = whole.record.previous.iter().map(|digest| proof::digest::hex(digest)).collect();
    assert_eq!(named, [entries[0].digest.clone(), entries[1].digest.clone()]);
    // Its files are the records, so each of them is shown to belong to it.
    assert_eq!(whole.names()[1], format!("{}.record.json", entries[1].number));
    let shown = whole.disclosure(1, &[]).unwrap();
    assert!(shown.check().is_in_record);
    let page = lin.page(&format!("/works/{work}")).await;
    assert!(page.contains("All stages are there") && page.contains(&entries[2].number.to_string()));
    let chain: Value = serde_json::from_str(&lin.get(&format!("/works/{work}/chain.json")).await.is(200).body).unwrap();
    assert_eq!(chain["records"].as_array().unwrap().len(), 3);
    assert_eq!((&chain["records"][2]["whole"], &chain["records"][0]["stage"]), (&true.into(), &"raw".into()));
    // Asked for again, it is the same record until there is another stage.
    let again = lin.post(&format!("/works/{work}/whole"), &[]).await;
    again.leads_to(&format!("/records/{}?said=kept", entries[2].number));
}

#[tokio::test]
async fn a_work_is_whole_when_its_stages_are_there_on_sqlite() {
    stages(&house().await).await;
}

#[tokio::test]
async fn a_work_is_whole_when_its_stages_are_there_on_postgresql() {
    stages(&house_on_postgres().await).await;
}

#[tokio::test]
async fn an_organisation_asks_its_approver_first() {
    let house = house().await;
    let (mut lin, mut mei) = (house.person("lin").await, house.person("mei").await);
    let answer = lin.post("/organisations/new", &[("name", "Studio")]).await;
    let organisation = answer.headers["location"].to_str().unwrap().split(['/', '?']).nth(2).unwrap().to_owned();
    let place = format!("/organisations/{organisation}");
    lin.page(&place).await;
    lin.post(&format!("{place}/settings"), &[("name", "Studio"), ("asks", "on")]).await;
    let invite = [("mail", "mei@people.example"), ("role", "approver")];
    lin.post(&format!("{place}/invitations"), &invite).await;
    let join = registry::testing::address(&mei.page("/account").await, "/invitations/");
    mei.post(&join, &[]).await;
    let id = begun(&mut lin, "photo", &["a.jpg"]).await;
    told(&mut lin, &id, "Harbour", "raw", &[("organisation", &organisation)]).await;
    assert!(lin.page(&format!("/protect/{id}/confirm")).await.contains("Studio asks for approval"));
    let before = house.node.log_size();
    let number = confirmed(&mut lin, &id).await;
    assert_eq!(house.node.log_size(), before, "nothing is stamped before it passes");
    let page = mei.page(&place).await;
    assert!(page.contains("Harbour") && page.contains(&format!("/records/{number}")));
    let decide = registry::testing::address(&page, &format!("{place}/approvals/"));
    mei.post(&decide, &[("decision", "approved")]).await;
    // The approver, who is no applicant, makes no records.
    mei.page("/protect").await;
    let hers = begun(&mut mei, "photo", &["b.jpg"]).await;
    let about = format!("/protect/{hers}/about");
    let version = version_of(&mei.page(&about).await);
    let fields = [("version", version.as_str()), ("organisation", &organisation), ("title", "x"), ("go", "next")];
    mei.post(&about, &fields).await.is(403);
    house.evidence.round(house.node.now().plus_s(60)).await.unwrap();
    assert_eq!(house.node.log_size(), before + 1);
    let me = house.me(&lin).await;
    let (_, entry) = house.evidence.reader(&me, &number, registry::accounts::organisation::ANYONE).await.unwrap();
    assert_eq!(entry.state, State::Kept);
    let stranger = house.person("wei").await;
    let stranger = house.me(&stranger).await;
    assert!(house.evidence.reader(&stranger, &number, registry::accounts::organisation::ANYONE).await.is_err());
}

#[tokio::test]
async fn drafts_run_out_and_go_with_their_person() {
    let house = house().await;
    let works = Works::of(&house.holdings);
    let mut lin = house.person("lin").await;
    let id = begun(&mut lin, "photo", &["a.jpg"]).await;
    works.sweep(house.node.now().plus_s(29 * 86_400)).await.unwrap();
    lin.page(&format!("/protect/{id}")).await;
    let exported = {
        lin.page("/account/privacy").await;
        lin.post("/account/privacy/export", &[]).await
    };
    assert!(exported.is(200).body.contains("a.jpg"));
    lin.post("/account/privacy/erase", &[("mail", "lin@people.example")]).await;
    house.accounts.sweep(house.node.now().plus_s(8 * 86_400)).await.unwrap();
    let rows = house.accounts.db().rows("select count(*) from draft_file", &[]).await.unwrap();
    assert_eq!(rows[0].int(0), Ok(0));
    let mut mei = house.person("mei").await;
    let id = begun(&mut mei, "photo", &["a.jpg"]).await;
    works.sweep(house.node.now().plus_s(31 * 86_400)).await.unwrap();
    mei.get(&format!("/protect/{id}")).await.is(404);
}
