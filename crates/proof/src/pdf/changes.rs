//! What became of a signed revision later (ISO 32000-2 section 12.8.2.2.2, EN 319 142-1 section 5.5).
//!
//! Everything that the signed catalogue leads to, missing objects included, must be what it was.
//! Allowed are only: validation data; further signature and timestamp fields at the end of the
//! form and of a page's annotations; the value of a field that waited for it. Metadata may change
//! and is told. Whatever else an object is found to be, it is a change of the document.

use super::PdfError;
use super::file::File;
use super::object::{Dictionary, Object, Reference};
use super::xref::Entry;
use std::collections::BTreeSet;

/// Changes that are told one by one.
const TOLD_MAX: usize = 8;
/// What the dictionary of a signature field added later may hold; no action is among it.
const FIELD_KEYS: [&[u8]; 16] = [
    b"Type", b"Subtype", b"FT", b"T", b"TU", b"TM", b"V", b"Rect", b"F", b"Ff", b"P", b"AP", b"MK", b"M", b"NM",
    b"Lock",
];
/// What signing sets in a field that waited for it.
const SIGNING_KEYS: [&[u8]; 3] = [b"V", b"AP", b"F"];

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Changes that are not allowed.
    pub(super) wrong: BTreeSet<String>,
    /// Visible fields that were added.
    pub(super) visible: Vec<String>,
    /// Whether title, author, dates or other metadata are others.
    pub(super) metadata: bool,
}

/// Compares the document as it was signed with what it is.
///
/// # Errors
/// Where one of them cannot be read.
pub(super) fn compare(then: &File<'_>, now: &File<'_>, permission: Option<i64>) -> Result<Changes, PdfError> {
    let mut comparison = Comparison {
        then,
        now,
        permission,
        forms: BTreeSet::new(),
        lists: BTreeSet::new(),
        added: BTreeSet::new(),
        changes: Changes::default(),
    };
    if then.startxref() == now.startxref() {
        return Ok(comparison.changes);
    }
    if !now.sections().contains(&then.startxref()) || then.root()? != now.root()? {
        comparison.wrong("trailer");
        return Ok(comparison.changes);
    }
    comparison.trailer()?;
    comparison.catalog()?;
    comparison.objects()?;
    Ok(comparison.changes)
}

struct Comparison<'f, 'a> {
    then: &'f File<'a>,
    now: &'f File<'a>,
    permission: Option<i64>,
    /// Objects that are the form.
    forms: BTreeSet<u32>,
    /// Objects that are lists of fields or annotations.
    lists: BTreeSet<u32>,
    /// Signature fields that were added to the form.
    added: BTreeSet<Reference>,
    changes: Changes,
}

impl Comparison<'_, '_> {
    fn wrong(&mut self, what: &str) {
        if self.changes.wrong.len() < TOLD_MAX {
            self.changes.wrong.insert(what.to_owned());
        }
    }

    /// Whether the same object stands there, or another that says the same.
    fn is_same(&self, number: u32) -> Result<bool, PdfError> {
        let (then, now) = (self.then.entry(number), self.now.entry(number));
        if then == now {
            return match then {
                Some(Entry::InStream { container, .. }) if self.then.entry(container) != self.now.entry(container) => {
                    self.is_equal(Reference { number, generation: 0 })
                }
                _ => Ok(true),
            };
        }
        match (then, now) {
            (None, _) | (_, None) => Ok(false),
            (Some(then), Some(now)) if generation(then) == generation(now) => {
                self.is_equal(Reference { number, generation: generation(then) })
            }
            _ => Ok(false),
        }
    }

    fn is_equal(&self, reference: Reference) -> Result<bool, PdfError> {
        Ok(match (self.then.object(reference)?, self.now.object(reference)?) {
            (Object::Stream(then, old), Object::Stream(now, new)) => {
                then == now && self.then.bytes().get(old) == self.now.bytes().get(new)
            }
            (then, now) => then == now,
        })
    }

    /// The same value, and the same object where it is a reference.
    fn is_same_value(&self, then: Option<&Object>, now: Option<&Object>) -> Result<bool, PdfError> {
        match (then, now) {
            (Some(Object::Reference(old)), Some(Object::Reference(new))) => Ok(old == new && self.is_same(old.number)?),
            (then, now) => Ok(then == now),
        }
    }

    fn trailer(&mut self) -> Result<(), PdfError> {
        let (then, now) = (self.then.trailer(), self.now.trailer());
        if !self.is_same_value(then.get("Info"), now.get("Info"))? {
            self.changes.metadata = true;
        }
        let first = |trailer: &Dictionary| trailer.get("ID").and_then(Object::array).and_then(|id| id.first().cloned());
        if first(then) != first(now) {
            self.wrong("trailer: ID");
        }
        Ok(())
    }

    fn catalog(&mut self) -> Result<(), PdfError> {
        let (then, now) = (self.then.catalog()?, self.now.catalog()?);
        for key in keys(&then, &now) {
            let (old, new) = (then.get_bytes(key), now.get_bytes(key));
            match key {
                b"DSS" | b"Extensions" => {}
                b"Version" if new.and_then(Object::name).is_some() => {}
                b"Metadata" => self.changes.metadata |= !self.is_same_value(old, new)?,
                b"AcroForm" => {
                    self.forms.extend(old.and_then(Object::reference).map(|form| form.number));
                    self.form(old, new)?;
                }
                _ if old == new => {}
                _ => self.wrong(&format!("catalog: {}", String::from_utf8_lossy(key))),
            }
        }
        Ok(())
    }

    fn form(&mut self, old: Option<&Object>, new: Option<&Object>) -> Result<(), PdfError> {
        let then = self.then.resolve(old.unwrap_or(&Object::Null))?;
        let now = self.now.resolve(new.unwrap_or(&Object::Null))?;
        let (then, now) = match (then, now) {
            (Object::Dictionary(then), Object::Dictionary(now)) => (then, now),
            (Object::Null, Object::Dictionary(now)) => (Dictionary::new(), now),
            (Object::Null, Object::Null) => return Ok(()),
            // A stream or anything else may serve the page as well.
            _ => {
                self.wrong("form");
                return Ok(());
            }
        };
        for key in keys(&then, &now) {
            let (old, new) = (then.get_bytes(key), now.get_bytes(key));
            match key {
                b"SigFlags" if new.and_then(Object::integer).is_some() => {}
                b"Fields" => {
                    for added in self.added_to(old, new, "form: Fields")? {
                        self.field(added)?;
                    }
                }
                _ if old == new => {}
                _ => self.wrong(&format!("form: {}", String::from_utf8_lossy(key))),
            }
        }
        Ok(())
    }

    /// What a list has at its end that it did not have; a list that is otherwise another is wrong.
    fn added_to(&mut self, old: Option<&Object>, new: Option<&Object>, what: &str) -> Result<Vec<Reference>, PdfError> {
        self.lists.extend(old.and_then(Object::reference).map(|list| list.number));
        let then = self.then.resolve(old.unwrap_or(&Object::Null))?;
        let now = self.now.resolve(new.unwrap_or(&Object::Null))?;
        // What is no list may serve the page as well.
        let list = |object: Object| match object {
            Object::Array(items) => Some(items),
            Object::Null => Some(Vec::new()),
            _ => None,
        };
        let added: Option<Vec<Reference>> = list(then).zip(list(now)).and_then(|(then, now)| {
            now.strip_prefix(then.as_slice()).and_then(|added| added.iter().map(Object::reference).collect())
        });
        if added.is_none() {
            self.wrong(what);
        }
        Ok(added.unwrap_or_default())
    }

    /// A field that was added: a signature or a timestamp, and nothing besides.
    fn field(&mut self, reference: Reference) -> Result<(), PdfError> {
        let field = self.now.object(reference)?;
        let is_new = self.then.entry(reference.number).is_none();
        let Some(field) = field.dictionary().filter(|f| is_new && f.is_name("FT", "Sig")) else {
            self.wrong("form: a field that is no signature");
            return Ok(());
        };
        if field.iter().any(|(key, _)| !FIELD_KEYS.contains(&key)) {
            self.wrong("form: a signature field with more than a signature");
        }
        self.value(field.get("V"))?;
        let rectangle = self.now.value(field, "Rect")?;
        let is_zero = |side: &Object| match side {
            Object::Integer(n) => *n == 0,
            Object::Real(text) => text.bytes().all(|b| matches!(b, b'0' | b'.' | b'-' | b'+')),
            _ => false,
        };
        if !rectangle.array().is_none_or(|sides| sides.iter().all(is_zero)) {
            let name = self.now.value(field, "T")?;
            self.changes.visible.push(name.string().map(super::PdfString::text).unwrap_or_default());
        }
        self.added.insert(reference);
        Ok(())
    }

    /// A signature that was added: a new object, and a kind that an earlier certification allows.
    fn value(&mut self, value: Option<&Object>) -> Result<(), PdfError> {
        let reference = value.and_then(Object::reference);
        let is_new = reference.is_some_and(|r| self.then.entry(r.number).is_none());
        let signature = self.now.resolve(value.unwrap_or(&Object::Null))?;
        let is = |kind: &str| signature.dictionary().is_some_and(|s| s.is_name("Type", kind));
        if !is_new || !(is("Sig") || is("DocTimeStamp")) {
            self.wrong("form: a field without a new signature");
        } else if self.permission == Some(1) && !is("DocTimeStamp") {
            self.wrong("a signature, which the author's certification does not allow");
        }
        Ok(())
    }

    /// Every object that the signed catalogue leads to.
    fn objects(&mut self) -> Result<(), PdfError> {
        let root = self.then.root()?;
        let mut waiting: Vec<Reference> = Vec::new();
        for (_, value) in self.then.catalog()?.iter().filter(|(key, _)| *key != b"DSS" && *key != b"Metadata") {
            references(value, &mut waiting);
        }
        let mut visited = BTreeSet::from([root]);
        let mut changed = Vec::new();
        while let Some(reference) = waiting.pop() {
            if !visited.insert(reference) {
                continue;
            }
            let object = self.then.object(reference)?;
            references(&object, &mut waiting);
            if let Some(annotations) =
                object.dictionary().filter(|d| d.is_name("Type", "Page")).and_then(|d| d.get("Annots"))
            {
                self.lists.extend(annotations.reference().map(|list| list.number));
            }
            if !self.is_same(reference.number)? {
                changed.push((reference, object));
            }
        }
        changed.into_iter().try_for_each(|(reference, object)| self.object(reference, &object))
    }

    /// An object that the signed document leads to and that is not what it was.
    fn object(&mut self, reference: Reference, then: &Object) -> Result<(), PdfError> {
        // The form has been compared already, wherever it stands.
        if self.forms.contains(&reference.number) {
            return Ok(());
        }
        let what = format!("object {}", reference.number);
        let now = self.now.object(reference)?;
        if self.lists.contains(&reference.number) {
            return self.annotations(Some(then), Some(&now), &what);
        }
        let (Object::Dictionary(then), Object::Dictionary(now)) = (then, &now) else {
            self.wrong(&what);
            return Ok(());
        };
        if then.is_name("Type", "Page") && now.is_name("Type", "Page") {
            if !are_same_but(then, now, &[b"Annots"]) {
                self.wrong(&what);
            }
            self.annotations(then.get("Annots"), now.get("Annots"), &what)
        } else if then.is_name("FT", "Sig") && then.get("V").is_none_or(|v| *v == Object::Null) {
            if !are_same_but(then, now, &SIGNING_KEYS) || !self.is_look_of_a_field(now)? {
                self.wrong(&what);
            }
            self.value(now.get("V"))
        } else {
            self.wrong(&what);
            Ok(())
        }
    }

    /// Annotations of a page, or a list of fields: only fields that were found in the form are added.
    fn annotations(&mut self, old: Option<&Object>, new: Option<&Object>, what: &str) -> Result<(), PdfError> {
        let added = self.added_to(old, new, what)?;
        if added.iter().any(|reference| !self.added.contains(reference)) {
            self.wrong(what);
        }
        Ok(())
    }

    /// Whether flags and appearance are just that: the dictionary may be made to serve as another.
    fn is_look_of_a_field(&self, field: &Dictionary) -> Result<bool, PdfError> {
        let flags = field.get("F").is_none_or(|flags| flags.integer().is_some());
        let looks = match self.now.value(field, "AP")? {
            Object::Null => true,
            Object::Dictionary(looks) => looks.iter().all(|(key, _)| matches!(key, b"N" | b"R" | b"D")),
            _ => false,
        };
        Ok(flags && looks)
    }
}

fn are_same_but(then: &Dictionary, now: &Dictionary, but: &[&[u8]]) -> bool {
    keys(then, now).iter().all(|key| but.contains(key) || then.get_bytes(key) == now.get_bytes(key))
}

fn generation(entry: Entry) -> u16 {
    if let Entry::InFile { generation, .. } = entry { generation } else { 0 }
}

/// The keys of both, each once.
fn keys<'k>(then: &'k Dictionary, now: &'k Dictionary) -> BTreeSet<&'k [u8]> {
    then.iter().chain(now.iter()).map(|(key, _)| key).collect()
}

/// Every reference inside a value; values of a file nest no deeper than its reader allows.
fn references(object: &Object, found: &mut Vec<Reference>) {
    match object {
        Object::Reference(reference) => found.push(*reference),
        Object::Array(items) => items.iter().for_each(|item| references(item, found)),
        Object::Dictionary(dictionary) | Object::Stream(dictionary, _) => {
            dictionary.iter().for_each(|(_, value)| references(value, found));
        }
        _ => {}
    }
}
