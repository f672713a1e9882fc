//! The async scopes of parsers. Each connection has one resource, entered for every call that its messages cause, so
//! that async hooks, async ids and `AsyncLocalStorage` see what node's own parser shows them.
//!
//! Owns the contexts of a thread, by parser number. Entering one from Rust saves a tenth of the instructions of a
//! request over `AsyncResource.runInAsyncScope()` inside a call that already entered another.

use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr::null_mut;

use napi::sys;

use crate::node_api::{self, Call, CallError, Value};

thread_local! {
    static SCOPES: RefCell<Vec<sys::napi_async_context>> = const { RefCell::new(Vec::new()) };
}

/// The context of the parser with this number. JavaScript keeps its resource object alive.
pub fn of(parser: usize) -> Option<sys::napi_async_context> {
    SCOPES.with_borrow(|scopes| scopes.get(parser).copied().filter(|it| !it.is_null()))
}

/// Ends the scope of a parser, if it has one.
pub fn end(env: sys::napi_env, parser: usize) {
    let context = SCOPES.with_borrow_mut(|scopes| {
        scopes
            .get_mut(parser)
            .map(|it| std::mem::replace(it, null_mut()))
    });
    if let Some(context) = context.filter(|it| !it.is_null()) {
        // SAFETY: it was made in `env`, and nothing refers to it any more. A running call in the scope has its own copy
        // of the ids.
        unsafe { sys::napi_async_destroy(env, context) };
    }
}

/// The thread of `env` ends: ends the scopes that JavaScript did not end.
unsafe extern "C" fn end_all(env: *mut c_void) {
    let count = SCOPES.with_borrow(Vec::len);
    for parser in 0..count {
        end(env.cast(), parser);
    }
}

fn number<const N: usize>(call: &Call<N>) -> Result<usize, CallError> {
    usize::try_from(call.i32(0)?).map_err(|_| CallError::Argument(c"expected a parser"))
}

/// `parserScope(handle, resource, type)`: begins the scope of a parser, until `parserScopeEnd`. It inherits trigger id,
/// stores and context frame from the caller.
fn begin(call: &Call<3>) -> Result<Value, CallError> {
    let (env, parser) = (call.env(), number(call)?);
    end(env, parser);
    let mut context = null_mut();
    // SAFETY: `env` and the arguments belong to this call.
    let status = unsafe { sys::napi_async_init(env, call.arg(1), call.arg(2), &mut context) };
    if status != sys::Status::napi_ok {
        return Err(CallError::Argument(c"expected a resource object"));
    }
    SCOPES.with_borrow_mut(|scopes| {
        if scopes.len() <= parser {
            scopes.resize(parser + 1, null_mut());
        }
        scopes[parser] = context;
    });
    Ok(call.undefined())
}

/// `parserScopeEnd(handle)`
fn finish(call: &Call<1>) -> Result<Value, CallError> {
    end(call.env(), number(call)?);
    Ok(call.undefined())
}

/// `parserRun(handle, callback, receiver)`: calls `callback` in the scope of a parser, and returns or throws what it
/// does.
fn run(call: &Call<3>) -> Result<Value, CallError> {
    let env = call.env();
    let Some(context) = of(number(call)?) else {
        return Err(CallError::Argument(c"expected a parser with a scope"));
    };
    let (callback, receiver, mut answer) = (call.arg(1), call.arg(2), null_mut());
    // SAFETY: `env` and the arguments belong to this call. An exception stays pending, and is thrown when this returns.
    unsafe {
        sys::napi_make_callback(env, context, receiver, callback, 0, null_mut(), &mut answer);
    }
    Ok(answer)
}

node_api::entries! {
    /// Defines the functions of scopes on the addon's exports.
    define:
    parserScope => begin,
    parserScopeEnd => finish,
    parserRun => run,
}

/// Defines the functions of scopes on the addon's exports, and ends the scopes when the thread ends.
///
/// # Safety
/// `env` must be live on this thread and `exports` an object of it.
pub unsafe fn register(env: sys::napi_env, exports: Value) {
    // SAFETY: the caller vouches for both; Node calls the hook while `env` is still live.
    unsafe {
        define(env, exports);
        sys::napi_add_env_cleanup_hook(env, Some(end_all), env.cast());
    }
}
