//! What the operator does with applications: looks at papers, and decides.

use super::{Identity, Method};
use crate::accounts::audit::{Act, Scope, note};
use crate::accounts::{Accounts, Me};
use crate::web::Fault;
use proof::der::Time;
use store::StoreError;
use trust::TrustError;

/// An application, as the operator sees it.
pub struct Review {
    /// What is stated.
    pub identity: Identity,
    /// The files of its papers: their ids and what they are.
    pub papers: Vec<(String, String)>,
}

/// A file of a paper.
pub struct Sheets {
    /// What it is, by its content.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Accounts {
    /// The applications that wait for the operator, the oldest first.
    pub async fn reviews(&self, count: i64) -> Result<Vec<Identity>, TrustError> {
        // Nothing but keeping goes on with what a frozen account stated.
        let sql = "select i.id from identity i join person p on p.id = i.person where i.state = 'waiting' \
                   and i.method = 'papers' and p.state = 'active' order by i.made_s, i.id limit $1";
        let mut found = Vec::new();
        for row in self.db().rows(sql, &[count.into()]).await? {
            found.extend(self.identity(row.text(0)?).await?);
        }
        Ok(found)
    }

    /// One application with its papers; that the operator looked is in the trails.
    ///
    /// # Errors
    /// Not found where there is none of this id, or where it is the operator's own.
    pub async fn review(&self, me: &Me, id: &str) -> Result<Review, Fault> {
        let identity = self.reviewed(me, id).await?;
        let sql = "select id, media_type from paper where identity = $1 order by id";
        let rows = self.db().rows(sql, &[id.into()]).await?;
        let papers: Result<Vec<_>, StoreError> =
            rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned()))).collect();
        let viewed: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            note(tx, &identity.scope(), &me.actor(), Act::PapersViewed, &identity.object(), me.cx.now).await?;
            note(tx, &Scope::Node, &me.actor(), Act::PapersViewed, &identity.object(), me.cx.now).await
        });
        viewed?;
        Ok(Review { identity, papers: papers? })
    }

    /// Nobody decides on his or her own name, nor on that of an organisation of his or hers.
    async fn reviewed(&self, me: &Me, id: &str) -> Result<Identity, Fault> {
        let identity = self.identity(id).await?.filter(|identity| identity.method == Method::Papers);
        let identity = identity.ok_or(Fault::NotFound)?;
        let is_member = match &identity.organisation {
            Some(organisation) => self.roles(organisation, &me.person.id).await?.is_some(),
            None => false,
        };
        if is_member || identity.person == me.person.id { Err(Fault::NotAllowed) } else { Ok(identity) }
    }

    /// A file of the papers of an application.
    pub async fn paper(&self, me: &Me, id: &str, paper: &str) -> Result<Sheets, Fault> {
        let identity = self.reviewed(me, id).await?;
        let sql = "select media_type, body from paper where id = $1 and identity = $2";
        let rows = self.db().rows(sql, &[paper.into(), id.into()]).await?;
        let row = rows.first().ok_or(Fault::NotFound)?;
        let key = self.identity_key(&identity.person, identity.organisation.as_deref()).await?;
        let bytes = key.ok_or(Fault::NotFound)?.open(&format!("paper/{paper}"), row.bytes(1)?)?;
        Ok(Sheets { media_type: row.text(0)?.to_owned(), bytes: bytes.to_vec() })
    }

    /// Decides.
    ///
    /// # Errors
    /// Not found where it was decided already.
    pub async fn decide_review(&self, me: &Me, id: &str, is_confirmed: bool, reason: &str) -> Result<(), Fault> {
        let identity = self.reviewed(me, id).await?;
        let now: Time = me.cx.now;
        match self.decide_identity(&identity, &me.actor(), is_confirmed, reason, now).await? {
            true => Ok(()),
            false => Err(Fault::NotFound),
        }
    }
}
