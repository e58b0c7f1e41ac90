//! What an address is, in KQL: takes nothing, gives the patterns and bodies of the functions about addresses.
//!
//! KQL's own functions take more for an address than the language does, so the text's shape is tested by patterns: those of Rust's standard
//! library, which the tests hold them against.

use super::{Own, param};
use crate::target::kql::tree::{Infix, Scalar};

const H: &str = "[0-9A-Fa-f]{1,4}";
const OCTET: &str = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
/// How KQL's form of an IPv4-mapped address begins.
const MAPPED: &str = "0000:0000:0000:0000:0000:ffff:";

/// How an IPv4 address looks.
pub(super) fn ipv4_pattern() -> String {
    format!(r"^{OCTET}(?:\.{OCTET}){{3}}$")
}

/// How an IPv6 address looks: eight groups (an IPv4 tail stands for two), or fewer around one `::`; the third pattern counts them.
/// What stands after the last colon of a text with dots is to be an IPv4 address.
fn ipv6_patterns() -> [String; 3] {
    [
        format!(r"^(?:{H}:){{6}}(?:{H}:{H}|[0-9]+\.[0-9.]+)$"),
        format!(r"^(?:{H}(?::{H})*)?::(?:(?:{H}:)*(?:{H}|[0-9]+\.[0-9.]+))?$"),
        "^:{0,2}(?:(?:[0-9A-Fa-f]+:{0,2}){0,7}|(?:[0-9A-Fa-f]+:{1,2}){0,5}[0-9]+\\.[0-9.]+)$".to_owned(),
    ]
}

/// Whether text is an IPv6 address.
pub(super) fn is_ipv6() -> Scalar {
    let [whole, shortened, counted] = ipv6_patterns().map(|pattern| Scalar::matches(param("text"), pattern));
    let tail = Scalar::call("extract", [Scalar::text("[^:]+$"), Scalar::Long(0), param("text")]);
    let no_dot = Scalar::infix(param("text"), Infix::NotContains, Scalar::text("."));
    Scalar::all(vec![
        Scalar::any(vec![whole, Scalar::all(vec![shortened, counted])]),
        Scalar::any(vec![no_dot, Scalar::Own(Own::IsIpv4, vec![tail])]),
    ])
}

/// Two hexadecimal digits as an int.
pub(super) fn octet_at() -> Scalar {
    let digit = |offset: i64| {
        let at = if offset == 0 { param("at") } else { Scalar::infix(param("at"), Infix::Add, Scalar::Long(offset)) };
        let character = Scalar::call("substring", [param("text"), at, Scalar::Long(1)]);
        Scalar::call("indexof", [Scalar::text("0123456789abcdef"), character])
    };
    let high = Scalar::infix(Scalar::Long(16), Infix::Multiply, digit(0));
    Scalar::infix(high, Infix::Add, digit(1))
}

/// From KQL's form (eight groups of four digits) to the shortest: no leading zeros, the first of the longest runs of zeros as `::`.
pub(super) fn short_ipv6() -> Scalar {
    let replace = |text: Scalar, pattern: String, with: &str| {
        Scalar::call("replace_regex", [text, Scalar::text(pattern), Scalar::text(with)])
    };
    let padded = Scalar::call("strcat", [Scalar::text(":"), param("text"), Scalar::text(":")]);
    let mut text = replace(padded, ":0{1,3}([0-9a-f])".to_owned(), r":\1");
    // Once a run is cut out, `::` stands in the text, and no shorter run is sought any more.
    for run in (1..=7).rev() {
        text = replace(text, format!("^((?::[0-9a-f]+)*?):0(?::0){{{run}}}:((?:[0-9a-f]+:)*)$"), r"\1::\2");
    }
    text = replace(text, "^:([^:])".to_owned(), r"\1");
    replace(text, "([^:]):$".to_owned(), r"\1")
}

/// The one text of an address; empty where it is none. A mapped one is its IPv4 address.
pub(super) fn address_of() -> Scalar {
    let full = || Scalar::call("parse_ipv6", [param("text")]);
    let mut octets = Vec::new();
    for at in [30, 32, 35, 37] {
        if !octets.is_empty() {
            octets.push(Scalar::text("."));
        }
        octets.push(Scalar::Own(Own::OctetAt, vec![full(), Scalar::Long(at)]));
    }
    let args = [
        Scalar::Own(Own::IsIpv4, vec![param("text")]),
        param("text"),
        Scalar::call("not", [Scalar::Own(Own::IsIpv6, vec![param("text")])]),
        Scalar::text(""),
        Scalar::infix(full(), Infix::StartsWith, Scalar::text(MAPPED)),
        Scalar::call("strcat", octets),
        Scalar::Own(Own::ShortIpv6, vec![full()]),
    ];
    Scalar::call("case", args)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    /// What `is_ipv4` and `is_ipv6` say, run by the engine whose syntax Kusto has.
    fn shapes(text: &str) -> (bool, bool) {
        let found = |pattern: &str, text: &str| Regex::new(pattern).is_ok_and(|regex| regex.is_match(text));
        let is_ipv4 = |text: &str| found(&ipv4_pattern(), text);
        let [whole, shortened, counted] = ipv6_patterns();
        let shape = found(&whole, text) || (found(&shortened, text) && found(&counted, text));
        let tail = text.rsplit(':').next().unwrap_or_default();
        (is_ipv4(text), shape && (!text.contains('.') || is_ipv4(tail)))
    }

    #[track_caller]
    fn agrees(text: &str) {
        let parsed = (text.parse::<Ipv4Addr>().is_ok(), text.parse::<Ipv6Addr>().is_ok());
        assert_eq!(shapes(text), parsed, "{text}");
    }

    #[test]
    fn addresses_are_what_rust_reads() {
        for text in [
            "10.0.0.1",
            "255.255.255.255",
            "256.1.1.1",
            "01.1.1.1",
            "1.1.1",
            "1.1.1.1.",
            "1.1.1.1/8",
            "::",
            ":::",
            "1::",
            "::1",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8",
            "1::3:4:5:6:7:8",
            "1:2:3:4::5:6:7:8",
            "1::2::3",
            "12345::",
            "::ffff:1.2.3.4",
            "1:2:3:4:5:6:1.2.3.4",
            "1:2:3:4:5:6:7:1.2.3.4",
            "::2:3:4:5:6:1.2.3.4",
            "1::3:4:5:6:1.2.3.4",
            "1:2:3:4:5::1.2.3.4",
            "1:2:3:4:5:6::1.2.3.4",
            "::1.2.3",
            "::1.2.3.4.5",
            "::01.2.3.4",
            "1.2.3.4::",
            "1.2.3.4",
            "fe80::1%eth0",
            "[::1]",
            "",
            ":",
            "a",
            "g::",
            "::1 ",
            " ::1",
            "::1\n",
            "1:2:3:4:5:6:7.8",
            "::7.8",
        ] {
            agrees(text);
        }
    }

    proptest! {
        #[test]
        fn addresses_of_all_shapes(parts in prop::collection::vec("(|[0-9a-fA-F]{1,5}|[0-9]{1,3}(\\.[0-9]{1,3}){3})", 1..10)) {
            agrees(&parts.join(":"));
        }

        #[test]
        fn real_addresses(bits in any::<u128>(), mask in any::<u128>(), more in any::<u128>()) {
            for address in [bits, bits & mask, bits & mask & more] {
                agrees(&Ipv6Addr::from(address).to_string());
            }
        }

        /// `short_ipv6` writes addresses as Rust does.
        #[test]
        fn short_forms_are_rusts(bits in any::<u128>(), mask in any::<u8>()) {
            let mut groups = Ipv6Addr::from(bits).segments();
            for (at, group) in groups.iter_mut().enumerate() {
                if mask & (1 << at) != 0 {
                    *group = 0;
                }
            }
            let address = Ipv6Addr::from(groups);
            prop_assume!(address.to_ipv4_mapped().is_none());
            let full = groups.map(|group| format!("{group:04x}")).join(":");
            prop_assert_eq!(run(&short_ipv6(), &full), address.to_string());
        }
    }

    /// The few functions that `short_ipv6` is made of.
    fn run(scalar: &Scalar, text: &str) -> String {
        match scalar {
            Scalar::Text(literal) => literal.clone(),
            Scalar::Column(_) => text.to_owned(),
            Scalar::Call("strcat", args) => args.iter().map(|arg| run(arg, text)).collect(),
            Scalar::Call("replace_regex", args) => {
                let [subject, pattern, with] = [0, 1, 2].map(|at| run(&args[at], text));
                let with = with.replace(r"\1", "${1}").replace(r"\2", "${2}");
                Regex::new(&pattern).map(|regex| regex.replace_all(&subject, with).into_owned()).unwrap_or_default()
            }
            other => format!("{other:?} is not run here"),
        }
    }
}
