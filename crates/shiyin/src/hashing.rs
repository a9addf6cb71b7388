//! Finding files and hashing them on all cores, for stamping and for verifying.
//!
//! Small files are shared out among the cores; a large one is read ahead by a
//! second thread, so that reading and hashing overlap. A file that grows, shrinks
//! or is replaced while it is hashed is an error, never a digest.

use crate::exit::{Exit, Failure};
use crate::input;
use crate::words::Words;
use indicatif::{ProgressBar, ProgressStyle};
use proof::digest::{Digest, DigestAlgorithm};
use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use trust::aws_lc::Hasher;

/// Bytes of a salt: as many as the digest it hides (DESIGN section 1.5).
pub const SALT_BYTES: usize = 32;
/// A salt, which goes before the content.
pub type Salt = [u8; SALT_BYTES];

/// One read; large enough that system calls do not show, small enough to stay in cache.
const BUFFER_BYTES: usize = 256 << 10;
/// Files from this size on are read ahead.
const LARGE_BYTES: u64 = 8 << 20;
/// Folders deeper than this are refused rather than followed for ever.
const DEPTH_MAX: usize = 128;

/// A file to hash and its size when it was found.
#[derive(Clone, Debug)]
pub struct Found {
    pub path: PathBuf,
    pub size: u64,
}

/// One argument of the command: a file, standard input, or a folder and its files.
#[derive(Debug)]
pub struct Source {
    pub folder: Option<PathBuf>,
    pub files: Vec<Found>,
    /// Whether something in the folder could not be read.
    pub incomplete: bool,
}

/// A file to be hashed.
#[derive(Clone, Debug)]
pub struct Job {
    pub file: Found,
    pub algorithm: DigestAlgorithm,
    pub salt: Option<Salt>,
}

/// A file that was hashed.
#[derive(Debug)]
pub struct Hashed {
    pub path: PathBuf,
    pub size: u64,
    pub digest: Digest,
    pub salt: Option<Salt>,
}

/// As many threads as there are cores.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// What the arguments name. Faults are reported one by one and leave the rest as it is.
pub fn sources(paths: &[&Path], words: &Words, failed: &mut dyn FnMut(Failure)) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut has_stdin = false;
    for path in paths {
        if *path == Path::new("-") {
            if has_stdin {
                failed(Failure::new(Exit::Usage, words.say("err-stdin-twice", &[])));
                continue;
            }
            has_stdin = true;
            let files = vec![Found { path: path.to_path_buf(), size: 0 }];
            sources.push(Source { folder: None, files, incomplete: false });
            continue;
        }
        match fs::metadata(path) {
            Err(error) => failed(input::cannot_read(path, &error, words)),
            Ok(about) if about.is_dir() => {
                let folder = trimmed(path);
                let mut walk = Walk { words, failed, files: Vec::new(), incomplete: false };
                walk.folder(&folder, 0);
                let Walk { mut files, incomplete, .. } = walk;
                files.sort_by(|a, b| a.path.cmp(&b.path));
                sources.push(Source { folder: Some(folder), files, incomplete });
            }
            Ok(about) if about.is_file() => {
                let files = vec![Found { path: path.to_path_buf(), size: about.len() }];
                sources.push(Source { folder: None, files, incomplete: false });
            }
            Ok(_) => failed(special(path, words)),
        }
    }
    sources
}

/// A folder's path without slashes at its end, so that names can be put behind it.
fn trimmed(path: &Path) -> PathBuf {
    let plain: PathBuf = path.components().collect();
    match plain.file_name() {
        Some(_) => plain,
        // `.` and `..` have no name of their own to put a token beside.
        None => fs::canonicalize(path).unwrap_or(plain),
    }
}

fn special(path: &Path, words: &Words) -> Failure {
    Failure::new(Exit::Input, words.say("err-special", &[("path", &path.to_string_lossy())]))
}

struct Walk<'w, 'f> {
    words: &'w Words,
    failed: &'f mut dyn FnMut(Failure),
    files: Vec<Found>,
    incomplete: bool,
}

impl Walk<'_, '_> {
    fn folder(&mut self, folder: &Path, depth: usize) {
        if depth > DEPTH_MAX {
            return self.fault(special(folder, self.words));
        }
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.fault(input::cannot_read(folder, &error, self.words)),
        };
        for entry in entries {
            let (path, about) = match entry.and_then(|e| Ok((e.path(), e.metadata()?))) {
                Ok(found) => found,
                Err(error) => {
                    self.fault(input::cannot_read(folder, &error, self.words));
                    continue;
                }
            };
            if about.is_symlink() {
                let name = path.to_string_lossy();
                (self.failed)(Failure::new(Exit::Valid, self.words.say("stamp-link", &[("path", &name)])));
            } else if about.is_dir() {
                self.folder(&path, depth + 1);
            } else if about.is_file() {
                self.files.push(Found { path, size: about.len() });
            } else {
                self.fault(special(&path, self.words));
            }
        }
    }

    fn fault(&mut self, failure: Failure) {
        self.incomplete = true;
        (self.failed)(failure);
    }
}

/// Hashes every job; results come back in the order of the jobs.
pub fn run(jobs: &[Job], words: &Words) -> Vec<Result<Hashed, Failure>> {
    let progress = ProgressBar::new(jobs.iter().map(|j| j.file.size).sum());
    let template = "{msg} {percent:>3}% {wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec}";
    progress.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    progress.set_message(words.say("stamp-progress", &[]));
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<Result<Hashed, Failure>>>> = jobs.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..threads().min(jobs.len()) {
            scope.spawn(|| {
                let mut buffer = vec![0; BUFFER_BYTES];
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(index) else { break };
                    let result = hash(job, &mut buffer, &progress, words);
                    *results[index].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                }
            });
        }
    });
    progress.finish_and_clear();
    let missing = || Err(Failure::new(Exit::Input, String::new()));
    let taken = results.into_iter().map(|r| r.into_inner().unwrap_or_else(PoisonError::into_inner));
    taken.map(|r| r.unwrap_or_else(missing)).collect()
}

fn hash(job: &Job, buffer: &mut [u8], progress: &ProgressBar, words: &Words) -> Result<Hashed, Failure> {
    let path = &job.file.path;
    let unreadable = |e: io::Error| input::cannot_read(path, &e, words);
    let mut hasher = Hasher::new(job.algorithm);
    hasher.update(job.salt.as_ref().map_or(&[], Salt::as_slice));
    let size = if path == Path::new("-") {
        hash_from(&mut io::stdin().lock(), &mut hasher, buffer, progress).map_err(unreadable)?
    } else {
        // Opening a pipe would wait for somebody to write to it.
        let mut file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(unreadable)?;
        let before = file.metadata().map_err(unreadable)?;
        if !before.is_file() {
            return Err(special(path, words));
        }
        // One byte more than there was: enough to notice growth, and an end to a file that never stops growing.
        let mut bounded = (&mut file).take(before.len() + 1);
        let read = if before.len() >= LARGE_BYTES {
            hash_ahead(&mut bounded, &mut hasher, progress)
        } else {
            hash_from(&mut bounded, &mut hasher, buffer, progress)
        };
        let read = read.map_err(unreadable)?;
        let after = fs::metadata(path).map_err(unreadable)?;
        if read != before.len() || changed(&before, &after) {
            let message = words.say("err-changed", &[("path", &path.to_string_lossy())]);
            return Err(Failure::new(Exit::Input, message));
        }
        read
    };
    Ok(Hashed { path: path.clone(), size, digest: hasher.finish(), salt: job.salt })
}

/// Whether the file at the path is another one now, or was written to.
fn changed(before: &Metadata, after: &Metadata) -> bool {
    let key = |m: &Metadata| (m.dev(), m.ino(), m.len(), m.mtime(), m.mtime_nsec());
    key(before) != key(after)
}

fn hash_from(from: &mut dyn Read, hasher: &mut Hasher, buffer: &mut [u8], progress: &ProgressBar) -> io::Result<u64> {
    let mut total = 0;
    loop {
        match from.read(buffer) {
            Ok(0) => return Ok(total),
            Ok(read) => {
                hasher.update(&buffer[..read]);
                total += read as u64;
                progress.inc(read as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Hashes here while another thread reads the next pieces.
fn hash_ahead(file: &mut (impl Read + Send), hasher: &mut Hasher, progress: &ProgressBar) -> io::Result<u64> {
    // Four buffers go round: the reader waits for an empty one, the hasher for a full one.
    let (full_tx, full_rx) = mpsc::sync_channel::<io::Result<(Vec<u8>, usize)>>(4);
    let (empty_tx, empty_rx) = mpsc::sync_channel::<Vec<u8>>(4);
    for _ in 0..4 {
        let _ = empty_tx.send(vec![0; BUFFER_BYTES]);
    }
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while let Ok(mut buffer) = empty_rx.recv() {
                let read = file.read(&mut buffer);
                let is_last = !matches!(read, Ok(n) if n > 0);
                let retry = matches!(&read, Err(e) if e.kind() == io::ErrorKind::Interrupted);
                let piece = if retry { Ok(0) } else { read };
                if full_tx.send(piece.map(|n| (buffer, n))).is_err() || (is_last && !retry) {
                    break;
                }
            }
        });
        let mut total = 0;
        while let Ok(piece) = full_rx.recv() {
            let (buffer, read) = piece?;
            hasher.update(&buffer[..read]);
            total += read as u64;
            progress.inc(read as u64);
            let _ = empty_tx.send(buffer);
        }
        Ok(total)
    })
}
