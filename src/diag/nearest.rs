//! Takes a wrong name and the known ones, gives the one that was probably meant.

/// The known name nearest to `wrong`, if one is near enough to be worth offering.
#[must_use]
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wrong.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(score, _)| *score >= 0.84)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, name)| name)
}

/// The known id that is one slip away: a character too many, too few or another, or two that changed places. For ids, which all look alike.
#[must_use]
pub fn one_slip<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known.into_iter().find(|id| strsim::osa_distance(&wrong.to_lowercase(), &id.to_lowercase()) == 1)
}
