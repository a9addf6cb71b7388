//! Every copy read again from time to time, compared with what the record names, and mended (ipr-48, fix-19).
//!
//! A copy is compared with the digest of its bytes as stored, which needs no key; and, where the owner's key
//! is there, opened and compared with the digest in the record: in the record as it was stamped, not in a row
//! of this room. What is away is not missing: it is asked again. Each look is a line that stays for a while.

use super::findings::{self, What};
use super::model::{About, Outcome};
use super::{Keeping, finish};
use crate::accounts::new_id;
use proof::der::Time;
use proof::digest::{DigestAlgorithm, from_hex};
use proof::record::{Content, Files, Record};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;
use store::StoreError;
use tokio::time::{Instant, sleep_until};
use trust::TrustError;
use trust::vault::{Condition, ContentKey, Key, Object};

/// How long a copy is in the hands of the process that looks at it.
const CLAIM_S: i64 = 6 * 3600;
/// When a copy is asked for again that could not be read or mended.
const AGAIN_S: i64 = 3600;
/// Lines that are kept of one holding.
const LINES_MAX: i64 = 200;
/// Longest detail of a line, in characters.
const DETAIL_CHARS_MAX: usize = 300;

/// A copy that is to be looked at.
struct Due {
    holding: String,
    place: String,
    /// Whether it was ever there.
    is_new: bool,
}

/// What a copy is compared with.
struct Truth {
    object: Object,
    key: Option<ContentKey>,
    /// Why the content cannot be looked at, where it cannot.
    blind: Option<String>,
}

/// Which copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// Those that are to be made or mended.
    Bad,
    /// Those that were good and are read again.
    Standing,
}

impl Keeping {
    /// Looks at every copy that is due, the one that has waited longest first.
    pub(super) async fn look_at_due(&self, which: Which, now: Time) -> Result<(), TrustError> {
        while let Some(due) = self.claim(which, now).await? {
            if let Err(error) = self.look(&due, self.settings().check_bytes_s, now).await {
                tracing::error!(%error, holding = due.holding, place = due.place, "a copy cannot be looked at");
            }
        }
        Ok(())
    }

    /// Looks at the copies of one holding, or of all, whether they are due or not and as fast as the places
    /// give them; what is bad is mended. `told` hears of each copy how it was left.
    ///
    /// # Errors
    /// Where the database fails; refused where there is no such holding.
    pub async fn check_now(
        &self,
        holding: Option<&str>,
        now: Time,
        mut told: impl FnMut(&str, &str, Outcome),
    ) -> Result<(), TrustError> {
        let (mut last, mut is_any) = ((String::new(), String::new()), false);
        loop {
            let sql = "select holding, place, good_s from holding_copy where (holding > $1 or (holding = $1 and place > $2)) \
                       and ($3 = '' or holding = $3) order by holding, place limit 100";
            let values = [last.0.as_str().into(), last.1.as_str().into(), holding.unwrap_or_default().into()];
            let rows = self.db().rows(sql, &values).await?;
            for row in &rows {
                let (holding, place) = (row.text(0)?.to_owned(), row.text(1)?.to_owned());
                let due = Due { holding, place, is_new: row.int(2)? == 0 };
                // Nobody else begins with it meanwhile.
                self.put_off(&due, now.unix_s() + CLAIM_S).await?;
                if let Err(error) = self.look(&due, u64::MAX, now).await {
                    tracing::error!(%error, holding = due.holding, place = due.place, "a copy cannot be looked at");
                    self.put_off(&due, now.unix_s() + AGAIN_S).await?;
                }
                let sql = "select state from holding_copy where holding = $1 and place = $2";
                let left = self.db().rows(sql, &[due.holding.as_str().into(), due.place.as_str().into()]).await?;
                if let Some(outcome) = left.first().map(|row| row.text(0)).transpose()?.and_then(Outcome::parse) {
                    told(&due.holding, &due.place, outcome);
                }
                (last, is_any) = ((due.holding, due.place), true);
            }
            if rows.len() < 100 {
                break;
            }
        }
        match holding {
            Some(id) if !is_any => Err(TrustError::Refused(format!("no original {id} is kept here"))),
            _ => Ok(()),
        }
    }

    async fn put_off(&self, due: &Due, due_s: i64) -> Result<(), StoreError> {
        let sql = "update holding_copy set due_s = $3 where holding = $1 and place = $2";
        let values = [due.holding.as_str().into(), due.place.as_str().into(), due_s.into()];
        self.db().execute(sql, &values).await.map(drop)
    }

    async fn claim(&self, which: Which, now: Time) -> Result<Option<Due>, StoreError> {
        store::transaction!(self.db(), tx => {
            let sql = match which {
                Which::Bad => "select holding, place, good_s from holding_copy where due_s <= $1 \
                               and state in ('missing', 'damaged') order by due_s, holding, place limit 1",
                Which::Standing => "select holding, place, good_s from holding_copy where due_s <= $1 \
                                    and state not in ('missing', 'damaged') order by due_s, holding, place limit 1",
            };
            let rows = tx.rows(sql, &[now.unix_s().into()]).await?;
            let Some(row) = rows.first() else { return Ok(None) };
            let due = Due { holding: row.text(0)?.to_owned(), place: row.text(1)?.to_owned(), is_new: row.int(2)? == 0 };
            let sql = "update holding_copy set due_s = $3 where holding = $1 and place = $2";
            let until_s = now.unix_s() + CLAIM_S;
            tx.execute(sql, &[due.holding.as_str().into(), due.place.as_str().into(), until_s.into()]).await?;
            Ok(Some(due))
        })
    }

    async fn look(&self, due: &Due, bytes_s: u64, now: Time) -> Result<(), TrustError> {
        let Some(truth) = self.truth(&due.holding).await? else { return Ok(()) };
        let done = AtomicU64::new(0);
        if due.is_new {
            return self.mend(due, &truth, (&done, u64::MAX), now).await;
        }
        let check = self.stores().check(&due.place, &truth.object, truth.key.as_ref(), &done);
        let (outcome, detail) = match paced(check, &done, bytes_s).await {
            Ok(Condition::Good) if truth.key.is_some() => (Outcome::Good, String::new()),
            Ok(Condition::Good) => (Outcome::Same, truth.blind.clone().unwrap_or_default()),
            Ok(Condition::Damaged { chunk }) => {
                (Outcome::Damaged, chunk.map_or_else(String::new, |chunk| format!("chunk {chunk}")))
            }
            Ok(Condition::Missing) => (Outcome::Missing, String::new()),
            Ok(Condition::Unreachable(cause)) => (Outcome::Unreachable, cause),
            Ok(Condition::Other) => (Outcome::Wrong, "not what the record is of".to_owned()),
            Ok(other) => (Outcome::Unreachable, format!("{other:?}")),
            Err(error) => (Outcome::Unreachable, error.to_string()),
        };
        self.tell(due, outcome, &detail, now).await?;
        match outcome {
            Outcome::Damaged | Outcome::Missing => self.mend(due, &truth, (&done, bytes_s), now).await,
            _ => Ok(()),
        }
    }

    /// Writes a copy anew from one that is read whole and good while it is written.
    async fn mend(
        &self,
        due: &Due,
        truth: &Truth,
        (done, bytes_s): (&AtomicU64, u64),
        now: Time,
    ) -> Result<(), TrustError> {
        let mend = self.stores().mend(&due.place, &truth.object, done);
        match paced(mend, done, bytes_s).await {
            Ok(mended) => {
                let from = mended.from.map_or_else(String::new, |from| format!("from {from}"));
                let aside = mended.aside.map_or_else(String::new, |aside| format!("; {aside} set aside"));
                let outcome = if due.is_new { Outcome::Made } else { Outcome::Repaired };
                self.tell(due, outcome, &format!("{from}{aside}"), now).await
            }
            Err(error) => {
                tracing::error!(%error, holding = due.holding, place = due.place, "a copy cannot be mended yet");
                Ok(self.put_off(due, now.unix_s() + AGAIN_S).await?)
            }
        }
    }

    /// What the copies of a holding must be; none where it was removed.
    async fn truth(&self, holding: &str) -> Result<Option<Truth>, TrustError> {
        let sql =
            "select owner, size, object, key, stored_digest, about from holding where id = $1 and state <> 'removed'";
        let rows = self.db().rows(sql, &[holding.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let stored_digest = row.bytes(4)?.try_into();
        let stored_digest = stored_digest.map_err(|_| TrustError::Broken("a stored digest that is none".to_owned()))?;
        let (id, length) = (row.text(2)?.parse()?, row.int(1)?.unsigned_abs());
        let object = Object { id, length, digest: [0; 32], stored_digest };
        let blind = |object, why: &str| Ok(Some(Truth { object, key: None, blind: Some(why.to_owned()) }));
        // A key that is lost or does not open hides the content, and leaves the bytes to be compared.
        let Ok(Some(owner)) = self.keys.key_of(row.text(0)?).await else {
            return blind(object, "the owner's key is not there");
        };
        let Ok(key) = ContentKey::unwrap(id, &owner, row.bytes(3)?) else {
            return blind(object, "the content's key does not open");
        };
        match self.named(holding, &owner, row.bytes(5)?).await? {
            Some(digest) => Ok(Some(Truth { object: Object { digest, ..object }, key: Some(key), blind: None })),
            None => blind(object, "the record that names the digest is damaged"),
        }
    }

    /// The digest that a record names for a holding: out of the files whose root is in the record that was
    /// stamped. Where no record names one, that of the upload. None where a record is not what was stamped.
    async fn named(&self, holding: &str, owner: &Key, about: &[u8]) -> Result<Option<[u8; 32]>, TrustError> {
        let sql = "select c.record, c.files, c.token, a.place from record_holding a \
                   join record_content c on c.id = a.record where a.holding = $1 and a.is_matched = 1 \
                   order by a.record limit 1";
        let rows = self.db().rows(sql, &[holding.into()]).await?;
        let Some(row) = rows.first() else {
            let about = owner.open(&finish::place(holding), about)?;
            let about: About = serde_json::from_slice(&about).map_err(|e| TrustError::Broken(e.to_string()))?;
            return Ok(from_hex(&about.digest).and_then(|digest| digest.try_into().ok()));
        };
        let stamped = row.bytes(0)?;
        // A record that still waits for its stamp has no token to compare with.
        if let Ok(token) = row.bytes(2)
            && proof::verify::imprint(token) != Some(DigestAlgorithm::Sha256.digest(stamped))
        {
            return Ok(None);
        }
        let (Ok(record), Ok(files)) = (Record::parse(stamped), Files::parse(row.bytes(1)?)) else { return Ok(None) };
        let place = usize::try_from(row.int(3)?).unwrap_or(usize::MAX);
        let file = files.all().get(place).filter(|_| files.head() == record.files);
        Ok(file.and_then(|file| match file.content {
            Content::Digests { sha256, .. } => Some(sha256),
            Content::Salted(_) => None,
        }))
    }

    /// Writes down how a copy was found, and what that means for its holding.
    async fn tell(&self, due: &Due, outcome: Outcome, detail: &str, now: Time) -> Result<(), TrustError> {
        match outcome {
            Outcome::Damaged | Outcome::Missing | Outcome::Wrong => {
                tracing::error!(
                    holding = due.holding,
                    place = due.place,
                    outcome = outcome.name(),
                    detail,
                    "a copy is bad"
                );
            }
            Outcome::Unreachable => {
                tracing::warn!(holding = due.holding, place = due.place, detail, "a copy's place does not answer");
            }
            _ => {}
        }
        let detail: String = detail.chars().filter(|c| !c.is_control()).take(DETAIL_CHARS_MAX).collect();
        let (now_s, holding, place) = (now.unix_s(), due.holding.as_str(), due.place.as_str());
        // In the order in which they were made, also within a second.
        let id = format!("{now_s:013}{:09}-{}", self.next(), new_id()?);
        let due_s = match outcome {
            Outcome::Unreachable => now_s + AGAIN_S,
            _ => now_s + self.check_every_s(),
        };
        let told: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            let sql = "update holding_copy set state = $3, checked_s = case when $3 = 'unreachable' then checked_s else $4 end, \
                       good_s = case when $5 = 1 then $4 else good_s end, due_s = $6 where holding = $1 and place = $2";
            let values =
                [holding.into(), place.into(), outcome.name().into(), now_s.into(), outcome.is_good().into(), due_s.into()];
            let before = "select c.good_s, h.state, h.owner from holding_copy c join holding h on h.id = c.holding \
                          where c.holding = $1 and c.place = $2";
            let before = tx.rows(before, &[holding.into(), place.into()]).await?;
            let Some(before) = before.first() else { return Ok(()) };
            if tx.execute(sql, &values).await? == 0 {
                // It was removed meanwhile.
                return Ok(());
            }
            let sql = "insert into holding_check (id, holding, place, made_s, outcome, detail) values ($1, $2, $3, $4, $5, $6)";
            let values = [
                id.as_str().into(), holding.into(), place.into(), now_s.into(), outcome.name().into(), detail.as_str().into(),
            ];
            tx.execute(sql, &values).await?;
            let sql = "delete from holding_check where holding = $1 and id not in \
                       (select id from holding_check where holding = $1 order by id desc limit $2)";
            tx.execute(sql, &[holding.into(), LINES_MAX.into()]).await?;
            let sql = "update holding set state = case when exists (select 1 from holding_copy c where c.holding = $1 \
                       and c.state in ('good', 'same', 'made', 'repaired', 'unreachable')) then 'kept' else 'lost' end \
                       where id = $1 and state <> 'removed' returning state";
            let after = tx.rows(sql, &[holding.into()]).await?;
            let owner = before.text(2)?;
            // A copy that was never there is no finding.
            match What::of(outcome) {
                Some(what) if before.int(0)? > 0 => findings::found(tx, (holding, place, owner), what, now).await?,
                None if outcome.is_good() => findings::ended(tx, (holding, place, owner), What::Mended, now).await?,
                _ => {}
            }
            match after.first().map(|row| row.text(0)).transpose()? {
                Some("lost") => findings::found(tx, (holding, "", owner), What::Lost, now).await?,
                Some("kept") if before.text(1)? == "lost" => {
                    findings::ended(tx, (holding, "", owner), What::Found, now).await?;
                }
                _ => {}
            }
            if outcome == Outcome::Repaired {
                let sql = "insert into holding_count (name, count) values ('repaired', 1) \
                           on conflict (name) do update set count = holding_count.count + 1";
                tx.execute(sql, &[]).await?;
            }
            Ok(())
        });
        Ok(told?)
    }

    /// Copies are to be made in places that the configuration names since the last start; and what a
    /// process had in hand that is gone is looked at now.
    pub(super) async fn add_places(&self, now: Time) -> Result<(), StoreError> {
        let sql = "update holding_copy set due_s = 0 where state in ('missing', 'damaged')";
        self.db().execute(sql, &[]).await?;
        for place in self.stores().names() {
            let sql = "insert into holding_copy (holding, place, object, state, bytes, made_s, checked_s, good_s, due_s) \
                       select h.id, $1, h.object, 'missing', \
                       coalesce((select max(c.bytes) from holding_copy c where c.holding = h.id), h.size), $2, 0, 0, $2 \
                       from holding h where h.state <> 'removed' \
                       and not exists (select 1 from holding_copy c where c.holding = h.id and c.place = $1)";
            self.db().execute(sql, &[place.into(), now.unix_s().into()]).await?;
        }
        Ok(())
    }
}

/// Does the work no faster than so many bytes a second: it goes on only as far as it is asked to.
async fn paced<T>(work: impl Future<Output = T>, done: &AtomicU64, bytes_s: u64) -> T {
    let (mut work, begun, first) = (pin!(work), Instant::now(), done.load(Ordering::Relaxed));
    loop {
        let before = done.load(Ordering::Relaxed);
        let step = poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if done.load(Ordering::Relaxed) != before => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        if let Some(value) = step.await {
            return value;
        }
        let read = (done.load(Ordering::Relaxed) - first) as f64;
        sleep_until(begun + Duration::from_secs_f64(read / bytes_s.max(1) as f64)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn reading_takes_as_long_as_the_operator_allows() {
        let done = AtomicU64::new(0);
        let work = async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
                done.fetch_add(10_000, Ordering::Relaxed);
            }
            7
        };
        let begun = Instant::now();
        assert_eq!(paced(work, &done, 1_000_000).await, 7);
        // The last piece is not waited for.
        assert!(begun.elapsed() >= Duration::from_millis(80), "100 kB at 1 MB/s");
    }
}
