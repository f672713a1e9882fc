//! Replays inputs through the parser and writes its events as text, for the parser tests.
#![allow(dead_code, missing_docs, reason = "each test file uses a part of it")]

use rust_http::parser::{
    Config, Decision, Dialect, Kind, Lenient, Output, Parser, Stop, event, method, names,
};
use serde_json::Value;

/// The result of a replay: events, the result of each piece, and that of `finish`.
#[derive(Debug, PartialEq, Eq, Clone)]
pub struct Seen {
    pub events: Vec<String>,
    pub results: Vec<String>,
    pub finish: String,
}

/// How a replay calls the parser.
#[derive(Clone, Copy)]
pub struct How {
    /// Output limit in words; zero stops after every event.
    pub limit: usize,
    pub auto_continue: bool,
}

pub const PLAIN: How = How {
    limit: 1 << 20,
    auto_continue: false,
};

pub fn config(kind: Kind, dialect: Dialect, lenient: u32) -> Config {
    Config {
        dialect,
        lenient: Lenient(lenient),
        ..Config::new(kind)
    }
}

pub fn latin1(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).expect("latin1"))
        .collect()
}

fn json(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|&b| char::from(b)).collect();
    serde_json::to_string(&text).expect("json")
}

fn plain(bytes: &[u8]) -> String {
    bytes.iter().map(|&b| char::from(b)).collect()
}

fn text(out: &Output, at: i32, len: i32) -> &[u8] {
    if at < 0 {
        let spelled = names::spelling((-1 - at) as usize).as_bytes();
        assert_eq!(spelled.len(), len as usize);
        return spelled;
    }
    &out.text[at as usize..(at + len) as usize]
}

fn fields(out: &Output, words: &[i32]) -> String {
    let all: Vec<String> = words
        .chunks(2)
        .map(|w| json(text(out, w[0], w[1])))
        .collect();
    format!("[{}]", all.join(","))
}

/// The method as the oracles print it: by name if the public list of methods has one for its number.
fn method_name(number: i32) -> String {
    match number {
        0..34 => method::name(number).to_string(),
        34 => "QUERY".to_string(),
        _ => number.to_string(),
    }
}

/// Appends the events of one call.
pub fn write(out: &Output, input: &[u8], kind: Kind, to: &mut Vec<String>) {
    let mut words = out.words.as_slice();
    while let Some(&first) = words.first() {
        let size = match first {
            event::BEGIN => {
                to.push("begin".to_string());
                1
            }
            event::HEADERS => {
                let count = words[3] as usize;
                let size = event::HEADERS_WORDS + count * event::FIELD_WORDS;
                to.push(format!(
                    "hdrs({count},{})",
                    json(text(out, words[1], words[2]))
                ));
                to.push(format!(
                    "  {}",
                    fields(out, &words[event::HEADERS_WORDS..size])
                ));
                size
            }
            event::HEAD => {
                let count = words[7] as usize;
                let size = event::HEAD_WORDS + count * event::FIELD_WORDS;
                let flushed = words[1] & event::FLUSHED != 0;
                let line = text(out, words[5], words[6]);
                let (verb, url, status, reason) = match kind {
                    Kind::Request if flushed => (
                        method_name(words[3]),
                        String::new(),
                        String::new(),
                        String::new(),
                    ),
                    Kind::Request => (
                        method_name(words[3]),
                        plain(line),
                        String::new(),
                        String::new(),
                    ),
                    Kind::Response => (
                        String::new(),
                        String::new(),
                        words[4].to_string(),
                        json(line),
                    ),
                };
                let all = if flushed {
                    "undefined".into()
                } else {
                    fields(out, &words[event::HEAD_WORDS..size])
                };
                to.push(format!(
                    "HC {}.{} {verb} {url} {status} {reason} up={} ka={} {all}",
                    words[2] >> 8,
                    words[2] & 255,
                    words[1] & event::UPGRADE != 0,
                    words[1] & event::KEEP_ALIVE != 0
                ));
                size
            }
            event::BODY => {
                to.push(format!(
                    "body {}",
                    json(&input[words[1] as usize..(words[1] + words[2]) as usize])
                ));
                3
            }
            event::COMPLETE => {
                to.push("MC".to_string());
                1
            }
            other => panic!("no such event: {other}"),
        };
        words = &words[size..];
    }
}

/// Gives the pieces to a new parser. `decisions` are for the heads in order; the last one repeats. Stops at the first
/// error.
pub fn replay(config: Config, pieces: &[&[u8]], decisions: &[Decision], how: How) -> Seen {
    let config = Config {
        auto_continue: how.auto_continue,
        ..config
    };
    let mut parser = Parser::new(config);
    let mut out = Output::new();
    out.limit = how.limit;
    let mut seen = Seen {
        events: Vec::new(),
        results: Vec::new(),
        finish: String::new(),
    };
    let mut heads = 0;
    'pieces: for piece in pieces {
        let mut at = 0;
        loop {
            out.clear();
            let rest = &piece[at..];
            let (consumed, stop) = parser.execute(rest, &mut out);
            assert!(consumed <= rest.len());
            write(&out, rest, config.kind, &mut seen.events);
            at += consumed;
            match stop {
                Stop::Full => {}
                Stop::Head => {
                    parser.decide(decisions[heads.min(decisions.len() - 1)]);
                    heads += 1;
                }
                Stop::Done | Stop::Upgrade => {
                    assert!(stop == Stop::Upgrade || at == piece.len());
                    seen.results.push(format!("ok {at}/{}", piece.len()));
                    break;
                }
                Stop::Error(error) => {
                    let line = format!(
                        "ERR {} \"{}\" bytesParsed={at}/{}",
                        error.code.name(),
                        error.reason,
                        piece.len()
                    );
                    seen.results.push(line);
                    break 'pieces;
                }
            }
        }
    }
    out.clear();
    let finish = parser.finish(&mut out);
    write(&out, &[], config.kind, &mut seen.events);
    seen.finish = match finish {
        Ok(()) => "undefined".to_string(),
        Err(error) => format!("{} \"{}\"", error.code.name(), error.reason),
    };
    seen
}

/// The events as the oracles write them, without the fields of a flush.
pub fn oracle_events(seen: &Seen) -> Vec<String> {
    seen.events
        .iter()
        .filter(|line| !line.starts_with("  "))
        .cloned()
        .collect()
}

/// The events, with adjacent body pieces joined.
pub fn joined(events: &[String]) -> Vec<String> {
    let mut to: Vec<String> = Vec::new();
    for line in events {
        match (to.last_mut(), line.strip_prefix("body \"")) {
            (Some(last), Some(more)) if last.starts_with("body ") => {
                last.pop();
                last.push_str(more);
            }
            _ => to.push(line.clone()),
        }
    }
    to
}

/// A recorded oracle: the results of one Node line's parser for 169 inputs.
pub struct Oracle {
    pub dialect: Dialect,
    pub lenient_all: u32,
    pub cases: Vec<Value>,
}

pub fn fixture(name: &str) -> Value {
    let path = format!("{}/__test__/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("fixture")).expect("json")
}

pub fn oracle(node: u32) -> Oracle {
    let file = fixture(&format!("parser-oracle-{node}.json"));
    let version: Vec<u32> = file["llhttp"]
        .as_str()
        .expect("version")
        .split('.')
        .map(|n| n.parse().expect("number"))
        .collect();
    Oracle {
        dialect: Dialect::from_llhttp(version[0], version[1]),
        lenient_all: file["kLenientAll"].as_u64().expect("flags") as u32,
        cases: file["cases"].as_array().expect("cases").clone(),
    }
}

pub fn kind_of(case: &Value) -> Kind {
    if case["type"] == "REQUEST" {
        Kind::Request
    } else {
        Kind::Response
    }
}

pub fn strings(list: &Value) -> Vec<String> {
    list.as_array()
        .expect("list")
        .iter()
        .map(|s| s.as_str().expect("string").to_string())
        .collect()
}
