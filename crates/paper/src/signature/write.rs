//! Objects as text (ISO 32000-2 section 7.3).

use proof::pdf::{Dictionary, Object, PdfString, Reference};

/// Writes one object that stands in another or by itself; a stream is written by `update`.
pub(super) fn object(out: &mut Vec<u8>, value: &Object) {
    match value {
        Object::Null => out.extend_from_slice(b"null"),
        Object::Boolean(is) => out.extend_from_slice(if *is { b"true" } else { b"false" }),
        Object::Integer(n) => out.extend_from_slice(n.to_string().as_bytes()),
        Object::Real(text) => out.extend_from_slice(text.as_bytes()),
        Object::String(value) => string(out, &value.bytes),
        Object::Name(value) => name(out, value),
        Object::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b' ');
                }
                object(out, item);
            }
            out.push(b']');
        }
        Object::Dictionary(value) | Object::Stream(value, _) => dictionary(out, value),
        Object::Reference(Reference { number, generation }) => {
            out.extend_from_slice(format!("{number} {generation} R").as_bytes());
        }
    }
}

/// Writes a dictionary.
pub(super) fn dictionary(out: &mut Vec<u8>, value: &Dictionary) {
    out.extend_from_slice(b"<<");
    for (key, value) in value.iter() {
        name(out, key);
        out.push(b' ');
        object(out, value);
        out.push(b'\n');
    }
    out.extend_from_slice(b">>");
}

fn name(out: &mut Vec<u8>, value: &[u8]) {
    out.push(b'/');
    for byte in value {
        if byte.is_ascii_alphanumeric() || b"-_.+*!$&'=@^~:;,?|`".contains(byte) {
            out.push(*byte);
        } else {
            out.extend_from_slice(format!("#{byte:02X}").as_bytes());
        }
    }
}

/// In parentheses where it can be read by eye, else in hexadecimal.
fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.iter().all(|b| (0x20..0x7f).contains(b) && !b"()\\".contains(b)) {
        out.push(b'(');
        out.extend_from_slice(bytes);
        out.push(b')');
        return;
    }
    out.push(b'<');
    bytes.iter().for_each(|byte| out.extend_from_slice(format!("{byte:02x}").as_bytes()));
    out.push(b'>');
}

/// A text string (section 7.9.2.2): ASCII as it is, anything else in UTF-16.
pub(super) fn text(value: &str) -> Object {
    let bytes = if value.is_ascii() {
        value.as_bytes().to_vec()
    } else {
        [0xfe, 0xff].into_iter().chain(value.encode_utf16().flat_map(u16::to_be_bytes)).collect()
    };
    Object::String(PdfString { bytes, ..PdfString::default() })
}

/// A name.
pub(super) fn named(value: &str) -> Object {
    Object::Name(value.as_bytes().to_vec())
}

/// A dictionary of these entries.
pub(super) fn entries<const N: usize>(entries: [(&str, Object); N]) -> Dictionary {
    let mut dictionary = Dictionary::new();
    for (key, value) in entries {
        dictionary.set(key, value);
    }
    dictionary
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &Object) -> String {
        let mut out = Vec::new();
        object(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_could_break_out_is_escaped() {
        assert_eq!(written(&text("a)b(c\\")), "<6129622863 5c>".replace(' ', ""));
        assert_eq!(written(&text("张")), "<feff5f20>");
        assert_eq!(written(&text("plain")), "(plain)");
        assert_eq!(written(&named("A B/#")), "/A#20B#2F#23");
        let array = Object::Array(vec![Object::Integer(1), Object::Real(".50".to_owned()), Object::Null]);
        assert_eq!(written(&array), "[1 .50 null]");
    }
}
