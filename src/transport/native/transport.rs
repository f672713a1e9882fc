//! What the native transport notifies JavaScript of, one connection that is ready behind the other: by a call for each, or as JavaScript asks for it in
//! the call for the one before.

use std::cell::RefCell;
use std::collections::VecDeque;
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
    Append, DETACHED, Detached, Event, Host, LoopRef, NotAppended, Notification, Texts, Transport,
};
use crate::transport::turn::Turn;

/// What is done with what comes on a connection.
#[derive(Clone)]
enum Reader {
    /// It is parsed.
    Parser(SharedSession),
    /// JavaScript gets it as it is.
    Raw,
    /// JavaScript is told of it, and it stays where it is.
    Notice,
}

/// A connection that JavaScript is notified of bytes of.
struct Delivery {
    connection: usize,
    frame: Frame,
    // Whether its parser waits for what JavaScript answers to these bytes.
    waits: bool,
    // Whether fixed answers to what came before them may be in the queue.
    is_blocked: bool,
    // Whether it was detached, and its stream is to hear of the end behind these bytes.
    ends: bool,
}

/// What is due before the next connection is read.
enum Due {
    Event(usize, Event),
    // What is left of fixed answers, where the kernel has not taken it by then.
    Unsent(usize),
    // The end of a connection, where it is known by then; or of a detached one.
    End(usize, bool),
}

/// A turn that is open.
struct OpenTurn {
    frame: Frame,
    // Whether JavaScript was notified of the last delivery, and has not gone on.
    delivers: bool,
    due: VecDeque<Due>,
}

/// The native transport of one JavaScript thread.
pub struct Native<H> {
    host: H,
    // A handler of one may have the loop run, and so begin the next.
    turns: RefCell<Vec<OpenTurn>>,
    // Of each turn that is open: a handler of one may have the loop run, and so begin the next.
    deliveries: RefCell<Vec<Delivery>>,
    reactor: RefCell<Reactor<Reader>>,
    output: RefCell<Output>,
    // The text of one write.
    scratch: RefCell<BytesMut>,
    // Fixed answers of one read.
    answered: RefCell<Vec<u8>>,
    loop_ref: LoopRef,
}

impl<H: Host> Native<H> {
    /// A transport without connections; of `ends_at_hang_up` see [`HangUp::new`](crate::transport::HangUp::new).
    ///
    /// # Errors
    /// What the system says when it has no descriptor left.
    pub fn new(host: H, ends_at_hang_up: bool) -> Result<Native<H>> {
        Ok(Native {
            host,
            turns: RefCell::default(),
            deliveries: RefCell::default(),
            reactor: RefCell::new(Reactor::new(ends_at_hang_up)?),
            output: RefCell::new(Output::new()),
            scratch: RefCell::default(),
            answered: RefCell::default(),
            loop_ref: LoopRef::default(),
        })
    }

    /// The descriptor that becomes readable when a connection is ready: [`Transport::turn`] is due then.
    pub fn as_raw_fd(&self) -> RawFd {
        self.reactor.borrow().as_raw_fd()
    }

    /// Reads every ready connection once, and notifies JavaScript of what each brought. A turn in a handler of another goes on where that
    /// one is.
    fn run(&self) {
        let Some(turn) = Turn::begin(&self.host) else {
            return;
        };
        self.reactor.borrow_mut().collect();
        self.turns.borrow_mut().push(OpenTurn {
            frame: turn.frame,
            delivers: false,
            due: VecDeque::new(),
        });
        while let Some(next) = self.advance() {
            if !turn.notify_with(next.connection, next.event, next.texts) {
                self.end_delivery();
                return;
            }
        }
    }

    /// What comes next in the innermost turn, behind what JavaScript was notified of last.
    fn advance(&self) -> Option<Notification<H::Texts>> {
        self.end_delivery();
        while let Some(due) = self.take_due() {
            let (connection, event) = match due {
                Due::Event(connection, event) => (connection, event),
                Due::Unsent(connection) => match self.reactor.borrow().counts(connection).2 {
                    0 => continue,
                    left => (connection, Event::Unsent(left as i32)),
                },
                Due::End(connection, ends)
                    if ends || self.reactor.borrow_mut().is_over(connection) =>
                {
                    (connection, Event::Ended)
                }
                Due::End(..) => continue,
            };
            return Some(self.notification(connection, event));
        }
        let frame = self.turns.borrow().last()?.frame;
        loop {
            let index = self.reactor.borrow_mut().next_ready()?;
            if self.waits(index) {
                self.reactor.borrow_mut().defer(index);
                continue;
            }
            let reader = self.reactor.borrow().data(index).cloned();
            let next = match reader {
                Some(Reader::Parser(session)) => self.read(frame, index, Some(&session)),
                Some(Reader::Notice) => Some(self.notification(index, Event::Readable)),
                Some(Reader::Raw) | None => self.read(frame, index, None),
            };
            if next.is_some() {
                return next;
            }
        }
    }

    fn take_due(&self) -> Option<Due> {
        self.turns.borrow_mut().last_mut()?.due.pop_front()
    }

    fn notification(&self, connection: usize, event: Event) -> Notification<H::Texts> {
        Notification {
            connection,
            event,
            texts: self.host.texts(),
        }
    }

    /// Reads a connection once: content into memory that JavaScript then owns, if the parser expects nothing else. Returns what it is to be
    /// notified of.
    fn read(
        &self,
        frame: Frame,
        index: usize,
        session: Option<&SharedSession>,
    ) -> Option<Notification<H::Texts>> {
        let (content, answers) = session.map_or((0, false), |it| {
            let it = lock(it);
            (it.content_ahead(), it.may_answer())
        });
        let piece = self.reactor.borrow().piece_there(index, content);
        let mut texts = self.host.texts();
        let memory = piece.and_then(|it| Some((it, texts.piece(it.length)?)));
        // SAFETY: no JavaScript runs while the slice is used, and there is no other: it is taken again only behind it.
        let input = || unsafe { frame.input() };
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
            Read::Later => return None,
            Read::Ended => return Some(self.notification(index, Event::Ended)),
            Read::Failed(number) => return Some(self.notification(index, Event::Failed(number))),
        };
        let Some(session) = session else {
            return Some(self.notification(index, Event::Unparsed(count)));
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
                return self.behind_answers(index);
            }
        }
        let mut output = self.output.borrow_mut();
        let parsed = lock(session).run(&bytes[..count], &mut output, frame.room());
        let words = frame.show(0, &output.words);
        self.reactor.borrow_mut().record(index, parsed, words);
        // A read that ends early, as at urgent data, leaves memory that it has not filled.
        let is_whole = owned && count == bytes.len();
        if owned && !is_whole {
            input()[..count].copy_from_slice(&bytes[..count]);
            drop(texts);
            texts = self.host.texts();
        }
        if !is_whole {
            texts.add(&output.text);
        }
        self.begin_delivery(frame, index, count, !is_done(&output), is_blocked);
        Some(Notification {
            connection: index,
            event: Event::Parsed(count),
            texts,
        })
    }

    /// Answers the requests with which `bytes` begins and that have fixed answers. Returns how many bytes they were, and whether the kernel has not taken all of the
    /// answers: what is left is in the queue, and JavaScript is to be told of it.
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

    /// All that was read is answered: what JavaScript is to be notified of, if anything.
    fn behind_answers(&self, index: usize) -> Option<Notification<H::Texts>> {
        if self.reactor.borrow_mut().is_over(index) {
            return Some(self.notification(index, Event::Ended));
        }
        let left = self.reactor.borrow().counts(index).2;
        (left > 0).then(|| self.notification(index, Event::Unsent(left as i32)))
    }

    /// `waits`: the parser waits for what JavaScript answers. `is_blocked`: answers before it may be in the queue still.
    fn begin_delivery(
        &self,
        frame: Frame,
        index: usize,
        count: usize,
        waits: bool,
        is_blocked: bool,
    ) {
        if waits {
            frame.set_record(0, index, 0, count);
        }
        self.deliveries.borrow_mut().push(Delivery {
            connection: index,
            frame,
            waits,
            is_blocked,
            ends: false,
        });
        if let Some(turn) = self.turns.borrow_mut().last_mut() {
            turn.delivers = true;
        }
    }

    /// JavaScript has dealt with the bytes of the last delivery: the answers of pipelined requests that were queued meanwhile are sent.
    fn end_delivery(&self) {
        let mut turns = self.turns.borrow_mut();
        let Some(turn) = turns.last_mut() else { return };
        if !std::mem::take(&mut turn.delivers) {
            return;
        }
        let Some(delivery) = self.deliveries.borrow_mut().pop() else {
            return;
        };
        let index = delivery.connection;
        if delivery.waits {
            self.reactor.borrow_mut().catch_up(index);
        }
        if let Some(stays) = turn.frame.take_corked() {
            turn.due.extend(
                self.end_cork(index, stays)
                    .map(|event| Due::Event(index, event)),
            );
        }
        if delivery.is_blocked && index != DETACHED {
            turn.due.push_back(Due::Unsent(index));
        }
        turn.due.push_back(Due::End(index, delivery.ends));
    }

    /// Whether the parser of a connection waits for an answer of JavaScript, which is at what it had before.
    fn waits(&self, index: usize) -> bool {
        self.deliveries
            .borrow()
            .iter()
            .any(|it| it.waits && it.connection == index && !it.frame.is_finished(0))
    }

    /// The answers that were corked in a turn are due. Where the connection stays corked, JavaScript knows which of them.
    fn end_cork(&self, index: usize, stays: bool) -> Option<Event> {
        if stays {
            return (index != DETACHED).then_some(Event::Unsent(0));
        }
        match send_all(&mut self.reactor.borrow_mut(), index, &[]) {
            0 => None,
            left => Some(Event::Unsent(left)),
        }
    }

    /// Sends what the open turns have corked until they are over.
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
            if let Some(event) = self.end_cork(index, stays) {
                turn.notify(index, event, None);
            }
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

    fn detach(&self, index: usize, closing: bool) -> Detached {
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

    /// A panic must not unwind into the event loop; the connection that caused it is left to its time-out.
    fn turn(&self) {
        let (turns, deliveries) = (self.turns.borrow().len(), self.deliveries.borrow().len());
        let _ = catch_unwind(AssertUnwindSafe(|| self.run()));
        self.turns.borrow_mut().truncate(turns);
        self.deliveries.borrow_mut().truncate(deliveries);
    }

    /// What is no parsed bytes has a call of its own.
    fn next(&self) -> Option<Notification<H::Texts>> {
        let next = self.advance()?;
        let mut turns = self.turns.borrow_mut();
        let turn = turns.last_mut()?;
        if let Event::Parsed(count) = next.event {
            turn.frame.set_next(next.connection, count);
            return Some(next);
        }
        turn.due.push_front(Due::Event(next.connection, next.event));
        None
    }

    /// Within a turn of ours a handler has the loop run: what that turn has collected is delivered there, since no descriptor becomes
    /// ready for it again. The same holds for connections that the system refused another edge for.
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

/// Sends the queue and `more`; what the socket does not take stays in the queue.
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
