//! The gate: whether a time may be told now, and how sure it is. Pure; every case fails closed.
//!
//! The time is the raw clock plus an offset that only measurements move, so that
//! setting the host's clock does not move it. The host's clock is a witness against
//! it: where the two part, nothing is signed. Each movement is bounded by the step
//! and by the day, and is told to whoever keeps the record.

use super::agree::{Agreement, Span, agree};
use super::source::{Leap, Sample, SourceFault};
use proof::der::Time;
use std::collections::VecDeque;
use std::fmt;

const S_NS: i64 = 1_000_000_000;
const DAY_NS: i64 = 86_400 * S_NS;
const HOUR_NS: i64 = 3600 * S_NS;
/// Around a leap second nothing is signed, this long on either side beside the error.
const LEAP_MARGIN_NS: i64 = 3 * S_NS / 2;
/// How far from a whole second a correction may be to count as the leap second's.
const LEAP_FIT_NS: i64 = S_NS / 10;

/// What the gate insists on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sources that must agree.
    pub quorum: usize,
    /// Of these, those that must have proved who they are.
    pub authenticated: usize,
    /// How old the last measurement may be.
    pub fresh_ns: i64,
    /// How far off the time may be at most.
    pub accuracy_ns: i64,
    /// How fast the raw clock may drift, in parts per thousand million.
    pub drift_ppb: i64,
    /// A measured difference above this is corrected.
    pub adjust_ns: i64,
    /// A larger correction needs the operator.
    pub step_ns: i64,
    /// More correction in a day needs the operator.
    pub day_ns: i64,
    /// How far the host's own clock may be from ours.
    pub host_ns: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            quorum: 2,
            authenticated: 0,
            fresh_ns: 300 * S_NS,
            accuracy_ns: S_NS,
            // A plain quartz keeps within 50; the kernel's own bound for a bad one is 500.
            drift_ppb: 100_000,
            adjust_ns: S_NS / 200,
            step_ns: S_NS / 2,
            day_ns: 2 * S_NS,
            host_ns: S_NS,
        }
    }
}

/// Why no time is told. All are `timeNotAvailable` to who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing was measured yet.
    Unmeasured,
    /// The last measurement is too old.
    Stale,
    /// Enough sources answer, but they do not agree.
    Disagreement,
    /// Too few of those that agree proved who they are.
    Unauthenticated,
    /// The time may be further off than allowed.
    Inaccurate,
    /// A leap second is near, or has passed since the last measurement.
    LeapSecond,
    /// The sources want a step that is too large to follow without the operator.
    Step,
    /// The sources want more correction in a day than may be followed without the operator.
    DayLimit,
    /// The host's clock says something else.
    HostApart,
    /// The time would lie before that of a token already made.
    Backwards,
}

impl Fault {
    /// A stable name, for records, metrics and programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unmeasured => "unmeasured",
            Self::Stale => "stale",
            Self::Disagreement => "disagreement",
            Self::Unauthenticated => "unauthenticated",
            Self::Inaccurate => "inaccurate",
            Self::LeapSecond => "leap-second",
            Self::Step => "step",
            Self::DayLimit => "day-limit",
            Self::HostApart => "host-apart",
            Self::Backwards => "backwards",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A time and how far it may be off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Nanoseconds since 1970.
    pub utc_ns: i64,
    /// How far off it may be, either way.
    pub error_ns: i64,
}

/// What one round of measurements did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No measurement came of it.
    None,
    /// The first: the time begins.
    Started,
    /// The difference is known and small enough to stay.
    Kept,
    /// The time was moved.
    Adjusted {
        /// By this much; forward is positive.
        by_ns: i64,
    },
    /// The time was moved over a leap second, and by the rest.
    Leapt {
        /// By this much; forward is positive.
        by_ns: i64,
    },
    /// A movement waits for the operator.
    Held {
        /// By this much it would be.
        by_ns: i64,
        /// Why it waits.
        fault: Fault,
    },
}

/// What the sources agreed on last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Measured {
    raw_ns: i64,
    offset_ns: i64,
    error_ns: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LeapSecond {
    /// The midnight at whose eve it is.
    midnight_ns: i64,
    /// What the count of seconds does: −1 where one is inserted, 1 where one is left out.
    by_s: i64,
}

/// The gate.
#[derive(Debug)]
pub struct Gate {
    limits: Limits,
    /// What is added to the raw clock; moved by [`Gate::measured`] alone.
    offset_ns: Option<i64>,
    adjusted_raw_ns: i64,
    measured: Option<Measured>,
    refused: Option<Fault>,
    held: Option<(i64, Fault)>,
    accepted_ns: Option<i64>,
    leap: Option<LeapSecond>,
    /// Movements of the last day: when by the raw clock, and how far.
    movements: VecDeque<(i64, i64)>,
}

impl Gate {
    /// A gate that knows nothing yet. `moved_ns` is how far the time was moved in the last day,
    /// before this gate was made.
    #[must_use]
    pub fn new(limits: Limits, moved_ns: i64, raw_ns: i64) -> Self {
        let movements = if moved_ns == 0 { VecDeque::new() } else { VecDeque::from([(raw_ns, moved_ns.abs())]) };
        Self {
            limits,
            offset_ns: None,
            adjusted_raw_ns: raw_ns,
            measured: None,
            refused: None,
            held: None,
            accepted_ns: None,
            leap: None,
            movements,
        }
    }

    /// What the last measurement said about ours: how far it was off, and the error.
    #[must_use]
    pub fn measurement(&self) -> Option<(i64, i64)> {
        Some((self.measured?.offset_ns - self.offset_ns?, self.measured?.error_ns))
    }

    /// What is added to the raw clock.
    #[must_use]
    pub fn offset_ns(&self) -> Option<i64> {
        self.offset_ns
    }

    /// How far the time was moved within the last day.
    #[must_use]
    pub fn moved_today_ns(&self) -> i64 {
        self.movements.iter().map(|(_, by)| by).sum()
    }

    /// The movement that waits for the operator.
    #[must_use]
    pub fn held_ns(&self) -> Option<i64> {
        self.held.map(|(by, _)| by)
    }

    /// The operator takes the movement that waits, if it is still about this large.
    pub fn accept(&mut self, by_ns: i64) {
        self.accepted_ns = Some(by_ns);
    }

    /// Takes in one round: what each source said, at one reading of the raw clock.
    pub fn measured(&mut self, samples: &[Result<Sample, SourceFault>], raw_ns: i64) -> Outcome {
        let drift = |from_ns: i64| drift_ns(self.limits.drift_ppb, raw_ns - from_ns);
        let good: Vec<&Sample> = samples.iter().flatten().filter(|s| s.error_ns <= self.limits.accuracy_ns).collect();
        let span = |s: &&Sample| {
            let error_ns = s.error_ns + drift(s.raw_ns);
            Span { low: s.offset_ns - error_ns, high: s.offset_ns + error_ns }
        };
        let spans: Vec<Span> = good.iter().map(span).collect();
        // More than half of all sources must agree, or two groups could.
        let quorum = self.limits.quorum.max(samples.len() / 2 + 1);
        let Some(agreement) = agree(&spans, quorum) else {
            // Sources that are silent leave the last measurement to age; those that contradict
            // each other take it back.
            if spans.len() >= quorum {
                self.refused = Some(Fault::Disagreement);
            }
            return Outcome::None;
        };
        let members: Vec<&Sample> = agreement.members.iter().map(|i| good[*i]).collect();
        if members.iter().filter(|s| s.authenticated).count() < self.limits.authenticated {
            self.refused = Some(Fault::Unauthenticated);
            return Outcome::None;
        }
        self.refused = None;
        let announced = announced(&members);
        let outcome = self.follow(&agreement, raw_ns);
        self.announce(announced, raw_ns);
        outcome
    }

    fn follow(&mut self, agreement: &Agreement, raw_ns: i64) -> Outcome {
        let measured = Measured { raw_ns, offset_ns: agreement.middle, error_ns: agreement.error };
        let Some(offset_ns) = self.offset_ns else {
            self.offset_ns = Some(measured.offset_ns);
            self.adjusted_raw_ns = raw_ns;
            self.measured = Some(measured);
            return Outcome::Started;
        };
        let by_ns = measured.offset_ns - offset_ns;
        if let Some(leap) = self.leap {
            let past_ns = raw_ns + offset_ns - leap.midnight_ns;
            // While it happens, what servers say may be of either side of it.
            if past_ns.abs() <= LEAP_MARGIN_NS {
                return Outcome::None;
            }
            if past_ns > 0 {
                self.leap = None;
                if (by_ns - leap.by_s * S_NS).abs() <= LEAP_FIT_NS + measured.error_ns {
                    self.held = None;
                    self.shift(by_ns, 0, measured);
                    return Outcome::Leapt { by_ns };
                }
            }
        }
        self.movements.retain(|(at_ns, _)| raw_ns - at_ns < DAY_NS);
        let is_over_day = self.moved_today_ns() + by_ns.abs() > self.limits.day_ns;
        let fault =
            if by_ns.abs() > self.limits.step_ns { Some(Fault::Step) } else { is_over_day.then_some(Fault::DayLimit) };
        // The operator's word is on what waited when it was given, and on nothing later.
        let accepted_ns = self.accepted_ns.take();
        let is_due = by_ns.abs() > self.limits.adjust_ns || raw_ns - self.adjusted_raw_ns >= HOUR_NS;
        if !is_due || by_ns == 0 {
            self.held = None;
            self.measured = Some(measured);
            return Outcome::Kept;
        }
        let accepted = accepted_ns.is_some_and(|accepted| (accepted - by_ns).abs() <= self.limits.step_ns);
        match fault.filter(|_| !accepted) {
            Some(fault) => {
                self.held = Some((by_ns, fault));
                Outcome::Held { by_ns, fault }
            }
            None => {
                self.held = None;
                self.shift(by_ns, if accepted { 0 } else { by_ns.abs() }, measured);
                Outcome::Adjusted { by_ns }
            }
        }
    }

    /// Moves the time; `counted_ns` of it counts against the day.
    fn shift(&mut self, by_ns: i64, counted_ns: i64, measured: Measured) {
        self.offset_ns = self.offset_ns.map(|offset| offset + by_ns);
        self.adjusted_raw_ns = measured.raw_ns;
        self.measured = Some(measured);
        if counted_ns > 0 {
            self.movements.push_back((measured.raw_ns, counted_ns));
        }
    }

    /// A leap second is at the end of a month alone; what is announced on other days is for later.
    fn announce(&mut self, announced: Leap, raw_ns: i64) {
        let Some(utc_ns) = self.offset_ns.map(|offset| raw_ns + offset) else { return };
        if self.leap.is_some_and(|leap| utc_ns >= leap.midnight_ns - LEAP_MARGIN_NS) {
            return;
        }
        let by_s = match announced {
            Leap::None => 0,
            Leap::Inserted => -1,
            Leap::Deleted => 1,
        };
        let midnight_ns = (utc_ns.div_euclid(DAY_NS) + 1) * DAY_NS;
        let first = Time::from_unix(midnight_ns / S_NS).to_string();
        let is_month_end = first.get(8..10) == Some("01");
        self.leap = (by_s != 0 && is_month_end).then_some(LeapSecond { midnight_ns, by_s });
    }

    /// The time at this reading of the host's clocks.
    ///
    /// # Errors
    /// Why it may not be told.
    pub fn tell(&self, raw_ns: i64, wall_ns: i64) -> Result<Told, Fault> {
        let (Some(offset_ns), Some(measured)) = (self.offset_ns, self.measured) else {
            return Err(self.refused.unwrap_or(Fault::Unmeasured));
        };
        if let Some(fault) = self.refused.or(self.held.map(|(_, fault)| fault)) {
            return Err(fault);
        }
        let age_ns = raw_ns - measured.raw_ns;
        if !(0..=self.limits.fresh_ns).contains(&age_ns) {
            return Err(Fault::Stale);
        }
        let utc_ns = raw_ns + offset_ns;
        let off_ns = (measured.offset_ns - offset_ns).abs();
        let error_ns = off_ns + measured.error_ns + drift_ns(self.limits.drift_ppb, age_ns);
        if error_ns > self.limits.accuracy_ns {
            return Err(Fault::Inaccurate);
        }
        if let Some(leap) = self.leap {
            let margin_ns = LEAP_MARGIN_NS + error_ns;
            // A measurement after the leap second clears this.
            if utc_ns > leap.midnight_ns - margin_ns {
                return Err(Fault::LeapSecond);
            }
        }
        if (wall_ns - utc_ns).abs() > self.limits.host_ns {
            return Err(Fault::HostApart);
        }
        Ok(Told { utc_ns, error_ns })
    }
}

fn drift_ns(ppb: i64, elapsed_ns: i64) -> i64 {
    // Microseconds first: the product of two counts of nanoseconds does not fit.
    (elapsed_ns.abs() / 1000).saturating_mul(ppb) / 1_000_000 + 1
}

/// What most of the sources that agree announce.
fn announced(members: &[&Sample]) -> Leap {
    let most = |leap| members.iter().filter(|s| s.leap == leap).count() * 2 > members.len();
    [Leap::Inserted, Leap::Deleted].into_iter().find(|leap| most(*leap)).unwrap_or_default()
}
