//! The parser's output: a flat list of integers, and the text that they point into.
//!
//! | first word | event | the words after it |
//! |---|---|---|
//! | [`BEGIN`] | a message begins | none |
//! | [`HEADERS`] | a full batch of fields, or the trailers | `url_o url_n count` and `count` times `name_o name_n value_o value_n` |
//! | [`HEAD`] | the head is complete | `flags version method status text_o text_n count` and the fields as above |
//! | [`BODY`] | a piece of the body | `offset length` in the input of this call |
//! | [`COMPLETE`] | the message is complete | none |
//!
//! Offsets point into [`Output::text`] (latin1), except those of a body. A field name with one of the spellings of
//! [`crate::parser::names`] has `name_o = -1 - id`, so no string has to be built for it.

/// A message begins: `[0]`.
pub const BEGIN: i32 = 0;
/// Fields handed over before the head is complete, or trailers.
pub const HEADERS: i32 = 1;
/// The head is complete.
pub const HEAD: i32 = 2;
/// A piece of the body.
pub const BODY: i32 = 3;
/// The message is complete: `[4]`.
pub const COMPLETE: i32 = 4;

/// Index in a [`HEAD`] event: the flags.
pub const HEAD_FLAGS: usize = 1;
/// The version: major in the high byte, minor in the low one.
pub const HEAD_VERSION: usize = 2;
/// The number of the method; negative in a response.
pub const HEAD_METHOD: usize = 3;
/// The status code of a response; with [`CACHE`] or [`CACHED`], the number of the kept head.
pub const HEAD_STATUS: usize = 4;
/// Offset and length of the request target, or of the reason phrase.
pub const HEAD_LINE: usize = 5;
/// How many fields follow.
pub const HEAD_COUNT: usize = 7;
/// Words of a [`HEAD`] event before its fields.
pub const HEAD_WORDS: usize = 8;
/// Index in a [`HEADERS`] event: offset and length of the part of the request target that comes with it.
pub const HEADERS_LINE: usize = 1;
/// How many fields follow.
pub const HEADERS_COUNT: usize = 3;
/// Words of a [`HEADERS`] event before its fields.
pub const HEADERS_WORDS: usize = 4;
/// Index in a [`BODY`] event: where the piece starts in the input.
pub const BODY_OFFSET: usize = 1;
/// Length of the piece.
pub const BODY_LENGTH: usize = 2;
/// Words of a [`BODY`] event.
pub const BODY_WORDS: usize = 3;
/// Words of each field.
pub const FIELD_WORDS: usize = 4;

/// Flag of [`HEAD`]: the connection may be used again after this message.
pub const KEEP_ALIVE: i32 = 1;
/// Flag of [`HEAD`]: the peer asks for another protocol (`Upgrade`, or `CONNECT`).
pub const UPGRADE: i32 = 2;
/// Flag of [`HEAD`]: fields were handed over before; this event has neither fields nor the request target.
pub const FLUSHED: i32 = 4;
/// Flag of [`HEAD`]: a body follows (its length is not known to be zero).
pub const HAS_BODY: i32 = 8;
/// Flag of [`HEAD`]: the body is chunked.
pub const CHUNKED: i32 = 16;
/// Flag of [`HEAD`], set after parsing: keep the line and the fields under the number in the status word.
pub const CACHE: i32 = 32;
/// Flag of [`HEAD`], set after parsing: the line and the fields are those kept under that number.
pub const CACHED: i32 = 64;

/// Where [`crate::parser::Parser::execute`] writes. The caller keeps it and clears it, to reuse its memory.
#[derive(Debug)]
pub struct Output {
    /// The events.
    pub words: Vec<i32>,
    /// The text that the events point into: latin1 bytes.
    pub text: Vec<u8>,
    /// Whether an event points into the input.
    pub has_bodies: bool,
    /// With more words than this the parser stops with `Stop::Full`. Soft: the event that exceeds it is complete.
    pub limit: usize,
}

impl Output {
    /// An empty output with the default limit, [`crate::limits::OUTPUT_WORDS`].
    pub fn new() -> Output {
        Output {
            words: Vec::new(),
            text: Vec::new(),
            has_bodies: false,
            limit: crate::limits::OUTPUT_WORDS,
        }
    }

    /// Frees the memory of the events and of the text where it exceeds `kept` bytes. What it held is lost.
    pub fn shrink(&mut self, kept: usize) {
        if self.words.capacity() * size_of::<i32>() > kept {
            self.words = Vec::new();
        }
        if self.text.capacity() > kept {
            self.text = Vec::new();
        }
    }

    /// Removes the events and the text, and keeps their memory.
    pub fn clear(&mut self) {
        self.words.clear();
        self.text.clear();
        self.has_bodies = false;
    }

    /// Adds a piece of the body.
    pub(super) fn put_body(&mut self, at: usize, len: usize) {
        self.words.extend_from_slice(&[BODY, at as i32, len as i32]);
        self.has_bodies = true;
    }
}

impl Default for Output {
    fn default() -> Output {
        Output::new()
    }
}
