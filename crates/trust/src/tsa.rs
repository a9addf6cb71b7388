//! The time stamp authority (RFC 3161): a request in, a response out.
//!
//! Knows no transport. Every answer is a TimeStampResp, refusals too. A token is
//! logged and then verified in full, down to the root, before it leaves; the first one that does
//! not verify stops the authority until it is started again.

use crate::TrustError;
use crate::authority::Authority;
use crate::aws_lc::AwsLc;
use crate::clock::{Clock, ClockUnavailable};
use crate::keys::{self, KeyAlgorithm};
use crate::ledger::{AppendError, Included, Ledger};
use aws_lc_rs::rand::SystemRandom;
use proof::cms::TokenTemplate;
use proof::crypto::Verifier as _;
use proof::der::Time;
use proof::digest::{Digest, DigestAlgorithm};
use proof::logged::{LogProof, token_entry};
use proof::oid::Oid;
use proof::report::Verdict;
use proof::tsp::{FailureInfo, TimeStampReq, TimeStampResp, TstInfo};
use proof::verify::{self, Context, PathMemo};
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::runtime::{Handle, RuntimeFlavor};

/// The policy of evaluation instances, 2.25 and the UUID
/// dc71ea10-b479-43b8-8b63-647270946c9c: a promise of nothing. It stands apart from
/// every registered policy, so that no evaluation token can pass for another.
pub const EVALUATION_POLICY: Oid<'static> = Oid::known(&[
    0x69, 0x83, 0xb8, 0xf1, 0xf5, 0x84, 0x96, 0xc7, 0xca, 0x8e, 0xf1, 0x8b, 0xb1, 0xd9, 0x8e, 0xa7, 0x84, 0xd1, 0xd9,
    0x1c,
]);

/// A response and what became of the request.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The TimeStampResp.
    pub der: Vec<u8>,
    /// None where a token was granted.
    pub refused: Option<FailureInfo>,
}

/// An authority that answers requests.
pub struct Tsa {
    authority: Authority,
    template: TokenTemplate,
    clock: Box<dyn Clock>,
    random: SystemRandom,
    memo: PathMemo,
    anchors: [Vec<u8>; 1],
    /// Set when a token of ours did not verify: something is broken, and more tokens would be too.
    stopped: AtomicBool,
    ledger: Ledger,
}

impl Tsa {
    /// An authority that tells the time by `clock` and puts its tokens into `ledger`.
    ///
    /// # Errors
    /// Broken where the TSA certificate cannot be used or names another log.
    pub fn new(authority: Authority, clock: Box<dyn Clock>, ledger: Ledger) -> Result<Self, TrustError> {
        if authority.log.identity() != *ledger.identity() {
            return Err(TrustError::Broken("the TSA certificate names another log".to_owned()));
        }
        let chain: Vec<&[u8]> = authority.chain.iter().map(Vec::as_slice).collect();
        let algorithm = authority.key.algorithm();
        let template = TokenTemplate::new(&chain, algorithm.digest(), algorithm.signature_identifier())
            .map_err(|e| TrustError::Broken(format!("the TSA certificate cannot be used: {e}")))?;
        let anchors = [authority.root.clone()];
        Ok(Self {
            authority,
            template,
            clock,
            random: SystemRandom::new(),
            memo: PathMemo::new(),
            anchors,
            stopped: AtomicBool::new(false),
            ledger,
        })
    }

    /// The log behind it.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Lets what is under way finish, and lets go of the log.
    pub async fn close(self) {
        self.ledger.close().await;
    }

    /// The authority behind it.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Answers one request; the token is in the log, durably, before this returns.
    pub async fn respond(&self, body: &[u8]) -> Reply {
        match self.grant(body).await {
            Ok(der) => Reply { der, refused: None },
            Err((failure, sentence)) => {
                Reply { der: TimeStampResp::encode_rejection(failure, &sentence), refused: Some(failure) }
            }
        }
    }

    async fn grant(&self, body: &[u8]) -> Result<Vec<u8>, (FailureInfo, String)> {
        let request = TimeStampReq::parse(body).map_err(|e| (e.failure(), e.remedy().to_owned()))?;
        let signed = self.off_the_connections(|| self.sign(&request))?;
        let entry = token_entry(signed.time, &signed.token_digest());
        let included = self.ledger.append(entry, signed.time).await.map_err(|error| match error {
            AppendError::Refused(_) => (FailureInfo::SystemFailure, "the log takes nothing now; try later".to_owned()),
            AppendError::Stopped => fault(),
        })?;
        self.release(&request, &signed, &included)
    }

    /// RSA takes milliseconds, in which other connections must go on.
    fn off_the_connections<T>(&self, work: impl FnOnce() -> T) -> T {
        let is_fast = matches!(self.authority.key.algorithm(), KeyAlgorithm::P256 | KeyAlgorithm::P384);
        match Handle::current().runtime_flavor() {
            RuntimeFlavor::MultiThread if !is_fast => tokio::task::block_in_place(work),
            _ => work(),
        }
    }

    /// Checks a request and signs a token for it. Nobody sees the token yet.
    fn sign(&self, request: &TimeStampReq<'_>) -> Result<Signed, (FailureInfo, String)> {
        check(request)?;
        if self.stopped.load(Ordering::Acquire) {
            return Err(fault());
        }
        let reading = self.clock.now().map_err(|ClockUnavailable(_)| {
            (FailureInfo::TimeNotAvailable, "the clock cannot be trusted now; try later".to_owned())
        })?;
        let serial = self.serial().map_err(|_| fault())?;
        let nonce = request.nonce.map(|n| n.as_bytes());
        let imprint = request.imprint_der;
        let tst_info = TstInfo::encode(EVALUATION_POLICY, imprint, &serial, reading.time, reading.accuracy, nonce);
        let attributes = self.template.signed_attributes(&tst_info);
        let signature = self.authority.key.sign(&attributes).map_err(|_| fault())?;
        Ok(Signed { time: reading.time, tst_info, attributes, signature })
    }

    /// Puts the proof into the token, and checks all of it as anyone would.
    fn release(
        &self,
        request: &TimeStampReq<'_>,
        signed: &Signed,
        included: &Included,
    ) -> Result<Vec<u8>, (FailureInfo, String)> {
        let receipt = included.receipt();
        let proof = LogProof { receipt: &receipt, stamps: Vec::new() }.attribute();
        let Signed { tst_info, attributes, signature, time } = signed;
        let token = self.template.token(tst_info, attributes, signature, request.cert_req, &proof);
        let response = TimeStampResp::encode_granted(&token);
        let cx = Context {
            request: Some(request),
            anchors: &self.anchors,
            certificates: &self.authority.chain,
            memo: Some(&self.memo),
            ..Context::new(&AwsLc, *time)
        };
        if verify::verify_response(&response, &cx).verdict != Verdict::Valid {
            self.stopped.store(true, Ordering::Release);
            return Err(fault());
        }
        Ok(response)
    }

    /// 127 random bits with a fixed length: unique over a cluster and after a crash without
    /// anyone keeping count (RFC 3161 section 2.4.2 asks for no more than uniqueness).
    fn serial(&self) -> Result<[u8; 16], TrustError> {
        let mut serial = [0; 16];
        keys::fill_random(&self.random, &mut serial)?;
        serial[0] = serial[0] & 0x3f | 0x40;
        Ok(serial)
    }
}

/// A token's parts before it is in the log.
struct Signed {
    time: Time,
    tst_info: Vec<u8>,
    /// As a SET, in DER.
    attributes: Vec<u8>,
    signature: Vec<u8>,
}

impl Signed {
    fn token_digest(&self) -> Digest {
        AwsLc.digest(DigestAlgorithm::Sha256, &[&self.attributes, &self.signature])
    }
}

fn fault() -> (FailureInfo, String) {
    (FailureInfo::SystemFailure, "the authority cannot sign; try later".to_owned())
}

/// What RFC 3161 section 2.4.1 has an authority refuse.
fn check(request: &TimeStampReq<'_>) -> Result<(), (FailureInfo, String)> {
    let offered = || DigestAlgorithm::IMPRINTS.map(DigestAlgorithm::name).join(", ");
    let algorithm = request.imprint.algorithm.digest().filter(|a| DigestAlgorithm::IMPRINTS.contains(a));
    let Some(algorithm) = algorithm else {
        return Err((FailureInfo::BadAlg, format!("the digest algorithm is not accepted; use one of {}", offered())));
    };
    if request.imprint.digest().is_none() {
        let sentence = format!("a {algorithm} digest has {} bytes", algorithm.length());
        return Err((FailureInfo::BadDataFormat, sentence));
    }
    if request.policy.is_some_and(|policy| policy != EVALUATION_POLICY) {
        let sentence = format!("the only policy is {EVALUATION_POLICY}; leave reqPolicy out or ask for it");
        return Err((FailureInfo::UnacceptedPolicy, sentence));
    }
    if request.has_extensions {
        return Err((FailureInfo::UnacceptedExtension, "no extension is supported; leave extensions out".to_owned()));
    }
    Ok(())
}
