//! The agent's decisions: which socket a request gets, and what becomes of a socket that is done with one.
//!
//! Stateless: the pool itself is made of JavaScript objects that users read and change, so every decision is taken from
//! the counts that they hold at that moment. Counts are of one origin ([`key`]) unless said otherwise; limits are
//! floating point because "no limit" is infinity.

pub mod keep_alive;
pub mod key;

/// The limits of an agent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Sockets in use at one origin.
    pub max_sockets: f64,
    /// Idle sockets kept for one origin.
    pub max_free_sockets: f64,
    /// Sockets in use or idle at all origins together.
    pub max_total_sockets: f64,
}

/// The sockets that an agent holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// In use at this origin.
    pub active: u32,
    /// Idle at this origin and alive: those known to be dead are to be removed first.
    pub free: u32,
    /// In use or idle at all origins.
    pub total: u32,
}

/// In which order idle sockets are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduling {
    /// The one that has been idle longest.
    Fifo,
    /// The one that became idle last: it is the least likely to be timed out by its server.
    Lifo,
}

/// What to do with a new request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Send it on the first of the idle sockets.
    ReuseOldest = 0,
    /// Send it on the last of the idle sockets.
    ReuseNewest = 1,
    /// Open a socket for it.
    Open = 2,
    /// Let it wait until a socket of its origin comes free or closes.
    Queue = 3,
    /// Let it wait, and close one idle socket of another origin: all that keeps the request from a socket is the total
    /// limit, of which idle sockets hold a part. The place that is given up falls to the request ([`refill`]). Node lets
    /// it wait until that idle socket times out.
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

/// What is known of a socket whose request is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Released {
    /// The socket can carry another request: it is writable.
    pub writable: bool,
    /// Both sides of the exchange agreed to keep the connection, and the agent keeps connections.
    pub persistent: bool,
    /// Requests that wait for a socket of this origin.
    pub waiting: u32,
    /// Requests of an origin without any socket wait for a place below the total limit.
    pub others_starve: bool,
}

/// What to do with a socket whose request is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// Give it to the request that has been waiting longest.
    Give = 0,
    /// Keep it idle, unless the agent's `keepSocketAlive` refuses.
    Keep = 1,
    /// Close it.
    Drop = 2,
}

/// Decides about a socket whose request is done; `load` still counts it as active.
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
    // An idle socket counts against the total limit, so here it would keep another origin from being served at all.
    let needed_elsewhere = socket.others_starve && total >= limits.max_total_sockets;
    if socket.persistent && fits && !needed_elsewhere {
        Release::Keep
    } else {
        Release::Drop
    }
}

/// For which request a socket is opened in place of one that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refill {
    /// For none.
    None = 0,
    /// For the first that waits at the same origin.
    Own = 1,
    /// For the first that waits at the other origin.
    Other = 2,
}

/// Decides who inherits the place of a socket that is gone. `waiting`: requests that wait at its origin. `other_active`:
/// sockets in use at another origin where requests wait, `None` if there is no such origin; the caller asks for each of
/// them until one is served.
///
/// Limits are not asked: one socket left, so one fits. An origin that has sockets in use serves its own queue when one of
/// them comes free or closes.
pub fn refill(waiting: u32, other_active: Option<u32>) -> Refill {
    if waiting > 0 {
        Refill::Own
    } else if other_active == Some(0) {
        Refill::Other
    } else {
        Refill::None
    }
}
