//! Wider searches: takes a rule and a source that says `widen`, gives the rule with the tests of a widened field as patterns over the whole
//! text of the record, and what each of them makes of the verdict.
//!
//! Such a pattern begins at a key that may hold the text and stays inside that key's string. JSON may write any character as an escape, and
//! whoever makes the request may choose to: so each character is sought in every way that JSON has for it, and whatever the field holds is
//! found. A text that goes over the end of a line may come from two strings, and where a line begins can't be seen: tests of that kind stay
//! as they are.

use crate::ir::pattern::{self, Node, repeat};
use crate::ir::{Expr, ExprKind, Literal, Pattern, Pred, PredKind, Rule, Source, Step, TextTest, Type, Widen};

/// CloudWatch's name for the text of a record.
pub const WHOLE_RECORD: &str = "@message";

/// A test that was widened: whether it is one that must not hold, and the source's reason.
pub type Widened = (bool, Pred, String);

/// The rule over a source's record as a target of the older generation can search it.
#[must_use]
pub fn widened(rule: &Rule, source: &Source) -> (Rule, Vec<Widened>) {
    let mut rule = rule.clone();
    let mut notes = Vec::new();
    rule.filter = rule.filter.into_iter().map(|pred| wider(pred, &source.widened, true, &mut notes)).collect();
    (rule, notes)
}

fn wider(pred: Pred, widened: &[Widen], positive: bool, notes: &mut Vec<Widened>) -> Pred {
    let span = pred.span;
    match pred.kind {
        PredKind::All(preds) => {
            Pred::all(preds.into_iter().map(|p| wider(p, widened, positive, notes)).collect(), span)
        }
        PredKind::Any(preds) => {
            Pred::any(preds.into_iter().map(|p| wider(p, widened, positive, notes)).collect(), span)
        }
        PredKind::Not(inner) => wider(*inner, widened, !positive, notes).negate(),
        kind => {
            let pred = Pred::new(kind, span);
            let Some((widen, nodes, every)) = sought(&pred, widened) else { return pred };
            notes.push((positive, pred, widen.reason.clone()));
            let record = Expr::new(ExprKind::Record, Type::Raw, span);
            let text = ExprKind::Path(Box::new(record), vec![Step::Key(WHOLE_RECORD.to_owned())]);
            let text = ExprKind::Read(Box::new(Expr::new(text, Type::Raw, span)));
            let subject = Expr::new(text, Type::Text, span);
            let nodes = if every { nodes } else { vec![pattern::one_of(nodes)] };
            let patterns = nodes.into_iter().map(|node| under(&widen.keys, node)).collect();
            Pred::new(PredKind::Matches { subject, patterns, every }, span)
        }
    }
}

/// What a test of a widened field seeks, in JSON's spellings, and whether all of it must be found; none where it is no such test.
fn sought<'a>(pred: &Pred, widened: &'a [Widen]) -> Option<(&'a Widen, Vec<Node>, bool)> {
    let of = |subject: &Expr| match subject.kind {
        ExprKind::Field(field) => widened.iter().find(|widen| widen.field == field),
        _ => None,
    };
    match &pred.kind {
        PredKind::Text { test: TextTest::Contains, subject, needles, every, nocase } => {
            let widen = of(subject)?;
            let nodes = needles.iter().map(|needle| match needle.as_literal()? {
                Literal::Text(text) => spelled(&pattern::literal_node(text, *nocase)),
                _ => None,
            });
            Some((widen, nodes.collect::<Option<_>>()?, *every))
        }
        PredKind::Matches { subject, patterns, every } => {
            let widen = of(subject)?;
            let nodes = patterns.iter().map(|pattern| spelled(&pattern.node));
            Some((widen, nodes.collect::<Option<_>>()?, *every))
        }
        _ => None,
    }
}

/// A pattern inside the text of one of the keys.
fn under(keys: &[String], sought: Node) -> Pattern {
    let keys = keys.iter().filter_map(|key| spelled(&pattern::literal_node(key, false))).collect();
    let space = class(&[('\t', '\r'), (' ', ' ')], false);
    let quote = Node::Char('"');
    let rest = vec![class(&[('"', '"'), ('\\', '\\')], true), hex_escape(), short_escape()];
    let rest = Node::Repeat { min: 0, max: None, greedy: false, node: Box::new(Node::Alternate(rest)) };
    let node = pattern::concat(vec![
        quote.clone(),
        pattern::one_of(keys),
        quote.clone(),
        repeat(space.clone(), 0, None),
        Node::Char(':'),
        repeat(space, 0, None),
        // A number is text too, and stands without quotes.
        repeat(quote, 0, Some(1)),
        rest,
        sought,
    ]);
    Pattern { text: pattern::print(&node, &pattern::RUST), nocase: false, node, groups: 0 }
}

/// The pattern in every way that JSON has to write what it finds; none where that can't be said.
fn spelled(node: &Node) -> Option<Node> {
    let all = |nodes: &[Node]| nodes.iter().map(spelled).collect::<Option<Vec<_>>>();
    Some(match node {
        Node::Empty => Node::Empty,
        Node::Char('\n') | Node::Start | Node::End | Node::Boundary { .. } => return None,
        Node::Char(c) => character(*c),
        Node::Class { negated: false, ranges } if ranges.iter().all(|(low, high)| low == high && *low != '\n') => {
            Node::Alternate(ranges.iter().map(|(c, _)| character(*c)).collect())
        }
        // A line break in it would be an escape, which is found; what it may take beside what was meant is wider.
        Node::Class { negated, ranges } => {
            let escapes = repeat(hex_escape(), 1, Some(2));
            let within = ranges.iter().any(|(low, high)| (*low..=*high).contains(&'\n')) != *negated;
            if within {
                return None;
            }
            Node::Alternate(vec![node.clone(), escapes, short_escape()])
        }
        Node::Repeat { min, max, greedy, node } => {
            Node::Repeat { min: *min, max: *max, greedy: *greedy, node: Box::new(spelled(node)?) }
        }
        Node::Group(inner) => spelled(inner)?,
        Node::Concat(nodes) => pattern::concat(all(nodes)?),
        Node::Alternate(nodes) => Node::Alternate(all(nodes)?),
    })
}

/// One character: itself, its short escape, or its number; beyond U+FFFF two numbers.
fn character(c: char) -> Node {
    let mut ways = Vec::new();
    if c != '"' && c != '\\' && c >= ' ' {
        ways.push(Node::Char(c));
    }
    let short = match c {
        '"' | '\\' | '/' => Some(c),
        '\u{8}' => Some('b'),
        '\u{c}' => Some('f'),
        '\r' => Some('r'),
        '\t' => Some('t'),
        _ => None,
    };
    ways.extend(short.map(|letter| Node::Concat(vec![Node::Char('\\'), Node::Char(letter)])));
    let mut units = [0; 2];
    let numbers = c.encode_utf16(&mut units).iter().map(|unit| {
        let digits = pattern::literal_node(&format!("{unit:04x}"), true);
        pattern::concat(vec![Node::Char('\\'), Node::Char('u'), digits])
    });
    ways.push(pattern::concat(numbers.collect()));
    if ways.len() == 1 { ways.remove(0) } else { Node::Alternate(ways) }
}

/// `\uXXXX`
fn hex_escape() -> Node {
    let digit = class(&[('0', '9'), ('A', 'F'), ('a', 'f')], false);
    pattern::concat(vec![Node::Char('\\'), Node::Char('u'), repeat(digit, 4, Some(4))])
}

/// A backslash and one character that is no `u`.
fn short_escape() -> Node {
    Node::Concat(vec![Node::Char('\\'), class(&[('u', 'u')], true)])
}

fn class(ranges: &[(char, char)], negated: bool) -> Node {
    Node::Class { negated, ranges: ranges.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(sought: &Node, json: &str) -> bool {
        let pattern = under(&["text".to_owned()], spelled(sought).unwrap());
        regex::Regex::new(&pattern.text).unwrap().is_match(json)
    }

    /// A text in JSON, with characters as escapes where `escape` says so.
    fn written(text: &str, escape: impl Fn(char) -> bool) -> String {
        let character = |c: char| match c {
            '"' | '\\' => format!("\\{c}"),
            '\t' => "\\t".to_owned(),
            c if escape(c) || c.is_control() => {
                let mut units = [0; 2];
                c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04X}")).collect()
            }
            c => c.to_string(),
        };
        format!(r#"{{"role":"user", "text" : "{}"}}"#, text.chars().map(character).collect::<String>())
    }

    #[test]
    fn every_spelling_is_found_and_an_escape_is_no_letter() {
        let phrases = ["now you", "say \"no\"", "a\\b", "café", "it's", "💥 now", "tab\there", "</x>"];
        for phrase in phrases {
            let node = pattern::literal_node(phrase, false);
            for around in ["", "so ", "\n", "\\"] {
                let text = format!("{around}{phrase}{around}");
                assert!(finds(&node, &written(&text, |_| false)), "{text:?}");
                assert!(finds(&node, &written(&text, |_| true)), "{text:?}");
                assert!(finds(&node, &written(&text, |c| !c.is_ascii())), "{text:?}");
            }
            assert!(!finds(&node, &written("something else", |_| false)));
            assert!(!finds(&node, &format!(r#"{{"texts":"{phrase}"}}"#)), "another key");
        }
        // A key may be written in escapes as well; what is no control character to JSON stands as it is.
        assert!(finds(&pattern::literal_node("x", false), r#"{"t\u0065xt":"x"}"#));
        assert!(finds(&pattern::literal_node("a\u{7f}b", false), "{\"text\":\"a\u{7f}b\"}"));
        for (c, escape) in [('\u{8}', r"\b"), ('\u{c}', r"\f"), ('\r', r"\r"), ('\t', r"\t"), ('/', r"\/")] {
            let node = pattern::literal_node(&format!("a{c}b"), false);
            assert!(finds(&node, &format!(r#"{{"text":"a{escape}b"}}"#)), "{escape}");
        }
        // A line break and `ow you` is no `now you`.
        assert!(!finds(&pattern::literal_node("now you", false), r#"{"text":"x\now you"}"#));
        // The text of another key, which stands behind.
        assert!(!finds(&pattern::literal_node("ab", false), r#"{"text":"x","other":"ab"}"#));
    }

    #[test]
    fn what_a_line_break_decides_stays() {
        for node in [Node::Start, Node::End, Node::Boundary { negated: false }, Node::Char('\n'), pattern::any_char()] {
            assert_eq!(spelled(&node), None);
        }
    }
}
