//! W0116 `unescaped-dot`: `.` between the parts of an address, a host name or a file name.

use super::pattern_tree::{is_dot, parts};
use super::written::patterns;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::Pattern;
use crate::ir::pattern::Node;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0116",
        name: "unescaped-dot",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "dot of an address or name that stands for any character",
        why: "In a pattern `.` is any character, so `169.254.169.254` finds `169-254x169 254` too, and `evil.com` finds `evilxcom`. Write `\\.`, or use
`contains`, in which a dot is a dot.",
        bad: "
rule metadata_asked {
    severity low
    from     invocation
    where    prompt matches /https?:\\/\\/169.254.169.254/
}",
        good: "
rule metadata_asked {
    severity low
    from     invocation
    where    prompt matches /https?:\\/\\/169\\.254\\.169\\.254/
}",
    },
    check,
};

/// What host names and files of this field end in; no words that sentences have.
const ENDS: [&str; 23] = [
    "com",
    "net",
    "org",
    "io",
    "edu",
    "gov",
    "internal",
    "onion",
    "amazonaws",
    "googleapis",
    "json",
    "yaml",
    "yml",
    "toml",
    "env",
    "pem",
    "exe",
    "dll",
    "ps1",
    "txt",
    "csv",
    "py",
    "sh",
];

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for pattern in patterns(context) {
        let Ok(node) = Pattern::new(pattern.text, false).map(|pattern| pattern.node) else { continue };
        let mut found = None;
        runs(&node, &mut |name, dots| {
            found = found.take().or_else(|| (dots > 0 && is_name(name)).then(|| name.to_owned()))
        });
        if let Some(name) = found {
            let finding = LINT.finding(format!("a dot of `{name}` stands for any character")).at(pattern.span, "");
            out.push(finding.help(format!("write `{}`", name.replace('.', "\\."))));
        }
    }
}

/// Calls `visit` on every run of plain characters and dots, with the number of its dots that are not escaped.
fn runs(node: &Node, visit: &mut dyn FnMut(&str, usize)) {
    let (mut run, mut dots) = (String::new(), 0);
    for part in parts(node) {
        match part {
            Node::Char(c) if c.is_ascii_alphanumeric() || "-_.".contains(*c) => run.push(*c),
            part if is_dot(part) => {
                run.push('.');
                dots += 1;
            }
            part => {
                visit(&run, dots);
                (run, dots) = (String::new(), 0);
                match part {
                    Node::Group(node) | Node::Repeat { node, .. } => runs(node, visit),
                    Node::Alternate(nodes) => nodes.iter().for_each(|node| runs(node, visit)),
                    _ => {}
                }
            }
        }
    }
    visit(&run, dots);
}

/// An address, or a name whose last part only names of hosts and files have.
fn is_name(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let number = |part: &&str| (1..=3).contains(&part.len()) && part.chars().all(|c| c.is_ascii_digit());
    let address = parts.len() >= 3 && parts.iter().all(number);
    // The first part may be a class, before the run: `[a-z]+.com`.
    let named = parts.len() >= 2 && parts.iter().skip(1).all(|part| !part.is_empty());
    let end = parts.last().map(|end| end.to_ascii_lowercase()).unwrap_or_default();
    address || (named && ENDS.contains(&end.as_str()))
}
