//! Lists page by page: how many, and where the last page ended.
//!
//! Where a page ended is told as a cursor that means nothing to a program. It holds the list and what was asked
//! of it, so that one of another list, or of another question, is refused and never taken for the beginning.

use crate::web::{Cx, Fault, WORDS, json};
use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use proof::digest::DigestAlgorithm;
use serde::Serialize;

/// Letters of a cursor that name the question.
const MARK_CHARS: usize = 12;
/// What stands in an address beside the question itself.
const OF_PAGES: [&str; 3] = ["after", "limit", "lang"];

/// Which page of a list is asked for.
pub struct Paging<'c> {
    cx: &'c Cx,
    mark: String,
    /// Where the last page ended, as the list said; none for the first.
    pub after: Option<String>,
    /// How many.
    pub limit: usize,
}

fn encoded(pairs: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

impl<'c> Paging<'c> {
    /// What a request asks for: `most` at a time, `usual` where it does not say.
    ///
    /// # Errors
    /// A field fault where `limit` or `after` cannot be used.
    pub fn of(cx: &'c Cx, most: usize, usual: usize) -> Result<Self, Fault> {
        let w = cx.words(&WORDS);
        let field = |field: &'static str, what: String| Fault::Field { field, what };
        let limit = match cx.asked("limit") {
            None => usual,
            Some(text) => {
                let limit = text.parse().ok().filter(|limit| (1..=most).contains(limit));
                limit.ok_or_else(|| field("limit", w.fill("limit-wrong", &[("count", &most.to_string())])))?
            }
        };
        let mut question = cx.pairs();
        question.retain(|(name, _)| !OF_PAGES.contains(&name.as_str()));
        question.sort();
        let mark = DigestAlgorithm::Sha256.digest(format!("{}?{}", cx.path(), encoded(&question)).as_bytes());
        let mark: String = mark.to_string().chars().take(MARK_CHARS).collect();
        let read = |cursor: &str| {
            let text = String::from_utf8(Base64UrlUnpadded::decode_vec(cursor).ok()?).ok()?;
            text.strip_prefix(&mark).map(str::to_owned)
        };
        let after = match cx.asked("after") {
            None => None,
            Some(cursor) => Some(read(&cursor).ok_or_else(|| field("after", w.say("cursor-wrong")))?),
        };
        Ok(Self { cx, mark, after, limit })
    }

    /// Where the last page ended, read.
    ///
    /// # Errors
    /// A field fault where this list never ended there.
    pub fn place<T>(&self, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Fault> {
        let wrong = || Fault::Field { field: "after", what: self.cx.words(&WORDS).say("cursor-wrong") };
        self.after.as_deref().map(|place| read(place).ok_or_else(wrong)).transpose()
    }

    /// The cursor of the next page, where this one ended at `place`.
    #[must_use]
    pub fn next(&self, place: impl std::fmt::Display) -> String {
        Base64UrlUnpadded::encode_string(format!("{}{place}", self.mark).as_bytes())
    }

    /// The answer, with a link to the next page where there is one.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn answer(&self, page: &impl Serialize, next: Option<&str>) -> Result<Response<Body>, Fault> {
        let mut response = json(page)?;
        if let Some(next) = next {
            let mut pairs = self.cx.pairs();
            pairs.retain(|(name, _)| name != "after");
            pairs.push(("after".to_owned(), next.to_owned()));
            let link = format!("<{}?{}>; rel=\"next\"", self.cx.path(), encoded(&pairs));
            if let Ok(link) = HeaderValue::from_str(&link) {
                response.headers_mut().insert(header::LINK, link);
            }
        }
        Ok(response)
    }
}
