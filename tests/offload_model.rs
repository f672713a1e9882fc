//! Tries every interleaving of the steps of a connection's task and its owner: none loses a byte, or touches a
//! connection that was given back.   RUSTFLAGS='--cfg model' cargo test --test offload_model --target-dir target/model
#![cfg(all(model, unix))]
#![allow(missing_docs)]

use std::io::{Error, ErrorKind, Result};
use std::mem::replace;

use bytes::BytesMut;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;
use rust_http::parser::Output;
use rust_http::transport::offload::inbox::{Inbox, WakeOwner};
use rust_http::transport::offload::shared_connection::{
    Parse, Resumed, SharedConnection, Socket, Step,
};

/// A parser that remembers what it parsed.
#[derive(Clone, Default)]
struct Bytes(Vec<u8>);

impl Parse for Bytes {
    fn run(&mut self, input: &[u8], _out: &mut Output, _room: usize) -> usize {
        self.0.extend_from_slice(input);
        input.len()
    }
}

/// A socket with bytes to read, which takes a limited number at a time.
struct Fake {
    incoming: Mutex<Vec<u8>>,
    sent: Mutex<Vec<u8>>,
    takes: usize,
    given_back: AtomicBool,
}

impl Fake {
    fn new(incoming: &[u8], takes: usize) -> Fake {
        Fake {
            incoming: Mutex::new(incoming.to_vec()),
            sent: Mutex::new(Vec::new()),
            takes,
            given_back: AtomicBool::new(false),
        }
    }

    fn untouched(&self) {
        assert!(
            !self.given_back.load(Ordering::SeqCst),
            "touched after it was given back"
        );
    }
}

impl Socket for Fake {
    fn receive(&self, buffer: &mut [u8]) -> Result<usize> {
        self.untouched();
        let mut incoming = self.incoming.lock().unwrap();
        if incoming.is_empty() {
            return Err(Error::from(ErrorKind::WouldBlock));
        }
        // One byte a read, so that there are several reads.
        buffer[0] = incoming.remove(0);
        Ok(1)
    }

    fn send(&self, bytes: &[u8]) -> Result<usize> {
        self.untouched();
        let count = bytes.len().min(self.takes);
        if count == 0 {
            return Err(Error::from(ErrorKind::WouldBlock));
        }
        self.sent.lock().unwrap().extend_from_slice(&bytes[..count]);
        Ok(count)
    }
}

type Linked = Arc<SharedConnection<Bytes, Fake>>;

fn linked(incoming: &[u8], takes: usize) -> (Linked, Arc<Mutex<Bytes>>) {
    let parser = Arc::new(Mutex::new(Bytes::default()));
    (
        Arc::new(SharedConnection::new(
            Fake::new(incoming, takes),
            parser.clone(),
            false,
        )),
        parser,
    )
}

/// A task that reads `times` times, or until the owner has the connection back.
fn reading(shared: &Linked, times: usize) -> thread::JoinHandle<()> {
    let shared = shared.clone();
    thread::spawn(move || {
        let mut buffer = [0; 8];
        for _ in 0..times {
            if matches!(shared.read(&mut buffer, 8), Step::Over) {
                break;
            }
        }
    })
}

/// The bytes still in the socket.
fn not_read(shared: &Linked) -> Vec<u8> {
    shared.socket().incoming.lock().unwrap().clone()
}

/// The bytes that the owner is notified of now, if any.
fn hear(shared: &Linked) -> Option<Vec<u8>> {
    let mut acknowledge = Vec::new();
    shared.take(|_, input, _| {
        acknowledge.extend_from_slice(input);
        true
    })?;
    Some(acknowledge)
}

#[test]
fn what_is_given_back_was_told_or_is_unread_or_was_not_read() {
    loom::model(|| {
        let (shared, parser) = linked(b"abc", 9);
        let task = reading(&shared, 3);
        let mut told = Vec::new();
        if let Some(acknowledge) = hear(&shared) {
            told.extend(acknowledge);
            shared.done();
        }
        let rest = shared.detach(&mut BytesMut::new());
        shared.socket().given_back.store(true, Ordering::SeqCst);
        // The parser is as it was before the unread bytes.
        assert_eq!(parser.lock().unwrap().0, told);
        assert_eq!(rest.received, told.len() as u64);
        task.join().unwrap();
        assert_eq!(
            [told, rest.unread.to_vec(), not_read(&shared)].concat(),
            b"abc"
        );
        assert!(shared.read(&mut [0; 8], 8) == Step::Over);
    });
}

#[test]
fn what_is_written_is_sent_once_and_in_order_or_given_back() {
    for takes in [0, 1, 9] {
        loom::model(move || {
            let (shared, _) = linked(b"", takes);
            let other = shared.clone();
            let task = thread::spawn(move || {
                other.pump();
                other.pump();
            });
            shared.push(&mut BytesMut::from(&b"ab"[..]));
            let mut unsent = bytes::Bytes::new();
            if takes == 9 {
                assert_eq!(shared.flush(&mut BytesMut::from(&b"c"[..])), Ok(0));
            } else {
                unsent = shared.take_queue(&mut BytesMut::from(&b"c"[..]));
            }
            let rest = shared.detach(&mut BytesMut::from(&b"d"[..]));
            shared.socket().given_back.store(true, Ordering::SeqCst);
            task.join().unwrap();
            let sent = shared.socket().sent.lock().unwrap().clone();
            assert_eq!(rest.sent, sent.len() as u64);
            assert_eq!(
                [sent, unsent.to_vec(), rest.unsent.to_vec()].concat(),
                b"abcd"
            );
        });
    }
}

#[test]
fn a_task_that_was_sent_away_is_woken() {
    loom::model(|| {
        let (shared, _) = linked(b"ab", 9);
        let other = shared.clone();
        let task = thread::spawn(move || {
            let mut buffer = [0; 8];
            (0..2).any(|_| other.read(&mut buffer, 8) == Step::Stalled)
        });
        let mut woken = false;
        if hear(&shared).is_some() {
            shared.pause();
            woken |= shared.done();
            woken |= shared.resume() == Resumed::Wake;
        }
        let stalled = task.join().unwrap();
        // Otherwise there is an event, and handling it wakes the task.
        if stalled && !woken {
            assert!(hear(&shared).is_some() && shared.done());
        }
    });
}

#[test]
fn a_task_that_says_itself_what_is_dealt_with_reads_on_or_is_woken() {
    loom::model(|| {
        let (shared, _) = linked(b"ab", 9);
        let command = Arc::new(AtomicBool::new(false));
        let (other, push) = (shared.clone(), command.clone());
        let task = thread::spawn(move || {
            let mut buffer = [0; 8];
            other.read(&mut buffer, 8);
            let woken = push.load(Ordering::SeqCst) && other.done_by_command();
            (woken, other.read(&mut buffer, 8) == Step::Stalled)
        });
        let acknowledge = hear(&shared).is_some();
        command.store(acknowledge, Ordering::SeqCst);
        shared.pause();
        let resumed = shared.resume();
        let (woken, stalled) = task.join().unwrap();
        // Otherwise the event is not handled yet, and handling it wakes the task.
        if stalled && !woken && resumed != Resumed::Wake {
            assert!((acknowledge || hear(&shared).is_some()) && shared.done());
        }
    });
}

#[test]
fn an_owner_that_reads_itself_is_done_once_with_each_event() {
    loom::model(|| {
        let (shared, parser) = linked(b"abc", 9);
        let mut told = Vec::new();
        assert_eq!(shared.read(&mut [0; 8], 8), Step::Event(true));
        told.extend(hear(&shared).expect("an event"));
        // The command that says so is under way.
        let other = shared.clone();
        let task = thread::spawn(move || {
            other.done_by_command();
            other.read(&mut [0; 8], 8);
        });
        shared.done_early();
        shared.read_full(&mut [0; 8], 8);
        let event = hear(&shared);
        let is_taken = event.is_some();
        told.extend(event.unwrap_or_default());
        task.join().unwrap();
        // Until the owner is done with what it took, nothing else is read.
        if is_taken {
            assert_eq!(shared.read(&mut [0; 8], 8), Step::Stalled);
            assert_eq!(parser.lock().unwrap().0, told);
            assert!(shared.done());
        }
    });
}

#[test]
fn news_that_a_pause_keeps_back_comes_after_it() {
    loom::model(|| {
        let (shared, _) = linked(b"a", 9);
        let other = shared.clone();
        let task = thread::spawn(move || other.read(&mut [0; 8], 8) == Step::Stalled);
        shared.pause();
        assert_eq!(hear(&shared), None);
        let resumed = shared.resume();
        let stalled = task.join().unwrap();
        match resumed {
            Resumed::Take => assert_eq!(hear(&shared), Some(b"a".to_vec())),
            Resumed::Wake => assert!(stalled),
            // The event had not come yet.
            Resumed::Nothing => assert!(!stalled && hear(&shared) == Some(b"a".to_vec())),
        }
    });
}

#[test]
fn what_is_in_the_inbox_was_taken_or_its_owner_is_woken() {
    loom::model(|| {
        let rung = Arc::new(Mutex::new(false));
        let bell = rung.clone();
        let inbox = Arc::new(Inbox::new(Box::new(move || *bell.lock().unwrap() = true)));
        let threads: Vec<_> = (0..2)
            .map(|item| {
                let inbox = inbox.clone();
                thread::spawn(move || {
                    let _ = inbox.push(item);
                    inbox.wake();
                })
            })
            .collect();
        let mut taken = 0;
        for _ in 0..2 {
            if replace(&mut *rung.lock().unwrap(), false) {
                let mut list = Vec::new();
                inbox.take(&mut list);
                taken += list.len();
                inbox.leave();
            }
        }
        for thread in threads {
            thread.join().unwrap();
        }
        assert!(taken == 2 || *rung.lock().unwrap());
    });
}

#[test]
fn what_is_put_back_is_told_again_or_is_unread() {
    loom::model(|| {
        let (shared, parser) = linked(b"ab", 9);
        let task = reading(&shared, 2);
        let mut told = Vec::new();
        if hear(&shared).is_some() {
            shared.put_back();
            told.extend(hear(&shared).expect("it waits again"));
            shared.done();
        }
        if hear(&shared).is_some() {
            shared.put_back();
        }
        let rest = shared.detach(&mut BytesMut::new());
        shared.socket().given_back.store(true, Ordering::SeqCst);
        assert_eq!(parser.lock().unwrap().0, told);
        task.join().unwrap();
        assert_eq!(
            [told, rest.unread.to_vec(), not_read(&shared)].concat(),
            b"ab"
        );
    });
}
