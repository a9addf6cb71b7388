//! What a record cost, on its page and on the month's statement: for who pays, and for nobody where nothing costs anything.

use super::evidence::{draft, party_of};
use super::{house, house_on_postgres};
use crate::verification::anchors;
use proof::crypto::RustCrypto;
use proof::pdf;
use proof::report::Verdict;
use proof::verify::Context;
use registry::accounts::Me;
use registry::accounts::organisation::Role;
use registry::billing::money::Currency;
use registry::billing::{ByHand, PriceList};
use registry::evidence::{Owner, Party};
use registry::testing::{House, address};

/// A list with a price for each unit and each begun gigabyte; its version.
async fn priced(house: &House, boss: &Me, unit: i64, free_units: i64) -> i64 {
    let now = house.node.now();
    let list = PriceList {
        version: 0,
        currency: Currency::CNY,
        unit,
        gigabyte: 0,
        free_units,
        waits: false,
        from: now,
        made: now,
    };
    house.billing.announce(boss, &list).await.unwrap()
}

async fn funded(house: &House, boss: &Me, owner: &str, amount: i64, reference: &str) {
    house.billing.book(boss, (owner, Currency::CNY), ByHand::BankIn, (amount, reference)).await.unwrap();
}

/// The fact of a record's page that tells of its cost.
fn cost_of(page: &str) -> Option<&str> {
    page.split("<dt>Cost</dt><dd>").nth(1).and_then(|rest| rest.split("</dd>").next())
}

async fn a_cost(house: &House) {
    let (mut lin, operator) = (house.person("lin").await, house.operator().await);
    let boss = house.me(&operator).await;
    let by = party_of(house, &lin).await;
    let free = house.evidence.preserve(&by, &draft("k0", "Free")).await.unwrap();
    let page = lin.page(&format!("/records/{}", free.number)).await;
    assert!(cost_of(&page).is_none() && !page.contains("/account/billing"), "nothing costs anything: {page}");
    lin.get("/account/billing/statement.pdf").await.is(404);
    let version = priced(house, &boss, 1000, 1).await;
    funded(house, &boss, &by.owner.name(), 5000, "T1").await;
    let by = party_of(house, &lin).await;
    let entry = house.evidence.preserve(&by, &draft("k1", "Harbour")).await.unwrap();
    let path = format!("/records/{}", entry.number);
    let page = lin.page(&path).await;
    let cost = cost_of(&page).unwrap_or_else(|| panic!("{page}"));
    let of = format!("units 2, free 1, price list {version}");
    for told in ["CNY\u{a0}10.00", "charged", &of, "href=\"/account/billing?month="] {
        assert!(cost.contains(told), "{told} in {cost}");
    }
    let month = cost.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(lin.page(month).await.contains(&entry.number.to_string()), "the statement has it");
    // What was made before has no cost, and another's record is not there at all.
    assert!(cost_of(&lin.page(&format!("/records/{}", free.number)).await).is_none());
    let mut mei = house.person("mei").await;
    mei.get(&path).await.is(404);
    // On the public page of the number there is no word of it.
    let public = house.get(&format!("/v/{}?lang=en", entry.number)).await.is(200).body.clone();
    assert!(!public.contains("CNY"), "{public}");
    // What is given back is told as that.
    house.billing.give_back(&boss, &format!("record/{}", entry.number)).await.unwrap();
    let page = lin.page(&path).await;
    assert!(cost_of(&page).unwrap().contains("given back"), "{page}");
}

#[tokio::test]
async fn a_record_tells_its_owner_what_it_cost_on_sqlite() {
    a_cost(&house().await).await;
}

#[tokio::test]
async fn a_record_tells_its_owner_what_it_cost_on_postgresql() {
    a_cost(&house_on_postgres().await).await;
}

#[tokio::test]
async fn of_an_organisation_its_owners_see_the_money_and_others_their_own_costs() {
    let house = house().await;
    let (mut lin, mut operator) = (house.person("lin").await, house.operator().await);
    let boss = house.me(&operator).await;
    let answer = lin.post("/organisations/new", &[("name", "Studio")]).await;
    let id = answer.headers["location"].to_str().unwrap().split(['/', '?']).nth(2).unwrap().to_owned();
    let place = format!("/organisations/{id}");
    let version = priced(&house, &boss, 1000, 0).await;
    let owner = format!("organisation/{id}");
    funded(&house, &boss, &owner, 10_000, "T1").await;
    let mut members = Vec::new();
    for role in ["applicant", "approver", "custodian", "auditor"] {
        let mut one = house.person(role).await;
        let invitation = [("mail", format!("{role}@people.example")), ("role", role.to_owned())];
        let invitation = invitation.each_ref().map(|(name, value)| (*name, value.as_str()));
        lin.page(&place).await;
        lin.post(&format!("{place}/invitations"), &invitation).await;
        let join = address(&one.page("/account").await, "/invitations/");
        one.post(&join, &[]).await;
        members.push(one);
    }
    let mut stranger = house.person("stranger").await;
    for path in ["", "/statement.csv", "/statement.pdf"] {
        let path = format!("{place}/billing{path}");
        lin.get(&path).await.is(200);
        for member in &mut members {
            member.get(&path).await.is(403);
        }
        stranger.get(&path).await.is(404);
        operator.get(&path).await.is(404);
        house.get(&path).await.leads_to(&format!("/signin?next={}", path.replace('/', "%2F")));
    }
    // The page leads there for owners alone; nobody else writes on it.
    assert!(lin.page(&place).await.contains(&format!("{place}/billing")));
    for member in &mut members {
        assert!(!member.page(&place).await.contains(&format!("{place}/billing")));
        member.post(&format!("{place}/billing/invoice"), &[("title", "x")]).await.is(403);
        member.post(&format!("{place}/billing/top-up"), &[("amount", "1")]).await.is(403);
    }
    lin.page(&format!("{place}/billing")).await;
    lin.post(&format!("{place}/billing/invoice"), &[("title", "Studio Ltd")])
        .await
        .leads_to(&format!("{place}/billing?said=invoice"));
    // The applicant learns what an application of his own cost, without a way to the balance; the owner has both.
    let [applicant, .., auditor] = members.as_mut_slice() else { unreachable!() };
    let me = house.me(applicant).await;
    let by = Party::of(&me, &Owner::Organisation(id.clone()), &[Role::Applicant]).await.unwrap();
    let entry = house.evidence.preserve(&by, &draft("k1", "Harbour")).await.unwrap();
    let path = format!("/records/{}", entry.number);
    let of = format!("price list {version}");
    let page = applicant.page(&path).await;
    let cost = cost_of(&page).unwrap_or_else(|| panic!("{page}"));
    assert!(cost.contains("CNY\u{a0}20.00") && cost.contains(&of) && !cost.contains("href"), "{cost}");
    let page = lin.page(&path).await;
    assert!(cost_of(&page).unwrap().contains(&format!("{place}/billing?month=")), "{page}");
    assert!(cost_of(&auditor.page(&path).await).is_none(), "who neither pays nor applied");
    let csv = String::from_utf8(lin.download(&format!("{place}/billing/statement.csv")).await).unwrap();
    assert!(csv.contains(&format!("record/{},2,0,-20.00,80.00,CNY", entry.number)), "{csv}");
}

#[tokio::test]
async fn a_statement_on_paper_is_sealed_and_its_owners() {
    let house = house().await;
    let (mut lin, operator) = (house.person("林知夏").await, house.operator().await);
    let boss = house.me(&operator).await;
    priced(&house, &boss, 1000, 0).await;
    let by = party_of(&house, &lin).await;
    funded(&house, &boss, &by.owner.name(), 5000, "T1").await;
    let entry = house.evidence.preserve(&by, &draft("k1", "Harbour")).await.unwrap();
    let page = lin.page("/account/billing").await;
    let place = address(&page, "/account/billing/statement.pdf");
    let file = lin.download(&place).await;
    let anchors = anchors(&house.node);
    let cx = Context { anchors: &anchors, ..Context::new(&RustCrypto, house.node.now()) };
    let report = pdf::verify(&file, &cx);
    assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
    assert_eq!(report.signatures[0].level, Some(pdf::Level::Lta));
    // Another month has a file of its own; a month that is none is this one, as on the page.
    let empty = lin.download("/account/billing/statement.pdf?month=2020-01").await;
    assert!(empty.len() < file.len() && empty.starts_with(b"%PDF-1.7"));
    // Without a seal nothing is given out that looks like one.
    house.node.set_seal(None);
    let refused = lin.get(&place).await;
    assert!(refused.is(422).body.contains("Take the CSV file"), "{}", refused.body);
    assert!(page.contains(&entry.number.to_string()));
}
