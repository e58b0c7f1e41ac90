//! W0113 `idle-anchor`: a pattern that begins or ends with `.*`, which is found anywhere anyway.

use super::pattern_tree::{is_dot, parts};
use super::written::{patterns, shown};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::Pattern;
use crate::ir::pattern::Node;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0113",
        name: "idle-anchor",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "`.*` at an end of a pattern",
        why: "Patterns are sought anywhere in a text, so `.*` at an end finds nothing more and makes some engines slow: `--fix` takes it off. `^.*` before
and `.*$` behind are worse: `.` is no line break, so what stands in the second line of a prompt is not found. Take them off, and the pattern is
found in every line.",
        bad: "
rule injection {
    severity low
    from     invocation
    where    prompt matches /.*ignore\\s+previous.*/ nocase or completion contains \"ignore previous\"
}",
        good: "
rule injection {
    severity low
    from     invocation
    where    prompt matches /ignore\\s+previous/ nocase or completion contains \"ignore previous\"
}",
    },
    check,
};

/// With the one that takes as little as it can first: it begins like the other.
const IDLE: [&str; 2] = [".*?", ".*"];

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for pattern in patterns(context).into_iter().filter(|pattern| pattern.sought) {
        let Ok(node) = Pattern::new(pattern.text, false).map(|pattern| pattern.node) else { continue };
        let nodes = parts(&node);
        let written = context.text(pattern.span);
        let Some(inside) = written.strip_prefix('/').and_then(|text| text.strip_suffix('/')) else { continue };
        let whole = |nodes: &[Node]| nodes.iter().all(|node| is_idle(node) || matches!(node, Node::Start | Node::End));
        if whole(nodes) {
            continue;
        }
        let (from, to) =
            (nodes.iter().take_while(|n| is_idle(n)).count(), nodes.iter().rev().take_while(|n| is_idle(n)).count());
        if let Some(left) = nodes.get(from..nodes.len().saturating_sub(to)).filter(|_| from + to > 0) {
            let finding =
                LINT.finding(format!("`{}` is found without `.*` at its ends too", shown(context, pattern.span)));
            let finding = finding.at(pattern.span, "").help("take it off: patterns are sought anywhere in a text");
            let short = IDLE.iter().find_map(|idle| inside.strip_prefix(idle)).unwrap_or(inside);
            let short = IDLE.iter().find_map(|idle| short.strip_suffix(idle)).unwrap_or(short);
            let same = Pattern::new(&short.replace("\\/", "/"), false).is_ok_and(|short| parts(&short.node) == left);
            out.push(if same { finding.fix(pattern.span, format!("/{short}/")) } else { finding });
            continue;
        }
        let first_line = matches!(nodes, [Node::Start, second, third, ..] if is_idle(second) && *third != Node::End);
        let last_line = matches!(nodes, [.., third, second, Node::End] if is_idle(second) && *third != Node::Start);
        if first_line || last_line {
            if let ([Node::Start, ..], [.., Node::End]) = (nodes, nodes) {
                let message = format!("`{}` is found in a text of one line only", shown(context, pattern.span));
                let help = match (first_line, last_line) {
                    (true, true) => "take `^.*` and `.*$` off: patterns are sought anywhere in a text",
                    (true, false) => "take `^.*` off, and `$` too if what follows in other lines does not matter",
                    _ => "take `.*$` off, and `^` too if what stands before it does not matter",
                };
                out.push(LINT.finding(message).at(pattern.span, "`.` is no line break").help(help));
                continue;
            }
            let (which, what) = if first_line { ("first", "^.*") } else { ("last", ".*$") };
            let message = format!("`{what}` lets this pattern be found in the {which} line of a text only");
            let help = format!("take `{what}` off: patterns are sought anywhere in a text");
            out.push(LINT.finding(message).at(pattern.span, "`.` is no line break").help(help));
        }
    }
}

/// Any number of characters that are no line break.
fn is_idle(node: &Node) -> bool {
    matches!(node, Node::Repeat { min: 0, max: None, node, .. } if is_dot(node))
}
