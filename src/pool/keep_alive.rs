//! How long a socket may stay idle, given what its server said in `Keep-Alive: timeout=SECONDS`.

/// What Node takes off the server's hint, in milliseconds: a request that is sent just before the server's time-out would
/// meet a closed connection.
pub const HINT_BUFFER: f64 = 1000.0;

/// The seconds of a `Keep-Alive` field value: `timeout=` at its very start, in lower case, and decimal digits, as Node
/// reads it.
pub fn hint(value: &[u8]) -> Option<f64> {
    let digits = value.strip_prefix(b"timeout=")?;
    let end = digits
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(digits.len());
    std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
}

/// For how many milliseconds an idle socket is kept, 0 for no limit, or `None` if it must not be kept at all.
///
/// `agent_timeout` is the agent's own time-out in milliseconds (0 for none). The server's hint, less `buffer`, shortens
/// it; where the agent has none, the hint only tells whether the socket is worth keeping.
pub fn idle_timeout(value: &[u8], agent_timeout: f64, buffer: f64) -> Option<f64> {
    let Some(seconds) = hint(value) else {
        return Some(agent_timeout);
    };
    let hinted = seconds * 1000.0 - buffer;
    if hinted <= 0.0 {
        None
    } else {
        Some(hinted.min(agent_timeout))
    }
}
