//! Words in Fluent files, one for each language, beside the code that says them.
//!
//! The language is passed along, never global. [`check_words`] is for the tests of
//! each room: both languages have the same messages, and code and messages know each other.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use proof::report::Language;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The messages of one room in both languages.
pub struct Catalog {
    zh: FluentBundle<FluentResource>,
    en: FluentBundle<FluentResource>,
}

/// The messages of one room in one language.
#[derive(Clone, Copy)]
pub struct Words {
    bundle: &'static FluentBundle<FluentResource>,
}

fn bundle(text: &str, name: &str) -> FluentBundle<FluentResource> {
    let name: unic_langid::LanguageIdentifier = name.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![name]);
    // Isolation marks would be copied along with numbers and names.
    bundle.set_use_isolating(false);
    // A fault in the file leaves the messages that could be read; a test reads all of them.
    let parsed = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(parsed, _)| parsed);
    bundle.add_resource_overriding(parsed);
    bundle
}

impl Catalog {
    /// From the two files.
    #[must_use]
    pub fn new(zh: &str, en: &str) -> Self {
        Self { zh: bundle(zh, "zh"), en: bundle(en, "en") }
    }

    /// The messages in one language.
    pub fn of(&'static self, language: Language) -> Words {
        Words {
            bundle: match language {
                Language::Zh => &self.zh,
                Language::En => &self.en,
            },
        }
    }
}

impl Words {
    /// The message `id`.
    #[must_use]
    pub fn say(&self, id: &str) -> String {
        self.fill(id, &[])
    }

    /// The message `id` with values in its places.
    #[must_use]
    pub fn fill(&self, id: &str, values: &[(&str, &str)]) -> String {
        let Some(pattern) = self.bundle.get_message(id).and_then(|m| m.value()) else { return id.to_owned() };
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            arguments.set(*name, (*value).to_owned());
        }
        self.bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned()
    }
}

fn messages(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut id = String::new();
    for line in text.lines() {
        if let Some((name, _)) = line.split_once(" =").filter(|_| !line.starts_with([' ', '#'])) {
            name.clone_into(&mut id);
            assert!(messages.insert(id.clone(), BTreeSet::new()).is_none(), "{id} stands twice");
        }
        for place in line.split("{ $").skip(1) {
            let name = place.split(['}', ' ']).next().unwrap_or_default().to_owned();
            messages.entry(id.clone()).or_default().insert(name);
        }
    }
    messages
}

/// Checks a room's words: the same messages and places in both languages, every message said
/// somewhere in `folder` by a literal name, and none said that is not there.
///
/// # Panics
/// Where one of these does not hold, or a sentence claims more than is proven (FEATURES 1.15).
pub fn check_words(zh: &str, en: &str, folder: &Path) {
    let (in_zh, in_en) = (messages(zh), messages(en));
    assert_eq!(in_zh, in_en, "both languages have the same messages and places");
    for claim in ["legally", "created at", "proves creation", "法律认可", "创作于", "证明创作", "无需公证"]
    {
        let denies = |text: &str| text.lines().any(|l| l.contains(claim) && !l.contains("not") && !l.contains('不'));
        assert!(!denies(zh) && !denies(en), "{claim}: claims too much");
    }
    let mut used = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if !path.extension().is_some_and(|e| e == "rs" || e == "html") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            used.extend(text.split('"').filter(|s| in_en.contains_key(*s)).map(str::to_owned));
            for call in text.split(concat!("w.say", "(\"")).chain(text.split(concat!("w.fill", "(\""))) {
                let id = call.split('"').next().unwrap_or_default();
                let is_id =
                    !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b.is_ascii_digit());
                let is_call = !std::ptr::eq(call.as_ptr(), text.as_ptr());
                assert!(!is_call || !is_id || in_en.contains_key(id), "{}: no message {id}", path.display());
            }
        }
    }
    // The navigation is the kit's.
    let is_said_by_kit = |id: &str| id == "nav" || id == "nav-short";
    let unused: Vec<_> = in_en.keys().filter(|id| !used.contains(*id) && !is_said_by_kit(id)).collect();
    assert!(unused.is_empty(), "never said: {unused:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kits_words_are_complete() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
        check_words(include_str!("zh.ftl"), include_str!("en.ftl"), &folder);
    }

    #[test]
    fn a_message_is_filled_in_its_language() {
        let words = crate::web::WORDS.of(Language::En);
        assert!(words.fill("foot-log", &[("count", "7")]).contains('7'));
        assert_eq!(words.say("no-such-message"), "no-such-message");
    }
}
