//! Which bytes an outgoing message becomes: the head with the fields that the rules add, and the check of every byte on
//! the way. Chunks and trailers are framed by lib/message, which has their bytes.
//!
//! Text comes in and goes out as latin1: one byte is one character. Nothing here knows where it is sent.

pub mod date;
pub mod head;
pub mod validate;
