//! The connections that a JavaScript thread has to look at.
//!
//! Adding and waking are two steps: an I/O thread adds everything it has before it wakes the owner, and does not wake
//! an owner that will look again anyway. They take two locks, because waking is a system call, and the woken thread
//! wants the list at once.

use super::sync::{Mutex, lock};

/// With this many items the owner is woken even if more are to come.
pub const WAKE_THRESHOLD: usize = 32;

type Wake = Box<dyn Fn() + Send>;

struct State<T> {
    list: Vec<T>,
    // Whether the owner is working on what it took last, and will look again after that.
    looking: bool,
    // Whether the owner has stopped looking.
    closed: bool,
}

/// A list that any thread adds to, and whose owner is woken for it.
pub struct Inbox<T> {
    state: Mutex<State<T>>,
    // None once closed.
    wake_owner: Mutex<Option<Wake>>,
}

impl<T> Inbox<T> {
    /// An empty inbox. `wake` wakes the owner. It is called under a lock, never during or after `close`.
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

    /// Adds an item, and returns how many there are. The owner does not look before it is woken. A closed inbox keeps
    /// nothing.
    #[must_use]
    pub fn push(&self, item: T) -> usize {
        let mut state = lock(&self.state);
        if !state.closed {
            state.list.push(item);
        }
        state.list.len()
    }

    /// Takes all items, swapping them with the empty `list`. The owner is not woken again before it calls
    /// [`Inbox::leave`].
    pub fn take(&self, list: &mut Vec<T>) {
        let mut state = lock(&self.state);
        std::mem::swap(&mut state.list, list);
        state.looking = true;
    }

    /// The owner stops looking: it is not woken again.
    pub fn close(&self) {
        *lock(&self.wake_owner) = None;
        let mut state = lock(&self.state);
        state.closed = true;
        state.list = Vec::new();
    }
}

impl<T: Send> Inbox<T> {
    /// The owner is done with what it took: wakes it for what came meanwhile.
    pub fn leave(&self) {
        lock(&self.state).looking = false;
        self.wake();
    }
}

/// What can wake the owner of a list.
pub trait WakeOwner: Send + Sync {
    /// Wakes the owner if there is anything to look at and it will not look anyway.
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
