//! Which characters a field name, a field value and a request target may hold.
//!
//! One rule for both ways in: the validators that `lib/` calls when a field is set, and the renderer, which checks every
//! byte again when a head is written. A head that passed through here holds no CR or LF that its author did not mean.

use crate::bytes::{Class, FIELD_VALUE, TOKEN};

#[inline]
fn all_units(text: &[u16], class: &Class) -> bool {
    text.iter().all(|&unit| unit < 256 && class[unit as usize])
}

/// Whether `name` is a token (RFC 9110 5.6.2): not empty, `tchar` alone.
#[inline]
pub fn is_token(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|&byte| TOKEN[byte as usize])
}

/// Whether every byte of `value` may stand in a field value (RFC 9110 5.5). An empty value may.
///
/// Runs over blocks without an early exit, which the compiler turns into vector instructions: most values are legal, and
/// only the long ones cost anything.
#[inline]
pub fn is_field_value(value: &[u8]) -> bool {
    value.chunks(32).all(|block| {
        let illegal = block.iter().fold(false, |found, &byte| {
            found | ((byte < 0x20) & (byte != b'\t')) | (byte == 0x7f)
        });
        !illegal
    })
}

/// Whether `line` may stand as first line of a head, without its CRLF: a field value, or the DEL that Node lets a request
/// target hold.
#[inline]
pub fn is_first_line(line: &[u8]) -> bool {
    line.iter()
        .all(|&byte| FIELD_VALUE[byte as usize] || byte == 0x7f)
}

/// [`is_token`] for UTF-16 text: a unit above 255 is never legal.
#[inline]
pub fn is_token_utf16(name: &[u16]) -> bool {
    !name.is_empty() && all_units(name, &TOKEN)
}

/// [`is_field_value`] for UTF-16 text: a unit above 255 is never legal.
#[inline]
pub fn is_field_value_utf16(value: &[u16]) -> bool {
    all_units(value, &FIELD_VALUE)
}

/// Whether `target`, UTF-16 text, holds only characters that Node lets a request target hold: U+0021 to U+00FF. An empty
/// one passes; the caller replaces it by `/`.
#[inline]
pub fn is_request_target_utf16(target: &[u16]) -> bool {
    target.iter().all(|&unit| (0x21..=0xff).contains(&unit))
}

/// Narrows UTF-16 text to latin1, appending to `out`. `false` if a unit is above 255; `out` then holds the low bytes, and
/// must not be sent.
#[inline]
pub fn narrow(text: &[u16], out: &mut Vec<u8>) -> bool {
    let mut seen = 0u16;
    out.extend(text.iter().map(|&unit| {
        seen |= unit;
        unit as u8
    }));
    seen < 256
}

/// Whether `word` stands in `text` as a word of its own, letters compared without case: no letter, digit or `_` next to
/// it. This is how Node looks for `close` and `chunked`, so `x-close` counts and `closed` does not. `word` is lower case.
#[inline]
pub fn has_word(text: &[u8], word: &[u8]) -> bool {
    let is_word_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if text.len() < word.len() {
        return false;
    }
    (0..=text.len() - word.len()).any(|start| {
        let end = start + word.len();
        text[start..end].eq_ignore_ascii_case(word)
            && (start == 0 || !is_word_byte(text[start - 1]))
            && (end == text.len() || !is_word_byte(text[end]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_ends_where_a_letter_digit_or_underscore_does_not_follow() {
        for text in [
            "close",
            "CLOSE",
            "x close",
            "close, x",
            "not-close",
            "closed, close",
            "\u{e9}close",
        ] {
            assert!(has_word(text.as_bytes(), b"close"), "{text}");
        }
        for text in [
            "",
            "clos",
            "closed",
            "_close",
            "close_",
            "2close",
            "closeclose",
            "clo se",
        ] {
            assert!(!has_word(text.as_bytes(), b"close"), "{text}");
        }
    }

    #[test]
    fn values_of_every_length_are_checked_to_their_last_byte() {
        for length in 0..100 {
            let mut value = vec![b'a'; length];
            assert!(is_field_value(&value));
            for at in 0..length {
                value[at] = b'\n';
                assert!(!is_field_value(&value), "{length} {at}");
                value[at] = b'\t';
                assert!(is_field_value(&value));
            }
        }
    }

    #[test]
    fn narrowing_tells_a_wide_character() {
        let mut out = Vec::new();
        assert!(narrow(&[0x41, 0xff], &mut out));
        assert_eq!(out, [0x41, 0xff]);
        assert!(!narrow(&[0x010a], &mut out));
    }
}
