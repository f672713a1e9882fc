//! The core of rust-http: what HTTP/1.x bytes mean, and which bytes a message becomes.
//!
//! Goals, in order: the same observable behaviour as the Node that loads us; no request smuggled past the
//! framing rules; no work before its result is wanted; no panic out of the addon.
//!
//! `parser`, `serializer` and `pool` are plain Rust: no N-API type, no I/O. `transport` does the I/O, for a host that it knows by a trait.
//! `binding` is the only place that knows
//! JavaScript: it converts, calls the core, and hands flat results back.

pub mod bytes;
pub mod clock;
pub mod error;
pub mod limits;
pub mod pace;
pub mod parser;
pub mod pool;
pub mod serializer;

pub mod transport;

// Unit tests and models are of the core alone; without Node nothing calls the entry points.
#[cfg(not(any(test, model)))]
mod binding;
