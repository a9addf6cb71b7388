//! The API to be read at the node: the document for tools, the list of operations, and each of them.

use super::document::{Schemas, status_words};
use super::flat::{Row, rows};
use super::{Content, Group, Operation, document};
use crate::web::sheet::{Block, Ledger, Part, Sheet, Value as Shown};
use crate::web::{Code, Cx, Fault, Site, WORDS, Words, fault};
use axum::Router;
use axum::body::Body;
use axum::extract::{FromRef, Path, State};
use axum::http::{HeaderValue, Response, header};
use axum::routing::get;
use proof::report::Language;
use serde_json::{Map, Value};
use std::sync::Arc;

const PLACE: &str = "/api";

/// What is told, and by which site.
#[derive(Clone)]
struct Book {
    site: Arc<Site>,
    operations: Arc<Vec<Operation>>,
}

impl FromRef<Book> for Arc<Site> {
    fn from_ref(book: &Book) -> Self {
        Arc::clone(&book.site)
    }
}

/// The pages and the document of these operations.
pub(in crate::web) fn router(site: &Arc<Site>, operations: Vec<Operation>) -> Router {
    Router::new()
        .route("/api", get(list))
        .route("/api/{operation}", get(show))
        .route("/api/v1/openapi.json", get(openapi))
        .with_state(Book { site: Arc::clone(site), operations: Arc::new(operations) })
}

/// `GET /api/v1/openapi.json`: OpenAPI 3.1, in the language of the request.
async fn openapi(State(book): State<Book>, cx: Cx) -> Response<Body> {
    let document = document(&book.operations, cx.language, &cx.site.node.profile.url);
    let answered = serde_json::to_vec_pretty(&document).map_err(Fault::broken).map(|bytes| {
        let mut response = Response::new(Body::from(bytes));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-language, cookie"));
        response
    });
    cx.end(answered)
}

/// `GET /api`
async fn list(State(book): State<Book>, cx: Cx) -> Response<Body> {
    let w = cx.words(&WORDS);
    let links = [("/api/v1/openapi.json", "api-document"), ("/help/api", "api-guide"), ("/account/keys", "api-keys")];
    let links = links.map(|(href, id)| (href.to_owned(), w.say(id))).to_vec();
    let variables = format!("export SHIYIN={}\nexport KEY=shiyin_…", cx.site.node.profile.url);
    let access = Part::new(w.say("api-access")).note(w.say("api-access-note"));
    let mut sheet = Sheet::new(&cx, w.say("api"))
        .lead(w.say("api-lead"))
        .under("/help")
        .part(access.with(Block::Plain(variables)).with(Block::Links(links)));
    for group in Group::ALL {
        let of = book.operations.iter().filter(|operation| operation.group == group);
        let entry = |operation: &Operation| {
            let name = match operation.is_event {
                true => operation.path.to_owned(),
                false => format!("{} {}", operation.method, operation.path),
            };
            (format!("{PLACE}/{}", operation.id), operation.summary.of(cx.language).to_owned(), name)
        };
        let entries: Vec<_> = of.map(entry).collect();
        if !entries.is_empty() {
            sheet = sheet.part(Part::new(group.name().of(cx.language).to_owned()).with(Block::Contents(entries)));
        }
    }
    let of_all = [("api-paging", "api-paging-note"), ("api-again", "api-again-note"), ("api-rates", "api-rates-note")];
    for (heading, note) in of_all {
        sheet = sheet.part(Part::new(w.say(heading)).with(Block::Text(w.say(note))));
    }
    let problems = Code::ALL.iter().map(|code| {
        let entry = code.entry();
        let [title, means, remedy] =
            [entry.title, entry.means, entry.remedy].map(|says| says.of(cx.language).to_owned());
        let name = Shown::Anchor(fault::anchor(*code), code.name().to_owned());
        vec![name, code.status().as_u16().to_string().into(), Shown::Two(title, means), remedy.into()]
    });
    let head = ["api-problem-code", "api-status", "api-says", "api-remedy"].map(|id| w.say(id)).to_vec();
    let ledger = Ledger { name: w.say("api-problems"), head, rows: problems.collect() };
    let part = Part::new(w.say("api-problems")).note(w.say("api-problems-note")).full();
    cx.page(&sheet.part(part.with(Block::Ledger(ledger))))
}

/// `GET /api/{operation}`
async fn show(State(book): State<Book>, cx: Cx, Path(id): Path<String>) -> Response<Body> {
    match book.operations.iter().find(|operation| operation.id == id) {
        Some(operation) => cx.page(&page(&cx, operation)),
        None => Fault::NotFound.answer(&cx),
    }
}

fn fields(w: Words, name: String, rows: Vec<Row>) -> Block {
    let row = |row: Row| {
        let name = if row.is_needed { format!("{} *", row.name) } else { row.name };
        vec![Shown::Mono(name), row.kind.into(), row.says.into()]
    };
    let head = ["api-name", "api-type", "api-says"].map(|id| w.say(id)).to_vec();
    Block::Ledger(Ledger { name, head, rows: rows.into_iter().map(row).collect() })
}

fn page(cx: &Cx, operation: &Operation) -> Sheet {
    let (w, language) = (cx.words(&WORDS), cx.language);
    let mono = |text: &str| Shown::Mono(text.to_owned());
    let scopes = match (operation.has_key, operation.scopes.is_empty()) {
        (false, _) if operation.is_event => w.say("api-signed").into(),
        (false, _) => w.say("api-public").into(),
        (true, true) => w.say("api-any-key").into(),
        (true, false) => Shown::Mono(operation.scopes.join(" ")),
    };
    let address = match operation.is_event {
        true => operation.path.to_owned(),
        false => format!("{} {}", operation.method, operation.path),
    };
    let record = vec![(w.say("api-address"), Shown::Mono(address)), (w.say("api-scopes"), scopes)];
    let mut request = Part::new(w.say("api-request")).with(Block::Record(record));
    if !operation.parameters.is_empty() {
        let rows = operation.parameters.iter().map(|one| {
            let name = format!("{}{}", one.name, if one.is_needed { " *" } else { "" });
            let kind = super::flat::kind(&one.schema, &Map::new());
            vec![mono(&name), one.at.name().into(), kind.into(), one.says.of(language).into()]
        });
        let head = ["api-name", "api-place", "api-type", "api-says"].map(|id| w.say(id)).to_vec();
        request = request.with(Block::Ledger(Ledger { name: w.say("api-parameters"), head, rows: rows.collect() }));
    }
    let mut sheet = Sheet::new(cx, operation.summary.of(language).to_owned())
        .reference(operation.id.to_owned())
        .lead(operation.note.of(language).to_owned())
        .under("/help")
        .part(request.full());
    if let Some(body) = &operation.body {
        let part = Part::new(w.say("api-body")).full();
        let note = if operation.is_event { "api-event-note" } else { "api-body-note" };
        sheet = sheet.part(match body.make {
            Some(_) => part.note(w.say(note)).with(fields(w, w.say("api-body"), flat(body, language, true))),
            None => part.with(Block::Plain(body.media_type.to_owned())),
        });
    }
    if !operation.is_event {
        sheet = sheet.part(Part::new(w.say("api-command")).with(Block::Plain(operation.curl())));
    }
    for answer in &operation.answers {
        let name = w.fill("api-answer", &[("status", &answer.status.to_string())]);
        let part = Part::new(name.clone());
        let mut part = part.note(answer.says.of(language).to_owned()).full();
        if let Some(content) = &answer.content {
            part = match content.make {
                Some(_) => part.with(fields(w, name, flat(content, language, false))),
                None => part.with(Block::Plain(content.media_type.to_owned())),
            };
        }
        if !answer.headers.is_empty() {
            let rows = answer.headers.iter().map(|(name, says)| (name.to_string(), says.of(language).into())).collect();
            part = part.with(Block::Record(rows));
        }
        sheet = sheet.part(part);
    }
    let links = vec![(PLACE.to_owned(), w.say("api-all"))];
    if operation.is_event {
        return sheet.part(Part::new(w.say("api-answers")).note(w.say("api-answers-note")).with(Block::Links(links)));
    }
    let refused = operation.refused_with().into_iter();
    let refused = refused.map(|status| (status.to_string(), status_words(status).of(language).into())).collect();
    sheet.part(Part::new(w.say("api-refused")).with(Block::Record(refused)).with(Block::Links(links)))
}

/// The fields of a body or an answer.
fn flat(content: &Content, language: Language, is_taken: bool) -> Vec<Row> {
    let mut schemas = Schemas::new(language);
    let schema: Value = if is_taken { schemas.taken(content) } else { schemas.given(content) };
    rows(&schema, &schemas.all())
}
