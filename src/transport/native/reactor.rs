//! A readiness set and its connections.
//!
//! Polling is edge-triggered: a read uses up an edge, and [`Reactor::read`] asks for another one if the read cannot
//! have emptied the socket. So every connection gets one read a turn. After these, connections that send much share a
//! few more reads (`MORE_PER_TURN`), so one that always has more to read starves no other. The size of a read depends
//! on the cost of the bytes before it ([`Reactor::record`]), so turns with many small events stay short too.

use std::io::{ErrorKind, Result};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use slab::Slab;

use crate::transport::HangUp;
use crate::transport::buffer::empty;
use crate::transport::host::READS_AT_ONCE;
use crate::transport::io;
use crate::transport::read_budget::{LARGEST_READ, ReadBudget};

/// Readiness events taken in one turn. The kernel keeps the rest for the next.
const EVENTS_PER_TURN: usize = 256;

/// Memory in bytes that an empty queue keeps: as much as one turn of pipelined answers fills.
const QUEUE_KEPT: usize = 64 * 1024;

/// Bytes that connections with reads of full size may get in a turn, all together, beyond one read each. libuv reads as
/// much from each stream at once: 32 times 64 KiB. If the program does other work in each turn, the bytes read per turn
/// determine the throughput of a body.
const MORE_PER_TURN: usize = 2 * 1024 * 1024;

/// Content of this many bytes gets memory of its own. Copying less is cheaper than asking the system how much is there.
const SMALLEST_PIECE: usize = 8 * 1024;

/// What a word of events costs of `MORE_PER_TURN`: JavaScript takes as long for it as for this many bytes of a body in
/// large pieces.
const BYTES_PER_WORD: usize = 1024;

/// What connections are watched for. A read ends at urgent data (RFC 9293 section 3.8.5) even if more follows; the
/// kernel reports urgent data with the edge.
#[cfg(all(any(target_os = "linux", target_os = "android"), not(miri)))]
const WATCHED: Interest = Interest::READABLE.add(Interest::PRIORITY);
// Miri has no such event.
#[cfg(any(miri, not(any(target_os = "linux", target_os = "android"))))]
const WATCHED: Interest = Interest::READABLE;

/// The result of one read.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    /// This many bytes are in the buffer.
    Bytes(usize),
    /// Nothing yet.
    Later,
    /// The peer has sent its last byte.
    Ended,
    /// The connection broke: the system's error number.
    Failed(i32),
}

/// A piece of content that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Bytes that can be read.
    pub length: usize,
    // More than `length` if the socket has no more. Later bytes get an edge of their own: the system was asked after
    // the last one.
    asked: usize,
}

struct Registration<T> {
    fd: RawFd,
    // Distinguishes a connection from the next one in its slot: events of a turn may outlive their connection.
    generation: usize,
    paused: bool,
    // An edge came while the connection was paused or deferred, so reading on must not wait for another.
    owed: bool,
    // It is read on in the next turn.
    left: bool,
    // The last read had full size: the next one will find as much.
    flows: bool,
    // The last read brought all that was asked for: there may be more.
    is_full: bool,
    // It is in the list of ready connections again.
    again: bool,
    // Reads left without a pause, see `read_on`.
    reads_left: Option<u32>,
    // The event reported that the peer has closed its side: a short read is then not the last one.
    closing: bool,
    // The event reported urgent data: a short read may have ended there.
    urgent: bool,
    hang_up: HangUp,
    // Bytes that the next read may take.
    budget: ReadBudget,
    queue: BytesMut,
    received: u64,
    sent: u64,
    data: T,
}

/// The connections of one thread. `T` is what the caller keeps with each: its parser.
pub struct Reactor<T> {
    poll: Poll,
    events: Events,
    ready: Vec<Ready>,
    next: usize,
    // Connections to read on in the next turn, without an edge: the turn had enough of them, or the system refused an
    // edge.
    left: Vec<Ready>,
    // Wakes the loop once a turn for `left`: an edge for each would take a system call each.
    waker: Waker,
    is_woken: bool,
    // What is left of MORE_PER_TURN.
    more: usize,
    connections: Slab<Registration<T>>,
    generation: usize,
    // See HangUp.
    ends_at_hang_up: bool,
}

/// A connection with something to read.
struct Ready {
    token: usize,
    closing: bool,
    urgent: bool,
    hung_up: bool,
}

impl Ready {
    /// A connection that is read on, without a new event.
    fn again(Token(token): Token) -> Ready {
        Ready {
            token,
            closing: false,
            urgent: false,
            hung_up: false,
        }
    }
}

/// Whether an event reports both sides as closed (EPOLLHUP). Writing is not watched for.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_hang_up(event: &Event) -> bool {
    event.is_write_closed()
}

// On other systems libuv does not see it.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_hang_up(_event: &Event) -> bool {
    false
}

/// The token of the waker, which no connection has: see [`token`].
const WAKER: Token = Token(usize::MAX);

const INDEX_BITS: u32 = usize::BITS / 2;
const INDEX_MASK: usize = (1 << INDEX_BITS) - 1;

fn token(index: usize, generation: usize) -> Token {
    Token(generation << INDEX_BITS | index)
}

impl<T> Registration<T> {
    /// Bytes that the next read may take: as many as libuv reads, if it is read without a pause.
    fn most(&self) -> usize {
        if self.reads_left.is_some_and(|left| left > 0) {
            LARGEST_READ
        } else {
            self.budget.bytes()
        }
    }

    /// Keeps what an event reported.
    fn mark(&mut self, ready: &Ready) {
        self.closing |= ready.closing;
        self.urgent |= ready.urgent;
        if ready.hung_up {
            self.hang_up.mark();
        }
    }
}

/// Lists a connection that is read again without an edge, unless it is in this list.
fn list_once(list: &mut Vec<Ready>, is_listed: &mut bool, token: Token) {
    if !std::mem::replace(is_listed, true) {
        list.push(Ready::again(token));
    }
}

impl<T> Reactor<T> {
    /// An empty set. For `ends_at_hang_up` see [`HangUp::new`].
    ///
    /// # Errors
    /// The error of the system if it has no descriptor left.
    pub fn new(ends_at_hang_up: bool) -> Result<Reactor<T>> {
        let poll = Poll::new()?;
        Ok(Reactor {
            waker: Waker::new(poll.registry(), WAKER)?,
            is_woken: false,
            poll,
            events: Events::with_capacity(EVENTS_PER_TURN),
            ready: Vec::with_capacity(EVENTS_PER_TURN),
            next: 0,
            left: Vec::new(),
            more: 0,
            connections: Slab::new(),
            generation: 0,
            ends_at_hang_up,
        })
    }

    /// The descriptor that becomes readable when a connection is ready.
    pub fn as_raw_fd(&self) -> RawFd {
        self.poll.as_raw_fd()
    }

    /// How many connections are attached.
    pub fn len(&self) -> usize {
        self.connections.len()
    }

    /// Begins to watch a descriptor. Returns the connection's number, valid until [`Reactor::detach`].
    ///
    /// # Errors
    /// The error of the system if the descriptor cannot be polled, or is already in the set.
    pub fn attach(&mut self, fd: RawFd, data: T) -> Result<usize> {
        self.generation = self.generation.wrapping_add(1) & INDEX_MASK;
        let generation = self.generation;
        let entry = self.connections.vacant_entry();
        let index = entry.key();
        self.poll
            .registry()
            .register(&mut SourceFd(&fd), token(index, generation), WATCHED)?;
        entry.insert(Registration {
            fd,
            generation,
            paused: false,
            owed: false,
            left: false,
            flows: false,
            is_full: false,
            again: false,
            reads_left: None,
            closing: false,
            urgent: false,
            hang_up: HangUp::new(self.ends_at_hang_up),
            budget: ReadBudget::new(),
            queue: BytesMut::new(),
            received: 0,
            sent: 0,
            data,
        });
        Ok(index)
    }

    /// Stops watching; only the caller uses the descriptor from now on. Returns the bytes queued but not sent.
    pub fn detach(&mut self, index: usize) -> Bytes {
        if let Some(connection) = self.connections.get(index) {
            // If the descriptor is already closed, the set has dropped it.
            let _ = self
                .poll
                .registry()
                .deregister(&mut SourceFd(&connection.fd));
        }
        self.forget(index)
    }

    /// [`Reactor::detach`] for a descriptor that its owner closes next: closing removes it from the set without a
    /// system call here. If a copy of it keeps it there, its events are ignored.
    pub fn forget(&mut self, index: usize) -> Bytes {
        self.connections
            .try_remove(index)
            .map(|connection| connection.queue.freeze())
            .unwrap_or_default()
    }

    /// What the caller keeps with the connection.
    pub fn data(&self, index: usize) -> Option<&T> {
        self.connections
            .get(index)
            .map(|connection| &connection.data)
    }

    /// Changes what the caller keeps with the connection.
    pub fn set_data(&mut self, index: usize, data: T) {
        if let Some(connection) = self.connections.get_mut(index) {
            connection.data = data;
        }
    }

    /// Takes the readiness events without waiting. Connections from an earlier call that are not read yet stay in
    /// front. If the system reports an error instead, every connection is tried.
    pub fn collect(&mut self) {
        self.ready.drain(..self.next);
        self.next = 0;
        self.ready.append(&mut self.left);
        self.is_woken = false;
        self.more = MORE_PER_TURN;
        if let Err(error) = self.poll.poll(&mut self.events, Some(Duration::ZERO)) {
            if error.kind() != ErrorKind::Interrupted {
                let all = self
                    .connections
                    .iter()
                    .map(|(index, connection)| Ready::again(token(index, connection.generation)));
                self.ready.extend(all);
            }
            return;
        }
        for event in &self.events {
            if event.token() == WAKER {
                continue;
            }
            let ready = Ready {
                token: event.token().0,
                closing: event.is_read_closed() || event.is_error(),
                urgent: event.is_priority(),
                hung_up: is_hang_up(event),
            };
            let connection = self.connections.get_mut(ready.token & INDEX_MASK);
            // A connection to be read on already has its place.
            match connection.filter(|it| it.left && it.generation == ready.token >> INDEX_BITS) {
                Some(connection) => connection.mark(&ready),
                None => self.ready.push(ready),
            }
        }
    }

    /// Whether there are connections to read on, and nothing wakes the loop for them.
    pub fn needs_turn(&self) -> bool {
        !self.left.is_empty() && !self.is_woken
    }

    /// The next ready connection of this turn.
    pub fn next_ready(&mut self) -> Option<usize> {
        while let Some(ready) = self.ready.get(self.next) {
            self.next += 1;
            let index = ready.token & INDEX_MASK;
            let Some(connection) = self.connections.get_mut(index) else {
                continue;
            };
            if connection.generation != ready.token >> INDEX_BITS {
                continue;
            }
            connection.left = false;
            connection.again = false;
            connection.mark(ready);
            if connection.paused {
                connection.owed = true;
                continue;
            }
            return Some(index);
        }
        if !self.left.is_empty() && !self.is_woken {
            self.is_woken = self.waker.wake().is_ok();
        }
        None
    }

    /// Reads once into `buffer`, up to the connection's budget.
    pub fn read(&mut self, index: usize, buffer: &mut [u8]) -> Read {
        let asked = self
            .connections
            .get(index)
            .map_or(0, |it| it.most().min(buffer.len()));
        self.receive(index, &mut buffer[..asked], asked)
    }

    /// The size of memory to pass to [`Reactor::read_piece`] if the next `content` bytes belong together. `None` if a
    /// read into the common buffer is better.
    pub fn piece_there(&self, index: usize, content: u64) -> Option<Piece> {
        let connection = self.connections.get(index)?;
        let budget = connection.most();
        let content = usize::try_from(content).unwrap_or(usize::MAX);
        let wanted = content.min(budget);
        // After a hang-up, reads must have the size of the budget: that decides how the connection ends.
        if wanted < SMALLEST_PIECE || connection.hang_up.is_known() {
            return None;
        }
        // It sends faster than it is read, so the system need not be asked.
        if connection.flows && wanted == LARGEST_READ {
            return Some(Piece {
                length: wanted,
                asked: wanted,
            });
        }
        let available = io::available(connection.fd);
        let length = available.min(wanted);
        // One read takes several short chunks.
        if length < SMALLEST_PIECE || (available > content && length < budget / 2) {
            return None;
        }
        let asked = if available < wanted { wanted } else { length };
        Some(Piece { length, asked })
    }

    /// Reads a piece into memory of its own, of `piece.length` bytes.
    pub fn read_piece(&mut self, index: usize, piece: Piece, memory: &mut [u8]) -> Read {
        self.receive(index, memory, piece.asked)
    }

    // `asked`: a read of this many bytes may not have emptied the socket.
    fn receive(&mut self, index: usize, buffer: &mut [u8], asked: usize) -> Read {
        let Some(connection) = self.connections.get_mut(index) else {
            return Read::Later;
        };
        match io::receive(connection.fd, buffer) {
            Ok(0) => Read::Ended,
            Ok(count) => {
                connection.received += count as u64;
                connection.hang_up.bytes(count, asked);
                connection.flows = count == LARGEST_READ;
                connection.is_full = count == asked;
                let at_once = connection.reads_left.as_mut().filter(|it| **it > 0);
                if let Some(left) = at_once
                    && connection.is_full
                {
                    *left -= 1;
                    self.again(index);
                } else if connection.flows && self.more >= LARGEST_READ {
                    self.more -= LARGEST_READ;
                    self.again(index);
                } else if connection.flows {
                    self.leave(index);
                } else if count == asked
                    || connection.closing
                    || std::mem::take(&mut connection.urgent)
                {
                    self.rearm(index);
                }
                Read::Bytes(count)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Read::Later,
            Err(_) if connection.hang_up.failed() => Read::Ended,
            Err(error) => Read::Failed(error.raw_os_error().unwrap_or(0)),
        }
    }

    /// Records what a read cost: `parsed` bytes became `words` words of events. This sets the budget of the next read.
    pub fn record(&mut self, index: usize, parsed: usize, words: usize) {
        if let Some(connection) = self.connections.get_mut(index) {
            self.more = self.more.saturating_sub(words * BYTES_PER_WORD);
            connection.budget.record(parsed, words);
        }
    }

    fn rearm(&mut self, index: usize) {
        if let Some(connection) = self.connections.get(index) {
            let token = token(index, connection.generation);
            let registry = self.poll.registry();
            let asked = registry.reregister(&mut SourceFd(&connection.fd), token, WATCHED);
            // It is watched as before (or gone, which a read finds), so whatever comes later has an edge.
            if asked.is_err() {
                self.leave(index);
            }
        }
    }

    /// Puts a connection on the list of those to read on in the next turn, without an edge.
    fn leave(&mut self, index: usize) {
        if let Some(connection) = self.connections.get_mut(index) {
            let token = token(index, connection.generation);
            list_once(&mut self.left, &mut connection.left, token);
        }
    }

    /// Has a connection read on as long as each read is full, in this turn or without another look at what is ready. See
    /// [`Transport::read_on`](crate::transport::host::Transport::read_on). Returns whether it may have more to read.
    pub fn read_on(&mut self, index: usize) -> bool {
        let Some(connection) = self.connections.get_mut(index) else {
            return false;
        };
        let reads_on = connection.is_full && connection.reads_left.is_none();
        if reads_on {
            connection.reads_left = Some(READS_AT_ONCE - 1);
            self.again(index);
        }
        reads_on
    }

    /// Puts a connection behind those that are ready.
    fn again(&mut self, index: usize) {
        if let Some(connection) = self.connections.get_mut(index) {
            let token = token(index, connection.generation);
            list_once(&mut self.ready, &mut connection.again, token);
        }
    }

    /// Leaves a ready connection unread until [`Reactor::catch_up`].
    pub fn defer(&mut self, index: usize) {
        if let Some(connection) = self.connections.get_mut(index) {
            connection.owed = true;
        }
    }

    /// Ends what [`Reactor::defer`] began.
    pub fn catch_up(&mut self, index: usize) {
        if self.connections.get(index).is_some_and(|it| !it.paused) {
            self.resume(index);
        }
    }

    /// Bytes received, sent and queued.
    pub fn counts(&self, index: usize) -> (u64, u64, usize) {
        self.connections
            .get(index)
            .map_or((0, 0, 0), |it| (it.received, it.sent, it.queue.len()))
    }

    /// Stops reading, which holds back the peer.
    pub fn pause(&mut self, index: usize) {
        if let Some(connection) = self.connections.get_mut(index) {
            connection.paused = true;
        }
    }

    /// Whether the bytes read last were the connection's last: see [`HangUp`].
    pub fn is_over(&mut self, index: usize) -> bool {
        self.connections
            .get_mut(index)
            .is_some_and(|it| it.hang_up.is_due(it.paused))
    }

    /// Whether the system has reported a hang-up.
    pub fn is_hung_up(&self, index: usize) -> bool {
        self.connections
            .get(index)
            .is_some_and(|it| it.hang_up.is_known())
    }

    /// Reads on, with what came during the pause.
    pub fn resume(&mut self, index: usize) {
        let Some(connection) = self.connections.get_mut(index) else {
            return;
        };
        connection.paused = false;
        if std::mem::take(&mut connection.owed) {
            self.rearm(index);
        }
    }

    /// The bytes waiting to be sent, for the caller to append to.
    pub fn queue(&mut self, index: usize) -> Option<&mut BytesMut> {
        self.connections
            .get_mut(index)
            .map(|connection| &mut connection.queue)
    }

    /// Sends the queue, then `more`. Returns how many bytes of both the kernel took; those of the queue are removed
    /// from it.
    ///
    /// # Errors
    /// The error of the system. A full socket is none (0 bytes).
    pub fn send(&mut self, index: usize, more: &[u8]) -> Result<usize> {
        let Some(connection) = self.connections.get_mut(index) else {
            return Ok(0);
        };
        let queue = &mut connection.queue;
        if queue.is_empty() && more.is_empty() {
            return Ok(0);
        }
        let result = if queue.is_empty() {
            io::send(connection.fd, more, &[])
        } else {
            io::send(connection.fd, queue, more)
        };
        let count = match result {
            Ok(count) => count,
            Err(error) if io::is_full(&error) => 0,
            Err(error) => return Err(error),
        };
        connection.sent += count as u64;
        if count >= queue.len() {
            empty(queue, QUEUE_KEPT);
        } else {
            queue.advance(count);
        }
        Ok(count)
    }

    /// Sends every queue, as far as the kernel takes it.
    pub fn flush_all(&mut self) {
        for connection in self.connections.iter_mut().map(|(_, it)| it) {
            if connection.queue.is_empty() {
                continue;
            }
            if let Ok(count) = io::send(connection.fd, &connection.queue, &[]) {
                connection.sent += count as u64;
                connection.queue.advance(count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::read_budget::WORDS_PER_READ;
    use std::io::{Read as _, Write};
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;

    /// TCP: Miri supports send() and recv() only there.
    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (listener.accept().unwrap().0, peer)
    }

    fn unix_pair() -> (UnixStream, UnixStream) {
        UnixStream::pair().unwrap()
    }

    fn ready<T>(reactor: &mut Reactor<T>) -> Vec<usize> {
        reactor.collect();
        std::iter::from_fn(|| reactor.next_ready()).collect()
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri has no dup2()")]
    fn each_connection_is_tried_where_the_system_tells_of_none() {
        let (ours, mut peer) = pair();
        let (silent, _other) = pair();
        let mut reactor = Reactor::new(true).unwrap();
        let index = reactor.attach(ours.as_raw_fd(), ()).unwrap();
        let quiet = reactor.attach(silent.as_raw_fd(), ()).unwrap();
        // The descriptor of the set now refers to something else.
        let null = std::fs::File::open("/dev/null").unwrap();
        // SAFETY: both descriptors are open, and the reactor still owns its own.
        assert!(unsafe { libc::dup2(null.as_raw_fd(), reactor.as_raw_fd()) } >= 0);
        peer.write_all(b"abc").unwrap();
        assert_eq!(ready(&mut reactor), [index, quiet]);
        let mut buffer = [0; 8];
        assert!(matches!(reactor.read(index, &mut buffer), Read::Bytes(3)));
        assert!(matches!(reactor.read(quiet, &mut buffer), Read::Later));
    }

    #[test]
    fn a_written_byte_makes_its_connection_ready_once() {
        let (ours, mut peer) = pair();
        let mut reactor = Reactor::new(true).unwrap();
        let index = reactor.attach(ours.as_raw_fd(), ()).unwrap();
        assert_eq!(ready(&mut reactor), []);
        peer.write_all(b"a").unwrap();
        assert_eq!(ready(&mut reactor), [index]);
        let mut buffer = [0; 16];
        assert_eq!(reactor.read(index, &mut buffer), Read::Bytes(1));
        assert_eq!(ready(&mut reactor), []);
        assert_eq!(reactor.read(index, &mut buffer), Read::Later);
    }

    #[test]
    fn a_read_that_fills_the_buffer_is_followed_by_another_turn() {
        let (ours, mut peer) = pair();
        let mut reactor = Reactor::new(true).unwrap();
        let index = reactor.attach(ours.as_raw_fd(), ()).unwrap();
        peer.write_all(&[7; 40]).unwrap();
        let mut buffer = [0; 16];
        let mut counts = Vec::new();
        while !ready(&mut reactor).is_empty() {
            match reactor.read(index, &mut buffer) {
                Read::Bytes(count) => counts.push(count),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(counts, [16, 16, 8]);
    }

    fn sizes_of_reads(work_per_byte: usize) -> Vec<usize> {
        let (ours, peer) = unix_pair();
        ours.set_nonblocking(true).unwrap();
        peer.set_nonblocking(true).unwrap();
        let mut reactor = Reactor::new(true).unwrap();
        let index = reactor.attach(ours.as_raw_fd(), ()).unwrap();
        let mut buffer = vec![0; LARGEST_READ];
        let mut sizes = Vec::new();
        for _ in 0..6 {
            while (&peer).write(&[0; 4096]).is_ok() {}
            assert_eq!(ready(&mut reactor), [index]);
            let Read::Bytes(count) = reactor.read(index, &mut buffer) else {
                panic!("nothing to read");
            };
            reactor.record(index, count, count * work_per_byte);
            sizes.push(count);
            // Only the first read of a turn counts here.
            while reactor.next_ready().is_some() {}
        }
        sizes
    }

    #[test]
    #[cfg_attr(miri, ignore)] // it has no send() and recv() of unix sockets
    fn a_connection_of_much_work_gets_short_turns_and_one_of_little_long_ones() {
        assert_eq!(sizes_of_reads(0), [LARGEST_READ; 6]);
        assert_eq!(sizes_of_reads(1), [65536, 2048, 4096, 2048, 4096, 2048]);
        assert_eq!(sizes_of_reads(4), [65536, 1024, 1024, 1024, 1024, 1024]);
    }

    /// The connections of one turn in the order of their reads. The first peers send without end, the last ones a byte
    /// each. A read of one of the first makes `words` words.
    fn order_of_reads(large: usize, small: usize, words: usize) -> Vec<usize> {
        let pairs: Vec<_> = (0..large + small).map(|_| unix_pair()).collect();
        let mut reactor = Reactor::new(true).unwrap();
        for (ours, peer) in &pairs {
            ours.set_nonblocking(true).unwrap();
            peer.set_nonblocking(true).unwrap();
            reactor.attach(ours.as_raw_fd(), ()).unwrap();
        }
        let mut buffer = vec![0; LARGEST_READ];
        let fill = |index: usize| {
            let mut peer = &pairs[index].1;
            while index < large && peer.write(&[0; 4096]).is_ok() {}
        };
        for (index, (_, peer)) in pairs.iter().enumerate() {
            fill(index);
            let mut peer = peer;
            peer.write_all(&[0; 1]).ok();
        }
        let mut order = Vec::new();
        reactor.collect();
        while let Some(index) = reactor.next_ready() {
            let Read::Bytes(count) = reactor.read(index, &mut buffer) else {
                panic!("nothing to read");
            };
            reactor.record(index, count, if index < large { words } else { 0 });
            fill(index);
            order.push(index);
        }
        assert_eq!(
            ready(&mut reactor).len(),
            large,
            "what is left is for the next turn"
        );
        order
    }

    #[test]
    #[cfg_attr(miri, ignore)] // it has no send() and recv() of unix sockets
    fn a_connection_that_sends_much_is_read_on_behind_the_first_reads_of_all() {
        let order = order_of_reads(2, 3, 0);
        let (mut first, rest) = (order[..5].to_vec(), &order[5..]);
        first.sort_unstable();
        assert_eq!(first, [0, 1, 2, 3, 4]);
        let of = |index| rest.iter().filter(|&&read| read == index).count();
        assert_eq!(rest.len(), MORE_PER_TURN / LARGEST_READ);
        assert_eq!(of(0), of(1));
    }

    #[test]
    #[cfg_attr(miri, ignore)] // it has no send() and recv() of unix sockets
    fn those_that_are_read_on_in_the_next_turn_wake_the_loop_together_and_have_one_place_each() {
        let pairs: Vec<_> = (0..2).map(|_| unix_pair()).collect();
        let mut reactor = Reactor::new(true).unwrap();
        for (ours, peer) in &pairs {
            ours.set_nonblocking(true).unwrap();
            peer.set_nonblocking(true).unwrap();
            reactor.attach(ours.as_raw_fd(), ()).unwrap();
        }
        let fill = || {
            for (_, peer) in &pairs {
                let mut peer = peer;
                while peer.write(&[0; 4096]).is_ok() {}
            }
        };
        let mut buffer = vec![0; LARGEST_READ];
        fill();
        reactor.collect();
        while let Some(index) = reactor.next_ready() {
            assert!(matches!(reactor.read(index, &mut buffer), Read::Bytes(_)));
            fill();
        }
        assert!(!reactor.needs_turn(), "the loop is woken");
        let mut poll = libc::pollfd {
            fd: reactor.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one pollfd.
        assert_eq!(unsafe { libc::poll(&mut poll, 1, 0) }, 1);
        // What came in the meantime has an event too.
        let mut next = ready(&mut reactor);
        next.sort_unstable();
        assert_eq!(next, [0, 1]);
        assert_eq!(ready(&mut reactor), [], "nothing is left");
    }

    #[test]
    #[cfg_attr(miri, ignore)] // it has no send() and recv() of unix sockets
    fn bytes_that_make_much_work_are_not_read_on() {
        assert_eq!(order_of_reads(1, 0, WORDS_PER_READ), [0, 0]);
        assert_eq!(order_of_reads(1, 0, 256).len(), 8);
    }

    #[test]
    #[cfg_attr(miri, ignore)] // it has no send() and recv() of unix sockets
    fn a_connection_that_is_read_on_has_its_reads_in_one_turn_whatever_they_make() {
        let (ours, peer) = unix_pair();
        ours.set_nonblocking(true).unwrap();
        peer.set_nonblocking(true).unwrap();
        let mut reactor = Reactor::new(true).unwrap();
        let index = reactor.attach(ours.as_raw_fd(), ()).unwrap();
        let mut buffer = vec![0; LARGEST_READ];
        let mut reads = 0;
        let mut peer = &peer;
        while peer.write(&[0; 4096]).is_ok() {}
        reactor.collect();
        while reactor.next_ready().is_some() {
            let Read::Bytes(count) = reactor.read(index, &mut buffer) else {
                panic!("nothing to read");
            };
            reactor.record(index, count, count);
            reactor.read_on(index);
            while peer.write(&[0; 4096]).is_ok() {}
            reads += 1;
        }
        assert_eq!(reads, 1 + READS_AT_ONCE);
    }

    #[test]
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[cfg_attr(miri, ignore)] // it has no epoll_ctl() of another's set
    fn a_connection_that_no_edge_is_given_for_is_read_on_in_the_next_turn() {
        let (ours, mut peer) = pair();
        let mut reactor = Reactor::new(true).unwrap();
        let index = reactor.attach(ours.as_raw_fd(), ()).unwrap();
        peer.write_all(&[7; 40]).unwrap();
        let mut buffer = [0; 16];
        assert_eq!(ready(&mut reactor), [index]);
        // SAFETY: both descriptors are open.
        let deleted = unsafe {
            let (set, fd) = (reactor.as_raw_fd(), ours.as_raw_fd());
            libc::epoll_ctl(set, libc::EPOLL_CTL_DEL, fd, std::ptr::null_mut())
        };
        assert_eq!(deleted, 0);
        let mut counts = Vec::new();
        loop {
            if let Read::Bytes(count) = reactor.read(index, &mut buffer) {
                counts.push(count);
            }
            if !reactor.needs_turn() {
                break;
            }
            assert_eq!(ready(&mut reactor), [index]);
        }
        assert_eq!(counts, [16, 16, 8]);
    }

    #[test]
    fn the_last_bytes_come_before_the_end() {
        let (ours, mut peer) = pair();
        let mut reactor = Reactor::new(true).unwrap();
        let index = reactor.attach(ours.as_raw_fd(), ()).unwrap();
        peer.write_all(b"bye").unwrap();
        peer.shutdown(Shutdown::Write).unwrap();
        let mut buffer = [0; 16];
        assert_eq!(ready(&mut reactor), [index]);
        assert_eq!(reactor.read(index, &mut buffer), Read::Bytes(3));
        assert_eq!(ready(&mut reactor), [index]);
        assert_eq!(reactor.read(index, &mut buffer), Read::Ended);
    }

    /// Sends a byte as urgent data.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn send_urgent(peer: &TcpStream) {
        let byte = b"!";
        // SAFETY: the kernel reads one byte.
        let sent = unsafe { libc::send(peer.as_raw_fd(), byte.as_ptr().cast(), 1, libc::MSG_OOB) };
        assert_eq!(sent, 1);
    }

    #[test]
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[cfg_attr(miri, ignore)] // it has no MSG_OOB
    fn what_is_behind_urgent_data_is_read_without_another_edge() {
        let (ours, mut peer) = pair();
        peer.set_nodelay(true).unwrap();
        let mut reactor = Reactor::new(true).unwrap();
        let index = reactor.attach(ours.as_raw_fd(), ()).unwrap();
        peer.write_all(b"one").unwrap();
        send_urgent(&peer);
        peer.write_all(b"four").unwrap();
        send_urgent(&peer);
        std::thread::sleep(Duration::from_millis(20));
        let mut buffer = [0; 16];
        let mut got = Vec::new();
        // An edge after each read that may have ended early, and at most one without anything to read.
        for _ in 0..6 {
            for index in ready(&mut reactor) {
                if let Read::Bytes(count) = reactor.read(index, &mut buffer) {
                    got.extend_from_slice(&buffer[..count]);
                }
            }
        }
        assert_eq!(ready(&mut reactor), []);
        // A second urgent byte makes the first an ordinary one, if the first was not reached yet.
        assert_eq!(String::from_utf8(got).unwrap(), "one!four");
        peer.write_all(b"five").unwrap();
        assert_eq!(ready(&mut reactor), [index]);
        assert_eq!(reactor.read(index, &mut buffer), Read::Bytes(4));
        assert_eq!(ready(&mut reactor), []);
    }

    #[test]
    fn a_connection_that_is_ready_is_kept_for_the_next_look() {
        let (first, mut first_peer) = pair();
        let (second, mut second_peer) = pair();
        let mut reactor = Reactor::new(true).unwrap();
        let one = reactor.attach(first.as_raw_fd(), ()).unwrap();
        first_peer.write_all(b"a").unwrap();
        reactor.collect();
        let two = reactor.attach(second.as_raw_fd(), ()).unwrap();
        second_peer.write_all(b"b").unwrap();
        assert_eq!(ready(&mut reactor), [one, two]);
    }

    #[test]
    fn what_was_deferred_is_ready_again_when_it_is_caught_up_with() {
        let (ours, mut peer) = pair();
        let mut reactor = Reactor::new(true).unwrap();
        let index = reactor.attach(ours.as_raw_fd(), ()).unwrap();
        peer.write_all(b"a").unwrap();
        assert_eq!(ready(&mut reactor), [index]);
        reactor.defer(index);
        assert_eq!(ready(&mut reactor), []);
        reactor.catch_up(index);
        assert_eq!(ready(&mut reactor), [index]);
    }

    #[test]
    fn what_came_during_a_pause_is_read_after_it() {
        let (ours, mut peer) = pair();
        let mut reactor = Reactor::new(true).unwrap();
        let index = reactor.attach(ours.as_raw_fd(), ()).unwrap();
        reactor.pause(index);
        peer.write_all(b"abc").unwrap();
        assert_eq!(ready(&mut reactor), []);
        reactor.resume(index);
        assert_eq!(ready(&mut reactor), [index]);
        assert_eq!(reactor.read(index, &mut [0; 16]), Read::Bytes(3));
    }

    #[test]
    fn an_event_of_a_detached_connection_reaches_no_other() {
        let (first, mut first_peer) = pair();
        let (second, _second_peer) = pair();
        let mut reactor = Reactor::new(true).unwrap();
        let index = reactor.attach(first.as_raw_fd(), 1).unwrap();
        first_peer.write_all(b"a").unwrap();
        reactor.collect();
        reactor.detach(index);
        assert_eq!(
            reactor.attach(second.as_raw_fd(), 2).unwrap(),
            index,
            "the slot is used again"
        );
        assert_eq!(reactor.next_ready(), None);
    }

    #[test]
    #[cfg_attr(miri, ignore)] // it has no send() and recv() of unix sockets
    fn a_full_socket_takes_a_part_and_keeps_the_order() {
        let (ours, mut peer) = unix_pair();
        ours.set_nonblocking(true).unwrap();
        let mut reactor = Reactor::new(true).unwrap();
        let index = reactor.attach(ours.as_raw_fd(), ()).unwrap();
        let body: Vec<u8> = (0..4_000_000u32).map(|n| (n % 251) as u8).collect();
        reactor.queue(index).unwrap().extend_from_slice(b"head");
        let taken = reactor.send(index, &body).unwrap();
        assert!(taken > 4 && taken < body.len(), "{taken}");
        assert!(reactor.queue(index).unwrap().is_empty());
        drop(reactor);
        drop(ours);
        let mut got = Vec::new();
        peer.read_to_end(&mut got).unwrap();
        assert_eq!(got[..4], *b"head");
        assert_eq!(got[4..], body[..taken - 4]);
    }

    #[test]
    #[cfg_attr(miri, ignore)] // it has no send() and recv() of unix sockets
    fn sending_to_a_closed_peer_is_an_error_and_no_signal() {
        let (ours, peer) = unix_pair();
        let mut reactor = Reactor::new(true).unwrap();
        let index = reactor.attach(ours.as_raw_fd(), ()).unwrap();
        drop(peer);
        assert_eq!(
            reactor.send(index, b"x").unwrap_err().raw_os_error(),
            Some(libc::EPIPE)
        );
    }
}
