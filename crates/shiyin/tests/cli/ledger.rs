//! The log: proofs in tokens, the public files, power cuts, other authorities, copies.

use super::hostile::{fake, forwarded, reply, request};
use super::http::get;
use super::{House, ended, json, openssl, shiyin, text};
use proof::digest::DigestAlgorithm;
use proof::tlog::tile::{Row, Tile};
use proof::tlog::{Checkpoint, Frontier, NoteKey, leaf_hash};
use proof::tsp::TimeStampReq;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// The lines of its journal that a new instance puts into its log: five keys and four certificates.
const CEREMONY: usize = 9;

/// The entries of a published log, after all of it was checked as a stranger would.
fn audited(read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Vec<Vec<u8>> {
    let key = NoteKey::parse(String::from_utf8(read("log.vkey").unwrap()).unwrap().trim()).unwrap();
    let text = String::from_utf8(read("checkpoint").unwrap()).unwrap();
    let checkpoint = Checkpoint::parse(&text).unwrap();
    key.verify(&checkpoint.note, &proof::crypto::RustCrypto).unwrap();
    let (mut entries, mut frontier) = (Vec::new(), Frontier::default());
    for tile in Tile::between(0, checkpoint.head.size).into_iter().filter(|t| t.row == Row::Entries) {
        let bytes = read(&tile.to_string()).unwrap();
        entries.extend(tile.entries(&bytes).unwrap().into_iter().map(<[u8]>::to_vec));
    }
    entries.iter().for_each(|e| frontier.push(leaf_hash(e)));
    assert_eq!(frontier.head(), checkpoint.head);
    entries
}

/// The folder with the newest log's public files.
fn log_folder(house: &House, data: &str) -> PathBuf {
    let chain = std::fs::read_to_string(house.path(data).join("public/chain.pem")).unwrap();
    let der = openssl_der(&chain);
    let certificate = proof::x509::Certificate::parse(&der).unwrap();
    let identity = proof::logged::LogIdentity::of(&certificate).unwrap().unwrap();
    house.path(data).join("public/log").join(proof::digest::hex(&identity.keys[0].id()))
}

/// The first certificate of a PEM text.
fn openssl_der(pem: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("c.pem"), pem).unwrap();
    openssl(&["x509", "-in", "c.pem", "-outform", "der"], folder.path()).stdout
}

fn digest_of(house: &House, token: &str) -> String {
    let shown = json(&house.verify(&["a.txt", "--token", token, "--json"]));
    shown["facts"]["token_digest"].as_str().unwrap().to_owned()
}

#[test]
fn every_token_is_in_the_public_log() {
    let mut house = House::new("p256");
    house.write("a.txt", b"a");
    ended(&house.stamp(&["a.txt"]), 0);
    let shown = json(&house.verify(&["a.txt", "--json"]));
    assert_eq!(shown["verdict"], "valid");
    assert_eq!(shown["facts"]["log"]["index"], CEREMONY);
    let codes: Vec<_> = shown["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"log-included") && codes.contains(&"backdating-not-excluded"), "{codes:?}");
    let explained = text(&house.run("inspect", &["a.txt.tsr"]));
    for expected in
        ["log proof", &format!("index: {CEREMONY}"), "tree size: 10", "signed by: shiyin.invalid/evaluation/"]
    {
        assert!(explained.contains(expected), "{expected}: {explained}");
    }
    house.stop();
    house.start("data");
    let (head, body) = get(&house, "/log");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let listing = String::from_utf8(body).unwrap();
    let prefix = listing.split_whitespace().next().unwrap().to_owned();
    let entries = audited(&|name| {
        let (head, body) = get(&house, &format!("{prefix}{name}"));
        let caching = if name == "checkpoint" { "no-cache" } else { "max-age" };
        assert!(head.contains(caching), "{name}: {head}");
        head.starts_with("HTTP/1.1 200").then_some(body)
    });
    let digest = digest_of(&house, "a.txt.tsr");
    assert_eq!(entries[CEREMONY..].iter().map(|e| proof::digest::hex(&e[9..])).collect::<Vec<_>>(), [digest]);
    // What comes before is the journal: each line is there as an entry.
    let lines = String::from_utf8(get(&house, "/journal").1).unwrap();
    let lines: Vec<String> = lines.lines().map(|l| trust::journal::line_digest(l).to_string()).collect();
    assert_eq!(entries[..CEREMONY].iter().map(|e| proof::digest::hex(&e[9..])).collect::<Vec<_>>(), lines);
    for bad in ["", "tile/0/001", "../root.pem", "kept/x/checkpoint", "%2e%2e/log.vkey"] {
        let (head, _) = get(&house, &format!("{prefix}{bad}"));
        assert!(head.starts_with("HTTP/1.1 404"), "{bad}: {head}");
    }
}

/// Power cuts while many stamp: every token that was acknowledged verifies and is in the log.
#[test]
fn what_was_acknowledged_survives_power_cuts() {
    let mut house = House::with("p256", &["--rate", "0"]);
    house.write("a.txt", b"a");
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    for round in 0..6u64 {
        let address = house.url.strip_prefix("http://").unwrap().to_owned();
        let callers: Vec<_> = (0..4u8)
            .map(|caller| {
                let (address, acknowledged) = (address.clone(), Arc::clone(&acknowledged));
                std::thread::spawn(move || {
                    for n in 0u32.. {
                        let nonce = [&[1, caller][..], &round.to_be_bytes(), &n.to_be_bytes()].concat();
                        let digest = DigestAlgorithm::Sha256.digest(b"a");
                        let body = TimeStampReq::encode(&digest, None, Some(&nonce), true);
                        let answer = std::panic::catch_unwind(|| forwarded(&address, &body));
                        let Ok(answer) = answer else { return };
                        // A reply that the cut shortened was not acknowledged.
                        if proof::tsp::TimeStampResp::parse(&answer).is_ok_and(|r| r.token.is_some()) {
                            acknowledged.lock().unwrap().push(answer);
                        }
                    }
                })
            })
            .collect();
        let enough = 20 * (round as usize + 1);
        while acknowledged.lock().unwrap().len() < enough {
            std::thread::yield_now();
        }
        house.kill();
        callers.into_iter().for_each(|c| c.join().unwrap());
        house.start("data");
    }
    house.stop();
    let folder = log_folder(&house, "data");
    let entries = audited(&|name| std::fs::read(folder.join(name)).ok());
    let logged: std::collections::HashSet<_> = entries.iter().map(|e| proof::digest::hex(&e[9..])).collect();
    let acknowledged = acknowledged.lock().unwrap();
    for answer in acknowledged.iter() {
        house.write("t.tsr", answer);
        assert!(logged.contains(&digest_of(&house, "t.tsr")));
    }
    ended(&house.verify(&["a.txt", "--token", "t.tsr"]), 0);
    ended(&house.run("fsck", &["--data", "data"]), 0);
    assert!(entries.len() >= acknowledged.len());
}

/// An authority made of `openssl ts` behind a small HTTP server.
struct OpensslTsa {
    folder: tempfile::TempDir,
    url: String,
    ends: Arc<AtomicBool>,
}

impl OpensslTsa {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = "[req]\ndistinguished_name = dn\n[dn]\n[ca]\nbasicConstraints = critical, CA:TRUE\n\
             keyUsage = critical, keyCertSign\n[tsa]\nbasicConstraints = CA:FALSE\nkeyUsage = critical, digitalSignature\n\
             extendedKeyUsage = critical, timeStamping\n[ts]\nserial = serial\nsigner_cert = tsa.pem\ncerts = tsa.pem\n\
             signer_key = tsa.key\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\ndigests = sha256\naccuracy = secs:1\n\
             ess_cert_id_alg = sha256\n";
        std::fs::write(folder.path().join("c.cnf"), config).unwrap();
        std::fs::write(folder.path().join("serial"), "01").unwrap();
        let run = |line: &str| {
            let output = openssl(&line.split(' ').collect::<Vec<_>>(), folder.path());
            assert!(output.status.success(), "{line}: {}", text(&output));
        };
        run(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=Other -days 30 -config c.cnf -extensions ca",
        );
        run(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tsa.key -out tsa.csr -subj /CN=OtherTSA -config c.cnf",
        );
        run(
            "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 30 -extfile c.cnf -extensions tsa",
        );
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/tsr", listener.local_addr().unwrap());
        let (ends, path) = (Arc::new(AtomicBool::new(false)), folder.path().to_owned());
        let ended = Arc::clone(&ends);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let body = request(&mut stream);
                std::fs::write(path.join("q.tsq"), &body).unwrap();
                let line = "ts -reply -config c.cnf -section ts -queryfile q.tsq -out r.tsr";
                openssl(&line.split(' ').collect::<Vec<_>>(), &path);
                reply(&mut stream, "200 OK", &std::fs::read(path.join("r.tsr")).unwrap());
            }
        });
        Self { folder, url, ends }
    }

    fn root(&self) -> String {
        self.folder.path().join("ca.pem").to_str().unwrap().to_owned()
    }
}

impl Drop for OpensslTsa {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        let _ = std::net::TcpStream::connect(self.url.trim_start_matches("http://").trim_end_matches("/tsr"));
    }
}

/// Waits until a checkpoint of at least this size was stamped, and gives the sizes.
fn stamped(log: &Path, size: u64) -> Vec<u64> {
    loop {
        let list = std::fs::read_to_string(log.join("kept/list")).unwrap_or_default();
        let sizes: Vec<u64> = list.lines().map(|l| l.parse().unwrap()).collect();
        if sizes.last().is_some_and(|newest| *newest >= size) {
            return sizes;
        }
        std::thread::yield_now();
    }
}

#[test]
fn another_authority_bounds_the_time() {
    let other = OpensslTsa::new();
    let mut house = House::new("p256");
    house.stop();
    // The first one answers with junk, so the second is asked.
    let (junk, _thread) = fake(1, |mut stream| {
        request(&mut stream);
        reply(&mut stream, "200 OK", b"junk");
    });
    let config = format!(
        "[external]\nevery_s = 1\n[[external.authority]]\nurl = \"{junk}/x\"\nroot = {root:?}\n\
         [[external.authority]]\nurl = \"{}\"\nroot = {root:?}\n",
        other.url,
        root = other.root(),
    );
    house.write("data/shiyin.toml", config.as_bytes());
    house.start("data");
    for name in ["a.txt", "b.txt"] {
        house.write(name, name.as_bytes());
        ended(&house.stamp(&[name]), 0);
    }
    let both = ["--data", "data", "--trust", &other.root()];
    let not_yet = house.verify(&["a.txt"]);
    assert!(text(&not_yet).contains("backdating-not-excluded"), "{}", text(&not_yet));
    let log = log_folder(&house, "data");
    let size = stamped(&log, CEREMONY as u64 + 2).into_iter().find(|size| *size > CEREMONY as u64).unwrap();
    let stamp = format!("kept/{size}/0.tst");
    // The stamp is a plain token over a plain file, which others read as well.
    let root = other.root();
    let checkpoint = format!("kept/{size}/checkpoint");
    let line = ["ts", "-verify", "-in", &stamp, "-token_in", "-data", &checkpoint, "-CAfile", &root];
    assert!(openssl(&line, &log).status.success());

    let before = std::fs::read(house.path("a.txt.tsr")).unwrap();
    let proved = house.run(
        "log",
        &["prove", "a.txt.tsr", "--server", &house.url, "--trust", &root, "--trust", house.root().to_str().unwrap()],
    );
    ended(&proved, 0);
    assert_ne!(std::fs::read(house.path("a.txt.tsr")).unwrap(), before);
    let shown = json(&house.run("verify", &[&["a.txt", "--json"][..], &both].concat()));
    assert_eq!(shown["verdict"], "valid", "{shown}");
    assert!(shown["facts"]["independent"]["authority"].as_str().unwrap().contains("Other"), "{shown}");
    let codes = shown["findings"].to_string();
    assert!(codes.contains("independent-time") && !codes.contains("backdating-not-excluded"), "{codes}");
    let root_pem = house.root();
    let line = ["ts", "-verify", "-data", "a.txt", "-in", "a.txt.tsr", "-CAfile", root_pem.to_str().unwrap()];
    assert!(openssl(&line, house.folder.path()).status.success(), "openssl reads it as before");
    // Who has not pinned the other authority is told so.
    let alone = text(&house.verify(&["a.txt"]));
    assert!(alone.contains("stamp-unconfirmed") && alone.contains("backdating-not-excluded"), "{alone}");
    ended(&house.run("log", &["prove", "b.txt.tsr", "--data", "data", "--trust", &root]), 0);
    let shown = house.run("log", &["show", "--data", "data"]);
    assert!(text(&shown).contains(&format!("Stamped at {size} entries: 20")), "{}", text(&shown));
    house.stop();
    ended(&house.run("fsck", &["--data", "data"]), 0);
}

#[test]
fn damage_is_found() {
    let mut house = House::new("p256");
    house.write("a.txt", b"a");
    ended(&house.stamp(&["a.txt"]), 0);
    house.stop();
    let well = house.run("fsck", &["--data", "data"]);
    ended(&well, 0);
    assert!(text(&well).contains("10 entries"), "{}", text(&well));
    let log = log_folder(&house, "data");
    for (name, code) in
        [("tile/0/000.p/10", "tile-damaged"), ("tile/entries/000.p/10", "tile-d"), ("checkpoint", "checkpoint")]
    {
        let path = log.join(name);
        let good = std::fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[20] ^= 1;
        std::fs::write(&path, &bad).unwrap();
        let output = house.run("fsck", &["--data", "data"]);
        ended(&output, 1);
        assert!(text(&output).contains(code), "{name}: {}", text(&output));
        std::fs::write(&path, &good).unwrap();
    }
    std::fs::remove_file(log.join("tile/0/000.p/10")).unwrap();
    let output = house.run("fsck", &["--data", "data"]);
    ended(&output, 1);
    assert!(text(&output).contains("tile-damaged"), "{}", text(&output));
}

#[test]
fn an_instance_comes_back_from_a_copy() {
    let mut house = House::new("p256");
    for name in ["a.txt", "b.txt"] {
        house.write(name, name.as_bytes());
    }
    ended(&house.stamp(&["a.txt"]), 0);
    let root = std::fs::read(house.path("data/public/root.pem")).unwrap();
    house.write("data/other-root.pem", &root);
    // While it serves.
    ended(&house.run("backup", &["copy", "--keys", "copied-keys", "--data", "data"]), 0);
    assert!(!house.path("copy/keys").exists(), "keys are apart");
    assert_eq!(super::names(&house.path("copy")), ["log.db", "other-root.pem", "public", "registry.db", "shiyin.db"]);
    ended(&house.run("backup", &["copy", "--keys", "k2", "--data", "data"]), 9);
    assert!(!house.path("k2").exists());
    // A receipt newer than the copy, then the disk is lost.
    ended(&house.stamp(&["b.txt"]), 0);
    house.kill();
    ended(&house.run("restore", &["copy", "--keys", "copied-keys", "--data", "new"]), 0);
    let refused =
        shiyin().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(house.path("new")).output().unwrap();
    ended(&refused, 9);
    assert!(text(&refused).contains("shiyin log retire"), "{}", text(&refused));
    ended(&house.run("log", &["retire", "--data", "new"]), 0);
    house.start("new");
    house.write("c.txt", b"c");
    ended(&house.run("stamp", &["c.txt", "--data", "new", "--server", &house.url]), 0);
    for name in ["a.txt", "b.txt", "c.txt"] {
        let output = house.run("verify", &[name, "--data", "new"]);
        ended(&output, 0);
        assert!(text(&output).contains("log-included"), "{}", text(&output));
    }
    house.stop();
    ended(&house.run("fsck", &["--data", "new"]), 0);
    ended(&house.run("log", &["export", "exported", "--data", "new"]), 0);
    let entries = audited(&|name| std::fs::read(house.path("exported/log").join(name)).ok());
    assert_eq!(entries.len(), 4, "the key, its certificate, the end of the old log, and one token");
    // The closed log is still watched over.
    let old = std::fs::read_dir(house.path("new/public/log")).unwrap().map(|e| e.unwrap().path());
    let old: Vec<_> = old.filter(|path| *path != log_folder(&house, "new")).collect();
    assert_eq!(old.len(), 1);
    spoil(&old[0].join("tile/0/000.p"));
    ended(&house.run("fsck", &["--data", "new"]), 1);
    // A damaged copy is not restored, and leaves nothing behind.
    let log = std::fs::read_dir(house.path("copy/public/log")).unwrap().next().unwrap().unwrap().path();
    spoil(&log.join("tile/0/000.p"));
    ended(&house.run("restore", &["copy", "--keys", "copied-keys", "--data", "other"]), 9);
    assert!(!house.path("other").exists());
}

/// Spoils every tile in a folder.
fn spoil(folder: &Path) {
    for name in super::names(folder) {
        std::fs::write(folder.join(name), [0; 32]).unwrap();
    }
}

#[test]
fn a_second_server_waits_for_the_first() {
    let mut house = House::new("p256");
    let mut second = shiyin()
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(house.path("data"))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(second.stdout.take().unwrap()));
    assert!(lines.next().unwrap().unwrap().contains("waiting"));
    house.write("a.txt", b"a");
    ended(&house.stamp(&["a.txt"]), 0);
    house.stop();
    let line = lines.next().unwrap().unwrap();
    house.url = line.rsplit_once(' ').unwrap().1.to_owned();
    house.server = second;
    house.write("b.txt", b"b");
    ended(&house.stamp(&["b.txt"]), 0);
    let shown = json(&house.verify(&["b.txt", "--json"]));
    assert_eq!(shown["facts"]["log"]["index"], CEREMONY + 1);
}

/// Another process wrote to the log behind the server's back: it refuses, and ends to be started anew.
#[test]
fn a_log_that_cannot_go_on_ends_the_server() {
    let mut house = House::new("p256");
    house.write("a.txt", b"a");
    ended(&house.stamp(&["a.txt"]), 0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let db = store::Db::attach(&store::Location::Sqlite(house.path("data/log.db"))).await.unwrap();
        db.execute("update log_head set newest_ms = newest_ms, checkpoint = 'x'", &[]).await.unwrap();
        db.close().await;
    });
    house.write("b.txt", b"b");
    let refused = house.stamp(&["b.txt"]);
    ended(&refused, 8);
    assert!(text(&refused).contains("systemFailure"), "{}", text(&refused));
    assert_eq!(house.server.wait().unwrap().code(), Some(9));
    ended(&house.verify(&["a.txt"]), 0);
}

/// The same with the log in PostgreSQL and its public files in an S3 service.
#[test]
fn the_log_may_be_in_a_database_and_a_bucket() {
    let (postgres, bucket) = (store::testing::postgres(), store::testing::s3());
    let store::Location::Postgres(url) = postgres else { unreachable!() };
    let secrets = tempfile::tempdir().unwrap();
    let secret = |name: &str, text: &str| {
        let path = secrets.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let config = format!(
        "[storage]\ndatabase_file = {:?}\n[storage.s3]\nendpoint = {:?}\nregion = {:?}\nbucket = {:?}\n\
         prefix = \"logs\"\nkey_id = {:?}\nsecret_file = {:?}\n",
        secret("url", &url),
        bucket.s3.endpoint,
        bucket.s3.region,
        bucket.s3.bucket,
        bucket.s3.key_id,
        secret("secret", &bucket.s3.secret),
    );
    let mut house = House::made(&["--config", &secret("shiyin.toml", &config)], &[]);
    assert!(!house.path("data/log.db").exists() && !house.path("data/public/log").exists());
    for name in ["a.txt", "b.txt"] {
        house.write(name, name.as_bytes());
        ended(&house.stamp(&[name]), 0);
    }
    house.stop();
    house.start("data");
    house.write("c.txt", b"c");
    ended(&house.stamp(&["c.txt"]), 0);
    let listing = String::from_utf8(get(&house, "/log").1).unwrap();
    let prefix = listing.split_whitespace().next().unwrap().to_owned();
    house.stop();
    assert!(bucket.folder.path().join("bucket/logs").join(&prefix[5..]).join("tile/entries/000.p/12").is_file());
    let checked = house.run("fsck", &["--data", "data"]);
    ended(&checked, 0);
    assert!(text(&checked).contains("12 entries"), "{}", text(&checked));
    assert!(text(&house.run("log", &["show", "--data", "data"])).contains("12 entries"));
    ended(&house.run("log", &["export", "exported", "--data", "data"]), 0);
    assert_eq!(audited(&|name| std::fs::read(house.path("exported/log").join(name)).ok()).len(), CEREMONY + 3);
    let refused = house.run("backup", &["copy", "--keys", "keys", "--data", "data"]);
    ended(&refused, 9);
    assert!(text(&refused).contains("pg_dump") && !house.path("copy").exists(), "{}", text(&refused));
    ended(&house.run("log", &["retire", "--data", "data"]), 0);
    house.start("data");
    ended(&house.stamp(&["c.txt", "--force"]), 0);
    for name in ["a.txt", "c.txt"] {
        ended(&house.verify(&[name]), 0);
    }
    house.stop();
    ended(&house.run("fsck", &["--data", "data"]), 0);
}

/// A disk that is full refuses, and goes on where it was once there is room.
#[test]
fn a_full_disk_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.txt", "b.txt"] {
        std::fs::write(folder.path().join(name), name).unwrap();
    }
    let script = r#"
mkdir full && mount -t tmpfs -o size=4m tmpfs full && $S init --evaluation --data full/data >/dev/null
$S serve --listen 127.0.0.1:0 --data full/data >out 2>err & server=$!
until grep -q http out; do :; done
use="--data full/data --server $(grep -o 'http://localhost:[0-9]*' out | head -1)"
$S stamp a.txt $use >/dev/null; echo "first $?"
head -c 8M /dev/zero >full/filler 2>/dev/null
$S stamp b.txt $use; echo "full $?"
rm full/filler
$S stamp b.txt $use; echo "again $?"
kill -TERM $server; wait $server; echo "ended $?"
$S fsck --data full/data; echo "fsck $?"
for name in a b; do $S verify $name.txt --data full/data >/dev/null; echo "$name $?"; done
"#;
    let run = Command::new("unshare")
        .args(["--mount", "--map-root-user", "bash", "-c", script])
        .env("S", env!("CARGO_BIN_EXE_shiyin"))
        .env("LC_ALL", "en")
        .current_dir(folder.path())
        .output()
        .expect("unshare is installed");
    let said = text(&run);
    for expected in ["first 0", "full 8", "systemFailure", "again 0", "ended 0", "11 entries", "fsck 0", "a 0", "b 0"] {
        let log = std::fs::read_to_string(folder.path().join("err")).unwrap();
        assert!(said.contains(expected), "{expected}: {said}\n{log}");
        assert!(log.contains("the disk is full") && !log.contains("publishing the log failed"), "{log}");
    }
}

#[test]
fn a_configuration_that_cannot_be_read_is_refused() {
    let mut house = House::new("p256");
    house.stop();
    for (config, cause) in [
        ("[external]\nevery = 1\n", "unknown field"),
        ("[external\n", "shiyin.toml"),
        ("[[external.authority]]\nurl = \"http://localhost:1/\"\nroot = \"missing.pem\"\n", "missing.pem"),
    ] {
        house.write("data/shiyin.toml", config.as_bytes());
        let output =
            shiyin().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(house.path("data")).output().unwrap();
        assert!(!output.status.success());
        assert!(text(&output).contains(cause), "{}", text(&output));
    }
}
