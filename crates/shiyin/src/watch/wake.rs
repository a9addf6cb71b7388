//! What wakes the watch: the system's word that something changed (inotify), its time, or a signal to end.
//!
//! Where the system gives no word, or not for so many folders, it looks at intervals.

use super::look::{self, Rules};
use crate::complain;
use crate::exit::{Exit, Failure};
use crate::words::Words;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How often it looks where the system does not say.
const POLL_S: u64 = 5;

/// A watch's alarm.
pub struct Wake {
    events: Option<OwnedFd>,
    ends: UnixStream,
    is_ending: Arc<AtomicBool>,
    is_told: bool,
}

impl Wake {
    /// Of a folder; `is_polling` asks for intervals alone.
    pub fn new(folder: &Path, is_polling: bool, words: &Words) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::new(Exit::Instance, error.to_string());
        let (ends, teller) = UnixStream::pair().map_err(failed)?;
        let is_ending = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&is_ending);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(failed)?;
        std::thread::spawn(move || {
            runtime.block_on(ended());
            flag.store(true, Ordering::SeqCst);
            drop(teller);
        });
        let flags = inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC;
        let events = if is_polling { None } else { inotify::init(flags).ok() };
        if events.is_none() && !is_polling {
            complain(&words.say("watch-polls", &[("path", &folder.to_string_lossy())]));
        }
        Ok(Self { events, ends, is_ending, is_told: false })
    }

    /// Whether it was told to end.
    pub fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::SeqCst)
    }

    /// Until something in the folder changes, at least and at most so long.
    pub fn wait(&mut self, folder: &Path, rules: &Rules, least_s: u64, most_s: u64) {
        self.rest(least_s);
        if self.is_ending() {
            return;
        }
        if !self.is_told {
            self.is_told = self.listen(folder, rules);
            // What came before it listened is found by looking again.
            return;
        }
        let changed = self.sleep(most_s, true);
        if changed {
            // Folders may be new: all of them are named again. Those that are known stay.
            self.is_told = self.listen(folder, rules);
        }
    }

    /// So long, unless it is told to end.
    pub fn rest(&self, seconds: u64) {
        self.sleep(seconds, false);
    }

    /// Names every folder to the system; false where it takes no more.
    fn listen(&mut self, folder: &Path, rules: &Rules) -> bool {
        let Some(events) = &self.events else { return true };
        let flags = inotify::WatchFlags::CLOSE_WRITE
            | inotify::WatchFlags::CREATE
            | inotify::WatchFlags::MODIFY
            | inotify::WatchFlags::MOVED_TO
            | inotify::WatchFlags::ONLYDIR;
        for inner in look::folders(folder, rules) {
            match inotify::add_watch(events, &inner, flags) {
                Ok(_) => {}
                Err(rustix::io::Errno::NOSPC | rustix::io::Errno::NOMEM) => {
                    self.events = None;
                    return true;
                }
                // It went meanwhile, or cannot be read, which looking tells.
                Err(_) => {}
            }
        }
        true
    }

    /// Sleeps; true where the system said that something changed.
    fn sleep(&self, seconds: u64, is_listening: bool) -> bool {
        let events = self.events.as_ref().filter(|_| is_listening);
        let seconds = if is_listening && events.is_none() { seconds.min(POLL_S) } else { seconds };
        let time = Timespec { tv_sec: i64::try_from(seconds).unwrap_or(i64::MAX), tv_nsec: 0 };
        let mut all = vec![PollFd::new(&self.ends, PollFlags::IN)];
        all.extend(events.map(|events| PollFd::new(events, PollFlags::IN)));
        let _ = poll(&mut all, Some(&time));
        let Some(events) = events else { return false };
        let mut buffer = [std::mem::MaybeUninit::uninit(); 16 << 10];
        let mut reader = inotify::Reader::new(events, &mut buffer);
        let mut any = false;
        while reader.next().is_ok() {
            any = true;
        }
        any
    }
}

/// SIGTERM, or the user's interrupt.
async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
}
