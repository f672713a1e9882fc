//! The I/O threads: each runs a tokio runtime of its own, with a task for each of its connections.
//!
//! A connection stays on its thread, so nothing is stolen or moved. What JavaScript has to say comes by post: letters to a
//! thread, and one ring of its bell for as many as there are.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::Result;
use std::mem::take;
use std::os::fd::{IntoRawFd, OwnedFd, RawFd};
use std::task::{Context, Poll};
use std::thread::{Builder, JoinHandle};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::Notify;

use super::inbox::{Inbox, RING_AT, Ring};
use super::link::{Feed, Link, Step, Wire};
use super::sync::{Arc, AtomicI32, AtomicU8, Mutex, Ordering, lock};
use crate::transport::io;

/// Bytes of the buffers into which a thread reads.
pub const BUFFER: usize = 64 * 1024;

/// What connections are watched for: see [`is_urgent`].
#[cfg(any(target_os = "linux", target_os = "android"))]
const WATCHED: Interest = Interest::READABLE.add(Interest::PRIORITY);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const WATCHED: Interest = Interest::READABLE;

/// The most that is thrown away of what a peer has sent to a connection that is closed.
const MOST_DROPPED: usize = 4 * BUFFER;

/// No descriptor.
const CLOSED: RawFd = -1;

/// A descriptor that is closed when its owner says so, or with its connection.
pub struct Descriptor(AtomicI32);

impl Descriptor {
    fn get(&self) -> RawFd {
        self.0.load(Ordering::Acquire)
    }

    fn close(&self) {
        let fd = self.0.swap(CLOSED, Ordering::AcqRel);
        if fd != CLOSED {
            // SAFETY: it was an OwnedFd's, and nobody finds it here any more.
            unsafe { libc::close(fd) };
        }
    }
}

impl From<OwnedFd> for Descriptor {
    fn from(fd: OwnedFd) -> Descriptor {
        Descriptor(AtomicI32::new(fd.into_raw_fd()))
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        self.close();
    }
}

impl Wire for Descriptor {
    fn receive(&self, buffer: &mut [u8]) -> Result<usize> {
        io::receive(self.get(), buffer)
    }

    fn send(&self, bytes: &[u8]) -> Result<usize> {
        io::send(self.get(), bytes, &[])
    }
}

/// Who is told that a descriptor is ready.
enum Watch {
    /// Nobody yet.
    Unwatched,
    /// The task of its connection.
    Watched(AsyncFd<RawFd>),
    /// Nobody any more.
    Over,
}

/// There is news, see [`Link::take`].
const READ: u8 = 1;
/// What is queued cannot be sent, see [`Link::trouble`].
const TROUBLE: u8 = 2;

/// A connection of a JavaScript thread. Its count of owners, which the I/O thread changes for each read, is in a line of its own; what
/// comes first here is touched for each read by both threads.
#[repr(C, align(64))]
pub struct Connection<F> {
    // What it is in the inbox for: READ, TROUBLE; 0 where it is not there.
    told: AtomicU8,
    /// Its number in its JavaScript thread.
    pub number: usize,
    /// What both threads do with it.
    pub link: Link<F, Descriptor>,
    // Words that a read may bring.
    room: usize,
    inbox: Arc<Inbox<Arc<Connection<F>>>>,
    watch: Mutex<Watch>,
}

impl<F: Feed> Connection<F> {
    /// A connection of the thread that looks into `inbox`. A read brings at most `room` words.
    pub fn new(
        link: Link<F, Descriptor>,
        number: usize,
        room: usize,
        inbox: Arc<Inbox<Arc<Connection<F>>>>,
    ) -> Connection<F> {
        Connection {
            link,
            number,
            room,
            inbox,
            told: AtomicU8::new(0),
            watch: Mutex::new(Watch::Unwatched),
        }
    }

    /// Has the JavaScript thread look at it, which is the one that calls.
    pub fn tell(self: &Arc<Self>) {
        if self.mark_told(READ) {
            let _ = self.inbox.push(self.clone());
            self.inbox.ring();
        }
    }

    /// Has the JavaScript thread look at it: when the calling I/O thread has nothing else to do, or enough to tell.
    fn tell_soon(self: &Arc<Self>, what: u8) {
        if self.mark_told(what) {
            if self.inbox.push(self.clone()) >= RING_AT {
                self.inbox.ring();
            } else {
                ring_soon(&self.inbox);
            }
        }
    }

    /// Marks it as told. False if it is in the inbox already.
    fn mark_told(&self, what: u8) -> bool {
        self.told.fetch_or(what, Ordering::AcqRel) == 0
    }

    /// The JavaScript thread looks at it: what comes from here on is told anew. Answers whether there may be trouble to look for.
    pub fn heard(&self) -> bool {
        self.told.swap(0, Ordering::AcqRel) & TROUBLE != 0
    }

    /// Closes the descriptor of a connection that was given back, so that it is the owner's alone when this returns: what he does with
    /// his own then happens at once, and in the order in which he does it. With `dropped`, a buffer, what the peer has sent until
    /// now is thrown away: closed with bytes that nobody has read, a connection is reset, and the peer may never see the last answer.
    pub fn close(&self, dropped: Option<&mut [u8]>) {
        *lock(&self.watch) = Watch::Over;
        if let Some(buffer) = dropped {
            let mut left = MOST_DROPPED;
            while let Ok(count @ 1..) = self.link.wire().receive(buffer) {
                left = left.saturating_sub(count);
                if count < buffer.len() || left == 0 {
                    break;
                }
            }
        }
        self.link.wire().close();
    }

    /// Has the calling task told when there is something to read. False if the owner has the connection back, or it cannot be polled.
    fn watch(self: &Arc<Self>) -> bool {
        let mut watch = lock(&self.watch);
        if !matches!(*watch, Watch::Unwatched) {
            return false;
        }
        let fd = self.link.wire().get();
        // SAFETY: the descriptor is open, and is closed only after this registration has ended: see `close`.
        let watched = unsafe { AsyncFd::register_with_interest(fd, WATCHED) };
        if let Ok(watched) = watched {
            *watch = Watch::Watched(watched);
            return true;
        }
        drop(watch);
        // What cannot be polled is no socket: its stream may know what to do with it.
        self.link.fail(libc::ENOTSOCK);
        self.tell_soon(READ);
        false
    }
}

/// What a thread is to do.
pub enum Letter<F> {
    /// To serve this connection from here on.
    Open(Arc<Connection<F>>),
    /// To send what is queued.
    Send(Arc<Connection<F>>),
    /// The same; and the owner has dealt with the news, see [`Link::done`].
    Answer(Arc<Connection<F>>),
    /// To have its task look again: it may read, or it is over.
    Wake(Arc<Connection<F>>),
}

struct Mail<F> {
    letters: Vec<Letter<F>>,
    closed: bool,
    // The thread has ended: nobody reads letters.
    over: bool,
}

struct Post<F> {
    mail: Mutex<Mail<F>>,
    bell: Notify,
}

/// An I/O thread, as others see it.
pub struct Lane<F>(Arc<Post<F>>);

impl<F> Clone for Lane<F> {
    fn clone(&self) -> Lane<F> {
        Lane(self.0.clone())
    }
}

impl<F: Feed> Lane<F> {
    fn start(number: usize) -> Result<(Lane<F>, JoinHandle<()>)> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .on_thread_park(ring_all)
            .build()?;
        let post = Arc::new(Post {
            mail: Mutex::new(Mail {
                letters: Vec::new(),
                closed: false,
                over: false,
            }),
            bell: Notify::new(),
        });
        let end = End(post.clone());
        let thread = Builder::new()
            .name(format!("http-io-{number}"))
            .spawn(move || {
                // Dropped behind the runtime and its tasks, also where it panics: tokio does so when it cannot poll.
                let end = end;
                let runtime = runtime;
                runtime.block_on(deliver(end.0.clone()));
            })?;
        Ok((Lane(post), thread))
    }

    /// Whether both are the same thread: one that has ended is none that has its number now.
    pub fn is(&self, other: &Lane<F>) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Takes letters, which are read at the next [`Lane::ring`].
    pub fn post(&self, letters: Vec<Letter<F>>) {
        let mut mail = lock(&self.0.mail);
        if !mail.over {
            mail.letters.extend(letters);
            return;
        }
        drop(mail);
        refuse(letters);
    }

    /// Wakes the thread.
    pub fn ring(&self) {
        self.0.bell.notify_one();
    }

    fn is_over(&self) -> bool {
        lock(&self.0.mail).over
    }

    fn close(&self) {
        lock(&self.0.mail).closed = true;
        self.ring();
    }
}

/// A thread ends: whoever was served there, or was to be, is told.
struct End<F: Feed>(Arc<Post<F>>);

impl<F: Feed> Drop for End<F> {
    fn drop(&mut self) {
        let letters = {
            let mut mail = lock(&self.0.mail);
            mail.over = true;
            take(&mut mail.letters)
        };
        refuse(letters);
        ring_all();
    }
}

/// Nobody reads these letters: the connections that they are about have failed.
fn refuse<F: Feed>(letters: Vec<Letter<F>>) {
    for letter in letters {
        let (Letter::Open(connection)
        | Letter::Send(connection)
        | Letter::Answer(connection)
        | Letter::Wake(connection)) = letter;
        if !connection.link.is_over() {
            connection.link.fail(libc::EIO);
            connection.tell();
        }
    }
}

/// Opens the letters of a thread until it is closed.
async fn deliver<F: Feed>(post: Arc<Post<F>>) {
    let mut letters = Vec::new();
    loop {
        post.bell.notified().await;
        let closed = {
            let mut mail = lock(&post.mail);
            std::mem::swap(&mut mail.letters, &mut letters);
            mail.closed
        };
        for letter in letters.drain(..) {
            match letter {
                Letter::Open(connection) => {
                    tokio::spawn(serve(connection));
                }
                Letter::Send(connection) => pump(&connection),
                Letter::Answer(connection) => {
                    pump(&connection);
                    if connection.link.done() {
                        connection.link.wake();
                    }
                }
                Letter::Wake(connection) => connection.link.wake(),
            }
        }
        if closed {
            return;
        }
    }
}

/// Sends what is queued, and tells the owner if it cannot be sent.
fn pump<F: Feed>(connection: &Arc<Connection<F>>) {
    if connection.link.pump() {
        connection.tell_soon(TROUBLE);
    }
}

/// Tells the owner if the task of a connection ends before its time.
struct Guard<F: Feed>(Arc<Connection<F>>);

impl<F: Feed> Drop for Guard<F> {
    fn drop(&mut self) {
        if !self.0.link.is_over() {
            self.0.link.fail(libc::EIO);
            self.0.tell_soon(READ);
        }
    }
}

async fn serve<F: Feed>(connection: Arc<Connection<F>>) {
    if !connection.watch() {
        return;
    }
    let guard = Guard(connection);
    poll_fn(|context| turn(&guard.0, context)).await;
}

thread_local! {
    // Those who have something to look at, and were not woken for it.
    static UNRUNG: RefCell<Vec<Arc<dyn Ring>>> = const { RefCell::new(Vec::new()) };
    // All reads of a thread go there first: a connection keeps no more than it has received.
    static INPUT: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER]);
}

/// Has the owner of this list woken when this thread has nothing else to do.
fn ring_soon<T: Send + 'static>(inbox: &Arc<Inbox<T>>) {
    UNRUNG.with_borrow_mut(|unrung| {
        if !unrung.iter().any(|other| is_same(other, inbox)) {
            unrung.push(inbox.clone());
        }
    });
}

fn is_same<T>(ring: &Arc<dyn Ring>, inbox: &Arc<Inbox<T>>) -> bool {
    Arc::as_ptr(ring).cast::<()>() == Arc::as_ptr(inbox).cast::<()>()
}

fn ring_all() {
    UNRUNG.with_borrow_mut(|unrung| {
        for ring in unrung.drain(..) {
            ring.ring();
        }
    });
}

/// Reads as long as there is something to read and somebody to take it. Ready when the connection is its owner's again.
fn turn<F: Feed>(connection: &Arc<Connection<F>>, context: &mut Context<'_>) -> Poll<()> {
    connection.link.keep_waker(context.waker());
    let watch = lock(&connection.watch);
    let Watch::Watched(watched) = &*watch else {
        return Poll::Ready(());
    };
    loop {
        let Poll::Ready(ready) = watched.poll_read_ready(context) else {
            return if connection.link.is_over() {
                Poll::Ready(())
            } else {
                Poll::Pending
            };
        };
        let Ok(mut guard) = ready else {
            return Poll::Ready(());
        };
        if guard.ready().is_read_closed() && is_hang_up(watched) {
            connection.link.hang_up();
        }
        let step = INPUT.with_borrow_mut(|input| connection.link.read(input, connection.room));
        match step {
            Step::Told(emptied) => {
                connection.tell_soon(READ);
                if emptied && !is_urgent(watched) {
                    guard.clear_ready();
                }
            }
            Step::Dry => guard.clear_ready(),
            Step::Stalled => return Poll::Pending,
            Step::Over => return Poll::Ready(()),
        }
    }
}

/// Whether the system has said that both sides are over: then nothing can be written either.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_hang_up(watched: &AsyncFd<RawFd>) -> bool {
    let mut hung_up = false;
    let _ = watched.try_io(Interest::WRITABLE, |_| -> Result<()> {
        hung_up = true;
        Ok(())
    });
    hung_up
}

// Elsewhere libuv is not told of it.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_hang_up(_watched: &AsyncFd<RawFd>) -> bool {
    false
}

/// Whether the last edge spoke of urgent data: a read ends there, whatever is behind it. Says so once for each such edge.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_urgent(watched: &AsyncFd<RawFd>) -> bool {
    let mut urgent = false;
    let _ = watched.try_io(Interest::PRIORITY, |_| -> Result<()> {
        urgent = true;
        // Forgets it.
        Err(std::io::ErrorKind::WouldBlock.into())
    });
    urgent
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_urgent(_watched: &AsyncFd<RawFd>) -> bool {
    false
}

/// The I/O threads of a process: as many as the server that asked for most, as long as anybody uses them.
pub struct Lanes<F> {
    lanes: Vec<(Lane<F>, JoinHandle<()>)>,
    users: usize,
}

impl<F: Feed> Lanes<F> {
    /// None yet.
    pub const fn new() -> Lanes<F> {
        Lanes {
            lanes: Vec::new(),
            users: 0,
        }
    }

    /// One more uses them.
    pub fn enter(&mut self) {
        self.users += 1;
    }

    /// One less uses them; after the last the threads end. What to wait for, with no lock held: [`end`].
    #[must_use]
    pub fn leave(&mut self) -> Vec<JoinHandle<()>> {
        self.users = self.users.saturating_sub(1);
        if self.users > 0 {
            return Vec::new();
        }
        take(&mut self.lanes)
            .into_iter()
            .map(|(lane, thread)| {
                lane.close();
                thread
            })
            .collect()
    }

    /// How many threads there are.
    pub fn count(&self) -> usize {
        self.lanes.len()
    }

    /// The thread of this number, started if need be.
    ///
    /// # Errors
    /// What the system says when it has no thread or descriptor left.
    pub fn lane(&mut self, number: usize) -> Result<Lane<F>> {
        if let Some(place) = self.lanes.get_mut(number)
            && place.0.is_over()
        {
            *place = Lane::start(number)?;
        }
        while self.lanes.len() <= number {
            let next = Lane::start(self.lanes.len())?;
            self.lanes.push(next);
        }
        Ok(self.lanes[number].0.clone())
    }
}

impl<F: Feed> Default for Lanes<F> {
    fn default() -> Lanes<F> {
        Lanes::new()
    }
}

/// Waits until threads have ended; they do nothing else any more.
pub fn end(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        // A panic of the thread was told to the connections that it had.
        let _ = thread.join();
    }
}
