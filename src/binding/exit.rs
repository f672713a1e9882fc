//! What must still be sent when the process exits: `process.exit()` in a handler loses no answer that waits for others.

use std::cell::Cell;
use std::sync::Once;

/// Sends what waits, without waiting.
pub(super) type Flush = (*const (), unsafe fn(*const ()));

/// How many kinds of transport there are: each has a place.
const PLACES: usize = 2;

thread_local! {
    // No destructor: the exit handlers run after those of the thread.
    static OF_THREAD: Cell<[Option<Flush>; PLACES]> = const { Cell::new([None; PLACES]) };
}

/// Arranges that `flush` is called if this thread ends the process; `None` for no more.
///
/// # Safety
/// The function can be called with its pointer, on this thread, until the place is set anew.
pub(super) unsafe fn at_exit(place: usize, flush: Option<Flush>) {
    static ONCE: Once = Once::new();
    let mut list = OF_THREAD.get();
    list[place] = flush;
    OF_THREAD.set(list);
    // SAFETY: the function lives as long as the process: Node unloads no addon of the main thread.
    ONCE.call_once(|| unsafe {
        libc::atexit(exiting);
    });
}

extern "C" fn exiting() {
    for (data, flush) in OF_THREAD.get().into_iter().flatten() {
        // SAFETY: who has set it vouches for it.
        unsafe { flush(data) };
    }
}
