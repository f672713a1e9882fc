//! Replays the heads that Node wrote (`__test__/fixtures/make-heads.cjs`) against the serializer: same bytes, same flags.
//!
//! `HEADS=/path/to/file.json cargo test --test serializer_heads` replays another recording, such as a larger one.

use rust_http::serializer::date::DATE_LENGTH;
use rust_http::serializer::head::{
    HeadInput, HeadOutput, Invalid, Outcome, Reason, Rules, first_wide, render,
};
use rust_http::serializer::validate;
use serde_json::Value;

const DATE: &[u8; DATE_LENGTH] = b"Sun, 06 Nov 1994 08:49:37 GMT";

const FLAGS: [(&str, HeadInput); 13] = [
    ("shouldKeepAlive", HeadInput::KEEP_ALIVE),
    ("sendDate", HeadInput::DATE),
    ("_hasBody", HeadInput::BODY),
    ("useChunkedEncodingByDefault", HeadInput::CHUNKED_BY_DEFAULT),
    ("_removedConnection", HeadInput::REMOVED_CONNECTION),
    ("_removedContLen", HeadInput::REMOVED_CONTENT_LENGTH),
    ("_removedTE", HeadInput::REMOVED_TRANSFER_ENCODING),
    ("_defaultKeepAlive", HeadInput::KEEP_ALIVE_HINT),
    (
        "maxRequestsOnConnectionReached",
        HeadInput::MAX_REQUESTS_REACHED,
    ),
    ("agent", HeadInput::AGENT),
    ("_last", HeadInput::LAST),
    ("chunkedEncoding", HeadInput::CHUNKED),
    ("bodilessStatus", HeadInput::BODILESS_STATUS),
];

const RESULTS: [(&str, HeadOutput); 5] = [
    ("_last", HeadOutput::LAST),
    ("chunkedEncoding", HeadOutput::CHUNKED),
    ("shouldKeepAlive", HeadOutput::KEEP_ALIVE),
    ("_defaultKeepAlive", HeadOutput::KEEP_ALIVE_HINT),
    ("_headerSent", HeadOutput::EXPECT),
];

/// Whether UTF-16 text is latin1, and passes the test as such.
fn passes_as(test: fn(&[u8]) -> bool, text: &[u16]) -> bool {
    let mut narrowed = Vec::new();
    validate::narrow(text, &mut narrowed) && test(&narrowed)
}

fn recording() -> Value {
    let committed = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/__test__/fixtures/heads-20.json"
    );
    let path = std::env::var("HEADS").unwrap_or(committed.into());
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn number(value: &Value, absent: f64) -> f64 {
    match value {
        Value::Number(number) => number.as_f64().unwrap(),
        Value::String(text) => text.parse().unwrap(),
        _ => absent,
    }
}

fn rules(input: &Value) -> Rules {
    Rules {
        flags: FLAGS
            .iter()
            .filter(|(name, _)| input[name] == true)
            .map(|(_, flag)| *flag)
            .collect(),
        content_length: number(&input["_contentLength"], -1.0),
        keep_alive_timeout: number(&input["keepAliveTimeout"], 0.0),
        max_requests: number(&input["maxRequests"], 0.0),
    }
}

fn joined(case: &Value) -> (Vec<u16>, u32) {
    let mut text = case["firstLine"].as_str().unwrap().to_owned();
    let fields = case["fields"].as_array().unwrap();
    for field in fields {
        for part in field.as_array().unwrap() {
            text.push_str(part.as_str().unwrap());
            text.push('\0');
        }
    }
    (text.encode_utf16().collect(), fields.len() as u32)
}

fn rendered(case: &Value) -> (Vec<u8>, Outcome, Result<(), Invalid>) {
    let (wide, count) = joined(case);
    let (mut text, mut out) = (Vec::new(), Vec::new());
    if !validate::narrow(&wide, &mut text) {
        return (out, Outcome::default(), Err(first_wide(&wide)));
    }
    let (outcome, written) = render(&text, count, &rules(&case["input"]), DATE, &mut out);
    (out, outcome, written)
}

/// The latin1 bytes of a text, with the date that the recording leaves out.
fn latin1(text: &str) -> Vec<u8> {
    let text = text.replace("<date>", std::str::from_utf8(DATE).unwrap());
    text.chars()
        .map(|character| u8::try_from(character as u32).unwrap())
        .collect()
}

fn check_flags(case: &Value, outcome: &Outcome) {
    let output = &case["output"];
    for (name, flag) in RESULTS {
        if name == "_headerSent" && case["error"].is_string() {
            // Nothing was sent, despite Expect.
            continue;
        }
        assert_eq!(
            outcome.flags.contains(flag),
            output[name] == true,
            "{name} of {case:#}"
        );
    }
    if let Some(length) = outcome.content_length {
        assert_eq!(
            length as f64,
            number(&output["_contentLength"], -1.0),
            "_contentLength of {case:#}"
        );
        assert!(outcome.content_length_field.is_some());
    }
    if let Some(field) = outcome.content_length_field {
        let name = case["fields"][field as usize][0].as_str().unwrap();
        assert!(name.eq_ignore_ascii_case("content-length"));
        let later = case["fields"].as_array().unwrap()[field as usize + 1..].iter();
        assert!(
            !later
                .map(|field| field[0].as_str().unwrap())
                .any(|name| name.eq_ignore_ascii_case("content-length"))
        );
    } else {
        assert_eq!(
            number(&output["_contentLength"], -1.0),
            number(&case["input"]["_contentLength"], -1.0),
            "{case:#}"
        );
    }
}

/// The fields that the error may point at: those with an illegal name or value.
fn check_refusal(case: &Value, code: &str, invalid: Invalid) {
    let expected: &[Reason] = match code {
        "ERR_HTTP_TRAILER_INVALID" => &[Reason::Trailer],
        // A NUL inside a name or value looks like its end.
        "ERR_INVALID_HTTP_TOKEN" | "ERR_INVALID_CHAR" => {
            &[Reason::Name, Reason::Value, Reason::Count]
        }
        other => panic!("unexpected {other} in {case:#}"),
    };
    assert!(
        expected.contains(&invalid.reason),
        "{invalid:?} for {case:#}"
    );
    let fields = case["fields"].to_string();
    if invalid.reason == Reason::Trailer || fields.contains("\\u0000") {
        return;
    }
    let exact = if code == "ERR_INVALID_HTTP_TOKEN" {
        Reason::Name
    } else {
        Reason::Value
    };
    assert_eq!(invalid.reason, exact, "{case:#}");
    let field = &case["fields"][invalid.field as usize];
    let part: Vec<u16> = field[usize::from(exact == Reason::Value)]
        .as_str()
        .unwrap()
        .encode_utf16()
        .collect();
    let legal = if exact == Reason::Name {
        passes_as(validate::is_token, &part)
    } else {
        passes_as(validate::is_field_value, &part)
    };
    assert!(!legal, "{invalid:?} for {case:#}");
}

#[test]
fn heads_and_flags_are_those_of_node() {
    let recording = recording();
    let cases = recording["cases"].as_array().unwrap();
    assert!(cases.len() > 500);
    for case in cases {
        let (out, outcome, written) = rendered(case);
        match (case["head"].as_str(), written) {
            (Some(head), Ok(())) => {
                assert_eq!(
                    String::from_utf8_lossy(&out),
                    String::from_utf8_lossy(&latin1(head)),
                    "{case:#}"
                );
                assert_eq!(out, latin1(head), "{case:#}");
                check_flags(case, &outcome);
            }
            (None, Err(invalid)) => {
                check_refusal(case, case["error"].as_str().unwrap(), invalid);
                if invalid.reason == Reason::Trailer {
                    check_flags(case, &outcome);
                }
            }
            (_, answer) => panic!("{answer:?} for {case:#}"),
        }
    }
}

#[test]
fn the_characters_of_names_values_and_targets_are_those_of_node() {
    let recording = recording();
    let answers = |kind: &str| {
        recording["characters"][kind]
            .as_str()
            .unwrap()
            .bytes()
            .map(|digit| digit == b'1')
            .collect::<Vec<_>>()
    };
    let (names, values) = (answers("name"), answers("value"));
    assert_eq!(names.len(), 0x180);
    for code in 0..0x180u16 {
        let text = [u16::from(b'a'), code, u16::from(b'b')];
        assert_eq!(
            passes_as(validate::is_token, &text),
            names[usize::from(code)],
            "name {code:#x}"
        );
        assert_eq!(
            passes_as(validate::is_field_value, &text),
            values[usize::from(code)],
            "value {code:#x}"
        );
        if let Ok(byte) = u8::try_from(code) {
            assert_eq!(
                validate::is_token(&[byte]),
                names[usize::from(code)],
                "name {code:#x}"
            );
            assert_eq!(
                validate::is_field_value(&[byte]),
                values[usize::from(code)],
                "value {code:#x}"
            );
        }
    }
}
