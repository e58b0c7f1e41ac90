//! What a database of networks adds at ingest: it stands in the metadata tier, rules read it as any field, and where an archive was filled
//! without one, a rule that reads it is not run and says so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

/// Country by country, system by system, and where two calls can't be of one person.
const RULES: &str = r#"
rule abroad { severity low  from activity  where source.country != "DE" and source.country is present  show event.id, source.country, source.asn, source.place }
rule nowhere { severity low  from activity  where source.country is missing  show event.id, source.asn, source.place }
rule system { severity low  from activity  where source.asn == 64500  show event.id }
rule travel {
    severity high
    from     activity
    over     1d by caller.id
    let      km = distance_km(first(source.place), last(source.place))
    when     km > 500
}
rule beside { severity low  from activity  where source.ip is present  show event.id, source.country }
"#;

/// A folder with an archive, logs and rules.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().expect("a folder"));
        place.write("rules.sky", RULES);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    /// A log of calls: day and hour, id, caller, address.
    fn log(&self, name: &str, calls: &[(&str, &str, &str, &str)]) {
        let record = |(time, id, caller, address): &(&str, &str, &str, &str)| {
            json!({
                "eventTime": format!("2026-11-{time}:00:00Z"), "eventID": id, "eventSource": "bedrock.amazonaws.com",
                "eventName": "InvokeModel", "sourceIPAddress": address, "userIdentity": { "arn": caller },
            })
        };
        self.write(name, &calls.iter().map(|call| format!("{}\n", record(call))).collect::<String>());
    }

    /// A verb's output, with what it says behind it; `made:` stands for tests/networks.
    fn skywatch(&self, words: &str) -> String {
        let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/networks");
        let words: Vec<String> =
            words.split_whitespace().map(|word| word.replace("made:", &format!("{}/", made.display()))).collect();
        let output =
            Command::new(env!("CARGO_BIN_EXE_skywatch")).args(words).current_dir(self.0.path()).output().expect("runs");
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat()
    }

    /// What a rule shows of its alerts, or its keys and measures.
    fn alerts(&self, rule: &str) -> Vec<String> {
        let said = self.skywatch(&format!("run rules.sky --archive archive --format json --rule {rule}"));
        let alerts = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let values = |of: &Value| {
            let values = of.as_object().into_iter().flat_map(|of| of.values());
            values.map(Value::to_string).collect::<Vec<_>>()
        };
        alerts.map(|alert| ["keys", "measures", "show"].map(|of| values(&alert[of])).concat().join(" ")).collect()
    }
}

const CALLS: [(&str, &str, &str, &str); 7] = [
    ("02T08", "berlin", "a", "198.51.100.1"),
    ("02T09", "sydney", "a", "198.51.100.200"),
    ("02T10", "paris", "b", "203.0.113.5"),
    ("02T11", "lyon", "b", "2001:db8::5"),
    ("02T12", "mapped", "c", "::ffff:198.51.100.200"),
    ("02T13", "private", "c", "10.0.0.1"),
    ("02T14", "service", "c", "cloudtrail.amazonaws.com"),
];

#[test]
fn addresses_have_countries_systems_and_places() {
    let place = Place::new();
    place.log("calls.json", &CALLS);
    place.write("offices.csv", "network,place\n10.0.0.0/8,head office\n");
    let said = place.skywatch(
        "ingest --source aws.cloudtrail calls.json --archive archive --networks offices.csv --networks made:city.mmdb --networks made:asn.mmdb",
    );
    assert!(said.contains("= 7 rows"), "{said}");
    let check = || {
        let abroad = [
            r#""sydney" 64500 "AU" "Sydney (-33.8688,151.2093)""#,
            r#""paris" 4200000001 "FR" "(48.8582,2.3387)""#,
            r#""lyon" null "FR" "Lyon (45.764,4.8357)""#,
            r#""mapped" 64500 "AU" "Sydney (-33.8688,151.2093)""#,
        ];
        assert_eq!(place.alerts("abroad"), abroad);
        assert_eq!(place.alerts("nowhere"), [r#""private" null "head office""#, r#""service" null null"#]);
        assert_eq!(place.alerts("system"), [r#""berlin""#, r#""sydney""#, r#""mapped""#]);
        assert_eq!(place.alerts("travel"), [r#""a" 16094.522"#]);
    };
    check();
    let verified = place.skywatch("archive verify --archive archive");
    assert!(verified.contains("0 flaws"), "{verified}");
    // A second file of the day, put together with the first.
    place.log("more.json", &[("02T15", "again", "d", "198.51.100.2")]);
    place.skywatch(
        "ingest --source aws.cloudtrail more.json --archive archive --networks offices.csv --networks made:city.mmdb --networks made:asn.mmdb",
    );
    let compacted = place.skywatch("archive compact --archive archive");
    assert!(compacted.contains("2 files are now 1"), "{compacted}");
    assert_eq!(place.alerts("system"), [r#""berlin""#, r#""sydney""#, r#""mapped""#, r#""again""#]);
}

#[test]
fn without_a_database_rules_that_need_one_are_not_run() {
    let place = Place::new();
    place.log("calls.json", &CALLS);
    place.skywatch("ingest --source aws.cloudtrail calls.json --archive archive");
    let run = |rule: &str| place.skywatch(&format!("run rules.sky --archive archive --format json --rule {rule}"));
    let refused = ["abroad", "nowhere", "system", "travel"].map(run).join("\n");
    insta::assert_snapshot!("not-archived", refused);
    // What only shows is left out.
    assert_eq!(place.alerts("beside").len(), 6);
    // A database of countries fills no systems.
    let rebuild = "archive rebuild --archive archive --source aws.cloudtrail --from calls.json --networks";
    let said = place.skywatch(&format!("{rebuild} made:city.mmdb"));
    assert!(said.contains("7 rows"), "{said}");
    assert_eq!(place.alerts("abroad").len(), 4);
    assert_eq!(place.alerts("travel"), [r#""a" 16094.522"#]);
    assert!(run("system").contains("the archive does not hold `source.asn` of `aws.cloudtrail`"), "{}", run("system"));
    place.skywatch(&format!("{rebuild} made:asn.mmdb"));
    assert_eq!(place.alerts("system").len(), 3);
    assert!(run("abroad").contains("does not hold `source.country`"), "{}", run("abroad"));
}

/// Days that were read without a database are undecided, the others are judged.
#[test]
fn days_without_a_database_are_undecided() {
    let place = Place::new();
    place.log("first.json", &[("02T08", "before", "a", "198.51.100.200")]);
    place.log("second.json", &[("03T08", "after", "a", "198.51.100.200")]);
    place.skywatch("ingest --source aws.cloudtrail first.json --archive archive");
    place.skywatch("ingest --source aws.cloudtrail second.json --archive archive --networks made:city.mmdb");
    let said = place.skywatch("run rules.sky --archive archive --rule abroad --all");
    assert!(said.contains("undecided") && said.contains("source.country") && said.contains("2026-11-02"), "{said}");
    assert_eq!(place.alerts("abroad"), [r#""after" "AU" "Sydney (-33.8688,151.2093)""#]);
}

/// What the log says itself stays; a log without addresses gets nothing.
#[test]
fn a_log_may_know_better() {
    let place = Place::new();
    let pack = r#"
source acme.edge : activity {
    at     files json_lines
    unique .id
    where  .kind == "edge"
    time           = .at
    source.ip      = .ip
    source.country = .country
}
source acme.inner : activity {
    at     files json_lines
    unique .id
    where  .kind == "inner"
    time   = .at
}
"#;
    place.write("rules.sky", &format!("{pack}{RULES}"));
    place.write(
        "edge.json",
        "{\"kind\":\"edge\",\"id\":\"told\",\"at\":\"2026-11-02T08:00:00Z\",\"ip\":\"198.51.100.1\",\"country\":\"NO\"}\n\
         {\"kind\":\"edge\",\"id\":\"silent\",\"at\":\"2026-11-02T09:00:00Z\",\"ip\":\"203.0.113.1\"}\n",
    );
    place.write("inner.json", "{\"kind\":\"inner\",\"id\":\"i\",\"at\":\"2026-11-02T08:00:00Z\"}\n");
    for source in ["edge", "inner"] {
        let said = place.skywatch(&format!(
            "ingest --source acme.{source} {source}.json --archive archive --pack rules.sky --networks made:city.mmdb"
        ));
        assert!(said.contains("rows"), "{said}");
    }
    let told = [r#""told" "NO" "Berlin (52.52,13.405)""#, r#""silent" "FR" "(48.8582,2.3387)""#];
    assert_eq!(place.alerts("abroad"), told);
    let said = place.skywatch("run rules.sky --archive archive --rule abroad");
    assert!(said.contains("`acme.inner` logs carry no `source.country`"), "{said}");
}

/// A database that can't be used is said before anything is read.
#[test]
fn nothing_is_read_with_a_wrong_database() {
    let place = Place::new();
    place.log("calls.json", &CALLS);
    place.write("wrong.csv", "network,asn\n10.0.0.1/8,5\n");
    let said = place.skywatch("ingest --source aws.cloudtrail calls.json --archive archive --networks wrong.csv");
    insta::assert_snapshot!("wrong-database", said);
    assert!(!place.path("archive").exists());
}
