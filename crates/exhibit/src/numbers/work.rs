//! The public page of a work: its stamped records in their order, where its owner shows the work to everyone
//! (ipr-37, case-10, case-11).
//!
//! The page names nothing that is not shown of a record by itself; its address is the work's, and stays.

use super::shown::OWNERS;
use super::{Numbers, WORDS};
use crate::typeset::reader_time;
use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Response;
use axum::routing::{get, post};
use proof::record::{Openings, Part, Statement};
use registry::accounts::audit::Act;
use registry::accounts::{Me, Sent};
use registry::evidence::{Entry, Owner, State as Stands};
use registry::web::sheet::{Block, Form, Part as SheetPart, Value};
use registry::web::{Cx, Fault, Page, Words};
use trust::TrustError;

pub(super) fn router() -> Router<Numbers> {
    Router::new().route("/w/{id}", get(show)).route("/records/{number}/shown/work", post(set))
}

/// Records on one page.
const SHOWN: i64 = 50;

#[derive(Template)]
#[template(path = "numbers/work.html")]
struct WorkHtml {
    w: Words,
    title: String,
    lead: String,
    rows: Vec<Row>,
    more: String,
}

struct Row {
    number: String,
    title: String,
    time: String,
    files: String,
    is_whole: bool,
}

impl Page for WorkHtml {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn current(&self) -> &'static str {
        "/verify"
    }
}

/// The title that was opened, where it was.
pub(super) fn title_of(opened: Option<&Openings>) -> Option<String> {
    let title = Part::Statement("title".to_owned());
    opened?.all().iter().find(|one| one.part == title)?.text.clone()
}

impl Numbers {
    /// The work that a record belongs to, where everyone may see it.
    pub(super) async fn work_of(&self, entry: &Entry) -> Result<Option<String>, Fault> {
        let sql = "select origin from shown_work where origin = $1 and owner = $2";
        let rows = self.db().rows(sql, &[entry.origin.as_str().into(), entry.owner.name().into()]).await?;
        let work = rows.first().map(|row| row.text(0).map(str::to_owned)).transpose()?;
        Ok(if work.is_some() && self.is_away(&entry.owner).await? { None } else { work })
    }

    /// Who is frozen or gone cannot take back what is shown, so nothing of his is shown meanwhile.
    async fn is_away(&self, owner: &Owner) -> Result<bool, Fault> {
        let Owner::Person(id) = owner else { return Ok(false) };
        Ok(self.evidence.accounts().person(id).await?.is_none_or(|person| person.is_frozen()))
    }

    /// The part of the form for what everyone sees that is about the whole work.
    pub(super) async fn work_part(&self, me: &Me, entry: &Entry) -> Result<SheetPart, Fault> {
        let w = me.cx.words(&WORDS);
        let place = format!("/records/{}/shown/work", entry.number);
        let work = self.work_of(entry).await?;
        let mut part = SheetPart::new(w.say("work-shown")).note(w.say("work-shown-note"));
        let form = match &work {
            Some(work) => {
                let address = format!("{}/w/{work}", self.node().profile.url);
                let link = Value::Link(address.clone(), address);
                part = part.with(Block::Record(vec![(w.say("badge-page"), link)]));
                Form::new(place, w.say("work-shown-end")).of(&me.cx).hidden("end", "yes")
            }
            None => Form::new(place, w.say("work-shown-do")).of(&me.cx),
        };
        Ok(part.with(Block::Form(form)))
    }
}

/// `POST /records/{number}/shown/work`
async fn set(State(room): State<Numbers>, Path(number): Path<String>, Sent { me, fields }: Sent) -> Response<Body> {
    let done = async {
        let (by, entry) = room.evidence.reader(&me, &number, OWNERS).await?;
        if entry.state != Stands::Kept {
            return Err(Fault::Field { field: "work", what: me.cx.words(&WORDS).say("shown-waits") });
        }
        let is_end = fields.text("end") == "yes";
        let (owner, now_ms) = (entry.owner.name(), by.now.unix_s() * 1000);
        let written: Result<(), TrustError> = store::transaction!(room.db(), tx => {
            let of = [entry.origin.as_str().into(), owner.as_str().into()];
            tx.execute("delete from shown_work where origin = $1 and owner = $2", &of).await?;
            if !is_end {
                let sql = "insert into shown_work (origin, owner, person, since_ms) values ($1, $2, $3, $4)";
                let [origin, owner] = of;
                tx.execute(sql, &[origin, owner, me.person.id.as_str().into(), now_ms.into()]).await?;
            }
            Ok(())
        });
        written?;
        room.evidence.note(&by, &entry, if is_end { Act::Hidden } else { Act::Shown }).await?;
        Ok(me.cx.see(&format!("/records/{}/shown?said=shown", entry.number)))
    };
    me.cx.end(done.await)
}

/// `GET /w/{id}`
async fn show(State(room): State<Numbers>, cx: Cx, Path(id): Path<String>) -> Response<Body> {
    let shown = async {
        cx.count_check()?;
        let rows = room.db().rows("select owner from shown_work where origin = $1", &[id.as_str().into()]).await?;
        let owner = rows.first().ok_or(Fault::NotFound)?.text(0)?.to_owned();
        let owner = Owner::parse(&owner).ok_or_else(|| Fault::broken("an owner that is none"))?;
        if room.is_away(&owner).await? {
            return Err(Fault::NotFound);
        }
        let w = cx.words(&WORDS);
        let after = cx.query("after").parse().unwrap_or(0);
        let (entries, count) = room.evidence.stamped_of_origin(&owner, &id, after, SHOWN).await?;
        let earliest = room.evidence.earliest_stamp(&owner, &id).await?.ok_or(Fault::NotFound)?;
        let (mut rows, mut title) = (Vec::new(), None);
        for entry in &entries {
            let opened = title_of(room.opened(entry).await?.as_ref());
            title = opened.clone().or(title);
            let record = room.evidence.record(entry.number).await?;
            let is_whole = record.is_some_and(
                |record| matches!(record.statements.get("whole"), Some(Statement::Open(said)) if !said.is_empty()),
            );
            rows.push(Row {
                number: entry.number.to_string(),
                title: opened.unwrap_or_default(),
                time: entry
                    .time
                    .map(|time| proof_wasm::page::instant(time.truncate_to_second(), cx.language))
                    .unwrap_or_default(),
                files: entry.files.to_string(),
                is_whole,
            });
        }
        let values = [("count", &*count.to_string()), ("time", &*reader_time(earliest, &cx))];
        let lead = w.fill("work-lead", &values);
        let more = entries.last().filter(|_| entries.len() as i64 == SHOWN);
        let more = more.map(|last| format!("/w/{id}?after={}", last.id)).unwrap_or_default();
        Ok(cx.page(&WorkHtml { w, title: title.unwrap_or_else(|| w.say("work-title")), lead, rows, more }))
    };
    cx.end(shown.await)
}
