//! Connections whose requests JavaScript is told of in one call.
//!
//! A call of its own for each costs a sixth of what the JavaScript thread does for a small request. In a group they share the call,
//! and ticks and microtasks are drained behind the last: between requests of different connections no order is promised.
//!
//! What one handler does to a connection that comes later in the group must not differ from what it would do to one that nobody
//! has looked at: JavaScript marks each as it comes to it, and what is not marked is put back.

use std::sync::Arc;

use super::news::{Listener, Texts};
use super::parser::{Session, refers_to_input};
use crate::parser::Output;
use crate::transport::offload::lane::Connection;

/// Connections of one call. `lib/parser.js` divides the event words among as many.
pub const MOST: usize = 16;

type Member = Arc<Connection<Session>>;

/// The connections of the next call, or of the one that runs.
#[derive(Default)]
pub struct Group {
    members: Vec<Member>,
    // None where nobody is in it, and while the call runs.
    texts: Option<Texts>,
    // Bytes of the input buffer that are used.
    used: usize,
    // Whether the first takes more than its share of the words, and is alone.
    is_full: bool,
}

impl Group {
    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Takes what the connection of this number has read, which then has to [`Group::join`]. False if there is no room for it: in an
    /// empty group there always is.
    pub fn add(
        &mut self,
        listener: &Listener,
        number: usize,
        input: &[u8],
        output: &Output,
    ) -> bool {
        let place = self.members.len();
        let share = listener.room() / MOST;
        let is_large = output.words.len() > share;
        // SAFETY: no JavaScript runs while the slice is used.
        let shown = unsafe { listener.input() };
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
        listener.show(place * share, &output.words);
        listener.set_record(place, number as i32, start, input.len());
        self.texts
            .get_or_insert_with(|| listener.texts())
            .add(&output.text);
        true
    }

    /// The connection that [`Group::add`] was about.
    pub fn join(&mut self, member: Member) {
        self.members.push(member);
    }

    /// The texts of all, for the call. `None` if nobody is in it.
    pub fn take_texts(&mut self) -> Option<Texts> {
        self.texts.take()
    }

    /// Puts back what JavaScript has not come to, if this is in the group: it is not told of it any more.
    pub fn put_back(&self, listener: &Listener, member: &Member) {
        let place = self
            .members
            .iter()
            .position(|other| Arc::ptr_eq(other, member));
        if let Some(place) = place
            && !listener.is_dealt(place)
        {
            listener.set_dealt(place);
            member.link.put_back();
        }
    }

    /// The call is over, or what remains of it comes anew: `dealt` is called for those that JavaScript came to, the others are
    /// put back and told again.
    pub fn settle(&mut self, listener: &Listener, mut dealt: impl FnMut(Member)) {
        for (place, member) in self.members.drain(..).enumerate() {
            if listener.is_dealt(place) {
                dealt(member);
            } else {
                listener.set_dealt(place);
                member.link.put_back();
                member.tell();
            }
        }
        self.texts = None;
        self.used = 0;
        self.is_full = false;
    }
}
