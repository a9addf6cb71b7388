//! The field that a signature stands in: in the form, and as an invisible widget on the first page
//! (ISO 32000-2 sections 12.7.3 and 12.7.5.5).

use super::SignatureError;
use super::update::{Body, Update};
use super::write;
use proof::pdf::{self, Dictionary, Object, Reference};
use std::collections::BTreeSet;

/// Nodes of the page tree looked at for the first page.
const NODES_MAX: usize = 4096;
/// SignaturesExist and AppendOnly (table 225).
const SIGNATURE_FLAGS: i64 = 3;
/// Print and Locked (table 167).
const WIDGET_FLAGS: i64 = 132;

/// Puts the signature into the field of this name, which is made where it is not there.
pub(super) fn place(update: &mut Update<'_>, name: &str, signature: Reference) -> Result<(), SignatureError> {
    if name.is_empty() || name.contains('.') {
        return Err(SignatureError::FieldName);
    }
    let known = pdf::fields(&update.file)?;
    match known.into_iter().find(|field| field.name == name) {
        Some(field) => {
            let is_empty = field.value.is_none_or(|value| value == Object::Null);
            let taken = || SignatureError::FieldTaken(name.to_owned());
            let reference = field.reference.filter(|_| is_empty).ok_or_else(taken)?;
            let mut dictionary = field.dictionary;
            dictionary.set("V", Object::Reference(signature));
            update.put_dictionary(reference, dictionary);
            in_form(update, None)
        }
        None => {
            let page = first_page(update)?;
            let field = update.reserve()?;
            update.put_dictionary(field, widget(name, signature, page));
            on_page(update, page, field)?;
            in_form(update, Some((field, name)))
        }
    }
}

fn widget(name: &str, signature: Reference, page: Reference) -> Dictionary {
    write::entries([
        ("Type", write::named("Annot")),
        ("Subtype", write::named("Widget")),
        ("FT", write::named("Sig")),
        ("T", write::text(name)),
        ("V", Object::Reference(signature)),
        ("Rect", Object::Array(vec![Object::Integer(0); 4])),
        ("F", Object::Integer(WIDGET_FLAGS)),
        ("P", Object::Reference(page)),
    ])
}

fn first_page(update: &Update<'_>) -> Result<Reference, SignatureError> {
    let (_, catalog) = update.catalog()?;
    let mut waiting: Vec<Reference> = catalog.get("Pages").and_then(Object::reference).into_iter().collect();
    let mut visited = BTreeSet::new();
    while let Some(reference) = waiting.pop() {
        if !visited.insert(reference) || visited.len() > NODES_MAX {
            break;
        }
        let Object::Dictionary(node) = update.object(reference)? else { continue };
        if node.is_name("Type", "Page") {
            return Ok(reference);
        }
        if let Object::Array(kids) = update.file.value(&node, "Kids")? {
            waiting.extend(kids.iter().rev().filter_map(Object::reference));
        }
    }
    Err(SignatureError::NoPage)
}

fn on_page(update: &mut Update<'_>, page: Reference, field: Reference) -> Result<(), SignatureError> {
    let mut dictionary = update.object(page)?.dictionary().cloned().unwrap_or_default();
    if append(update, &mut dictionary, "Annots", field)? {
        update.put_dictionary(page, dictionary);
    }
    Ok(())
}

/// Adds a reference to a list, in the object that the list is, or in `dictionary`; whether that changed.
fn append(
    update: &mut Update<'_>,
    dictionary: &mut Dictionary,
    key: &str,
    added: Reference,
) -> Result<bool, SignatureError> {
    let place = dictionary.get(key).and_then(Object::reference);
    let list = match place {
        Some(place) => update.object(place)?,
        None => dictionary.get(key).cloned().unwrap_or(Object::Null),
    };
    let mut items = list.array().map(<[Object]>::to_vec).unwrap_or_default();
    items.push(Object::Reference(added));
    match place.filter(|_| list.array().is_some()) {
        Some(place) => {
            update.put(place, Body::Object(Object::Array(items)));
            Ok(false)
        }
        None => {
            dictionary.set(key, Object::Array(items));
            Ok(true)
        }
    }
}

fn in_form(update: &mut Update<'_>, field: Option<(Reference, &str)>) -> Result<(), SignatureError> {
    let (root, mut catalog) = update.catalog()?;
    let place = catalog.get("AcroForm").and_then(Object::reference);
    let form = match place {
        Some(place) => update.object(place)?,
        None => catalog.get("AcroForm").cloned().unwrap_or(Object::Null),
    };
    let is_there = form.dictionary().is_some();
    let mut form = form.dictionary().cloned().unwrap_or_default();
    if let Some((field, name)) = field {
        if has_root(update, &form, name)? {
            return Err(SignatureError::FieldTaken(name.to_owned()));
        }
        append(update, &mut form, "Fields", field)?;
    }
    form.set("SigFlags", Object::Integer(SIGNATURE_FLAGS));
    match place.filter(|_| is_there) {
        Some(place) => update.put_dictionary(place, form),
        None => {
            catalog.set("AcroForm", Object::Dictionary(form));
            update.put_dictionary(root, catalog);
        }
    }
    Ok(())
}

/// Whether the form has a field of this name that is no signature field.
fn has_root(update: &Update<'_>, form: &Dictionary, name: &str) -> Result<bool, SignatureError> {
    let Object::Array(fields) = update.file.value(form, "Fields")? else { return Ok(false) };
    for field in &fields {
        let Object::Dictionary(field) = update.file.resolve(field)? else { continue };
        if update.file.value(&field, "T")?.string().is_some_and(|known| known.text() == name) {
            return Ok(true);
        }
    }
    Ok(false)
}
