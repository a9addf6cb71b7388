//! Certificates: the record on paper, the same bytes again, its owner's alone, gone with its owner.

use super::evidence::{draft, party_of};
use super::{house, house_on_postgres};
use crate::certificates::Certificates;
use crate::verification::anchors;
use proof::crypto::RustCrypto;
use proof::pdf;
use proof::report::Verdict;
use proof::verify::Context;
use registry::testing::House;

async fn a_certificate(house: &House) {
    let mut browser = house.person("林知夏").await;
    let by = party_of(house, &browser).await;
    let mut draft = draft("k1", "月港 喆堃𬱖 Moon harbour \u{1f600}");
    draft.files[0].path = "成片/\u{202e}gpj.exe".to_owned();
    let entry = house.evidence.preserve(&by, &draft).await.unwrap();
    let kept = house.evidence.kept(&by, entry.number).await.unwrap();
    let room = Certificates::new(&house.evidence);
    let unsigned = room.unsigned(&by, &kept).await.unwrap();
    assert_eq!(unsigned, room.unsigned(&by, &kept).await.unwrap(), "the same record gives the same bytes");
    let path = format!("/records/{}/certificate.pdf", entry.number);
    let first = browser.download(&path).await;
    assert!(first.starts_with(b"%PDF-1.7"));
    assert_eq!(first, browser.download(&path).await, "what was issued is not issued again");
    assert!(first.starts_with(&unsigned), "signing adds, and changes nothing");
    // A part of it, for who was cut; the whole where it is not the same any more.
    let part = async |browser: &mut registry::testing::Browser<'_>, range: &str, tag: &str| {
        let request = axum::http::Request::get(&path).header("range", range).header("if-range", tag);
        browser.ask(request.body(axum::body::Body::empty()).unwrap()).await
    };
    let tag = browser.get(&path).await.headers["etag"].to_str().unwrap().to_owned();
    let rest = part(&mut browser, "bytes=1000-", &tag).await;
    assert_eq!((rest.is(206).bytes.as_slice(), &rest.headers["etag"]), (&first[1000..], &tag.parse().unwrap()));
    let told = format!("bytes 1000-{}/{}", first.len() - 1, first.len());
    assert_eq!(rest.headers["content-range"], told.as_str());
    assert_eq!(part(&mut browser, "bytes=1000-", "\"other\"").await.is(200).bytes, first);
    let behind = part(&mut browser, &format!("bytes={}-", first.len()), &tag).await;
    assert!(behind.is(416).bytes.is_empty());
    // It is what it says: the operator's signature, a time that is proven, nothing missing for later.
    let anchors = anchors(&house.node);
    let cx = Context { anchors: &anchors, ..Context::new(&RustCrypto, house.node.now()) };
    let report = pdf::verify(&first, &cx);
    assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
    let levels: Vec<_> = report.signatures.iter().map(|one| one.level).collect();
    assert_eq!(levels, [Some(pdf::Level::Lta), None], "one signature, and the document's timestamp");
    assert!(report.signatures[0].signer.as_deref().is_some_and(|signer| signer.contains("Document Seal")));
    let attached = pdf::attachments(&first).unwrap();
    let part = |name: &str| attached.iter().find(|one| one.name == name).unwrap().bytes.clone();
    assert_eq!(part("record.json"), kept.record.to_canonical_json());
    assert_eq!(part("openings.json"), kept.openings.to_canonical_json());
    assert_eq!(Some(part("record.tsr")), kept.token);
    // What a record follows is on its certificate; another's record of that digest is not.
    let followed = kept.record.digest();
    let found = house.evidence.of_digests(&by, &[followed, [7; 32]]).await.unwrap();
    assert_eq!(found.iter().map(|one| one.number).collect::<Vec<_>>(), [entry.number]);
    let stranger = party_of(house, &house.person("wei").await).await;
    assert!(house.evidence.of_digests(&stranger, &[followed]).await.unwrap().is_empty());
    // Another person gets none, nor its code; a program needs the scope.
    let mut mei = house.person("mei").await;
    for name in ["certificate.pdf", "code.svg", "code.png"] {
        mei.get(&format!("/records/{}/{name}", entry.number)).await.is(404);
    }
    assert!(browser.download(&format!("/records/{}/code.png", entry.number)).await.starts_with(b"\x89PNG"));
    // Sealed at rest; gone with the person.
    let rows = house.accounts.db().rows("select pdf from certificate", &[]).await.unwrap();
    assert!(rows.len() == 1 && !rows[0].bytes(0).unwrap().windows(5).any(|window| window == b"%PDF-"));
    browser.page("/account/privacy").await;
    browser.post("/account/privacy/erase", &[("mail", "林知夏@people.example")]).await;
    house.accounts.sweep(house.node.now().plus_s(8 * 86_400)).await.unwrap();
    assert!(house.accounts.db().rows("select id from certificate", &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn without_a_stamp_or_a_seal_nothing_is_issued() {
    let house = house().await;
    let mut browser = house.person("lin").await;
    let by = party_of(&house, &browser).await;
    let entry = house.evidence.preserve(&by, &draft("k1", "Harbour")).await.unwrap();
    let path = format!("/records/{}/certificate.pdf", entry.number);
    house.clock.set_failing(true);
    let refused = browser.get(&path).await;
    assert!(refused.is(422).body.contains("nothing was lost"));
    let waiting = house.evidence.preserve(&by, &draft("k2", "Later")).await.unwrap();
    let refused = browser.get(&format!("/records/{}/certificate.pdf", waiting.number)).await;
    assert!(refused.is(422).body.contains("has no timestamp yet"));
    house.clock.set_failing(false);
    let seal = house.node.seal();
    house.node.set_seal(None);
    assert!(browser.get(&path).await.is(422).body.contains("no document key"));
    let package = browser.get(&format!("/records/{}/package.zip", entry.number)).await;
    assert!(package.is(422).body.contains("without names"));
    browser.download(&format!("/records/{}/package.zip?names=no", entry.number)).await;
    house.node.set_seal(seal);
    assert!(browser.download(&path).await.starts_with(b"%PDF"));
}

#[tokio::test]
async fn a_record_has_one_certificate_on_sqlite() {
    a_certificate(&house().await).await;
}

#[tokio::test]
async fn a_record_has_one_certificate_on_postgresql() {
    a_certificate(&house_on_postgres().await).await;
}

#[tokio::test]
async fn a_chain_goes_on_paper_sealed() {
    let house = house().await;
    let mut lin = house.person("林知夏").await;
    let by = party_of(&house, &lin).await;
    let first = house.evidence.preserve(&by, &draft("k1", "月港 Moon harbour")).await.unwrap();
    let mut of_work = draft("k2", "月港 Moon harbour");
    of_work.origin.clone_from(&first.origin);
    house.evidence.preserve(&by, &of_work).await.unwrap();
    let path = format!("/works/{}/chain.pdf", first.origin);
    let chain = lin.download(&path).await;
    let anchors = anchors(&house.node);
    let cx = Context { anchors: &anchors, ..Context::new(&RustCrypto, house.node.now()) };
    let report = pdf::verify(&chain, &cx);
    assert_eq!((report.verdict, report.signatures[0].level), (Verdict::Valid, Some(pdf::Level::Lta)));
    // Another person has no such work; nor has an organisation that is none of hers.
    let mut mei = house.person("mei").await;
    mei.get(&path).await.is(404);
    mei.get(&format!("{path}?organisation=none")).await.is(404);
    lin.get("/works/none/chain.pdf").await.is(404);
}
