//! `mute` as written → as meant: takes the names of what tells alerts apart.

use super::errors;
use crate::diag::Diagnostic;
use crate::ir::{Mute, SECOND};
use crate::syntax::ast;

/// Longest silence: a leap year.
const MAX_LENGTH: i64 = 366 * 86_400 * SECOND;

/// `mute`, of something with these keys.
pub(super) fn mute(written: &ast::Mute, keys: &[String], diagnostics: &mut Vec<Diagnostic>) -> Option<Mute> {
    let length = match written.length.node {
        ast::Literal::Duration(us, _) if (1..=MAX_LENGTH).contains(&us) => us,
        _ => {
            let help = "write a length from `1s` to `366d`";
            diagnostics.push(errors::window(
                written.length.span,
                "a mute of no length, or of more than 366 days",
                help,
            ));
            return None;
        }
    };
    let mut places = Vec::new();
    for name in &written.keys {
        match keys.iter().position(|key| *key == name.node) {
            Some(place) => places.push(place),
            None => {
                diagnostics.push(errors::unknown(name.span, "key", &name.node, keys.iter().map(String::as_str)));
                return None;
            }
        }
    }
    Some(Mute { length, keys: (!written.keys.is_empty()).then_some(places) })
}
