//! Whatever is put down is taken, judged and written; nothing of it breaks out of its place on the page.
#![no_main]
use proof::der::Time;
use proof::report::Language;
use proof_wasm::desk::Desk;
use proof_wasm::page::{self, Json, Place};
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (name, rest) = bytes.split_at(bytes.len().min(16));
    let name = String::from_utf8_lossy(name);
    let mut desk = Desk::new();
    let ends = ["", ".tsr", ".salt", ".manifest.json", ".salts.json", ".pem", ".record.json", "/package.json", ".zip"];
    for end in ends {
        desk.offer(&format!("{name}{end}"), rest.len() as u64, Some(rest));
    }
    for laid in desk.open(ends.len() - 1, rest).unwrap_or_default() {
        assert!(laid.item >= ends.len());
    }
    for job in desk.plan() {
        for algorithm in job.algorithms {
            desk.hashed(job.item, job.salt.is_some(), algorithm.digest(rest));
        }
    }
    let outcome = desk.judge(Time::from_unix(1_795_248_000));
    for language in [Language::Zh, Language::En] {
        let html = page::html(&outcome, language, Place::Served);
        assert_eq!(html.matches('<').count(), html.matches('>').count());
        serde_json::to_string(&Json::new(&outcome, language)).unwrap();
    }
});
