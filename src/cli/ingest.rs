//! `skywatch ingest`: raw logs into an archive.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use super::{Format, GOOD, UNUSABLE, complain, complain_of, say};
use crate::archive::{Writer, quarantine};
use crate::diag::{Code, Diagnostic};
use crate::ir::{Source, Stream};
use crate::pack::{built_in, load};
use crate::record::{Batch, Inputs, Limits, MixedBatch, Report, Skip, inputs, read_inputs, read_mixed};
use crate::schema::Schema;
use crate::source::SourceMap;

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

A folder is walked with all below it, by whatever keys the cloud writes: files called like logs are read, the others counted by
reason. Symbolic links in it are not followed. A file that is named is read whatever it is called.

Every record is accounted for: read = rows + merged + duplicates + other + quarantined. What can't be
read is kept in archive/quarantine with the reason and the place; a damaged file costs no other.")]
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
    /// Packs that declare sources of their own.
    #[arg(long, value_name = "PACK")]
    pack: Vec<PathBuf>,
    /// How the counts are printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let Some(schema) = schema(&arguments.pack) else { return UNUSABLE };
    match ingested(arguments, &schema) {
        Ok(said) => {
            say(&said);
            GOOD
        }
        Err(diagnostic) => {
            complain_of(&[diagnostic], &SourceMap::default());
            UNUSABLE
        }
    }
}

/// Ingests, and says what became of the records.
fn ingested(arguments: &Arguments, schema: &Schema) -> Result<String, Diagnostic> {
    let limits = Limits::default();
    let one = if arguments.source == AUTO { None } else { Some(find(schema, &arguments.source)?) };
    let found = inputs(&arguments.files, limits)?;
    let skipped = skipped(&found);
    let (of, unrecognized) = match one {
        Some((source, stream)) => (vec![(source, read_inputs(source, stream, &found.inputs, limits)?)], None),
        None => {
            let MixedBatch { of, unrecognized } = read_mixed(schema, &found.inputs, limits)?;
            (of, Some(unrecognized))
        }
    };
    let mut reports = Vec::new();
    for (source, batch) in of {
        let stream = schema.stream_of(source.stream);
        reports.push((source.name.as_str(), store(arguments, stream, batch)?));
    }
    if let Some(batch) = unrecognized {
        reports.push((UNRECOGNIZED, store(arguments, None, batch)?));
    }
    Ok(match (arguments.format, reports.as_slice()) {
        (Format::Json, [(_, report)]) if one.is_some() => format!("{}\n", json(report, &skipped)),
        (Format::Json, reports) => {
            let line = |(source, report): &(&str, Report)| format!("{}\n", json_of(source, report, &skipped));
            reports.iter().map(line).collect()
        }
        (Format::Text, reports) => {
            let mut said: String = reports.iter().map(|(source, report)| text(source, report)).collect();
            said.extend(skipped.iter().map(|(why, names)| passed_over(*why, names)));
            said
        }
    })
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

/// Writes what was read into the archive.
fn store(arguments: &Arguments, stream: Option<&Stream>, batch: Batch) -> Result<Report, Diagnostic> {
    let Batch { events, quarantined, report } = batch;
    let mut writer = stream.map(|stream| Writer::new(&arguments.archive, stream)).transpose()?;
    if let Some(writer) = &mut writer {
        for event in events {
            writer.push(event)?;
        }
    }
    quarantine(&arguments.archive, &quarantined)?;
    if let Some(writer) = writer {
        writer.finish()?;
    }
    Ok(report)
}

fn json(report: &Report, skipped: &BTreeMap<Skip, Vec<&str>>) -> serde_json::Value {
    let skipped: BTreeMap<&str, usize> = skipped.iter().map(|(why, names)| (why.word(), names.len())).collect();
    json!({
        "format": 1,
        "files": report.files, "read": report.read, "rows": report.rows, "merged": report.merged,
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
    let Report { files, read, rows, merged, duplicates, other, quarantined, .. } = report;
    let mut text = format!(
        "{source}: {read} records read from {files} files = {rows} rows + {merged} merged + {duplicates} duplicates + {other} other + {quarantined} quarantined\n"
    );
    let unreadable: &BTreeMap<String, u64> = &report.unreadable;
    for (field, count) in unreadable {
        text.push_str(&format!("  {field}: {count} values can't be read as its type and count as missing\n"));
    }
    if report.without_id > 0 {
        text.push_str(&format!("  {} events have no id: they are never taken for duplicates\n", report.without_id));
    }
    text
}
