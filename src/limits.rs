//! Every limit of the core: Node's default and the reason for it.

/// Bytes that one message head may hold (target or status text, field names and values), and what one trailer section may hold.
/// Node's `--max-http-header-size`; more is `HPE_HEADER_OVERFLOW` and status 431.
pub const MAX_HEADER_SIZE: u64 = 16 * 1024;

/// The largest head limit a caller may ask for: JavaScript's largest exact integer.
pub const MAX_HEADER_SIZE_CEILING: u64 = 1 << 53;

/// Bytes that the extensions (names and values) of one chunk may hold. More is `HPE_CHUNK_EXTENSIONS_OVERFLOW` and status 413:
/// a peer could otherwise send bytes without end that no handler ever sees.
pub const MAX_CHUNK_EXTENSIONS: u64 = 16 * 1024;

/// Field pairs that one `Headers` or `Head` event carries; when a further field starts, the ones before are flushed.
/// Node hands its headers to JavaScript in such batches, and programs count them.
pub const HEADER_BATCH: usize = 31;

/// Fields that the fast path takes: one batch. A head with more goes to the exact state machine, which flushes.
pub const FAST_HEADERS: usize = HEADER_BATCH;

/// Words of events after which [`crate::parser::Parser::execute`] hands back what it has (`Stop::Full`). A 64 KiB read of
/// 18-byte pipelined requests would otherwise become 60,000 words in one call. The limit is soft: the event that
/// crosses it is completed, and the largest event is a head of one batch, 132 words.
pub const OUTPUT_WORDS: usize = 8 * 1024;

/// Bytes of input that one `execute` takes at most: the offsets of body pieces are `i32`. The rest is for the next call.
pub const MAX_INPUT: usize = 1 << 30;

/// Bytes that one head may hold, whatever the caller allows: every offset into its text is an `i32`, and V8 has no longer
/// strings either (2^29 - 24).
pub const MAX_TEXT: u64 = 1 << 29;

/// Empty lines before a request that a strict parser skips, between two requests of a connection, too. RFC 9112, section 2.2
/// asks for at least one. Without strict mode there is no limit, as in Node; nothing of them is kept.
pub const MAX_EMPTY_LINES: u8 = 1;

/// Bytes of a PROXY header of version 1, its end included: the worst case that its specification gives (section 2.1).
pub const MAX_PROXY_LINE: usize = 107;

/// Bytes of a PROXY header of version 2. It could say up to 65,551; the longest that proxies send, with what they know of a TLS session, are
/// of some hundreds, and what is collected before a peer has said who it is should be little.
pub const MAX_PROXY_HEADER: usize = 4096;

/// Bytes of fixed answers after which those of one read are sent: what a peer that does not read has the core hold, and one answer more.
pub const MAX_ANSWERED_BYTES: usize = 64 * 1024;

/// Bytes that the body of a fixed answer may have: it is copied for each request.
pub const MAX_ANSWER_BODY: usize = 64 * 1024;

/// The most threads that may read and write connections of one process.
pub const IO_THREADS: usize = 64;

/// Limits of requests that node does not have. Each is an option of the server: see [`OPTIONS`]. Responses have none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Optional {
    /// Bytes that the body of a request may have, without what frames it: a head or a chunk that announces more is refused. What a program
    /// can take is its own to say, so there is none by default.
    pub body: u64,
}

impl Optional {
    /// No limit.
    pub const NONE: Optional = Optional { body: u64::MAX };

    /// Sets the one of this number in [`OPTIONS`].
    pub fn set(&mut self, number: usize, value: u64) {
        if let Some((_, place)) = OPTIONS.get(number) {
            *place(self) = value;
        }
    }

    /// These, and the one of the option `name`.
    pub fn with(mut self, name: &str, value: u64) -> Optional {
        if let Some(number) = OPTIONS.iter().position(|(other, _)| *other == name) {
            self.set(number, value);
        }
        self
    }
}

/// Where a limit is.
type Place = fn(&mut Optional) -> &mut u64;

/// The options by which a server sets them. JavaScript has the names from here, and tells a parser the number of each that is set.
pub const OPTIONS: &[(&str, Place)] = &[("bodyLimit", |it| &mut it.body)];
