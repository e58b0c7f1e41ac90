//! Correlations, tables, calendars, prices and exceptions as canonical text.

use super::Head;
use super::expr::{literal, name, text};
use super::layout::{Printer, WIDTH};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{
    Calendar, CorrelateClause, Excepted, Exception, ExceptionClause, Hours, Mute, Name, Occurs, Price, Prices, Table,
};

impl Printer<'_> {
    pub(super) fn table(&mut self, table: &Table) {
        self.write(&format!("table {} from ", name(&table.name.node)));
        self.quoted(&table.file);
    }

    pub(super) fn calendar(&mut self, calendar: &Calendar) {
        let zone = calendar.zone.iter().map(|zone| (zone.span, format!("zone {}", text(&zone.node))));
        let hours = calendar.hours.iter().map(|hours| (hours.span, hours_text(&hours.node)));
        self.short_lines("calendar", &calendar.name, calendar.span.span, &zone.chain(hours).collect::<Vec<_>>());
    }

    pub(super) fn prices(&mut self, prices: &Prices) {
        let currency = prices.currency.iter().map(|word| (word.span, format!("currency {}", word.node)));
        let width = prices.prices.iter().map(|price| models_text(&price.node).chars().count()).max().unwrap_or(0);
        let price = |price: &Spanned<Price>| {
            let Price { from, rates, .. } = &price.node;
            let rates: Vec<String> =
                rates.iter().map(|(name, value)| format!("{} = {}", name.node, literal(&value.node))).collect();
            let models = models_text(&price.node);
            (price.span, format!("model {models:width$} from {} {}", literal(&from.node), rates.join(", ")))
        };
        let lines: Vec<(Span, String)> = currency.chain(prices.prices.iter().map(price)).collect();
        self.short_lines("prices", &prices.name, prices.span.span, &lines);
    }

    /// An item of lines without expressions: on one line where it was written so and fits.
    fn short_lines(&mut self, word: &str, named: &Name, span: Span, lines: &[(Span, String)]) {
        let open = format!("{word} {} {{", name(&named.node));
        let texts: Vec<&str> = lines.iter().map(|(_, text)| text.as_str()).collect();
        let flat = format!("{open} {} }}", texts.join("  "));
        if self.one_line(span) && !self.commented(span) && flat.chars().count() <= WIDTH {
            return self.write(&flat);
        }
        self.write(&open);
        self.behind(named.span.end);
        self.write("\n");
        self.block(lines, |(span, _)| *span, |this, (_, text)| this.write(text));
        self.close(span.end, 0, "}");
    }

    pub(super) fn exception(&mut self, exception: &Exception, undocumented: bool) {
        let rule = |one: &Excepted| match &one.pack {
            Some(pack) => format!("{}.{}", pack.node, one.rule.node),
            None => name(&one.rule.node),
        };
        let rules: Vec<String> = exception.rules.iter().map(rule).collect();
        let open = format!("exception {} for {} {{", name(&exception.name.node), rules.join(", "));
        let at = exception.rules.last().map_or(exception.name.span, |one| one.rule.span);
        let head = Head { open, at, span: exception.span.span, undocumented };
        self.clauses(&head, &exception.clauses, ExceptionClause::word, Printer::exception_clause);
    }

    fn exception_clause(&mut self, clause: &ExceptionClause, width: usize, _: usize) {
        self.write(&format!("{:width$} ", clause.word()));
        match clause {
            ExceptionClause::Where(condition) => self.condition(condition),
            ExceptionClause::Until(date) => self.write(&literal(&date.node)),
            ExceptionClause::Reason(reason) => self.quoted(reason),
        }
    }

    pub(super) fn correlate_clause(&mut self, clause: &CorrelateClause, width: usize, indent: usize) {
        self.write(&format!("{:width$} ", clause.word()));
        match clause {
            CorrelateClause::Severity(level) => self.write(&level.node),
            CorrelateClause::SeverityCase(case) => self.expr(case, indent, 0),
            CorrelateClause::Tags(tags) => self.words(tags),
            CorrelateClause::By(keys) => {
                let key = |(key, other): &(Name, Option<Name>)| match other {
                    Some(other) => format!("{} = {}", name(&key.node), name(&other.node)),
                    None => name(&key.node),
                };
                self.write(&keys.iter().map(key).collect::<Vec<_>>().join(", "));
            }
            CorrelateClause::Within(length) => self.write(&literal(&length.node)),
            CorrelateClause::When(Occurs::AtLeast(least, members)) => {
                self.write(&if least.node == 1 {
                    "any of ".to_owned()
                } else {
                    format!("at least {} of ", least.node)
                });
                self.words(members);
            }
            CorrelateClause::When(Occurs::Chain(steps)) => {
                for (n, (no, member)) in steps.iter().enumerate() {
                    let then = if n == 0 { "" } else { " then " };
                    // There `no` is a word of the language.
                    let member = if member.node == "no" { "`no`".to_owned() } else { name(&member.node) };
                    self.write(&format!("{then}{}{member}", if *no { "no " } else { "" }));
                }
            }
            CorrelateClause::Mute(mute) => self.mute(mute),
            CorrelateClause::Texts(_, texts) => self.texts(texts),
        }
    }

    pub(super) fn mute(&mut self, mute: &Mute) {
        self.write(&literal(&mute.length.node));
        if !mute.keys.is_empty() {
            self.write(" by ");
            self.words(&mute.keys);
        }
    }
}

/// `mon..fri, sun 07:00..20:00`
fn hours_text(hours: &Hours) -> String {
    let days = hours.days.iter().map(|(first, last)| match last {
        Some(last) => format!("{}..{}", first.node, last.node),
        None => first.node.clone(),
    });
    format!("{} {}..{}", days.collect::<Vec<_>>().join(", "), hours.from.node, hours.to.node)
}

/// The patterns of a price.
fn models_text(price: &Price) -> String {
    price.models.iter().map(|model| text(&model.node)).collect::<Vec<_>>().join(", ")
}
