//! The native transport for `lib/transport.js`: its reactor polled by the event loop of the JavaScript thread, one call
//! into JavaScript for each connection that has news.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::rc::Rc;

use napi::sys;

use super::parser::{self, Handle};
use super::raw::{self, Call, Fault, Value};
use super::uv::{self, PollHandle};
use crate::parser::Output;
use crate::transport::{Reactor, Read};

/// What a connection has to tell: bytes were parsed, the peer ended its side, or the connection broke.
const PARSED: i32 = 0;
const ENDED: i32 = 1;
const FAILED: i32 = 2;
/// What a turn has queued was not sent whole: `value` as transportFlush answers.
const UNSENT: i32 = 3;
/// Bytes came on a connection without parser: `value` of them are in the input buffer.
const UNPARSED: i32 = 4;

/// A value that JavaScript gave for as long as the transport lives.
struct Kept(sys::napi_ref);

/// The transport of one JavaScript thread.
struct Transport {
    env: sys::napi_env,
    reactor: RefCell<Reactor<Option<Handle>>>,
    output: RefCell<Output>,
    // The text of one write.
    scratch: RefCell<Vec<u8>>,
    // The input buffer and the event words: memory of typed arrays that `arrays` keeps alive.
    input: (*mut u8, usize),
    words: (*mut i32, usize),
    // The connection (and 1) whose answers JavaScript queues for the end of the turn.
    held: *mut i32,
    _arrays: [Kept; 3],
    callback: Kept,
    resource: Kept,
    context: sys::napi_async_context,
    poll: Cell<Option<PollHandle>>,
    cleanup: Cell<sys::napi_async_cleanup_hook_handle>,
    // Connections that keep the loop alive.
    referenced: Cell<usize>,
}

type Shared = Rc<Transport>;

/// `transportOpen(input: Buffer, words: Int32Array, turn: Int32Array(1), callback, resource) -> handle | undefined`: one per thread.
/// `callback(index, kind, value, text)` is called for each connection with news: kind 0, `value` bytes of `input` were parsed
/// into `words` and `text` as parserExecute does; 1, the peer ended; 2, `value` is the system's error number.
/// Undefined where the process has no libuv to poll with.
fn open(call: &Call<5>) -> Result<Value, Fault> {
    let Ok(reactor) = Reactor::new() else {
        return Ok(call.undefined());
    };
    let env = call.env();
    let fd = reactor.as_raw_fd();
    let (mut event_loop, mut context, mut name) = (null_mut(), null_mut(), null_mut());
    // SAFETY: `env` and the arguments belong to this call.
    unsafe {
        if sys::napi_get_uv_event_loop(env, &mut event_loop) != sys::Status::napi_ok {
            return Ok(call.undefined());
        }
        sys::napi_create_string_utf8(env, c"RUSTHTTPTRANSPORT".as_ptr(), -1, &mut name);
        if sys::napi_async_init(env, call.arg(4), name, &mut context) != sys::Status::napi_ok {
            return Err(Fault::Argument(c"expected a resource object"));
        }
    }
    let (input, input_length) = call.view(0)?;
    let (words, words_length) = call.view(1)?;
    let (held, held_length) = call.view(2)?;
    if held_length < 4 {
        return Err(Fault::Argument(c"expected an Int32Array"));
    }
    let transport: Shared = Rc::new(Transport {
        env,
        reactor: RefCell::new(reactor),
        output: RefCell::new(Output::new()),
        scratch: RefCell::new(Vec::new()),
        input: (input, input_length),
        words: (words.cast(), words_length / 4),
        held: held.cast(),
        _arrays: [keep(call, 0), keep(call, 1), keep(call, 2)],
        callback: keep(call, 3),
        resource: keep(call, 4),
        context,
        poll: Cell::new(None),
        cleanup: Cell::new(null_mut()),
        referenced: Cell::new(0),
    });
    let data = Rc::into_raw(transport.clone()) as *mut c_void;
    // SAFETY: the loop is that of this thread; `data` is given back in `closed`.
    let poll = unsafe { PollHandle::start(event_loop.cast(), fd, ready, data) };
    let Some(poll) = poll else {
        // SAFETY: takes back what into_raw gave, since nobody else will.
        drop(unsafe { Rc::from_raw(data as *const Transport) });
        return Ok(call.undefined());
    };
    transport.poll.set(Some(poll));
    let mut hook = null_mut();
    // SAFETY: `data` lives until `closed`, which comes after this hook.
    unsafe { sys::napi_add_async_cleanup_hook(env, Some(cleanup), data, &mut hook) };
    transport.cleanup.set(hook);
    flush_at_exit(&transport);
    Ok(call.external::<Shared>(transport))
}

fn keep<const N: usize>(call: &Call<N>, index: usize) -> Kept {
    let mut reference = null_mut();
    // SAFETY: `env` and the argument belong to this call.
    unsafe { sys::napi_create_reference(call.env(), call.arg(index), 1, &mut reference) };
    Kept(reference)
}

/// The thread ends: close the poll handle, and let the environment go on when that is done.
unsafe extern "C" fn cleanup(_hook: sys::napi_async_cleanup_hook_handle, data: *mut c_void) {
    // SAFETY: `data` is the transport that `open` registered, alive until `closed`.
    let transport = unsafe { &*(data as *const Transport) };
    transport.flush_all();
    if let Some(poll) = transport.poll.take() {
        // SAFETY: taken out of its cell, so this happens once.
        unsafe { poll.close(closed) };
    }
}

unsafe extern "C" fn closed(handle: *mut c_void) {
    // SAFETY: the handle is the one that `open` started; its data is the Rc that `open` gave away.
    unsafe {
        let transport = Rc::from_raw(uv::data_of(handle) as *const Transport);
        uv::release(handle);
        sys::napi_remove_async_cleanup_hook(transport.cleanup.get());
    }
}

thread_local! {
    // No destructor: the exit handlers run after those of the thread.
    static OF_THREAD: Cell<*const Transport> = const { Cell::new(std::ptr::null()) };
}

/// Arranges that `process.exit()` in a handler loses no answer that waits for those of the same turn.
fn flush_at_exit(transport: &Shared) {
    static ONCE: std::sync::Once = std::sync::Once::new();
    OF_THREAD.set(Rc::as_ptr(transport));
    // SAFETY: the function lives as long as the process: Node unloads no addon of the main thread.
    ONCE.call_once(|| unsafe {
        libc::atexit(exiting);
    });
}

extern "C" fn exiting() {
    let transport = OF_THREAD.get();
    if !transport.is_null() {
        // SAFETY: reset when the transport is dropped, on this same thread.
        unsafe { &*transport }.flush_all();
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        OF_THREAD.set(std::ptr::null());
    }
}

/// The loop says that connections are ready.
unsafe extern "C" fn ready(handle: *mut c_void, _status: i32, _events: i32) {
    // SAFETY: libuv calls this between `open` and `closed`. The clone keeps it alive if JavaScript ends the thread.
    let transport = unsafe {
        let data = uv::data_of(handle) as *const Transport;
        Rc::increment_strong_count(data);
        Rc::from_raw(data)
    };
    // A panic must not unwind into libuv; the connection that caused it is left to its time-out.
    let _ = catch_unwind(AssertUnwindSafe(|| transport.turn()));
}

impl Transport {
    /// Sends what waits in the queues, as far as the kernel takes it now.
    fn flush_all(&self) {
        if let Ok(mut reactor) = self.reactor.try_borrow_mut() {
            reactor.flush_all();
        }
    }

    /// Reads every ready connection once, and tells JavaScript what each brought.
    fn turn(&self) {
        if self.reactor.borrow_mut().collect().is_err() {
            return;
        }
        loop {
            let Some(index) = self.reactor.borrow_mut().next_ready() else {
                return;
            };
            // SAFETY: the memory of a typed array that is kept alive; no JavaScript runs while the slice is used.
            let input = unsafe { std::slice::from_raw_parts_mut(self.input.0, self.input.1) };
            let read = self.reactor.borrow_mut().read(index, input);
            let goes_on = match read {
                Read::Bytes(count) => {
                    let session = self.reactor.borrow().data(index).cloned().flatten();
                    let Some(session) = session else {
                        if !self.tell(index, UNPARSED, count as i32, &[]) {
                            return;
                        }
                        continue;
                    };
                    let mut output = self.output.take();
                    let parsed =
                        session
                            .borrow_mut()
                            .run(&input[..count], &mut output, self.words.1);
                    let words = output.words.len().min(self.words.1);
                    self.reactor.borrow_mut().weigh(index, parsed, words);
                    // SAFETY: the words array is kept alive and holds at least `words` words.
                    unsafe {
                        std::ptr::copy_nonoverlapping(output.words.as_ptr(), self.words.0, words)
                    };
                    let goes_on = self.tell(index, PARSED, count as i32, &output.text);
                    self.send_held(index);
                    self.output.replace(output);
                    goes_on
                }
                Read::Later => true,
                Read::Ended => self.tell(index, ENDED, 0, &[]),
                Read::Failed(number) => self.tell(index, FAILED, number, &[]),
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Sends the answers of pipelined requests that the turn of this connection has queued.
    fn send_held(&self, index: usize) {
        // SAFETY: the word's memory is kept alive, and no JavaScript runs now.
        let held = unsafe { self.held.replace(0) };
        if held != 0 {
            let left = send_all(&mut self.reactor.borrow_mut(), index, &[]);
            if left != 0 {
                self.tell(index, UNSENT, left, &[]);
            }
        }
    }

    /// Calls JavaScript, drains its ticks and microtasks, and reports what it threw as an uncaught exception.
    /// False when JavaScript runs no more, because its thread is being ended.
    fn tell(&self, index: usize, kind: i32, value: i32, text: &[u8]) -> bool {
        let env = self.env;
        // SAFETY: runs on the thread of `env`, between JavaScript calls; values live in the scope opened here.
        unsafe {
            let mut scope = null_mut();
            if sys::napi_open_handle_scope(env, &mut scope) != sys::Status::napi_ok {
                return false;
            }
            let (mut callback, mut resource) = (null_mut(), null_mut());
            sys::napi_get_reference_value(env, self.callback.0, &mut callback);
            sys::napi_get_reference_value(env, self.resource.0, &mut resource);
            let mut arguments = [null_mut(); 4];
            sys::napi_create_int32(env, index as i32, &mut arguments[0]);
            sys::napi_create_int32(env, kind, &mut arguments[1]);
            sys::napi_create_int32(env, value, &mut arguments[2]);
            sys::napi_create_string_latin1(
                env,
                text.as_ptr().cast(),
                text.len() as isize,
                &mut arguments[3],
            );
            let mut answer = null_mut();
            let status = sys::napi_make_callback(
                env,
                self.context,
                resource,
                callback,
                4,
                arguments.as_ptr(),
                &mut answer,
            );
            let mut goes_on = status == sys::Status::napi_ok;
            if status == sys::Status::napi_pending_exception {
                let mut exception = null_mut();
                sys::napi_get_and_clear_last_exception(env, &mut exception);
                goes_on = sys::napi_fatal_exception(env, exception) == sys::Status::napi_ok;
            }
            sys::napi_close_handle_scope(env, scope);
            goes_on
        }
    }
}

/// The connection number in argument 1.
fn connection<const N: usize>(call: &Call<N>) -> Result<usize, Fault> {
    usize::try_from(call.i32(1)?).map_err(|_| Fault::Argument(c"expected a connection"))
}

/// The transport in argument 0.
fn transport<const N: usize>(call: &Call<N>) -> Result<Shared, Fault> {
    // SAFETY: lib/transport.js passes the handle that transportOpen made.
    Ok(unsafe { call.data::<Shared>(0)? }.clone())
}

fn error_number(error: &std::io::Error) -> i32 {
    -error.raw_os_error().unwrap_or(libc::EIO)
}

/// `transportAttach(handle, fd, parser, runOn) -> index`: begins to read `fd` into `parser`; negative is a system error.
fn attach(call: &Call<4>) -> Result<Value, Fault> {
    let transport = transport(call)?;
    let session = parser::handle(call, 2)?;
    session.borrow_mut().set_run_on(call.i32(3)? != 0);
    let answer = match transport
        .reactor
        .borrow_mut()
        .attach(call.i32(1)?, Some(session))
    {
        Ok(index) => index as i32,
        Err(error) => error_number(&error),
    };
    Ok(call.number(answer))
}

/// `transportParser(handle, index, parser, runOn)`: parses what comes from now on with this parser; with none (-1), bytes are
/// told as they are.
fn set_parser(call: &Call<4>) -> Result<Value, Fault> {
    let transport = transport(call)?;
    let session = if call.i32(2)? < 0 {
        None
    } else {
        let session = parser::handle(call, 2)?;
        session.borrow_mut().set_run_on(call.i32(3)? != 0);
        Some(session)
    };
    transport
        .reactor
        .borrow_mut()
        .set_data(connection(call)?, session);
    Ok(call.undefined())
}

/// `transportDetach(handle, index, closing) -> Buffer | undefined`: ends reading; the bytes that are queued and not sent.
/// `closing` 1: the descriptor is closed before the loop goes on.
fn detach(call: &Call<3>) -> Result<Value, Fault> {
    let transport = transport(call)?;
    let index = connection(call)?;
    let mut reactor = transport.reactor.borrow_mut();
    let queue = if call.i32(2)? != 0 {
        reactor.forget(index)
    } else {
        reactor.detach(index)
    };
    Ok(if queue.is_empty() {
        call.undefined()
    } else {
        call.buffer(&queue)
    })
}

/// `transportPause(handle, index)`
fn pause(call: &Call<2>) -> Result<Value, Fault> {
    transport(call)?
        .reactor
        .borrow_mut()
        .pause(connection(call)?);
    Ok(call.undefined())
}

/// `transportResume(handle, index)`
fn resume(call: &Call<2>) -> Result<Value, Fault> {
    transport(call)?
        .reactor
        .borrow_mut()
        .resume(connection(call)?);
    Ok(call.undefined())
}

/// `transportCount(handle) -> number`: connections that are attached.
fn count(call: &Call<1>) -> Result<Value, Fault> {
    let count = transport(call)?.reactor.borrow().len();
    Ok(call.number(count as i32))
}

/// `transportKeepAlive(handle, change)`: `change` more (or, negative, fewer) connections keep the event loop alive.
fn keep_alive(call: &Call<2>) -> Result<Value, Fault> {
    let transport = transport(call)?;
    let before = transport.referenced.get();
    let after = before.saturating_add_signed(call.i32(1)? as isize);
    transport.referenced.set(after);
    if let Some(poll) = transport.poll.get() {
        match (before, after) {
            (0, 1..) => poll.reference(),
            (1.., 0) => poll.unreference(),
            _ => {}
        }
    }
    Ok(call.undefined())
}

/// `transportWrite(handle, index, text, latin1, hold) -> number`: sends a string (`latin1` 1, else UTF-8), or with `hold` 1
/// queues it. 0: all is sent; positive: so many bytes are in the queue; negative: a system error.
fn write(call: &Call<5>) -> Result<Value, Fault> {
    let transport = transport(call)?;
    let index = connection(call)?;
    let latin1 = call.i32(3)? != 0;
    let mut reactor = transport.reactor.borrow_mut();
    if call.i32(4)? != 0 {
        let Some(queue) = reactor.queue(index) else {
            return Ok(call.number(0));
        };
        call.append_string(2, latin1, queue)?;
        return Ok(call.number(queue.len() as i32));
    }
    let mut scratch = transport.scratch.borrow_mut();
    scratch.clear();
    call.append_string(2, latin1, &mut scratch)?;
    Ok(call.number(send_all(&mut reactor, index, &scratch)))
}

/// Sends the queue and `more`; what the socket does not take stays in the queue.
fn send_all(reactor: &mut Reactor<Option<Handle>>, index: usize, more: &[u8]) -> i32 {
    let queued = reactor.queue(index).map_or(0, |queue| queue.len());
    match reactor.send(index, more) {
        Ok(count) => {
            let rest = more.get(count.saturating_sub(queued)..).unwrap_or(&[]);
            reactor.queue(index).map_or(0, |queue| {
                queue.extend_from_slice(rest);
                queue.len() as i32
            })
        }
        Err(error) => error_number(&error),
    }
}

/// `transportFlush(handle, index) -> number`: sends what is queued; answers as transportWrite.
fn flush(call: &Call<2>) -> Result<Value, Fault> {
    let transport = transport(call)?;
    let sent = send_all(&mut transport.reactor.borrow_mut(), connection(call)?, &[]);
    Ok(call.number(sent))
}

/// `transportWriteBytes(handle, index, bytes, hold) -> number`: as transportWrite, for bytes.
fn write_bytes(call: &Call<4>) -> Result<Value, Fault> {
    let transport = transport(call)?;
    let index = connection(call)?;
    let bytes = call.bytes(2)?;
    let mut reactor = transport.reactor.borrow_mut();
    if call.i32(3)? != 0 {
        let Some(queue) = reactor.queue(index) else {
            return Ok(call.number(0));
        };
        queue.extend_from_slice(bytes);
        return Ok(call.number(queue.len() as i32));
    }
    Ok(call.number(send_all(&mut reactor, index, bytes)))
}

/// `transportTake(handle, index) -> Buffer`: the queued bytes, which are then the caller's to send.
fn take(call: &Call<2>) -> Result<Value, Fault> {
    let transport = transport(call)?;
    let queue = transport
        .reactor
        .borrow_mut()
        .queue(connection(call)?)
        .map(std::mem::take)
        .unwrap_or_default();
    Ok(call.buffer(&queue))
}

/// `transportBytes(handle, index, which) -> number`: bytes received (0), sent (1), or queued (2).
fn bytes(call: &Call<3>) -> Result<Value, Fault> {
    let (received, sent, queued) = transport(call)?.reactor.borrow().counts(connection(call)?);
    Ok(call.double(match call.i32(2)? {
        0 => received as f64,
        1 => sent as f64,
        _ => queued as f64,
    }))
}

raw::entries! {
    /// Registers the transport's functions.
    register:
    transportOpen => open,
    transportAttach => attach,
    transportParser => set_parser,
    transportDetach => detach,
    transportPause => pause,
    transportResume => resume,
    transportKeepAlive => keep_alive,
    transportWrite => write,
    transportFlush => flush,
    transportWriteBytes => write_bytes,
    transportTake => take,
    transportBytes => bytes,
    transportCount => count,
}
