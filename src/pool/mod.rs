//! The agent's decisions: which socket a request gets, and what happens to a socket whose request is done.
//!
//! Stateless: the pool consists of JavaScript objects that users read and change, so each decision uses the counts they
//! have at that moment. Counts are of one origin ([`key`]) unless stated otherwise. Limits are floats because "no
//! limit" is infinity.

pub mod keep_alive;
pub mod key;

/// The limits of an agent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Sockets in use for one origin.
    pub max_sockets: f64,
    /// Idle sockets kept for one origin.
    pub max_free_sockets: f64,
    /// Sockets in use or idle for all origins together.
    pub max_total_sockets: f64,
}

/// The sockets of an agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// In use for this origin.
    pub active: u32,
    /// Idle for this origin and alive: the caller removes those known to be dead first.
    pub free: u32,
    /// In use or idle for all origins.
    pub total: u32,
}

/// The order in which idle sockets are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduling {
    /// The one that has been idle longest.
    Fifo,
    /// The one that became idle last: its server is the least likely to time it out.
    Lifo,
}

/// What to do with a new request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Send it on the first idle socket.
    ReuseOldest = 0,
    /// Send it on the last idle socket.
    ReuseNewest = 1,
    /// Open a socket.
    Open = 2,
    /// Queue it until a socket of its origin becomes free or closes.
    Queue = 3,
    /// Queue it, and close one idle socket of another origin: only the total limit is in the way, and idle sockets
    /// count towards it. The request gets the freed place ([`refill`]). Node lets it wait until that idle socket times
    /// out.
    QueueAndEvict = 4,
}

/// Decides about a new request. `idle_elsewhere`: idle sockets of other origins.
pub fn place(
    load: &Load,
    limits: &Limits,
    scheduling: Scheduling,
    idle_elsewhere: u32,
) -> Placement {
    if load.free > 0 {
        return match scheduling {
            Scheduling::Fifo => Placement::ReuseOldest,
            Scheduling::Lifo => Placement::ReuseNewest,
        };
    }
    if f64::from(load.active) >= limits.max_sockets || limits.max_sockets.is_nan() {
        Placement::Queue
    } else if f64::from(load.total) < limits.max_total_sockets {
        Placement::Open
    } else if idle_elsewhere > 0 {
        Placement::QueueAndEvict
    } else {
        Placement::Queue
    }
}

/// The state of a socket whose request is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Released {
    /// The socket can carry another request: it is writable.
    pub writable: bool,
    /// Both sides agreed to keep the connection, and the agent keeps connections.
    pub persistent: bool,
    /// Requests waiting for a socket of this origin.
    pub waiting: u32,
    /// Requests of an origin without sockets wait because of the total limit.
    pub others_starve: bool,
}

/// What to do with a socket whose request is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// Give it to the request that has waited longest.
    Give = 0,
    /// Keep it idle, unless the agent's `keepSocketAlive` refuses.
    Keep = 1,
    /// Close it.
    Drop = 2,
}

/// Decides about a socket whose request is done. `load` still counts it as active.
pub fn release(load: &Load, limits: &Limits, socket: &Released) -> Release {
    if !socket.writable {
        return Release::Drop;
    }
    if socket.waiting > 0 {
        return Release::Give;
    }
    let total = f64::from(load.total);
    let fits = f64::from(load.active) + f64::from(load.free) <= limits.max_sockets
        && f64::from(load.free) < limits.max_free_sockets
        && total <= limits.max_total_sockets;
    // An idle socket counts towards the total limit, so keeping it would leave the other origin without any socket.
    let needed_elsewhere = socket.others_starve && total >= limits.max_total_sockets;
    if socket.persistent && fits && !needed_elsewhere {
        Release::Keep
    } else {
        Release::Drop
    }
}

/// Which request gets a new socket after one is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refill {
    /// None.
    None = 0,
    /// The first one waiting at the same origin.
    Own = 1,
    /// The first one waiting at the other origin.
    Other = 2,
}

/// Decides who gets the place of a socket that is gone. `waiting`: requests waiting at its origin. `other_active`:
/// sockets in use for another origin where requests wait, `None` if there is no such origin. The caller asks for each
/// such origin until one is served.
///
/// Limits are not checked: one socket is gone, so another fits. An origin with sockets in use serves its own queue when
/// one of them becomes free or closes.
pub fn refill(waiting: u32, other_active: Option<u32>) -> Refill {
    if waiting > 0 {
        Refill::Own
    } else if other_active == Some(0) {
        Refill::Other
    } else {
        Refill::None
    }
}
