//! Finding records by words, Chinese included, without keeping the words: blind grams.
//!
//! A title is cut into two and three neighbouring characters; of each an HMAC under the owner's key
//! is kept, 63 bits of it. Whoever has the database alone reads no title from it, and an erased
//! owner's grams mean nothing any more. What the grams find is compared with the opened title.

use super::model::Draft;
use std::collections::BTreeSet;
use trust::vault::Key;

/// Grams of one record.
const GRAMS_MAX: usize = 500;
/// Names of files are searched where a record has no more than this.
pub(super) const NAMED_FILES_MAX: usize = 20;

/// A text as it is compared: small letters, full-width letters and figures as the others, one blank.
pub(super) fn plain(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    };
    let text: String = text.chars().map(narrow).flat_map(char::to_lowercase).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Characters that mean something alone.
fn is_word(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// What a text is found by: two and three neighbouring characters, and single ones that are words; without
/// blanks. Three tell more than two, of numbers above all.
fn grams(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for word in plain(text).split(' ') {
        let letters: Vec<char> = word.chars().collect();
        for length in [2, 3] {
            found.extend(letters.windows(length).map(|gram| gram.iter().collect::<String>()));
        }
        found.extend(letters.iter().filter(|c| is_word(**c) || letters.len() == 1).map(char::to_string));
    }
    found
}

/// What a query asks for: of each word the longest grams that are kept.
fn grams_of_query(query: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for word in plain(query).split(' ').filter(|word| !word.is_empty()) {
        let letters: Vec<char> = word.chars().collect();
        found.extend(letters.windows(letters.len().min(3)).map(|gram| gram.iter().collect::<String>()));
    }
    found
}

fn blind(key: &Key, gram: &str) -> i64 {
    i64::from_le_bytes(key.index("gram", gram)) & i64::MAX
}

/// What a record is found by: its title, and the names of files as far as there is room.
pub(super) fn grams_of(draft: &Draft, key: &Key) -> Vec<i64> {
    let title = grams(&draft.title.title);
    let mut names = BTreeSet::new();
    if draft.files.len() <= NAMED_FILES_MAX {
        for file in &draft.files {
            names.extend(grams(file.path.rsplit('/').next().unwrap_or_default()));
        }
    }
    let found = title.iter().chain(names.difference(&title));
    let grams: BTreeSet<i64> = found.take(GRAMS_MAX).map(|gram| blind(key, gram)).collect();
    grams.into_iter().collect()
}

/// What a query asks for: all of these; none where it has none. A lone letter is left to the
/// comparison with the title, unless there is nothing else.
pub(super) fn grams_asked(query: &str, key: &Key) -> Vec<i64> {
    let found = grams_of_query(query);
    let is_lone = |gram: &String| gram.chars().count() == 1 && !gram.chars().all(is_word);
    let has_more = !found.iter().all(is_lone);
    found.iter().filter(|gram| !(has_more && is_lone(gram))).take(GRAMS_MAX).map(|gram| blind(key, gram)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_into_grams() {
        let kept = |text| grams(text).into_iter().collect::<Vec<_>>();
        let asked = |text| grams_of_query(text).into_iter().collect::<Vec<_>>();
        assert_eq!(kept("月港"), ["月", "月港", "港"]);
        assert_eq!(asked("月港"), ["月港"]);
        assert_eq!(kept("Ｍoon  ab"), ["ab", "mo", "moo", "on", "oo", "oon"]);
        assert_eq!(asked("moon a"), ["a", "moo", "oon"]);
        assert_eq!((asked("港"), kept("a")), (vec!["港".to_owned()], vec!["a".to_owned()]));
        assert_eq!((kept("  "), asked("  ")), (Vec::new(), Vec::<String>::new()));
        assert_eq!(plain("　ＳＹ－１　Ａ"), "sy-1 a");
        // Whatever a query asks for is kept of every text that has it.
        let text = "月港之夜 Night passage 000123.pdf";
        for query in ["月", "港之", "之夜", "ight", "ht", "0012", "123.p", "夜 pass"] {
            assert!(grams_of_query(query).is_subset(&grams(text)), "{query}");
        }
    }
}
