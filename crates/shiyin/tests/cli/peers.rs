//! Our tokens in front of others: openssl ts, pyHanko and rfc3161-client accept each one.

use super::{House, ended, openssl, text};
use std::process::Command;

const IMPRINTS: [&str; 6] = ["sha256", "sha384", "sha512", "sha3-256", "sha3-512", "sm3"];

fn checked_by_all(algorithm: &str) {
    let house = House::new(algorithm);
    let root = house.root();
    let root = root.to_str().unwrap();
    let python = std::env::var("SHIYIN_PEERS").expect("SHIYIN_PEERS is set: run the tests with `make test`");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/peers.py");
    for imprint in IMPRINTS {
        house.write(imprint, b"content");
        ended(&house.stamp(&["--digest", imprint, imprint]), 0);
        let token = format!("{imprint}.tsr");
        let arguments = ["ts", "-verify", "-data", imprint, "-in", &token, "-CAfile", root];
        let verified = openssl(&arguments, house.folder.path());
        assert!(text(&verified).contains("Verification: OK"), "{algorithm} {imprint}: {}", text(&verified));
        let shown = openssl(&["ts", "-reply", "-in", &token, "-text"], house.folder.path());
        assert!(text(&shown).contains("Status: Granted."), "{algorithm} {imprint}: {}", text(&shown));
        let output = Command::new(format!("{python}/bin/python"))
            .args([script, imprint, &token, root])
            .current_dir(house.folder.path())
            .output()
            .expect("the Python peers are installed: run `make test`");
        assert!(output.status.success(), "{algorithm} {imprint}: {}", text(&output));
    }
}

#[test]
fn p256_tokens_pass_all_peers() {
    checked_by_all("p256");
}

#[test]
fn p384_tokens_pass_all_peers() {
    checked_by_all("p384");
}

#[test]
fn rsa_2048_tokens_pass_all_peers() {
    checked_by_all("rsa-2048");
}

#[test]
fn rsa_3072_tokens_pass_all_peers() {
    checked_by_all("rsa-3072");
}

#[test]
fn rsa_4096_tokens_pass_all_peers() {
    checked_by_all("rsa-4096");
}
