//! Packages, records and files shown alone, judged by the same desk as in a browser.
//!
//! A folder is laid on it whole; a record alone with what is called after it. Nothing is unpacked to disk.

use super::files_below;
use crate::exit::{Exit, Failure};
use crate::hashing::{self, Found, Job};
use crate::words::{Words, visible};
use crate::{input, show, tell, trust_store};
use clap::ArgMatches;
use proof::digest::Digest;
use proof::package;
use proof::zip::{Entry, ReadError, Source};
use proof_wasm::archive::Laid;
use proof_wasm::desk::Desk;
use proof_wasm::judge::{FileState, Outcome};
use proof_wasm::kind::Kind;
use proof_wasm::page::Json;
use proof_wasm::pdf::PDF_BYTES_MAX;
use proof_wasm::sentences::{headline, sentences};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use trust::clock::{Clock as _, SystemClock};

/// Files up to this size are looked into; lists may be larger.
const LOOKED_INTO_BYTES: u64 = 4 << 20;
const LIST_BYTES: u64 = 64 << 20;
/// What the name of a certificate ends with.
const PDF_ENDING: &str = ".pdf";
/// What the name of a record, and of a file shown alone, ends with.
const ENDINGS: [&str; 2] = ["record.json", "disclosure.json"];

/// Whether a path is to be judged on the desk: a package, a record, a folder of them, a file shown alone.
pub(super) fn is_evidence(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if path.is_dir() {
        let names = std::fs::read_dir(path).into_iter().flatten().flatten().map(|one| one.file_name());
        return names.map(|name| name.to_string_lossy().into_owned()).any(|name| {
            package::root_of(&name).is_some()
                || name == package::RECORDS
                || ENDINGS.iter().any(|end| name.ends_with(end))
        });
    }
    path.is_file()
        && (Kind::is_archive(&name) || ENDINGS.iter().any(|end| name.ends_with(end)) || is_signed_pdf(path, &name))
}

/// Whether it is a certificate, or another PDF that is signed: any other is a file like all.
fn is_signed_pdf(path: &Path, name: &str) -> bool {
    let is_small = || path.metadata().is_ok_and(|about| about.len() <= PDF_BYTES_MAX);
    name.to_lowercase().ends_with(PDF_ENDING)
        && is_small()
        && std::fs::read(path).is_ok_and(|bytes| matches!(Kind::of(name, &bytes), Kind::Pdf { .. }))
}

/// An archive that lies on the disk.
struct OnDisk {
    file: File,
    size: u64,
}

impl Source for OnDisk {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, ReadError> {
        // A size that is only said must not ask for memory.
        if offset.checked_add(length as u64).is_none_or(|end| end > self.size) {
            return Err(ReadError::Failed("the archive ends too early".to_owned()));
        }
        let mut bytes = vec![0; length];
        let read = self.file.read_exact_at(&mut bytes, offset);
        read.map(|()| bytes).map_err(|error| ReadError::Failed(error.to_string()))
    }
}

/// Where the content of an item is.
enum Place {
    File(PathBuf, u64),
    Part(PathBuf, Entry),
    /// Here: it was read out of a repository.
    Made(Vec<u8>),
    /// In a certificate: the desk has hashed it.
    Attached,
}

/// Judges, and says what came of it.
pub(super) fn run(matches: &ArgMatches, path: &Path, words: &Words) -> Result<Exit, Failure> {
    let mut table = Table::new(&trust_store::anchors(matches, words)?);
    for path in input::paths(matches, "crl") {
        input::revocation_lists(path, words)?.into_iter().for_each(|list| table.desk.add_list(list));
    }
    let mut found = files_of(path);
    found.extend(input::paths(matches, "files").into_iter().flat_map(files_of));
    found.extend(input::paths(matches, "certificate").into_iter().map(|path| (name_of(path), path.to_path_buf())));
    if let Some(revision) = matches.get_one::<String>("git") {
        let repository = matches.get_one::<PathBuf>("repository").map_or(Path::new("."), PathBuf::as_path);
        let files = crate::protect::git_files(repository, revision, words)?;
        // What a receipt keeps of them is not what is verified: the repository is asked.
        found.retain(|(name, _)| files.iter().all(|(own, _)| name.rsplit('/').next() != Some(own)));
        for (name, bytes) in files {
            table.lay_bytes(name, bytes, words)?;
        }
    }
    for (name, path) in found {
        table.lay(&name, &path, words)?;
    }
    let outcome = table.judge(words)?;
    if matches.get_flag("json") {
        tell(&serde_json::to_string_pretty(&Json::new(&outcome, words.language())).unwrap_or_default());
    } else {
        say(&outcome, words);
    }
    Ok(show::exit(outcome.verdict()))
}

/// Judges what lies at a path, alone, under these roots.
pub fn judge(path: &Path, anchors: &[Vec<u8>], words: &Words) -> Result<Outcome, Failure> {
    let mut table = Table::new(anchors);
    table.lay(&name_of(path), path, words)?;
    table.judge(words)
}

/// The desk, and where the content of what lies on it is.
struct Table {
    desk: Desk,
    places: Vec<Place>,
}

impl Table {
    fn new(anchors: &[Vec<u8>]) -> Self {
        let mut desk = Desk::new();
        for anchor in anchors {
            desk.trust(anchor);
        }
        Self { desk, places: Vec::new() }
    }

    fn judge(&mut self, words: &Words) -> Result<Outcome, Failure> {
        hash(&mut self.desk, &self.places, words);
        let now = SystemClock.now().map_err(|_| Failure::new(Exit::Instance, words.say("err-clock", &[])))?;
        Ok(self.desk.judge(now.time))
    }

    /// Lays down what is in memory.
    fn lay_bytes(&mut self, name: &str, bytes: Vec<u8>, words: &Words) -> Result<(), Failure> {
        let full = || Failure::new(Exit::Input, words.say("verify-too-many", &[]));
        self.desk.offer(name, bytes.len() as u64, None).ok_or_else(full)?;
        self.places.push(Place::Made(bytes));
        Ok(())
    }

    fn lay(&mut self, name: &str, path: &Path, words: &Words) -> Result<(), Failure> {
        lay(&mut self.desk, &mut self.places, name, path, words)
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A folder's files, or a file with those that are called after the same record.
fn files_of(path: &Path) -> Vec<(String, PathBuf)> {
    if path.is_dir() {
        let root = path.canonicalize().map_or_else(|_| "folder".to_owned(), |whole| name_of(&whole));
        let file = |below: String| (format!("{root}/{below}"), path.join(below));
        return files_below(path).into_iter().map(file).collect();
    }
    let name = name_of(path);
    let Some(stem) = name.strip_suffix(ENDINGS[0]) else { return vec![(name, path.to_path_buf())] };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if stem.is_empty() {
        return files_of(folder);
    }
    let beside = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|one| one.path());
    let belongs = |path: &PathBuf| path.is_file() && name_of(path).starts_with(stem);
    beside.filter(belongs).map(|path| (name_of(&path), path)).collect()
}

fn lay(desk: &mut Desk, places: &mut Vec<Place>, name: &str, path: &Path, words: &Words) -> Result<(), Failure> {
    let size = path.metadata().map_err(|error| input::cannot_read(path, &error, words))?.len();
    let limit = match name.to_lowercase() {
        lower if lower.ends_with(".json") => LIST_BYTES,
        lower if lower.ends_with(PDF_ENDING) => PDF_BYTES_MAX,
        _ => LOOKED_INTO_BYTES,
    };
    let is_archive = Kind::is_archive(name);
    let bytes = match !is_archive && size <= limit {
        true => Some(input::read(path, limit, words)?),
        false => None,
    };
    let item = places.len();
    let full = || Failure::new(Exit::Input, words.say("verify-too-many", &[]));
    desk.offer(name, size, bytes.as_deref()).ok_or_else(full)?;
    places.push(Place::File(path.to_path_buf(), size));
    let of = |one: Laid| one.entry.map_or(Place::Attached, |entry| Place::Part(path.to_path_buf(), entry));
    if is_archive {
        let file = File::open(path).map_err(|error| input::cannot_read(path, &error, words))?;
        // Everything is at hand: what cannot be read is said by the desk.
        let laid = desk.open(item, &OnDisk { file, size }).unwrap_or_default();
        places.extend(laid.into_iter().map(of));
    } else if desk.is_to_open(item) {
        let laid = desk.open(item, &[][..]).unwrap_or_default();
        places.extend(laid.into_iter().map(of));
    }
    Ok(())
}

/// Hashes what the desk asks for: files on all cores, parts of archives one after another.
fn hash(desk: &mut Desk, places: &[Place], words: &Words) {
    let (mut jobs, mut of) = (Vec::new(), Vec::new());
    for job in desk.plan() {
        match places.get(job.item) {
            Some(Place::File(path, size)) => {
                for algorithm in job.algorithms {
                    let file = Found { path: path.clone(), size: *size };
                    jobs.push(Job { file, algorithm, salt: job.salt });
                    of.push((job.item, job.salt.is_some()));
                }
            }
            Some(Place::Part(path, entry)) => match part(path, entry, &job) {
                Ok(digests) => digests.into_iter().for_each(|d| desk.hashed(job.item, job.salt.is_some(), d)),
                Err(cause) => desk.unreadable(job.item, &cause),
            },
            Some(Place::Made(bytes)) => {
                for algorithm in job.algorithms {
                    let salted = [job.salt.as_ref().map_or(&[][..], |salt| &salt[..]), bytes].concat();
                    desk.hashed(job.item, job.salt.is_some(), algorithm.digest(&salted));
                }
            }
            Some(Place::Attached) | None => {}
        }
    }
    for ((item, is_salted), result) in of.into_iter().zip(hashing::run(&jobs, words)) {
        match result {
            Ok(hashed) => desk.hashed(item, is_salted, hashed.digest),
            Err(failure) => desk.unreadable(item, &failure.message),
        }
    }
}

fn part(path: &Path, entry: &Entry, job: &proof_wasm::desk::Job) -> Result<Vec<Digest>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let size = file.metadata().map_err(|error| error.to_string())?.len();
    let mut hashers: Vec<_> = job.algorithms.iter().map(|algorithm| algorithm.hasher()).collect();
    if let Some(salt) = &job.salt {
        hashers.iter_mut().for_each(|hasher| hasher.update(salt));
    }
    let mut hash = |piece: &[u8]| hashers.iter_mut().for_each(|hasher| hasher.update(piece));
    entry.stream(&OnDisk { file, size }, &mut hash).map_err(|error| error.to_string())?;
    Ok(hashers.into_iter().map(|hasher| hasher.finish()).collect())
}

/// The headline, then each subject: its two answers, the files that are not the same, what was found.
fn say(outcome: &Outcome, words: &Words) {
    let language = words.language();
    headline(outcome, language).iter().for_each(|sentence| tell(&visible(sentence)));
    let has_loose = !outcome.loose.is_empty();
    for subject in &outcome.subjects {
        tell(&format!("\n{}", visible(&subject.name)));
        for sentence in sentences(subject, has_loose, language) {
            tell(&format!("  {}", visible(&sentence)));
        }
        for line in subject.files.iter().filter(|line| line.state != FileState::Same) {
            let mark = if line.state == FileState::Differs { "✗" } else { "?" };
            let place = line.place.map(|(place, total)| format!("{place}/{total} ")).unwrap_or_default();
            tell(&format!("  {mark} {place}{}", visible(&line.name)));
        }
        for (name, report) in &subject.tokens {
            tell(&format!("\n{}", words.say("verify-further", &[("path", name)])));
            tell(show::text(report, words).trim_end());
        }
    }
    for (line, _) in &outcome.loose {
        tell(&format!("\n? {}", visible(&line.name)));
    }
}
