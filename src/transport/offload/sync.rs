//! The locks of this module: those of the standard library, or of the model checker, which tries every interleaving of
//! two threads.

#[cfg(not(model))]
pub use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicI32, AtomicU8, AtomicUsize, Ordering},
};

#[cfg(model)]
pub use loom::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// Takes a lock, even after a thread panicked while holding it: every change keeps the guarded data consistent.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
