//! A host that does JavaScript's part as `lib/transport/` does, and remembers what it was notified of.
#![allow(dead_code, missing_docs, reason = "each test file uses a part of it")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use rust_http::parser::session::{Session, SharedSession};
use rust_http::transport::frame::{
    CONTROL_WORDS, FINISHED, FIRST_RECORD, Frame, HANDLED, MAX_BATCH, RECORD_WORDS,
};
use rust_http::transport::host::{Event, Host, Texts};

/// Bytes in a frame's input.
pub const INPUT_BYTES: usize = 64 * 1024;
/// Words in a frame.
pub const ROOM: usize = 8192;

/// The memory of a frame, which is never freed.
#[derive(Clone, Copy)]
pub struct Memory {
    pub frame: Frame,
    pub input: *const u8,
    pub control: &'static [Cell<i32>],
}

impl Memory {
    /// New memory, all zeros.
    pub fn new() -> Memory {
        let input = Box::leak(vec![0_u8; INPUT_BYTES].into_boxed_slice());
        let words = Box::leak(vec![0_i32; ROOM].into_boxed_slice());
        let control: &'static [Cell<i32>] =
            Box::leak(vec![Cell::new(0); CONTROL_WORDS].into_boxed_slice());
        let start = control.as_ptr().cast_mut().cast();
        // SAFETY: all three live as long as the process.
        let frame = unsafe {
            Frame::new(
                (input.as_mut_ptr(), input.len()),
                (words.as_mut_ptr(), words.len()),
                start,
            )
        };
        Memory {
            frame,
            input: input.as_ptr(),
            control,
        }
    }
}

/// The texts of one call.
#[derive(Default)]
pub struct FakeTexts(pub Vec<Vec<u8>>);

impl Texts for FakeTexts {
    fn add(&mut self, text: &[u8]) {
        self.0.push(text.to_vec());
    }

    fn piece(&mut self, length: usize) -> Option<&mut [u8]> {
        self.0.push(vec![0; length]);
        self.0.last_mut().map(Vec::as_mut_slice)
    }

    fn count(&self) -> usize {
        self.0.len()
    }
}

/// The argument of a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub level: usize,
    pub connection: usize,
    pub event: Event,
    pub text: String,
}

type Handler = Rc<dyn Fn(&Seen)>;

/// A host without JavaScript.
#[derive(Default)]
pub struct FakeHost {
    memory: RefCell<Vec<Memory>>,
    seen: RefCell<Vec<Seen>>,
    handler: RefCell<Option<Handler>>,
    /// The sizes of the batches.
    pub batches: RefCell<Vec<usize>>,
    /// Each value passed to `keep_loop_alive`.
    pub alive: RefCell<Vec<bool>>,
    /// Whether the thread is ending.
    pub ended: Cell<bool>,
}

impl FakeHost {
    /// Sets the function that handles each event.
    pub fn handle(&self, handler: impl Fn(&Seen) + 'static) {
        *self.handler.borrow_mut() = Some(Rc::new(handler));
    }

    /// What it was notified of since the last call.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.take()
    }

    /// Corks the answers of the current call.
    pub fn cork(&self, level: usize) {
        self.memory.borrow()[level].control[0].set(1);
    }

    fn deliver(&self, seen: Seen) {
        self.seen.borrow_mut().push(seen.clone());
        let handler = self.handler.borrow().clone();
        if let Some(handler) = handler {
            handler(&seen);
        }
    }
}

impl Host for FakeHost {
    type Texts = FakeTexts;

    fn frame(&self, level: usize) -> Option<Frame> {
        let mut memory = self.memory.borrow_mut();
        while memory.len() <= level {
            memory.push(Memory::new());
        }
        (!self.ended.get()).then(|| memory[level].frame)
    }

    fn texts(&self) -> FakeTexts {
        FakeTexts::default()
    }

    fn notify(&self, level: usize, connection: usize, event: Event, texts: FakeTexts) -> bool {
        let control = self.memory.borrow()[level].control;
        let texts: Vec<String> = texts
            .0
            .into_iter()
            .map(|text| String::from_utf8(text).expect("heads of ASCII"))
            .collect();
        if let Event::Batch(count) = event {
            assert!((1..=MAX_BATCH).contains(&count) && texts.len() == count);
            self.batches.borrow_mut().push(count);
            for (place, text) in texts.into_iter().enumerate() {
                let first = FIRST_RECORD + RECORD_WORDS * place;
                let Ok(connection) = usize::try_from(control[first].get()) else {
                    continue;
                };
                control[first].set(HANDLED);
                let event = Event::Parsed(control[first + 2].get() as usize);
                self.deliver(Seen {
                    level,
                    connection,
                    event,
                    text,
                });
                control[first].set(FINISHED);
            }
        } else {
            let text = texts.into_iter().next().unwrap_or_default();
            self.deliver(Seen {
                level,
                connection,
                event,
                text,
            });
            if matches!(event, Event::Parsed(_)) {
                control[FIRST_RECORD].set(FINISHED);
            }
        }
        !self.ended.get()
    }

    fn keep_loop_alive(&self, alive: bool) {
        self.alive.borrow_mut().push(alive);
    }
}

/// A parser of requests that does not stop at heads.
pub fn parser() -> SharedSession {
    let mut session = Session::default();
    session.set_auto_continue(true);
    Arc::new(Mutex::new(session))
}

/// One end of a connection.
#[cfg(not(miri))]
pub type Stream = std::os::unix::net::UnixStream;
/// Miri has send() and recv() of TCP alone.
#[cfg(miri)]
pub type Stream = std::net::TcpStream;

#[cfg(not(miri))]
fn streams() -> std::io::Result<(Stream, Stream)> {
    Stream::pair()
}

#[cfg(miri)]
fn streams() -> std::io::Result<(Stream, Stream)> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let peer = Stream::connect(listener.local_addr()?)?;
    Ok((listener.accept()?.0, peer))
}

/// Our end, which does not block, and the peer's.
pub fn pair() -> (Stream, Stream) {
    let (ours, peer) = streams().expect("two sockets");
    ours.set_nonblocking(true).expect("a socket");
    (ours, peer)
}
