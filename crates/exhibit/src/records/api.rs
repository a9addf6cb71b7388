//! What programs read of records: `/api/v1/records` and below.

use super::{FILES, Records, file_of, note_viewed};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State as Given};
use axum::http::Response;
use axum::routing::get;
use base64ct::{Base64, Encoding as _};
use registry::accounts::Program;
use registry::accounts::audit::Act;
use registry::accounts::keys::Scopes;
use registry::accounts::organisation::ANYONE;
use registry::evidence::{Entry, Evidence, Filter, Kept, Mode, Order, PAGE, PAGE_MAX, Party, State};
use registry::web::api::{At, Group, Operation, Paging, Parameter, text};
use registry::web::{Cx, Fault, json};
use schemars::JsonSchema;
use serde::Serialize;

/// Letters of what is looked for.
const QUERY_CHARS_MAX: usize = 200;

pub(super) fn router() -> Router<Records> {
    Router::new()
        .route("/api/v1/records", get(list))
        .route("/api/v1/records/{number}", get(show))
        .route("/api/v1/records/{number}/{name}", get(file))
}

/// A record, as lists show it.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("x-zh" = "列表中的一条记录"))]
struct RecordEntry {
    /// Evidence number.
    #[schemars(extend("x-zh" = "证据编号"))]
    number: String,
    /// Where it stands.
    #[schemars(extend("x-zh" = "状态"))]
    state: State,
    /// The type of work.
    #[serde(rename = "type")]
    #[schemars(extend("x-zh" = "作品类型"))]
    kind: String,
    /// How the content is kept.
    #[schemars(extend("x-zh" = "内容的保存方式"))]
    mode: Mode,
    /// What it is called; null once its owner was erased.
    #[schemars(extend("x-zh" = "名称；所有人已被抹除时为 null"))]
    title: Option<String>,
    /// How many files it has.
    #[schemars(extend("x-zh" = "文件数"))]
    files: u64,
    /// How large they are together.
    #[schemars(extend("x-zh" = "文件总大小，字节"))]
    bytes: u64,
    /// The SHA-256 of the record.
    #[schemars(extend("x-zh" = "记录的 SHA-256", "pattern" = "^[0-9a-f]{64}$"))]
    sha256: String,
    /// The work that it belongs to.
    #[schemars(extend("x-zh" = "所属作品"))]
    work: String,
    /// It existed no later than then; null before it is stamped.
    #[schemars(extend("x-zh" = "至迟在此时已存在；盖戳之前为 null", "format" = "date-time"))]
    no_later_than: Option<String>,
}

/// A page of records.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("x-zh" = "一页记录"))]
struct RecordPage {
    /// The records.
    #[schemars(extend("x-zh" = "记录"))]
    records: Vec<RecordEntry>,
    /// The cursor of the next page; null at the end.
    #[schemars(extend("x-zh" = "下一页的游标；到头为 null"))]
    next: Option<String>,
    /// Whether not all that may fit were looked at: ask for something narrower.
    #[schemars(extend("x-zh" = "是否未能全部查看；请缩小范围"))]
    cut: bool,
}

/// A record with all that belongs to it.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("x-zh" = "一条记录及其全部内容"))]
struct WholeRecord {
    /// Evidence number.
    #[schemars(extend("x-zh" = "证据编号"))]
    number: String,
    /// Where it stands.
    #[schemars(extend("x-zh" = "状态"))]
    state: State,
    /// Which part of the node made it.
    #[schemars(extend("x-zh" = "由哪个部分生成"))]
    maker: String,
    /// The type of work.
    #[serde(rename = "type")]
    #[schemars(extend("x-zh" = "作品类型"))]
    kind: String,
    /// How the content is kept.
    #[schemars(extend("x-zh" = "内容的保存方式"))]
    mode: Mode,
    /// What it is called.
    #[schemars(extend("x-zh" = "名称"))]
    title: Option<String>,
    /// How many files it has.
    #[schemars(extend("x-zh" = "文件数"))]
    files: u64,
    /// How large they are together.
    #[schemars(extend("x-zh" = "文件总大小，字节"))]
    bytes: u64,
    /// The SHA-256 of the record.
    #[schemars(extend("x-zh" = "记录的 SHA-256", "pattern" = "^[0-9a-f]{64}$"))]
    sha256: String,
    /// The work that it belongs to.
    #[schemars(extend("x-zh" = "所属作品"))]
    work: String,
    /// When it was confirmed, by the clock of the node.
    #[schemars(extend("x-zh" = "确认的时间，以本节点时钟为准", "format" = "date-time"))]
    made: String,
    /// It existed no later than then; null before it is stamped.
    #[schemars(extend("x-zh" = "至迟在此时已存在；盖戳之前为 null", "format" = "date-time"))]
    no_later_than: Option<String>,
    /// The record itself, canonical JSON.
    #[schemars(extend("x-zh" = "记录本身，规范 JSON"))]
    record: serde_json::Value,
    /// The list of its files, canonical JSON.
    #[schemars(extend("x-zh" = "文件清单，规范 JSON"))]
    list: serde_json::Value,
    /// Salts and texts of what it commits to; to be shown to nobody unasked.
    #[schemars(extend("x-zh" = "承诺所用的盐与文字；请勿随意示人"))]
    openings: serde_json::Value,
    /// The TimeStampResp over the record, base64; null before it is stamped.
    #[schemars(extend("x-zh" = "对记录的时间戳应答，base64；盖戳之前为 null"))]
    token: Option<String>,
}

pub(super) fn operations() -> Vec<Operation> {
    let of =
        |path, id, summary| Operation::new("GET", path, id, Group::Records, summary).key(Scopes::RecordsRead.name());
    let words = |names: Vec<&str>| serde_json::json!({ "type": "string", "enum": names });
    let states = words(State::ALL.map(State::name).to_vec());
    let orders = words(Order::ALL.map(Order::name).to_vec());
    let names = words(FILES.map(|(name, ..)| name).to_vec());
    let query = serde_json::json!({ "type": "string", "maxLength": QUERY_CHARS_MAX });
    let kind = serde_json::json!({ "type": "string", "maxLength": QUERY_CHARS_MAX });
    let looked = text(
        "名称或文件名中的词、证据编号，或摘要的开头",
        "Words of titles and names of files, a number, or the beginning of a digest",
    );
    vec![
        of("/api/v1/records", "listRecords", text("列出记录", "Lists records"))
            .note(text("密钥所属组织的，或本人的；新的在前。", "Of the key's organisation, or the person's own; the newest first."))
            .parameter(Parameter::new("q", At::Query, query, looked))
            .parameter(Parameter::new("type", At::Query, kind, text("作品类型", "A type of work")))
            .parameter(Parameter::new("state", At::Query, states, text("状态", "A state")).example("kept"))
            .parameter(Parameter::new("order", At::Query, orders, text("次序", "In which order")))
            .paged(PAGE_MAX, PAGE)
            .gives::<RecordPage>(200, text("一页", "A page")),
        of("/api/v1/records/{number}", "getRecord", text("一条记录的全部内容", "A record with all that belongs to it"))
            .parameter(Parameter::number())
            .gives::<WholeRecord>(200, text("记录", "The record")),
        of("/api/v1/records/{number}/{name}", "getRecordFile", text("记录的各个文件", "The files of a record"))
            .note(text(
                "record.json 是记录，record.tsr 是对它的时间戳，files.json 是文件清单，openings.json 打开其中的承诺。",
                "record.json is the record, record.tsr the timestamp over it, files.json the list of files, and openings.json opens \
                 what it commits to.",
            ))
            .parameter(Parameter::number())
            .parameter(Parameter::new("name", At::Path, names, text("哪一个", "Which one")).example("record.tsr"))
            .gives_bytes(200, "application/json", text("文件", "The file"))
            .or_bytes("application/timestamp-reply"),
    ]
}

/// What an address asks for; what cannot stand there is refused.
fn filter_of(cx: &Cx, paging: &Paging<'_>) -> Result<Filter, Fault> {
    let is_short = |text: &str| (text.chars().count() <= QUERY_CHARS_MAX).then(|| text.to_owned());
    Ok(Filter {
        query: cx.one_of("q", is_short)?.unwrap_or_default(),
        kind: cx.one_of("type", is_short)?.unwrap_or_default(),
        state: cx.one_of("state", State::parse)?,
        order: cx.one_of("order", |name| Order::ALL.into_iter().find(|one| one.name() == name))?.unwrap_or_default(),
        after: paging.place(|place| place.parse().ok())?,
        limit: paging.limit,
    })
}

fn entry_of(entry: &Entry) -> RecordEntry {
    RecordEntry {
        number: entry.number.to_string(),
        state: entry.state,
        kind: entry.kind.clone(),
        mode: entry.mode,
        title: entry.title.as_ref().map(|title| title.title.clone()),
        files: entry.files,
        bytes: entry.bytes,
        sha256: entry.digest.clone(),
        work: entry.origin.clone(),
        no_later_than: entry.time.map(|time| time.to_string()),
    }
}

/// `GET /api/v1/records`
async fn list(Given(evidence): Given<Evidence>, program: Program) -> Response<Body> {
    let read = async {
        program.may(Scopes::RecordsRead)?;
        let by = Party::of_program(&program, ANYONE).await?;
        let paging = Paging::of(&program.cx, PAGE_MAX, PAGE)?;
        let listed = evidence.list(&by, &filter_of(&program.cx, &paging)?).await?;
        let next = listed.next.map(|next| paging.next(next));
        let records = listed.entries.iter().map(entry_of).collect();
        paging.answer(&RecordPage { records, next: next.clone(), cut: listed.is_cut }, next.as_deref())
    };
    program.cx.end(read.await)
}

async fn open(evidence: &Evidence, program: &Program, number: &str) -> Result<(Party, Kept), Fault> {
    program.may(Scopes::RecordsRead)?;
    let by = Party::of_program(program, ANYONE).await?;
    let kept = evidence.kept(&by, number.parse().map_err(|_| Fault::NotFound)?).await?;
    Ok((by, kept))
}

fn whole(kept: &Kept) -> WholeRecord {
    let entry = &kept.entry;
    let value = |bytes: Vec<u8>| serde_json::from_slice(&bytes).unwrap_or_default();
    WholeRecord {
        number: entry.number.to_string(),
        state: entry.state,
        maker: entry.maker.clone(),
        kind: entry.kind.clone(),
        mode: entry.mode,
        title: entry.title.as_ref().map(|title| title.title.clone()),
        files: entry.files,
        bytes: entry.bytes,
        sha256: entry.digest.clone(),
        work: entry.origin.clone(),
        made: entry.made().to_string(),
        no_later_than: entry.time.map(|time| time.to_string()),
        record: value(kept.record.to_canonical_json()),
        list: value(kept.files.to_canonical_json()),
        openings: value(kept.openings.to_canonical_json()),
        token: kept.token.as_ref().map(|token| Base64::encode_string(token)),
    }
}

/// `GET /api/v1/records/{number}`
async fn show(Given(evidence): Given<Evidence>, program: Program, Path(number): Path<String>) -> Response<Body> {
    let read = async {
        let (by, kept) = open(&evidence, &program, &number).await?;
        note_viewed(&evidence, &by, &kept).await?;
        json(&whole(&kept))
    };
    program.cx.end(read.await)
}

/// `GET /api/v1/records/{number}/{name}`: `record.json`, `record.tsr`, `files.json`, `openings.json`
async fn file(
    Given(evidence): Given<Evidence>,
    program: Program,
    Path((number, name)): Path<(String, String)>,
) -> Response<Body> {
    let read = async {
        let (by, kept) = open(&evidence, &program, &number).await?;
        let response = file_of(&kept, &name)?;
        evidence.note(&by, &kept.entry, Act::Downloaded).await?;
        Ok(response)
    };
    program.cx.end(read.await)
}
