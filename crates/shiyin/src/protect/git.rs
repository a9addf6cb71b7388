//! A commit or a tag of Git as files of a record: the objects as Git has them, and a list of the tree.
//!
//! The list names each file of the tree with the SHA-256 of its content, computed here from the objects, so
//! that nothing rests on SHA-1; the commit object names the tree and its parents, and carries its signature
//! where it has one. Submodules are named by their commit and stay what they are: other repositories. A
//! pointer of Git LFS is named as one, with the digest that it points to.

use super::item::Item;
use crate::complain;
use crate::exit::{Exit, Failure};
use crate::words::Words;
use proof::digest::DigestAlgorithm;
use serde::Serialize;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use trust::aws_lc::Hasher;

/// A hook that protects each commit.
pub const HOOK: &str = include_str!("post-commit.sh");
/// Files of one tree.
const ENTRIES_MAX: usize = 1_000_000;
/// Commit and tag objects, with their signatures, and a list of a tree.
const OBJECT_BYTES_MAX: u64 = 4 << 20;
const TREE_BYTES_MAX: u64 = 1 << 30;
/// A pointer of Git LFS is shorter.
const POINTER_BYTES_MAX: u64 = 1024;
const POINTER_MARK: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";

/// What was found.
pub struct Found {
    /// The repository's name and what is protected of it.
    pub title: String,
    /// The work that its commits belong to.
    pub line: Line,
    /// What a reader should know.
    pub notes: Vec<String>,
    files: Vec<(&'static str, Vec<u8>)>,
}

/// The work that a repository's commits belong to, as its configuration remembers it.
///
/// `shiyin.work` names it, and may be set by hand. Where this program set it, `shiyin.workNode` says at which node it is and
/// `shiyin.workBegan` with which record it began: that one asked for again is the same record, which named no work.
#[derive(Clone)]
pub struct Line {
    repository: PathBuf,
    work: String,
    node: String,
    began: String,
}

impl Line {
    fn read(git: &Git<'_>) -> Self {
        let value = |name: &str| git.line(&["config", "--get", name]).unwrap_or_default();
        let (work, node, began) = (value("shiyin.work"), value("shiyin.workNode"), value("shiyin.workBegan"));
        Self { repository: git.repository.to_owned(), work, node, began }
    }

    fn is_elsewhere(&self, server: &str) -> bool {
        !self.node.is_empty() && self.node != server
    }

    /// The work that a record of this mark goes on with at a node; empty where it begins one.
    pub fn work_for(&self, server: &str, mark: &str) -> String {
        match self.is_elsewhere(server) || self.began == mark {
            true => String::new(),
            false => self.work.clone(),
        }
    }

    /// Remembers the work that a record of this mark began. A repository that cannot be written in stays as it is.
    pub fn remember(&self, server: &str, work: &str, mark: &str, words: &Words) {
        if work.is_empty() || (!self.work.is_empty() && !self.is_elsewhere(server)) {
            return;
        }
        let git = Git { repository: &self.repository, words };
        // The work is last: without it the others say nothing.
        for (name, value) in [("shiyin.workNode", server), ("shiyin.workBegan", mark), ("shiyin.work", work)] {
            if let Err(failure) = git.line(&["config", "--local", name, value]) {
                return complain(&failure.message);
            }
        }
    }
}

impl Found {
    /// As files of a record.
    pub fn items(self, sm3: bool) -> Vec<Item> {
        self.files.into_iter().map(|(name, bytes)| Item::made(name, bytes, sm3)).collect()
    }
}

/// The files that a record of a revision holds.
pub fn files_of(repository: &Path, revision: &str, words: &Words) -> Result<Vec<(&'static str, Vec<u8>)>, Failure> {
    Ok(read(repository, revision, words)?.files)
}

// Members stand in the order of their names, so that the same tree gives the same bytes (RFC 8785).

#[derive(Serialize)]
struct Tree {
    commit: String,
    entries: Vec<Entry>,
    kind: &'static str,
    object_format: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    tree: String,
}

#[derive(Serialize)]
struct Entry {
    /// `file`, `executable`, `link`, `submodule`.
    is: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    lfs: Option<Pointer>,
    object: String,
    /// UTF-8; else `path_hex` has its bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

#[derive(Serialize)]
struct Pointer {
    sha256: String,
    size: u64,
}

struct Git<'g> {
    repository: &'g Path,
    words: &'g Words,
}

/// Reads a revision out of a repository, bare or not.
pub fn read(repository: &Path, revision: &str, words: &Words) -> Result<Found, Failure> {
    let git = Git { repository, words };
    let object = git.line(&["rev-parse", "--verify", "--quiet", "--end-of-options", revision])?;
    let commit = git.line(&["rev-parse", "--verify", "--quiet", &format!("{object}^{{commit}}")])?;
    let tree = git.line(&["rev-parse", "--verify", "--quiet", &format!("{object}^{{tree}}")])?;
    let format = git.line(&["rev-parse", "--show-object-format"])?;
    let tag = (git.line(&["cat-file", "-t", &object])? == "tag").then(|| object.clone());
    let listed = git.output(&["ls-tree", "-rz", "--full-tree", &tree], TREE_BYTES_MAX)?;
    let mut entries = entries(&listed).ok_or_else(|| git.refused("ls-tree"))?;
    git.digests(&mut entries)?;
    let mut notes = Vec::new();
    let count = |is: &dyn Fn(&&Entry) -> bool| entries.iter().filter(is).count();
    let submodules = count(&|entry| entry.is == "submodule");
    if submodules > 0 {
        notes.push(words.say("git-submodules", &[("count", &submodules.to_string())]));
    }
    let pointers = count(&|entry| entry.lfs.is_some());
    if pointers > 0 {
        notes.push(words.say("git-lfs", &[("count", &pointers.to_string())]));
    }
    let mut files = vec![("commit", git.output(&["cat-file", "commit", &commit], OBJECT_BYTES_MAX)?)];
    if let Some(tag) = &tag {
        files.push(("tag", git.output(&["cat-file", "tag", tag], OBJECT_BYTES_MAX)?));
    }
    let short: String = commit.chars().take(12).collect();
    let subject = git.line(&["log", "-1", "--format=%s", "--no-show-signature", &commit]).unwrap_or_default();
    let title: String =
        format!("{} {short} {subject}", git.name()).chars().filter(|c| !c.is_control()).take(180).collect();
    let line = Line::read(&git);
    let tree = Tree { commit, entries, kind: "shiyin.git/1", object_format: format, tag, tree };
    files.push(("tree.json", serde_json::to_vec(&tree).unwrap_or_default()));
    Ok(Found { title: title.trim().to_owned(), line, notes, files })
}

/// `MODE TYPE OBJECT\tPATH\0`, again and again.
fn entries(listed: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    for line in listed.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let at = line.iter().position(|byte| *byte == b'\t')?;
        let mut words = std::str::from_utf8(line.get(..at)?).ok()?.split(' ');
        let is = match (words.next()?, words.next()?) {
            ("160000", "commit") => "submodule",
            ("120000", "blob") => "link",
            ("100755", "blob") => "executable",
            (_, "blob") => "file",
            _ => return None,
        };
        let object = words.next().filter(|id| id.bytes().all(|b| b.is_ascii_hexdigit()))?.to_owned();
        let bytes = line.get(at + 1..)?;
        let path = std::str::from_utf8(bytes).ok().map(str::to_owned);
        let path_hex = path.is_none().then(|| proof::digest::hex(bytes));
        entries.push(Entry { is, lfs: None, object, path, path_hex, sha256: None, size: None });
        if entries.len() > ENTRIES_MAX {
            return None;
        }
    }
    Some(entries)
}

impl Git<'_> {
    fn refused(&self, cause: &str) -> Failure {
        let values = [("path", &*self.repository.to_string_lossy()), ("cause", cause)];
        Failure::new(Exit::Input, self.words.say("git-failed", &values))
    }

    fn start(&self, arguments: &[&str], input: Stdio) -> Result<Child, Failure> {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.repository).args(arguments);
        // No locks, no prompts, no replaced objects: what is there, as it is.
        command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0").env("GIT_NO_REPLACE_OBJECTS", "1");
        command.env("LC_ALL", "C").stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().map_err(|error| self.refused(&error.to_string()))
    }

    fn output(&self, arguments: &[&str], bytes_max: u64) -> Result<Vec<u8>, Failure> {
        let mut child = self.start(arguments, Stdio::null())?;
        let mut bytes = Vec::new();
        let out = child.stdout.take();
        let read = out.map(|out| out.take(bytes_max + 1).read_to_end(&mut bytes));
        let ended = child.wait_with_output().map_err(|error| self.refused(&error.to_string()))?;
        match read {
            Some(Ok(_)) if ended.status.success() && bytes.len() as u64 <= bytes_max => Ok(bytes),
            _ => {
                let said = String::from_utf8_lossy(&ended.stderr);
                let said = said.lines().next().unwrap_or_default().to_owned();
                let asked = format!("git {}", arguments.join(" "));
                Err(self.refused(if said.is_empty() { &asked } else { &said }))
            }
        }
    }

    fn line(&self, arguments: &[&str]) -> Result<String, Failure> {
        let bytes = self.output(arguments, 64 << 10)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    /// What the repository is called: its folder's name.
    fn name(&self) -> String {
        let place = self.line(&["rev-parse", "--show-toplevel"]).ok().filter(|path| !path.is_empty());
        let place = place.or_else(|| self.line(&["rev-parse", "--absolute-git-dir"]).ok()).unwrap_or_default();
        let name = Path::new(&place).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.trim_end_matches(".git").to_owned()
    }

    /// Size and SHA-256 of each blob, read once, in their order.
    fn digests(&self, entries: &mut [Entry]) -> Result<(), Failure> {
        let mut child = self.start(&["cat-file", "--batch", "--buffer"], Stdio::piped())?;
        let (input, out) = (child.stdin.take(), child.stdout.take());
        let (Some(mut input), Some(out)) = (input, out) else { return Err(self.refused("cat-file")) };
        let asked: String =
            entries.iter().filter(|e| e.is != "submodule").map(|entry| format!("{}\n", entry.object)).collect();
        let mut out = BufReader::with_capacity(256 << 10, out);
        let read = std::thread::scope(|scope| {
            // Git answers while it is still being asked: both pipes must move.
            let writer = scope.spawn(move || input.write_all(asked.as_bytes()));
            let read =
                entries.iter_mut().filter(|entry| entry.is != "submodule").try_for_each(|entry| blob(entry, &mut out));
            drop(out);
            let written = writer.join().is_ok_and(|written| written.is_ok());
            read.filter(|()| written)
        });
        let _ = child.kill();
        let _ = child.wait();
        read.ok_or_else(|| self.refused("cat-file"))
    }
}

/// `OBJECT TYPE SIZE\n`, the bytes, `\n`.
fn blob(entry: &mut Entry, out: &mut impl std::io::BufRead) -> Option<()> {
    let mut head = String::new();
    out.take(200).read_line(&mut head).ok()?;
    let mut words = head.trim_end().split(' ');
    let is_it = words.next() == Some(&entry.object) && words.next() == Some("blob");
    let size: u64 = words.next()?.parse().ok().filter(|_| is_it)?;
    let (mut left, mut hasher, mut first) = (size, Hasher::new(DigestAlgorithm::Sha256), Vec::new());
    let mut buffer = vec![0; 64 << 10];
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let read = out.read(&mut buffer[..wanted]).ok().filter(|read| *read > 0)?;
        hasher.update(&buffer[..read]);
        if size <= POINTER_BYTES_MAX {
            first.extend_from_slice(&buffer[..read]);
        }
        left -= read as u64;
    }
    let mut end = [0];
    out.read_exact(&mut end).ok().filter(|()| end == *b"\n")?;
    entry.size = Some(size);
    entry.sha256 = Some(hasher.finish().to_string());
    entry.lfs = pointer(&first);
    Some(())
}

/// What a pointer of Git LFS points to.
fn pointer(bytes: &[u8]) -> Option<Pointer> {
    let text = std::str::from_utf8(bytes.strip_prefix(POINTER_MARK)?).ok()?;
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    let sha256 = value("oid sha256:").filter(|hex| hex.len() == 64)?.to_owned();
    Some(Pointer { sha256, size: value("size ")?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_read_to_the_byte() {
        let id = "a".repeat(40);
        let listed = format!("100644 blob {id}\ta\tb\n.txt\0160000 commit {id}\tsub\0120000 blob {id}\tlink\0");
        let found = entries(listed.as_bytes()).unwrap();
        let about: Vec<_> = found.iter().map(|entry| (entry.is, entry.path.as_deref().unwrap())).collect();
        assert_eq!(about, [("file", "a\tb\n.txt"), ("submodule", "sub"), ("link", "link")]);
        let odd = entries(&[format!("100755 blob {id}\t").as_bytes(), b"\xff\0"].concat()).unwrap();
        assert_eq!((odd[0].is, odd[0].path.as_deref(), odd[0].path_hex.as_deref()), ("executable", None, Some("ff")));
        for wrong in ["100644 blob", "100644 blob x\tz\0", "040000 tree a\tz\0"] {
            assert!(entries(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_pointer_is_known_by_its_mark() {
        let hex = "b".repeat(64);
        let text = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{hex}\nsize 12345\n");
        let found = pointer(text.as_bytes()).unwrap();
        assert_eq!((found.sha256, found.size), (hex, 12345));
        assert!(pointer(b"version https://git-lfs.github.com/spec/v1\nsize 1\n").is_none() && pointer(b"x").is_none());
    }
}
