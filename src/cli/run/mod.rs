//! `skywatch run`: rules over an archive, or over records on standard input.

#[cfg(feature = "engine")]
mod archived;
mod piped;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

#[cfg(feature = "engine")]
use super::cost;
#[cfg(feature = "engine")]
use super::keys::Keys;
#[cfg(feature = "engine")]
use super::private::no_core_dump;
use super::{Format, GOOD, NO, UNUSABLE, complain, complain_of, packs, say, time};
use crate::diag::{Code, Diagnostic};
#[cfg(feature = "engine")]
use crate::engine::{Costs, Limits, MEMORY};
use crate::eval::correlate::Correlated;
use crate::eval::{Alert, RuleRun, conclude};
use crate::ir::{ContentTold, Correlation, Level, Rule};
use crate::pack::Pack;
use crate::report::{json_lines, table};
use crate::resolve::Resolved;
use crate::source::SourceMap;
#[cfg(feature = "engine")]
use crate::state::State;
#[cfg(feature = "engine")]
use crate::syntax::micros;
use report::{report, summary};

/// Run rules over an archive, or over records on standard input.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch run rulepacks/ai-security --archive archive
  skywatch run rulepacks/ai-security --archive archive --from 2026-11-02 --to 2026-11-03 --format json
  skywatch run rulepacks/ai-security --archive archive --at 2026-11-02T10:07:00Z --fail-on high
  skywatch run rulepacks/ai-security --archive archive --state state --format json
  skywatch run my-rules --stdin aws.bedrock < bedrock.jsonl
  skywatch run my-rules --archive archive --why large_outputs caller.id=alice

Windows that end in (from, to] are judged. The result depends on the archive and the arguments only; with --state on what was told before
too, so that each alert is told once. Of standard input nothing is kept.")]
pub(super) struct Arguments {
    /// Folders with a pack.toml, or single .sky files.
    #[arg(required = true, value_name = "PACK")]
    packs: Vec<PathBuf>,
    /// The archive's folder.
    #[cfg(feature = "engine")]
    #[arg(long, value_name = "DIR", required_unless_present = "stdin")]
    archive: Option<PathBuf>,
    /// Read records of this source from standard input, plain or packed as the cloud delivers them, and run the rules of one pack over them.
    #[cfg_attr(feature = "engine", arg(long, value_name = "SOURCE", conflicts_with = "archive"))]
    #[cfg_attr(not(feature = "engine"), arg(long, value_name = "SOURCE", required = true))]
    stdin: Option<String>,
    #[cfg(feature = "engine")]
    #[command(flatten)]
    keys: Keys,
    /// Judge windows that end after this time; without, from the archive's first day on.
    #[arg(long, value_parser = time)]
    from: Option<i64>,
    /// Judge windows that end by this time; without, to the end of the archive's last day.
    #[arg(long, value_parser = time)]
    to: Option<i64>,
    /// Judge, for each rule, the last window that ended by this time; for a rule without `over`, the last five minutes that did.
    #[cfg(feature = "engine")]
    #[arg(long, value_parser = time, conflicts_with_all = ["from", "to", "stdin"])]
    at: Option<i64>,
    /// Go on where the last run with this folder ended, and remember in it where this one does. The folder holds the log of all alerts.
    #[cfg(feature = "engine")]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["at", "rule", "stdin"])]
    state: Option<PathBuf>,
    /// With `--state`, how late events are: `15m`; without, what each source says. Windows that ended so long ago are judged.
    #[cfg(feature = "engine")]
    #[arg(long, value_name = "DURATION", value_parser = lateness, requires = "state", conflicts_with = "to")]
    lateness: Option<i64>,
    /// Say why this rule alerts or does not on what these keys or fields hold: how many events pass each condition, and the values that decided.
    #[cfg(feature = "engine")]
    #[arg(long, num_args = 1.., value_names = ["RULE", "KEY=VALUE"], conflicts_with_all = ["at", "state", "rule", "stdin", "fail_on", "summary", "all", "explain"])]
    why: Vec<String>,
    /// Only this rule, or this correlation with what it reads.
    #[arg(long)]
    rule: Option<String>,
    /// List the alerts of signals too, and those that are muted.
    #[arg(long)]
    all: bool,
    /// Show text of users in alerts: redacted from an archive, as it is from standard input; without, `[CONTENT]` stands in its place.
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
    #[cfg(feature = "engine")]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory: Option<usize>,
    /// Say what the run cost: what was scanned, what rules share, and the rows, bytes and time of each rule.
    #[cfg(feature = "engine")]
    #[arg(long)]
    explain: bool,
    /// Write the end report as JSON into this file.
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
}

#[cfg(feature = "engine")]
impl Arguments {
    fn limits(&self) -> Limits {
        Limits { memory: self.memory.unwrap_or(MEMORY), ..Limits::default() }
    }
}

fn level(text: &str) -> Result<Level, String> {
    Level::find(text).ok_or_else(|| format!("expected {}", Level::ALL.map(Level::text).join(", ")))
}

/// Microseconds of `15m`.
#[cfg(feature = "engine")]
fn lateness(text: &str) -> Result<i64, String> {
    micros(text).ok_or_else(|| "expected a duration like `90s`, `15m`, `2h`, `1d`".to_owned())
}

/// Bytes of `512MiB`.
#[cfg(feature = "engine")]
pub(super) fn size(text: &str) -> Result<usize, String> {
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
    #[cfg(feature = "engine")]
    no_core_dump();
    let Some(packs) = packs(&arguments.packs) else { return UNUSABLE };
    #[cfg(feature = "engine")]
    if let Some((name, given)) = arguments.why.split_first() {
        return archived::why_not(arguments, &packs, name, given);
    }
    let names: Vec<&str> = packs.iter().flat_map(|pack| names(&pack.resolved)).collect();
    if let Some(name) = arguments.rule.as_ref().filter(|name| !names.contains(&name.as_str())) {
        let diagnostic = Diagnostic::error(Code::BadArgument, format!("unknown rule `{name}`")).suggest(name, names);
        complain_of(&[diagnostic], &SourceMap::default());
        return UNUSABLE;
    }
    let judged = match judge_all(arguments, &packs) {
        Ok(judged) => judged,
        Err((diagnostic, pack)) => {
            complain_of(&[*diagnostic], pack.map_or(&SourceMap::default(), |pack| &pack.sources));
            return UNUSABLE;
        }
    };
    let (mut alerts, mut runs, mut correlated, mut counts) = (Vec::new(), Vec::new(), Vec::new(), String::new());
    let mut late = BTreeMap::new();
    #[cfg(feature = "engine")]
    let mut costs = String::new();
    for (pack, judged) in packs.iter().zip(judged) {
        alerts.extend(judged.alerts);
        runs.extend(judged.runs.into_iter().map(|run| (pack, run)));
        correlated.extend(judged.correlated);
        counts.push_str(&judged.counts);
        late.extend(judged.late);
        #[cfg(feature = "engine")]
        costs.push_str(&cost::text(&judged.costs, &pack.sources));
    }
    // Packs share one order, whatever their own is.
    if packs.len() > 1 {
        alerts.sort_by(Alert::in_order);
    }
    if !told_before(arguments) {
        tell(arguments, &alerts);
    }
    complain(&counts);
    complain(&report(&alerts, &runs, &correlated, &late));
    #[cfg(feature = "engine")]
    if arguments.explain {
        complain(&costs);
    }
    if let Some(path) = &arguments.summary
        && let Err(error) = std::fs::write(path, format!("{}\n", summary(&alerts, &runs, &correlated, &late)))
    {
        complain(&format!("{}: can't be written: {error}\n", path.display()));
        return UNUSABLE;
    }
    let failed = arguments.fail_on.is_some_and(|level| alerts.iter().any(|alert| alert.severity >= level));
    if failed { NO } else { GOOD }
}

/// The rules and correlations of a pack.
fn names(resolved: &Resolved) -> impl Iterator<Item = &str> {
    let rules = resolved.rules.iter().map(|rule| rule.name.as_str());
    rules.chain(resolved.correlations.iter().map(|one| one.name.as_str()))
}

/// What a pack's rules and correlations found.
#[derive(Default)]
struct Judged {
    /// Those that are delivered.
    alerts: Vec<Alert>,
    /// What became of each rule.
    runs: Vec<RuleRun>,
    /// What became of each correlation, by name.
    correlated: Vec<(String, Correlated)>,
    /// By source, how many events came too late for windows that had been judged, and up to when those were.
    late: BTreeMap<String, (u64, i64)>,
    /// What became of the records, where some were read.
    counts: String,
    #[cfg(feature = "engine")]
    costs: Costs,
}

/// A finding, and the pack in whose text it lies.
type Failed<'a> = (Box<Diagnostic>, Option<&'a Pack>);

/// Runs packs, in their order.
fn judge_all<'a>(arguments: &Arguments, packs: &'a [Pack]) -> Result<Vec<Judged>, Failed<'a>> {
    if let Some(source) = &arguments.stdin {
        // A pack without rules has exceptions for those of the other one.
        let judged: Vec<&Pack> =
            packs.iter().filter(|pack| packs.len() == 1 || names(&pack.resolved).count() > 0).collect();
        let [pack] = judged.as_slice() else {
            let several = Diagnostic::error(Code::BadArgument, "standard input is read once, by one pack");
            return Err((Box::new(several.help("give one pack, or ingest the records into an archive")), None));
        };
        let judged = piped::judge(arguments, pack, source).map_err(|diagnostic| (Box::new(diagnostic), Some(*pack)))?;
        let mut judged = Some(judged);
        let of = |one: &Pack| if one.id == pack.id { judged.take() } else { None };
        return Ok(packs.iter().map(of).map(Option::unwrap_or_default).collect());
    }
    #[cfg(feature = "engine")]
    {
        let state = arguments.state.as_ref().map(|folder| State::open(folder)).transpose();
        let mut state = state.map_err(|diagnostic| (Box::new(diagnostic), None))?;
        let judge = |pack| {
            let judged = match &mut state {
                Some(state) => archived::go_on(arguments, pack, state),
                None => archived::judge(arguments, pack),
            };
            judged.map_err(|diagnostic| (Box::new(diagnostic), Some(pack)))
        };
        packs.iter().map(judge).collect()
    }
    #[cfg(not(feature = "engine"))]
    Ok(Vec::new())
}

/// With a state, alerts are told before they count as told.
fn told_before(arguments: &Arguments) -> bool {
    #[cfg(feature = "engine")]
    return arguments.state.is_some();
    #[cfg(not(feature = "engine"))]
    return arguments.stdin.is_none();
}

/// What is to be run of a pack.
struct Chosen<'a> {
    pack: &'a Pack,
    rules: Vec<Rule>,
    correlations: Vec<Correlation>,
    /// What the one correlation reads that was asked for.
    below: Option<BTreeSet<&'a str>>,
    /// By rule, what its alerts hold that is not to be shown.
    told: BTreeMap<String, Vec<String>>,
}

impl<'a> Chosen<'a> {
    fn of(arguments: &Arguments, pack: &'a Pack) -> Result<Chosen<'a>, Diagnostic> {
        let Resolved { rules, correlations, .. } = &pack.resolved;
        let named = arguments.rule.as_deref();
        let below = correlations.iter().find(|one| Some(one.name.as_str()) == named).map(|one| one.reads(correlations));
        let chosen = |name: &str| {
            named.is_none_or(|named| name == named) || below.as_ref().is_some_and(|all| all.contains(name))
        };
        let rules: Vec<Rule> = rules.iter().filter(|rule| chosen(&rule.name)).cloned().collect();
        let correlations = correlations.iter().filter(|one| chosen(&one.name)).cloned().collect();
        let told = content_told(arguments.show_content, pack, &rules)?;
        Ok(Chosen { pack, rules, correlations, below, told })
    }

    /// The alerts that are delivered, of those of the rules and of their correlations, and what became of these. The data ends at `end`.
    fn conclude(
        &self,
        arguments: &Arguments,
        mut alerts: Vec<Alert>,
        end: i64,
    ) -> (Vec<Alert>, Vec<(String, Correlated)>) {
        let mutes = self.pack.resolved.mutes();
        let correlated = conclude(&mut alerts, &self.correlations, &mutes, &self.pack.id, end);
        let signals = signals(self.pack);
        // Whoever asks for one rule wants its alerts.
        let reaches =
            |alert: &Alert| !signals.contains(alert.rule.as_str()) || arguments.rule.as_ref() == Some(&alert.rule);
        let below = |alert: &Alert| self.below.as_ref().is_some_and(|all| all.contains(alert.rule.as_str()));
        alerts.retain(|alert| arguments.all || (!alert.muted && reaches(alert) && !below(alert)));
        withhold(&mut alerts, &self.told);
        (alerts, correlated)
    }
}

/// By rule, the names under which its alerts hold text of users that is not to be shown. A rule that tells alerts apart by such text is an
/// error: ids, states and correlations would tell of it.
pub(super) fn content_told(
    show_content: bool,
    pack: &Pack,
    rules: &[Rule],
) -> Result<BTreeMap<String, Vec<String>>, Diagnostic> {
    let mut told = BTreeMap::new();
    for rule in rules.iter().filter(|_| !show_content) {
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

pub(super) fn withhold(alerts: &mut [Alert], told: &BTreeMap<String, Vec<String>>) {
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
