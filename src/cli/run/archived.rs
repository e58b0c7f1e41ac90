//! Rules of a pack over an archive: all of a period at once, or from where the last run ended.

use super::{Arguments, Chosen, Judged, content_told, signals, tell, withhold};
use crate::archive::{Archive, now};
use crate::diag::{Code, Diagnostic};
use crate::engine::{Engine, Period, RunOutcome};
use crate::eval::Alert;
use crate::pack::Pack;
use crate::report::json_lines;
use crate::state::{Advanced, Span, State, advance};

/// Runs a pack over a period.
pub(super) fn judge(arguments: &Arguments, pack: &Pack) -> Result<Judged, Diagnostic> {
    let chosen = Chosen::of(arguments, pack)?;
    let period = match arguments.at {
        Some(at) => Period::At(at),
        None => Period::Between { from: arguments.from, to: arguments.to },
    };
    let engine = engine(arguments, pack)?;
    let RunOutcome { alerts, runs, costs } = engine.run(&chosen.rules, &pack.id, period)?;
    let end = arguments.at.or(arguments.to).or(engine.archive().days().map(|days| days.1)).unwrap_or_default();
    let (alerts, correlated) = chosen.conclude(arguments, alerts, end);
    Ok(Judged { alerts, runs, correlated, costs, ..Judged::default() })
}

fn engine<'a>(arguments: &Arguments, pack: &'a Pack) -> Result<Engine<'a>, Diagnostic> {
    let folder = arguments.archive.as_deref().unwrap_or_else(|| std::path::Path::new(""));
    let archive = Archive::open(folder, &pack.resolved.schema, arguments.keys.content()?)?;
    Engine::open(archive, &pack.resolved.schema, arguments.limits())
}

/// As [`judge`], from where the last run ended. Alerts are told, then they are in the log.
pub(super) fn go_on(arguments: &Arguments, pack: &Pack, state: &mut State) -> Result<Judged, Diagnostic> {
    let span = Span { from: arguments.from, to: arguments.to, now: now(), lateness: arguments.lateness };
    if arguments.to.is_some_and(|to| to > span.now) {
        let message = "`--to` lies ahead: what is judged up to there is never judged again";
        return Err(Diagnostic::error(Code::BadArgument, message).help("leave it out to judge up to now"));
    }
    let told = content_told(arguments.show_content, pack, &pack.resolved.rules)?;
    let engine = engine(arguments, pack)?;
    let memory = state.of(&pack.id, &engine)?;
    let advanced = advance(&engine, &pack.resolved, &pack.id, memory, span);
    let Advanced { outcome: RunOutcome { mut alerts, runs, costs }, correlated, late, memory } = advanced;
    withhold(&mut alerts, &told);
    let signals = signals(pack);
    let reaches = |alert: &Alert| !alert.muted && !signals.contains(alert.rule.as_str());
    let log: Vec<Alert> = alerts.iter().filter(|alert| reaches(alert)).cloned().collect();
    alerts.retain(|alert| arguments.all || reaches(alert));
    tell(arguments, &alerts);
    state.commit(&pack.id, memory, &json_lines(&log))?;
    Ok(Judged { alerts, runs, correlated, late, costs, ..Judged::default() })
}
