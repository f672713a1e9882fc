//! The parser must give every recorded result of Node's parsers: events, results with their byte counts, and `finish`.

mod parser_support;

use parser_support::{
    How, Oracle, PLAIN, config, kind_of, latin1, oracle, oracle_events, replay, strings,
};
use rust_http::parser::{Decision, Dialect};
use serde_json::Value;

const BODY: [Decision; 1] = [Decision::Body];

/// `finish` without its byte count, which has no meaning there.
fn plain_finish(want: &Value) -> String {
    let text = want.as_str().expect("finish");
    match text.rfind("\" ") {
        Some(at) => text[..=at].to_string(),
        None => text.to_string(),
    }
}

fn check_whole(oracle: &Oracle, mode: &str, lenient: u32, how: How) -> usize {
    let mut right = 0;
    for case in &oracle.cases {
        let input = latin1(case["input"].as_str().expect("input"));
        let want = &case[mode];
        let got = replay(
            config(kind_of(case), oracle.dialect, lenient),
            &[&input],
            &BODY,
            how,
        );
        let same = oracle_events(&got) == strings(&want["ev"])
            && got.results == strings(&want["out"])
            && got.finish == plain_finish(&want["fin"]);
        if same {
            right += 1;
        } else {
            println!("{} ({mode})\n  want {want}\n  got  {got:?}", case["name"]);
        }
    }
    right
}

fn check_bytes(oracle: &Oracle, how: How) -> usize {
    let mut right = 0;
    for case in &oracle.cases {
        let input = latin1(case["input"].as_str().expect("input"));
        let want = &case["strictByteByByte"];
        let pieces: Vec<&[u8]> = input.chunks(1).collect();
        let got = replay(
            config(kind_of(case), oracle.dialect, 0),
            &pieces,
            &BODY,
            how,
        );
        let error = got
            .results
            .iter()
            .position(|line| line.starts_with("ERR"))
            .map(|at| (at, &got.results[at]));
        let wanted = want["firstErr"]
            .as_str()
            .map(|line| (want["errAt"].as_u64().expect("offset") as usize, line));
        let same = oracle_events(&got) == strings(&want["ev"])
            && error.map(|(at, line)| (at, line.as_str())) == wanted
            && got.finish == plain_finish(&want["fin"]);
        if same || want.is_null() {
            right += 1;
        } else {
            println!(
                "{} (byte by byte)\n  want {want}\n  got  {got:?}",
                case["name"]
            );
        }
    }
    right
}

fn check(node: u32, dialect: Dialect) {
    let mut oracle = oracle(node);
    assert_eq!(oracle.dialect, dialect);
    assert_eq!(oracle.cases.len(), 169);
    if cfg!(miri) {
        // A few long inputs are most of the work, and run no other code.
        oracle.cases.retain(|case| {
            case["input"]
                .as_str()
                .is_some_and(|input| input.len() < 200)
        });
    }
    let all = oracle.cases.len();
    for how in [
        PLAIN,
        How { limit: 0, ..PLAIN },
        How {
            auto_continue: true,
            ..PLAIN
        },
        How {
            limit: 0,
            auto_continue: true,
        },
    ] {
        let strict = check_whole(&oracle, "strict", 0, how);
        let lenient = check_whole(&oracle, "lenient", oracle.lenient_all, how);
        let bytes = check_bytes(&oracle, how);
        assert_eq!(
            (strict, lenient, bytes),
            (all, all, all),
            "oracle of Node {node}"
        );
    }
}

#[test]
fn the_parser_answers_as_the_one_of_node_18() {
    check(18, Dialect::V6);
}

#[test]
fn the_parser_answers_as_the_one_of_node_20() {
    check(20, Dialect::V9_3);
}

#[test]
fn the_parser_answers_as_the_one_of_node_22() {
    check(22, Dialect::V9_4);
}

#[test]
fn the_parser_answers_as_the_one_of_node_24() {
    check(24, Dialect::V9_4);
}

#[test]
fn the_parser_answers_as_the_one_of_node_26() {
    check(26, Dialect::V9_4);
}
