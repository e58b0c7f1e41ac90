//! Rules of a pack over records on standard input.

use super::{Arguments, Chosen, Judged};
use crate::diag::{Code, Diagnostic};
use crate::pack::Pack;
use crate::piped::{Piped, Piping, run};
use crate::record::{Input, Report};

/// Runs a pack over what comes in, to its end.
pub(super) fn judge(arguments: &Arguments, pack: &Pack, source: &str) -> Result<Judged, Diagnostic> {
    let schema = &pack.resolved.schema;
    let Some(source) = schema.sources.iter().find(|known| known.name == source) else {
        let known = schema.sources.iter().map(|source| source.name.as_str());
        return Err(Diagnostic::error(Code::BadArgument, format!("unknown source `{source}`")).suggest(source, known));
    };
    let chosen = Chosen::of(arguments, pack)?;
    let Arguments { from, to, .. } = *arguments;
    let piping = Piping {
        rules: &chosen.rules,
        pack: &pack.id,
        schema,
        source,
        from,
        to,
        #[cfg(feature = "engine")]
        limits: arguments.limits(),
    };
    let piped = run(&piping, &Input::standard_input())?;
    let counts = counts(&source.name, &piped.report);
    let Piped { alerts, runs, end, .. } = piped;
    let (alerts, correlated) = chosen.conclude(arguments, alerts, end);
    Ok(Judged {
        alerts,
        runs,
        correlated,
        counts,
        #[cfg(feature = "engine")]
        costs: piped.costs,
        ..Judged::default()
    })
}

/// What became of the records.
fn counts(source: &str, report: &Report) -> String {
    let Report { read, rows, merged, duplicates, other, quarantined, .. } = report;
    let mut text = format!("{source}: {read} records: {rows} events");
    for (count, what) in [
        (merged, "put together with others"),
        (duplicates, "duplicates"),
        (other, "of other kinds"),
        (quarantined, "unreadable"),
    ] {
        if *count > 0 {
            text.push_str(&format!(", {count} {what}"));
        }
    }
    text + "\n"
}
