//! Gets V8 to free the memory of bodies in time, with cheap collections.
//!
//! That memory is outside V8's heap, but V8 counts it: at 64 MiB of new external memory, or earlier if it considers the
//! heap small, V8 starts a full collection. A collection of the young space would free the same memory in a tenth of
//! the time, but it runs only when the young space is full, and bodies put almost nothing there. So garbage is left
//! there along with bodies: enough to fill the young space when `DUE` new bytes have come, or fewer if full collections
//! came earlier. How much that takes depends on the size of the space (1 to 32 MiB) and on what the program itself
//! leaves there. V8's count shows how much is new and when a collection happened, and so whether the garbage was too
//! much or too little.

/// Bytes of bodies between two looks at the count.
const STEP: usize = 256 * 1024;
/// New bytes at which a collection is due. At most `DUE`, since the program has external memory of its own; if full
/// collections come earlier, at least `SOONEST`.
const DUE: i64 = 40 * 1024 * 1024;
const SOONEST: i64 = 12 * 1024 * 1024;
/// After this much growth, a collection has happened and found little to free.
const KEPT: i64 = 100 * 1024 * 1024;
/// A collection frees memory in several steps, and the program frees some itself: a smaller drop is no collection.
const LEAST: i64 = 4 * 1024 * 1024;
/// Elements of 8 bytes to leave for each [`STEP`] of new bytes: at first; the number below which they cost more than
/// they gain; and the most, which is as many bytes as are new.
const FIRST: i64 = 1024;
const FEWEST: i64 = 128;
const MOST: i64 = 32 * 1024;
/// Elements of one array: an array of 128 KiB is not allocated in the young space.
pub const OF_ARRAY: i64 = 16_000;

/// What one thread knows about V8's count.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    // Bytes of bodies since the last look.
    open: usize,
    // The count at the last look, and the lowest since the last collection.
    last: i64,
    low: i64,
    due: i64,
    elements: i64,
    // Whether the last collection came early.
    was_soon: bool,
}

impl Pace {
    /// The state of a thread that has had no bodies yet.
    pub const fn new() -> Pace {
        Pace {
            open: 0,
            last: 0,
            low: i64::MAX,
            due: DUE,
            elements: FIRST,
            was_soon: false,
        }
    }

    /// Counts `bytes` more. Whether it is time to look at V8's count.
    pub fn is_due(&mut self, bytes: usize) -> bool {
        self.open += bytes;
        let is_due = self.open >= STEP;
        if is_due {
            self.open = 0;
        }
        is_due
    }

    /// Whether a count of `now` shows that a collection happened.
    pub fn was_collected(&self, now: i64) -> bool {
        now - self.last <= -LEAST
    }

    /// Takes V8's count. `fully`: the collection that it shows, if any, was a full one. Returns how many elements to
    /// leave.
    pub fn look(&mut self, now: i64, fully: bool) -> i64 {
        let grown = now - self.last;
        if self.was_collected(now) {
            self.learn(self.last.saturating_sub(self.low), fully);
            self.last = now;
            self.low = now;
            return 0;
        }
        self.last = now;
        self.low = self.low.min(now);
        if now - self.low > KEPT {
            self.low = now;
        }
        let beside_step = if now - self.low > self.due {
            MOST
        } else if self.elements > FEWEST {
            self.elements
        } else {
            0
        };
        beside_step * grown.clamp(0, LEAST) / STEP as i64
    }

    /// Adapts to a collection that came after `new` new bytes.
    fn learn(&mut self, new: i64, fully: bool) {
        let is_soon = new <= self.due / 2;
        let elements = if new > self.due {
            // What was left in fact: `elements` up to `due`, and `MOST` after it.
            self.elements + MOST * (new - self.due) / self.due
        } else if fully {
            self.elements * 2
        } else if !is_soon {
            self.elements * new / self.due
        } else if self.was_soon {
            // The program's own garbage is enough. (A single early collection may be the rest of the previous one.)
            self.elements * 7 / 8
        } else {
            self.elements
        };
        let due = if fully {
            self.due.min(new.max(self.due) * 3 / 4)
        } else {
            self.due * 65 / 64
        };
        let due = due.clamp(SOONEST, DUE);
        self.elements = (elements * self.due / due).clamp(FEWEST, MOST);
        self.due = due;
        self.was_soon = is_soon;
    }
}

impl Default for Pace {
    fn default() -> Pace {
        Pace::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: i64 = 1024 * 1024;

    /// Simulates V8 with pieces of 64 KiB. Each piece leaves `bytes_beside` in a young space of this size, apart from
    /// what the pace leaves; a full collection starts at `limit` new bytes. Returns how many collections after the
    /// first 4 GiB are full ones, and how much the pace leaves for each MiB.
    fn run(young_space: i64, bytes_beside: i64, limit: i64) -> (usize, i64) {
        let mut pace = Pace::new();
        let (mut count, mut used, mut full, mut left) = (3 * MIB, 0, 0, 0);
        let mut was_full = false;
        for n in 0..128 * 1024 {
            let mut beside = bytes_beside;
            count += 64 * 1024;
            if pace.is_due(64 * 1024) {
                beside += 8 * pace.look(count, was_full);
            }
            if n > 64 * 1024 {
                left += beside - bytes_beside;
            }
            used += beside;
            let is_late = count > 3 * MIB + limit;
            if used > young_space || is_late {
                full += usize::from(is_late && n > 64 * 1024);
                was_full = is_late;
                (count, used) = (3 * MIB, 0);
            }
        }
        (full, left / 4096)
    }

    #[test]
    fn no_collection_is_a_full_one_whatever_the_size_of_the_young_space() {
        for young_space in [1, 2, 4, 8, 16, 32] {
            let (full, left) = run(young_space * MIB, 600, 64 * MIB);
            assert_eq!(full, 0, "{young_space}");
            assert!(left < young_space * MIB / 24, "{young_space}: {left}");
        }
    }

    #[test]
    fn full_collections_are_few_where_they_come_sooner() {
        for young_space in [1, 4, 8] {
            let (full, _) = run(young_space * MIB, 600, 20 * MIB);
            assert!(full < 4096 / 20 / 8, "{young_space}: {full}");
        }
    }

    #[test]
    fn little_is_left_beside_a_program_that_leaves_enough_itself() {
        let (full, left) = run(4 * MIB, 16 * 1024, 64 * MIB);
        assert_eq!(full, 0);
        assert!(left < 8 * 1024, "{left}");
    }

    #[test]
    fn nothing_is_left_beside_bodies_of_memory_that_was_there_before() {
        let mut pace = Pace::new();
        assert!(pace.look(5 * MIB, false) > 0);
        assert_eq!(pace.look(5 * MIB, false), 0);
        assert_eq!(pace.look(5 * MIB, false), 0);
    }

    #[test]
    fn what_the_program_keeps_is_no_late_collection() {
        let mut pace = Pace::new();
        let counts = (0..1600).map(|n| n * 256 * 1024);
        let most = counts
            .map(|count| pace.look(count, false))
            .filter(|&it| it == MOST);
        assert!(most.count() < 1000);
        assert!(!pace.is_due(STEP - 1));
        assert!(pace.is_due(1));
    }
}
