//! One connection between two threads: the task that reads, parses and sends, and the JavaScript thread that owns its socket.
//!
//! Two locks, one for each direction, held for a system call at most. What a read has brought waits there until the owner
//! has taken it *and* is done with it; until then the task reads no more. So the parser belongs to one of them at any time, what
//! is read ahead is one read, and a slow handler holds back its own peer alone. Bytes to be sent are queued by
//! the owner and sent by the thread that holds their lock.
//!
//! To detach needs no answer of the task: the owner sets a mark under each lock, and takes out what is there. The task looks at the mark under
//! the same lock before it touches the descriptor, so it does not touch it again.

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

/// Input that is kept allocated for a connection between two reads.
const INPUT_KEPT: usize = 2048;

/// Bytes that the events, and the text, of one read may keep: a connection that had a large head once does not stay large.
const OUTPUT_KEPT: usize = 2048;

/// A parser of a connection.
pub trait Parse: Clone + Send + 'static {
    /// Parses `input` into `out`, at most `room` words. Returns how many bytes were parsed.
    fn run(&mut self, input: &[u8], out: &mut Output, room: usize) -> usize;

    /// Whether [`Parse::answer`] may do anything.
    fn may_answer(&self) -> bool {
        false
    }

    /// Answers the requests with which `input` begins, if they have fixed answers. Returns how many bytes they were; what answers them is appended to
    /// `out`.
    fn answer(&mut self, _input: &[u8], _out: &mut Vec<u8>) -> usize {
        0
    }

    /// Nothing more is answered so, until the owner says so.
    fn forbid(&mut self) {}
}

/// The descriptor of a connection; neither call waits.
pub trait Socket: Send + Sync + 'static {
    /// Reads what is there; 0 is the end of the peer's data.
    ///
    /// # Errors
    /// `WouldBlock` when there is nothing; else what the system says.
    fn receive(&self, buffer: &mut [u8]) -> Result<usize>;

    /// Sends what the kernel takes.
    ///
    /// # Errors
    /// `WouldBlock` when it takes nothing; else what the system says.
    fn send(&self, bytes: &[u8]) -> Result<usize>;
}

/// What a read has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadEvent {
    /// So many bytes were parsed.
    Parsed(usize),
    /// The peer has sent its last byte.
    Ended,
    /// The connection broke: the system's error number.
    Failed(i32),
}

/// What became of a read of the task.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// There is an event. Whether the read has emptied the socket.
    Event(bool),
    /// The same, and answers to what was read before it could not be sent, see [`SharedConnection::trouble`].
    Blocked(bool),
    /// All that was read has got its fixed answers. The same of the socket; and whether some of them could not be sent, see [`SharedConnection::trouble`].
    Answered(bool, bool),
    /// There is nothing to read.
    Dry,
    /// The owner is not done with the last event, or has paused. The task is to be woken: see [`SharedConnection::done`].
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
    /// The owner has not taken this yet.
    Waiting(ReadEvent),
    /// The owner works on it.
    Taken,
    /// Nothing is read any more: it ended or failed, and the owner knows.
    Done,
}

// In the order in which it is touched: the memory has been another thread's, and each line of it has to come from there.
#[repr(C)]
struct Incoming<F> {
    phase: Phase,
    paused: bool,
    // The task wanted to read, and has to be woken for it.
    stalled: bool,
    gone: bool,
    input: BytesMut,
    output: Output,
    budget: ReadBudget,
    hang_up: HangUp,
    // Bytes that the last read might have brought.
    asked: usize,
    received: u64,
    parser: Arc<Mutex<F>>,
    // The parser as it was before the bytes that wait.
    before: Option<F>,
}

struct Outgoing {
    queue: BytesMut,
    // The kernel did not take all, or this error came: the owner goes on from there.
    blocked: bool,
    trouble: Option<i32>,
    gone: bool,
    sent: u64,
}

/// One connection. `F` is its parser, `W` its descriptor. In the order in which it is touched, as what is in it.
#[repr(C)]
pub struct SharedConnection<F, W> {
    // Bytes in the queue, to be asked without the lock; and whether the system has said that it was hung up.
    queued: AtomicUsize,
    hung_up: AtomicBool,
    incoming: Mutex<Incoming<F>>,
    outgoing: Mutex<Outgoing>,
    waker: Mutex<Option<Waker>>,
    socket: W,
}

impl<F: Parse, W: Socket> SharedConnection<F, W> {
    /// A connection that is read into `parser`; of `ends_at_hang_up` see [`HangUp::new`].
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

    /// Remembers how the task is woken.
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

    /// Reads once into `buffer` and parses, at most `room` words.
    pub fn read(&self, buffer: &mut [u8], room: usize) -> Step {
        let mut incoming = lock(&self.incoming);
        let it = &mut *incoming;
        if it.gone {
            return Step::Over;
        }
        if it.paused || !matches!(it.phase, Phase::Free) {
            it.stalled = true;
            return Step::Stalled;
        }
        let asked = it.budget.bytes().min(buffer.len());
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

    /// Sends the fixed answers to the requests with which `bytes` begins. Returns how many bytes those were, and whether the kernel takes no more.
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

    /// Sends these bytes, behind what is queued. True where not all is sent.
    fn reply(&self, outgoing: &mut MutexGuard<'_, Outgoing>, bytes: &[u8]) -> bool {
        if !outgoing.queue.is_empty() || outgoing.blocked {
            outgoing.queue.extend_from_slice(bytes);
            self.queued.store(outgoing.queue.len(), Ordering::Relaxed);
            return outgoing.blocked || self.send(outgoing);
        }
        let sent = match self.socket.send(bytes) {
            Ok(count) => count,
            Err(error) if is_full(&error) => 0,
            // The peer is gone, and reading will say so.
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

    /// The system says that it was hung up. Bytes that the owner has not taken are as if they were read now.
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

    /// Whether the system has said so: what is written fails at once.
    pub fn is_hung_up(&self) -> bool {
        self.hung_up.load(Ordering::Relaxed)
    }

    /// Makes this the last event of the connection, unless it is detached: it cannot be read.
    pub fn fail(&self, number: i32) {
        let mut incoming = lock(&self.incoming);
        if !incoming.gone {
            incoming.phase = Phase::Waiting(ReadEvent::Failed(number));
        }
    }

    /// Whether the owner has it back.
    pub fn is_over(&self) -> bool {
        lock(&self.incoming).gone
    }

    /// Sends what is queued. Returns whether the owner has to look after it: see [`SharedConnection::trouble`].
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

    /// Takes the event, if there is any and no pause: `look` sees the bytes and the events under the lock, and may
    /// leave it (false) for another time. The owner calls [`SharedConnection::done`] when it has dealt with it, or [`SharedConnection::put_back`].
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

    /// The owner has taken an event, and has not looked at it: it waits again.
    pub fn put_back(&self) {
        let mut incoming = lock(&self.incoming);
        if matches!(incoming.phase, Phase::Taken) {
            incoming.phase = Phase::Waiting(ReadEvent::Parsed(incoming.input.len()));
        }
    }

    /// The owner has dealt with the event it took: whether those bytes were the last ones, see [`HangUp`]. Says so once.
    pub fn take_end(&self) -> bool {
        let mut incoming = lock(&self.incoming);
        let it = &mut *incoming;
        let ends = matches!(it.phase, Phase::Taken) && it.hang_up.is_due(it.paused) && !it.gone;
        if ends {
            it.phase = Phase::Done;
        }
        ends
    }

    /// The owner has dealt with the event it took. Called on its thread, or on the task's when the command says so. Returns whether the
    /// task waits to be woken.
    pub fn done(&self) -> bool {
        let mut incoming = lock(&self.incoming);
        if !matches!(incoming.phase, Phase::Taken) {
            return false;
        }
        incoming.phase = Phase::Free;
        incoming.before = None;
        empty(&mut incoming.input, INPUT_KEPT);
        incoming.output.shrink(OUTPUT_KEPT);
        !incoming.paused && take(&mut incoming.stalled)
    }

    /// Stops reading, and keeps events back.
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

    /// Adds `more` to what is to be sent, and empties it. Returns whether [`SharedConnection::pump`] would send it.
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

    /// Sends `more`, and what is queued before it, from the owner's thread. Returns how much is left.
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

    /// What keeps the queue from being sent: so many bytes that the kernel did not take, or an error number.
    pub fn trouble(&self) -> Option<std::result::Result<usize, i32>> {
        let outgoing = lock(&self.outgoing);
        match outgoing.trouble {
            _ if outgoing.gone || !outgoing.blocked => None,
            Some(number) => Some(Err(number)),
            None => Some(Ok(outgoing.queue.len())),
        }
    }

    /// The bytes that are queued, followed by `more`: the owner sends them.
    pub fn take_queue(&self, more: &mut BytesMut) -> Bytes {
        let mut outgoing = lock(&self.outgoing);
        self.append(&mut outgoing, more);
        outgoing.blocked = false;
        self.queued.store(0, Ordering::Relaxed);
        take(&mut outgoing.queue).freeze()
    }

    /// Bytes that are queued and not sent.
    pub fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }

    /// Bytes received and sent so far.
    pub fn counts(&self) -> (u64, u64) {
        (lock(&self.incoming).received, lock(&self.outgoing).sent)
    }

    /// Takes the connection back, with `more` behind what is queued: the task does not touch its descriptor from here on. It
    /// is to be woken, so that it ends.
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
