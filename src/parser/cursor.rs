//! The position of one `execute` call in its input.

/// The input of one `execute`, the next byte to look at, and the start of the open span.
pub(super) struct Cursor<'a> {
    pub bytes: &'a [u8],
    pub pos: usize,
    /// Where the piece of the open span starts in this input; zero when the span was opened by an earlier call.
    pub mark: usize,
}

impl<'a> Cursor<'a> {
    /// The next byte.
    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    /// The bytes not looked at yet.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.pos..).unwrap_or(&[])
    }

    /// The part of the open span before the cursor.
    #[inline]
    pub fn piece(&self) -> &'a [u8] {
        self.bytes.get(self.mark..self.pos).unwrap_or(&[])
    }

    /// Skips all bytes of a class.
    #[inline]
    pub fn skip_class(&mut self, class: &[bool; 256]) {
        let rest = self.rest();
        self.pos += rest
            .iter()
            .position(|&b| !class[b as usize])
            .unwrap_or(rest.len());
    }

    /// Skips all CR and LF.
    #[inline]
    pub fn skip_line_ends(&mut self) {
        let rest = self.rest();
        self.pos += rest
            .iter()
            .position(|&b| b != b'\r' && b != b'\n')
            .unwrap_or(rest.len());
    }

    /// Skips every repetition of `byte`.
    #[inline]
    pub fn skip_byte(&mut self, byte: u8) {
        while self.peek() == Some(byte) {
            self.pos += 1;
        }
    }
}
