mod kql;
#[test]
fn dump() {
    let cases = std::fs::read_to_string("/tmp/kqlt/rules.txt").unwrap();
    for case in cases.split("\n---\n") {
        let text = if case.contains("rule ") { case.to_owned() } else { kql::rule(case) };
        for range in [kql::RANGE, None] {
            let e = kql::emission(&text, range);
            println!(
                "=== {case}\n{:?} {:?} left {:?}",
                e.query.verdict,
                e.query.provided.iter().map(|c| c.text()).collect::<Vec<_>>(),
                e.query.left_out
            );
            for r in &e.query.reasons {
                println!("  {} {} | {:?}", r.code.as_str(), r.message, r.help);
            }
            println!("{}", e.query.text.unwrap_or_default());
            if !case.contains("over") || case.contains("NOW") {
                continue;
            } else {
                break;
            }
        }
    }
}
