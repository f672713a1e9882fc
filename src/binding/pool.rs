//! The agent's decisions, for JavaScript. Counts and limits go in as numbers (a limit may be `Infinity`), and a small
//! number comes out.
//!
//! ```text
//! placeRequest(active, free, total, idleElsewhere, maxSockets, maxTotalSockets, lifo) -> number
//!   active         sockets[name].length               free   freeSockets[name].length, the destroyed ones removed before
//!   total          totalSocketCount                   lifo   1 for scheduling 'lifo', 0 for 'fifo'
//!   idleElsewhere  idle sockets of other origins; 0 is right whenever maxTotalSockets is not reached
//!   returns        0 use the first free socket (shift)       1 use the last free socket (pop)
//!                  2 open a socket                           3 push to requests[name]
//!                  4 push to requests[name] and destroy an idle socket of another origin (its removal opens one for the
//!                    request). Node never does this, and starves; with idleElsewhere = 0 neither do we.
//!
//! releaseSocket(flags, waiting, active, free, total, maxSockets, maxFreeSockets, maxTotalSockets) -> number
//!   flags          sum of: 1 socket.writable   2 req.shouldKeepAlive && agent.keepAlive   4 requests of an origin that has no
//!                  socket in use wait. Node does not look at 4; it keeps the socket and opens one above the total limit.
//!   waiting        requests[name].length
//!   active, free, total    as above; the socket still counts as active
//!   returns        0 give it to the first of requests[name]
//!                  1 ask keepSocketAlive(socket): if true, keep it idle, else close it
//!                  2 close it
//!
//! refillPlace(waiting, otherActive) -> number
//!   asked when a socket has left sockets[name]
//!   waiting        requests[name].length
//!   otherActive    sockets[other].length of another origin with requests[other], -1 if there is none; ask again for the
//!                  next origin while the answer is 0
//!   returns        0 open nothing   1 open a socket for requests[name][0]   2 open a socket for requests[other][0]
//!
//! idleTimeout(hint, agentTimeout, buffer) -> number
//!   hint           value of the response's Keep-Alive field, '' if there is none
//!   agentTimeout   agent.options.timeout in milliseconds, 0 for none
//!   buffer         what to take off the hint, 1000 in Node
//!   returns        for socket.setTimeout (0: no limit), or -1: do not keep the socket
//!
//! originName(host, port, localAddress, family, socketPath) -> string        http.Agent#getName
//!   texts are '' when falsy (a port as text); family is 4 or 6, else 0
//! ```

use std::cell::RefCell;

use napi::sys;

use crate::node_api::{self, Call, CallError, Value};
use crate::pool::key::{Origin, origin_name};
use crate::pool::{Limits, Load, Released, Scheduling, keep_alive, place, refill, release};
use crate::serializer::validate::narrow;

thread_local! {
    static WIDE: RefCell<Vec<u16>> = const { RefCell::new(Vec::new()) };
}

/// The string at `index`.
fn text<const N: usize>(call: &Call<N>, index: usize) -> Result<String, CallError> {
    WIDE.with_borrow_mut(|wide| {
        call.utf16(index, wide)?;
        if wide.is_empty() {
            return Ok(String::new());
        }
        // Decoding UTF-16 costs 2 ns a character, and nearly every name is ASCII.
        let mut bytes = Vec::with_capacity(wide.len());
        if narrow(wide, &mut bytes) && bytes.is_ascii() {
            return Ok(String::from_utf8(bytes).unwrap_or_default());
        }
        Ok(String::from_utf16_lossy(wide))
    })
}

/// The first five arguments of both name functions, as owned strings.
struct OriginTexts {
    host: String,
    port: String,
    local_address: String,
    family: i32,
    socket_path: String,
}

impl OriginTexts {
    fn read<const N: usize>(call: &Call<N>) -> Result<Self, CallError> {
        Ok(Self {
            host: text(call, 0)?,
            port: text(call, 1)?,
            local_address: text(call, 2)?,
            family: call.i32(3)?,
            socket_path: text(call, 4)?,
        })
    }

    fn origin(&self) -> Origin<'_> {
        Origin {
            host: &self.host,
            port: &self.port,
            local_address: &self.local_address,
            family: self.family,
            socket_path: &self.socket_path,
        }
    }
}

/// A count: a whole number, not negative.
#[inline]
fn count<const N: usize>(call: &Call<N>, index: usize) -> Result<u32, CallError> {
    u32::try_from(call.i32(index)?).map_err(|_| CallError::Argument(c"expected a count"))
}

/// `totalSocketCount`, which users may have made negative.
#[inline]
fn total<const N: usize>(call: &Call<N>, index: usize) -> Result<u32, CallError> {
    Ok(u32::try_from(call.i32(index)?).unwrap_or(0))
}

fn place_request(call: &Call<7>) -> Result<Value, CallError> {
    let load = Load {
        active: count(call, 0)?,
        free: count(call, 1)?,
        total: total(call, 2)?,
    };
    let limits = Limits {
        max_sockets: call.f64(4)?,
        max_free_sockets: f64::INFINITY,
        max_total_sockets: call.f64(5)?,
    };
    let scheduling = if call.i32(6)? == 0 {
        Scheduling::Fifo
    } else {
        Scheduling::Lifo
    };
    Ok(call.number(place(&load, &limits, scheduling, count(call, 3)?) as i32))
}

/// Flags of releaseSocket, see [`Released`].
pub(super) const WRITABLE: i32 = 1;
pub(super) const PERSISTENT: i32 = 1 << 1;
pub(super) const OTHERS_STARVE: i32 = 1 << 2;

fn release_socket(call: &Call<8>) -> Result<Value, CallError> {
    let flags = call.i32(0)?;
    let socket = Released {
        writable: flags & WRITABLE != 0,
        persistent: flags & PERSISTENT != 0,
        others_starve: flags & OTHERS_STARVE != 0,
        waiting: count(call, 1)?,
    };
    let load = Load {
        active: count(call, 2)?,
        free: count(call, 3)?,
        total: total(call, 4)?,
    };
    let limits = Limits {
        max_sockets: call.f64(5)?,
        max_free_sockets: call.f64(6)?,
        max_total_sockets: call.f64(7)?,
    };
    Ok(call.number(release(&load, &limits, &socket) as i32))
}

fn refill_place(call: &Call<2>) -> Result<Value, CallError> {
    let other_active = u32::try_from(call.i32(1)?).ok();
    Ok(call.number(refill(count(call, 0)?, other_active) as i32))
}

fn idle_timeout(call: &Call<3>) -> Result<Value, CallError> {
    let (agent_timeout, buffer) = (call.f64(1)?, call.f64(2)?);
    let hint = text(call, 0)?;
    let timeout = keep_alive::idle_timeout(hint.as_bytes(), agent_timeout, buffer);
    Ok(call.double(timeout.unwrap_or(-1.0)))
}

fn plain_name(call: &Call<5>) -> Result<Value, CallError> {
    Ok(call.text(&origin_name(&OriginTexts::read(call)?.origin())))
}

node_api::entries! {
    /// Registers the agent's decisions.
    register:
    placeRequest => place_request,
    releaseSocket => release_socket,
    refillPlace => refill_place,
    idleTimeout => idle_timeout,
    originName => plain_name,
}
