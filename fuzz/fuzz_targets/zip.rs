//! Whatever is opened as an archive gives contents of the sizes it said, or none.
#![no_main]
use proof::package::{Part, root_of};
use proof::zip::{Archive, Limits};
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(archive) = Archive::open(bytes, &Limits::default()) else { return };
    for entry in archive.entries() {
        assert_eq!(Part::of(&entry.path).path(), entry.path);
        let _ = root_of(&entry.path);
        if let Ok(content) = entry.read(bytes, 1 << 20) {
            assert_eq!(content.len() as u64, entry.size);
        }
    }
});
