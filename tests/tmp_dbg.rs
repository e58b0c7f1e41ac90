use skywatch::pack::load;
use skywatch::ruletest::{cases, emitted::Log};
use skywatch::target::{Request, TARGETS, emit};
use std::path::Path;
#[test]
fn dbg() {
    let pack = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rulepacks/ai-security"));
    let (r, s, t) = (std::env::var("R").unwrap(), std::env::var("S").unwrap(), std::env::var("T").unwrap());
    for case in cases(&pack).filter(|c| c.rule.name == r) {
        let source = pack.resolved.schema.source(&s).unwrap();
        println!("== {}", case.test.title);
        match Log::of(&pack, &case, source) {
            Ok(log) => {
                for r in &log.records {
                    println!("{}", r.text);
                }
            }
            Err(e) => println!("{e}"),
        }
        let target = *TARGETS.iter().find(|x| x.info().name == t).unwrap();
        for e in emit(
            case.rule,
            &pack.resolved.schema,
            target,
            Request { range: Some((case.range.from, case.range.to)), ..Request::default() },
        ) {
            if e.source == s {
                println!("{}", e.query.text.unwrap_or_default());
            }
        }
    }
}
