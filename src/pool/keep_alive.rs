//! How long a socket may stay idle, given the server's `Keep-Alive: timeout=SECONDS`.

/// What Node subtracts from the server's hint, in milliseconds: a request sent just before the server's timeout would
/// find the connection closed.
pub const HINT_BUFFER: f64 = 1000.0;

/// The seconds in a `Keep-Alive` field value: `timeout=` at its very start, in lower case, then decimal digits, as Node
/// reads it.
pub fn hint(value: &[u8]) -> Option<f64> {
    let digits = value.strip_prefix(b"timeout=")?;
    let end = digits
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(digits.len());
    std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
}

/// How many milliseconds to keep an idle socket, 0 for no limit, `None` to not keep it.
///
/// `agent_timeout` is the agent's own timeout in milliseconds (0 for none). The server's hint minus `buffer` shortens
/// it. Without an agent timeout, the hint only decides whether to keep the socket.
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
