//! The document seal through its life: made with an instance or after it, rotated, revoked, renewed,
//! copied; what OpenSSL says of its certificate, and that no verifier of tokens takes it for a TSA's.

use proof::cms::TokenTemplate;
use proof::crypto::RustCrypto;
use proof::der::Time;
use proof::digest::DigestAlgorithm;
use proof::oid::{self, Oid};
use proof::report::Verdict;
use proof::tsp::{TimeStampReq, TstInfo};
use proof::verify::{self, Context};
use proof::x509::Certificate;
use proof::x509::crl::{Crl, Reason};
use proof::x509::ocsp;
use std::path::{Path, PathBuf};
use std::process::Command;
use store::{Db, Location};
use trust::authority::{self, Authority};
use trust::ceremony::Ceremony;
use trust::certificates::Role;
use trust::init::NewInstance;
use trust::instance::Instance;
use trust::journal::Journal;
use trust::keys::KeyAlgorithm;
use trust::seal::{DocumentSeal, NoSeal};
use trust::storage::Storage;
use trust::tsa::EVALUATION_POLICY;
use trust::{backup, fsck};

const NOW: Time = Time::from_unix(1_800_000_000);
const YEAR_S: i64 = 365 * 86_400;
/// id-data (RFC 5652): any content.
const DATA: Oid<'static> = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01]);

/// An evaluation instance in a folder of its own.
struct House {
    folder: tempfile::TempDir,
    data: PathBuf,
}

impl House {
    async fn new(algorithms: &[KeyAlgorithm]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut new = NewInstance::evaluation("青屿 Ltd", algorithms.to_vec(), Storage::default(), NOW);
        new.url = Some("https://shiyin.example".to_owned());
        new.make(&data).await.unwrap();
        Self { folder, data }
    }

    async fn open(&self, now: Time) -> Authority {
        Authority::open(&self.data, &Storage::default(), now).await.unwrap()
    }

    async fn seal(&self) -> DocumentSeal {
        self.open(NOW).await.seal.unwrap()
    }

    async fn fault(&self, now: Time) -> NoSeal {
        self.open(now).await.seal.unwrap_err()
    }

    async fn ceremony(&self) -> Ceremony {
        Ceremony::begin(&self.data, &Storage::default(), NOW).await.unwrap()
    }

    /// As an instance from before there were seals: no certificate, no key.
    async fn forget_the_seal(&self) {
        let instance = Instance::open(&self.data).await.unwrap();
        let place = instance.seal.unwrap().seal.place;
        std::fs::remove_file(self.data.join("keys").join(place.strip_prefix("file:").unwrap())).unwrap();
        std::fs::remove_file(self.data.join("public/seal.pem")).unwrap();
        let db = Db::attach(&Location::Sqlite(self.data.join("shiyin.db"))).await.unwrap();
        assert_eq!(db.execute("delete from certificate where role = 'seal'", &[]).await.unwrap(), 1);
        db.close().await;
    }

    /// The journal: kinds and roles.
    async fn journal(&self) -> Vec<(String, String)> {
        let journal = Journal::open(&Storage::default().database(&self.data)).await.unwrap();
        let entries = journal.entries(1, 1000).await.unwrap();
        journal.close().await;
        let role = |fields: &serde_json::Map<String, serde_json::Value>| {
            fields.get("role").and_then(|role| role.as_str()).unwrap_or_default().to_owned()
        };
        entries.into_iter().map(|entry| (entry.kind, role(&entry.fields))).collect()
    }
}

fn fingerprint(der: &[u8]) -> String {
    DigestAlgorithm::Sha256.digest(der).to_string()
}

fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl is installed");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

#[tokio::test]
async fn an_instance_is_made_with_a_seal_that_openssl_understands() {
    let house = House::new(&[KeyAlgorithm::P256]).await;
    let seal = house.seal().await;
    let instance = house.open(NOW).await.instance;
    let own = Certificate::parse(&seal.chain()[0]).unwrap();
    assert_eq!(seal.chain()[1], instance.main().issuing.der);
    assert_eq!(seal.root(), instance.main().root.der);
    assert_ne!(own.spki, instance.main().tsa.certificate().unwrap().spki);
    let subject = own.subject.to_string();
    assert!(subject.contains("青屿 Ltd") && subject.contains("Document Seal"), "{subject}");
    assert!(subject.contains("EVALUATION ONLY"), "{subject}");
    assert!(own.extension(oid::LOG_IDENTITY).is_none(), "it promises no log anything");
    assert_eq!(seal.crls().len(), 2);
    assert!(seal.crls().iter().all(|list| Crl::parse(list).is_ok()));
    assert!(house.journal().await.contains(&("certificate-issued".to_owned(), "seal".to_owned())));

    let public = house.data.join("public");
    let shown = openssl(&public, &["x509", "-in", "seal.pem", "-noout", "-text", "-purpose"]);
    for expected in [
        "X509v3 Key Usage: critical\n                Digital Signature, Non Repudiation\n",
        "X509v3 Extended Key Usage: \n                1.3.6.1.5.5.7.3.36\n",
        "URI:https://shiyin.example/crl/",
        "OCSP - URI:https://shiyin.example/ocsp",
        "CA Issuers - URI:https://shiyin.example/ca/",
        "Any Purpose : Yes",
        "Time Stamp signing : No",
        "SSL server : No",
        "SSL client : No",
        "S/MIME signing : No",
    ] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    assert!(!shown.contains("CA:TRUE"), "{shown}");
    let chain = ["verify", "-attime", "1800000000", "-CAfile", "root.pem", "-untrusted", "chain.pem"];
    let verified = openssl(&public, &[&chain[..], &["-purpose", "any", "-x509_strict", "seal.pem"]].concat());
    assert!(verified.contains("seal.pem: OK"), "{verified}");
}

/// What the seal signs is a signature to OpenSSL, over detached content as in a PDF.
#[tokio::test]
async fn openssl_verifies_what_it_signs() {
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Rsa2048] {
        let house = House::new(&[algorithm]).await;
        let seal = house.seal().await;
        let content = b"a document";
        let mut attributes = proof::der::Writer::new();
        attributes.set(|w| {
            w.sequence(|w| {
                w.oid(oid::CONTENT_TYPE);
                w.set(|w| w.oid(DATA));
            });
            w.sequence(|w| {
                w.oid(oid::MESSAGE_DIGEST);
                w.set(|w| w.octets(seal.digest_algorithm().digest(content).as_bytes()));
            });
        });
        let attributes = attributes.into_bytes();
        let signature = seal.sign(&attributes).unwrap();
        std::fs::write(house.folder.path().join("content"), content).unwrap();
        std::fs::write(house.folder.path().join("cms.der"), signed_data(&seal, &attributes, &signature)).unwrap();
        let line = "cms -verify -binary -inform DER -in cms.der -content content -CAfile data/public/root.pem \
                    -attime 1800000000 -purpose any -out out";
        let said = openssl(house.folder.path(), &line.split_whitespace().collect::<Vec<_>>());
        assert!(said.contains("CMS Verification successful"), "{algorithm}: {said}");
    }
}

/// Detached SignedData with one signer (RFC 5652).
fn signed_data(seal: &DocumentSeal, attributes: &[u8], signature: &[u8]) -> Vec<u8> {
    use proof::der::{Writer, tag};
    let certificate = Certificate::parse(&seal.chain()[0]).unwrap();
    let mut w = Writer::new();
    w.sequence(|w| {
        w.oid(oid::SIGNED_DATA);
        w.nested(tag::context_constructed(0), |w| {
            w.sequence(|w| {
                w.integer_u64(1);
                w.set(|w| w.algorithm(seal.digest_algorithm().oid(), false));
                w.sequence(|w| w.oid(DATA));
                w.nested(tag::context_constructed(0), |w| seal.chain().iter().for_each(|der| w.raw(der)));
                w.set(|w| {
                    w.sequence(|w| {
                        w.integer_u64(1);
                        w.sequence(|w| {
                            w.raw(certificate.issuer.der());
                            w.integer(certificate.serial.as_bytes());
                        });
                        w.algorithm(seal.digest_algorithm().oid(), false);
                        w.nested(tag::context_constructed(0), |w| w.raw(&attributes[2..]));
                        w.raw(&seal.signature_identifier());
                        w.octets(signature);
                    });
                });
            });
        });
    });
    w.into_bytes()
}

#[tokio::test]
async fn a_token_signed_by_the_seal_is_refused() {
    let house = House::new(&[KeyAlgorithm::P256]).await;
    let seal = house.seal().await;
    let parts: Vec<&[u8]> = seal.chain().iter().map(Vec::as_slice).collect();
    let template = TokenTemplate::new(&parts, seal.digest_algorithm(), seal.signature_identifier()).unwrap();
    let digest = DigestAlgorithm::Sha256.digest(b"a");
    let request = TimeStampReq::encode(&digest, None, None, true);
    let request = TimeStampReq::parse(&request).unwrap();
    let info = TstInfo::encode(EVALUATION_POLICY, request.imprint_der, &[7], NOW, None, None);
    let attributes = template.signed_attributes(&info);
    let token = template.token(&info, &attributes, &seal.sign(&attributes).unwrap(), true, &[]);
    let anchors = [seal.root().to_vec()];
    let content = [digest];
    let cx = Context { content: &content, anchors: &anchors, ..Context::new(&RustCrypto, NOW.plus_s(60)) };
    let report = verify::verify(&token, &cx);
    let codes: Vec<_> = report.findings.iter().map(|finding| finding.code.name()).collect();
    assert_eq!(report.verdict, Verdict::Invalid, "{codes:?}");
    assert!(codes.contains(&"purpose-missing"), "{codes:?}");
    // The path itself is right: it is the purpose that is refused.
    assert!(codes.contains(&"authority-trusted"), "{codes:?}");
    std::fs::write(house.folder.path().join("token"), &token).unwrap();
    std::fs::write(house.folder.path().join("a"), "a").unwrap();
    let line = "ts -verify -data a -in token -token_in -CAfile data/public/root.pem -attime 1800000000";
    let judged = Command::new("openssl").args(line.split(' ')).current_dir(house.folder.path()).output().unwrap();
    assert!(!judged.status.success(), "openssl takes it for a token");
}

#[tokio::test]
async fn an_evaluation_from_before_seals_gets_one_once() {
    let house = House::new(&[KeyAlgorithm::Sm2, KeyAlgorithm::P384, KeyAlgorithm::P256]).await;
    assert_eq!(house.seal().await.digest_algorithm(), DigestAlgorithm::Sha384, "the first that readers know");
    house.forget_the_seal().await;
    assert_eq!(house.fault(NOW).await, NoSeal::NotMade);
    let storage = Storage::default();
    let complete = || Ceremony::complete_evaluation(&house.data, &storage, NOW);
    assert_eq!(complete().await, Ok(true));
    let made = house.seal().await.chain()[0].clone();
    assert_eq!(complete().await, Ok(false));
    assert_eq!(house.seal().await.chain()[0], made);
    assert!(house.data.join("public/seal.pem").is_file());
    // Where the issuing key is elsewhere, nothing is made.
    house.forget_the_seal().await;
    let issuing = Instance::open(&house.data).await.unwrap().suite(KeyAlgorithm::P384).unwrap().issuing.place.clone();
    let key = house.data.join("keys").join(issuing.strip_prefix("file:").unwrap());
    std::fs::rename(&key, house.folder.path().join("away")).unwrap();
    assert_eq!(complete().await, Ok(false));
    assert_eq!(house.fault(NOW).await, NoSeal::NotMade);
}

#[tokio::test]
async fn an_instance_whose_algorithms_no_reader_knows_has_none_until_it_has_another() {
    let house = House::new(&[KeyAlgorithm::Ed25519, KeyAlgorithm::Sm2]).await;
    assert_eq!(house.fault(NOW).await, NoSeal::NoAlgorithm);
    assert_eq!(Ceremony::complete_evaluation(&house.data, &Storage::default(), NOW).await, Ok(false));
    let mut ceremony = house.ceremony().await;
    for wanted in [None, Some(KeyAlgorithm::Ed25519), Some(KeyAlgorithm::Sm2), Some(KeyAlgorithm::P256)] {
        assert!(ceremony.rotate_seal(wanted).await.is_err(), "{wanted:?}");
    }
    assert!(!house.journal().await.iter().any(|(_, role)| role == "seal"), "a refusal makes no key");
    ceremony.add_suite(KeyAlgorithm::P256, None).await.unwrap();
    ceremony.add_suite(KeyAlgorithm::P384, None).await.unwrap();
    ceremony.end().await;
    assert_eq!(house.seal().await.digest_algorithm(), DigestAlgorithm::Sha256, "the second suite brings no other");
}

#[tokio::test]
async fn a_seal_is_rotated_revoked_and_answered_for() {
    let house = House::new(&[KeyAlgorithm::P256, KeyAlgorithm::P384]).await;
    let tsa = house.open(NOW).await.instance.main().tsa.fingerprint();
    let first = house.seal().await;
    let mut ceremony = house.ceremony().await;
    let in_use = ceremony.find(&fingerprint(&first.chain()[0])).unwrap();
    assert_eq!(in_use.role, Role::Seal);
    let refusal = ceremony.destroy(&in_use).await.unwrap_err().to_string();
    assert!(refusal.contains("keys rotate --seal"), "{refusal}");
    let old = ceremony.rotate_seal(None).await.unwrap().unwrap();
    assert_eq!(old.der, first.chain()[0]);
    let second = house.seal().await;
    assert_ne!(second.chain()[0], first.chain()[0]);
    assert_eq!(house.open(NOW).await.instance.main().tsa.fingerprint(), tsa, "the TSA goes on");
    // Another suite, where it is asked for; then that one is kept.
    ceremony.rotate_seal(Some(KeyAlgorithm::P384)).await.unwrap();
    ceremony.rotate_seal(None).await.unwrap();
    assert_eq!(house.seal().await.digest_algorithm(), DigestAlgorithm::Sha384);
    ceremony.rotate_seal(Some(KeyAlgorithm::P256)).await.unwrap();

    ceremony.revoke(&old, Reason::KeyCompromise, Some(NOW), None).await.unwrap();
    ceremony.destroy(&old).await.unwrap();
    let current = house.seal().await;
    assert!(current.sign(&[0x31, 0]).is_ok(), "the new one is not touched");
    let list = current.crls().iter().map(|der| Crl::parse(der).unwrap());
    let certificate = old.certificate().unwrap();
    let found: Vec<_> = list.filter_map(|list| list.revocation(certificate.serial).ok().flatten()).collect();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].reason, found[0].invalid_from), (Some(Reason::KeyCompromise), Some(NOW)));
    let kinds = house.journal().await;
    for kind in ["key-made", "certificate-issued", "certificate-revoked", "key-destroyed"] {
        assert!(kinds.contains(&(kind.to_owned(), "seal".to_owned())), "{kind}: {kinds:?}");
    }
    assert!(ocsp_says(&house, &old.der, &current.chain()[1]).await.contains("revoked"));
    assert!(ocsp_says(&house, &current.chain()[0], &current.chain()[1]).await.contains("good"));

    // One that is revoked while in use seals nothing more; timestamps go on.
    let in_use = ceremony.find(&fingerprint(&current.chain()[0])).unwrap();
    ceremony.revoke(&in_use, Reason::Superseded, None, None).await.unwrap();
    assert_eq!(house.fault(NOW).await, NoSeal::Revoked);
    ceremony.rotate_seal(None).await.unwrap();
    ceremony.end().await;
    house.seal().await;
}

/// What the responder says of a certificate, in OpenSSL's words.
async fn ocsp_says(house: &House, der: &[u8], issuer: &[u8]) -> String {
    let folder = house.folder.path();
    std::fs::write(folder.join("one.pem"), trust::instance::pem(der)).unwrap();
    std::fs::write(folder.join("issuer.pem"), trust::instance::pem(issuer)).unwrap();
    openssl(folder, &["ocsp", "-issuer", "issuer.pem", "-cert", "one.pem", "-reqout", "request"]);
    let request = std::fs::read(folder.join("request")).unwrap();
    let responders = authority::responders(&house.data, &Storage::default()).await.unwrap();
    let answer = trust::revocation::respond(&responders, &request, NOW.plus_s(60));
    assert!(ocsp::OcspRequest::parse(&request).is_ok());
    std::fs::write(folder.join("answer"), answer).unwrap();
    openssl(folder, &["ocsp", "-respin", "answer", "-resp_text", "-noverify"])
        .lines()
        .find(|line| line.contains("Cert Status"))
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_new_issuing_ca_brings_a_new_seal() {
    let house = House::new(&[KeyAlgorithm::P256, KeyAlgorithm::P384]).await;
    let before = house.seal().await;
    let mut ceremony = house.ceremony().await;
    let renewed = ceremony.renew_issuing(KeyAlgorithm::P384, None).await.unwrap();
    assert!(renewed.seal.is_none(), "the seal is of the other suite");
    assert_eq!(house.seal().await.chain(), before.chain());
    let renewed = ceremony.renew_issuing(KeyAlgorithm::P256, None).await.unwrap();
    assert_eq!(renewed.seal.as_ref().map(|held| &held.der), Some(&before.chain()[0]));
    ceremony.revoke(&renewed.issuing, Reason::CaCompromise, Some(NOW), None).await.unwrap();
    for held in [&renewed.tsa, &renewed.seal.unwrap(), &renewed.issuing] {
        ceremony.destroy(held).await.unwrap();
    }
    ceremony.end().await;
    let after = house.seal().await;
    assert_ne!(after.chain()[1], before.chain()[1]);
    assert_eq!(after.root(), before.root());
}

#[tokio::test]
async fn an_issuer_that_was_revoked_seals_nothing() {
    let house = House::new(&[KeyAlgorithm::P256]).await;
    let issuer = fingerprint(&house.seal().await.chain()[1]);
    let mut ceremony = house.ceremony().await;
    let issuer = ceremony.find(&issuer).unwrap();
    ceremony.revoke(&issuer, Reason::CaCompromise, None, None).await.unwrap();
    ceremony.end().await;
    assert_eq!(house.fault(NOW).await, NoSeal::Revoked);
}

#[tokio::test]
async fn its_end_and_the_loss_of_its_key_stop_nothing_but_the_seal() {
    let house = House::new(&[KeyAlgorithm::P256]).await;
    // The TSA is renewed in time, the seal is not.
    let mut ceremony = Ceremony::begin(&house.data, &Storage::default(), NOW.plus_s(YEAR_S)).await.unwrap();
    ceremony.rotate(KeyAlgorithm::P256).await.unwrap();
    ceremony.end().await;
    assert_eq!(house.fault(NOW.plus_s(2 * YEAR_S)).await, NoSeal::KeyUseOver);
    let place = house.open(NOW.plus_s(YEAR_S)).await.instance.seal.unwrap().seal.place;
    let path = house.data.join("keys").join(place.strip_prefix("file:").unwrap());
    std::fs::write(&path, "junk").unwrap();
    assert!(matches!(house.fault(NOW.plus_s(YEAR_S)).await, NoSeal::NoKey(_)));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(house.fault(NOW.plus_s(YEAR_S)).await, NoSeal::NoKey(_)));
}

#[tokio::test]
async fn a_copy_brings_the_seal_back() {
    let house = House::new(&[KeyAlgorithm::P256]).await;
    let before = house.seal().await;
    let at = |name: &str| house.folder.path().join(name);
    let root = std::fs::read_to_string(house.data.join("public/root.pem")).unwrap();
    let key = "-----BEGIN PRIVATE KEY-----\n";
    let beside = [
        ("shiyin.toml", "\n"),
        ("mail-password", "secret\n"),
        ("peer.pem", &root),
        ("both.pem", &(root.clone() + key)),
    ];
    for (name, content) in beside {
        std::fs::write(house.data.join(name), content).unwrap();
    }
    backup::backup(&house.data, &at("copy"), &at("keys")).await.unwrap();
    let is_seal = |folder: &str| {
        let names = std::fs::read_dir(at(folder)).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().starts_with("seal-")).count()
    };
    assert_eq!((is_seal("keys"), is_seal("copy")), (1, 0));
    for (name, is_secret) in [("shiyin.toml", false), ("mail-password", true), ("peer.pem", false), ("both.pem", true)]
    {
        let there = [at("copy").join(name).exists(), at("keys/beside").join(name).exists()];
        assert_eq!(there, [!is_secret, is_secret], "{name}");
    }
    let checked = backup::restore(&at("copy"), &at("keys"), &at("back"), NOW).await.unwrap();
    assert!(checked.problems.is_empty());
    for (name, content) in beside {
        assert_eq!(std::fs::read_to_string(at("back").join(name)).unwrap(), content, "{name}");
    }
    assert!(!at("back/keys/beside").exists());
    let back = Authority::open(&at("back"), &Storage::default(), NOW).await.unwrap();
    assert_eq!(back.seal.unwrap().chain(), before.chain());
    let checked = fsck::check(&house.data, &Storage::default(), NOW).await.unwrap();
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
}
