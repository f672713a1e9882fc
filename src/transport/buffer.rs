//! Buffers of connections: bytes read but not delivered, and bytes queued but not sent.

use bytes::BytesMut;

/// Empties a buffer, and frees its memory if that exceeds `kept` bytes: a connection that was busy once does not stay
/// large.
pub fn empty(buffer: &mut BytesMut, kept: usize) {
    if buffer.capacity() > kept {
        *buffer = BytesMut::new();
    } else {
        buffer.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emptied_buffer_keeps_its_memory_unless_it_is_large() {
        let mut buffer = BytesMut::with_capacity(64);
        buffer.extend_from_slice(b"abc");
        empty(&mut buffer, 64);
        assert!(buffer.is_empty() && buffer.capacity() == 64);
        empty(&mut buffer, 63);
        assert_eq!(buffer.capacity(), 0);
    }
}
