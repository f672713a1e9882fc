//! Connections whose requests are delivered to JavaScript in one call.
//!
//! A call for each would cost a sixth of the JavaScript thread's work for a small request. A batch shares one call, and
//! ticks and microtasks are drained after its last connection: HTTP promises no order between requests of different
//! connections.
//!
//! If a handler acts on a connection that comes later in the batch, that must have the same effect as on one still in
//! the inbox. So JavaScript marks each connection when it comes to it, and unmarked ones are put back.

use std::sync::Arc;

use super::io_thread::Connection;
use crate::parser::Output;
use crate::parser::session::{Session, is_done, refers_to_input};
use crate::transport::frame::{Frame, MAX_BATCH};
use crate::transport::host::{Host, Texts};
use crate::transport::turn::Turn;

type SharedConnection = Arc<Connection<Session>>;

/// A connection of a batch.
struct Member {
    connection: SharedConnection,
    place: usize,
    // Whether its parser waits for JavaScript's answer to these bytes.
    waits: bool,
}

/// The connections of a turn's next call, or of the call in progress.
pub struct Batch<T> {
    frame: Frame,
    members: Vec<Member>,
    // None if the batch is empty, and during the call.
    texts: Option<T>,
    // Bytes used of the input buffer.
    used: usize,
    // Places taken.
    places: usize,
    // The first connection needs all the words, so it is alone.
    is_full: bool,
    // `Member::waits` of the connection added last.
    waits: bool,
}

impl<T: Texts> Batch<T> {
    /// An empty batch for this frame.
    pub fn new(frame: Frame) -> Batch<T> {
        Batch {
            frame,
            members: Vec::with_capacity(MAX_BATCH),
            texts: None,
            used: 0,
            places: 0,
            is_full: false,
            waits: false,
        }
    }

    /// Uses another frame from now on. The batch is empty.
    pub fn show_in(&mut self, frame: Frame) {
        self.frame = frame;
    }

    /// Whether it has no connections.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Adds what a connection has read; [`Batch::join`] has to follow. False if it does not fit: in an empty batch it
    /// always fits.
    pub fn add<H: Host<Texts = T>>(
        &mut self,
        turn: &Turn<'_, H>,
        number: usize,
        input: &[u8],
        output: &Output,
    ) -> bool {
        let place = self.places;
        let share = self.frame.room() / MAX_BATCH;
        let is_large = output.words.len() > share;
        // SAFETY: no JavaScript runs while the slice is used.
        let shown = unsafe { self.frame.input() };
        if place > 0
            && (place == MAX_BATCH
                || self.is_full
                || is_large
                || self.used + input.len() > shown.len())
        {
            return false;
        }
        self.is_full = is_large;
        let start = self.used;
        if refers_to_input(output) {
            self.used += input.len();
            shown[start..self.used].copy_from_slice(input);
        }
        self.frame.show(place * share, &output.words);
        self.frame.set_record(place, number, start, input.len());
        self.waits = !is_done(output);
        self.texts
            .get_or_insert_with(|| turn.texts())
            .add(&output.text);
        true
    }

    /// Adds the connection for which [`Batch::add`] was called.
    pub fn join(&mut self, connection: SharedConnection) {
        self.members.push(Member {
            connection,
            place: self.places,
            waits: self.waits,
        });
        self.places += 1;
    }

    /// The texts of all connections, for the call. `None` if there are none.
    pub fn take_texts(&mut self) -> Option<T> {
        self.texts.take()
    }

    /// Puts a connection back into the inbox if JavaScript has not come to it: this call skips it.
    pub fn put_back(&self, connection: &SharedConnection) {
        let member = self
            .members
            .iter()
            .find(|member| Arc::ptr_eq(&member.connection, connection));
        if let Some(member) = member
            && !self.frame.is_handled(member.place)
        {
            self.frame.set_handled(member.place);
            member.connection.shared.put_back();
        }
    }

    /// A handler runs the loop during the call: connections that the call has not come to are delivered again, in a
    /// call from that loop. Calls `handled` for those that may be read again. A connection whose parser waits for an
    /// answer stays until JavaScript is done with its bytes.
    pub fn overtake(&mut self, mut handled: impl FnMut(SharedConnection)) {
        let frame = self.frame;
        self.members.retain(|member| {
            if member.waits && frame.is_handled(member.place) && !frame.is_finished(member.place) {
                return true;
            }
            Self::part(frame, member, &mut handled);
            false
        });
    }

    /// The call is over, or the rest of it is delivered again: calls `handled` for the connections that JavaScript came
    /// to. The others are put back and delivered again.
    pub fn finish(&mut self, mut handled: impl FnMut(SharedConnection)) {
        for member in self.members.drain(..) {
            Self::part(self.frame, &member, &mut handled);
        }
        self.texts = None;
        self.used = 0;
        self.places = 0;
        self.is_full = false;
    }

    fn part(frame: Frame, member: &Member, handled: &mut impl FnMut(SharedConnection)) {
        if frame.is_handled(member.place) {
            handled(member.connection.clone());
        } else {
            frame.set_handled(member.place);
            member.connection.shared.put_back();
            member.connection.notify();
        }
    }
}
