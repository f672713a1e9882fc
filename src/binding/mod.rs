//! What JavaScript can call: each file registers the functions of one core. Converts, calls the core, hands flat results
//! back; decides nothing.

#[cfg(debug_assertions)]
mod debug;
#[cfg(unix)]
mod driver;
mod exception;
#[cfg(unix)]
mod exit;
#[cfg(unix)]
mod group;
mod layout;
#[cfg(unix)]
mod news;
#[cfg(unix)]
mod offload;
mod parser;
mod peek;
mod pool;
mod raw;
mod serializer;
#[cfg(unix)]
mod transport;
#[cfg(unix)]
mod uv;

use napi::bindgen_prelude::{Env, JsValue, Object, Result};

/// Registers every native function on the addon's exports.
#[napi_derive::napi(module_exports)]
pub fn register(exports: Object, env: Env) -> Result<()> {
    let (env, exports) = (env.raw(), exports.raw());
    // SAFETY: Node passes both while it loads the addon.
    unsafe {
        layout::register(env, exports);
        parser::register(env, exports);
        exception::register(env, exports);
        peek::register(env, exports);
        serializer::register(env, exports);
        #[cfg(unix)]
        driver::register(env, exports);
        pool::register(env, exports);
        #[cfg(debug_assertions)]
        debug::register(env, exports);
    }
    Ok(())
}
