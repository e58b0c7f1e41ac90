"""AWS: Bedrock's invocation log, CloudTrail and AgentCore's runtime log. Each reader takes a raw record, gives its fields, or None for a record of another kind."""
import json
import re

from .values import address, at, elements, first_of, integer, joined, last_part, moment, of_nanoseconds, text, total, values


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


def agentcore(record):
    """schemas.md §1, related. What the agent's own telemetry writes into the log group is of another kind."""
    if record.get("operation") != "InvokeAgentRuntime":
        return None
    arn, asked, answered = text(record.get("resource_arn")) or "", at(record, "body", "request_payload"), at(record, "body", "response_payload")
    prompt, service = at(asked, "prompt"), text(at(record, "resource", "attributes", "service.name")) or ""
    turns = [turn for turn in elements(prompt) if at(turn, "role") == "user"]
    session = first_of(text(at(record, "attributes", "session.id")), text(record.get("session_id")))
    return {
        "time": of_nanoseconds(record.get("timeUnixNano")), "event.id": text(record.get("request_id")),
        "request.id": text(record.get("request_id")), "provider": "aws.bedrock", "account": text(record.get("account_id")),
        "region": (arn.split(":") + [""] * 4)[3] or None, "session.id": session, "conversation.id": session,
        "agent.id": next(iter(re.findall(r":runtime/([^/]+)", arn)), None), "agent.name": service.split(".")[0] or None,
        "tool.input": first_of(text(prompt), text(at(prompt, "content")), text(at(turns[-1], "content")) if turns else None, text(asked)),
        "tool.output": first_of(
            text(answered), text(at(answered, "text")), text(at(answered, "content")),
            joined([at(part, "content") for part in elements(answered)])),
    }
