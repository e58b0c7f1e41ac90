//! `skywatch archive` and `skywatch retain`: looks into an archive, checks it, keeps it in shape.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};

use super::keys::{Databases, Keys};
use super::private::no_core_dump;
use super::{Format, complain_of, finish, time};
use crate::archive::{
    Archive, Claim, ContentKey, Coverage, DAY, Deed, FileEntry, KeyPlace, Manifest, Options, Reports, Retained,
    compact, gc, ingest, requeue, retain, rotate, shred, verify,
};
use crate::diag::{Code, Diagnostic};
use crate::eval::clock::day_text;
use crate::pack::{Pack, built_in, load};
use crate::record::{Limits, Report, inputs};
use crate::schema::Schema;

/// Look into an archive, check it, keep it in shape.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch archive info --archive archive
  skywatch archive info --archive archive --hours --format json
  skywatch archive verify --archive archive
  skywatch archive compact --archive archive && skywatch archive gc --archive archive
  skywatch archive keys rotate --archive archive --from file:old.key --to exec:kms-helper")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Info(Info),
    Verify(Common),
    Compact(Compact),
    Gc(Gc),
    Requeue(Requeue),
    Rebuild(Rebuild),
    /// Change the content key, or destroy the keys of content.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
}

#[derive(Debug, clap::Args)]
struct Common {
    /// The archive's folder.
    #[arg(long, value_name = "DIR")]
    archive: PathBuf,
    #[command(flatten)]
    keys: Keys,
    /// A pack that declares streams of its own.
    #[arg(long, value_name = "PACK")]
    pack: Option<PathBuf>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Say what an archive holds: of each source its days, events, files and gaps.
#[derive(Debug, clap::Args)]
struct Info {
    #[command(flatten)]
    common: Common,
    /// Each hour too: events, and the longest that one took from its time to its file.
    #[arg(long)]
    hours: bool,
}

/// Put small files together.
#[derive(Debug, clap::Args)]
#[command(name = "compact")]
struct Compact {
    #[command(flatten)]
    common: Common,
    /// Most bytes that a file gets; without, 128 MiB.
    #[arg(long, value_name = "BYTES")]
    target: Option<u64>,
}

/// Remove what no manifest entry names: what runs that were cut off and `compact` left behind.
#[derive(Debug, clap::Args)]
struct Gc {
    #[command(flatten)]
    common: Common,
    /// Only list it.
    #[arg(long)]
    dry_run: bool,
}

/// Read the records of the quarantine again, from the files that they stand in: after an upgrade, or once a source was mended.
#[derive(Debug, clap::Args)]
struct Requeue {
    #[command(flatten)]
    common: Common,
    /// Keep prompts and responses of them too: needs `--content-key`.
    #[arg(long)]
    content: bool,
    #[command(flatten)]
    databases: Databases,
}

/// Read the logs of a source again: the days that they have take the place of what is archived of them, all at once.
#[derive(Debug, clap::Args)]
struct Rebuild {
    #[command(flatten)]
    common: Common,
    /// The source.
    #[arg(long)]
    source: String,
    /// Its logs: files, and folders of them.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE|DIR")]
    from: Vec<PathBuf>,
    /// Keep prompts and responses too: needs `--content-key`.
    #[arg(long)]
    content: bool,
    #[command(flatten)]
    databases: Databases,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Wrap every data key by another content key. Where it is cut off, run it again.
    Rotate {
        /// The archive's folder.
        #[arg(long, value_name = "DIR")]
        archive: PathBuf,
        /// The content key so far: `file:PATH`, `env:NAME` or `exec:PROGRAM`.
        #[arg(long, value_name = "PLACE")]
        from: KeyPlace,
        /// The content key from now on.
        #[arg(long, value_name = "PLACE")]
        to: KeyPlace,
    },
    /// Destroy the data keys of content, so that nobody can read it any more, wherever copies of it lie. The metadata stays.
    Destroy {
        /// The archive's folder.
        #[arg(long, value_name = "DIR")]
        archive: PathBuf,
        /// Only of this stream.
        #[arg(long)]
        stream: Option<String>,
        /// Only of days before this one.
        #[arg(long, value_parser = time)]
        before: Option<i64>,
        /// Really: what is destroyed can't be brought back.
        #[arg(long)]
        yes: bool,
    },
}

/// Remove what is older than its kind of data is kept.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch retain --archive archive --dry-run
  skywatch retain --archive archive --pack my-pack
  skywatch retain --archive archive --keep invocation=30 --keep content=7

Kept, where nothing else is said: activity 365 days, content 30 and never over 90, quarantine 30, all
else 90. A day goes as a whole, by the time of its events. [retention] of a pack.toml says how many days
each stream, `content` and `quarantine` are kept, and its `hold` what is kept whatever its age.")]
pub(super) struct Retain {
    #[command(flatten)]
    common: Common,
    /// Days that a stream, `content` or `quarantine` is kept: `invocation=30`.
    #[arg(long, value_name = "KIND=DAYS", value_parser = kept)]
    keep: Vec<(String, i64)>,
    /// Judge ages by this time instead of the clock's.
    #[arg(long, value_parser = time)]
    at: Option<i64>,
    /// Only list what would go.
    #[arg(long)]
    dry_run: bool,
}

fn kept(text: &str) -> Result<(String, i64), String> {
    let days = text.split_once('=').and_then(|(kind, days)| Some((kind.to_owned(), days.parse().ok()?)));
    days.filter(|(_, days)| (1..=36_500).contains(days))
        .ok_or_else(|| "expected `KIND=DAYS`, of 1 to 36500 days".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    no_core_dump();
    finish(match &arguments.command {
        Command::Info(arguments) => info(arguments),
        Command::Verify(arguments) => verified(arguments),
        Command::Compact(arguments) => compacted(arguments),
        Command::Gc(arguments) => collected(arguments),
        Command::Requeue(arguments) => requeued(arguments),
        Command::Rebuild(arguments) => rebuilt(arguments),
        Command::Keys { command } => keys(command),
    })
}

pub(super) fn run_retain(arguments: &Retain) -> u8 {
    finish(retained(arguments))
}

impl Common {
    fn schema(&self) -> Result<Schema, Diagnostic> {
        schema(self.pack.as_deref())
    }

    /// Text, or JSON in its place.
    fn print(&self, text: String, json: Value) -> String {
        match self.format {
            Format::Json => format!("{json}\n"),
            Format::Text => text,
        }
    }
}

fn schema(pack: Option<&Path>) -> Result<Schema, Diagnostic> {
    pack.map_or_else(|| Ok(built_in()), |path| Ok(usable(path)?.resolved.schema))
}

/// A pack without errors.
fn usable(path: &Path) -> Result<Pack, Diagnostic> {
    let pack = load(path);
    if crate::diag::has_errors(&pack.diagnostics) {
        complain_of(&pack.diagnostics, &pack.sources);
        return Err(Diagnostic::error(Code::BadArgument, format!("the pack `{}` has errors", path.display())));
    }
    Ok(pack)
}

/// What an archive has of one source.
struct OfSource<'a> {
    files: Vec<&'a FileEntry>,
}

impl OfSource<'_> {
    fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    fn bytes(&self, what: impl Fn(&FileEntry) -> Option<u64>) -> u64 {
        self.files.iter().filter_map(|file| what(file)).sum()
    }

    /// Day, then what lies in it.
    fn days(&self) -> BTreeMap<i64, Coverage> {
        let mut days: BTreeMap<i64, Coverage> = BTreeMap::new();
        for file in &self.files {
            let coverage = match days.remove(&file.day) {
                Some(before) => before.with(file.coverage.clone()),
                None => file.coverage.clone(),
            };
            days.insert(file.day, coverage);
        }
        days
    }

    /// Runs of at least a whole hour between the first and the last event that have none, in hours since 1970, half open.
    fn gaps(&self) -> Vec<(i64, i64)> {
        let mut gaps = Vec::new();
        let mut next = None;
        for (day, coverage) in self.days() {
            for hour in coverage.hours.keys() {
                let hour = day * 24 + i64::from(*hour);
                gaps.extend(next.filter(|next| *next < hour).map(|next| (next, hour)));
                next = Some(hour + 1);
            }
        }
        gaps
    }
}

fn info(Info { common, hours }: &Info) -> Result<(String, bool), Diagnostic> {
    let archive = Archive::open(&common.archive, &common.schema()?, None)?;
    let manifest = archive.manifest();
    let mut sources: BTreeMap<(&str, &str), OfSource<'_>> = BTreeMap::new();
    for file in manifest.files.values() {
        let key = (file.stream.as_str(), file.coverage.source.as_str());
        sources.entry(key).or_insert_with(|| OfSource { files: Vec::new() }).files.push(file);
    }
    let mut text =
        format!("archive {}, {} manifest entries\n", manifest.archive.as_deref().unwrap_or_default(), manifest.number);
    let mut out = Vec::new();
    for ((stream, source), of) in &sources {
        let days = of.days();
        let (Some(first), Some(last)) = (days.keys().next(), days.keys().next_back()) else { continue };
        let (metadata, content) =
            (of.bytes(|file| Some(file.metadata.bytes)), of.bytes(|file| Some(file.content.as_ref()?.bytes)));
        let sealed: u64 = of.files.iter().filter(|file| file.content.is_some()).map(|file| file.rows).sum();
        let lag = days.values().flat_map(|day| day.hours.values()).map(|hour| hour.lag).max().unwrap_or_default();
        let gaps = of.gaps();
        text.push_str(&format!(
            "{source} ({stream}): {} events of {} to {} in {} files, {metadata} bytes; text of {sealed} in {content} bytes; {} gaps; longest lag {}\n",
            of.rows(), day_text(*first), day_text(*last), of.files.len(), gaps.len(), seconds(lag),
        ));
        let mut of_hours = Vec::new();
        if *hours {
            for (day, coverage) in &days {
                for (hour, found) in &coverage.hours {
                    text.push_str(&format!(
                        "  {} {hour:02}h  {} events, lag {}\n",
                        day_text(*day),
                        found.rows,
                        seconds(found.lag)
                    ));
                    of_hours.push(json!({ "day": day_text(*day), "hour": hour, "rows": found.rows, "lag_seconds": found.lag / 1_000_000 }));
                }
            }
            for (from, to) in &gaps {
                text.push_str(&format!("  no events from {} to {}\n", hour_text(*from), hour_text(*to)));
            }
        }
        let gaps: Vec<Value> =
            gaps.iter().map(|(from, to)| json!({ "from": hour_text(*from), "to": hour_text(*to) })).collect();
        out.push(json!({
            "stream": stream, "source": source, "rows": of.rows(), "first_day": day_text(*first), "last_day": day_text(*last),
            "files": of.files.len(), "metadata_bytes": metadata, "content_rows": sealed, "content_bytes": content,
            "gaps": gaps, "longest_lag_seconds": lag / 1_000_000, "hours": of_hours,
        }));
    }
    let aside: u64 = manifest.quarantine.values().map(|file| file.records).sum();
    if aside > 0 {
        text.push_str(&format!("quarantine: {aside} records in {} files\n", manifest.quarantine.len()));
    }
    let json = json!({ "format": 1, "archive": manifest.archive, "entries": manifest.number, "sources": out, "quarantined": aside });
    Ok((common.print(text, json), true))
}

fn hour_text(hour: i64) -> String {
    format!("{}T{:02}:00Z", day_text(hour.div_euclid(24)), hour.rem_euclid(24))
}

/// Microseconds as `3 s`.
fn seconds(us: i64) -> String {
    format!("{} s", us / 1_000_000)
}

fn verified(common: &Common) -> Result<(String, bool), Diagnostic> {
    let found = verify(&common.archive, &common.schema()?, common.keys.content()?.as_ref())?;
    let mut text: String = found.flaws.iter().map(|flaw| format!("{}: {}\n", flaw.path.display(), flaw.what)).collect();
    text.push_str(&format!("{} files checked, {} flaws\n", found.files, found.flaws.len()));
    if found.sealed > 0 {
        text.push_str(&format!("{} of them are encrypted and were not opened: give `--content-key`\n", found.sealed));
    }
    let flaws: Vec<Value> =
        found.flaws.iter().map(|flaw| json!({ "path": flaw.path.display().to_string(), "flaw": flaw.what })).collect();
    let json = json!({ "format": 1, "files": found.files, "not_opened": found.sealed, "flaws": flaws });
    Ok((common.print(text, json), found.flaws.is_empty()))
}

fn compacted(Compact { common, target }: &Compact) -> Result<(String, bool), Diagnostic> {
    let mut claim = claim(&common.archive)?;
    let done = compact(&mut claim, &common.schema()?, common.keys.content()?.as_ref(), *target)?;
    let mut text = format!("{} files are now {}\n", done.before, done.after);
    if done.sealed > 0 {
        text.push_str(&format!("{} groups with text of users were left alone: give `--content-key`\n", done.sealed));
    }
    Ok((
        common
            .print(text, json!({ "format": 1, "before": done.before, "after": done.after, "left_alone": done.sealed })),
        true,
    ))
}

fn collected(Gc { common, dry_run }: &Gc) -> Result<(String, bool), Diagnostic> {
    let paths = gc(&claim(&common.archive)?, *dry_run)?;
    let mut text: String = paths.iter().map(|path| format!("{}\n", path.display())).collect();
    text.push_str(&format!("{} files {}\n", paths.len(), if *dry_run { "would be removed" } else { "removed" }));
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    Ok((common.print(text, json!({ "format": 1, "removed": !dry_run, "files": paths })), true))
}

fn requeued(Requeue { common, content, databases }: &Requeue) -> Result<(String, bool), Diagnostic> {
    let keep = common.keys.keep(*content, databases)?;
    let done = requeue(&mut claim(&common.archive)?, &common.schema()?, &keep, Limits::default())?;
    let (counts, mut json) = read_again(&done.reports);
    let text = format!("{counts}; {} are not where they were\n", done.kept);
    json["kept"] = done.kept.into();
    Ok((common.print(text, json), true))
}

fn rebuilt(Rebuild { common, source, from, content, databases }: &Rebuild) -> Result<(String, bool), Diagnostic> {
    let (keep, limits) = (common.keys.keep(*content, databases)?, Limits::default());
    let found = inputs(from, limits)?;
    let options = Options { source: Some(source), limits, rebuild: true, ..Options::default() };
    let reports = ingest(&mut claim(&common.archive)?, &common.schema()?, &keep, options, &found.inputs, |_| true)?;
    let (counts, json) = read_again(&reports);
    Ok((common.print(format!("{source}: {counts}\n"), json), true))
}

/// What became of records that were read again, over all sources: as a sentence without its end, and as JSON.
fn read_again(reports: &Reports) -> (String, Value) {
    let sum = |count: fn(&Report) -> u64| reports.values().map(count).sum::<u64>();
    let (read, rows, aside) = (sum(|report| report.read), sum(|report| report.rows), sum(|report| report.quarantined));
    let others = read - rows - aside;
    let text =
        format!("{read} records read again = {rows} rows + {others} merged, duplicates or other + {aside} quarantined");
    (text, json!({ "format": 1, "read": read, "rows": rows, "others": others, "quarantined": aside }))
}

fn keys(command: &KeysCommand) -> Result<(String, bool), Diagnostic> {
    match command {
        KeysCommand::Rotate { archive, from, to } => {
            let (from, to) = (ContentKey::read(from)?, ContentKey::read(to)?);
            let changed = rotate(&mut claim(archive)?, &from, &to)?;
            Ok((format!("{changed} data keys are wrapped by the new key\n"), true))
        }
        KeysCommand::Destroy { archive, stream, before, yes } => {
            let chosen = |file: &FileEntry| {
                stream.as_ref().is_none_or(|name| file.stream == *name)
                    && before.is_none_or(|before| (file.day + 1).saturating_mul(DAY) <= before)
            };
            let mut claim = claim(archive)?;
            if !yes {
                let files = claim.manifest().files.values().filter(|file| file.content.is_some() && chosen(file));
                let rows: u64 = files.map(|file| file.rows).sum();
                return Ok((format!("the text of {rows} events would be destroyed; `--yes` does it\n"), false));
            }
            let destroyed = shred(&mut claim, Deed::Keys, &chosen)?;
            Ok((format!("{destroyed} data keys are destroyed\n"), true))
        }
    }
}

fn claim(root: &Path) -> Result<Claim, Diagnostic> {
    // A folder without an archive is not made into one by looking after it.
    Manifest::existing(root)?;
    Claim::take(root)
}

fn retained(arguments: &Retain) -> Result<(String, bool), Diagnostic> {
    let Retain { common, keep, at, dry_run } = arguments;
    let mut policy = common.pack.as_deref().map(usable).transpose()?.map(|pack| pack.retention).unwrap_or_default();
    policy.days.extend(keep.iter().cloned());
    let Retained { files, rows, texts, quarantined } =
        &retain(&mut claim(&common.archive)?, &common.schema()?, &policy, *at, *dry_run)?;
    let bytes: u64 = files.iter().map(|file| file.bytes).sum();
    let mut text = String::new();
    if *dry_run {
        files.iter().for_each(|file| text.push_str(&format!("{}  {} bytes\n", file.path, file.bytes)));
    }
    text.push_str(&format!(
        "{} files, {bytes} bytes {}: {rows} events, the text of {texts} more, {quarantined} quarantined records\n",
        files.len(),
        if *dry_run { "would go" } else { "are gone" },
    ));
    let paths: Vec<Value> = files.iter().map(|file| json!({ "path": file.path, "bytes": file.bytes })).collect();
    let json = json!({
        "format": 1, "removed": !dry_run, "files": paths, "rows": rows, "texts": texts, "quarantined": quarantined,
    });
    Ok((common.print(text, json), true))
}
