//! However the input is cut, events, error and end are the same: two parsers never disagree about where a message ends.
#![no_main]
use libfuzzer_sys::fuzz_target;
use rust_http::parser::{Code, Decision, Kind};
use rust_http_fuzz::{Event, Outcome, cut, joined, parse, split_config};

/// What must be the same. A batch of fields is reported when a piece of the next one is counted, which does not happen
/// if that piece has an illegal byte: the last batches of a refused head or trailer section are not compared.
fn verdict(outcome: &Outcome) -> Vec<Event> {
    let mut events = joined(&outcome.events);
    while outcome.error.is_some() && matches!(events.last(), Some(Event::Fields { .. })) {
        events.pop();
    }
    events
}

/// Text is counted when a piece of it ends, so with another cut the parser may find it too long before it finds the
/// illegal byte after it.
fn too_much(outcome: &Outcome) -> bool {
    outcome
        .error
        .is_some_and(|error| matches!(error.code, Code::HeaderOverflow | Code::ChunkExtensionsOverflow))
}

fuzz_target!(|data: &[u8]| {
    let Some((&[kind, count], data)) = data.split_first_chunk::<2>() else {
        return;
    };
    let kind = if kind % 2 == 0 { Kind::Request } else { Kind::Response };
    let Some((config, data)) = split_config(kind, data) else {
        return;
    };
    let (cuts, input) = data.split_at(usize::from(count % 8).min(data.len()));
    let whole = parse(config, &[input], 8192, Decision::Body);
    let ones: Vec<&[u8]> = input.chunks(1).collect();
    for pieces in [cut(input, cuts), ones] {
        let seen = parse(config, &pieces, 8192, Decision::Body);
        if whole.upgraded || seen.upgraded {
            // Bytes of the other protocol are not parsed, and an upgrade hides later errors.
            continue;
        }
        assert_eq!(verdict(&whole), verdict(&seen));
        if too_much(&whole) || too_much(&seen) {
            assert!(whole.error.is_some() && seen.error.is_some());
        } else {
            assert_eq!((whole.error, whole.at_end), (seen.error, seen.at_end));
        }
    }
});
