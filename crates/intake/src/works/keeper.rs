//! What the room keeps of a person: drafts, and the titles of works.

use ::store::{Db, Tx};
use registry::accounts::person::Person;
use registry::accounts::privacy::{Exported, Forgotten, Keeper};
use serde_json::{Value, json};

pub(super) struct WorkKeeper(pub(super) Db);

impl Keeper for WorkKeeper {
    fn name(&self) -> &'static str {
        "works"
    }

    fn export<'a>(&'a self, person: &'a Person) -> Exported<'a> {
        Box::pin(async move {
            let value = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or(Value::Null);
            let mut drafts = Vec::new();
            let sql = "select id, body from draft where person = $1 and record is null order by id";
            for row in self.0.rows(sql, &[person.id.as_str().into()]).await? {
                let id = row.text(0)?;
                let body = person.key().open(&format!("draft/{id}"), row.bytes(1)?)?;
                let mut files = Vec::new();
                let sql = "select place, body from draft_file where draft = $1 order by place";
                for row in self.0.rows(sql, &[id.into()]).await? {
                    files.push(value(&person.key().open(&format!("draft/{id}/{}", row.int(0)?), row.bytes(1)?)?));
                }
                drafts.push(json!({ "id": id, "application": value(&body), "files": files }));
            }
            let mut works = Vec::new();
            let sql = "select id, kind, body from work where owner = $1 and body is not null order by made_ms, id";
            for row in self.0.rows(sql, &[format!("person/{}", person.id).into()]).await? {
                let id = row.text(0)?;
                let body = person.key().open(&format!("work/{id}"), row.bytes(2)?)?;
                works.push(json!({ "id": id, "type": row.text(1)?, "about": value(&body) }));
            }
            Ok(json!({ "drafts": drafts, "works": works }))
        })
    }

    fn forget<'a>(&'a self, tx: &'a mut Tx, owner: &'a str) -> Forgotten<'a> {
        Box::pin(async move {
            if let Some(("person", id)) = owner.split_once('/') {
                let sql = "delete from draft_file where draft in (select id from draft where person = $1)";
                tx.execute(sql, &[id.into()]).await?;
                tx.execute("delete from draft where person = $1", &[id.into()]).await?;
            }
            // Nobody is left to read an owner's batches, and no key to open what they hold. Their records stay.
            let sql = "delete from batch_item where batch in (select id from batch where owner = $1)";
            tx.execute(sql, &[owner.into()]).await?;
            tx.execute("delete from batch where owner = $1", &[owner.into()]).await?;
            tx.execute("update work set body = null where owner = $1", &[owner.into()]).await.map(drop)
        })
    }
}
