//! What the lints of cost and care find and, mostly, what they leave alone.

use skywatch::diag::{Code, Level, render};
use skywatch::lint::lint;
use skywatch::pack::load;
use skywatch::source::{Span, Spanned};

/// How often a lint finds something in a text.
fn count(name: &str, text: &str) -> usize {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("example.sky");
    std::fs::write(&path, text).expect("written");
    let mut pack = load(&path);
    assert!(pack.diagnostics.is_empty(), "{name}: {}", render(&pack.diagnostics, &pack.sources, false));
    pack.levels.insert(name.to_owned(), Spanned::new(Level::Warn, Span::default()));
    lint(&pack).iter().filter(|found| matches!(found.code, Code::Lint(about) if about.name == name)).count()
}

#[test]
fn cost() {
    let cases = [
        // Who reads the text anyway saves nothing.
        (
            "needless-content",
            "rule r { severity low  from invocation  where length(prompt) > 9 and prompt contains \"abc\" }",
            0,
        ),
        (
            "needless-content",
            "rule r { severity low  from invocation  where length(prompt) > 9 and prompt is present }",
            1,
        ),
        ("needless-content", "rule r { severity low  from invocation  where prompt is present }", 0),
        // Found once, though two rules seek it.
        (
            "pattern-without-literal",
            "list odd = [/\\d+x\\d+/]
             rule r { severity low  from invocation  where prompt matches any of odd }
             rule s { severity low  from invocation  where completion matches any of odd }",
            1,
        ),
        (
            "pattern-without-literal",
            "rule r { severity low  from invocation  where prompt matches /Ask:\\s*\\w+/ nocase }",
            0,
        ),
        (
            "pattern-without-literal",
            "rule r { severity low  from invocation  where prompt matches /(?:aaa|bbbb)x?/ }",
            0,
        ),
        ("pattern-without-literal", "rule r { severity low  from invocation  where prompt matches /(?:aaa|bb)x?/ }", 1),
        ("pattern-without-literal", "rule r { severity low  from invocation  where prompt matches /(?:abc)*x/ }", 1),
        (
            "pattern-without-literal",
            "rule r { severity low  from invocation  where prompt matches /[A-Za-z0-9+\\/]{200,}/ }",
            0,
        ),
        (
            "pattern-without-literal",
            "rule r { severity low  from invocation  where deployment == \"d\" and prompt matches /\\d+x\\d+/ }",
            0,
        ),
        (
            "pattern-without-literal",
            "rule r { severity low  from invocation  where user.agent matches /\\d+x\\d+/ }",
            0,
        ),
        ("every-event", "rule r { severity informational  from invocation }", 0),
        ("every-event", "signal r { from invocation }", 0),
        ("every-event", "stream finding { kind : text }\nrule r { severity high  from finding }", 0),
        ("every-event", "rule r { severity low  from invocation only aws }", 1),
        // An archive has counted what `found` asks; the text is not needed.
        (
            "long-look-back",
            "rule r { severity low  from invocation  where found(prompt, \"card\")  over 1h by caller.id  when unseen(60d) }",
            0,
        ),
        (
            "long-look-back",
            "rule r { severity low  from invocation  where prompt contains \"x\"  over 1h by caller.id  when unseen(60d) }",
            1,
        ),
        ("long-look-back", "rule r { severity low  from activity  over 1h by caller.id  when unseen(180d) }", 0),
        ("heavy-repeat", "rule r { severity low  from invocation  where prompt matches /ask[a-z ]{20,500}/ }", 0),
        ("heavy-repeat", "rule r { severity low  from invocation  where prompt matches /key(?:.{1,50}x){1,5}/ }", 1),
        (
            "unfiltered-content",
            "rule r { severity low  from invocation  with p = lower(prompt)  where p contains \"abc\" and length(p) > 5 }",
            1,
        ),
    ];
    for (name, text, expected) in cases {
        assert_eq!(count(name, text), expected, "{name} in {text}");
    }
}

#[test]
fn a_list_too_long_for_a_query_is_found_before_it_is_emitted() {
    let rule = |phrases: usize| {
        let phrases: Vec<String> = (0..phrases).map(|n| format!("\"a phrase with the number {n}\"")).collect();
        let list = format!("list phrases = [{}]", phrases.join(", "));
        format!("{list}\nrule r {{ severity low  from invocation  where prompt contains any of phrases nocase }}")
    };
    assert_eq!(count("query-too-long", &rule(600)), 1);
    assert_eq!(count("query-too-long", &rule(30)), 0);
}

#[test]
fn care() {
    let test = "test r \"t\" { given invocation [{ time = 2026-01-01T00:00Z, status = 403 } { time = 2026-01-01T00:00Z, status = 5 }]";
    let rule = "rule r { severity low  from invocation  where status == 403 }";
    let prices = |lines: &str| {
        format!(
            "prices p {{ currency USD\n{lines} }}\nrule r {{ severity low  from invocation  over 1h  when sum(cost) > 1 }}"
        )
    };
    let cases = [
        ("no-near-miss", format!("{rule}\n{test} expect alert }}"), 1),
        ("no-near-miss", format!("{rule}\n{test} expect alert expect no other alert }}"), 0),
        // Without an alert it is another fault.
        ("no-near-miss", format!("{rule}\n{}", test.replace("403", "404") + " expect no alert }"), 0),
        ("no-alerting-test", format!("{rule}\n{}", test.replace("403", "404") + " expect no alert }"), 1),
        ("hidden-price", prices("model \"opus*\" from 2026-01-01 input = 1\nmodel \"opus-4*\" from 2026-01-01 input = 2"), 1),
        ("hidden-price", prices("model \"*opus\" from 2026-01-01 input = 1\nmodel \"*.opus\" from 2026-01-01 input = 2"), 1),
        ("hidden-price", prices("model \"opus*\" from 2026-01-01 input = 1\nmodel \"*opus-4\" from 2026-01-01 input = 2"), 0),
        (
            "unused-prices",
            "prices p { currency USD  model \"*a*\" from 2026-01-01 input = 1 }
             prices q { currency USD  model \"*a*\" from 2026-01-01 input = 1 }
             rule r { severity low  from invocation  over 1h  when sum(cost(q)) > 1 }"
                .to_owned(),
            1,
        ),
        ("hidden-price", prices("model \"*a*\" from 2026-01-01 input = 1\nmodel \"*ab*\" from 2026-01-01 input = 1"), 1),
        // Until the broad one begins, the narrow one counts.
        ("hidden-price", prices("model \"*a*\" from 2026-07-01 input = 1\nmodel \"*ab*\" from 2026-01-01 input = 1"), 0),
        // A pattern stands where it stands first.
        (
            "hidden-price",
            prices(
                "model \"*ab*\" from 2026-01-01 input = 1\nmodel \"*a*\" from 2026-01-01 input = 1\nmodel \"*ab*\" from 2026-07-01 input = 1",
            ),
            0,
        ),
        (
            "near-twins",
            "rule r { severity low  from invocation  where status == 403 }\nrule s { severity low  from invocation  where status == 404 }"
                .to_owned(),
            0,
        ),
        (
            "near-twins",
            "/// One.\nrule r { severity low  from activity  where operation == \"a\" }
             /// Other.\nrule s { severity low  from activity  where operation == \"b\" }"
                .to_owned(),
            0,
        ),
        (
            "near-twins",
            "rule r { severity low  from activity  where operation == \"a\" }\nrule s { severity low  from activity  where operation == \"b\" }"
                .to_owned(),
            1,
        ),
        // A correlation may need both.
        (
            "near-twins",
            "rule r { severity low  from activity  where operation == \"a\" }\nrule s { severity low  from activity  where operation == \"b\" }
             correlate c { severity high  by caller.id  within 1h  when r then s }"
                .to_owned(),
            0,
        ),
        ("twin-rules", format!("{rule}\nsignal s {{ from invocation  where status == 403 }}"), 1),
        (
            "drifted-lists",
            "rule r { severity low  from invocation  where model.id in [\"a\", \"b\", \"c\", \"d\"] or deployment in [\"a\", \"b\", \"c\", \"e\"] }"
                .to_owned(),
            0,
        ),
        // A part of a list.
        (
            "drifted-lists",
            "list l = [\"a\", \"b\", \"c\"]\nlist m = [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\"]
             rule r { severity low  from invocation  where model.id in l or deployment in m }"
                .to_owned(),
            0,
        ),
        ("left-over-note", "/// TODO: a title.\nrule r { severity low  from invocation  where prompt contains \"TODO\" }".to_owned(), 1),
        ("left-over-note", "// XXXL, and a mastodon.\nrule r { severity low  from invocation  where status == 1 }".to_owned(), 0),
        ("placeholder", "rule r { severity low  from invocation  where prompt contains any of [\"<system>\", \"example.com\"] }".to_owned(), 0),
        ("placeholder", "rule r { severity low  from activity  where caller.id ends with \"@notexample.com\" }".to_owned(), 0),
        ("placeholder", "rule r { severity low  from activity  where account == \"123456789012\" }".to_owned(), 1),
        ("unknown-technique", "rule r { severity low  tags atlas:AML.T0051, attack:T1078.004  from invocation }".to_owned(), 0),
        ("name-style", "list Models = [\"x\"]\nrule r { severity low  from invocation  where model.id in Models }".to_owned(), 1),
        (
            "real-address-in-test",
            "rule r { severity low  from activity  where source.ip is present }
             test r \"t\" {
                 given activity [
                     { time = 2026-01-01T00:00Z, source.ip = 10.1.2.3 }
                     { time = 2026-01-01T00:00Z, source.ip = 100.64.0.1 }
                     { time = 2026-01-01T00:00Z, source.ip = fd00::1 }
                     { time = 2026-01-01T00:00Z, source.ip = 2001:db8::1 }
                     { time = 2026-01-01T00:00Z, source.ip = 2001:4860::1 }
                 ]
                 expect alert
             }"
            .to_owned(),
            1,
        ),
    ];
    for (name, text, expected) in cases {
        assert_eq!(count(name, &text), expected, "{name} in {text}");
    }
}
