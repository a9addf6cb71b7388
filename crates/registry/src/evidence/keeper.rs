//! What the room keeps of a person: told to the person, and left without a name where the person goes.

use crate::accounts::person::Person;
use crate::accounts::privacy::{Exported, Forgotten, Keeper};
use serde_json::{Value, json};
use store::{Db, Tx};

pub(super) struct RecordKeeper(pub(super) Db);

impl Keeper for RecordKeeper {
    fn name(&self) -> &'static str {
        "records"
    }

    fn export<'a>(&'a self, person: &'a Person) -> Exported<'a> {
        Box::pin(async move {
            let owner = format!("person/{}", person.id);
            let sql = "select id, number, state, kind, mode, files, bytes, digest, title from record \
                       where owner = $1 order by id desc limit 100000";
            let mut found = Vec::new();
            for row in self.0.rows(sql, &[owner.into()]).await? {
                let title = match row.bytes(8) {
                    Ok(sealed) => {
                        let plain = person.key().open(&format!("record/{}/title", row.int(0)?), sealed)?;
                        serde_json::from_slice(&plain).unwrap_or(Value::Null)
                    }
                    Err(_) => Value::Null,
                };
                let number = row.text(1)?;
                // The record itself, its files and what opens it are read one by one.
                found.push(json!({
                    "number": number, "state": row.text(2)?, "type": row.text(3)?, "mode": row.text(4)?,
                    "files": row.int(5)?, "bytes": row.int(6)?, "sha256": row.text(7)?, "title": title,
                    "whole": format!("/records/{number}"),
                }));
            }
            Ok(Value::Array(found))
        })
    }

    /// Records and tokens stay; what opened them goes with the key, and is taken out as well.
    fn forget<'a>(&'a self, tx: &'a mut Tx, owner: &'a str) -> Forgotten<'a> {
        Box::pin(async move {
            let sql = "update record_content set openings = null where id in (select id from record where owner = $1)";
            tx.execute(sql, &[owner.into()]).await?;
            tx.execute("update record set title = null where owner = $1", &[owner.into()]).await.map(drop)
        })
    }
}
