//! A limit on requests for each address, counted by the second.
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

#[cfg(test)]
mod tests {
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
