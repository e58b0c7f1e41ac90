//! What is too long for one line, or has comments inside, is broken at its outermost joints, and every comment is put back
//! where it stood: above the part that followed it, or behind the part that stood before it on its line.

use super::expr::{
    Level, arm_head, at_level, level_of, name, negated_level, print_expr, suffixes_text, test_head, text,
};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{Argument, Binding, Expr, ExprKind, Key};
use crate::syntax::comments::{Comment, comments};

/// Longest line.
pub(super) const WIDTH: usize = 110;

/// Writes text, with the comments of the text that was read put back on the way.
pub(super) struct Printer<'a> {
    /// What is written so far.
    pub(super) out: String,
    /// What was read; empty where a tree is printed that was not read.
    pub(super) original: &'a str,
    /// The comments of the original.
    comments: Vec<Comment>,
    /// How many of them are put back.
    done: usize,
}

impl<'a> Printer<'a> {
    pub(super) fn new(original: &'a str) -> Self {
        Printer { out: String::new(), original, comments: comments(original), done: 0 }
    }

    /// The next comment that is still to be put back, if `fits` holds.
    pub(super) fn next_comment(&mut self, fits: impl Fn(&Comment) -> bool) -> Option<Comment> {
        let next = self.comments.get(self.done).filter(|comment| fits(comment))?.clone();
        self.done += 1;
        Some(next)
    }

    pub(super) fn write(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// A line break and the indent of the next line.
    pub(super) fn line(&mut self, indent: usize) {
        self.out.push('\n');
        self.out.push_str(&" ".repeat(indent));
    }

    /// How many characters the line has so far.
    pub(super) fn column(&self) -> usize {
        self.out.rsplit('\n').next().unwrap_or_default().chars().count()
    }

    /// Whether `text` and `more` characters fit on the line.
    pub(super) fn fits(&self, text: &str, more: usize) -> bool {
        self.column() + text.chars().count() + more <= WIDTH
    }

    /// Whether a comment that is still to be put back stands inside.
    pub(super) fn commented(&self, span: Span) -> bool {
        let pending = self.comments.get(self.done..).unwrap_or_default();
        let (start, end) = (span.start as usize, span.end as usize);
        pending.iter().take_while(|c| c.range.start < end).any(|c| c.range.start >= start)
    }

    /// Prints what stands above the part that begins at byte `start` of the original: an empty line where there was one, and
    /// comments, each on a line of its own. The line that is written to is empty, and is left with `indent`.
    pub(super) fn above(&mut self, start: usize, indent: usize) {
        while let Some(comment) = self.next_comment(|c| c.range.start < start) {
            self.blank_before(comment.range.start);
            self.write(&" ".repeat(indent));
            self.write(self.original.get(comment.range).unwrap_or_default().trim_end());
            self.write("\n");
        }
        self.blank_before(start);
        self.write(&" ".repeat(indent));
    }

    /// Keeps one empty line that stands before byte `at` of the original, but none at the start of a block.
    fn blank_before(&mut self, at: usize) {
        let before = self.original.get(..at).unwrap_or_default();
        let gap = before.get(before.trim_end().len()..).unwrap_or_default();
        let last = self.out.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default();
        let opens = last.is_empty() || last.ends_with(['{', '[', '(']);
        let doc = last.trim_start().starts_with("///") && !last.trim_start().starts_with("////");
        if gap.matches('\n').count() > 1 && !opens && !doc && !self.out.ends_with("\n\n") {
            self.write("\n");
        }
    }

    /// Puts the comment that stood behind byte `end` on its line behind what is written, or one that stood inside of what could
    /// not be broken. What follows begins a new line.
    pub(super) fn behind(&mut self, end: u32) {
        let end = end as usize;
        let original = self.original;
        // Between the two may stand what joins parts or opens a block, on one line.
        let joined = |at: usize| original.get(end..at).is_some_and(|gap| gap.chars().all(|c| " \t,{[(".contains(c)));
        if let Some(comment) = self.next_comment(|c| c.range.start < end || joined(c.range.start)) {
            self.write("  ");
            self.write(original.get(comment.range).unwrap_or_default().trim_end());
        }
    }

    /// A text as it was written, escapes included.
    pub(super) fn quoted(&mut self, written: &Spanned<String>) {
        let own = self.original.get(written.span.range()).filter(|own| own.len() > 1 && own.starts_with('"'));
        let own = own.map_or_else(|| text(&written.node), str::to_owned);
        self.write(&own);
    }

    /// Parts with commas between them, each on a line of its own, with the comments that stood at them.
    /// `last` is what follows the last one: a comma, or nothing.
    pub(super) fn lines<T>(
        &mut self,
        parts: &[T],
        indent: usize,
        last: &str,
        span: impl Fn(&T) -> Span,
        mut write: impl FnMut(&mut Self, &T),
    ) {
        for (n, part) in parts.iter().enumerate() {
            if n > 0 {
                self.write("\n");
            }
            self.above(span(part).start as usize, indent);
            write(self, part);
            self.write(if n + 1 < parts.len() { "," } else { last });
            self.behind(span(part).end);
        }
    }

    /// The rest of a block's comments, and what closes it, on a line of its own.
    pub(super) fn close(&mut self, end: u32, indent: usize, bracket: &str) {
        self.write("\n");
        self.above((end as usize).saturating_sub(bracket.len()), indent + 4);
        // No empty line stands before what closes a block.
        self.out.truncate(self.out.trim_end().len());
        self.line(indent);
        self.write(bracket);
    }

    /// An expression: on one line if it fits with `more` characters behind it, else broken, with what follows indented by `indent`.
    pub(super) fn expr(&mut self, expr: &Expr, indent: usize, more: usize) {
        let flat = print_expr(expr);
        if self.fits(&flat, more) && !self.commented(expr.span) {
            return self.write(&flat);
        }
        let inner = indent + 4;
        match &*expr.node {
            ExprKind::And(operands) => self.chain(operands, "and ", indent, more),
            ExprKind::Or(operands) => self.chain(operands, "or ", indent, more),
            ExprKind::Not(operand) => {
                self.write("not ");
                self.operand(operand, negated_level(operand), indent, more);
            }
            ExprKind::Case(arms) => {
                self.write("case {\n");
                self.lines(
                    arms,
                    inner,
                    ",",
                    |(condition, value)| condition.as_ref().map_or(value.span, |c| c.span.to(value.span)),
                    |this, (condition, value)| {
                        match condition.as_ref().filter(|c| this.commented(c.span)) {
                            Some(condition) => {
                                this.expr(condition, inner, 4);
                                this.write(" => ");
                            }
                            None => this.write(&arm_head(condition.as_ref())),
                        }
                        this.expr(value, inner, 1);
                    },
                );
                self.close(expr.span.end, indent, "}");
            }
            ExprKind::List(elements) if !elements.is_empty() => self.list(elements, expr.span, indent),
            ExprKind::Call(callee, arguments, suffixes) if !arguments.is_empty() => {
                let suffixes = suffixes_text(suffixes);
                let end = expr.span.end.saturating_sub(u32::try_from(suffixes.len()).unwrap_or(0));
                self.write(&callee.node);
                self.write("(\n");
                let flat: Vec<String> = arguments.iter().map(super::expr::argument).collect();
                if self.commented(expr.span) || flat.iter().any(|one| inner + one.chars().count() >= WIDTH) {
                    self.lines(arguments, inner, "", argument_span, |this, one| this.argument(one, inner));
                } else {
                    self.filled(&flat, inner, "");
                }
                self.close(end, indent, ")");
                self.write(&suffixes);
            }
            ExprKind::Rows(word, lists, filter, bindings) => {
                let head = format!("each {} in", name(&word.node));
                let parts = lists.iter().chain(filter).map(|part| part.span);
                let span = parts.fold(word.span, Span::to);
                let flat = lists.iter().map(print_expr).collect::<Vec<_>>().join(", ");
                let flat = flat + &filter.as_ref().map(|f| format!(" where {}", print_expr(f))).unwrap_or_default();
                self.write(&head);
                if self.fits(&flat, 3) && !self.commented(span) {
                    self.write(&format!(" {flat} "));
                    return self.record(bindings, expr.span, indent);
                }
                self.write("\n");
                self.lines(lists, inner, "", |list| list.span, |this, list| this.expr(list, inner, 1));
                if let Some(filter) = filter {
                    self.line(inner);
                    self.write("where ");
                    self.expr(filter, inner, 0);
                    self.behind(filter.span.end);
                }
                self.line(inner);
                self.record(bindings, expr.span, inner);
            }
            ExprKind::Record(bindings) => self.record(bindings, expr.span, indent),
            ExprKind::Quantified(quantifier, word, list, holds) => {
                self.write(&format!("{} {} in {} (\n", quantifier.word(), name(&word.node), print_expr(list)));
                self.lines(std::slice::from_ref(holds), inner, "", |e| e.span, |this, e| this.expr(e, inner, 0));
                self.close(expr.span.end, indent, ")");
            }
            ExprKind::Test(test) => {
                let nocase = if test.nocase { " nocase" } else { "" };
                match &*test.right.node {
                    ExprKind::List(elements) if !elements.is_empty() && !self.commented(test.left.span) => {
                        self.write(&test_head(test));
                        self.list(elements, test.right.span, indent);
                        self.write(nocase);
                    }
                    _ => self.write(&flat),
                }
            }
            _ => self.write(&flat),
        }
    }

    /// A clause's condition: a chain goes on below its start, everything else is indented like the clause.
    pub(super) fn condition(&mut self, condition: &Expr) {
        let column = self.column();
        let chain = matches!(&*condition.node, ExprKind::And(_) | ExprKind::Or(_));
        self.expr(condition, if chain { column } else { 4 }, 0);
    }

    /// `a and b`: one operand a line.
    fn chain(&mut self, operands: &[Expr], word: &str, indent: usize, more: usize) {
        for (n, operand) in operands.iter().enumerate() {
            if n > 0 {
                self.write("\n");
                self.above(operand.span.start as usize, indent);
                self.write(word);
            }
            let last = n + 1 == operands.len();
            self.operand(operand, Level::Negation, indent, if last { more } else { 0 });
            if !last {
                self.behind(operand.span.end);
            }
        }
    }

    /// An operand of `and`, `or` or `not`.
    fn operand(&mut self, expr: &Expr, level: Level, indent: usize, more: usize) {
        let flat = at_level(expr, level);
        if self.fits(&flat, more) && !self.commented(expr.span) {
            self.write(&flat);
        } else if level_of(expr) < level {
            self.write("(\n");
            self.lines(std::slice::from_ref(expr), indent + 4, "", |e| e.span, |this, e| this.expr(e, indent + 4, 0));
            self.close(expr.span.end, indent, ")");
        } else {
            self.expr(expr, indent, more);
        }
    }

    /// A list: as many elements on a line as fit, or one a line where there are comments.
    fn list(&mut self, elements: &[Expr], span: Span, indent: usize) {
        self.write("[\n");
        let inner = indent + 4;
        if self.commented(span) {
            self.lines(elements, inner, ",", |e| e.span, |this, e| this.expr(e, inner, 1));
        } else {
            let texts: Vec<String> = elements.iter().map(print_expr).collect();
            self.filled(&texts, inner, ",");
        }
        self.close(span.end, indent, "]");
    }

    /// Texts with commas between them, as many on a line as fit; `last` follows the last one.
    pub(super) fn filled(&mut self, texts: &[String], indent: usize, last: &str) {
        self.write(&" ".repeat(indent));
        for (n, text) in texts.iter().enumerate() {
            if n > 0 && self.fits(text, 2) {
                self.write(" ");
            } else if n > 0 {
                self.line(indent);
            }
            self.write(text);
            self.write(if n + 1 < texts.len() { "," } else { last });
        }
    }

    fn argument(&mut self, argument: &Argument, indent: usize) {
        if let Some(value) = &argument.value {
            self.expr(value, indent, 1);
        }
        if let Some(filter) = &argument.filter {
            self.write(if argument.value.is_some() { " where " } else { "where " });
            self.expr(filter, indent, 1);
        }
        if !argument.by.is_empty() {
            self.write(" by ");
            self.keys(&argument.by, 1);
        }
    }

    /// `{ a = 1, b = 2 }`: on one line, or a binding a line.
    pub(super) fn record(&mut self, bindings: &[Binding], span: Span, indent: usize) {
        self.record_of(bindings, span, indent, &name);
    }

    /// The same, with names written by `name`.
    pub(super) fn record_of(&mut self, bindings: &[Binding], span: Span, indent: usize, name: &dyn Fn(&str) -> String) {
        let flat = bindings.iter().map(|b| format!("{} = {}", name(&b.name.node), print_expr(&b.value)));
        let flat = format!("{{ {} }}", flat.collect::<Vec<_>>().join(", "));
        if bindings.is_empty() {
            return self.write("{ }");
        }
        if self.fits(&flat, 1) && !self.commented(span) {
            return self.write(&flat);
        }
        self.write("{\n");
        self.lines(bindings, indent + 4, ",", binding_span, |this, binding| {
            this.write(&format!("{} = ", name(&binding.name.node)));
            this.expr(&binding.value, indent + 4, 1);
        });
        self.close(span.end, indent, "}");
    }

    fn binding(&mut self, binding: &Binding, indent: usize) {
        self.write(&format!("{} = ", name(&binding.name.node)));
        self.expr(&binding.value, indent, 1);
    }

    /// `a = 1, b = 2` behind a clause's word: on one line, or a binding a line.
    pub(super) fn bindings(&mut self, bindings: &[Binding]) {
        let column = self.column();
        self.row(bindings, 0, binding_span, flat_binding, |this, binding| this.binding(binding, column));
    }

    /// Keys, or items of `show`; `more` characters follow.
    pub(super) fn keys(&mut self, keys: &[Key], more: usize) {
        let column = self.column();
        self.row(keys, more, key_span, super::expr::key, |this, key| this.key(key, column));
    }

    fn key(&mut self, key: &Key, indent: usize) {
        if let Some(own) = &key.name {
            self.write(&format!("{} = ", name(&own.node)));
        }
        if level_of(&key.value) < Level::Sum {
            self.write(&at_level(&key.value, Level::Sum));
        } else {
            self.expr(&key.value, indent, 1);
        }
        if let Some(default) = &key.default {
            self.write(" default ");
            self.quoted(default);
        }
    }

    /// Texts with commas between them.
    pub(super) fn texts(&mut self, texts: &[Spanned<String>]) {
        self.row(texts, 0, |t| t.span, |t| text(&t.node), Printer::quoted);
    }

    /// Words with commas between them.
    pub(super) fn words(&mut self, words: &[Spanned<String>]) {
        self.row(words, 0, |w| w.span, |w| name(&w.node), |this, w| this.write(&name(&w.node)));
    }

    /// Parts with commas between them on one line, or each on one where they are too long or have comments; `more` characters follow.
    fn row<T>(
        &mut self,
        parts: &[T],
        more: usize,
        span: impl Fn(&T) -> Span,
        flat: impl Fn(&T) -> String,
        mut write: impl FnMut(&mut Self, &T),
    ) {
        let line = parts.iter().map(flat).collect::<Vec<_>>().join(", ");
        let column = self.column();
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return };
        let broken = !self.fits(&line, more) || self.commented(span(first).to(span(last)));
        for (n, part) in parts.iter().enumerate() {
            if n > 0 && broken {
                self.write("\n");
                self.above(span(part).start as usize, column);
            } else if n > 0 {
                self.write(" ");
            }
            write(self, part);
            if n + 1 < parts.len() {
                self.write(",");
                if broken {
                    self.behind(span(part).end);
                }
            }
        }
    }
}

fn flat_binding(binding: &Binding) -> String {
    format!("{} = {}", name(&binding.name.node), print_expr(&binding.value))
}

fn binding_span(binding: &Binding) -> Span {
    binding.name.span.to(binding.value.span)
}

fn key_span(key: &Key) -> Span {
    let span = key.name.as_ref().map_or(key.value.span, |n| n.span.to(key.value.span));
    key.default.as_ref().map_or(span, |d| span.to(d.span))
}

fn argument_span(argument: &Argument) -> Span {
    // `where` stands before a condition.
    let condition = |filter: &Expr| Span { start: filter.span.start.saturating_sub(6), ..filter.span };
    let parts = argument.value.iter().map(|v| v.span).chain(argument.filter.as_ref().map(condition));
    parts.chain(argument.by.iter().map(key_span)).reduce(Span::to).unwrap_or_default()
}
