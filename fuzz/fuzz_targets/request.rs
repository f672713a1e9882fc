//! Requests: no panic, no hang, well-formed events, and bodies of the announced length.
#![no_main]
use libfuzzer_sys::fuzz_target;
use rust_http::parser::{Decision, Kind};
use rust_http_fuzz::{parse, split_config};

fuzz_target!(|data: &[u8]| {
    if let Some((config, input)) = split_config(Kind::Request, data) {
        let whole = parse(config, &[input], 8192, Decision::Body);
        // Promising the decision, so that pipelined requests take one call, changes nothing.
        let mut other = config;
        other.auto_continue = !config.auto_continue;
        assert_eq!(whole, parse(other, &[input], 8192, Decision::Body));
    }
});
