//! The promise, executed: emits rules, has an executor run the text over a source's raw records, and compares with the alerts of the local run.
//!
//! On every source that has samples and a place on the target: every shipped rule over the samples, and random rules over random records in
//! the shape of tests/shapes.

use std::path::Path;

use serde_json::{Value, json};
use skywatch::emulator::Record;
use skywatch::ir::{Rule, Source};
use skywatch::pack::load;
use skywatch::ruletest::emitted::{claimed, local};
use skywatch::ruletest::rows::broken;
use skywatch::ruletest::turns::Turn;
use skywatch::schema::Schema;
use skywatch::target::{Emission, Needs, Request, Verdict, emit};

use crate::logs::{Log, RANGE, places, sources_on, storable, target};
use crate::support::choices::Choices;
use crate::support::samples::{self, Samples};
use crate::support::shapes::Shape;
use crate::support::{cases, random, resolved, seeded};
use crate::tally::Tally;

/// What runs an emitted text.
pub(crate) trait Executor {
    /// The target whose text it runs.
    fn target(&self) -> &'static str;

    /// How many turns of a schedule it makes of a text that is run so, besides the one of a text over the whole range.
    fn turns(&self) -> usize {
        0
    }

    /// The records that the target can hold, where it can't hold all of them.
    fn held(&mut self, _emission: &Emission, _source: &Source, _log: &Log) -> Option<Vec<Value>> {
        None
    }

    /// Runs a text over the raw records of sources.
    fn execute(&mut self, emission: &Emission, logs: &[(&Source, Vec<Record>)], turn: &Turn) -> Executed;
}

/// What came of running a text.
pub(crate) enum Executed {
    /// Its rows, by column; and whether it took a template of ours.
    Rows(Vec<Value>, bool),
    /// Why it can't be run there.
    Unsupported(String),
    /// What is wrong with the text.
    Failed(String),
}

/// A rule on a log.
pub(crate) struct Case<'a> {
    pub(crate) rule: &'a Rule,
    pub(crate) schema: &'a Schema,
    pub(crate) source: &'a Source,
    pub(crate) log: &'a Log,
}

impl Case<'_> {
    /// Emits the rule, runs it over the whole range and in turns, and compares.
    pub(crate) fn compare(&self, executor: &mut dyn Executor, choices: &mut Choices, tally: &mut Tally) {
        let target = target(executor.target());
        let emitted = |request| {
            emit(self.rule, self.schema, target, request).into_iter().filter(|e| e.source == self.source.name)
        };
        // The older commands of CloudWatch say less, and some of it wider or narrower.
        let cloudwatch = if choices.once_in(4) { Needs::Portable } else { Needs::Y2026 };
        let in_turns = Request { range: None, cloudwatch };
        let over_range = Request { range: Some((RANGE.from, RANGE.to)), cloudwatch };
        for (over_range, in_turns) in emitted(over_range).zip(emitted(in_turns)) {
            if over_range.query.text.is_none() {
                tally.refused += 1;
                continue;
            }
            let held = executor.held(&over_range, self.source, self.log);
            let held = held.map(|records| Log::of(self.source, self.schema, &records));
            let case = Case { log: held.as_ref().unwrap_or(self.log), ..*self };
            let turn = Turn::over(&over_range, RANGE);
            if !case.judge(&over_range, &turn, &case.log.exported(), executor, tally) {
                continue;
            }
            let times: Vec<i64> = case.log.times.iter().flatten().copied().filter(|time| RANGE.holds(*time)).collect();
            for turn in Turn::by_schedule(&in_turns, &target.info(), &times, executor.turns()) {
                let records = case.log.arriving(in_turns.delay, choices);
                let mut of_turn = Tally::default();
                case.judge(&in_turns, &turn, &records, executor, &mut of_turn);
                tally.turn(of_turn);
            }
        }
    }

    /// Whether a text was run in a turn, and gave what it claims.
    fn judge(
        &self,
        emission: &Emission,
        turn: &Turn,
        records: &[Record],
        executor: &mut dyn Executor,
        tally: &mut Tally,
    ) -> bool {
        let target = target(executor.target());
        let text = emission.query.text.as_deref().unwrap_or_default();
        let wrong = |how: String| {
            let verdict = emission.query.verdict.text();
            format!("{} on {} is {verdict}, but {how}\nin {turn:?}\n{text}", self.rule.name, emission.target)
        };
        let (rows, ours) = match executor.execute(emission, &[(self.source, records.to_vec())], turn) {
            Executed::Rows(rows, ours) => (rows, ours),
            Executed::Unsupported(why) => {
                *tally.unsupported.entry(why).or_default() += 1;
                return false;
            }
            Executed::Failed(why) => {
                tally.wrong.push(wrong(why));
                return false;
            }
        };
        let stream = self.schema.stream_of(self.rule.stream).expect("a rule has a stream");
        let local = local(self.rule, stream, &self.log.events, target, emission, turn.judged);
        let alerts = local.expect("patterns are small enough");
        let claim = claimed(target, emission);
        if let Some(how) = broken(claim, self.rule, &alerts, &rows) {
            tally.wrong.push(wrong(how));
            return false;
        }
        match claim {
            Verdict::Exact => tally.equal += 1,
            Verdict::Wider | Verdict::Narrower => tally.contained += 1,
            Verdict::Differs | Verdict::Refused => tally.differing += 1,
        }
        tally.with_alerts += usize::from(!alerts.is_empty() && matches!(claim, Verdict::Exact));
        tally.with_templates += usize::from(ours);
        true
    }
}

/// Every shipped rule over the samples.
pub(crate) fn shipped_rules(executor: &mut dyn Executor) {
    let target_name = executor.target();
    let pack = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rulepacks/ai-security"));
    assert!(pack.diagnostics.is_empty());
    let schema = &pack.resolved.schema;
    let mut with_alerts = 0;
    for Samples { source, files, .. } in sources_on(target_name, schema) {
        let source = schema.source(&source).expect("it has a place");
        let records: Vec<Value> = files.iter().flat_map(|file| samples::records(file)).collect();
        let log = Log::of(source, schema, &records);
        let mut tally = Tally::default();
        for rule in &pack.resolved.rules {
            let mut choices = Choices::new(seeded(0, 3_000));
            Case { rule, schema, source, log: &log }.compare(executor, &mut choices, &mut tally);
        }
        tally.report(&format!("shipped rules as {target_name} over the samples of {}", source.name));
        with_alerts += tally.with_alerts;
    }
    assert!(with_alerts >= 5, "too few shipped rules alert on the samples");
}

/// Random rules over random records of each source, with or without look-back: emitted, executed, compared. What is refused or not executable is counted.
pub(crate) fn random_rules(executor: &mut dyn Executor, short: u32, over_time: bool) {
    let target_name = executor.target();
    let kind = target(target_name).info().place;
    for Samples { source: name, .. } in sources_on(target_name, &resolved(&[]).schema) {
        let mut shape = Shape::of(&name);
        shape.fields.over_time = over_time;
        let total = cases(short);
        let mut choices: Vec<Choices> = (0..total).map(|number| Choices::new(seeded(number, 3_000))).collect();
        let texts = choices.iter_mut().map(|choices| random::rule(choices, &shape.fields));
        let named = texts.enumerate().map(|(number, text)| text.replacen("rule r ", &format!("rule r{number} "), 1));
        let texts: Vec<String> = named.collect();
        // All at once: reading the sources takes longer than the rules.
        let resolved = resolved(&[&texts.concat()]);
        let schema = &resolved.schema;
        let source = schema.source(&name).expect("it has a place");
        let places = places(source, kind);
        let (mut tally, mut asked) = (Tally::default(), 0);
        for ((rule, text), choices) in resolved.rules.iter().zip(&texts).zip(&mut choices) {
            if over_time && rule.looks.is_empty() {
                continue;
            }
            asked += 1;
            let records: Vec<Value> =
                shape.to_query(choices, 14).into_iter().filter_map(|record| storable(record, &places)).collect();
            let before = tally.wrong.len();
            let log = Log::of(source, schema, &records);
            Case { rule, schema, source, log: &log }.compare(executor, choices, &mut tally);
            if let Some(wrong) = tally.wrong.get_mut(before) {
                *wrong = format!("{text}\n{wrong}\nrecords {}", json!(records));
            }
        }
        let rules = if over_time { "random rules that look back" } else { "random rules" };
        tally.report(&format!("{asked} {rules} as {target_name} on {name}"));
        match shape.not_compared.get(target_name) {
            None => assert!(
                tally.equal * 4 >= asked
                    && tally.with_alerts * 20 >= asked
                    && (executor.turns() == 0 || tally.turns_with_alerts * 20 >= asked),
                "too few random rules on {name} could be compared: {} of {asked}",
                tally.equal
            ),
            Some(why) => {
                println!("    {name} is not compared: {why}");
                assert!(
                    tally.equal == 0,
                    "random rules on {name} are compared, though tests/shapes says why not: {why}"
                );
            }
        }
    }
}
