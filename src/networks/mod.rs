//! Databases of networks: takes files that the user gives, gives for an address the country, the system number and the place that they know.
//!
//! Two formats: MaxMind's (`.mmdb`), and CSV (`.csv`) with a column `network`. In a file the smallest network around an address counts, whole.
//! Of several files the first that knows a field of an address does.

mod csv;
mod errors;
mod mmdb;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::diag::Diagnostic;
use crate::ir::{LOCATED, Position, on_earth, place_text};

/// Most bytes of a file: ten times the largest that is published.
const MAX_BYTES: u64 = 1 << 30;
/// Most characters of a place's name.
const MAX_NAME: usize = 200;

/// What is known of an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Whereabouts {
    /// Its country's ISO code.
    pub country: Option<Arc<str>>,
    /// The number of its autonomous system.
    pub asn: Option<u32>,
    /// Name and position: `Berlin (52.52,13.41)`.
    pub place: Option<Arc<str>>,
}

impl Whereabouts {
    /// What files say, in plain form; what is no country or place is said with what was expected.
    fn new(
        country: Option<&str>,
        asn: Option<u32>,
        name: Option<&str>,
        position: Option<Position>,
    ) -> Result<Whereabouts, String> {
        let country = country.map(country_code).transpose()?;
        if name.is_some_and(|name| name.chars().count() > MAX_NAME || name.chars().any(char::is_control)) {
            return Err(format!("a place's name of at most {MAX_NAME} characters on one line"));
        }
        if position.is_some_and(|position| !on_earth(position)) {
            return Err("a latitude from -90 to 90 and a longitude from -180 to 180".to_owned());
        }
        Ok(Whereabouts { country, asn, place: place_text(name, position).map(Arc::from) })
    }

    /// With what another knows where this knows nothing.
    fn or(self, other: Whereabouts) -> Whereabouts {
        Whereabouts {
            country: self.country.or(other.country),
            asn: self.asn.or(other.asn),
            place: self.place.or(other.place),
        }
    }

    /// The names of the fields that it has.
    fn fields(&self) -> impl Iterator<Item = &'static str> {
        let there = [self.country.is_some(), self.asn.is_some(), self.place.is_some()];
        LOCATED.into_iter().zip(there).filter(|(_, there)| *there).map(|(name, _)| name)
    }
}

/// `de` is DE.
fn country_code(text: &str) -> Result<Arc<str>, String> {
    if text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        Ok(text.to_ascii_uppercase().into())
    } else {
        Err(format!("a country's code of two letters, not `{text}`"))
    }
}

/// The user's databases, in their order.
#[derive(Debug)]
pub struct Networks {
    databases: Vec<Database>,
    fields: BTreeSet<&'static str>,
    digest: String,
}

#[derive(Debug)]
enum Database {
    Csv(csv::Table),
    MaxMind(mmdb::Tree),
}

impl Networks {
    /// Reads databases.
    ///
    /// # Errors
    /// A file that can't be read, is too large, or is no database; a line that is wrong.
    pub fn read(paths: &[PathBuf]) -> Result<Networks, Diagnostic> {
        let mut networks = Networks { databases: Vec::new(), fields: BTreeSet::new(), digest: String::new() };
        let mut whole = Sha256::new();
        for path in paths {
            check(path)?;
            let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
            let (database, fields, digest) = match ending.to_str() {
                Some("csv") => {
                    let (table, fields, digest) = csv::read(path)?;
                    (Database::Csv(table), fields, digest)
                }
                Some("mmdb") => {
                    let (tree, fields, digest) = mmdb::read(path)?;
                    (Database::MaxMind(tree), fields, digest)
                }
                _ => return Err(errors::unknown_format(path)),
            };
            networks.databases.push(database);
            networks.fields.extend(fields);
            whole.update(digest);
        }
        networks.digest = whole.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(networks)
    }

    /// The fields of events that they can fill.
    #[must_use]
    pub fn fields(&self) -> &BTreeSet<&'static str> {
        &self.fields
    }

    /// Of all their bytes: it changes with anything that could change an event.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What is known of an address; an IPv4-mapped one is the IPv4 address.
    ///
    /// # Errors
    /// A database that is damaged where it knows of this address.
    pub fn find(&self, address: IpAddr) -> Result<Whereabouts, Diagnostic> {
        let address = address.to_canonical();
        self.databases.iter().try_fold(Whereabouts::default(), |known, database| {
            Ok(known.or(match database {
                Database::Csv(table) => table.find(address),
                Database::MaxMind(tree) => tree.find(address)?,
            }))
        })
    }
}

/// A file that may be read into memory.
fn check(path: &Path) -> Result<(), Diagnostic> {
    let known = std::fs::metadata(path).map_err(|e| errors::unreadable(path, e))?;
    if !known.is_file() {
        return Err(errors::no_file(path));
    }
    if known.len() > MAX_BYTES {
        return Err(errors::too_large(path, known.len(), MAX_BYTES));
    }
    Ok(())
}
