//! For the tests of the KQL target: rules as text → emitted queries.

pub(crate) mod agreement;
pub(crate) mod records;

use skywatch::resolve::Resolved;
use skywatch::schema;
use skywatch::target::kql::Kql;
use skywatch::target::{Emission, Request, emit};

use super::support::resolved_on;

/// A stream and a source with a column of every kind.
const PROBE: &str = include_str!("probe.sky");

/// The probe and a text, resolved. The built-in sources are read where a rule is about one of their streams.
pub(crate) fn resolved(text: &str) -> Resolved {
    let built_in = if text.contains("from activity") { schema::BUILTIN } else { &schema::BUILTIN[..1] };
    resolved_on(built_in, &[PROBE, text])
}

/// What the first rule of a text becomes on the only source that it admits.
#[track_caller]
pub(crate) fn emission(text: &str, range: Option<(i64, i64)>) -> Emission {
    let resolved = resolved(text);
    let mut emissions = emit(&resolved.rules[0], &resolved.schema, &Kql, Request { range, ..Request::default() });
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
