//! Originals through the router, as browsers and programs deposit and fetch them, with everything that
//! can go wrong on the way.

mod care;
mod content;
mod faults;
mod fetching;
mod findings;
mod operating;
mod ownership;
mod uploads;

use axum::body::Body;
use axum::http::Request;
use base64ct::{Base64, Encoding as _};
use proof::digest::DigestAlgorithm;
use registry::accounts::Settings;
use registry::evidence::vocabulary::Both;
use registry::evidence::{Draft, DraftFile, Entry, Mode, Owner, Party, Related, Title};
use registry::holdings;
use registry::testing::{Answer, Browser, DEPOSITS, House, Rooms};
use std::path::Path;
use trust::storage::{PlaceAt, Storage, VaultPlace};

const ROOMS: Rooms = Rooms {
    nav: Vec::new,
    listeners: &[],
    operations: registry::holdings::operations,
    router: |holdings| registry::accounts::router(holdings.evidence().accounts().clone()),
};

/// On SQLite, with one place.
async fn house() -> House {
    House::new(ROOMS).await
}

/// With these settings.
async fn house_taking(deposits: holdings::Settings) -> House {
    House::depositing(ROOMS, Storage::default(), Settings { paper_days: 30, ..Settings::default() }, deposits).await
}

/// With these folders as places.
async fn house_in(places: &[(&str, &Path)], deposits: holdings::Settings) -> House {
    House::depositing(ROOMS, storage(places), Settings { paper_days: 30, ..Settings::default() }, deposits).await
}

fn storage(places: &[(&str, &Path)]) -> Storage {
    let place =
        |(name, path): &(&str, &Path)| VaultPlace { name: (*name).to_owned(), at: PlaceAt::Folder(path.to_path_buf()) };
    Storage { vault: places.iter().map(place).collect(), ..Storage::default() }
}

/// Content that nothing can be right about by chance, and that is found again wherever it lies.
fn content(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn digest(content: &[u8]) -> String {
    DigestAlgorithm::Sha256.digest(content).to_string()
}

/// `Upload-Metadata` of these pairs.
fn metadata(pairs: &[(&str, &str)]) -> String {
    let pair = |(key, value): &(&str, &str)| format!("{key} {}", Base64::encode_string(value.as_bytes()));
    pairs.iter().map(pair).collect::<Vec<_>>().join(",")
}

/// Who sends uploads: a browser's session, or a program's key.
#[derive(Clone)]
struct Sender {
    headers: Vec<(String, String)>,
}

impl Sender {
    fn of(browser: &Browser<'_>) -> Self {
        let pairs = [("cookie", browser.cookies()), ("x-form-token", browser.form_token.clone())];
        Self { headers: pairs.map(|(name, value)| (name.to_owned(), value)).to_vec() }
    }

    fn key(key: &str) -> Self {
        Self { headers: vec![("authorization".to_owned(), format!("Bearer {key}"))] }
    }

    fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Body) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path).header("accept-language", "en");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body).unwrap()
    }

    /// A request as the protocol wants it.
    async fn tus(
        &self,
        house: &House,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let headers = [&[("tus-resumable", "1.0.0")], headers].concat();
        house.ask(self.request(method, path, &headers, body.into())).await
    }

    /// Begins an upload; its address.
    async fn create(&self, house: &House, length: usize, pairs: &[(&str, &str)]) -> String {
        let (length, metadata) = (length.to_string(), metadata(pairs));
        let headers = [("upload-length", length.as_str()), ("upload-metadata", metadata.as_str())];
        let answer = self.tus(house, "POST", "/uploads", &headers, Body::empty()).await;
        text(answer.is(201), "location")
    }

    async fn patch(&self, house: &House, place: &str, offset: usize, body: impl Into<Body>) -> Answer {
        let offset = offset.to_string();
        let headers = [("content-type", "application/offset+octet-stream"), ("upload-offset", offset.as_str())];
        self.tus(house, "PATCH", place, &headers, body).await
    }

    /// The offset that the node tells.
    async fn offset(&self, house: &House, place: &str) -> usize {
        text(self.tus(house, "HEAD", place, &[], Body::empty()).await.is(200), "upload-offset").parse().unwrap()
    }

    /// A whole file; the holding that it became.
    async fn deposit(&self, house: &House, content: &[u8], pairs: &[(&str, &str)]) -> String {
        let digest = digest(content);
        let place = self.create(house, content.len(), &[&[("sha256", digest.as_str())], pairs].concat()).await;
        if content.is_empty() {
            let there = self.tus(house, "HEAD", &place, &[], Body::empty()).await;
            return text(&there, "upload-holding");
        }
        let answer = self.patch(house, &place, 0, content.to_vec()).await;
        text(answer.is(204), "upload-holding")
    }

    async fn fetch(&self, house: &House, holding: &str, headers: &[(&str, &str)]) -> Answer {
        house.ask(self.request("GET", &format!("/holdings/{holding}"), headers, Body::empty())).await
    }
}

fn text(answer: &Answer, name: &str) -> String {
    let value = answer.headers.get(name).unwrap_or_else(|| panic!("no {name}: {} {}", answer.status, answer.body));
    value.to_str().unwrap().to_owned()
}

/// The code of a refusal.
fn code(answer: &Answer) -> String {
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}", answer.body));
    assert!(!body["remedy"].as_str().unwrap().is_empty());
    body["code"].as_str().unwrap().to_owned()
}

/// Lin, in another browser.
async fn signed_in(house: &House) -> Browser<'_> {
    let mut browser = house.browser();
    let fields = [("mail", "lin@people.example"), ("password", registry::testing::PASSWORD)];
    browser.post("/signin", &fields).await.leads_to("/account");
    browser.page("/account").await;
    browser
}

async fn party(house: &House, browser: &Browser<'_>) -> Party {
    let me = house.me(browser).await;
    Party::of(&me, &Owner::Person(me.person.id.clone()), &[]).await.unwrap()
}

/// A record of these files: path and content.
async fn record(house: &House, by: &Party, mode: Mode, files: &[(&str, &[u8])]) -> Entry {
    let file = |(path, content): &(&str, &[u8])| DraftFile {
        path: (*path).to_owned(),
        size: content.len() as u64,
        // A commitment under a salt that the node never sees.
        digest: if mode == Mode::Salted { digest(&[b"salt", *content].concat()) } else { digest(content) },
        sm3: String::new(),
        is_attached: false,
    };
    let draft = Draft {
        idem: format!("{}-{}", digest(files[0].0.as_bytes()), mode.name()),
        content: files[0].0.to_owned(),
        kind_name: Both::new("摄影", "Photograph"),
        maker: "work",
        origin: "W1".to_owned(),
        kind: "photo".to_owned(),
        mode,
        title: Title { title: "Harbour".to_owned(), zh: "摄影".to_owned(), en: "Photograph".to_owned() },
        files: files.iter().map(file).collect(),
        statements: Vec::new(),
        previous: Vec::new(),
        related: Related::Unknown,
        is_free: false,
    };
    house.evidence.preserve(by, &draft).await.unwrap()
}

/// The files below a folder that hold objects or parts of them.
fn objects(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.join("objects")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// The default place of a house.
fn vault(house: &House) -> std::path::PathBuf {
    house.folder.path().join("data/vault")
}

/// Small files, so that quotas and sizes are soon reached.
fn small() -> holdings::Settings {
    holdings::Settings { quota_bytes: 300_000, file_bytes_max: 200_000, ..DEPOSITS }
}
