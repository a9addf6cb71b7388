//! What everyone sees under a number: the record as it verifies, what its owner shows, and nothing else.

use super::evidence::{draft, party_of};
use super::house;
use registry::testing::House;

async fn seen(house: &House, path: &str) -> (u16, String) {
    let answer = house.get(path).await;
    (answer.status.as_u16(), answer.body)
}

#[tokio::test]
async fn a_stranger_sees_a_record_without_its_names() {
    let house = house().await;
    let mut lin = house.person("LinZhixia").await;
    let by = party_of(&house, &lin).await;
    let entry = house.evidence.preserve(&by, &draft("k1", "月港 Moon harbour")).await.unwrap();
    let number = entry.number.to_string();
    let place = format!("/v/{number}");
    let (status, page) = seen(&house, &place).await;
    assert_eq!(status, 200);
    registry::testing::check_tags(&place, &page);
    let secrets = ["LinZhixia", "Moon harbour", "b.jpg", "A harbour at night"];
    let mut all = page.clone();
    for name in ["record.json", "record.tsr", "files.json"] {
        let (status, bytes) = seen(&house, &format!("{place}/{name}")).await;
        assert_eq!(status, 200, "{name}");
        all += &bytes;
    }
    assert!(secrets.iter().all(|secret| !all.contains(secret)), "nobody is named");
    assert!(page.contains(&number) && page.contains("data-given=\""));
    // Typed as people type, it is found; mistyped, it is told what is wrong.
    let typed = number.to_lowercase().replace('-', "");
    house.get(&format!("/v?number={typed}")).await.leads_to(&place);
    house.get(&format!("/v/{typed}")).await.leads_to(&place);
    let mut wrong = number.clone();
    wrong.replace_range(3..4, if number.as_bytes()[3] == b'0' { "1" } else { "0" });
    let (status, page) = seen(&house, &format!("/v?number={wrong}")).await;
    assert!(status == 404 && page.contains("校验位"), "{page}");
    for (path, status) in [("/v", 200), ("/v/SY-1", 404), ("/v/%00", 404)] {
        assert_eq!(seen(&house, path).await.0, status, "{path}");
    }
    for name in ["openings.json", "badge.svg", "certificate.pdf", "package.zip"] {
        assert_eq!(seen(&house, &format!("{place}/{name}")).await.0, 404, "{name}");
    }
    // What the owner shows stands there, checked against its commitment; the name only by consent.
    let form = format!("/records/{number}/shown");
    lin.page(&form).await;
    let refused = lin.post(&form, &[("part", "title"), ("part", "applicant")]).await;
    assert!(refused.is(422).body.contains("agree to that by itself first"));
    lin.post(&form, &[("part", "title")]).await.leads_to(&format!("{form}?said=shown"));
    let (_, page) = seen(&house, &place).await;
    assert!(page.contains("Moon harbour") && !page.contains("LinZhixia") && !page.contains("b.jpg"));
    let badge = house.get(&format!("{place}/badge.svg")).await;
    assert_eq!(badge.is(200).headers["cross-origin-resource-policy"], "cross-origin");
    assert!(badge.body.contains(&number) && !badge.body.contains("Moon"));
    lin.page("/account/privacy").await;
    lin.post("/account/privacy/consent", &[("purpose", "show-name"), ("given", "yes")]).await;
    lin.page(&form).await;
    lin.post(&form, &[("part", "applicant")]).await.leads_to(&format!("{form}?said=shown"));
    let (_, page) = seen(&house, &place).await;
    assert!(page.contains("LinZhixia") && !page.contains("Moon harbour"), "{page}");
    // Taken back, it is gone.
    lin.page(&form).await;
    lin.post(&form, &[("end", "yes")]).await.leads_to(&format!("{form}?said=shown"));
    let (_, page) = seen(&house, &place).await;
    assert!(!page.contains("LinZhixia"));
    assert_eq!(seen(&house, &format!("{place}/badge.svg")).await.0, 404);
}

#[tokio::test]
async fn what_was_chosen_is_checked_before_it_is_filed() {
    let house = house().await;
    let mut lin = house.person("Lin").await;
    let by = party_of(&house, &lin).await;
    let mut numbers = Vec::new();
    for title in ["First", "Second"] {
        numbers.push(house.evidence.preserve(&by, &draft(title, title)).await.unwrap().number.to_string());
    }
    let listed = lin.page("/records").await;
    assert!(listed.contains("formaction=\"/packages/check\"") && listed.contains("type=\"checkbox\""));
    let answer = lin.post("/packages/check", &[("number", &numbers[0]), ("number", &numbers[1])]).await;
    let page = &answer.is(200).body;
    registry::testing::check_tags("/packages/check", page);
    assert!(page.contains("All 2 that you chose") && page.contains("First") && page.contains("Second"), "{page}");
    assert!(page.contains("back-dating"), "that nobody else saw the time is said");
    let one = lin.post("/packages/check", &[("number", &numbers[0])]).await;
    assert!(one.is(200).body.contains("uncorroborated"));
    lin.post("/packages/check", &[]).await.is(422);
    let mut mei = house.person("mei").await;
    mei.page("/account").await;
    mei.post("/packages/check", &[("number", &numbers[0])]).await.is(404);
}
