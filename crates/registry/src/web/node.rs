//! The node behind the pages: its instruments, and what its operator says of itself.

use super::host::ContentHost;
use proof::der::Time;
use proof::digest::Digest;
use proof::tlog::Checkpoint;
use proof::tsp::{FailureInfo, TimeStampReq};
use proof::verify::token_der;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Semaphore;
use trust::clock::watch::{Status, WatchedClock};
use trust::clock::{Clock as _, Fault, SystemClock};
use trust::instance::{Instance, Issued, Mode};
use trust::journal::Journal;
use trust::seal::DocumentSeal;
use trust::tsa::Tsa;

/// How the operator is related to those whose works it stamps (law-4, law-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It stamps for others and has no part in their works.
    Independent,
    /// It stamps its own works.
    OwnWorks,
    /// Both.
    Both,
}

/// Another authority that stamps the log, and the root it is checked against.
#[derive(Clone, Debug)]
pub struct WitnessRoot {
    /// Where it is asked.
    pub url: String,
    /// Its root certificate, in DER.
    pub root: Vec<u8>,
}

/// What the operator says of itself in the configuration.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Where others find the node; empty where it was not said.
    pub url: String,
    /// Where what people sent in is shown from; none where it is only saved.
    pub content: Option<ContentHost>,
    /// Its postal address.
    pub address: String,
    /// How it is reached otherwise.
    pub contact: String,
    /// The number of its filing with the authorities.
    pub filing: String,
    /// How it is related to those whose works it stamps.
    pub relation: Option<Relation>,
    /// The other authorities that stamp its log.
    pub witnesses: Vec<WitnessRoot>,
}

/// What anyone may read of keys and certificates, as of one moment.
pub struct Public {
    /// The instance with its certificates.
    pub instance: Instance,
    /// The newest revocation lists, by the ids of their issuers.
    pub lists: Vec<(String, Issued)>,
}

/// The instruments that pages show and ask.
pub struct Node {
    /// The time stamp authority, with its ledger.
    pub tsa: Tsa,
    /// The clock of a production instance.
    pub clock: Option<Arc<WatchedClock>>,
    /// The public record of clock and keys.
    pub journal: Journal,
    /// What the operator says of itself.
    pub profile: Profile,
    /// Verifications for others must not take the processors from the signing.
    checking: Semaphore,
    public: RwLock<Arc<Public>>,
    seal: RwLock<Option<DocumentSeal>>,
}

/// A stamp that was not made; asking later may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotStamped {
    /// The authority refused, for this reason.
    Refused(FailureInfo),
    /// Its answer held no token.
    NoToken,
}

/// Verifications for others at one time.
const CHECKING_MAX: usize = 2;

impl Node {
    /// A node with these instruments.
    #[must_use]
    pub fn new(
        tsa: Tsa,
        clock: Option<Arc<WatchedClock>>,
        journal: Journal,
        profile: Profile,
        public: Public,
        seal: Option<DocumentSeal>,
    ) -> Self {
        Self {
            tsa,
            clock,
            journal,
            profile,
            checking: Semaphore::const_new(CHECKING_MAX),
            public: RwLock::new(Arc::new(public)),
            seal: RwLock::new(seal),
        }
    }

    /// What signs the documents that the node issues; none where it has no seal, or none that may sign now.
    /// Ask anew for each document: keys change.
    #[must_use]
    pub fn seal(&self) -> Option<DocumentSeal> {
        self.seal.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes on with this seal, or with none.
    pub fn set_seal(&self, seal: Option<DocumentSeal>) {
        *self.seal.write().unwrap_or_else(PoisonError::into_inner) = seal;
    }

    /// Stamps a digest with the node's own authority: a TimeStampResp whose token carries its certificates,
    /// the newest revocation lists and its proof of the log. [`token_der`] takes the token out of it.
    ///
    /// # Errors
    /// Where the authority does not sign now, or not a digest of this kind; then nothing was stamped.
    pub async fn stamp(&self, digest: &Digest) -> Result<Vec<u8>, NotStamped> {
        let request = TimeStampReq::encode(digest, None, None, true);
        // An instance has a main suite: there is always someone to answer.
        let reply = self.tsa.respond(None, &request).await.ok_or(NotStamped::NoToken)?;
        match reply.refused {
            Some(reason) => Err(NotStamped::Refused(reason)),
            None if token_der(&reply.der).is_err() => Err(NotStamped::NoToken),
            None => Ok(reply.der),
        }
    }

    /// Runs a verification beside the requests, a few at a time.
    ///
    /// # Errors
    /// Where it broke off.
    pub async fn check<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
        // The semaphore is never closed.
        let _place = self.checking.acquire().await.map_err(|e| e.to_string())?;
        tokio::task::spawn_blocking(work).await.map_err(|e| e.to_string())
    }

    /// Other authorities that stamp the log: each address once, and none of this node's own roots.
    pub fn witnesses(&self) -> Vec<&WitnessRoot> {
        let public = self.public();
        let is_own = |one: &WitnessRoot| public.instance.suites.iter().any(|suite| suite.root.der == one.root);
        let mut found: Vec<&WitnessRoot> = Vec::new();
        for one in self.profile.witnesses.iter().filter(|one| !is_own(one)) {
            if found.iter().all(|known| known.url != one.url) {
                found.push(one);
            }
        }
        found
    }

    /// Certificates and lists as they are now.
    pub fn public(&self) -> Arc<Public> {
        Arc::clone(&self.public.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes on with these.
    pub fn set_public(&self, public: Public) {
        *self.public.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(public);
    }

    /// Whether it is for trying out only.
    pub fn is_evaluation(&self) -> bool {
        self.public().instance.mode == Mode::Evaluation
    }

    /// The time, by the clock of the tokens where it can be told, else by the host's.
    #[must_use]
    pub fn now(&self) -> Time {
        let told = self.clock.as_ref().and_then(|clock| clock.now().ok());
        let reading = told.or_else(|| SystemClock.now().ok());
        reading.map_or(Time::from_unix(0), |reading| reading.time)
    }

    /// Whether the time can be relied on for what cannot be undone.
    #[must_use]
    pub fn is_time_told(&self) -> bool {
        self.clock.as_ref().is_none_or(|clock| clock.now().is_ok())
    }

    /// What the clock is like now; none in an evaluation instance, which has no watched clock.
    #[must_use]
    pub fn clock_status(&self) -> Option<Status> {
        self.clock.as_ref().map(|clock| clock.status())
    }

    /// The entries of the log.
    #[must_use]
    pub fn log_size(&self) -> u64 {
        Checkpoint::parse(&self.tsa.ledger().checkpoint()).map_or(0, |checkpoint| checkpoint.head.size)
    }

    /// Why it may not sign now; empty where it may.
    #[must_use]
    pub fn unready(&self) -> Vec<&'static str> {
        let mut reasons = Vec::new();
        reasons.extend(self.clock.as_ref().and_then(|c| c.tell().err()).map(Fault::name));
        if self.tsa.is_stopped() {
            reasons.push("self-check-failed");
        }
        reasons
    }
}
