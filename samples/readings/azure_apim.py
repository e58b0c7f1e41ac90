"""Azure: API Management's log of language models with the gateway's own log (schemas.md §4b, §4a): one call, several records."""
from datetime import timedelta
from itertools import groupby

from .values import address, elements, first_of, integer, joined, member, moment, parsed, present, subscription, text, total

WITHIN = timedelta(minutes=10)


def assembled(rows):
    """(what it became, its fields) of each of some (text, record): docs/semantics.md §13 says which rows are one call."""
    fates, playing = [None] * len(rows), []
    for number, (raw, record) in enumerate(rows):
        if record is None:
            fates[number] = "quarantined", "not a JSON object"
            continue
        key = first_of(text(member(record, "correlationId")), text(member(record, "properties", "correlationId")))
        if not key or not any(part(record) for part in PARTS.values()):
            fates[number] = "other", {}
        elif (time := moment(member(record, "time"))) is None:
            fates[number] = "quarantined", "no time"
        else:
            playing.append((key, time, raw, number, record))
    playing.sort(key=lambda row: row[:4])
    for _, of_key in groupby(playing, key=lambda row: row[0]):
        for group in calls(list(of_key)):
            settle(group, fates)
    return fates


def calls(rows):
    """Rows of one key, in order: a call is what lies within ten minutes of its first row."""
    begun = 0
    for end in range(1, len(rows) + 1):
        if end == len(rows) or rows[end][1] - rows[begun][1] > WITHIN:
            yield rows[begun:end]
            begun = end


def settle(group, fates):
    """Says what became of the rows of one call: the row of tokens is the event, and without one there is none."""
    different = []
    for row in group:
        if different and row[1:3] == different[-1][1:3]:
            fates[row[3]] = "duplicate", {}
        else:
            different.append(row)
    parts = {name: [row for row in different if part(row[4])] for name, part in PARTS.items()}
    for row in different:
        fates[row[3]] = "merged" if parts["tokens"] else "other", {}
    if parts["tokens"]:
        head = parts["tokens"][0]
        gateway = parts["gateway"][0][4] if parts["gateway"] else None
        fates[head[3]] = "event", call(head, *[listed(parts, name) for name in ("requestMessages", "responseMessages")], gateway)


def llm(name):
    return lambda record: member(record, "category") == "GatewayLlmLogs" and present(member(record, "properties", name))


PARTS = {
    "tokens": llm("deploymentName"), "requestMessages": llm("requestMessages"), "responseMessages": llm("responseMessages"),
    "gateway": lambda record: member(record, "category") == "GatewayLogs"}


def listed(parts, name):
    """The messages of a call, by the numbers of their rows; a row without a number comes first."""
    def place(row):
        sequence = integer(member(row[4], "properties", "sequenceNumber"))
        return sequence is not None, sequence or 0, row[1:4]

    found = [elements(parsed(member(row[4], "properties", name))) for row in sorted(parts[name], key=place)]
    return [message for each in found for message in each if message is not None]


def spelled(value, name):
    """What a message has under a key, spelled as it is documented: what callers wrote is stored as it came."""
    return value.get(name) if isinstance(value, dict) else None


def said(message):
    content = spelled(message, "content")
    return first_of(joined([spelled(part, "text") for part in elements(content)]), text(content))


def call(head, asked, answered, gateway):
    key, time, _, _, record = head
    properties, seen = member(record, "properties"), member(gateway, "properties")
    sent, got = (integer(member(properties, name)) for name in ("promptTokens", "completionTokens"))
    turns = [message for message in asked if spelled(message, "role") == "user"]
    return {
        "time": time, "event.id": key, "request.id": key, "provider": "azure.ai.openai",
        "account": subscription(member(record, "resourceId")),
        "region": text(member(record, "location")),
        "caller.id": first_of(text(member(seen, "apimSubscriptionId")), text(member(seen, "userId"))),
        "source.ip": address(member(gateway, "callerIpAddress")),
        "user.agent": first_of(*[text(member(seen, "requestHeaders", name)) for name in ("User-Agent", "user-agent")]),
        "operation": text(member(seen, "operationId")), "model.id": text(member(properties, "modelName")),
        "deployment": text(member(properties, "deploymentName")), "backend.id": text(member(seen, "backendId")),
        "tokens.input": sent, "tokens.output": got,
        "tokens.total": first_of(integer(member(properties, "totalTokens")), total(sent, got)),
        "latency_ms": integer(member(gateway, "durationMs")), "status": integer(member(seen, "responseCode")),
        "error.code": text(member(seen, "lastError", "reason")),
        "request.size": integer(member(seen, "requestSize")), "response.size": integer(member(seen, "responseSize")),
        "messages": [
            {name: value for name, value in (("role", text(spelled(m, "role"))), ("text", said(m))) if value} for m in asked],
        "prompt": said(turns[-1]) if turns else None,
        "completion": joined([spelled(message, "content") for message in answered]),
    }
