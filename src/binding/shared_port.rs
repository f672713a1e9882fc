//! Opens the socket of a server that shares its port, for JavaScript.

use napi::sys;

use crate::node_api::{self, Call, CallError, Value};
use crate::transport::shared_port::{self, FAILED};

fn bind_shared(call: &Call<3>) -> Result<Value, CallError> {
    let address = str::from_utf8(call.bytes(0)?).unwrap_or_default();
    let fd = match u16::try_from(call.i32(1)?) {
        Ok(port) => shared_port::bind(address, port, call.i32(2)? != 0),
        Err(_) => FAILED,
    };
    Ok(call.number(fd))
}

node_api::entries! {
    /// Registers `bindShared(address, port, onlyV6)`: the descriptor of a socket that is bound and does not listen yet;
    /// -1 if the system cannot share ports, -2 if a socket that does not share the port has it, -3 if binding failed.
    /// `address` is bytes.
    register:
    bindShared => bind_shared,
}
