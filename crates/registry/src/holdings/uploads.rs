//! Uploads as rows: begun within the quota and the room on the disk, found, listed, given up.

use super::model::{About, LOOSE_S, NewUpload, Upload};
use super::{Holdings, WORDS, refused};
use crate::accounts::new_id;
use crate::evidence::{Owner, Party};
use crate::web::{Code, Fault};
use proof::der::Time;
use proof::digest::hex;
use proof_wasm::page::size;
use store::{Row, StoreError, Tx};
use trust::TrustError;
use trust::vault::{ContentKey, ObjectId, stored_length};

/// Uploads of one owner that are open at one time.
const OPEN_MAX: i64 = 500;
/// Uploads of one owner that are known at all; they go after [`LOOSE_S`].
const KNOWN_MAX: i64 = 50_000;

/// Where an upload stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Bytes come in.
    Open,
    /// All is here and has the right digest; it gets its name.
    Sealed,
    /// It is a holding.
    Done,
}

impl Stage {
    const ALL: [Self; 3] = [Self::Open, Self::Sealed, Self::Done];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Sealed => "sealed",
            Self::Done => "done",
        }
    }
}

/// An upload with what is needed to go on with it.
pub(super) struct Opened {
    pub(super) upload: Upload,
    pub(super) stage: Stage,
    pub(super) object: ObjectId,
    pub(super) wrapped: Vec<u8>,
    /// The state in which it was paused; none before the first bytes are durable.
    pub(super) progress: Option<Vec<u8>>,
    pub(super) stored_digest: Option<[u8; 32]>,
}

impl Opened {
    pub(super) fn key(&self, by: &Party) -> Result<ContentKey, TrustError> {
        ContentKey::unwrap(self.object, by.key(), &self.wrapped)
    }
}

const COLUMNS: &str = "select id, owner, person, draft, size, received, about, holding, due_s, state, object, key, \
                       progress, stored_digest from upload ";

fn sql(rest: &'static str) -> &'static str {
    use std::sync::LazyLock;
    static BY_ID: LazyLock<String> = LazyLock::new(|| format!("{COLUMNS}where id = $1 and owner = $2"));
    static OF_DRAFT: LazyLock<String> =
        LazyLock::new(|| format!("{COLUMNS}where draft = $1 and owner = $2 order by made_s, id limit 10001"));
    if rest == "id" { BY_ID.as_str() } else { OF_DRAFT.as_str() }
}

fn place(id: &str) -> String {
    format!("upload/{id}")
}

pub(super) fn seal_about(by: &Party, id: &str, about: &About) -> Result<Vec<u8>, Fault> {
    by.seal(&place(id), &serde_json::to_vec(about).map_err(Fault::broken)?)
}

fn read(row: &Row, by: &Party) -> Result<Opened, Fault> {
    let broken = |what: &str| Fault::broken(format!("an upload has the {what} of none; restore a backup"));
    let id = row.text(0)?.to_owned();
    let about = by.open(&place(&id), row.bytes(6)?)?;
    let stage = row.text(9)?;
    Ok(Opened {
        upload: Upload {
            owner: Owner::parse(row.text(1)?).ok_or_else(|| broken("owner"))?,
            person: row.text(2)?.to_owned(),
            draft: row.text(3)?.to_owned(),
            size: row.int(4)?.unsigned_abs(),
            received: row.int(5)?.unsigned_abs(),
            about: serde_json::from_slice(&about).map_err(Fault::broken)?,
            holding: row.maybe_text(7)?.map(str::to_owned),
            due: Time::from_unix(row.int(8)?),
            id,
        },
        stage: Stage::ALL.into_iter().find(|s| s.name() == stage).ok_or_else(|| broken("state"))?,
        object: row.text(10)?.parse()?,
        wrapped: row.bytes(11)?.to_vec(),
        progress: row.bytes(12).ok().map(<[u8]>::to_vec),
        stored_digest: row.bytes(13).ok().and_then(|digest| digest.try_into().ok()),
    })
}

async fn sum(tx: &mut Tx, sql: &'static str, owner: &str) -> Result<u64, StoreError> {
    let rows = tx.rows(sql, &[owner.into()]).await?;
    Ok(rows.first().map_or(Ok(0), |row| row.int(0))?.unsigned_abs())
}

/// What an owner has here and is about to have.
pub(super) async fn used(tx: &mut Tx, owner: &str) -> Result<u64, StoreError> {
    // A sum is of another type in PostgreSQL.
    let kept = "select cast(coalesce(sum(size), 0) as bigint) from holding where owner = $1 and state <> 'removed'";
    let coming = "select cast(coalesce(sum(size), 0) as bigint) from upload where owner = $1 and state <> 'done'";
    Ok(sum(tx, kept, owner).await?.saturating_add(sum(tx, coming, owner).await?))
}

enum Begun {
    Yes,
    Over(u64),
    Many,
}

impl Holdings {
    /// Begins an upload, where it is within the quota of its owner and the room on the disk.
    ///
    /// # Errors
    /// A refusal with its remedy; then nothing was begun.
    pub async fn begin(&self, by: &Party, new: &NewUpload) -> Result<Upload, Fault> {
        let w = by.words_of(&WORDS);
        let settings = self.settings();
        if settings.quota_bytes == 0 {
            let texts = (w.say("not-offered"), w.say("not-offered-do"));
            return Err(refused(Code::DepositOff, texts));
        }
        let large = settings.file_bytes_max;
        if new.size > large {
            let texts = (w.say("file-large"), w.fill("file-large-do", &[("limit", &size(large))]));
            return Err(refused(Code::FileLarge, texts));
        }
        let digest = new.digest.map(|digest| hex(&digest)).unwrap_or_default();
        self.not_blocked(by, &digest).await?;
        self.check_room(by, new.size).await?;
        let (id, object) = (new_id()?, ObjectId::random()?);
        let wrapped = ContentKey::new(object)?.wrap(by.key())?;
        let about = About { name: new.name.clone(), digest };
        let sealed = seal_about(by, &id, &about)?;
        let (owner, now_s, due) = (by.owner.name(), by.now.unix_s(), by.now.plus_s(LOOSE_S));
        let begun: Result<Begun, StoreError> = store::transaction!(self.db(), tx => {
            let counted = "select count(*) from upload where owner = $1 and state = 'open'";
            let known = "select count(*) from upload where owner = $1";
            if sum(tx, counted, &owner).await? >= OPEN_MAX as u64 || sum(tx, known, &owner).await? >= KNOWN_MAX as u64 {
                return Ok(Begun::Many);
            }
            let used = used(tx, &owner).await?;
            if used.saturating_add(new.size) > settings.quota_bytes {
                return Ok(Begun::Over(settings.quota_bytes.saturating_sub(used)));
            }
            let sql = "insert into upload (id, owner, person, actor, draft, object, key, size, received, about, state, \
                       writer_until_s, made_s, due_s) values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, 'open', 0, $10, $11)";
            let values = [
                id.as_str().into(),
                owner.as_str().into(),
                by.person.as_str().into(),
                by.actor.as_str().into(),
                new.draft.as_str().into(),
                object.to_string().into(),
                wrapped.clone().into(),
                (new.size as i64).into(),
                sealed.clone().into(),
                now_s.into(),
                due.unix_s().into(),
            ];
            tx.execute(sql, &values).await?;
            Ok(Begun::Yes)
        });
        match begun? {
            Begun::Yes => Ok(Upload {
                id,
                owner: by.owner.clone(),
                person: by.person.clone(),
                draft: new.draft.clone(),
                size: new.size,
                received: 0,
                about,
                holding: None,
                due,
            }),
            Begun::Over(left) => Err(over_quota(by, settings.quota_bytes, left)),
            Begun::Many => {
                let texts = (w.say("uploads-many"), w.say("uploads-many-do"));
                Err(refused(Code::UploadsMany, texts))
            }
        }
    }

    /// Refuses content that the operator has blocked as the law demands.
    pub(super) async fn not_blocked(&self, by: &Party, digest: &str) -> Result<(), Fault> {
        if digest.is_empty() || !self.accounts().is_blocked(digest).await? {
            return Ok(());
        }
        let w = by.words_of(&WORDS);
        let texts = (w.say("content-blocked"), w.say("content-blocked-do"));
        Err(refused(Code::Blocked, texts))
    }

    /// Whether there is room for so many bytes beside what is on its way and what the operator keeps free.
    pub(super) async fn check_room(&self, by: &Party, bytes: u64) -> Result<(), Fault> {
        let Some(free) = self.space().await? else { return Ok(()) };
        let sql = "select cast(coalesce(sum(size - received), 0) as bigint) from upload where state = 'open'";
        let rows = self.db().rows(sql, &[]).await?;
        let coming = rows.first().map_or(Ok(0), |row| row.int(0))?.unsigned_abs();
        let needed = stored_length(bytes)?.saturating_add(coming).saturating_add(self.settings().reserve_bytes);
        if needed <= free { Ok(()) } else { Err(disk_full(by)) }
    }

    /// Whose an upload is; none where there is none of this id.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn upload_owner(&self, id: &str) -> Result<Option<Owner>, StoreError> {
        let rows = self.db().rows("select owner from upload where id = $1", &[id.into()]).await?;
        Ok(rows.first().map(|row| row.text(0)).transpose()?.and_then(Owner::parse))
    }

    pub(super) async fn opened(&self, by: &Party, id: &str) -> Result<Opened, Fault> {
        let rows = self.db().rows(sql("id"), &[id.into(), by.owner.name().into()]).await?;
        read(rows.first().ok_or(Fault::NotFound)?, by)
    }

    /// An upload of this owner.
    ///
    /// # Errors
    /// Not found where it is another's, or has run out.
    pub async fn upload(&self, by: &Party, id: &str) -> Result<Upload, Fault> {
        Ok(self.opened(by, id).await?.upload)
    }

    /// The uploads for a draft, the oldest first.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn uploads_of(&self, by: &Party, draft: &str) -> Result<Vec<Upload>, Fault> {
        let rows = self.db().rows(sql("draft"), &[draft.into(), by.owner.name().into()]).await?;
        rows.iter().map(|row| Ok(read(row, by)?.upload)).collect()
    }

    /// Gives an upload up, and the holding that it became where nothing refers to that.
    ///
    /// # Errors
    /// Locked while it is being written; not found where it is another's.
    pub async fn end_upload(&self, by: &Party, id: &str) -> Result<(), Fault> {
        let opened = self.opened(by, id).await?;
        let Some(turn) = self.turn(id, by.now).await? else { return Err(locked(by)) };
        let ended =
            self.drop_upload(&opened.upload.id, opened.stage, opened.object, opened.upload.holding, by.now).await;
        self.end_turn(turn).await;
        Ok(ended?)
    }

    /// Takes an upload out, and has its bytes removed.
    pub(super) async fn drop_upload(
        &self,
        id: &str,
        stage: Stage,
        object: ObjectId,
        holding: Option<String>,
        now: Time,
    ) -> Result<(), TrustError> {
        let ended: Result<(), TrustError> = store::transaction!(self.db(), tx => {
            tx.execute("delete from upload where id = $1", &[id.into()]).await?;
            match (&holding, stage) {
                (Some(holding), Stage::Done) => super::removal::end_loose(tx, holding, now).await,
                _ => super::removal::remove_bytes(tx, &object.to_string(), now).await,
            }
        });
        ended?;
        self.wake();
        Ok(())
    }

    /// The uploads that have run out: their ids, stages, objects and holdings.
    pub(super) async fn sweep_uploads(&self, now: Time) -> Result<(), TrustError> {
        let sql = "select id, state, object, holding from upload where due_s < $1 order by due_s limit 500";
        for row in self.db().rows(sql, &[now.unix_s().into()]).await? {
            let (id, state) = (row.text(0)?, row.text(1)?);
            // One that is being written is not over.
            let Some(turn) = self.turn(id, now).await? else { continue };
            let stage = Stage::ALL.into_iter().find(|s| s.name() == state).unwrap_or(Stage::Open);
            let holding = row.maybe_text(3)?.map(str::to_owned);
            let ended = self.drop_upload(id, stage, row.text(2)?.parse()?, holding, now).await;
            self.end_turn(turn).await;
            ended?;
        }
        Ok(())
    }
}

/// Another writer has it.
pub(super) fn locked(by: &Party) -> Fault {
    let w = by.words_of(&WORDS);
    refused(Code::Locked, (w.say("upload-locked"), w.say("upload-locked-do")))
}

/// The owner's room is used up.
pub(super) fn over_quota(by: &Party, quota: u64, left: u64) -> Fault {
    let w = by.words_of(&WORDS);
    let texts = (w.say("quota-over"), w.fill("quota-over-do", &[("quota", &size(quota)), ("left", &size(left))]));
    refused(Code::Quota, texts)
}

/// There is no room on the disk.
pub(super) fn disk_full(by: &Party) -> Fault {
    let w = by.words_of(&WORDS);
    refused(Code::DiskFull, (w.say("disk-full"), w.say("disk-full-do")))
}
