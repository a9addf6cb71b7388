//! Organisations: who acts for whom, in which role, and who answers for a record (ent-02, ent-06).
//!
//! Roles are held one by one. An owner appoints; an applicant asks for stamps; an approver lets them
//! pass, never his or her own; a custodian answers for records; an auditor reads the trail. There is
//! always an owner: the last one can only hand over.

mod approval;
mod pages;

pub use approval::{Approval, Decision};
pub(super) use pages::router;

use super::audit::{Act, Scope, note};
use super::identity::remove_identity;
use super::person::Person;
use super::privacy::{Keeper, forget_all, is_held};
use super::{Accounts, Me, WORDS, new_id};
use crate::web::{Cx, Fault, Words};
use proof::der::Time;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::{Row, StoreError, Tx};
use trust::TrustError;
use trust::vault::Key;

/// How long an invitation holds.
const INVITATION_S: i64 = 14 * 86_400;
/// Members and invitations of one organisation.
const MEMBERS_MAX: usize = 2_000;

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Appoints, invites, sets up.
    Owner,
    /// Asks for stamps.
    Applicant,
    /// Lets them pass.
    Approver,
    /// Answers for records.
    Custodian,
    /// Reads the trail.
    Auditor,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Applicant, Self::Approver, Self::Custodian, Self::Auditor];

    /// Its name in forms and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Applicant => "applicant",
            Self::Approver => "approver",
            Self::Custodian => "custodian",
            Self::Auditor => "auditor",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Owner => "role-owner",
            Self::Applicant => "role-applicant",
            Self::Approver => "role-approver",
            Self::Custodian => "role-custodian",
            Self::Auditor => "role-auditor",
        }
    }

    fn explained(self) -> &'static str {
        match self {
            Self::Owner => "role-owner-note",
            Self::Applicant => "role-applicant-note",
            Self::Approver => "role-approver-note",
            Self::Custodian => "role-custodian-note",
            Self::Auditor => "role-auditor-note",
        }
    }
}

/// The roles of a member; never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl Roles {
    /// Those of these names; none where there is none among them, or an unknown one.
    pub fn of<'a>(names: impl Iterator<Item = &'a str>) -> Option<Self> {
        let find = |name: &str| Role::ALL.into_iter().find(|role| role.name() == name);
        let mut roles: Vec<Role> = names.map(find).collect::<Option<_>>()?;
        roles.sort_unstable();
        roles.dedup();
        (!roles.is_empty()).then_some(Self(roles))
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        Self::of(text.split(' ')).ok_or_else(|| StoreError::Broken(format!("{text:?} are no roles; restore a backup")))
    }

    fn text(&self) -> String {
        self.names().join(" ")
    }

    /// Their names, as programs read them.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|role| role.name()).collect()
    }

    /// Whether this one is among them.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// As they are called.
    #[must_use]
    pub fn words(&self, w: Words) -> String {
        let names: Vec<String> = self.0.iter().map(|role| w.say(role.word())).collect();
        names.join(&w.say("list-comma"))
    }

    /// As they are called, for rooms above.
    #[must_use]
    pub fn called(&self, cx: &Cx) -> String {
        self.words(cx.words(&super::WORDS))
    }
}

/// What an organisation says of itself; sealed at rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Its name.
    pub name: String,
}

/// An organisation.
#[derive(Clone, Debug)]
pub struct Organisation {
    /// Random; says nothing.
    pub id: String,
    /// What it says.
    pub profile: Profile,
    /// Whether a stamp must be approved first.
    pub asks: bool,
    /// When it was founded.
    pub made: Time,
}

/// A member.
#[derive(Clone)]
pub struct Member {
    /// Who.
    pub person: Person,
    /// In which roles.
    pub roles: Roles,
    /// Since when.
    pub since: Time,
}

/// An invitation that was not answered yet.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Its id, which opens nothing.
    pub id: String,
    /// To which organisation: its name.
    pub organisation: String,
    /// To which address it went.
    pub mail: String,
    /// In which roles.
    pub roles: Roles,
    /// Until when it holds.
    pub due: Time,
}

/// Who answers for a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custodian {
    /// The person's id.
    pub person: String,
    /// Since when.
    pub since: Time,
    /// Until when; none for the one of now.
    pub until: Option<Time>,
}

/// Roles that are needed: any of these.
pub(super) const OWNER: &[Role] = &[Role::Owner];
/// Who may see who else is in it, and its records.
pub const ANYONE: &[Role] = &Role::ALL;
/// Who may read the trail.
pub(super) const READERS: &[Role] = &[Role::Owner, Role::Auditor];

fn scope(id: &str) -> Scope {
    Scope::Organisation(id.to_owned())
}

impl Accounts {
    /// An organisation that was dissolved has no key, and is not found.
    fn read_organisation(&self, row: &Row) -> Result<Organisation, TrustError> {
        let id = row.text(0)?.to_owned();
        let key = self.vault().key(&id, row.bytes(1)?)?;
        let profile = key.open(&format!("organisation/{id}/profile"), row.bytes(2)?)?;
        let profile = serde_json::from_slice(&profile).map_err(|e| TrustError::Broken(e.to_string()))?;
        Ok(Organisation { profile, asks: row.int(3)? != 0, made: Time::from_unix(row.int(4)?), id })
    }

    /// The key of an organisation; none where it was dissolved, or never was.
    pub(super) async fn organisation_key(&self, id: &str) -> Result<Option<Arc<Key>>, TrustError> {
        let sql = "select key from organisation where id = $1 and key is not null";
        let rows = self.db().rows(sql, &[id.into()]).await?;
        rows.first().map(|row| self.vault().key(id, row.bytes(0)?).map(Arc::new)).transpose()
    }

    /// An organisation; none where there is none of this id.
    pub async fn organisation(&self, id: &str) -> Result<Option<Organisation>, TrustError> {
        let sql = "select id, key, profile, asks, made_s from organisation where id = $1 and key is not null";
        let rows = self.db().rows(sql, &[id.into()]).await?;
        rows.first().map(|row| self.read_organisation(row)).transpose()
    }

    /// All organisations, the newest first, each with the number of its members; for the operator.
    ///
    /// # Errors
    /// Where the database or the vault fails.
    pub async fn organisations(&self, count: i64) -> Result<Vec<(Organisation, u64)>, TrustError> {
        let sql = "select id, key, profile, asks, made_s, (select count(*) from member where organisation = id) \
                   from organisation where key is not null order by made_s desc, id limit $1";
        let mut found = Vec::new();
        for row in self.db().rows(sql, &[count.into()]).await? {
            match self.read_organisation(&row) {
                Ok(organisation) => found.push((organisation, row.int(5)?.unsigned_abs())),
                // One damaged row must not hide the others.
                Err(error) => tracing::error!(%error, "an organisation cannot be read"),
            }
        }
        Ok(found)
    }

    /// The organisations of a person, with the roles in each.
    pub async fn organisations_of(&self, person: &str) -> Result<Vec<(Organisation, Roles)>, TrustError> {
        let sql = "select o.id, o.key, o.profile, o.asks, o.made_s, m.roles from organisation o \
                   join member m on m.organisation = o.id where m.person = $1 order by m.since_s, o.id";
        let rows = self.db().rows(sql, &[person.into()]).await?;
        rows.iter().map(|row| Ok((self.read_organisation(row)?, Roles::parse(row.text(5)?)?))).collect()
    }

    /// The roles of a person in an organisation; none where the person is no member.
    pub async fn roles(&self, organisation: &str, person: &str) -> Result<Option<Roles>, StoreError> {
        let sql = "select roles from member where organisation = $1 and person = $2";
        let rows = self.db().rows(sql, &[organisation.into(), person.into()]).await?;
        rows.first().map(|row| Roles::parse(row.text(0)?)).transpose()
    }

    /// The members, the oldest first.
    pub async fn members(&self, organisation: &str) -> Result<Vec<Member>, TrustError> {
        let sql = "select person, roles, since_s from member where organisation = $1 order by since_s, person";
        let mut found = Vec::new();
        for row in self.db().rows(sql, &[organisation.into()]).await? {
            if let Some(person) = self.person(row.text(0)?).await? {
                let (roles, since) = (Roles::parse(row.text(1)?)?, Time::from_unix(row.int(2)?));
                found.push(Member { person, roles, since });
            }
        }
        Ok(found)
    }

    /// Founds an organisation; its founder owns it.
    async fn found(&self, me: &Me, name: &str) -> Result<String, TrustError> {
        let id = new_id()?;
        let (key, wrapped) = self.vault().new_key(&id)?;
        let profile = serde_json::to_vec(&Profile { name: name.to_owned() });
        let profile = profile.map_err(|e| TrustError::Broken(e.to_string()))?;
        let sealed = key.seal(&format!("organisation/{id}/profile"), &profile)?;
        let (now, person) = (me.cx.now, me.person.id.as_str());
        let roles = Roles(vec![Role::Owner, Role::Applicant]).text();
        let made: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            let sql = "insert into organisation (id, key, profile, asks, made_s) values ($1, $2, $3, 0, $4)";
            tx.execute(sql, &[id.as_str().into(), wrapped.clone().into(), sealed.clone().into(), now.unix_s().into()])
                .await?;
            add_member(tx, &id, person, &roles, now).await?;
            note(tx, &scope(&id), &format!("person/{person}"), Act::OrganisationMade, "", now).await
        });
        made?;
        Ok(id)
    }

    /// Changes name and settings.
    async fn set_up(&self, me: &Me, id: &str, name: &str, asks: bool) -> Result<(), TrustError> {
        let rows = self.db().rows("select key from organisation where id = $1", &[id.into()]).await?;
        let wrapped = rows.first().ok_or_else(|| TrustError::Refused("no such organisation".to_owned()))?.bytes(0)?;
        let key = self.vault().key(id, wrapped)?;
        let profile = serde_json::to_vec(&Profile { name: name.to_owned() });
        let profile = profile.map_err(|e| TrustError::Broken(e.to_string()))?;
        let sealed = key.seal(&format!("organisation/{id}/profile"), &profile)?;
        store::transaction!(self.db(), tx => {
            let sql = "update organisation set profile = $2, asks = $3 where id = $1";
            tx.execute(sql, &[id.into(), sealed.clone().into(), asks.into()]).await?;
            Ok(note(tx, &scope(id), &me.actor(), Act::OrganisationChanged, "", me.cx.now).await?)
        })
    }

    /// Invites the owner of an address. Whether it has an account is not said.
    async fn invite(&self, me: &Me, organisation: &Organisation, mail: &str, roles: &Roles) -> Result<(), Fault> {
        let w = me.cx.words(&WORDS);
        let (id, index) = (new_id()?, self.mail_index(mail));
        let sealed = self.vault().seal(&format!("invitation/{id}"), mail.as_bytes())?;
        let due_s = me.cx.now.unix_s() + INVITATION_S;
        let values = [("organisation", organisation.profile.name.as_str()), ("name", &me.person.profile.name)];
        let known = self.person_of(mail).await?;
        let letter = match &known {
            Some(person) => person.letter("mail-invitation", &values),
            None => super::person::letter(mail, me.cx.language, "mail-invitation", &values),
        };
        let invited: Result<bool, TrustError> = store::transaction!(self.db(), tx => {
            let sql = "select (select count(*) from invitation where organisation = $1) \
                       + (select count(*) from member where organisation = $1)";
            let rows = tx.rows(sql, &[organisation.id.as_str().into()]).await?;
            if rows.first().map_or(Ok(0), |row| row.int(0))? >= MEMBERS_MAX as i64 {
                return Ok(false);
            }
            let sql = "delete from invitation where organisation = $1 and mail_index = $2";
            tx.execute(sql, &[organisation.id.as_str().into(), index.as_str().into()]).await?;
            let sql = "insert into invitation (id, organisation, mail_index, mail, roles, by_person, due_s) \
                       values ($1, $2, $3, $4, $5, $6, $7)";
            let values = [
                id.as_str().into(),
                organisation.id.as_str().into(),
                index.as_str().into(),
                sealed.clone().into(),
                roles.text().into(),
                me.person.id.as_str().into(),
                due_s.into(),
            ];
            tx.execute(sql, &values).await?;
            let object = format!("invitation/{id}");
            note(tx, &scope(&organisation.id), &me.actor(), Act::Invited, &object, me.cx.now).await?;
            self.write(tx, known.as_ref().map(|p| p.id.as_str()), &letter, me.cx.now).await?;
            Ok(true)
        });
        match invited? {
            true => Ok(()),
            false => Err(Fault::Field { field: "mail", what: w.say("members-many") }),
        }
    }

    async fn read_invitation(&self, row: &Row) -> Result<Invitation, TrustError> {
        let id = row.text(0)?.to_owned();
        let mail = self.vault().open_sealed(&format!("invitation/{id}"), row.bytes(2)?)?;
        let organisation = self.organisation(row.text(1)?).await?;
        Ok(Invitation {
            organisation: organisation.map_or_else(String::new, |organisation| organisation.profile.name),
            mail: String::from_utf8_lossy(&mail).into_owned(),
            roles: Roles::parse(row.text(3)?)?,
            due: Time::from_unix(row.int(4)?),
            id,
        })
    }

    /// The invitations to an address that hold.
    pub(super) async fn invitations_for(&self, mail: &str, now: Time) -> Result<Vec<Invitation>, TrustError> {
        let sql = "select id, organisation, mail, roles, due_s from invitation where mail_index = $1 and due_s > $2 \
                   order by due_s";
        let rows = self.db().rows(sql, &[self.mail_index(mail).into(), now.unix_s().into()]).await?;
        let mut found = Vec::new();
        for row in &rows {
            found.push(self.read_invitation(row).await?);
        }
        Ok(found)
    }

    /// Whether anybody invited the owner of an address.
    pub(super) async fn is_invited(&self, mail: &str, now: Time) -> Result<bool, TrustError> {
        Ok(!self.invitations_for(mail, now).await?.is_empty())
    }

    async fn invitations_of(&self, organisation: &str, now: Time) -> Result<Vec<Invitation>, TrustError> {
        let sql = "select id, organisation, mail, roles, due_s from invitation where organisation = $1 and due_s > $2 \
                   order by due_s";
        let rows = self.db().rows(sql, &[organisation.into(), now.unix_s().into()]).await?;
        let mut found = Vec::new();
        for row in &rows {
            found.push(self.read_invitation(row).await?);
        }
        Ok(found)
    }

    /// Joins by an invitation to the person's own address: the organisation's id, or none where the
    /// invitation is another's or no longer holds.
    async fn join(&self, me: &Me, invitation: &str) -> Result<Option<String>, StoreError> {
        let index = self.mail_index(&me.person.profile.mail);
        let now = me.cx.now;
        store::transaction!(self.db(), tx => {
            // Who invited is an owner still: those of others went with their role.
            let sql = "delete from invitation where id = $1 and mail_index = $2 and due_s > $3 returning organisation, roles";
            let rows = tx.rows(sql, &[invitation.into(), index.as_str().into(), now.unix_s().into()]).await?;
            let Some(row) = rows.first() else { return Ok(None) };
            let (organisation, roles) = (row.text(0)?.to_owned(), row.text(1)?.to_owned());
            let sql = "select 1 from member where organisation = $1 and person = $2";
            let is_member = !tx.rows(sql, &[organisation.as_str().into(), me.person.id.as_str().into()]).await?.is_empty();
            if !is_member {
                add_member(tx, &organisation, &me.person.id, &roles, now).await?;
                note(tx, &scope(&organisation), &me.actor(), Act::Joined, &me.actor(), now).await?;
                note(tx, &me.scope(), &me.actor(), Act::Joined, &format!("organisation/{organisation}"), now).await?;
            }
            Ok(Some(organisation))
        })
    }

    async fn uninvite(&self, me: &Me, organisation: &str, invitation: &str) -> Result<bool, StoreError> {
        store::transaction!(self.db(), tx => {
            let sql = "delete from invitation where id = $1 and organisation = $2";
            let count = tx.execute(sql, &[invitation.into(), organisation.into()]).await?;
            if count == 1 {
                let object = format!("invitation/{invitation}");
                note(tx, &scope(organisation), &me.actor(), Act::InvitationEnded, &object, me.cx.now).await?;
            }
            Ok(count == 1)
        })
    }

    /// Gives a member these roles; none removes the member. The last owner stays one.
    ///
    /// # Errors
    /// A field fault where nobody would own it; not found where the person is no member.
    async fn set_roles(&self, me: &Me, organisation: &str, person: &str, roles: Option<&Roles>) -> Result<(), Fault> {
        let w = me.cx.words(&WORDS);
        let (act, object) = (if roles.is_some() { Act::RolesChanged } else { Act::Left }, format!("person/{person}"));
        let keepers = self.keepers();
        let changed: Result<Change, StoreError> = store::transaction!(self.db(), tx => {
            let values = [organisation.into(), person.into()];
            let count = match roles {
                Some(roles) => {
                    let sql = "update member set roles = $3 where organisation = $1 and person = $2";
                    tx.execute(sql, &[organisation.into(), person.into(), roles.text().into()]).await?
                }
                None => tx.execute("delete from member where organisation = $1 and person = $2", &values).await?,
            };
            if count == 0 {
                return Ok(Change::NoMember);
            }
            note(tx, &scope(organisation), &me.actor(), act, &object, me.cx.now).await?;
            if roles.is_none() && person != me.person.id {
                let whose = Scope::Person(person.to_owned());
                note(tx, &whose, &me.actor(), act, &format!("organisation/{organisation}"), me.cx.now).await?;
            }
            end_duties(tx, organisation, person, roles, me.cx.now).await?;
            if !has_owner(tx, organisation).await? {
                if has_members(tx, organisation).await? {
                    // An error, so that nothing of this stays.
                    return Err(StoreError::Refused(NO_OWNER.to_owned()));
                }
                dissolve(tx, organisation, &keepers).await?;
            }
            Ok(Change::Done)
        });
        match changed {
            Ok(Change::Done) => Ok(()),
            Ok(Change::NoMember) => Err(Fault::NotFound),
            Err(StoreError::Refused(text)) if text == NO_OWNER => {
                Err(Fault::Field { field: "role", what: w.say("last-owner") })
            }
            Err(StoreError::Refused(text)) if text == HELD => {
                Err(Fault::Field { field: "role", what: w.say("last-held") })
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Makes another member the owner in place of this one.
    async fn transfer(&self, me: &Me, organisation: &str, to: &str) -> Result<(), Fault> {
        if to == me.person.id {
            return Err(Fault::NotFound);
        }
        let done: Result<bool, StoreError> = store::transaction!(self.db(), tx => {
            let sql = "select roles from member where organisation = $1 and person = $2";
            let theirs = tx.rows(sql, &[organisation.into(), to.into()]).await?;
            let mine = tx.rows(sql, &[organisation.into(), me.person.id.as_str().into()]).await?;
            let (Some(theirs), Some(mine)) = (theirs.first(), mine.first()) else { return Ok(false) };
            let mut theirs = Roles::parse(theirs.text(0)?)?;
            let mut mine = Roles::parse(mine.text(0)?)?;
            if !theirs.has(Role::Owner) {
                theirs.0.insert(0, Role::Owner);
            }
            mine.0.retain(|role| *role != Role::Owner);
            if mine.0.is_empty() {
                mine.0.push(Role::Applicant);
            }
            let sql = "update member set roles = $3 where organisation = $1 and person = $2";
            tx.execute(sql, &[organisation.into(), to.into(), theirs.text().into()]).await?;
            tx.execute(sql, &[organisation.into(), me.person.id.as_str().into(), mine.text().into()]).await?;
            end_duties(tx, organisation, &me.person.id, Some(&mine), me.cx.now).await?;
            note(tx, &scope(organisation), &me.actor(), Act::Transferred, &format!("person/{to}"), me.cx.now).await?;
            Ok(true)
        });
        if done? { Ok(()) } else { Err(Fault::NotFound) }
    }

    /// Makes a member answer for a record from now on.
    ///
    /// # Errors
    /// Not allowed where the person is no custodian of the organisation, or who asks is no owner; not
    /// found where the record is another's.
    pub async fn set_custodian(&self, me: &Me, organisation: &str, object: &str, person: &str) -> Result<(), Fault> {
        me.acting(organisation, OWNER).await?;
        let sql = "select 1 from custodian where object = $1 and organisation <> $2 limit 1";
        if !self.db().rows(sql, &[object.into(), organisation.into()]).await?.is_empty() {
            return Err(Fault::NotFound);
        }
        if !self.roles(organisation, person).await?.is_some_and(|roles| roles.has(Role::Custodian)) {
            return Err(Fault::NotAllowed);
        }
        let (id, now) = (new_id()?, me.cx.now);
        let set: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            let sql = "update custodian set until_s = $2 where object = $1 and until_s is null";
            tx.execute(sql, &[object.into(), now.unix_s().into()]).await?;
            let sql = "insert into custodian (id, object, organisation, person, since_s, by_person) \
                       values ($1, $2, $3, $4, $5, $6)";
            let values = [
                id.as_str().into(),
                object.into(),
                organisation.into(),
                person.into(),
                now.unix_s().into(),
                me.person.id.as_str().into(),
            ];
            tx.execute(sql, &values).await?;
            note(tx, &scope(organisation), &me.actor(), Act::CustodianSet, object, now).await
        });
        Ok(set?)
    }

    /// Who answers for a record, and who did before, the newest first.
    pub async fn custodians(&self, object: &str) -> Result<Vec<Custodian>, StoreError> {
        let sql = "select person, since_s, until_s from custodian where object = $1 order by since_s desc, id";
        let read = |row: &Row| {
            Ok(Custodian {
                person: row.text(0)?.to_owned(),
                since: Time::from_unix(row.int(1)?),
                until: row.maybe_int(2)?.map(Time::from_unix),
            })
        };
        self.db().rows(sql, &[object.into()]).await?.iter().map(read).collect()
    }

    /// Removes invitations that nobody took up in time.
    pub(super) async fn sweep_invitations(&self, now: Time) -> Result<(), StoreError> {
        self.db().execute("delete from invitation where due_s <= $1", &[now.unix_s().into()]).await.map(drop)
    }

    /// Organisations that a person alone owns and that have other members: they must be handed over
    /// before the person goes.
    pub(super) async fn owned_alone(&self, person: &str) -> Result<i64, StoreError> {
        store::transaction!(self.db(), tx => owned_alone(tx, person).await)
    }
}

/// See [`Accounts::owned_alone`].
pub(super) async fn owned_alone(tx: &mut Tx, person: &str) -> Result<i64, StoreError> {
    let sql = "select count(*) from member m where m.person = $1 and m.roles like '%owner%' \
                   and exists (select 1 from member o where o.organisation = m.organisation and o.person <> $1) \
                   and not exists (select 1 from member o where o.organisation = m.organisation and o.person <> $1 \
                   and o.roles like '%owner%')";
    tx.rows(sql, &[person.into()]).await?.first().map_or(Ok(0), |row| row.int(0))
}

enum Change {
    Done,
    NoMember,
}

const NO_OWNER: &str = "an organisation has an owner";
const HELD: &str = "a hold stands in the way";

async fn add_member(tx: &mut Tx, organisation: &str, person: &str, roles: &str, now: Time) -> Result<(), StoreError> {
    let sql = "insert into member (organisation, person, roles, since_s) values ($1, $2, $3, $4)";
    tx.execute(sql, &[organisation.into(), person.into(), roles.into(), now.unix_s().into()]).await.map(drop)
}

async fn has_owner(tx: &mut Tx, organisation: &str) -> Result<bool, StoreError> {
    let sql = "select 1 from member where organisation = $1 and roles like '%owner%' limit 1";
    Ok(!tx.rows(sql, &[organisation.into()]).await?.is_empty())
}

async fn has_members(tx: &mut Tx, organisation: &str) -> Result<bool, StoreError> {
    let sql = "select 1 from member where organisation = $1 limit 1";
    Ok(!tx.rows(sql, &[organisation.into()]).await?.is_empty())
}

/// What a member leaves behind who keeps these roles, or none: keys end, records wait for another
/// custodian, and nobody joins on the word of who is no owner any more.
async fn end_duties(
    tx: &mut Tx,
    organisation: &str,
    person: &str,
    kept: Option<&Roles>,
    now: Time,
) -> Result<(), StoreError> {
    let keeps = |role| kept.is_some_and(|roles| roles.has(role));
    let values = [organisation.into(), person.into(), now.unix_s().into()];
    if kept.is_none() {
        let sql = "update api_key set ended_s = $3 where organisation = $1 and person = $2 and ended_s is null";
        tx.execute(sql, &values).await?;
    }
    if !keeps(Role::Custodian) {
        let sql = "update custodian set until_s = $3 where organisation = $1 and person = $2 and until_s is null";
        tx.execute(sql, &values).await?;
    }
    if !keeps(Role::Owner) {
        tx.execute("delete from invitation where organisation = $1 and by_person = $2", &values[..2]).await?;
    }
    Ok(())
}

/// Ends an organisation whose last member left: its key, and all that was sealed under it.
pub(super) async fn dissolve(tx: &mut Tx, organisation: &str, keepers: &[Arc<dyn Keeper>]) -> Result<(), StoreError> {
    let owner = format!("organisation/{organisation}");
    if is_held(tx, keepers, &owner).await? {
        // An error, so that nothing of this stays.
        return Err(StoreError::Refused(HELD.to_owned()));
    }
    forget_all(tx, keepers, &owner).await?;
    let one = [organisation.into()];
    let sql = "select id from identity where organisation = $1 and body is not null";
    for row in tx.rows(sql, &one).await? {
        remove_identity(tx, row.text(0)?).await?;
    }
    tx.execute("delete from invitation where organisation = $1", &one).await?;
    tx.execute("delete from request where organisation = $1", &one).await?;
    tx.execute("update organisation set key = null where id = $1", &one).await.map(drop)
}

/// Ends what a person is in organisations; those without another member are dissolved.
pub(super) async fn leave_all(
    tx: &mut Tx,
    person: &str,
    keepers: &[Arc<dyn Keeper>],
    now: Time,
) -> Result<(), StoreError> {
    for row in tx.rows("select organisation from member where person = $1", &[person.into()]).await? {
        let organisation = row.text(0)?;
        tx.execute("delete from member where organisation = $1 and person = $2", &[organisation.into(), person.into()])
            .await?;
        let actor = format!("person/{person}");
        note(tx, &scope(organisation), &actor, Act::Left, &actor, now).await?;
        end_duties(tx, organisation, person, None, now).await?;
        if !has_members(tx, organisation).await? {
            dissolve(tx, organisation, keepers).await?;
        }
    }
    tx.execute("delete from invitation where by_person = $1", &[person.into()]).await.map(drop)
}

/// A member who asks for something of an organisation.
pub struct Acting {
    /// The organisation.
    pub organisation: Organisation,
    /// The roles of who asks.
    pub roles: Roles,
}

impl Me {
    /// How this person is called in lines of the trail.
    #[must_use]
    pub fn actor(&self) -> String {
        format!("person/{}", self.person.id)
    }

    /// This person's own trail.
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope::Person(self.person.id.clone())
    }

    /// The organisation that this person acts for, in any of these roles.
    ///
    /// # Errors
    /// Not found for who is no member, so that nobody learns which there are; not allowed for a member
    /// in another role.
    pub async fn acting(&self, organisation: &str, needed: &[Role]) -> Result<Acting, Fault> {
        let roles = self.accounts.roles(organisation, &self.person.id).await?.ok_or(Fault::NotFound)?;
        let organisation = self.accounts.organisation(organisation).await?.ok_or(Fault::NotFound)?;
        match needed.iter().any(|role| roles.has(*role)) {
            true => Ok(Acting { organisation, roles }),
            false => Err(Fault::NotAllowed),
        }
    }
}

/// The address of a page of an organisation.
fn place(id: &str, rest: &str) -> String {
    format!("/organisations/{id}{rest}")
}

fn called(cx: &Cx, person: &Person) -> String {
    match cx.session.as_ref().is_some_and(|session| session.person == person.id) {
        true => format!("{} ({})", person.profile.name, cx.words(&WORDS).say("called-you")),
        false => person.profile.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_known_ones_and_never_none() {
        let roles = Roles::of(["auditor", "owner", "owner"].into_iter()).unwrap();
        assert_eq!(roles.text(), "owner auditor");
        assert_eq!(Roles::parse("owner auditor").unwrap(), roles);
        assert!(roles.has(Role::Owner) && !roles.has(Role::Approver));
        assert_eq!(Roles::of(std::iter::empty()), None);
        assert_eq!(Roles::of(["root"].into_iter()), None);
        assert!(Roles::parse("").is_err());
    }
}
