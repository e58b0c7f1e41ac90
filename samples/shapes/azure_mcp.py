"""Microsoft: API Management's log of MCP servers (schemas.md §4c), beside the gateway's other logs."""
import json

from .azure import GROUP
from .writing import compact, files, iso, put, spoiled, uuid, without

GATEWAY = f"{GROUP}/MICROSOFT.APIMANAGEMENT/SERVICE/APIM-PROD"
CLIENTS = {"desk": ("helpdesk-agent", "1.4.0"), "ide": ("vscode", "1.105.1"), "nobody": ("", "")}
SERVERS = {"orders": ["find_order", "refund_order"], "files": ["read_file", "list_files"]}


def act(who, time, i, server, what, error="", **options):
    """One call of a server: `what` is a method, or `call` for a tool in turn; `error` is how it failed."""
    if server == "odd":
        return odd(time, what)
    client, version = CLIENTS[who]
    session = uuid("mcp session", who, f"{time:%d%H}")
    properties = {
        "method": "tools/call" if what == "call" else what, "serverName": server, "clientName": client, "clientVersion": version,
        "sessionId": session, "transportType": "StreamableHttp", "authenticationMethod": "OAuth"}
    if what == "call":
        properties["toolName"] = SERVERS[server][i % 2 if "tool" not in options else int(options["tool"])]
    if what == "tools/list":
        properties["toolCount"] = len(SERVERS[server])
    if error:
        properties |= {"errorType": error, "error": f"{error}: the server answered with an error"}
    if i % 5 == 4:  # not every writer spells keys alike
        properties = {key[0].upper() + key[1:]: value for key, value in properties.items()}
    put(blob(time), time, compact(record(time, uuid("mcp", who, time, what), properties)))


def record(time, call, properties):
    return {
        "time": iso(time, 7), "resourceId": GATEWAY, "category": "GatewayMCPLogs",
        "operationName": "Microsoft.ApiManagement/GatewayMCPLogs", "correlationId": call, "location": "Sweden Central",
        "properties": properties}


def blob(time):
    return f"azure/insights-logs-gatewaymcplogs/resourceId={GATEWAY}/y={time:%Y}/m={time:%m}/d={time:%d}/h={time:%H}/m=00/PT1H.json"


def odd(time, what):
    line = spoiled(blob(time), what, 150, copied=1)
    if what == "no-time":
        line = compact(without(json.loads(files[blob(time)][0][1]), "time"))
    elif line is None:  # a row of the gateway's own log, in the wrong container
        line = compact(record(time, uuid("mcp odd"), {"method": "POST"}) | {"category": "GatewayLogs"})
    put(blob(time), time, line)
