//! Only in debug builds: what shows that a panic does not leave the addon.

use napi::sys;

use super::parser;
use super::raw::{self, Call, CallError, Value};
use crate::parser::session::lock;

/// `panicOnPurpose(handle)`: panics while the parser is in use, as a mistake in the core would.
fn panic_on_purpose(call: &Call<1>) -> Result<Value, CallError> {
    let session = parser::session(call, 0)?;
    let _session = lock(&session);
    panic!("on purpose")
}

raw::entries! {
    /// Registers it.
    register:
    panicOnPurpose => panic_on_purpose,
}
