"""Azure: API Management's log of MCP servers (schemas.md §4c). Keys come in camelCase and in PascalCase."""
import re

from .values import at, first_of, moment, present, text


def folded(value):
    """Keys in lower case; of two that differ in case alone the one in camelCase counts."""
    if not isinstance(value, dict):
        return value
    pairs = sorted(value.items(), key=lambda pair: not pair[0][:1].islower(), reverse=True)
    return {key.lower(): folded(inner) for key, inner in pairs}


def mcp(record):
    record = folded(record)
    members = record.get("properties")
    if record.get("category") != "GatewayMCPLogs" or not present(at(members, "method")):
        return None
    known = re.match(r"/subscriptions/([^/]+)", text(record.get("resourceid")) or "", re.I)
    server, tool, session = (text(at(members, name)) for name in ("servername", "toolname", "sessionid"))
    return {
        "time": moment(record.get("time")), "event.id": text(record.get("correlationid")), "provider": "azure.api_management",
        "request.id": text(record.get("correlationid")), "account": known[1].lower() if known else None,
        "region": text(record.get("location")), "session.id": session, "conversation.id": session,
        "agent.name": text(at(members, "clientname")),
        "tool.name": f"{server or ''}/{tool or ''}" if present(at(members, "toolname")) else None,
        "error.code": first_of(text(at(members, "errortype")), text(at(members, "error"))),
    }
