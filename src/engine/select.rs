//! Which rows are whose: takes the rules that share a scan, gives for each of its batches the rows of each rule.
//!
//! What several rules ask is asked once a batch. Patterns over one text are sought together, and only in rows that some rule still wants.
//! What can't be asked of a row as it is scanned (elements of `each`, row values that grow too large) stays with the rule.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use datafusion::arrow::array::{Array as _, AsArray as _, BooleanArray, BooleanBufferBuilder, RecordBatch};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::prep_null_mask_filter;
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::common::{DFSchema, DataFusionError, Result, internal_datafusion_err};
use datafusion::execution::SessionState;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::PhysicalExpr;

use super::cost::{SharedCost, TextCost};
use super::distinct::{Distinct, Looked};
use super::lower::Scope;
use super::row_values::RowValues;
use super::texts::{self, Wanted};
use super::together::Together;
use crate::ir::pattern::Node;
use crate::ir::{self, ExprKind, Literal, Pred, PredKind, Rule, Stream};
use crate::source::Span;

/// From so many predicates over a text on, each is asked once a value: to tell values apart costs as much as some comparisons.
const MANY: usize = 4;
/// What a rule asks of a row as it is scanned; the numbers are places in [`Asked`].
#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Shared(usize),
    /// One of these patterns of a subject.
    Found {
        subject: usize,
        patterns: Vec<usize>,
    },
    All(Vec<Test>),
    Any(Vec<Test>),
}

/// The tests of one rule, all of which must hold: those without text come first, for they are cheap.
#[derive(Debug, Default)]
struct Tests {
    plain: Vec<Test>,
    of_text: Vec<Test>,
}

/// Everything that rules ask, each once; made before the scan.
pub(super) struct Asked<'a> {
    columns: &'a DFSchema,
    shared: Vec<(Expr, Option<Span>)>,
    places: HashMap<Expr, usize>,
    subjects: Vec<(Expr, Span, Vec<Node>)>,
    of_subjects: HashMap<Expr, usize>,
    rules: Vec<Tests>,
}

impl<'a> Asked<'a> {
    /// Nothing yet, over the scan's columns.
    pub(super) fn new(columns: &'a DFSchema) -> Asked<'a> {
        Asked {
            columns,
            shared: Vec::new(),
            places: HashMap::new(),
            subjects: Vec::new(),
            of_subjects: HashMap::new(),
            rules: Vec::new(),
        }
    }

    /// Adds a rule on sources, with what else must hold of its rows; gives the rule with what is left to ask in its own plan.
    pub(super) fn add(&mut self, rule: &Rule, stream: &Stream, sources: &[&str], near: Vec<Expr>) -> Result<Rule> {
        let scope = Scope { stream, sources, columns: self.columns };
        let mut tests = Tests::default();
        for expr in near {
            tests.plain.push(Test::Shared(self.place(expr, None)));
        }
        let mut left = Vec::new();
        let values = RowValues::of(rule);
        for pred in &rule.filter {
            let whole = values.written_out(pred).filter(|pred| !asks_element(rule, pred));
            match whole.map(|pred| self.test(&scope, &pred)).transpose()? {
                Some(test) if test.of_text() => tests.of_text.push(test),
                Some(test) => tests.plain.push(test),
                None => left.push(pred.clone()),
            }
        }
        self.rules.push(tests);
        Ok(Rule { filter: left, ..rule.clone() })
    }

    fn place(&mut self, expr: Expr, span: Option<Span>) -> usize {
        let next = self.shared.len();
        let place = *self.places.entry(expr.clone()).or_insert(next);
        if place == next {
            self.shared.push((expr, span));
        }
        place
    }

    fn test(&mut self, scope: &Scope<'_>, pred: &Pred) -> Result<Test> {
        match &pred.kind {
            PredKind::All(preds) => Ok(Test::All(self.tests(scope, preds)?)),
            PredKind::Any(preds) if preds.iter().any(|pred| patterns(pred).is_some()) => {
                Ok(Test::Any(self.tests(scope, preds)?))
            }
            _ => match patterns(pred) {
                Some((subject, sought, every)) => {
                    let (expr, span) = (scope.expr(subject)?, subject.span);
                    let subject = self.subject(expr, span);
                    let patterns: Vec<usize> = sought.into_iter().map(|node| self.pattern(subject, node)).collect();
                    if every {
                        let each = patterns.into_iter().map(|pattern| Test::Found { subject, patterns: vec![pattern] });
                        return Ok(Test::All(each.collect()));
                    }
                    Ok(Test::Found { subject, patterns })
                }
                None => Ok(Test::Shared(self.place(scope.pred(pred)?, Some(pred.span)))),
            },
        }
    }

    fn tests(&mut self, scope: &Scope<'_>, preds: &[Pred]) -> Result<Vec<Test>> {
        preds.iter().map(|pred| self.test(scope, pred)).collect()
    }

    fn subject(&mut self, expr: Expr, span: Span) -> usize {
        let next = self.subjects.len();
        let place = *self.of_subjects.entry(expr.clone()).or_insert(next);
        if place == next {
            self.subjects.push((expr, span, Vec::new()));
        }
        place
    }

    fn pattern(&mut self, subject: usize, node: Node) -> usize {
        let Some((_, _, patterns)) = self.subjects.get_mut(subject) else { return 0 };
        patterns.iter().position(|known| *known == node).unwrap_or_else(|| {
            patterns.push(node);
            patterns.len() - 1
        })
    }

    /// What all rules ask, each with where the first one does; it is not asked of batches then.
    pub(super) fn take_common(&mut self) -> Vec<(Expr, Option<Span>)> {
        let asks = |tests: &Tests, n: usize| tests.plain.contains(&Test::Shared(n));
        let common = |n: &usize| self.rules.iter().all(|tests| asks(tests, *n));
        let common: Vec<usize> = (0..self.shared.len()).filter(common).collect();
        for tests in &mut self.rules {
            tests.plain.retain(|test| !matches!(test, Test::Shared(n) if common.contains(n)));
        }
        common.iter().filter_map(|n| self.shared.get(*n).cloned()).collect()
    }

    /// Ready to be asked of batches.
    pub(super) fn build(self, state: &SessionState) -> Result<Selector> {
        let texts: Vec<Option<usize>> = self.shared.iter().map(|(expr, _)| only_text(expr, self.columns)).collect();
        let many = |place: &usize| texts.iter().filter(|of| **of == Some(*place)).count() >= MANY;
        let shared = self.shared.into_iter().zip(&texts).map(|((expr, span), text)| {
            let text = text.filter(many).map(|place| (place, Arc::clone(self.columns.field(place))));
            let of_value = text.map(|(place, field)| {
                let schema = Arc::new(Schema::new(vec![field]));
                let columns = DFSchema::try_from(Arc::clone(&schema))?;
                Ok::<_, DataFusionError>((place, schema, state.create_physical_expr(expr.clone(), &columns)?))
            });
            let of_value = of_value.transpose()?;
            let expr = state.create_physical_expr(expr, self.columns)?;
            Ok(Shared { expr, of_value, span, nanos: AtomicU64::new(0) })
        });
        let subjects = self.subjects.into_iter().map(|(expr, span, patterns)| {
            Ok(Subject {
                expr: state.create_physical_expr(expr, self.columns)?,
                span,
                patterns: patterns.len(),
                together: Together::new(&patterns)?,
                looked_at: AtomicUsize::new(0),
                let_through: AtomicUsize::new(0),
                nanos: AtomicU64::new(0),
            })
        });
        Ok(Selector {
            shared: shared.collect::<Result<_>>()?,
            subjects: subjects.collect::<Result<_>>()?,
            rules: self.rules,
        })
    }
}

/// A predicate that rules share, and what it cost.
#[derive(Debug)]
struct Shared {
    expr: Arc<dyn PhysicalExpr>,
    /// Of one that asks a text and nothing else: the text's column, and the same over that column alone.
    of_value: Option<(usize, SchemaRef, Arc<dyn PhysicalExpr>)>,
    span: Option<Span>,
    nanos: AtomicU64,
}

/// A text whose patterns are sought together, and what that cost.
#[derive(Debug)]
struct Subject {
    expr: Arc<dyn PhysicalExpr>,
    span: Span,
    patterns: usize,
    together: Together,
    looked_at: AtomicUsize,
    let_through: AtomicUsize,
    nanos: AtomicU64,
}

/// Everything that rules ask, over batches of one scan.
#[derive(Debug)]
pub(super) struct Selector {
    shared: Vec<Shared>,
    subjects: Vec<Subject>,
    rules: Vec<Tests>,
}

/// What is known of one batch so far.
struct Batch<'a> {
    selector: &'a Selector,
    batch: &'a RecordBatch,
    shared: Vec<Option<BooleanBuffer>>,
    /// By column, its different texts.
    texts: Vec<Looked>,
    /// By subject and pattern.
    found: Vec<Vec<Vec<usize>>>,
}

impl Selector {
    /// By rule, the rows of a batch that are its own.
    pub(super) fn select(&self, batch: &RecordBatch) -> Result<Vec<BooleanBuffer>> {
        let texts = batch.columns().iter().map(|_| Looked::No).collect();
        let mut known =
            Batch { selector: self, batch, shared: vec![None; self.shared.len()], texts, found: Vec::new() };
        let mut selected = Vec::with_capacity(self.rules.len());
        for rule in &self.rules {
            selected.push(known.all(&rule.plain, None)?);
        }
        for (n, subject) in self.subjects.iter().enumerate() {
            let asking =
                self.rules.iter().zip(&selected).filter(|(rule, _)| rule.of_text.iter().any(|test| test.asks(n)));
            let needed = asking.fold(None, |needed: Option<BooleanBuffer>, (_, rows)| match needed {
                None => Some(rows.clone()),
                Some(needed) => Some(&needed | rows),
            });
            let found = match needed.filter(|needed| needed.count_set_bits() > 0) {
                Some(needed) => subject.find(batch, &needed)?,
                None => vec![Vec::new(); subject.patterns],
            };
            known.found.push(found);
        }
        for (rule, selected) in self.rules.iter().zip(&mut selected) {
            if !rule.of_text.is_empty() && selected.count_set_bits() > 0 {
                *selected = known.all(&rule.of_text, Some(selected))?;
            }
        }
        Ok(selected)
    }

    /// What each shared predicate cost.
    pub(super) fn shared(&self) -> Vec<SharedCost> {
        let of = |n: usize| self.rules.iter().filter(|rule| rule.all().any(|test| test.asks_shared(n))).count();
        let cost = |(n, one): (usize, &Shared)| SharedCost { span: one.span, rules: of(n), time: time(&one.nanos) };
        self.shared.iter().enumerate().map(cost).filter(|one| one.rules > 0).collect()
    }

    /// What each text cost.
    pub(super) fn texts(&self) -> Vec<TextCost> {
        let of = |n: usize| self.rules.iter().filter(|rule| rule.of_text.iter().any(|test| test.asks(n))).count();
        let cost = |(n, one): (usize, &Subject)| TextCost {
            span: one.span,
            patterns: one.patterns,
            rules: of(n),
            rows: one.looked_at.load(Ordering::Relaxed),
            let_through: one.let_through.load(Ordering::Relaxed),
            time: time(&one.nanos),
        };
        self.subjects.iter().enumerate().map(cost).collect()
    }
}

fn time(nanos: &AtomicU64) -> Duration {
    Duration::from_nanos(nanos.load(Ordering::Relaxed))
}

impl Subject {
    /// By pattern, the rows in which it is found.
    fn find(&self, batch: &RecordBatch, needed: &BooleanBuffer) -> Result<Vec<Vec<usize>>> {
        let begun = Instant::now();
        let texts = self.expr.evaluate(batch)?.into_array(batch.num_rows())?;
        let texts =
            texts.as_string_view_opt().ok_or_else(|| internal_datafusion_err!("patterns are sought in text"))?;
        let (found, let_through) = match Distinct::of(texts)? {
            None => self.together.find(texts, needed),
            Some(distinct) => {
                let values = distinct.values().as_string_view();
                let (found, let_through) = self.together.find(values, &distinct.of_rows(needed));
                let rows = |values: Vec<usize>| match values.is_empty() {
                    true => values,
                    false => {
                        (needed & &distinct.rows_of(&set(values, distinct.values().len()))).set_indices().collect()
                    }
                };
                (found.into_iter().map(rows).collect(), let_through)
            }
        };
        self.looked_at.fetch_add(needed.count_set_bits(), Ordering::Relaxed);
        self.let_through.fetch_add(let_through, Ordering::Relaxed);
        self.nanos.fetch_add(nanos(begun), Ordering::Relaxed);
        Ok(found)
    }
}

impl Batch<'_> {
    fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// The rows in which every test holds, of some or of all; none is left to ask once no row is.
    fn all(&mut self, tests: &[Test], of: Option<&BooleanBuffer>) -> Result<BooleanBuffer> {
        let mut rows = of.cloned().unwrap_or_else(|| BooleanBuffer::new_set(self.rows()));
        for test in tests {
            if rows.count_set_bits() == 0 {
                break;
            }
            rows = &rows & &self.test(test)?;
        }
        Ok(rows)
    }

    fn test(&mut self, test: &Test) -> Result<BooleanBuffer> {
        match test {
            Test::Shared(n) => self.shared(*n),
            Test::Found { subject, patterns } => {
                let found = self.found.get(*subject);
                let of_pattern = |pattern: &usize| found.and_then(|found| found.get(*pattern)).into_iter().flatten();
                Ok(set(patterns.iter().flat_map(of_pattern).copied(), self.rows()))
            }
            Test::All(tests) => self.all(tests, None),
            Test::Any(tests) => {
                let mut rows = BooleanBuffer::new_unset(self.rows());
                for test in tests {
                    rows = &rows | &self.test(test)?;
                }
                Ok(rows)
            }
        }
    }

    fn shared(&mut self, n: usize) -> Result<BooleanBuffer> {
        if let Some(Some(known)) = self.shared.get(n) {
            return Ok(known.clone());
        }
        let shared = self.selector.shared.get(n).ok_or_else(|| internal_datafusion_err!("no such predicate"))?;
        let begun = Instant::now();
        let distinct = match &shared.of_value {
            Some((place, ..)) => match self.texts.get_mut(*place) {
                Some(looked) => looked.values(self.batch.columns().get(*place))?,
                None => None,
            },
            None => None,
        };
        let rows = match (&shared.of_value, distinct) {
            (Some((_, schema, expr)), Some(distinct)) => {
                let values = RecordBatch::try_new(Arc::clone(schema), vec![Arc::clone(distinct.values())])?;
                distinct.rows_of(&holds(expr, &values)?)
            }
            _ => holds(&shared.expr, self.batch)?,
        };
        shared.nanos.fetch_add(nanos(begun), Ordering::Relaxed);
        if let Some(place) = self.shared.get_mut(n) {
            *place = Some(rows.clone());
        }
        Ok(rows)
    }
}

/// The rows of a batch for which a predicate holds. Null is false.
fn holds(predicate: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<BooleanBuffer> {
    let array = predicate.evaluate(batch)?.into_array(batch.num_rows())?;
    let answers: &BooleanArray =
        array.as_boolean_opt().ok_or_else(|| internal_datafusion_err!("a predicate gives no yes or no"))?;
    Ok(match answers.null_count() {
        0 => answers.values().clone(),
        _ => prep_null_mask_filter(answers).values().clone(),
    })
}

/// So many bits, of which these are set.
fn set(places: impl IntoIterator<Item = usize>, of: usize) -> BooleanBuffer {
    let mut bits = BooleanBufferBuilder::new(of);
    bits.append_n(of, false);
    places.into_iter().for_each(|place| bits.set_bit(place, true));
    bits.finish()
}

/// The column of a predicate that asks one text and nothing else.
fn only_text(predicate: &Expr, columns: &DFSchema) -> Option<usize> {
    let read = predicate.column_refs();
    let column = read.iter().next().filter(|_| read.len() == 1)?;
    let place = columns.maybe_index_of_column(column)?;
    (columns.field(place).data_type() == &DataType::Utf8View).then_some(place)
}

/// How long ago that was, in nanoseconds.
pub(super) fn nanos(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

impl Tests {
    fn all(&self) -> impl Iterator<Item = &Test> {
        self.plain.iter().chain(&self.of_text)
    }
}

impl Test {
    fn any(&self, holds: &dyn Fn(&Test) -> bool) -> bool {
        match self {
            Test::All(tests) | Test::Any(tests) => tests.iter().any(|test| test.any(holds)),
            one => holds(one),
        }
    }

    fn of_text(&self) -> bool {
        self.any(&|test| matches!(test, Test::Found { .. }))
    }

    /// Whether it seeks in the n-th text.
    fn asks(&self, n: usize) -> bool {
        self.any(&|test| matches!(test, Test::Found { subject, .. } if *subject == n))
    }

    fn asks_shared(&self, n: usize) -> bool {
        self.any(&|test| *test == Test::Shared(n))
    }
}

/// The text, the patterns and whether all of them must be found, of a predicate that seeks constants in text.
fn patterns(pred: &Pred) -> Option<(&ir::Expr, Vec<Node>, bool)> {
    match &pred.kind {
        PredKind::Matches { subject, patterns, every } => {
            Some((subject, patterns.iter().map(|pattern| pattern.node.clone()).collect(), *every))
        }
        PredKind::Text { test, subject, needles, every, nocase } => {
            let wanted = Wanted { test: *test, every: *every, nocase: *nocase };
            let constant = |needle: &ir::Expr| match needle.as_literal() {
                Some(Literal::Text(text)) => Some(texts::sought(wanted, text)),
                _ => None,
            };
            Some((subject, needles.iter().map(constant).collect::<Option<Vec<_>>>()?, *every))
        }
        _ => None,
    }
}

/// Whether a rule seeks constants in text.
pub(super) fn seeks(rule: &Rule) -> bool {
    fn of(pred: &Pred) -> bool {
        match &pred.kind {
            PredKind::All(preds) | PredKind::Any(preds) => preds.iter().any(of),
            _ => patterns(pred).is_some(),
        }
    }
    rule.filter.iter().any(of)
}

/// Whether a predicate asks the element that `each` takes: there is none before.
fn asks_element(rule: &Rule, pred: &Pred) -> bool {
    let Some(each) = &rule.each else { return false };
    let mut asks = false;
    pred.walk(&mut |expr| asks |= expr.kind == ExprKind::Element(each.element));
    asks
}
