//! The PROXY protocol, versions 1 and 2: the header with which a proxy names the client whose connection it forwards.
//! The specification is HAProxy's (<https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>, sections 2.1 and
//! 2.2).
//!
//! A partial header does not show where it ends, and another protocol follows it. So [`parse`] is given everything
//! received so far, and returns the length of the header, or that more bytes have to come. It never asks for more than
//! the header.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;

use crate::limits::{MAX_PROXY_HEADER, MAX_PROXY_LINE};

const LINE_START: &[u8] = b"PROXY ";
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Bytes of a version 2 header before the addresses.
const FIXED: usize = 16;
/// Bytes of the path of a unix socket.
const UNIX_PATH: usize = 108;
/// The TLV whose value is a checksum of the header.
const CRC32C: u8 = 3;

/// What the bytes so far are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The beginning of a header; all the bytes belong to it.
    Partial,
    /// No header: another protocol, or a header that is malformed or too long.
    Invalid,
    /// A whole header, perhaps with bytes after it.
    Complete(Header),
}

/// A whole header. Ranges index the parsed bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its length in bytes.
    pub length: usize,
    /// 1 or 2.
    pub version: u8,
    /// The proxy connects for itself, as with a health check: there is no client.
    pub is_local: bool,
    /// How the client reached the proxy.
    pub transport: Transport,
    /// Whose connection it is. [`Addresses::Unknown`]: use the socket's own addresses.
    pub addresses: Addresses,
    /// Further data from the proxy: types and values.
    pub tlvs: Vec<(u8, Range<usize>)>,
}

/// The kind of connection between client and proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Unspecified.
    Unknown,
    /// TCP, or a unix stream socket.
    Stream,
    /// UDP, or a unix datagram socket.
    Datagram,
}

/// The two ends of that connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// Unspecified.
    Unknown,
    /// Source and destination.
    Internet(SocketAddr, SocketAddr),
    /// Paths of source and destination, without the trailing zeros.
    Unix(Range<usize>, Range<usize>),
}

/// Parses the first bytes of a connection.
pub fn parse(bytes: &[u8]) -> Progress {
    let found = if begins(bytes, SIGNATURE) {
        binary(bytes)
    } else if begins(bytes, LINE_START) {
        line(bytes)
    } else {
        None
    };
    found.unwrap_or(Progress::Invalid)
}

/// Whether the shorter of `bytes` and `start` begins the longer.
fn begins(bytes: &[u8], start: &[u8]) -> bool {
    bytes.iter().zip(start).all(|(one, other)| one == other)
}

/// Version 1. `None`: malformed.
fn line(bytes: &[u8]) -> Option<Progress> {
    let shown = bytes.get(..MAX_PROXY_LINE).unwrap_or(bytes);
    let Some(end) = shown.iter().position(|byte| *byte == b'\r') else {
        return (bytes.len() < MAX_PROXY_LINE).then_some(Progress::Partial);
    };
    match shown.get(end + 1) {
        Some(b'\n') => {}
        Some(_) => return None,
        None => return (bytes.len() < MAX_PROXY_LINE).then_some(Progress::Partial),
    }
    let text = std::str::from_utf8(shown.get(LINE_START.len()..end)?).ok()?;
    let mut words = text.split(' ');
    let ends: Option<(IpAddr, IpAddr)> = match words.next()? {
        // The receiver must ignore anything presented before the CRLF.
        "UNKNOWN" => None,
        "TCP4" => {
            let (source, destination): (Ipv4Addr, Ipv4Addr) =
                (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            Some((source.into(), destination.into()))
        }
        "TCP6" => {
            let (source, destination): (Ipv6Addr, Ipv6Addr) =
                (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            Some((source.into(), destination.into()))
        }
        _ => return None,
    };
    let (transport, addresses) = match ends {
        None => (Transport::Unknown, Addresses::Unknown),
        Some((source, destination)) => {
            let source = SocketAddr::new(source, port(words.next()?)?);
            let destination = SocketAddr::new(destination, port(words.next()?)?);
            if words.next().is_some() {
                return None;
            }
            (Transport::Stream, Addresses::Internet(source, destination))
        }
    };
    Some(Progress::Complete(Header {
        length: end + 2,
        version: 1,
        is_local: false,
        transport,
        addresses,
        tlvs: Vec::new(),
    }))
}

/// A port of version 1: no sign, no leading zero.
fn port(digits: &str) -> Option<u16> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits.len() == 1 || !digits.starts_with('0'));
    digits.parse().ok().filter(|_| is_plain)
}

/// Version 2. `None`: malformed.
fn binary(bytes: &[u8]) -> Option<Progress> {
    // Refuse what is already wrong without waiting for more.
    let is_local = match bytes.get(12) {
        None => return Some(Progress::Partial),
        Some(0x20) => true,
        Some(0x21) => false,
        Some(_) => return None,
    };
    let Some(&kind) = bytes.get(13) else {
        return Some(Progress::Partial);
    };
    if !is_local && (kind >> 4 > 3 || kind & 0xf > 2) {
        return None;
    }
    let Some(&[high, low]) = bytes.get(14..FIXED) else {
        return Some(Progress::Partial);
    };
    let length = FIXED + usize::from(u16::from_be_bytes([high, low]));
    if length > MAX_PROXY_HEADER {
        return None;
    }
    let Some(header) = bytes.get(..length) else {
        return Some(Progress::Partial);
    };
    let transport = match kind & 0xf {
        1 if !is_local => Transport::Stream,
        2 if !is_local => Transport::Datagram,
        _ => Transport::Unknown,
    };
    // The receiver must use the real connection endpoints and discard the protocol block.
    let (addresses, tlvs) = if is_local {
        (Addresses::Unknown, Vec::new())
    } else {
        let (addresses, size) = addresses(kind, header)?;
        (addresses, tlvs(header, FIXED + size)?)
    };
    if !is_intact(header, &tlvs) {
        return None;
    }
    Some(Progress::Complete(Header {
        length,
        version: 2,
        is_local,
        transport,
        addresses,
        tlvs,
    }))
}

/// The addresses of version 2, and their length. An unspecified family or transport gives none.
fn addresses(kind: u8, header: &[u8]) -> Option<(Addresses, usize)> {
    let says = kind & 0xf != 0;
    let block = header.get(FIXED..)?;
    Some(match kind >> 4 {
        1 => {
            let b: &[u8; 12] = block.first_chunk()?;
            let source = SocketAddr::new(
                Ipv4Addr::new(b[0], b[1], b[2], b[3]).into(),
                u16::from_be_bytes([b[8], b[9]]),
            );
            let destination = SocketAddr::new(
                Ipv4Addr::new(b[4], b[5], b[6], b[7]).into(),
                u16::from_be_bytes([b[10], b[11]]),
            );
            (known(says, source, destination), 12)
        }
        2 => {
            let source: &[u8; 16] = block.first_chunk()?;
            let destination: &[u8; 16] = block.get(16..)?.first_chunk()?;
            let ports: &[u8; 4] = block.get(32..)?.first_chunk()?;
            let source = SocketAddr::new(
                Ipv6Addr::from(*source).into(),
                u16::from_be_bytes([ports[0], ports[1]]),
            );
            let destination = SocketAddr::new(
                Ipv6Addr::from(*destination).into(),
                u16::from_be_bytes([ports[2], ports[3]]),
            );
            (known(says, source, destination), 36)
        }
        3 => {
            let source = path(header, FIXED)?;
            let destination = path(header, FIXED + UNIX_PATH)?;
            let addresses = if says {
                Addresses::Unix(source, destination)
            } else {
                Addresses::Unknown
            };
            (addresses, 2 * UNIX_PATH)
        }
        _ => (Addresses::Unknown, 0),
    })
}

fn known(says: bool, source: SocketAddr, destination: SocketAddr) -> Addresses {
    if says {
        Addresses::Internet(source, destination)
    } else {
        Addresses::Unknown
    }
}

/// A path up to its first zero. One in Linux's abstract namespace begins with a zero.
fn path(header: &[u8], at: usize) -> Option<Range<usize>> {
    let bytes = header.get(at..at + UNIX_PATH)?;
    let first = usize::from(bytes.first() == Some(&0));
    let length = bytes
        .get(first..)?
        .iter()
        .position(|byte| *byte == 0)
        .map_or(UNIX_PATH, |end| first + end);
    // Only zeros: no path.
    Some(at..at + if length == first { 0 } else { length })
}

fn tlvs(header: &[u8], mut at: usize) -> Option<Vec<(u8, Range<usize>)>> {
    let mut found = Vec::new();
    while at < header.len() {
        let &[kind, high, low] = header.get(at..)?.first_chunk()?;
        let value = at + 3..at + 3 + usize::from(u16::from_be_bytes([high, low]));
        header.get(value.clone())?;
        at = value.end;
        found.push((kind, value));
    }
    Some(found)
}

/// Whether the checksum of the header matches, if it has one (section 2.2.3).
fn is_intact(header: &[u8], tlvs: &[(u8, Range<usize>)]) -> bool {
    tlvs.iter()
        .filter(|(kind, _)| *kind == CRC32C)
        .all(|(_, place)| {
            let sum =
                crc32c(header.iter().enumerate().map(
                    |(at, byte)| {
                        if place.contains(&at) { 0 } else { *byte }
                    },
                ));
            header.get(place.clone()) == Some(&sum.to_be_bytes()[..])
        })
}

/// The CRC of RFC 9260, appendix A. A header is too short for a table to pay off.
fn crc32c(bytes: impl Iterator<Item = u8>) -> u32 {
    const REFLECTED_POLYNOMIAL: u32 = 0x82f6_3b78;
    !bytes.fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            (sum >> 1) ^ (REFLECTED_POLYNOMIAL * (sum & 1))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(bytes: &[u8]) -> Header {
        match parse(bytes) {
            Progress::Complete(header) => header,
            other => panic!("{other:?} of {bytes:?}"),
        }
    }

    fn v2(command: u8, kind: u8, block: &[u8]) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend_from_slice(&[0x20 | command, kind]);
        bytes.extend_from_slice(&(block.len() as u16).to_be_bytes());
        bytes.extend_from_slice(block);
        bytes
    }

    const V4: [u8; 12] = [10, 1, 2, 3, 10, 9, 8, 7, 0x30, 0x39, 0, 80];

    fn internet(source: &str, destination: &str) -> Addresses {
        Addresses::Internet(
            source.parse().expect("an address"),
            destination.parse().expect("an address"),
        )
    }

    #[test]
    fn a_line_names_both_ends() {
        for (line, source, destination) in [
            (
                "PROXY TCP4 1.2.3.4 5.6.7.8 1000 80\r\n",
                "1.2.3.4:1000",
                "5.6.7.8:80",
            ),
            (
                "PROXY TCP6 2001:db8::1 ::1 0 65535\r\n",
                "[2001:db8::1]:0",
                "[::1]:65535",
            ),
        ] {
            let header = complete(line.as_bytes());
            assert_eq!((header.version, header.is_local), (1, false));
            assert_eq!(header.addresses, internet(source, destination));
            assert_eq!(header.length, line.len());
            assert_eq!(header.transport, Transport::Stream);
        }
    }

    #[test]
    fn a_header_is_partial_at_every_cut_and_ends_where_it_ends() {
        let mut tlvs = V4.to_vec();
        tlvs.extend_from_slice(&[0xea, 0, 2, b'h', b'i', 4, 0, 0]);
        for header in [
            b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n".to_vec(),
            b"PROXY UNKNOWN\r\n".to_vec(),
            b"PROXY UNKNOWN whatever this is\r\n".to_vec(),
            v2(1, 0x11, &V4),
            v2(1, 0x11, &tlvs),
            v2(1, 0x21, &[1; 36]),
            v2(1, 0x31, &[b'a'; 216]),
            v2(0, 0, &[]),
            v2(0, 0xff, &[1, 2, 3]),
        ] {
            for cut in 0..header.len() {
                assert_eq!(
                    parse(&header[..cut]),
                    Progress::Partial,
                    "{cut} of {header:?}"
                );
            }
            let mut more = header.clone();
            more.extend_from_slice(b"GET / HTTP/1.1\r\n");
            assert_eq!(complete(&header), complete(&more));
            assert_eq!(complete(&header).length, header.len());
        }
    }

    #[test]
    fn what_is_no_line_is_invalid_as_soon_as_it_can_be_told() {
        for line in [
            "G",
            "PROXX",
            "proxy TCP4",
            "PROXY\r\n",
            "PROXY \r\n",
            "PROXY TCP4\r\n",
            "PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n",
            "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n",
            "PROXY TCP4 1.2.3.04 5.6.7.8 1 2\r\n",
            "PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n",
            "PROXY TCP4 ::1 ::1 1 2\r\n",
            "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY TCP6 ::1%eth0 ::1 1 2\r\n",
            "PROXY UNKNOWN\rX",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 \u{663}\r\n",
        ] {
            assert_eq!(parse(line.as_bytes()), Progress::Invalid, "{line:?}");
        }
    }

    #[test]
    fn a_line_has_107_bytes_at_most() {
        let line = |length: usize| format!("PROXY UNKNOWN {}\r\n", "x".repeat(length - 16));
        assert_eq!(complete(line(107).as_bytes()).length, 107);
        assert_eq!(parse(&line(107).as_bytes()[..106]), Progress::Partial);
        assert_eq!(parse(line(108).as_bytes()), Progress::Invalid);
        assert_eq!(parse(&line(108).as_bytes()[..107]), Progress::Invalid);
        assert_eq!(parse(&line(108).as_bytes()[..106]), Progress::Partial);
    }

    #[test]
    fn a_binary_header_names_both_ends_and_what_else_there_is() {
        let mut block = V4.to_vec();
        block.extend_from_slice(&[1, 0, 2, b'h', b'2', 0xe0, 0, 0]);
        let bytes = v2(1, 0x11, &block);
        let header = complete(&bytes);
        assert_eq!(header.addresses, internet("10.1.2.3:12345", "10.9.8.7:80"));
        let tlvs: Vec<(u8, &[u8])> = header
            .tlvs
            .iter()
            .map(|(kind, place)| (*kind, &bytes[place.clone()]))
            .collect();
        assert_eq!(tlvs, [(1, &b"h2"[..]), (0xe0, &b""[..])]);
        let mut ipv6 = [0; 36];
        (ipv6[15], ipv6[31], ipv6[33], ipv6[35]) = (1, 2, 3, 4);
        assert_eq!(
            complete(&v2(1, 0x22, &ipv6)).addresses,
            internet("[::1]:3", "[::2]:4")
        );
        assert_eq!(complete(&v2(1, 0x22, &ipv6)).transport, Transport::Datagram);
    }

    #[test]
    fn a_path_ends_at_its_first_zero() {
        let mut block = [0; 216];
        block[..4].copy_from_slice(b"/a/b");
        block[108..111].copy_from_slice(b"\0xy");
        let bytes = v2(1, 0x31, &block);
        let Addresses::Unix(source, destination) = complete(&bytes).addresses else {
            panic!("no paths");
        };
        assert_eq!(
            (&bytes[source], &bytes[destination]),
            (&b"/a/b"[..], &b"\0xy"[..])
        );
        let empty = v2(1, 0x31, &[0; 216]);
        assert_eq!(
            complete(&empty).addresses,
            Addresses::Unix(16..16, 124..124)
        );
    }

    #[test]
    fn what_says_nothing_is_the_connection_itself() {
        for bytes in [
            v2(0, 0x11, &V4),
            v2(0, 0xff, b"anything"),
            v2(1, 0, b""),
            v2(1, 0x10, &V4),
            b"PROXY UNKNOWN ::1 ::1 1 2\r\n".to_vec(),
        ] {
            assert_eq!(complete(&bytes).addresses, Addresses::Unknown);
        }
    }

    #[test]
    fn what_is_no_binary_header_is_invalid_as_soon_as_it_can_be_told() {
        let long = |length: u16| {
            let mut bytes = v2(1, 0x11, &[]);
            bytes[14..16].copy_from_slice(&length.to_be_bytes());
            bytes
        };
        for bytes in [
            b"\r\n\r\n\0\r\nQUIX".to_vec(),
            b"\r\n\r\nGET".to_vec(),
            v2(2, 0x11, &V4),
            [SIGNATURE, &[0x11][..]].concat(),
            [SIGNATURE, &[0x21, 0x41][..]].concat(),
            [SIGNATURE, &[0x21, 0x13][..]].concat(),
            v2(1, 0x11, &V4[..11]),
            v2(1, 0x21, &[0; 35]),
            v2(1, 0x31, &[0; 215]),
            v2(1, 0x11, &[&V4[..], &[4][..]].concat()),
            v2(1, 0x11, &[&V4[..], &[4, 0, 2, 0][..]].concat()),
            long((MAX_PROXY_HEADER - 15) as u16),
            long(u16::MAX),
        ] {
            assert_eq!(parse(&bytes), Progress::Invalid, "{bytes:?}");
        }
        assert_eq!(
            parse(&long((MAX_PROXY_HEADER - 16) as u16)),
            Progress::Partial
        );
    }

    #[test]
    fn a_checksum_holds_for_every_byte() {
        // RFC 9260, appendix A has no examples; this one is from the tables of RFC 3720, appendix B.4.
        assert_eq!(crc32c([0; 32].into_iter()), 0x8a91_36aa);
        let mut block = V4.to_vec();
        block.extend_from_slice(&[CRC32C, 0, 4, 0, 0, 0, 0]);
        let mut bytes = v2(1, 0x11, &block);
        let at = bytes.len() - 4;
        let sum = crc32c(bytes.iter().copied());
        assert_eq!(parse(&bytes), Progress::Invalid);
        bytes[at..].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(complete(&bytes).tlvs, [(CRC32C, at..at + 4)]);
        // Every byte except the type: without it there is no checksum.
        for place in (16..bytes.len()).filter(|place| *place != at - 3) {
            let mut changed = bytes.clone();
            changed[place] ^= 4;
            assert!(!matches!(parse(&changed), Progress::Complete(_)), "{place}");
        }
        let short = [&V4[..], &[CRC32C, 0, 1, 0][..]].concat();
        assert_eq!(parse(&v2(1, 0x11, &short)), Progress::Invalid);
    }
}
