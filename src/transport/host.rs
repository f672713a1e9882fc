//! A transport and its host, the JavaScript thread that it reads and writes for: what each may ask of the other. `binding` implements
//! the host with N-API, the tests with a list of what they were notified of.

use std::cell::Cell;
use std::io::Result;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::frame::Frame;
use crate::parser::answers::Answers;
use crate::parser::session::SharedSession;

/// Kinds of [`Event`], as they cross to JavaScript.
pub mod kind {
    /// [`super::Event::Parsed`]
    pub const PARSED: i32 = 0;
    /// [`super::Event::Ended`]
    pub const ENDED: i32 = 1;
    /// [`super::Event::Failed`]
    pub const FAILED: i32 = 2;
    /// [`super::Event::Unsent`]
    pub const UNSENT: i32 = 3;
    /// [`super::Event::Unparsed`]
    pub const UNPARSED: i32 = 4;
    /// [`super::Event::Batch`]
    pub const BATCH: i32 = 5;
    /// [`super::Event::Readable`]
    pub const READABLE: i32 = 6;
    /// The level of the turn is beside the kind, this many bits higher.
    pub const LEVEL_SHIFT: usize = 3;
}

/// In place of the number of a connection that was detached. With [`Event::Ended`]: those whose detaching said that they end have
/// done so.
pub const DETACHED: usize = usize::MAX;

/// What happened to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// So many bytes of the frame's input were parsed into its words, and the text of the call. Where that is a piece, it is what was parsed.
    Parsed(usize),
    /// The peer has ended its side.
    Ended,
    /// The connection broke: the system's error number.
    Failed(i32),
    /// What was queued was not sent whole: the answer of [`Transport::flush`]. 0: it is due, and the connection stays corked.
    Unsent(i32),
    /// So many bytes are in the frame's input; the connection has no parser.
    Unparsed(usize),
    /// So many connections were read: a text for each, and a record of the frame.
    Batch(usize),
    /// There is something to read, or an end, on a descriptor that is watched: see [`Transport::watch`].
    Readable,
}

impl Event {
    /// Its [`kind`] and its number.
    pub const fn numbers(self) -> (i32, i32) {
        match self {
            Event::Parsed(count) => (kind::PARSED, count as i32),
            Event::Ended => (kind::ENDED, 0),
            Event::Failed(number) => (kind::FAILED, number),
            Event::Unsent(left) => (kind::UNSENT, left),
            Event::Unparsed(count) => (kind::UNPARSED, count as i32),
            Event::Batch(count) => (kind::BATCH, count as i32),
            Event::Readable => (kind::READABLE, 0),
        }
    }
}

/// Texts for one call of JavaScript, of latin1 bytes. They are copied when they are added: the bytes may change before the call.
pub trait Texts {
    /// Adds one: [`MAX_BATCH`](super::frame::MAX_BATCH) at most.
    fn add(&mut self, text: &[u8]);
    /// Adds memory of so many bytes in the place of one, which JavaScript owns when it is called: what is written there is not copied again. `None`
    /// where there is none to be had.
    fn piece(&mut self, length: usize) -> Option<&mut [u8]>;
    /// How many there are.
    fn count(&self) -> usize;
}

/// A JavaScript thread. All of this is called on that thread, with no borrow held: [`Host::notify`] runs the program, which may call the
/// transport, or have the event loop run and so begin another turn.
pub trait Host {
    /// See [`Host::texts`].
    type Texts: Texts;

    /// The memory of the turns of a level, see [`super::turn::Turn`]. `None` when JavaScript runs no more.
    fn frame(&self, level: usize) -> Option<Frame>;

    /// No texts yet, for one call.
    fn texts(&self) -> Self::Texts;

    /// Calls JavaScript, drains its ticks and microtasks, and reports what it threw as an uncaught exception. False when JavaScript runs
    /// no more, because its thread is being ended.
    fn notify(&self, level: usize, connection: usize, event: Event, texts: Self::Texts) -> bool;

    /// Whether the event loop is to stay alive for the transport's connections.
    fn keep_loop_alive(&self, alive: bool);
}

/// How many connections want the event loop to stay alive.
#[derive(Debug, Default)]
pub struct LoopRef(Cell<usize>);

impl LoopRef {
    /// So many more (or, negative, fewer) want it.
    pub fn change(&self, host: &impl Host, change: isize) {
        let before = self.0.get();
        let after = before.saturating_add_signed(change);
        self.0.set(after);
        match (before, after) {
            (0, 1..) => host.keep_loop_alive(true),
            (1.., 0) => host.keep_loop_alive(false),
            _ => {}
        }
    }
}

/// What was under way when a connection was detached.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Detached {
    /// Bytes that were read, and that JavaScript was not notified of: the parser is as it was before them.
    pub unread: Bytes,
    /// Bytes that were queued, and not sent.
    pub unsent: Bytes,
    /// The error number of a read that failed, if JavaScript was not notified of it.
    pub failed: Option<i32>,
    /// Bytes received, without those that are unread.
    pub received: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Whether the end is behind the bytes that JavaScript is at: see [`HangUp`](super::HangUp).
    pub ends: bool,
}

/// The caller had nothing to append: it has an error of its own.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAppended;

/// Appends what is to be written.
pub type Append<'a> = &'a mut dyn FnMut(&mut BytesMut) -> std::result::Result<(), NotAppended>;

/// One way to read and write connections, for one JavaScript thread.
///
/// Connections are numbers, from [`Transport::attach`] to [`Transport::detach`]; a number that is none is ignored. What sends answers
/// how it went: 0, nothing is left; positive, so many bytes are in the queue; negative, an error number of the system.
pub trait Transport {
    /// The thread that it serves.
    type Host: Host;

    /// Its host.
    fn host(&self) -> &Self::Host;

    /// Begins to read `fd` into `parser`, in one of `threads` I/O threads if it has any. Returns the connection's number.
    ///
    /// # Errors
    /// What the system says.
    fn attach(&self, fd: i32, parser: SharedSession, threads: usize) -> Result<usize>;
    /// Watches `fd`, and reads nothing of it: each time that something has come, there is an [`Event::Readable`]. Returns the number under which it
    /// is detached.
    ///
    /// # Errors
    /// What the system says, or that this transport watches nothing.
    fn watch(&self, _fd: i32) -> Result<usize> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
    /// Parses what comes from now on with this parser, or notifies of it as it is. False where a connection keeps its parser.
    fn set_parser(&self, connection: usize, parser: Option<SharedSession>) -> bool;
    /// Lets so many requests of a connection be answered where they are read, or none: JavaScript has answered, and written, all that it was notified of.
    fn permit(&self, connection: usize, answers: &Arc<Answers>, left: u32);
    /// Ends reading; `closing`: the descriptor is closed before the loop goes on, whatever the peer sends.
    fn detach(&self, connection: usize, closing: bool) -> Detached;
    /// One more (1) or less (-1) server wants what serves connections to be there before they are.
    fn keep_ready(&self, _change: i32) {}
    /// Stops reading.
    fn pause(&self, connection: usize);
    /// Reads again.
    fn resume(&self, connection: usize);
    /// Connections that are attached.
    fn count(&self) -> usize;
    /// So many more (or, negative, fewer) connections want the event loop to stay alive.
    fn keep_alive(&self, change: isize);
    /// Sends, or with `hold` queues, what is appended.
    ///
    /// # Errors
    /// That of `append`.
    fn write(
        &self,
        connection: usize,
        hold: bool,
        append: Append<'_>,
    ) -> std::result::Result<i32, NotAppended>;
    /// The same for bytes.
    fn write_bytes(&self, connection: usize, hold: bool, bytes: &[u8]) -> i32;
    /// Sends what is queued before it returns.
    fn flush(&self, connection: usize) -> i32;
    /// Lets what is queued be sent.
    fn uncork(&self, connection: usize) -> i32;
    /// The queued bytes, which are then the caller's to send.
    fn take_queue(&self, connection: usize) -> Bytes;
    /// Bytes received, sent, and queued.
    fn counts(&self, connection: usize) -> (u64, u64, usize);
    /// Of the queued bytes those that are not corked, where it is known.
    fn uncorked(&self, connection: usize) -> usize {
        self.counts(connection).2
    }

    /// The event loop was woken: notifies JavaScript of what is there.
    fn turn(&self);
    /// Whether a loop that iterates has something to notify of that it is not woken for: a handler of a turn has it run, or the system
    /// has refused an event.
    fn needs_turn(&self) -> bool;
    /// The turn of such an iteration.
    fn turn_of_iteration(&self);
    /// The process exits: sends what the kernel takes now.
    fn exit(&self);
    /// The JavaScript thread ends.
    fn shut_down(&self);
}
