//! What must hold for every input, however it is cut: the same events, the same error, no unbounded growth.

mod parser_support;

use parser_support::{How, PLAIN, Seen, config, fixture, joined, kind_of, latin1, oracle, replay};
use proptest::prelude::*;
use rust_http::error::errors;
use rust_http::limits::Optional;
use rust_http::parser::{Config, Decision, Dialect, Kind, Output, Parser, Stop, event};

const BODY: [Decision; 1] = [Decision::Body];
const NODES: [u32; 3] = [18, 20, 22];

/// Code and reason of the error, without its offset.
fn error_of(seen: &Seen) -> Option<String> {
    let line = seen.results.iter().find(|line| line.starts_with("ERR"))?;
    line.split(" bytesParsed").next().map(str::to_string)
}

/// Whether the parser stopped before the end of a piece, for another protocol: a later cut starts a new message.
fn upgraded(seen: &Seen) -> bool {
    seen.results.iter().any(|line| {
        match line
            .strip_prefix("ok ")
            .and_then(|line| line.split_once('/'))
        {
            Some((consumed, len)) => consumed != len,
            None => false,
        }
    }) || seen.events.iter().any(|line| {
        line.starts_with("HC ") && (line.contains(" up=true") || line.contains("  101 "))
    })
}

fn same_when_cut(config: Config, input: &[u8], cuts: &[usize]) -> Result<(), String> {
    let whole = replay(config, &[input], &BODY, PLAIN);
    if upgraded(&whole) {
        return Ok(());
    }
    let mut pieces = Vec::new();
    let mut from = 0;
    for &cut in cuts {
        pieces.push(&input[from..cut]);
        from = cut;
    }
    pieces.push(&input[from..]);
    let cut = replay(config, &pieces, &BODY, PLAIN);
    let same = joined(&whole.events) == joined(&cut.events)
        && error_of(&whole) == error_of(&cut)
        && whole.finish == cut.finish;
    if same {
        Ok(())
    } else {
        Err(format!("{pieces:?}\n whole {whole:?}\n cut {cut:?}"))
    }
}

#[test]
fn a_cut_at_any_offset_changes_nothing() {
    for node in NODES {
        let oracle = oracle(node);
        for case in &oracle.cases {
            let input = latin1(case["input"].as_str().expect("input"));
            for lenient in [0, oracle.lenient_all] {
                let config = config(kind_of(case), oracle.dialect, lenient);
                // Long inputs repeat one thing; every 61st cut reaches each of their states.
                let step = if input.len() > 2000 { 61 } else { 1 };
                for cut in (0..=input.len()).step_by(step) {
                    let same = same_when_cut(config, &input, &[cut]);
                    assert_eq!(
                        same,
                        Ok(()),
                        "{} of Node {node}, lenient {lenient}, cut at {cut}",
                        case["name"]
                    );
                }
            }
        }
    }
}

#[test]
fn the_generated_vectors_get_the_codes_of_node_20() {
    let vectors = fixture("vectors-generated.json");
    let vectors = vectors["vectors"].as_array().expect("vectors");
    assert!(vectors.len() > 400);
    for vector in vectors {
        let kind = if vector["side"] == "server" {
            Kind::Request
        } else {
            Kind::Response
        };
        assert_eq!(vector["mode"], "strict");
        let input = latin1(vector["input"].as_str().expect("input"));
        let seen = replay(config(kind, Dialect::V9_3, 0), &[&input], &BODY, PLAIN);
        let code = error_of(&seen).map(|line| line.split(' ').nth(1).expect("code").to_string());
        assert_eq!(
            code.as_deref(),
            vector["node20"]["code"].as_str(),
            "{}\n{seen:?}",
            vector["id"]
        );
    }
}

#[test]
fn a_connect_has_no_body_whatever_its_fields_say() {
    let input = b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    for auto_continue in [false, true] {
        let mut parser = Parser::new(Config {
            auto_continue,
            ..config(Kind::Request, Dialect::V9_3, 0)
        });
        let mut out = Output::new();
        let (head, stop) = parser.execute(input, &mut out);
        assert_eq!(stop, Stop::Head);
        parser.decide(Decision::Body);
        out.clear();
        let (after, stop) = parser.execute(&input[head..], &mut out);
        assert_eq!(stop, Stop::Upgrade);
        assert_eq!(
            input.len() - head - after,
            5,
            "bytes for the other protocol"
        );
        assert_eq!(out.words, [event::COMPLETE]);
    }
}

/// Inputs close to valid ones: recorded inputs, with some bytes changed.
fn inputs() -> impl Strategy<Value = (Kind, Vec<u8>)> {
    let mut seeds = Vec::new();
    for case in oracle(20).cases {
        let input = latin1(case["input"].as_str().expect("input"));
        if input.len() < 1000 {
            seeds.push((kind_of(&case), input));
        }
    }
    for vector in fixture("vectors-generated.json")["vectors"]
        .as_array()
        .expect("vectors")
    {
        let input = latin1(vector["input"].as_str().expect("input"));
        if input.len() < 1000 {
            seeds.push((Kind::Request, input));
        }
    }
    let bytes: &[&[u8]] = &[
        b"\r",
        b"\n",
        b"\r\n",
        b" ",
        b"\t",
        b":",
        b",",
        b";",
        b"\"",
        b"\0",
        b"\x80",
        b"0",
        b"A: b\r\n",
        b"A:\r\n",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"Upgrade: x\r\n",
        b"Connection: upgrade\r\n",
        b"Connection: keep-alive\r\n",
        b"Connection: a, close \r\n",
        b"X: y \t\r\n",
    ];
    let edit = (
        any::<prop::sample::Index>(),
        0..3usize,
        prop::sample::select(bytes),
    );
    (
        prop::sample::select(seeds.clone()),
        prop::sample::select(seeds),
        prop::collection::vec(edit, 0..4),
    )
        .prop_map(|((kind, mut input), (other, more), edits)| {
            if kind == other {
                input.extend_from_slice(&more);
            }
            for (at, remove, add) in edits {
                let at = at.index(input.len() + 1);
                let end = (at + remove).min(input.len());
                input.splice(at..end, add.iter().copied());
            }
            (kind, input)
        })
}

fn dialects() -> impl Strategy<Value = Dialect> {
    prop::sample::select(vec![
        Dialect::V6,
        Dialect::V8,
        Dialect::V9_2,
        Dialect::V9_3,
        Dialect::V9_4,
    ])
}

/// Like `replay`, but without the fast path, in one piece and with every head decided.
fn exact(config: Config, input: &[u8]) -> (Vec<i32>, usize, Option<Stop>) {
    run(config, input, true)
}

/// The heads and messages of one input, as words without offsets into the text, which the two paths lay out
/// differently.
fn run(config: Config, input: &[u8], exact: bool) -> (Vec<i32>, usize, Option<Stop>) {
    let mut parser = Parser::new(config);
    if exact {
        parser.exact_only();
    }
    let mut out = Output::new();
    out.limit = usize::MAX;
    let mut words = Vec::new();
    let mut at = 0;
    for _ in 0..=input.len() + 1 {
        let (consumed, stop) = parser.execute(&input[at..], &mut out);
        at += consumed;
        if stop != Stop::Head {
            let mut seen = Vec::new();
            parser_support::write(&out, &[0; 4096], config.kind, &mut seen);
            words.extend(seen.join("\n").bytes().map(i32::from));
            return (words, at, Some(stop));
        }
        parser.decide(Decision::Body);
    }
    (words, at, None)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 10 } else { 3000 }, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_fast_path_and_the_exact_machine_agree(
        (kind, input) in inputs(), dialect in dialects(), max in 20..4096u64, max_fields in prop_oneof![Just(u32::MAX), 0..6u32],
        max_body in prop_oneof![Just(u64::MAX), 0..20u64],
    ) {
        let config = Config { max_header_size: max, max_fields, limits: Optional::NONE.with("bodyLimit", max_body), ..config(kind, dialect, 0) };
        prop_assert_eq!(run(config, &input, false), exact(config, &input));
    }

    #[test]
    fn random_cuts_change_nothing(
        (kind, input) in inputs(), dialect in dialects(), lenient in 0..2048u32,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|at| at.index(input.len() + 1)).collect();
        cuts.sort_unstable();
        let strict = same_when_cut(config(kind, dialect, 0), &input, &cuts);
        prop_assert!(strict.is_ok(), "{:?}", strict);
        let relaxed = same_when_cut(config(kind, dialect, lenient), &input, &cuts);
        prop_assert!(relaxed.is_ok(), "{:?}", relaxed);
    }

    #[test]
    fn running_on_and_stopping_often_change_nothing((kind, input) in inputs(), dialect in dialects(), lenient in 0..2048u32) {
        let config = config(kind, dialect, lenient);
        let plain = replay(config, &[&input], &BODY, PLAIN);
        prop_assert_eq!(&plain, &replay(config, &[&input], &BODY, How { limit: 0, ..PLAIN }));
        prop_assert_eq!(&plain, &replay(config, &[&input], &BODY, How { auto_continue: true, ..PLAIN }));
    }

    #[test]
    fn any_bytes_are_taken_without_panic(input in prop::collection::vec(any::<u8>(), 0..300), dialect in dialects(), lenient in 0..2048u32) {
        for kind in [Kind::Request, Kind::Response] {
            replay(config(kind, dialect, lenient), &[&input], &BODY, PLAIN);
        }
    }
}

fn server() -> Config {
    Config {
        auto_continue: true,
        ..config(Kind::Request, Dialect::V9_3, 0)
    }
}

#[test]
fn output_does_not_grow_without_bound() {
    let tiny = b"GET / HTTP/1.1\r\n\r\n".repeat(3641);
    let mut chunks = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    chunks.extend_from_slice(&b"1\r\nx\r\n".repeat(10_000));
    let mut trailers = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n".to_vec();
    trailers.extend_from_slice(&b"a:\r\n".repeat(4000));
    for input in [tiny, chunks, trailers] {
        let mut parser = Parser::new(server());
        let mut out = Output::new();
        let mut at = 0;
        let mut calls = 0;
        loop {
            out.clear();
            let (consumed, stop) = parser.execute(&input[at..], &mut out);
            at += consumed;
            calls += 1;
            let largest = event::HEAD_WORDS + event::FIELD_WORDS * 31 + 2;
            assert!(
                out.words.len() <= out.limit + largest,
                "{}",
                out.words.len()
            );
            match stop {
                Stop::Full => assert!(out.words.len() > out.limit),
                Stop::Done => break,
                other => panic!("{other:?}"),
            }
        }
        assert!(calls > 1);
        assert_eq!(at, input.len());
    }
}

#[test]
fn a_head_limit_of_any_size_is_taken() {
    let head = b"GET / HTTP/1.1\r\nA: b\r\n\r\n";
    for (max, fails) in [
        (0, true),
        (2, true),
        (3, true),
        (4, false),
        (1 << 53, false),
        (u64::MAX, false),
    ] {
        for exact in [false, true] {
            let mut parser = Parser::new(Config {
                max_header_size: max,
                ..server()
            });
            if exact {
                parser.exact_only();
            }
            let (_, stop) = parser.execute(head, &mut Output::new());
            assert_eq!(
                stop == Stop::Error(errors::HEADER_OVERFLOW),
                fails,
                "{max}: {stop:?}"
            );
        }
    }
}

/// The error is where the parser of Node 22.23.3 stops.
#[test]
fn a_field_too_many_is_refused_where_its_name_ends_or_the_input() {
    let line = "GET / HTTP/1.1\r\n";
    let field = "kkkk: v\r\n";
    let head = |fields: usize| format!("{line}{}\r\n", field.repeat(fields));
    let cut = |rest: &str| format!("{line}{}{rest}", field.repeat(5));
    let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    let trailers = |fields: usize| format!("{chunked}{}\r\n", "t: v\r\n".repeat(fields));
    let rows = [
        (head(5), 5, None),
        (head(6), 5, Some(66)),
        (cut("k"), 5, Some(62)),
        (cut("kk"), 5, Some(63)),
        (cut("kkkk:"), 5, Some(66)),
        (head(1), 0, Some(21)),
        (head(31), 31, None),
        (head(32), 31, Some(300)),
        (head(100), 40, Some(381)),
        (head(4) + &head(4), 5, None),
        (head(4) + &head(6), 5, Some(120)),
        (trailers(5), 5, None),
        (trailers(6), 5, Some(82)),
        (head(100), u32::MAX, None),
    ];
    for (input, max_fields, place) in rows {
        for exact in [false, true] {
            let mut parser = Parser::new(Config {
                max_fields,
                ..server()
            });
            if exact {
                parser.exact_only();
            }
            let expected = match place {
                Some(place) => (place, Stop::Error(errors::HEADER_OVERFLOW)),
                None => (input.len(), Stop::Done),
            };
            let seen = parser.execute(input.as_bytes(), &mut Output::new());
            assert_eq!(
                seen, expected,
                "{max_fields} fields, exact {exact}: {input}"
            );
        }
    }
}

#[test]
fn a_limit_of_fields_is_for_requests_and_may_change_between_them() {
    let mut parser = Parser::new(Config {
        max_fields: 1,
        ..server()
    });
    let mut out = Output::new();
    let head = b"GET / HTTP/1.1\r\na: b\r\nc: d\r\n\r\n";
    parser.set_max_fields(2);
    assert_eq!(parser.execute(head, &mut out), (head.len(), Stop::Done));
    parser.set_max_fields(1);
    let refused = (24, Stop::Error(errors::HEADER_OVERFLOW));
    assert_eq!(parser.execute(head, &mut out), refused);

    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\na: b\r\n\r\n";
    let mut parser = Parser::new(Config {
        kind: Kind::Response,
        max_fields: 1,
        ..server()
    });
    assert_eq!(parser.execute(answer, &mut out), (answer.len(), Stop::Done));
    parser.set_max_fields(1);
    assert_eq!(parser.execute(answer, &mut out), (answer.len(), Stop::Done));
}

#[test]
fn a_body_is_limited_as_soon_as_it_is_announced() {
    let sized =
        |length: u64| format!("POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n0123456789");
    let chunked =
        |chunks: &str| format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
    let rows = [
        (sized(10), 10, None),
        (sized(11), 10, Some(39)),
        (sized(1), 0, Some(38)),
        (chunked("5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"), 10, None),
        (
            chunked("5\r\n01234\r\n6\r\n567890\r\n0\r\n\r\n"),
            10,
            Some(60),
        ),
        (chunked("0\r\nlong: trailer\r\n\r\n"), 0, None),
        (chunked("ffffffffffffffff\r\n0"), 1 << 60, Some(65)),
        (sized(10).repeat(3), 10, None),
    ];
    for (input, max_body, place) in rows {
        for exact in [false, true] {
            let mut parser = Parser::new(Config {
                limits: Optional::NONE.with("bodyLimit", max_body),
                ..server()
            });
            if exact {
                parser.exact_only();
            }
            let expected = match place {
                Some(place) => (place, Stop::Error(errors::BODY_OVERFLOW)),
                None => (input.len(), Stop::Done),
            };
            let seen = parser.execute(input.as_bytes(), &mut Output::new());
            assert_eq!(seen, expected, "{max_body} bytes, exact {exact}: {input}");
        }
    }
    let mut client = Parser::new(Config {
        limits: Optional::NONE.with("bodyLimit", 1),
        kind: Kind::Response,
        ..server()
    });
    client.set_limit(0, 1);
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let seen = client.execute(answer, &mut Output::new());
    assert_eq!(seen, (answer.len(), Stop::Done));
}

#[test]
fn extensions_of_a_chunk_are_limited() {
    let start = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (len, fails) in [(16384, false), (16385, true)] {
        let mut input = start.to_vec();
        input.extend_from_slice(b"1;");
        input.resize(input.len() + len, b'x');
        input.extend_from_slice(b"\r\na\r\n");
        let mut parser = Parser::new(server());
        let (_, stop) = parser.execute(&input, &mut Output::new());
        assert_eq!(
            stop == Stop::Error(errors::EXT_OVERFLOW),
            fails,
            "{len}: {stop:?}"
        );
    }
}

#[test]
fn an_error_stays_until_reset() {
    let mut parser = Parser::new(server());
    let mut out = Output::new();
    assert_eq!(
        parser.execute(b"get /", &mut out),
        (0, Stop::Error(errors::INVALID_METHOD))
    );
    assert_eq!(
        parser.execute(b"GET / HTTP/1.1\r\n\r\n", &mut out),
        (0, Stop::Error(errors::INVALID_METHOD))
    );
    assert_eq!(parser.finish(&mut out), Ok(()));
    parser.reset(server());
    assert_eq!(
        parser.execute(b"GET / HTTP/1.1\r\n\r\n", &mut out),
        (18, Stop::Done)
    );
}

#[test]
fn a_paused_parser_takes_nothing_until_it_is_resumed() {
    let mut parser = Parser::new(server());
    let mut out = Output::new();
    assert_eq!(parser.execute(b"GET / HT", &mut out), (8, Stop::Done));
    parser.pause();
    assert_eq!(
        parser.execute(b"TP/1.1\r\n\r\n", &mut out),
        (0, Stop::Error(errors::PAUSED))
    );
    parser.resume();
    assert_eq!(
        parser.execute(b"TP/1.1\r\n\r\n", &mut out),
        (10, Stop::Done)
    );
}

#[test]
fn a_failed_decision_is_an_error_that_stays() {
    let mut parser = Parser::new(Config {
        auto_continue: false,
        ..server()
    });
    let mut out = Output::new();
    let head = b"GET / HTTP/1.1\r\n\r\n";
    assert_eq!(parser.execute(head, &mut out), (18, Stop::Head));
    parser.decide(Decision::Fail);
    assert_eq!(
        parser.execute(b"", &mut out),
        (0, Stop::Error(errors::CALLBACK))
    );
    assert_eq!(
        parser.execute(head, &mut out),
        (0, Stop::Error(errors::CALLBACK))
    );
}
