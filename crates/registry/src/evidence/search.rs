//! Finding records by words, Chinese included, without keeping the words: blind grams.
//!
//! A title is cut into pairs of neighbouring characters; of each pair an HMAC under the owner's key
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

/// The pairs of a text, and its single characters where they are words; without blanks.
fn pairs(text: &str, singles: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for word in plain(text).split(' ') {
        let letters: Vec<char> = word.chars().collect();
        found.extend(letters.windows(2).map(|pair| pair.iter().collect::<String>()));
        if singles || letters.len() == 1 {
            found.extend(letters.iter().filter(|c| is_word(**c) || letters.len() == 1).map(char::to_string));
        }
    }
    found
}

fn blind(key: &Key, pair: &str) -> i64 {
    i64::from_le_bytes(key.index("gram", pair)) & i64::MAX
}

/// What a record is found by: its title, and the names of files as far as there is room.
pub(super) fn grams_of(draft: &Draft, key: &Key) -> Vec<i64> {
    let title = pairs(&draft.title.title, true);
    let mut names = BTreeSet::new();
    if draft.files.len() <= NAMED_FILES_MAX {
        for file in &draft.files {
            names.extend(pairs(file.path.rsplit('/').next().unwrap_or_default(), false));
        }
    }
    let found = title.iter().chain(names.difference(&title));
    let grams: BTreeSet<i64> = found.take(GRAMS_MAX).map(|pair| blind(key, pair)).collect();
    grams.into_iter().collect()
}

/// What a query asks for: all of these; none where it has no pair. A lone letter is left to the
/// comparison with the title, unless there is nothing else.
pub(super) fn grams_asked(query: &str, key: &Key) -> Vec<i64> {
    let found = pairs(query, false);
    let is_lone = |pair: &String| pair.chars().count() == 1 && !pair.chars().all(is_word);
    let has_more = !found.iter().all(is_lone);
    found.iter().filter(|pair| !(has_more && is_lone(pair))).take(GRAMS_MAX).map(|pair| blind(key, pair)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_into_pairs() {
        let pairs = |text, singles| pairs(text, singles).into_iter().collect::<Vec<_>>();
        assert_eq!(pairs("月港", true), ["月", "月港", "港"]);
        assert_eq!(pairs("月港", false), ["月港"]);
        assert_eq!(pairs("Ｍoon  ab", true), ["ab", "mo", "on", "oo"]);
        assert_eq!(pairs("港", false), ["港"]);
        assert_eq!(pairs("a", true), ["a"]);
        assert_eq!(pairs("  ", true), Vec::<String>::new());
        assert_eq!(plain("　ＳＹ－１　Ａ"), "sy-1 a");
    }
}
