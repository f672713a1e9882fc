//! The cost of a head: rendering with all checks, and its parts.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rust_http::serializer::date::{DateCache, second};
use rust_http::serializer::head::{HeadInput, Rules, render};
use rust_http::serializer::validate;

const RULES: Rules = Rules {
    flags: HeadInput::KEEP_ALIVE
        .union(HeadInput::DATE)
        .union(HeadInput::BODY)
        .union(HeadInput::CHUNKED_BY_DEFAULT)
        .union(HeadInput::KEEP_ALIVE_HINT),
    content_length: -1.0,
    keep_alive_timeout: 5000.0,
    max_requests: 0.0,
};

/// The first line of a response and `fields`, in the format of the renderer.
fn head(fields: &[(String, String)]) -> Vec<u8> {
    let mut text = b"HTTP/1.1 200 OK\r\n".to_vec();
    for (name, value) in fields {
        text.extend_from_slice(name.as_bytes());
        text.push(0);
        text.extend_from_slice(value.as_bytes());
        text.push(0);
    }
    text
}

fn typical() -> Vec<(String, String)> {
    let fields = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", "13"),
        ("X-Powered-By", "Express"),
        ("ETag", "W/\"d-0ZjUFGJFmZQ8bYXcvBlBHSTTEqQ\""),
    ];
    fields
        .map(|(name, value)| (name.into(), value.into()))
        .to_vec()
}

fn many(count: usize) -> Vec<(String, String)> {
    (0..count)
        .map(|index| {
            (
                format!("X-Header-Number-{index}"),
                "some value that is forty characters long".into(),
            )
        })
        .collect()
}

fn heads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("render");
    for (label, fields) in [
        ("no field", Vec::new()),
        ("4 fields", typical()),
        ("16 fields", many(16)),
        ("100 fields", many(100)),
    ] {
        let text = head(&fields);
        let wide: Vec<u16> = text.iter().map(|&byte| u16::from(byte)).collect();
        let (mut narrowed, mut out, mut date) = (Vec::new(), Vec::new(), DateCache::new());
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(label, |bencher| {
            bencher.iter(|| {
                narrowed.clear();
                out.clear();
                assert!(validate::narrow(black_box(&wide), &mut narrowed));
                let (outcome, written) = render(
                    &narrowed,
                    fields.len() as u32,
                    &RULES,
                    date.at(784_111_777),
                    &mut out,
                );
                written.unwrap();
                black_box((outcome, out.len()))
            });
        });
    }
    group.finish();
}

fn parts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parts");
    let mut date = DateCache::new();
    group.bench_function("date", |bencher| {
        bencher.iter(|| black_box(date.at(second()))[0])
    });
    let value = [b'a'; 200];
    group.bench_function("is_field_value, 200 bytes", |bencher| {
        bencher.iter(|| validate::is_field_value(black_box(&value)))
    });
    group.bench_function("is_token, 12 bytes", |bencher| {
        bencher.iter(|| validate::is_token(black_box(b"Content-Type")))
    });
    let wide = [0x61; 1024];
    let mut narrowed = Vec::new();
    group.bench_function("narrow, 1 KiB", |bencher| {
        bencher.iter(|| {
            narrowed.clear();
            validate::narrow(black_box(&wide), &mut narrowed)
        });
    });
    group.finish();
}

criterion_group!(benches, heads, parts);
criterion_main!(benches);
