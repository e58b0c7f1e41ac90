//! Faults in trees of CloudWatch Logs Insights.

use ipnet::IpNet;
use skywatch::ir::pattern::Node;
use skywatch::target::cloudwatch::tree::{Command, Field, Function, Operator, Query, Term};

use super::nodes::{Fault, Holds, without};
use super::patterns::{double_network, end_is_open, folds_no_case, half_network, start_is_open};

impl Holds<Vec<Command>> for Query {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Vec<Command>)) {
        visit(&mut self.commands);
    }
}

impl Holds<Command> for Query {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Command)) {
        self.commands.iter_mut().for_each(visit);
    }
}

impl Holds<Term> for Query {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        for command in &mut self.commands {
            match command {
                Command::Filter(term) => each(term, visit),
                Command::Fields(columns) | Command::Stats(columns, _) => {
                    columns.iter_mut().for_each(|(term, _)| each(term, visit));
                }
                _ => {}
            }
        }
    }
}

fn each(term: &mut Term, visit: &mut dyn FnMut(&mut Term)) {
    visit(term);
    match term {
        Term::Field(_) | Term::Text(_) | Term::Int(_) | Term::Float(_) => {}
        Term::Call(_, terms) | Term::And(terms) | Term::Or(terms) => {
            terms.iter_mut().for_each(|term| each(term, visit))
        }
        Term::Binary(_, left, right) => {
            each(left, visit);
            each(right, visit);
        }
        Term::Not(term) | Term::Like(term, ..) | Term::Holds(term, ..) => each(term, visit),
        Term::In(term, options, _) => {
            each(term, visit);
            options.iter_mut().for_each(|term| each(term, visit));
        }
    }
}

pub(super) fn faults() -> Vec<Fault<Query>> {
    let term = |name, wrong: fn(&Term) -> Vec<Term>| Fault::of(name, wrong);
    vec![
        Fault::of("a condition is gone", |commands: &Vec<Command>| {
            without(commands, |command| matches!(command, Command::Filter(_)))
        }),
        Fault::of("a list is not taken apart", |commands: &Vec<Command>| {
            without(commands, |command| matches!(command, Command::Unnest(..)))
        }),
        Fault::of("copies stay", |commands: &Vec<Command>| {
            let is_copy = |command: &Command| match command {
                Command::Stats(columns, _) => columns.iter().all(|(term, _)| is_call(term, Function::CountRows)),
                _ => false,
            };
            without(commands, is_copy)
        }),
        Fault::of("a key is gone", |command: &Command| match command {
            Command::Stats(columns, by) => {
                without(by, |_| true).into_iter().map(|by| Command::Stats(columns.clone(), by)).collect()
            }
            _ => Vec::new(),
        }),
        Fault::of("a pattern lost its start", |command: &Command| match command {
            Command::Parse(field, node, name) => parsed(field, start_is_open(node), name),
            _ => Vec::new(),
        }),
        Fault::of("a pattern lost its end", |command: &Command| match command {
            Command::Parse(field, node, name) => parsed(field, end_is_open(node), name),
            _ => Vec::new(),
        }),
        term("and is or", |term| match term {
            Term::And(terms) => vec![Term::Or(terms.clone())],
            _ => Vec::new(),
        }),
        term("or is and", |term| match term {
            Term::Or(terms) => vec![Term::And(terms.clone())],
            _ => Vec::new(),
        }),
        term("one of several conditions is gone", |term| match term {
            Term::And(terms) => without(terms, |_| true).into_iter().map(Term::all).collect(),
            _ => Vec::new(),
        }),
        term("one of several alternatives is gone", |term| match term {
            Term::Or(terms) => without(terms, |_| true).into_iter().map(Term::any).collect(),
            _ => Vec::new(),
        }),
        term("the edge is on the other side", |term| {
            compared(term, |operator| match operator {
                Operator::Less => Some(Operator::LessEqual),
                Operator::LessEqual => Some(Operator::Less),
                Operator::Greater => Some(Operator::GreaterEqual),
                Operator::GreaterEqual => Some(Operator::Greater),
                _ => None,
            })
        }),
        term("below is above", |term| {
            compared(term, |operator| match operator {
                Operator::Less | Operator::LessEqual => Some(Operator::Greater),
                Operator::Greater | Operator::GreaterEqual => Some(Operator::Less),
                _ => None,
            })
        }),
        term("equal is unequal", |term| {
            compared(term, |operator| (operator == Operator::Equal).then_some(Operator::NotEqual))
        }),
        term("unequal is equal", |term| {
            compared(term, |operator| (operator == Operator::NotEqual).then_some(Operator::Equal))
        }),
        term("a sum is a difference", |term| {
            compared(term, |operator| (operator == Operator::Add).then_some(Operator::Subtract))
        }),
        term("a difference is turned round", |term| match term {
            Term::Binary(Operator::Subtract, left, right) => {
                vec![Term::Binary(Operator::Subtract, right.clone(), left.clone())]
            }
            _ => Vec::new(),
        }),
        term("a product is a sum", |term| {
            compared(term, |operator| (operator == Operator::Multiply).then_some(Operator::Add))
        }),
        term("a quotient is cut to a whole number", |term| match term {
            Term::Binary(Operator::Divide, ..) => vec![Term::call(Function::Floor, [term.clone()])],
            _ => Vec::new(),
        }),
        term("what is cut to a whole number is not", |term| match term {
            Term::Call(Function::Floor, args) => args.clone(),
            _ => Vec::new(),
        }),
        term("not is gone", |term| match term {
            Term::Not(inner) => vec![Term::clone(inner)],
            Term::Like(subject, node, true) => vec![Term::Like(subject.clone(), node.clone(), false)],
            Term::Holds(subject, text, true) => vec![Term::Holds(subject.clone(), text.clone(), false)],
            Term::In(subject, options, true) => vec![Term::In(subject.clone(), options.clone(), false)],
            _ => Vec::new(),
        }),
        term("a presence is not asked", |term| match term {
            Term::Binary(Operator::NotEqual, left, right)
                if is_call(left, Function::Coalesce) && **right == Term::word("") =>
            {
                vec![Term::constant(true)]
            }
            Term::Call(Function::IsPresent, _) => vec![Term::constant(true)],
            _ => Vec::new(),
        }),
        term("a list lost its last element", |term| match term {
            Term::In(subject, options, negated) if options.len() > 1 => {
                vec![Term::In(subject.clone(), options[..options.len() - 1].to_vec(), *negated)]
            }
            _ => Vec::new(),
        }),
        term("a pattern that is sought lost its start", |term| liked(term, start_is_open)),
        term("a pattern that is sought lost its end", |term| liked(term, end_is_open)),
        term("a pattern that is sought does not fold case", |term| liked(term, folds_no_case)),
        term("a part is the whole", |term| match term {
            Term::Holds(subject, text, false) => {
                vec![Term::clone(subject).binary(Operator::Equal, Term::Text(text.clone()))]
            }
            _ => Vec::new(),
        }),
        term("the start is a part", |term| match term {
            Term::Call(Function::StartsWith | Function::EndsWith, args) => {
                vec![Term::call(Function::StrContains, args.clone())]
            }
            _ => Vec::new(),
        }),
        term("a default is another", |term| match term {
            Term::Call(Function::Coalesce, args) => match args.split_last() {
                Some((Term::Text(_), first)) => vec![coalesce(first, Term::word("x"))],
                Some((Term::Int(value), first)) => vec![coalesce(first, Term::Int(value + 1))],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }),
        term("the last alternative of a value is gone", |term| match term {
            Term::Call(Function::Coalesce, args) => match args.split_last() {
                Some((_, [only])) => vec![only.clone()],
                Some((_, first)) => vec![Term::call(Function::Coalesce, first)],
                None => Vec::new(),
            },
            _ => Vec::new(),
        }),
        term("the last alternative of a value comes first", |term| match term {
            Term::Call(Function::Coalesce, args) => {
                vec![Term::call(Function::Coalesce, args.iter().rev().cloned().collect::<Vec<_>>())]
            }
            _ => Vec::new(),
        }),
        term("a sum is a count", |term| match term {
            Term::Call(Function::Sum, _) => vec![Term::call(Function::CountRows, [])],
            _ => Vec::new(),
        }),
        term("a count is of what is there", |term| match term {
            Term::Call(Function::Count, _) => vec![Term::call(Function::CountRows, [])],
            _ => Vec::new(),
        }),
        term("different values are all values", |term| renamed(term, Function::CountDistinct, Function::Count)),
        term("the least is the greatest", |term| renamed(term, Function::Min, Function::Max)),
        term("the greatest is the least", |term| renamed(term, Function::Max, Function::Min)),
        term("the first text is the last", |term| renamed(term, Function::SortsFirst, Function::SortsLast)),
        term("a mean is a maximum", |term| renamed(term, Function::Avg, Function::Max)),
        term("the greater is the lesser", |term| renamed(term, Function::Greatest, Function::Least)),
        term("the lesser is the greater", |term| renamed(term, Function::Least, Function::Greatest)),
        term("small letters are as they were", |term| match term {
            Term::Call(Function::ToLower | Function::ToUpper, args) => args.clone(),
            _ => Vec::new(),
        }),
        term("a part of a text is longer by one", |term| match term {
            Term::Call(Function::Substr, args) => match args.as_slice() {
                [text, start, Term::Int(length)] => {
                    vec![Term::call(Function::Substr, [text.clone(), start.clone(), Term::Int(length + 1)])]
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }),
        term("a part of a text begins one later", |term| match term {
            Term::Call(Function::Substr, args) => match args.as_slice() {
                [text, Term::Int(start), rest @ ..] => {
                    let from = [text.clone(), Term::Int(start + 1)];
                    vec![Term::call(Function::Substr, from.into_iter().chain(rest.iter().cloned()).collect::<Vec<_>>())]
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }),
        term("texts are put together without the last", |term| match term {
            Term::Call(Function::Concat, args) if args.len() > 1 => {
                vec![Term::call(Function::Concat, &args[..args.len() - 1])]
            }
            _ => Vec::new(),
        }),
        term("a window is twice as long", |term| match term {
            Term::Binary(operator @ (Operator::Multiply | Operator::Divide), left, right) => match **right {
                Term::Int(length) if length > 999 => {
                    vec![Term::Binary(*operator, left.clone(), Box::new(Term::Int(2 * length)))]
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }),
        term("what is chosen is the other", |term| match term {
            Term::Call(Function::If, args) => match args.as_slice() {
                [condition, yes, no] => vec![Term::call(Function::If, [condition.clone(), no.clone(), yes.clone()])],
                _ => Vec::new(),
            },
            Term::Call(Function::Case, args) => match args.as_slice() {
                [condition, yes, no] => vec![Term::call(Function::Case, [condition.clone(), no.clone(), yes.clone()])],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }),
        term("a network is half as large", |term| subnet(term, half_network)),
        term("a network is twice as large", |term| subnet(term, double_network)),
    ]
}

fn is_call(term: &Term, function: Function) -> bool {
    matches!(term, Term::Call(called, _) if *called == function)
}

fn parsed(field: &Field, node: Option<Node>, name: &str) -> Vec<Command> {
    node.into_iter().map(|node| Command::Parse(field.clone(), node, name.to_owned())).collect()
}

fn liked(term: &Term, wrong: fn(&Node) -> Option<Node>) -> Vec<Term> {
    match term {
        Term::Like(subject, node, negated) => {
            wrong(node).map(|node| Term::Like(subject.clone(), node, *negated)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn subnet(term: &Term, wrong: fn(IpNet) -> Option<IpNet>) -> Vec<Term> {
    match term {
        Term::Call(function @ (Function::IsIpv4InSubnet | Function::IsIpv6InSubnet), args) => match args.as_slice() {
            [address, Term::Text(network)] => {
                let wrong = network.text().parse().ok().and_then(wrong);
                let wrong = wrong.and_then(|network| Term::quoted(&network.to_string()));
                wrong.map(|network| Term::call(*function, [address.clone(), network])).into_iter().collect()
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn compared(term: &Term, other: fn(Operator) -> Option<Operator>) -> Vec<Term> {
    match term {
        Term::Binary(operator, left, right) => {
            other(*operator).map(|operator| Term::Binary(operator, left.clone(), right.clone())).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn renamed(term: &Term, from: Function, to: Function) -> Vec<Term> {
    match term {
        Term::Call(function, args) if *function == from => vec![Term::call(to, args.clone())],
        _ => Vec::new(),
    }
}

fn coalesce(first: &[Term], last: Term) -> Term {
    Term::call(Function::Coalesce, first.iter().cloned().chain([last]).collect::<Vec<_>>())
}
