//! The connections that one JavaScript thread has to look at.
//!
//! Adding and waking are two steps: an I/O thread adds all that it has before it wakes the owner, and does not wake one that looks
//! again anyway. They take two locks: to wake is a system call, and the thread that it wakes wants the list at once.

use super::sync::{Mutex, lock};

/// Items that are worth waking for while there are more to come.
pub const WAKE_THRESHOLD: usize = 32;

type Wake = Box<dyn Fn() + Send>;

struct State<T> {
    list: Vec<T>,
    // Whether the owner works on what it took last, and looks again after that.
    looking: bool,
    // Whether the owner looks no more.
    closed: bool,
}

/// A list that any thread adds to, and whose owner is woken for it.
pub struct Inbox<T> {
    state: Mutex<State<T>>,
    // None once it is closed.
    wake_owner: Mutex<Option<Wake>>,
}

impl<T> Inbox<T> {
    /// An empty one. `wake` wakes the owner; it is called under a lock, and not while or after it is closed.
    pub fn new(wake: Wake) -> Inbox<T> {
        Inbox {
            state: Mutex::new(State {
                list: Vec::new(),
                looking: false,
                closed: false,
            }),
            wake_owner: Mutex::new(Some(wake)),
        }
    }

    /// Adds to the list, and answers how many there are then. The owner does not look before it is woken; a closed inbox keeps nothing.
    #[must_use]
    pub fn push(&self, item: T) -> usize {
        let mut state = lock(&self.state);
        if !state.closed {
            state.list.push(item);
        }
        state.list.len()
    }

    /// Takes all, in place of what is in the empty `list`. The owner is not woken again before it calls [`Inbox::leave`].
    pub fn take(&self, list: &mut Vec<T>) {
        let mut state = lock(&self.state);
        std::mem::swap(&mut state.list, list);
        state.looking = true;
    }

    /// The owner looks no more: it is not woken again.
    pub fn close(&self) {
        *lock(&self.wake_owner) = None;
        let mut state = lock(&self.state);
        state.closed = true;
        state.list = Vec::new();
    }
}

impl<T: Send> Inbox<T> {
    /// The owner is done with what it took: it is woken for what came meanwhile.
    pub fn leave(&self) {
        lock(&self.state).looking = false;
        self.wake();
    }
}

/// What can wake the owner of a list.
pub trait WakeOwner: Send + Sync {
    /// Wakes the owner, if there is anything to look at and it will not look anyway.
    fn wake(&self);
}

impl<T: Send> WakeOwner for Inbox<T> {
    fn wake(&self) {
        let state = lock(&self.state);
        if state.looking || state.list.is_empty() {
            return;
        }
        drop(state);
        if let Some(wake) = &*lock(&self.wake_owner) {
            wake();
        }
    }
}
