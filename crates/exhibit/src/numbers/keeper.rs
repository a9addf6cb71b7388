//! What the room keeps of people: what they let everyone see.

use registry::accounts::person::Person;
use registry::accounts::privacy::{Exported, Forgotten, Keeper};
use serde_json::json;
use store::{Db, Tx};

pub(super) struct ShownKeeper(pub(super) Db);

impl Keeper for ShownKeeper {
    fn name(&self) -> &'static str {
        "shown"
    }

    fn export<'a>(&'a self, person: &'a Person) -> Exported<'a> {
        Box::pin(async move {
            let sql = "select r.number, s.parts, s.since_ms from shown s join record r on r.id = s.id \
                       where s.owner = $1 order by s.id limit 100000";
            let mut shown = Vec::new();
            for row in self.0.rows(sql, &[format!("person/{}", person.id).into()]).await? {
                shown.push(json!({ "number": row.text(0)?, "parts": row.text(1)?, "since_ms": row.int(2)? }));
            }
            Ok(json!(shown))
        })
    }

    fn forget<'a>(&'a self, tx: &'a mut Tx, owner: &'a str) -> Forgotten<'a> {
        Box::pin(async move { tx.execute("delete from shown where owner = $1", &[owner.into()]).await.map(drop) })
    }
}
