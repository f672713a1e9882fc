//! The socket of a server that shares its port, as JavaScript asks for it.

use napi::sys;

use super::raw::{self, Call, CallError, Value};
use crate::transport::shared_port::{self, FAILED};

fn bind_shared(call: &Call<3>) -> Result<Value, CallError> {
    let address = str::from_utf8(call.bytes(0)?).unwrap_or_default();
    let fd = match u16::try_from(call.i32(1)?) {
        Ok(port) => shared_port::bind(address, port, call.i32(2)? != 0),
        Err(_) => FAILED,
    };
    Ok(call.number(fd))
}

raw::entries! {
    /// Registers `bindShared(address, port, onlyV6)`: the descriptor of a socket that is bound and does not listen, -1 where the system has
    /// none that share a port, -2 where another socket has it that does not share it, -3 where it could not be bound. `address` is bytes.
    register:
    bindShared => bind_shared,
}
