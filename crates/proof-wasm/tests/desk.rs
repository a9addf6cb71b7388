//! What is put down, in every order and with every trick, gives what it proves and no more.

use proof::der::Time;
use proof::digest::DigestAlgorithm;
use proof::manifest::{Entry, Manifest};
use proof::report::{Language, Verdict};
use proof_wasm::desk::{Desk, FileState};
use proof_wasm::page::{self, Place};
use std::path::Path;

const NOW: Time = Time::from_unix(1_795_248_000);

fn vector(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(name)).unwrap()
}

/// Does what a browser does: hashes what the desk asks for.
fn hash(desk: &mut Desk, contents: &[(&str, Vec<u8>)]) -> usize {
    let jobs = desk.plan();
    for job in &jobs {
        let salt = job.salt.map(|s| s.to_vec()).unwrap_or_default();
        let bytes = [salt, contents[job.item].1.clone()].concat();
        job.algorithms.iter().for_each(|a| desk.hashed(job.item, a.digest(&bytes)));
    }
    jobs.len()
}

fn put(desk: &mut Desk, contents: &[(&str, Vec<u8>)]) {
    for (name, bytes) in contents {
        desk.offer(name, bytes.len() as u64, Some(bytes)).unwrap();
    }
    hash(desk, contents);
}

/// A token over a content that is at hand, and its root.
fn stamped() -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let index = String::from_utf8(vector("tokens.txt")).unwrap();
    let entry = index.split("\n[").find(|e| e.contains("verdict = valid") && e.contains("content = ")).unwrap();
    let field = |key: &str| entry.lines().find_map(|l| l.strip_prefix(&format!("{key} = "))).unwrap().to_owned();
    let name = entry.trim_start_matches('[').split(']').next().unwrap();
    (vector(&format!("tokens/{name}.tsr")), vector(&field("content")), vector(&field("anchor")))
}

#[test]
fn a_token_finds_its_content_whatever_it_is_called() {
    let (token, content, root) = stamped();
    let mut desk = Desk::new();
    assert_eq!(desk.trust(&root), 1);
    put(&mut desk, &[("other.bin", b"other".to_vec()), ("renamed.bin", content.clone()), ("x.tsr", token.clone())]);
    let outcome = desk.judge(NOW);
    assert_eq!(outcome.subjects.len(), 1);
    assert_eq!(outcome.subjects[0].name, "renamed.bin");
    assert_eq!(outcome.subjects[0].verdict(), Verdict::Valid);
    assert_eq!(outcome.loose.len(), 1, "the other file has no token");
    assert_eq!(outcome.verdict(), Verdict::Incomplete);
    // Of two with one name, the changed one is not hidden by the good one.
    let mut desk = Desk::new();
    desk.trust(&root);
    put(&mut desk, &[("x", b"changed".to_vec()), ("x", content), ("x.tsr", token)]);
    assert_ne!(desk.judge(NOW).verdict(), Verdict::Valid);
}

#[test]
fn a_certificate_among_the_files_counts_after_an_act_of_trust_alone() {
    let (token, content, root) = stamped();
    let contents = [("a", content), ("a.tsr", token), ("root.cer", root)];
    let mut desk = Desk::new();
    put(&mut desk, &contents);
    assert_eq!(desk.judge(NOW).verdict(), Verdict::Unconfirmed);
    let fingerprint = desk.offered()[0].fingerprint.clone();
    desk.set_trusted(&fingerprint, true);
    assert_eq!(desk.judge(NOW).verdict(), Verdict::Valid);
    desk.set_trusted(&fingerprint, false);
    assert_eq!(desk.judge(NOW).verdict(), Verdict::Unconfirmed);
}

#[test]
fn a_salt_that_comes_later_is_used() {
    let (token, content, root) = stamped();
    let mut desk = Desk::new();
    desk.trust(&root);
    let mut contents = vec![("a", content), ("a.tsr", token)];
    put(&mut desk, &contents);
    assert_eq!(desk.judge(NOW).verdict(), Verdict::Valid);
    assert_eq!(hash(&mut desk, &contents), 0, "nothing is hashed twice");
    // This token was not made under a salt: with one, the file is another content.
    desk.offer("a.salt", 32, Some(&[7; 32])).unwrap();
    contents.push(("a.salt", vec![7; 32]));
    assert_eq!(hash(&mut desk, &contents), 1, "hashed again");
    assert_eq!(desk.judge(NOW).verdict(), Verdict::Invalid);
}

#[test]
fn what_cannot_be_read_is_said() {
    let (token, content, root) = stamped();
    let mut desk = Desk::new();
    desk.trust(&root);
    desk.offer("a", content.len() as u64, None);
    desk.offer("a.tsr", token.len() as u64, Some(&token));
    desk.unreadable(0, "the disk went away");
    let outcome = desk.judge(NOW);
    assert_ne!(outcome.verdict(), Verdict::Valid);
    assert_eq!(outcome.subjects[0].files[0].state, FileState::Unchecked);
    let html = page::html(&outcome, Language::En, Place::Served);
    assert!(html.contains("the disk went away"));
}

fn entry(path: &str, content: &[u8]) -> Entry {
    let digest = DigestAlgorithm::Sha256.digest(content);
    Entry::new(path.to_owned(), content.len() as u64, digest.as_bytes(), false)
}

#[test]
fn a_folder_is_compared_file_by_file() {
    let manifest = Manifest::new(vec![entry("a", b"a"), entry("b", b"b"), entry("c", b"c"), entry("d", b"d")]);
    let bytes = manifest.to_canonical_json();
    // The token speaks of something else: what counts here is what becomes of the files.
    let (token, _, _) = stamped();
    let mut desk = Desk::new();
    put(
        &mut desk,
        &[
            ("album.manifest.json", bytes),
            ("album.manifest.json.tsr", token),
            ("album/a", b"a".to_vec()),
            ("album/b", b"changed".to_vec()),
            ("elsewhere/c", b"c".to_vec()),
            ("album/new", b"new".to_vec()),
        ],
    );
    let outcome = desk.judge(NOW);
    assert_eq!(outcome.subjects.len(), 1);
    let states: Vec<(&str, FileState)> = outcome.subjects[0].files.iter().map(|f| (f.name.as_str(), f.state)).collect();
    let expected = [
        ("album.manifest.json", FileState::Differs),
        ("a", FileState::Same),
        ("b", FileState::Differs),
        ("c", FileState::Same),
        ("d", FileState::NotGiven),
        ("new", FileState::Extra),
    ];
    assert_eq!(states, expected);
    assert_eq!(outcome.verdict(), Verdict::Invalid);
    let html = page::html(&outcome, Language::Zh, Place::Offline);
    assert!(html.contains("不符") && html.contains("未放入") && html.contains("清单之外"));
}

#[test]
fn nothing_put_down_breaks_out_of_its_place() {
    let name = "<img src=x onerror=alert(1)>\"'\u{202e}";
    let mut desk = Desk::new();
    let (token, _, _) = stamped();
    put(&mut desk, &[(name, b"x".to_vec()), (&format!("{name}.tsr"), token)]);
    for place in [Place::Served, Place::Offline, Place::Still] {
        let html = page::html(&desk.judge(NOW), Language::En, place);
        assert!(!html.contains("<img") && !html.contains('\u{202e}'));
    }
}
