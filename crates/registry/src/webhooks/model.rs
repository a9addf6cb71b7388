//! Endpoints and deliveries, and when a delivery is tried again. No I/O.

use super::event::Kind;
use proof::der::Time;

/// Endpoints of one owner.
pub const ENDPOINTS_MAX: i64 = 16;
/// Letters of a description.
pub(super) const DESCRIPTION_CHARS_MAX: usize = 200;
/// How long an old secret signs beside a new one.
pub(super) const OLD_SECRET_S: i64 = 86_400;
/// How long events and deliveries are kept.
pub const KEPT_S: i64 = 30 * 86_400;
/// An endpoint with nothing but failures for so long is disabled.
pub(super) const FAILING_S: i64 = 5 * 86_400;

const S: i64 = 1_000;
const MIN: i64 = 60 * S;
const H: i64 = 60 * MIN;
/// How long each further attempt waits for, after the first, which is made at once.
const WAITS_MS: [i64; 9] = [5 * S, 5 * MIN, 30 * MIN, 2 * H, 5 * H, 10 * H, 14 * H, 20 * H, 24 * H];
/// The longest that a receiver may ask to wait (Retry-After).
const ASKED_MS_MAX: i64 = 24 * H;

/// How long a delivery waits after it failed so many times; none where that was the last. A tenth of it is drawn, so
/// that what failed together does not come back together.
pub(super) fn wait_ms(failed: i64, random: u16, asked_s: Option<i64>) -> Option<i64> {
    let wait = usize::try_from(failed - 1).ok().and_then(|place| WAITS_MS.get(place))?;
    let drawn = wait / 10 * i64::from(random) / i64::from(u16::MAX);
    let asked = asked_s.unwrap_or(0).saturating_mul(S).clamp(0, ASKED_MS_MAX);
    Some((wait + drawn).max(asked))
}

/// Which events an endpoint gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// All, also of kinds to come.
    All,
    /// These.
    Some(Vec<Kind>),
}

impl Choice {
    /// All of them, in requests.
    pub(super) const ALL: &str = "*";

    /// Of these names; none where one of them is unknown, or there is none.
    pub(super) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut kinds = Vec::new();
        let mut is_all = false;
        for name in names {
            match Kind::CHOSEN.into_iter().find(|kind| kind.name() == name) {
                Some(kind) if !kinds.contains(&kind) => kinds.push(kind),
                Some(_) => {}
                None if name == Self::ALL => is_all = true,
                None => return None,
            }
        }
        match (is_all, kinds.is_empty()) {
            (true, _) => Some(Self::All),
            (false, false) => Some(Self::Some(kinds)),
            (false, true) => None,
        }
    }

    /// Their names.
    pub(super) fn names(&self) -> Vec<&'static str> {
        match self {
            Self::All => vec![Self::ALL],
            Self::Some(kinds) => kinds.iter().map(|kind| kind.name()).collect(),
        }
    }

    /// Whether an event of this name is among them.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(kinds) => kinds.iter().any(|kind| kind.name() == name),
        }
    }
}

/// Why an endpoint gets nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its owner wants it so.
    Owner,
    /// It answered 410.
    Gone,
    /// Nothing but failures for days.
    Failing,
}

impl Why {
    /// Its name in the database and for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }

    pub(super) fn parse(name: &str) -> Self {
        [Self::Gone, Self::Failing].into_iter().find(|why| why.name() == name).unwrap_or(Self::Owner)
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Owner => "disabled-owner",
            Self::Gone => "disabled-gone",
            Self::Failing => "disabled-failing",
        }
    }
}

/// Where events are sent.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Random; says nothing.
    pub id: String,
    /// Whose: `person/ID` or `organisation/ID`.
    pub owner: String,
    /// The address.
    pub url: String,
    /// What its owner calls it.
    pub description: String,
    /// Which events it gets.
    pub choice: Choice,
    /// Why it gets none, where that is so.
    pub disabled: Option<Why>,
    /// Since when it is there.
    pub made: Time,
    /// Since when every attempt has failed.
    pub failing_since: Option<Time>,
    /// Until when the secret before the last change signs too.
    pub old_until: Option<Time>,
}

/// What an owner says of an endpoint.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    /// The address.
    pub url: String,
    /// What its owner calls it.
    pub description: String,
    /// Which events it gets.
    pub choice: Choice,
    /// Whether it gets any.
    pub is_enabled: bool,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits for its time.
    Waiting,
    /// It is under way.
    Sending,
    /// It was taken.
    Delivered,
    /// It was given up.
    Failed,
    /// Its endpoint was disabled before.
    Stopped,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Sending, Self::Delivered, Self::Failed, Self::Stopped];

    /// Its name in the database and for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }

    /// That of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Waiting => "state-waiting",
            Self::Sending => "state-sending",
            Self::Delivered => "state-delivered",
            Self::Failed => "state-failed",
            Self::Stopped => "state-stopped",
        }
    }
}

/// Why an attempt came to no answer, or to none that counts. What exactly it was is for the operator's messages: a
/// network that this node sees is not for everybody to explore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The name has no address.
    Name,
    /// An address is in a closed network.
    Closed,
    /// No connection was made.
    Connect,
    /// The certificate is not good, or TLS failed otherwise.
    Tls,
    /// It took too long.
    Time,
    /// What came is no answer of HTTP.
    Answer,
    /// The status is not one of success.
    Status,
}

impl Trouble {
    const ALL: [Self; 7] = [Self::Name, Self::Closed, Self::Connect, Self::Tls, Self::Time, Self::Answer, Self::Status];

    /// Its name in the database and for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Closed => "closed",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Time => "timeout",
            Self::Answer => "answer",
            Self::Status => "status",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trouble| trouble.name() == name)
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Name => "trouble-name",
            Self::Closed => "trouble-closed",
            Self::Connect => "trouble-connect",
            Self::Tls => "trouble-tls",
            Self::Time => "trouble-timeout",
            Self::Answer => "trouble-answer",
            Self::Status => "trouble-status",
        }
    }
}

/// An event on its way to an endpoint.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Random; says nothing.
    pub id: String,
    /// The event's id, which receivers know it by.
    pub event: String,
    /// The endpoint's id.
    pub endpoint: String,
    /// What kind of thing happened.
    pub kind: String,
    /// Where it stands.
    pub state: State,
    /// Attempts so far.
    pub attempts: u64,
    /// When it is tried next, where it is.
    pub due: Option<Time>,
    /// The status of the last answer, where there was one.
    pub status: Option<u16>,
    /// Why the last attempt failed, where it did.
    pub trouble: Option<Trouble>,
    /// Since when it is there.
    pub made_ms: i64,
    /// When it was taken or given up.
    pub ended: Option<Time>,
}

/// One attempt of a delivery.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Which, from 1.
    pub number: u64,
    /// When it was made.
    pub made: Time,
    /// How long it took.
    pub took_ms: u64,
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
    /// Why it failed, where it did.
    pub trouble: Option<Trouble>,
    /// What was sent beside the body.
    pub headers: Vec<(String, String)>,
    /// How the answer began.
    pub answer: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_ten_times_in_about_three_days() {
        let waits: Vec<i64> = (1..).map_while(|failed| wait_ms(failed, 0, None)).collect();
        let s = |ms: &i64| ms / 1000;
        assert_eq!(
            waits.iter().map(s).collect::<Vec<_>>(),
            [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
        );
        let hours = waits.iter().sum::<i64>() / H;
        assert!((72..80).contains(&hours), "{hours} hours");
        for failed in 1..=9 {
            let [least, most] = [0, u16::MAX].map(|random| wait_ms(failed, random, None).unwrap());
            assert_eq!(most, least + least / 10, "after {failed}");
        }
        assert_eq!((wait_ms(0, 0, None), wait_ms(10, 0, None)), (None, None));
    }

    #[test]
    fn who_asks_to_wait_is_waited_for_within_a_day() {
        assert_eq!(wait_ms(1, 0, Some(60)), Some(60_000));
        assert_eq!(wait_ms(2, 0, Some(1)), Some(300_000), "never sooner than it would be");
        assert_eq!(wait_ms(1, 0, Some(i64::MAX)), Some(24 * H));
        assert_eq!(wait_ms(1, 0, Some(-5)), Some(5_000));
        assert_eq!(wait_ms(10, 0, Some(60)), None);
    }

    #[test]
    fn a_choice_is_of_known_kinds_and_never_none() {
        let choice = Choice::of(["batch.done", "record.kept", "batch.done"].into_iter()).unwrap();
        assert_eq!(choice.names(), ["batch.done", "record.kept"]);
        assert!(choice.has("batch.done") && !choice.has("record.waiting"));
        assert_eq!(Choice::of(["*", "batch.done"].into_iter()), Some(Choice::All));
        assert!(Choice::All.has("record.waiting"));
        for wrong in [&[][..], &["ping"], &["record.kept", "x"], &[""], &["*", "x"]] {
            assert_eq!(Choice::of(wrong.iter().copied()), None, "{wrong:?}");
        }
    }

    #[test]
    fn names_read_back() {
        for state in State::ALL {
            assert_eq!(State::parse(state.name()), Some(state));
        }
        for trouble in Trouble::ALL {
            assert_eq!(Trouble::parse(trouble.name()), Some(trouble));
        }
        for why in [Why::Owner, Why::Gone, Why::Failing] {
            assert_eq!(Why::parse(why.name()), why);
        }
    }
}
