//! What a form sent: names and values, bounded, out of either of the two ways that browsers send them.

use super::{Fault, Site, guard};
use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};
use std::sync::Arc;

/// No form has more fields.
const FIELDS_MAX: usize = 512;
/// No text is longer; a field may ask for less.
const TEXT_CHARS_MAX: usize = 10_000;

/// The field that takes lists of digests, and how long they may be.
const DIGESTS: &str = "digests";
const DIGESTS_CHARS_MAX: usize = 2_000_000;

/// A file that came with a form.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The name of its field.
    pub field: String,
    /// What it says it is. Never believed.
    pub media_type: String,
    /// The content.
    pub bytes: Vec<u8>,
}

/// A form's fields, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    texts: Vec<(String, String)>,
    /// The files.
    pub files: Vec<Upload>,
}

impl Fields {
    /// The first text of this name, without blanks around it; empty where there is none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The first text of this name as it came, as passwords need.
    #[must_use]
    pub fn raw(&self, name: &str) -> &str {
        self.texts.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// Whether there is a text of this name, be it empty.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.texts.iter().any(|(n, _)| n == name)
    }

    /// All texts of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.texts.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.trim())
    }

    /// Whether a box of this name is ticked.
    #[must_use]
    pub fn is_ticked(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    fn push(&mut self, name: String, value: String) -> Result<(), Fault> {
        let value = value.replace("\r\n", "\n");
        // What no database holds and no reader sees.
        let is_odd = |c: char| c.is_control() && c != '\n' && c != '\t';
        let most = if name == DIGESTS { DIGESTS_CHARS_MAX } else { TEXT_CHARS_MAX };
        if self.texts.len() == FIELDS_MAX || value.chars().count() > most || value.contains(is_odd) {
            return Err(Fault::Form);
        }
        self.texts.push((name, value));
        Ok(())
    }

    fn parse(body: &[u8]) -> Result<Self, Fault> {
        let mut fields = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            fields.push(name.into_owned(), value.into_owned())?;
        }
        Ok(fields)
    }

    async fn read(mut form: Multipart) -> Result<Self, Fault> {
        let broken = |error: axum::extract::multipart::MultipartError| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Fault::TooLarge(guard::BODY_BYTES_MAX),
            _ => Fault::Form,
        };
        let mut fields = Self::default();
        while let Some(field) = form.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            if field.file_name().is_none() {
                fields.push(name, field.text().await.map_err(broken)?)?;
                continue;
            }
            let media_type = field.content_type().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.map_err(broken)?.to_vec();
            if bytes.is_empty() {
                continue;
            }
            if fields.files.len() == FIELDS_MAX {
                return Err(Fault::Form);
            }
            fields.files.push(Upload { field: name, media_type, bytes });
        }
        Ok(fields)
    }

    /// The fields of a request.
    ///
    /// # Errors
    /// Where the body is no form, or more than is taken.
    pub async fn of(request: Request, site: &Arc<Site>) -> Result<Self, Fault> {
        let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if media_type.starts_with("multipart/form-data") {
            return Self::read(Multipart::from_request(request, site).await.map_err(|_| Fault::Form)?).await;
        }
        if !media_type.starts_with("application/x-www-form-urlencoded") {
            return Err(Fault::Form);
        }
        let body = Bytes::from_request(request, site).await.map_err(|_| Fault::TooLarge(guard::BODY_BYTES_MAX))?;
        Self::parse(&body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_within_its_bounds() {
        let fields = Fields::parse("name=%E6%9E%97+&role=a&role=b&box=on&line=1%0D%0A2".as_bytes()).unwrap();
        assert_eq!((fields.text("name"), fields.raw("name")), ("林", "林 "));
        assert_eq!(fields.all("role").collect::<Vec<_>>(), ["a", "b"]);
        assert!(fields.is_ticked("box") && !fields.is_ticked("none"));
        assert_eq!(fields.text("line"), "1\n2");
        for wrong in
            ["a=%00", "a=%1b", &format!("a={}", "x".repeat(TEXT_CHARS_MAX + 1)), &"a=1&".repeat(FIELDS_MAX + 1)]
        {
            assert_eq!(Fields::parse(wrong.as_bytes()).unwrap_err(), Fault::Form, "{}", &wrong[..4]);
        }
    }
}
