//! Retention: takes a policy and a day, removes what is older than its kind of data may be kept. Whole days by the events' own time, never by
//! that of files; first the manifest, then the files, and of content the keys.

use std::collections::{BTreeMap, BTreeSet};

use super::claim::{Claim, now};
use super::errors;
use super::maintain::{gc, remove, remove_content};
use super::manifest::{Change, Deed, FileEntry, Stored};
use super::open::Archive;
use super::usage::{Sums, mapping, sums_up, usage};
use super::write::{DAY, Layout, write};
use super::{CONTENT, QUARANTINE};
use crate::diag::Diagnostic;
use crate::eval::clock::day_text;
use crate::ir::{Retention, duration};
use crate::schema::Schema;

/// A clock that is further ahead of the last change than this, or behind it, is taken to be wrong.
const CLOCK: i64 = 366 * DAY;

/// Whether a day of a stream's data of a kind is over its time at a moment: the whole day lies before all that is kept.
fn expired(policy: &Retention, kind: &str, stream: &str, day: i64, at: i64) -> bool {
    let kept = policy.kept(kind).saturating_mul(DAY);
    (day + 1).saturating_mul(DAY) <= at.saturating_sub(kept) && !policy.held(stream, day)
}

/// What retention removes, or would.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Retained {
    /// Files, in the order of their paths.
    pub files: Vec<Stored>,
    /// Events whose metadata goes.
    pub rows: u64,
    /// Events whose text goes, and whose metadata stays.
    pub texts: u64,
    /// Records of the quarantine.
    pub quarantined: u64,
}

impl Retained {
    /// How many bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// Removes what the policy lets go at a time, which is now where none is given; with `only_list` nothing is removed.
///
/// # Errors
/// A clock that can't be right; an archive that can't be written.
pub fn retain(
    claim: &mut Claim,
    schema: &Schema,
    policy: &Retention,
    at: Option<i64>,
    only_list: bool,
) -> Result<Retained, Diagnostic> {
    let written = claim.manifest().written;
    let clock = at.unwrap_or_else(now);
    if at.is_none() && !(written..=written.saturating_add(CLOCK)).contains(&clock) {
        let apart = duration(clock.abs_diff(written).min(i64::MAX as u64) as i64 / DAY * DAY);
        return Err(errors::wrong_clock(&day_text(clock.div_euclid(DAY)), &day_text(written.div_euclid(DAY)), &apart));
    }
    let (mut retained, mut change) = (Retained::default(), Change::new(Deed::Retain));
    let (mut contents, mut others) = (Vec::new(), Vec::new());
    for file in claim.manifest().files.values() {
        let gone = expired(policy, &file.stream, &file.stream, file.day, clock);
        let content = file.content.as_ref().filter(|_| gone || expired(policy, CONTENT, &file.stream, file.day, clock));
        if gone || content.is_some() {
            change.drop.push(file.metadata.path.clone());
        }
        if gone {
            retained.rows += file.rows;
            others.push(file.metadata.path.clone());
            retained.files.push(file.metadata.clone());
        } else if content.is_some() {
            retained.texts += file.rows;
            change.add.push(FileEntry { content: None, ..file.clone() });
        }
        if let Some(content) = content {
            contents.push(content.path.clone());
            retained.files.push(content.clone());
        }
    }
    for aside in claim.manifest().quarantine.values().filter(|q| expired(policy, QUARANTINE, QUARANTINE, q.day, clock))
    {
        change.drop.push(aside.file.path.clone());
        others.push(aside.file.path.clone());
        retained.quarantined += aside.records;
        retained.files.push(aside.file.clone());
    }
    retained.files.sort_by(|a, b| a.path.cmp(&b.path));
    if only_list {
        return Ok(retained);
    }
    if !change.drop.is_empty() {
        let gone = |file: &&FileEntry| others.contains(&file.metadata.path);
        sum_up(claim, schema, claim.manifest().files.values().filter(gone), &mut change)?;
        claim.commit(change)?;
        remove_content(claim, &contents)?;
        others.iter().try_for_each(|path| remove(claim, path))?;
    }
    // What was put together, replaced or cut off is no younger than what it was made of.
    gc(claim, false)?;
    Ok(retained)
}

/// Writes the sums of calls that go: with them in one change, so that nothing is summed twice.
fn sum_up<'a>(
    claim: &Claim,
    schema: &Schema,
    files: impl Iterator<Item = &'a FileEntry>,
    change: &mut Change,
) -> Result<(), Diagnostic> {
    let archive = Archive::without_files(claim.root(), claim.manifest().clone(), None);
    let mut sums = Sums::default();
    for file in files {
        let stream = schema.stream(&file.stream).and_then(|index| schema.streams.get(index));
        let Some(stream) = stream.filter(|stream| sums_up(stream)) else { continue };
        let mut events = Vec::new();
        archive.read_entry(file, stream, &mut events)?;
        events.iter().for_each(|event| sums.add(stream, event));
    }
    let events = sums.events();
    let sources: BTreeSet<String> = events.iter().map(|arrived| arrived.event.source.to_string()).collect();
    let mut mappings = BTreeMap::new();
    for source in sources {
        let (digest, mapping) = mapping(&source);
        change.mappings.insert(digest.clone(), mapping);
        mappings.insert(source, digest);
    }
    let stream = usage();
    let layout = Layout { stream: &stream, mappings: &mappings, content: None, without: &[] };
    change.add.extend(write(claim, &layout, events, change.add.len())?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Hold, MAX_CONTENT_DAYS};

    #[test]
    fn whole_days_and_only_what_is_older() {
        let policy = Retention::default();
        let at = 100 * DAY;
        let expired = |kind: &str, day, at| expired(&policy, kind, "invocation", day, at);
        assert!(expired(CONTENT, 69, at) && !expired(CONTENT, 70, at) && !expired(CONTENT, 69, at - 1));
        assert!(expired("invocation", 9, at) && !expired("invocation", 10, at) && !expired("activity", 0, at));
    }

    #[test]
    fn a_hold_wins_and_content_has_an_end() {
        let hold = Hold { stream: Some("screening".to_owned()), from: 5, to: 7, because: "a case".to_owned() };
        let policy = Retention { days: [(CONTENT.to_owned(), 1_000)].into(), holds: vec![hold] };
        assert_eq!(policy.kept(CONTENT), MAX_CONTENT_DAYS);
        let expired = |stream: &str, day| expired(&policy, stream, stream, day, 1_000 * DAY);
        assert!(expired("screening", 4) && !expired("screening", 5) && !expired("screening", 7) && expired("span", 7));
    }
}
