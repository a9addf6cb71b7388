//! To whom invoices go: title (抬头), tax number, address, mail. Sealed under the owner's key. The node
//! issues no tax invoice; its operator does, with these.

use super::{Billing, WORDS, scope_of};
use crate::accounts::Me;
use crate::accounts::audit::{Act, Scope, note};
use crate::web::{Fault, Fields};
use serde::{Deserialize, Serialize};
use store::StoreError;

const CHARS_MAX: usize = 200;

/// To whom invoices go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Invoice {
    pub title: String,
    pub tax_number: String,
    pub address: String,
    pub mail: String,
}

/// The place that the sealed body is bound to.
pub(super) fn place(owner: &str) -> String {
    format!("invoice/{owner}")
}

impl Invoice {
    /// Out of a form.
    pub fn of(me: &Me, fields: &Fields) -> Result<Self, Fault> {
        let w = me.cx.words(&WORDS);
        for name in ["title", "tax_number", "address", "mail"] {
            let text = fields.text(name);
            if text.chars().count() > CHARS_MAX || text.contains(char::is_control) {
                let fields = ["title", "tax_number", "address", "mail"];
                let field = fields.into_iter().find(|field| *field == name).unwrap_or("title");
                return Err(Fault::Field { field, what: w.say("invoice-long") });
            }
        }
        let number = fields.text("tax_number").to_uppercase();
        if !number.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(Fault::Field { field: "tax_number", what: w.say("tax-number-wrong") });
        }
        let mail = fields.text("mail");
        let is_mail = mail.is_empty() || mail.split_once('@').is_some_and(|(a, b)| !a.is_empty() && b.contains('.'));
        if !is_mail || mail.contains(' ') {
            return Err(Fault::Field { field: "mail", what: w.say("invoice-mail-wrong") });
        }
        let text = |name: &str| fields.text(name).to_owned();
        Ok(Self { title: text("title"), tax_number: number, address: text("address"), mail: mail.to_owned() })
    }
}

impl Billing {
    /// To whom an owner's invoices go; empty where that was not said.
    pub(super) async fn invoice(&self, owner: &str) -> Result<Invoice, Fault> {
        let rows = self.db().rows("select body from billing_invoice where owner = $1", &[owner.into()]).await?;
        let Some(row) = rows.first() else { return Ok(Invoice::default()) };
        let Some(key) = self.accounts().key_of(owner).await? else { return Ok(Invoice::default()) };
        let plain = key.open(&place(owner), row.bytes(0)?)?;
        serde_json::from_slice(&plain).map_err(Fault::broken)
    }

    /// Changes it.
    pub(super) async fn set_invoice(&self, me: &Me, owner: &str, invoice: &Invoice) -> Result<(), Fault> {
        let key = self.accounts().key_of(owner).await?.ok_or(Fault::NotFound)?;
        let sealed = key.seal(&place(owner), &serde_json::to_vec(invoice).map_err(Fault::broken)?)?;
        let done: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            let sql = "insert into billing_invoice (owner, body, changed_s) values ($1, $2, $3) \
                       on conflict (owner) do update set body = excluded.body, changed_s = excluded.changed_s";
            tx.execute(sql, &[owner.into(), sealed.clone().into(), me.cx.now.unix_s().into()]).await?;
            note(tx, &scope_of(owner), &me.actor(), Act::InvoiceChanged, "", me.cx.now).await
        });
        Ok(done?)
    }

    /// All of them, for the operator, with what was charged in a month; the export is in the trail.
    pub(super) async fn invoices(&self, me: &Me) -> Result<Vec<(String, Invoice)>, Fault> {
        let noted: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            note(tx, &Scope::Node, &me.actor(), Act::BooksExported, "invoices", me.cx.now).await
        });
        noted?;
        let mut found = Vec::new();
        for row in self.db().rows("select owner from billing_invoice order by owner", &[]).await? {
            let owner = row.text(0)?.to_owned();
            let invoice = self.invoice(&owner).await?;
            found.push((owner, invoice));
        }
        Ok(found)
    }
}
