//! Text ↔ tree: every built-in and shipped file parses; printing is the inverse of parsing, keeps comments, and is idempotent; what is
//! no rule at all is answered, never panicked at, and in bounded time.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::support::cases;
use crate::support::choices::Choices;
use crate::support::trees::Trees;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use skywatch::source::{SourceId, SourceMap};
use skywatch::syntax::ast::File;
use skywatch::{diag, resolve, schema, syntax};

/// The tree of a text without mistakes.
fn parse(text: &str) -> Result<File, String> {
    let mut sources = SourceMap::default();
    let id = sources.add("text", text);
    let (file, diagnostics) = syntax::parse(id, text);
    if diagnostics.is_empty() { Ok(file) } else { Err(diag::render(&diagnostics, &sources, false) + text) }
}

/// The `//` comments of a text, each without its white space; found by the lines that tests write them on.
fn comments(text: &str) -> Vec<String> {
    let mut out: Vec<String> = text
        .lines()
        .filter_map(|line| line.rfind("// ").map(|at| line[at..].trim_end().to_owned()))
        .filter(|comment| !comment.contains('"'))
        .collect();
    out.sort();
    out
}

/// Prints a text; an error where printing changes the tree, loses a comment, or prints something else the second time.
fn formatted(text: &str) -> Result<String, String> {
    let file = parse(text)?;
    formatted_from(text, &syntax::print_file(&file, text), file)
}

/// The same for a text printed before: comments inside an argument list may move its line breaks once more.
fn formatted_from(text: &str, printed: &str, file: File) -> Result<String, String> {
    let printed = printed.to_owned();
    let again = parse(&printed).map_err(|why| format!("printed from\n{text}\n-----\n{why}"))?;
    let twice = syntax::print_file(&again, &printed);
    let wrong = if file != again {
        "another tree"
    } else if printed != twice {
        return Err(format!("printing twice differs, from\n{text}\n----- once\n{printed}\n----- twice\n{twice}"));
    } else if comments(text) != comments(&printed) {
        "a comment was lost"
    } else if printed.lines().any(|line| line.ends_with(' ')) {
        "blanks at the end of a line"
    } else {
        return Ok(printed);
    };
    Err(format!("{wrong}, from\n{text}\n-----\n{printed}"))
}

fn format(name: &str, text: &str) -> String {
    formatted(text).unwrap_or_else(|why| panic!("{name}: {why}"))
}

fn sky_files(folder: &str) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{folder}: {error}"))
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "sky"))
        .collect();
    out.sort();
    out
}

fn read(path: &PathBuf) -> String {
    std::fs::read_to_string(path).expect("a readable file")
}

fn name(path: &std::path::Path) -> String {
    path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned()
}

/// All texts of the product: what real rules look like.
fn shipped() -> Vec<(String, String)> {
    let built_in = schema::BUILTIN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let pack = sky_files("rulepacks/ai-security");
    assert!(!pack.is_empty());
    built_in.chain(pack.iter().map(|path| (name(path), read(path)))).collect()
}

#[test]
fn shipped_files_survive_formatting() {
    for (name, text) in shipped() {
        format(&name, &text);
    }
}

#[test]
fn hard_layouts() {
    for path in sky_files("tests/syntax") {
        insta::assert_snapshot!(format!("format-{}", name(&path)), format(&name(&path), &read(&path)));
    }
}

/// Counterexamples that were found once; each is named by what was wrong.
#[test]
fn what_was_wrong_once() {
    for path in sky_files("tests/syntax/found") {
        format(&name(&path), &read(&path));
    }
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_white_space() {
    let text = "\u{feff}// comment\r\nrule r {\r\n    severity high // why\r\n    from invocation\r\n}\r\n";
    let expected = "// comment\nrule r {\n    severity high  // why\n    from     invocation\n}\n";
    assert_eq!(format("bom", text), expected);
}

/// Runs `check` on random choices, from the simplest on: always the same, unless the environment asks for more.
fn random(short: u32, length: usize, check: impl Fn(&mut Choices) -> Result<(), String>) {
    let config = Config {
        cases: cases(short),
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        max_shrink_iters: 300,
        ..Config::default()
    };
    let choices = proptest::collection::vec(proptest::num::u32::ANY, 0..length);
    let outcome =
        TestRunner::new(config).run(&choices, |choices| check(&mut Choices::new(choices)).map_err(TestCaseError::fail));
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
}

#[test]
fn printing_is_the_inverse_of_parsing() {
    random(512, 400, |choices| {
        let file = Trees { choices }.file();
        let printed = syntax::print_file(&file, "");
        let (again, diagnostics) = syntax::parse(SourceId(0), &printed);
        // `nocase` on `<` and the like is printed by nobody; names twice, types and order are not the parser's.
        if let Some(first) = diagnostics.first() {
            return Err(format!("{}: {:?}\n{printed}", first.message, first.help));
        }
        if file != again {
            return Err(format!("another tree:\n{printed}\n{file:#?}\n{again:#?}"));
        }
        let twice = syntax::print_file(&again, &printed);
        if printed != twice {
            return Err(format!("printing twice differs:\n{printed}\n-----\n{twice}"));
        }
        Ok(())
    });
}

/// The items of a text, without comments.
fn items(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut item = String::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        let line = line.rfind("  // ").map_or(line, |at| &line[..at]);
        item.push_str(line);
        item.push('\n');
        let closes =
            line.starts_with(['}', ']']) || line.starts_with("list") || line.starts_with("rule") && line.ends_with('}');
        if closes && !line.ends_with(['{', '[']) {
            out.push(std::mem::take(&mut item));
        }
    }
    out
}

/// Places in a text where a comment may stand: the ends of its lines, outside of raw records, which keep theirs as they are.
fn with_comments(text: &str, choices: &mut Choices) -> String {
    let mut out = String::new();
    let mut number = 0;
    let mut comment = |out: &mut String, indent: &str| {
        number += 1;
        out.push_str(&format!("{indent}// comment {number}"));
    };
    for line in text.lines() {
        // A blank between two parts becomes a line break with a comment, where no text, pattern or comment is near.
        let plain = !line.contains(['"', '/', '`', '\'']);
        let blanks: Vec<usize> = line.match_indices(' ').map(|(at, _)| at).filter(|at| *at > 0).collect();
        match choices.below(6) {
            0 if plain && !blanks.is_empty() => {
                let at = *choices.one(&blanks);
                out.push_str(&line[..at]);
                comment(&mut out, "  ");
                out.push('\n');
                out.push_str(&line[at..]);
            }
            1 if !line.contains("//") => {
                out.push_str(line);
                comment(&mut out, " ");
            }
            2 => {
                comment(&mut out, "  ");
                out.push('\n');
                out.push_str(line);
            }
            3 => {
                out.push('\n');
                out.push_str(line);
            }
            _ => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

#[test]
fn comments_anywhere_are_kept() {
    // Item by item, two at a time: small texts make small counterexamples.
    let layouts = sky_files("tests/syntax").iter().map(read).collect::<Vec<_>>();
    let texts = shipped().into_iter().map(|(_, text)| text).chain(layouts);
    // Where cutting a text into items cut too little or too much, the piece is left out.
    let items: Vec<String> = texts.flat_map(|text| items(&text)).filter(|item| parse(item).is_ok()).collect();
    assert!(items.len() > 40, "only {} items", items.len());
    random(200, 300, |choices| {
        let text = format!("{}\n{}", choices.one(&items), choices.one(&items));
        let text = with_comments(&text, choices);
        let file = parse(&text)?;
        let once = syntax::print_file(&file, &text);
        let settled = syntax::print_file(&parse(&once)?, &once);
        formatted_from(&text, &settled, file).map(drop)
    });
}

/// Everything that reads a text, up to its messages: none of it may panic.
fn survive(text: &str) -> Result<(), String> {
    static BUILT_IN: std::sync::OnceLock<Vec<File>> = std::sync::OnceLock::new();
    let built_in = BUILT_IN
        .get_or_init(|| (0..).zip(schema::BUILTIN).map(|(n, (_, text))| syntax::parse(SourceId(n), text).0).collect());
    let mut sources = SourceMap::default();
    for (name, text) in schema::BUILTIN {
        sources.add(*name, *text);
    }
    let id = sources.add("random.sky", text);
    let started = Instant::now();
    let outcome = std::panic::catch_unwind(|| {
        let (file, mut diagnostics) = syntax::parse(id, text);
        let printed = syntax::print_file(&file, text);
        let files: Vec<File> = built_in.iter().cloned().chain([file]).collect();
        let (_, mut said) = resolve::resolve(&files, &|name| Err(format!("no file `{name}`")));
        diagnostics.append(&mut said);
        let labels = diagnostics.iter().flat_map(|d| &d.labels);
        for span in labels.map(|label| label.span).filter(|span| span.source == id) {
            assert!(span.start <= span.end && text.get(span.range()).is_some(), "a span outside of the text: {span:?}");
        }
        drop((printed, diag::render(&diagnostics, &sources, false), diag::to_json(&diagnostics, &sources)));
    });
    let took = started.elapsed();
    if let Err(panic) = outcome {
        let why =
            panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        return Err(format!("{}\n{text}", why.unwrap_or_default()));
    }
    // Far over what any of these takes on a busy machine, far below what backtracking without bound would take.
    if took > Duration::from_secs(120) { Err(format!("{took:?}\n{text}")) } else { Ok(()) }
}

#[test]
fn random_bytes_are_answered() {
    random(512, 200, |choices| {
        let bytes: Vec<u8> = (0..choices.below(200)).map(|_| choices.below(256).to_le_bytes()[0]).collect();
        survive(&String::from_utf8_lossy(&bytes))
    });
}

/// What rules are made of, in any order.
const TOKENS: [&str; 84] = [
    "rule",
    "r",
    "{",
    "}",
    "severity",
    "high",
    "from",
    "invocation",
    "where",
    "prompt",
    "contains",
    "\"a\"",
    "any",
    "of",
    "(",
    ")",
    "[",
    "]",
    ",",
    "=",
    "==",
    "!=",
    "<",
    ">=",
    "=>",
    "and",
    "or",
    "not",
    "in",
    "is",
    "missing",
    "over",
    "1h",
    "every",
    "by",
    "caller.id",
    "let",
    "count()",
    "when",
    "5",
    "show",
    "case",
    "else",
    "each",
    "f",
    "guardrail.findings",
    "+",
    "-",
    "*",
    "/",
    "/x/",
    "matches",
    "nocase",
    "list",
    "words",
    "stream",
    "source",
    "aws.x",
    ":",
    "test",
    "given",
    "expect",
    "alert",
    "no",
    "operations",
    "aws",
    "signal",
    "mute",
    "///",
    "//",
    "\n",
    "\"",
    "`",
    ".",
    "@x",
    ";",
    "2026-01-01",
    "10.0.0.0/8",
    "::",
    "0.5",
    "default",
    "\u{e9}",
    "with",
    "\\",
];

#[test]
fn random_words_are_answered() {
    random(512, 200, |choices| {
        let words: Vec<&str> = (0..choices.below(120)).map(|_| *choices.one(&TOKENS)).collect();
        let blank = if choices.below(2) == 0 { " " } else { "" };
        survive(&words.join(blank))
    });
}

/// A text cut into words, blanks, and single characters.
fn pieces(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let same = |c: char| if word(first) { word(c) } else { first == ' ' && c == ' ' };
        let end = rest.find(|c| !same(c)).unwrap_or(rest.len()).max(first.len_utf8());
        let (piece, behind) = rest.split_at(end);
        out.push(piece);
        rest = behind;
    }
    out
}

#[test]
fn mutated_rules_are_answered() {
    // Item by item: a mistake is answered the same in a small text.
    let items: Vec<String> = shipped().iter().flat_map(|(_, text)| items(text)).filter(|i| i.len() < 1_500).collect();
    random(400, 60, |choices| {
        let mut text = choices.one(&items).clone();
        for _ in 0..1 + choices.below(4) {
            let mut words: Vec<&str> = pieces(&text);
            let (a, b) = (choices.below(words.len()), choices.below(words.len()));
            match choices.below(5) {
                0 => drop(words.remove(a)),
                1 => words.insert(a, words[b]),
                2 => words.swap(a, b),
                3 => words.insert(a, *choices.one(&TOKENS[..])),
                _ => words.truncate(a.max(1)),
            }
            text = words.concat();
            if text.is_empty() {
                break;
            }
        }
        survive(&text)
    });
}

/// Runs on a stack as small as a thread's commonly is, in a time that leaves no room for backtracking without bound.
fn bounded(what: &str, text: String) {
    let size = text.len();
    let started = Instant::now();
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    let outcome = thread.spawn(move || survive(&text)).expect("a thread").join();
    let took = started.elapsed();
    println!("{what}: {size} bytes in {took:?}");
    assert!(
        matches!(outcome, Ok(Ok(()))),
        "{what}: {}",
        match outcome {
            Ok(Err(why)) => why.chars().take(400).collect::<String>(),
            _ => "panicked".to_owned(),
        }
    );
}

/// A rule with a condition.
fn rule_with(condition: &str) -> String {
    format!("rule r {{\n    severity high\n    from invocation\n    where {condition}\n}}\n")
}

#[test]
fn deep_and_long_texts_end() {
    let nested = |open: &str, inner: &str, close: &str, n: usize| {
        rule_with(&format!("{}{inner}{}", open.repeat(n), close.repeat(n)))
    };
    for n in [60, 63, 64, 65, 1_000] {
        bounded(&format!("{n} parentheses"), nested("(", "model.id == \"a\"", ")", n));
        bounded(&format!("{n} calls"), nested("lower(", "model.id", ")", n));
        bounded(&format!("{n} lists"), nested("[", "1", "]", n));
        bounded(&format!("{n} cases"), nested("case { else => ", "1", " }", n));
        bounded(&format!("{n} quantified"), nested("any x in xs (", "true", ")", n));
        bounded(&format!("{n} records"), nested("{ a = ", "1", " }", n));
    }
    bounded("unclosed parentheses", nested("(", "model.id == \"a\"", "", 62));
    bounded("unclosed calls", nested("if(a, ", "model.id", "", 62));
    bounded("unclosed lists", nested("[1, ", "1", "", 62));
    bounded("unclosed cases", nested("case { x => ", "1", "", 60));
    bounded("unclosed braces", "rule r { ".repeat(62));
    bounded("mixed brackets", rule_with(&"([{f(x, ".repeat(15)));
    bounded("a signal's blocks", format!("signal s {}{}", "{ ".repeat(60), "} ".repeat(60)));
    bounded("a signal's unclosed blocks", format!("signal s {}", "{ \" ".repeat(60)));
    let chain = |operator: &str, operand: &str, n: usize| rule_with(&vec![operand; n].join(operator));
    bounded("a long `and`", chain(" and ", "model.id == \"a\"", 10_000));
    bounded("a long `or`, broken at its end", chain(" or ", "model.id == \"a\"", 1_000) + " or");
    bounded("a long sum", chain(" + ", "tokens.total", 10_000));
    bounded("a long product in brackets", chain(" * ", "(tokens.total)", 2_000));
    bounded("many negations", rule_with(&format!("{} model.id == \"a\"", "not ".repeat(10_000))));
    bounded("many comparisons", chain(" < ", "1", 10_000));
    bounded("a long list", rule_with(&format!("model.id in [{}]", vec!["\"a\""; 5_000].join(", "))));
    bounded("a list over the limit", format!("list l = [{}]", vec!["1"; 10_001].join(", ")));
    bounded("a long path", rule_with(&format!("a{}", ".b".repeat(20_000))));
    bounded("many rules", rule_with("model.id == \"a\"").repeat(100));
    bounded("many broken rules", rule_with("modl.id = ").repeat(100));
    bounded("many clauses", format!("rule r {{ {} }}", "where model.id == \"a\" ".repeat(500)));
    bounded("many misspelt clauses", format!("rule r {{ {} }}", "wehre model.id == \"a\" ".repeat(500)));
    bounded("many item words", "rule ".repeat(20_000));
    bounded("many braces", "}".repeat(100_000));
    bounded("many slashes", "/".repeat(100_000));
    bounded("many doc comments", "/// a\n".repeat(10_000));
    bounded("many comments", "// a\n".repeat(20_000) + &rule_with(&"model.id == \"a\" and // a\n".repeat(200)));
    bounded("a megabyte of blanks", " ".repeat(1_000_000));
    bounded("a megabyte of text", format!("list l = [\"{}\"]", "a".repeat(1_000_000)));
    bounded("a megabyte of an open text", format!("list l = [\"{}", "a".repeat(1_000_000)));
    bounded("a megabyte of digits", rule_with(&format!("tokens.total > {}", "9".repeat(1_000_000))));
    bounded("a megabyte of words", "word ".repeat(200_000));
    bounded("a file over the limit", " ".repeat(syntax::MAX_FILE_BYTES + 1));
}
