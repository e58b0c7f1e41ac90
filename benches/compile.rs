//! How long it takes to compile packs to all targets, and to check them with all lints: the shipped one, and one of 1,000 rules.
//!
//! `cargo bench --no-default-features --bench compile` prints, for each, the time from reading the files to the last query, as the least of
//! several runs, rules and queries a second; the time of `check`, from reading the files to the last finding, with the lints that run by themselves and
//! with all of them; and the most memory that the process held. The 1,000 rules are the shipped ones over and over,
//! each with a name of its own and no tests.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use skywatch::diag::Level;
use skywatch::lint::{LINTS, lint};
use skywatch::pack::load;
use skywatch::source::{SourceId, Span, Spanned};
use skywatch::syntax::ast::{File, ItemKind};
use skywatch::syntax::{self, print_file};
use skywatch::target::{Request, TARGETS, emit};

const RUNS: usize = 7;

fn main() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("rulepacks/ai-security");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let large = folder.path().join("large.sky");
    std::fs::write(&large, rules(&shipped, 1_000)).expect("it can be written");
    measure("shipped pack", &shipped);
    measure("1,000 rules", &large);
    if let Some(most) = most_memory() {
        println!("most memory held: {most} KiB");
    }
}

fn measure(what: &str, path: &Path) {
    let mut least = Duration::MAX;
    let (mut count, mut queries, mut loading) = (0, 0, Duration::MAX);
    for _ in 0..RUNS {
        let start = Instant::now();
        let pack = load(path);
        loading = loading.min(start.elapsed());
        assert!(pack.diagnostics.is_empty(), "{:?}", pack.diagnostics.first());
        count = pack.resolved.rules.len();
        queries = 0;
        for rule in &pack.resolved.rules {
            for target in TARGETS {
                let emissions = emit(rule, &pack.resolved.schema, *target, Request::default());
                queries += emissions.iter().filter(|emission| emission.query.text.is_some()).count();
                black_box(emissions);
            }
        }
        least = least.min(start.elapsed());
    }
    let seconds = least.as_secs_f64();
    println!(
        "{what}: {count} rules, {queries} queries in {:.1} ms, of which {:.1} reading and resolving; {:.0} rules a second",
        seconds * 1e3,
        loading.as_secs_f64() * 1e3,
        count as f64 / seconds
    );
    for (lints, all) in [("lints at their own levels", false), ("all lints", true)] {
        let (mut least, mut found) = (Duration::MAX, 0);
        for _ in 0..RUNS {
            let start = Instant::now();
            let mut pack = load(path);
            if all {
                let names = LINTS.iter().map(|lint| lint.about.name.to_owned());
                pack.levels = names.map(|name| (name, Spanned::new(Level::Warn, Span::default()))).collect();
            }
            found = black_box(lint(&pack)).len();
            least = least.min(start.elapsed());
        }
        println!("{what}: checked with {lints} in {:.1} ms, {found} findings", least.as_secs_f64() * 1e3);
    }
}

/// What the pack's rules name once, and its rules over and over.
fn rules(pack: &Path, most: usize) -> String {
    let files = std::fs::read_dir(pack).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some_and(|ending| ending == "sky")).collect();
    files.sort();
    let (mut lists, mut rules) = (String::new(), Vec::new());
    for file in files {
        let text = std::fs::read_to_string(file).expect("a text");
        for item in syntax::parse(SourceId(0), &text).0.items {
            match &item.kind {
                ItemKind::List(_) | ItemKind::Operations(_) | ItemKind::Calendar(_) | ItemKind::Prices(_) => {
                    lists.push_str(&print_file(&File { items: vec![item], broken: Vec::new() }, &text))
                }
                ItemKind::Rule(_) => rules.push((item, text.clone())),
                _ => {}
            }
        }
    }
    let numbered = (0..most).map(|number| {
        let (mut item, text) = rules[number % rules.len()].clone();
        if let ItemKind::Rule(rule) = &mut item.kind {
            rule.name.node = format!("{}_{number}", rule.name.node);
        }
        print_file(&File { items: vec![item], broken: Vec::new() }, &text)
    });
    lists + &numbered.collect::<String>()
}

/// The most memory that this process held, in KiB, where the system says it.
fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}
