//! The tree of a pattern as text: what differs between dialects is data, and nothing is left to their defaults.

use std::fmt::Write as _;

use super::{ANY, Node};

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
