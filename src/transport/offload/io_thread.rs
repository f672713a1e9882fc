//! The I/O threads: each runs a tokio runtime of its own, with a task for each of its connections.
//!
//! A connection stays on its thread, so nothing is stolen or moved. What JavaScript wants of it comes as commands to
//! the thread, with one wake-up for as many as there are.

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

/// Bytes of the buffers into which a thread reads.
pub const BUFFER: usize = 64 * 1024;

/// What connections are watched for: see [`is_urgent`].
#[cfg(any(target_os = "linux", target_os = "android"))]
const WATCHED: Interest = Interest::READABLE.add(Interest::PRIORITY);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const WATCHED: Interest = Interest::READABLE;

/// The most that is thrown away of what a peer has sent to a connection that is closed.
const MOST_DROPPED: usize = 4 * BUFFER;

/// In place of a descriptor that is closed.
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
            // SAFETY: it was an OwnedFd's, and it is not found here any more.
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

/// Whether the task of a connection is woken when its descriptor is ready.
enum Watch {
    /// Not yet.
    Unwatched,
    /// It is.
    Watched(AsyncFd<RawFd>),
    /// Not any more.
    Over,
}

/// There is an event, see [`SharedConnection::take`].
const READ: u8 = 1;
/// What is queued cannot be sent, see [`SharedConnection::trouble`].
const TROUBLE: u8 = 2;

/// A connection of a JavaScript thread. Its count of owners, which the I/O thread changes for each read, is in a line of its own; what
/// comes first here is touched for each read by both threads.
#[repr(C, align(64))]
pub struct Connection<F> {
    // What it is in the inbox for: READ, TROUBLE; 0 where it is not there.
    pending: AtomicU8,
    /// Its number in its JavaScript thread.
    pub number: usize,
    /// What both threads do with it.
    pub shared: SharedConnection<F, Descriptor>,
    // Words that a read may bring.
    room: usize,
    inbox: Arc<Inbox<Arc<Connection<F>>>>,
    watch: Mutex<Watch>,
}

impl<F: Parse> Connection<F> {
    /// A connection of the thread that looks into `inbox`. A read brings at most `room` words.
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

    /// Has the JavaScript thread look at it, which is the one that calls.
    pub fn notify(self: &Arc<Self>) {
        if self.mark_notified(READ) {
            let _ = self.inbox.push(self.clone());
            self.inbox.wake();
        }
    }

    /// Has the JavaScript thread look at it: when the calling I/O thread has nothing else to do, or enough for it.
    fn notify_soon(self: &Arc<Self>, what: u8) {
        if self.mark_notified(what) {
            if self.inbox.push(self.clone()) >= WAKE_THRESHOLD {
                self.inbox.wake();
            } else {
                wake_soon(&self.inbox);
            }
        }
    }

    /// Marks it as notified. False if it is in the inbox already.
    fn mark_notified(&self, what: u8) -> bool {
        self.pending.fetch_or(what, Ordering::AcqRel) == 0
    }

    /// The JavaScript thread looks at it: what comes from here on puts it into the inbox again. Returns whether there may be trouble.
    pub fn acknowledge(&self) -> bool {
        self.pending.swap(0, Ordering::AcqRel) & TROUBLE != 0
    }

    /// Closes the descriptor of a connection that was detached, so that its socket is the owner's alone when this returns: what the owner
    /// does with it then happens at once, and in that order. With `dropped`, a buffer, what the peer has sent until now is thrown
    /// away: a connection that is closed with unread bytes is reset, and the peer may lose the last answer.
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

    /// Has the calling task woken when there is something to read. False if the owner has the connection back, or it cannot be polled.
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
        // What cannot be polled is no socket: its stream may know what to do with it.
        self.shared.fail(libc::ENOTSOCK);
        self.notify_soon(READ);
        false
    }
}

/// What a thread is to do.
pub enum Command<F> {
    /// To serve this connection from here on.
    Open(Arc<Connection<F>>),
    /// To send what is queued.
    Send(Arc<Connection<F>>),
    /// The same; and the owner has dealt with the event, see [`SharedConnection::done`].
    Answer(Arc<Connection<F>>),
    /// To have its task look again: it may read, or it is over.
    Wake(Arc<Connection<F>>),
}

struct CommandQueue<F> {
    commands: Vec<Command<F>>,
    closed: bool,
    // The thread has ended: commands are not run any more.
    over: bool,
}

struct CommandInbox<F> {
    queue: Mutex<CommandQueue<F>>,
    waker: Notify,
}

/// An I/O thread, as others see it.
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
                // Dropped behind the runtime and its tasks, also where it panics: tokio does so when it cannot poll.
                let end = end;
                let runtime = runtime;
                runtime.block_on(run_commands(end.0.clone()));
            })?;
        Ok((IoThread(inbox), handle))
    }

    /// Whether both are the same thread: one that has ended is none that has its number now.
    pub fn is(&self, other: &IoThread<F>) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Takes commands, which are run at the next [`IoThread::wake`].
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

/// A thread ends: the connections that it served, or was to serve, fail.
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

/// These commands are not run any more: the connections that they are about have failed.
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
                    if connection.shared.done() {
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

/// Sends what is queued, and notifies the owner if it cannot be sent.
fn pump<F: Parse>(connection: &Arc<Connection<F>>) {
    if connection.shared.pump() {
        connection.notify_soon(TROUBLE);
    }
}

/// Notifies the owner if the task of a connection ends before its time.
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
    // Inboxes with something to look at, whose owners were not woken for it.
    static PENDING_WAKES: RefCell<Vec<Arc<dyn WakeOwner>>> = const { RefCell::new(Vec::new()) };
    // All reads of a thread go there first: a connection keeps no more than it has received.
    static INPUT: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER]);
}

/// Has the owner of this list woken when this thread has nothing else to do.
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

/// Reads as long as there is something to read and its owner keeps up. Ready when the connection is its owner's again.
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

// Elsewhere libuv does not see it.
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

/// The I/O threads of a process: as many as the server that asked for most, as long as they have users.
pub struct IoThreadPool<F> {
    threads: Vec<(IoThread<F>, JoinHandle<()>)>,
    users: usize,
}

impl<F: Parse> IoThreadPool<F> {
    /// None yet.
    pub const fn new() -> IoThreadPool<F> {
        IoThreadPool {
            threads: Vec::new(),
            users: 0,
        }
    }

    /// One more user.
    pub fn enter(&mut self) {
        self.users += 1;
    }

    /// One user less; after the last the threads end. What to wait for, with no lock held: [`end`].
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

    /// The thread of this number, started if need be.
    ///
    /// # Errors
    /// What the system says when it has no thread or descriptor left.
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

/// Waits until threads have ended; they do nothing else any more.
pub fn end(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        // A panic of the thread has failed its connections.
        let _ = thread.join();
    }
}
