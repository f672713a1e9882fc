//! Common field names, so that no string has to be made for them.
//!
//! Every name has two spellings: its lower-case one (even ids) and the one its specification writes (odd ids).

/// The names: lower-case, and as specified.
const NAMES: &[(&str, &str)] = &[
    ("accept", "Accept"),
    ("accept-charset", "Accept-Charset"),
    ("accept-encoding", "Accept-Encoding"),
    ("accept-language", "Accept-Language"),
    ("accept-ranges", "Accept-Ranges"),
    (
        "access-control-allow-credentials",
        "Access-Control-Allow-Credentials",
    ),
    (
        "access-control-allow-headers",
        "Access-Control-Allow-Headers",
    ),
    (
        "access-control-allow-methods",
        "Access-Control-Allow-Methods",
    ),
    ("access-control-allow-origin", "Access-Control-Allow-Origin"),
    (
        "access-control-expose-headers",
        "Access-Control-Expose-Headers",
    ),
    ("access-control-max-age", "Access-Control-Max-Age"),
    (
        "access-control-request-headers",
        "Access-Control-Request-Headers",
    ),
    (
        "access-control-request-method",
        "Access-Control-Request-Method",
    ),
    ("age", "Age"),
    ("allow", "Allow"),
    ("alt-svc", "Alt-Svc"),
    ("authorization", "Authorization"),
    ("cache-control", "Cache-Control"),
    ("cf-connecting-ip", "CF-Connecting-IP"),
    ("cf-ray", "CF-Ray"),
    ("connection", "Connection"),
    ("content-disposition", "Content-Disposition"),
    ("content-encoding", "Content-Encoding"),
    ("content-language", "Content-Language"),
    ("content-length", "Content-Length"),
    ("content-location", "Content-Location"),
    ("content-range", "Content-Range"),
    ("content-security-policy", "Content-Security-Policy"),
    ("content-type", "Content-Type"),
    ("cookie", "Cookie"),
    ("date", "Date"),
    ("dnt", "DNT"),
    ("etag", "ETag"),
    ("expect", "Expect"),
    ("expires", "Expires"),
    ("forwarded", "Forwarded"),
    ("from", "From"),
    ("host", "Host"),
    ("if-match", "If-Match"),
    ("if-modified-since", "If-Modified-Since"),
    ("if-none-match", "If-None-Match"),
    ("if-range", "If-Range"),
    ("if-unmodified-since", "If-Unmodified-Since"),
    ("keep-alive", "Keep-Alive"),
    ("last-modified", "Last-Modified"),
    ("link", "Link"),
    ("location", "Location"),
    ("max-forwards", "Max-Forwards"),
    ("origin", "Origin"),
    ("pragma", "Pragma"),
    ("priority", "Priority"),
    ("proxy-authenticate", "Proxy-Authenticate"),
    ("proxy-authorization", "Proxy-Authorization"),
    ("proxy-connection", "Proxy-Connection"),
    ("range", "Range"),
    ("referer", "Referer"),
    ("referrer-policy", "Referrer-Policy"),
    ("retry-after", "Retry-After"),
    ("sec-ch-ua", "Sec-CH-UA"),
    ("sec-ch-ua-mobile", "Sec-CH-UA-Mobile"),
    ("sec-ch-ua-platform", "Sec-CH-UA-Platform"),
    ("sec-fetch-dest", "Sec-Fetch-Dest"),
    ("sec-fetch-mode", "Sec-Fetch-Mode"),
    ("sec-fetch-site", "Sec-Fetch-Site"),
    ("sec-fetch-user", "Sec-Fetch-User"),
    ("sec-websocket-accept", "Sec-WebSocket-Accept"),
    ("sec-websocket-extensions", "Sec-WebSocket-Extensions"),
    ("sec-websocket-key", "Sec-WebSocket-Key"),
    ("sec-websocket-protocol", "Sec-WebSocket-Protocol"),
    ("sec-websocket-version", "Sec-WebSocket-Version"),
    ("server", "Server"),
    ("set-cookie", "Set-Cookie"),
    ("strict-transport-security", "Strict-Transport-Security"),
    ("te", "TE"),
    ("traceparent", "Traceparent"),
    ("tracestate", "Tracestate"),
    ("trailer", "Trailer"),
    ("transfer-encoding", "Transfer-Encoding"),
    ("upgrade", "Upgrade"),
    ("upgrade-insecure-requests", "Upgrade-Insecure-Requests"),
    ("user-agent", "User-Agent"),
    ("vary", "Vary"),
    ("via", "Via"),
    ("www-authenticate", "WWW-Authenticate"),
    ("x-content-type-options", "X-Content-Type-Options"),
    ("x-correlation-id", "X-Correlation-ID"),
    ("x-csrf-token", "X-CSRF-Token"),
    ("x-forwarded-for", "X-Forwarded-For"),
    ("x-forwarded-host", "X-Forwarded-Host"),
    ("x-forwarded-port", "X-Forwarded-Port"),
    ("x-forwarded-proto", "X-Forwarded-Proto"),
    ("x-frame-options", "X-Frame-Options"),
    ("x-powered-by", "X-Powered-By"),
    ("x-real-ip", "X-Real-IP"),
    ("x-request-id", "X-Request-ID"),
    ("x-requested-with", "X-Requested-With"),
    ("x-xss-protection", "X-XSS-Protection"),
];

/// How many spellings there are.
pub const COUNT: usize = NAMES.len() * 2;

/// The spelling with this id; empty for an id that is none.
pub fn spelling(id: usize) -> &'static str {
    match NAMES.get(id / 2) {
        Some(pair) if id.is_multiple_of(2) => pair.0,
        Some(pair) => pair.1,
        None => "",
    }
}

/// A name that the table has.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Its id, when it is written in one of the two spellings.
    pub spelling: Option<i32>,
    /// Whether it decides about framing.
    pub(super) kind: super::framing::FieldKind,
}

/// Looks a name up, whatever its case.
pub fn find(name: &[u8]) -> Option<Found> {
    use super::framing::FieldKind;
    let at = NAMES
        .iter()
        .position(|pair| pair.0.as_bytes().eq_ignore_ascii_case(name))?;
    let (lower, canonical) = NAMES[at];
    let id = at as i32 * 2;
    let spelling = if lower.as_bytes() == name {
        Some(id)
    } else if canonical.as_bytes() == name {
        Some(id + 1)
    } else {
        None
    };
    let kind = match lower {
        "content-length" => FieldKind::Length,
        "transfer-encoding" => FieldKind::Coding,
        "connection" | "proxy-connection" => FieldKind::Connection,
        "upgrade" => FieldKind::Upgrade,
        _ => FieldKind::General,
    };
    Some(Found { spelling, kind })
}
