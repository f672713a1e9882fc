//! The messages that the benchmarks of the core parse.

use rust_http::parser::{Config, Decision, Dialect, Kind, Output, Parser, Stop};

/// What wrk sends.
pub const HELLO: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:3000\r\n\r\n";

/// What a browser sends.
pub const BROWSER: &[u8] = b"GET /articles/2024/05/a-long-title?utm_source=feed&page=2 HTTP/1.1\r\n\
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

/// A POST with an announced body.
pub const POST: &[u8] = b"POST /items HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";

/// What a server answers.
pub const RESPONSE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Mon, 20 May 2024 10:00:00 GMT\r\n\
Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 5\r\n\r\nhello";

/// The configuration for one side of a connection, as Node 20 reads it.
pub fn config(kind: Kind) -> Config {
    Config {
        dialect: Dialect::V9_3,
        auto_continue: true,
        ..Config::new(kind)
    }
}

/// Parses all of it as one connection would, deciding for a body at each head.
pub fn parse(parser: &mut Parser, out: &mut Output, input: &[u8]) -> usize {
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
