//! Declarations that nothing uses: takes their names, gives a finding for each that no expression of the pack names.

use super::{Context, Lint};
use crate::diag::Diagnostic;
use crate::syntax::ast::Name;

/// Findings of a lint on declarations of one kind; `usage` shows how one is used, with `{name}` for its name.
pub(super) fn unused(
    lint: &'static Lint,
    context: &Context<'_>,
    what: &str,
    names: Vec<&Name>,
    usage: &str,
) -> Vec<Diagnostic> {
    let used = context.references();
    let unused = names.into_iter().filter(|name| !used.contains(name.node.as_str()));
    let finding = |name: &Name| {
        let usage = usage.replace("{name}", &name.node);
        let finding = lint.finding(format!("nothing uses the {what} `{}`", name.node)).at(name.span, "");
        finding.help(format!("use it, {usage}, or take it away"))
    };
    unused.map(finding).collect()
}
