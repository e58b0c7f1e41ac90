//! A syntax tree → the filter that it says: names looked up, values and patterns read, what the system rejects rejected.

use std::rc::Rc;

use regex::Regex;

use super::fields::{Field, Type, field};
use super::functions::{self, Condition, Source, may_be_text};
use super::re2;
use super::readings::BAD_LITERAL;
use super::tree::{Expr, Form, Literal, Op, Operand, Place, Values};
use super::value::{Converted, Wanted};
use crate::emulator::{Failure, Readings};

/// What an entry must satisfy.
#[derive(Debug, Clone)]
pub(super) enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    /// Some field has the text.
    Anywhere(Wanted),
    /// The field is there.
    Exists(Field),
    Compare {
        left: Rc<Source>,
        op: Op,
        right: Wanted,
    },
    Matches {
        left: Rc<Source>,
        pattern: Regex,
        negated: bool,
    },
    Function(Condition),
}

/// What never holds.
const NEVER: Filter = Filter::Or(Vec::new());

/// Reads a syntax tree.
pub(super) fn filter(expr: &Expr, readings: &Readings) -> Result<Filter, Failure> {
    let all = |parts: &[Expr]| parts.iter().map(|part| filter(part, readings)).collect::<Result<Vec<_>, _>>();
    Ok(match expr {
        Expr::And(parts) => Filter::And(all(parts)?),
        Expr::Or(parts) => Filter::Or(all(parts)?),
        Expr::Not(part) => Filter::Not(Box::new(filter(part, readings)?)),
        Expr::Global(literal) => Filter::Anywhere(global(literal)?),
        Expr::Call(call) => Filter::Function(functions::condition(call, readings)?),
        Expr::Comparison { left, op, right, at } => {
            let left = match left {
                Operand::Path(path) => Source::Field(field(path)?),
                Operand::Call(call) => functions::source(call)?,
            };
            check(&left, *op, at)?;
            comparisons(&Rc::new(left), *op, right, readings)?
        }
    })
}

fn global(literal: &Literal) -> Result<Wanted, Failure> {
    let wanted = Wanted::new(literal);
    if wanted.null {
        return Err(Failure::unknown("a search for NULL_VALUE in all fields is not known", wanted.at));
    }
    Ok(wanted)
}

/// Whether an operator is one for what is compared.
fn check(left: &Source, op: Op, at: &Place) -> Result<(), Failure> {
    let object = matches!(left, Source::Field(field) if field.object);
    let text = may_be_text(left.kind());
    match op {
        Op::Matches | Op::MatchesNot if object || !text => {
            Err(Failure::rejected("only fields of texts can be matched with a pattern", at.clone()))
        }
        Op::Has => Ok(()),
        _ if object => Err(Failure::rejected("only scalar fields can be compared; this one is an object", at.clone())),
        _ => Ok(()),
    }
}

/// One comparison for each value.
fn comparisons(left: &Rc<Source>, op: Op, right: &Values, readings: &Readings) -> Result<Filter, Failure> {
    let all = |parts: &[Values]| -> Result<Vec<Filter>, Failure> {
        parts.iter().map(|part| comparisons(left, op, part, readings)).collect()
    };
    Ok(match right {
        Values::And(parts) => Filter::And(all(parts)?),
        Values::Or(parts) => Filter::Or(all(parts)?),
        Values::Not(part) => Filter::Not(Box::new(comparisons(left, op, part, readings)?)),
        Values::Star(at) => match &**left {
            Source::Field(field) => Filter::Exists(field.clone()),
            _ => return Err(Failure::unknown("`:*` of a function is not known", at.clone())),
        },
        Values::One(literal) => comparison(left, op, literal, readings)?,
    })
}

fn comparison(left: &Rc<Source>, op: Op, literal: &Literal, readings: &Readings) -> Result<Filter, Failure> {
    if let Op::Matches | Op::MatchesNot = op {
        if literal.form != Form::Quoted {
            return Err(Failure::rejected("a pattern must be in double quotes", literal.at.clone()));
        }
        let pattern = re2::compile(&literal.text, &literal.at)?;
        return Ok(Filter::Matches { left: left.clone(), pattern, negated: op == Op::MatchesNot });
    }
    let right = Wanted::new(literal);
    let in_payload = matches!(left.kind(), Type::Struct | Type::Open);
    if right.null && !(in_payload && matches!(op, Op::Equal | Op::Unequal)) {
        return Err(Failure::unknown("NULL_VALUE is known with `=` and `!=` on fields of a payload alone", right.at));
    }
    match right.fits(left.kind()) {
        Converted::To(()) => {}
        Converted::Unsure => {
            let message = format!("whether `{}` is a timestamp is not known", right.text);
            return Err(Failure::unknown(message, right.at));
        }
        Converted::Fails if matches!(**left, Source::Field(_)) && !readings.other(BAD_LITERAL) => {
            let message = format!("`{}` is no value of this field's type", right.text);
            return Err(Failure::rejected(message, right.at));
        }
        Converted::Fails => return Ok(NEVER),
    }
    Ok(Filter::Compare { left: left.clone(), op, right })
}
