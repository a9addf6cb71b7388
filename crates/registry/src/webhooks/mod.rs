//! Webhooks: programs are told what happened, without asking (ent-01).
//!
//! Invariants: an event is written in the transaction that makes it happen, so none is lost and none is made up; a
//! delivery is made at least once, and carries the event's id each time; a secret is shown once and sealed; nothing is
//! sent into a network that is not public or allowed by the operator; one receiver that does not answer holds up no
//! other. Rooms above call [`tell`]; this room knows no record, no original and no batch (decision 27).

mod address;
mod api;
mod client;
mod deliveries;
mod endpoints;
mod event;
mod keeper;
mod model;
mod operations;
mod pages;
mod schema;
mod sending;
mod sheets;
mod signature;
mod slots;
#[cfg(test)]
mod tests;
mod view;
mod work;

pub use address::Network;
pub use event::{BatchData, Event, Happened, HoldingData, Kind, RecordData, tell, tell_once};
pub use model::{Delivery, ENDPOINTS_MAX, Endpoint, KEPT_S, State, Why};
pub use operations::operations;
pub(crate) use schema::SCHEMA;
pub use work::Counts;

use crate::accounts::audit::Scope;
use crate::accounts::organisation::Role;
use crate::accounts::{Accounts, Me, Program};
use crate::web::{Catalog, Fault, Site, Words};
use address::Rules;
use axum::Router;
use axum::extract::FromRef;
use client::Client;
use proof::der::Time;
use proof::report::Language;
use slots::Slots;
use std::sync::{Arc, LazyLock};
use store::Db;
use tokio::sync::watch;
use trust::TrustError;
use trust::vault::Key;

static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

/// What the operator chose.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether anything is sent.
    pub is_enabled: bool,
    /// Networks beside the public one that may be sent to.
    pub allow: Vec<Network>,
    /// Roots in PEM that are trusted beside the public ones.
    pub roots: Option<Vec<u8>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { is_enabled: true, allow: Vec::new(), roots: None }
    }
}

/// The door of this room.
#[derive(Clone)]
pub struct Webhooks(Arc<Inner>);

struct Inner {
    accounts: Accounts,
    client: Client,
    is_enabled: bool,
    /// Deliveries that this process has in hand.
    slots: Slots,
    /// Counts up where something waits to be sent.
    woken: watch::Sender<u64>,
}

impl Webhooks {
    /// Opens the webhooks of an instance.
    ///
    /// # Errors
    /// Where the database does not open; refused where a setting cannot be used.
    pub async fn open(accounts: &Accounts, settings: Settings) -> Result<Self, TrustError> {
        let db = accounts.db().clone().with(SCHEMA).await?;
        let rules = Rules { allow: settings.allow, is_evaluation: accounts.site().node.is_evaluation() };
        let client = Client::new(rules, settings.roots.as_deref());
        let client = client.map_err(|cause| TrustError::Refused(format!("[webhooks] ca_file holds {cause}")))?;
        accounts.add_keeper(Arc::new(keeper::WebhookKeeper(db.clone())));
        accounts.add_desk(Arc::new(pages::WebhookDesk));
        Ok(Self(Arc::new(Inner {
            accounts: accounts.clone(),
            client,
            is_enabled: settings.is_enabled,
            slots: Slots::default(),
            woken: watch::Sender::new(0),
        })))
    }

    fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    fn db(&self) -> &Db {
        self.0.accounts.db()
    }

    fn now(&self) -> Time {
        self.accounts().site().node.now()
    }

    fn wake(&self) {
        self.0.woken.send_modify(|count| *count += 1);
    }

    /// Who acts for an owner.
    async fn by(&self, owner: String, actor: String, at: (Time, Language)) -> Result<By, Fault> {
        let key = self.accounts().key_of(&owner).await?.ok_or(Fault::NotFound)?;
        Ok(By { owner, actor, now: at.0, language: at.1, key })
    }

    /// A signed-in person, for him- or herself.
    async fn by_me(&self, me: &Me) -> Result<By, Fault> {
        self.by(format!("person/{}", me.person.id), me.actor(), (me.cx.now, me.cx.language)).await
    }

    /// A signed-in owner of an organisation. What is sent for it goes on when whoever set it up has left, so that
    /// it is for those who answer for the organisation.
    async fn by_owner(&self, me: &Me, organisation: &str) -> Result<By, Fault> {
        me.acting(organisation, &[Role::Owner]).await?;
        self.by(format!("organisation/{organisation}"), me.actor(), (me.cx.now, me.cx.language)).await
    }

    /// A program, for the person or the organisation of its key; of the latter's members, an owner where `is_owner`.
    async fn by_program(&self, program: &Program, is_owner: bool) -> Result<By, Fault> {
        let owner = match &program.organisation {
            None => format!("person/{}", program.person.id),
            Some(id) => {
                let roles = self.accounts().roles(id, &program.person.id).await?.ok_or(Fault::NotFound)?;
                if is_owner && !roles.has(Role::Owner) {
                    return Err(Fault::NotAllowed);
                }
                format!("organisation/{id}")
            }
        };
        self.by(owner, format!("key/{}", program.id), (program.cx.now, program.cx.language)).await
    }
}

/// Who acts, and for whom.
struct By {
    owner: String,
    actor: String,
    now: Time,
    language: Language,
    key: Arc<Key>,
}

impl By {
    fn words(&self) -> Words {
        WORDS.of(self.language)
    }

    fn scope(&self) -> Scope {
        scope_of(&self.owner)
    }
}

/// The trail of an owner.
fn scope_of(owner: &str) -> Scope {
    match owner.split_once('/') {
        Some(("organisation", id)) => Scope::Organisation(id.to_owned()),
        Some((_, id)) => Scope::Person(id.to_owned()),
        None => Scope::Node,
    }
}

/// Where an owner's webhooks are seen.
fn place_of(owner: &str) -> String {
    match owner.split_once('/') {
        Some(("organisation", id)) => format!("/organisations/{id}/webhooks"),
        _ => "/account/webhooks".to_owned(),
    }
}

impl FromRef<Webhooks> for Accounts {
    fn from_ref(webhooks: &Webhooks) -> Self {
        webhooks.accounts().clone()
    }
}

impl FromRef<Webhooks> for Arc<Site> {
    fn from_ref(webhooks: &Webhooks) -> Self {
        Arc::clone(webhooks.accounts().site())
    }
}

/// The pages and the API of this room.
pub fn router(webhooks: &Webhooks) -> Router {
    Router::new().merge(pages::router()).merge(api::router()).with_state(webhooks.clone())
}

#[cfg(test)]
mod word_tests {
    #[test]
    fn the_words_are_complete() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/webhooks");
        crate::web::check_words(include_str!("zh.ftl"), include_str!("en.ftl"), &folder);
    }
}
