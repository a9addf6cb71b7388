//! The document seal as operators and readers meet it: instances from before it, its commands, what the
//! server publishes of it, and what OpenSSL and pyHanko say of what it signed.

use super::http::get;
use super::production::{Sources, production};
use super::{House, ended, names, openssl, text};
use std::path::Path;
use std::process::{Command, Output};

/// As an instance that was made before there were seals.
fn forget(house: &House) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let forgotten = runtime.block_on(async {
        let db = store::Db::attach(&store::Location::Sqlite(house.path("data/shiyin.db"))).await.unwrap();
        let forgotten = db.execute("delete from certificate where role = 'seal'", &[]).await.unwrap();
        db.close().await;
        forgotten
    });
    assert_eq!(forgotten, 1);
    let keys = house.path("data/keys");
    let own = names(&keys).into_iter().filter(|name| name.starts_with("seal-"));
    own.for_each(|name| std::fs::remove_file(keys.join(name)).unwrap());
    std::fs::remove_file(house.path("data/public/seal.pem")).unwrap();
}

fn seals(house: &House) -> Vec<String> {
    names(&house.path("data/keys")).into_iter().filter(|name| name.starts_with("seal-")).collect()
}

/// What the server says of its seal to programs.
fn published(house: &House) -> serde_json::Value {
    let body = get(house, "/api/v1/authority").1;
    serde_json::from_slice::<serde_json::Value>(&body).unwrap()["seal"].clone()
}

fn doctor(house: &House) -> Output {
    house.run("doctor", &["--data", "data"])
}

/// The fingerprint in the line of `keys list` that is marked and of this role.
fn in_use(house: &House) -> Option<String> {
    let listed = text(&house.run("keys", &["list", "--data", "data"]));
    let line = listed.lines().find(|line| line.starts_with("* seal "))?;
    line.split(' ').nth(3).map(str::to_owned)
}

/// pyHanko signs with the seal's key, or judges what was signed.
pub fn peer(folder: &Path, arguments: &[&str]) -> String {
    let python = std::env::var("SHIYIN_PEERS").expect("make test sets SHIYIN_PEERS");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/seal.py");
    let output =
        Command::new(format!("{python}/bin/python")).arg(script).args(arguments).current_dir(folder).output().unwrap();
    ended(&output, 0);
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn an_evaluation_from_before_seals_has_one_once_it_is_served() {
    let mut house = House::new("p256");
    let first = in_use(&house).unwrap();
    assert_eq!(published(&house)["signs"], true);
    house.stop();
    forget(&house);
    assert!(text(&doctor(&house)).contains("! There is no document seal yet"), "{}", text(&doctor(&house)));
    house.start("data");
    let made = in_use(&house).unwrap();
    assert_ne!(made, first);
    assert_eq!((published(&house)["signs"].clone(), seals(&house).len()), (true.into(), 1));
    assert!(get(&house, "/seal.pem").1.starts_with(b"-----BEGIN CERTIFICATE-----"));
    let journal = String::from_utf8(get(&house, "/journal").1).unwrap();
    assert_eq!(journal.matches("\"role\":\"seal\"").count(), 4, "two keys, two certificates: {journal}");
    // Once.
    house.stop();
    house.start("data");
    assert_eq!(in_use(&house).unwrap(), made);
    house.stop();
    ended(&house.run("fsck", &["--data", "data"]), 0);
}

#[test]
fn an_instance_that_readers_do_not_know_says_why_it_has_no_seal() {
    let house = House::new("ed25519");
    assert_eq!((in_use(&house), published(&house)), (None, serde_json::Value::Null));
    assert!(get(&house, "/seal.pem").0.starts_with("HTTP/1.1 404"));
    let said = doctor(&house);
    ended(&said, 0);
    assert!(text(&said).contains("! There is no document seal: PDF readers know") && text(&said).contains("add-suite"));
    ended(&house.run("keys", &["rotate", "--seal", "--data", "data"]), 9);
    ended(&house.run("keys", &["rotate", "--seal", "--algorithm", "ed25519", "--data", "data"]), 9);
    ended(&house.run("keys", &["rotate", "--seal", "--algorithm", "p256", "--data", "data"]), 9);
    ended(&house.run("keys", &["rotate", "--seal", "--algorithm", "des", "--data", "data"]), 2);
    assert_eq!(seals(&house), [""; 0]);
}

#[test]
fn a_production_instance_gets_its_seal_by_a_command_and_lives_with_it() {
    let sources = Sources::new();
    let mut house = production(&sources, "");
    house.stop();
    forget(&house);
    house.start("data");
    assert_eq!(in_use(&house), None, "nobody but the operator makes a key of production");
    assert_eq!(published(&house), serde_json::Value::Null);
    assert!(house.messages().contains("not-made"), "{}", house.messages());
    house.write("a.txt", b"a");
    ended(&house.stamp(&["a.txt"]), 0);
    let said = doctor(&house);
    assert!(text(&said).contains("shiyin keys rotate --seal"), "{}", text(&said));

    let made = house.run("keys", &["rotate", "--seal", "--data", "data"]);
    ended(&made, 0);
    house.look_again();
    let first = in_use(&house).unwrap();
    assert!(text(&made).contains(&first) && text(&doctor(&house)).contains("✓ The document seal opens"));
    assert_eq!(published(&house)["signs"], true);
    let page = String::from_utf8(get(&house, "/authority").1).unwrap();
    assert!(page.contains("/seal.pem") && page.contains("Document Seal"), "{page}");
    let line = "verify -CAfile data/public/root.pem -untrusted data/public/chain.pem -purpose any data/public/seal.pem";
    let verified = openssl(&line.split(' ').collect::<Vec<_>>(), house.folder.path());
    assert!(text(&verified).contains("seal.pem: OK"), "{}", text(&verified));
    let line = "x509 -in data/public/seal.pem -noout -nameopt utf8 -text -purpose";
    let shown = text(&openssl(&line.split(' ').collect::<Vec<_>>(), house.folder.path()));
    for expected in ["1.3.6.1.5.5.7.3.36", "示例存证有限公司", "Any Purpose : Yes", "Time Stamp signing : No"] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    let explained = text(&house.run("inspect", &["data/public/seal.pem"]));
    assert!(explained.contains("id-kp-documentSigning"), "{explained}");

    let rotated = house.run("keys", &["rotate", "--seal", "--data", "data"]);
    let second = in_use(&house).unwrap();
    assert!(text(&rotated).contains(&first) && text(&rotated).contains(&second), "{}", text(&rotated));
    ended(&house.run("keys", &["destroy", &second, "--data", "data"]), 9);
    ended(&house.run("keys", &["destroy", &first, "--data", "data"]), 0);
    assert_eq!(seals(&house).len(), 1);
    house.look_again();
    let revoked = house.run("keys", &["revoke", &second, "--reason", "superseded", "--data", "data"]);
    assert!(text(&revoked).contains("rotate --seal"), "{}", text(&revoked));
    house.look_again();
    assert_eq!(published(&house)["signs"], false);
    assert!(text(&doctor(&house)).contains("✗ The certificate of the document seal is revoked"));
    ended(&doctor(&house), 1);
    let page = String::from_utf8(get(&house, "/authority").1).unwrap();
    assert!(page.contains("Revoked") || page.contains("已吊销"), "{page}");
    house.write("b.txt", b"b");
    ended(&house.stamp(&["b.txt"]), 0);
    ended(&house.run("keys", &["rotate", "--seal", "--data", "data"]), 0);
    house.look_again();
    assert_eq!(published(&house)["signs"], true);

    // A key that is not the certificate's, and one that is not there.
    let path = house.path("data/keys");
    let held = |house: &House| text(&house.run("keys", &["list", "--data", "data"]));
    let own = held(&house).lines().find(|l| l.starts_with("* seal ")).unwrap().to_owned();
    let own = path.join(own.split_once("file:").unwrap().1.split(',').next().unwrap());
    let other = names(&path).into_iter().find(|name| name.starts_with("tsa-")).unwrap();
    std::fs::copy(path.join(other), &own).unwrap();
    assert!(text(&doctor(&house)).contains("✗ The seal's certificate is not for the seal's key"));
    std::fs::remove_file(&own).unwrap();
    assert!(text(&doctor(&house)).contains("✗ The key of the document seal cannot be opened"));
    ended(&house.run("keys", &["rotate", "--seal", "--data", "data"]), 0);
    house.look_again();
    assert_eq!(published(&house)["signs"], true);
    house.stop();
    ended(&house.run("fsck", &["--data", "data"]), 0);
}

/// An AdES validation with its default constraints, by the implementation that readers are measured by.
#[test]
fn pyhanko_takes_the_seal_for_an_advanced_one() {
    for algorithm in ["p256", "rsa-2048"] {
        let house = House::new(algorithm);
        let folder = house.folder.path();
        assert_eq!(peer(folder, &["sign", "a.pdf", "data", &format!("{}/tsa", house.url)]), "");
        let issuers = String::from_utf8(get(&house, "/crl").1).unwrap();
        let mut judge = vec!["judge".to_owned(), "a.pdf".to_owned(), "data/public/root.pem".to_owned()];
        for (number, place) in issuers.lines().enumerate() {
            house.write(&format!("{number}.crl"), &get(&house, place).1);
            judge.push(format!("{number}.crl"));
        }
        let judge: Vec<&str> = judge.iter().map(String::as_str).collect();
        assert_eq!(peer(folder, &judge), "AdESPassed.OK");
        let mut bytes = std::fs::read(folder.join("a.pdf")).unwrap();
        let at = bytes.windows(3).position(|w| w == b"842").unwrap();
        bytes[at] = b'9';
        std::fs::write(folder.join("a.pdf"), bytes).unwrap();
        assert_eq!(peer(folder, &judge), "AdESFailure.HASH_FAILURE");
    }
}
