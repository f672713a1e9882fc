//! What JavaScript can call: each file registers the functions of one core. Converts, calls the core, hands flat results
//! back; decides nothing.

mod raw;

use napi::bindgen_prelude::{Env, Object, Result};

/// Registers every native function on the addon's exports.
#[napi_derive::napi(module_exports)]
pub fn register(_exports: Object, _env: Env) -> Result<()> {
    Ok(())
}
