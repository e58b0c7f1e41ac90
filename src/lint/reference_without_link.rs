//! W0326 `reference-without-link`: a reference that is no link.

use super::told::told;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::syntax::ast::TextClause;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0326",
        name: "reference-without-link",
        kind: Kind::Care,
        level: Level::Warn,
        title: "reference that is no link",
        why: "Alerts carry references for whoever gets them, and tools make links of them. A title or a ticket's number leads nowhere at night: give the address.",
        bad: "
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000
    references \"the wiki\"
}",
        good: "
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000
    references \"https://owasp.org/www-project-top-10-for-large-language-model-applications/\"
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for one in told(context) {
        let references = one.clauses.iter().filter(|(which, _)| *which == TextClause::References);
        for text in references.flat_map(|(_, texts)| *texts) {
            let link = ["https://", "http://"].iter().any(|scheme| text.node.trim_start().starts_with(scheme));
            if !link {
                let finding = LINT.finding("a reference that is no link").at(text.span, "");
                out.push(finding.help("give its address: `references \"https://…\"`"));
            }
        }
    }
}
