//! What records cost, through pages and API: shown before, refused in time, charged once, given back.

use super::{begun, digest, draft_of, house, house_on_postgres, told, version_of};
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use proof::der::Time;
use registry::accounts::Me;
use registry::billing::money::Currency;
use registry::billing::provider::{NewPayment, NewRefund, Notice, Payment, Provider, Refund};
use registry::billing::{ByHand, PriceList};
use registry::evidence::{Owner, Party, State};
use registry::testing::{Answer, Browser, House};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use store::faults::Fault;

const CNY: Currency = Currency::CNY;

async fn priced(house: &House, me: &Me, unit: i64, free_units: i64) -> i64 {
    let now = house.node.now();
    let list =
        PriceList { version: 0, currency: CNY, unit, gigabyte: 0, free_units, waits: false, from: now, made: now };
    house.billing.announce(me, &list).await.unwrap()
}

async fn funded(house: &House, me: &Me, owner: &str, amount: i64, reference: &str) {
    house.billing.book(me, (owner, CNY), ByHand::BankIn, (amount, reference)).await.unwrap();
}

async fn balance(house: &House, owner: &str) -> (i64, i64) {
    let funds = house.billing.funds(owner, CNY).await.unwrap();
    (funds.balance, funds.held)
}

async fn balanced(house: &House) {
    assert_eq!(house.billing.faults().await.unwrap(), Vec::<String>::new());
}

async fn through_the_pages(house: &House) {
    let (mut lin, operator) = (house.person("lin").await, house.operator().await);
    let (me, boss) = (house.me(&lin).await, house.me(&operator).await);
    let owner = format!("person/{}", me.person.id);
    // Where nothing costs anything there is no word of money.
    let id = begun(&mut lin, "photo", &["a.jpg", "b.jpg"]).await;
    told(&mut lin, &id, "Harbour", "raw", &[]).await;
    let place = format!("/protect/{id}/confirm");
    assert!(!lin.page(&place).await.contains("data-part=\"cost\""));
    assert!(!lin.page("/account").await.contains("/account/billing"));
    for path in ["/account/billing", "/prices", "/account/billing/statement.csv"] {
        lin.get(path).await.is(404);
    }
    priced(house, &boss, 1000, 1).await;
    // The page that was shown before says nothing of it: nothing is charged by it.
    let before = house.node.log_size();
    let version = version_of(&lin.page(&place).await);
    lin.post(&place, &[("version", &version), ("sure", "on")]).await.is(409);
    let page = lin.page(&place).await;
    for shown in ["2 × CNY\u{a0}10.00", "CNY\u{a0}10.00", "CNY\u{a0}0.00", "href=\"/account/billing\""] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    let price = page.split("name=\"price\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let fields = [("version", version.as_str()), ("sure", "on"), ("price", price.as_str())];
    let refused = lin.post(&place, &fields).await;
    assert!(refused.is(422).body.contains("Top up at /account/billing"), "{}", refused.body);
    assert_eq!((house.node.log_size(), balance(house, &owner).await), (before, (0, 0)));
    // It can still be changed, and once there is enough it is made.
    lin.page(&format!("/protect/{id}")).await;
    funded(house, &boss, &owner, 1500, "T1").await;
    lin.page(&place).await;
    let made = lin.post(&place, &fields).await;
    let number = made.headers["location"].to_str().unwrap().split(['/', '?']).nth(2).unwrap().to_owned();
    assert_eq!(balance(house, &owner).await, (500, 0));
    let charge = house.billing.charge_of(&format!("record/{number}")).await.unwrap().unwrap();
    assert_eq!((charge.state.as_str(), charge.cost.amount, charge.cost.granted), ("charged", 1000, 1000));
    // Pressed again: the same record, and nothing more is charged.
    lin.post(&place, &fields).await.leads_to(&format!("/records/{number}?said=kept"));
    assert_eq!(balance(house, &owner).await, (500, 0));
    let page = lin.page("/account/billing").await;
    for shown in ["CNY\u{a0}5.00", "-10.00", "+15.00", &number, "Charged for a record", "0 of 1 this month"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    let csv = String::from_utf8(lin.download("/account/billing/statement.csv").await).unwrap();
    assert!(csv.contains(&format!("hold,record/{number},2,1,-10.00,5.00,CNY")), "{csv}");
    balanced(house).await;
}

#[tokio::test]
async fn a_cost_is_shown_refused_and_charged_on_sqlite() {
    through_the_pages(&house().await).await;
}

#[tokio::test]
async fn a_cost_is_shown_refused_and_charged_on_postgresql() {
    through_the_pages(&house_on_postgres().await).await;
}

#[tokio::test]
async fn several_records_are_paid_for_before_the_first_is_stamped() {
    let house = house().await;
    let (mut lin, operator) = (house.person("lin").await, house.operator().await);
    let (me, boss) = (house.me(&lin).await, house.me(&operator).await);
    let owner = format!("person/{}", me.person.id);
    priced(&house, &boss, 1000, 0).await;
    funded(&house, &boss, &owner, 2999, "T1").await;
    let page = lin.page("/protect").await;
    let id = draft_of(&page);
    let lines: String = ["a", "b", "c"].iter().map(|name| format!("{} 3 {name}.jpg\n", digest(name))).collect();
    let fields = [
        ("version", "0"),
        ("kind", "photo"),
        ("published", "no"),
        ("mode", "digest"),
        ("each", "on"),
        ("digests", lines.as_str()),
        ("go", "next"),
    ];
    lin.post(&format!("/protect/{id}"), &fields).await;
    told(&mut lin, &id, "Three", "raw", &[]).await;
    let place = format!("/protect/{id}/confirm");
    let before = house.node.log_size();
    let version = version_of(&lin.page(&place).await);
    let fields = [("version", version.as_str()), ("sure", "on"), ("price", "1")];
    lin.post(&place, &fields).await.is(422);
    assert_eq!((house.node.log_size(), balance(&house, &owner).await), (before, (2999, 0)));
    funded(&house, &boss, &owner, 1, "T2").await;
    lin.page(&place).await;
    lin.post(&place, &fields).await.leads_to("/records?said=kept");
    assert_eq!((house.node.log_size(), balance(&house, &owner).await), (before + 3, (0, 0)));
    balanced(&house).await;
}

async fn ask(house: &House, key: &str, path: &str, price: Option<i64>, sent: Option<(&str, &Value)>) -> Answer {
    let mut request = Request::builder().uri(path).header("authorization", format!("Bearer {key}"));
    if let Some(price) = price {
        request = request.header("price-version", price);
    }
    let body = match sent {
        Some((idem, value)) => {
            request = request.method("POST").header("content-type", "application/json").header("idempotency-key", idem);
            Body::from(value.to_string())
        }
        None => Body::empty(),
    };
    house.ask(request.header("accept-language", "en").body(body).unwrap()).await
}

#[tokio::test]
async fn programs_ask_for_the_cost_and_learn_what_was_charged() {
    let house = house().await;
    let (mut lin, operator) = (house.person("lin").await, house.operator().await);
    let (me, boss) = (house.me(&lin).await, house.me(&operator).await);
    let owner = format!("person/{}", me.person.id);
    lin.page("/account/keys").await;
    let fields =
        [("label", "n"), ("days", "90"), ("organisation", ""), ("scope", "records:read"), ("scope", "records:write")];
    let page = lin.post("/account/keys", &fields).await;
    let key = page.is(200).body.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let read = |answer: Answer| serde_json::from_str::<Value>(&answer.body).unwrap();
    assert_eq!(
        read(ask(&house, &key, "/api/v1/quote?units=3", None, None).await),
        json!({ "free": true, "cost": null })
    );
    let version = priced(&house, &boss, 1000, 1).await;
    let quote = read(ask(&house, &key, "/api/v1/quote?units=3&records=2", None, None).await);
    let quote = &quote["cost"];
    assert_eq!(
        (&quote["amount"], &quote["units"], &quote["free_units"], &quote["enough"], &quote["exponent"]),
        (&json!(5000), &json!(6), &json!(1), &json!(false), &json!(2))
    );
    ask(&house, &key, "/api/v1/quote?units=-1", None, None).await.is(422);
    let work = json!({
        "type": "photo", "published": false, "mode": "digest", "title": "Moon", "stage": "finished",
        "declaration": "I made it.",
        "files": [{ "path": "a", "size": 3, "digest": digest("a") }, { "path": "b", "size": 3, "digest": digest("b") }],
    });
    let before = house.node.log_size();
    let refused = read(ask(&house, &key, "/api/v1/works", None, Some(("k", &work))).await);
    assert_eq!(refused["code"], "insufficient-balance");
    assert!(refused["remedy"].as_str().unwrap().contains("/account/billing"), "{refused}");
    funded(&house, &boss, &owner, 1000, "T1").await;
    ask(&house, &key, "/api/v1/works", Some(version + 1), Some(("k", &work))).await.is(409);
    assert_eq!(house.node.log_size(), before);
    ask(&house, &key, "/api/v1/works", Some(version), Some(("k", &work))).await.is(201);
    // Sent again: the same record and the same charge.
    let made = read(ask(&house, &key, "/api/v1/works", Some(version), Some(("k", &work))).await);
    let charge = &made["records"][0]["charge"];
    assert_eq!(
        (&charge["amount"], &charge["state"], &charge["free_units"]),
        (&json!(1000), &json!("charged"), &json!(1))
    );
    assert_eq!(balance(&house, &owner).await, (0, 0));
    // A record over the records of a work joins what was paid for.
    let of = made["records"][0]["work"].as_str().unwrap();
    ask(&house, &key, &format!("/api/v1/works/{of}/whole"), None, Some(("w", &json!({})))).await.is(200);
    assert_eq!(balance(&house, &owner).await, (0, 0));
    balanced(&house).await;
}

async fn approvals(house: &House) {
    let (mut lin, mut mei) = (house.person("lin").await, house.person("mei").await);
    let operator = house.operator().await;
    let boss = house.me(&operator).await;
    let answer = lin.post("/organisations/new", &[("name", "Studio")]).await;
    let id = answer.headers["location"].to_str().unwrap().split(['/', '?']).nth(2).unwrap().to_owned();
    lin.page(&format!("/organisations/{id}")).await;
    lin.post(&format!("/organisations/{id}/settings"), &[("name", "Studio"), ("asks", "on")]).await;
    let role = [("mail", "mei@people.example"), ("role", "approver")];
    lin.post(&format!("/organisations/{id}/invitations"), &role).await;
    let join = registry::testing::address(&mei.page("/account").await, "/invitations/");
    mei.post(&join, &[]).await;
    let owner = format!("organisation/{id}");
    priced(house, &boss, 1000, 0).await;
    let applicant = [registry::accounts::organisation::Role::Applicant];
    let by = Party::of(&house.me(&lin).await, &Owner::Organisation(id.clone()), &applicant).await.unwrap();
    let refused = house.evidence.preserve(&by, &draft("k0")).await.unwrap_err();
    assert!(
        matches!(&refused, registry::web::Fault::Refused { remedy, .. } if remedy.contains("/organisations/")),
        "{refused:?}"
    );
    funded(house, &boss, &owner, 2000, "T1").await;
    let (first, second) = (
        house.evidence.preserve(&by, &draft("k1")).await.unwrap(),
        house.evidence.preserve(&by, &draft("k2")).await.unwrap(),
    );
    assert_eq!((first.state, balance(house, &owner).await), (State::Asked, (0, 2000)));
    for (entry, decision) in [(&first, "approved"), (&second, "declined")] {
        mei.page(&format!("/organisations/{id}")).await;
        let place = format!("/organisations/{id}/approvals/{}", entry.request.as_ref().unwrap());
        mei.post(&place, &[("decision", decision)]).await.is(303);
    }
    house.evidence.round(house.node.now().plus_s(60)).await.unwrap();
    assert_eq!(balance(house, &owner).await, (1000, 0));
    let state = async |entry: &registry::evidence::Entry| {
        house.billing.charge_of(&format!("record/{}", entry.number)).await.unwrap().unwrap().state
    };
    assert_eq!((state(&first).await.as_str(), state(&second).await.as_str()), ("charged", "released"));
    // The organisation's programs are told of each: that it waits, and what became of it.
    let sql = "select kind, body from webhook_event where owner = $1 order by kind, made_ms";
    let rows = house.accounts.db().rows(sql, &[owner.as_str().into()]).await.unwrap();
    let told: Vec<(&str, bool, bool)> = rows
        .iter()
        .map(|row| {
            let is_of = |entry: &registry::evidence::Entry| row.text(1).unwrap().contains(&entry.number.to_string());
            (row.text(0).unwrap(), is_of(&first), is_of(&second))
        })
        .collect();
    assert_eq!(told[0], ("record.kept", true, false));
    assert_eq!(told[1], ("record.refused", false, true));
    assert_eq!(told[2..].iter().map(|(kind, ..)| *kind).collect::<Vec<_>>(), ["record.waiting"; 2]);
    balanced(house).await;
}

#[tokio::test]
async fn approvals_hold_and_refusals_release_on_sqlite() {
    approvals(&house().await).await;
}

#[tokio::test]
async fn approvals_hold_and_refusals_release_on_postgresql() {
    approvals(&house_on_postgres().await).await;
}

fn draft(idem: &str) -> registry::evidence::Draft {
    use registry::evidence::{Draft, DraftFile, Mode, Related, Title};
    let file = |name: &str| DraftFile {
        path: name.to_owned(),
        size: 3,
        digest: digest(&format!("{idem}/{name}")),
        sm3: String::new(),
        is_attached: false,
    };
    Draft {
        idem: idem.to_owned(),
        content: idem.to_owned(),
        maker: "work",
        origin: "W1".to_owned(),
        kind: "photo".to_owned(),
        kind_name: registry::evidence::vocabulary::Both::new("照片", "Photo"),
        mode: Mode::Digest,
        title: Title { title: "Harbour".to_owned(), ..Title::default() },
        files: vec![file("a")],
        statements: Vec::new(),
        previous: Vec::new(),
        related: Related::Unknown,
        is_free: false,
    }
}

/// Dies between each pair of steps: with the commit written, not written, or refused.
async fn every_death(house: &House) {
    let (lin, operator) = (house.person("lin").await, house.operator().await);
    let (me, boss) = (house.me(&lin).await, house.me(&operator).await);
    let owner = Owner::Person(me.person.id.clone());
    priced(house, &boss, 1000, 0).await;
    let mut kept = 0;
    for fault in [Fault::Refused, Fault::UnknownNotWritten, Fault::UnknownWritten] {
        for table in ["insert into billing_hold", "update record set state = 'kept'"] {
            kept += 1;
            funded(house, &boss, &owner.name(), 1000, &format!("T{kept}")).await;
            let by = Party::of(&me, &owner, &[]).await.unwrap();
            let made = draft(&format!("k{kept}"));
            house.accounts.db().faults().plan(table, fault);
            house.evidence.preserve(&by, &made).await.unwrap_err();
            balanced(house).await;
            // The sweeper ends what was reserved; sent again, it is that one.
            assert_eq!(house.evidence.round(house.node.now().plus_s(60)).await.unwrap(), 0);
            let entry = house.evidence.preserve(&by, &made).await.unwrap();
            let charge = house.billing.charge_of(&format!("record/{}", entry.number)).await.unwrap().unwrap();
            assert_eq!((entry.state, charge.state.as_str()), (State::Kept, "charged"), "{table} {fault:?}");
            assert_eq!(balance(house, &owner.name()).await, (0, 0), "{table} {fault:?}");
            balanced(house).await;
        }
    }
    // No hold without a record, no record that costs without a charge.
    let sql = "select (select count(*) from billing_hold), (select count(*) from billing_hold where state = 'charged'), \
               (select count(*) from record where state = 'kept')";
    let rows = house.accounts.db().rows(sql, &[]).await.unwrap();
    assert_eq!([0, 1, 2].map(|column| rows[0].int(column).unwrap()), [kept; 3]);
}

#[tokio::test]
async fn whatever_dies_a_record_is_charged_once_on_sqlite() {
    every_death(&house().await).await;
}

#[tokio::test]
async fn whatever_dies_a_record_is_charged_once_on_postgresql() {
    every_death(&house_on_postgres().await).await;
}

/// A provider that says what it is told to say.
struct Scripted(Mutex<(Payment, Refund)>);

impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn currency(&self) -> Currency {
        CNY
    }

    fn begin(&self, payment: &NewPayment<'_>, _now: Time) -> Result<String, String> {
        if payment.amount == 66 { Err("silent".to_owned()) } else { Ok(format!("weixin://pay?{}", payment.order)) }
    }

    fn ask(&self, _order: &str, _now: Time) -> Result<Payment, String> {
        Ok(self.0.lock().unwrap().0.clone())
    }

    fn close(&self, _order: &str, _now: Time) -> Result<(), String> {
        Ok(())
    }

    fn refund(&self, _refund: &NewRefund<'_>, _now: Time) -> Result<Refund, String> {
        Ok(self.0.lock().unwrap().1.clone())
    }

    fn ask_refund(&self, _refund: &str, _now: Time) -> Result<Refund, String> {
        Ok(self.0.lock().unwrap().1.clone())
    }

    fn notified(&self, headers: &HeaderMap, body: &[u8], _now: Time) -> Result<Notice, String> {
        let is_signed = headers.get("signed").is_some_and(|value| value == "yes");
        let order = String::from_utf8(body.to_vec()).map_err(|e| e.to_string())?;
        if is_signed {
            Ok(Notice::Payment(order, self.0.lock().unwrap().0.clone()))
        } else {
            Err("unsigned".to_owned())
        }
    }
}

fn paid(reference: &str, amount: i64) -> Payment {
    Payment::Paid { reference: reference.to_owned(), amount, currency: "CNY".to_owned() }
}

async fn ordered(lin: &mut Browser<'_>, amount: &str) -> String {
    lin.page("/account/billing").await;
    let answer = lin.post("/account/billing/top-up", &[("amount", amount)]).await;
    answer.is(303).headers["location"].to_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

async fn orders(house: House) {
    let provider = Arc::new(Scripted(Mutex::new((Payment::Open, Refund::Open))));
    let house = &house.paying(provider.clone()).await;
    let says = |payment: Payment, refund: Refund| *provider.0.lock().unwrap() = (payment, refund);
    let (mut lin, mut operator) = (house.person("lin").await, house.operator().await);
    let (me, boss) = (house.me(&lin).await, house.me(&operator).await);
    let owner = format!("person/{}", me.person.id);
    priced(house, &boss, 1000, 0).await;
    for wrong in ["0", "-1", "1.005", "x", "1000001"] {
        lin.page("/account/billing").await;
        lin.post("/account/billing/top-up", &[("amount", wrong)]).await.is(422);
    }
    let notice = async |order: &str, signed: &str| {
        let request = Request::post("/billing/notices/scripted").header("signed", signed);
        house.ask(request.body(Body::from(order.to_owned())).unwrap()).await.status.as_u16()
    };
    let state = async |order: &str| house.billing.order_of(&owner, order).await.unwrap().unwrap().state.name();
    let first = ordered(&mut lin, "12.50").await;
    assert!(lin.page(&format!("/account/billing/orders/{first}")).await.contains("<svg"));
    // A notice counts once, signed alone, and for what was ordered alone.
    says(paid("R1", 1250), Refund::Open);
    assert_eq!((notice(&first, "no").await, balance(house, &owner).await), (401, (0, 0)));
    for _ in 0..3 {
        assert_eq!(notice(&first, "yes").await, 204);
    }
    assert_eq!((balance(house, &owner).await, state(&first).await), ((1250, 0), "paid"));
    assert_eq!(notice("no-such-order", "yes").await, 204);
    // The same payment for another order is refused.
    let second = ordered(&mut lin, "12.50").await;
    assert_eq!((notice(&second, "yes").await, state(&second).await), (500, "made"));
    says(paid("R2", 1), Refund::Open);
    assert_eq!((notice(&second, "yes").await, state(&second).await), (204, "failed"));
    assert_eq!(balance(house, &owner).await, (1250, 0));
    // A lost notice: it is asked about. What nobody paid ends.
    says(Payment::Open, Refund::Open);
    let (third, fourth) = (ordered(&mut lin, "5").await, ordered(&mut lin, "6").await);
    says(paid("R3", 500), Refund::Open);
    lin.page(&format!("/account/billing/orders/{third}")).await;
    lin.post(&format!("/account/billing/orders/{third}"), &[]).await.is(303);
    assert_eq!((state(&third).await, balance(house, &owner).await), ("paid", (1750, 0)));
    says(Payment::Open, Refund::Open);
    house.billing.round(house.node.now().plus_s(60)).await.unwrap();
    assert_eq!(state(&fourth).await, "made");
    house.billing.round(house.node.now().plus_s(7300)).await.unwrap();
    assert_eq!(state(&fourth).await, "expired");
    // Paid in the last moment: it counts all the same.
    says(paid("R4", 600), Refund::Open);
    assert_eq!((notice(&fourth, "yes").await, balance(house, &owner).await), (204, (2350, 0)));
    // A provider that does not answer: nothing is booked, and the person is told.
    lin.page("/account/billing").await;
    let silent = lin.post("/account/billing/top-up", &[("amount", "0.66")]).await;
    assert!(silent.is(502).body.contains("Nothing was paid"), "{}", silent.body);
    // Back the way it came: held until it is confirmed, and never more than there is.
    operator.page("/operator/billing/orders").await;
    let give =
        |order: &str, amount: &str| [("order".to_owned(), order.to_owned()), ("amount".to_owned(), amount.to_owned())];
    for (order, amount, status) in [(&first, "12.51", 422), (&second, "1", 422), (&first, "2.50", 303)] {
        let fields = give(order, amount);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        operator.page("/operator/billing/orders").await;
        operator.post("/operator/billing/orders", &fields).await.is(status);
    }
    assert_eq!(balance(house, &owner).await, (2100, 0));
    says(Payment::Open, Refund::Done("B1".to_owned()));
    house.billing.round(house.node.now().plus_s(60)).await.unwrap();
    assert_eq!((balance(house, &owner).await, state(&first).await), ((2100, 0), "paid"));
    says(Payment::Open, Refund::Failed);
    operator.page("/operator/billing/orders").await;
    operator.post("/operator/billing/orders", &[("order", &first), ("amount", "10.00")]).await.is(303);
    assert_eq!((balance(house, &owner).await, state(&first).await), ((2100, 0), "paid"));
    says(Payment::Open, Refund::Done("B2".to_owned()));
    operator.page("/operator/billing/orders").await;
    operator.post("/operator/billing/orders", &[("order", &first), ("amount", "10.00")]).await.is(303);
    assert_eq!((balance(house, &owner).await, state(&first).await), ((1100, 0), "refunded"));
    let page = operator.page("/operator/billing").await;
    assert!(page.contains("mark sealed\">Yes"), "{page}");
    balanced(house).await;
}

#[tokio::test]
async fn payments_count_once_and_go_back_on_sqlite() {
    orders(house().await).await;
}

#[tokio::test]
async fn payments_count_once_and_go_back_on_postgresql() {
    orders(house_on_postgres().await).await;
}

#[tokio::test]
async fn the_operator_books_by_hand_and_it_stands_in_the_trails() {
    let house = house().await;
    let (mut lin, mut operator) = (house.person("lin").await, house.operator().await);
    let owner = format!("person/{}", house.me(&lin).await.person.id);
    operator.page("/operator/billing/prices").await;
    let list = [("currency", "CNY"), ("unit", "10"), ("gigabyte", "0"), ("free", "0"), ("after", "pays")];
    for (field, value) in [("currency", "XXX"), ("unit", "1.001"), ("free", "-1"), ("from", "2020-01-01")] {
        let mut wrong: Vec<(&str, &str)> = list.iter().copied().filter(|(name, _)| *name != field).collect();
        wrong.push((field, value));
        operator.post("/operator/billing/prices", &wrong).await.is(422);
    }
    operator.post("/operator/billing/prices", &list).await.leads_to("/operator/billing/prices?said=done");
    let place = "/operator/billing/owner?who=lin%40people.example";
    operator.page(place).await;
    let book = |how: &'static str, amount: &'static str, reference: &'static str| {
        [("who", "lin@people.example"), ("how", how), ("currency", "CNY"), ("amount", amount), ("reference", reference)]
    };
    operator.post("/operator/billing/owner/book", &book("bank-in", "30", "T-1")).await.is(303);
    for (how, amount, reference) in
        [("bank-in", "30", "T-1"), ("bank-in", "30", "Lin's gift"), ("bank-out", "31", "T-2"), ("bank-in", "x", "T-3")]
    {
        operator.page(place).await;
        operator.post("/operator/billing/owner/book", &book(how, amount, reference)).await.is(422);
    }
    assert_eq!(balance(&house, &owner).await, (3000, 0));
    operator.page(place).await;
    let credit = [("who", owner.as_str()), ("currency", "CNY"), ("credit", "10")];
    operator.post("/operator/billing/owner/credit", &credit).await.is(303);
    // Four can be paid: three of money, one on credit; the fifth cannot.
    for name in ["a", "b", "c", "d"] {
        let id = begun(&mut lin, "photo", &[name]).await;
        told(&mut lin, &id, name, "raw", &[]).await;
        let page = lin.page(&format!("/protect/{id}/confirm")).await;
        let version = version_of(&page);
        lin.post(&format!("/protect/{id}/confirm"), &[("version", &version), ("sure", "on"), ("price", "1")])
            .await
            .is(303);
    }
    assert_eq!(balance(&house, &owner).await, (-1000, 0));
    let id = begun(&mut lin, "photo", &["e"]).await;
    told(&mut lin, &id, "e", "raw", &[]).await;
    let version = version_of(&lin.page(&format!("/protect/{id}/confirm")).await);
    let sent = [("version", version.as_str()), ("sure", "on"), ("price", "1")];
    lin.post(&format!("/protect/{id}/confirm"), &sent).await.is(422);
    // A credit is not taken from under what was spent on it.
    operator.page(place).await;
    let none = [("who", owner.as_str()), ("currency", "CNY"), ("credit", "0")];
    operator.post("/operator/billing/owner/credit", &none).await.is(422);
    let page = operator.page(place).await;
    let charge = page.split("name=\"charge\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for status in [303, 404] {
        let fields = [("who", owner.as_str()), ("charge", charge.as_str())];
        operator.post("/operator/billing/owner/return", &fields).await.is(status);
    }
    assert_eq!(balance(&house, &owner).await, (0, 0));
    let own = registry::accounts::audit::Scope::Person(owner.trim_start_matches("person/").to_owned());
    for (scope, acts) in [
        (own, vec!["topped-up", "credit-set", "charge-returned"]),
        (registry::accounts::audit::Scope::Node, vec!["price-set", "topped-up", "credit-set", "charge-returned"]),
    ] {
        let trail = house.accounts.trail(&scope, 1, i64::MAX).await.unwrap().join("\n");
        for act in acts {
            assert!(trail.contains(&format!("\"{act}\"")), "{act} in {trail}");
        }
    }
    // To whom invoices go is sealed, the operator's to export, and gone with the person.
    lin.page("/account/billing").await;
    let invoice =
        [("title", "月港工作室"), ("tax_number", "91110000ma0000000x"), ("address", ""), ("mail", "a@b.example")];
    lin.post("/account/billing/invoice", &invoice).await.is(303);
    let rows = house.accounts.db().rows("select body from billing_invoice", &[]).await.unwrap();
    assert!(!String::from_utf8_lossy(rows[0].bytes(0).unwrap()).contains("91110000MA0000000X"));
    let csv = String::from_utf8(operator.download("/operator/billing/invoices.csv").await).unwrap();
    assert!(csv.contains("月港工作室,91110000MA0000000X,,a@b.example") && csv.contains("30.00,CNY"), "{csv}");
    let csv = String::from_utf8(operator.download("/operator/billing/ledger.csv").await).unwrap();
    assert!(csv.contains("cash/bank") && !csv.contains("月港"), "{csv}");
    lin.page("/account/privacy").await;
    let about = lin.post("/account/privacy/export", &[]).await;
    assert!(about.body.contains("91110000MA0000000X") && about.body.contains("\"charge\""), "{}", about.body);
    balanced(&house).await;
}
