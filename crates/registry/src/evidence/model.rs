//! What a maker hands over, and what a record looks like from outside.

use super::vocabulary::Both;
use crate::accounts::audit::Scope;
use crate::accounts::identity::Level;
use crate::accounts::organisation::{Organisation, Role};
use crate::accounts::person::Person;
use crate::accounts::{Accounts, Me, Program};
use crate::billing::Wanted;
use crate::web::{Catalog, Fault, Node, Relation, Words};
use proof::der::Time;
use proof::digest::hex;
use proof::record::{Commitment, Content, EvidenceNumber};
use proof::report::Language;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use trust::vault::Key;

/// Whose a record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A person's, by id.
    Person(String),
    /// An organisation's, by id.
    Organisation(String),
}

impl Owner {
    /// As it stands in the database.
    #[must_use]
    pub fn name(&self) -> String {
        self.scope().name()
    }

    /// As it stands in the database, read.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name.split_once('/')? {
            ("person", id) => Some(Self::Person(id.to_owned())),
            ("organisation", id) => Some(Self::Organisation(id.to_owned())),
            _ => None,
        }
    }

    /// The trail of what is done with its records.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self {
            Self::Person(id) => Scope::Person(id.clone()),
            Self::Organisation(id) => Scope::Organisation(id.clone()),
        }
    }
}

/// How the operator is related to an applicant (n-01, law-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Related {
    /// The operator says that it has no part in the works that it stamps.
    Independent,
    /// The applicant says so; the operator leaves it open.
    IndependentByApplicant,
    /// The operator stamps its own work.
    OwnWorks,
    /// Nobody said.
    Unknown,
}

impl Related {
    /// Its name in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Independent => "independent",
            Self::IndependentByApplicant => "independent-by-applicant",
            Self::OwnWorks => "own-works",
            Self::Unknown => "unknown",
        }
    }

    /// That of this name.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        let all = [Self::Independent, Self::IndependentByApplicant, Self::OwnWorks];
        all.into_iter().find(|related| related.name() == name).unwrap_or(Self::Unknown)
    }

    /// What holds for an applicant: an administrator's works are the operator's own, and what the
    /// operator says of all goes before what one applicant says.
    #[must_use]
    pub fn of(node: &Node, is_operator: bool, says_unrelated: Option<bool>) -> Self {
        match (node.profile.relation, is_operator, says_unrelated) {
            (_, true, _) | (Some(Relation::OwnWorks), ..) | (_, _, Some(false)) => Self::OwnWorks,
            (Some(Relation::Independent), ..) => Self::Independent,
            (_, _, Some(true)) => Self::IndependentByApplicant,
            _ => Self::Unknown,
        }
    }
}

/// Who acts, and for whom: every act on records names one.
#[derive(Clone)]
pub struct Party {
    /// When.
    pub now: Time,
    /// In which language faults are told.
    pub language: Language,
    /// Whose records.
    pub owner: Owner,
    /// Who acts: a person's id.
    pub person: String,
    /// How the actor is called in lines of the trail.
    pub actor: String,
    /// The applicant's name: the confirmed real name, else the name of the account or the organisation.
    pub name: String,
    /// How the name was found out.
    pub level: Level,
    /// When it was confirmed.
    pub confirmed: Option<Time>,
    /// The end of the paper's number, masked.
    pub paper: String,
    /// Whether the person runs the node.
    pub is_operator: bool,
    /// The organisation, where it acts for one.
    pub organisation: Option<Organisation>,
    /// The price list that was shown and agreed to, where one was.
    pub agreed: Option<i64>,
    pub(super) key: Arc<Key>,
}

impl Party {
    /// A signed-in person, for him- or herself or for an organisation in one of these roles.
    ///
    /// # Errors
    /// Not found for who is no member; not allowed for a member in another role.
    pub async fn of(me: &Me, owner: &Owner, needed: &[Role]) -> Result<Self, Fault> {
        let organisation = match owner {
            Owner::Person(id) if *id == me.person.id => None,
            Owner::Person(_) => return Err(Fault::NotFound),
            Owner::Organisation(id) => Some(me.acting(id, needed).await?.organisation),
        };
        let at = (me.cx.now, me.cx.language);
        Self::new(&me.accounts, at, &me.person, organisation, me.actor()).await
    }

    /// A person who holds an address that was made for him or her, for this owner.
    ///
    /// # Errors
    /// Not found for who is gone, frozen, or no member any more; not allowed for a member in another role.
    pub(crate) async fn of_person(
        accounts: &Accounts,
        owner: &Owner,
        person: &str,
        needed: &[Role],
        now: Time,
    ) -> Result<Self, Fault> {
        let person = accounts.person(person).await?.filter(|person| !person.is_frozen()).ok_or(Fault::NotFound)?;
        let organisation = match owner {
            Owner::Person(id) if *id == person.id => None,
            Owner::Person(_) => return Err(Fault::NotFound),
            Owner::Organisation(id) => {
                let roles = accounts.roles(id, &person.id).await?.ok_or(Fault::NotFound)?;
                if !needed.iter().any(|role| roles.has(*role)) {
                    return Err(Fault::NotAllowed);
                }
                Some(accounts.organisation(id).await?.ok_or(Fault::NotFound)?)
            }
        };
        let actor = format!("person/{}", person.id);
        Self::new(accounts, (now, person.language()), &person, organisation, actor).await
    }

    /// A program, for its person or within the organisation of its key.
    ///
    /// # Errors
    /// Not allowed where the person's roles in the organisation are others.
    pub async fn of_program(program: &Program, needed: &[Role]) -> Result<Self, Fault> {
        let organisation = match &program.organisation {
            None => None,
            Some(id) => {
                let roles = program.accounts.roles(id, &program.person.id).await?.ok_or(Fault::NotFound)?;
                if !needed.iter().any(|role| roles.has(*role)) {
                    return Err(Fault::NotAllowed);
                }
                Some(program.accounts.organisation(id).await?.ok_or(Fault::NotFound)?)
            }
        };
        let actor = format!("key/{}", program.id);
        let at = (program.cx.now, program.cx.language);
        Self::new(&program.accounts, at, &program.person, organisation, actor).await
    }

    /// The party that confirmed a record, for what follows from it without a request. None where the
    /// person or the organisation is gone, or the person is frozen: then nothing new is made.
    ///
    /// # Errors
    /// Where the database or the vault fails.
    pub async fn of_entry(accounts: &Accounts, entry: &Entry, now: Time) -> Result<Option<Self>, Fault> {
        let person = accounts.person(&entry.person).await?.filter(|person| !person.is_frozen());
        let Some(person) = person else { return Ok(None) };
        Self::of_node(accounts, &entry.owner, &person.id, now).await
    }

    /// The node, going on with what this person began for this owner. None where either is gone.
    ///
    /// # Errors
    /// Where the database or the vault fails.
    pub(crate) async fn of_node(
        accounts: &Accounts,
        owner: &Owner,
        person: &str,
        now: Time,
    ) -> Result<Option<Self>, Fault> {
        let Some(person) = accounts.person(person).await? else { return Ok(None) };
        let organisation = match owner {
            Owner::Person(_) => None,
            Owner::Organisation(id) => match accounts.organisation(id).await? {
                Some(organisation) => Some(organisation),
                None => return Ok(None),
            },
        };
        Self::new(accounts, (now, person.language()), &person, organisation, "node".to_owned()).await.map(Some)
    }

    /// Whoever asked for something, going on without a request, as the same `actor`. None where the person or the
    /// organisation is gone, the person is frozen, or has none of these roles any more.
    ///
    /// # Errors
    /// Where the database or the vault fails.
    pub async fn resumed(
        accounts: &Accounts,
        owner: &Owner,
        (person, actor): (&str, &str),
        needed: &[Role],
        now: Time,
    ) -> Result<Option<Self>, Fault> {
        let Some(person) = accounts.person(person).await?.filter(|person| !person.is_frozen()) else { return Ok(None) };
        if let Owner::Organisation(id) = owner {
            match accounts.roles(id, &person.id).await? {
                Some(roles) if needed.iter().any(|role| roles.has(*role)) => {}
                _ => return Ok(None),
            }
        }
        let party = Self::of_node(accounts, owner, &person.id, now).await?;
        Ok(party.map(|party| Self { actor: actor.to_owned(), ..party }))
    }

    async fn new(
        accounts: &Accounts,
        (now, language): (Time, Language),
        person: &Person,
        organisation: Option<Organisation>,
        actor: String,
    ) -> Result<Self, Fault> {
        let of = organisation.as_ref().map(|organisation| organisation.id.as_str());
        let owner = of.map_or_else(|| Owner::Person(person.id.clone()), |id| Owner::Organisation(id.to_owned()));
        let identity = accounts.identity_of(&person.id, of).await?.filter(|identity| identity.is_confirmed());
        let called = organisation.as_ref().map_or(&person.profile.name, |organisation| &organisation.profile.name);
        let (name, level, confirmed, paper) = match &identity {
            Some(identity) => {
                let number = crate::accounts::identity::mask_number(&identity.details.number);
                (identity.details.name.clone(), identity.level(), identity.decided, number)
            }
            None => (called.clone(), Level::Mail, None, String::new()),
        };
        let key = accounts.key_of(&owner.name()).await?.ok_or(Fault::NotFound)?;
        let (person, is_operator) = (person.id.clone(), person.is_operator);
        let agreed = None;
        Ok(Self {
            now,
            language,
            owner,
            person,
            actor,
            name,
            level,
            confirmed,
            paper,
            is_operator,
            organisation,
            agreed,
            key,
        })
    }

    /// The same, who was shown this price list and agreed to it.
    #[must_use]
    pub fn agreeing(self, agreed: Option<i64>) -> Self {
        Self { agreed, ..self }
    }

    pub(super) fn words(&self) -> Words {
        super::WORDS.of(self.language)
    }

    /// Words of a room above, in the party's language.
    pub(crate) fn words_of(&self, catalog: &'static Catalog) -> Words {
        catalog.of(self.language)
    }

    /// The key under which what is this owner's is sealed.
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// Seals something of the owner's, bound to its place.
    ///
    /// # Errors
    /// Where the cipher fails.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        Ok(self.key.seal(place, plain)?)
    }

    /// Opens it.
    ///
    /// # Errors
    /// Where it was sealed for another, for another place, or was changed.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        Ok(self.key.open(place, sealed)?.to_vec())
    }
}

/// How the content of a record is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend("x-zh" = "内容的保存方式：digest 仅摘要，deposit 摘要与原件，salted 加盐摘要"))]
pub enum Mode {
    /// Digests alone; the applicant keeps the files (ipr-03).
    #[schemars(description = "Digests alone; the applicant keeps the files.", extend("x-zh" = "仅摘要；文件由申请人自行保存"))]
    Digest,
    /// Digests, and the files are kept at the node as well (ipr-04).
    #[schemars(description = "Digests, and the files are kept at the node as well.", extend("x-zh" = "摘要，且原件存放在节点"))]
    Deposit,
    /// Commitments under salts that only the applicant has (priv-02).
    #[schemars(description = "Commitments under salts that only the applicant has.", extend("x-zh" = "加盐摘要；盐只在申请人手中"))]
    Salted,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Digest, Self::Deposit, Self::Salted];

    /// Its name in records, forms and the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::Deposit => "deposit",
            Self::Salted => "salted",
        }
    }

    /// That of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// A file of a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftFile {
    /// Its path below the folder, or its name.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256, or the commitment to it, in hexadecimal.
    pub digest: String,
    /// Its SM3, in hexadecimal; empty where it was not computed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sm3: String,
    /// Whether it came with the work and is no part of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_attached: bool,
}

/// Longest path of a file, in bytes.
pub const PATH_BYTES_MAX: usize = 1_024;

impl DraftFile {
    /// What is wrong with it; none where nothing is.
    #[must_use]
    pub fn fault(&self, mode: Mode) -> Option<&'static str> {
        let is_digest = |text: &str| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let parts = || self.path.split('/');
        match () {
            () if self.path.is_empty() || self.path.len() > PATH_BYTES_MAX => Some("file-path-long"),
            () if parts().any(|part| matches!(part, "" | "." | "..")) => Some("file-path-leaves"),
            () if self.path.contains(char::is_control) => Some("file-path-control"),
            () if !is_digest(&self.digest) || !(self.sm3.is_empty() || is_digest(&self.sm3)) => Some("file-digest"),
            () if mode == Mode::Salted && !self.sm3.is_empty() => Some("file-digest"),
            () if self.size >= 1 << 53 => Some("file-size"),
            () => None,
        }
    }

    pub(super) fn content(&self, mode: Mode) -> Option<Content> {
        let bytes = |text: &str| proof::digest::from_hex(text)?.try_into().ok();
        match mode {
            Mode::Salted => Some(Content::Salted(Commitment::from_digest(bytes(&self.digest)?))),
            Mode::Digest | Mode::Deposit if self.sm3.is_empty() => {
                Some(Content::Digests { sha256: bytes(&self.digest)?, sm3: None })
            }
            Mode::Digest | Mode::Deposit => {
                Some(Content::Digests { sha256: bytes(&self.digest)?, sm3: Some(bytes(&self.sm3)?) })
            }
        }
    }
}

/// A statement of a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Said {
    /// It stands in the record for everyone.
    Open(String),
    /// The record commits to it; the owner opens it to whom he or she will.
    Sealed(String),
}

/// What a list shows of a record; sealed at rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Title {
    /// What it is called.
    pub title: String,
    /// What it is, in Chinese: type, stage.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// What a maker hands over. It is complete: nothing is looked up later.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Sent twice, it makes one record: a key of the maker's, unique for the owner.
    pub idem: String,
    /// What tells whether the same key comes with the same content: all that was asked for, and nothing
    /// that changes by itself.
    pub content: String,
    /// Who made it: `work`, `capture`, …
    pub maker: &'static str,
    /// What it belongs to at its maker: a work's id.
    pub origin: String,
    /// The type: a word of the [vocabulary](super::vocabulary).
    pub kind: String,
    /// What the type is called; it stands in the record for everyone.
    pub kind_name: Both,
    /// How the content is kept.
    pub mode: Mode,
    /// What lists show.
    pub title: Title,
    /// The files.
    pub files: Vec<DraftFile>,
    /// What is stated, by name.
    pub statements: Vec<(String, Said)>,
    /// The digests of the records that it follows.
    pub previous: Vec<[u8; 32]>,
    /// How the operator is related to the applicant.
    pub related: Related,
    /// Whether it costs nothing, because it joins what was paid for already.
    pub is_free: bool,
}

impl Draft {
    /// What is counted of it.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        if self.is_free {
            return Wanted::default();
        }
        let bytes = if self.mode == Mode::Deposit { self.files.iter().map(|file| file.size).sum() } else { 0 };
        Wanted { units: self.files.len().max(1) as u64, bytes }
    }
}

impl Party {
    /// What an equal text is found again by, and nothing else: 64 bits of HMAC under the owner's key.
    #[must_use]
    pub fn blind(&self, kind: &str, text: &str) -> String {
        hex(&self.key.index(kind, text))
    }
}

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend("x-zh" = "记录的状态：kept 已盖时间戳，waiting 待盖，asked 待审批，declined 未获批准"))]
pub enum State {
    /// An approver has to let it pass.
    #[schemars(description = "An approver has to let it pass.", extend("x-zh" = "待审批"))]
    Asked,
    /// It will be stamped.
    #[schemars(description = "It will be stamped.", extend("x-zh" = "待盖时间戳"))]
    Waiting,
    /// It is stamped.
    #[schemars(description = "It is stamped.", extend("x-zh" = "已盖时间戳"))]
    Kept,
    /// An approver refused it.
    #[schemars(description = "An approver refused it.", extend("x-zh" = "未获批准"))]
    Declined,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Asked, Self::Waiting, Self::Kept, Self::Declined];

    /// Its name in the database and in answers to programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Waiting => "waiting",
            Self::Kept => "kept",
            Self::Declined => "declined",
        }
    }

    /// That of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A record, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Sorts by the time at which it was put down.
    pub id: i64,
    /// Under which it is found.
    pub number: EvidenceNumber,
    /// Whose it is.
    pub owner: Owner,
    /// Who confirmed it: a person's id.
    pub person: String,
    /// How the one who confirmed is called in lines of the trail: the person, a key, or the node.
    pub actor: String,
    /// Who made it.
    pub maker: String,
    /// What it belongs to at its maker.
    pub origin: String,
    /// Its type.
    pub kind: String,
    /// How the content is kept.
    pub mode: Mode,
    /// Where it stands.
    pub state: State,
    /// How many files.
    pub files: u64,
    /// Their sizes together.
    pub bytes: u64,
    /// The SHA-256 of the record, in hexadecimal.
    pub digest: String,
    /// The request for approval, where one was made.
    pub request: Option<String>,
    /// The time in the token.
    pub time: Option<Time>,
    /// What it is called; none where the owner was erased.
    pub title: Option<Title>,
}

impl Entry {
    /// When it was put down, by the node's clock.
    #[must_use]
    pub fn made(&self) -> Time {
        moment(self.id >> super::ID_RANDOM_BITS)
    }
}

/// A time from milliseconds since 1970.
pub(super) fn moment(ms: i64) -> Time {
    let nanos = u32::try_from(ms.rem_euclid(1000)).unwrap_or_default() * 1_000_000;
    Time::from_unix_nanos(ms.div_euclid(1000), nanos)
}
