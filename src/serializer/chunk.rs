//! Chunked framing (RFC 9112 7.1): chunk sizes, the last chunk and its trailer section.

use super::head::{self, Invalid};

/// Bytes that [`chunk_head`] writes at most: 16 hex digits and CRLF.
pub const CHUNK_HEAD_MAX: usize = 18;

/// Writes `length` in lower-case hex and CRLF, which opens a chunk of `length` bytes. A chunk must not be empty: `0`
/// ends the body.
pub fn chunk_head(length: u64, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = (u64::BITS - length.leading_zeros()).div_ceil(4).max(1);
    out.extend(
        (0..digits)
            .rev()
            .map(|place| DIGITS[(length >> (4 * place)) as usize & 15]),
    );
    out.extend_from_slice(b"\r\n");
}

/// Writes a whole chunk; nothing when `data` is empty, since an empty chunk would end the body.
pub fn chunk(data: &[u8], out: &mut Vec<u8>) {
    if data.is_empty() {
        return;
    }
    out.reserve(data.len() + CHUNK_HEAD_MAX + 2);
    chunk_head(data.len() as u64, out);
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

/// Writes the last chunk with its trailer fields: `fields` is `name NUL value NUL` for each of `count` fields.
///
/// # Errors
/// [`Invalid`] with the first field that is not legal; `out` is then not to be sent.
pub fn last_chunk(fields: &[u8], count: u32, out: &mut Vec<u8>) -> Result<(), Invalid> {
    out.extend_from_slice(b"0\r\n");
    head::fields(fields, count, false, out, |_, _, _| {})?;
    out.extend_from_slice(b"\r\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_hex_without_padding() {
        for length in [
            0,
            1,
            9,
            10,
            15,
            16,
            255,
            256,
            4095,
            4096,
            65_535,
            u64::from(u32::MAX),
            u64::MAX,
        ] {
            let mut out = Vec::new();
            chunk_head(length, &mut out);
            assert_eq!(out, format!("{length:x}\r\n").as_bytes());
            assert!(out.len() <= CHUNK_HEAD_MAX);
        }
    }

    #[test]
    fn an_empty_chunk_is_not_written() {
        let mut out = Vec::new();
        chunk(b"", &mut out);
        assert!(out.is_empty());
        chunk(b"hello", &mut out);
        assert_eq!(out, b"5\r\nhello\r\n");
    }

    #[test]
    fn trailers_follow_the_last_chunk() {
        let mut out = Vec::new();
        last_chunk(b"", 0, &mut out).unwrap();
        assert_eq!(out, b"0\r\n\r\n");
        out.clear();
        last_chunk(b"a\0b\0c-D\0\0", 2, &mut out).unwrap();
        assert_eq!(out, b"0\r\na: b\r\nc-D: \r\n\r\n");
        assert!(last_chunk(b"a\0b\nc: d\0", 1, &mut Vec::new()).is_err());
    }
}
