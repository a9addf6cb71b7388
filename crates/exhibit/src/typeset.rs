//! What the documents and pages of this floor have in common: both languages in one value, and moments.

use paper::{Both, Span, printable};
use proof::der::Time;
use proof::report::Language;
use registry::web::{Catalog, Cx};

/// A room's message in both languages.
pub(crate) fn both(words: &'static Catalog, id: &str) -> Both {
    filled(words, id, &[])
}

/// The same with values.
pub(crate) fn filled(words: &'static Catalog, id: &str, values: &[(&str, &str)]) -> Both {
    Both::new(words.of(Language::Zh).fill(id, values), words.of(Language::En).fill(id, values))
}

/// Both languages in one value, English beneath.
pub(crate) fn spans(both: &Both) -> Vec<Span> {
    vec![Span::text(printable(&both.zh)), Span::quiet(printable(&format!("\n{}", both.en)))]
}

/// Both languages on one line.
pub(crate) fn beside(both: &Both) -> Vec<Span> {
    vec![Span::text(printable(&both.zh)), Span::quiet(printable(&format!("　{}", both.en)))]
}

/// A moment in a zone.
pub(crate) fn zoned(time: Time, hours: i64, zone: &str) -> String {
    format!("{} {zone}", time.plus_s(hours * 3600).to_string().replace('T', " ").replace('Z', ""))
}

/// A moment on one line: UTC+8, which is a day's work for most readers; the large figures have both zones.
pub(crate) fn moment(time: Time) -> String {
    zoned(time.truncate_to_second(), 8, "UTC+8")
}

/// A moment to the second in the reader's first zone, which is named: a day alone would be earlier than what
/// is proven for some readers.
pub(crate) fn reader_time(time: Time, cx: &Cx) -> String {
    let time = time.truncate_to_second();
    if cx.is_chinese() { zoned(time, 8, "UTC+8") } else { zoned(time, 0, "UTC") }
}
