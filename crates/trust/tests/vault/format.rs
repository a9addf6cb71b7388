//! The format: what is sealed opens whole and in parts, and nothing that was changed opens.

use super::{all_of, checked, content, folder, kept, opened, owner, path_in, vault};
use futures_util::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use std::process::Command;
use trust::TrustError;
use trust::vault::{CHUNK_BYTES, Condition, ContentKey, LENGTH_MAX, ObjectId, open_all, seal_all, stored_length};

/// Lengths at which something begins or ends.
fn lengths() -> Vec<usize> {
    let chunk = CHUNK_BYTES;
    vec![0, 1, 15, 16, 17, chunk - 1, chunk, chunk + 1, 2 * chunk - 1, 2 * chunk, 16 * chunk, 17 * chunk + 5]
}

#[tokio::test]
async fn every_length_comes_back_and_has_the_digests_it_says() {
    let root = tempfile::tempdir().unwrap();
    let stores = opened(vec![folder("first", root.path())], &[]).await;
    for length in lengths() {
        let plain = content(length, length as u64 + 7);
        let (key, object) = kept(&stores, &plain).await;
        let stored = std::fs::read(path_in(root.path(), &object)).unwrap();
        assert_eq!(object.length, length as u64);
        assert_eq!(stored.len() as u64, stored_length(object.length).unwrap());
        assert_eq!(object.digest, <[u8; 32]>::from(Sha256::digest(&plain)));
        assert_eq!(object.stored_digest, <[u8; 32]>::from(Sha256::digest(&stored)));
        assert_eq!(open_all(&key, &stored).unwrap(), plain, "{length}");
        assert!(seal_all(&key, &plain).unwrap() == (object.clone(), stored), "the format is one");
        assert_eq!(all_of(&stores, &key, object.length).await, plain, "{length}");
        assert_eq!(checked(&stores, "first", &object, None).await, Condition::Good);
        assert_eq!(checked(&stores, "first", &object, Some(&key)).await, Condition::Good);
    }
}

#[tokio::test]
async fn any_range_is_the_slice_of_the_content() {
    let root = tempfile::tempdir().unwrap();
    let stores = opened(vec![folder("first", root.path())], &[]).await;
    let plain = content(5 * CHUNK_BYTES + 321, 3);
    let (key, object) = kept(&stores, &plain).await;
    let reading = stores.read(&key, object.length);
    let mut seed = 11_u64;
    let mut below = |limit: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % limit
    };
    let chunk = CHUNK_BYTES as u64;
    let mut ranges: Vec<(u64, u64)> =
        vec![(0, 0), (0, 1), (chunk, 1), (chunk - 1, 2), (object.length, 1), (u64::MAX, 1)];
    ranges.extend((0..400).map(|_| (below(object.length + 10), below(3 * chunk))));
    for (offset, length) in ranges {
        let from = offset.min(object.length) as usize;
        let to = offset.saturating_add(length).min(object.length) as usize;
        let got = reading.read_at(offset, length as usize).await.unwrap();
        assert_eq!(got, plain[from..to], "{offset} {length}");
    }
    for (start, end) in
        [(0, object.length), (70_000, 70_001), (chunk, u64::MAX), (9, 9), (object.length, object.length)]
    {
        let reading = stores.read(&key, object.length);
        let pieces: Vec<Vec<u8>> = reading.stream(start..end).try_collect().await.unwrap();
        assert_eq!(pieces.concat(), plain[start as usize..end.min(object.length) as usize], "{start}..{end}");
    }
}

#[tokio::test]
async fn every_changed_byte_is_refused_where_it_is_read() {
    let root = tempfile::tempdir().unwrap();
    let stores = opened(vec![folder("first", root.path())], &[]).await;
    let (key, object) = kept(&stores, &content(300, 5)).await;
    let path = path_in(root.path(), &object);
    let good = std::fs::read(&path).unwrap();
    for place in 0..good.len() {
        let mut changed = good.clone();
        changed[place] ^= 1 << (place % 8);
        assert!(open_all(&key, &changed).is_err(), "byte {place}");
        assert!(open_all(&key, &good[..place]).is_err(), "{place} bytes");
        std::fs::write(&path, &changed).unwrap();
        assert_eq!(checked(&stores, "first", &object, None).await, Condition::Damaged { chunk: None }, "byte {place}");
        let with_key = checked(&stores, "first", &object, Some(&key)).await;
        assert_eq!(with_key, Condition::Damaged { chunk: Some(0) }, "byte {place}");
        // The header is known without being read; all else is refused by a reader.
        let read = stores.read(&key, object.length).read_at(0, 300).await;
        assert_eq!(read.is_err(), place >= 32, "byte {place}");
    }
}

#[tokio::test]
async fn chunks_that_are_moved_dropped_doubled_cut_or_added_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let stores = opened(vec![folder("first", root.path())], &[]).await;
    let plain = content(3 * CHUNK_BYTES + 100, 9);
    let (key, object) = kept(&stores, &plain).await;
    let (other_key, other) = kept(&stores, &plain).await;
    let path = path_in(root.path(), &object);
    let good = std::fs::read(&path).unwrap();
    let foreign = std::fs::read(path_in(root.path(), &other)).unwrap();
    let (header, body) = good.split_at(32);
    let chunks: Vec<&[u8]> = body.chunks(CHUNK_BYTES + 16).collect();
    let with =
        |order: &[usize]| [header, &order.iter().flat_map(|at| chunks[*at]).copied().collect::<Vec<u8>>()].concat();
    assert_eq!(with(&[0, 1, 2, 3]), good);
    let chunk_end = |count: usize| 32 + count * (CHUNK_BYTES + 16);
    let cases = [
        ("swapped", with(&[1, 0, 2, 3]), 0),
        ("dropped", with(&[0, 2, 3]), 1),
        ("doubled", with(&[0, 1, 1, 2, 3]), 2),
        ("last one dropped", with(&[0, 1, 2]), 3),
        ("last one first", with(&[3, 0, 1, 2]), 0),
        ("cut between chunks", good[..chunk_end(2)].to_vec(), 2),
        ("cut within a chunk", good[..chunk_end(1) + 500].to_vec(), 1),
        ("cut within the tag", good[..good.len() - 1].to_vec(), 3),
        ("longer by a byte", [&good[..], &[0]].concat(), 3),
        ("longer by a chunk", [&good[..], chunks[0]].concat(), 3),
        ("a chunk of another object", [header, chunks[0], &foreign[chunk_end(1)..]].concat(), 1),
        ("another object", foreign.clone(), 0),
        ("nothing", Vec::new(), 0),
        ("a header", header.to_vec(), 0),
    ];
    for (what, stored, first_bad) in cases {
        assert!(matches!(open_all(&key, &stored), Err(TrustError::Refused(_))), "{what}");
        std::fs::write(&path, &stored).unwrap();
        let condition = checked(&stores, "first", &object, Some(&key)).await;
        let Condition::Damaged { chunk: Some(chunk) } = condition else { panic!("{what}: {condition:?}") };
        assert_eq!(chunk, first_bad, "{what}");
        assert!(matches!(checked(&stores, "first", &object, None).await, Condition::Damaged { .. }), "{what}");
        // A reader is refused at that chunk, or at the last one where something follows it.
        let reading = stores.read(&key, object.length);
        assert!(reading.read_at(first_bad * CHUNK_BYTES as u64, 1).await.is_err(), "{what}");
        let before = first_bad > 0;
        assert!(!before || reading.read_at(0, 1).await.unwrap() == plain[..1], "{what}: what is whole is read");
    }
    // The copy is what was written, and the key is another object's.
    std::fs::write(&path, &good).unwrap();
    assert!(open_all(&other_key, &good).is_err());
    assert_eq!(checked(&stores, "first", &object, Some(&other_key)).await, Condition::Other);
    let renamed = trust::vault::Object { digest: other.stored_digest, ..object };
    assert_eq!(checked(&stores, "first", &renamed, Some(&key)).await, Condition::Other, "not what the record is of");
}

#[test]
fn a_key_opens_for_its_object_and_its_owner_alone() {
    let (id, other) = (ObjectId::random().unwrap(), ObjectId::random().unwrap());
    let key = ContentKey::new(id).unwrap();
    let wrapped = key.wrap(owner()).unwrap();
    assert_eq!(ContentKey::unwrap(id, owner(), &wrapped).unwrap().id(), id);
    let lost = ContentKey::unwrap(other, owner(), &wrapped).err().unwrap();
    assert!(matches!(&lost, TrustError::Broken(text) if text.contains("restore the key")), "{lost}");
    let (heir, _) = vault().new_key("mei").unwrap();
    assert!(ContentKey::unwrap(id, &heir, &wrapped).is_err());
    // Another owner: the key is wrapped anew, and the old wrapping is of no use to him.
    let again = ContentKey::unwrap(id, owner(), &wrapped).unwrap().wrap(&heir).unwrap();
    assert!(ContentKey::unwrap(id, &heir, &again).is_ok());
    assert!(ContentKey::unwrap(id, owner(), &again).is_err());
}

#[test]
fn ids_are_read_as_they_are_written() {
    let id = ObjectId::random().unwrap();
    assert_eq!(id.to_string().parse::<ObjectId>().unwrap(), id);
    for bad in ["", "ab", &id.to_string().to_uppercase().replace(|c: char| c.is_ascii_digit(), "A"), &"0g".repeat(16)] {
        assert!(bad.parse::<ObjectId>().is_err(), "{bad}");
    }
}

#[test]
fn lengths_are_counted_without_overflow() {
    let largest = stored_length(LENGTH_MAX).unwrap();
    assert_eq!(largest, 32 + LENGTH_MAX + (1 << 37) * 16);
    assert!(stored_length(LENGTH_MAX + 1).is_err());
    assert!(stored_length(u64::MAX).is_err());
    assert_eq!(stored_length(0).unwrap(), 48);
}

/// The block of the conformance page decrypts what we wrote, with another implementation of the cipher.
#[tokio::test]
async fn a_stranger_decrypts_by_the_page() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/conformance/vault.md")).unwrap();
    let program = page.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let root = tempfile::tempdir().unwrap();
    let stores = opened(vec![folder("first", &root.path().join("vault"))], &[]).await;
    std::fs::write(root.path().join("open.py"), program).unwrap();
    let python =
        format!("{}/bin/python", std::env::var("SHIYIN_PEERS").expect("SHIYIN_PEERS names the folder of peers"));
    for length in [0, 5, CHUNK_BYTES, 2 * CHUNK_BYTES + 9] {
        let plain = content(length, 77);
        let (key, object) = kept(&stores, &plain).await;
        let path = path_in(&root.path().join("vault"), &object);
        let opened = owner().open(&format!("object/{}", object.id), &key.wrap(owner()).unwrap()).unwrap();
        let hex: String = opened.iter().map(|b| format!("{b:02x}")).collect();
        let run = |path: &std::path::Path| {
            let mut command = Command::new(&python);
            command.arg(root.path().join("open.py")).arg(path).arg(&hex).arg(object.id.to_string()).output().unwrap()
        };
        let output = run(&path);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stdout, plain, "{length}");
        let mut changed = std::fs::read(&path).unwrap();
        *changed.last_mut().unwrap() ^= 1;
        std::fs::write(root.path().join("changed"), changed).unwrap();
        assert!(!run(&root.path().join("changed")).status.success());
    }
}
