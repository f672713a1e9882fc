//! Exceptions that no caller can catch.

use std::ptr::null_mut;

use napi::sys;

use crate::node_api::{self, Call, CallError, Value};

/// `fatalException(error)`: emits 'uncaughtException' for an error thrown by code that node called. Without a listener
/// the process ends. The handlers run before this returns, with an empty stack of async contexts.
fn fatal_exception(call: &Call<1>) -> Result<Value, CallError> {
    // SAFETY: both belong to the running call.
    unsafe { sys::napi_fatal_exception(call.env(), call.arg(0)) };
    Ok(null_mut())
}

node_api::entries! {
    /// Registers `fatalException`.
    register:
    fatalException => fatal_exception,
}
