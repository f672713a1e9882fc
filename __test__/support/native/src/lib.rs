//! System calls that tests need and JavaScript cannot make: running the event loop inside a handler, as packages do
//! that make a program wait, and sending urgent data.
//!
//! All functions of Node and libuv are looked up in the running process, so there are no dependencies.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::transmute;
use std::ptr::null_mut;

type Env = *mut c_void;
type Value = *mut c_void;
type Entry = unsafe extern "C" fn(Env, *mut c_void) -> Value;

unsafe extern "C" {
    fn dlsym(image: *mut c_void, name: *const c_char) -> *mut c_void;
    fn send(fd: c_int, bytes: *const c_void, length: usize, flags: c_int) -> isize;
}

/// Searches all images of the process.
#[cfg(target_os = "macos")]
const EVERYWHERE: *mut c_void = -2_isize as *mut c_void;
#[cfg(not(target_os = "macos"))]
const EVERYWHERE: *mut c_void = null_mut();

const MSG_OOB: c_int = 1;
const UV_RUN_ONCE: c_int = 1;

/// The function with this name. The process ends if there is none.
fn function(name: &CStr) -> *mut c_void {
    // SAFETY: the name is NUL-terminated.
    let address = unsafe { dlsym(EVERYWHERE, name.as_ptr()) };
    assert!(!address.is_null(), "no {name:?}");
    address
}

/// `runOnce()`: runs one turn of the event loop, which waits for something to do.
unsafe extern "C" fn run_once(env: Env, _info: *mut c_void) -> Value {
    let mut event_loop = null_mut();
    // SAFETY: these are the types of the functions, and `env` is that of the running call.
    unsafe {
        let get_loop = transmute::<*mut c_void, unsafe extern "C" fn(Env, *mut *mut c_void) -> c_int>(
            function(c"napi_get_uv_event_loop"),
        );
        let run = transmute::<*mut c_void, unsafe extern "C" fn(*mut c_void, c_int) -> c_int>(
            function(c"uv_run"),
        );
        get_loop(env, &mut event_loop);
        run(event_loop, UV_RUN_ONCE);
    }
    null_mut()
}

/// `sendUrgent(fd)`: sends the byte "!" as urgent data.
unsafe extern "C" fn send_urgent(env: Env, info: *mut c_void) -> Value {
    let (mut count, mut argument, mut fd) = (1, null_mut(), -1);
    // SAFETY: these are the types of the functions, and one argument is asked for.
    unsafe {
        let get_info = transmute::<
            *mut c_void,
            unsafe extern "C" fn(
                Env,
                *mut c_void,
                *mut usize,
                *mut Value,
                *mut Value,
                *mut *mut c_void,
            ) -> c_int,
        >(function(c"napi_get_cb_info"));
        let get_number = transmute::<
            *mut c_void,
            unsafe extern "C" fn(Env, Value, *mut i32) -> c_int,
        >(function(c"napi_get_value_int32"));
        get_info(env, info, &mut count, &mut argument, null_mut(), null_mut());
        get_number(env, argument, &mut fd);
        send(fd, c"!".as_ptr().cast(), 1, MSG_OOB);
    }
    null_mut()
}

/// Defines the functions on the exports of the addon.
///
/// # Safety
/// Only Node calls it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn napi_register_module_v1(env: Env, exports: Value) -> Value {
    // SAFETY: these are the types of the functions, and Node passes both values.
    unsafe {
        let create = transmute::<
            *mut c_void,
            unsafe extern "C" fn(
                Env,
                *const c_char,
                usize,
                Entry,
                *mut c_void,
                *mut Value,
            ) -> c_int,
        >(function(c"napi_create_function"));
        let define = transmute::<
            *mut c_void,
            unsafe extern "C" fn(Env, Value, *const c_char, Value) -> c_int,
        >(function(c"napi_set_named_property"));
        for (name, entry) in [
            (c"runOnce", run_once as Entry),
            (c"sendUrgent", send_urgent as Entry),
        ] {
            let mut value = null_mut();
            create(
                env,
                name.as_ptr(),
                usize::MAX,
                entry,
                null_mut(),
                &mut value,
            );
            define(env, exports, name.as_ptr(), value);
        }
    }
    exports
}
