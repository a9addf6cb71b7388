//! The files of a draft: added by the page's script or a program, looked through, renamed, removed
//! (ipr-15, ipr-16).

use super::flow::is_id;
use super::model::{line, name_key, tidy_path};
use super::store::Opened;
use super::{PLACE, WORDS, Works};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response};
use axum::routing::get;
use proof_wasm::page;
use registry::accounts::{Me, Sent};
use registry::evidence::{DraftFile, Mode};
use registry::web::sheet::{Block, Field, Form, Ledger, Part, Sheet, Value};
use registry::web::{Fault, Fields, Words, grouped, json};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::{BTreeSet, HashSet};

/// Files that one request may add.
const ADDED_MAX: usize = 2_000;
/// Files on one page.
const SHOWN: usize = 100;

pub(super) fn router() -> Router<Works> {
    Router::new()
        .route("/protect/{id}/files", get(show).post(edit))
        .route("/protect/{id}/list", get(list))
        .route("/protect/{id}/added", axum::routing::post(add))
}

/// What the script sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sending {
    mode: Mode,
    files: Vec<SentFile>,
}

/// A file as it is sent.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "File", extend("x-zh" = "一个文件：名称、大小与摘要"))]
pub(super) struct SentFile {
    /// Its name, or its path below the folder, with `/`.
    #[schemars(extend("x-zh" = "名称，或文件夹内以 / 分隔的路径", "minLength" = 1, "maxLength" = 1024))]
    pub path: String,
    /// Its size in bytes.
    #[schemars(extend("x-zh" = "大小，字节", "maximum" = 9_007_199_254_740_991_u64))]
    pub size: u64,
    /// Its SHA-256 in hexadecimal; in the mode `salted`, SHA-256 over a salt of 32 bytes and the file.
    #[schemars(extend("x-zh" = "SHA-256，十六进制；salted 方式下为「32 字节盐与文件」的 SHA-256", "pattern" = "^[0-9a-f]{64}$"))]
    pub digest: String,
    /// Its SM3 in hexadecimal, or nothing.
    #[serde(default)]
    #[schemars(extend("x-zh" = "SM3，十六进制；可不给", "pattern" = "^([0-9a-f]{64})?$"))]
    pub sm3: String,
    /// Whether it comes with the work and is no part of it.
    #[serde(default)]
    #[schemars(extend("x-zh" = "是否随附材料，不属作品本身"))]
    pub attached: bool,
}

impl SentFile {
    /// As it is kept.
    pub fn tidy(self, w: Words) -> Result<DraftFile, Fault> {
        let wrong = || {
            let what = w.fill("file-wrong", &[("name", &line(&self.path))]);
            Fault::Field { field: "files", what }
        };
        let path = tidy_path(&self.path).ok_or_else(wrong)?;
        Ok(DraftFile { path, size: self.size, digest: self.digest, sm3: self.sm3, is_attached: self.attached })
    }
}

/// `POST /protect/{id}/added`: names and digests of files that the page's script hashed; JSON.
async fn add(
    State(works): State<Works>,
    me: Me,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response<Body> {
    let token = headers.get("x-form-token").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_ours = me.cx.token.as_ref().is_some_and(|own| own.is_form_token(token));
    let added = async {
        if !is_ours {
            return Err(Fault::StaleForm);
        }
        let body = body.map_err(|_| Fault::TooLarge(registry::web::guard::BODY_BYTES_MAX))?;
        let sending: Sending = serde_json::from_slice(&body).map_err(|_| Fault::Form)?;
        if sending.files.len() > ADDED_MAX || !is_id(&id) {
            return Err(Fault::Form);
        }
        if sending.mode == Mode::Deposit && !works.holdings().is_offered() {
            return Err(Fault::Field { field: "mode", what: me.cx.words(&WORDS).say("deposit-off") });
        }
        let mut draft = match works.draft(&me, &id).await? {
            Some(draft) => draft,
            None => {
                let mut draft = Opened { id: id.clone(), ..Works::fresh(&me)? };
                draft.application.mode = Some(sending.mode);
                if !works.save(&me, &draft).await? {
                    return Err(Fault::NotFound);
                }
                works.open_draft(&me, &id).await?
            }
        };
        // Digests and commitments never stand in one record.
        if draft.application.mode != Some(sending.mode) {
            if draft.files > 0 {
                let what = me.cx.words(&WORDS).say("mode-fixed");
                return Err(Fault::Field { field: "mode", what });
            }
            draft.application.mode = Some(sending.mode);
            if !works.save(&me, &draft).await? {
                return Err(Fault::NotFound);
            }
            draft = works.open_draft(&me, &id).await?;
        }
        let files =
            sending.files.into_iter().map(|file| file.tidy(me.cx.words(&WORDS))).collect::<Result<Vec<_>, _>>()?;
        let added = works.add_files(&me, &draft, sending.mode, &files).await?;
        let version = works.open_draft(&me, &id).await?.version;
        json(&serde_json::json!({ "added": added, "version": version }))
    };
    match added.await {
        Ok(response) => response,
        // The script reads it.
        Err(fault) => fault.answer_to_script(&me.cx),
    }
}

/// `GET /protect/{id}/list`: names and digests, for the script that holds the salts; JSON.
async fn list(State(works): State<Works>, me: Me, Path(id): Path<String>) -> Response<Body> {
    let listed = async {
        works.open_draft(&me, &id).await?;
        let files = works.files(&me, &id).await?;
        let files: Vec<_> = files.iter().map(|(_, file)| serde_json::json!([file.path, file.digest])).collect();
        json(&serde_json::json!({ "files": files }))
    };
    match listed.await {
        Ok(response) => response,
        Err(fault) => fault.answer_to_script(&me.cx),
    }
}

async fn sheet(works: &Works, me: &Me, draft: &Opened, wrong: Option<(&Fields, &Fault)>) -> Result<Sheet, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let files = works.files(me, &draft.id).await?;
    let start: usize = cx.query("from").parse().unwrap_or(0);
    let place = format!("/protect/{}/files", draft.id);
    let size = page::size(draft.bytes);
    let tally = w.fill("files-have", &[("count", &grouped(draft.files)), ("size", &size)]);
    let mut sheet = Sheet::new(cx, w.say("files-title")).lead(tally).under(PLACE);
    let back = vec![
        (format!("/protect/{}", draft.id), w.say("files-back")),
        (format!("/protect/{}/about", draft.id), w.say("files-on")),
    ];
    if files.is_empty() {
        let part = Part::new(w.say("files")).with(Block::Empty(w.say("files-empty"), w.say("files-empty-note")));
        return Ok(sheet.part(part.with(Block::Links(back))));
    }
    let shown: Vec<_> = files.iter().skip(start).take(SHOWN).collect();
    let attached = |file: &DraftFile| if file.is_attached { w.say("file-attached") } else { String::new() };
    let option = |(place, file): &&(i64, DraftFile)| {
        let about = format!("{}　{}　{}", file.path, page::size(file.size), attached(file));
        (place.to_string(), about.trim().to_owned(), false)
    };
    let acts = [
        ("remove", "files-act-remove", "files-act-remove-note"),
        ("replace", "files-act-replace", "files-act-replace-note"),
        ("attach", "files-act-attach", "files-act-attach-note"),
        ("detach", "files-act-detach", "files-act-detach-note"),
    ];
    let acts = acts.map(|(act, name, note)| (act.to_owned(), w.say(name), w.say(note))).to_vec();
    let form = Form::new(place.clone(), w.say("files-do"))
        .of(cx)
        .hidden("version", draft.version.to_string())
        .field(Field::boxes("file", w.say("files-which"), shown.iter().map(option).collect()).optional())
        .field(Field::check("all", w.say("files-all"), w.say("files-all-says")).optional())
        .field(Field::choices("act", w.say("files-act"), acts))
        .field(Field::text("find", w.say("files-find")).optional())
        .field(Field::text("put", w.say("files-put")).help(w.say("files-put-note")).optional())
        .after(wrong);
    let rows = shown.iter().map(|(_, file)| {
        vec![
            Value::Two(file.path.clone(), attached(file)),
            Value::Text(page::size(file.size)),
            Value::Digest(file.digest.clone()),
        ]
    });
    let head = ["files-name", "files-size", "files-digest"].map(|id| w.say(id)).to_vec();
    let ledger = Ledger { name: w.say("files"), head, rows: rows.collect() };
    let mut list = Part::new(w.say("files")).full().with(Block::Ledger(ledger));
    let mut pages = Vec::new();
    if start > 0 {
        pages.push((format!("{place}?from={}", start.saturating_sub(SHOWN)), w.say("files-before")));
    }
    if start + SHOWN < files.len() {
        pages.push((format!("{place}?from={}", start + SHOWN), w.say("files-after")));
    }
    if !pages.is_empty() {
        list = list.with(Block::Links(pages));
    }
    sheet =
        sheet.part(list).part(Part::new(w.say("files-edit")).note(w.say("files-edit-note")).with(Block::Form(form)));
    Ok(sheet.part(Part::new(w.say("files-next")).with(Block::Links(back))))
}

/// `GET /protect/{id}/files`
async fn show(State(works): State<Works>, me: Me, Path(id): Path<String>) -> Response<Body> {
    let shown = async {
        let draft = works.open_draft(&me, &id).await?;
        if draft.record.is_some() || draft.is_confirmed {
            return Ok(me.cx.see(&format!("/protect/{id}")));
        }
        Ok(me.cx.page(&sheet(&works, &me, &draft, None).await?))
    };
    me.cx.end(shown.await)
}

/// `POST /protect/{id}/files`: removes, renames, or marks some of them.
async fn edit(State(works): State<Works>, Path(id): Path<String>, Sent { me, fields }: Sent) -> Response<Body> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let draft = match works.open_draft(&me, &id).await {
        Ok(draft) => draft,
        Err(fault) => return fault.answer(cx),
    };
    let field = |field: &'static str, id: &str| Fault::Field { field, what: w.say(id) };
    let edited = async {
        if draft.record.is_some() {
            return Err(Fault::NotFound);
        }
        if fields.text("version") != draft.version.to_string() {
            return Err(field("act", "overtaken"));
        }
        let chosen: BTreeSet<i64> = fields.all("file").filter_map(|place| place.parse().ok()).collect();
        let is_meant = |place: i64| fields.is_ticked("all") || chosen.contains(&place);
        let mut files = works.files(&me, &id).await?;
        if !files.iter().any(|(place, _)| is_meant(*place)) {
            return Err(field("file", "files-none-chosen"));
        }
        match fields.text("act") {
            "remove" => files.retain(|(place, _)| !is_meant(*place)),
            "attach" | "detach" => {
                let is_attached = fields.text("act") == "attach";
                files
                    .iter_mut()
                    .filter(|(place, _)| is_meant(*place))
                    .for_each(|(_, file)| file.is_attached = is_attached);
            }
            "replace" => {
                // Blanks at its ends are part of what is looked for.
                let (find, put) = (fields.raw("find"), fields.raw("put"));
                if find.is_empty() {
                    return Err(field("find", "files-find-missing"));
                }
                for (_, file) in files.iter_mut().filter(|(place, _)| is_meant(*place)) {
                    let path = tidy_path(&file.path.replace(find, put));
                    file.path = path.ok_or_else(|| field("put", "files-name-gone"))?;
                    if file.fault(draft.application.mode()).is_some() {
                        return Err(field("put", "files-name-gone"));
                    }
                }
                let mut seen = HashSet::new();
                if !files.iter().all(|(_, file)| seen.insert(name_key(&file.path))) {
                    return Err(field("put", "files-name-twice"));
                }
            }
            _ => return Err(field("act", "files-act-missing")),
        }
        match works.replace_files(&me, &draft, &files).await? {
            true => Ok(cx.see(&format!("/protect/{id}/files"))),
            false => Err(field("act", "overtaken")),
        }
    };
    let answer = edited.await;
    cx.end_form(answer, async |fault| sheet(&works, &me, &draft, Some((&fields, fault))).await).await
}
