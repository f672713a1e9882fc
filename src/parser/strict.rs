//! Strict mode: the rules of RFC 9110 and RFC 9112 where Node is laxer. Off unless [`super::Config::strict`] is set.
//!
//! Owns the rules for whole parts of a head: the target, the Host fields, the codings. A single wrong byte (another
//! protocol or version, an extra empty line) is refused where it is read. What newer dialects already refuse or allow
//! by the RFC comes from using the newest dialect.

use std::net::Ipv6Addr;

use super::method::{CONNECT, OPTIONS};
use super::names;
use super::{Error, Kind, Parser};
use crate::error::errors;
use crate::limits::MAX_EMPTY_LINES;

/// What a strict parser has seen of the current message.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// A Host field.
    host: bool,
    /// The Host field has a value.
    host_named: bool,
    /// The target is a URI with its own authority.
    absolute: bool,
    /// Bytes of empty lines before the message.
    blank: u8,
    /// The error in a Host field. It is reported when the head is complete, as a batch of fields ends wherever it is
    /// cut.
    fault: Option<Error>,
}

impl Parser {
    /// A byte of an empty line before a message. RFC 9112, section 2.2 asks a server to ignore at least one empty line,
    /// which ends in CRLF.
    pub(super) fn strict_empty_line(&mut self, byte: u8) -> Result<(), Error> {
        let expected = if self.strict.blank.is_multiple_of(2) {
            b'\r'
        } else {
            b'\n'
        };
        let allowed = self.config.kind == Kind::Request && self.strict.blank < 2 * MAX_EMPTY_LINES;
        if byte != expected || !allowed {
            return Err(errors::STRICT_EMPTY_LINE);
        }
        self.strict.blank += 1;
        Ok(())
    }

    /// The first byte of a message after empty lines. The last of them must be complete.
    pub(super) fn begin_strict(&mut self) -> Result<(), Error> {
        let complete = self.strict.blank.is_multiple_of(2);
        self.strict = Seen::default();
        if complete {
            Ok(())
        } else {
            Err(errors::STRICT_EMPTY_LINE)
        }
    }

    /// The request target is complete.
    pub(super) fn strict_target(&mut self) -> Result<(), Error> {
        self.strict.absolute = check_target(self.method, &self.line)?;
        Ok(())
    }

    /// A batch of fields is complete: at most one is a Host field, with a valid value (RFC 9112, section 3.2).
    pub(super) fn strict_fields(&mut self) {
        if self.config.kind == Kind::Response || self.in_trailers {
            return;
        }
        for &[at, len, value_at, value_len] in &self.fields {
            let part = |at: u32, len: u32| {
                let end = at as usize + len as usize;
                self.text.get(at as usize..end).unwrap_or(&[])
            };
            if is_host(part(at, len)) {
                let noted = note_host(&mut self.strict, part(value_at, value_len));
                self.strict.fault = self.strict.fault.or(noted.err());
            }
        }
    }

    /// The head is complete: checks how its parts fit together.
    pub(super) fn strict_head(&self) -> Result<(), Error> {
        let f = &self.framing;
        // RFC 9112, section 6.1: treat such a message as if its framing were faulty.
        if f.has_coding && self.minor == 0 {
            return Err(errors::STRICT_CODING);
        }
        if self.config.kind == Kind::Response {
            return Ok(());
        }
        // RFC 9112, section 6.3, rule 4: the length of such a request is unknown. Refuse it before it is reported.
        if f.has_coding && !f.chunked {
            return Err(errors::TE_REQUEST);
        }
        self.strict.fault.map_or(Ok(()), Err)?;
        check_host(&self.strict, self.minor)
    }

    /// The same rules for a head from the fast path: true if nothing is to be refused.
    pub(super) fn strict_fast(
        &self,
        method: i32,
        minor: u8,
        has_coding: bool,
        target: &[u8],
        headers: &[httparse::Header],
    ) -> bool {
        if self.strict.blank % 2 == 1 || (has_coding && minor == 0) {
            return false;
        }
        if self.config.kind == Kind::Response {
            return true;
        }
        let Ok(absolute) = check_target(method, target) else {
            return false;
        };
        let mut seen = Seen {
            absolute,
            ..Seen::default()
        };
        headers
            .iter()
            .filter(|field| is_host(field.name.as_bytes()))
            .all(|field| note_host(&mut seen, field.value).is_ok())
            && check_host(&seen, minor).is_ok()
    }
}

fn is_host(name: &[u8]) -> bool {
    name.len() == 4 && name.eq_ignore_ascii_case(b"host") && names::find(name).is_some()
}

/// Checks one Host field. A second one is refused, whatever its value.
fn note_host(seen: &mut Seen, value: &[u8]) -> Result<(), Error> {
    if seen.host {
        return Err(errors::STRICT_HOST_TWICE);
    }
    let value = value.trim_ascii_end();
    if !value.is_empty() && authority(value).is_none() {
        return Err(errors::STRICT_HOST);
    }
    seen.host = true;
    seen.host_named = !value.is_empty();
    Ok(())
}

/// RFC 9112, section 3.2: every HTTP/1.1 request has a Host. Section 3.3: an http URI needs an authority (RFC 9110,
/// section 4.2.1), so Host may be empty only if the target names one.
fn check_host(seen: &Seen, minor: u8) -> Result<(), Error> {
    if !seen.host && minor > 0 {
        return Err(errors::STRICT_HOST_MISSING);
    }
    if seen.host && !seen.host_named && !seen.absolute {
        return Err(errors::STRICT_HOST);
    }
    Ok(())
}

/// Checks the form of a target (RFC 9112, section 3.2): Ok(true) if it names an authority.
fn check_target(method: i32, target: &[u8]) -> Result<bool, Error> {
    // A fragment is never sent (RFC 9110, section 7.1).
    if target.contains(&b'#') {
        return Err(errors::STRICT_TARGET);
    }
    if method == CONNECT {
        // RFC 9110, section 9.3.6: refuse an empty or invalid port.
        return match authority(target) {
            Some(Port::Given) => Ok(true),
            _ => Err(errors::STRICT_TARGET),
        };
    }
    match target.first() {
        Some(b'/') => Ok(false),
        Some(b'*') if method == OPTIONS && target.len() == 1 => Ok(false),
        Some(b'*') | None => Err(errors::STRICT_TARGET),
        Some(_) => {
            let Some(after) = memchr::memmem::find(target, b"://") else {
                return Err(errors::STRICT_TARGET);
            };
            let rest = target.get(after + 3..).unwrap_or(&[]);
            let end = rest
                .iter()
                .position(|b| matches!(b, b'/' | b'?'))
                .unwrap_or(rest.len());
            // Userinfo is an error here (RFC 9110, section 4.2.4), and so is an empty host (section 4.2.1).
            match authority(rest.get(..end).unwrap_or(&[])) {
                Some(_) => Ok(true),
                None => Err(errors::STRICT_TARGET),
            }
        }
    }
}

/// Whether an authority has a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Port {
    Given,
    Default,
}

/// `uri-host [ ":" port ]` with a non-empty host (RFC 9110, section 7.2; RFC 3986, sections 3.2.2 and 3.2.3). A comma,
/// which RFC 3986 allows in names, is refused: software that joins or splits fields would see two hosts, and no DNS
/// name has one.
fn authority(value: &[u8]) -> Option<Port> {
    let host_len = if value.first() == Some(&b'[') {
        let end = value.iter().position(|&b| b == b']')?;
        ip_literal(value.get(1..end)?).then_some(end + 1)?
    } else {
        let end = value.iter().position(|&b| b == b':').unwrap_or(value.len());
        is_name(value.get(..end)?).then_some(end)?
    };
    match value.get(host_len..)? {
        [] | [b':'] => Some(Port::Default),
        [b':', port @ ..] => port_number(port).map(|_| Port::Given),
        _ => None,
    }
}

/// `1*DIGIT`, in the range of a port.
fn port_number(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0u16, |number, digit| {
        if !digit.is_ascii_digit() {
            return None;
        }
        number.checked_mul(10)?.checked_add(u16::from(digit - b'0'))
    })
}

fn ip_literal(inside: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(inside) else {
        return false;
    };
    if let Some(future) = text.strip_prefix(['v', 'V']) {
        return future.split_once('.').is_some_and(|(version, address)| {
            let address = address.as_bytes();
            !version.is_empty()
                && version.bytes().all(|b| b.is_ascii_hexdigit())
                && !address.is_empty()
                && address.iter().all(|&b| is_plain(b) || b == b':')
        });
    }
    text.parse::<Ipv6Addr>().is_ok()
}

/// A non-empty `reg-name` or IPv4 address: unreserved, sub-delims (except the comma) and percent-encoded bytes.
fn is_name(name: &[u8]) -> bool {
    let mut rest = name;
    while let Some((&b, after)) = rest.split_first() {
        rest = match (b, after) {
            (b'%', [a, b, after @ ..]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => after,
            _ if is_plain(b) => after,
            _ => return false,
        };
    }
    !name.is_empty()
}

fn is_plain(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._~!$&'()*+;=".contains(&b)
}

#[cfg(test)]
mod tests {
    use super::{Port, authority, check_target};

    #[test]
    fn an_authority_is_a_host_and_perhaps_a_port() {
        let plain = [
            "a",
            "localhost",
            "a.b-c.example",
            "127.0.0.1",
            "[::1]",
            "[v1.a:b]",
            "%41",
            "a:",
        ];
        for value in plain {
            assert_eq!(authority(value.as_bytes()), Some(Port::Default), "{value}");
        }
        for value in ["a:0", "a:65535", "[::1]:80", "[::ffff:1.2.3.4]:8080"] {
            assert_eq!(authority(value.as_bytes()), Some(Port::Given), "{value}");
        }
        let wrong = [
            "",
            ":80",
            "a b",
            "a,b",
            "a, b",
            "a/b",
            "u@a",
            "a:b",
            "a:65536",
            "a:99999999999",
            "a:-1",
            "a:+1",
            "a:80:80",
            "::1",
            "[::1",
            "[]",
            "[::1]x",
            "[::1%25eth0]",
            "[1.2.3.4]",
            "%4",
            "%zz",
            "a?b",
            "a#b",
            "\u{e9}",
            "[v.a]",
            "[v1.]",
        ];
        for value in wrong {
            assert_eq!(authority(value.as_bytes()), None, "{value}");
        }
    }

    #[test]
    fn a_target_has_the_form_of_its_method() {
        let right: [(i32, &str, bool); 7] = [
            (1, "/", false),
            (1, "//a", false),
            (1, "/a?b", false),
            (1, "http://a", true),
            (1, "http://a:80?q", true),
            (6, "*", false),
            (5, "a:443", true),
        ];
        for (method, target, absolute) in right {
            assert_eq!(
                check_target(method, target.as_bytes()),
                Ok(absolute),
                "{target}"
            );
        }
        let wrong = [
            (1, "*"),
            (6, "**"),
            (6, "*a"),
            (1, "/a#b"),
            (1, "http:///a"),
            (1, "http://u@a/"),
            (1, "http://a:x/"),
            (1, ""),
            (5, "a"),
            (5, "a:"),
            (5, "a:0x1"),
            (5, "/"),
        ];
        for (method, target) in wrong {
            assert!(check_target(method, target.as_bytes()).is_err(), "{target}");
        }
    }
}
