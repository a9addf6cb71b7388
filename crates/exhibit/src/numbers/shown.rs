//! What an owner shows everyone, part by part, and takes back (case-11, law-14, law-23).
//!
//! A person's name stands on a public page only where the person agreed to that in the ledger of
//! consents; where that is withdrawn, it is gone from the page at once.

use super::{Numbers, WORDS};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Response;
use axum::routing::get;
use proof::record::{Openings, Part as Place};
use registry::accounts::audit::Act;
use registry::accounts::organisation::Role;
use registry::accounts::privacy::consent::Purpose;
use registry::accounts::{Me, Sent};
use registry::evidence::{Entry, Owner, State as Stands};
use registry::web::sheet::{Block, Field, Form, Part, Sheet, Value};
use registry::web::{Fault, Words};
use std::collections::HashSet;
use trust::TrustError;

pub(super) fn router() -> Router<Numbers> {
    Router::new().route("/records/{number}/shown", get(form).post(show))
}

/// What may be shown, and its word.
const PARTS: [(&str, &str); 6] = [
    ("applicant", "part-applicant"),
    ("title", "part-title"),
    ("authors", "part-authors"),
    ("summary", "part-summary"),
    ("declaration", "part-declaration"),
    ("names", "part-names"),
];

/// What names people by its nature: shown only by the person's own consent to that (law-23). An organisation cannot
/// consent for the authors that it names.
const NAMING: [&str; 2] = ["applicant", "authors"];

/// What this owner may show.
pub(super) fn offered(owner: &Owner) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let is_person = matches!(owner, Owner::Person(_));
    PARTS.iter().filter(move |(id, _)| is_person || *id != "authors")
}

pub(super) fn is_of(parts: &[String], place: &Place) -> bool {
    let has = |name: &str| parts.iter().any(|part| part == name);
    match place {
        Place::Applicant => has("applicant"),
        Place::Name(_) => has("names"),
        Place::Statement(name) => has(name),
        Place::Content(_) => false,
    }
}

impl Numbers {
    /// The names of the parts that are shown of a record; none where it is not shown at all.
    pub(super) async fn parts(&self, entry: &Entry) -> Result<Option<Vec<String>>, Fault> {
        let rows = self.db().rows("select parts from shown where id = $1", &[entry.id.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let mut parts: Vec<String> =
            row.text(0)?.split(' ').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        if let Owner::Person(id) = &entry.owner {
            let accounts = self.evidence.accounts();
            // Who is frozen cannot take anything back, so nothing is shown meanwhile.
            if accounts.person(id).await?.is_none_or(|person| person.is_frozen()) {
                return Ok(None);
            }
            if !accounts.has_consented(id, Purpose::ShowName).await? {
                parts.retain(|part| !NAMING.contains(&part.as_str()));
            }
        }
        Ok(Some(parts))
    }

    /// What is opened to everyone of a record; none where nothing is.
    pub(super) async fn opened(&self, entry: &Entry) -> Result<Option<Openings>, Fault> {
        let Some(parts) = self.parts(entry).await?.filter(|parts| !parts.is_empty()) else { return Ok(None) };
        let opened = self.evidence.shown(entry, |place| is_of(&parts, place)).await?;
        Ok(opened.filter(|opened| !opened.all().is_empty()))
    }
}

/// Whose records these are decides alone what everyone sees of them.
pub(super) const OWNERS: &[Role] = &[Role::Owner];

/// `GET /records/{number}/shown`
async fn form(State(room): State<Numbers>, me: Me, Path(number): Path<String>) -> Response<Body> {
    let shown = async {
        let (_, entry) = room.evidence.reader(&me, &number, OWNERS).await?;
        Ok(me.cx.page(&sheet(&room, &me, &entry).await?))
    };
    me.cx.end(shown.await)
}

async fn sheet(room: &Numbers, me: &Me, entry: &Entry) -> Result<Sheet, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let parts = room.parts(entry).await?;
    let now = parts.clone().unwrap_or_default();
    let option = |(id, word): &(&str, &str)| ((*id).to_owned(), w.say(word), now.iter().any(|part| part == id));
    let place = format!("/records/{}/shown", entry.number);
    let form = Form::new(place.clone(), w.say("shown-do"))
        .of(cx)
        .field(Field::boxes("part", w.say("shown-parts"), offered(&entry.owner).map(option).collect()).optional())
        .primary();
    let address = format!("{}/v/{}", room.node().profile.url, entry.number);
    let mut sheet = Sheet::new(cx, w.say("shown-title"))
        .reference(entry.number.to_string())
        .lead(w.say("shown-lead"))
        .under("/records")
        .said((cx.query("said") == "shown").then(|| w.say("shown-said")));
    sheet = sheet.part(Part::new(w.say("shown-parts")).note(w.say("shown-note")).with(Block::Form(form)));
    if parts.is_some() {
        sheet = sheet.part(badge(w, entry, &address));
        let end = Form::new(place, w.say("shown-end")).of(cx).hidden("end", "yes");
        sheet = sheet.part(Part::new(w.say("shown-end")).note(w.say("shown-end-note")).with(Block::Form(end)));
    }
    Ok(sheet.part(room.work_part(me, entry).await?))
}

fn badge(w: Words, entry: &Entry, address: &str) -> Part {
    let code = format!(
        "<a href=\"{address}\"><img src=\"{address}/badge.svg\" alt=\"{} {}\" height=\"40\"></a>",
        w.say("badge-alt"),
        entry.number
    );
    let rows = vec![
        (w.say("badge-page"), Value::Link(address.to_owned(), address.to_owned())),
        (w.say("badge-code"), Value::Mono(code)),
    ];
    Part::new(w.say("badge-title")).note(w.say("badge-note")).with(Block::Record(rows))
}

/// `POST /records/{number}/shown`
async fn show(State(room): State<Numbers>, Path(number): Path<String>, Sent { me, fields }: Sent) -> Response<Body> {
    let done = async {
        let w = me.cx.words(&WORDS);
        let (by, entry) = room.evidence.reader(&me, &number, OWNERS).await?;
        if entry.state != Stands::Kept {
            return Err(Fault::Field { field: "part", what: w.say("shown-waits") });
        }
        let is_end = fields.text("end") == "yes";
        let sent: HashSet<&str> = fields.all("part").collect();
        let parts: Vec<&str> = offered(&entry.owner).map(|(id, _)| *id).filter(|id| sent.contains(id)).collect();
        let names_person = matches!(entry.owner, Owner::Person(_)) && parts.iter().any(|part| NAMING.contains(part));
        if names_person && !me.accounts.has_consented(&me.person.id, Purpose::ShowName).await? {
            return Err(Fault::Field { field: "part", what: w.say("shown-consent") });
        }
        let (owner, person, since) = (entry.owner.name(), me.person.id.clone(), by.now.unix_s() * 1000);
        let written: Result<(), TrustError> = store::transaction!(room.db(), tx => {
            tx.execute("delete from shown where id = $1", &[entry.id.into()]).await?;
            if !is_end {
                let sql = "insert into shown (id, owner, parts, person, since_ms) values ($1, $2, $3, $4, $5)";
                let values = [entry.id.into(), owner.as_str().into(), parts.join(" ").into(), person.as_str().into(), since.into()];
                tx.execute(sql, &values).await?;
            }
            Ok(())
        });
        written?;
        room.evidence.note(&by, &entry, if is_end { Act::Hidden } else { Act::Shown }).await?;
        Ok(me.cx.see(&format!("/records/{}/shown?said=shown", entry.number)))
    };
    me.cx.end(done.await)
}
