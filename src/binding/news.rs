//! How the transports tell JavaScript what a connection has: one call for each, or for a few, with ticks and microtasks drained
//! behind it.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::null_mut;

use napi::sys;

use super::group::MOST;
use super::raw::{Call, Fault};

/// Bytes of the input buffer were parsed, as parserExecute does: `value` of them.
pub const PARSED: i32 = 0;
/// The peer has ended its side.
pub const ENDED: i32 = 1;
/// The connection broke: `value` is the system's error number.
pub const FAILED: i32 = 2;
/// What was queued was not sent whole: `value` as transportFlush answers.
pub const UNSENT: i32 = 3;
/// Bytes came on a connection without parser: `value` of them are in the input buffer.
pub const UNPARSED: i32 = 4;
/// So many connections were read: a text for each, and what [`Listener::set_record`] says of it.
pub const SEVERAL: i32 = 5;

/// Words of `turn`: the first is [`Listener::take_held`]'s, then come three for each connection of a group.
const FIRST_RECORD: usize = 1;
const RECORD_WORDS: usize = 3;
const TURN_WORDS: usize = FIRST_RECORD + RECORD_WORDS * MOST;
/// In place of the number of a connection that JavaScript has come to.
const DEALT: i32 = -1;
/// Arguments of the callback before its texts.
const NUMBERS: usize = 3;

/// A value that JavaScript gave for as long as the transport lives.
struct Kept(sys::napi_ref);

fn keep<const N: usize>(call: &Call<N>, index: usize) -> Kept {
    let mut reference = null_mut();
    // SAFETY: `env` and the argument belong to this call.
    unsafe { sys::napi_create_reference(call.env(), call.arg(index), 1, &mut reference) };
    Kept(reference)
}

/// Strings for one call of JavaScript, of latin1 bytes: made while those may be read, so that they are copied once.
pub struct Texts {
    env: sys::napi_env,
    scope: sys::napi_handle_scope,
    values: [sys::napi_value; MOST],
    count: usize,
}

impl Texts {
    /// Adds one: [`MOST`] at most.
    pub fn add(&mut self, text: &[u8]) {
        let (bytes, length) = (text.as_ptr().cast(), text.len() as isize);
        let Some(value) = self.values.get_mut(self.count) else {
            return;
        };
        // SAFETY: runs on the thread of `env`, in the scope that `drop` closes.
        unsafe { sys::napi_create_string_latin1(self.env, bytes, length, value) };
        self.count += 1;
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }
}

impl Drop for Texts {
    fn drop(&mut self) {
        if !self.scope.is_null() {
            // SAFETY: opened by `Listener::texts`; scopes that were opened later are closed, each by the turn that opened it.
            unsafe { sys::napi_close_handle_scope(self.env, self.scope) };
        }
    }
}

/// The callback of a transport, and the arrays through which it is shown bytes and events.
pub struct Listener {
    env: sys::napi_env,
    event_loop: *mut c_void,
    // The input buffer and the event words: memory of typed arrays that `_arrays` keeps alive.
    input: (*mut u8, usize),
    words: (*mut i32, usize),
    // See `FIRST_RECORD`.
    turn: *mut i32,
    _arrays: [Kept; 3],
    callback: Kept,
    resource: Kept,
    context: sys::napi_async_context,
}

impl Listener {
    /// That of the arguments `input: Buffer, words: Int32Array, turn: Int32Array(49), callback, resource`. `None` where there
    /// is no event loop.
    pub fn new(call: &Call<5>, name: &std::ffi::CStr) -> Result<Option<Listener>, Fault> {
        let env = call.env();
        let (mut event_loop, mut context, mut label) = (null_mut(), null_mut(), null_mut());
        // SAFETY: `env` and the arguments belong to this call.
        unsafe {
            if sys::napi_get_uv_event_loop(env, &mut event_loop) != sys::Status::napi_ok {
                return Ok(None);
            }
            sys::napi_create_string_utf8(env, name.as_ptr(), -1, &mut label);
            if sys::napi_async_init(env, call.arg(4), label, &mut context) != sys::Status::napi_ok {
                return Err(Fault::Argument(c"expected a resource object"));
            }
        }
        let (input, input_length) = call.view(0)?;
        let (words, words_length) = call.view(1)?;
        let (turn, turn_length) = call.view(2)?;
        if turn_length < 4 * TURN_WORDS {
            return Err(Fault::Argument(c"expected an Int32Array"));
        }
        Ok(Some(Listener {
            env,
            event_loop: event_loop.cast(),
            input: (input, input_length),
            words: (words.cast(), words_length / 4),
            turn: turn.cast(),
            _arrays: [keep(call, 0), keep(call, 1), keep(call, 2)],
            callback: keep(call, 3),
            resource: keep(call, 4),
            context,
        }))
    }

    /// The environment of its thread.
    pub fn env(&self) -> sys::napi_env {
        self.env
    }

    /// The loop of its thread.
    pub fn event_loop(&self) -> *mut c_void {
        self.event_loop
    }

    /// The input buffer.
    ///
    /// # Safety
    /// No JavaScript runs, and nobody else asks for it, while the slice is used.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn input(&self) -> &mut [u8] {
        // SAFETY: the memory of a typed array that is kept alive; the caller vouches for the rest.
        unsafe { std::slice::from_raw_parts_mut(self.input.0, self.input.1) }
    }

    /// Words that it can be shown.
    pub fn room(&self) -> usize {
        self.words.1
    }

    /// Shows event words from word `start` on: as many as there is room for.
    pub fn show(&self, start: usize, words: &[i32]) -> usize {
        let count = words.len().min(self.words.1.saturating_sub(start));
        // SAFETY: the words array is kept alive and holds at least `start + count` words, if `count` is not 0.
        unsafe { std::ptr::copy_nonoverlapping(words.as_ptr(), self.words.0.add(start), count) };
        count
    }

    /// A word of the turn.
    fn word(&self, at: usize) -> &Cell<i32> {
        assert!(at < TURN_WORDS);
        // SAFETY: the words' memory is kept alive, and JavaScript does not write it while Rust runs: they are of one thread.
        unsafe { &*self.turn.add(at).cast::<Cell<i32>>() }
    }

    fn record(&self, place: usize) -> usize {
        FIRST_RECORD + RECORD_WORDS * place
    }

    /// Says of the connection at this place of a group where in the input buffer its bytes are, and how many.
    pub fn set_record(&self, place: usize, number: i32, start: usize, length: usize) {
        for (n, word) in [number, start as i32, length as i32]
            .into_iter()
            .enumerate()
        {
            self.word(self.record(place) + n).set(word);
        }
    }

    /// Whether JavaScript has come to this place of the group, or need not.
    pub fn is_dealt(&self, place: usize) -> bool {
        self.word(self.record(place)).get() == DEALT
    }

    /// JavaScript need not come to this place.
    pub fn set_dealt(&self, place: usize) {
        self.word(self.record(place)).set(DEALT);
    }

    /// The connection (and 1) whose answers were held in this turn, or 0; the next asks anew.
    pub fn take_held(&self) -> i32 {
        self.word(0).replace(0)
    }

    /// Makes strings for a call of JavaScript; of the calling turn of the loop.
    pub fn texts(&self) -> Texts {
        let mut scope = null_mut();
        // SAFETY: runs on the thread of `env`. The scope is closed by `drop`; a null one stands for none.
        unsafe { sys::napi_open_handle_scope(self.env, &mut scope) };
        Texts {
            env: self.env,
            scope,
            values: [null_mut(); MOST],
            count: 0,
        }
    }

    /// Calls JavaScript, drains its ticks and microtasks, and reports what it threw as an uncaught exception.
    /// False when JavaScript runs no more, because its thread is being ended.
    pub fn tell(&self, index: usize, kind: i32, value: i32, text: Option<&[u8]>) -> bool {
        let mut texts = self.texts();
        if let Some(text) = text {
            texts.add(text);
        }
        self.tell_texts(index, kind, value, texts)
    }

    /// The same with several texts.
    pub fn tell_texts(&self, index: usize, kind: i32, value: i32, texts: Texts) -> bool {
        let env = self.env;
        if texts.scope.is_null() {
            return false;
        }
        // SAFETY: runs on the thread of `env`, between JavaScript calls; values live in the scope of the texts.
        unsafe {
            let (mut callback, mut resource) = (null_mut(), null_mut());
            sys::napi_get_reference_value(env, self.callback.0, &mut callback);
            sys::napi_get_reference_value(env, self.resource.0, &mut resource);
            let mut arguments = [null_mut(); NUMBERS + MOST];
            sys::napi_create_int32(env, index as i32, &mut arguments[0]);
            sys::napi_create_int32(env, kind, &mut arguments[1]);
            sys::napi_create_int32(env, value, &mut arguments[2]);
            arguments[NUMBERS..].copy_from_slice(&texts.values);
            let mut answer = null_mut();
            let status = sys::napi_make_callback(
                env,
                self.context,
                resource,
                callback,
                NUMBERS + texts.count,
                arguments.as_ptr(),
                &mut answer,
            );
            let mut goes_on = status == sys::Status::napi_ok;
            if status == sys::Status::napi_pending_exception {
                let mut exception = null_mut();
                sys::napi_get_and_clear_last_exception(env, &mut exception);
                goes_on = sys::napi_fatal_exception(env, exception) == sys::Status::napi_ok;
            }
            goes_on
        }
    }
}
