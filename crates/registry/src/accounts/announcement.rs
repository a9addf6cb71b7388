//! Announcements of the operator: made and ended by acts of the trail, shown on every page for their time.
//!
//! What was announced once stays to be read, also after its end.

use super::audit::{Act, Scope, note};
use super::{Accounts, Me, new_id};
use crate::web::{ANNOUNCEMENTS_SHOWN_MAX, Announcement, Fault};
use proof::der::Time;
use store::{Migration, Row, Schema, StoreError};

/// Characters of an announcement in one language.
pub const CHARS_MAX: usize = 500;

pub(super) const SCHEMA: Schema = Schema {
    part: "announcements",
    migrations: &[Migration {
        number: 1,
        name: "announcements",
        sql: "
create table announcement (
    id text primary key,
    zh text not null,
    en text not null,
    from_s bigint not null,
    until_s bigint not null,
    made_s bigint not null
);
create index announcement_until on announcement (until_s);
",
    }],
};

/// An announcement, as the operator sees it.
#[derive(Clone, Debug)]
pub struct Announced {
    /// Its id.
    pub id: String,
    /// What is announced, and for how long.
    pub what: Announcement,
    /// When it was written.
    pub made: Time,
}

fn read(row: &Row) -> Result<Announced, StoreError> {
    let time = |at: usize| row.int(at).map(Time::from_unix);
    let what =
        Announcement { zh: row.text(1)?.to_owned(), en: row.text(2)?.to_owned(), from: time(3)?, until: time(4)? };
    Ok(Announced { id: row.text(0)?.to_owned(), what, made: time(5)? })
}

impl Accounts {
    /// Announces something to everybody.
    ///
    /// # Errors
    /// A field fault where too many are to be shown at the same time; then nothing was written.
    pub async fn announce(&self, me: &Me, what: &Announcement) -> Result<(), Fault> {
        let id = new_id()?;
        let full = || me.cx.words(&super::WORDS).say("announcements-full");
        let made: Result<bool, StoreError> = store::transaction!(self.db(), tx => {
            let sql = "select count(*) from announcement where from_s < $2 and until_s > $1";
            let rows = tx.rows(sql, &[what.from.unix_s().into(), what.until.unix_s().into()]).await?;
            if rows.first().map_or(Ok(0), |row| row.int(0))? >= ANNOUNCEMENTS_SHOWN_MAX as i64 {
                return Ok(false);
            }
            let sql = "insert into announcement (id, zh, en, from_s, until_s, made_s) values ($1, $2, $3, $4, $5, $6)";
            let values = [
                id.as_str().into(),
                what.zh.as_str().into(),
                what.en.as_str().into(),
                what.from.unix_s().into(),
                what.until.unix_s().into(),
                me.cx.now.unix_s().into(),
            ];
            tx.execute(sql, &values).await?;
            note(tx, &Scope::Node, &me.actor(), Act::Announced, &format!("announcement/{id}"), me.cx.now).await?;
            Ok(true)
        });
        if !made? {
            return Err(Fault::Field { field: "from", what: full() });
        }
        Ok(self.look_at_announcements().await?)
    }

    /// Ends an announcement before its time.
    ///
    /// # Errors
    /// Not found where it is over, or was none.
    pub async fn end_announcement(&self, me: &Me, id: &str) -> Result<(), Fault> {
        let ended: Result<bool, StoreError> = store::transaction!(self.db(), tx => {
            // What was not shown yet is over before it begins.
            let sql = "update announcement set until_s = $2, from_s = case when from_s < $2 then from_s else $2 end \
                       where id = $1 and until_s > $2";
            if tx.execute(sql, &[id.into(), me.cx.now.unix_s().into()]).await? == 0 {
                return Ok(false);
            }
            note(tx, &Scope::Node, &me.actor(), Act::AnnouncementEnded, &format!("announcement/{id}"), me.cx.now).await?;
            Ok(true)
        });
        if !ended? {
            return Err(Fault::NotFound);
        }
        Ok(self.look_at_announcements().await?)
    }

    /// The announcements, the newest first.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn announcements(&self, count: i64) -> Result<Vec<Announced>, StoreError> {
        let sql = "select id, zh, en, from_s, until_s, made_s from announcement order by made_s desc, id limit $1";
        self.db().rows(sql, &[count.into()]).await?.iter().map(read).collect()
    }

    /// Lets the pages know what is announced, by this process or by another.
    pub(super) async fn look_at_announcements(&self) -> Result<(), StoreError> {
        let sql = "select id, zh, en, from_s, until_s, made_s from announcement where until_s > $1 order by from_s, id";
        let rows = self.db().rows(sql, &[self.site().node.now().unix_s().into()]).await?;
        let all: Result<Vec<_>, StoreError> = rows.iter().map(|row| Ok(read(row)?.what)).collect();
        self.site().announce(all?);
        Ok(())
    }
}
