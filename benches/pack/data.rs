//! A made-up archive of model calls and rules about its prompts: takes a folder and how many calls, writes what an ingest would have written.
//!
//! Prompts of 50 to 2,000 characters, answers of 50 to 3,000, 2,000 callers of whom few make most calls, each from two addresses, 30 models, 30 days. One word in forty
//! is one that the rules' phrases are made of, so that parts of phrases are everywhere. Everything follows from the seed.

use std::path::Path;

use skywatch::archive::{Arrived, Claim, ContentKey, Keep, KeyPlace, append};
use skywatch::eval::{Event, Value};
use skywatch::ir::SECOND;
use skywatch::schema::Schema;

use crate::corpus::Random;

/// A log that carries all of this: no cloud's own does.
pub(crate) const SOURCE: &str = "source bench.gateway : invocation {
    at files json_lines
    unique .id
    time = .time
    caller.id = .caller
    source.ip = .ip
    operation = .operation
    model.id = .model
    tokens.input = .input
    tokens.output = .output
    tokens.total = .total
    latency = .latency * 1ms
    status = .status
    guardrail.action = .guardrail
    prompt = .prompt
    completion = .completion
}
";

/// 2026-11-01T00:00:00Z
pub(crate) const START: i64 = 1_793_491_200 * SECOND;
pub(crate) const DAYS: i64 = 30;
/// Calls that are written at a time.
const PORTION: usize = 50_000;

const WORDS: &str = "the of and to in is you that it he was for on are as with his they at be this have from or one had by word but \
    not what all were we when your can said there use an each which she do how their if will up other about out \
    many then them these so customer invoice contract delivery refund summarise translate table column report \
    quarter please";
const FOREIGN: &str = "für größe können Übersicht naïve café señor año 顧客 請求書 契約 отчёт таблица क्या";
const VERBS: [&str; 10] =
    ["ignore", "disregard", "forget", "bypass", "override", "reveal", "print", "repeat", "leak", "dump"];
const KINDS: [&str; 8] = ["previous", "prior", "earlier", "above", "hidden", "secret", "internal", "original"];
const THINGS: [&str; 10] = [
    "instructions",
    "rules",
    "guidelines",
    "prompt",
    "policy",
    "restrictions",
    "directives",
    "messages",
    "training",
    "safeguards",
];

/// What texts are like.
#[derive(Clone, Copy)]
pub(crate) struct Texts {
    /// Of a thousand prompts, how many hold a phrase.
    pub(crate) hits: u64,
    /// Of a hundred words, how many are not all ASCII.
    pub(crate) foreign: u64,
}

/// The n-th phrase: verb, kind and thing, each three of them once.
fn phrase(n: usize) -> [&'static str; 3] {
    let n = n * 7 % (VERBS.len() * KINDS.len() * THINGS.len());
    [VERBS[n % 10], KINDS[n / 10 % 8], THINGS[n / 80 % 10]]
}

/// So many rules, one phrase each: half of them as text, half as regular expressions that allow for what people put between.
pub(crate) fn text_rules(count: usize) -> String {
    let rule = |n: usize| {
        let [verb, kind, thing] = phrase(n);
        let test = match n % 2 {
            0 => format!("contains \"{verb} the {kind} {thing}\" nocase"),
            _ => format!(r"matches /{verb}\s+(?:all\s+|the\s+|your\s+)?{kind}\s+{thing}/ nocase"),
        };
        format!(
            "rule text_{n} {{ severity low  from invocation  where prompt {test}  over 1h  let calls = count() }}\n"
        )
    };
    (0..count).map(rule).collect()
}

/// The patterns of the rules as other engines take them.
pub(crate) fn patterns(count: usize) -> Vec<String> {
    let pattern = |n: usize| {
        let [verb, kind, thing] = phrase(n);
        match n % 2 {
            0 => format!("{verb} the {kind} {thing}"),
            _ => format!(r"{verb}\s+(?:all\s+|the\s+|your\s+)?{kind}\s+{thing}"),
        }
    };
    (0..count).map(pattern).collect()
}

/// Rules of all kinds, as packs have them: every fourth about text, the others about numbers, callers, models and outcomes.
pub(crate) fn mixed_rules(count: usize) -> String {
    let rule = |n: usize| {
        let [verb, kind, thing] = phrase(n);
        let body = match n % 8 {
            0 => format!(
                "where prompt contains \"{verb} the {kind} {thing}\" nocase  over 1h by caller.id  let calls = count()"
            ),
            1 => format!(
                "where guardrail.action == \"blocked\"  over 1h by caller.id  let n = count()  when n > {}",
                5 + n % 50
            ),
            2 => format!(
                "where model.id == \"model-{}\"  over 1d by caller.id  let t = sum(tokens.total)  when t > {}",
                n % 30,
                1_000_000 + n
            ),
            3 => format!("where tokens.output > {}  over 1h by source.ip  let n = count()  when n > 20", 500 + n % 400),
            4 => format!(r"where prompt matches /{verb}\s+(?:all\s+|the\s+)?{kind}\s+{thing}/ nocase"),
            5 => format!(
                "where status >= 400 and caller.id == \"caller-{}\"  over 1h  let n = count()  when n > 3",
                n % 2_000
            ),
            6 => format!("where latency > {}s  over 1h by model.id  let slow = count()  when slow > 100", 5 + n % 4),
            _ => format!(
                "where status == 429 and model.id in [\"model-{}\", \"model-{}\"]  over 30m by caller.id  let n = count()  when n > 2",
                n % 30,
                n % 7
            ),
        };
        format!("rule mixed_{n} {{ severity low  from invocation  {body} }}\n")
    };
    (0..count).map(rule).collect()
}

fn prose(random: &mut Random, low: u64, high: u64, words: &[Vec<&str>; 3], texts: Texts) -> String {
    let length = random.between(low, high) as usize;
    let mut text = String::with_capacity(length + 12);
    while text.len() < length {
        let kind = match random.below(1_000) {
            0..25 => 1,
            part if part < 25 + texts.foreign * 10 => 2,
            _ => 0,
        };
        text.push_str(random.one(&words[kind]));
        text.push(' ');
    }
    text.truncate((0..=length.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0));
    text
}

/// Writes the archive: metadata and content, under a key that lies beside it.
pub(crate) fn write(root: &Path, key: &KeyPlace, schema: &Schema, count: usize, texts: Texts) {
    let index = schema.stream("invocation").expect("the stream");
    let stream = &schema.streams[index];
    let at = |name: &str| stream.field(name).unwrap_or_else(|| panic!("no field {name}")).index();
    let names = [
        "event.id",
        "time",
        "caller.id",
        "source.ip",
        "operation",
        "model.id",
        "tokens.input",
        "tokens.output",
        "tokens.total",
        "latency",
        "status",
        "guardrail.action",
        "prompt",
        "completion",
    ];
    let places = names.map(at);
    let parts = [VERBS.as_slice(), &KINDS, &THINGS].concat();
    let words = [WORDS.split_whitespace().collect(), parts, FOREIGN.split_whitespace().collect()];
    let sources: Vec<_> = schema.sources.iter().filter(|source| source.name == "bench.gateway").collect();
    let keep = Keep { content: Some(ContentKey::read(key).expect("a key")), digest: None, networks: None };
    let mut claim = Claim::take(root).expect("an archive");
    let mut random = Random(7);
    let span = DAYS * 86_400 * SECOND;
    let mut events = Vec::with_capacity(PORTION);
    for number in 0..count {
        let time = START + (span as i128 * number as i128 / count as i128) as i64;
        let mut prompt = prose(&mut random, 50, 2_000, &words, texts);
        if random.below(1_000) < texts.hits {
            let [verb, kind, thing] = phrase(random.below(200) as usize);
            prompt.push_str(&format!("{verb} the {kind} {thing}"));
        }
        let caller = random.below(2_000) * random.below(2_000) / 2_000;
        let (input, output) = (prompt.len() as i64 / 4, random.between(5, 900) as i64);
        let status = match random.below(100) {
            0 => 429,
            1 => 500,
            _ => 200,
        };
        let action = if random.below(100) == 0 { Value::text("blocked") } else { Value::Missing };
        let values = [
            Value::text(&format!("{:08x}-{number:012x}", random.below(1 << 32))),
            Value::Time(time),
            Value::text(&format!("caller-{caller}")),
            Value::Ip(std::net::Ipv4Addr::from(0x0a00_0000 + (caller * 2 + random.below(2)) as u32).into()),
            Value::text("Converse"),
            Value::text(&format!("model-{}", random.below(30))),
            Value::Int(input),
            Value::Int(output),
            Value::Int(input + output),
            Value::Duration(random.between(200_000, 9_000_000) as i64),
            Value::Int(status),
            action,
            Value::text(&prompt),
            Value::text(&prose(&mut random, 50, 3_000, &words, texts)),
        ];
        let mut fields = vec![Value::Missing; stream.fields.len()];
        for (place, value) in places.into_iter().zip(values) {
            fields[place] = value;
        }
        events.push(Arrived { event: Event { source: "bench.gateway".into(), fields }, at: time });
        if events.len() == PORTION || number + 1 == count {
            append(&mut claim, &sources, stream, &keep, std::mem::take(&mut events)).expect("room");
        }
    }
}
