//! Where a message ends, and whether the connection stays open (RFC 9112, sections 6, 7 and 9).

use super::cursor::Cursor;
use super::event::{self, Output};
use super::method;
use super::names::FieldKind;
use super::state::State;
use super::{AtEnd, Decision, Kind, Lenient, Parser, Step, Stop};
use crate::error::errors;

/// What the fields of the head have said so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Framing {
    pub kind: FieldKind,
    /// A Content-Length was seen.
    pub has_length: bool,
    pub length: u64,
    /// Bytes announced by the chunks so far, or received of a body that ends with the connection.
    pub announced: u64,
    /// A Transfer-Encoding was seen.
    pub has_coding: bool,
    /// Its last coding is chunked.
    pub chunked: bool,
    pub close: bool,
    pub keep_alive: bool,
    pub upgrade_token: bool,
    pub upgrade_field: bool,
    /// The last known option of this Connection value had more text after it, as in `closed`.
    pub passed: bool,
    /// The caller decided that no body follows.
    pub skip: bool,
}

impl Framing {
    pub(super) const fn new() -> Framing {
        Framing {
            kind: FieldKind::General,
            has_length: false,
            length: 0,
            announced: 0,
            has_coding: false,
            chunked: false,
            close: false,
            keep_alive: false,
            upgrade_token: false,
            upgrade_field: false,
            passed: false,
            skip: false,
        }
    }
}

impl Parser {
    /// Whether only the end of the connection ends the response (RFC 9112, section 6.3, rule 8).
    fn needs_eof(&self) -> bool {
        let f = &self.framing;
        if self.config.kind == Kind::Request || f.skip || self.bodyless_status() {
            return false;
        }
        if f.has_coding && !f.chunked {
            return true;
        }
        !f.chunked && !f.has_length
    }

    /// `1xx`, 204 and 304 have no body (RFC 9112, section 6.3, rule 1).
    fn bodyless_status(&self) -> bool {
        self.config.kind == Kind::Response
            && (self.status / 100 == 1 || self.status == 204 || self.status == 304)
    }

    /// Whether the connection stays open after this message (RFC 9112, section 9.3).
    fn keeps_alive(&self) -> bool {
        let persistent = if self.major > 0 && self.minor > 0 {
            !self.framing.close
        } else {
            self.framing.keep_alive
        };
        persistent && !self.needs_eof()
    }

    /// The head is complete: reports it, then goes on or waits for the decision. The cursor is after the head.
    pub(super) fn head_complete(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        if self.in_trailers {
            if !self.fields.is_empty() {
                self.flush(out);
            }
            return self.message_complete(out);
        }
        self.check_head(cur)?;
        self.upgrade = self.method == method::CONNECT
            || (self.framing.upgrade_token
                && self.framing.upgrade_field
                && (self.config.kind == Kind::Request || self.status == 101));
        if self.flushed {
            self.flush(out);
        }
        self.size = 0;
        let flags = self.head_flags();
        let version = i32::from(self.major) << 8 | i32::from(self.minor);
        let [at, len] = if self.flushed && self.config.kind == Kind::Request {
            [0, 0]
        } else {
            self.put_line(out)
        };
        out.words.extend_from_slice(&[
            event::HEAD,
            flags,
            version,
            self.method,
            i32::from(self.status),
            at,
            len,
        ]);
        self.put_fields(out);
        self.after_head_event(out)
    }

    /// The head was reported: goes on if the caller promised the decision, otherwise stops for it.
    #[inline]
    pub(super) fn after_head_event(&mut self, out: &mut Output) -> Step {
        self.state = State::Decide;
        if self.config.auto_continue && self.runs_on() {
            return self.after_head(out);
        }
        Err(Stop::Head)
    }

    /// Whether [`crate::parser::Config::auto_continue`] promises the decision for this head.
    fn runs_on(&self) -> bool {
        !self.upgrade
            && (self.config.kind == Kind::Request || (self.status >= 200 && self.status != 304))
    }

    /// The flags of the head event.
    pub(super) fn head_flags(&self) -> i32 {
        let f = &self.framing;
        let bodyless = self.bodyless_status() && self.dialect().knows_bodyless_status();
        let has_body = !bodyless && (f.chunked || f.length > 0 || f.has_coding || self.needs_eof());
        let flag = |holds: bool, flag: i32| if holds { flag } else { 0 };
        flag(self.keeps_alive(), event::KEEP_ALIVE)
            | flag(self.upgrade, event::UPGRADE)
            | flag(self.flushed, event::FLUSHED)
            | flag(has_body, event::HAS_BODY)
            | flag(f.chunked, event::CHUNKED)
    }

    /// Refuses a head whose fields contradict each other.
    fn check_head(&mut self, cur: &mut Cursor) -> Step {
        let f = &self.framing;
        if self.dialect().compares_length_and_coding_last()
            && f.has_length
            && f.has_coding
            && !self.lenient(Lenient::CHUNKED_LENGTH)
        {
            return Parser::fail_at(cur, cur.pos, errors::LENGTH_AND_TE);
        }
        if f.has_length && !f.chunked && f.length > self.config.limits.body {
            self.upgrade = false;
            return Parser::fail_at(cur, cur.pos, errors::BODY_OVERFLOW);
        }
        if self.config.strict {
            self.strict_fields();
            self.strict_head().map_err(Stop::Error)?;
        }
        Ok(())
    }

    /// Chooses what follows the head, after the caller's decision.
    pub(super) fn after_head(&mut self, out: &mut Output) -> Step {
        // A decision holds for one head.
        match std::mem::replace(&mut self.decision, Decision::Body) {
            Decision::Body => {}
            Decision::SkipBody => self.framing.skip = true,
            Decision::SkipBodyAndUpgrade => {
                self.framing.skip = true;
                self.upgrade = true;
            }
            Decision::Fail => return Err(Stop::Error(errors::CALLBACK)),
        }
        let f = self.framing;
        let has_body = f.chunked || f.length > 0;
        if self.upgrade && (self.method == method::CONNECT || f.skip || !has_body) {
            return self.message_complete(out);
        }
        if self.status == 101
            && self.dialect().switches_protocols_at_101()
            && self.config.kind == Kind::Response
        {
            // The peer switches protocols without naming one: node stops here, and treats the message as cut off.
            self.message_complete(out)?;
            self.at_end = AtEnd::CutOff;
            return Err(Stop::Upgrade);
        }
        if f.skip || (self.bodyless_status() && self.dialect().knows_bodyless_status()) {
            return self.message_complete(out);
        }
        if f.chunked {
            self.state = State::ChunkStart;
            return Ok(());
        }
        if f.has_coding {
            if self.config.kind == Kind::Request
                && !self.lenient(Lenient::CHUNKED_LENGTH | Lenient::TRANSFER_ENCODING)
            {
                return Err(Stop::Error(errors::TE_REQUEST));
            }
            return self.read_until_eof();
        }
        if f.has_length && f.length > 0 {
            self.state = State::Sized;
            return Ok(());
        }
        if !f.has_length && self.needs_eof() {
            return self.read_until_eof();
        }
        self.message_complete(out)
    }

    fn read_until_eof(&mut self) -> Step {
        self.state = State::UntilEof;
        self.at_end = AtEnd::Completes;
        Ok(())
    }

    /// The message is complete. Its fields decide what may follow.
    pub(super) fn message_complete(&mut self, out: &mut Output) -> Step {
        let keeps_alive = self.keeps_alive();
        self.complete(keeps_alive, out)
    }

    /// The message is complete. `keeps_alive`: the connection stays open.
    #[inline]
    pub(super) fn complete(&mut self, keeps_alive: bool, out: &mut Output) -> Step {
        out.words.push(event::COMPLETE);
        self.at_end = AtEnd::Idle;
        self.carries_length = self.dialect().always_carries_length() || !keeps_alive;
        let open = keeps_alive || self.lenient(Lenient::KEEP_ALIVE);
        self.state = if open { State::Start } else { State::Closed };
        if self.upgrade {
            Err(Stop::Upgrade)
        } else {
            Ok(())
        }
    }

    /// A body with a known length.
    pub(super) fn sized(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        self.take_body(cur, out);
        if self.framing.length == 0 {
            self.message_complete(out)
        } else {
            Ok(())
        }
    }

    /// Counts bytes of a body whose length no field gives.
    pub(super) fn announce(&mut self, bytes: u64) -> Step {
        self.framing.announced = self.framing.announced.saturating_add(bytes);
        if self.framing.announced > self.config.limits.body {
            return Err(Stop::Error(errors::BODY_OVERFLOW));
        }
        Ok(())
    }

    /// A body that ends when the connection ends.
    pub(super) fn until_eof(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        let available = cur.rest().len();
        let room = self
            .config
            .limits
            .body
            .saturating_sub(self.framing.announced);
        let n = usize::try_from(room).map_or(available, |room| room.min(available));
        if n > 0 {
            out.put_body(cur.pos, n);
            cur.pos += n;
        }
        self.announce(available as u64)
    }

    /// Takes up to `framing.length` bytes of body from the input.
    pub(super) fn take_body(&mut self, cur: &mut Cursor, out: &mut Output) {
        let available = cur.rest().len();
        let n = usize::try_from(self.framing.length).map_or(available, |left| left.min(available));
        out.put_body(cur.pos, n);
        cur.pos += n;
        self.framing.length -= n as u64;
    }
}
