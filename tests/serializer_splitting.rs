//! Whatever characters a program puts into a head, the peer reads the given fields and no others.

use proptest::prelude::*;
use rust_http::serializer::head::{HeadInput, Reason, Rules, first_wide, interim, render};
use rust_http::serializer::validate;

const DATE: &[u8; 29] = b"Sun, 06 Nov 1994 08:49:37 GMT";

/// The first line of the heads whose fields are counted.
const LINE: [u8; 17] = *b"HTTP/1.1 200 OK\r\n";

/// Whether UTF-16 text is latin1, and passes the test as such.
fn passes_as(test: fn(&[u8]) -> bool, text: &[u16]) -> bool {
    let mut narrowed = Vec::new();
    validate::narrow(text, &mut narrowed) && test(&narrowed)
}

/// Text in which dangerous characters are as likely as all others, including those that narrow to CR, LF and NUL.
fn text() -> impl Strategy<Value = Vec<u16>> {
    let harmless = prop::sample::select(b"abcXYZ019-_; =,/\t".to_vec()).prop_map(u16::from);
    let wide = prop::sample::select(vec![0x010a, 0x010d, 0x0100, 0x013a, 0xd83d, 0xffff]);
    let hostile = prop::sample::select(vec![0, 1, 9, 10, 13, 32, 58, 0x7f, 0x80, 0x85, 0xff]);
    prop::collection::vec(prop_oneof![30 => harmless, 1 => hostile, 1 => wide], 0..24)
}

type Field = (Vec<u16>, Vec<u16>);

fn joined(line: &[u16], fields: &[Field]) -> Vec<u16> {
    let mut text = line.to_vec();
    for (name, value) in fields {
        text.extend_from_slice(name);
        text.push(0);
        text.extend_from_slice(value);
        text.push(0);
    }
    text
}

fn legal(fields: &[Field], relaxed: bool) -> bool {
    fields.iter().all(|(name, value)| {
        let passes = if relaxed {
            value
                .iter()
                .all(|unit| !matches!(unit, 0 | 10 | 13 | 256..))
        } else {
            passes_as(validate::is_field_value, value)
        };
        passes && passes_as(validate::is_token, name)
    })
}

/// The bytes that must appear for `fields`.
fn expected(fields: &[Field]) -> Vec<u8> {
    let byte = |unit: &u16| *unit as u8;
    let line = |(name, value): &Field| {
        [
            name.iter().map(byte).collect(),
            b": ".to_vec(),
            value.iter().map(byte).collect(),
            b"\r\n".to_vec(),
        ]
        .concat()
    };
    fields.iter().flat_map(line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 10 } else { 5000 }, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_head_holds_the_given_fields_or_is_refused(
        line in text(),
        fields in prop::collection::vec((text(), text()), 0..4),
        flags in any::<u32>(),
    ) {
        let mut first = line.clone();
        first.extend_from_slice(&[13, 10]);
        let text = joined(&first, &fields);
        let line_is_legal = line.iter().all(|&unit| unit == 0x7f || passes_as(validate::is_field_value, &[unit]));
        let flags = HeadInput::from_bits_retain(flags);
        let relaxed = flags.contains(HeadInput::RELAXED);
        let should_stand = line_is_legal && legal(&fields, relaxed);
        let mut narrowed = Vec::new();
        if !validate::narrow(&text, &mut narrowed) {
            let refused = first_wide(&text);
            prop_assert!(!should_stand);
            let separable = fields.iter().all(|(name, value)| !name.contains(&0) && !value.contains(&0));
            prop_assert!(!separable || refused.field as usize <= fields.len() || refused.reason == Reason::FirstLine);
            return Ok(());
        }
        let rules = Rules { flags, content_length: 5.0, keep_alive_timeout: 5000.0, max_requests: 2.0 };
        let mut out = Vec::new();
        let (_, written) = render(&narrowed, fields.len() as u32, &rules, DATE, &mut out);
        prop_assert_eq!(written.is_ok(), should_stand, "{:?}", written);
        let mut hint = Vec::new();
        prop_assert_eq!(interim(&narrowed, fields.len() as u32, relaxed, &mut hint).is_ok(), should_stand);
        if !should_stand {
            return Ok(());
        }
        let given: Vec<u8> = [narrowed[..first.len()].to_vec(), expected(&fields)].concat();
        prop_assert!(out.starts_with(&given));
        prop_assert_eq!(&hint, &[&given[..], b"\r\n"].concat());
        let added = &out[given.len()..];
        prop_assert!(added.ends_with(b"\r\n"));
        prop_assert_eq!(added.windows(4).filter(|end| *end == b"\r\n\r\n").count(), usize::from(added.len() > 2));
        let date_wanted = flags.contains(HeadInput::DATE);
        prop_assert!(date_wanted || !added.starts_with(b"Date"));
    }

    #[test]
    fn another_number_of_fields_than_announced_is_refused(
        fields in prop::collection::vec(("[a-z]{1,5}", "[a-z]{0,5}"), 0..4),
        count in 0..5u32,
    ) {
        let wide: Vec<Field> = fields.iter().map(|(name, value)| (name.encode_utf16().collect(), value.encode_utf16().collect())).collect();
        let mut narrowed = Vec::new();
        prop_assert!(validate::narrow(&joined(&LINE.map(u16::from), &wide), &mut narrowed));
        let answer = interim(&narrowed, count, false, &mut Vec::new());
        prop_assert_eq!(answer.is_ok(), count as usize == fields.len());
    }
}
