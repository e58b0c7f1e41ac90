//! The functions of the language: their names, how many values they take, and which file reckons them.

mod hash;
mod ip;
pub(super) mod number;
mod structure;
mod text;
pub(super) mod time;

use super::eval::Context;
use super::tree::{Expr, Node, Place};
use super::value::{Cell, number_of};
use crate::emulator::Failure;

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    IsPresent,
    Coalesce,
    Case,
    If,
    IsNumeric,
    MessageSize,
    QueryStartTime,
    QueryEndTime,
    QueryTimeRange,
    Text(text::Function),
    Number(number::Function),
    Sha256,
    JsonParse,
    JsonStringify,
    JsonArraySize,
    JsonArrayContains,
    Split,
    Ip(ip::Function),
    Bin,
    DateFloor,
    DateCeil,
    FromMillis,
    ToMillis,
    Now,
    ParseDate,
    FormatDate,
}

/// Names in small letters, with the least and the most values. `case` takes up to ten branches and a default.
const FUNCTIONS: &[(&str, Function, usize, usize)] = &[
    ("ispresent", Function::IsPresent, 1, 1),
    ("coalesce", Function::Coalesce, 1, usize::MAX),
    ("case", Function::Case, 2, 21),
    ("if", Function::If, 3, 3),
    ("isnumeric", Function::IsNumeric, 1, 1),
    ("messagesize", Function::MessageSize, 1, 1),
    ("querystarttime", Function::QueryStartTime, 0, 0),
    ("queryendtime", Function::QueryEndTime, 0, 0),
    ("querytimerange", Function::QueryTimeRange, 0, 0),
    ("isempty", Function::Text(text::Function::IsEmpty), 1, 1),
    ("isblank", Function::Text(text::Function::IsBlank), 1, 1),
    ("concat", Function::Text(text::Function::Concat), 1, usize::MAX),
    ("ltrim", Function::Text(text::Function::TrimLeft), 1, 2),
    ("rtrim", Function::Text(text::Function::TrimRight), 1, 2),
    ("trim", Function::Text(text::Function::Trim), 1, 2),
    ("strlen", Function::Text(text::Function::Length), 1, 1),
    ("toupper", Function::Text(text::Function::Upper), 1, 1),
    ("tolower", Function::Text(text::Function::Lower), 1, 1),
    ("substr", Function::Text(text::Function::Substring), 2, 3),
    ("replace", Function::Text(text::Function::Replace), 3, 3),
    ("regexreplace", Function::Text(text::Function::RegexReplace), 3, 3),
    ("strcontains", Function::Text(text::Function::Contains), 2, 3),
    ("startswith", Function::Text(text::Function::StartsWith), 2, 2),
    ("endswith", Function::Text(text::Function::EndsWith), 2, 2),
    ("urlencode", Function::Text(text::Function::UrlEncode), 1, 1),
    ("urldecode", Function::Text(text::Function::UrlDecode), 1, 1),
    ("base64encode", Function::Text(text::Function::Base64Encode), 1, 1),
    ("base64decode", Function::Text(text::Function::Base64Decode), 1, 1),
    ("hextoascii", Function::Text(text::Function::HexToAscii), 1, 1),
    ("hextodec", Function::Number(number::Function::HexToDec), 1, 1),
    ("dectohex", Function::Number(number::Function::DecToHex), 1, 1),
    ("split", Function::Split, 2, 2),
    ("abs", Function::Number(number::Function::Abs), 1, 1),
    ("ceil", Function::Number(number::Function::Ceil), 1, 1),
    ("floor", Function::Number(number::Function::Floor), 1, 1),
    ("greatest", Function::Number(number::Function::Greatest), 1, usize::MAX),
    ("least", Function::Number(number::Function::Least), 1, usize::MAX),
    ("log", Function::Number(number::Function::Log), 1, 1),
    ("round", Function::Number(number::Function::Round), 1, 2),
    ("sqrt", Function::Number(number::Function::Sqrt), 1, 1),
    ("tonumber", Function::Number(number::Function::ToNumber), 1, 1),
    ("toint", Function::Number(number::Function::ToInt), 1, 1),
    ("tolong", Function::Number(number::Function::ToLong), 1, 1),
    ("todouble", Function::Number(number::Function::ToNumber), 1, 1),
    ("sha256", Function::Sha256, 1, 1),
    ("jsonparse", Function::JsonParse, 1, 1),
    ("jsonstringify", Function::JsonStringify, 1, 1),
    ("jsonarraysize", Function::JsonArraySize, 1, 1),
    ("jsonarraycontains", Function::JsonArrayContains, 2, 2),
    ("isvalidip", Function::Ip(ip::Function::Valid), 1, 1),
    ("isvalidipv4", Function::Ip(ip::Function::ValidV4), 1, 1),
    ("isvalidipv6", Function::Ip(ip::Function::ValidV6), 1, 1),
    ("isipinsubnet", Function::Ip(ip::Function::InSubnet), 2, 2),
    ("isipv4insubnet", Function::Ip(ip::Function::InSubnetV4), 2, 2),
    ("isipv6insubnet", Function::Ip(ip::Function::InSubnetV6), 2, 2),
    ("ipv4tonumber", Function::Ip(ip::Function::NumberOfV4), 1, 1),
    ("isprivateip", Function::Ip(ip::Function::Private), 1, 1),
    ("bin", Function::Bin, 1, 1),
    ("datefloor", Function::DateFloor, 2, 2),
    ("dateceil", Function::DateCeil, 2, 2),
    ("frommillis", Function::FromMillis, 1, 1),
    ("tomillis", Function::ToMillis, 1, 1),
    ("now", Function::Now, 0, 0),
    ("parsedate", Function::ParseDate, 2, 3),
    ("formatdate", Function::FormatDate, 2, 3),
    ("strftime", Function::FormatDate, 2, 3),
];

impl Function {
    /// The function of a name in small letters, with the least and the most values that it takes.
    pub(super) fn named(name: &str) -> Option<(Function, usize, usize)> {
        let known = FUNCTIONS.iter().find(|(known, ..)| *known == name)?;
        let (_, function, least, most) = known;
        Some((*function, *least, *most))
    }

    /// Which of its values is a period.
    pub(super) fn period(self) -> Option<usize> {
        match self {
            Function::Bin => Some(0),
            Function::DateFloor | Function::DateCeil => Some(1),
            _ => None,
        }
    }
}

/// Whether a call has what it needs: a period where one belongs, subnets and formats that can be read.
pub(super) fn check(function: Function, parts: &[Expr], at: &Place) -> Result<(), Failure> {
    let period = function.period();
    for (number, part) in parts.iter().enumerate() {
        let is_period = matches!(part.node, Node::Period(_));
        if Some(number) == period && !is_period {
            return Err(Failure::rejected("expected a period such as `5m`", part.at.clone()));
        }
        if Some(number) != period && is_period {
            return Err(Failure::rejected(
                "a period stands in `bin`, `datefloor` and `dateceil` alone",
                part.at.clone(),
            ));
        }
    }
    let constant = |number: usize| match parts.get(number) {
        Some(Expr { node: Node::Text(text), at }) => Some((text.as_str(), at)),
        _ => None,
    };
    match function {
        Function::Ip(ip) => constant(1).map_or(Ok(()), |(subnet, at)| ip::check(ip, subnet, at)),
        Function::ParseDate | Function::FormatDate => {
            let Some((format, format_at)) = constant(1) else {
                return Err(Failure::unknown("a format that is no text of the query", at.clone()));
            };
            match (parts.get(2), constant(2)) {
                (None, _) | (_, Some(("UTC", _))) => {}
                _ => return Err(Failure::unknown("a time zone other than \"UTC\"", at.clone())),
            }
            time::check(function, format, format_at)
        }
        Function::Text(text::Function::RegexReplace) => match constant(1) {
            Some((pattern, at)) => super::pattern::Pattern::regex(pattern, at).map(|_| ()),
            None => Err(Failure::unknown("a pattern that is no text of the query", at.clone())),
        },
        _ => Ok(()),
    }
}

/// What a function gives, of the values of a call.
pub(super) fn apply(function: Function, values: &[Cell], context: &Context<'_>, at: &Place) -> Result<Cell, Failure> {
    let first = values.first().unwrap_or(&Cell::Missing);
    Ok(match function {
        Function::IsPresent => Cell::truth(first.is_present(context.readings)),
        Function::IsNumeric => Cell::truth(match first {
            Cell::Number(_) => true,
            Cell::Text(text) => number_of(text, context.readings).is_some(),
            _ => false,
        }),
        Function::MessageSize => match first.as_text(context.readings, at)? {
            Some(text) => Cell::whole(i64::try_from(text.len()).unwrap_or(i64::MAX)),
            None => Cell::Missing,
        },
        Function::QueryStartTime => Cell::whole(context.range(at)?.0),
        Function::QueryEndTime => Cell::whole(context.range(at)?.1),
        Function::QueryTimeRange => {
            let (from, until) = context.range(at)?;
            Cell::whole(until.saturating_sub(from))
        }
        Function::Now => Cell::whole(context.run.now.div_euclid(1_000_000)),
        Function::Text(text) => text::apply(text, values, context, at)?,
        Function::Number(number) => number::apply(number, values, context, at)?,
        Function::Ip(ip) => ip::apply(ip, values, context, at)?,
        Function::Sha256 => hash::sha256(first, context, at)?,
        Function::JsonParse => structure::parse(first, context, at)?,
        Function::JsonStringify => structure::stringify(first, context),
        Function::JsonArraySize => structure::size(first, context, at)?,
        Function::JsonArrayContains => structure::contains(first, values.get(1), context, at)?,
        Function::Split => structure::split(first, values.get(1), context, at)?,
        Function::FromMillis => time::from_millis(first, context, at)?,
        Function::ToMillis => time::to_millis(first, context, at)?,
        Function::ParseDate => time::parse(first, values.get(1), context, at)?,
        Function::FormatDate => time::format(first, values.get(1), context, at)?,
        // These take parts of the query that are no values.
        Function::Coalesce
        | Function::Case
        | Function::If
        | Function::Bin
        | Function::DateFloor
        | Function::DateCeil => return Err(Failure::unknown("such a call", at.clone())),
    })
}
