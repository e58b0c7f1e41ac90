//! Databases in MaxMind's format: takes a file laid out like GeoLite2 or GeoIP2, gives what it knows of an address.

use std::collections::BTreeSet;
use std::fmt::{self, Formatter};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use maxminddb::{MaxMindDbError, Reader, WithinOptions};
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};
use sha2::{Digest, Sha256};

use super::{Whereabouts, errors};
use crate::diag::Diagnostic;
use crate::ir::LOCATED;

/// So many networks, empty ones too, are looked at to know what the database is of: its records have the same parts.
const LOOKED_AT: usize = 65_536;

/// The parts of a record that are read; all others are passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Record<'a> {
    #[serde(borrow)]
    country: Country<'a>,
    #[serde(borrow)]
    city: City<'a>,
    location: Location,
    autonomous_system_number: Option<Number>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Country<'a> {
    iso_code: Option<&'a str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct City<'a> {
    #[serde(borrow)]
    names: Names<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Names<'a> {
    en: Option<&'a str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Location {
    latitude: Option<Number>,
    longitude: Option<Number>,
}

/// A number, whichever of the format's types holds it.
#[derive(Debug, Clone, Copy)]
struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Number;

            fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number")
            }

            #[expect(clippy::cast_precision_loss, reason = "system numbers have 32 bits")]
            fn visit_u64<E>(self, number: u64) -> Result<Number, E> {
                Ok(Number(number as f64))
            }

            fn visit_i32<E>(self, number: i32) -> Result<Number, E> {
                Ok(Number(number.into()))
            }

            /// The shortest decimal number that it stands for: `52.52`, not `52.52000045776367`.
            fn visit_f32<E>(self, number: f32) -> Result<Number, E> {
                Ok(Number(number.to_string().parse().unwrap_or(number.into())))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Number, E> {
                Ok(Number(number))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl Number {
    /// Where it is one of 32 bits without a sign.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is looked at before")]
    fn system(self) -> Result<u32, String> {
        let whole = self.0.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&self.0);
        if whole { Ok(self.0 as u32) } else { Err(format!("a system number, not `{}`", self.0)) }
    }
}

/// A database.
#[derive(Debug)]
pub(super) struct Tree {
    path: PathBuf,
    reader: Reader<Vec<u8>>,
}

/// The database, the fields that it has, and the digest of its bytes.
pub(super) fn read(path: &Path) -> Result<(Tree, BTreeSet<&'static str>, Vec<u8>), Diagnostic> {
    let bytes = std::fs::read(path).map_err(|e| errors::unreadable(path, e))?;
    let digest = Sha256::digest(&bytes).to_vec();
    let reader = Reader::from_source(bytes).map_err(|e| errors::damaged(path, e))?;
    let tree = Tree { path: path.to_owned(), reader };
    let fields = tree.fields()?;
    if fields.is_empty() {
        return Err(errors::nothing_known(path, &tree.reader.metadata().database_type));
    }
    Ok((tree, fields, digest))
}

impl Tree {
    /// What the first networks have.
    fn fields(&self) -> Result<BTreeSet<&'static str>, Diagnostic> {
        let mut found = BTreeSet::new();
        // A tree may lead to nothing on more ways than can be walked.
        let options = WithinOptions::default().include_networks_without_data();
        let networks = self.reader.networks(options).map_err(|e| self.damaged(e))?;
        for network in networks.take(LOOKED_AT) {
            let record = network.and_then(|network| network.decode::<Record<'_>>()).map_err(|e| self.damaged(e))?;
            found.extend(self.whereabouts(record)?.fields());
            if found.len() == LOCATED.len() {
                break;
            }
        }
        Ok(found)
    }

    /// What is known of an address.
    pub(super) fn find(&self, address: IpAddr) -> Result<Whereabouts, Diagnostic> {
        if address.is_ipv6() && self.reader.metadata().ip_version == 4 {
            return Ok(Whereabouts::default());
        }
        let found = self.reader.lookup(address).and_then(|found| found.decode::<Record<'_>>());
        self.whereabouts(found.map_err(|e| self.damaged(e))?)
    }

    fn whereabouts(&self, record: Option<Record<'_>>) -> Result<Whereabouts, Diagnostic> {
        let Some(record) = record else { return Ok(Whereabouts::default()) };
        let text = |text: Option<&'_ str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let (country, name) = (text(record.country.iso_code), text(record.city.names.en));
        let position = record.location.latitude.zip(record.location.longitude);
        let position = position.map(|(latitude, longitude)| (latitude.0, longitude.0));
        let asn = record.autonomous_system_number.map(Number::system).transpose();
        asn.and_then(|asn| Whereabouts::new(country.as_deref(), asn, name.as_deref(), position))
            .map_err(|expected| errors::damaged(&self.path, format!("expected {expected}")))
    }

    fn damaged(&self, cause: MaxMindDbError) -> Diagnostic {
        errors::damaged(&self.path, cause)
    }
}
