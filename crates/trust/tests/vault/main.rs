//! Originals in the vault: the format, several places, and everything that can go wrong with them.

mod faults;
mod format;
mod places;

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use store::blobs::S3;
use trust::storage::{PlaceAt, Storage, VaultPlace};
use trust::vault::{Condition, ContentKey, Key, Object, ObjectId, Stores, Vault};

/// Content that no cipher and no place can be right about by chance.
fn content(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// An owner's key, and how the vault keeps it.
fn owner() -> &'static Key {
    static OWNER: OnceLock<Key> = OnceLock::new();
    OWNER.get_or_init(|| vault().new_key("lin").unwrap().0)
}

fn vault() -> &'static Vault {
    static VAULT: OnceLock<(tempfile::TempDir, Vault)> = OnceLock::new();
    let opened = VAULT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        std::fs::write(folder.path().join("keys/passphrase"), "correct horse\n").unwrap();
        let vault = Vault::open(folder.path(), &Storage::default(), false).unwrap();
        (folder, vault)
    });
    &opened.1
}

/// A folder as a place.
fn folder(name: &str, path: &Path) -> VaultPlace {
    VaultPlace { name: name.to_owned(), at: PlaceAt::Folder(path.to_owned()) }
}

/// A bucket as a place.
fn bucket(name: &str, s3: &S3) -> VaultPlace {
    VaultPlace { name: name.to_owned(), at: PlaceAt::S3(s3.clone()) }
}

async fn opened(places: Vec<VaultPlace>, used: &[&str]) -> Stores {
    Stores::open(Path::new("nowhere"), &Storage { vault: places, ..Storage::default() }, used).await.unwrap()
}

/// Two folders below one.
async fn two(root: &Path) -> Stores {
    opened(vec![folder("first", &root.join("first")), folder("second", &root.join("second"))], &[]).await
}

/// Puts an object into the first place.
async fn kept(stores: &Stores, content: &[u8]) -> (ContentKey, Object) {
    let key = ContentKey::new(ObjectId::random().unwrap()).unwrap();
    let mut arriving = stores.begin(&key, content.len() as u64).await.unwrap();
    arriving.write(content.to_vec()).await.unwrap();
    let object = arriving.seal().await.unwrap();
    stores.publish(&object).await.unwrap();
    (key, object)
}

async fn checked(stores: &Stores, place: &str, object: &Object, key: Option<&ContentKey>) -> Condition {
    stores.check(place, object, key, &AtomicU64::new(0)).await.unwrap()
}

async fn all_of(stores: &Stores, key: &ContentKey, length: u64) -> Vec<u8> {
    let reading = stores.read(key, length);
    let mut out = Vec::new();
    while (out.len() as u64) < length {
        let piece = reading.read_at(out.len() as u64, 1 << 20).await.unwrap();
        assert!(!piece.is_empty());
        out.extend(piece);
    }
    out
}

/// Where a folder keeps an object.
fn path_in(place: &Path, object: &Object) -> std::path::PathBuf {
    let id = object.id.to_string();
    place.join("objects").join(&id[..2]).join(id)
}
