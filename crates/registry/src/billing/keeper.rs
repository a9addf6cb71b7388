//! What the room keeps of a person: told to the person; of who goes, amounts and dates stay without a name.

use super::invoice;
use crate::accounts::person::Person;
use crate::accounts::privacy::{Exported, Forgotten, Keeper};
use proof::der::Time;
use serde_json::{Value, json};
use store::{Db, Tx};

pub(super) struct BillingKeeper(pub(super) Db);

impl Keeper for BillingKeeper {
    fn name(&self) -> &'static str {
        "billing"
    }

    fn export<'a>(&'a self, person: &'a Person) -> Exported<'a> {
        Box::pin(async move {
            let owner = format!("person/{}", person.id);
            let time = |s: i64| Time::from_unix(s).to_string();
            let sql = "select e.kind, e.object, e.made_ms, e.currency, m.from_account, m.to_account, m.amount \
                       from billing_entry e join billing_move m on m.entry = e.id \
                       where e.owner = $1 order by e.made_ms, e.id, m.line limit 100000";
            let mut entries = Vec::new();
            for row in self.0.rows(sql, &[owner.as_str().into()]).await? {
                entries.push(json!({
                    "kind": row.text(0)?, "about": row.text(1)?, "time": time(row.int(2)? / 1000),
                    "currency": row.text(3)?, "from": row.text(4)?, "to": row.text(5)?, "amount": row.int(6)?,
                }));
            }
            let sql = "select id, provider, currency, amount, refunded, state, made_s from billing_order \
                       where owner = $1 order by made_s, id limit 100000";
            let mut orders = Vec::new();
            for row in self.0.rows(sql, &[owner.as_str().into()]).await? {
                orders.push(json!({
                    "id": row.text(0)?, "through": row.text(1)?, "currency": row.text(2)?, "amount": row.int(3)?,
                    "refunded": row.int(4)?, "state": row.text(5)?, "made": time(row.int(6)?),
                }));
            }
            let sql = "select body from billing_invoice where owner = $1";
            let sealed = self.0.rows(sql, &[owner.as_str().into()]).await?;
            let invoice = match sealed.first() {
                Some(row) => {
                    let plain = person.key().open(&invoice::place(&owner), row.bytes(0)?)?;
                    serde_json::from_slice(&plain).unwrap_or(Value::Null)
                }
                None => Value::Null,
            };
            Ok(json!({ "entries": entries, "orders": orders, "invoices_to": invoice }))
        })
    }

    /// The books stay, by ids that lead to nobody any more; to whom invoices go does not.
    fn forget<'a>(&'a self, tx: &'a mut Tx, owner: &'a str) -> Forgotten<'a> {
        Box::pin(
            async move { tx.execute("delete from billing_invoice where owner = $1", &[owner.into()]).await.map(drop) },
        )
    }
}
