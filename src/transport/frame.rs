//! The memory in which JavaScript is shown what a turn of a transport brought.

use std::cell::Cell;

/// Connections of one batch. JavaScript divides the event words among as many.
pub const MAX_BATCH: usize = 16;

/// Words of a frame's control words: the first is that of [`Frame::take_corked`], then come the records of a batch.
pub const FIRST_RECORD: usize = 1;
/// Words of a record: the number of the connection, where in the input its bytes are, and how many.
pub const RECORD_WORDS: usize = 3;
/// All control words.
pub const CONTROL_WORDS: usize = FIRST_RECORD + RECORD_WORDS * MAX_BATCH;
/// In place of the number of a connection that JavaScript has come to.
pub const HANDLED: i32 = -1;
/// The same, and its bytes are dealt with.
pub const FINISHED: i32 = -2;

/// The memory of one level of turns: the bytes read, the words of their events, and control words that both sides write.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    input: (*mut u8, usize),
    words: (*mut i32, usize),
    // CONTROL_WORDS of them.
    control: *mut i32,
}

impl Frame {
    /// A frame over memory that its host keeps: each a start and a length.
    ///
    /// # Safety
    /// All three stay where they are, and as long as they are, while the transport lives. `control` has [`CONTROL_WORDS`]. Only the
    /// host's thread writes there, and not while Rust runs.
    pub unsafe fn new(
        input: (*mut u8, usize),
        words: (*mut i32, usize),
        control: *mut i32,
    ) -> Frame {
        Frame {
            input,
            words,
            control,
        }
    }

    /// The input buffer.
    ///
    /// # Safety
    /// No JavaScript runs, and there is no other slice of it, while this one is used.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn input(&self) -> &mut [u8] {
        // SAFETY: the memory stays where it is; the caller vouches for the rest.
        unsafe { std::slice::from_raw_parts_mut(self.input.0, self.input.1) }
    }

    /// Event words that there is room for.
    pub fn room(&self) -> usize {
        self.words.1
    }

    /// Shows event words from word `start` on: as many as there is room for, which it returns.
    pub fn show(&self, start: usize, words: &[i32]) -> usize {
        let count = words.len().min(self.words.1.saturating_sub(start));
        // SAFETY: the words' memory is kept, and holds at least `start + count` words, if `count` is not 0.
        unsafe { std::ptr::copy_nonoverlapping(words.as_ptr(), self.words.0.add(start), count) };
        count
    }

    fn control(&self, at: usize) -> &Cell<i32> {
        assert!(at < CONTROL_WORDS);
        // SAFETY: the memory is kept, and JavaScript does not write it while Rust runs: they are of one thread.
        unsafe { &*self.control.add(at).cast::<Cell<i32>>() }
    }

    fn record(&self, place: usize) -> &Cell<i32> {
        self.control(FIRST_RECORD + RECORD_WORDS * place)
    }

    /// Says of the connection at this place of a batch where in the input its bytes are, and how many.
    pub fn set_record(&self, place: usize, connection: usize, start: usize, length: usize) {
        let first = FIRST_RECORD + RECORD_WORDS * place;
        self.control(first).set(connection as i32);
        self.control(first + 1).set(start as i32);
        self.control(first + 2).set(length as i32);
    }

    /// Whether JavaScript has come to this place of the batch, or need not.
    pub fn is_handled(&self, place: usize) -> bool {
        self.record(place).get() < 0
    }

    /// Whether JavaScript has dealt with the bytes at this place.
    pub fn is_finished(&self, place: usize) -> bool {
        self.record(place).get() == FINISHED
    }

    /// JavaScript need not come to this place.
    pub fn set_handled(&self, place: usize) {
        self.record(place).set(HANDLED);
    }

    /// Whether JavaScript has corked the answers of the connection of this call, until its end or (`Some(true)`) beyond it; the next call
    /// asks anew.
    pub fn take_corked(&self) -> Option<bool> {
        match self.control(0).replace(0) {
            0 => None,
            word => Some(word < 0),
        }
    }
}
