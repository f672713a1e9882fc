//! Sends what is queued when the process exits: `process.exit()` in a handler loses no answer that waits for others.

use std::cell::Cell;
use std::sync::Once;

/// Called with its pointer at exit, to send the queue without waiting.
pub type Flush = (*const (), unsafe fn(*const ()));

/// How many transports a thread may have.
const PLACES: usize = 8;

thread_local! {
    // No destructor: the exit handlers run after the thread's destructors.
    static OF_THREAD: Cell<[Option<Flush>; PLACES]> = const { Cell::new([None; PLACES]) };
}

/// Has `flush` called if this thread ends the process.
///
/// # Safety
/// Until [`remove`] is called with the pointer, the function may be called with it on this thread.
pub unsafe fn add(flush: Flush) {
    static ONCE: Once = Once::new();
    let mut list = OF_THREAD.get();
    if let Some(place) = list.iter_mut().find(|place| place.is_none()) {
        *place = Some(flush);
    }
    OF_THREAD.set(list);
    // SAFETY: the function lives as long as the process, because Node never unloads an addon of the main thread.
    ONCE.call_once(|| unsafe {
        libc::atexit(exiting);
    });
}

/// Removes what [`add`] was given with this pointer.
pub fn remove(data: *const ()) {
    OF_THREAD.set(
        OF_THREAD
            .get()
            .map(|place| place.filter(|(added, _)| *added != data)),
    );
}

extern "C" fn exiting() {
    for (data, flush) in OF_THREAD.get().into_iter().flatten() {
        // SAFETY: the caller of `add` vouches for it.
        unsafe { flush(data) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe fn count(data: *const ()) {
        // SAFETY: the test adds a Cell that it keeps.
        let calls = unsafe { &*data.cast::<Cell<usize>>() };
        calls.set(calls.get() + 1);
    }

    #[test]
    #[cfg_attr(miri, ignore)] // it has no atexit()
    fn what_was_added_and_not_removed_is_called() {
        let (kept, removed) = (Cell::new(0), Cell::new(0));
        let data = |calls: &Cell<usize>| std::ptr::from_ref(calls).cast::<()>();
        // SAFETY: both are removed before they are dropped.
        unsafe {
            add((data(&removed), count));
            add((data(&kept), count));
        }
        remove(data(&removed));
        exiting();
        remove(data(&kept));
        exiting();
        assert_eq!((kept.get(), removed.get()), (1, 0));
    }
}
