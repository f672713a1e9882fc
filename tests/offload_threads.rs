//! Real I/O threads and sockets, with an owner that gives connections back at random moments: every byte arrives once
//! and in order. `npm run test:nightly -- thread` runs it under ThreadSanitizer.
#![cfg(all(unix, not(model)))]
#![allow(missing_docs)]

mod transport_support;

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use bytes::BytesMut;
use rust_http::parser::Output;
use rust_http::transport::offload::inbox::{Inbox, WakeOwner};
use rust_http::transport::offload::io_thread::{Command, Connection, IoThread, IoThreadPool, end};
use rust_http::transport::offload::shared_connection::{Parse, ReadEvent, SharedConnection};
use transport_support::{Stream, pair};

// Miri takes a thousand times as long.
const CONNECTIONS: usize = if cfg!(miri) { 4 } else { 24 };
const BYTES: usize = if cfg!(miri) { 6_000 } else { 100_000 };
const THREADS: usize = if cfg!(miri) { 2 } else { 3 };
/// After one in this many events the connection is given back.
const GIVEN_BACK: u64 = if cfg!(miri) { 6 } else { 40 };

/// One in this many events is put back, and comes again.
const PUT_BACK: u64 = 10;

/// A parser that counts and sums what it parsed.
#[derive(Clone, Default)]
struct Sum {
    bytes: usize,
    sum: u64,
}

impl Sum {
    fn add(&mut self, input: &[u8]) {
        self.bytes += input.len();
        for byte in input {
            self.sum = self.sum.wrapping_mul(31).wrapping_add(u64::from(*byte));
        }
    }
}

impl Parse for Sum {
    fn run(&mut self, input: &[u8], _out: &mut Output, _room: usize) -> usize {
        self.add(input);
        input.len()
    }
}

/// A generator with the same numbers each time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

fn byte(at: usize) -> u8 {
    (at * 7 + at / 251) as u8
}

/// Sends all bytes in pieces, and expects them back.
fn peer(stream: Stream, seed: u64) -> JoinHandle<()> {
    let mut sender = stream.try_clone().unwrap();
    let sending = thread::spawn(move || {
        let mut random = Random(seed);
        let bytes: Vec<u8> = (0..BYTES).map(byte).collect();
        let mut at = 0;
        while at < BYTES {
            let size = (1 + random.below(3000) as usize).min(BYTES - at);
            sender.write_all(&bytes[at..at + size]).unwrap();
            at += size;
            if random.below(4) == 0 {
                thread::yield_now();
            }
        }
        sender.shutdown(Shutdown::Write).unwrap();
    });
    thread::spawn(move || {
        let mut stream = stream;
        let mut got = Vec::new();
        stream.read_to_end(&mut got).unwrap();
        sending.join().unwrap();
        assert_eq!(got.len(), BYTES);
        assert!(got.iter().enumerate().all(|(at, got)| *got == byte(at)));
    })
}

struct Owned {
    connection: Arc<Connection<Sum>>,
    parser: Arc<Mutex<Sum>>,
    thread: IoThread<Sum>,
    stream: Stream,
    told: Sum,
}

/// Does what a stream does with a connection that it gets back.
fn echo_on(mut stream: Stream, before: Vec<u8>) -> JoinHandle<()> {
    thread::spawn(move || {
        stream.set_nonblocking(false).unwrap();
        stream.write_all(&before).unwrap();
        let mut buffer = [0; 4096];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => stream.write_all(&buffer[..count]).unwrap(),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Interrupted),
            }
        }
        stream.shutdown(Shutdown::Both).unwrap();
    })
}

fn push(thread: &IoThread<Sum>, command: Command<Sum>) {
    thread.push(vec![command]);
    thread.wake();
}

/// Takes a connection back, and echoes the rest without the transport.
fn detach(owned: Owned) -> JoinHandle<()> {
    let rest = owned.connection.shared.detach(&mut BytesMut::new());
    owned.connection.close(None);
    push(&owned.thread, Command::Wake(owned.connection.clone()));
    // The parser has seen exactly what the owner was notified of.
    let parser = owned.parser.lock().unwrap();
    assert_eq!(
        (parser.bytes, parser.sum),
        (owned.told.bytes, owned.told.sum)
    );
    assert_eq!(rest.received as usize, owned.told.bytes);
    assert_eq!(rest.failed, None);
    drop(parser);
    echo_on(owned.stream, [rest.unsent, rest.unread].concat())
}

/// Echoes what it is notified of, and returns how many connections it gave back before their end.
fn own(
    mut connections: Vec<Option<Owned>>,
    inbox: &Inbox<Arc<Connection<Sum>>>,
    bell: &Receiver<()>,
) -> usize {
    let mut random = Random(20);
    let (mut given, mut batch, mut streams) = (0, Vec::new(), Vec::new());
    while connections.iter().any(Option::is_some) {
        bell.recv().unwrap();
        inbox.take(&mut batch);
        for connection in batch.drain(..) {
            let troubled = connection.acknowledge();
            let place = &mut connections[connection.number];
            let Some(owned) = place else { continue };
            let mut over = troubled && connection.shared.trouble().is_some();
            let mut answer = BytesMut::new();
            let event = connection.shared.take(|_, input, _| {
                answer.extend_from_slice(input);
                true
            });
            if random.below(PUT_BACK) == 0 && matches!(event, Some(ReadEvent::Parsed(_))) {
                answer.clear();
                connection.shared.put_back();
                connection.notify();
            }
            owned.told.add(&answer);
            over |= event == Some(ReadEvent::Ended);
            let answers = !answer.is_empty() && connection.shared.push(&mut answer);
            // Half of the time the I/O thread reports the event as handled.
            let is_done = answers && random.below(2) == 0;
            if is_done {
                push(&owned.thread, Command::Answer(connection.clone()));
            } else if answers {
                push(&owned.thread, Command::Send(connection.clone()));
            }
            if random.below(GIVEN_BACK) == 0 {
                given += 1;
                over = true;
            } else if !is_done && connection.shared.done() {
                push(&owned.thread, Command::Wake(connection.clone()));
            }
            if over {
                streams.extend(place.take().map(detach));
            }
        }
        inbox.leave();
    }
    for stream in streams {
        stream.join().unwrap();
    }
    given
}

#[test]
fn connections_given_back_at_random_moments_lose_no_byte() {
    let (ring, bell) = channel();
    let inbox = Arc::new(Inbox::new(Box::new(move || ring.send(()).unwrap())));
    let mut threads = IoThreadPool::new();
    threads.enter();
    let (mut peers, mut connections) = (Vec::new(), Vec::new());
    for number in 0..CONNECTIONS {
        let (ours, theirs) = pair();
        let copy = OwnedFd::from(ours.try_clone().unwrap());
        let parser = Arc::new(Mutex::new(Sum::default()));
        let thread = threads.thread(number % THREADS).unwrap();
        let shared = SharedConnection::new(copy.into(), parser.clone(), false);
        let connection = Arc::new(Connection::new(shared, number, 1 << 16, inbox.clone()));
        push(&thread, Command::Open(connection.clone()));
        connections.push(Some(Owned {
            connection,
            parser,
            thread,
            stream: ours,
            told: Sum::default(),
        }));
        peers.push(peer(theirs, number as u64 + 1));
    }
    assert_eq!(threads.count(), THREADS);
    let given = own(connections, &inbox, &bell);
    for peer in peers {
        peer.join().unwrap();
    }
    assert!(given > 0, "none was given back");
    let threads = threads.leave();
    assert_eq!(threads.len(), THREADS);
    end(threads);
}

#[test]
fn a_closed_inbox_keeps_nothing_and_wakes_nobody() {
    let (ring, bell) = channel();
    let inbox = Inbox::new(Box::new(move || ring.send(()).unwrap()));
    let item = Arc::new(());
    assert_eq!(inbox.push(item.clone()), 1);
    inbox.close();
    assert_eq!(inbox.push(item.clone()), 0);
    inbox.wake();
    assert_eq!(Arc::strong_count(&item), 1);
    assert!(bell.try_recv().is_err());
}
