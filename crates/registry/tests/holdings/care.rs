//! Years in a place: checks, repairs, lost places and keys, terms, holds, removal.

use super::*;
use registry::accounts::audit::Scope;
use registry::holdings::{Attached, Care, Outcome, State, Why};
use store::{Location, Value};

pub(super) const DAY_S: i64 = 86_400;

/// An original in two places, beside the file of a record.
pub(super) struct Kept {
    pub(super) places: tempfile::TempDir,
    pub(super) house: House,
    pub(super) by: Party,
    pub(super) lin: Sender,
    pub(super) entry: Entry,
    pub(super) holding: String,
    pub(super) whole: Vec<u8>,
}

impl Kept {
    pub(super) async fn new(deposits: holdings::Settings, database: Option<Location>) -> Self {
        let places = tempfile::tempdir().unwrap();
        let (first, second) = (places.path().join("first"), places.path().join("second"));
        let storage = Storage { database, ..storage(&[("first", &first), ("second", &second)]) };
        let settings = Settings { paper_days: 30, ..Settings::default() };
        let house = House::depositing(ROOMS, storage, settings, deposits).await;
        let browser = house.person("lin").await;
        let (by, lin) = (party(&house, &browser).await, Sender::of(&browser));
        let whole = content(700_000, 1);
        let holding = lin.deposit(&house, &whole, &[("filename", "a.jpg")]).await;
        let entry = record(&house, &by, Mode::Digest, &[("a.jpg", &whole)]).await;
        house.holdings.attach_to(&by, &entry, &[Attached { place: 0, holding: holding.clone() }]).await.unwrap();
        house.holdings.round(house.node.now()).await.unwrap();
        Self { places, house, by, lin, entry, holding, whole }
    }

    pub(super) fn place(&self, name: &str) -> std::path::PathBuf {
        self.places.path().join(name)
    }

    pub(super) fn file(&self, name: &str) -> std::path::PathBuf {
        objects(&self.place(name)).remove(0)
    }

    pub(super) async fn care(&self) -> Care {
        self.house.holdings.of_record(&self.by, &self.entry).await.unwrap().remove(0)
    }

    pub(super) async fn states(&self) -> Vec<Outcome> {
        self.care().await.copies.iter().map(|copy| copy.state).collect()
    }

    /// So many days from now, everything is done that is due.
    pub(super) async fn after(&self, days: i64) {
        self.house.holdings.round(self.house.node.now().plus_s(days * DAY_S)).await.unwrap();
    }

    async fn outcomes(&self) -> Vec<&'static str> {
        let checks = self.house.holdings.checks(&self.by, &self.holding).await.unwrap();
        checks.iter().map(|check| check.outcome.name()).collect()
    }

    async fn execute(&self, sql: &'static str, values: &[Value]) {
        self.house.accounts.db().execute(sql, values).await.unwrap();
    }
}

pub(super) fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

async fn every_copy(kept: Kept) {
    assert_eq!(kept.states().await, [Outcome::Made, Outcome::Made]);
    let good = std::fs::read(kept.file("first")).unwrap();
    assert!(good == std::fs::read(kept.file("second")).unwrap());
    kept.after(20).await;
    assert_eq!(kept.outcomes().await, ["made"], "not before it is due");
    kept.after(31).await;
    assert_eq!(kept.states().await, [Outcome::Good, Outcome::Good]);
    let mut days = 31;
    for place in ["first", "second"] {
        for at in [0, 31, 32, 65_600, good.len() / 2, good.len() - 1] {
            flip(&kept.file(place), at);
            days += 31;
            kept.after(days).await;
            assert!(std::fs::read(kept.file(place)).unwrap() == good, "{place} at {at}");
            let outcomes = kept.outcomes().await;
            assert!(outcomes[..3].contains(&"repaired") && outcomes[..3].contains(&"damaged"), "{outcomes:?}");
        }
        std::fs::write(kept.file(place), &good[..good.len() - 1]).unwrap();
        days += 31;
        kept.after(days).await;
        std::fs::remove_file(kept.file(place)).unwrap();
        days += 31;
        kept.after(days).await;
        assert!(std::fs::read(kept.file(place)).unwrap() == good, "{place} was cut short, then gone");
    }
    assert_eq!(kept.house.holdings.figures().repaired, 16);
    assert_eq!((kept.house.holdings.figures().bad, kept.house.holdings.figures().short), (0, 0));
    assert!(kept.lin.fetch(&kept.house, &kept.holding, &[]).await.is(200).bytes == kept.whole);
    // What was damaged is set aside, and goes when the original goes.
    assert!(kept.place("first").join("aside").read_dir().unwrap().count() >= 7);
    kept.house.holdings.remove(&kept.by, &kept.holding).await.unwrap();
    kept.after(days).await;
    assert!(objects(&kept.place("first")).is_empty() && objects(&kept.place("second")).is_empty());
    assert_eq!(kept.place("first").join("aside").read_dir().map_or(0, Iterator::count), 0);
}

#[tokio::test]
async fn every_copy_is_checked_in_time_and_a_flipped_bit_is_mended_in_each() {
    every_copy(Kept::new(DEPOSITS, None).await).await;
}

#[tokio::test]
async fn every_copy_is_checked_in_time_and_a_flipped_bit_is_mended_in_each_on_postgresql() {
    every_copy(Kept::new(DEPOSITS, Some(store::testing::postgres())).await).await;
}

#[tokio::test]
async fn a_place_that_is_away_is_not_missing_and_a_lost_one_is_made_anew() {
    let kept = Kept::new(DEPOSITS, None).await;
    let away = kept.places.path().join("away");
    std::fs::rename(kept.place("second"), &away).unwrap();
    kept.after(31).await;
    assert_eq!(kept.states().await, [Outcome::Good, Outcome::Unreachable]);
    assert!(!kept.place("second").exists(), "nothing is written where the place is not");
    assert_eq!((kept.house.holdings.figures().unreachable, kept.house.holdings.figures().bad), (1, 0));
    assert_eq!(kept.care().await.holding.state, State::Kept);
    // It comes back as it was.
    std::fs::rename(&away, kept.place("second")).unwrap();
    kept.after(32).await;
    assert_eq!(kept.states().await, [Outcome::Good, Outcome::Good]);
    // The first place away: what is kept is still given.
    std::fs::rename(kept.place("first"), &away).unwrap();
    assert!(kept.lin.fetch(&kept.house, &kept.holding, &[]).await.is(200).bytes == kept.whole);
    let answer = kept.lin.tus(&kept.house, "POST", "/uploads", &[("upload-length", "1")], Body::empty()).await;
    let place = text(answer.is(201), "location");
    let answer = kept.lin.patch(&kept.house, &place, 0, "a").await;
    assert_eq!(code(answer.is(503)), "storage-away");
    // Lost for good: an empty disk in its stead takes the copies anew, when the operator says so.
    std::fs::create_dir(kept.place("first")).unwrap();
    kept.after(64).await;
    assert_eq!(kept.states().await[0], Outcome::Unreachable, "an empty mount point is no empty place");
    kept.house.holdings.take_anew("first").await.unwrap();
    kept.after(65).await;
    assert_eq!(kept.states().await, [Outcome::Repaired, Outcome::Good]);
    assert!(std::fs::read(kept.file("first")).unwrap() == std::fs::read(kept.file("second")).unwrap());
}

#[tokio::test]
async fn a_lost_key_leaves_the_bytes_checked_and_says_so() {
    let kept = Kept::new(DEPOSITS, None).await;
    kept.execute("update holding set key = $1", &[vec![1_u8; 61].into()]).await;
    kept.after(31).await;
    assert_eq!(kept.states().await, [Outcome::Same, Outcome::Same]);
    let checks = kept.house.holdings.checks(&kept.by, &kept.holding).await.unwrap();
    assert!(checks[0].detail.contains("key"), "{checks:?}");
    let answer = kept.lin.fetch(&kept.house, &kept.holding, &[]).await;
    assert!(!answer.is(500).body.contains("key of object"), "the cause is for the operator");
    flip(&kept.file("first"), 100_000);
    kept.after(62).await;
    assert_eq!(kept.states().await, [Outcome::Repaired, Outcome::Same], "it is mended without any key");
}

#[tokio::test]
async fn good_is_what_the_record_names() {
    let kept = Kept::new(DEPOSITS, None).await;
    // Somebody writes other content into every copy and into the row of the holding.
    let rows =
        kept.house.accounts.db().rows("select object, key, stored_digest, about from holding", &[]).await.unwrap();
    let other = kept.lin.deposit(&kept.house, &content(700_000, 9), &[]).await;
    kept.execute("update holding set loose_until_s = null", &[]).await;
    kept.after(0).await;
    kept.execute(
        "update holding set object = (select object from holding o where o.id = $2), \
         key = (select key from holding o where o.id = $2), \
         stored_digest = (select stored_digest from holding o where o.id = $2) where id = $1",
        &[kept.holding.as_str().into(), other.as_str().into()],
    )
    .await;
    kept.after(31).await;
    assert_eq!(kept.states().await, [Outcome::Wrong, Outcome::Wrong], "the record says otherwise");
    assert_eq!(kept.care().await.holding.state, State::Lost);
    // Back as it was; now a record that is not what was stamped names nothing.
    kept.execute(
        "update holding set object = $2, key = $3, stored_digest = $4 where id = $1",
        &[
            kept.holding.as_str().into(),
            rows[0].text(0).unwrap().into(),
            rows[0].bytes(1).unwrap().into(),
            rows[0].bytes(2).unwrap().into(),
        ],
    )
    .await;
    kept.after(62).await;
    assert_eq!(kept.states().await, [Outcome::Good, Outcome::Good]);
    let files = kept.house.accounts.db().rows("select files from record_content", &[]).await.unwrap();
    let changed =
        String::from_utf8(files[0].bytes(0).unwrap().to_vec()).unwrap().replace(&digest(&kept.whole), &digest(b""));
    kept.execute("update record_content set files = $1", &[changed.into_bytes().into()]).await;
    kept.after(93).await;
    assert_eq!(kept.states().await, [Outcome::Same, Outcome::Same]);
    let checks = kept.house.holdings.checks(&kept.by, &kept.holding).await.unwrap();
    assert!(checks[0].detail.contains("record"), "{checks:?}");
}

#[tokio::test]
async fn only_the_right_original_stands_beside_a_file() {
    let kept = Kept::new(DEPOSITS, None).await;
    let other = kept.lin.deposit(&kept.house, &content(700_000, 2), &[]).await;
    let attach = async |holding: &str, place| {
        kept.house.holdings.attach_to(&kept.by, &kept.entry, &[Attached { place, holding: holding.to_owned() }]).await
    };
    assert!(attach(&other, 0).await.is_err(), "other content");
    assert!(attach(&kept.holding, 1).await.is_err(), "no such file");
    let mei = house_person(&kept.house, "mei").await;
    let theirs = mei.deposit(&kept.house, &kept.whole, &[]).await;
    assert!(attach(&theirs, 0).await.is_err(), "another's");
    attach(&kept.holding, 0).await.unwrap();
    assert_eq!(kept.house.holdings.of_record(&kept.by, &kept.entry).await.unwrap().len(), 1, "twice is once");
    assert_eq!(kept.house.holdings.records_of(&kept.by, &kept.holding).await.unwrap(), [kept.entry.number.to_string()]);
}

async fn house_person(house: &House, name: &str) -> Sender {
    Sender::of(&house.person(name).await)
}

async fn a_term(kept: Kept) {
    let house = &kept.house;
    let now = house.node.now();
    let until = kept.care().await.holding.until.unwrap();
    assert!((until.unix_s() - now.unix_s() - 31_557_600).abs() < 60, "a year, told before and after");
    assert_eq!(house.holdings.settings().until(now).unwrap().unix_s(), now.unix_s() + 31_557_600);
    let at = async |days_before: i64| {
        house.holdings.round(until.plus_s(-days_before * DAY_S)).await.unwrap();
        house
            .accounts
            .waiting_mail()
            .await
            .unwrap()
            .iter()
            .filter(|mail| mail.letter.subject.contains("Originals"))
            .count()
    };
    let mut mails = Vec::new();
    for days in [100, 90, 89, 31, 30, 29, 8, 7, 6, 1] {
        mails.push(at(days).await);
    }
    assert_eq!(mails, [0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
    let mail = house.mail("lin@people.example").await;
    let day: String = until.to_string().chars().take(10).collect();
    assert!(mail.subject.contains(&day) && mail.text.contains("stay valid"), "{mail:?}");
    assert!(kept.lin.fetch(house, &kept.holding, &[]).await.is(200).bytes == kept.whole);
    at(-1).await;
    kept.lin.fetch(house, &kept.holding, &[]).await.is(404);
    let care = kept.care().await;
    assert_eq!((care.holding.state, care.holding.ended.unwrap().0), (State::Removed, Why::Term));
    house.holdings.round(until.plus_s(2 * DAY_S)).await.unwrap();
    assert!(objects(&kept.place("first")).is_empty() && objects(&kept.place("second")).is_empty());
    assert!(house.evidence.kept(&kept.by, kept.entry.number).await.unwrap().token.is_some(), "the record stays");
}

#[tokio::test]
async fn a_term_is_told_reminded_of_and_ends() {
    a_term(Kept::new(holdings::Settings { retention_years: Some(1), ..DEPOSITS }, None).await).await;
}

#[tokio::test]
async fn a_term_is_told_reminded_of_and_ends_on_postgresql() {
    a_term(
        Kept::new(holdings::Settings { retention_years: Some(1), ..DEPOSITS }, Some(store::testing::postgres())).await,
    )
    .await;
}

#[tokio::test]
async fn nothing_ends_without_its_last_reminder_a_week_before() {
    let kept = Kept::new(holdings::Settings { retention_years: Some(1), ..DEPOSITS }, None).await;
    let until = kept.care().await.holding.until.unwrap();
    // The node was down for a year and more.
    kept.house.holdings.round(until.plus_s(30 * DAY_S)).await.unwrap();
    let longer = kept.care().await.holding;
    assert_eq!((longer.state, longer.until.unwrap()), (State::Kept, until.plus_s(37 * DAY_S)));
    kept.house.holdings.round(until.plus_s(36 * DAY_S)).await.unwrap();
    assert_eq!(kept.care().await.holding.state, State::Kept);
    kept.house.holdings.round(until.plus_s(38 * DAY_S)).await.unwrap();
    assert_eq!(kept.care().await.holding.state, State::Removed);
}

async fn a_hold(kept: Kept) {
    let house = &kept.house;
    let operator = house.operator().await;
    let operator = house.me(&operator).await;
    let until = kept.care().await.holding.until.unwrap();
    house.holdings.hold(&kept.by, &kept.holding, "a dispute").await.unwrap();
    house.holdings.hold_as_operator(&operator, &kept.holding, Some("case 7")).await.unwrap();
    let holds: Vec<String> = kept.care().await.holds.into_iter().map(|hold| hold.reason).collect();
    assert_eq!(holds.len(), 2);
    assert!(holds.contains(&"a dispute".to_owned()) && holds.contains(&"case 7".to_owned()));
    let refused = async || match house.holdings.remove(&kept.by, &kept.holding).await {
        Err(registry::web::Fault::Refused { code, .. }) => code == registry::web::Code::Held,
        other => panic!("{other:?}"),
    };
    assert!(refused().await);
    for days in [0, 40, 400] {
        house.holdings.round(until.plus_s(days * DAY_S)).await.unwrap();
    }
    assert_eq!(kept.care().await.holding.state, State::Kept, "its term is over, and it is held");
    // The owner lifts the own hold, and not the operator's.
    house.holdings.release(&kept.by, &kept.holding).await.unwrap();
    assert!(house.holdings.release(&kept.by, &kept.holding).await.is_err());
    assert!(refused().await);
    house.holdings.hold_as_operator(&operator, &kept.holding, None).await.unwrap();
    house.holdings.remove(&kept.by, &kept.holding).await.unwrap();
    assert!(house.holdings.remove(&kept.by, &kept.holding).await.is_err());
    kept.lin.fetch(house, &kept.holding, &[]).await.is(404);
    let care = kept.care().await;
    assert_eq!((care.holding.state, care.holding.ended.unwrap().0), (State::Removed, Why::Owner));
    house.holdings.round(house.node.now()).await.unwrap();
    assert!(objects(&kept.place("first")).is_empty());
    // The trail says all of it, and the operator's hold is in the node's.
    let trail = async |scope: &Scope| house.accounts.trail(scope, 1, i64::MAX).await.unwrap().join("\n");
    let own = trail(&kept.by.owner.scope()).await;
    for act in ["deposited", "original-held", "original-released", "original-removed"] {
        assert!(own.contains(&format!("\"act\":\"{act}\"")), "{act}: {own}");
    }
    assert!(trail(&Scope::Node).await.contains("original-held"));
    // Deposited again, it is a new one.
    assert_ne!(kept.lin.deposit(house, &kept.whole, &[]).await, kept.holding);
}

#[tokio::test]
async fn a_hold_stops_every_removal() {
    a_hold(Kept::new(holdings::Settings { retention_years: Some(1), ..DEPOSITS }, None).await).await;
}

#[tokio::test]
async fn a_hold_stops_every_removal_on_postgresql() {
    a_hold(
        Kept::new(holdings::Settings { retention_years: Some(1), ..DEPOSITS }, Some(store::testing::postgres())).await,
    )
    .await;
}

#[tokio::test]
async fn a_place_that_is_added_gets_its_copies() {
    let places = tempfile::tempdir().unwrap();
    let (first, second) = (places.path().join("first"), places.path().join("second"));
    let house = house_in(&[("first", &first)], DEPOSITS).await;
    let lin = Sender::of(&house.person("lin").await);
    let whole = content(100_000, 3);
    let holding = lin.deposit(&house, &whole, &[]).await;
    house.holdings.round(house.node.now()).await.unwrap();
    assert_eq!(house.holdings.figures().short, 0, "there is but one place");
    let house = house.reopened(Some(storage(&[("first", &first), ("second", &second)])), None).await;
    assert_eq!(house.holdings.figures().short, 1);
    house.holdings.round(house.node.now()).await.unwrap();
    assert_eq!((house.holdings.figures().short, objects(&second).len()), (0, 1));
    std::fs::remove_file(objects(&first).remove(0)).unwrap();
    assert!(lin.fetch(&house, &holding, &[]).await.is(200).bytes == whole);
}

#[tokio::test]
async fn blocked_content_is_neither_taken_nor_given() {
    let house = house().await;
    let (lin, mut operator) = (house_person(&house, "lin").await, house.operator().await);
    let whole = content(50_000, 4);
    let holding = lin.deposit(&house, &whole, &[]).await;
    operator.page("/account").await;
    let me = house.me(&operator).await;
    house.accounts.block(&me, &digest(&whole), Some("order 3")).await.unwrap();
    lin.fetch(&house, &holding, &[]).await.is(451);
    let named = metadata(&[("sha256", &digest(&whole))]);
    let headers = [("upload-length", "50000"), ("upload-metadata", named.as_str())];
    assert_eq!(code(lin.tus(&house, "POST", "/uploads", &headers, Body::empty()).await.is(451)), "blocked");
    house.accounts.block(&me, &digest(&whole), None).await.unwrap();
    assert!(lin.fetch(&house, &holding, &[]).await.is(200).bytes == whole);
}
