//! The cost of a head, from bytes to events, compared with bare httparse on the same bytes.
#![allow(missing_docs, reason = "a program")]

use std::hint::black_box;
use std::mem::MaybeUninit;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use messages::{BROWSER, HELLO, POST, RESPONSE, config, parse};
use rust_http::parser::{Kind, Output, Parser};

mod messages;

fn heads(c: &mut Criterion) {
    let mut group = c.benchmark_group("head");
    let pipelined = HELLO.repeat(16);
    for (name, input) in [
        ("hello", HELLO),
        ("browser", BROWSER),
        ("pipelined x16", &pipelined),
    ] {
        group.throughput(Throughput::Bytes(input.len() as u64));
        group.bench_with_input(BenchmarkId::new("httparse", name), input, |b, input| {
            b.iter(|| {
                let mut rest = black_box(input);
                while !rest.is_empty() {
                    let mut storage = [const { MaybeUninit::<httparse::Header>::uninit() }; 32];
                    let mut request = httparse::Request::new(&mut []);
                    let Ok(httparse::Status::Complete(len)) =
                        request.parse_with_uninit_headers(rest, &mut storage)
                    else {
                        panic!("not a head")
                    };
                    black_box(&request);
                    rest = &rest[len..];
                }
            });
        });
        for (path, exact) in [("events", false), ("events, exact machine", true)] {
            group.bench_with_input(BenchmarkId::new(path, name), input, |b, input| {
                let mut parser = Parser::new(config(Kind::Request));
                if exact {
                    parser.exact_only();
                }
                let mut out = Output::new();
                b.iter(|| parse(&mut parser, &mut out, black_box(input)));
            });
        }
    }
    for (name, kind, input) in [
        ("post", Kind::Request, POST),
        ("response", Kind::Response, RESPONSE),
    ] {
        group.throughput(Throughput::Bytes(input.len() as u64));
        group.bench_with_input(BenchmarkId::new("events", name), input, |b, input| {
            let mut parser = Parser::new(config(kind));
            let mut out = Output::new();
            b.iter(|| parse(&mut parser, &mut out, black_box(input)));
        });
    }
    group.finish();
}

/// A head of `size` bytes.
fn long_head(size: usize) -> Vec<u8> {
    let mut head = b"GET / HTTP/1.1\r\nCookie: ".to_vec();
    head.resize(size - 4, b'x');
    head.extend_from_slice(b"\r\n\r\n");
    head
}

/// Byte by byte: twice the head must cost twice the time.
fn drip(c: &mut Criterion) {
    let mut group = c.benchmark_group("drip-fed head");
    for size in [4096, 8192, 16000] {
        let head = long_head(size);
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_with_input(BenchmarkId::from_parameter(size), &head, |b, head| {
            let mut parser = Parser::new(config(Kind::Request));
            let mut out = Output::new();
            b.iter(|| {
                for piece in head.chunks(1) {
                    parse(&mut parser, &mut out, piece);
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, heads, drip);
criterion_main!(benches);
