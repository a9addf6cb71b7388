//! A work over its stages: which are there, the chain of stamps as it can be printed and exported, and
//! the record of the whole (ipr-38, ipr-45, ipr-46, ipr-54).

use super::jobs::is_complete;
use super::store::Work;
use super::{MAKER, PLACE, WORDS, Works};
use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Response;
use axum::routing::{get, post};
use proof::der::Time;
use proof::record::EvidenceNumber;
use proof::report::Language;
use proof_wasm::page;
use registry::accounts::organisation::{ANYONE, Role};
use registry::accounts::{Me, Sent};
use registry::evidence::{Entry, Kept, Owner, Party, State as Stands};
use registry::web::sheet::{Block, Ledger, Part, Sheet, Value};
use registry::web::{Cx, Fault, Page, Words, download};
use schemars::JsonSchema;
use serde::Serialize;

/// Works on one page.
const SHOWN: i64 = 50;
/// Records of a work that its page shows.
const CHAIN_MAX: usize = 500;

pub(super) fn router() -> Router<Works> {
    Router::new()
        .route("/works", get(list))
        .route("/works/{id}", get(show))
        .route("/works/{id}/whole", post(whole))
        .route("/works/{id}/chain.json", get(export))
}

/// The owner that a list is of: the person, or the organisation that the address names.
fn owner_of(me: &Me) -> Owner {
    match me.cx.query("organisation") {
        id if id.is_empty() => Owner::Person(me.person.id.clone()),
        id => Owner::Organisation(id),
    }
}

/// `GET /works`
async fn list(State(works): State<Works>, me: Me) -> Response<Body> {
    let shown = async {
        let (cx, w) = (&me.cx, me.cx.words(&WORDS));
        let by = Party::of(&me, &owner_of(&me), ANYONE).await?;
        let vocabulary = works.evidence().vocabularies().now();
        let before = cx.query("before");
        let before = before.split_once('.').and_then(|(ms, id)| Some((ms.parse().ok()?, id)));
        let found = works.works(&by, before, SHOWN).await?;
        let mut sheet = Sheet::new(cx, w.say("works")).lead(w.say("works-lead")).under("/records");
        let mut part = Part::new(by.name.clone()).full();
        if found.is_empty() {
            part = part.with(Block::Empty(w.say("works-none"), w.say("works-none-note")));
            return Ok(cx.page(&sheet.part(part.with(Block::Links(vec![(PLACE.to_owned(), w.say("title"))])))));
        }
        let mut rows = Vec::new();
        for work in &found {
            let parts = works.parts(&work.id).await?;
            let kind = vocabulary.kind_words(&work.kind, cx.language);
            rows.push(vec![
                Value::Titled(format!("/works/{}", work.id), work.title.clone(), kind),
                Value::Text(parts.len().to_string()),
                Value::Time(work.changed),
            ]);
        }
        let head = ["work", "works-records", "works-changed"].map(|id| w.say(id)).to_vec();
        part = part.with(Block::Ledger(Ledger { name: w.say("works"), head, rows }));
        if let Some(last) = found.last().filter(|_| found.len() as i64 == SHOWN) {
            let organisation = match &by.owner {
                Owner::Organisation(id) => format!("&organisation={id}"),
                Owner::Person(_) => String::new(),
            };
            let next = format!("/works?before={}.{}{organisation}", last.changed.unix_s() * 1000, last.id);
            part = part.with(Block::Links(vec![(next, w.say("works-more"))]));
        }
        sheet = sheet.part(part);
        Ok(cx.page(&sheet))
    };
    me.cx.end(shown.await)
}

/// The work and who looks at it; not found for who may not.
async fn open(works: &Works, me: &Me, id: &str, needed: &[Role]) -> Result<(Party, Work), Fault> {
    let owner = works.work_owner(id).await?.ok_or(Fault::NotFound)?;
    let by = Party::of(me, &owner, needed).await?;
    let work = works.find_work(&by, id).await?.ok_or(Fault::NotFound)?;
    Ok((by, work))
}

struct StageRow {
    name: String,
    files: String,
    time: String,
    number: String,
    is_kept: bool,
}

struct Link {
    class: &'static str,
    at: String,
    title: String,
    text: String,
    digest: String,
    number: String,
}

#[derive(Template)]
#[template(path = "works/chain.html")]
struct Chain {
    w: Words,
    id: String,
    title: String,
    kind: String,
    lead: String,
    token: String,
    stages_note: String,
    stages: Vec<StageRow>,
    links: Vec<Link>,
    now: String,
    now_text: String,
    facts: Vec<(String, String)>,
    whole: Option<String>,
    package: String,
    pdf: String,
    is_complete: bool,
    may_add: bool,
    said: String,
}

impl Page for Chain {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn current(&self) -> &'static str {
        "/records"
    }
}

fn lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("<bdi>{}</bdi>", page::escape(line))).collect();
    lines.join("<br>")
}

/// The day, and under it the time of day, as the chain shows them.
fn at(time: Time, language: Language) -> String {
    let time = time.truncate_to_second();
    let instant = page::instant(time, language);
    let text = instant.split(['>', '<']).nth(2).unwrap_or_default();
    let (day, clock) = text.split_once(' ').unwrap_or((text, ""));
    format!("<time datetime=\"{time}\">{day}</time><small>{clock}</small>")
}

async fn chain(works: &Works, me: &Me, by: &Party, work: &Work) -> Result<Chain, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let vocabulary = works.evidence().vocabularies().now();
    let parts = works.parts(&work.id).await?;
    let entries: Vec<Entry> = works.evidence().of_origin(by, &work.id).await?;
    let stage_of = |entry: &Entry| parts.iter().find(|part| part.number == entry.number.to_string());
    let kept: Vec<&Entry> = entries.iter().filter(|entry| entry.state == Stands::Kept).collect();
    let own: Vec<&&Entry> = kept.iter().filter(|entry| !stage_of(entry).is_some_and(|part| part.is_whole)).collect();
    let words = |entry: &Entry| {
        entry.title.as_ref().map(|t| if cx.is_chinese() { t.zh.clone() } else { t.en.clone() }).unwrap_or_default()
    };
    let moment = |entry: &Entry| {
        entry.time.map(|time| page::instant(time.truncate_to_second(), cx.language)).unwrap_or_default()
    };
    let kind = vocabulary.kind(&work.kind).cloned().unwrap_or_default();
    let mut stages = Vec::new();
    for stage in &kind.stages {
        let of_stage: Vec<&&&Entry> =
            own.iter().filter(|entry| stage_of(entry).is_some_and(|part| part.stage == stage.id)).collect();
        let last = of_stage.last();
        stages.push(StageRow {
            name: stage.name.of(cx.language).to_owned(),
            files: of_stage.iter().map(|entry| entry.files).sum::<u64>().to_string(),
            time: last.map(|entry| moment(entry)).unwrap_or_default(),
            number: last.map(|entry| entry.number.to_string()).unwrap_or_default(),
            is_kept: last.is_some(),
        });
    }
    let mut links = Vec::new();
    for entry in entries.iter().take(CHAIN_MAX) {
        let is_whole = stage_of(entry).is_some_and(|part| part.is_whole);
        let class = if entry.state == Stands::Kept { "stamp" } else { "event" };
        let count = entry.files.to_string();
        let text = match (entry.state, is_whole) {
            (Stands::Kept, true) => w.say("chain-whole"),
            (Stands::Kept, false) => w.fill("chain-files", &[("count", &count), ("size", &page::size(entry.bytes))]),
            (Stands::Declined, _) => w.say("chain-declined"),
            (Stands::Asked, _) => w.say("chain-asked"),
            (Stands::Waiting, _) => w.say("chain-waiting"),
        };
        let at = match entry.time {
            Some(time) => at(time, cx.language),
            None => at(entry.made(), cx.language),
        };
        let title = entry.title.as_ref().map(|title| title.title.clone()).unwrap_or_default();
        let title = if title == work.title { words(entry) } else { format!("{title}　{}", words(entry)) };
        let digest = page::digest(&entry.digest);
        links.push(Link { class, at, title, text, digest, number: entry.number.to_string() });
    }
    let earliest = own.iter().filter_map(|entry| entry.time).min();
    let lead = match earliest {
        Some(time) => w.fill("chain-earliest", &[("day", &time.to_string()[..10])]),
        None => w.say("chain-none"),
    };
    let mut facts = Vec::new();
    if let Some(last) = own.last() {
        let last: Kept = works.evidence().kept(by, last.number).await?;
        for (name, label) in [
            ("authors", "people"),
            ("declaration", "declaration"),
            ("summary", "summary"),
            ("tags", "tags"),
            ("platforms", "platforms"),
            ("materials", "materials"),
        ] {
            facts.extend(last.said(name).map(|said| (w.say(label), lines(said))));
        }
    }
    let taken = |name: &str| match &by.owner {
        Owner::Person(_) => format!("/works/{}/{name}", work.id),
        Owner::Organisation(organisation) => format!("/works/{}/{name}?organisation={organisation}", work.id),
    };
    let whole = kept.iter().rev().find(|entry| stage_of(entry).is_some_and(|part| part.is_whole));
    let is_complete = is_complete(&kind, &parts);
    let may_add = match &by.owner {
        Owner::Person(_) => true,
        Owner::Organisation(id) => {
            works.accounts().roles(id, &me.person.id).await?.is_some_and(|roles| roles.has(Role::Applicant))
        }
    };
    let files: u64 = own.iter().map(|entry| entry.files).sum();
    let values = [("records", own.len().to_string()), ("files", files.to_string())];
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Ok(Chain {
        w,
        id: work.id.clone(),
        title: work.title.clone(),
        kind: kind.name.of(cx.language).to_owned(),
        lead,
        token: cx.form_token(),
        stages_note: w.say(if is_complete { "stages-complete" } else { "stages-missing" }),
        stages,
        links,
        now: at(cx.now, cx.language),
        now_text: w.fill("chain-now", &values),
        facts,
        whole: whole.map(|entry| entry.number.to_string()),
        package: taken("package.zip"),
        pdf: taken("chain.pdf"),
        is_complete,
        may_add,
        said: if cx.query("said") == "asked" { w.say("chain-whole-waits") } else { String::new() },
    })
}

/// `GET /works/{id}`
async fn show(State(works): State<Works>, me: Me, Path(id): Path<String>) -> Response<Body> {
    let shown = async {
        let (by, work) = open(&works, &me, &id, ANYONE).await?;
        Ok(me.cx.page(&chain(&works, &me, &by, &work).await?))
    };
    me.cx.end(shown.await)
}

/// `POST /works/{id}/whole`: a record of the work as it stands now.
async fn whole(State(works): State<Works>, Path(id): Path<String>, Sent { me, .. }: Sent) -> Response<Body> {
    let made = async {
        let (by, _) = open(&works, &me, &id, &[Role::Applicant]).await?;
        let entry = works.preserve_whole(&by, &id).await?;
        Ok(me.cx.see(&format!("/records/{}?said=kept", entry.number)))
    };
    me.cx.end(made.await)
}

/// What programs and people read of a work: its records in order, each with all that opens it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Chain", extend("x-zh" = "作品的链：各条记录，按顺序"))]
pub(super) struct ChainJson {
    /// What this document is.
    #[schemars(extend("x-zh" = "本文件是什么", "const" = "shiyin.chain/1"))]
    pub(super) kind: &'static str,
    /// Which part of the node made it.
    #[schemars(extend("x-zh" = "由哪个部分生成"))]
    pub(super) maker: &'static str,
    /// The id of the work.
    #[schemars(extend("x-zh" = "作品的编号"))]
    pub(super) work: String,
    /// What it is called.
    #[schemars(extend("x-zh" = "名称"))]
    pub(super) title: String,
    /// Its type.
    #[serde(rename = "type")]
    #[schemars(extend("x-zh" = "类型"))]
    pub(super) work_kind: String,
    /// Who runs the node.
    #[schemars(extend("x-zh" = "节点的运营者"))]
    pub(super) operator: String,
    /// When this was told.
    #[schemars(extend("x-zh" = "给出的时间", "format" = "date-time"))]
    pub(super) made: String,
    /// Its records, in order.
    #[schemars(extend("x-zh" = "各条记录，按顺序"))]
    pub(super) records: Vec<ChainLink>,
}

/// A record of a work.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("x-zh" = "作品的一条记录"))]
pub(super) struct ChainLink {
    /// Evidence number.
    #[schemars(extend("x-zh" = "证据编号"))]
    number: String,
    /// Where it stands.
    #[schemars(extend("x-zh" = "状态"))]
    state: Stands,
    /// How many files it has.
    #[schemars(extend("x-zh" = "文件数"))]
    files: u64,
    /// How large they are together.
    #[schemars(extend("x-zh" = "文件总大小，字节"))]
    bytes: u64,
    /// What it is called.
    #[schemars(extend("x-zh" = "名称"))]
    title: Option<String>,
    /// Type and stage, in the language of the request.
    #[schemars(extend("x-zh" = "类型与阶段，以请求的语言"))]
    about: Option<String>,
    /// The stage; null until it is put under the work.
    #[schemars(extend("x-zh" = "阶段；归入作品之前为 null"))]
    stage: Option<String>,
    /// Whether it is of the whole work.
    #[schemars(extend("x-zh" = "是否为整部作品的记录"))]
    whole: bool,
    /// The SHA-256 of the record.
    #[schemars(extend("x-zh" = "记录的 SHA-256", "pattern" = "^[0-9a-f]{64}$"))]
    sha256: String,
    /// It existed no later than then.
    #[schemars(extend("x-zh" = "至迟在此时已存在", "format" = "date-time"))]
    no_later_than: Option<String>,
    /// Where the record is.
    #[schemars(extend("x-zh" = "记录的地址"))]
    record: String,
}

/// Reads the chain of a work.
pub(super) async fn chain_json(works: &Works, cx: &Cx, by: &Party, work: &Work) -> Result<ChainJson, Fault> {
    let mut records = Vec::new();
    let parts = works.parts(&work.id).await?;
    for entry in works.evidence().of_origin(by, &work.id).await?.into_iter().take(CHAIN_MAX) {
        let number: EvidenceNumber = entry.number;
        let part = parts.iter().find(|part| part.number == number.to_string());
        let title = entry.title.as_ref();
        records.push(ChainLink {
            number: number.to_string(),
            state: entry.state,
            files: entry.files,
            bytes: entry.bytes,
            title: title.map(|title| title.title.clone()),
            about: title.map(|title| if cx.is_chinese() { title.zh.clone() } else { title.en.clone() }),
            stage: part.map(|part| part.stage.clone()),
            whole: part.is_some_and(|part| part.is_whole),
            sha256: entry.digest.clone(),
            no_later_than: entry.time.map(|time| time.to_string()),
            record: format!("/api/v1/records/{number}"),
        });
    }
    Ok(ChainJson {
        kind: "shiyin.chain/1",
        maker: MAKER,
        work: work.id.clone(),
        title: work.title.clone(),
        work_kind: work.kind.clone(),
        operator: cx.site.node.public().instance.operator.name.clone(),
        made: cx.now.to_string(),
        records,
    })
}

/// `GET /works/{id}/chain.json`
async fn export(State(works): State<Works>, me: Me, Path(id): Path<String>) -> Response<Body> {
    let exported = async {
        let (by, work) = open(&works, &me, &id, ANYONE).await?;
        let chain = chain_json(&works, &me.cx, &by, &work).await?;
        Ok(download("chain.json", "application/json", serde_json::to_vec_pretty(&chain).map_err(Fault::broken)?))
    };
    me.cx.end(exported.await)
}
