//! Every limit of the core, with Node's default and the reason.

/// Bytes in one message head (target or status text, field names and values), and in one trailer section. Node's
/// `--max-http-header-size`; more is `HPE_HEADER_OVERFLOW` and status 431.
pub const MAX_HEADER_SIZE: u64 = 16 * 1024;

/// The largest head limit that a caller may set: JavaScript's largest exact integer.
pub const MAX_HEADER_SIZE_CEILING: u64 = 1 << 53;

/// Bytes in the extensions (names and values) of one chunk. More is `HPE_CHUNK_EXTENSIONS_OVERFLOW` and status 413.
/// Without a limit, a peer could send endless bytes that never reach a handler.
pub const MAX_CHUNK_EXTENSIONS: u64 = 16 * 1024;

/// Fields in one `Headers` or `Head` event. When a further field starts, those before it are flushed. Node hands fields
/// to JavaScript in batches of this size, and programs count them.
pub const HEADER_BATCH: usize = 31;

/// Fields that the fast path takes: one batch. The exact state machine handles longer heads, and flushes.
pub const FAST_HEADERS: usize = HEADER_BATCH;

/// Words of events after which [`crate::parser::Parser::execute`] returns (`Stop::Full`). Without it, a 64 KiB read of
/// 18-byte pipelined requests would give 60,000 words in one call. The limit is soft: the event that exceeds it is
/// completed, and the largest event is a head of one batch, 132 words.
pub const OUTPUT_WORDS: usize = 8 * 1024;

/// Bytes of input that one `execute` takes: the offsets of body pieces are `i32`. The next call takes the rest.
pub const MAX_INPUT: usize = 1 << 30;

/// Bytes in one head, whatever the caller allows: offsets into its text are `i32`, and V8's longest string has 2^29 -
/// 24 characters.
pub const MAX_TEXT: u64 = 1 << 29;

/// Empty lines that a strict parser skips before a request, also between two requests of a connection. RFC 9112,
/// section 2.2 asks for at least one. Without strict mode there is no limit, as in Node; they take no memory.
pub const MAX_EMPTY_LINES: u8 = 1;

/// Bytes of a PROXY header of version 1, with its CRLF: the worst case in its specification (section 2.1).
pub const MAX_PROXY_LINE: usize = 107;

/// Bytes of a PROXY header of version 2. The format allows 65,551, but the longest that proxies send, with the details
/// of a TLS session, have a few hundred. Little should be stored before the peer is known.
pub const MAX_PROXY_HEADER: usize = 4096;

/// Bytes of fixed answers after which those of one read are sent. A peer that does not read makes the core hold this
/// much plus one answer.
pub const MAX_ANSWERED_BYTES: usize = 64 * 1024;

/// Bytes in the body of a fixed answer: it is copied for each request.
pub const MAX_ANSWER_BODY: usize = 64 * 1024;

/// Threads of one process that may read and write connections.
pub const IO_THREADS: usize = 64;

/// Limits on requests that node does not have. Each is a server option: see [`OPTIONS`]. They do not apply to
/// responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Optional {
    /// Bytes in the body of a request, without its framing: a head or a chunk that announces more is refused. No
    /// default, since only the program knows how much it can take.
    pub body: u64,
}

impl Optional {
    /// No limit.
    pub const NONE: Optional = Optional { body: u64::MAX };

    /// Sets the limit with this number in [`OPTIONS`].
    pub fn set(&mut self, number: usize, value: u64) {
        if let Some((_, place)) = OPTIONS.get(number) {
            *place(self) = value;
        }
    }

    /// A copy with the limit of option `name` set.
    pub fn with(mut self, name: &str, value: u64) -> Optional {
        if let Some(number) = OPTIONS.iter().position(|(other, _)| *other == name) {
            self.set(number, value);
        }
        self
    }
}

/// Selects the field of a limit.
type Place = fn(&mut Optional) -> &mut u64;

/// The server options that set them. JavaScript reads the names from here, and passes a parser the number of each one
/// that is set.
pub const OPTIONS: &[(&str, Place)] = &[("bodyLimit", |it| &mut it.body)];
