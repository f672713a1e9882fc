//! Native transport: the core reads and writes the descriptors of plain sockets itself.
//!
//! Owns one readiness set per JavaScript thread (epoll or kqueue, nested into the thread's event loop by its descriptor) and,
//! for each attached connection, its descriptor number and the bytes that wait to be sent. Never owns a descriptor: the
//! socket that JavaScript sees does, and it must detach before the descriptor is closed. Never waits.
//!
//! Offload ([`offload`]) does the same in threads of its own, with copies of the descriptors.

mod hang_up;
pub mod io;
pub mod offload;
mod reactor;
mod share;

pub use hang_up::HangUp;
pub use reactor::{Reactor, Read};
