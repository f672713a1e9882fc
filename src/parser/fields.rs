//! Fields of a head or of trailers (RFC 9112, section 5), byte by byte.

use super::cursor::Cursor;
use super::event::Output;
use super::names;
use super::names::FieldKind;
use super::state::{ListPhase, Span, State};
use super::{Kind, Lenient, Parser, Step, Stop};
use crate::bytes;
use crate::error::errors;

const CHUNKED: &[u8] = b"chunked";

impl Parser {
    /// The first line after the start line must not begin with white space (RFC 9112, section 2.2).
    pub(super) fn first_field(&mut self, cur: &mut Cursor) -> Step {
        if cur.peek() != Some(b' ') || self.dialect().space_may_precede_fields() {
            self.state = State::FieldStart;
            return Ok(());
        }
        if !self.lenient(Lenient::HEADERS) {
            return Parser::fail_at(cur, cur.pos + 1, errors::UNEXPECTED_SPACE);
        }
        cur.pos += 1;
        self.state = State::FieldStart;
        Ok(())
    }

    pub(super) fn field_start(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        let Some(b) = cur.peek() else { return Ok(()) };
        match b {
            b'\r' => {
                cur.pos += 1;
                self.state = State::HeadCr;
                Ok(())
            }
            b'\n'
                if self.dialect().bare_lf_ends_line()
                    || self.lenient(Lenient::OPTIONAL_CR_BEFORE_LF) =>
            {
                cur.pos += 1;
                self.head_complete(cur, out)
            }
            b'\n' => Parser::fail_at(cur, cur.pos + 1, errors::NAME_CHAR),
            _ if bytes::TOKEN[b as usize]
                || (self.dialect().spaces_in_names() && matches!(b, b' ' | b':')) =>
            {
                self.open(cur, Span::Name);
                self.word_len = 0;
                self.state = State::Name;
                Ok(())
            }
            _ => Parser::fail_at(cur, cur.pos, errors::NAME),
        }
    }

    pub(super) fn head_cr(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        if cur.peek() == Some(b'\n') || self.dialect().any_byte_passes_for_lf() {
            cur.pos += 1;
        } else if !self.lenient(Lenient::OPTIONAL_LF_AFTER_CR) {
            return Parser::fail_at(cur, cur.pos, errors::LF_AFTER_HEADERS);
        }
        self.head_complete(cur, out)
    }

    pub(super) fn name(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        cur.skip_class(&bytes::TOKEN);
        match cur.peek() {
            None => Ok(()),
            Some(b':') => self.name_end(cur, out),
            Some(b' ') if self.name_kind(cur) != FieldKind::General => {
                if !self.lenient(Lenient::HEADERS) {
                    self.close(cur, cur.pos + 1, out)?;
                    return Parser::fail_at(cur, cur.pos + 1, errors::NAME_CHAR);
                }
                self.framing.kind = self.name_kind(cur);
                self.state = State::NameSpace;
                cur.pos += 1;
                Ok(())
            }
            Some(b' ') if self.dialect().spaces_in_names() => {
                cur.pos += 1;
                Ok(())
            }
            Some(_) => Parser::fail_at(cur, cur.pos, errors::NAME),
        }
    }

    /// Lenient: spaces after the name of a field that controls framing.
    pub(super) fn name_space(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        match cur.peek() {
            Some(b' ') => {
                cur.pos += 1;
                Ok(())
            }
            Some(b':') => {
                let kind = self.framing.kind;
                self.name_known(cur, kind, out)
            }
            _ => {
                self.state = State::Name;
                Ok(())
            }
        }
    }

    /// The kind of the field whose name ends at the cursor.
    fn name_kind(&self, cur: &Cursor) -> FieldKind {
        let piece = cur.piece();
        let kept = self
            .fields
            .last()
            .filter(|_| cur.mark == 0 && !self.has_value);
        let Some(&[at, len, ..]) = kept else {
            return FieldKind::of(piece);
        };
        let mut whole = [0; names::LONGEST];
        let kept = self
            .text
            .get(at as usize..(at + len) as usize)
            .unwrap_or(&[]);
        let total = kept.len() + piece.len();
        match whole.get_mut(..total) {
            Some(whole) => {
                whole[..kept.len()].copy_from_slice(kept);
                whole[kept.len()..].copy_from_slice(piece);
                FieldKind::of(whole)
            }
            None => FieldKind::General,
        }
    }

    fn name_end(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        let kind = self.name_kind(cur);
        self.name_known(cur, kind, out)
    }

    fn name_known(&mut self, cur: &mut Cursor, kind: FieldKind, out: &mut Output) -> Step {
        self.close(cur, cur.pos + 1, out)?;
        cur.pos += 1;
        self.framing.kind = kind;
        self.state = State::BeforeValue;
        if self.lenient(Lenient::CHUNKED_LENGTH) || self.dialect().compares_length_and_coding_last()
        {
            return Ok(());
        }
        match kind {
            FieldKind::Length if self.framing.has_coding => {
                Err(Stop::Error(errors::LENGTH_WITH_TE))
            }
            FieldKind::Coding if self.framing.has_length => {
                Err(Stop::Error(errors::TE_WITH_LENGTH))
            }
            _ => Ok(()),
        }
    }

    /// `OWS` before a value is not part of it (RFC 9112, section 5.1).
    pub(super) fn before_value(&mut self, cur: &mut Cursor) -> Step {
        let Some(b) = cur.peek() else { return Ok(()) };
        match b {
            b' ' | b'\t' => cur.pos += 1,
            b'\r' => {
                cur.pos += 1;
                self.state = State::EmptyCr;
            }
            b'\n'
                if self.lenient(Lenient::OPTIONAL_CR_BEFORE_LF)
                    || (self.dialect().bare_lf_after_value_is_lenient_header()
                        && self.lenient(Lenient::HEADERS)) =>
            {
                cur.pos += 1;
                self.state = State::EmptyFold;
            }
            b'\n' => return Parser::fail_at(cur, cur.pos + 1, errors::VALUE_CHAR),
            _ => {
                self.open(cur, Span::Value);
                return self.value_start(cur);
            }
        }
        Ok(())
    }

    /// The first byte of a non-empty value.
    fn value_start(&mut self, cur: &mut Cursor) -> Step {
        self.word_len = 0;
        self.list = ListPhase::Before;
        match self.framing.kind {
            FieldKind::General => self.state = State::Value,
            FieldKind::Upgrade => {
                self.framing.upgrade_field = true;
                self.state = State::Value;
            }
            FieldKind::Connection => {
                self.framing.passed = false;
                self.state = State::Connection;
            }
            FieldKind::Length => {
                if self.framing.has_length {
                    return Parser::fail_at(cur, cur.pos, errors::LENGTH_TWICE);
                }
                self.framing.has_length = true;
                self.state = State::Length;
            }
            FieldKind::Coding => {
                let request = self.config.kind == Kind::Request;
                if self.framing.chunked && request && !self.lenient(Lenient::TRANSFER_ENCODING) {
                    return Parser::fail_at(cur, cur.pos + 1, errors::TE_VALUE);
                }
                self.framing.has_coding = true;
                self.framing.chunked = false;
                self.list = ListPhase::Token;
                self.state = State::Coding;
            }
        }
        Ok(())
    }

    pub(super) fn empty_cr(&mut self, cur: &mut Cursor) -> Step {
        if cur.peek() == Some(b'\n') {
            cur.pos += 1;
        } else if !self.lenient(Lenient::HEADERS) {
            return Parser::fail_at(cur, cur.pos, errors::LF_AFTER_CR);
        }
        self.state = State::EmptyFold;
        Ok(())
    }

    /// After the line end of a value that is empty so far: a folded line (obs-fold, RFC 9112, section 5.2) or the end
    /// of the field.
    pub(super) fn empty_fold(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        if let Some(b' ' | b'\t') = cur.peek() {
            if !self.lenient(Lenient::HEADERS) {
                return Parser::fail_at(cur, cur.pos + 1, errors::VALUE_CHAR);
            }
            cur.pos += 1;
            self.state = State::BeforeValue;
            return Ok(());
        }
        match self.framing.kind {
            FieldKind::Length => return Parser::fail_at(cur, cur.pos, errors::LENGTH_EMPTY),
            FieldKind::Coding if self.dialect().refuses_empty_coding() => {
                return Parser::fail_at(cur, cur.pos, errors::TE_EMPTY);
            }
            _ => {}
        }
        self.open(cur, Span::Value);
        self.close(cur, cur.pos, out)?;
        self.state = State::FieldStart;
        Ok(())
    }

    pub(super) fn value(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        cur.skip_class(&bytes::FIELD_VALUE);
        match cur.peek() {
            None => Ok(()),
            Some(b) => self.value_stop(cur, b, out),
        }
    }

    /// Lenient: after a byte not allowed in values, everything up to CR or LF belongs to the value. LF alone ends it
    /// with lenient headers. The narrower leniency for values treats LF as usual, and NUL stays an error.
    pub(super) fn value_relaxed(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        let headers = self.lenient(Lenient::HEADERS);
        let rest = cur.rest();
        let stop = if headers {
            memchr::memchr2(b'\r', b'\n', rest)
        } else {
            memchr::memchr3(b'\r', b'\n', 0, rest)
        };
        cur.pos += stop.unwrap_or(rest.len());
        match cur.peek() {
            Some(b'\n') if headers => {
                self.close(cur, cur.pos, out)?;
                cur.pos += 1;
                self.state = State::ValueFold;
                Ok(())
            }
            Some(b) => self.value_stop(cur, b, out),
            None => Ok(()),
        }
    }

    /// A byte that ends the line, or that no value may contain.
    fn value_stop(&mut self, cur: &mut Cursor, b: u8, out: &mut Output) -> Step {
        match b {
            b'\r' => {
                self.close(cur, cur.pos + 1, out)?;
                cur.pos += 1;
                self.state = State::ValueCr;
                Ok(())
            }
            b'\n' => {
                self.close(cur, cur.pos, out)?;
                let (bit, error) = if self.dialect().bare_lf_after_value_is_lenient_header() {
                    (Lenient::HEADERS, errors::VALUE_CHAR)
                } else {
                    (Lenient::OPTIONAL_CR_BEFORE_LF, errors::VALUE_CR)
                };
                if !self.lenient(bit) {
                    return Parser::fail_at(cur, cur.pos, error);
                }
                cur.pos += 1;
                self.state = State::ValueFold;
                Ok(())
            }
            _ if self.lenient(Lenient::HEADERS)
                || (b != 0 && self.lenient(Lenient::HEADER_VALUE_RELAXED)) =>
            {
                self.state = State::ValueRelaxed;
                Ok(())
            }
            _ => {
                self.close(cur, cur.pos, out)?;
                Parser::fail_at(cur, cur.pos, errors::VALUE_CHAR)
            }
        }
    }

    pub(super) fn value_cr(&mut self, cur: &mut Cursor) -> Step {
        if cur.peek() != Some(b'\n') {
            return Parser::fail_at(cur, cur.pos, errors::VALUE_LF);
        }
        cur.pos += 1;
        self.state = State::ValueFold;
        Ok(())
    }

    /// After the line end of a value: a folded line or the next field.
    pub(super) fn value_fold(&mut self, cur: &mut Cursor) -> Step {
        let folded = matches!(cur.peek(), Some(b' ' | b'\t'));
        if folded && !self.lenient(Lenient::HEADERS) {
            return Parser::fail_at(cur, cur.pos, errors::FOLD);
        }
        match (self.framing.kind, self.list) {
            (FieldKind::Coding, ListPhase::After) if !folded => self.framing.chunked = true,
            // Codings after a fold are ignored.
            (FieldKind::Coding, _) if folded => self.framing.kind = FieldKind::General,
            (FieldKind::Connection, phase) => {
                let known = phase != ListPhase::Before && self.option();
                // Connection options after a fold are ignored when the last known one ends at the fold, or had more
                // text after it.
                if folded && (known || self.framing.passed) {
                    self.framing.kind = FieldKind::General;
                }
            }
            _ => {}
        }
        if folded {
            self.open(cur, Span::Value);
            return self.value_start(cur);
        }
        self.state = State::FieldStart;
        Ok(())
    }

    /// `Content-Length = 1*DIGIT`: no sign, no list, at most 64 bits.
    pub(super) fn length(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        let Some(b) = cur.peek() else { return Ok(()) };
        if !b.is_ascii_digit() {
            self.state = State::LengthSpace;
            return self.length_space(cur, out);
        }
        let next = self
            .framing
            .length
            .checked_mul(10)
            .and_then(|n| n.checked_add(u64::from(b - b'0')));
        cur.pos += 1;
        match next {
            Some(length) => self.framing.length = length,
            None => {
                self.close(cur, cur.pos, out)?;
                return Parser::fail_at(cur, cur.pos, errors::LENGTH_OVERFLOW);
            }
        }
        Ok(())
    }

    pub(super) fn length_space(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        match cur.peek() {
            Some(b' ') => cur.pos += 1,
            Some(b'\t') if self.dialect().tab_is_trailing_space() => cur.pos += 1,
            Some(b'\r') => return self.value_stop(cur, b'\r', out),
            Some(b'\n') => return self.value_stop(cur, b'\n', out),
            _ => {
                self.close(cur, cur.pos, out)?;
                return Parser::fail_at(cur, cur.pos, errors::LENGTH_CHAR);
            }
        }
        Ok(())
    }

    /// `Transfer-Encoding = #transfer-coding`: only whether the last coding is chunked matters.
    pub(super) fn coding(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        let Some(b) = cur.peek() else { return Ok(()) };
        match (self.list, b) {
            (ListPhase::Before, b' ' | b'\t') => {}
            (ListPhase::Before, _) => {
                self.list = ListPhase::Token;
                self.word_len = 0;
                return Ok(());
            }
            (ListPhase::Token, _)
                if CHUNKED.get(usize::from(self.word_len)) == Some(&b.to_ascii_lowercase()) =>
            {
                self.word_len += 1;
                if usize::from(self.word_len) == CHUNKED.len() {
                    self.list = ListPhase::After;
                }
            }
            (ListPhase::Token, _) => {
                self.list = ListPhase::Other;
                return Ok(());
            }
            (ListPhase::After, b' ') => {}
            (ListPhase::After, b',') => {
                let request = self.config.kind == Kind::Request;
                if request && !self.lenient(Lenient::TRANSFER_ENCODING) {
                    self.close(cur, cur.pos + 1, out)?;
                    return Parser::fail_at(cur, cur.pos + 1, errors::TE_VALUE);
                }
                self.list = ListPhase::Before;
            }
            (ListPhase::After, b'\r' | b'\n') => {
                return self.value_stop(cur, b, out);
            }
            (ListPhase::After, _) => {
                self.list = ListPhase::Other;
                return Ok(());
            }
            (_, b',') => self.list = ListPhase::Before,
            _ => return self.list_other(cur, b, out),
        }
        cur.pos += 1;
        Ok(())
    }

    /// A byte of a list that does not matter, or the end of the value.
    fn list_other(&mut self, cur: &mut Cursor, b: u8, out: &mut Output) -> Step {
        if bytes::FIELD_VALUE[b as usize] {
            cur.pos += 1;
            return Ok(());
        }
        self.value_stop(cur, b, out)
    }

    /// `Connection = #connection-option` (RFC 9110, section 7.6.1). `word` collects the option, `word_len` is its
    /// length.
    pub(super) fn connection(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        let Some(b) = cur.peek() else { return Ok(()) };
        match (self.list, b) {
            (ListPhase::Before, b' ' | b'\t') => {}
            (ListPhase::Before, b'\r' | b'\n') => return self.value_stop(cur, b, out),
            (ListPhase::Before, _) => {
                self.list = ListPhase::Token;
                self.word_len = 0;
                return Ok(());
            }
            (ListPhase::Token | ListPhase::After, b' ') => self.list = ListPhase::After,
            (ListPhase::Token | ListPhase::After, b'\t')
                if self.dialect().tab_is_trailing_space() =>
            {
                self.list = ListPhase::After
            }
            (ListPhase::Token | ListPhase::After, b',' | b'\r' | b'\n') => {
                if b != b',' {
                    return self.value_stop(cur, b, out);
                }
                self.option();
                self.list = ListPhase::Before;
            }
            (ListPhase::Token, _) if bytes::FIELD_VALUE[b as usize] => {
                let at = usize::from(self.word_len);
                if let Some(slot) = self.word.get_mut(at) {
                    *slot = b.to_ascii_lowercase();
                    self.word_len += 1;
                } else {
                    self.list = ListPhase::Other;
                }
            }
            (ListPhase::After | ListPhase::Token, _) => {
                self.list = ListPhase::Other;
                return Ok(());
            }
            (_, b',') => {
                self.option();
                self.list = ListPhase::Before;
            }
            _ => return self.list_other(cur, b, out),
        }
        cur.pos += 1;
        Ok(())
    }

    /// A connection option is complete. Returns whether it is a known one.
    fn option(&mut self) -> bool {
        let word = self.word.get(..usize::from(self.word_len)).unwrap_or(&[]);
        let whole = self.list != ListPhase::Other;
        match word {
            b"close" if whole => self.framing.close = true,
            b"keep-alive" if whole => self.framing.keep_alive = true,
            b"upgrade" if whole => self.framing.upgrade_token = true,
            _ => {
                let options = [b"close".as_slice(), b"keep-alive", b"upgrade"];
                self.framing.passed |= options.iter().any(|option| word.starts_with(option));
                return false;
            }
        }
        self.framing.passed = false;
        true
    }
}
