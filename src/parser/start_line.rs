//! The request line and the status line (RFC 9112, sections 3 and 4), byte by byte.

use super::cursor::Cursor;
use super::event::Output;
use super::framing::Framing;
use super::state::{Protocol, Span, State};
use super::{AtEnd, Decision, Kind, Lenient, Parser, Step, Stop, event, method};
use crate::bytes;
use crate::error::errors;

/// What follows the version in the HTTP/2 connection preface (RFC 9113, section 3.4).
const PREFACE_REST: &[u8] = b"\r\n\r\nSM\r\n\r\n";

/// Methods allowed with `RTSP/`: its own (35 to 45), and GET, POST, OPTIONS.
fn for_rtsp(number: i32) -> bool {
    matches!(number, method::GET | method::POST | method::OPTIONS)
        || (method::FIRST_RTSP..=method::LAST_RTSP).contains(&number)
}

impl Parser {
    /// Skips empty lines before a message (RFC 9112, section 2.2).
    pub(super) fn start(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        self.at_end = AtEnd::Idle;
        match cur.peek() {
            Some(b @ (b'\r' | b'\n')) => {
                if self.config.strict {
                    self.strict_empty_line(b).map_err(Stop::Error)?;
                    cur.pos += 1;
                } else {
                    cur.skip_line_ends();
                }
            }
            Some(_) => {
                if let Some(step) = self.fast_head(cur, out) {
                    return step;
                }
                if self.config.strict {
                    self.begin_strict().map_err(Stop::Error)?;
                }
                self.begin(out);
                self.state = match self.config.kind {
                    Kind::Request => State::Method,
                    Kind::Response => State::BeforeProtocol,
                };
            }
            None => {}
        }
        Ok(())
    }

    /// A new message.
    pub(super) fn begin(&mut self, out: &mut Output) {
        out.words.push(event::BEGIN);
        self.begin_fields();
    }

    /// Forgets the previous message.
    pub(super) fn begin_fields(&mut self) {
        self.at_end = AtEnd::CutOff;
        self.in_trailers = false;
        self.has_value = false;
        self.decision = Decision::Body;
        self.size = 0;
        self.field_count = 0;
        let carried = if self.carries_length {
            self.framing.length
        } else {
            0
        };
        self.framing = Framing::new();
        self.framing.length = carried;
        self.method = -1;
        self.status = 0;
        self.word_len = 0;
        self.line.clear();
        self.text.clear();
        self.fields.clear();
    }

    /// After `Connection: close` only empty lines are allowed.
    pub(super) fn closed(&mut self, cur: &mut Cursor) -> Step {
        self.at_end = AtEnd::Idle;
        match cur.peek() {
            _ if self.dialect().ignores_data_after_close()
                || self.lenient(Lenient::DATA_AFTER_CLOSE) =>
            {
                cur.pos = cur.bytes.len();
                Ok(())
            }
            Some(b @ (b'\r' | b'\n')) => {
                if self.config.strict {
                    self.strict_empty_line(b).map_err(Stop::Error)?;
                    cur.pos += 1;
                } else {
                    cur.skip_line_ends();
                }
                Ok(())
            }
            _ => Parser::fail_at(cur, cur.pos + 1, errors::CLOSED),
        }
    }

    pub(super) fn method_name(&mut self, cur: &mut Cursor) -> Step {
        let Some(b) = cur.peek() else { return Ok(()) };
        let len = usize::from(self.word_len);
        let word = self.word.get(..len).unwrap_or(&[]);
        if let Some(known) = method::find(word, self.config.dialect) {
            if b == b' ' {
                self.method = known;
                self.state = State::BeforeTarget;
                cur.pos += 1;
                return Ok(());
            }
            if !method::leads_on(word, b, self.config.dialect) {
                return Parser::fail_at(cur, cur.pos, errors::SPACE_AFTER_METHOD);
            }
        } else if !method::leads_on(word, b, self.config.dialect) {
            return Parser::fail_at(cur, cur.pos, errors::INVALID_METHOD);
        }
        if let Some(slot) = self.word.get_mut(len) {
            *slot = b;
            self.word_len += 1;
        }
        cur.pos += 1;
        Ok(())
    }

    pub(super) fn before_target(&mut self, cur: &mut Cursor) -> Step {
        cur.skip_byte(b' ');
        if cur.peek().is_some() {
            self.open(cur, Span::Target);
            // CONNECT: authority-form (RFC 9112, section 3.2.3)
            self.state = if self.method == method::CONNECT {
                State::Authority
            } else {
                State::TargetStart
            };
        }
        Ok(())
    }

    pub(super) fn target_start(&mut self, cur: &mut Cursor) -> Step {
        let Some(b) = cur.peek() else { return Ok(()) };
        match b {
            b'/' | b'*' => self.state = State::Path,
            b'a'..=b'z' | b'A'..=b'Z' => self.state = State::Schema,
            b'\t' | 0x0c if !self.dialect().refuses_tab_in_target() => {
                return Parser::fail_at(cur, cur.pos, errors::URL_START);
            }
            b' ' | b'\r' | b'\n' | b'\t' | 0x0c => {
                return Parser::fail_at(cur, cur.pos + 1, errors::URL_CHAR);
            }
            _ => return Parser::fail_at(cur, cur.pos, errors::URL_START),
        }
        cur.pos += 1;
        Ok(())
    }

    pub(super) fn schema(&mut self, cur: &mut Cursor) -> Step {
        let Some(b) = cur.peek() else { return Ok(()) };
        match b {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b':' => self.state = State::SchemaColon,
            b'\t' | 0x0c if !self.dialect().refuses_tab_in_target() => {
                return Parser::fail_at(cur, cur.pos, errors::URL_SCHEMA);
            }
            b' ' | b'\r' | b'\n' | b'\t' | 0x0c => {
                return Parser::fail_at(cur, cur.pos + 1, errors::URL_CHAR);
            }
            _ => return Parser::fail_at(cur, cur.pos, errors::URL_SCHEMA),
        }
        cur.pos += 1;
        Ok(())
    }

    pub(super) fn schema_colon(&mut self, cur: &mut Cursor) -> Step {
        match cur.peek() {
            Some(b'/') => self.state = State::SchemaSlash,
            Some(b'\t' | 0x0c) if !self.dialect().refuses_tab_in_target() => {
                return Parser::fail_at(cur, cur.pos, errors::URL_SCHEMA);
            }
            Some(b' ' | b'\r' | b'\n' | b'\t' | 0x0c) => {
                return Parser::fail_at(cur, cur.pos + 1, errors::URL_CHAR);
            }
            _ => return Parser::fail_at(cur, cur.pos, errors::URL_SCHEMA),
        }
        cur.pos += 1;
        Ok(())
    }

    pub(super) fn schema_slash(&mut self, cur: &mut Cursor) -> Step {
        match cur.peek() {
            Some(b'/') => self.state = State::Authority,
            _ => return Parser::fail_at(cur, cur.pos, errors::URL_SCHEMA),
        }
        cur.pos += 1;
        Ok(())
    }

    pub(super) fn authority(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        let Some(b) = cur.peek() else { return Ok(()) };
        match b {
            b'/' => self.state = State::Path,
            b'?' => self.state = State::Query,
            b'@' if self.state == State::AuthorityAt => {
                return Parser::fail_at(cur, cur.pos + 1, errors::URL_DOUBLE_AT);
            }
            b'@' => self.state = State::AuthorityAt,
            b' ' | b'\r' | b'\n' => return self.target_end(cur, b, out),
            b'\t' | 0x0c if self.dialect().refuses_tab_in_target() => {
                return Parser::fail_at(cur, cur.pos + 1, errors::URL_CHAR);
            }
            _ if bytes::AUTHORITY[b as usize] => self.state = State::Authority,
            _ => return Parser::fail_at(cur, cur.pos, errors::URL_SERVER),
        }
        cur.pos += 1;
        Ok(())
    }

    pub(super) fn path(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        let class = if self.dialect().refuses_tab_in_target() {
            &bytes::TARGET
        } else {
            &bytes::TARGET_OBS
        };
        while let Some(b) = cur.peek() {
            match b {
                b'#' => self.state = State::Fragment,
                b'?' if self.state == State::Path => self.state = State::Query,
                b' ' | b'\r' | b'\n' => return self.target_end(cur, b, out),
                b'\t' | 0x0c if self.dialect().refuses_tab_in_target() => {
                    return Parser::fail_at(cur, cur.pos + 1, errors::URL_CHAR);
                }
                _ if class[b as usize] => {}
                _ => {
                    let error = match self.state {
                        State::Query => errors::URL_QUERY,
                        State::Fragment => errors::URL_FRAGMENT,
                        _ => errors::URL_PATH,
                    };
                    return Parser::fail_at(cur, cur.pos, error);
                }
            }
            cur.pos += 1;
        }
        Ok(())
    }

    /// A target that ends with the line makes an HTTP/0.9 request.
    fn target_end(&mut self, cur: &mut Cursor, b: u8, out: &mut Output) -> Step {
        self.close(cur, cur.pos, out)?;
        if self.config.strict {
            if b != b' ' {
                return Parser::fail_at(cur, cur.pos, errors::STRICT_VERSION);
            }
            self.strict_target().map_err(Stop::Error)?;
        }
        match b {
            b' ' => {
                cur.pos += 1;
                self.state = State::AfterTarget;
            }
            b'\r' => {
                cur.pos += 1;
                self.state = State::TargetCr;
            }
            _ => {
                cur.pos += 1;
                (self.major, self.minor) = (0, 9);
                self.state = State::AfterOldLine;
            }
        }
        Ok(())
    }

    pub(super) fn target_cr(&mut self, cur: &mut Cursor) -> Step {
        match cur.peek() {
            Some(b'\n') => {
                cur.pos += 1;
                (self.major, self.minor) = (0, 9);
                self.state = State::AfterOldLine;
                Ok(())
            }
            _ => Parser::fail_at(cur, cur.pos, errors::URL_CRLF),
        }
    }

    /// The byte after the space or line end that ends the target. A tab or form feed there is refused as if it were in
    /// the target.
    pub(super) fn after_target(&mut self, cur: &mut Cursor) -> Step {
        if matches!(cur.peek(), Some(b'\t' | 0x0c)) && self.dialect().refuses_tab_in_target() {
            return Parser::fail_at(cur, cur.pos + 1, errors::URL_CHAR);
        }
        self.state = if self.state == State::AfterTarget {
            State::BeforeProtocol
        } else {
            State::FirstField
        };
        Ok(())
    }

    pub(super) fn before_protocol(&mut self, cur: &mut Cursor) -> Step {
        if self.config.kind == Kind::Request {
            cur.skip_byte(b' ');
        }
        let Some(b) = cur.peek() else { return Ok(()) };
        self.protocol = match b {
            b'H' => Protocol::Http,
            b'R' | b'I' if self.config.strict => {
                return Parser::fail_at(cur, cur.pos, errors::STRICT_VERSION);
            }
            _ if self.config.kind == Kind::Response
                && self.dialect().responses_are_http_alone() =>
            {
                return self.no_protocol(cur);
            }
            b'R' => Protocol::Rtsp,
            b'I' => Protocol::Ice,
            _ => return self.no_protocol(cur),
        };
        self.word_len = 1;
        self.state = State::Protocol;
        cur.pos += 1;
        Ok(())
    }

    fn no_protocol(&self, cur: &mut Cursor) -> Step {
        let error = if self.dialect().error_names_http_alone() {
            errors::PROTOCOL_HTTP
        } else {
            errors::PROTOCOL
        };
        Parser::fail_at(cur, cur.pos, error)
    }

    pub(super) fn protocol(&mut self, cur: &mut Cursor) -> Step {
        let name = self.protocol.name();
        let at = usize::from(self.word_len);
        if name.get(at).copied() != cur.peek() {
            return self.no_protocol(cur);
        }
        cur.pos += 1;
        self.word_len += 1;
        if at + 1 == name.len() {
            self.state = State::ProtocolSlash;
            if self.dialect().checks_method_before_slash() {
                self.check_method(cur)?;
            }
        }
        Ok(())
    }

    /// Refuses a method that the protocol does not have.
    fn check_method(&self, cur: &mut Cursor) -> Step {
        if self.config.kind == Kind::Response {
            return Ok(());
        }
        let error = match self.protocol {
            Protocol::Http if (method::FIRST_RTSP..=method::LAST_RTSP).contains(&self.method) => {
                errors::METHOD_FOR_HTTP
            }
            Protocol::Rtsp if !for_rtsp(self.method) => errors::METHOD_FOR_RTSP,
            Protocol::Ice if self.method != method::SOURCE => errors::METHOD_FOR_ICE,
            _ => return Ok(()),
        };
        Parser::fail_at(cur, cur.pos, error)
    }

    pub(super) fn protocol_slash(&mut self, cur: &mut Cursor) -> Step {
        if cur.peek() != Some(b'/') {
            return self.no_protocol(cur);
        }
        cur.pos += 1;
        self.state = State::Major;
        if self.dialect().checks_method_before_slash() {
            Ok(())
        } else {
            self.check_method(cur)
        }
    }

    pub(super) fn major(&mut self, cur: &mut Cursor) -> Step {
        match cur.peek() {
            Some(b @ b'0'..=b'9') => self.major = b - b'0',
            _ => return Parser::fail_at(cur, cur.pos, errors::MAJOR),
        }
        cur.pos += 1;
        self.state = State::Dot;
        Ok(())
    }

    pub(super) fn dot(&mut self, cur: &mut Cursor) -> Step {
        if cur.peek() != Some(b'.') {
            return Parser::fail_at(cur, cur.pos, errors::DOT);
        }
        cur.pos += 1;
        self.state = State::Minor;
        Ok(())
    }

    pub(super) fn minor(&mut self, cur: &mut Cursor) -> Step {
        match cur.peek() {
            Some(b @ b'0'..=b'9') => self.minor = b - b'0',
            _ => return Parser::fail_at(cur, cur.pos, errors::MINOR),
        }
        cur.pos += 1;
        let known = matches!((self.major, self.minor), (0, 9) | (1, 0) | (1, 1) | (2, 0));
        if !known && !self.lenient(Lenient::VERSION) {
            return Parser::fail_at(cur, cur.pos, errors::VERSION);
        }
        // PRI goes on: the HTTP/2 preface has an error of its own.
        if self.config.strict && self.major != 1 && self.method != method::PRI {
            return Parser::fail_at(cur, cur.pos, errors::STRICT_VERSION);
        }
        self.word_len = 0;
        self.state = match (self.config.kind, self.method) {
            (Kind::Request, method::PRI) => State::Preface,
            _ => State::AfterVersion,
        };
        Ok(())
    }

    pub(super) fn preface(&mut self, cur: &mut Cursor) -> Step {
        let at = usize::from(self.word_len);
        if PREFACE_REST.get(at).copied() != cur.peek() {
            return Parser::fail_at(cur, cur.pos, errors::PREFACE);
        }
        cur.pos += 1;
        self.word_len += 1;
        if at + 1 == PREFACE_REST.len() {
            return Err(Stop::Error(errors::H2));
        }
        Ok(())
    }

    pub(super) fn after_version(&mut self, cur: &mut Cursor) -> Step {
        let Some(b) = cur.peek() else { return Ok(()) };
        if self.config.kind == Kind::Response {
            if b != b' ' {
                return Parser::fail_at(cur, cur.pos, errors::VERSION_SPACE);
            }
            cur.pos += 1;
            self.state = State::Status;
            return Ok(());
        }
        match b {
            b'\r' => self.state = State::VersionCr,
            b'\n' if self.dialect().bare_lf_ends_line() => self.state = State::FirstField,
            b'\n' if self.lenient(Lenient::OPTIONAL_CR_BEFORE_LF) => self.state = State::VersionCr,
            b'\n' => return Parser::fail_at(cur, cur.pos + 1, errors::VERSION_CRLF),
            _ => return Parser::fail_at(cur, cur.pos, errors::VERSION_CRLF),
        }
        cur.pos += 1;
        Ok(())
    }

    pub(super) fn version_cr(&mut self, cur: &mut Cursor) -> Step {
        if cur.peek() == Some(b'\n') {
            cur.pos += 1;
        } else if self.dialect().version_needs_lf() {
            return Parser::fail_at(cur, cur.pos, errors::VERSION_CRLF);
        } else if !self.lenient(Lenient::OPTIONAL_LF_AFTER_CR) {
            return Parser::fail_at(cur, cur.pos, errors::VERSION_LF);
        }
        self.state = State::FirstField;
        Ok(())
    }

    /// `status-code = 3DIGIT`
    pub(super) fn status(&mut self, cur: &mut Cursor) -> Step {
        if self.dialect().status_has_any_length() {
            return self.status_of_any_length(cur);
        }
        match cur.peek() {
            Some(b @ b'0'..=b'9') => self.status = self.status * 10 + u16::from(b - b'0'),
            _ => return Parser::fail_at(cur, cur.pos, errors::STATUS_DIGIT),
        }
        cur.pos += 1;
        self.word_len += 1;
        if self.word_len == 3 {
            self.state = State::AfterStatus;
        }
        Ok(())
    }

    /// Any number of digits, even none; at most 999.
    fn status_of_any_length(&mut self, cur: &mut Cursor) -> Step {
        let Some(b) = cur.peek() else { return Ok(()) };
        if !b.is_ascii_digit() {
            self.state = State::AfterStatus;
            return Ok(());
        }
        cur.pos += 1;
        self.status = self.status * 10 + u16::from(b - b'0');
        if self.status > 999 {
            return Parser::fail_at(cur, cur.pos, errors::STATUS_OVERFLOW);
        }
        Ok(())
    }

    pub(super) fn after_status(&mut self, cur: &mut Cursor) -> Step {
        let Some(b) = cur.peek() else { return Ok(()) };
        match b {
            b' ' => {
                cur.pos += 1;
                self.open(cur, Span::Reason);
                self.state = State::Reason;
                return Ok(());
            }
            b'\r' => self.state = State::ReasonCr,
            b'\n'
                if self.dialect().bare_lf_ends_line()
                    || self.lenient(Lenient::OPTIONAL_CR_BEFORE_LF) =>
            {
                self.state = State::FirstField
            }
            b'\n' => return Parser::fail_at(cur, cur.pos + 1, errors::STATUS),
            _ => return Parser::fail_at(cur, cur.pos, errors::STATUS),
        }
        cur.pos += 1;
        Ok(())
    }

    /// Accepts any byte except CR and LF.
    pub(super) fn reason(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        let rest = cur.rest();
        let Some(n) = memchr::memchr2(b'\r', b'\n', rest) else {
            cur.pos += rest.len();
            return Ok(());
        };
        cur.pos += n;
        self.close(cur, cur.pos + 1, out)?;
        cur.pos += 1;
        self.state = match rest.get(n) {
            Some(b'\r') => State::ReasonCr,
            _ if self.dialect().bare_lf_ends_line()
                || self.lenient(Lenient::OPTIONAL_CR_BEFORE_LF) =>
            {
                State::FirstField
            }
            _ => return Err(Stop::Error(errors::REASON_CR)),
        };
        Ok(())
    }

    pub(super) fn reason_cr(&mut self, cur: &mut Cursor) -> Step {
        match cur.peek() {
            Some(b'\n') => cur.pos += 1,
            _ if self.dialect().any_byte_passes_for_lf() => cur.pos += 1,
            Some(b'\r') if self.dialect().second_cr_ends_status_line() => cur.pos += 1,
            _ if self.lenient(Lenient::OPTIONAL_LF_AFTER_CR) => {}
            _ => return Parser::fail_at(cur, cur.pos, errors::LF_AFTER_CR),
        }
        self.state = State::FirstField;
        Ok(())
    }
}
