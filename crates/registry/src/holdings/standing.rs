//! How the copies of an instance stand, place by place, for its operator: on a page and by a command.

use super::model::Outcome;
use super::{Keeping, deposit, removal};
use proof::der::Time;
use store::jobs;
use store::{Row, StoreError};
use trust::TrustError;

/// Bad copies and jobs that are named one by one.
const NAMED: i64 = 200;

/// How one place stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaceStanding {
    /// Its name.
    pub name: String,
    /// Whether it answered when it was last asked; none where it was never asked.
    pub is_up: Option<bool>,
    /// Since when that is so.
    pub since: Option<Time>,
    /// Why it does not answer.
    pub cause: String,
    /// Copies that were good when they were last read.
    pub objects: u64,
    /// Their bytes, as stored.
    pub bytes: u64,
    /// Copies that are damaged, or not what their record names.
    pub damaged: u64,
    /// Copies that were there and are not any more.
    pub missing: u64,
    /// Copies that are to be made for the first time.
    pub waiting: u64,
    /// Copies whose last check found no answer.
    pub unreachable: u64,
    /// When a copy in it was last read.
    pub checked: Option<Time>,
    /// When the next is read.
    pub next: Option<Time>,
}

/// A copy that cannot be given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadCopy {
    /// The holding, by id.
    pub holding: String,
    /// The place.
    pub place: String,
    /// How it was found.
    pub state: Outcome,
    /// When.
    pub checked: Time,
    /// When it was last good.
    pub good: Time,
    /// Whether no other copy is good.
    pub is_lost: bool,
}

/// A job that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Whether originals are to be put beside a record; else bytes are to be removed.
    pub is_attach: bool,
    /// The record's number, or the object's id.
    pub of: String,
    /// How often it was tried.
    pub tries: i64,
    /// Why the last try failed.
    pub error: String,
}

/// How the copies of the instance stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Originals.
    pub holdings: u64,
    /// Originals without a good copy.
    pub lost: u64,
    /// Uploads under way.
    pub uploads: u64,
    /// The places, the first one first.
    pub places: Vec<PlaceStanding>,
    /// Copies that are bad, the lost first; at most 200.
    pub bad: Vec<BadCopy>,
    /// Jobs that wait.
    pub waiting: u64,
    /// Jobs that were given up.
    pub dead: u64,
    /// Those, the newest first; at most 200 of each kind.
    pub given_up: Vec<Job>,
}

impl Standing {
    /// Whether something waits for the operator.
    #[must_use]
    pub fn is_well(&self) -> bool {
        let is_fine = |place: &PlaceStanding| place.is_up != Some(false) && place.damaged + place.missing == 0;
        self.lost == 0 && self.dead == 0 && self.places.iter().all(is_fine)
    }
}

impl Keeping {
    /// How the copies stand. Places are asked now where `is_live` says so; else what is known of them is told.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn standing(&self, is_live: bool) -> Result<Standing, TrustError> {
        let sql = "select (select count(*) from holding where state <> 'removed'), \
                   (select count(*) from holding where state = 'lost'), \
                   (select count(*) from upload where state <> 'done')";
        let rows = self.db().rows(sql, &[]).await?;
        let count = |row: &Row, column| row.int(column).map(i64::unsigned_abs);
        let mut standing = Standing::default();
        if let Some(row) = rows.first() {
            (standing.holdings, standing.lost, standing.uploads) = (count(row, 0)?, count(row, 1)?, count(row, 2)?);
        }
        for name in self.stores().names() {
            let mut place = self.place(name).await?;
            if is_live {
                let asked = self.stores().reach(name).await.map_err(|error| error.to_string());
                // What the server noted of another state is not since when this one is.
                place.since = place.since.filter(|_| place.is_up == Some(asked.is_ok()));
                (place.is_up, place.cause) = (Some(asked.is_ok()), asked.err().unwrap_or_default());
            }
            standing.places.push(place);
        }
        let sql = "select c.holding, c.place, c.state, c.checked_s, c.good_s, h.state from holding_copy c \
                   join holding h on h.id = c.holding where c.state in ('damaged', 'missing', 'wrong') and c.good_s > 0 \
                   order by case when h.state = 'lost' then 0 else 1 end, c.checked_s, c.holding, c.place limit $1";
        for row in self.db().rows(sql, &[NAMED.into()]).await? {
            let unknown = || StoreError::Broken("a copy is in an unknown state; restore a backup".to_owned());
            standing.bad.push(BadCopy {
                holding: row.text(0)?.to_owned(),
                place: row.text(1)?.to_owned(),
                state: Outcome::parse(row.text(2)?).ok_or_else(unknown)?,
                checked: Time::from_unix(row.int(3)?),
                good: Time::from_unix(row.int(4)?),
                is_lost: row.text(5)? == "lost",
            });
        }
        let kinds = jobs::kinds(self.db(), 0).await?;
        for (kind, is_attach) in [(deposit::LISTENER, true), (removal::JOB, false)] {
            for of_kind in kinds.iter().filter(|one| one.kind == kind) {
                standing.waiting += of_kind.ready + of_kind.taken;
                standing.dead += of_kind.dead;
            }
            let given_up = jobs::given_up(self.db(), kind, NAMED).await?;
            standing.given_up.extend(given_up.into_iter().map(|job| {
                let of = job.payload.rsplit(' ').next().unwrap_or_default().to_owned();
                Job { is_attach, of, tries: job.tries, error: job.error }
            }));
        }
        Ok(standing)
    }

    async fn place(&self, name: &str) -> Result<PlaceStanding, StoreError> {
        let mut place = PlaceStanding { name: name.to_owned(), ..PlaceStanding::default() };
        let sql = "select is_up, since_s, cause from holding_place where place = $1";
        if let Some(row) = self.db().rows(sql, &[name.into()]).await?.first() {
            place.is_up = Some(row.int(0)? != 0);
            place.since = Some(Time::from_unix(row.int(1)?));
            row.text(2)?.clone_into(&mut place.cause);
        }
        let sql = "select c.state, case when c.good_s > 0 then 1 else 0 end, count(*), \
                   cast(coalesce(sum(c.bytes), 0) as bigint), max(c.checked_s), min(c.due_s) from holding_copy c \
                   where c.place = $1 group by c.state, case when c.good_s > 0 then 1 else 0 end";
        for row in self.db().rows(sql, &[name.into()]).await? {
            let (was_there, count) = (row.int(1)? != 0, row.int(2)?.unsigned_abs());
            match Outcome::parse(row.text(0)?) {
                _ if !was_there => place.waiting += count,
                Some(Outcome::Missing) => place.missing += count,
                Some(Outcome::Damaged | Outcome::Wrong) => place.damaged += count,
                Some(Outcome::Unreachable) => place.unreachable += count,
                _ => {
                    place.objects += count;
                    place.bytes += row.int(3)?.unsigned_abs();
                }
            }
            let checked = Some(Time::from_unix(row.int(4)?)).filter(|time| time.unix_s() > 0);
            place.checked = place.checked.max(checked);
            // What is due at once has no time of its own.
            let next = Some(Time::from_unix(row.int(5)?)).filter(|time| time.unix_s() > 0);
            place.next = [place.next, next].into_iter().flatten().min();
        }
        Ok(place)
    }
}
