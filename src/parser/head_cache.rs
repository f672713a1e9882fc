//! Remembers the head that a connection sends again and again: health checks, polls and repeated calls of one method
//! send identical heads.
//!
//! JavaScript builds a string for each value of a head, and a list of all of them. When the events of a request equal
//! those of the previous one, word by word and byte by byte, JavaScript is asked to keep its list under a number. After
//! that it gets only the number. The comparison is of what JavaScript would be given, so it does not matter how the
//! parser came to it.

use std::sync::Arc;

use super::event::{self, Output};

/// Heads with more bytes of text, or more words of events, are not remembered.
const LONGEST_TEXT: usize = 2048;
const MOST_WORDS: usize = 512;

/// After this many heads in a row that differ from the previous one, the next [`REST`] are not looked at: the peer does
/// not repeat its heads.
const MISSES: u32 = 4;
const REST: u32 = 16;

/// The events of one request.
struct Seen {
    words: Vec<i32>,
    text: Vec<u8>,
}

/// What one parser remembers.
#[derive(Clone, Default)]
pub struct HeadCache {
    // Whether a request has come. Many connections send only one, and nothing is remembered for those.
    is_used: bool,
    seen: Option<Arc<Seen>>,
    misses: u32,
    // How many of the next heads to skip.
    rest: u32,
    // Whether JavaScript was asked to keep the list.
    is_kept: bool,
    // The number of the list that JavaScript keeps.
    number: i32,
}

impl HeadCache {
    /// Looks at the events of a read, from word `first` on. Replaces the fields of a known request with the number of
    /// the kept list.
    pub fn note(&mut self, out: &mut Output, first: usize) {
        let Some(head) = only_head(out, first) else {
            return;
        };
        if self.rest > 0 {
            self.rest -= 1;
            return;
        }
        let known = self
            .seen
            .as_ref()
            .is_some_and(|seen| seen.words == out.words[first..] && seen.text == out.text);
        if !known {
            self.miss(out, first);
            return;
        }
        self.misses = 0;
        let said = if self.is_kept {
            let fields = head + event::HEAD_WORDS..out.words.len() - 1;
            out.words.drain(fields);
            out.words[head + event::HEAD_COUNT] = 0;
            out.text.clear();
            event::CACHED
        } else {
            self.is_kept = true;
            self.number = self.number.wrapping_add(1);
            event::CACHE
        };
        out.words[head + event::HEAD_FLAGS] |= said;
        // The status word is free: a request has no status.
        out.words[head + event::HEAD_STATUS] = self.number;
    }

    /// The head differs from the previous one: it is remembered instead.
    fn miss(&mut self, out: &Output, first: usize) {
        self.is_kept = false;
        if self.seen.is_some() {
            self.misses += 1;
        }
        if self.misses >= MISSES && self.seen.take().is_some() {
            self.rest = REST;
            return;
        }
        self.seen = self.is_used.then(|| {
            Arc::new(Seen {
                words: out.words[first..].to_vec(),
                text: out.text.clone(),
            })
        });
        self.is_used = true;
    }
}

/// The position of the head, if the events are one whole request without a body and within the limits.
fn only_head(out: &Output, first: usize) -> Option<usize> {
    let words = out.words.get(first..)?;
    let [event::BEGIN, head @ .., event::COMPLETE] = words else {
        return None;
    };
    let fields = usize::try_from(*head.get(event::HEAD_COUNT)?).ok()?;
    let is_one = head.first() == Some(&event::HEAD)
        && head.len() == event::HEAD_WORDS + fields * event::FIELD_WORDS
        && *head.get(event::HEAD_METHOD)? >= 0
        && *head.get(event::HEAD_FLAGS)? & (event::UPGRADE | event::FLUSHED) == 0;
    let is_short = words.len() <= MOST_WORDS && out.text.len() <= LONGEST_TEXT;
    (is_one && is_short).then_some(first + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of a request to this target, without fields.
    fn request(target: &str) -> Output {
        let mut out = Output::new();
        let length = target.len() as i32;
        out.words.extend_from_slice(&[
            event::BEGIN,
            event::HEAD,
            event::KEEP_ALIVE,
            257,
            1,
            0,
            0,
            length,
            0,
            event::COMPLETE,
        ]);
        out.text.extend_from_slice(target.as_bytes());
        out
    }

    /// What `note` leaves of a request: the flags, the number, and the length of the text.
    fn said(head_cache: &mut HeadCache, mut out: Output) -> (i32, i32, usize) {
        head_cache.note(&mut out, 0);
        (
            out.words[2] & !event::KEEP_ALIVE,
            out.words[5],
            out.text.len(),
        )
    }

    #[test]
    fn a_head_is_kept_when_it_comes_again_and_then_not_given_any_more() {
        let mut it = HeadCache::default();
        for _ in 0..2 {
            assert_eq!(said(&mut it, request("/first")), (0, 0, 6));
        }
        assert_eq!(said(&mut it, request("/first")), (event::CACHE, 1, 6));
        for _ in 0..2 {
            assert_eq!(said(&mut it, request("/first")), (event::CACHED, 1, 0));
        }
        assert_eq!(said(&mut it, request("/other")), (0, 0, 6));
        assert_eq!(said(&mut it, request("/other")), (event::CACHE, 2, 6));
        assert_eq!(said(&mut it, request("/other")), (event::CACHED, 2, 0));
        assert_eq!(said(&mut it, request("/first")), (0, 0, 6));
    }

    #[test]
    fn a_peer_that_sends_no_head_twice_is_looked_at_now_and_then() {
        let mut it = HeadCache::default();
        let looked_at = (0..1000)
            .filter(|n| {
                said(&mut it, request(&format!("/{n}")));
                it.rest == 0
            })
            .count();
        assert!(looked_at < 200, "{looked_at}");
        let last = (0..20).map(|_| said(&mut it, request("/again")).0).last();
        assert_eq!(last, Some(event::CACHED));
    }

    #[test]
    fn what_is_more_or_other_than_one_request_is_given_as_it_is() {
        let mut it = HeadCache::default();
        for _ in 0..3 {
            said(&mut it, request("/"));
        }
        let mut others = [request("/"), request("/"), request("/"), request("/")];
        others[0].words.extend_from_slice(&[event::BEGIN]);
        others[1].words[2] |= event::UPGRADE;
        others[2].words[2] |= event::FLUSHED;
        others[3].words[4] = -1;
        for other in others {
            let mut out = Output::new();
            out.words.clone_from(&other.words);
            out.text.clone_from(&other.text);
            it.note(&mut out, 0);
            assert_eq!((out.words, out.text), (other.words, other.text));
        }
        assert_eq!(said(&mut it, request("/")), (event::CACHED, 1, 0));
    }
}
