//! What the language asks of a query as a whole: the order of commands, and which names stand where. Takes commands, resolves columns that
//! were left unnamed.

use std::collections::{BTreeMap, BTreeSet};

use super::functions::Function;
use super::reading::Question;
use super::stats::Measure;
use super::tree::{Command, Does, Expr, Item, Name, Node, written};
use crate::emulator::{Failure, Readings};

/// Most `stats` of a query: what older pages say, and newer ones.
const MOST_STATS: [usize; 2] = [2, 10];

/// Checks a query.
///
/// # Errors
/// Where the language rejects it, and where it is not known what it means.
pub(super) fn check(text: &str, commands: &mut [Command], readings: &Readings) -> Result<(), Failure> {
    in_order(commands, readings)?;
    let mut names = Names::new(text, readings);
    commands.iter_mut().try_for_each(|command| names.command(command))
}

/// The names that the query defines, each once.
pub(super) fn aliases(commands: &[Command]) -> impl Iterator<Item = &Name> {
    commands.iter().flat_map(|command| -> Vec<&Name> {
        match &command.does {
            Does::Fields(items) | Does::Display(items) => aliased(items).collect(),
            Does::Stats { measures, keys } => aliased(measures).chain(aliased(keys)).collect(),
            Does::Parse { names, .. } => names.iter().collect(),
            Does::Unnest { into, .. } => vec![into],
            _ => Vec::new(),
        }
    })
}

fn aliased(items: &[Item]) -> impl Iterator<Item = &Name> {
    items.iter().filter(|item| item.alias).map(|item| &item.name)
}

fn in_order(commands: &[Command], readings: &Readings) -> Result<(), Failure> {
    let is_stats = |command: &&Command| matches!(command.does, Does::Stats { .. });
    let count = commands.iter().filter(is_stats).count();
    let [older, newer] = MOST_STATS;
    if count > newer || count > older && readings.other(Question::NumberOfStats as usize) {
        let extra = commands.iter().rfind(is_stats).map_or(0..0, |command| command.at.clone());
        return Err(Failure::rejected("a query has too many `stats`", extra));
    }
    if let Some(place) = commands.iter().position(|command| matches!(command.does, Does::Join(_))) {
        join_in_order(commands, place)?;
    }
    let (mut deduplicated, mut limited) = (false, false);
    for (number, command) in commands.iter().enumerate() {
        let later = commands.get(number + 1..).unwrap_or_default();
        let reject = |message: &str| Err(Failure::rejected(message, command.at.clone()));
        match command.does {
            Does::Source(_) if number > 0 => return reject("`SOURCE` is the first command"),
            Does::Limit { .. } => {}
            _ if deduplicated => return reject("only `limit` may follow `dedup`"),
            Does::Fields(_) | Does::Display(_) | Does::Stats { .. } => {}
            _ if limited => {
                return Err(Failure::unknown("what a command does after `limit`", command.at.clone()));
            }
            _ => {}
        }
        if matches!(command.does, Does::Sort(_) | Does::Limit { .. }) && later.iter().any(|c| is_stats(&c)) {
            return reject("`sort` and `limit` stand after the last `stats`");
        }
        deduplicated |= matches!(command.does, Does::Dedup(_));
        limited |= matches!(command.does, Does::Limit { .. });
    }
    Ok(())
}

/// Only one, in a query that names its own log groups too, and that says what it shows of both sides.
fn join_in_order(commands: &[Command], place: usize) -> Result<(), Failure> {
    let (before, after) = commands.split_at_checked(place).unwrap_or_default();
    let at = after.first().map_or(0..0, |command| command.at.clone());
    let later = after.get(1..).unwrap_or_default();
    if let Some(second) = later.iter().find(|command| matches!(command.does, Does::Join(_))) {
        return Err(Failure::rejected("a query has at most one `join`", second.at.clone()));
    }
    if !matches!(before, [Command { does: Does::Source(_), .. }, ..]) {
        return Err(Failure::unknown(
            "a `join` in a query that does not begin with `SOURCE`: its left side is not said",
            at,
        ));
    }
    if before.iter().any(|command| matches!(command.does, Does::Stats { .. })) {
        return Err(Failure::unknown("a `join` after `stats`", at));
    }
    let shows = |command: &Command| matches!(command.does, Does::Fields(_) | Does::Display(_) | Does::Stats { .. });
    if !later.iter().any(shows) {
        return Err(Failure::unknown("what is shown after a `join` where no command says it", at));
    }
    Ok(())
}

/// The names at a place of the query.
struct Names<'a> {
    text: &'a str,
    readings: &'a Readings,
    /// What the query defined, and whether `fields` may name it again.
    defined: BTreeMap<String, bool>,
    /// All that it ever did.
    ever: BTreeSet<String>,
    /// Columns without an alias, by their text without white space, in small letters.
    unnamed: BTreeMap<String, String>,
    /// After a `stats`, which hides all fields.
    closed: bool,
    /// After a `join`, where fields have the alias of their side.
    joined: bool,
}

/// Where an expression stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// In a row.
    Row,
    /// In a `stats`, outside of what is measured.
    Group,
}

impl<'a> Names<'a> {
    fn new(text: &'a str, readings: &'a Readings) -> Names<'a> {
        Names {
            text,
            readings,
            defined: BTreeMap::new(),
            ever: BTreeSet::new(),
            unnamed: BTreeMap::new(),
            closed: false,
            joined: false,
        }
    }

    fn command(&mut self, command: &mut Command) -> Result<(), Failure> {
        let at = command.at.clone();
        match &mut command.does {
            Does::Source(_) | Does::Limit { .. } => Ok(()),
            Does::Filter(condition) => self.expr(condition, Standing::Row, &[]),
            Does::Dedup(keys) => keys.iter_mut().try_for_each(|key| self.expr(key, Standing::Row, &[])),
            Does::Sort(keys) => keys.iter_mut().try_for_each(|key| self.expr(&mut key.value, Standing::Row, &[])),
            Does::Parse { from, names, .. } => {
                match from {
                    Some(from) => self.expr(from, Standing::Row, &[])?,
                    None => self.path(&["@message".to_owned()], &at)?,
                }
                names.iter().try_for_each(|name| self.define(name))
            }
            Does::Unnest { list, into } => {
                self.expr(list, Standing::Row, &[])?;
                self.define(into)
            }
            Does::Join(join) => {
                self.path(&join.left.key, &at)?;
                self.defined = [&join.left, &join.right].map(|side| (side.alias.clone(), true)).into();
                self.unnamed.clear();
                self.joined = true;
                Ok(())
            }
            Does::Fields(items) => {
                self.items(items, Standing::Row)?;
                for item in items.iter() {
                    match self.defined.get(&item.name.name) {
                        _ if item.alias => self.define(&item.name)?,
                        Some(false) => return Err(already(&item.name)),
                        Some(true) | None => self.leave(item),
                    }
                }
                Ok(())
            }
            Does::Display(items) => {
                self.items(items, Standing::Row)?;
                for item in items.iter() {
                    if item.alias {
                        self.define(&item.name)?;
                    } else {
                        self.leave(item);
                    }
                }
                Ok(())
            }
            Does::Stats { measures, keys } => {
                self.items(keys, Standing::Row)?;
                self.items(measures, Standing::Group)?;
                for name in aliased(measures).chain(aliased(keys)) {
                    self.define(name)?;
                }
                self.defined.clear();
                self.unnamed.clear();
                self.closed = true;
                for item in keys.iter().chain(measures.iter()) {
                    // A key keeps its name and may be named again, as a documented query does.
                    if self.defined.insert(item.name.name.clone(), !item.alias).is_some() {
                        return Err(already(&item.name));
                    }
                    self.leave(item);
                }
                Ok(())
            }
        }
    }

    fn items(&self, items: &mut [Item], standing: Standing) -> Result<(), Failure> {
        let own: Vec<String> = aliased(items).map(|name| name.name.clone()).collect();
        items.iter_mut().try_for_each(|item| self.expr(&mut item.value, standing, &own))
    }

    /// Notes a column that has no alias.
    fn leave(&mut self, item: &Item) {
        if !item.alias && !matches!(item.value.node, Node::Path(_)) {
            self.unnamed.insert(bare(&item.name.name), item.name.name.clone());
        }
    }

    fn define(&mut self, name: &Name) -> Result<(), Failure> {
        if self.defined.insert(name.name.clone(), false).is_some() {
            return Err(already(name));
        }
        let new = self.ever.insert(name.name.clone());
        if !new && !self.readings.other(Question::AliasAfterStats as usize) {
            return Err(already(name));
        }
        Ok(())
    }

    /// `own`: what the command itself defines.
    fn expr(&self, expr: &mut Expr, standing: Standing, own: &[String]) -> Result<(), Failure> {
        let said = self.text.get(expr.at.clone()).unwrap_or_default();
        if !matches!(expr.node, Node::Path(_))
            && let Some(column) = self.unnamed.get(&bare(said))
        {
            expr.node = Node::Column(column.clone());
        }
        let at = expr.at.clone();
        match &mut expr.node {
            Node::Text(_) | Node::Number(_) => Ok(()),
            Node::Period(_) => Err(Failure::rejected("a period is no value", at)),
            Node::Path(_) | Node::Column(_) if standing == Standing::Group => {
                Err(Failure::unknown("a field in `stats` that is neither measured nor a key", at))
            }
            Node::Column(_) => Ok(()),
            Node::Path(path) => {
                let name = written(path);
                if own.contains(&name) && !self.defined.contains_key(&name) {
                    let message = format!("a name that its own command defines, `{name}`");
                    return Err(Failure::unknown(message, at));
                }
                self.path(path, &at)
            }
            Node::Measure(measure, parts) => {
                if standing == Standing::Row {
                    return Err(Failure::rejected(
                        "what measures rows stands in `stats`, not in itself or elsewhere",
                        at,
                    ));
                }
                if matches!(measure, Measure::Earliest | Measure::Latest) {
                    self.path(&["@timestamp".to_owned()], &at)?;
                }
                parts.iter_mut().try_for_each(|part| self.expr(part, Standing::Row, own))
            }
            Node::Call(function, parts) => {
                if *function == Function::Bin && standing == Standing::Row {
                    self.path(&["@timestamp".to_owned()], &at)?;
                } else if *function == Function::Bin {
                    return Err(Failure::unknown("`bin` in `stats` that is neither measured nor a key", at));
                }
                let period = function.period();
                let values = parts.iter_mut().enumerate().filter(|(number, _)| Some(*number) != period);
                values.map(|(_, part)| part).try_for_each(|part| self.expr(part, standing, own))
            }
            Node::Not(of) | Node::Minus(of) | Node::Member(of, _) | Node::Index(of, _) => self.expr(of, standing, own),
            Node::All(parts) | Node::Any(parts) => parts.iter_mut().try_for_each(|part| self.expr(part, standing, own)),
            Node::Arithmetic(_, left, right) | Node::Compare(_, left, right) => {
                self.expr(left, standing, own)?;
                self.expr(right, standing, own)
            }
            Node::In { value, list, .. } => {
                self.expr(value, standing, own)?;
                list.iter_mut().try_for_each(|part| self.expr(part, standing, own))
            }
            Node::Like { value, .. } => self.expr(value, standing, own),
        }
    }

    fn path(&self, path: &[String], at: &std::ops::Range<usize>) -> Result<(), Failure> {
        let name = written(path);
        let is_defined = (1..=path.len())
            .any(|taken| path.get(..taken).is_some_and(|head| self.defined.contains_key(&written(head))));
        if self.closed && !is_defined {
            let message = format!("`{name}` is not there after `stats`: it defines the fields that follow it");
            return Err(Failure::rejected(message, at.clone()));
        }
        if self.joined && !is_defined {
            return Err(Failure::unknown(format!("`{name}` after a `join`, without the alias of a side"), at.clone()));
        }
        if !is_defined && matches!(name.to_ascii_lowercase().as_str(), "true" | "false" | "null") {
            return Err(Failure::unknown(format!("the word `{name}` as a value"), at.clone()));
        }
        Ok(())
    }
}

pub(super) fn already(name: &Name) -> Failure {
    Failure::rejected(format!("Ephemeral field is already defined: {}", name.name), name.at.clone())
}

/// A text without white space, in small letters.
fn bare(text: &str) -> String {
    text.split_whitespace().collect::<String>().to_ascii_lowercase()
}
