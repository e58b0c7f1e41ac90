//! Functions of addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Function, Trouble, on, strict};
use crate::emulator::googlesql::value::Val;

pub(super) const NET: &[Function] = &[
    strict(
        "NET.IP_FROM_STRING",
        &["STRING"],
        "BYTES",
        on!(Val::Text(a) => {
            address(a).map_or_else(|| Trouble::stops(format!("NET.IP_FROM_STRING: `{a}` is no address")), Ok)
        }),
    ),
    strict("NET.SAFE_IP_FROM_STRING", &["STRING"], "BYTES", on!(Val::Text(a) => Ok(address(a).into()))),
    strict(
        "NET.IP_TO_STRING",
        &["BYTES"],
        "STRING",
        on!(Val::Bytes(a) => {
            let shown = <[u8; 4]>::try_from(&**a).map(|octets| Ipv4Addr::from(octets).to_string());
            let shown = shown.or_else(|_| <[u8; 16]>::try_from(&**a).map(|octets| Ipv6Addr::from(octets).to_string()));
            shown.map_or_else(|_| Trouble::stops("NET.IP_TO_STRING: an address has 4 or 16 bytes"), |text| Ok(text.into()))
        }),
    ),
    strict(
        "NET.IP_NET_MASK",
        &["INT64", "INT64"],
        "BYTES",
        on!(Val::Int(bytes), Val::Int(prefix) => {
            match bytes {
                4 | 16 if (0..=bytes * 8).contains(prefix) => Ok(Val::Bytes(mask(usize::try_from(*bytes).unwrap_or_default(), *prefix).into())),
                _ => Trouble::stops("NET.IP_NET_MASK: 4 or 16 bytes, and a prefix within them"),
            }
        }),
    ),
    strict(
        "NET.IP_TRUNC",
        &["BYTES", "INT64"],
        "BYTES",
        on!(Val::Bytes(a), Val::Int(prefix) => {
            let bits = i64::try_from(a.len() * 8).unwrap_or_default();
            if !matches!(a.len(), 4 | 16) || !(0..=bits).contains(prefix) {
                return Trouble::stops("NET.IP_TRUNC: an address of 4 or 16 bytes, and a prefix within them");
            }
            Ok(Val::Bytes(a.iter().zip(mask(a.len(), *prefix)).map(|(byte, mask)| byte & mask).collect()))
        }),
    ),
    strict(
        "NET.IPV4_FROM_INT64",
        &["INT64"],
        "BYTES",
        on!(Val::Int(a) => {
            let number = u32::try_from(*a).or_else(|_| i32::try_from(*a).map(i32::cast_unsigned));
            number.map_or_else(|_| Trouble::stops("NET.IPV4_FROM_INT64: out of range"), |n| Ok(Val::Bytes(n.to_be_bytes().as_slice().into())))
        }),
    ),
    strict(
        "NET.IPV4_TO_INT64",
        &["BYTES"],
        "INT64",
        on!(Val::Bytes(a) => {
            let octets = <[u8; 4]>::try_from(&**a);
            octets.map_or_else(|_| Trouble::stops("NET.IPV4_TO_INT64: 4 bytes are wanted"), |o| Ok(Val::Int(i64::from(u32::from_be_bytes(o)))))
        }),
    ),
];

/// The bytes of an address, in the order of the network.
fn address(text: &str) -> Option<Val> {
    let bytes: Vec<u8> = match text.parse().ok()? {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    Some(Val::Bytes(bytes.into()))
}

fn mask(bytes: usize, prefix: i64) -> Vec<u8> {
    let bits = |at: usize| prefix.saturating_sub(i64::try_from(at * 8).unwrap_or(i64::MAX)).clamp(0, 8);
    (0..bytes).map(|at| u8::try_from(0xff00_u32 >> bits(at) & 0xff).unwrap_or_default()).collect()
}
