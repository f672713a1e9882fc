//! A connection is read by a transport, taken from it, read by its stream, and attached again, in any order, also from
//! within a notification, with any bytes: each byte of either direction arrives exactly once, in order, at one of the
//! two.
#![no_main]
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::rc::{Rc, Weak};

use libfuzzer_sys::fuzz_target;
use rust_http::transport::frame::{FINISHED, FIRST_RECORD, Frame, HANDLED, RECORD_WORDS};
use rust_http::transport::host::{Event, Fate, Host, Transport};
use rust_http::transport::native::Native;
use rust_http::transport::offload::Offload;

#[path = "../../tests/transport_support/mod.rs"]
mod transport_support;
use transport_support::{FakeTexts, INPUT_BYTES, Memory, ROOM, parser};

const CONNECTIONS: usize = 2;
/// More steps find no new orders, and each one waits for an I/O thread.
const STEPS: usize = 64;

thread_local! {
    // Inputs run one at a time.
    static MEMORY: Memory = Memory::new();
}

/// A connection, and what happened to its bytes.
struct Side {
    ours: UnixStream,
    peer: UnixStream,
    number: Option<usize>,
    /// What the peer has sent, and how much of it was received by either reader.
    incoming: Vec<u8>,
    taken: usize,
    has_ended: bool,
    /// What was to be sent, and how much of it the peer has received.
    outgoing: Vec<u8>,
    got: usize,
}

impl Side {
    fn new() -> Side {
        let (ours, peer) = UnixStream::pair().expect("two sockets");
        for end in [&ours, &peer] {
            end.set_nonblocking(true).expect("a socket");
        }
        Side {
            ours,
            peer,
            number: None,
            incoming: Vec::new(),
            taken: 0,
            has_ended: false,
            outgoing: Vec::new(),
            got: 0,
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let end = self.taken + bytes.len();
        assert!(
            end <= self.incoming.len() && self.incoming[self.taken..end] == *bytes,
            "bytes out of their order"
        );
        self.taken = end;
    }

    /// The stream reads. Returns whether anything came.
    fn read(&mut self, most: usize) -> bool {
        let mut buffer = vec![0; most];
        let Ok(count) = self.ours.read(&mut buffer) else { return false };
        self.take(&buffer[..count]);
        count > 0
    }

    fn send(&mut self, bytes: &[u8]) {
        if self.has_ended {
            return;
        }
        match self.peer.write(bytes) {
            Ok(count) => self.incoming.extend_from_slice(&bytes[..count]),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }

    /// The peer reads. Returns whether anything came.
    fn get(&mut self, most: usize) -> bool {
        let mut buffer = vec![0; most];
        let Ok(count) = self.peer.read(&mut buffer) else { return false };
        let end = self.got + count;
        assert!(
            end <= self.outgoing.len() && self.outgoing[self.got..end] == buffer[..count],
            "an answer out of its order"
        );
        self.got = end;
        count > 0
    }

    fn next_output(&mut self, count: usize) -> Vec<u8> {
        let start = self.outgoing.len();
        let bytes: Vec<u8> = (start..start + count).map(|n| (n * 7 + n / 251) as u8).collect();
        self.outgoing.extend_from_slice(&bytes);
        bytes
    }

    /// The stream sends the rest that it was given, which must be the end of what was to be sent.
    fn write_rest(&mut self, mut rest: &[u8]) {
        assert!(self.outgoing.ends_with(rest), "what is unsent is no end of what was written");
        while !rest.is_empty() {
            match self.ours.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(_) => assert!(self.get(INPUT_BYTES), "nothing is sent and nothing is there"),
            }
        }
    }
}

type Sides = Rc<RefCell<Vec<Side>>>;
type Shared = dyn Transport<Host = Thread>;

/// A thread that reacts to notifications as the input says.
struct Thread {
    sides: Sides,
    reactions: RefCell<VecDeque<u8>>,
    transport: RefCell<Option<Weak<Shared>>>,
}

impl Thread {
    fn place_of(&self, connection: usize) -> Option<usize> {
        self.sides.borrow().iter().position(|side| side.number == Some(connection))
    }

    fn deliver(&self, connection: usize, count: usize, bytes: Option<&[u8]>) {
        let place = self.place_of(connection).expect("a connection that is attached");
        let mut sides = self.sides.borrow_mut();
        let side = &mut sides[place];
        let expected = side.incoming[side.taken..side.taken + count].to_vec();
        side.take(bytes.unwrap_or(&expected));
        drop(sides);
        self.react(place);
    }

    fn react(&self, place: usize) {
        let Some(transport) = self.transport.borrow().as_ref().and_then(Weak::upgrade) else {
            return;
        };
        // Or the other connection: a handler may act on it too.
        let Some(reaction) = self.reactions.borrow_mut().pop_front() else {
            return;
        };
        let place = if reaction & 16 == 0 { place } else { (place + 1) % CONNECTIONS };
        act(&*transport, &self.sides, place, reaction & 15, 40, &[]);
    }
}

impl Host for Thread {
    type Texts = FakeTexts;

    fn frame(&self, level: usize) -> Option<Frame> {
        assert_eq!(level, 0, "no turn is within another");
        Some(MEMORY.with(|memory| memory.frame))
    }

    fn texts(&self) -> FakeTexts {
        FakeTexts::default()
    }

    fn notify(&self, _level: usize, connection: usize, event: Event, texts: FakeTexts) -> bool {
        let Memory { input, control, .. } = MEMORY.with(|memory| *memory);
        match event {
            Event::Batch(count) => {
                assert_eq!(texts.0.len(), count);
                for place in 0..count {
                    let first = FIRST_RECORD + RECORD_WORDS * place;
                    let Ok(connection) = usize::try_from(control[first].get()) else {
                        continue;
                    };
                    control[first].set(HANDLED);
                    self.deliver(connection, control[first + 2].get() as usize, None);
                    control[first].set(FINISHED);
                }
            }
            Event::Parsed(count) => {
                let is_piece = texts.0.len() == 1 && texts.0[0].len() == count;
                let piece = texts.0.into_iter().next().unwrap_or_default();
                // A head's text may be as long as what was read, but a piece has at least 8192 bytes.
                self.deliver(
                    connection,
                    count,
                    is_piece.then_some(&piece[..]).filter(|piece| piece.len() >= 8192),
                );
                control[FIRST_RECORD].set(FINISHED);
            }
            Event::Unparsed(count) => {
                // SAFETY: this many bytes of the frame are written.
                let bytes = unsafe { std::slice::from_raw_parts(input, count) }.to_vec();
                self.deliver(connection, count, Some(&bytes));
            }
            Event::Ended | Event::Failed(_) | Event::Unsent(_) | Event::Readable => {
                if let Some(place) = self.place_of(connection) {
                    self.react(place);
                }
            }
        }
        true
    }

    fn keep_loop_alive(&self, _alive: bool) {}
}

fn detach(transport: &Shared, sides: &Sides, place: usize) {
    let Some(number) = sides.borrow_mut()[place].number.take() else {
        return;
    };
    let detached = transport.detach(number, Fate::GivenBack);
    let side = &mut sides.borrow_mut()[place];
    side.take(&detached.unread);
    side.write_rest(&detached.unsent);
}

fn act(transport: &Shared, sides: &Sides, place: usize, action: u8, count: usize, bytes: &[u8]) {
    let number = sides.borrow()[place].number;
    match (action, number) {
        (0, _) => sides.borrow_mut()[place].send(bytes),
        (2, _) => detach(transport, sides, place),
        (3, None) => {
            let fd = sides.borrow()[place].ours.as_raw_fd();
            let number = transport.attach(fd, parser(), 1).expect("a connection");
            sides.borrow_mut()[place].number = Some(number);
            if count % 4 == 3 {
                transport.set_parser(number, None);
            }
        }
        (4, Some(number)) => transport.pause(number),
        (5, Some(number)) => transport.resume(number),
        (6 | 7, Some(number)) => {
            let output = sides.borrow_mut()[place].next_output(count * 16);
            let _ = transport.write_bytes(number, action == 6, &output);
        }
        (8, None) => {
            sides.borrow_mut()[place].read(count + 1);
        }
        (9, _) => {
            sides.borrow_mut()[place].get(count * 64 + 1);
        }
        (10, Some(number)) => {
            let queued = transport.take_queue(number);
            sides.borrow_mut()[place].write_rest(&queued);
        }
        (11, Some(number)) => {
            let _ = if count % 2 == 0 {
                transport.flush(number)
            } else {
                transport.uncork(number)
            };
        }
        (12, Some(number)) => {
            transport.set_parser(number, (count % 2 == 0).then(parser));
        }
        (13, _) => {
            let side = &mut sides.borrow_mut()[place];
            side.has_ended = true;
            let _ = side.peer.shutdown(Shutdown::Write);
        }
        (15, Some(number)) => {
            if transport.read_on(number) {
                transport.read_rest(number);
            }
        }
        _ => {}
    }
}

fn run(transport: &Rc<Shared>, sides: &Sides, steps: &[u8], mut bytes: &[u8]) {
    *transport.host().transport.borrow_mut() = Some(Rc::downgrade(transport));
    for step in steps.chunks_exact(2).take(STEPS) {
        let (action, count) = (step[0] & 15, usize::from(step[1]));
        let place = usize::from(step[0] >> 4) % CONNECTIONS;
        match action {
            1 => transport.turn(),
            14 => transport.host().reactions.borrow_mut().push_back(step[1]),
            _ => {
                let (now, later) = bytes.split_at(if action == 0 { count.min(bytes.len()) } else { 0 });
                bytes = later;
                act(&**transport, sides, place, action, count, now);
            }
        }
    }
    for place in 0..CONNECTIONS {
        detach(&**transport, sides, place);
        let side = &mut sides.borrow_mut()[place];
        while side.read(INPUT_BYTES) {}
        while side.get(INPUT_BYTES) {}
        assert_eq!((side.taken, side.got), (side.incoming.len(), side.outgoing.len()));
    }
    assert_eq!(transport.count(), 0);
    transport.shut_down();
}

fuzz_target!(|data: &[u8]| {
    let Some((&kind, data)) = data.split_first() else { return };
    let cut = data.iter().position(|&byte| byte == 0xff).unwrap_or(data.len());
    let (steps, bytes) = (&data[..cut], data.get(cut + 1..).unwrap_or_default());
    let sides: Sides = Rc::new(RefCell::new((0..CONNECTIONS).map(|_| Side::new()).collect()));
    let thread = Thread {
        sides: sides.clone(),
        reactions: RefCell::default(),
        transport: RefCell::default(),
    };
    let transport: Rc<Shared> = if kind % 4 == 3 {
        Rc::new(Offload::new(thread, ROOM, true, Box::new(|| ())))
    } else {
        Rc::new(Native::new(thread, true).expect("a transport"))
    };
    run(&transport, &sides, steps, bytes);
});
