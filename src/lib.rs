//! The core of rust-http: what HTTP/1.x bytes mean, and which bytes a message becomes.
//!
//! Goals, in order: behave like the Node that loads it; let no request be smuggled past the framing rules; do no work
//! before its result is wanted; let no panic out of the addon.
//!
//! `parser`, `serializer` and `pool` are plain Rust without N-API types or I/O. `transport` does the I/O and knows its
//! host only by a trait. `binding` alone knows JavaScript, by the calls of `node_api`: it converts, calls the core and
//! hands flat results back.

pub mod bytes;
pub mod clock;
pub mod error;
pub mod heap_top;
pub mod limits;
pub mod pace;
pub mod parser;
pub mod pool;
pub mod serializer;

pub mod transport;

// Unit tests and models cover the core alone; without Node nothing calls the entry points.
#[cfg(not(any(test, model)))]
mod binding;
#[cfg(not(any(test, model)))]
mod node_api;
