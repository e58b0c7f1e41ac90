//! `skywatch emit`: rules as queries of other systems.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Format, GOOD, UNUSABLE, complain, complain_of, packs, say, time};
use crate::diag::{Code, Diagnostic, render};
use crate::ir::CORRELATION;
use crate::pack::Pack;
use crate::source::SourceMap;
use crate::target::{Emission, Info, Needs, Request, TARGETS, Target, Verdict, emit, emit_correlation};

/// Emit rules as queries of the clouds, each with a verdict on how it relates to the rule.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch emit rulepacks/ai-security --to all
  skywatch emit rulepacks/ai-security --to kql --rule guardrail_changed --format json
  skywatch emit rulepacks/ai-security --to googlesql --from 2026-11-02 --to 2026-11-05
  skywatch emit rulepacks/ai-security --to cloudwatch --allow wider --out queries

`--to` names the targets, and once more the end of a time range where `--from` is given.")]
pub(super) struct Arguments {
    /// Folders with a pack.toml, or single .sky files.
    #[arg(required = true, value_name = "PACK")]
    packs: Vec<PathBuf>,
    /// `cloudwatch`, `kql`, `cloud-logging`, `googlesql` or `all`; and, with `--from`, the end of the range.
    #[arg(long = "to", value_name = "TARGET|TIME", required = true)]
    to: Vec<String>,
    /// Only this rule.
    #[arg(long)]
    rule: Option<String>,
    /// Only this source.
    #[arg(long)]
    source: Option<String>,
    /// Judge windows that end after this time: `2026-11-02`, or RFC 3339.
    #[arg(long, value_parser = time)]
    from: Option<i64>,
    /// Write one file a query into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How results are printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Which generation of CloudWatch's commands may be used: `portable`, those of 2018–22, where they are exact and else where a source
    /// says how to search wider; `2026`, portable ones where they are exact, else jsonParse, unnest, parseDate, if, hashes.
    #[arg(long, value_name = "LEVEL", default_value = "2026")]
    cloudwatch: String,
    /// Emit these verdicts too: `wider`, `narrower`, `differs`.
    #[arg(long, value_delimiter = ',', value_name = "VERDICT")]
    allow: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let asked = match Asked::read(arguments) {
        Ok(asked) => asked,
        Err(diagnostic) => {
            complain_of(&[diagnostic], &SourceMap::default());
            return UNUSABLE;
        }
    };
    let Some(packs) = packs(&arguments.packs) else { return UNUSABLE };
    if let Some(diagnostic) = unknown_name(arguments, &packs) {
        complain_of(&[diagnostic], &SourceMap::default());
        return UNUSABLE;
    }
    let (mut objects, mut found): (Vec<Value>, bool) = (Vec::new(), false);
    for pack in &packs {
        for (mut emission, info) in emissions(pack, arguments, &asked) {
            emission.withhold(&asked.allowed);
            found = true;
            // Packs may have rules of one name.
            let folder =
                arguments.out.as_ref().map(|out| if packs.len() > 1 { out.join(&pack.id) } else { out.clone() });
            if let Some(folder) = folder
                && let Err(error) = write(&folder, &emission, &info)
            {
                complain(&format!("{}: can't be written: {error}\n", folder.display()));
                return UNUSABLE;
            }
            match arguments.format {
                Format::Json => objects.push(emission.to_json()),
                Format::Text => say(&shown(&emission, &info, &pack.sources, arguments.out.is_some())),
            }
        }
    }
    if arguments.format == Format::Json {
        say(&format!("{}\n", Value::Array(objects)));
    }
    if !found {
        complain("no query: no source that these rules read has a place on these targets\n");
    }
    GOOD
}

/// What the pack's rules come to on the targets, then its correlations.
fn emissions(pack: &Pack, arguments: &Arguments, asked: &Asked) -> Vec<(Emission, Info)> {
    let named = |name: &str| arguments.rule.as_ref().is_none_or(|asked| asked == name);
    let sourced = |source: &str| arguments.source.as_ref().is_none_or(|asked| asked == source);
    let resolved = &pack.resolved;
    let mut all = Vec::new();
    for rule in resolved.rules.iter().filter(|rule| named(&rule.name)) {
        for target in &asked.targets {
            let of_rule = emit(rule, &resolved.schema, *target, asked.request).into_iter();
            all.extend(of_rule.filter(|e| sourced(&e.source)).map(|emission| (emission, target.info())));
        }
    }
    for one in resolved.correlations.iter().filter(|one| named(&one.name) && sourced(CORRELATION)) {
        let on = |target: &&'static dyn Target| {
            (emit_correlation(one, &resolved.rules, &resolved.schema, *target, asked.request), target.info())
        };
        all.extend(asked.targets.iter().map(on));
    }
    all
}

/// The arguments, understood.
struct Asked {
    targets: Vec<&'static dyn Target>,
    request: Request,
    allowed: Vec<Verdict>,
}

impl Asked {
    fn read(arguments: &Arguments) -> Result<Asked, Diagnostic> {
        let bad = |message: String| Diagnostic::error(Code::BadArgument, message);
        let (mut targets, mut end): (Vec<&'static dyn Target>, Option<i64>) = (Vec::new(), None);
        for word in &arguments.to {
            let name = word.replace('_', "-");
            if name == "all" {
                targets.extend(TARGETS);
            } else if let Some(target) = TARGETS.iter().find(|t| t.info().name == name) {
                targets.push(*target);
            } else if word.starts_with(|c: char| c.is_ascii_digit()) {
                end = Some(time(word).map_err(|why| bad(format!("unreadable time `{word}`: {why}")))?);
            } else {
                let known = TARGETS.iter().map(|t| t.info().name).chain(["all"]);
                return Err(bad(format!("unknown target `{word}`")).suggest(&name, known));
            }
        }
        if targets.is_empty() {
            let names = TARGETS.iter().map(|t| t.info().name).collect::<Vec<_>>().join(", ");
            return Err(bad("no target is named".to_owned())
                .help(format!("`--to` takes {names} or all; a second `--to` is the range's end")));
        }
        let range = match (arguments.from, end) {
            (Some(from), Some(to)) if from < to => Some((from, to)),
            (Some(_), Some(_)) => return Err(bad("the range ends before it begins".to_owned())),
            (None, None) => None,
            _ => {
                return Err(bad("a range has two ends".to_owned())
                    .help("write `--from 2026-11-02 --to 2026-11-05`, besides `--to TARGET`"));
            }
        };
        let mut allowed = Vec::new();
        for word in &arguments.allow {
            let weak = [Verdict::Wider, Verdict::Narrower, Verdict::Differs];
            match weak.into_iter().find(|v| v.text() == word) {
                Some(verdict) => allowed.push(verdict),
                None => return Err(bad(format!("unknown verdict `{word}`")).suggest(word, weak.map(Verdict::text))),
            }
        }
        let level = &arguments.cloudwatch;
        let Some(cloudwatch) = Needs::ALL.into_iter().find(|known| known.text() == level) else {
            return Err(bad(format!("unknown level `{level}`")).suggest(level, Needs::ALL.map(Needs::text)));
        };
        Ok(Asked { targets, request: Request { range, cloudwatch }, allowed })
    }
}

fn unknown_name(arguments: &Arguments, packs: &[Pack]) -> Option<Diagnostic> {
    let rules = packs.iter().flat_map(|p| &p.resolved.rules).map(|r| r.name.as_str());
    let rules: Vec<&str> =
        rules.chain(packs.iter().flat_map(|p| &p.resolved.correlations).map(|one| one.name.as_str())).collect();
    let sources: Vec<&str> = packs.iter().flat_map(|p| &p.resolved.schema.sources).map(|s| s.name.as_str()).collect();
    let check = |what: &str, name: &Option<String>, known: &[&str]| {
        let name = name.as_ref().filter(|name| !known.contains(&name.as_str()))?;
        Some(
            Diagnostic::error(Code::BadArgument, format!("unknown {what} `{name}`"))
                .suggest(name, known.iter().copied()),
        )
    };
    check("rule", &arguments.rule, &rules).or_else(|| check("source", &arguments.source, &sources))
}

/// One query for people: its header, then the text or why there is none.
fn shown(emission: &Emission, info: &Info, sources: &SourceMap, written: bool) -> String {
    let header = format!("{} → {} on {}: {}", emission.rule, info.name, emission.source, emission.query.verdict.text());
    match &emission.query.text {
        Some(_) if written => format!("{header}: {}\n", file_name(emission, info)),
        Some(text) => format!("{header}\n{}{text}\n\n", emission.header(info)),
        None => format!("{header}\n{}\n", render(&emission.query.reasons, sources, false)),
    }
}

fn file_name(emission: &Emission, info: &Info) -> String {
    format!("{}.{}.{}", emission.rule, emission.source, info.extension)
}

/// `OUT/TARGET/RULE.SOURCE.EXTENSION`
fn write(folder: &Path, emission: &Emission, info: &Info) -> std::io::Result<()> {
    let Some(text) = &emission.query.text else { return Ok(()) };
    let folder = folder.join(info.name);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(file_name(emission, info)), format!("{}{text}\n", emission.header(info)))
}
