//! Texts as comparisons see them: normalised by NFKC_Casefold, which ignores letter case and compatible ways to write a character.

use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;

static IGNORABLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\p{Default_Ignorable_Code_Point}+").ok());

/// toNFKC_Casefold of the Unicode Standard (section 3.13, R5): each character by its own mapping, then all in NFC.
pub(super) fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().map(mapping).collect::<String>().nfc().collect()
}

/// NFKC_CF of a character: folded and normalised, without what is to be ignored, until nothing changes.
fn mapping(c: char) -> String {
    let mut now = c.to_string();
    if c.is_ascii() {
        return now.to_ascii_lowercase();
    }
    loop {
        let normal: String = caseless::default_case_fold_str(&now).nfkc().collect();
        let next = match &*IGNORABLE {
            Some(ignorable) => ignorable.replace_all(&normal, "").into_owned(),
            None => normal,
        };
        if next == now {
            return next;
        }
        now = next;
    }
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn folds_as_unicode_says() {
        for (text, expected) in [
            ("ADA", "ada"),
            ("Straße", "strasse"),
            ("STRASSE", "strasse"),
            ("ﬁle", "file"),
            ("\u{212a}", "k"),
            ("\u{17f}", "s"),
            ("ＡＢＣ", "abc"),
            ("so\u{ad}ft", "soft"),
            ("zero\u{200b}width", "zerowidth"),
            ("e\u{301}", "é"),
            ("É", "é"),
            ("Σς", "σσ"),
            ("İ", "i\u{307}"),
            ("²", "2"),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_folded_folds_to_itself() {
        for c in (0..=0x1_FFFF).filter_map(char::from_u32) {
            let once = folded(&c.to_string());
            assert_eq!(folded(&once), once, "U+{:04X}", u32::from(c));
        }
    }
}
