//! Functions of IP addresses and networks. A text that is none makes the result null.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Call, Function, Needs};
use crate::emulator::Failure;
use crate::emulator::kql::dynamic::plain;
use crate::emulator::kql::eval::Evaluated;
use crate::emulator::kql::readings::ADDRESS_FORMS;
use crate::emulator::kql::value::{Cell, Type};
use crate::json::Json;

const BOOL: Type = Type::Bool;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ipv4_is_in_range", &[Needs::Text, Needs::Text], BOOL, |call| in_range(call, v4)),
    Function::new("ipv6_is_in_range", &[Needs::Text, Needs::Text], BOOL, |call| in_range(call, v6)),
    Function::new("ipv4_is_in_any_range", &[Needs::Text, Needs::Any], BOOL, |call| in_any(call, v4)).repeats(),
    Function::new("ipv6_is_in_any_range", &[Needs::Text, Needs::Any], BOOL, |call| in_any(call, v6)).repeats(),
    Function::new("ipv4_is_private", &[Needs::Text], BOOL, is_private),
    Function::new("ipv4_is_match", &[Needs::Text, Needs::Text, Needs::Whole], BOOL, |call| {
        Ok(match compared(call, v4)? {
            Cell::Long(order) => Cell::Bool(order == 0),
            null => null,
        })
    })
    .optional(1),
    Function::new("ipv6_is_match", &[Needs::Text, Needs::Text, Needs::Whole], BOOL, |call| {
        Ok(match compared(call, v6)? {
            Cell::Long(order) => Cell::Bool(order == 0),
            null => null,
        })
    })
    .optional(1),
    Function::new("ipv4_compare", &[Needs::Text, Needs::Text, Needs::Whole], Type::Long, |call| compared(call, v4))
        .optional(1),
    Function::new("ipv6_compare", &[Needs::Text, Needs::Text, Needs::Whole], Type::Long, |call| compared(call, v6))
        .optional(1),
    Function::new("parse_ipv4", &[Needs::Text], Type::Long, parse_v4),
    Function::new("parse_ipv6", &[Needs::Text], Type::Text, |call| {
        let network = address(call, 0, v6)?;
        Ok(Cell::text(&network.map(|network| full(network.masked(network.prefix))).unwrap_or_default()))
    }),
];

/// An address with how many of its bits count.
#[derive(Debug, Clone, Copy)]
struct Network {
    bits: u128,
    prefix: u32,
    width: u32,
}

impl Network {
    /// The address with all bits after some set to 0.
    fn masked(self, prefix: u32) -> u128 {
        let dropped = self.width - prefix.min(self.width);
        if dropped >= 128 { 0 } else { self.bits >> dropped << dropped }
    }

    fn contains(self, other: Network) -> bool {
        other.masked(self.prefix) == self.masked(self.prefix)
    }
}

type Read = fn(&str) -> Option<Network>;

fn read<A: std::str::FromStr>(text: &str, width: u32, bits: impl Fn(A) -> u128) -> Option<Network> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, prefix.parse().ok().filter(|prefix| *prefix <= width)?),
        None => (text, width),
    };
    Some(Network { bits: bits(address.parse().ok()?), prefix, width })
}

fn v4(text: &str) -> Option<Network> {
    read(text.trim(), 32, |address: Ipv4Addr| u128::from(u32::from(address)))
}

/// An IPv4 address is one of IPv6, too, and its prefix counts from where it begins.
fn v6(text: &str) -> Option<Network> {
    let mapped =
        |network: Network| Network { bits: network.bits | 0xffff_0000_0000, prefix: network.prefix + 96, width: 128 };
    v4(text).map(mapped).or_else(|| read(text.trim(), 128, |address: Ipv6Addr| u128::from(address)))
}

/// An argument as an address. Forms that some readers know and no page speaks of are read the other way alone.
fn address(call: &Call<'_>, number: usize, read: Read) -> Result<Option<Network>, Failure> {
    let text = call.text(number)?;
    if let Some(network) = read(&text) {
        return Ok(Some(network));
    }
    let other = other_form(&text).and_then(|text| read(&text));
    Ok(other.filter(|_| call.engine.reads_other(ADDRESS_FORMS)))
}

/// An address without leading zeros and without its zone, and with the parts that it lacks before its last.
fn other_form(text: &str) -> Option<String> {
    let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let plain = match address.split_once('%') {
        Some((address, _)) => address.to_owned(),
        None => {
            let part = |part: &str| part.parse::<u16>().ok().and_then(|part| u8::try_from(part).ok());
            let parts: Option<Vec<u8>> = address.split('.').map(part).collect();
            let mut parts = parts.filter(|parts| (1..=4).contains(&parts.len()))?;
            while parts.len() < 4 {
                parts.insert(parts.len() - 1, 0);
            }
            parts.iter().map(u8::to_string).collect::<Vec<_>>().join(".")
        }
    };
    Some(prefix.map_or(plain.clone(), |prefix| format!("{plain}/{prefix}")))
}

fn in_range(call: &Call<'_>, read: Read) -> Evaluated {
    let Some((address, range)) = address(call, 0, read)?.zip(address(call, 1, read)?) else { return Ok(Cell::Null) };
    contained(call, address, &[range])
}

/// Whether an address lies in a range; whether a wider range lies in a narrower one is not documented.
fn contained(call: &Call<'_>, address: Network, ranges: &[Network]) -> Evaluated {
    if ranges.iter().any(|range| range.prefix > address.prefix) {
        return Err(call.unknown("a range that is looked for in a narrower one"));
    }
    Ok(Cell::Bool(ranges.iter().any(|range| range.contains(address))))
}

/// Ranges as arguments, or in lists.
fn in_any(call: &Call<'_>, read: Read) -> Evaluated {
    let Some(address) = address(call, 0, read)? else { return Ok(Cell::Null) };
    let mut ranges = Vec::new();
    for number in 1..call.given.len() {
        match call.cell(number) {
            Cell::Dynamic(Json::List(elements)) => ranges.extend(elements.iter().map(|one| plain(Cell::of_json(one)))),
            other => ranges.push(plain(other.clone())),
        }
    }
    let read_range = |cell: &Cell| match cell {
        Cell::Text(text) => read(text),
        _ => None,
    };
    let networks: Option<Vec<Network>> = ranges.iter().map(read_range).collect();
    let networks = networks.ok_or_else(|| call.unknown("a range that is none among others"))?;
    contained(call, address, &networks)
}

/// Of addresses with prefixes the shorter one counts.
fn compared(call: &Call<'_>, read: Read) -> Evaluated {
    let Some((one, other)) = address(call, 0, read)?.zip(address(call, 1, read)?) else { return Ok(Cell::Null) };
    let mut prefix = one.prefix.min(other.prefix);
    if call.has(2) {
        prefix = prefix.min(u32::try_from(call.whole(2)).unwrap_or(0));
    }
    Ok(Cell::Long(one.masked(prefix).cmp(&other.masked(prefix)) as i64))
}

fn is_private(call: &Call<'_>) -> Evaluated {
    let Some(network) = address(call, 0, v4)? else { return Ok(Cell::Null) };
    let private = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
    Ok(Cell::Bool(private.iter().filter_map(|range| v4(range)).any(|range| range.contains(network))))
}

fn parse_v4(call: &Call<'_>) -> Evaluated {
    let network = address(call, 0, v4)?;
    let number = network.and_then(|network| i64::try_from(network.masked(network.prefix)).ok());
    Ok(number.map(Cell::Long).unwrap_or_default())
}

/// All digits of an address of IPv6.
fn full(bits: u128) -> String {
    Ipv6Addr::from(bits).segments().map(|segment| format!("{segment:04x}")).join(":")
}
