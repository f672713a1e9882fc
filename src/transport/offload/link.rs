//! One connection between two threads: the task that reads, parses and sends, and the JavaScript thread that owns its socket.
//!
//! Two locks, one for each direction, held for a system call at most. What a read has brought waits in the link until the owner
//! has taken it *and* is done with it; until then the task reads no more. So the parser belongs to one of them at any time, what
//! is read ahead is one read, and a slow handler holds back nobody but its own peer. Bytes to be sent are queued by
//! the owner and sent by whoever holds their lock.
//!
//! Giving back needs no answer: the owner sets a mark under each lock, and takes out what is there. The task looks at the mark under
//! the same lock before it touches the descriptor, so it does not touch it again.

use std::io::{ErrorKind, Result};
use std::mem::take;
use std::task::Waker;

use super::sync::{Arc, AtomicBool, AtomicUsize, Mutex, MutexGuard, Ordering, lock};
use crate::parser::Output;
use crate::transport::HangUp;
use crate::transport::host::Detached;
use crate::transport::io::is_full;
use crate::transport::read_budget::Share;

/// Input that is kept allocated for a connection between two reads.
const INPUT_KEPT: usize = 2048;

/// The parser of a connection.
pub trait Feed: Clone + Send + 'static {
    /// Parses `input` into `out`, at most `room` words. Returns how many bytes were parsed.
    fn run(&mut self, input: &[u8], out: &mut Output, room: usize) -> usize;
}

/// The descriptor of a connection; neither call waits.
pub trait Wire: Send + Sync + 'static {
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
pub enum News {
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
    /// There is news. Whether the read has emptied the socket.
    Told(bool),
    /// There is nothing to read.
    Dry,
    /// The owner is not done with the last news, or has paused. The task is to be woken: see [`Link::done`].
    Stalled,
    /// The owner has the connection back.
    Over,
}

/// What the owner has to do after [`Link::resume`].
#[derive(Debug, PartialEq, Eq)]
pub enum Resumed {
    /// Nothing.
    Nothing,
    /// Wake the task.
    Wake,
    /// Take the news that came before the pause.
    Take,
}

enum Phase {
    /// The task may read.
    Free,
    /// Nobody has taken this yet.
    Waiting(News),
    /// The owner is at it.
    Taken,
    /// Nothing is read any more: it ended or failed, and the owner knows.
    Done,
}

// In the order in which it is touched: the memory has been another thread's, and each line of it has to come from there.
#[repr(C)]
struct Incoming<F> {
    phase: Phase,
    paused: bool,
    // The task wanted to read, and was sent away.
    stalled: bool,
    gone: bool,
    input: Vec<u8>,
    output: Output,
    share: Share,
    hang_up: HangUp,
    // Bytes that the last read might have brought.
    asked: usize,
    received: u64,
    feed: Arc<Mutex<F>>,
    // The parser as it was before the bytes that wait.
    before: Option<F>,
}

struct Outgoing {
    queue: Vec<u8>,
    // The kernel did not take all, or this error came: the owner goes on from there.
    blocked: bool,
    trouble: Option<i32>,
    gone: bool,
    sent: u64,
}

/// One connection. `F` is its parser, `W` its descriptor. In the order in which it is touched, as what is in it.
#[repr(C)]
pub struct Link<F, W> {
    // Bytes in the queue, to be asked without the lock; and whether the system has said that it was hung up.
    queued: AtomicUsize,
    hung_up: AtomicBool,
    incoming: Mutex<Incoming<F>>,
    outgoing: Mutex<Outgoing>,
    waker: Mutex<Option<Waker>>,
    wire: W,
}

impl<F: Feed, W: Wire> Link<F, W> {
    /// A connection that is read into `feed`; of `ends_at_hang_up` see [`HangUp::new`].
    pub fn new(wire: W, feed: Arc<Mutex<F>>, ends_at_hang_up: bool) -> Link<F, W> {
        Link {
            wire,
            incoming: Mutex::new(Incoming {
                feed,
                before: None,
                phase: Phase::Free,
                input: Vec::new(),
                output: Output::new(),
                share: Share::new(),
                hang_up: HangUp::new(ends_at_hang_up),
                asked: 0,
                paused: false,
                stalled: false,
                gone: false,
                received: 0,
            }),
            outgoing: Mutex::new(Outgoing {
                queue: Vec::new(),
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
    pub fn wire(&self) -> &W {
        &self.wire
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
        let share = it.share.bytes().min(buffer.len());
        match self.wire.receive(&mut buffer[..share]) {
            Ok(0) => {
                it.phase = Phase::Waiting(News::Ended);
                Step::Told(true)
            }
            Ok(count) => {
                let bytes = &buffer[..count];
                it.received += count as u64;
                it.hang_up.bytes(count, share);
                it.asked = share;
                let mut feed = lock(&it.feed);
                it.before = Some(feed.clone());
                let parsed = feed.run(bytes, &mut it.output, room);
                drop(feed);
                it.share.weigh(parsed, it.output.words.len());
                it.input.clear();
                it.input.extend_from_slice(bytes);
                it.phase = Phase::Waiting(News::Parsed(count));
                Step::Told(count < share)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Step::Dry,
            Err(_) if it.hang_up.failed() => {
                it.phase = Phase::Waiting(News::Ended);
                Step::Told(true)
            }
            Err(error) => {
                it.phase = Phase::Waiting(News::Failed(error.raw_os_error().unwrap_or(0)));
                Step::Told(true)
            }
        }
    }

    /// The system says that it was hung up. Bytes that the owner has not taken are as if they were read now.
    pub fn hang_up(&self) {
        let mut incoming = lock(&self.incoming);
        let it = &mut *incoming;
        if !it.hang_up.is_known() {
            it.hang_up.mark();
            if let Phase::Waiting(News::Parsed(count)) = it.phase {
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

    /// Makes this the last news of the connection, unless it is with its owner: it cannot be read.
    pub fn fail(&self, number: i32) {
        let mut incoming = lock(&self.incoming);
        if !incoming.gone {
            incoming.phase = Phase::Waiting(News::Failed(number));
        }
    }

    /// Whether the owner has it back.
    pub fn is_over(&self) -> bool {
        lock(&self.incoming).gone
    }

    /// Sends what is queued. Returns whether the owner has to look after it: see [`Link::trouble`].
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
        match self.wire.send(&it.queue) {
            Ok(count) => {
                it.sent += count as u64;
                if count == it.queue.len() {
                    it.queue.clear();
                } else {
                    it.queue.drain(..count);
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

    /// Takes the news, if there is any and no pause: `look` sees the bytes and the events while nobody changes them, and may
    /// leave it (false) for another time. The owner calls [`Link::done`] when it has dealt with it, or [`Link::put_back`].
    pub fn take(&self, look: impl FnOnce(News, &[u8], &Output) -> bool) -> Option<News> {
        let mut incoming = lock(&self.incoming);
        let it = &mut *incoming;
        if it.gone || it.paused {
            return None;
        }
        let Phase::Waiting(news) = it.phase else {
            return None;
        };
        if look(news, &it.input, &it.output) {
            it.phase = if matches!(news, News::Parsed(_)) {
                Phase::Taken
            } else {
                Phase::Done
            };
        }
        Some(news)
    }

    /// The owner has taken news, and has not looked at it: it waits again.
    pub fn put_back(&self) {
        let mut incoming = lock(&self.incoming);
        if matches!(incoming.phase, Phase::Taken) {
            incoming.phase = Phase::Waiting(News::Parsed(incoming.input.len()));
        }
    }

    /// The owner has dealt with the news it took: whether those bytes were the last ones, see [`HangUp`]. Says so once.
    pub fn take_end(&self) -> bool {
        let mut incoming = lock(&self.incoming);
        let it = &mut *incoming;
        let ends = matches!(it.phase, Phase::Taken) && it.hang_up.is_due(it.paused) && !it.gone;
        if ends {
            it.phase = Phase::Done;
        }
        ends
    }

    /// The owner has dealt with the news it took; said by him, or by the task's thread when it hears of it. Returns whether the task
    /// waits to be woken.
    pub fn done(&self) -> bool {
        let mut incoming = lock(&self.incoming);
        if !matches!(incoming.phase, Phase::Taken) {
            return false;
        }
        incoming.phase = Phase::Free;
        incoming.before = None;
        incoming.input.clear();
        incoming.input.shrink_to(INPUT_KEPT);
        !incoming.paused && take(&mut incoming.stalled)
    }

    /// Stops reading, and keeps news back.
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

    /// Adds `more` to what is to be sent, and empties it. Returns whether [`Link::pump`] would send it.
    pub fn post(&self, more: &mut Vec<u8>) -> bool {
        let mut outgoing = lock(&self.outgoing);
        self.append(&mut outgoing, more);
        !outgoing.blocked && !outgoing.gone
    }

    fn append(&self, outgoing: &mut MutexGuard<'_, Outgoing>, more: &mut Vec<u8>) {
        if outgoing.queue.is_empty() {
            std::mem::swap(&mut outgoing.queue, more);
        } else {
            outgoing.queue.append(more);
        }
        self.queued.store(outgoing.queue.len(), Ordering::Relaxed);
    }

    /// Sends `more`, and what is queued before it, from the owner's thread. Returns how much is left.
    ///
    /// # Errors
    /// The error number of the system.
    pub fn flush(&self, more: &mut Vec<u8>) -> std::result::Result<usize, i32> {
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
    pub fn take_queue(&self, more: &mut Vec<u8>) -> Vec<u8> {
        let mut outgoing = lock(&self.outgoing);
        self.append(&mut outgoing, more);
        outgoing.blocked = false;
        self.queued.store(0, Ordering::Relaxed);
        take(&mut outgoing.queue)
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
    pub fn give_back(&self, more: &mut Vec<u8>) -> Detached {
        let mut rest = Detached::default();
        let mut incoming = lock(&self.incoming);
        incoming.gone = true;
        match incoming.phase {
            Phase::Waiting(News::Parsed(_)) => {
                if let Some(before) = incoming.before.take() {
                    *lock(&incoming.feed) = before;
                }
                rest.unread = take(&mut incoming.input);
            }
            Phase::Waiting(News::Failed(number)) => rest.failed = Some(number),
            Phase::Taken => rest.ends = incoming.hang_up.is_due(false),
            _ => {}
        }
        rest.received = incoming.received - rest.unread.len() as u64;
        drop(incoming);
        let mut outgoing = lock(&self.outgoing);
        self.append(&mut outgoing, more);
        outgoing.gone = true;
        rest.sent = outgoing.sent;
        rest.unsent = take(&mut outgoing.queue);
        self.queued.store(0, Ordering::Relaxed);
        rest
    }
}
