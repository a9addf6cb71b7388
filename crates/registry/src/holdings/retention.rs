//! Terms: what an owner is reminded of before one ends, and what ends then.
//!
//! Nothing goes without its last reminder having been written a week before: where the node was down
//! meanwhile, the term is longer by that much. What is held stays, and is reminded of when it is released.

use super::model::{REMINDERS_DAYS, Why};
use super::{Holdings, WORDS, removal};
use crate::accounts::audit::{Act, Scope, note};
use crate::accounts::mail::Letter;
use crate::accounts::organisation::Role;
use crate::accounts::person::Person;
use crate::evidence::Owner;
use proof::der::Time;
use std::collections::BTreeMap;
use trust::TrustError;

/// Holdings that one round takes up.
const ROUND: i64 = 2_000;
const DAY_S: i64 = 86_400;
/// The days of the last reminder.
const LAST_DAYS: i64 = REMINDERS_DAYS[REMINDERS_DAYS.len() - 1];

/// The reminder that is due so long before the end.
fn reminder(left_s: i64) -> Option<i64> {
    REMINDERS_DAYS.into_iter().rev().find(|days| left_s <= days * DAY_S)
}

/// What one owner is reminded of.
#[derive(Default)]
struct Reminder {
    /// Holdings, with the reminder and the end that each then has.
    holdings: Vec<(String, i64, i64)>,
    first_end_s: i64,
}

impl Holdings {
    /// Writes the reminders that are due.
    pub(super) async fn remind(&self, now: Time) -> Result<(), TrustError> {
        let now_s = now.unix_s();
        let sql = "select h.id, h.owner, h.until_s, h.reminded from holding h where h.until_s <= $1 \
                   and h.state <> 'removed' and (h.reminded = 0 or h.reminded > $2) \
                   and not exists (select 1 from holding_hold o where o.holding = h.id) order by h.until_s limit $3";
        let horizon_s = now_s + REMINDERS_DAYS[0] * DAY_S;
        let mut owners: BTreeMap<String, Reminder> = BTreeMap::new();
        for row in self.db().rows(sql, &[horizon_s.into(), LAST_DAYS.into(), ROUND.into()]).await? {
            let (until_s, reminded) = (row.int(2)?, row.int(3)?);
            let Some(days) = reminder(until_s - now_s).filter(|days| reminded == 0 || *days < reminded) else {
                continue;
            };
            let end_s = if days == LAST_DAYS { until_s.max(now_s + LAST_DAYS * DAY_S) } else { until_s };
            let owner = owners.entry(row.text(1)?.to_owned()).or_default();
            owner.first_end_s = if owner.holdings.is_empty() { end_s } else { owner.first_end_s.min(end_s) };
            owner.holdings.push((row.text(0)?.to_owned(), days, end_s));
        }
        for (owner, reminder) in owners {
            if let Err(error) = self.remind_owner(&owner, &reminder, now).await {
                tracing::error!(%error, owner, "an owner is not reminded");
            }
        }
        Ok(())
    }

    /// Who is written to for an owner: the person, or the owners of the organisation.
    pub(super) async fn people_of(&self, owner: &str) -> Result<Vec<Person>, TrustError> {
        Ok(match Owner::parse(owner) {
            Some(Owner::Person(id)) => self.accounts().person(&id).await?.into_iter().collect(),
            Some(Owner::Organisation(id)) => {
                let members = self.accounts().members(&id).await?;
                members.into_iter().filter(|member| member.roles.has(Role::Owner)).map(|member| member.person).collect()
            }
            None => Vec::new(),
        })
    }

    async fn remind_owner(&self, owner: &str, reminder: &Reminder, now: Time) -> Result<(), TrustError> {
        let people = self.people_of(owner).await?;
        let letters: Vec<(String, Letter)> =
            people.iter().map(|person| (person.id.clone(), self.reminder_to(person, reminder))).collect();
        store::transaction!(self.db(), tx => {
            for (id, days, end_s) in &reminder.holdings {
                let sql = "update holding set reminded = $2, until_s = $3 where id = $1 and until_s <= $3";
                tx.execute(sql, &[id.as_str().into(), (*days).into(), (*end_s).into()]).await?;
            }
            for (person, letter) in &letters {
                self.accounts().write(tx, Some(person), letter, now).await?;
            }
            Ok(())
        })
    }

    fn reminder_to(&self, person: &Person, reminder: &Reminder) -> Letter {
        let w = WORDS.of(person.language());
        let day: String = Time::from_unix(reminder.first_end_s).to_string().chars().take(10).collect();
        let count = reminder.holdings.len().to_string();
        let url = self.accounts().site().node.profile.url.as_str();
        person.letter_with(&w.fill("mail-term", &[("count", &count), ("day", &day), ("url", url)]))
    }

    /// Ends what has come to the end of its term and was reminded of. What cannot be undone waits for a
    /// time that can be relied on.
    pub(super) async fn end_terms(&self, now: Time) -> Result<(), TrustError> {
        if !self.accounts().site().node.is_time_told() {
            return Ok(());
        }
        let sql = "select h.id, h.owner from holding h where h.until_s < $1 and h.state <> 'removed' \
                   and h.reminded = $2 and not exists (select 1 from holding_hold o where o.holding = h.id) \
                   order by h.until_s limit $3";
        for row in self.db().rows(sql, &[now.unix_s().into(), LAST_DAYS.into(), ROUND.into()]).await? {
            let (id, owner) = (row.text(0)?, row.text(1)?);
            let scope = Owner::parse(owner).map_or(Scope::Node, |owner| owner.scope());
            let ended: Result<(), TrustError> = store::transaction!(self.db(), tx => {
                if removal::end(tx, id, Why::Term, Some(now)).await? {
                    note(tx, &scope, "node", Act::OriginalRemoved, &super::finish::place(id), now).await?;
                }
                Ok(())
            });
            ended?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_reminder_is_due() {
        for (days, due) in [(91, None), (90, Some(90)), (31, Some(90)), (30, Some(30)), (7, Some(7)), (-5, Some(7))] {
            assert_eq!(reminder(days * DAY_S), due, "{days} days before");
        }
    }
}
