//! A test of the tests: faults in what is emitted, each of which has to show.
//!
//! A fault makes wrong texts of a right one (`texts`), or wrong trees of a target's tree (a file a target). It is found where a wrong one
//! gives other rows than the right one, or rows that the documentation leaves open where it leaves nothing open of the right one, over the
//! samples of a source or the records of a rule's tests: of the shipped rules, and of the rules in deciding.sky. A fault that is found nowhere
//! is one that no test would find.

mod cloud_logging;
mod cloudwatch;
mod googlesql;
mod kql;
mod nodes;
mod patterns;
mod rights;
mod texts;

use skywatch::emulator::Kind;
use skywatch::ruletest::run_everywhere;
use skywatch::target::Backend;

use nodes::Fault;
use rights::{PACKS, Right, rights};

/// Puts every fault of a target into every right text or tree, until it shows.
fn every_fault_shows<B: Backend<Tree: Clone + Send> + Copy>(backend: B, faults: &[Fault<B::Tree>]) {
    let name = B::INFO.name;
    let rights = rights(backend);
    let mut lost = Vec::new();
    let in_texts = texts::of(name);
    for (fault, find, put) in &in_texts {
        // A text that is wrong in its grammar or names is no less wrong.
        let shows = |right: &Right<B::Tree>| {
            texts::wrong(right.text(), find, put).any(|wrong| right.differs(&wrong, &[Kind::Ambiguous, Kind::Rejected]))
        };
        if !rights.iter().any(shows) {
            lost.push(format!("{name}, in the text: {fault}"));
        }
    }
    for fault in faults {
        let shows = |right: &Right<B::Tree>| {
            fault.wrong(&right.tree).any(|wrong| right.differs(&backend.print(&wrong), &[Kind::Ambiguous]))
        };
        if !rights.iter().any(shows) {
            lost.push(format!("{name}, in the tree: {}", fault.name));
        }
    }
    let (texts, trees) = (in_texts.len(), faults.len());
    println!(
        "{name}: {texts} faults in texts, {trees} in trees, over {} right ones; {} found nowhere",
        rights.len(),
        lost.len()
    );
    assert!(lost.is_empty(), "{}", lost.join("\n"));
    assert!(texts >= 10 && trees >= 20);
}

#[test]
fn every_fault_shows_on_cloudwatch() {
    every_fault_shows(skywatch::target::cloudwatch::CloudWatch, &cloudwatch::faults());
}

#[test]
fn every_fault_shows_on_kql() {
    every_fault_shows(skywatch::target::kql::Kql, &kql::faults());
}

#[test]
fn every_fault_shows_on_cloud_logging() {
    every_fault_shows(skywatch::target::cloud_logging::CloudLogging, &cloud_logging::faults());
}

#[test]
fn every_fault_shows_on_googlesql() {
    every_fault_shows(skywatch::target::googlesql::GoogleSql, &googlesql::faults());
}

/// What decides is right itself, on the evaluator and on every emulator.
#[test]
fn tests_that_decide_faults_pass() {
    let outcomes = run_everywhere(&PACKS[1]).expect("the tests run");
    let wrong: Vec<String> = outcomes.iter().filter(|outcome| !outcome.passed()).map(|o| format!("{o:?}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
