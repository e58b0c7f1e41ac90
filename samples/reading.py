#!/usr/bin/env python3
"""Reads raw cloud logs by schemas.md alone, field by field, and works out what they must set off.

    python3 samples/reading.py aws.bedrock FILE…     # one JSON line of normalized fields a raw record
    python3 samples/reading.py story                 # what is in story.json, from the files under samples/

The sources are those of readings/, their files those of sources.json. It shares nothing with generate.py and nothing
with Skywatch: it is the second opinion that a Skywatch run over the same files is compared with.
Missing fields (absent, null, "", [], a value of the wrong type) are left out, as in docs/semantics.md §3.
"""
import gzip
import hashlib
import json
import re
import sys
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.dont_write_bytecode = True
from readings import ASSEMBLERS, READERS, UNPACKERS
from readings.values import at, parsed, present, stamp

HERE = Path(__file__).resolve().parent
SOURCES = json.loads((HERE / "sources.json").read_text())


# ------------------------------------------------------------ files → records → events


def raw_records(path, source):
    """(line, place in a list or None, text, record or None) of each line, or of each of the records that one line holds."""
    data = Path(path).read_bytes()
    content = (gzip.decompress(data) if str(path).endswith(".gz") else data).decode()
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        record = parsed(line)
        held = at(record, "Records")  # CloudTrail's
        if held is None and source in UNPACKERS and isinstance(record, dict):
            held = UNPACKERS[source](record) or None
        if held is None:
            yield number, None, line, record if isinstance(record, dict) else None
            continue
        for place, each in enumerate(held):
            yield number, place, compact(each), each if isinstance(each, dict) else None


def compact(record):
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def there(value):
    """A list's records keep the parts that are present."""
    if not isinstance(value, list):
        return value
    return [{key: part for key, part in each.items() if present(part)} if isinstance(each, dict) else each for each in value]


def digest(prompt):
    """SHA-256 of a prompt's bytes; an archive with a key keeps another one."""
    return hashlib.sha256(prompt.encode()).hexdigest() if prompt else None


def fate(reader, record):
    """What one record became by itself."""
    fields = reader(record) if record is not None else {}
    if record is None:
        return "quarantined", "not a JSON object"
    if fields is None:
        return "other", {}
    return ("event", fields) if fields["time"] is not None else ("quarantined", "no time")


def read(source, paths):
    """Every raw record, with what became of it: event, merged, duplicate, other or quarantined."""
    found = [(path, *raw) for path in paths for raw in raw_records(path, source)]
    if source in ASSEMBLERS:
        fates = ASSEMBLERS[source]([raw[3:] for raw in found])
    else:
        fates = [fate(READERS[source], raw[-1]) for raw in found]
    rows = []
    for (path, line, place, raw, _), (kept, more) in zip(found, fates):
        row = {"source": source, "file": str(path), "line": line, "element": place, "kept": kept, "raw": raw}
        fields = {"why": more} if kept == "quarantined" else {"prompt_digest": digest(more.get("prompt")), **more}
        rows.append(row | {key: there(value) for key, value in fields.items() if present(value)})
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
        "bedrock:CreateProvisionedModelThroughput", "bedrock:CreateMarketplaceModelEndpoint", AZURE_AI + "write",
        AZURE_AI + "deployments/*", "*.EndpointService.DeployModel", "*.EndpointService.UndeployModel",
        "*.EndpointService.CreateEndpoint", "*.EndpointService.DeleteEndpoint"],
    "model_change": [
        "bedrock:CreateModelImportJob", "*.ModelService.UploadModel", "*.ModelService.UpdateModel", "*.ModelService.DeleteModel"],
    "logging_off": [
        "bedrock:DeleteModelInvocationLoggingConfiguration", "Microsoft.Insights/diagnosticSettings/delete",
        "*.SetPublisherModelConfig"],
    "key_access": [AZURE_AI + "listKeys/action", AZURE_AI + "regenerateKey/action", "ListKey"],
    "access_change": [  # not of articles.sky: who may do what
        "iam:Attach*Policy", "iam:Put*Policy", "iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile",
        "iam:CreateServiceSpecificCredential", "iam:UpdateAssumeRolePolicy", "bedrock:PutUseCaseForModelAccess",
        "bedrock:CreateFoundationModelAgreement", "bedrock:PutFoundationModelEntitlement",
        "Microsoft.Authorization/roleAssignments/*", "SetIamPolicy", "*.SetIamPolicy",
        "google.iam.admin.v1.CreateServiceAccountKey"],
}


def is_one_of(event, meaning):
    """`*` stands for any text; Azure's names fold A-Z."""
    fold = re.I | re.A if event["source"].startswith("azure.") else 0
    names = (".*".join(map(re.escape, pattern.split("*"))) for pattern in OPERATIONS[meaning])
    return any(re.fullmatch(name, event.get("operation", ""), fold) for name in names)


def has_phrase(value):
    """Only A-Z are folded: neither ſ nor a no-break space is a match."""
    lower = re.sub("[A-Z]", lambda letter: letter[0].lower(), value or "")
    return any(phrase in lower for phrase in PHRASES)


def with_key(event):
    return event.get("auth.method") == "key" and is_one_of(event, "inference")


def denied(event):
    return event.get("service_kind") == "ai" and event.get("outcome") == "denied"


def of_a_model(event):
    """Calls of models as the models' own logs tell them: control planes say how a call ended, and never what it was."""
    return event["counts_tokens"]


def failed(event):
    return event.get("status", 0) >= 500 or event.get("status") == 429


def distinct(events, field):
    return len({event[field] for event in events})


def sum_of(events, field):
    return sum(event.get(field, 0) for event in events)


def count(events, where):
    return sum(map(bool, map(where, events)))


def ranked(events, field, percent):
    """The nearest rank: the element that so many percent of all are not above."""
    found = sorted(event[field] for event in events if field in event)
    return found[-(-len(found) * percent // 100) - 1] if found else None


EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
DAY, HOUR, QUARTER, TEN_MINUTES = timedelta(days=1), timedelta(hours=1), timedelta(minutes=15), timedelta(minutes=10)
# detection, which events, window, keys (`key=what stands for none`), measures, and the limits of which one must be passed
WINDOWED = [
    ("prompt_injection_indicators", lambda e: has_phrase(e.get("prompt")), HOUR, ["caller.id"],
     {"hits": len, "payloads": lambda es: distinct(es, "prompt")}, {"hits": 0}),
    ("high_token_consumers", lambda e: "tokens.total" in e, DAY, ["caller.id", "model.id"],
     {"total": lambda es: sum_of(es, "tokens.total"), "calls": len}, {"total": 500_000}),
    ("content_filter_blocks", lambda e: e.get("guardrail.action") == "blocked", HOUR, ["caller.id"],
     {"blocks": len}, {"blocks": 5}),
    ("large_output_requests", lambda e: e.get("tokens.output", 0) > 4_000, DAY, ["caller.id"],
     {"large": len, "total": lambda es: sum_of(es, "tokens.output")}, {"large": 10}),
    ("permission_denied", denied, TEN_MINUTES, ["caller.id"],
     {"denials": len, "operations": lambda es: distinct(es, "operation")}, {"denials": 20, "operations": 5}),
    ("api_key_used", with_key, HOUR, ["account", "caller.id"], {"calls": len}, {"calls": 0}),
    ("filter_hits_by_address", lambda e: e.get("guardrail.action") == "blocked", DAY, ["source.ip"],
     {"hits": len}, {"hits": 10}),
    ("token_use_by_address", of_a_model, HOUR, ["source.ip"],
     {"total": lambda es: sum_of(es, "tokens.total"), "largest": lambda es: ranked(es, "tokens.total", 100),
      "p95": lambda es: ranked(es, "tokens.total", 95), "calls": len}, {"total": 100_000}),
    ("model_key_used", lambda e: e.get("auth.method") == "key" and "outcome" not in e, HOUR,
     ["account", "deployment=(not named)"], {"calls": len}, {"calls": 0}),
    ("backend_errors", lambda e: True, QUARTER, ["backend.id"],
     {"calls": len, "errors": lambda es: count(es, failed),
      "of more than one in twenty": lambda es: count(es, failed) if count(es, failed) * 20 > len(es) else 0},
     {"of more than one in twenty": 5}),
    ("screening_blocks", lambda e: e.get("verdict") == "blocked", HOUR, ["template", "client=(not named)"],
     {"blocks": len, "in_answers": lambda es: count(es, lambda e: e.get("direction") == "response")}, {"blocks": 5}),
    ("screened_injection_indicators", lambda e: e.get("direction") == "prompt" and has_phrase(e.get("text")), HOUR, ["template"],
     {"hits": len, "passed": lambda es: count(es, lambda e: e.get("verdict") not in (None, "blocked"))}, {"hits": 0}),
    ("agent_injection_indicators", lambda e: has_phrase(e.get("tool.input")), HOUR, ["agent.name"], {"hits": len}, {"hits": 0}),
    ("agent_tool_errors", lambda e: "error.code" in e, HOUR, ["agent.name", "tool.name"],
     {"errors": len, "kinds": lambda es: distinct(es, "error.code")}, {"errors": 10}),
]
SINGLE = {  # detection → operations; an alert an event that succeeded
    "api_keys_listed": "key_access", "deployment_changed": "deployment_change", "model_changed": "model_change",
    "guardrail_changed": "guardrail_change",
    "logging_disabled": "logging_off", "access_changed": "access_change", "ai_access_changed": "access_change"}


def in_windows(events):
    """(incident, whether it fires, whether it comes to half a limit) of every group of every windowed detection."""
    for detection, where, length, named, measures, limits in WINDOWED:
        keys, others = zip(*[key.partition("=")[::2] for key in named])
        groups = defaultdict(list)
        for event in events:
            group = [event.get(key, other) for key, other in zip(keys, others)]
            if all(group) and where(event):
                start = EPOCH + (event["time"] - EPOCH) // length * length
                groups[event["source"], start, *group].append(event)
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
            if is_one_of(event, meaning):
                outcome = event.get("outcome")
                why = None if outcome == "success" else "only started or accepted" if outcome == "started" else outcome
                if why is None and detection == "ai_access_changed" and not event["names_ai"]:
                    why = "names no AI service"
                shown = {key: event[key] for key in ("caller.id", "operation", "target") if key in event}
                yield {
                    "detection": detection, "source": event["source"], "keys": {}, "window_start": stamp(event["time"]),
                    "count": 1, "event": event["event.id"], "show": shown}, why


def incidents(events):
    """What must fire, in the order of alerts (start, source, detection, keys, event), and what comes close."""
    fire, close, counted = [], [], Counter()
    counting = {event["source"] for event in events if "tokens.total" in event}
    for event in events:
        event["counts_tokens"] = event["source"] in counting
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
        talk = "messages" in event or "prompt" in event or "completion" in event
        if talk and not has_phrase(event.get("prompt")) and has_phrase(event["raw"]):
            why = "a phrase, but in the system text, an old turn or the answer"
            counted["prompt_injection_indicators", event["source"], event.get("operation", ""), why] += 1

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
    found = {"read": len(rows), "events": kinds["event"], "merged": kinds["merged"], "duplicates": kinds["duplicate"]}
    found |= {"other": kinds["other"], "quarantined": kinds["quarantined"], "without_caller": sum("caller.id" not in e for e in events)}
    if any("tokens.total" in event for event in events):
        found |= {field: sum_of(events, field) for field in ("tokens.input", "tokens.output", "tokens.total")}
        found |= {"blocked": sum(e.get("guardrail.action") == "blocked" for e in events), "prompts": sum("prompt" in e for e in events)}
        found["errors"] = dict(sorted(Counter(e["error.code"] for e in events if "error.code" in e).items()))
    for field in ("service_kind", "outcome", "direction", "verdict"):
        if any(field in event for event in events):
            found[field] = dict(sorted(Counter(e.get(field, "missing") for e in events).items()))
    return found


def files_of(globs):
    """One glob, or a list of them."""
    return sorted(path for glob in ([globs] if isinstance(globs, str) else globs) for path in HERE.glob(glob))


def story():
    rows = {source: read(source, files_of(entry["files"])) for source, entry in SOURCES.items()}
    fire, close = incidents([row for each in rows.values() for row in each if row["kept"] == "event"])

    def listed(items):
        return ",\n".join("  " + json.dumps(item, ensure_ascii=False) for item in items)

    print('{"format": 1, "from": "2026-11-02T00:00:00Z", "to": "2026-11-05T00:00:00Z",')
    print('"sources": {\n' + ",\n".join(f"  {json.dumps(s)}: {json.dumps(summary(r))}" for s, r in rows.items()) + "},")
    print(f'"incidents": [\n{listed(fire)}],\n"near_misses": [\n{listed(close)}]}}')


def main(arguments):
    if arguments == ["story"]:
        story()
    elif len(arguments) > 1 and arguments[0] in READERS | ASSEMBLERS:
        for row in read(arguments[0], arguments[1:]):
            for own in ("raw", "names_ai"):
                row.pop(own, None)
            shown = {key: stamp(value) if isinstance(value, datetime) else value for key, value in row.items()}
            print(json.dumps(shown, ensure_ascii=False))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
