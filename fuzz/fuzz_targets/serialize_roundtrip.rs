//! A head from the serializer is parsed back into exactly the fields it was given. Values written by the relaxed rule
//! are read by the relaxed rule.
#![no_main]
use libfuzzer_sys::fuzz_target;
use rust_http::parser::{Config, Decision, Kind, Lenient};
use rust_http::serializer::head::{HeadInput, HeadOutput, Rules, render};
use rust_http_fuzz::{Event, Field, parse};

const DATE: &[u8; 29] = b"Sun, 06 Nov 1994 08:49:37 GMT";

// Fields about framing are the user's choice: their effect on a message is not tested here.
fn decides(name: &[u8]) -> bool {
    ["content-length", "transfer-encoding", "connection", "proxy-connection", "upgrade"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

fuzz_target!(|data: &[u8]| {
    let Some((&[low, high, count, length], text)) = data.split_first_chunk::<4>() else {
        return;
    };
    let flags = HeadInput::from_bits_retain(u32::from(low) | u32::from(high) << 8) | HeadInput::BODY | HeadInput::CHUNKED_BY_DEFAULT;
    let flags = flags & !(HeadInput::REMOVED_CONTENT_LENGTH | HeadInput::REMOVED_TRANSFER_ENCODING | HeadInput::BODILESS_STATUS | HeadInput::CHUNKED);
    let known = length & 1 == 0;
    let body = &[b'x'; 255][..usize::from(length)];
    let rules = Rules {
        flags,
        content_length: if known { f64::from(length) } else { -1.0 },
        keep_alive_timeout: 5000.0,
        max_requests: 3.0,
    };
    let block = [b"POST /path HTTP/1.1\r\n".as_slice(), text].concat();
    let mut out = Vec::new();
    let (outcome, written) = render(&block, u32::from(count), &rules, DATE, &mut out);
    if written.is_err() {
        return;
    }
    let given: Vec<&[u8]> = text.split(|&b| b == 0).collect();
    let given: Vec<Field> = given
        .chunks_exact(2)
        .map(|pair| (pair[0].to_vec(), pair[1].trim_ascii().to_vec()))
        .collect();
    assert_eq!(given.len(), usize::from(count));
    if given.iter().any(|(name, _)| decides(name)) || outcome.flags.contains(HeadOutput::TRAILER) {
        return;
    }
    if outcome.flags.contains(HeadOutput::CHUNKED) {
        if !body.is_empty() {
            out.extend_from_slice(format!("{:x}\r\n", body.len()).as_bytes());
            out.extend_from_slice(body);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"0\r\n\r\n");
    } else {
        out.extend_from_slice(body);
    }
    let config = Config {
        lenient: Lenient(if flags.contains(HeadInput::RELAXED) {
            Lenient::HEADER_VALUE_RELAXED
        } else {
            0
        }),
        max_header_size: 1 << 24,
        auto_continue: true,
        ..Config::new(Kind::Request)
    };
    let seen = parse(config, &[&out], 1 << 20, Decision::Body);
    assert_eq!((seen.error, seen.at_end, seen.upgraded), (None, None, false));
    assert_eq!(seen.events.iter().filter(|event| **event == Event::Complete).count(), 1);
    let (mut fields, mut bytes) = (Vec::new(), Vec::new());
    for event in seen.events {
        match event {
            Event::Fields { fields: some, .. } | Event::Head { fields: some, .. } => fields.extend(some),
            Event::Body(piece) => bytes.extend(piece),
            _ => {}
        }
    }
    let trimmed = |(name, value): &Field| (name.clone(), value.trim_ascii().to_vec());
    assert_eq!(fields[..given.len()].iter().map(trimmed).collect::<Vec<_>>(), given);
    let added = ["date", "connection", "keep-alive", "content-length", "transfer-encoding"];
    assert!(
        fields[given.len()..]
            .iter()
            .all(|(name, _)| added.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes())))
    );
    assert_eq!(bytes, body);
});
