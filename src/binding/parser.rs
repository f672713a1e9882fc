//! The parser core for `lib/parser/parser.js`: each call takes bytes and fills an Int32Array with the record of a run,
//! see [`crate::parser::session`].

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use napi::sys;
use slab::Slab;

use super::scope;
use super::young_space;
use crate::clock::now;
use crate::heap_top;
use crate::limits;
use crate::node_api::{self, Call, CallError, Value};
use crate::parser::session::{Callback, Session, SharedSession, lock};
use crate::parser::{Config, Dialect, Kind, Lenient, Output, names};

/// The bit with which `lib/` asks for a strict parser, among the lenient flags; Node's own end at bit 10.
pub(super) const STRICT: i32 = 1 << 30;

thread_local! {
    // The parsers of a thread, by number. External values would need finalizers, which Node runs in an immediate: a
    // process about to end would live for another turn.
    static PARSERS: RefCell<Slab<SharedSession>> = const { RefCell::new(Slab::new()) };
    // Shared by all parsers of a thread: its content never outlives a call.
    static OUTPUT: RefCell<Output> = RefCell::new(Output::new());
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

/// A limit on fields, as JavaScript passes it.
fn fields(limit: i32) -> u32 {
    u32::try_from(limit).unwrap_or(u32::MAX)
}

/// The parser with the number in argument `index`.
pub(super) fn session<const N: usize>(
    call: &Call<N>,
    index: usize,
) -> Result<SharedSession, CallError> {
    let number = usize::try_from(call.i32(index)?).unwrap_or(usize::MAX);
    PARSERS
        .with_borrow(|parsers| parsers.get(number).cloned())
        .ok_or(CallError::Argument(c"expected a parser"))
}

/// `releaseParser(handle)`: frees the number.
fn release(call: &Call<1>) -> Result<Value, CallError> {
    let number = usize::try_from(call.i32(0)?).unwrap_or(usize::MAX);
    PARSERS.with_borrow_mut(|parsers| parsers.try_remove(number));
    scope::end(call.env(), number);
    Ok(call.undefined())
}

/// `parserCount() -> number`: how many parsers of this thread are not released.
fn count(call: &Call<0>) -> Result<Value, CallError> {
    Ok(call.number(PARSERS.with_borrow(|parsers| parsers.len()) as i32))
}

/// `createParser() -> handle`: a number, valid in this thread until `releaseParser`.
fn create(call: &Call<0>) -> Result<Value, CallError> {
    let session = Arc::new(Mutex::new(Session::default()));
    Ok(call.number(PARSERS.with_borrow_mut(|parsers| parsers.insert(session)) as i32))
}

/// `parserReset(handle, type, llhttpMajor, llhttpMinor, lenientFlags, maxHeaderSize, maxFields)`: `maxFields` is -1 for no limit
fn reset(call: &Call<7>) -> Result<Value, CallError> {
    let config = config(
        call.i32(1)?,
        call.i32(2)?,
        call.i32(3)?,
        call.i32(4)?,
        call.f64(5)?,
        call.i32(6)?,
    );
    lock(&session(call, 0)?).reset(config);
    Ok(call.undefined())
}

/// `parserMaxFields(handle, maxFields)`: changes the limit set by `parserReset`.
fn max_fields(call: &Call<2>) -> Result<Value, CallError> {
    let max_fields = fields(call.i32(1)?);
    lock(&session(call, 0)?).set_max_fields(max_fields);
    Ok(call.undefined())
}

/// `parserLimit(handle, number, value)`: sets a limit of [`crate::limits::OPTIONS`] until the next `parserReset`.
fn limit(call: &Call<3>) -> Result<Value, CallError> {
    let number = usize::try_from(call.i32(1)?).unwrap_or(usize::MAX);
    let value = call.f64(2)? as u64;
    lock(&session(call, 0)?).set_limit(number, value);
    Ok(call.undefined())
}

/// `parserAnswered(handle) -> number`: how many requests got a fixed answer since the last call.
fn answered(call: &Call<1>) -> Result<Value, CallError> {
    let count = lock(&session(call, 0)?).take_answered();
    Ok(call.double(f64::from(count)))
}

/// `parserExecute(handle, chunk, offset, decision, words) -> string`: parses `chunk` from `offset` on. `decision`
/// answers the head at which the last call stopped (0 body, 1 none, 2 none and another protocol follows, 21 pause,
/// anything else a failure). Its bit 256 promises 0 for every head without an upgrade. Returns the text that the events
/// point into.
fn execute(call: &Call<5>) -> Result<Value, CallError> {
    let session = session(call, 0)?;
    let mut session = lock(&session);
    let input = call.bytes(1)?;
    let input = input.get(call.i32(2)?.max(0) as usize..).unwrap_or(&[]);
    let answer = call.i32(3)?;
    session.set_auto_continue(answer & AUTO_CONTINUE != 0);
    session.answer(answer & !AUTO_CONTINUE);
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

/// The bit of `decision` that promises: do not stop at heads, see [`crate::parser::Config::auto_continue`].
pub(super) const AUTO_CONTINUE: i32 = 256;

/// `parserFinish(handle, words)`: the input has ended.
fn finish(call: &Call<2>) -> Result<Value, CallError> {
    let session = session(call, 0)?;
    let room = call.words(1)?;
    OUTPUT.with_borrow_mut(|out| {
        lock(&session).finish(out, room);
        call.fill_i32(1, &out.words)?;
        Ok(call.undefined())
    })
}

/// `parserPause(handle)`
fn pause(call: &Call<1>) -> Result<Value, CallError> {
    lock(&session(call, 0)?).pause();
    Ok(call.undefined())
}

/// `parserResume(handle)`
fn resume(call: &Call<1>) -> Result<Value, CallError> {
    lock(&session(call, 0)?).resume();
    Ok(call.undefined())
}

/// `parserFail(handle, which, earlier)`: a callback threw; see [`Callback`]. `earlier` is 1 if a head was parsed after
/// its event.
fn fail(call: &Call<3>) -> Result<Value, CallError> {
    let session = session(call, 0)?;
    let earlier = call.i32(2)? != 0;
    if let Some(callback) = Callback::of(call.i32(1)?) {
        lock(&session).fail(callback, earlier);
    }
    Ok(call.undefined())
}

/// `parserContent(handle) -> number`: how many of the next bytes must all be content.
fn content(call: &Call<1>) -> Result<Value, CallError> {
    let ahead = lock(&session(call, 0)?).content_ahead();
    Ok(call.double(ahead as f64))
}

/// `parserError(handle) -> string`: code and reason of the last error, separated by a space.
fn error(call: &Call<1>) -> Result<Value, CallError> {
    let error = lock(&session(call, 0)?).error();
    let text = error.map_or_else(String::new, |error| {
        format!("{} {}", error.code.name(), error.reason)
    });
    Ok(call.latin1(text.as_bytes()))
}

/// `copyBytes(bytes, start, end) -> Buffer`: a copy of these bytes, as far as they exist, in its own memory. V8 copies
/// out of shared memory word by word, which takes twice as long.
fn copy_bytes(call: &Call<3>) -> Result<Value, CallError> {
    let bytes = call.bytes(0)?;
    let end = (call.i32(2)?.max(0) as usize).min(bytes.len());
    let start = (call.i32(1)?.max(0) as usize).min(end);
    let (copy, data) = call.copy(&bytes[start..end]);
    heap_top::piece(data as usize, end - start);
    young_space::pass(call.env(), end - start);
    Ok(copy)
}

/// `now() -> number`: ms of the clock that stamps records.
fn clock(call: &Call<0>) -> Result<Value, CallError> {
    Ok(call.number(now()))
}

/// `headerNames() -> string[]`: the spellings that events refer to by number.
fn header_names(call: &Call<0>) -> Result<Value, CallError> {
    Ok(call.strings((0..names::COUNT).map(names::spelling)))
}

node_api::entries! {
    /// Registers the parser's functions.
    register:
    createParser => create,
    releaseParser => release,
    parserCount => count,
    parserReset => reset,
    parserMaxFields => max_fields,
    parserLimit => limit,
    parserAnswered => answered,
    parserExecute => execute,
    parserFinish => finish,
    parserPause => pause,
    parserResume => resume,
    parserFail => fail,
    parserContent => content,
    parserError => error,
    copyBytes => copy_bytes,
    bodyPasses => young_space::body_passes,
    now => clock,
    headerNames => header_names,
}
