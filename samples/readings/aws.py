"""AWS: Bedrock's invocation log, CloudTrail and AgentCore's runtime log. Each reader takes a raw record, gives its fields, or None for a record of another kind."""
import json
import re

from .values import (
    address, at, boolean, elements, first_of, found_in, integer, joined, last_part, moment, of_nanoseconds, parts, present, text, total, values)

ACTION = "amazon-bedrock-guardrailAction"


def bedrock(record):
    """schemas.md §1."""
    if record.get("schemaType") != "ModelInvocationLog":
        return None
    asked, answered, arn = at(record, "input"), at(record, "output"), text(at(record, "identity", "arn"))
    body, reply = at(asked, "inputBodyJson"), at(answered, "outputBodyJson")
    chunks = elements(reply)
    counts = ("inputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount")  # the first leaves out the others
    tokens_in = total(*[integer(at(asked, key)) for key in counts])
    tokens_out = integer(at(answered, "outputTokenCount"))
    blocked = at(reply, "stopReason") == "guardrail_intervened" or any(at(part, ACTION) == "INTERVENED" for part in [reply, *chunks])
    return {
        "time": moment(record.get("timestamp")), "event.id": text(record.get("requestId")), "provider": "aws.bedrock",
        "request.id": text(record.get("requestId")), "account": text(record.get("accountId")),
        # Where the call was answered, if that is another Region than the one that was called.
        "region": first_of(text(record.get("inferenceRegion")), text(record.get("region"))),
        "caller.id": arn, "caller.name": last_part(arn), "caller.role": found_in(arn, r":assumed-role/([^/]+)/"),
        "operation": text(record.get("operation")), "model.id": last_part(record.get("modelId")),
        "tokens.input": tokens_in, "tokens.output": tokens_out, "tokens.total": total(tokens_in, tokens_out),
        "tokens.cached": integer(at(asked, "cacheReadInputTokenCount")),
        "latency_ms": integer(at(reply, "metrics", "latencyMs")), "error.code": text(record.get("errorCode")),
        "stop_reason": first_of(
            text(at(reply, "stopReason")), text(at(reply, "stop_reason")), joined(parts(chunks, "delta", "stop_reason"))),
        "guardrail.action": "blocked" if blocked else None, "guardrail.findings": findings(reply, chunks),
        "prompt": prompt(body), "messages": [turn(message) for message in elements(at(body, "messages"))],
        "completion": first_of(
            joined(parts(elements(at(reply, "output", "message", "content")), "text")),
            joined(parts(elements(at(reply, "content")), "text")), joined(parts(chunks, "delta", "text"), ""),
            joined(parts(elements(at(reply, "results")), "outputText")), text(at(reply, "generation"))),
        "tools": [text(name) for name in parts(elements(at(body, "toolConfig", "tools")), "toolSpec", "name")],
    }


def turn(message):
    """Who spoke, and what: a message's texts, then its guarded texts, one a line. Older requests have the one text itself."""
    content = at(message, "content")
    said = parts(elements(content), "text") + parts(elements(content), "guardContent", "text", "text")
    return {"role": text(at(message, "role")), "text": joined(said) or text(content)}


def prompt(body):
    """The user's newest message, in which a tool's result is no word of theirs; or the one prompt of older bodies."""
    turns = [turn(message)["text"] for message in elements(at(body, "messages")) if text(at(message, "role")) == "user"]
    older = [text(at(body, key)) for key in ("inputText", "prompt", "message")]
    return first_of(*turns[-1:], *older)


def findings(reply, chunks):
    """What the guardrail's content policy found, in the three places of schemas.md; each stands under the guardrail's id."""
    converse = at(reply, "trace", "guardrail")
    late = at(converse, "outputAssessments")
    found = [values(at(converse, "inputAssessment"))]
    found += [[one for each in elements(late) for one in values(each)]]  # a list of maps
    found += [[one for each in values(late) for one in elements(each)]]  # or a map of lists
    for trace in parts([reply], "amazon-bedrock-trace", "guardrail"):
        found += [values(at(trace, "input")), [one for each in elements(at(trace, "outputs")) for one in values(each)]]
    late = parts(chunks, "amazon-bedrock-trace", "guardrail")
    found += [[one for trace in late for one in values(at(trace, "input"))]]
    found += [[one for trace in late for each in elements(at(trace, "outputs")) for one in values(each)]]
    filters = [each for place in found for one in place for each in elements(at(one, "contentPolicy", "filters"))]
    return [
        {key: text(at(each, key)) for key in ("type", "confidence", "action")} | {"detected": boolean(at(each, "detected")), "policy": "content"}
        for each in filters]


DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Client.UnauthorizedOperation")


def cloudtrail(record):
    """schemas.md §2. A record of another kind has no AWS service as its source, or names no call."""
    source, name = text(record.get("eventSource")) or "", record.get("eventName")
    if not source.endswith(".amazonaws.com") or not present(name):
        return None
    service, person, error = found_in(source, r"\A([^.]+)\."), record.get("userIdentity"), record.get("errorCode")
    parameters, key, arn = record.get("requestParameters"), text(at(person, "accessKeyId")), text(at(person, "arn"))
    bearer = at(record, "additionalEventData", "callWithBearerToken") is True or at(parameters, "callWithBearerToken") is True
    ai = re.match("bedrock|sagemaker|aws-external-anthropic", source)
    resources = ("guardrailIdentifier", "modelId", "agentId", "provisionedModelId")
    return {
        "time": moment(record.get("eventTime")), "event.id": text(record.get("eventID")), "provider": "aws",
        "request.id": text(record.get("requestID")), "account": text(record.get("recipientAccountId")),
        "region": text(record.get("awsRegion")),
        # A service that calls for itself has no ARN.
        "caller.id": first_of(arn, text(at(person, "principalId")), text(at(person, "invokedBy"))),
        "caller.name": first_of(text(at(person, "userName")), last_part(arn)),
        "caller.role": text(at(person, "sessionContext", "sessionIssuer", "arn")),
        "source.ip": address(record.get("sourceIPAddress")), "user.agent": text(record.get("userAgent")),
        "operation": f"{service or ''}:{text(name) or ''}", "service": service, "service_kind": "ai" if ai else "other",
        "target": first_of(*[text(at(parameters, resource)) for resource in resources]),
        "outcome": "success" if not present(error) else "denied" if error in DENIED else "failure", "error.code": text(error),
        # A Bedrock key (bearer token), or an access key that does not expire.
        "auth.method": "key" if bearer or (key or "").startswith("AKIA") else "identity",
        "auth.type": text(at(person, "type")), "access_key.id": key, "model.id": last_part(at(parameters, "modelId")),
        "names_ai": bool(ai) or "bedrock" in json.dumps(parameters).lower(),
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
