//! Replays what Node's agents decided (`__test__/fixtures/make-pool.cjs`) against the pool core.

use rust_http::pool::keep_alive::{HINT_BUFFER, idle_timeout};
use rust_http::pool::key::{Origin, origin_name};
use rust_http::pool::{
    Limits, Load, Placement, Refill, Release, Released, Scheduling, place, refill, release,
};
use serde_json::Value;

fn rows(section: &str) -> Vec<Vec<Value>> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/__test__/fixtures/pool-20.json"
    );
    let recording: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let rows = recording[section].as_array().unwrap().iter();
    let rows: Vec<_> = rows.map(|row| row.as_array().unwrap().clone()).collect();
    assert!(rows.len() > 20, "{section}");
    rows
}

fn limit(value: &Value) -> f64 {
    if value == 0 {
        f64::INFINITY
    } else {
        value.as_f64().unwrap()
    }
}

fn count(value: &Value) -> u32 {
    value.as_u64().unwrap() as u32
}

#[test]
fn names_are_those_of_node() {
    for row in rows("names") {
        let text = |index: usize| row[0][index].as_str().unwrap();
        let origin = Origin {
            host: text(0),
            port: text(1),
            local_address: text(2),
            family: row[0][3].as_i64().unwrap() as i32,
            socket_path: text(4),
        };
        assert_eq!(origin_name(&origin), row[2].as_str().unwrap(), "{row:?}");
    }
}

#[test]
fn a_request_is_placed_as_node_places_it() {
    for row in rows("placements") {
        let (active, free, other) = (count(&row[2]), count(&row[3]), count(&row[4]));
        let limits = Limits {
            max_sockets: limit(&row[0]),
            max_free_sockets: f64::INFINITY,
            max_total_sockets: limit(&row[1]),
        };
        let load = Load {
            active,
            free,
            total: active + free + other,
        };
        let scheduling = if row[5] == "fifo" {
            Scheduling::Fifo
        } else {
            Scheduling::Lifo
        };
        let expected = match row[6].as_str().unwrap() {
            "open r" => Placement::Open,
            "queue" => Placement::Queue,
            "give f0 r" if row[5] == "fifo" => Placement::ReuseOldest,
            newest if newest == format!("give f{} r", free - 1) => Placement::ReuseNewest,
            unknown => panic!("{unknown}"),
        };
        assert_eq!(place(&load, &limits, scheduling, 0), expected, "{row:?}");
    }
}

#[test]
fn a_socket_is_released_as_node_releases_it() {
    for row in rows("releases") {
        let (active, free, other) = (count(&row[4]), count(&row[5]), count(&row[6]));
        let limits = Limits {
            max_sockets: limit(&row[0]),
            max_free_sockets: limit(&row[1]),
            max_total_sockets: limit(&row[2]),
        };
        let load = Load {
            active,
            free,
            total: active + free + other,
        };
        let socket = Released {
            waiting: count(&row[3]),
            writable: row[7] == 1,
            persistent: row[8] == 1,
            others_starve: false,
        };
        let expected = match row[9].as_str().unwrap() {
            "give" => Release::Give,
            "keep" => Release::Keep,
            "destroy" => Release::Drop,
            unknown => panic!("{unknown}"),
        };
        assert_eq!(release(&load, &limits, &socket), expected, "{row:?}");
    }
}

/// Node asks only the first of the other origins where requests wait; we go on to the next one if that one needs
/// nothing.
#[test]
fn a_place_is_refilled_as_node_refills_it_or_for_a_later_origin() {
    for row in rows("refills") {
        let (waiting, other_active) = (count(&row[0]), count(&row[3]));
        let mut others = Vec::new();
        if row[1] != 0 {
            others.push(("open other", other_active));
        }
        if row[2] != 0 {
            others.insert(
                if row[4] == 1 { 0 } else { others.len() },
                ("open second", 0),
            );
        }
        let ask = |others: &[(&'static str, u32)]| match refill(waiting, None) {
            Refill::Own => "open own",
            _ => others
                .iter()
                .find(|(_, active)| refill(waiting, Some(*active)) == Refill::Other)
                .map_or("nothing", |(answer, _)| answer),
        };
        let first = &others[..others.len().min(1)];
        assert_eq!(ask(first), row[5].as_str().unwrap(), "{row:?}");
        if row[5] != "nothing" {
            assert_eq!(ask(&others), row[5].as_str().unwrap(), "{row:?}");
        }
    }
}

#[test]
fn keep_alive_hints_are_read_as_node_reads_them() {
    for row in rows("hints") {
        let kept = idle_timeout(
            row[0].as_str().unwrap().as_bytes(),
            row[1].as_f64().unwrap(),
            HINT_BUFFER,
        );
        assert_eq!(kept.unwrap_or(-1.0), row[2].as_f64().unwrap(), "{row:?}");
    }
}
