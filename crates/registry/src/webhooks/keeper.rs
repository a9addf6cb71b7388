//! What the room keeps of an owner: told to the owner without secrets, and gone with the owner.

use super::endpoints;
use crate::accounts::person::Person;
use crate::accounts::privacy::{Exported, Forgotten, Keeper};
use proof::der::Time;
use serde_json::json;
use store::{Db, Tx};

pub(super) struct WebhookKeeper(pub(super) Db);

impl Keeper for WebhookKeeper {
    fn name(&self) -> &'static str {
        "webhooks"
    }

    fn export<'a>(&'a self, person: &'a Person) -> Exported<'a> {
        Box::pin(async move {
            let owner = format!("person/{}", person.id);
            let time = |ms: i64| Time::from_unix(ms.div_euclid(1000)).to_string();
            let mut found = Vec::new();
            for row in endpoints::rows(&self.0, &owner).await? {
                let endpoint = endpoints::read(&row, person.key())?;
                found.push(json!({
                    "id": endpoint.id, "url": endpoint.url, "description": endpoint.description,
                    "events": endpoint.choice.names(), "enabled": endpoint.disabled.is_none(),
                    "made": endpoint.made.to_string(),
                }));
            }
            let sql = "select id, event, endpoint, kind, state, attempts, status, made_ms, ended_ms from webhook_delivery \
                       where owner = $1 order by made_ms, id limit 100000";
            let mut sent = Vec::new();
            for row in self.0.rows(sql, &[owner.as_str().into()]).await? {
                sent.push(json!({
                    "id": row.text(0)?, "event": row.text(1)?, "webhook": row.text(2)?, "type": row.text(3)?,
                    "state": row.text(4)?, "attempts": row.int(5)?, "status": row.maybe_int(6)?,
                    "made": time(row.int(7)?), "ended": row.maybe_int(8)?.map(time),
                }));
            }
            Ok(json!({ "webhooks": found, "deliveries": sent }))
        })
    }

    fn forget<'a>(&'a self, tx: &'a mut Tx, owner: &'a str) -> Forgotten<'a> {
        Box::pin(async move {
            let sql =
                "delete from webhook_attempt where delivery in (select id from webhook_delivery where owner = $1)";
            tx.execute(sql, &[owner.into()]).await?;
            tx.execute("delete from webhook_delivery where owner = $1", &[owner.into()]).await?;
            tx.execute("delete from webhook_endpoint where owner = $1", &[owner.into()]).await?;
            tx.execute("delete from webhook_event where owner = $1", &[owner.into()]).await.map(drop)
        })
    }
}
