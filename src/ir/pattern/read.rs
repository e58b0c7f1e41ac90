//! The text of a pattern as a tree, by `regex-syntax`; what is not portable is said with its place and the way out.

use regex_syntax::ast::{self, Ast};

use super::{MAX_LENGTH, MAX_REPEAT, Node, Pattern, PatternError, char_node, concat};

/// Most nodes once `{n,m}` is written out: what engines with a program-size limit still take.
const MAX_SIZE: usize = 20_000;

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
        if repeats(&node) > MAX_REPEAT {
            return Err(error(
                0..text.len(),
                format!("counts inside of counts come to more than {MAX_REPEAT} repetitions, which is not portable"),
                "use `*`, or smaller counts",
            ));
        }
        Ok(Pattern { text: text.to_owned(), nocase, node, groups })
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

/// The largest product of counts inside of each other, as RE2 limits it.
fn repeats(node: &Node) -> u32 {
    match node {
        Node::Empty | Node::Char(_) | Node::Class { .. } | Node::Start | Node::End | Node::Boundary { .. } => 1,
        Node::Repeat { min, max, node, .. } => repeats(node).saturating_mul(max.unwrap_or(*min).max(1)),
        Node::Group(inner) => repeats(inner),
        Node::Concat(nodes) | Node::Alternate(nodes) => nodes.iter().map(repeats).max().unwrap_or(1),
    }
}
