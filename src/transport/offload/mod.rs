//! Offload: I/O threads read, parse and send, so that the JavaScript thread can run handlers.
//!
//! [`shared_connection`] is a connection between the two threads: which of them may touch what, and how it is detached.
//! [`io_thread`] has the I/O threads, [`inbox`] the connections that a JavaScript thread has to look at; `scheduler`
//! and `batch` act on them.

#[cfg(not(model))]
mod batch;
pub mod inbox;
#[cfg(not(model))]
pub mod io_thread;
#[cfg(not(model))]
mod scheduler;
pub mod shared_connection;
pub mod sync;

#[cfg(not(model))]
pub use scheduler::{Offload, thread_count};
