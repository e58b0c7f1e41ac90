//! Databases as CSV: takes a file with a column `network`, gives what it knows of an address. One network a line, smaller ones inside larger
//! ones in any order; the columns that MaxMind's own files have are known too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;
use sha2::{Digest, Sha256};

use super::{Whereabouts, errors};
use crate::csv::cells;
use crate::diag::Diagnostic;
use crate::ir::{LOCATED, degrees};

/// Most networks of a file.
const MAX_NETWORKS: usize = 8_000_000;
/// Most bytes of a line.
const MAX_LINE: u64 = 64 << 10;

/// The names of each column; of several the first one is read.
const NETWORK: &[&str] = &["network"];
const COUNTRY: &[&str] = &["country_iso_code", "country_code", "country"];
const ASN: &[&str] = &["autonomous_system_number", "asn"];
const PLACE: &[&str] = &["place", "city_name", "city"];
const LATITUDE: &[&str] = &["latitude"];
const LONGITUDE: &[&str] = &["longitude"];
/// A column of MaxMind's files that points into another file.
const GEONAME: &[&str] = &["geoname_id"];

/// The networks of a file.
#[derive(Debug)]
pub(super) struct Table {
    v4: Ranges,
    v6: Ranges,
    /// What is known, each once.
    known: Vec<Whereabouts>,
}

/// Networks of one version by their first address; of those with the same first address the largest comes first.
#[derive(Debug, Default)]
struct Ranges(Vec<Range>);

#[derive(Debug)]
struct Range {
    first: u128,
    last: u128,
    /// The smallest network around this one, by its place.
    around: Option<u32>,
    /// By its place in what is known.
    known: u32,
    line: u32,
}

/// Which columns are read.
struct Columns {
    count: usize,
    network: usize,
    country: Option<usize>,
    asn: Option<usize>,
    place: Option<usize>,
    position: Option<(usize, usize)>,
}

/// The database, the fields that it has, and the digest of its bytes.
pub(super) fn read(path: &Path) -> Result<(Table, BTreeSet<&'static str>, Vec<u8>), Diagnostic> {
    let file = File::open(path).map_err(|e| errors::unreadable(path, e))?;
    let mut lines = Lines { path, reader: BufReader::new(file), line: 0, digest: Sha256::new(), bytes: Vec::new() };
    let columns = match lines.next_line()? {
        Some(header) => Columns::named(path, header)?,
        None => return Err(errors::no_columns(path)),
    };
    let (mut v4, mut v6, mut ids) = (Ranges::default(), Ranges::default(), BTreeMap::new());
    while let Some(text) = lines.next_line()? {
        if text.trim().is_empty() {
            continue;
        }
        let read = columns.read(text);
        let line = lines.line;
        let (network, known) = read.map_err(|expected| errors::bad_line(path, line, &expected))?;
        if v4.0.len() + v6.0.len() == MAX_NETWORKS {
            return Err(errors::too_many(path, MAX_NETWORKS));
        }
        let next = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let known = *ids.entry(known).or_insert(next);
        let ranges = if matches!(network, IpNet::V4(_)) { &mut v4 } else { &mut v6 };
        ranges.0.push(Range {
            first: bits(network.network()),
            last: bits(network.broadcast()),
            around: None,
            known,
            line: u32::try_from(line).unwrap_or(u32::MAX),
        });
    }
    v4.nest(path)?;
    v6.nest(path)?;
    let mut known: Vec<(u32, Whereabouts)> = ids.into_iter().map(|(known, id)| (id, known)).collect();
    known.sort_by_key(|(id, _)| *id);
    let known = known.into_iter().map(|(_, known)| known).collect();
    Ok((Table { v4, v6, known }, columns.fields(), lines.digest.finalize().to_vec()))
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl Table {
    /// What is known of an address.
    pub(super) fn find(&self, address: IpAddr) -> Whereabouts {
        let ranges = if address.is_ipv4() { &self.v4 } else { &self.v6 };
        let known = ranges.around(bits(address)).and_then(|known| self.known.get(known as usize));
        known.cloned().unwrap_or_default()
    }
}

impl Ranges {
    /// Sorts them and finds for each the one that it lies in.
    fn nest(&mut self, path: &Path) -> Result<(), Diagnostic> {
        self.0.sort_by(|a, b| (a.first, b.last, a.line).cmp(&(b.first, a.last, b.line)));
        // Networks lie in one another or apart, so those around the next one are a stack.
        let mut open: Vec<(u32, u128, u128, u32)> = Vec::new();
        for (at, range) in (0..).zip(&mut self.0) {
            while open.last().is_some_and(|(_, _, last, _)| *last < range.first) {
                open.pop();
            }
            range.around = open.last().map(|(around, ..)| *around);
            if let Some((_, first, last, line)) = open.last()
                && (*first, *last) == (range.first, range.last)
            {
                return Err(errors::twice(path, *line, range.line));
            }
            open.push((at, range.first, range.last, range.line));
        }
        Ok(())
    }

    /// The smallest network around an address: the last one that begins before it, or one that that lies in.
    fn around(&self, address: u128) -> Option<u32> {
        let mut at = self.0.partition_point(|range| range.first <= address).checked_sub(1)?;
        loop {
            let range = self.0.get(at)?;
            if address <= range.last {
                return Some(range.known);
            }
            at = usize::try_from(range.around?).ok()?;
        }
    }
}

/// A file line by line.
struct Lines<'a> {
    path: &'a Path,
    reader: BufReader<File>,
    /// The number of the last one.
    line: u64,
    digest: Sha256,
    bytes: Vec<u8>,
}

impl Lines<'_> {
    /// The next one, without its end; none behind the last one.
    fn next_line(&mut self) -> Result<Option<&str>, Diagnostic> {
        self.bytes.clear();
        let mut limited = (&mut self.reader).take(MAX_LINE);
        limited.read_until(b'\n', &mut self.bytes).map_err(|e| errors::unreadable(self.path, e))?;
        if self.bytes.is_empty() {
            return Ok(None);
        }
        self.line += 1;
        self.digest.update(&self.bytes);
        if self.bytes.len() as u64 == MAX_LINE {
            let expected = format!("a line of less than {MAX_LINE} bytes");
            return Err(errors::bad_line(self.path, self.line, &expected));
        }
        let text = std::str::from_utf8(&self.bytes).map_err(|_| errors::bad_line(self.path, self.line, "UTF-8"))?;
        let text = if self.line == 1 { text.trim_start_matches('\u{feff}') } else { text };
        Ok(Some(text.trim_end_matches(['\n', '\r'])))
    }
}

impl Columns {
    fn named(path: &Path, header: &str) -> Result<Columns, Diagnostic> {
        let names = cells(header).map_err(|expected| errors::bad_line(path, 1, &expected))?;
        let names: Vec<String> = names.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
        let at = |known: &[&str]| known.iter().find_map(|known| names.iter().position(|name| name == known));
        let network = at(NETWORK).ok_or_else(|| errors::no_columns(path))?;
        let position = at(LATITUDE).zip(at(LONGITUDE));
        let columns =
            Columns { count: names.len(), network, country: at(COUNTRY), asn: at(ASN), place: at(PLACE), position };
        if [columns.country, columns.asn, columns.place].iter().all(Option::is_none) && position.is_none() {
            return Err(if at(GEONAME).is_some() { errors::only_numbers(path) } else { errors::no_columns(path) });
        }
        Ok(columns)
    }

    /// The fields that there are columns of.
    fn fields(&self) -> BTreeSet<&'static str> {
        let there = [self.country.is_some(), self.asn.is_some(), self.place.is_some() || self.position.is_some()];
        LOCATED.into_iter().zip(there).filter(|(_, there)| *there).map(|(name, _)| name).collect()
    }

    /// A line's network and what is known of it, or what was expected.
    fn read(&self, line: &str) -> Result<(IpNet, Whereabouts), String> {
        let cells = cells(line)?;
        if cells.len() != self.count {
            return Err(format!("{} cells as in the first line, not {}", self.count, cells.len()));
        }
        let cell = |at: usize| cells.get(at).map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
        let network = network(cell(self.network).unwrap_or_default())?;
        let asn = self.asn.and_then(cell).map(system_number).transpose()?;
        let position = match self.position.map(|(latitude, longitude)| (cell(latitude), cell(longitude))) {
            Some((Some(latitude), Some(longitude))) => {
                let read = degrees(latitude).zip(degrees(longitude));
                Some(read.ok_or_else(|| {
                    format!("latitude and longitude in degrees like `52.52`, not `{latitude}` and `{longitude}`")
                })?)
            }
            Some((None, None)) | None => None,
            Some(_) => return Err("a latitude with a longitude, or neither".to_owned()),
        };
        let known = Whereabouts::new(self.country.and_then(cell), asn, self.place.and_then(cell), position)?;
        Ok((network, known))
    }
}

/// `10.0.0.0/8`, or an address by itself. IPv4 written as IPv6 is IPv4.
fn network(text: &str) -> Result<IpNet, String> {
    let Some(network) = as_written(text) else {
        return Err(format!("a network like `203.0.113.0/24` or `2001:db8::/32`, not `{text}`"));
    };
    if network.addr() != network.network() {
        return Err(format!("`{}`, not `{text}` with bits behind its prefix", network.trunc()));
    }
    let IpNet::V6(mapped) = network else { return Ok(network) };
    let v4 = mapped.addr().to_ipv4_mapped().zip(mapped.prefix_len().checked_sub(96));
    Ok(v4.and_then(|(address, prefix)| IpNet::new(address.into(), prefix).ok()).unwrap_or(network))
}

fn as_written(text: &str) -> Option<IpNet> {
    let Some((address, prefix)) = text.split_once('/') else { return Some(text.parse::<IpAddr>().ok()?.into()) };
    let digits = prefix.bytes().all(|b| b.is_ascii_digit());
    IpNet::new(address.parse().ok()?, prefix.parse().ok().filter(|_| digits)?).ok()
}

/// `64500` or `AS64500`.
fn system_number(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix("AS").or_else(|| text.strip_prefix("as")).unwrap_or(text);
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    let number = digits.parse().ok().filter(|_| plain);
    number.ok_or_else(|| format!("a system number like `64500` or `AS64500`, not `{text}`"))
}
