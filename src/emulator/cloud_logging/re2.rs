//! A pattern of RE2 → the same pattern for the `regex` crate.
//!
//! Both match in linear time and agree on most; what is read differently is rewritten (RE2's classes and word boundaries are of ASCII, a brace
//! may be literal, `[`, `&`, `-` and `~` mean nothing special in a class), and what RE2 does not have is rejected. From RE2's syntax page.

use std::collections::BTreeSet;

use regex::{Error, Regex, RegexBuilder};

use super::tree::Place;
use crate::emulator::Failure;

/// RE2's limit of a counted repetition, also of one inside another.
const MOST_REPEATS: u32 = 1000;

/// The largest compiled pattern, in bytes: as much as RE2 takes where nothing else is set.
const MOST_BYTES: usize = 8 << 20;

const POSIX: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

/// Classes by their letter.
const PERL: &[(char, &str)] = &[('d', "0-9"), ('w', "0-9A-Za-z_"), ('s', r"\t\n\f\r\x20")];

/// Compiles a pattern.
pub(super) fn compile(pattern: &str, at: &Place) -> Result<Regex, Failure> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut translator = Translator {
        chars,
        next: 0,
        out: String::new(),
        at,
        repeats: vec![1],
        atom: 1,
        repeated: false,
        after_flags: false,
        names: BTreeSet::new(),
    };
    translator.pattern()?;
    RegexBuilder::new(&translator.out).size_limit(MOST_BYTES).build().map_err(|error| match error {
        Error::CompiledTooBig(_) => Failure::unknown("this pattern is too large to be compiled", at.clone()),
        error => {
            let last = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
            Failure::rejected(format!("this is no pattern of RE2: {last}"), at.clone())
        }
    })
}

struct Translator<'a> {
    chars: Vec<char>,
    next: usize,
    out: String,
    at: &'a Place,
    /// The largest repetition within each open group.
    repeats: Vec<u32>,
    /// The largest repetition within the last item.
    atom: u32,
    /// Whether the last item is a repetition.
    repeated: bool,
    /// Whether flags stand right before.
    after_flags: bool,
    /// Of groups.
    names: BTreeSet<String>,
}

impl Translator<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.next + ahead).copied()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek(0)?;
        self.next += 1;
        Some(c)
    }

    fn rejected<T>(&self, what: &str) -> Result<T, Failure> {
        Err(Failure::rejected(format!("RE2 has no {what}"), self.at.clone()))
    }

    fn unknown<T>(&self, what: &str) -> Result<T, Failure> {
        Err(Failure::unknown(format!("{what} in a pattern is not known"), self.at.clone()))
    }

    fn literal(&mut self, c: char) {
        if c.is_ascii_alphanumeric() || !c.is_ascii() {
            self.out.push(c);
        } else {
            self.out.push_str(&format!("\\x{{{:x}}}", u32::from(c)));
        }
    }

    fn item(&mut self, atom: u32) {
        self.atom = atom;
        self.repeated = false;
        self.after_flags = false;
    }

    fn pattern(&mut self) -> Result<(), Failure> {
        while let Some(c) = self.take() {
            match c {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => self.group()?,
                ')' => {
                    let inner = self.repeats.pop().unwrap_or(1);
                    self.out.push(')');
                    self.count(inner);
                    self.item(inner);
                }
                '*' | '+' | '?' => self.repetition(&c.to_string(), 1)?,
                '{' => match self.counted() {
                    Some((text, most)) => self.repetition(&text, most)?,
                    None => {
                        self.literal(c);
                        self.item(1);
                    }
                },
                '.' | '^' | '$' | '|' => {
                    self.out.push(c);
                    self.item(1);
                }
                _ => {
                    self.literal(c);
                    self.item(1);
                }
            }
        }
        Ok(())
    }

    /// Notes a repetition in the group that is open.
    fn count(&mut self, repeats: u32) {
        if let Some(largest) = self.repeats.last_mut() {
            *largest = repeats.max(*largest);
        }
    }

    fn repetition(&mut self, text: &str, most: u32) -> Result<(), Failure> {
        if self.repeated {
            return self.rejected("repetition right after a repetition");
        }
        if self.after_flags {
            return self.unknown("a repetition right after flags");
        }
        let repeats = self.atom.saturating_mul(most.max(1));
        if repeats > MOST_REPEATS {
            return self.rejected("repetition of more than 1000 times");
        }
        self.count(repeats);
        self.out.push_str(text);
        if self.peek(0) == Some('?') {
            self.next += 1;
            self.out.push('?');
        }
        self.repeated = true;
        Ok(())
    }

    /// `{n}`, `{n,}` or `{n,m}` after its brace, with its largest number; else the brace is a character.
    fn counted(&mut self) -> Option<(String, u32)> {
        let length = self.chars.get(self.next..)?.iter().position(|c| *c == '}')?;
        let inner: String = self.chars.get(self.next..self.next + length)?.iter().collect();
        let (least, most) = inner.split_once(',').unwrap_or((&inner, ""));
        let number = |text: &str| -> Option<u32> {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| text.parse().unwrap_or(u32::MAX))
        };
        let least = number(least)?;
        let most = if most.is_empty() { least } else { number(most)? };
        self.next += length + 1;
        Some((format!("{{{inner}}}"), most.max(least)))
    }

    /// After an opening parenthesis.
    fn group(&mut self) -> Result<(), Failure> {
        self.out.push('(');
        self.item(1);
        if self.peek(0) != Some('?') {
            self.repeats.push(1);
            return Ok(());
        }
        self.next += 1;
        let named = match (self.peek(0), self.peek(1)) {
            (Some('P'), Some('<')) => 2,
            (Some('<'), Some(next)) if next != '=' && next != '!' => 1,
            _ => 0,
        };
        if named > 0 {
            self.next += named;
            self.repeats.push(1);
            return self.name();
        }
        self.out.push('?');
        while let Some(c) = self.take() {
            match c {
                'i' | 'm' | 's' | 'U' | '-' => self.out.push(c),
                ':' => {
                    self.out.push(c);
                    self.repeats.push(1);
                    return Ok(());
                }
                ')' => {
                    self.out.push(c);
                    self.after_flags = true;
                    return Ok(());
                }
                _ => return self.rejected(&format!("group that begins with `(?` and has `{c}` there")),
            }
        }
        self.rejected("group without an end")
    }

    /// The name of a group, to its closing bracket.
    fn name(&mut self) -> Result<(), Failure> {
        let mut name = String::new();
        while let Some(c) = self.take().filter(|c| *c != '>') {
            name.push(c);
        }
        if name.is_empty() || !name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric()) {
            return self.unknown("such a name of a group");
        }
        self.out.push_str(&format!("?P<{name}>"));
        if !self.names.insert(name) {
            return self.unknown("one name of two groups");
        }
        Ok(())
    }

    /// After a backslash, outside of a class.
    fn escape(&mut self) -> Result<(), Failure> {
        let Some(c) = self.take() else { return self.rejected("backslash at the end") };
        self.item(1);
        if let Some((_, class)) = PERL.iter().find(|(letter, _)| *letter == c.to_ascii_lowercase()) {
            self.out.push_str(if c.is_ascii_uppercase() { "[^" } else { "[" });
            self.out.push_str(class);
            self.out.push(']');
            return Ok(());
        }
        match c {
            'A' | 'z' => {
                self.out.push('\\');
                self.out.push(c);
            }
            'b' | 'B' => self.out.push_str(&format!("(?-u:\\{c})")),
            'p' | 'P' => self.property(c)?,
            'Q' => {
                while let Some(c) = self.take() {
                    if c == '\\' && self.peek(0) == Some('E') {
                        self.next += 1;
                        break;
                    }
                    self.literal(c);
                    self.item(1);
                }
            }
            'C' => return self.unknown("`\\C`, one byte,"),
            _ => {
                let c = self.character(c)?;
                self.literal(c);
            }
        }
        Ok(())
    }

    /// A character by its escape: at the character after the backslash, which is read.
    fn character(&mut self, c: char) -> Result<char, Failure> {
        let digits = |text: String, radix| u32::from_str_radix(&text, radix).ok().and_then(char::from_u32);
        let character = match c {
            'a' => Some('\u{7}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'v' => Some('\u{b}'),
            '0'..='7' => {
                if c != '0' && !self.peek(0).is_some_and(|next| next.is_digit(8)) {
                    return self.rejected(&format!("reference back to a group, as `\\{c}`"));
                }
                let mut text = c.to_string();
                while text.len() < 3 && self.peek(0).is_some_and(|next| next.is_digit(8)) {
                    text.extend(self.take());
                }
                digits(text, 8)
            }
            'x' if self.peek(0) == Some('{') => {
                self.next += 1;
                let mut text = String::new();
                while let Some(next) = self.take().filter(|next| *next != '}') {
                    text.push(next);
                }
                digits(text, 16)
            }
            'x' => {
                let text: String = [self.take(), self.take()].into_iter().flatten().collect();
                if text.len() == 2 { digits(text, 16) } else { None }
            }
            '_' => return self.unknown("`\\_`"),
            _ if c.is_ascii_alphanumeric() => return self.rejected(&format!("escape `\\{c}`")),
            _ if c.is_ascii() => Some(c),
            _ => None,
        };
        match character {
            Some(character) => Ok(character),
            None => self.rejected(&format!("such an escape, `\\{c}`")),
        }
    }

    /// A class of Unicode, after `\p` or `\P`: a general category of one letter or two. Others are not known.
    fn property(&mut self, letter: char) -> Result<(), Failure> {
        let mut name = String::new();
        match self.take() {
            Some('{') => {
                while let Some(c) = self.take().filter(|c| *c != '}') {
                    name.push(c);
                }
            }
            other => name.extend(other),
        }
        let category = match name.as_bytes() {
            [first] => b"LMNPSZC".contains(first),
            [first, second] => b"LMNPSZC".contains(first) && second.is_ascii_lowercase(),
            _ => false,
        };
        if !category {
            return self.unknown(&format!("the class `{name}` of Unicode"));
        }
        self.out.push_str(&format!("\\{letter}{{{name}}}"));
        Ok(())
    }

    /// After an opening bracket.
    fn class(&mut self) -> Result<(), Failure> {
        self.out.push('[');
        if self.peek(0) == Some('^') {
            self.next += 1;
            self.out.push('^');
        }
        let mut first = true;
        while let Some(c) = self.take() {
            match c {
                ']' if !first => {
                    self.out.push(']');
                    self.item(1);
                    return Ok(());
                }
                '[' if self.peek(0) == Some(':') && self.posix()? => {}
                '\\' if self.perl_in_class() => {}
                '\\' if matches!(self.peek(0), Some('p' | 'P')) => {
                    let letter = self.take().unwrap_or_default();
                    self.property(letter)?;
                }
                _ => self.range(c)?,
            }
            first = false;
        }
        self.rejected("class without an end")
    }

    /// A character of a class, or a range of them.
    fn range(&mut self, c: char) -> Result<(), Failure> {
        let low = self.class_character(c)?;
        self.literal(low);
        if self.peek(0) == Some('-') && self.peek(1).is_some_and(|next| next != ']') {
            self.next += 1;
            let c = self.take().unwrap_or_default();
            let high = self.class_character(c)?;
            if low > high {
                return self.rejected(&format!("range from {low:?} to {high:?}"));
            }
            self.out.push('-');
            self.literal(high);
        }
        Ok(())
    }

    fn class_character(&mut self, c: char) -> Result<char, Failure> {
        if c != '\\' {
            return Ok(c);
        }
        match self.take() {
            Some(escaped) => self.character(escaped),
            None => self.rejected("backslash at the end"),
        }
    }

    fn perl_in_class(&mut self) -> bool {
        let Some(c) = self.peek(0) else { return false };
        let Some((_, class)) = PERL.iter().find(|(letter, _)| *letter == c.to_ascii_lowercase()) else { return false };
        self.next += 1;
        self.out.push_str(if c.is_ascii_uppercase() { "[^" } else { "[" });
        self.out.push_str(class);
        self.out.push(']');
        true
    }

    /// `[:name:]` or `[:^name:]`, after its bracket; false where it is none.
    fn posix(&mut self) -> Result<bool, Failure> {
        let rest = self.chars.get(self.next + 1..).unwrap_or_default();
        let Some(length) = rest.windows(2).position(|two| two == [':', ']']) else { return Ok(false) };
        let name: String = rest.iter().take(length).collect();
        if !POSIX.contains(&name.trim_start_matches('^')) {
            return self.rejected(&format!("class `[:{name}:]`"));
        }
        self.next += length + 3;
        self.out.push_str(&format!("[:{name}:]"));
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::compile;
    use crate::emulator::Kind;

    #[test]
    fn patterns_match_as_in_re2() {
        for (pattern, text, expected) in [
            (r"^\d+$", "123", true),
            (r"^\d+$", "١٢٣", false),
            (r"^\w+$", "naïve", false),
            (r"^\W$", "é", true),
            (r"^\s$", "\u{a0}", false),
            (r"^\s$", "\u{b}", false),
            (r"^[^\s]$", "\u{b}", true),
            (r"a\b", "aé", true),
            (r"a\B", "ab", true),
            (r"^x{,2}$", "x{,2}", true),
            (r"^x{2}$", "xx", true),
            (r"^x{a}$", "x{a}", true),
            (r"^[a&&b]$", "&", true),
            (r"^[a[b]$", "[", true),
            (r"^[a~~b]$", "~", true),
            (r"^[a-c-e]$", "-", true),
            (r"^[a-c-e]$", "d", false),
            (r"^[]a]$", "]", true),
            (r"^[^]a]$", "b", true),
            (r"^\Qa.b\E$", "a.b", true),
            (r"^\Qa.b\E$", "axb", false),
            (r"^\101$", "A", true),
            (r"^\x41\x{42}$", "AB", true),
            (r"^[[:alpha:][:digit:]]+$", "a1", true),
            (r"^[[:^alpha:]]$", "1", true),
            (r"^\pL$", "é", true),
            (r"^[\p{Lu}]$", "É", true),
            ("^a.b$", "a\nb", false),
            ("(?s)^a.b$", "a\nb", true),
            ("a$", "a\n", false),
            ("(?m)a$", "a\nb", true),
            ("(?i)K", "\u{212a}", true),
            (r"^(?P<x>a)(?<y>b)$", "ab", true),
            (r"^a\#b c$", "a#b c", true),
        ] {
            let matched = compile(pattern, &(0..0)).map(|regex| regex.is_match(text));
            assert_eq!(matched, Ok(expected), "{pattern} on {text:?}");
        }
    }

    #[test]
    fn what_re2_lacks_is_rejected() {
        for pattern in [
            "(?=a)",
            "(?!a)",
            "(?<=a)",
            "(?<!a)",
            "(?>a)",
            r"(a)\1",
            "a**",
            "a*+",
            "a{2}{3}",
            "a{1001}",
            "(a{100}){11}",
            "((a{10}){10}b){11}",
            "*a",
            "(a",
            "a)",
            "[a",
            "[z-a]",
            r"\Z",
            r"\h",
            "[[:vowel:]]",
            "(?x)a",
            r"[\b]",
            "a\\",
            r"\8",
        ] {
            let kind = compile(pattern, &(0..0)).map_err(|failure| failure.kind).err();
            assert_eq!(kind, Some(Kind::Rejected), "{pattern}");
        }
        for pattern in [r"\p{Greek}", r"\C", r"\_", "(?P<x>a)(?P<x>b)", "a(?i)*"] {
            let kind = compile(pattern, &(0..0)).map_err(|failure| failure.kind).err();
            assert_eq!(kind, Some(Kind::Unknown), "{pattern}");
        }
    }
}
