//! Exceptions that belong to no caller.

use std::ptr::null_mut;

use napi::sys;

use super::raw::{self, Call, CallError, Value};

/// `fatalException(error)`: 'uncaughtException' for an error that was thrown by code which node, not the caller, has called.
/// Where no one listens, the process ends. The handlers run before this returns, and the stack of async contexts is empty then.
fn fatal_exception(call: &Call<1>) -> Result<Value, CallError> {
    // SAFETY: both are of the running call.
    unsafe { sys::napi_fatal_exception(call.env(), call.arg(0)) };
    Ok(null_mut())
}

raw::entries! {
    /// Registers it.
    register:
    fatalException => fatal_exception,
}
