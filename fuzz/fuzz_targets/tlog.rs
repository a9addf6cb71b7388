//! Notes, checkpoints, receipts, keys, paths: what is read is written again as it was; and
//! proofs are put into tokens and taken out of them.

#![no_main]

use proof::der::Element;
use proof::logged::LogProof;
use proof::tlog::tile::{Row, Tile};
use proof::tlog::{Checkpoint, Note, NoteKey, Receipt};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let tile = Tile { row: Row::Entries, index: 0, width: 256 };
    if let Ok(entries) = tile.entries(bytes) {
        assert_eq!(entries.len(), 256);
    }
    if let Ok(element) = Element::parse(bytes)
        && let Ok(proof) = LogProof::parse(&element)
    {
        let attribute = proof.attribute();
        let _ = proof::cms::replace_unsigned(bytes, proof::oid::LOG_PROOF, Some(&attribute));
    }
    let _ = proof::cms::replace_unsigned(bytes, proof::oid::LOG_PROOF, None);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = Note::parse(text);
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        let written = Checkpoint::text(checkpoint.origin, &checkpoint.head);
        assert!(checkpoint.note.text.starts_with(&written));
    }
    if let Ok(receipt) = Receipt::parse(text) {
        assert_eq!(receipt.encode(), text);
    }
    if let Ok(key) = NoteKey::parse(text) {
        assert_eq!(key.to_string(), text);
    }
    if let Some(tile) = Tile::parse(text) {
        assert_eq!(tile.to_string(), text);
    }
});
