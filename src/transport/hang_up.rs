//! How a connection ends after a hang-up: both of its sides are closed, mostly because the peer has reset it.
//!
//! Bytes may still be waiting. After them, libuv up to 1.51 reports that the peer has ended, if it knew of the hang-up
//! before and its read emptied the socket. Later versions read on and find the reset. A read has emptied the socket if
//! it did not fill its buffer of [`LARGEST_READ`] bytes.

use super::read_budget::LARGEST_READ;

/// The state of one connection's hang-up.
#[derive(Clone, Copy, Debug, Default)]
pub struct HangUp {
    // Whether an end follows the last bytes (libuv up to 1.51).
    ends: bool,
    known: bool,
    // Bytes read since the hang-up is known, modulo the size of libuv's buffer.
    rest: usize,
    due: bool,
}

impl HangUp {
    /// A connection without a hang-up. `ends`: behave as libuv up to 1.51.
    pub fn new(ends: bool) -> HangUp {
        HangUp {
            ends,
            ..HangUp::default()
        }
    }

    /// The system reports the hang-up.
    pub fn mark(&mut self) {
        self.known = true;
    }

    /// Whether the system has reported it.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// A read returned `count` bytes out of `asked`.
    pub fn bytes(&mut self, count: usize, asked: usize) {
        if self.known && self.ends {
            self.rest = (self.rest + count) % LARGEST_READ;
            self.due = count < asked;
        }
    }

    /// A read failed. Whether to report an end instead: the last bytes exactly filled a read that was smaller than
    /// libuv's would have been.
    pub fn failed(&self) -> bool {
        self.rest > 0
    }

    /// JavaScript is done with the bytes. Whether to report the end now. After a pause the next read finds the reset.
    pub fn is_due(&mut self, paused: bool) -> bool {
        if paused {
            self.rest = 0;
            self.due = false;
        }
        self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hung(ends: bool) -> HangUp {
        let mut it = HangUp::new(ends);
        it.mark();
        it
    }

    #[test]
    fn bytes_that_empty_the_socket_are_followed_by_an_end() {
        let mut it = hung(true);
        it.bytes(10, LARGEST_READ);
        assert!(it.is_due(false));
        let mut it = hung(false);
        it.bytes(10, LARGEST_READ);
        assert!(!it.is_due(false));
    }

    #[test]
    fn bytes_before_the_hang_up_is_known_are_not() {
        let mut it = HangUp::new(true);
        it.bytes(10, LARGEST_READ);
        it.mark();
        assert!(!it.is_due(false) && !it.failed());
    }

    #[test]
    fn a_full_read_is_followed_by_what_the_next_one_finds() {
        let mut it = hung(true);
        it.bytes(LARGEST_READ, LARGEST_READ);
        assert!(!it.is_due(false) && !it.failed());
        let mut it = hung(true);
        it.bytes(2048, 2048);
        assert!(!it.is_due(false) && it.failed());
    }

    #[test]
    fn behind_a_pause_the_reset_is_read() {
        let mut it = hung(true);
        it.bytes(10, LARGEST_READ);
        assert!(!it.is_due(true) && !it.failed());
        assert!(!it.is_due(false));
    }
}
