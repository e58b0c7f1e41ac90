//! Tables, calendars, prices and exceptions: pest's pairs → [`crate::syntax::ast`].

use super::item::is_keyword;
use super::{P, Reader, Rule};
use crate::source::Spanned;
use crate::syntax::ast::{
    Calendar, EXCEPTION_WORDS, Excepted, Exception, ExceptionClause, Hours, Literal, Name, Price, Prices, Table,
};

impl Reader {
    pub(super) fn table(&mut self, pair: P<'_>) -> Option<Table> {
        let span = Spanned::new((), self.span(&pair));
        let mut parts = pair.into_inner().filter(|p| !is_keyword(p));
        let name = self.name(&parts.next()?);
        let file = parts.next()?;
        Some(Table { name, file: Spanned::new(self.text(&file), self.span(&file)), span })
    }

    pub(super) fn calendar(&mut self, pair: P<'_>) -> Option<Calendar> {
        let span = Spanned::new((), self.span(&pair));
        let (mut name, mut zone, mut hours) = (None, None, Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::word => name = Some(self.name(&part)),
                Rule::zone => {
                    let text = part.into_inner().find(|p| p.as_rule() == Rule::string)?;
                    zone = Some(Spanned::new(self.text(&text), self.span(&text)));
                }
                Rule::hours => {
                    let at = self.span(&part);
                    hours.extend(self.hours(part).map(|hours| Spanned::new(hours, at)));
                }
                _ => {}
            }
        }
        Some(Calendar { name: name?, zone, hours, span })
    }

    fn hours(&mut self, pair: P<'_>) -> Option<Hours> {
        let (mut days, mut clocks) = (Vec::new(), Vec::new());
        for part in pair.into_inner() {
            if part.as_rule() == Rule::days {
                let mut named = part.into_inner();
                let first = self.name(&named.next()?);
                days.push((first, named.next().map(|last| self.name(&last))));
            } else {
                clocks.push(Spanned::new(part.as_str().to_owned(), self.span(&part)));
            }
        }
        let to = clocks.pop()?;
        Some(Hours { days, from: clocks.pop()?, to })
    }

    pub(super) fn prices(&mut self, pair: P<'_>) -> Option<Prices> {
        let span = Spanned::new((), self.span(&pair));
        let (mut name, mut currency, mut prices) = (None, None, Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::word => name = Some(self.name(&part)),
                Rule::currency => {
                    let word = part.into_inner().find(|p| !is_keyword(p))?;
                    currency = Some(self.name(&word));
                }
                Rule::price => {
                    let at = self.span(&part);
                    prices.extend(self.price(part).map(|price| Spanned::new(price, at)));
                }
                _ => {}
            }
        }
        Some(Prices { name: name?, currency, prices, span })
    }

    fn price(&mut self, pair: P<'_>) -> Option<Price> {
        let (mut models, mut from, mut rates) = (Vec::new(), None, Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::strings => models = self.strings(part),
                Rule::date => from = Some(Spanned::new(self.date(&part), self.span(&part))),
                Rule::rate => rates.extend(self.rate(part)),
                _ => {}
            }
        }
        Some(Price { models, from: from?, rates })
    }

    fn rate(&mut self, pair: P<'_>) -> Option<(Name, Spanned<Literal>)> {
        let mut parts = pair.into_inner().filter(|p| !is_keyword(p));
        let name = self.name(&parts.next()?);
        let number = parts.next()?;
        let value = self.number(&number, false);
        Some((name, Spanned::new(value, self.span(&number))))
    }

    pub(super) fn exception(&mut self, pair: P<'_>) -> Option<Exception> {
        let span = Spanned::new((), self.span(&pair));
        let (mut name, mut rules, mut clauses) = (None, Vec::new(), Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::word => name = Some(self.name(&part)),
                Rule::excepted => rules.extend(self.excepted(part)),
                Rule::exception_clause => {
                    let at = self.span(&part);
                    clauses.extend(self.exception_clause(part).map(|clause| Spanned::new(clause, at)));
                }
                _ => {}
            }
        }
        self.check_order(&clauses, ExceptionClause::word, ExceptionClause::rank, &EXCEPTION_WORDS);
        Some(Exception { name: name?, rules, clauses, span })
    }

    fn excepted(&mut self, pair: P<'_>) -> Option<Excepted> {
        let mut parts = pair.into_inner();
        let first = self.name(&parts.next()?);
        let second = parts.next().map(|rule| self.name(&rule));
        Some(match second {
            Some(rule) => Excepted { pack: Some(first), rule },
            None => Excepted { pack: None, rule: first },
        })
    }

    fn exception_clause(&mut self, pair: P<'_>) -> Option<ExceptionClause> {
        let part = pair.into_inner().next()?;
        let rule = part.as_rule();
        let said = part.into_inner().find(|p| !is_keyword(p))?;
        Some(match rule {
            Rule::r#where => ExceptionClause::Where(self.expression(said)),
            Rule::until => ExceptionClause::Until(Spanned::new(self.date(&said), self.span(&said))),
            _ => ExceptionClause::Reason(Spanned::new(self.text(&said), self.span(&said))),
        })
    }
}
