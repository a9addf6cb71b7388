//! Which part of a content is asked for (RFC 9110 sections 13 and 14). Several parts at once give the whole.

use std::ops::Range;

/// What is to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// 200 with everything.
    Whole,
    /// 206 with these bytes.
    Some(Range<u64>),
    /// 416: nothing of it is there.
    None,
}

/// Reads `Range`, where it is there, of a content of this size.
pub(crate) fn part(header: Option<&str>, size: u64) -> Part {
    let spec = header.and_then(|header| header.trim().strip_prefix("bytes="));
    let Some((first, last)) = spec.filter(|spec| !spec.contains(',')).and_then(|spec| spec.trim().split_once('-'))
    else {
        return Part::Whole;
    };
    let number = |text: &str| {
        let is_plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // More than a number can hold is behind the end of everything.
        is_plain.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.is_empty() => first..size,
        (None, Some(count)) if first.is_empty() => size.saturating_sub(count)..size,
        // What is no range is passed over.
        _ => return Part::Whole,
    };
    if range.start < range.end { Part::Some(range) } else { Part::None }
}

/// Whether a list of entity tags (`If-None-Match`) holds this one, or any.
pub(crate) fn names_tag(header: &str, tag: &str) -> bool {
    header.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_given_and_what_is_no_range_gives_the_whole() {
        let of = |text: &str| part(Some(text), 1000);
        for (text, range) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-499", 0..500),
            ("bytes=500-", 500..1000),
            ("bytes=-1", 999..1000),
            ("bytes=-5000", 0..1000),
            ("bytes=999-99999999999999999999", 999..1000),
        ] {
            assert_eq!(of(text), Part::Some(range), "{text}");
        }
        for text in ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=99999999999999999999-"] {
            assert_eq!(of(text), Part::None, "{text}");
        }
        for text in ["", "bytes=", "bytes=-", "bytes=5-4", "bytes=0-0,5-6", "lines=0-1", "bytes=a-b", "bytes=+1-2"] {
            assert_eq!(of(text), Part::Whole, "{text}");
        }
        assert_eq!(part(None, 1000), Part::Whole);
        assert_eq!((part(Some("bytes=0-"), 0), part(Some("bytes=-1"), 0)), (Part::None, Part::None));
    }

    #[test]
    fn a_list_of_tags_is_read() {
        assert!(names_tag("\"a\", W/\"b\"", "\"b\"") && names_tag("*", "\"b\"") && !names_tag("\"a\"", "\"b\""));
    }
}
