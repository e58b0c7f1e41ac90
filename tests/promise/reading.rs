//! How a target's parser reads a query: takes the tree that it shows, gives its parts, and what differs from the query of another text.

use std::str::Chars;

use regex_syntax::escape;

/// A part of a shown tree: what stands before its bracket, and the parts inside.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Part {
    head: String,
    inner: Vec<Part>,
}

impl Part {
    /// A shown tree without what tells where in the query its parts stand.
    pub(crate) fn of_tree(tree: &str) -> Part {
        let mut open = vec![Part::default(), Part::default()];
        let mut chars = tree.chars();
        while let Some(c) = chars.next() {
            match (c, open.last_mut()) {
                ('{' | '(' | '[', Some(last)) => {
                    last.head.push(c);
                    open.push(Part::default());
                }
                ('}' | ')' | ']', _) => {
                    close(&mut open);
                    close(&mut open);
                    open.push(Part::default());
                }
                (',', _) => {
                    close(&mut open);
                    open.push(Part::default());
                }
                ('"' | '\'', Some(last)) => quoted(c, &mut chars, &mut last.head),
                (' ', Some(last)) if last.head.is_empty() => {}
                (c, Some(last)) => last.head.push(c),
                (_, None) => {}
            }
        }
        close(&mut open);
        open.swap_remove(0)
    }

    /// The text that it is, where it is one alone.
    fn text(&self) -> Option<&str> {
        match self.inner.as_slice() {
            [text] if self.head == "node: Text(" => Some(quotation(&text.head)?.1),
            [only] if self.head == "Expr {" => only.text(),
            _ => None,
        }
    }

    /// CloudWatch's texts have no escapes: one that no quotes can hold is put together of several by `concat`, which are one text here.
    fn joined(mut self) -> Part {
        if let (true, [function, arguments]) = (self.head == "node: Call(", self.inner.as_mut_slice())
            && function.inner.first().is_some_and(|name| name.head == "Concat")
        {
            let mut joined: Vec<Part> = Vec::new();
            for argument in arguments.inner.drain(..) {
                match (joined.last_mut().filter(|last| last.text().is_some()), argument.text()) {
                    (Some(last), Some(text)) => {
                        *last = text_part(&format!("{}{text}", last.text().unwrap_or_default()))
                    }
                    _ => joined.push(argument),
                }
            }
            if let [only] = joined.as_slice()
                && let Some(text) = only.text()
            {
                return text_part(text).inner.remove(0);
            }
            arguments.inner = joined;
        }
        self
    }
}

/// A text as a part.
fn text_part(text: &str) -> Part {
    let literal = Part { head: format!("\"{text}\""), inner: Vec::new() };
    let node = Part { head: "node: Text(".to_owned(), inner: vec![literal] };
    Part { head: "Expr {".to_owned(), inner: vec![node] }
}

/// Takes what stands in quotes, whose first one is taken.
fn quoted(quote: char, chars: &mut Chars<'_>, out: &mut String) {
    out.push(quote);
    while let Some(c) = chars.next() {
        out.push(c);
        match c {
            '\\' => out.extend(chars.next()),
            c if c == quote => return,
            _ => {}
        }
    }
}

/// Puts the last open part into the one around it, if it says anything.
fn close(open: &mut Vec<Part>) {
    // Where in the query a part stands, and whether a name stands in backticks, is no part of what it says.
    let says = |part: &Part| {
        let place = part.head.split_once("..").is_some_and(|(start, _)| start.parse::<usize>().is_ok());
        let apart = ["at: ", "span: ", "quote_style: "].iter().any(|start| part.head.starts_with(start));
        !part.head.is_empty() && !place && !apart
    };
    if let (Some(part), Some(outer)) = (open.pop().filter(says), open.last_mut()) {
        outer.inner.push(part.joined());
    }
}

/// What stands in quotes, still escaped, and what stands before and after.
fn quotation(line: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = line.split_once('"')?;
    let (text, after) = rest.rsplit_once('"')?;
    Some((before, text, after))
}

/// A text as Rust's `Debug` escaped it.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match (c, (c == '\\').then(|| rest.next()).flatten()) {
            (_, Some('n')) => out.push('\n'),
            (_, Some('r')) => out.push('\r'),
            (_, Some('t')) => out.push('\t'),
            (_, Some('0')) => out.push('\0'),
            (_, Some('u')) => {
                let code: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
                out.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
            }
            (_, Some(c)) | (c, None) => out.push(c),
        }
    }
    out
}

/// A harmless text, a mark that it bears and no other part of a query, and the text that takes its place.
pub(crate) struct Swap {
    pub(crate) mark: String,
    pub(crate) from: String,
    pub(crate) to: String,
    /// Whether its letters may stand in another case.
    pub(crate) nocase: bool,
}

/// What differs between a query of harmless texts and one of others, but for these texts.
pub(crate) fn difference(harmless: &Part, read: &Part, swaps: &[Swap]) -> Option<String> {
    let marked: Vec<&Swap> = swaps.iter().filter(|swap| harmless.head.contains(&swap.mark)).collect();
    let same = if marked.is_empty() {
        harmless.head == read.head || swaps.iter().any(|swap| swap.counted(&harmless.head, &read.head))
    } else {
        marked.iter().any(|swap| swap.made(&harmless.head, &read.head))
    };
    if !same {
        return Some(format!("`{}` stands where `{}` does of a harmless text", read.head, harmless.head));
    }
    if harmless.inner.len() != read.inner.len() {
        return Some(format!("`{}` has {} parts, not {}", read.head, read.inner.len(), harmless.inner.len()));
    }
    harmless.inner.iter().zip(&read.inner).find_map(|(harmless, read)| difference(harmless, read, swaps))
}

impl Swap {
    /// Whether it makes one part of another: with the text as it is, in small letters, or as the pattern that matches it.
    fn made(&self, harmless: &str, read: &str) -> bool {
        let (Some((before, harmless, after)), Some((start, read, end))) = (quotation(harmless), quotation(read)) else {
            return false;
        };
        let (harmless, read) = (unescaped(harmless), unescaped(read));
        let is = |to: &str| harmless.contains(&self.from) && harmless.replace(&self.from, to) == read;
        let folded = || is(&self.to.to_ascii_lowercase()) || self.made_pattern(&harmless, &read, nocase);
        (before, after) == (start, end)
            && (is(&self.to) || self.made_pattern(&harmless, &read, escape) || self.nocase && folded())
    }

    /// Whether both are how many characters the text has.
    fn counted(&self, harmless: &str, read: &str) -> bool {
        let count = |text: &str| text.chars().count().to_string();
        harmless == count(&self.from) && read == count(&self.to)
    }

    /// Whether it makes one pattern of another, where the text stands in a pattern as `written`.
    fn made_pattern(&self, harmless: &str, read: &str, written: fn(&str) -> String) -> bool {
        let (from, to) = (written(&self.from), written(&self.to));
        let (Some(pattern), Some(text), Some(read)) = (canonical(harmless), canonical(&from), canonical(read)) else {
            return false;
        };
        // Characters that follow one another are a group.
        let text = text.strip_prefix("(?:").and_then(|text| text.strip_suffix(')')).unwrap_or(&text);
        let is = |pattern: &str, text: &str| {
            pattern.contains(text) && canonical(&pattern.replace(text, &to)).as_ref() == Some(&read)
        };
        is(&pattern, text) || is(harmless, &from)
    }
}

/// A pattern as `regex-syntax` writes it, whatever way it was written.
fn canonical(pattern: &str) -> Option<String> {
    Some(regex_syntax::parse(pattern).ok()?.to_string())
}

/// The pattern of a text in any case.
fn nocase(text: &str) -> String {
    let one = |c: char| match c {
        c if c.is_ascii_alphabetic() => format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase()),
        c => escape(c.encode_utf8(&mut [0; 4])),
    };
    text.chars().map(one).collect()
}
