//! People, organisations and real names: who acts, for whom, and what they agreed to.
//!
//! Invariants: what could name a person is sealed under that person's own key, so that losing the
//! key erases the person and leaves proofs valid (n-14); every change is a line of the audit trail,
//! written in the transaction of the change (ent-07); secrets are kept as digests only. The parts
//! below are one room: they share its tables and call each other; other rooms use [`Accounts`].

pub mod announcement;
pub mod audit;
mod factors;
pub mod identity;
pub mod keys;
pub mod mail;
pub mod organisation;
mod owner_keys;
pub mod person;
pub mod privacy;
mod schema;
pub(crate) mod throttle;
mod ticket;
mod who;
mod work;

pub use keys::Program;
pub use owner_keys::OwnerKeys;
pub use ticket::{new_code, plain_code};
pub use who::{Me, Operator, OperatorSent, Sent, Visitor};

use crate::web::session::Sessions;
use crate::web::{Catalog, Cx, Fault, KeyLimit, Nav, Node, Site};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use store::{Db, jobs};
use tokio::sync::{Semaphore, watch};
use trust::TrustError;
use trust::storage::Storage;
use trust::vault::Vault;

/// The words that all parts of this room share.
static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

/// What the operator chose.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// How mail is sent; without it the operator hands mail over.
    pub smtp: Option<mail::Smtp>,
    /// Who confirms real names beside the operator.
    pub provider: Option<identity::ProviderSettings>,
    /// Whether anyone may register, or only who was invited.
    pub by_invitation: bool,
    /// Days for which sign-ins are kept; 180 at least.
    pub access_days: u32,
    /// Days after a decision on a real name after which the papers go.
    pub paper_days: u32,
    /// Requests in a second that a key may send for long, and at once; 0 in a second is no limit.
    pub key_rate: (u32, u32),
}

/// The door of this room.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    site: Arc<Site>,
    db: Db,
    vault: Arc<Vault>,
    data: PathBuf,
    settings: Settings,
    post: Option<mail::Post>,
    /// Hashing a password takes much memory; a few at a time.
    hashing: Arc<Semaphore>,
    /// Counts up where something waits to be sent, asked or stamped.
    woken: watch::Sender<u64>,
    /// What this run of the program is called, so that what another left undone is known.
    run: String,
    /// Requests of each key.
    rates: KeyLimit,
    /// The rooms above that keep something of a person.
    keepers: RwLock<Vec<Arc<dyn privacy::Keeper>>>,
    /// The rooms above that have a page for an owner.
    desks: RwLock<Vec<Arc<dyn Desk>>>,
}

/// A page of a room above, in the making: address, name, what is there; none where there is nothing to see.
pub type Shown<'a> = Pin<Box<dyn Future<Output = Result<Option<(String, String, String)>, Fault>> + Send + 'a>>;

/// A room above that has a page for a person or an organisation.
pub trait Desk: Send + Sync {
    /// The entry of `person/ID` or `organisation/ID` on the page of the account or the organisation.
    fn entry<'a>(&'a self, cx: &'a Cx, owner: &'a str) -> Shown<'a>;
}

impl Accounts {
    /// Opens the accounts of the instance in `data`, and the site that they sign in to.
    ///
    /// # Errors
    /// Where the database or the vault does not open, or a setting cannot be used.
    pub async fn open(
        node: Arc<Node>,
        nav: Vec<Nav>,
        (data, storage): (&Path, &Storage),
        settings: Settings,
    ) -> Result<Self, TrustError> {
        let db = Db::open(&storage.registry(data), true, schema::SCHEMA).await?;
        let db = db.with(jobs::SCHEMA).await?.with(announcement::SCHEMA).await?;
        let db = db.with(keys::DEVICE_SCHEMA).await?.with(keys::ONCE_SCHEMA).await?;
        let sessions = Sessions::open(&db).await?;
        let is_used = !db.rows("select id from person where key is not null limit 1", &[]).await?.is_empty();
        let vault = Arc::new(Vault::open(data, storage, is_used)?);
        let post = settings.smtp.as_ref().map(mail::Post::new).transpose()?;
        let site = Site::new(node, nav, sessions);
        let data = data.to_owned();
        let (hashing, woken) = (Arc::new(Semaphore::new(2)), watch::Sender::new(0));
        let (keepers, desks) = (RwLock::default(), RwLock::default());
        let rates = KeyLimit::new(settings.key_rate.0, settings.key_rate.1);
        let run = new_id()?;
        let inner = Inner { site, db, vault, data, settings, post, hashing, woken, run, rates, keepers, desks };
        let accounts = Self(Arc::new(inner));
        accounts.look_at_announcements().await?;
        Ok(accounts)
    }

    /// The site.
    #[must_use]
    pub fn site(&self) -> &Arc<Site> {
        &self.0.site
    }

    /// The database of the registry, which the rooms above share.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// Closes the database, where nobody else holds the door any more.
    pub async fn close(self) {
        if let Some(inner) = Arc::into_inner(self.0) {
            inner.db.close().await;
        }
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }

    fn run(&self) -> &str {
        &self.0.run
    }

    fn settings(&self) -> &Settings {
        &self.0.settings
    }

    fn post(&self) -> Option<&mail::Post> {
        self.0.post.as_ref()
    }

    fn data(&self) -> &Path {
        &self.0.data
    }

    fn wake(&self) {
        self.0.woken.send_modify(|count| *count += 1);
    }

    /// A room above keeps something of people: it is asked where they want to know what, and told where
    /// they go.
    pub fn add_keeper(&self, keeper: Arc<dyn privacy::Keeper>) {
        self.0.keepers.write().unwrap_or_else(PoisonError::into_inner).push(keeper);
    }

    fn keepers(&self) -> Vec<Arc<dyn privacy::Keeper>> {
        self.0.keepers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A room above has a page for people or organisations.
    pub fn add_desk(&self, desk: Arc<dyn Desk>) {
        self.0.desks.write().unwrap_or_else(PoisonError::into_inner).push(desk);
    }

    /// What the rooms above show an owner.
    async fn desks(&self, cx: &Cx, owner: &str) -> Result<Vec<(String, String, String)>, Fault> {
        let desks = self.0.desks.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut found = Vec::new();
        for desk in desks {
            found.extend(desk.entry(cx, owner).await?);
        }
        Ok(found)
    }

    /// Bytes that can still be written to the disk of the instance's folder; none where that is not known.
    #[must_use]
    pub fn free_bytes(&self) -> Option<u64> {
        store::files::free_bytes(self.data()).ok()
    }

    /// Whether mail goes out by itself.
    #[must_use]
    pub fn has_mail(&self) -> bool {
        self.0.post.is_some()
    }
}

/// The pages and the API of this room.
pub fn router(accounts: Accounts) -> axum::Router {
    axum::Router::new()
        .merge(person::router())
        .merge(factors::router())
        .merge(organisation::router())
        .merge(keys::router())
        .merge(identity::router())
        .merge(privacy::router())
        .merge(audit::router())
        .with_state(accounts)
}

/// What pages say after an act that led to them; the address names it.
const SAID: &[&str] = &[
    "said-signed-out",
    "said-welcome",
    "said-recovered",
    "said-name",
    "said-mail",
    "said-password",
    "said-sessions",
    "said-passkey",
    "said-passkey-removed",
    "said-totp",
    "said-totp-removed",
    "said-operator",
    "said-operator-needs-second",
    "said-organisation",
    "said-settings",
    "said-invited",
    "said-uninvited",
    "said-joined",
    "said-roles",
    "said-left",
    "said-removed",
    "said-transferred",
    "said-decided",
    "said-key-ended",
    "said-device-allowed",
    "said-device-refused",
    "said-identity-asked",
    "said-identity-withdrawn",
    "said-consent",
    "said-erasure",
    "said-erasure-stopped",
    "said-report",
    "said-done",
];

/// The sentence that the address asks for, where it is one of ours.
pub fn said(cx: &crate::web::Cx) -> Option<String> {
    let name = cx.query("said");
    let id = SAID.iter().find(|id| id.trim_start_matches("said-") == name)?;
    Some(cx.words(&WORDS).say(id))
}

/// A new id: 120 random bits in letters that an address can hold.
///
/// # Errors
/// Where the system gives no random bytes.
pub fn new_id() -> Result<String, TrustError> {
    Ok(Base64UrlUnpadded::encode_string(&trust::keys::random::<15>()?))
}

#[cfg(fuzzing)]
pub use factors::fuzz_passkey;

#[cfg(test)]
mod tests {
    #[test]
    fn the_words_are_complete() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/accounts");
        crate::web::check_words(include_str!("zh.ftl"), include_str!("en.ftl"), &folder);
    }
}
