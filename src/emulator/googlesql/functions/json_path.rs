//! JSONPath as GoogleSQL takes it: `$`, then `.name`, `."quoted name"`, `[0]`; the JSON_EXTRACT functions quote by `['name']`.

use super::Trouble;
use crate::json::Json;

/// How names with special characters are quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emulator::googlesql) enum Quoting {
    /// `$."a b"`, of the JSON_QUERY and JSON_VALUE functions.
    Double,
    /// `$['a b']`, of the JSON_EXTRACT functions.
    Bracket,
}

enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

/// The steps of a path.
fn steps(path: &str, quoting: Quoting) -> Result<Vec<Step<'_>>, Trouble> {
    let wrong = || Trouble::Stops(format!("`{path}` is no JSONPath"));
    let mut rest = path.strip_prefix('$').ok_or_else(wrong)?;
    let mut out = Vec::new();
    while !rest.is_empty() {
        let (step, after) = if let Some(name) = rest.strip_prefix(".\"") {
            if quoting == Quoting::Bracket {
                return Err(wrong());
            }
            let (name, after) = name.split_once('"').ok_or_else(wrong)?;
            if name.contains('\\') {
                return Trouble::unknown(format!("an escape in the JSONPath `{path}`"));
            }
            (Step::Name(name), after)
        } else if let Some(name) = rest.strip_prefix('.') {
            let (name, after) = name.split_at(name.find(['.', '[']).unwrap_or(name.len()));
            if name.is_empty() || name == "*" {
                return Err(wrong());
            }
            if !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '@')) {
                return Trouble::unknown(format!("special characters without quotes in the JSONPath `{path}`"));
            }
            (Step::Name(name), after)
        } else if let Some(name) = rest.strip_prefix("['") {
            if quoting == Quoting::Double {
                return Err(wrong());
            }
            let (name, after) = name.split_once("']").ok_or_else(wrong)?;
            (Step::Name(name), after)
        } else {
            let (index, after) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')).ok_or_else(wrong)?;
            let digits = !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit());
            (Step::Index(index.parse().ok().filter(|_| digits).ok_or_else(wrong)?), after)
        };
        out.push(step);
        rest = after;
    }
    Ok(out)
}

/// What stands at a path; none where a step finds nothing.
pub(super) fn at<'a>(value: &'a Json, path: &str, quoting: Quoting) -> Result<Option<&'a Json>, Trouble> {
    let mut here = Some(value);
    for step in steps(path, quoting)? {
        here = here.and_then(|here| match (step, here) {
            (Step::Name(name), Json::Object(_)) => here.member(name),
            (Step::Index(index), Json::List(elements)) => elements.get(index),
            _ => None,
        });
    }
    Ok(here)
}

/// Whether a path is one, which a query must say before it runs.
pub(in crate::emulator::googlesql) fn check(path: &str, quoting: Quoting) -> Result<(), Trouble> {
    steps(path, quoting).map(|_| ())
}
