//! A reset connection, as seen by the task of its shared connection and by its owner.
#![cfg(all(not(model), unix))]
#![allow(missing_docs)]

use std::io::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex};

use rust_http::parser::Output;
use rust_http::transport::offload::shared_connection::{
    Parse, ReadEvent, SharedConnection, Socket, Step,
};

#[derive(Clone)]
struct Ignored;

impl Parse for Ignored {
    fn run(&mut self, input: &[u8], _out: &mut Output, _room: usize) -> usize {
        input.len()
    }
}

/// A socket with this many bytes before its reset.
struct Reset(Mutex<usize>);

impl Socket for Reset {
    fn receive(&self, buffer: &mut [u8]) -> Result<usize> {
        let mut left = self.0.lock().unwrap();
        if *left == 0 {
            return Err(Error::from_raw_os_error(libc::ECONNRESET));
        }
        let count = buffer.len().min(*left);
        *left -= count;
        Ok(count)
    }

    fn send(&self, _bytes: &[u8]) -> Result<usize> {
        Err(Error::from(ErrorKind::WouldBlock))
    }
}

fn linked(bytes: usize, ends: bool) -> SharedConnection<Ignored, Reset> {
    SharedConnection::new(
        Reset(Mutex::new(bytes)),
        Arc::new(Mutex::new(Ignored)),
        ends,
    )
}

fn read(shared: &SharedConnection<Ignored, Reset>) {
    assert!(matches!(
        shared.read(&mut vec![0; 1 << 16], 64),
        Step::Event(_)
    ));
}

fn take(shared: &SharedConnection<Ignored, Reset>) -> Option<ReadEvent> {
    shared.take(|_, _, _| true)
}

#[test]
fn bytes_of_a_reset_connection_are_followed_by_an_end() {
    let shared = linked(10, true);
    shared.hang_up();
    read(&shared);
    assert_eq!(take(&shared), Some(ReadEvent::Parsed(10)));
    assert!(shared.take_end());
    assert!(!shared.done(), "nothing is read behind the end");
}

#[test]
fn so_are_bytes_that_the_owner_had_not_taken_when_it_was_reset() {
    let shared = linked(10, true);
    read(&shared);
    shared.hang_up();
    assert_eq!(take(&shared), Some(ReadEvent::Parsed(10)));
    assert!(shared.take_end());
}

#[test]
fn what_is_reset_behind_bytes_that_were_taken_has_failed() {
    let shared = linked(10, true);
    read(&shared);
    assert_eq!(take(&shared), Some(ReadEvent::Parsed(10)));
    shared.hang_up();
    assert!(!shared.take_end());
    shared.done();
    read(&shared);
    assert_eq!(take(&shared), Some(ReadEvent::Failed(libc::ECONNRESET)));
}

#[test]
fn what_fills_a_read_is_followed_by_the_reset() {
    let shared = linked(1 << 16, true);
    shared.hang_up();
    read(&shared);
    assert_eq!(take(&shared), Some(ReadEvent::Parsed(1 << 16)));
    assert!(!shared.take_end());
    shared.done();
    read(&shared);
    assert_eq!(take(&shared), Some(ReadEvent::Failed(libc::ECONNRESET)));
}

#[test]
fn where_a_hang_up_ends_nothing_the_reset_is_read() {
    let shared = linked(10, false);
    shared.hang_up();
    read(&shared);
    assert_eq!(take(&shared), Some(ReadEvent::Parsed(10)));
    assert!(!shared.take_end());
    shared.done();
    read(&shared);
    assert_eq!(take(&shared), Some(ReadEvent::Failed(libc::ECONNRESET)));
}

#[test]
fn a_connection_that_is_given_back_in_front_of_its_end_says_so() {
    let shared = linked(10, true);
    shared.hang_up();
    read(&shared);
    assert_eq!(take(&shared), Some(ReadEvent::Parsed(10)));
    assert!(shared.detach(&mut bytes::BytesMut::new()).ends);
}
