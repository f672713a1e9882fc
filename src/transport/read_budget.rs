//! How many bytes a connection's next read takes: turns of many small events are short, and large bodies need few reads.

/// The most bytes that one read takes, and those of a connection's first: as many as libuv reads, so that what came in one piece, and
/// is more than a stream buffers, is as complete as it is there.
pub(super) const LARGEST_READ: usize = 64 * 1024;

/// The fewest bytes that a read is cut down to.
pub(super) const SMALLEST_READ: usize = 1024;

/// Words of events that a read may bring before the next one is made smaller. They are 680 chunks or 150 small requests: what
/// JavaScript does with them takes 0.3 to 1 ms.
pub(super) const WORDS_PER_READ: usize = 2048;

/// The budget of one connection.
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

    /// Records what a read cost: so many of its bytes were parsed into so many words of events. The next one takes less of what
    /// makes much work, and twice as much of what filled its budget and made little.
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
