//! What the operator tells everybody who opens a page, in both languages and for a time.

use super::cx::Site;
use proof::der::Time;
use proof::report::Language;
use std::sync::{Arc, PoisonError, RwLock};

/// Announcements that a page shows at once.
pub const SHOWN_MAX: usize = 3;

/// One announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// From when it is shown.
    pub from: Time,
    /// Until when.
    pub until: Time,
}

impl Announcement {
    fn is_shown(&self, now: Time) -> bool {
        self.from <= now && now < self.until
    }

    fn text(&self, language: Language) -> &str {
        if language == Language::Zh { &self.zh } else { &self.en }
    }
}

/// The announcements that the pages know of; kept elsewhere, and set anew whenever they change.
#[derive(Default)]
pub(super) struct Announced(RwLock<Arc<[Announcement]>>);

impl Site {
    /// Goes on with these announcements.
    pub fn announce(&self, all: Vec<Announcement>) {
        *self.announced.0.write().unwrap_or_else(PoisonError::into_inner) = all.into();
    }

    /// What is to be read now.
    pub(super) fn announced_now(&self, now: Time, language: Language) -> Vec<String> {
        let all = Arc::clone(&self.announced.0.read().unwrap_or_else(PoisonError::into_inner));
        let shown = all.iter().filter(|one| one.is_shown(now)).take(SHOWN_MAX);
        shown.map(|one| one.text(language).to_owned()).collect()
    }
}
