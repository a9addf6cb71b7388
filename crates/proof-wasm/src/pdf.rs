//! A PDF on the desk: judged by itself where it is signed or holds evidence, and a content all the same.
//!
//! What rides in a certificate is laid on the desk as its parts and hashed at once, since it is at hand. A
//! PDF within a certificate is not opened: no nesting.

use crate::archive::{Laid, is_named_as_evidence};
use crate::desk::{Desk, ITEMS_MAX, Item};
use crate::kind::Kind;
use proof::digest::DigestAlgorithm;
use proof::pdf::{Attachment, File, Object, PdfError, attachments, fields};

/// What rides in a signed report and in nothing else of ours: the result, in English.
pub const REPORT_RESULT: &str = "result.en.json";

/// A PDF up to this size is looked into.
pub const PDF_BYTES_MAX: u64 = 16 << 20;
/// What certificates with all that rides in them may come to together; and what other signed PDFs may.
const KEPT_BYTES_MAX: usize = 64 << 20;
/// How every PDF begins.
const MARK: &[u8] = b"%PDF-";
/// What stands in every signature of a PDF, and is never compressed.
const SIGNATURE_MARK: &[u8] = b"/ByteRange";
/// Characters of an attachment's name.
const NAME_CHARS_MAX: usize = 200;

/// Bytes of PDFs that are kept.
#[derive(Default)]
pub(crate) struct Kept {
    certificates: usize,
    others: usize,
}

/// What a PDF is on a desk; none where the bytes are no PDF.
pub(crate) fn kind_of(bytes: &[u8]) -> Option<Kind> {
    if !bytes.starts_with(MARK) {
        return None;
    }
    let is_small = bytes.len() as u64 <= PDF_BYTES_MAX;
    // A signed report carries what it was judged from beside its result; it is no certificate of that.
    let has_evidence = || {
        attachments(bytes).is_ok_and(|all| {
            let is_report = all.iter().any(|one| one.name == REPORT_RESULT);
            !is_report && all.iter().any(|one| is_named_as_evidence(&one.name))
        })
    };
    // One that seems to be signed, and cannot be read or hides it, is not passed over in silence.
    let may_be_signed = || contains(bytes, SIGNATURE_MARK) || is_signed(bytes).is_ok_and(|is_it| is_it);
    Some(match is_small {
        true if has_evidence() => Kind::Pdf { is_certificate: true },
        true if may_be_signed() => Kind::Pdf { is_certificate: false },
        _ => Kind::Content,
    })
}

fn is_signed(bytes: &[u8]) -> Result<bool, PdfError> {
    let file = File::parse(bytes)?;
    Ok(fields(&file)?.iter().any(|field| field.value.as_ref().is_some_and(|value| *value != Object::Null)))
}

fn contains(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}

/// A label for an attachment: its last part, since nothing says that it is safe as a path.
fn label(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let label: String = last.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
    if matches!(&*label, "" | "." | "..") { "attachment".to_owned() } else { label }
}

impl Desk {
    /// What a PDF of this kind and size is where what can be kept is bounded: a signed PDF is a content
    /// then, and a certificate says that it was not looked into.
    pub(crate) fn keep_pdf(&mut self, kind: Kind, bytes: usize) -> (Kind, Option<Result<(), String>>) {
        let Kind::Pdf { is_certificate } = kind else { return (kind, None) };
        let kept = if is_certificate { &mut self.pdfs.certificates } else { &mut self.pdfs.others };
        if kept.saturating_add(bytes) <= KEPT_BYTES_MAX {
            *kept += bytes;
            return (kind, None);
        }
        match is_certificate {
            true => (kind, Some(Err(over()))),
            false => (Kind::Content, None),
        }
    }

    /// Lays what rides in a certificate on the desk.
    pub(crate) fn open_pdf(&mut self, item: usize) -> Vec<Laid> {
        let room = ITEMS_MAX.saturating_sub(self.items.len());
        let Some(about) = self.items.get_mut(item) else { return Vec::new() };
        let (name, inside) = (about.name.clone(), attachments(&about.bytes).unwrap_or_default());
        let bytes: usize = inside.iter().map(|one| one.bytes.len()).sum();
        if inside.len() > room || self.pdfs.certificates.saturating_add(bytes) > KEPT_BYTES_MAX {
            about.opened = Some(Err(over()));
            return Vec::new();
        }
        about.opened = Some(Ok(()));
        self.pdfs.certificates += bytes;
        inside.into_iter().map(|one| self.lay_attachment(item, &name, &one)).collect()
    }

    fn lay_attachment(&mut self, pdf: usize, folder: &str, one: &Attachment) -> Laid {
        let (number, size) = (self.items.len(), one.bytes.len() as u64);
        let name = format!("{folder}/{}", label(&one.name));
        let kind = match Kind::of(&name, &one.bytes) {
            Kind::Pdf { .. } => Kind::Content,
            kind => kind,
        };
        let bytes = self.kept(&kind, &one.bytes);
        let digests = DigestAlgorithm::ALL.into_iter().map(|algorithm| algorithm.digest(&one.bytes)).collect();
        let laid = Laid { item: number, name: name.clone(), kind: kind.name(), size, entry: None };
        let item = Item::new(&name, Some(size), kind, bytes);
        self.items.push(Item { within: Some(pdf), is_attached: true, digests, ..item });
        laid
    }
}

fn over() -> String {
    format!("over the limit of {} MiB for certificates together", KEPT_BYTES_MAX >> 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_attachment_is_no_path() {
        assert_eq!(label("../../records/x/record.json"), "record.json");
        assert_eq!(label("a\\b\u{0}c"), "bc");
        assert_eq!(label("x/.."), "attachment");
        assert_eq!(label(&"x".repeat(5000)).len(), NAME_CHARS_MAX);
    }

    #[test]
    fn what_is_no_pdf_or_neither_signed_nor_ours_is_a_content() {
        assert_eq!(kind_of(b"a text that speaks of %PDF- and /ByteRange"), None);
        assert_eq!(kind_of(b"%PDF-1.7 a note"), Some(Kind::Content));
        assert_eq!(kind_of(b"%PDF-1.7 /ByteRange [0 1 2 3]"), Some(Kind::Pdf { is_certificate: false }));
    }
}
