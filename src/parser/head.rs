//! The fast path: httparse parses a head that is complete and clean in the input (RFC 9112, sections 2 to 5).
//!
//! httparse is laxer than Node's parser and knows nothing of framing, so its result is checked again here. Any doubt
//! leaves the head to the exact machine, which starts over at the same byte. Both always give the same events.

use std::mem::MaybeUninit;

use super::cursor::Cursor;
use super::event::{self, Output};
use super::framing::Framing;
use super::names::FieldKind;
use super::{Kind, Parser, Step, method, names, strict};
use crate::error::errors;
use crate::limits::{FAST_HEADERS, MAX_TEXT};

/// Words of the BEGIN and HEAD events before the fields.
const BEFORE_FIELDS: usize = 1 + event::HEAD_WORDS;

/// The contents of the start line.
struct Line {
    method: i32,
    status: u16,
    minor: u8,
    /// Where the target or the reason phrase starts.
    at: usize,
    len: usize,
}

/// The offset of `part` in `whole`; it is a slice of `whole`.
#[inline]
fn offset(whole: &[u8], part: &[u8]) -> usize {
    (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize)
}

/// The methods that the fast path takes: those without rules of their own.
#[inline]
fn plain_method(name: &[u8]) -> Option<i32> {
    match name {
        b"GET" => Some(method::GET),
        b"POST" => Some(method::POST),
        b"HEAD" => Some(method::HEAD),
        b"PUT" => Some(method::PUT),
        b"DELETE" => Some(method::DELETE),
        b"OPTIONS" => Some(method::OPTIONS),
        b"PATCH" => Some(method::PATCH),
        _ => None,
    }
}

impl Parser {
    /// Tries to take a whole head at the cursor, which is at the first byte of a message. `None`: nothing was taken.
    #[inline]
    pub(super) fn fast_head(&mut self, cur: &mut Cursor, out: &mut Output) -> Option<Step> {
        if self.exact || self.config.lenient.0 != 0 || self.flushed {
            return None;
        }
        let rest = cur.rest();
        self.count(rest.len());
        let mut storage = [const { MaybeUninit::<httparse::Header>::uninit() }; FAST_HEADERS];
        let (line, len, headers) = match self.config.kind {
            Kind::Request => {
                let mut request = httparse::Request::new(&mut []);
                let httparse::Status::Complete(len) =
                    request.parse_with_uninit_headers(rest, &mut storage).ok()?
                else {
                    return None;
                };
                let target = request.path?.as_bytes();
                if !matches!(target.first(), Some(b'/' | b'*')) || !target.is_ascii() {
                    return None;
                }
                let line = Line {
                    method: plain_method(request.method?.as_bytes())?,
                    status: 0,
                    minor: request.version?,
                    at: offset(rest, target),
                    len: target.len(),
                };
                (line, len, &*request.headers)
            }
            Kind::Response => {
                let mut response = httparse::Response::new(&mut []);
                let config = httparse::ParserConfig::default();
                let parsed = config
                    .parse_response_with_uninit_headers(&mut response, rest, &mut storage)
                    .ok()?;
                let httparse::Status::Complete(len) = parsed else {
                    return None;
                };
                let reason = response.reason?.as_bytes();
                let first = response
                    .headers
                    .first()
                    .map_or(len - 2, |field| offset(rest, field.name.as_bytes()));
                // "HTTP/1.1 200 " is 13 bytes, and CRLF ends the line. httparse returns a reason with obs-text as an
                // empty one.
                if first
                    != reason.len()
                        + if reason.is_empty() && rest.get(12) == Some(&b'\r') {
                            14
                        } else {
                            15
                        }
                {
                    return None;
                }
                let line = Line {
                    method: -1,
                    status: response.code?,
                    minor: response.version?,
                    at: 13,
                    len: reason.len(),
                };
                (line, len, &*response.headers)
            }
        };
        self.take_head(cur, out, &line, len, headers)
    }

    /// Checks what httparse found, and reports it.
    #[inline]
    fn take_head(
        &mut self,
        cur: &mut Cursor,
        out: &mut Output,
        line: &Line,
        len: usize,
        headers: &[httparse::Header],
    ) -> Option<Step> {
        let head = cur.rest().get(..len)?;
        let carried = self.carries_length && self.framing.length != 0;
        // When the whole head is below the limit, so is every part of it.
        let limit = self.config.max_header_size.min(MAX_TEXT);
        let too_many = headers.len() as u64 > u64::from(self.config.max_fields);
        if carried || too_many || len as u64 >= limit || !head.ends_with(b"\r\n\r\n") {
            return None;
        }
        let base = out.text.len() as i32;
        let before = out.words.len();
        out.words
            .reserve(BEFORE_FIELDS + FAST_HEADERS * event::FIELD_WORDS + 1);
        out.words.extend_from_slice(&[
            event::BEGIN,
            event::HEAD,
            0,
            1 << 8 | i32::from(line.minor),
            line.method,
            i32::from(line.status),
            base + line.at as i32,
            line.len as i32,
            headers.len() as i32,
        ]);
        let mut framing = Framing::new();
        if write_fields(head, base, headers, &mut out.words, &mut framing).is_none() {
            out.words.truncate(before);
            return None;
        }
        if self.config.strict {
            let target = head.get(line.at..line.at + line.len).unwrap_or(&[]);
            if !self.strict_fast(line.method, line.minor, framing.has_coding, target, headers) {
                out.words.truncate(before);
                return None;
            }
            self.strict = strict::Seen::default();
        }
        let text_before = out.text.len();
        out.text.extend_from_slice(head);
        cur.pos += len;
        self.begin_fields();
        self.framing = framing;
        self.method = line.method;
        self.status = line.status;
        (self.major, self.minor) = (1, line.minor);
        let request = self.config.kind == Kind::Request;
        self.upgrade =
            framing.upgrade_token && framing.upgrade_field && (request || line.status == 101);
        let flags = self.head_flags();
        if let Some(word) = out.words.get_mut(before + 2) {
            *word = flags;
        }
        if framing.chunked && request {
            // The trailers will be reported with the target.
            self.line
                .extend_from_slice(head.get(line.at..line.at + line.len)?);
        }
        if request && self.config.auto_continue && flags & !event::KEEP_ALIVE == 0 {
            // Nearly every request has no body: it is complete here.
            return Some(self.complete(flags & event::KEEP_ALIVE != 0, out));
        }
        if framing.length > self.config.limits.body {
            // The BEGIN event stays: node has reported it by then.
            out.words.truncate(before + 1);
            out.text.truncate(text_before);
            self.upgrade = false;
            return Some(Parser::fail_at(cur, cur.pos, errors::BODY_OVERFLOW));
        }
        Some(self.after_head_event(out))
    }
}

/// Writes the words of the fields, and collects what they say about framing. `None` in case of any doubt.
#[inline]
fn write_fields(
    head: &[u8],
    base: i32,
    headers: &[httparse::Header],
    words: &mut Vec<i32>,
    framing: &mut Framing,
) -> Option<()> {
    for field in headers {
        let name = field.name.as_bytes();
        let value = field.value;
        let at = offset(head, name);
        // The line before must end in CRLF. httparse also accepts a lone LF.
        if at.checked_sub(2).and_then(|from| head.get(from..at)) != Some(b"\r\n") {
            return None;
        }
        let value_at = if value.is_empty() {
            at
        } else {
            offset(head, value)
        };
        let mut name_at = base + at as i32;
        if let Some(found) = names::find(name) {
            if let Some(id) = found.spelling {
                name_at = -1 - id;
            }
            if found.kind != FieldKind::General {
                // The exact machine handles white space after such a value.
                if !value.is_empty() && head.get(value_at + value.len()) != Some(&b'\r') {
                    return None;
                }
                plain_framing(found.kind, value, framing)?;
            }
        }
        words.extend_from_slice(&[
            name_at,
            name.len() as i32,
            base + value_at as i32,
            value.len() as i32,
        ]);
    }
    Some(())
}

/// The meaning of the usual values of framing fields. `None` for any other value.
fn plain_framing(kind: FieldKind, value: &[u8], framing: &mut Framing) -> Option<()> {
    match kind {
        FieldKind::General => {}
        FieldKind::Upgrade => framing.upgrade_field |= !value.is_empty(),
        FieldKind::Connection => match value.len() {
            10 if value.eq_ignore_ascii_case(b"keep-alive") => framing.keep_alive = true,
            5 if value.eq_ignore_ascii_case(b"close") => framing.close = true,
            7 if value.eq_ignore_ascii_case(b"upgrade") => framing.upgrade_token = true,
            _ => return None,
        },
        FieldKind::Length => {
            // 19 digits always fit into 64 bits.
            if framing.has_length || framing.has_coding || value.is_empty() || value.len() > 19 {
                return None;
            }
            framing.has_length = true;
            for &digit in value {
                if !digit.is_ascii_digit() {
                    return None;
                }
                framing.length = framing.length * 10 + u64::from(digit - b'0');
            }
        }
        FieldKind::Coding => {
            if framing.has_length || framing.has_coding || !value.eq_ignore_ascii_case(b"chunked") {
                return None;
            }
            framing.has_coding = true;
            framing.chunked = true;
        }
    }
    Some(())
}
