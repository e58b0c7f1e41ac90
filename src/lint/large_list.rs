//! W0208 `large-list`: a list of more than fifty elements in the middle of a rule.

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::source::Span;
use crate::syntax::ast::ExprKind;

/// Most elements that say nothing.
const MOST: usize = 50;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0208",
        name: "large-list",
        kind: Kind::Cost,
        level: Level::Warn,
        title: "more than fifty elements inside of a rule",
        why: "Nobody sees the condition around it, and each change of the data is a change of the rule. A list with a name, or in a file of the pack
(`list bad of network from \"bad.txt\"`), is reviewed by itself and used by other rules too.",
        bad: "
rule known_probes {
    severity low
    from     invocation
    where    model.id in [
        \"m01\", \"m02\", \"m03\", \"m04\", \"m05\", \"m06\", \"m07\", \"m08\", \"m09\", \"m10\", \"m11\", \"m12\", \"m13\", \"m14\", \"m15\", \"m16\", \"m17\",
        \"m18\", \"m19\", \"m20\", \"m21\", \"m22\", \"m23\", \"m24\", \"m25\", \"m26\", \"m27\", \"m28\", \"m29\", \"m30\", \"m31\", \"m32\", \"m33\", \"m34\",
        \"m35\", \"m36\", \"m37\", \"m38\", \"m39\", \"m40\", \"m41\", \"m42\", \"m43\", \"m44\", \"m45\", \"m46\", \"m47\", \"m48\", \"m49\", \"m50\", \"m51\"
    ]
}",
        good: "
list retired_models = [
    \"m01\", \"m02\", \"m03\", \"m04\", \"m05\", \"m06\", \"m07\", \"m08\", \"m09\", \"m10\", \"m11\", \"m12\", \"m13\", \"m14\", \"m15\", \"m16\", \"m17\",
    \"m18\", \"m19\", \"m20\", \"m21\", \"m22\", \"m23\", \"m24\", \"m25\", \"m26\", \"m27\", \"m28\", \"m29\", \"m30\", \"m31\", \"m32\", \"m33\", \"m34\",
    \"m35\", \"m36\", \"m37\", \"m38\", \"m39\", \"m40\", \"m41\", \"m42\", \"m43\", \"m44\", \"m45\", \"m46\", \"m47\", \"m48\", \"m49\", \"m50\", \"m51\"
]

rule known_probes {
    severity low
    from     invocation
    where    model.id in retired_models
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        rule.written.walk(&mut |expr| {
            if let ExprKind::List(items) = &*expr.node
                && items.len() > MOST
            {
                // Not all of its lines.
                let end = items.first().map_or(expr.span.end, |first| first.span.end);
                let finding = LINT.finding(format!("a list of {} elements inside of a rule", items.len()));
                let finding = finding.at(Span { end, ..expr.span }, "");
                out.push(
                    finding.help("give it a name, `list NAME = […]`, or put it in a file: `list NAME from \"…\"`"),
                );
            }
        });
    }
}
