//! The look at an idle socket as JavaScript sees it.

use napi::sys;

use super::raw::{self, Call, CallError, Value};
use crate::transport::peek::peek;

fn peek_socket(call: &Call<1>) -> Result<Value, CallError> {
    Ok(call.number(peek(call.i32(0)?)))
}

raw::entries! {
    /// Registers the look at a socket: `peekSocket(fd)` answers 0 for an idle one, 1 for one closed or reset by its peer, 2
    /// where bytes are waiting. Takes nothing from the socket and never waits.
    register:
    peekSocket => peek_socket,
}
