//! What `check` prints for code hosts, editors and CI servers.

use serde_json::Value;
use serde_sarif::sarif::Sarif;

use super::{folder, json, skywatch, text};

/// Without lints: what is printed of errors is asked here.
const MANIFEST: (&str, &str) = (
    "pack.toml",
    "id = \"mine\"\nversion = \"0.1.0\"\nlanguage = 1\n[levels]\nmeaning = \"allow\"\ncost = \"allow\"\ncare = \"allow\"\n",
);
const TWO: (&str, &str) = (
    "my rules.sky",
    "rule one {\n    severity low\n    from     invocation\n    where    callr.id == \"a\"\n}\n\nrule one {\n    severity low\n    from     invocation\n}\n",
);
const GOOD: (&str, &str) = ("good.sky", "rule good {\n    severity low\n    from     invocation\n}\n");

fn checked(files: &[(&str, &str)], format: &str) -> (i32, String) {
    let pack = folder(files);
    let output = skywatch(&["check", &pack.path().display().to_string(), "--format", format]);
    let said = text(&output.stdout).replace(&pack.path().display().to_string(), "PACK");
    (output.status.code().expect("no signal ended it"), said)
}

#[test]
fn sarif_is_what_its_schema_says() {
    let (status, said) = checked(&[MANIFEST, TWO, GOOD], "sarif");
    assert_eq!(status, 1);
    let said: Value = serde_json::from_str(&said).expect("JSON");
    // These types are made from the standard's schema: what it does not know or has otherwise would be lost.
    let read: Sarif = serde_json::from_value(said.clone()).expect("SARIF");
    assert_eq!(serde_json::to_value(&read).expect("JSON"), said);
    let run = &said["runs"][0];
    let results = run["results"].as_array().expect("a list");
    assert_eq!(results.len(), 2);
    let unknown = results.iter().find(|result| result["ruleId"] == "E0201").expect("an unknown field");
    let place = &unknown["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "PACK/my%20rules.sky");
    let region = ["startLine", "startColumn", "endLine", "endColumn"].map(|name| place["region"][name].as_u64());
    assert_eq!(region, [4, 14, 4, 22].map(Some));
    assert_eq!(unknown["message"]["text"], "unknown field `callr.id`; did you mean `caller.id`?");
    let rule = &run["tool"]["driver"]["rules"][unknown["ruleIndex"].as_u64().expect("a place") as usize];
    assert_eq!((&rule["id"], &rule["shortDescription"]["text"]), (&"E0201".into(), &"unknown field".into()));
    let twice = results.iter().find(|result| result["ruleId"] == "E0204").expect("a name given twice");
    assert_eq!(twice["relatedLocations"].as_array().map(Vec::len), Some(1));
    assert_ne!(twice["partialFingerprints"], unknown["partialFingerprints"]);
}

#[test]
fn sarif_of_nothing_is_a_run_without_results() {
    let (status, said) = checked(&[MANIFEST, GOOD], "sarif");
    assert_eq!(status, 0);
    let said: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(said["runs"][0]["results"], serde_json::json!([]));
    serde_json::from_value::<Sarif>(said).expect("SARIF");
}

#[test]
fn github_shows_it_beside_the_line() {
    let (_, said) = checked(&[MANIFEST, TWO], "github");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(
        lines.contains(
            &"::error file=PACK/my rules.sky,line=4,endLine=4,col=14,endColumn=22,title=E0201 unknown field::unknown field `callr.id`; did you mean `caller.id`?"
        ),
        "{said}"
    );
    assert_eq!(checked(&[MANIFEST, GOOD], "github"), (0, String::new()));
}

#[test]
fn gitlab_tells_old_findings_from_new_ones() {
    let (_, said) = checked(&[MANIFEST, TWO], "gitlab");
    let found: Vec<Value> = serde_json::from_str(&said).expect("a list");
    assert_eq!(found.len(), 2);
    assert_ne!(found[0]["fingerprint"], found[1]["fingerprint"]);
    for one in &found {
        assert_eq!((&one["severity"], &one["location"]["path"]), (&"major".into(), &"PACK/my rules.sky".into()));
        assert!(one["location"]["lines"]["begin"].is_u64() && one["description"].is_string());
    }
    // What has no place.
    let pack = folder(&[MANIFEST]);
    let none = json(&["check", &pack.path().display().to_string(), "--format", "gitlab"]);
    assert_eq!(none[0]["location"]["path"], "pack.toml");
}

#[test]
fn junit_has_a_case_for_each_file_and_finding() {
    let (status, said) = checked(&[MANIFEST, TWO, GOOD], "junit");
    assert_eq!(status, 1);
    assert!(
        said.contains("<testsuites name=\"skywatch check\" tests=\"3\" skipped=\"0\" failures=\"2\" errors=\"0\""),
        "{said}"
    );
    assert!(said.contains("<testcase name=\"check\" classname=\"PACK/good.sky\"/>"), "{said}");
    assert!(said.contains("<testcase name=\"E0201 line 4\" classname=\"PACK/my rules.sky\">"), "{said}");
    assert!(said.contains("<failure message=\"unknown field `callr.id`\" type=\"E0201\">"), "{said}");
    let angle = ("a.sky", "rule a {\n    severity low\n    from     invocation\n    where    model.id <> \"x\"\n}\n");
    let (_, said) = checked(&[MANIFEST, angle], "junit");
    assert!(said.contains("&lt;") && !said.contains("<>"), "{said}");
}
