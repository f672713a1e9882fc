//! A turn of a transport: from the first look at what is ready to the last call about it.

use std::cell::Cell;

use super::frame::Frame;
use super::host::{Event, Host, Texts};

thread_local! {
    // Open turns on this thread, of all its transports, since each may run in a handler of another.
    static OPEN: Cell<usize> = const { Cell::new(0) };
}

/// An open turn. A handler may run the event loop, and so begin a turn within a turn: each has its own level, and so
/// its own frame.
pub struct Turn<'a, H: Host> {
    host: &'a H,
    level: usize,
    /// Where JavaScript sees what the turn brought.
    pub frame: Frame,
}

impl<H: Host> Drop for Turn<'_, H> {
    fn drop(&mut self) {
        OPEN.set(self.level);
    }
}

impl<'a, H: Host> Turn<'a, H> {
    /// Begins a turn. `None` if JavaScript no longer runs.
    pub fn begin(host: &'a H) -> Option<Turn<'a, H>> {
        let level = OPEN.get();
        let frame = host.frame(level)?;
        OPEN.set(level + 1);
        Some(Turn { host, level, frame })
    }

    /// An empty list of texts, for one call.
    pub fn texts(&self) -> H::Texts {
        self.host.texts()
    }

    /// Notifies JavaScript, see [`Host::notify`]. False if it no longer runs.
    pub fn notify(&self, connection: usize, event: Event, text: Option<&[u8]>) -> bool {
        let mut texts = self.texts();
        if let Some(text) = text {
            texts.add(text);
        }
        self.notify_with(connection, event, texts)
    }

    /// The same with several texts.
    pub fn notify_with(&self, connection: usize, event: Event, texts: H::Texts) -> bool {
        self.host.notify(self.level, connection, event, texts)
    }
}
