//! The async scopes of parsers: one resource for each connection, entered with each call that its messages cause, so that async hooks, the
//! ids of `async_hooks` and `AsyncLocalStorage` see what they see of node's own parser.
//!
//! Owns the contexts of a thread by the numbers of their parsers. Entering one from Rust takes a tenth of the instructions of a request less
//! than `AsyncResource.runInAsyncScope()` in a call that has entered another.

use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr::null_mut;

use napi::sys;

use super::raw::{self, Call, CallError, Value};

/// An async context of Node and the object by which it is known, which JavaScript keeps.
#[derive(Clone, Copy)]
pub struct Scope {
    pub context: sys::napi_async_context,
    resource: sys::napi_ref,
}

thread_local! {
    static SCOPES: RefCell<Vec<Option<Scope>>> = const { RefCell::new(Vec::new()) };
}

impl Scope {
    /// That of the parser with this number.
    pub fn of(parser: usize) -> Option<Scope> {
        SCOPES.with_borrow(|scopes| scopes.get(parser).copied().flatten())
    }

    /// Its object; null where JavaScript has let go of it.
    pub fn resource(&self, env: sys::napi_env) -> Value {
        let mut resource = null_mut();
        // SAFETY: the reference lives as long as its place among the scopes, and each caller has taken this from there just now.
        unsafe { sys::napi_get_reference_value(env, self.resource, &mut resource) };
        resource
    }
}

/// Ends the scope of a parser, if it has one.
pub fn end(env: sys::napi_env, parser: usize) {
    let scope = SCOPES.with_borrow_mut(|scopes| scopes.get_mut(parser).and_then(Option::take));
    if let Some(scope) = scope {
        // SAFETY: both were made in `env`, and nothing refers to them any more. A call in the scope that goes on has copies of its ids.
        unsafe {
            sys::napi_async_destroy(env, scope.context);
            sys::napi_delete_reference(env, scope.resource);
        }
    }
}

/// The thread of `env` ends: what JavaScript has not ended.
unsafe extern "C" fn end_all(env: *mut c_void) {
    let count = SCOPES.with_borrow(Vec::len);
    for parser in 0..count {
        end(env.cast(), parser);
    }
}

fn number<const N: usize>(call: &Call<N>) -> Result<usize, CallError> {
    usize::try_from(call.i32(0)?).map_err(|_| CallError::Argument(c"expected a parser"))
}

/// `parserScope(handle, resource, type)`: begins the scope of a parser, which `parserScopeEnd` ends. Its trigger, stores and frame are those of the
/// caller.
fn begin(call: &Call<3>) -> Result<Value, CallError> {
    let (env, parser) = (call.env(), number(call)?);
    end(env, parser);
    let (mut context, mut resource) = (null_mut(), null_mut());
    // SAFETY: `env` and the arguments belong to this call; the reference is a weak one, of an object, as Node has checked.
    unsafe {
        if sys::napi_async_init(env, call.arg(1), call.arg(2), &mut context) != sys::Status::napi_ok
        {
            return Err(CallError::Argument(c"expected a resource object"));
        }
        sys::napi_create_reference(env, call.arg(1), 0, &mut resource);
    }
    SCOPES.with_borrow_mut(|scopes| {
        if scopes.len() <= parser {
            scopes.resize(parser + 1, None);
        }
        scopes[parser] = Some(Scope { context, resource });
    });
    Ok(call.undefined())
}

/// `parserScopeEnd(handle)`
fn finish(call: &Call<1>) -> Result<Value, CallError> {
    end(call.env(), number(call)?);
    Ok(call.undefined())
}

/// `parserRun(handle, callback)`: calls back in the scope of a parser, and answers what that returns; what it throws is thrown.
fn run(call: &Call<2>) -> Result<Value, CallError> {
    let env = call.env();
    let Some(scope) = Scope::of(number(call)?) else {
        return Err(CallError::Argument(c"expected a parser with a scope"));
    };
    let mut answer = null_mut();
    // SAFETY: `env` and the callback belong to this call. What it throws stays pending, and is thrown when this returns.
    unsafe {
        sys::napi_make_callback(
            env,
            scope.context,
            scope.resource(env),
            call.arg(1),
            0,
            null_mut(),
            &mut answer,
        );
    }
    Ok(answer)
}

super::raw::entries! {
    /// Defines the functions of scopes on the addon's exports.
    define:
    parserScope => begin,
    parserScopeEnd => finish,
    parserRun => run,
}

/// Defines the functions of scopes on the addon's exports, and has the scopes end with the thread.
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
