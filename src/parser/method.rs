//! Request methods and their numbers.

use super::Dialect;

/// `DELETE`.
pub const DELETE: i32 = 0;
/// `GET`.
pub const GET: i32 = 1;
/// `HEAD`.
pub const HEAD: i32 = 2;
/// `POST`.
pub const POST: i32 = 3;
/// `PUT`.
pub const PUT: i32 = 4;
/// `CONNECT`.
pub const CONNECT: i32 = 5;
/// `OPTIONS`.
pub const OPTIONS: i32 = 6;
/// `PATCH`.
pub const PATCH: i32 = 28;
/// `SOURCE`, of ICE (icecast).
pub const SOURCE: i32 = 33;
/// `PRI`, the first word of the HTTP/2 preface.
pub const PRI: i32 = 34;
/// Numbers of the methods that only RTSP has: 35 to 45.
pub const FIRST_RTSP: i32 = 35;
/// The last of the RTSP methods.
pub const LAST_RTSP: i32 = 45;
/// `QUERY`, known since llhttp 9.
pub const QUERY: i32 = 46;

/// Every method, at the index of its number.
const NAMES: [&str; 47] = [
    "DELETE",
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "COPY",
    "LOCK",
    "MKCOL",
    "MOVE",
    "PROPFIND",
    "PROPPATCH",
    "SEARCH",
    "UNLOCK",
    "BIND",
    "REBIND",
    "UNBIND",
    "ACL",
    "REPORT",
    "MKACTIVITY",
    "CHECKOUT",
    "MERGE",
    "M-SEARCH",
    "NOTIFY",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "PATCH",
    "PURGE",
    "MKCALENDAR",
    "LINK",
    "UNLINK",
    "SOURCE",
    "PRI",
    "DESCRIBE",
    "ANNOUNCE",
    "SETUP",
    "PLAY",
    "PAUSE",
    "TEARDOWN",
    "GET_PARAMETER",
    "SET_PARAMETER",
    "REDIRECT",
    "RECORD",
    "FLUSH",
    "QUERY",
];

/// How many methods there are.
pub const COUNT: usize = NAMES.len();

/// The name of a method by its number; empty for an unknown number.
pub fn name(number: i32) -> &'static str {
    usize::try_from(number)
        .ok()
        .and_then(|n| NAMES.get(n))
        .copied()
        .unwrap_or("")
}

/// Whether this dialect has the method.
pub fn known(number: i32, dialect: Dialect) -> bool {
    (0..COUNT as i32).contains(&number) && (number != QUERY || dialect.knows_query())
}

/// The number of a method by its name.
pub fn find(word: &[u8], dialect: Dialect) -> Option<i32> {
    let at = NAMES.iter().position(|name| name.as_bytes() == word)? as i32;
    known(at, dialect).then_some(at)
}

/// Whether a method begins with `word` followed by `next`.
pub fn leads_on(word: &[u8], next: u8, dialect: Dialect) -> bool {
    NAMES.iter().enumerate().any(|(number, name)| {
        known(number as i32, dialect)
            && name
                .as_bytes()
                .strip_prefix(word)
                .is_some_and(|rest| rest.first() == Some(&next))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_named_number_is_the_place_of_its_name() {
        let named = [
            (DELETE, "DELETE"),
            (GET, "GET"),
            (HEAD, "HEAD"),
            (POST, "POST"),
            (PUT, "PUT"),
            (CONNECT, "CONNECT"),
            (OPTIONS, "OPTIONS"),
            (PATCH, "PATCH"),
            (SOURCE, "SOURCE"),
            (PRI, "PRI"),
            (QUERY, "QUERY"),
        ];
        for (number, text) in named {
            assert_eq!(name(number), text);
        }
    }
}
