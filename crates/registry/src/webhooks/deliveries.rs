//! Deliveries as their owner sees them, and the two that an owner asks for: a test, and one that is sent again.

use super::event::{self, Event, Happened, Kind, PingData, ms};
use super::model::{Attempt, Delivery, Endpoint, State, Trouble};
use super::{By, Webhooks};
use crate::accounts::new_id;
use crate::web::{Code, Fault};
use proof::der::Time;
use serde::{Deserialize, Serialize};
use store::{Row, StoreError};
use trust::TrustError;

/// Tests that one endpoint gets within so many seconds: nobody is to be flooded by them.
const PINGS_MAX: i64 = 10;
const PINGS_S: i64 = 60;

/// What is sealed of an attempt.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct About {
    pub headers: Vec<(String, String)>,
    pub answer: String,
}

/// Where what is sealed of an attempt belongs.
pub(super) fn place(delivery: &str, number: i64) -> String {
    format!("webhook-attempt/{delivery}/{number}")
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, event, endpoint, kind, state, attempts, due_ms, status, trouble, made_ms, ended_ms \
             from webhook_delivery ",
            $rest
        )
    };
}

fn time(ms: i64) -> Time {
    Time::from_unix(ms.div_euclid(1000))
}

fn status_of(row: &Row, column: usize) -> Result<Option<u16>, StoreError> {
    Ok(row.maybe_int(column)?.and_then(|status| u16::try_from(status).ok()))
}

fn read(row: &Row) -> Result<Delivery, StoreError> {
    let text = |column: usize| row.text(column).map(str::to_owned);
    let state = State::parse(row.text(4)?);
    let state = state.ok_or_else(|| StoreError::Broken("a delivery in a state that is none".to_owned()))?;
    let due_ms = row.int(6)?;
    Ok(Delivery {
        id: text(0)?,
        event: text(1)?,
        endpoint: text(2)?,
        kind: text(3)?,
        state,
        attempts: row.int(5)?.unsigned_abs(),
        due: (state == State::Waiting).then(|| time(due_ms)),
        status: status_of(row, 7)?,
        trouble: row.maybe_text(8)?.and_then(Trouble::parse),
        made_ms: row.int(9)?,
        ended: row.maybe_int(10)?.map(time),
    })
}

/// A page of a list ended before this one: milliseconds and id.
pub(super) type Before<'a> = Option<(i64, &'a str)>;

impl Webhooks {
    /// The deliveries to an endpoint, the newest first, perhaps of one state.
    pub(super) async fn deliveries(
        &self,
        endpoint: &str,
        state: Option<State>,
        before: Before<'_>,
        count: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let sql = select!(
            "where endpoint = $1 and ($2 = '' or state = $2) and (made_ms < $3 or (made_ms = $3 and id < $4)) \
             order by made_ms desc, id desc limit $5"
        );
        let (ms, id) = before.unwrap_or((i64::MAX, ""));
        let values = [
            endpoint.into(),
            state.map_or("", State::name).into(),
            ms.into(),
            id.into(),
            i64::try_from(count).unwrap_or(i64::MAX).into(),
        ];
        self.db().rows(sql, &values).await?.iter().map(read).collect()
    }

    /// One delivery.
    pub(super) async fn delivery(&self, by: &By, id: &str) -> Result<Delivery, Fault> {
        let sql = select!("where id = $1 and owner = $2");
        let rows = self.db().rows(sql, &[id.into(), by.owner.as_str().into()]).await?;
        Ok(read(rows.first().ok_or(Fault::NotFound)?)?)
    }

    /// What a delivery sends.
    pub(super) async fn body_of(&self, delivery: &Delivery) -> Result<String, Fault> {
        let sql = "select body from webhook_event where id = $1";
        let rows = self.db().rows(sql, &[delivery.event.as_str().into()]).await?;
        Ok(rows.first().ok_or(Fault::NotFound)?.text(0)?.to_owned())
    }

    /// The attempts of a delivery, the newest first.
    pub(super) async fn attempts(&self, by: &By, id: &str) -> Result<Vec<Attempt>, Fault> {
        let sql = "select number, made_ms, took_ms, status, trouble, about from webhook_attempt \
                   where delivery = $1 order by number desc limit 100";
        let read = |row: &Row| {
            let number = row.int(0)?;
            let about = by.key.open(&place(id, number), row.bytes(5)?)?;
            let about: About = serde_json::from_slice(&about).map_err(|e| TrustError::Broken(e.to_string()))?;
            Ok(Attempt {
                number: number.unsigned_abs(),
                made: time(row.int(1)?),
                took_ms: row.int(2)?.unsigned_abs(),
                status: status_of(row, 3)?,
                trouble: row.maybe_text(4)?.and_then(Trouble::parse),
                headers: about.headers,
                answer: about.answer,
            })
        };
        let rows = self.db().rows(sql, &[id.into()]).await?;
        rows.iter().map(read).collect::<Result<_, TrustError>>().map_err(Fault::from)
    }

    /// The events of an owner, the newest first, perhaps of one kind; with the millisecond of each.
    pub(super) async fn events(
        &self,
        by: &By,
        kind: Option<Kind>,
        before: Before<'_>,
        count: usize,
    ) -> Result<Vec<(i64, Event)>, StoreError> {
        let sql = "select made_ms, body from webhook_event where owner = $1 and kind <> 'ping' and ($2 = '' or kind = $2) \
                   and (made_ms < $3 or (made_ms = $3 and id < $4)) order by made_ms desc, id desc limit $5";
        let (ms, id) = before.unwrap_or((i64::MAX, ""));
        let values = [
            by.owner.as_str().into(),
            kind.map_or("", Kind::name).into(),
            ms.into(),
            id.into(),
            i64::try_from(count).unwrap_or(i64::MAX).into(),
        ];
        let rows = self.db().rows(sql, &values).await?;
        rows.iter().map(|row| Ok((row.int(0)?, event::read(row, 1)?))).collect()
    }

    /// Sends a test to an endpoint.
    pub(super) async fn ping(&self, by: &By, endpoint: &Endpoint) -> Result<Delivery, Fault> {
        if !self.0.is_enabled {
            return Err(self.off(by));
        }
        if endpoint.disabled.is_some() {
            return Err(self.disabled(by));
        }
        let (id, now_ms) = (new_id()?, ms(by.now));
        let happened = Happened::Ping(PingData { webhook: endpoint.id.clone() });
        let put: Result<bool, StoreError> = store::transaction!(self.db(), tx => {
            let sql = "select count(*) from webhook_delivery where endpoint = $1 and kind = 'ping' and made_ms > $2";
            let rows = tx.rows(sql, &[endpoint.id.as_str().into(), (now_ms - PINGS_S * 1000).into()]).await?;
            if rows.first().map_or(Ok(0), |row| row.int(0))? >= PINGS_MAX {
                return Ok(false);
            }
            let event = event::put(tx, &by.owner, &happened, None, by.now).await?;
            add(tx, &id, &event, endpoint.id.as_str(), (&by.owner, Kind::Ping.name()), now_ms).await?;
            Ok(true)
        });
        if !put? {
            return Err(Fault::TooMany(PINGS_S.unsigned_abs() as u32));
        }
        self.wake();
        self.delivery(by, &id).await
    }

    /// Sends a delivery again, with the same id of its event, and all its tries.
    pub(super) async fn replay(&self, by: &By, id: &str) -> Result<Delivery, Fault> {
        let delivery = self.delivery(by, id).await?;
        if self.endpoint(by, &delivery.endpoint).await?.disabled.is_some() {
            return Err(self.disabled(by));
        }
        let sql = "update webhook_delivery set state = 'waiting', due_ms = $3, tries = 0, ended_ms = null \
                   where id = $1 and owner = $2 and state <> 'sending'";
        let values = [id.into(), by.owner.as_str().into(), ms(by.now).into()];
        if self.db().execute(sql, &values).await? == 0 {
            let (what, remedy) = (by.words().say("under-way"), by.words().say("under-way-do"));
            return Err(Fault::Refused { code: Code::DeliveryUnderWay, what, remedy });
        }
        self.wake();
        self.delivery(by, id).await
    }
}

/// Puts down that an event is to be sent to an endpoint, at once.
pub(super) async fn add(
    tx: &mut store::Tx,
    id: &str,
    event: &str,
    endpoint: &str,
    (owner, kind): (&str, &str),
    now_ms: i64,
) -> Result<(), StoreError> {
    let sql = "insert into webhook_delivery (id, event, endpoint, owner, kind, state, due_ms, tries, attempts, made_ms) \
               values ($1, $2, $3, $4, $5, 'waiting', $6, 0, 0, $6) on conflict (event, endpoint) do nothing";
    let values = [id.into(), event.into(), endpoint.into(), owner.into(), kind.into(), now_ms.into()];
    tx.execute(sql, &values).await.map(drop)
}
