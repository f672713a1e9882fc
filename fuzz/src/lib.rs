//! Shared by the fuzz targets: a parser driven as the binding drives it, and a decoder of its events that checks
//! everything it reads. A violated guarantee is a panic.

use rust_http::limits::{MAX_CHUNK_EXTENSIONS, Optional};
use rust_http::parser::{Config, Decision, Dialect, Error, Kind, Lenient, Output, Parser, Stop, event, names};

/// The number of the method CONNECT.
const CONNECT: i32 = 5;

/// One event, with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Begin,
    Fields {
        target: Vec<u8>,
        fields: Vec<Field>,
    },
    Head {
        flags: i32,
        version: i32,
        method: i32,
        status: i32,
        line: Vec<u8>,
        fields: Vec<Field>,
    },
    Body(Vec<u8>),
    Complete,
}

/// Name and value of a field.
pub type Field = (Vec<u8>, Vec<u8>);

/// The result of all of a connection's input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub events: Vec<Event>,
    pub error: Option<Error>,
    pub at_end: Option<Error>,
    /// Another protocol took over: nothing after that was parsed.
    pub upgraded: bool,
}

/// The configuration selected by four bytes of the input.
pub fn config(kind: Kind, bytes: [u8; 4]) -> Config {
    let [dialect, low, high, rest] = bytes;
    Config {
        dialect: [Dialect::V6, Dialect::V9_2, Dialect::V9_3, Dialect::V9_4][usize::from(dialect % 4)],
        // Most inputs test the parser as it faces the internet.
        lenient: Lenient(if dialect & 0x80 == 0 {
            0
        } else {
            u32::from(low) | u32::from(high) << 8
        }),
        max_header_size: [16384, 64, 1 << 20, 300][usize::from(rest % 4)],
        max_fields: [u32::MAX, 3, 40, 0][usize::from(rest >> 4 & 3)],
        limits: Optional::NONE.with("bodyLimit", [u64::MAX, 10, 0, 1000][usize::from(rest >> 6)]),
        auto_continue: rest & 4 != 0,
        strict: rest & 8 != 0,
        ..Config::new(kind)
    }
}

/// Parses the pieces one after the other. A small output `limit` makes the parser stop often.
pub fn parse(config: Config, pieces: &[&[u8]], limit: usize, decision: Decision) -> Outcome {
    let mut parser = Parser::new(config);
    let mut out = Output::new();
    out.limit = limit;
    let mut outcome = Outcome::default();
    let mut order = Order::new();
    'pieces: for piece in pieces {
        let mut rest = *piece;
        loop {
            out.clear();
            let (consumed, stop) = parser.execute(rest, &mut out);
            let before = outcome.events.len();
            decode(&out.words, &out.text, rest, &mut outcome.events);
            order.check(&config, &outcome.events[before..], decision);
            match stop {
                Stop::Done => {
                    assert_eq!(consumed, rest.len());
                    break;
                }
                Stop::Full => assert!(consumed > 0 || outcome.events.len() > before, "no progress"),
                Stop::Head => {
                    assert!(matches!(outcome.events.last(), Some(Event::Head { .. })));
                    parser.decide(decision);
                }
                Stop::Upgrade => {
                    outcome.upgraded = true;
                    break 'pieces;
                }
                Stop::Error(error) => {
                    assert!(!error.reason.is_empty() && error.code.name().starts_with("HPE_"));
                    outcome.error = Some(error);
                    // The error stays, and nothing more is reported.
                    out.clear();
                    assert_eq!(parser.execute(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &mut out), (0, stop));
                    assert!(out.words.is_empty());
                    break 'pieces;
                }
            }
            assert!(consumed <= rest.len());
            rest = &rest[consumed..];
        }
    }
    if outcome.error.is_none() && !outcome.upgraded {
        out.clear();
        outcome.at_end = parser.finish(&mut out).err();
        let before = outcome.events.len();
        decode(&out.words, &out.text, &[], &mut outcome.events);
        order.check(&config, &outcome.events[before..], decision);
    }
    outcome
}

/// Decodes the words of one call. Every word must be used, and every offset must be within the text or the input.
pub fn decode(words: &[i32], text: &[u8], input: &[u8], events: &mut Vec<Event>) {
    let mut words = words.iter().copied();
    while let Some(kind) = words.next() {
        let mut next = || words.next().expect("the event is cut off");
        events.push(match kind {
            event::BEGIN => Event::Begin,
            event::HEADERS => {
                let target = part(text, next(), next());
                Event::Fields {
                    target,
                    fields: fields(text, &mut next),
                }
            }
            event::HEAD => {
                let (flags, version, method, status) = (next(), next(), next(), next());
                let line = part(text, next(), next());
                Event::Head {
                    flags,
                    version,
                    method,
                    status,
                    line,
                    fields: fields(text, &mut next),
                }
            }
            event::BODY => Event::Body(part(input, next(), next())),
            event::COMPLETE => Event::Complete,
            other => panic!("no event {other}"),
        });
    }
}

fn part(text: &[u8], at: i32, len: i32) -> Vec<u8> {
    let (at, len) = (usize::try_from(at).expect("offset"), usize::try_from(len).expect("length"));
    text[at..at + len].to_vec()
}

fn fields(text: &[u8], next: &mut impl FnMut() -> i32) -> Vec<Field> {
    (0..next())
        .map(|_| {
            let (at, len) = (next(), next());
            let name = if at < 0 {
                let name = names::spelling(usize::try_from(-1 - at).expect("id")).as_bytes().to_vec();
                assert_eq!(name.len(), len as usize);
                name
            } else {
                part(text, at, len)
            };
            (name, part(text, next(), next()))
        })
        .collect()
}

/// The position in the sequence of events: which may follow, and how long the body may be.
struct Order {
    open: bool,
    head: bool,
    /// Bytes of body to come, if the head says it: for a strictly parsed message with one Content-Length.
    left: Option<u64>,
    lengths: Vec<Vec<u8>>,
    coded: bool,
}

impl Order {
    fn new() -> Order {
        Order {
            open: false,
            head: false,
            left: None,
            lengths: Vec::new(),
            coded: false,
        }
    }

    fn see(&mut self, fields: &[Field]) {
        for (name, value) in fields {
            if name.eq_ignore_ascii_case(b"content-length") {
                self.lengths.push(value.clone());
            }
            self.coded |= name.eq_ignore_ascii_case(b"transfer-encoding");
        }
    }

    fn check(&mut self, config: &Config, events: &[Event], decision: Decision) {
        let plain = config.lenient.0 == 0 && config.dialect != Dialect::V6 || config.strict;
        for event in events {
            match event {
                Event::Begin => {
                    assert!(!self.open, "two messages at once");
                    *self = Order {
                        open: true,
                        ..Order::new()
                    };
                }
                Event::Fields { fields, .. } => {
                    assert!(self.open);
                    if !self.head {
                        self.see(fields);
                    }
                }
                Event::Head {
                    fields,
                    line,
                    status,
                    method,
                    ..
                } => {
                    assert!(self.open && !self.head);
                    self.head = true;
                    self.see(fields);
                    if plain {
                        check_text(fields, line);
                        assert!(
                            !(self.coded && !self.lengths.is_empty())
                                || self.lengths.iter().all(Vec::is_empty)
                                || only_empty_coding(fields)
                        );
                        let bodiless = config.kind == Kind::Response && (status / 100 == 1 || *status == 204 || *status == 304);
                        self.left = match (&self.lengths[..], self.coded) {
                            // What follows a CONNECT belongs to the tunnel, whatever its fields say (RFC 9110, section
                            // 9.3.6).
                            _ if *method == CONNECT => Some(0),
                            _ if bodiless || decision != Decision::Body => Some(0),
                            ([length], false) => Some(number(length)),
                            ([], false) if config.kind == Kind::Request => Some(0),
                            _ => None,
                        };
                    }
                }
                Event::Body(bytes) => {
                    assert!(self.open && self.head);
                    if let Some(left) = &mut self.left {
                        *left = left.checked_sub(bytes.len() as u64).expect("more body than announced");
                    }
                }
                Event::Complete => {
                    assert!(self.open && self.head);
                    assert!(matches!(self.left, None | Some(0)), "less body than announced");
                    self.open = false;
                }
            }
        }
    }
}

/// llhttp 9.3 accepts an empty Transfer-Encoding with a Content-Length.
fn only_empty_coding(fields: &[Field]) -> bool {
    fields
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case(b"transfer-encoding"))
        .all(|(_, value)| value.is_empty())
}

fn number(digits: &[u8]) -> u64 {
    assert!(!digits.is_empty() && digits.iter().all(u8::is_ascii_digit), "{digits:?}");
    digits.iter().fold(0, |sum: u64, digit| {
        sum.checked_mul(10)
            .and_then(|sum| sum.checked_add(u64::from(digit - b'0')))
            .expect("64 bits")
    })
}

/// Checks that no text contains a byte that ends a line or a string.
fn check_text(fields: &[Field], line: &[u8]) {
    for (name, value) in fields {
        assert!(
            !name.is_empty() && name.iter().all(|b| b.is_ascii_graphic() && *b != b':'),
            "{name:?}"
        );
        assert!(value.iter().all(|b| !matches!(b, 0 | b'\r' | b'\n')), "{value:?}");
        assert!(
            !value.starts_with(b" ") && !value.ends_with(b" ") && !value.ends_with(b"\t"),
            "{value:?}"
        );
    }
    assert!(line.iter().all(|b| !matches!(b, b'\r' | b'\n')));
}

/// Joins the body pieces of each message: this is independent of how the input was cut.
pub fn joined(events: &[Event]) -> Vec<Event> {
    let mut all: Vec<Event> = Vec::new();
    for event in events {
        match (all.last_mut(), event) {
            (Some(Event::Body(before)), Event::Body(bytes)) => before.extend_from_slice(bytes),
            _ => all.push(event.clone()),
        }
    }
    all
}

/// Decodes a chunked body by the grammar of RFC 9112, section 7.1, all at once and without state. Returns the data, and
/// the bytes from the trailers on.
pub fn reference_chunks(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut data = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let line = &rest[..end];
        let digits = line.iter().position(|&b| b == b';').unwrap_or(line.len());
        if digits == 0 || line.len() - digits > MAX_CHUNK_EXTENSIONS as usize * 2 {
            return None;
        }
        let size = line[..digits].iter().try_fold(0usize, |size, &b| {
            let digit = char::from(b).to_digit(16)?;
            size.checked_mul(16)?.checked_add(digit as usize)
        })?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some((data, rest));
        }
        data.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

/// The configuration and the rest of an input; `None` if it is too short.
pub fn split_config(kind: Kind, data: &[u8]) -> Option<(Config, &[u8])> {
    let (bytes, rest) = data.split_first_chunk::<4>()?;
    Some((config(kind, *bytes), rest))
}

/// Cuts an input at the places given by the bytes of `cuts`.
pub fn cut<'a>(input: &'a [u8], cuts: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut rest = input;
    for &at in cuts {
        let (piece, after) = rest.split_at(usize::from(at).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}
