//! Which text of users a rule's alerts hold: what flows into them, not what is only asked or counted.

use crate::support::resolved;
use skywatch::ir::ContentTold;

fn told(rule: &str) -> ContentTold {
    let resolved = resolved(&[&format!("rule r {{ severity low  from invocation  {rule} }}")]);
    let rule = &resolved.rules[0];
    rule.content_told(&resolved.schema.streams[rule.stream])
}

#[test]
fn what_flows_into_an_alert_is_told() {
    for shown in
        ["prompt", "lower(prompt)", "hash(prompt)", "concat(caller.id, prompt)", "if(status == 200, \"fine\", prompt)"]
    {
        assert_eq!(told(&format!("show x = {shown}")).values, ["x"], "{shown}");
    }
    for shown in ["caller.id", "length(prompt)", "if(prompt contains \"x\", \"yes\", \"no\")"] {
        assert_eq!(told(&format!("show x = {shown}")), ContentTold::default(), "{shown}");
    }
    assert_eq!(told("with low = lower(prompt)  show x = low").values, ["x"]);
    assert_eq!(told("each m in messages  show x = m.text").values, ["x"]);
    let grouped = told(
        "over 1h by caller.id  let p = last(prompt), n = count(), k = distinct(prompt)  show q = p, w = caller.id",
    );
    assert_eq!((grouped.keys.len(), grouped.values), (0, vec!["p".to_owned(), "q".to_owned()]));
    assert_eq!(told("over 1h by caller.id, start = substring(prompt, 0, 20)  let n = count()").keys, ["start"]);
    assert_eq!(told("over 1h by prompt_digest  let n = count()"), ContentTold::default());
}

/// A rule without `over` carries what correlations ask of its events.
#[test]
fn what_correlations_ask_of_an_event_tells_alerts_apart() {
    let text = "signal a { from invocation }  signal b { from invocation  over 1h by prompt  let n = count() }
        correlate c { severity low  by prompt  within 1h  when at least 2 of a, b }";
    let resolved = resolved(&[text]);
    for rule in &resolved.rules {
        assert_eq!(rule.content_told(&resolved.schema.streams[rule.stream]).keys, ["prompt"], "{}", rule.name);
    }
}
