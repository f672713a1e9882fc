//! What the native transport notifies JavaScript of: one call for each ready connection.

use std::cell::{Cell, RefCell};
use std::io::Result;
use std::os::fd::RawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::reactor::{Reactor, Read};
use crate::parser::Output;
use crate::parser::answers::Answers;
use crate::parser::session::{SharedSession, is_done, lock};
use crate::transport::frame::Frame;
use crate::transport::host::{
    Append, DETACHED, Detached, Event, Fate, Host, LoopRef, NotAppended, Texts, Transport,
};
use crate::transport::turn::Turn;

/// What happens to the bytes of a connection.
#[derive(Clone)]
enum Reader {
    /// They are parsed.
    Parser(SharedSession),
    /// JavaScript gets them unparsed.
    Raw,
    /// JavaScript is notified, and the bytes stay in the socket.
    Notice,
}

/// A connection whose bytes JavaScript is being notified of.
struct Delivery {
    connection: usize,
    frame: Frame,
    // Whether its parser waits for JavaScript's answer to these bytes.
    waits: bool,
    // Whether it was detached, and an end follows these bytes that its stream has to be told of.
    ends: bool,
}

/// The native transport of one JavaScript thread.
pub struct Native<H> {
    host: H,
    // The number of open turns: a handler of one may run the loop, and so begin the next.
    open: Cell<usize>,
    // One for each open turn with bytes that are parsed.
    deliveries: RefCell<Vec<Delivery>>,
    reactor: RefCell<Reactor<Reader>>,
    output: RefCell<Output>,
    // The text of one write.
    scratch: RefCell<BytesMut>,
    // The fixed answers to one read.
    answered: RefCell<Vec<u8>>,
    loop_ref: LoopRef,
}

impl<H: Host> Native<H> {
    /// A transport without connections. For `ends_at_hang_up` see [`HangUp::new`](crate::transport::HangUp::new).
    ///
    /// # Errors
    /// The error of the system if it has no descriptor left.
    pub fn new(host: H, ends_at_hang_up: bool) -> Result<Native<H>> {
        Ok(Native {
            host,
            open: Cell::new(0),
            deliveries: RefCell::default(),
            reactor: RefCell::new(Reactor::new(ends_at_hang_up)?),
            output: RefCell::new(Output::new()),
            scratch: RefCell::default(),
            answered: RefCell::default(),
            loop_ref: LoopRef::default(),
        })
    }

    /// The descriptor that becomes readable when a connection is ready. [`Transport::turn`] is due then.
    pub fn as_raw_fd(&self) -> RawFd {
        self.reactor.borrow().as_raw_fd()
    }

    /// A panic must not unwind into the event loop. The connection that caused it is left to its timeout.
    fn guarded(&self, collects: bool) {
        let (open, deliveries) = (self.open.get(), self.deliveries.borrow().len());
        self.open.set(open + 1);
        let _ = catch_unwind(AssertUnwindSafe(|| self.run(collects)));
        self.deliveries.borrow_mut().truncate(deliveries);
        self.open.set(open);
    }

    /// Reads every ready connection once, and notifies JavaScript of what each brought. A turn within a handler goes on
    /// where the outer turn is. `collects`: asks the system what is ready.
    fn run(&self, collects: bool) {
        let Some(turn) = Turn::begin(&self.host) else {
            return;
        };
        if collects {
            self.reactor.borrow_mut().collect();
        }
        loop {
            let Some(index) = self.reactor.borrow_mut().next_ready() else {
                return;
            };
            if self.waits(index) {
                self.reactor.borrow_mut().defer(index);
                continue;
            }
            let reader = self.reactor.borrow().data(index).cloned();
            let goes_on = match reader {
                Some(Reader::Parser(session)) => self.read(&turn, index, Some(&session)),
                Some(Reader::Notice) => turn.notify(index, Event::Readable, None),
                Some(Reader::Raw) | None => self.read(&turn, index, None),
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Reads a connection once and notifies JavaScript. If the parser expects only content, that is read into memory
    /// that JavaScript then owns. False if JavaScript no longer runs.
    fn read(&self, turn: &Turn<'_, H>, index: usize, session: Option<&SharedSession>) -> bool {
        let (content, answers) = session.map_or((0, false), |it| {
            let it = lock(it);
            (it.content_ahead(), it.may_answer())
        });
        let piece = self.reactor.borrow().piece_there(index, content);
        let mut texts = turn.texts();
        let memory = piece.and_then(|it| Some((it, texts.piece(it.length)?)));
        // SAFETY: no JavaScript runs while the slice is used, and there is no other one: the next is made after its
        // last use.
        let input = || unsafe { turn.frame.input() };
        let (read, bytes, owned) = match memory {
            Some((piece, memory)) => {
                let read = self.reactor.borrow_mut().read_piece(index, piece, memory);
                (read, memory, true)
            }
            None => {
                let input = input();
                let read = self.reactor.borrow_mut().read(index, input);
                (read, input, false)
            }
        };
        let mut count = match read {
            Read::Bytes(count) => count,
            Read::Later => return true,
            Read::Ended => return turn.notify(index, Event::Ended, None),
            Read::Failed(number) => return turn.notify(index, Event::Failed(number), None),
        };
        let Some(session) = session else {
            return turn.notify(index, Event::Unparsed(count), None);
        };
        let mut is_blocked = false;
        if answers {
            let taken;
            (taken, is_blocked) = self.answer(index, session, &bytes[..count]);
            if taken > 0 {
                bytes.copy_within(taken..count, 0);
                count -= taken;
            }
            if count == 0 {
                self.reactor.borrow_mut().record(index, taken, 0);
                return self.behind_answers(turn, index);
            }
        }
        let mut output = self.output.borrow_mut();
        let parsed = lock(session).run(&bytes[..count], &mut output, turn.frame.room());
        let words = turn.frame.show(0, &output.words);
        self.reactor.borrow_mut().record(index, parsed, words);
        // A read that ends early, as at urgent data, does not fill its memory.
        let is_whole = owned && count == bytes.len();
        if owned && !is_whole {
            input()[..count].copy_from_slice(&bytes[..count]);
            drop(texts);
            texts = turn.texts();
        }
        if !is_whole {
            texts.add(&output.text);
        }
        let waits = !is_done(&output);
        drop(output);
        if waits {
            turn.frame.set_record(0, index, 0, count);
        }
        self.deliveries.borrow_mut().push(Delivery {
            connection: index,
            frame: turn.frame,
            waits,
            ends: false,
        });
        let goes_on = turn.notify_with(index, Event::Parsed(count), texts);
        self.end_delivery(turn, goes_on, is_blocked)
    }

    /// Sends the fixed answers to the requests at the start of `bytes`. Returns how many bytes those requests took, and
    /// whether the kernel did not take all of the answers: the rest is queued, and JavaScript has to be notified.
    fn answer(&self, index: usize, session: &SharedSession, bytes: &[u8]) -> (usize, bool) {
        let mut answers = self.answered.borrow_mut();
        let mut taken = 0;
        loop {
            answers.clear();
            let count = lock(session).answer_fixed(&bytes[taken..], &mut answers);
            if count == 0 {
                return (taken, false);
            }
            taken += count;
            if send_all(&mut self.reactor.borrow_mut(), index, &answers) != 0 {
                lock(session).forbid();
                return (taken, true);
            }
        }
    }

    /// Everything read got its fixed answers: notifies JavaScript of an end or of unsent bytes, if there are any.
    fn behind_answers(&self, turn: &Turn<'_, H>, index: usize) -> bool {
        if self.reactor.borrow_mut().is_over(index) {
            return turn.notify(index, Event::Ended, None);
        }
        self.notify_of_unsent(turn, index)
    }

    /// Notifies JavaScript of fixed answers that are not sent yet.
    fn notify_of_unsent(&self, turn: &Turn<'_, H>, index: usize) -> bool {
        let left = self.reactor.borrow().counts(index).2;
        left == 0 || turn.notify(index, Event::Unsent(left as i32), None)
    }

    /// JavaScript is done with the last delivery: sends the answers to pipelined requests that were queued meanwhile,
    /// and notifies it of an end that follows. `is_blocked`: earlier fixed answers may still be queued. Returns whether
    /// JavaScript goes on.
    fn end_delivery(&self, turn: &Turn<'_, H>, mut goes_on: bool, is_blocked: bool) -> bool {
        let Some(delivery) = self.deliveries.borrow_mut().pop() else {
            return goes_on;
        };
        let index = delivery.connection;
        if delivery.waits {
            self.reactor.borrow_mut().catch_up(index);
        }
        if let Some(stays) = turn.frame.take_corked() {
            goes_on &= self.end_cork(turn, index, stays);
        }
        if goes_on && is_blocked && index != DETACHED {
            goes_on = self.notify_of_unsent(turn, index);
        }
        if goes_on && (delivery.ends || self.reactor.borrow_mut().is_over(index)) {
            return turn.notify(index, Event::Ended, None);
        }
        goes_on
    }

    /// Whether the connection's parser waits for an answer of JavaScript, which is still handling earlier bytes.
    fn waits(&self, index: usize) -> bool {
        self.deliveries
            .borrow()
            .iter()
            .any(|it| it.waits && it.connection == index && !it.frame.is_finished(0))
    }

    /// The answers corked during a turn are due. If the connection stays corked, JavaScript knows which of them. False
    /// if it no longer runs.
    fn end_cork(&self, turn: &Turn<'_, H>, index: usize, stays: bool) -> bool {
        if stays {
            return index == DETACHED || turn.notify(index, Event::Unsent(0), None);
        }
        let left = send_all(&mut self.reactor.borrow_mut(), index, &[]);
        left == 0 || turn.notify(index, Event::Unsent(left), None)
    }

    /// Sends what the open turns would keep corked until they end.
    fn uncork_all(&self) {
        let Some(turn) = Turn::begin(&self.host) else {
            return;
        };
        let corked: Vec<(usize, bool)> = self
            .deliveries
            .borrow()
            .iter()
            .filter_map(|it| Some((it.connection, it.frame.take_corked()?)))
            .collect();
        for (index, stays) in corked {
            self.end_cork(&turn, index, stays);
        }
    }
}

impl<H: Host> Transport for Native<H> {
    type Host = H;

    fn host(&self) -> &H {
        &self.host
    }

    fn attach(&self, fd: i32, parser: SharedSession, _threads: usize) -> Result<usize> {
        self.reactor.borrow_mut().attach(fd, Reader::Parser(parser))
    }

    fn watch(&self, fd: i32) -> Result<usize> {
        self.reactor.borrow_mut().attach(fd, Reader::Notice)
    }

    fn set_parser(&self, index: usize, parser: Option<SharedSession>) -> bool {
        let reader = parser.map_or(Reader::Raw, Reader::Parser);
        self.reactor.borrow_mut().set_data(index, reader);
        true
    }

    fn permit(&self, index: usize, answers: &Arc<Answers>, left: u32) {
        if let Some(Reader::Parser(session)) = self.reactor.borrow().data(index) {
            lock(session).permit(answers, left);
        }
    }

    fn detach(&self, index: usize, fate: Fate) -> Detached {
        let closing = fate != Fate::GivenBack;
        let mut reactor = self.reactor.borrow_mut();
        let mut ends = false;
        for delivery in self.deliveries.borrow_mut().iter_mut() {
            if delivery.connection == index {
                delivery.connection = DETACHED;
                delivery.ends = !closing && reactor.is_over(index);
                ends |= delivery.ends;
            }
        }
        let (received, sent, _) = reactor.counts(index);
        let unsent = if closing {
            reactor.forget(index)
        } else {
            reactor.detach(index)
        };
        Detached {
            unsent,
            received,
            sent,
            ends,
            ..Detached::default()
        }
    }

    fn read_on(&self, index: usize) -> bool {
        self.reactor.borrow_mut().read_on(index) && self.open.get() == 0
    }

    fn read_rest(&self, _index: usize) {
        self.guarded(false);
    }

    fn pause(&self, index: usize) {
        self.reactor.borrow_mut().pause(index);
    }

    fn resume(&self, index: usize) {
        self.reactor.borrow_mut().resume(index);
    }

    fn count(&self) -> usize {
        self.reactor.borrow().len()
    }

    fn keep_alive(&self, change: isize) {
        self.loop_ref.change(&self.host, change);
    }

    fn write(
        &self,
        index: usize,
        hold: bool,
        append: Append<'_>,
    ) -> std::result::Result<i32, NotAppended> {
        let mut reactor = self.reactor.borrow_mut();
        if hold && !reactor.is_hung_up(index) {
            let Some(queue) = reactor.queue(index) else {
                return Ok(0);
            };
            append(queue)?;
            return Ok(queue.len() as i32);
        }
        let mut scratch = self.scratch.borrow_mut();
        scratch.clear();
        append(&mut scratch)?;
        Ok(send_all(&mut reactor, index, &scratch))
    }

    fn write_bytes(&self, index: usize, hold: bool, bytes: &[u8]) -> i32 {
        let mut reactor = self.reactor.borrow_mut();
        if !hold || reactor.is_hung_up(index) {
            return send_all(&mut reactor, index, bytes);
        }
        let Some(queue) = reactor.queue(index) else {
            return 0;
        };
        queue.extend_from_slice(bytes);
        queue.len() as i32
    }

    fn flush(&self, index: usize) -> i32 {
        send_all(&mut self.reactor.borrow_mut(), index, &[])
    }

    fn uncork(&self, index: usize) -> i32 {
        self.flush(index)
    }

    fn take_queue(&self, index: usize) -> Bytes {
        self.reactor
            .borrow_mut()
            .queue(index)
            .map(|queue| std::mem::take(queue).freeze())
            .unwrap_or_default()
    }

    fn counts(&self, index: usize) -> (u64, u64, usize) {
        self.reactor.borrow().counts(index)
    }

    fn turn(&self) {
        self.guarded(true);
    }

    /// A handler runs the loop within one of our turns: what that turn has collected is delivered there, since no
    /// descriptor becomes ready for it again. The same holds for connections for which the system refused another edge.
    fn needs_turn(&self) -> bool {
        !self.deliveries.borrow().is_empty()
            || self
                .reactor
                .try_borrow()
                .is_ok_and(|reactor| reactor.needs_turn())
    }

    fn turn_of_iteration(&self) {
        self.uncork_all();
        self.turn();
    }

    fn exit(&self) {
        if let Ok(mut reactor) = self.reactor.try_borrow_mut() {
            reactor.flush_all();
        }
    }

    fn shut_down(&self) {
        self.exit();
    }
}

/// Sends the queue, then `more`. The queue keeps what the socket does not take.
fn send_all(reactor: &mut Reactor<Reader>, index: usize, more: &[u8]) -> i32 {
    let queued = reactor.queue(index).map_or(0, |queue| queue.len());
    match reactor.send(index, more) {
        Ok(count) => {
            let rest = more.get(count.saturating_sub(queued)..).unwrap_or(&[]);
            reactor.queue(index).map_or(0, |queue| {
                queue.extend_from_slice(rest);
                queue.len() as i32
            })
        }
        Err(error) => -error.raw_os_error().unwrap_or(libc::EIO),
    }
}
