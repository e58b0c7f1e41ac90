"""Azure: API Management's log of MCP servers (schemas.md §4c). Keys come in camelCase and in PascalCase."""
from .values import first_of, member, moment, present, subscription, text


def mcp(record):
    def own(name):
        return text(member(record, "properties", name))

    if member(record, "category") != "GatewayMCPLogs" or not present(member(record, "properties", "method")):
        return None
    call, session = text(member(record, "correlationId")), own("sessionId")
    return {
        "time": moment(member(record, "time")), "event.id": call, "provider": "azure.api_management", "request.id": call,
        "account": subscription(member(record, "resourceId")), "region": text(member(record, "location")), "session.id": session,
        "conversation.id": session, "agent.name": own("clientName"),
        "tool.name": f"{own('serverName') or ''}/{own('toolName') or ''}" if present(member(record, "properties", "toolName")) else None,
        "error.code": first_of(own("errorType"), own("error")),
    }
