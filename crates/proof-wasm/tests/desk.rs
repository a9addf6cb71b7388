//! What is put down, in every order and with every trick, gives what it proves and no more.

use proof::der::Time;
use proof::digest::DigestAlgorithm;
use proof::manifest::{Entry, Manifest};
use proof::report::{Language, Verdict};
use proof_wasm::desk::Desk;
use proof_wasm::judge::FileState;
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
        job.algorithms.iter().for_each(|a| desk.hashed(job.item, job.salt.is_some(), a.digest(&bytes)));
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
    // This token was not made under a salt, and the content alone fits: a salt beside it changes nothing.
    desk.offer("a.salt", 32, Some(&[7; 32])).unwrap();
    contents.push(("a.salt", vec![7; 32]));
    assert_eq!(hash(&mut desk, &contents), 2, "the file under its salt, and the salt");
    let outcome = desk.judge(NOW);
    assert_eq!(outcome.verdict(), Verdict::Valid);
    assert!(!outcome.subjects[0].files[0].is_salted);
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
fn a_manifest_must_be_what_was_stamped() {
    let manifest = Manifest::new(vec![entry("a", b"a"), entry("b", b"b"), entry("c", b"c"), entry("d", b"d")]);
    let bytes = manifest.to_canonical_json();
    // The token speaks of something else.
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
        ("a", FileState::Unchecked),
        ("b", FileState::Unchecked),
        ("c", FileState::Unchecked),
        ("d", FileState::Unchecked),
        ("new", FileState::Extra),
    ];
    assert_eq!(states, expected, "a manifest that was not stamped says nothing of any file");
    assert_eq!(outcome.verdict(), Verdict::Invalid);
    let html = page::html(&outcome, Language::Zh, Place::Offline);
    assert!(html.contains("未比对") && html.contains("清单之外") && !html.contains("相符</span>"));
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

/// A token over these bytes that no authority signed: its pairing is what is looked at.
fn unsigned(content: &[u8]) -> Vec<u8> {
    let (token, stamped, _) = stamped();
    let at = DigestAlgorithm::Sha256.digest(&stamped);
    let place = token.windows(32).position(|w| w == at.as_bytes()).unwrap();
    let digest = DigestAlgorithm::Sha256.digest(content);
    [&token[..place], digest.as_bytes(), &token[place + 32..]].concat()
}

fn states(desk: &Desk) -> Vec<(String, FileState)> {
    let outcome = desk.judge(NOW);
    outcome.subjects.iter().flat_map(|s| &s.files).map(|f| (f.name.clone(), f.state)).collect()
}

#[test]
fn a_salt_counts_only_where_one_was_stamped() {
    // The manifest lists the file without a salt: its first bytes, passed off as one, do not make up for it.
    let content: Vec<u8> = (0..80).collect();
    let manifest = Manifest::new(vec![entry("a", &content)]).to_canonical_json();
    let mut desk = Desk::new();
    let token = unsigned(&manifest);
    put(
        &mut desk,
        &[
            ("x.manifest.json", manifest.clone()),
            ("x.manifest.json.tsr", token.clone()),
            ("x/a", content[32..].to_vec()),
            ("x/a.salt", content[..32].to_vec()),
        ],
    );
    assert_eq!(states(&desk)[1], ("a".to_owned(), FileState::Differs));
    // And a file that is a salt and a content by itself is no commitment to the content.
    let digest = DigestAlgorithm::Sha256.digest(&content);
    let salted = Entry::new("a".to_owned(), 48, digest.as_bytes(), true);
    let manifest = Manifest::new(vec![salted]).to_canonical_json();
    let mut desk = Desk::new();
    let token = unsigned(&manifest);
    put(&mut desk, &[("x.manifest.json", manifest), ("x.manifest.json.tsr", token), ("x/a", content.clone())]);
    assert_ne!(states(&desk)[1].1, FileState::Same);
    // One file and its token: that a salt is part of it is said.
    let (salt, rest) = content.split_at(32);
    let mut desk = Desk::new();
    put(&mut desk, &[("a", rest.to_vec()), ("a.tsr", unsigned(&content)), ("other-name.salt", salt.to_vec())]);
    let outcome = desk.judge(NOW);
    assert!(outcome.subjects[0].files[0].is_salted);
    let html = page::html(&outcome, Language::En, Place::Served);
    assert!(html.matches("a salt of 32 bytes, followed by this file").count() >= 2, "{html}");
}

#[test]
fn what_no_manifest_lists_is_not_covered_by_it() {
    for listed in [vec![], vec![entry("readme.txt", b"r")]] {
        let manifest = Manifest::new(listed).to_canonical_json();
        let mut desk = Desk::new();
        let token = unsigned(&manifest);
        put(
            &mut desk,
            &[
                ("evil.manifest.json", manifest),
                ("evil.manifest.json.tsr", token),
                ("evil/readme.txt", b"r".to_vec()),
                ("evil/contract.pdf", b"contract".to_vec()),
            ],
        );
        let outcome = desk.judge(NOW);
        assert!(outcome.extras() >= 1 && outcome.verdict() >= Verdict::Incomplete);
        assert!(page::html(&outcome, Language::En, Place::Served).contains("not in the manifest:"));
    }
}

#[test]
fn no_file_counts_for_two_entries_and_a_copy_is_no_other_file() {
    let manifest = Manifest::new(vec![entry("a", b"x"), entry("b", b"x")]).to_canonical_json();
    let mut desk = Desk::new();
    let token = unsigned(&manifest);
    put(&mut desk, &[("x.manifest.json", manifest), ("x.manifest.json.tsr", token), ("x/a", b"x".to_vec())]);
    assert_eq!(states(&desk)[2], ("b".to_owned(), FileState::NotGiven));
    let (token, content, root) = stamped();
    let mut desk = Desk::new();
    desk.trust(&root);
    put(&mut desk, &[("a", content.clone()), ("a.tsr", token), ("copy-of-a", content)]);
    assert_eq!(desk.judge(NOW).verdict(), Verdict::Valid);
}

#[test]
fn a_second_token_over_another_content_is_a_subject_of_its_own() {
    let (token, content, root) = stamped();
    let mut desk = Desk::new();
    desk.trust(&root);
    put(&mut desk, &[("a", content), ("a.tsr", token), ("a.sm2.tsr", unsigned(b"something else"))]);
    let outcome = desk.judge(NOW);
    assert_eq!(outcome.subjects.len(), 2);
    assert_eq!(outcome.subjects[0].verdict(), Verdict::Invalid, "the worst first");
    assert_eq!(outcome.subjects[1].verdict(), Verdict::Valid);
}

#[test]
fn a_time_that_nobody_confirms_is_called_so() {
    let mut desk = Desk::new();
    put(&mut desk, &[("a", b"a".to_vec()), ("a.tsr", unsigned(b"a"))]);
    let html = page::html(&desk.judge(NOW), Language::En, Place::Served);
    assert!(html.contains("The token says, unconfirmed") && !html.contains("<b>No later than</b>"));
    assert!(!html.contains("The stamped digest existed no later than this time"));
}

#[test]
fn tokens_and_salts_in_a_stamped_folder_are_files_of_it() {
    let (token, content, _) = stamped();
    let manifest = Manifest::new(vec![entry("a", &content), entry("a.salt", &[7; 32]), entry("a.tsr", &token)]);
    let manifest = manifest.to_canonical_json();
    let mut desk = Desk::new();
    let over = unsigned(&manifest);
    put(
        &mut desk,
        &[
            ("x.manifest.json", manifest),
            ("x.manifest.json.tsr", over),
            ("x/a", content),
            ("x/a.salt", vec![7; 32]),
            ("x/a.tsr", token),
        ],
    );
    let folder: Vec<_> =
        states(&desk).into_iter().filter(|(name, _)| ["a", "a.salt", "a.tsr"].contains(&&**name)).collect();
    assert_eq!(folder.iter().filter(|(_, state)| *state == FileState::Same).count(), 3, "{folder:?}");
}

#[test]
fn a_manifest_that_cannot_be_read_lists_nothing() {
    let manifest = br#"{"files":[],"kind":"shiyin.manifest/9"}"#.to_vec();
    let mut desk = Desk::new();
    let token = unsigned(&manifest);
    put(&mut desk, &[("x.manifest.json", manifest), ("x.manifest.json.tsr", token)]);
    let outcome = desk.judge(NOW);
    assert!(!outcome.subjects[0].is_folder);
    assert_eq!(outcome.verdict(), Verdict::Invalid);
    let html = page::html(&outcome, Language::En, Place::Served);
    assert!(html.contains("manifest-malformed") && !html.contains("it lists no files"));
}
