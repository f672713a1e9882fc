//! Connections whose requests JavaScript is told of in one call.
//!
//! A call of its own for each costs a sixth of what the JavaScript thread does for a small request. In a group they share the call,
//! and ticks and microtasks are drained behind the last: between requests of different connections no order is promised.
//!
//! What one handler does to a connection that comes later in the group must not differ from what it would do to one that nobody
//! has looked at: JavaScript marks each as it comes to it, and what is not marked is put back.

use std::sync::Arc;

use super::news::{Frame, Texts, Turn};
use super::parser::{Session, is_done, refers_to_input};
use crate::parser::Output;
use crate::transport::offload::lane::Connection;

/// Connections of one call. `lib/transport/drivers.js` divides the event words among as many.
pub const MOST: usize = 16;

type Shared = Arc<Connection<Session>>;

/// A connection of a group.
struct Member {
    connection: Shared,
    place: usize,
    // Whether its parser waits for what JavaScript answers to these bytes.
    waits: bool,
}

/// The connections of the next call of a turn, or of the one that runs.
pub struct Group {
    frame: Frame,
    members: Vec<Member>,
    // None where nobody is in it, and while the call runs.
    texts: Option<Texts>,
    // Bytes of the input buffer that are used.
    used: usize,
    // Places that are given away.
    places: usize,
    // Whether the first takes more than its share of the words, and is alone.
    is_full: bool,
    // Of the connection that was added last.
    waits: bool,
}

impl Group {
    /// An empty one, to be shown in this frame.
    pub fn new(frame: Frame) -> Group {
        Group {
            frame,
            members: Vec::with_capacity(MOST),
            texts: None,
            used: 0,
            places: 0,
            is_full: false,
            waits: false,
        }
    }

    /// Shows what it has in another frame from here on; nobody is in it.
    pub fn show_in(&mut self, frame: Frame) {
        self.frame = frame;
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Takes what the connection of this number has read, which then has to [`Group::join`]. False if there is no room for it: in an
    /// empty group there always is.
    pub fn add(&mut self, turn: &Turn, number: usize, input: &[u8], output: &Output) -> bool {
        let place = self.places;
        let share = self.frame.room() / MOST;
        let is_large = output.words.len() > share;
        // SAFETY: no JavaScript runs while the slice is used.
        let shown = unsafe { self.frame.input() };
        if place > 0
            && (place == MOST || self.is_full || is_large || self.used + input.len() > shown.len())
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
        self.frame
            .set_record(place, number as i32, start, input.len());
        self.waits = !is_done(output);
        self.texts
            .get_or_insert_with(|| turn.texts())
            .add(&output.text);
        true
    }

    /// The connection that [`Group::add`] was about.
    pub fn join(&mut self, connection: Shared) {
        self.members.push(Member {
            connection,
            place: self.places,
            waits: self.waits,
        });
        self.places += 1;
    }

    /// The texts of all, for the call. `None` if nobody is in it.
    pub fn take_texts(&mut self) -> Option<Texts> {
        self.texts.take()
    }

    /// Puts back what JavaScript has not come to, if this is in the group: it is not told of it any more.
    pub fn put_back(&self, connection: &Shared) {
        let member = self
            .members
            .iter()
            .find(|member| Arc::ptr_eq(&member.connection, connection));
        if let Some(member) = member
            && !self.frame.is_dealt(member.place)
        {
            self.frame.set_dealt(member.place);
            member.connection.link.put_back();
        }
    }

    /// A handler of the call has the loop run: what the call has not come to comes anew, in a call of that loop. `dealt` is
    /// called for those that may be read again. The parser of one that waits for an answer goes on with the bytes it has first.
    pub fn overtake(&mut self, mut dealt: impl FnMut(Shared)) {
        let frame = self.frame;
        self.members.retain(|member| {
            if member.waits && frame.is_dealt(member.place) && !frame.is_finished(member.place) {
                return true;
            }
            Self::part(frame, member, &mut dealt);
            false
        });
    }

    /// The call is over, or what remains of it comes anew: `dealt` is called for those that JavaScript came to, the others are
    /// put back and told again.
    pub fn settle(&mut self, mut dealt: impl FnMut(Shared)) {
        for member in self.members.drain(..) {
            Self::part(self.frame, &member, &mut dealt);
        }
        self.texts = None;
        self.used = 0;
        self.places = 0;
        self.is_full = false;
    }

    fn part(frame: Frame, member: &Member, dealt: &mut impl FnMut(Shared)) {
        if frame.is_dealt(member.place) {
            dealt(member.connection.clone());
        } else {
            frame.set_dealt(member.place);
            member.connection.link.put_back();
            member.connection.tell();
        }
    }
}
