//! Which bytes an outgoing message becomes: the head with the fields that the rules add, chunk framing, and the check of
//! every byte on the way.
//!
//! Text comes in and goes out as latin1: one byte is one character. Nothing here knows where it is sent.

pub mod chunk;
pub mod date;
pub mod head;
pub mod validate;
