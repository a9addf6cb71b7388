//! Works through the router, as people and programs use them.

mod api;
mod authorisation;
mod batches;
mod billing;
mod deposit;
mod flow;

use crate::works::{LISTENER, NAV, Works, router};
use registry::testing::{Browser, House, Rooms};

const ROOMS: Rooms = Rooms {
    nav: || vec![NAV],
    listeners: &[LISTENER, registry::holdings::LISTENER],
    operations: crate::works::operations,
    router: |holdings| {
        let (opened, accounts) = (Works::of(holdings), holdings.evidence().accounts().clone());
        let billing = registry::billing::router(holdings.evidence().billing());
        router(&opened).merge(registry::accounts::router(accounts)).merge(billing)
    },
};

/// A house with the tables of this room.
async fn house() -> House {
    opened(House::new(ROOMS).await).await
}

async fn house_on_postgres() -> House {
    opened(House::on_postgres(ROOMS).await).await
}

async fn opened(house: House) -> House {
    Works::open(&house.holdings).await.unwrap();
    house
}

fn digest(text: &str) -> String {
    proof::digest::DigestAlgorithm::Sha256.digest(text.as_bytes()).to_string()
}

/// The id in the first form of a page.
fn draft_of(page: &str) -> String {
    page.split("data-draft=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// The version of the draft that a page shows.
fn version_of(page: &str) -> String {
    page.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// The first screen, filled in with some digests; the id of the draft.
async fn begun(browser: &mut Browser<'_>, kind: &str, files: &[&str]) -> String {
    let page = browser.page("/protect").await;
    let id = draft_of(&page);
    let lines: String = files.iter().map(|name| format!("{} 3 {name}\n", digest(name))).collect();
    let fields = [
        ("version", "0"),
        ("kind", kind),
        ("published", "no"),
        ("mode", "digest"),
        ("digests", lines.as_str()),
        ("go", "next"),
    ];
    browser.post(&format!("/protect/{id}"), &fields).await.leads_to(&format!("/protect/{id}/about"));
    id
}

/// The second screen.
async fn told(browser: &mut Browser<'_>, id: &str, title: &str, stage: &str, more: &[(&str, &str)]) {
    let place = format!("/protect/{id}/about");
    let version = version_of(&browser.page(&place).await);
    let fields = [
        ("version", version.as_str()),
        ("title", title),
        ("stage", stage),
        ("related", "no"),
        ("declaration", "I made it."),
        ("go", "next"),
    ];
    browser.post(&place, &[&fields, more].concat()).await.leads_to(&format!("/protect/{id}/confirm"));
}

/// The third screen; the number of the record.
async fn confirmed(browser: &mut Browser<'_>, id: &str) -> String {
    let place = format!("/protect/{id}/confirm");
    let version = version_of(&browser.page(&place).await);
    let answer = browser.post(&place, &[("version", &version), ("sure", "on")]).await;
    let to = answer.headers.get("location").unwrap_or_else(|| panic!("{}", answer.body)).to_str().unwrap();
    to.strip_prefix("/records/").and_then(|rest| rest.strip_suffix("?said=kept")).unwrap().to_owned()
}
