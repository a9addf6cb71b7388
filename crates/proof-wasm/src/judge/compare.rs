//! The files of a record compared with what lies on the desk.
//!
//! A file is found by its digest, or by its commitment where its salt is at hand, whatever it is called;
//! where none fits, one of its name is the changed one. Names are only those that the record commits to.

use super::{FileLine, FileState, Judge, finding, sha256};
use crate::desk::{Item, base};
use crate::kind::Kind;
use proof::digest::{Digest, DigestAlgorithm};
use proof::record::{Content, File};
use proof::report::{Code, Finding};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Files and texts that are tried against each other, where neither name nor digest says more.
const TRIED_MAX: usize = 200;
/// Of more contents that are the same, any is as good as another: their names are not looked at.
const NAMED_MAX: usize = 64;

/// Files of a record.
pub(super) struct Leaves<'r> {
    /// Each with its place, from 0 on.
    pub(super) files: Vec<(usize, &'r File)>,
    /// How many the record holds.
    pub(super) total: u64,
    /// The names that are opened.
    pub(super) names: BTreeMap<usize, String>,
    /// Where the record lies, with the last `/`.
    pub(super) folder: String,
}

/// The digest that is to be compared: the commitment where there is one.
fn listed(file: &File) -> Option<Digest> {
    match &file.content {
        Content::Digests { sha256, .. } => Digest::new(DigestAlgorithm::Sha256, sha256),
        Content::Salted(commitment) => Digest::new(DigestAlgorithm::Sha256, commitment.as_bytes()),
    }
}

fn is_salted(file: &File) -> bool {
    matches!(file.content, Content::Salted(_))
}

/// The digest of an item that a leaf speaks of.
fn digest_of(file: &File, item: &Item) -> Option<Digest> {
    sha256(if is_salted(file) { &item.salted } else { &item.digests })
}

/// Whether an item is the file: under SM3 too, where both are known.
fn is_file(file: &File, item: &Item) -> bool {
    let is_as_long = item.size.is_none_or(|size| size == file.size);
    let is_same = digest_of(file, item).is_some_and(|digest| Some(digest) == listed(file));
    let agrees = match &file.content {
        Content::Digests { sm3: Some(sm3), .. } => {
            let known = item.digests.iter().find(|digest| digest.algorithm() == DigestAlgorithm::Sm3);
            known.is_none_or(|digest| digest.as_bytes() == sm3)
        }
        _ => true,
    };
    is_as_long && is_same && agrees
}

impl Judge<'_> {
    /// Compares the files; where the record was not stamped, it says nothing of any.
    pub(super) fn compare_files(
        &mut self,
        leaves: &Leaves<'_>,
        is_stamped: bool,
        findings: &mut Vec<Finding>,
    ) -> Vec<FileLine> {
        let found = self.find_files(leaves);
        let mut lines = Vec::with_capacity(leaves.files.len());
        let (mut same, mut not_given) = (0_usize, 0_usize);
        for ((place, file), found) in leaves.files.iter().zip(found) {
            self.spoken_of.extend(found);
            let item = found.and_then(|number| self.desk.items.get(number));
            let state = match item {
                _ if !is_stamped => FileState::Unchecked,
                None => FileState::NotGiven,
                Some(item) if is_file(file, item) => FileState::Same,
                Some(item) if digest_of(file, item).is_none() => FileState::Unchecked,
                Some(_) => FileState::Differs,
            };
            same += usize::from(state == FileState::Same);
            not_given += usize::from(state == FileState::NotGiven);
            let name = leaves.names.get(place).map(String::as_str);
            if let Some((number, item)) = found.zip(item).filter(|_| is_stamped) {
                tell(item, state, name, findings);
                if state == FileState::Differs && self.is_similar(number, is_salted(file), listed(file)) {
                    let path = ("path", name.unwrap_or(&item.name).to_owned());
                    findings.push(finding(Code::SimilarText, [path]));
                }
            }
            lines.push(FileLine { item: found, ..line(*place, file, item, state, name, leaves.total) });
        }
        let total = ("total", leaves.files.len().to_string());
        if same > 0 {
            findings.push(finding(Code::RecordFilesSame, [("count", same.to_string()), total.clone()]));
        }
        if not_given > 0 {
            findings.push(finding(Code::RecordFilesNotGiven, [("count", not_given.to_string()), total]));
        }
        lines
    }

    /// The item of each file; no item counts for two.
    fn find_files(&self, leaves: &Leaves<'_>) -> Vec<Option<usize>> {
        let mut taken: BTreeSet<usize> = BTreeSet::new();
        let mut found = Vec::with_capacity(leaves.files.len());
        let mut cursors = HashMap::new();
        for (place, file) in &leaves.files {
            let number = self.by_content(file, leaves.names.get(place), &leaves.folder, &taken, &mut cursors);
            taken.extend(number);
            found.push(number);
        }
        for ((place, _), number) in leaves.files.iter().zip(&mut found).filter(|(_, number)| number.is_none()) {
            *number = leaves.names.get(place).and_then(|name| self.by_path(name, &leaves.folder, &taken));
            taken.extend(*number);
        }
        self.find_similar(leaves, &mut found, &mut taken);
        // One file and one content: that is the one that is meant, whatever it is called.
        if let ([(_, _)], [number @ None]) = (leaves.files.as_slice(), found.as_mut_slice()) {
            *number = self.only_content().filter(|n| leaves.total == 1 || !taken.contains(n));
        }
        found
    }

    /// The item with the content of a file: the one of its name, one beside the record, or any. `cursors`
    /// say for each digest how many of its items are taken, so that a thousand empty files cost no million.
    fn by_content(
        &self,
        file: &File,
        name: Option<&String>,
        folder: &str,
        taken: &BTreeSet<usize>,
        cursors: &mut HashMap<Digest, usize>,
    ) -> Option<usize> {
        let digest = listed(file)?;
        let fitting = self.by_digest.get(&digest)?;
        let item = |number: &usize| self.desk.items.get(*number);
        let free = |number: &usize| !taken.contains(number) && item(number).is_some_and(|item| is_file(file, item));
        let at_path = name.and_then(|name| self.at_path(name, folder, free));
        if at_path.is_some() || fitting.len() <= NAMED_MAX {
            let free = || fitting.iter().copied().filter(|number| free(number));
            let is_named =
                |number: &usize| item(number).zip(name).is_some_and(|(item, name)| item.name.ends_with(name.as_str()));
            let is_beside = |number: &usize| item(number).is_some_and(|item| item.name.starts_with(folder));
            let named = || free().find(|n| is_beside(n) && is_named(n)).or_else(|| free().find(is_named));
            return at_path.or_else(named).or_else(|| free().find(is_beside)).or_else(|| free().next());
        }
        let cursor = cursors.entry(digest).or_default();
        while fitting.get(*cursor).is_some_and(|number| taken.contains(number)) {
            *cursor += 1;
        }
        fitting.get(*cursor..)?.iter().copied().find(free)
    }

    /// The item that lies where a file of this name would.
    fn at_path(&self, name: &str, folder: &str, fits: impl Fn(&usize) -> bool) -> Option<usize> {
        let at = [format!("{folder}originals/{name}"), format!("{folder}{name}"), name.to_owned()];
        at.iter().filter_map(|path| self.by_name.get(&**path)).copied().find(fits)
    }

    /// The content that lies where the file of this name would, or has its name.
    fn by_path(&self, name: &str, folder: &str, taken: &BTreeSet<usize>) -> Option<usize> {
        let is_free =
            |number: &usize| !taken.contains(number) && self.desk.items.get(*number).is_some_and(Item::is_plain);
        let same_base = || {
            let mut numbers = self.by_base.get(base(name))?.iter().copied().filter(is_free);
            numbers.next().filter(|_| numbers.next().is_none())
        };
        self.at_path(name, folder, is_free).or_else(same_base)
    }

    /// Texts that differ from a file in line ends or blanks alone, whatever they are called.
    fn find_similar(&self, leaves: &Leaves<'_>, found: &mut [Option<usize>], taken: &mut BTreeSet<usize>) {
        let is_open = |item: &Item| item.kind == Kind::Content && !item.bytes.is_empty();
        let items = self.desk.items.iter().enumerate();
        let texts: Vec<(usize, &Item)> =
            items.filter(|(n, item)| is_open(item) && !taken.contains(n)).take(TRIED_MAX).collect();
        let open = leaves.files.iter().zip(found).filter(|(_, number)| number.is_none());
        for ((_, file), number) in open.take(TRIED_MAX) {
            // A text that gained or lost line ends has nearly its size.
            let is_near = |item: &Item| item.size.is_some_and(|size| size.abs_diff(file.size) <= 64 + file.size / 8);
            let fits = |(n, item): &&(usize, &Item)| {
                !taken.contains(n) && is_near(item) && self.is_similar(*n, is_salted(file), listed(file))
            };
            *number = texts.iter().find(fits).map(|(n, _)| *n);
            taken.extend(*number);
        }
    }

    fn only_content(&self) -> Option<usize> {
        let mut contents = self.desk.items.iter().enumerate().filter(|(_, item)| item.is_plain()).map(|(n, _)| n);
        contents.next().filter(|n| contents.next().is_none() && !self.spoken_of.contains(n))
    }
}

/// What is to be said of a file that was found.
fn tell(item: &Item, state: FileState, name: Option<&str>, findings: &mut Vec<Finding>) {
    let path = ("path", name.unwrap_or(&item.name).to_owned());
    match (state, name) {
        (FileState::Same, Some(name)) if base(name) != item.base() => {
            let values = [("path", item.name.clone()), ("name", name.to_owned())];
            findings.push(finding(Code::FileRenamed, values));
        }
        (FileState::Differs, _) => findings.push(finding(Code::FileChanged, [path])),
        (FileState::Unchecked, _) => match &item.fault {
            Some(cause) => findings.push(finding(Code::FileUnreadable, [path, ("cause", cause.clone())])),
            None => findings.push(finding(Code::SaltNotGiven, [path])),
        },
        _ => {}
    }
}

fn line(place: usize, file: &File, item: Option<&Item>, state: FileState, name: Option<&str>, total: u64) -> FileLine {
    let differs = state == FileState::Differs;
    let given = item.filter(|item| name.is_none_or(|name| base(name) != item.base())).map(|item| item.name.clone());
    FileLine {
        place: Some((place as u64 + 1, total)),
        given,
        listed: listed(file).filter(|_| differs).map(|digest| ("SHA-256".to_owned(), digest.to_string())),
        found: item.and_then(|item| digest_of(file, item)).filter(|_| differs).map(|digest| digest.to_string()),
        is_salted: is_salted(file),
        ..FileLine::new(name.unwrap_or_default(), item.and_then(|item| item.size).or(Some(file.size)), state)
    }
}
