//! What coverage says: of a small pack word for word, of the shipped one that it is what `emit` and the local run say.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use skywatch::bind::{ForSource, for_source, located};
use skywatch::coverage::{
    By, Catalogue, Coverage, Local, OnTarget, Tagged, markdown, tagged_markdown, tagged_text, tagged_to_json, text,
    to_json, to_navigator,
};
use skywatch::pack::{Pack, load};
use skywatch::target::{Emission, Request, TARGETS, emit};

fn pack(path: &str) -> Pack {
    let pack = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
    assert!(pack.diagnostics.is_empty(), "{:?}", pack.diagnostics);
    pack
}

/// The map of a pack over the sources of a stream of its own: one more built-in source changes nothing.
fn own<'a>(pack: &'a Pack, stream: &str) -> Coverage<'a> {
    let mut coverage = Coverage::of(pack);
    coverage.sources.retain(|on| on.stream.name == stream);
    coverage
}

#[test]
fn a_small_pack_in_all_forms() {
    let pack = pack("tests/coverage/small.sky");
    let mut coverage = own(&pack, "call");
    insta::assert_snapshot!("text-by-source", text(&coverage, By::Source));
    insta::assert_snapshot!("text-by-target", text(&coverage, By::Target));
    insta::assert_snapshot!("markdown-by-source", markdown(&coverage, By::Source));
    insta::assert_snapshot!("markdown-by-target", markdown(&coverage, By::Target));
    // One source has all there is to say.
    coverage.sources.retain(|on| on.source.name == "gcp.calls");
    let mut json = to_json(&[coverage]);
    json.sort_all_objects();
    insta::assert_snapshot!("json-of-a-source", serde_json::to_string_pretty(&json).expect("JSON"));
}

#[test]
fn a_pair_is_what_emit_and_the_local_run_make_of_it() {
    let pack = pack("rulepacks/ai-security");
    let schema = &pack.resolved.schema;
    let coverage = Coverage::of(&pack);
    let mut emitted: BTreeMap<(String, String, &str), Emission> = BTreeMap::new();
    for rule in &pack.resolved.rules {
        for emission in TARGETS.iter().flat_map(|target| emit(rule, schema, *target, Request::default())) {
            emitted.insert((emission.rule.clone(), emission.source.clone(), emission.target), emission);
        }
    }
    let all = emitted.len();
    let mut refused = 0;
    for on in &coverage.sources {
        for here in &on.rules {
            for (target, cell) in TARGETS.iter().zip(&here.targets) {
                let key = (here.rule.name.clone(), on.source.name.clone(), target.info().name);
                match cell {
                    OnTarget::Emitted(emission) => assert_eq!(emitted.remove(&key).as_ref(), Some(&**emission)),
                    OnTarget::Never | OnTarget::NoPlace => assert!(!emitted.contains_key(&key), "{key:?}"),
                }
            }
            match (for_source(here.rule, &located(on.source, on.stream), on.stream), &here.local) {
                (ForSource::Rule(_, a), Local::Runs(b)) => assert_eq!(a, *b),
                (ForSource::Refused(a), Local::Refused(fields, b)) => {
                    refused += 1;
                    assert_eq!(a, *b);
                    assert_eq!(fields.len(), b.len());
                    for (field, finding) in fields.iter().zip(b) {
                        let name = field.split("[]").next().expect("a name");
                        assert!(finding.message.contains(&format!("`{name}`")), "{field}: {}", finding.message);
                    }
                }
                (ForSource::Never, Local::Never) => {}
                (a, b) => panic!("{} on {}: {a:?} and {b:?}", here.rule.name, on.source.name),
            }
        }
    }
    assert!(emitted.is_empty(), "not in the map: {:?}", emitted.keys());
    assert!(all > 30 && refused > 0, "{all} emitted, {refused} refused");
}

/// 25 rules on 13 sources of 4 clouds: every line fits a terminal, and nothing is lost by that.
#[test]
fn a_large_map_stays_readable() {
    let mut file = "stream call {\n    model : text\n    size  : int\n}\n".to_owned();
    let sources: Vec<String> =
        (0..13).map(|n| format!("{}.quite_a_long_name_{n}", ["aws", "azure", "gcp"][n % 3])).collect();
    for source in &sources {
        let at = "at files json_lines at cloudwatch \"/c\" at kql T { .time = time(T), .model = M, .size = int(S) }";
        _ = writeln!(file, "source {source} : call {{ {at} time = .time model = .model size = .size }}");
    }
    let rules: Vec<String> = (0..25).map(|n| format!("a_rule_with_a_long_name_{n}")).collect();
    for (n, rule) in rules.iter().enumerate() {
        _ = writeln!(file, "rule {rule} {{ severity low  from call  where size > {n} }}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("large.sky");
    std::fs::write(&path, file).expect("a file in it");
    let pack = load(&path);
    assert!(pack.diagnostics.is_empty(), "{:?}", pack.diagnostics);
    for by in [By::Source, By::Target] {
        let text = text(&own(&pack, "call"), by);
        let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > 110).collect();
        assert!(long.is_empty(), "{long:?}");
        // Each pair has its cell: three columns by source; local, cloudwatch and kql by target.
        let cells: usize = text
            .lines()
            .filter(|line| line.trim_start().starts_with("a_rule_"))
            .map(|line| line.split_whitespace().skip(1).filter(|word| !word.starts_with('(')).count())
            .sum();
        assert_eq!(cells, 25 * 13 * 3, "{text}");
        for name in &sources {
            let (_, name) = name.split_once('.').expect("a cloud");
            assert!(text.contains(name), "{name}");
        }
    }
}

#[test]
fn sources_say_what_users_need_before_they_write_a_rule() {
    let pack = pack("rulepacks/ai-security");
    let json = to_json(&[Coverage::of(&pack)]);
    let sources = json["packs"][0]["sources"].as_array().expect("sources");
    for source in sources {
        let said = |key: &str| source[key].as_array().is_some_and(|texts| !texts.is_empty());
        assert!(said("enable"), "{} says not what must be switched on", source["source"]);
        let unexplained: Vec<&Value> = source["lacks"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|lack| lack["because"].is_null() && !lack["field"].as_str().is_some_and(|f| f.contains("[]")))
            .collect();
        assert!(unexplained.is_empty(), "{}: {unexplained:?}", source["source"]);
    }
}

/// A pack that looks for two risks on control planes, and for one where nothing is seen.
const TAGGED: &str = "
rule changed {
    severity low
    tags     owasp:LLM03, atlas:AML.T0010.001
    from     activity
    where    operation == \"bedrock:DeleteGuardrail\" or operation starts with \"google.cloud.modelarmor\"
}

/// Azure OpenAI's own log carries no prompts: nothing is seen.
rule blind {
    severity low
    tags     owasp:LLM02, atlas:AML.T0057
    from     invocation only azure.openai
    where    prompt contains \"secret\" nocase
}

correlate twice {
    severity high
    tags     owasp:LLM10
    by       account
    within   10m
    when     at least 1 of by_account
}

signal by_account {
    from     activity only aws
    over     5m by account
    let      calls = count()
    when     calls > 5
}
";

#[test]
fn a_catalogue_in_all_forms() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tagged.sky");
    std::fs::write(&path, TAGGED).expect("written");
    let pack = load(&path);
    assert!(pack.diagnostics.is_empty(), "{}", skywatch::diag::render(&pack.diagnostics, &pack.sources, false));
    let maps = [Coverage::of(&pack)];
    let owasp = Tagged::of(&maps, Catalogue::Owasp);
    assert_eq!(owasp.covered(), (2, 10));
    insta::assert_snapshot!("owasp-text", tagged_text(&owasp));
    insta::assert_snapshot!("owasp-markdown", tagged_markdown(&owasp));
    assert!(to_navigator(&owasp).is_none());
    let atlas = Tagged::of(&maps, Catalogue::Atlas);
    // The technique is covered by its part, which does not count by itself; a rule that sees nothing covers nothing.
    let wholes = atlas.entries.iter().filter(|entry| entry.id.matches('.').count() == 1).count();
    assert_eq!(atlas.covered(), (1, wholes));
    let layer = to_navigator(&atlas).expect("ATLAS has one");
    insta::assert_snapshot!("atlas-layer", format!("{layer:#}"));
    let mut json = tagged_to_json(&owasp);
    json["entries"].as_array_mut().expect("a list").retain(|entry| entry["covered"] == true);
    insta::assert_snapshot!("owasp-json", format!("{json:#}"));
}
