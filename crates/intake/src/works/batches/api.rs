//! What programs do with batches: send, look, edit what is held, confirm, drop.

use super::model::{
    BATCH_FILES_MAX, Batch, BatchList, BatchPage, Edit, Fields, ITEMS_MAX, Item, Sending, Stands, Waiting,
};
use crate::works::api::{body_of, named};
use crate::works::model::{Application, name_key, tidy_path};
use crate::works::{WORDS, Works};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State as Given};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::{get, post};
use proof::digest::DigestAlgorithm;
use registry::accounts::keys::Scopes;
use registry::accounts::organisation::{ANYONE, Role};
use registry::accounts::{Program, new_id};
use registry::evidence::vocabulary::Vocabulary;
use registry::evidence::{Mode, Party};
use registry::web::api::{Group, Operation, Paging, Parameter, text};
use registry::web::{Code, Fault, Words, json};
use std::collections::HashSet;

/// Batches in one answer.
const PAGE_MAX: usize = 100;
const PAGE: usize = 50;
/// Items in one answer.
const RESULTS_MAX: usize = 1_000;
const RESULTS: usize = 100;

pub(in crate::works) fn router() -> Router<Works> {
    Router::new()
        .route("/api/v1/batches", get(list).post(send))
        .route("/api/v1/batches/{id}", get(show).patch(edit).delete(end))
        .route("/api/v1/batches/{id}/confirm", post(confirm))
}

pub(in crate::works) fn operations() -> Vec<Operation> {
    let of = |method, path, id, summary| Operation::new(method, path, id, Group::Works, summary);
    let (read, write) = (Scopes::RecordsRead.name(), Scopes::RecordsWrite.name());
    let batch = || Parameter::id(text("这一批的编号", "The batch's id"));
    let mut example = crate::works::api::example();
    let files = example["files"].take();
    if let Some(fields) = example.as_object_mut() {
        fields.remove("files");
    }
    let example =
        serde_json::json!({ "common": example, "items": [{ "fields": { "title": "First" }, "files": files }] });
    vec![
        of("POST", "/api/v1/batches", "sendBatch", text("一次提交至多 1 000 项申请", "Sends up to 1,000 applications at once"))
            .note(text(
                "每项成为一条记录，文件合计至多 10 000 个。先整体检查：有一项不合，便什么也不存。随后由任务逐项办理，节点中断也不会重复或遗漏。记录不可修改；hold 为真时，在确认之前可批量修改各项的名称、类型、标签等字段与文件名。",
                "Each item becomes a record; 10,000 files in all. It is looked through as a whole first: one wrong item, and nothing \
                 is stored. A job then makes the records, each once, also where the node dies in between. A record cannot be \
                 changed; with hold, titles, types, tags, other fields and the names of files can, until the batch is confirmed.",
            ))
            .key(write)
            .parameter(Parameter::idempotency_key())
            .takes::<Sending>(example)
            .refuses(&[409])
            .gives::<Batch>(202, text("已收下", "It is taken"))
            .header("Location", text("这一批的地址", "The batch's address")),
        of("GET", "/api/v1/batches", "listBatches", text("列出各批", "Lists batches"))
            .note(text("保留 30 天；记录不受影响。", "They are shown for 30 days; their records stay."))
            .key(read)
            .paged(PAGE_MAX, PAGE)
            .gives::<BatchList>(200, text("一页", "A page")),
        of("GET", "/api/v1/batches/{id}", "getBatch", text("一批的进展与各项结果", "How far a batch is, and what came of its items"))
            .note(text(
                "证明逐项可取，或以 POST /api/v1/packages 一并取证据包。",
                "Certificates are there for each record, or in one package by POST /api/v1/packages.",
            ))
            .key(read)
            .parameter(batch())
            .paged(RESULTS_MAX, RESULTS)
            .gives::<BatchPage>(200, text("这一批", "The batch")),
        of("PATCH", "/api/v1/batches/{id}", "editBatch", text("批量修改保留中的一批", "Edits items of a held batch"))
            .note(text("只限 hold 且未确认的；改后仍整体检查。", "Of one that is held and not confirmed; it is looked through again."))
            .key(write)
            .parameter(batch())
            .takes::<Edit>(serde_json::json!({ "items": [0], "set": { "title": "Second thought" }, "rename": { "find": ".txt", "put": ".text" } }))
            .refuses(&[409])
            .gives::<Batch>(200, text("已修改", "It is changed")),
        of("POST", "/api/v1/batches/{id}/confirm", "confirmBatch", text("确认保留中的一批", "Confirms a held batch"))
            .note(text("自此开始生成记录，不能再改。再次确认无妨。", "Its records are made from now on, and it cannot be changed. To confirm it again does no harm."))
            .key(write)
            .parameter(batch())
            .gives::<Batch>(202, text("已确认", "It is confirmed")),
        of("DELETE", "/api/v1/batches/{id}", "endBatch", text("放弃保留中的一批", "Drops a held batch"))
            .key(write)
            .parameter(batch())
            .refuses(&[409])
            .gives_nothing(204, text("已放弃", "It is dropped")),
    ]
}

/// Names the item at fault.
fn at(w: Words, place: usize, fault: Fault) -> Fault {
    match named(fault) {
        Fault::Field { field, what } => {
            let values = [("place", place.to_string()), ("field", field.to_owned()), ("what", what)];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            Fault::Field { field: "items", what: w.fill("batch-item-wrong", &values) }
        }
        other => other,
    }
}

/// What is wrong with an item that can be known before it is made.
fn check(w: Words, vocabulary: &Vocabulary, item: &Waiting) -> Result<(), Fault> {
    let wrong = |what: String| Fault::Field { field: "files", what };
    item.application.check_what(w, vocabulary, item.files.len() as u64)?;
    item.application.check_about(w, vocabulary)?;
    let mut seen = HashSet::new();
    for file in &item.files {
        if file.fault(item.application.mode()).is_some() || !seen.insert(name_key(&file.path)) {
            return Err(wrong(w.fill("file-wrong", &[("name", &file.path)])));
        }
    }
    match item.files.iter().any(|file| !file.is_attached) {
        true => Ok(()),
        false => Err(wrong(w.say("files-missing"))),
    }
}

impl Works {
    /// The items of a request, all of which could be records.
    async fn items(&self, by: &Party, w: Words, common: &Fields, sent: Vec<Item>) -> Result<Vec<Waiting>, Fault> {
        let refused = |field, what| Fault::Field { field, what };
        let counts = [("count", ITEMS_MAX.to_string()), ("files", BATCH_FILES_MAX.to_string())];
        let counts = counts.each_ref().map(|(name, value)| (*name, value.as_str()));
        let files: usize = sent.iter().map(|item| item.files.len()).sum();
        if sent.is_empty() || sent.len() > ITEMS_MAX || files > BATCH_FILES_MAX {
            return Err(refused("items", w.fill("batch-many", &counts)));
        }
        let vocabulary = self.evidence().vocabularies().now();
        let (mut items, mut known) = (Vec::with_capacity(sent.len()), HashSet::new());
        for (place, item) in sent.into_iter().enumerate() {
            let mut application = Application { mode: Some(Mode::Digest), ..Application::default() };
            application.organisation = by.organisation.as_ref().map(|organisation| organisation.id.clone());
            common.put(&mut application);
            item.fields.put(&mut application);
            let files = item.files.into_iter().map(|file| file.tidy(w)).collect::<Result<Vec<_>, _>>();
            let files = files.map_err(|fault| at(w, place, fault))?;
            if application.title.is_empty() {
                let name = files.first().and_then(|file| file.path.rsplit('/').next()).unwrap_or_default();
                application.title = name.chars().take(200).collect();
            }
            let item = Waiting { application, files };
            self.sound(by, w, &vocabulary, (place, &item), &mut known).await?;
            items.push(item);
        }
        Ok(items)
    }

    /// Whether an item could be a record, and its work is there; those of `known` are.
    async fn sound(
        &self,
        by: &Party,
        w: Words,
        vocabulary: &Vocabulary,
        (place, item): (usize, &Waiting),
        known: &mut HashSet<String>,
    ) -> Result<(), Fault> {
        check(w, vocabulary, item).map_err(|fault| at(w, place, fault))?;
        if let Some(work) = item.application.work.as_ref().filter(|work| !known.contains(*work)) {
            if self.find_work(by, work).await?.is_none() {
                return Err(at(w, place, Fault::Field { field: "work", what: w.say("work-missing") }));
            }
            known.insert(work.clone());
        }
        Ok(())
    }

    /// Begins with what waits, without waiting for the next look.
    fn begin_batches(&self) {
        let works = self.clone();
        tokio::spawn(async move {
            if let Err(error) = works.batches().await {
                tracing::error!(?error, "a batch waits for the next look");
            }
        });
    }
}

fn accepted(batch: &Batch, status: StatusCode) -> Result<Response<Body>, Fault> {
    let mut response = json(batch)?;
    *response.status_mut() = status;
    if let Ok(place) = batch.href.parse() {
        response.headers_mut().insert(axum::http::header::LOCATION, place);
    }
    Ok(response)
}

/// `POST /api/v1/batches`
async fn send(
    Given(works): Given<Works>,
    program: Program,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response<Body> {
    let (cx, w) = (&program.cx, program.cx.words(&WORDS));
    let sent = async {
        program.may(Scopes::RecordsWrite)?;
        let (body, sending) = body_of::<Sending>(cx, body)?;
        let key = program.idempotency_key(&headers)?;
        let make = async {
            let by = Party::of_program(&program, &[Role::Applicant]).await?;
            let idem = key.map_or_else(new_id, Ok)?;
            // The same key stands for the same batch, whatever became of the answer.
            let id = format!("B{}", by.blind("batch", &idem));
            let items = works.items(&by, w, &sending.common, sending.items).await?;
            let content = DigestAlgorithm::Sha256.digest(&body).to_string();
            let state = if sending.hold { Stands::Held } else { Stands::Running };
            if !works.store_batch(&by, (&id, &content), state, &items).await? {
                return Err(Fault::Field { field: "idempotency_key", what: w.say("batch-key-used") });
            }
            works.begin_batches();
            accepted(&works.batch(&by, &id).await?.0, StatusCode::ACCEPTED)
        };
        program.once(&headers, &body, make).await
    };
    cx.end(sent.await)
}

/// `GET /api/v1/batches`
async fn list(Given(works): Given<Works>, program: Program) -> Response<Body> {
    let read = async {
        program.may(Scopes::RecordsRead)?;
        let by = Party::of_program(&program, ANYONE).await?;
        let paging = Paging::of(&program.cx, PAGE_MAX, PAGE)?;
        let place = |place: &str| place.split_once('.').and_then(|(ms, id)| Some((ms.parse().ok()?, id.to_owned())));
        let mut found = works.batches_of(&by, paging.place(place)?, paging.limit + 1).await?;
        let has_more = found.len() > paging.limit;
        found.truncate(paging.limit);
        let next = found.last().filter(|_| has_more).map(|(batch, ms)| paging.next(format!("{ms}.{}", batch.id)));
        let batches = found.into_iter().map(|(batch, _)| batch).collect();
        paging.answer(&BatchList { batches, next: next.clone() }, next.as_deref())
    };
    program.cx.end(read.await)
}

/// `GET /api/v1/batches/{id}`
async fn show(Given(works): Given<Works>, program: Program, Path(id): Path<String>) -> Response<Body> {
    let read = async {
        program.may(Scopes::RecordsRead)?;
        let by = Party::of_program(&program, ANYONE).await?;
        let paging = Paging::of(&program.cx, RESULTS_MAX, RESULTS)?;
        let after = paging.place(|place| place.parse().ok())?.unwrap_or(-1);
        let (batch, _) = works.batch(&by, &id).await?;
        let mut results = works.outcomes(&by, &id, after, paging.limit + 1).await?;
        let has_more = results.len() > paging.limit;
        results.truncate(paging.limit);
        let next = results.last().filter(|_| has_more).map(|outcome| paging.next(outcome.place));
        paging.answer(&BatchPage { batch, results, next: next.clone() }, next.as_deref())
    };
    program.cx.end(read.await)
}

/// What is asked of a batch that is not held any more.
fn not_held(w: Words) -> Fault {
    let (what, remedy) = (w.say("batch-not-held"), w.say("batch-not-held-do"));
    Fault::Refused { code: Code::NotHeld, what, remedy }
}

/// `PATCH /api/v1/batches/{id}`
async fn edit(
    Given(works): Given<Works>,
    program: Program,
    Path(id): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Response<Body> {
    let (cx, w) = (&program.cx, program.cx.words(&WORDS));
    let edited = async {
        program.may(Scopes::RecordsWrite)?;
        let by = Party::of_program(&program, &[Role::Applicant]).await?;
        let (batch, version) = works.batch(&by, &id).await?;
        let (_, edit) = body_of::<Edit>(cx, body)?;
        if batch.state != Stands::Held {
            return Err(not_held(w));
        }
        let mut items = works.waiting(&by, &id, ITEMS_MAX as i64).await?;
        if let Some(places) = &edit.items {
            let places: HashSet<i64> = places.iter().map(|place| i64::from(*place)).collect();
            if places.iter().any(|place| *place >= items.len() as i64) {
                return Err(Fault::Field { field: "items", what: w.say("batch-places-wrong") });
            }
            items.retain(|(place, _)| places.contains(place));
        }
        let vocabulary = works.evidence().vocabularies().now();
        let mut known = HashSet::new();
        for (place, item) in &mut items {
            edit.set.put(&mut item.application);
            if let Some(rename) = &edit.rename {
                if rename.find.is_empty() {
                    return Err(Fault::Field { field: "rename", what: w.say("files-find-missing") });
                }
                for file in &mut item.files {
                    let path = tidy_path(&file.path.replace(&rename.find, &rename.put));
                    file.path = path.ok_or_else(|| Fault::Field { field: "rename", what: w.say("files-name-gone") })?;
                }
            }
            works.sound(&by, w, &vocabulary, (*place as usize, item), &mut known).await?;
        }
        match works.replace_items(&by, (&id, version), &items).await? {
            true => json(&works.batch(&by, &id).await?.0),
            false => Err(not_held(w)),
        }
    };
    cx.end(edited.await)
}

/// `POST /api/v1/batches/{id}/confirm`
async fn confirm(Given(works): Given<Works>, program: Program, Path(id): Path<String>) -> Response<Body> {
    let confirmed = async {
        program.may(Scopes::RecordsWrite)?;
        let by = Party::of_program(&program, &[Role::Applicant]).await?;
        works.batch(&by, &id).await?;
        if works.confirm_batch(&by, &id).await? {
            works.begin_batches();
        }
        accepted(&works.batch(&by, &id).await?.0, StatusCode::ACCEPTED)
    };
    program.cx.end(confirmed.await)
}

/// `DELETE /api/v1/batches/{id}`
async fn end(Given(works): Given<Works>, program: Program, Path(id): Path<String>) -> Response<Body> {
    let ended = async {
        program.may(Scopes::RecordsWrite)?;
        let by = Party::of_program(&program, &[Role::Applicant]).await?;
        works.batch(&by, &id).await?;
        if !works.drop_batch(&by, &id).await? {
            return Err(not_held(program.cx.words(&WORDS)));
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    };
    program.cx.end(ended.await)
}
