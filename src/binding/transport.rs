//! The transports, for `lib/transport/`, and what ends them: the handles of the event loop, and the end of their
//! thread.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::rc::Rc;

use napi::sys;

use super::answers;
use super::host::NodeHost;
use super::parser;
use crate::node_api::{self, Call, CallError, Value};
use crate::parser::session::lock;
use crate::transport::exit;
use crate::transport::host::{Fate, NotAppended, Transport};
use crate::transport::native::Native;
use crate::transport::offload::{Offload, thread_count};
use crate::transport::preface::{self, Preface};
use crate::transport::uv::{self, LoopHandle};

/// What a JavaScript handle refers to.
type Shared = Rc<dyn Transport<Host = NodeHost>>;

/// The type by which async hooks know the calls into JavaScript: one that they know.
const RESOURCE: &std::ffi::CStr = c"TickObject";

/// `transportOpen(frameOf, callback, resource, endsAtHangUp, report) -> handle | undefined`: one per thread. For
/// `endsAtHangUp` see [`HangUp`](crate::transport::HangUp). `frameOf(level)` returns the memory of a turn, see
/// [`NodeHost::new`]; a turn of level 1 runs inside a handler of another turn. `callback(index, kind, value, text)` is
/// called for each event, see [`Event`](crate::transport::host::Event). Kind 0: `value` bytes of the input were parsed
/// into words and `text`, as parserExecute does. The bits of the kind from bit 3 on are the level of the turn.
/// Undefined if the process has no libuv to poll with.
fn open_native(call: &Call<5>) -> Result<Value, CallError> {
    let ends_at_hang_up = call.i32(3)? != 0;
    let Some(host) = NodeHost::new(call, RESOURCE)? else {
        return Ok(call.undefined());
    };
    let event_loop = host.event_loop();
    let Ok(native) = Native::new(host, ends_at_hang_up) else {
        return Ok(call.undefined());
    };
    let fd = native.as_raw_fd();
    // SAFETY: the loop belongs to this thread; `start` sets the data before the loop runs.
    let handle = unsafe { LoopHandle::poll(event_loop, fd, ready::<Native<NodeHost>>, null_mut()) };
    Ok(match handle {
        Some(handle) => start(call, native, handle),
        None => call.undefined(),
    })
}

/// `offloadOpen(frameOf, callback, resource, endsAtHangUp, report) -> handle | undefined`: see transportOpen.
fn open_offload(call: &Call<5>) -> Result<Value, CallError> {
    let ends_at_hang_up = call.i32(3)? != 0;
    let Some(host) = NodeHost::new(call, RESOURCE)? else {
        return Ok(call.undefined());
    };
    // SAFETY: the loop belongs to this thread; `start` sets the data before anything can wake it.
    let handle =
        unsafe { LoopHandle::wakeup(host.event_loop(), woken::<Offload<NodeHost>>, null_mut()) };
    let Some(handle) = handle else {
        return Ok(call.undefined());
    };
    let room = host.room();
    // SAFETY: a transport that is shut down no longer wakes its host, and it is shut down before the handle is closed.
    let wake = Box::new(unsafe { handle.sender() });
    let offload = Offload::new(host, room, ends_at_hang_up, wake);
    Ok(start(call, offload, handle))
}

/// `offloadThreads() -> number`: I/O threads of the process; 0 while no server uses them.
fn threads(call: &Call<0>) -> Result<Value, CallError> {
    Ok(call.number(thread_count() as i32))
}

/// Ties a transport to its wakeup handle, to each iteration of its loop and to the end of its thread. Returns its
/// handle for JavaScript.
fn start<T>(call: &Call<5>, transport: T, wakeup: LoopHandle) -> Value
where
    T: Transport<Host = NodeHost> + 'static,
{
    let transport = Rc::new(transport);
    // `closed` takes it back.
    let data = Rc::into_raw(transport.clone()) as *mut c_void;
    let host = transport.host();
    let mut hook = null_mut();
    // SAFETY: `data` lives until `closed`, which runs after the hook, and the hook runs before the last exit handler.
    unsafe {
        wakeup.set_data(data);
        host.prepare
            .set(LoopHandle::prepare(host.event_loop(), iterates::<T>, data));
        sys::napi_add_async_cleanup_hook(host.env(), Some(cleanup::<T>), data, &mut hook);
        exit::add((data.cast(), exiting::<T>));
    }
    host.wakeup.set(Some(wakeup));
    host.cleanup.set(hook);
    call.external::<Shared>(transport)
}

/// The descriptor polled by the loop is ready.
unsafe extern "C" fn ready<T: Transport>(handle: *mut c_void, _status: i32, _events: i32) {
    // SAFETY: libuv calls this between `start` and `closed`.
    unsafe { shared::<T>(handle) }.turn();
}

/// Another thread woke the loop.
unsafe extern "C" fn woken<T: Transport>(handle: *mut c_void) {
    // SAFETY: libuv calls this between `start` and `closed`.
    unsafe { shared::<T>(handle) }.turn();
}

/// The loop begins an iteration.
unsafe extern "C" fn iterates<T: Transport>(handle: *mut c_void) {
    // SAFETY: as in `ready`.
    let transport = unsafe { &*(uv::data_of(handle) as *const T) };
    if transport.needs_turn() {
        // SAFETY: as in `ready`.
        unsafe { shared::<T>(handle) }.turn_of_iteration();
    }
}

/// The transport of a handle, as an `Rc` of its own: it stays alive even if JavaScript ends the thread.
///
/// # Safety
/// The handle comes from `start`, and `closed` has not run.
unsafe fn shared<T>(handle: *mut c_void) -> Rc<T> {
    // SAFETY: the data of the handle is the Rc that `start` gave away.
    unsafe {
        let data = uv::data_of(handle) as *const T;
        Rc::increment_strong_count(data);
        Rc::from_raw(data)
    }
}

/// The process exits on this thread.
unsafe fn exiting<T: Transport>(data: *const ()) {
    // SAFETY: see `start`.
    unsafe { &*data.cast::<T>() }.exit();
}

/// The thread ends: closes the handles. The environment goes on when they are closed.
unsafe extern "C" fn cleanup<T: Transport<Host = NodeHost>>(
    _hook: sys::napi_async_cleanup_hook_handle,
    data: *mut c_void,
) {
    // SAFETY: `data` is what `start` registered, alive until `closed`.
    let transport = unsafe { &*(data as *const T) };
    transport.shut_down();
    exit::remove(data.cast());
    let host = transport.host();
    if let Some(prepare) = host.prepare.take() {
        // SAFETY: taken out of its cell, so this happens once. It is closed in the same loop iteration as the other
        // handle.
        unsafe { prepare.close(uv::free) };
    }
    if let Some(wakeup) = host.wakeup.take() {
        // SAFETY: taken out of its cell, so this happens once; the transport no longer wakes its host.
        unsafe { wakeup.close(closed::<T>) };
    }
}

unsafe extern "C" fn closed<T: Transport<Host = NodeHost>>(handle: *mut c_void) {
    // SAFETY: the handle is the one of `start`; its data is the Rc that `start` gave away.
    unsafe {
        let transport = Rc::from_raw(uv::data_of(handle) as *const T);
        uv::free(handle);
        sys::napi_remove_async_cleanup_hook(transport.host().cleanup.get());
    }
}

/// The connection number in argument 1.
fn connection<const N: usize>(call: &Call<N>) -> Result<usize, CallError> {
    usize::try_from(call.i32(1)?).map_err(|_| CallError::Argument(c"expected a connection"))
}

/// The transport in argument 0.
fn transport<const N: usize>(call: &Call<N>) -> Result<&dyn Transport<Host = NodeHost>, CallError> {
    // SAFETY: lib/ passes the handle from transportOpen or offloadOpen; it stays in place during the call.
    Ok(&**unsafe { call.data::<Shared>(0)? })
}

/// `transportAttach(handle, fd, parser, autoContinue, threads) -> index`: begins to read `fd` into `parser`, on one of
/// `threads` I/O threads if the transport has any. A negative result is a system error.
fn attach(call: &Call<5>) -> Result<Value, CallError> {
    let session = parser::session(call, 2)?;
    lock(&session).set_auto_continue(call.i32(3)? != 0);
    let threads = call.i32(4)?.max(1) as usize;
    let transport = transport(call)?;
    Ok(
        call.number(match transport.attach(call.i32(1)?, session, threads) {
            Ok(connection) => {
                let parser = usize::try_from(call.i32(2)?).ok();
                transport.host().set_parser(connection, parser);
                connection as i32
            }
            Err(error) => -error.raw_os_error().unwrap_or(libc::EIO),
        }),
    )
}

/// `transportPermit(handle, index, answers, count)`: permits `count` requests of a connection to get fixed answers; a
/// negative number is no limit, 0 permits none.
fn permit(call: &Call<4>) -> Result<Value, CallError> {
    let answers = &answers::open(call, 2)?.answers;
    let count = answers::count(call.i32(3)?);
    transport(call)?.permit(connection(call)?, answers, count);
    Ok(call.undefined())
}

/// `transportWatch(handle, fd) -> index`: watches `fd` without reading it. A negative result is a system error.
fn watch(call: &Call<2>) -> Result<Value, CallError> {
    let watched = transport(call)?.watch(call.i32(1)?);
    Ok(call.number(match watched {
        Ok(connection) => connection as i32,
        Err(error) => -error.raw_os_error().unwrap_or(libc::EIO),
    }))
}

/// `proxyHeader(fd, seen) -> string | Buffer | undefined`: takes the PROXY header at the start of a connection, and no
/// byte after it. `seen` is the part taken before. Returns a string for the whole header, see [`Preface`]; a Buffer
/// with the part so far; undefined if there is no header.
fn proxy_header(call: &Call<2>) -> Result<Value, CallError> {
    Ok(match preface::take(call.i32(0)?, call.bytes(1)?) {
        Preface::Complete(text) => call.latin1(text.as_bytes()),
        Preface::Partial(seen) => call.buffer(&seen),
        Preface::Missing => call.undefined(),
    })
}

/// `transportKeepReady(handle, change)`: one more (1) or one fewer (-1) server wants I/O threads to stay, if there are
/// any.
fn keep_ready(call: &Call<2>) -> Result<Value, CallError> {
    transport(call)?.keep_ready(call.i32(1)?);
    Ok(call.undefined())
}

/// `transportParser(handle, index, parser, autoContinue)`: parses further bytes with this parser; with none (-1), they come
/// unparsed.
fn set_parser(call: &Call<4>) -> Result<Value, CallError> {
    let number = usize::try_from(call.i32(2)?).ok();
    transport(call)?
        .host()
        .set_parser(connection(call)?, number);
    let session = if number.is_none() {
        None
    } else {
        let session = parser::session(call, 2)?;
        lock(&session).set_auto_continue(call.i32(3)? != 0);
        Some(session)
    };
    if transport(call)?.set_parser(connection(call)?, session) {
        Ok(call.undefined())
    } else {
        Err(CallError::Argument(
            c"expected a connection of the native transport",
        ))
    }
}

/// `transportDetach(handle, index, fate, rest) -> Buffer | undefined`: stops reading, and returns the bytes queued but not
/// sent. `fate` is a [`Fate`]. Sets in the array `rest`: 0, a Buffer of bytes read but not delivered, an error number, or
/// true if the end follows the bytes that JavaScript is handling and comes when their call is over (unset if there is none
/// of these); 1 and 2, the bytes received (without the undelivered ones) and sent.
fn detach(call: &Call<4>) -> Result<Value, CallError> {
    let number = call.i32(2)?;
    let fate = [Fate::GivenBack, Fate::Closed, Fate::Destroyed]
        .into_iter()
        .find(|&fate| fate as i32 == number)
        .ok_or(CallError::Argument(c"expected a fate"))?;
    let detached = transport(call)?.detach(connection(call)?, fate);
    if let Some(number) = detached.failed {
        call.set_element(3, 0, call.number(number));
    } else if detached.ends {
        call.set_element(3, 0, call.boolean(true));
    } else if !detached.unread.is_empty() {
        call.set_element(3, 0, call.buffer(&detached.unread));
    }
    call.set_element(3, 1, call.double(detached.received as f64));
    call.set_element(3, 2, call.double(detached.sent as f64));
    Ok(if detached.unsent.is_empty() {
        call.undefined()
    } else {
        call.buffer(&detached.unsent)
    })
}

/// `transportReadOn(handle, index) -> boolean`: see [`Transport::read_on`](crate::transport::host::Transport::read_on).
fn read_on(call: &Call<2>) -> Result<Value, CallError> {
    let has_rest = transport(call)?.read_on(connection(call)?);
    Ok(call.boolean(has_rest))
}

/// `transportReadRest(handle, index)`: see [`Transport::read_rest`](crate::transport::host::Transport::read_rest).
fn read_rest(call: &Call<2>) -> Result<Value, CallError> {
    transport(call)?.read_rest(connection(call)?);
    Ok(call.undefined())
}

/// `transportPause(handle, index)`
fn pause(call: &Call<2>) -> Result<Value, CallError> {
    transport(call)?.pause(connection(call)?);
    Ok(call.undefined())
}

/// `transportResume(handle, index)`
fn resume(call: &Call<2>) -> Result<Value, CallError> {
    transport(call)?.resume(connection(call)?);
    Ok(call.undefined())
}

/// `transportCount(handle) -> number`: attached connections.
fn count(call: &Call<1>) -> Result<Value, CallError> {
    Ok(call.number(transport(call)?.count() as i32))
}

/// `transportKeepAlive(handle, change)`: `change` more (or, if negative, fewer) connections keep the event loop alive.
fn keep_alive(call: &Call<2>) -> Result<Value, CallError> {
    transport(call)?.keep_alive(call.i32(1)? as isize);
    Ok(call.undefined())
}

/// Flags of transportWrite: each character is a byte, instead of UTF-8; queue, do not send.
pub const LATIN1: i32 = 1;
pub const HOLD: i32 = 2;

/// `transportWrite(handle, index, text, flags) -> number`: sends a string. 0: all is sent; positive: bytes left in the
/// queue; negative: a system error.
fn write(call: &Call<4>) -> Result<Value, CallError> {
    let flags = call.i32(3)?;
    let mut fault = None;
    let answer = transport(call)?.write(connection(call)?, flags & HOLD != 0, &mut |queue| {
        call.append_string(2, flags & LATIN1 != 0, queue)
            .map_err(|wrong| {
                fault = Some(wrong);
                NotAppended
            })
    });
    match fault {
        Some(fault) => Err(fault),
        None => Ok(call.number(answer.unwrap_or(0))),
    }
}

/// `transportWriteBytes(handle, index, bytes, hold) -> number`: as transportWrite, for bytes.
fn write_bytes(call: &Call<4>) -> Result<Value, CallError> {
    let hold = call.i32(3)? != 0;
    let answer = transport(call)?.write_bytes(connection(call)?, hold, call.bytes(2)?);
    Ok(call.number(answer))
}

/// `transportFlush(handle, index) -> number`: sends the queue before it returns; result as for transportWrite.
fn flush(call: &Call<2>) -> Result<Value, CallError> {
    Ok(call.number(transport(call)?.flush(connection(call)?)))
}

/// `transportRelease(handle, index) -> number`: allows the queue to be sent; result as for transportWrite.
fn uncork(call: &Call<2>) -> Result<Value, CallError> {
    Ok(call.number(transport(call)?.uncork(connection(call)?)))
}

/// `transportTake(handle, index) -> Buffer`: removes the queued bytes; the caller has to send them.
fn take_queue(call: &Call<2>) -> Result<Value, CallError> {
    let queue = transport(call)?.take_queue(connection(call)?);
    Ok(call.buffer(&queue))
}

/// What transportBytes counts.
pub const RECEIVED: i32 = 0;
pub const SENT: i32 = 1;
pub const QUEUED: i32 = 2;
pub const UNCORKED: i32 = 3;

/// `transportBytes(handle, index, which) -> number`: bytes [`RECEIVED`], [`SENT`] or [`QUEUED`], or the queued ones
/// that are [`UNCORKED`].
fn bytes(call: &Call<3>) -> Result<Value, CallError> {
    let (transport, connection) = (transport(call)?, connection(call)?);
    let (received, sent, queued) = transport.counts(connection);
    Ok(call.double(match call.i32(2)? {
        RECEIVED => received as f64,
        SENT => sent as f64,
        UNCORKED => transport.uncorked(connection) as f64,
        _ => queued as f64,
    }))
}

node_api::entries! {
    /// Registers the functions of the transports.
    register:
    transportOpen => open_native,
    offloadOpen => open_offload,
    offloadThreads => threads,
    transportKeepReady => keep_ready,
    transportAttach => attach,
    transportWatch => watch,
    transportPermit => permit,
    proxyHeader => proxy_header,
    transportParser => set_parser,
    transportDetach => detach,
    transportReadOn => read_on,
    transportReadRest => read_rest,
    transportPause => pause,
    transportResume => resume,
    transportKeepAlive => keep_alive,
    transportWrite => write,
    transportWriteBytes => write_bytes,
    transportFlush => flush,
    transportRelease => uncork,
    transportTake => take_queue,
    transportBytes => bytes,
    transportCount => count,
}
