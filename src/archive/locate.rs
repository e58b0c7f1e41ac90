//! Events with addresses in, the same with what the user's databases know of those addresses out. What a log says itself stays.

use std::net::IpAddr;

use rayon::prelude::*;

use super::write::Arrived;
use crate::bind::field_expr;
use crate::diag::Diagnostic;
use crate::eval::{Event, Value};
use crate::ir::{ADDRESS, LOCATED, Source, Stream};
use crate::networks::{Networks, Whereabouts};

/// What is looked up for the events of one stream.
#[derive(Debug)]
pub(super) struct Locate<'a> {
    networks: &'a Networks,
    /// The address, by its place in the stream.
    address: usize,
    /// Country, system number and place, likewise.
    fields: [Option<usize>; 3],
}

impl<'a> Locate<'a> {
    /// None where the stream has no addresses.
    pub(super) fn new(stream: &Stream, networks: &'a Networks) -> Option<Locate<'a>> {
        let at = |name| Some(stream.field(name)?.index());
        Some(Locate { networks, address: at(ADDRESS)?, fields: LOCATED.map(at) })
    }

    /// The fields that the events of a source have by this.
    pub(super) fn given(&self, source: &Source, stream: &Stream) -> Vec<&'static str> {
        let address = stream.field(ADDRESS).and_then(|id| field_expr(source, stream, id));
        let known = self.networks.fields().iter().copied();
        known.filter(|_| address.is_some()).collect()
    }

    /// Every event, on all processors.
    pub(super) fn events(&self, events: &mut [Arrived]) -> Result<(), Diagnostic> {
        events.par_iter_mut().try_for_each(|arrived| self.event(&mut arrived.event))
    }

    fn event(&self, event: &mut Event) -> Result<(), Diagnostic> {
        let Some(Value::Ip(address)) = event.fields.get(self.address) else { return Ok(()) };
        for (at, value) in self.fields.into_iter().zip(self.values(*address)?) {
            let field = at.and_then(|at| event.fields.get_mut(at)).filter(|field| !field.is_present());
            if let Some(field) = field {
                *field = value;
            }
        }
        Ok(())
    }

    /// In the order of the fields' names.
    fn values(&self, address: IpAddr) -> Result<[Value; 3], Diagnostic> {
        let Whereabouts { country, asn, place } = self.networks.find(address)?;
        let text = |text: Option<std::sync::Arc<str>>| text.map_or(Value::Missing, Value::Text);
        Ok([text(country), asn.map_or(Value::Missing, |asn| Value::Int(asn.into())), text(place)])
    }
}
