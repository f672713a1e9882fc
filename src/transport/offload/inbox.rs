//! What one JavaScript thread has to look at.

use super::sync::{Mutex, lock};

struct State<T> {
    list: Vec<T>,
    bell: Option<Box<dyn Fn() + Send>>,
}

/// A list that any thread adds to, and that one is woken for: once, however much is added before it looks.
pub struct Inbox<T>(Mutex<State<T>>);

impl<T> Inbox<T> {
    /// An empty one. `bell` is called, under the lock, when the first is added to an empty list.
    pub fn new(bell: Box<dyn Fn() + Send>) -> Inbox<T> {
        Inbox(Mutex::new(State {
            list: Vec::new(),
            bell: Some(bell),
        }))
    }

    /// Adds to the list.
    pub fn push(&self, item: T) {
        let mut state = lock(&self.0);
        let Some(bell) = &state.bell else {
            return;
        };
        if state.list.is_empty() {
            bell();
        }
        state.list.push(item);
    }

    /// Takes all, in place of what is in the empty `list`.
    pub fn take(&self, list: &mut Vec<T>) {
        std::mem::swap(&mut lock(&self.0).list, list);
    }

    /// Nobody looks any more: the bell is not called again.
    pub fn close(&self) {
        let mut state = lock(&self.0);
        state.bell = None;
        state.list = Vec::new();
    }
}
