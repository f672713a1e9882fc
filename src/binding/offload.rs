//! The offload transport: connections whose I/O is done by threads of their own. They wake the event loop of the JavaScript
//! thread, which then looks at every connection that has news, and hands over the answers of several at a time.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::c_void;
use std::os::fd::BorrowedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use napi::sys;
use slab::Slab;

use super::driver::{Append, Driver, Shared, error_number};
use super::exit::at_exit;
use super::group::Group;
use super::news::{ENDED, FAILED, Frame, GONE, Listener, SEVERAL, Turn, UNSENT};
use super::parser::{Handle, Session};
use super::raw::{Call, Fault, Value};
use super::uv::{self, Anchor, LoopHandle};
use crate::parser::Output;
use crate::transport::offload::inbox::Inbox;
use crate::transport::offload::lane::{self, Connection, Lane, Lanes, Letter};
use crate::transport::offload::link::{Feed, Link, News, Rest, Resumed};
use crate::transport::offload::sync::lock;

/// Its place among those who flush at exit.
const EXIT_PLACE: usize = 1;

static LANES: Mutex<Lanes<Session>> = Mutex::new(Lanes::new());

impl Feed for Session {
    fn run(&mut self, input: &[u8], out: &mut Output, room: usize) -> usize {
        Session::run(self, input, out, room)
    }
}

/// A connection as its JavaScript thread has it.
struct Entry {
    connection: Arc<Connection<Session>>,
    lane: Lane<Session>,
    // What was written since the last hand-over.
    queue: Vec<u8>,
    // The same connection, if JavaScript has dealt with its news and its task does not know yet.
    dealt: Option<Arc<Connection<Session>>>,
    // Whether it is in the list for the next hand-over, and whether its task is to look again then.
    listed: bool,
    wake: bool,
}

/// Letters to a thread.
struct Unposted {
    lane: Lane<Session>,
    letters: Vec<Letter<Session>>,
}

/// The transport of one JavaScript thread.
struct Offload {
    listener: Listener,
    inbox: Arc<Inbox<Arc<Connection<Session>>>>,
    entries: RefCell<Slab<Entry>>,
    // Connections with something to hand over, in the order in which they got it.
    listed: RefCell<Vec<usize>>,
    // Threads with letters that are not posted yet.
    unposted: RefCell<Vec<Unposted>>,
    // Turns that are open, each in a handler of the one before; and their groups, which are kept for further ones. What JavaScript
    // writes meanwhile is handed over together.
    open: Cell<usize>,
    groups: RefCell<Vec<Group>>,
    // Taken out of the inbox and not looked at: by whichever turn comes first.
    waiting: RefCell<VecDeque<Arc<Connection<Session>>>>,
    batch: RefCell<Vec<Arc<Connection<Session>>>>,
    // Where what is thrown away goes.
    dropped: RefCell<Vec<u8>>,
    next_lane: Cell<usize>,
    anchor: Anchor,
    nested: Cell<Option<LoopHandle>>,
    cleanup: Cell<sys::napi_async_cleanup_hook_handle>,
    // Servers and connections of this thread that use the I/O threads.
    users: Cell<usize>,
    ends_at_hang_up: bool,
    // Connections that were given back with an end behind the bytes that JavaScript is at.
    ends: Cell<usize>,
}

/// `offloadOpen(frameOf, callback, resource, endsAtHangUp) -> handle | undefined`: as transportOpen.
pub(super) fn open(call: &Call<4>) -> Result<Value, Fault> {
    let Some(listener) = Listener::new(call, c"RUSTHTTPTRANSPORT")? else {
        return Ok(call.undefined());
    };
    let ends_at_hang_up = call.i32(3)? != 0;
    let (env, event_loop) = (listener.env(), listener.event_loop());
    // SAFETY: the loop is that of this thread; the data is set before anything can ring, and lives until `closed`.
    let waker = unsafe { LoopHandle::waker(event_loop, woken, null_mut()) };
    let Some(waker) = waker else {
        return Ok(call.undefined());
    };
    // SAFETY: the inbox is closed before the handle is.
    let inbox = Arc::new(Inbox::new(Box::new(unsafe { waker.bell() })));
    let offload = Rc::new(Offload {
        listener,
        inbox,
        entries: RefCell::new(Slab::new()),
        listed: RefCell::new(Vec::new()),
        unposted: RefCell::new(Vec::new()),
        open: Cell::new(0),
        groups: RefCell::default(),
        waiting: RefCell::default(),
        batch: RefCell::new(Vec::new()),
        dropped: RefCell::new(Vec::new()),
        next_lane: Cell::new(0),
        anchor: Anchor::default(),
        nested: Cell::new(None),
        cleanup: Cell::new(null_mut()),
        users: Cell::new(0),
        ends_at_hang_up,
        ends: Cell::new(0),
    });
    offload.anchor.set(waker);
    let data = Rc::into_raw(offload.clone()) as *mut c_void;
    let mut hook = null_mut();
    // SAFETY: `data` lives until `closed`, which comes after the hook, and the hook before the last exit handler.
    unsafe {
        waker.set_data(data);
        sys::napi_add_async_cleanup_hook(env, Some(cleanup), data, &mut hook);
        at_exit(EXIT_PLACE, Some((data.cast(), exiting)));
        offload
            .nested
            .set(LoopHandle::prepare(event_loop, looping, data));
    }
    offload.cleanup.set(hook);
    Ok(call.external::<Shared>(offload))
}

/// `offloadThreads() -> number`: I/O threads of the process; none while nobody uses them.
pub(super) fn threads(call: &Call<0>) -> Result<Value, Fault> {
    Ok(call.number(lock(&LANES).count() as i32))
}

/// The thread ends: its connections are given up, the handle closed, and the environment goes on when that is done.
unsafe extern "C" fn cleanup(_hook: sys::napi_async_cleanup_hook_handle, data: *mut c_void) {
    // SAFETY: `data` is what `open` registered, alive until `closed`.
    let offload = unsafe { &*(data as *const Offload) };
    offload.flush_all();
    offload.inbox.close();
    let numbers: Vec<usize> = offload.entries.borrow().iter().map(|(n, _)| n).collect();
    for number in numbers {
        offload.detach(number, true);
    }
    // Its servers were not closed.
    while offload.users.get() > 0 {
        offload.leave();
    }
    // SAFETY: the place of this thread, set by `open`.
    unsafe { at_exit(EXIT_PLACE, None) };
    if let Some(nested) = offload.nested.take() {
        // SAFETY: taken out of its cell, so this happens once. It is closed in the turn of the loop in which the waker is.
        unsafe { nested.close(uv::release) };
    }
    if let Some(waker) = offload.anchor.take() {
        // SAFETY: taken out of its cell, so this happens once; the inbox rings no more.
        unsafe { waker.close(closed) };
    }
}

unsafe extern "C" fn closed(handle: *mut c_void) {
    // SAFETY: the handle is the one that `open` made; its data is the Rc that `open` gave away.
    unsafe {
        let offload = Rc::from_raw(uv::data_of(handle) as *const Offload);
        uv::release(handle);
        sys::napi_remove_async_cleanup_hook(offload.cleanup.get());
    }
}

/// The process exits in this thread.
unsafe fn exiting(data: *const ()) {
    // SAFETY: as `open` says.
    let offload = unsafe { &*data.cast::<Offload>() };
    offload.flush_all();
    offload.inbox.close();
}

/// Another thread has rung.
unsafe extern "C" fn woken(handle: *mut c_void) {
    // SAFETY: libuv calls this between `open` and `closed`.
    unsafe { shared(handle) }.turn_safely();
}

/// The loop turns.
unsafe extern "C" fn looping(handle: *mut c_void) {
    // SAFETY: as in `woken`.
    let data = unsafe { uv::data_of(handle) } as *const Offload;
    // SAFETY: alive until `closed`.
    if unsafe { &*data }.open.get() > 0 {
        // SAFETY: as in `woken`.
        unsafe { shared(handle) }.turn_safely();
    }
}

/// The transport of a handle. It lives on if JavaScript ends the thread.
///
/// # Safety
/// The handle is one of `open`, before `closed`.
unsafe fn shared(handle: *mut c_void) -> Rc<Offload> {
    // SAFETY: the data of the handle is an Rc that `open` gave away.
    unsafe {
        let data = uv::data_of(handle) as *const Offload;
        Rc::increment_strong_count(data);
        Rc::from_raw(data)
    }
}

impl Offload {
    /// A panic must not unwind into libuv; the connection that caused it is left to its time-out.
    fn turn_safely(&self) {
        let open = self.open.get();
        if catch_unwind(AssertUnwindSafe(|| self.turn())).is_err() {
            let _ = catch_unwind(AssertUnwindSafe(|| drop(self.settle_group(open))));
        }
        self.open.set(open);
        self.inbox.leave();
    }

    /// Tells JavaScript all news. What comes meanwhile waits for the next turn of the loop: so each connection has its news once a
    /// turn, as with the reactor, and timers and other handles are not kept waiting. That next turn may come before the end of this
    /// one, if a handler has the loop run: it goes on where this one is.
    fn turn(&self) {
        let Some(turn) = self.listener.begin() else {
            return;
        };
        self.overtake();
        self.open_group(turn.frame);
        let mut batch = self.batch.take();
        self.inbox.take(&mut batch);
        self.waiting.borrow_mut().extend(batch.drain(..));
        self.batch.replace(batch);
        let mut goes_on = true;
        while goes_on && let Some(connection) = self.next_waiting() {
            goes_on = self.look(&turn, connection);
        }
        if goes_on {
            self.tell_group(&turn);
        }
        self.hand_over();
    }

    fn next_waiting(&self) -> Option<Arc<Connection<Session>>> {
        self.waiting.borrow_mut().pop_front()
    }

    /// Opens the group of a turn that begins.
    fn open_group(&self, frame: Frame) {
        let open = self.open.get();
        let mut groups = self.groups.borrow_mut();
        match groups.get_mut(open) {
            Some(group) => group.show_in(frame),
            None => groups.push(Group::new(frame)),
        }
        self.open.set(open + 1);
    }

    /// The group of the turn that began last.
    fn with_group<T>(&self, act: impl FnOnce(&mut Group) -> T) -> T {
        let place = self.open.get() - 1;
        act(&mut self.groups.borrow_mut()[place])
    }

    /// A turn begins. If it is in a handler of another: what that one's call has not come to comes anew, and is not kept waiting, nor
    /// is what was answered.
    fn overtake(&self) {
        let mut groups = self.groups.borrow_mut();
        for group in groups.iter_mut().take(self.open.get()) {
            group.overtake(|connection| self.dealt_with(connection));
        }
        drop(groups);
        if self.open.get() > 0 {
            self.hand_over();
        }
    }

    fn dealt_with(&self, connection: Arc<Connection<Session>>) {
        if self.has(&connection) {
            self.list(connection.number, |entry| entry.dealt = Some(connection));
        }
    }

    fn has(&self, connection: &Arc<Connection<Session>>) -> bool {
        self.entries
            .borrow()
            .get(connection.number)
            .is_some_and(|entry| Arc::ptr_eq(&entry.connection, connection))
    }

    /// Has JavaScript told what a connection has, with the next call for a group. False when it runs no more.
    fn look(&self, turn: &Turn, connection: Arc<Connection<Session>>) -> bool {
        if connection.heard() && self.has(&connection) && !self.tell_trouble(turn, &connection) {
            return false;
        }
        loop {
            if !self.has(&connection) {
                return true;
            }
            let mut has_room = false;
            let news = connection.link.take(|news, input, output| {
                has_room = self.with_group(|group| {
                    if let News::Parsed(_) = news {
                        group.add(turn, connection.number, input, output)
                    } else {
                        group.is_empty()
                    }
                });
                has_room
            });
            return match news {
                Some(_) if !has_room => {
                    if self.tell_group(turn) {
                        continue;
                    }
                    false
                }
                Some(News::Ended) => turn.tell(connection.number, ENDED, 0, None),
                Some(News::Failed(error)) => turn.tell(connection.number, FAILED, error, None),
                Some(News::Parsed(_)) => {
                    self.with_group(|group| group.join(connection));
                    true
                }
                None => true,
            };
        }
    }

    /// Tells what keeps answers of a connection from being sent.
    fn tell_trouble(&self, turn: &Turn, connection: &Arc<Connection<Session>>) -> bool {
        if !self.tell_group(turn) {
            return false;
        }
        let trouble = connection.link.trouble();
        let Some(trouble) = trouble.filter(|_| self.has(connection)) else {
            return true;
        };
        let value = trouble.map_or_else(|error| -error, |left| left as i32);
        turn.tell(connection.number, UNSENT, value, None)
    }

    /// Tells JavaScript of those in the group, and hands over what they were answered. False when it runs no more.
    fn tell_group(&self, turn: &Turn) -> bool {
        let texts = self.with_group(Group::take_texts);
        let Some(texts) = texts else { return true };
        let count = texts.count() as i32;
        let goes_on = turn.tell_texts(0, SEVERAL, count, texts);
        let ended = self.settle_group(self.open.get() - 1);
        self.hand_over();
        goes_on && self.tell_ends(turn, ended)
    }

    /// Tells of those that were hung up behind the bytes that JavaScript has been told of.
    fn tell_ends(&self, turn: &Turn, ended: Vec<Arc<Connection<Session>>>) -> bool {
        let given_back = self.ends.take();
        ended
            .into_iter()
            .all(|it| !self.has(&it) || turn.tell(it.number, ENDED, 0, None))
            && (given_back == 0 || turn.tell(GONE, ENDED, 0, None))
    }

    /// The call for the group of this turn is over. Answers which of them have ended behind their bytes.
    fn settle_group(&self, turn: usize) -> Vec<Arc<Connection<Session>>> {
        let mut ended = Vec::new();
        if let Some(group) = self.groups.borrow_mut().get_mut(turn) {
            group.settle(|connection| {
                if connection.link.is_hung_up() && connection.link.take_end() {
                    ended.push(connection);
                } else {
                    self.dealt_with(connection);
                }
            });
        }
        ended
    }

    /// Puts a connection on the list of those to be handed over, if it is there.
    fn list(&self, number: usize, change: impl FnOnce(&mut Entry)) {
        let mut entries = self.entries.borrow_mut();
        let Some(entry) = entries.get_mut(number) else {
            return;
        };
        change(entry);
        if !entry.listed {
            entry.listed = true;
            self.listed.borrow_mut().push(number);
        }
    }

    /// The same; outside of a turn it is handed over at once.
    fn list_now(&self, number: usize, wake: bool) {
        self.list(number, |entry| entry.wake |= wake);
        self.ring_now();
    }

    /// Hands over what is listed, and wakes the threads that it is for.
    fn hand_over(&self) {
        let mut listed = self.listed.borrow_mut();
        let mut unposted = self.unposted.borrow_mut();
        if !listed.is_empty() {
            let mut entries = self.entries.borrow_mut();
            for number in listed.drain(..) {
                let Some(entry) = entries.get_mut(number).filter(|entry| entry.listed) else {
                    continue;
                };
                entry.listed = false;
                let dealt = entry.dealt.take();
                if !entry.queue.is_empty() && entry.connection.link.post(&mut entry.queue) {
                    let letter = match dealt {
                        Some(connection) => Letter::Answer(connection),
                        None => Letter::Send(entry.connection.clone()),
                    };
                    write_to(&mut unposted, entry, letter);
                } else if dealt.is_some_and(|connection| connection.link.done()) {
                    entry.wake = true;
                }
                if std::mem::take(&mut entry.wake) {
                    write_to(&mut unposted, entry, Letter::Wake(entry.connection.clone()));
                }
            }
        }
        for Unposted { lane, letters } in unposted.drain(..) {
            lane.post(letters);
            lane.ring();
        }
    }

    /// Sends what waits, as far as the kernel takes it now.
    fn flush_all(&self) {
        if let Ok(mut entries) = self.entries.try_borrow_mut() {
            for (_, entry) in entries.iter_mut() {
                // Who would be told of an error is gone.
                let _ = entry.connection.link.flush(&mut entry.queue);
            }
        }
    }

    fn with<T>(&self, number: usize, otherwise: T, act: impl FnOnce(&mut Entry) -> T) -> T {
        match self.entries.borrow_mut().get_mut(number) {
            Some(entry) => act(entry),
            None => otherwise,
        }
    }

    fn enter(&self) {
        self.users.set(self.users.get() + 1);
        lock(&LANES).enter();
    }

    fn leave(&self) {
        self.users.set(self.users.get() - 1);
        let threads = lock(&LANES).leave();
        lane::end(threads);
    }

    fn serve(&self, fd: i32, parser: Handle, threads: usize) -> std::io::Result<usize> {
        // SAFETY: lib/ passes the descriptor of an open handle, which nobody closes while this call lasts.
        let own = unsafe { BorrowedFd::borrow_raw(fd) }.try_clone_to_owned()?;
        let threads = threads.clamp(1, crate::limits::IO_THREADS);
        let lane_number = self.next_lane.get() % threads;
        self.next_lane.set(self.next_lane.get().wrapping_add(1));
        let lane = lock(&LANES).lane(lane_number)?;
        let mut entries = self.entries.borrow_mut();
        let vacant = entries.vacant_entry();
        let number = vacant.key();
        let connection = Arc::new(Connection::new(
            Link::new(own.into(), parser, self.ends_at_hang_up),
            number,
            self.listener.room(),
            self.inbox.clone(),
        ));
        let entry = vacant.insert(Entry {
            connection,
            lane,
            queue: Vec::new(),
            dealt: None,
            listed: false,
            wake: false,
        });
        let letter = Letter::Open(entry.connection.clone());
        write_to(&mut self.unposted.borrow_mut(), entry, letter);
        Ok(number)
    }

    /// Outside of a turn: hands over what is listed, and wakes the threads.
    fn ring_now(&self) {
        if self.open.get() == 0 {
            self.hand_over();
        }
    }
}

/// Sends what is queued from this thread; answers as [`Driver::write`].
fn flush(entry: &mut Entry) -> i32 {
    match entry.connection.link.flush(&mut entry.queue) {
        Ok(left) => left as i32,
        Err(error) => -error,
    }
}

/// Writes a letter about a connection to its thread.
fn write_to(unposted: &mut Vec<Unposted>, entry: &Entry, letter: Letter<Session>) {
    match unposted.iter_mut().find(|it| it.lane.is(&entry.lane)) {
        Some(it) => it.letters.push(letter),
        None => unposted.push(Unposted {
            lane: entry.lane.clone(),
            letters: vec![letter],
        }),
    }
}

impl Driver for Offload {
    fn attach(&self, fd: i32, parser: Handle, threads: usize) -> i32 {
        self.enter();
        match self.serve(fd, parser, threads) {
            Ok(number) => {
                self.ring_now();
                number as i32
            }
            Err(error) => {
                self.leave();
                error_number(&error)
            }
        }
    }

    fn detach(&self, index: usize, closing: bool) -> Rest {
        let Some(mut entry) = self.entries.borrow_mut().try_remove(index) else {
            return Rest::default();
        };
        for group in self.groups.borrow().iter().take(self.open.get()) {
            group.put_back(&entry.connection);
        }
        let rest = entry.connection.link.give_back(&mut entry.queue);
        if rest.ends && !closing {
            self.ends.set(self.ends.get() + 1);
        }
        let mut dropped = self.dropped.borrow_mut();
        dropped.resize(lane::BUFFER, 0);
        entry.connection.close(closing.then_some(&mut dropped));
        let letter = Letter::Wake(entry.connection.clone());
        write_to(&mut self.unposted.borrow_mut(), &entry, letter);
        self.ring_now();
        self.leave();
        rest
    }

    fn keep_ready(&self, change: i32) {
        if change > 0 {
            self.enter();
        } else {
            self.leave();
        }
    }

    fn pause(&self, index: usize) {
        self.with(index, (), |entry| entry.connection.link.pause());
    }

    fn resume(&self, index: usize) {
        let resumed = self.with(index, Resumed::Nothing, |entry| {
            let resumed = entry.connection.link.resume();
            if resumed == Resumed::Take {
                entry.connection.tell();
            }
            resumed
        });
        if resumed == Resumed::Wake {
            self.list_now(index, true);
        }
    }

    fn count(&self) -> usize {
        self.entries.borrow().len()
    }

    fn anchor(&self) -> &Anchor {
        &self.anchor
    }

    fn write(&self, index: usize, hold: bool, append: Append<'_>) -> Result<i32, Fault> {
        let left: i32 = self.with(index, Ok(0), |entry| {
            append(&mut entry.queue)?;
            if entry.connection.link.is_hung_up() {
                return Ok(flush(entry));
            }
            Ok((entry.queue.len() + entry.connection.link.queued()) as i32)
        })?;
        if !hold {
            self.list_now(index, false);
        }
        Ok(left)
    }

    fn flush(&self, index: usize) -> i32 {
        self.with(index, 0, flush)
    }

    fn release(&self, index: usize) -> i32 {
        self.list_now(index, false);
        0
    }

    fn take(&self, index: usize) -> Vec<u8> {
        self.with(index, Vec::new(), |entry| {
            entry.connection.link.take_queue(&mut entry.queue)
        })
    }

    fn counts(&self, index: usize) -> (u64, u64, usize) {
        self.with(index, (0, 0, 0), |entry| {
            let (received, sent) = entry.connection.link.counts();
            let queued = entry.queue.len() + entry.connection.link.queued();
            (received, sent, queued)
        })
    }
}
