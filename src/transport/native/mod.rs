//! Native transport: one readiness set per JavaScript thread (epoll or kqueue, nested into the thread's event loop by its descriptor),
//! read and written on that thread.
//!
//! `reactor` owns the set and, for each attached connection, its descriptor number and the bytes that wait to be sent. It never owns
//! a descriptor: the socket that JavaScript sees does, and it must detach before the descriptor is closed. Nothing here waits.
//! `transport` decides what JavaScript is notified of, and when.

mod reactor;
mod transport;

pub use transport::Native;
