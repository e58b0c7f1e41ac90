//! Where records end: takes a text byte by byte, gives the records that ended, as `split` says it.

use std::collections::VecDeque;

use super::envelope::begins_events;
use super::split::{Mark, Piece, What};
use super::{Limits, Reason};

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
pub(super) const MAX_OPEN: usize = 1 << 16;
/// What is open at the first key of an answer's first event: an object, its list, an object.
const EVENTS_AROUND: usize = 3;

/// Cuts a text into records.
pub(super) struct Cutter {
    limits: Limits,
    state: State,
    /// Whether a record was seen that stood on one line, and whether a list of records was.
    pub(super) lines: bool,
    lists: bool,
    /// The current line, from 1, and the bytes up to here.
    pub(super) line: u64,
    pub(super) read: u64,
    /// Behind the last record that ended outside of lists; whether there was one, and whether it ended at this byte.
    pub(super) whole: Mark,
    given: bool,
    gave: bool,
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
    pub(super) ready: VecDeque<Piece>,
}

impl Cutter {
    pub(super) fn new(limits: Limits) -> Cutter {
        Cutter {
            limits,
            state: State::Between,
            lines: false,
            lists: false,
            line: 1,
            read: 0,
            whole: Mark { offset: 0, line: 1 },
            given: false,
            gave: false,
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

    /// Takes the next bytes.
    pub(super) fn bytes(&mut self, mut bytes: &[u8]) {
        while let Some((byte, rest)) = bytes.split_first() {
            self.byte(*byte);
            let (plain, rest) = rest.split_at(self.plain_length(rest));
            self.plain(plain);
            bytes = rest;
        }
    }

    /// How many bytes from here on can be taken at once: they lie inside one record, and none of them ends it, or a line, or asks whether it is
    /// one. Most bytes of a log do.
    fn plain_length(&mut self, bytes: &[u8]) -> usize {
        if self.escaped || !matches!(self.state, State::Value | State::Behind) {
            return 0;
        }
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let taken = if self.in_text { self.plain_text(rest) } else { self.plain_byte(rest) };
            let Some(taken) = taken else { break };
            at += taken;
        }
        at
    }

    /// Inside of a text: bytes up to its end, or up to an escape; none where the line ends, or an escape may be cut off.
    fn plain_text(&mut self, bytes: &[u8]) -> Option<usize> {
        let Some(length) = memchr::memchr3(b'"', b'\\', b'\n', bytes) else { return Some(bytes.len()) };
        match bytes.get(length..) {
            Some([b'"', ..]) => {
                (self.in_text, self.previous, self.fresh) = (false, b'"', false);
                Some(length + 1)
            }
            Some([b'\\', next, ..]) if *next != b'\n' => Some(length + 2),
            _ => Some(length).filter(|length| *length > 0),
        }
    }

    /// Outside of texts: the next byte; none where it may end the record or the line, or begin another record.
    fn plain_byte(&mut self, bytes: &[u8]) -> Option<usize> {
        let byte = *bytes.first()?;
        match byte {
            b' ' | b'\t' | b'\r' => return Some(1),
            b'"' => self.in_text = true,
            b'{' | b'[' if !self.fresh && self.is_deep() && self.closers.len() < MAX_OPEN => {
                self.closers.push(if byte == b'{' { b'}' } else { b']' });
            }
            b'}' | b']' if self.is_deep() && self.closers.last() == Some(&byte) => _ = self.closers.pop(),
            b':' if self.is_deep() && self.closers.len() > EVENTS_AROUND => {}
            b':' if self.closers.len() < EVENTS_AROUND => {}
            b'\n' | b'{' | b'}' | b'[' | b']' | b':' => return None,
            _ => {}
        }
        (self.previous, self.fresh) = (byte, false);
        Some(1)
    }

    /// Whether more is open than what is around the records, and the record.
    fn is_deep(&self) -> bool {
        self.closers.len() > self.around + 1
    }

    /// Takes bytes of which none needs a look.
    fn plain(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.read += bytes.len() as u64;
        self.gave = false;
        self.keep(bytes);
    }

    /// Takes the next byte.
    fn byte(&mut self, byte: u8) {
        self.read += 1;
        self.gave = false;
        match self.state {
            State::Between => self.between(byte),
            State::Value | State::Behind => self.inside(byte),
            State::Scalar => self.scalar(byte),
            State::Line if byte == b'\n' => self.give(),
            State::Line => self.keep(&[byte]),
        }
        self.line += u64::from(byte == b'\n');
        if self.gave {
            // What begins at this byte was not part of what it ended.
            let begun = u64::from(self.state != State::Between);
            self.whole = Mark { offset: self.read - begun, line: self.line };
            self.given = true;
        }
    }

    /// Bytes behind the last whole record that are no white space.
    pub(super) fn begun(&self) -> u64 {
        if self.state == State::Between { 0 } else { self.read - self.whole.offset }
    }

    /// Whether it is a text of one record a line, as far as it shows, so that it may grow by lines.
    pub(super) fn grows_by_lines(&self) -> bool {
        let first_line = !self.given && self.line_start == 0;
        !self.lists && (self.lines || first_line)
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
        self.piece = Piece { line: self.line, offset: self.read - 1, element, ..Piece::default() };
        (self.in_text, self.escaped, self.previous) = (byte == b'"', false, byte);
        (self.line_start, self.fresh) = (0, false);
        self.keep(&[byte]);
    }

    fn enter_list(&mut self) {
        self.closers.push(b']');
        self.lists = true;
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
                self.keep(&[byte]);
                (self.line_start, self.fresh) = (self.piece.bytes.len(), true);
                return;
            }
            b' ' | b'\t' | b'\r' => return self.keep(&[byte]),
            b'"' => {
                self.in_text = true;
                self.keep(&[byte]);
            }
            b'[' if self.begins_records() => return self.enter_list(),
            b'{' if self.begins_another() => {
                self.piece.bytes.truncate(self.line_start);
                self.lines = true;
                self.break_off();
                return self.between(byte);
            }
            b'{' | b'[' => {
                self.keep(&[byte]);
                self.open(byte);
            }
            b'}' | b']' => {
                self.keep(&[byte]);
                self.close(byte);
            }
            b':' if self.in_first_event() => {
                self.keep(&[byte]);
                self.enter_events();
            }
            _ => self.keep(&[byte]),
        }
        (self.previous, self.fresh) = (byte, false);
    }

    fn in_text(&mut self, byte: u8) {
        if byte == b'\n' {
            self.lines |= self.around == 0;
            return self.break_off();
        }
        self.keep(&[byte]);
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

    /// Whether a `:` here follows the first key of the first event of an answer of CloudWatch Logs: `{"events": [{"timestamp"`.
    fn in_first_event(&self) -> bool {
        let there = self.state == State::Value && self.around == 0 && self.closers == *b"}]}";
        there && begins_events(&self.piece.bytes)
    }

    /// What was taken for a record up to here is the list around it: the record is its first event.
    fn enter_events(&mut self) {
        let bytes = std::mem::take(&mut self.piece.bytes);
        let start = bytes.iter().rposition(|byte| *byte == b'{').unwrap_or_default();
        let (before, event) = bytes.split_at(start);
        let lines = before.iter().filter(|byte| **byte == b'\n').count() as u64;
        let (line, offset) = (self.piece.line + lines, self.piece.offset + start as u64);
        self.piece = Piece { bytes: event.to_vec(), line, offset, element: Some(0), ..Piece::default() };
        (self.around, self.element, self.lists) = (2, 0, true);
        self.line_start = self.line_start.saturating_sub(start);
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
                self.keep(&[byte]);
            }
            _ => {
                self.escaped = byte == b'\\' && !self.escaped;
                self.keep(&[byte]);
            }
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.state == State::Behind {
            return;
        }
        let room = self.limits.record.saturating_sub(self.piece.bytes.len());
        self.piece.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        if bytes.len() > room {
            self.piece.what = What::Broken(Reason::TooLong(self.limits.record));
        }
    }

    /// Hands the record on.
    fn give(&mut self) {
        let behind = self.state == State::Behind;
        self.state = State::Between;
        if behind {
            return;
        }
        self.gave = self.around == 0;
        let piece = self.taken();
        self.ready.push_back(piece);
    }

    fn taken(&mut self) -> Piece {
        let mut piece = std::mem::take(&mut self.piece);
        piece.bytes.truncate(piece.bytes.trim_ascii_end().len());
        if piece.what != What::Record {
            piece.bytes.truncate(self.limits.kept);
        }
        self.element += 1;
        piece
    }

    /// What was begun, if anything was, as what can't be read on.
    pub(super) fn broken(&mut self, reason: Reason) -> Piece {
        let begun = matches!(self.state, State::Value | State::Scalar | State::Line);
        let what = What::Broken(reason);
        if !begun {
            return Piece { line: self.line, offset: self.read, what, ..Piece::default() };
        }
        self.piece.what = what;
        self.taken()
    }

    /// The text ends here.
    pub(super) fn end(&mut self) {
        let unended = match self.state {
            State::Between => self.around > 0,
            State::Behind => true,
            State::Value | State::Scalar | State::Line => {
                self.give();
                false
            }
        };
        if unended {
            let what = What::Broken(Reason::Unended);
            self.ready.push_back(Piece { line: self.line, offset: self.read, what, ..Piece::default() });
        }
    }
}
