//! The clock: the only place that reads the time.
//!
//! A reading never lies before the last one: the time in tokens does not run
//! backwards. A clock that stepped back by more than a second cannot be trusted
//! and gives no reading until it has caught up (RFC 3161 section 2.1, item 1).

use proof::der::Time;
use proof::tsp::Accuracy;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// How far the clock may fall behind its last reading before it is refused.
const STEP_BACK_S_MAX: i64 = 1;

/// A time that may go into a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The time, to the millisecond.
    pub time: Time,
    /// How far it may be off; none where that was not measured.
    pub accuracy: Option<Accuracy>,
}

/// The clock cannot be trusted now; the authority answers timeNotAvailable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockUnavailable;

/// A source of time.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Result<Reading, ClockUnavailable>;
}

/// The system's clock, unchecked: only for evaluation, and so without an accuracy.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Result<Reading, ClockUnavailable> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| ClockUnavailable)?;
        let unix_s = i64::try_from(since_epoch.as_secs()).map_err(|_| ClockUnavailable)?;
        let time = Time::from_unix_nanos(unix_s, since_epoch.subsec_nanos()).truncate_to_millisecond();
        Ok(Reading { time, accuracy: None })
    }
}

/// Keeps the readings of another clock from running backwards.
pub struct MonotonicClock<C> {
    source: C,
    last: Mutex<Option<Time>>,
}

impl<C: Clock> MonotonicClock<C> {
    /// Watches over `source`; no reading lies before `newest`, the last time that was used.
    pub fn new(source: C, newest: Option<Time>) -> Self {
        Self { source, last: Mutex::new(newest) }
    }
}

impl<C: Clock> Clock for MonotonicClock<C> {
    fn now(&self) -> Result<Reading, ClockUnavailable> {
        let reading = self.source.now()?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let time = match *last {
            Some(last) if reading.time.plus_s(STEP_BACK_S_MAX) < last => return Err(ClockUnavailable),
            Some(last) => reading.time.max(last),
            None => reading.time,
        };
        *last = Some(time);
        Ok(Reading { time, ..reading })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Script(Mutex<Vec<i64>>);

    impl Clock for Script {
        fn now(&self) -> Result<Reading, ClockUnavailable> {
            let next = self.0.lock().unwrap().pop().ok_or(ClockUnavailable)?;
            Ok(Reading { time: Time::from_unix(next), accuracy: None })
        }
    }

    #[test]
    fn time_never_runs_backwards() {
        let clock = MonotonicClock::new(Script(Mutex::new(vec![102, 98, 99, 100])), None);
        let read = || clock.now().map(|r| r.time.unix_s());
        assert_eq!(read(), Ok(100));
        assert_eq!(read(), Ok(100), "a second back is held");
        assert_eq!(read(), Err(ClockUnavailable), "two seconds back are refused");
        assert_eq!(read(), Ok(102), "and it recovers when it has caught up");
        assert_eq!(read(), Err(ClockUnavailable));
    }
}
