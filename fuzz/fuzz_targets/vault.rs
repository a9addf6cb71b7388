//! What is sealed opens, and opens no more once a byte, a chunk or its end is not what it was.
#![no_main]
use std::sync::LazyLock;
use trust::vault::{CHUNK_BYTES, ContentKey, ObjectId, open_all, seal_all};

static KEY: LazyLock<ContentKey> = LazyLock::new(|| ContentKey::new(ObjectId::from_bytes([7; 16])).expect("a key"));
const HEADER: usize = 32;
const SEALED: usize = CHUNK_BYTES + 16;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assert!(open_all(&KEY, bytes).is_err(), "nobody has the key");
    let Some((length, acts)) = bytes.split_first_chunk::<4>() else { return };
    let length = u32::from_le_bytes(*length) as usize % (3 * CHUNK_BYTES + 2);
    let content: Vec<u8> = bytes.iter().copied().cycle().take(length).collect();
    let (object, stored) = seal_all(&KEY, &content).expect("sealed");
    assert_eq!(object.length, length as u64);
    assert!(open_all(&KEY, &stored).expect("opened") == content);
    let mut changed = stored.clone();
    for act in acts.chunks_exact(6).take(16) {
        let number = u32::from_le_bytes([act[2], act[3], act[4], act[5]]) as usize;
        let chunks = changed.len().saturating_sub(HEADER).div_ceil(SEALED).max(1);
        let start = HEADER + number % chunks * SEALED;
        let end = (start + SEALED).min(changed.len());
        match act[0] % 5 {
            0 => {
                let at = number.min(changed.len().saturating_sub(1));
                changed.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= act[1]);
            }
            1 => changed.truncate(number),
            2 => changed.extend([act[1]].repeat(number % (2 * SEALED))),
            3 if start <= end => drop(changed.drain(start..end)),
            _ => {
                let copy = changed.get(start..end).unwrap_or_default().to_vec();
                changed.extend(copy);
            }
        }
        changed.truncate(6 * SEALED);
    }
    assert_eq!(open_all(&KEY, &changed).is_ok(), changed == stored);
});
