//! Right texts of a target: takes the target, gives what it emits for rules, with the tree of each, records, and the rows over them.

use std::path::Path;
use std::sync::{LazyLock, Mutex};

use skywatch::bind::admits;
use skywatch::emulator::{self, Kind, Language, Record};
use skywatch::eval::{Range, Value};
use skywatch::ir::{Rule, Source};
use skywatch::pack::{Pack, load};
use skywatch::ruletest::emitted::{Log, emitted};
use skywatch::ruletest::turns::Turn;
use skywatch::ruletest::{Case, cases};
use skywatch::target::{Backend, Emission, Info, Lowering, Request, emit};

use crate::logs::{RANGE, sources_on};
use crate::support::samples::{self, Samples};

/// The shipped rules, and rules with tests that decide what no shipped rule decides.
pub(super) static PACKS: LazyLock<[Pack; 2]> = LazyLock::new(|| {
    ["rulepacks/ai-security", "tests/promise/faults/deciding.sky"].map(|path| {
        let pack = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
        assert!(pack.diagnostics.is_empty(), "{:?}", pack.diagnostics);
        pack
    })
});

/// A right text with its tree, records, the range of a run over them, and the rows.
pub(super) struct Right<T> {
    language: &'static dyn Language,
    emission: Emission,
    pub(super) tree: T,
    records: Vec<Record>,
    range: Range,
    rows: String,
}

impl<T> Right<T> {
    pub(super) fn text(&self) -> &str {
        self.emission.query.text.as_deref().unwrap_or_default()
    }

    /// Whether another text gives other rows over the same records, or fails in one of some ways.
    pub(super) fn differs(&self, other: &str, failing: &[Kind]) -> bool {
        let rows = || given(self.language, other, &self.emission, &self.records, self.range);
        other != self.text() && rows().map_or_else(|kind| failing.contains(&kind), |rows| rows != self.rows)
    }
}

/// The rows that a text gives, whatever their order; or why it gives none.
fn given(
    language: &dyn Language,
    text: &str,
    emission: &Emission,
    records: &[Record],
    range: Range,
) -> Result<String, Kind> {
    let rows =
        emitted(language, text, emission, records, &Turn::over(emission, range)).map_err(|failure| failure.kind)?;
    let mut rows: Vec<String> = rows.iter().map(ToString::to_string).collect();
    rows.sort();
    Ok(rows.join("\n"))
}

/// A target that keeps the trees of the texts that it prints.
struct Keeping<B: Backend> {
    backend: B,
    kept: Mutex<Vec<(String, B::Tree)>>,
}

impl<B: Backend<Tree: Clone + Send>> Backend for Keeping<B> {
    const INFO: Info = B::INFO;
    type Tree = B::Tree;

    fn lower(&self, cx: &mut Lowering<'_>) -> Option<B::Tree> {
        self.backend.lower(cx)
    }

    fn print(&self, tree: &B::Tree) -> String {
        let text = self.backend.print(tree);
        self.kept.lock().expect("nothing panics here").push((text.clone(), tree.clone()));
        text
    }
}

/// What the target makes of the shipped rules over samples and over the records of their tests, and of the deciding rules over those of
/// theirs, over these also up to their last event and without it. What runs fast stands first.
pub(super) fn rights<B: Backend<Tree: Clone + Send> + Copy>(backend: B) -> Vec<Right<B::Tree>> {
    let [shipped, deciding] = &*PACKS;
    let samples = sources_on(B::INFO.name, &shipped.resolved.schema);
    let of_samples = |Samples { source, files, .. }: &'_ Samples| {
        let record = |record: serde_json::Value| Record { text: record.to_string(), ..Record::default() };
        (source.clone(), files.iter().flat_map(|file| samples::records(file)).map(record).collect())
    };
    let records: Vec<(String, Vec<Record>)> = samples.iter().map(of_samples).collect();
    let mut out = Vec::new();
    for rule in &shipped.resolved.rules {
        out.extend(of_rule(backend, shipped, rule, &records, RANGE));
    }
    for pack in [shipped, deciding] {
        for case in cases(pack) {
            let has_place = |source: &&Source| admits(case.rule, source) && source.place(B::INFO.place).is_some();
            let logs = pack.resolved.schema.sources.iter().filter(has_place);
            let of_log = |source: &Source| Some((source.name.clone(), Log::of(pack, &case, source).ok()?.records));
            let records: Vec<(String, Vec<Record>)> = logs.filter_map(of_log).collect();
            let whole = case.range;
            out.extend(of_rule(backend, pack, case.rule, &records, whole));
            if std::ptr::eq(pack, deciding) {
                out.extend(of_rule(backend, pack, case.rule, &records, Range { to: last_time(&case), ..whole }));
            }
        }
    }
    out.sort_by_key(|right| right.text().len() * (1 + right.records.len()));
    out
}

/// What the target makes of a rule over the records of each log.
fn of_rule<B: Backend<Tree: Clone + Send> + Copy>(
    backend: B,
    pack: &Pack,
    rule: &Rule,
    logs: &[(String, Vec<Record>)],
    range: Range,
) -> Vec<Right<B::Tree>> {
    let language = emulator::language(B::INFO.name).expect("a language of that name");
    let keeping = Keeping { backend, kept: Mutex::default() };
    let emissions = emit(
        rule,
        &pack.resolved.schema,
        &keeping,
        Request { range: Some((range.from, range.to)), ..Request::default() },
    );
    let mut kept = keeping.kept.into_inner().expect("nothing panics here");
    let mut out = Vec::new();
    for emission in emissions {
        let at = kept.iter().position(|(of, _)| Some(of) == emission.query.text.as_ref());
        let log = logs.iter().find(|(source, _)| *source == emission.source);
        let (Some(at), Some((_, records))) = (at, log) else { continue };
        let (text, tree) = kept.swap_remove(at);
        if let Ok(rows) = given(language, &text, &emission, records, range) {
            out.push(Right { language, emission, tree, records: records.clone(), range, rows });
        }
    }
    out
}

/// When the last event of a test happened.
fn last_time(case: &Case<'_>) -> i64 {
    let time = case.stream.time().index();
    let times = case.events.iter().filter_map(|event| event.fields.get(time).and_then(Value::as_time));
    times.max().expect("a test gives an event")
}
