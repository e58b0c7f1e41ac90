"""Microsoft: an Azure OpenAI account's own logs (schemas.md §3), as a diagnostic setting writes them to a storage account."""
import json
from datetime import timedelta

from .azure import GROUP
from .writing import compact, files, iso, number, put, spoiled, uuid, without

ACCOUNT = f"{GROUP}/MICROSOFT.COGNITIVESERVICES/ACCOUNTS/AOAI-PROD"
PEOPLE = {  # object id, address as the log masks it
    "chat-app": ("30000000-0000-0000-0000-000000000001", "192.0.2.**"),
    "reports": ("30000000-0000-0000-0000-000000000002", "192.0.2.***"),
    "batch": ("30000000-0000-0000-0000-000000000003", "192.0.2.*"),
    "sam": ("10000000-0000-0000-0000-00000000000b", "198.51.100.**"),
    "intruder": ("10000000-0000-0000-0000-00000000000b", "203.0.113.**"),
    "with-key": ("", "203.0.113.**"),  # whoever holds the account's key
}
MODELS = {"gpt-4o": "2024-11-20", "gpt-4o-mini": "2024-07-18", "text-embedding-3-large": "1"}
STATUS = {"ok": "200", "bad": "400", "refused": "401", "denied": "403", "busy": "429", "broken": "500"}
TICKS_OF_1970 = 621_355_968_000_000_000


def act(who, time, i, operation, model="", flow="ok", **options):
    """`ListKey` goes to the audit log, other operations to the request log and, where they succeed, to the usage log."""
    if operation == "odd":
        return odd(time, model)
    if operation == "ListKey":
        model, flow = "", model or "ok"
    person, address = PEOPLE[who]
    call = uuid("aoai", who, time, operation)
    common = {
        "time": iso(time, 7), "resourceId": ACCOUNT, "category": "", "operationName": operation, "resultSignature": STATUS[flow],
        "durationMs": int(options.get("ms", number(180, 4200, "ms", call))), "callerIpAddress": address, "correlationId": call,
        "event": "ShoeboxCallResult", "location": "eastus", "Tenant": "eastus"}
    if operation == "ListKey":
        del common["callerIpAddress"]
        record = common | {"category": "Audit", "AssetIdentity": "AOAI-PROD", "properties": shaped({"objectId": person}, i)}
        return put(blob("audit", time), time, compact(record))
    ended = ticks(time)
    asked = {
        "apiName": "Azure OpenAI API version 2024-10-21", "requestTime": ended - max(common["durationMs"], 250) * 10_000,
        "requestLength": number(300, 5000, "asked", call), "responseTime": ended,
        "responseLength": 259 if flow == "bad" else number(400, 6000, "answered", call), "objectId": person}
    names = {"modelDeploymentName": model, "modelName": model, "modelVersion": MODELS[model]}
    asked |= {"streamType": options.get("stream", "Non-Streaming")} | ({} if flow == "refused" else names)
    put(blob("requestresponse", time), time, compact(common | {"category": "RequestResponse", "properties": shaped(asked, i)}))
    if flow != "ok":
        return
    sent, got = int(options.get("in", number(120, 2400, "in", call))), int(options.get("out", number(40, 900, "out", call)))
    counts = {"promptTokens": sent, "generatedTokens": got, "cachedTokens": sent // 4 if i % 4 == 1 else 0}
    if operation == "Embeddings_Create":
        del counts["generatedTokens"], counts["cachedTokens"]
    listed = {name: n if i % 7 == 6 else [n] for name, n in counts.items()}  # lists of one; a few as plain numbers
    usage = common | {"category": "AzureOpenAIRequestUsage", "event": "ShoeboxAzureOpenAIRequestUsage"}
    usage["properties"] = shaped({"objectId": person, **names, **listed}, i)
    put(blob("azureopenairequestusage", time), time, compact(usage))


def ticks(time):
    """.NET's: tenths of microseconds since the year 1."""
    return TICKS_OF_1970 + int(time.timestamp()) * 10_000_000 + number(0, 9_999_999, "fraction", time)


def shaped(properties, i):
    """JSON text in most records, an object in some."""
    return properties if i % 3 == 2 else compact(properties)


def blob(category, time):
    return (f"azure/insights-logs-{category}/resourceId={ACCOUNT}"
            f"/y={time:%Y}/m={time:%m}/d={time:%d}/h={time:%H}/m=00/PT1H.json")


def odd(time, what):
    """What is no event, or one of which little is known; in the hour of others."""
    category, _, what = what.partition(":")
    path = blob(category, time)
    first, line = json.loads(files[path][0][1]), spoiled(path, what, 150)
    changed = {
        "no-time": lambda: without(first, "time"),
        "trace": lambda: first | {"category": "Trace", "correlationId": uuid("trace", category)},
        "search": lambda: first | {
            "resourceId": f"{GROUP}/MICROSOFT.SEARCH/SEARCHSERVICES/FIND", "correlationId": uuid("search", category)},
        "cut-properties": lambda: first | {"properties": '{"apiName":"Azure Op', "correlationId": uuid("cut", category)},
        "no-properties": lambda: without(first, "properties") | {"correlationId": uuid("none", category)},
    }
    put(path, time + timedelta(seconds=len(files[path])), line or compact(changed[what]()))
