//! Packs that are given together: exceptions of one are for rules of another, wherever these run.

use std::path::PathBuf;

use skywatch::pack::{Pack, load, load_together};
use skywatch::ruletest::run;
use skywatch::target::{Emission, Request, TARGETS, emit};

/// Its list is not the one that the other pack means.
const VENDOR: &str = r#"list robots = ["nobody"]
rule denied { severity low  from activity  with who = lower(caller.id)  where outcome == "denied" and caller.id not in robots }
rule counted { severity low  from activity  over 1h by caller.id  let n = count() }
test denied "each is told" {
    given activity [
        { time = 2026-01-01T10:00Z, event.id = "1", caller.id = "Robot", outcome = "denied" }
        { time = 2026-01-01T11:00Z, event.id = "2", caller.id = "ana", outcome = "denied" }
        { time = 2027-01-01T10:00Z, event.id = "3", caller.id = "Robot", outcome = "denied" }
    ]
    expect alert
}
"#;

const TUNING: &str = r#"list robots = ["robot", "probe"]
calendar day { zone "UTC"  mon..sun 08:00..20:00 }
operations reads { aws "bedrock:Get*" }
rule own { severity low  from activity }
exception tests for vendor-1.denied, tuning.own {
    where    lower(caller.id) in robots and during(time, day) and operation is missing
    until    2027-01-01
    reason   "agreed with their owners"
}
exception row_value for vendor-1.denied { where who == "probe" and not (operation is reads)  until 2027-01-01  reason "theirs too" }
"#;

struct Packs {
    folder: tempfile::TempDir,
}

impl Packs {
    fn new() -> Packs {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("vendor-1.sky"), VENDOR).expect("a pack");
        std::fs::write(folder.path().join("tuning.sky"), TUNING).expect("a pack");
        Packs { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// The ids of the alerts of a pack's first test, by the callers.
fn alerts(pack: &Pack) -> Vec<(String, String)> {
    let outcomes = run(pack);
    let alerts = outcomes.first().expect("a test").alerts.iter();
    alerts.map(|alert| (alert.id.clone(), format!("{:?}", alert.first))).collect()
}

#[test]
fn exceptions_act_on_rules_of_the_other_pack_in_any_order() {
    let packs = Packs::new();
    let (vendor, tuning) = (packs.path("vendor-1.sky"), packs.path("tuning.sky"));
    let alone = load(&vendor);
    let all = alerts(&alone);
    assert_eq!(all.len(), 3);
    for (order, at) in [([vendor.clone(), tuning.clone()], 0), ([tuning, vendor], 1)] {
        let together = load_together(&order);
        assert!(together.iter().all(|pack| pack.diagnostics.is_empty()), "{:?}", together[1 - at].diagnostics);
        // The robot's first denial is left out; its last one is behind the end. What is told is the same finding as without.
        assert_eq!(alerts(&together[at]), all[1..]);
        let rules = |pack: &Pack| pack.resolved.rules.iter().map(|rule| rule.filter.len()).collect::<Vec<_>>();
        assert_eq!((rules(&alone), rules(&together[at])), (vec![2, 0], vec![4, 0]), "only the rule that is named");
        assert_eq!(rules(&together[1 - at]), [1], "a pack may name itself");
    }
}

#[test]
fn exceptions_are_emitted() {
    let packs = Packs::new();
    let together = load_together(&[packs.path("vendor-1.sky"), packs.path("tuning.sky")]);
    let (pack, alone) = (&together[0], load(&packs.path("vendor-1.sky")));
    let emitted = |pack: &Pack| {
        let schema = &pack.resolved.schema;
        let all = TARGETS.iter().flat_map(|target| emit(&pack.resolved.rules[0], schema, *target, Request::default()));
        all.collect::<Vec<Emission>>()
    };
    let said = |emission: &Emission| emission.query.text.as_ref().is_some_and(|text| text.contains("2027"));
    let (before, after) = (emitted(&alone), emitted(pack));
    assert!(before.len() >= 4 && before.iter().all(|one| one.query.text.is_some() && !said(one)));
    for emission in &after {
        // What a target can't say of it is shown where it was written.
        let reasons = emission.query.reasons.iter().filter_map(|reason| reason.labels.first());
        let shown: Vec<&str> = reasons.map(|label| pack.sources.text(label.span)).collect();
        assert!(said(emission) || shown.contains(&"during(time, day)"), "{}: {shown:?}", emission.target);
    }
    assert!(after.iter().filter(|one| said(one)).count() >= 4);
}
