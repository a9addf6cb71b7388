//! What a verifier says of proofs and stamps: right ones, missing ones, and every kind of wrong one.

use proof::cms;
use proof::crypto::RustCrypto;
use proof::der::Time;
use proof::digest::DigestAlgorithm;
use proof::logged::LogProof;
use proof::oid;
use proof::report::{Report, Verdict};
use proof::tlog::Receipt;
use proof::tsp::TimeStampReq;
use proof::verify::{self, Context, token_der};
use std::sync::Arc;
use trust::authority::Authority;
use trust::clock::{Clock, ClockUnavailable, Reading};
use trust::init::NewInstance;
use trust::keys::KeyAlgorithm;
use trust::ledger::Ledger;
use trust::storage::Storage;
use trust::tsa::{Form, Tsa};

const START: i64 = 1_800_000_000;

/// A clock that stands still.
struct Fixed(i64);

impl Clock for Fixed {
    fn now(&self) -> Result<Reading, ClockUnavailable> {
        Ok(Reading { time: Time::from_unix(self.0), accuracy: None })
    }
}

/// An authority that believes it to be `unix_s`.
struct House {
    tsa: Tsa,
    root: Vec<u8>,
    _folder: tempfile::TempDir,
}

impl House {
    async fn new(unix_s: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let now = Time::from_unix(START);
        let storage = Storage::default();
        let new = NewInstance::evaluation("x", KeyAlgorithm::ALL[..1].to_vec(), storage.clone(), now);
        new.make(&data).await.unwrap();
        let authority = Authority::open(&data, &storage, now).await.unwrap();
        let root = authority.instance.main().root.der.clone();
        let place = authority.instance.log_place(&data, &storage).unwrap();
        let ledger = Ledger::open(&place, Arc::clone(&authority.log), || {}).await.unwrap();
        let tsa = Tsa::new(authority, Form::default(), Box::new(Fixed(unix_s)), ledger).unwrap();
        Self { tsa, root, _folder: folder }
    }

    /// A token over this content, in DER.
    async fn stamp(&self, content: &[u8]) -> Vec<u8> {
        let request = TimeStampReq::encode(&DigestAlgorithm::Sha256.digest(content), None, None, true);
        let reply = self.tsa.respond(None, &request).await.unwrap();
        assert_eq!(reply.refused, None);
        token_der(&reply.der).unwrap().into_owned()
    }
}

fn report(token: &[u8], anchors: &[&House]) -> Report {
    let anchors: Vec<Vec<u8>> = anchors.iter().map(|h| h.root.clone()).collect();
    let content = [DigestAlgorithm::Sha256.digest(b"a")];
    let now = Time::from_unix(START + 86_400);
    verify::verify(token, &Context { content: &content, anchors: &anchors, ..Context::new(&RustCrypto, now) })
}

#[track_caller]
fn says(report: &Report, verdict: Verdict, code: &str) {
    let codes: Vec<_> = report.findings.iter().map(|f| f.code.name()).collect();
    assert!(report.verdict == verdict && codes.contains(&code), "{code}: {} {codes:?}", report.verdict.name());
}

/// The receipt that a token carries.
fn receipt(token: &[u8]) -> String {
    let signed = cms::SignedData::parse(token).unwrap();
    let attribute = &signed.signers[0].unsigned_attributes[0];
    assert_eq!(attribute.oid, oid::LOG_PROOF);
    LogProof::parse(&attribute.values[0]).unwrap().receipt.to_owned()
}

fn with(token: &[u8], receipt: &str, stamps: &[&[u8]]) -> Vec<u8> {
    let attribute = LogProof { receipt, stamps: stamps.to_vec() }.attribute();
    cms::replace_unsigned(token, oid::LOG_PROOF, Some(&attribute)).unwrap()
}

#[tokio::test]
async fn a_token_needs_its_own_proof() {
    let house = House::new(START).await;
    let other = House::new(START).await;
    let (token, second) = (house.stamp(b"a").await, house.stamp(b"a").await);
    says(&report(&token, &[&house]), Verdict::Valid, "log-included");
    says(&report(&token, &[&house]), Verdict::Valid, "backdating-not-excluded");
    let own = receipt(&token);
    assert_eq!(with(&token, &own, &[]), token, "the same proof makes the same token");

    let bare = cms::replace_unsigned(&token, oid::LOG_PROOF, None).unwrap();
    says(&report(&bare, &[&house]), Verdict::Incomplete, "log-proof-missing");
    says(&report(&with(&token, &receipt(&second), &[]), &[&house]), Verdict::Invalid, "log-proof-wrong");
    let foreign = receipt(&other.stamp(b"a").await);
    says(&report(&with(&token, &foreign, &[]), &[&house]), Verdict::Invalid, "log-proof-wrong");
    // Another log under our name: its signature is not of our key.
    let (ours, theirs) = (own.split_once("\n\n").unwrap().1, foreign.split_once("\n\n").unwrap().1);
    let renamed = foreign.replace(theirs.lines().next().unwrap(), ours.lines().next().unwrap());
    says(&report(&with(&token, &renamed, &[]), &[&house]), Verdict::Invalid, "log-proof-wrong");
    let parsed = Receipt::parse(&own).unwrap();
    for (index, size) in [(1, "1"), (0, "2")] {
        let checkpoint = parsed.checkpoint.replacen("\n1\n", &format!("\n{size}\n"), 1);
        let mut inclusion = parsed.inclusion.clone();
        inclusion.index = index;
        let altered = Receipt { extra: None, inclusion, checkpoint: &checkpoint }.encode();
        says(&report(&with(&token, &altered, &[]), &[&house]), Verdict::Invalid, "log-proof-wrong");
    }
    says(&report(&with(&token, "junk", &[]), &[&house]), Verdict::Invalid, "log-proof-wrong");
}

#[tokio::test]
async fn only_another_pinned_authority_bounds_the_time() {
    let house = House::new(START).await;
    let token = house.stamp(b"a").await;
    let own = receipt(&token);
    let checkpoint = Receipt::parse(&own).unwrap().checkpoint.as_bytes().to_vec();
    let (late, later) = (House::new(START + 120).await, House::new(START + 600).await);
    let (first, second) = (late.stamp(&checkpoint).await, later.stamp(&checkpoint).await);
    let stamped = with(&token, &own, &[&second, &first]);

    let both = report(&stamped, &[&house, &late, &later]);
    says(&both, Verdict::Valid, "independent-time");
    assert!(!both.findings.iter().any(|f| f.code.name() == "backdating-not-excluded"));
    let facts = both.facts.unwrap();
    assert_eq!(facts.independent.unwrap().time, Time::from_unix(START + 120), "the earliest counts");
    let finding = both.findings.iter().find(|f| f.code.name() == "independent-time").unwrap();
    assert!(finding.sentence(proof::report::Language::En).contains("(120 s)"), "the gap is told");

    let one = report(&stamped, &[&house, &later]);
    says(&one, Verdict::Valid, "stamp-unconfirmed");
    assert_eq!(one.facts.unwrap().independent.unwrap().time, Time::from_unix(START + 600));
    says(&report(&stamped, &[&house]), Verdict::Valid, "backdating-not-excluded");

    // The authority's own stamp, one over something else, and one that was altered add nothing.
    let itself = house.stamp(&checkpoint).await;
    says(&report(&with(&token, &own, &[&itself]), &[&house]), Verdict::Valid, "stamp-not-independent");
    let unrelated = late.stamp(b"unrelated").await;
    says(&report(&with(&token, &own, &[&unrelated]), &[&house, &late]), Verdict::Valid, "stamp-wrong");
    let mut altered = first.clone();
    let imprint = DigestAlgorithm::Sha256.digest(&checkpoint);
    let at = altered.windows(32).position(|w| w == imprint.as_bytes()).unwrap();
    altered[at] ^= 1;
    let wrong = report(&with(&token, &own, &[&altered]), &[&house, &late]);
    says(&wrong, Verdict::Valid, "stamp-wrong");
    says(&wrong, Verdict::Valid, "backdating-not-excluded");
}

#[tokio::test]
async fn a_token_from_after_it_was_seen_is_refused() {
    let fast = House::new(START + 3600).await;
    let token = fast.stamp(b"a").await;
    let own = receipt(&token);
    let other = House::new(START).await;
    let stamp = other.stamp(Receipt::parse(&own).unwrap().checkpoint.as_bytes()).await;
    says(&report(&with(&token, &own, &[&stamp]), &[&fast, &other]), Verdict::Invalid, "times-contradict");
}

/// A log's promise is in the certificate: who has another certificate made no promise.
#[tokio::test]
async fn other_unsigned_attributes_stay() {
    let house = House::new(START).await;
    let token = house.stamp(b"a").await;
    let mut other = proof::der::Writer::new();
    other.sequence(|w| {
        w.oid(oid::CONTENT_TYPE);
        w.set(|w| w.oid(oid::TST_INFO));
    });
    let both = cms::replace_unsigned(&token, oid::CONTENT_TYPE, Some(&other.into_bytes())).unwrap();
    assert_eq!(cms::SignedData::parse(&both).unwrap().signers[0].unsigned_attributes.len(), 2);
    says(&report(&both, &[&house]), Verdict::Valid, "log-included");
    assert_eq!(cms::replace_unsigned(&both, oid::CONTENT_TYPE, None).unwrap(), token);
}
