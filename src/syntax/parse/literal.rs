//! Literals: the text of a token → its value.

use std::net::IpAddr;

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use ipnet::IpNet;

use super::{P, Reader};
use crate::ir::SECOND;
use crate::syntax::ast::{Literal, Verbatim};
use crate::syntax::errors;

impl Reader {
    /// A text in quotes, without them and its escapes.
    pub(super) fn text(&mut self, pair: &P<'_>) -> String {
        let raw = pair.as_str();
        let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
        let mut out = String::with_capacity(inner.len());
        let mut chars = inner.char_indices();
        while let Some((at, c)) = chars.next() {
            if c != '\\' {
                out.push(c);
                continue;
            }
            match chars.next() {
                Some((_, '"')) => out.push('"'),
                Some((_, '\\')) => out.push('\\'),
                Some((_, 'n')) => out.push('\n'),
                Some((_, 't')) => out.push('\t'),
                Some((_, 'u')) => {
                    let rest = inner.get(at + 2..).unwrap_or_default();
                    let code = rest.strip_prefix('{').and_then(|r| r.split_once('}')).map(|(code, _)| code);
                    let c = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
                    if let (Some(c), Some(code)) = (c, code) {
                        out.push(c);
                        // Past `{`, the digits and `}`.
                        for _ in 0..code.chars().count() + 2 {
                            chars.next();
                        }
                    } else {
                        self.bad_escape(pair, at);
                    }
                }
                _ => self.bad_escape(pair, at),
            }
        }
        out
    }

    fn bad_escape(&mut self, pair: &P<'_>, at: usize) {
        let start = pair.as_span().start() + 1 + at;
        let span = self.at(start..start + 2);
        self.say(errors::literal(
            span,
            "unknown escape in text",
            r#"known are `\"`, `\\`, `\n`, `\t` and `\u{e9}`; in patterns `/…/` nothing is escaped twice"#,
        ));
    }

    pub(super) fn number(&mut self, pair: &P<'_>, negative: bool) -> Literal {
        let written = pair.as_str();
        let verbatim = Verbatim(format!("{}{written}", if negative { "-" } else { "" }));
        let plain = verbatim.0.replace('_', "");
        if plain.contains('.') {
            match plain.parse::<f64>() {
                Ok(value) if value.is_finite() => return Literal::Float(value, verbatim),
                _ => {}
            }
        } else if let Ok(value) = plain.parse::<i64>() {
            return Literal::Int(value, verbatim);
        }
        let span = self.span(pair);
        self.say(errors::literal(
            span,
            format!("number `{}` is out of range", verbatim.0),
            "whole numbers have 64 bits: from -9_223_372_036_854_775_808 to 9_223_372_036_854_775_807",
        ));
        Literal::Int(0, verbatim)
    }

    pub(super) fn duration(&mut self, pair: &P<'_>) -> Literal {
        let written = pair.as_str();
        let (digits, unit) = written.split_at(written.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(written.len()));
        let scale = match unit {
            "ms" => SECOND / 1_000,
            "s" => SECOND,
            "m" => 60 * SECOND,
            "h" => 3_600 * SECOND,
            _ => 86_400 * SECOND,
        };
        let value = digits.replace('_', "").parse::<i64>().ok().and_then(|n| n.checked_mul(scale));
        let value = value.unwrap_or_else(|| {
            let span = self.span(pair);
            self.say(errors::literal(span, format!("duration `{written}` is out of range"), "at most 100_000_000d"));
            0
        });
        Literal::Duration(value, Verbatim(written.to_owned()))
    }

    pub(super) fn date(&mut self, pair: &P<'_>) -> Literal {
        let written = pair.as_str();
        let verbatim = Verbatim(written.to_owned());
        let time = match written.split_once('T') {
            None => NaiveDate::parse_from_str(written, "%Y-%m-%d")
                .ok()
                .and_then(|date| date.and_hms_opt(0, 0, 0))
                .map(|t| t.and_utc()),
            Some((_, clock)) if clock.matches(':').count() == 1 => {
                NaiveDateTime::parse_from_str(written, "%Y-%m-%dT%H:%MZ").ok().map(|t| t.and_utc())
            }
            Some(_) => DateTime::parse_from_rfc3339(written).ok().map(|t| t.to_utc()),
        };
        // A leap second is no time of the language: engines disagree on it.
        match time.filter(|t| t.timestamp_subsec_micros() < 1_000_000) {
            Some(time) => Literal::Time(time.timestamp_micros(), verbatim),
            None => {
                let span = self.span(pair);
                self.say(errors::literal(
                    span,
                    format!("`{written}` is no time"),
                    "write `2026-01-31` or `2026-01-31T23:59:00Z`",
                ));
                Literal::Time(0, verbatim)
            }
        }
    }

    /// An address or a network.
    pub(super) fn network(&mut self, pair: &P<'_>) -> Literal {
        let written = pair.as_str();
        let verbatim = Verbatim(written.to_owned());
        let span = self.span(pair);
        let nothing = Literal::Address(IpAddr::from([0, 0, 0, 0]), Verbatim(written.to_owned()));
        if !written.contains('/') {
            return match written.parse::<IpAddr>() {
                Ok(address) => Literal::Address(address.to_canonical(), verbatim),
                Err(_) => {
                    self.say(errors::network(
                        span,
                        format!("`{written}` is no address"),
                        "four numbers from 0 to 255 without leading zeros, or an IPv6 address",
                    ));
                    nothing
                }
            };
        }
        match written.parse::<IpNet>() {
            Ok(network) if network.addr() != network.network() => {
                let fixed = network.trunc();
                self.say(errors::network(
                    span,
                    format!("`{written}` has bits set behind its prefix"),
                    format!("write `{fixed}`"),
                ));
                Literal::Network(fixed, verbatim)
            }
            Ok(network) => Literal::Network(network, verbatim),
            Err(_) => {
                self.say(errors::network(
                    span,
                    format!("`{written}` is no network"),
                    "an address and a prefix length: `10.0.0.0/8`, `2001:db8::/32`",
                ));
                nothing
            }
        }
    }
}
