//! Copies of an instance, and instances out of copies.
//!
//! A copy is taken while the instance serves: the published checkpoints, then the
//! databases as of one moment, then the public files, which only grow; so every
//! file that the copied databases speak of is in the copy. Keys go to a folder of
//! their own, to be kept elsewhere: with both, one can sign as this authority. So
//! do files beside the configuration that may be passwords, which is all of them
//! but certificates.
//!
//! Receipts newer than a copy may exist. An instance out of a copy therefore does
//! not sign until its log was closed and a new one begun ([`crate::ceremony::Ceremony::retire_log`]).

use crate::TrustError;
use crate::fsck;
use crate::instance::{Instance, cannot, log_id};
use crate::ledger::{self, CHECKPOINT};
use crate::storage::Storage;
use proof::der::Time;
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use store::blobs::Blobs;
use store::{Db, Location, files};

/// No public file of a log is larger.
const PUBLIC_BYTES_MAX: u64 = 64 << 20;
/// The folder of a copy that holds originals, sealed. The room that knows them carries them there and back.
pub const ORIGINALS: &str = "originals";
/// The databases of an instance; the last is there from the first time that it is served.
const DATABASES: [&str; 3] = ["shiyin.db", "log.db", "registry.db"];

/// The configuration of an instance.
const CONFIGURATION: &str = "shiyin.toml";
/// Among the keys of a copy: what lay beside the configuration and may be secret.
const BESIDE: &str = "beside";
/// No certificates in one file are longer.
const CERTIFICATES_BYTES_MAX: u64 = 1 << 20;

/// Copies the instance in `data` to `copy`, and its keys to `keys`; neither may exist. Only for
/// instances that keep everything in their folder.
///
/// # Errors
/// Refused where something cannot be read or written; then neither folder is left behind.
pub async fn backup(data: &Path, copy: &Path, keys: &Path) -> Result<(), TrustError> {
    let instance = Instance::open(data).await?;
    let log = Path::new("public/log").join(instance.logs.last().map(log_id).unwrap_or_default());
    new_folder(copy)?;
    let made = async {
        new_folder(keys)?;
        let copied = copy_all(data, copy, keys, &log).await;
        if copied.is_err() {
            let _ = fs::remove_dir_all(keys);
        }
        copied
    };
    let made = made.await;
    if made.is_err() {
        let _ = fs::remove_dir_all(copy);
    }
    made
}

async fn copy_all(data: &Path, copy: &Path, keys: &Path, log: &Path) -> Result<(), TrustError> {
    let checkpoint = log.join(CHECKPOINT);
    copy_file(&data.join(&checkpoint), &copy.join(&checkpoint))?;
    let kept = log.join("kept");
    if data.join(&kept).is_dir() {
        copy_folder(&data.join(&kept), &copy.join(&kept))?;
    }
    for name in DATABASES {
        if name == "registry.db" && !data.join(name).exists() {
            continue;
        }
        let db = Db::attach(&Location::Sqlite(data.join(name))).await?;
        let copied = db.copy_to(&copy.join(name)).await;
        db.close().await;
        copied?;
    }
    copy_folder(&data.join("public"), &copy.join("public"))?;
    copy_folder(&data.join("keys"), keys)?;
    let is_beside = |path: &Path| path.is_file() && !DATABASES.iter().any(|name| path.ends_with(name));
    copy_where(data, copy, &|path| is_beside(path) && is_public(path))?;
    copy_where(data, &keys.join(BESIDE), &|path| is_beside(path) && !is_public(path))
}

/// Whether a file beside the configuration is no secret: the configuration itself, and certificates.
fn is_public(path: &Path) -> bool {
    let is_small = fs::metadata(path).is_ok_and(|about| about.len() <= CERTIFICATES_BYTES_MAX);
    let text = if is_small { fs::read_to_string(path).unwrap_or_default() } else { String::new() };
    let are_certificates = text.contains("-----BEGIN CERTIFICATE-----") && !text.contains("PRIVATE KEY");
    path.ends_with(CONFIGURATION) || are_certificates
}

/// Makes the instance `data`, which must not exist, out of a copy and its keys, and checks all of it.
///
/// # Errors
/// Refused where the copy is not whole; then nothing is left behind.
pub async fn restore(copy: &Path, keys: &Path, data: &Path, now: Time) -> Result<fsck::Checked, TrustError> {
    new_folder(data)?;
    let made = async {
        copy_where(copy, data, &|path| path.file_name() != Some(ORIGINALS.as_ref()))?;
        copy_where(keys, &data.join("keys"), &|path| path != keys.join(BESIDE))?;
        if keys.join(BESIDE).is_dir() {
            copy_folder(&keys.join(BESIDE), data)?;
        }
        let db = Db::open(&Location::Sqlite(data.join("log.db")), false, ledger::SCHEMA).await?;
        let marked = db.execute("update log_head set restored = 1", &[]).await;
        db.close().await;
        marked?;
        let checked = fsck::check(data, &Storage::default(), now).await?;
        match checked.problems.first() {
            None => Ok(checked),
            Some(problem) => Err(refused(&format!(
                "the copy is damaged ({}: {}); nothing was restored. Take another copy",
                problem.code, problem.what
            ))),
        }
    };
    let made = made.await;
    if made.is_err() {
        let _ = fs::remove_dir_all(data);
    }
    made
}

/// Copies what anyone may have of the instance in `data`: certificates, and the files of its log,
/// into the new folder `out`.
pub async fn copy_public(data: &Path, log: &Blobs, out: &Path) -> Result<(), TrustError> {
    new_folder(out)?;
    let copied = async {
        copy_where(&data.join("public"), out, &|path| path.is_file())?;
        // The checkpoint first: what it needs is there by now, and stays.
        let mut names = log.list("").await?;
        names.sort_by_key(|name| name != CHECKPOINT);
        let target = Blobs::folder(&out.join("log"));
        for name in names {
            if let Some(bytes) = log.get(&name, PUBLIC_BYTES_MAX).await? {
                target.put_new(&name, bytes).await?;
            }
        }
        Ok(())
    };
    let copied = copied.await;
    if copied.is_err() {
        let _ = fs::remove_dir_all(out);
    }
    copied
}

fn refused(text: &str) -> TrustError {
    TrustError::Refused(text.to_owned())
}

fn new_folder(path: &Path) -> Result<(), TrustError> {
    let made = fs::DirBuilder::new().mode(0o700).create(path);
    made.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            refused(&format!("{} exists already; nothing was changed. Choose another folder", path.display()))
        }
        _ => cannot("make", path, &error),
    })
}

/// Copies what is in a folder to another; files that are there already stay.
fn copy_folder(from: &Path, to: &Path) -> Result<(), TrustError> {
    copy_where(from, to, &|_| true)
}

fn copy_where(from: &Path, to: &Path, wanted: &dyn Fn(&Path) -> bool) -> Result<(), TrustError> {
    for entry in fs::read_dir(from).map_err(|e| cannot("read", from, &e))? {
        let path: PathBuf = entry.map_err(|e| cannot("read", from, &e))?.path();
        let Some(name) = path.file_name().filter(|_| wanted(&path)) else { continue };
        let target = to.join(name);
        // A write under way, or a database's own companions, are not content.
        let is_passing = name.to_string_lossy().starts_with('.')
            || [".lock", "-wal", "-shm"].iter().any(|end| name.to_string_lossy().ends_with(end));
        match path.is_dir() {
            true => copy_folder(&path, &target)?,
            false if is_passing || target.exists() => {}
            false => match copy_file(&path, &target) {
                // A partial tile that became full meanwhile: the full one is copied.
                Err(_) if !path.exists() && from.extension().is_some_and(|end| end == "p") => {}
                other => other?,
            },
        }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<(), TrustError> {
    if let Some(folder) = to.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|e| cannot("make", folder, &e))?;
    }
    let bytes = fs::read(from).map_err(|e| cannot("read", from, &e))?;
    let mode = fs::metadata(from).map_err(|e| cannot("read", from, &e))?;
    let mode = std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o777;
    files::write_new(to, &bytes, mode).map_err(|e| cannot("write", to, &e))
}
