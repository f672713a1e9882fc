//! PROXY headers: more bytes do not change an invalid or complete result, and a header ends where it says.
#![no_main]
use libfuzzer_sys::fuzz_target;
use rust_http::limits::MAX_PROXY_HEADER;
use rust_http::parser::proxy_protocol::{Addresses, Progress, parse};

fuzz_target!(|data: &[u8]| {
    // A header of maximum length has 4096 cuts, each a parse of everything before it.
    let step = 1 + data.len() / 64;
    let whole = parse(data);
    for cut in (0..data.len()).step_by(step) {
        match (parse(&data[..cut]), &whole) {
            (Progress::Partial, _) => {}
            (Progress::Invalid, Progress::Invalid) => {}
            (found @ Progress::Complete(_), whole) => assert_eq!(&found, whole),
            (found, whole) => panic!("{found:?} and then {whole:?}"),
        }
    }
    match whole {
        Progress::Partial => assert!(data.len() < MAX_PROXY_HEADER),
        Progress::Invalid => {}
        Progress::Complete(header) => {
            assert!(header.length <= data.len() && header.length <= MAX_PROXY_HEADER);
            assert_eq!(parse(&data[..header.length]), Progress::Complete(header.clone()));
            assert_eq!(parse(&data[..header.length - 1]), Progress::Partial);
            for (_, place) in &header.tlvs {
                assert!(place.end <= header.length);
            }
            if let Addresses::Unix(source, destination) = &header.addresses {
                assert!(source.end <= header.length && destination.end <= header.length);
            }
            assert!(!header.is_local || header.addresses == Addresses::Unknown);
        }
    }
});
