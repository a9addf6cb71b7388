//! What an owner sees: prices, balance, statement, orders, to whom invoices go.

use super::invoice::Invoice;
use super::money::Currency;
use super::orders::{ORDER_MAX, Order, OrderState};
use super::statement::{Line, Statement, csv_line, month_text, parse_month};
use super::{Billing, PriceList, WORDS, place_of, price, statement};
use crate::accounts::organisation::Role;
use crate::accounts::{Desk, Me, Sent, Shown};
use crate::web::sheet::{Block, Field, Form, Ledger, Mark, Part, Sheet, Value};
use crate::web::{Cx, Fault, Fields, Words, download};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Response;
use axum::routing::{get, post};
use proof::report::Language;
use store::Db;

/// Lines and orders that a page shows.
const SHOWN: usize = 200;
const ORDERS: i64 = 20;

pub(super) fn router() -> Router<Billing> {
    Router::new()
        .route("/prices", get(prices))
        .route("/account/billing", get(own))
        .route("/account/billing/top-up", post(own_top_up))
        .route("/account/billing/invoice", post(own_invoice))
        .route("/account/billing/statement.csv", get(own_csv))
        .route("/account/billing/orders/{order}", get(own_order).post(own_ask))
        .route("/organisations/{id}/billing", get(theirs))
        .route("/organisations/{id}/billing/top-up", post(their_top_up))
        .route("/organisations/{id}/billing/invoice", post(their_invoice))
        .route("/organisations/{id}/billing/statement.csv", get(their_csv))
        .route("/organisations/{id}/billing/orders/{order}", get(their_order).post(their_ask))
}

/// The entry on the page of an account or an organisation.
pub(super) struct BillingDesk(pub(super) Db);

impl Desk for BillingDesk {
    fn entry<'a>(&'a self, cx: &'a Cx, owner: &'a str) -> Shown<'a> {
        Box::pin(async move {
            if !is_shown(&self.0, owner, cx).await? {
                return Ok(None);
            }
            let w = cx.words(&WORDS);
            Ok(Some((place_of(owner), w.say("billing"), w.say("billing-room"))))
        })
    }
}

/// Whether an owner sees anything of money: something costs, or did.
pub(super) async fn is_shown(db: &Db, owner: &str, cx: &Cx) -> Result<bool, Fault> {
    let costs = price::at(db, cx.now).await?.is_some_and(|list| !list.is_free());
    Ok(costs || !statement::currencies(db, owner).await?.is_empty())
}

impl Billing {
    /// The name of an organisation as an owner of money, for those who see it: its owners.
    ///
    /// # Errors
    /// Not allowed for its other members; not found for everybody else.
    pub async fn theirs(&self, me: &Me, id: &str) -> Result<String, Fault> {
        me.acting(id, &[Role::Owner]).await?;
        Ok(format!("organisation/{id}"))
    }

    /// The currency that an owner's page is in: that of the list that holds, else that of the past.
    pub(super) async fn currency_of(&self, owner: &str, cx: &Cx) -> Result<Currency, Fault> {
        if let Some(list) = self.prices(cx.now).await? {
            return Ok(list.currency);
        }
        Ok(self.currencies(owner).await?.first().copied().unwrap_or(Currency::CNY))
    }
}

pub(super) fn own_name(me: &Me) -> String {
    format!("person/{}", me.person.id)
}

/// What a list says, line by line.
pub(super) fn list_rows(w: Words, list: &PriceList) -> Vec<(String, Value)> {
    let mut rows = vec![(w.say("price-unit"), Value::Text(list.currency.show(list.unit)))];
    if list.gigabyte > 0 {
        rows.push((w.say("price-gigabyte"), list.currency.show(list.gigabyte).into()));
    }
    if list.free_units > 0 {
        rows.push((w.say("price-free"), w.fill("units", &[("count", &list.free_units.to_string())]).into()));
        rows.push((w.say("price-after"), w.say(if list.waits { "price-waits" } else { "price-pays" }).into()));
    }
    rows.push((w.say("price-registration"), w.say("price-none").into()));
    rows.push((w.say("price-agency"), w.say("price-none").into()));
    rows.push((w.say("price-from"), Value::Time(list.from)));
    rows.push((w.say("price-version"), Value::Mono(list.version.to_string())));
    rows
}

/// `GET /prices`: all that anything costs; nothing is there where nothing does.
async fn prices(State(billing): State<Billing>, cx: Cx) -> Response<Body> {
    let shown = async {
        let w = cx.words(&WORDS);
        let (now, next) = (billing.prices(cx.now).await?, price::next(billing.db(), cx.now).await?);
        if now.is_none() && next.as_ref().is_none_or(PriceList::is_free) {
            return Err(Fault::NotFound);
        }
        let part = Part::new(w.say("prices-now")).note(w.say("prices-note"));
        let part = match &now {
            Some(list) => part.with(Block::Record(list_rows(w, list))),
            None => part.with(Block::Text(w.say("prices-free"))),
        };
        let mut sheet = Sheet::new(&cx, w.say("prices")).lead(w.say("prices-lead")).part(part);
        if let Some(list) = next {
            let part = Part::new(w.say("prices-next")).note(w.say("prices-next-note"));
            sheet = sheet.part(part.with(Block::Record(list_rows(w, &list))));
        }
        let part = Part::new(w.say("prices-what")).with(Block::Text(w.say("prices-what-text")));
        Ok(cx.page(&sheet.part(part.with(Block::Text(w.say("prices-no-claim"))))))
    };
    cx.end(shown.await)
}

fn state_value(w: Words, order: &Order) -> Value {
    let mark = match order.state {
        OrderState::Paid => Mark::Sealed,
        OrderState::Made => Mark::Waiting,
        OrderState::Expired | OrderState::Refunded => Mark::Absent,
        OrderState::Failed => Mark::Failed,
    };
    Value::Mark(mark, w.say(order.state.word()))
}

/// Orders as a table.
pub(super) fn orders_ledger(w: Words, place: &str, orders: &[Order]) -> Ledger {
    let row = |order: &Order| {
        let given = match order.refunded {
            0 => Value::None,
            amount => order.currency.show(amount).into(),
        };
        vec![
            Value::Link(format!("{place}/orders/{}", order.id), order.currency.show(order.amount)),
            Value::Time(order.made),
            state_value(w, order),
            given,
        ]
    };
    let head = ["amount", "time", "state", "given-back"].map(|id| w.say(id)).to_vec();
    Ledger { name: w.say("orders"), head, rows: orders.iter().map(row).collect() }
}

/// What a line is about.
fn about(language: Language, line: &Line) -> Value {
    let (kind, counts) = (line.kind_in(language), line.counts_in(language));
    let Some((_, id)) = line.object.split_once('/') else { return kind.into() };
    match counts.is_empty() {
        false => Value::Titled(format!("/records/{id}"), kind, format!("{id} · {counts}")),
        true => Value::Two(kind, id.to_owned()),
    }
}

fn statement_part((w, language): (Words, Language), place: &str, months: &[i64], statement: &Statement) -> Part {
    let (currency, month) = (statement.currency, month_text(statement.month));
    let mut part = Part::new(w.fill("statement", &[("month", &month)])).note(w.say("statement-note")).full();
    let facts = vec![
        (w.say("opening"), currency.show(statement.opening).into()),
        (w.say("closing"), currency.show(statement.closing()).into()),
    ];
    part = part.with(Block::Record(facts));
    let left = statement.lines.len().saturating_sub(SHOWN);
    let rows: Vec<Vec<Value>> = statement
        .lines
        .iter()
        .skip(left)
        .map(|line| {
            vec![
                Value::Time(line.made),
                about(language, line),
                Value::Mono(line.signed(currency)),
                Value::Mono(currency.decimal(line.balance)),
            ]
        })
        .collect();
    part = match rows.is_empty() {
        true => part.with(Block::Empty(w.say("statement-none"), w.say("statement-none-note"))),
        false => {
            let head = ["time", "about", "change", "balance"].map(|id| w.say(id)).to_vec();
            part.with(Block::Ledger(Ledger { name: w.say("statement-name"), head, rows }))
        }
    };
    if left > 0 {
        part = part.with(Block::Note(w.fill("statement-more", &[("count", &left.to_string())])));
    }
    let file = |name: &str, id: &str| (format!("{place}/statement.{name}?month={month}"), w.say(id));
    let mut links = vec![file("pdf", "pdf"), file("csv", "csv")];
    let others = months.iter().filter(|other| **other != statement.month).take(11);
    links.extend(others.map(|other| (format!("{place}?month={}", month_text(*other)), month_text(*other))));
    part.with(Block::Links(links))
}

fn said(w: Words, cx: &Cx) -> Option<String> {
    match cx.query("said").as_str() {
        "invoice" => Some(w.say("said-invoice")),
        "asked" => Some(w.say("said-asked")),
        _ => None,
    }
}

/// The page of an owner.
async fn sheet(billing: &Billing, me: &Me, owner: &str, wrong: Option<(&Fields, &Fault)>) -> Result<Sheet, Fault> {
    let (cx, w, place) = (&me.cx, me.cx.words(&WORDS), place_of(owner));
    if !is_shown(billing.db(), owner, cx).await? {
        return Err(Fault::NotFound);
    }
    let (list, currency) = (billing.prices(cx.now).await?, billing.currency_of(owner, cx).await?);
    let funds = billing.funds(owner, currency).await?;
    let mut rows = vec![(w.say("balance"), currency.show(funds.balance).into())];
    if funds.held > 0 {
        rows.push((w.say("held"), currency.show(funds.held).into()));
    }
    if funds.credit > 0 {
        rows.push((w.say("credit"), currency.show(funds.credit).into()));
    }
    for other in billing.currencies(owner).await?.into_iter().filter(|other| *other != currency) {
        let funds = billing.funds(owner, other).await?;
        if funds.balance != 0 {
            rows.push((w.say("balance"), other.show(funds.balance).into()));
        }
    }
    if let Some(list) = list.as_ref().filter(|list| list.free_units > 0) {
        let left = billing.free_left(owner, list, cx.now).await?;
        let counts = [("left", left.to_string()), ("count", list.free_units.to_string())];
        let counts = counts.each_ref().map(|(name, count)| (*name, count.as_str()));
        rows.push((w.say("free-left"), w.fill("free-left-of", &counts).into()));
        rows.push((w.say("free-anew"), Value::Time(price::next_month(cx.now))));
    }
    let mut part = Part::new(w.say("balance")).note(w.say("balance-note")).with(Block::Record(rows));
    if list.is_some() {
        part = part.with(Block::Links(vec![("/prices".to_owned(), w.say("prices"))]));
    }
    let is_organisation = owner.starts_with("organisation/");
    let lead = w.say(if is_organisation { "billing-lead-organisation" } else { "billing-lead" });
    let mut sheet = Sheet::new(cx, w.say("billing")).reference(owner.to_owned()).lead(lead).said(said(w, cx));
    sheet = sheet.under("/account").part(part);
    let is_of = |name: &str| wrong.filter(|(fields, _)| fields.has(name));
    let takes = billing.provider().filter(|provider| provider.currency() == currency && list.is_some());
    let top_up = Part::new(w.say("top-up")).note(w.say("top-up-note"));
    let top_up = match takes {
        Some(_) => {
            let label = w.fill("top-up-amount", &[("currency", currency.code())]);
            let help = w.fill("top-up-help", &[("max", &currency.decimal(ORDER_MAX))]);
            let form = Form::new(format!("{place}/top-up"), w.say("top-up-act"))
                .of(cx)
                .field(Field::text("amount", label).help(help).short())
                .primary();
            top_up.with(Block::Form(form.after(is_of("amount"))))
        }
        None => top_up.with(Block::Text(w.fill("top-up-bank", &[("id", owner)]))),
    };
    sheet = sheet.part(top_up);
    let months = billing.months(owner, currency, cx.now).await?;
    let month = parse_month(&cx.query("month")).unwrap_or_else(|| price::month(cx.now));
    if let Some(statement) = billing.statement(owner, currency, month).await? {
        sheet = sheet.part(statement_part((w, cx.language), &place, &months, &statement));
    }
    let orders = billing.orders_of(owner, ORDERS).await?;
    if !orders.is_empty() {
        let part = Part::new(w.say("orders")).note(w.say("orders-note"));
        sheet = sheet.part(part.with(Block::Ledger(orders_ledger(w, &place, &orders))));
    }
    let known = billing.invoice(owner).await?;
    let form = Form::new(format!("{place}/invoice"), w.say("save"))
        .of(cx)
        .field(Field::text("title", w.say("invoice-title")).value(known.title).optional())
        .field(Field::text("tax_number", w.say("invoice-tax-number")).value(known.tax_number).optional())
        .field(Field::text("address", w.say("invoice-address")).value(known.address).optional())
        .field(Field::mail("mail", w.say("invoice-mail")).value(known.mail).completes("off").optional());
    let part = Part::new(w.say("invoice")).note(w.say("invoice-note"));
    Ok(sheet.part(part.with(Block::Form(form.after(is_of("tax_number"))))))
}

async fn show(billing: &Billing, me: &Me, owner: Result<String, Fault>) -> Response<Body> {
    let shown = async { Ok(me.cx.page(&sheet(billing, me, &owner?, None).await?)) };
    me.cx.end(shown.await)
}

async fn top_up(billing: &Billing, me: &Me, owner: Result<String, Fault>, fields: &Fields) -> Response<Body> {
    let owner = match owner {
        Ok(owner) => owner,
        Err(fault) => return fault.answer(&me.cx),
    };
    let done = async {
        let w = me.cx.words(&WORDS);
        let provider = billing.provider().ok_or(Fault::NotFound)?;
        // What is of no use here is not taken.
        let list = billing.prices(me.cx.now).await?.filter(|list| list.currency == provider.currency());
        let currency = list.ok_or(Fault::NotFound)?.currency;
        let amount = currency.amount(fields.text("amount")).filter(|amount| (1..=ORDER_MAX).contains(amount));
        let amount = amount.ok_or_else(|| Fault::Field { field: "amount", what: w.say("amount-wrong") })?;
        let order = billing.order(me, &owner, amount).await?;
        Ok(me.cx.see(&format!("{}/orders/{}", place_of(&owner), order.id)))
    };
    let answer = done.await;
    me.cx.end_form(answer, async |fault| sheet(billing, me, &owner, Some((fields, fault))).await).await
}

async fn set_invoice(billing: &Billing, me: &Me, owner: Result<String, Fault>, fields: &Fields) -> Response<Body> {
    let owner = match owner {
        Ok(owner) => owner,
        Err(fault) => return fault.answer(&me.cx),
    };
    let done = async {
        billing.set_invoice(me, &owner, &Invoice::of(me, fields)?).await?;
        Ok(me.cx.see(&format!("{}?said=invoice", place_of(&owner))))
    };
    let answer = done.await;
    me.cx.end_form(answer, async |fault| sheet(billing, me, &owner, Some((fields, fault))).await).await
}

async fn csv(billing: &Billing, me: &Me, owner: Result<String, Fault>) -> Response<Body> {
    let made = async {
        let owner = owner?;
        let statement = billing.statement_for(me, &owner).await?;
        let currency = statement.currency;
        let mut text = csv_line(&["time", "kind", "about", "units", "free_units", "change", "balance", "currency"]);
        let opening = currency.decimal(statement.opening);
        text += &csv_line(&["", "opening", "", "", "", "", &opening, currency.code()]);
        for line in &statement.lines {
            let count = |count: fn(&super::Cost) -> i64| {
                line.charge.as_ref().map(|charge| count(&charge.cost).to_string()).unwrap_or_default()
            };
            text += &csv_line(&[
                &line.made.to_string(),
                line.kind.name(),
                &line.object,
                &count(|cost| cost.units),
                &count(|cost| cost.free_units),
                &currency.decimal(line.change),
                &currency.decimal(line.balance),
                currency.code(),
            ]);
        }
        Ok(download(&format!("statement-{}.csv", statement.month()), "text/csv; charset=utf-8", text.into_bytes()))
    };
    me.cx.end(made.await)
}

async fn order(billing: &Billing, me: &Me, owner: Result<String, Fault>, id: &str) -> Response<Body> {
    let shown = async {
        let owner = owner?;
        let (cx, w) = (&me.cx, me.cx.words(&WORDS));
        let order = billing.order_of(&owner, id).await?.ok_or(Fault::NotFound)?;
        let rows = vec![
            (w.say("amount"), order.currency.show(order.amount).into()),
            (w.say("state"), state_value(w, &order)),
            (w.say("time"), Value::Time(order.made)),
            (w.say("order-due"), Value::Time(order.due)),
        ];
        let mut part = Part::new(w.say("order")).with(Block::Record(rows));
        if let (OrderState::Made, Some(address)) = (order.state, &order.address) {
            let code = qrcode::QrCode::new(address.as_bytes()).map_err(Fault::broken)?;
            let drawing = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(220, 220).build();
            // Within a page there is no place for the line that begins a file of XML.
            let drawing = drawing.split_once("?>").map_or(drawing.as_str(), |(_, drawing)| drawing).to_owned();
            let form = Form::new(format!("{}/orders/{id}", place_of(&owner)), w.say("order-ask")).of(cx).primary();
            part = part
                .with(Block::Text(w.say("order-scan")))
                .with(Block::Drawing(drawing))
                .with(Block::Form(form.note(w.say("order-ask-note"))));
        }
        if order.state == OrderState::Failed {
            part = part.with(Block::Notice(w.say("order-failed"), w.say("order-failed-note")));
        }
        let part = part.with(Block::Links(vec![(place_of(&owner), w.say("billing"))]));
        let sheet = Sheet::new(cx, w.say("order")).reference(order.id.clone()).said(said(w, cx)).under("/account");
        Ok(cx.page(&sheet.part(part)))
    };
    me.cx.end(shown.await)
}

async fn ask(billing: &Billing, me: &Me, owner: Result<String, Fault>, id: &str) -> Response<Body> {
    let asked = async {
        let owner = owner?;
        let order = billing.order_of(&owner, id).await?.ok_or(Fault::NotFound)?;
        if order.state == OrderState::Made
            && let Err(error) = billing.ask_about(&order.id, order.due, me.cx.now).await
        {
            tracing::error!(%error, order = id, "an order cannot be asked about");
        }
        Ok(me.cx.see(&format!("{}/orders/{id}?said=asked", place_of(&owner))))
    };
    me.cx.end(asked.await)
}

/// `GET /account/billing`
async fn own(State(billing): State<Billing>, me: Me) -> Response<Body> {
    show(&billing, &me, Ok(own_name(&me))).await
}

/// `POST /account/billing/top-up`
async fn own_top_up(State(billing): State<Billing>, Sent { me, fields }: Sent) -> Response<Body> {
    top_up(&billing, &me, Ok(own_name(&me)), &fields).await
}

/// `POST /account/billing/invoice`
async fn own_invoice(State(billing): State<Billing>, Sent { me, fields }: Sent) -> Response<Body> {
    set_invoice(&billing, &me, Ok(own_name(&me)), &fields).await
}

/// `GET /account/billing/statement.csv`
async fn own_csv(State(billing): State<Billing>, me: Me) -> Response<Body> {
    csv(&billing, &me, Ok(own_name(&me))).await
}

/// `GET /account/billing/orders/{order}`
async fn own_order(State(billing): State<Billing>, me: Me, Path(id): Path<String>) -> Response<Body> {
    order(&billing, &me, Ok(own_name(&me)), &id).await
}

/// `POST /account/billing/orders/{order}`: asks the provider how it stands.
async fn own_ask(State(billing): State<Billing>, Path(id): Path<String>, Sent { me, .. }: Sent) -> Response<Body> {
    ask(&billing, &me, Ok(own_name(&me)), &id).await
}

/// `GET /organisations/{id}/billing`
async fn theirs(State(billing): State<Billing>, me: Me, Path(id): Path<String>) -> Response<Body> {
    show(&billing, &me, billing.theirs(&me, &id).await).await
}

/// `POST /organisations/{id}/billing/top-up`
async fn their_top_up(
    State(billing): State<Billing>,
    Path(id): Path<String>,
    Sent { me, fields }: Sent,
) -> Response<Body> {
    top_up(&billing, &me, billing.theirs(&me, &id).await, &fields).await
}

/// `POST /organisations/{id}/billing/invoice`
async fn their_invoice(
    State(billing): State<Billing>,
    Path(id): Path<String>,
    Sent { me, fields }: Sent,
) -> Response<Body> {
    set_invoice(&billing, &me, billing.theirs(&me, &id).await, &fields).await
}

/// `GET /organisations/{id}/billing/statement.csv`
async fn their_csv(State(billing): State<Billing>, me: Me, Path(id): Path<String>) -> Response<Body> {
    csv(&billing, &me, billing.theirs(&me, &id).await).await
}

/// `GET /organisations/{id}/billing/orders/{order}`
async fn their_order(
    State(billing): State<Billing>,
    me: Me,
    Path((id, number)): Path<(String, String)>,
) -> Response<Body> {
    order(&billing, &me, billing.theirs(&me, &id).await, &number).await
}

/// `POST /organisations/{id}/billing/orders/{order}`
async fn their_ask(
    State(billing): State<Billing>,
    Path((id, number)): Path<(String, String)>,
    Sent { me, .. }: Sent,
) -> Response<Body> {
    ask(&billing, &me, billing.theirs(&me, &id).await, &number).await
}
