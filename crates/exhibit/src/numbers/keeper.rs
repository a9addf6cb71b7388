//! What the room keeps of people: what they let others see.

use super::share;
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
            let owner = format!("person/{}", person.id);
            let sql = "select r.number, s.id, s.origin, s.parts, s.has_certificate, s.label, s.made_ms, s.until_ms, s.seen \
                       from share s join record r on r.id = s.record where s.owner = $1 order by s.made_ms, s.id limit 100000";
            let mut shared = Vec::new();
            for row in self.0.rows(sql, &[owner.as_str().into()]).await? {
                let id = row.text(1)?;
                let label = person.key().open(&share::place(id), row.bytes(5)?)?;
                shared.push(json!({ "number": row.text(0)?, "for": String::from_utf8_lossy(&label),
                    "work": row.text(2)?, "parts": row.text(3)?, "certificate": row.int(4)? == 1,
                    "made_ms": row.int(6)?, "until_ms": row.int(7)?, "opened": row.int(8)? }));
            }
            let mut works = Vec::new();
            let sql = "select origin, since_ms from shown_work where owner = $1 order by since_ms limit 100000";
            for row in self.0.rows(sql, &[owner.as_str().into()]).await? {
                works.push(json!({ "work": row.text(0)?, "since_ms": row.int(1)? }));
            }
            Ok(json!({ "everyone": shown, "by_code": shared, "works": works }))
        })
    }

    fn forget<'a>(&'a self, tx: &'a mut Tx, owner: &'a str) -> Forgotten<'a> {
        Box::pin(async move {
            tx.execute("delete from shown where owner = $1", &[owner.into()]).await?;
            tx.execute("delete from shown_work where owner = $1", &[owner.into()]).await?;
            tx.execute("delete from share where owner = $1", &[owner.into()]).await.map(drop)
        })
    }
}
