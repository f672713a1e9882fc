//! The serializer, for JavaScript.
//!
//! Text crosses once per message: JavaScript joins the head into one string, which is read as UTF-16 (so that no
//! character is narrowed unnoticed), checked byte by byte, and returned as one latin1 string.
//!
//! ```text
//! renderHead(text, count, flags, contentLength, keepAliveTimeout, maxRequests, out) -> string | number
//!   text              first line with its CRLF, then  name NUL value NUL  for each field, in the order of the wire
//!   count             number of fields; any other number of fields in `text` is refused
//!   flags             sum of:  1 shouldKeepAlive      2 sendDate              4 _hasBody          8 useChunkedEncodingByDefault
//!                             16 _removedConnection  32 _removedContLen      64 _removedTE      128 _defaultKeepAlive
//!                            256 maxRequestsOnConnectionReached             512 has an agent   1024 _last
//!                           2048 chunkedEncoding   4096 statusCode is 204 or 304
//!                           8192 values may hold control characters, except NUL, CR and LF
//!   contentLength     _contentLength, or -1 when it is null
//!   keepAliveTimeout  _keepAliveTimeout in milliseconds, 0 for none
//!   maxRequests       _maxRequestsPerSocket, 0 for none
//!   out               Int32Array(5) (a shorter one gets the first words), reused:
//!     out[0]  sum of:  1 _last   2 chunkedEncoding   4 shouldKeepAlive   8 _defaultKeepAlive   (the new values)
//!                     16 Connection   32 Content-Length   64 Transfer-Encoding   128 Date   256 Expect   512 Trailer
//!                   1024 Upgrade (these were given)   2048 Content-Length was added   4096 the head is ASCII
//!     out[1]  index of the last Content-Length that was given, or -1
//!     out[2]  its value modulo 2^32 (as a signed number) when it is a plain decimal below 2^53, else -1
//!     out[3]  its value divided by 2^32, else -1:  length = out[3] * 4294967296 + (out[2] >>> 0)
//!             When out[1] >= 0 and out[3] < 0 the value is something else ('1e3', 'abc'): take `+value` of that field.
//!     out[4]  the second since 1970 that Date shows, modulo 2^32 (as a signed number)
//!   returns           the head, or why there is none:  field * 8 + reason
//!     reason 1  the name of field is not a token           reason 2  the value of field holds an illegal character
//!     reason 3  the first line holds an illegal character  reason 4  the number of fields is not `count`
//!               (a NUL in a name or value shows as 1 or 4: look for the culprit field by field)
//!     reason 5  Trailer without chunked framing; out is filled, as Node has changed the flags before it throws
//!
//! renderInterim(text, count, flags) -> string | number
//!   the head of a 1xx response: text, flags (only 8192 counts) and answer as above, nothing is added
//! ```

use std::cell::RefCell;

use napi::sys;

use crate::clock::second;
use crate::node_api::{self, Call, CallError, Value};
use crate::serializer::date::DateCache;
use crate::serializer::head::{self, HeadInput, Invalid, Outcome, Rules};
use crate::serializer::validate;

/// Buffers reused from call to call; one set per thread, since each thread runs its own JavaScript.
struct Scratch {
    wide: Vec<u16>,
    text: Vec<u8>,
    head: Vec<u8>,
    date: DateCache,
}

/// Buffers larger than this, in bytes, are freed after the call that needed them.
const SCRATCH_MAX: usize = 64 * 1024;

impl Scratch {
    const fn new() -> Self {
        Self {
            wide: Vec::new(),
            text: Vec::new(),
            head: Vec::new(),
            date: DateCache::new(),
        }
    }

    /// Reads and narrows the string at `index`, and clears the other buffers. `false` if a character is above U+00FF.
    #[inline]
    fn read<const N: usize>(&mut self, call: &Call<N>, index: usize) -> Result<bool, CallError> {
        call.utf16(index, &mut self.wide)?;
        self.text.clear();
        self.head.clear();
        Ok(validate::narrow(&self.wide, &mut self.text))
    }

    #[inline]
    fn trim(&mut self) {
        if self.wide.capacity() > SCRATCH_MAX {
            *self = Self {
                date: std::mem::take(&mut self.date),
                ..Self::new()
            };
        }
    }
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = const { RefCell::new(Scratch::new()) };
}

fn refusal<const N: usize>(call: &Call<N>, invalid: Invalid) -> Value {
    call.number((invalid.field as i32) << 3 | invalid.reason as i32)
}

fn words(outcome: &Outcome, second: u64) -> [i32; 5] {
    let (low, high) = outcome
        .content_length
        .map_or((-1, -1), |length| (length as i32, (length >> 32) as i32));
    let field = outcome
        .content_length_field
        .map_or(-1, |field| field as i32);
    [outcome.flags.bits() as i32, field, low, high, second as i32]
}

/// Runs `render` on the narrowed string of argument 0 and returns what it wrote.
#[inline]
fn rendered<const N: usize>(
    call: &Call<N>,
    render: impl FnOnce(&[u8], &mut Vec<u8>, &mut DateCache) -> Result<Result<(), Invalid>, CallError>,
) -> Result<Value, CallError> {
    SCRATCH.with_borrow_mut(|scratch| {
        let narrow = scratch.read(call, 0)?;
        let answer = if narrow {
            match render(&scratch.text, &mut scratch.head, &mut scratch.date)? {
                Ok(()) => call.latin1(&scratch.head),
                Err(invalid) => refusal(call, invalid),
            }
        } else {
            refusal(call, head::first_wide(&scratch.wide))
        };
        scratch.trim();
        Ok(answer)
    })
}

fn render_head(call: &Call<7>) -> Result<Value, CallError> {
    let count = call.i32(1)? as u32;
    let rules = Rules {
        flags: HeadInput::from_bits_retain(call.i32(2)? as u32),
        content_length: call.f64(3)?,
        keep_alive_timeout: call.f64(4)?,
        max_requests: call.f64(5)?,
    };
    rendered(call, |text, out, date| {
        let second = second();
        let (outcome, written) = head::render(text, count, &rules, date.at(second), out);
        call.fill_i32(6, &words(&outcome, second))?;
        Ok(written)
    })
}

fn render_interim(call: &Call<3>) -> Result<Value, CallError> {
    let count = call.i32(1)? as u32;
    let relaxed = HeadInput::from_bits_retain(call.i32(2)? as u32).contains(HeadInput::RELAXED);
    rendered(call, |text, out, _| {
        Ok(head::interim(text, count, relaxed, out))
    })
}

node_api::entries! {
    /// Registers the serializer's functions.
    register:
    renderHead => render_head,
    renderInterim => render_interim,
}
