//! Whose an original is: people, organisations, programs; equal content; erasure, export and the raw disk.

use super::*;
use registry::testing::PASSWORD;
use registry::web::Fault;
use std::path::PathBuf;

async fn api_key(browser: &mut Browser<'_>, scopes: &[&str], organisation: &str) -> Sender {
    browser.page("/account/keys").await;
    let mut fields = vec![("label", "nightly"), ("days", "90"), ("organisation", organisation)];
    fields.extend(scopes.iter().map(|scope| ("scope", *scope)));
    let page = browser.post("/account/keys", &fields).await;
    Sender::key(page.is(200).body.split("<code>").nth(1).unwrap().split('<').next().unwrap())
}

async fn organisation(browser: &mut Browser<'_>) -> String {
    browser.page("/account").await;
    let answer = browser.post("/organisations/new", &[("name", "Studio")]).await;
    answer.headers["location"].to_str().unwrap().split(['/', '?']).nth(2).unwrap().to_owned()
}

async fn join(house: &House, owner: &mut Browser<'_>, organisation: &str, name: &str, role: &str) -> Sender {
    let mail = format!("{name}@people.example");
    owner.page(&format!("/organisations/{organisation}")).await;
    owner.post(&format!("/organisations/{organisation}/invitations"), &[("mail", &mail), ("role", role)]).await;
    let mut member = house.person(name).await;
    let place = registry::testing::address(&member.page("/account").await, "/invitations/");
    member.post(&place, &[]).await;
    Sender::of(&member)
}

#[tokio::test]
async fn nobody_gets_at_what_is_anothers() {
    let house = house().await;
    let (lin, mei) = (Sender::of(&house.person("lin").await), Sender::of(&house.person("mei").await));
    let whole = content(100_000, 1);
    let place = lin.create(&house, whole.len(), &[("sha256", &digest(&whole))]).await;
    lin.patch(&house, &place, 0, whole[..50_000].to_vec()).await.is(204);
    for (method, sender, status) in [
        ("HEAD", &mei, 404),
        ("PATCH", &mei, 404),
        ("DELETE", &mei, 404),
        ("HEAD", &Sender { headers: Vec::new() }, 401),
        ("PATCH", &Sender { headers: Vec::new() }, 401),
        ("DELETE", &Sender { headers: Vec::new() }, 401),
    ] {
        let headers = [("content-type", "application/offset+octet-stream"), ("upload-offset", "50000")];
        let answer = sender.tus(&house, method, &place, &headers, Body::empty()).await;
        assert_eq!(answer.status.as_u16(), status, "{method}");
    }
    // A session without the token of its page, or with another's.
    for token in ["", "0", mei.headers[1].1.as_str()] {
        let forged = Sender { headers: vec![lin.headers[0].clone(), ("x-form-token".to_owned(), token.to_owned())] };
        forged.patch(&house, &place, 50_000, whole[50_000..].to_vec()).await.is(403);
        forged.tus(&house, "DELETE", &place, &[], Body::empty()).await.is(403);
        forged.tus(&house, "POST", "/uploads", &[("upload-length", "1")], Body::empty()).await.is(403);
    }
    assert_eq!(lin.offset(&house, &place).await, 50_000, "nothing of it was done");
    let headers = [("origin", "https://evil.example"), ("host", "shiyin.example"), ("upload-length", "1")];
    lin.tus(&house, "POST", "/uploads", &headers, Body::empty()).await.is(403);
    let answer = lin.patch(&house, &place, 50_000, whole[50_000..].to_vec()).await;
    let holding = text(answer.is(204), "upload-holding");
    mei.fetch(&house, &holding, &[]).await.is(404);
    mei.fetch(&house, "nosuch", &[]).await.is(404);
}

#[tokio::test]
async fn programs_do_what_their_keys_say() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    let both = api_key(&mut lin, &["holdings:read", "holdings:write"], "").await;
    let writes = api_key(&mut lin, &["holdings:write"], "").await;
    let other = api_key(&mut lin, &["records:read", "records:write"], "").await;
    let mut mei = house.person("mei").await;
    let hers = api_key(&mut mei, &["holdings:read", "holdings:write"], "").await;
    let whole = content(80_000, 2);
    let place = writes.create(&house, whole.len(), &[("sha256", &digest(&whole))]).await;
    hers.patch(&house, &place, 0, whole.clone()).await.is(404);
    other.tus(&house, "POST", "/uploads", &[("upload-length", "1")], Body::empty()).await.is(403);
    other.tus(&house, "HEAD", &place, &[], Body::empty()).await.is(403);
    let answer = writes.patch(&house, &place, 0, whole.clone()).await;
    let holding = text(answer.is(204), "upload-holding");
    let get = async |sender: &Sender| {
        house.ask(sender.request("GET", &format!("/api/v1/holdings/{holding}"), &[], Body::empty())).await
    };
    assert!(get(&both).await.is(200).bytes == whole);
    for (sender, status) in
        [(&writes, 403), (&other, 403), (&hers, 404), (&Sender::of(&lin), 401), (&Sender::key("x"), 401)]
    {
        assert_eq!(get(sender).await.status.as_u16(), status);
    }
    // What a person sends belongs to the person; a key says nothing of another's.
    let named = metadata(&[("organisation", "AAAAAAAAAAAAAAAAAAAA")]);
    let headers = [("upload-length", "1"), ("upload-metadata", named.as_str())];
    both.tus(&house, "POST", "/uploads", &headers, Body::empty()).await.is(404);
}

#[tokio::test]
async fn members_deposit_and_fetch_by_their_roles() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    let studio = organisation(&mut lin).await;
    let applicant = join(&house, &mut lin, &studio, "mei", "applicant").await;
    let auditor = join(&house, &mut lin, &studio, "wei", "auditor").await;
    let owner = Sender::of(&lin);
    let whole = content(70_000, 3);
    let pairs = [("organisation", studio.as_str())];
    let holding = applicant.deposit(&house, &whole, &pairs).await;
    for (sender, status) in [(&owner, 200), (&applicant, 200), (&auditor, 403)] {
        assert_eq!(sender.fetch(&house, &holding, &[]).await.status.as_u16(), status);
    }
    let stranger = Sender::of(&house.person("old").await);
    stranger.fetch(&house, &holding, &[]).await.is(404);
    let named = metadata(&pairs);
    let headers = [("upload-length", "1"), ("upload-metadata", named.as_str())];
    auditor.tus(&house, "POST", "/uploads", &headers, Body::empty()).await.is(403);
    stranger.tus(&house, "POST", "/uploads", &headers, Body::empty()).await.is(404);
    // A member's own and the organisation's are two, and so are their quotas.
    assert_ne!(applicant.deposit(&house, &whole, &[]).await, holding);
    assert_eq!(objects(&vault(&house)).len(), 2);
    let key = api_key(&mut lin, &["holdings:read"], &studio).await;
    let given = house.ask(key.request("GET", &format!("/api/v1/holdings/{holding}"), &[], Body::empty())).await;
    assert!(given.is(200).bytes == whole);
}

#[tokio::test]
async fn equal_content_is_kept_once_for_each_owner_and_never_across() {
    let house = house().await;
    let (browser, other) = (house.person("lin").await, house.person("mei").await);
    let (lin, mei) = (Sender::of(&browser), Sender::of(&other));
    let (mine, hers) = (party(&house, &browser).await, party(&house, &other).await);
    let whole = content(150_000, 4);
    let first = lin.deposit(&house, &whole, &[]).await;
    assert_eq!(lin.deposit(&house, &whole, &[("filename", "again")]).await, first);
    let theirs = mei.deposit(&house, &whole, &[]).await;
    assert_ne!(theirs, first);
    house.holdings.round(house.node.now()).await.unwrap();
    let stored = objects(&vault(&house));
    assert_eq!(stored.len(), 2, "one for each owner");
    assert!(
        std::fs::read(&stored[0]).unwrap() != std::fs::read(&stored[1]).unwrap(),
        "nobody sees that they are equal"
    );
    let rows = house.accounts.db().rows("select content from holding order by id", &[]).await.unwrap();
    assert_ne!(rows[0].text(0).unwrap(), rows[1].text(0).unwrap());
    let known =
        async |by: &Party, content: &[u8]| house.holdings.held(by, &[digest(content)]).await.unwrap()[0].is_some();
    assert!(known(&mine, &whole).await && known(&hers, &whole).await);
    let secret = content(1_000, 5);
    lin.deposit(&house, &secret, &[]).await;
    assert!(known(&mine, &secret).await && !known(&hers, &secret).await, "what another has is not told");
    // Two of the same at the same moment are one.
    let (a, b) = (content(30_000, 6), digest(&content(30_000, 6)));
    let (one, two) =
        (lin.create(&house, a.len(), &[("sha256", &b)]).await, lin.create(&house, a.len(), &[("sha256", &b)]).await);
    let (one, two) = tokio::join!(lin.patch(&house, &one, 0, a.clone()), lin.patch(&house, &two, 0, a.clone()));
    assert_eq!(text(one.is(204), "upload-holding"), text(two.is(204), "upload-holding"));
}

/// Whether any file below a folder, but the keys, holds these bytes.
fn holds(folder: &Path, needle: &[u8]) -> Option<PathBuf> {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if let Some(found) = holds(&path, needle) {
                return Some(found);
            }
        } else if std::fs::read(&path).unwrap().windows(needle.len()).any(|window| window == needle) {
            return Some(path);
        }
    }
    None
}

#[tokio::test]
async fn the_raw_disk_shows_nothing() {
    let house = house().await;
    let browser = house.person("lin").await;
    let lin = Sender::of(&browser);
    let whole = content(200_000, 7);
    let place = lin.create(&house, whole.len(), &[("sha256", &digest(&whole)), ("filename", "gekkō.tiff")]).await;
    let needles = || {
        let pieces = [0, 1_000, 65_530, 131_000, 150_000, 199_960].map(|at| whole[at..at + 32].to_vec());
        let named = [digest(&whole).into_bytes(), DigestAlgorithm::Sha256.digest(&whole).as_bytes().to_vec()];
        pieces.into_iter().chain(named).chain(["gekkō".as_bytes().to_vec()])
    };
    // The search finds what is there.
    std::fs::write(house.folder.path().join("seen"), &whole[900..1_100]).unwrap();
    assert!(holds(house.folder.path(), &whole[1_000..1_032]).is_some());
    std::fs::remove_file(house.folder.path().join("seen")).unwrap();
    // Half-way, with a rest that fills no chunk; then whole; then beside the file of a salted record that hides it.
    lin.patch(&house, &place, 0, whole[..150_050].to_vec()).await.is(204);
    let nothing = || needles().for_each(|needle| assert_eq!(holds(house.folder.path(), &needle), None));
    nothing();
    let answer = lin.patch(&house, &place, 150_050, whole[150_050..].to_vec()).await;
    let holding = text(answer.is(204), "upload-holding");
    nothing();
    let by = party(&house, &browser).await;
    let entry = record(&house, &by, Mode::Salted, &[("月.tiff", &whole)]).await;
    let attached = [holdings::Attached { place: 0, holding: holding.clone() }];
    let refused = house.holdings.attach_to(&by, &entry, &attached).await;
    assert!(
        matches!(refused, Err(Fault::Refused { code: registry::web::Code::RecordSalted, .. })),
        "the record hides it from the node"
    );
    house.holdings.round(house.node.now()).await.unwrap();
    nothing();
    assert!(house.holdings.of_record(&by, &entry).await.unwrap().is_empty());
    assert!(lin.fetch(&house, &holding, &[]).await.bytes == whole);
}

#[tokio::test]
async fn erasure_takes_the_originals_unless_one_is_held() {
    let house = house().await;
    let (mut browser, operator) = (house.person("lin").await, house.operator().await);
    let lin = Sender::of(&browser);
    let whole = content(90_000, 8);
    let holding = lin.deposit(&house, &whole, &[("filename", "a.jpg")]).await;
    let open = lin.create(&house, 5, &[]).await;
    lin.patch(&house, &open, 0, "abc").await.is(204);
    // All of it stands in what a person gets to read.
    browser.page("/account/privacy").await;
    let exported = browser.post("/account/privacy/export", &[]).await;
    let exported: serde_json::Value = serde_json::from_slice(&exported.is(200).bytes).unwrap();
    let (kept, coming) = (&exported["originals"]["kept"][0], &exported["originals"]["coming"][0]);
    assert_eq!((&kept["name"], &kept["size"]), (&"a.jpg".into(), &90_000.into()));
    assert_eq!((&kept["sha256"], &kept["whole"]), (&digest(&whole).into(), &format!("/holdings/{holding}").into()));
    assert_eq!((&coming["size"], &coming["received"]), (&5.into(), &3.into()));
    let operator = house.me(&operator).await;
    house.holdings.hold_as_operator(&operator, &holding, Some("case 7")).await.unwrap();
    browser.page("/account/privacy").await;
    let asked = browser.post("/account/privacy/erase", &[("mail", "lin@people.example"), ("password", PASSWORD)]).await;
    asked.leads_to("/account/privacy?said=erasure");
    let page = browser.page("/account/privacy").await;
    assert!(page.contains("A hold on a deposited original stands in the way"), "{page}");
    let later = house.node.now().plus_s(8 * 86_400);
    house.accounts.sweep(later).await.unwrap();
    let mut browser = signed_in(&house).await;
    let given = Sender::of(&browser).fetch(&house, &holding, &[]).await;
    assert!(given.is(200).bytes == whole, "a hold beats erasure");
    house.holdings.hold_as_operator(&operator, &holding, None).await.unwrap();
    assert!(!browser.page("/account/privacy").await.contains("A hold on"));
    house.accounts.sweep(later).await.unwrap();
    let rows = house.accounts.db().rows("select key, about, state, why from holding", &[]).await.unwrap();
    assert!(rows[0].bytes(0).is_err() && rows[0].bytes(1).is_err(), "the key went with the person");
    assert_eq!((rows[0].text(2).unwrap(), rows[0].text(3).unwrap()), ("removed", "erased"));
    house.holdings.round(later).await.unwrap();
    assert!(objects(&vault(&house)).is_empty(), "and the bytes after it");
    assert!(house.accounts.db().rows("select 1 from upload", &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_organisation_does_not_end_while_one_of_its_originals_is_held() {
    let house = house().await;
    let (mut lin, operator) = (house.person("lin").await, house.operator().await);
    let operator = house.me(&operator).await;
    let studio = organisation(&mut lin).await;
    let whole = content(20_000, 9);
    let holding = Sender::of(&lin).deposit(&house, &whole, &[("organisation", &studio)]).await;
    house.holdings.hold_as_operator(&operator, &holding, Some("case 8")).await.unwrap();
    let place = format!("/organisations/{studio}");
    lin.page(&place).await;
    let refused = lin.post(&format!("{place}/leave"), &[]).await;
    assert!(refused.body.contains("A hold on a deposited original"), "{} {}", refused.status, refused.body);
    assert!(Sender::of(&lin).fetch(&house, &holding, &[]).await.is(200).bytes == whole, "nothing of it was done");
    house.holdings.hold_as_operator(&operator, &holding, None).await.unwrap();
    lin.post(&format!("{place}/leave"), &[]).await.is(303);
    house.holdings.round(house.node.now()).await.unwrap();
    assert!(objects(&vault(&house)).is_empty());
}

#[tokio::test]
async fn what_changes_hands_must_fit_into_the_others_room() {
    let house = house_taking(small()).await;
    let mut lin = house.person("lin").await;
    let studio = organisation(&mut lin).await;
    let (sender, own) = (Sender::of(&lin), party(&house, &lin).await);
    let me = house.me(&lin).await;
    let to = Party::of(&me, &Owner::Organisation(studio.clone()), &[registry::accounts::organisation::Role::Owner])
        .await
        .unwrap();
    let (first, second) = (content(180_000, 1), content(150_000, 2));
    sender.deposit(&house, &first, &[("organisation", &studio)]).await;
    let holding = sender.deposit(&house, &second, &[]).await;
    let file = |content: &[u8]| DraftFile {
        path: "a.bin".to_owned(),
        size: content.len() as u64,
        digest: digest(content),
        sm3: String::new(),
        is_attached: false,
    };
    let files = [file(&second)];
    assert!(house.holdings.lacking(&to, Some(&own), &files).await.unwrap().is_none(), "it is here and free");
    let refused = house.holdings.hand_over(&own, &to, &files).await;
    let Err(Fault::Refused { code, remedy, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(code, registry::web::Code::Quota);
    assert!(remedy.contains("120") && remedy.contains("300"), "what is left is named: {remedy}");
    // Nothing of it changed: it is the person's, opens with the person's key, and can be handed over later.
    assert_eq!(house.holdings.holding(&own, &holding).await.unwrap().owner, own.owner);
    assert!(house.holdings.holding(&to, &holding).await.is_err());
    assert!(sender.fetch(&house, &holding, &[]).await.is(200).bytes == second);
    let theirs = house.holdings.all(&to, 10).await.unwrap();
    house.holdings.remove(&to, &theirs[0].id).await.unwrap();
    house.holdings.hand_over(&own, &to, &files).await.unwrap();
    assert_eq!(house.holdings.holding(&to, &holding).await.unwrap().owner, to.owner);
    assert!(sender.fetch(&house, &holding, &[]).await.is(200).bytes == second, "its owner is the organisation's too");
}

#[tokio::test]
async fn many_files_are_looked_for_at_once() {
    let house = house().await;
    let browser = house.person("lin").await;
    let (sender, by) = (Sender::of(&browser), party(&house, &browser).await);
    let contents: Vec<Vec<u8>> = (0..450_u64).map(|number| number.to_be_bytes().to_vec()).collect();
    let file = |content: &Vec<u8>| DraftFile {
        path: hex_name(content),
        size: 8,
        digest: digest(content),
        sm3: String::new(),
        is_attached: false,
    };
    let files: Vec<DraftFile> = contents.iter().map(file).collect();
    assert_eq!(house.holdings.lacking(&by, None, &files).await.unwrap().missing.len(), 450);
    // At both ends of every statement, and the same file twice.
    for at in [0, 1, 199, 200, 201, 399, 400, 449] {
        sender.deposit(&house, &contents[at], &[]).await;
    }
    let twice: Vec<DraftFile> = files.iter().chain(&files[..2]).cloned().collect();
    let missing = house.holdings.lacking(&by, None, &twice).await.unwrap().missing;
    assert_eq!(missing.len(), 442);
    for at in [0, 1, 199, 200, 201, 399, 400, 449, 450, 451] {
        assert!(!missing.contains(&at), "{at} is here");
    }
    let digests: Vec<String> = files.iter().map(|file| file.digest.clone()).collect();
    let held = house.holdings.held(&by, &digests).await.unwrap();
    assert_eq!(held.len(), 450);
    assert!(held[200].as_ref().is_some_and(|held| held.about.digest == digests[200]) && held[2].is_none());
    assert!(house.holdings.held(&by, &[]).await.unwrap().is_empty());
}

fn hex_name(content: &[u8]) -> String {
    format!("{}.bin", digest(content))
}
