//! The memory through which JavaScript sees what a turn of a transport brought.

use std::cell::Cell;

/// Connections in one batch. JavaScript divides the event words by this number.
pub const MAX_BATCH: usize = 16;

/// Index of the first record of a batch in the control words. Before it is the word of [`Frame::take_corked`].
pub const FIRST_RECORD: usize = 1;
/// Words of a record: the number of the connection, where its bytes start in the input, and how many there are.
pub const RECORD_WORDS: usize = 3;
/// Number of control words.
pub const CONTROL_WORDS: usize = FIRST_RECORD + RECORD_WORDS * MAX_BATCH;
/// Replaces the number of a connection that JavaScript has come to.
pub const HANDLED: i32 = -1;
/// The same, and JavaScript is done with its bytes.
pub const FINISHED: i32 = -2;

/// The memory for one level of turns: the bytes read, the words of their events, and control words that both sides
/// write.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    input: (*mut u8, usize),
    words: (*mut i32, usize),
    // Points to CONTROL_WORDS words.
    control: *mut i32,
}

impl Frame {
    /// A frame over memory that its host keeps: a start and a length for each part.
    ///
    /// # Safety
    /// All three neither move nor shrink while the transport lives. `control` has [`CONTROL_WORDS`]. Only the host's
    /// thread writes there, and not while Rust runs.
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
    /// While the slice is used, no JavaScript runs and no other slice of the buffer exists.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn input(&self) -> &mut [u8] {
        // SAFETY: the memory does not move; the caller vouches for the rest.
        unsafe { std::slice::from_raw_parts_mut(self.input.0, self.input.1) }
    }

    /// Number of event words that fit.
    pub fn room(&self) -> usize {
        self.words.1
    }

    /// Shows event words from word `start` on, as many as fit. Returns that number.
    pub fn show(&self, start: usize, words: &[i32]) -> usize {
        let count = words.len().min(self.words.1.saturating_sub(start));
        // SAFETY: the memory of the words is kept, and has at least `start + count` words unless `count` is 0.
        unsafe { std::ptr::copy_nonoverlapping(words.as_ptr(), self.words.0.add(start), count) };
        count
    }

    fn control(&self, at: usize) -> &Cell<i32> {
        assert!(at < CONTROL_WORDS);
        // SAFETY: the memory is kept, and JavaScript, on the same thread, does not write it while Rust runs.
        unsafe { &*self.control.add(at).cast::<Cell<i32>>() }
    }

    fn record(&self, place: usize) -> &Cell<i32> {
        self.control(FIRST_RECORD + RECORD_WORDS * place)
    }

    /// Records which connection is at this place of a batch, where its bytes start in the input, and how many there
    /// are.
    pub fn set_record(&self, place: usize, connection: usize, start: usize, length: usize) {
        let first = FIRST_RECORD + RECORD_WORDS * place;
        self.control(first).set(connection as i32);
        self.control(first + 1).set(start as i32);
        self.control(first + 2).set(length as i32);
    }

    /// Whether JavaScript has come to this place of the batch, or should skip it.
    pub fn is_handled(&self, place: usize) -> bool {
        self.record(place).get() < 0
    }

    /// Whether JavaScript is done with the bytes at this place.
    pub fn is_finished(&self, place: usize) -> bool {
        self.record(place).get() == FINISHED
    }

    /// Makes JavaScript skip this place.
    pub fn set_handled(&self, place: usize) {
        self.record(place).set(HANDLED);
    }

    /// Whether JavaScript has corked the answers of this call's connection: until the call ends, or longer
    /// (`Some(true)`). Clears it for the next call.
    pub fn take_corked(&self) -> Option<bool> {
        match self.control(0).replace(0) {
            0 => None,
            word => Some(word < 0),
        }
    }
}
