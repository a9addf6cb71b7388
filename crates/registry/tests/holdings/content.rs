//! Content shown from its own host: who may, for how long, under what names; and what previews leave behind.

use super::{ROOMS, Sender, content, digest};
use axum::body::Body;
use axum::http::Request;
use preview::{Kind, Maker, Not};
use registry::accounts::Me;
use registry::evidence::{Entry, Mode, Owner, Party};
use registry::holdings::{Attached, Look, NoPreview, Purpose, READERS};
use registry::testing::{Answer, Browser, CONTENT, House, address};
use std::path::PathBuf;
use trust::storage::Storage;

const HOST: &str = "content.example";

async fn house() -> House {
    House::showing(ROOMS, Storage::default()).await
}

fn maker() -> Maker {
    Maker::new(PathBuf::from(env!("CARGO_BIN_EXE_registry-preview")), &[])
}

/// A request to the content's host, as a browser sends it there: without any cookie of the site.
async fn at_content(house: &House, path: &str, headers: &[(&str, &str)]) -> Answer {
    let path = path.strip_prefix(CONTENT).unwrap_or(path);
    let mut request = Request::get(path).header("host", HOST);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    house.ask(request.body(Body::empty()).unwrap()).await
}

/// There is nothing, and nothing is said of why.
async fn is_nothing(house: &House, path: &str) {
    let answer = at_content(house, path, &[]).await;
    answer.is(404);
    assert!(answer.bytes.is_empty() && !answer.headers.contains_key("set-cookie"), "{path}");
    closed(&answer);
}

/// What every answer of the content's host says.
fn closed(answer: &Answer) {
    let text = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
    let policy = text("content-security-policy");
    assert!(policy.starts_with("sandbox; default-src 'none'") && !policy.contains("allow-"), "{policy}");
    assert_eq!(text("x-content-type-options"), "nosniff");
    assert_eq!(text("referrer-policy"), "no-referrer");
    assert_eq!(text("cache-control"), "private, no-store");
    assert!(!answer.headers.contains_key("set-cookie"));
}

/// A PNG of one row, whole as libraries write it.
fn png(width: u32) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(width, 8, image::Rgb([180, 42, 26]))
        .write_to(&mut out, image::ImageFormat::Png)
        .unwrap();
    out.into_inner()
}

/// An original of a person beside a record of his or hers, looked at.
async fn kept(house: &House, browser: &Browser<'_>, bytes: &[u8]) -> (Me, Party, Entry, String) {
    let me = house.me(browser).await;
    let by = Party::of(&me, &Owner::Person(me.person.id.clone()), READERS).await.unwrap();
    // Each record has an idempotency key of its file's name.
    let name = format!("{}.html", &digest(bytes)[..8]);
    let id = Sender::of(browser).deposit(house, bytes, &[("filename", "a.html")]).await;
    let entry = super::record(house, &by, Mode::Deposit, &[(&name, bytes)]).await;
    house.holdings.attach_to(&by, &entry, &[Attached { place: 0, holding: id.clone() }]).await.unwrap();
    house.holdings.round(house.node.now()).await.unwrap();
    (me, by, entry, id)
}

#[tokio::test]
async fn the_two_hosts_have_nothing_in_common() {
    let house = house().await;
    let lin = house.person("lin").await;
    let (me, _, _, id) = kept(&house, &lin, &png(8)).await;
    for path in [
        "/",
        "/account",
        "/signin",
        "/assets/favicon.svg",
        "/samples",
        "/tsa",
        "/api/v1/account",
        "/uploads",
        "/content/",
        "/content/x",
        "/content/x/y",
    ] {
        is_nothing(&house, path).await;
    }
    is_nothing(&house, &format!("/holdings/{id}")).await;
    is_nothing(&house, &format!("/api/v1/holdings/{id}")).await;
    let address = house.holdings.address(&me, &id, Purpose::Show).unwrap();
    let path = address.strip_prefix(CONTENT).unwrap();
    // The same address at the site, with the session that it was made for, is no address.
    let request = Request::get(path).header("cookie", lin.cookies()).header("host", "shiyin.example");
    house.ask(request.body(Body::empty()).unwrap()).await.is(404);
    at_content(&house, path, &[]).await.is(200);
    // Whatever form the name of the host has, it is that host; and a cookie opens nothing there.
    for host in ["CONTENT.example", "content.example:443", "content.example."] {
        let request = Request::get("/account").header("cookie", lin.cookies()).header("host", host);
        house.ask(request.body(Body::empty()).unwrap()).await.is(404);
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let request = Request::builder().method(method).uri(path).header("host", HOST).header("cookie", lin.cookies());
        let answer = house.ask(request.body(Body::empty()).unwrap()).await;
        answer.is(404);
        closed(&answer);
    }
}

#[tokio::test]
async fn an_address_opens_for_its_session_and_no_longer() {
    let house = house().await;
    let (mut lin, mei) = (house.person("lin").await, house.person("mei").await);
    let (me, _, _, id) = kept(&house, &lin, &png(8)).await;
    let other = Sender::of(&mei).deposit(&house, &png(9), &[]).await;
    let shown = house.holdings.address(&me, &id, Purpose::Show).unwrap();
    at_content(&house, &shown, &[]).await.is(200);
    // A byte changed, cut, or taken from another address.
    let saved = house.holdings.address(&me, &id, Purpose::Save).unwrap();
    let (text, _) = shown.rsplit_once('.').unwrap();
    let (_, mac) = saved.rsplit_once('.').unwrap();
    for wrong in [format!("{text}.{mac}"), shown[..shown.len() - 1].to_owned(), format!("{shown}0"), text.to_owned()] {
        is_nothing(&house, &wrong).await;
    }
    // Made for what is another's: whoever made it, it is asked again.
    let theirs = house.holdings.address(&me, &other, Purpose::Show).unwrap();
    is_nothing(&house, &theirs).await;
    let missing = house.holdings.address(&me, "nothing", Purpose::Show).unwrap();
    is_nothing(&house, &missing).await;
    // Ten minutes later, and from a moment that has not come.
    for after_s in [601, -601] {
        let mut later = me.clone();
        later.cx.now = later.cx.now.plus_s(-after_s);
        is_nothing(&house, &house.holdings.address(&later, &id, Purpose::Show).unwrap()).await;
    }
    // A session that ended closes what it opened.
    lin.post("/signout", &[]).await;
    is_nothing(&house, &shown).await;
    // Nobody's session makes no address.
    let mut nobody = me.clone();
    nobody.cx.session = None;
    assert_eq!(house.holdings.address(&nobody, &id, Purpose::Show), None);
}

#[tokio::test]
async fn a_member_that_left_sees_no_more() {
    let house = house().await;
    let (mut lin, mut mei) = (house.person("lin").await, house.person("mei").await);
    let answer = lin.post("/organisations/new", &[("name", "Studio")]).await;
    let organisation = answer.headers["location"].to_str().unwrap().split(['/', '?']).nth(2).unwrap().to_owned();
    let invite = format!("/organisations/{organisation}/invitations");
    lin.post(&invite, &[("mail", "mei@people.example"), ("role", "applicant")]).await;
    let join = address(&mei.page("/account").await, "/invitations/");
    mei.post(&join, &[]).await;
    let picture = png(8);
    let pairs = [("organisation", organisation.as_str()), ("filename", "a.png")];
    let id = Sender::of(&lin).deposit(&house, &picture, &pairs).await;
    let member = house.me(&mei).await;
    let shown = house.holdings.address(&member, &id, Purpose::Show).unwrap();
    assert_eq!(at_content(&house, &shown, &[]).await.is(200).bytes, picture);
    mei.post(&format!("/organisations/{organisation}/leave"), &[]).await;
    is_nothing(&house, &shown).await;
    // A stranger who makes one for it gets nothing either.
    let wei = house.person("wei").await;
    let stranger = house.me(&wei).await;
    is_nothing(&house, &house.holdings.address(&stranger, &id, Purpose::Show).unwrap()).await;
    is_nothing(&house, &house.holdings.address(&stranger, &id, Purpose::Save).unwrap()).await;
}

#[tokio::test]
async fn an_original_is_given_in_parts_under_a_type_of_ours() {
    let house = house().await;
    let lin = house.person("lin").await;
    let picture = [png(64), content(5000, 3)].concat();
    let (me, _, _, id) = kept(&house, &lin, &picture).await;
    let shown = house.holdings.address(&me, &id, Purpose::Show).unwrap();
    let whole = at_content(&house, &shown, &[("sec-fetch-dest", "image")]).await;
    closed(whole.is(200));
    assert_eq!(whole.headers["content-type"], "image/png", "what it begins with, not what it is called");
    assert!(whole.bytes == picture && !whole.headers.contains_key("content-disposition"));
    assert_eq!(whole.headers["cross-origin-resource-policy"], "cross-origin");
    let part = at_content(&house, &shown, &[("range", "bytes=100-199")]).await;
    closed(part.is(206));
    assert_eq!(part.bytes, &picture[100..200]);
    assert_eq!(part.headers["content-range"], format!("bytes 100-199/{}", picture.len()).as_str());
    at_content(&house, &shown, &[("range", "bytes=999999-")]).await.is(416);
    for wanted in ["script", "style", "iframe", "object", "embed", "worker", "font"] {
        at_content(&house, &shown, &[("sec-fetch-dest", wanted)]).await.is(404);
    }
    // To be saved, it has its name and no type.
    let mut browser = house.browser();
    browser.cookies = lin.cookies.clone();
    let led = browser.get(&format!("/holdings/{id}")).await;
    let place = led.is(303).headers["location"].to_str().unwrap().to_owned();
    assert!(place.starts_with("https://content.example/content/"), "{place}");
    let saved = at_content(&house, &place, &[]).await;
    closed(saved.is(200));
    assert_eq!(saved.headers["content-type"], "application/octet-stream");
    assert_eq!(saved.headers["content-disposition"], "attachment; filename*=UTF-8''a.html");
    assert!(saved.bytes == picture);
}

#[tokio::test]
async fn what_runs_is_never_shown() {
    let house = house().await;
    house.holdings.make_previews(maker()).await.unwrap();
    let lin = house.person("lin").await;
    let script = "<script>fetch('/account')</script>";
    for text in [
        format!("<!doctype html>{script}"),
        format!("<svg xmlns='http://www.w3.org/2000/svg'>{script}</svg>"),
        format!("<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'>{script}</html>"),
        "alert(1)".to_owned(),
        format!("%PDF-1.7 {script}"),
    ] {
        let (me, by, _, id) = kept(&house, &lin, text.as_bytes()).await;
        is_nothing(&house, &house.holdings.address(&me, &id, Purpose::Show).unwrap()).await;
        let look = house.holdings.preview_of(&by, &id).await.unwrap();
        assert!(look.pictures.is_empty() && look.none.is_some(), "{look:?}");
        let saved = at_content(&house, &house.holdings.address(&me, &id, Purpose::Save).unwrap(), &[]).await;
        assert_eq!(saved.is(200).headers["content-type"], "application/octet-stream");
    }
    // One that is a picture and a page: a picture, under a picture's name, whatever follows.
    let both = [png(8), script.as_bytes().to_vec()].concat();
    let (me, by, _, id) = kept(&house, &lin, &both).await;
    let shown = at_content(&house, &house.holdings.address(&me, &id, Purpose::Show).unwrap(), &[]).await;
    assert_eq!(shown.is(200).headers["content-type"], "image/png");
    let look = house.holdings.preview_of(&by, &id).await.unwrap();
    let (_, picture) = house.holdings.picture(&by, &id, 0).await.unwrap();
    assert_eq!((look.kind, look.none), (Some(Kind::Png), None));
    assert!(!picture.windows(6).any(|window| window == b"script"));
}

async fn previews_come_and_go(storage: Storage) {
    let house = House::showing(ROOMS, storage).await;
    let (lin, mei) = (house.person("lin").await, house.person("mei").await);
    let picture = png(2048);
    let (me, by, _, id) = kept(&house, &lin, &picture).await;
    // Nothing makes previews yet: it waits, and nothing is lost.
    let look = house.holdings.preview_of(&by, &id).await.unwrap();
    assert_eq!(look, Look { none: Some(NoPreview::Waiting), ..Look::default() });
    assert!(!house.holdings.makes_previews());
    house.holdings.make_previews(maker()).await.unwrap();
    house.holdings.round(house.node.now()).await.unwrap();
    let look = house.holdings.preview_of(&by, &id).await.unwrap();
    assert_eq!((look.kind, look.none, look.pictures.len()), (Some(Kind::Png), None, 1));
    assert_eq!((look.pictures[0].width, look.pictures[0].height), (1024, 4));
    let first = house.holdings.address(&me, &id, Purpose::Picture(0)).unwrap();
    let answer = at_content(&house, &first, &[]).await;
    closed(answer.is(200));
    assert_eq!(answer.headers["content-type"], "image/png");
    let decoded = image::load_from_memory(&answer.bytes).unwrap();
    assert_eq!((decoded.width(), decoded.height()), (1024, 4));
    is_nothing(&house, &house.holdings.address(&me, &id, Purpose::Picture(1)).unwrap()).await;
    // Another's equal content is looked at anew, and neither sees the other's.
    let (other, theirs, _, theirs_id) = kept(&house, &mei, &picture).await;
    assert_ne!(theirs_id, id);
    assert!(house.holdings.preview_of(&theirs, &id).await.unwrap().none == Some(NoPreview::Waiting));
    assert!(house.holdings.picture(&theirs, &id, 0).await.is_err());
    is_nothing(&house, &house.holdings.address(&other, &id, Purpose::Picture(0)).unwrap()).await;
    // It is sealed, and goes with the original.
    let db = house.accounts.db();
    let rows = db.rows("select picture from holding_picture where holding = $1", &[id.as_str().into()]).await.unwrap();
    assert!(!rows[0].bytes(0).unwrap().windows(4).any(|window| window == b"IHDR"));
    house.holdings.remove(&by, &id).await.unwrap();
    is_nothing(&house, &first).await;
    for sql in ["select 1 from holding_preview where holding = $1", "select 1 from holding_picture where holding = $1"]
    {
        assert!(db.rows(sql, &[id.as_str().into()]).await.unwrap().is_empty(), "{sql}");
        assert_eq!(db.rows(sql, &[theirs_id.as_str().into()]).await.unwrap().len(), 1, "the other's stays: {sql}");
    }
}

#[tokio::test]
async fn previews_come_and_go_on_sqlite() {
    previews_come_and_go(Storage::default()).await;
}

#[tokio::test]
async fn previews_come_and_go_on_postgresql() {
    previews_come_and_go(Storage { database: Some(store::testing::postgres()), ..Storage::default() }).await;
}

#[tokio::test]
async fn where_there_are_no_walls_nothing_is_opened_until_there_are() {
    let house = house().await;
    // This program says that the walls cannot be put up, whatever it is asked for.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("maker");
    std::fs::write(&path, "#!/bin/sh\nexit 97\n").unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    house.holdings.make_previews(Maker::new(path, &[])).await.unwrap();
    let lin = house.person("lin").await;
    let (_, by, _, id) = kept(&house, &lin, &png(8)).await;
    let look = house.holdings.preview_of(&by, &id).await.unwrap();
    assert_eq!((look.none, look.kind), (Some(NoPreview::Not(Not::Sandbox)), Some(Kind::Png)));
    assert!(look.pictures.is_empty());
    // Begun anew where there are: it is made.
    let house = house.reopened(None, None).await;
    house.holdings.make_previews(maker()).await.unwrap();
    house.holdings.round(house.node.now()).await.unwrap();
    let look = house.holdings.preview_of(&by, &id).await.unwrap();
    assert_eq!((look.none, look.pictures.len()), (None, 1));
}

#[tokio::test]
async fn a_blocked_original_is_not_seen_at_all() {
    let house = house().await;
    house.holdings.make_previews(maker()).await.unwrap();
    let lin = house.person("lin").await;
    let picture = png(8);
    let (me, _, _, id) = kept(&house, &lin, &picture).await;
    let (shown, first) = (
        house.holdings.address(&me, &id, Purpose::Show).unwrap(),
        house.holdings.address(&me, &id, Purpose::Picture(0)).unwrap(),
    );
    at_content(&house, &shown, &[]).await.is(200);
    at_content(&house, &first, &[]).await.is(200);
    let operator = house.operator().await;
    let operator = house.me(&operator).await;
    house.accounts.block(&operator, &digest(&picture), Some("order 3")).await.unwrap();
    is_nothing(&house, &shown).await;
    is_nothing(&house, &first).await;
}
