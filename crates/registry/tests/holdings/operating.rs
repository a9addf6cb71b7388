//! What an operator does beside the server: looks, checks, tries again, takes a place anew, carries originals to a
//! backup and brings them back; and a bucket as the first place.

use super::care::{Kept, flip};
use super::*;
use registry::accounts::audit::{Act, Scope};
use registry::holdings::{Attached, Keeping, LISTENER, Outcome, State};
use registry::testing::Folder;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};
use store::Location;

/// Names the folder in which a process of this test keeps a record.
const FOLDER: &str = "SHIYIN_TEST_KEPT_FOLDER";

const LISTENING: Rooms = Rooms { listeners: &[LISTENER], ..ROOMS };

/// The copies of a house, as a command has them.
async fn beside(kept: &Kept) -> Keeping {
    let names = ["first", "second"];
    let paths = names.map(|name| kept.place(name));
    let places: Vec<(&str, &Path)> = names.into_iter().zip(paths.iter().map(|path| &**path)).collect();
    Keeping::open((&kept.house.folder.path().join("data"), &storage(&places)), DEPOSITS).await.unwrap()
}

#[tokio::test]
async fn a_command_does_beside_the_server_what_the_server_does() {
    let kept = Kept::new(DEPOSITS, None).await;
    let keeping = beside(&kept).await;
    let standing = keeping.standing(true).await.unwrap();
    assert!(standing.is_well(), "{standing:?}");
    assert_eq!((standing.holdings, standing.lost, standing.places.len()), (1, 0, 2));
    for place in &standing.places {
        assert_eq!((place.is_up, place.objects, place.waiting), (Some(true), 1, 0));
        assert_eq!(place.bytes, std::fs::metadata(kept.file(&place.name)).unwrap().len());
    }
    // Long before it is due, and by the owner's key.
    let mut found = Vec::new();
    let now = kept.house.node.now();
    keeping.check_now(None, now, |_, place, outcome| found.push((place.to_owned(), outcome))).await.unwrap();
    assert_eq!(found, [("first".to_owned(), Outcome::Good), ("second".to_owned(), Outcome::Good)]);
    flip(&kept.file("first"), 4_000);
    found.clear();
    let one = Some(kept.holding.as_str());
    keeping.check_now(one, now, |_, place, outcome| found.push((place.to_owned(), outcome))).await.unwrap();
    assert_eq!(found, [("first".to_owned(), Outcome::Repaired), ("second".to_owned(), Outcome::Good)]);
    assert!(keeping.check_now(Some("nothing"), now, |_, _, _| {}).await.is_err());
    // A disk is lost for good: nothing is written to the empty one before it is adopted, and then everything.
    std::fs::remove_dir_all(kept.place("second")).unwrap();
    std::fs::create_dir(kept.place("second")).unwrap();
    assert!(!keeping.standing(true).await.unwrap().is_well());
    assert!(keeping.take_anew("third", "node", now).await.is_err(), "no such place");
    assert_eq!(keeping.take_anew("second", "node", now).await.unwrap(), 1);
    found.clear();
    keeping.check_now(None, now, |_, place, outcome| found.push((place.to_owned(), outcome))).await.unwrap();
    assert_eq!(found[1], ("second".to_owned(), Outcome::Repaired));
    assert!(std::fs::read(kept.file("first")).unwrap() == std::fs::read(kept.file("second")).unwrap());
    let lines = kept.house.accounts.history(&Scope::Node, 100).await.unwrap();
    assert!(
        lines.iter().any(|line| line.act == Act::PlaceAdopted.name() && line.object == "place/second"),
        "{lines:?}"
    );
    keeping.close().await;
}

async fn given_up_is_tried_again(kept: Kept) {
    let db = kept.house.accounts.db();
    let object = "ab".repeat(16);
    let job = |id, kind, payload| store::jobs::NewJob { id, kind, payload, due_ms: 0, tries_max: 1 };
    let added: Result<(), store::StoreError> = store::transaction!(db, tx => {
        store::jobs::add(tx, &job("a", LISTENER, "nothing"), 0).await?;
        store::jobs::add(tx, &job("b", "holding-bytes", &object), 0).await
    });
    added.unwrap();
    std::fs::rename(kept.place("second"), kept.places.path().join("away")).unwrap();
    kept.after(0).await;
    let standing = kept.house.holdings.keeping().standing(true).await.unwrap();
    assert_eq!((standing.waiting, standing.dead), (0, 2));
    assert!(standing.given_up[0].is_attach && standing.given_up[0].of == "nothing", "{standing:?}");
    assert!(standing.given_up[1].of == object && standing.given_up[1].error.contains("second"), "{standing:?}");
    // They stay for whoever looks, also after weeks.
    kept.house.accounts.sweep(kept.house.node.now().plus_s(60 * 86_400)).await.unwrap();
    kept.after(60).await;
    let keeping = kept.house.holdings.keeping();
    assert_eq!(keeping.standing(true).await.unwrap().dead, 2);
    std::fs::rename(kept.places.path().join("away"), kept.place("second")).unwrap();
    assert_eq!(keeping.retry("node", kept.house.node.now()).await.unwrap(), 2);
    assert_eq!(keeping.standing(true).await.unwrap().waiting, 2);
    kept.after(61).await;
    let standing = keeping.standing(true).await.unwrap();
    assert_eq!((standing.waiting, standing.dead), (0, 1), "what cannot be done is given up again");
    let lines = kept.house.accounts.history(&Scope::Node, 100).await.unwrap();
    assert!(lines.iter().any(|line| line.act == Act::OriginalsRetried.name()), "{lines:?}");
}

#[tokio::test]
async fn given_up_is_tried_again_on_sqlite() {
    given_up_is_tried_again(Kept::new(DEPOSITS, None).await).await;
}

#[tokio::test]
async fn given_up_is_tried_again_on_postgresql() {
    let database: Location = store::testing::postgres();
    given_up_is_tried_again(Kept::new(DEPOSITS, Some(database)).await).await;
}

#[tokio::test]
async fn originals_are_carried_once_and_come_back_into_empty_places() {
    let kept = Kept::new(DEPOSITS, None).await;
    let keeping = beside(&kept).await;
    let folder = kept.places.path().join("copy");
    let (now, mut told) = (kept.house.node.now(), 0);
    let carried = keeping.carry(&folder, false, |count| told = count).await.unwrap();
    assert_eq!((carried.copied, carried.there, carried.failed.len(), told), (1, 0, 0, 1));
    assert!(std::fs::read(&objects(&folder)[0]).unwrap() == std::fs::read(kept.file("first")).unwrap());
    // Another run copies what is new, and takes away what is gone.
    let second = content(10_000, 5);
    let loose = kept.lin.deposit(&kept.house, &second, &[]).await;
    let carried = keeping.carry(&folder, false, |_| {}).await.unwrap();
    assert_eq!((carried.copied, carried.there), (1, 1));
    kept.house.holdings.remove(&kept.by, &loose).await.unwrap();
    kept.after(0).await;
    let carried = keeping.carry(&folder, false, |_| {}).await.unwrap();
    assert_eq!((carried.copied, carried.there, carried.removed, carried.erased), (0, 1, 1, 1));
    assert_eq!(objects(&folder).len(), 1);
    // One that was cut short there is copied again; one that rotted is found by reading again.
    let there = objects(&folder).remove(0);
    let whole = std::fs::read(&there).unwrap();
    std::fs::write(&there, &whole[..100]).unwrap();
    assert_eq!(keeping.carry(&folder, false, |_| {}).await.unwrap().copied, 1);
    flip(&there, 5_000);
    assert_eq!(keeping.carry(&folder, false, |_| {}).await.unwrap().there, 1);
    assert_eq!(keeping.carry(&folder, true, |_| {}).await.unwrap().copied, 1);
    assert!(std::fs::read(&there).unwrap() == whole);
    // A copy out of a damaged place is none; the next place has it.
    flip(&kept.file("first"), 5_000);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(keeping.carry(&folder, false, |_| {}).await.unwrap().copied, 1);
    assert!(std::fs::read(&objects(&folder)[0]).unwrap() == whole);
    // Neither place is left: both are taken anew and filled.
    for name in ["first", "second"] {
        std::fs::remove_dir_all(kept.place(name)).unwrap();
    }
    let none = keeping.carry(&folder, true, |_| {}).await.unwrap();
    assert_eq!((none.there, none.failed.len()), (1, 0), "what is there needs no place");
    let back = keeping.bring_back(Some(&folder), now, |_| {}).await.unwrap();
    assert_eq!((back.written, back.good, back.failed.len(), back.away.len()), (2, 0, 0, 0), "{back:?}");
    let mut found = Vec::new();
    keeping.check_now(None, now, |_, _, outcome| found.push(outcome)).await.unwrap();
    assert_eq!(found, [Outcome::Good, Outcome::Good], "by the owner's key and the record's digest");
    assert!(kept.lin.fetch(&kept.house, &kept.holding, &[]).await.is(200).bytes == kept.whole);
    // What is no backup of originals is none; and a place is no backup.
    assert!(keeping.bring_back(Some(kept.places.path()), now, |_| {}).await.is_err());
    assert!(keeping.carry(&kept.place("first"), false, |_| {}).await.is_err());
    keeping.close().await;
}

#[tokio::test]
async fn what_was_erased_after_the_databases_were_copied_does_not_come_back() {
    let places = tempfile::tempdir().unwrap();
    let (first, second) = (places.path().join("first"), places.path().join("second"));
    let places_of = || storage(&[("first", &first), ("second", &second)]);
    let house = house_in(&[("first", &first), ("second", &second)], DEPOSITS).await;
    let browser = house.person("lin").await;
    let (lin, mei) = (Sender::of(&browser), house.person("mei").await);
    let (by, theirs) = (party(&house, &browser).await, party(&house, &mei).await);
    let (stays, goes) = (content(50_000, 1), content(60_000, 2));
    let (stays_id, goes_id) = (lin.deposit(&house, &stays, &[]).await, lin.deposit(&house, &goes, &[]).await);
    let of_mei = Sender::of(&mei).deposit(&house, &content(40_000, 3), &[]).await;
    house.holdings.round(house.node.now()).await.unwrap();
    let data = house.folder.path().join("data");
    let keeping = Keeping::open((&data, &places_of()), DEPOSITS).await.unwrap();
    let folder = places.path().join("copy");
    keeping.carry(&folder, false, |_| {}).await.unwrap();
    let old = places.path().join("old.db");
    house.accounts.db().copy_to(&old).await.unwrap();
    // After the copy: one original is removed, one person is erased with all of hers.
    house.holdings.remove(&by, &goes_id).await.unwrap();
    let mut mei = mei;
    mei.page("/account/privacy").await;
    let fields = [("mail", "mei@people.example"), ("password", registry::testing::PASSWORD)];
    mei.post("/account/privacy/erase", &fields).await.leads_to("/account/privacy?said=erasure");
    house.accounts.sweep(house.node.now().plus_s(8 * 86_400)).await.unwrap();
    house.holdings.round(house.node.now()).await.unwrap();
    keeping.close().await;
    // The database as it was, with its keys; the copy of originals as it was; the places as they are.
    let again = Folder::Own(tempfile::tempdir().unwrap());
    let new = again.path().join("data");
    copy_folder(&data, &new);
    for name in ["registry.db", "registry.db-wal", "registry.db-shm"] {
        let _ = std::fs::remove_file(new.join(name));
    }
    std::fs::copy(&old, new.join("registry.db")).unwrap();
    let keeping = Keeping::open((&new, &places_of()), DEPOSITS).await.unwrap();
    assert_eq!(keeping.standing(true).await.unwrap().holdings, 3, "the old database knows of all three");
    let back = keeping.bring_back(Some(&folder), house.node.now(), |_| {}).await.unwrap();
    assert_eq!((back.erased, back.people, back.failed.len()), (2, 1, 0), "{back:?}");
    let mut found = Vec::new();
    keeping.check_now(None, house.node.now(), |id, _, outcome| found.push((id.to_owned(), outcome))).await.unwrap();
    assert_eq!(found, [(stays_id.clone(), Outcome::Good), (stays_id.clone(), Outcome::Good)]);
    let db = store::Db::attach(&Location::Sqlite(new.join("registry.db"))).await.unwrap();
    for id in [&goes_id, &of_mei] {
        let rows = db.rows("select state, key, about from holding where id = $1", &[id.as_str().into()]).await.unwrap();
        assert_eq!(rows[0].text(0).unwrap(), State::Removed.name());
        assert!(rows[0].bytes(1).is_err() && rows[0].bytes(2).is_err(), "neither key nor name");
    }
    let rows = db.rows("select erasure_s from person where id = $1", &[theirs.person.as_str().into()]).await.unwrap();
    assert_eq!(rows[0].int(0).unwrap(), 0, "the server erases her again");
    db.close().await;
    keeping.close().await;
    assert_eq!(objects(&first).len(), 1, "bytes of what was erased were not written back");
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy_folder(&path, &target),
            false => assert!(std::fs::copy(&path, target).is_ok()),
        }
    }
}

#[tokio::test]
async fn a_bucket_can_be_the_first_place() {
    let server = store::testing::s3();
    let root = tempfile::tempdir().unwrap();
    let second = root.path().join("second");
    let mut storage = storage(&[("second", &second)]);
    storage.vault.insert(0, VaultPlace { name: "cloud".to_owned(), at: PlaceAt::S3(server.s3.clone()) });
    let settings = Settings { paper_days: 30, ..Settings::default() };
    let house = House::depositing(ROOMS, storage, settings, DEPOSITS).await;
    let browser = house.person("lin").await;
    let (lin, by) = (Sender::of(&browser), party(&house, &browser).await);
    // Larger than one part of S3, in pieces, gone on with after a cut.
    let whole = content(9_500_000, 1);
    let place = lin.create(&house, whole.len(), &[("sha256", &digest(&whole))]).await;
    lin.patch(&house, &place, 0, whole[..3_000_001].to_vec()).await.is(204);
    let house = house.reopened(None, None).await;
    let lin = Sender::of(&signed_in(&house).await);
    assert_eq!(lin.offset(&house, &place).await, 3_000_001);
    let answer = lin.patch(&house, &place, 3_000_001, whole[3_000_001..].to_vec()).await;
    let holding = text(answer.is(204), "upload-holding");
    let entry = record(&house, &by, Mode::Digest, &[("a.bin", &whole)]).await;
    house.holdings.attach_to(&by, &entry, &[Attached { place: 0, holding: holding.clone() }]).await.unwrap();
    let now = house.node.now();
    house.holdings.round(now).await.unwrap();
    let states = async || {
        let care = house.holdings.of_record(&by, &entry).await.unwrap().remove(0);
        care.copies.iter().map(|copy| (copy.place.clone(), copy.state)).collect::<Vec<_>>()
    };
    assert_eq!(states().await, [("cloud".to_owned(), Outcome::Made), ("second".to_owned(), Outcome::Made)]);
    assert!(lin.fetch(&house, &holding, &[]).await.is(200).bytes == whole);
    let some = lin.fetch(&house, &holding, &[("range", "bytes=8999990-9000009")]).await;
    assert!(some.is(206).bytes == whole[8_999_990..9_000_010]);
    // Damaged in the bucket, found and mended from the folder; then the other way round.
    let in_bucket = || objects_below(server.folder.path());
    let path = in_bucket().into_iter().max_by_key(|path| std::fs::metadata(path).unwrap().len()).unwrap();
    flip(&path, 5_000_000);
    house.holdings.round(now.plus_s(31 * 86_400)).await.unwrap();
    assert_eq!(states().await[0].1, Outcome::Repaired);
    flip(&objects(&second)[0], 5_000_000);
    house.holdings.round(now.plus_s(63 * 86_400)).await.unwrap();
    assert_eq!(states().await, [("cloud".to_owned(), Outcome::Good), ("second".to_owned(), Outcome::Repaired)]);
    assert!(lin.fetch(&house, &holding, &[]).await.is(200).bytes == whole);
    let standing = house.holdings.keeping().standing(true).await.unwrap();
    assert!(standing.is_well() && standing.places[0].objects == 1, "{standing:?}");
    house.holdings.remove(&by, &holding).await.unwrap();
    house.holdings.round(now.plus_s(63 * 86_400)).await.unwrap();
    assert!(objects(&second).is_empty());
    let left: Vec<_> =
        in_bucket().into_iter().filter(|path| std::fs::metadata(path).unwrap().len() > 1_000_000).collect();
    assert!(left.is_empty(), "{left:?}");
}

fn objects_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

async fn listening(folder: &Path) -> House {
    let settings = Settings { paper_days: 30, ..Settings::default() };
    House::within(Folder::Kept(folder.to_owned()), LISTENING, Storage::default(), settings, DEPOSITS).await
}

/// Keeps a record that deposits, and stands still where its originals would be put beside it.
async fn keep_and_stand(folder: &Path) {
    let house = listening(folder).await;
    let browser = house.person("lin").await;
    let by = party(&house, &browser).await;
    let whole = content(100_000, 1);
    Sender::of(&browser).deposit(&house, &whole, &[]).await;
    let entry = record(&house, &by, Mode::Deposit, &[("a.jpg", &whole)]).await;
    house.evidence.round(house.node.now()).await.unwrap();
    assert_eq!(house.holdings.count_of(&entry).await.unwrap(), 0, "kept, and nothing beside it yet");
    writeln!(std::io::stdout(), "\nkept {}", entry.number).and_then(|()| std::io::stdout().flush()).unwrap();
    // Killed here.
    let _ = std::io::stdin().read(&mut [0]);
}

#[tokio::test]
async fn a_program_that_is_killed_between_keeping_and_attaching_attaches_when_it_is_back() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return keep_and_stand(Path::new(&folder)).await;
    }
    let root = tempfile::tempdir().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    let name = "operating::a_program_that_is_killed_between_keeping_and_attaching_attaches_when_it_is_back";
    command.args(["--exact", name, "--nocapture"]).env(FOLDER, root.path());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let number = lines.filter_map(|line| line.strip_prefix("kept ").map(str::to_owned)).next();
    // SIGKILL: nothing of the process runs any more.
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
    let number = number.expect("the record was kept").parse().unwrap();
    let house = listening(root.path()).await;
    let by = party(&house, &signed_in(&house).await).await;
    let entry = house.evidence.entry_of(number).await.unwrap().unwrap();
    assert_eq!(house.holdings.count_of(&entry).await.unwrap(), 0);
    house.holdings.round(house.node.now()).await.unwrap();
    let care = house.holdings.of_record(&by, &entry).await.unwrap();
    assert!(care.len() == 1 && care[0].is_matched && care[0].holding.loose_until.is_none(), "{care:?}");
    // Where a record that deposits lacks its original, the job says so and stays to be seen.
    house.holdings.round(house.node.now().plus_s(60)).await.unwrap();
    assert_eq!(house.holdings.count_of(&entry).await.unwrap(), 1, "once is enough");
}
