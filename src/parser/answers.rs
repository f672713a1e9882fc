//! Fixed answers: a server declares its answer to an exact method and target, and the transport sends it as soon as the
//! request is parsed, without calling JavaScript.
//!
//! The parsed request decides, not its bytes: it goes through the connection's parser like any other. JavaScript
//! handles every other request (one with a body, `Expect`, an upgrade, an end of the connection, or no Host), and the
//! parser is put back as it was before that request.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::event;
use super::{Output, Parser, Stop, names};
use crate::clock;
use crate::limits::MAX_ANSWERED_BYTES;
use crate::serializer::date::{DATE_LENGTH, DateCache};

/// Versions as encoded in [`event::HEAD_VERSION`].
const HTTP_1_0: i32 = 0x100;
const HTTP_1_1: i32 = 0x101;
/// A longer head, in bytes, is not remembered.
const LONGEST_KNOWN: usize = 2048;

/// Passed as the number of requests to answer: no limit.
pub const UNLIMITED: u32 = u32::MAX;

/// The bytes of an answer, and the position of its date.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Head and body.
    pub bytes: Vec<u8>,
    /// Where the date starts, if there is one.
    pub date: Option<usize>,
}

impl Answer {
    fn append(&self, out: &mut Vec<u8>) {
        thread_local! {
            static DATE: RefCell<DateCache> = const { RefCell::new(DateCache::new()) };
        }
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        let place = self.date.map(|at| start + at..start + at + DATE_LENGTH);
        if let Some(place) = place.and_then(|place| out.get_mut(place)) {
            DATE.with_borrow_mut(|date| place.copy_from_slice(date.at(clock::second())));
        }
    }
}

/// Answers by method and target, as they stand in a request line: `GET /healthz`.
#[derive(Debug, Default)]
pub struct Table {
    /// Two answers each: for HTTP/1.1 and for HTTP/1.0.
    entries: HashMap<Vec<u8>, Arc<[Answer; 2]>>,
    longest: usize,
    /// Leave a request to JavaScript when more bytes came with it.
    pub single: bool,
}

impl Table {
    /// Adds the answers for HTTP/1.1 and for HTTP/1.0 with keep-alive. An empty one leaves its requests to JavaScript.
    pub fn add(&mut self, key: &[u8], answers: [Answer; 2]) {
        self.longest = self.longest.max(key.len());
        self.entries.insert(key.to_vec(), Arc::new(answers));
    }

    /// The answers to the first request in `input`.
    fn find(&self, input: &[u8]) -> Option<&Arc<[Answer; 2]>> {
        let line = input.get(..=self.longest).unwrap_or(input);
        let mut spaces = line.iter().enumerate().filter(|(_, byte)| **byte == b' ');
        spaces.next()?;
        let (end, _) = spaces.next()?;
        self.entries.get(line.get(..end)?)
    }
}

/// The answers of one server, shared by all its connections and by every thread that reads them.
#[derive(Debug, Default)]
pub struct Answers {
    generation: AtomicU32,
    current: Mutex<Arc<Table>>,
    used: AtomicBool,
}

impl Answers {
    /// Replaces the table. It holds for every request read from now on.
    pub fn publish(&self, table: Table) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(table);
        self.generation.fetch_add(1, Ordering::Release);
    }

    fn current(&self) -> (Arc<Table>, u32) {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        (current.clone(), self.generation.load(Ordering::Acquire))
    }

    /// Whether anything was answered since the last call.
    pub fn take_used(&self) -> bool {
        self.used.swap(false, Ordering::AcqRel)
    }
}

/// The head answered last, and its answer. While the parser has parsed nothing else, the same bytes are the same
/// message.
#[derive(Clone, Debug)]
struct Known {
    head: Arc<[u8]>,
    answers: Arc<[Answer; 2]>,
    version: usize,
}

/// The fixed answers of one connection.
#[derive(Clone, Debug)]
pub(super) struct Answering {
    answers: Arc<Answers>,
    table: Arc<Table>,
    generation: u32,
    // Requests that may still be answered before JavaScript has to permit more.
    left: u32,
    known: Option<Known>,
}

impl Answering {
    /// Permits `left` requests to be answered; 0 permits none.
    pub(super) fn new(answers: &Arc<Answers>, left: u32) -> Answering {
        let (table, generation) = answers.current();
        Answering {
            answers: answers.clone(),
            table,
            generation,
            left,
            known: None,
        }
    }

    /// Whether these are its answers.
    pub(super) fn is_of(&self, answers: &Arc<Answers>) -> bool {
        Arc::ptr_eq(&self.answers, answers)
    }

    /// Permits `left` requests to be answered.
    pub(super) fn permit(&mut self, left: u32) {
        self.left = left;
    }

    /// Whether it could answer anything.
    #[inline]
    pub(super) fn may_answer(&self) -> bool {
        self.left > 0
    }

    /// Forgets the last answered head: the parser is about to parse something else, or its rules change.
    #[inline]
    pub(super) fn forget_known(&mut self) {
        self.known = None;
    }

    fn refresh(&mut self) {
        if self.answers.generation.load(Ordering::Acquire) == self.generation {
            return;
        }
        (self.table, self.generation) = self.answers.current();
        self.known = None;
    }

    /// Answers the requests at the start of `input`, up to the first one for JavaScript or to [`MAX_ANSWERED_BYTES`]. The
    /// parser is between messages, before and after. Appends the answers to `out`; returns how many bytes of `input` they
    /// took, and how many they are.
    pub(super) fn answer(
        &mut self,
        parser: &mut Parser,
        input: &[u8],
        out: &mut Vec<u8>,
    ) -> (usize, u32) {
        self.refresh();
        let limit = out.len() + MAX_ANSWERED_BYTES;
        let mut taken = 0;
        let mut count = 0;
        while self.left > 0 && out.len() < limit {
            let Some(rest) = input.get(taken..).filter(|rest| !rest.is_empty()) else {
                break;
            };
            let known = self
                .known
                .as_ref()
                .filter(|known| rest.starts_with(&known.head));
            if let Some(known) = known {
                if self.table.single && rest.len() > known.head.len() {
                    break;
                }
                known.answers[known.version].append(out);
                taken += known.head.len();
            } else {
                let Some((length, answers, version)) = self.parse(parser, rest) else {
                    break;
                };
                answers[version].append(out);
                taken += length;
                self.known = (length <= LONGEST_KNOWN).then(|| Known {
                    head: rest[..length].into(),
                    answers,
                    version,
                });
            }
            count += 1;
            if self.left != UNLIMITED {
                self.left -= 1;
            }
        }
        if count > 0 && !self.answers.used.load(Ordering::Relaxed) {
            self.answers.used.store(true, Ordering::Release);
        }
        (taken, count)
    }

    /// Parses the first request of `input` if it has a fixed answer. If not, the parser is put back as it was.
    fn parse(&self, parser: &mut Parser, input: &[u8]) -> Option<(usize, Arc<[Answer; 2]>, usize)> {
        thread_local! {
            static EVENTS: RefCell<Output> = RefCell::new(Output::new());
        }
        let answers = self.table.find(input)?.clone();
        let before = parser.clone();
        let parsed = EVENTS.with_borrow_mut(|events| {
            events.clear();
            // Stop after one step: the fast path takes a whole message in one.
            events.limit = 0;
            let (length, stop) = parser.execute(input, events);
            let is_whole = matches!(stop, Stop::Full | Stop::Done);
            let is_alone = !self.table.single || length == input.len();
            let version = version_of(events).filter(|version| {
                let is_counted = *version == 1 && self.left != UNLIMITED;
                !is_counted && !answers[*version].bytes.is_empty()
            });
            version
                .filter(|_| is_whole && is_alone)
                .map(|version| (length, answers, version))
        });
        if parsed.is_none() {
            *parser = before;
        }
        parsed
    }
}

/// Which answer these events get: 0 for HTTP/1.1, 1 for HTTP/1.0, `None` when JavaScript has to answer.
fn version_of(events: &Output) -> Option<usize> {
    let [event::BEGIN, head @ .., event::COMPLETE] = events.words.as_slice() else {
        return None;
    };
    let (fixed, fields) = head.split_at_checked(event::HEAD_WORDS)?;
    let count = usize::try_from(fixed[event::HEAD_COUNT]).ok()?;
    let flags = fixed[event::HEAD_FLAGS];
    if fixed[0] != event::HEAD
        || fields.len() != count * event::FIELD_WORDS
        || flags != event::KEEP_ALIVE
    {
        return None;
    }
    let mut has_host = false;
    for field in fields.chunks_exact(event::FIELD_WORDS) {
        let name = match usize::try_from(field[0]) {
            Ok(at) => events.text.get(at..at + usize::try_from(field[1]).ok()?)?,
            Err(_) => names::spelling(usize::try_from(-1 - field[0]).ok()?).as_bytes(),
        };
        if name.eq_ignore_ascii_case(b"expect") {
            return None;
        }
        has_host |= name.eq_ignore_ascii_case(b"host");
    }
    match fixed[event::HEAD_VERSION] {
        HTTP_1_1 if has_host => Some(0),
        HTTP_1_0 => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::OUTPUT_WORDS;
    use crate::parser::session::Session;
    use crate::parser::{Config, Kind};

    const GET: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    const OLD: &[u8] = b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";

    fn fixed(text: &str) -> Answer {
        Answer {
            bytes: text.as_bytes().to_vec(),
            date: None,
        }
    }

    fn table(single: bool) -> Table {
        let mut table = Table {
            single,
            ..Table::default()
        };
        table.add(b"GET /healthz", [fixed("[1.1]"), fixed("[1.0]")]);
        table.add(b"GET /", [fixed("[root]"), fixed("[old root]")]);
        table
    }

    fn session(left: u32) -> (Session, Arc<Answers>) {
        let mut session = Session::new(Config {
            auto_continue: true,
            ..Config::new(Kind::Request)
        });
        let answers = Arc::new(Answers::default());
        answers.publish(table(false));
        session.permit(&answers, left);
        (session, answers)
    }

    fn answer(session: &mut Session, input: &[u8]) -> (usize, String) {
        let mut out = Vec::new();
        let taken = session.answer_fixed(input, &mut out);
        (taken, String::from_utf8(out).expect("text"))
    }

    #[test]
    fn requests_are_answered_up_to_the_first_that_is_not() {
        let (mut it, _) = session(UNLIMITED);
        let other = b"GET /other HTTP/1.1\r\nHost: a\r\n\r\n";
        let input = [GET, GET, OLD, GET, other, GET].concat();
        let (taken, out) = answer(&mut it, &input);
        assert_eq!(out, "[1.1][1.1][1.0][1.1]");
        assert_eq!(taken, 3 * GET.len() + OLD.len());
        assert_eq!((it.take_answered(), it.take_answered()), (4, 0));
        let mut events = Output::new();
        it.run(&input[taken..], &mut events, OUTPUT_WORDS);
        assert!(events.text.starts_with(b"GET /other"));
    }

    #[test]
    fn what_javascript_must_see_leaves_the_parser_as_it_was() {
        for request in [
            &b"GET /healthz HTTP/1.1\r\n\r\n"[..],
            b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            b"GET /healthz HTTP/1.0\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\neXPECT: x\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\nA\r\n\r\n",
            b"GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n",
            b"GET /healthz\r\n\r\n",
            b"GET /healthz?x HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET http://a/healthz HTTP/1.1\r\nHost: a\r\n\r\n",
            b"POST /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
            b"\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\n",
            b"GET /healthz HTTP",
            b"G",
        ] {
            let (mut it, _) = session(UNLIMITED);
            let (mut plain, _) = session(0);
            assert_eq!(answer(&mut it, GET).0, GET.len());
            let (mut one, mut other) = (Output::new(), Output::new());
            plain.run(GET, &mut other, OUTPUT_WORDS);
            let text = String::from_utf8_lossy(request);
            assert_eq!(answer(&mut it, request), (0, String::new()), "{text}");
            it.run(request, &mut one, OUTPUT_WORDS);
            plain.run(request, &mut other, OUTPUT_WORDS);
            assert_eq!((&one.words[..3], &one.words[5..]), (&other.words[..3], &other.words[5..]), "{text}");
            assert_eq!(it.error(), plain.error(), "{text}");
        }
    }

    #[test]
    fn every_cut_of_a_request_is_javascripts_and_nothing_is_answered_in_a_message() {
        for cut in 1..GET.len() {
            let (mut it, _) = session(UNLIMITED);
            assert_eq!(answer(&mut it, &GET[..cut]).0, 0, "{cut}");
            let mut events = Output::new();
            it.run(&GET[..cut], &mut events, OUTPUT_WORDS);
            assert_eq!(answer(&mut it, &GET[cut..]).0, 0, "{cut}");
            it.run(&GET[cut..], &mut events, OUTPUT_WORDS);
            assert_eq!(events.words.last(), Some(&event::COMPLETE), "{cut}");
            assert_eq!(answer(&mut it, GET).0, GET.len(), "{cut}");
        }
    }

    #[test]
    fn as_many_are_answered_as_are_permitted() {
        let (mut it, answers) = session(2);
        let three = GET.repeat(3);
        assert_eq!(answer(&mut it, OLD).0, 0, "1.0 is not counted by node");
        assert_eq!(answer(&mut it, &three).0, 2 * GET.len());
        assert_eq!(answer(&mut it, GET).0, 0);
        it.permit(&answers, 1);
        assert_eq!(answer(&mut it, &three).0, GET.len());
        it.permit(&answers, UNLIMITED);
        it.forbid();
        assert_eq!(answer(&mut it, GET).0, 0);
    }

    #[test]
    fn another_table_holds_for_the_next_request() {
        let (mut it, answers) = session(UNLIMITED);
        assert_eq!(answer(&mut it, GET).1, "[1.1]");
        answers.publish(Table::default());
        assert_eq!(answer(&mut it, GET).0, 0);
        answers.publish(table(true));
        assert_eq!(answer(&mut it, &GET.repeat(2)).0, 0);
        assert_eq!(answer(&mut it, GET).1, "[1.1]");
        assert_eq!(answer(&mut it, &GET.repeat(2)).0, 0);
        assert_eq!(answer(&mut it, GET).1, "[1.1]");
        assert!(answers.take_used());
        assert!(!answers.take_used());
    }

    #[test]
    fn what_is_answered_at_once_has_a_bound() {
        let (mut it, answers) = session(UNLIMITED);
        let mut large = Table::default();
        large.add(
            b"GET /healthz",
            [fixed(&"x".repeat(MAX_ANSWERED_BYTES - 1)), fixed("")],
        );
        answers.publish(large);
        let (taken, out) = answer(&mut it, &GET.repeat(10));
        assert_eq!(
            (taken, out.len()),
            (2 * GET.len(), 2 * (MAX_ANSWERED_BYTES - 1))
        );
    }

    #[test]
    fn the_date_is_that_of_the_second() {
        let mut out = b"before ".to_vec();
        let text = format!("Date: {}\r\n", "?".repeat(DATE_LENGTH));
        let answer = Answer {
            date: Some(6),
            ..fixed(&text)
        };
        answer.append(&mut out);
        let text = String::from_utf8(out).expect("text");
        assert!(
            text.starts_with("before Date: ") && text.ends_with(" GMT\r\n"),
            "{text}"
        );
    }
}
