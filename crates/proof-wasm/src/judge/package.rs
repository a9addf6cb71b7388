//! What is told of a package beside its manifest: that the manifest is missing, or that an archive was
//! not opened.
//!
//! A package is wrapping. Where it is broken, the records in it are judged all the same, each as a subject
//! of its own.

use super::{FileLine, FileState, Judge, Made, Subject, finding, with};
use crate::kind::Kind;
use proof::package;
use proof::report::{Code, Report};
use std::collections::BTreeSet;

impl Judge<'_> {
    /// Packages without a manifest, and archives that were not opened and that no token is over.
    pub(super) fn check_packages(&mut self, made: &mut Vec<Made>) {
        let desk = self.desk;
        let mut roots: BTreeSet<&str> = BTreeSet::new();
        for item in &desk.items {
            // Records that lie in a folder are no package yet; an archive, or a token, says that they are.
            // Others too call a file package.json: what it is, its bytes say. What rides in a certificate lies in no folder.
            let is_within = item.within.is_some() && !item.is_attached;
            let is_package = match &item.kind {
                Kind::Manifest | Kind::Record(_) => is_within,
                Kind::Token => is_within || item.base() == package::TOKEN,
                _ => false,
            };
            roots.extend(package::root_of(&item.name).filter(|_| is_package));
        }
        for root in roots {
            let manifest = format!("{root}{}", package::MANIFEST);
            let item = self.by_name.get(&*manifest).copied();
            if item.is_some_and(|item| self.judged.contains(&item)) {
                continue;
            }
            self.without_manifest(root, item, made);
        }
        for (number, item) in desk.items.iter().enumerate() {
            let Some(Err(cause)) = item.opened.as_ref().filter(|_| item.kind == Kind::Archive) else { continue };
            if self.spoken_of.insert(number) {
                let values = [("path", item.name.clone()), ("cause", cause.clone())];
                let report = Report::new(vec![finding(Code::ZipRefused, values)], None);
                let line = FileLine::new(&item.name, item.size, FileState::Unchecked);
                let subject = Subject {
                    name: item.name.clone(),
                    files: vec![line],
                    tokens: vec![(item.name.clone(), report)],
                    ..Subject::default()
                };
                made.push(Made { content: Some(number), fits: false, further: Vec::new(), subject });
            }
        }
    }

    /// The package below `root`: its `package.json` is not there, or is no manifest.
    fn without_manifest(&mut self, root: &str, item: Option<usize>, made: &mut Vec<Made>) {
        let name = root.trim_end_matches('/');
        let missing = finding(Code::PackageManifestMissing, [("path", package::MANIFEST.to_owned())]);
        let mut further = vec![missing];
        if let Some(item) = item.and_then(|item| self.desk.items.get(item)) {
            let fault = item.fault.clone().unwrap_or_else(|| "not shiyin.manifest/1".to_owned());
            further.push(finding(Code::ManifestMalformed, [("cause", fault)]));
        }
        self.spoken_of.extend(item);
        let token = format!("{root}{}", package::TOKEN);
        let known = made.iter_mut().find(|one| one.subject.tokens.iter().any(|(name, _)| *name == token));
        if let Some(known) = known {
            for (_, report) in &mut known.subject.tokens {
                *report = with(report.clone(), &further);
            }
            known.subject.is_package = true;
            known.subject.name = name.to_owned();
            return;
        }
        let tokens = vec![(name.to_owned(), Report::new(further.clone(), None))];
        let subject = Subject { name: name.to_owned(), is_package: true, tokens, ..Subject::default() };
        made.push(Made { content: item, fits: false, further, subject });
    }
}
