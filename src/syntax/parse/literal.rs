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

    /// Says that an escape is not known, under the whole of it.
    fn bad_escape(&mut self, pair: &P<'_>, at: usize) {
        let start = pair.as_span().start() + 1 + at;
        let rest = pair.as_str().get(1 + at..).unwrap_or_default();
        let braced = rest.starts_with(r"\u{").then(|| rest.find('}')).flatten().map(|end| end + 1);
        let length = braced.or_else(|| rest.char_indices().nth(2).map(|(end, _)| end)).unwrap_or(rest.len());
        let span = self.at(start..start + length);
        self.say(errors::escape(span, rest.get(..length).unwrap_or_default()));
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
        let value = micros(written);
        let value = value.unwrap_or_else(|| {
            let span = self.span(pair);
            self.say(errors::literal(span, format!("duration `{written}` is out of range"), "at most 100_000_000d"));
            86_400 * SECOND
        });
        Literal::Duration(value, Verbatim(written.to_owned()))
    }

    pub(super) fn date(&mut self, pair: &P<'_>) -> Literal {
        let written = pair.as_str();
        let verbatim = Verbatim(written.to_owned());
        let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
        // Hours and minutes, or RFC 3339 with `Z`.
        let short = |clock: &str| clock.strip_suffix('Z').is_some_and(|c| c.split(':').all(|part| digits(part, 2)));
        let time = match written.split_once('T') {
            None => NaiveDate::parse_from_str(written, "%Y-%m-%d")
                .ok()
                .and_then(|date| date.and_hms_opt(0, 0, 0))
                .map(|t| t.and_utc()),
            Some((_, clock)) if clock.matches(':').count() == 1 && short(clock) => {
                NaiveDateTime::parse_from_str(written, "%Y-%m-%dT%H:%MZ").ok().map(|t| t.and_utc())
            }
            Some(_) if written.ends_with('Z') => DateTime::parse_from_rfc3339(written).ok().map(|t| t.to_utc()),
            Some(_) => None,
        };
        // A leap second is no time of the language: engines disagree on it.
        match time.filter(|t| t.timestamp_subsec_micros() < 1_000_000) {
            Some(time) => Literal::Time(time.timestamp_micros(), verbatim),
            None => {
                let span = self.span(pair);
                // With an offset, or without a zone, what was probably meant can be said.
                let zoned = DateTime::parse_from_rfc3339(written).ok().map(|t| t.to_utc());
                let unzoned = DateTime::parse_from_rfc3339(&format!("{written}Z")).ok().map(|t| t.to_utc());
                let meant = zoned.or(unzoned).map(|t| t.format("%Y-%m-%dT%H:%M:%SZ").to_string());
                self.say(errors::time(span, written, meant.as_deref()));
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
                Literal::Network(IpNet::default(), verbatim)
            }
        }
    }
}

/// The microseconds of a duration as rules write it, `1_500ms` to `90d`; none of what is no duration or out of range.
#[must_use]
pub fn micros(written: &str) -> Option<i64> {
    let (digits, unit) = written.split_at(written.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(written.len()));
    let scale = match unit {
        "ms" => SECOND / 1_000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3_600 * SECOND,
        "d" => 86_400 * SECOND,
        _ => return None,
    };
    digits.replace('_', "").parse::<i64>().ok().filter(|n| *n >= 0)?.checked_mul(scale)
}
