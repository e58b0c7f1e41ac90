//! The end of a run in words and as JSON: takes alerts and what became of each rule and correlation, says what was lost, and what was not run
//! and why.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::diag::to_json;
use crate::eval::clock::{day_text, time_text};
use crate::eval::correlate::Correlated;
use crate::eval::{Alert, RuleRun, Skipped, Undecided};
use crate::ir::Level;
use crate::pack::Pack;

/// By source, how many events came too late for windows that had been judged, and up to when those were.
type Late = BTreeMap<String, (u64, i64)>;

/// The end report: how many alerts, what was lost to missing keys, and what was not run and why.
pub(super) fn report(
    alerts: &[Alert],
    runs: &[(&Pack, RuleRun)],
    correlated: &[(String, Correlated)],
    late: &Late,
) -> String {
    let counts: Vec<String> = Level::ALL
        .iter()
        .rev()
        .map(|level| (level, alerts.iter().filter(|alert| alert.severity == *level).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(level, count)| format!("{count} {}", level.text()))
        .collect();
    let counts = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
    let mut text = format!("{} alerts{counts}\n", alerts.len());
    for (_, run) in runs.iter().filter(|(_, run)| run.lost_to_missing_keys > 0) {
        let lost = match run.lost_to_missing_keys {
            1 => "1 event lacks a group key and was".to_owned(),
            lost => format!("{lost} events lack a group key and were"),
        };
        text.push_str(&format!("{} on {}: {lost} not counted\n", run.rule, run.source));
    }
    for (_, run) in runs.iter().filter(|(_, run)| !run.left_out.is_empty()) {
        let names = run.left_out.join(", ");
        text.push_str(&format!("{} on {}: without {names}, which these logs do not carry\n", run.rule, run.source));
    }
    for (_, run) in runs.iter().filter(|(_, run)| !run.undecided.is_empty()) {
        text.push_str(&format!("{} on {}: undecided on {}\n", run.rule, run.source, undecided(run)));
    }
    for (_, run) in runs {
        if let Some(Undecided { from, to, windows }) = run.short_past {
            let (from, to) = (time_text(from), time_text(to));
            let windows = if windows == 1 { "1 window".to_owned() } else { format!("{windows} windows") };
            text.push_str(&format!(
                "{} on {}: {windows} from {from} to {to} undecided, the archive does not go back far enough\n",
                run.rule, run.source
            ));
        }
        match &run.skipped {
            Some(Skipped::Absent(reasons)) => {
                for reason in reasons {
                    let why = reason.help.as_ref().map(|help| format!(": {help}")).unwrap_or_default();
                    text.push_str(&format!("{} not run on {}: {}{why}\n", run.rule, run.source, reason.message));
                }
            }
            Some(Skipped::Failed(reason)) => {
                text.push_str(&format!("{} FAILED on {}: {}\n", run.rule, run.source, reason.message));
            }
            Some(Skipped::NoRows | Skipped::NeverFires) | None => {}
        }
    }
    for (name, Correlated { lost_to_missing_keys, equal_times, undecided, .. }) in correlated {
        for (count, what) in [
            (lost_to_missing_keys, "alerts of its members lack a key and were not counted"),
            (equal_times, "alerts of its members have no order: they stand at one moment"),
            (undecided, "alerts are undecided: what must not follow them still may"),
        ] {
            if *count > 0 {
                text.push_str(&format!("{name}: {count} {what}\n"));
            }
        }
    }
    for (source, (count, until)) in late {
        let events = if *count == 1 { "1 event".to_owned() } else { format!("{count} events") };
        text.push_str(&format!(
            "{source}: {events} from before {} came after the run that judged that time, and are in no window of it: `--lateness` waits longer\n",
            time_text(*until)
        ));
    }
    text
}

/// Days on which a rule can't be judged, with the fields that the archive lacks there.
fn undecided(run: &RuleRun) -> String {
    let days = run.undecided.iter().map(|(day, field)| format!("{} (no `{field}`)", day_text(*day)));
    days.collect::<Vec<_>>().join(", ")
}

pub(super) fn summary(
    alerts: &[Alert],
    runs: &[(&Pack, RuleRun)],
    correlated: &[(String, Correlated)],
    late: &Late,
) -> Value {
    let run = |(pack, run): &(&Pack, RuleRun)| {
        let (skipped, reasons) = match &run.skipped {
            None => (Value::Null, Vec::new()),
            Some(Skipped::NoRows) => (json!("no rows"), Vec::new()),
            Some(Skipped::NeverFires) => (json!("never fires"), Vec::new()),
            Some(Skipped::Absent(reasons)) => (json!("absent"), to_json(reasons, &pack.sources)),
            Some(Skipped::Failed(reason)) => (json!("failed"), to_json(std::slice::from_ref(reason), &pack.sources)),
        };
        json!({
            "pack": pack.id, "rule": run.rule, "source": run.source, "lost_to_missing_keys": run.lost_to_missing_keys,
            "left_out": run.left_out,
            "undecided": run.undecided.iter().map(|(day, field)| json!({ "day": day_text(*day), "lacks": field })).collect::<Vec<_>>(),
            "short_past": run.short_past.map(|short| json!({
                "from": time_text(short.from), "to": time_text(short.to), "windows": short.windows,
            })),
            "skipped": skipped, "reasons": reasons,
        })
    };
    let correlation = |(name, found): &(String, Correlated)| {
        json!({
            "correlation": name, "lost_to_missing_keys": found.lost_to_missing_keys,
            "equal_times": found.equal_times, "undecided": found.undecided,
        })
    };
    json!({
        "format": 1, "alerts": alerts.len(), "runs": runs.iter().map(run).collect::<Vec<_>>(),
        "correlations": correlated.iter().map(correlation).collect::<Vec<_>>(),
        "late": late.iter().map(|(source, (count, until))| {
            json!({ "source": source, "events": count, "before": time_text(*until) })
        }).collect::<Vec<_>>(),
    })
}
