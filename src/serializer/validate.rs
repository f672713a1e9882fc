//! Which characters a field name, a field value and a request target may contain.
//!
//! The same rules apply twice: in the validators that `lib/` calls when a field is set, and in the renderer, which
//! checks every byte again when a head is written. A head that passes has no CR or LF that its author did not intend.

use crate::bytes::{FIELD_VALUE, TOKEN};

/// How many bytes at the start of `text` are allowed in a token (RFC 9110 5.6.2).
#[inline]
pub fn token_length(text: &[u8]) -> usize {
    text.iter()
        .position(|&byte| !TOKEN[byte as usize])
        .unwrap_or(text.len())
}

/// How many bytes at the start of `text` are allowed in a field value (RFC 9110 5.5).
///
/// Checks eight bytes at a time: a table takes 0.7 ns a byte, most of the cost of a long value.
#[inline]
pub fn value_length(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(block) = text[at..].first_chunk::<8>() {
        let suspects = suspects(u64::from_le_bytes(*block));
        if suspects == 0 {
            at += 8;
            continue;
        }
        let suspect = at + suspects.trailing_zeros() as usize / 8;
        if !FIELD_VALUE[text[suspect] as usize] {
            return suspect;
        }
        at = suspect + 1;
    }
    let legal = text[at..]
        .iter()
        .position(|&byte| !FIELD_VALUE[byte as usize]);
    legal.map_or(text.len(), |legal| at + legal)
}

/// How many bytes at the start of `text` are allowed in a relaxed field value: all but NUL, CR and LF, as in fetch
/// (<https://fetch.spec.whatwg.org/#concept-header-value>). Without these three the head would not stay in one piece.
#[inline]
pub fn relaxed_length(text: &[u8]) -> usize {
    memchr::memchr3(0, b'\r', b'\n', text).unwrap_or(text.len())
}

/// Sets the high bit of the lowest of eight bytes that is below SP or is DEL. The subtraction borrows, so bytes above
/// it may be marked wrongly, but none below it.
#[inline]
fn suspects(block: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = EACH * 0x80;
    let below_space = block.wrapping_sub(EACH * 0x20) & !block;
    let not_del = block ^ (EACH * 0x7f);
    let del = not_del.wrapping_sub(EACH) & !not_del;
    (below_space | del) & HIGH
}

/// Whether `name` is a token (RFC 9110 5.6.2): not empty, only `tchar`.
#[inline]
pub fn is_token(name: &[u8]) -> bool {
    !name.is_empty() && token_length(name) == name.len()
}

/// Whether every byte of `value` is allowed in a field value (RFC 9110 5.5). An empty value is.
#[inline]
pub fn is_field_value(value: &[u8]) -> bool {
    value_length(value) == value.len()
}

/// Whether `line` is a legal first line of a head, without its CRLF: a field value, or DEL, which Node allows in a
/// request target.
#[inline]
pub fn is_first_line(line: &[u8]) -> bool {
    line.iter()
        .all(|&byte| FIELD_VALUE[byte as usize] || byte == 0x7f)
}

/// Narrows UTF-16 text to latin1 and appends it to `out`. `false` if a unit is above 255; `out` then has the low bytes,
/// and must not be sent.
#[inline]
pub fn narrow(text: &[u16], out: &mut Vec<u8>) -> bool {
    let mut seen = 0u16;
    out.extend(text.iter().map(|&unit| {
        seen |= unit;
        unit as u8
    }));
    seen < 256
}

/// Whether `word` is in `text` as a whole word, ignoring case: no letter, digit or `_` next to it. Node looks for
/// `close` and `chunked` this way, so `x-close` counts and `closed` does not. `word` is lower case.
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
    fn every_byte_ends_a_value_or_not_wherever_it_stands() {
        for before in [
            b"",
            &b"\t"[..],
            b"a\tb",
            b"\xff\x80\t",
            b"abcdefg",
            b"abcdefgh",
            b"\t\t\t\t\t\t\t\t\t",
        ] {
            for byte in 0..=255u8 {
                let value = [before, &[byte], b"\x80 z\x7f\0"].concat();
                let end = if FIELD_VALUE[byte as usize] {
                    before.len() + 4
                } else {
                    before.len()
                };
                assert_eq!(value_length(&value), end, "{value:?}");
            }
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
