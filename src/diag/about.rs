//! What a lint says of itself: its code and name, why it exists, and two examples that are its page and its test.

/// What kind of fault a lint looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The rule can't mean what it says.
    Meaning,
    /// The rule costs more than it has to.
    Cost,
    /// Whoever gets the alert, or keeps the rule, lacks something.
    Care,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::Meaning, Kind::Cost, Kind::Care];

    /// The word in `[levels]`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::Meaning => "meaning",
            Kind::Cost => "cost",
            Kind::Care => "care",
        }
    }
}

/// What becomes of a lint's findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing: it does not run.
    Allow,
    /// They are warnings.
    Warn,
    /// They are errors.
    Deny,
}

impl Level {
    /// From the mildest to the strictest.
    pub const ALL: [Level; 3] = [Level::Allow, Level::Warn, Level::Deny];

    /// The word in `[levels]`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Level::Allow => "allow",
            Level::Warn => "warn",
            Level::Deny => "deny",
        }
    }

    /// The level written so.
    #[must_use]
    pub fn find(word: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.word() == word)
    }
}

/// A lint, as it is documented.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct About {
    /// `W0101`; for ever.
    pub code: &'static str,
    /// `constant-condition`: reads well behind "allow".
    pub name: &'static str,
    /// What it looks for.
    pub kind: Kind,
    /// What becomes of its findings where a pack does not say.
    pub level: Level,
    /// A few words that name the fault.
    pub title: &'static str,
    /// What goes wrong, and what to do: a few sentences of Markdown.
    pub why: &'static str,
    /// The text of a file in which it finds something.
    pub bad: &'static str,
    /// The same without the fault.
    pub good: &'static str,
}

impl About {
    /// Its page, as Markdown.
    #[must_use]
    pub fn page(&self) -> String {
        let About { code, name, kind, level, title, why, bad, good } = self;
        let (kind, level) = (kind.word(), level.word());
        format!(
            "# {code} {name}: {title}\n\nOf kind `{kind}`; without an entry in `[levels]` it is at `{level}`.\n\n{why}\n\nFound in:\n\n\
             ```sky\n{bad}\n```\n\nNot in:\n\n```sky\n{good}\n```\n",
            why = why.trim(),
            bad = bad.trim(),
            good = good.trim(),
        )
    }
}
