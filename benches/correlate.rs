//! How long correlations take over many alerts, and in how much memory.
//!
//! `cargo bench --no-default-features --bench correlate` makes a million alerts of twenty signals over 100,000 keys and 30 days, in the order in
//! which rules report them, and runs twenty correlations over them: ten that wait for two of three members, ten chains. Prints the least time
//! of three runs, how many alerts came, and the most memory that the process held. `SKYWATCH_ALERTS` is how many alerts there are.

use std::fmt::Write as _;
use std::time::Instant;

use skywatch::eval::alert::{Interval, finish};
use skywatch::eval::correlate::correlate_all;
use skywatch::eval::{Alert, Value};
use skywatch::ir::{Level, SECOND};
use skywatch::pack::load;

const RUNS: usize = 3;
const SIGNALS: u64 = 20;
const KEYS: u64 = 100_000;
/// 2026-11-01T00:00:00Z
const START: i64 = 1_793_491_200 * SECOND;
const MINUTE: i64 = 60 * SECOND;

fn main() {
    let count = std::env::var("SKYWATCH_ALERTS").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("correlations.sky");
    std::fs::write(&path, rules()).expect("it can be written");
    let pack = load(&path);
    assert!(pack.diagnostics.is_empty(), "{:?}", pack.diagnostics.first());
    let alerts = alerts(count);
    println!("{count} alerts held: {} KiB", most_memory().unwrap_or_default());
    let mut least = f64::MAX;
    let mut came = 0;
    for _ in 0..RUNS {
        let mut alerts = alerts.clone();
        let start = Instant::now();
        correlate_all(&pack.resolved.correlations, &mut alerts, "p", i64::MAX);
        least = least.min(start.elapsed().as_secs_f64());
        came = alerts.len() - count;
    }
    let correlations = pack.resolved.correlations.len();
    println!(
        "{correlations} correlations in {least:.2} s: {came} alerts; most memory held: {} KiB",
        most_memory().unwrap_or_default()
    );
}

fn rules() -> String {
    let mut text = String::new();
    for n in 0..SIGNALS {
        writeln!(text, "signal s{n} {{ from invocation  over 5m by caller.id }}").expect("a text takes it");
    }
    for n in 0..SIGNALS / 2 {
        let [a, b, c] = [n, (n + 7) % SIGNALS, (n + 13) % SIGNALS];
        let head = "severity high  by caller.id  within 6h";
        writeln!(text, "correlate some{n} {{ {head}  when at least 2 of s{a}, s{b}, s{c} }}").expect("a text takes it");
        writeln!(text, "correlate chain{n} {{ {head}  when s{a} then s{b} then s{c} }}").expect("a text takes it");
    }
    text
}

/// Alerts of windows of five minutes, keys and signals at random.
fn alerts(count: usize) -> Vec<Alert> {
    let mut state = 7_u64;
    let mut below = |n: u64| {
        // SplitMix64
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    };
    let mut alerts = Vec::with_capacity(count);
    for _ in 0..count {
        let start = START + below(30 * 24 * 12) as i64 * 5 * MINUTE;
        let first = start + below(150) as i64 * SECOND;
        let last = first + below(150) as i64 * SECOND;
        alerts.push(Alert {
            id: String::new(),
            rule: format!("s{}", below(SIGNALS)),
            title: "A signal".to_owned(),
            severity: Level::Informational,
            tags: Vec::new(),
            source: "aws.bedrock".to_owned(),
            window: Interval { start, end: start + 5 * MINUTE },
            until: start + 5 * MINUTE,
            first,
            last,
            keys: vec![(
                "caller.id".to_owned(),
                Value::text(&format!("arn:aws:iam::111122223333:user/{}", below(KEYS))),
            )],
            measures: Vec::new(),
            show: Vec::new(),
            partial: false,
            event: None,
            carried: Vec::new(),
            muted: false,
            members: Vec::new(),
        });
    }
    finish("p", &mut alerts);
    alerts
}

/// In KiB, where the system says it.
fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
