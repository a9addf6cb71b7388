//! The names of a folder's manifest and of what belongs to it, and the paths in it.

pub use proof::manifest::{Entry, Manifest, SALTS_SUFFIX, SUFFIX};

use std::path::{Component, Path};

/// The path of `file` below `folder` with `/` between its parts; none where it is not UTF-8.
pub fn relative(folder: &Path, file: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = file
        .strip_prefix(folder)
        .ok()?
        .components()
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    Some(parts?.join("/"))
}
