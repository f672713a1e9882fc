//! Offload: connections whose bytes are read, parsed and sent by threads of their own, so that the JavaScript thread runs
//! handlers.
//!
//! [`link`] is a connection between the two threads: who may touch what, and how it is given back. [`lane`] are the I/O threads,
//! [`inbox`] is what a JavaScript thread has to look at. Knows no N-API type; `binding` makes events and calls of it.

#[cfg(not(model))]
mod batch;
pub mod inbox;
#[cfg(not(model))]
pub mod lane;
pub mod link;
#[cfg(not(model))]
mod scheduler;
pub mod sync;

#[cfg(not(model))]
pub use scheduler::{Offload, thread_count};
