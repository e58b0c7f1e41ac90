//! Rules of a pack over an archive: all of a period at once, or from where the last run ended.

use std::path::Path;

use super::super::over::open;
use super::{Arguments, Chosen, GOOD, Judged, UNUSABLE, complain_of, content_told, say, signals, tell, withhold};
use crate::archive::now;
use crate::diag::{Code, Diagnostic};
use crate::engine::{Engine, Period, RunOutcome};
use crate::eval::{Alert, Range};
use crate::pack::Pack;
use crate::report::json_lines;
use crate::source::SourceMap;
use crate::state::{Advanced, Span, State, advance};
use crate::why::{given, text, why};

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
    open(arguments.archive.as_deref().unwrap_or(Path::new("")), &arguments.keys, arguments.limits(), pack)
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

/// Says why a rule alerts or does not on what some keys or fields hold.
pub(super) fn why_not(arguments: &Arguments, packs: &[Pack], name: &str, given: &[String]) -> u8 {
    let rule = |pack: &'_ Pack| pack.resolved.rules.iter().position(|rule| rule.name == name);
    let correlated = packs.iter().any(|pack| pack.resolved.correlations.iter().any(|one| one.name == name));
    if correlated {
        let message = format!("`{name}` is a correlation: it asks alerts, and no events");
        let help = "ask why its members alert or do not; `skywatch explain ID` says why an alert of it came";
        complain_of(&[Diagnostic::error(Code::BadArgument, message).help(help)], &SourceMap::default());
        return UNUSABLE;
    }
    let Some((pack, at)) = packs.iter().find_map(|pack| Some((pack, rule(pack)?))) else {
        let known = packs.iter().flat_map(|pack| &pack.resolved.rules).map(|rule| rule.name.as_str());
        let unknown = Diagnostic::error(Code::BadArgument, format!("unknown rule `{name}`")).suggest(name, known);
        complain_of(&[unknown], &SourceMap::default());
        return UNUSABLE;
    };
    match answered(arguments, pack, at, given) {
        Ok(text) => {
            say(&text);
            GOOD
        }
        Err(diagnostic) => {
            complain_of(&[*diagnostic], &pack.sources);
            UNUSABLE
        }
    }
}

fn answered(arguments: &Arguments, pack: &Pack, at: usize, asked: &[String]) -> Result<String, Box<Diagnostic>> {
    let rules = pack.resolved.rules.get(at..=at).unwrap_or_default();
    let Some((rule, stream)) =
        rules.first().and_then(|rule| Some((rule, pack.resolved.schema.stream_of(rule.stream)?)))
    else {
        return Ok(String::new());
    };
    if asked.is_empty() && rule.window.as_ref().is_none_or(|window| !window.keys.is_empty()) {
        let names = rule.window.iter().flat_map(|window| &window.keys).map(|key| format!("{}=…", key.name));
        let names: Vec<String> = names.collect();
        let example = if names.is_empty() { "caller.id=…".to_owned() } else { names.join(" ") };
        let message = format!("of whom `{}` is to be explained is not said", rule.name);
        return Err(Box::new(
            Diagnostic::error(Code::BadArgument, message).help(format!("`--why {} {example}`", rule.name)),
        ));
    }
    let asked: Result<Vec<_>, _> = asked.iter().map(|text| given(text, rule, stream)).collect();
    let asked = asked?;
    content_told(arguments.show_content, pack, rules)?;
    let engine = engine(arguments, pack)?;
    let whole = engine.archive().days().unwrap_or_default();
    let range = Range { from: arguments.from.unwrap_or(whole.0), to: arguments.to.unwrap_or(whole.1) };
    if range.from >= range.to && engine.archive().days().is_some() {
        return Err(Box::new(
            Diagnostic::error(Code::BadArgument, "`--from` is not before `--to`").help("exchange them"),
        ));
    }
    Ok(text(&rule.name, &why(&engine, pack, rule, &asked, range, arguments.show_content)))
}
