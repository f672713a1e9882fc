//! What a thread leaves in V8's young space beside bodies, see [`crate::pace`].

use std::cell::Cell;
use std::ptr::null_mut;

use napi::sys;

use super::heap_top;
use super::raw::{Call, CallError, Value};
use crate::pace::{OF_ARRAY, Pace};

thread_local! {
    static PACE: Cell<Pace> = const { Cell::new(Pace::new()) };
}

/// So many bytes of a body have come or go.
pub fn pass(env: sys::napi_env, bytes: usize) {
    let mut pace = PACE.get();
    if pace.is_due(bytes) {
        let mut count = 0;
        // SAFETY: `env` is that of this thread; 0 changes nothing.
        unsafe { sys::napi_adjust_external_memory(env, 0, &mut count) };
        heap_top::count(count);
        let mut elements = pace.look(count);
        while elements > 0 {
            leave(env, elements.min(OF_ARRAY) as usize);
            elements -= OF_ARRAY;
        }
    }
    PACE.set(pace);
}

fn leave(env: sys::napi_env, elements: usize) {
    let (mut scope, mut array) = (null_mut(), null_mut());
    // SAFETY: `env` is that of this thread; the value lives in the scope, and nothing refers to it behind that.
    unsafe {
        if sys::napi_open_handle_scope(env, &mut scope) == sys::Status::napi_ok {
            sys::napi_create_array_with_length(env, elements, &mut array);
            sys::napi_close_handle_scope(env, scope);
        }
    }
}

/// `bodyPasses(bytes)`: so many bytes of a body go.
pub fn body_passes(call: &Call<1>) -> Result<Value, CallError> {
    pass(call.env(), call.i32(0)?.max(0) as usize);
    Ok(call.undefined())
}
