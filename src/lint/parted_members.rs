//! W0149 `parted-members`: a correlation whose members are of clouds that share no key.

use std::collections::{BTreeMap, BTreeSet};

use super::{Context, Lint};
use crate::bind::admits;
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Occurs, Rule};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0149",
        name: "parted-members",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "correlation of members that share no key",
        why: "Alerts come together where their keys are equal, and an AWS account is never an Azure subscription. A correlation by `account`
whose members are of different clouds waits for ever, or, behind `then no`, always alerts. Widen the members' `only`, or correlate by what both
clouds write alike, such as `source.ip`.",
        bad: "
rule blocked_calls { severity low  from invocation only aws  where guardrail.action == \"blocked\"  over 5m by account  let n = count()  when n > 5 }
rule keys_read     { severity low  from activity only azure  where outcome == \"success\" and operation contains \"listKeys\" nocase }

correlate stolen_key {
    severity high
    by       account
    within   1h
    when     keys_read then blocked_calls
}",
        good: "
rule blocked_calls { severity low  from invocation only azure  where guardrail.action == \"blocked\"  over 5m by account  let n = count()  when n > 5 }
rule keys_read     { severity low  from activity only azure  where outcome == \"success\" and operation contains \"listKeys\" nocase }

correlate stolen_key {
    severity high
    by       account
    within   1h
    when     keys_read then blocked_calls
}",
    },
    check,
};

/// Keys that each cloud writes in its own way.
const OF_A_CLOUD: [&str; 4] = ["account", "target", "access_key.id", "request.id"];

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    if context.correlations.is_empty() {
        return;
    }
    let rules: BTreeMap<&str, &Rule> =
        context.rules.iter().map(|rule| (rule.meant.name.as_str(), rule.meant)).collect();
    for correlation in &context.correlations {
        let meant = correlation.meant;
        if !meant.keys.iter().any(|(name, _)| OF_A_CLOUD.contains(&name.as_str())) {
            continue;
        }
        let clouds = |rule: &&Rule| {
            let sources = context.pack.resolved.schema.sources.iter().filter(|source| admits(rule, source));
            let clouds: BTreeSet<&str> = sources.map(crate::ir::Source::cloud).collect();
            // What a log of one's own writes may be any cloud's.
            let known = !clouds.is_empty() && clouds.iter().all(|cloud| ["aws", "azure", "gcp"].contains(cloud));
            known.then_some(clouds)
        };
        let of: Vec<Option<BTreeSet<&str>>> =
            meant.members.iter().map(|member| rules.get(member.name.as_str()).and_then(clouds)).collect();
        let fits = |cloud: &str, member: usize| {
            of.get(member).and_then(Option::as_ref).is_none_or(|clouds| clouds.contains(cloud))
        };
        let all = ["aws", "azure", "gcp"];
        let message = match &meant.occurs {
            Occurs::AtLeast(count)
                if !all.iter().any(|cloud| (0..of.len()).filter(|n| fits(cloud, *n)).count() >= *count) =>
            {
                format!("no {count} members are of one cloud, and other clouds' keys are others: it never alerts")
            }
            Occurs::Chain { steps, .. } if !all.iter().any(|cloud| steps.iter().all(|step| fits(cloud, *step))) => {
                "the members are of different clouds, whose keys are never equal: it never alerts".to_owned()
            }
            Occurs::Chain { steps, without: Some(without) }
                if !all.iter().any(|cloud| fits(cloud, *without) && steps.iter().all(|step| fits(cloud, *step))) =>
            {
                "what must not come is of another cloud, whose keys are others: it never comes".to_owned()
            }
            _ => continue,
        };
        out.push(
            LINT.finding(message)
                .at(correlation.written.name.span, "")
                .help("widen the members' `only`, or correlate by what the clouds write alike: `source.ip`"),
        );
    }
}
