//! Chunked bodies: if the parser finds one complete, a stateless decoder reads the same data.
#![no_main]
use libfuzzer_sys::fuzz_target;
use rust_http::parser::{Config, Decision, Dialect, Kind};
use rust_http_fuzz::{Event, cut, joined, parse, reference_chunks};

const HEAD: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";

fuzz_target!(|data: &[u8]| {
    let Some((&[dialect, cut_at], body)) = data.split_first_chunk::<2>() else {
        return;
    };
    let config = Config {
        dialect: [Dialect::V9_2, Dialect::V9_3, Dialect::V9_4][usize::from(dialect % 3)],
        auto_continue: true,
        strict: dialect & 0x80 != 0,
        ..Config::new(Kind::Request)
    };
    let input = [HEAD, body].concat();
    let outcome = parse(config, &cut(&input, &[HEAD.len() as u8, cut_at]), 8192, Decision::Body);
    if !outcome.events.contains(&Event::Complete) {
        return;
    }
    let got = joined(&outcome.events).into_iter().find_map(|event| match event {
        Event::Body(bytes) => Some(bytes),
        _ => None,
    });
    let (data, _) = reference_chunks(body).expect("the grammar has no such body");
    assert_eq!(got.unwrap_or_default(), data);
});
