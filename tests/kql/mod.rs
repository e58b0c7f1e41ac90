//! For the tests of the KQL target: rules as text → emitted queries.

use skywatch::diag::{has_errors, render};
use skywatch::resolve::{Resolved, resolve};
use skywatch::source::{SourceId, SourceMap};
use skywatch::target::kql::Kql;
use skywatch::target::{Emission, Request, emit};
use skywatch::{schema, syntax};

/// A stream and a source with a column of every kind.
const PROBE: &str = include_str!("probe.sky");

/// The built-in files, the probe and a text, resolved.
#[track_caller]
pub(crate) fn resolved(text: &str) -> Resolved {
    let mut sources = SourceMap::default();
    let builtin = schema::BUILTIN.iter().map(|(_, text)| syntax::parse(SourceId(u32::MAX), text).0);
    let mut files: Vec<_> = builtin.collect();
    let mut diagnostics = Vec::new();
    for (name, text) in [("probe.sky", PROBE), ("test.sky", text)] {
        let id = sources.add(name, text);
        let (file, mut said) = syntax::parse(id, text);
        files.push(file);
        diagnostics.append(&mut said);
    }
    let (resolved, mut said) = resolve(&files, &mut |_| Err("no files here".to_owned()));
    diagnostics.append(&mut said);
    assert!(!has_errors(&diagnostics), "{text}\n{}", render(&diagnostics, &sources, false));
    resolved
}

/// What the first rule of a text becomes on the only source that it admits.
#[track_caller]
pub(crate) fn emission(text: &str, range: Option<(i64, i64)>) -> Emission {
    let resolved = resolved(text);
    let mut emissions = emit(&resolved.rules[0], &resolved.schema, &Kql, Request { range });
    assert_eq!(emissions.len(), 1, "{text}");
    emissions.remove(0)
}

/// A rule over the probe with these clauses.
pub(crate) fn rule(clauses: &str) -> String {
    format!("rule r {{ severity low from probe {clauses} }}")
}

/// 2026-01-01T00:00Z in microseconds.
pub(crate) const START: i64 = 1_767_225_600_000_000;
/// An hour in microseconds.
pub(crate) const HOUR: i64 = 3_600_000_000;

/// Over the first four hours of 2026.
pub(crate) const RANGE: Option<(i64, i64)> = Some((START, START + 4 * HOUR));
