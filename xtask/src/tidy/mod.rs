//! Tidy: rules of the house that the compiler does not know, checked by `cargo test`.
//!
//! Each rule is a pure function from a file to its breaches. A breach names the
//! file, the line and what to do.

mod floors;
mod text;

use std::path::{Path, PathBuf};
use std::process::Command;

/// One breach of one rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Breach {
    path: String,
    line: usize,
    remedy: String,
}

impl Breach {
    fn new(path: &str, line: usize, remedy: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, remedy: remedy.into() }
    }
}

/// All breaches in the repository, one line each.
pub(crate) fn check() -> Vec<String> {
    let root = root();
    let files = tracked(&root);
    let mut breaches = Vec::new();
    for path in &files {
        let Ok(content) = std::fs::read_to_string(root.join(path)) else { continue };
        breaches.extend(text::check(path, &content));
        breaches.extend(floors::check(path, &content));
        if path == "ARCHITECTURE.md" {
            breaches.extend(text::named_paths(path, &content, &|named| root.join(named).exists()));
        }
    }
    breaches.iter().map(|b| format!("{}:{}: {}", b.path, b.line, b.remedy)).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files that git knows or would take.
fn tracked(root: &Path) -> Vec<String> {
    let listed = Command::new("git").args(["ls-files", "-co", "--exclude-standard"]).current_dir(root).output();
    let listed = listed.expect("git is installed").stdout;
    let files: Vec<String> = String::from_utf8_lossy(&listed).lines().map(str::to_owned).collect();
    assert!(files.len() > 50, "git lists the repository");
    files
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_house_is_tidy() {
        let breaches = super::check();
        assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
    }
}
