//! The one libuv handle that the transport needs: a poll handle in the loop of the running JavaScript thread.
//!
//! libuv's functions are looked up in the running process, not linked: a runtime that loads Node addons without offering
//! libuv (Bun, Deno, some Electron builds) then still loads this one.

use std::ffi::{CStr, c_int, c_void};
use std::os::fd::RawFd;

/// `UV_READABLE`.
const READABLE: c_int = 1;
/// `UV_POLL` of `uv_handle_type`.
const POLL: c_int = 8;

type Handle = *mut c_void;
type PollCallback = unsafe extern "C" fn(Handle, c_int, c_int);
type CloseCallback = unsafe extern "C" fn(Handle);

#[derive(Clone, Copy)]
struct Functions {
    handle_size: unsafe extern "C" fn(c_int) -> usize,
    poll_init: unsafe extern "C" fn(*mut c_void, Handle, c_int) -> c_int,
    poll_start: unsafe extern "C" fn(Handle, c_int, PollCallback) -> c_int,
    close: unsafe extern "C" fn(Handle, Option<CloseCallback>),
    reference: unsafe extern "C" fn(Handle),
    unreference: unsafe extern "C" fn(Handle),
}

/// The address of a function of this process.
fn symbol(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: looks a NUL-terminated name up in the images that are loaded.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!address.is_null()).then_some(address)
}

impl Functions {
    fn load() -> Option<Functions> {
        // SAFETY: each type is that of the function of this name in libuv 1.19 and later, whose ABI is stable in 1.x.
        unsafe {
            Some(Functions {
                handle_size: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(c_int) -> usize>(
                    symbol(c"uv_handle_size")?,
                ),
                poll_init: std::mem::transmute::<
                    *mut c_void,
                    unsafe extern "C" fn(*mut c_void, Handle, c_int) -> c_int,
                >(symbol(c"uv_poll_init")?),
                poll_start: std::mem::transmute::<
                    *mut c_void,
                    unsafe extern "C" fn(Handle, c_int, PollCallback) -> c_int,
                >(symbol(c"uv_poll_start")?),
                close: std::mem::transmute::<
                    *mut c_void,
                    unsafe extern "C" fn(Handle, Option<CloseCallback>),
                >(symbol(c"uv_close")?),
                reference: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(Handle)>(
                    symbol(c"uv_ref")?,
                ),
                unreference: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(Handle)>(
                    symbol(c"uv_unref")?,
                ),
            })
        }
    }
}

/// A started poll handle. It does not keep the loop alive until [`PollHandle::reference`].
#[derive(Clone, Copy)]
pub struct PollHandle {
    handle: Handle,
    functions: Functions,
}

impl PollHandle {
    /// Polls `fd` for reading in `event_loop`; `ready(data)` is called on the loop's thread each time it is readable.
    /// `None` where this process has no libuv, or it refuses the descriptor.
    ///
    /// # Safety
    /// `event_loop` must be the live loop of this thread, and `data` valid until the callback of [`PollHandle::close`].
    pub unsafe fn start(
        event_loop: *mut c_void,
        fd: RawFd,
        ready: PollCallback,
        data: *mut c_void,
    ) -> Option<PollHandle> {
        let functions = Functions::load()?;
        // SAFETY: the memory is as large and aligned as libuv wants it and is freed by the close callback; the caller
        // vouches for the loop.
        unsafe {
            let handle = libc::calloc(1, (functions.handle_size)(POLL));
            if handle.is_null() {
                return None;
            }
            if (functions.poll_init)(event_loop, handle, fd) != 0 {
                libc::free(handle);
                return None;
            }
            *handle.cast::<*mut c_void>() = data;
            (functions.unreference)(handle);
            let poll = PollHandle { handle, functions };
            if (functions.poll_start)(handle, READABLE, ready) != 0 {
                poll.close(release);
                return None;
            }
            Some(poll)
        }
    }

    /// Keeps the loop alive.
    pub fn reference(self) {
        // SAFETY: the handle is open until `close`.
        unsafe { (self.functions.reference)(self.handle) }
    }

    /// Lets the loop end.
    pub fn unreference(self) {
        // SAFETY: the handle is open until `close`.
        unsafe { (self.functions.unreference)(self.handle) }
    }

    /// Ends polling. `closed` is called from the loop, and must call [`release`].
    ///
    /// # Safety
    /// Once, and the handle is not used after.
    pub unsafe fn close(self, closed: CloseCallback) {
        // SAFETY: the caller vouches that it is open.
        unsafe { (self.functions.close)(self.handle, Some(closed)) }
    }
}

/// The `data` of a handle that libuv passes to a callback: the first member of every handle (`UV_HANDLE_FIELDS`).
///
/// # Safety
/// `handle` must come from [`PollHandle::start`].
pub unsafe fn data_of(handle: *mut c_void) -> *mut c_void {
    // SAFETY: the caller vouches for the handle.
    unsafe { *handle.cast::<*mut c_void>() }
}

/// Frees the memory of a closed handle.
///
/// # Safety
/// Only from, or as, the callback of [`PollHandle::close`].
pub unsafe extern "C" fn release(handle: *mut c_void) {
    // SAFETY: `start` got it from calloc, and libuv has let go of it.
    unsafe { libc::free(handle) }
}
