//! Connections whose requests JavaScript is notified of in one call.
//!
//! A call of its own for each costs a sixth of what the JavaScript thread does for a small request. In a batch they share the call,
//! and ticks and microtasks are drained behind the last: between requests of different connections no order is promised.
//!
//! What one handler does to a connection that comes later in the batch must not differ from what it would do to one that is still
//! in the inbox: JavaScript marks each as it comes to it, and what is not marked is put back.

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
    // Whether its parser waits for what JavaScript answers to these bytes.
    waits: bool,
}

/// The connections of the next call of a turn, or of the one that runs.
pub struct Batch<T> {
    frame: Frame,
    members: Vec<Member>,
    // None where it is empty, and while the call runs.
    texts: Option<T>,
    // Bytes of the input buffer that are used.
    used: usize,
    // Places that are taken.
    places: usize,
    // The first needs the words of all, so it is alone.
    is_full: bool,
    // Of the connection that was added last.
    waits: bool,
}

impl<T: Texts> Batch<T> {
    /// An empty batch, to be shown in this frame.
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

    /// Shows what it has in another frame from here on; it is empty.
    pub fn show_in(&mut self, frame: Frame) {
        self.frame = frame;
    }

    /// Whether it has no connection.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Adds what the connection of this number has read, which then has to [`Batch::join`]. False if there is no room for it: in an
    /// empty batch there always is.
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

    /// The connection that [`Batch::add`] was about.
    pub fn join(&mut self, connection: SharedConnection) {
        self.members.push(Member {
            connection,
            place: self.places,
            waits: self.waits,
        });
        self.places += 1;
    }

    /// The texts of all, for the call. `None` if it is empty.
    pub fn take_texts(&mut self) -> Option<T> {
        self.texts.take()
    }

    /// Puts back what JavaScript has not come to, if this is in the batch: it is not notified of it any more.
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

    /// A handler of the call has the loop run: what the call has not come to comes anew, in a call of that loop. `handled` is
    /// called for those that may be read again. The parser of one that waits for an answer goes on with the bytes it has first.
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

    /// The call is over, or what remains of it comes anew: `handled` is called for those that JavaScript came to, the others are
    /// put back and delivered again.
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
