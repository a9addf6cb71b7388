//! A production instance from setup to compromise: real clock sources on loopback that follow a
//! script, real peers for revocation, the runbooks as they are written.

use super::http::get;
use super::{House, ended, json, names, openssl, served, shiyin, text};
use std::io::Write as _;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Three NTP servers that tell this machine's time, and how far they lie.
pub struct Sources {
    pub addresses: Vec<String>,
    off_ms: Arc<[AtomicI64; 3]>,
}

impl Sources {
    pub fn new() -> Self {
        let off_ms: Arc<[AtomicI64; 3]> = Arc::default();
        let serve = |number: usize| {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            let address = socket.local_addr().unwrap().to_string();
            let off_ms = Arc::clone(&off_ms);
            std::thread::spawn(move || {
                let mut packet = [0; 128];
                while let Ok((48, client)) = socket.recv_from(&mut packet) {
                    let cookie: [u8; 8] = packet[40..48].try_into().unwrap();
                    #[expect(clippy::disallowed_methods, reason = "this is a server of time")]
                    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as i128;
                    let now = now + i128::from(off_ms[number].load(Ordering::SeqCst)) * 1_000_000;
                    let seconds = (now / 1_000_000_000 + 2_208_988_800) as u64;
                    let ntp = (seconds << 32) + (((now % 1_000_000_000) << 32) / 1_000_000_000) as u64;
                    let mut answer = [0; 48];
                    (answer[0], answer[1], answer[3]) = (0x24, 1, 0xe7);
                    answer[8..12].copy_from_slice(&32u32.to_be_bytes());
                    answer[24..32].copy_from_slice(&cookie);
                    answer[32..40].copy_from_slice(&ntp.to_be_bytes());
                    answer[40..48].copy_from_slice(&ntp.to_be_bytes());
                    socket.send_to(&answer, client).unwrap();
                }
            });
            address
        };
        Self { addresses: (0..3).map(serve).collect(), off_ms }
    }

    /// All of them lie by as much.
    pub fn lie(&self, ms: i64) {
        self.off_ms.iter().for_each(|off| off.store(ms, Ordering::SeqCst));
    }
}

/// The answers to setup's questions.
pub fn answers(sources: &Sources, more: &str) -> String {
    let listed: String = sources.addresses.iter().map(|a| format!("[[clock.source]]\nntp = \"{a}\"\n")).collect();
    format!(
        "[operator]\nname = \"示例存证有限公司\"\ncountry = \"CN\"\nregistration = \"91110000MA0000000X\"\n\
         address = \"北京市\"\ncontact = \"security@shiyin.example\"\nrelation = \"independent\"\n\
         [public]\nurl = \"https://shiyin.example\"\n\
         [messages]\nformat = \"json\"\nfolder = \"../messages\"\n\
         [serve]\nmetrics = \"127.0.0.1:0\"\n{more}\n[clock]\nevery_s = 1\n{listed}"
    )
}

/// A production instance, and its server.
pub fn production(sources: &Sources, more: &str) -> House {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("usb")).unwrap();
    std::fs::write(folder.path().join("root-passphrase"), "correct horse battery").unwrap();
    std::fs::write(folder.path().join("setup.toml"), answers(sources, more)).unwrap();
    let made = shiyin().current_dir(folder.path()).args(SETUP).args(["--data", "data"]).output().unwrap();
    ended(&made, 0);
    let (server, url) = served(&folder.path().join("data"), &[]);
    House { folder, url, server }
}

const SETUP: [&str; 7] =
    ["setup", "--file", "setup.toml", "--root-keys", "usb", "--root-passphrase-file", "root-passphrase"];

fn journal(house: &House) -> Vec<serde_json::Value> {
    let lines = String::from_utf8(get(house, "/journal").1).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn kinds(house: &House) -> Vec<String> {
    journal(house).iter().map(|line| line["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn setup_says_what_is_missing_and_keeps_no_root_key() {
    let sources = Sources::new();
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| shiyin().current_dir(folder.path()).args(arguments).output().unwrap();
    let write = |name: &str, content: &str| std::fs::write(folder.path().join(name), content).unwrap();
    write("setup.toml", "[operator]\nname = \"x\"\n[clock]\nquorum = 1\n[[clock.source]]\nntp = \"a\"\n");
    let missing = run(&["setup", "--file", "setup.toml", "--data", "data"]);
    ended(&missing, 2);
    for expected in ["operator.country", "operator.relation", "public.url", "three sources", "--root-keys", "8 things"]
    {
        assert!(text(&missing).contains(expected), "{expected}: {}", text(&missing));
    }
    assert_eq!(names(folder.path()), ["setup.toml"]);
    write("setup.toml", &answers(&sources, ""));
    write("root-passphrase", "short");
    std::fs::create_dir(folder.path().join("usb")).unwrap();
    ended(&run(&SETUP), 2);
    let plain = &SETUP[..5];
    ended(&run(&[plain, &["--check"]].concat()), 0);
    assert_eq!(names(folder.path()), ["root-passphrase", "setup.toml", "usb"]);
    // A root folder that cannot be written leaves nothing behind.
    write("usb-file", "");
    ended(&run(&["setup", "--file", "setup.toml", "--root-keys", "usb-file"]), 2);
    let made = run(plain);
    ended(&made, 0);
    let said = text(&made);
    let secret = |mark: &str| said.split_once(mark).unwrap().1.split_whitespace().next().unwrap().to_owned();
    let (token, passphrase) = (secret("shown once: "), secret("administrator's token, shown once: "));
    assert_ne!(token, passphrase);
    assert!(said.contains("[[external.authority]]") && said.contains("[serve.tls]"), "{said}");
    assert_eq!(names(&folder.path().join("usb")).len(), 1);
    let keys = names(&folder.path().join("data/keys"));
    assert!(keys.iter().all(|name| !name.starts_with("root")), "{keys:?}");
    let again = run(plain);
    ended(&again, 9);
    assert!(text(&again).contains("exists already"));
    for path in ["data/shiyin.db", "data/shiyin.toml", "data/log.db"] {
        let bytes = std::fs::read(folder.path().join(path)).unwrap();
        for secret in [&token, &passphrase] {
            assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "{path} holds a secret");
        }
    }
    let statement = run(&["statement"]);
    ended(&statement, 0);
    for expected in ["示例存证有限公司", "91110000MA0000000X", "2.25.", "no later than", "⟦"] {
        assert!(text(&statement).contains(expected), "{expected}");
    }
    let statement = run(&["statement", "--lang", "zh"]);
    assert!(text(&statement).contains("不晚于") && !text(&statement).contains('{'));
}

#[test]
fn setup_asks_in_both_languages() {
    let sources = Sources::new();
    for (language, name) in [("en", "Operator's legal name"), ("zh", "运营者法定名称")] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("usb")).unwrap();
        let mut setup = shiyin()
            .current_dir(folder.path())
            .args(["setup", "--ask", "--lang", language])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let list = sources.addresses.join(" ");
        let lines: [&str; 17] = [
            "A \"quoted\" firm",
            "",
            "123",
            "Street 1",
            "a@b",
            "",
            "",
            "https://x.example",
            "ed25519 sm2",
            "x.example/own-log",
            "30",
            "",
            &list,
            "",
            "",
            "",
            "usb",
        ];
        setup.stdin.take().unwrap().write_all(format!("{}\n", lines.join("\n")).as_bytes()).unwrap();
        let output = setup.wait_with_output().unwrap();
        ended(&output, 0);
        assert!(text(&output).contains(name), "{}", text(&output));
        let listed = shiyin().current_dir(folder.path()).args(["keys", "list"]).output().unwrap();
        ended(&listed, 0);
        let listed = text(&listed);
        assert!(
            listed.contains("off this host") && listed.contains("tsa ed25519") && listed.contains("tsa sm2"),
            "{listed}"
        );
        let log = shiyin().current_dir(folder.path()).args(["log", "show"]).output().unwrap();
        assert!(text(&log).contains("x.example/own-log"), "{}", text(&log));
    }
    let folder = tempfile::tempdir().unwrap();
    let nobody = shiyin().current_dir(folder.path()).args(["setup"]).output().unwrap();
    ended(&nobody, 2);
    assert!(text(&nobody).contains("--file"));
}

#[test]
fn a_token_states_a_measured_accuracy_and_a_lost_clock_signs_nothing() {
    let sources = Sources::new();
    let mut house = production(&sources, "");
    house.write("a.txt", b"a");
    ended(&house.stamp(&["a.txt"]), 0);
    let shown = json(&house.verify(&["a.txt", "--json"]));
    assert_eq!(shown["verdict"], "valid", "{shown}");
    let accuracy = shown["facts"]["accuracy"].as_str().unwrap().to_owned();
    assert!(accuracy.starts_with("0.0"), "{accuracy}");
    assert!(!shown["facts"]["signer"].as_str().unwrap().contains("EVALUATION"), "{shown}");
    let codes = shown["findings"].to_string();
    assert!(codes.contains("not-revoked") && !codes.contains("no-revocation-data"), "the lists ride along: {codes}");
    let root = house.root();
    let line = ["ts", "-verify", "-data", "a.txt", "-in", "a.txt.tsr", "-CAfile", root.to_str().unwrap()];
    assert!(openssl(&line, house.folder.path()).status.success());
    assert!(get(&house, "/readyz").0.starts_with("HTTP/1.1 200"));
    let well = house.run("doctor", &["--data", "data"]);
    ended(&well, 0);
    assert!(text(&well).contains("The time is known to"), "{}", text(&well));

    // The sources step: nothing is signed until the operator has looked.
    sources.lie(800);
    until(|| get(&house, "/readyz").0.starts_with("HTTP/1.1 503"));
    house.write("b.txt", b"b");
    let refused = house.stamp(&["b.txt"]);
    ended(&refused, 8);
    assert!(text(&refused).contains("timeNotAvailable"), "{}", text(&refused));
    assert!(!house.path("b.txt.tsr").exists());
    assert_eq!(String::from_utf8(get(&house, "/readyz").1).unwrap(), "step\n");
    ended(&house.run("clock", &["accept", "--reason", "compared with the telephone", "--data", "data"]), 0);
    until(|| get(&house, "/readyz").0.starts_with("HTTP/1.1 200"));
    ended(&house.stamp(&["b.txt"]), 0);
    // And back: time in tokens does not run backwards.
    sources.lie(0);
    until(|| get(&house, "/readyz").0.starts_with("HTTP/1.1 503"));
    ended(&house.run("clock", &["accept", "--reason", "it was a joke", "--data", "data"]), 0);
    until(|| get(&house, "/readyz").0.starts_with("HTTP/1.1 200"));
    house.write("c.txt", b"c");
    ended(&house.stamp(&["c.txt"]), 0);
    let kinds = kinds(&house);
    for expected in ["clock-started", "clock-held", "clock-accepted", "clock-adjusted", "clock-resumed"] {
        assert!(kinds.iter().any(|k| k == expected), "{expected}: {kinds:?}");
    }
    let (head, svg) = get(&house, "/clock.svg");
    assert!(head.contains("image/svg+xml") && svg.starts_with(b"<svg"), "{head}");
    ended(&house.run("clock", &["graph", "drift.svg", "--data", "data"]), 0);
    ended(&house.run("journal", &["--data", "data"]), 0);
    house.stop();
    ended(&house.run("fsck", &["--data", "data"]), 0);
    // One line changed behind its back is found.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let db = store::Db::attach(&store::Location::Sqlite(house.path("data/log.db"))).await.unwrap();
        let sql = "update journal set line = replace(line, 'joke', 'test') where line like '%joke%'";
        assert_eq!(db.execute(sql, &[]).await.unwrap(), 1);
        db.close().await;
    });
    ended(&house.run("journal", &["--data", "data"]), 1);
    let found = house.run("fsck", &["--data", "data"]);
    ended(&found, 1);
    assert!(text(&found).contains("journal"), "{}", text(&found));
}

/// Waits until something is so, not for ever.
fn until(is_so: impl Fn() -> bool) {
    for _ in 0..1500 {
        if is_so() {
            return;
        }
        let _ = Command::new("sleep").arg("0.01").status();
    }
    panic!("it did not come to be");
}

#[test]
fn an_instance_without_sources_refuses_to_sign() {
    let sources = Sources::new();
    let mut house = production(&sources, "");
    house.stop();
    let none = answers(&sources, "").split("[clock]").next().unwrap().to_owned();
    house.write("data/shiyin.toml", none.as_bytes());
    house.start("data");
    house.write("a.txt", b"a");
    let refused = house.stamp(&["a.txt"]);
    ended(&refused, 8);
    assert!(text(&refused).contains("timeNotAvailable"), "{}", text(&refused));
    let sick = house.run("doctor", &["--data", "data"]);
    ended(&sick, 1);
    assert!(text(&sick).contains("✗"), "{}", text(&sick));
}

#[test]
fn keys_rotate_while_it_serves_and_what_was_revoked_is_told() {
    let sources = Sources::new();
    let house = production(&sources, "");
    house.write("a.txt", b"a");
    ended(&house.stamp(&["a.txt"]), 0);
    let signer = |name: &str| certificate_of(&house, name);
    ended(&house.run("keys", &["rotate", "--data", "data"]), 0);
    house.look_again();
    house.write("b.txt", b"b");
    ended(&house.stamp(&["b.txt"]), 0);
    assert_ne!(signer("a.txt.tsr"), signer("b.txt.tsr"));
    ended(&house.verify(&["a.txt"]), 0);
    let [old, new] = [signer("a.txt.tsr"), signer("b.txt.tsr")];
    ended(&house.run("keys", &["destroy", &new, "--data", "data"]), 9);
    ended(&house.run("keys", &["destroy", &old, "--data", "data"]), 0);
    ended(&house.run("keys", &["destroy", &old, "--data", "data"]), 9);
    assert_eq!(names(&house.path("data/keys")).iter().filter(|n| n.starts_with("tsa-")).count(), 1);
    ended(&house.verify(&["a.txt"]), 0);

    // Revoked for a harmless reason: earlier tokens stay; OpenSSL agrees on what is published.
    ended(&house.run("keys", &["revoke", &old, "--reason", "superseded", "--data", "data"]), 0);
    house.look_again();
    let issuing = house.path("issuing.pem");
    let chain = std::fs::read_to_string(house.path("data/public/chain.pem")).unwrap();
    let (tsa, ca) = chain.split_at(chain.rfind("-----BEGIN").unwrap());
    std::fs::write(&issuing, ca).unwrap();
    house.write("new.pem", tsa.as_bytes());
    house.write("old.der", &certificate_der(&house, "a.txt.tsr"));
    let status = |certificate: &str| {
        let url = format!("{}/ocsp", house.url);
        let root = house.root();
        let asked = openssl(
            &[
                "ocsp",
                "-issuer",
                "issuing.pem",
                "-cert",
                certificate,
                "-url",
                &url,
                "-CAfile",
                root.to_str().unwrap(),
                "-respout",
                "r.der",
            ],
            house.folder.path(),
        );
        text(&asked)
    };
    openssl(&["x509", "-inform", "der", "-in", "old.der", "-out", "old.pem"], house.folder.path());
    let (good, revoked) = (status("new.pem"), status("old.pem"));
    assert!(good.contains("Response verify OK") && good.contains("new.pem: good"), "{good}");
    assert!(revoked.contains("old.pem: revoked") && revoked.contains("superseded"), "{revoked}");
    // The same by GET, as caches like it.
    openssl(
        &["ocsp", "-issuer", "issuing.pem", "-cert", "old.pem", "-no_nonce", "-reqout", "request.der"],
        house.folder.path(),
    );
    let encoded = openssl(&["base64", "-A", "-in", "request.der"], house.folder.path());
    let encoded = text(&encoded).trim().replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    house.write("r.der", &get(&house, &format!("/ocsp/{encoded}")).1);
    let explained = text(&house.run("inspect", &["r.der"]));
    assert!(explained.contains("OCSPResponse") && explained.contains("(superseded)"), "{explained}");
    let later = text(&house.verify(&["a.txt", "--crl", "r.der"]));
    assert!(later.contains("revoked-later"), "an OCSP response is as good as a list: {later}");
    let place = openssl(&["x509", "-in", "new.pem", "-noout", "-ext", "crlDistributionPoints"], house.folder.path());
    let place = text(&place);
    let path = place.split_once("https://shiyin.example").unwrap().1.trim();
    let list = get(&house, path).1;
    house.write("list.crl", &list);
    let checked = openssl(
        &["crl", "-inform", "der", "-in", "list.crl", "-CAfile", "issuing.pem", "-text", "-noout"],
        house.folder.path(),
    );
    assert!(text(&checked).contains("verify OK") && text(&checked).contains("Superseded"), "{}", text(&checked));
    // What is not ours is not answered for, and junk is refused in the protocol.
    let other = House::new("p256");
    let foreign = std::fs::read_to_string(other.path("data/public/chain.pem")).unwrap();
    let (tsa, ca) = foreign.split_at(foreign.rfind("-----BEGIN").unwrap());
    house.write("foreign.pem", tsa.as_bytes());
    std::fs::write(&issuing, ca).unwrap();
    assert!(status("foreign.pem").contains("unauthorized (6)"), "{}", status("foreign.pem"));
    assert_eq!(get(&house, "/ocsp/AAAA").1, [0x30, 3, 10, 1, 1]);
    assert!(get(&house, "/crl/00.crl").0.starts_with("HTTP/1.1 404"));
    assert!(kinds(&house).iter().any(|k| k == "key-destroyed"));
}

/// The fingerprint of the TSA certificate in a token.
fn certificate_of(house: &House, token: &str) -> String {
    proof::digest::DigestAlgorithm::Sha256.digest(&certificate_der(house, token)).to_string()
}

fn certificate_der(house: &House, token: &str) -> Vec<u8> {
    let bytes = std::fs::read(house.path(token)).unwrap();
    let der = proof::verify::token_der(&bytes).unwrap();
    let signed = proof::cms::SignedData::parse(&der).unwrap();
    let is_tsa =
        |der: &&&[u8]| proof::x509::Certificate::parse(der).unwrap().basic_constraints().is_ok_and(|b| !b.is_ca);
    signed.certificates.iter().find(is_tsa).unwrap().to_vec()
}

#[test]
fn one_stamp_may_have_tokens_of_several_suites() {
    let sources = Sources::new();
    let suites = "[tsa]\nalgorithms = [\"p256\", \"ed25519\", \"sm2\", \"ml-dsa-65\"]\nsm2_signed_data = \"gmt\"\n";
    let house = production(&sources, suites);
    house.write("a.txt", b"a");
    ended(&house.stamp(&["a.txt", "--also", "sm2,ml-dsa-65,ed25519"]), 0);
    assert!(names(house.folder.path()).contains(&"a.txt.ml-dsa-65.tsr".to_owned()));
    let shown = json(&house.verify(&["a.txt", "--json"]));
    assert_eq!(shown["verdict"], "valid");
    let further = shown["further"].as_array().unwrap();
    let signed: Vec<String> = further.iter().map(|f| f["findings"].to_string()).collect();
    assert_eq!(further.len(), 3);
    assert!(further.iter().all(|f| f["verdict"] == "valid"), "{shown}");
    for name in ["Ed25519", "SM2 with SM3", "ML-DSA-65"] {
        assert!(signed.iter().any(|s| s.contains(name)), "{name}: {signed:?}");
    }
    let explained = text(&house.run("inspect", &["a.txt.sm2.tsr"]));
    assert!(explained.contains("GM/T 0010"), "{explained}");
    let python = std::env::var("SHIYIN_PEERS").expect("make test sets SHIYIN_PEERS");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/suites.py");
    for suite in ["ed25519", "sm2", "ml-dsa-65"] {
        let peer = Command::new(format!("{python}/bin/python"))
            .args([script, "a.txt", &format!("a.txt.{suite}.tsr"), &format!("data/public/root-{suite}.pem")])
            .current_dir(house.folder.path())
            .output()
            .unwrap();
        ended(&peer, 0);
        assert_eq!(text(&peer), format!("{suite} accepted\n"));
    }
    // A suite that is added later is one like the others.
    ended(&house.run("keys", &["add-suite", "p384", "--data", "data"]), 9);
    let with_root = ["--root-keys", "usb", "--root-passphrase-file", "root-passphrase", "--data", "data"];
    ended(&house.run("keys", &[&["add-suite", "p384"][..], &with_root].concat()), 0);
    ended(&house.run("keys", &[&["add-suite", "p384"][..], &with_root].concat()), 9);
    assert_eq!(names(&house.path("usb")).len(), 5);
    house.look_again();
    house.write("c.txt", b"c");
    ended(&house.stamp(&["c.txt", "--also", "p384"]), 0);
    let shown = json(&house.verify(&["c.txt", "--json"]));
    assert_eq!(shown["further"][0]["verdict"], "valid", "{shown}");
    // A changed file fails under every one of them; an unknown suite is said to be unknown.
    house.write("a.txt", b"b");
    ended(&house.verify(&["a.txt"]), 1);
    house.write("b.txt", b"b");
    let unknown = house.stamp(&["b.txt", "--also", "rsa-2048"]);
    ended(&unknown, 8);
    assert!(!house.path("b.txt.tsr").exists(), "all of a stamp or nothing");
    ended(&house.stamp(&["b.txt", "--also", "des"]), 2);
}

#[test]
fn an_instance_with_its_keys_in_a_token() {
    let sources = Sources::new();
    let folder = tempfile::tempdir().unwrap();
    let conf = folder.path().join("softhsm2.conf");
    std::fs::create_dir(folder.path().join("tokens")).unwrap();
    std::fs::write(&conf, format!("directories.tokendir = {}/tokens\n", folder.path().display())).unwrap();
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", "shiyin", "--pin", "8642", "--so-pin", "1357"])
        .env("SOFTHSM2_CONF", &conf)
        .stdout(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    let pin = folder.path().join("pin");
    std::fs::write(&pin, "8642\n").unwrap();
    let more = format!(
        "[keys.pkcs11]\nmodule = \"/usr/lib/softhsm/libsofthsm2.so\"\ntoken = \"shiyin\"\npin_file = {pin:?}\n"
    );
    std::fs::create_dir(folder.path().join("usb")).unwrap();
    std::fs::write(folder.path().join("root-passphrase"), "correct horse battery").unwrap();
    std::fs::write(folder.path().join("setup.toml"), answers(&sources, &more)).unwrap();
    let run = |arguments: &[&str]| {
        shiyin().current_dir(folder.path()).env("SOFTHSM2_CONF", &conf).args(arguments).output().unwrap()
    };
    ended(&run(&SETUP), 0);
    assert_eq!(names(&folder.path().join("data/keys")), ["passphrase"], "no key is in a file");
    let mut server = shiyin()
        .current_dir(folder.path())
        .env("SOFTHSM2_CONF", &conf)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(server.stdout.as_mut().unwrap()), &mut line).unwrap();
    let url = line.trim().rsplit_once(' ').unwrap().1.to_owned();
    std::fs::write(folder.path().join("a.txt"), "a").unwrap();
    let stamped = run(&["stamp", "a.txt", "--data", "data", "--server", &url]);
    let (verified, rotated) = (run(&["verify", "a.txt", "--data", "data"]), run(&["keys", "rotate"]));
    let sealed = run(&["keys", "rotate", "--seal"]);
    let (listed, examined) = (run(&["keys", "list"]), run(&["doctor"]));
    server.kill().unwrap();
    server.wait().unwrap();
    ended(&stamped, 0);
    ended(&verified, 0);
    ended(&rotated, 0);
    for role in ["tsa", "seal"] {
        assert!(text(&listed).contains(&format!("pkcs11:shiyin-{role}-")), "{}", text(&listed));
    }
    ended(&sealed, 0);
    assert!(text(&examined).contains("✓ The document seal opens"), "{}", text(&examined));
    std::fs::write(&pin, "0000").unwrap();
    let sick = run(&["doctor"]);
    ended(&sick, 1);
    assert!(text(&sick).contains("the PIN was not taken"), "{}", text(&sick));
}

#[test]
fn metrics_count_and_messages_hold_no_secret() {
    let sources = Sources::new();
    let port = free_port();
    let house = production(&sources, "");
    let config = answers(&sources, "").replace("metrics = \"127.0.0.1:0\"", &format!("metrics = \"127.0.0.1:{port}\""));
    let mut house = house;
    house.stop();
    house.write("data/shiyin.toml", config.as_bytes());
    house.start("data");
    house.write("a.txt", b"a secret text");
    ended(&house.stamp(&["a.txt"]), 0);
    let shown = json(&house.verify(&["a.txt", "--json"]));
    let metrics = fetch(port, "/metrics");
    for expected in [
        "shiyin_requests_total{outcome=\"granted\"} 1",
        "shiyin_request_seconds_count 1",
        "shiyin_ready 1",
        "shiyin_sealing 1",
        "shiyin_key_use_ends{suite=\"p256\",role=\"seal\"}",
        "shiyin_clock_error_seconds 0.0",
        "shiyin_log_entries 1",
        "shiyin_certificate_expires{suite=\"p256\",role=\"tsa\"}",
        "shiyin_key_use_ends{suite=\"p256\"}",
        "shiyin_revocation_list_due{issuer=",
        "shiyin_clock_source_up{source=\"127.0.0.1:",
    ] {
        assert!(metrics.contains(expected), "{expected}: {metrics}");
    }
    assert!(get(&house, "/metrics").0.starts_with("HTTP/1.1 404"), "not for everyone");
    house.look_again();
    house.stop();
    let messages = house.messages();
    assert!(
        messages.lines().count() >= 3 && messages.lines().all(|l| serde_json::from_str::<serde_json::Value>(l).is_ok())
    );
    let passphrase = std::fs::read_to_string(house.path("data/keys/passphrase")).unwrap();
    let imprint = shown["facts"]["imprint"].as_str().unwrap();
    for secret in [passphrase.trim(), imprint, "correct horse battery", "secret text"] {
        assert!(!messages.contains(secret), "{secret}: {messages}");
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn fetch(port: u16, path: &str) -> String {
    let output = Command::new("curl").args(["-sS", &format!("http://127.0.0.1:{port}{path}")]).output();
    text(&output.expect("curl is installed"))
}

#[test]
fn tls_out_of_files() {
    let sources = Sources::new();
    let mut house = production(&sources, "");
    house.stop();
    let made = openssl(
        &[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "tls.key",
            "-out",
            "tls.pem",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ],
        house.folder.path(),
    );
    assert!(made.status.success());
    house.write(
        "data/shiyin.toml",
        answers(&sources, "[serve.tls]\ncertificate = \"../tls.pem\"\nkey = \"../tls.key\"\n").as_bytes(),
    );
    house.start("data");
    assert!(house.url.starts_with("https://"));
    let line = ["-sS", "--cacert", "tls.pem", &format!("{}/healthz", house.url)];
    let asked = Command::new("curl").args(line).current_dir(house.folder.path()).output().unwrap();
    assert_eq!(text(&asked), "ok\n");
    house.stop();
    house.write("tls.key", b"no key");
    let refused =
        shiyin().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(house.path("data")).output().unwrap();
    ended(&refused, 9);
    assert!(text(&refused).contains("[serve.tls]"), "{}", text(&refused));
    // A proxy on another host that does TLS is as good.
    house.write("data/shiyin.toml", answers(&sources, "trusted_proxies = [\"192.0.2.1\"]\n").as_bytes());
    let (mut server, _) = served(&house.path("data"), &["--listen", "0.0.0.0:0"]);
    server.kill().unwrap();
    server.wait().unwrap();
    // Nobody else is served without it.
    house.write("data/shiyin.toml", answers(&sources, "").as_bytes());
    let refused = shiyin().args(["serve", "--listen", "0.0.0.0:0", "--data"]).arg(house.path("data")).output().unwrap();
    ended(&refused, 9);
    assert!(text(&refused).contains("without TLS"), "{}", text(&refused));
}

/// Makes a root and a certificate for localhost under it.
const AUTHORITY: &str = "new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
openssl req -x509 $new -keyout ca.key -out ca.pem -days 2 -subj /CN=CA
openssl req $new -keyout pebble.key -out pebble.csr -subj /CN=localhost
echo subjectAltName=DNS:localhost >names
openssl x509 -req -in pebble.csr -CA ca.pem -CAkey ca.key -days 2 -extfile names -out pebble.pem";

/// A certificate from an ACME service, which proves the name over TLS.
#[test]
fn tls_by_acme() {
    let sources = Sources::new();
    let folder = tempfile::tempdir().unwrap();
    let (directory, dns, management, own) = (free_port(), free_port(), free_port(), free_port());
    let root = Path::new(&std::env::var("SHIYIN_PEERS").unwrap()).join("debian/usr/bin");
    let made = Command::new("bash").args(["-euc", AUTHORITY]).current_dir(folder.path()).output().unwrap();
    ended(&made, 0);
    let config = serde_json::json!({ "pebble": {
        "listenAddress": format!("127.0.0.1:{directory}"), "managementListenAddress": "",
        "certificate": "pebble.pem", "privateKey": "pebble.key", "httpPort": 1, "tlsPort": own,
    }});
    std::fs::write(folder.path().join("pebble.json"), config.to_string()).unwrap();
    let start = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(root.join(program));
        command.args(arguments).current_dir(folder.path()).env("PEBBLE_VA_NOSLEEP", "1");
        Ended(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("scripts/peers gets pebble"))
    };
    let _names = start(
        "pebble-challtestsrv",
        &[
            "-dns01",
            &format!("127.0.0.1:{dns}"),
            "-management",
            &format!("127.0.0.1:{management}"),
            "-http01",
            "",
            "-https01",
            "",
            "-tlsalpn01",
            "",
            "-defaultIPv4",
            "127.0.0.1",
            "-defaultIPv6",
            "",
        ],
    );
    let _service = start("pebble", &["-config", "pebble.json", "-dnsserver", &format!("127.0.0.1:{dns}")]);
    let mut house = production(&sources, "");
    house.stop();
    std::fs::copy(folder.path().join("ca.pem"), house.path("data/ca.pem")).unwrap();
    until(|| std::net::TcpStream::connect(("127.0.0.1", directory)).is_ok());
    let acme = format!("[serve.tls.acme]\ndirectory = \"https://localhost:{directory}/dir\"\nroot = \"ca.pem\"\n");
    let start = |house: &mut House, acme: &str| {
        house.write("data/shiyin.toml", answers(&sources, acme).as_bytes());
        let mut serve = shiyin();
        serve.args(["serve", "--listen", &format!("127.0.0.1:{own}"), "--data"]).arg(house.path("data"));
        serve
    };
    let unread = start(&mut house, &acme).output().unwrap();
    ended(&unread, 9);
    assert!(text(&unread).contains("agree_to_terms"), "{}", text(&unread));
    let agreed = format!("{acme}agree_to_terms = true\n");
    let fetched = |house: &House| {
        let resolve = format!("shiyin.example:{own}:127.0.0.1");
        let url = format!("https://shiyin.example:{own}/healthz");
        // Who issued it is pebble's own root, made anew each time it starts; the name is what is checked.
        let line = ["-sS", "--insecure", "--write-out", "%{certs}", "--resolve", &resolve, &url];
        text(&Command::new("curl").args(line).current_dir(house.folder.path()).output().unwrap())
    };
    house.server = start(&mut house, &agreed).stdout(Stdio::null()).spawn().unwrap();
    until(|| fetched(&house).contains("ok\n"));
    let key = house.path("data/keys/tls.pem");
    let shown =
        openssl(&["x509", "-in", key.to_str().unwrap(), "-noout", "-issuer", "-ext", "subjectAltName"], folder.path());
    assert!(text(&shown).contains("Pebble") && text(&shown).contains("DNS:shiyin.example"), "{}", text(&shown));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&key).unwrap().permissions());
    assert_eq!(mode & 0o077, 0);
    // It serves on with the same one when it starts again.
    let before = std::fs::read(&key).unwrap();
    house.kill();
    house.server = start(&mut house, &agreed).stdout(Stdio::null()).spawn().unwrap();
    until(|| fetched(&house).contains("ok\n"));
    assert_eq!(std::fs::read(&key).unwrap(), before);
}

/// A process that ends with the test.
struct Ended(std::process::Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The unit that operators install is one that systemd understands, and a strict one.
#[test]
fn the_systemd_unit_is_sound() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist/shiyin.service");
    let folder = tempfile::tempdir().unwrap();
    let text_of = std::fs::read_to_string(unit).unwrap();
    // The program is where it is installed only on an operator's machine.
    let here =
        text_of.replace("/usr/bin/shiyin", env!("CARGO_BIN_EXE_shiyin")).replace("Documentation=man:shiyin(1)\n", "");
    let path: PathBuf = folder.path().join("shiyin.service");
    std::fs::write(&path, here).unwrap();
    let verified = Command::new("systemd-analyze").arg("verify").arg(&path).output().expect("systemd is installed");
    assert!(verified.status.success() && verified.stderr.is_empty(), "{}", text(&verified));
    let security = Command::new("systemd-analyze").args(["security", "--offline=yes"]).arg(&path).output().unwrap();
    let said = text(&security);
    let level = said.split("Overall exposure level for shiyin.service: ").nth(1).unwrap();
    let level: f32 = level.split_whitespace().next().unwrap().parse().unwrap();
    assert!(level <= 2.0, "{said}");
}
