//! The functions that JavaScript can call: each file registers those of one core. They convert, call the core and hand
//! flat results back, and decide nothing.

#[cfg(unix)]
mod answers;
#[cfg(debug_assertions)]
mod debug;
mod exception;
#[cfg(unix)]
mod host;
mod layout;
mod parser;
mod peek;
mod pool;
mod scope;
mod serializer;
mod shared_port;
#[cfg(unix)]
mod transport;
mod young_space;

use napi::bindgen_prelude::{Env, JsValue, Object, Result};

/// Registers every native function on the addon's exports.
#[napi_derive::napi(module_exports)]
pub fn register(exports: Object, env: Env) -> Result<()> {
    let (env, exports) = (env.raw(), exports.raw());
    // SAFETY: Node passes both while it loads the addon.
    unsafe {
        layout::register(env, exports);
        parser::register(env, exports);
        scope::register(env, exports);
        exception::register(env, exports);
        peek::register(env, exports);
        serializer::register(env, exports);
        shared_port::register(env, exports);
        #[cfg(unix)]
        answers::register(env, exports);
        #[cfg(unix)]
        transport::register(env, exports);
        pool::register(env, exports);
        #[cfg(debug_assertions)]
        debug::register(env, exports);
    }
    Ok(())
}
