//! Transports: the core itself reads and writes the descriptors of plain sockets, for a JavaScript thread, its host.
//!
//! [`native`] does so on that thread, when the event loop reports connections as ready. [`offload`] has I/O threads
//! that read, parse and send. [`host`] has the interface of both with their host, [`frame`] the memory through which
//! JavaScript sees bytes and events.

#[cfg(unix)]
mod buffer;
#[cfg(unix)]
pub mod exit;
#[cfg(unix)]
pub mod frame;
#[cfg(unix)]
mod hang_up;
#[cfg(unix)]
pub mod host;
#[cfg(unix)]
pub mod io;
#[cfg(unix)]
pub mod native;
#[cfg(unix)]
pub mod offload;
pub mod peek;
#[cfg(unix)]
pub mod preface;
#[cfg(unix)]
mod read_budget;
pub mod shared_port;
#[cfg(unix)]
pub mod turn;
#[cfg(unix)]
pub mod uv;

#[cfg(unix)]
pub use hang_up::HangUp;
