//! An original given back: bit-identical, any part of it alone, never run by a browser.
//!
//! Each chunk is authenticated before it leaves. Where a copy is damaged the next place is read and the bad
//! copy is looked at soon; where none is good the answer ends short, and its length says so.

use super::capability::Purpose;
use super::model::{Holding, State};
use super::{Holdings, WORDS, receive, refused};
use crate::accounts::audit::{Act, note};
use crate::accounts::keys::Scopes;
use crate::accounts::organisation::Role;
use crate::accounts::throttle::Limit;
use crate::accounts::{Me, Program};
use crate::evidence::Party;
use crate::web::range::{Part, names_tag, part};
use crate::web::{Code, Fault};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State as Room};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use axum::routing::get;
use base64ct::{Base64, Encoding as _};
use futures_util::Stream;
use futures_util::stream::try_unfold;
use preview::{HEAD_BYTES, Kind};
use proof::digest::from_hex;
use std::ops::Range;
use store::StoreError;
use trust::TrustError;
use trust::vault::{ContentKey, Reading};

/// Read and sent at a time.
const PIECE_BYTES: u64 = 1 << 20;
/// Who of an organisation may take originals out.
pub const READERS: &[Role] = &[Role::Owner, Role::Applicant, Role::Custodian];
/// Lines of the trail about one reader of one original: a player asks for many parts.
const FETCHED: Limit = Limit { kind: "original", tries: 1, window_s: 3600 };
/// A browser saves it, and does not look at what it is.
const POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

/// How an original is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// To be saved.
    Saved,
    /// To be shown or played, where it is of a kind of the list.
    Shown,
}

/// The content of a holding, to be read.
pub struct Content {
    holdings: Holdings,
    /// The holding.
    pub holding: Holding,
    reading: Reading,
    told: usize,
}

pub(super) fn router() -> Router<Holdings> {
    Router::new().route("/holdings/{id}", get(show)).route("/api/v1/holdings/{id}", get(give))
}

impl Holdings {
    /// The content of a holding of this owner.
    ///
    /// # Errors
    /// Not found where it is another's or was removed; a refusal where the operator blocked it or no good
    /// copy is left; broken where its key is lost.
    pub async fn content(&self, by: &Party, id: &str) -> Result<Content, Fault> {
        let holding = self.holding(by, id).await?;
        if holding.state == State::Removed {
            return Err(Fault::NotFound);
        }
        self.not_blocked(by, &holding.about.digest).await?;
        let sql = "select object, key from holding where id = $1 and state <> 'removed'";
        let rows = self.db().rows(sql, &[id.into()]).await?;
        let row = rows.first().ok_or(Fault::NotFound)?;
        let key = ContentKey::unwrap(row.text(0)?.parse()?, by.key(), row.bytes(1)?)?;
        let reading = self.stores().read(&key, holding.size);
        Ok(Content { holdings: self.clone(), holding, reading, told: 0 })
    }
}

impl Content {
    /// Up to `length` bytes from `offset` on, 8 MiB at most; fewer only where the content ends.
    ///
    /// # Errors
    /// Broken where no place has these bytes whole; refused where one that may have them does not answer.
    pub async fn read_at(&mut self, offset: u64, length: usize) -> Result<Vec<u8>, TrustError> {
        let read = self.reading.read_at(offset, length).await;
        let faults = self.reading.faults();
        for (place, condition) in faults.iter().skip(self.told) {
            tracing::error!(place, ?condition, holding = self.holding.id, "a reader found a copy bad");
            self.holdings.suspect(&self.holding.id, place).await;
        }
        self.told = faults.len();
        read
    }

    /// Reads a byte before anything is said, so that what is lost has an answer of its own.
    async fn reach_at(&mut self, offset: u64, by: &Party, enquiry: &str) -> Result<(), Fault> {
        let Err(error) = self.read_at(offset, 1).await else { return Ok(()) };
        tracing::error!(%error, holding = self.holding.id, enquiry, "an original cannot be given back now");
        let w = by.words_of(&WORDS);
        Err(match error {
            TrustError::Refused(_) => receive::away(by),
            _ => {
                let texts = (w.say("original-lost"), w.say("original-lost-do"));
                refused(Code::OriginalLost, texts)
            }
        })
    }

    /// The bytes of a range, as they are read. An error ends them short.
    pub fn stream(self, range: Range<u64>) -> impl Stream<Item = Result<Vec<u8>, TrustError>> + Send {
        let end = range.end.min(self.holding.size);
        try_unfold((self, range.start), move |(mut content, at)| async move {
            if at >= end {
                return Ok(None);
            }
            // Pieces end at multiples of their size, so that no chunk is opened twice.
            let length = (PIECE_BYTES - at % PIECE_BYTES).min(end - at);
            let bytes = content.read_at(at, length as usize).await?;
            if bytes.is_empty() {
                return Err(TrustError::Broken(format!("holding {} ends early", content.holding.id)));
            }
            let next = at + bytes.len() as u64;
            Ok(Some((bytes, (content, next))))
        })
    }
}

/// `GET /holdings/{id}`
async fn show(Room(room): Room<Holdings>, me: Me, Path(id): Path<String>, headers: HeaderMap) -> Response<Body> {
    let given = async {
        let owner = room.owner_of(&id).await?.ok_or(Fault::NotFound)?;
        let by = Party::of(&me, &owner, READERS).await?;
        // What people sent in leaves from its own host where there is one. What is lost is said here.
        if let Some(address) = room.address(&me, &id, Purpose::Save) {
            room.content(&by, &id).await?.reach_at(0, &by, &me.cx.enquiry).await?;
            return Ok(me.cx.see(&address));
        }
        answer(&room, &me.cx.enquiry, &by, &id, &headers, Given::Saved).await
    };
    me.cx.end(given.await)
}

/// `GET /api/v1/holdings/{id}`
async fn give(
    Room(room): Room<Holdings>,
    program: Program,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let given = async {
        program.may(Scopes::HoldingsRead)?;
        let by = Party::of_program(&program, READERS).await?;
        answer(&room, &program.cx.enquiry, &by, &id, &headers, Given::Saved).await
    };
    program.cx.end(given.await)
}

pub(super) async fn answer(
    room: &Holdings,
    enquiry: &str,
    by: &Party,
    id: &str,
    headers: &HeaderMap,
    given: Given,
) -> Result<Response<Body>, Fault> {
    let mut content = room.content(by, id).await?;
    let media_type = match given {
        Given::Saved => "application/octet-stream",
        Given::Shown => {
            content.reach_at(0, by, enquiry).await?;
            let head = content.read_at(0, HEAD_BYTES).await?;
            Kind::of(&head).and_then(Kind::media_type).ok_or(Fault::NotFound)?
        }
    };
    let (size, about) = (content.holding.size, content.holding.about.clone());
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let tag = format!("\"{}\"", about.digest);
    let mut response = Response::new(Body::empty());
    if text(header::IF_NONE_MATCH).is_some_and(|tags| names_tag(tags, &tag)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        put(&mut response, header::ETAG, &tag);
        return Ok(response);
    }
    let is_same = text(header::IF_RANGE).is_none_or(|condition| condition.trim() == tag);
    let range = match part(text(header::RANGE).filter(|_| is_same), size) {
        Part::Whole => 0..size,
        Part::Some(range) => {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            put(&mut response, header::CONTENT_RANGE, &format!("bytes {}-{}/{size}", range.start, range.end - 1));
            range
        }
        Part::None => {
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            put(&mut response, header::CONTENT_RANGE, &format!("bytes */{size}"));
            put(&mut response, header::ETAG, &tag);
            return Ok(response);
        }
    };
    content.reach_at(range.start, by, enquiry).await?;
    room.note_fetched(by, id).await?;
    put(&mut response, header::CONTENT_LENGTH, &(range.end - range.start).to_string());
    put(&mut response, header::ETAG, &tag);
    put(&mut response, header::ACCEPT_RANGES, "bytes");
    put(&mut response, header::CONTENT_TYPE, media_type);
    if given == Given::Saved {
        put(&mut response, header::CONTENT_DISPOSITION, &disposition(&about.name));
    }
    put(&mut response, header::CONTENT_SECURITY_POLICY, POLICY);
    put(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(&mut response, header::CACHE_CONTROL, "private, no-store");
    if let Some(digest) = from_hex(&about.digest) {
        // Of the whole file, whichever part is sent (RFC 9530 section 3).
        let digest = format!("sha-256=:{}:", Base64::encode_string(&digest));
        put(&mut response, HeaderName::from_static("repr-digest"), &digest);
    }
    *response.body_mut() = Body::from_stream(content.stream(range));
    Ok(response)
}

impl Holdings {
    /// Notes in the owner's trail that an original was fetched: once an hour for each who does.
    async fn note_fetched(&self, by: &Party, id: &str) -> Result<(), Fault> {
        match self.accounts().try_once(FETCHED, &format!("{} {id}", by.actor), by.now).await {
            Ok(_) => {}
            Err(Fault::TooMany(_)) => return Ok(()),
            Err(fault) => return Err(fault),
        }
        let noted: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            note(tx, &by.owner.scope(), &by.actor, Act::Downloaded, &super::finish::place(id), by.now).await
        });
        Ok(noted?)
    }
}

fn put(response: &mut Response<Body>, name: HeaderName, value: &str) {
    // What cannot be a header's value was never one of ours.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Saved under the last part of its name (RFC 6266, RFC 8187).
fn disposition(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    if name.is_empty() {
        return "attachment".to_owned();
    }
    let mut text = String::from("attachment; filename*=UTF-8''");
    for byte in name.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            true => text.push(char::from(byte)),
            false => text += &format!("%{byte:02X}"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leaves_its_header_nowhere() {
        assert_eq!(disposition("a/月.jpg"), "attachment; filename*=UTF-8''%E6%9C%88.jpg");
        assert_eq!(disposition("x\"; y\r\n"), "attachment; filename*=UTF-8''x%22%3B%20y%0D%0A");
        assert_eq!((disposition(""), disposition("a/")), ("attachment".to_owned(), "attachment".to_owned()));
    }
}
