//! The clock: the only place that reads the time.
//!
//! A production authority tells a time that several sources agree on ([`gate`]), and
//! none where they do not; each movement is in the public journal ([`watch`]). A
//! reading never lies before the last one: one that would by too much is refused
//! until the clock has caught up (RFC 3161 section 2.1, item 1).

mod agree;
mod chrony;
pub mod gate;
pub mod graph;
pub mod host;
mod ntp;
pub mod source;
pub mod watch;

pub use gate::{Fault, Limits};

use proof::der::Time;
use proof::tsp::Accuracy;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// How far a clock may fall behind its last reading before it is refused.
const STEP_BACK_MS_MAX: i64 = 1000;
/// The same for a clock that says how far it may be off; it is added to that.
const MEASURED_STEP_BACK_MS_MAX: i64 = 100;

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
pub struct ClockUnavailable(pub Fault);

/// A source of time.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Result<Reading, ClockUnavailable>;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Result<Reading, ClockUnavailable> {
        (**self).now()
    }
}

/// The system's clock, unchecked: only for evaluation, and so without an accuracy.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Result<Reading, ClockUnavailable> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
        let since_epoch =
            SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| ClockUnavailable(Fault::Unmeasured))?;
        let unix_s = i64::try_from(since_epoch.as_secs()).map_err(|_| ClockUnavailable(Fault::Unmeasured))?;
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
        let behind_ms = last.map_or(0, |last| (millis(last) - millis(reading.time)).max(0));
        let behind_ms_max = if reading.accuracy.is_some() { MEASURED_STEP_BACK_MS_MAX } else { STEP_BACK_MS_MAX };
        if behind_ms > behind_ms_max {
            return Err(ClockUnavailable(Fault::Backwards));
        }
        let time = last.map_or(reading.time, |last| reading.time.max(last));
        *last = Some(time);
        // A reading that was held is that much further off.
        let widened = reading.accuracy.map(|a| {
            let all_ms = i64::from(a.seconds) * 1000 + i64::from(a.millis) + behind_ms;
            Accuracy { seconds: (all_ms / 1000) as u32, millis: (all_ms % 1000) as u16, micros: a.micros }
        });
        Ok(Reading { time, accuracy: widened })
    }
}

fn millis(time: Time) -> i64 {
    time.unix_s() * 1000 + i64::from(time.nanos() / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Script(Mutex<Vec<i64>>);

    impl Clock for Script {
        fn now(&self) -> Result<Reading, ClockUnavailable> {
            let next = self.0.lock().unwrap().pop().ok_or(ClockUnavailable(Fault::Unmeasured))?;
            Ok(Reading { time: Time::from_unix(next), accuracy: None })
        }
    }

    #[test]
    fn time_never_runs_backwards() {
        let clock = MonotonicClock::new(Script(Mutex::new(vec![102, 98, 99, 100])), None);
        let read = || clock.now().map(|r| r.time.unix_s());
        assert_eq!(read(), Ok(100));
        assert_eq!(read(), Ok(100), "a second back is held");
        assert_eq!(read(), Err(ClockUnavailable(Fault::Backwards)), "two seconds back are refused");
        assert_eq!(read(), Ok(102), "and it recovers when it has caught up");
        assert_eq!(read(), Err(ClockUnavailable(Fault::Unmeasured)));
    }

    #[test]
    fn a_held_reading_says_how_far_it_is_off() {
        struct Measured(Mutex<Vec<u32>>);
        impl Clock for Measured {
            fn now(&self) -> Result<Reading, ClockUnavailable> {
                let millis = self.0.lock().unwrap().pop().ok_or(ClockUnavailable(Fault::Unmeasured))?;
                let accuracy = Some(Accuracy { seconds: 0, millis: 990, micros: 0 });
                Ok(Reading { time: Time::from_unix_nanos(100, millis * 1_000_000), accuracy })
            }
        }
        let clock = MonotonicClock::new(Measured(Mutex::new(vec![199, 280, 300])), None);
        assert_eq!(clock.now().unwrap().accuracy.unwrap().millis, 990);
        let held = clock.now().unwrap();
        assert_eq!(held.time, Time::from_unix_nanos(100, 300_000_000));
        assert_eq!(held.accuracy, Some(Accuracy { seconds: 1, millis: 10, micros: 0 }));
        assert_eq!(clock.now(), Err(ClockUnavailable(Fault::Backwards)), "more than 100 ms are refused");
    }
}
