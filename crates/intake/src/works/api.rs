//! What programs do with works: the same doors, the same checks, one request for one record.

use super::chain::{ChainJson, chain_json};
use super::files::SentFile;
use super::model::{Application, Somebody, TagSet, line};
use super::{WORDS, Works};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State as Given};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::{get, post};
use registry::accounts::keys::Scopes;
use registry::accounts::organisation::{ANYONE, Role};
use registry::accounts::{Program, new_id};
use registry::billing::ToldCharge;
use registry::evidence::vocabulary::Vocabulary;
use registry::evidence::{Entry, Mode, Party, State};
use registry::web::api::{Group, Operation, Paging, Parameter, text};
use registry::web::{Cx, Fault, guard, json};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Works in one answer.
const PAGE_MAX: usize = 100;
const PAGE: usize = 50;

pub(super) fn router() -> Router<Works> {
    Router::new()
        .route("/api/v1/works", get(list).post(protect))
        .route("/api/v1/works/{id}", get(show))
        .route("/api/v1/works/{id}/whole", post(whole))
        .route("/api/v1/vocabulary", get(vocabulary))
}

/// What a program sends for a record.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Application", extend("x-zh" = "申请：对内容的说明与各文件的摘要"))]
struct Sending {
    /// A type of the vocabulary.
    #[serde(rename = "type")]
    #[schemars(extend("x-zh" = "词汇表中的类型"))]
    kind: String,
    /// Whether it was published.
    #[schemars(extend("x-zh" = "是否已发表"))]
    published: bool,
    /// How the content is kept.
    #[schemars(extend("x-zh" = "内容的保存方式"))]
    mode: Mode,
    /// One record for each file, up to 1,000.
    #[serde(default)]
    #[schemars(extend("x-zh" = "每个文件一条记录，至多 1 000 条"))]
    each: bool,
    /// The work that it goes on with; a new one where there is none.
    #[serde(default)]
    #[schemars(extend("x-zh" = "续作时填作品号；不填则为新作品"))]
    work: Option<String>,
    /// What it is called.
    #[schemars(extend("x-zh" = "名称", "minLength" = 1, "maxLength" = 200))]
    title: String,
    /// A stage of the type, or `own`.
    #[schemars(extend("x-zh" = "类型的阶段，或 own"))]
    stage: String,
    /// The stage in your own words, where it is `own`.
    #[serde(default)]
    #[schemars(extend("x-zh" = "stage 为 own 时，自述的阶段", "maxLength" = 200))]
    own_stage: String,
    /// The version.
    #[serde(default)]
    #[schemars(extend("x-zh" = "版本"))]
    version: String,
    /// A summary.
    #[serde(default)]
    #[schemars(extend("x-zh" = "内容提要", "maxLength" = 10000))]
    summary: String,
    /// Who made it or has rights in it.
    #[serde(default)]
    #[schemars(extend("x-zh" = "作者与权利人", "maxItems" = 30))]
    people: Vec<Somebody>,
    /// Tags of the vocabulary.
    #[serde(default)]
    #[schemars(extend("x-zh" = "词汇表中的标签"))]
    tags: Vec<TagSet>,
    /// What the applicant declares.
    #[schemars(extend("x-zh" = "申请人的声明", "minLength" = 1, "maxLength" = 10000))]
    declaration: String,
    /// Where it was published.
    #[serde(default)]
    #[schemars(extend("x-zh" = "发表的平台"))]
    platforms: String,
    /// What else there is.
    #[serde(default)]
    #[schemars(extend("x-zh" = "其他材料", "maxLength" = 10000))]
    materials: String,
    /// Whether the applicant has nothing to do with the operator.
    #[serde(default)]
    #[schemars(extend("x-zh" = "申请人是否与运营者无关"))]
    unrelated: Option<bool>,
    /// The files, up to 10,000.
    #[schemars(extend("x-zh" = "文件，至多 10 000 个", "minItems" = 1, "maxItems" = 10000))]
    files: Vec<SentFile>,
}

/// A record that was made.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MadeRecord", extend("x-zh" = "生成的记录"))]
struct Made {
    /// Evidence number.
    #[schemars(extend("x-zh" = "证据编号"))]
    number: String,
    /// Where it stands.
    #[schemars(extend("x-zh" = "状态"))]
    state: State,
    /// How many files it has.
    #[schemars(extend("x-zh" = "文件数"))]
    files: u64,
    /// The SHA-256 of the record.
    #[schemars(extend("x-zh" = "记录的 SHA-256", "pattern" = "^[0-9a-f]{64}$"))]
    sha256: String,
    /// It existed no later than then; null before it is stamped.
    #[schemars(extend("x-zh" = "至迟在此时已存在；盖戳之前为 null", "format" = "date-time"))]
    no_later_than: Option<String>,
    /// The work that it belongs to.
    #[schemars(extend("x-zh" = "所属作品"))]
    work: String,
    /// Where the record is.
    #[schemars(extend("x-zh" = "记录的地址"))]
    href: String,
    /// What it cost; null where records cost nothing.
    #[schemars(extend("x-zh" = "费用；记录不收费时为 null"))]
    charge: Option<ToldCharge>,
}

#[derive(Serialize, JsonSchema)]
struct MadeRecords {
    /// The records; one, but for `each`.
    #[schemars(extend("x-zh" = "记录；除 each 外为一条"))]
    records: Vec<Made>,
}

/// A work, as lists show it.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("x-zh" = "列表中的一个作品"))]
struct WorkEntry {
    /// Its id.
    #[schemars(extend("x-zh" = "编号"))]
    id: String,
    /// What it is called.
    #[schemars(extend("x-zh" = "名称"))]
    title: String,
    /// Its type.
    #[serde(rename = "type")]
    #[schemars(extend("x-zh" = "类型"))]
    kind: String,
    /// When its newest record was made.
    #[schemars(extend("x-zh" = "最近一条记录的时间", "format" = "date-time"))]
    changed: String,
}

#[derive(Serialize, JsonSchema)]
struct WorkPage {
    /// The works, those with the newest record first.
    #[schemars(extend("x-zh" = "作品，最近有记录者在前"))]
    works: Vec<WorkEntry>,
    /// The cursor of the next page; null at the end.
    #[schemars(extend("x-zh" = "下一页的游标；到头为 null"))]
    next: Option<String>,
}

pub(super) fn operations() -> Vec<Operation> {
    let of = |method, path, id, summary| Operation::new(method, path, id, Group::Works, summary);
    let (read, write) = (Scopes::RecordsRead.name(), Scopes::RecordsWrite.name());
    let work = || Parameter::id(text("作品的编号", "The work's id"));
    vec![
        of("POST", "/api/v1/works", "protect", text("由摘要生成记录", "Makes a record out of digests"))
            .note(text(
                "文件不传到节点，只传摘要；mode 为 deposit 时，各文件的原件须先上传。应答返回时记录已盖时间戳，除非节点暂时不能签署（waiting）或须审批（asked）。同一 Idempotency-Key 与内容永远对应同一条记录。",
                "No file is sent, but its digest; with the mode deposit, the originals must be here already. The record is stamped \
                 when the answer comes, but where the node cannot sign just now (waiting) or an approver is asked (asked). The same \
                 Idempotency-Key with the same content stands for the same record for ever.",
            ))
            .key(write)
            .parameter(Parameter::idempotency_key())
            .takes::<Sending>(example())
            .refuses(&[409])
            .gives::<MadeRecords>(201, text("已生成", "They are made")),
        of("GET", "/api/v1/works", "listWorks", text("列出作品", "Lists works"))
            .key(read)
            .paged(PAGE_MAX, PAGE)
            .gives::<WorkPage>(200, text("一页", "A page")),
        of("GET", "/api/v1/works/{id}", "getWork", text("一个作品及其链", "A work with its chain"))
            .note(text("作品的各条记录，按时间；至多 500 条。", "The records of the work in order; 500 at most."))
            .key(read)
            .parameter(work())
            .gives::<ChainJson>(200, text("链", "The chain")),
        of("POST", "/api/v1/works/{id}/whole", "protectWhole", text("为整部作品立一条记录", "Makes a record of the whole work"))
            .note(text("记录所含的是迄今各条记录；各条未变时仍是同一条。", "Its files are the records so far; while these are the same, it is the same record."))
            .key(write)
            .parameter(work())
            .parameter(Parameter::idempotency_key())
            .refuses(&[409, 422])
            .gives::<Made>(200, text("记录", "The record")),
        of("GET", "/api/v1/vocabulary", "getVocabulary", text("类型、阶段、标签与模板", "Types, stages, tags and templates"))
            .key(read)
            .gives::<Vocabulary>(200, text("词汇", "The vocabulary")),
    ]
}

/// What stands in examples.
pub(super) fn example() -> serde_json::Value {
    serde_json::json!({
        "type": "photo", "published": false, "mode": "digest", "title": "Harbour", "stage": "finished",
        "declaration": "I made it.", "unrelated": true, "people": [{ "name": "Lin", "part": "camera" }],
        "files": [{
            "path": "hello.txt", "size": 12,
            "digest": "a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447",
        }],
    })
}

/// The body of a request, read.
pub(super) fn body_of<T: DeserializeOwned>(cx: &Cx, body: Result<Bytes, BytesRejection>) -> Result<(Bytes, T), Fault> {
    let body = body.map_err(|_| Fault::TooLarge(guard::BODY_BYTES_MAX))?;
    let read = serde_json::from_slice(&body).map_err(|error| {
        let what = cx.words(&WORDS).fill("body-wrong", &[("cause", &error.to_string())]);
        Fault::Field { field: "body", what }
    });
    read.map(|read| (body, read))
}

/// Fields as programs send them: forms have other names for two.
pub(super) fn named(fault: Fault) -> Fault {
    match fault {
        Fault::Field { field: "kind", what } => Fault::Field { field: "type", what },
        Fault::Field { field: "digests", what } => Fault::Field { field: "files", what },
        other => other,
    }
}

impl Works {
    /// A record as programs are told of it, with what it cost.
    async fn made(&self, entry: &Entry) -> Result<Made, Fault> {
        let charge = self.evidence().billing().charge_of(&format!("record/{}", entry.number)).await?;
        Ok(Made {
            number: entry.number.to_string(),
            state: entry.state,
            files: entry.files,
            sha256: entry.digest.clone(),
            no_later_than: entry.time.map(|time| time.to_string()),
            work: entry.origin.clone(),
            href: format!("/api/v1/records/{}", entry.number),
            charge: charge.map(|charge| charge.told()),
        })
    }
}

impl Sending {
    /// The application, and its files as they were sent.
    fn read(self, organisation: Option<String>) -> (Application, Vec<SentFile>) {
        let application = Application {
            kind: self.kind,
            is_published: Some(self.published),
            mode: Some(self.mode),
            is_each: self.each,
            organisation,
            is_unrelated: self.unrelated,
            work: self.work,
            title: line(&self.title),
            stage: self.stage,
            own_stage: self.own_stage,
            version: self.version,
            summary: self.summary,
            people: self.people,
            tags: self.tags,
            declaration: self.declaration,
            platforms: self.platforms,
            materials: self.materials,
        };
        (application, self.files)
    }
}

/// `POST /api/v1/works`: makes a record. The header `Idempotency-Key` makes it safe to send again.
async fn protect(
    Given(works): Given<Works>,
    program: Program,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response<Body> {
    let (cx, w) = (&program.cx, program.cx.words(&WORDS));
    let made = async {
        program.may(Scopes::RecordsWrite)?;
        let (body, sent) = body_of::<Sending>(cx, body)?;
        let key = program.idempotency_key(&headers)?;
        let make = async {
            let agreed = registry::billing::agreed(cx, &headers)?;
            let by = Party::of_program(&program, &[Role::Applicant]).await?.agreeing(agreed);
            let (application, files) = sent.read(program.organisation.clone());
            let vocabulary = works.evidence().vocabularies().now();
            application.check_what(w, &vocabulary, files.len() as u64)?;
            application.check_about(w, &vocabulary)?;
            let files = files.into_iter().map(|file| file.tidy(w)).collect::<Result<Vec<_>, _>>()?;
            // Without a key each request is one of its own.
            let idem = match &key {
                None => format!("once/{}", new_id()?),
                Some(key) => format!("api/{key}"),
            };
            let missing = || Fault::Field { field: "work", what: w.say("work-missing") };
            let work = match &application.work {
                Some(id) => works.find_work(&by, id).await?.ok_or_else(missing)?.id,
                // The same key begins the same work.
                None => Works::new_work(&by, &idem),
            };
            let entries = works.preserve(&by, &application, (&idem, &work), files, w).await?;
            let mut records = Vec::with_capacity(entries.len());
            for entry in &entries {
                records.push(works.made(entry).await?);
            }
            let mut response = json(&MadeRecords { records })?;
            *response.status_mut() = StatusCode::CREATED;
            Ok(response)
        };
        program.once(&headers, &body, make).await
    };
    cx.end(made.await.map_err(named))
}

/// `GET /api/v1/works`: the works of the key's person or organisation.
async fn list(Given(works): Given<Works>, program: Program) -> Response<Body> {
    let read = async {
        program.may(Scopes::RecordsRead)?;
        let by = Party::of_program(&program, ANYONE).await?;
        let paging = Paging::of(&program.cx, PAGE_MAX, PAGE)?;
        let place = |place: &str| place.split_once('.').and_then(|(ms, id)| Some((ms.parse().ok()?, id.to_owned())));
        let before: Option<(i64, String)> = paging.place(place)?;
        let before = before.as_ref().map(|(ms, id)| (*ms, id.as_str()));
        let mut found = works.works(&by, before, paging.limit as i64 + 1).await?;
        let has_more = found.len() > paging.limit;
        found.truncate(paging.limit);
        let next = found.last().filter(|_| has_more);
        let next = next.map(|work| paging.next(format!("{}.{}", work.changed.unix_s() * 1000, work.id)));
        let entry = |work: super::store::Work| WorkEntry {
            id: work.id,
            title: work.title,
            kind: work.kind,
            changed: work.changed.to_string(),
        };
        let page = WorkPage { works: found.into_iter().map(entry).collect(), next: next.clone() };
        paging.answer(&page, next.as_deref())
    };
    program.cx.end(read.await)
}

/// `GET /api/v1/works/{id}`: a work with its chain.
async fn show(Given(works): Given<Works>, program: Program, Path(id): Path<String>) -> Response<Body> {
    let read = async {
        program.may(Scopes::RecordsRead)?;
        let by = Party::of_program(&program, ANYONE).await?;
        let work = works.find_work(&by, &id).await?.ok_or(Fault::NotFound)?;
        json(&chain_json(&works, &program.cx, &by, &work).await?)
    };
    program.cx.end(read.await)
}

/// `POST /api/v1/works/{id}/whole`: a record of the whole work.
async fn whole(
    Given(works): Given<Works>,
    program: Program,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let done = async {
        program.may(Scopes::RecordsWrite)?;
        let make = async {
            let by = Party::of_program(&program, &[Role::Applicant]).await?;
            json(&works.made(&works.preserve_whole(&by, &id).await?).await?)
        };
        program.once(&headers, b"", make).await
    };
    program.cx.end(done.await)
}

/// `GET /api/v1/vocabulary`: types with their stages, tags with their fields, templates.
async fn vocabulary(Given(works): Given<Works>, program: Program) -> Response<Body> {
    let read = async {
        program.may(Scopes::RecordsRead)?;
        json(&*works.evidence().vocabularies().now())
    };
    program.cx.end(read.await)
}
