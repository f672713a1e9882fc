//! Looks at an idle connection without taking anything from it.
//!
//! A client that reuses a connection which the server has just closed loses its request. If bytes are already waiting,
//! it takes them for its response. The kernel knows both before the event loop has called JavaScript.

/// Open with nothing to read, or unknown.
pub const IDLE: i32 = 0;
/// The peer has closed or reset the connection, or the descriptor is unusable.
pub const CLOSED: i32 = 1;
/// Bytes are waiting.
pub const DATA: i32 = 2;

/// What the next read of the socket `fd` would find: [`IDLE`], [`CLOSED`] or [`DATA`].
#[cfg(unix)]
pub fn peek(fd: i32) -> i32 {
    let mut byte = 0_u8;
    loop {
        // SAFETY: `byte` has room for the one byte asked for; the kernel refuses a number that is no socket of ours.
        let read = unsafe {
            libc::recv(
                fd,
                (&raw mut byte).cast(),
                1,
                libc::MSG_PEEK | libc::MSG_DONTWAIT,
            )
        };
        if read > 0 {
            return DATA;
        }
        if read == 0 {
            return CLOSED;
        }
        match std::io::Error::last_os_error().raw_os_error() {
            Some(libc::EINTR) => {}
            // ENOTSOCK: this kind of descriptor (a terminal, a pipe) cannot be looked at, and counts as idle.
            Some(libc::EAGAIN | libc::ENOTSOCK) => return IDLE,
            _ => return CLOSED,
        }
    }
}

/// Never called: Windows gives us no descriptor.
#[cfg(not(unix))]
pub fn peek(_fd: i32) -> i32 {
    IDLE
}

#[cfg(all(test, unix))]
mod tests {
    use super::{CLOSED, DATA, IDLE, peek};
    use std::io::{Read, Write};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn an_open_quiet_socket_is_idle() {
        let (here, _there) = UnixStream::pair().unwrap();
        assert_eq!(peek(here.as_raw_fd()), IDLE);
    }

    #[test]
    fn waiting_bytes_are_seen_and_stay() {
        let (mut here, mut there) = UnixStream::pair().unwrap();
        there.write_all(b"ab").unwrap();
        assert_eq!(peek(here.as_raw_fd()), DATA);
        drop(there);
        assert_eq!(peek(here.as_raw_fd()), DATA);
        let mut text = String::new();
        here.read_to_string(&mut text).unwrap();
        assert_eq!(text, "ab");
        assert_eq!(peek(here.as_raw_fd()), CLOSED);
    }

    #[test]
    fn what_is_no_descriptor_is_closed() {
        assert_eq!(peek(-1), CLOSED);
    }

    #[test]
    fn what_is_no_socket_is_left_alone() {
        let file = std::fs::File::open("/dev/null").unwrap();
        assert_eq!(peek(file.as_raw_fd()), IDLE);
    }
}
