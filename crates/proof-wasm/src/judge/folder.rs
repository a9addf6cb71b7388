//! A folder compared with its manifest: what is the same, changed, missing, and what it does not list.

use super::{FileLine, FileState, Judge, finding, sha256};
use proof::digest::{Digest, DigestAlgorithm};
use proof::manifest::{Entry, Manifest, SUFFIX};
use proof::package::{self, Part};
use proof::report::{Code, Finding};
use std::collections::BTreeSet;

impl Judge<'_> {
    /// Compares the files with a manifest: each at its path, else anywhere by its digest. Where the
    /// manifest is not what was stamped, its entries say nothing of any file.
    pub(super) fn check_folder(
        &mut self,
        manifest: usize,
        is_stamped: bool,
        findings: &mut Vec<Finding>,
        files: &mut Vec<FileLine>,
    ) {
        let Some(about) = self.desk.items.get(manifest) else { return };
        let is_package = about.base() == package::MANIFEST;
        let root = match is_package {
            true => about.folder().to_owned(),
            false => format!("{}/", about.name.strip_suffix(SUFFIX).unwrap_or_default()),
        };
        let manifest = match Manifest::parse(&about.bytes) {
            Ok(manifest) => manifest,
            Err(cause) => return findings.push(finding(Code::ManifestMalformed, [("cause", cause)])),
        };
        let found = self.places(&manifest, &root);
        let (mut same, mut extra) = (0, 0);
        for (entry, found) in manifest.files.iter().zip(&found) {
            self.spoken_of.extend(found);
            let state = if is_stamped { self.compare(entry, *found) } else { FileState::Unchecked };
            same += usize::from(state == FileState::Same);
            if is_stamped {
                self.say(entry, *found, state, findings);
            }
            files.push(self.entry_line(entry, *found, state));
        }
        let listed: BTreeSet<usize> = found.into_iter().flatten().collect();
        for (number, item) in self.desk.items.iter().enumerate() {
            // Files that were chosen one by one have no folder, of which anything could be said.
            let below = item.name.strip_prefix(&root).filter(|_| !root.is_empty() && !listed.contains(&number));
            let is_listed = |path: &&str| !is_package || Part::of(path).is_listed();
            // What rides in a certificate is no file of the folder.
            let Some(path) = below.filter(is_listed).filter(|_| !item.is_attached) else { continue };
            extra += 1;
            self.spoken_of.insert(number);
            findings.push(finding(Code::FileExtra, [("path", path.to_owned())]));
            files.push(FileLine::new(path, item.size, FileState::Extra));
        }
        let count = [("count", same.to_string())];
        match is_stamped && (same > 0 || manifest.files.is_empty()) {
            true if is_package && same == manifest.files.len() && extra == 0 && !root.is_empty() => {
                findings.push(finding(Code::PackageComplete, count));
            }
            true => findings.push(finding(Code::FilesSame, count)),
            false => {}
        }
    }

    /// The item of each entry: the one at its path, else the one with its digest. None counts for two.
    fn places(&self, manifest: &Manifest, root: &str) -> Vec<Option<usize>> {
        let mut taken = BTreeSet::new();
        let mut found = Vec::with_capacity(manifest.files.len());
        for entry in &manifest.files {
            let at_path = self.by_name.get(&*format!("{root}{}", entry.path)).copied();
            taken.extend(at_path);
            found.push(at_path);
        }
        for (entry, place) in manifest.files.iter().zip(&mut found).filter(|(_, place)| place.is_none()) {
            let value = proof::digest::from_hex(entry.value()).unwrap_or_default();
            let digest = Digest::new(DigestAlgorithm::Sha256, &value);
            let mut fitting = digest.and_then(|d| self.by_digest.get(&d)).into_iter().flatten().copied();
            let is_file = |n: &usize| self.desk.items.get(*n).is_some_and(|item| !item.is_attached);
            *place = fitting.find(|n| is_file(n) && self.fits(entry, *n) && !taken.contains(n));
            taken.extend(*place);
        }
        found
    }

    /// What is to be said of an entry of a stamped manifest.
    fn say(&self, entry: &Entry, found: Option<usize>, state: FileState, findings: &mut Vec<Finding>) {
        let item = found.and_then(|number| self.desk.items.get(number));
        let path = ("path", entry.path.clone());
        match state {
            FileState::Same => {}
            FileState::Differs => {
                findings.push(finding(Code::FileChanged, [path.clone()]));
                let value = proof::digest::from_hex(entry.value()).unwrap_or_default();
                let stamped = Digest::new(DigestAlgorithm::Sha256, &value);
                let is_similar = found.is_some_and(|n| self.is_similar(n, entry.is_salted(), stamped));
                findings.extend(is_similar.then(|| finding(Code::SimilarText, [path])));
            }
            FileState::NotGiven => findings.push(finding(Code::FileMissing, [path])),
            _ if entry.is_salted() && item.is_some_and(|item| !item.has_salt()) => {
                findings.push(finding(Code::SaltsMissing, [("cause", entry.path.clone())]));
            }
            _ => {
                let cause = item.and_then(|item| item.fault.clone()).unwrap_or_default();
                findings.push(finding(Code::FileUnreadable, [path, ("cause", cause)]));
            }
        }
    }

    fn entry_line(&self, entry: &Entry, found: Option<usize>, state: FileState) -> FileLine {
        let differs = state == FileState::Differs;
        let digest = found.and_then(|n| self.digest_for(entry, n)).map(|d| d.to_string());
        let item = found.and_then(|n| self.desk.items.get(n));
        FileLine {
            listed: differs.then(|| ("SHA-256".to_owned(), entry.value().to_owned())),
            found: digest.filter(|_| differs),
            is_salted: entry.is_salted(),
            ..FileLine::new(&entry.path, item.map_or(Some(entry.size), |item| item.size), state)
        }
    }

    /// The digest of an item that an entry speaks of: with the salt where the entry is a commitment.
    fn digest_for(&self, entry: &Entry, item: usize) -> Option<Digest> {
        let item = self.desk.items.get(item)?;
        sha256(if entry.is_salted() { &item.salted } else { &item.digests })
    }

    fn fits(&self, entry: &Entry, item: usize) -> bool {
        let is_as_long = self.desk.items.get(item).is_some_and(|item| item.size == Some(entry.size));
        is_as_long && self.digest_for(entry, item).is_some_and(|d| d.to_string() == entry.value())
    }

    fn compare(&self, entry: &Entry, found: Option<usize>) -> FileState {
        let Some(number) = found else { return FileState::NotGiven };
        match self.digest_for(entry, number) {
            _ if self.fits(entry, number) => FileState::Same,
            Some(_) => FileState::Differs,
            // Without its salt, a salted file cannot be told from a changed one.
            None => FileState::Unchecked,
        }
    }
}
