//! The heart: a draft becomes one record, whatever dies on the way; lists find it; nobody else does.

use super::{house, house_on_postgres};
use proof::crypto::RustCrypto;
use proof::digest::DigestAlgorithm;
use proof::record::{Opened, Part};
use proof::verify::{Context, verify};
use registry::evidence::vocabulary::Both;
use registry::evidence::{Draft, DraftFile, Filter, Mode, Order, Owner, Party, Related, Said, State, Title};
use registry::testing::{Browser, House};
use registry::web::Fault;
use std::collections::HashSet;
use store::faults;

fn digest(text: &str) -> String {
    DigestAlgorithm::Sha256.digest(text.as_bytes()).to_string()
}

fn file(path: &str) -> DraftFile {
    DraftFile { path: path.to_owned(), size: 3, digest: digest(path), sm3: String::new(), is_attached: false }
}

pub(super) fn draft(idem: &str, title: &str) -> Draft {
    Draft {
        idem: idem.to_owned(),
        content: title.to_owned(),
        kind_name: Both::new("摄影", "Photograph"),
        maker: "work",
        origin: "W1".to_owned(),
        kind: "photo".to_owned(),
        mode: Mode::Digest,
        title: Title { title: title.to_owned(), zh: "摄影".to_owned(), en: "Photograph".to_owned() },
        files: vec![file("成片/a.jpg"), file("b.jpg")],
        statements: vec![
            ("summary".to_owned(), Said::Sealed("A harbour at night".to_owned())),
            ("stage".to_owned(), Said::Open("finished".to_owned())),
        ],
        previous: Vec::new(),
        related: Related::Unknown,
        is_free: false,
    }
}

async fn party(house: &House, name: &str) -> Party {
    party_of(house, &house.person(name).await).await
}

pub(super) async fn party_of(house: &House, browser: &Browser<'_>) -> Party {
    let me = house.me(browser).await;
    Party::of(&me, &Owner::Person(me.person.id.clone()), &[]).await.unwrap()
}

fn field(result: Result<registry::evidence::Entry, Fault>) -> String {
    match result {
        Err(Fault::Field { field, what }) => format!("{field}: {what}"),
        other => panic!("{other:?}"),
    }
}

async fn a_record(house: &House) {
    let lin = party(house, "lin").await;
    let entry = house.evidence.preserve(&lin, &draft("k1", "月港 Moon harbour")).await.unwrap();
    assert_eq!((entry.state, entry.files, entry.bytes), (State::Kept, 2, 6));
    let kept = house.evidence.kept(&lin, entry.number).await.unwrap();
    // The token is over the record, and holds under the node's own root.
    let content = [DigestAlgorithm::Sha256.digest(&kept.record.to_canonical_json())];
    let anchors = crate::verification::anchors(&house.node);
    let context = Context { content: &content, anchors: &anchors, ..Context::new(&RustCrypto, house.node.now()) };
    let token = proof::verify::token_der(kept.token.as_deref().unwrap()).unwrap();
    let report = verify(&token, &context);
    assert_eq!(report.verdict, proof::report::Verdict::Valid, "{report:?}");
    // The record names nobody; its openings do.
    let text = String::from_utf8(kept.record.to_canonical_json()).unwrap();
    for secret in ["lin", "月港", "a.jpg", "harbour", &digest("b.jpg")] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert_eq!(kept.record.files, kept.files.head());
    let opened = kept.openings.check(&kept.record, &kept.files);
    assert!(opened.iter().all(|one| matches!(one, Opened::Text(..))) && opened.len() == 5, "{opened:?}");
    assert_eq!((kept.said("summary"), kept.said("stage")), (Some("A harbour at night"), Some("finished")));
    assert_eq!(kept.names(), ["成片/a.jpg", "b.jpg"]);
    let shown = kept.disclosure(1, &[Part::Applicant]).unwrap();
    assert!(shown.check().is_in_record && shown.name().as_deref() == Some("b.jpg"));
    let text = String::from_utf8(shown.to_canonical_json()).unwrap();
    assert!(!text.contains("a.jpg") && !text.contains("harbour") && text.contains("lin"));
    // The same key and content: the same record. Another content: refused.
    let again = house.evidence.preserve(&lin, &draft("k1", "月港 Moon harbour")).await.unwrap();
    assert_eq!(again, entry);
    let other = house.evidence.preserve(&lin, &draft("k1", "Other")).await;
    assert!(field(other).starts_with("idempotency_key: "));
    // It stands in the trail, once; and nobody else finds it.
    let trail = house.accounts.trail(&lin.owner.scope(), 1, i64::MAX).await.unwrap();
    let object = format!("record/{}", entry.number);
    assert_eq!(trail.iter().filter(|line| line.contains(&object) && line.contains("\"preserved\"")).count(), 1);
    let mei = party(house, "mei").await;
    assert!(matches!(house.evidence.kept(&mei, entry.number).await, Err(Fault::NotFound)));
    assert!(house.evidence.list(&mei, &Filter::default()).await.unwrap().entries.is_empty());
    let own = house.evidence.preserve(&mei, &draft("k1", "Other")).await.unwrap();
    assert_ne!(own.number, entry.number);
    let earliest = house.evidence.earliest(&lin, &[digest("b.jpg")]).await.unwrap();
    assert_eq!(earliest.map(|entry| entry.number), Some(entry.number));
}

#[tokio::test]
async fn a_draft_becomes_a_record_on_sqlite() {
    a_record(&house().await).await;
}

#[tokio::test]
async fn a_draft_becomes_a_record_on_postgresql() {
    a_record(&house_on_postgres().await).await;
}

#[tokio::test]
async fn a_draft_that_cannot_be_a_record_leaves_nothing() {
    let house = house().await;
    let lin = party(&house, "lin").await;
    let before = house.node.log_size();
    type Change = fn(&mut Draft);
    let wrong: [(&str, Change); 16] = [
        ("title", |d| d.title.title = " ".to_owned()),
        ("title", |d| d.title.title = "x".repeat(201)),
        ("title", |d| d.title.title = "a\u{1b}b".to_owned()),
        ("files", |d| d.files.clear()),
        ("files", |d| d.files.iter_mut().for_each(|file| file.is_attached = true)),
        ("files", |d| d.files[1].path = d.files[0].path.clone()),
        ("files", |d| d.files[0].path = "../a".to_owned()),
        ("files", |d| d.files[0].path = "/etc/passwd".to_owned()),
        ("files", |d| d.files[0].path = "a\nb".to_owned()),
        ("files", |d| d.files[0].path = "x".repeat(1025)),
        ("files", |d| d.files[0].digest = "AB".repeat(32)),
        ("files", |d| d.files[0].size = 1 << 53),
        ("files", |d| d.files = (0..10_001).map(|i| file(&i.to_string())).collect()),
        ("idempotency_key", |d| d.idem = "a b".to_owned()),
        ("statements", |d| d.statements[0].1 = Said::Sealed("x".repeat(10_001))),
        ("statements", |d| d.statements[0].0 = "Not A Name".to_owned()),
    ];
    for (name, change) in wrong {
        let mut draft = draft("k", "月港");
        change(&mut draft);
        let said = field(house.evidence.preserve(&lin, &draft).await);
        assert!(said.starts_with(&format!("{name}: ")), "{name}: {said}");
    }
    assert!(house.evidence.list(&lin, &Filter::default()).await.unwrap().entries.is_empty());
    assert_eq!(house.node.log_size(), before);
    // Every other kind of name is kept as it is.
    let names =
        ["\u{202e}gpj.exe", "<script>alert(1)</script>", "a\\b", "né 月.txt", "CON", "%2e%2e", "a'\"&.jpg", "🜁"];
    let files = names.iter().map(|name| file(name)).collect();
    let entry = house.evidence.preserve(&lin, &Draft { files, ..draft("names", "Names") }).await.unwrap();
    assert_eq!(house.evidence.kept(&lin, entry.number).await.unwrap().names(), names);
}

/// What the program dies at, and whether the commit came through.
async fn dies(house: &House, statement: &'static str, fault: faults::Fault) {
    let lin = party(house, &format!("lin{}", house.node.log_size())).await;
    let made = draft("k", "月港");
    house.accounts.db().faults().plan(statement, fault);
    let first = house.evidence.preserve(&lin, &made).await;
    assert!(first.is_err(), "{statement} {fault:?}");
    // After the restart the sweeper ends what was confirmed; what was not is not there.
    let later = house.node.now().plus_s(60);
    assert_eq!(house.evidence.round(later).await.unwrap(), 0);
    let listed = house.evidence.list(&lin, &Filter::default()).await.unwrap();
    let is_reserved = !statement.contains("insert into record ") || fault == faults::Fault::UnknownWritten;
    assert_eq!(listed.entries.len(), usize::from(is_reserved), "{statement} {fault:?}");
    assert!(listed.entries.iter().all(|entry| entry.state == State::Kept));
    // Whoever sends it again gets that record, or the first.
    let again = house.evidence.preserve(&lin, &made).await.unwrap();
    assert_eq!(again.state, State::Kept);
    assert!(listed.entries.iter().all(|entry| entry.number == again.number));
    assert_eq!(house.evidence.list(&lin, &Filter::default()).await.unwrap().entries.len(), 1);
    let trail = house.accounts.trail(&lin.owner.scope(), 1, i64::MAX).await.unwrap();
    assert_eq!(trail.iter().filter(|line| line.contains("\"preserved\"")).count(), 1, "{statement} {fault:?}");
}

async fn every_death(house: &House) {
    use faults::Fault::{Refused, UnknownNotWritten, UnknownWritten};
    for fault in [Refused, UnknownNotWritten, UnknownWritten] {
        for statement in ["insert into record ", "update record set state = 'kept'"] {
            dies(house, statement, fault).await;
        }
    }
}

#[tokio::test]
async fn whatever_dies_a_confirmed_draft_becomes_one_record_on_sqlite() {
    every_death(&house().await).await;
}

#[tokio::test]
async fn whatever_dies_a_confirmed_draft_becomes_one_record_on_postgresql() {
    every_death(&house_on_postgres().await).await;
}

async fn sent_at_once(house: &House) {
    let lin = party(house, "lin").await;
    let made = draft("k", "月港");
    let one = async || house.evidence.preserve(&lin, &made).await.unwrap().number;
    let (a, b, c, d) = tokio::join!(one(), one(), one(), one());
    assert_eq!(HashSet::from([a, b, c, d]).len(), 1);
    // Other content under the same key at the same time: one of them is refused.
    let (first, second) = (draft("k2", "One"), draft("k2", "Two"));
    let (first, second) = tokio::join!(house.evidence.preserve(&lin, &first), house.evidence.preserve(&lin, &second));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    assert!(field(first.and(second)).starts_with("idempotency_key"));
    assert_eq!(house.evidence.list(&lin, &Filter::default()).await.unwrap().entries.len(), 2);
}

#[tokio::test]
async fn sent_four_times_at_once_it_is_one_record_on_sqlite() {
    sent_at_once(&house().await).await;
}

#[tokio::test]
async fn sent_four_times_at_once_it_is_one_record_on_postgresql() {
    sent_at_once(&house_on_postgres().await).await;
}

async fn lists(house: &House) {
    let mut lin = party(house, "lin").await;
    let titles = ["月港", "月港之夜", "夜航 Night passage", "Ｎｉｇｈｔ Café", "港口与月亮", "<b>x</b>"];
    for (i, title) in titles.iter().enumerate() {
        let kind = if i < 3 { "photo" } else { "video" };
        let files = vec![file(&format!("no-{i}.jpg"))];
        let made = Draft { kind: kind.to_owned(), files, ..draft(&format!("k{i}"), title) };
        lin.now = lin.now.plus_s(1);
        house.evidence.preserve(&lin, &made).await.unwrap();
    }
    let find = async |filter: Filter| {
        let listed = house.evidence.list(&lin, &filter).await.unwrap();
        listed.entries.into_iter().map(|entry| entry.title.unwrap().title).collect::<Vec<_>>()
    };
    let words = async |query: &str| find(Filter { query: query.to_owned(), ..Filter::default() }).await;
    assert_eq!(words("月港").await, ["月港之夜", "月港"]);
    assert_eq!(words("月").await, ["港口与月亮", "月港之夜", "月港"]);
    assert_eq!(words("night").await, ["Ｎｉｇｈｔ Café", "夜航 Night passage"]);
    assert_eq!(words("夜 NIGHT").await, ["夜航 Night passage"]);
    assert_eq!(words("<b>").await, ["<b>x</b>"]);
    assert_eq!(words("no-4").await, ["港口与月亮"]);
    assert_eq!(words("%").await, Vec::<String>::new());
    assert_eq!(words("港月").await, Vec::<String>::new());
    assert_eq!(words(&digest("no-2.jpg")[..9]).await, ["夜航 Night passage"]);
    assert_eq!(words(&digest("no-2.jpg").to_uppercase()).await, ["夜航 Night passage"]);
    let oldest = Filter { order: Order::Oldest, kind: "video".to_owned(), ..Filter::default() };
    assert_eq!(find(oldest).await, titles[3..]);
    let by_title = Filter { order: Order::Title, kind: "photo".to_owned(), ..Filter::default() };
    assert_eq!(find(by_title).await, ["夜航 Night passage", "月港", "月港之夜"]);
    let state = |state| Filter { state: Some(state), ..Filter::default() };
    assert_eq!(find(state(State::Kept)).await.len(), 6);
    assert_eq!(find(state(State::Waiting)).await.len(), 0);
    let listed = house.evidence.list(&lin, &Filter::default()).await.unwrap();
    assert_eq!((listed.count, listed.next), (Some((6, 6)), None));
    let number = listed.entries[0].number.to_string().to_lowercase();
    assert_eq!(words(&number).await, ["<b>x</b>"]);
}

#[tokio::test]
async fn lists_find_what_is_asked_for_on_sqlite() {
    lists(&house().await).await;
}

#[tokio::test]
async fn lists_find_what_is_asked_for_on_postgresql() {
    lists(&house_on_postgres().await).await;
}

#[tokio::test]
async fn a_list_is_paged_without_gaps() {
    let house = house().await;
    let lin = party(&house, "lin").await;
    for i in 0..120 {
        house.evidence.preserve(&lin, &draft(&format!("k{i}"), &format!("月 {i:03}"))).await.unwrap();
    }
    for order in Order::ALL {
        for query in ["", "月", "月 1"] {
            let mut filter = Filter { order, query: query.to_owned(), ..Filter::default() };
            let mut seen = Vec::new();
            loop {
                let listed = house.evidence.list(&lin, &filter).await.unwrap();
                seen.extend(listed.entries.iter().map(|entry| entry.id));
                filter.after = listed.next;
                if listed.next.is_none() {
                    break;
                }
            }
            let different: HashSet<i64> = seen.iter().copied().collect();
            let expected =
                if query != "月 1" { 120 } else { (0..120).filter(|i| format!("{i:03}").contains('1')).count() };
            assert_eq!((seen.len(), different.len()), (expected, expected), "{order:?} {query}");
        }
    }
}

#[tokio::test]
async fn an_erased_owner_leaves_the_proof_and_no_name() {
    let house = house().await;
    let mut browser = house.person("lin").await;
    let me = house.me(&browser).await;
    let lin = Party::of(&me, &Owner::Person(me.person.id.clone()), &[]).await.unwrap();
    let entry = house.evidence.preserve(&lin, &draft("k", "月港")).await.unwrap();
    let export = browser.post("/account/privacy/export", &[]).await;
    assert!(export.is(200).body.contains(&entry.number.to_string()) && export.body.contains("月港"));
    browser.page("/account/privacy").await;
    browser.post("/account/privacy/erase", &[("mail", "lin@people.example")]).await;
    house.accounts.sweep(house.node.now().plus_s(8 * 86_400)).await.unwrap();
    assert!(house.accounts.person(&me.person.id).await.unwrap().is_none());
    let sql = "select r.title is null, c.openings is null, c.token from record r join record_content c on c.id = r.id";
    let rows = house.accounts.db().rows(sql, &[]).await.unwrap();
    assert_eq!((rows.len(), rows[0].int(0), rows[0].int(1)), (1, Ok(1), Ok(1)));
    assert!(proof::verify::token_der(rows[0].bytes(2).unwrap()).is_ok());
    // Nothing of it can be guessed from what is left: the key's and the content's digests are keyed.
    let rows = house.accounts.db().rows("select idem, draft from record", &[]).await.unwrap();
    for plain in ["月港", "k"] {
        assert!(rows[0].text(0).unwrap() != digest(plain) && rows[0].text(1).unwrap() != digest(plain));
        assert!(rows[0].text(0).unwrap() != plain && rows[0].text(1).unwrap() != plain);
    }
}

#[tokio::test]
async fn the_operator_sets_types_tags_and_templates() {
    let house = house().await;
    let mut operator = house.operator().await;
    let version =
        |page: &str| page.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(operator.page("/operator/words").await.contains("Shooting"));
    let place = "/operator/words/types/new";
    let shown = version(&operator.page(place).await);
    let fields = |id: &'static str, stages: &'static str| {
        [("id", id), ("zh", "陶艺"), ("en", "Pottery"), ("stages", stages), ("caution", "none")]
    };
    let with = |fields: &[(&'static str, &'static str)], version: &str| {
        let mut all: Vec<(String, String)> = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        all.push(("version".to_owned(), version.to_owned()));
        all
    };
    let stages = "throw | 拉坯 | Throwing | 草图 | Sketches\nfire | 烧成 | Firing";
    for (id, stages) in [("Pottery", stages), ("video", stages), ("pottery", "only"), ("pottery", "a b | 甲 | A")] {
        let fields = with(&fields(id, stages), &shown);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        operator.post(place, &fields).await.is(422);
    }
    let good = with(&fields("pottery", stages), &shown);
    let good: Vec<(&str, &str)> = good.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    operator.post(place, &good).await.leads_to("/operator/words?said=done");
    let words = house.evidence.vocabularies().now();
    assert_eq!(words.kind("pottery").unwrap().stages[1].name.en, "Firing");
    // What was changed meanwhile is not overwritten; a type is switched off, never removed.
    operator.post(place, &good).await.is(422);
    let one = "/operator/words/types/pottery";
    let shown = version(&operator.page(one).await);
    let off = [("version", shown.as_str()), ("zh", "陶艺"), ("en", "Pottery"), ("stages", stages), ("off", "on")];
    operator.post(one, &off).await.leads_to("/operator/words?said=done");
    assert!(house.evidence.vocabularies().now().kind("pottery").unwrap().is_off);
    for (part, name, value) in [("tags", "fields", "国家 | Country"), ("templates", "text_zh", "本人声明")] {
        let place = format!("/operator/words/{part}/new");
        let shown = version(&operator.page(&place).await);
        let fields = [
            ("version", shown.as_str()),
            ("id", "own"),
            ("zh", "自定"),
            ("en", "Own"),
            (name, value),
            ("text_en", "I state"),
        ];
        operator.post(&place, &fields).await.leads_to("/operator/words?said=done");
        operator.page(&format!("/operator/words/{part}/own")).await;
    }
    operator.get("/operator/words/tags/nothing").await.is(404);
    operator.get("/operator/words/nothing/new").await.is(404);
}

#[tokio::test]
async fn what_is_confirmed_while_the_clock_fails_waits_and_is_stamped_later() {
    let house = house().await;
    let mut browser = house.person("lin").await;
    let me = house.me(&browser).await;
    let lin = Party::of(&me, &Owner::Person(me.person.id.clone()), &[]).await.unwrap();
    house.clock.set_failing(true);
    let entry = house.evidence.preserve(&lin, &draft("k", "Moon harbour")).await.unwrap();
    assert_eq!((entry.state, entry.time), (State::Waiting, None));
    let place = format!("/records/{}", entry.number);
    let page = browser.page(&place).await;
    assert!(
        page.contains("Waits for its stamp") && page.contains("will not be lost") && !page.contains("existed no later")
    );
    browser.get(&format!("{place}/take/record.tsr")).await.is(404);
    assert_eq!(house.evidence.round(house.node.now().plus_s(60)).await.unwrap(), 1);
    let before = house.node.now();
    house.clock.set_failing(false);
    assert_eq!(house.evidence.round(house.node.now().plus_s(60)).await.unwrap(), 0);
    let kept = house.evidence.kept(&lin, entry.number).await.unwrap();
    assert!(kept.entry.state == State::Kept && kept.entry.time.unwrap() >= before.truncate_to_millisecond());
    assert!(browser.page(&place).await.contains("existed no later than"));
    browser.get(&format!("{place}/take/record.tsr")).await.is(200);
}

#[tokio::test]
async fn records_are_found_shown_and_taken_away() {
    let house = house().await;
    let mut browser = house.person("lin").await;
    let me = house.me(&browser).await;
    let lin = Party::of(&me, &Owner::Person(me.person.id.clone()), &[]).await.unwrap();
    assert!(browser.page("/records").await.contains("There are no records yet"));
    let entry = house.evidence.preserve(&lin, &draft("k", "<i>Moon</i> 月港")).await.unwrap();
    let number = entry.number.to_string();
    for query in ["月港", "moon", &number, &digest("b.jpg")[..8]] {
        assert!(
            browser
                .page(&format!("/records?q={}", query.replace('月', "%E6%9C%88").replace('港', "%E6%B8%AF")))
                .await
                .contains(&number),
            "{query}"
        );
    }
    for none in ["?q=zzz", "?type=video", "?state=asked", "?order=oldest&after=9223372036854775807", "?state=%27%22"] {
        let page = browser.page(&format!("/records{none}")).await;
        assert_eq!(page.contains(&number), none == "?state=%27%22", "{none}");
    }
    let page = browser.page(&format!("/records/{number}?said=kept")).await;
    assert!(page.contains("&lt;i&gt;Moon") && !page.contains("<i>Moon"));
    for (name, kind) in [
        ("record.json", "application/json"),
        ("record.tsr", "application/timestamp-reply"),
        ("files.json", "application/json"),
        ("openings.json", "application/json"),
    ] {
        let answer = browser.get(&format!("/records/{number}/take/{name}")).await;
        assert_eq!(answer.is(200).headers["content-type"], kind);
        let place = answer.headers["content-disposition"].to_str().unwrap();
        assert_eq!(place, format!("attachment; filename=\"{number}.{name}\""));
    }
    browser.get(&format!("/records/{number}/take/other")).await.is(404);
    browser.page(&format!("/records/{number}/files")).await;
    browser.page(&format!("/records/{number}/files/1")).await;
    for none in ["2", "-1", "x", "99999999999999999999"] {
        browser.get(&format!("/records/{number}/files/{none}")).await.is(404);
    }
    let shown = browser.post(&format!("/records/{number}/files/1"), &[("open", "title"), ("open", "nothing")]).await;
    let shown = proof::record::Disclosure::parse(shown.is(200).body.as_bytes()).unwrap();
    assert_eq!((shown.name().as_deref(), shown.check().opened.len()), (Some("b.jpg"), 2));
    // What was taken is in the trail.
    let trail = house.accounts.trail(&lin.owner.scope(), 1, i64::MAX).await.unwrap();
    assert_eq!(trail.iter().filter(|line| line.contains("\"downloaded\"")).count(), 5);
    // A number with a wrong letter, another's number.
    let wrong = number.replace("SY-", "SY-0").replacen('-', "", 1);
    browser.get(&format!("/records/{wrong}")).await.is(404);
    let mut mei = house.person("mei").await;
    for path in ["", "/files", "/files/0", "/take/record.json"] {
        mei.get(&format!("/records/{number}{path}")).await.is(404);
    }
    assert!(!mei.page(&format!("/records?q={number}")).await.contains("class=\"title\""));
}
