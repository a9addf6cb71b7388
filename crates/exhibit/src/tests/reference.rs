//! What programs are told: every refusal has its place in the reference, and each says what was missing.

use super::house;
use proof::report::Language;
use registry::testing::check_tags;
use registry::web::Code;

#[tokio::test]
async fn every_refusal_leads_to_its_place_in_the_reference() {
    let house = house().await;
    for (name, language) in [("zh", Language::Zh), ("en", Language::En)] {
        let page = house.get(&format!("/api?lang={name}")).await.is(200).body.clone();
        check_tags("/api", &page);
        for code in Code::ALL {
            let place = format!("id=\"problem-{}\"", code.name());
            assert_eq!(page.matches(&place).count(), 1, "{name} {code:?}");
            let row = page.split(&place).nth(1).unwrap().split("</tr>").next().unwrap();
            assert!(row.contains(&code.status().as_u16().to_string()), "{code:?}: {row}");
            let cells: Vec<&str> = row.split("<td").skip(1).collect();
            let is_said =
                cells.iter().all(|cell| cell.split_once('>').is_some_and(|(_, text)| !text.trim().is_empty()));
            assert!(cells.len() == 3 && is_said, "{name} {code:?}: {row}");
        }
        assert_eq!(page.matches("id=\"problem-").count(), Code::ALL.len(), "{language:?}");
    }
    // A refusal as it comes names such a place.
    let problem: serde_json::Value = serde_json::from_str(&house.get("/api/v1/records").await.is(401).body).unwrap();
    assert_eq!(problem["type"], "https://shiyin.example/api#problem-sign-in");
}

#[tokio::test]
async fn a_query_with_an_unknown_name_is_refused_with_those_that_there_are() {
    let house = house().await;
    let ask = async |path: &str| {
        let answer = house.get(path).await;
        (answer.status.as_u16(), serde_json::from_str::<serde_json::Value>(&answer.body).unwrap())
    };
    for (path, name) in [
        ("/api/v1/records?limit=2&ordr=new", "ordr"),
        ("/api/v1/records?%E6%9C%88=1", "月"),
        ("/api/v1/authority?=1", ""),
        ("/api/v1/records/SY-1/package.zip?name=no&lang=en", "name"),
        ("/api/v1/openapi.json?Lang=en", "Lang"),
    ] {
        let (status, problem) = ask(path).await;
        assert_eq!((status, &problem["code"], &problem["field"]), (400, &"query".into(), &name.into()), "{path}");
        assert_eq!(problem["type"], "https://shiyin.example/api#problem-query");
    }
    let (_, problem) = ask("/api/v1/records?ordr=new&lang=en").await;
    for name in ["q", "type", "state", "order", "limit", "after", "lang"] {
        let remedy = problem["remedy"].as_str().unwrap();
        assert!(remedy.split([' ', ',', '.']).any(|word| word == name), "{name}: {remedy}");
    }
    // What is told of a long name is bounded, and what asks well is not refused.
    let (_, problem) = ask(&format!("/api/v1/authority?{}=1", "x".repeat(5_000))).await;
    assert_eq!(problem["field"].as_str().unwrap().len(), 60);
    assert!(problem.to_string().len() < 1_000, "{problem}");
    assert_eq!(ask("/api/v1/authority?lang=en").await.0, 200);
    assert_eq!(ask("/api/v1/records?order=new&lang=en").await.0, 401, "the names are known; a key is missing");
    // Pages are for people, whose links others decorate.
    house.get("/authority?utm_source=x").await.is(200);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_question() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    let by = super::evidence::party_of(&house, &lin).await;
    for key in ["k1", "k2"] {
        house.evidence.preserve(&by, &super::evidence::draft(key, "Harbour")).await.unwrap();
    }
    lin.page("/account/keys").await;
    let fields = [("label", "n"), ("days", "90"), ("organisation", ""), ("scope", "records:read")];
    let page = lin.post("/account/keys", &fields).await;
    let key = page.is(200).body.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let ask = async |path: &str| {
        let request = axum::http::Request::get(path).header("authorization", format!("Bearer {key}"));
        let answer = house.ask(request.body(axum::body::Body::empty()).unwrap()).await;
        (answer.status.as_u16(), serde_json::from_str::<serde_json::Value>(&answer.body).unwrap())
    };
    let (_, first) = ask("/api/v1/records?limit=1&type=photo").await;
    let next = first["next"].as_str().unwrap();
    let (status, problem) = ask(&format!("/api/v1/records?limit=1&type=video&after={next}")).await;
    assert_eq!((status, &problem["code"], &problem["field"]), (422, &"field".into(), &"after".into()), "{problem}");
    assert_eq!(ask(&format!("/api/v1/records?limit=1&type=photo&after={next}")).await.0, 200);
}
