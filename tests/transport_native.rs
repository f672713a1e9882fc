//! The life cycle of the native transport, with a host that is not a JavaScript thread.
#![cfg(all(unix, not(model)))]
#![allow(missing_docs)]

mod transport_support;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::rc::Rc;

use rust_http::transport::host::{DETACHED, Event, Fate, Transport};
use rust_http::transport::native::Native;
use transport_support::{FakeHost, Seen, Stream, pair, parser};

const REQUEST: &[u8] = b"GET /a HTTP/1.1\r\nHost: b\r\n\r\n";
const ALL: Event = Event::Parsed(REQUEST.len());

type Fake = Rc<Native<FakeHost>>;

fn native() -> Fake {
    Rc::new(Native::new(FakeHost::default(), true).expect("a transport"))
}

fn attach(native: &Fake, socket: &Stream) -> usize {
    native
        .attach(socket.as_raw_fd(), parser(), 1)
        .expect("a connection")
}

/// Level, connection and event of each call since the last look.
fn events(native: &Fake) -> Vec<(usize, usize, Event)> {
    let seen = native.host().seen();
    seen.into_iter()
        .map(|it| (it.level, it.connection, it.event))
        .collect()
}

/// Handles each event with a function that gets the transport.
fn handle(native: &Fake, handler: impl Fn(&Fake, &Seen) + 'static) {
    let transport = Rc::downgrade(native);
    native.host().handle(move |seen| {
        handler(&transport.upgrade().expect("it lives"), seen);
    });
}

fn read(peer: &mut Stream) -> String {
    let mut buffer = [0; 256];
    let count = peer.read(&mut buffer).expect("an answer");
    String::from_utf8_lossy(&buffer[..count]).into_owned()
}

#[test]
fn what_has_come_is_parsed_and_delivered_once() {
    let native = native();
    let (ours, mut peer) = pair();
    let connection = attach(&native, &ours);
    native.turn();
    assert_eq!(events(&native), []);
    peer.write_all(REQUEST).unwrap();
    native.turn();
    let seen = native.host().seen();
    assert_eq!((seen.len(), seen[0].connection), (1, connection));
    assert_eq!(seen[0].event, ALL);
    assert!(seen[0].text.contains("/a"), "{}", seen[0].text);
    native.turn();
    assert_eq!(events(&native), []);
    assert_eq!(native.counts(connection), (REQUEST.len() as u64, 0, 0));
}

#[test]
#[cfg_attr(miri, ignore)] // it has no ioctl()
fn content_is_read_into_memory_of_its_own_up_to_its_end() {
    let native = native();
    let (ours, mut peer) = pair();
    attach(&native, &ours);
    let mut texts = |bytes: &[u8]| {
        peer.write_all(bytes).unwrap();
        native.turn();
        let seen = native.host().seen().into_iter();
        seen.map(|it| (it.event, it.text)).collect::<Vec<_>>()
    };
    let piece = |count: usize| (Event::Parsed(count), "x".repeat(count));
    let head = b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 60000\r\n\r\n";
    assert_eq!(texts(head)[0].0, Event::Parsed(head.len()));
    assert_eq!(texts(&[b'x'; 20_000]), [piece(20_000)]);
    // A small read is copied, like content that comes with a head.
    let little = (Event::Parsed(100), String::new());
    assert_eq!(texts(&[b'x'; 100]), [little]);
    let mut rest = vec![b'x'; 39_900];
    rest.extend_from_slice(REQUEST);
    assert_eq!(texts(&rest), [piece(39_900)]);
    let next = texts(b"");
    assert_eq!(
        next.len(),
        1,
        "what is behind it comes without another edge"
    );
    assert!(next[0].0 == ALL && next[0].1.contains("/a"));
}

#[test]
#[cfg_attr(miri, ignore)] // it needs minutes for so many chunks
fn what_a_turn_has_left_of_a_connection_is_read_outside_of_it() {
    let native = native();
    let (ours, mut peer) = pair();
    let connection = attach(&native, &ours);
    // Chunks that make much work: a turn reads them in part.
    let mut request = b"POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..3000 {
        request.extend_from_slice(b"28\r\n0123456789012345678901234567890123456789\r\n");
    }
    peer.write_all(&request).unwrap();
    native.turn();
    let received = || native.counts(connection).0 as usize;
    assert!(received() < request.len());
    assert!(native.read_on(connection));
    native.read_rest(connection);
    assert_eq!(received(), request.len());
    assert!(!native.read_on(connection));
    // Later bytes have an edge.
    peer.write_all(b"1\r\nx\r\n").unwrap();
    native.host().seen();
    native.turn();
    assert_eq!(events(&native), [(0, connection, Event::Parsed(6))]);
}

#[test]
fn a_handler_has_its_connection_read_on_by_the_turn() {
    let native = native();
    let (ours, mut peer) = pair();
    attach(&native, &ours);
    handle(&native, |native, seen| {
        assert!(!native.read_on(seen.connection));
    });
    peer.write_all(REQUEST).unwrap();
    native.turn();
    assert_eq!(events(&native).len(), 1);
}

#[test]
fn bytes_of_a_connection_without_parser_come_as_they_are() {
    let native = native();
    let (ours, mut peer) = pair();
    let connection = attach(&native, &ours);
    assert!(native.set_parser(connection, None));
    peer.write_all(b"what").unwrap();
    native.turn();
    assert_eq!(events(&native), [(0, connection, Event::Unparsed(4))]);
}

#[test]
fn an_end_is_an_event_and_a_pause_keeps_all_back() {
    let native = native();
    let (ours, mut peer) = pair();
    let connection = attach(&native, &ours);
    native.pause(connection);
    peer.write_all(REQUEST).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    native.turn();
    assert_eq!(events(&native), []);
    native.resume(connection);
    native.turn();
    native.turn();
    let expected = [(0, connection, ALL), (0, connection, Event::Ended)];
    assert_eq!(events(&native), expected);
}

#[test]
fn what_is_corked_is_sent_behind_its_call() {
    let native = native();
    let (ours, mut peer) = pair();
    let connection = attach(&native, &ours);
    peer.set_nonblocking(true).unwrap();
    let silent = peer.try_clone().unwrap();
    handle(&native, move |native, seen| {
        assert_eq!(native.write_bytes(seen.connection, true, b"one "), 4);
        assert_eq!(native.write_bytes(seen.connection, true, b"two"), 7);
        native.host().cork(seen.level);
        assert!((&silent).read(&mut [0; 8]).is_err(), "nothing is sent yet");
    });
    peer.write_all(REQUEST).unwrap();
    native.turn();
    assert_eq!(read(&mut peer), "one two");
    assert_eq!(native.counts(connection).2, 0);
}

#[test]
fn what_the_kernel_does_not_take_is_reported_and_stays_in_the_queue() {
    let native = native();
    let (ours, mut peer) = pair();
    let connection = attach(&native, &ours);
    handle(&native, |native, seen| {
        if seen.event == ALL {
            native.write_bytes(seen.connection, true, &vec![b'x'; 8 << 20]);
            native.host().cork(seen.level);
        }
    });
    peer.write_all(REQUEST).unwrap();
    native.turn();
    let queued = native.counts(connection).2;
    assert!(queued > 0);
    let expected = [
        (0, connection, ALL),
        (0, connection, Event::Unsent(queued as i32)),
    ];
    assert_eq!(events(&native), expected);
    assert_eq!(native.take_queue(connection).len(), queued);
}

#[test]
fn a_loop_in_a_handler_delivers_the_rest_of_the_turn_at_a_level_of_its_own() {
    let native = native();
    let pairs: Vec<_> = (0..3).map(|_| pair()).collect();
    for (ours, _) in &pairs {
        attach(&native, ours);
    }
    assert!(!native.needs_turn());
    handle(&native, |native, seen| {
        assert!(native.needs_turn());
        if seen.level == 0 {
            native.write_bytes(seen.connection, true, b"held");
            native.host().cork(0);
            native.turn_of_iteration();
        }
    });
    for (_, peer) in &pairs {
        let mut peer = peer;
        peer.write_all(REQUEST).unwrap();
    }
    native.turn();
    let mut levels: Vec<_> = events(&native).into_iter().map(|it| it.0).collect();
    levels.sort_unstable();
    assert_eq!(levels, [0, 1, 1]);
    assert!(!native.needs_turn());
    let answered = pairs.iter().filter(|(_, peer)| {
        peer.set_nonblocking(true).unwrap();
        let mut peer = peer;
        peer.read(&mut [0; 8]).is_ok()
    });
    assert_eq!(answered.count(), 1, "the inner loop sends what is corked");
}

#[test]
fn a_parser_that_waits_for_an_answer_is_not_run_by_a_loop_in_its_handler() {
    let native = native();
    let (ours, mut peer) = pair();
    let session = parser();
    session.lock().unwrap().set_auto_continue(false);
    let connection = native.attach(ours.as_raw_fd(), session, 1).unwrap();
    let sender = peer.try_clone().unwrap();
    handle(&native, move |native, seen| {
        if seen.level == 0 && seen.event == ALL {
            (&sender).write_all(b"more").unwrap();
            native.turn_of_iteration();
        }
    });
    peer.write_all(REQUEST).unwrap();
    native.turn();
    assert_eq!(events(&native), [(0, connection, ALL)]);
    native.turn();
    assert_eq!(events(&native), [(0, connection, Event::Parsed(4))]);
}

#[test]
fn a_connection_that_its_handler_detaches_gets_no_further_event() {
    let native = native();
    let (ours, mut peer) = pair();
    let connection = attach(&native, &ours);
    handle(&native, |native, seen| {
        native.write_bytes(seen.connection, true, b"rest");
        native.host().cork(seen.level);
        let detached = native.detach(seen.connection, Fate::GivenBack);
        assert_eq!(detached.unsent, b"rest"[..]);
        assert_eq!(detached.received, REQUEST.len() as u64);
        assert!(!detached.ends);
    });
    peer.write_all(REQUEST).unwrap();
    native.turn();
    peer.write_all(REQUEST).unwrap();
    native.turn();
    assert_eq!(events(&native), [(0, connection, ALL)]);
    assert_eq!((native.count(), native.flush(connection)), (0, 0));
}

#[test]
#[cfg(any(target_os = "linux", target_os = "android"))]
#[cfg_attr(miri, ignore)] // TCP, which is all it has, is not hung up where the peer alone has closed it
fn the_end_of_a_connection_that_was_hung_up_and_detached_comes_behind_its_call() {
    let native = native();
    let (ours, mut peer) = pair();
    let connection = attach(&native, &ours);
    handle(&native, |native, seen| {
        if seen.event == ALL {
            assert!(native.detach(seen.connection, Fate::GivenBack).ends);
        }
    });
    peer.write_all(REQUEST).unwrap();
    drop(peer);
    native.turn();
    let expected = [(0, connection, ALL), (0, DETACHED, Event::Ended)];
    assert_eq!(events(&native), expected);
}

#[test]
fn a_panic_in_a_call_leaves_the_other_connections_served() {
    let native = native();
    let pairs = [pair(), pair()];
    let first = attach(&native, &pairs[0].0);
    attach(&native, &pairs[1].0);
    handle(&native, move |_, seen| {
        assert!(seen.connection != first, "on purpose");
    });
    for (_, peer) in &pairs {
        let mut peer = peer;
        peer.write_all(REQUEST).unwrap();
    }
    native.turn();
    native.turn();
    let mut connections: Vec<_> = events(&native).into_iter().map(|it| it.1).collect();
    connections.sort_unstable();
    assert_eq!(connections, [0, 1]);
    assert!(!native.needs_turn(), "no turn is open");
}

#[test]
fn a_thread_that_is_being_ended_is_not_notified() {
    let native = native();
    let pairs = [pair(), pair()];
    for (ours, peer) in &pairs {
        attach(&native, ours);
        let mut peer = peer;
        peer.write_all(REQUEST).unwrap();
    }
    handle(&native, |native, _| native.host().ended.set(true));
    native.turn();
    assert_eq!(events(&native).len(), 1);
    native.turn();
    assert_eq!(events(&native), []);
}

#[test]
fn what_is_queued_is_sent_when_the_process_exits_or_the_thread_ends() {
    let native = native();
    let (ours, mut peer) = pair();
    let connection = attach(&native, &ours);
    native.write_bytes(connection, true, b"last");
    native.exit();
    assert_eq!(read(&mut peer), "last");
    native.write_bytes(connection, true, b"words");
    native.shut_down();
    assert_eq!(read(&mut peer), "words");
}

#[test]
fn the_loop_stays_alive_while_any_connection_wants_it() {
    let native = native();
    for change in [1, 1, -1, -1, 2, -2] {
        native.keep_alive(change);
    }
    assert_eq!(*native.host().alive.borrow(), [true, false, true, false]);
}
