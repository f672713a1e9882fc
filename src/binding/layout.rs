//! The numbers that both sides of the boundary use: word positions, flags, kinds, limits. The core or the binding
//! declares each one once, where it is used. JavaScript reads them from here when it loads (`lib/native/layout.js`).

use napi::sys;

use super::{parser, pool};
use crate::limits;
use crate::node_api::{self, Call, CallError, Value};
use crate::parser::session::Callback;
use crate::parser::{event, session};
use crate::pool::{Placement, Refill, Release};
use crate::serializer::head::{HeadInput, HeadOutput};
use crate::transport::peek;

/// The members of a group, by their names in JavaScript.
type Members = &'static [(&'static str, i64)];

macro_rules! members {
    ($($name:ident = $value:expr),+ $(,)?) => { &[$((stringify!($name), $value as i64)),+] };
}

const GROUPS: &[(&str, Members)] = &[
    // The words before the events of a run.
    (
        "run",
        members! {
            LENGTH = session::LENGTH,
            STOP = session::STOP,
            CONSUMED = session::CONSUMED,
            NOW = session::NOW,
            CURSOR = session::CURSOR,
            FIRST_EVENT = session::FIRST_EVENT,
            STOP_DONE = session::STOP_DONE,
            STOP_FULL = session::STOP_FULL,
            STOP_HEAD = session::STOP_HEAD,
            STOP_UPGRADE = session::STOP_UPGRADE,
            STOP_ERROR = session::STOP_ERROR,
            AUTO_CONTINUE = parser::AUTO_CONTINUE,
            STRICT = parser::STRICT,
            FAILED_HEADERS_COMPLETE = Callback::HeadersComplete,
            FAILED_BODY = Callback::Body,
            FAILED_MESSAGE_COMPLETE = Callback::MessageComplete,
        },
    ),
    (
        "event",
        members! {
            BEGIN = event::BEGIN,
            HEADERS = event::HEADERS,
            HEAD = event::HEAD,
            BODY = event::BODY,
            COMPLETE = event::COMPLETE,
            HEAD_FLAGS = event::HEAD_FLAGS,
            HEAD_VERSION = event::HEAD_VERSION,
            HEAD_METHOD = event::HEAD_METHOD,
            HEAD_STATUS = event::HEAD_STATUS,
            HEAD_LINE = event::HEAD_LINE,
            HEAD_COUNT = event::HEAD_COUNT,
            HEAD_WORDS = event::HEAD_WORDS,
            HEADERS_LINE = event::HEADERS_LINE,
            HEADERS_COUNT = event::HEADERS_COUNT,
            HEADERS_WORDS = event::HEADERS_WORDS,
            FIELD_WORDS = event::FIELD_WORDS,
            BODY_OFFSET = event::BODY_OFFSET,
            BODY_LENGTH = event::BODY_LENGTH,
            BODY_WORDS = event::BODY_WORDS,
            KEEP_ALIVE = event::KEEP_ALIVE,
            UPGRADE = event::UPGRADE,
            FLUSHED = event::FLUSHED,
            CACHE = event::CACHE,
            CACHED = event::CACHED,
        },
    ),
    // The flags passed to renderHead.
    (
        "headInput",
        members! {
            KEEP_ALIVE = HeadInput::KEEP_ALIVE.bits(),
            DATE = HeadInput::DATE.bits(),
            BODY = HeadInput::BODY.bits(),
            CHUNKED_BY_DEFAULT = HeadInput::CHUNKED_BY_DEFAULT.bits(),
            REMOVED_CONNECTION = HeadInput::REMOVED_CONNECTION.bits(),
            REMOVED_CONTENT_LENGTH = HeadInput::REMOVED_CONTENT_LENGTH.bits(),
            REMOVED_TRANSFER_ENCODING = HeadInput::REMOVED_TRANSFER_ENCODING.bits(),
            KEEP_ALIVE_HINT = HeadInput::KEEP_ALIVE_HINT.bits(),
            MAX_REQUESTS_REACHED = HeadInput::MAX_REQUESTS_REACHED.bits(),
            AGENT = HeadInput::AGENT.bits(),
            LAST = HeadInput::LAST.bits(),
            CHUNKED = HeadInput::CHUNKED.bits(),
            BODILESS_STATUS = HeadInput::BODILESS_STATUS.bits(),
            RELAXED = HeadInput::RELAXED.bits(),
        },
    ),
    // The flags it returns.
    (
        "headOutput",
        members! {
            LAST = HeadOutput::LAST.bits(),
            CHUNKED = HeadOutput::CHUNKED.bits(),
            KEEP_ALIVE = HeadOutput::KEEP_ALIVE.bits(),
            KEEP_ALIVE_HINT = HeadOutput::KEEP_ALIVE_HINT.bits(),
            EXPECT = HeadOutput::EXPECT.bits(),
            ASCII = HeadOutput::ASCII.bits(),
        },
    ),
    (
        "pool",
        members! {
            REUSE_OLDEST = Placement::ReuseOldest,
            REUSE_NEWEST = Placement::ReuseNewest,
            OPEN = Placement::Open,
            QUEUE = Placement::Queue,
            QUEUE_AND_EVICT = Placement::QueueAndEvict,
            GIVE = Release::Give,
            KEEP = Release::Keep,
            DROP = Release::Drop,
            REFILL_OWN = Refill::Own,
            REFILL_OTHER = Refill::Other,
            WRITABLE = pool::WRITABLE,
            PERSISTENT = pool::PERSISTENT,
            OTHERS_STARVE = pool::OTHERS_STARVE,
        },
    ),
    (
        "peek",
        members! { IDLE = peek::IDLE, CLOSED = peek::CLOSED, DATA = peek::DATA },
    ),
    (
        "limits",
        members! { IO_THREADS = limits::IO_THREADS, MAX_ANSWER_BODY = limits::MAX_ANSWER_BODY },
    ),
    #[cfg(unix)]
    ("transport", TRANSPORT),
];

#[cfg(unix)]
use super::transport;
#[cfg(unix)]
use crate::transport::{
    frame,
    host::{self, kind},
};

#[cfg(unix)]
const TRANSPORT: Members = members! {
    PARSED = kind::PARSED,
    ENDED = kind::ENDED,
    FAILED = kind::FAILED,
    UNSENT = kind::UNSENT,
    UNPARSED = kind::UNPARSED,
    BATCH = kind::BATCH,
    READABLE = kind::READABLE,
    LEVEL_SHIFT = kind::LEVEL_SHIFT,
    MAX_BATCH = frame::MAX_BATCH,
    FIRST_RECORD = frame::FIRST_RECORD,
    RECORD_WORDS = frame::RECORD_WORDS,
    HANDLED = frame::HANDLED,
    FINISHED = frame::FINISHED,
    LATIN1 = transport::LATIN1,
    HOLD = transport::HOLD,
    RECEIVED = transport::RECEIVED,
    SENT = transport::SENT,
    QUEUED = transport::QUEUED,
    UNCORKED = transport::UNCORKED,
    DETACHED = host::DETACHED,
    GIVEN_BACK = host::Fate::GivenBack,
    CLOSED = host::Fate::Closed,
    DESTROYED = host::Fate::Destroyed,
    ENOTSOCK = libc::ENOTSOCK,
};

/// `layout() -> string`: a line `group name number` for each number.
fn layout(call: &Call<0>) -> Result<Value, CallError> {
    let mut lines = String::new();
    for (group, members) in GROUPS {
        for (name, number) in *members {
            lines.push_str(&format!("{group} {name} {number}\n"));
        }
    }
    for (number, (name, _)) in limits::OPTIONS.iter().enumerate() {
        lines.push_str(&format!("parserLimits {name} {number}\n"));
    }
    Ok(call.latin1(lines.as_bytes()))
}

node_api::entries! {
    /// Registers `layout`.
    register:
    layout => layout,
}
