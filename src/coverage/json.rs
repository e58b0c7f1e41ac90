//! Coverage as JSON for programs: everything that is known, with conditions, reasons and what is left out.

use serde_json::{Value, json};

use super::{Coverage, Local, OnSource, OnTarget, OnTargets, RuleOnSource};
use crate::diag::reasons;
use crate::ir::SECOND;
use crate::target::TARGETS;

/// The object that `coverage --format json` prints for some packs.
#[must_use]
pub fn to_json(packs: &[Coverage<'_>]) -> Value {
    let targets: Vec<Value> =
        TARGETS.iter().map(|target| json!({ "target": target.info().name, "title": target.info().title })).collect();
    json!({ "format": 1, "targets": targets, "packs": packs.iter().map(pack).collect::<Vec<_>>() })
}

fn pack(coverage: &Coverage<'_>) -> Value {
    let pairs = coverage.sources.iter().flat_map(|on| on.rules.iter().map(move |rule| pair(on, rule)));
    json!({
        "pack": coverage.pack,
        "rules": coverage.rules.iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>(),
        "sources": coverage.sources.iter().map(source).collect::<Vec<_>>(),
        "pairs": pairs.collect::<Vec<_>>(),
        "correlations": coverage.correlations.iter().map(correlation).collect::<Vec<_>>(),
        "blind_everywhere": coverage.blind_everywhere().iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>(),
    })
}

fn source(on: &OnSource<'_>) -> Value {
    let place = |target: &&dyn crate::target::Target| {
        let info = target.info();
        Some((info.name.to_owned(), Value::from(on.source.place(info.place)?.name.as_str())))
    };
    let lacks: Vec<Value> =
        on.lacks.iter().map(|lack| json!({ "field": lack.name, "because": lack.because })).collect();
    let blind = on.rules.iter().filter_map(|here| match &here.local {
        Local::Refused(fields, _) => Some(json!({ "rule": here.rule.name, "fields": fields })),
        Local::Runs(_) | Local::Never => None,
    });
    json!({
        "source": on.source.name,
        "stream": on.stream.name,
        "about": on.source.doc,
        "files": on.source.files.is_some(),
        "places": TARGETS.iter().filter_map(place).collect::<serde_json::Map<_, _>>(),
        "delay_seconds": on.source.delay / SECOND,
        "lacks": lacks,
        "enable": on.source.enable,
        "traps": on.source.traps,
        "blind": blind.collect::<Vec<_>>(),
    })
}

fn pair(on: &OnSource<'_>, here: &RuleOnSource<'_>) -> Value {
    let why = match &here.local {
        Local::Refused(_, why) => reasons(why),
        Local::Runs(_) | Local::Never => Vec::new(),
    };
    json!({
        "rule": here.rule.name,
        "source": on.source.name,
        "local": { "verdict": here.local.word(), "left_out": here.local.left_out(), "reasons": why },
        "targets": by_target(&here.targets),
    })
}

fn correlation(on: &OnTargets<'_>) -> Value {
    let members = on.correlation.members.iter().map(|member| member.name.as_str());
    json!({
        "correlation": on.correlation.name,
        "members": members.collect::<Vec<_>>(),
        "targets": by_target(&on.targets),
    })
}

fn by_target(targets: &[OnTarget]) -> serde_json::Map<String, Value> {
    TARGETS.iter().zip(targets).map(|(target, on)| (target.info().name.to_owned(), on_target(on))).collect()
}

/// What `emit` says of it, without the query.
fn on_target(on: &OnTarget) -> Value {
    let OnTarget::Emitted(emission) = on else {
        return json!({ "verdict": on.word(), "provided": [], "left_out": [], "reasons": [], "needs": null });
    };
    let mut said = emission.to_json();
    if let Some(said) = said.as_object_mut() {
        said.retain(|key, _| ["verdict", "provided", "left_out", "reasons", "needs"].contains(&key.as_str()));
    }
    said
}
