//! Faults in texts: takes a right text, gives every text that is wrong in one place.

use regex::Regex;

/// A name, the targets whose texts it makes wrong, and how: what is found, and what stands in its place.
type Fault = (&'static str, &'static [&'static str], &'static str, &'static str);

const ALL: &[&str] = &["cloudwatch", "kql", "cloud-logging", "googlesql"];
const COUNTING: &[&str] = &["cloudwatch", "kql", "googlesql"];

/// Each is applied to every place of a text, one place at a time.
const FAULTS: &[Fault] = &[
    ("a count above a number is one at it", COUNTING, r" > (\d+)", " >= $1"),
    ("a count above a number is one above the next", COUNTING, r" > (\d+)", " > 1$1"),
    ("a count above is a count below", COUNTING, r" > (\d+)", " < $1"),
    ("and is or", COUNTING, r" (?:and|AND) ", " or "),
    ("or is and", ALL, r" (?:or|OR) ", " AND "),
    ("a pattern lost its end", ALL, r#"\$(["/'])"#, "$1"),
    ("equal is unequal", COUNTING, r" ==? ", " != "),
    ("unequal is equal", COUNTING, r" (?:!=|<>) ", " = "),
    ("a sum is a maximum", COUNTING, r"\b(?:sum|SUM)\(", "max("),
    ("a condition is gone", &["cloudwatch"], r"(?m)^\| filter .*\n", ""),
    ("a condition is gone", &["kql"], r"(?m)^\| where .*\n", ""),
    ("a condition is gone", &["cloud-logging"], r"(?m)^.+\n", ""),
    ("a condition is turned round", &["cloudwatch"], r"\| filter (.*)", "| filter not ($1)"),
    ("a condition is turned round", &["kql"], r"\| where (.*)", "| where not($1)"),
    ("a condition is turned round", &["cloud-logging"], r"(?m)^(.+)$", "NOT ($1)"),
    ("not is gone", &["cloud-logging"], r"NOT ", ""),
    ("a pattern is a text", &["cloud-logging"], " =~ ", " = "),
    ("a presence is gone", &["cloud-logging"], r"NOT [a-zA-Z.]+:\* OR ", ""),
    ("a quote is gone", ALL, r#"""#, ""),
    ("case is folded", &["kql"], r" == ", " =~ "),
    ("case is not folded", &["kql"], r" =~ ", " == "),
    ("an empty text is there", &["kql"], r"isnotempty\(([^()]*)\)", "true"),
    ("a window is longer", &["kql"], r"\b1(h|d|m)\b", "2$1"),
    ("a window begins later", &["kql"], r"datetime\((\d{4}-\d\d-)02", "datetime(${1}03"),
    ("a key is gone", &["kql"], r", caller_id", ""),
    ("a join keeps what has no partner", &["kql"], r"kind=(?:inner|leftouter)", "kind=leftanti"),
    ("a window is longer", &["cloudwatch"], r"substr\((\w+), 0, 1[0-9]\)", "substr($1, 0, 10)"),
    ("a key is gone", &["cloudwatch"], r", caller_id", ""),
    ("a list is one of its elements", &["cloudwatch"], r#"in \["[^"]*", "#, "in ["),
    ("one row is enough", &["cloudwatch"], r"limit 10000", "limit 1"),
    ("a default is gone", &["cloudwatch"], r#"coalesce\((\w+), "[^"]*"\)"#, "$1"),
    ("a default is another", COUNTING, r#"'\(not named\)'|"\(not named\)""#, "'x'"),
    ("a window is longer", &["googlesql"], r"3600|86400|INTERVAL 1 ", "INTERVAL 2 "),
    ("a key is gone", &["googlesql"], r", caller_id", ""),
    ("a cast does not fail", &["googlesql"], r"SAFE_CAST|CAST", "TO_JSON_STRING"),
    ("null is false", &["googlesql"], r"IS NOT NULL", "IS NULL"),
    ("a value is its JSON", &["googlesql"], r"JSON_VALUE", "JSON_QUERY"),
    ("an element is another", &["kql", "googlesql"], r"\[0\]", "[1]"),
    ("case is not folded", &["cloudwatch", "googlesql"], r"\[([A-Z])([a-z])\]", "$1"),
    ("a pattern lost its start", ALL, r#"(["/'(])\^"#, "$1"),
    ("an escaped point is any character", ALL, r"\\+\.", "."),
    ("parentheses of what is denied are gone", &["cloud-logging"], r"NOT \(([^()]*)\)", "NOT $1"),
    ("a term is a part", &["kql"], r" (?:has|startswith_cs|startswith) ", " contains "),
    ("a number is there", &["kql"], r"isnotnull\((?:[^()]|\([^()]*\))*\)", "true"),
    ("distinct is not", &["kql"], r"\b(?:dcount|count_distinct)\(", "count("),
    ("the first is the last", &["kql"], r"\barg_min\(", "arg_max("),
    ("distinct is not", &["googlesql"], r"DISTINCT ", ""),
    ("case is not folded", &["kql"], r"\[([A-Z])([a-z])\]|ascii_lower", "$1"),
];

/// Those of a target: names, what is found, and what stands in its place.
pub(super) fn of(target: &str) -> Vec<(&'static str, Regex, &'static str)> {
    let here = FAULTS.iter().filter(|(_, targets, ..)| targets.contains(&target));
    here.map(|(name, _, find, put)| (*name, Regex::new(find).expect("a pattern"), *put)).collect()
}

/// Every text that is wrong in one place.
pub(super) fn wrong(text: &str, find: &Regex, put: &str) -> impl Iterator<Item = String> {
    find.captures_iter(text).map(move |found| {
        let at = found.get(0).expect("the whole match").range();
        let mut put_in = String::new();
        found.expand(put, &mut put_in);
        format!("{}{put_in}{}", &text[..at.start], &text[at.end..])
    })
}
