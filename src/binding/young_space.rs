//! The garbage that a thread leaves in V8's young space along with bodies, see [`crate::pace`].

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr::null_mut;

use napi::sys;

use crate::heap_top;
use crate::node_api::{Call, CallError, Value};
use crate::pace::{OF_ARRAY, Pace};

thread_local! {
    static PACE: Cell<Pace> = const { Cell::new(Pace::new()) };
    static WITNESSES: RefCell<Witnesses> = const { RefCell::new(Witnesses::new()) };
}

/// Objects that tell a full collection from one of the young space: only a full collection removes an unreferenced
/// object of the old space.
struct Witnesses {
    env: sys::napi_env,
    // Null, or an object that survived none, one or two collections. The first two are strong references.
    young: sys::napi_ref,
    older: sys::napi_ref,
    old: sys::napi_ref,
}

impl Witnesses {
    const fn new() -> Witnesses {
        Witnesses {
            env: null_mut(),
            young: null_mut(),
            older: null_mut(),
            old: null_mut(),
        }
    }

    /// Whether the collection that just happened was a full one, as far as is known.
    fn was_full(&mut self, env: sys::napi_env) -> bool {
        if self.env != env {
            *self = Witnesses::new();
            self.env = env;
            // SAFETY: `env` is that of this thread, which forgets its witnesses before it ends.
            unsafe { sys::napi_add_env_cleanup_hook(env, Some(forget), null_mut()) };
        }
        let mut scope = null_mut();
        // SAFETY: `env` is that of this thread; the references belong to it and are not deleted; values live in the
        // scope.
        unsafe {
            if sys::napi_open_handle_scope(env, &mut scope) != sys::Status::napi_ok {
                return false;
            }
            let mut value = null_mut();
            if !self.old.is_null() {
                sys::napi_get_reference_value(env, self.old, &mut value);
            }
            let is_gone = value.is_null();
            let was_full = is_gone && !self.old.is_null();
            if was_full {
                sys::napi_delete_reference(env, self.old);
            }
            if is_gone {
                self.old = self.older;
                if !self.old.is_null() {
                    sys::napi_reference_unref(env, self.old, &mut 0);
                }
                self.older = self.young;
                self.young = null_mut();
                sys::napi_create_object(env, &mut value);
                sys::napi_create_reference(env, value, 1, &mut self.young);
            }
            sys::napi_close_handle_scope(env, scope);
            was_full
        }
    }
}

/// The environment of this thread ends, and its references with it.
unsafe extern "C" fn forget(_: *mut c_void) {
    WITNESSES.set(Witnesses::new());
}

/// Counts bytes of a body that came or went.
pub fn pass(env: sys::napi_env, bytes: usize) {
    let mut pace = PACE.get();
    if pace.is_due(bytes) {
        let mut count = 0;
        // SAFETY: `env` is that of this thread; 0 changes nothing.
        unsafe { sys::napi_adjust_external_memory(env, 0, &mut count) };
        heap_top::count(count);
        let fully = pace.was_collected(count) && WITNESSES.with_borrow_mut(|it| it.was_full(env));
        let mut elements = pace.look(count, fully);
        while elements > 0 {
            leave(env, elements.min(OF_ARRAY) as usize);
            elements -= OF_ARRAY;
        }
    }
    PACE.set(pace);
}

fn leave(env: sys::napi_env, elements: usize) {
    let (mut scope, mut array) = (null_mut(), null_mut());
    // SAFETY: `env` is that of this thread; the value lives in the scope, and nothing refers to it afterwards.
    unsafe {
        if sys::napi_open_handle_scope(env, &mut scope) == sys::Status::napi_ok {
            sys::napi_create_array_with_length(env, elements, &mut array);
            sys::napi_close_handle_scope(env, scope);
        }
    }
}

/// `bodyPasses(bytes)`: counts bytes of a body that went out.
pub fn body_passes(call: &Call<1>) -> Result<Value, CallError> {
    pass(call.env(), call.i32(0)?.max(0) as usize);
    Ok(call.undefined())
}
