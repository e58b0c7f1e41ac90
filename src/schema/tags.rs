//! The tags that rules may carry: MITRE ATLAS and OWASP ids from lists that ship, ATT&CK ids by their form: of those a list
//! that ships knows the names, but ATT&CK grows, and a tag that was taken stays taken.

const ATLAS: &str = include_str!("tags/atlas.csv");
const ATTACK: &str = include_str!("tags/attack.csv");
const OWASP: &str = include_str!("tags/owasp.csv");

/// Why a tag is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagError {
    /// Its first part is none of `atlas`, `owasp`, `attack`.
    UnknownScheme,
    /// Its id is not in the scheme's list.
    UnknownId,
    /// Its id does not have the scheme's form.
    BadForm,
}

/// The schemes of tags.
pub const SCHEMES: [&str; 3] = ["atlas", "attack", "owasp"];

/// The ids and names of a scheme that ships with a list.
pub fn ids(scheme: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    list(scheme).lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(','))
}

fn list(scheme: &str) -> &'static str {
    match scheme {
        "atlas" => ATLAS,
        "attack" => ATTACK,
        "owasp" => OWASP,
        _ => "",
    }
}

/// What the list of a scheme is of, with its release: `MITRE ATLAS 5.6.0`.
#[must_use]
pub fn release(scheme: &str) -> &'static str {
    list(scheme).strip_prefix("# ").and_then(|line| line.split(':').next()).unwrap_or_default()
}

/// The name of a tag (`atlas:AML.T0051` is `LLM Prompt Injection`); none for an ATT&CK id that the list does not have.
///
/// # Errors
/// A scheme or id that is not known.
pub fn name(tag: &str) -> Result<Option<&'static str>, TagError> {
    let (scheme, id) = tag.split_once(':').unwrap_or((tag, ""));
    match scheme {
        "attack" if attack_id(id) => Ok(ids(scheme).find(|(known, _)| *known == id).map(|(_, name)| name)),
        "attack" => Err(TagError::BadForm),
        "atlas" | "owasp" => {
            ids(scheme).find(|(known, _)| *known == id).map(|(_, name)| Some(name)).ok_or(TagError::UnknownId)
        }
        _ => Err(TagError::UnknownScheme),
    }
}

/// `T1562` or `T1562.008`.
fn attack_id(id: &str) -> bool {
    let (technique, sub) = id.split_once('.').map_or((id, None), |(technique, sub)| (technique, Some(sub)));
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    technique.strip_prefix('T').is_some_and(|t| digits(t, 4)) && sub.is_none_or(|sub| digits(sub, 3))
}
