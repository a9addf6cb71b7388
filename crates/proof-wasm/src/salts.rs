//! Which salt belongs to which item: by name where one says so, by size where a record's openings do.
//!
//! A salt that is given to the wrong file does no harm: what was stamped decides whether it is meant.

use crate::desk::{Item, base};
use crate::kind::Kind;
use proof::manifest::SALTS_SUFFIX;
use proof::record::{Content, File, Part};
use std::collections::HashMap;

type Salt = [u8; 32];

/// Files of one name, or of one size, that a salt is tried on.
const TRIED_MAX: usize = 256;

/// A salt of a record's file, with what is known of the file.
struct Wanted<'d> {
    salt: Salt,
    name: Option<&'d str>,
    size: Option<u64>,
}

/// The salts by their items: the one beside a file, the one in its folder's salts, the one that a
/// record's openings have for a file of its name or size, or the only one there is for the only file.
pub(crate) fn by_item(items: &[Item]) -> HashMap<usize, Salt> {
    let mut by_name: HashMap<String, Salt> = HashMap::new();
    let mut single = Vec::new();
    let mut wanted = Vec::new();
    for item in items {
        match &item.kind {
            Kind::Salt(salt) => {
                single.push(*salt);
                by_name.insert(item.name.strip_suffix(".salt").unwrap_or(&item.name).to_owned(), *salt);
            }
            Kind::Salts(salts) => {
                let root = item.name.strip_suffix(SALTS_SUFFIX).unwrap_or_default();
                by_name.extend(salts.iter().map(|(path, salt)| (format!("{root}/{path}"), *salt)));
                // Those of a record stand beside no folder: its files may lie anywhere.
                wanted.extend(salts.iter().map(|(path, salt)| Wanted { salt: *salt, name: Some(path), size: None }));
            }
            Kind::Openings(Ok(openings)) => wanted.extend(of_openings(openings, items)),
            Kind::Disclosure(Ok(one)) => {
                let own = usize::try_from(one.proof.index).unwrap_or(usize::MAX);
                wanted.extend(of(&one.openings, |place| (place == own).then_some(&one.file)));
            }
            _ => {}
        }
    }
    let mut found: HashMap<usize, Salt> = HashMap::new();
    let mut contents = Vec::new();
    for (number, item) in items.iter().enumerate() {
        found.extend(by_name.get(&item.name).map(|salt| (number, *salt)));
        contents.extend(item.is_content().then_some(number));
    }
    if !wanted.is_empty() {
        assign(items, &wanted, &mut found);
    }
    if let ([salt], [content]) = (single.as_slice(), contents.as_slice()) {
        found.entry(*content).or_insert(*salt);
    }
    found
}

/// The salts of openings, with the sizes that the list of the same record has.
fn of_openings<'d>(openings: &'d proof::record::Openings, items: &'d [Item]) -> Vec<Wanted<'d>> {
    let is_salted = |file: &File| matches!(file.content, Content::Salted(_));
    let names = |place: usize| openings.all().iter().find(|one| one.part == Part::Name(place));
    // The list is the record's where a name that is opened stands in it.
    let fits = |files: &proof::record::Files| {
        files.all().iter().enumerate().filter(|(_, file)| is_salted(file)).take(1).all(|(place, file)| {
            let opened = names(place).and_then(|one| Some((one.salt, one.text.as_deref()?)));
            opened.is_none_or(|(salt, text)| proof::record::Commitment::to(&salt, text) == file.name)
        })
    };
    let list = items.iter().find_map(|item| match &item.kind {
        Kind::Files(Ok(files)) if fits(files) => Some(files),
        _ => None,
    });
    of(openings, |place| list.and_then(|list| list.all().get(place)))
}

fn of<'d>(openings: &'d proof::record::Openings, file: impl Fn(usize) -> Option<&'d File>) -> Vec<Wanted<'d>> {
    let mut names: HashMap<usize, &str> = HashMap::new();
    for one in openings.all() {
        if let (Part::Name(place), Some(text)) = (&one.part, &one.text) {
            names.insert(*place, text);
        }
    }
    let wanted = |one: &proof::record::Opening| match one.part {
        Part::Content(place) => {
            let (name, size) = (names.get(&place).copied(), file(place).map(|file| file.size));
            Some(Wanted { salt: one.salt, name, size })
        }
        _ => None,
    };
    openings.all().iter().filter_map(wanted).collect()
}

/// Each to a file of its name, else to one of its size that has no salt yet.
fn assign(items: &[Item], wanted: &[Wanted<'_>], found: &mut HashMap<usize, Salt>) {
    let mut by_base: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut by_size: HashMap<u64, Vec<usize>> = HashMap::new();
    for (number, item) in items.iter().enumerate().filter(|(_, item)| item.is_content()) {
        by_base.entry(item.base()).or_default().push(number);
        if let Some(size) = item.size {
            by_size.entry(size).or_default().push(number);
        }
    }
    for one in wanted {
        let named = one.name.and_then(|name| by_base.get(base(name))).into_iter().flatten().take(TRIED_MAX);
        let ends = |number: &&&usize| {
            let Some((item, name)) = items.get(***number).zip(one.name) else { return false };
            item.name == name || item.name.strip_suffix(name).is_some_and(|rest| rest.ends_with('/'))
        };
        let is_free = |number: &&usize| !found.contains_key(number);
        let sized = one.size.and_then(|size| by_size.get(&size)).into_iter().flatten().take(TRIED_MAX);
        let place = named.clone().filter(is_free).find(|number| ends(&number)).or_else(|| named.clone().find(is_free));
        let place = place.or_else(|| sized.clone().find(is_free)).copied();
        if let Some(place) = place {
            found.insert(place, one.salt);
        }
    }
}
