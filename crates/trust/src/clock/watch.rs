//! The clock of an authority: the gate, kept up by measuring, with a public record of all it does.

use super::gate::{Fault, Gate, Limits, Outcome, Told};
use super::host::Host;
use super::source::{Sample, Source, SourceFault};
use super::{Clock, ClockUnavailable, Reading};
use crate::TrustError;
use crate::journal::{Entry, Journal, Kind};
use proof::der::Time;
use proof::tsp::Accuracy;
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

/// How long a source may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How soon it is measured again while the time cannot be told.
const RETRY: Duration = Duration::from_secs(8);
/// How often what is told is compared with what was told before.
const LOOK: Duration = Duration::from_millis(500);
/// A record of the state is written at least this often.
const RECORD: Duration = Duration::from_secs(3600);
const DAY_S: i64 = 86_400;
/// Records that wait to be written at most.
const UNWRITTEN_MAX: usize = 10_000;

/// A clock that is measured against several sources, and refuses where they do not carry it.
pub struct WatchedClock {
    host: Arc<dyn Host>,
    state: Mutex<State>,
}

struct State {
    gate: Gate,
    sources: Vec<SourceState>,
}

/// What a source said last.
#[derive(Clone, Debug)]
pub struct SourceState {
    /// Its name.
    pub name: String,
    /// Its last answer: how far it says ours is off and how surely, in nanoseconds.
    pub last: Result<(i64, i64), String>,
    /// Whether it proved who it is.
    pub authenticated: bool,
}

/// What the clock is like now.
#[derive(Clone, Debug)]
pub struct Status {
    /// The time and its error, or why there is none.
    pub told: Result<Told, Fault>,
    /// How far the last measurement found ours off, and its error, in nanoseconds.
    pub measurement: Option<(i64, i64)>,
    /// How far the time was moved in the last day.
    pub moved_today_ns: i64,
    /// The movement that waits for the operator.
    pub held_ns: Option<i64>,
    /// The sources.
    pub sources: Vec<SourceState>,
}

impl WatchedClock {
    /// A clock that does not know the time yet. `moved_ns` as in [`Gate::new`].
    #[must_use]
    pub fn new(limits: Limits, host: Arc<dyn Host>, moved_ns: i64) -> Self {
        let gate = Gate::new(limits, moved_ns, host.raw_ns());
        Self { host, state: Mutex::new(State { gate, sources: Vec::new() }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time and how far it may be off.
    pub fn tell(&self) -> Result<Told, Fault> {
        let state = self.state();
        state.gate.tell(self.host.raw_ns(), self.host.wall_ns())
    }

    /// What the clock is like now.
    #[must_use]
    pub fn status(&self) -> Status {
        let told = self.tell();
        let state = self.state();
        Status {
            told,
            measurement: state.gate.measurement(),
            moved_today_ns: state.gate.moved_today_ns(),
            held_ns: state.gate.held_ns(),
            sources: state.sources.clone(),
        }
    }

    /// Asks every source once, all at the same time, and takes in what they say.
    pub async fn measure(self: &Arc<Self>, sources: &[Source]) -> Outcome {
        let mut asked = JoinSet::new();
        for (number, source) in sources.iter().cloned().enumerate() {
            let host = Arc::clone(&self.host);
            asked.spawn(async move { (number, source.measure(host.as_ref(), PATIENCE).await) });
        }
        let mut samples: Vec<Result<Sample, SourceFault>> = vec![Err(SourceFault::NoAnswer); sources.len()];
        while let Some(answer) = asked.join_next().await {
            if let Ok((number, sample)) = answer {
                samples[number] = sample;
            }
        }
        let mut state = self.state();
        let raw_ns = self.host.raw_ns();
        let outcome = state.gate.measured(&samples, raw_ns);
        let ours_ns = state.gate.offset_ns();
        let said = |(source, sample): (&Source, &Result<Sample, SourceFault>)| SourceState {
            name: source.to_string(),
            last: match sample {
                Ok(s) => Ok((ours_ns.map_or(0, |ours| s.offset_ns - ours), s.error_ns)),
                Err(fault) => Err(fault.to_string()),
            },
            authenticated: sample.as_ref().is_ok_and(|s| s.authenticated),
        };
        state.sources = sources.iter().zip(&samples).map(said).collect();
        outcome
    }
}

impl Clock for WatchedClock {
    fn now(&self) -> Result<Reading, ClockUnavailable> {
        let told = self.tell().map_err(ClockUnavailable)?;
        // The time is cut to the millisecond, which may be another one off.
        let millis = told.error_ns.div_euclid(1_000_000) + 2;
        let accuracy = Accuracy { seconds: (millis / 1000) as u32, millis: (millis % 1000) as u16, micros: 0 };
        Ok(Reading { time: time_of(told.utc_ns), accuracy: Some(accuracy) })
    }
}

/// A count of nanoseconds since 1970 as a time, cut to the millisecond.
#[must_use]
pub fn time_of(utc_ns: i64) -> Time {
    let nanos = utc_ns.rem_euclid(1_000_000_000) as u32;
    Time::from_unix_nanos(utc_ns.div_euclid(1_000_000_000), nanos).truncate_to_millisecond()
}

/// Keeps a clock measured, and the record of it, until dropped.
pub struct Watch {
    clock: Arc<WatchedClock>,
    sources: Vec<Source>,
    every: Duration,
    journal: Journal,
    told: Option<Result<(), Fault>>,
    recorded: Option<Instant>,
    /// The record after which the operator's word counts.
    seen: i64,
    /// Records that could not be written yet: none is lost to a disk that is full for a while.
    unwritten: VecDeque<(Kind, Time, Map<String, Value>)>,
}

impl Watch {
    /// Prepares to measure `clock` by `sources` every so often.
    pub async fn new(
        clock: Arc<WatchedClock>,
        sources: Vec<Source>,
        every: Duration,
        journal: Journal,
    ) -> Result<Self, TrustError> {
        let seen = journal.newest().await?;
        Ok(Self { clock, sources, every, journal, told: None, recorded: None, seen, unwritten: VecDeque::new() })
    }

    /// Measures once and records what came of it.
    pub async fn round(&mut self) -> Result<(), TrustError> {
        self.hear_operator().await?;
        let outcome = self.clock.measure(&self.sources).await;
        let kind = match outcome {
            Outcome::Started => Some(Kind::ClockStarted),
            Outcome::Adjusted { .. } => Some(Kind::ClockAdjusted),
            Outcome::Leapt { .. } => Some(Kind::ClockLeapt),
            Outcome::Held { fault, .. } if self.told != Some(Err(fault)) => {
                tracing::warn!(
                    fault = fault.name(),
                    "a correction of the clock waits for the operator; nothing is signed"
                );
                self.told = Some(Err(fault));
                Some(Kind::ClockHeld)
            }
            Outcome::Kept if self.recorded.is_none_or(|at| at.elapsed() >= RECORD) => Some(Kind::ClockMeasured),
            _ => None,
        };
        if let Some(kind) = kind {
            self.recorded = Some(Instant::now());
            self.record(kind, outcome).await?;
        }
        self.look().await
    }

    /// Records where the time can be told no longer, or again.
    pub async fn look(&mut self) -> Result<(), TrustError> {
        self.write_out().await?;
        let now = self.clock.tell().map(|_| ());
        if self.told == Some(now) || (self.told.is_none() && now.is_ok()) {
            self.told = Some(now);
            return Ok(());
        }
        self.told = Some(now);
        match now {
            Ok(()) => {
                tracing::info!("the clock can be trusted again");
                self.record(Kind::ClockResumed, Outcome::None).await
            }
            Err(fault) => {
                tracing::warn!(fault = fault.name(), "the clock cannot be trusted; nothing is signed");
                self.record(Kind::ClockRefused, Outcome::None).await
            }
        }
    }

    /// Measures and records for as long as it is polled.
    pub async fn run(mut self) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = Instant::now();
        loop {
            looks.tick().await;
            let pause = if self.clock.tell().is_ok() { self.every } else { self.every.min(RETRY) };
            let done = if last.elapsed() >= pause {
                last = Instant::now();
                self.round().await
            } else {
                self.look().await
            };
            // The record is part of what makes the time trustworthy, but no reason to lose it.
            if let Err(error) = done {
                tracing::error!(%error, "the clock's record cannot be written");
            }
        }
    }

    /// Takes the word of the operator that was recorded since, where a movement waits for it.
    async fn hear_operator(&mut self) -> Result<(), TrustError> {
        if self.clock.status().held_ns.is_none() {
            // What was said while nothing waited is about nothing.
            self.seen = self.journal.newest().await?;
            return Ok(());
        }
        for entry in self.journal.entries(self.seen + 1, 1000).await? {
            self.seen = entry.number;
            if entry.kind == Kind::ClockAccepted.name()
                && let Some(by_ns) = entry.fields.get("by_ns").and_then(Value::as_i64)
            {
                self.clock.state().gate.accept(by_ns);
            }
        }
        Ok(())
    }

    async fn record(&mut self, kind: Kind, outcome: Outcome) -> Result<(), TrustError> {
        let status = self.clock.status();
        let mut fields = Map::new();
        if let Outcome::Adjusted { by_ns } | Outcome::Leapt { by_ns } | Outcome::Held { by_ns, .. } = outcome {
            fields.insert("by_ns".to_owned(), json!(by_ns));
        }
        if let Some((off_ns, error_ns)) = status.measurement {
            fields.insert("off_ns".to_owned(), json!(off_ns));
            fields.insert("error_ns".to_owned(), json!(error_ns));
        }
        if let Err(fault) = status.told {
            fields.insert("fault".to_owned(), json!(fault.name()));
        }
        fields.insert("moved_today_ns".to_owned(), json!(status.moved_today_ns));
        let sources: Vec<Value> = status.sources.iter().map(source_value).collect();
        fields.insert("sources".to_owned(), Value::Array(sources));
        let host_ns = self.clock.host.wall_ns();
        let time = match status.told {
            Ok(told) => {
                fields.insert("host_off_ns".to_owned(), json!(host_ns - told.utc_ns));
                time_of(told.utc_ns)
            }
            Err(_) => {
                fields.insert("time_by".to_owned(), json!("host"));
                time_of(host_ns)
            }
        };
        if self.unwritten.len() < UNWRITTEN_MAX {
            self.unwritten.push_back((kind, time, fields));
        }
        self.write_out().await
    }

    /// Writes what is to be written, the oldest first.
    async fn write_out(&mut self) -> Result<(), TrustError> {
        while let Some((kind, time, fields)) = self.unwritten.front().cloned() {
            self.journal.write(kind, time, fields).await?;
            self.unwritten.pop_front();
        }
        Ok(())
    }
}

fn source_value(source: &SourceState) -> Value {
    match &source.last {
        Ok((off_ns, error_ns)) => json!({
            "name": source.name, "off_ns": off_ns, "error_ns": error_ns, "authenticated": source.authenticated,
        }),
        Err(fault) => json!({ "name": source.name, "fault": fault }),
    }
}

/// How far the clock was moved in the day before `now`, by its record.
pub async fn moved_in_a_day(journal: &Journal, now: Time) -> Result<i64, TrustError> {
    let is_recent = |e: &Entry| e.kind == Kind::ClockAdjusted.name() && e.time.unix_s() > now.unix_s() - DAY_S;
    let by = |e: &Entry| e.fields.get("by_ns").and_then(Value::as_i64).unwrap_or(0).abs();
    Ok(journal.last(2000).await?.iter().filter(|e| is_recent(e)).map(by).sum())
}
