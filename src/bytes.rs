//! Byte classes as constant tables, each with its grammar.

/// A set of bytes: one bool for each of the 256.
pub type Class = [bool; 256];

const fn class_of(members: &[u8], alphanumeric: bool) -> Class {
    let mut table = [false; 256];
    let mut i = 0;
    while i < members.len() {
        table[members[i] as usize] = true;
        i += 1;
    }
    if alphanumeric {
        let mut b = 0;
        while b < 256 {
            if (b as u8).is_ascii_alphanumeric() {
                table[b] = true;
            }
            b += 1;
        }
    }
    table
}

/// `tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA`
/// (RFC 9110, section 5.6.2): field names, methods, chunk extension names.
pub const TOKEN: Class = class_of(b"!#$%&'*+-.^_`|~", true);

/// `field-vchar / SP / HTAB`, with `field-vchar = VCHAR / obs-text` (RFC 9110, section 5.5): the bytes of a field value.
pub const FIELD_VALUE: Class = {
    let mut table = [true; 256];
    let mut b = 0;
    while b < 0x20 {
        table[b] = b == 0x09;
        b += 1;
    }
    table[0x7f] = false;
    table
};

/// Bytes of a request target: `VCHAR` (RFC 3986 allows fewer; Node passes all of them to the handler).
pub const TARGET: Class = {
    let mut table = [false; 256];
    let mut b = 0x21;
    while b < 0x7f {
        table[b] = true;
        b += 1;
    }
    table
};

/// Bytes of an authority in a request target: `unreserved / pct-encoded / sub-delims / ":" / "[" / "]"` (RFC 3986,
/// section 3.2). The digits after `%` are not checked.
pub const AUTHORITY: Class = class_of(b"-._~%!$&'()*+,;=:[]", true);

/// `qdtext / SP` inside a quoted chunk extension value: `HTAB / SP / %x21 / %x23-5B / %x5D-7E / obs-text` (RFC 9110, section 5.6.4).
pub const QUOTED: Class = {
    let mut table = FIELD_VALUE;
    table[b'"' as usize] = false;
    table[b'\\' as usize] = false;
    table
};

/// [`QUOTED`] and DEL, which llhttp before 9.3 accepts.
pub const QUOTED_DEL: Class = {
    let mut table = QUOTED;
    table[0x7f] = true;
    table
};

/// `quoted-pair` without its backslash: `HTAB / SP / VCHAR / obs-text` (RFC 9110, section 5.6.4).
pub const QUOTED_PAIR: Class = FIELD_VALUE;

/// The value of a hexadecimal digit; 255 for any other byte. `HEXDIG` of RFC 5234.
pub const HEX: [u8; 256] = {
    let mut table = [255; 256];
    let mut b = 0;
    while b < 256 {
        table[b] = match b as u8 {
            d @ b'0'..=b'9' => d - b'0',
            d @ b'a'..=b'f' => d - b'a' + 10,
            d @ b'A'..=b'F' => d - b'A' + 10,
            _ => 255,
        };
        b += 1;
    }
    table
};

/// [`TARGET`], HTAB, FF and obs-text, which llhttp 6 accepts.
pub const TARGET_OBS: Class = {
    let mut table = TARGET;
    table[0x09] = true;
    table[0x0c] = true;
    let mut b = 0x80;
    while b < 256 {
        table[b] = true;
        b += 1;
    }
    table
};
