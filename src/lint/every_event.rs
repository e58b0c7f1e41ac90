//! W0205 `every-event`: a rule that alerts on each event of its stream.

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Level as Severity, PredKind, Source};

/// The streams of which an event is by itself no sign of anything.
const ORDINARY: [&str; 4] = ["invocation", "activity", "screening", "span"];

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0205",
        name: "every-event",
        kind: Kind::Cost,
        level: Level::Warn,
        title: "alert for each event",
        why: "A rule without `where` and `over` alerts on every event there is: as many alerts as calls, and nobody reads them. Mostly its condition
was lost on the way. A rule that feeds a dashboard is `informational`, one that feeds a correlation a `signal`; neither is found here.",
        bad: "
rule model_calls {
    severity medium
    from     invocation
}",
        good: "
rule model_calls {
    severity medium
    from     invocation
    where    error.code == \"AccessDeniedException\"
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let meant = rule.meant;
        let ordinary = context.stream(meant).is_some_and(|stream| ORDINARY.contains(&stream.name.as_str()));
        let asks = meant.each.is_some() || !meant.filter.is_empty() || meant.window.is_some();
        let all = !asks && meant.when.kind == PredKind::Const(true);
        let told = !meant.signal && meant.severity.arms.is_empty() && meant.severity.default > Severity::Informational;
        // A log of the pack's own may hold findings and nothing else.
        let own = |source: &&Source| context.file(source.span.source).is_some();
        if ordinary && all && told && !context.sources(meant).iter().all(own) {
            let finding = LINT.finding(format!("`{}` alerts on each event of its stream", meant.name));
            let help = "say with `where` which events count, or count them with `over`";
            out.push(finding.at(rule.written.name.span, "neither `where` nor `over`").help(help));
        }
    }
}
