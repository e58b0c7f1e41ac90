//! A bound rule in, another system's query out: exact, or said to be wider, narrower or differing, or refused.
//!
//! Each target has a folder with its own tree (`tree`), `lower` from the bound rule to that tree, and `print` from the tree to text.
//! Text is made by `print` only; a user's text reaches it as a literal node. [`TARGETS`] is the one list of targets.

pub mod borrow;
pub mod cloud_logging;
pub mod cloudwatch;
mod correlate;
mod emit;
mod found;
pub mod googlesql;
pub mod kql;
pub mod names;
mod said;
mod shown;
mod verdict;
pub mod windows;

pub use correlate::{Alerts, Correlating, Reach, emit_correlation};
pub use emit::{Emission, Target, emit};
pub use found::with_patterns;

pub use verdict::{Condition, Needs, Verdict};

use borrow::Lending;

use crate::bind::BoundRule;
use crate::diag::Diagnostic;
pub use crate::ir::EVENT_RULE_STEP;
use crate::ir::{Place, PlaceKind, Source};

/// All targets, in the order in which they are shown. Command line, documents and tests are derived from it.
pub static TARGETS: &[&dyn Target] =
    &[&cloudwatch::CloudWatch, &kql::Kql, &cloud_logging::CloudLogging, &googlesql::GoogleSql];

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Request {
    /// Judge the windows that end in (from, to], in microseconds since 1970: printed as literal times where the text can hold them.
    /// None: KQL and GoogleSQL judge the last window that ended by now minus the source's delay; the others take the caller's range.
    pub range: Option<(i64, i64)>,
    /// The newest generation of CloudWatch's commands that may be used.
    pub cloudwatch: Needs,
}

/// A query and how it relates to the rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Whether it gives the same alerts.
    pub verdict: Verdict,
    /// On what that rests.
    pub provided: Vec<Condition>,
    /// Items of `show`, and measures that `when` does not read, that the query lacks.
    pub left_out: Vec<String>,
    /// Why it is not exact, or refused; one at least where the verdict is not exact.
    pub reasons: Vec<Diagnostic>,
    /// The text; none where refused.
    pub text: Option<String>,
    /// Whether one run of it judges one window or all windows of its range.
    pub judges: Judges,
    /// Which generation of the target's commands it needs.
    pub needs: Option<Needs>,
}

/// How many windows one run of a query judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judges {
    /// Every window of the range.
    AllWindows,
    /// The last one.
    OneWindow,
}

impl Judges {
    /// As JSON says it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Judges::AllWindows => "all windows",
            Judges::OneWindow => "one window",
        }
    }
}

/// What is known of a target without lowering anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Info {
    /// On the command line: `cloud-logging`.
    pub name: &'static str,
    /// For people: `Cloud Logging filter`.
    pub title: &'static str,
    /// Of a file that holds a query.
    pub extension: &'static str,
    /// Which of a source's places it reads.
    pub place: PlaceKind,
    /// How a line comment begins.
    pub comment: &'static str,
    /// Most characters of a query, and who says so.
    pub max_length: usize,
    /// Whether a caller's range is about when records were filed, which is after their events.
    pub by_filing_time: bool,
    /// Whether it makes one event of several records (`assemble`).
    pub assembles: bool,
    /// Whether its queries ask the time before a window.
    pub looks_back: bool,
    /// Why its queries can't read fields of another log beside those of an event; none where they can.
    pub joins_not: Option<&'static str>,
    /// Why its queries can't tell which alerts came together; none where they can.
    pub correlates_not: Option<&'static str>,
    /// Who runs its queries on a schedule and does not read as far back as a query may ask.
    pub scheduler: Option<Scheduler>,
    /// Whether its queries only select the events that a rule alerts on, or counts.
    pub selects: bool,
    /// The vendor's reference.
    pub docs: &'static str,
}

/// The limits of a service that runs queries on a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scheduler {
    /// How far back a run reads at most, in microseconds.
    pub reads: i64,
    /// A run that reads so far back or further …
    pub long: i64,
    /// … is made no more often than this.
    pub rarely: i64,
    /// Both, as they are said.
    pub said: &'static str,
}

impl Scheduler {
    /// Whether it can run a query so often that reads so far back.
    #[must_use]
    pub fn runs(&self, every: i64, lookback: i64) -> bool {
        lookback <= self.reads && (lookback < self.long || every >= self.rarely)
    }
}

/// What one lowering works on, and what it has to say about it.
#[derive(Debug)]
pub struct Lowering<'a> {
    /// The rule over the raw record.
    pub bound: &'a BoundRule,
    /// The log.
    pub source: &'a Source,
    /// The log's place on this target.
    pub place: &'a Place,
    /// What the user asked for.
    pub request: Request,
    /// The logs that lend what the rule borrows.
    pub lendings: Vec<Lending<'a>>,
    /// What a correlation asks of the rule, where the query is about its alerts.
    pub alerts: Option<Alerts<'a>>,
    /// Starts exact; see [`Lowering::weaken`].
    pub verdict: Verdict,
    /// Grows; printed in the order of [`Condition`].
    pub provided: Vec<Condition>,
    /// Starts with what the source lacks.
    pub left_out: Vec<String>,
    /// Why it is weaker or refused.
    pub reasons: Vec<Diagnostic>,
    /// What one run judges.
    pub judges: Judges,
    /// Which generation of commands.
    pub needs: Option<Needs>,
}

impl<'a> Lowering<'a> {
    /// Nothing said yet: exact, without conditions.
    #[must_use]
    pub fn new(bound: &'a BoundRule, source: &'a Source, place: &'a Place, request: Request) -> Lowering<'a> {
        Lowering {
            bound,
            source,
            place,
            request,
            lendings: Vec::new(),
            alerts: None,
            verdict: Verdict::Exact,
            provided: Vec::new(),
            left_out: bound.left_out.clone(),
            reasons: Vec::new(),
            judges: Judges::AllWindows,
            needs: None,
        }
    }

    /// How late events arrive of any log that is read, in microseconds.
    #[must_use]
    pub fn delay(&self) -> i64 {
        self.lendings.iter().map(|lending| lending.lender.delay).fold(self.source.delay, i64::max)
    }

    /// How long after an event all that is read of it is there, in microseconds.
    #[must_use]
    pub fn settled(&self) -> i64 {
        let lent = self.lendings.iter().map(|lending| lending.lender.settled().saturating_add(lending.join.within));
        lent.fold(self.source.settled(), i64::max)
    }

    /// Says that a construct can't be said: one finding a construct, with its span and the way out.
    pub fn refuse(&mut self, diagnostic: Diagnostic) {
        self.verdict = Verdict::Refused;
        if !self.reasons.contains(&diagnostic) {
            self.reasons.push(diagnostic);
        }
    }

    /// Says that the query is wider, narrower or differs, and why.
    pub fn weaken(&mut self, verdict: Verdict, diagnostic: Diagnostic) {
        self.verdict = self.verdict.and(verdict);
        if !self.reasons.contains(&diagnostic) {
            self.reasons.push(diagnostic);
        }
    }

    /// Adds a condition on which the verdict rests.
    pub fn provided(&mut self, condition: Condition) {
        // A source without a delay says that its events are there at once.
        if condition != Condition::EventsArriveWithin(0) && !self.provided.contains(&condition) {
            self.provided.push(condition);
            self.provided.sort();
        }
    }

    /// Leaves an item out that only shows.
    pub fn leave_out(&mut self, name: &str) {
        if !self.left_out.iter().any(|left| left == name) {
            self.left_out.push(name.to_owned());
        }
    }
}

/// What a target's author writes: two methods, a third where it correlates, one constant, one tree.
pub trait Backend: Sync {
    /// What is known without lowering.
    const INFO: Info;
    /// This language's own small tree; never a string.
    type Tree: std::fmt::Debug;

    /// The rule in the target's tree; none only after [`Lowering::refuse`].
    fn lower(&self, cx: &mut Lowering<'_>) -> Option<Self::Tree>;

    /// A correlation in the target's tree; none only after it was refused. Asked only of targets that correlate.
    fn correlate(&self, _cx: &mut Correlating<'_>) -> Option<Self::Tree> {
        None
    }

    /// The tree as text, without header comments.
    fn print(&self, tree: &Self::Tree) -> String;
}
