//! Limits on requests: for each address, counted by the second; for each key, by a bucket that fills up.
//!
//! The table is bounded: when it is full, a new second clears it. An attacker
//! with many addresses can fill it, and then shares one count with all others.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Addresses counted one by one in a second.
const ADDRESSES_MAX: usize = 100_000;

/// Requests that an address may make in one second.
pub struct RateLimit {
    per_second: u32,
    window: Mutex<Window>,
}

#[derive(Default)]
struct Window {
    second: u64,
    counts: HashMap<IpAddr, u32>,
    others: u32,
}

impl RateLimit {
    /// No more than `per_second` requests; 0 is no limit.
    pub fn new(per_second: u32) -> Self {
        Self { per_second, window: Mutex::default() }
    }

    /// Counts one request at `now_s`, seconds of a clock that never steps; an error holds the seconds to wait.
    pub fn take(&self, address: IpAddr, now_s: u64) -> Result<(), u32> {
        if self.per_second == 0 {
            return Ok(());
        }
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if window.second != now_s {
            window.second = now_s;
            window.counts.clear();
            window.others = 0;
        }
        let is_full = window.counts.len() >= ADDRESSES_MAX && !window.counts.contains_key(&address);
        let window = &mut *window;
        let count = if is_full { &mut window.others } else { window.counts.entry(address).or_default() };
        *count = count.saturating_add(1);
        if *count > self.per_second { Err(1) } else { Ok(()) }
    }
}

/// Keys whose buckets are looked at one by one.
const KEYS_MAX: usize = 100_000;

/// Requests that a key may send: so many in a second for long, and a burst of so many at once.
pub struct KeyLimit {
    per_second: u32,
    burst: u32,
    /// What each key may send yet, and when that was so.
    left: Mutex<HashMap<String, (f64, i64)>>,
}

/// What a key may send yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Requests at once.
    pub burst: u32,
    /// Seconds in which an empty bucket is full again.
    pub window_s: u32,
    /// Requests that may be sent now.
    pub left: u32,
    /// Seconds until the bucket is full.
    pub full_s: u32,
}

impl KeyLimit {
    /// No more than `per_second` for long and `burst` at once; 0 in a second is no limit.
    #[must_use]
    pub fn new(per_second: u32, burst: u32) -> Self {
        Self { per_second, burst: burst.max(1), left: Mutex::default() }
    }

    /// Counts one request of a key at `now_ms`; none where there is no limit.
    ///
    /// # Errors
    /// What the key may send yet, which is nothing, and the seconds to wait.
    pub fn take(&self, key: &str, now_ms: i64) -> Result<Option<Budget>, (Budget, u32)> {
        if self.per_second == 0 {
            return Ok(None);
        }
        let (rate, burst) = (f64::from(self.per_second), f64::from(self.burst));
        let mut all = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KEYS_MAX && !all.contains_key(key) {
            // Who sent nothing for so long has a full bucket again.
            all.retain(|_, (left, then_ms)| *left + (now_ms - *then_ms).max(0) as f64 / 1000.0 * rate < burst);
        }
        let (left, then_ms) = all.get(key).copied().unwrap_or((burst, now_ms));
        let left = (left + (now_ms - then_ms).max(0) as f64 / 1000.0 * rate).min(burst);
        let is_taken = left >= 1.0;
        let left = if is_taken { left - 1.0 } else { left };
        all.insert(key.to_owned(), (left, now_ms.max(then_ms)));
        let seconds = |requests: f64| (requests / rate).ceil().max(0.0) as u32;
        let budget = Budget {
            burst: self.burst,
            window_s: seconds(burst).max(1),
            left: left as u32,
            full_s: seconds(burst - left),
        };
        if is_taken { Ok(Some(budget)) } else { Err((budget, seconds(1.0 - left).max(1))) }
    }
}

impl Budget {
    /// As headers tell it: policy, and what is left (draft-ietf-httpapi-ratelimit-headers-10).
    #[must_use]
    pub fn headers(&self) -> [(&'static str, String); 2] {
        let Self { burst, window_s, left, full_s } = self;
        [
            ("ratelimit-policy", format!("\"key\";q={burst};w={window_s}")),
            ("ratelimit", format!("\"key\";r={left};t={full_s}")),
        ]
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_key_has_a_burst_and_then_its_rate() {
        let limit = KeyLimit::new(2, 4);
        let left = |now_ms| limit.take("a", now_ms).map(|budget| budget.unwrap().left);
        assert_eq!([0, 0, 0, 0].map(|ms| left(ms).unwrap()), [3, 2, 1, 0]);
        let (budget, wait_s) = left(100).unwrap_err();
        assert_eq!((budget.left, budget.window_s, wait_s), (0, 2, 1));
        assert_eq!(left(600).unwrap(), 0, "half a second later there is one");
        assert_eq!(limit.take("b", 600).unwrap().unwrap().left, 3, "another key has its own");
        assert_eq!(left(60_000).unwrap(), 3, "never more than the burst");
        assert_eq!(left(0).unwrap(), 2, "a clock that was set back gives nothing");
        assert_eq!(KeyLimit::new(0, 1).take("a", 0), Ok(None));
        let [(_, policy), (_, now)] = budget.headers();
        assert_eq!((policy.as_str(), now.as_str()), ("\"key\";q=4;w=2", "\"key\";r=0;t=2"));
    }

    use super::*;

    #[test]
    fn each_address_has_its_own_second() {
        let limit = RateLimit::new(2);
        let (a, b) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        assert_eq!([1, 1, 1].map(|s| limit.take(a, s)), [Ok(()), Ok(()), Err(1)]);
        assert_eq!(limit.take(b, 1), Ok(()));
        assert_eq!(limit.take(a, 2), Ok(()));
        assert_eq!(RateLimit::new(0).take(a, 1), Ok(()));
    }
}
