//! Files inside a PDF file: the name tree `EmbeddedFiles` and associated files (ISO 32000-2
//! sections 7.11.4 and 14.13).

use super::PdfError;
use super::file::File;
use super::object::{Dictionary, Object, Reference};
use std::collections::BTreeSet;

/// Files in one document.
const ATTACHMENTS_MAX: usize = 1024;
/// Nodes of the name tree.
const NODES_MAX: usize = 4096;

/// One file inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The name it is given; nothing says that it is safe as a path.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// All files inside a document, those of the name tree first, each once.
///
/// # Errors
/// Where the document or one of its files cannot be read, or they come to more than
/// [`super::DECODED_BYTES_MAX`].
pub fn attachments(bytes: &[u8]) -> Result<Vec<Attachment>, PdfError> {
    let file = File::parse(bytes)?;
    let catalog = file.catalog()?;
    let mut found = Found { file: &file, seen: BTreeSet::new(), attachments: Vec::new() };
    if let Object::Dictionary(names) = file.value(&catalog, "Names")?
        && let Some(root) = names.get("EmbeddedFiles")
    {
        found.tree(root)?;
    }
    if let Object::Array(associated) = file.value(&catalog, "AF")? {
        associated.iter().try_for_each(|specification| found.add(specification))?;
    }
    Ok(found.attachments)
}

struct Found<'f, 'a> {
    file: &'f File<'a>,
    /// Embedded streams that were taken.
    seen: BTreeSet<Reference>,
    attachments: Vec<Attachment>,
}

impl Found<'_, '_> {
    /// Walks a name tree (section 7.9.6).
    fn tree(&mut self, root: &Object) -> Result<(), PdfError> {
        let mut waiting = vec![root.clone()];
        let mut visited = BTreeSet::new();
        for _ in 0..NODES_MAX {
            let Some(node) = waiting.pop() else { return Ok(()) };
            if node.reference().is_some_and(|reference| !visited.insert(reference)) {
                return Err(PdfError::Unsupported("name tree: a circle"));
            }
            let Object::Dictionary(node) = self.file.resolve(&node)? else { continue };
            if let Object::Array(pairs) = self.file.value(&node, "Names")? {
                pairs.iter().skip(1).step_by(2).try_for_each(|specification| self.add(specification))?;
            }
            if let Object::Array(kids) = self.file.value(&node, "Kids")? {
                waiting.extend(kids.into_iter().rev().take(NODES_MAX));
            }
        }
        Err(PdfError::TooLarge("name tree"))
    }

    fn add(&mut self, specification: &Object) -> Result<(), PdfError> {
        let Object::Dictionary(specification) = self.file.resolve(specification)? else { return Ok(()) };
        let Object::Dictionary(embedded) = self.file.value(&specification, "EF")? else { return Ok(()) };
        // A stream is always another object (section 7.3.8.1).
        let stream = ["UF", "F"].iter().find_map(|key| embedded.get(key)?.reference());
        let Some(stream) = stream.filter(|stream| self.seen.insert(*stream)) else { return Ok(()) };
        if self.attachments.len() == ATTACHMENTS_MAX {
            return Err(PdfError::TooLarge("attachments"));
        }
        let bytes = self.file.stream(&self.file.object(stream)?)?;
        self.attachments.push(Attachment { name: self.name(&specification)?, bytes });
        Ok(())
    }

    fn name(&self, specification: &Dictionary) -> Result<String, PdfError> {
        for key in ["UF", "F"] {
            if let Object::String(name) = self.file.value(specification, key)? {
                return Ok(name.text());
            }
        }
        Ok(String::new())
    }
}
