//! Looking at a folder: what lies in it, what is not meant, who is writing.

use crate::manifest;
use std::collections::{BTreeMap, HashSet};
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Folders deeper than this are not looked into.
const DEPTH_MAX: usize = 64;
/// Files of one folder; more are not looked at, and that is told.
const FILES_MAX: usize = 1_000_000;

/// What files have while they are being written, moved or edited, and what systems leave behind.
const IGNORED: [&str; 16] = [
    ".*",
    "*~",
    "#*#",
    "*.tmp",
    "*.temp",
    "*.part",
    "*.partial",
    "*.crdownload",
    "*.download",
    "*.swp",
    "*.lock",
    "~$*",
    "Thumbs.db",
    "desktop.ini",
    "*.tsr",
    "*.salt",
];

/// What is not meant: patterns for names, or for paths where they hold a slash.
pub struct Rules(Vec<String>);

impl Rules {
    /// The usual ones and these.
    pub fn new(more: &[String]) -> Self {
        Self(IGNORED.iter().map(|one| (*one).to_owned()).chain(more.iter().cloned()).collect())
    }

    /// Whether a path below the folder is passed over.
    pub fn ignores(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.0.iter().any(|pattern| match pattern.trim_end_matches('/') {
            pattern if pattern.contains('/') => fits(pattern.trim_start_matches('/'), path),
            pattern => fits(pattern, name),
        })
    }
}

/// `*` is any number of letters, `?` one; nothing else is special.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // Where the last star stood and what it had taken: only the last one ever needs to take more.
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(letter) if *letter == '?' || *letter == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|letter| *letter == '*')
}

fn of(about: &Metadata) -> (u64, i64) {
    (about.len(), about.mtime().saturating_mul(1_000_000_000).saturating_add(about.mtime_nsec()))
}

/// Size and time of a file; none where it is gone, or no file.
pub fn seen(path: &Path) -> Option<(u64, i64)> {
    fs::symlink_metadata(path).ok().filter(Metadata::is_file).map(|about| of(&about))
}

/// The files of a folder with size and time, and the paths that could not be read. Links are not followed.
pub fn look(folder: &Path, rules: &Rules) -> (BTreeMap<String, (u64, i64)>, Vec<String>) {
    let (mut found, mut faults) = (BTreeMap::new(), Vec::new());
    let mut folders = vec![(folder.to_owned(), 0)];
    let shown = |path: &Path| manifest::relative(folder, path).unwrap_or_else(|| path.to_string_lossy().into_owned());
    while let Some((inner, depth)) = folders.pop() {
        let entries = match fs::read_dir(&inner) {
            Ok(entries) => entries,
            // One that went meanwhile is no fault.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(_) => {
                faults.push(shown(&inner));
                continue;
            }
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let Some(name) = manifest::relative(folder, &path) else {
                faults.push(path.to_string_lossy().into_owned());
                continue;
            };
            let Ok(about) = entry.metadata() else { continue };
            if rules.ignores(&name) || about.is_symlink() {
                continue;
            }
            if about.is_dir() && depth < DEPTH_MAX {
                folders.push((path, depth + 1));
            } else if about.is_file() && found.len() < FILES_MAX {
                found.insert(name, of(&about));
            } else if about.is_dir() || about.is_file() {
                faults.push(name);
            }
        }
    }
    (found, faults)
}

/// The folders below one, itself first; for being woken by each.
pub fn folders(folder: &Path, rules: &Rules) -> Vec<PathBuf> {
    let mut all = vec![folder.to_owned()];
    let mut at = 0;
    while let Some(inner) = all.get(at).cloned() {
        at += 1;
        let depth = inner.components().count() - folder.components().count();
        for entry in fs::read_dir(&inner).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_meant = manifest::relative(folder, &path).is_some_and(|name| !rules.ignores(&name));
            if is_meant && depth < DEPTH_MAX && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                all.push(path);
            }
        }
    }
    all
}

/// The paths below a folder that some process of this user has open for writing, as far as Linux shows it.
pub fn written(folder: &Path) -> HashSet<String> {
    let mut open = HashSet::new();
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(files) = fs::read_dir(process.path().join("fd")) else { continue };
        for file in files.flatten() {
            let Ok(target) = fs::read_link(file.path()) else { continue };
            let Some(name) = manifest::relative(folder, &target) else { continue };
            let about = process.path().join("fdinfo").join(file.file_name());
            let flags = fs::read_to_string(about).unwrap_or_default();
            let flags = flags.lines().find_map(|line| line.strip_prefix("flags:"));
            let flags = flags.and_then(|text| i32::from_str_radix(text.trim(), 8).ok()).unwrap_or(0);
            if flags & libc::O_ACCMODE != libc::O_RDONLY {
                open.insert(name);
            }
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_of_names_or_of_paths() {
        let rules = Rules::new(&["cache/".to_owned(), "a/*/raw.*".to_owned(), "?.bak".to_owned()]);
        for path in
            [".git", "x/.y", "a~", "film.mov.part", "~$plan.docx", "x/cache", "a/b/raw.dng", "a/b/c/raw.x", "b/1.bak"]
        {
            assert!(rules.ignores(path), "{path}");
        }
        for path in ["a.jpg", "a/raw.dng", "x/cache.txt", "12.bak", "partial.mov", "月.jpg"] {
            assert!(!rules.ignores(path), "{path}");
        }
        assert!(fits("a*b*c", "aXbYbZc") && !fits("a*b*c", "aXbYbZ") && fits("*", "") && !fits("?", ""));
    }

    #[test]
    fn a_file_that_is_open_for_writing_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(folder.join("x")).unwrap();
        let writer = fs::File::create(folder.join("x/a")).unwrap();
        fs::write(folder.join("b"), b"b").unwrap();
        let _reader = fs::File::open(folder.join("b")).unwrap();
        assert_eq!(written(&folder), HashSet::from(["x/a".to_owned()]));
        drop(writer);
        assert!(written(&folder).is_empty());
        let (found, faults) = look(&folder, &Rules::new(&[]));
        assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), ["b", "x/a"]);
        assert!(faults.is_empty());
    }
}
