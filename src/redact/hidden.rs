//! Text that is written otherwise: takes a text, gives the text that it stands for and where each part of that came from.
//!
//! Undone are URL encoding, JSON's escapes, HTML's numeric references, digits and letters of other widths and styles (by Unicode's compatibility
//! decomposition), spaces and hyphens that are not ASCII's, and characters that are not seen.

use unicode_normalization::char::decompose_compatible;

/// A part: where it stands in the written text and in the decoded one. Parts of equal length are copies, byte for byte.
#[derive(Clone, Copy)]
struct Part {
    decoded: usize,
    written: usize,
    length: usize,
    written_length: usize,
}

/// A text with its parts.
pub(super) struct View {
    pub(super) text: String,
    parts: Vec<Part>,
}

impl View {
    /// Where a range of the decoded text was written.
    pub(super) fn written(&self, start: usize, end: usize) -> (usize, usize) {
        (self.place(start, false), self.place(end, true))
    }

    fn place(&self, at: usize, end: bool) -> usize {
        // The end of a range belongs to the part before it.
        let behind = self.parts.partition_point(|part| if end { part.decoded < at } else { part.decoded <= at });
        let Some(part) = behind.checked_sub(1).and_then(|index| self.parts.get(index)) else { return 0 };
        if part.length == part.written_length {
            part.written + (at - part.decoded).min(part.length)
        } else if end {
            part.written + part.written_length
        } else {
            part.written
        }
    }

    fn copy(&mut self, written: usize, text: &str) {
        self.push(written, text.len(), text);
    }

    fn push(&mut self, written: usize, written_length: usize, text: &str) {
        if !text.is_empty() {
            self.parts.push(Part { decoded: self.text.len(), written, length: text.len(), written_length });
            self.text.push_str(text);
        }
    }
}

/// What a text stands for; none if it stands for itself.
pub(super) fn decoded(text: &str) -> Option<View> {
    let mut view = View { text: String::new(), parts: Vec::new() };
    let (mut at, mut copied) = (0, 0);
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        let rest = text.get(at..).unwrap_or_default();
        let (length, stands_for) = match byte {
            b'%' => percent(rest.as_bytes()),
            b'\\' => escape(rest),
            b'&' => reference(rest),
            0x80.. => folded(rest, bytes.get(at.wrapping_sub(1)).copied()),
            _ => None,
        }
        .unwrap_or_default();
        if length == 0 {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        }
        view.copy(copied, text.get(copied..at).unwrap_or_default());
        view.push(at, length, &stands_for);
        at += length;
        copied = at;
    }
    if copied == 0 {
        return None;
    }
    view.copy(copied, text.get(copied..).unwrap_or_default());
    Some(view)
}

type Unit = Option<(usize, String)>;

/// One character of one to four encoded bytes.
fn percent(bytes: &[u8]) -> Unit {
    let mut character = Vec::with_capacity(4);
    for triple in bytes.chunks_exact(3).take(4) {
        let [b'%', high, low] = triple else { break };
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        character.push(digit(high)? << 4 | digit(low)?);
        if let Ok(text) = std::str::from_utf8(&character) {
            return Some((character.len() * 3, text.to_owned()));
        }
    }
    None
}

fn escape(text: &str) -> Unit {
    let white = |character: &str| Some((2, character.to_owned()));
    match text.as_bytes().get(1)? {
        b'n' => white("\n"),
        b'r' => white("\r"),
        b't' => white("\t"),
        b'"' => white("\""),
        b'/' => white("/"),
        b'\\' => white("\\"),
        b'u' | b'x' => {
            let unit = |from: usize, to: usize| u32::from_str_radix(text.get(from..to)?, 16).ok();
            if text.as_bytes().get(1) == Some(&b'x') {
                return char::from_u32(unit(2, 4)?).map(|character| (4, character.to_string()));
            }
            let first = unit(2, 6)?;
            if let Some(character) = char::from_u32(first) {
                return Some((6, character.to_string()));
            }
            let second = text.get(6..8).filter(|mark| *mark == "\\u").and_then(|_| unit(8, 12))?;
            let pair = 0x1_0000 + ((first & 0x3ff) << 10 | second & 0x3ff);
            char::from_u32(pair).map(|character| (12, character.to_string()))
        }
        _ => None,
    }
}

/// `&#64;`, `&#x40;`, `&amp;`.
fn reference(text: &str) -> Unit {
    if text.starts_with("&amp;") {
        return Some((5, "&".to_owned()));
    }
    let digits = text.strip_prefix("&#")?;
    let (digits, radix, marks) = match digits.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => (hexadecimal, 16, 4),
        None => (digits, 10, 3),
    };
    let length = digits.bytes().take(7).position(|byte| byte == b';')?;
    let number = u32::from_str_radix(digits.get(..length)?, radix).ok()?;
    char::from_u32(number).map(|character| (marks + length, character.to_string()))
}

/// A character that stands for one of ASCII's, or for none.
fn folded(text: &str, before: Option<u8>) -> Unit {
    let character = text.chars().next()?;
    let plain = match character {
        // Soft hyphen, zero-width space, joiners, marks of direction, word joiner, byte order mark.
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => String::new(),
        '\u{2010}'..='\u{2012}' | '\u{2212}' => "-".to_owned(),
        // An en dash between digits is a hyphen; between words it is a dash.
        '\u{2013}' if before.is_some_and(|byte| byte.is_ascii_digit()) => "-".to_owned(),
        _ => {
            let mut plain = String::new();
            decompose_compatible(character, |part| plain.push(part));
            if plain.len() != 1 {
                return None;
            }
            plain
        }
    };
    Some((character.len_utf8(), plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_something_else() {
        for (written, meant) in [
            ("jane%40example.com", "jane@example.com"),
            ("a%C3%A9b", "aéb"),
            (r"jane\u0040example.com", "jane@example.com"),
            (r"https:\/\/x\n\ud83d\ude00", "https://x\n😀"),
            ("jane&#64;example&#x2e;com", "jane@example.com"),
            ("４１１１\u{200b}𝟏𝟏", "411111"),
            ("219‑09‐9999", "219-09-9999"),
        ] {
            let view = decoded(written).map(|view| view.text);
            assert_eq!(view.as_deref(), Some(meant));
        }
        for plain in ["", "100% sure", "a\\b", "é—“", "R&D", "%zz%C3", "\\ud83d", "&#;"] {
            assert!(decoded(plain).is_none(), "{plain}");
        }
    }

    #[test]
    fn every_part_knows_where_it_was_written() {
        let written = "to: jane%40example.com!";
        let view = decoded(written).expect("it is encoded");
        let start = view.text.find("jane").expect("it is there");
        let (from, to) = view.written(start, start + "jane@example.com".len());
        assert_eq!(&written[from..to], "jane%40example.com");
        assert_eq!(view.written(start + 4, start + 5), (8, 11));
    }
}
