//! Records in bytes: takes a file's bytes piece by piece, gives each record's bytes and place, without reading what they mean.
//!
//! A file holds JSON objects: one a line, one after the other, or written over several lines; in one list; or in the list that is the first
//! member of an object and called `Records` or `records`, or `events` of an answer of CloudWatch Logs, whatever follows it. Commas and white
//! space between records are passed over. Only brackets and texts are looked at, so that a record with a slip in it does not hide the next
//! one. Where a record does not end:
//!
//! - in a file whose first record stood on one line, every record ends with its line at the latest;
//! - before that, it ends where a line begins with an object that cannot stand there, or with a line break inside a text;
//! - at the latest it ends with the file.

use std::io::{self, BufRead};

use sha2::{Digest as _, Sha256};

use super::cut::Cutter;
use super::envelope::Envelope;
use super::{Limits, Reason};

/// The bytes of one record, or of what stands where one was expected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Piece {
    /// Without white space around.
    pub(super) bytes: Vec<u8>,
    /// The line in which it begins, from 1.
    pub(super) line: u64,
    /// The byte of the text at which it begins.
    pub(super) offset: u64,
    /// Its place in a list of records, from 0.
    pub(super) element: Option<u64>,
    /// The envelope that it was the message of.
    pub(super) within: Option<Envelope>,
    /// What is known of it without reading it.
    pub(super) what: What,
}

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum What {
    /// A record, as far as it shows.
    #[default]
    Record,
    /// Nothing of a log: a cloud's own message to whoever receives the log.
    Other,
    /// Nothing that can be read as a record.
    Broken(Reason),
}

/// How far a text was read, in whole records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Bytes up to the end of the last whole record.
    pub(super) offset: u64,
    /// The line of that place, from 1.
    pub(super) line: u64,
}

/// Gives the records of a file, one after the other.
pub(super) struct Splitter<R> {
    input: R,
    cutter: Cutter,
    ended: bool,
    /// Whether a record that the text breaks off is left for later, in a text that grows a line at a time.
    leave: bool,
    /// Of the text so far, and of its whole records.
    hashes: Option<(Sha256, Sha256)>,
}

impl<R: BufRead> Splitter<R> {
    pub(super) fn new(input: R, limits: Limits) -> Self {
        Splitter { input, cutter: Cutter::new(limits), ended: false, leave: false, hashes: None }
    }

    /// Goes on in a text of one record a line.
    pub(super) fn going_on(mut self) -> Self {
        self.cutter.lines = true;
        self
    }

    /// Keeps digests, of a text that begins at this place, behind what has this digest.
    pub(super) fn hashing(mut self, at: Mark, before: Sha256, leave: bool) -> Self {
        (self.cutter.read, self.cutter.line, self.cutter.whole) = (at.offset, at.line, at);
        (self.hashes, self.leave) = (Some((before.clone(), before)), leave);
        self
    }

    /// Where a later reading can go on; nowhere in a list, or among records of several lines.
    pub(super) fn mark(&self) -> Option<Mark> {
        self.cutter.grows_by_lines().then_some(self.cutter.whole)
    }

    /// Bytes of the text so far.
    pub(super) fn read(&self) -> u64 {
        self.cutter.read
    }

    /// Digests of the text so far, and of its whole records.
    pub(super) fn hashes(self) -> Option<(Sha256, Sha256)> {
        self.hashes
    }

    /// Bytes of a record that was left for later.
    pub(super) fn left(&self) -> u64 {
        if self.leave { self.cutter.begun() } else { 0 }
    }

    /// What was begun when reading failed, as what the text ends with.
    pub(super) fn broken(&mut self, reason: Reason) -> Piece {
        self.ended = true;
        self.cutter.broken(reason)
    }

    /// The next record; none at the end.
    pub(super) fn next_piece(&mut self) -> io::Result<Option<Piece>> {
        loop {
            if let Some(piece) = self.cutter.ready.pop_front() {
                return Ok(Some(piece));
            }
            if self.ended {
                return Ok(None);
            }
            let bytes = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                bytes => bytes?,
            };
            let (before, mark) = (self.cutter.read, self.cutter.whole);
            self.cutter.bytes(bytes);
            if let Some((all, whole)) = &mut self.hashes {
                let records = self.cutter.whole.offset.checked_sub(before).and_then(|n| usize::try_from(n).ok());
                let (records, rest) = bytes.split_at(records.unwrap_or_default().min(bytes.len()));
                all.update(records);
                if self.cutter.whole != mark {
                    whole.clone_from(all);
                }
                all.update(rest);
            }
            let used = bytes.len();
            if used == 0 {
                self.ended = true;
                if !(self.leave && self.cutter.grows_by_lines()) {
                    self.cutter.end();
                }
            }
            self.input.consume(used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::cut::MAX_OPEN;

    fn pieces(text: &str, chunk: usize, record: usize) -> Vec<Piece> {
        let input = io::BufReader::with_capacity(chunk, text.as_bytes());
        let mut splitter = Splitter::new(input, Limits { record, kept: 4, ..Limits::default() });
        std::iter::from_fn(|| splitter.next_piece().ok().flatten()).collect()
    }

    /// `line:element bytes`, of each piece.
    fn split(text: &str) -> Vec<String> {
        let whole = pieces(text, 1 << 20, 1_000);
        assert_eq!(whole, pieces(text, 1, 1_000), "the chunks of reading change nothing");
        let show = |piece: &Piece| {
            let element = piece.element.map(|element| format!(".{element}")).unwrap_or_default();
            let end = if piece.what == What::Broken(Reason::Unended) { "unended" } else { "" };
            format!("{}{element} {}{end}", piece.line, String::from_utf8_lossy(&piece.bytes))
        };
        whole.iter().map(show).collect()
    }

    proptest::proptest! {
        #[test]
        fn chunks_of_reading_change_nothing(
            text in r#"(\{"Records":\[|\[|\{"events":\[\{"timestamp":)?[{}\[\]",:\\ \na1]{0,60}"#, chunk in 2_usize..9
        ) {
            let whole = pieces(&text, 1 << 20, 40);
            proptest::prop_assert_eq!(&whole, &pieces(&text, 1, 40));
            proptest::prop_assert_eq!(&whole, &pieces(&text, chunk, 40));
        }
    }

    #[test]
    fn one_record_a_line() {
        assert_eq!(split("{\"a\":1}\n\n{\"b\":2}\r\n  \n{\"c\":3}"), ["1 {\"a\":1}", "3 {\"b\":2}", "5 {\"c\":3}"]);
        assert_eq!(split("{}{} {},\n{}"), ["1 {}", "1 {}", "1 {}", "2 {}"]);
        assert_eq!(split(r#"{"a":"}{\"[\\"}{"b":"]"}"#), [r#"1 {"a":"}{\"[\\"}"#, r#"1 {"b":"]"}"#]);
        assert_eq!(split(""), [""; 0]);
        assert_eq!(split(" \n\n"), [""; 0]);
    }

    #[test]
    fn records_over_several_lines() {
        assert_eq!(split("{\n \"a\": {\n }\n}\n{\n\"b\":1\n}"), ["1 {\n \"a\": {\n }\n}", "5 {\n\"b\":1\n}"]);
    }

    #[test]
    fn lists_of_records() {
        assert_eq!(split("[{\"a\":1},\n {\"b\":[{}]} ]"), ["1.0 {\"a\":1}", "2.1 {\"b\":[{}]}"]);
        assert_eq!(split("{\"Records\":[{\"a\":1},{}]}"), ["1.0 {\"a\":1}", "1.1 {}"]);
        assert_eq!(split("{ \"records\" : [\n{\"a\":1}\n], \"b\": [{\"]\":1}] }\n{}"), ["2.0 {\"a\":1}", "4 {}"]);
        assert_eq!(split("{\"records\":[{}]}\n{\"records\":[{},{}]}"), ["1.0 {}", "2.0 {}", "2.1 {}"]);
        assert_eq!(split("[]{\"Records\":[]}"), [""; 0]);
        // Not the first member, not a list, not at the top: a record like any other.
        for text in
            [r#"{"a":1,"Records":[{}]}"#, r#"{"Records":{}}"#, r#"{"a":{"Records":[{}]}}"#, r#"{"RECORDS":[{}]}"#]
        {
            assert_eq!(split(text), [format!("1 {text}")]);
        }
        assert_eq!(split("[5, \"a,]\", null,[{}]]"), ["1.0 5", "1.1 \"a,]\"", "1.2 null", "1.3 [{}]"]);
    }

    #[test]
    fn lists_of_an_answers_events() {
        let text = "{ \"events\": [\n {\"timestamp\": 1},\n {\"b\":[{}]}], \"c\": [{}]}\n{}";
        assert_eq!(split(text), ["2.0 {\"timestamp\": 1}", "3.1 {\"b\":[{}]}", "4 {}"]);
        assert_eq!(split("{\"events\":[{\"eventId\":\"}\"}"), ["1.0 {\"eventId\":\"}\"}", "1 unended"]);
        for text in
            [r#"{"events":[{"name":1}]}"#, r#"{"a":1,"events":[{"timestamp":1}]}"#, r#"[{"events":[{"timestamp":1}]}]"#]
        {
            let bytes: Vec<String> =
                split(text).iter().map(|piece| piece.split_once(' ').unwrap().1.to_owned()).collect();
            assert_eq!(bytes, [text.trim_matches(['[', ']'])]);
        }
    }

    #[test]
    fn digests_of_whole_records_whatever_the_chunks() {
        let begun = "{\"a\":\n{\"b\":1}";
        for text in ["{}\n{}\n{\"a\"", "{}", "{\"a\":1,\n{\"b\":2}\n{\"c\":3}\nx", "ERROR\n{}\r\n\r\n", begun, ""] {
            for chunk in 1..=text.len().max(1) {
                let input = io::BufReader::with_capacity(chunk, text.as_bytes());
                let start = Mark { offset: 0, line: 1 };
                let mut splitter = Splitter::new(input, Limits::default()).hashing(start, Sha256::new(), true);
                while splitter.next_piece().unwrap().is_some() {}
                let Mark { offset, line } = splitter.cutter.whole;
                let whole = text.get(..usize::try_from(offset).unwrap()).unwrap();
                assert_eq!(line, 1 + whole.matches('\n').count() as u64, "{text:?}");
                assert_eq!(splitter.read(), text.len() as u64);
                let (all, records) = splitter.hashes().unwrap();
                assert_eq!(all.finalize(), Sha256::digest(text), "{text:?} in chunks of {chunk}");
                assert_eq!(records.finalize(), Sha256::digest(whole), "{text:?} in chunks of {chunk}");
            }
        }
    }

    #[test]
    fn a_slip_does_not_hide_the_next_record() {
        assert_eq!(split("{\"a\":1}\n{\"b\":\n{\"c\":3}"), ["1 {\"a\":1}", "2 {\"b\":", "3 {\"c\":3}"]);
        assert_eq!(split("{\"a\":1}\n{\"b\":\"x\n{\"c\":3}"), ["1 {\"a\":1}", "2 {\"b\":\"x", "3 {\"c\":3}"]);
        assert_eq!(split("{\"a\":1}\nERROR x\n{\"c\":3}"), ["1 {\"a\":1}", "2 ERROR x", "3 {\"c\":3}"]);
        assert_eq!(split("{\"a\":1]} x\n{\"c\":3}"), ["1 {\"a\":1]} x", "2 {\"c\":3}"]);
        assert_eq!(split("{a:1}\n{\"c\":3} x"), ["1 {a:1}", "2 {\"c\":3}", "2 x"]);
        assert_eq!(split("[{\"a\":nope},{\"b\":2}]"), ["1.0 {\"a\":nope}", "1.1 {\"b\":2}"]);
        assert_eq!(split("[{\"a\":\"x\n,{\"b\":2}]"), ["1.0 {\"a\":\"x", "2.1 {\"b\":2}"]);
    }

    #[test]
    fn a_first_record_that_breaks_off() {
        assert_eq!(split("{\"a\":1,\n{\"b\":2}\n{\"c\":3}"), ["1 {\"a\":1,", "2 {\"b\":2}", "3 {\"c\":3}"]);
        assert_eq!(split("{\"a\":\"x\n{\"b\":2}"), ["1 {\"a\":\"x", "2 {\"b\":2}"]);
        assert_eq!(split("\"b\":2}\n{\"c\":3}"), ["1 \"b\":2}", "2 {\"c\":3}"]);
        // The second is the first one's value, as far as brackets tell: put aside with it, and counted.
        assert_eq!(split("{\"a\":\n{\"b\":2}\n{\"c\":3}"), ["1 {\"a\":\n{\"b\":2}", "3 {\"c\":3}"]);
    }

    #[test]
    fn files_that_break_off() {
        assert_eq!(split("{\"a\":1}\n{\"b\""), ["1 {\"a\":1}", "2 {\"b\""]);
        assert_eq!(split("[{\"a\":1},{\"b\""), ["1.0 {\"a\":1}", "1.1 {\"b\""]);
        assert_eq!(split("[{\"a\":1},\n"), ["1.0 {\"a\":1}", "2 unended"]);
        assert_eq!(split("{\"Records\":[{\"a\":1}]"), ["1.0 {\"a\":1}", "1 unended"]);
        assert_eq!(split("{\"Records\":["), ["1 unended"]);
    }

    #[test]
    fn a_record_past_the_limit_is_cut_and_the_next_is_whole() {
        let text = "{\"a\":\"0123456789\"}\n{\"b\":1}\n[\"0123456789\",{}]";
        let given = pieces(text, 7, 8);
        let long = What::Broken(Reason::TooLong(8));
        let bytes: Vec<_> = given.iter().map(|piece| (piece.bytes.as_slice(), piece.what == long)).collect();
        let cut = |bytes: &'static [u8]| (bytes, true);
        assert_eq!(bytes, [cut(b"{\"a\""), (b"{\"b\":1}".as_slice(), false), cut(b"\"012"), (b"{}".as_slice(), false)]);
        let deep = format!("{}\n{{}}", "[".repeat(MAX_OPEN + 5));
        // The deep one, the object, and that the outermost list does not end.
        assert_eq!(pieces(&deep, 1 << 10, 100).len(), 3);
    }
}
