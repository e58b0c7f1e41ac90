//! A process measured from outside: takes a command, gives its wall and processor time, the most memory that was resident, and what it printed.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a run takes; of a process also what it takes of the machine.
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    pub(crate) of: Option<Of>,
}

pub(crate) struct Of {
    pub(crate) cpu: Duration,
    /// MiB
    pub(crate) memory: f64,
}

/// Runs a process to its end: what it took, and what it printed.
pub(crate) fn process(mut command: Command) -> (Cost, String) {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the program runs");
    let (mut cpu, mut memory) = (Duration::ZERO, 0.0);
    while let Some(now) = looked_at(child.id()) {
        (cpu, memory) = (now.cpu, now.memory.max(memory));
        // A process that has ended keeps its times until it is waited for.
        if now.memory == 0.0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let wall = start.elapsed();
    let said = std::io::read_to_string(child.stdout.take().expect("its output")).expect("text");
    assert!(child.wait().expect("it ends").success(), "{said}");
    (Cost { wall, of: Some(Of { cpu, memory }) }, said)
}

/// What a process has taken so far, where the system says it; no memory once it has ended.
pub(crate) fn looked_at(process: u32) -> Option<Of> {
    /// What Linux counts processor time in.
    const TICKS: f64 = 100.0;
    let of = |what: &str| fs::read_to_string(format!("/proc/{process}/{what}")).ok();
    let stat = of("stat")?;
    let after_name: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks: f64 = after_name.get(11..13)?.iter().filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    let status = of("status")?;
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: f64 = most.and_then(|most| most.split_whitespace().next()?.parse().ok()).unwrap_or(0.0);
    Some(Of { cpu: Duration::from_secs_f64(ticks / TICKS), memory: kib / 1024.0 })
}
