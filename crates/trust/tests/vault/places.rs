//! Several places: copies, checks, mending, erasing, and what a place out of reach means.

use super::{all_of, bucket, checked, content, folder, kept, opened, owner, path_in, two};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use store::testing;
use trust::TrustError;
use trust::storage::Storage;
use trust::vault::{CHUNK_BYTES, Condition, ContentKey, Mended, Object, ObjectId, Stores, stored_length};

async fn mended(stores: &Stores, place: &str, object: &Object) -> Result<Mended, TrustError> {
    stores.mend(place, object, &AtomicU64::new(0)).await
}

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 4;
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_flipped_bit_in_each_copy_is_found_and_mended_from_the_other() {
    let root = tempfile::tempdir().unwrap();
    let stores = two(root.path()).await;
    let plain = content(3 * CHUNK_BYTES + 7, 1);
    let (key, object) = kept(&stores, &plain).await;
    assert_eq!(checked(&stores, "second", &object, None).await, Condition::Missing);
    let made = mended(&stores, "second", &object).await.unwrap();
    assert_eq!(made, Mended { was: Condition::Missing, from: Some("first".to_owned()), aside: None });
    assert_eq!(mended(&stores, "second", &object).await.unwrap().was, Condition::Good);

    for (place, other) in [("first", "second"), ("second", "first")] {
        let path = path_in(&root.path().join(place), &object);
        flip(&path, 32 + CHUNK_BYTES + 16 + 1000);
        let damaged = std::fs::read(&path).unwrap();
        assert_eq!(checked(&stores, place, &object, None).await, Condition::Damaged { chunk: None });
        assert_eq!(checked(&stores, place, &object, Some(&key)).await, Condition::Damaged { chunk: Some(1) });
        // Whoever reads meanwhile notices nothing, and is told where.
        let reading = stores.read(&key, object.length);
        assert_eq!(reading.read_at(0, plain.len()).await.unwrap(), plain);
        if place == "first" {
            assert_eq!(reading.faults(), [("first".to_owned(), Condition::Damaged { chunk: Some(1) })]);
        }
        let made = mended(&stores, place, &object).await.unwrap();
        assert_eq!(made.from.as_deref(), Some(other));
        let aside = made.aside.unwrap();
        assert_eq!(std::fs::read(root.path().join(place).join(aside)).unwrap(), damaged, "set aside, not deleted");
        assert_eq!(checked(&stores, place, &object, Some(&key)).await, Condition::Good);
    }
    // A second damage is set aside under a name of its own.
    let path = path_in(&root.path().join("first"), &object);
    flip(&path, 40);
    let made = mended(&stores, "first", &object).await.unwrap();
    assert_eq!(made.aside, Some(format!("aside/{}.1", object.id)));
    assert_eq!(all_of(&stores, &key, object.length).await, plain);
}

#[tokio::test]
async fn nothing_is_mended_from_a_copy_that_is_damaged_itself() {
    let root = tempfile::tempdir().unwrap();
    let stores = two(root.path()).await;
    let (key, object) = kept(&stores, &content(CHUNK_BYTES + 7, 1)).await;
    mended(&stores, "second", &object).await.unwrap();
    let paths = ["first", "second"].map(|place| path_in(&root.path().join(place), &object));
    flip(&paths[0], 50);
    flip(&paths[1], 32 + CHUNK_BYTES + 20);
    let before = paths.each_ref().map(|path| std::fs::read(path).unwrap());
    for place in ["first", "second"] {
        let refused = mended(&stores, place, &object).await.unwrap_err();
        assert!(matches!(&refused, TrustError::Broken(text) if text.contains("backup")), "{refused}");
    }
    assert_eq!(paths.each_ref().map(|path| std::fs::read(path).unwrap()), before, "nothing was touched");
    assert!(stores.unfinished().await.unwrap().is_empty());
    // Each has chunks that the other lacks, and a reader takes them from either.
    let reading = stores.read(&key, object.length);
    assert_eq!(reading.read_at(0, 10).await.unwrap(), content(CHUNK_BYTES + 7, 1)[..10]);
    assert_eq!(reading.read_at(CHUNK_BYTES as u64, 7).await.unwrap(), content(CHUNK_BYTES + 7, 1)[CHUNK_BYTES..]);
    let damaged = |place: &str, chunk| (place.to_owned(), Condition::Damaged { chunk: Some(chunk) });
    assert_eq!(reading.faults(), [damaged("first", 0), damaged("second", 1)]);
    // A copy in the way of which only the file is gone is written anew from no damaged one either.
    std::fs::remove_file(&paths[0]).unwrap();
    assert!(mended(&stores, "first", &object).await.is_err());
    assert_eq!(checked(&stores, "first", &object, None).await, Condition::Missing);
}

#[tokio::test]
async fn a_place_out_of_reach_is_not_called_missing_and_not_written_into() {
    let root = tempfile::tempdir().unwrap();
    let stores = two(root.path()).await;
    let plain = content(2 * CHUNK_BYTES, 4);
    let (key, object) = kept(&stores, &plain).await;
    mended(&stores, "second", &object).await.unwrap();
    // The disk of the first place goes: what is there now is the empty folder it was mounted on.
    let (mounted, gone) = (root.path().join("first"), root.path().join("away"));
    std::fs::rename(&mounted, &gone).unwrap();
    std::fs::create_dir(&mounted).unwrap();
    let condition = checked(&stores, "first", &object, None).await;
    assert!(matches!(&condition, Condition::Unreachable(cause) if cause.contains("mounted")), "{condition:?}");
    assert!(matches!(mended(&stores, "first", &object).await, Err(TrustError::Refused(_))));
    assert!(stores.begin(&key, 1).await.is_err());
    assert!(stores.space("first").await.is_err() && stores.space("second").await.unwrap().unwrap() > 0);
    assert_eq!(std::fs::read_dir(&mounted).unwrap().count(), 0, "nothing is written beside the mount");
    assert_eq!(all_of(&stores, &key, object.length).await, plain, "the other place reads on");
    // A restart does not take the empty folder for a new place, since it is known to be used.
    let places = vec![folder("first", &mounted), folder("second", &root.path().join("second"))];
    let again = opened(places.clone(), &["first", "second"]).await;
    assert!(matches!(checked(&again, "first", &object, None).await, Condition::Unreachable(_)));
    // Mounted again, it is as it was; lost for good, it is taken anew and filled.
    std::fs::remove_dir(&mounted).unwrap();
    std::fs::rename(&gone, &mounted).unwrap();
    assert_eq!(checked(&again, "first", &object, None).await, Condition::Good);
    std::fs::remove_dir_all(&mounted).unwrap();
    assert!(matches!(mended(&again, "first", &object).await, Err(TrustError::Refused(_))));
    again.take_anew("first").await.unwrap();
    assert_eq!(checked(&again, "first", &object, None).await, Condition::Missing);
    assert_eq!(mended(&again, "first", &object).await.unwrap().from.as_deref(), Some("second"));
    assert_eq!(again.objects("first").await.unwrap(), [object.id]);
    // Two places that were exchanged, and one folder twice, are refused at the start.
    let exchanged = vec![folder("second", &mounted), folder("first", &root.path().join("second"))];
    let storage = |places| Storage { vault: places, ..Storage::default() };
    for places in [exchanged, vec![folder("first", &mounted), folder("third", &mounted)]] {
        assert!(Stores::open(Path::new("x"), &storage(places), &[]).await.is_err());
    }
    for name in ["", "a b", "Ä", &"x".repeat(33)] {
        assert!(Stores::open(Path::new("x"), &storage(vec![folder(name, &mounted)]), &[]).await.is_err(), "{name}");
    }
    let twice = storage(vec![folder("a", &root.path().join("a")), folder("a", &root.path().join("b"))]);
    assert!(Stores::open(Path::new("x"), &twice, &[]).await.is_err());
    assert!(again.check("none", &object, None, &AtomicU64::new(0)).await.is_err());
}

#[tokio::test]
async fn a_bucket_holds_copies_and_gives_them_back() {
    let server = testing::s3();
    let root = tempfile::tempdir().unwrap();
    let places = vec![folder("first", &root.path().join("first")), bucket("bucket", &server.s3)];
    let stores = opened(places, &[]).await;
    // Two parts and what is left over.
    let plain = content(17 << 20, 6);
    let (key, object) = kept(&stores, &plain).await;
    let done = AtomicU64::new(0);
    let made = stores.mend("bucket", &object, &done).await.unwrap();
    assert_eq!(made.from.as_deref(), Some("first"));
    assert!(done.load(Ordering::Relaxed) >= 2 * object.length, "read to be copied, and read again");
    assert_eq!(checked(&stores, "bucket", &object, Some(&key)).await, Condition::Good);
    let in_bucket = server.folder.path().join("bucket/shiyin");
    assert_eq!(
        std::fs::read(path_in(&in_bucket, &object)).unwrap(),
        std::fs::read(path_in(&root.path().join("first"), &object)).unwrap()
    );
    // Lost here, it is read from there and written back.
    std::fs::remove_file(path_in(&root.path().join("first"), &object)).unwrap();
    let reading = stores.read(&key, object.length);
    assert_eq!(reading.read_at(9 << 20, 100).await.unwrap(), plain[9 << 20..(9 << 20) + 100]);
    assert_eq!(reading.faults(), [("first".to_owned(), Condition::Missing)]);
    assert_eq!(mended(&stores, "first", &object).await.unwrap().from.as_deref(), Some("bucket"));
    // Damaged there, it is set aside there.
    flip(&path_in(&in_bucket, &object), 12 << 20);
    assert_eq!(checked(&stores, "bucket", &object, None).await, Condition::Damaged { chunk: None });
    let aside = mended(&stores, "bucket", &object).await.unwrap().aside.unwrap();
    assert!(in_bucket.join(&aside).is_file());
    assert_eq!(checked(&stores, "bucket", &object, None).await, Condition::Good);
    assert_eq!(stores.space("bucket").await.unwrap(), None);
    // Erased, nothing of it is left anywhere.
    assert!(stores.erase(object.id).await.is_empty());
    for place in ["first", "bucket"] {
        assert_eq!(checked(&stores, place, &object, None).await, Condition::Missing);
        assert_eq!(stores.objects(place).await.unwrap(), []);
    }
    assert!(!in_bucket.join(aside).exists());
    // The service ends: unreachable, which is not missing.
    let (key, object) = kept(&stores, &plain[..1000]).await;
    mended(&stores, "bucket", &object).await.unwrap();
    drop(server);
    assert!(matches!(checked(&stores, "bucket", &object, None).await, Condition::Unreachable(_)));
    assert!(matches!(mended(&stores, "bucket", &object).await, Err(TrustError::Refused(_))));
    let failed = stores.erase(object.id).await;
    assert_eq!(failed.iter().map(|(place, _)| &**place).collect::<Vec<_>>(), ["bucket"]);
    assert!(matches!(stores.read(&key, object.length).read_at(0, 10).await, Err(TrustError::Refused(_))));
}

#[tokio::test]
async fn a_raw_read_of_the_disk_shows_no_content_and_no_two_objects_alike() {
    let root = tempfile::tempdir().unwrap();
    let stores = two(root.path()).await;
    let text = "月港 the words that nobody may find on this disk ".repeat(5000);
    let (key, object) = kept(&stores, text.as_bytes()).await;
    let (_, same) = kept(&stores, text.as_bytes()).await;
    mended(&stores, "second", &object).await.unwrap();
    // One that is still arriving, with its state.
    let arriving_key = ContentKey::new(ObjectId::random().unwrap()).unwrap();
    let mut arriving = stores.begin(&arriving_key, 0).await.unwrap();
    arriving.write(text.as_bytes().to_vec()).await.unwrap();
    let state = arriving.pause(owner()).await.unwrap();
    std::fs::write(root.path().join("state"), &state).unwrap();
    let mut files = vec![root.path().to_owned()];
    let mut seen = Vec::new();
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for word in ["words", "月港", "nobody"] {
            assert!(!bytes.windows(word.len()).any(|w| w == word.as_bytes()), "{word} in {}", path.display());
        }
        seen.push(bytes);
    }
    assert_eq!(seen.iter().filter(|bytes| bytes.len() > 1000).count(), 5, "three objects, one copy, one state");
    assert_ne!(object.stored_digest, same.stored_digest, "equal content is stored twice and unlike");
    assert_eq!(object.digest, same.digest);
    assert_eq!(all_of(&stores, &key, object.length).await, text.as_bytes());
}

#[tokio::test]
async fn mending_publishes_what_was_sealed_and_never_throws_it_away() {
    let server = testing::s3();
    let root = tempfile::tempdir().unwrap();
    let away = folder("away", &root.path().join("away"));
    for (number, first) in
        [folder("first", &root.path().join("first")), bucket("first", &server.s3)].into_iter().enumerate()
    {
        let stores = opened(vec![first, away.clone()], &[]).await;
        let plain = content((9 << 20) + number, 8);
        let key = ContentKey::new(ObjectId::random().unwrap()).unwrap();
        let mut arriving = stores.begin(&key, 0).await.unwrap();
        arriving.write(plain.to_vec()).await.unwrap();
        // Sealed and kept; then the process died, and the upkeep comes first.
        let object = arriving.seal().await.unwrap();
        assert!(mended(&stores, "away", &object).await.is_err(), "there is nothing to copy yet");
        assert_eq!(checked(&stores, "first", &object, None).await, Condition::Missing);
        assert_eq!(mended(&stores, "first", &object).await.unwrap().was, Condition::Good);
        assert_eq!(mended(&stores, "away", &object).await.unwrap().from.as_deref(), Some("first"));
        stores.publish(&object).await.unwrap();
        assert!(all_of(&stores, &key, object.length).await == plain);
    }
    // What a copy left that was never finished gives way.
    let stores = two(&root.path().join("folders")).await;
    let second = root.path().join("folders/second");
    let (key, object) = kept(&stores, &content(100_000, 8)).await;
    let path = path_in(&second, &object);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let part = path.with_file_name(format!(".{}.part", object.id));
    std::fs::write(&part, b"half").unwrap();
    assert_eq!(mended(&stores, "second", &object).await.unwrap().was, Condition::Missing);
    assert_eq!(checked(&stores, "second", &object, Some(&key)).await, Condition::Good);
    // As does one that has the length and not the bytes: it is set aside.
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(part, vec![0; usize::try_from(stored_length(object.length).unwrap()).unwrap()]).unwrap();
    let made = mended(&stores, "second", &object).await.unwrap();
    assert_eq!((made.was, made.aside.is_some()), (Condition::Damaged { chunk: None }, true));
}
