//! The I/O threads: each has its own tokio runtime, with one task for each of its connections.
//!
//! A connection stays on its thread, so nothing is stolen or moved. JavaScript sends commands to the thread, and wakes
//! it once for all of them.

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

use super::inbox::{Inbox, WAKE_THRESHOLD, WakeOwner};
use super::shared_connection::{Parse, SharedConnection, Socket, Step};
use super::sync::{Arc, AtomicI32, AtomicU8, Mutex, Ordering, lock};
use crate::transport::io;

/// Size of the buffers that a thread reads into.
pub const BUFFER: usize = 64 * 1024;

/// What connections are watched for: see [`is_urgent`].
#[cfg(all(any(target_os = "linux", target_os = "android"), not(miri)))]
const WATCHED: Interest = Interest::READABLE.add(Interest::PRIORITY);
// Miri has no such event.
#[cfg(any(miri, not(any(target_os = "linux", target_os = "android"))))]
const WATCHED: Interest = Interest::READABLE;

/// How many bytes from the peer are discarded, at most, when a connection is closed.
const MOST_DROPPED: usize = 4 * BUFFER;

/// Replaces the number of a closed descriptor.
const CLOSED: RawFd = -1;

/// A descriptor that its owner closes, or that is closed with its connection.
pub struct Descriptor(AtomicI32);

impl Descriptor {
    fn get(&self) -> RawFd {
        self.0.load(Ordering::Acquire)
    }

    /// Bytes that can be read now.
    pub fn available(&self) -> usize {
        io::available(self.get())
    }

    /// Has the connection reset when its last descriptor is closed.
    pub fn reset_when_closed(&self) {
        io::reset_when_closed(self.get());
    }

    fn close(&self) {
        let fd = self.0.swap(CLOSED, Ordering::AcqRel);
        if fd != CLOSED {
            // SAFETY: it came from an OwnedFd, and its number was just removed from here.
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

impl Socket for Descriptor {
    fn receive(&self, buffer: &mut [u8]) -> Result<usize> {
        io::receive(self.get(), buffer)
    }

    fn send(&self, bytes: &[u8]) -> Result<usize> {
        io::send(self.get(), bytes, &[])
    }
}

/// Whether the task of a connection is woken when the descriptor is ready.
enum Watch {
    /// Not yet.
    Unwatched,
    /// Yes.
    Watched(AsyncFd<RawFd>),
    /// No longer.
    Over,
}

/// There is an event: see [`SharedConnection::take`].
const READ: u8 = 1;
/// The queue cannot be sent: see [`SharedConnection::trouble`].
const TROUBLE: u8 = 2;

/// A connection of a JavaScript thread. Its reference count, which the I/O thread changes for each read, has a cache
/// line of its own. Both threads touch the first fields for each read.
#[repr(C, align(64))]
pub struct Connection<F> {
    // Why it is in the inbox: READ, TROUBLE; 0 if it is not there.
    pending: AtomicU8,
    /// Its number on its JavaScript thread.
    pub number: usize,
    /// The state that both threads use.
    pub shared: SharedConnection<F, Descriptor>,
    // Words that a read may bring.
    room: usize,
    inbox: Arc<Inbox<Arc<Connection<F>>>>,
    watch: Mutex<Watch>,
}

impl<F: Parse> Connection<F> {
    /// A connection of the thread that owns `inbox`. A read brings at most `room` words.
    pub fn new(
        shared: SharedConnection<F, Descriptor>,
        number: usize,
        room: usize,
        inbox: Arc<Inbox<Arc<Connection<F>>>>,
    ) -> Connection<F> {
        Connection {
            shared,
            number,
            room,
            inbox,
            pending: AtomicU8::new(0),
            watch: Mutex::new(Watch::Unwatched),
        }
    }

    /// Has the JavaScript thread, which is the caller, look at it.
    pub fn notify(self: &Arc<Self>) {
        if self.mark_notified(READ) {
            let _ = self.inbox.push(self.clone());
            self.inbox.wake();
        }
    }

    /// Has the JavaScript thread look at it once this I/O thread has nothing else to do, or has collected enough for
    /// it.
    fn notify_soon(self: &Arc<Self>, what: u8) {
        if self.mark_notified(what) {
            if self.inbox.push(self.clone()) >= WAKE_THRESHOLD {
                self.inbox.wake();
            } else {
                wake_soon(&self.inbox);
            }
        }
    }

    /// Marks it as notified. False if it is already in the inbox.
    fn mark_notified(&self, what: u8) -> bool {
        self.pending.fetch_or(what, Ordering::AcqRel) == 0
    }

    /// The JavaScript thread looks at it: later events put it into the inbox again. Returns whether there may be
    /// trouble.
    pub fn acknowledge(&self) -> bool {
        self.pending.swap(0, Ordering::AcqRel) & TROUBLE != 0
    }

    /// Closes the descriptor of a detached connection. When this returns, only the owner uses the socket: what the
    /// owner does with it happens at once, and in that order. With a buffer in `dropped`, what the peer has sent so far
    /// is discarded: closing a connection with unread bytes resets it, and the peer may lose the last answer.
    pub fn close(&self, dropped: Option<&mut [u8]>) {
        *lock(&self.watch) = Watch::Over;
        if let Some(buffer) = dropped {
            let mut left = MOST_DROPPED;
            while let Ok(count @ 1..) = self.shared.socket().receive(buffer) {
                left = left.saturating_sub(count);
                if count < buffer.len() || left == 0 {
                    break;
                }
            }
        }
        self.shared.socket().close();
    }

    /// Has the calling task woken when there is something to read. False if the owner has the connection back, or it
    /// cannot be polled.
    fn watch(self: &Arc<Self>) -> bool {
        let mut watch = lock(&self.watch);
        if !matches!(*watch, Watch::Unwatched) {
            return false;
        }
        let fd = self.shared.socket().get();
        // SAFETY: the descriptor is open, and is closed only after this registration has ended: see `close`.
        let watched = unsafe { AsyncFd::register_with_interest(fd, WATCHED) };
        if let Ok(watched) = watched {
            *watch = Watch::Watched(watched);
            return true;
        }
        drop(watch);
        // What cannot be polled is no socket. Its stream may be able to read it.
        self.shared.fail(libc::ENOTSOCK);
        self.notify_soon(READ);
        false
    }
}

/// A command to an I/O thread.
pub enum Command<F> {
    /// Serve this connection from now on.
    Open(Arc<Connection<F>>),
    /// Send its queue.
    Send(Arc<Connection<F>>),
    /// The same, and the owner is done with the event: see [`SharedConnection::done`].
    Answer(Arc<Connection<F>>),
    /// Have its task look again: it may read, or it is over.
    Wake(Arc<Connection<F>>),
}

struct CommandQueue<F> {
    commands: Vec<Command<F>>,
    closed: bool,
    // The thread has ended: commands no longer run.
    over: bool,
}

struct CommandInbox<F> {
    queue: Mutex<CommandQueue<F>>,
    waker: Notify,
}

/// The handle that other threads have of an I/O thread.
pub struct IoThread<F>(Arc<CommandInbox<F>>);

impl<F> Clone for IoThread<F> {
    fn clone(&self) -> IoThread<F> {
        IoThread(self.0.clone())
    }
}

impl<F: Parse> IoThread<F> {
    fn start(number: usize) -> Result<(IoThread<F>, JoinHandle<()>)> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .on_thread_park(wake_pending)
            .build()?;
        let inbox = Arc::new(CommandInbox {
            queue: Mutex::new(CommandQueue {
                commands: Vec::new(),
                closed: false,
                over: false,
            }),
            waker: Notify::new(),
        });
        let end = End(inbox.clone());
        let handle = Builder::new()
            .name(format!("http-io-{number}"))
            .spawn(move || {
                // Dropped after the runtime and its tasks, also if they panic: tokio does so when it cannot poll.
                let end = end;
                let runtime = runtime;
                runtime.block_on(run_commands(end.0.clone()));
            })?;
        Ok((IoThread(inbox), handle))
    }

    /// Whether both are the same thread. A thread that has ended differs from the one that has its number now.
    pub fn is(&self, other: &IoThread<F>) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Adds commands, which run at the next [`IoThread::wake`].
    pub fn push(&self, commands: Vec<Command<F>>) {
        let mut queue = lock(&self.0.queue);
        if !queue.over {
            queue.commands.extend(commands);
            return;
        }
        drop(queue);
        refuse(commands);
    }

    /// Wakes the thread.
    pub fn wake(&self) {
        self.0.waker.notify_one();
    }

    fn is_over(&self) -> bool {
        lock(&self.0.queue).over
    }

    fn close(&self) {
        lock(&self.0.queue).closed = true;
        self.wake();
    }
}

/// Runs when a thread ends: the connections that it served, or was to serve, fail.
struct End<F: Parse>(Arc<CommandInbox<F>>);

impl<F: Parse> Drop for End<F> {
    fn drop(&mut self) {
        let commands = {
            let mut queue = lock(&self.0.queue);
            queue.over = true;
            take(&mut queue.commands)
        };
        refuse(commands);
        wake_pending();
    }
}

/// These commands will not run: their connections fail.
fn refuse<F: Parse>(commands: Vec<Command<F>>) {
    for command in commands {
        let (Command::Open(connection)
        | Command::Send(connection)
        | Command::Answer(connection)
        | Command::Wake(connection)) = command;
        if !connection.shared.is_over() {
            connection.shared.fail(libc::EIO);
            connection.notify();
        }
    }
}

/// Runs the commands of a thread until it is closed.
async fn run_commands<F: Parse>(inbox: Arc<CommandInbox<F>>) {
    let mut commands = Vec::new();
    loop {
        inbox.waker.notified().await;
        let closed = {
            let mut queue = lock(&inbox.queue);
            std::mem::swap(&mut queue.commands, &mut commands);
            queue.closed
        };
        for command in commands.drain(..) {
            match command {
                Command::Open(connection) => {
                    tokio::spawn(serve(connection));
                }
                Command::Send(connection) => pump(&connection),
                Command::Answer(connection) => {
                    pump(&connection);
                    if connection.shared.done_by_command() {
                        connection.shared.wake();
                    }
                }
                Command::Wake(connection) => connection.shared.wake(),
            }
        }
        if closed {
            return;
        }
    }
}

/// Sends the queue of a connection, and notifies the owner if it cannot be sent.
fn pump<F: Parse>(connection: &Arc<Connection<F>>) {
    if connection.shared.pump() {
        connection.notify_soon(TROUBLE);
    }
}

/// Notifies the owner if the task of a connection ends too early.
struct Guard<F: Parse>(Arc<Connection<F>>);

impl<F: Parse> Drop for Guard<F> {
    fn drop(&mut self) {
        if !self.0.shared.is_over() {
            self.0.shared.fail(libc::EIO);
            self.0.notify_soon(READ);
        }
    }
}

async fn serve<F: Parse>(connection: Arc<Connection<F>>) {
    if !connection.watch() {
        return;
    }
    let guard = Guard(connection);
    poll_fn(|context| read_on(&guard.0, context)).await;
}

thread_local! {
    // Inboxes with new items, whose owners have not been woken for them.
    static PENDING_WAKES: RefCell<Vec<Arc<dyn WakeOwner>>> = const { RefCell::new(Vec::new()) };
    // Every read of the thread goes here first: a connection keeps only what it has received.
    static INPUT: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER]);
}

/// Has the owner of this inbox woken once this thread has nothing else to do.
fn wake_soon<T: Send + 'static>(inbox: &Arc<Inbox<T>>) {
    PENDING_WAKES.with_borrow_mut(|pending| {
        if !pending.iter().any(|other| is_same(other, inbox)) {
            pending.push(inbox.clone());
        }
    });
}

fn is_same<T>(other: &Arc<dyn WakeOwner>, inbox: &Arc<Inbox<T>>) -> bool {
    Arc::as_ptr(other).cast::<()>() == Arc::as_ptr(inbox).cast::<()>()
}

fn wake_pending() {
    PENDING_WAKES.with_borrow_mut(|pending| {
        for inbox in pending.drain(..) {
            inbox.wake();
        }
    });
}

/// Reads as long as there is something to read and the owner keeps up. Ready when the owner has the connection back.
fn read_on<F: Parse>(connection: &Arc<Connection<F>>, context: &mut Context<'_>) -> Poll<()> {
    connection.shared.keep_waker(context.waker());
    let watch = lock(&connection.watch);
    let Watch::Watched(watched) = &*watch else {
        return Poll::Ready(());
    };
    loop {
        let Poll::Ready(ready) = watched.poll_read_ready(context) else {
            return if connection.shared.is_over() {
                Poll::Ready(())
            } else {
                Poll::Pending
            };
        };
        let Ok(mut guard) = ready else {
            return Poll::Ready(());
        };
        if guard.ready().is_read_closed() && is_hang_up(watched) {
            connection.shared.hang_up();
        }
        let step = INPUT.with_borrow_mut(|input| connection.shared.read(input, connection.room));
        match step {
            Step::Answered(emptied, blocked) => {
                if blocked {
                    connection.notify_soon(TROUBLE);
                }
                if emptied && !is_urgent(watched) {
                    guard.clear_ready();
                }
            }
            Step::Event(emptied) | Step::Blocked(emptied) => {
                let trouble = if matches!(step, Step::Blocked(_)) {
                    TROUBLE
                } else {
                    0
                };
                connection.notify_soon(READ | trouble);
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

/// Whether the system reports both sides as closed: then nothing can be written either.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_hang_up(watched: &AsyncFd<RawFd>) -> bool {
    let mut hung_up = false;
    let _ = watched.try_io(Interest::WRITABLE, |_| -> Result<()> {
        hung_up = true;
        Ok(())
    });
    hung_up
}

// On other systems libuv does not see it.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_hang_up(_watched: &AsyncFd<RawFd>) -> bool {
    false
}

/// Whether the last edge reported urgent data: a read ends there even if more follows. True once for each such edge.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_urgent(watched: &AsyncFd<RawFd>) -> bool {
    let mut urgent = false;
    let _ = watched.try_io(Interest::PRIORITY, |_| -> Result<()> {
        urgent = true;
        // Clears it.
        Err(std::io::ErrorKind::WouldBlock.into())
    });
    urgent
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_urgent(_watched: &AsyncFd<RawFd>) -> bool {
    false
}

/// The I/O threads of a process: as many as the largest number a server has asked for, as long as they have users.
pub struct IoThreadPool<F> {
    threads: Vec<(IoThread<F>, JoinHandle<()>)>,
    users: usize,
}

impl<F: Parse> IoThreadPool<F> {
    /// No threads yet.
    pub const fn new() -> IoThreadPool<F> {
        IoThreadPool {
            threads: Vec::new(),
            users: 0,
        }
    }

    /// Adds a user.
    pub fn enter(&mut self) {
        self.users += 1;
    }

    /// Removes a user. The threads end with the last one. The caller passes what is returned to [`end`], with no lock
    /// held.
    #[must_use]
    pub fn leave(&mut self) -> Vec<JoinHandle<()>> {
        self.users = self.users.saturating_sub(1);
        if self.users > 0 {
            return Vec::new();
        }
        take(&mut self.threads)
            .into_iter()
            .map(|(thread, handle)| {
                thread.close();
                handle
            })
            .collect()
    }

    /// How many threads there are.
    pub fn count(&self) -> usize {
        self.threads.len()
    }

    /// The thread with this number, started if necessary.
    ///
    /// # Errors
    /// The error of the system if it has no thread or descriptor left.
    pub fn thread(&mut self, number: usize) -> Result<IoThread<F>> {
        if let Some(place) = self.threads.get_mut(number)
            && place.0.is_over()
        {
            *place = IoThread::start(number)?;
        }
        while self.threads.len() <= number {
            let next = IoThread::start(self.threads.len())?;
            self.threads.push(next);
        }
        Ok(self.threads[number].0.clone())
    }
}

impl<F: Parse> Default for IoThreadPool<F> {
    fn default() -> IoThreadPool<F> {
        IoThreadPool::new()
    }
}

/// Waits until threads that have been closed have ended.
pub fn end(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        // A panic of the thread has already failed its connections.
        let _ = thread.join();
    }
}
