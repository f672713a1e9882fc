//! What keeps the memory of pieces with the process from one collection to the next.
//!
//! A collection frees hundreds of pieces at once. GNU's allocator gives what is free at the top of its heap back to the system as soon as that
//! is 128 KiB, and takes it again, page by page, for the next pieces: up to 100 faults for a MiB. It looks at the top alone, so one block
//! that is in use lies above the highest piece. Where bodies are large, and stay, there is none: what a program has let go of in the end is not
//! kept.

use std::cell::Cell;
use std::ptr::null_mut;

/// Bytes of the block: as many as a piece has at most, since a smaller one might be put into a gap further down. None of them is written.
const BLOCK: usize = 64 * 1024;
/// Bytes beyond V8's heap from which on there is no block: more than are there between two collections of what a program does not keep.
const MUCH: i64 = 96 * 1024 * 1024;

struct Top {
    block: Cell<*mut libc::c_void>,
    // Where the highest piece ends that a block was tried for.
    height: Cell<usize>,
    // Whether there is too much.
    is_free: Cell<bool>,
}

impl Top {
    fn replace(&self, block: *mut libc::c_void) {
        // SAFETY: what it replaces is null, or a block of `malloc` that is freed nowhere else.
        unsafe { libc::free(self.block.replace(block)) };
    }
}

impl Drop for Top {
    fn drop(&mut self) {
        self.replace(null_mut());
    }
}

thread_local! {
    static TOP: Top = const {
        Top { block: Cell::new(null_mut()), height: Cell::new(0), is_free: Cell::new(false) }
    };
}

/// There is a new piece: from `start`, of so many bytes.
pub fn piece(start: usize, length: usize) {
    if !cfg!(all(target_os = "linux", target_env = "gnu")) {
        return;
    }
    TOP.with(|top| {
        if start < top.height.get() || top.is_free.get() {
            return;
        }
        top.height.set(start + length);
        // SAFETY: any size may be asked for.
        let block = unsafe { libc::malloc(BLOCK) };
        if block as usize > start {
            top.replace(block);
        } else {
            // SAFETY: it was just made. (There are gaps: the piece is not at the top either.)
            unsafe { libc::free(block) };
        }
    });
}

/// So many bytes are there beyond V8's heap.
pub fn count(bytes: i64) {
    TOP.with(|top| {
        let is_much = bytes > MUCH;
        if is_much != top.is_free.replace(is_much) && is_much {
            top.height.set(0);
            top.replace(null_mut());
        }
    });
}
