//! The receipt of a record: a folder of its name, whole or not there, that `shiyin verify` takes.

use super::item::{Content, Item};
use super::send::Made;
use crate::exit::Failure;
use crate::input;
use crate::words::Words;
use proof::digest::hex;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use store::files;

/// The salts of a salted record; without them nobody can verify.
const SALTS: &str = "record.salts.json";

/// Writes `FOLDER/NUMBER`, and says where it is. One that is there already and holds the same record stays.
pub fn write(folder: &Path, made: &Made, items: &[Item], words: &Words) -> Result<PathBuf, Failure> {
    let target = folder.join(&made.number);
    let failed = |path: &Path, error: &io::Error| input::cannot_write(path, error, words);
    let mut all: Vec<(String, Vec<u8>, u32)> =
        made.files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.clone(), files::PUBLIC)).collect();
    let own = || made.items.iter().filter_map(|place| items.get(*place));
    let salts: BTreeMap<&str, String> =
        own().filter_map(|item| item.salted.as_ref().map(|(salt, _)| (item.name.as_str(), hex(salt)))).collect();
    if !salts.is_empty() {
        all.push((SALTS.to_owned(), serde_json::to_vec(&salts).unwrap_or_default(), files::SECRET));
    }
    for item in own() {
        if let Content::Bytes(bytes) = &item.content {
            all.push((item.name.clone(), bytes.clone(), files::PUBLIC));
        }
    }
    if target.exists() {
        // A record never changes; what came since, such as its token, is put beside it.
        let is_same =
            |(name, bytes, _): &&(String, Vec<u8>, u32)| fs::read(target.join(name)).is_ok_and(|b| b == *bytes);
        let fixed = all.iter().filter(|(name, ..)| name == "record.json" || name == SALTS);
        if !fixed.clone().all(|one| is_same(&one)) {
            return Err(failed(&target, &io::ErrorKind::AlreadyExists.into()));
        }
        for (name, bytes, mode) in all.iter().filter(|(name, ..)| !target.join(name).exists()) {
            let path = target.join(name);
            files::write_new(&path, bytes, *mode).map_err(|error| failed(&path, &error))?;
        }
        return Ok(target);
    }
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let hidden = folder.join(format!(".{}.{}.tmp", made.number, std::process::id()));
    let _ = fs::remove_dir_all(&hidden);
    let written = || -> io::Result<()> {
        fs::DirBuilder::new().mode(0o755).create(&hidden)?;
        for (name, bytes, mode) in &all {
            files::write_new(&hidden.join(name), bytes, *mode)?;
        }
        fs::rename(&hidden, &target)?;
        fs::File::open(folder)?.sync_all()
    };
    written().map_err(|error| {
        let _ = fs::remove_dir_all(&hidden);
        failed(&target, &error)
    })?;
    Ok(target)
}
