//! Uploads, holdings and their copies, as the other rooms and the pages see them.

use crate::evidence::Owner;
use proof::der::Time;
use serde::{Deserialize, Serialize};

/// How long an upload that is not finished is kept, and a holding that no record refers to.
pub const LOOSE_S: i64 = 7 * 86_400;
/// Days before the end of the term at which the owner is reminded.
pub const REMINDERS_DAYS: [i64; 3] = [90, 30, 7];

/// What the operator chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Bytes that one owner may keep here; 0 where nothing is taken.
    pub quota_bytes: u64,
    /// Bytes that stay free on the disk.
    pub reserve_bytes: u64,
    /// The largest file.
    pub file_bytes_max: u64,
    /// Years for which an original is kept; none for as long as there is the instance.
    pub retention_years: Option<u32>,
    /// Days after which every copy is checked again.
    pub check_days: u32,
    /// Bytes that the checks read in a second.
    pub check_bytes_s: u64,
}

const GB: u64 = 1_000_000_000;

impl Default for Settings {
    fn default() -> Self {
        Self {
            quota_bytes: 20 * GB,
            reserve_bytes: 5 * GB,
            file_bytes_max: 20 * GB,
            retention_years: None,
            check_days: 30,
            check_bytes_s: 20_000_000,
        }
    }
}

impl Settings {
    /// When the term ends of what is deposited now; none where it has no end.
    #[must_use]
    pub fn until(&self, now: Time) -> Option<Time> {
        // A year of 365.25 days: nobody loses a day to the calendar.
        self.retention_years.map(|years| now.plus_s(i64::from(years) * 31_557_600))
    }
}

/// What is known of a file beside its content; sealed at rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Its name.
    pub name: String,
    /// The SHA-256 of its content, in hexadecimal: as its sender says it, then as it was computed here.
    /// Empty where it has not been said yet.
    pub digest: String,
}

/// What is asked for where an upload begins.
#[derive(Clone, Debug)]
pub struct NewUpload {
    /// The size in bytes.
    pub size: u64,
    /// The SHA-256 that the sender computed, where it is known already.
    pub digest: Option<[u8; 32]>,
    /// The name of the file.
    pub name: String,
    /// The draft that it is for; may be empty.
    pub draft: String,
}

/// An upload, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Under which it goes on.
    pub id: String,
    /// Whose the holding will be.
    pub owner: Owner,
    /// Who sends it: a person's id.
    pub person: String,
    /// The draft that it is for; may be empty.
    pub draft: String,
    /// The size in bytes.
    pub size: u64,
    /// The bytes that are here durably.
    pub received: u64,
    /// What it is called, and which digest it must have.
    pub about: About,
    /// The holding that it became.
    pub holding: Option<String>,
    /// When it goes, where it is not finished.
    pub due: Time,
}

/// Where a holding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There is a copy that was good when it was last read.
    Kept,
    /// No copy is good any more.
    Lost,
    /// It was removed: its key first, then its bytes.
    Removed,
}

impl State {
    const ALL: [Self; 3] = [Self::Kept, Self::Lost, Self::Removed];

    /// Its name in the database and in answers to programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Lost => "lost",
            Self::Removed => "removed",
        }
    }

    /// That of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// Why a holding was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// No record ever referred to it.
    Loose,
    /// Its term ended.
    Term,
    /// Its owner did.
    Owner,
    /// Its owner was erased.
    Erased,
}

impl Why {
    const ALL: [Self; 4] = [Self::Loose, Self::Term, Self::Owner, Self::Erased];

    /// Its name in the database and in answers to programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Loose => "loose",
            Self::Term => "term",
            Self::Owner => "owner",
            Self::Erased => "erased",
        }
    }

    /// That of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.name() == name)
    }
}

/// An original that is kept here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Under which it is fetched.
    pub id: String,
    /// Whose it is.
    pub owner: Owner,
    /// Its size in bytes.
    pub size: u64,
    /// What it is called, and its digest; empty where it was removed.
    pub about: About,
    /// Where it stands.
    pub state: State,
    /// Why it was removed, and when.
    pub ended: Option<(Why, Time)>,
    /// When it came.
    pub made: Time,
    /// Until when it waits for a record that refers to it; none where one does.
    pub loose_until: Option<Time>,
    /// The end of its term; none where it has none.
    pub until: Option<Time>,
}

/// How a copy was found when it was last read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it was written, and by the owner's key the content that the record names.
    Good,
    /// As it was written; the owner's key was not there to look further.
    Same,
    /// Other bytes than were written.
    Damaged,
    /// Not there.
    Missing,
    /// The place did not answer: nothing is known.
    Unreachable,
    /// As it was written, and not the content that the record names.
    Wrong,
    /// Written anew from a good copy.
    Repaired,
    /// Made for the first time.
    Made,
}

impl Outcome {
    const ALL: [Self; 8] = [
        Self::Good,
        Self::Same,
        Self::Damaged,
        Self::Missing,
        Self::Unreachable,
        Self::Wrong,
        Self::Repaired,
        Self::Made,
    ];

    /// Its name in the database and in answers to programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Same => "same",
            Self::Damaged => "damaged",
            Self::Missing => "missing",
            Self::Unreachable => "unreachable",
            Self::Wrong => "wrong",
            Self::Repaired => "repaired",
            Self::Made => "made",
        }
    }

    /// That of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// Whether the copy can be given back.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(self, Self::Good | Self::Same | Self::Repaired | Self::Made)
    }
}

/// One copy of a holding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyOf {
    /// The name of the place.
    pub place: String,
    /// How it was found when it was last read.
    pub state: Outcome,
    /// When that was.
    pub checked: Time,
    /// When it was last found good.
    pub good: Time,
    /// When it is read again.
    pub due: Time,
}

/// One look at a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The name of the place.
    pub place: String,
    /// When.
    pub made: Time,
    /// What was found.
    pub outcome: Outcome,
    /// More of it, for the operator: the chunk, the cause.
    pub detail: String,
}

/// Who holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The owner, who can lift it again.
    Owner,
    /// The operator, as the law asks.
    Operator,
}

impl Holder {
    /// Its name in the database and in answers to programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Operator => "operator",
        }
    }
}

/// Why a holding may not be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Who holds it.
    pub by: Holder,
    /// The reason.
    pub reason: String,
    /// Since when.
    pub since: Time,
}

/// All that is to be said of one file of a record on its page of maintenance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Care {
    /// The file's place in the record.
    pub place: usize,
    /// The original.
    pub holding: Holding,
    /// Whether the node compared it with the record: a salted commitment it cannot.
    pub is_matched: bool,
    /// Its copies.
    pub copies: Vec<CopyOf>,
    /// What keeps it from being removed.
    pub holds: Vec<Hold>,
}

/// The whole instance, for its operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Originals.
    pub holdings: u64,
    /// Originals of which no copy is good.
    pub lost: u64,
    /// Copies of all.
    pub copies: u64,
    /// Bytes of all copies, as stored.
    pub bytes: u64,
    /// Copies that are damaged, missing, or of a wrong content.
    pub bad: u64,
    /// Copies whose place did not answer.
    pub unreachable: u64,
    /// Originals with fewer copies than there are places.
    pub short: u64,
    /// Repairs so far.
    pub repaired: u64,
    /// Uploads under way.
    pub uploads: u64,
    /// When the copy was read that has waited longest; none where there is no copy.
    pub oldest_check: Option<Time>,
}
