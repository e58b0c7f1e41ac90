//! What several test binaries share.
#![allow(dead_code, reason = "each binary uses its own part")]

pub(crate) mod choices;
pub(crate) mod compare;
pub(crate) mod conformance;
pub(crate) mod constructs;
pub(crate) mod coverage;
pub(crate) mod every_type;
pub(crate) mod oracle;
pub(crate) mod random;
pub(crate) mod samples;
pub(crate) mod shapes;
pub(crate) mod trees;

use std::sync::Mutex;

use skywatch::resolve::{Resolved, resolve};
use skywatch::source::{SourceId, SourceMap};
use skywatch::syntax::ast;
use skywatch::{diag, schema, syntax};

/// Resolves texts on top of the built-in schema; fails with the whole report where something is wrong.
pub(crate) fn resolved(texts: &[&str]) -> Resolved {
    resolved_on(schema::BUILTIN, texts)
}

/// The same on top of some built-in files only: random rules need no sources, and reading them takes most of the time.
pub(crate) fn resolved_on(built_in: &'static [(&'static str, &'static str)], texts: &[&str]) -> Resolved {
    type Parsed = (&'static str, Vec<ast::File>);
    static PARSED: Mutex<Vec<Parsed>> = Mutex::new(Vec::new());
    let mut sources = SourceMap::default();
    for (name, text) in built_in {
        sources.add(*name, *text);
    }
    let mut parsed = PARSED.lock().expect("no test panics while it parses");
    let key = built_in.last().map_or("", |(name, _)| name);
    let mut files = match parsed.iter().find(|(known, _)| *known == key) {
        Some((_, files)) => files.clone(),
        None => {
            let read = |(n, (_, text)): (u32, &(&str, &str))| syntax::parse(SourceId(n), text).0;
            let files: Vec<ast::File> = (0..).zip(built_in).map(read).collect();
            parsed.push((key, files.clone()));
            files
        }
    };
    drop(parsed);
    let mut diagnostics = Vec::new();
    for text in texts {
        let id = sources.add("test.sky", *text);
        let (file, mut said) = syntax::parse(id, text);
        diagnostics.append(&mut said);
        files.push(file);
    }
    let (resolved, mut said) = resolve(&files, &|name| Err(format!("no file {name}")));
    diagnostics.append(&mut said);
    assert!(diagnostics.is_empty(), "{}\n{}", diag::render(&diagnostics, &sources, false), texts.join("\n"));
    resolved
}

/// How many random cases a test runs: its short form, or as many as `SKYWATCH_CASES` says in the long check.
pub(crate) fn cases(short: u32) -> u32 {
    std::env::var("SKYWATCH_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(short)
}

/// The choices of a numbered random case: the same for the same seed and number. `SKYWATCH_SEED` sets the seed.
pub(crate) fn seeded(number: u32, length: usize) -> Vec<u32> {
    let seed: u64 = std::env::var("SKYWATCH_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    // SplitMix64: each number has a sequence of its own.
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (u64::from(number) << 32 | u64::from(number));
    (0..length)
        .map(|_| {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (z ^ (z >> 31)) as u32
        })
        .collect()
}
