//! The parser core for `lib/parser/parser.js`: one call takes bytes in and fills an Int32Array with what they mean.
//!
//! That array begins with the words below, from [`LENGTH`] to [`CURSOR`]; the events of [`crate::parser::event`] follow.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::sys;
use slab::Slab;

use super::raw::{self, Call, Fault, Value};
use crate::error::{Code, Error};
use crate::limits;
use crate::parser::{
    Config, Decision, Dialect, Kind, Lenient, Output, Parser, Stop, event, names, repeats::Repeats,
};

/// The used length of the array.
pub(super) const LENGTH: usize = 0;
/// Why the parser stopped: one of the `STOP_*`.
pub(super) const STOP: usize = 1;
/// Bytes of the input that are parsed.
pub(super) const CONSUMED: usize = 2;
/// The clock of [`now`] in ms.
pub(super) const NOW: usize = 3;
/// JavaScript's: how far it has come.
pub(super) const CURSOR: usize = 4;
/// Words before the first event.
pub(super) const HEADER_WORDS: usize = 5;
/// Words that the largest event may need beyond the soft limit of the output.
const LARGEST_EVENT: usize = event::HEAD_WORDS + limits::HEADER_BATCH * event::FIELD_WORDS;

/// Bit of the lenient flags by which `lib/` asks for a strict parser; Node's own flags end at bit 10.
pub(super) const STRICT: i32 = 1 << 30;

/// All of the input is parsed.
pub(super) const STOP_DONE: i32 = 0;
/// There is no more room for events.
pub(super) const STOP_FULL: i32 = 1;
/// A head waits for the answer of its callback.
pub(super) const STOP_HEAD: i32 = 2;
/// Another protocol begins.
pub(super) const STOP_UPGRADE: i32 = 3;
/// The input is refused.
pub(super) const STOP_ERROR: i32 = 4;

/// Places in [`CALLBACK_ERRORS`].
pub(super) const HEADERS_COMPLETE_FAILED: usize = 0;
pub(super) const BODY_FAILED: usize = 1;
pub(super) const MESSAGE_COMPLETE_FAILED: usize = 2;

/// The sticky errors of a parser whose callback threw, by the callback.
const CALLBACK_ERRORS: [Error; 3] = [
    Error {
        code: Code::CbHeadersComplete,
        reason: "User callback error",
    },
    Error {
        code: Code::JsException,
        reason: "JS Exception",
    },
    Error {
        code: Code::CbMessageComplete,
        reason: "`on_message_complete` callback error",
    },
];

/// A parser and its last error. The transport shares it with the parser object of JavaScript.
#[derive(Clone)]
pub(super) struct Session {
    parser: Parser,
    error: Option<Error>,
    repeats: Repeats,
}

/// What a number of `createParser` stands for. Locked, since the transport may parse in a thread of its own.
pub(super) type Handle = Arc<Mutex<Session>>;

/// The session behind a handle; one that a panic has left is in the state of its last call, as good as any.
pub(super) fn lock(handle: &Handle) -> MutexGuard<'_, Session> {
    handle.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    // The parsers of a thread by their numbers. A number instead of an external value: Node runs the finalizers of those in an
    // immediate, which keeps a process that is about to end alive for another turn.
    static PARSERS: RefCell<Slab<Handle>> = const { RefCell::new(Slab::new()) };
    // One for all parsers of a thread: its content never outlives a call.
    static OUTPUT: RefCell<Output> = RefCell::new(Output::new());
}

/// Milliseconds of the coarse monotonic clock (4 ms steps), modulo 2^31. Limits on a message count in seconds, and the
/// precise clock costs 60 ns a reading against 5.
#[cfg(unix)]
fn now() -> i32 {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC_COARSE;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a timespec to write to.
    unsafe { libc::clock_gettime(CLOCK, &mut time) };
    // both fields are i64 here and i32 on 32-bit platforms
    #[allow(clippy::unnecessary_cast)]
    let (seconds, nanoseconds) = (time.tv_sec as i64, time.tv_nsec as i64);
    (seconds
        .wrapping_mul(1000)
        .wrapping_add(nanoseconds / 1_000_000)
        & 0x7fff_ffff) as i32
}

/// Milliseconds of a monotonic clock since the first call, modulo 2^31.
#[cfg(not(unix))]
fn now() -> i32 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    (START
        .get_or_init(std::time::Instant::now)
        .elapsed()
        .as_millis()
        & 0x7fff_ffff) as i32
}

fn config(
    kind: i32,
    major: i32,
    minor: i32,
    lenient: i32,
    max_header_size: f64,
    max_fields: i32,
) -> Config {
    let kind = if kind == 1 {
        Kind::Request
    } else {
        Kind::Response
    };
    Config {
        dialect: Dialect::from_llhttp(major.max(0) as u32, minor.max(0) as u32),
        lenient: Lenient(lenient as u32),
        // A float cast saturates: NaN and negative numbers become 0.
        max_header_size: (max_header_size as u64).min(limits::MAX_HEADER_SIZE_CEILING),
        max_fields: fields(max_fields),
        strict: lenient & STRICT != 0,
        ..Config::new(kind)
    }
}

/// A limit of fields as JavaScript gives it.
fn fields(limit: i32) -> u32 {
    u32::try_from(limit).unwrap_or(u32::MAX)
}

/// The parser whose number is the argument at `index`.
pub(super) fn handle<const N: usize>(call: &Call<N>, index: usize) -> Result<Handle, Fault> {
    let number = usize::try_from(call.i32(index)?).unwrap_or(usize::MAX);
    PARSERS
        .with_borrow(|parsers| parsers.get(number).cloned())
        .ok_or(Fault::Argument(c"expected a parser"))
}

/// `releaseParser(handle)`: nobody has the number any more.
fn release(call: &Call<1>) -> Result<Value, Fault> {
    let number = usize::try_from(call.i32(0)?).unwrap_or(usize::MAX);
    PARSERS.with_borrow_mut(|parsers| parsers.try_remove(number));
    Ok(call.undefined())
}

/// `parserCount() -> number`: parsers of this thread that nobody has released.
fn count(call: &Call<0>) -> Result<Value, Fault> {
    Ok(call.number(PARSERS.with_borrow(|parsers| parsers.len()) as i32))
}

/// `createParser() -> handle`: a number, valid in this thread until `releaseParser`.
fn create(call: &Call<0>) -> Result<Value, Fault> {
    let parser = Parser::new(config(1, 9, 4, 0, limits::MAX_HEADER_SIZE as f64, -1));
    let session = Arc::new(Mutex::new(Session {
        parser,
        error: None,
        repeats: Repeats::default(),
    }));
    Ok(call.number(PARSERS.with_borrow_mut(|parsers| parsers.insert(session)) as i32))
}

/// `parserReset(handle, type, llhttpMajor, llhttpMinor, lenientFlags, maxHeaderSize, maxFields)`: `maxFields` is -1 for no limit
fn reset(call: &Call<7>) -> Result<Value, Fault> {
    let handle = handle(call, 0)?;
    let mut session = lock(&handle);
    session.parser.reset(config(
        call.i32(1)?,
        call.i32(2)?,
        call.i32(3)?,
        call.i32(4)?,
        call.f64(5)?,
        call.i32(6)?,
    ));
    session.error = None;
    session.repeats = Repeats::default();
    Ok(call.undefined())
}

/// `parserMaxFields(handle, maxFields)`: another limit than that of `parserReset`.
fn max_fields(call: &Call<2>) -> Result<Value, Fault> {
    let max_fields = fields(call.i32(1)?);
    lock(&handle(call, 0)?).parser.set_max_fields(max_fields);
    Ok(call.undefined())
}

/// `parserExecute(handle, chunk, offset, decision, words) -> string`: parses `chunk` from `offset` on. `decision` answers
/// the head at which the last call stopped (0 body, 1 none, 2 none and another protocol follows, 21 pause, else a failure); its
/// bit 256 promises 0 for every head without upgrade. Returns the text into which the events point.
fn execute(call: &Call<5>) -> Result<Value, Fault> {
    let handle = handle(call, 0)?;
    let mut session = lock(&handle);
    let input = call.bytes(1)?;
    let input = input.get(call.i32(2)?.max(0) as usize..).unwrap_or(&[]);
    let answer = call.i32(3)?;
    session.parser.set_run_on(answer & RUN_ON != 0);
    match answer & !RUN_ON {
        0 => session.parser.decide(Decision::Body),
        1 => session.parser.decide(Decision::SkipBody),
        2 => session.parser.decide(Decision::SkipBodyAndUpgrade),
        21 => session.parser.fail(Error {
            code: Code::Paused,
            reason: "Paused by on_headers_complete",
        }),
        _ => session.parser.decide(Decision::Fail),
    }
    OUTPUT.with_borrow_mut(|out| {
        session.run(input, out, call.words(4)?);
        call.fill_i32(4, &out.words)?;
        Ok(if out.text.is_empty() {
            call.undefined()
        } else {
            call.latin1(&out.text)
        })
    })
}

impl Session {
    /// Parses `input` into `out`: the header words, the events (at most `room` words in all), and their text. Returns how many
    /// bytes were parsed.
    pub(super) fn run(&mut self, input: &[u8], out: &mut Output, room: usize) -> usize {
        prepare(out, room);
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
        if stop == STOP_DONE && self.parser.run_on() {
            self.repeats.note(out, HEADER_WORDS);
        }
        finish_words(out, stop, consumed);
        consumed
    }

    /// See [`crate::parser::Config::run_on`].
    #[cfg(unix)]
    pub(super) fn set_run_on(&mut self, run_on: bool) {
        self.parser.set_run_on(run_on);
    }
}

/// Whether JavaScript needs the input of a run: for a body, to go on, for what comes behind an upgrade, or to show an error.
#[cfg(unix)]
pub(super) fn refers_to_input(out: &Output) -> bool {
    out.has_bodies || !is_done(out)
}

/// Whether a run has parsed all of its input and waits for nothing: the parser may be given more before JavaScript has seen this.
#[cfg(unix)]
pub(super) fn is_done(out: &Output) -> bool {
    out.words.get(STOP) == Some(&STOP_DONE)
}

/// Bit beside the answer for a head: the parser need not stop at heads, see [`crate::parser::Config::run_on`].
pub(super) const RUN_ON: i32 = 256;

fn prepare(out: &mut Output, room: usize) {
    out.clear();
    out.words.extend_from_slice(&[0; HEADER_WORDS]);
    out.limit = room.saturating_sub(LARGEST_EVENT);
}

fn finish_words(out: &mut Output, stop: i32, consumed: usize) {
    out.words[LENGTH] = out.words.len() as i32;
    out.words[STOP] = stop;
    out.words[CONSUMED] = consumed as i32;
    out.words[NOW] = now();
}

/// `parserFinish(handle, words)`: the input ended.
fn finish(call: &Call<2>) -> Result<Value, Fault> {
    let handle = handle(call, 0)?;
    let mut session = lock(&handle);
    OUTPUT.with_borrow_mut(|out| {
        prepare(out, call.words(1)?);
        let stop = match session.parser.finish(out) {
            Ok(()) => STOP_DONE,
            Err(error) => {
                session.error = Some(error);
                STOP_ERROR
            }
        };
        finish_words(out, stop, 0);
        call.fill_i32(1, &out.words)?;
        Ok(call.undefined())
    })
}

/// `parserPause(handle)`
fn pause(call: &Call<1>) -> Result<Value, Fault> {
    lock(&handle(call, 0)?).parser.pause();
    Ok(call.undefined())
}

/// `parserResume(handle)`
fn resume(call: &Call<1>) -> Result<Value, Fault> {
    lock(&handle(call, 0)?).parser.resume();
    Ok(call.undefined())
}

/// `parserFail(handle, which, earlier)`: a callback threw; see [`CALLBACK_ERRORS`]. `earlier` is 1 where a head was parsed behind its event.
fn fail(call: &Call<3>) -> Result<Value, Fault> {
    let handle = handle(call, 0)?;
    let mut session = lock(&handle);
    let which = call.i32(1)?.max(0) as usize;
    match CALLBACK_ERRORS.get(which) {
        Some(error) if which == BODY_FAILED || call.i32(2)? != 0 => {
            session.parser.fail_earlier(*error);
        }
        Some(error) => session.parser.fail(*error),
        None => {}
    }
    Ok(call.undefined())
}

/// `parserError(handle) -> string`: code and reason of the last error, a space between.
fn error(call: &Call<1>) -> Result<Value, Fault> {
    let handle = handle(call, 0)?;
    let session = lock(&handle);
    let text = session.error.map_or_else(String::new, |error| {
        format!("{} {}", error.code.name(), error.reason)
    });
    Ok(call.latin1(text.as_bytes()))
}

/// `now() -> number`: ms of the clock that stamps the events.
fn clock(call: &Call<0>) -> Result<Value, Fault> {
    Ok(call.number(now()))
}

/// `headerNames() -> string[]`: the spellings that events name by number.
fn header_names(call: &Call<0>) -> Result<Value, Fault> {
    Ok(call.strings((0..names::COUNT).map(names::spelling)))
}

raw::entries! {
    /// Registers the parser's functions.
    register:
    createParser => create,
    releaseParser => release,
    parserCount => count,
    parserReset => reset,
    parserMaxFields => max_fields,
    parserExecute => execute,
    parserFinish => finish,
    parserPause => pause,
    parserResume => resume,
    parserFail => fail,
    parserError => error,
    now => clock,
    headerNames => header_names,
}
