//! W0138 `unused-row-value`: a value of `with` or an element of `each` that nothing reads.

use std::collections::BTreeSet;

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::ExprKind;
use crate::syntax::ast::Clause;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0138",
        name: "unused-row-value",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "row value or element that nothing reads",
        why: "A value was named and then a field was tested in its place, or the condition that was to read it is gone. An element that nothing
reads does harm too: `each` makes a row of every element, so `count()` counts elements and one event alerts several times. A log that lacks a
field which only such a value reads refuses the rule for nothing.",
        bad: "
rule haiku_burst {
    severity low
    from     invocation
    with     model = lower(segment(model.id, \".\", -1))
    where    model.id starts with \"claude-haiku\"
    over     1h by caller.id
    let      calls = count()
    when     calls > 500
}",
        good: "
rule haiku_burst {
    severity low
    from     invocation
    with     model = lower(segment(model.id, \".\", -1))
    where    model starts with \"claude-haiku\"
    over     1h by caller.id
    let      calls = count()
    when     calls > 500
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        if rule.meant.with.is_empty() && rule.meant.each.is_none() {
            continue;
        }
        let (mut values, mut elements) = (BTreeSet::new(), BTreeSet::new());
        rule.meant.walk(&mut |expr| match expr.kind {
            ExprKind::With(n) => _ = values.insert(n),
            ExprKind::Element(n) => _ = elements.insert(n),
            _ => {}
        });
        for clause in &rule.written.clauses {
            match &clause.node {
                Clause::With(bindings) => {
                    let unused = bindings.iter().enumerate().filter(|(n, _)| !values.contains(n));
                    out.extend(unused.map(|(_, one)| {
                        LINT.finding(format!("nothing reads `{}`", one.name.node))
                            .at(one.name.span, "")
                            .help("read it where it was meant, or take it away")
                    }));
                }
                Clause::Each(name, _)
                    if rule.meant.each.as_ref().is_some_and(|each| !elements.contains(&each.element)) =>
                {
                    out.push(
                        LINT.finding(format!(
                            "nothing reads the element `{}`, and `each` makes a row of every one",
                            name.node
                        ))
                        .at(name.span, "")
                        .help("take `each` away, or test the element; `size(…)` counts elements"),
                    );
                }
                _ => {}
            }
        }
    }
}
