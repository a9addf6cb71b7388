//! Asking other authorities to stamp the log, so that its times are not only our own word.
//!
//! Every so often the published checkpoint, where it is new, is stamped and kept.
//! An authority that fails is left alone for a while, twice as long each time.

use crate::config::{External, ExternalAuthority};
use crate::exit::Failure;
use crate::input;
use crate::stamp::client::Client;
use crate::words::Words;
use proof::digest::DigestAlgorithm;
use proof::report::Language;
use proof::tlog::Checkpoint;
use proof::verify::token_der;
use std::time::Duration;
use store::blobs::Blobs;
use tokio::time::Instant;
use trust::ledger::{CHECKPOINT, kept};

/// How long an authority may take to answer.
const ANSWER_S: u64 = 30;
/// The longest time for which an authority that fails is left alone.
const REST_MAX: Duration = Duration::from_secs(6 * 3600);
const CHECKPOINT_BYTES_MAX: u64 = 128 << 10;

/// An authority, and when it may be asked again.
struct Asked {
    url: String,
    anchors: Vec<Vec<u8>>,
    failures: u32,
    rests_until: Instant,
}

/// Reads the roots of the authorities; a missing one is told at start, not ten minutes later.
fn authorities(listed: &[ExternalAuthority], words: &Words) -> Result<Vec<Asked>, Failure> {
    let now = Instant::now();
    let read = |a: &ExternalAuthority| {
        let anchors = input::certificates(&a.root, words)?;
        Ok(Asked { url: a.url.clone(), anchors, failures: 0, rests_until: now })
    };
    listed.iter().map(read).collect()
}

/// A task that stamps the log until it is dropped; none where nobody is to be asked.
pub(super) fn start(external: &External, public: Blobs, words: &Words) -> Result<Option<Stamper>, Failure> {
    let mut asked = authorities(&external.authority, words)?;
    if asked.is_empty() {
        return Ok(None);
    }
    let (every, wanted) = (Duration::from_secs(external.every_s.max(1)), external.stamps.max(1));
    let task = tokio::spawn(async move {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = stamp(&mut asked, wanted, every, &public).await {
                tracing::error!(%error, "the log was not stamped by another authority");
            }
        }
    });
    Ok(Some(Stamper(task)))
}

/// Ends the task with the server.
pub(super) struct Stamper(tokio::task::JoinHandle<()>);

impl Drop for Stamper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn stamp(asked: &mut [Asked], wanted: usize, every: Duration, public: &Blobs) -> Result<(), String> {
    let text = public.get(CHECKPOINT, CHECKPOINT_BYTES_MAX).await.map_err(|e| e.to_string())?.unwrap_or_default();
    let text = String::from_utf8(text).map_err(|e| e.to_string())?;
    let size = Checkpoint::parse(&text).map_err(|e| e.to_string())?.head.size;
    let newest = kept::kept(public).await.map_err(|e| e.to_string())?.last().copied().unwrap_or(0);
    if size <= newest {
        return Ok(());
    }
    let mut stamps = Vec::new();
    for authority in asked.iter_mut() {
        if stamps.len() == wanted {
            break;
        }
        if authority.rests_until > Instant::now() {
            continue;
        }
        match ask(authority, &text).await {
            Ok(stamp) => {
                authority.failures = 0;
                stamps.push(stamp);
            }
            Err(cause) => {
                tracing::warn!(url = authority.url, %cause, "an external authority gave no stamp");
                let rest = every.saturating_mul(1 << authority.failures.min(16)).min(REST_MAX);
                authority.failures += 1;
                authority.rests_until = Instant::now() + rest;
            }
        }
    }
    if stamps.is_empty() {
        return Err("no external authority gave a stamp; it is tried again".to_owned());
    }
    kept::keep(public, size, &text, &stamps).await.map_err(|e| e.to_string())
}

/// A verified token over the checkpoint, in DER.
async fn ask(authority: &Asked, checkpoint: &str) -> Result<Vec<u8>, String> {
    let digest = DigestAlgorithm::Sha256.digest(checkpoint.as_bytes());
    let client = Client {
        servers: vec![authority.url.clone()],
        anchors: authority.anchors.clone(),
        keep_unconfirmed: false,
        timeout_s: ANSWER_S,
    };
    let asked = tokio::task::spawn_blocking(move || {
        client.stamp(&client.agent(), None, &digest, &Words::new(Language::En)).map_err(|failure| failure.message)
    });
    let (response, _) = asked.await.map_err(|e| e.to_string())??;
    token_der(&response).map(|der| der.into_owned()).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof::tlog::{Head, leaf_hash};
    use trust::ledger::LogKey;

    #[tokio::test]
    async fn an_authority_that_fails_rests_twice_as_long_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let public = Blobs::folder(folder.path());
        let head = Head { size: 1, root: leaf_hash(b"a") };
        let checkpoint = LogKey::generate("example.org/log").unwrap().sign(&head).unwrap();
        public.replace(CHECKPOINT, checkpoint.into_bytes()).await.unwrap();
        // A port at which nobody listens.
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = format!("http://{nobody}/");
        let mut asked = [Asked { url, anchors: Vec::new(), failures: 0, rests_until: Instant::now() }];
        let every = Duration::from_secs(600);
        for (failures, rest_s) in [(1, 600), (2, 1200), (3, 2400)] {
            let before = Instant::now();
            asked[0].rests_until = before;
            assert!(stamp(&mut asked, 1, every, &public).await.is_err());
            assert_eq!(asked[0].failures, failures);
            assert!(asked[0].rests_until >= before + Duration::from_secs(rest_s));
            assert!(stamp(&mut asked, 1, every, &public).await.is_err());
            assert_eq!(asked[0].failures, failures, "while it rests it is not asked");
        }
        asked[0].failures = 40;
        asked[0].rests_until = Instant::now();
        assert!(stamp(&mut asked, 1, every, &public).await.is_err());
        assert!(asked[0].rests_until <= Instant::now() + REST_MAX);
        assert_eq!(kept::kept(&public).await.unwrap(), Vec::<u64>::new());
    }
}
