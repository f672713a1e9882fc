//! A parser with the state it keeps between runs, and the record that each run leaves: the words below, from [`LENGTH`]
//! to [`CURSOR`], then the events of [`super::event`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::answers::{Answering, Answers};
use super::head_cache::HeadCache;
use super::{Code, Config, Decision, Error, Kind, Output, Parser, Stop, event};
use crate::clock::now;
use crate::error::errors;
use crate::limits;

/// Words used in the record.
pub const LENGTH: usize = 0;
/// Why the parser stopped: a `STOP_*` value.
pub const STOP: usize = 1;
/// Bytes of the input that were parsed.
pub const CONSUMED: usize = 2;
/// The time of [`now`] in ms.
pub const NOW: usize = 3;
/// Written by JavaScript: how far it has read.
pub const CURSOR: usize = 4;
/// Words before the first event.
pub const FIRST_EVENT: usize = 5;
/// Words that the largest event may take beyond the soft limit of the output.
const LARGEST_EVENT: usize = event::HEAD_WORDS + limits::HEADER_BATCH * event::FIELD_WORDS;

/// All of the input was parsed.
pub const STOP_DONE: i32 = 0;
/// There is no room for more events.
pub const STOP_FULL: i32 = 1;
/// A head waits for the decision of its callback.
pub const STOP_HEAD: i32 = 2;
/// Another protocol begins.
pub const STOP_UPGRADE: i32 = 3;
/// The input is refused.
pub const STOP_ERROR: i32 = 4;

/// Which callback threw. The parser has a separate error for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callback {
    /// For a head.
    HeadersComplete = 0,
    /// For a piece of the body.
    Body = 1,
    /// For the end of a message.
    MessageComplete = 2,
}

impl Callback {
    /// The callback with this number.
    pub const fn of(number: i32) -> Option<Callback> {
        match number {
            0 => Some(Callback::HeadersComplete),
            1 => Some(Callback::Body),
            2 => Some(Callback::MessageComplete),
            _ => None,
        }
    }

    /// The sticky error of a parser whose callback threw.
    const fn error(self) -> Error {
        match self {
            Callback::HeadersComplete => errors::CALLBACK,
            Callback::Body => errors::JS_EXCEPTION,
            Callback::MessageComplete => errors::COMPLETE_CALLBACK,
        }
    }
}

/// A parser, its last error, and the heads it has seen.
#[derive(Clone)]
pub struct Session {
    parser: Parser,
    error: Option<Error>,
    head_cache: HeadCache,
    // `None` when the server has no fixed answers.
    answering: Option<Box<Answering>>,
    answered: u32,
}

/// A session that a transport may use on another thread.
pub type SharedSession = Arc<Mutex<Session>>;

/// Locks a session. After a panic it has the state of its last call, which is as good as any.
pub fn lock(session: &SharedSession) -> MutexGuard<'_, Session> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    /// A session whose parser has these rules.
    pub fn new(config: Config) -> Session {
        Session {
            parser: Parser::new(config),
            error: None,
            head_cache: HeadCache::default(),
            answering: None,
            answered: 0,
        }
    }

    /// Starts over with other rules.
    pub fn reset(&mut self, config: Config) {
        self.parser.reset(config);
        self.error = None;
        self.head_cache = HeadCache::default();
        self.answering = None;
        self.answered = 0;
    }

    /// Changes the limit on fields.
    pub fn set_max_fields(&mut self, max_fields: u32) {
        self.forget_known();
        self.parser.set_max_fields(max_fields);
    }

    /// Changes another limit: see [`Parser::set_limit`].
    pub fn set_limit(&mut self, number: usize, value: u64) {
        self.forget_known();
        self.parser.set_limit(number, value);
    }

    /// See [`Config::auto_continue`].
    pub fn set_auto_continue(&mut self, auto_continue: bool) {
        self.forget_known();
        self.parser.set_auto_continue(auto_continue);
    }

    /// Permits `left` requests to get their fixed answers; 0 permits none. JavaScript calls it once it has answered every
    /// request it was given.
    pub fn permit(&mut self, answers: &Arc<Answers>, left: u32) {
        match &mut self.answering {
            Some(it) if it.is_of(answers) => it.permit(left),
            None if left == 0 => {}
            place => *place = Some(Box::new(Answering::new(answers, left))),
        }
    }

    /// Answers nothing until [`Session::permit`] is called again.
    pub fn forbid(&mut self) {
        if let Some(it) = &mut self.answering {
            it.permit(0);
        }
    }

    /// How many requests were answered since the last call.
    pub fn take_answered(&mut self) -> u32 {
        std::mem::take(&mut self.answered)
    }

    /// Whether [`Session::answer_fixed`] could answer anything.
    #[inline]
    pub fn may_answer(&self) -> bool {
        self.answering.as_ref().is_some_and(|it| it.may_answer())
    }

    // The parser is about to parse something else, or its rules change.
    #[inline]
    fn forget_known(&mut self) {
        if let Some(it) = &mut self.answering {
            it.forget_known();
        }
    }

    /// Answers the requests at the start of `input` that have fixed answers, appends the answers to `out`, and returns how
    /// many bytes of `input` they took.
    pub fn answer_fixed(&mut self, input: &[u8], out: &mut Vec<u8>) -> usize {
        let Some(answering) = &mut self.answering else {
            return 0;
        };
        if !answering.may_answer() || !self.parser.is_between_messages() {
            return 0;
        }
        let (taken, count) = answering.answer(&mut self.parser, input, out);
        self.answered = self.answered.saturating_add(count);
        taken
    }

    /// Answers the head at which the last run stopped, with the value its callback returned: 0 if a body follows, 1 if
    /// none does, 2 if none does and another protocol comes next, 21 to pause. Any other value means that the callback
    /// failed.
    pub fn answer(&mut self, answer: i32) {
        match answer {
            0 => self.parser.decide(Decision::Body),
            1 => self.parser.decide(Decision::SkipBody),
            2 => self.parser.decide(Decision::SkipBodyAndUpgrade),
            21 => self.parser.fail(Error {
                code: Code::Paused,
                reason: "Paused by on_headers_complete",
            }),
            _ => self.parser.decide(Decision::Fail),
        }
    }

    /// Parses `input` into `out`: the record, the events (at most `room` words in all) and their text. Returns how many
    /// bytes were parsed.
    pub fn run(&mut self, input: &[u8], out: &mut Output, room: usize) -> usize {
        self.forget_known();
        begin_record(out, room);
        let (consumed, stop) = self.parser.execute(input, out);
        let stop = match stop {
            Stop::Done => STOP_DONE,
            Stop::Full => STOP_FULL,
            Stop::Head => STOP_HEAD,
            Stop::Upgrade => STOP_UPGRADE,
            Stop::Error(error) => {
                self.error = Some(error);
                STOP_ERROR
            }
        };
        if stop == STOP_DONE && self.parser.auto_continue() {
            self.head_cache.note(out, FIRST_EVENT);
        }
        finish_record(out, stop, consumed);
        consumed
    }

    /// See [`Parser::content_ahead`].
    pub fn content_ahead(&self) -> u64 {
        self.parser.content_ahead()
    }

    /// The input has ended: leaves a record as [`Session::run`] does.
    pub fn finish(&mut self, out: &mut Output, room: usize) {
        self.forget_known();
        begin_record(out, room);
        let stop = match self.parser.finish(out) {
            Ok(()) => STOP_DONE,
            Err(error) => {
                self.error = Some(error);
                STOP_ERROR
            }
        };
        finish_record(out, stop, 0);
    }

    /// See [`Parser::pause`].
    pub fn pause(&mut self) {
        self.parser.pause();
    }

    /// Ends a pause.
    pub fn resume(&mut self) {
        self.parser.resume();
    }

    /// A callback threw. `earlier`: the parser had parsed a head after the event of that callback.
    pub fn fail(&mut self, callback: Callback, earlier: bool) {
        if earlier || callback == Callback::Body {
            self.parser.fail_earlier(callback.error());
        } else {
            self.parser.fail(callback.error());
        }
    }

    /// The last error.
    pub fn error(&self) -> Option<Error> {
        self.error
    }
}

impl Default for Session {
    /// A parser of requests with the limits of Node.
    fn default() -> Session {
        Session::new(Config::new(Kind::Request))
    }
}

fn begin_record(out: &mut Output, room: usize) {
    out.clear();
    out.words.extend_from_slice(&[0; FIRST_EVENT]);
    out.limit = room.saturating_sub(LARGEST_EVENT);
}

fn finish_record(out: &mut Output, stop: i32, consumed: usize) {
    out.words[LENGTH] = out.words.len() as i32;
    out.words[STOP] = stop;
    out.words[CONSUMED] = consumed as i32;
    out.words[NOW] = now();
}

/// Whether JavaScript needs the input of a run: for a body, to go on, for the bytes after an upgrade, or to show an
/// error.
pub fn refers_to_input(out: &Output) -> bool {
    out.has_bodies || !is_done(out)
}

/// Whether a run parsed all of its input and waits for nothing: the parser may get more input before JavaScript sees
/// this run.
pub fn is_done(out: &Output) -> bool {
    out.words.get(STOP) == Some(&STOP_DONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(session: &mut Session, input: &[u8]) -> Output {
        let mut out = Output::new();
        session.run(input, &mut out, limits::OUTPUT_WORDS);
        out
    }

    #[test]
    fn a_run_leaves_its_length_its_stop_and_what_it_has_parsed() {
        let mut session = Session::default();
        let out = run(&mut session, b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET");
        assert_eq!(out.words[STOP], STOP_HEAD);
        assert_eq!(out.words[CONSUMED], 27);
        assert_eq!(out.words[LENGTH] as usize, out.words.len());
        assert!(refers_to_input(&out) && !is_done(&out));
        session.answer(0);
        assert!(is_done(&run(&mut session, b"GET")));
    }

    #[test]
    fn an_error_is_kept_until_the_parser_begins_anew() {
        let mut session = Session::default();
        let out = run(&mut session, b"\x01");
        assert_eq!(out.words[STOP], STOP_ERROR);
        assert_eq!(
            session.error().map(|error| error.code),
            Some(Code::InvalidMethod)
        );
        session.reset(Config::new(Kind::Request));
        assert!(session.error().is_none());
    }

    #[test]
    fn a_callback_that_threw_stops_the_parser_for_good() {
        for (number, code) in [
            Code::CbHeadersComplete,
            Code::JsException,
            Code::CbMessageComplete,
        ]
        .into_iter()
        .enumerate()
        {
            let mut session = Session::default();
            let callback = Callback::of(number as i32).expect("a callback");
            session.fail(callback, false);
            let out = run(&mut session, b"GET / HTTP/1.1\r\n\r\n");
            assert_eq!(out.words[STOP], STOP_ERROR);
            assert_eq!(session.error().map(|error| error.code), Some(code));
        }
        assert_eq!(Callback::of(3), None);
    }
}
