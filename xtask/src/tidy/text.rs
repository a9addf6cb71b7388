//! Rules on the text of a file: headers, sizes, unfinished work, paths of a machine, white space.

use super::Breach;

const LINES_MAX: usize = 800;
const HEADER_LINES_MAX: usize = 12;
/// File names that say nothing about what is inside.
const VAGUE: [&str; 7] = ["helper", "helpers", "util", "utils", "manager", "service", "misc"];

/// Words that mark unfinished work, in pieces so that this file does not hold them.
fn unfinished() -> Vec<String> {
    [
        ("TO", "DO"),
        ("FIX", "ME"),
        ("todo", "!("),
        ("unimplemented", "!("),
        ("#[ig", "nore"),
        ("coming", " soon"),
        ("敬请", "期待"),
    ]
    .iter()
    .map(|(a, b)| format!("{a}{b}"))
    .collect()
}

/// Paths of one machine and hosts of registries, likewise in pieces.
fn foreign() -> Vec<String> {
    [("/wo", "rk/"), ("/ro", "ot/"), ("/ho", "me/"), ("index.", "crates.io"), ("py", "pi.org"), ("registry.", "npmjs")]
        .iter()
        .map(|(a, b)| format!("{a}{b}"))
        .collect()
}

pub(super) fn check(path: &str, content: &str) -> Vec<Breach> {
    let ending = path.rsplit('.').next().unwrap_or_default();
    if !matches!(ending, "rs" | "md" | "toml" | "ftl" | "py") && path != "Makefile" && !path.starts_with("scripts/") {
        return Vec::new();
    }
    let mut breaches = Vec::new();
    let (unfinished, foreign) = (unfinished(), foreign());
    for (number, line) in content.lines().enumerate() {
        let mut breach = |remedy: String| breaches.push(Breach::new(path, number + 1, remedy));
        if let Some(word) = unfinished.iter().find(|w| line.contains(w.as_str())) {
            breach(format!("`{word}`: finish it, or say in the issue that it is left"));
        }
        if let Some(word) = foreign.iter().find(|w| line.contains(w.as_str())) {
            breach(format!("`{word}` belongs to one machine: leave it out"));
        }
        if line.ends_with([' ', '\t', '\r']) {
            breach("white space at the end of the line".to_owned());
        }
    }
    if !content.is_empty() && !content.ends_with('\n') {
        breaches.push(Breach::new(path, content.lines().count(), "the last line has no end"));
    }
    if ending == "rs" {
        breaches.extend(source(path, content));
    }
    breaches
}

fn source(path: &str, content: &str) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let header = content.lines().take_while(|l| l.starts_with("//!")).count();
    if header == 0 || header > HEADER_LINES_MAX {
        let remedy = format!("begin with 1 to {HEADER_LINES_MAX} lines of //! on what this file is");
        breaches.push(Breach::new(path, 1, remedy));
    }
    let lines = content.lines().count();
    if lines > LINES_MAX {
        breaches.push(Breach::new(path, LINES_MAX, format!("{lines} lines: split it by subject")));
    }
    let stem = path.rsplit('/').next().and_then(|n| n.strip_suffix(".rs")).unwrap_or_default();
    if VAGUE.contains(&stem) {
        breaches.push(Breach::new(path, 1, format!("`{stem}` says nothing: name the subject")));
    }
    breaches
}

/// Paths in backticks that must exist.
pub(super) fn named_paths(path: &str, content: &str, exists: &dyn Fn(&str) -> bool) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (number, line) in content.lines().enumerate() {
        for named in line.split('`').skip(1).step_by(2) {
            let is_path = ["crates/", "docs/", "xtask", "vectors", "fuzz"].iter().any(|p| named.starts_with(p));
            if is_path && !exists(named) {
                breaches.push(Breach::new(path, number + 1, format!("`{named}` does not exist")));
            }
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_sees_its_breach() {
        let count = |path: &str, content: &str| check(path, content).len();
        assert_eq!(count("a.rs", "//! What it is.\nfn a() {}\n"), 0);
        assert_eq!(count("a.rs", "fn a() {}\n"), 1, "no header");
        assert_eq!(count("a.rs", &"//! x\n".repeat(13)), 1, "long header");
        assert_eq!(count("a.rs", &format!("//! x\n{}", "x\n".repeat(800))), 1, "long file");
        assert_eq!(count("utils.rs", "//! x\n"), 1, "vague name");
        assert_eq!(count("a.md", "x \n"), 1, "white space");
        assert_eq!(count("a.md", "x"), 1, "no end");
        for word in unfinished().iter().chain(&foreign()) {
            assert_eq!(count("a.md", &format!("{word}\n")), 1, "{word}");
        }
        assert_eq!(count("vectors/x.der", "anything "), 0);
    }

    #[test]
    fn a_path_that_is_gone_is_seen() {
        let gone = named_paths("A.md", "see `crates/gone` and `crates/here` and `make run`", &|p| p == "crates/here");
        assert_eq!(gone.len(), 1);
    }
}
