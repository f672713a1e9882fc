//! The few N-API calls that the bindings need, as methods that are safe to use within one call from JavaScript.
//!
//! Owns every conversion between JavaScript values and Rust data. Never calls back into JavaScript, so a slice borrowed
//! from a [`Call`] cannot be detached or moved during the call. Raw `napi_*` functions cost 10-50 ns a call; a
//! generated wrapper costs 70-230 ns.

use std::ffi::{CStr, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;

#[cfg(unix)]
use bytes::BytesMut;
use napi::sys;

/// A JavaScript value, valid until the call that received or made it returns.
pub type Value = sys::napi_value;
/// The signature of a native function.
pub type Entry = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> Value;

/// Why a native function throws.
#[derive(Debug)]
pub enum CallError {
    /// An argument has the wrong type: a mistake in `lib/`, never caused by network input. Becomes a `TypeError`.
    Argument(&'static CStr),
}

/// One call from JavaScript: its environment and its first `N` arguments (missing ones are `undefined`).
pub struct Call<const N: usize> {
    env: sys::napi_env,
    args: [Value; N],
}

/// Runs `body` for one call from JavaScript. A [`CallError`] becomes a thrown `TypeError` and a panic a thrown `Error`,
/// so nothing unwinds into Node.
///
/// # Safety
/// `env` and `info` must be those that Node passed to the running native function.
pub unsafe fn enter<const N: usize>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    body: impl FnOnce(&Call<N>) -> Result<Value, CallError>,
) -> Value {
    let mut args = [null_mut(); N];
    let mut count = N;
    // SAFETY: the caller vouches for `env` and `info`; `args` has room for `count` values.
    unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            &mut count,
            args.as_mut_ptr(),
            null_mut(),
            null_mut(),
        );
    }
    let call = Call { env, args };
    let message = match catch_unwind(AssertUnwindSafe(|| body(&call))) {
        Ok(Ok(value)) => return value,
        Ok(Err(CallError::Argument(message))) => message,
        Err(_) => {
            // SAFETY: `env` is live and the message is a NUL-terminated literal.
            unsafe {
                sys::napi_throw_error(env, null_mut(), c"rust-http: internal error".as_ptr())
            };
            return null_mut();
        }
    };
    // SAFETY: as above.
    unsafe { sys::napi_throw_type_error(env, null_mut(), message.as_ptr()) };
    null_mut()
}

/// Adds `function` to `exports` under `name`.
///
/// # Safety
/// `env` must be live on this thread and `exports` an object of it.
pub unsafe fn define(env: sys::napi_env, exports: Value, name: &'static CStr, function: Entry) {
    let mut value = null_mut();
    // SAFETY: the caller vouches for `env` and `exports`; `name` is NUL-terminated and its length is not counted (-1).
    unsafe {
        sys::napi_create_function(
            env,
            name.as_ptr(),
            -1,
            Some(function),
            null_mut(),
            &mut value,
        );
        sys::napi_set_named_property(env, exports, name.as_ptr(), value);
    }
}

impl<const N: usize> Call<N> {
    /// The environment of this call.
    pub fn env(&self) -> sys::napi_env {
        self.env
    }

    /// The argument at `index` as JavaScript passed it.
    #[inline]
    pub fn arg(&self, index: usize) -> Value {
        self.args[index]
    }

    /// The argument as a number truncated to 32 bits.
    #[inline]
    pub fn i32(&self, index: usize) -> Result<i32, CallError> {
        let mut number = 0;
        // SAFETY: `env` and the argument belong to this call.
        let status = unsafe { sys::napi_get_value_int32(self.env, self.arg(index), &mut number) };
        if status == sys::Status::napi_ok {
            Ok(number)
        } else {
            Err(CallError::Argument(c"expected an integer"))
        }
    }

    /// The argument as a number.
    #[inline]
    pub fn f64(&self, index: usize) -> Result<f64, CallError> {
        let mut number = 0.0;
        // SAFETY: `env` and the argument belong to this call.
        let status = unsafe { sys::napi_get_value_double(self.env, self.args[index], &mut number) };
        if status == sys::Status::napi_ok {
            Ok(number)
        } else {
            Err(CallError::Argument(c"expected a number"))
        }
    }

    /// Address and length in bytes of the memory of a Buffer, typed array or DataView.
    #[inline]
    pub fn view(&self, index: usize) -> Result<(*mut u8, usize), CallError> {
        let (mut data, mut length) = (null_mut::<c_void>(), 0);
        // SAFETY: `env` and the argument belong to this call.
        let status = unsafe {
            sys::napi_get_buffer_info(self.env, self.args[index], &mut data, &mut length)
        };
        if status != sys::Status::napi_ok {
            return Err(CallError::Argument(c"expected a buffer"));
        }
        Ok((data.cast(), length))
    }

    /// The bytes of a Buffer, typed array or DataView, borrowed for this call.
    #[inline]
    pub fn bytes(&self, index: usize) -> Result<&[u8], CallError> {
        let (data, length) = self.view(index)?;
        if length == 0 || data.is_null() {
            return Ok(&[]);
        }
        // SAFETY: the view holds `length` bytes and, since no JavaScript runs before this call returns, stays in place.
        Ok(unsafe { std::slice::from_raw_parts(data, length) })
    }

    /// Copies `words` to the start of an Int32Array; fewer are copied if it is shorter.
    #[inline]
    pub fn fill_i32(&self, index: usize, words: &[i32]) -> Result<(), CallError> {
        let (data, length) = self.view(index)?;
        let count = words.len().min(length / 4);
        if count > 0 && !data.is_null() {
            // SAFETY: the view holds at least `count * 4` writable bytes, which no Rust reference covers. The copy is
            // bytewise, so alignment does not matter.
            unsafe { std::ptr::copy_nonoverlapping(words.as_ptr().cast::<u8>(), data, count * 4) };
        }
        Ok(())
    }

    /// The number of 32-bit words that [`Call::fill_i32`] can copy to this argument.
    #[inline]
    pub fn words(&self, index: usize) -> Result<usize, CallError> {
        Ok(self.view(index)?.1 / 4)
    }

    /// Reads a string as UTF-16 code units into `buffer`, replacing its content. UTF-16, so that no character is
    /// narrowed unnoticed.
    #[inline]
    pub fn utf16(&self, index: usize, buffer: &mut Vec<u16>) -> Result<(), CallError> {
        const NOT_A_STRING: CallError = CallError::Argument(c"expected a string");
        buffer.clear();
        if buffer.capacity() < 1024 {
            buffer.reserve(1024);
        }
        let mut length = 0;
        let room = buffer.capacity();
        // SAFETY: `buffer` has room for `room` code units, the last of which Node uses for a terminator.
        let status = unsafe {
            sys::napi_get_value_string_utf16(
                self.env,
                self.args[index],
                buffer.as_mut_ptr(),
                room,
                &mut length,
            )
        };
        if status != sys::Status::napi_ok {
            return Err(NOT_A_STRING);
        }
        if length + 1 >= room {
            // The string may be cut off: ask for its length and read again.
            // SAFETY: a null buffer asks for the length only.
            let status = unsafe {
                sys::napi_get_value_string_utf16(
                    self.env,
                    self.args[index],
                    null_mut(),
                    0,
                    &mut length,
                )
            };
            if status != sys::Status::napi_ok {
                return Err(NOT_A_STRING);
            }
            buffer.reserve(length + 1);
            // SAFETY: `buffer` has room for `length` code units and the terminator.
            unsafe {
                let room = buffer.capacity();
                sys::napi_get_value_string_utf16(
                    self.env,
                    self.args[index],
                    buffer.as_mut_ptr(),
                    room,
                    &mut length,
                );
            }
        }
        // SAFETY: Node wrote `length` code units.
        unsafe { buffer.set_len(length) };
        Ok(())
    }

    /// Appends a string to `buffer`: its characters modulo 256 (`latin1`), or as UTF-8.
    #[cfg(unix)]
    #[inline]
    pub fn append_string(
        &self,
        index: usize,
        latin1: bool,
        buffer: &mut BytesMut,
    ) -> Result<(), CallError> {
        let read = if latin1 {
            sys::napi_get_value_string_latin1
        } else {
            sys::napi_get_value_string_utf8
        };
        let old = buffer.len();
        buffer.reserve(1024);
        for _ in 0..2 {
            let room = buffer.capacity() - old;
            let mut length = 0;
            // SAFETY: `buffer` has room for `room` bytes after its `old` ones; Node uses the last for a terminator.
            let status = unsafe {
                let end = buffer.as_mut_ptr().add(old);
                read(self.env, self.args[index], end.cast(), room, &mut length)
            };
            if status != sys::Status::napi_ok {
                return Err(CallError::Argument(c"expected a string"));
            }
            // A UTF-8 character has at most 4 bytes: with less room left than that, the string may be cut off.
            if length + 5 <= room {
                // SAFETY: Node wrote `length` bytes.
                unsafe { buffer.set_len(old + length) };
                return Ok(());
            }
            // SAFETY: a null buffer asks for the length only.
            unsafe { read(self.env, self.args[index], null_mut(), 0, &mut length) };
            buffer.reserve(length + 5);
        }
        Err(CallError::Argument(c"expected a string"))
    }

    /// A Buffer with a copy of `bytes` in its own memory.
    #[cfg(unix)]
    pub fn buffer(&self, bytes: &[u8]) -> Value {
        self.copy(bytes).0
    }

    /// The same, with the address of that memory.
    pub fn copy(&self, bytes: &[u8]) -> (Value, *mut c_void) {
        let (mut value, mut data) = (null_mut(), null_mut());
        // SAFETY: Node copies `bytes.len()` bytes.
        unsafe {
            sys::napi_create_buffer_copy(
                self.env,
                bytes.len(),
                bytes.as_ptr().cast(),
                &mut data,
                &mut value,
            );
        }
        (value, data)
    }

    /// Sets an element of the array in argument `index`.
    #[cfg(unix)]
    pub fn set_element(&self, index: usize, element: u32, value: Value) {
        // SAFETY: `env`, the argument and the value belong to this call.
        unsafe { sys::napi_set_element(self.env, self.args[index], element, value) };
    }

    /// The data of an external value made by [`Call::external`].
    ///
    /// # Safety
    /// The argument must come from [`Call::external`] with the same `T`, and the caller must not hold another reference
    /// to that data. `lib/` keeps externals in private fields, and no JavaScript runs while this call lasts.
    #[cfg(unix)]
    #[inline]
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn data<T>(&self, index: usize) -> Result<&mut T, CallError> {
        let mut data = null_mut();
        // SAFETY: `env` and the argument belong to this call; Node refuses an argument that is no external.
        let status = unsafe { sys::napi_get_value_external(self.env, self.args[index], &mut data) };
        if status != sys::Status::napi_ok || data.is_null() {
            return Err(CallError::Argument(c"expected a native handle"));
        }
        // SAFETY: the caller vouches for the type; the box lives until the external is collected.
        Ok(unsafe { &mut *data.cast::<T>() })
    }

    /// Moves `data` into an external value. It is dropped when that value is collected.
    #[cfg(unix)]
    pub fn external<T>(&self, data: T) -> Value {
        unsafe extern "C" fn release<T>(
            _env: sys::napi_env,
            data: *mut c_void,
            _hint: *mut c_void,
        ) {
            // SAFETY: `data` is the box made below, and Node calls this once.
            drop(unsafe { Box::from_raw(data.cast::<T>()) });
        }
        let data = Box::into_raw(Box::new(data)).cast();
        let mut value = null_mut();
        // SAFETY: `env` is live; ownership of the box goes to the external.
        unsafe {
            sys::napi_create_external(self.env, data, Some(release::<T>), null_mut(), &mut value)
        };
        value
    }

    /// A string with one character for each byte.
    #[inline]
    pub fn latin1(&self, bytes: &[u8]) -> Value {
        let mut value = null_mut();
        // SAFETY: Node copies `bytes.len()` bytes.
        unsafe {
            sys::napi_create_string_latin1(
                self.env,
                bytes.as_ptr().cast(),
                bytes.len() as isize,
                &mut value,
            );
        }
        value
    }

    /// A number.
    #[inline]
    pub fn number(&self, number: i32) -> Value {
        let mut value = null_mut();
        // SAFETY: `env` is live.
        unsafe { sys::napi_create_int32(self.env, number, &mut value) };
        value
    }

    /// A number that may have a fraction.
    #[inline]
    pub fn double(&self, number: f64) -> Value {
        let mut value = null_mut();
        // SAFETY: `env` is live.
        unsafe { sys::napi_create_double(self.env, number, &mut value) };
        value
    }

    /// A string.
    #[inline]
    pub fn text(&self, text: &str) -> Value {
        if text.is_ascii() {
            return self.latin1(text.as_bytes());
        }
        let mut value = null_mut();
        // SAFETY: Node copies `text.len()` bytes.
        unsafe {
            sys::napi_create_string_utf8(
                self.env,
                text.as_ptr().cast(),
                text.len() as isize,
                &mut value,
            );
        }
        value
    }

    /// `true` or `false`.
    #[inline]
    #[cfg(unix)]
    pub fn boolean(&self, truth: bool) -> Value {
        let mut value = null_mut();
        // SAFETY: `env` is live.
        unsafe { sys::napi_get_boolean(self.env, truth, &mut value) };
        value
    }

    /// `undefined`.
    #[inline]
    pub fn undefined(&self) -> Value {
        null_mut()
    }

    /// An array of latin1 strings.
    pub fn strings<'a>(&self, items: impl Iterator<Item = &'a str>) -> Value {
        let mut array = null_mut();
        // SAFETY: `env` is live; each element is a value of it.
        unsafe { sys::napi_create_array(self.env, &mut array) };
        for (index, item) in items.enumerate() {
            let value = self.latin1(item.as_bytes());
            // SAFETY: as above.
            unsafe { sys::napi_set_element(self.env, array, index as u32, value) };
        }
        array
    }
}

/// Makes a `register` function that defines each `name => body` on the addon's exports; `body` is a
/// `fn(&Call<N>) -> Result<Value, CallError>`.
macro_rules! entries {
    ($(#[$doc:meta])* $register:ident: $($name:ident => $body:path),+ $(,)?) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// `env` must be live on this thread and `exports` an object of it.
        pub unsafe fn $register(env: sys::napi_env, exports: Value) {
            $({
                unsafe extern "C" fn entry(env: sys::napi_env, info: sys::napi_callback_info) -> Value {
                    // SAFETY: Node passes both to the function that it calls.
                    unsafe { $crate::node_api::enter(env, info, $body) }
                }
                const NAME: &str = concat!(stringify!($name), "\0");
                const C_NAME: &std::ffi::CStr = match std::ffi::CStr::from_bytes_with_nul(NAME.as_bytes()) {
                    Ok(name) => name,
                    Err(_) => panic!("a NUL in a name"),
                };
                // SAFETY: the caller vouches for `env` and `exports`.
                unsafe { $crate::node_api::define(env, exports, C_NAME, entry) };
            })+
        }
    };
}
pub(super) use entries;
