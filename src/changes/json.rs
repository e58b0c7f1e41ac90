//! Changes as JSON for programs: everything, with whole queries and whole alerts.

use serde_json::{Value, json};

use super::{AlertChanges, Changes, Kind, QueryChange, RuleChange, Side};

/// The object that `diff --format json` prints.
#[must_use]
pub fn to_json(changes: &Changes) -> Value {
    json!({
        "format": 1,
        "rules": changes.rules.iter().map(of_rule).collect::<Vec<_>>(),
        "sources": changes.sources,
        "same": changes.same,
        "alerts": changes.alerts.as_ref().map(of_alerts),
    })
}

fn of_rule(rule: &RuleChange) -> Value {
    let [before, after] = &rule.meaning;
    let text =
        |(what, [before, after]): &(&str, [String; 2])| json!({ "what": what, "before": before, "after": after });
    json!({
        "rule": rule.name,
        "change": rule.kind.word(),
        "from": if let Kind::Renamed(from) = &rule.kind { Some(from) } else { None },
        "meaning": { "before": before, "after": after },
        "texts": rule.texts.iter().map(text).collect::<Vec<_>>(),
        "queries": rule.queries.iter().map(of_query).collect::<Vec<_>>(),
    })
}

fn of_query(query: &QueryChange) -> Value {
    let side = |side: &Option<Side>| {
        side.as_ref().map(|side| json!({ "verdict": side.verdict, "provided": side.provided, "query": side.text }))
    };
    let [before, after] = query.sides.each_ref().map(side);
    json!({ "source": query.source, "target": query.target, "before": before, "after": after })
}

fn of_alerts(alerts: &AlertChanges) -> Value {
    let differ: Vec<Value> =
        alerts.differ.iter().map(|[before, after]| json!({ "before": before, "after": after })).collect();
    json!({ "appear": alerts.appear, "disappear": alerts.disappear, "differ": differ, "same": alerts.same })
}
