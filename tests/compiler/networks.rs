//! Databases of networks: what they know of an address, and what is said of files that are none.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use skywatch::diag::Diagnostic;
use skywatch::networks::Networks;

/// A file of tests/networks.
fn made(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/networks").join(name)
}

/// What CSV files and others, in their order, know: the fields, and a function of addresses.
fn read(files: &[&str]) -> Result<Networks, Diagnostic> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |(number, file): (usize, &&str)| match file.strip_prefix("made ") {
        Some(name) => made(name),
        None => {
            let path = folder.path().join(format!("{number}.csv"));
            std::fs::write(&path, file).expect("a file");
            path
        }
    };
    let paths: Vec<PathBuf> = files.iter().enumerate().map(path).collect();
    Networks::read(&paths).map_err(|mut wrong| {
        // Where the folder lies says nothing.
        wrong.message = wrong.message.replace(&folder.path().display().to_string(), "…");
        wrong.message = wrong.message.replace(&made("").display().to_string(), "tests/networks/");
        wrong
    })
}

/// Country, system number and place of an address, `-` for what is not known.
fn found(networks: &Networks, address: &str) -> String {
    let address: IpAddr = address.parse().expect("an address");
    let known = networks.find(address).expect("a whole database");
    let asn = known.asn.map(|asn| asn.to_string());
    let texts = [known.country.as_deref(), asn.as_deref(), known.place.as_deref()];
    texts.map(|text| text.unwrap_or("-")).join(" | ")
}

fn all_found(files: &[&str], cases: &[(&str, &str)]) {
    let networks = read(files).expect("databases");
    let found: Vec<(&str, String)> = cases.iter().map(|(address, _)| (*address, found(&networks, address))).collect();
    let expected: Vec<(&str, String)> = cases.iter().map(|(address, known)| (*address, (*known).to_owned())).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_smallest_network_around_an_address_counts() {
    let file = "network,country,asn,place,latitude,longitude
10.1.0.0/16,FR,AS64501,Lyon,45.764,4.8357
10.0.0.0/8,de,64500,\"Berlin, \"\"head office\"\"\",52.52,13.405
10.1.2.3,,,the printer,,
10.1.2.0/24,,,,,
203.0.113.128/25,US,,,37.751,-97.822

2001:db8::/32,AU,4294967295,,,
2001:db8:1::/48,,,Sydney,,
::ffff:192.0.2.0/120,NO,,,,
0.0.0.0/5,,,low,,
";
    let berlin = "DE | 64500 | Berlin, \"head office\" (52.52,13.405)";
    let cases = [
        ("10.0.0.0", berlin),
        ("10.255.255.255", berlin),
        ("10.0.255.255", berlin),
        ("10.2.0.0", berlin),
        ("10.1.0.0", "FR | 64501 | Lyon (45.764,4.8357)"),
        ("10.1.255.255", "FR | 64501 | Lyon (45.764,4.8357)"),
        // A smaller network counts whole, also where it knows less.
        ("10.1.2.2", "- | - | -"),
        ("10.1.2.3", "- | - | the printer"),
        ("10.1.2.4", "- | - | -"),
        ("10.1.3.0", "FR | 64501 | Lyon (45.764,4.8357)"),
        ("9.255.255.255", "- | - | -"),
        ("11.0.0.0", "- | - | -"),
        ("7.255.255.255", "- | - | low"),
        ("8.0.0.0", "- | - | -"),
        ("203.0.113.127", "- | - | -"),
        ("203.0.113.128", "US | - | (37.751,-97.822)"),
        // An IPv4 address is the same however it is written, and in no IPv6 network.
        ("::ffff:10.1.0.1", "FR | 64501 | Lyon (45.764,4.8357)"),
        ("192.0.2.7", "NO | - | -"),
        ("::ffff:192.0.2.7", "NO | - | -"),
        ("2001:db8::1", "AU | 4294967295 | -"),
        ("2001:db8:1::1", "- | - | Sydney"),
        ("2001:db8:2::1", "AU | 4294967295 | -"),
        ("2001:db9::1", "- | - | -"),
        ("::1", "- | - | -"),
        ("0.0.0.0", "- | - | low"),
        ("255.255.255.255", "- | - | -"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "- | - | -"),
    ];
    all_found(&[file], &cases);
    all_found(&[&file.replace('\n', "\r\n")], &cases);
    all_found(&[&format!("\u{feff}{file}")], &cases);
    // The order of lines does not matter.
    let (header, lines) = file.split_once('\n').expect("lines");
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.reverse();
    all_found(&[&format!("{header}\n{}", lines.join("\n"))], &cases);
}

#[test]
fn a_network_around_all_others_counts_last() {
    let file = "network,asn\n0.0.0.0/0,1\n::/0,6\n10.0.0.0/8,2\n255.255.255.255/32,3\n";
    let cases = [
        ("1.2.3.4", "- | 1 | -"),
        ("10.1.1.1", "- | 2 | -"),
        ("11.0.0.0", "- | 1 | -"),
        ("255.255.255.255", "- | 3 | -"),
        ("255.255.255.254", "- | 1 | -"),
        ("::1", "- | 6 | -"),
        ("::ffff:10.0.0.1", "- | 2 | -"),
    ];
    all_found(&[file], &cases);
}

#[test]
fn databases_in_maxminds_format() {
    let networks = read(&["made city.mmdb"]).expect("a database");
    assert_eq!(networks.fields().iter().copied().collect::<Vec<_>>(), ["source.country", "source.place"]);
    let networks = read(&["made asn.mmdb"]).expect("a database");
    assert_eq!(networks.fields().iter().copied().collect::<Vec<_>>(), ["source.asn"]);
    let cases = [
        ("198.51.100.1", "DE | 64500 | Berlin (52.52,13.405)"),
        ("198.51.100.200", "AU | 64500 | Sydney (-33.8688,151.2093)"),
        ("::ffff:198.51.100.200", "AU | 64500 | Sydney (-33.8688,151.2093)"),
        ("203.0.113.5", "FR | 4200000001 | (48.8582,2.3387)"),
        ("203.0.113.130", "FR | - | (48.8582,2.3387)"),
        // The database of systems is of IPv4 only.
        ("2001:db8::5", "FR | - | Lyon (45.764,4.8357)"),
        ("192.0.2.1", "- | - | -"),
        ("10.0.0.1", "- | - | -"),
        ("2001:db9::1", "- | - | -"),
    ];
    all_found(&["made city.mmdb", "made asn.mmdb"], &cases);
    all_found(&["made asn.mmdb", "made city.mmdb"], &cases);
}

#[test]
fn of_several_files_the_first_that_knows_a_field_counts() {
    let offices = "network,place\n10.0.0.0/8,head office\n198.51.100.0/25,guests\n";
    let cases = [
        ("10.3.3.3", "- | - | head office"),
        ("198.51.100.1", "DE | - | guests"),
        ("198.51.100.200", "AU | - | Sydney (-33.8688,151.2093)"),
    ];
    all_found(&[offices, "made city.mmdb"], &cases);
    let cases = [("10.3.3.3", "- | - | head office"), ("198.51.100.1", "DE | - | Berlin (52.52,13.405)")];
    all_found(&["made city.mmdb", offices], &cases);
}

#[test]
fn columns_of_published_files() {
    let asn =
        "network,autonomous_system_number,autonomous_system_organization\n198.51.100.0/24,64500,\"Example, Inc.\"\n";
    all_found(&[asn], &[("198.51.100.9", "- | 64500 | -")]);
    let city = "network,geoname_id,registered_country_geoname_id,postal_code,latitude,longitude,accuracy_radius
198.51.100.0/24,2950159,2921044,10115,52.5200,13.4050,20
198.51.100.0/25,,2921044,,,,
";
    all_found(&[city], &[("198.51.100.200", "- | - | (52.52,13.405)"), ("198.51.100.1", "- | - | -")]);
    let joined = "Network,Country,Country_ISO_Code,City_Name\n198.51.100.0/24,Germany,DE,Berlin\n";
    all_found(&[joined], &[("198.51.100.200", "DE | - | Berlin")]);
    let fields = |file: &str| read(&[file]).expect("a database").fields().iter().copied().collect::<Vec<_>>();
    assert_eq!(fields(asn), ["source.asn"]);
    assert_eq!(fields(city), ["source.place"]);
    assert_eq!(fields("network,country,place\n"), ["source.country", "source.place"], "columns count, not lines");
}

/// Whatever could change an event changes the digest.
#[test]
fn digests() {
    let digest = |files: &[&str]| read(files).expect("databases").digest().to_owned();
    let (a, b) = ("network,asn\n10.0.0.0/8,1\n", "network,asn\n10.0.0.0/8,2\n");
    assert_eq!(digest(&[a, b]), digest(&[a, b]));
    assert!(digest(&[a]) != digest(&[b]) && digest(&[a, b]) != digest(&[b, a]) && digest(&[a]) != digest(&[a, b]));
}

#[test]
fn files_that_can_not_be_used() {
    let line = |line: &str| format!("network,country,asn,place,latitude,longitude\n10.0.0.0/8,DE,,,,\n{line}\n");
    let long = format!("10.1.0.0/16,,,{},,", "x".repeat(201));
    let longer = format!("10.1.0.0/16,,,{},,", "x".repeat(70_000));
    let files = [
        String::new(),
        "\n10.0.0.0/8,DE\n".to_owned(),
        "10.0.0.0/8,DE\n".to_owned(),
        "network,owner\n10.0.0.0/8,me\n".to_owned(),
        "network,latitude\n10.0.0.0/8,1\n".to_owned(),
        "network,geoname_id,registered_country_geoname_id\n10.0.0.0/8,1,2\n".to_owned(),
        line("10.0.0.0/33,DE,,,,"),
        line("10.0.0.1/8,DE,,,,"),
        line("2001:db8::1/32,DE,,,,"),
        line("010.0.0.0/8,DE,,,,"),
        line(",DE,,,,"),
        line("10.1.0.0/16,Germany,,,,"),
        line("10.1.0.0/16,,ASN5,,,"),
        line("10.1.0.0/16,,4294967296,,,"),
        line("10.1.0.0/16,,,,52.5,"),
        line("10.1.0.0/16,,,,91,13"),
        line("10.1.0.0/16,,,,52.5,inf"),
        line("10.1.0.0/16,,,,52.5,1e1"),
        line("10.1.0.0/16,DE"),
        line("10.1.0.0/16,,,\"Berlin,,"),
        line("10.1.0.0/16,,,\"Berlin\"x,,"),
        line("10.0.0.0/8,FR,,,,"),
        line(&long),
        line(&longer),
        "made other.mmdb".to_owned(),
        "made hollow.mmdb".to_owned(),
        "made laid-out-otherwise.mmdb".to_owned(),
        "made make.py".to_owned(),
        "made nowhere.mmdb".to_owned(),
        "made ".to_owned(),
    ];
    let said = files.iter().map(|file| {
        let wrong = read(&[file]).map(drop).expect_err(file);
        let shown = if file.len() > 120 && !file.starts_with("made") { "(a long line)" } else { file };
        let shown = shown.replace("network,country,asn,place,latitude,longitude\n10.0.0.0/8,DE,,,,\n", "… + ");
        format!(
            "{}\n{}: {}\n  {}\n",
            shown.trim_end(),
            wrong.code.as_str(),
            wrong.message,
            wrong.help.expect("a way out")
        )
    });
    insta::assert_snapshot!(said.collect::<Vec<_>>().join("\n"));
}

/// A database cut off or with any byte changed gives answers or errors, and nothing else.
#[test]
fn damaged_databases() {
    let whole = std::fs::read(made("city.mmdb")).expect("the database");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("damaged.mmdb");
    let (mut errors, mut answers) = (0, 0);
    let mut try_with = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("a file");
        let addresses = ["198.51.100.1", "198.51.100.200", "203.0.113.1", "2001:db8::1", "10.0.0.1"];
        let found = Networks::read(std::slice::from_ref(&path)).and_then(|networks| {
            addresses.iter().try_for_each(|address| networks.find(address.parse().expect("an address")).map(drop))
        });
        match found {
            Ok(()) => answers += 1,
            Err(wrong) => {
                assert!(wrong.message.contains("damaged"), "{wrong:?}");
                errors += 1;
            }
        }
    };
    (0..whole.len()).step_by(13).for_each(|length| try_with(&whole[..length]));
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        try_with(&bytes);
    }
    assert!(errors > 200 && answers > 200, "{errors} errors, {answers} answers");
}

/// Any text is a database or has a finding.
#[test]
fn any_text_is_read() {
    use proptest::prelude::*;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let cell = "[0-9a-fA-F.:/\",\r\n é-]{0,24}|10\\.[0-9]{1,3}\\.0\\.0/(8|16|24)|[0-9]{1,3}(\\.[0-9]+)?";
    let file = proptest::collection::vec(proptest::collection::vec(cell, 2..4), 0..6);
    let property = |lines: Vec<Vec<String>>| {
        let lines: Vec<String> = lines.iter().map(|cells| cells.join(",")).collect();
        let file = format!("network,asn,place\n{}", lines.join("\n"));
        match read(&[&file]) {
            Ok(networks) => _ = found(&networks, "10.1.0.1"),
            Err(wrong) => prop_assert!(wrong.message.contains("line") && wrong.help.is_some(), "{wrong:?}"),
        }
        Ok(())
    };
    runner.run(&file, property).expect("no text is too odd");
}
