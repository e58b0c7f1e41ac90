//! Correlations: pest's pairs → [`crate::syntax::ast::Correlate`].

use super::item::is_keyword;
use super::{P, Reader, Rule};
use crate::source::Spanned;
use crate::syntax::ast::{CORRELATE_WORDS, Correlate, CorrelateClause, Name, Occurs};
use crate::syntax::errors;

impl Reader {
    pub(super) fn correlate(&mut self, pair: P<'_>) -> Option<Correlate> {
        let span = Spanned::new((), self.span(&pair));
        let (mut name, mut clauses) = (None, Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::word => name = Some(self.name(&part)),
                Rule::correlate_clause => {
                    let at = self.span(&part);
                    clauses.extend(self.correlate_clause(part).map(|clause| Spanned::new(clause, at)));
                }
                _ => {}
            }
        }
        self.check_order(&clauses, CorrelateClause::word, CorrelateClause::rank, &CORRELATE_WORDS);
        Some(Correlate { name: name?, clauses, span })
    }

    pub(super) fn correlate_clause(&mut self, pair: P<'_>) -> Option<CorrelateClause> {
        let part = pair.into_inner().next()?;
        let span = self.span(&part);
        let rule = part.as_rule();
        let mut parts = part.into_inner().filter(|p| !is_keyword(p));
        Some(match rule {
            Rule::severity => {
                let value = parts.next()?;
                if value.as_rule() == Rule::case {
                    CorrelateClause::SeverityCase(self.case(value))
                } else {
                    CorrelateClause::Severity(self.name(&value))
                }
            }
            Rule::tags => CorrelateClause::Tags(self.tags(parts)),
            Rule::matched_by => CorrelateClause::By(parts.filter_map(|key| self.matched_key(key)).collect()),
            Rule::within => {
                let length = parts.next()?;
                CorrelateClause::Within(Spanned::new(self.duration(&length), self.span(&length)))
            }
            Rule::occurs => CorrelateClause::When(self.occurs(parts.next()?)?),
            Rule::mute => CorrelateClause::Mute(self.mute(parts)?),
            Rule::doc_slip => {
                self.say(errors::stray_doc(span));
                return None;
            }
            _ => {
                let (kind, texts) = self.texts(rule, parts)?;
                CorrelateClause::Texts(kind, texts)
            }
        })
    }

    fn matched_key(&mut self, pair: P<'_>) -> Option<(Name, Option<Name>)> {
        let mut names = pair.into_inner().filter(|p| !is_keyword(p));
        let key = self.name(&names.next()?);
        Some((key, names.next().map(|other| self.name(&other))))
    }

    fn occurs(&mut self, pair: P<'_>) -> Option<Occurs> {
        let rule = pair.as_rule();
        let span = self.span(&pair);
        let mut least = Spanned::new(1, span);
        let (mut members, mut chain) = (Vec::new(), Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                // What is too large is more than there are members.
                Rule::digits => {
                    least = Spanned::new(part.as_str().replace('_', "").parse().unwrap_or(u64::MAX), self.span(&part));
                }
                Rule::word => members.push(self.name(&part)),
                Rule::step => {
                    let no = part.clone().into_inner().any(|p| p.as_rule() == Rule::kw_no);
                    let word = part.into_inner().find(|p| p.as_rule() == Rule::word)?;
                    chain.push((no, self.name(&word)));
                }
                _ => {}
            }
        }
        if rule == Rule::chain {
            let first = members.pop()?;
            return Some(Occurs::Chain(std::iter::once((false, first)).chain(chain).collect()));
        }
        Some(Occurs::AtLeast(least, members))
    }
}
