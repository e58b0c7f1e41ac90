//! W0136 `masked-key`: rows grouped by masked addresses alone.

use super::measure::field;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0136",
        name: "masked-key",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "group by a masked address alone",
        why: "`source.net` is an address whose last part the log has starred out: 256 addresses look alike, with all who call from them. What is
counted by it belongs to all of them, and a line that one caller has to pass is passed by many small ones. Add a key that tells callers apart, or
read a log with `source.ip`.",
        bad: "
rule failing_address {
    severity low
    from     invocation
    where    status == 403
    over     1h by source.net
    let      failed = count()
    when     failed > 20
}",
        good: "
rule failing_address {
    severity low
    from     invocation
    where    status == 403
    over     1h by caller.id default \"(key)\", source.net
    let      failed = count()
    when     failed > 20
}",
    },
    check,
};

/// Fields that tell callers behind one masked address apart.
const CALLERS: [&str; 7] =
    ["caller.id", "caller.name", "caller.role", "source.ip", "session.id", "access_key.id", "user.agent"];

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let Some(window) = &rule.meant.window else { continue };
        let name = |key: &crate::ir::Key| field(rule, &key.value).map_or("", |of| context.field(rule.meant, of));
        if window.keys.iter().any(|key| CALLERS.contains(&name(key))) {
            continue;
        }
        for key in window.keys.iter().filter(|key| name(key) == "source.net") {
            out.push(
                LINT.finding("`source.net` is masked: callers with neighbouring addresses are counted as one")
                    .at(key.value.span, "")
                    .help("add a key that tells callers apart: `caller.id default \"(key)\"`"),
            );
        }
    }
}
