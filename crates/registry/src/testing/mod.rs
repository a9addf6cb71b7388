//! The house as visitors meet it, for tests of the rooms: a node, its pages, and browsers that keep
//! their cookies.

mod routes;

pub use routes::{Route, Who, check_routes, routes_in};

use crate::accounts::{Accounts, Me, Settings};
use crate::billing::{self, Billing};
use crate::evidence::Evidence;
use crate::holdings::{self, Holdings};
use crate::web::api::Operation;
use crate::web::{self, Caller, ContentHost, Nav, Node, Profile, Public, Relation, WitnessRoot};
use crate::webhooks::{self, Webhooks};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::FromRequestParts as _;
use axum::http::{HeaderMap, Request, StatusCode, header};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tower_service::Service as _;
use trust::authority::{Authority, lists};
use trust::clock::{Clock, ClockUnavailable, Fault, Reading, SystemClock};
use trust::init::NewInstance;
use trust::journal::Journal;
use trust::keys::KeyAlgorithm;
use trust::ledger::Ledger;
use trust::storage::Storage;
use trust::tsa::{Form, Tsa};

/// A node on an evaluation instance, and its pages.
pub struct House {
    /// Everything behind the addresses.
    pub pages: Router,
    /// The instruments.
    pub node: Arc<Node>,
    /// Whether the authority's clock tells the time.
    pub clock: Arc<Switch>,
    /// The door of accounts.
    pub accounts: Accounts,
    /// The door of billing.
    pub billing: Billing,
    /// The door of webhooks.
    pub webhooks: Webhooks,
    /// The door of evidence.
    pub evidence: Evidence,
    /// The door of holdings.
    pub holdings: Holdings,
    /// The instance lies in `data` of it.
    pub folder: Folder,
    storage: Storage,
    rooms: Rooms,
    settings: Settings,
    deposits: holdings::Settings,
    content: Option<ContentHost>,
    paying: billing::Settings,
}

/// Where an instance lies.
pub enum Folder {
    /// It goes with the house.
    Own(tempfile::TempDir),
    /// It stays, for the next process.
    Kept(PathBuf),
}

impl Folder {
    /// Its path.
    pub fn path(&self) -> &Path {
        match self {
            Self::Own(folder) => folder.path(),
            Self::Kept(path) => path,
        }
    }
}

/// A clock that can be told to fail.
#[derive(Debug, Default)]
pub struct Switch(AtomicBool);

impl Switch {
    /// From now on it fails, or tells the time again.
    pub fn set_failing(&self, is_failing: bool) {
        self.0.store(is_failing, Ordering::SeqCst);
    }
}

impl Clock for Switch {
    fn now(&self) -> Result<Reading, ClockUnavailable> {
        match self.0.load(Ordering::SeqCst) {
            true => Err(ClockUnavailable(Fault::Disagreement)),
            false => SystemClock.now(),
        }
    }
}

/// The rooms of a house: what the navigation shows, who listens to records, and the routers.
#[derive(Clone, Copy)]
pub struct Rooms {
    /// The navigation.
    pub nav: fn() -> Vec<Nav>,
    /// The jobs that are added when a record is kept.
    pub listeners: &'static [&'static str],
    /// What programs may do.
    pub operations: fn() -> Vec<Operation>,
    /// The routers, put together.
    pub router: fn(&Holdings) -> Router,
}

/// An answer, read.
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, as text.
    pub body: String,
    /// Its body.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// It leads on to this address.
    pub fn leads_to(&self, path: &str) -> &Self {
        let place = self.headers.get(header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
        assert_eq!((self.status, place), (StatusCode::SEE_OTHER, path), "{}", self.body);
        self
    }

    /// It has this status.
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }
}

impl House {
    /// On SQLite.
    pub async fn new(rooms: Rooms) -> Self {
        Self::with(rooms, Storage::default(), Settings { paper_days: 30, ..Settings::default() }).await
    }

    /// On PostgreSQL.
    pub async fn on_postgres(rooms: Rooms) -> Self {
        let storage = Storage { database: Some(store::testing::postgres()), ..Storage::default() };
        Self::with(rooms, storage, Settings { paper_days: 30, ..Settings::default() }).await
    }

    /// With these settings.
    pub async fn with(rooms: Rooms, storage: Storage, settings: Settings) -> Self {
        Self::depositing(rooms, storage, settings, DEPOSITS).await
    }

    /// With these settings of deposits.
    pub async fn depositing(rooms: Rooms, storage: Storage, settings: Settings, deposits: holdings::Settings) -> Self {
        let folder = Folder::Own(tempfile::tempdir().unwrap());
        Self::within(folder, rooms, storage, settings, deposits).await
    }

    /// Which shows content, from a host of its own.
    pub async fn showing(rooms: Rooms, storage: Storage) -> Self {
        let folder = Folder::Own(tempfile::tempdir().unwrap());
        Self::made(folder.path(), &storage).await;
        let settings = Settings { paper_days: 30, ..Settings::default() };
        let content = ContentHost::parse(CONTENT);
        Self::opened(folder, rooms, storage, settings, DEPOSITS, content, billing::Settings::default()).await
    }

    /// The instance of this folder, which is made where there is none.
    pub async fn within(
        folder: Folder,
        rooms: Rooms,
        storage: Storage,
        settings: Settings,
        deposits: holdings::Settings,
    ) -> Self {
        Self::made(folder.path(), &storage).await;
        Self::opened(folder, rooms, storage, settings, deposits, None, billing::Settings::default()).await
    }

    async fn made(folder: &Path, storage: &Storage) {
        let data = folder.join("data");
        if !data.exists() {
            let now = SystemClock.now().unwrap().time;
            let algorithms = KeyAlgorithm::ALL[..2].to_vec();
            let new = NewInstance::evaluation("<Qingyu> & Co 青屿", algorithms, storage.clone(), now);
            new.make(&data).await.unwrap();
        }
    }

    /// The same house, in which this provider takes money from now on.
    pub async fn paying(mut self, provider: Arc<dyn billing::provider::Provider>) -> Self {
        self.paying.provider = Some(provider);
        self.reopened(None, None).await
    }

    async fn opened(
        folder: Folder,
        rooms: Rooms,
        storage: Storage,
        settings: Settings,
        deposits: holdings::Settings,
        content: Option<ContentHost>,
        paying: billing::Settings,
    ) -> Self {
        let data = folder.path().join("data");
        let now = SystemClock.now().unwrap().time;
        let authority = Authority::open(&data, &storage, now).await.unwrap();
        let place = authority.instance.log_place(&data, &storage).unwrap();
        let ledger = Ledger::open(&place, Arc::clone(&authority.log), || {}).await.unwrap();
        let journal = Journal::open(&place.database).await.unwrap();
        journal.settle(&ledger).await.unwrap();
        let public = Public { instance: authority.instance.clone(), lists: lists(&data).await.unwrap() };
        let root = authority.instance.main().root.der.clone();
        let profile = Profile {
            url: "https://shiyin.example".to_owned(),
            relation: Some(Relation::Both),
            contact: "<b>@example".to_owned(),
            content: content.clone(),
            witnesses: vec![WitnessRoot { url: "https://tsa.example".to_owned(), root }],
            ..Profile::default()
        };
        let clock = Arc::new(Switch::default());
        let seal = authority.seal.clone().ok();
        let tsa = Tsa::new(authority, Form::default(), Box::new(Arc::clone(&clock)), ledger).unwrap();
        let node = Arc::new(Node::new(tsa, None, journal, profile, public, seal));
        let nav = (rooms.nav)();
        let accounts = Accounts::open(Arc::clone(&node), nav, (&data, &storage), settings.clone()).await.unwrap();
        let billing = Billing::open(&accounts, paying.clone()).await.unwrap();
        let webhooks = Webhooks::open(&accounts, webhooks::Settings::default()).await.unwrap();
        let evidence = Evidence::open(&billing, rooms.listeners.to_vec()).await.unwrap();
        let holdings = Holdings::open(&evidence, (&data, &storage), deposits).await.unwrap();
        let streams = holdings::router(&holdings);
        let rest = (rooms.router)(&holdings).merge(webhooks::router(&webhooks));
        let operations = (rooms.operations)().into_iter().chain(webhooks::operations()).collect();
        let pages = web::assemble(accounts.site(), operations, rest, streams);
        let pages = web::by_host(content.clone(), pages, holdings::content_router(&holdings));
        Self {
            pages,
            node,
            clock,
            accounts,
            billing,
            webhooks,
            evidence,
            holdings,
            folder,
            storage,
            rooms,
            settings,
            deposits,
            content,
            paying,
        }
    }

    /// The same instance after its program ended and began anew, perhaps with other settings. Who was
    /// signed in still is.
    pub async fn reopened(self, storage: Option<Storage>, deposits: Option<holdings::Settings>) -> Self {
        let Self { pages, node, accounts, billing, webhooks, evidence, holdings, folder, .. } = self;
        let Self { rooms, settings, content, paying, .. } = self;
        drop((pages, evidence, holdings, webhooks, billing));
        accounts.close().await;
        let node = Arc::into_inner(node).expect("nobody else holds the node");
        node.journal.close().await;
        node.tsa.close().await;
        let storage = storage.unwrap_or(self.storage);
        let deposits = deposits.unwrap_or(self.deposits);
        Self::opened(folder, rooms, storage, settings, deposits, content, paying).await
    }

    /// A request, from some address where it does not say from which.
    pub async fn ask(&self, mut request: Request<Body>) -> Answer {
        if request.extensions().get::<Caller>().is_none() {
            request.extensions_mut().insert(Caller([203, 0, 113, 7].into()));
        }
        let Ok(response) = self.pages.clone().call(request).await;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 64 << 20).await.unwrap().to_vec();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, body, bytes }
    }

    /// A page, for nobody in particular.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Some bytes, from nobody in particular.
    pub async fn post(&self, path: &str, media_type: &str, body: impl Into<Body>) -> Answer {
        self.ask(Request::post(path).header("content-type", media_type).body(body.into()).unwrap()).await
    }

    /// A token over the SHA-256 of this content.
    pub async fn stamp(&self, content: &[u8]) -> Vec<u8> {
        self.node.stamp(&proof::digest::DigestAlgorithm::Sha256.digest(content)).await.unwrap()
    }

    /// Who a browser acts for, as a room above would get it.
    pub async fn me(&self, browser: &Browser<'_>) -> Me {
        let request = Request::get("/account").header(header::COOKIE, browser.cookies()).body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        Me::from_request_parts(&mut parts, &self.accounts).await.unwrap_or_else(|_| panic!("nobody is signed in"))
    }

    /// A browser without cookies.
    pub fn browser(&self) -> Browser<'_> {
        Browser { house: self, cookies: BTreeMap::new(), form_token: String::new() }
    }

    /// The newest mail to this address.
    pub async fn mail(&self, to: &str) -> crate::accounts::mail::Letter {
        let waiting = self.accounts.waiting_mail().await.unwrap();
        let mut found: Vec<_> = waiting.into_iter().filter(|mail| mail.letter.to == to).collect();
        found.sort_by_key(|mail| mail.made.unix_s());
        found.pop().unwrap_or_else(|| panic!("no mail to {to}")).letter
    }

    /// The code in the only mail to this address, which is taken out.
    pub async fn code(&self, to: &str) -> String {
        let waiting = self.accounts.waiting_mail().await.unwrap();
        let mail =
            waiting.into_iter().find(|mail| mail.letter.to == to && mail.letter.subject.starts_with("Your code"));
        let mail = mail.unwrap_or_else(|| panic!("no code for {to}"));
        self.accounts.drop_mail(&mail.id).await.unwrap();
        mail.letter.subject.rsplit(' ').next().unwrap().to_owned()
    }

    /// A new account, signed in.
    pub async fn person(&self, name: &str) -> Browser<'_> {
        let mut browser = self.browser();
        let mail = format!("{name}@people.example");
        let fields = [("name", name), ("mail", &mail), ("password", PASSWORD), ("terms", "on"), ("privacy", "on")];
        browser.post("/register", &fields).await.leads_to("/register/code");
        let code = self.code(&mail).await;
        browser.post("/register/code", &[("code", &code)]).await.leads_to("/account?said=welcome");
        browser.page("/account").await;
        browser
    }

    /// The first administrator, signed in.
    pub async fn operator(&self) -> Browser<'_> {
        let token = "t".repeat(64);
        let digest = proof::digest::DigestAlgorithm::Sha256.digest(token.as_bytes()).to_string();
        let data = self.folder.path().join("data");
        trust::instance::Instance::set_admin_token(&data, &digest).await.unwrap();
        let mut browser = self.person("operator").await;
        browser.post("/administrator", &[("token", &token)]).await.leads_to("/account?said=operator");
        browser
    }
}

/// Where a house shows content from, where it does.
pub const CONTENT: &str = "https://content.example";

/// What a house takes for deposits, where a test does not say.
pub const DEPOSITS: holdings::Settings = holdings::Settings {
    quota_bytes: 64 << 20,
    reserve_bytes: 1 << 20,
    file_bytes_max: 32 << 20,
    retention_years: None,
    check_days: 30,
    check_bytes_s: u64::MAX,
};

/// The password of everybody.
pub const PASSWORD: &str = "moon over the harbour 7";

/// A browser with its cookies, and the form token of the last page that had one.
pub struct Browser<'h> {
    house: &'h House,
    /// Its cookies.
    pub cookies: BTreeMap<String, String>,
    /// The token of the last form that it was shown.
    pub form_token: String,
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| text.bytes().map(|b| format!("%{b:02x}")).collect::<String>();
    fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect::<Vec<_>>().join("&")
}

impl Browser<'_> {
    /// As they are sent.
    pub fn cookies(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    /// A request with the cookies.
    pub async fn ask(&mut self, mut request: Request<Body>) -> Answer {
        request.headers_mut().insert(header::COOKIE, self.cookies().parse().unwrap());
        request.headers_mut().insert(header::ACCEPT_LANGUAGE, "en".parse().unwrap());
        let answer = self.house.ask(request).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            match value {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        if let Some(token) = answer.body.split("name=\"form_token\" value=\"").nth(1) {
            self.form_token = token.split('"').next().unwrap().to_owned();
        }
        answer
    }

    /// A page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// A page that is there and sound.
    pub async fn page(&mut self, path: &str) -> String {
        let answer = self.get(path).await;
        answer.is(200);
        check_tags(path, &answer.body);
        answer.body
    }

    /// Something that is there to be saved.
    pub async fn download(&mut self, path: &str) -> Vec<u8> {
        let answer = self.get(path).await;
        answer.is(200);
        assert!(answer.headers.contains_key(header::CONTENT_DISPOSITION), "{path}: shown, not saved");
        answer.bytes
    }

    /// A form with the token.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.form_token.clone();
        let fields = [&[("form_token", token.as_str())], fields].concat();
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.ask(request.body(encoded(&fields).into()).unwrap()).await
    }

    /// A form with files: fields, then (field, content).
    pub async fn upload(&mut self, path: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Answer {
        let mut body = Vec::new();
        let token = self.form_token.clone();
        for (name, value) in [&[("form_token", token.as_str())], fields].concat() {
            body.extend(format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
        }
        for (name, content) in files {
            let head = format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\r\n");
            body.extend([head.as_bytes(), content, b"\r\n"].concat());
        }
        body.extend(b"--x--\r\n");
        let request = Request::post(path).header("content-type", "multipart/form-data; boundary=x");
        self.ask(request.body(body.into()).unwrap()).await
    }

    /// The id of the account.
    pub async fn id(&mut self) -> String {
        let page = self.page("/account").await;
        let at = page.split("Account number").nth(1).unwrap();
        at.split("break\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
    }
}

/// What a link or a form of a page leads to: the first address that begins so.
pub fn address(page: &str, start: &str) -> String {
    let at = page.find(&format!("\"{start}")).unwrap_or_else(|| panic!("no {start} in {page}"));
    page[at + 1..].split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")
}

/// The tags of a page close in the order in which they open, and no value breaks out of its place.
pub fn check_tags(path: &str, html: &str) {
    const VOID: [&str; 8] = ["meta", "link", "input", "br", "img", "hr", "path", "!doctype"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').unwrap_or_else(|| panic!("{path}: a tag does not end"));
        rest = after;
        let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{path}: </{name}>");
        } else if !VOID.contains(&name) && !tag.ends_with('/') {
            open.push(name);
            if name == "script" {
                rest = rest.split_once("</script>").map(|(_, rest)| rest).unwrap();
                open.pop();
            }
        }
    }
    assert!(open.is_empty(), "{path}: {open:?} left open");
}
