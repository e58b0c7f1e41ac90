//! CloudWatch Logs Insights: the text of each construct, with verdict, conditions and reasons: a file of rules in tests/cloudwatch, a
//! snapshot of what they become.
//!
//! No engine here runs these queries: each snapshot was read against the vendor's documents when it was accepted.

use std::path::Path;

use crate::support::constructs;
use proptest::prelude::*;
use skywatch::bind;
use skywatch::ir::pattern::{Node, literal_node};
use skywatch::ir::{PlaceKind, Rule};
use skywatch::pack::load;
use skywatch::target::cloudwatch::CloudWatch;
use skywatch::target::cloudwatch::tree::{Command, Query, Quoted, Term};
use skywatch::target::{Backend as _, Lowering, Request, with_patterns};

/// A log of a user's own: one field of each type, at discovered fields and elsewhere, with times that may have fractions.
const OWN_LOG: &str = r#"
    stream own {
        word : text   other : text   n : int   f : float   ok : bool   at : time   ip : ip   words : list of text   took : duration
        inner : text
    }
    source own.log : own {
        at     files json_lines
        at     cloudwatch "/own" { .id = id, .time = time, .n = n, .ok = ok, .nest = nest }
        delay  5m
        unique .id
        time   = .time
        word   = .nest."a-b"
        other  = .odd."c.d"
        n      = .n
        f      = .nest.list[2]
        ok     = .ok
        at     = .far[0]."e-f"
        ip     = .nest.ip
        words  = .far.words[]
        took   = .n * 1ms
        inner  = json(.far.text).k
    }
"#;

/// The queries of all rules of some text for these sources, and what is said about each.
fn emitted(only: &[&str], text: &str) -> String {
    constructs::emitted(&CloudWatch, OWN_LOG, only, text, Request::default())
}

#[test]
fn each_construct_has_its_text() {
    constructs::each_has_its_text(&CloudWatch, OWN_LOG, "tests/cloudwatch");
}

/// The head of what a rule with so many phrases becomes, and how often the last phrase stands in it.
fn with_phrases(count: usize) -> (String, usize) {
    let phrases: Vec<String> = (0..count).map(|n| format!("\"phrase number {n} of many\"")).collect();
    let clause = format!("where prompt contains any of [{}] nocase", phrases.join(", "));
    let text = emitted(&["aws.bedrock"], &format!("rule r {{ severity low  from invocation  {clause} }}"));
    let last = format!("[Nn][Uu][Mm][Bb][Ee][Rr] {} ", count.saturating_sub(1));
    let said =
        text.lines().filter(|line| line.starts_with("# ")).map(|line| line.split(" at `").next().unwrap_or(line));
    (said.collect::<Vec<_>>().join("\n"), text.matches(&last).count())
}

#[test]
fn a_list_of_phrases_is_not_printed_for_each_part_of_a_record() {
    let (head, printed) = with_phrases(50);
    assert!(head.starts_with("# r: wider, 2026"), "{head}");
    assert_eq!(printed, 2, "once for turns of the user, once for records without turns");
    let (head, _) = with_phrases(200);
    assert!(head.starts_with("# r: refused") && head.contains("E0404"), "{head}");
}

/// The trees of all shipped rules, with and without a range.
fn shipped(visit: &mut dyn FnMut(&Rule, &Query)) {
    let pack = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rulepacks/ai-security"));
    let schema = &pack.resolved.schema;
    for rule in &pack.resolved.rules {
        for source in schema.sources.iter().filter(|source| bind::admits(rule, source)) {
            let (Some(stream), Some(place)) = (schema.stream_of(source.stream), source.place(PlaceKind::CloudWatch))
            else {
                continue;
            };
            let sought = with_patterns(rule);
            let bind::Bound::Rule(bound) = bind::bind(&sought, &source.alone(), stream) else { continue };
            for range in [None, Some(constructs::DAY)] {
                let mut cx = Lowering::new(&bound, source, place, Request { range, ..Request::default() });
                let tree = CloudWatch.lower(&mut cx);
                // Signals may ask what no target can.
                assert!(tree.is_some() || rule.signal, "{} on {}: {:?}", rule.name, source.name, cx.reasons);
                tree.iter().for_each(|tree| visit(rule, tree));
            }
        }
    }
}

/// The only line of a query that filters.
fn filter(condition: Term) -> String {
    CloudWatch.print(&Query { commands: vec![Command::Filter(condition)] })
}

proptest! {
    #[test]
    fn quoted_text_ends_where_it_should(text in any::<String>()) {
        if let Some(quoted) = Quoted::new(&text) {
            let printed = filter(Term::Holds(Box::new(Term::made("x")), quoted, false));
            let inside = printed.strip_prefix("filter x like ").and_then(|rest| rest.get(1..rest.len() - 1)).unwrap_or_default();
            let quote = printed.chars().last().unwrap_or_default();
            prop_assert_eq!(inside, text.as_str());
            prop_assert!("'\"".contains(quote) && !text.contains(quote) && !text.contains('\\'), "{}", printed);
        } else {
            let both = text.contains('"') && text.contains('\'');
            prop_assert!(both || text.contains('\\') || text.chars().any(char::is_control));
        }
    }

    #[test]
    fn a_pattern_of_text_matches_it_and_ends_where_it_should(text in any::<String>(), more in any::<char>()) {
        let whole = Node::Concat(vec![Node::Start, literal_node(&text, false), Node::End]);
        let printed = filter(Term::Like(Box::new(Term::made("x")), whole, false));
        let inside = printed.strip_prefix("filter x like /").and_then(|rest| rest.strip_suffix('/')).unwrap_or_default();
        let mut escaped = false;
        for c in inside.chars() {
            prop_assert!(escaped || c != '/', "{}", printed);
            escaped = c == '\\' && !escaped;
        }
        prop_assert!(!escaped && !inside.contains(['"', '\'', '`', '#', '\n', '\r']), "{}", printed);
        let Ok(regex) = regex::Regex::new(inside) else { return Err(TestCaseError::fail(printed)) };
        prop_assert!(regex.is_match(&text), "{}", printed);
        let longer = format!("{text}{more}");
        prop_assert!(!regex.is_match(&longer), "{}", printed);
    }
}

#[test]
fn no_column_is_made_twice() {
    let mut queries = 0;
    shipped(&mut |rule, query| {
        queries += 1;
        let mut made: Vec<&str> = Vec::new();
        for command in &query.commands {
            let new: Vec<&str> = match command {
                Command::Fields(columns) | Command::Stats(columns, _) => {
                    columns.iter().map(|(_, name)| name.as_str()).collect()
                }
                Command::Parse(_, _, name) | Command::Unnest(_, name) => vec![name],
                _ => Vec::new(),
            };
            let again = new.iter().find(|name| made.contains(name));
            assert_eq!(again, None, "{}: {}", rule.name, CloudWatch.print(query));
            if let Command::Stats(_, by) = command {
                // Earlier columns are gone.
                made = by.iter().map(String::as_str).collect();
            }
            made.extend(new);
        }
    });
    assert!(queries > 20, "{queries} queries");
}
