//! W0102 `contradiction`: two conditions of which both have to hold and never do.

use super::implies::excludes;
use super::pairs::{Part, each_pair, in_chain};
use super::written::shown;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0102",
        name: "contradiction",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "conditions that exclude each other",
        why: "Both must hold and never do together, so the rule never alerts, and nobody is told. Mostly an `or` was meant, or one of them was copied and not
edited. `count(where …)` over rows that the rule's own `where` leaves out counts nothing in the same way.",
        bad: "
rule failures {
    severity low
    from     invocation
    where    status == 429 and status >= 500
}",
        good: "
rule failures {
    severity low
    from     invocation
    where    status == 429 or status >= 500
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let judge = |all: bool, one: &Part, other: &Part| {
        let message =
            format!("`{}` and `{}` never hold together", shown(context, one.span), shown(context, other.span));
        let finding = LINT.finding(message).at(other.span, "").at(one.span, "both have to hold");
        let finding = finding.help("change one of them, or write `or` between them");
        (all && excludes(&one.pred, &other.pred)).then_some(finding)
    };
    // An exception that never holds excepts nothing, as silently as such a rule finds nothing.
    for excepted in context.excepted() {
        in_chain(excepted, &mut |all, one, other| out.extend(judge(all, one, other)));
    }
    for rule in &context.rules {
        each_pair(rule, &mut |all, one, other| out.extend(judge(all, one, other)));
        let conditions: Vec<Part> = rule.conditions().into_iter().map(Part::new).collect();
        for aggregate in &rule.meant.aggregates {
            for part in aggregate.filter.iter().flat_map(crate::ir::Pred::parts).map(Part::new) {
                let Some(own) = conditions.iter().find(|own| excludes(&own.pred, &part.pred)) else { continue };
                let message = format!("no row of the rule has `{}`", shown(context, part.span));
                let finding = LINT.finding(message).at(part.span, "").at(own.span, "the rule keeps these rows only");
                out.push(finding.help("leave it out of `where`, or measure something else"));
                break;
            }
        }
    }
}
