//! A connection between two threads: the task that reads, parses and sends, and the JavaScript thread that owns the
//! socket.
//!
//! There are two locks, one for each direction, held for one system call at most. The result of a read waits until the
//! owner has taken it *and* is done with it; until then the task does not read. So the parser belongs to one thread at
//! any time, the read-ahead is one read, and a slow handler holds back only its own peer. The owner queues bytes to
//! send; the thread that holds their lock sends them.
//!
//! Detaching needs no reply from the task: the owner sets a mark under each lock and takes what is there. The task
//! checks the mark under the same lock before it uses the descriptor, so it does not use it again.

use std::cell::RefCell;
use std::io::{ErrorKind, Result};
use std::mem::take;
use std::task::Waker;

use bytes::{Buf, Bytes, BytesMut};

use super::sync::{Arc, AtomicBool, AtomicUsize, Mutex, MutexGuard, Ordering, lock};
use crate::parser::Output;
use crate::transport::HangUp;
use crate::transport::buffer::empty;
use crate::transport::host::Detached;
use crate::transport::io::is_full;
use crate::transport::read_budget::ReadBudget;

/// Memory for input, in bytes, that a connection keeps between two reads.
const INPUT_KEPT: usize = 2048;

/// Memory, in bytes, that the events and the text of a read may keep: a connection that once had a large head does not
/// stay large.
const OUTPUT_KEPT: usize = 2048;

/// The parser of a connection.
pub trait Parse: Clone + Send + 'static {
    /// Parses `input` into `out`, at most `room` words. Returns how many bytes were parsed.
    fn run(&mut self, input: &[u8], out: &mut Output, room: usize) -> usize;

    /// Whether [`Parse::answer`] could answer anything.
    fn may_answer(&self) -> bool {
        false
    }

    /// Answers the requests at the start of `input` that have fixed answers. Appends the answers to `out`, and returns
    /// how many bytes the requests took.
    fn answer(&mut self, _input: &[u8], _out: &mut Vec<u8>) -> usize {
        0
    }

    /// Answers nothing more until the owner permits it again.
    fn forbid(&mut self) {}
}

/// The descriptor of a connection. Neither method waits.
pub trait Socket: Send + Sync + 'static {
    /// Reads what is there. 0 is the end of the peer's data.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing, otherwise the error of the system.
    fn receive(&self, buffer: &mut [u8]) -> Result<usize>;

    /// Sends what the kernel takes.
    ///
    /// # Errors
    /// `WouldBlock` if it takes nothing, otherwise the error of the system.
    fn send(&self, bytes: &[u8]) -> Result<usize>;
}

/// The result of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadEvent {
    /// This many bytes were parsed.
    Parsed(usize),
    /// The peer has sent its last byte.
    Ended,
    /// The connection broke: the system's error number.
    Failed(i32),
}

/// The outcome of an attempt by the task to read.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// There is an event. The value is whether the read emptied the socket.
    Event(bool),
    /// The same, and fixed answers before the event could not be sent: see [`SharedConnection::trouble`].
    Blocked(bool),
    /// Everything read got its fixed answers. The values are whether the read emptied the socket, and whether some
    /// answers could not be sent: see [`SharedConnection::trouble`].
    Answered(bool, bool),
    /// There is nothing to read.
    Dry,
    /// The owner is not done with the last event, or has paused. The task has to be woken: see
    /// [`SharedConnection::done`].
    Stalled,
    /// The owner has the connection back.
    Over,
}

/// What the owner has to do after [`SharedConnection::resume`].
#[derive(Debug, PartialEq, Eq)]
pub enum Resumed {
    /// Nothing.
    Nothing,
    /// Wake the task.
    Wake,
    /// Take the event that came before the pause.
    Take,
}

enum Phase {
    /// The task may read.
    Free,
    /// The owner has not taken this event yet.
    Waiting(ReadEvent),
    /// The owner is handling the event.
    Taken,
    /// Reading is over: the connection ended or failed, and the owner knows.
    Done,
}

// In the order of access: another thread had this memory, and each cache line has to come from there.
#[repr(C)]
struct Incoming<F> {
    phase: Phase,
    paused: bool,
    // The task wanted to read, and has to be woken for it.
    stalled: bool,
    gone: bool,
    // How many events the owner was done with before the command that says so, see `done_early`.
    early: u32,
    input: BytesMut,
    output: Output,
    budget: ReadBudget,
    hang_up: HangUp,
    // Bytes asked for in the last read.
    asked: usize,
    received: u64,
    parser: Arc<Mutex<F>>,
    // The parser as it was before the waiting bytes.
    before: Option<F>,
}

impl<F> Incoming<F> {
    /// The event was handled: the task may read. Returns whether it waits to be woken.
    fn free(&mut self) -> bool {
        if !matches!(self.phase, Phase::Taken) {
            return false;
        }
        self.phase = Phase::Free;
        self.before = None;
        empty(&mut self.input, INPUT_KEPT);
        self.output.shrink(OUTPUT_KEPT);
        !self.paused && take(&mut self.stalled)
    }
}

struct Outgoing {
    queue: BytesMut,
    // The kernel did not take everything, or gave this error: the owner handles the rest.
    blocked: bool,
    trouble: Option<i32>,
    gone: bool,
    sent: u64,
}

/// One connection. `F` is its parser, `W` its descriptor. The fields are in the order of access, as in `Incoming`.
#[repr(C)]
pub struct SharedConnection<F, W> {
    // Bytes in the queue, readable without the lock; and whether the system reported a hang-up.
    queued: AtomicUsize,
    hung_up: AtomicBool,
    incoming: Mutex<Incoming<F>>,
    outgoing: Mutex<Outgoing>,
    waker: Mutex<Option<Waker>>,
    socket: W,
}

impl<F: Parse, W: Socket> SharedConnection<F, W> {
    /// A connection that is read into `parser`. For `ends_at_hang_up` see [`HangUp::new`].
    pub fn new(socket: W, parser: Arc<Mutex<F>>, ends_at_hang_up: bool) -> SharedConnection<F, W> {
        SharedConnection {
            socket,
            incoming: Mutex::new(Incoming {
                parser,
                before: None,
                phase: Phase::Free,
                input: BytesMut::new(),
                output: Output::new(),
                budget: ReadBudget::new(),
                hang_up: HangUp::new(ends_at_hang_up),
                asked: 0,
                paused: false,
                stalled: false,
                gone: false,
                early: 0,
                received: 0,
            }),
            outgoing: Mutex::new(Outgoing {
                queue: BytesMut::new(),
                blocked: false,
                trouble: None,
                gone: false,
                sent: 0,
            }),
            queued: AtomicUsize::new(0),
            hung_up: AtomicBool::new(false),
            waker: Mutex::new(None),
        }
    }

    /// The descriptor.
    pub fn socket(&self) -> &W {
        &self.socket
    }

    // ------------------------------------------------------------------------------------------------------- the task

    /// Remembers how to wake the task.
    pub fn keep_waker(&self, waker: &Waker) {
        let mut kept = lock(&self.waker);
        if !kept.as_ref().is_some_and(|kept| kept.will_wake(waker)) {
            *kept = Some(waker.clone());
        }
    }

    /// Wakes the task.
    pub fn wake(&self) {
        let waker = lock(&self.waker).clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Reads once into `buffer` and parses, with at most `room` words of events.
    pub fn read(&self, buffer: &mut [u8], room: usize) -> Step {
        self.read_at_most(buffer, room, |it| it.budget.bytes())
    }

    /// The same with all of `buffer`, whatever the bytes before cost. For the owner.
    pub fn read_full(&self, buffer: &mut [u8], room: usize) -> Step {
        self.read_at_most(buffer, room, |_| usize::MAX)
    }

    fn read_at_most(
        &self,
        buffer: &mut [u8],
        room: usize,
        most: impl FnOnce(&Incoming<F>) -> usize,
    ) -> Step {
        let mut incoming = lock(&self.incoming);
        let it = &mut *incoming;
        if it.gone {
            return Step::Over;
        }
        if it.paused || !matches!(it.phase, Phase::Free) {
            it.stalled = true;
            return Step::Stalled;
        }
        let asked = most(it).min(buffer.len());
        match self.socket.receive(&mut buffer[..asked]) {
            Ok(0) => {
                it.phase = Phase::Waiting(ReadEvent::Ended);
                Step::Event(true)
            }
            Ok(count) => {
                let bytes = &buffer[..count];
                it.received += count as u64;
                it.hang_up.bytes(count, asked);
                it.asked = asked;
                let mut parser = lock(&it.parser);
                let (taken, blocked) = self.answer(&mut *parser, bytes);
                if taken == count {
                    drop(parser);
                    it.budget.record(count, 0);
                    if it.hang_up.is_due(false) {
                        it.phase = Phase::Waiting(ReadEvent::Ended);
                        return Step::Event(true);
                    }
                    return Step::Answered(count < asked, blocked);
                }
                let bytes = &bytes[taken..];
                let count = bytes.len();
                it.before = Some(parser.clone());
                let parsed = parser.run(bytes, &mut it.output, room);
                drop(parser);
                it.budget.record(parsed, it.output.words.len());
                it.input.clear();
                it.input.extend_from_slice(bytes);
                it.phase = Phase::Waiting(ReadEvent::Parsed(count));
                let emptied = taken + count < asked;
                if blocked {
                    Step::Blocked(emptied)
                } else {
                    Step::Event(emptied)
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Step::Dry,
            Err(_) if it.hang_up.failed() => {
                it.phase = Phase::Waiting(ReadEvent::Ended);
                Step::Event(true)
            }
            Err(error) => {
                it.phase = Phase::Waiting(ReadEvent::Failed(error.raw_os_error().unwrap_or(0)));
                Step::Event(true)
            }
        }
    }

    /// Sends the fixed answers to the requests at the start of `bytes`. Returns how many bytes those requests took, and
    /// whether the kernel takes no more.
    fn answer(&self, parser: &mut F, bytes: &[u8]) -> (usize, bool) {
        thread_local! {
            static ANSWERS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
        }
        if !parser.may_answer() {
            return (0, false);
        }
        ANSWERS.with_borrow_mut(|answers| {
            let mut taken = 0;
            loop {
                answers.clear();
                let count = parser.answer(&bytes[taken..], answers);
                if count == 0 {
                    return (taken, false);
                }
                taken += count;
                let mut outgoing = lock(&self.outgoing);
                if self.reply(&mut outgoing, answers) {
                    parser.forbid();
                    return (taken, true);
                }
            }
        })
    }

    /// Sends these bytes after the queue. True if not everything was sent.
    fn reply(&self, outgoing: &mut MutexGuard<'_, Outgoing>, bytes: &[u8]) -> bool {
        if !outgoing.queue.is_empty() || outgoing.blocked {
            outgoing.queue.extend_from_slice(bytes);
            self.queued.store(outgoing.queue.len(), Ordering::Relaxed);
            return outgoing.blocked || self.send(outgoing);
        }
        let sent = match self.socket.send(bytes) {
            Ok(count) => count,
            Err(error) if is_full(&error) => 0,
            // The peer is gone, and the next read will report it.
            Err(_) => bytes.len(),
        };
        outgoing.sent += sent as u64;
        if sent == bytes.len() {
            return false;
        }
        outgoing.queue.extend_from_slice(&bytes[sent..]);
        outgoing.blocked = true;
        self.queued.store(outgoing.queue.len(), Ordering::Relaxed);
        true
    }

    /// The system reports a hang-up. Bytes that the owner has not taken count as read just now.
    pub fn hang_up(&self) {
        let mut incoming = lock(&self.incoming);
        let it = &mut *incoming;
        if !it.hang_up.is_known() {
            it.hang_up.mark();
            if let Phase::Waiting(ReadEvent::Parsed(count)) = it.phase {
                it.hang_up.bytes(count, it.asked);
            }
        }
        drop(incoming);
        self.hung_up.store(true, Ordering::Relaxed);
    }

    /// Whether the system has reported a hang-up: then every write fails at once.
    pub fn is_hung_up(&self) -> bool {
        self.hung_up.load(Ordering::Relaxed)
    }

    /// Makes this failure the last event of the connection, unless it is detached: it cannot be read.
    pub fn fail(&self, number: i32) {
        let mut incoming = lock(&self.incoming);
        if !incoming.gone {
            incoming.phase = Phase::Waiting(ReadEvent::Failed(number));
        }
    }

    /// Whether the owner has the connection back.
    pub fn is_over(&self) -> bool {
        lock(&self.incoming).gone
    }

    /// Sends the queue. Returns whether the owner has to handle the rest: see [`SharedConnection::trouble`].
    pub fn pump(&self) -> bool {
        let mut outgoing = lock(&self.outgoing);
        if outgoing.gone || outgoing.blocked {
            return false;
        }
        self.send(&mut outgoing)
    }

    fn send(&self, outgoing: &mut MutexGuard<'_, Outgoing>) -> bool {
        let it = &mut **outgoing;
        if it.queue.is_empty() {
            return false;
        }
        match self.socket.send(&it.queue) {
            Ok(count) => {
                it.sent += count as u64;
                if count == it.queue.len() {
                    it.queue.clear();
                } else {
                    it.queue.advance(count);
                    it.blocked = true;
                }
            }
            Err(error) => {
                it.blocked = true;
                if !is_full(&error) {
                    it.trouble = Some(error.raw_os_error().unwrap_or(0));
                }
            }
        }
        self.queued.store(it.queue.len(), Ordering::Relaxed);
        it.blocked
    }

    // ------------------------------------------------------------------------------------------------------ the owner

    /// Takes the event, if there is one and the connection is not paused. `look` sees the bytes and the events under
    /// the lock, and returns false to leave the event for later. Afterwards the owner calls [`SharedConnection::done`]
    /// or [`SharedConnection::put_back`].
    pub fn take(&self, look: impl FnOnce(ReadEvent, &[u8], &Output) -> bool) -> Option<ReadEvent> {
        let mut incoming = lock(&self.incoming);
        let it = &mut *incoming;
        if it.gone || it.paused {
            return None;
        }
        let Phase::Waiting(event) = it.phase else {
            return None;
        };
        if look(event, &it.input, &it.output) {
            it.phase = if matches!(event, ReadEvent::Parsed(_)) {
                Phase::Taken
            } else {
                Phase::Done
            };
        }
        Some(event)
    }

    /// The owner took an event but did not handle it: it waits again.
    pub fn put_back(&self) {
        let mut incoming = lock(&self.incoming);
        if matches!(incoming.phase, Phase::Taken) {
            incoming.phase = Phase::Waiting(ReadEvent::Parsed(incoming.input.len()));
        }
    }

    /// The owner is done with the event it took. Whether its bytes were the last, see [`HangUp`]. True only once.
    pub fn take_end(&self) -> bool {
        let mut incoming = lock(&self.incoming);
        let it = &mut *incoming;
        let ends = matches!(it.phase, Phase::Taken) && it.hang_up.is_due(it.paused) && !it.gone;
        if ends {
            it.phase = Phase::Done;
        }
        ends
    }

    /// The owner is done with the event it took. Returns whether the task waits to be woken.
    pub fn done(&self) -> bool {
        lock(&self.incoming).free()
    }

    /// [`SharedConnection::done`], by a command of the owner, on the task's thread.
    pub fn done_by_command(&self) -> bool {
        let mut incoming = lock(&self.incoming);
        if incoming.early > 0 {
            incoming.early -= 1;
            return false;
        }
        incoming.free()
    }

    /// [`SharedConnection::done`] by the owner, which has already sent the command that says so: that does nothing then.
    pub fn done_early(&self) -> bool {
        let mut incoming = lock(&self.incoming);
        if matches!(incoming.phase, Phase::Taken) {
            incoming.early += 1;
        }
        incoming.free()
    }

    /// Whether there are bytes that the owner has not taken.
    pub fn has_bytes(&self) -> bool {
        matches!(
            lock(&self.incoming).phase,
            Phase::Waiting(ReadEvent::Parsed(_))
        )
    }

    /// Stops reading, and holds events back.
    pub fn pause(&self) {
        lock(&self.incoming).paused = true;
    }

    /// Ends the pause.
    pub fn resume(&self) -> Resumed {
        let mut incoming = lock(&self.incoming);
        let it = &mut *incoming;
        it.paused = false;
        match it.phase {
            Phase::Waiting(_) => Resumed::Take,
            Phase::Free if take(&mut it.stalled) => Resumed::Wake,
            _ => Resumed::Nothing,
        }
    }

    /// Moves `more` to the end of the queue. Returns whether [`SharedConnection::pump`] would send it.
    pub fn push(&self, more: &mut BytesMut) -> bool {
        let mut outgoing = lock(&self.outgoing);
        self.append(&mut outgoing, more);
        !outgoing.blocked && !outgoing.gone
    }

    fn append(&self, outgoing: &mut MutexGuard<'_, Outgoing>, more: &mut BytesMut) {
        if outgoing.queue.is_empty() {
            std::mem::swap(&mut outgoing.queue, more);
        } else {
            outgoing.queue.extend_from_slice(more);
            more.clear();
        }
        self.queued.store(outgoing.queue.len(), Ordering::Relaxed);
    }

    /// Sends the queue, then `more`, on the owner's thread. Returns how much is left.
    ///
    /// # Errors
    /// The error number of the system.
    pub fn flush(&self, more: &mut BytesMut) -> std::result::Result<usize, i32> {
        let mut outgoing = lock(&self.outgoing);
        self.append(&mut outgoing, more);
        if !outgoing.blocked {
            self.send(&mut outgoing);
        }
        match outgoing.trouble {
            Some(number) => Err(number),
            None => Ok(outgoing.queue.len()),
        }
    }

    /// What prevents the queue from being sent: the number of bytes that the kernel did not take, or an error number.
    pub fn trouble(&self) -> Option<std::result::Result<usize, i32>> {
        let outgoing = lock(&self.outgoing);
        match outgoing.trouble {
            _ if outgoing.gone || !outgoing.blocked => None,
            Some(number) => Some(Err(number)),
            None => Some(Ok(outgoing.queue.len())),
        }
    }

    /// Removes the queue, with `more` at its end; the owner sends it.
    pub fn take_queue(&self, more: &mut BytesMut) -> Bytes {
        let mut outgoing = lock(&self.outgoing);
        self.append(&mut outgoing, more);
        outgoing.blocked = false;
        self.queued.store(0, Ordering::Relaxed);
        take(&mut outgoing.queue).freeze()
    }

    /// Bytes queued but not sent.
    pub fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }

    /// Bytes received and sent so far.
    pub fn counts(&self) -> (u64, u64) {
        (lock(&self.incoming).received, lock(&self.outgoing).sent)
    }

    /// Takes the connection back, with `more` added to the queue. The task does not use the descriptor any more; it has
    /// to be woken so that it ends.
    pub fn detach(&self, more: &mut BytesMut) -> Detached {
        let mut rest = Detached::default();
        let mut incoming = lock(&self.incoming);
        incoming.gone = true;
        match incoming.phase {
            Phase::Waiting(ReadEvent::Parsed(_)) => {
                if let Some(before) = incoming.before.take() {
                    *lock(&incoming.parser) = before;
                }
                rest.unread = take(&mut incoming.input).freeze();
            }
            Phase::Waiting(ReadEvent::Failed(number)) => rest.failed = Some(number),
            Phase::Taken => rest.ends = incoming.hang_up.is_due(false),
            _ => {}
        }
        rest.received = incoming.received - rest.unread.len() as u64;
        drop(incoming);
        let mut outgoing = lock(&self.outgoing);
        self.append(&mut outgoing, more);
        outgoing.gone = true;
        rest.sent = outgoing.sent;
        rest.unsent = take(&mut outgoing.queue).freeze();
        self.queued.store(0, Ordering::Relaxed);
        rest
    }
}
