//! Everything about a person, as one JSON file (个人信息保护法 art. 45).

use crate::accounts::audit::{Act, Scope, note_own};
use crate::accounts::person::sign_in::About;
use crate::accounts::{Accounts, Me};
use crate::web::Fault;
use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};
use store::StoreError;

impl Accounts {
    /// The file. That it was made is a line of the trail, the last one in it.
    pub(super) async fn export(&self, me: &Me) -> Result<Vec<u8>, Fault> {
        let person = &me.person;
        let noted: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            note_own(tx, &person.id, Act::Exported, "", me.cx.now).await
        });
        noted?;
        let time = |time: proof::der::Time| time.to_string();
        let mut sessions = Vec::new();
        for session in self.site().sessions.of(&person.id, me.cx.now).await? {
            let about = About::open(person, &session.about);
            sessions.push(json!({
                "began": time(session.made), "seen": time(session.seen),
                "device": about.agent, "address": about.address,
            }));
        }
        let passkeys: Vec<Value> = self
            .passkeys(person)
            .await?
            .into_iter()
            .map(|passkey| json!({ "id": passkey.id, "label": passkey.label, "made": time(passkey.made), "used": passkey.used.map(time) }))
            .collect();
        let mut organisations = Vec::new();
        for (organisation, roles) in self.organisations_of(&person.id).await? {
            organisations.push(json!({
                "id": organisation.id, "name": organisation.profile.name,
                "roles": roles.names(),
            }));
        }
        let consents: Vec<Value> = self
            .consents(person)
            .await?
            .into_iter()
            .map(|consent| {
                json!({
                    "record": consent.record, "salt": consent.salt,
                    "token": consent.token.map(|token| Base64::encode_string(&token)),
                })
            })
            .collect();
        let disclosures: Vec<Value> = self
            .disclosures_of(person, me.cx.now)
            .await?
            .into_iter()
            .map(|d| json!({ "time": time(d.made), "to": d.to, "basis": d.basis, "what": d.what }))
            .collect();
        let trail = self.trail(&Scope::Person(person.id.clone()), 1, i64::MAX).await?;
        let file = json!({
            "kind": "shiyin.person/1",
            "made": time(me.cx.now),
            "operator": self.site().node.public().instance.operator.name,
            "id": person.id,
            "name": person.profile.name,
            "mail": person.profile.mail,
            "language": person.profile.language,
            "since": time(person.made),
            "erasure_asked": person.erasure.map(time),
            "codes_of_an_app": person.has_totp,
            "passkeys": passkeys,
            "sessions": sessions,
            "keys": self.keys_for_export(person).await?,
            "organisations": organisations,
            "real_names": self.identities_for_export(person).await?,
            "consents": consents,
            "disclosures": disclosures,
            "history": trail,
        });
        serde_json::to_vec_pretty(&file).map_err(Fault::broken)
    }

    async fn identities_for_export(&self, person: &crate::accounts::person::Person) -> Result<Vec<Value>, Fault> {
        let sql = "select id from identity where person = $1 and body is not null order by made_s";
        let mut found = Vec::new();
        for row in self.db().rows(sql, &[person.id.as_str().into()]).await? {
            let Some(identity) = self.identity(row.text(0)?).await? else { continue };
            let mut papers = Vec::new();
            let sql = "select id, media_type, body from paper where identity = $1 order by id";
            for paper in self.db().rows(sql, &[identity.id.as_str().into()]).await? {
                // An organisation's papers are the organisation's.
                if identity.organisation.is_none() {
                    let bytes = person.key.open(&format!("paper/{}", paper.text(0)?), paper.bytes(2)?)?;
                    papers.push(json!({ "type": paper.text(1)?, "content": Base64::encode_string(&bytes) }));
                }
            }
            found.push(json!({
                "organisation": identity.organisation,
                "name": identity.details.name, "country": identity.details.country,
                "paper": identity.details.paper, "number": identity.details.number,
                "representative": identity.details.representative, "reason": identity.details.reason,
                "level": identity.level().name(),
                "asked": identity.asked.to_string(), "decided": identity.decided.map(|time| time.to_string()),
                "papers": papers,
            }));
        }
        Ok(found)
    }
}
