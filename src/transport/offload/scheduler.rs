//! The JavaScript thread's side of offload: when JavaScript is notified of what the I/O threads have read, and when its
//! answers are handed over to them. Both happen for several connections at a time.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::Result;
use std::os::fd::BorrowedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use bytes::{Bytes, BytesMut};
use slab::Slab;

use super::batch::Batch;
use super::inbox::Inbox;
use super::io_thread::{self, Command, Connection, IoThread, IoThreadPool};
use super::shared_connection::{Parse, ReadEvent, Resumed, SharedConnection, Step};
use super::sync::lock;
use crate::parser::Output;
use crate::parser::answers::Answers;
use crate::parser::session::{self, Session, SharedSession};
use crate::transport::frame::Frame;
use crate::transport::host::{
    Append, DETACHED, Detached, Event, Fate, Host, LoopRef, NotAppended, READS_AT_ONCE, Texts,
    Transport,
};
use crate::transport::turn::Turn;

static IO_THREADS: Mutex<IoThreadPool<Session>> = Mutex::new(IoThreadPool::new());

impl Parse for Session {
    fn run(&mut self, input: &[u8], out: &mut Output, room: usize) -> usize {
        Session::run(self, input, out, room)
    }

    fn may_answer(&self) -> bool {
        Session::may_answer(self)
    }

    fn answer(&mut self, input: &[u8], out: &mut Vec<u8>) -> usize {
        Session::answer_fixed(self, input, out)
    }

    fn forbid(&mut self) {
        Session::forbid(self);
    }
}

/// I/O threads of the process; 0 while no server uses them.
pub fn thread_count() -> usize {
    lock(&IO_THREADS).count()
}

/// A connection as its JavaScript thread sees it.
struct Entry {
    connection: Arc<Connection<Session>>,
    thread: IoThread<Session>,
    parser: SharedSession,
    // The fixed answers that its task may send once everything written is handed over.
    permitted: Option<(Arc<Answers>, u32)>,
    // What was written since the last hand-over.
    queue: BytesMut,
    // Where the corked part of the queue begins, if any: it waits until it is uncorked.
    corked: Option<usize>,
    // The same connection, if JavaScript is done with its event and its task does not know yet.
    handled: Option<Arc<Connection<Session>>>,
    // Reads that this thread still does itself, see [`Transport::read_on`].
    reads_left: Option<u32>,
    // Whether it is listed for the next hand-over, and whether its task has to look again then.
    listed: bool,
    wake: bool,
}

/// Commands for a thread.
struct PendingCommands {
    thread: IoThread<Session>,
    commands: Vec<Command<Session>>,
}

/// The offload transport of one JavaScript thread.
pub struct Offload<H: Host> {
    host: H,
    // Words that a read may bring.
    room: usize,
    inbox: Arc<Inbox<Arc<Connection<Session>>>>,
    entries: RefCell<Slab<Entry>>,
    // Connections with something to hand over, in the order in which they got it.
    listed: RefCell<Vec<usize>>,
    // Threads with commands that are not pushed yet.
    pending: RefCell<Vec<PendingCommands>>,
    // The number of open turns, each in a handler of the one before; and their batches, which are kept for later turns.
    // What JavaScript writes during a turn is handed over together.
    open: Cell<usize>,
    batches: RefCell<Vec<Batch<H::Texts>>>,
    // Taken from the inbox and not yet looked at: the next turn looks, whichever it is.
    waiting: RefCell<VecDeque<Arc<Connection<Session>>>>,
    taken: RefCell<Vec<Arc<Connection<Session>>>>,
    // A buffer for bytes that are discarded.
    dropped: RefCell<Vec<u8>>,
    next_thread: Cell<usize>,
    loop_ref: LoopRef,
    // Servers and connections of this thread that use the I/O threads.
    users: Cell<usize>,
    ends_at_hang_up: bool,
    // Number of connections detached while an end follows the bytes that JavaScript is handling.
    ends: Cell<usize>,
}

impl<H: Host> Offload<H> {
    /// A transport without connections. `wake` wakes its host from any thread; [`Transport::turn`] is due then. A read
    /// brings at most `room` words. For `ends_at_hang_up` see [`HangUp::new`](crate::transport::HangUp::new).
    pub fn new(
        host: H,
        room: usize,
        ends_at_hang_up: bool,
        wake: Box<dyn Fn() + Send>,
    ) -> Offload<H> {
        Offload {
            host,
            room,
            inbox: Arc::new(Inbox::new(wake)),
            entries: RefCell::new(Slab::new()),
            listed: RefCell::new(Vec::new()),
            pending: RefCell::new(Vec::new()),
            open: Cell::new(0),
            batches: RefCell::default(),
            waiting: RefCell::default(),
            taken: RefCell::new(Vec::new()),
            dropped: RefCell::new(Vec::new()),
            next_thread: Cell::new(0),
            loop_ref: LoopRef::default(),
            users: Cell::new(0),
            ends_at_hang_up,
            ends: Cell::new(0),
        }
    }

    /// Notifies JavaScript of all events. Events that come meanwhile wait for the next turn of the loop: each
    /// connection has one event a turn, as in the native transport, and timers and other handles are not delayed. If a
    /// handler runs the loop, the next turn begins before this one ends, and goes on where this one is.
    fn run(&self) {
        let Some(turn) = Turn::begin(&self.host) else {
            return;
        };
        self.overtake();
        self.open_batch(turn.frame);
        let mut taken = self.taken.take();
        self.inbox.take(&mut taken);
        self.waiting.borrow_mut().extend(taken.drain(..));
        self.taken.replace(taken);
        self.deliver_all(&turn);
    }

    /// Notifies JavaScript of one connection's bytes, outside of a turn, and reads on as long as there are more.
    fn run_for(&self, connection: Arc<Connection<Session>>) {
        let Some(turn) = Turn::begin(&self.host) else {
            return;
        };
        self.open_batch(turn.frame);
        if connection.shared.done_early() {
            self.list(connection.number, |entry| entry.wake = true);
        }
        if connection.shared.has_bytes() || self.is_read_on(&connection) {
            self.waiting.borrow_mut().push_back(connection);
        }
        self.deliver_all(&turn);
    }

    /// Notifies JavaScript of what is waiting, then of what is read on, and hands over its answers.
    fn deliver_all(&self, turn: &Turn<'_, H>) {
        let mut goes_on = true;
        loop {
            while goes_on && let Some(connection) = self.next_waiting() {
                goes_on = self.deliver(turn, connection);
            }
            if !goes_on || self.with_batch(|batch| batch.is_empty()) {
                break;
            }
            goes_on = self.notify_batch(turn);
        }
        self.hand_over();
    }

    /// A panic must not unwind into the event loop. The connection that caused it is left to its timeout.
    fn guarded(&self, run: impl FnOnce()) {
        let open = self.open.get();
        if catch_unwind(AssertUnwindSafe(run)).is_err() {
            let _ = catch_unwind(AssertUnwindSafe(|| drop(self.finish_batch(open))));
        }
        self.open.set(open);
    }

    fn next_waiting(&self) -> Option<Arc<Connection<Session>>> {
        self.waiting.borrow_mut().pop_front()
    }

    /// Opens the batch of a new turn.
    fn open_batch(&self, frame: Frame) {
        let open = self.open.get();
        let mut batches = self.batches.borrow_mut();
        match batches.get_mut(open) {
            Some(batch) => batch.show_in(frame),
            None => batches.push(Batch::new(frame)),
        }
        self.open.set(open + 1);
    }

    /// The batch of the innermost turn.
    fn with_batch<T>(&self, act: impl FnOnce(&mut Batch<H::Texts>) -> T) -> T {
        let place = self.open.get() - 1;
        act(&mut self.batches.borrow_mut()[place])
    }

    /// A turn begins. If that happens in a handler of another turn, the connections which that turn's call has not come
    /// to are delivered again without waiting for it, and its answers are handed over.
    fn overtake(&self) {
        let mut batches = self.batches.borrow_mut();
        for batch in batches.iter_mut().take(self.open.get()) {
            batch.overtake(|connection| self.handled(connection));
        }
        drop(batches);
        if self.open.get() > 0 {
            self.hand_over();
        }
    }

    fn handled(&self, connection: Arc<Connection<Session>>) {
        if self.has(&connection) {
            self.list(connection.number, |entry| entry.handled = Some(connection));
        }
    }

    fn has(&self, connection: &Arc<Connection<Session>>) -> bool {
        self.entries
            .borrow()
            .get(connection.number)
            .is_some_and(|entry| Arc::ptr_eq(&entry.connection, connection))
    }

    /// Adds the event of a connection to the batch, or notifies JavaScript of it. False if JavaScript no longer runs.
    fn deliver(&self, turn: &Turn<'_, H>, connection: Arc<Connection<Session>>) -> bool {
        if connection.acknowledge()
            && self.has(&connection)
            && !self.notify_of_trouble(turn, &connection)
        {
            return false;
        }
        loop {
            if !self.has(&connection) {
                return true;
            }
            let mut has_room = false;
            let event = connection.shared.take(|event, input, output| {
                has_room = self.with_batch(|batch| {
                    if let ReadEvent::Parsed(_) = event {
                        batch.add(turn, connection.number, input, output)
                    } else {
                        batch.is_empty()
                    }
                });
                has_room
            });
            return match event {
                Some(_) if !has_room => {
                    if self.notify_batch(turn) {
                        continue;
                    }
                    false
                }
                Some(ReadEvent::Ended) => turn.notify(connection.number, Event::Ended, None),
                Some(ReadEvent::Failed(error)) => {
                    turn.notify(connection.number, Event::Failed(error), None)
                }
                Some(ReadEvent::Parsed(_)) => {
                    self.with_batch(|batch| batch.join(connection));
                    true
                }
                None => true,
            };
        }
    }

    /// Notifies JavaScript of what prevents the answers of a connection from being sent.
    fn notify_of_trouble(&self, turn: &Turn<'_, H>, connection: &Arc<Connection<Session>>) -> bool {
        if !self.notify_batch(turn) {
            return false;
        }
        let trouble = connection.shared.trouble();
        let Some(trouble) = trouble.filter(|_| self.has(connection)) else {
            return true;
        };
        let value = trouble.map_or_else(|error| -error, |left| left as i32);
        turn.notify(connection.number, Event::Unsent(value), None)
    }

    /// Notifies JavaScript of the batch, and hands over its answers. False if it no longer runs.
    fn notify_batch(&self, turn: &Turn<'_, H>) -> bool {
        let texts = self.with_batch(Batch::take_texts);
        let Some(texts) = texts else { return true };
        let count = texts.count();
        let goes_on = turn.notify_with(0, Event::Batch(count), texts);
        let ended = self.finish_batch(self.open.get() - 1);
        self.hand_over();
        goes_on && self.notify_of_ends(turn, ended)
    }

    /// Notifies JavaScript of the connections that a hang-up ends after the bytes it just handled.
    fn notify_of_ends(&self, turn: &Turn<'_, H>, ended: Vec<Arc<Connection<Session>>>) -> bool {
        let detached = self.ends.take();
        ended
            .into_iter()
            .all(|it| !self.has(&it) || turn.notify(it.number, Event::Ended, None))
            && (detached == 0 || turn.notify(DETACHED, Event::Ended, None))
    }

    /// The call for the batch of this turn is over. Returns the connections that have ended after their bytes.
    fn finish_batch(&self, turn: usize) -> Vec<Arc<Connection<Session>>> {
        let mut ended = Vec::new();
        if let Some(batch) = self.batches.borrow_mut().get_mut(turn) {
            batch.finish(|connection| {
                if connection.shared.is_hung_up() && connection.shared.take_end() {
                    ended.push(connection);
                } else if self.is_read_on(&connection) {
                    self.waiting.borrow_mut().push_back(connection);
                } else {
                    self.handled(connection);
                }
            });
        }
        ended
    }

    /// Reads a connection on this thread, see [`Transport::read_on`]. Whether it has an event for this turn.
    fn is_read_on(&self, connection: &Arc<Connection<Session>>) -> bool {
        let mut entries = self.entries.borrow_mut();
        let left = entries
            .get_mut(connection.number)
            .filter(|it| Arc::ptr_eq(&it.connection, connection))
            .and_then(|it| it.reads_left.as_mut())
            .filter(|left| **left > 0);
        let Some(left) = left else {
            return false;
        };
        *left -= 1;
        let shared = &connection.shared;
        let wakes = shared.done();
        // Without bytes there may be an end: that belongs to the next turn.
        let available = shared.socket().available();
        let mut step = Step::Dry;
        if available > 0 {
            let mut buffer = self.dropped.borrow_mut();
            buffer.resize(io_thread::BUFFER, 0);
            let before = shared.counts().0;
            step = shared.read_full(&mut buffer, self.room);
            let taken = (shared.counts().0 - before) as usize;
            // The last read of libuv: it does not fill the buffer.
            if taken >= available && available < io_thread::BUFFER {
                *left = 0;
            }
        }
        drop(entries);
        if wakes {
            self.list(connection.number, |entry| entry.wake = true);
        }
        // Stalled: the task has read first.
        matches!(step, Step::Event(_) | Step::Blocked(_) | Step::Stalled)
    }

    /// Lists a connection for the next hand-over, if it exists.
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

    /// The same. Outside a turn it is handed over at once.
    fn list_now(&self, number: usize, wake: bool) {
        self.list(number, |entry| entry.wake |= wake);
        self.hand_over_now();
    }

    /// Hands over what is listed, and wakes the threads concerned.
    fn hand_over(&self) {
        let mut listed = self.listed.borrow_mut();
        let mut pending = self.pending.borrow_mut();
        if !listed.is_empty() {
            let mut entries = self.entries.borrow_mut();
            for number in listed.drain(..) {
                let Some(entry) = entries.get_mut(number).filter(|entry| entry.listed) else {
                    continue;
                };
                entry.listed = false;
                let handled = entry.handled.take();
                let sends = entry.post();
                if entry.queue.is_empty()
                    && let Some((answers, left)) = entry.permitted.take()
                {
                    session::lock(&entry.parser).permit(&answers, left);
                }
                if sends {
                    let command = match handled {
                        Some(connection) => Command::Answer(connection),
                        None => Command::Send(entry.connection.clone()),
                    };
                    push_command(&mut pending, entry, command);
                } else if handled.is_some_and(|connection| connection.shared.done()) {
                    entry.wake = true;
                }
                if std::mem::take(&mut entry.wake) {
                    push_command(&mut pending, entry, Command::Wake(entry.connection.clone()));
                }
            }
        }
        for PendingCommands { thread, commands } in pending.drain(..) {
            thread.push(commands);
            thread.wake();
        }
    }

    /// Sends every queue, as far as the kernel takes it now.
    fn flush_all(&self) {
        if let Ok(mut entries) = self.entries.try_borrow_mut() {
            for (_, entry) in entries.iter_mut() {
                // JavaScript no longer runs, so an error has no receiver.
                let _ = entry.connection.shared.flush(&mut entry.queue);
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
        lock(&IO_THREADS).enter();
    }

    fn leave(&self) {
        self.users.set(self.users.get() - 1);
        let threads = lock(&IO_THREADS).leave();
        io_thread::end(threads);
    }

    fn serve(&self, fd: i32, parser: SharedSession, threads: usize) -> Result<usize> {
        // SAFETY: lib/ passes the descriptor of an open handle, which stays open during this call.
        let own = unsafe { BorrowedFd::borrow_raw(fd) }.try_clone_to_owned()?;
        let threads = threads.clamp(1, crate::limits::IO_THREADS);
        let lane_number = self.next_thread.get() % threads;
        self.next_thread.set(self.next_thread.get().wrapping_add(1));
        let thread = lock(&IO_THREADS).thread(lane_number)?;
        let mut entries = self.entries.borrow_mut();
        let vacant = entries.vacant_entry();
        let number = vacant.key();
        let connection = Arc::new(Connection::new(
            SharedConnection::new(own.into(), parser.clone(), self.ends_at_hang_up),
            number,
            self.room,
            self.inbox.clone(),
        ));
        let entry = vacant.insert(Entry {
            connection,
            thread,
            parser,
            permitted: None,
            queue: BytesMut::new(),
            corked: None,
            handled: None,
            reads_left: None,
            listed: false,
            wake: false,
        });
        let command = Command::Open(entry.connection.clone());
        push_command(&mut self.pending.borrow_mut(), entry, command);
        Ok(number)
    }

    /// Outside a turn: hands over what is listed, and wakes the threads.
    fn hand_over_now(&self) {
        if self.open.get() == 0 {
            self.hand_over();
        }
    }
}

impl Entry {
    /// Hands over the uncorked part of the queue. Returns whether the task has to send it.
    fn post(&mut self) -> bool {
        let Some(at) = self.corked else {
            return !self.queue.is_empty() && self.connection.shared.push(&mut self.queue);
        };
        if at == 0 {
            return false;
        }
        let rest = self.queue.split_off(at);
        let sends = self.connection.shared.push(&mut self.queue);
        self.queue = rest;
        self.corked = Some(0);
        sends
    }
}

/// Sends the queue from this thread; result as for [`Transport::flush`].
fn flush(entry: &mut Entry) -> i32 {
    entry.corked = None;
    match entry.connection.shared.flush(&mut entry.queue) {
        Ok(left) => left as i32,
        Err(error) => -error,
    }
}

/// Keeps a command for the thread of a connection.
fn push_command(pending: &mut Vec<PendingCommands>, entry: &Entry, command: Command<Session>) {
    match pending.iter_mut().find(|it| it.thread.is(&entry.thread)) {
        Some(it) => it.commands.push(command),
        None => pending.push(PendingCommands {
            thread: entry.thread.clone(),
            commands: vec![command],
        }),
    }
}

impl<H: Host> Transport for Offload<H> {
    type Host = H;

    fn host(&self) -> &H {
        &self.host
    }

    fn attach(&self, fd: i32, parser: SharedSession, threads: usize) -> Result<usize> {
        self.enter();
        let served = self.serve(fd, parser, threads);
        match served {
            Ok(_) => self.hand_over_now(),
            Err(_) => self.leave(),
        }
        served
    }

    fn set_parser(&self, _index: usize, _parser: Option<SharedSession>) -> bool {
        false
    }

    fn permit(&self, index: usize, answers: &Arc<Answers>, left: u32) {
        if left == 0 {
            self.with(index, (), |entry| {
                entry.permitted = None;
                session::lock(&entry.parser).permit(answers, 0);
            });
            return;
        }
        self.list(index, |entry| {
            entry.permitted = Some((answers.clone(), left))
        });
        self.hand_over_now();
    }

    fn detach(&self, index: usize, fate: Fate) -> Detached {
        let Some(mut entry) = self.entries.borrow_mut().try_remove(index) else {
            return Detached::default();
        };
        for batch in self.batches.borrow().iter().take(self.open.get()) {
            batch.put_back(&entry.connection);
        }
        let rest = entry.connection.shared.detach(&mut entry.queue);
        if rest.ends && fate == Fate::GivenBack {
            self.ends.set(self.ends.get() + 1);
        }
        if fate == Fate::Destroyed && !rest.unread.is_empty() {
            entry.connection.shared.socket().reset_when_closed();
        }
        let mut dropped = self.dropped.borrow_mut();
        dropped.resize(io_thread::BUFFER, 0);
        let drops = fate == Fate::Closed;
        entry.connection.close(drops.then_some(&mut dropped));
        let command = Command::Wake(entry.connection.clone());
        push_command(&mut self.pending.borrow_mut(), &entry, command);
        self.hand_over_now();
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

    fn read_on(&self, index: usize) -> bool {
        let is_open = self.open.get() > 0;
        self.with(index, false, |entry| {
            let shared = &entry.connection.shared;
            let has_rest = !is_open && (shared.has_bytes() || shared.socket().available() > 0);
            if is_open || has_rest {
                entry.reads_left.get_or_insert(READS_AT_ONCE);
            }
            has_rest
        })
    }

    fn read_rest(&self, index: usize) {
        let connection = self.with(index, None, |entry| Some(entry.connection.clone()));
        if let Some(connection) = connection.filter(|_| self.open.get() == 0) {
            self.guarded(|| self.run_for(connection));
        }
    }

    fn pause(&self, index: usize) {
        self.with(index, (), |entry| entry.connection.shared.pause());
    }

    fn resume(&self, index: usize) {
        let resumed = self.with(index, Resumed::Nothing, |entry| {
            let resumed = entry.connection.shared.resume();
            if resumed == Resumed::Take {
                entry.connection.notify();
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

    fn keep_alive(&self, change: isize) {
        self.loop_ref.change(&self.host, change);
    }

    fn write(
        &self,
        index: usize,
        hold: bool,
        append: Append<'_>,
    ) -> std::result::Result<i32, NotAppended> {
        let left: i32 = self.with(index, Ok(0), |entry| {
            if hold {
                entry.corked.get_or_insert(entry.queue.len());
            } else {
                entry.corked = None;
            }
            append(&mut entry.queue)?;
            if entry.connection.shared.is_hung_up() {
                return Ok(flush(entry));
            }
            Ok((entry.queue.len() + entry.connection.shared.queued()) as i32)
        })?;
        if !hold {
            self.list_now(index, false);
        }
        Ok(left)
    }

    fn write_bytes(&self, index: usize, hold: bool, bytes: &[u8]) -> i32 {
        let appended = self.write(index, hold, &mut |queue| {
            queue.extend_from_slice(bytes);
            Ok(())
        });
        appended.unwrap_or(0)
    }

    fn flush(&self, index: usize) -> i32 {
        self.with(index, 0, flush)
    }

    fn uncork(&self, index: usize) -> i32 {
        self.with(index, (), |entry| entry.corked = None);
        self.list_now(index, false);
        0
    }

    fn take_queue(&self, index: usize) -> Bytes {
        self.with(index, Bytes::new(), |entry| {
            entry.corked = None;
            entry.connection.shared.take_queue(&mut entry.queue)
        })
    }

    fn counts(&self, index: usize) -> (u64, u64, usize) {
        self.with(index, (0, 0, 0), |entry| {
            let (received, sent) = entry.connection.shared.counts();
            let queued = entry.queue.len() + entry.connection.shared.queued();
            (received, sent, queued)
        })
    }

    fn uncorked(&self, index: usize) -> usize {
        self.with(index, 0, |entry| {
            entry.corked.unwrap_or(entry.queue.len()) + entry.connection.shared.queued()
        })
    }

    fn turn(&self) {
        self.guarded(|| self.run());
        self.inbox.leave();
    }

    fn needs_turn(&self) -> bool {
        self.open.get() > 0
    }

    fn turn_of_iteration(&self) {
        self.turn();
    }

    fn exit(&self) {
        self.flush_all();
        self.inbox.close();
    }

    /// Gives up its connections, and the I/O threads if no other thread uses them.
    fn shut_down(&self) {
        self.exit();
        let numbers: Vec<usize> = self.entries.borrow().iter().map(|(n, _)| n).collect();
        for number in numbers {
            self.detach(number, Fate::Destroyed);
        }
        // Servers that were not closed.
        while self.users.get() > 0 {
            self.leave();
        }
    }
}
