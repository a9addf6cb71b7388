//! From an upload whose bytes are all here to a holding.
//!
//! *seal*: the digest is compared; what differs goes. *name*: the object gets its name in the first place.
//! *keep*, one transaction: the holding, its copies to be made, the line of the trail. What dies between
//! two of them is taken up by the next request for the upload, or by the sweeper.

use super::findings;
use super::model::{About, Outcome};
use super::receive::away;
use super::removal::remove_bytes;
use super::uploads::{Opened, Stage};
use super::{Holdings, LOOSE_S, Upload, WORDS, refused};
use crate::accounts::audit::{Act, note};
use crate::accounts::new_id;
use crate::evidence::Party;
use crate::web::{Code, Fault};
use proof::digest::{from_hex, hex};
use store::{StoreError, Tx};
use trust::TrustError;
use trust::vault::{Arriving, Object};

/// A holding of the same owner with the same content.
struct Same {
    id: String,
    is_lost: bool,
    object: String,
}

pub(super) fn place(id: &str) -> String {
    format!("holding/{id}")
}

async fn same(tx: &mut Tx, owner: &str, content: &str) -> Result<Option<Same>, StoreError> {
    let sql = "select id, state, object from holding where owner = $1 and content = $2 and state <> 'removed'";
    let rows = tx.rows(sql, &[owner.into(), content.into()]).await?;
    let read = |row: &store::Row| {
        let (id, object) = (row.text(0)?.to_owned(), row.text(2)?.to_owned());
        Ok(Same { id, is_lost: row.text(1)? == "lost", object })
    };
    rows.first().map(read).transpose()
}

impl Holdings {
    /// Ends an upload whose bytes are all here.
    pub(super) async fn finish(&self, by: &Party, opened: Opened, arriving: Arriving) -> Result<Upload, Fault> {
        let w = by.words_of(&WORDS);
        let upload = &opened.upload;
        if upload.about.digest.is_empty() {
            let texts = (w.say("digest-missing"), w.say("digest-missing-do"));
            return Err(refused(Code::DigestMissing, texts));
        }
        let object = match arriving.seal().await {
            Ok(object) => object,
            Err(error) => {
                tracing::error!(%error, "an upload is not sealed");
                return Err(away(by));
            }
        };
        if hex(&object.digest) != upload.about.digest {
            self.drop_upload(&upload.id, Stage::Open, opened.object, None, self.now()).await?;
            return Err(refused(Code::Digest, (w.say("digest-differs"), w.say("digest-differs-do"))));
        }
        if let Err(fault) = self.not_blocked(by, &upload.about.digest).await {
            self.drop_upload(&upload.id, Stage::Open, opened.object, None, self.now()).await?;
            return Err(fault);
        }
        let sql = "update upload set state = 'sealed', stored_digest = $2 where id = $1 and state = 'open'";
        self.db().execute(sql, &[upload.id.as_str().into(), object.stored_digest[..].into()]).await?;
        let opened = Opened { stage: Stage::Sealed, stored_digest: Some(object.stored_digest), ..opened };
        self.publish(by, opened).await
    }

    /// Gives a sealed upload its name and keeps it. Done once, it may be asked again.
    pub(super) async fn publish(&self, by: &Party, opened: Opened) -> Result<Upload, Fault> {
        let digest = from_hex(&opened.upload.about.digest).and_then(|digest| digest.try_into().ok());
        let (digest, stored_digest) = digest
            .zip(opened.stored_digest)
            .ok_or_else(|| Fault::broken("a sealed upload has no digest; restore a backup"))?;
        let object = Object { id: opened.object, length: opened.upload.size, digest, stored_digest };
        self.stores().publish(&object).await?;
        let holding = self.keep(by, &opened, &object).await?;
        self.wake();
        Ok(Upload { holding: Some(holding), ..opened.upload })
    }

    async fn keep(&self, by: &Party, opened: &Opened, object: &Object) -> Result<String, Fault> {
        let (upload, now) = (&opened.upload, self.now());
        let (owner, content) = (by.owner.name(), by.blind("holding", &upload.about.digest));
        let id = new_id()?;
        let loose_s = now.plus_s(LOOSE_S).unix_s();
        let kept: Result<String, TrustError> = store::transaction!(self.db(), tx => {
            let holding = match same(tx, &owner, &content).await? {
                // Kept already: the new bytes are not needed.
                Some(found) if !found.is_lost => {
                    remove_bytes(tx, &object.id.to_string(), now).await?;
                    let sql = "update holding set loose_until_s = $2 where id = $1 and loose_until_s is not null";
                    tx.execute(sql, &[found.id.as_str().into(), loose_s.into()]).await?;
                    found.id
                }
                // Every copy was lost: the new bytes stand in their place.
                Some(found) => {
                    remove_bytes(tx, &found.object, now).await?;
                    let sql = "update holding set object = $2, key = $3, stored_digest = $4, state = 'kept' where id = $1";
                    let values = [
                        found.id.as_str().into(),
                        object.id.to_string().into(),
                        opened.wrapped.clone().into(),
                        object.stored_digest[..].into(),
                    ];
                    tx.execute(sql, &values).await?;
                    self.add_copies(tx, &found.id, object, now).await?;
                    findings::renewed(tx, &found.id, &owner, now).await?;
                    found.id
                }
                None => {
                    self.add_holding(tx, by, (&id, &content), opened, object).await?;
                    self.add_copies(tx, &id, object, now).await?;
                    note(tx, &by.owner.scope(), &by.actor, Act::Deposited, &place(&id), now).await?;
                    id.clone()
                }
            };
            let sql = "update upload set state = 'done', holding = $2, progress = null where id = $1";
            tx.execute(sql, &[upload.id.as_str().into(), holding.as_str().into()]).await?;
            Ok(holding)
        });
        Ok(kept?)
    }

    async fn add_holding(
        &self,
        tx: &mut Tx,
        by: &Party,
        (id, content): (&str, &str),
        opened: &Opened,
        object: &Object,
    ) -> Result<(), TrustError> {
        let now = self.now();
        let about = About { name: opened.upload.about.name.clone(), digest: hex(&object.digest) };
        let about = serde_json::to_vec(&about).map_err(|e| TrustError::Broken(e.to_string()))?;
        let sql = "insert into holding (id, owner, person, content, size, object, key, stored_digest, about, state, \
                   made_s, loose_until_s, reminded) \
                   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'kept', $10, $11, 0) on conflict do nothing";
        let values = [
            id.into(),
            by.owner.name().into(),
            opened.upload.person.as_str().into(),
            content.into(),
            (object.length as i64).into(),
            object.id.to_string().into(),
            opened.wrapped.clone().into(),
            object.stored_digest[..].into(),
            by.key().seal(&place(id), &about)?.into(),
            now.unix_s().into(),
            now.plus_s(LOOSE_S).unix_s().into(),
        ];
        match tx.execute(sql, &values).await? {
            1 => Ok(()),
            _ => Err(TrustError::Refused("the same content was kept at the same moment; try again".to_owned())),
        }
    }

    /// The copies of a new object: the first is there, the others are to be made.
    async fn add_copies(
        &self,
        tx: &mut Tx,
        holding: &str,
        object: &Object,
        now: proof::der::Time,
    ) -> Result<(), TrustError> {
        tx.execute("delete from holding_copy where holding = $1", &[holding.into()]).await?;
        let bytes = trust::vault::stored_length(object.length)? as i64;
        let now_s = now.unix_s();
        for (number, place) in self.stores().names().enumerate() {
            let is_there = number == 0;
            let state = if is_there { Outcome::Made } else { Outcome::Missing };
            let due_s = if is_there { now_s + self.keeping().check_every_s() } else { now_s };
            let sql = "insert into holding_copy (holding, place, object, state, bytes, made_s, checked_s, good_s, due_s) \
                       values ($1, $2, $3, $4, $5, $6, $6, $7, $8)";
            let values = [
                holding.into(),
                place.into(),
                object.id.to_string().into(),
                state.name().into(),
                bytes.into(),
                now_s.into(),
                (if is_there { now_s } else { 0 }).into(),
                due_s.into(),
            ];
            tx.execute(sql, &values).await?;
        }
        Ok(())
    }

    /// Brings uploads to their end that were sealed when the program died.
    pub(super) async fn finish_sealed(&self) -> Result<(), Fault> {
        let sql = "select id, owner, person from upload where state = 'sealed' order by made_s limit 100";
        for row in self.db().rows(sql, &[]).await? {
            let Some(by) = self.party_of(row.text(1)?, row.text(2)?).await? else { continue };
            let id = row.text(0)?;
            let Some(turn) = self.turn(id, by.now).await? else { continue };
            let done = match self.opened(&by, id).await {
                Ok(opened) if opened.stage == Stage::Sealed => self.publish(&by, opened).await.map(drop),
                other => other.map(drop),
            };
            self.end_turn(turn).await;
            if let Err(error) = done {
                tracing::error!(?error, upload = id, "a sealed upload is not kept");
            }
        }
        Ok(())
    }
}
