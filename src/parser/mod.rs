//! An incremental HTTP/1.x parser for requests and responses: bytes in, a flat list of events out.

pub mod event;
pub mod method;
pub mod names;

pub use crate::error::{Code, Error};
pub use event::Output;

/// What is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Requests: a server reads them.
    Request,
    /// Responses: a client reads them.
    Response,
}

/// Whose behaviour holds: the llhttp version of the running Node decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// llhttp 6 (Node 18).
    V6,
    /// llhttp 9.0 to 9.2 (Node 20 before 20.20).
    V9_2,
    /// llhttp 9.3 (Node 20.20).
    V9_3,
    /// llhttp 9.4 (Node 22 and later).
    V9_4,
}

impl Dialect {
    /// The dialect of an llhttp version, as `process.versions.llhttp` names it. A later one than we know is taken as the latest.
    pub fn from_llhttp(major: u32, minor: u32) -> Dialect {
        match (major, minor) {
            (0..=8, _) => Dialect::V6,
            (9, 0..=2) => Dialect::V9_2,
            (9, 3) => Dialect::V9_3,
            _ => Dialect::V9_4,
        }
    }
}

/// Which rules are relaxed: the bits of Node's `HTTPParser.kLenient*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lenient(pub u32);

impl Lenient {
    /// Nothing relaxed.
    pub const NONE: Lenient = Lenient(0);
    /// Control bytes in values, obs-fold.
    pub const HEADERS: u32 = 1;
    /// Content-Length beside chunked.
    pub const CHUNKED_LENGTH: u32 = 2;
    /// Data after a message that closes the connection.
    pub const KEEP_ALIVE: u32 = 4;
    /// A Transfer-Encoding that does not end in chunked.
    pub const TRANSFER_ENCODING: u32 = 8;
    /// Any one-digit version.
    pub const VERSION: u32 = 16;
    /// Data after `Connection: close`.
    pub const DATA_AFTER_CLOSE: u32 = 32;
    /// CR without LF.
    pub const OPTIONAL_LF_AFTER_CR: u32 = 64;
    /// No line end after the data of a chunk.
    pub const OPTIONAL_CRLF_AFTER_CHUNK: u32 = 128;
    /// LF without CR.
    pub const OPTIONAL_CR_BEFORE_LF: u32 = 256;
    /// Spaces after a chunk size.
    pub const SPACES_AFTER_CHUNK_SIZE: u32 = 512;
    /// Control bytes in values, without the rest of [`Lenient::HEADERS`].
    pub const HEADER_VALUE_RELAXED: u32 = 1024;

    /// Whether one of these bits is set.
    pub fn has(self, bits: u32) -> bool {
        self.0 & bits != 0
    }
}

/// What a parser is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Requests or responses.
    pub kind: Kind,
    /// Whose behaviour holds.
    pub dialect: Dialect,
    /// Which rules are relaxed.
    pub lenient: Lenient,
    /// Bytes that one head may hold; see [`crate::limits::MAX_HEADER_SIZE`].
    pub max_header_size: u64,
    /// The caller promises [`Decision::Body`] for every request head that asks for no upgrade: the parser then does
    /// not stop there, and pipelined requests are one call. Without it, and for every response, it stops at each head.
    pub run_on: bool,
}

/// What the caller decides when a head is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The body follows as the head says (0 of `kOnHeadersComplete`).
    Body,
    /// No body follows, whatever the head says: the response to a HEAD (1).
    SkipBody,
    /// No body follows, and what comes after the head is another protocol (2).
    SkipBodyAndUpgrade,
    /// The caller could not handle the head: `HPE_CB_HEADERS_COMPLETE`.
    Fail,
}

/// Why [`Parser::execute`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The whole input is consumed.
    Done,
    /// The output reached its limit: take its events, and call again with the rest of the input.
    Full,
    /// The last event is a head, and the caller decides what follows: call [`Parser::decide`], then `execute` with the rest,
    /// also when the rest is empty.
    Head,
    /// The message ended in another protocol: the bytes after the consumed ones belong to it. The parser is ready for a new message.
    Upgrade,
    /// The bytes are wrong. Consumed is what users see as `err.bytesParsed`. The error stays until `reset`.
    Error(Error),
}

/// The parser of one connection.
#[derive(Debug)]
pub struct Parser {
    config: Config,
}

impl Parser {
    /// A parser at the start of a connection.
    pub fn new(config: Config) -> Parser {
        Parser { config }
    }

    /// Makes it a new parser, without giving up its memory.
    pub fn reset(&mut self, config: Config) {
        self.config = config;
    }

    /// Parses `input` and appends events to `out`. Returns how many bytes were consumed and why it stopped.
    pub fn execute(&mut self, input: &[u8], out: &mut Output) -> (usize, Stop) {
        let _ = out;
        (input.len(), Stop::Done)
    }

    /// Tells the parser what follows the head at which it stopped with [`Stop::Head`].
    pub fn decide(&mut self, decision: Decision) {
        let _ = decision;
    }

    /// The peer closed its side: completes a message whose body ends there. An error when a message is cut off.
    pub fn finish(&mut self, out: &mut Output) -> Result<(), Error> {
        let _ = out;
        Ok(())
    }

    /// Makes every `execute` fail with `HPE_PAUSED` until [`Parser::resume`].
    pub fn pause(&mut self) {}

    /// Ends a pause.
    pub fn resume(&mut self) {}

    /// Makes every later `execute` fail with this error: the caller could not handle an event.
    pub fn fail(&mut self, error: Error) {
        let _ = error;
    }

    /// Changes [`Config::run_on`] between calls of [`Parser::execute`].
    pub fn set_run_on(&mut self, run_on: bool) {
        self.config.run_on = run_on;
    }
}
