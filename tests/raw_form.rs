//! Events of shipped tests turned into raw records of every source, and read back.

use std::collections::BTreeMap;
use std::path::Path;

use skywatch::bind::admits;
use skywatch::pack::load;
use skywatch::record::{Mapped, Mapper, as_read};
use skywatch::ruletest::{cases, raw::records_of};

#[test]
fn shipped_events_come_back() {
    let pack = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rulepacks/ai-security"));
    let schema = &pack.resolved.schema;
    let mut said: BTreeMap<String, usize> = BTreeMap::new();
    let mut back = 0;
    for case in cases(&pack) {
        for source in schema.sources.iter().filter(|source| admits(case.rule, source)) {
            for (number, event) in case.events.iter().enumerate().filter(|(_, event)| event.source.is_empty()) {
                let records = match records_of(source, case.stream, event, &format!("event-{number}")) {
                    Ok(records) => records,
                    Err(why) => {
                        if why.contains("where") || why.contains("latency") {
                            println!(
                                "{} {:?} {:?}",
                                source.name,
                                case.test.title,
                                case.stream
                                    .ids()
                                    .filter(|f| event.fields[f.index()].is_present())
                                    .map(|f| format!(
                                        "{} = {:?}",
                                        case.stream.get(f).unwrap().name,
                                        event.fields[f.index()]
                                    ))
                                    .collect::<Vec<_>>()
                            );
                        }
                        *said.entry(format!("{}: {why}", source.name)).or_default() += 1;
                        continue;
                    }
                };
                let (read, _) = as_read(source, &records);
                let mut mapper = Mapper::new(source, case.stream);
                let mapped: Vec<Mapped> = read.iter().map(|record| mapper.map(record)).collect();
                let found = match mapped.as_slice() {
                    [Mapped::Event(found, _)] => found,
                    other => {
                        *said
                            .entry(format!("{}: read back as {other:?} from {records:?}", source.name))
                            .or_default() += 1;
                        continue;
                    }
                };
                let differing: Vec<String> = case
                    .stream
                    .ids()
                    .filter(|f| *f != case.stream.event_id())
                    .filter(|f| {
                        event.fields[f.index()].is_present() && event.fields[f.index()] != found.fields[f.index()]
                    })
                    .map(|f| {
                        format!(
                            "{} {:?} {:?}",
                            case.stream.get(f).unwrap().name,
                            event.fields[f.index()],
                            found.fields[f.index()]
                        )
                    })
                    .collect();
                if differing.is_empty() {
                    back += 1
                } else {
                    *said.entry(format!("{}: differs in {differing:?} {records:?}", source.name)).or_default() += 1;
                }
            }
        }
    }
    println!("{back} come back");
    for (why, count) in said {
        println!("{count:5} {}", why.chars().take(400).collect::<String>());
    }
}
