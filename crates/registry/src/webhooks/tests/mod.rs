//! Webhooks as people, programs and receivers meet them, on both databases.

mod keeping;
mod programs;
mod receiver;
mod telling;

use super::Webhooks;
use crate::accounts::keys::Scopes;
use crate::evidence::vocabulary::Both;
use crate::evidence::{Draft, DraftFile, Entry, Mode, Owner, Party, Related, Title};
use crate::testing::{Answer, Browser, House, Rooms};
use axum::body::Body;
use axum::http::Request;
use proof::der::Time;
use proof::digest::DigestAlgorithm;
use receiver::Receiver;
use serde_json::{Value, json};

const ROOMS: Rooms = Rooms {
    operations: Vec::new,
    nav: Vec::new,
    listeners: &[],
    router: |holdings| crate::accounts::router(holdings.evidence().accounts().clone()),
};

/// A house with a person, her key and a receiver.
struct Desk<'h> {
    house: &'h House,
    lin: Browser<'h>,
    key: String,
}

/// A new key of a browser's person.
async fn key(browser: &mut Browser<'_>, scopes: &[&str], organisation: &str) -> String {
    browser.page("/account/keys").await;
    let mut fields = vec![("label", "desk"), ("days", "90"), ("organisation", organisation)];
    fields.extend(scopes.iter().map(|scope| ("scope", *scope)));
    let page = browser.post("/account/keys", &fields).await;
    page.is(200).body.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned()
}

async fn party(house: &House, browser: &Browser<'_>) -> Party {
    let me = house.me(browser).await;
    Party::of(&me, &Owner::Person(me.person.id.clone()), &[]).await.unwrap()
}

fn draft(name: &str) -> Draft {
    Draft {
        idem: name.to_owned(),
        content: name.to_owned(),
        kind_name: Both::new("摄影", "Photograph"),
        maker: "work",
        origin: "W1".to_owned(),
        kind: "photo".to_owned(),
        mode: Mode::Digest,
        title: Title { title: "Harbour".to_owned(), zh: "摄影".to_owned(), en: "Photograph".to_owned() },
        files: vec![DraftFile {
            path: "moon.jpg".to_owned(),
            size: 3,
            digest: DigestAlgorithm::Sha256.digest(name.as_bytes()).to_string(),
            sm3: String::new(),
            is_attached: false,
        }],
        statements: Vec::new(),
        previous: Vec::new(),
        related: Related::Unknown,
        is_free: false,
    }
}

impl<'h> Desk<'h> {
    async fn new(house: &'h House) -> Self {
        let mut lin = house.person("lin").await;
        let key = key(&mut lin, &[Scopes::WebhooksRead.name(), Scopes::WebhooksWrite.name()], "").await;
        Self { house, lin, key }
    }

    fn hooks(&self) -> &Webhooks {
        &self.house.webhooks
    }

    fn now(&self) -> Time {
        self.house.node.now()
    }

    async fn record(&self, name: &str) -> Entry {
        self.house.evidence.preserve(&party(self.house, &self.lin).await, &draft(name)).await.unwrap()
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        ask(self.house, &self.key, method, path, body, &[]).await
    }

    async fn get(&self, path: &str) -> Value {
        serde_json::from_str(&self.ask("GET", path, None).await.is(200).body).unwrap()
    }

    /// A webhook to this address: its id and secret.
    async fn webhook(&self, url: &str) -> (String, String) {
        let answer = self.ask("POST", "/api/v1/webhooks", Some(json!({ "url": url }))).await;
        let made: Value = serde_json::from_str(&answer.is(201).body).unwrap();
        (made["webhook"]["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
    }

    /// The deliveries to a webhook, the newest first.
    async fn deliveries(&self, id: &str) -> Vec<Value> {
        let page = self.get(&format!("/api/v1/webhooks/{id}/deliveries")).await;
        page["deliveries"].as_array().unwrap().clone()
    }

    async fn at(&self, seconds: i64) {
        self.hooks().round(self.now().plus_s(seconds)).await.unwrap();
    }
}

async fn ask(
    house: &House,
    key: &str,
    method: &str,
    path: &str,
    body: Option<Value>,
    headers: &[(&str, &str)],
) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("accept-language", "en");
    request = request.header("authorization", format!("Bearer {key}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = match body {
        Some(body) => {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    house.ask(request.body(body).unwrap()).await
}

/// The code of a refusal.
fn code(answer: &Answer) -> String {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}", answer.body));
    assert!(!body["remedy"].as_str().unwrap().is_empty());
    format!("{} {}", body["code"].as_str().unwrap(), body["field"].as_str().unwrap_or_default()).trim().to_owned()
}
