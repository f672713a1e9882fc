//! What `lib/transport/transport.js` asks of whoever reads and writes its connections: the reactor of its own thread, or threads of their
//! own.

use std::rc::Rc;

use napi::sys;

use super::parser::{self, Handle};
use super::raw::{self, Call, Fault, Value};
use super::uv::Anchor;
use super::{offload, transport};
use crate::transport::offload::link::Rest;

/// Appends what is to be written.
pub(super) type Append<'a> = &'a mut dyn FnMut(&mut Vec<u8>) -> Result<(), Fault>;

/// One way to read and write connections, for one JavaScript thread.
pub(super) trait Driver {
    /// Begins to read `fd` into `parser`, in one of `threads` threads if it has any. Its number, or a negative system error.
    fn attach(&self, fd: i32, parser: Handle, threads: usize) -> i32;
    /// Parses what comes from now on with this parser, or tells it as it is. Of the reactor alone: a server's connection keeps
    /// its parser.
    fn set_parser(&self, _index: usize, _parser: Option<Handle>) -> Result<(), Fault> {
        Err(Fault::Argument(c"expected a connection of the reactor"))
    }
    /// Ends reading; `closing`: the descriptor is closed before the loop goes on, whatever the peer sends.
    fn detach(&self, index: usize, closing: bool) -> Rest;
    /// One more (1) or less (-1) server wants what serves connections to be there before they are.
    fn keep_ready(&self, _change: i32) {}
    /// Stops reading.
    fn pause(&self, index: usize);
    /// Reads again.
    fn resume(&self, index: usize);
    /// Connections that are attached.
    fn count(&self) -> usize;
    /// What keeps the event loop alive for its connections.
    fn anchor(&self) -> &Anchor;
    /// Sends, or with `hold` queues, what is appended. 0: nothing is left; positive: so many bytes are in the queue; negative: a
    /// system error.
    fn write(&self, index: usize, hold: bool, append: Append<'_>) -> Result<i32, Fault>;
    /// The same for bytes.
    fn write_bytes(&self, index: usize, hold: bool, bytes: &[u8]) -> Result<i32, Fault> {
        self.write(index, hold, &mut |queue| {
            queue.extend_from_slice(bytes);
            Ok(())
        })
    }
    /// Sends what is queued before it returns; answers as `write`.
    fn flush(&self, index: usize) -> i32;
    /// Lets what is queued be sent; answers as `write`.
    fn release(&self, index: usize) -> i32;
    /// The queued bytes, which are then the caller's to send.
    fn take(&self, index: usize) -> Vec<u8>;
    /// Bytes received, sent, and queued.
    fn counts(&self, index: usize) -> (u64, u64, usize);
}

/// What a handle of JavaScript stands for.
pub(super) type Shared = Rc<dyn Driver>;

/// The connection number in argument 1.
fn connection<const N: usize>(call: &Call<N>) -> Result<usize, Fault> {
    usize::try_from(call.i32(1)?).map_err(|_| Fault::Argument(c"expected a connection"))
}

/// The driver in argument 0.
fn driver<const N: usize>(call: &Call<N>) -> Result<&dyn Driver, Fault> {
    // SAFETY: lib/ passes the handle that transportOpen or offloadOpen made; it stays where it is while the call lasts.
    Ok(&**unsafe { call.data::<Shared>(0)? })
}

/// A system error as a negative number.
pub(super) fn error_number(error: &std::io::Error) -> i32 {
    -error.raw_os_error().unwrap_or(libc::EIO)
}

/// `transportAttach(handle, fd, parser, runOn, threads) -> index`: begins to read `fd` into `parser`, in one of so many threads
/// where there are any; negative is a system error.
fn attach(call: &Call<5>) -> Result<Value, Fault> {
    let session = parser::handle(call, 2)?;
    parser::lock(&session).set_run_on(call.i32(3)? != 0);
    let threads = call.i32(4)?.max(1) as usize;
    Ok(call.number(driver(call)?.attach(call.i32(1)?, session, threads)))
}

/// `transportKeepReady(handle, change)`: one more (1) or less (-1) server wants the threads, if there are any, to stay.
fn keep_ready(call: &Call<2>) -> Result<Value, Fault> {
    driver(call)?.keep_ready(call.i32(1)?);
    Ok(call.undefined())
}

/// `transportParser(handle, index, parser, runOn)`: parses what comes from now on with this parser; with none (-1), bytes are
/// told as they are.
fn set_parser(call: &Call<4>) -> Result<Value, Fault> {
    let session = if call.i32(2)? < 0 {
        None
    } else {
        let session = parser::handle(call, 2)?;
        parser::lock(&session).set_run_on(call.i32(3)? != 0);
        Some(session)
    };
    driver(call)?.set_parser(connection(call)?, session)?;
    Ok(call.undefined())
}

/// `transportDetach(handle, index, closing, rest) -> Buffer | undefined`: ends reading; the bytes that are queued and not sent.
/// `closing` 1: the descriptor is closed before the loop goes on. Sets in the array `rest`: 0, if there is such, a Buffer of bytes
/// that nobody was told of, or the number of an error, or true where the end is behind the bytes that JavaScript is at, and is told when
/// their call is over; 1 and 2, the bytes received (without those) and sent.
fn detach(call: &Call<4>) -> Result<Value, Fault> {
    let rest = driver(call)?.detach(connection(call)?, call.i32(2)? != 0);
    if let Some(number) = rest.failed {
        call.set_element(3, 0, call.number(number));
    } else if rest.ends {
        call.set_element(3, 0, call.boolean(true));
    } else if !rest.unread.is_empty() {
        call.set_element(3, 0, call.buffer(&rest.unread));
    }
    call.set_element(3, 1, call.double(rest.received as f64));
    call.set_element(3, 2, call.double(rest.sent as f64));
    Ok(if rest.unsent.is_empty() {
        call.undefined()
    } else {
        call.buffer(&rest.unsent)
    })
}

/// `transportPause(handle, index)`
fn pause(call: &Call<2>) -> Result<Value, Fault> {
    driver(call)?.pause(connection(call)?);
    Ok(call.undefined())
}

/// `transportResume(handle, index)`
fn resume(call: &Call<2>) -> Result<Value, Fault> {
    driver(call)?.resume(connection(call)?);
    Ok(call.undefined())
}

/// `transportCount(handle) -> number`: connections that are attached.
fn count(call: &Call<1>) -> Result<Value, Fault> {
    Ok(call.number(driver(call)?.count() as i32))
}

/// `transportKeepAlive(handle, change)`: `change` more (or, negative, fewer) connections keep the event loop alive.
fn keep_alive(call: &Call<2>) -> Result<Value, Fault> {
    driver(call)?.anchor().keep_alive(call.i32(1)? as isize);
    Ok(call.undefined())
}

/// Flags of transportWrite: the characters are bytes, not to be written as UTF-8; they are queued, not sent.
pub const LATIN1: i32 = 1;
pub const HOLD: i32 = 2;

/// `transportWrite(handle, index, text, flags) -> number`: sends a string. 0: all is sent; positive: so many bytes are in the queue;
/// negative: a system error.
fn write(call: &Call<4>) -> Result<Value, Fault> {
    let flags = call.i32(3)?;
    let answer = driver(call)?.write(connection(call)?, flags & HOLD != 0, &mut |queue| {
        call.append_string(2, flags & LATIN1 != 0, queue)
    })?;
    Ok(call.number(answer))
}

/// `transportWriteBytes(handle, index, bytes, hold) -> number`: as transportWrite, for bytes.
fn write_bytes(call: &Call<4>) -> Result<Value, Fault> {
    let hold = call.i32(3)? != 0;
    let answer = driver(call)?.write_bytes(connection(call)?, hold, call.bytes(2)?)?;
    Ok(call.number(answer))
}

/// `transportFlush(handle, index) -> number`: sends what is queued before it returns; answers as transportWrite.
fn flush(call: &Call<2>) -> Result<Value, Fault> {
    Ok(call.number(driver(call)?.flush(connection(call)?)))
}

/// `transportRelease(handle, index) -> number`: lets what is queued be sent; answers as transportWrite.
fn release(call: &Call<2>) -> Result<Value, Fault> {
    Ok(call.number(driver(call)?.release(connection(call)?)))
}

/// `transportTake(handle, index) -> Buffer`: the queued bytes, which are then the caller's to send.
fn take(call: &Call<2>) -> Result<Value, Fault> {
    let queue = driver(call)?.take(connection(call)?);
    Ok(call.buffer(&queue))
}

/// What transportBytes counts.
pub const RECEIVED: i32 = 0;
pub const SENT: i32 = 1;
pub const QUEUED: i32 = 2;

/// `transportBytes(handle, index, which) -> number`: bytes [`RECEIVED`], [`SENT`] or [`QUEUED`].
fn bytes(call: &Call<3>) -> Result<Value, Fault> {
    let (received, sent, queued) = driver(call)?.counts(connection(call)?);
    Ok(call.double(match call.i32(2)? {
        RECEIVED => received as f64,
        SENT => sent as f64,
        _ => queued as f64,
    }))
}

raw::entries! {
    /// Registers the functions of the transports.
    register:
    transportOpen => transport::open,
    offloadOpen => offload::open,
    offloadThreads => offload::threads,
    transportKeepReady => keep_ready,
    transportAttach => attach,
    transportParser => set_parser,
    transportDetach => detach,
    transportPause => pause,
    transportResume => resume,
    transportKeepAlive => keep_alive,
    transportWrite => write,
    transportWriteBytes => write_bytes,
    transportFlush => flush,
    transportRelease => release,
    transportTake => take,
    transportBytes => bytes,
    transportCount => count,
}
