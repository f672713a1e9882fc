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
use super::news::{ENDED, FAILED, Frame, GONE, Listener, PARSED, Turn, UNPARSED, UNSENT};
use super::parser::{self, Handle, is_done};
use super::raw::{Call, Fault, Value};
use super::uv::{self, Anchor, LoopHandle};
use crate::parser::Output;
use crate::transport::offload::link::Rest;
use crate::transport::{Reactor, Read};

/// A connection whose bytes JavaScript is told of.
struct Told {
    index: usize,
    frame: Frame,
    // Whether its parser waits for what JavaScript answers to these bytes.
    waits: bool,
    // Whether it was given back, and its stream is to be told of the end behind these bytes.
    ends: bool,
}

/// The transport of one JavaScript thread.
struct Transport {
    listener: Listener,
    // Of each turn that is open: a handler of one may have the loop run, and so begin the next.
    told: RefCell<Vec<Told>>,
    reactor: RefCell<Reactor<Option<Handle>>>,
    output: RefCell<Output>,
    // The text of one write.
    scratch: RefCell<Vec<u8>>,
    anchor: Anchor,
    nested: Cell<Option<LoopHandle>>,
    cleanup: Cell<sys::napi_async_cleanup_hook_handle>,
}

/// `transportOpen(frameOf, callback, resource, endsAtHangUp) -> handle | undefined`: one per thread. Of `endsAtHangUp` see [`HangUp`](crate::transport::HangUp). `frameOf(level)` answers the memory of a turn, see
/// [`Listener::new`]; a turn of level 1 is one in a handler of another.
/// `callback(index, kind, value, text)` is called for each connection with news: kind 0, `value` bytes of `input` were parsed
/// into `words` and `text` as parserExecute does; for the others see `news`. Above bit 3 of the kind is the level of the turn.
/// Undefined where the process has no libuv to poll with.
pub(super) fn open(call: &Call<4>) -> Result<Value, Fault> {
    let Ok(reactor) = Reactor::new(call.i32(3)? != 0) else {
        return Ok(call.undefined());
    };
    let fd = reactor.as_raw_fd();
    let Some(listener) = Listener::new(call, c"RUSTHTTPTRANSPORT")? else {
        return Ok(call.undefined());
    };
    let (env, event_loop) = (listener.env(), listener.event_loop());
    let transport: Rc<Transport> = Rc::new(Transport {
        listener,
        told: RefCell::default(),
        reactor: RefCell::new(reactor),
        output: RefCell::new(Output::new()),
        scratch: RefCell::new(Vec::new()),
        anchor: Anchor::default(),
        nested: Cell::new(None),
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
    // SAFETY: as of the poll handle.
    let nested = unsafe { LoopHandle::prepare(event_loop, looping, data) };
    transport.nested.set(nested);
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
    if let Some(nested) = transport.nested.take() {
        // SAFETY: taken out of its cell, so this happens once. It is closed in the turn of the loop in which the poll handle is.
        unsafe { nested.close(uv::release) };
    }
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
    // SAFETY: libuv calls this between `open` and `closed`.
    unsafe { shared(handle) }.turn_safely();
}

/// The loop turns. Within a turn of ours a handler has it do so: what that turn has collected is told here, since no descriptor becomes
/// ready for it again. The same holds for connections that the system refused another edge for.
unsafe extern "C" fn looping(handle: *mut c_void) {
    // SAFETY: as in `ready`.
    let data = unsafe { uv::data_of(handle) } as *const Transport;
    // SAFETY: alive until `closed`.
    let transport = unsafe { &*data };
    if transport.is_telling() || transport.needs_turn() {
        // SAFETY: as in `ready`.
        let transport = unsafe { shared(handle) };
        transport.release_held();
        transport.turn_safely();
    }
}

/// The transport of a handle. It lives on if JavaScript ends the thread.
///
/// # Safety
/// The handle is one of `open`, before `closed`.
unsafe fn shared(handle: *mut c_void) -> Rc<Transport> {
    // SAFETY: the data of the handle is an Rc that `open` gave away.
    unsafe {
        let data = uv::data_of(handle) as *const Transport;
        Rc::increment_strong_count(data);
        Rc::from_raw(data)
    }
}

impl Transport {
    /// Sends what waits in the queues, as far as the kernel takes it now.
    fn flush_all(&self) {
        if let Ok(mut reactor) = self.reactor.try_borrow_mut() {
            reactor.flush_all();
        }
    }

    /// A panic must not unwind into libuv; the connection that caused it is left to its time-out.
    fn turn_safely(&self) {
        let open = self.told.borrow().len();
        let _ = catch_unwind(AssertUnwindSafe(|| self.turn()));
        self.told.borrow_mut().truncate(open);
    }

    /// Reads every ready connection once, and tells JavaScript what each brought. A turn in a handler of another goes on where that
    /// one is.
    fn turn(&self) {
        let Some(turn) = self.listener.begin() else {
            return;
        };
        if self.reactor.borrow_mut().collect().is_err() {
            return;
        }
        loop {
            let Some(index) = self.reactor.borrow_mut().next_ready() else {
                return;
            };
            if self.waits(index) {
                self.reactor.borrow_mut().defer(index);
                continue;
            }
            // SAFETY: no JavaScript runs while the slice is used.
            let input = unsafe { turn.frame.input() };
            let read = self.reactor.borrow_mut().read(index, input);
            let goes_on = match read {
                Read::Bytes(count) => {
                    let session = self.reactor.borrow().data(index).cloned().flatten();
                    let Some(session) = session else {
                        if !turn.tell(index, UNPARSED, count as i32, None) {
                            return;
                        }
                        continue;
                    };
                    let mut output = self.output.take();
                    let parsed =
                        parser::lock(&session).run(&input[..count], &mut output, turn.frame.room());
                    let words = turn.frame.show(0, &output.words);
                    self.reactor.borrow_mut().weigh(index, parsed, words);
                    let goes_on = self.tell_parsed(&turn, index, count, &output);
                    self.output.replace(output);
                    goes_on
                }
                Read::Later => true,
                Read::Ended => turn.tell(index, ENDED, 0, None),
                Read::Failed(number) => turn.tell(index, FAILED, number, None),
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Tells of bytes that were parsed, and sends the answers of pipelined requests that were queued meanwhile.
    fn tell_parsed(&self, turn: &Turn, index: usize, count: usize, output: &Output) -> bool {
        let waits = !is_done(output);
        if waits {
            turn.frame.set_record(0, index as i32, 0, count);
        }
        self.told.borrow_mut().push(Told {
            index,
            frame: turn.frame,
            waits,
            ends: false,
        });
        let goes_on = turn.tell(index, PARSED, count as i32, Some(&output.text));
        let told = self.told.borrow_mut().pop();
        let (index, ends) = told.map_or((GONE, false), |told| (told.index, told.ends));
        if waits {
            self.reactor.borrow_mut().catch_up(index);
        }
        if turn.frame.take_held() != 0 {
            self.send_held(turn, index);
        }
        if goes_on && (ends || self.reactor.borrow_mut().is_over(index)) {
            return turn.tell(index, ENDED, 0, None);
        }
        goes_on
    }

    fn needs_turn(&self) -> bool {
        self.reactor
            .try_borrow()
            .is_ok_and(|reactor| reactor.needs_turn())
    }

    fn is_telling(&self) -> bool {
        !self.told.borrow().is_empty()
    }

    /// Whether the parser of a connection waits for an answer of JavaScript, which is told of what it had before.
    fn waits(&self, index: usize) -> bool {
        self.told
            .borrow()
            .iter()
            .any(|told| told.waits && told.index == index && !told.frame.is_finished(0))
    }

    fn send_held(&self, turn: &Turn, index: usize) {
        let left = send_all(&mut self.reactor.borrow_mut(), index, &[]);
        if left != 0 {
            turn.tell(index, UNSENT, left, None);
        }
    }

    /// Sends what the open turns hold back until they are over.
    fn release_held(&self) {
        let Some(turn) = self.listener.begin() else {
            return;
        };
        let held: Vec<usize> = self
            .told
            .borrow()
            .iter()
            .filter(|told| told.frame.take_held() != 0)
            .map(|told| told.index)
            .collect();
        for index in held {
            self.send_held(&turn, index);
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
        let mut ends = false;
        for told in self.told.borrow_mut().iter_mut() {
            if told.index == index {
                told.index = GONE;
                told.ends = !closing && reactor.is_over(index);
                ends |= told.ends;
            }
        }
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
            ends,
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
        if hold && !reactor.is_hung_up(index) {
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
        if !hold || reactor.is_hung_up(index) {
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
