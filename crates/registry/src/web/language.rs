//! The language of a request: the address says it (`?lang=en`), else the cookie of an
//! earlier choice, else what the browser asks for; Chinese where nothing is asked for.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
use proof::report::Language;

/// The cookie that remembers a choice. It holds nothing else and needs no consent.
pub(super) const LANGUAGE_COOKIE: &str = "lang";

fn named(text: &str) -> Option<Language> {
    match text.get(..2) {
        Some("zh") => Some(Language::Zh),
        Some("en") => Some(Language::En),
        _ => None,
    }
}

/// The short name of a language, as in addresses.
#[must_use]
pub fn name(language: Language) -> &'static str {
    match language {
        Language::Zh => "zh",
        Language::En => "en",
    }
}

/// What the address says, and what the request comes to.
pub(super) fn of(query: Option<&str>, headers: &HeaderMap) -> (Option<Language>, Language) {
    let pairs = query.unwrap_or_default().split('&');
    let chosen = pairs.filter_map(|pair| pair.strip_prefix("lang=")).find_map(named);
    let remembered = || cookie(headers, LANGUAGE_COOKIE).and_then(named);
    (chosen, chosen.or_else(remembered).or_else(|| asked_for(headers)).unwrap_or(Language::Zh))
}

/// The value of a cookie.
#[must_use]
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(';'));
    cookies.filter_map(|pair| pair.trim().split_once('=')).find(|(n, _)| *n == name).map(|(_, value)| value)
}

/// The first language of `Accept-Language` that is one of ours, by weight. Who asks for others reads English.
fn asked_for(headers: &HeaderMap) -> Option<Language> {
    let header = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
    let weight = |part: &str| part.split_once(";q=").map_or(1.0, |(_, q)| q.trim().parse::<f32>().unwrap_or(0.0));
    let mut parts: Vec<(f32, &str)> = header.split(',').take(16).map(|p| (weight(p), p.trim())).collect();
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    parts.iter().find_map(|(_, part)| named(part)).or((!parts.is_empty()).then_some(Language::En))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn the_address_counts_before_the_cookie_before_the_browser() {
        let mut headers = HeaderMap::new();
        assert_eq!(of(None, &headers).1, Language::Zh);
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("de, zh-CN;q=0.4, en;q=0.8"));
        assert_eq!(of(None, &headers).1, Language::En);
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("de"));
        assert_eq!(of(None, &headers).1, Language::En);
        headers.insert(COOKIE, HeaderValue::from_static("a=b; lang=zh"));
        assert_eq!(of(None, &headers), (None, Language::Zh));
        assert_eq!(of(Some("x=1&lang=en"), &headers), (Some(Language::En), Language::En));
        assert_eq!(of(Some("lang=fr"), &headers).1, Language::Zh);
    }
}
