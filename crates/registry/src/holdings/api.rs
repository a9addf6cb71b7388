//! Uploads over HTTP: the tus protocol, for pages of this site and for programs with a key.
//!
//! A page's script sends the form token of its session in `X-Form-Token`; a program its key with the scope
//! `holdings:write`. Faults are JSON with a remedy. Who asks and whose it is is settled before the
//! protocol, so that nobody learns of an upload that is another's.

use super::tus::{self, Metadata};
use super::{Checksum, Holdings, NewUpload, Piece, Upload, WORDS, refused};
use crate::accounts::keys::Scopes;
use crate::accounts::organisation::Role;
use crate::accounts::{Me, Program};
use crate::evidence::{Owner, Party};
use crate::web::{Code, Cx, Fault};
use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use axum::routing::{head, post};

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const UPLOAD_CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
const UPLOAD_CONCAT: HeaderName = HeaderName::from_static("upload-concat");
const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
/// The holding that an upload became; not of the protocol.
const UPLOAD_HOLDING: HeaderName = HeaderName::from_static("upload-holding");

/// Who of an organisation may deposit for it.
const WRITERS: &[Role] = &[Role::Applicant];

pub(super) fn router() -> Router<Holdings> {
    Router::new()
        .route("/uploads", post(create).options(describe))
        .route("/uploads/{id}", head(look).patch(take).delete(end).options(describe))
}

/// Who sends an upload.
struct Sender {
    cx: Cx,
    who: Who,
}

enum Who {
    Person(Box<Me>),
    Program(Box<Program>),
}

impl FromRequestParts<Holdings> for Sender {
    type Rejection = Response<Body>;

    async fn from_request_parts(parts: &mut Parts, state: &Holdings) -> Result<Self, Response<Body>> {
        let Ok(cx) = Cx::from_request_parts(parts, state).await;
        if parts.headers.contains_key(header::AUTHORIZATION) {
            let program = Program::from_request_parts(parts, state).await?;
            program.may(Scopes::HoldingsWrite).map_err(|fault| refusal(&cx, &fault))?;
            return Ok(Self { cx, who: Who::Program(Box::new(program)) });
        }
        if cx.session.is_none() {
            return Err(refusal(&cx, &Fault::SignIn));
        }
        let me = Me::from_request_parts(parts, state).await?;
        if parts.method != Method::HEAD {
            let token = parts.headers.get("x-form-token").and_then(|value| value.to_str().ok()).unwrap_or_default();
            if !me.cx.token.as_ref().is_some_and(|own| own.is_form_token(token)) {
                return Err(refusal(&cx, &Fault::StaleForm));
            }
        }
        Ok(Self { cx, who: Who::Person(Box::new(me)) })
    }
}

impl Sender {
    /// Who deposits for whom: for whoever sends it, or for the organisation that it names.
    async fn party(&self, organisation: Option<&str>) -> Result<Party, Fault> {
        match &self.who {
            Who::Person(me) => {
                let own = || Owner::Person(me.person.id.clone());
                let owner = organisation.map_or_else(own, |id| Owner::Organisation(id.to_owned()));
                Party::of(me, &owner, WRITERS).await
            }
            Who::Program(program) => {
                let by = Party::of_program(program, WRITERS).await?;
                match organisation {
                    // A key is for one organisation, or for its person.
                    Some(id) if by.owner != Owner::Organisation(id.to_owned()) => Err(Fault::NotFound),
                    _ => Ok(by),
                }
            }
        }
    }

    /// Who goes on with an upload, where that is this sender's.
    async fn party_for(&self, room: &Holdings, id: &str) -> Result<Party, Fault> {
        let owner = room.upload_owner(id).await?.ok_or(Fault::NotFound)?;
        match &self.who {
            Who::Person(me) => Party::of(me, &owner, WRITERS).await,
            Who::Program(program) => {
                let by = Party::of_program(program, WRITERS).await?;
                if by.owner == owner { Ok(by) } else { Err(Fault::NotFound) }
            }
        }
    }

    fn end(&self, done: Result<Response<Body>, Fault>) -> Response<Body> {
        let mut response = done.unwrap_or_else(|fault| refusal(&self.cx, &fault));
        response.headers_mut().insert(TUS_RESUMABLE, HeaderValue::from_static(tus::VERSION));
        response
    }
}

fn refusal(cx: &Cx, fault: &Fault) -> Response<Body> {
    let mut response = fault.answer_to_script(cx);
    let headers = response.headers_mut();
    headers.insert(TUS_RESUMABLE, HeaderValue::from_static(tus::VERSION));
    if response.status() == StatusCode::PRECONDITION_FAILED {
        response.headers_mut().insert("tus-version", HeaderValue::from_static(tus::VERSION));
    }
    response
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("\u{0}"))
}

/// A header that is not what the protocol says.
fn wrong(cx: &Cx, name: &str) -> Fault {
    let w = cx.words(&WORDS);
    let texts = (w.fill("header-wrong", &[("name", name)]), w.fill("header-wrong-do", &[("name", name)]));
    refused(Code::Header, texts)
}

fn speaks(cx: &Cx, headers: &HeaderMap) -> Result<(), Fault> {
    if text(headers, TUS_RESUMABLE) == Some(tus::VERSION) {
        return Ok(());
    }
    let w = cx.words(&WORDS);
    Err(refused(Code::Version, (w.say("version-other"), w.say("version-other-do"))))
}

fn is_bytes(headers: &HeaderMap) -> bool {
    text(headers, header::CONTENT_TYPE).is_some_and(|media_type| media_type == tus::MEDIA_TYPE)
}

fn checksum(cx: &Cx, headers: &HeaderMap) -> Result<Option<Checksum>, Fault> {
    let Some(text) = text(headers, UPLOAD_CHECKSUM) else { return Ok(None) };
    tus::checksum(text).map(Some).ok_or_else(|| wrong(cx, "Upload-Checksum"))
}

fn metadata(cx: &Cx, headers: &HeaderMap) -> Result<Metadata, Fault> {
    let Some(text) = text(headers, UPLOAD_METADATA) else { return Ok(Metadata::default()) };
    Metadata::parse(text).ok_or_else(|| wrong(cx, "Upload-Metadata"))
}

fn put(response: &mut Response<Body>, name: HeaderName, value: &str) {
    // What cannot be a header's value was never one of ours.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// An answer that says where an upload is.
fn answer(status: StatusCode, upload: &Upload) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    put(&mut response, UPLOAD_OFFSET, &upload.received.to_string());
    put(&mut response, header::CACHE_CONTROL, "no-store");
    match &upload.holding {
        Some(holding) => put(&mut response, UPLOAD_HOLDING, holding),
        None => put(&mut response, UPLOAD_EXPIRES, &tus::http_date(upload.due)),
    }
    response
}

/// `OPTIONS /uploads`: what of the protocol is spoken, and the largest file.
async fn describe(State(room): State<Holdings>) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    for (name, value) in [
        ("tus-resumable", tus::VERSION),
        ("tus-version", tus::VERSION),
        ("tus-extension", tus::EXTENSIONS),
        ("tus-checksum-algorithm", tus::CHECKSUMS),
    ] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let largest = room.settings().file_bytes_max.to_string();
    put(&mut response, HeaderName::from_static("tus-max-size"), &largest);
    response
}

/// `POST /uploads`: begins one, with or without its first bytes.
async fn create(State(room): State<Holdings>, sender: Sender, headers: HeaderMap, body: Body) -> Response<Body> {
    let cx = &sender.cx;
    let created = async {
        speaks(cx, &headers)?;
        match &sender.who {
            Who::Person(_) => created(&room, &sender, &headers, body).await,
            Who::Program(program) => {
                // The head says what it is; the body may be any part of it.
                let told = [UPLOAD_LENGTH, UPLOAD_METADATA].map(|name| text(&headers, name).unwrap_or_default());
                let content = told.join("\n");
                program.once(&headers, content.as_bytes(), created(&room, &sender, &headers, body)).await
            }
        }
    };
    sender.end(created.await)
}

async fn created(room: &Holdings, sender: &Sender, headers: &HeaderMap, body: Body) -> Result<Response<Body>, Fault> {
    let cx = &sender.cx;
    // Taken as uploads of their own, parts would lie here for a week, and the whole would never come.
    if headers.contains_key(UPLOAD_CONCAT) {
        let w = cx.words(&WORDS);
        let texts = (w.say("parts-not-joined"), w.say("parts-not-joined-do"));
        return Err(refused(Code::Concatenation, texts));
    }
    let said = metadata(cx, headers)?;
    let by = sender.party(said.organisation.as_deref()).await?;
    let size = text(headers, UPLOAD_LENGTH).and_then(tus::number).ok_or_else(|| wrong(cx, "Upload-Length"))?;
    let checksum = checksum(cx, headers)?;
    let new = NewUpload { size, digest: said.digest, name: said.name, draft: said.draft };
    let mut upload = room.begin(&by, &new).await?;
    // Nothing is left to be sent of an empty file; its digest may still be to come.
    let is_complete = size == 0 && new.digest.is_some();
    if is_complete || (is_bytes(headers) && !body.is_end_stream()) {
        let piece = Piece { offset: 0, checksum, digest: None };
        upload = match room.receive(&by, &upload.id, piece, body).await {
            Ok(upload) => upload,
            // Nobody was told of it yet, so nobody would go on with it.
            Err(fault) => {
                let _ = room.end_upload(&by, &upload.id).await;
                return Err(fault);
            }
        };
    }
    let mut response = answer(StatusCode::CREATED, &upload);
    put(&mut response, header::LOCATION, &format!("/uploads/{}", upload.id));
    Ok(response)
}

/// `HEAD /uploads/{id}`: how much is here durably.
async fn look(
    State(room): State<Holdings>,
    sender: Sender,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let found = async {
        let by = sender.party_for(&room, &id).await?;
        speaks(&sender.cx, &headers)?;
        let upload = room.upload(&by, &id).await?;
        let mut response = answer(StatusCode::OK, &upload);
        put(&mut response, UPLOAD_LENGTH, &upload.size.to_string());
        Ok(response)
    };
    sender.end(found.await)
}

/// `PATCH /uploads/{id}`: bytes from an offset on.
async fn take(
    State(room): State<Holdings>,
    sender: Sender,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let cx = &sender.cx;
    let taken = async {
        let by = sender.party_for(&room, &id).await?;
        speaks(cx, &headers)?;
        if !is_bytes(&headers) {
            let w = cx.words(&WORDS);
            let texts = (w.say("media-type"), w.say("media-type-do"));
            return Err(refused(Code::MediaType, texts));
        }
        let offset = text(&headers, UPLOAD_OFFSET).and_then(tus::number).ok_or_else(|| wrong(cx, "Upload-Offset"))?;
        let piece = Piece { offset, checksum: checksum(cx, &headers)?, digest: metadata(cx, &headers)?.digest };
        let upload = room.receive(&by, &id, piece, body).await?;
        Ok(answer(StatusCode::NO_CONTENT, &upload))
    };
    sender.end(taken.await)
}

/// `DELETE /uploads/{id}`: gives it up.
async fn end(
    State(room): State<Holdings>,
    sender: Sender,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let ended = async {
        let by = sender.party_for(&room, &id).await?;
        speaks(&sender.cx, &headers)?;
        room.end_upload(&by, &id).await?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    };
    sender.end(ended.await)
}
