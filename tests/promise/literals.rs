//! No user's text becomes syntax: random texts stand wherever a rule or a source can bring one into a query, and the parser of the target's
//! language, which shares nothing with the printer, has to read each as that text, in a query that is otherwise the one of a harmless text.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use skywatch::diag::Severity;
use skywatch::emulator::{self, Language};
use skywatch::ir::Rule;
use skywatch::resolve::Resolved;
use skywatch::schema::BUILTIN;
use skywatch::target::{Emission, Request, Verdict, emit};

use crate::logs::target;
use crate::reading::{Part, Swap, difference};
use crate::support::choices::Choices;
use crate::support::{cases, resolved_on, seeded};

/// How many texts for each place of each target, but for the long check.
const TEXTS: u32 = 60;

/// How many texts are resolved together.
const TOGETHER: usize = 25;

const STREAM: &str = "stream probe {
    t : text  u : text  odd : text  elements : list of text  xs : list of text  operation : text  prompt : text content
    rs : list of { name : text }  lost : text
}\n";

/// Where a text can stand in a rule: a name, and the rule's clauses. There `TEXT` is the text in quotes, `PATTERN` a pattern of its characters,
/// `LIST` and `OPERATION` are a list and an operation with the text, `SEPARATOR` is its first character that is no letter, `NAME` is a name.
/// The rule's source has the text too: as its place, as a key, in its condition, and as why it lacks a field.
const PLACES: &[(&str, &str)] = &[
    ("equal", "where t == TEXT"),
    ("unequal", "where t != TEXT"),
    ("equal nocase", "where t == TEXT nocase"),
    ("one of", r#"where t in [TEXT, "zz"]"#),
    ("one of nocase", r#"where t in [TEXT, "zz"] nocase"#),
    ("not one of", r#"where t not in ["zz", TEXT]"#),
    ("in a list", "where t in LIST"),
    ("contains", "where t contains TEXT"),
    ("contains nocase", "where t contains TEXT nocase"),
    ("contains not", "where t not contains TEXT"),
    ("contains any of", r#"where t contains any of [TEXT, "zz"]"#),
    ("contains all of nocase", r#"where t contains all of ["zz", TEXT] nocase"#),
    ("starts with", "where t starts with TEXT"),
    ("starts with nocase", "where t starts with TEXT nocase"),
    ("ends with", "where t ends with TEXT"),
    ("ends with nocase", "where t ends with TEXT nocase"),
    ("has", "where xs has TEXT"),
    ("has nocase", "where xs has TEXT nocase"),
    ("an element", "where any r in rs (r.name == TEXT)"),
    ("matches", "where t matches /PATTERN/"),
    ("matches nocase", "where t matches /PATTERN/ nocase"),
    ("extract", r#"where extract(t, /^PATTERN([a-z]+)/) == "zz""#),
    ("extracted", "where extract(t, /^<([^<>]+)>/) == TEXT"),
    ("segment", r#"where segment(t, SEPARATOR, 1) == "zz""#),
    ("operation", "where operation is OPERATION"),
    ("case result", r#"over 1h by k = case { u == "zz" => TEXT, else => "yy" }"#),
    ("case condition", r#"over 1h by k = case { u == TEXT => "yy", else => "zz" }"#),
    ("default", "over 1h by t default TEXT"),
    ("concat", "over 1h by k = concat(t, TEXT)"),
    ("coalesce", "over 1h by k = coalesce(t, TEXT)"),
    ("shown", "where t is present show k = concat(TEXT, t)"),
    ("counted", "over 1h let n = count(where t == TEXT) when n > 5"),
    ("key", "over 1h by t when t == TEXT"),
    ("name of a key", "over 1h by NAME = t let n = count() when n > 5"),
    ("name of a measure", "over 1h by t let NAME = count() when NAME > 5"),
    ("name of a shown item", "where t is present show NAME = u"),
    ("path", r#"where odd == "zz""#),
    ("path in a list", r#"where elements has "zz""#),
    ("path as a key", "over 1h by odd"),
    ("path shown", "where t is present show odd"),
    ("condition of a source", r#"where prompt contains "zz""#),
    ("why a field lacks", "where t is present show u, lost"),
];

/// Harmless texts, one for each way in which targets write texts, which depends on what kind of characters they are made of: of a number, of a
/// word, of several words; with both quotes, with what is not ASCII.
const HARMLESS: &[&str] = &[
    "7351902846",
    "q7351902846",
    "q-7351902846",
    "-7351902846q",
    "-7351902846-",
    "'7351902846\"",
    "é7351902846",
    "é-7351902846",
    "éq7351902846",
    "\\7351902846",
    "<7351902846",
    "`7351902846",
    "#7351902846",
];

/// What is in each harmless text, and in no other part of a query.
const MARK: &str = "7351902846";

/// What quotes, comments, escapes, patterns, templates and commands are made of, in any of the languages.
const PIECES: &[&str] = &[
    "a", "Zq", "0", " ", "\"", "'", "`", "\\", "\n", "\r", "\t", "\0", "\u{1}", "\u{7f}", "\u{85}", "%", "%s", "$",
    "${x}", "#", " # ", "//", "--", "/*", "*/", "|", "[", "]", "{", "}", "(", ")", "<", ">", "r\"", "r'", "@\"", "@'",
    "b'", "h\"", "\"\"\"", "'''", "```", "\"\"", "''", "\\\"", "\\'", "\\`", "\\\\", "\\n", "\\u0022", "\\x27",
    "\\x{22}", "\\E", "\\Q", "\\/", "/", ".", "..", "*", "+", "?", "^", "$\\", "|.*", "[^", "(?i)", "(?<a>", ")?", ":",
    ";", "=", "==", "!=", "=~", ",", "~", "&&", "!", "@", "é", "ß", "İ", "\u{212a}", "💥", "\u{301}", "\u{202e}",
    "\u{200b}", "\u{2028}", "\u{2029}", "\u{feff}", "\u{a0}", "\u{fffd}", "true", "null", " AND ", " or ", "NOT ",
    "select", "1e5", "-1", "AS", "_", "-",
];

/// Longer ones.
const PHRASES: &[&str] =
    &["| limit 1", "\u{e0041}", "\u{10ffff}", "NULL_VALUE", "timestamp", "' OR '1'='1", "\"); drop", "ab\u{0}cd"];

/// Words of the languages, and of the queries' own.
const WORDS: &str = "
    select FROM order group limit where count null true and Not stats fields parse filter display sort dedup
    unnest as by in like project extend summarize let datetime union join asc desc text_of any case of rows
    int array hash sum __x _ A1 has_any SEARCH over interval ROWS kind print bin if range windows current_row";

/// A text in quotes, as the rule language writes it.
fn quoted(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        c if c.is_control() => format!("\\u{{{:x}}}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

/// A pattern that matches just a text, as the rule language writes it.
fn pattern(text: &str) -> String {
    let escaped = |c: char| if c.is_alphanumeric() { c.to_string() } else { format!("\\x{{{:x}}}", u32::from(c)) };
    text.chars().map(escaped).collect()
}

/// A text to be put into rules, a separator, and a name.
#[derive(Clone)]
struct User {
    text: String,
    separator: char,
    name: String,
}

impl User {
    fn random(choices: &mut Choices) -> User {
        let length = if choices.once_in(40) { 2_000 } else { 1 + choices.below(6) };
        let piece = |choices: &mut Choices| {
            let pieces = if choices.once_in(8) { PHRASES } else { PIECES };
            *choices.one(pieces)
        };
        let text: String = (0..length).map(|_| piece(choices)).collect();
        // What a letter takes apart may be `true` or `false` somewhere.
        let separator = text.chars().find(|c| !c.is_ascii_alphabetic()).unwrap_or('/');
        let words: Vec<&str> = WORDS.split_whitespace().collect();
        User { text, separator, name: (*choices.one(&words)).to_owned() }
    }

    fn harmless(text: &str) -> User {
        let separator = if text.is_ascii() { ';' } else { 'ǂ' };
        User { text: text.to_owned(), separator, name: format!("q{MARK}") }
    }

    /// The beginning of the text, which a pattern of the rule language can hold.
    fn start(&self) -> String {
        self.text.chars().take(300).collect()
    }

    /// The text as an operation: a star would stand for any characters.
    fn operation(&self) -> String {
        self.text.replace('*', "+")
    }

    /// The text as a table of GoogleSQL, whose name is a path.
    fn table(&self) -> String {
        self.text.replace('.', "-")
    }

    /// What stands in the queries of another user's texts in place of this one's, which are harmless.
    fn swaps(&self, other: &User, nocase: bool) -> [Swap; 6] {
        let swap = |mark: &str, from: &str, to: &str| Swap {
            mark: mark.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            nocase,
        };
        let (from, to) = (self.separator.to_string(), other.separator.to_string());
        [
            swap(MARK, &self.text, &other.text),
            swap(MARK, &self.text, &other.start()),
            swap(MARK, &self.text, &other.operation()),
            swap(MARK, &self.text, &other.table()),
            swap(MARK, &self.name, &other.name),
            swap(&from, &from, &to),
        ]
    }

    /// Rules with the text in each place, over a source with it, where it is the number `n`.
    fn written(&self, n: usize) -> String {
        let text = quoted(&self.text);
        let (operation, table) = (quoted(&self.operation()), quoted(&self.table()));
        let source = format!(
            r#"
list list_{n} = [{text}, "zz"]
operations operation_{n} {{ aws {operation} }}
source aws.s{n} : probe {{
    at       files json_lines
    at       cloudwatch {text}
    at       kql {text} {{ .timestamp = TimeGenerated, .insertId = Id, .jsonPayload = dynamic(Payload) }}
    at       cloud_logging {text}
    at       googlesql {table} {{ .timestamp = time(timestamp), .insertId = insert_id, .jsonPayload = dynamic(json_payload) }}
    delay    5m
    unique   .insertId
    where    .jsonPayload.kind != {text}
    absent   lost because {text}
    time      = .timestamp
    t         = .jsonPayload.t
    u         = .jsonPayload.u
    xs        = .jsonPayload.xs[]
    odd       = .jsonPayload.{text}.below
    elements  = .jsonPayload.{text}[]
    operation = .jsonPayload.operation
    prompt    = .jsonPayload.prompt
    rs        = each i in .jsonPayload.items[] {{ name = i.name }}
}}
"#
        );
        let rules = PLACES.iter().enumerate().map(|(place, (_, clauses))| {
            let clauses = clauses
                .replace("NAME", &format!("`{}`", self.name))
                .replace("LIST", &format!("list_{n}"))
                .replace("OPERATION", &format!("operation_{n}"))
                .replace("SEPARATOR", &quoted(&self.separator.to_string()));
            let clauses = clauses.replace("PATTERN", &pattern(&self.start())).replace("TEXT", &text);
            format!("rule r{n}_{place} {{ severity low from probe only aws.s{n} {clauses} }}\n")
        });
        source + &rules.collect::<String>()
    }
}

/// Users, and rules with their texts in all places.
struct Written {
    users: Vec<User>,
    resolved: Resolved,
}

impl Written {
    fn of(users: Vec<User>) -> Written {
        let texts = users.iter().enumerate().map(|(n, user)| user.written(n));
        let resolved = resolved_on(&BUILTIN[..1], &[&(STREAM.to_owned() + &texts.collect::<String>())]);
        Written { users, resolved }
    }

    /// What becomes of them on a target: each user's, in the order of the places.
    fn emitted(&self, language: &dyn Language) -> impl Iterator<Item = (&User, Vec<Emission>)> {
        let target = target(language.name());
        let one = move |rule: &Rule| emit(rule, &self.resolved.schema, target, Request::default()).remove(0);
        self.users
            .iter()
            .zip(self.resolved.rules.chunks(PLACES.len()).map(move |rules| rules.iter().map(one).collect()))
    }
}

/// The harmless texts.
static HARMLESS_ONES: LazyLock<Written> =
    LazyLock::new(|| Written::of(HARMLESS.iter().map(|text| User::harmless(text)).collect()));

/// The random ones, some at a time.
static RANDOM_ONES: LazyLock<Vec<Written>> = LazyLock::new(|| {
    let users = (0..cases(TEXTS)).map(|number| User::random(&mut Choices::new(seeded(number, 3_000))));
    let users: Vec<User> = users.collect();
    users.chunks(TOGETHER).map(|users| Written::of(users.to_vec())).collect()
});

/// A query with the comment above it, as the target's parser reads it; none where the rule is refused, which has to say why.
fn read(emission: &Emission, language: &dyn Language) -> Result<Option<Part>, String> {
    let query = &emission.query;
    let Some(text) = &query.text else {
        let says = query.reasons.iter().any(|reason| reason.severity == Severity::Error && !reason.message.is_empty());
        let proper = query.verdict == Verdict::Refused && says;
        return if proper { Ok(None) } else { Err(format!("no query, and no refusal: {query:?}")) };
    };
    let text = emission.header(&target(language.name()).info()) + text;
    match language.tree(&text) {
        Ok(tree) => Ok(Some(Part::of_tree(&tree))),
        Err(failure) => Err(format!("it can't be read: {failure}\n{text}")),
    }
}

/// Puts random texts into all places of a target's queries.
fn no_text_escapes(name: &str) {
    let language = emulator::language(name).expect("a language of that name");
    let must_read =
        |emission: &Emission| read(emission, language).unwrap_or_else(|why| panic!("{}: {why}", emission.rule));
    let harmless = HARMLESS_ONES.emitted(language);
    let harmless: Vec<(&User, Vec<Option<Part>>)> =
        harmless.map(|(user, emissions)| (user, emissions.iter().map(must_read).collect())).collect();
    let (mut tried, mut refused, mut wrong) = (0, BTreeMap::<&str, usize>::new(), Vec::new());
    for (user, emissions) in RANDOM_ONES.iter().flat_map(|written| written.emitted(language)) {
        for (at, (emission, (place, _))) in emissions.iter().zip(PLACES).enumerate() {
            tried += 1;
            let differs = match read(emission, language) {
                Ok(None) => {
                    *refused.entry(place).or_default() += 1;
                    continue;
                }
                Err(why) => Some(why),
                // It has to be the query of one of them.
                Ok(Some(read)) => {
                    let against = |(harmless, expected): &(&User, Vec<Option<Part>>)| match &expected[at] {
                        Some(expected) => difference(expected, &read, &harmless.swaps(user, place.ends_with("nocase"))),
                        None => Some("refused".to_owned()),
                    };
                    let all: Option<Vec<String>> = harmless.iter().map(against).collect();
                    all.map(|all| all.join("\n"))
                }
            };
            if let Some(why) = differs {
                let query = emission.query.text.as_deref().unwrap_or_default();
                wrong.push(format!("{place}, of {:?} and {}: {why}\n{query}", user.text, user.name));
            }
        }
    }
    let total: usize = refused.values().sum();
    println!("{tried} texts in {} places of {name}: {total} refused {refused:?}, {} WRONG", PLACES.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.iter().take(3).cloned().collect::<Vec<_>>().join("\n\n"));
    let rare = |place: &str| refused.get(place).is_some_and(|refused| refused * 4 > tried / PLACES.len() * 3);
    let rare: Vec<&str> = PLACES.iter().map(|(place, _)| *place).filter(|place| rare(place)).collect();
    assert!(rare.is_empty(), "texts have to go through, but they hardly do in {rare:?}");
}

#[test]
fn no_text_escapes_on_cloudwatch() {
    no_text_escapes("cloudwatch");
}

#[test]
fn no_text_escapes_on_kql() {
    no_text_escapes("kql");
}

#[test]
fn no_text_escapes_on_cloud_logging() {
    no_text_escapes("cloud-logging");
}

#[test]
fn no_text_escapes_on_googlesql() {
    no_text_escapes("googlesql");
}
