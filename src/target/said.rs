//! What lowering a part of a rule gives: the part in the target's tree, or a finding for each construct that can't be said.

use crate::diag::Diagnostic;

/// The part, or one finding for each construct that could not be said.
pub(super) type Said<T> = Result<T, Vec<Diagnostic>>;

/// All parts, or all findings: a rule is refused once, for everything that is in the way.
pub(super) fn gather<T>(said: impl IntoIterator<Item = Said<T>>) -> Said<Vec<T>> {
    let (mut parts, mut findings) = (Vec::new(), Vec::new());
    for one in said {
        match one {
            Ok(part) => parts.push(part),
            Err(more) => findings.extend(more),
        }
    }
    if findings.is_empty() { Ok(parts) } else { Err(findings) }
}
