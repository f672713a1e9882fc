//! How a connection ends that was hung up: both of its sides are over, mostly because the peer has reset it.
//!
//! Bytes may still be there to be read. Behind them libuv up to 1.51 says that the peer has ended, where its read has emptied the socket and it
//! had known of the hang-up before; later ones read on, and so find the reset. A read has emptied the socket when it did not fill
//! its buffer, of [`LARGEST_READ`] bytes.

use super::read_budget::LARGEST_READ;

/// The hang-up of one connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct HangUp {
    // Whether bytes before it are followed by an end.
    ends: bool,
    known: bool,
    // Bytes read since it is known, of the last buffer of libuv.
    rest: usize,
    due: bool,
}

impl HangUp {
    /// That of a connection: whether `ends` holds, as of libuv up to 1.51.
    pub fn new(ends: bool) -> HangUp {
        HangUp {
            ends,
            ..HangUp::default()
        }
    }

    /// The system says that it was hung up.
    pub fn mark(&mut self) {
        self.known = true;
    }

    /// Whether it was hung up.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// So many bytes were read, of as many as were asked for.
    pub fn bytes(&mut self, count: usize, asked: usize) {
        if self.known && self.ends {
            self.rest = (self.rest + count) % LARGEST_READ;
            self.due = count < asked;
        }
    }

    /// A read failed: whether the connection has ended instead, as its last bytes just filled a read that was shorter than those of libuv.
    pub fn failed(&self) -> bool {
        self.rest > 0
    }

    /// The bytes were dealt with: whether the end is due now. After a pause, whatever reads on finds the reset.
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
