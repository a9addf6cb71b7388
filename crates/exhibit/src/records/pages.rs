//! The list, one record, one file of it shown alone, and what is taken away.

use super::care::{Originals, originals};
use super::{FILES, Records, WORDS, file_of, filter_of, note_viewed};
use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State as Given};
use axum::http::Response;
use axum::routing::{get, post};
use proof::record::Part as Place;
use proof_wasm::page;
use registry::accounts::audit::Act;
use registry::accounts::organisation::{ANYONE, Role};
use registry::accounts::{Me, Sent};
use registry::evidence::leaf::Leaf;
use registry::evidence::{Entry, Evidence, Filter, Kept, Listed, Mode, Order, Owner, Party, State};
use registry::web::sheet::{Block, Field, Form, Ledger, Part, Sheet, Value};
use registry::web::{Cx, Fault, Page, Words, download, grouped};

/// Files on one page.
const SHOWN: usize = 200;

pub(super) fn router() -> Router<Records> {
    Router::new()
        .route("/records", get(list))
        .route("/records/{number}", get(show))
        .route("/records/{number}/files", get(files))
        .route("/records/{number}/files/{place}", get(one).post(disclose))
        .route("/records/{number}/custodian", post(custodian))
        .route("/records/{number}/take/{name}", get(take))
}

struct Row {
    number: String,
    title: String,
    about: String,
    mode: String,
    files: String,
    time: Option<String>,
    mark: &'static str,
    state: String,
    is_kept: bool,
}

struct Choice {
    id: String,
    name: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "records/list.html")]
struct List {
    w: Words,
    said: Option<String>,
    query: String,
    owners: Vec<Choice>,
    kinds: Vec<Choice>,
    states: Vec<Choice>,
    orders: Vec<Choice>,
    rows: Vec<Row>,
    tally: String,
    next: Option<String>,
    first: Option<String>,
    is_asked: bool,
    is_cut: bool,
    is_sorted_short: bool,
    token: String,
    organisation: String,
}

impl Page for List {
    fn title(&self) -> String {
        self.w.say("title")
    }

    fn current(&self) -> &'static str {
        super::NAV.href
    }
}

/// How a state is drawn, and its word.
fn state(w: Words, state: State) -> (&'static str, String) {
    match state {
        State::Kept => ("sealed", w.say("state-kept")),
        State::Waiting => ("waiting", w.say("state-waiting")),
        State::Asked => ("waiting", w.say("state-asked")),
        State::Declined => ("failed", w.say("state-declined")),
    }
}

fn mode(w: Words, mode: Mode) -> String {
    match mode {
        Mode::Digest => w.say("mode-digest"),
        Mode::Deposit => w.say("mode-deposit"),
        Mode::Salted => w.say("mode-salted"),
    }
}

fn row(cx: &Cx, w: Words, entry: &Entry) -> Row {
    let (mark, word) = state(w, entry.state);
    let title = entry.title.clone().unwrap_or_default();
    Row {
        number: entry.number.to_string(),
        title: title.title,
        about: if cx.is_chinese() { title.zh } else { title.en },
        mode: mode(w, entry.mode),
        files: grouped(entry.files),
        time: entry.time.map(|time| page::instant(time.truncate_to_second(), cx.language)),
        mark,
        state: word,
        is_kept: entry.state == State::Kept,
    }
}

/// The address of a list with something changed.
fn address(filter: &Filter, organisation: &str, after: Option<i64>) -> String {
    let state = filter.state.map_or("", State::name);
    let after = after.map(|after| after.to_string()).unwrap_or_default();
    let pairs = [
        ("q", filter.query.as_str()),
        ("type", &filter.kind),
        ("state", state),
        ("order", filter.order.name()),
        ("organisation", organisation),
        ("after", &after),
    ];
    let escape =
        |text: &str| {
            text.bytes()
                .map(|b| {
                    if b.is_ascii_alphanumeric() || b == b'-' { char::from(b).to_string() } else { format!("%{b:02X}") }
                })
                .collect::<String>()
        };
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", escape(value))).collect();
    format!("/records?{}", pairs.join("&"))
}

/// `GET /records`
async fn list(Given(evidence): Given<Evidence>, me: Me) -> Response<Body> {
    let shown = async {
        let (cx, w) = (&me.cx, me.cx.words(&WORDS));
        let organisation = cx.query("organisation");
        let owner = match organisation.as_str() {
            "" => Owner::Person(me.person.id.clone()),
            id => Owner::Organisation(id.to_owned()),
        };
        let by = Party::of(&me, &owner, ANYONE).await?;
        let filter = filter_of(cx);
        let listed: Listed = evidence.list(&by, &filter).await?;
        let vocabulary = evidence.vocabularies().now();
        let all = |name: String| Choice { id: String::new(), name, is_chosen: false };
        let mut owners = vec![Choice {
            id: String::new(),
            name: me.person.profile.name.clone(),
            is_chosen: organisation.is_empty(),
        }];
        for (one, _) in me.accounts.organisations_of(&me.person.id).await? {
            owners.push(Choice { is_chosen: one.id == organisation, name: one.profile.name, id: one.id });
        }
        let kind = |kind: &registry::evidence::vocabulary::Kind| Choice {
            id: kind.id.clone(),
            name: kind.name.of(cx.language).to_owned(),
            is_chosen: kind.id == filter.kind,
        };
        let kinds = std::iter::once(all(w.say("all"))).chain(vocabulary.kinds.iter().map(kind)).collect();
        let one = |one: State| Choice {
            id: one.name().to_owned(),
            name: state(w, one).1,
            is_chosen: filter.state == Some(one),
        };
        let states = [State::Kept, State::Waiting, State::Asked, State::Declined].map(one);
        let states = std::iter::once(all(w.say("all"))).chain(states).collect();
        let order = |order: Order| {
            let id = match order {
                Order::Newest => "order-newest",
                Order::Oldest => "order-oldest",
                Order::Title => "order-title",
            };
            Choice { id: order.name().to_owned(), name: w.say(id), is_chosen: order == filter.order }
        };
        let tally = match listed.count {
            Some((count, files)) => {
                let id = if listed.is_cut { "tally-more" } else { "tally" };
                let (count, files) = (grouped(count.min(10_000) as u64), grouped(files as u64));
                w.fill(id, &[("count", &count), ("files", &files)])
            }
            None => String::new(),
        };
        let is_asked = !filter.query.trim().is_empty() || !filter.kind.is_empty() || filter.state.is_some();
        Ok(cx.page(&List {
            w,
            said: (cx.query("said") == "kept").then(|| w.say("said-kept")),
            query: filter.query.clone(),
            owners,
            kinds,
            states,
            orders: Order::ALL.map(order).into(),
            rows: listed.entries.iter().map(|entry| row(cx, w, entry)).collect(),
            tally,
            next: listed.next.map(|next| address(&filter, &organisation, Some(next))),
            first: filter.after.map(|_| address(&filter, &organisation, None)),
            is_asked,
            is_cut: listed.is_cut && !filter.query.trim().is_empty(),
            is_sorted_short: listed.is_cut && filter.order == Order::Title,
            token: cx.form_token(),
            organisation: organisation.clone(),
        }))
    };
    me.cx.end(shown.await)
}

struct Link {
    href: String,
    name: String,
    note: String,
}

#[derive(Template)]
#[template(path = "records/record.html")]
struct Record {
    w: Words,
    title: String,
    number: String,
    lead: String,
    notice: Option<(String, String)>,
    leaf: String,
    links: Vec<Link>,
    work: Option<String>,
    is_new: bool,
    is_salted: bool,
    is_kept: bool,
    has_files: bool,
    originals: Option<Originals>,
    facts: Vec<(String, String)>,
    custodian: Option<(Vec<Choice>, String)>,
    token: String,
}

impl Page for Record {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn shows_content(&self) -> bool {
        self.originals.is_some()
    }

    fn current(&self) -> &'static str {
        super::NAV.href
    }
}

async fn open(evidence: &Evidence, me: &Me, number: &str, needed: &[Role]) -> Result<(Party, Kept), Fault> {
    let (by, entry) = evidence.reader(me, number, needed).await?;
    let kept = evidence.kept(&by, entry.number).await?;
    Ok((by, kept))
}

/// `GET /records/{number}`
async fn show(
    Given(evidence): Given<Evidence>,
    Given(Records(holdings)): Given<Records>,
    me: Me,
    Path(number): Path<String>,
) -> Response<Body> {
    let shown = async {
        let (by, entry) = evidence.reader(&me, &number, ANYONE).await?;
        // An approver may have decided, or the authority may sign again.
        evidence.look_again(&entry).await?;
        let kept = evidence.kept(&by, entry.number).await?;
        note_viewed(&evidence, &by, &kept).await?;
        let originals = originals(&holdings, &me, &by, &kept).await?;
        record(&evidence, &me, (&by, &kept), originals).await.map(|page| me.cx.page(&page))
    };
    me.cx.end(shown.await)
}

async fn record(
    evidence: &Evidence,
    me: &Me,
    (by, kept): (&Party, &Kept),
    originals: Option<Originals>,
) -> Result<Record, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let entry = &kept.entry;
    let number = entry.number.to_string();
    let link = |place: usize| format!("/records/{number}/files/{place}");
    let leaf = Leaf::of_record(cx, kept, kept.token.as_ref().map(|_| &link as &dyn Fn(usize) -> String));
    let title = entry.title.as_ref().map_or_else(|| number.clone(), |title| title.title.clone());
    let is_new = cx.query("said") == "kept" && entry.state == State::Kept;
    let (count, time) =
        (grouped(entry.files), entry.time.map(|time| page::instant(time.truncate_to_second(), cx.language)));
    let id = if kept.said("whole").is_some() { "lead-whole" } else { "lead" };
    let lead = time.map(|time| w.fill(id, &[("count", &count), ("time", &time)])).unwrap_or_default();
    let notice = match entry.state {
        State::Kept => None,
        State::Waiting => Some((w.say("state-waiting"), w.say("waiting-note"))),
        State::Asked => Some((w.say("state-asked"), w.say("asked-note"))),
        State::Declined => Some((w.say("state-declined"), w.say("declined-note"))),
    };
    let file = |(name, _, called, note): &(&str, &str, &str, &str)| Link {
        href: format!("/records/{number}/take/{name}"),
        name: w.say(called),
        note: w.say(note),
    };
    let is_there = |(name, ..): &&(&str, &str, &str, &str)| *name != "record.tsr" || kept.token.is_some();
    let mut links = Vec::new();
    if kept.token.is_some() {
        // What most come for stands first: the certificate, the package, the code to photograph.
        let paper = |address: &str, called: &str, note: &str| Link {
            href: format!("/records/{number}/{address}"),
            name: w.say(called),
            note: w.say(note),
        };
        links.push(paper("certificate.pdf", "take-certificate", "take-certificate-note"));
        links.push(paper("package.zip", "take-package", "take-package-note"));
        links.push(paper("package.zip?names=no", "take-plain", "take-plain-note"));
        links.push(paper("code.png", "take-code", "take-code-note"));
    }
    links.extend(FILES.iter().filter(is_there).map(file));
    let mut facts = Vec::new();
    let who = |id: String| async move { me.accounts.called(cx, &id).await };
    facts.push((w.say("applied-by"), page::escape(&who(format!("person/{}", entry.person)).await?)));
    facts.push((w.say("applied-at"), page::instant(entry.made().truncate_to_second(), cx.language)));
    let object = format!("record/{number}");
    let mut custodian = None;
    if let Owner::Organisation(id) = &by.owner {
        for one in me.accounts.custodians(&object).await? {
            let name = page::escape(&who(format!("person/{}", one.person)).await?);
            let since = page::instant(one.since, cx.language);
            let label = if one.until.is_none() { "custodian" } else { "custodian-before" };
            facts.push((w.say(label), format!("{name}　{since}")));
        }
        let roles = me.accounts.roles(id, &me.person.id).await?;
        if roles.is_some_and(|roles| roles.has(Role::Owner)) {
            let members = me.accounts.members(id).await?;
            let may = members.into_iter().filter(|member| member.roles.has(Role::Custodian));
            let choices: Vec<Choice> = may
                .map(|m| Choice { id: m.person.id.clone(), name: m.person.profile.name, is_chosen: false })
                .collect();
            custodian = Some((choices, format!("/records/{number}/custodian")));
        }
    }
    if let Some(cost) = cost(evidence, me, by, kept).await? {
        facts.push((w.say("cost"), cost));
    }
    let earlier = evidence.earliest_in(by, &entry.origin).await?.filter(|first| first.number != entry.number);
    if let Some(first) = earlier {
        let text = format!(
            "<a class=\"mono\" href=\"/records/{0}\">{0}</a>　{1}",
            first.number,
            first.time.map(|time| page::instant(time.truncate_to_second(), cx.language)).unwrap_or_default()
        );
        facts.push((w.say("earliest"), text));
    }
    Ok(Record {
        w,
        number: number.clone(),
        lead,
        notice,
        leaf: leaf.render().map_err(Fault::broken)?,
        links,
        is_kept: kept.token.is_some(),
        work: (!entry.origin.is_empty()).then(|| entry.origin.clone()),
        is_new,
        is_salted: entry.mode == Mode::Salted,
        has_files: entry.files > 0,
        originals,
        facts,
        custodian,
        token: cx.form_token(),
        title: if is_new { w.say("stamped") } else { title },
    })
}

/// What the record cost, for who paid or applied; none where nothing was to be paid.
async fn cost(evidence: &Evidence, me: &Me, by: &Party, kept: &Kept) -> Result<Option<String>, Fault> {
    let entry = &kept.entry;
    let Some(charge) = evidence.billing().charge_of(&format!("record/{}", entry.number)).await? else {
        return Ok(None);
    };
    let pays = match &by.owner {
        Owner::Person(id) => *id == me.person.id,
        Owner::Organisation(id) => {
            me.accounts.roles(id, &me.person.id).await?.is_some_and(|roles| roles.has(Role::Owner))
        }
    };
    if !pays && entry.person != me.person.id {
        return Ok(None);
    }
    let w = me.cx.words(&WORDS);
    let state = w.say(match charge.state.as_str() {
        "charged" => "cost-charged",
        "released" => "cost-released",
        "refunded" => "cost-refunded",
        _ => "cost-held",
    });
    let amount = page::escape(&charge.currency.show(charge.cost.amount));
    let amount = match pays {
        true => format!("<a href=\"{}\">{amount}</a>", page::escape(&charge.place())),
        false => amount,
    };
    let counts = [
        ("count", charge.cost.units.to_string()),
        ("free", charge.cost.free_units.to_string()),
        ("gigabytes", charge.cost.gigabytes.to_string()),
        ("price", charge.price.to_string()),
    ];
    let counts = counts.each_ref().map(|(name, count)| (*name, count.as_str()));
    let of = page::escape(&w.fill(if charge.cost.gigabytes > 0 { "cost-with-originals" } else { "cost-of" }, &counts));
    Ok(Some(format!("{amount}　{}<br><small>{of}</small>", page::escape(&state))))
}

/// `GET /records/{number}/files`: all of them.
async fn files(Given(evidence): Given<Evidence>, me: Me, Path(number): Path<String>) -> Response<Body> {
    let shown = async {
        let (cx, w) = (&me.cx, me.cx.words(&WORDS));
        let (_, kept) = open(&evidence, &me, &number, ANYONE).await?;
        let (names, start) = (kept.names(), cx.query("from").parse::<usize>().unwrap_or(0));
        let place = format!("/records/{number}/files");
        let mut rows = Vec::new();
        for (at, file) in kept.files.all().iter().enumerate().skip(start).take(SHOWN) {
            let digest = match &file.content {
                proof::record::Content::Digests { sha256, .. } => proof::digest::hex(sha256),
                proof::record::Content::Salted(commitment) => commitment.to_string(),
            };
            let name = names.get(at).cloned().unwrap_or_default();
            let about = if file.is_attached { w.say("attached") } else { String::new() };
            rows.push(vec![
                Value::Titled(format!("{place}/{at}"), name, about),
                Value::Text(page::size(file.size)),
                Value::Digest(digest),
            ]);
        }
        let head = ["file", "size", "digest"].map(|id| w.say(id)).to_vec();
        let mut part =
            Part::new(w.say("files")).full().with(Block::Ledger(Ledger { name: w.say("files"), head, rows }));
        let mut links = vec![(format!("/records/{number}"), w.say("back"))];
        if start > 0 {
            links.push((format!("{place}?from={}", start.saturating_sub(SHOWN)), w.say("page-before")));
        }
        if start + SHOWN < kept.files.all().len() {
            links.push((format!("{place}?from={}", start + SHOWN), w.say("page-after")));
        }
        part = part.with(Block::Links(links));
        let tally =
            w.fill("files-all", &[("count", &grouped(kept.entry.files)), ("size", &page::size(kept.entry.bytes))]);
        Ok(cx.page(&Sheet::new(cx, w.say("files")).reference(number.clone()).lead(tally).under("/records").part(part)))
    };
    me.cx.end(shown.await)
}

/// What may be opened beside the name of a file, and its word.
const OPENED: [(&str, &str); 4] = [
    ("applicant", "open-applicant"),
    ("title", "open-title"),
    ("authors", "open-authors"),
    ("declaration", "open-declaration"),
];

/// `GET /records/{number}/files/{place}`: shows one file alone.
async fn one(
    Given(evidence): Given<Evidence>,
    me: Me,
    Path((number, place)): Path<(String, String)>,
) -> Response<Body> {
    let shown = async {
        let (cx, w) = (&me.cx, me.cx.words(&WORDS));
        let (_, kept) = open(&evidence, &me, &number, ANYONE).await?;
        let at: usize = place.parse().map_err(|_| Fault::NotFound)?;
        let file = kept.files.all().get(at).ok_or(Fault::NotFound)?;
        let name = kept.names().get(at).cloned().unwrap_or_default();
        let mut rows = vec![(w.say("file"), Value::Text(name)), (w.say("size"), Value::Text(page::size(file.size)))];
        match &file.content {
            proof::record::Content::Digests { sha256, sm3 } => {
                rows.push(("SHA-256".to_owned(), Value::Digest(proof::digest::hex(sha256))));
                rows.extend(sm3.map(|sm3| ("SM3".to_owned(), Value::Digest(proof::digest::hex(&sm3)))));
            }
            proof::record::Content::Salted(commitment) => {
                rows.push((w.say("commitment"), Value::Digest(commitment.to_string())));
            }
        }
        let mut sheet = Sheet::new(cx, w.say("one-title")).reference(number.clone()).lead(w.say("one-lead"));
        sheet = sheet.under("/records").part(Part::new(w.say("file")).with(Block::Record(rows)));
        if kept.token.is_some() {
            let option = |(id, word): &(&str, &str)| ((*id).to_owned(), w.say(word), false);
            let form = Form::new(format!("/records/{number}/files/{at}"), w.say("one-make"))
                .of(cx)
                .field(Field::boxes("open", w.say("one-open"), OPENED.iter().map(option).collect()).optional())
                .primary();
            let mut part = Part::new(w.say("one-part")).note(w.say("one-note")).with(Block::Form(form));
            if kept.entry.mode == Mode::Salted {
                part = part.with(Block::Notice(w.say("salted"), w.say("one-salted")));
            }
            sheet = sheet.part(part);
        }
        Ok(cx.page(&sheet))
    };
    me.cx.end(shown.await)
}

/// `POST /records/{number}/files/{place}`: the disclosure, to be handed on.
async fn disclose(
    Given(evidence): Given<Evidence>,
    Path((number, place)): Path<(String, String)>,
    Sent { me, fields }: Sent,
) -> Response<Body> {
    let made = async {
        let (by, kept) = open(&evidence, &me, &number, ANYONE).await?;
        let at: usize = place.parse().map_err(|_| Fault::NotFound)?;
        let part = |name: &str| match name {
            "applicant" => Some(Place::Applicant),
            name => OPENED.iter().find(|(id, _)| *id == name).map(|(id, _)| Place::Statement((*id).to_owned())),
        };
        let parts: Vec<Place> = fields.all("open").filter_map(part).collect();
        let disclosure = kept.disclosure(at, &parts).ok_or(Fault::NotFound)?;
        evidence.note(&by, &kept.entry, Act::Downloaded).await?;
        let name = format!("{}.{at}.disclosure.json", kept.entry.number);
        Ok(download(&name, "application/json", disclosure.to_canonical_json()))
    };
    me.cx.end(made.await)
}

/// `POST /records/{number}/custodian`: who answers for the record from now on.
async fn custodian(
    Given(evidence): Given<Evidence>,
    Path(number): Path<String>,
    Sent { me, fields }: Sent,
) -> Response<Body> {
    let set = async {
        let (by, kept) = open(&evidence, &me, &number, &[Role::Owner]).await?;
        let Owner::Organisation(id) = &by.owner else { return Err(Fault::NotFound) };
        let object = format!("record/{}", kept.entry.number);
        me.accounts.set_custodian(&me, id, &object, fields.text("person")).await?;
        Ok(me.cx.see(&format!("/records/{}", kept.entry.number)))
    };
    me.cx.end(set.await)
}

/// `GET /records/{number}/take/{name}`: one of the record's files.
async fn take(
    Given(evidence): Given<Evidence>,
    me: Me,
    Path((number, name)): Path<(String, String)>,
) -> Response<Body> {
    let taken = async {
        let (by, kept) = open(&evidence, &me, &number, ANYONE).await?;
        let response = file_of(&kept, &name)?;
        evidence.note(&by, &kept.entry, Act::Downloaded).await?;
        Ok(response)
    };
    me.cx.end(taken.await)
}
