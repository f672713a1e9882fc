//! What the core does for a message, for an instrument that counts instead of timing:   instructions CASE COUNT
//!
//! `npm run bench:instructions` runs it under valgrind. Counts are identical on every run and machine.
#![allow(missing_docs, reason = "a program")]

use std::hint::black_box;

use messages::{BROWSER, HELLO, POST, RESPONSE, config, parse};
use rust_http::parser::{Kind, Output, Parser};
use rust_http::serializer::head::{HeadInput, Rules, render};

mod messages;

const DATE: &[u8; 29] = b"Sun, 06 Nov 1994 08:49:37 GMT";
const FIELDS: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type\0text/plain; charset=utf-8\0Content-Length\x0013\0X-Powered-By\0Express\0\
ETag\0W/\"d-0ZjUFGJFmZQ8bYXcvBlBHSTTEqQ\"\0";

fn read(kind: Kind, input: &[u8], count: u32) {
    let mut parser = Parser::new(config(kind));
    let mut out = Output::new();
    for _ in 0..count {
        black_box(parse(&mut parser, &mut out, black_box(input)));
    }
}

fn write_heads(count: u32) {
    let rules = Rules {
        flags: HeadInput::KEEP_ALIVE
            | HeadInput::DATE
            | HeadInput::BODY
            | HeadInput::CHUNKED_BY_DEFAULT
            | HeadInput::KEEP_ALIVE_HINT,
        content_length: -1.0,
        keep_alive_timeout: 5000.0,
        max_requests: 0.0,
    };
    let mut out = Vec::new();
    for _ in 0..count {
        out.clear();
        let (_, written) = render(black_box(FIELDS), 4, &rules, DATE, &mut out);
        assert_eq!(written, Ok(()), "the fields are legal");
        black_box(&out);
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let (Some(case), Some(Ok(count))) = (args.next(), args.next().map(|count| count.parse()))
    else {
        eprintln!("instructions CASE COUNT");
        return;
    };
    match case.as_str() {
        "read hello" => read(Kind::Request, HELLO, count),
        "read browser" => read(Kind::Request, BROWSER, count),
        "read post" => read(Kind::Request, POST, count),
        "read response" => read(Kind::Response, RESPONSE, count),
        "write head" => write_heads(count),
        _ => panic!("no case {case}"),
    }
}
