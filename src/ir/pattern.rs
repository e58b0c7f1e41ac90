//! Regular expressions: takes the text of a pattern, gives a small tree that means the same on every engine, or says what is not portable.
//!
//! `\d \w \s \b` are ASCII, `.` is everything but `\n`, `^ $` are the text's ends, and `nocase` folds A–Z only: all of that is spelled out
//! in the tree, so that a dialect has nothing left to interpret. `regex-syntax` reads the text; nobody else here knows it.

use std::fmt::Write as _;

use regex_syntax::ast::{self, Ast};

/// Most times that a part may be repeated: RE2's own limit.
pub const MAX_REPEAT: u32 = 1_000;
/// Most characters of a pattern.
pub const MAX_LENGTH: usize = 4_000;
/// Every character there is.
const ANY: [(char, char); 1] = [('\0', char::MAX)];
/// Most nodes once `{n,m}` is written out: what engines with a program-size limit still take.
const MAX_SIZE: usize = 20_000;

/// A pattern, sought anywhere in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// As it was written, without the slashes.
    pub text: String,
    /// Whether `nocase` followed; already folded into `node`.
    pub nocase: bool,
    /// What it means.
    pub node: Node,
    /// How many capture groups it has.
    pub groups: usize,
}

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Matches the empty text.
    Empty,
    /// One character.
    Char(char),
    /// One character of (or outside) some ranges, which are sorted and do not touch.
    Class {
        /// Outside.
        negated: bool,
        /// Both ends in.
        ranges: Vec<(char, char)>,
    },
    /// The start of the text.
    Start,
    /// The end of the text.
    End,
    /// A boundary of ASCII words, or where there is none.
    Boundary {
        /// `\B`
        negated: bool,
    },
    /// A part several times.
    Repeat {
        /// At least.
        min: u32,
        /// At most; none: any number.
        max: Option<u32>,
        /// As many as possible.
        greedy: bool,
        /// What.
        node: Box<Node>,
    },
    /// A capture group.
    Group(Box<Node>),
    /// One after the other; at least two.
    Concat(Vec<Node>),
    /// One of several; at least two.
    Alternate(Vec<Node>),
}

/// Why a pattern is not taken: the bytes of its text, what is wrong, and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    /// Bytes of the pattern's text.
    pub range: std::ops::Range<usize>,
    /// What is wrong.
    pub message: String,
    /// The way out.
    pub help: Option<String>,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is not in the syntax common to RE2 and Rust's `regex`, inline flags, Unicode classes, and sizes past the limits.
    pub fn new(text: &str, nocase: bool) -> Result<Pattern, PatternError> {
        if text.len() > MAX_LENGTH {
            return Err(error(
                0..text.len(),
                format!("pattern of {} bytes, at most {MAX_LENGTH} are taken", text.len()),
                "split it into several",
            ));
        }
        let tree = ast::parse::ParserBuilder::new().nest_limit(50).build().parse(text).map_err(|e| syntax_error(&e))?;
        let mut groups = 0;
        let node = convert(&tree, nocase, &mut groups)?;
        if size(&node) > MAX_SIZE {
            return Err(error(
                0..text.len(),
                "pattern that grows too large once its repetitions are written out",
                "lower the counts in `{…}`",
            ));
        }
        Ok(Pattern { text: text.to_owned(), nocase, node, groups })
    }

    /// The pattern that finds exactly `text`.
    #[must_use]
    pub fn literal(text: &str, nocase: bool) -> Pattern {
        Pattern { text: regex_syntax::escape(text), nocase, node: literal_node(text, nocase), groups: 0 }
    }

    /// The pattern in one dialect; see [`print`].
    #[must_use]
    pub fn print(&self, dialect: &Dialect) -> String {
        print(&self.node, dialect)
    }
}

/// A pattern's text that finds exactly `text`.
#[must_use]
pub fn escape(text: &str) -> String {
    regex_syntax::escape(text)
}

/// One character as it is written inside `[…]`.
#[must_use]
pub fn escape_in_class(character: &str) -> String {
    if "\\^[]-&~".contains(character) { format!(r"\{character}") } else { character.to_owned() }
}

/// The node that matches `text` itself; with `nocase`, A–Z in either case.
#[must_use]
pub fn literal_node(text: &str, nocase: bool) -> Node {
    concat(text.chars().map(|c| char_node(c, nocase)).collect())
}

/// The node that matches any one character, line breaks too.
#[must_use]
pub fn any_char() -> Node {
    Node::Class { negated: false, ranges: ANY.to_vec() }
}

/// The node that matches any number of any characters.
#[must_use]
pub fn anything() -> Node {
    Node::Repeat { min: 0, max: None, greedy: true, node: Box::new(any_char()) }
}

/// One of several nodes, of which a text needs to be found by one; what all begin or end with stands outside.
#[must_use]
pub fn one_of(nodes: Vec<Node>) -> Node {
    let mut branches: Vec<Vec<Node>> = nodes
        .into_iter()
        .map(|node| match node {
            Node::Concat(nodes) => nodes,
            Node::Empty => Vec::new(),
            node => vec![node],
        })
        .collect();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    while let Some(node) = shared(branches.iter().map(|branch| branch.first())) {
        branches.iter_mut().for_each(|branch| _ = branch.remove(0));
        before.push(node);
    }
    while let Some(node) = shared(branches.iter().map(|branch| branch.last())) {
        branches.iter_mut().for_each(|branch| _ = branch.pop());
        after.insert(0, node);
    }
    give_back(&mut before, &mut after, &mut branches);
    if branches.len() == 1 {
        before.extend(branches.into_iter().flatten());
    } else if branches.iter().any(|branch| !branch.is_empty()) {
        before.push(Node::Alternate(branches.into_iter().map(concat).collect()));
    }
    before.extend(after);
    concat(before)
}

/// Gives the branches back what would leave half words outside of them: nobody reads `De(?:lete|ploy)` as two names.
fn give_back(before: &mut Vec<Node>, after: &mut Vec<Node>, branches: &mut [Vec<Node>]) {
    let lower = |node: Option<&Node>| matches!(node, Some(Node::Char(c)) if c.is_ascii_lowercase());
    let upper = |node: Option<&Node>| matches!(node, Some(Node::Char(c)) if c.is_ascii_uppercase());
    let halves = branches.iter().any(|branch| lower(branch.first())) && lower(before.last());
    while halves && (lower(before.last()) || upper(before.last())) {
        let done = upper(before.last());
        let Some(node) = before.pop() else { break };
        branches.iter_mut().for_each(|branch| branch.insert(0, node.clone()));
        if done {
            break;
        }
    }
    while branches.iter().any(|branch| lower(branch.last())) && lower(after.first()) {
        let node = after.remove(0);
        branches.iter_mut().for_each(|branch| branch.push(node.clone()));
    }
}

/// The node that all have, where there are several.
fn shared<'a>(nodes: impl Iterator<Item = Option<&'a Node>>) -> Option<Node> {
    let mut nodes = nodes.peekable();
    let first = (*nodes.peek()?)?;
    let mut count = 0;
    let same = nodes.all(|node| {
        count += 1;
        node == Some(first)
    });
    (same && count > 1).then(|| first.clone())
}

/// How a dialect writes what differs between dialects.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// ASCII word boundary, and its complement.
    pub boundary: [&'static str; 2],
    /// The start and the end of the text.
    pub ends: [&'static str; 2],
    /// A character outside of printable ASCII, or none to write it as itself.
    pub escape: fn(char) -> Option<String>,
    /// Characters that need a backslash besides the usual ones (a delimiter).
    pub also: &'static str,
}

/// Rust's `regex`: what the evaluator and DataFusion run.
pub const RUST: Dialect =
    Dialect { boundary: [r"(?-u:\b)", r"(?-u:\B)"], ends: [r"\A", r"\z"], escape: hex_braces, also: "" };

/// `\x{e9}`, which Rust and RE2 read, for control characters; others as themselves.
#[must_use]
pub fn hex_braces(c: char) -> Option<String> {
    match c {
        '\n' => Some(r"\n".to_owned()),
        '\r' => Some(r"\r".to_owned()),
        '\t' => Some(r"\t".to_owned()),
        c if c.is_control() => Some(format!(r"\x{{{:x}}}", u32::from(c))),
        _ => None,
    }
}

/// A node in one dialect's text.
#[must_use]
pub fn print(node: &Node, dialect: &Dialect) -> String {
    let mut out = String::new();
    write_node(&mut out, node, dialect, Level::Alternate);
    out
}

/// How tightly the surroundings bind: what needs a group there.
#[derive(PartialEq, PartialOrd, Clone, Copy)]
enum Level {
    Alternate,
    Concat,
    Repeat,
}

fn write_node(out: &mut String, node: &Node, dialect: &Dialect, level: Level) {
    let group = |out: &mut String, needed: bool, body: &dyn Fn(&mut String)| {
        out.push_str(if needed { "(?:" } else { "" });
        body(out);
        out.push_str(if needed { ")" } else { "" });
    };
    match node {
        Node::Empty => out.push_str(if level == Level::Alternate { "" } else { "(?:)" }),
        Node::Char(c) => write_char(out, *c, dialect, r"\.+*?()|[]{}^$#&-~/", false),
        Node::Class { negated: false, ranges } if *ranges == ANY => out.push_str(r"[\s\S]"),
        Node::Class { negated, ranges } => {
            out.push_str(if *negated { "[^" } else { "[" });
            for (low, high) in ranges {
                write_char(out, *low, dialect, r"\[]^-&~", true);
                if low != high {
                    if u32::from(*low) + 1 != u32::from(*high) {
                        out.push('-');
                    }
                    write_char(out, *high, dialect, r"\[]^-&~", true);
                }
            }
            out.push(']');
        }
        Node::Start => out.push_str(dialect.ends[0]),
        Node::End => out.push_str(dialect.ends[1]),
        Node::Boundary { negated } => out.push_str(dialect.boundary[usize::from(*negated)]),
        Node::Repeat { min, max, greedy, node } => {
            // A repetition of a repetition needs a group: `a{2}{3}` is an error in some dialects.
            let inner_repeats =
                matches!(**node, Node::Repeat { .. } | Node::Empty | Node::Start | Node::End | Node::Boundary { .. });
            group(out, inner_repeats || !is_atom(node), &|out| {
                let level = if inner_repeats || !is_atom(node) { Level::Alternate } else { Level::Repeat };
                write_node(out, node, dialect, level);
            });
            match (min, max) {
                (0, None) => out.push('*'),
                (1, None) => out.push('+'),
                (0, Some(1)) => out.push('?'),
                (min, Some(max)) if min == max => _ = write!(out, "{{{min}}}"),
                (min, Some(max)) => _ = write!(out, "{{{min},{max}}}"),
                (min, None) => _ = write!(out, "{{{min},}}"),
            }
            if !greedy {
                out.push('?');
            }
        }
        Node::Group(inner) => {
            out.push('(');
            write_node(out, inner, dialect, Level::Alternate);
            out.push(')');
        }
        Node::Concat(nodes) => group(out, level > Level::Concat, &|out| {
            nodes.iter().for_each(|node| write_node(out, node, dialect, Level::Concat));
        }),
        Node::Alternate(nodes) => group(out, level > Level::Alternate, &|out| {
            for (i, node) in nodes.iter().enumerate() {
                if i > 0 {
                    out.push('|');
                }
                // An empty branch at the ends is legal in every dialect only as a group.
                let level = if *node == Node::Empty { Level::Repeat } else { Level::Alternate };
                write_node(out, node, dialect, level);
            }
        }),
    }
}

fn is_atom(node: &Node) -> bool {
    matches!(node, Node::Char(_) | Node::Class { .. } | Node::Group(_))
}

fn write_char(out: &mut String, c: char, dialect: &Dialect, special: &str, in_class: bool) {
    // `/`, `-`, `&`, `~`, `#` mean nothing outside a class: they are escaped there only if the dialect asks.
    let quiet = !in_class && "/-&~#".contains(c);
    if dialect.also.contains(c) || (special.contains(c) && !quiet) {
        out.push('\\');
        out.push(c);
    } else if let Some(text) = (dialect.escape)(c) {
        out.push_str(&text);
    } else {
        out.push(c);
    }
}

fn error(range: std::ops::Range<usize>, message: impl Into<String>, help: impl Into<String>) -> PatternError {
    let help = help.into();
    PatternError { range, message: message.into(), help: Some(help).filter(|h| !h.is_empty()) }
}

fn bytes(span: &ast::Span) -> std::ops::Range<usize> {
    span.start.offset..span.end.offset
}

fn syntax_error(e: &ast::Error) -> PatternError {
    use ast::ErrorKind as K;
    let range = bytes(e.span());
    match e.kind() {
        K::UnsupportedLookAround => {
            error(range, "look-around is not portable: no target has it", "match what stands around, or use two tests")
        }
        K::UnsupportedBackreference => {
            error(range, "back-references are not portable: no target has them", "spell the repeated part out")
        }
        kind => error(
            range,
            format!("unreadable pattern: {kind}"),
            r"a character that means something in patterns stands for itself behind a backslash: `\(`, `\[`, `\.`",
        ),
    }
}

fn convert(tree: &Ast, nocase: bool, groups: &mut usize) -> Result<Node, PatternError> {
    Ok(match tree {
        Ast::Empty(_) => Node::Empty,
        Ast::Flags(flags) => return Err(inline_flags(&flags.span)),
        Ast::Literal(literal) => char_node(literal.c, nocase),
        Ast::Dot(_) => Node::Class { negated: true, ranges: vec![('\n', '\n')] },
        Ast::Assertion(assertion) => match assertion.kind {
            ast::AssertionKind::StartLine | ast::AssertionKind::StartText => Node::Start,
            ast::AssertionKind::EndLine | ast::AssertionKind::EndText => Node::End,
            ast::AssertionKind::WordBoundary => Node::Boundary { negated: false },
            ast::AssertionKind::NotWordBoundary => Node::Boundary { negated: true },
            _ => return Err(error(bytes(&assertion.span), "this word boundary is not portable", r"write `\b`")),
        },
        Ast::ClassUnicode(class) => return Err(unicode_class(&class.span)),
        Ast::ClassPerl(class) => perl_class(class),
        Ast::ClassBracketed(class) => {
            let mut ranges = Vec::new();
            set_ranges(&class.kind, &mut ranges)?;
            class_node(class.negated, ranges, nocase)
        }
        Ast::Repetition(repetition) => {
            let (min, max) = match &repetition.op.kind {
                ast::RepetitionKind::ZeroOrOne => (0, Some(1)),
                ast::RepetitionKind::ZeroOrMore => (0, None),
                ast::RepetitionKind::OneOrMore => (1, None),
                ast::RepetitionKind::Range(ast::RepetitionRange::Exactly(n)) => (*n, Some(*n)),
                ast::RepetitionKind::Range(ast::RepetitionRange::AtLeast(n)) => (*n, None),
                ast::RepetitionKind::Range(ast::RepetitionRange::Bounded(n, m)) => (*n, Some(*m)),
            };
            if min.max(max.unwrap_or(0)) > MAX_REPEAT {
                return Err(error(
                    bytes(&repetition.op.span),
                    format!("more than {MAX_REPEAT} repetitions are not portable"),
                    "use `*`, or a smaller count",
                ));
            }
            let node = Box::new(convert(&repetition.ast, nocase, groups)?);
            Node::Repeat { min, max, greedy: repetition.greedy, node }
        }
        Ast::Group(group) => match &group.kind {
            ast::GroupKind::CaptureIndex(_) | ast::GroupKind::CaptureName { .. } => {
                *groups += 1;
                Node::Group(Box::new(convert(&group.ast, nocase, groups)?))
            }
            ast::GroupKind::NonCapturing(flags) if flags.items.is_empty() => convert(&group.ast, nocase, groups)?,
            ast::GroupKind::NonCapturing(flags) => return Err(inline_flags(&flags.span)),
        },
        Ast::Alternation(alternation) => {
            let nodes = alternation.asts.iter().map(|a| convert(a, nocase, groups)).collect::<Result<Vec<_>, _>>()?;
            Node::Alternate(nodes)
        }
        Ast::Concat(concatenation) => {
            let nodes = concatenation.asts.iter().map(|a| convert(a, nocase, groups)).collect::<Result<Vec<_>, _>>()?;
            concat(nodes)
        }
    })
}

fn inline_flags(span: &ast::Span) -> PatternError {
    error(bytes(span), "inline flags are not portable", "write `nocase` behind the pattern to ignore the case of A–Z")
}

fn unicode_class(span: &ast::Span) -> PatternError {
    error(
        bytes(span),
        "Unicode classes are not portable: engines disagree on what is in them",
        "list the characters in `[…]`",
    )
}

/// One node after the other. INVARIANT: at least two in a [`Node::Concat`], none of them one itself.
#[must_use]
pub fn concat(nodes: Vec<Node>) -> Node {
    let mut flat = Vec::with_capacity(nodes.len());
    for node in nodes {
        match node {
            Node::Concat(inner) => flat.extend(inner),
            Node::Empty => {}
            node => flat.push(node),
        }
    }
    match flat.len() {
        0 => Node::Empty,
        1 => flat.remove(0),
        _ => Node::Concat(flat),
    }
}

fn char_node(c: char, nocase: bool) -> Node {
    if nocase && c.is_ascii_alphabetic() {
        let (upper, lower) = (c.to_ascii_uppercase(), c.to_ascii_lowercase());
        Node::Class { negated: false, ranges: vec![(upper, upper), (lower, lower)] }
    } else {
        Node::Char(c)
    }
}

fn perl_class(class: &ast::ClassPerl) -> Node {
    Node::Class { negated: class.negated, ranges: perl_ranges(&class.kind) }
}

fn perl_ranges(kind: &ast::ClassPerlKind) -> Vec<(char, char)> {
    match kind {
        ast::ClassPerlKind::Digit => vec![('0', '9')],
        ast::ClassPerlKind::Space => vec![('\t', '\r'), (' ', ' ')],
        ast::ClassPerlKind::Word => vec![('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
    }
}

fn set_ranges(set: &ast::ClassSet, out: &mut Vec<(char, char)>) -> Result<(), PatternError> {
    match set {
        ast::ClassSet::Item(item) => item_ranges(item, out),
        ast::ClassSet::BinaryOp(op) => Err(error(
            bytes(&op.span),
            "`&&`, `--` and `~~` inside `[…]` are not portable",
            r"escape the character: `\&`, `\-`, `\~`",
        )),
    }
}

fn item_ranges(item: &ast::ClassSetItem, out: &mut Vec<(char, char)>) -> Result<(), PatternError> {
    match item {
        ast::ClassSetItem::Empty(_) => {}
        ast::ClassSetItem::Literal(literal) => out.push((literal.c, literal.c)),
        ast::ClassSetItem::Range(range) => out.push((range.start.c, range.end.c)),
        ast::ClassSetItem::Ascii(class) => {
            let mut ranges = ascii_ranges(&class.kind);
            if class.negated {
                ranges = complement(ranges);
            }
            out.extend(ranges);
        }
        ast::ClassSetItem::Unicode(class) => return Err(unicode_class(&class.span)),
        ast::ClassSetItem::Perl(class) => {
            let mut ranges = perl_ranges(&class.kind);
            if class.negated {
                ranges = complement(ranges);
            }
            out.extend(ranges);
        }
        ast::ClassSetItem::Bracketed(class) => {
            return Err(error(
                bytes(&class.span),
                "a class inside a class is not portable",
                r"escape the bracket: `\[`",
            ));
        }
        ast::ClassSetItem::Union(union) => {
            for item in &union.items {
                item_ranges(item, out)?;
            }
        }
    }
    Ok(())
}

fn ascii_ranges(kind: &ast::ClassAsciiKind) -> Vec<(char, char)> {
    use ast::ClassAsciiKind as K;
    match kind {
        K::Alnum => vec![('0', '9'), ('A', 'Z'), ('a', 'z')],
        K::Alpha => vec![('A', 'Z'), ('a', 'z')],
        K::Ascii => vec![('\0', '\x7f')],
        K::Blank => vec![('\t', '\t'), (' ', ' ')],
        K::Cntrl => vec![('\0', '\x1f'), ('\x7f', '\x7f')],
        K::Digit => vec![('0', '9')],
        K::Graph => vec![('!', '~')],
        K::Lower => vec![('a', 'z')],
        K::Print => vec![(' ', '~')],
        K::Punct => vec![('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        K::Space => vec![('\t', '\r'), (' ', ' ')],
        K::Upper => vec![('A', 'Z')],
        K::Word => vec![('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        K::Xdigit => vec![('0', '9'), ('A', 'F'), ('a', 'f')],
    }
}

fn class_node(negated: bool, mut ranges: Vec<(char, char)>, nocase: bool) -> Node {
    if nocase {
        let folded: Vec<(char, char)> = ranges.iter().flat_map(|range| folded(*range)).collect();
        ranges.extend(folded);
    }
    let ranges = merged(ranges);
    match (negated, ranges.as_slice()) {
        (false, [(low, high)]) if low == high => Node::Char(*low),
        _ => Node::Class { negated, ranges },
    }
}

/// The letters A–Z and a–z of a range, in the other case.
fn folded((low, high): (char, char)) -> Vec<(char, char)> {
    let swap = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    [('A', 'Z'), ('a', 'z')]
        .into_iter()
        .map(|(first, last)| (low.max(first), high.min(last)))
        .filter(|(first, last)| first <= last)
        .map(|(first, last)| (swap(first), swap(last)))
        .collect()
}

/// Sorted, with ranges that overlap or touch made one.
fn merged(mut ranges: Vec<(char, char)>) -> Vec<(char, char)> {
    ranges.sort_unstable();
    let mut out: Vec<(char, char)> = Vec::with_capacity(ranges.len());
    for (low, high) in ranges {
        match out.last_mut() {
            Some((_, last)) if low <= next(*last).unwrap_or(*last) => *last = (*last).max(high),
            _ => out.push((low, high)),
        }
    }
    out
}

fn complement(ranges: Vec<(char, char)>) -> Vec<(char, char)> {
    let mut out = Vec::new();
    let mut start = Some('\0');
    for (low, high) in merged(ranges) {
        if let (Some(from), Some(to)) = (start, previous(low))
            && from <= to
        {
            out.push((from, to));
        }
        start = next(high);
    }
    if let Some(from) = start {
        out.push((from, char::MAX));
    }
    out
}

/// The next character; surrogates are none.
fn next(c: char) -> Option<char> {
    if c == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(c) + 1) }
}

fn previous(c: char) -> Option<char> {
    if c == '\u{e000}' { Some('\u{d7ff}') } else { u32::from(c).checked_sub(1).and_then(char::from_u32) }
}

fn size(node: &Node) -> usize {
    match node {
        Node::Empty | Node::Char(_) | Node::Class { .. } | Node::Start | Node::End | Node::Boundary { .. } => 1,
        Node::Repeat { min, max, node, .. } => {
            size(node).saturating_mul(max.unwrap_or(*min).max(1) as usize).saturating_add(1)
        }
        Node::Group(inner) => size(inner).saturating_add(1),
        Node::Concat(nodes) | Node::Alternate(nodes) => nodes.iter().map(size).fold(0, usize::saturating_add),
    }
}
