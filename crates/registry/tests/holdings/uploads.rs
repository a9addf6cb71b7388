//! Uploads by the tus protocol: offsets, cuts, digests, limits, locks, expiry.

use super::*;
use axum::http::StatusCode;
use futures_util::stream;
use registry::holdings::LOOSE_S;
use std::io;
use tokio::sync::mpsc;

const CHUNK: usize = 64 << 10;

/// A body that ends with a broken connection.
fn cut(content: &[u8]) -> Body {
    let pieces: Vec<io::Result<Vec<u8>>> = content.chunks(10_000).map(|piece| Ok(piece.to_vec())).collect();
    Body::from_stream(stream::iter(pieces.into_iter().chain([Err(io::Error::other("cut"))])))
}

async fn files_of_many_sizes(house: &House) {
    let lin = Sender::of(&house.person("lin").await);
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 200_000, (3 << 20) + 7] {
        let whole = content(length, length as u64);
        let place = lin.create(house, length, &[("sha256", &digest(&whole)), ("filename", "月.jpg")]).await;
        assert_eq!(lin.offset(house, &place).await, 0);
        let mut at: usize = 0;
        for step in [1, 5, CHUNK, 99_999, usize::MAX] {
            let end = length.min(at.saturating_add(step).max(at));
            if at == end && length > 0 {
                continue;
            }
            let answer = lin.patch(house, &place, at, whole[at..end].to_vec()).await;
            assert_eq!(text(answer.is(204), "upload-offset"), end.to_string());
            assert_eq!(lin.offset(house, &place).await, end, "told and kept are the same");
            assert_eq!(answer.headers.contains_key("upload-holding"), end == length);
            at = end;
        }
        let there = lin.tus(house, "HEAD", &place, &[], Body::empty()).await;
        assert_eq!(
            (text(&there, "upload-length"), text(&there, "cache-control")),
            (length.to_string(), "no-store".to_owned())
        );
        let given = lin.fetch(house, &text(&there, "upload-holding"), &[]).await;
        assert!(given.is(200).bytes == whole, "{length} bytes come back as they were");
    }
    assert_eq!(house.holdings.figures().lost, 0);
}

#[tokio::test]
async fn files_of_many_sizes_on_sqlite() {
    files_of_many_sizes(&house().await).await;
}

#[tokio::test]
async fn files_of_many_sizes_on_postgresql() {
    files_of_many_sizes(&House::on_postgres(ROOMS).await).await;
}

#[tokio::test]
async fn a_cut_connection_loses_nothing_that_came() {
    let house = house().await;
    let lin = Sender::of(&house.person("lin").await);
    let whole = content(5 * CHUNK + 123, 1);
    for end in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5, 5 * CHUNK, whole.len() - 1, whole.len()] {
        let place = lin.create(&house, whole.len(), &[("sha256", &digest(&whole))]).await;
        let answer = lin.patch(&house, &place, 0, cut(&whole[..end])).await;
        assert_eq!(code(answer.is(408)), "cut");
        assert_eq!(lin.offset(&house, &place).await, end);
        let answer = lin.patch(&house, &place, end, whole[end..].to_vec()).await;
        let given = lin.fetch(&house, &text(answer.is(204), "upload-holding"), &[]).await;
        assert!(given.is(200).bytes == whole, "cut at {end}");
    }
    // The whole in many cuts, each going on where the one before ended.
    let place = lin.create(&house, whole.len(), &[("sha256", &digest(&whole))]).await;
    let mut at = 0;
    while at < whole.len() {
        let end = whole.len().min(at + 23_456);
        lin.patch(&house, &place, at, cut(&whole[at..end])).await.is(408);
        at = end;
    }
    let answer = lin.patch(&house, &place, at, Body::empty()).await;
    assert!(lin.fetch(&house, &text(answer.is(204), "upload-holding"), &[]).await.bytes == whole);
}

#[tokio::test]
async fn an_upload_goes_on_after_the_program_began_anew() {
    let mut house = house().await;
    let mut lin = house.person("lin").await;
    let (cookies, token) = (lin.cookies.clone(), lin.form_token.clone());
    let sender = Sender::of(&lin);
    lin.page("/account").await;
    let whole = content(300_000, 2);
    let place = sender.create(&house, whole.len(), &[("sha256", &digest(&whole))]).await;
    for (from, to) in [(0, 100), (100, CHUNK), (CHUNK, 200_001), (200_001, 300_000)] {
        house = house.reopened(None, None).await;
        assert_eq!(sender.offset(&house, &place).await, from);
        sender.patch(&house, &place, from, whole[from..to].to_vec()).await.is(204);
    }
    house = house.reopened(None, None).await;
    let there = sender.tus(&house, "HEAD", &place, &[], Body::empty()).await;
    let given = sender.fetch(&house, &text(there.is(200), "upload-holding"), &[]).await;
    assert!(given.is(200).bytes == whole && !cookies.is_empty() && !token.is_empty());
}

#[tokio::test]
async fn content_that_is_not_what_was_hashed_is_thrown_away() {
    let house = house().await;
    let lin = Sender::of(&house.person("lin").await);
    let (whole, other) = (content(100_000, 3), content(100_000, 4));
    let place = lin.create(&house, whole.len(), &[("sha256", &digest(&whole))]).await;
    lin.patch(&house, &place, 0, whole[..70_000].to_vec()).await.is(204);
    let answer = lin.patch(&house, &place, 70_000, other[70_000..].to_vec()).await;
    assert_eq!((answer.status.as_u16(), code(&answer).as_str()), (460, "digest"));
    lin.tus(&house, "HEAD", &place, &[], Body::empty()).await.is(404);
    house.holdings.round(house.node.now()).await.unwrap();
    assert!(objects(&vault(&house)).is_empty(), "its bytes are gone");
    assert_eq!(house.holdings.figures().holdings, 0);
    // The digest may come with the end, and is asked for where it is missing.
    let place = lin.create(&house, whole.len(), &[]).await;
    let answer = lin.patch(&house, &place, 0, whole.clone()).await;
    assert_eq!(code(answer.is(422)), "digest-missing");
    assert_eq!(lin.offset(&house, &place).await, whole.len(), "nothing has to be sent again");
    let named = metadata(&[("sha256", &digest(&whole))]);
    let offset = whole.len().to_string();
    let headers = [
        ("content-type", "application/offset+octet-stream"),
        ("upload-offset", offset.as_str()),
        ("upload-metadata", named.as_str()),
    ];
    let answer = lin.tus(&house, "PATCH", &place, &headers, Body::empty()).await;
    let holding = text(answer.is(204), "upload-holding");
    assert!(lin.fetch(&house, &holding, &[]).await.bytes == whole);
    // Said once, it stays.
    let place = lin.create(&house, 10, &[("sha256", &digest(b"a"))]).await;
    let named = metadata(&[("sha256", &digest(b"b"))]);
    let headers =
        [("content-type", "application/offset+octet-stream"), ("upload-offset", "0"), ("upload-metadata", &named)];
    assert_eq!(code(lin.tus(&house, "PATCH", &place, &headers, "abc").await.is(409)), "digest-said");
}

#[tokio::test]
async fn a_piece_with_a_checksum_is_taken_whole_or_not_at_all() {
    let house = house().await;
    let lin = Sender::of(&house.person("lin").await);
    let whole = content(150_000, 5);
    let place = lin.create(&house, whole.len(), &[("sha256", &digest(&whole))]).await;
    let sum =
        |bytes: &[u8]| format!("sha256 {}", Base64::encode_string(DigestAlgorithm::Sha256.digest(bytes).as_bytes()));
    let send = async |at: usize, body: Body, checksum: &str| {
        let offset = at.to_string();
        let headers = [
            ("content-type", "application/offset+octet-stream"),
            ("upload-offset", offset.as_str()),
            ("upload-checksum", checksum),
        ];
        lin.tus(&house, "PATCH", &place, &headers, body).await
    };
    send(0, whole[..70_001].to_vec().into(), &sum(&whole[..70_001])).await.is(204);
    let mut changed = whole[70_001..].to_vec();
    changed[9] ^= 1;
    let answer = send(70_001, changed.into(), &sum(&whole[70_001..])).await;
    assert_eq!((answer.status.as_u16(), code(&answer).as_str()), (460, "checksum"));
    send(70_001, cut(&whole[70_001..]), &sum(&whole[70_001..])).await.is(408);
    assert_eq!(lin.offset(&house, &place).await, 70_001, "half a piece is none");
    for wrong in ["sha1 AAAA", "sha256", "sha256 AAAA", "md5 x"] {
        assert_eq!(code(send(70_001, Body::empty(), wrong).await.is(400)), "header", "{wrong}");
    }
    send(70_001, whole[70_001..].to_vec().into(), &sum(&whole[70_001..])).await.is(204);
    // A piece is held in memory until it is checked, and so has its bound.
    let large = lin.create(&house, 17 << 20, &[]).await;
    let headers =
        [("content-type", "application/offset+octet-stream"), ("upload-offset", "0"), ("upload-checksum", &sum(b""))];
    let answer = lin.tus(&house, "PATCH", &large, &headers, vec![0; 17 << 20]).await;
    assert_eq!(code(answer.is(413)), "piece-large");
}

async fn limits(house: &House) {
    let (lin, mei) = (house.person("lin").await, house.person("mei").await);
    let (lin, mei) = (Sender::of(&lin), Sender::of(&mei));
    let begin = async |who: &Sender, length: u64| {
        let length = length.to_string();
        who.tus(house, "POST", "/uploads", &[("upload-length", &length)], Body::empty()).await
    };
    assert_eq!(code(begin(&lin, 200_001).await.is(413)), "file-large");
    let first = text(begin(&lin, 200_000).await.is(201), "location");
    let over = begin(&lin, 100_001).await;
    assert_eq!(code(over.is(413)), "quota", "what is on its way counts");
    assert!(over.body.contains("100") && over.body.contains("left"), "{}", over.body);
    begin(&mei, 200_000).await.is(201);
    begin(&lin, 100_000).await.is(201);
    assert_eq!(code(begin(&lin, 1).await.is(413)), "quota");
    lin.tus(house, "DELETE", &first, &[], Body::empty()).await.is(204);
    lin.tus(house, "HEAD", &first, &[], Body::empty()).await.is(404);
    begin(&lin, 200_000).await.is(201);
    // Many at the same time cannot get past the quota together.
    let wei = Sender::of(&house.person("wei").await);
    let all = futures_util::future::join_all((0..6).map(|_| begin(&wei, 100_000))).await;
    assert_eq!(all.iter().filter(|answer| answer.status == StatusCode::CREATED).count(), 3);
}

#[tokio::test]
async fn quota_and_size_are_answered_before_a_byte_is_sent() {
    limits(&house_taking(small()).await).await;
}

#[tokio::test]
async fn quota_and_size_are_answered_before_a_byte_is_sent_on_postgresql() {
    let storage = Storage { database: Some(store::testing::postgres()), ..Storage::default() };
    limits(&House::depositing(ROOMS, storage, Settings::default(), small()).await).await;
}

#[tokio::test]
async fn what_the_disk_cannot_hold_is_answered_before_a_byte_is_sent() {
    let house = house_taking(holdings::Settings { reserve_bytes: u64::MAX / 2, ..DEPOSITS }).await;
    let lin = Sender::of(&house.person("lin").await);
    let answer = lin.tus(&house, "POST", "/uploads", &[("upload-length", "1")], Body::empty()).await;
    assert_eq!(code(answer.is(507)), "disk-full");
    let off = house_taking(holdings::Settings { quota_bytes: 0, ..DEPOSITS }).await;
    let lin = Sender::of(&off.person("lin").await);
    let answer = lin.tus(&off, "POST", "/uploads", &[("upload-length", "1")], Body::empty()).await;
    assert_eq!(code(answer.is(403)), "deposit-off");
}

#[tokio::test]
async fn one_writes_at_a_time() {
    let house = house().await;
    let lin = Sender::of(&house.person("lin").await);
    let whole = content(200_000, 6);
    let place = lin.create(&house, whole.len(), &[("sha256", &digest(&whole))]).await;
    let (to, from) = mpsc::channel::<io::Result<Vec<u8>>>(1);
    let body = stream::unfold(from, |mut from| async move { from.recv().await.map(|piece| (piece, from)) });
    let first = lin.patch(&house, &place, 0, Body::from_stream(body));
    let others = async {
        // Taken, so the first is being written.
        to.send(Ok(whole[..50_000].to_vec())).await.unwrap();
        to.send(Ok(whole[50_000..100_000].to_vec())).await.unwrap();
        let second = lin.patch(&house, &place, 0, whole.clone()).await;
        assert_eq!(code(second.is(423)), "locked");
        assert_eq!(code(lin.tus(&house, "DELETE", &place, &[], Body::empty()).await.is(423)), "locked");
        assert_eq!(lin.offset(&house, &place).await, 0, "what is not durable is not told");
        drop(to);
    };
    let (first, ()) = tokio::join!(first, others);
    assert_eq!(text(first.is(204), "upload-offset"), "100000");
    let answer = lin.patch(&house, &place, 100_000, whole[100_000..].to_vec()).await;
    assert!(lin.fetch(&house, &text(answer.is(204), "upload-holding"), &[]).await.bytes == whole);
}

#[tokio::test]
async fn two_processes_do_not_write_one_upload() {
    let storage = Storage { database: Some(store::testing::postgres()), ..Storage::default() };
    let house = House::depositing(ROOMS, storage.clone(), Settings::default(), DEPOSITS).await;
    let browser = house.person("lin").await;
    let (lin, by) = (Sender::of(&browser), party(&house, &browser).await);
    // The same database and places behind another door, as another process has it.
    let data = house.folder.path().join("data");
    let other = holdings::Holdings::open(&house.evidence, (&data, &storage), DEPOSITS).await.unwrap();
    let whole = content(200_000, 8);
    let place = lin.create(&house, whole.len(), &[("sha256", &digest(&whole))]).await;
    let id = place.rsplit('/').next().unwrap();
    let (to, from) = mpsc::channel::<io::Result<Vec<u8>>>(1);
    let body = stream::unfold(from, |mut from| async move { from.recv().await.map(|piece| (piece, from)) });
    let first = lin.patch(&house, &place, 0, Body::from_stream(body));
    let others = async {
        to.send(Ok(whole[..50_000].to_vec())).await.unwrap();
        to.send(Ok(whole[50_000..100_000].to_vec())).await.unwrap();
        let second = other.receive(&by, id, holdings::Piece::default(), whole.clone().into()).await;
        assert!(
            matches!(second, Err(registry::web::Fault::Refused { code: registry::web::Code::Locked, .. })),
            "{second:?}"
        );
        drop(to);
    };
    let (first, ()) = tokio::join!(first, others);
    assert_eq!(text(first.is(204), "upload-offset"), "100000");
    // The other one goes on where the first ended.
    let piece = holdings::Piece { offset: 100_000, ..holdings::Piece::default() };
    let upload = other.receive(&by, id, piece, whole[100_000..].to_vec().into()).await.unwrap();
    assert!(lin.fetch(&house, &upload.holding.unwrap(), &[]).await.is(200).bytes == whole);
}

#[tokio::test]
async fn what_is_never_finished_goes_after_a_week() {
    let house = house().await;
    let mut browser = house.person("lin").await;
    let lin = Sender::of(&browser);
    let (begun, loose) = (content(100_000, 7), content(90_000, 8));
    let place = lin.create(&house, begun.len(), &[("sha256", &digest(&begun))]).await;
    lin.patch(&house, &place, 0, begun[..80_000].to_vec()).await.is(204);
    let holding = lin.deposit(&house, &loose, &[]).await;
    assert_eq!(objects(&vault(&house)).len(), 2);
    let now = house.node.now();
    house.holdings.round(now.plus_s(LOOSE_S - 60)).await.unwrap();
    assert_eq!(lin.offset(&house, &place).await, 80_000);
    house.holdings.round(now.plus_s(LOOSE_S + 60)).await.unwrap();
    lin.tus(&house, "HEAD", &place, &[], Body::empty()).await.is(404);
    lin.fetch(&house, &holding, &[]).await.is(404);
    assert!(objects(&vault(&house)).is_empty());
    browser.page("/account").await;
}

#[tokio::test]
async fn the_protocol_is_held_to() {
    let house = house().await;
    let lin = Sender::of(&house.person("lin").await);
    let told = house.ask(lin.request("OPTIONS", "/uploads", &[], Body::empty())).await;
    assert_eq!((told.status.as_u16(), text(&told, "tus-version")), (204, "1.0.0".to_owned()));
    assert_eq!(text(&told, "tus-extension"), "creation,creation-with-upload,termination,expiration,checksum");
    assert_eq!(text(&told, "tus-max-size"), DEPOSITS.file_bytes_max.to_string());
    assert_eq!(text(&told, "tus-checksum-algorithm"), "sha256,sha1");
    let place = lin.create(&house, 10, &[]).await;
    for (method, path) in [("POST", "/uploads"), ("HEAD", &place), ("PATCH", &place), ("DELETE", &place)] {
        for headers in [&[][..], &[("tus-resumable", "0.2.2")]] {
            let answer = house.ask(lin.request(method, path, headers, Body::empty())).await;
            assert_eq!((answer.status.as_u16(), text(&answer, "tus-version")), (412, "1.0.0".to_owned()), "{method}");
        }
    }
    for length in ["", "-1", "ten", "1.5", "9007199254740992"] {
        let answer = lin.tus(&house, "POST", "/uploads", &[("upload-length", length)], Body::empty()).await;
        assert_eq!(code(answer.is(400)), "header", "{length:?}");
    }
    lin.tus(&house, "POST", "/uploads", &[], Body::empty()).await.is(400);
    let headers = [("upload-length", "3"), ("upload-metadata", "sha256 !")];
    lin.tus(&house, "POST", "/uploads", &headers, Body::empty()).await.is(400);
    let bytes = ("content-type", "application/offset+octet-stream");
    let answer = lin.tus(&house, "PATCH", &place, &[("upload-offset", "0")], "abc").await;
    assert_eq!(code(answer.is(415)), "media-type");
    assert_eq!(code(lin.tus(&house, "PATCH", &place, &[bytes], "abc").await.is(400)), "header");
    let answer = lin.patch(&house, &place, 3, "abc").await;
    assert_eq!(code(answer.is(409)), "offset");
    assert_eq!(text(&answer, "tus-resumable"), "1.0.0");
    let answer = lin.patch(&house, &place, 0, vec![0; 11]).await;
    assert_eq!(code(answer.is(413)), "more-than-said");
    assert_eq!(lin.offset(&house, &place).await, 0);
    // With its first bytes at once, and when it ends.
    let named = metadata(&[("sha256", &digest(b"abc")), ("filename", "a.txt")]);
    let headers = [("upload-length", "3"), ("upload-metadata", named.as_str()), bytes];
    let part = lin.tus(&house, "POST", "/uploads", &headers, "a").await;
    assert_eq!(text(part.is(201), "upload-offset"), "1");
    assert!(text(&part, "upload-expires").ends_with(" GMT"));
    let whole = lin.tus(&house, "POST", "/uploads", &headers, "abc").await;
    assert_eq!(text(whole.is(201), "upload-offset"), "3");
    assert_eq!(lin.fetch(&house, &text(&whole, "upload-holding"), &[]).await.bytes, b"abc");
    // Refused, and nothing of it stays.
    let wrong = lin.tus(&house, "POST", "/uploads", &headers, "abd").await;
    assert_eq!(wrong.status.as_u16(), 460);
    lin.tus(&house, "HEAD", "/uploads/nosuch", &[], Body::empty()).await.is(404);
}
