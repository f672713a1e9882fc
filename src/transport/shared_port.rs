//! Sockets that share their port with other threads and processes: the system spreads new connections over all of them.
//!
//! Node has the option `reusePort` since 22.12 and 23.1. For earlier versions the socket is bound here, and Node
//! listens on it.

/// The systems for which libuv has it: Linux 3.9 and those like it, which spread connections. Elsewhere the last socket
/// would get them all.
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "dragonfly"
))]
mod supported {
    use std::io::Result;
    use std::net::{IpAddr, SocketAddr};
    use std::os::fd::{IntoRawFd, RawFd};

    use socket2::{Domain, Protocol, Socket, Type};

    /// Binds a socket as libuv does, but shares the port.
    pub fn bind(address: IpAddr, port: u16, only_v6: bool) -> Result<RawFd> {
        let domain = match address {
            IpAddr::V4(_) => Domain::IPV4,
            IpAddr::V6(_) => Domain::IPV6,
        };
        let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(only_v6)?;
        }
        socket.bind(&SocketAddr::new(address, port).into())?;
        Ok(socket.into_raw_fd())
    }
}

/// Result: the system has no such sockets.
pub const UNSUPPORTED: i32 = -1;
/// Result: another socket has the port and does not share it.
pub const IN_USE: i32 = -2;
/// Result: the socket could not be bound for another reason.
pub const FAILED: i32 = -3;

/// The descriptor of a socket bound to an address and a shared port (0 for any port); the caller closes it. On failure
/// [`UNSUPPORTED`], [`IN_USE`] or [`FAILED`].
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "dragonfly"
))]
pub fn bind(address: &str, port: u16, only_v6: bool) -> i32 {
    let Ok(address) = address.parse() else {
        return FAILED;
    };
    match supported::bind(address, port, only_v6) {
        Ok(fd) => fd,
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => IN_USE,
        Err(_) => FAILED,
    }
}

/// The same on systems without shared ports: always [`UNSUPPORTED`].
#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "dragonfly"
)))]
pub fn bind(_address: &str, _port: u16, _only_v6: bool) -> i32 {
    UNSUPPORTED
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::TcpListener;
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

    use super::{FAILED, IN_USE, bind};

    fn bound(address: &str, port: u16, only_v6: bool) -> Option<(TcpListener, u16)> {
        let fd = bind(address, port, only_v6);
        if fd < 0 {
            return None;
        }
        // SAFETY: the descriptor is new, and owned only here.
        let listener = TcpListener::from(unsafe { OwnedFd::from_raw_fd(fd) });
        // SAFETY: the descriptor is open.
        assert_eq!(unsafe { libc::listen(fd, 1) }, 0);
        let port = listener.local_addr().unwrap().port();
        Some((listener, port))
    }

    #[test]
    fn a_port_is_shared_by_those_that_say_so_and_by_no_other() {
        let (_first, port) = bound("127.0.0.1", 0, false).unwrap();
        let (_second, again) = bound("127.0.0.1", port, false).unwrap();
        assert_eq!(again, port);
        assert!(TcpListener::bind(("127.0.0.1", port)).is_err());
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(
            bind("127.0.0.1", taken.local_addr().unwrap().port(), false),
            IN_USE
        );
    }

    #[test]
    fn an_address_of_version_6_may_leave_out_version_4() {
        let Some((_v6, port)) = bound("::", 0, true) else {
            return; // without IPv6
        };
        assert!(bound("0.0.0.0", port, false).is_some());
    }

    #[test]
    fn no_process_inherits_the_socket_and_what_is_no_address_of_ours_is_refused() {
        let (listener, _) = bound("127.0.0.1", 0, false).unwrap();
        // SAFETY: reads the flags of an open descriptor.
        let flags = unsafe { libc::fcntl(listener.as_raw_fd(), libc::F_GETFD) };
        assert_eq!(flags & libc::FD_CLOEXEC, libc::FD_CLOEXEC);
        assert_eq!(bind("203.0.113.1", 0, false), FAILED);
        assert_eq!(bind("localhost", 0, false), FAILED);
    }
}
