//! W0105 `covered-needle`: a text of `any of` or `all of` that another one decides for.

use std::collections::BTreeMap;

use super::written::{Counted, gone, lists, text_of};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::TextTest;
use crate::syntax::ast::{Comparison, Expr, ExprKind, Quantifier, TestOp};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0105",
        name: "covered-needle",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "text that another one of the list finds already",
        why: "What contains \"ignore previous instructions\" contains \"ignore previous\" too, so the longer of the two never decides. Whoever takes the shorter one
away because of false alarms believes that the longer one was doing something. `--fix` takes the superfluous one away.",
        bad: "
rule injection {
    severity low
    from     invocation
    where    prompt contains any of [\"ignore previous\", \"system prompt\", \"ignore previous instructions\"]
}",
        good: "
rule injection {
    severity low
    from     invocation
    where    prompt contains any of [\"ignore previous\", \"system prompt\"]
}",
    },
    check,
};

/// Longer lists are made by programs; comparing each with each would take too long.
const LONGEST: usize = 500;

/// How a list is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Asked {
    test: TextTest,
    every: bool,
    nocase: bool,
}

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    // Of named lists: how each is asked; nothing where a use is another one.
    let mut named: BTreeMap<&str, Vec<Option<Asked>>> = BTreeMap::new();
    context.each_written(&mut |expr| {
        let ExprKind::Test(test) = &*expr.node else { return };
        match &*test.right.node {
            ExprKind::List(items) => {
                let ask = asked(test);
                ask.into_iter().for_each(|ask| of_list(context, items, &[ask], out));
            }
            ExprKind::Reference(name, _) => named.entry(&name.node).or_default().push(asked(test)),
            _ => {}
        }
    });
    let counted = Counted::of(context);
    for (name, items) in lists(context).into_iter().filter(|(name, _)| !counted.has(&name.node)) {
        let uses: Option<Vec<Asked>> = named.get(name.node.as_str()).and_then(|uses| uses.iter().copied().collect());
        of_list(context, items, &uses.unwrap_or_default(), out);
    }
}

fn asked(test: &Comparison) -> Option<Asked> {
    let every = test.quantifier == Some(Quantifier::All);
    let kind = match (test.op.node, test.quantifier) {
        (TestOp::Contains, Some(_)) => TextTest::Contains,
        (TestOp::StartsWith, Some(_)) => TextTest::StartsWith,
        (TestOp::EndsWith, Some(_)) => TextTest::EndsWith,
        (TestOp::In, _) => TextTest::Equals,
        _ => return None,
    };
    Some(Asked { test: kind, every, nocase: test.nocase })
}

/// Finds elements that another one covers, however the list is asked.
fn of_list(context: &Context<'_>, items: &[Expr], uses: &[Asked], out: &mut Vec<Diagnostic>) {
    if uses.is_empty() || items.len() > LONGEST {
        return;
    }
    let texts: Vec<(&Expr, &str, String)> =
        items.iter().filter_map(|item| text_of(item).map(|text| (item, text, text.to_ascii_lowercase()))).collect();
    let nocase = uses.iter().all(|ask| ask.nocase);
    for (n, (item, text, folded)) in texts.iter().enumerate() {
        let covers = |(m, (_, other, other_folded)): &(usize, &(&Expr, &str, String))| {
            // The same text twice is a repeated element; of two that differ in case only the first stays.
            let twin = folded == other_folded;
            *m != n
                && text != other
                && (!twin || (nocase && *m < n))
                && uses.iter().all(|ask| {
                    let (own, other) =
                        if ask.nocase { (folded.as_str(), other_folded.as_str()) } else { (*text, *other) };
                    if ask.every { ask.test.finds(other, own, false) } else { ask.test.finds(own, other, false) }
                })
        };
        let Some((_, (by, ..))) = texts.iter().enumerate().find(covers) else { continue };
        let finding = LINT
            .finding(format!("`{}` never decides", context.text(item.span)))
            .at(item.span, "")
            .at(by.span, "found wherever it is")
            .help("take one of the two away");
        let place = items.iter().position(|one| one.span == item.span);
        out.push(match place.and_then(|place| gone(context, items, place)) {
            Some(span) => finding.fix(span, ""),
            None => finding,
        });
    }
}
