//! The host's two clocks: one that counts evenly and means nothing, and one that says the time
//! and may be set by anyone who administers the host.

use rustix::time::{ClockId, clock_gettime};

/// Clocks of a host, in nanoseconds. Tests bring their own.
pub trait Host: Send + Sync {
    /// Counts evenly since some moment; nobody can set or slew it.
    fn raw_ns(&self) -> i64;
    /// What the host believes is UTC, since 1970.
    fn wall_ns(&self) -> i64;
}

/// This machine: `CLOCK_MONOTONIC_RAW`, which time daemons do not slew, and `CLOCK_REALTIME`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine;

impl Host for Machine {
    fn raw_ns(&self) -> i64 {
        read(ClockId::MonotonicRaw)
    }

    fn wall_ns(&self) -> i64 {
        read(ClockId::Realtime)
    }
}

/// Nanoseconds fit an `i64` until the year 2262.
fn read(clock: ClockId) -> i64 {
    let now = clock_gettime(clock);
    now.tv_sec.saturating_mul(1_000_000_000).saturating_add(now.tv_nsec)
}
