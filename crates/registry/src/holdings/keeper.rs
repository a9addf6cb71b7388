//! What the room keeps of an owner: told to the owner, and gone with the owner, unless it is held.

use super::model::{About, Why};
use super::{finish, removal};
use crate::accounts::person::Person;
use crate::accounts::privacy::{Exported, Forgotten, Held, Keeper};
use proof::der::Time;
use serde_json::{Value, json};
use store::{Db, StoreError, Tx};
use trust::TrustError;

pub(super) struct HoldingKeeper(pub(super) Db);

fn of_store(error: TrustError) -> StoreError {
    match error {
        TrustError::Refused(text) => StoreError::Refused(text),
        other => StoreError::Broken(other.to_string()),
    }
}

impl Keeper for HoldingKeeper {
    fn name(&self) -> &'static str {
        "originals"
    }

    fn export<'a>(&'a self, person: &'a Person) -> Exported<'a> {
        Box::pin(async move {
            let owner = format!("person/{}", person.id);
            let time = |s: Option<i64>| s.map(|s| Time::from_unix(s).to_string());
            let sql = "select id, state, size, about, made_s, until_s, ended_s, why from holding \
                       where owner = $1 order by made_s desc, id limit 100000";
            let mut found = Vec::new();
            for row in self.0.rows(sql, &[owner.as_str().into()]).await? {
                let id = row.text(0)?;
                let about = match row.bytes(3) {
                    Ok(sealed) => serde_json::from_slice(&person.key().open(&finish::place(id), sealed)?),
                    Err(_) => Ok(About::default()),
                };
                let about = about.unwrap_or_default();
                let is_there = row.text(1)? != "removed";
                found.push(json!({
                    "id": id, "state": row.text(1)?, "name": about.name, "size": row.int(2)?, "sha256": about.digest,
                    "since": time(Some(row.int(4)?)), "until": time(row.maybe_int(5)?),
                    "removed": time(row.maybe_int(6)?), "why": row.maybe_text(7)?,
                    // The content itself is fetched one by one.
                    "whole": is_there.then(|| format!("/holdings/{id}")),
                }));
            }
            let sql = "select id, size, received, about, due_s from upload where owner = $1 and state <> 'done' \
                       order by made_s limit 100000";
            let mut coming = Vec::new();
            for row in self.0.rows(sql, &[owner.as_str().into()]).await? {
                let id = row.text(0)?;
                let about = person.key().open(&format!("upload/{id}"), row.bytes(3)?)?;
                let about: About = serde_json::from_slice(&about).unwrap_or_default();
                coming.push(json!({
                    "id": id, "name": about.name, "size": row.int(1)?, "received": row.int(2)?,
                    "until": time(Some(row.int(4)?)),
                }));
            }
            Ok(json!({ "kept": Value::Array(found), "coming": Value::Array(coming) }))
        })
    }

    /// The keys go now, the bytes after. That nothing is held was asked before.
    fn forget<'a>(&'a self, tx: &'a mut Tx, owner: &'a str) -> Forgotten<'a> {
        Box::pin(async move {
            for row in tx.rows("select id, object from upload where owner = $1", &[owner.into()]).await? {
                let (id, object) = (row.text(0)?, row.text(1)?);
                tx.execute("delete from upload where id = $1", &[id.into()]).await?;
                // That of a holding goes with the holding, and twice is once.
                removal::erase_bytes(tx, object, Time::from_unix(0)).await.map_err(of_store)?;
            }
            if let Some(person) = owner.strip_prefix("person/") {
                removal::erase_person(tx, person, Time::from_unix(0)).await.map_err(of_store)?;
            }
            tx.execute("delete from holding_finding where owner = $1", &[owner.into()]).await?;
            let sql = "select id from holding where owner = $1 and state <> 'removed'";
            for row in tx.rows(sql, &[owner.into()]).await? {
                removal::end(tx, row.text(0)?, Why::Erased, None).await.map_err(of_store)?;
            }
            Ok(())
        })
    }

    fn is_held<'a>(&'a self, tx: &'a mut Tx, owner: &'a str) -> Held<'a> {
        Box::pin(async move {
            let sql = "select 1 from holding h join holding_hold o on o.holding = h.id \
                       where h.owner = $1 and h.state <> 'removed' limit 1";
            Ok(!tx.rows(sql, &[owner.into()]).await?.is_empty())
        })
    }
}
