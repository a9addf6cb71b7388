//! Originals given back: every part equals the plaintext, nothing wrong is ever sent, nothing is ever run.

use super::*;
use futures_util::StreamExt as _;
use tower_service::Service as _;

/// Two places, and a holding of this content in both.
async fn in_two(content: &[u8]) -> (tempfile::TempDir, House, Sender, String) {
    let places = tempfile::tempdir().unwrap();
    let (first, second) = (places.path().join("first"), places.path().join("second"));
    let house = house_in(&[("first", &first), ("second", &second)], DEPOSITS).await;
    let lin = Sender::of(&house.person("lin").await);
    let holding = lin.deposit(&house, content, &[("filename", "片/月港 \"1\".mp4")]).await;
    house.holdings.round(house.node.now()).await.unwrap();
    assert_eq!((objects(&first).len(), objects(&second).len()), (1, 1), "the second copy was made");
    (places, house, lin, holding)
}

/// Turns one bit of a file.
fn flip(path: &Path, at: u64) {
    use std::os::unix::fs::FileExt as _;
    let file = std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 1], at).unwrap();
}

#[tokio::test]
async fn every_part_is_the_part_of_the_plaintext() {
    let whole = content(300_000, 1);
    let (_places, house, lin, holding) = in_two(&whole).await;
    let answer = lin.fetch(&house, &holding, &[]).await;
    assert!(answer.is(200).bytes == whole);
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'"),
        ("content-disposition", "attachment; filename*=UTF-8''%E6%9C%88%E6%B8%AF%20%221%22.mp4"),
        ("cache-control", "private, no-store"),
        ("accept-ranges", "bytes"),
        ("content-length", "300000"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(text(&answer, name), value, "{name}");
    }
    let tag = format!("\"{}\"", digest(&whole));
    assert_eq!(text(&answer, "etag"), tag);
    let sum = Base64::encode_string(DigestAlgorithm::Sha256.digest(&whole).as_bytes());
    assert_eq!(text(&answer, "repr-digest"), format!("sha-256=:{sum}:"));
    for (range, part) in [
        ("bytes=0-0", 0..1),
        ("bytes=65535-65536", 65_535..65_537),
        ("bytes=65536-131071", 65_536..131_072),
        ("bytes=1-299998", 1..299_999),
        ("bytes=299999-", 299_999..300_000),
        ("bytes=-70000", 230_000..300_000),
        ("bytes=0-999999", 0..300_000),
    ] {
        let answer = lin.fetch(&house, &holding, &[("range", range)]).await;
        assert!(answer.is(206).bytes == whole[part.clone()], "{range}");
        assert_eq!(text(&answer, "content-range"), format!("bytes {}-{}/300000", part.start, part.end - 1));
        assert_eq!(text(&answer, "content-length"), part.len().to_string());
    }
    // Many ranges of all kinds, against the plaintext.
    for seed in 0..60_u64 {
        let (a, b) = (seed * 48_271 % 300_000, seed * 16_807 * 31 % 300_000);
        let (start, end) = (a.min(b), a.max(b));
        let answer = lin.fetch(&house, &holding, &[("range", &format!("bytes={start}-{end}"))]).await;
        assert!(answer.is(206).bytes == whole[start as usize..=end as usize], "{start}-{end}");
    }
    for range in ["bytes=300000-", "bytes=-0"] {
        let answer = lin.fetch(&house, &holding, &[("range", range)]).await;
        assert_eq!(text(answer.is(416), "content-range"), "bytes */300000", "{range}");
    }
    for range in ["bytes=0-1,3-4", "bytes=5-4", "lines=0-1", "bytes=x"] {
        let answer = lin.fetch(&house, &holding, &[("range", range)]).await;
        assert!(answer.is(200).bytes == whole, "{range}: the whole");
    }
    let part = ("range", "bytes=0-9");
    assert_eq!(lin.fetch(&house, &holding, &[part, ("if-range", &tag)]).await.is(206).bytes, whole[..10]);
    for other in ["\"other\"", "Sun, 06 Nov 1994 08:49:37 GMT", &format!("W/{tag}")] {
        assert!(lin.fetch(&house, &holding, &[part, ("if-range", other)]).await.is(200).bytes == whole, "{other}");
    }
    let known = lin.fetch(&house, &holding, &[("if-none-match", &tag)]).await;
    assert!(known.is(304).bytes.is_empty());
    let head = house.ask(lin.request("HEAD", &format!("/holdings/{holding}"), &[], Body::empty())).await;
    assert_eq!((text(head.is(200), "content-length"), head.bytes.len()), ("300000".to_owned(), 0));
}

#[tokio::test]
async fn a_damaged_copy_interrupts_nobody_and_is_mended() {
    let whole = content(5_000_000, 2);
    let (places, house, lin, holding) = in_two(&whole).await;
    let first = objects(&places.path().join("first")).remove(0);
    flip(&first, 3_000_000);
    assert!(lin.fetch(&house, &holding, &[]).await.is(200).bytes == whole, "the second place is read");
    house.holdings.round(house.node.now()).await.unwrap();
    let second = objects(&places.path().join("second")).remove(0);
    assert!(std::fs::read(&first).unwrap() == std::fs::read(&second).unwrap(), "the reader had it looked at");
    let checks = house.holdings.checks(&party(&house, &signed_in(&house).await).await, &holding).await.unwrap();
    let outcomes: Vec<&str> = checks.iter().map(|check| check.outcome.name()).collect();
    assert_eq!(outcomes, ["repaired", "damaged", "made"]);
    assert_eq!(house.holdings.figures().repaired, 1);
    std::fs::remove_file(&first).unwrap();
    assert!(lin.fetch(&house, &holding, &[("range", "bytes=4000000-")]).await.is(206).bytes == whole[4_000_000..]);
}

#[tokio::test]
async fn damage_everywhere_ends_the_answer_and_sends_nothing_wrong() {
    let whole = content(5_000_000, 3);
    let (places, house, lin, holding) = in_two(&whole).await;
    for place in ["first", "second"] {
        flip(&objects(&places.path().join(place)).remove(0), 3_000_000);
    }
    let request = lin.request("GET", &format!("/holdings/{holding}"), &[], Body::empty());
    let Ok(response) = house.pages.clone().call(request).await;
    assert_eq!(response.status().as_u16(), 200);
    let mut body = response.into_body().into_data_stream();
    let mut got = Vec::new();
    let end = loop {
        match body.next().await {
            Some(Ok(bytes)) => got.extend(bytes),
            other => break other,
        }
    };
    assert!(matches!(end, Some(Err(_))), "it ends with an error, not as if it were whole");
    assert!(got.len() < 3_000_000 && got == whole[..got.len()], "{} right bytes", got.len());
    // What lies elsewhere is still given.
    assert!(lin.fetch(&house, &holding, &[("range", "bytes=4000000-")]).await.is(206).bytes == whole[4_000_000..]);
    let answer = lin.fetch(&house, &holding, &[("range", "bytes=2999000-")]).await;
    assert!(answer.is(503).body.contains("stay valid"), "{}", answer.body);
    // It is found lost; whoever has the file puts it back into its old place.
    house.holdings.round(house.node.now()).await.unwrap();
    let by = party(&house, &signed_in(&house).await).await;
    assert_eq!(house.holdings.holding(&by, &holding).await.unwrap().state, holdings::State::Lost);
    assert_eq!(house.holdings.figures().lost, 1);
    assert_eq!(lin.deposit(&house, &whole, &[]).await, holding, "the same holding");
    house.holdings.round(house.node.now()).await.unwrap();
    assert!(lin.fetch(&house, &holding, &[]).await.is(200).bytes == whole);
    let copies = house.holdings.copies(&holding).await.unwrap();
    assert!(copies.iter().all(|copy| copy.state.is_good()) && copies.len() == 2, "{copies:?}");
    assert_eq!((house.holdings.figures().lost, house.holdings.figures().short), (0, 0));
}
