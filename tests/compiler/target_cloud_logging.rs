//! Cloud Logging filters: the text of each construct, with verdict, conditions and reasons: a file of rules in tests/cloud_logging, a
//! snapshot of what they become.
//!
//! No engine here runs these filters: each snapshot was read against the vendor's documents when it was accepted.

use crate::support::constructs::each_has_its_text;
use skywatch::target::cloud_logging::CloudLogging;

/// A log of a user's own: fields of the entry, which compare as defaults where absent, beside those of payload and labels, which don't.
const OWN_LOG: &str = r#"
    stream own {
        word : text   other : text   n : int   f : float   ok : bool   at : time   ip : ip   words : list of text   took : duration
        level : text   kind : text   status : int   first : bool   host : text   text : text   label : text   inner : text
        items : list of { name : text, size : int }
    }
    source own.log : own {
        at     files json_lines
        at     cloud_logging "own"
        delay  5m
        unique .insertId
        time   = .timestamp
        word   = .jsonPayload."a-b"
        other  = .jsonPayload.":name"
        n      = .jsonPayload.n
        f      = .jsonPayload.nest.f
        ok     = .jsonPayload.ok
        at     = .receiveTimestamp
        ip     = .jsonPayload.ip
        words  = .jsonPayload.words[]
        items  = each i in .jsonPayload.items[] { name = i.name, size = i.size }
        took   = .jsonPayload.ms * 1ms
        level  = .severity
        kind   = case { .httpRequest.status == 429 => "throttled", .httpRequest.status is missing => "none", else => "other" }
        status = .httpRequest.status
        first  = .operation.first
        host   = segment(.logName, "/", 1)
        text   = .textPayload
        label  = .labels."compute.googleapis.com/resource_id"
        inner  = json(.textPayload).k
    }
"#;

#[test]
fn each_construct_has_its_text() {
    each_has_its_text(&CloudLogging, OWN_LOG, "tests/cloud_logging");
}
