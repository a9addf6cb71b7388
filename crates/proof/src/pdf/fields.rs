//! The fields of a form, as far as signatures need them (ISO 32000-2 sections 12.7.3 to 12.7.5).

use super::PdfError;
use super::file::File;
use super::object::{Dictionary, Object, Reference};
use std::collections::BTreeSet;

/// Fields and widgets in one form.
const FIELDS_MAX: usize = 16_384;
/// Fields inside one another.
const DEPTH_MAX: usize = 32;

/// A field for a signature, signed or not.
#[derive(Clone, Debug)]
pub struct Field {
    /// The full name, its parts divided by full stops.
    pub name: String,
    /// Which object the field is; none where it stands inside another.
    pub reference: Option<Reference>,
    /// The field as it stands.
    pub dictionary: Dictionary,
    /// The value as it stands: a signature, or none.
    pub value: Option<Object>,
}

struct Node {
    object: Object,
    name: String,
    is_signature: bool,
    value: Option<Object>,
    depth: usize,
}

/// The signature fields of a file, in the order of its form.
///
/// # Errors
/// Where a field cannot be read, or the form is a circle or too large.
pub fn fields(file: &File<'_>) -> Result<Vec<Field>, PdfError> {
    let Object::Dictionary(form) = file.value(&file.catalog()?, "AcroForm")? else { return Ok(Vec::new()) };
    let Object::Array(roots) = file.value(&form, "Fields")? else { return Ok(Vec::new()) };
    let root = |object: Object| Node { object, name: String::new(), is_signature: false, value: None, depth: 0 };
    let mut waiting: Vec<Node> = roots.into_iter().rev().map(root).collect();
    let (mut found, mut visited, mut count) = (Vec::new(), BTreeSet::new(), 0usize);
    while let Some(node) = waiting.pop() {
        count += 1;
        if count > FIELDS_MAX || node.depth > DEPTH_MAX {
            return Err(PdfError::TooLarge("form"));
        }
        let reference = node.object.reference();
        if reference.is_some_and(|reference| !visited.insert(reference)) {
            return Err(PdfError::Unsupported("form: a field stands twice"));
        }
        let Object::Dictionary(dictionary) = file.resolve(&node.object)? else { continue };
        let (own_name, kids) = (file.value(&dictionary, "T")?, file.value(&dictionary, "Kids")?);
        let name = match own_name.string() {
            Some(part) if node.name.is_empty() => part.text(),
            Some(part) => format!("{}.{}", node.name, part.text()),
            None => node.name,
        };
        let kind = file.value(&dictionary, "FT")?;
        let is_signature = kind.name().map_or(node.is_signature, |kind| kind == b"Sig");
        let value = dictionary.get("V").cloned().or(node.value);
        let kids: Vec<Object> = kids.array().map(<[Object]>::to_vec).unwrap_or_default();
        if has_fields(file, &kids)? {
            let below = |object: Object| Node {
                object,
                name: name.clone(),
                is_signature,
                value: value.clone(),
                depth: node.depth + 1,
            };
            waiting.extend(kids.into_iter().rev().map(below));
        } else if is_signature {
            found.push(Field { name, reference, dictionary, value });
        }
    }
    Ok(found)
}

/// Whether the kids are fields, and not the field's widgets.
fn has_fields(file: &File<'_>, kids: &[Object]) -> Result<bool, PdfError> {
    let Some(first) = kids.first() else { return Ok(false) };
    Ok(file.resolve(first)?.dictionary().is_some_and(|kid| kid.get("T").is_some()))
}
