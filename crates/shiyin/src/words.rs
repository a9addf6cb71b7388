//! What the command line says, in the user's language.
//!
//! The language comes from `--lang` or the locale. It is passed along, never
//! global. Texts are Fluent files beside this one; both have the same messages.

use proof::report::Language;
use registry::web::{Catalog, Words as Messages};
use std::sync::LazyLock;

static CATALOG: LazyLock<Catalog> =
    LazyLock::new(|| Catalog::new(include_str!("words/zh.ftl"), include_str!("words/en.ftl")));

/// The messages of one language.
pub struct Words {
    language: Language,
    messages: Messages,
}

impl Words {
    /// The messages of `language`.
    pub fn new(language: Language) -> Self {
        Self { language, messages: CATALOG.of(language) }
    }

    /// The language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The message `id` with `values` in its places.
    pub fn say(&self, id: &str, values: &[(&str, &str)]) -> String {
        let visible: Vec<(&str, String)> = values.iter().map(|(name, value)| (*name, visible(value))).collect();
        let values: Vec<(&str, &str)> = visible.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.messages.fill(id, &values)
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
    use std::path::Path;

    #[test]
    fn messages_and_code_know_each_other_in_both_languages() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        registry::web::check_words(include_str!("words/zh.ftl"), include_str!("words/en.ftl"), &folder);
    }

    #[test]
    fn the_locale_decides_and_hostile_text_is_made_visible() {
        assert_eq!(from_locale([None, Some(String::new()), Some("zh_CN.UTF-8".into())]), Language::Zh);
        assert_eq!(from_locale([Some("C".into()), Some("zh_CN".into())]), Language::En);
        assert_eq!(visible("a\u{1b}[2Jb\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}c");
    }
}
