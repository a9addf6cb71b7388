//! Statements 对账单: a month of an owner's balance on paper, sealed as certificates are.
//!
//! The lines are those of the page and of the CSV file, and come from the same books (`registry::billing`). It is made anew
//! each time and kept nowhere. It is no tax invoice, and says so.

use crate::sealed::sealed;
use crate::typeset::{self, beside, spans, zoned};
use axum::Router;
use axum::body::Body;
use axum::extract::{FromRef, Path, State};
use axum::http::Response;
use axum::routing::get;
use paper::{Block, Both, Column, Document, Foot, Row, Span, Stamp, printable};
use proof::digest::DigestAlgorithm;
use proof::report::Language;
use registry::accounts::{Accounts, Me};
use registry::billing::{Billing, Line, Statement};
use registry::web::{Catalog, Fault, Node, Site, download, get_alone};
use std::sync::{Arc, LazyLock};

static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

/// Lines of one statement on paper; the CSV file takes more.
const LINES_MAX: usize = 5_000;

/// The door of this room.
#[derive(Clone)]
struct Statements(Billing);

impl FromRef<Statements> for Accounts {
    fn from_ref(statements: &Statements) -> Self {
        statements.0.accounts().clone()
    }
}

impl FromRef<Statements> for Arc<Site> {
    fn from_ref(statements: &Statements) -> Self {
        Arc::clone(statements.0.accounts().site())
    }
}

pub(crate) fn router(billing: &Billing) -> Router {
    Router::new()
        .route("/account/billing/statement.pdf", get(own).head(get_alone))
        .route("/organisations/{id}/billing/statement.pdf", get(theirs).head(get_alone))
        .with_state(Statements(billing.clone()))
}

fn both(id: &str) -> Both {
    typeset::both(&WORDS, id)
}

/// `GET /account/billing/statement.pdf`
async fn own(State(room): State<Statements>, me: Me) -> Response<Body> {
    let (owner, called) = (format!("person/{}", me.person.id), me.person.profile.name.clone());
    let made = made(&room, &me, (&owner, &called)).await;
    me.cx.end(made)
}

/// `GET /organisations/{id}/billing/statement.pdf`
async fn theirs(State(room): State<Statements>, me: Me, Path(id): Path<String>) -> Response<Body> {
    let made = async {
        let owner = room.0.theirs(&me, &id).await?;
        let organisation = me.accounts.organisation(&id).await?.ok_or(Fault::NotFound)?;
        made(&room, &me, (&owner, &organisation.profile.name)).await
    };
    me.cx.end(made.await)
}

async fn made(room: &Statements, me: &Me, (owner, called): (&str, &str)) -> Result<Response<Body>, Fault> {
    let w = me.cx.words(&WORDS);
    let statement = room.0.statement_for(me, owner).await?;
    if statement.lines.len() > LINES_MAX {
        return Err(Fault::Field {
            field: "month",
            what: w.fill("statement-long", &[("count", &LINES_MAX.to_string())]),
        });
    }
    me.accounts.count_own_document(&me.person.id, me.cx.now).await?;
    let node = Arc::clone(&room.0.accounts().site().node);
    let (name, month) = ((owner.to_owned(), called.to_owned()), statement.month());
    let of = Arc::clone(&node);
    let pdf = node.check(move || document(&of, (&name.0, &name.1), &statement).to_pdf().map_err(Fault::broken));
    let pdf = pdf.await.map_err(Fault::Broken)??;
    let pdf = sealed(&node, &pdf).await;
    let pdf = pdf.map_err(|why| why.fault("month", w.say("statement-no-seal"), w.say("statement-no-stamp")))?;
    Ok(download(&format!("statement-{month}.pdf"), "application/pdf", pdf))
}

fn document(node: &Node, (owner, called): (&str, &str), statement: &Statement) -> Document {
    let (currency, now) = (statement.currency, node.now());
    let amount = |amount: i64| vec![Span::mono(format!("{} {}", currency.code(), currency.decimal(amount)))];
    let operator = &node.public().instance.operator.name;
    let rows = vec![
        Row::new(both("statement-of"), vec![Span::strong(printable(called))]),
        Row::new(both("statement-account"), vec![Span::mono(owner)]),
        Row::new(both("statement-month"), vec![Span::mono(format!("{} UTC", statement.month()))]),
        Row::new(both("statement-opening"), amount(statement.opening)),
        Row::new(both("statement-closing"), amount(statement.closing())),
        Row::new(both("statement-count"), vec![Span::mono(statement.lines.len().to_string())]),
        Row::new(both("statement-made"), vec![Span::mono(zoned(now.truncate_to_second(), 0, "UTC"))]),
        Row::new(both("statement-operator"), vec![Span::text(printable(operator))]),
    ];
    let mut blocks = vec![Block::Title(both("statement-title"), Stamp::None), Block::Rows(rows)];
    blocks.push(Block::Heading(both("statement-lines")));
    blocks.push(match statement.lines.is_empty() {
        true => Block::Text(beside(&both("statement-none"))),
        false => table(statement),
    });
    blocks.push(Block::Text(spans(&both("statement-note"))));
    let name = both("statement-title");
    let warning = if node.is_evaluation() { both("statement-evaluation") } else { both("statement-no-invoice") };
    Document {
        title: format!("{} {} {}", name.zh, name.en, statement.month()),
        id: DigestAlgorithm::Sha256.digest(format!("{now} {owner} {}", statement.month()).as_bytes()).to_string(),
        author: operator.clone(),
        time: now,
        blocks,
        scan: None,
        foot: Foot { left: format!("时印 Shiyin　{}", name.zh), middle: format!("{} {}", warning.zh, warning.en) },
        attached: Vec::new(),
    }
}

fn table(statement: &Statement) -> Block {
    let currency = statement.currency;
    let row = |line: &Line| {
        let id = line.object.split_once('/').map_or(line.object.as_str(), |(_, id)| id);
        let told = |language| [line.kind_in(language), line.counts_in(language)].join("　").trim_end().to_owned();
        let (zh, en) = (told(Language::Zh), told(Language::En).replace('　', ": "));
        let what =
            vec![Span::text(printable(&zh)), Span::quiet(printable(&format!("\n{en}\n"))), Span::mono(printable(id))];
        vec![
            vec![Span::mono(zoned(line.made.truncate_to_second(), 0, "UTC"))],
            what,
            vec![Span::mono(line.signed(currency))],
            vec![Span::mono(currency.decimal(line.balance))],
        ]
    };
    let column = |id: &str, share| Column { head: both(id), share };
    let columns = vec![
        column("statement-time", 2.4),
        column("statement-about", 4.4),
        column("statement-change", 1.6),
        column("statement-balance", 1.6),
    ];
    Block::Table(columns, statement.lines.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_words_are_complete() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/statements");
        registry::web::check_words(include_str!("zh.ftl"), include_str!("en.ftl"), &folder);
    }
}
