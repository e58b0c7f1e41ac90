//! `skywatch ingest`: raw logs into an archive.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use serde_json::json;

use super::keys::{Databases, Keys};
use super::private::no_core_dump;
use super::{Format, UNUSABLE, complain, complain_of, finish};
use crate::archive::{Claim, Options, ingest};
use crate::diag::{Code, Diagnostic};
use crate::ir::{Source, Stream};
use crate::pack::{built_in, load};
use crate::record::{Inputs, Limits, Report, Skip, inputs};
use crate::schema::Schema;

/// What stands for every source.
const AUTO: &str = "auto";

/// Read raw logs into an archive.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch ingest --source auto logs --archive archive
  skywatch ingest --source aws.bedrock logs/*.json.gz --archive archive
  skywatch ingest --source azure.activity PT1H.json --archive archive --format json
  aws logs filter-log-events --log-group-name GROUP | skywatch ingest --source aws.bedrock - --archive archive
  skywatch ingest --source acme.gateway gateway.jsonl --archive archive --pack my-pack
  skywatch ingest --source auto logs --archive archive --content --content-key file:content.key
  skywatch ingest --source auto logs --archive archive --networks offices.csv --networks GeoLite2-City.mmdb

A folder is walked with all below it, by whatever keys the cloud writes: files called like logs are read, the others counted by
reason. Symbolic links in it are not followed. A file that is named is read whatever it is called.

Every record is accounted for: read = rows + merged + duplicates + other + quarantined. What can't be
read is noted in archive/quarantine with the reason and the place; a damaged file costs no other. Files
that were read before are not read again; where one has grown, the rest of it is.")]
pub(super) struct Arguments {
    /// Which log the files are of: `aws.bedrock`, `azure.activity` or another source, of a pack too; `auto` asks each record.
    #[arg(long)]
    source: String,
    /// Files as the cloud delivers them, folders of them, `-` for standard input: JSON lines or documents, in CloudWatch's or
    /// Event Hubs' envelopes or none, plain, gzip or Zstandard.
    #[arg(required = true, value_name = "FILE|DIR|-")]
    files: Vec<PathBuf>,
    /// The archive's folder; it is made where it is not there.
    #[arg(long, value_name = "DIR")]
    archive: PathBuf,
    /// Keep prompts and responses too, redacted and encrypted: needs `--content-key`.
    #[arg(long)]
    content: bool,
    #[command(flatten)]
    keys: Keys,
    #[command(flatten)]
    databases: Databases,
    /// Exit with 1 where a record could not be read; the others are archived all the same.
    #[arg(long)]
    strict: bool,
    /// Packs that declare sources of their own.
    #[arg(long, value_name = "PACK")]
    pack: Vec<PathBuf>,
    /// How the counts are printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    no_core_dump();
    let Some(schema) = schema(&arguments.pack) else { return UNUSABLE };
    finish(ingested(arguments, &schema))
}

/// Ingests, and says what became of the records, and whether all of them could be read.
fn ingested(arguments: &Arguments, schema: &Schema) -> Result<(String, bool), Diagnostic> {
    let limits = Limits::default();
    let source = Some(arguments.source.as_str()).filter(|source| *source != AUTO);
    source.map(|source| find(schema, source)).transpose()?;
    let keep = arguments.keys.keep(arguments.content, &arguments.databases)?;
    let found = inputs(&arguments.files, limits)?;
    let skipped = skipped(&found);
    let mut claim = Claim::take(&arguments.archive)?;
    let mut progress = Progress::new(found.inputs.len());
    let options = Options { source, limits, ..Options::default() };
    let reports = ingest(&mut claim, schema, &keep, options, &found.inputs, |_| {
        progress.done();
        true
    })?;
    progress.clear();
    let aside: u64 = reports.values().map(|report| report.quarantined).sum();
    let lines = reports.iter().map(|(name, report)| match (arguments.format, name.as_str()) {
        (Format::Json, "") => format!("{}\n", json_of(UNRECOGNIZED, report, &skipped)),
        (Format::Json, _) if source.is_some() => format!("{}\n", json(report, &skipped)),
        (Format::Json, name) => format!("{}\n", json_of(name, report, &skipped)),
        (Format::Text, "") => text(UNRECOGNIZED, report),
        (Format::Text, name) => text(name, report),
    });
    let mut said: String = lines.collect();
    if arguments.format == Format::Text {
        said.extend(skipped.iter().map(|(why, names)| passed_over(*why, names)));
    }
    Ok((said, !arguments.strict || aside == 0))
}

/// How far a run is, on a terminal.
struct Progress {
    done: usize,
    all: usize,
    shown: bool,
}

impl Progress {
    fn new(all: usize) -> Progress {
        Progress { done: 0, all, shown: std::io::stderr().is_terminal() }
    }

    fn done(&mut self) {
        self.done += 1;
        if self.shown {
            complain(&format!("\r{} of {} files", self.done, self.all));
        }
    }

    /// Leaves the line to what comes next.
    fn clear(&self) {
        if self.shown {
            complain("\r\u{1b}[K");
        }
    }
}

/// What records of no source are counted under.
const UNRECOGNIZED: &str = "of no source";

/// What was passed over, by reason.
fn skipped(found: &Inputs) -> BTreeMap<Skip, Vec<&str>> {
    let mut by_reason: BTreeMap<Skip, Vec<&str>> = BTreeMap::new();
    for skipped in &found.skipped {
        by_reason.entry(skipped.why).or_default().push(&skipped.name);
    }
    by_reason
}

/// How many were passed over for a reason, and the first of them.
fn passed_over(why: Skip, names: &[&str]) -> String {
    const SHOWN: usize = 3;
    let count = names.len();
    let more = if count > SHOWN { ", …" } else { "" };
    let names = names.get(..SHOWN.min(count)).unwrap_or_default().join(", ");
    format!("  {count} not read, {why}: {names}{more}\n")
}

/// The built-in schema, or that of a pack.
fn schema(packs: &[PathBuf]) -> Option<Schema> {
    match packs {
        [] => Some(built_in()),
        [one] => {
            let pack = load(one);
            complain_of(&pack.diagnostics, &pack.sources);
            (!crate::diag::has_errors(&pack.diagnostics)).then_some(pack.resolved.schema)
        }
        _ => {
            complain("one pack at a time declares the source that is read\n");
            None
        }
    }
}

fn find<'s>(schema: &'s Schema, name: &str) -> Result<(&'s Source, &'s Stream), Diagnostic> {
    let known = || schema.sources.iter().map(|s| s.name.as_str());
    let unknown = || Diagnostic::error(Code::BadArgument, format!("unknown source `{name}`")).suggest(name, known());
    let source = schema.source(name).ok_or_else(unknown)?;
    if source.files.is_none() {
        let message = format!("source `{name}` has no files");
        return Err(
            Diagnostic::error(Code::BadSource, message).help("declare them in the source: `at files json_lines`")
        );
    }
    Ok((source, schema.stream_of(source.stream).ok_or_else(unknown)?))
}

fn json(report: &Report, skipped: &BTreeMap<Skip, Vec<&str>>) -> serde_json::Value {
    let skipped: BTreeMap<&str, usize> = skipped.iter().map(|(why, names)| (why.word(), names.len())).collect();
    json!({
        "format": 1,
        "files": report.files, "unchanged": report.unchanged, "read": report.read, "rows": report.rows, "merged": report.merged,
        "duplicates": report.duplicates, "other": report.other, "quarantined": report.quarantined,
        "without_id": report.without_id, "unreadable": report.unreadable, "skipped": skipped,
    })
}

/// The same of one of several sources: a line each.
fn json_of(source: &str, report: &Report, skipped: &BTreeMap<Skip, Vec<&str>>) -> serde_json::Value {
    let mut json = json(report, skipped);
    let name = if source == UNRECOGNIZED { serde_json::Value::Null } else { source.into() };
    if let Some(members) = json.as_object_mut() {
        members.insert("source".to_owned(), name);
    }
    json
}

fn text(source: &str, report: &Report) -> String {
    let Report { files, unchanged, read, rows, merged, duplicates, other, quarantined, .. } = report;
    let mut text = format!(
        "{source}: {read} records read from {files} files = {rows} rows + {merged} merged + {duplicates} duplicates + {other} other + {quarantined} quarantined\n"
    );
    if *unchanged > 0 {
        text.push_str(&format!("  {unchanged} files were read before and have not changed\n"));
    }
    let unreadable: &BTreeMap<String, u64> = &report.unreadable;
    for (field, count) in unreadable {
        text.push_str(&format!("  {field}: {count} values can't be read as its type and count as missing\n"));
    }
    if report.without_id > 0 {
        text.push_str(&format!("  {} events have no id: they are never taken for duplicates\n", report.without_id));
    }
    text
}
