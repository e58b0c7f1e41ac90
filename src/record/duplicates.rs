//! Duplicates: takes the id, time and bytes of each record, gives those to drop, whatever the order in which they came.
//!
//! Of the records with one id, in the order of (time, bytes), one is kept if the last one kept lies more than 24 hours before it. Kept in
//! memory are digests of ids and bytes, not the bytes: of records with one id, one time and different bytes (a cloud that delivers a record
//! in two versions) the bytes are asked for again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sha2::{Digest as _, Sha256};

/// How far apart two records of one id are two events: more than this.
const SPAN: i64 = 24 * 3_600 * crate::ir::SECOND;

/// Half of a SHA-256: no two texts of one log share it.
pub(super) type Fingerprint = [u8; 16];

/// The fingerprint of bytes.
pub(super) fn fingerprint(bytes: &[u8]) -> Fingerprint {
    let mut half = Fingerprint::default();
    half.iter_mut().zip(Sha256::digest(bytes)).for_each(|(to, from)| *to = from);
    half
}

/// A record that has an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    pub(super) id: Fingerprint,
    pub(super) time: i64,
    pub(super) bytes: Fingerprint,
    /// Which record of the reading.
    pub(super) number: u64,
}

/// Ids that an archive has already, with their times: about 100 bytes an id. A record within 24 hours of one of them is a duplicate,
/// whichever came first: what is archived stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known(HashMap<Fingerprint, Vec<i64>>);

impl Known {
    /// Adds an event's id and time; an empty id is none.
    pub fn add(&mut self, id: &str, time: i64) {
        if !id.is_empty() {
            self.0.entry(fingerprint(id.as_bytes())).or_default().push(time);
        }
    }

    /// Forgets what no record from this time on is a duplicate of.
    pub fn forget(&mut self, time: i64) {
        self.0.retain(|_, times| {
            times.retain(|known| time.saturating_sub(*known) <= SPAN);
            !times.is_empty()
        });
    }

    fn near(&self, record: &Seen) -> bool {
        self.0.get(&record.id).is_some_and(|times| times.iter().any(|time| time.abs_diff(record.time) <= SPAN as u64))
    }
}

/// The numbers of the records to drop. `bytes_of` gives the bytes of records by number, as far as they can be had; it is called once, and only
/// if some are needed. Where one can't be had, the digests decide between it and the others.
pub(super) fn duplicates<E>(
    mut seen: Vec<Seen>,
    known: &Known,
    bytes_of: impl FnOnce(&BTreeMap<u64, Fingerprint>) -> Result<BTreeMap<u64, Vec<u8>>, E>,
) -> Result<BTreeSet<u64>, E> {
    let mut dropped = BTreeSet::new();
    seen.retain(|record| {
        let near = known.near(record);
        if near {
            dropped.insert(record.number);
        }
        !near
    });
    seen.sort_unstable();
    // One record for each version, of records of one id and time that differ.
    let mut versions: Vec<Vec<Seen>> = Vec::new();
    let mut kept: Option<Seen> = None;
    for moment in seen.chunk_by(|a, b| (a.id, a.time) == (b.id, b.time)) {
        let Some(first) = moment.first() else { continue };
        if kept.is_some_and(|kept| kept.id == first.id && first.time.saturating_sub(kept.time) <= SPAN) {
            dropped.extend(moment.iter().map(|record| record.number));
            continue;
        }
        kept = Some(*first);
        let mut different = Vec::new();
        for same in moment.chunk_by(|a, b| a.bytes == b.bytes) {
            different.extend(same.first());
            dropped.extend(same.iter().skip(1).map(|record| record.number));
        }
        if different.len() > 1 {
            versions.push(different);
        }
    }
    if versions.is_empty() {
        return Ok(dropped);
    }
    let wanted = versions.iter().flatten().map(|record| (record.number, record.bytes)).collect();
    let bytes = bytes_of(&wanted)?;
    for mut different in versions {
        if different.iter().all(|record| bytes.contains_key(&record.number)) {
            different.sort_by_key(|record| bytes.get(&record.number));
        }
        dropped.extend(different.iter().skip(1).map(|record| record.number));
    }
    Ok(dropped)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = SPAN / 24;

    /// The records (id, hours, bytes) that remain, given in an order.
    fn kept(records: &[(&str, i64, &str)]) -> Vec<usize> {
        kept_beside(&[], records)
    }

    /// The same, where an archive has these (id, hours).
    fn kept_beside(archived: &[(&str, i64)], records: &[(&str, i64, &str)]) -> Vec<usize> {
        let mut known = Known::default();
        archived.iter().for_each(|(id, hours)| known.add(id, hours * HOUR));
        let of = |(number, (id, hours, bytes)): (usize, &(&str, i64, &str))| Seen {
            id: fingerprint(id.as_bytes()),
            time: hours * HOUR,
            bytes: fingerprint(bytes.as_bytes()),
            number: number as u64,
        };
        let look = |wanted: &BTreeMap<u64, Fingerprint>| -> Result<_, ()> {
            Ok(wanted.keys().map(|at| (*at, records[*at as usize].2.as_bytes().to_vec())).collect())
        };
        let dropped = duplicates(records.iter().enumerate().map(of).collect(), &known, look).unwrap_or_default();
        (0..records.len()).filter(|at| !dropped.contains(&(*at as u64))).collect()
    }

    #[test]
    fn the_earliest_remains_for_24_hours() {
        assert_eq!(kept(&[("a", 5, "x"), ("a", 0, "x"), ("b", 1, "x"), ("a", 24, "x")]), [1, 2]);
        assert_eq!(kept(&[("a", 0, "x"), ("a", 25, "x")]), [0, 1]);
        // The second is dropped, so the third is measured from the first.
        assert_eq!(kept(&[("a", 0, "x"), ("a", 20, "x"), ("a", 40, "x")]), [0, 2]);
    }

    #[test]
    fn what_is_archived_stays() {
        let records = [("a", 0, "x"), ("a", 20, "x"), ("a", 30, "x"), ("b", 0, "x")];
        assert_eq!(kept_beside(&[("a", 0)], &records), [2, 3]);
        // An earlier one that comes late does not push it out.
        assert_eq!(kept_beside(&[("a", 40)], &records), [0, 3]);
        assert_eq!(kept_beside(&[("b", 0), ("a", 0), ("a", 26)], &records), [0; 0]);
    }

    #[test]
    fn without_bytes_digests_decide() {
        let seen =
            |number, bytes: &str| Seen { id: fingerprint(b"a"), time: 0, bytes: fingerprint(bytes.as_bytes()), number };
        let dropped = |a, b| {
            let seen = vec![seen(0, a), seen(1, b)];
            duplicates(seen, &Known::default(), |_| Ok::<_, ()>(BTreeMap::new())).unwrap_or_default().contains(&0)
        };
        assert_ne!(dropped("x", "y"), dropped("y", "x"));
    }

    #[test]
    fn of_equal_times_the_smallest_bytes_remain() {
        assert_eq!(kept(&[("a", 0, "b"), ("a", 0, "a"), ("a", 0, "ab")]), [1]);
        assert_eq!(kept(&[("a", 0, "b"), ("a", 0, "a"), ("a", 0, "a"), ("a", 1, "0")]), [1]);
        assert_eq!(kept(&[("a", 0, "x"), ("a", 0, "x")]), [0]);
    }
}
