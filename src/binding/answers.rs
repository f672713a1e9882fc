//! The fixed answers of a server for `lib/server/fixed-answers.js`. Its handle is an external value: connections of several threads share what it
//! stands for.

use std::cell::RefCell;
use std::sync::Arc;

use napi::sys;

use super::raw::{self, Call, CallError, Value};
use crate::parser::answers::{Answer, Answers, Table, UNLIMITED};

/// What a handle stands for, and the table that is being filled.
pub(super) struct Open {
    pub(super) answers: Arc<Answers>,
    next: RefCell<Table>,
}

/// The answers in argument `index`.
pub(super) fn open<const N: usize>(call: &Call<N>, index: usize) -> Result<&Open, CallError> {
    // SAFETY: lib/ passes the handle that answersOpen made; it stays where it is while the call lasts.
    Ok(unsafe { call.data::<Open>(index)? })
}

/// How many requests may be answered: a number below 0 is no limit.
pub(super) fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(UNLIMITED)
}

/// `answersOpen() -> handle`: of a server without answers.
fn make(call: &Call<0>) -> Result<Value, CallError> {
    Ok(call.external(Open {
        answers: Arc::default(),
        next: RefCell::default(),
    }))
}

/// `answersAdd(handle, key, newer, newerDate, older, olderDate)`: what is answered to a method and target in version 1.1 and in version 1.0, with the
/// place of the date, or -1; once it is published.
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

/// `answersPublish(handle, single)`: what was added holds from here on, and nothing else. `single`: of requests that come together none is answered so.
fn publish(call: &Call<2>) -> Result<Value, CallError> {
    let open = open(call, 0)?;
    let mut table = open.next.take();
    table.single = call.i32(1)? != 0;
    open.answers.publish(table);
    Ok(call.undefined())
}

/// `answersUsed(handle) -> boolean`: whether a request was answered since this was asked last.
fn used(call: &Call<1>) -> Result<Value, CallError> {
    Ok(call.boolean(open(call, 0)?.answers.take_used()))
}

raw::entries! {
    /// Registers them.
    register:
    answersOpen => make,
    answersAdd => add,
    answersPublish => publish,
    answersUsed => used,
}
