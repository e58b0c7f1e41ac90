"""Google Cloud: audit logs."""
import json

from .values import address, at, first_of, found_in, integer, moment, present, text

LOGS = tuple(f"/logs/cloudaudit.googleapis.com%2F{name}" for name in ("activity", "data_access", "policy"))
AI = tuple(f"{name}.googleapis.com" for name in ("aiplatform", "modelarmor", "discoveryengine", "generativelanguage"))
# gRPC's codes that get a name of their own.
CODES = {3: "INVALID_ARGUMENT", 5: "NOT_FOUND", 7: "PERMISSION_DENIED", 8: "RESOURCE_EXHAUSTED", 16: "UNAUTHENTICATED"}


def audit(record):
    """schemas.md §6a. The second entry of a stream or long operation lacks the request, and is of another kind."""
    audit, operation, log = record.get("protoPayload"), record.get("operation"), text(record.get("logName")) or ""
    if not (present(at(audit, "serviceName")) and present(at(audit, "methodName")) and log.endswith(LOGS)):
        return None
    if at(operation, "last") is True and at(operation, "first") is not True:
        return None
    person, status = at(audit, "authenticationInfo"), at(audit, "status", "code")
    email, key, code = at(person, "principalEmail"), at(person, "serviceAccountKeyName"), integer(status)
    service, resource = text(at(audit, "serviceName")), text(at(audit, "resourceName"))
    robot = (text(email) or "").endswith(".gserviceaccount.com")
    return {
        "time": moment(record.get("timestamp")), "event.id": text(record.get("insertId")), "provider": "gcp",
        "request.id": text(at(operation, "id")), "account": found_in(log, r"\Aprojects/([^/]+)/"),
        "region": found_in(resource, r"/locations/([^/]+)"),
        "caller.id": first_of(text(email), text(at(person, "principalSubject"))),
        "source.ip": address(at(audit, "requestMetadata", "callerIp")),
        "user.agent": text(at(audit, "requestMetadata", "callerSuppliedUserAgent")),
        "operation": text(at(audit, "methodName")), "service": service, "service_kind": "ai" if service in AI else "other",
        "target": resource, "model.id": found_in(resource, r"/models/([^/]+)\Z"),
        "deployment": found_in(resource, r"/endpoints/([^/]+)\Z"),
        "outcome": "success" if not present(status) or code == 0 else "denied" if code in (7, 16) else "failure",
        "error.code": CODES.get(code), "access_key.id": text(key), "auth.method": "key" if present(key) else "identity",
        "auth.type": "service" if robot else "user" if present(email) else None,
        "names_ai": service in AI or "aiplatform" in json.dumps(at(audit, "serviceData")),
    }
