//! The native transport: its reactor polled by the event loop of the JavaScript thread, one call into JavaScript for each
//! connection that has news.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::rc::Rc;

use napi::sys;

use super::driver::{Append, Driver, Shared, error_number};
use super::exit::at_exit;
use super::news::{ENDED, FAILED, Listener, PARSED, UNPARSED, UNSENT};
use super::parser::{self, Handle};
use super::raw::{Call, Fault, Value};
use super::uv::{self, Anchor, LoopHandle};
use crate::parser::Output;
use crate::transport::offload::link::Rest;
use crate::transport::{Reactor, Read};

/// The transport of one JavaScript thread.
struct Transport {
    listener: Listener,
    reactor: RefCell<Reactor<Option<Handle>>>,
    output: RefCell<Output>,
    // The text of one write.
    scratch: RefCell<Vec<u8>>,
    anchor: Anchor,
    cleanup: Cell<sys::napi_async_cleanup_hook_handle>,
}

/// `transportOpen(input: Buffer, words: Int32Array, turn: Int32Array(49), callback, resource) -> handle | undefined`: one per thread.
/// `callback(index, kind, value, text)` is called for each connection with news: kind 0, `value` bytes of `input` were parsed
/// into `words` and `text` as parserExecute does; for the others see `news`.
/// Undefined where the process has no libuv to poll with.
pub(super) fn open(call: &Call<5>) -> Result<Value, Fault> {
    let Ok(reactor) = Reactor::new() else {
        return Ok(call.undefined());
    };
    let fd = reactor.as_raw_fd();
    let Some(listener) = Listener::new(call, c"RUSTHTTPTRANSPORT")? else {
        return Ok(call.undefined());
    };
    let (env, event_loop) = (listener.env(), listener.event_loop());
    let transport: Rc<Transport> = Rc::new(Transport {
        listener,
        reactor: RefCell::new(reactor),
        output: RefCell::new(Output::new()),
        scratch: RefCell::new(Vec::new()),
        anchor: Anchor::default(),
        cleanup: Cell::new(null_mut()),
    });
    let data = Rc::into_raw(transport.clone()) as *mut c_void;
    // SAFETY: the loop is that of this thread; `data` is given back in `closed`.
    let poll = unsafe { LoopHandle::poll(event_loop, fd, ready, data) };
    let Some(poll) = poll else {
        // SAFETY: takes back what into_raw gave, since nobody else will.
        drop(unsafe { Rc::from_raw(data as *const Transport) });
        return Ok(call.undefined());
    };
    transport.anchor.set(poll);
    let mut hook = null_mut();
    // SAFETY: `data` lives until `closed`, which comes after this hook.
    unsafe { sys::napi_add_async_cleanup_hook(env, Some(cleanup), data, &mut hook) };
    transport.cleanup.set(hook);
    // SAFETY: the transport takes itself out when it is dropped.
    unsafe { at_exit(EXIT_PLACE, Some((data.cast_const().cast(), exiting))) };
    Ok(call.external::<Shared>(transport))
}

/// The thread ends: close the poll handle, and let the environment go on when that is done.
unsafe extern "C" fn cleanup(_hook: sys::napi_async_cleanup_hook_handle, data: *mut c_void) {
    // SAFETY: `data` is the transport that `open` registered, alive until `closed`.
    let transport = unsafe { &*(data as *const Transport) };
    transport.flush_all();
    if let Some(poll) = transport.anchor.take() {
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

/// Its place among those who flush at exit.
const EXIT_PLACE: usize = 0;

/// The process exits in this thread.
unsafe fn exiting(data: *const ()) {
    // SAFETY: reset when the transport is dropped, on this same thread.
    unsafe { &*data.cast::<Transport>() }.flush_all();
}

impl Drop for Transport {
    fn drop(&mut self) {
        // SAFETY: the place of this thread.
        unsafe { at_exit(EXIT_PLACE, None) };
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
            // SAFETY: no JavaScript runs while the slice is used.
            let input = unsafe { self.listener.input() };
            let read = self.reactor.borrow_mut().read(index, input);
            let goes_on = match read {
                Read::Bytes(count) => {
                    let session = self.reactor.borrow().data(index).cloned().flatten();
                    let Some(session) = session else {
                        if !self.listener.tell(index, UNPARSED, count as i32, None) {
                            return;
                        }
                        continue;
                    };
                    let mut output = self.output.take();
                    let parsed = parser::lock(&session).run(
                        &input[..count],
                        &mut output,
                        self.listener.room(),
                    );
                    let words = self.listener.show(0, &output.words);
                    self.reactor.borrow_mut().weigh(index, parsed, words);
                    let goes_on =
                        self.listener
                            .tell(index, PARSED, count as i32, Some(&output.text));
                    self.send_held(index);
                    self.output.replace(output);
                    goes_on
                }
                Read::Later => true,
                Read::Ended => self.listener.tell(index, ENDED, 0, None),
                Read::Failed(number) => self.listener.tell(index, FAILED, number, None),
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Sends the answers of pipelined requests that the turn of this connection has queued.
    fn send_held(&self, index: usize) {
        if self.listener.take_held() != 0 {
            let left = send_all(&mut self.reactor.borrow_mut(), index, &[]);
            if left != 0 {
                self.listener.tell(index, UNSENT, left, None);
            }
        }
    }
}

impl Driver for Transport {
    fn attach(&self, fd: i32, parser: Handle, _threads: usize) -> i32 {
        match self.reactor.borrow_mut().attach(fd, Some(parser)) {
            Ok(index) => index as i32,
            Err(error) => error_number(&error),
        }
    }

    fn set_parser(&self, index: usize, parser: Option<Handle>) -> Result<(), Fault> {
        self.reactor.borrow_mut().set_data(index, parser);
        Ok(())
    }

    fn detach(&self, index: usize, closing: bool) -> Rest {
        let mut reactor = self.reactor.borrow_mut();
        let (received, sent, _) = reactor.counts(index);
        let unsent = if closing {
            reactor.forget(index)
        } else {
            reactor.detach(index)
        };
        Rest {
            unsent,
            received,
            sent,
            ..Rest::default()
        }
    }

    fn pause(&self, index: usize) {
        self.reactor.borrow_mut().pause(index);
    }

    fn resume(&self, index: usize) {
        self.reactor.borrow_mut().resume(index);
    }

    fn count(&self) -> usize {
        self.reactor.borrow().len()
    }

    fn anchor(&self) -> &Anchor {
        &self.anchor
    }

    fn write(&self, index: usize, hold: bool, append: Append<'_>) -> Result<i32, Fault> {
        let mut reactor = self.reactor.borrow_mut();
        if hold {
            let Some(queue) = reactor.queue(index) else {
                return Ok(0);
            };
            append(queue)?;
            return Ok(queue.len() as i32);
        }
        let mut scratch = self.scratch.borrow_mut();
        scratch.clear();
        append(&mut scratch)?;
        Ok(send_all(&mut reactor, index, &scratch))
    }

    fn write_bytes(&self, index: usize, hold: bool, bytes: &[u8]) -> Result<i32, Fault> {
        let mut reactor = self.reactor.borrow_mut();
        if !hold {
            return Ok(send_all(&mut reactor, index, bytes));
        }
        let Some(queue) = reactor.queue(index) else {
            return Ok(0);
        };
        queue.extend_from_slice(bytes);
        Ok(queue.len() as i32)
    }

    fn flush(&self, index: usize) -> i32 {
        send_all(&mut self.reactor.borrow_mut(), index, &[])
    }

    fn release(&self, index: usize) -> i32 {
        self.flush(index)
    }

    fn take(&self, index: usize) -> Vec<u8> {
        self.reactor
            .borrow_mut()
            .queue(index)
            .map(std::mem::take)
            .unwrap_or_default()
    }

    fn counts(&self, index: usize) -> (u64, u64, usize) {
        self.reactor.borrow().counts(index)
    }
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
