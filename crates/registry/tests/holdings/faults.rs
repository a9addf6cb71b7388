//! A program that is killed while it takes bytes, commits that fail or answer nothing, a disk that is full.

use super::*;
use registry::testing::Folder;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use store::faults::Fault;

/// Names the folder in which a process of this test takes an upload.
const FOLDER: &str = "SHIYIN_TEST_HOLDINGS_FOLDER";
const LENGTH: usize = 3_000_000;
const STEP: usize = 333_333;

fn say(step: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "\nstep {step}").and_then(|()| out.flush()).unwrap();
}

async fn house_at(folder: &Path) -> House {
    let settings = Settings { paper_days: 30, ..Settings::default() };
    House::within(Folder::Kept(folder.to_owned()), ROOMS, Storage::default(), settings, DEPOSITS).await
}

/// Lin, who has an account here since the first process.
async fn lin_at(house: &House, folder: &Path) -> Sender {
    if !folder.join("lin").exists() {
        let browser = house.person("lin").await;
        std::fs::write(folder.join("lin"), "").unwrap();
        return Sender::of(&browser);
    }
    Sender::of(&signed_in(house).await)
}

/// What a browser does to bring one file in, taken up wherever the last process left it.
async fn bring(folder: &Path) {
    let house = house_at(folder).await;
    let lin = lin_at(&house, folder).await;
    let whole = content(LENGTH, 1);
    let place = match std::fs::read_to_string(folder.join("upload")) {
        Ok(place) => place,
        Err(_) => {
            let place = lin.create(&house, LENGTH, &[("sha256", &digest(&whole))]).await;
            std::fs::write(folder.join("upload"), &place).unwrap();
            place
        }
    };
    let mut at = lin.offset(&house, &place).await;
    let told: usize = std::fs::read_to_string(folder.join("told")).map_or(0, |text| text.parse().unwrap());
    assert!(at >= told, "{told} bytes were told of and {at} are there");
    say(&format!("at {at}"));
    loop {
        let end = LENGTH.min(at + STEP);
        let answer = lin.patch(&house, &place, at, whole[at..end].to_vec()).await;
        at = text(answer.is(204), "upload-offset").parse().unwrap();
        assert_eq!(at, end);
        std::fs::write(folder.join("told"), at.to_string()).unwrap();
        say("told");
        if at == LENGTH {
            break;
        }
    }
    let there = lin.tus(&house, "HEAD", &place, &[], Body::empty()).await;
    let given = lin.fetch(&house, &text(&there, "upload-holding"), &[]).await;
    assert!(given.is(200).bytes == whole);
    house.holdings.round(house.node.now()).await.unwrap();
    assert_eq!(objects(&folder.join("data/vault")).len(), 1, "nothing is left over");
    say("done");
}

#[tokio::test]
async fn a_program_that_is_killed_loses_nothing_that_it_told_of() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return bring(Path::new(&folder)).await;
    }
    let root = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    // Each process is killed a little later in its life than the one before, at no step in particular.
    for lines in 1_usize.. {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "faults::a_program_that_is_killed_loses_nothing_that_it_told_of", "--nocapture"]);
        command.env(FOLDER, root.path()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let mut steps = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut left = 1 + lines % 4;
        for step in steps.by_ref().filter(|line| line.starts_with("step ")) {
            left -= 1;
            seen.push(step);
            if left == 0 {
                break;
            }
        }
        let is_done = seen.last().is_some_and(|step| step == "step done");
        if left == 0 && !is_done {
            child.kill().unwrap();
        }
        let status = child.wait().unwrap();
        if is_done {
            assert!(status.success());
            break;
        }
        assert!(left == 0, "a process failed by itself after {seen:?}");
        assert!(lines < 40, "{seen:?}");
    }
    assert!(seen.iter().filter(|step| step.starts_with("step at")).count() >= 4, "{seen:?}");
}

#[tokio::test]
async fn a_commit_that_fails_or_answers_nothing_is_made_good_by_asking_again() {
    let house = house().await;
    let lin = Sender::of(&house.person("lin").await);
    let db = house.accounts.db();
    for (number, fault) in [Fault::Refused, Fault::UnknownNotWritten, Fault::UnknownWritten].into_iter().enumerate() {
        // While bytes come in; when it is sealed; when it is kept.
        for table in ["set received", "set state = 'sealed'", "insert into holding ("] {
            let whole = content(200_000, 10 * number as u64 + table.len() as u64);
            let place = lin.create(&house, whole.len(), &[("sha256", &digest(&whole))]).await;
            db.faults().plan(table, fault);
            let answer = lin.patch(&house, &place, 0, whole.clone()).await;
            assert!(answer.status.is_server_error(), "{table}: {}", answer.status);
            let at = lin.offset(&house, &place).await;
            assert!(at == 0 || at == whole.len());
            let answer = lin.patch(&house, &place, at, whole[at..].to_vec()).await;
            let holding = match answer.is(204).headers.contains_key("upload-holding") {
                true => text(&answer, "upload-holding"),
                false => panic!("{table} {fault:?}: {at}"),
            };
            assert!(lin.fetch(&house, &holding, &[]).await.is(200).bytes == whole, "{table} {fault:?}");
        }
    }
    // What nobody asks for again is brought to its end all the same.
    let whole = content(100_000, 99);
    let place = lin.create(&house, whole.len(), &[("sha256", &digest(&whole))]).await;
    db.faults().plan("insert into holding (", Fault::Refused);
    assert!(lin.patch(&house, &place, 0, whole.clone()).await.status.is_server_error());
    house.holdings.round(house.node.now()).await.unwrap();
    let there = lin.tus(&house, "HEAD", &place, &[], Body::empty()).await;
    assert!(lin.fetch(&house, &text(&there, "upload-holding"), &[]).await.bytes == whole);
    assert_eq!(objects(&vault(&house)).len(), 10, "one object for each, and nothing left over");
}

#[tokio::test]
async fn a_full_disk_is_said_and_what_was_told_of_goes_on() {
    const TEST: &str = "faults::a_full_disk_is_said_and_what_was_told_of_goes_on";
    let Some(full) = std::env::var_os(FOLDER) else {
        let root = tempfile::tempdir().unwrap();
        // A file system of 24 MiB, in a mount namespace of its own.
        let script = "mkdir full && mount -t tmpfs -o size=24m tmpfs full && exec \"$T\" --exact \"$N\" --nocapture";
        let mut command = Command::new("unshare");
        command.args(["--mount", "--map-root-user", "sh", "-c", script]).current_dir(root.path());
        command.env("T", std::env::current_exe().unwrap()).env("N", TEST).env(FOLDER, root.path().join("full"));
        let output = command.output().expect("unshare is installed");
        let said = String::from_utf8_lossy(&output.stdout);
        let faults = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("step full and on"), "{said}\n{faults}");
        return;
    };
    let full = Path::new(&full);
    let house = house_in(&[("first", &full.join("first"))], holdings::Settings { reserve_bytes: 0, ..DEPOSITS }).await;
    let lin = Sender::of(&house.person("lin").await);
    let whole = content(10_000_000, 1);
    let place = lin.create(&house, whole.len(), &[("sha256", &digest(&whole))]).await;
    lin.patch(&house, &place, 0, whole[..2_000_000].to_vec()).await.is(204);
    // Something else fills the disk meanwhile.
    std::fs::write(full.join("filler"), vec![0; 18 << 20]).unwrap();
    let answer = lin.patch(&house, &place, 2_000_000, whole[2_000_000..].to_vec()).await;
    assert_eq!(code(answer.is(507)), "disk-full");
    let at = lin.offset(&house, &place).await;
    assert!(at >= 2_000_000);
    let answer = lin.tus(&house, "POST", "/uploads", &[("upload-length", "8000000")], Body::empty()).await;
    assert_eq!(code(answer.is(507)), "disk-full");
    std::fs::remove_file(full.join("filler")).unwrap();
    let answer = lin.patch(&house, &place, at, whole[at..].to_vec()).await;
    assert!(lin.fetch(&house, &text(answer.is(204), "upload-holding"), &[]).await.is(200).bytes == whole);
    say("full and on");
}
