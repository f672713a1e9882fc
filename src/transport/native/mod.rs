//! Native transport: one readiness set per JavaScript thread (epoll or kqueue, polled by the thread's event loop
//! through its descriptor), read and written on that thread.
//!
//! `reactor` owns the set and, for each attached connection, its descriptor number and its queue of bytes to send. It
//! never owns a descriptor: the JavaScript socket does, and must detach before closing it. Nothing here waits.
//! `transport` decides what JavaScript is notified of, and when.

mod reactor;
mod transport;

pub use transport::Native;
