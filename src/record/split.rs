//! Records in bytes: takes a file's bytes piece by piece, gives each record's bytes and place, without reading what they mean.
//!
//! A file holds JSON objects: one a line, one after the other, or written over several lines; in one list; or in the list that is the first
//! member of an object and called `Records` or `records`, whatever follows it. Commas and white space between records are passed over. Only
//! brackets and texts are looked at, so that a record with a slip in it does not hide the next one. Where a record does not end:
//!
//! - in a file whose first record stood on one line, every record ends with its line at the latest;
//! - before that, it ends where a line begins with an object that cannot stand there, or with a line break inside a text;
//! - at the latest it ends with the file.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use super::Limits;

/// The bytes of one record, or of what stands where one was expected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Piece {
    /// Without white space around.
    pub(super) bytes: Vec<u8>,
    /// The line in which it begins, from 1.
    pub(super) line: u64,
    /// Its place in a list of records, from 0.
    pub(super) element: Option<u64>,
    /// Whether it was longer than the limit, and so was cut.
    pub(super) too_long: bool,
    /// Whether it only says that the file ends inside a list of records.
    pub(super) unended: bool,
}

/// Gives the records of a file, one after the other.
pub(super) struct Splitter<R> {
    input: R,
    cutter: Cutter,
    ended: bool,
}

impl<R: BufRead> Splitter<R> {
    pub(super) fn new(input: R, limits: Limits) -> Self {
        Splitter { input, cutter: Cutter::new(limits), ended: false }
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
            let bytes = self.input.fill_buf()?;
            bytes.iter().for_each(|byte| self.cutter.byte(*byte));
            let used = bytes.len();
            if used == 0 {
                self.ended = true;
                self.cutter.end();
            }
            self.input.consume(used);
        }
    }
}

/// Where the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between records.
    Between,
    /// In a list or object.
    Value,
    /// Behind the list of records, in the object around it.
    Behind,
    /// In an element of a list of records that is no list or object.
    Scalar,
    /// In what can't be a record, up to the end of its line.
    Line,
}

/// Most brackets that are kept count of; JSON is not read that deep by far.
const MAX_OPEN: usize = 1 << 16;

struct Cutter {
    limits: Limits,
    state: State,
    /// Whether a record was seen that stood on one line.
    lines: bool,
    /// The current line, from 1.
    line: u64,
    /// What closes the lists and objects that are open, those around the records first.
    closers: Vec<u8>,
    /// How many of them are around the records: 0, 1 for a list, 2 for a list in an object.
    around: usize,
    /// The place of the next record in the list around it.
    element: u64,
    /// The record so far.
    piece: Piece,
    in_text: bool,
    escaped: bool,
    /// The last byte of the record outside of texts that is no white space.
    previous: u8,
    /// Where the current line begins in the record, and whether only white space stood on it so far.
    line_start: usize,
    fresh: bool,
    ready: VecDeque<Piece>,
}

impl Cutter {
    fn new(limits: Limits) -> Cutter {
        Cutter {
            limits,
            state: State::Between,
            lines: false,
            line: 1,
            closers: Vec::new(),
            around: 0,
            element: 0,
            piece: Piece::default(),
            in_text: false,
            escaped: false,
            previous: 0,
            line_start: 0,
            fresh: false,
            ready: VecDeque::new(),
        }
    }

    fn byte(&mut self, byte: u8) {
        match self.state {
            State::Between => self.between(byte),
            State::Value | State::Behind => self.inside(byte),
            State::Scalar => self.scalar(byte),
            State::Line if byte == b'\n' => self.give(),
            State::Line => self.keep(byte),
        }
        self.line += u64::from(byte == b'\n');
    }

    fn between(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {}
            b'[' if self.around == 0 => self.enter_list(),
            b'{' | b'[' => {
                self.begin(byte, State::Value);
                self.open(byte);
            }
            b']' if self.around > 0 => self.leave_list(),
            _ if self.around > 0 => self.begin(byte, State::Scalar),
            _ => self.begin(byte, State::Line),
        }
    }

    fn begin(&mut self, byte: u8, state: State) {
        self.state = state;
        let element = (self.around > 0).then_some(self.element);
        self.piece = Piece { line: self.line, element, ..Piece::default() };
        (self.in_text, self.escaped, self.previous) = (byte == b'"', false, byte);
        (self.line_start, self.fresh) = (0, false);
        self.keep(byte);
    }

    fn enter_list(&mut self) {
        self.closers.push(b']');
        self.around = self.closers.len();
        self.element = 0;
        self.piece = Piece::default();
        self.state = State::Between;
    }

    fn leave_list(&mut self) {
        self.closers.pop();
        self.around = 0;
        self.state = if self.closers.is_empty() { State::Between } else { State::Behind };
    }

    fn inside(&mut self, byte: u8) {
        if self.in_text {
            return self.in_text(byte);
        }
        match byte {
            b'\n' if self.lines && self.around == 0 => return self.break_off(),
            b'\n' => {
                self.keep(byte);
                (self.line_start, self.fresh) = (self.piece.bytes.len(), true);
                return;
            }
            b' ' | b'\t' | b'\r' => return self.keep(byte),
            b'"' => {
                self.in_text = true;
                self.keep(byte);
            }
            b'[' if self.begins_records() => return self.enter_list(),
            b'{' if self.begins_another() => {
                self.piece.bytes.truncate(self.line_start);
                self.lines = true;
                self.break_off();
                return self.between(byte);
            }
            b'{' | b'[' => {
                self.keep(byte);
                self.open(byte);
            }
            b'}' | b']' => {
                self.keep(byte);
                self.close(byte);
            }
            _ => self.keep(byte),
        }
        (self.previous, self.fresh) = (byte, false);
    }

    fn in_text(&mut self, byte: u8) {
        if byte == b'\n' {
            self.lines |= self.around == 0;
            return self.break_off();
        }
        self.keep(byte);
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => self.in_text = false,
            _ => {}
        }
    }

    /// Whether a `[` here begins the list of records of the object around it: `{"Records": [`.
    fn begins_records(&self) -> bool {
        let at_first_member = self.state == State::Value && self.around == 0 && self.closers.len() == 1;
        let solid = || self.piece.bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
        at_first_member && (solid().eq(br#"{"Records":"#) || solid().eq(br#"{"records":"#))
    }

    /// Whether a `{` here cannot belong to the record, which must have broken off before this line: in an object it needs a key.
    fn begins_another(&self) -> bool {
        let in_object = self.closers.last() == Some(&b'}');
        self.fresh && self.around == 0 && in_object && self.previous != b':'
    }

    fn open(&mut self, byte: u8) {
        if self.closers.len() < MAX_OPEN {
            self.closers.push(if byte == b'{' { b'}' } else { b']' });
        } else {
            self.rest_of_line();
        }
    }

    fn close(&mut self, byte: u8) {
        if self.closers.last() != Some(&byte) {
            return self.rest_of_line();
        }
        self.closers.pop();
        if self.closers.len() > self.around {
            return;
        }
        if self.state == State::Behind {
            self.state = State::Between;
        } else {
            self.lines |= self.around == 0 && self.line_start == 0;
            self.give();
        }
    }

    /// What is open makes no sense any more: the record goes on to the end of its line.
    fn rest_of_line(&mut self) {
        self.closers.truncate(self.around);
        self.state = State::Line;
    }

    /// The record ends here though something in it is still open.
    fn break_off(&mut self) {
        self.closers.truncate(self.around);
        self.in_text = false;
        self.give();
    }

    fn scalar(&mut self, byte: u8) {
        match byte {
            b'\n' => self.give(),
            b',' if !self.in_text => self.give(),
            b']' if !self.in_text => {
                self.give();
                self.leave_list();
            }
            b'"' if !self.escaped => {
                self.in_text = !self.in_text;
                self.keep(byte);
            }
            _ => {
                self.escaped = byte == b'\\' && !self.escaped;
                self.keep(byte);
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.state == State::Behind {
            return;
        }
        if self.piece.bytes.len() < self.limits.record {
            self.piece.bytes.push(byte);
        } else {
            self.piece.too_long = true;
        }
    }

    /// Hands the record on.
    fn give(&mut self) {
        let behind = self.state == State::Behind;
        self.state = State::Between;
        if behind {
            return;
        }
        let mut piece = std::mem::take(&mut self.piece);
        piece.bytes.truncate(piece.bytes.trim_ascii_end().len());
        if piece.too_long {
            piece.bytes.truncate(self.limits.kept);
        }
        self.element += 1;
        self.ready.push_back(piece);
    }

    fn end(&mut self) {
        let unended = match self.state {
            State::Between => self.around > 0,
            State::Behind => true,
            State::Value | State::Scalar | State::Line => {
                self.give();
                false
            }
        };
        if unended {
            self.ready.push_back(Piece { line: self.line, unended, ..Piece::default() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let end = if piece.unended { "unended" } else { "" };
            format!("{}{element} {}{end}", piece.line, String::from_utf8_lossy(&piece.bytes))
        };
        whole.iter().map(show).collect()
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
        let bytes: Vec<_> = given.iter().map(|piece| (piece.bytes.as_slice(), piece.too_long)).collect();
        let cut = |bytes: &'static [u8]| (bytes, true);
        assert_eq!(bytes, [cut(b"{\"a\""), (b"{\"b\":1}".as_slice(), false), cut(b"\"012"), (b"{}".as_slice(), false)]);
        let deep = format!("{}\n{{}}", "[".repeat(MAX_OPEN + 5));
        // The deep one, the object, and that the outermost list does not end.
        assert_eq!(pieces(&deep, 1 << 10, 100).len(), 3);
    }
}
