//! From an event to an answer: spread, take, send, settle.
//!
//! *spread*, one transaction: a delivery for each endpoint that wants the event. *take*, one transaction: a delivery is
//! this process's until its lease runs out, so that no two send it at once and none is lost with the process that had
//! it. Then it is sent, and *settled* in one transaction: taken, to be tried again, or given up. What dies in between
//! is sent again, under the same id.

use super::client::Outcome;
use super::deliveries::{About, add, place};
use super::endpoints::disable;
use super::event::ms;
use super::model::{Choice, Endpoint, FAILING_S, Trouble, Why, wait_ms};
use super::slots::Slot;
use super::{WORDS, Webhooks, place_of, scope_of};
use crate::accounts::audit::{Act, note};
use crate::accounts::mail::Letter;
use crate::accounts::new_id;
use crate::accounts::organisation::Role;
use crate::accounts::person::Person;
use proof::der::Time;
use store::StoreError;
use tokio::time::Instant;
use trust::TrustError;

/// Longer than an attempt takes.
const LEASE_MS: i64 = 60_000;
/// How long what is a frozen person's waits.
const FROZEN_MS: i64 = 3_600_000;
/// Events that one round spreads.
const EVENTS: i64 = 100;
/// Endpoints that one look finds due.
const ENDPOINTS: i64 = 1_000;

/// A delivery that this process has.
pub(super) struct Due {
    id: String,
    event: String,
    endpoint: String,
    tries: i64,
    number: i64,
    lease: String,
    _slot: Slot,
}

impl Webhooks {
    /// Makes a delivery of each new event for each endpoint that wants it; whether there may be more.
    pub(super) async fn spread(&self) -> Result<bool, TrustError> {
        let sql =
            "select id, owner, kind, made_ms from webhook_event where is_spread = 0 order by made_ms, id limit $1";
        let rows = self.db().rows(sql, &[EVENTS.into()]).await?;
        if rows.is_empty() {
            return Ok(false);
        }
        let spread: Result<(), TrustError> = store::transaction!(self.db(), tx => {
            for row in &rows {
                let (event, owner, kind, made_ms) = (row.text(0)?, row.text(1)?, row.text(2)?, row.int(3)?);
                let sql = "update webhook_event set is_spread = 1 where id = $1 and is_spread = 0";
                if tx.execute(sql, &[event.into()]).await? == 0 {
                    continue;
                }
                let sql = "select id, kinds from webhook_endpoint where owner = $1 and is_enabled = 1 and made_ms <= $2";
                for endpoint in tx.rows(sql, &[owner.into(), made_ms.into()]).await? {
                    if Choice::of(endpoint.text(1)?.split(' ')).is_some_and(|choice| choice.has(kind)) {
                        add(tx, &new_id()?, event, endpoint.text(0)?, (owner, kind), made_ms).await?;
                    }
                }
            }
            Ok(())
        });
        spread.map(|()| rows.len() as i64 == EVENTS)
    }

    /// Takes what is due, as far as there are places for it.
    pub(super) async fn take(&self, now: Time) -> Result<Vec<Due>, TrustError> {
        let sql = "select d.endpoint, min(d.due_ms), count(e.failing_since_s) from webhook_delivery d \
                   join webhook_endpoint e on e.id = d.endpoint \
                   where d.state in ('waiting', 'sending') and d.due_ms <= $1 group by d.endpoint order by 2, 1 limit $2";
        let mut taken = Vec::new();
        if self.0.slots.is_full() {
            return Ok(taken);
        }
        for row in self.db().rows(sql, &[ms(now).into(), ENDPOINTS.into()]).await? {
            let slots = self.0.slots.take(row.text(0)?, row.int(2)? > 0);
            if !slots.is_empty() {
                taken.extend(self.take_of(row.text(0)?, slots, now).await?);
            }
        }
        Ok(taken)
    }

    async fn take_of(&self, endpoint: &str, slots: Vec<Slot>, now: Time) -> Result<Vec<Due>, TrustError> {
        let (now_ms, lease) = (ms(now), new_id()?);
        let found: Result<Vec<store::Row>, StoreError> = store::transaction!(self.db(), tx => {
            let sql = "select id from webhook_delivery where endpoint = $1 and state in ('waiting', 'sending') \
                       and due_ms <= $2 order by due_ms, made_ms, id limit $3";
            let due = tx.rows(sql, &[endpoint.into(), now_ms.into(), (slots.len() as i64).into()]).await?;
            let mut found = Vec::new();
            for row in &due {
                let sql = "update webhook_delivery set state = 'sending', lease = $2, due_ms = $3, tries = tries + 1, \
                           attempts = attempts + 1 where id = $1 and state in ('waiting', 'sending') and due_ms <= $4 \
                           returning id, event, tries, attempts";
                let values =
                    [row.text(0)?.into(), lease.as_str().into(), (now_ms + LEASE_MS).into(), now_ms.into()];
                found.extend(tx.rows(sql, &values).await?);
            }
            Ok(found)
        });
        let mut taken = Vec::new();
        for (row, slot) in found?.iter().zip(slots) {
            taken.push(Due {
                id: row.text(0)?.to_owned(),
                event: row.text(1)?.to_owned(),
                endpoint: endpoint.to_owned(),
                tries: row.int(2)?,
                number: row.int(3)?,
                lease: lease.clone(),
                _slot: slot,
            });
        }
        Ok(taken)
    }

    /// Sends a delivery, and notes what came of it.
    pub(super) async fn carry_out(&self, due: Due, now: Time) {
        let (delivery, endpoint) = (due.id.clone(), due.endpoint.clone());
        // Its lease runs out, and it is taken again.
        if let Err(error) = self.send(due, now).await {
            tracing::error!(%error, delivery, endpoint, "a delivery is not brought to its end");
        }
    }

    async fn send(&self, due: Due, now: Time) -> Result<(), TrustError> {
        let sql = "select body from webhook_event where id = $1";
        let rows = self.db().rows(sql, &[due.event.as_str().into()]).await?;
        let found = self.to_send(&due.endpoint, now).await?;
        let (Some(row), Some((endpoint, secrets))) = (rows.first(), found) else {
            let sql = "delete from webhook_delivery where id = $1 and lease = $2";
            self.db().execute(sql, &[due.id.as_str().into(), due.lease.as_str().into()]).await?;
            return Ok(());
        };
        if endpoint.disabled.is_some() {
            let sql = "update webhook_delivery set state = 'stopped', lease = null, ended_ms = $3 where id = $1 and lease = $2";
            self.db().execute(sql, &[due.id.as_str().into(), due.lease.as_str().into(), ms(now).into()]).await?;
            return Ok(());
        }
        if self.is_frozen(&endpoint.owner).await? {
            let sql = "update webhook_delivery set state = 'waiting', lease = null, due_ms = $3, tries = tries - 1, \
                       attempts = attempts - 1 where id = $1 and lease = $2";
            let later_ms = ms(now) + FROZEN_MS;
            self.db().execute(sql, &[due.id.as_str().into(), due.lease.as_str().into(), later_ms.into()]).await?;
            return Ok(());
        }
        let (body, time_s) = (row.text(0)?.to_owned(), now.unix_s());
        let signed: Vec<String> =
            secrets.iter().map(|secret| secret.sign(&due.event, time_s, body.as_bytes())).collect();
        let headers: Vec<(String, String)> = [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", due.event.clone()),
            ("webhook-timestamp", time_s.to_string()),
            ("webhook-signature", signed.join(" ")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec();
        let (client, url, sent, begun) = (self.0.client.clone(), endpoint.url.clone(), headers.clone(), Instant::now());
        let outcome = tokio::task::spawn_blocking(move || client.post(&url, &sent, &body)).await;
        let outcome = outcome.map_err(|error| TrustError::Broken(error.to_string()))?;
        let took_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        tracing::debug!(delivery = due.id, status = outcome.status, trouble = ?outcome.trouble, took_ms, "sent");
        self.settle(&due, &endpoint, (&headers, &outcome), (now, took_ms)).await
    }

    /// Whether whose it is may not act.
    async fn is_frozen(&self, owner: &str) -> Result<bool, TrustError> {
        match owner.strip_prefix("person/") {
            Some(id) => Ok(self.accounts().person(id).await?.is_some_and(|person| person.is_frozen())),
            None => Ok(false),
        }
    }

    async fn settle(
        &self,
        due: &Due,
        endpoint: &Endpoint,
        (headers, outcome): (&[(String, String)], &Outcome),
        (begun, took_ms): (Time, i64),
    ) -> Result<(), TrustError> {
        let now_ms = ms(begun) + took_ms;
        let now = Time::from_unix(now_ms.div_euclid(1000));
        let (is_gone, is_taken) = (outcome.status == Some(410), outcome.trouble.is_none());
        let random = u16::from_le_bytes(trust::keys::random()?);
        let wait_ms = wait_ms(due.tries, random, outcome.asked_s).filter(|_| !is_taken && !is_gone);
        let (state, ended_ms) = match (is_taken, wait_ms) {
            (true, _) => ("delivered", Some(now_ms)),
            (false, Some(_)) => ("waiting", None),
            (false, None) => ("failed", Some(now_ms)),
        };
        let about = About { headers: headers.to_vec(), answer: outcome.answer.clone() };
        let about = serde_json::to_vec(&about).map_err(|e| TrustError::Broken(e.to_string()))?;
        // Gone with its key: there is nobody to tell, and nothing that could be kept.
        let Some(key) = self.accounts().key_of(&endpoint.owner).await? else { return Ok(()) };
        let about = key.seal(&place(&due.id, due.number), &about)?;
        let since_s = endpoint.failing_since.map(|time| time.unix_s());
        let why = match is_taken {
            true => None,
            false if is_gone => Some(Why::Gone),
            false => since_s.is_some_and(|since_s| now.unix_s() - since_s >= FAILING_S).then_some(Why::Failing),
        };
        let letters = match why {
            Some(why) => self.letters(endpoint, why).await?,
            None => Vec::new(),
        };
        let (status, trouble) = (outcome.status.map(i64::from), outcome.trouble.map(Trouble::name));
        store::transaction!(self.db(), tx => {
            let sql = "update webhook_delivery set state = $3, lease = null, due_ms = $4, status = $5, trouble = $6, \
                       ended_ms = $7 where id = $1 and lease = $2";
            let values = [
                due.id.as_str().into(), due.lease.as_str().into(), state.into(), (now_ms + wait_ms.unwrap_or(0)).into(),
                status.into(), trouble.into(), ended_ms.into(),
            ];
            // Another has it meanwhile, or it is removed.
            if tx.execute(sql, &values).await? == 0 {
                return Ok(());
            }
            let sql = "insert into webhook_attempt (delivery, number, made_ms, took_ms, status, trouble, about) \
                       values ($1, $2, $3, $4, $5, $6, $7)";
            let values = [
                due.id.as_str().into(), due.number.into(), ms(begun).into(), took_ms.into(), status.into(),
                trouble.into(), about.clone().into(),
            ];
            tx.execute(sql, &values).await?;
            if is_taken {
                let sql = "update webhook_endpoint set failing_since_s = null where id = $1 and failing_since_s is not null";
                tx.execute(sql, &[due.endpoint.as_str().into()]).await?;
                return Ok(());
            }
            let sql = "update webhook_endpoint set failing_since_s = $2 where id = $1 and failing_since_s is null";
            tx.execute(sql, &[due.endpoint.as_str().into(), now.unix_s().into()]).await?;
            let Some(why) = why else { return Ok(()) };
            if disable(tx, &due.endpoint, why, now).await? {
                let object = format!("webhook/{}", due.endpoint);
                note(tx, &scope_of(&endpoint.owner), "node", Act::WebhookDisabled, &object, now).await?;
                for (person, letter) in &letters {
                    self.accounts().write(tx, Some(person), letter, now).await?;
                }
            }
            Ok(())
        })
    }

    /// What those are told whose endpoint was disabled.
    async fn letters(&self, endpoint: &Endpoint, why: Why) -> Result<Vec<(String, Letter)>, TrustError> {
        let people: Vec<Person> = match endpoint.owner.split_once('/') {
            Some(("organisation", id)) => {
                let members = self.accounts().members(id).await?.into_iter();
                members.filter(|member| member.roles.has(Role::Owner)).map(|member| member.person).collect()
            }
            Some((_, id)) => self.accounts().person(id).await?.into_iter().collect(),
            None => Vec::new(),
        };
        let site = self.accounts().site().node.profile.url.as_str();
        let page = format!("{site}{}/{}", place_of(&endpoint.owner), endpoint.id);
        let letter = |person: Person| {
            let w = WORDS.of(person.language());
            let why = w.say(why.word());
            let letter = person.letter_with(&w.fill("mail-disabled", &[("why", &why), ("page", &page)]));
            (person.id, letter)
        };
        Ok(people.into_iter().map(letter).collect())
    }
}
