//! Byte classes as constant tables, each with its grammar.

/// A set of bytes, as a table of 256 answers.
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
