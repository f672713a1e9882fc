//! What one JavaScript thread has to look at.
//!
//! Adding and waking are two steps, so that an I/O thread adds all that it has before it wakes anybody, and nobody is woken who
//! looks again anyway. They take two locks: a bell is a system call, and who is woken by it wants the list at once.

use super::sync::{Mutex, lock};

/// Items that are worth waking for while there are more to come.
pub const RING_AT: usize = 32;

type Bell = Box<dyn Fn() + Send>;

struct State<T> {
    list: Vec<T>,
    // Whether the owner is at what it took last, and looks again behind it.
    looking: bool,
    // Whether nobody looks any more.
    closed: bool,
}

/// A list that any thread adds to, and whose owner is woken for it.
pub struct Inbox<T> {
    state: Mutex<State<T>>,
    // None once it is closed.
    bell: Mutex<Option<Bell>>,
}

impl<T> Inbox<T> {
    /// An empty one. `bell` is called under a lock, and not while or after it is closed.
    pub fn new(bell: Bell) -> Inbox<T> {
        Inbox {
            state: Mutex::new(State {
                list: Vec::new(),
                looking: false,
                closed: false,
            }),
            bell: Mutex::new(Some(bell)),
        }
    }

    /// Adds to the list, and answers how many there are then. Nobody looks before somebody rings; what is closed keeps nothing.
    #[must_use]
    pub fn push(&self, item: T) -> usize {
        let mut state = lock(&self.state);
        if !state.closed {
            state.list.push(item);
        }
        state.list.len()
    }

    /// Takes all, in place of what is in the empty `list`. Nobody rings before the owner calls [`Inbox::leave`].
    pub fn take(&self, list: &mut Vec<T>) {
        let mut state = lock(&self.state);
        std::mem::swap(&mut state.list, list);
        state.looking = true;
    }

    /// Nobody looks any more: the bell is not called again.
    pub fn close(&self) {
        *lock(&self.bell) = None;
        let mut state = lock(&self.state);
        state.closed = true;
        state.list = Vec::new();
    }
}

impl<T: Send> Inbox<T> {
    /// The owner is done with what it took: it is woken for what came meanwhile.
    pub fn leave(&self) {
        lock(&self.state).looking = false;
        self.ring();
    }
}

/// What can wake the owner of a list.
pub trait Ring: Send + Sync {
    /// Wakes the owner, if there is anything to look at and it will not look anyway.
    fn ring(&self);
}

impl<T: Send> Ring for Inbox<T> {
    fn ring(&self) {
        let state = lock(&self.state);
        if state.looking || state.list.is_empty() {
            return;
        }
        drop(state);
        if let Some(bell) = &*lock(&self.bell) {
            bell();
        }
    }
}
