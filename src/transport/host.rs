//! The interface between a transport and its host, the JavaScript thread that it reads and writes for. `binding`
//! implements the host with N-API, the tests with a list of events.

use std::cell::Cell;
use std::io::Result;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::frame::Frame;
use crate::parser::answers::Answers;
use crate::parser::session::SharedSession;

/// Kinds of [`Event`], as passed to JavaScript.
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
    /// The level of the turn is added to the kind, shifted by this many bits.
    pub const LEVEL_SHIFT: usize = 3;
}

/// Replaces the number of a detached connection. With [`Event::Ended`]: the connections whose detach reported `ends`
/// have ended now.
pub const DETACHED: usize = usize::MAX;

/// What happened to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// This many bytes of the frame's input were parsed into its words and the text of the call. If that text is a
    /// piece, the piece was parsed.
    Parsed(usize),
    /// The peer has ended its side.
    Ended,
    /// The connection broke: the system's error number.
    Failed(i32),
    /// The queue was not sent whole. The value is the result of [`Transport::flush`]; 0: it is due, and the connection
    /// stays corked.
    Unsent(i32),
    /// This many bytes are in the frame's input, and the connection has no parser.
    Unparsed(usize),
    /// This many connections were read: one text and one record of the frame for each.
    Batch(usize),
    /// A watched descriptor has something to read, or an end: see [`Transport::watch`].
    Readable,
}

impl Event {
    /// The [`kind`] and the value of the event.
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

/// Texts for one call of JavaScript, as latin1 bytes. Each is copied when it is added, because the bytes may change
/// before the call.
pub trait Texts {
    /// Adds a text, at most [`MAX_BATCH`](super::frame::MAX_BATCH) of them.
    fn add(&mut self, text: &[u8]);
    /// Adds memory of `length` bytes instead of a text. JavaScript owns it after the call, so what is written there is
    /// not copied again. `None` if there is no memory.
    fn piece(&mut self, length: usize) -> Option<&mut [u8]>;
    /// How many were added.
    fn count(&self) -> usize;
}

/// A JavaScript thread. Every method is called on that thread, with no borrow held: [`Host::notify`] runs the program,
/// which may call the transport, or run the event loop and so begin another turn.
pub trait Host {
    /// See [`Host::texts`].
    type Texts: Texts;

    /// The memory for turns of this level, see [`super::turn::Turn`]. `None` if JavaScript no longer runs.
    fn frame(&self, level: usize) -> Option<Frame>;

    /// An empty list of texts, for one call.
    fn texts(&self) -> Self::Texts;

    /// Calls JavaScript, drains its ticks and microtasks, and reports what it threw as an uncaught exception. False if
    /// JavaScript no longer runs because its thread is ending.
    fn notify(&self, level: usize, connection: usize, event: Event, texts: Self::Texts) -> bool;

    /// Sets whether the transport's connections keep the event loop alive.
    fn keep_loop_alive(&self, alive: bool);
}

/// How many connections keep the event loop alive.
#[derive(Debug, Default)]
pub struct LoopRef(Cell<usize>);

impl LoopRef {
    /// `change` more (or, if negative, fewer) connections keep it alive.
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

/// What happens to the descriptor of a connection that is detached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Somebody else reads and writes it.
    GivenBack,
    /// It was shut down, and is closed before the loop goes on: bytes from the peer are discarded.
    Closed,
    /// It is closed before the loop goes on, without a shutdown. The system resets a connection with unread bytes (RFC
    /// 9293 section 3.6.1), so a connection with undelivered bytes is reset, too.
    Destroyed,
}

/// How often libuv reads one stream without a pause.
pub const READS_AT_ONCE: u32 = 32;

/// What was in progress when a connection was detached.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Detached {
    /// Bytes read but not delivered to JavaScript: the parser is as it was before them.
    pub unread: Bytes,
    /// Bytes queued but not sent.
    pub unsent: Bytes,
    /// The error number of a failed read that JavaScript was not notified of.
    pub failed: Option<i32>,
    /// Bytes received, without the unread ones.
    pub received: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Whether the end follows the bytes that JavaScript is handling: see [`HangUp`](super::HangUp).
    pub ends: bool,
}

/// The caller had nothing to append: it has its own error.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAppended;

/// Appends the bytes to write.
pub type Append<'a> = &'a mut dyn FnMut(&mut BytesMut) -> std::result::Result<(), NotAppended>;

/// A way to read and write connections, for one JavaScript thread.
///
/// Connections are numbers, from [`Transport::attach`] to [`Transport::detach`]; unknown numbers are ignored. Methods
/// that send return 0 if nothing is left, the number of bytes left in the queue, or a negative error number of the
/// system.
pub trait Transport {
    /// The host of this transport.
    type Host: Host;

    /// Its host.
    fn host(&self) -> &Self::Host;

    /// Begins to read `fd` into `parser`, on one of `threads` I/O threads if the transport has any. Returns the
    /// connection's number.
    ///
    /// # Errors
    /// The error of the system.
    fn attach(&self, fd: i32, parser: SharedSession, threads: usize) -> Result<usize>;
    /// Watches `fd` without reading it: each time something arrives, there is an [`Event::Readable`]. Returns the
    /// number to detach it with.
    ///
    /// # Errors
    /// The error of the system, or that this transport watches nothing.
    fn watch(&self, _fd: i32) -> Result<usize> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
    /// Parses further bytes with this parser, or delivers them unparsed. False if the connection keeps its parser.
    fn set_parser(&self, connection: usize, parser: Option<SharedSession>) -> bool;
    /// Permits `left` requests of a connection to get fixed answers, or none. JavaScript calls it once it has answered,
    /// and written, everything it was notified of.
    fn permit(&self, connection: usize, answers: &Arc<Answers>, left: u32);
    /// Stops reading.
    fn detach(&self, connection: usize, fate: Fate) -> Detached;
    /// The connection is closed in the next turn. What has come is read before, as libuv does, with [`READS_AT_ONCE`]
    /// reads at most. Returns false if this turn reads it, or nothing has come. Outside of a turn the caller has to call
    /// [`Transport::read_rest`] before the loop goes on.
    fn read_on(&self, connection: usize) -> bool;
    /// Reads what has come on a connection for which [`Transport::read_on`] returned true.
    fn read_rest(&self, connection: usize);
    /// One more (1) or one fewer (-1) server wants the I/O threads to run before there are connections.
    fn keep_ready(&self, _change: i32) {}
    /// Stops reading.
    fn pause(&self, connection: usize);
    /// Reads on.
    fn resume(&self, connection: usize);
    /// Number of attached connections.
    fn count(&self) -> usize;
    /// `change` more (or, if negative, fewer) connections keep the event loop alive.
    fn keep_alive(&self, change: isize);
    /// Sends what is appended, or queues it with `hold`.
    ///
    /// # Errors
    /// The error of `append`.
    fn write(
        &self,
        connection: usize,
        hold: bool,
        append: Append<'_>,
    ) -> std::result::Result<i32, NotAppended>;
    /// The same for bytes.
    fn write_bytes(&self, connection: usize, hold: bool, bytes: &[u8]) -> i32;
    /// Sends the queue before it returns.
    fn flush(&self, connection: usize) -> i32;
    /// Allows the queue to be sent.
    fn uncork(&self, connection: usize) -> i32;
    /// Removes the queued bytes; the caller has to send them.
    fn take_queue(&self, connection: usize) -> Bytes;
    /// Bytes received, sent, and queued.
    fn counts(&self, connection: usize) -> (u64, u64, usize);
    /// Queued bytes that are not corked, if known.
    fn uncorked(&self, connection: usize) -> usize {
        self.counts(connection).2
    }

    /// The event loop was woken: notifies JavaScript of all events.
    fn turn(&self);
    /// Whether an iteration of the loop has events to deliver that do not wake it: a handler runs the loop within a
    /// turn, or the system refused an event.
    fn needs_turn(&self) -> bool;
    /// The turn for such an iteration.
    fn turn_of_iteration(&self);
    /// The process exits: sends what the kernel takes at once.
    fn exit(&self);
    /// The JavaScript thread ends.
    fn shut_down(&self);
}
