//! What a head costs, from bytes to events, against bare httparse on the same bytes.
#![allow(missing_docs, reason = "a program")]

use std::hint::black_box;
use std::mem::MaybeUninit;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rust_http::limits::MAX_HEADER_SIZE;
use rust_http::parser::{Config, Decision, Dialect, Kind, Lenient, Output, Parser, Stop};

const HELLO: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:3000\r\n\r\n";

/// What a browser sends.
const BROWSER: &[u8] = b"GET /articles/2024/05/a-long-title?utm_source=feed&page=2 HTTP/1.1\r\n\
Host: www.example.com\r\n\
Connection: keep-alive\r\n\
Cache-Control: max-age=0\r\n\
Upgrade-Insecure-Requests: 1\r\n\
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
Sec-Fetch-Site: same-origin\r\n\
Sec-Fetch-Mode: navigate\r\n\
Sec-Fetch-Dest: document\r\n\
Accept-Encoding: gzip, deflate, br, zstd\r\n\
Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n\
Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=1\r\n\r\n";

const POST: &[u8] = b"POST /items HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";

const RESPONSE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Mon, 20 May 2024 10:00:00 GMT\r\n\
Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 5\r\n\r\nhello";

fn config(kind: Kind) -> Config {
    Config {
        kind,
        dialect: Dialect::V9_3,
        lenient: Lenient::NONE,
        max_header_size: MAX_HEADER_SIZE,
        max_fields: u32::MAX,
        run_on: true,
        strict: false,
    }
}

/// Parses all of it as one connection would, deciding for a body at each head.
fn parse(parser: &mut Parser, out: &mut Output, input: &[u8]) -> usize {
    out.clear();
    let mut at = 0;
    while let Some(rest) = input.get(at..) {
        let (consumed, stop) = parser.execute(rest, out);
        at += consumed;
        match stop {
            Stop::Done => break,
            Stop::Head => parser.decide(Decision::Body),
            Stop::Full => out.clear(),
            other => panic!("{other:?}"),
        }
    }
    out.words.len()
}

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
