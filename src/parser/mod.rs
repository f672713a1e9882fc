//! An incremental HTTP/1.x parser for requests and responses: bytes in, a flat list of events out.

pub mod answers;
mod chunked;
mod cursor;
mod dialect;
pub mod event;
mod fields;
mod framing;
mod head;
pub mod head_cache;
pub mod method;
pub mod names;
pub mod proxy_protocol;
pub mod session;
mod start_line;
mod state;
mod strict;
#[cfg(test)]
mod work;

pub use crate::error::{Code, Error};
pub use dialect::Dialect;
pub use event::Output;

use crate::error::errors;
use crate::limits::{HEADER_BATCH, MAX_INPUT, MAX_TEXT, Optional};
use cursor::Cursor;
use framing::Framing;
use state::{ListPhase, Protocol, Span, State};

/// `Err` ends the call for this reason, at the cursor.
type Step = Result<(), Stop>;

/// What the parser reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Requests, read by a server.
    Request,
    /// Responses, read by a client.
    Response,
}

/// Which rules are relaxed: the bits are those of Node's `HTTPParser.kLenient*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lenient(pub u32);

impl Lenient {
    /// Nothing is relaxed.
    pub const NONE: Lenient = Lenient(0);
    /// Control bytes in values, obs-fold.
    pub const HEADERS: u32 = 1;
    /// Content-Length with chunked.
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

    /// Whether any of these bits is set.
    pub fn has(self, bits: u32) -> bool {
        self.0 & bits != 0
    }
}

/// The rules and limits of a parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Requests or responses.
    pub kind: Kind,
    /// The llhttp version whose behaviour it follows.
    pub dialect: Dialect,
    /// Which rules are relaxed.
    pub lenient: Lenient,
    /// Bytes allowed in one head; see [`crate::limits::MAX_HEADER_SIZE`].
    pub max_header_size: u64,
    /// Fields allowed in the head of a request, and in its trailers. One more is refused where its name begins.
    /// `u32::MAX` is no limit. Responses have none.
    pub max_fields: u32,
    /// Further limits on requests.
    pub limits: Optional,
    /// The caller promises [`Decision::Body`] for every request head that asks for no upgrade, and for every response
    /// head with a final status other than 304. The parser then does not stop there, so input that arrives in one piece
    /// takes one call. Without it, the parser stops at each head.
    pub auto_continue: bool,
    /// Follow RFC 9110 and RFC 9112 where Node is laxer; `dialect` and `lenient` are ignored.
    pub strict: bool,
}

impl Config {
    /// Node's defaults in the latest dialect: not lenient, not strict, no limit on fields, a stop at each head.
    pub const fn new(kind: Kind) -> Config {
        Config {
            kind,
            dialect: Dialect::V9_4,
            lenient: Lenient::NONE,
            max_header_size: crate::limits::MAX_HEADER_SIZE,
            max_fields: u32::MAX,
            limits: Optional::NONE,
            auto_continue: false,
            strict: false,
        }
    }
}

/// What the caller decides when a head is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The body follows as the head says (0 of `kOnHeadersComplete`).
    Body,
    /// No body follows, whatever the head says, as in the response to a HEAD (1).
    SkipBody,
    /// No body follows, and another protocol comes after the head (2).
    SkipBodyAndUpgrade,
    /// The caller could not handle the head: `HPE_CB_HEADERS_COMPLETE`.
    Fail,
}

/// Why [`Parser::execute`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The whole input is consumed.
    Done,
    /// The output is at its limit: take its events, then call again with the rest of the input.
    Full,
    /// The last event is a head, and the caller decides what follows: call [`Parser::decide`], then `execute` with the
    /// rest of the input, even if it is empty.
    Head,
    /// Another protocol follows the message, and the bytes not consumed belong to it. The parser is ready for a new
    /// message.
    Upgrade,
    /// The input is malformed. The number of consumed bytes is the user's `err.bytesParsed`. The error stays until
    /// `reset`.
    Error(Error),
}

/// One field in the text of the batch: name offset, name length, value offset, value length (untrimmed).
type Field = [u32; 4];

/// What the end of the input means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AtEnd {
    /// Nothing is lost.
    Idle,
    /// A message is cut off.
    CutOff,
    /// The message ends there.
    Completes,
}

/// The parser of one connection.
#[derive(Clone, Debug)]
pub struct Parser {
    config: Config,
    state: State,
    span: Span,
    at_end: AtEnd,
    paused: bool,
    /// Do not use the fast path.
    exact: bool,
    /// Fields were flushed. From then on node hands over all fields of this connection by flushes.
    flushed: bool,
    /// The fields that follow are trailers.
    in_trailers: bool,
    /// The current field has the first piece of its value.
    has_value: bool,
    /// The last message asked for another protocol. Node reports no parse error until the next head is complete.
    upgrade: bool,
    /// The length of a skipped body is kept, as in llhttp: the next message's length starts from it. This happens after
    /// a message that closes the connection (only lenient parsers go on then), and always before llhttp 9.
    carries_length: bool,
    /// What [`Config::strict`] checks.
    strict: strict::Seen,
    decision: Decision,
    error: Option<Error>,
    framing: Framing,
    method: i32,
    status: u16,
    major: u8,
    minor: u8,
    /// The word being matched, up to its capacity: a method or a connection option.
    word: [u8; 15],
    /// How far it is matched. Also counts the matched bytes of a protocol or a coding, and the digits of a status.
    word_len: u8,
    /// The position in a field value that is a list.
    list: ListPhase,
    /// The protocol in the start line.
    protocol: Protocol,
    /// Bytes counted against the head limit.
    size: u64,
    /// Fields counted against the limit.
    field_count: u32,
    /// Bytes counted against the chunk extension limit.
    ext_size: u64,
    /// Request target or reason phrase.
    line: Vec<u8>,
    /// Names and values of the fields in the batch.
    text: Vec<u8>,
    fields: Vec<Field>,
    /// Bytes looked at or copied. Tests count them.
    #[cfg(test)]
    work: usize,
}

impl Parser {
    /// A parser at the start of a connection.
    pub fn new(mut config: Config) -> Parser {
        if config.strict {
            config.dialect = Dialect::V9_4;
            config.lenient = Lenient::NONE;
        }
        config.lenient.0 &= config.dialect.lenient_bits();
        if config.kind == Kind::Response {
            config.max_fields = u32::MAX;
            config.limits = Optional::NONE;
        }
        Parser {
            config,
            state: State::Start,
            span: Span::None,
            at_end: AtEnd::Idle,
            paused: false,
            exact: false,
            flushed: false,
            in_trailers: false,
            has_value: false,
            upgrade: false,
            carries_length: false,
            strict: strict::Seen::default(),
            decision: Decision::Body,
            error: None,
            framing: Framing::new(),
            method: -1,
            status: 0,
            major: 0,
            minor: 0,
            word: [0; 15],
            word_len: 0,
            list: ListPhase::Before,
            protocol: Protocol::Http,
            size: 0,
            field_count: 0,
            ext_size: 0,
            line: Vec::new(),
            text: Vec::new(),
            fields: Vec::new(),
            #[cfg(test)]
            work: 0,
        }
    }

    /// Starts over as a new parser, and keeps its memory.
    pub fn reset(&mut self, config: Config) {
        let mut fresh = Parser::new(config);
        fresh.line = std::mem::take(&mut self.line);
        fresh.text = std::mem::take(&mut self.text);
        fresh.fields = std::mem::take(&mut self.fields);
        fresh.line.clear();
        fresh.text.clear();
        fresh.fields.clear();
        *self = fresh;
    }

    /// Parses `input` and appends events to `out`. Returns how many bytes it consumed and why it stopped.
    pub fn execute(&mut self, input: &[u8], out: &mut Output) -> (usize, Stop) {
        if self.paused {
            return (0, Stop::Error(errors::PAUSED));
        }
        if let Some(error) = self.error {
            return (0, self.error_or_upgrade(error));
        }
        let bytes = input.get(..MAX_INPUT).unwrap_or(input);
        let mut cur = Cursor {
            bytes,
            pos: 0,
            mark: 0,
        };
        match self.run(&mut cur, out) {
            Ok(()) if bytes.len() < input.len() => (cur.pos, Stop::Full),
            Ok(()) => (cur.pos, Stop::Done),
            Err(Stop::Error(error)) => {
                self.error = Some(error);
                self.state = State::Failed;
                (cur.pos, self.error_or_upgrade(error))
            }
            Err(stop) => (cur.pos, stop),
        }
    }

    /// While the last message's upgrade is pending, node reports no error: the bytes may belong to the other protocol.
    fn error_or_upgrade(&self, error: Error) -> Stop {
        if self.hides_errors() {
            Stop::Upgrade
        } else {
            Stop::Error(error)
        }
    }

    fn hides_errors(&self) -> bool {
        self.upgrade && !self.config.strict
    }

    fn run(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        if self.state == State::Decide {
            self.after_head(out)?;
        }
        while cur.pos < cur.bytes.len() {
            if out.words.len() > out.limit && self.span == Span::None {
                return Err(Stop::Full);
            }
            let from = cur.pos;
            let step = self.step(cur, out);
            self.count(1 + cur.pos.saturating_sub(from));
            step?;
        }
        if self.span != Span::None {
            let piece = cur.piece();
            self.append_span(piece, out).map_err(Stop::Error)?;
        }
        Ok(())
    }

    /// Takes one or more bytes. Every state function either advances or changes the state.
    fn step(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        match self.state {
            State::Start => self.start(cur, out),
            State::Closed => self.closed(cur),
            State::Failed | State::Decide => Err(Stop::Done),
            State::Method => self.method_name(cur),
            State::BeforeTarget => self.before_target(cur),
            State::TargetStart => self.target_start(cur),
            State::Schema => self.schema(cur),
            State::SchemaColon => self.schema_colon(cur),
            State::SchemaSlash => self.schema_slash(cur),
            State::Authority | State::AuthorityAt => self.authority(cur, out),
            State::Path | State::Query | State::Fragment => self.path(cur, out),
            State::TargetCr => self.target_cr(cur),
            State::AfterTarget | State::AfterOldLine => self.after_target(cur),
            State::BeforeProtocol => self.before_protocol(cur),
            State::Protocol => self.protocol(cur),
            State::ProtocolSlash => self.protocol_slash(cur),
            State::Major => self.major(cur),
            State::Dot => self.dot(cur),
            State::Minor => self.minor(cur),
            State::AfterVersion => self.after_version(cur),
            State::VersionCr => self.version_cr(cur),
            State::Preface => self.preface(cur),
            State::Status => self.status(cur),
            State::AfterStatus => self.after_status(cur),
            State::Reason => self.reason(cur, out),
            State::ReasonCr => self.reason_cr(cur),
            State::FirstField => self.first_field(cur),
            State::FieldStart => self.field_start(cur, out),
            State::Name => self.name(cur, out),
            State::NameSpace => self.name_space(cur, out),
            State::BeforeValue => self.before_value(cur),
            State::EmptyCr => self.empty_cr(cur),
            State::EmptyFold => self.empty_fold(cur, out),
            State::Value => self.value(cur, out),
            State::ValueRelaxed => self.value_relaxed(cur, out),
            State::Length => self.length(cur, out),
            State::LengthSpace => self.length_space(cur, out),
            State::Coding => self.coding(cur, out),
            State::Connection => self.connection(cur, out),
            State::ValueCr => self.value_cr(cur),
            State::ValueFold => self.value_fold(cur),
            State::HeadCr => self.head_cr(cur, out),
            State::Sized => self.sized(cur, out),
            State::UntilEof => self.until_eof(cur, out),
            State::ChunkStart => self.chunk_start(cur),
            State::ChunkSize => self.chunk_size(cur),
            State::ChunkSpace => self.chunk_space(cur),
            State::ChunkSizeLf => self.chunk_size_lf(cur),
            State::ExtStart => self.ext_start(cur),
            State::ExtParameters => self.ext_parameters(cur, out),
            State::ExtName => self.ext_name(cur, out),
            State::ExtValueStart => self.ext_value_start(cur),
            State::ExtValue => self.ext_value(cur, out),
            State::ExtQuoted => self.ext_quoted(cur, out),
            State::ExtQuotedPair => self.ext_quoted_pair(cur),
            State::ExtAfterQuoted => self.ext_after_quoted(cur),
            State::ChunkData => self.chunk_data(cur, out),
            State::ChunkDataCr => self.chunk_data_cr(cur),
            State::ChunkDataLf => self.chunk_data_lf(cur),
        }
    }

    /// How many of the next bytes must all be content: 0 when the next byte may be something else, or is refused.
    pub fn content_ahead(&self) -> u64 {
        if self.paused || self.error.is_some() {
            return 0;
        }
        match self.state {
            State::Sized | State::ChunkData => self.framing.length,
            State::UntilEof => self
                .config
                .limits
                .body
                .saturating_sub(self.framing.announced),
            _ => 0,
        }
    }

    /// Whether the next byte may start a message, and nothing prevents parsing it.
    pub fn is_between_messages(&self) -> bool {
        self.state == State::Start && !self.paused && self.error.is_none() && !self.upgrade
    }

    /// Decides what follows the head at which the parser stopped with [`Stop::Head`].
    pub fn decide(&mut self, decision: Decision) {
        self.decision = decision;
    }

    /// The peer closed its side: completes a message whose body ends there. A message that is cut off is an error,
    /// unless the parser is paused or already has an error.
    pub fn finish(&mut self, out: &mut Output) -> Result<(), Error> {
        if self.error.is_some() || self.paused {
            return Ok(());
        }
        match self.at_end {
            AtEnd::Idle => Ok(()),
            AtEnd::CutOff if self.hides_errors() => Ok(()),
            AtEnd::CutOff => Err(errors::EOF),
            AtEnd::Completes => {
                out.words.push(event::COMPLETE);
                Ok(())
            }
        }
    }

    /// Makes every `execute` fail with `HPE_PAUSED` until [`Parser::resume`].
    pub fn pause(&mut self) {
        self.paused = true;
    }

    /// Ends a pause.
    pub fn resume(&mut self) {
        self.paused = false;
    }

    /// Makes every later `execute` fail with this error: the caller could not handle an event.
    pub fn fail(&mut self, error: Error) {
        self.error = Some(error);
        self.state = State::Failed;
    }

    /// Like [`Parser::fail`], when a head was parsed after the event that failed: that head is not delivered, and its
    /// upgrade claims no bytes.
    pub fn fail_earlier(&mut self, error: Error) {
        self.upgrade = false;
        self.fail(error);
    }

    /// Uses only the exact machine until `reset`, to compare it with the fast path.
    pub fn exact_only(&mut self) {
        self.exact = true;
    }

    /// Whether any of these lenient bits is set.
    fn lenient(&self, bits: u32) -> bool {
        self.config.lenient.has(bits)
    }

    fn dialect(&self) -> Dialect {
        self.config.dialect
    }

    /// Fails with this error at `at`.
    fn fail_at<T>(cur: &mut Cursor, at: usize, error: Error) -> Result<T, Stop> {
        cur.pos = at;
        Err(Stop::Error(error))
    }

    /// Opens a span at the cursor.
    fn open(&mut self, cur: &mut Cursor, span: Span) {
        self.span = span;
        cur.mark = cur.pos;
    }

    /// Closes the open span at the cursor. If its piece exceeds a limit, the error is at `at`.
    fn close(&mut self, cur: &mut Cursor, at: usize, out: &mut Output) -> Step {
        let piece = cur.piece();
        match self.append_span(piece, out) {
            Ok(()) => {
                self.span = Span::None;
                Ok(())
            }
            Err(error) => Parser::fail_at(cur, at, error),
        }
    }

    /// Counts work, in tests only.
    #[inline(always)]
    #[cfg_attr(
        not(test),
        expect(unused_variables, clippy::unused_self, reason = "nothing is counted")
    )]
    fn count(&mut self, bytes: usize) {
        #[cfg(test)]
        {
            self.work += bytes;
        }
    }

    /// Counts a piece of the open span against its limit, and keeps it.
    fn append_span(&mut self, piece: &[u8], out: &mut Output) -> Result<(), Error> {
        self.count(piece.len());
        let n = piece.len() as u64;
        if matches!(self.span, Span::ExtName | Span::ExtValue) {
            self.ext_size = self.ext_size.saturating_add(n);
            return if self.ext_size > crate::limits::MAX_CHUNK_EXTENSIONS {
                Err(errors::EXT_OVERFLOW)
            } else {
                Ok(())
            };
        }
        self.size = self.size.saturating_add(n);
        if self.size >= self.config.max_header_size || self.size >= MAX_TEXT {
            return Err(errors::HEADER_OVERFLOW);
        }
        match self.span {
            Span::Target | Span::Reason => self.line.extend_from_slice(piece),
            Span::Name => {
                if self.has_value || self.fields.is_empty() {
                    if self.field_count >= self.config.max_fields {
                        return Err(errors::HEADER_OVERFLOW);
                    }
                    self.field_count += 1;
                    if self.fields.len() == HEADER_BATCH {
                        if self.config.strict {
                            self.strict_fields();
                        }
                        self.flush(out);
                    }
                    self.fields.push([self.text.len() as u32, 0, 0, 0]);
                    self.has_value = false;
                }
                if let Some(field) = self.fields.last_mut() {
                    field[1] += piece.len() as u32;
                }
                self.text.extend_from_slice(piece);
            }
            _ => {
                if let Some(field) = self.fields.last_mut() {
                    if !self.has_value {
                        field[2] = self.text.len() as u32;
                        self.has_value = true;
                    }
                    field[3] += piece.len() as u32;
                }
                self.text.extend_from_slice(piece);
            }
        }
        Ok(())
    }

    /// Appends the kept line, and returns its offset and length.
    fn put_line(&self, out: &mut Output) -> [i32; 2] {
        let at = out.text.len();
        out.text.extend_from_slice(&self.line);
        [at as i32, self.line.len() as i32]
    }

    /// Appends the fields of the batch, and clears the batch.
    fn put_fields(&mut self, out: &mut Output) {
        let base = out.text.len() as i32;
        out.text.extend_from_slice(&self.text);
        self.count(self.text.len());
        out.words.push(self.fields.len() as i32);
        for &[name, name_len, value, value_len] in &self.fields {
            let spelled = self
                .text
                .get(name as usize..(name + name_len) as usize)
                .unwrap_or(&[]);
            let written = self
                .text
                .get(value as usize..(value + value_len) as usize)
                .unwrap_or(&[]);
            let trimmed = written
                .iter()
                .rposition(|&b| b != b' ' && b != b'\t')
                .map_or(0, |last| last + 1);
            let name_at = match names::find(spelled).and_then(|found| found.spelling) {
                Some(id) => -1 - id,
                None => base + name as i32,
            };
            out.words.extend_from_slice(&[
                name_at,
                name_len as i32,
                base + value as i32,
                trimmed as i32,
            ]);
        }
        self.fields.clear();
        self.text.clear();
        self.has_value = false;
    }

    /// Reports the batch before the head is complete, or the trailers.
    fn flush(&mut self, out: &mut Output) {
        let [at, len] = if self.config.kind == Kind::Request {
            self.put_line(out)
        } else {
            [0, 0]
        };
        out.words.extend_from_slice(&[event::HEADERS, at, len]);
        self.put_fields(out);
        if self.config.kind == Kind::Request {
            self.line.clear();
        }
        self.flushed = true;
    }

    /// Changes [`Config::max_fields`]. Call it between calls of [`Parser::execute`].
    pub fn set_max_fields(&mut self, max_fields: u32) {
        if self.config.kind == Kind::Request {
            self.config.max_fields = max_fields;
        }
    }

    /// Changes the limit with this number in [`OPTIONS`](crate::limits::OPTIONS). Call it between calls of
    /// [`Parser::execute`].
    pub fn set_limit(&mut self, number: usize, value: u64) {
        if self.config.kind == Kind::Request {
            self.config.limits.set(number, value);
        }
    }

    /// See [`Config::auto_continue`].
    pub fn auto_continue(&self) -> bool {
        self.config.auto_continue
    }

    /// Changes [`Config::auto_continue`]. Call it between calls of [`Parser::execute`].
    pub fn set_auto_continue(&mut self, auto_continue: bool) {
        self.config.auto_continue = auto_continue;
    }
}
