//! Every key algorithm, in a file and, where it can be, in a token: what one signs, both verifiers
//! and, where it knows the algorithm, OpenSSL accept; and nothing else.

use proof::crypto::{AlgorithmIdentifier, PublicKey, RustCrypto, SignatureAlgorithm, Verifier, verify};
use proof::der::Reader;
use std::path::Path;
use std::process::{Command, Stdio};
use trust::aws_lc::AwsLc;
use trust::keys::{Hardware, KeyAlgorithm, Keystore, SigningKey};

fn holds(key: &SigningKey, verifier: &dyn Verifier, message: &[u8], signature: &[u8]) -> bool {
    let identifier = key.algorithm().signature_identifier();
    let identifier = AlgorithmIdentifier::read(&mut Reader::new(&identifier)).unwrap();
    let algorithm = SignatureAlgorithm::from_identifier(&identifier, None).unwrap();
    let spki = key.spki().unwrap();
    verify(verifier, algorithm, &PublicKey::from_spki(&spki).unwrap(), message, signature).is_ok()
}

fn check(key: &SigningKey) {
    let message = b"what is signed";
    let signature = key.sign(message).unwrap();
    let (mut changed, mut cut) = (signature.clone(), signature.clone());
    changed[signature.len() / 2] ^= 1;
    cut.pop();
    for verifier in [&RustCrypto as &dyn Verifier, &AwsLc] {
        assert!(holds(key, verifier, message, &signature), "{key:?}");
        assert!(!holds(key, verifier, b"something else", &signature));
        assert!(!holds(key, verifier, message, &changed));
        assert!(!holds(key, verifier, message, &cut));
    }
    check_with_openssl(key, message, &signature);
}

/// OpenSSL 3.0 knows all but ML-DSA; for that the two verifiers above are each other's witness:
/// AWS-LC signs and RustCrypto, which shares no code with it, verifies.
fn check_with_openssl(key: &SigningKey, message: &[u8], signature: &[u8]) {
    if key.algorithm() == KeyAlgorithm::MlDsa65 {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("key.der"), key.spki().unwrap()).unwrap();
    std::fs::write(at("message"), message).unwrap();
    std::fs::write(at("signature"), signature).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.args(["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin", "-inkey"]).arg(at("key.der"));
    openssl.arg("-in").arg(at("message")).arg("-sigfile").arg(at("signature"));
    match key.algorithm() {
        KeyAlgorithm::Ed25519 => {}
        KeyAlgorithm::Sm2 => drop(openssl.args(["-digest", "sm3", "-pkeyopt", "distid:1234567812345678"])),
        KeyAlgorithm::P384 => drop(openssl.args(["-digest", "sha384"])),
        KeyAlgorithm::Rsa4096 => drop(openssl.args(["-digest", "sha512"])),
        _ => drop(openssl.args(["-digest", "sha256"])),
    }
    let output = openssl.output().unwrap();
    assert!(output.status.success(), "{key:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_algorithm_signs_what_others_accept() {
    let folder = tempfile::tempdir().unwrap();
    let store = Keystore::new(folder.path(), b"passphrase", None);
    for algorithm in KeyAlgorithm::ALL {
        let (key, place) = store.generate(algorithm, "tsa").unwrap();
        check(&key);
        let again = store.open(algorithm, &place).unwrap();
        assert_eq!(again.spki().unwrap(), key.spki().unwrap());
        assert!(store.has(algorithm, &place));
        store.destroy(&place).unwrap();
        assert!(!store.has(algorithm, &place) && store.open(algorithm, &place).is_err());
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// SoftHSM reads its environment when it starts, so the test runs itself again with one.
#[test]
fn keys_in_a_token_sign_and_never_leave_it() {
    if std::env::var_os("SOFTHSM2_CONF").is_some() {
        return in_a_token();
    }
    let folder = tempfile::tempdir().unwrap();
    let conf = folder.path().join("softhsm2.conf");
    std::fs::write(&conf, format!("directories.tokendir = {}\nlog.level = ERROR\n", folder.path().display())).unwrap();
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", "shiyin", "--pin", "2468", "--so-pin", "1357"])
        .env("SOFTHSM2_CONF", &conf)
        .stdout(Stdio::null())
        .status();
    assert!(made.expect("scripts/peers gets softhsm2-util").success());
    let own = std::env::current_exe().unwrap();
    let again = Command::new(own)
        .args(["--exact", "keys_in_a_token_sign_and_never_leave_it", "--nocapture"])
        .env("SOFTHSM2_CONF", &conf)
        .output()
        .unwrap();
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
}

fn in_a_token() {
    let module = Path::new("/usr/lib/softhsm/libsofthsm2.so");
    let error = |opened: Result<Hardware, trust::TrustError>| opened.unwrap_err().to_string();
    assert!(error(Hardware::open(module, "other", "2468")).contains("no token labelled"));
    assert!(error(Hardware::open(module, "shiyin", "0000")).contains("the PIN was not taken"));
    assert!(error(Hardware::open(Path::new("/usr/lib/none.so"), "shiyin", "2468")).contains("no PKCS #11 module"));
    let token = Hardware::open(module, "shiyin", "2468").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = Keystore::new(folder.path(), b"passphrase", Some(token));
    for algorithm in [
        KeyAlgorithm::P256,
        KeyAlgorithm::P384,
        KeyAlgorithm::Ed25519,
        KeyAlgorithm::Rsa2048,
        KeyAlgorithm::Rsa3072,
        KeyAlgorithm::Rsa4096,
    ] {
        let (key, place) = store.generate(algorithm, "tsa").unwrap();
        assert!(place.starts_with("pkcs11:shiyin-tsa-"));
        check(&key);
        assert!(key.to_encrypted_pem(b"x").is_err(), "it does not leave the token");
        let again = store.open(algorithm, &place).unwrap();
        assert_eq!(again.spki().unwrap(), key.spki().unwrap());
        let other = if algorithm == KeyAlgorithm::P256 { KeyAlgorithm::Rsa2048 } else { KeyAlgorithm::P256 };
        assert!(store.open(other, &place).is_err());
        store.destroy(&place).unwrap();
        assert!(store.open(algorithm, &place).is_err());
        assert!(key.sign(b"x").is_err(), "what is destroyed does not sign");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no key is in a file");
    // Many at the same time.
    let (key, _) = store.generate(KeyAlgorithm::P256, "tsa").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..20).for_each(|_| drop(key.sign(b"x").unwrap())));
        }
    });
    // What tokens do not know is kept in a file.
    let (key, place) = store.generate(KeyAlgorithm::MlDsa65, "tsa").unwrap();
    assert!(place.starts_with("file:tsa-"));
    check(&key);
}
