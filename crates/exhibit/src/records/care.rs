//! The care of a record's originals 存证检查: what is kept, where, how it was found, and what happens next
//! (kx-12, ipr-48).
//!
//! Everybody who may see the record sees it; the owner alone holds and removes. What is said here was looked
//! at by the node itself: a copy is good when it was read whole and had the digest in the record.

use super::{Records, WORDS, view};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State as Given};
use axum::http::Response;
use axum::routing::get;
use proof::cms::SignedData;
use proof::der::Time;
use proof::verify::token_der;
use proof::x509::Certificate;
use proof_wasm::page;
use registry::accounts::organisation::{ANYONE, Role};
use registry::accounts::{Me, Sent};
use registry::evidence::{Entry, Kept, Mode, Owner, Party, State};
use registry::holdings::{Care, Holder, Holding, Holdings, Outcome, READERS, State as Standing, Why};
use registry::web::sheet::{Block, Field, Form, Ledger, Mark, Part, Sheet, Value};
use registry::web::{Cx, Fault, Fields, Scripts, Words, grouped};

/// Originals that a record's page names.
const NAMED: usize = 20;
/// Originals on one page of care.
const SHOWN: usize = 50;

pub(super) fn router() -> Router<Records> {
    Router::new().route("/records/{number}/care", get(show)).route("/records/{number}/care/{place}", get(one).post(act))
}

/// The part of a record's page.
pub(super) struct Originals {
    pub rows: Vec<Row>,
    pub missing: u64,
}

/// An original there.
pub(super) struct Row {
    pub href: Option<String>,
    pub name: String,
    pub size: String,
    pub mark: &'static str,
    pub state: String,
    pub copies: String,
    pub checked: Option<String>,
    pub until: String,
    pub thumbnail: Option<String>,
    pub view: String,
}

/// How an original stands: its square and its word. The worst goes first.
fn state(w: Words, care: &Care) -> (Mark, String) {
    let good = good(care);
    match care.holding.state {
        Standing::Removed => (Mark::Absent, w.say("original-removed")),
        Standing::Lost => (Mark::Failed, w.say("original-lost")),
        Standing::Kept if !care.holds.is_empty() => (Mark::Sealed, w.say("original-held")),
        Standing::Kept if good < care.copies.len() => (Mark::Waiting, w.say("original-short")),
        Standing::Kept => (Mark::Sealed, w.say("original-kept")),
    }
}

fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Sealed => "sealed",
        Mark::Waiting => "waiting",
        Mark::Absent => "absent",
        Mark::Failed => "failed",
    }
}

/// Copies that were good when they were last read.
fn good(care: &Care) -> usize {
    care.copies.iter().filter(|copy| copy.state.is_good()).count()
}

fn copies(w: Words, care: &Care) -> String {
    let (good, all) = (good(care).to_string(), care.copies.len().to_string());
    w.fill("copies-good", &[("good", &good), ("all", &all)])
}

fn until(w: Words, holding: &Holding) -> String {
    match (holding.state, holding.until) {
        (Standing::Removed, _) => "—".to_owned(),
        (_, Some(until)) => day(until),
        (_, None) => w.say("until-no-end"),
    }
}

fn day(time: Time) -> String {
    time.to_string().chars().take(10).collect()
}

fn checked(care: &Care) -> Option<Time> {
    care.copies.iter().map(|copy| copy.checked).filter(|time| time.unix_s() > 0).max()
}

/// Files of a record that deposits beside which no original ever stood.
async fn missing(holdings: &Holdings, entry: &Entry) -> Result<u64, Fault> {
    let is_due = entry.mode == Mode::Deposit && entry.state != State::Declined;
    Ok(if is_due { entry.files.saturating_sub(holdings.count_of(entry).await?) } else { 0 })
}

async fn has_role(me: &Me, owner: &Owner, needed: &[Role]) -> Result<bool, Fault> {
    let Owner::Organisation(id) = owner else { return Ok(true) };
    let roles = me.accounts.roles(id, &me.person.id).await?;
    Ok(roles.is_some_and(|roles| needed.iter().any(|role| roles.has(*role))))
}

/// What a record's page says of its originals; none where it has none.
pub(super) async fn originals(
    holdings: &Holdings,
    me: &Me,
    by: &Party,
    kept: &Kept,
) -> Result<Option<Originals>, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let missing = missing(holdings, &kept.entry).await?;
    let found = holdings.of_record_from(by, &kept.entry, (0, NAMED)).await?;
    if found.is_empty() && missing == 0 {
        return Ok(None);
    }
    let names = kept.names();
    let may_fetch = has_role(me, &by.owner, READERS).await?;
    let row = |care: &Care, thumbnail: Option<String>| {
        let (mark, word) = state(w, care);
        let is_there = may_fetch && care.holding.state != Standing::Removed;
        let time = checked(care).map(|time| page::instant(time.truncate_to_second(), cx.language));
        Row {
            href: is_there.then(|| format!("/holdings/{}", care.holding.id)),
            name: names.get(care.place).cloned().unwrap_or_default(),
            size: page::size(care.holding.size),
            mark: class(mark),
            state: word,
            copies: copies(w, care),
            checked: time.map(|time| w.fill("checked-last", &[("time", &time)])),
            until: until(w, &care.holding),
            thumbnail,
            view: format!("/records/{}/care/{}", kept.entry.number, care.place),
        }
    };
    let mut rows = Vec::with_capacity(found.len());
    for care in &found {
        let is_there = may_fetch && care.holding.state == Standing::Kept;
        let thumbnail = if is_there { view::thumbnail(holdings, me, by, &care.holding.id).await? } else { None };
        rows.push(row(care, thumbnail));
    }
    Ok(Some(Originals { rows, missing }))
}

async fn open(holdings: &Holdings, me: &Me, number: &str, needed: &[Role]) -> Result<(Party, Kept), Fault> {
    let evidence = holdings.evidence();
    let (by, entry) = evidence.reader(me, number, needed).await?;
    let kept = evidence.kept(&by, entry.number).await?;
    Ok((by, kept))
}

/// `GET /records/{number}/care`: all originals of a record, and what they and the record rest on.
async fn show(Given(Records(holdings)): Given<Records>, me: Me, Path(number): Path<String>) -> Response<Body> {
    let shown = async {
        let (cx, w) = (&me.cx, me.cx.words(&WORDS));
        let (by, kept) = open(&holdings, &me, &number, ANYONE).await?;
        let start: usize = cx.query("from").parse().unwrap_or(0);
        let found = holdings.of_record_from(&by, &kept.entry, (start, SHOWN + 1)).await?;
        let (place, names) = (format!("/records/{number}/care"), kept.names());
        let mut part = Part::new(w.say("originals")).note(w.say("care-note")).full();
        let lacks = missing(&holdings, &kept.entry).await?;
        if lacks > 0 {
            let what = w.fill("originals-missing", &[("count", &grouped(lacks))]);
            part = part.with(Block::Notice(what, w.say("originals-missing-note")));
        }
        let rows = found.iter().take(SHOWN).map(|care| {
            let (mark, word) = state(w, care);
            let next = care.copies.iter().map(|copy| copy.due).min();
            let name = names.get(care.place).cloned().unwrap_or_default();
            vec![
                Value::Titled(format!("{place}/{}", care.place), name, page::size(care.holding.size)),
                Value::Mark(mark, word),
                Value::Text(copies(w, care)),
                Value::from(checked(care)),
                Value::from(next),
                Value::Text(until(w, &care.holding)),
            ]
        });
        let head = ["file", "original-state", "original-copies", "check-last", "check-next", "original-until"];
        let ledger = Ledger { name: w.say("originals"), head: head.map(|id| w.say(id)).to_vec(), rows: rows.collect() };
        part = match found.is_empty() {
            true if lacks == 0 => part.with(Block::Empty(w.say("care-none"), w.say("care-none-note"))),
            true => part,
            false => part.with(Block::Ledger(ledger)),
        };
        let mut links = vec![(format!("/records/{number}"), w.say("back"))];
        if start > 0 {
            links.push((place.clone(), w.say("page-before")));
        }
        if let Some(next) = found.get(SHOWN) {
            links.push((format!("{place}?from={}", next.place), w.say("page-after")));
        }
        part = part.with(Block::Links(links));
        let sheet = Sheet::new(cx, w.say("care")).reference(number.clone()).lead(w.say("care-lead")).under("/records");
        Ok(cx.page(&sheet.part(part).part(rests(cx, w, &kept)).part(next(&holdings, w))))
    };
    me.cx.end(shown.await)
}

/// What the record itself rests on: the token's certificate, and the seal of documents.
fn rests(cx: &Cx, w: Words, kept: &Kept) -> Part {
    let mut rows = Vec::new();
    let token = kept.token.as_deref().and_then(|token| token_der(token).ok());
    let signer = token.as_ref().and_then(|token| {
        let signed = SignedData::parse(token).ok()?;
        let of = signed.certificates.iter().filter_map(|der| Certificate::parse(der).ok());
        let mut of = of.filter(|certificate| certificate.basic_constraints().is_ok_and(|basic| !basic.is_ca));
        of.find(|certificate| certificate.extended_key_usage().is_ok_and(|usage| usage.is_some()))
            .map(|certificate| facts(&certificate))
    });
    match signer {
        Some((algorithm, end)) => {
            rows.push((w.say("rests-token"), Value::Text(algorithm)));
            rows.push((w.say("rests-token-end"), Value::Time(end)));
        }
        None => rows.push((w.say("rests-token"), Value::Text(w.say("rests-no-token")))),
    }
    let seal = cx.site.node.seal();
    let seal = seal.as_ref().and_then(|seal| Some(facts(&Certificate::parse(seal.chain().first()?).ok()?)));
    match seal {
        Some((algorithm, end)) => {
            rows.push((w.say("rests-seal"), Value::Text(algorithm)));
            rows.push((w.say("rests-seal-end"), Value::Time(end)));
        }
        None => rows.push((w.say("rests-seal"), Value::Text(w.say("rests-no-seal")))),
    }
    Part::new(w.say("rests")).note(w.say("rests-note")).with(Block::Record(rows))
}

fn facts(certificate: &Certificate<'_>) -> (String, Time) {
    let algorithm = certificate.public_key().map_or_else(|_| "—".to_owned(), |key| key.describe());
    (algorithm, certificate.not_after)
}

/// What happens from now on, and when.
fn next(holdings: &Holdings, w: Words) -> Part {
    let settings = holdings.settings();
    let term = match settings.retention_years {
        Some(years) => w.fill("next-term", &[("years", &years.to_string())]),
        None => w.say("next-no-term"),
    };
    let rows = vec![
        (w.say("next-check"), Value::Text(w.fill("next-check-says", &[("days", &settings.check_days.to_string())]))),
        (w.say("next-mend"), Value::Text(w.say("next-mend-says"))),
        (w.say("next-end"), Value::Text(term)),
        (w.say("next-token"), Value::Text(w.say("next-token-says"))),
    ];
    Part::new(w.say("next-part")).with(Block::Record(rows))
}

fn found(w: Words, outcome: Outcome) -> Value {
    let (mark, id) = match outcome {
        Outcome::Good => (Mark::Sealed, "found-good"),
        Outcome::Same => (Mark::Sealed, "found-same"),
        Outcome::Repaired => (Mark::Sealed, "found-repaired"),
        Outcome::Made => (Mark::Sealed, "found-made"),
        Outcome::Unreachable => (Mark::Waiting, "found-unreachable"),
        Outcome::Damaged => (Mark::Failed, "found-damaged"),
        Outcome::Missing => (Mark::Failed, "found-missing"),
        Outcome::Wrong => (Mark::Failed, "found-wrong"),
    };
    Value::Mark(mark, w.say(id))
}

/// Not a moment at all where it never was.
fn moment(time: Time) -> Value {
    if time.unix_s() > 0 { Value::Time(time) } else { Value::None }
}

async fn sheet(
    holdings: &Holdings,
    me: &Me,
    (by, kept): (&Party, &Kept),
    at: usize,
    wrong: Option<(&Fields, &Fault)>,
) -> Result<Sheet, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let mut found_here = holdings.of_record_from(by, &kept.entry, (at, 1)).await?;
    let care = found_here.pop().filter(|care| care.place == at).ok_or(Fault::NotFound)?;
    let (number, holding) = (kept.entry.number.to_string(), &care.holding);
    let name = kept.names().get(at).cloned().unwrap_or_default();
    let (mark, word) = state(w, &care);
    let mut rows = vec![
        (w.say("file"), Value::Text(name.clone())),
        (w.say("size"), Value::Text(page::size(holding.size))),
        (w.say("original-state"), Value::Mark(mark, word)),
        (w.say("original-came"), Value::Time(holding.made)),
        (w.say("original-until"), Value::Text(until(w, holding))),
        (w.say("original-matched"), Value::Text(w.say(if care.is_matched { "matched" } else { "matched-not" }))),
    ];
    if let Some((why, time)) = holding.ended {
        let id = match why {
            Why::Owner => "ended-owner",
            Why::Term => "ended-term",
            Why::Loose => "ended-loose",
            Why::Erased => "ended-erased",
        };
        rows.push((w.say(id), Value::Time(time)));
    }
    for hold in &care.holds {
        let id = if hold.by == Holder::Owner { "held-owner" } else { "held-operator" };
        let reason = if hold.reason.is_empty() { w.say("held-no-reason") } else { hold.reason.clone() };
        rows.push((w.say(id), Value::Two(reason, w.fill("held-since", &[("day", &day(hold.since))]))));
    }
    let mut first = Part::new(w.say("original")).with(Block::Record(rows));
    let mut links = Vec::new();
    let may_read = has_role(me, &by.owner, READERS).await?;
    if holding.state != Standing::Removed && may_read {
        links.push((format!("/holdings/{}", holding.id), w.say("original-download")));
    }
    links.push((format!("/records/{number}/care"), w.say("care-back")));
    first = first.with(Block::Links(links));
    let mut sheet = Sheet::new(cx, w.say("care-one")).reference(number.clone()).lead(w.say("care-one-lead"));
    sheet = sheet.under("/records").part(first);
    if holding.state == Standing::Kept && may_read {
        let place = format!("/records/{number}/care/{at}");
        let is_whole = cx.address().ends_with("?whole");
        let shown = view::part(holdings, me, by, (holding, &name, &place), is_whole).await?;
        sheet = sheet.part(shown).shows_content().runs(Scripts::Player);
    }
    if !care.copies.is_empty() {
        let rows = care.copies.iter().map(|copy| {
            vec![
                Value::Text(copy.place.clone()),
                found(w, copy.state),
                moment(copy.checked),
                moment(copy.good),
                moment(copy.due),
            ]
        });
        let head = ["copy-place", "copy-found", "check-last", "check-good", "check-next"];
        let ledger =
            Ledger { name: w.say("original-copies"), head: head.map(|id| w.say(id)).to_vec(), rows: rows.collect() };
        let part = Part::new(w.say("original-copies")).note(w.say("copies-note")).full();
        sheet = sheet.part(part.with(Block::Ledger(ledger)));
    }
    let checks = holdings.checks(by, &holding.id).await?;
    let rows = checks
        .iter()
        .map(|check| vec![Value::Time(check.made), Value::Text(check.place.clone()), found(w, check.outcome)]);
    let head = ["check-when", "copy-place", "copy-found"].map(|id| w.say(id)).to_vec();
    let part = Part::new(w.say("checks")).note(w.say("checks-note")).full();
    sheet = sheet.part(match checks.is_empty() {
        true => part.with(Block::Empty(w.say("checks-none"), w.say("checks-none-note"))),
        false => part.with(Block::Ledger(Ledger { name: w.say("checks"), head, rows: rows.collect() })),
    });
    if holding.state == Standing::Removed || !has_role(me, &by.owner, &[Role::Owner]).await? {
        return Ok(sheet);
    }
    Ok(acts(cx, w, by, sheet, (&format!("/records/{number}/care/{at}"), &care), wrong))
}

/// What the owner may do: hold it or lift the hold, and remove it.
fn acts(
    cx: &Cx,
    w: Words,
    by: &Party,
    sheet: Sheet,
    (place, care): (&str, &Care),
    wrong: Option<(&Fields, &Fault)>,
) -> Sheet {
    let form = |act: &str, word: &str| Form::new(place.to_owned(), w.say(word)).of(cx).hidden("act", act);
    let is_held = care.holds.iter().any(|hold| hold.by == Holder::Owner);
    let hold = match is_held {
        true => form("release", "hold-lift"),
        false => form("hold", "hold-put").field(Field::text("reason", w.say("hold-reason")).optional()),
    };
    let hold = Part::new(w.say("hold")).note(w.say("hold-note")).with(Block::Form(hold));
    let remove = Part::new(w.say("remove"));
    let remove = match care.holds.is_empty() {
        false => remove.with(Block::Notice(w.say("remove-held"), w.say("remove-held-note"))),
        true => {
            let sure = Field::check("sure", w.say("remove-sure"), w.say("remove-sure-says"));
            let form = form("remove", "remove-do").field(sure).after(wrong);
            remove.with(Block::Notice(w.say("remove-what"), Holdings::consequences(by))).with(Block::Form(form))
        }
    };
    sheet.part(hold).part(remove)
}

/// `GET /records/{number}/care/{place}`: one original.
async fn one(
    Given(Records(holdings)): Given<Records>,
    me: Me,
    Path((number, place)): Path<(String, String)>,
) -> Response<Body> {
    let shown = async {
        let (by, kept) = open(&holdings, &me, &number, ANYONE).await?;
        let at = place.parse().map_err(|_| Fault::NotFound)?;
        Ok(me.cx.page(&sheet(&holdings, &me, (&by, &kept), at, None).await?))
    };
    me.cx.end(shown.await)
}

/// `POST /records/{number}/care/{place}`: holds it, lifts the hold, or removes it.
async fn act(
    Given(Records(holdings)): Given<Records>,
    Path((number, place)): Path<(String, String)>,
    Sent { me, fields }: Sent,
) -> Response<Body> {
    let opened = async {
        let (by, kept) = open(&holdings, &me, &number, &[Role::Owner]).await?;
        let at: usize = place.parse().map_err(|_| Fault::NotFound)?;
        let mut found = holdings.of_record_from(&by, &kept.entry, (at, 1)).await?;
        let care = found.pop().filter(|care| care.place == at).ok_or(Fault::NotFound)?;
        Ok((by, kept, at, care.holding.id))
    };
    let (by, kept, at, id) = match opened.await {
        Ok(opened) => opened,
        Err(fault) => return me.cx.end(Err(fault)),
    };
    let done = async {
        match fields.text("act") {
            "hold" => holdings.hold(&by, &id, fields.text("reason").trim()).await?,
            "release" => holdings.release(&by, &id).await?,
            "remove" if !fields.is_ticked("sure") => {
                return Err(Fault::Field { field: "sure", what: me.cx.words(&WORDS).say("remove-sure-missing") });
            }
            "remove" => holdings.remove(&by, &id).await?,
            _ => return Err(Fault::Form),
        }
        Ok(me.cx.see(&format!("/records/{}/care/{at}", kept.entry.number)))
    };
    let answer = done.await;
    me.cx.end_form(answer, async |fault| sheet(&holdings, &me, (&by, &kept), at, Some((&fields, fault))).await).await
}
