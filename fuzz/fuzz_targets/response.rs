//! Responses, with each answer that a client may give to a head.
#![no_main]
use libfuzzer_sys::fuzz_target;
use rust_http::parser::{Config, Decision, Kind};
use rust_http_fuzz::{parse, split_config};

fuzz_target!(|data: &[u8]| {
    if let Some((config, input)) = split_config(Kind::Response, data) {
        let decision = match data[3] >> 4 & 3 {
            1 => Decision::SkipBody,
            2 => Decision::SkipBodyAndUpgrade,
            _ => Decision::Body,
        };
        // A caller that promises a body for every head is never asked.
        let auto_continue = config.auto_continue && decision == Decision::Body;
        parse(Config { auto_continue, ..config }, &[input], 8192, decision);
    }
});
