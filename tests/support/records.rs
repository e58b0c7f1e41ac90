//! Random raw records of sources whose queries independent engines can run, made to hit the edges: missing, null and empty parts, other
//! types, other cases, addresses that are none, times on windows' edges.

use serde_json::{Map, Value, json};

use super::choices::Choices;
use super::random::Fields;

const WORDS: [&str; 10] = [
    "success",
    "denied",
    "ai",
    "Microsoft.CognitiveServices/accounts/write",
    "a@example.com",
    "key",
    "é\"'\\",
    "projects/p/locations/l/publishers/google/models/m",
    "google.cloud.aiplatform.v1.PredictionService.GenerateContent",
    "A@EXAMPLE.COM",
];

const NO_FIELDS: Fields = Fields {
    stream: "activity",
    only: "",
    text: &[],
    int: &[],
    float: &[],
    decimal: &[],
    bool: &[],
    time: &["time"],
    duration: &[],
    ip: &["source.ip"],
    texts: &[],
    ints: &[],
    records: &[],
    words: &WORDS,
    everything: false,
};

pub(crate) const AZURE: Fields = Fields {
    only: "azure.activity",
    text: &["operation", "caller.id", "outcome", "error.code", "target", "service_kind", "request.id", "auth.method"],
    ..NO_FIELDS
};

pub(crate) const GCP: Fields = Fields {
    only: "gcp.audit",
    text: &[
        "operation",
        "caller.id",
        "outcome",
        "error.code",
        "target",
        "model.id",
        "account",
        "service",
        "auth.method",
        "user.agent",
    ],
    ..NO_FIELDS
};

const TIMES: [&str; 8] = [
    "2026-11-02T10:00:00.0000000Z",
    "2026-11-02T10:00:00.1234567Z",
    "2026-11-02T10:59:59.9999999Z",
    "2026-11-02T11:00:00.0000000Z",
    "2026-11-02T00:00:00.0000000Z",
    "2026-11-02T23:59:59.9999990Z",
    "2026-11-03T00:00:00.0000000Z",
    "2026-11-02T10:30:00.0000000Z",
];
const ADDRESSES: [&str; 9] = [
    "203.0.113.7",
    "10.1.2.3",
    "192.168.0.1",
    "2001:db8::1",
    "fd00::7",
    "private",
    "035.249.1.1",
    "10.1.2.3/8",
    "::ffff:10.0.0.1",
];
const TEXTS: [&str; 7] = ["a@example.com", "A@example.com", "b@example.com", "é\"'\\", "", "x/y", "key"];

/// A part that may be missing, null, empty or of another type.
fn put(c: &mut Choices, map: &mut Map<String, Value>, key: &str, values: &[&str]) {
    let value = match c.below(12) {
        8 => Value::Null,
        9 => json!(""),
        10 => return,
        _ => json!(values[c.below(values.len())]),
    };
    map.insert(key.to_owned(), value);
}

/// Up to `most` activity records of Azure.
pub(crate) fn azure(c: &mut Choices, most: usize) -> Vec<Value> {
    (0..1 + c.below(most))
        .map(|n| {
            let mut record = Map::new();
            record.insert("time".into(), json!(TIMES[c.below(TIMES.len())]));
            record.insert("category".into(), json!(if c.once_in(8) { "ServiceHealth" } else { "Administrative" }));
            record.insert("correlationId".into(), json!(format!("c{n}")));
            let resource = [
                "/SUBSCRIPTIONS/S1/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.COGNITIVESERVICES/ACCOUNTS/A",
                "/SUBSCRIPTIONS/S1/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.STORAGE/X",
            ];
            record.insert("resourceId".into(), json!(resource[c.below(2)]));
            let operations = [
                "MICROSOFT.COGNITIVESERVICES/ACCOUNTS/WRITE",
                "Microsoft.CognitiveServices/accounts/write",
                "MICROSOFT.COGNITIVESERVICES/ACCOUNTS/LISTKEYS/ACTION",
                "MICROSOFT.STORAGE/STORAGEACCOUNTS/WRITE",
            ];
            record.insert("operationName".into(), json!(operations[c.below(4)]));
            record
                .insert("resultType".into(), json!(["Success", "Start", "Failure", "Succeeded", "Accept"][c.below(5)]));
            put(
                c,
                &mut record,
                "resultSignature",
                &["Succeeded.", "Failed.Forbidden", "Failed.Unauthorized", "Started."],
            );
            put(c, &mut record, "callerIpAddress", &ADDRESSES);
            let mut claims = Map::new();
            put(c, &mut claims, "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn", &TEXTS);
            put(c, &mut claims, "http://schemas.microsoft.com/identity/claims/objectidentifier", &TEXTS);
            if c.once_in(3) {
                claims
                    .insert("appid".into(), [json!(5), json!(true), json!("app"), json!({"a": 1})][c.below(4)].clone());
            }
            put(c, &mut claims, "appidacr", &["0", "1"]);
            record.insert("identity".into(), json!({ "claims": claims }));
            Value::Object(record)
        })
        .collect()
}

/// Up to `most` audit entries of Google Cloud.
pub(crate) fn gcp(c: &mut Choices, most: usize) -> Vec<Value> {
    (0..1 + c.below(most))
        .map(|n| {
            let mut payload = Map::new();
            payload.insert("@type".into(), json!("type.googleapis.com/google.cloud.audit.AuditLog"));
            let methods = [
                "google.cloud.aiplatform.v1.PredictionService.GenerateContent",
                "google.cloud.aiplatform.v1.EndpointService.DeployModel",
                "SetIamPolicy",
                "google.cloud.modelarmor.v1.ModelArmor.DeleteTemplate",
            ];
            payload.insert("methodName".into(), json!(methods[c.below(4)]));
            payload.insert(
                "serviceName".into(),
                json!(["aiplatform.googleapis.com", "modelarmor.googleapis.com", "storage.googleapis.com"][c.below(3)]),
            );
            put(
                c,
                &mut payload,
                "resourceName",
                &[
                    "projects/p/locations/l/publishers/google/models/m",
                    "projects/p/locations/l/endpoints/7",
                    "projects/p",
                ],
            );
            let mut identity = Map::new();
            put(c, &mut identity, "principalEmail", &TEXTS);
            put(c, &mut identity, "principalSubject", &["user:a@example.com", "x"]);
            if c.once_in(4) {
                put(c, &mut identity, "serviceAccountKeyName", &["//iam.googleapis.com/k"]);
            }
            payload.insert("authenticationInfo".into(), Value::Object(identity));
            let mut request = Map::new();
            put(c, &mut request, "callerIp", &ADDRESSES);
            put(c, &mut request, "callerSuppliedUserAgent", &["gcloud/1", "é\"'\\ a"]);
            payload.insert("requestMetadata".into(), Value::Object(request));
            match c.below(5) {
                0 | 1 => {}
                2 => _ = payload.insert("status".into(), json!({ "code": 7, "message": "denied" })),
                3 => _ = payload.insert("status".into(), json!({ "code": ([8, 16, 3][c.below(3)]) })),
                _ => _ = payload.insert("status".into(), json!({})),
            }
            let log = ["activity", "data_access", "system_event"][c.below(3)];
            let mut entry = Map::new();
            entry.insert("protoPayload".into(), Value::Object(payload));
            entry.insert("insertId".into(), json!(format!("i{n}")));
            entry.insert(
                "logName".into(),
                json!(format!("projects/{}/logs/cloudaudit.googleapis.com%2F{log}", ["p", "q"][c.below(2)])),
            );
            entry.insert("timestamp".into(), json!(TIMES[c.below(TIMES.len())]));
            if c.once_in(4) {
                let operation = [
                    json!({ "id": "o", "last": true }),
                    json!({ "id": "o", "first": true }),
                    json!({ "id": "o", "first": true, "last": true }),
                ];
                entry.insert("operation".into(), operation[c.below(3)].clone());
            }
            Value::Object(entry)
        })
        .collect()
}
