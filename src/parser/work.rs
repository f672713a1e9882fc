//! Input in small pieces costs work in proportion to its length. The work is counted, not timed.

use super::*;

fn config() -> Config {
    Config {
        max_header_size: 1 << 20,
        auto_continue: true,
        ..Config::new(Kind::Request)
    }
}

/// The work for an input in pieces of this size.
fn work(input: &[u8], size: usize) -> usize {
    let mut parser = Parser::new(config());
    let mut out = Output::new();
    for piece in input.chunks(size) {
        let (consumed, stop) = parser.execute(piece, &mut out);
        assert_eq!((consumed, stop), (piece.len(), Stop::Done));
        out.clear();
    }
    parser.work
}

fn one_long_value(len: usize) -> Vec<u8> {
    [
        b"GET / HTTP/1.1\r\nA: ".as_slice(),
        &b"v".repeat(len),
        b"\r\n\r\n",
    ]
    .concat()
}

fn many_fields(len: usize) -> Vec<u8> {
    [
        b"GET / HTTP/1.1\r\n".as_slice(),
        &b"Name: value\r\n".repeat(len / 13),
        b"\r\n",
    ]
    .concat()
}

fn long_target(len: usize) -> Vec<u8> {
    [b"GET /".as_slice(), &b"u".repeat(len), b" HTTP/1.1\r\n\r\n"].concat()
}

fn long_name(len: usize) -> Vec<u8> {
    [
        b"GET / HTTP/1.1\r\n".as_slice(),
        &b"n".repeat(len),
        b": v\r\n\r\n",
    ]
    .concat()
}

fn list(len: usize) -> Vec<u8> {
    [
        b"GET / HTTP/1.1\r\nConnection: ".as_slice(),
        &b"a,".repeat(len / 2),
        b"\r\n\r\n",
    ]
    .concat()
}

fn chunks(len: usize) -> Vec<u8> {
    [
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".as_slice(),
        &b"1;a=b\r\nx\r\n".repeat(len / 10),
        b"0\r\n\r\n",
    ]
    .concat()
}

#[test]
fn drip_fed_input_is_parsed_in_linear_work() {
    let inputs = [
        one_long_value,
        many_fields,
        long_target,
        long_name,
        list,
        chunks,
    ];
    for input in inputs {
        // Miri needs half an hour for the full length.
        let len = if cfg!(miri) { 512 } else { 16384 };
        for size in [1, 2, 7] {
            let (half, whole) = (work(&input(len / 2), size), work(&input(len), size));
            assert!(
                whole <= 2 * half + 200,
                "{half} and {whole} in pieces of {size}"
            );
            assert!(whole <= 6 * len + 200, "{whole} in pieces of {size}");
        }
    }
}
