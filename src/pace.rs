//! What has the collector free the memory of bodies in time.
//!
//! That memory is not of V8's heap, which counts it: where 64 MiB of it are new, and sooner in a heap that V8 finds small, a full collection
//! begins, unless one of the young space comes before, which frees it for a tenth of the time. That comes when the young space is full, and bodies
//! leave next to nothing there. So something is left beside them: as much as has it full when `DUE` bytes are new, or fewer where full
//! collections have come before. How much that is depends on how large the space is (1 to 32 MiB), and on what the program leaves there by
//! itself. V8's count tells how much is new, when a collection has been, and so whether it was too much or too little.

/// Bytes of bodies behind which the count is looked at.
const STEP: usize = 256 * 1024;
/// Bytes that are new when a collection is due: at most, since the program has memory of its own; and where full ones come sooner, at least.
const DUE: i64 = 40 * 1024 * 1024;
const SOONEST: i64 = 12 * 1024 * 1024;
/// Where there are so many, one has been and has found little.
const KEPT: i64 = 100 * 1024 * 1024;
/// What a collection has found is freed in several steps, and some of it by the program: what is less than this was no collection.
const LEAST: i64 = 4 * 1024 * 1024;
/// Elements that are left beside [`STEP`] new bytes, 8 bytes each: at first; where they cost more than they bring; and the most, which are
/// as many bytes.
const FIRST: i64 = 1024;
const FEWEST: i64 = 128;
const MOST: i64 = 32 * 1024;
/// Elements of one array: one of 128 KiB is not of the young space.
pub const OF_ARRAY: i64 = 16_000;

/// What is known of the count of a thread's V8.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    // Bytes of bodies since the last look.
    open: usize,
    // The count at the last look, and the lowest since the last collection.
    last: i64,
    low: i64,
    due: i64,
    elements: i64,
    // Whether the last collection came soon.
    was_soon: bool,
}

impl Pace {
    /// Of a thread that has had no bodies yet.
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

    /// Whether V8's count is to be looked at, now that there are so many bytes more.
    pub fn is_due(&mut self, bytes: usize) -> bool {
        self.open += bytes;
        let is_due = self.open >= STEP;
        if is_due {
            self.open = 0;
        }
        is_due
    }

    /// Whether a count of `now` says that there was a collection.
    pub fn was_collected(&self, now: i64) -> bool {
        now - self.last <= -LEAST
    }

    /// The count is `now`; `fully` tells whether the collection that it tells of was a full one. Returns how many elements are to be left.
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

    /// A collection came when so many bytes were new.
    fn learn(&mut self, new: i64, fully: bool) {
        let is_soon = new <= self.due / 2;
        let elements = if new > self.due {
            // As many as were left until now: behind what was due, the most.
            self.elements + MOST * (new - self.due) / self.due
        } else if fully {
            self.elements * 2
        } else if !is_soon {
            self.elements * new / self.due
        } else if self.was_soon {
            // Other garbage is enough. (One that comes soon may be the rest of the one before.)
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

    /// What V8 does with pieces of 64 KiB, of which each leaves so many bytes in a young space of this size beside what the pace leaves:
    /// how many of its collections are full ones behind the first 4 GiB, and what the pace leaves beside a MiB. A full one begins with so many
    /// new bytes.
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
