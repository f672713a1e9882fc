//! The event words: however little room they have, each event is whole, points into its text, and says the same.
#![no_main]
use libfuzzer_sys::fuzz_target;
use rust_http::parser::{Decision, Kind};
use rust_http_fuzz::{cut, joined, parse, split_config};

fuzz_target!(|data: &[u8]| {
    let Some((&[kind, limit, at], data)) = data.split_first_chunk::<3>() else {
        return;
    };
    let kind = if kind % 2 == 0 { Kind::Request } else { Kind::Response };
    let Some((config, input)) = split_config(kind, data) else {
        return;
    };
    let wide = parse(config, &[input], 1 << 20, Decision::Body);
    for limit in [0, usize::from(limit)] {
        let narrow = parse(config, &[input], limit, Decision::Body);
        assert_eq!(
            (joined(&wide.events), wide.error, wide.at_end),
            (joined(&narrow.events), narrow.error, narrow.at_end)
        );
        parse(config, &cut(input, &[at]), limit, Decision::Body);
    }
});
