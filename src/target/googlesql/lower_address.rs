//! Addresses: takes text that may be one, gives its canonical text and tests of it. Values of type ip are texts here.
//!
//! `NET.SAFE_IP_FROM_STRING` reads what Rust's standard library reads: it gives 4 bytes or 16. An IPv4 address written as IPv6 is the
//! IPv4 address, so its 16 bytes are tested too.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use super::tree::{Node, Operator, Select, Sql, Type, Unnest};

/// How the hexadecimal bytes of an IPv4 address written as IPv6 begin.
const MAPPED: &str = "00000000000000000000ffff";
/// The network of those addresses has this length.
const MAPPED_LENGTH: u8 = 96;

/// The name of the address inside a test.
const NAME: &str = "ip";

fn ip() -> Sql {
    Sql::name(NAME, Type::Bytes)
}

/// The bytes of an address; `NULL` of what is none.
pub(super) fn bytes(text: Sql) -> Sql {
    Sql::call_or_null("NET.SAFE_IP_FROM_STRING", vec![text], Type::Bytes)
}

/// The text that the address has everywhere; `NULL` of what is none.
pub(super) fn canonical(text: Sql) -> Sql {
    let hex = || Sql::call("TO_HEX", vec![ip()], Type::String);
    let mapped = Sql::call("STARTS_WITH", vec![hex(), Sql::text(MAPPED)], Type::Bool);
    let inner = Sql::call("SUBSTR", vec![hex(), Sql::int(MAPPED.len() as i64 + 1)], Type::String);
    let plain = Sql::if_else(mapped, Sql::call("FROM_HEX", vec![inner], Type::Bytes), ip());
    let value = Sql::call("NET.IP_TO_STRING", vec![plain], Type::String);
    Sql::value_of(over(text, vec![(value, None)], Vec::new()), Type::String)
}

/// Whether the address is one of some.
pub(super) fn one_of(text: Sql, addresses: &[IpAddr]) -> Sql {
    let mut values = Vec::new();
    for address in addresses {
        values.push(constant(*address));
        if let IpAddr::V4(old) = address {
            values.push(constant(IpAddr::V6(old.to_ipv6_mapped())));
        }
    }
    bytes(text).one_of(values)
}

/// Whether the address is in one of some networks; false of what is no address.
pub(super) fn in_networks(text: Sql, networks: &[IpNet]) -> Sql {
    let tests = networks.iter().flat_map(tests).collect();
    Sql::exists(over(text, vec![(Sql::int(1), None)], vec![Sql::any(tests)]))
}

/// `SELECT … FROM UNNEST([address]) AS ip WHERE …`: the address, read once.
fn over(text: Sql, items: Vec<(Sql, Option<String>)>, filter: Vec<Sql>) -> Select {
    let list = Sql::new(Node::Array(vec![bytes(text)]), Type::Array(Box::new(Type::Bytes)), false);
    let unnest = vec![Unnest { list, name: NAME.to_owned(), offset: None }];
    Select { items, unnest, filter, ..Select::default() }
}

fn tests(network: &IpNet) -> Vec<Sql> {
    match network {
        IpNet::V4(old) => {
            let mapped = Ipv6Addr::from(old.network().to_ipv6_mapped());
            vec![
                in_one(old.prefix_len(), IpAddr::V4(old.network()), true),
                in_one(old.prefix_len() + MAPPED_LENGTH, IpAddr::V6(mapped), false),
            ]
        }
        IpNet::V6(new) => {
            let mapped = std::net::Ipv4Addr::UNSPECIFIED.to_ipv6_mapped();
            let inside = new.prefix_len() >= MAPPED_LENGTH && new.network().to_ipv4_mapped().is_some();
            if inside {
                // Those addresses are IPv4, so none is in an IPv6 network.
                return Vec::new();
            }
            let test = in_one(new.prefix_len(), IpAddr::V6(new.network()), false);
            if new.contains(&mapped) {
                let of_old = in_one(MAPPED_LENGTH, IpAddr::V6(mapped), false);
                return vec![Sql::all(vec![test, of_old.complement()])];
            }
            vec![test]
        }
    }
}

/// `NET.IP_TRUNC` fails where the prefix is longer than the address; no IPv4 prefix is.
fn in_one(prefix: u8, network: IpAddr, any_length: bool) -> Sql {
    let cut = Sql::call("NET.IP_TRUNC", vec![ip(), Sql::int(i64::from(prefix))], Type::Bytes);
    let cut = if any_length || prefix <= 32 {
        cut
    } else {
        let length = Sql::call("BYTE_LENGTH", vec![ip()], Type::Int64);
        cut.only_if(Sql::binary(Operator::Equal, length, Sql::int(16)))
    };
    Sql::binary(Operator::Equal, cut, constant(network))
}

fn constant(address: IpAddr) -> Sql {
    Sql::call("NET.IP_FROM_STRING", vec![Sql::text(address.to_string())], Type::Bytes)
}
