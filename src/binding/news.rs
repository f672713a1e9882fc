//! How the transports tell JavaScript what a connection has: one call for each, or for a few, with ticks and microtasks drained
//! behind it.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr::null_mut;

use napi::sys;

use super::group::MOST;
use super::raw::{Call, Fault};

/// Bytes of the input buffer were parsed, as parserExecute does: `value` of them.
pub const PARSED: i32 = 0;
/// The peer has ended its side.
pub const ENDED: i32 = 1;
/// In place of the number of a connection that was given back. With [`ENDED`]: those that `transportDetach` has said to end have done so.
pub const GONE: usize = usize::MAX;
/// The connection broke: `value` is the system's error number.
pub const FAILED: i32 = 2;
/// What was queued was not sent whole: `value` as transportFlush answers.
pub const UNSENT: i32 = 3;
/// Bytes came on a connection without parser: `value` of them are in the input buffer.
pub const UNPARSED: i32 = 4;
/// So many connections were read: a text for each, and what [`Turn::set_record`] says of it.
pub const SEVERAL: i32 = 5;
/// What kinds are told in an inner turn of this level: the level, this many bits higher.
pub const LEVEL_SHIFT: usize = 3;

/// Words of a frame's `turn`: the first is [`Frame::take_held`]'s, then come three for each connection of a group.
pub const FIRST_RECORD: usize = 1;
pub const RECORD_WORDS: usize = 3;
const TURN_WORDS: usize = FIRST_RECORD + RECORD_WORDS * MOST;
/// In place of the number of a connection that JavaScript has come to, and of one that it is done with.
pub const DEALT: i32 = -1;
pub const FINISHED: i32 = -2;
/// Arguments of the callback before its texts.
const NUMBERS: usize = 3;

thread_local! {
    // Turns of this thread that have begun and not ended: of all its transports, since each may run in a handler of another.
    static OPEN: Cell<usize> = const { Cell::new(0) };
}

/// A value that JavaScript gave for as long as the transport lives.
struct Kept(sys::napi_ref);

fn keep(env: sys::napi_env, value: sys::napi_value) -> Kept {
    let mut reference = null_mut();
    // SAFETY: the callers pass a value of `env` from a scope that is open.
    unsafe { sys::napi_create_reference(env, value, 1, &mut reference) };
    Kept(reference)
}

/// Memory in which JavaScript is shown what one turn has: the bytes read, the words of their events, and those of the turn. It is that
/// of arrays over shared memory, which cannot be detached, moved or made smaller; the listener keeps it for its own life.
#[derive(Clone, Copy)]
pub struct Frame {
    input: (*mut u8, usize),
    words: (*mut i32, usize),
    // See `FIRST_RECORD`.
    turn: *mut i32,
}

impl Frame {
    /// The input buffer.
    ///
    /// # Safety
    /// No JavaScript runs, and nobody else asks for it, while the slice is used.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn input(&self) -> &mut [u8] {
        // SAFETY: the memory stays where it is; the caller vouches for the rest.
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

    fn record(&self, place: usize) -> &Cell<i32> {
        self.word(FIRST_RECORD + RECORD_WORDS * place)
    }

    /// Says of the connection at this place of a group where in the input buffer its bytes are, and how many.
    pub fn set_record(&self, place: usize, number: i32, start: usize, length: usize) {
        self.record(place).set(number);
        self.word(FIRST_RECORD + RECORD_WORDS * place + 1)
            .set(start as i32);
        self.word(FIRST_RECORD + RECORD_WORDS * place + 2)
            .set(length as i32);
    }

    /// Whether JavaScript has come to this place of the group, or need not.
    pub fn is_dealt(&self, place: usize) -> bool {
        self.record(place).get() < 0
    }

    /// Whether JavaScript is done with the bytes at this place.
    pub fn is_finished(&self, place: usize) -> bool {
        self.record(place).get() == FINISHED
    }

    /// JavaScript need not come to this place.
    pub fn set_dealt(&self, place: usize) {
        self.record(place).set(DEALT);
    }

    /// The connection (and 1) whose answers were held in this turn, or 0; the next asks anew.
    pub fn take_held(&self) -> i32 {
        self.word(0).replace(0)
    }
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
            // SAFETY: opened by `Turn::texts`; scopes that were opened later are closed, each by the turn that opened it.
            unsafe { sys::napi_close_handle_scope(self.env, self.scope) };
        }
    }
}

/// The callback of a transport, and the frames in which it is shown bytes and events.
pub struct Listener {
    env: sys::napi_env,
    event_loop: *mut c_void,
    // By level; `_kept` keeps their arrays alive.
    frames: RefCell<Vec<Frame>>,
    kept: RefCell<Vec<Kept>>,
    frame_of: Kept,
    callback: Kept,
    resource: Kept,
    context: sys::napi_async_context,
}

/// From the first look at what is ready to the last call about it. A handler may have the loop run, and so a turn begin in a turn: each
/// has a frame of its own.
pub struct Turn<'a> {
    listener: &'a Listener,
    level: usize,
    /// Where JavaScript is shown what the turn has.
    pub frame: Frame,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        OPEN.set(self.level);
    }
}

impl Listener {
    /// That of the arguments `frameOf, callback, resource`: `frameOf(level)` answers `[input: Buffer, words: Int32Array, turn:
    /// Int32Array(49)]`, all three over memory that cannot be detached. `None` where there is no event loop.
    pub fn new(call: &Call<4>, name: &std::ffi::CStr) -> Result<Option<Listener>, Fault> {
        let env = call.env();
        let (mut event_loop, mut context, mut label) = (null_mut(), null_mut(), null_mut());
        // SAFETY: `env` and the arguments belong to this call.
        unsafe {
            if sys::napi_get_uv_event_loop(env, &mut event_loop) != sys::Status::napi_ok {
                return Ok(None);
            }
            sys::napi_create_string_utf8(env, name.as_ptr(), -1, &mut label);
            if sys::napi_async_init(env, call.arg(2), label, &mut context) != sys::Status::napi_ok {
                return Err(Fault::Argument(c"expected a resource object"));
            }
        }
        let listener = Listener {
            env,
            event_loop: event_loop.cast(),
            frames: RefCell::default(),
            kept: RefCell::default(),
            frame_of: keep(env, call.arg(0)),
            callback: keep(env, call.arg(1)),
            resource: keep(env, call.arg(2)),
            context,
        };
        match listener.frame(0) {
            Some(_) => Ok(Some(listener)),
            None => Err(Fault::Argument(c"expected memory for a turn")),
        }
    }

    /// The environment of its thread.
    pub fn env(&self) -> sys::napi_env {
        self.env
    }

    /// The loop of its thread.
    pub fn event_loop(&self) -> *mut c_void {
        self.event_loop
    }

    /// Words that a turn can show.
    pub fn room(&self) -> usize {
        self.frames.borrow().first().map_or(0, Frame::room)
    }

    /// Begins a turn. `None` when JavaScript runs no more.
    pub fn begin(&self) -> Option<Turn<'_>> {
        let level = OPEN.get();
        let frame = self.frame(level)?;
        OPEN.set(level + 1);
        Some(Turn {
            listener: self,
            level,
            frame,
        })
    }

    fn frame(&self, level: usize) -> Option<Frame> {
        if let Some(frame) = self.frames.borrow().get(level) {
            return Some(*frame);
        }
        // Another transport of the thread may have opened the levels below.
        let next = self.frames.borrow().len();
        for level in next..=level {
            let frame = self.ask_for_frame(level)?;
            self.frames.borrow_mut().push(frame);
        }
        self.frames.borrow().get(level).copied()
    }

    fn ask_for_frame(&self, level: usize) -> Option<Frame> {
        let env = self.env;
        let mut scope = null_mut();
        // SAFETY: runs on the thread of `env`; values live in the scope, and the call's exception is taken.
        unsafe {
            if sys::napi_open_handle_scope(env, &mut scope) != sys::Status::napi_ok {
                return None;
            }
            let (mut frame_of, mut number, mut receiver) = (null_mut(), null_mut(), null_mut());
            sys::napi_get_reference_value(env, self.frame_of.0, &mut frame_of);
            sys::napi_create_int32(env, level as i32, &mut number);
            sys::napi_get_undefined(env, &mut receiver);
            let mut views = null_mut();
            let status = sys::napi_call_function(env, receiver, frame_of, 1, &number, &mut views);
            let frame = if status == sys::Status::napi_ok {
                self.frame_in(views)
            } else {
                let mut exception = null_mut();
                sys::napi_get_and_clear_last_exception(env, &mut exception);
                None
            };
            sys::napi_close_handle_scope(env, scope);
            frame
        }
    }

    fn frame_in(&self, views: sys::napi_value) -> Option<Frame> {
        let view = |place: u32| {
            let (mut value, mut data, mut length) = (null_mut(), null_mut(), 0);
            // SAFETY: runs on the thread of `env`, in the scope of the caller; what is no array or view is refused.
            let is_view = unsafe {
                sys::napi_get_element(self.env, views, place, &mut value) == sys::Status::napi_ok
                    && sys::napi_get_buffer_info(self.env, value, &mut data, &mut length)
                        == sys::Status::napi_ok
            };
            if !is_view || data.is_null() {
                return None;
            }
            self.kept.borrow_mut().push(keep(self.env, value));
            Some((data, length))
        };
        let (input, words, turn) = (view(0)?, view(1)?, view(2)?);
        (turn.1 >= 4 * TURN_WORDS).then_some(Frame {
            input: (input.0.cast(), input.1),
            words: (words.0.cast(), words.1 / 4),
            turn: turn.0.cast(),
        })
    }
}

impl Turn<'_> {
    /// Makes strings for a call of JavaScript; of the calling turn of the loop.
    pub fn texts(&self) -> Texts {
        let (mut scope, env) = (null_mut(), self.listener.env);
        // SAFETY: runs on the thread of `env`. The scope is closed by `drop`; a null one stands for none.
        unsafe { sys::napi_open_handle_scope(env, &mut scope) };
        Texts {
            env,
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
        let listener = self.listener;
        let env = listener.env;
        if texts.scope.is_null() {
            return false;
        }
        let kind = kind | (self.level as i32) << LEVEL_SHIFT;
        // SAFETY: runs on the thread of `env`, between JavaScript calls; values live in the scope of the texts.
        unsafe {
            let (mut callback, mut resource) = (null_mut(), null_mut());
            sys::napi_get_reference_value(env, listener.callback.0, &mut callback);
            sys::napi_get_reference_value(env, listener.resource.0, &mut resource);
            let mut arguments = [null_mut(); NUMBERS + MOST];
            sys::napi_create_int32(env, index as i32, &mut arguments[0]);
            sys::napi_create_int32(env, kind, &mut arguments[1]);
            sys::napi_create_int32(env, value, &mut arguments[2]);
            arguments[NUMBERS..].copy_from_slice(&texts.values);
            let mut answer = null_mut();
            let status = sys::napi_make_callback(
                env,
                listener.context,
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
