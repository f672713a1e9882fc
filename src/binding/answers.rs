//! The fixed answers of a server, for `lib/server/fixed-answers.js`. The handle is an external value, because
//! connections of several threads share the answers.

use std::cell::RefCell;
use std::sync::Arc;

use napi::sys;

use crate::node_api::{self, Call, CallError, Value};
use crate::parser::answers::{Answer, Answers, Table, UNLIMITED};

/// What a handle refers to: the answers, and the table being filled.
pub(super) struct Open {
    pub(super) answers: Arc<Answers>,
    next: RefCell<Table>,
}

/// The answers of the handle in argument `index`.
pub(super) fn open<const N: usize>(call: &Call<N>, index: usize) -> Result<&Open, CallError> {
    // SAFETY: lib/ passes the handle that answersOpen made; it stays where it is while the call lasts.
    Ok(unsafe { call.data::<Open>(index)? })
}

/// How many requests may be answered: a negative number is no limit.
pub(super) fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(UNLIMITED)
}

/// `answersOpen() -> handle`: a handle without answers.
fn make(call: &Call<0>) -> Result<Value, CallError> {
    Ok(call.external(Open {
        answers: Arc::default(),
        next: RefCell::default(),
    }))
}

/// `answersAdd(handle, key, newer, newerDate, older, olderDate)`: adds the answers to a method and target for HTTP/1.1
/// and for HTTP/1.0, each with the position of its date or -1. They hold once published.
fn add(call: &Call<6>) -> Result<Value, CallError> {
    let answer = |bytes: usize, date: usize| {
        Ok::<Answer, CallError>(Answer {
            bytes: call.bytes(bytes)?.to_vec(),
            date: usize::try_from(call.i32(date)?).ok(),
        })
    };
    let answers = [answer(2, 3)?, answer(4, 5)?];
    open(call, 0)?
        .next
        .borrow_mut()
        .add(call.bytes(1)?, answers);
    Ok(call.undefined())
}

/// `answersPublish(handle, single)`: from now on the answers added since the last call hold, and no others. `single`: a
/// request that arrives with others goes to JavaScript.
fn publish(call: &Call<2>) -> Result<Value, CallError> {
    let open = open(call, 0)?;
    let mut table = open.next.take();
    table.single = call.i32(1)? != 0;
    open.answers.publish(table);
    Ok(call.undefined())
}

/// `answersUsed(handle) -> boolean`: whether a request was answered since the last call.
fn used(call: &Call<1>) -> Result<Value, CallError> {
    Ok(call.boolean(open(call, 0)?.answers.take_used()))
}

node_api::entries! {
    /// Registers the functions of fixed answers.
    register:
    answersOpen => make,
    answersAdd => add,
    answersPublish => publish,
    answersUsed => used,
}
