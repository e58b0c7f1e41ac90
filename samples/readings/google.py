"""Google Cloud: audit logs, Vertex AI's request-response log, Model Armor."""
import base64
import binascii
import json
from fractions import Fraction

from .values import (
    address, at, boolean, elements, first_of, found_in, integer, joined, last_part, moment, number, parsed, present, sql_moment, text, total)

LOGS = tuple(f"/logs/cloudaudit.googleapis.com%2F{name}" for name in ("activity", "data_access", "policy"))
AI = tuple(f"{name}.googleapis.com" for name in ("aiplatform", "modelarmor", "discoveryengine", "generativelanguage"))
# gRPC's codes that get a name of their own.
CODES = {3: "INVALID_ARGUMENT", 5: "NOT_FOUND", 7: "PERMISSION_DENIED", 8: "RESOURCE_EXHAUSTED", 16: "UNAUTHENTICATED"}


def audit(record):
    """schemas.md §6a. The second entry of a stream or long operation lacks the request, and is of another kind."""
    audit, operation, log = record.get("protoPayload"), record.get("operation"), text(record.get("logName")) or ""
    if not (present(at(audit, "serviceName")) and present(at(audit, "methodName")) and log.endswith(LOGS)):
        return None
    if at(operation, "last") is True and at(operation, "first") is not True:
        return None
    person, status = at(audit, "authenticationInfo"), at(audit, "status", "code")
    email, key, code = at(person, "principalEmail"), at(person, "serviceAccountKeyName"), integer(status)
    service, resource = text(at(audit, "serviceName")), text(at(audit, "resourceName"))
    robot = (text(email) or "").endswith(".gserviceaccount.com")
    return {
        "time": moment(record.get("timestamp")), "event.id": text(record.get("insertId")), "provider": "gcp",
        "request.id": text(at(operation, "id")), "account": found_in(log, r"\Aprojects/([^/]+)/"),
        "region": found_in(resource, r"/locations/([^/]+)"),
        "caller.id": first_of(text(email), text(at(person, "principalSubject"))),
        "source.ip": address(at(audit, "requestMetadata", "callerIp")),
        "user.agent": text(at(audit, "requestMetadata", "callerSuppliedUserAgent")),
        "operation": text(at(audit, "methodName")), "service": service, "service_kind": "ai" if service in AI else "other",
        "target": resource, "model.id": found_in(resource, r"/models/([^/]+)\Z"),
        "deployment": found_in(resource, r"/endpoints/([^/]+)\Z"),
        "outcome": "success" if not present(status) or code == 0 else "denied" if code in (7, 16) else "failure",
        "error.code": CODES.get(code), "access_key.id": text(key), "auth.method": "key" if present(key) else "identity",
        "auth.type": "service" if robot else "user" if present(email) else None,
        "names_ai": service in AI or "aiplatform" in json.dumps(at(audit, "serviceData")),
    }


STOPPED = ("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "MODEL_ARMOR")


def either(value, name):
    """A member by its name in the table, or by the API's own."""
    head, *rest = name.split("_")
    return first_of(at(value, name), at(value, head + "".join(map(str.capitalize, rest))))


def vertex(record):
    """schemas.md §6b. A row that names no model is of another kind: an endpoint of one's own."""
    if not text(record.get("model")):
        return None
    asked, answered, extra = (parsed(record.get(name)) for name in ("full_request", "full_response", "metadata"))
    usage, feedback = either(answered, "usage_metadata"), either(answered, "prompt_feedback")
    candidates = elements(at(answered, "candidates"))
    stops = [text(either(candidate, "finish_reason")) for candidate in candidates]
    tokens_in = integer(either(usage, "prompt_token_count"))
    tokens_out = total(integer(either(usage, "candidates_token_count")), integer(either(usage, "thoughts_token_count")))
    turns = elements(at(asked, "contents"))
    of_user = [turn for turn in turns if at(turn, "role") in (None, "", [], "user")]
    endpoint, latency = text(record.get("endpoint")) or "", number(at(extra, "request_latency"))
    ratings = [rating for part in [feedback, *candidates] for rating in elements(either(part, "safety_ratings"))]
    findings = [{"type": text(at(r, "category")), "policy": "content", "confidence": text(at(r, "probability")), "filtered": boolean(at(r, "blocked"))} for r in ratings]
    named = [each for tool in elements(at(asked, "tools")) for each in elements(either(tool, "function_declarations"))]
    return {
        "time": sql_moment(record.get("logging_time")), "event.id": text(record.get("request_id")),
        "request.id": text(record.get("request_id")), "provider": "gcp.vertex_ai", "operation": text(record.get("api_method")),
        "account": found_in(endpoint, r"^projects/([^/]+)/"),
        "region": found_in(endpoint, r"/locations/([^/]+)/"),
        "deployment": found_in(endpoint, r"/endpoints/([^/]+)$"),
        "model.id": last_part(record.get("model")),
        "tokens.input": tokens_in, "tokens.output": tokens_out, "tokens.total": total(tokens_in, tokens_out),
        "tokens.cached": integer(either(usage, "cached_content_token_count")),
        "latency_ms": milliseconds(latency),
        "stop_reason": stops[0] if stops else None,
        "guardrail.action": "blocked" if either(feedback, "block_reason") is not None or set(stops) & set(STOPPED) else None,
        "guardrail.findings": [{key: value for key, value in each.items() if value is not None} for each in findings],
        "messages": [{key: value for key, value in (("role", text(at(turn, "role"))), ("text", said(turn))) if value} for turn in turns],
        "prompt": said(of_user[-1]) if of_user else None,
        "completion": joined([at(part, "text") for candidate in candidates for part in elements(at(candidate, "content", "parts"))]),
        "tools": [text(each["name"]) for each in named if isinstance(each, dict) and "name" in each],
    }


def milliseconds(value):
    """To the microsecond, halves to the even one."""
    if value is None:
        return None
    micros = round(Fraction(value) * 1_000)
    return micros // 1_000 if micros % 1_000 == 0 else micros / 1_000


def said(turn):
    return joined([at(part, "text") for part in elements(at(turn, "parts"))])


ARMOR = "modelarmor.googleapis.com/"
RAI = ("dangerous", "harassment", "hate_speech", "sexually_explicit")
SINGLE = {"csam": "csamFilterFilterResult", "malicious_uris": "maliciousUriFilterResult", "pi_and_jailbreak": "piAndJailbreakFilterResult"}


def model_armor(record):
    """schemas.md §6d. The verdict stands in one of two places; a text may be bytes in base64."""
    name = text(record.get("logName")) or ""
    if not name.endswith("/logs/modelarmor.googleapis.com%2Fsanitize_operations"):
        return None
    payload, labels, resource = record.get("jsonPayload"), record.get("labels"), at(record, "resource", "labels")
    result, given = at(payload, "sanitizationResult"), at(payload, "sanitizationInput")
    filters = at(result, "filterResults")
    block = "MODEL_ARMOR_SANITIZATION_VERDICT_BLOCK" in (at(result, "sanitizationVerdict"), at(payload, "sanitizationVerdict"))
    directions = {"SANITIZE_USER_PROMPT": "prompt", "SANITIZE_MODEL_RESPONSE": "response"}
    answers = [(kind, at(filters, "rai", "raiFilterResult", "raiFilterTypeResults", kind)) for kind in RAI]
    answers += [(kind, at(filters, kind, inside)) for kind, inside in SINGLE.items()]
    found = [(kind, text(at(answer, "confidenceLevel"))) for kind, answer in answers if at(answer, "matchState") == "MATCH_FOUND"]
    inspected = elements(at(filters, "sdp", "sdpFilterResult", "inspectResult", "findings"))
    found += [(text(at(each, "infoType")), text(at(each, "likelihood"))) for each in inspected if first_of(at(each, "infoType")) is not None]
    return {
        "time": moment(record.get("timestamp")), "event.id": text(record.get("insertId")), "provider": "gcp.model_armor",
        "request.id": text(at(labels, ARMOR + "client_correlation_id")), "client": text(at(labels, ARMOR + "client_name")),
        "account": found_in(name, r"^projects/([^/]+)/"), "region": text(at(resource, "location")),
        "template": text(at(resource, "template_id")), "direction": directions.get(text(at(payload, "operationType"))),
        "verdict": "blocked" if block else "flagged" if at(result, "filterMatchState") == "MATCH_FOUND" else "none",
        "findings": [{name: value for name, value in (("type", kind), ("confidence", level)) if value} for kind, level in found],
        "text": first_of(text(at(given, "text")), decoded(at(given, "byteItem", "byteData"))),
    }


def decoded(value):
    """Base64 with or without its padding, of text."""
    if not isinstance(value, str):
        return None
    padding = "" if "=" in value else "=" * (-len(value) % 4)
    try:
        return text(base64.b64decode(value + padding, validate=True).decode())
    except (binascii.Error, UnicodeDecodeError):
        return None
