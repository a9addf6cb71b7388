//! From a draft that deposits to originals beside its record: what is here, what changes hands, and the
//! job that attaches.
//!
//! The job is added in the transaction in which a record is put down for an approver, and again in the one
//! in which it is kept; done twice, nothing changes. Whatever dies, no record stays without the originals
//! that were here for longer than the job needs. What is gone by then fails loudly, and the record's page
//! says so.

use super::attach::Attached;
use super::finish::place;
use super::model::{About, Holding, LOOSE_S};
use super::uploads::{over_quota, used};
use super::{Holdings, WORDS, previews, refused};
use crate::accounts::audit::{Act, note};
use crate::accounts::new_id;
use crate::evidence::{DraftFile, Entry, Mode, Party, State};
use crate::web::{Code, Fault};
use proof::der::Time;
use std::collections::{HashMap, HashSet};
use store::jobs;
use store::{StoreError, Value};
use trust::TrustError;
use trust::vault::ContentKey;

/// The job that is added when a record is kept.
pub const LISTENER: &str = "originals";
const LEASE_MS: i64 = 60_000;

/// What an application still lacks before it can be confirmed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lacking {
    /// The files of which there is no original, by their places among those that were asked for.
    pub missing: Vec<usize>,
    /// Those whose original belongs to the person, whose own records refer to it.
    pub bound: Vec<usize>,
}

impl Lacking {
    /// Whether nothing is lacking.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.missing.is_empty() && self.bound.is_empty()
    }
}

enum Handed {
    Yes,
    /// Something refers to it, or the other has the content already.
    No,
    /// The other has room for so many bytes.
    Over(u64),
}

impl Holdings {
    /// Whether originals are taken at all.
    #[must_use]
    pub fn is_offered(&self) -> bool {
        self.settings().quota_bytes > 0 && self.settings().file_bytes_max > 0
    }

    /// In how many places each original is kept.
    #[must_use]
    pub fn places(&self) -> usize {
        self.stores().names().count()
    }

    /// The originals of an owner by digest, each digest looked for once.
    async fn by_digest(&self, by: &Party, files: &[DraftFile]) -> Result<HashMap<String, Holding>, Fault> {
        let digests: HashSet<&str> = files.iter().map(|file| file.digest.as_str()).collect();
        let digests: Vec<String> = digests.into_iter().map(str::to_owned).collect();
        let held = self.held(by, &digests).await?;
        Ok(digests.into_iter().zip(held).filter_map(|(digest, holding)| Some((digest, holding?))).collect())
    }

    /// Which of these files have no original here that `by` has, or that `from` could hand over.
    ///
    /// # Errors
    /// Where the database or the vault fails.
    pub async fn lacking(&self, by: &Party, from: Option<&Party>, files: &[DraftFile]) -> Result<Lacking, Fault> {
        let own = self.by_digest(by, files).await?;
        let theirs = match from {
            Some(from) => self.by_digest(from, files).await?,
            None => HashMap::new(),
        };
        let mut lacking = Lacking::default();
        for (at, file) in files.iter().enumerate() {
            let same = |held: &&Holding| held.size == file.size;
            if own.get(&file.digest).filter(same).is_some() {
                continue;
            }
            match theirs.get(&file.digest).filter(same) {
                Some(held) if held.loose_until.is_some() => {}
                Some(_) => lacking.bound.push(at),
                None => lacking.missing.push(at),
            }
        }
        Ok(lacking)
    }

    /// Hands the originals of these files over from the person who uploaded them to the organisation that
    /// applies, where no record refers to them: the key of the content is wrapped anew, and nothing else of
    /// it changes. What the organisation has already stays where it is.
    ///
    /// # Errors
    /// A refusal where the organisation has no room, or the person's own records refer to one of them.
    pub async fn hand_over(&self, from: &Party, to: &Party, files: &[DraftFile]) -> Result<(), Fault> {
        let (own, theirs) = (self.by_digest(to, files).await?, self.by_digest(from, files).await?);
        let mut is_any = false;
        for (digest, held) in theirs.iter().filter(|(digest, _)| !own.contains_key(*digest)) {
            match self.hand(from, to, digest, held).await? {
                Handed::Yes => is_any = true,
                Handed::Over(left) => return Err(over_quota(to, self.settings().quota_bytes, left)),
                Handed::No => {
                    let w = to.words_of(&WORDS);
                    let file = files.iter().find(|file| file.digest == *digest);
                    let name = file.map(|file| file.path.as_str()).unwrap_or_default();
                    let texts = (w.fill("original-bound", &[("name", name)]), w.say("original-bound-do"));
                    return Err(refused(Code::OriginalBound, texts));
                }
            }
        }
        if is_any {
            // The key as it was wrapped for the person must not stay in pages that are free.
            self.db().scrub().await?;
        }
        Ok(())
    }

    async fn hand(&self, from: &Party, to: &Party, digest: &str, held: &Holding) -> Result<Handed, Fault> {
        let (old, new, id) = (from.owner.name(), to.owner.name(), held.id.as_str());
        let sql = "select object, key from holding where id = $1 and owner = $2 and state = 'kept'";
        let rows = self.db().rows(sql, &[id.into(), old.as_str().into()]).await?;
        let Some(row) = rows.first() else { return Ok(Handed::No) };
        let object = row.text(0)?.to_owned();
        let wrapped = ContentKey::unwrap(object.parse()?, from.key(), row.bytes(1)?)?.wrap(to.key())?;
        let about = About { name: held.about.name.clone(), digest: digest.to_owned() };
        let about = to.seal(&place(id), &serde_json::to_vec(&about).map_err(Fault::broken)?)?;
        let (content, quota, now) = (to.blind("holding", digest), self.settings().quota_bytes, to.now);
        let handed: Result<Handed, StoreError> = store::transaction!(self.db(), tx => {
            let there = "select 1 from holding where owner = $1 and content = $2 and state <> 'removed'";
            if !tx.rows(there, &[new.as_str().into(), content.as_str().into()]).await?.is_empty() {
                return Ok(Handed::No);
            }
            let used = used(tx, &new).await?;
            if used.saturating_add(held.size) > quota {
                return Ok(Handed::Over(quota.saturating_sub(used)));
            }
            let sql = "update holding set owner = $3, content = $4, key = $5, about = $6, loose_until_s = $7 \
                       where id = $1 and owner = $2 and object = $8 and state = 'kept' and loose_until_s is not null \
                       and not exists (select 1 from record_holding where holding = $1)";
            let values: [Value; 8] = [
                id.into(),
                old.as_str().into(),
                new.as_str().into(),
                content.as_str().into(),
                wrapped.clone().into(),
                about.clone().into(),
                now.plus_s(LOOSE_S).unix_s().into(),
                object.as_str().into(),
            ];
            if tx.execute(sql, &values).await? == 0 {
                return Ok(Handed::No);
            }
            // It was sealed for the other; this owner's is made when it stands beside a record.
            previews::remove(tx, id).await?;
            // Whoever sent it can no longer give it up as his or her own upload.
            tx.execute("delete from upload where holding = $1 and state = 'done'", &[id.into()]).await?;
            for scope in [from.owner.scope(), to.owner.scope()] {
                note(tx, &scope, &to.actor, Act::OriginalHanded, &place(id), now).await?;
            }
            Ok(Handed::Yes)
        });
        Ok(handed?)
    }

    /// Puts the originals that are here beside the files of a record that deposits; the names of those that
    /// are not here and never stood beside it. Done twice, nothing changes.
    ///
    /// # Errors
    /// Where the database or the vault fails, or an original is removed at this moment.
    pub async fn attach_all(&self, by: &Party, entry: &Entry) -> Result<Vec<String>, Fault> {
        if entry.mode != Mode::Deposit || entry.state == State::Declined {
            return Ok(Vec::new());
        }
        let files = self.files_of(by, entry).await?;
        let rows = self.db().rows("select place from record_holding where record = $1", &[entry.id.into()]).await?;
        let there: HashSet<i64> = rows.iter().map(|row| row.int(0)).collect::<Result<_, StoreError>>()?;
        let held = self.by_digest(by, &files).await?;
        let (mut attached, mut missing) = (Vec::new(), Vec::new());
        for (at, file) in files.iter().enumerate().filter(|(at, _)| !there.contains(&(*at as i64))) {
            match held.get(&file.digest).filter(|held| held.size == file.size) {
                Some(held) => attached.push(Attached { place: at, holding: held.id.clone() }),
                None => missing.push(file.path.clone()),
            }
        }
        let done: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            self.attach(tx, by, entry.id, entry.mode, &attached).await
        });
        done?;
        self.wake();
        Ok(missing)
    }

    /// Does the jobs of records that were kept.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn attach_due(&self, now: Time) -> Result<(), TrustError> {
        let now_ms = now.unix_s() * 1000;
        while let Some(job) = jobs::take(self.db(), LISTENER, &new_id()?, now_ms, LEASE_MS).await? {
            match self.listen(&job.payload).await {
                Ok(missing) if missing.is_empty() => {
                    let done: Result<(), StoreError> =
                        store::transaction!(self.db(), tx => jobs::finish(tx, &job).await);
                    done?;
                }
                // Names are the owner's; the log gets their number.
                Ok(missing) => {
                    let cause = format!("{} originals are not here", missing.len());
                    tracing::error!(record = job.payload, cause, "a record that deposits lacks originals");
                    jobs::fail(self.db(), &job, &cause, now_ms).await?;
                }
                Err(error) => {
                    tracing::error!(?error, record = job.payload, "originals are not put beside their record");
                    jobs::fail(self.db(), &job, &format!("{error:?}"), now_ms).await?;
                }
            }
        }
        Ok(())
    }

    async fn listen(&self, number: &str) -> Result<Vec<String>, Fault> {
        let number = number.parse().map_err(Fault::broken)?;
        let Some(entry) = self.evidence().entry_of(number).await? else { return Ok(Vec::new()) };
        // Whose owner was erased has no originals any more.
        let Some(by) = self.party_of(&entry.owner.name(), &entry.person).await? else { return Ok(Vec::new()) };
        self.attach_all(&by, &entry).await
    }

    /// Lets go of the originals of records that an approver declined: they wait for another record, as
    /// before, and go where none comes.
    pub(super) async fn loosen_declined(&self, now: Time) -> Result<(), TrustError> {
        let sql = "select r.record, r.holding from record e join record_holding r on r.record = e.id \
                   where e.state = 'declined' limit 500";
        for row in self.db().rows(sql, &[]).await? {
            let (record, holding) = (row.int(0)?, row.text(1)?);
            let done: Result<(), StoreError> = store::transaction!(self.db(), tx => {
                let sql = "delete from record_holding where record = $1 and holding = $2";
                tx.execute(sql, &[record.into(), holding.into()]).await?;
                let sql = "update holding set loose_until_s = $2, until_s = null where id = $1 and state <> 'removed' \
                           and not exists (select 1 from record_holding where holding = $1)";
                tx.execute(sql, &[holding.into(), now.plus_s(LOOSE_S).unix_s().into()]).await.map(drop)
            });
            done?;
        }
        Ok(())
    }
}
