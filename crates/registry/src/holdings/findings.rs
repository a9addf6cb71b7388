//! What the checks found and people are told of by mail: a copy damaged or gone, mended, no good copy left, a
//! place that has not answered for a day.
//!
//! A finding is told once, however often it is seen again before it ends. Those of a few minutes go into one
//! mail, so that a copy that was mended at once is one mail and not two. A mail names places, counts and numbers
//! of records, never a file: mail is read by others on its way.

use super::model::Outcome;
use super::{Holdings, WORDS};
use crate::accounts::mail::Letter;
use crate::accounts::new_id;
use crate::accounts::person::Person;
use crate::web::Words;
use crate::webhooks::{self, Happened, HoldingData, Kind};
use proof::der::Time;
use std::collections::{BTreeMap, BTreeSet};
use store::{Row, StoreError, Tx};
use trust::TrustError;

/// How long findings are gathered before they are told.
const GATHER_S: i64 = 600;
/// How long a place may be silent before anybody is written to.
const AWAY_S: i64 = 86_400;
/// How often places are asked whether they answer.
const LOOK_S: i64 = 60;
/// Findings that one round takes up.
const ROUND: i64 = 5_000;
/// How long a finding that was told is kept.
const KEPT_S: i64 = 90 * 86_400;
/// Numbers of records that a mail names.
const NUMBERS: usize = 10;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// No copy of an original is good any more.
    Lost,
    /// A copy is what was written, and not what the record names.
    Wrong,
    /// A copy is not what was written.
    Damaged,
    /// A copy is not there.
    Missing,
    /// A place has not answered for a day.
    Away,
    /// A copy is good again, mostly because it was written anew.
    Mended,
    /// A lost original has a good copy again.
    Found,
    /// The place answers again.
    Back,
}

impl What {
    const ALL: [Self; 8] =
        [Self::Lost, Self::Wrong, Self::Damaged, Self::Missing, Self::Away, Self::Mended, Self::Found, Self::Back];

    /// The fault that this outcome of a check is.
    pub(super) fn of(outcome: Outcome) -> Option<Self> {
        match outcome {
            Outcome::Damaged => Some(Self::Damaged),
            Outcome::Missing => Some(Self::Missing),
            Outcome::Wrong => Some(Self::Wrong),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Wrong => "wrong",
            Self::Damaged => "damaged",
            Self::Missing => "missing",
            Self::Away => "away",
            Self::Mended => "mended",
            Self::Found => "found",
            Self::Back => "back",
        }
    }

    /// What webhooks tell of it.
    fn kind(self) -> Option<Kind> {
        match self {
            Self::Lost => Some(Kind::HoldingLost),
            Self::Wrong | Self::Damaged | Self::Missing => Some(Kind::HoldingDamaged),
            Self::Mended | Self::Found => Some(Kind::HoldingRepaired),
            Self::Away | Self::Back => None,
        }
    }

    fn line(self) -> &'static str {
        match self {
            Self::Lost => "finding-lost",
            Self::Wrong => "finding-wrong",
            Self::Damaged => "finding-damaged",
            Self::Missing => "finding-missing",
            Self::Away => "finding-away",
            Self::Mended => "finding-mended",
            Self::Found => "finding-found",
            Self::Back => "finding-back",
        }
    }
}

/// Where a finding is: the holding, its place (empty where it is of all of them), its owner.
type At<'a> = (&'a str, &'a str, &'a str);

async fn add(
    tx: &mut Tx,
    (holding, place, owner): At<'_>,
    what: What,
    is_open: bool,
    now: Time,
) -> Result<(), StoreError> {
    let sql = "insert into holding_finding (id, holding, place, owner, what, is_open, made_s) \
               values ($1, $2, $3, $4, $5, $6, $7)";
    let id = new_id().map_err(|error| StoreError::Broken(error.to_string()))?;
    let values = [
        id.into(),
        holding.into(),
        place.into(),
        owner.into(),
        what.name().into(),
        i64::from(is_open).into(),
        now.unix_s().into(),
    ];
    tx.execute(sql, &values).await?;
    match what.kind() {
        // A place is the operator's, and no one's original.
        Some(kind) if !holding.is_empty() => {
            let data = HoldingData {
                id: holding.to_owned(),
                finding: what.name().to_owned(),
                holding: format!("/api/v1/holdings/{holding}"),
            };
            webhooks::tell(tx, owner, &Happened::Holding(kind, data), now).await
        }
        _ => Ok(()),
    }
}

/// Notes what was found, where it was not found before.
pub(super) async fn found(tx: &mut Tx, at: At<'_>, what: What, now: Time) -> Result<(), StoreError> {
    let sql = "select 1 from holding_finding where holding = $1 and place = $2 and is_open = 1 limit 1";
    match tx.rows(sql, &[at.0.into(), at.1.into()]).await?.is_empty() {
        true => add(tx, at, what, true, now).await,
        false => Ok(()),
    }
}

/// Ends what was found there, and notes how.
pub(super) async fn ended(tx: &mut Tx, at: At<'_>, how: What, now: Time) -> Result<(), StoreError> {
    let sql = "update holding_finding set is_open = 0 where holding = $1 and place = $2 and is_open = 1";
    match tx.execute(sql, &[at.0.into(), at.1.into()]).await? {
        0 => Ok(()),
        _ => add(tx, at, how, false, now).await,
    }
}

/// A lost original was uploaded again: whatever was found of its copies is over.
pub(super) async fn renewed(tx: &mut Tx, holding: &str, owner: &str, now: Time) -> Result<(), StoreError> {
    let sql = "update holding_finding set is_open = 0 where holding = $1 and is_open = 1";
    match tx.execute(sql, &[holding.into()]).await? {
        0 => Ok(()),
        _ => add(tx, (holding, "", owner), What::Found, false, now).await,
    }
}

/// A place begins anew: what was known of how it answers is over.
pub(super) async fn forget_place(tx: &mut Tx, place: &str) -> Result<(), StoreError> {
    tx.execute("delete from holding_place where place = $1", &[place.into()]).await.map(drop)
}

/// A finding that waits to be told.
struct Waiting {
    holding: String,
    place: String,
    owner: String,
    what: What,
}

fn read(row: &Row) -> Result<Option<Waiting>, StoreError> {
    let name = row.text(4)?;
    let Some(what) = What::ALL.into_iter().find(|what| what.name() == name) else { return Ok(None) };
    let text = |column| row.text(column).map(str::to_owned);
    Ok(Some(Waiting { holding: text(1)?, place: text(2)?, owner: text(3)?, what }))
}

impl Holdings {
    /// Asks every place whether it answers, and notes since when it does or does not.
    pub(super) async fn look_at_places(&self, now: Time) -> Result<(), TrustError> {
        let now_s = now.unix_s();
        for place in self.stores().names() {
            let sql = "select is_up, since_s, looked_s, told_s from holding_place where place = $1";
            let rows = self.db().rows(sql, &[place.into()]).await?;
            let before = rows
                .first()
                .map(|row| Ok::<_, StoreError>((row.int(0)? != 0, row.int(1)?, row.int(2)?, row.maybe_int(3)?)));
            let before = before.transpose()?;
            if before.is_some_and(|(.., looked_s, _)| (0..LOOK_S).contains(&(now_s - looked_s))) {
                continue;
            }
            let (is_up, cause) = match self.stores().reach(place).await {
                Ok(()) => (true, String::new()),
                Err(error) => (false, error.to_string()),
            };
            let since_s = before.filter(|(was_up, ..)| *was_up == is_up).map_or(now_s, |(_, since_s, ..)| since_s);
            let told_s = before.and_then(|(.., told_s)| told_s);
            let what = match (is_up, told_s) {
                (true, Some(_)) => Some(What::Back),
                (false, None) if now_s - since_s >= AWAY_S => Some(What::Away),
                _ => None,
            };
            let told_s = if is_up { None } else { told_s.or(what.map(|_| now_s)) };
            let owners = match what {
                Some(_) => self.owners_in(place).await?,
                None => Vec::new(),
            };
            let cause: String = cause.chars().filter(|c| !c.is_control()).take(300).collect();
            let noted: Result<(), StoreError> = store::transaction!(self.db(), tx => {
                let sql = "insert into holding_place (place, is_up, cause, since_s, looked_s, told_s) \
                           values ($1, $2, $3, $4, $5, $6) on conflict (place) do update set is_up = excluded.is_up, \
                           cause = excluded.cause, since_s = excluded.since_s, looked_s = excluded.looked_s, \
                           told_s = excluded.told_s";
                let values = [
                    place.into(), i64::from(is_up).into(), cause.as_str().into(), since_s.into(), now_s.into(), told_s.into(),
                ];
                tx.execute(sql, &values).await?;
                for owner in &owners {
                    add(tx, ("", place, owner), what.unwrap_or(What::Away), false, now).await?;
                }
                Ok(())
            });
            noted?;
        }
        Ok(())
    }

    /// The owners of whom something is in a place; and nobody, so that the operator is told in any case.
    async fn owners_in(&self, place: &str) -> Result<Vec<String>, StoreError> {
        let sql = "select distinct h.owner from holding h join holding_copy c on c.holding = h.id \
                   where c.place = $1 and h.state <> 'removed'";
        let rows = self.db().rows(sql, &[place.into()]).await?;
        let owners = rows.iter().map(|row| row.text(0).map(str::to_owned));
        std::iter::once(Ok(String::new())).chain(owners).collect()
    }

    /// Writes to operators and owners what was found and not told yet.
    pub(super) async fn tell_findings(&self, now: Time) -> Result<(), TrustError> {
        let sql = "select id, holding, place, owner, what from holding_finding where told_s is null \
                   and exists (select 1 from holding_finding f where f.told_s is null and f.made_s <= $1) \
                   order by made_s, id limit $2";
        let rows = self.db().rows(sql, &[(now.unix_s() - GATHER_S).into(), ROUND.into()]).await?;
        let waiting: Vec<Waiting> = rows.iter().filter_map(|row| read(row).transpose()).collect::<Result<_, _>>()?;
        if rows.is_empty() {
            let sql = "delete from holding_finding where is_open = 0 and told_s < $1";
            return Ok(self.db().execute(sql, &[(now.unix_s() - KEPT_S).into()]).await.map(drop)?);
        }
        let all: Vec<&Waiting> = waiting.iter().collect();
        let mut letters = Vec::new();
        for operator in self.accounts().operators().await? {
            let letter = self.findings_letter(&operator, &all, None);
            letters.push((operator.id, letter));
        }
        let mut owners: BTreeMap<&str, Vec<&Waiting>> = BTreeMap::new();
        for one in &waiting {
            owners.entry(&one.owner).or_default().push(one);
        }
        for (owner, found) in owners {
            let numbers = self.numbers_of(&found).await?;
            // One that cannot be read must not keep the others from being told.
            match self.people_of(owner).await {
                Ok(people) => letters.extend(people.into_iter().map(|person| {
                    let letter = self.findings_letter(&person, &found, Some(&numbers));
                    (person.id, letter)
                })),
                Err(error) => tracing::error!(%error, owner, "an owner is not told of findings"),
            }
        }
        let ids: Vec<&str> = rows.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
        store::transaction!(self.db(), tx => {
            for id in &ids {
                let sql = "update holding_finding set told_s = $2 where id = $1 and told_s is null";
                if tx.execute(sql, &[(*id).into(), now.unix_s().into()]).await? == 0 {
                    return Err(TrustError::Refused("another process tells of the same findings".to_owned()));
                }
            }
            for (person, letter) in &letters {
                self.accounts().write(tx, Some(person), letter, now).await?;
            }
            Ok(())
        })
    }

    /// The first records that the findings are about.
    async fn numbers_of(&self, found: &[&Waiting]) -> Result<Vec<String>, StoreError> {
        let mut numbers = BTreeSet::new();
        for holding in found.iter().map(|one| &*one.holding).filter(|id| !id.is_empty()).collect::<BTreeSet<_>>() {
            let sql = "select r.number from record_holding a join record r on r.id = a.record \
                       where a.holding = $1 order by r.id limit 10";
            for row in self.db().rows(sql, &[holding.into()]).await? {
                numbers.insert(row.text(0)?.to_owned());
            }
            if numbers.len() > NUMBERS {
                break;
            }
        }
        Ok(numbers.into_iter().collect())
    }

    /// A letter to an operator, or to an owner with the numbers of records.
    fn findings_letter(&self, person: &Person, found: &[&Waiting], numbers: Option<&[String]>) -> Letter {
        let w = WORDS.of(person.language());
        let mut counts: BTreeMap<(What, &str), usize> = BTreeMap::new();
        for one in found {
            *counts.entry((one.what, &one.place)).or_default() += 1;
        }
        let lines: Vec<String> = counts.iter().map(|((what, place), count)| line(w, *what, place, *count)).collect();
        let worst = counts.keys().next().map(|(what, _)| *what);
        let subject = w.say(match worst {
            Some(What::Lost) => "mail-care-lost",
            Some(What::Wrong | What::Damaged | What::Missing) if is_mended(&counts) => "mail-care-mended",
            Some(What::Wrong | What::Damaged | What::Missing) => "mail-care-bad",
            Some(What::Away) => "mail-care-away",
            _ => "mail-care-well",
        });
        let url = self.accounts().site().node.profile.url.as_str();
        let values = [("subject", subject.as_str()), ("url", url), ("lines", &lines.join("\n"))];
        let mut text = match numbers {
            None => w.fill("mail-care-operator", &values),
            Some(_) => w.fill("mail-care-owner", &values),
        };
        if let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) {
            let more = if numbers.len() > NUMBERS { " …" } else { "" };
            let named = numbers[..numbers.len().min(NUMBERS)].join(", ");
            text = format!("{text}\n\n{}", w.fill("mail-care-records", &[("numbers", &format!("{named}{more}"))]));
        }
        person.letter_with(&text)
    }
}

/// Whether as much was mended as was found bad, place by place.
fn is_mended(counts: &BTreeMap<(What, &str), usize>) -> bool {
    let mut left: BTreeMap<&str, i64> = BTreeMap::new();
    for ((what, place), count) in counts {
        let count = i64::try_from(*count).unwrap_or(i64::MAX);
        *left.entry(place).or_default() += match what {
            What::Wrong | What::Damaged | What::Missing => count,
            What::Mended => -count,
            _ => 0,
        };
    }
    left.values().all(|left| *left <= 0)
}

fn line(w: Words, what: What, place: &str, count: usize) -> String {
    w.fill(what.line(), &[("count", &count.to_string()), ("place", place)])
}
