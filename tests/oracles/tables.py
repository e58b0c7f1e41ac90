"""What: records as the clouds export them -> rows as the clouds store them. Written from the vendors' facts
(reference/schemas.md 3-6a, reference/worked-translations.md 3), never from Skywatch's sources: it is the other half of
"the emitted query gives the same alerts", so the two must not share a mapping.
Takes: raw records of a table, and the case's options. Gives: rows for kql_run.py and sql_run.py.
What no fact settles is an option of the case, so that a test can ask for both ways:
  "operation_case": "raw" | "upper" | "lower" | "mixed" (some so, some so)   the case of AzureActivity.OperationNameValue is not stable
  "unset": "null" | "default"                   an unset text, number or bool of proto_payload: NULL, or the proto default
"""
import json
import re
import urllib.parse
import uuid

from rows import BadRow, strict_json

# ---- Azure -----------------------------------------------------------------------------------------------------------

# TenantId of a Log Analytics row is the workspace's id, not the Entra tenant that the record names.
WORKSPACE = "aaaaaaaa-0000-4000-8000-000000000001"

# Caller: "GUID or UPN of the user who performed the operation", by what the token carries.
CALLER_CLAIMS = (
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/spn",
    "http://schemas.microsoft.com/identity/claims/objectidentifier",
    "appid",
)


def _record(value):
    return value if isinstance(value, dict) else {}


def _text(value):
    """A field of a text column: numbers and bools as their JSON text, what is absent as ""."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _pair(value):
    """The text column and the dynamic column that hold the same JSON."""
    if isinstance(value, str):
        try:
            return value, json.loads(value)
        except ValueError:
            return value, (value or None)
    return _text(value), value


def _segment(resource_id, after):
    found = re.findall(rf"(?i)(?:^|/){after}/([^/]+)", resource_id)
    return found[-1] if found else ""


def _whole(value):
    """A number column fed from a number, or from its text: durationMs is written both ways."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _required(record, key, table):
    if not isinstance(record.get(key), str):
        raise BadRow(f"this is no raw record of {table}: {key} is {record.get(key)!r}")
    return record[key]


def activity(record, given):
    operation = record.get("operationName")
    # The ARM form of the record gives the value and its display name; the export gives the value alone.
    value, display = (operation.get("value"), operation.get("localizedValue")) if isinstance(operation, dict) else (operation, None)
    if not isinstance(value, str):
        raise BadRow(f"this is no raw record of AzureActivity: operationName is {operation!r}")
    case = given.get("operation_case", "raw")
    if case not in ("raw", "upper", "lower", "mixed"):
        raise BadRow(f"operation_case {case!r}")
    if case == "mixed":
        case = ("raw", "upper", "lower")[len(json.dumps(record)) % 3]
    resource = record.get("resourceId") or ""
    identity = _record(record.get("identity"))
    claims = _record(identity.get("claims"))
    properties = record.get("properties")
    claims_text, claims_value = _pair(identity.get("claims"))
    authorization_text, authorization_value = _pair(identity.get("authorization"))
    properties_text, properties_value = _pair(properties)
    caller = next((claims[c] for c in CALLER_CLAIMS if isinstance(claims.get(c), str) and claims[c]), "")
    # "Accepted.Created": the status and, after the dot, what Log Analytics calls the sub-status.
    substatus = _text(record.get("resultSignature")).partition(".")[2]
    return {
        "TimeGenerated": _required(record, "time", "AzureActivity"),
        "OperationNameValue": {"raw": value, "upper": value.upper(), "lower": value.lower()}[case],
        "OperationName": _text(display),
        "ActivityStatusValue": _text(record.get("resultType")),
        "ActivitySubstatusValue": substatus,
        "CategoryValue": _text(record.get("category")),
        "ResourceProviderValue": (_segment(resource, "providers") or value.partition("/")[0]).upper(),
        "ResourceId": resource,
        "_ResourceId": resource.lower(),
        "ResourceGroup": _segment(resource, "resourcegroups"),
        "SubscriptionId": _segment(resource, "subscriptions"),
        "CorrelationId": _text(record.get("correlationId")),
        "EventDataId": _text(record.get("eventDataId") or _record(properties_value).get("eventDataId")),
        "Caller": caller,
        "CallerIpAddress": _text(record.get("callerIpAddress")),
        "Claims": claims_text,
        "Claims_d": claims_value,
        "Authorization": authorization_text,
        "Authorization_d": authorization_value,
        "HTTPRequest": _text(record.get("httpRequest")),
        "Properties": properties_text,
        "Properties_d": properties_value,
        "Level": _text(record.get("level")),
        "Hierarchy": _text(_record(properties_value).get("hierarchy")),
        "TenantId": WORKSPACE,
    }


def diagnostics(record, given):
    resource = _required(record, "resourceId", "AzureDiagnostics")
    return {
        "TimeGenerated": _required(record, "time", "AzureDiagnostics"),
        "ResourceId": resource,
        "_ResourceId": resource.lower(),
        "ResourceProvider": _segment(resource, "providers").upper(),
        "Category": _text(record.get("category")),
        "OperationName": _text(record.get("operationName")),
        "CallerIPAddress": _text(record.get("callerIpAddress")),
        "DurationMs": _whole(record.get("durationMs")),
        "ResultSignature": _text(record.get("resultSignature")),
        "CorrelationId": _text(record.get("correlationId")),
        "event_s": _text(record.get("event")),
        "location_s": _text(record.get("location")),
        "Tenant_s": _text(record.get("Tenant")),
        "properties_s": _text(record.get("properties")),
    }


def _named(value, *path):
    """What stands at a path of keys. API Management's writers don't agree on the case of keys; where both are there, the documented one counts."""
    for name in path:
        members = _record(value)
        value = members[name] if name in members else {key.lower(): one for key, one in members.items()}.get(name.lower())
    return value


def _camel_columns(record, names, read):
    """Columns that are named as keys of `properties` are, but for their first letter."""
    return {name: read(_named(record, "properties", name[:1].lower() + name[1:])) for name in names}


def gateway(record, given):
    """API Management's resource-specific tables: the keys of `properties` become columns in PascalCase."""
    texts = ("ApiId", "ApiRevision", "ApimSubscriptionId", "UserId", "ProductId", "OperationId", "Method", "Url", "BackendId",
             "BackendMethod", "BackendUrl", "RequestBody", "ResponseBody", "BackendRequestBody", "BackendResponseBody")
    numbers = ("ResponseCode", "BackendResponseCode", "BackendTime", "RequestSize", "ResponseSize")
    return {
        "TimeGenerated": _required(record, "time", "ApiManagementGatewayLogs"),
        "Category": _text(_named(record, "category")),
        "OperationName": _text(_named(record, "operationName")),
        "CorrelationId": _text(_named(record, "correlationId")),
        "Region": _text(_named(record, "location")),
        **_camel_columns(record, texts, _text),
        **_camel_columns(record, numbers, _whole),
        **_camel_columns(record, ("RequestHeaders", "ResponseHeaders"), lambda value: value),
        "CallerIpAddress": _text(_named(record, "callerIpAddress")),
        "IsRequestSuccess": _named(record, "isRequestSuccess"),
        "TotalTime": _whole(_named(record, "durationMs")),
        "LastErrorReason": _text(_named(record, "properties", "lastError", "reason")),
        "_ResourceId": _text(_named(record, "resourceId")).lower(),
    }


def gateway_llm(record, given):
    """One of the rows of a call. Messages come as JSON or as its text, and are stored as JSON."""
    return {
        "TimeGenerated": _required(record, "time", "ApiManagementGatewayLlmLog"),
        "CorrelationId": _text(_named(record, "correlationId") or _named(record, "properties", "correlationId")),
        "Region": _text(_named(record, "location")),
        **_camel_columns(record, ("RequestId", "ModelName", "DeploymentName"), _text),
        **_camel_columns(record, ("PromptTokens", "CompletionTokens", "TotalTokens", "SequenceNumber"), _whole),
        **_camel_columns(record, ("RequestMessages", "ResponseMessages"), lambda value: _pair(value)[1]),
        "IsStreamCompletion": _named(record, "properties", "isStreamCompletion"),
        "OperationName": _text(_named(record, "operationName")),
        "_ResourceId": _text(_named(record, "resourceId")).lower(),
    }


def gateway_mcp(record, given):
    names = ("Method", "ToolName", "ServerName", "ClientName", "ClientVersion", "SessionId", "AuthenticationMethod", "TransportType", "Error",
             "ErrorType")
    return {
        "TimeGenerated": _required(record, "time", "ApiManagementGatewayMCPLog"),
        "CorrelationId": _text(_named(record, "correlationId")),
        "Region": _text(_named(record, "location")),
        **_camel_columns(record, names, _text),
        **_camel_columns(record, ("ToolCount",), _whole),
        "_ResourceId": _text(_named(record, "resourceId")).lower(),
    }


KQL_TABLES = {
    "AzureActivity": activity, "AzureDiagnostics": diagnostics,
    "ApiManagementGatewayLogs": gateway, "ApiManagementGatewayLlmLog": gateway_llm,
    "ApiManagementGatewayMCPLog": gateway_mcp,
}

# A diagnostic setting sends each category to a table of its own.
CATEGORIES = {
    "ApiManagementGatewayLogs": "GatewayLogs", "ApiManagementGatewayLlmLog": "GatewayLlmLogs",
    "ApiManagementGatewayMCPLog": "GatewayMCPLogs",
}


def _unwrapped(records):
    """An Event Hub message holds its records in a list."""
    for record in records:
        if isinstance(record, dict) and isinstance(record.get("records"), list):
            yield from record["records"]
        else:
            yield record


def kql_rows(table, records, given):
    if table not in KQL_TABLES:
        raise BadRow(f"no facts on how {table} stores raw records")
    made = []
    for place, record in enumerate(_unwrapped(records)):
        if not isinstance(record, dict):
            raise BadRow(f"{table}[{place}] is no record")
        if table in CATEGORIES and _named(record, "category") != CATEGORIES[table]:
            continue
        row = KQL_TABLES[table](record, given)
        if table == "AzureActivity" and not row["EventDataId"]:
            # Every stored row has one of its own; the export leaves it out.
            row["EventDataId"] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{place} {json.dumps(record, sort_keys=True)}"))
        made.append(row)
    return made


# ---- Google ----------------------------------------------------------------------------------------------------------

_STATUS = {"code": "BIGINT", "message": "VARCHAR", "details": "JSON"}

# The columns of `_AllLogs` in Log Analytics that audit logs fill, in the notation of rows.create_table.
ALL_LOGS = {
    "log_name": "VARCHAR",
    "log_id": "VARCHAR",
    "timestamp": "TIMESTAMPTZ",
    "receive_timestamp": "TIMESTAMPTZ",
    "severity": "VARCHAR",
    "severity_number": "BIGINT",
    "insert_id": "VARCHAR",
    "trace": "VARCHAR",
    "span_id": "VARCHAR",
    "text_payload": "VARCHAR",
    "json_payload": "JSON",
    "labels": "JSON",
    "resource": {"type": "VARCHAR", "labels": "JSON"},
    "operation": {"id": "VARCHAR", "producer": "VARCHAR", "first": "BOOLEAN", "last": "BOOLEAN"},
    "proto_payload": {
        "type": "VARCHAR",
        "audit_log": {
            "service_name": "VARCHAR",
            "method_name": "VARCHAR",
            "resource_name": "VARCHAR",
            "num_response_items": "BIGINT",
            "status": _STATUS,
            "authentication_info": {
                "principal_email": "VARCHAR",
                "principal_subject": "VARCHAR",
                "authority_selector": "VARCHAR",
                "service_account_key_name": "VARCHAR",
                "third_party_principal": "JSON",
                "service_account_delegation_info": "JSON",
            },
            "authorization_info": [{
                "resource": "VARCHAR", "permission": "VARCHAR", "granted": "BOOLEAN", "permission_type": "VARCHAR",
            }],
            "request_metadata": {
                "caller_ip": "VARCHAR", "caller_supplied_user_agent": "VARCHAR", "caller_network": "VARCHAR",
            },
            "request": "JSON",
            "response": "JSON",
            "metadata": "JSON",
            "service_data": "JSON",
        },
    },
}

# The BigQuery table of Vertex AI's request-response logging; its name is the user's, this is the one in the examples. A NUMERIC as text has
# no noughts behind its point in BigQuery, and all nine in DuckDB: ids are whole, so the column has no places here.
REQUEST_RESPONSE = {
    "endpoint": "VARCHAR", "deployed_model_id": "VARCHAR", "logging_time": "TIMESTAMPTZ", "request_id": "DECIMAL(38,0)",
    "request_payload": ["VARCHAR"], "response_payload": ["VARCHAR"], "model": "VARCHAR", "model_version": "VARCHAR",
    "api_method": "VARCHAR", "full_request": "JSON", "full_response": "JSON", "metadata": "JSON", "otel_log": "JSON",
}

SQL_TABLES = {"_AllLogs": ALL_LOGS, "request_response_logging": REQUEST_RESPONSE}

SEVERITIES = {"DEFAULT": 0, "DEBUG": 100, "INFO": 200, "NOTICE": 300, "WARNING": 400, "ERROR": 500, "CRITICAL": 600,
              "ALERT": 700, "EMERGENCY": 800}

PROTO_DEFAULTS = {"VARCHAR": "", "BIGINT": 0, "BOOLEAN": False}


def _camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _proto(value, shape, unset):
    """A proto message in its JSON form, by the field names that Log Analytics gives it."""
    if isinstance(shape, dict):
        if value is None:
            return None
        return {name: _proto(_record(value).get(_camel(name)), inner, unset) for name, inner in shape.items()}
    if isinstance(shape, list):
        return [_proto(element, shape[0], unset) for element in value or []]
    if shape == "BIGINT" and isinstance(value, str):
        return int(value)               # proto JSON writes int64 as text
    if value is None and unset == "default":
        return PROTO_DEFAULTS.get(shape)
    return value


def all_logs(entry, given):
    name = _required(entry, "logName", "_AllLogs")
    unset = given.get("unset", "null")
    if unset not in ("null", "default"):
        raise BadRow(f"unset {unset!r}")
    resource = _record(entry.get("resource"))
    severity = entry.get("severity") or "DEFAULT"
    payload = entry.get("protoPayload")
    return {
        "log_name": name,
        "log_id": urllib.parse.unquote(name.partition("/logs/")[2]),
        "timestamp": _required(entry, "timestamp", "_AllLogs"),
        "receive_timestamp": entry.get("receiveTimestamp"),
        "severity": severity,
        "severity_number": SEVERITIES.get(severity),
        "insert_id": entry.get("insertId"),
        "trace": entry.get("trace"),
        "span_id": entry.get("spanId"),
        "text_payload": entry.get("textPayload"),
        "json_payload": entry.get("jsonPayload"),
        "labels": entry.get("labels"),
        "resource": {"type": resource.get("type"), "labels": resource.get("labels")},
        "operation": _proto(entry.get("operation"), ALL_LOGS["operation"], unset),
        "proto_payload": None if payload is None else {
            "type": _record(payload).get("@type"),
            "audit_log": _proto(payload, ALL_LOGS["proto_payload"]["audit_log"], unset),
        },
    }


def request_response(record, given):
    """An exported row has the table's own columns; what else it carries is no column. An export may write a NUMERIC and JSON as text, and
    prints a TIMESTAMP with a space and its zone's name; a JSON column holds no text that is not JSON, so that becomes no value."""
    row = {column: record.get(column) for column in REQUEST_RESPONSE}
    row["logging_time"] = re.sub(r"^(\S+) (\S+) UTC$", r"\1T\2Z", _required(record, "logging_time", "request_response_logging"))
    for column in ("full_request", "full_response", "metadata", "otel_log"):
        if isinstance(row[column], str):
            try:
                row[column] = strict_json(row[column])
            except ValueError:
                row[column] = None
    if not re.fullmatch(r"-?[0-9]{1,29}", str(row["request_id"])):
        row["request_id"] = None
    for column in ("endpoint", "deployed_model_id", "model", "model_version", "api_method"):
        row[column] = None if row[column] is None else _text(row[column])
    return row


def sql_rows(table, records, given):
    made = {"_AllLogs": all_logs, "request_response_logging": request_response}.get(table)
    if made is None:
        raise BadRow(f"no facts on how {table} stores raw records")
    return [made(record, given) for record in records]
