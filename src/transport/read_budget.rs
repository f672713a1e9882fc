//! How many bytes a connection's next read takes. Turns with many small events stay short, and large bodies need few
//! reads.

/// The most bytes of one read, and of a connection's first read. libuv reads as many, so what arrives in one piece, and
/// exceeds a stream's buffer, is as complete as there.
pub(super) const LARGEST_READ: usize = 64 * 1024;

/// The smallest size a read is cut down to.
pub(super) const SMALLEST_READ: usize = 1024;

/// Words of events that a read may bring before the next one is made smaller: those of 680 chunks or 150 small
/// requests, for which JavaScript takes 0.3 to 1 ms.
pub(super) const WORDS_PER_READ: usize = 2048;

/// The read budget of one connection.
#[derive(Clone, Copy, Debug)]
pub struct ReadBudget(usize);

impl ReadBudget {
    /// The budget of a first read.
    pub fn new() -> ReadBudget {
        ReadBudget(LARGEST_READ)
    }

    /// Bytes that the next read may take.
    pub fn bytes(self) -> usize {
        self.0
    }

    /// Records what a read cost: `parsed` bytes became `words` words of events. The next read takes less of what makes
    /// much work, and twice as much after one that filled its budget and made little.
    pub fn record(&mut self, parsed: usize, words: usize) {
        if words > WORDS_PER_READ {
            self.0 = (parsed * WORDS_PER_READ / words).max(SMALLEST_READ);
        } else if parsed >= self.0 {
            self.0 = self.0.saturating_mul(2).min(LARGEST_READ);
        }
    }
}

impl Default for ReadBudget {
    fn default() -> ReadBudget {
        ReadBudget::new()
    }
}
