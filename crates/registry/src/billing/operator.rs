//! The operator's room for money: prices, balances, what is booked by hand, orders, refunds, the books.

use super::books::ByHand;
use super::ledger::{self, Kind};
use super::money::Currency;
use super::orders::Order;
use super::pages::list_rows;
use super::statement::csv_line;
use super::{Billing, PriceList, WORDS, price};
use crate::accounts::audit::{Act, Scope, note};
use crate::accounts::{Me, Operator, OperatorSent};
use crate::web::sheet::{Block, Field, Form, Ledger, Mark, Part, Sheet, Value};
use crate::web::{Fault, Fields, Words, download};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Response;
use axum::routing::{get, post};
use proof::der::Time;
use std::collections::BTreeMap;
use store::StoreError;

const SHOWN: i64 = 200;
const DAYS: i64 = 31;
const DAY_MS: i64 = 86_400_000;
const ENTRIES_MAX: i64 = 1_000_000;

pub(super) fn router() -> Router<Billing> {
    Router::new()
        .route("/operator/billing", get(desk))
        .route("/operator/billing/prices", get(prices).post(announce))
        .route("/operator/billing/owner", get(owner))
        .route("/operator/billing/owner/{act}", post(book))
        .route("/operator/billing/orders", get(orders).post(refund))
        .route("/operator/billing/ledger.csv", get(ledger_csv))
        .route("/operator/billing/invoices.csv", get(invoices_csv))
}

fn field(field: &'static str, what: String) -> Fault {
    Fault::Field { field, what }
}

fn said(me: &Me) -> Option<String> {
    (me.cx.query("said") == "done").then(|| me.cx.words(&WORDS).say("said-done"))
}

fn heads(w: Words, ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| w.say(id)).collect()
}

fn owner_place(owner: &str) -> String {
    let who: String = form_urlencoded::byte_serialize(owner.as_bytes()).collect();
    format!("/operator/billing/owner?who={who}")
}

/// The form that finds an owner.
fn find(w: Words) -> Form {
    let who = Field::text("who", w.say("who")).help(w.say("who-help"));
    Form::new("/operator/billing/owner", w.say("find")).read().field(who)
}

/// `GET /operator/billing`
async fn desk(State(billing): State<Billing>, Operator(me): Operator) -> Response<Body> {
    let shown = async {
        let (cx, w) = (&me.cx, me.cx.words(&WORDS));
        let faults = billing.faults().await?;
        let mut part = Part::new(w.say("check")).note(w.say("check-note"));
        let state = match faults.is_empty() {
            true => Value::Mark(Mark::Sealed, w.say("check-good")),
            false => Value::Mark(Mark::Failed, w.fill("check-bad", &[("count", &faults.len().to_string())])),
        };
        part = part.with(Block::Record(vec![(w.say("check-balances"), state)]));
        if !faults.is_empty() {
            part = part.with(Block::Plain(faults.join("\n")));
        }
        let totals = ledger::totals(billing.db()).await?;
        let rows = totals.into_iter().map(|(name, code, sum)| {
            let sum = Currency::parse(&code).map_or(sum.to_string(), |currency| currency.show(sum));
            vec![Value::Mono(name), Value::Mono(sum)]
        });
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            part =
                part.with(Block::Ledger(Ledger { name: w.say("accounts"), head: heads(w, &["account", "sum"]), rows }));
        }
        let room = |href: &str, name: &str, note: &str| (href.to_owned(), w.say(name), w.say(note));
        let rooms = vec![
            room("/operator/billing/prices", "prices", "prices-room"),
            room("/operator/billing/orders", "orders", "orders-room"),
            room("/operator/billing/ledger.csv", "ledger-csv", "ledger-csv-note"),
            room("/operator/billing/invoices.csv", "invoices-csv", "invoices-csv-note"),
        ];
        let who = Part::new(w.say("owners")).note(w.say("owners-note")).with(Block::Form(find(w)));
        let mut rows = Vec::new();
        for (owner, currency, balance, credit) in billing.balances(SHOWN).await? {
            let name = billing.accounts().called(cx, &owner).await?;
            let name = if name.is_empty() { owner.clone() } else { name };
            let credit = if credit == 0 { Value::None } else { currency.show(credit).into() };
            rows.push(vec![Value::Link(owner_place(&owner), name), currency.show(balance).into(), credit]);
        }
        let who = match rows.is_empty() {
            true => who,
            false => {
                let head = heads(w, &["owner", "balance", "credit"]);
                who.with(Block::Ledger(Ledger { name: w.say("owners"), head, rows }))
            }
        };
        let sheet = Sheet::new(cx, w.say("billing")).lead(w.say("desk-lead")).said(said(&me)).under("/account");
        let rooms = Part::new(w.say("desk-rooms")).with(Block::Contents(rooms));
        Ok(cx.page(&sheet.part(part).part(rooms).part(who).part(days(&billing, w, cx.now).await?)))
    };
    me.cx.end(shown.await)
}

/// What came in and what was earned, day by day.
async fn days(billing: &Billing, w: Words, now: Time) -> Result<Part, Fault> {
    let since_ms = (now.unix_s() * 1000).div_euclid(DAY_MS) * DAY_MS - (DAYS - 1) * DAY_MS;
    let sql = "select e.made_ms / 86400000, e.currency, \
               cast(sum(case when m.from_account like 'cash/%' then m.amount when m.to_account like 'cash/%' \
                 then 0 - m.amount else 0 end) as bigint), \
               cast(sum(case when m.to_account = 'revenue' then m.amount when m.from_account = 'revenue' \
                 then 0 - m.amount else 0 end) as bigint), \
               cast(sum(case when m.to_account = 'grants' then 0 - m.amount when m.from_account = 'grants' \
                 then m.amount else 0 end) as bigint) \
               from billing_entry e join billing_move m on m.entry = e.id where e.made_ms >= $1 \
               group by 1, 2 order by 1 desc, 2";
    let mut rows = Vec::new();
    for row in billing.db().rows(sql, &[since_ms.into()]).await? {
        let Some(currency) = Currency::parse(row.text(1)?) else { continue };
        let day = Time::from_unix(row.int(0)? * DAY_MS / 1000).to_string();
        let day = day.get(..10).unwrap_or_default().to_owned();
        let amount = |column| Ok::<_, StoreError>(Value::Mono(currency.show(row.int(column)?)));
        rows.push(vec![Value::Mono(day), amount(2)?, amount(3)?, amount(4)?]);
    }
    let part = Part::new(w.say("days")).note(w.say("days-note")).full();
    Ok(match rows.is_empty() {
        true => part.with(Block::Empty(w.say("days-none"), w.say("days-none-note"))),
        false => {
            let head = heads(w, &["day", "came-in", "earned", "granted"]);
            part.with(Block::Ledger(Ledger { name: w.say("days"), head, rows }))
        }
    })
}

async fn prices_sheet(billing: &Billing, me: &Me, wrong: Option<(&Fields, &Fault)>) -> Result<Sheet, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let lists = price::all(billing.db()).await?;
    let now = price::at(billing.db(), cx.now).await?;
    let mut part = Part::new(w.say("prices-now")).note(w.say("prices-note"));
    part = match &now {
        Some(list) if !list.is_free() => part.with(Block::Record(list_rows(w, list))),
        _ => part.with(Block::Empty(w.say("prices-free"), w.say("prices-free-note"))),
    };
    let known = now.as_ref().or(lists.first());
    let currency = known.map_or(Currency::CNY, |list| list.currency);
    let amount = |of: fn(&PriceList) -> i64| currency.decimal(known.map_or(0, of));
    let form = Form::new("/operator/billing/prices", w.say("announce"))
        .of(cx)
        .field(Field::text("currency", w.say("currency")).value(currency.code()).help(w.say("currency-help")).short())
        .field(Field::text("unit", w.say("price-unit")).value(amount(|list| list.unit)).short())
        .field(Field::text("gigabyte", w.say("price-gigabyte")).value(amount(|list| list.gigabyte)).short())
        .field(
            Field::text("free", w.say("price-free"))
                .value(known.map_or(0, |list| list.free_units).to_string())
                .help(w.say("price-free-help"))
                .short(),
        )
        .field(
            Field::select(
                "after",
                w.say("price-after"),
                vec![("pays".to_owned(), w.say("price-pays")), ("waits".to_owned(), w.say("price-waits"))],
            )
            .value(if known.is_some_and(|list| list.waits) { "waits" } else { "pays" }),
        )
        .field(Field::date("from", w.say("price-from")).help(w.say("price-from-help")).optional());
    let new = Part::new(w.say("announce")).note(w.say("announce-note")).with(Block::Form(form.after(wrong)));
    let mut sheet = Sheet::new(cx, w.say("prices")).lead(w.say("prices-lead")).said(said(me)).under("/account");
    sheet = sheet.part(part).part(new);
    if !lists.is_empty() {
        let rows = lists.iter().map(|list| {
            let free = w.fill("units", &[("count", &list.free_units.to_string())]);
            vec![
                Value::Mono(list.version.to_string()),
                list.currency.show(list.unit).into(),
                list.currency.show(list.gigabyte).into(),
                free.into(),
                Value::Time(list.from),
                Value::Time(list.made),
            ]
        });
        let head =
            heads(w, &["price-version", "price-unit", "price-gigabyte", "price-free", "price-from", "announced"]);
        let ledger = Ledger { name: w.say("lists"), head, rows: rows.collect() };
        sheet = sheet.part(Part::new(w.say("lists")).note(w.say("lists-note")).full().with(Block::Ledger(ledger)));
    }
    Ok(sheet)
}

/// `GET /operator/billing/prices`
async fn prices(State(billing): State<Billing>, Operator(me): Operator) -> Response<Body> {
    me.cx.end(prices_sheet(&billing, &me, None).await.map(|sheet| me.cx.page(&sheet)))
}

/// The beginning of a day of UTC, `2026-12-01`.
fn day(text: &str) -> Option<Time> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
    let is_day = text.len() == 10 && text.get(4..5)? == "-" && text.get(7..8)? == "-";
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    is_day.then(|| Time::from_civil(i64::from(year), month, day, 0, 0, 0, 0).ok())?
}

/// `POST /operator/billing/prices`: from now on, or from a day to come; never from one that is gone.
async fn announce(State(billing): State<Billing>, OperatorSent { me, fields }: OperatorSent) -> Response<Body> {
    if let Err(first) = me.fresh("/operator/billing/prices") {
        return *first;
    }
    let announced = async {
        let (w, now) = (me.cx.words(&WORDS), me.cx.now);
        let currency = Currency::parse(fields.text("currency"));
        let currency = currency.ok_or_else(|| field("currency", w.say("currency-help")))?;
        let amount =
            |name: &'static str| currency.amount(fields.text(name)).ok_or_else(|| field(name, w.say("amount-wrong")));
        let free = fields.text("free").parse().ok().filter(|count| (0..=1_000_000).contains(count));
        let from = match fields.text("from") {
            "" => now,
            text => day(text).filter(|day| *day > now).ok_or_else(|| field("from", w.say("price-from-help")))?,
        };
        let list = PriceList {
            version: 0,
            currency,
            unit: amount("unit")?,
            gigabyte: amount("gigabyte")?,
            free_units: free.ok_or_else(|| field("free", w.say("number-wrong")))?,
            waits: fields.text("after") == "waits",
            from,
            made: now,
        };
        billing.announce(&me, &list).await?;
        Ok(me.cx.see("/operator/billing/prices?said=done"))
    };
    let answer = announced.await;
    me.cx.end_form(answer, async |fault| prices_sheet(&billing, &me, Some((&fields, fault))).await).await
}

/// The owner that an operator means: an address for mail, or `person/ID` or `organisation/ID`.
async fn owner_of(billing: &Billing, text: &str) -> Result<String, Fault> {
    if text.contains('@') {
        let person = billing.accounts().person_of(text).await?.ok_or(Fault::NotFound)?;
        return Ok(format!("person/{}", person.id));
    }
    // Whoever is gone may have a balance still.
    let is_there = billing.accounts().key_of(text).await?.is_some() || !billing.currencies(text).await?.is_empty();
    if is_there { Ok(text.to_owned()) } else { Err(Fault::NotFound) }
}

async fn owner_sheet(
    billing: &Billing,
    me: &Me,
    owner: &str,
    wrong: Option<(&Fields, &Fault)>,
) -> Result<Sheet, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let mut currencies = billing.currencies(owner).await?;
    let list = price::at(billing.db(), cx.now).await?;
    let own = list.map_or(Currency::CNY, |list| list.currency);
    if !currencies.contains(&own) {
        currencies.insert(0, own);
    }
    let mut sheet = Sheet::new(cx, billing.accounts().called(cx, owner).await?)
        .reference(owner.to_owned())
        .lead(w.say("owner-lead"))
        .said(said(me))
        .under("/account");
    for currency in currencies {
        let funds = billing.funds(owner, currency).await?;
        let rows = vec![
            (w.say("balance"), currency.show(funds.balance).into()),
            (w.say("held"), currency.show(funds.held).into()),
            (w.say("credit"), currency.show(funds.credit).into()),
        ];
        sheet = sheet.part(Part::new(currency.code().to_owned()).with(Block::Record(rows)));
    }
    let form = |act: &str, submit: &str| {
        Form::new(format!("/operator/billing/owner/{act}"), w.say(submit)).of(cx).hidden("who", owner)
    };
    let code = || Field::text("currency", w.say("currency")).value(own.code()).short();
    let is_of = |name: &str| wrong.filter(|(fields, _)| fields.has(name));
    let book = form("book", "book-act")
        .field(Field::select(
            "how",
            w.say("book-how"),
            [("bank-in", "book-in"), ("bank-out", "book-out"), ("write-off", "book-write-off")]
                .map(|(value, id)| (value.to_owned(), w.say(id)))
                .to_vec(),
        ))
        .field(code())
        .field(Field::text("amount", w.say("amount")).short())
        .field(Field::text("reference", w.say("reference")).help(w.say("reference-wrong")));
    let credit = form("credit", "credit-act").field(code()).field(Field::text("credit", w.say("credit")).short());
    sheet = sheet
        .part(Part::new(w.say("book")).note(w.say("book-note")).with(Block::Form(book.after(is_of("reference")))))
        .part(Part::new(w.say("credit")).note(w.say("credit-note")).with(Block::Form(credit.after(is_of("credit")))));
    let charges = billing.charges_of(owner, SHOWN).await?;
    if !charges.is_empty() {
        let rows = charges.into_iter().map(|charge| {
            let back = form("return", "return-act").hidden("charge", charge.id.clone()).small();
            let acts = if charge.state == "charged" { Value::Acts(vec![back]) } else { Value::None };
            let id = charge.id.trim_start_matches("record/").to_owned();
            let word = match charge.state.as_str() {
                "held" => "kind-hold",
                "charged" => "kind-charge",
                "released" => "kind-release",
                _ => "kind-return",
            };
            let amount = charge.currency.show(charge.cost.amount);
            vec![Value::Mono(id), amount.into(), w.say(word).into(), Value::Time(charge.made), acts]
        });
        let rows = rows.collect();
        let head = heads(w, &["record", "amount", "state", "time"]).into_iter().chain([String::new()]).collect();
        let part = Part::new(w.say("charges")).note(w.say("charges-note")).full();
        sheet = sheet.part(part.with(Block::Ledger(Ledger { name: w.say("charges"), head, rows })));
    }
    Ok(sheet)
}

/// `GET /operator/billing/owner?who=…`
async fn owner(State(billing): State<Billing>, Operator(me): Operator) -> Response<Body> {
    let shown = async {
        let who = me.cx.query("who");
        if who.is_empty() {
            let w = me.cx.words(&WORDS);
            let part = Part::new(w.say("find")).with(Block::Form(find(w)));
            return Ok(me.cx.page(&Sheet::new(&me.cx, w.say("owners")).under("/account").part(part)));
        }
        let owner = owner_of(&billing, &who).await?;
        Ok(me.cx.page(&owner_sheet(&billing, &me, &owner, None).await?))
    };
    me.cx.end(shown.await)
}

/// `POST /operator/billing/owner/{act}`
async fn book(
    State(billing): State<Billing>,
    Path(act): Path<String>,
    OperatorSent { me, fields }: OperatorSent,
) -> Response<Body> {
    let owner = match owner_of(&billing, fields.text("who")).await {
        Ok(owner) => owner,
        Err(fault) => return fault.answer(&me.cx),
    };
    if let Err(first) = me.fresh(&owner_place(&owner)) {
        return *first;
    }
    let booked = async {
        let w = me.cx.words(&WORDS);
        let currency = || {
            let known = Currency::parse(fields.text("currency"));
            known.ok_or_else(|| field("currency", w.say("currency-help")))
        };
        let amount = |name: &'static str, currency: Currency| {
            currency.amount(fields.text(name)).ok_or_else(|| field(name, w.say("amount-wrong")))
        };
        match act.as_str() {
            "book" => {
                let how = match fields.text("how") {
                    "bank-in" => ByHand::BankIn,
                    "bank-out" => ByHand::BankOut,
                    "write-off" => ByHand::WriteOff,
                    _ => return Err(Fault::Form),
                };
                let currency = currency()?;
                let amount = amount("amount", currency)?;
                billing.book(&me, (&owner, currency), how, (amount, fields.text("reference"))).await?;
            }
            "credit" => {
                let currency = currency()?;
                billing.set_credit(&me, &owner, currency, amount("credit", currency)?).await?;
            }
            "return" => billing.give_back(&me, fields.text("charge")).await?,
            _ => return Err(Fault::NotFound),
        }
        Ok(me.cx.see(&format!("{}&said=done", owner_place(&owner))))
    };
    let answer = booked.await;
    me.cx.end_form(answer, async |fault| owner_sheet(&billing, &me, &owner, Some((&fields, fault))).await).await
}

async fn orders_sheet(billing: &Billing, me: &Me, wrong: Option<(&Fields, &Fault)>) -> Result<Sheet, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let sheet = Sheet::new(cx, w.say("orders")).lead(w.say("orders-lead")).said(said(me)).under("/account");
    let found = billing.orders(SHOWN).await?;
    let part = Part::new(w.say("orders")).note(w.say("orders-room")).full();
    if found.is_empty() {
        return Ok(sheet.part(part.with(Block::Empty(w.say("orders-none"), w.say("orders-none-note")))));
    }
    let row = |order: &Order| {
        let given = if order.refunded == 0 { Value::None } else { order.currency.show(order.refunded).into() };
        vec![
            Value::Two(order.id.clone(), order.reference.clone().unwrap_or_default()),
            Value::Link(owner_place(&order.owner), order.owner.clone()),
            order.currency.show(order.amount).into(),
            w.say(order.state.word()).into(),
            Value::Time(order.made),
            given,
        ]
    };
    let head = heads(w, &["order", "owner", "amount", "state", "time", "given-back"]);
    let list = part.with(Block::Ledger(Ledger { name: w.say("orders"), head, rows: found.iter().map(row).collect() }));
    let form = Form::new("/operator/billing/orders", w.say("refund-act"))
        .of(cx)
        .field(Field::text("order", w.say("order")))
        .field(Field::text("amount", w.say("amount")).short());
    let back = Part::new(w.say("refund")).note(w.say("refund-note")).with(Block::Form(form.after(wrong)));
    Ok(sheet.part(list).part(back))
}

/// `GET /operator/billing/orders`
async fn orders(State(billing): State<Billing>, Operator(me): Operator) -> Response<Body> {
    me.cx.end(orders_sheet(&billing, &me, None).await.map(|sheet| me.cx.page(&sheet)))
}

/// `POST /operator/billing/orders`: gives a payment back the way it came.
async fn refund(State(billing): State<Billing>, OperatorSent { me, fields }: OperatorSent) -> Response<Body> {
    if let Err(first) = me.fresh("/operator/billing/orders") {
        return *first;
    }
    let done = async {
        let w = me.cx.words(&WORDS);
        let id = fields.text("order");
        let order = billing.orders(SHOWN).await?.into_iter().find(|order| order.id == id);
        let order = order.ok_or_else(|| field("order", w.say("order-missing")))?;
        let amount = order.currency.amount(fields.text("amount")).filter(|amount| *amount > 0);
        let amount = amount.ok_or_else(|| field("amount", w.say("amount-wrong")))?;
        billing.refund(&me, id, amount).await?;
        Ok(me.cx.see("/operator/billing/orders?said=done"))
    };
    let answer = done.await;
    me.cx.end_form(answer, async |fault| orders_sheet(&billing, &me, Some((&fields, fault))).await).await
}

async fn noted(billing: &Billing, me: &Me, what: &str) -> Result<(), StoreError> {
    store::transaction!(billing.db(), tx => {
        note(tx, &Scope::Node, &me.actor(), Act::BooksExported, what, me.cx.now).await
    })
}

/// `GET /operator/billing/ledger.csv`: every move, the oldest first.
async fn ledger_csv(State(billing): State<Billing>, Operator(me): Operator) -> Response<Body> {
    let made = async {
        noted(&billing, &me, "ledger").await?;
        let sql = "select e.id, e.made_ms, e.kind, e.owner, e.object, e.actor, e.currency, m.line, m.from_account, \
                   m.to_account, m.amount from billing_entry e join billing_move m on m.entry = e.id \
                   order by e.made_ms, e.id, m.line limit $1";
        let head = ["entry", "time", "kind", "owner", "about", "actor", "from", "to", "amount", "currency"];
        let mut text = csv_line(&head);
        for row in billing.db().rows(sql, &[ENTRIES_MAX.into()]).await? {
            let code = row.text(6)?;
            let amount = Currency::parse(code).map(|currency| currency.decimal(row.int(10).unwrap_or_default()));
            let kind = Kind::parse(row.text(2)?).map_or("", Kind::name);
            text += &csv_line(&[
                row.text(0)?,
                &Time::from_unix(row.int(1)? / 1000).to_string(),
                kind,
                row.text(3)?,
                row.text(4)?,
                row.text(5)?,
                row.text(8)?,
                row.text(9)?,
                &amount.unwrap_or_default(),
                code,
            ]);
        }
        Ok(download("ledger.csv", "text/csv; charset=utf-8", text.into_bytes()))
    };
    me.cx.end(made.await)
}

/// `GET /operator/billing/invoices.csv`: to whom invoices go, and what each was charged by month.
async fn invoices_csv(State(billing): State<Billing>, Operator(me): Operator) -> Response<Body> {
    if let Err(first) = me.fresh("/operator/billing") {
        return *first;
    }
    let made = async {
        let mut text = csv_line(&["owner", "title", "tax_number", "address", "mail", "month", "charged", "currency"]);
        let sql = "select e.made_ms, h.currency, h.amount, e.kind from billing_hold h \
                   join billing_entry e on e.object = h.id and e.kind in ('charge', 'return') \
                   where h.owner = $1 and e.owner = $1 and h.amount > 0 order by e.made_ms";
        for (owner, invoice) in billing.invoices(&me).await? {
            let mut months: BTreeMap<(i64, String), i64> = BTreeMap::new();
            for row in billing.db().rows(sql, &[owner.as_str().into()]).await? {
                let month = price::month(Time::from_unix(row.int(0)? / 1000));
                let amount = if row.text(3)? == Kind::Charge.name() { row.int(2)? } else { -row.int(2)? };
                *months.entry((month, row.text(1)?.to_owned())).or_default() += amount;
            }
            let fields = [&owner, &invoice.title, &invoice.tax_number, &invoice.address, &invoice.mail];
            for ((month, code), amount) in months {
                let amount = Currency::parse(&code).map_or(String::new(), |currency| currency.decimal(amount));
                let month = super::statement::month_text(month);
                let mut line: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
                line.extend([month.as_str(), &amount, &code]);
                text += &csv_line(&line);
            }
        }
        Ok(download("invoices.csv", "text/csv; charset=utf-8", text.into_bytes()))
    };
    me.cx.end(made.await)
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn days_are_read_strictly() {
        assert_eq!(day("2026-12-01").unwrap().to_string(), "2026-12-01T00:00:00Z");
        for wrong in ["2026-13-01", "2026-02-30", "2026-2-1", "", "2026/12/01"] {
            assert_eq!(day(wrong), None, "{wrong}");
        }
    }
}
