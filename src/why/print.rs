//! An answer for people.

use std::fmt::Write as _;

use super::{Case, Demand, Why};
use crate::eval::Value;
use crate::report::{moment, value_text};

/// Most cases that are shown.
const MAX_SHOWN: usize = 10;

/// What `run --why` and `explain ALERT-ID` print of a rule.
#[must_use]
pub fn text(name: &str, why: &Why) -> String {
    let mut out = String::new();
    for case in why.cases.iter().take(MAX_SHOWN) {
        out.push_str(&of_case(name, case, why.elements));
    }
    let more = why.cases.len().saturating_sub(MAX_SHOWN);
    if more > 0 {
        _ = writeln!(out, "… and {more} more that came less far, or later: `--from` and `--to` choose");
    }
    for (source, reasons) in &why.unasked {
        for reason in reasons {
            let help = reason.help.as_ref().map(|help| format!(": {help}")).unwrap_or_default();
            _ = writeln!(out, "{name} is not run on {source}: {}{help}", reason.message);
        }
    }
    if why.cases.iter().any(|case| case.alerts) {
        why.fewer.iter().for_each(|said| _ = writeln!(out, "{said}"));
    }
    if why.cases.is_empty() {
        _ = writeln!(out, "{name}: no log of the archive has an event of these keys in that time");
    }
    out
}

fn of_case(name: &str, case: &Case, elements: bool) -> String {
    let when = match case.window.start == case.window.end {
        true => format!("at {}", moment(case.window.start)),
        false => format!("from {} to {}", moment(case.window.start), moment(case.window.end)),
    };
    let element = case.event.as_ref().and_then(|event| event.element);
    let element = element.map(|n| format!(", element {}", n + 1)).unwrap_or_default();
    let alerts = if case.alerts { "alerts" } else { "does not alert" };
    let mut out = format!("{name} {alerts} on {}, {when}{element}{}\n", case.source, listed(&case.keys, ", "));
    for (text, count) in &case.passed {
        let one = *count == Value::Int(1);
        let events = match (elements, one) {
            (false, true) => "event",
            (false, false) => "events",
            (true, true) => "element of an event",
            (true, false) => "elements of events",
        };
        match text.is_empty() {
            true => _ = writeln!(out, "  {} {events}", value_text(count)),
            false if text.starts_with("not excepted") => _ = writeln!(out, "  {} of them {text}", value_text(count)),
            false => _ = writeln!(out, "  {} of them where {text}", value_text(count)),
        }
    }
    if !case.values.is_empty() {
        _ = writeln!(out, "  of these{}", listed(&case.values, " "));
    }
    case.demands.iter().for_each(|demand| out.push_str(&of_demand(demand)));
    out
}

fn of_demand(demand: &Demand) -> String {
    let holds = match demand.holds {
        Value::Bool(true) => "holds",
        Value::Bool(false) => "does not hold",
        _ => "is undecided",
    };
    let values: Vec<String> = demand
        .values
        .iter()
        .filter(|(text, _)| *text != demand.text)
        .map(|(text, value)| {
            format!("{text} is {}", if value.is_present() { value_text(value) } else { "missing".to_owned() })
        })
        .collect();
    let values = if values.is_empty() { String::new() } else { format!(": {}", values.join(", ")) };
    format!("  {holds}: {}{values}\n", demand.text)
}

fn listed(values: &[(String, Value)], before: &str) -> String {
    values.iter().map(|(name, value)| format!("{before}{name}={}", value_text(value))).collect()
}
