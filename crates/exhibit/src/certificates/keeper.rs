//! What the room keeps of people: certificates, which name them.

use registry::accounts::person::Person;
use registry::accounts::privacy::{Exported, Forgotten, Keeper};
use serde_json::json;
use store::{Db, Tx};

pub(super) struct CertificateKeeper(pub(super) Db);

impl Keeper for CertificateKeeper {
    fn name(&self) -> &'static str {
        "certificates"
    }

    fn export<'a>(&'a self, person: &'a Person) -> Exported<'a> {
        Box::pin(async move {
            let owner = format!("person/{}", person.id);
            let sql = "select r.number, c.digest, c.made_ms from certificate c join record r on r.id = c.id \
                       where c.owner = $1 order by c.id limit 100000";
            let mut issued = Vec::new();
            for row in self.0.rows(sql, &[owner.as_str().into()]).await? {
                let number = row.text(0)?;
                issued.push(json!({ "number": number, "sha256": row.text(1)?, "issued_ms": row.int(2)?,
                    "whole": format!("/records/{number}/certificate.pdf") }));
            }
            Ok(json!({ "issued": issued }))
        })
    }

    /// A certificate names its applicant: it goes. Copies that were handed out verify as before.
    fn forget<'a>(&'a self, tx: &'a mut Tx, owner: &'a str) -> Forgotten<'a> {
        Box::pin(async move { tx.execute("delete from certificate where owner = $1", &[owner.into()]).await.map(drop) })
    }
}
