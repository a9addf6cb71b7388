//! Packages: what a stranger gets, judged by the desk and by OpenSSL alone, with the commands of its text.

use super::evidence::{draft, party_of};
use super::house;
use crate::verification::anchors;
use proof::digest::DigestAlgorithm;
use proof::report::Verdict;
use proof_wasm::desk::Desk;
use proof_wasm::judge::Outcome;
use registry::evidence::{DraftFile, Party};
use registry::holdings::{NewUpload, Piece};
use registry::testing::House;
use std::io::{Cursor, Read as _};
use std::path::Path;
use std::process::Command;

struct Zip(Vec<(String, Vec<u8>)>);

impl Zip {
    fn of(bytes: &[u8]) -> Self {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut files = Vec::new();
        for place in 0..archive.len() {
            let mut file = archive.by_index(place).unwrap();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            files.push((file.name().unwrap().into_owned(), content));
        }
        Self(files)
    }

    fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.split_once('/').unwrap().1).collect()
    }

    fn unpack(&self, folder: &Path) {
        for (name, content) in &self.0 {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
    }
}

/// What the desk says of files that lie unpacked on it.
fn judged(house: &House, files: &[(String, Vec<u8>)]) -> Outcome {
    let mut desk = Desk::new();
    for der in anchors(&house.node) {
        desk.trust(&der);
    }
    for (name, content) in files {
        desk.offer(name, content.len() as u64, Some(content));
    }
    for job in desk.plan() {
        let salted = [job.salt.as_ref().map_or(&[][..], |salt| salt), &files[job.item].1].concat();
        for algorithm in &job.algorithms {
            desk.hashed(job.item, job.salt.is_some(), algorithm.digest(&salted));
        }
    }
    desk.judge(house.node.now())
}

#[tokio::test]
async fn a_package_is_checked_by_the_desk_and_by_its_own_text() {
    let house = house().await;
    let mut lin = house.person("林知夏").await;
    let by = party_of(&house, &lin).await;
    let first = house.evidence.preserve(&by, &draft("k1", "月港")).await.unwrap();
    let second = house.evidence.preserve(&by, &draft("k2", "石榴")).await.unwrap();
    let bytes = lin.download(&format!("/records/{}/package.zip", first.number)).await;
    let zip = Zip::of(&bytes);
    for part in ["record.json", "record.tsr", "files.json", "openings.json", "certificate.pdf"] {
        assert!(zip.names().contains(&&*format!("records/{}/{part}", first.number)), "{part}: {:?}", zip.names());
    }
    for part in ["package.json", "package.tsr", "verify.html", "README.txt", "proofs/root.pem", "proofs/chain.pem"] {
        assert!(zip.names().contains(&part), "{part}");
    }
    let outcome = judged(&house, &zip.0);
    assert_eq!(outcome.verdict(), Verdict::Incomplete, "the files themselves were not given");
    assert_eq!(outcome.subjects.len(), 3, "the package, its record, and the certificate of that");
    assert!(outcome.subjects.iter().any(|subject| subject.is_package && subject.verdict() == Verdict::Valid));
    let record = outcome.subjects.iter().find_map(|subject| subject.record.as_ref()).unwrap();
    assert_eq!(record.number, first.number.to_string());
    // Without names, nothing in it names anybody.
    let plain = lin.download(&format!("/records/{}/package.zip?names=no", first.number)).await;
    let text = String::from_utf8_lossy(&plain);
    assert!(!text.contains("林知夏") && !text.contains("月港") && !text.contains("certificate.pdf"));
    // The commands of the text, as they stand in it.
    let folder = tempfile::tempdir().unwrap();
    zip.unpack(folder.path());
    let root = folder.path().join(first.number.to_string());
    let readme = std::fs::read_to_string(root.join("README.txt")).unwrap();
    let commands: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    assert_eq!(commands.len(), 5, "{readme}");
    let run = |command: &str| Command::new("sh").args(["-c", command]).current_dir(&root).output().unwrap();
    for command in &commands {
        let output = run(command);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
    std::fs::write(root.join("verify.html"), "other").unwrap();
    assert!(!run(commands[4]).status.success(), "a changed file is noticed");
    let record = root.join(format!("records/{}/record.json", first.number));
    std::fs::write(&record, std::fs::read_to_string(&record).unwrap().replace("work", "worm")).unwrap();
    assert!(!run(commands[2]).status.success(), "a changed record is noticed");
    // Of what was chosen: both, once each; nothing of another's, and nothing of nothing.
    lin.page("/records").await;
    let (one, two) = (first.number.to_string(), second.number.to_string());
    let chosen = lin.post("/packages", &[("number", &one), ("number", &two), ("number", &one)]).await;
    let zip = Zip::of(&chosen.is(200).bytes);
    assert_eq!(zip.names().iter().filter(|name| name.ends_with("record.json")).count(), 2);
    lin.post("/packages", &[]).await.is(422);
    let mut mei = house.person("mei").await;
    mei.get(&format!("/records/{one}/package.zip")).await.is(404);
    mei.page("/account").await;
    mei.post("/packages", &[("number", &one)]).await.is(404);
    let work = Zip::of(&lin.download("/works/W1/package.zip").await);
    assert_eq!(work.names().iter().filter(|name| name.ends_with("record.json")).count(), 2);
}

/// A record that deposits, with its originals beside it: the paths and contents that it was given.
async fn deposited(house: &House, by: &Party, files: &[(&str, &[u8])]) -> registry::evidence::Entry {
    let mut made = draft("deposit", "月港");
    made.mode = registry::evidence::Mode::Deposit;
    made.files.clear();
    for (path, content) in files {
        let digest = DigestAlgorithm::Sha256.digest(content);
        let bytes = digest.as_bytes().try_into().ok();
        let size = content.len() as u64;
        let new = NewUpload { size, digest: bytes, name: (*path).to_owned(), draft: String::new() };
        let upload = house.holdings.begin(by, &new).await.unwrap();
        house.holdings.receive(by, &upload.id, Piece::default(), content.to_vec().into()).await.unwrap();
        let (path, digest) = ((*path).to_owned(), digest.to_string());
        made.files.push(DraftFile { path, size, digest, sm3: String::new(), is_attached: false });
    }
    let entry = house.evidence.preserve(by, &made).await.unwrap();
    assert!(house.holdings.attach_all(by, &entry).await.unwrap().is_empty());
    entry
}

#[tokio::test]
async fn a_package_holds_the_originals_that_are_kept() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    let by = party_of(&house, &lin).await;
    // Longer than what is read at a time; and a name that no archive may have.
    let film: Vec<u8> = (0..3_000_001_u32).map(|at| (at % 251) as u8).collect();
    let files = [("成片/月港.mov", film.as_slice()), ("C:\\notes.txt", b"notes")];
    let entry = deposited(&house, &by, &files).await;
    let (number, place) = (entry.number.to_string(), format!("/records/{}/package.zip", entry.number));
    let bytes = lin.download(&place).await;
    let zip = Zip::of(&bytes);
    let folder = format!("{number}/records/{number}/originals");
    let content = |zip: &Zip, name: &str| {
        zip.0.iter().find(|(path, _)| *path == format!("{folder}/{name}")).map(|(_, content)| content.clone())
    };
    assert_eq!(content(&zip, "成片/月港.mov").as_deref(), Some(film.as_slice()));
    assert_eq!(content(&zip, "file-1").as_deref(), Some(&b"notes"[..]));
    // Our own reader takes the archive, and the desk needs nothing else.
    let outcome = judged(&house, &zip.0);
    assert_eq!(outcome.verdict(), Verdict::Valid, "{:?}", zip.names());
    let listed = zip.0.iter().find(|(path, _)| path.ends_with("/package.json")).unwrap();
    assert!(String::from_utf8_lossy(&listed.1).contains("originals/成片/月港.mov"));
    let readme = |zip: &Zip| {
        let (_, text) = zip.0.iter().find(|(path, _)| path.ends_with("/README.txt")).unwrap();
        String::from_utf8(text.clone()).unwrap()
    };
    assert!(readme(&zip).contains("The original files (2)"));
    // Without names there are none, since they lie under their names.
    let plain = Zip::of(&lin.download(&format!("{place}?names=no")).await);
    assert!(!plain.names().iter().any(|name| name.contains("originals")) && !readme(&plain).contains("riginal file"));
    // What was removed is said.
    let held = house.holdings.of_record(&by, &entry).await.unwrap();
    house.holdings.remove(&by, &held[1].holding.id).await.unwrap();
    let zip = Zip::of(&lin.download(&place).await);
    assert!(content(&zip, "file-1").is_none() && content(&zip, "成片/月港.mov").is_some());
    assert!(readme(&zip).contains("not in this package: 1"), "{}", readme(&zip));
}
