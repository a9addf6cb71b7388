//! Mail of what the checks found: to operators and owners, once for each finding, in each one's language.

use super::care::{DAY_S, Kept, flip};
use super::*;
use registry::accounts::mail::Letter;
use registry::holdings::Outcome;
use store::Location;

const MINUTE_S: i64 = 60;

impl Kept {
    /// The mails to somebody, which are taken out, the oldest first.
    async fn letters(&self, to: &str) -> Vec<Letter> {
        let mut found = Vec::new();
        for mail in self.house.accounts.waiting_mail().await.unwrap() {
            if mail.letter.to == format!("{to}@people.example") {
                self.house.accounts.drop_mail(&mail.id).await.unwrap();
                found.push((mail.made.unix_s(), mail.letter));
            }
        }
        found.sort_by_key(|(made_s, _)| *made_s);
        found.into_iter().map(|(_, letter)| letter).collect()
    }

    /// All is done that is due at these moments, in seconds from now.
    async fn at(&self, seconds: &[i64]) {
        for s in seconds {
            self.house.holdings.round(self.house.node.now().plus_s(*s)).await.unwrap();
        }
    }

    /// One round after a day, and one when what it found has been gathered.
    async fn told_after(&self, days: i64) {
        self.at(&[days * DAY_S, days * DAY_S + 11 * MINUTE_S]).await;
    }
}

async fn damage_is_told_once(kept: Kept) {
    let number = kept.entry.number.to_string();
    let operator = kept.house.operator().await;
    drop(operator);
    kept.letters("operator").await;
    kept.letters("lin").await;
    kept.told_after(1).await;
    assert!(kept.letters("lin").await.is_empty() && kept.letters("operator").await.is_empty(), "all is well");
    // Found and mended at once: one mail to each, of both.
    flip(&kept.file("second"), 1_000);
    kept.at(&[31 * DAY_S]).await;
    assert!(kept.letters("lin").await.is_empty(), "findings are gathered first");
    kept.at(&[31 * DAY_S + 11 * MINUTE_S]).await;
    for who in ["lin", "operator"] {
        let letters = kept.letters(who).await;
        assert_eq!(letters.len(), 1, "{who}: {letters:?}");
        assert_eq!(letters[0].subject, "Copies of originals were damaged or gone, and are mended");
        let text = &letters[0].text;
        assert!(text.contains("1 in “second”: the copy is damaged"), "{text}");
        assert!(text.contains("1 in “second”: the copy is good again"), "{text}");
        assert!(text.contains("https://shiyin.example"), "{text}");
        assert!(!text.contains("a.jpg"), "mail names no file: {text}");
        assert_eq!(text.contains(&number), who == "lin", "{who}: {text}");
        assert_eq!(text.contains("/operator/holdings"), who == "operator", "{text}");
    }
    // Both copies bad: nothing is left; told once, however often it is looked at again.
    for place in ["first", "second"] {
        flip(&kept.file(place), 2_000);
    }
    kept.told_after(63).await;
    assert_eq!(kept.care().await.holding.state, holdings::State::Lost);
    let letters = kept.letters("lin").await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].subject, "No good copy of an original is left");
    assert!(letters[0].text.contains("upload the file again"), "{}", letters[0].text);
    assert_eq!(kept.letters("operator").await.len(), 1);
    kept.told_after(64).await;
    kept.told_after(95).await;
    assert!(kept.letters("lin").await.is_empty() && kept.letters("operator").await.is_empty(), "once for each finding");
    // The owner uploads it again: it is whole, and that is told too.
    flip(&kept.file("first"), 2_000);
    kept.told_after(127).await;
    let letters = kept.letters("lin").await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].subject, "Originals are whole again");
    assert!(letters[0].text.contains("that was lost has a good copy again"), "{}", letters[0].text);
    assert_eq!(kept.states().await, [Outcome::Good, Outcome::Repaired]);
    // The next damage is a finding of its own.
    flip(&kept.file("second"), 3_000);
    kept.told_after(160).await;
    assert_eq!(kept.letters("lin").await.len(), 1);
    // Programs are told each of them as it is found, and of no place.
    let sql = "select kind, count(*) from webhook_event where kind like 'holding.%' group by kind order by kind";
    let rows = kept.house.accounts.db().rows(sql, &[]).await.unwrap();
    let told: Vec<(&str, i64)> = rows.iter().map(|row| (row.text(0).unwrap(), row.int(1).unwrap())).collect();
    assert_eq!(told, [("holding.damaged", 4), ("holding.lost", 1), ("holding.repaired", 5)]);
    let sql = "select count(*) from webhook_event where body like '%second%' or body like '%a.jpg%'";
    assert_eq!(kept.house.accounts.db().rows(sql, &[]).await.unwrap()[0].int(0), Ok(0));
}

#[tokio::test]
async fn damage_is_told_once_on_sqlite() {
    damage_is_told_once(Kept::new(DEPOSITS, None).await).await;
}

#[tokio::test]
async fn damage_is_told_once_on_postgresql() {
    let database: Location = store::testing::postgres();
    damage_is_told_once(Kept::new(DEPOSITS, Some(database)).await).await;
}

#[tokio::test]
async fn what_is_uploaded_again_after_it_was_lost_is_told_of_and_watched_anew() {
    let kept = Kept::new(DEPOSITS, None).await;
    kept.letters("lin").await;
    for place in ["first", "second"] {
        std::fs::remove_file(kept.file(place)).unwrap();
    }
    kept.told_after(31).await;
    let letters = kept.letters("lin").await;
    assert!(letters.len() == 1 && letters[0].text.contains("the copy is gone"), "{letters:?}");
    assert_eq!(kept.lin.deposit(&kept.house, &kept.whole, &[]).await, kept.holding, "in its old place");
    kept.told_after(32).await;
    let letters = kept.letters("lin").await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].text.contains("that was lost has a good copy again"), "{}", letters[0].text);
    assert_eq!(kept.care().await.holding.state, holdings::State::Kept);
    flip(&kept.file("second"), 500);
    kept.told_after(64).await;
    let letters = kept.letters("lin").await;
    assert!(letters.len() == 1 && letters[0].text.contains("the copy is damaged"), "{letters:?}");
    // Nothing of it is left when the original goes.
    kept.house.holdings.remove(&kept.by, &kept.holding).await.unwrap();
    let rows = kept.house.accounts.db().rows("select 1 from holding_finding", &[]).await.unwrap();
    assert!(rows.is_empty());
}

#[tokio::test]
async fn a_place_that_is_silent_for_a_day_is_told_of_and_so_is_its_return() {
    let kept = Kept::new(DEPOSITS, None).await;
    kept.house.operator().await;
    kept.at(&[60]).await;
    for who in ["lin", "operator"] {
        kept.letters(who).await;
    }
    let away = kept.places.path().join("away");
    std::fs::rename(kept.place("second"), &away).unwrap();
    kept.at(&[200, 12 * 3600, 23 * 3600, 23 * 3600 + 11 * MINUTE_S]).await;
    assert!(kept.letters("operator").await.is_empty(), "not before a day");
    let standing = kept.house.holdings.keeping().standing(false).await.unwrap();
    assert_eq!((standing.places[0].is_up, standing.places[1].is_up), (Some(true), Some(false)));
    assert!(standing.places[1].cause.contains("mounted") && !standing.is_well(), "{standing:?}");
    let since = standing.places[1].since.unwrap().unix_s() - kept.house.node.now().unix_s();
    assert!((190..=210).contains(&since), "since it was first found so: {since}");
    kept.at(&[25 * 3600, 25 * 3600 + 11 * MINUTE_S, 49 * 3600, 99 * 3600]).await;
    for who in ["operator", "lin"] {
        let letters = kept.letters(who).await;
        assert_eq!(letters.len(), 1, "{who}: {letters:?}");
        assert_eq!(letters[0].subject, "A place with copies of originals does not answer");
        assert!(letters[0].text.contains("“second” has not answered for a day"), "{}", letters[0].text);
    }
    std::fs::rename(&away, kept.place("second")).unwrap();
    kept.at(&[100 * 3600, 100 * 3600 + 11 * MINUTE_S, 101 * 3600]).await;
    let letters = kept.letters("operator").await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].text.contains("“second” answers again"), "{}", letters[0].text);
    // One that is away for less than a day is nobody's mail.
    std::fs::rename(kept.place("second"), &away).unwrap();
    kept.at(&[110 * 3600]).await;
    std::fs::rename(&away, kept.place("second")).unwrap();
    kept.at(&[130 * 3600, 140 * 3600]).await;
    assert!(kept.letters("operator").await.is_empty());
}
