//! Made-up records as two clouds' logs hold them: takes how many, hands on each. They are always the same.

use serde_json::{Value, json};

use crate::corpus::{Random, Sample, samples};

/// Seconds between records.
const EVERY: u64 = 5;
/// 2026-11-02T00:00:00Z
const START: u64 = 1_793_577_600;

/// What prose is made of.
const WORDS: &str = "the of and to in is you that it he was for on are as with his they at be this have from or one had by word but \
    not what all were we when your can said there use an each which she do how their if will up other about out \
    many then them these so customer invoice contract delivery refund summarise translate table column report \
    quarter please";
const MODELS: &[&str] = &[
    "anthropic.claude-3-haiku-20240307-v1:0",
    "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "amazon.nova-lite-v1:0",
];

/// Bedrock's log of model calls: a chat of one to three turns, an answer; every twentieth prompt holds a sample of the redactor's corpus.
pub(crate) fn invocations(count: usize, each: &mut dyn FnMut(&Value)) {
    let personal = samples(11, 20);
    let mut random = Random(1);
    for number in 0..count {
        let mut prompt = prose(&mut random, 50, 2_000);
        if random.below(20) == 0 {
            let Sample { text, .. } = &personal[random.below(personal.len() as u64) as usize];
            prompt.push_str(text);
        }
        let turns = random.below(3);
        let mut messages = Vec::new();
        for _ in 0..turns {
            messages.push(json!({ "role": "user", "content": [{ "text": prose(&mut random, 50, 500) }] }));
            messages.push(json!({ "role": "assistant", "content": [{ "text": prose(&mut random, 50, 500) }] }));
        }
        messages.push(json!({ "role": "user", "content": [{ "text": prompt }] }));
        let answer = prose(&mut random, 50, 1_000);
        let (input, output) = (random.between(20, 3_000), random.between(5, 900));
        each(&json!({
            "schemaType": "ModelInvocationLog",
            "schemaVersion": "1.0",
            "timestamp": time(number),
            "accountId": "111122223333",
            "region": "us-east-1",
            "requestId": uuid(&mut random),
            "operation": "Converse",
            "modelId": MODELS[random.below(MODELS.len() as u64) as usize],
            "identity": { "arn": caller(&mut random) },
            "input": {
                "inputContentType": "application/json",
                "inputBodyJson": {
                    "system": [{ "text": "Answer in the customer's language." }],
                    "messages": messages,
                    "inferenceConfig": { "maxTokens": 1_000, "temperature": 0.2 },
                },
                "inputTokenCount": input,
            },
            "output": {
                "outputContentType": "application/json",
                "outputBodyJson": {
                    "output": { "message": { "role": "assistant", "content": [{ "text": answer }] } },
                    "stopReason": "end_turn",
                    "metrics": { "latencyMs": random.between(200, 9_000) },
                    "usage": { "inputTokens": input, "outputTokens": output, "totalTokens": input + output },
                },
                "outputTokenCount": output,
            },
        }));
    }
}

/// CloudTrail's events of the same service.
pub(crate) fn activity(count: usize, each: &mut dyn FnMut(&Value)) {
    let mut random = Random(2);
    for number in 0..count {
        let arn = caller(&mut random);
        each(&json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "AssumedRole",
                "principalId": format!("AROAEXAMPLE{}:session", random.below(40)),
                "arn": arn,
                "accountId": "111122223333",
                "accessKeyId": "ASIAEXAMPLEEXAMPLE00",
                "sessionContext": { "attributes": { "creationDate": time(number), "mfaAuthenticated": "false" } },
            },
            "eventTime": time(number),
            "eventSource": "bedrock.amazonaws.com",
            "eventName": "Converse",
            "awsRegion": "us-east-1",
            "sourceIPAddress": format!("198.51.100.{}", random.below(256)),
            "userAgent": "Boto3/1.40.61 md/Botocore#1.40.61 lang/python#3.12.11",
            "requestParameters": { "modelId": MODELS[random.below(MODELS.len() as u64) as usize] },
            "responseElements": null,
            "requestID": uuid(&mut random),
            "eventID": uuid(&mut random),
            "readOnly": true,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": "111122223333",
            "eventCategory": "Management",
            "tlsDetails": { "tlsVersion": "TLSv1.3", "clientProvidedHostHeader": "bedrock-runtime.us-east-1.amazonaws.com" },
        }));
    }
}

/// Sentences of so many characters, more or less.
fn prose(random: &mut Random, least: u64, most: u64) -> String {
    let words: Vec<&str> = WORDS.split(' ').collect();
    let length = random.between(least, most) as usize;
    let mut text = String::with_capacity(length + 16);
    while text.len() < length {
        if !text.is_empty() {
            text.push_str(if random.below(9) == 0 { ". " } else { " " });
        }
        text.push_str(random.one(&words));
    }
    text
}

fn caller(random: &mut Random) -> String {
    format!("arn:aws:sts::111122223333:assumed-role/app-{}/session", random.below(40))
}

fn uuid(random: &mut Random) -> String {
    let hex = random.letters("0123456789abcdef", 32);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn time(number: usize) -> String {
    let seconds = START + number as u64 * EVERY;
    let moment = chrono::DateTime::from_timestamp(seconds as i64, 0).expect("a moment of this age");
    moment.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
