"""Google Cloud: audit logs."""
import json
import re

from .values import address, at, first_of, integer, moment, text


def audit(record):
    """schemas.md §6a. The second entry of a stream or long operation lacks the request, and is of another kind."""
    audit, operation = record.get("protoPayload"), record.get("operation")
    if not text(at(audit, "methodName")):
        return None
    if at(operation, "last") is True and at(operation, "first") is None:
        return None
    person, code = at(audit, "authenticationInfo"), integer(at(audit, "status", "code"))
    service, resource = text(at(audit, "serviceName")), text(at(audit, "resourceName"))
    ai = service in ("aiplatform.googleapis.com", "modelarmor.googleapis.com")
    return {
        "time": moment(record.get("timestamp")), "event.id": text(record.get("insertId")),
        "request.id": text(at(operation, "id")),
        "account": next(iter(re.findall(r"^projects/([^/]+)/", text(record.get("logName")) or "")), None),
        "caller.id": first_of(text(at(person, "principalEmail")), text(at(person, "principalSubject"))),
        "source.ip": address(at(audit, "requestMetadata", "callerIp")),
        "user.agent": text(at(audit, "requestMetadata", "callerSuppliedUserAgent")),
        "operation": text(at(audit, "methodName")), "service": service, "service_kind": "ai" if ai else "other",
        "target": resource, "outcome": "success" if not code else "denied" if code == 7 else "failure",
        "auth.method": "key" if text(at(person, "serviceAccountKeyName")) else "identity",
        "model.id": next(iter(re.findall(r"models/([^/]+)$", resource or "")), None),
        "names_ai": ai or "aiplatform" in json.dumps(at(audit, "serviceData")),
    }
