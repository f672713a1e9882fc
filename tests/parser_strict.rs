//! Strict mode: what RFC 9110 and RFC 9112 refuse and Node accepts, and what both accept.

mod parser_support;

use parser_support::{PLAIN, Seen, config, fixture, joined, latin1, replay};
use rust_http::parser::{Config, Decision, Dialect, Kind};

const BODY: [Decision; 1] = [Decision::Body];

fn strict(kind: Kind) -> Config {
    Config {
        strict: true,
        ..config(kind, Dialect::V9_3, 0)
    }
}

fn code(seen: &Seen) -> Option<&str> {
    let line = seen.results.iter().find(|line| line.starts_with("ERR"))?;
    line.split(' ').nth(1)
}

/// The code for an input, which must be the same whole and cut at each place.
fn code_of(kind: Kind, input: &[u8]) -> Option<String> {
    let whole = replay(strict(kind), &[input], &BODY, PLAIN);
    if !whole.events.iter().any(|line| line.contains("up=true")) {
        for cut in 0..=input.len() {
            let (head, tail) = input.split_at(cut);
            let seen = replay(strict(kind), &[head, tail], &BODY, PLAIN);
            assert_eq!(code(&whole), code(&seen), "cut at {cut}");
            assert_eq!(joined(&whole.events), joined(&seen.events), "cut at {cut}");
        }
    }
    code(&whole).map(str::to_string)
}

const HOST: Option<&str> = Some("HPE_STRICT_HOST");
const TARGET: Option<&str> = Some("HPE_STRICT_TARGET");
const VERSION: Option<&str> = Some("HPE_STRICT_VERSION");
const CODING: Option<&str> = Some("HPE_STRICT_TRANSFER_ENCODING");
const EMPTY_LINE: Option<&str> = Some("HPE_STRICT_EMPTY_LINE");
const INVALID_CODING: Option<&str> = Some("HPE_INVALID_TRANSFER_ENCODING");

#[rustfmt::skip]
const REQUESTS: [(&str, Option<&str>); 48] = [
    ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", None),
    ("GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", None),
    ("GET / HTTP/1.1\r\nhOST: [::1]:80 \t\r\n\r\n", None),
    ("GET / HTTP/1.1\r\n\r\n", HOST),
    ("GET / HTTP/1.0\r\n\r\n", None),
    ("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", HOST),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", HOST),
    ("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", HOST),
    ("GET / HTTP/1.1\r\nHost:\r\nHost: b\r\n\r\n", HOST),
    ("GET / HTTP/1.1\r\nHost:\r\n\r\n", HOST),
    ("GET / HTTP/1.1\r\nHost: \t\r\n\r\n", HOST),
    ("GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n", None),
    ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", HOST),
    ("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", HOST),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", HOST),
    ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", HOST),
    ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", HOST),
    ("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", HOST),
    ("GET / HTTP/1.1\r\nHost: a:70000\r\n\r\n", HOST),
    ("GET / HTTP/1.1\r\nHost: :80\r\n\r\n", HOST),
    ("GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", HOST),
    ("GET / HTTP/1.1\r\nHost: \u{e9}\r\n\r\n", HOST),
    ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", TARGET),
    ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", None),
    ("OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n", TARGET),
    ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", TARGET),
    ("GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n", TARGET),
    ("GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n", TARGET),
    ("GET http://a:x/ HTTP/1.1\r\nHost: a\r\n\r\n", TARGET),
    ("CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", TARGET),
    ("CONNECT a: HTTP/1.1\r\nHost: a\r\n\r\n", TARGET),
    ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", None),
    ("GET / HTTP/0.9\r\nHost: a\r\n\r\n", VERSION),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", VERSION),
    ("GET /\r\n", VERSION),
    ("GET /\n", VERSION),
    ("GET / RTSP/1.0\r\nHost: a\r\n\r\n", VERSION),
    ("SOURCE / ICE/1.0\r\nHost: a\r\n\r\n", VERSION),
    ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", CODING),
    ("POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", CODING),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\nContent-Length: 1\r\n\r\nx", INVALID_CODING),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", INVALID_CODING),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\t\r\n\r\nx", None),
    ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", None),
    ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", EMPTY_LINE),
    ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", EMPTY_LINE),
    ("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", EMPTY_LINE),
    ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n\r\n\r\n", EMPTY_LINE),
];

const RESPONSES: [(&str, Option<&str>); 8] = [
    ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", None),
    ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", None),
    ("HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n", VERSION),
    ("HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", VERSION),
    ("RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", VERSION),
    ("ICE/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", VERSION),
    (
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        CODING,
    ),
    (
        "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        EMPTY_LINE,
    ),
];

#[test]
fn requests_are_refused_where_the_rfcs_do() {
    for (input, code) in REQUESTS {
        assert_eq!(
            code_of(Kind::Request, &latin1(input)).as_deref(),
            code,
            "{input:?}"
        );
    }
}

#[test]
fn responses_are_refused_where_the_rfcs_do() {
    for (input, code) in RESPONSES {
        assert_eq!(
            code_of(Kind::Response, &latin1(input)).as_deref(),
            code,
            "{input:?}"
        );
    }
}

#[test]
fn without_strict_mode_every_one_of_them_has_nodes_answer() {
    for (input, expected) in REQUESTS {
        let seen = replay(
            config(Kind::Request, Dialect::V9_3, 0),
            &[&latin1(input)],
            &BODY,
            PLAIN,
        );
        let code = code(&seen).unwrap_or("");
        assert!(!code.starts_with("HPE_STRICT_"), "{input:?}");
        if expected.is_some_and(|code| code.starts_with("HPE_STRICT_")) {
            assert_eq!(code, "", "{input:?}");
        }
    }
}

#[test]
fn a_host_among_many_fields_is_found() {
    let fields = "a: b\r\n".repeat(100);
    let cases = [
        (
            format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}Host: a\r\n\r\n"),
            HOST,
        ),
        (format!("GET / HTTP/1.1\r\nHost: a/b\r\n{fields}\r\n"), HOST),
        (
            format!("GET / HTTP/1.1\r\n{fields}Host: a\r\n{fields}\r\n"),
            None,
        ),
        (format!("GET / HTTP/1.1\r\n{fields}\r\n"), HOST),
        // found by fuzzing: which of two errors was reported depended on where the input was cut
        (
            format!("GET / HTTP/1.1\r\nHost: a b\r\n{fields}a\0: b\r\n\r\n"),
            Some("HPE_INVALID_HEADER_TOKEN"),
        ),
        (
            format!("GET http://a/ HTTP/1.1\r\n{fields}Host:\r\n\r\n"),
            None,
        ),
    ];
    for (input, expected) in cases {
        let ones: Vec<&[u8]> = input.as_bytes().chunks(1).collect();
        for pieces in [&[input.as_bytes()][..], &ones] {
            let seen = replay(strict(Kind::Request), pieces, &BODY, PLAIN);
            assert_eq!(code(&seen), expected, "{input:?}");
        }
    }
}

#[test]
fn every_vector_gets_the_verdict_of_the_rfcs() {
    let vectors = fixture("vectors-generated.json");
    let mut reported = 0;
    for vector in vectors["vectors"].as_array().expect("vectors") {
        let kind = if vector["side"] == "server" {
            Kind::Request
        } else {
            Kind::Response
        };
        let input = latin1(vector["input"].as_str().expect("input"));
        let seen = replay(strict(kind), &[&input], &BODY, PLAIN);
        let refused = code(&seen).is_some();
        match vector["rfc"].as_str() {
            Some("reject") => assert!(refused, "{}", vector["id"]),
            Some("accept") => assert!(!refused, "{}\n{seen:?}", vector["id"]),
            _ => continue,
        }
        reported += 1;
    }
    assert!(reported >= 390, "{reported}");
}
