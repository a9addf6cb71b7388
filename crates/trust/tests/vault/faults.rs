//! Writers that are killed at each step, in a folder and in S3, and a disk that is full.

use super::{all_of, bucket, checked, content, folder, kept, opened, owner, vault};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicI64};
use store::blobs::S3;
use store::{files, testing};
use trust::TrustError;
use trust::storage::Storage;
use trust::vault::{Condition, ContentKey, Key, Object, ObjectId, Stores, Vault};

/// Names the folder in which a process of this test writes, and the S3 service it writes to.
const FOLDER: &str = "SHIYIN_TEST_VAULT_FOLDER";
const ENDPOINT: &str = "SHIYIN_TEST_VAULT_ENDPOINT";
/// Two parts of an upload, and something left over.
const LENGTH: usize = 20 << 20;
/// Durable from one to the next.
const STEP: usize = 3_000_000;

fn say(step: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "\nstep {step}").and_then(|()| out.flush()).unwrap();
}

fn read(path: &Path) -> Option<Vec<u8>> {
    std::fs::read(path).ok()
}

fn keep(path: &Path, bytes: &[u8]) {
    files::replace(path, bytes, files::SECRET).unwrap();
}

async fn stores_of(root: &Path, endpoint: &str) -> Stores {
    let place = match endpoint {
        "" => folder("first", &root.join("vault")),
        _ => bucket("first", &s3_at(endpoint)),
    };
    opened(vec![place], &[]).await
}

fn s3_at(endpoint: &str) -> S3 {
    S3 {
        endpoint: endpoint.to_owned(),
        region: "us-east-1".to_owned(),
        bucket: "bucket".to_owned(),
        prefix: "shiyin/".to_owned(),
        key_id: "KEYID".to_owned(),
        secret: "SECRET".to_owned(),
    }
}

/// Owner and key of the object, kept as a caller keeps them.
fn keys(root: &Path) -> (Key, ContentKey) {
    let vault = Vault::open(root, &Storage::default(), false).unwrap();
    let (owner_file, key_file) = (root.join("owner"), root.join("key"));
    let owner = match read(&owner_file) {
        Some(wrapped) => vault.key("lin", &wrapped).unwrap(),
        None => {
            let (owner, wrapped) = vault.new_key("lin").unwrap();
            keep(&owner_file, &wrapped);
            owner
        }
    };
    let id = ObjectId::from_bytes([7; 16]);
    let key = match read(&key_file) {
        Some(wrapped) => ContentKey::unwrap(id, &owner, &wrapped).unwrap(),
        None => {
            let key = ContentKey::new(id).unwrap();
            keep(&key_file, &key.wrap(&owner).unwrap());
            key
        }
    };
    (owner, key)
}

/// What is kept of a sealed object.
fn written(object: &Object) -> Vec<u8> {
    [&object.length.to_be_bytes()[..], &object.digest, &object.stored_digest].concat()
}

fn object_of(root: &Path) -> Option<Object> {
    let bytes = read(&root.join("object"))?;
    Some(Object {
        id: ObjectId::from_bytes([7; 16]),
        length: u64::from_be_bytes(bytes[..8].try_into().unwrap()),
        digest: bytes[8..40].try_into().unwrap(),
        stored_digest: bytes[40..].try_into().unwrap(),
    })
}

/// What a caller does to bring one file in, taken up wherever the last process left it.
async fn bring(root: &Path, endpoint: &str) {
    let stores = stores_of(root, endpoint).await;
    let (owner, key) = keys(root);
    let plain = content(LENGTH, 99);
    if object_of(root).is_none() {
        let mut arriving = match read(&root.join("state")) {
            Some(state) => stores.resume(&key, &owner, &state).await.unwrap(),
            None => {
                assert!(stores.erase(key.id()).await.is_empty());
                stores.begin(&key, LENGTH as u64).await.unwrap()
            }
        };
        say(&format!("at {}", arriving.length()));
        while arriving.length() < LENGTH as u64 {
            let at = arriving.length() as usize;
            arriving.write(plain[at..LENGTH.min(at + STEP)].to_vec()).await.unwrap();
            say("written");
            let state = arriving.pause(&owner).await.unwrap();
            say("durable");
            keep(&root.join("state"), &state);
            say("acknowledged");
        }
        let object = arriving.seal().await.unwrap();
        say("sealed");
        keep(&root.join("object"), &written(&object));
        say("kept");
    }
    stores.publish(&object_of(root).unwrap()).await.unwrap();
    say("published");
}

/// Runs this test again as the writer, and kills it when it has taken `steps` steps. Gives what it said.
fn run(test: &str, root: &Path, endpoint: &str, steps: usize) -> Vec<String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(FOLDER, root).env(ENDPOINT, endpoint);
    let mut writer = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(writer.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut said = Vec::new();
    for line in lines.filter_map(|line| line.strip_prefix("step ").map(str::to_owned)) {
        said.push(line);
        if said.len() == steps {
            writer.kill().unwrap();
        }
    }
    let ended = writer.wait().unwrap();
    assert!(ended.success() || said.len() >= steps, "{said:?}");
    said
}

async fn killed_at_every_step(test: &str, endpoint: &str) {
    if let Some(root) = std::env::var_os(FOLDER) {
        return bring(Path::new(&root), &std::env::var(ENDPOINT).unwrap()).await;
    }
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("keys")).unwrap();
    std::fs::write(root.path().join("keys/passphrase"), "correct horse\n").unwrap();
    let mut turns = 0;
    let mut seen = Vec::new();
    loop {
        turns += 1;
        let said = run(test, root.path(), endpoint, 1 + turns % 5);
        let acknowledged = said.iter().find_map(|step| step.strip_prefix("at ")?.parse::<u64>().ok());
        seen.extend(acknowledged);
        if said.last().is_some_and(|last| last == "published") {
            break;
        }
        assert!(turns < 100, "it never comes to an end: {said:?}");
    }
    assert!(turns > 5, "it was killed more than a few times");
    assert!(seen.is_sorted(), "what was acknowledged is never asked for again: {seen:?}");
    // And once more from the end, as if the last answer had been lost.
    assert_eq!(run(test, root.path(), endpoint, usize::MAX), ["published"]);
    let stores = stores_of(root.path(), endpoint).await;
    let (_, key) = keys(root.path());
    let object = object_of(root.path()).unwrap();
    assert_eq!(checked(&stores, "first", &object, Some(&key)).await, Condition::Good);
    assert!(all_of(&stores, &key, object.length).await == content(LENGTH, 99));
    assert_eq!(stores.unfinished().await.unwrap(), []);
    assert_eq!(stores.objects("first").await.unwrap(), [object.id]);
}

#[tokio::test]
async fn a_writer_killed_at_every_step_resumes_in_a_folder() {
    killed_at_every_step("faults::a_writer_killed_at_every_step_resumes_in_a_folder", "").await;
}

#[tokio::test]
async fn a_writer_killed_at_every_step_resumes_in_s3() {
    let server = std::env::var_os(FOLDER).is_none().then(testing::s3);
    let endpoint = server.as_ref().map(|server| server.s3.endpoint.clone()).unwrap_or_default();
    killed_at_every_step("faults::a_writer_killed_at_every_step_resumes_in_s3", &endpoint).await;
    if let Some(server) = server {
        let left: Vec<_> = std::fs::read_dir(server.folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        let is_part = |name: &std::ffi::OsString| name.to_string_lossy().starts_with(".upload_id-");
        assert!(!left.iter().any(is_part), "no parts are left in the service: {left:?}");
    }
}

#[tokio::test]
async fn a_full_disk_refuses_and_what_was_durable_goes_on() {
    const TEST: &str = "faults::a_full_disk_refuses_and_what_was_durable_goes_on";
    let Some(root) = std::env::var_os(FOLDER) else {
        let root = tempfile::tempdir().unwrap();
        // A file system of 8 MiB, in a mount namespace of its own.
        let script = "mkdir full && mount -t tmpfs -o size=8m tmpfs full && exec \"$T\" --exact \"$N\" --nocapture";
        let mut command = Command::new("unshare");
        command.args(["--mount", "--map-root-user", "sh", "-c", script]).current_dir(root.path());
        command.env("T", std::env::current_exe().unwrap()).env("N", TEST).env(FOLDER, root.path().join("full"));
        let output = command.output().expect("unshare is installed");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("step full and on"), "{said}");
        return;
    };
    let root = Path::new(&root);
    let places = vec![folder("first", &root.join("first")), folder("second", &root.join("second"))];
    let stores = opened(places, &[]).await;
    assert!(stores.space("first").await.unwrap().unwrap() < 8 << 20);
    let plain = content(6 << 20, 3);
    let key = ContentKey::new(ObjectId::random().unwrap()).unwrap();
    let mut arriving = stores.begin(&key, plain.len() as u64).await.unwrap();
    arriving.write(plain[..2_000_000].to_vec()).await.unwrap();
    let state = arriving.pause(owner()).await.unwrap();
    std::fs::write(root.join("filler"), vec![0; 5 << 20]).unwrap();
    let mut refused = arriving.write(plain[2_000_000..].to_vec()).await.err();
    if refused.is_none() {
        refused = arriving.pause(owner()).await.err();
    }
    assert!(matches!(&refused, Some(TrustError::Refused(text)) if text.contains("No space left")), "{refused:?}");
    assert!(arriving.write(b"more".to_vec()).await.is_err(), "it is to be resumed");
    drop(arriving);
    std::fs::remove_file(root.join("filler")).unwrap();
    let mut arriving = stores.resume(&key, owner(), &state).await.unwrap();
    assert_eq!(arriving.length(), 2_000_000);
    arriving.write(plain[2_000_000..].to_vec()).await.unwrap();
    let object = arriving.seal().await.unwrap();
    stores.publish(&object).await.unwrap();
    assert!(all_of(&stores, &key, object.length).await == plain);
    // The second copy does not fit: nothing is left of it, and the first is as it was.
    let refused = stores.mend("second", &object, &Default::default()).await.unwrap_err();
    assert!(matches!(&refused, TrustError::Refused(text) if text.contains("No space left")), "{refused}");
    assert_eq!(checked(&stores, "second", &object, None).await, Condition::Missing);
    assert_eq!(checked(&stores, "first", &object, Some(&key)).await, Condition::Good);
    say("full and on");
}

#[tokio::test]
async fn another_file_after_the_interruption_is_what_is_kept() {
    let root = tempfile::tempdir().unwrap();
    let stores = opened(vec![folder("first", root.path())], &[]).await;
    let (one, two) = (content(500_000, 1), content(400_000, 2));
    let key = ContentKey::new(ObjectId::random().unwrap()).unwrap();
    let mut arriving = stores.begin(&key, 0).await.unwrap();
    arriving.write(one[..100_000].to_vec()).await.unwrap();
    let state = arriving.pause(owner()).await.unwrap();
    arriving.write(one[100_000..].to_vec()).await.unwrap();
    arriving.pause(owner()).await.unwrap();
    assert!(stores.resume(&key, owner(), &state).await.is_err(), "it is being written");
    drop(arriving);
    let stored_before = std::fs::read(hidden(root.path(), &key)).unwrap();
    let mut arriving = stores.resume(&key, owner(), &state).await.unwrap();
    arriving.write(two.to_vec()).await.unwrap();
    let object = arriving.seal().await.unwrap();
    stores.publish(&object).await.unwrap();
    let plain = [&one[..100_000], &two].concat();
    assert!(all_of(&stores, &key, object.length).await == plain);
    // The same places were sealed twice under the same nonces, and the two say nothing of each other: under
    // a stream of key bits, their difference would be that of the contents.
    let stored = std::fs::read(super::path_in(root.path(), &object)).unwrap();
    let at = 32 + 2 * (65_536 + 16);
    let differs = |a: &[u8], b: &[u8]| a.iter().zip(b).map(|(a, b)| a ^ b).collect::<Vec<u8>>();
    let of_stored = differs(&stored_before[at..at + 65_536], &stored[at..at + 65_536]);
    let of_content = differs(&one[131_072..131_072 + 65_536], &plain[131_072..131_072 + 65_536]);
    assert_ne!(of_stored, of_content);
    // A state for another object, or under another key, resumes nothing.
    let (other, _) = kept(&stores, b"x").await;
    assert!(stores.resume(&other, owner(), &state).await.is_err());
    let (mei, _) = vault().new_key("mei").unwrap();
    assert!(stores.resume(&key, &mei, &state).await.is_err());
    for cut in [0, 1, 50, state.len() - 1] {
        assert!(stores.resume(&key, owner(), &state[..cut]).await.is_err());
    }
}

fn hidden(root: &Path, key: &ContentKey) -> std::path::PathBuf {
    let id = key.id().to_string();
    root.join("objects").join(&id[..2]).join(format!(".{id}.part"))
}

/// A wire to the service that can be cut: after some bytes, or before the answer to the request that
/// completes an upload.
#[derive(Clone)]
struct Wire {
    left: Arc<AtomicI64>,
    loses_completion: Arc<AtomicBool>,
    is_mute: Arc<AtomicBool>,
}

impl Wire {
    /// The wire, and where it begins.
    fn to(server: &str) -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = server.trim_start_matches("http://").to_owned();
        let wire = Self {
            left: Arc::new(AtomicI64::new(i64::MAX)),
            loses_completion: Arc::default(),
            is_mute: Arc::default(),
        };
        let ours = wire.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(service) = TcpStream::connect(&server) else { continue };
                let (there, back) = (client.try_clone().unwrap(), service.try_clone().unwrap());
                let (to, fro) = (ours.clone(), ours.clone());
                std::thread::spawn(move || carry(there, service, |bytes| to.carries(bytes)));
                std::thread::spawn(move || carry(back, client, |_| !fro.is_mute.load(Relaxed)));
            }
        });
        (wire, endpoint)
    }

    fn carries(&self, bytes: &[u8]) -> bool {
        let is_completion = bytes.starts_with(b"POST ") && bytes.windows(9).any(|w| w == b"uploadId=");
        if is_completion && self.loses_completion.load(Relaxed) {
            self.is_mute.store(true, Relaxed);
        }
        self.left.fetch_sub(bytes.len() as i64, Relaxed) > 0
    }
}

/// Carries bytes one way while it may, then cuts both ends.
fn carry(mut from: TcpStream, mut to: TcpStream, may: impl Fn(&[u8]) -> bool) {
    let mut buffer = [0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if !may(&buffer[..read]) || to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wire_that_is_cut_at_any_byte_costs_what_was_not_durable_and_no_more() {
    let server = testing::s3();
    let (wire, endpoint) = Wire::to(&server.s3.endpoint);
    let stores = opened(vec![bucket("first", &s3_at(&endpoint))], &[]).await;
    let plain = content(LENGTH, 5);
    let key = ContentKey::new(ObjectId::random().unwrap()).unwrap();
    let mut arriving = Some(stores.begin(&key, LENGTH as u64).await.unwrap());
    let mut state = arriving.as_mut().unwrap().pause(owner()).await.unwrap();
    let mut cuts = 0;
    let object = loop {
        let mut now = match arriving.take() {
            Some(arriving) => arriving,
            None => stores.resume(&key, owner(), &state).await.unwrap(),
        };
        let at = now.length() as usize;
        // Each turn carries further than the one before, so that all of it arrives in the end.
        wire.left.store(1_300_000 * (cuts + 1), Relaxed);
        let went = async {
            now.write(plain[at..LENGTH.min(at + STEP)].to_vec()).await?;
            state = now.pause(owner()).await?;
            Ok::<_, TrustError>(now)
        };
        match went.await {
            Ok(now) if now.length() == LENGTH as u64 => {
                wire.left.store(i64::MAX, Relaxed);
                break now.seal().await.unwrap();
            }
            Ok(now) => arriving = Some(now),
            Err(error) => {
                assert!(matches!(error, TrustError::Refused(_)), "{error}");
                wire.left.store(0, Relaxed);
                let unreachable = stores.check("first", &unknown(), None, &Default::default()).await.unwrap();
                assert!(matches!(unreachable, Condition::Unreachable(_)), "{unreachable:?}");
                cuts += 1;
                wire.left.store(i64::MAX, Relaxed);
            }
        }
    };
    assert!(cuts > 2, "{cuts}");
    // The answer to the last request is lost: it was done all the same, and asking again says so.
    wire.loses_completion.store(true, Relaxed);
    assert!(matches!(stores.publish(&object).await, Err(TrustError::Refused(_))));
    assert!(wire.is_mute.load(Relaxed), "it came as far as the last request");
    assert!(super::path_in(&server.folder.path().join("bucket/shiyin"), &object).is_file(), "and that was done");
    wire.loses_completion.store(false, Relaxed);
    wire.is_mute.store(false, Relaxed);
    stores.publish(&object).await.unwrap();
    assert_eq!(checked(&stores, "first", &object, Some(&key)).await, Condition::Good);
    assert!(all_of(&stores, &key, object.length).await == plain);
    assert_eq!(stores.unfinished().await.unwrap(), []);
}

fn unknown() -> Object {
    Object { id: ObjectId::from_bytes([9; 16]), length: 1, digest: [0; 32], stored_digest: [0; 32] }
}
