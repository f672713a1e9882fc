//! Looking at an idle socket, for JavaScript.

use napi::sys;

use crate::node_api::{self, Call, CallError, Value};
use crate::transport::peek::peek;

fn peek_socket(call: &Call<1>) -> Result<Value, CallError> {
    Ok(call.number(peek(call.i32(0)?)))
}

node_api::entries! {
    /// Registers `peekSocket(fd)`: 0 for an idle socket, 1 if its peer has closed or reset it, 2 if bytes are waiting.
    /// Takes nothing from the socket and never waits.
    register:
    peekSocket => peek_socket,
}
