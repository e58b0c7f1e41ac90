//! `skywatch run`: rules over an archive.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Value, json};

use super::cost;
use super::keys::Keys;
use super::private::no_core_dump;
use super::{Format, GOOD, NO, UNUSABLE, complain, complain_of, packs, say, time};
use crate::archive::{Archive, day_text, now};
use crate::diag::{Code, Diagnostic, to_json};
use crate::engine::{Engine, Limits, MEMORY, Period, RuleRun, RunOutcome, Skipped};
use crate::eval::clock::time_text;
use crate::eval::correlate::{Correlated, correlate_all};
use crate::eval::mute::{Delivered, mute};
use crate::eval::{Alert, Undecided};
use crate::ir::{ContentTold, Correlation, Level, Rule};
use crate::pack::Pack;
use crate::report::{json_lines, table};
use crate::resolve::Resolved;
use crate::source::SourceMap;
use crate::state::{Advanced, Span, State, advance};
use crate::syntax::micros;

/// Run rules over an archive.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch run rulepacks/ai-security --archive archive
  skywatch run rulepacks/ai-security --archive archive --from 2026-11-02 --to 2026-11-03 --format json
  skywatch run rulepacks/ai-security --archive archive --at 2026-11-02T10:07:00Z --fail-on high
  skywatch run rulepacks/ai-security --archive archive --state state --format json

Windows that end in (from, to] are judged. The result depends on the archive and the arguments only; with --state on what was told before
too, so that each alert is told once.")]
pub(super) struct Arguments {
    /// Folders with a pack.toml, or single .sky files.
    #[arg(required = true, value_name = "PACK")]
    packs: Vec<PathBuf>,
    /// The archive's folder.
    #[arg(long, value_name = "DIR")]
    archive: PathBuf,
    #[command(flatten)]
    keys: Keys,
    /// Judge windows that end after this time; without, from the archive's first day on.
    #[arg(long, value_parser = time)]
    from: Option<i64>,
    /// Judge windows that end by this time; without, to the end of the archive's last day.
    #[arg(long, value_parser = time)]
    to: Option<i64>,
    /// Judge, for each rule, the last window that ended by this time; for a rule without `over`, the last five minutes that did.
    #[arg(long, value_parser = time, conflicts_with_all = ["from", "to"])]
    at: Option<i64>,
    /// Go on where the last run with this folder ended, and remember in it where this one does. The folder holds the log of all alerts.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["at", "rule"])]
    state: Option<PathBuf>,
    /// With `--state`, how late events are: `15m`; without, what each source says. Windows that ended so long ago are judged.
    #[arg(long, value_name = "DURATION", value_parser = lateness, requires = "state", conflicts_with = "to")]
    lateness: Option<i64>,
    /// Only this rule, or this correlation with what it reads.
    #[arg(long)]
    rule: Option<String>,
    /// List the alerts of signals too, and those that are muted.
    #[arg(long)]
    all: bool,
    /// Show text of users, which is redacted, in alerts; without, `[CONTENT]` stands in its place.
    #[arg(long)]
    show_content: bool,
    /// How alerts are printed: a table, or one JSON object a line.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Exit with 1 where an alert is at least this severe.
    #[arg(long, value_name = "SEVERITY", value_parser = level)]
    fail_on: Option<Level>,
    /// Most memory that the plans of a run may hold together: `512MiB`, `4GiB`; what does not fit is set aside on disk, or fails.
    /// Without, 2 GiB.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory: Option<usize>,
    /// Say what the run cost: what was scanned, what rules share, and the rows, bytes and time of each rule.
    #[arg(long)]
    explain: bool,
    /// Write the end report as JSON into this file.
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
}

fn level(text: &str) -> Result<Level, String> {
    Level::find(text).ok_or_else(|| format!("expected {}", Level::ALL.map(Level::text).join(", ")))
}

/// Microseconds of `15m`.
fn lateness(text: &str) -> Result<i64, String> {
    micros(text).ok_or_else(|| "expected a duration like `90s`, `15m`, `2h`, `1d`".to_owned())
}

/// Bytes of `512MiB`.
fn size(text: &str) -> Result<usize, String> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let scale = match unit.to_ascii_lowercase().as_str() {
        "kib" => 1_usize << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err("expected a size like `512MiB`, `4GiB`".to_owned()),
    };
    let bytes = digits.parse::<usize>().ok().and_then(|n| n.checked_mul(scale));
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| "out of range".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    no_core_dump();
    let Some(packs) = packs(&arguments.packs) else { return UNUSABLE };
    let of_pack = |pack: &Pack| {
        let resolved = &pack.resolved;
        let rules = resolved.rules.iter().map(|rule| rule.name.clone());
        rules.chain(resolved.correlations.iter().map(|one| one.name.clone())).collect::<Vec<_>>()
    };
    let names: Vec<String> = packs.iter().flat_map(of_pack).collect();
    if let Some(name) = arguments.rule.as_ref().filter(|name| !names.contains(name)) {
        let known = names.iter().map(String::as_str);
        let diagnostic = Diagnostic::error(Code::BadArgument, format!("unknown rule `{name}`")).suggest(name, known);
        complain_of(&[diagnostic], &SourceMap::default());
        return UNUSABLE;
    }
    let mut state = None;
    if let Some(folder) = &arguments.state {
        match State::open(folder) {
            Ok(opened) => state = Some(opened),
            Err(diagnostic) => {
                complain_of(&[diagnostic], &SourceMap::default());
                return UNUSABLE;
            }
        }
    }
    let (mut alerts, mut runs, mut correlated, mut costs) = (Vec::new(), Vec::new(), Vec::new(), String::new());
    for pack in &packs {
        let judged = match &mut state {
            Some(state) => go_on(arguments, pack, state),
            None => judge(arguments, pack),
        };
        match judged {
            Ok(Judged { outcome, correlated: of_correlations }) => {
                alerts.extend(outcome.alerts);
                runs.extend(outcome.runs.into_iter().map(|run| (pack, run)));
                correlated.extend(of_correlations);
                costs.push_str(&cost::text(&outcome.costs, &pack.sources));
            }
            Err(diagnostic) => {
                complain_of(&[diagnostic], &pack.sources);
                return UNUSABLE;
            }
        }
    }
    // Packs share one order, whatever their own is.
    if packs.len() > 1 {
        alerts.sort_by(Alert::in_order);
    }
    // With a state they are told before they count as told.
    if state.is_none() {
        tell(arguments, &alerts);
    }
    complain(&report(&alerts, &runs, &correlated));
    if arguments.explain {
        complain(&costs);
    }
    if let Some(path) = &arguments.summary
        && let Err(error) = std::fs::write(path, format!("{}\n", summary(&alerts, &runs, &correlated)))
    {
        complain(&format!("{}: can't be written: {error}\n", path.display()));
        return UNUSABLE;
    }
    let failed = arguments.fail_on.is_some_and(|level| alerts.iter().any(|alert| alert.severity >= level));
    if failed { NO } else { GOOD }
}

/// Alerts that are delivered, what became of each rule, and of each correlation by name.
struct Judged {
    outcome: RunOutcome,
    correlated: Vec<(String, Correlated)>,
}

fn judge(arguments: &Arguments, pack: &Pack) -> Result<Judged, Diagnostic> {
    let Resolved { rules, correlations, .. } = &pack.resolved;
    let named = arguments.rule.as_deref();
    let below = correlations.iter().find(|one| Some(one.name.as_str()) == named).map(|one| one.reads(correlations));
    let chosen =
        |name: &str| named.is_none_or(|named| name == named) || below.as_ref().is_some_and(|all| all.contains(name));
    let rules: Vec<Rule> = rules.iter().filter(|rule| chosen(&rule.name)).cloned().collect();
    let correlations: Vec<Correlation> = correlations.iter().filter(|one| chosen(&one.name)).cloned().collect();
    let period = match arguments.at {
        Some(at) => Period::At(at),
        None => Period::Between { from: arguments.from, to: arguments.to },
    };
    let told = content_told(arguments, pack, &rules)?;
    let engine = engine(arguments, pack)?;
    let RunOutcome { mut alerts, runs, costs } = engine.run(&rules, &pack.id, period)?;
    let end = arguments.at.or(arguments.to).or(engine.archive().days().map(|days| days.1)).unwrap_or_default();
    let correlated = correlate_all(&correlations, &mut alerts, &pack.id, end);
    mute(&mut alerts, &pack.resolved.mutes(), &mut Delivered::new());
    let signals = signals(pack);
    // Whoever asks for one rule wants its alerts.
    let reaches = |alert: &Alert| !signals.contains(alert.rule.as_str()) || named == Some(&alert.rule);
    alerts.retain(|alert| {
        arguments.all
            || (!alert.muted && reaches(alert) && below.as_ref().is_none_or(|all| !all.contains(alert.rule.as_str())))
    });
    withhold(&mut alerts, &told);
    Ok(Judged { outcome: RunOutcome { alerts, runs, costs }, correlated })
}

fn engine<'a>(arguments: &Arguments, pack: &'a Pack) -> Result<Engine<'a>, Diagnostic> {
    let archive = Archive::open(&arguments.archive, &pack.resolved.schema, arguments.keys.content()?)?;
    let limits = Limits { memory: arguments.memory.unwrap_or(MEMORY), ..Limits::default() };
    Engine::open(archive, &pack.resolved.schema, limits)
}

/// By rule, the names under which its alerts hold text of users that is not to be shown. A rule that tells alerts apart by such text is an
/// error: ids, states and correlations would tell of it.
fn content_told(
    arguments: &Arguments,
    pack: &Pack,
    rules: &[Rule],
) -> Result<BTreeMap<String, Vec<String>>, Diagnostic> {
    let mut told = BTreeMap::new();
    for rule in rules.iter().filter(|_| !arguments.show_content) {
        let Some(stream) = pack.resolved.schema.streams.get(rule.stream) else { continue };
        let ContentTold { keys, values } = rule.content_told(stream);
        if let Some(key) = keys.first() {
            let message = format!("`{}` tells its alerts apart by `{key}`, which is text of users", rule.name);
            return Err(Diagnostic::error(Code::BadArgument, message).at(rule.span, "would stand in its alerts and their ids").help(
                "tell them apart by `prompt_digest` or another field; `--show-content` runs it as it is, and shows the text",
            ));
        }
        told.insert(rule.name.clone(), values);
    }
    Ok(told)
}

fn withhold(alerts: &mut [Alert], told: &BTreeMap<String, Vec<String>>) {
    for alert in alerts {
        if let Some(names) = told.get(&alert.rule) {
            alert.withhold(names);
        }
    }
}

fn signals(pack: &Pack) -> BTreeSet<&str> {
    pack.resolved.rules.iter().filter(|rule| rule.signal).map(|rule| rule.name.as_str()).collect()
}

fn tell(arguments: &Arguments, alerts: &[Alert]) {
    match arguments.format {
        Format::Json => say(&json_lines(alerts)),
        Format::Text if alerts.is_empty() => {}
        Format::Text => say(&table(alerts)),
    }
}

/// As [`judge`], from where the last run ended. Alerts are told, then they are in the log.
fn go_on(arguments: &Arguments, pack: &Pack, state: &mut State) -> Result<Judged, Diagnostic> {
    let span = Span { from: arguments.from, to: arguments.to, now: now(), lateness: arguments.lateness };
    if arguments.to.is_some_and(|to| to > span.now) {
        let message = "`--to` lies ahead: what is judged up to there is never judged again";
        return Err(Diagnostic::error(Code::BadArgument, message).help("leave it out to judge up to now"));
    }
    let told = content_told(arguments, pack, &pack.resolved.rules)?;
    let engine = engine(arguments, pack)?;
    let memory = state.of(&pack.id, &engine)?;
    let advanced = advance(&engine, &pack.resolved, &pack.id, memory, span);
    let Advanced { outcome: RunOutcome { mut alerts, runs, costs }, correlated, memory } = advanced;
    withhold(&mut alerts, &told);
    let signals = signals(pack);
    let reaches = |alert: &Alert| !alert.muted && !signals.contains(alert.rule.as_str());
    let log: Vec<Alert> = alerts.iter().filter(|alert| reaches(alert)).cloned().collect();
    alerts.retain(|alert| arguments.all || reaches(alert));
    tell(arguments, &alerts);
    state.commit(&pack.id, memory, &json_lines(&log))?;
    Ok(Judged { outcome: RunOutcome { alerts, runs, costs }, correlated })
}

/// The end report: how many alerts, what was lost to missing keys, and what was not run and why.
fn report(alerts: &[Alert], runs: &[(&Pack, RuleRun)], correlated: &[(String, Correlated)]) -> String {
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
    text
}

/// Days on which a rule can't be judged, with the fields that the archive lacks there.
fn undecided(run: &RuleRun) -> String {
    let days = run.undecided.iter().map(|(day, field)| format!("{} (no `{field}`)", day_text(*day)));
    days.collect::<Vec<_>>().join(", ")
}

fn summary(alerts: &[Alert], runs: &[(&Pack, RuleRun)], correlated: &[(String, Correlated)]) -> Value {
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
    })
}
