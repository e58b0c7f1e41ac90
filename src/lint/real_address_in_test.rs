//! W0325 `real-address-in-test`: an address of the real world in a test's events.

use std::net::IpAddr;

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::syntax::ast::{ExprKind, GivenBody, ItemKind, Literal, Record, walk_expr};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0325",
        name: "real-address-in-test",
        kind: Kind::Care,
        level: Level::Warn,
        title: "address of the real world in a test",
        why: "An address in a test belongs to somebody: a customer whose record was pasted, or whoever happens to have it. 192.0.2.0/24, 198.51.100.0/24,
203.0.113.0/24 and 2001:db8::/32 are set aside for examples; private ones are fine too.",
        bad: "
rule refused {
    severity low
    from     invocation
    where    status == 403
}

test refused \"one call\" {
    given invocation [{ time = 2026-01-01T00:00Z, status = 403, source.ip = 8.8.8.8 }]
    expect alert
}",
        good: "
rule refused {
    severity low
    from     invocation
    where    status == 403
}

test refused \"one call\" {
    given invocation [{ time = 2026-01-01T00:00Z, status = 403, source.ip = 203.0.113.7 }]
    expect alert
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let tests = context.items(|kind| match kind {
        ItemKind::Test(test) => Some(test),
        _ => None,
    });
    for given in tests.into_iter().flat_map(|test| &test.given) {
        let GivenBody::Records(records) = &given.body else { continue };
        for record in records {
            let Record::Fields(fields) = &record.node else { continue };
            for field in fields {
                walk_expr(&field.value, &mut |expr| {
                    if let ExprKind::Literal(Literal::Address(address, _)) = &*expr.node
                        && is_somebodys(*address)
                    {
                        let finding = LINT.finding(format!("`{address}` may be somebody's address")).at(expr.span, "");
                        out.push(
                            finding.help("take one that is set aside for examples, such as 203.0.113.7 or 2001:db8::1"),
                        );
                    }
                });
            }
        }
    }
}

/// Whether an address is one of the public internet that somebody can have.
fn is_somebodys(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let benchmark = a == 198 && (18..20).contains(&b);
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_documentation()
                || v4.is_unspecified()
                || v4.is_multicast()
                || v4.is_broadcast()
                || shared
                || benchmark)
        }
        IpAddr::V6(v6) => {
            let [first, second, ..] = v6.segments();
            let public = first & 0xe000 == 0x2000;
            let documentation = first == 0x2001 && second == 0xdb8 || first == 0x3fff && second < 0x1000;
            public && !documentation
        }
    }
}
