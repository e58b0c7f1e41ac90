//! Functions of IP addresses: what is no address is in no network.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::emulator::Failure;
use crate::emulator::cloudwatch::eval::Context;
use crate::emulator::cloudwatch::tree::Place;
use crate::emulator::cloudwatch::value::Cell;

/// A function of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emulator::cloudwatch) enum Function {
    Valid,
    ValidV4,
    ValidV6,
    InSubnet,
    InSubnetV4,
    InSubnetV6,
    NumberOfV4,
    Private,
}

/// Whether a subnet of the query can be one: CIDR, of the right family, beginning where the block does.
pub(super) fn check(function: Function, subnet: &str, at: &Place) -> Result<(), Failure> {
    let network = subnet.parse::<IpNet>();
    let wrong = matches!(
        (function, &network),
        (Function::InSubnetV4, Ok(IpNet::V6(_))) | (Function::InSubnetV6, Ok(IpNet::V4(_))) | (_, Err(_))
    );
    if wrong {
        return Err(Failure::rejected(
            format!("`{subnet}` is no such subnet; expected one as `192.0.2.0/24`"),
            at.clone(),
        ));
    }
    match network {
        Ok(network) if network.trunc() != network => {
            let message = format!("`{subnet}`, which does not begin where the block does (`{}`)", network.trunc());
            Err(Failure::unknown(message, at.clone()))
        }
        _ => Ok(()),
    }
}

pub(super) fn apply(function: Function, values: &[Cell], context: &Context<'_>, at: &Place) -> Result<Cell, Failure> {
    let text = |number: usize| values.get(number).map_or(Ok(None), |value| value.as_text(context.readings, at));
    let address = text(0)?.and_then(|text| text.parse::<IpAddr>().ok());
    if function == Function::NumberOfV4 {
        return Ok(match address {
            Some(IpAddr::V4(address)) => Cell::whole(i64::from(u32::from(address))),
            _ => Cell::Missing,
        });
    }
    let family = match function {
        Function::ValidV4 | Function::InSubnetV4 => address.filter(IpAddr::is_ipv4),
        Function::ValidV6 | Function::InSubnetV6 => address.filter(IpAddr::is_ipv6),
        _ => address,
    };
    let network = text(1)?.and_then(|text| text.parse::<IpNet>().ok());
    Ok(Cell::truth(match (function, family) {
        (_, None) => false,
        (Function::Private, Some(IpAddr::V4(address))) => address.is_private(),
        (Function::Private, Some(IpAddr::V6(_))) => {
            return Err(Failure::unknown("which IPv6 addresses are private", at.clone()));
        }
        (Function::InSubnet | Function::InSubnetV4 | Function::InSubnetV6, Some(address)) => {
            network.is_some_and(|network| network.contains(&address))
        }
        _ => true,
    }))
}
