//! The system calls of the transports, none of which blocks or raises SIGPIPE.

use std::io::{Error, IoSlice, Result};
use std::os::fd::RawFd;

#[cfg(any(target_os = "linux", target_os = "android"))]
const SEND_FLAGS: libc::c_int = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
// On other systems SO_NOSIGPIPE prevents SIGPIPE, or Node, which ignores the signal.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const SEND_FLAGS: libc::c_int = libc::MSG_DONTWAIT;

fn retry(call: impl Fn() -> isize) -> Result<usize> {
    loop {
        match usize::try_from(call()) {
            Ok(count) => return Ok(count),
            Err(_) => {
                let error = Error::last_os_error();
                if error.kind() != std::io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
}

/// Whether a send failed only because the kernel has no room now: in the socket or in the system (ENOBUFS), as in
/// libuv.
pub fn is_full(error: &Error) -> bool {
    error.kind() == std::io::ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::ENOBUFS)
}

/// Reads what is there. 0 is the end of the peer's data, `WouldBlock` that nothing is there.
pub fn receive(fd: RawFd, buffer: &mut [u8]) -> Result<usize> {
    let (data, length) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: the kernel writes at most `length` bytes to `data`; a stale descriptor number is an error, not memory.
    retry(|| unsafe { libc::recv(fd, data, length, libc::MSG_DONTWAIT) })
}

/// The same, but leaves the bytes in the socket.
pub fn look(fd: RawFd, buffer: &mut [u8]) -> Result<usize> {
    let (data, length) = (buffer.as_mut_ptr().cast(), buffer.len());
    let flags = libc::MSG_DONTWAIT | libc::MSG_PEEK;
    // SAFETY: as in `receive`.
    retry(|| unsafe { libc::recv(fd, data, length, flags) })
}

/// Bytes that can be read now; 0 if the system does not say.
pub fn available(fd: RawFd) -> usize {
    let mut count: libc::c_int = 0;
    // SAFETY: the kernel writes one int; a stale descriptor number is an error, not memory.
    let status = unsafe { libc::ioctl(fd, libc::FIONREAD, &mut count) };
    if status == 0 {
        usize::try_from(count).unwrap_or(0)
    } else {
        0
    }
}

/// Makes the close of this descriptor reset the connection, as the system does if bytes are unread.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn reset_when_closed(fd: RawFd) {
    let at_once = libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    let (option, size) = (std::ptr::from_ref(&at_once).cast(), size_of_val(&at_once));
    // SAFETY: the kernel reads `size` bytes of `option`; a stale descriptor number is an error, not memory.
    let _ = unsafe { libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_LINGER, option, size as _) };
}

// Other systems do not reset it.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn reset_when_closed(_fd: RawFd) {}

/// Sends what the kernel takes of `first` followed by `second`: fewer bytes, or `WouldBlock`, if its buffer is full.
pub fn send(fd: RawFd, first: &[u8], second: &[u8]) -> Result<usize> {
    if second.is_empty() {
        let (data, length) = (first.as_ptr().cast(), first.len());
        // SAFETY: the kernel reads `length` bytes of `data`.
        return retry(|| unsafe { libc::send(fd, data, length, SEND_FLAGS) });
    }
    let parts = [IoSlice::new(first), IoSlice::new(second)];
    retry(|| {
        // SAFETY: all zero is a valid msghdr; IoSlice has the layout of iovec, and the kernel only reads through it.
        unsafe {
            let mut message: libc::msghdr = std::mem::zeroed();
            message.msg_iov = parts.as_ptr().cast_mut().cast();
            message.msg_iovlen = parts.len() as _;
            libc::sendmsg(fd, &message, SEND_FLAGS)
        }
    })
}
