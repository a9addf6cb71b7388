//! What the command line says, in the user's language.
//!
//! The language comes from `--lang` or the locale. It is passed along, never
//! global. Texts are Fluent files beside this one; both have the same messages.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use proof::report::Language;

/// The messages of one language.
pub struct Words {
    language: Language,
    resource: FluentBundle<FluentResource>,
}

impl Words {
    /// The messages of `language`.
    pub fn new(language: Language) -> Self {
        let (text, name) = match language {
            Language::Zh => (include_str!("words/zh.ftl"), "zh"),
            Language::En => (include_str!("words/en.ftl"), "en"),
        };
        let name: unic_langid::LanguageIdentifier = name.parse().unwrap_or_default();
        let mut resource = FluentBundle::new_concurrent(vec![name]);
        // Isolation marks are for running text with mixed directions, not for terminals.
        resource.set_use_isolating(false);
        // A fault in the file leaves the messages that could be read; a test reads all of them.
        let parsed = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(parsed, _)| parsed);
        resource.add_resource_overriding(parsed);
        Self { language, resource }
    }

    /// The language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The message `id` with `values` in its places.
    pub fn say(&self, id: &str, values: &[(&str, &str)]) -> String {
        let Some(pattern) = self.resource.get_message(id).and_then(|m| m.value()) else { return id.to_owned() };
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            arguments.set(*name, visible(value));
        }
        self.resource.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned()
    }
}

/// Text from outside with what could move the cursor or turn the line around made visible.
pub fn visible(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if hidden(c) { '\u{fffd}' } else { c }).collect()
}

/// The language of these locale settings, the first that is set counting (POSIX 8.2).
pub fn from_locale(settings: impl IntoIterator<Item = Option<String>>) -> Language {
    let locale = settings.into_iter().flatten().find(|value| !value.is_empty()).unwrap_or_default();
    if locale.starts_with("zh") { Language::Zh } else { Language::En }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    fn messages(text: &str) -> BTreeMap<String, Vec<String>> {
        let mut messages: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut id = String::new();
        for line in text.lines() {
            if let Some((name, _)) = line.split_once(" = ").filter(|_| !line.starts_with(' ')) {
                name.clone_into(&mut id);
                assert!(messages.insert(id.clone(), vec![]).is_none(), "{id} stands twice");
            }
            for place in line.split("{ $").skip(1) {
                let name = place.split(['}', ' ']).next().unwrap().to_owned();
                messages.get_mut(&id).unwrap().push(name);
            }
        }
        messages.values_mut().for_each(|places| places.sort());
        messages
    }

    #[test]
    fn both_languages_have_the_same_messages_and_values() {
        let (zh, en) = (messages(include_str!("words/zh.ftl")), messages(include_str!("words/en.ftl")));
        assert_eq!(zh, en);
        for language in [Language::Zh, Language::En] {
            let words = Words::new(language);
            for id in en.keys() {
                assert_ne!(words.say(id, &[]), *id, "{id} cannot be read");
            }
        }
    }

    #[test]
    fn messages_and_code_know_each_other() {
        let en = messages(include_str!("words/en.ftl"));
        let mut used = BTreeSet::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    used.extend(text.split('"').filter(|s| en.contains_key(*s)).map(str::to_owned));
                    for call in text.split(concat!(".say", "(\"")).skip(1) {
                        let id = call.split('"').next().unwrap();
                        assert!(en.contains_key(id), "{}: no message {id}", path.display());
                    }
                }
            }
        }
        let unused: Vec<_> = en.keys().filter(|id| !used.contains(*id)).collect();
        assert!(unused.is_empty(), "never said: {unused:?}");
    }

    #[test]
    fn the_locale_decides_and_hostile_text_is_made_visible() {
        assert_eq!(from_locale([None, Some(String::new()), Some("zh_CN.UTF-8".into())]), Language::Zh);
        assert_eq!(from_locale([Some("C".into()), Some("zh_CN".into())]), Language::En);
        assert_eq!(visible("a\u{1b}[2Jb\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}c");
    }
}
