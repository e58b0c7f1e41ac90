//! `skywatch ingest`: raw logs into an archive.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use super::keys::Keys;
use super::{Format, GOOD, UNUSABLE, complain, complain_of, say};
use crate::archive::{Claim, Ingest};
use crate::diag::{Code, Diagnostic};
use crate::ir::{Source, Stream};
use crate::pack::{built_in, load};
use crate::record::{Limits, Report};
use crate::schema::Schema;
use crate::source::SourceMap;

/// Read raw logs of one source into an archive.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch ingest --source aws.bedrock logs/*.json.gz --archive archive
  skywatch ingest --source azure.activity PT1H.json --archive archive --format json
  skywatch ingest --source acme.gateway gateway.jsonl --archive archive --pack my-pack
  skywatch ingest --source aws.bedrock logs/*.json.gz --archive archive --content --content-key file:content.key

Every record is accounted for: read = rows + merged + duplicates + other + quarantined. What can't be
read is kept in archive/quarantine with the reason and the place.")]
pub(super) struct Arguments {
    /// Which log the files are of: `aws.bedrock`, `aws.cloudtrail`, `azure.activity`, `gcp.audit`, or a source of a pack.
    #[arg(long)]
    source: String,
    /// Files as the cloud delivers them: JSON lines or documents, plain or gzip.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The archive's folder; it is made where it is not there.
    #[arg(long, value_name = "DIR")]
    archive: PathBuf,
    /// Keep prompts and responses too, encrypted: needs `--content-key`.
    #[arg(long)]
    content: bool,
    #[command(flatten)]
    keys: Keys,
    /// Packs that declare sources of their own.
    #[arg(long, value_name = "PACK")]
    pack: Vec<PathBuf>,
    /// How the counts are printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let Some(schema) = schema(&arguments.pack) else { return UNUSABLE };
    let ingested = find(&schema, &arguments.source).and_then(|(source, stream)| ingest(arguments, source, stream));
    match ingested {
        Ok(report) => {
            say(&match arguments.format {
                Format::Json => format!("{}\n", json(&report)),
                Format::Text => text(&arguments.source, &report),
            });
            GOOD
        }
        Err(diagnostic) => {
            complain_of(&[diagnostic], &SourceMap::default());
            UNUSABLE
        }
    }
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

fn ingest(arguments: &Arguments, source: &Source, stream: &Stream) -> Result<Report, Diagnostic> {
    let keep = arguments.keys.keep(arguments.content)?;
    let mut claim = Claim::take(&arguments.archive)?;
    Ingest::new(&mut claim, source, stream, &keep, Limits::default())?.files(&arguments.files)
}

fn json(report: &Report) -> serde_json::Value {
    json!({
        "format": 1,
        "files": report.files, "unchanged": report.unchanged, "read": report.read, "rows": report.rows, "merged": report.merged,
        "duplicates": report.duplicates, "other": report.other, "quarantined": report.quarantined,
        "without_id": report.without_id, "unreadable": report.unreadable,
    })
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
