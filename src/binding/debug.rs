//! Debug builds only: shows that a panic does not leave the addon.

use napi::sys;

use super::parser;
use crate::node_api::{self, Call, CallError, Value};
use crate::parser::session::lock;

/// `panicOnPurpose(handle)`: panics while the parser is locked, as a bug in the core would.
fn panic_on_purpose(call: &Call<1>) -> Result<Value, CallError> {
    let session = parser::session(call, 0)?;
    let _session = lock(&session);
    panic!("on purpose")
}

node_api::entries! {
    /// Registers the function that panics.
    register:
    panicOnPurpose => panic_on_purpose,
}
