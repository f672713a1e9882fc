//! The head of an outgoing message: its first line, the given fields, and the fields that the rules add.
//!
//! Added in this order: `Date`, `Connection` with `Keep-Alive`, `Content-Length` or `Transfer-Encoding`. A given field
//! is never added again and never changed.

use std::io::Write;

use bitflags::bitflags;
use memchr::memchr;

use super::date::DATE_LENGTH;
use super::validate::{has_word, is_first_line, relaxed_length, token_length, value_length};

bitflags! {
    /// What is known of a message before its head is written: [`Rules::flags`].
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct HeadInput: u32 {
        /// The connection may persist after this message (`shouldKeepAlive`).
        const KEEP_ALIVE = 1;
        /// Add a `Date` field unless one is given (`sendDate`).
        const DATE = 1 << 1;
        /// The message may have a body (`_hasBody`).
        const BODY = 1 << 2;
        /// A body of unknown length may be chunked (`useChunkedEncodingByDefault`).
        const CHUNKED_BY_DEFAULT = 1 << 3;
        /// The user removed `Connection`: add none (`_removedConnection`).
        const REMOVED_CONNECTION = 1 << 4;
        /// The user removed `Content-Length`: add none (`_removedContLen`).
        const REMOVED_CONTENT_LENGTH = 1 << 5;
        /// The user removed `Transfer-Encoding`: add none (`_removedTE`).
        const REMOVED_TRANSFER_ENCODING = 1 << 6;
        /// The server's `Keep-Alive` hint may be added (`_defaultKeepAlive`).
        const KEEP_ALIVE_HINT = 1 << 7;
        /// This is the last request allowed on the connection (`maxRequestsOnConnectionReached`).
        const MAX_REQUESTS_REACHED = 1 << 8;
        /// The message has an agent, which keeps connections (`agent`).
        const AGENT = 1 << 9;
        /// The connection is already known to close after this message (`_last`).
        const LAST = 1 << 10;
        /// The message is already known to be chunked (`chunkedEncoding`).
        const CHUNKED = 1 << 11;
        /// The status is 204 or 304, without a body: RFC 9112 6.1, "a server MUST NOT send a Transfer-Encoding header
        /// field in any response with a status code of 1xx or 204".
        const BODILESS_STATUS = 1 << 12;
        /// Field values may hold control characters, except NUL, CR and LF (`httpValidation`, Node 24 and later).
        const RELAXED = 1 << 13;
    }
}

bitflags! {
    /// What the rules decided, and what was found in the head: [`Outcome::flags`].
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct HeadOutput: u32 {
        /// The connection closes after this message (`_last`).
        const LAST = 1;
        /// The body is chunked (`chunkedEncoding`).
        const CHUNKED = 1 << 1;
        /// The connection may persist (`shouldKeepAlive`).
        const KEEP_ALIVE = 1 << 2;
        /// The `Keep-Alive` hint may still be added to a later head (`_defaultKeepAlive`).
        const KEEP_ALIVE_HINT = 1 << 3;
        /// `Connection` was given.
        const CONNECTION = 1 << 4;
        /// `Content-Length` was given.
        const CONTENT_LENGTH = 1 << 5;
        /// `Transfer-Encoding` was given.
        const TRANSFER_ENCODING = 1 << 6;
        /// `Date` was given.
        const DATE = 1 << 7;
        /// `Expect` was given: the head must be sent at once.
        const EXPECT = 1 << 8;
        /// `Trailer` was given.
        const TRAILER = 1 << 9;
        /// `Upgrade` was given.
        const UPGRADE = 1 << 10;
        /// The rules added `Content-Length`.
        const ADDED_CONTENT_LENGTH = 1 << 11;
        /// Every byte of the head is ASCII: it is the same in latin1 and in UTF-8.
        const ASCII = 1 << 12;
    }
}

/// The input of the rules.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// What is known of the message.
    pub flags: HeadInput,
    /// Length of the body in bytes; negative or NaN when unknown.
    pub content_length: f64,
    /// How long the server keeps an idle connection, in milliseconds; 0 or NaN to give no hint.
    pub keep_alive_timeout: f64,
    /// How many requests the server takes on a connection; 0, negative or NaN for no limit.
    pub max_requests: f64,
}

/// The decisions of the rules.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// What was decided and found.
    pub flags: HeadOutput,
    /// Index of the last given `Content-Length`.
    pub content_length_field: Option<u32>,
    /// Its value, if it is a plain decimal number up to 2^53 - 1.
    pub content_length: Option<u64>,
}

/// Why there is no head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A field name is not a token.
    Name = 1,
    /// A field value contains an illegal character.
    Value = 2,
    /// The first line contains an illegal character, or does not end in its only CRLF.
    FirstLine = 3,
    /// The number of fields differs from the announced one.
    Count = 4,
    /// `Trailer` without chunked framing (RFC 9110 6.6.2: trailers need a framing that can carry them).
    Trailer = 5,
}

/// The first illegal thing, and the index of its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Index of the field; 0 if the reason does not concern a field.
    pub field: u32,
    /// What is wrong.
    pub reason: Reason,
}

/// Writes `count` fields, each with its CRLF, and calls `see` for each with its index. `text` has `name NUL value NUL`
/// for each field.
///
/// Every byte is checked: names are tokens, values are legal, and NUL, allowed in neither, cannot hide a field. For
/// `relaxed` see [`HeadInput::RELAXED`].
///
/// # Errors
/// [`Invalid`] with the first illegal field. `out` must then not be sent.
#[inline]
pub fn fields(
    text: &[u8],
    count: u32,
    relaxed: bool,
    out: &mut Vec<u8>,
    mut see: impl FnMut(u32, &[u8], &[u8]),
) -> Result<(), Invalid> {
    // Each field grows by two bytes: `: ` and CRLF replace two NULs.
    out.reserve(text.len() + 2 * count.min(text.len() as u32) as usize);
    let mut rest = text;
    for field in 0..count {
        let invalid = |reason| Invalid { field, reason };
        let (name, tail) = rest.split_at(token_length(rest));
        let tail = match tail.split_first() {
            Some((0, tail)) if !name.is_empty() => tail,
            Some(_) => return Err(invalid(Reason::Name)),
            None => return Err(invalid(Reason::Count)),
        };
        let length = if relaxed {
            relaxed_length(tail)
        } else {
            value_length(tail)
        };
        let (value, tail) = tail.split_at(length);
        rest = match tail.split_first() {
            Some((0, rest)) => rest,
            Some(_) => return Err(invalid(Reason::Value)),
            None => return Err(invalid(Reason::Count)),
        };
        out.extend_from_slice(name);
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
        see(field, name, value);
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err(Invalid {
            field: count,
            reason: Reason::Count,
        })
    }
}

/// Splits `text` after its first line, which must end in CRLF and contain only legal characters.
fn first_line(text: &[u8]) -> Result<(&[u8], &[u8]), Invalid> {
    const INVALID: Invalid = Invalid {
        field: 0,
        reason: Reason::FirstLine,
    };
    let end = memchr(b'\r', text).ok_or(INVALID)?;
    if text.get(end + 1) != Some(&b'\n') || !is_first_line(&text[..end]) {
        return Err(INVALID);
    }
    Ok(text.split_at(end + 2))
}

/// The part of a head's UTF-16 text with the first character above U+00FF, which is illegal in all parts. A NUL inside
/// a part counts as its end: the returned index may then be one past the last field.
#[cold]
pub fn first_wide(text: &[u16]) -> Invalid {
    let at = text
        .iter()
        .position(|&unit| unit > 255)
        .unwrap_or(text.len());
    let before = &text[..at];
    let line_feed = before.iter().position(|&unit| unit == u16::from(b'\n'));
    let Some(end) = line_feed else {
        return Invalid {
            field: 0,
            reason: Reason::FirstLine,
        };
    };
    let fields = &before[end + 1..];
    let ends = fields.iter().filter(|&&unit| unit == 0).count() as u32;
    let reason = if ends.is_multiple_of(2) {
        Reason::Name
    } else {
        Reason::Value
    };
    Invalid {
        field: ends / 2,
        reason,
    }
}

/// Writes a head to which the rules add nothing: a 1xx response.
///
/// `text` is the first line with its CRLF, then `name NUL value NUL` for each of `count` fields. For `relaxed` see
/// [`HeadInput::RELAXED`].
///
/// # Errors
/// [`Invalid`]. `out` must then not be sent.
pub fn interim(text: &[u8], count: u32, relaxed: bool, out: &mut Vec<u8>) -> Result<(), Invalid> {
    let (line, rest) = first_line(text)?;
    out.extend_from_slice(line);
    fields(rest, count, relaxed, out, |_, _, _| {})?;
    out.extend_from_slice(b"\r\n");
    Ok(())
}

impl Outcome {
    /// Notes one field. Compares the length first, because most names have none of these lengths.
    #[inline]
    fn see(&mut self, field: u32, name: &[u8], value: &[u8]) {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        let flags = &mut self.flags;
        match name.len() {
            4 if is(b"date") => *flags |= HeadOutput::DATE,
            6 if is(b"expect") => *flags |= HeadOutput::EXPECT,
            7 if is(b"trailer") => *flags |= HeadOutput::TRAILER,
            7 if is(b"upgrade") => *flags |= HeadOutput::UPGRADE,
            10 if is(b"connection") => {
                *flags |= HeadOutput::CONNECTION;
                if has_word(value, b"close") {
                    *flags |= HeadOutput::LAST;
                } else {
                    *flags |= HeadOutput::KEEP_ALIVE;
                }
            }
            10 if is(b"keep-alive") => *flags &= !HeadOutput::KEEP_ALIVE_HINT,
            14 if is(b"content-length") => {
                *flags |= HeadOutput::CONTENT_LENGTH;
                self.content_length_field = Some(field);
                self.content_length = plain_number(value);
            }
            17 if is(b"transfer-encoding") => {
                *flags |= HeadOutput::TRANSFER_ENCODING;
                if has_word(value, b"chunked") {
                    *flags |= HeadOutput::CHUNKED;
                }
            }
            _ => {}
        }
    }
}

/// A decimal number up to 2^53 - 1, without sign, space or exponent.
fn plain_number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 16 {
        return None;
    }
    let number = text.iter().try_fold(0u64, |sum, &digit| {
        digit
            .is_ascii_digit()
            .then(|| sum * 10 + u64::from(digit - b'0'))
    })?;
    (number < 1 << 53).then_some(number)
}

/// Writes a whole head, and decides how the message is framed and whether its connection persists.
///
/// `text` is the first line with its CRLF, then `name NUL value NUL` for each of `count` fields. `date` is the value of
/// the `Date` field.
///
/// # Errors
/// [`Invalid`]: `out` must then not be sent. With [`Reason::Trailer`] the decisions hold, as they do in Node.
pub fn render(
    text: &[u8],
    count: u32,
    rules: &Rules,
    date: &[u8; DATE_LENGTH],
    out: &mut Vec<u8>,
) -> (Outcome, Result<(), Invalid>) {
    let carried = [
        (HeadInput::LAST, HeadOutput::LAST),
        (HeadInput::CHUNKED, HeadOutput::CHUNKED),
        (HeadInput::KEEP_ALIVE, HeadOutput::KEEP_ALIVE),
        (HeadInput::KEEP_ALIVE_HINT, HeadOutput::KEEP_ALIVE_HINT),
    ];
    let mut outcome = Outcome::default();
    for (asked, kept) in carried {
        if rules.flags.contains(asked) {
            outcome.flags |= kept;
        }
    }
    let written = first_line(text).and_then(|(line, rest)| {
        out.extend_from_slice(line);
        let relaxed = rules.flags.contains(HeadInput::RELAXED);
        fields(rest, count, relaxed, out, |field, name, value| {
            outcome.see(field, name, value)
        })
    });
    if let Err(invalid) = written {
        return (outcome, Err(invalid));
    }
    add_date(rules, &outcome, date, out);
    decide_connection(rules, &mut outcome, out);
    decide_length(rules, &mut outcome, out);
    out.extend_from_slice(b"\r\n");
    if outcome.flags.contains(HeadOutput::TRAILER) && !outcome.flags.contains(HeadOutput::CHUNKED) {
        return (
            outcome,
            Err(Invalid {
                field: 0,
                reason: Reason::Trailer,
            }),
        );
    }
    if out.is_ascii() {
        outcome.flags |= HeadOutput::ASCII;
    }
    (outcome, Ok(()))
}

fn add_date(rules: &Rules, outcome: &Outcome, date: &[u8; DATE_LENGTH], out: &mut Vec<u8>) {
    if rules.flags.contains(HeadInput::DATE) && !outcome.flags.contains(HeadOutput::DATE) {
        out.extend_from_slice(b"Date: ");
        out.extend_from_slice(date);
        out.extend_from_slice(b"\r\n");
    }
}

/// Adds `Connection` and `Keep-Alive` if missing, and decides whether the connection persists.
fn decide_connection(rules: &Rules, outcome: &mut Outcome, out: &mut Vec<u8>) {
    if rules.flags.contains(HeadInput::BODILESS_STATUS)
        && outcome.flags.contains(HeadOutput::CHUNKED)
    {
        outcome.flags &= !(HeadOutput::CHUNKED | HeadOutput::KEEP_ALIVE);
    }
    if outcome.flags.contains(HeadOutput::CONNECTION) {
        return;
    }
    let keep = outcome.flags.contains(HeadOutput::KEEP_ALIVE);
    if rules.flags.contains(HeadInput::REMOVED_CONNECTION) {
        outcome.flags &= !HeadOutput::LAST;
        if !keep {
            outcome.flags |= HeadOutput::LAST;
        }
        return;
    }
    // The peer can tell where the message ends, or our agent manages the connection.
    let delimited = outcome.flags.contains(HeadOutput::CONTENT_LENGTH)
        || rules
            .flags
            .intersects(HeadInput::CHUNKED_BY_DEFAULT | HeadInput::AGENT);
    if !(keep && delimited) {
        outcome.flags |= HeadOutput::LAST;
        out.extend_from_slice(b"Connection: close\r\n");
    } else if rules.flags.contains(HeadInput::MAX_REQUESTS_REACHED) {
        out.extend_from_slice(b"Connection: close\r\n");
    } else {
        out.extend_from_slice(b"Connection: keep-alive\r\n");
        if outcome.flags.contains(HeadOutput::KEEP_ALIVE_HINT) {
            add_keep_alive_hint(rules, out);
        }
    }
}

/// Adds `Keep-Alive: timeout=SECONDS[, max=REQUESTS]`.
fn add_keep_alive_hint(rules: &Rules, out: &mut Vec<u8>) {
    if rules.keep_alive_timeout == 0.0 || rules.keep_alive_timeout.is_nan() {
        return;
    }
    out.extend_from_slice(b"Keep-Alive: timeout=");
    number((rules.keep_alive_timeout / 1000.0).floor(), out);
    if rules.max_requests > 0.0 {
        out.extend_from_slice(b", max=");
        number(rules.max_requests, out);
    }
    out.extend_from_slice(b"\r\n");
}

/// Adds `Content-Length` or `Transfer-Encoding` if neither was given, and decides how the body is framed.
fn decide_length(rules: &Rules, outcome: &mut Outcome, out: &mut Vec<u8>) {
    if outcome
        .flags
        .intersects(HeadOutput::CONTENT_LENGTH | HeadOutput::TRANSFER_ENCODING)
    {
        return;
    }
    let has = |bit| rules.flags.contains(bit);
    if !has(HeadInput::BODY) {
        outcome.flags &= !HeadOutput::CHUNKED;
    } else if !has(HeadInput::CHUNKED_BY_DEFAULT) {
        outcome.flags |= HeadOutput::LAST;
    } else if !outcome.flags.contains(HeadOutput::TRAILER)
        && !has(HeadInput::REMOVED_CONTENT_LENGTH)
        && rules.content_length >= 0.0
    {
        out.extend_from_slice(b"Content-Length: ");
        number(rules.content_length, out);
        out.extend_from_slice(b"\r\n");
        outcome.flags |= HeadOutput::ADDED_CONTENT_LENGTH;
    } else if !has(HeadInput::REMOVED_TRANSFER_ENCODING) {
        out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        outcome.flags |= HeadOutput::CHUNKED;
    } else {
        outcome.flags |= HeadOutput::LAST;
    }
}

/// Writes a number as JavaScript prints it, for the values that occur here: integers of up to 15 digits, fractions, and
/// `Infinity`.
fn number(value: f64, out: &mut Vec<u8>) {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        integer(value as i64, out);
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 {
            b"Infinity"
        } else {
            b"-Infinity"
        });
    } else {
        // Writing to a Vec cannot fail.
        let _ = write!(out, "{value}");
    }
}

fn integer(value: i64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}
