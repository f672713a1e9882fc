//! The JavaScript thread as the host of a transport: one call for each event, after which ticks and microtasks are
//! drained.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr::null_mut;

use napi::sys;

use super::scope;
use super::young_space;
use crate::heap_top;
use crate::node_api::{Call, CallError};
use crate::transport::frame::{CONTROL_WORDS, Frame, MAX_BATCH};
use crate::transport::host::{Event, Host, Texts, kind::LEVEL_SHIFT};
use crate::transport::uv::LoopHandle;

/// Arguments of the callback before the texts.
const NUMBERS: usize = 3;

/// A JavaScript value that is kept as long as the transport lives.
struct Persistent(sys::napi_ref);

fn persist(env: sys::napi_env, value: sys::napi_value) -> Persistent {
    let mut reference = null_mut();
    // SAFETY: the callers pass a value of `env` from an open scope.
    unsafe { sys::napi_create_reference(env, value, 1, &mut reference) };
    Persistent(reference)
}

/// Arguments for one call of JavaScript: strings, copied from latin1 bytes as soon as they are added, or a Buffer to
/// read into.
pub struct ScopedTexts {
    env: sys::napi_env,
    scope: sys::napi_handle_scope,
    values: [sys::napi_value; MAX_BATCH],
    count: usize,
}

impl Texts for ScopedTexts {
    fn add(&mut self, text: &[u8]) {
        let (bytes, length) = (text.as_ptr().cast(), text.len() as isize);
        let Some(value) = self.values.get_mut(self.count) else {
            return;
        };
        // SAFETY: runs on the thread of `env`, in the scope that `drop` closes.
        unsafe { sys::napi_create_string_latin1(self.env, bytes, length, value) };
        self.count += 1;
    }

    fn piece(&mut self, length: usize) -> Option<&mut [u8]> {
        let value = self.values.get_mut(self.count)?;
        let mut data = null_mut();
        if self.scope.is_null() {
            return None;
        }
        // SAFETY: runs on the thread of `env`, in the scope that `drop` closes.
        let status = unsafe { sys::napi_create_buffer(self.env, length, &mut data, value) };
        if status != sys::Status::napi_ok || data.is_null() {
            return None;
        }
        self.count += 1;
        heap_top::piece(data as usize, length);
        young_space::pass(self.env, length);
        // SAFETY: the Buffer has `length` bytes and lives in the scope. JavaScript, which could detach its memory, does
        // not run before it is handed over, and that consumes `self`.
        Some(unsafe { std::slice::from_raw_parts_mut(data.cast(), length) })
    }

    fn count(&self) -> usize {
        self.count
    }
}

impl Drop for ScopedTexts {
    fn drop(&mut self) {
        if !self.scope.is_null() {
            // SAFETY: opened by `NodeHost::texts`. Scopes opened later are already closed, each by the turn that opened
            // it.
            unsafe { sys::napi_close_handle_scope(self.env, self.scope) };
        }
    }
}

/// A transport's callback into JavaScript, the frames that hold bytes and events for it, and the loop handles that
/// drive the transport.
pub struct NodeHost {
    env: sys::napi_env,
    event_loop: *mut c_void,
    // By level. `persistent` keeps their arrays alive.
    frames: RefCell<Vec<Frame>>,
    persistent: RefCell<Vec<Persistent>>,
    frame_of: Persistent,
    callback: Persistent,
    resource: Persistent,
    report: Persistent,
    context: sys::napi_async_context,
    // By connection: the number of the parser in whose async scope JavaScript gets the parsed events.
    parsers: RefCell<Vec<Option<usize>>>,
    /// The handle that wakes the transport; open until its thread ends.
    pub wakeup: Cell<Option<LoopHandle>>,
    /// The handle that runs the transport in each iteration of the loop, also when a handler runs the loop.
    pub prepare: Cell<Option<LoopHandle>>,
    /// The environment waits for this hook when its thread ends.
    pub cleanup: Cell<sys::napi_async_cleanup_hook_handle>,
}

impl NodeHost {
    /// From the arguments `frameOf, callback, resource, _, report`. `frameOf(level)` returns `[input: Buffer, words:
    /// Int32Array, control: Int32Array(49)]`, all three over shared memory, which cannot be detached. `report(error)`
    /// reports an exception that a callback threw to the process. `None` if there is no event loop.
    pub fn new(call: &Call<5>, name: &std::ffi::CStr) -> Result<Option<NodeHost>, CallError> {
        let env = call.env();
        let (mut event_loop, mut context, mut label) = (null_mut(), null_mut(), null_mut());
        // SAFETY: `env` and the arguments belong to this call.
        unsafe {
            if sys::napi_get_uv_event_loop(env, &mut event_loop) != sys::Status::napi_ok {
                return Ok(None);
            }
            sys::napi_create_string_utf8(env, name.as_ptr(), -1, &mut label);
            if sys::napi_async_init(env, call.arg(2), label, &mut context) != sys::Status::napi_ok {
                return Err(CallError::Argument(c"expected a resource object"));
            }
        }
        let host = NodeHost {
            env,
            event_loop: event_loop.cast(),
            frames: RefCell::default(),
            persistent: RefCell::default(),
            frame_of: persist(env, call.arg(0)),
            callback: persist(env, call.arg(1)),
            resource: persist(env, call.arg(2)),
            report: persist(env, call.arg(4)),
            context,
            parsers: RefCell::default(),
            wakeup: Cell::new(None),
            prepare: Cell::new(None),
            cleanup: Cell::new(null_mut()),
        };
        match host.frame(0) {
            Some(_) => Ok(Some(host)),
            None => Err(CallError::Argument(c"expected memory for a turn")),
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

    /// JavaScript gets what is parsed of this connection in the async scope of the parser with this number, if given.
    pub fn set_parser(&self, connection: usize, parser: Option<usize>) {
        let mut parsers = self.parsers.borrow_mut();
        if parsers.len() <= connection {
            parsers.resize(connection + 1, None);
        }
        parsers[connection] = parser;
    }

    // The async context in which JavaScript is notified of an event.
    fn context_of(&self, connection: usize, event: Event) -> sys::napi_async_context {
        let parser = match event {
            Event::Parsed(_) => self.parsers.borrow().get(connection).copied().flatten(),
            _ => None,
        };
        parser.and_then(scope::of).unwrap_or(self.context)
    }

    /// How many event words fit into a turn.
    pub fn room(&self) -> usize {
        self.frames.borrow().first().map_or(0, Frame::room)
    }

    fn ask_for_frame(&self, level: usize) -> Option<Frame> {
        let env = self.env;
        let mut scope = null_mut();
        // SAFETY: runs on the thread of `env`; values live in the scope, and an exception of the call is cleared.
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

    /// Reports an exception of a callback as 'uncaughtException'. Returns whether the thread goes on.
    fn tell_of(&self, exception: sys::napi_value) -> bool {
        let env = self.env;
        let (mut report, mut receiver, mut answer) = (null_mut(), null_mut(), null_mut());
        // SAFETY: runs on the thread of `env`, in the caller's scope; an exception of the call is cleared.
        unsafe {
            sys::napi_get_reference_value(env, self.report.0, &mut report);
            sys::napi_get_undefined(env, &mut receiver);
            let status = sys::napi_call_function(env, receiver, report, 1, &exception, &mut answer);
            if status == sys::Status::napi_pending_exception {
                sys::napi_get_and_clear_last_exception(env, &mut answer);
            }
            status == sys::Status::napi_ok
        }
    }

    fn frame_in(&self, views: sys::napi_value) -> Option<Frame> {
        let view = |place: u32| {
            let (mut value, mut data, mut length) = (null_mut(), null_mut(), 0);
            // SAFETY: runs on the thread of `env`, in the caller's scope; Node refuses a value that is no array or
            // view.
            let is_view = unsafe {
                sys::napi_get_element(self.env, views, place, &mut value) == sys::Status::napi_ok
                    && sys::napi_get_buffer_info(self.env, value, &mut data, &mut length)
                        == sys::Status::napi_ok
            };
            if !is_view || data.is_null() {
                return None;
            }
            self.persistent.borrow_mut().push(persist(self.env, value));
            Some((data, length))
        };
        let (input, words, control) = (view(0)?, view(1)?, view(2)?);
        if control.1 < 4 * CONTROL_WORDS {
            return None;
        }
        // SAFETY: the memory of shared arrays never moves or shrinks, and the references above keep it alive.
        // JavaScript writes it on this thread.
        Some(unsafe {
            Frame::new(
                (input.0.cast(), input.1),
                (words.0.cast(), words.1 / 4),
                control.0.cast(),
            )
        })
    }
}

impl Host for NodeHost {
    type Texts = ScopedTexts;

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

    fn texts(&self) -> ScopedTexts {
        let (mut scope, env) = (null_mut(), self.env);
        // SAFETY: runs on the thread of `env`. `drop` closes the scope; null means there is none.
        unsafe { sys::napi_open_handle_scope(env, &mut scope) };
        ScopedTexts {
            env,
            scope,
            values: [null_mut(); MAX_BATCH],
            count: 0,
        }
    }

    fn notify(&self, level: usize, connection: usize, event: Event, texts: ScopedTexts) -> bool {
        let env = self.env;
        if texts.scope.is_null() {
            return false;
        }
        let (kind, value) = event.numbers();
        let kind = kind | (level as i32) << LEVEL_SHIFT;
        // SAFETY: runs on the thread of `env`, between calls of JavaScript; values live in the scope of the texts.
        unsafe {
            let (mut callback, mut resource) = (null_mut(), null_mut());
            sys::napi_get_reference_value(env, self.callback.0, &mut callback);
            sys::napi_get_reference_value(env, self.resource.0, &mut resource);
            let mut arguments = [null_mut(); NUMBERS + MAX_BATCH];
            sys::napi_create_int32(env, connection as i32, &mut arguments[0]);
            sys::napi_create_int32(env, kind, &mut arguments[1]);
            sys::napi_create_int32(env, value, &mut arguments[2]);
            arguments[NUMBERS..].copy_from_slice(&texts.values);
            let mut answer = null_mut();
            let status = sys::napi_make_callback(
                env,
                self.context_of(connection, event),
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
                // JavaScript throws the resource itself when it has handled an exception and no ticks may run now.
                let mut is_dealt_with = false;
                sys::napi_strict_equals(env, exception, resource, &mut is_dealt_with);
                goes_on = is_dealt_with || self.tell_of(exception);
            }
            goes_on
        }
    }

    fn keep_loop_alive(&self, alive: bool) {
        if let Some(handle) = self.wakeup.get() {
            // SAFETY: the handle is taken out of its cell before it is closed.
            unsafe { handle.keep_alive(alive) };
        }
    }
}
