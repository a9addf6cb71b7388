//! How the house stands: whether it signs, what ends soon, what it keeps, what waits, what was given up, and what it
//! says of its operator. One act: what was given up is tried again. Nothing here changes a record.

use super::WORDS;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use axum::routing::{get, post};
use proof::der::Time;
use proof_wasm::page::size;
use registry::accounts::audit::{Act, Scope, note};
use registry::accounts::{Me, Operator, OperatorSent, said};
use registry::evidence::{self, Evidence};
use registry::web::sheet::{Block, Form, Ledger, Mark, Part, Sheet, Value};
use registry::web::{Cx, Fault, Node, Relation, Words, grouped};
use registry::webhooks::Counts;
use store::jobs;
use trust::certificates::{Role, key_use_ends};

const PLACE: &str = "/operator/standing";
/// Jobs that were given up, and that the page shows.
const SHOWN: i64 = 100;
/// What ends within this many days is marked.
const SOON_DAYS: i64 = 90;
/// Less room than this on the disk is marked, as `shiyin doctor` warns.
const FREE_BYTES_LEAST: u64 = 1 << 30;
/// A job that has been due for this long waits for a worker that is not there.
const LATE_MS: i64 = 600_000;

pub(super) fn router() -> Router<Evidence> {
    Router::new().route("/operator/standing", get(show)).route("/operator/standing/retry", post(retry))
}

fn ms(time: Time) -> i64 {
    time.unix_s() * 1000
}

/// `GET /operator/standing`
async fn show(State(evidence): State<Evidence>, Operator(me): Operator) -> Response<Body> {
    let shown = async {
        let (cx, w) = (&me.cx, me.cx.words(&WORDS));
        let sheet = Sheet::new(cx, w.say("standing")).lead(w.say("standing-lead")).said(said(cx)).under("/account");
        let sheet = sheet.part(signing(cx, w)).part(keys(cx, w)).part(kept(&evidence, &me, w).await?);
        let sheet = sheet.part(waiting(&me, w).await?).part(given_up(&me, w).await?).part(webhooks(&me, w).await?);
        Ok(cx.page(&sheet.part(operator(&cx.site.node, w))))
    };
    me.cx.end(shown.await)
}

/// Whether it signs, by which clock, into which log.
fn signing(cx: &Cx, w: Words) -> Part {
    let node = &cx.site.node;
    let unready = node.unready();
    let signs = match unready.is_empty() {
        true => Value::Mark(Mark::Sealed, w.say("standing-signs")),
        false => Value::Mark(Mark::Failed, unready.join(", ")),
    };
    let clock = match node.clock_status() {
        None => Value::Mark(Mark::Absent, w.say("standing-clock-host")),
        Some(status) => {
            let up = status.sources.iter().filter(|source| source.last.is_ok()).count();
            let counts = [("up", up.to_string()), ("all", status.sources.len().to_string())];
            let words = w.fill("standing-sources", &[("up", &counts[0].1), ("all", &counts[1].1)]);
            Value::Mark(if up == status.sources.len() { Mark::Sealed } else { Mark::Waiting }, words)
        }
    };
    let seals = match node.seal() {
        Some(_) => Value::Mark(Mark::Sealed, w.say("standing-seals")),
        None => Value::Mark(Mark::Absent, w.say("standing-seals-not")),
    };
    let rows = vec![
        (w.say("standing-signing"), signs),
        (w.say("standing-clock"), clock),
        (w.say("standing-seal"), seals),
        (w.say("standing-log"), w.fill("standing-entries", &[("count", &grouped(node.log_size()))]).into()),
        (w.say("standing-witnesses"), grouped(node.witnesses().len() as u64).into()),
    ];
    let part = Part::new(w.say("standing-instruments")).with(Block::Record(rows));
    part.with(Block::Links(vec![("/authority".to_owned(), w.say("standing-authority"))]))
}

/// The keys and certificates in use, and when each ends.
fn keys(cx: &Cx, w: Words) -> Part {
    let public = cx.site.node.public();
    let soon = |end: Time| end.unix_s() - cx.now.unix_s() < SOON_DAYS * 86_400;
    let rows = public.instance.in_use().map(|held| {
        let parsed = held.certificate().ok();
        let end = parsed.as_ref().map(|certificate| key_use_ends(certificate).unwrap_or(certificate.not_after));
        let role = w.say(match held.role {
            Role::Root => "key-root",
            Role::Issuing => "key-issuing",
            Role::Tsa => "key-tsa",
            Role::Seal => "key-seal",
        });
        let state = match end {
            Some(end) if end <= cx.now => Value::Mark(Mark::Failed, w.say("key-ended")),
            Some(end) if soon(end) => Value::Mark(Mark::Waiting, w.say("key-ends-soon")),
            Some(_) => Value::Mark(Mark::Sealed, w.say("key-well")),
            None => Value::Mark(Mark::Failed, w.say("key-unreadable")),
        };
        vec![Value::Two(role, held.algorithm.to_string()), Value::from(end), state]
    });
    let head = ["key", "key-until", "state"].map(|id| w.say(id)).to_vec();
    let ledger = Ledger { name: w.say("keys"), head, rows: rows.collect() };
    Part::new(w.say("keys")).note(w.say("keys-note")).full().with(Block::Ledger(ledger))
}

/// Records by state, and the room that is left.
async fn kept(evidence: &Evidence, me: &Me, w: Words) -> Result<Part, Fault> {
    let mut rows = Vec::new();
    for (state, count) in evidence.counts().await? {
        let id = match state {
            evidence::State::Asked => "records-asked",
            evidence::State::Waiting => "records-waiting",
            evidence::State::Kept => "records-kept",
            evidence::State::Declined => "records-declined",
        };
        rows.push((w.say(id), grouped(count).into()));
    }
    let database = w.say(if me.accounts.db().is_shared() { "database-postgresql" } else { "database-sqlite" });
    rows.push((w.say("database"), database.into()));
    if let Some(free) = me.accounts.free_bytes() {
        let mark = if free < FREE_BYTES_LEAST { Mark::Failed } else { Mark::Sealed };
        rows.push((w.say("disk-free"), Value::Mark(mark, size(free))));
    }
    Ok(Part::new(w.say("standing-kept")).note(w.say("standing-kept-note")).with(Block::Record(rows)))
}

/// What is done beside the requests.
async fn waiting(me: &Me, w: Words) -> Result<Part, Fault> {
    let now_ms = ms(me.cx.now);
    let part = Part::new(w.say("jobs")).note(w.say("jobs-note")).full();
    let kinds = jobs::kinds(me.accounts.db(), now_ms).await?;
    if kinds.is_empty() {
        return Ok(part.with(Block::Empty(w.say("jobs-none"), w.say("jobs-none-note"))));
    }
    let rows = kinds.into_iter().map(|kind| {
        let due = match kind.due_ms {
            None => Value::None,
            Some(due_ms) if now_ms - due_ms > LATE_MS => Value::Mark(Mark::Failed, w.say("job-late")),
            Some(_) => Value::Mark(Mark::Waiting, w.say("job-due")),
        };
        let dead = match kind.dead {
            0 => Value::from(grouped(0)),
            dead => Value::Mark(Mark::Failed, grouped(dead)),
        };
        vec![Value::Mono(kind.kind), grouped(kind.ready).into(), grouped(kind.taken).into(), dead, due]
    });
    let head = ["job-kind", "job-ready", "job-taken", "job-dead", "state"].map(|id| w.say(id)).to_vec();
    Ok(part.with(Block::Ledger(Ledger { name: w.say("jobs"), head, rows: rows.collect() })))
}

/// What programs are told, and whether it reaches them.
async fn webhooks(me: &Me, w: Words) -> Result<Part, Fault> {
    let counts = Counts::of(me.accounts.db()).await?;
    let marked = |count: u64| match count {
        0 => Value::from(grouped(0)),
        count => Value::Mark(Mark::Failed, grouped(count)),
    };
    let rows = vec![
        (w.say("webhooks-enabled"), grouped(counts.enabled).into()),
        (w.say("webhooks-waiting"), grouped(counts.waiting).into()),
        (w.say("webhooks-failed"), marked(counts.failed)),
        (w.say("webhooks-disabled"), marked(counts.disabled)),
    ];
    Ok(Part::new(w.say("webhooks")).note(w.say("webhooks-note")).with(Block::Record(rows)))
}

/// What was given up, with the act that tries it again.
async fn given_up(me: &Me, w: Words) -> Result<Part, Fault> {
    let part = Part::new(w.say("given-up")).note(w.say("given-up-note")).full();
    let found = jobs::given_up(me.accounts.db(), "", SHOWN).await?;
    if found.is_empty() {
        return Ok(part.with(Block::Empty(w.say("given-up-none"), w.say("given-up-none-note"))));
    }
    let rows = found.into_iter().map(|job| {
        let tries = w.fill("job-tries", &[("count", &job.tries.to_string())]);
        let again = Form::new("/operator/standing/retry", w.say("job-retry")).of(&me.cx).hidden("job", job.id).small();
        let made = Time::from_unix(job.created_ms.div_euclid(1000));
        vec![Value::Two(job.kind, tries), Value::Mono(job.error), Value::Time(made), Value::Acts(vec![again])]
    });
    let head = ["job-kind", "failed", "written"].map(|id| w.say(id)).into_iter().chain([String::new()]).collect();
    Ok(part.with(Block::Ledger(Ledger { name: w.say("given-up"), head, rows: rows.collect() })))
}

/// What the node says of its operator, and where that is changed.
fn operator(node: &Node, w: Words) -> Part {
    let public = node.public();
    let (named, profile) = (&public.instance.operator, &node.profile);
    let relation = profile.relation.map(|relation| {
        w.say(match relation {
            Relation::Independent => "relation-independent",
            Relation::OwnWorks => "relation-own",
            Relation::Both => "relation-both",
        })
    });
    let said = |text: &str| match text {
        "" => Value::Mark(Mark::Absent, w.say("profile-unsaid")),
        text => text.into(),
    };
    let rows = vec![
        (w.say("profile-name"), said(&named.name)),
        (w.say("profile-registration"), said(named.registration.as_deref().unwrap_or_default())),
        (w.say("profile-address"), said(&profile.address)),
        (w.say("profile-contact"), said(&profile.contact)),
        (w.say("profile-filing"), said(&profile.filing)),
        (w.say("profile-relation"), said(relation.as_deref().unwrap_or_default())),
        (w.say("profile-url"), said(&profile.url)),
    ];
    Part::new(w.say("profile")).note(w.say("profile-note")).with(Block::Record(rows))
}

/// `POST /operator/standing/retry`
async fn retry(OperatorSent { me, fields }: OperatorSent) -> Response<Body> {
    if let Err(first) = me.fresh(PLACE) {
        return *first;
    }
    let revived = async {
        let (id, now) = (fields.text("job"), me.cx.now);
        let done: Result<(), store::StoreError> = store::transaction!(me.accounts.db(), tx => {
            jobs::revive(tx, id, ms(now)).await?;
            note(tx, &Scope::Node, &me.actor(), Act::JobRevived, &format!("job/{id}"), now).await
        });
        match done {
            Err(store::StoreError::Refused(_)) => Err(Fault::NotFound),
            other => Ok(other?),
        }
    };
    me.cx.end(revived.await.map(|()| me.cx.see("/operator/standing?said=done")))
}
