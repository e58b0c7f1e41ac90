//! Calls that look back: `unseen`, `seen`, `silent` and `baseline` become numbered questions to a group's past.

use super::errors;
use super::expr::dotted;
use super::scope::{Phase, Resolver};
use crate::ir::{Expr, ExprKind, Look, Question, Statistic, Type, duration};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, Literal};

/// The functions, and how each is written.
pub const LOOKS: [(&str, &str); 4] = [
    ("unseen", "unseen(30d)` or `unseen(30d by caller.id)"),
    ("seen", "seen(30d)` or `seen(30d by caller.id)"),
    ("silent", "silent(1d)"),
    ("baseline", "baseline(total, 7d)` or `baseline(total, 7d, p95)"),
];

/// Furthest look back: a leap year.
const MAX_LENGTH: i64 = 366 * 86_400 * crate::ir::SECOND;
/// Most windows that a baseline is over, and that are judged for a key that has fallen silent.
const MAX_WINDOWS: i64 = 10_080;

impl Resolver<'_> {
    pub(super) fn look(&mut self, name: &ast::Name, usage: &str, arguments: &[Argument], span: Span) -> Option<Expr> {
        let word = name.node.as_str();
        if self.scope.phase == Phase::Row || !self.scope.may_look {
            return self.wrong(errors::look_here(name.span, word));
        }
        if let Some(filter) = arguments.iter().find_map(|argument| argument.filter.as_ref()) {
            return self.wrong(errors::filter_here(filter.span, word));
        }
        let question = match (word, arguments) {
            ("seen" | "unseen", [length]) => {
                let length = self.length(length.value.as_ref()?, word, usage)?;
                let keys = self.look_keys(&arguments.first()?.by)?;
                (if word == "seen" { Question::Seen(keys) } else { Question::Unseen(keys) }, length)
            }
            ("silent", [length]) if length.by.is_empty() => {
                let (_, step) = self.needs_window(word, name.span)?;
                let length = self.length(length.value.as_ref()?, word, usage)?;
                if length / step > MAX_WINDOWS {
                    let most = duration(step.saturating_mul(MAX_WINDOWS));
                    return self.wrong(errors::silent_windows(span, &duration(length), &most));
                }
                (Question::Silent, length)
            }
            ("baseline", [of, length] | [of, length, _]) if arguments.iter().all(|one| one.by.is_empty()) => {
                let (window, _) = self.needs_window(word, name.span)?;
                let statistic = arguments.get(2).map_or(Some(Statistic::Mean), |word| self.statistic(word, usage));
                let value = self.measured(of.value.as_ref()?, statistic);
                let length = self.length(length.value.as_ref()?, word, usage)?;
                if length % window != 0 || length / window > MAX_WINDOWS {
                    let near = (length / window).clamp(1, MAX_WINDOWS).saturating_mul(window);
                    let (length, near, window) = (duration(length), duration(near), duration(window));
                    return self.wrong(errors::baseline_windows(span, &length, &window, &near));
                }
                (Question::Baseline(value?, statistic?), length)
            }
            _ => return self.wrong(errors::arguments(span, word, usage, arguments.len())),
        };
        let look = Look { question: question.0, length: question.1, span };
        let ty = look.ty();
        let same = |other: &Look| other.length == look.length && same_question(&other.question, &look.question);
        let number = self.scope.looks.iter().position(same).unwrap_or_else(|| {
            self.scope.looks.push(look.clone());
            self.scope.looks.len() - 1
        });
        Some(Expr::new(ExprKind::Look(number), ty, span))
    }

    /// The length and the step of the rule's windows.
    fn needs_window(&mut self, word: &str, span: Span) -> Option<(i64, i64)> {
        match self.scope.window {
            Some(window) => Some(window),
            None => self.wrong(errors::without_over(span, word)),
        }
    }

    fn length(&mut self, value: &ast::Expr, word: &str, usage: &str) -> Option<i64> {
        match &*value.node {
            ast::ExprKind::Literal(Literal::Duration(us, _)) if (1..=MAX_LENGTH).contains(us) => Some(*us),
            ast::ExprKind::Literal(Literal::Duration(..)) => {
                self.wrong(errors::bad_argument(value.span, word, "a length from 1ms to 366d", usage))
            }
            _ => self.wrong(errors::bad_argument(value.span, word, "a length", usage)),
        }
    }

    /// The places of the named keys; of all of the rule's where none is named.
    fn look_keys(&mut self, by: &[ast::Key]) -> Option<Vec<usize>> {
        if by.is_empty() {
            return Some((0..self.scope.keys.len()).collect());
        }
        let mut places = Vec::new();
        for key in by {
            let name = match (&key.name, &key.default, &*key.value.node) {
                (None, None, ast::ExprKind::Reference(word, suffixes)) => dotted(&word.node, suffixes),
                _ => return self.wrong(errors::look_key(key.value.span)),
            };
            match self.scope.keys.iter().position(|known| known.name == name) {
                Some(place) => places.push(place),
                None if self.scope.broken_keys.contains(&name) => return self.silent(),
                None => {
                    let known: Vec<String> = self.scope.keys.iter().map(|key| key.name.clone()).collect();
                    let known = known.iter().map(String::as_str);
                    return self.wrong(errors::unknown(key.value.span, "key of this rule", &name, known));
                }
            }
        }
        places.sort_unstable();
        places.dedup();
        Some(places)
    }

    fn statistic(&mut self, argument: &Argument, usage: &str) -> Option<Statistic> {
        let value = argument.value.as_ref()?;
        let word = match &*value.node {
            ast::ExprKind::Reference(word, suffixes) if suffixes.is_empty() => word.node.as_str(),
            _ => "",
        };
        let known = Statistic::ALL.map(Statistic::word);
        match Statistic::ALL.into_iter().find(|statistic| statistic.word() == word) {
            Some(statistic) => Some(statistic),
            None if word.is_empty() => {
                self.wrong(errors::bad_argument(value.span, "baseline", &format!("one of {}", known.join(", ")), usage))
            }
            None => self.wrong(errors::unknown(value.span, "statistic", word, known)),
        }
    }

    /// What a baseline is of: a number, or a duration, of the window.
    fn measured(&mut self, value: &ast::Expr, statistic: Option<Statistic>) -> Option<Expr> {
        self.scope.may_look = false;
        let value = self.expr(value, None);
        self.scope.may_look = true;
        let value = value?;
        let number = value.ty.is_number() || (value.ty == Type::Duration && statistic != Some(Statistic::Stddev));
        if !number {
            let expected = if statistic == Some(Statistic::Stddev) { "a number" } else { "a number or a duration" };
            return self.wrong(errors::not_measurable(value.span, expected, &value.ty, "baseline"));
        }
        Some(value)
    }
}

/// Whether two questions are the same but for where they were written; of baselines, those of one measure.
fn same_question(a: &Question, b: &Question) -> bool {
    match (a, b) {
        (Question::Baseline(a, one), Question::Baseline(b, other)) => {
            let plain = |kind: &ExprKind| matches!(kind, ExprKind::Measure(_) | ExprKind::Aggregate(_));
            one == other && plain(&a.kind) && a.kind == b.kind
        }
        (a, b) => a == b,
    }
}
