//! Scalar functions: each is a row with the types that it takes and gives and what it does; a call is matched to the nearest row.

mod array;
mod bytes;
mod json;
pub(super) mod json_path;
mod net;
mod number;
mod pattern;
mod text;
mod time;

use super::types::Type;
use super::value::Val;
use crate::emulator::Readings;
use crate::json::Json;

/// What functions may know besides their arguments.
pub(super) struct Moment<'a> {
    /// The current time, in microseconds since 1970.
    pub(super) now: i64,
    pub(super) readings: &'a Readings,
}

/// Why a function gives no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The system stops there; SAFE gives NULL.
    Stops(String),
    /// This emulator does not know it.
    Unknown(String),
}

impl Trouble {
    pub(super) fn stops<T>(why: impl Into<String>) -> Result<T, Trouble> {
        Err(Trouble::Stops(why.into()))
    }

    pub(super) fn unknown<T>(why: impl Into<String>) -> Result<T, Trouble> {
        Err(Trouble::Unknown(why.into()))
    }
}

/// What a function does with its arguments, which are of the types that it takes.
pub(super) type Body = fn(&Moment<'_>, &[Val]) -> Result<Val, Trouble>;

/// A function of one list of types.
#[derive(Debug)]
pub(super) struct Function {
    /// In capitals.
    pub(super) name: &'static str,
    /// Types by their names; `T` and `U` are any type, `[T]` may be left out, the last one may come again where `...` follows.
    takes: &'static [&'static str],
    gives: &'static str,
    /// Whether it sees NULLs; else one of them makes the result NULL.
    pub(super) sees_nulls: bool,
    pub(super) body: Body,
}

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        std::ptr::eq(self, other)
    }
}

/// A function that is NULL where an argument is.
const fn strict(name: &'static str, takes: &'static [&'static str], gives: &'static str, body: Body) -> Function {
    Function { name, takes, gives, sees_nulls: false, body }
}

/// A function that sees NULLs.
const fn open(name: &'static str, takes: &'static [&'static str], gives: &'static str, body: Body) -> Function {
    Function { name, takes, gives, sees_nulls: true, body }
}

/// A body for arguments of given shapes.
macro_rules! on {
    ($($shape:pat),* => $body:expr) => {
        |_, args| match args {
            [$($shape),*] => $body,
            _ => $crate::emulator::googlesql::functions::Trouble::unknown("arguments of these types"),
        }
    };
}
use on;

/// A type with what stands for `T` and `U`.
#[derive(Default)]
struct Letters {
    t: Option<Type>,
    u: Option<Type>,
}

impl Letters {
    fn slot(&mut self, name: &str) -> Option<&mut Option<Type>> {
        match name {
            "T" => Some(&mut self.t),
            "U" => Some(&mut self.u),
            _ => None,
        }
    }

    /// The type that a name stands for by now.
    fn ty(&mut self, name: &str) -> Option<Type> {
        if let Some(inner) = name.strip_prefix("ARRAY<").and_then(|rest| rest.strip_suffix('>')) {
            return self.ty(inner).map(|element| Type::Array(Box::new(element)));
        }
        match self.slot(name) {
            Some(slot) => slot.clone(),
            None => Type::named(name),
        }
    }

    /// Takes up an argument's type where a letter stands for it.
    fn learn(&mut self, name: &str, ty: &Type, literal: bool) -> Option<()> {
        if let Some(inner) = name.strip_prefix("ARRAY<").and_then(|rest| rest.strip_suffix('>')) {
            return match ty {
                Type::Array(element) => self.learn(inner, element, literal),
                Type::Untyped => Some(()),
                _ => None,
            };
        }
        if let Some(slot) = self.slot(name) {
            *slot = match slot.take() {
                None => Some(ty.clone()),
                Some(before) => Some(Type::common(&before, before == Type::Untyped, ty, literal)?),
            };
        }
        Some(())
    }
}

/// A call matched to a row: the types that its arguments become, and the type of its result.
pub(super) struct Matched {
    pub(super) function: &'static Function,
    pub(super) takes: Vec<Type>,
    pub(super) gives: Type,
}

impl Function {
    /// The names of the types for so many arguments.
    fn names(&self, count: usize) -> Option<Vec<&'static str>> {
        let mut names: Vec<&'static str> = Vec::new();
        for (at, name) in self.takes.iter().enumerate() {
            if let Some(repeated) = name.strip_suffix("...") {
                names.extend(std::iter::repeat_n(repeated, count.checked_sub(at).filter(|times| *times > 0)?));
            } else if let Some(optional) = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                if at < count {
                    names.push(optional);
                }
            } else {
                names.push(name);
            }
        }
        (names.len() == count).then_some(names)
    }

    /// Whether arguments (types, and whether they are literals) fit, and how many of them have to change.
    fn matched(&'static self, args: &[(Type, bool)]) -> Option<(usize, Matched)> {
        let names = self.names(args.len())?;
        let mut letters = Letters::default();
        for (name, (ty, literal)) in names.iter().zip(args) {
            letters.learn(name, ty, *literal)?;
        }
        for slot in [&mut letters.t, &mut letters.u] {
            if *slot == Some(Type::Untyped) {
                *slot = Some(Type::Int64);
            }
        }
        let mut takes = Vec::new();
        let mut changed = 0;
        for (name, (ty, literal)) in names.iter().zip(args) {
            let wanted = letters.ty(name).or_else(|| name.contains(['T', 'U']).then_some(Type::Untyped))?;
            if !ty.coerces(&wanted, *literal) {
                return None;
            }
            changed += usize::from(*ty != wanted);
            takes.push(wanted);
        }
        let gives = letters.ty(self.gives)?;
        Some((changed, Matched { function: self, takes, gives }))
    }
}

const TABLES: &[&[Function]] =
    &[text::TEXT, pattern::PATTERN, json::JSON, number::NUMBER, time::TIME, net::NET, bytes::BYTES, array::ARRAY];

/// Whether there is a function of a name, in capitals.
pub(super) fn is_known(name: &str) -> bool {
    TABLES.iter().flat_map(|table| table.iter()).any(|function| function.name == name)
}

/// The function of a name, in capitals, that fits arguments best.
pub(super) fn matching(name: &str, args: &[(Type, bool)]) -> Option<Matched> {
    let named = TABLES.iter().flat_map(|table| table.iter()).filter(|function| function.name == name);
    named.filter_map(|function| function.matched(args)).min_by_key(|(changed, _)| *changed).map(|(_, matched)| matched)
}

/// JSON as a column of it holds it: numbers that no FLOAT64 is become the nearest one.
pub(super) fn stored_json(json: &Json) -> Result<Json, Trouble> {
    json::stored(json, true)
}

/// A literal of JSON.
pub(super) fn json_literal(text: &str) -> Result<Val, Trouble> {
    let read = Json::parse(text).or_else(|error| Trouble::stops(format!("no JSON: {error}")))?;
    json::stored(&read, false).map(Val::Json)
}
