//! Bytes of an upload, from the connection into the first place: sealed as they come, saved now and then.
//!
//! The work is a task of its own, so that a connection that ends half-way leaves what had arrived saved.
//! What is saved is durable in its place before its length is: where the program dies in between, the
//! upload goes on from the length of before. Memory is a few pieces, whatever the size.

use super::saving::Saving;
use super::uploads::{Opened, Stage, disk_full, locked, seal_about};
use super::writers::Turn;
use super::{Holdings, Upload, WORDS, refused};
use crate::evidence::Party;
use crate::web::{Code, Fault};
use aws_lc_rs::digest;
use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt as _;
use proof::digest::hex;
use std::time::Duration;
use store::StoreError;
use tokio::time::timeout;
use trust::TrustError;
use trust::vault::Arriving;

/// How long a sender may be silent.
const IDLE: Duration = Duration::from_secs(30);
/// Gathered before it is sealed: what arrives comes in much smaller pieces.
pub(super) const PIECE_BYTES: usize = 1 << 20;
/// A piece with a checksum is kept in memory until it is checked.
pub(super) const CHECKED_BYTES_MAX: usize = 16 << 20;
/// Less room than this is none.
const ROOM_BYTES_MIN: u64 = 16 << 20;

/// What some bytes must add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// SHA-256.
    Sha256([u8; 32]),
    /// SHA-1, against faults of the line.
    Sha1([u8; 20]),
}

impl Checksum {
    /// Whether it is that of these bytes.
    #[must_use]
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Sha256(sum) => digest::digest(&digest::SHA256, bytes).as_ref() == sum,
            Self::Sha1(sum) => digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref() == sum,
        }
    }
}

/// What comes with some bytes of an upload.
#[derive(Clone, Copy, Debug, Default)]
pub struct Piece {
    /// Where they begin.
    pub offset: u64,
    /// The checksum of these bytes; then all of them are taken or none.
    pub checksum: Option<Checksum>,
    /// The SHA-256 of the whole file, where it is said only now.
    pub digest: Option<[u8; 32]>,
}

/// How a request's bytes ended.
enum End {
    Whole,
    Cut,
    Silent,
}

impl Holdings {
    /// Takes bytes of an upload; with the last of them it becomes a holding.
    ///
    /// # Errors
    /// A refusal with its remedy. What was saved before stays, and [`Holdings::upload`] says from where to
    /// go on; only content that is not what its sender hashed is thrown away, and the upload with it.
    pub async fn receive(&self, by: &Party, id: &str, piece: Piece, body: Body) -> Result<Upload, Fault> {
        let (holdings, by, id) = (self.clone(), by.clone(), id.to_owned());
        let task = tokio::spawn(async move {
            // Whether it is there and this owner's is said before whether it is locked.
            holdings.opened(&by, &id).await?;
            let Some(turn) = holdings.turn(&id, by.now).await? else { return Err(locked(&by)) };
            let taken = holdings.take_in(&by, &id, piece, body.into_data_stream(), &turn).await;
            holdings.end_turn(turn).await;
            taken
        });
        task.await.map_err(Fault::broken)?
    }

    async fn take_in(
        &self,
        by: &Party,
        id: &str,
        piece: Piece,
        mut body: BodyDataStream,
        turn: &Turn,
    ) -> Result<Upload, Fault> {
        let w = by.words_of(&WORDS);
        let mut opened = self.opened(by, id).await?;
        if piece.offset != opened.upload.received {
            let received = opened.upload.received.to_string();
            let texts = (w.say("offset-other"), w.fill("offset-other-do", &[("offset", &received)]));
            return Err(refused(Code::Offset, texts));
        }
        match opened.stage {
            Stage::Done => return Ok(opened.upload),
            Stage::Sealed => return self.publish(by, opened).await,
            Stage::Open => {}
        }
        if let Some(digest) = piece.digest {
            self.name_digest(by, &mut opened, &hex(&digest)).await?;
        }
        let size = opened.upload.size;
        if opened.upload.received < size {
            self.check_room(by, 0).await?;
        }
        let checked = match piece.checksum {
            Some(checksum) => Some(self.checked(by, checksum, &mut body).await?),
            None => None,
        };
        let away = |error: TrustError| self.away(by, error);
        let mut arriving = match self.arriving(by, &opened).await {
            Ok(arriving) => arriving,
            Err(error) => return Err(away(error).await),
        };
        let mut saving = Saving::new(self, by, turn, &mut opened);
        let gathered = match checked {
            Some(bytes) => saving.take(&mut arriving, bytes).await.map(|()| End::Whole),
            None => gather(by, &mut body, &mut arriving, &mut saving).await,
        };
        // Also where the rest failed, what is being saved is waited for: the next writer goes on from there.
        saving.settle().await?;
        let end = gathered?;
        saving.all(&mut arriving).await?;
        match end {
            End::Whole if opened.upload.received == size => self.finish(by, opened, arriving).await,
            End::Whole => Ok(opened.upload),
            End::Cut | End::Silent => {
                let texts = (w.say("upload-cut"), w.say("upload-cut-do"));
                Err(refused(Code::Cut, texts))
            }
        }
    }

    /// The whole body of a piece that has the right checksum.
    async fn checked(&self, by: &Party, checksum: Checksum, body: &mut BodyDataStream) -> Result<Vec<u8>, Fault> {
        let w = by.words_of(&WORDS);
        let mut bytes = Vec::new();
        loop {
            match timeout(IDLE, body.next()).await {
                Ok(None) => break,
                Ok(Some(Ok(more))) if bytes.len() + more.len() <= CHECKED_BYTES_MAX => bytes.extend_from_slice(&more),
                Ok(Some(Ok(_))) => {
                    let limit = proof_wasm::page::size(CHECKED_BYTES_MAX as u64);
                    let texts = (w.say("piece-large"), w.fill("piece-large-do", &[("limit", &limit)]));
                    return Err(refused(Code::PieceLarge, texts));
                }
                // Half a piece cannot be checked, so none of it is taken.
                Ok(Some(Err(_))) | Err(_) => {
                    let texts = (w.say("upload-cut"), w.say("upload-cut-do"));
                    return Err(refused(Code::Cut, texts));
                }
            }
        }
        match checksum.is_of(&bytes) {
            true => Ok(bytes),
            false => Err(refused(Code::Checksum, (w.say("piece-differs"), w.say("piece-differs-do")))),
        }
    }

    async fn arriving(&self, by: &Party, opened: &Opened) -> Result<Arriving, TrustError> {
        let key = opened.key(by)?;
        if let Some(progress) = &opened.progress {
            return self.stores().resume(&key, by.key(), progress).await;
        }
        match self.stores().begin(&key, opened.upload.size).await {
            Ok(arriving) => Ok(arriving),
            // What was begun and never saved holds nothing that anybody was told of.
            Err(_) => {
                self.stores().erase(opened.object).await;
                self.stores().begin(&key, opened.upload.size).await
            }
        }
    }

    /// Notes the digest of the whole file. Said once, it stays.
    async fn name_digest(&self, by: &Party, opened: &mut Opened, digest: &str) -> Result<(), Fault> {
        let about = &mut opened.upload.about;
        if about.digest == digest {
            return Ok(());
        }
        if !about.digest.is_empty() {
            let w = by.words_of(&WORDS);
            let texts = (w.say("digest-said"), w.say("digest-said-do"));
            return Err(refused(Code::DigestSaid, texts));
        }
        self.not_blocked(by, digest).await?;
        digest.clone_into(&mut about.digest);
        let sealed = seal_about(by, &opened.upload.id, about)?;
        let sql = "update upload set about = $2 where id = $1";
        self.db().execute(sql, &[opened.upload.id.as_str().into(), sealed.into()]).await?;
        Ok(())
    }

    /// What is said where the place did not take something: it is full, or it does not answer.
    pub(super) async fn away(&self, by: &Party, error: TrustError) -> Fault {
        let room = self.space().await.ok().flatten();
        tracing::error!(%error, ?room, "bytes of an upload were not stored");
        match error {
            _ if room.is_some_and(|room| room < ROOM_BYTES_MIN) => disk_full(by),
            TrustError::Refused(_) => away(by),
            other => Fault::broken(other),
        }
    }

    /// Bytes that the first place still takes; none where it does not say or does not answer.
    pub(super) async fn space(&self) -> Result<Option<u64>, StoreError> {
        let Some(first) = self.stores().names().next() else { return Ok(None) };
        match self.stores().space(first).await {
            Ok(space) => Ok(space),
            Err(error) => {
                tracing::warn!(%error, place = first, "the first place does not say how much room it has");
                Ok(None)
            }
        }
    }
}

/// Takes what a body brings, until it ends in one way or another.
async fn gather(
    by: &Party,
    body: &mut BodyDataStream,
    arriving: &mut Arriving,
    saving: &mut Saving<'_>,
) -> Result<End, Fault> {
    let mut gathered = Vec::with_capacity(PIECE_BYTES);
    let end = loop {
        let bytes = match timeout(IDLE, body.next()).await {
            Err(_) => break End::Silent,
            Ok(None) => break End::Whole,
            Ok(Some(Err(_))) => break End::Cut,
            Ok(Some(Ok(bytes))) => bytes,
        };
        if arriving.length() + (gathered.len() + bytes.len()) as u64 > saving.size() {
            return Err(too_many(by));
        }
        gathered.extend_from_slice(&bytes);
        if gathered.len() >= PIECE_BYTES || saving.is_late() {
            gathered = saving.write(arriving, gathered).await?;
        }
    };
    saving.write(arriving, gathered).await?;
    Ok(end)
}

/// The place does not answer.
pub(super) fn away(by: &Party) -> Fault {
    let w = by.words_of(&WORDS);
    refused(Code::StorageAway, (w.say("storage-away"), w.say("storage-away-do")))
}

fn too_many(by: &Party) -> Fault {
    let w = by.words_of(&WORDS);
    refused(Code::MoreThanSaid, (w.say("more-than-said"), w.say("more-than-said-do")))
}
