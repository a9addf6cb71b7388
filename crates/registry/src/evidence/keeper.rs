//! What the room keeps of a person: told to the person, and left without a name where the person goes.

use crate::accounts::person::Person;
use crate::accounts::privacy::{Exported, Forgotten, Keeper};
use proof::digest::hex;
use proof::record::Openings;
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
            let sql = "select r.number, r.state, r.id, c.record, c.files, c.openings, c.token from record r \
                       join record_content c on c.id = r.id where r.owner = $1 order by r.id";
            let mut found = Vec::new();
            for row in self.0.rows(sql, &[owner.into()]).await? {
                let openings = match row.bytes(5) {
                    Ok(sealed) => {
                        let plain = person.key().open(&format!("record/{}/openings", row.int(2)?), sealed)?;
                        Openings::parse(&plain).map_or(Value::Null, |read| {
                            serde_json::from_slice(&read.to_canonical_json()).unwrap_or(Value::Null)
                        })
                    }
                    Err(_) => Value::Null,
                };
                let value = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or(Value::Null);
                found.push(json!({
                    "number": row.text(0)?, "state": row.text(1)?, "record": value(row.bytes(3)?),
                    "files": value(row.bytes(4)?), "openings": openings, "token": row.bytes(6).ok().map(hex),
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
