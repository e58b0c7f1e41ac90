//! What an archive holds for a rule: takes a source and the files of a period, gives the source as those files were written, and after the rule
//! is known the days on which it can't be judged. A field that was not kept is not missing: nobody knows what it was.

use std::collections::{BTreeMap, BTreeSet};

use super::asked::{completed, of_counts};
use super::errors;
use super::plan::tier;
use crate::archive::{Archive, ArchiveFile, has_content};
use crate::bind::{ForSource, blind, field_expr, for_source};
use crate::diag::Diagnostic;
use crate::ir::{FieldId, LOCATED, Rule, Source, Stream, Tier};

/// The files of a period that have rows of a source.
pub(super) struct Held<'a> {
    archive: &'a Archive,
    source: &'a Source,
    stream: &'a Stream,
    files: Vec<&'a ArchiveFile>,
}

impl<'a> Held<'a> {
    pub(super) fn new(
        archive: &'a Archive,
        source: &'a Source,
        stream: &'a Stream,
        files: Vec<&'a ArchiveFile>,
    ) -> Held<'a> {
        Held { archive, source, stream, files }
    }

    /// The rule as it is judged, or why it can't be.
    pub(super) fn rule(&self, rule: &Rule) -> ForSource {
        let completed = completed(self.source, self.stream);
        // What the log itself does not carry was never counted either: so the rule as it was written is asked first.
        let whole = for_source(rule, &completed, self.stream);
        if !matches!(whole, ForSource::Rule(..)) || self.files.is_empty() {
            return whole;
        }
        let rule = &of_counts(rule, self.stream);
        let lacking = |id: &FieldId| self.files.iter().all(|file| self.lacks(file, *id));
        let lacking: BTreeSet<FieldId> = self.stream.ids().filter(lacking).collect();
        let mut kept = completed.clone();
        for id in self.stream.ids() {
            let given = field_expr(&completed, self.stream, id).filter(|_| !lacking.contains(&id));
            if let (Some(field), Some(absent)) = (kept.fields.get_mut(id.index()), kept.absent.get_mut(id.index())) {
                *absent = given.is_none().then(String::new);
                *field = given;
            }
        }
        match for_source(rule, &kept, self.stream) {
            ForSource::Refused(_) => {
                let names = blind(rule, &kept, self.stream);
                ForSource::Refused(names.iter().map(|name| self.refusal(rule, name)).collect())
            }
            other => other,
        }
    }

    /// The files to read for a rule, and the days that have to be left out, with a field that they lack.
    pub(super) fn files(&self, rule: &Rule) -> (Vec<&'a ArchiveFile>, BTreeMap<i64, String>) {
        let completed = completed(self.source, self.stream);
        let read: Vec<FieldId> = rule
            .fields(self.stream)
            .into_iter()
            .filter(|id| field_expr(&completed, self.stream, *id).is_some())
            .collect();
        let content = tier(rule, self.stream) == Tier::Content;
        let mut undecided = BTreeMap::new();
        for file in &self.files {
            if let Some(lacking) = read.iter().find(|id| self.lacks(file, **id)) {
                let name = self.stream.get(*lacking).map_or("", |field| field.name.as_str());
                undecided.entry(file.entry.day).or_insert_with(|| name.to_owned());
            }
        }
        let readable = |file: &&&ArchiveFile| !content || file.path(Tier::Content).is_some();
        (self.files.iter().filter(readable).copied().collect(), undecided)
    }

    /// Whether a file knows nothing of a field that the source gives.
    fn lacks(&self, file: &ArchiveFile, id: FieldId) -> bool {
        let Some(field) = self.stream.get(id) else { return false };
        if id == self.stream.time() || id == self.stream.event_id() {
            return false;
        }
        let kept = field.tier == Tier::Metadata || (file.path(Tier::Content).is_some() && self.archive.has_key());
        let mapping = self.archive.manifest().mappings.get(&file.entry.coverage.mapping);
        !kept || !mapping.is_some_and(|mapping| mapping.fields.contains_key(&field.name))
    }

    fn refusal(&self, rule: &Rule, name: &str) -> Diagnostic {
        let field = self.stream.field(name).and_then(|id| self.stream.get(id));
        let content = field.is_some_and(|field| field.tier == Tier::Content) && has_content(self.stream);
        let sealed = content && self.files.iter().any(|file| file.path(Tier::Content).is_some());
        errors::not_archived(
            rule,
            &self.source.name,
            name,
            match (content, sealed) {
                (true, true) => "text of users is encrypted there: give its key with `--content-key`",
                (true, false) => "text of users was not kept: read the logs again with `--content`",
                (false, _) if name == "prompt_digest" => "the logs were read without `--digest-key`",
                (false, _) if LOCATED.contains(&name) => {
                    "the logs were read without a database that has it: `skywatch archive rebuild --networks FILE` reads them again"
                }
                (false, _) => {
                    "the logs were read before their source gave it: `skywatch archive rebuild` reads them again"
                }
            },
        )
    }
}
