//! Keeps the memory of body pieces in the process from one collection to the next.
//!
//! A collection frees hundreds of pieces at once. When 128 KiB at the top of its heap are free, GNU malloc returns them
//! to the system, then takes them back page by page for the next pieces: up to 100 page faults for a MiB. It looks only
//! at the top, so a block in use is kept above the highest piece. If bodies are large and stay, there is no block:
//! memory that a program has released for good is not kept.

use std::cell::Cell;
use std::ptr::null_mut;

/// Bytes of the block: the size of the largest piece, since a smaller block could be put into a gap further down. It is
/// never written.
const BLOCK: usize = 64 * 1024;
/// With more bytes than this outside V8's heap there is no block: between two collections, bodies that a program does
/// not keep never reach it.
const MUCH: i64 = 96 * 1024 * 1024;

struct Top {
    block: Cell<*mut libc::c_void>,
    // The end of the highest piece for which a block was tried.
    height: Cell<usize>,
    // Whether there are more than `MUCH` bytes.
    is_free: Cell<bool>,
}

impl Top {
    fn replace(&self, block: *mut libc::c_void) {
        // SAFETY: the old pointer is null or a block from `malloc` that is freed nowhere else.
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

/// A new piece begins at `start`.
pub fn piece(start: usize, length: usize) {
    if !cfg!(all(target_os = "linux", target_env = "gnu")) {
        return;
    }
    TOP.with(|top| {
        if start < top.height.get() || top.is_free.get() {
            return;
        }
        top.height.set(start + length);
        // SAFETY: malloc accepts any size.
        let block = unsafe { libc::malloc(BLOCK) };
        if block as usize > start {
            top.replace(block);
        } else {
            // SAFETY: it was just allocated. (It went into a gap, so the piece is not at the top.)
            unsafe { libc::free(block) };
        }
    });
}

/// Takes the number of bytes outside V8's heap.
pub fn count(bytes: i64) {
    TOP.with(|top| {
        let is_much = bytes > MUCH;
        if is_much != top.is_free.replace(is_much) && is_much {
            top.height.set(0);
            top.replace(null_mut());
        }
    });
}
