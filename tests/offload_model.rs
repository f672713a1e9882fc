//! Every order of steps that the task of a connection and its owner can take: none loses a byte, or touches a connection that
//! was given back.   RUSTFLAGS='--cfg model' cargo test --release --test offload_model --target-dir target/model
#![cfg(all(model, unix))]
#![allow(missing_docs)]

use std::io::{Error, ErrorKind, Result};
use std::mem::replace;

use loom::sync::atomic::{AtomicBool, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;
use rust_http::parser::Output;
use rust_http::transport::offload::inbox::{Inbox, Ring};
use rust_http::transport::offload::link::{Feed, Link, Resumed, Step, Wire};

/// Remembers what it parsed.
#[derive(Clone, Default)]
struct Bytes(Vec<u8>);

impl Feed for Bytes {
    fn run(&mut self, input: &[u8], _out: &mut Output, _room: usize) -> usize {
        self.0.extend_from_slice(input);
        input.len()
    }
}

/// A socket with bytes to read, which takes so many at a time.
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

impl Wire for Fake {
    fn receive(&self, buffer: &mut [u8]) -> Result<usize> {
        self.untouched();
        let mut incoming = self.incoming.lock().unwrap();
        if incoming.is_empty() {
            return Err(Error::from(ErrorKind::WouldBlock));
        }
        // One byte a read, so that there are several.
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

type Linked = Arc<Link<Bytes, Fake>>;

fn linked(incoming: &[u8], takes: usize) -> (Linked, Arc<Mutex<Bytes>>) {
    let feed = Arc::new(Mutex::new(Bytes::default()));
    (
        Arc::new(Link::new(Fake::new(incoming, takes), feed.clone(), false)),
        feed,
    )
}

/// A task that reads so many times, or until the connection is its owner's.
fn reading(link: &Linked, times: usize) -> thread::JoinHandle<()> {
    let link = link.clone();
    thread::spawn(move || {
        let mut buffer = [0; 8];
        for _ in 0..times {
            if matches!(link.read(&mut buffer, 8), Step::Over) {
                break;
            }
        }
    })
}

/// What is still in the socket.
fn not_read(link: &Linked) -> Vec<u8> {
    link.wire().incoming.lock().unwrap().clone()
}

/// What the owner is told now, if it is told anything.
fn hear(link: &Linked) -> Option<Vec<u8>> {
    let mut heard = Vec::new();
    link.take(|_, input, _| {
        heard.extend_from_slice(input);
        true
    })?;
    Some(heard)
}

#[test]
fn what_is_given_back_was_told_or_is_unread_or_was_not_read() {
    loom::model(|| {
        let (link, feed) = linked(b"abc", 9);
        let task = reading(&link, 3);
        let mut told = Vec::new();
        if let Some(heard) = hear(&link) {
            told.extend(heard);
            link.done();
        }
        let rest = link.give_back(&mut Vec::new());
        link.wire().given_back.store(true, Ordering::SeqCst);
        // The parser is as it was before what is unread.
        assert_eq!(feed.lock().unwrap().0, told);
        assert_eq!(rest.received, told.len() as u64);
        task.join().unwrap();
        assert_eq!([told, rest.unread, not_read(&link)].concat(), b"abc");
        assert!(link.read(&mut [0; 8], 8) == Step::Over);
    });
}

#[test]
fn what_is_written_is_sent_once_and_in_order_or_given_back() {
    for takes in [0, 1, 9] {
        loom::model(move || {
            let (link, _) = linked(b"", takes);
            let other = link.clone();
            let task = thread::spawn(move || {
                other.pump();
                other.pump();
            });
            link.post(&mut b"ab".to_vec());
            let mut unsent = Vec::new();
            if takes == 9 {
                assert_eq!(link.flush(&mut b"c".to_vec()), Ok(0));
            } else {
                unsent = link.take_queue(&mut b"c".to_vec());
            }
            let rest = link.give_back(&mut b"d".to_vec());
            link.wire().given_back.store(true, Ordering::SeqCst);
            task.join().unwrap();
            let sent = link.wire().sent.lock().unwrap().clone();
            assert_eq!(rest.sent, sent.len() as u64);
            assert_eq!([sent, unsent, rest.unsent].concat(), b"abcd");
        });
    }
}

#[test]
fn a_task_that_was_sent_away_is_woken() {
    loom::model(|| {
        let (link, _) = linked(b"ab", 9);
        let other = link.clone();
        let task = thread::spawn(move || {
            let mut buffer = [0; 8];
            (0..2).any(|_| other.read(&mut buffer, 8) == Step::Stalled)
        });
        let mut woken = false;
        if hear(&link).is_some() {
            link.pause();
            woken |= link.done();
            woken |= link.resume() == Resumed::Wake;
        }
        let stalled = task.join().unwrap();
        // Else there is news, and what follows it wakes the task.
        if stalled && !woken {
            assert!(hear(&link).is_some() && link.done());
        }
    });
}

#[test]
fn a_task_that_says_itself_what_is_dealt_with_reads_on_or_is_woken() {
    loom::model(|| {
        let (link, _) = linked(b"ab", 9);
        let letter = Arc::new(AtomicBool::new(false));
        let (other, post) = (link.clone(), letter.clone());
        let task = thread::spawn(move || {
            let mut buffer = [0; 8];
            other.read(&mut buffer, 8);
            let woken = post.load(Ordering::SeqCst) && other.done();
            (woken, other.read(&mut buffer, 8) == Step::Stalled)
        });
        let heard = hear(&link).is_some();
        letter.store(heard, Ordering::SeqCst);
        link.pause();
        let resumed = link.resume();
        let (woken, stalled) = task.join().unwrap();
        // Else the news is not dealt with yet, and who says so wakes the task.
        if stalled && !woken && resumed != Resumed::Wake {
            assert!((heard || hear(&link).is_some()) && link.done());
        }
    });
}

#[test]
fn news_that_a_pause_keeps_back_comes_after_it() {
    loom::model(|| {
        let (link, _) = linked(b"a", 9);
        let other = link.clone();
        let task = thread::spawn(move || other.read(&mut [0; 8], 8) == Step::Stalled);
        link.pause();
        assert_eq!(hear(&link), None);
        let resumed = link.resume();
        let stalled = task.join().unwrap();
        match resumed {
            Resumed::Take => assert_eq!(hear(&link), Some(b"a".to_vec())),
            Resumed::Wake => assert!(stalled),
            // It had not come yet.
            Resumed::Nothing => assert!(!stalled && hear(&link) == Some(b"a".to_vec())),
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
                    inbox.ring();
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
        let (link, feed) = linked(b"ab", 9);
        let task = reading(&link, 2);
        let mut told = Vec::new();
        if hear(&link).is_some() {
            link.put_back();
            told.extend(hear(&link).expect("it waits again"));
            link.done();
        }
        if hear(&link).is_some() {
            link.put_back();
        }
        let rest = link.give_back(&mut Vec::new());
        link.wire().given_back.store(true, Ordering::SeqCst);
        assert_eq!(feed.lock().unwrap().0, told);
        task.join().unwrap();
        assert_eq!([told, rest.unread, not_read(&link)].concat(), b"ab");
    });
}
