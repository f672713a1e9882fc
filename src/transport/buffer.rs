//! Buffers of connections: what is read and not delivered, what is queued and not sent.

use bytes::BytesMut;

/// Empties a buffer, and lets its memory go where that is more than `kept` bytes: a connection that was busy once does not stay large.
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
