//! Turns an outgoing message into bytes: the head with the fields that the rules add, and a check of every byte.
//! lib/message frames chunks and trailers, because it has their bytes.
//!
//! Text is latin1 on both sides: one byte is one character. Nothing here knows where it is sent.

pub mod date;
pub mod head;
pub mod validate;
