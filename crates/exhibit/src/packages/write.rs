//! Writing a package, file by file, into what is being sent.
//!
//! The manifest comes last, since it lists what went before; in it and in its token nothing of an owner
//! is named. What breaks off leaves a ZIP without a directory, which no program takes for a whole one.

use super::originals::Tally;
use super::{Packages, readme};
use crate::certificates::Certificates;
use crate::verification::{anchors, offline};
use proof::der::Time;
use proof::digest::DigestAlgorithm;
use proof::manifest::{Entry as Line, Manifest};
use proof::package::{Part, RecordPart};
use proof::record::EvidenceNumber;
use registry::accounts::audit::Act;
use registry::evidence::{Kept, Party, State};
use registry::holdings::Content;
use registry::web::Fault;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::time::timeout;
use trust::ledger::prove::Prover;
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

/// How long a receiver may take nothing before the package is given up.
const SEND_TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes that are sent together.
const CHUNK_BYTES: usize = 64 << 10;
/// Bytes of an original that are read together.
const PIECE_BYTES: usize = 1 << 20;

/// What belongs into a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// Names, statements, certificates and the originals that are kept here: what the owner hands to a court.
    Originals,
    /// The same without originals.
    Everything,
    /// What proves, without anything that names somebody.
    NoNames,
}

impl Holds {
    /// Whether anybody is named.
    pub(super) fn has_names(self) -> bool {
        self != Self::NoNames
    }
}

/// What was written and not sent yet.
#[derive(Clone, Default)]
struct Outlet(Arc<Mutex<Vec<u8>>>);

impl Outlet {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A package that is being written.
pub(super) struct Writing {
    zip: ZipWriter<StreamWriter<Outlet>>,
    outlet: Outlet,
    to: Sender<Result<Vec<u8>, io::Error>>,
    folder: String,
    lines: Vec<Line>,
}

impl Writing {
    fn new(to: Sender<Result<Vec<u8>, io::Error>>, folder: &str) -> Self {
        let outlet = Outlet::default();
        let zip = ZipWriter::new_stream(outlet.clone());
        Self { zip, outlet, to, folder: folder.to_owned(), lines: Vec::new() }
    }

    async fn put(&mut self, part: &Part, bytes: &[u8]) -> Result<(), Fault> {
        let path = part.path();
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        self.zip.start_file(format!("{}/{path}", self.folder), options).map_err(Fault::broken)?;
        self.zip.write_all(bytes).map_err(Fault::broken)?;
        if part.is_listed() {
            let digest = DigestAlgorithm::Sha256.digest(bytes);
            self.lines.push(Line::new(path, bytes.len() as u64, digest.as_bytes(), false));
        }
        if self.outlet.len() >= CHUNK_BYTES { self.send().await } else { Ok(()) }
    }

    /// An original, as it is read.
    pub(super) async fn stream(&mut self, part: &Part, mut content: Content) -> Result<(), Fault> {
        let (path, size) = (part.path(), content.holding.size);
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        let options = options.large_file(size >= u64::from(u32::MAX));
        self.zip.start_file(format!("{}/{path}", self.folder), options).map_err(Fault::broken)?;
        let (mut hasher, mut at) = (DigestAlgorithm::Sha256.hasher(), 0);
        while at < size {
            let bytes = content.read_at(at, PIECE_BYTES).await?;
            if bytes.is_empty() {
                return Err(Fault::broken("an original ends early"));
            }
            hasher.update(&bytes);
            self.zip.write_all(&bytes).map_err(Fault::broken)?;
            at += bytes.len() as u64;
            self.send().await?;
        }
        self.lines.push(Line::new(path, size, hasher.finish().as_bytes(), false));
        Ok(())
    }

    async fn send(&mut self) -> Result<(), Fault> {
        let sent = timeout(SEND_TIMEOUT, self.to.send(Ok(self.outlet.take()))).await;
        sent.ok().and_then(Result::ok).ok_or_else(|| Fault::broken("the receiver went away, or takes nothing any more"))
    }
}

/// The token with the newest proof that the log gives. Where the log cannot be read, the token as it is kept, which has
/// a proof of its own.
pub(crate) async fn newest(prover: Option<&mut Prover>, token: &[u8], anchors: &[Vec<u8>], now: Time) -> Vec<u8> {
    let upgraded = match prover {
        Some(prover) => prover.upgraded(token, anchors, now).await,
        None => Ok(None),
    };
    match upgraded {
        Ok(newer) => newer.unwrap_or_else(|| token.to_vec()),
        Err(cause) => {
            tracing::error!(%cause, "the log gives no newer proof");
            token.to_vec()
        }
    }
}

impl Packages {
    /// Writes a package of these records; what goes wrong on the way ends the answer and stands in the log.
    pub(super) async fn write(
        self,
        by: Party,
        numbers: Vec<EvidenceNumber>,
        holds: Holds,
        folder: String,
        to: Sender<Result<Vec<u8>, io::Error>>,
    ) {
        let mut writing = Writing::new(to.clone(), &folder);
        let written = self.fill(&by, &numbers, holds, &mut writing).await;
        let ended = match written {
            Ok(()) => self.end(writing).await,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = ended {
            tracing::warn!(?fault, folder, "a package was not finished");
            let _ = to.send(Err(io::Error::other("the package could not be finished"))).await;
        }
    }

    async fn fill(&self, by: &Party, numbers: &[EvidenceNumber], holds: Holds, to: &mut Writing) -> Result<(), Fault> {
        let certificates = self.certificates();
        let mut prover = self.log.clone().map(Prover::new);
        let is_too_large = holds == Holds::Originals && !self.fits(by, numbers).await?;
        let mut tally = Tally { is_too_large, ..Tally::default() };
        let wanted = if is_too_large { Holds::Everything } else { holds };
        for number in numbers {
            let kept = self.evidence.kept(by, *number).await?;
            if kept.entry.state != State::Kept {
                continue;
            }
            self.record(by, &kept, holds, &certificates, prover.as_mut(), to).await?;
            if wanted == Holds::Originals {
                self.originals(by, &kept, to, &mut tally).await?;
            }
            self.evidence.note(by, &kept.entry, Act::Downloaded).await?;
        }
        let other = |path: &str| Part::Other(path.to_owned());
        let public = self.node().public();
        for (place, suite) in public.instance.suites.iter().enumerate() {
            let name = if place == 0 { String::new() } else { format!("-{place}") };
            let root = trust::instance::pem(&suite.root.der);
            to.put(&other(&format!("proofs/root{name}.pem")), root.as_bytes()).await?;
            let chain: String = suite.chain().iter().map(|der| trust::instance::pem(der)).collect();
            to.put(&other(&format!("proofs/chain{name}.pem")), chain.as_bytes()).await?;
        }
        for (issuer, list) in &public.lists {
            to.put(&other(&format!("proofs/{issuer}.crl")), &list.der).await?;
        }
        for log in &public.instance.logs {
            let keys: String = log.keys.iter().map(|key| format!("{key}\n")).collect();
            let name = format!("proofs/log-{}.vkey", trust::instance::log_id(log));
            to.put(&other(&name), keys.as_bytes()).await?;
        }
        to.put(&Part::Verifier, offline().as_bytes()).await?;
        let text = readme::text(numbers, (holds, tally), &public.instance.operator.name, &self.node().profile.url);
        to.put(&Part::Readme, text.as_bytes()).await
    }

    async fn record(
        &self,
        by: &Party,
        kept: &Kept,
        holds: Holds,
        certificates: &Certificates,
        prover: Option<&mut Prover>,
        to: &mut Writing,
    ) -> Result<(), Fault> {
        let number = kept.entry.number;
        let part = |part| Part::Of(number, part);
        to.put(&part(RecordPart::Record), &kept.record.to_canonical_json()).await?;
        if let Some(token) = &kept.token {
            let newest = newest(prover, token, &anchors(self.node()), by.now).await;
            to.put(&part(RecordPart::Token), &newest).await?;
        }
        to.put(&part(RecordPart::Files), &kept.files.to_canonical_json()).await?;
        if holds.has_names() {
            to.put(&part(RecordPart::Openings), &kept.openings.to_canonical_json()).await?;
            let certificate = certificates.of(by, kept).await?;
            to.put(&part(RecordPart::Certificate), &certificate).await?;
        }
        Ok(())
    }

    /// The manifest, its token, and the directory of the ZIP.
    async fn end(&self, mut writing: Writing) -> Result<(), Fault> {
        let manifest = Manifest::new(std::mem::take(&mut writing.lines)).to_canonical_json();
        writing.put(&Part::Manifest, manifest.as_ref()).await?;
        let digest = DigestAlgorithm::Sha256.digest(manifest.as_ref());
        let token = self.node().stamp(&digest).await;
        let token = token.map_err(|cause| Fault::broken(format!("the package was not stamped: {cause:?}")))?;
        writing.put(&Part::Token, &token).await?;
        let Writing { zip, outlet, to, .. } = writing;
        zip.finish().map_err(Fault::broken)?;
        to.send(Ok(outlet.take())).await.map_err(|_| Fault::broken("the receiver went away"))
    }
}
