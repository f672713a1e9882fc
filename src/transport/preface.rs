//! Takes the PROXY header of a connection from its descriptor, before anything else reads there.
//!
//! It looks at the waiting bytes and takes only those of the header. The next byte is the first that the following
//! protocol reads, be it HTTP or TLS, through whichever reader.

use std::fmt::Write;
use std::io::ErrorKind;

use super::io;
use crate::limits::MAX_PROXY_HEADER;
use crate::parser::proxy_protocol::{Addresses, Header, Progress, Transport, parse};

/// How a connection begins.
#[derive(Debug, PartialEq, Eq)]
pub enum Preface {
    /// A header, as words separated by spaces: version, `LOCAL` or `PROXY`, family (`IPv4`, `IPv6`, `unix` or `-`),
    /// transport (`stream`, `datagram` or `-`), address and port of the source and of the destination (`-` if there is
    /// none, paths in hexadecimal), and one word for each TLV: its type, a colon, and its value in hexadecimal.
    Complete(String),
    /// The part of a header received so far.
    Partial(Vec<u8>),
    /// No header: other bytes, the end, or an error.
    Missing,
}

/// Takes a header from `fd`; `seen` is the part taken before. Does not wait. [`Preface::Partial`]: there was nothing
/// more to read, not even an end.
pub fn take(fd: i32, seen: &[u8]) -> Preface {
    let mut bytes = [0; MAX_PROXY_HEADER];
    let mut known = seen.len();
    match bytes.get_mut(..known) {
        Some(place) => place.copy_from_slice(seen),
        None => return Preface::Missing,
    }
    loop {
        let all = match io::look(fd, &mut bytes[known..]) {
            Ok(count @ 1..) => known + count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                return Preface::Partial(bytes[..known].to_vec());
            }
            Ok(0) | Err(_) => return Preface::Missing,
        };
        let found = parse(&bytes[..all]);
        let length = match &found {
            Progress::Invalid => return Preface::Missing,
            Progress::Partial => all,
            Progress::Complete(header) => header.length,
        };
        // They are there, as only this thread reads.
        if !io::receive(fd, &mut bytes[known..length]).is_ok_and(|taken| known + taken == length) {
            return Preface::Missing;
        }
        if let Progress::Complete(header) = found {
            return Preface::Complete(describe(&header, &bytes));
        }
        known = length;
    }
}

fn describe(header: &Header, bytes: &[u8]) -> String {
    let command = if header.is_local { "LOCAL" } else { "PROXY" };
    let transport = match header.transport {
        Transport::Unknown => "-",
        Transport::Stream => "stream",
        Transport::Datagram => "datagram",
    };
    let (family, ends) = match &header.addresses {
        Addresses::Unknown => ("-", "- - - -".to_owned()),
        Addresses::Internet(source, destination) => (
            if source.is_ipv4() { "IPv4" } else { "IPv6" },
            format!(
                "{} {} {} {}",
                source.ip(),
                source.port(),
                destination.ip(),
                destination.port()
            ),
        ),
        Addresses::Unix(source, destination) => (
            "unix",
            format!(
                "{} - {} -",
                hex(&bytes[source.clone()]),
                hex(&bytes[destination.clone()])
            ),
        ),
    };
    let mut text = format!("{} {command} {family} {transport} {ends}", header.version);
    for (kind, place) in &header.tlvs {
        text.push_str(&format!(" {kind}:{}", hex(&bytes[place.clone()])));
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    const LINE: &str = "PROXY TCP4 1.2.3.4 5.6.7.8 1000 80\r\n";
    const LINE_WORDS: &str = "1 PROXY IPv4 stream 1.2.3.4 1000 5.6.7.8 80";

    fn pair(sent: &[u8]) -> (UnixStream, UnixStream) {
        let (here, mut there) = UnixStream::pair().expect("a pair");
        there.write_all(sent).expect("written");
        (here, there)
    }

    fn rest(mut here: UnixStream, there: UnixStream) -> Vec<u8> {
        drop(there);
        let mut rest = Vec::new();
        here.read_to_end(&mut rest).expect("read");
        rest
    }

    #[test]
    fn a_header_is_taken_and_what_is_behind_it_stays() {
        let (here, there) = pair(format!("{LINE}GET / HTTP/1.1\r\n").as_bytes());
        let found = take(here.as_raw_fd(), &[]);
        assert_eq!(found, Preface::Complete(LINE_WORDS.to_owned()));
        assert_eq!(rest(here, there), b"GET / HTTP/1.1\r\n");
    }

    #[test]
    fn a_header_may_come_byte_by_byte() {
        let (here, mut there) = pair(&[]);
        let mut seen = Vec::new();
        let (last, first) = LINE.as_bytes().split_last().expect("bytes");
        for byte in first {
            assert_eq!(
                take(here.as_raw_fd(), &seen),
                Preface::Partial(seen.clone())
            );
            there.write_all(&[*byte]).expect("written");
            let Preface::Partial(now) = take(here.as_raw_fd(), &seen) else {
                panic!("{seen:?}");
            };
            seen = now;
        }
        there.write_all(&[*last, b'x']).expect("written");
        let found = take(here.as_raw_fd(), &seen);
        assert_eq!(found, Preface::Complete(LINE_WORDS.to_owned()));
        assert_eq!(rest(here, there), b"x");
    }

    #[test]
    fn other_bytes_the_end_and_what_is_no_socket_are_none() {
        let (here, _there) = pair(b"GET / HTTP/1.1\r\n");
        assert_eq!(take(here.as_raw_fd(), &[]), Preface::Missing);
        let (here, there) = pair(b"PROXY");
        assert_eq!(
            take(here.as_raw_fd(), &[]),
            Preface::Partial(b"PROXY".to_vec())
        );
        drop(there);
        assert_eq!(take(here.as_raw_fd(), b"PROXY"), Preface::Missing);
        // An end that is already there gets no event of its own.
        let (here, there) = pair(b"PROXY");
        drop(there);
        assert_eq!(take(here.as_raw_fd(), &[]), Preface::Missing);
        assert_eq!(take(-1, &[]), Preface::Missing);
        assert_eq!(take(-1, &[0; MAX_PROXY_HEADER + 1]), Preface::Missing);
    }

    #[test]
    fn values_and_paths_are_in_hexadecimal() {
        let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x31\0\xde".to_vec();
        header.extend_from_slice(b"/a");
        header.resize(16 + 216, 0);
        header.extend_from_slice(&[2, 0, 3, 1, 0xab, 0xff]);
        let (here, _there) = pair(&header);
        let found = take(here.as_raw_fd(), &[]);
        let words = "2 PROXY unix stream 2f61 -  - 2:01abff";
        assert_eq!(found, Preface::Complete(words.to_owned()));
    }
}
