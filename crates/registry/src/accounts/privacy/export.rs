//! Everything about a person, as one JSON file (个人信息保护法 art. 45).

use crate::accounts::audit::{Act, Scope, note_own};
use crate::accounts::organisation::Role;
use crate::accounts::person::sign_in::About;
use crate::accounts::{Accounts, Me};
use crate::web::Fault;
use base64ct::{Base64, Encoding as _};
use proof::der::Time;
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
        let access: Vec<Value> = self
            .accesses(&person.id)
            .await?
            .into_iter()
            .map(|(at, about)| json!({ "time": time(at), "device": about.agent, "address": about.address }))
            .collect();
        let trail = self.trail(&Scope::Person(person.id.clone()), 1, i64::MAX).await?;
        let mut file = json!({
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
            "sign_ins": access,
            "duties": self.duties_for_export(&person.id).await?,
            "requests": self.requests_for_export(&person.id).await?,
            "known_devices": self.count_for_export("select count(*) from device where person = $1", &person.id).await?,
            "keys": self.keys_for_export(person).await?,
            "organisations": organisations,
            "real_names": self.identities_for_export(person).await?,
            "consents": consents,
            "disclosures": disclosures,
            "history": trail,
        });
        for keeper in self.keepers() {
            file[keeper.name()] = keeper.export(person).await?;
        }
        serde_json::to_vec_pretty(&file).map_err(Fault::broken)
    }

    async fn identities_for_export(&self, person: &crate::accounts::person::Person) -> Result<Vec<Value>, Fault> {
        let sql = "select id from identity where person = $1 and body is not null order by made_s";
        let mut found = Vec::new();
        for row in self.db().rows(sql, &[person.id.as_str().into()]).await? {
            let Some(identity) = self.identity(row.text(0)?).await? else { continue };
            // An organisation's name belongs to whoever owns it now.
            if let Some(organisation) = &identity.organisation
                && !self.roles(organisation, &person.id).await?.is_some_and(|roles| roles.has(Role::Owner))
            {
                continue;
            }
            let statements = "select id, made_s from statement where identity = $1 order by made_s";
            let statements = self.db().rows(statements, &[identity.id.as_str().into()]).await?;
            let statements: Vec<String> =
                statements.iter().filter_map(|row| row.text(0).ok().map(str::to_owned)).collect();
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
                "level": identity.level().name(), "waits": identity.is_waiting(), "refused": identity.is_refused(),
                "statements": statements,
                "asked": identity.asked.to_string(), "decided": identity.decided.map(|time| time.to_string()),
                "papers": papers,
            }));
        }
        Ok(found)
    }

    async fn count_for_export(&self, sql: &'static str, person: &str) -> Result<i64, Fault> {
        let rows = self.db().rows(sql, &[person.into()]).await?;
        Ok(rows.first().map_or(Ok(0), |row| row.int(0))?)
    }

    async fn duties_for_export(&self, person: &str) -> Result<Vec<Value>, Fault> {
        let sql = "select object, organisation, since_s, until_s from custodian where person = $1 order by since_s";
        let time = |s: i64| Time::from_unix(s).to_string();
        let read = |row: &store::Row| {
            let (since, until) = (time(row.int(2)?), row.maybe_int(3)?.map(time));
            Ok(json!({ "record": row.text(0)?, "organisation": row.text(1)?, "since": since, "until": until }))
        };
        let rows = self.db().rows(sql, &[person.into()]).await?;
        Ok(rows.iter().map(read).collect::<Result<_, StoreError>>()?)
    }

    async fn requests_for_export(&self, person: &str) -> Result<Vec<Value>, Fault> {
        let sql = "select organisation, id from request where applicant = $1 or decider = $1 order by made_s";
        let mut found = Vec::new();
        for row in self.db().rows(sql, &[person.into()]).await? {
            if let Some(asked) = self.approval(row.text(0)?, row.text(1)?).await? {
                found.push(json!({
                    "organisation": row.text(0)?, "title": asked.title, "digest": asked.digest,
                    "mine": asked.applicant == person, "made": asked.made.to_string(),
                    "decision": format!("{:?}", asked.decision).to_lowercase(),
                    "decided": asked.decided.map(|time| time.to_string()),
                }));
            }
        }
        Ok(found)
    }
}
