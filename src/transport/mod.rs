//! Transports: the core reads and writes the descriptors of plain sockets itself, for a JavaScript thread, its host.
//!
//! [`native`] does so on that thread, when its event loop says that connections are ready. [`offload`] has I/O threads that read, parse
//! and send. What either can be asked, and asks of its host, is in [`host`]; how JavaScript sees bytes and events in [`frame`].

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
