//! Shares and public works: what opens them, what they show, and how they end.

use super::evidence::{draft, party_of};
use super::{house, house_on_postgres};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use registry::accounts::organisation::Role;
use registry::evidence::{Owner, Party};
use registry::testing::{Browser, House};

/// The value beside a label in the page that shows a share once.
fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let at = page.find(start).unwrap_or_else(|| panic!("{start} in {page}")) + start.len();
    page[at..].split(end).next().unwrap()
}

/// A share: its address and its code.
async fn shared(browser: &mut Browser<'_>, number: &str, fields: &[(&str, &str)]) -> (String, String) {
    let form = format!("/records/{number}/shares");
    browser.page(&form).await;
    let base = [("label", "Publisher Zhou"), ("days", "7")];
    let answer = browser.post(&form, &[&base, fields].concat()).await;
    let page = &answer.is(200).body;
    registry::testing::check_tags(&form, page);
    let id = between(page, "/s/", "<").to_owned();
    let code = page.split('>').filter_map(|part| part.split('<').next()).find(|part| is_code(part)).unwrap();
    (format!("/s/{id}"), code.to_owned())
}

fn is_code(text: &str) -> bool {
    text.len() == 9
        && text.as_bytes()[4] == b'-'
        && text.replace('-', "").chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

async fn a_share(house: &House) {
    let mut lin = house.person("LinZhixia").await;
    let by = party_of(house, &lin).await;
    let first = house.evidence.preserve(&by, &draft("k1", "月港 Moon harbour")).await.unwrap();
    let mut of_work = draft("k2", "Second sketch");
    of_work.origin.clone_from(&first.origin);
    let second = house.evidence.preserve(&by, &of_work).await.unwrap();
    let number = first.number.to_string();
    let (place, code) = shared(
        &mut lin,
        &number,
        &[("covers", "record"), ("part", "title"), ("part", "applicant"), ("certificate", "yes")],
    )
    .await;
    // Without the code there is a question, the same as where there is nothing.
    let stranger = house.get(&place).await;
    let nothing = house.get("/s/nothing-at-all").await;
    assert_eq!(stranger.is(200).body.replace(&place, ""), nothing.is(200).body.replace("/s/nothing-at-all", ""));
    for path in [
        format!("{place}/{number}"),
        format!("{place}/{number}/record.json"),
        format!("{place}/{number}/certificate.pdf"),
    ] {
        let status = house.get(&path).await.status;
        assert!(status == StatusCode::NOT_FOUND || status == StatusCode::SEE_OTHER, "{path}: {status}");
    }
    // A wrong code opens nothing; the right one does, as people type it.
    let mut zhou = house.browser();
    zhou.page(&place).await;
    let wrong = zhou.post(&place, &[("code", "AAAA-AAAA")]).await;
    assert!(wrong.is(422).body.contains("share has ended"));
    zhou.post(&place, &[("code", &format!(" {} ", code.to_lowercase().replace('-', " ")))]).await.leads_to(&place);
    let page = zhou.page(&place).await;
    registry::testing::check_tags(&place, &page);
    assert!(page.contains("Moon harbour") && page.contains("LinZhixia") && !page.contains("b.jpg"), "{page}");
    assert!(page.contains("certificate.pdf"));
    for (name, head) in [
        ("record.json", "{"),
        ("record.tsr", "0"),
        ("files.json", "{"),
        ("openings.json", "{"),
        ("certificate.pdf", "%PDF"),
    ] {
        let bytes = zhou.download(&format!("{place}/{number}/{name}")).await;
        let head: &[u8] = head.as_bytes();
        assert!(bytes.starts_with(head), "{name}");
    }
    // What is not covered is not there, and everyone still sees commitments alone.
    zhou.get(&format!("{place}/{}", second.number)).await.is(404);
    assert!(!house.get(&format!("/v/{number}")).await.body.contains("Moon harbour"));
    let list = lin.page(&format!("/records/{number}/shares")).await;
    assert!(list.contains("Publisher Zhou") && list.contains("Times opened: 1"), "{list}");
    // The whole work, without the certificate.
    let (work, code) = shared(&mut lin, &number, &[("covers", "work"), ("part", "title")]).await;
    let mut wang = house.browser();
    wang.page(&work).await;
    wang.post(&work, &[("code", &code)]).await.leads_to(&work);
    let page = wang.page(&work).await;
    registry::testing::check_tags(&work, &page);
    assert!(page.contains("Second sketch") && page.contains(&number) && !page.contains("LinZhixia"));
    assert!(wang.page(&format!("{work}/{}", second.number)).await.contains("Second sketch"));
    wang.get(&format!("{work}/{number}/certificate.pdf")).await.is(404);
    // The code of one share opens no other, not even for a browser that has it.
    wang.get(&format!("{place}/{number}/record.json")).await.is(404);
    // Neither code nor whom it is for can be read in the database.
    let rows = house.accounts.db().rows("select code, label from share", &[]).await.unwrap();
    assert!(rows.iter().all(|row| !row.text(0).unwrap().contains(&code.replace('-', ""))));
    assert!(rows.iter().all(|row| !row.bytes(1).unwrap().windows(4).any(|window| window == b"Zhou")));
    // Another person sees and ends none of it.
    let mut mei = house.person("mei").await;
    mei.get(&format!("/records/{number}/shares")).await.is(404);
    mei.page("/account").await;
    let id = place.trim_start_matches("/s/");
    mei.post(&format!("/records/{number}/shares/end"), &[("share", id)]).await.is(404);
    // Ended, it is as if it had never been.
    lin.page(&format!("/records/{number}/shares")).await;
    lin.post(&format!("/records/{number}/shares/end"), &[("share", id)])
        .await
        .leads_to(&format!("/records/{number}/shares?said=ended"));
    assert!(!zhou.page(&place).await.contains("Moon harbour"));
    zhou.get(&format!("{place}/{number}/record.json")).await.is(404);
    // So it is at its time, and with its owner.
    house.accounts.db().execute("update share set until_ms = 1000", &[]).await.unwrap();
    assert!(!wang.page(&work).await.contains("Second sketch"));
    lin.page("/account/privacy").await;
    lin.post("/account/privacy/erase", &[("mail", "LinZhixia@people.example")]).await;
    house.accounts.sweep(house.node.now().plus_s(8 * 86_400)).await.unwrap();
    assert!(house.accounts.db().rows("select id from share", &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_share_opens_by_its_code_and_ends() {
    a_share(&house().await).await;
}

#[tokio::test]
async fn a_share_opens_by_its_code_and_ends_on_postgres() {
    a_share(&house_on_postgres().await).await;
}

#[tokio::test]
async fn codes_cannot_be_tried_one_after_the_other() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    let by = party_of(&house, &lin).await;
    let entry = house.evidence.preserve(&by, &draft("k1", "One")).await.unwrap();
    let (place, code) = shared(&mut lin, &entry.number.to_string(), &[("covers", "record")]).await;
    let mut thief = house.browser();
    thief.page(&place).await;
    let mut last = 0;
    for _ in 0..12 {
        last = thief.post(&place, &[("code", "AAAA-AAAA")]).await.status.as_u16();
    }
    assert_eq!(last, 429);
    // Then the right one opens nothing either, for a while.
    thief.post(&place, &[("code", &code)]).await.is(429);
    // Neither a code nor a guess in the place of the ticket opens anything, however often.
    for guess in [code.as_str(), &code.replace('-', ""), "AAAAAAAA", &"0".repeat(64)] {
        let request = Request::get(&place).header("cookie", format!("share={guess}")).body(Body::empty()).unwrap();
        let page = house.ask(request).await.body;
        assert!(page.contains("name=\"code\"") && !page.contains("data-given"), "{guess}");
    }
    // What is no share is asked with care: labels and lives that are none, and codes without a form.
    let form = format!("/records/{}/shares", entry.number);
    for fields in [
        [("label", ""), ("days", "7"), ("covers", "record")],
        [("label", "x"), ("days", "8"), ("covers", "record")],
        [("label", "x"), ("days", "7"), ("covers", "all")],
    ] {
        lin.page(&form).await;
        lin.post(&form, &fields).await.is(422);
    }
}

#[tokio::test]
async fn a_share_goes_with_whoever_may_show_it() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    let answer = lin.post("/organisations/new", &[("name", "Qingyu")]).await;
    let id = answer.headers["location"].to_str().unwrap().split(['/', '?']).nth(2).unwrap().to_owned();
    let by = Party::of(&house.me(&lin).await, &Owner::Organisation(id.clone()), &[Role::Owner]).await.unwrap();
    let first = house.evidence.preserve(&by, &draft("k1", "Of the house")).await.unwrap();
    let mut later = draft("k2", "Later");
    later.origin.clone_from(&first.origin);
    let later = house.evidence.preserve(&by, &later).await.unwrap();
    let fields = [("covers", "work"), ("part", "title"), ("certificate", "yes")];
    let (place, code) = shared(&mut lin, &first.number.to_string(), &fields).await;
    let mut zhou = house.browser();
    zhou.page(&place).await;
    zhou.post(&place, &[("code", &code)]).await.leads_to(&place);
    let answer = zhou.get(&place).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert!(answer.body.contains("Of the house"));
    // The certificate is of the record that was chosen, though another's was issued as well.
    lin.download(&format!("/records/{}/certificate.pdf", later.number)).await;
    assert!(zhou.download(&format!("{place}/{}/certificate.pdf", first.number)).await.starts_with(b"%PDF"));
    zhou.get(&format!("{place}/{}/certificate.pdf", later.number)).await.is(404);
    // It is listed at every record that it shows.
    assert!(lin.page(&format!("/records/{}/shares", later.number)).await.contains("Publisher Zhou"));
    // Who is no owner of the organisation any more shows nothing of it, nor does who is frozen.
    let db = house.accounts.db();
    for (without, with) in [
        ("update member set roles = 'applicant'", "update member set roles = 'owner'"),
        (
            "update person set state = 'frozen' where state = 'active'",
            "update person set state = 'active' where state = 'frozen'",
        ),
    ] {
        db.execute(without, &[]).await.unwrap();
        assert!(!zhou.page(&place).await.contains("Of the house"), "{without}");
        db.execute(with, &[]).await.unwrap();
        assert!(zhou.page(&place).await.contains("Of the house"), "{with}");
    }
}

#[tokio::test]
async fn a_work_is_shown_to_everyone_by_its_owner_alone() {
    let house = house().await;
    let mut lin = house.person("LinZhixia").await;
    let by = party_of(&house, &lin).await;
    let first = house.evidence.preserve(&by, &draft("k1", "月港 Moon harbour")).await.unwrap();
    let mut of_work = draft("k2", "Second sketch");
    of_work.origin.clone_from(&first.origin);
    let second = house.evidence.preserve(&by, &of_work).await.unwrap();
    let (number, work) = (first.number.to_string(), format!("/w/{}", first.origin));
    house.get(&work).await.is(404);
    let form = format!("/records/{number}/shown");
    lin.page(&form).await;
    lin.post(&format!("{form}/work"), &[]).await.leads_to(&format!("{form}?said=shown"));
    let page = house.get(&work).await;
    registry::testing::check_tags(&work, &page.is(200).body);
    assert!(page.body.contains(&number) && page.body.contains(&second.number.to_string()));
    assert!(["Moon harbour", "LinZhixia", "Second sketch"].iter().all(|secret| !page.body.contains(secret)));
    assert!(house.get(&format!("/v/{number}")).await.body.contains(&work));
    // A title stands there once it is shown of a record.
    lin.page(&form).await;
    lin.post(&form, &[("part", "title")]).await;
    assert!(house.get(&work).await.body.contains("Moon harbour"));
    // Taken back, it is gone; nobody else can show it.
    let mut mei = house.person("mei").await;
    mei.page("/account").await;
    mei.post(&format!("{form}/work"), &[]).await.is(404);
    lin.page(&form).await;
    lin.post(&format!("{form}/work"), &[("end", "yes")]).await;
    house.get(&work).await.is(404);
}
