//! The time stamp authority (RFC 3161): a request in, a response out.
//!
//! Knows no transport. Every answer is a TimeStampResp, refusals too. A token is
//! logged and then verified in full, down to the root, before it leaves; the first one that does
//! not verify stops the authority until it is started again.

use crate::TrustError;
use crate::authority::{Authority, Signer};
use crate::aws_lc::AwsLc;
use crate::clock::{Clock, ClockUnavailable};
use crate::keys::{self, KeyAlgorithm, SigningKey};
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
use std::sync::{Arc, PoisonError, RwLock};
use tokio::runtime::{Handle, RuntimeFlavor};

/// The policy of evaluation instances, 2.25 and the UUID
/// dc71ea10-b479-43b8-8b63-647270946c9c: a promise of nothing. It stands apart from
/// every registered policy, so that no evaluation token can pass for another.
pub const EVALUATION_POLICY: Oid<'static> = Oid::known(&[
    0x69, 0x83, 0xb8, 0xf1, 0xf5, 0x84, 0x96, 0xc7, 0xca, 0x8e, 0xf1, 0x8b, 0xb1, 0xd9, 0x8e, 0xa7, 0x84, 0xd1, 0xd9,
    0x1c,
]);

/// The policy of production instances that name no other, 2.25 and the UUID
/// 1a4cf8f9-566a-4431-b38f-d9268cca750b: what docs/conformance/policy.md says is met is promised.
pub const PRODUCTION_POLICY: &str = "2.25.34959592243794810280617421363617625355";

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
    ready: RwLock<Arc<Ready>>,
    clock: Box<dyn Clock>,
    random: SystemRandom,
    memo: PathMemo,
    /// Set when a token of ours did not verify: something is broken, and more tokens would be too.
    stopped: AtomicBool,
    ledger: Ledger,
}

/// What is looked at again when keys or lists change.
struct Ready {
    policy: Vec<u8>,
    signers: Vec<ReadySigner>,
}

struct ReadySigner {
    algorithm: KeyAlgorithm,
    key: SigningKey,
    template: TokenTemplate,
    chain: Vec<Vec<u8>>,
    anchors: [Vec<u8>; 1],
}

/// How tokens are written where there is a choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// SM2 tokens in the SignedData of GM/T 0010, and not in that of PKCS #7.
    pub gmt_signed_data: bool,
}

impl Ready {
    fn new(authority: Authority, ledger: &Ledger, form: Form) -> Result<Self, TrustError> {
        if authority.log.identity() != *ledger.identity() {
            return Err(TrustError::Broken("the TSA certificate names another log".to_owned()));
        }
        let policy = authority.instance.policy.clone();
        let signers = authority.signers.into_iter().map(|s| ReadySigner::new(s, form)).collect::<Result<_, _>>()?;
        Ok(Self { policy, signers })
    }

    fn policy(&self) -> Oid<'_> {
        Oid::from_content(&self.policy).unwrap_or(EVALUATION_POLICY)
    }
}

impl ReadySigner {
    fn new(signer: Signer, form: Form) -> Result<Self, TrustError> {
        let algorithm = signer.suite.algorithm;
        let chain = signer.suite.chain();
        let parts: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
        let template = TokenTemplate::new(&parts, algorithm.digest(), algorithm.signature_identifier())
            .map_err(|e| TrustError::Broken(format!("the TSA certificate cannot be used: {e}")))?;
        let mut template = template.with_crls(&signer.crls);
        if form.gmt_signed_data && algorithm == KeyAlgorithm::Sm2 {
            template = template.as_gmt();
        }
        Ok(Self { algorithm, key: signer.key, template, chain, anchors: [signer.suite.root.der] })
    }
}

impl Tsa {
    /// An authority that tells the time by `clock` and puts its tokens into `ledger`.
    ///
    /// # Errors
    /// Broken where a TSA certificate cannot be used or names another log.
    pub fn new(authority: Authority, form: Form, clock: Box<dyn Clock>, ledger: Ledger) -> Result<Self, TrustError> {
        let ready = Ready::new(authority, &ledger, form)?;
        Ok(Self {
            ready: RwLock::new(Arc::new(ready)),
            clock,
            random: SystemRandom::new(),
            memo: PathMemo::new(),
            stopped: AtomicBool::new(false),
            ledger,
        })
    }

    /// Goes on with what the authority is now: other keys, newer lists, the same log.
    ///
    /// # Errors
    /// As [`Tsa::new`]; then it goes on with what it was.
    pub fn look_again(&self, authority: Authority, form: Form) -> Result<(), TrustError> {
        let ready = Arc::new(Ready::new(authority, &self.ledger, form)?);
        *self.ready.write().unwrap_or_else(PoisonError::into_inner) = ready;
        Ok(())
    }

    fn ready(&self) -> Arc<Ready> {
        Arc::clone(&self.ready.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The log behind it.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Whether it has stopped because one of its own tokens did not verify.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Lets what is under way finish, and lets go of the log.
    pub async fn close(self) {
        self.ledger.close().await;
    }

    /// Answers one request by the main suite, or by that of `algorithm`; the token is in the log,
    /// durably, before this returns. None where there is no such suite.
    pub async fn respond(&self, algorithm: Option<KeyAlgorithm>, body: &[u8]) -> Option<Reply> {
        let ready = self.ready();
        let signer = match algorithm {
            None => ready.signers.first(),
            Some(wanted) => ready.signers.iter().find(|s| s.algorithm == wanted),
        }?;
        Some(match self.grant(&ready, signer, body).await {
            Ok(der) => Reply { der, refused: None },
            Err((failure, sentence)) => {
                Reply { der: TimeStampResp::encode_rejection(failure, &sentence), refused: Some(failure) }
            }
        })
    }

    async fn grant(&self, ready: &Ready, signer: &ReadySigner, body: &[u8]) -> Result<Vec<u8>, (FailureInfo, String)> {
        let request = TimeStampReq::parse(body).map_err(|e| (e.failure(), e.remedy().to_owned()))?;
        check(&request, ready.policy())?;
        let signed = signer.off_the_connections(|| self.sign(signer, ready.policy(), &request))?;
        let entry = token_entry(signed.time, &signed.token_digest());
        let included = self.ledger.append(entry, signed.time).await.map_err(|error| match error {
            AppendError::Refused(_) => (FailureInfo::SystemFailure, "the log takes nothing now; try later".to_owned()),
            AppendError::Stopped => fault(),
        })?;
        self.release(signer, &request, &signed, &included)
    }

    /// Signs a token for a request that was checked. Nobody sees the token yet.
    fn sign(
        &self,
        signer: &ReadySigner,
        policy: Oid<'_>,
        request: &TimeStampReq<'_>,
    ) -> Result<Signed, (FailureInfo, String)> {
        if self.stopped.load(Ordering::Acquire) {
            return Err(fault());
        }
        let reading = self.clock.now().map_err(|ClockUnavailable(_)| {
            (FailureInfo::TimeNotAvailable, "the clock cannot be trusted now; try later".to_owned())
        })?;
        let serial = self.serial().map_err(|_| fault())?;
        let nonce = request.nonce.map(|n| n.as_bytes());
        let imprint = request.imprint_der;
        let tst_info = TstInfo::encode(policy, imprint, &serial, reading.time, reading.accuracy, nonce);
        let attributes = signer.template.signed_attributes(&tst_info);
        let signature = signer.key.sign(&attributes).map_err(|_| fault())?;
        Ok(Signed { time: reading.time, tst_info, attributes, signature })
    }

    /// Puts the proof into the token, and checks all of it as anyone would.
    fn release(
        &self,
        signer: &ReadySigner,
        request: &TimeStampReq<'_>,
        signed: &Signed,
        included: &Included,
    ) -> Result<Vec<u8>, (FailureInfo, String)> {
        let receipt = included.receipt();
        let proof = LogProof { receipt: &receipt, stamps: Vec::new() }.attribute();
        let Signed { tst_info, attributes, signature, time } = signed;
        let token = signer.template.token(tst_info, attributes, signature, request.cert_req, &proof);
        let response = TimeStampResp::encode_granted(&token);
        let cx = Context {
            request: Some(request),
            anchors: &signer.anchors,
            certificates: &signer.chain,
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

impl ReadySigner {
    /// RSA and hardware take milliseconds, in which other connections must go on.
    fn off_the_connections<T>(&self, work: impl FnOnce() -> T) -> T {
        match Handle::current().runtime_flavor() {
            RuntimeFlavor::MultiThread if !self.key.is_fast() => tokio::task::block_in_place(work),
            _ => work(),
        }
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
fn check(request: &TimeStampReq<'_>, own: Oid<'_>) -> Result<(), (FailureInfo, String)> {
    let offered = || DigestAlgorithm::IMPRINTS.map(DigestAlgorithm::name).join(", ");
    let algorithm = request.imprint.algorithm.digest().filter(|a| DigestAlgorithm::IMPRINTS.contains(a));
    let Some(algorithm) = algorithm else {
        return Err((FailureInfo::BadAlg, format!("the digest algorithm is not accepted; use one of {}", offered())));
    };
    if request.imprint.digest().is_none() {
        let sentence = format!("a {algorithm} digest has {} bytes", algorithm.length());
        return Err((FailureInfo::BadDataFormat, sentence));
    }
    if request.policy.is_some_and(|policy| policy != own) {
        let sentence = format!("the only policy is {own}; leave reqPolicy out or ask for it");
        return Err((FailureInfo::UnacceptedPolicy, sentence));
    }
    if request.has_extensions {
        return Err((FailureInfo::UnacceptedExtension, "no extension is supported; leave extensions out".to_owned()));
    }
    Ok(())
}
