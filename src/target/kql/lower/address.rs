//! Addresses: networks, equality and presence, over what the language takes for an address.
//!
//! KQL's functions take more for an address than the language does (`10.1.2.3/8`) and answer null for what they can't read. So the text's
//! shape is tested first, and only then the function is asked. An IPv4-mapped IPv6 address is its IPv4 address.

use ipnet::{IpNet, Ipv6Net};

use super::super::errors;
use super::super::library::Own;
use super::super::tree::{Infix, Scalar};
use super::read::Raw;
use super::{Lower, Truth, refuse};
use crate::ir::{ColumnKind, Expr, ExprKind, Literal, Type};
use crate::target::said::{Said, gather};
use std::net::{IpAddr, Ipv4Addr};

impl Lower<'_> {
    /// The text in which an address stands, before it is read; none where it is computed.
    pub(super) fn address_text(&mut self, expr: &Expr) -> Said<Option<Scalar>> {
        let ExprKind::Read(raw) = &expr.kind else { return Ok(None) };
        let text = match self.raw(raw)? {
            Raw::Plain(column) if column.kind == ColumnKind::Text => Scalar::Column(super::Name::new(&column.name)),
            Raw::Json { scalar, whole: false } => {
                let text = Scalar::Own(Own::TextOf, vec![scalar]);
                self.once(text, "address_text")
            }
            _ => return Ok(None),
        };
        Ok(Some(text))
    }

    /// An address in one of the networks.
    pub(super) fn in_networks(&mut self, subject: &Expr, networks: &[IpNet]) -> Said<Truth> {
        let text = match self.address_text(subject)? {
            Some(text) => text,
            None => {
                let value = self.value(subject)?;
                self.once(value.scalar, "address_text")
            }
        };
        let mut plain = Vec::new();
        let mut wide = Vec::new();
        let mut mapped = Vec::new();
        for network in networks {
            match network {
                IpNet::V4(net) => {
                    plain.push(Scalar::text(net.trunc().to_string()));
                    let start = net.network().to_ipv6_mapped();
                    // Four bytes more in front; a prefix of a network is never over 128.
                    let net = Ipv6Net::new(start, net.prefix_len() + 96).unwrap_or_default();
                    mapped.push(Scalar::text(net.to_string()));
                }
                IpNet::V6(net) => wide.push((net.trunc(), Scalar::text(net.trunc().to_string()))),
            }
        }
        let mut tests = Vec::new();
        if !plain.is_empty() {
            let is_ipv4 = Scalar::Own(Own::IsIpv4, vec![text.clone()]);
            tests.push(Scalar::all(vec![is_ipv4, in_any("ipv4_is_in_any_range", text.clone(), plain)]));
        }
        let is_ipv6 = || Scalar::Own(Own::IsIpv6, vec![text.clone()]);
        if !mapped.is_empty() {
            tests.push(Scalar::all(vec![is_ipv6(), in_any("ipv6_is_in_any_range", text.clone(), mapped)]));
        }
        if !wide.is_empty() {
            // `::/0` holds the mapped addresses too, but to the language these are IPv4 addresses.
            let all_mapped = Ipv6Net::new(Ipv4Addr::UNSPECIFIED.to_ipv6_mapped(), 96).unwrap_or_default();
            let overlaps = wide.iter().any(|(net, _)| net.contains(&all_mapped) || all_mapped.contains(net));
            let nets = wide.into_iter().map(|(_, text)| text).collect();
            let mut parts = vec![is_ipv6(), in_any("ipv6_is_in_any_range", text.clone(), nets)];
            if overlaps {
                let among = in_any("ipv6_is_in_any_range", text.clone(), vec![Scalar::text(all_mapped.to_string())]);
                parts.push(Scalar::call("not", [Scalar::call("coalesce", [among, Scalar::Bool(false)])]));
            }
            tests.push(Scalar::all(parts));
        }
        Ok(Truth::nullable(Scalar::any(tests), true))
    }

    /// An address that is one of the constants.
    pub(super) fn one_of_addresses(&mut self, subject: &Expr, options: &[Literal]) -> Said<Truth> {
        let networks: Vec<IpNet> = options
            .iter()
            .filter_map(|option| match option {
                Literal::Ip(ip) => Some(IpNet::from(ip.to_canonical())),
                _ => None,
            })
            .collect();
        self.in_networks(subject, &networks)
    }

    pub(super) fn equal_addresses(&mut self, left: &Expr, right: &Expr) -> Said<Truth> {
        for (one, other) in [(left, right), (right, left)] {
            if let Some(Literal::Ip(ip)) = other.as_literal() {
                let ip: IpAddr = ip.to_canonical();
                return self.in_networks(one, &[IpNet::from(ip)]);
            }
        }
        if left.ty != Type::Ip || right.ty != Type::Ip {
            return refuse(errors::unbound(left.span));
        }
        let mut texts = gather([left, right].map(|side| self.value(side)))?.into_iter().map(|value| value.scalar);
        let (Some(one), Some(other)) = (texts.next(), texts.next()) else { return refuse(errors::unbound(left.span)) };
        let one = self.once(one, "address_text");
        let present = Scalar::call("isnotempty", [one.clone()]);
        Ok(Truth::plain(Scalar::all(vec![present, Scalar::infix(one, Infix::Equal, other)])))
    }
}

fn in_any(function: &'static str, text: Scalar, networks: Vec<Scalar>) -> Scalar {
    let mut args = vec![text];
    args.extend(networks);
    Scalar::Call(function, args)
}
