//! The life cycle of the offload transport, with a host that is not a JavaScript thread.
#![cfg(all(unix, not(model)))]
#![allow(missing_docs)]

mod transport_support;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rust_http::transport::host::{Event, Fate, Transport};
use rust_http::transport::offload::{Offload, thread_count};
use transport_support::{FakeHost, ROOM, Seen, Stream, pair, parser};

const REQUEST: &[u8] = b"GET /a HTTP/1.1\r\nHost: b\r\n\r\n";
const ALL: Event = Event::Parsed(REQUEST.len());

/// The I/O threads belong to the process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// A transport, and the channel through which its I/O threads wake it.
struct Running {
    offload: Rc<Offload<FakeHost>>,
    woken: Receiver<()>,
    _alone: MutexGuard<'static, ()>,
}

impl Running {
    fn new() -> Running {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let (wake, woken) = channel();
        let wake = Box::new(move || {
            let _ = wake.send(());
        });
        Running {
            offload: Rc::new(Offload::new(FakeHost::default(), ROOM, true, wake)),
            woken,
            _alone: alone,
        }
    }

    fn attach(&self, socket: &Stream) -> usize {
        self.offload
            .attach(socket.as_raw_fd(), parser(), 1)
            .expect("a connection")
    }

    /// Handles each event with a function that gets the transport.
    fn handle(&self, handler: impl Fn(&Offload<FakeHost>, &Seen) + 'static) {
        let transport = Rc::downgrade(&self.offload);
        self.offload.host().handle(move |seen| {
            handler(&transport.upgrade().expect("it lives"), seen);
        });
    }

    /// Runs turns until there are `count` events.
    fn until(&self, count: usize) -> Vec<Seen> {
        let mut seen = Vec::new();
        while seen.len() < count {
            self.woken
                .recv_timeout(Duration::from_secs(20))
                .expect("to be woken");
            self.offload.turn();
            seen.extend(self.offload.host().seen());
        }
        seen
    }

    /// Has two connections read in one batch, and returns the events, in the order of the inbox.
    fn batch_of_two(&self, pairs: &[(Stream, Stream)]) -> Vec<Seen> {
        for _ in 0..200 {
            self.offload.host().batches.borrow_mut().clear();
            for (_, peer) in pairs {
                let mut peer = peer;
                peer.write_all(REQUEST).expect("a request is sent");
            }
            std::thread::sleep(Duration::from_millis(20));
            self.offload.turn();
            let seen = self.offload.host().seen();
            if self.offload.host().batches.borrow().first() == Some(&2) {
                return seen;
            }
            if seen.len() < 2 {
                self.until(2 - seen.len());
            }
        }
        panic!("they never came together");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.offload.shut_down();
    }
}

fn events(seen: &[Seen]) -> Vec<(usize, usize, Event)> {
    seen.iter()
        .map(|it| (it.level, it.connection, it.event))
        .collect()
}

/// The bytes of events that have nothing else.
fn bytes_of(seen: &[Seen]) -> usize {
    seen.iter()
        .map(|it| match it.event {
            Event::Parsed(count) => count,
            other => panic!("{other:?}"),
        })
        .sum()
}

#[test]
fn requests_are_read_by_another_thread_and_their_answers_sent() {
    let running = Running::new();
    let (ours, mut peer) = pair();
    let connection = running.attach(&ours);
    running.handle(|offload, seen| {
        if seen.event == ALL {
            assert!(seen.text.contains("/a"));
            offload.write_bytes(seen.connection, false, b"answer");
        }
    });
    for _ in 0..3 {
        peer.write_all(REQUEST).unwrap();
        assert_eq!(events(&running.until(1)), [(0, connection, ALL)]);
        let mut answer = [0; 6];
        peer.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"answer");
    }
    assert!(!running.offload.set_parser(connection, None));
    peer.shutdown(Shutdown::Write).unwrap();
    assert_eq!(events(&running.until(1)), [(0, connection, Event::Ended)]);
}

#[test]
fn a_batch_has_sixteen_connections_at_most() {
    let running = Running::new();
    let pairs: Vec<_> = (0..40).map(|_| pair()).collect();
    for (ours, _) in &pairs {
        running.attach(ours);
    }
    for (_, peer) in &pairs {
        let mut peer = peer;
        peer.write_all(REQUEST).unwrap();
    }
    let mut connections: Vec<_> = running.until(40).iter().map(|it| it.connection).collect();
    connections.sort_unstable();
    assert_eq!(connections, (0..40).collect::<Vec<_>>());
    let batches = running.offload.host().batches.borrow();
    assert_eq!(batches.iter().sum::<usize>(), 40);
}

#[test]
fn what_a_handler_detaches_further_down_the_batch_comes_back_unread() {
    let running = Running::new();
    let pairs = [pair(), pair()];
    for (ours, _) in &pairs {
        running.attach(ours);
    }
    running.batch_of_two(&pairs);
    let unread = Rc::new(std::cell::RefCell::new(Vec::new()));
    let found = unread.clone();
    running.handle(move |offload, seen| {
        if *offload.host().batches.borrow().last().unwrap() == 2 {
            found
                .borrow_mut()
                .extend(offload.detach(1 - seen.connection, Fate::GivenBack).unread);
        }
    });
    assert_eq!(running.batch_of_two(&pairs).len(), 1);
    assert_eq!(*unread.borrow(), REQUEST);
    assert_eq!(running.offload.count(), 1);
}

/// A request whose body does not fit into one read.
fn large_request() -> Vec<u8> {
    let mut request = b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 150000\r\n\r\n".to_vec();
    request.resize(request.len() + 150_000, b'x');
    request
}

#[test]
#[cfg_attr(miri, ignore)] // it has no ioctl()
fn a_connection_that_is_read_on_is_read_whole_in_one_turn() {
    let running = Running::new();
    let (ours, mut peer) = pair();
    running.attach(&ours);
    running.handle(|offload, seen| assert!(!offload.read_on(seen.connection)));
    let request = large_request();
    peer.write_all(&request).unwrap();
    running.woken.recv_timeout(Duration::from_secs(20)).unwrap();
    running.offload.turn();
    assert_eq!(bytes_of(&running.offload.host().seen()), request.len());
    // Its task goes on behind it.
    peer.write_all(REQUEST).unwrap();
    assert_eq!(events(&running.until(1)), [(0, 0, ALL)]);
}

#[test]
#[cfg_attr(miri, ignore)] // it has no ioctl()
fn what_has_come_is_read_outside_of_a_turn_whether_its_task_has_read_it_or_not() {
    let running = Running::new();
    running.handle(|offload, seen| {
        offload.write_bytes(seen.connection, false, b"answer");
    });
    for round in 0..100 {
        let (ours, mut peer) = pair();
        let connection = running.attach(&ours);
        assert!(!running.offload.read_on(connection));
        peer.write_all(REQUEST).unwrap();
        let mut parsed = bytes_of(&running.until(1));
        // Its task may not know yet that the first request was handled, or may have read the second one.
        peer.write_all(REQUEST).unwrap();
        if round % 2 == 0 {
            peer.read_exact(&mut [0; 6]).unwrap();
        }
        assert!(running.offload.read_on(connection));
        running.offload.read_rest(connection);
        parsed += bytes_of(&running.offload.host().seen());
        assert_eq!(parsed, 2 * REQUEST.len());
        assert!(!running.offload.read_on(connection));
        // Its task goes on behind it.
        for _ in 0..3 {
            peer.write_all(REQUEST).unwrap();
            assert_eq!(events(&running.until(1)), [(0, connection, ALL)]);
        }
        peer.read_exact(&mut vec![0; 6 * (4 + round % 2)]).unwrap();
        running.offload.detach(connection, Fate::Closed);
    }
}

/// How the peer of a connection hears that it was closed, with bytes that were read and not delivered.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn end_of(fate: Fate) -> std::io::Result<usize> {
    let running = Running::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (ours, _) = listener.accept().unwrap();
    ours.set_nonblocking(true).unwrap();
    let connection = running
        .offload
        .attach(ours.as_raw_fd(), parser(), 1)
        .unwrap();
    peer.write_all(REQUEST).unwrap();
    running.woken.recv_timeout(Duration::from_secs(20)).unwrap();
    running.offload.detach(connection, fate);
    drop(ours);
    peer.read(&mut [0; 16])
}

#[test]
#[cfg(any(target_os = "linux", target_os = "android"))]
#[cfg_attr(miri, ignore)] // it has no SO_LINGER
fn a_connection_that_is_destroyed_with_undelivered_bytes_is_reset() {
    assert_eq!(end_of(Fate::Closed).unwrap(), 0);
    let error = end_of(Fate::Destroyed).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn what_a_handler_pauses_further_down_the_batch_waits_for_the_end_of_the_pause() {
    let running = Running::new();
    let pairs = [pair(), pair()];
    for (ours, _) in &pairs {
        running.attach(ours);
    }
    let seen = {
        running.batch_of_two(&pairs);
        running.batch_of_two(&pairs)
    };
    let (first, second) = (seen[0].connection, seen[1].connection);
    running.offload.pause(second);
    for (_, peer) in &pairs {
        let mut peer = peer;
        peer.write_all(REQUEST).unwrap();
    }
    assert_eq!(events(&running.until(1)), [(0, first, ALL)]);
    running.offload.resume(second);
    assert_eq!(events(&running.until(1)), [(0, second, ALL)]);
}

#[test]
fn a_loop_in_a_handler_delivers_the_rest_of_the_batch_at_a_level_of_its_own() {
    let running = Running::new();
    let pairs = [pair(), pair()];
    for (ours, _) in &pairs {
        running.attach(ours);
    }
    assert!(!running.offload.needs_turn());
    running.handle(|offload, seen| {
        assert!(offload.needs_turn());
        if seen.level == 0 && *offload.host().batches.borrow().last().unwrap() == 2 {
            offload.turn_of_iteration();
        }
    });
    let seen = running.batch_of_two(&pairs);
    let levels: Vec<_> = seen.iter().map(|it| it.level).collect();
    assert_eq!(levels, [0, 1]);
    // Both connections are read on.
    running.handle(|_, _| ());
    running.batch_of_two(&pairs);
}

#[test]
fn a_panic_in_a_call_leaves_the_rest_of_its_batch_served() {
    let running = Running::new();
    let pairs = [pair(), pair()];
    for (ours, _) in &pairs {
        running.attach(ours);
    }
    running.handle(|offload, _| {
        assert!(
            *offload.host().batches.borrow().last().unwrap() != 2,
            "on purpose"
        );
    });
    let first = running.batch_of_two(&pairs)[0].connection;
    running.handle(|_, _| ());
    assert_eq!(events(&running.until(1)), [(0, 1 - first, ALL)]);
}

#[test]
fn what_is_queued_is_sent_when_the_process_exits() {
    let running = Running::new();
    let (ours, mut peer) = pair();
    let connection = running.attach(&ours);
    running.offload.write_bytes(connection, true, b"last");
    running.offload.exit();
    let mut answer = [0; 4];
    peer.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"last");
}

#[test]
fn the_threads_live_as_long_as_a_server_or_a_connection() {
    let running = Running::new();
    assert_eq!(thread_count(), 0);
    let (ours, _peer) = pair();
    running.offload.keep_ready(1);
    let connection = running.attach(&ours);
    assert_eq!((thread_count(), running.offload.count()), (1, 1));
    running.offload.detach(connection, Fate::Closed);
    assert_eq!(thread_count(), 1);
    running.offload.keep_ready(-1);
    assert_eq!(thread_count(), 0);
    running.attach(&ours);
    running.offload.keep_ready(1);
    running.offload.shut_down();
    assert_eq!((thread_count(), running.offload.count()), (0, 0));
}
