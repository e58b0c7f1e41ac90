"""Azure: an Azure OpenAI account's diagnostic logs and API Management's gateway log (schemas.md §3, §4a)."""
import re
from datetime import datetime, timedelta, timezone

from .values import address, at, elements, first_of, integer, joined, moment, parsed, subscription, text, total

OPENAI = "/PROVIDERS/MICROSOFT.COGNITIVESERVICES/ACCOUNTS/"
YEAR_ONE = datetime(1, 1, 1, tzinfo=timezone.utc)


def of_category(record, category):
    """What all records of an account's log have; None for those of another category or another service."""
    resource = text(record.get("resourceId")) or ""
    if record.get("category") != category or OPENAI not in resource.upper() + "/":
        return None
    return {
        "time": moment(record.get("time")), "event.id": text(record.get("correlationId")),
        "request.id": text(record.get("correlationId")), "account": subscription(record.get("resourceId")),
        "region": text(record.get("location")), "operation": text(record.get("operationName")),
    }


def members(record):
    """`properties`: JSON text or an object; an empty object where it can't be read."""
    found = parsed(record.get("properties"))
    return found if isinstance(found, dict) else {}


def masked(value):
    """An address whose last part is stars, or a whole one."""
    whole = re.sub(r"\.\*+$", ".0", value) if isinstance(value, str) else None
    return value if whole and address(whole) else None


def instant(ticks):
    """.NET's: 100 ns since the year 1."""
    n = integer(ticks)
    return YEAR_ONE + timedelta(microseconds=n // 10) if n is not None and 0 <= n < 3_155_378_976_000_000_000 else None


def openai(record):
    """Category RequestResponse: metadata only. Without an object id the caller came with a key."""
    common, found = of_category(record, "RequestResponse"), members(record)
    if common is None:
        return None
    caller, took = first_of(text(found.get("objectId")), text(found.get("callerObjectId"))), integer(record.get("durationMs"))
    asked, answered = instant(found.get("requestTime")), instant(found.get("responseTime"))
    if took is None or took < 0:
        between = (answered - asked) // timedelta(microseconds=1) if asked and answered else -1
        took = None if between < 0 else between / 1000 if between % 1000 else between // 1000
    return common | {
        "provider": "azure.ai.openai", "caller.id": caller, "source.net": masked(record.get("callerIpAddress")),
        "model.id": text(found.get("modelName")), "deployment": text(found.get("modelDeploymentName")),
        "latency_ms": took, "status": integer(record.get("resultSignature")),
        "request.size": integer(found.get("requestLength")), "response.size": integer(found.get("responseLength")),
        "auth.method": "identity" if caller else "key" if found else None,
    }


def count(value):
    """A count that comes as a list of one, or as it is."""
    return first_of(integer(at(value, 0)), integer(value))


def openai_usage(record):
    """Category AzureOpenAIRequestUsage."""
    common, found = of_category(record, "AzureOpenAIRequestUsage"), members(record)
    if common is None:
        return None
    sent, got = count(found.get("promptTokens")), count(found.get("generatedTokens"))
    return common | {
        "provider": "azure.ai.openai", "caller.id": text(found.get("objectId")), "model.id": text(found.get("modelName")),
        "deployment": text(found.get("modelDeploymentName")), "tokens.input": sent, "tokens.output": got,
        "tokens.cached": count(found.get("cachedTokens")), "tokens.total": total(sent, got),
    }


def openai_audit(record):
    """Category Audit: an operation and an object id."""
    common = of_category(record, "Audit")
    if common is None or common["operation"] is None:
        return None
    code = integer(record.get("resultSignature")) or 0
    return common | {
        "provider": "azure", "caller.id": text(members(record).get("objectId")), "service": "microsoft.cognitiveservices",
        "service_kind": "ai", "target": record["resourceId"].lower(), "names_ai": True,
        "outcome": "denied" if code in (401, 403) else "failure" if code >= 400 else "success",
        "error.code": text(record.get("resultSignature")) if code >= 400 else None,
    }


def body(properties, *names):
    """The first of several bodies that was logged, if it is JSON: one that was cut, or a stream's packet, is none."""
    return parsed(first_of(*[properties.get(name) for name in names]))


def said(message):
    """The texts of a message, one a line; content is a text or a list of parts."""
    content = at(message, "content")
    return first_of(joined([at(part, "text") for part in elements(content)]), text(content))


def apim_gateway(record):
    """GatewayLogs: the call as the gateway saw it, and what the bodies say where they were logged."""
    if record.get("category") != "GatewayLogs":
        return None
    properties = record["properties"] if isinstance(record.get("properties"), dict) else {}
    asked = body(properties, "requestBody", "backendRequestBody")
    reply = body(properties, "backendResponseBody", "responseBody")
    places = [re.search(r"/deployments/([^/?]+)", text(properties.get(name)) or "") for name in ("url", "backendUrl")]
    deployment = next((place[1] for place in places if place), None)
    error, choices, took = at(reply, "error"), elements(at(reply, "choices")), integer(record.get("durationMs"))
    filters = [
        at(error, "innererror", "content_filter_result"), at(reply, "prompt_filter_results", 0, "content_filter_results"),
        at(choices, 0, "content_filter_results")]
    results = [(name, one) for each in filters for name, one in sorted(each.items() if isinstance(each, dict) else ())]
    turns = [message for message in elements(at(asked, "messages")) if at(message, "role") == "user"]
    sent, got = (integer(at(reply, "usage", name)) for name in ("prompt_tokens", "completion_tokens"))
    functions = [at(tool, "function") for tool in elements(at(asked, "tools"))]
    return {
        "time": moment(record.get("time")), "event.id": text(record.get("correlationId")),
        "request.id": text(record.get("correlationId")), "account": subscription(record.get("resourceId")),
        "provider": "azure.ai.openai", "region": text(record.get("location")),
        "caller.id": first_of(text(properties.get("apimSubscriptionId")), text(properties.get("userId"))),
        "caller.name": text(properties.get("userId")), "source.ip": address(record.get("callerIpAddress")),
        "user.agent": first_of(*[text(at(properties, "requestHeaders", name)) for name in ("User-Agent", "user-agent")]),
        "operation": text(properties.get("operationId")), "deployment": deployment,
        "model.id": first_of(text(at(reply, "model")), text(at(asked, "model")), deployment),
        "backend.id": text(properties.get("backendId")), "tokens.input": sent, "tokens.output": got,
        "tokens.total": total(sent, got),
        "tokens.cached": integer(at(reply, "usage", "prompt_tokens_details", "cached_tokens")),
        "latency_ms": took if took is not None and took >= 0 else None, "status": integer(properties.get("responseCode")),
        "error.code": first_of(text(at(error, "code")), text(at(properties, "lastError", "reason"))),
        "stop_reason": text(at(choices, 0, "finish_reason")), "request.size": integer(properties.get("requestSize")),
        "response.size": integer(properties.get("responseSize")), "guardrail.action": action(error, choices, filters[1:]),
        "guardrail.findings": [finding(name, one) for name, one in results if found_something(one)],
        "messages": [
            {key: value for key, value in (("role", text(at(message, "role"))), ("text", said(message))) if value}
            for message in elements(at(asked, "messages"))],
        "prompt": first_of(said(turns[-1]) if turns else None, text(at(asked, "prompt")), text(at(asked, "input"))),
        "completion": first_of(text(at(choices, 0, "message", "content")), text(at(choices, 0, "text"))),
        # A tool whose name is no text has a place in the list all the same.
        "tools": [text(tool["name"]) for tool in functions if isinstance(tool, dict) and "name" in tool],
    }


def action(error, choices, filters):
    """A filtered prompt is an error, a filtered answer a reason to stop; what a filter saw and let pass is flagged."""
    if at(error, "code") == "content_filter" or at(error, "innererror", "code") == "ResponsibleAIPolicyViolation":
        return "blocked"
    if any(at(choice, "finish_reason") == "content_filter" for choice in choices):
        return "blocked"
    seen = [one for each in filters if isinstance(each, dict) for one in each.values()]
    return "flagged" if any(True in (at(one, "filtered"), at(one, "detected")) for one in seen) else None


def found_something(result):
    return True in (at(result, "filtered"), at(result, "detected")) or at(result, "severity") in ("low", "medium", "high")


def finding(name, result):
    filtered, detected = (at(result, key) if isinstance(at(result, key), bool) else None for key in ("filtered", "detected"))
    severity = text(at(result, "severity"))
    parts = {
        "type": name.upper(), "policy": "content", "action": "BLOCKED" if filtered else "NONE",
        "confidence": severity and severity.upper(), "filtered": filtered, "detected": detected}
    return {key: value for key, value in parts.items() if value is not None}
