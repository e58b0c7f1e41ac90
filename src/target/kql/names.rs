//! Names in KQL: which can stand bare and which need `['…']`, and names for new columns that hide nothing that is still read.

use super::tree::Name;

/// Small words without an underscore that are no words of KQL: names that rules often give.
const SAFE: [&str; 34] = [
    "account",
    "attempts",
    "average",
    "blocks",
    "caller",
    "callers",
    "calls",
    "changes",
    "denied",
    "deployments",
    "events",
    "failures",
    "hits",
    "largest",
    "mean",
    "model",
    "models",
    "n",
    "operation",
    "operations",
    "outputs",
    "payloads",
    "prompts",
    "requests",
    "responses",
    "service",
    "severity",
    "share",
    "smallest",
    "spread",
    "target",
    "tokens",
    "tools",
    "total",
];

/// Words of KQL with an underscore in them, as of Microsoft's parser 12.4; most begin like an operator or end in `_cs`.
const WORDS: [&str; 26] = [
    "contains_cs",
    "startswith_cs",
    "endswith_cs",
    "has_cs",
    "has_all",
    "has_any",
    "hasprefix_cs",
    "hassuffix_cs",
    "external_data",
    "extent_tags_retention",
    "force_remote",
    "query_results",
    "query_parameters",
    "restricted_view_access",
    "row_level_security",
    "rowstore_references",
    "rowstore_sealinfo",
    "with_itemindex",
    "with_match_id",
    "with_node_id",
    "with_source",
    "with_step_name",
    "entity_group",
    "inline_external_table",
    "datetime_pattern",
    "best_effort",
];

/// Whether a name means itself where it is written bare: no word of KQL, now or later, looks like it.
///
/// KQL's words are all lower case, so an upper-case letter settles it; so does an underscore within a name, but for a few words.
pub(super) fn is_safe(name: &str) -> bool {
    let shaped = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let telling = name.contains(|c: char| c.is_ascii_uppercase()) || name.trim_matches('_').contains('_');
    shaped && !name.starts_with("__") && (SAFE.contains(&name) || (telling && !WORDS.contains(&name)))
}

/// Names in use in one query.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    taken: Vec<String>,
}

impl Names {
    /// Keeps a name free of new meanings.
    pub(super) fn reserve(&mut self, name: &str) {
        if !self.is_taken(name) {
            self.taken.push(name.to_owned());
        }
    }

    /// Whether a name is in use, in any case: KQL tells `Word` and `word` apart, but readers don't, and neither do all engines.
    fn is_taken(&self, name: &str) -> bool {
        self.taken.iter().any(|taken| taken.eq_ignore_ascii_case(name))
    }

    /// A new name like the one wanted: letters, digits and underscores, and a number behind it where it is taken.
    pub(super) fn fresh(&mut self, wanted: &str) -> Name {
        let plain: String = wanted.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let plain = plain.trim_matches('_');
        let base = if plain.starts_with(|c: char| c.is_ascii_alphabetic()) {
            plain.to_owned()
        } else {
            format!("value_{plain}")
        };
        let base = base.trim_end_matches('_').to_owned();
        let mut name = base.clone();
        let mut number = 2;
        while self.is_taken(&name) {
            name = format!("{base}_{number}");
            number += 1;
        }
        self.taken.push(name.clone());
        Name::new(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_kql_are_not_safe() {
        for name in [
            "time", "where", "count", "first", "missing", "has_any", "__id", "a-b", "", "1a", "é", "a b", "A]", "kind",
            "_",
        ] {
            assert!(!is_safe(name), "{name}");
        }
        for name in
            ["window_start", "caller_id", "TimeGenerated", "_ResourceId", "total", "callerIpAddress", "properties_s"]
        {
            assert!(is_safe(name), "{name}");
        }
    }

    #[test]
    fn new_names_hide_nothing() {
        let mut names = Names::default();
        names.reserve("Caller");
        assert_eq!(names.fresh("Caller").0, "Caller_2");
        assert_eq!(names.fresh("caller").0, "caller_3");
        assert_eq!(names.fresh("caller.id").0, "caller_id");
        assert_eq!(names.fresh("http://x/y z").0, "http___x_y_z");
        assert_eq!(names.fresh("ö").0, "value");
        assert_eq!(names.fresh("1st").0, "value_1st");
    }
}
