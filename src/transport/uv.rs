//! The libuv handles that the transports need in the loop of their JavaScript thread: a poll handle, one through which
//! other threads wake the loop, and one called in each iteration, also when a handler runs the loop.
//!
//! libuv's functions are looked up in the running process instead of linked, so that a runtime which loads Node addons
//! but has no libuv (Bun, Deno, some Electron builds) can still load this one.

use std::ffi::{CStr, c_int, c_void};
use std::os::fd::RawFd;

/// `UV_READABLE`.
const READABLE: c_int = 1;
/// `UV_POLL` of `uv_handle_type`.
const POLL: c_int = 8;

/// `UV_ASYNC` of `uv_handle_type`.
const ASYNC: c_int = 1;
/// `UV_PREPARE` of `uv_handle_type`.
const PREPARE: c_int = 9;

type Handle = *mut c_void;
type AsyncCallback = unsafe extern "C" fn(Handle);
type PollCallback = unsafe extern "C" fn(Handle, c_int, c_int);
type PrepareCallback = unsafe extern "C" fn(Handle);
type CloseCallback = unsafe extern "C" fn(Handle);

#[derive(Clone, Copy)]
struct Functions {
    handle_size: unsafe extern "C" fn(c_int) -> usize,
    poll_init: unsafe extern "C" fn(*mut c_void, Handle, c_int) -> c_int,
    poll_start: unsafe extern "C" fn(Handle, c_int, PollCallback) -> c_int,
    async_init: unsafe extern "C" fn(*mut c_void, Handle, AsyncCallback) -> c_int,
    async_send: unsafe extern "C" fn(Handle) -> c_int,
    prepare_init: unsafe extern "C" fn(*mut c_void, Handle) -> c_int,
    prepare_start: unsafe extern "C" fn(Handle, PrepareCallback) -> c_int,
    close: unsafe extern "C" fn(Handle, Option<CloseCallback>),
    reference: unsafe extern "C" fn(Handle),
    unreference: unsafe extern "C" fn(Handle),
}

/// The address of a function of this process.
fn symbol(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: looks up a NUL-terminated name in the loaded images.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!address.is_null()).then_some(address)
}

impl Functions {
    fn load() -> Option<Functions> {
        // SAFETY: each type is that of the function with this name in libuv 1.19 and later, whose ABI is stable in 1.x.
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
                async_init: std::mem::transmute::<
                    *mut c_void,
                    unsafe extern "C" fn(*mut c_void, Handle, AsyncCallback) -> c_int,
                >(symbol(c"uv_async_init")?),
                async_send: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(Handle) -> c_int>(
                    symbol(c"uv_async_send")?,
                ),
                prepare_init: std::mem::transmute::<
                    *mut c_void,
                    unsafe extern "C" fn(*mut c_void, Handle) -> c_int,
                >(symbol(c"uv_prepare_init")?),
                prepare_start: std::mem::transmute::<
                    *mut c_void,
                    unsafe extern "C" fn(Handle, PrepareCallback) -> c_int,
                >(symbol(c"uv_prepare_start")?),
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

/// An open handle. It keeps the loop alive only after [`LoopHandle::keep_alive`].
#[derive(Clone, Copy)]
pub struct LoopHandle {
    handle: Handle,
    functions: Functions,
}

impl LoopHandle {
    /// Polls `fd` for reading in `event_loop`; `ready(data)` is called on the loop's thread each time it is readable.
    /// `None` if the process has no libuv, or libuv refuses the descriptor.
    ///
    /// # Safety
    /// `event_loop` must be the live loop of this thread, and `data` valid until the callback of [`LoopHandle::close`].
    pub unsafe fn poll(
        event_loop: *mut c_void,
        fd: RawFd,
        ready: PollCallback,
        data: *mut c_void,
    ) -> Option<LoopHandle> {
        let functions = Functions::load()?;
        // SAFETY: the caller vouches for the loop and the data.
        unsafe {
            let init = |handle| (functions.poll_init)(event_loop, handle, fd);
            let poll = LoopHandle::open(functions, POLL, init, data)?;
            if (functions.poll_start)(poll.handle, READABLE, ready) != 0 {
                poll.close(free);
                return None;
            }
            Some(poll)
        }
    }

    /// A handle with which any thread can run `called(handle)` on the loop's thread: see [`LoopHandle::sender`]. `None`
    /// if the process has no libuv.
    ///
    /// # Safety
    /// See [`LoopHandle::poll`].
    pub unsafe fn wakeup(
        event_loop: *mut c_void,
        called: AsyncCallback,
        data: *mut c_void,
    ) -> Option<LoopHandle> {
        let functions = Functions::load()?;
        // SAFETY: as in `poll`.
        unsafe {
            let init = |handle| (functions.async_init)(event_loop, handle, called);
            LoopHandle::open(functions, ASYNC, init, data)
        }
    }

    /// A handle whose `called(handle)` runs in each iteration of the loop, before it polls for I/O. It does not keep
    /// the loop alive, nor from waiting. `None` if the process has no libuv.
    ///
    /// # Safety
    /// See [`LoopHandle::poll`].
    pub unsafe fn prepare(
        event_loop: *mut c_void,
        called: PrepareCallback,
        data: *mut c_void,
    ) -> Option<LoopHandle> {
        let functions = Functions::load()?;
        // SAFETY: as in `poll`. Starting a prepare handle with a callback cannot fail.
        unsafe {
            let init = |handle| (functions.prepare_init)(event_loop, handle);
            let prepare = LoopHandle::open(functions, PREPARE, init, data)?;
            (functions.prepare_start)(prepare.handle, called);
            Some(prepare)
        }
    }

    /// A handle of this type, initialized by `init`, which returns 0 on success. It does not keep the loop alive.
    ///
    /// # Safety
    /// `init` makes a handle of the type in the memory passed to it.
    unsafe fn open(
        functions: Functions,
        kind: c_int,
        init: impl FnOnce(Handle) -> c_int,
        data: *mut c_void,
    ) -> Option<LoopHandle> {
        // SAFETY: the memory has the size and alignment that libuv wants, and the close callback frees it.
        unsafe {
            let handle = libc::calloc(1, (functions.handle_size)(kind));
            if handle.is_null() {
                return None;
            }
            if init(handle) != 0 {
                libc::free(handle);
                return None;
            }
            *handle.cast::<*mut c_void>() = data;
            (functions.unreference)(handle);
            Some(LoopHandle { handle, functions })
        }
    }

    /// Changes the data that [`data_of`] returns.
    ///
    /// # Safety
    /// The handle is open, and `data` is as valid as for `wakeup`.
    pub unsafe fn set_data(self, data: *mut c_void) {
        // SAFETY: the data is the first member of every handle.
        unsafe { *self.handle.cast::<*mut c_void>() = data };
    }

    /// A function that wakes the loop through a handle from [`LoopHandle::wakeup`].
    ///
    /// # Safety
    /// It is not called after closing of the handle has begun.
    pub unsafe fn sender(self) -> impl Fn() + Send + 'static {
        let (handle, send) = (self.handle as usize, self.functions.async_send);
        move || {
            // SAFETY: uv_async_send is the one libuv function that other threads may call; the caller vouches that the
            // handle is open.
            unsafe { send(handle as Handle) };
        }
    }

    /// Sets whether the handle keeps the loop alive.
    ///
    /// # Safety
    /// The handle is open.
    pub unsafe fn keep_alive(self, alive: bool) {
        let change = if alive {
            self.functions.reference
        } else {
            self.functions.unreference
        };
        // SAFETY: the caller vouches for the handle.
        unsafe { change(self.handle) }
    }

    /// Closes the handle. `closed` is called from the loop, and must call [`free`].
    ///
    /// # Safety
    /// Called once, and the handle is not used afterwards.
    pub unsafe fn close(self, closed: CloseCallback) {
        // SAFETY: the caller vouches that it is open.
        unsafe { (self.functions.close)(self.handle, Some(closed)) }
    }
}

/// The `data` of a handle that libuv passes to a callback: the first member of every handle (`UV_HANDLE_FIELDS`).
///
/// # Safety
/// `handle` must be one of ours.
pub unsafe fn data_of(handle: *mut c_void) -> *mut c_void {
    // SAFETY: the caller vouches for the handle.
    unsafe { *handle.cast::<*mut c_void>() }
}

/// Frees the memory of a closed handle.
///
/// # Safety
/// Only from, or as, the callback of [`LoopHandle::close`].
pub unsafe extern "C" fn free(handle: *mut c_void) {
    // SAFETY: `poll`, `wakeup` or `prepare` got it from calloc, and libuv no longer uses it.
    unsafe { libc::free(handle) }
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" fn never(_handle: Handle) {
        panic!("there is no loop to call this");
    }

    #[test]
    fn a_process_without_libuv_has_no_handles() {
        // SAFETY: the callbacks are never called, as there is no libuv.
        let (wakeup, prepare) = unsafe {
            (
                LoopHandle::wakeup(std::ptr::null_mut(), never, std::ptr::null_mut()),
                LoopHandle::prepare(std::ptr::null_mut(), never, std::ptr::null_mut()),
            )
        };
        assert!(wakeup.is_none() && prepare.is_none());
    }
}
