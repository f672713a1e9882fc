//! Random histories of an agent that takes every decision from the pool core, compared with a naive model: a flat list
//! of sockets and a flat list of waiting requests, with the rules written as scans. Both must agree at every step, and
//! at every step no limit is exceeded, no socket is in two places, and no request is lost.

use std::collections::{HashMap, HashSet, VecDeque};

use proptest::prelude::*;
use rust_http::pool::{
    Limits, Load, Placement, Refill, Release, Released, Scheduling, place, refill, release,
};

type Socket = u32;
type Request = u32;
const ORIGINS: usize = 4;

#[derive(Clone, Copy, Debug)]
struct Rules {
    max_sockets: Option<u32>,
    max_free_sockets: Option<u32>,
    max_total_sockets: Option<u32>,
    lifo: bool,
}

/// `pick` chooses among the existing sockets, modulo their number.
#[derive(Clone, Copy, Debug)]
enum Step {
    Request {
        origin: usize,
    },
    Finish {
        pick: usize,
        persistent: bool,
        writable: bool,
    },
    ActiveCloses {
        pick: usize,
    },
    IdleCloses {
        pick: usize,
    },
}

/// What is compared: which request is on which socket, and the order of idle sockets and of waiting requests.
#[derive(Debug, Default, PartialEq)]
struct View {
    running: HashMap<Request, usize>,
    idle: Vec<Vec<Socket>>,
    waiting: Vec<Vec<Request>>,
    sockets: HashMap<Socket, Option<Request>>,
}

/// An agent as `lib/` builds it: lists per origin, a total, and the core for all decisions.
struct Agent {
    limits: Limits,
    scheduling: Scheduling,
    active: Vec<Vec<(Socket, Request)>>,
    free: Vec<VecDeque<Socket>>,
    requests: Vec<VecDeque<Request>>,
    /// Origins with waiting requests, in the order in which they began to have some: the keys of `agent.requests`.
    queued: Vec<usize>,
    total: u32,
    next_socket: Socket,
}

fn limit(limit: Option<u32>) -> f64 {
    limit.map_or(f64::INFINITY, f64::from)
}

impl Agent {
    fn new(rules: &Rules) -> Self {
        Self {
            limits: Limits {
                max_sockets: limit(rules.max_sockets),
                max_free_sockets: limit(rules.max_free_sockets),
                max_total_sockets: limit(rules.max_total_sockets),
            },
            scheduling: if rules.lifo {
                Scheduling::Lifo
            } else {
                Scheduling::Fifo
            },
            active: vec![Vec::new(); ORIGINS],
            free: vec![VecDeque::new(); ORIGINS],
            requests: vec![VecDeque::new(); ORIGINS],
            queued: Vec::new(),
            total: 0,
            next_socket: 0,
        }
    }

    fn load(&self, origin: usize) -> Load {
        Load {
            active: self.active[origin].len() as u32,
            free: self.free[origin].len() as u32,
            total: self.total,
        }
    }

    fn open(&mut self, origin: usize, request: Request) {
        self.active[origin].push((self.next_socket, request));
        self.next_socket += 1;
        self.total += 1;
    }

    fn request(&mut self, origin: usize, request: Request) {
        let idle_elsewhere: usize =
            self.free.iter().map(VecDeque::len).sum::<usize>() - self.free[origin].len();
        let decision = place(
            &self.load(origin),
            &self.limits,
            self.scheduling,
            idle_elsewhere as u32,
        );
        match decision {
            Placement::ReuseOldest => {
                let socket = self.free[origin].pop_front().unwrap();
                self.active[origin].push((socket, request));
            }
            Placement::ReuseNewest => {
                let socket = self.free[origin].pop_back().unwrap();
                self.active[origin].push((socket, request));
            }
            Placement::Open => self.open(origin, request),
            Placement::Queue | Placement::QueueAndEvict => {
                if self.requests[origin].is_empty() {
                    self.queued.push(origin);
                }
                self.requests[origin].push_back(request);
            }
        }
        if decision == Placement::QueueAndEvict {
            let victim = self.free.iter().position(|free| !free.is_empty()).unwrap();
            self.free[victim].pop_front();
            self.gone(victim);
        }
    }

    fn next_waiting(&mut self, origin: usize) -> Request {
        let request = self.requests[origin].pop_front().unwrap();
        if self.requests[origin].is_empty() {
            self.queued.retain(|&queued| queued != origin);
        }
        request
    }

    /// A socket of `origin` is gone.
    fn gone(&mut self, origin: usize) {
        self.total -= 1;
        let waiting = self.requests[origin].len() as u32;
        let mut others = self
            .queued
            .clone()
            .into_iter()
            .filter(|&other| other != origin);
        loop {
            let other = others.next();
            let other_active = other.map(|other| self.active[other].len() as u32);
            match refill(waiting, other_active) {
                Refill::Own => {
                    let request = self.next_waiting(origin);
                    return self.open(origin, request);
                }
                Refill::Other => {
                    let request = self.next_waiting(other.unwrap());
                    return self.open(other.unwrap(), request);
                }
                Refill::None if other.is_none() => return,
                Refill::None => {}
            }
        }
    }

    fn finish(&mut self, origin: usize, at: usize, persistent: bool, writable: bool) {
        let starves = |&other: &usize| other != origin && self.active[other].is_empty();
        let socket = Released {
            writable,
            persistent,
            waiting: self.requests[origin].len() as u32,
            others_starve: self.queued.iter().any(starves),
        };
        match release(&self.load(origin), &self.limits, &socket) {
            Release::Give => {
                let request = self.next_waiting(origin);
                self.active[origin][at].1 = request;
            }
            Release::Keep => {
                let (socket, _) = self.active[origin].remove(at);
                self.free[origin].push_back(socket);
            }
            Release::Drop => self.active_closes(origin, at),
        }
    }

    fn active_closes(&mut self, origin: usize, at: usize) {
        self.active[origin].remove(at);
        self.gone(origin);
    }

    fn idle_closes(&mut self, origin: usize, at: usize) {
        self.free[origin].remove(at).unwrap();
        self.gone(origin);
    }

    fn view(&self) -> View {
        let mut view = View {
            idle: self
                .free
                .iter()
                .map(|free| free.iter().copied().collect())
                .collect(),
            waiting: self
                .requests
                .iter()
                .map(|waiting| waiting.iter().copied().collect())
                .collect(),
            ..View::default()
        };
        for (origin, active) in self.active.iter().enumerate() {
            for &(socket, request) in active {
                assert!(
                    view.running.insert(request, origin).is_none(),
                    "a request on two sockets"
                );
                assert!(
                    view.sockets.insert(socket, Some(request)).is_none(),
                    "a socket in two places"
                );
            }
        }
        for &socket in self.free.iter().flatten() {
            assert!(
                view.sockets.insert(socket, None).is_none(),
                "a socket in two places"
            );
        }
        view
    }
}

/// The rules as scans over flat lists.
struct Naive {
    rules: Rules,
    /// In the order in which they opened or, when idle, became idle.
    sockets: Vec<(Socket, usize, Option<Request>)>,
    /// In the order of arrival.
    waiting: Vec<(usize, Request)>,
    next_socket: Socket,
    /// The step at which each origin last began to have waiting requests.
    waiting_since: [u32; ORIGINS],
    now: u32,
}

impl Naive {
    fn new(rules: Rules) -> Self {
        Self {
            rules,
            sockets: Vec::new(),
            waiting: Vec::new(),
            next_socket: 0,
            waiting_since: [0; ORIGINS],
            now: 0,
        }
    }

    fn busy(&self, origin: usize) -> u32 {
        self.sockets
            .iter()
            .filter(|socket| socket.1 == origin && socket.2.is_some())
            .count() as u32
    }

    fn idle(&self, origin: usize) -> u32 {
        self.sockets
            .iter()
            .filter(|socket| socket.1 == origin && socket.2.is_none())
            .count() as u32
    }

    fn waits(&self, origin: usize) -> bool {
        self.waiting.iter().any(|waiting| waiting.0 == origin)
    }

    fn open(&mut self, origin: usize, request: Request) {
        self.sockets.push((self.next_socket, origin, Some(request)));
        self.next_socket += 1;
    }

    fn take_waiting(&mut self, origin: usize) -> Request {
        let at = self
            .waiting
            .iter()
            .position(|waiting| waiting.0 == origin)
            .unwrap();
        self.waiting.remove(at).1
    }

    fn below(count: u32, limit: Option<u32>) -> bool {
        limit.is_none_or(|limit| count < limit)
    }

    fn request(&mut self, origin: usize, request: Request) {
        self.now += 1;
        let mut idle = self
            .sockets
            .iter_mut()
            .filter(|socket| socket.1 == origin && socket.2.is_none());
        let chosen = if self.rules.lifo {
            idle.next_back()
        } else {
            idle.next()
        };
        if let Some(socket) = chosen {
            socket.2 = Some(request);
            return;
        }
        let total = self.sockets.len() as u32;
        let origin_has_room = Self::below(self.busy(origin), self.rules.max_sockets);
        if origin_has_room && Self::below(total, self.rules.max_total_sockets) {
            return self.open(origin, request);
        }
        if !self.waits(origin) {
            self.waiting_since[origin] = self.now;
        }
        self.waiting.push((origin, request));
        if origin_has_room && let Some(victim) = (0..ORIGINS).find(|&other| self.idle(other) > 0) {
            let at = self
                .sockets
                .iter()
                .position(|socket| socket.1 == victim && socket.2.is_none());
            self.close(at.unwrap());
        }
    }

    fn close(&mut self, at: usize) {
        let (_, origin, _) = self.sockets.remove(at);
        let mut heirs: Vec<usize> = (0..ORIGINS)
            .filter(|&other| other != origin && self.waits(other))
            .collect();
        heirs.sort_by_key(|&other| self.waiting_since[other]);
        let heir = if self.waits(origin) {
            Some(origin)
        } else {
            heirs.into_iter().find(|&other| self.busy(other) == 0)
        };
        if let Some(heir) = heir {
            let request = self.take_waiting(heir);
            self.open(heir, request);
        }
    }

    fn finish(&mut self, at: usize, persistent: bool, writable: bool) {
        let (socket, origin, _) = self.sockets[at];
        if writable && self.waits(origin) {
            self.sockets[at].2 = Some(self.take_waiting(origin));
            return;
        }
        let all = self.sockets.len() as u32;
        let starved =
            (0..ORIGINS).any(|other| other != origin && self.waits(other) && self.busy(other) == 0);
        let rules = &self.rules;
        let exceeds = |count: u32, limit: Option<u32>| limit.is_some_and(|limit| count > limit);
        let too_many = exceeds(self.busy(origin) + self.idle(origin), rules.max_sockets)
            || exceeds(all, rules.max_total_sockets);
        let holds_a_needed_place = starved && rules.max_total_sockets == Some(all);
        let fits = Self::below(self.idle(origin), rules.max_free_sockets)
            && !too_many
            && !holds_a_needed_place;
        if writable && persistent && fits {
            self.sockets.remove(at);
            self.sockets.push((socket, origin, None));
        } else {
            self.close(at);
        }
    }

    fn view(&self) -> View {
        let of = |origin: usize, pair: &(usize, Request)| (pair.0 == origin).then_some(pair.1);
        View {
            running: self
                .sockets
                .iter()
                .filter_map(|&(_, origin, request)| Some((request?, origin)))
                .collect(),
            idle: (0..ORIGINS)
                .map(|origin| {
                    let idle = self
                        .sockets
                        .iter()
                        .filter(|socket| socket.1 == origin && socket.2.is_none());
                    idle.map(|socket| socket.0).collect()
                })
                .collect(),
            waiting: (0..ORIGINS)
                .map(|origin| {
                    self.waiting
                        .iter()
                        .filter_map(|pair| of(origin, pair))
                        .collect()
                })
                .collect(),
            sockets: self
                .sockets
                .iter()
                .map(|&(socket, _, request)| (socket, request))
                .collect(),
        }
    }
}

/// Drives both through the same steps, and keeps track of all requests.
struct Run {
    rules: Rules,
    agent: Agent,
    naive: Naive,
    outstanding: HashSet<Request>,
    next_request: Request,
}

impl Run {
    fn new(rules: Rules) -> Self {
        Self {
            rules,
            agent: Agent::new(&rules),
            naive: Naive::new(rules),
            outstanding: HashSet::new(),
            next_request: 0,
        }
    }

    /// The `pick`th busy socket: origin, position in the agent's list, the socket itself.
    fn busy(&self, pick: usize) -> Option<(usize, usize, Socket, Request)> {
        let all: Vec<_> = (0..ORIGINS)
            .flat_map(|origin| {
                let sockets = self.agent.active[origin].iter().enumerate();
                sockets.map(move |(at, &(socket, request))| (origin, at, socket, request))
            })
            .collect();
        if all.is_empty() {
            None
        } else {
            Some(all[pick % all.len()])
        }
    }

    fn idle(&self, pick: usize) -> Option<(usize, usize, Socket)> {
        let all: Vec<_> = (0..ORIGINS)
            .flat_map(|origin| {
                let sockets = self.agent.free[origin].iter().enumerate();
                sockets.map(move |(at, &socket)| (origin, at, socket))
            })
            .collect();
        if all.is_empty() {
            None
        } else {
            Some(all[pick % all.len()])
        }
    }

    fn naive_place(&self, socket: Socket) -> usize {
        self.naive
            .sockets
            .iter()
            .position(|each| each.0 == socket)
            .unwrap()
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Request { origin } => {
                let request = self.next_request;
                self.next_request += 1;
                self.outstanding.insert(request);
                self.agent.request(origin, request);
                self.naive.request(origin, request);
            }
            Step::Finish {
                pick,
                persistent,
                writable,
            } => {
                let Some((origin, at, socket, request)) = self.busy(pick) else {
                    return;
                };
                self.outstanding.remove(&request);
                self.naive
                    .finish(self.naive_place(socket), persistent, writable);
                self.agent.finish(origin, at, persistent, writable);
            }
            Step::ActiveCloses { pick } => {
                let Some((origin, at, socket, request)) = self.busy(pick) else {
                    return;
                };
                self.outstanding.remove(&request);
                self.naive.close(self.naive_place(socket));
                self.agent.active_closes(origin, at);
            }
            Step::IdleCloses { pick } => {
                let Some((origin, at, socket)) = self.idle(pick) else {
                    return;
                };
                self.naive.close(self.naive_place(socket));
                self.agent.idle_closes(origin, at);
            }
        }
        self.check();
    }

    fn check(&self) {
        let view = self.agent.view();
        assert_eq!(view, self.naive.view());
        let waiting: Vec<Request> = view.waiting.iter().flatten().copied().collect();
        let known: HashSet<Request> = view
            .running
            .keys()
            .copied()
            .chain(waiting.iter().copied())
            .collect();
        assert_eq!(known, self.outstanding, "a request was lost or kept");
        assert_eq!(
            known.len(),
            view.running.len() + waiting.len(),
            "a request is in two places"
        );
        assert_eq!(self.agent.total as usize, view.sockets.len());
        let within =
            |count: usize, limit: Option<u32>| limit.is_none_or(|limit| count <= limit as usize);
        assert!(
            within(view.sockets.len(), self.rules.max_total_sockets),
            "maxTotalSockets"
        );
        for origin in 0..ORIGINS {
            let active = self.agent.active[origin].len();
            assert!(within(active, self.rules.max_sockets), "maxSockets");
            assert!(
                within(view.idle[origin].len(), self.rules.max_free_sockets),
                "maxFreeSockets"
            );
            // A waiting request can still be served: by a socket of its own origin, or by the next place that becomes
            // free.
            let full = Some(view.running.len() as u32) == self.rules.max_total_sockets;
            assert!(
                view.waiting[origin].is_empty() || active > 0 || full,
                "origin {origin} is not served"
            );
            assert!(
                view.waiting[origin].is_empty() || view.idle[origin].is_empty(),
                "waits beside an idle socket"
            );
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..ORIGINS).prop_map(|origin| Step::Request { origin }),
        5 => (any::<usize>(), prop::bool::weighted(0.8), prop::bool::weighted(0.9))
            .prop_map(|(pick, persistent, writable)| Step::Finish { pick, persistent, writable }),
        1 => any::<usize>().prop_map(|pick| Step::ActiveCloses { pick }),
        1 => any::<usize>().prop_map(|pick| Step::IdleCloses { pick }),
    ];
    prop::collection::vec(step, 1..120)
}

fn rules() -> impl Strategy<Value = Rules> {
    let most = |max: u32| prop_oneof![3 => (1..=max).prop_map(Some), 1 => Just(None)];
    (
        most(4),
        prop_oneof![Just(Some(0)), most(3)],
        most(6),
        any::<bool>(),
    )
        .prop_map(
            |(max_sockets, max_free_sockets, max_total_sockets, lifo)| Rules {
                max_sockets,
                max_free_sockets,
                max_total_sockets,
                lifo,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 10 } else { 4000 }, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_ends_with_every_request_served(rules in rules(), steps in steps()) {
        let mut run = Run::new(rules);
        for step in steps {
            run.step(step);
        }
        // No new request, no timeout of an idle socket: finishing the running requests must serve all waiting ones.
        while run.busy(0).is_some() {
            run.step(Step::Finish { pick: 0, persistent: true, writable: true });
        }
        prop_assert!(run.outstanding.is_empty(), "{:?} never got a socket", run.outstanding);
    }
}
