//! Common field names, which reach JavaScript without a new string, and the names that control framing.
//!
//! Every name has two spellings, each with an id: lower case (even) and the spelling of its specification (odd).

/// Which field about framing a name is, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldKind {
    General,
    /// `Content-Length`
    Length,
    /// `Transfer-Encoding`
    Coding,
    /// `Connection` and `Proxy-Connection`
    Connection,
    Upgrade,
}

impl FieldKind {
    pub(super) fn of(name: &[u8]) -> FieldKind {
        find(name).map_or(FieldKind::General, |found| found.kind)
    }
}

/// The names as specified. All of them are ASCII, and none is longer than [`LONGEST`].
#[rustfmt::skip]
const NAMES: [&str; 97] = [
    "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Accept-Ranges",
    "Access-Control-Allow-Credentials", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods",
    "Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Access-Control-Max-Age",
    "Access-Control-Request-Headers", "Access-Control-Request-Method", "Age", "Allow", "Alt-Svc", "Authorization",
    "Cache-Control", "CF-Connecting-IP", "CF-Ray", "Connection", "Content-Disposition", "Content-Encoding",
    "Content-Language", "Content-Length", "Content-Location", "Content-Range", "Content-Security-Policy",
    "Content-Type", "Cookie", "Date", "DNT", "ETag", "Expect", "Expires", "Forwarded", "From", "Host", "If-Match",
    "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Keep-Alive", "Last-Modified", "Link",
    "Location", "Max-Forwards", "Origin", "Pragma", "Priority", "Proxy-Authenticate", "Proxy-Authorization",
    "Proxy-Connection", "Range", "Referer", "Referrer-Policy", "Retry-After", "Sec-CH-UA", "Sec-CH-UA-Mobile",
    "Sec-CH-UA-Platform", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-User",
    "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions", "Sec-WebSocket-Key", "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Version", "Server", "Set-Cookie", "Strict-Transport-Security", "TE", "Traceparent",
    "Tracestate", "Trailer", "Transfer-Encoding", "Upgrade", "Upgrade-Insecure-Requests", "User-Agent", "Vary",
    "Via", "WWW-Authenticate", "X-Content-Type-Options", "X-Correlation-ID", "X-CSRF-Token", "X-Forwarded-For",
    "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Frame-Options", "X-Powered-By", "X-Real-IP",
    "X-Request-ID", "X-Requested-With", "X-XSS-Protection",
];

/// The length of the longest name.
pub(super) const LONGEST: usize = 32;

/// How many spellings there are.
pub const COUNT: usize = NAMES.len() * 2;

const SLOTS: usize = 512;

/// The slot of a name, whatever its case: a hash of its length, its first byte and its last two. The factors were found
/// by search: no two names of the table share a slot, and the compiler checks it.
#[inline(always)]
const fn slot(name: &[u8]) -> usize {
    let (Some(&first), Some(&[before, last])) = (name.first(), name.last_chunk::<2>()) else {
        return 0;
    };
    let hash = name.len() * 93
        + (first | 32) as usize * 72
        + (before | 32) as usize * 63
        + (last | 32) as usize * 111;
    hash % SLOTS
}

/// One name in both spellings, padded to [`LONGEST`].
#[derive(Clone, Copy)]
struct Entry {
    len: u8,
    kind: FieldKind,
    lower: [u8; LONGEST],
    canonical: [u8; LONGEST],
}

const fn kind_of(name: &[u8; LONGEST], len: usize) -> FieldKind {
    const fn is(name: &[u8; LONGEST], len: usize, other: &[u8]) -> bool {
        if len != other.len() {
            return false;
        }
        let mut i = 0;
        while i < len {
            if name[i] != other[i] {
                return false;
            }
            i += 1;
        }
        true
    }
    if is(name, len, b"content-length") {
        FieldKind::Length
    } else if is(name, len, b"transfer-encoding") {
        FieldKind::Coding
    } else if is(name, len, b"connection") || is(name, len, b"proxy-connection") {
        FieldKind::Connection
    } else if is(name, len, b"upgrade") {
        FieldKind::Upgrade
    } else {
        FieldKind::General
    }
}

const ENTRIES: [Entry; NAMES.len()] = {
    let empty = Entry {
        len: 0,
        kind: FieldKind::General,
        lower: [0; LONGEST],
        canonical: [0; LONGEST],
    };
    let mut entries = [empty; NAMES.len()];
    let mut at = 0;
    while at < NAMES.len() {
        let name = NAMES[at].as_bytes();
        let mut i = 0;
        while i < name.len() {
            entries[at].canonical[i] = name[i];
            entries[at].lower[i] = name[i].to_ascii_lowercase();
            i += 1;
        }
        entries[at].len = name.len() as u8;
        entries[at].kind = kind_of(&entries[at].lower, name.len());
        at += 1;
    }
    entries
};

/// Which name each slot holds; [`NAMES`].len() if none.
static TABLE: [u8; SLOTS] = {
    let mut table = [NAMES.len() as u8; SLOTS];
    let mut at = 0;
    while at < NAMES.len() {
        let slot = slot(NAMES[at].as_bytes());
        assert!(table[slot] == NAMES.len() as u8, "two names in one slot");
        table[slot] = at as u8;
        at += 1;
    }
    table
};

static NAMED: [Entry; NAMES.len()] = ENTRIES;

/// A name found in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its id, if it has one of the two spellings.
    pub spelling: Option<i32>,
    /// Which framing field it is, if any.
    pub(super) kind: FieldKind,
}

/// The spelling with this id; empty for an unknown id.
pub fn spelling(id: usize) -> &'static str {
    let Some(entry) = NAMED.get(id / 2) else {
        return "";
    };
    let spelled = if id.is_multiple_of(2) {
        &entry.lower
    } else {
        &entry.canonical
    };
    spelled
        .get(..usize::from(entry.len))
        .and_then(|name| std::str::from_utf8(name).ok())
        .unwrap_or("")
}

/// Whether a spelling begins with the name. Compares in words: calling memcmp costs more for names this short.
#[inline(always)]
fn same(name: &[u8], spelling: &[u8; LONGEST]) -> bool {
    let Some(spelling) = spelling.get(..name.len()) else {
        return false;
    };
    match (name.last_chunk::<8>(), spelling.last_chunk::<8>()) {
        (Some(a), Some(b)) => {
            let (left, _) = name.as_chunks::<8>();
            let (right, _) = spelling.as_chunks::<8>();
            a == b && left.iter().zip(right).all(|(a, b)| a == b)
        }
        _ => match (name.last_chunk::<4>(), spelling.last_chunk::<4>()) {
            (Some(a), Some(b)) => a == b && name.first_chunk::<4>() == spelling.first_chunk::<4>(),
            _ => name.iter().zip(spelling).all(|(a, b)| a == b),
        },
    }
}

/// Looks a name up, whatever its case.
#[inline(always)]
pub fn find(name: &[u8]) -> Option<Found> {
    let at = TABLE[slot(name) % SLOTS];
    let entry = NAMED.get(usize::from(at))?;
    if usize::from(entry.len) != name.len() {
        return None;
    }
    let canonical = i32::from(at) * 2 + 1;
    // Names are capitalized (bit 0x20 clear) in their canonical spelling only.
    let (likely, id) = if name.first()? & 0x20 == 0 {
        (&entry.canonical, canonical)
    } else {
        (&entry.lower, canonical - 1)
    };
    let spelling = if same(name, likely) {
        Some(id)
    } else if entry.lower.get(..name.len())?.eq_ignore_ascii_case(name) {
        None
    } else {
        return None;
    };
    Some(Found {
        spelling,
        kind: entry.kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_found_under_its_id() {
        for id in 0..COUNT {
            let name = spelling(id);
            assert!(!name.is_empty() && name.len() <= LONGEST);
            assert_eq!(
                find(name.as_bytes()).and_then(|found| found.spelling),
                Some(id as i32),
                "{name}"
            );
        }
        assert_eq!(spelling(COUNT), "");
    }

    #[test]
    fn another_case_is_the_name_without_an_id() {
        let found = find(b"cOnTeNt-LeNgTh");
        assert_eq!(
            found,
            Some(Found {
                spelling: None,
                kind: FieldKind::Length
            })
        );
        assert_eq!(find(b"Content-Lengtg"), None);
        assert_eq!(find(b""), None);
        assert_eq!(find(b"x"), None);
    }

    #[test]
    fn five_names_decide_about_framing() {
        let special: Vec<&str> = (0..COUNT)
            .step_by(2)
            .map(spelling)
            .filter(|name| FieldKind::of(name.as_bytes()) != FieldKind::General)
            .collect();
        assert_eq!(
            special,
            [
                "connection",
                "content-length",
                "proxy-connection",
                "transfer-encoding",
                "upgrade"
            ]
        );
    }
}
