//! The tree as text: takes a [`Query`], gives KQL. All quoting, all parentheses and all line breaks come from here.
//!
//! Parentheses come from binding strength. Texts are `@"…"` where backslashes would need doubling and every character can be seen, else
//! `"…"` with escapes: no user's text ends a literal, hides in it, or turns its order round.

use std::fmt::Write as _;

use super::library::Own;
use super::names::is_safe;
use super::tree::{Infix, Name, Query, Rows, Scalar, Stage, Type};

/// Columns after which a line is broken.
const WIDTH: usize = 120;

/// A whole query.
pub(super) fn print(query: &Query) -> String {
    let mut out = String::new();
    for own in Own::needed(query) {
        let definition = own.definition();
        let parameters = definition.parameters.iter().map(|(name, ty)| format!("{}: {}", bare(name), ty.word()));
        let parameters = parameters.collect::<Vec<_>>().join(", ");
        let head = format!("let {} = ({parameters}) {{ ", own.name());
        let body = laid_out(&definition.body, head.len(), 8);
        if body.contains('\n') || head.len() + body.len() + 3 > WIDTH {
            let body = laid_out(&definition.body, 4, 8);
            _ = writeln!(out, "{}\n    {body}\n}};", head.trim_end());
        } else {
            _ = writeln!(out, "{head}{body} }};");
        }
    }
    for (name, value) in &query.values {
        _ = writeln!(out, "let {} = {};", bare(&name.0), flat(value));
    }
    for (name, rows) in &query.tables {
        let (open, close) = if query.kept.as_ref() == Some(name) { ("materialize(", ")") } else { ("", "") };
        _ = write!(out, "let {} = {open}", bare(&name.0));
        write_rows(&mut out, rows);
        _ = writeln!(out, "{close};");
    }
    write_rows(&mut out, &query.rows);
    out.push('\n');
    out
}

fn write_rows(out: &mut String, rows: &Rows) {
    out.push_str(&bare(&rows.table.0));
    for stage in &rows.stages {
        out.push('\n');
        write_stage(out, stage);
    }
}

fn write_stage(out: &mut String, stage: &Stage) {
    match stage {
        Stage::Where(condition) => {
            _ = write!(out, "| where {}", laid_out(condition, 8, 4));
        }
        Stage::Extend(columns) => _ = write!(out, "| extend {}", assignments(columns, 9)),
        Stage::Project(columns) => _ = write!(out, "| project {}", assignments(columns, 10)),
        Stage::MvExpand { index, element, list, ty, pairs } => {
            let index = index.as_ref().map(|index| format!("with_itemindex={} ", bare(&index.0))).unwrap_or_default();
            let how = if *pairs { format!("kind=array {index}") } else { index };
            let ty = if *ty == Type::Dynamic { String::new() } else { format!(" to typeof({})", ty.word()) };
            let name = bare(&element.0);
            // An element that takes its list's column is named once.
            match list {
                Scalar::Column(column) if column == element => _ = write!(out, "| mv-expand {how}{name}{ty}"),
                _ => _ = write!(out, "| mv-expand {how}{name} = {}{ty}", flat(list)),
            }
        }
        Stage::MvApply { element, index, list, stages } => {
            let index = index.as_ref().map(|index| format!("with_itemindex={} ", bare(&index.0))).unwrap_or_default();
            let mut inner = String::new();
            for stage in stages {
                inner.push('\n');
                write_stage(&mut inner, stage);
            }
            let inner = inner.replacen("| ", "", 1).replace('\n', "\n    ");
            _ = write!(out, "| mv-apply {index}{} = {} on ({inner})", bare(&element.0), flat(list));
        }
        Stage::Summarize { columns, by } => {
            let columns: Vec<String> = columns
                .iter()
                .map(|(name, value)| match name {
                    Some(name) => assignment(name, value, 4),
                    None => laid_out(value, 4, 8),
                })
                .collect();
            let keys = if by.is_empty() { String::new() } else { format!("by {}", assignments(by, 4)) };
            let gap = |text: &'static str| if columns.is_empty() || by.is_empty() { "" } else { text };
            let line = format!("| summarize {}{}{keys}", columns.join(", "), gap(" "));
            if line.chars().count() <= WIDTH && !line.contains('\n') {
                out.push_str(&line);
            } else {
                _ = write!(out, "| summarize\n    {}{}{keys}", columns.join(",\n    "), gap("\n    "));
            }
        }
        Stage::Join { inner, table, on } => {
            let kind = if *inner { "inner" } else { "leftouter" };
            let on = on.iter().map(|(here, there)| format!("$left.{} == $right.{}", bare(&here.0), bare(&there.0)));
            let (table, on) = (bare(&table.0), on.collect::<Vec<_>>().join(", "));
            _ = write!(out, "| join kind={kind} {table} on {on}");
        }
        Stage::Union(tables) => {
            let tables: Vec<_> = tables.iter().map(|table| bare(&table.0)).collect();
            _ = write!(out, "| union {}", tables.join(", "));
        }
        Stage::Sort(names) => {
            let names = names.iter().map(|name| format!("{} asc", bare(&name.0))).collect::<Vec<_>>().join(", ");
            _ = write!(out, "| sort by {names}");
        }
    }
}

/// On one line where they fit behind `column`, else one a line.
fn assignments(columns: &[(Name, Scalar)], column: usize) -> String {
    let parts: Vec<String> = columns.iter().map(|(name, value)| assignment(name, value, column)).collect();
    let line = parts.join(", ");
    if column + line.chars().count() <= WIDTH && !line.contains('\n') {
        return line;
    }
    match columns {
        [_] => line,
        _ => columns.iter().map(|(name, value)| assignment(name, value, 4)).collect::<Vec<_>>().join(",\n    "),
    }
}

/// `name = value`, or the name alone where the value is the column of that name.
fn assignment(name: &Name, value: &Scalar, column: usize) -> String {
    match value {
        Scalar::Column(same) if same == name => bare(&name.0),
        _ => {
            let head = format!("{} = ", bare(&name.0));
            format!("{head}{}", laid_out(value, column + head.chars().count(), 8))
        }
    }
}

/// A scalar that begins at `column`; where it does not fit it is broken, with `indent` spaces before what is broken off.
fn laid_out(scalar: &Scalar, column: usize, indent: usize) -> String {
    let line = flat(scalar);
    if column + line.chars().count() <= WIDTH {
        return line;
    }
    let pad = format!("\n{}", " ".repeat(indent));
    let inner = |part: &Scalar, strength| {
        let text = laid_out(part, indent + 4, indent + 4);
        if needs_parentheses(part, strength) { format!("({text})") } else { text }
    };
    match scalar {
        Scalar::All(parts) => {
            parts.iter().map(|p| inner(p, Binding::Not)).collect::<Vec<_>>().join(&format!("{pad}and "))
        }
        Scalar::Any(parts) => {
            parts.iter().map(|p| inner(p, Binding::And)).collect::<Vec<_>>().join(&format!("{pad}or "))
        }
        Scalar::Call(name @ ("case" | "iff"), args) => {
            let parts: Vec<String> =
                args.chunks(if *name == "case" { 2 } else { 1 }).map(|c| pair(c, indent)).collect();
            format!("{name}({pad}{})", parts.join(&format!(",{pad}")))
        }
        Scalar::Call(name, args) => broken_call(name, args, &pad, indent),
        Scalar::Own(own, args) => broken_call(own.name(), args, &pad, indent),
        Scalar::In { subject, nocase, negated, options } => {
            let options: Vec<String> = options.iter().map(flat).collect();
            let head = format!("{} {}", held(subject, Binding::Add), in_operator(*negated, *nocase));
            format!("{head} ({pad}{})", options.join(&format!(",{pad}")))
        }
        Scalar::Infix(left, operator, right) if matches!(**left, Scalar::Call(..)) => {
            format!("{} {} {}", laid_out(left, column, indent), operator.text(), held(right, Binding::Atom))
        }
        _ => line,
    }
}

fn broken_call(name: &str, args: &[Scalar], pad: &str, indent: usize) -> String {
    let parts: Vec<String> = args.iter().map(|arg| laid_out(arg, indent, indent + 4)).collect();
    format!("{name}({pad}{})", parts.join(&format!(",{pad}")))
}

/// A condition and its value, on one line where they fit.
fn pair(args: &[Scalar], indent: usize) -> String {
    args.iter().map(|arg| laid_out(arg, indent, indent + 4)).collect::<Vec<_>>().join(", ")
}

/// How tightly an expression holds together, from the loosest.
#[derive(PartialEq, PartialOrd, Clone, Copy)]
enum Binding {
    Or,
    And,
    Not,
    Compare,
    Add,
    Multiply,
    Atom,
}

fn binding(scalar: &Scalar) -> Binding {
    match scalar {
        Scalar::Any(_) => Binding::Or,
        Scalar::All(_) => Binding::And,
        Scalar::In { .. } | Scalar::Between(..) => Binding::Compare,
        // A sign looks like an operator: `1 - (-1)`.
        Scalar::Long(n) if *n < 0 => Binding::Add,
        Scalar::Real(n) if *n < 0.0 => Binding::Add,
        Scalar::Infix(_, Infix::Add | Infix::Subtract, _) => Binding::Add,
        Scalar::Infix(_, Infix::Multiply | Infix::Divide | Infix::Modulo, _) => Binding::Multiply,
        Scalar::Infix(..) => Binding::Compare,
        _ => Binding::Atom,
    }
}

/// A scalar on one line.
fn flat(scalar: &Scalar) -> String {
    let listed = |parts: &[Scalar]| parts.iter().map(flat).collect::<Vec<_>>().join(", ");
    match scalar {
        Scalar::Column(name) => bare(&name.0),
        Scalar::Text(text) => quoted(text),
        // Its digits alone would be one int too large.
        Scalar::Long(i64::MIN) => format!("long({})", i64::MIN),
        Scalar::Long(n) => n.to_string(),
        Scalar::Real(n) => real(*n),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Datetime(micros) => format!("datetime({})", instant(*micros)),
        Scalar::Timespan(micros) => timespan(*micros),
        Scalar::Null(ty) => format!("{}(null)", ty.word()),
        Scalar::Array(parts) => {
            // Inside a literal null has no type.
            let parts =
                parts.iter().map(|part| if matches!(part, Scalar::Null(_)) { "null".to_owned() } else { flat(part) });
            format!("dynamic([{}])", parts.collect::<Vec<_>>().join(", "))
        }
        Scalar::Member(inner, key) => {
            let inner = held(inner, Binding::Atom);
            if is_safe(key) { format!("{inner}.{key}") } else { format!("{inner}[{}]", quoted(key)) }
        }
        Scalar::Element(inner, index) => {
            let index = match index.as_ref() {
                Scalar::Long(n) => n.to_string(),
                index => flat(index),
            };
            format!("{}[{index}]", held(inner, Binding::Atom))
        }
        Scalar::Call(name, args) => format!("{name}({})", listed(args)),
        Scalar::Own(own, args) => format!("{}({})", own.name(), listed(args)),
        Scalar::Infix(left, operator, right) => {
            let strength = binding(scalar);
            // `a - (b - c)`: the right side needs more than its own strength. Comparisons don't chain at all.
            let left = held(left, if strength == Binding::Compare { Binding::Add } else { strength });
            let tighter = match strength {
                Binding::Compare => Binding::Add,
                Binding::Add => Binding::Multiply,
                _ => Binding::Atom,
            };
            format!("{left} {} {}", operator.text(), held(right, tighter))
        }
        Scalar::In { subject, nocase, negated, options } => {
            let operator = in_operator(*negated, *nocase);
            format!("{} {operator} ({})", held(subject, Binding::Add), listed(options))
        }
        Scalar::Between(value, first, last) => {
            let [value, first, last] = [value, first, last].map(|part| held(part, Binding::Add));
            format!("{value} between ({first} .. {last})")
        }
        Scalar::All(parts) => parts.iter().map(|part| held(part, Binding::Not)).collect::<Vec<_>>().join(" and "),
        Scalar::Any(parts) => parts.iter().map(|part| held(part, Binding::And)).collect::<Vec<_>>().join(" or "),
    }
}

fn in_operator(negated: bool, nocase: bool) -> &'static str {
    match (negated, nocase) {
        (false, false) => "in",
        (false, true) => "in~",
        (true, false) => "!in",
        (true, true) => "!in~",
    }
}

/// A part that must hold together as tightly as this.
fn held(scalar: &Scalar, strength: Binding) -> String {
    let text = flat(scalar);
    if needs_parentheses(scalar, strength) { format!("({text})") } else { text }
}

/// `and` inside `or` needs none, but people do.
fn needs_parentheses(scalar: &Scalar, strength: Binding) -> bool {
    binding(scalar) < strength || (strength == Binding::And && binding(scalar) == Binding::And)
}

/// A name, in brackets unless it is safe.
fn bare(name: &str) -> String {
    if is_safe(name) || OWN_WORDS.contains(&name) {
        return name.to_owned();
    }
    format!("['{}']", escaped(name, '\''))
}

/// Parameters of this crate's own functions, and its own `let`s: known to the parser that tests use.
const OWN_WORDS: [&str; 10] = ["text", "value", "number", "one", "other", "at", "ticks", "nanos", "since", "until"];

/// A text literal.
fn quoted(text: &str) -> String {
    let verbatim = text.contains('\\') && !text.contains(hidden);
    if verbatim { format!("@\"{}\"", text.replace('"', "\"\"")) } else { format!("\"{}\"", escaped(text, '"')) }
}

fn escaped(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            // No such character is past the sixteen bits that the escape holds, but for language tags.
            c if hidden(c) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// Characters that can't be seen, end a line, or turn the order of those around them.
pub(super) fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

fn real(n: f64) -> String {
    let text = format!("{n:?}");
    if text.contains('e') { format!("real({text})") } else { text }
}

/// RFC 3339 in UTC, without a fraction of zero.
fn instant(micros: i64) -> String {
    let time = chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let format =
        if micros.rem_euclid(crate::ir::SECOND) == 0 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%.6fZ" };
    time.format(format).to_string()
}

/// In the largest unit that divides it.
fn timespan(micros: i64) -> String {
    const SECOND: i64 = crate::ir::SECOND;
    if micros < 0 {
        // A literal has no sign, and minus is a function: 0 less the rest is plain.
        return format!("(0s - {})", timespan(micros.saturating_neg()));
    }
    let units =
        [(86_400 * SECOND, "d"), (3_600 * SECOND, "h"), (60 * SECOND, "m"), (SECOND, "s"), (SECOND / 1_000, "ms")];
    for (unit, name) in units {
        if micros != 0 && micros % unit == 0 {
            return format!("{}{name}", micros / unit);
        }
    }
    if micros == 0 { "0s".to_owned() } else { format!("{micros}microsecond") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A literal read back by the rules of Microsoft's `KustoFacts.GetStringLiteralValue`; none where it does not end at its end.
    fn read(literal: &str) -> Option<String> {
        let mut out = String::new();
        if let Some(verbatim) = literal.strip_prefix("@\"") {
            let body = verbatim.strip_suffix('"')?;
            let mut chars = body.chars();
            while let Some(c) = chars.next() {
                if c == '"' && chars.next() != Some('"') {
                    return None;
                }
                out.push(c);
            }
            return Some(out);
        }
        let quote = literal.chars().next()?;
        let body = literal.strip_prefix(quote)?.strip_suffix(quote)?;
        let mut units: Vec<u16> = Vec::new();
        let mut chars = body.chars();
        while let Some(c) = chars.next() {
            let mut buffer = [0; 2];
            match c {
                c if c == quote => return None,
                '\\' => match chars.next()? {
                    'n' => units.push(10),
                    't' => units.push(9),
                    'u' => units.push(u16::from_str_radix(&chars.by_ref().take(4).collect::<String>(), 16).ok()?),
                    c => units.extend_from_slice(c.encode_utf16(&mut buffer)),
                },
                c => units.extend_from_slice(c.encode_utf16(&mut buffer)),
            }
        }
        String::from_utf16(&units).ok()
    }

    proptest! {
        #[test]
        fn any_text_reads_back(text in any::<String>()) {
            let literal = quoted(&text);
            prop_assert!(!literal.contains(hidden), "{literal:?}");
            prop_assert_eq!(read(&literal), Some(text));
        }

        #[test]
        fn any_name_reads_back(name in ".*") {
            let printed = bare(&name);
            let inner = printed.strip_prefix("['").and_then(|rest| rest.strip_suffix("']"));
            let read = inner.map_or(Some(printed.clone()), |inner| read(&format!("'{inner}'")));
            prop_assert_eq!(read, Some(name));
        }
    }

    #[test]
    fn awkward_texts() {
        for (text, literal) in [
            ("", r#""""#),
            ("plain", r#""plain""#),
            ("it's \"so\"", r#""it's \"so\"""#),
            (r"C:\x", r#"@"C:\x""#),
            (r#"C:\"x"\"#, r#"@"C:\""x""\""#),
            ("a\\b\n", r#""a\\b\n""#),
            ("// no comment", r#""// no comment""#),
            ("']; drop", r#""']; drop""#),
            ("```", r#""```""#),
            ("\u{202e}\u{0}\u{e0041}", r#""\u202e\u0000\udb40\udc41""#),
            ("é💥\u{a0}", "\"é💥\u{a0}\""),
        ] {
            assert_eq!(quoted(text), literal);
        }
        assert_eq!(bare("a'b\\c\n"), r"['a\'b\\c\n']");
        assert_eq!(bare("TimeGenerated"), "TimeGenerated");
        assert_eq!(bare("time"), "['time']");
    }

    #[test]
    fn parentheses_come_from_binding_strength() {
        let x = || Scalar::Column(Name::new("Xs"));
        let one = || Scalar::Long(1);
        let infix = Scalar::infix;
        let minus = infix(x(), Infix::Subtract, infix(one(), Infix::Subtract, one()));
        assert_eq!(flat(&minus), "Xs - (1 - 1)");
        let chain = infix(infix(x(), Infix::Subtract, one()), Infix::Subtract, one());
        assert_eq!(flat(&chain), "Xs - 1 - 1");
        let times = infix(minus.clone(), Infix::Multiply, infix(x(), Infix::Divide, one()));
        assert_eq!(flat(&times), "(Xs - (1 - 1)) * (Xs / 1)");
        assert_eq!(flat(&infix(x(), Infix::Subtract, Scalar::Long(-1))), "Xs - (-1)");
        assert_eq!(flat(&infix(x(), Infix::Greater, Scalar::Long(-1))), "Xs > -1");
        let compared = infix(x(), Infix::Equal, one());
        assert_eq!(flat(&infix(compared.clone(), Infix::Equal, Scalar::Bool(true))), "(Xs == 1) == true");
        let both = Scalar::All(vec![compared.clone(), Scalar::Any(vec![compared.clone(), compared.clone()])]);
        assert_eq!(flat(&both), "Xs == 1 and (Xs == 1 or Xs == 1)");
        let either = Scalar::Any(vec![compared.clone(), Scalar::All(vec![compared.clone(), compared])]);
        assert_eq!(flat(&either), "Xs == 1 or (Xs == 1 and Xs == 1)");
    }

    #[test]
    fn literals_of_every_type() {
        for (scalar, text) in [
            (Scalar::Long(i64::MIN), "long(-9223372036854775808)"),
            (Scalar::Long(i64::MAX), "9223372036854775807"),
            (Scalar::Real(2.0), "2.0"),
            (Scalar::Real(-0.5), "-0.5"),
            (Scalar::Real(1e300), "real(1e300)"),
            (Scalar::Datetime(0), "datetime(1970-01-01T00:00:00Z)"),
            (Scalar::Datetime(-1), "datetime(1969-12-31T23:59:59.999999Z)"),
            (Scalar::Timespan(0), "0s"),
            (Scalar::Timespan(172_800_000_000), "2d"),
            (Scalar::Timespan(5_400_000_000), "90m"),
            (Scalar::Timespan(1_500_000), "1500ms"),
            (Scalar::Timespan(7), "7microsecond"),
            (Scalar::Timespan(-60_000_000), "(0s - 1m)"),
            (Scalar::Null(Type::Long), "long(null)"),
            (Scalar::Array(vec![Scalar::Null(Type::Dynamic)]), "dynamic([null])"),
        ] {
            assert_eq!(flat(&scalar), text);
        }
    }
}
