//! What comes out of the sandbox, and how a content begins: nothing but what was written is read.
#![no_main]
use preview::{HEAD_BYTES, Kind, ppm};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(rasters) = ppm::parse(bytes, 1024, 3) {
        assert!(!rasters.is_empty() && rasters.len() <= 3);
        let written: Vec<u8> = rasters.iter().flat_map(|one| ppm::write(one.width, one.height, &one.pixels)).collect();
        assert!(written == bytes, "one way to write it");
        assert!(rasters.iter().all(|one| one.width <= 1024 && one.height <= 1024));
    }
    let kind = Kind::of(bytes);
    let head = bytes.get(..HEAD_BYTES).unwrap_or(bytes);
    assert_eq!(kind, Kind::of(head), "its beginning tells it");
    if head.first().is_some_and(|byte| *byte == b'<') {
        assert_eq!(kind, None);
    }
});
