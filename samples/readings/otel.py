"""OpenTelemetry: spans by the conventions for generative AI (schemas.md §8), as OTLP's JSON or one by one as AWS keeps them."""
from datetime import timedelta

from .values import address, at, elements, first_of, integer, of_nanoseconds, present, text


def spans(request):
    """The spans of an export request, each with its resource and scope; none of what is no request."""
    found = []
    for group in every(request, "resourceSpans", "resource_spans"):
        resource = described(at(group, "resource"))
        # Before version 1.0 of the protocol a scope was an instrumentation library.
        for scoped in every(group, "scopeSpans", "scope_spans", "instrumentationLibrarySpans"):
            scope = described(first_of(at(scoped, "scope"), at(scoped, "instrumentationLibrary")))
            above = {"resource": resource, "scope": scope}
            found += [above | described(span) if isinstance(span, dict) else span for span in every(scoped, "spans")]
    return found


def every(value, *names):
    """The elements of a list by its name, by its name in the protocol's files, or by one that it had before."""
    return [element for name in names for element in elements(at(value, name))]


def described(value):
    """What has attributes, with them as an object."""
    pairs = at(value, "attributes")
    return value | {"attributes": by_key(pairs)} if isinstance(pairs, list) else value


def by_key(pairs):
    return {pair["key"]: plain(pair["value"]) for pair in pairs if isinstance(at(pair, "key"), str) and "value" in pair}


def plain(value):
    """An AnyValue; 64-bit numbers are texts in the protocol's JSON."""
    if not isinstance(value, dict):
        return value
    kind, held = next(iter(value.items()), (None, None))
    if kind == "intValue" and isinstance(held, str):
        return integer(held) if integer(held) is not None else held
    if kind == "arrayValue":
        return [plain(each) for each in elements(at(held, "values"))]
    return by_key(elements(at(held, "values"))) if kind == "kvlistValue" else held


def genai(span):
    """A span of an agent, a tool or a model. What has no ids, or nothing of the conventions, is of another kind."""
    attributes, resource = span.get("attributes"), at(span, "resource", "attributes")

    def first(*names):
        return first_of(*[text(at(attributes, name)) for name in names])

    conventions = ("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.system")
    ids = [span.get("traceId"), span.get("spanId")]
    if not all(map(present, ids)) or not any(present(at(attributes, name)) for name in conventions):
        return None
    begun, ended = of_nanoseconds(span.get("startTimeUnixNano")), of_nanoseconds(span.get("endTimeUnixNano"))
    took = (ended - begun) // timedelta(microseconds=1) if begun and ended else None
    # An enumeration is written as its number or its name.
    failed = text(at(span, "status", "code")) in ("2", "STATUS_CODE_ERROR", "ERROR")
    return {
        "time": begun, "event.id": "/".join(text(each) or "" for each in ids),
        "provider": first("gen_ai.provider.name", "gen_ai.system"),
        "request.id": first("gen_ai.response.id", "aws.request_id", "azure.service.request.id"),
        "account": text(at(resource, "cloud.account.id")), "region": text(at(resource, "cloud.region")),
        "caller.id": first("user.id", "enduser.id"), "source.ip": address(at(attributes, "client.address")),
        "user.agent": first("user_agent.original"), "session.id": first("session.id"), "agent.id": first("gen_ai.agent.id"),
        "agent.name": first_of(first("gen_ai.agent.name"), text(at(resource, "service.name"))),
        "conversation.id": first("gen_ai.conversation.id", "session.id"), "tool.name": first("gen_ai.tool.name"),
        "model.id": first("gen_ai.request.model", "gen_ai.response.model"),
        "tokens.input": count(attributes, "input", "prompt"), "tokens.output": count(attributes, "output", "completion"),
        "latency_ms": None if took is None else took / 1000 if took % 1000 else took // 1000,
        "error.code": first_of(first("error.type"), first_of(text(at(span, "status", "message")), "error") if failed else None),
        "tool.input": first("gen_ai.tool.call.arguments"), "tool.output": first("gen_ai.tool.call.result"),
    }


def count(attributes, *names):
    """Tokens, by the conventions' name or the one before it."""
    return first_of(*[integer(at(attributes, f"gen_ai.usage.{name}_tokens")) for name in names])
