#!/usr/bin/env python3
"""Reads raw cloud logs by schemas.md alone, field by field, and works out what they must set off.

    python3 samples/reading.py aws.bedrock FILE…     # one JSON line of normalized fields a raw record
    python3 samples/reading.py story                 # what is in story.json, from the files under samples/

Sources: aws.bedrock, aws.cloudtrail, azure.activity, gcp.audit. It shares nothing with generate.py and nothing
with Skywatch: it is the second opinion that a Skywatch run over the same files is compared with.
Missing fields (absent, null, "", [], a value of the wrong type) are left out, as in language.md §4.
"""
import gzip
import ipaddress
import json
import re
import sys
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILES = {
    "aws.bedrock": "aws/AWSLogs/*/BedrockModelInvocationLogs/**/*.json.gz",
    "aws.cloudtrail": "aws/AWSLogs/*/CloudTrail/**/*.json.gz",
    "azure.activity": "azure/insights-activity-logs/**/PT1H.json",
    "gcp.audit": "gcp/cloudaudit.googleapis.com/**/*.json",
}

# ------------------------------------------------------------ values


def at(value, *path):
    """The value at a path of keys and indices, or None."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


def elements(value):
    return value if isinstance(value, list) else []


def values(value):
    """The values of an object, in the order of its keys."""
    return [value[key] for key in sorted(value)] if isinstance(value, dict) else []


def text(value):
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return json.dumps(value)
    return value if isinstance(value, str) and value else None


def integer(value):
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]+", value):
        return int(value)
    return value if isinstance(value, int) else None


def total(*numbers):
    """A sum that skips what is missing, and is missing if all are."""
    present = [n for n in numbers if n is not None]
    return sum(present) if present else None


def first_of(*candidates):
    return next((c for c in candidates if c not in (None, "", [])), None)


def joined(parts, separator="\n"):
    present = [p for p in map(text, parts) if p]
    return separator.join(present) or None


def parsed(value):
    """JSON in a text is read, an object stays as it is."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return None


def address(value):
    try:
        return str(ipaddress.ip_address(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def moment(value):
    """RFC 3339 with any number of decimals, cut to microseconds."""
    shape = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)"
    found = re.fullmatch(shape, value) if isinstance(value, str) else None
    if not found:
        return None
    seconds, decimals, zone = found.groups()
    time = datetime.fromisoformat(seconds + ("+00:00" if zone == "Z" else zone)).astimezone(timezone.utc)
    return time.replace(microsecond=int((decimals or "").ljust(6, "0")[:6]))


def stamp(time):
    return time.strftime("%Y-%m-%dT%H:%M:%S") + (f".{time.microsecond:06d}" if time.microsecond else "") + "Z"


# ------------------------------------------------------------ one record of each source; None: a record of another kind


def bedrock(record):
    """schemas.md §1."""
    if record.get("schemaType") != "ModelInvocationLog":
        return None
    asked, answered = at(record, "input"), at(record, "output")
    body, reply = at(asked, "inputBodyJson"), at(answered, "outputBodyJson")
    chunks = elements(reply)
    counts = ("inputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount")  # the first leaves out the others
    tokens_in = total(*[integer(at(asked, key)) for key in counts])
    tokens_out = integer(at(answered, "outputTokenCount"))
    action = "amazon-bedrock-guardrailAction"
    blocked = (
        "guardrail_intervened" in (at(reply, "stopReason"), at(reply, "stop_reason"))
        or any(at(part, action) == "INTERVENED" for part in [reply, *chunks]))
    deltas = joined([at(chunk, "delta", "text") for chunk in chunks], "")
    return {
        "time": moment(record.get("timestamp")), "event.id": text(record.get("requestId")),
        "request.id": text(record.get("requestId")), "account": text(record.get("accountId")),
        "region": text(record.get("region")), "caller.id": text(at(record, "identity", "arn")),
        "operation": text(record.get("operation")), "model.id": last_part(record.get("modelId")),
        "tokens.input": tokens_in, "tokens.output": tokens_out, "tokens.total": total(tokens_in, tokens_out),
        "tokens.cached": integer(at(asked, "cacheReadInputTokenCount")),
        "latency_ms": integer(at(reply, "metrics", "latencyMs")), "error.code": text(record.get("errorCode")),
        "stop_reason": text(first_of(
            at(reply, "stopReason"), at(reply, "stop_reason"), *[at(chunk, "delta", "stop_reason") for chunk in chunks])),
        "guardrail.action": "blocked" if blocked else None, "guardrail.findings": findings(reply, chunks),
        "prompt": newest_turn(body),
        "completion": first_of(
            joined([at(part, "text") for part in elements(at(reply, "output", "message", "content"))]),
            joined([at(part, "text") for part in elements(at(reply, "content"))]), deltas,
            joined([at(part, "outputText") for part in elements(at(reply, "results"))]), text(at(reply, "generation"))),
    }


def newest_turn(body):
    """The last message of the user: its texts and guarded texts, one a line; or the one prompt of older request bodies."""
    turns = [message for message in elements(at(body, "messages")) if at(message, "role") == "user"]
    said = None
    if turns:
        content = at(turns[-1], "content")
        parts = [first_of(at(part, "text"), at(part, "guardContent", "text", "text")) for part in elements(content)]
        said = text(content) or joined(parts)
    return first_of(said, text(at(body, "inputText")), text(at(body, "prompt")), text(at(body, "message")))


def findings(reply, chunks):
    """What the guardrail's content policy found, in the three places of schemas.md; each stands under the guardrail's id."""
    converse = at(reply, "trace", "guardrail")
    late = at(converse, "outputAssessments")
    found = values(at(converse, "inputAssessment"))
    found += [one for each in elements(late) for one in values(each)]  # a list of maps
    found += [one for each in values(late) for one in elements(each)]  # or a map of lists
    for part in [reply, *chunks]:
        trace = at(part, "amazon-bedrock-trace", "guardrail")
        found += values(at(trace, "input")) + [one for each in elements(at(trace, "outputs")) for one in values(each)]
    filters = [each for one in found for each in elements(at(one, "contentPolicy", "filters"))]
    return [{key: each.get(key) for key in ("type", "confidence", "action")} | {"policy": "content"} for each in filters]


def last_part(value):
    return (text(value) or "").rsplit("/", 1)[-1] or None


def cloudtrail(record):
    """schemas.md §2. A record of another kind has no eventID or no AWS service as its source."""
    source = text(record.get("eventSource"))
    if not text(record.get("eventID")) or not (source or "").endswith(".amazonaws.com"):
        return None
    service, person, error = source.split(".")[0], record.get("userIdentity"), text(record.get("errorCode"))
    bearer = at(record, "additionalEventData", "callWithBearerToken")
    parameters = record.get("requestParameters")
    return {
        "time": moment(record.get("eventTime")), "event.id": text(record.get("eventID")),
        "request.id": text(record.get("requestID")), "account": text(record.get("recipientAccountId")),
        "region": text(record.get("awsRegion")), "caller.id": text(at(person, "arn")),
        "caller.role": text(at(person, "sessionContext", "sessionIssuer", "arn")),
        "source.ip": address(record.get("sourceIPAddress")), "user.agent": text(record.get("userAgent")),
        "operation": f"{service}:{record.get('eventName')}", "service": service,
        "service_kind": "ai" if service.startswith("bedrock") else "other",
        "outcome": "denied" if error in ("AccessDenied", "AccessDeniedException") else "failure" if error else "success",
        "error.code": error, "auth.method": "key" if bearer in (True, "true") else "identity",
        "auth.type": text(at(person, "type")), "access_key.id": text(at(person, "accessKeyId")),
        "model.id": last_part(at(parameters, "modelId")),
        "names_ai": service.startswith("bedrock") or "bedrock" in json.dumps(parameters).lower(),
    }


CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
OBJECT = "http://schemas.microsoft.com/identity/claims/objectidentifier"


def azure(record):
    """schemas.md §5. One doing has two or three rows. Categories that nobody's doing falls into are of another kind."""
    if record.get("category") not in ("Administrative", "Write", "Action", "Delete"):
        return None
    claims, properties = at(record, "identity", "claims"), record.get("properties")
    # Exports and tables write both in any case.
    resource, operation = ((text(record.get(name)) or "").lower() or None for name in ("resourceId", "operationName"))
    result, signature = text(record.get("resultType")), text(record.get("resultSignature")) or ""
    refused = "forbidden" in signature.lower() or at(properties, "statusCode") in ("Forbidden", "Unauthorized")
    ai = "microsoft.cognitiveservices" in f"{resource} {operation}"
    return {
        "time": moment(record.get("time")),
        "event.id": "/".join(filter(None, (text(record.get("correlationId")), operation, result))),
        "request.id": text(record.get("correlationId")),
        "account": next(iter(re.findall(r"/subscriptions/([^/]+)", resource or "", re.I)), None),
        "caller.id": first_of(text(at(claims, CLAIM)), text(at(claims, OBJECT)), text(at(claims, "appid"))),
        "source.ip": address(record.get("callerIpAddress")), "operation": operation,
        "service": (operation or "").split("/")[0] or None, "service_kind": "ai" if ai else "other", "target": resource,
        "outcome": {"Success": "success", "Failure": "denied" if refused else "failure"}.get(result),  # else: not ended
        "error.code": text(at(parsed(at(properties, "statusMessage")), "error", "code")),
        "duration_ms": integer(record.get("durationMs")),
        "deployment": next(iter(re.findall(r"/deployments/([^/]+)", resource or "", re.I)), None), "names_ai": ai,
    }


def gcp(record):
    """schemas.md §6a. The second entry of a stream or long operation lacks the request, and is of another kind."""
    audit, operation = record.get("protoPayload"), record.get("operation")
    if not text(at(audit, "methodName")):
        return None
    if at(operation, "last") is True and at(operation, "first") is None:
        return None
    person, code = at(audit, "authenticationInfo"), integer(at(audit, "status", "code"))
    service, resource = text(at(audit, "serviceName")), text(at(audit, "resourceName"))
    ai = service in ("aiplatform.googleapis.com", "modelarmor.googleapis.com")
    return {
        "time": moment(record.get("timestamp")), "event.id": text(record.get("insertId")),
        "request.id": text(at(operation, "id")),
        "account": next(iter(re.findall(r"^projects/([^/]+)/", text(record.get("logName")) or "")), None),
        "caller.id": first_of(text(at(person, "principalEmail")), text(at(person, "principalSubject"))),
        "source.ip": address(at(audit, "requestMetadata", "callerIp")),
        "user.agent": text(at(audit, "requestMetadata", "callerSuppliedUserAgent")),
        "operation": text(at(audit, "methodName")), "service": service, "service_kind": "ai" if ai else "other",
        "target": resource, "outcome": "success" if not code else "denied" if code == 7 else "failure",
        "auth.method": "key" if text(at(person, "serviceAccountKeyName")) else "identity",
        "model.id": next(iter(re.findall(r"models/([^/]+)$", resource or "")), None),
        "names_ai": ai or "aiplatform" in json.dumps(at(audit, "serviceData")),
    }


READERS = {"aws.bedrock": bedrock, "aws.cloudtrail": cloudtrail, "azure.activity": azure, "gcp.audit": gcp}

# ------------------------------------------------------------ files → records → events


def raw_records(path):
    """(text, record or None) of each line, or of each element of CloudTrail's one object."""
    data = Path(path).read_bytes()
    content = (gzip.decompress(data) if str(path).endswith(".gz") else data).decode()
    whole = parsed(content)
    lines = content.split("\n") if at(whole, "Records") is None else map(json.dumps, whole["Records"])
    for line in lines:
        if line.strip():
            record = parsed(line)
            yield line, record if isinstance(record, dict) else None


def read(source, paths):
    """Every raw record, with what became of it: event, duplicate, other or quarantined."""
    rows = []
    for path in paths:
        for place, (line, record) in enumerate(raw_records(path), 1):
            row = {"source": source, "file": str(path), "place": place, "kept": "event", "raw": line}
            fields = READERS[source](record) if record is not None else {}
            if record is None:
                row |= {"kept": "quarantined", "why": "not a JSON object"}
            elif fields is None:
                row["kept"] = "other"
            elif fields["time"] is None:
                row |= {"kept": "quarantined", "why": "no time"}
            rows.append(row | {key: value for key, value in (fields or {}).items() if value not in (None, "", [])})
    kept = {}
    unique = [row for row in rows if row["kept"] == "event" and "event.id" in row]
    for row in sorted(unique, key=lambda row: (row["time"], row["raw"])):
        before = kept.get(row["event.id"])
        if before and row["time"] - before["time"] <= timedelta(hours=24):
            row["kept"] = "duplicate"
        else:
            kept[row["event.id"]] = row
    return rows


# ------------------------------------------------------------ what must fire: the rules of articles.sky and a few beside

PHRASES = ["ignore previous", "system prompt", "you are now", "disregard instructions", "override safety"]
AZURE_AI = "Microsoft.CognitiveServices/accounts/"
OPERATIONS = {
    "inference": [
        "bedrock:InvokeModel*", "bedrock:Converse*", "*.PredictionService.*Predict",
        "*.PredictionService.*GenerateContent", "*.LlmBidiService.BidiGenerateContent"],
    "guardrail_change": [
        "bedrock:UpdateGuardrail", "bedrock:DeleteGuardrail", "bedrock:*EnforcedGuardrailConfiguration",
        AZURE_AI + "raiPolicies/*", AZURE_AI + "raiBlocklists/*",
        "google.cloud.modelarmor.*.UpdateTemplate", "google.cloud.modelarmor.*.DeleteTemplate"],
    "deployment_change": [
        "bedrock:CreateProvisionedModelThroughput", "bedrock:CreateMarketplaceModelEndpoint",
        "bedrock:CreateModelImportJob", AZURE_AI + "write", AZURE_AI + "deployments/*",
        "*.EndpointService.DeployModel", "*.EndpointService.UndeployModel", "*.EndpointService.CreateEndpoint",
        "*.EndpointService.DeleteEndpoint", "*.ModelService.UploadModel", "*.ModelService.UpdateModel",
        "*.ModelService.DeleteModel"],
    "logging_off": [
        "bedrock:DeleteModelInvocationLoggingConfiguration", "Microsoft.Insights/diagnosticSettings/delete",
        "*.SetPublisherModelConfig"],
    "key_access": [AZURE_AI + "listKeys/action", AZURE_AI + "regenerateKey/action"],
    "access_change": [  # not of articles.sky: who may do what
        "iam:Attach*Policy", "iam:Put*Policy", "iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile",
        "iam:CreateServiceSpecificCredential", "iam:UpdateAssumeRolePolicy", "bedrock:PutUseCaseForModelAccess",
        "bedrock:CreateFoundationModelAgreement", "bedrock:PutFoundationModelEntitlement",
        "Microsoft.Authorization/roleAssignments/*", "SetIamPolicy", "*.SetIamPolicy",
        "google.iam.admin.v1.CreateServiceAccountKey"],
}


def is_one_of(event, meaning):
    """`*` stands for any text; Azure's names fold A-Z."""
    fold = re.I | re.A if event["source"] == "azure.activity" else 0
    names = (".*".join(map(re.escape, pattern.split("*"))) for pattern in OPERATIONS[meaning])
    return any(re.fullmatch(name, event.get("operation", ""), fold) for name in names)


def has_phrase(value):
    """Only A-Z are folded: neither ſ nor a no-break space is a match."""
    lower = re.sub("[A-Z]", lambda letter: letter[0].lower(), value or "")
    return any(phrase in lower for phrase in PHRASES)


def with_key(event):
    return event.get("auth.method") == "key" and is_one_of(event, "inference")


def with_long_term_key(event):
    return event.get("access_key.id", "").startswith("AKIA") and is_one_of(event, "inference")


def denied(event):
    return event.get("service_kind") == "ai" and event.get("outcome") == "denied"


def distinct(events, field):
    return len({event[field] for event in events})


def sum_of(events, field):
    return sum(event.get(field, 0) for event in events)


EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
DAY, HOUR, TEN_MINUTES = timedelta(days=1), timedelta(hours=1), timedelta(minutes=10)
INVOCATION, TRAIL, ACTIVITY = ["aws.bedrock"], ["aws.cloudtrail"], ["aws.cloudtrail", "azure.activity", "gcp.audit"]
WINDOWED = [  # detection, sources, which events, window, keys, measures, and the limits of which one must be passed
    ("prompt_injection_indicators", INVOCATION, lambda e: has_phrase(e.get("prompt")), HOUR, ["caller.id"],
     {"hits": len, "payloads": lambda es: distinct(es, "prompt")}, {"hits": 0}),
    ("high_token_consumers", INVOCATION, lambda e: True, DAY, ["caller.id", "model.id"],
     {"total": lambda es: sum_of(es, "tokens.total"), "calls": len}, {"total": 500_000}),
    ("content_filter_blocks", INVOCATION, lambda e: e.get("guardrail.action") == "blocked", HOUR, ["caller.id"],
     {"blocks": len}, {"blocks": 5}),
    ("large_output_requests", INVOCATION, lambda e: e.get("tokens.output", 0) > 4_000, DAY, ["caller.id"],
     {"large": len, "total": lambda es: sum_of(es, "tokens.output")}, {"large": 10}),
    ("permission_denied", ACTIVITY, denied, TEN_MINUTES, ["caller.id"],
     {"denials": len, "operations": lambda es: distinct(es, "operation")}, {"denials": 20, "operations": 5}),
    ("api_key_used", ACTIVITY, with_key, HOUR, ["account", "caller.id"], {"calls": len}, {"calls": 0}),
    ("long_term_key_used", TRAIL, with_long_term_key, HOUR, ["account", "caller.id"], {"calls": len}, {"calls": 0}),
]
SINGLE = {  # detection → operations; an alert an event that succeeded
    "api_keys_listed": "key_access", "deployment_changed": "deployment_change", "guardrail_changed": "guardrail_change",
    "logging_disabled": "logging_off", "access_changed": "access_change", "ai_access_changed": "access_change"}


def in_windows(events):
    """(incident, whether it fires, whether it comes to half a limit) of every group of every windowed detection."""
    for detection, sources, where, length, keys, measures, limits in WINDOWED:
        groups = defaultdict(list)
        for event in events:
            if event["source"] in sources and all(key in event for key in keys) and where(event):
                start = EPOCH + (event["time"] - EPOCH) // length * length
                groups[event["source"], start, *[event[key] for key in keys]].append(event)
        for (source, start, *group), members in groups.items():
            measured = {name: measure(members) for name, measure in measures.items()}
            times = [event["time"] for event in members]
            incident = {
                "detection": detection, "source": source, "keys": dict(zip(keys, group)), "window_start": stamp(start),
                "count": len(members), "measures": measured, "first": stamp(min(times)), "last": stamp(max(times))}
            fires = any(measured[name] > limit for name, limit in limits.items())
            yield incident, fires, any(measured[name] * 2 >= limit for name, limit in limits.items())


def one_by_one(events):
    """(incident, what keeps it from firing or None) of every event that a single-event detection looks at."""
    for detection, meaning in SINGLE.items():
        for event in events:
            if event["source"] in ACTIVITY and is_one_of(event, meaning):
                why = None if event.get("outcome") == "success" else event.get("outcome", "only started or accepted")
                if why is None and detection == "ai_access_changed" and not event["names_ai"]:
                    why = "names no AI service"
                shown = {key: event[key] for key in ("caller.id", "operation", "target") if key in event}
                yield {
                    "detection": detection, "source": event["source"], "keys": {}, "window_start": stamp(event["time"]),
                    "count": 1, "event": event["event.id"], "show": shown}, why


def incidents(events):
    """What must fire, in the order of alerts (start, source, detection, keys, event), and what comes close."""
    fire, close, counted = [], [], Counter()
    for incident, fires, near in in_windows(events):
        if fires:
            fire.append(incident)
        elif near:
            close.append(incident | {"why": "not above the limit in one window"})
    for incident, why in one_by_one(events):
        if why is None:
            fire.append(incident)
        else:
            counted[incident["detection"], incident["source"], incident["show"]["operation"], why] += 1
    for event in events:
        if event["source"] in INVOCATION and not has_phrase(event.get("prompt")) and has_phrase(event["raw"]):
            why = "a phrase, but in the system text, an old turn or the answer"
            counted["prompt_injection_indicators", event["source"], event["operation"], why] += 1

    def order(incident):
        keys = json.dumps(incident["keys"])
        return incident["window_start"], incident["source"], incident["detection"], keys, incident.get("event", "")

    names = ("detection", "source", "operation", "why")
    near = sorted(close, key=order) + [dict(zip(names, each)) | {"count": n} for each, n in sorted(counted.items())]
    return sorted(fire, key=order), near


# ------------------------------------------------------------ what is printed


def summary(rows):
    kinds = Counter(row["kept"] for row in rows)
    events = [row for row in rows if row["kept"] == "event"]
    found = {"read": len(rows), "events": kinds["event"], "duplicates": kinds["duplicate"], "other": kinds["other"]}
    found |= {"quarantined": kinds["quarantined"], "without_caller": sum("caller.id" not in e for e in events)}
    if events[0]["source"] in INVOCATION:
        found |= {field: sum_of(events, field) for field in ("tokens.input", "tokens.output", "tokens.total")}
        found |= {"blocked": sum("guardrail.action" in e for e in events), "prompts": sum("prompt" in e for e in events)}
        found["errors"] = dict(sorted(Counter(e["error.code"] for e in events if "error.code" in e).items()))
    else:
        for field in ("service_kind", "outcome"):
            found[field] = dict(sorted(Counter(e.get(field, "missing") for e in events).items()))
    return found


def story():
    rows = {source: read(source, sorted(HERE.glob(pattern))) for source, pattern in FILES.items()}
    fire, close = incidents([row for each in rows.values() for row in each if row["kept"] == "event"])

    def listed(items):
        return ",\n".join("  " + json.dumps(item, ensure_ascii=False) for item in items)

    print('{"format": 1, "from": "2026-11-02T00:00:00Z", "to": "2026-11-05T00:00:00Z",')
    print('"sources": {\n' + ",\n".join(f"  {json.dumps(s)}: {json.dumps(summary(r))}" for s, r in rows.items()) + "},")
    print(f'"incidents": [\n{listed(fire)}],\n"near_misses": [\n{listed(close)}]}}')


def main(arguments):
    if arguments == ["story"]:
        story()
    elif len(arguments) > 1 and arguments[0] in READERS:
        for row in read(arguments[0], arguments[1:]):
            del row["raw"]
            shown = {key: stamp(value) if isinstance(value, datetime) else value for key, value in row.items()}
            print(json.dumps(shown, ensure_ascii=False))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
