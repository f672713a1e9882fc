//! Histories of an agent: no limit is exceeded, no request is lost, no socket has two requests.
#![no_main]
use libfuzzer_sys::fuzz_target;
use rust_http::pool::{Limits, Load, Placement, Refill, Release, Released, Scheduling, place, refill, release};

const ORIGINS: usize = 3;

#[derive(Default)]
struct Agent {
    active: [u32; ORIGINS],
    free: [u32; ORIGINS],
    waiting: [u32; ORIGINS],
}

impl Agent {
    fn total(&self) -> u32 {
        self.active.iter().sum::<u32>() + self.free.iter().sum::<u32>()
    }

    fn load(&self, origin: usize) -> Load {
        Load {
            active: self.active[origin],
            free: self.free[origin],
            total: self.total(),
        }
    }

    // A socket is gone: a waiting request gets its place.
    fn refill(&mut self, origin: usize) {
        let others = (0..ORIGINS).filter(|&other| other != origin && self.waiting[other] > 0);
        let asked: Vec<Option<usize>> = others.map(Some).chain([None]).collect();
        for other in asked {
            match refill(self.waiting[origin], other.map(|other| self.active[other])) {
                Refill::None => continue,
                Refill::Own => {
                    self.waiting[origin] -= 1;
                    self.active[origin] += 1;
                }
                Refill::Other => {
                    let other = other.expect("there is one");
                    self.waiting[other] -= 1;
                    self.active[other] += 1;
                }
            }
            return;
        }
    }
}

fn limit(byte: u8) -> f64 {
    if byte % 8 == 7 { f64::INFINITY } else { f64::from(byte % 8) }
}

fuzz_target!(|data: &[u8]| {
    let Some((&[sockets, free, total, order], steps)) = data.split_first_chunk::<4>() else {
        return;
    };
    let limits = Limits {
        max_sockets: limit(sockets).max(1.0),
        max_free_sockets: limit(free),
        max_total_sockets: limit(total).max(1.0),
    };
    let scheduling = if order % 2 == 0 { Scheduling::Fifo } else { Scheduling::Lifo };
    let mut agent = Agent::default();
    let (mut asked, mut served) = (0, 0);
    for &step in steps {
        let origin = usize::from(step >> 2) % ORIGINS;
        match step & 3 {
            0 | 1 => {
                asked += 1;
                let idle: u32 = (0..ORIGINS).filter(|&other| other != origin).map(|other| agent.free[other]).sum();
                match place(&agent.load(origin), &limits, scheduling, idle) {
                    Placement::ReuseOldest | Placement::ReuseNewest => {
                        agent.free[origin] = agent.free[origin].checked_sub(1).expect("a socket to reuse");
                        agent.active[origin] += 1;
                    }
                    Placement::Open => agent.active[origin] += 1,
                    Placement::Queue => agent.waiting[origin] += 1,
                    Placement::QueueAndEvict => {
                        agent.waiting[origin] += 1;
                        let other = (0..ORIGINS)
                            .find(|&other| other != origin && agent.free[other] > 0)
                            .expect("a socket to evict");
                        agent.free[other] -= 1;
                        agent.refill(other);
                    }
                }
            }
            2 if agent.active[origin] > 0 => {
                served += 1;
                let socket = Released {
                    writable: step & 0x40 == 0,
                    persistent: step & 0x80 == 0,
                    waiting: agent.waiting[origin],
                    others_starve: (0..ORIGINS).any(|other| other != origin && agent.waiting[other] > 0 && agent.active[other] == 0),
                };
                match release(&agent.load(origin), &limits, &socket) {
                    Release::Give => agent.waiting[origin] = agent.waiting[origin].checked_sub(1).expect("a request that waits"),
                    Release::Keep => {
                        agent.active[origin] -= 1;
                        agent.free[origin] += 1;
                    }
                    Release::Drop => {
                        agent.active[origin] -= 1;
                        agent.refill(origin);
                    }
                }
            }
            3 if agent.free[origin] > 0 => {
                agent.free[origin] -= 1;
                agent.refill(origin);
            }
            _ => {}
        }
        for origin in 0..ORIGINS {
            assert!(f64::from(agent.active[origin]) <= limits.max_sockets, "sockets");
            assert!(f64::from(agent.free[origin]) <= limits.max_free_sockets, "free sockets");
        }
        assert!(f64::from(agent.total()) <= limits.max_total_sockets, "all sockets");
        assert_eq!(
            asked,
            served + agent.active.iter().sum::<u32>() + agent.waiting.iter().sum::<u32>(),
            "a request is lost"
        );
        if agent.active.iter().sum::<u32>() == 0 {
            assert_eq!(agent.waiting.iter().sum::<u32>(), 0, "requests wait for nothing");
        }
    }
});
