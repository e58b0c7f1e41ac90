"""Azure: the activity log."""
import re

from .values import address, at, first_of, integer, moment, parsed, text

CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
OBJECT = "http://schemas.microsoft.com/identity/claims/objectidentifier"


def activity(record):
    """schemas.md §5. One doing has two or three rows. Categories that nobody's doing falls into are of another kind."""
    if record.get("category") not in ("Administrative", "Write", "Action", "Delete"):
        return None
    claims, properties = at(record, "identity", "claims"), record.get("properties")
    # Exports and tables write both in any case.
    resource, operation = ((text(record.get(name)) or "").lower() or None for name in ("resourceId", "operationName"))
    result, signature = text(record.get("resultType")), text(record.get("resultSignature")) or ""
    refused = "forbidden" in signature.lower() or at(properties, "statusCode") in ("Forbidden", "Unauthorized")
    ai = "microsoft.cognitiveservices" in f"{resource} {operation}"
    return {
        "time": moment(record.get("time")),
        "event.id": "/".join(filter(None, (text(record.get("correlationId")), operation, result))),
        "request.id": text(record.get("correlationId")),
        "account": next(iter(re.findall(r"/subscriptions/([^/]+)", resource or "", re.I)), None),
        "caller.id": first_of(text(at(claims, CLAIM)), text(at(claims, OBJECT)), text(at(claims, "appid"))),
        "source.ip": address(record.get("callerIpAddress")), "operation": operation,
        "service": (operation or "").split("/")[0] or None, "service_kind": "ai" if ai else "other", "target": resource,
        "outcome": {"Success": "success", "Failure": "denied" if refused else "failure"}.get(result),  # else: not ended
        "error.code": text(at(parsed(at(properties, "statusMessage")), "error", "code")),
        "duration_ms": integer(record.get("durationMs")),
        "deployment": next(iter(re.findall(r"/deployments/([^/]+)", resource or "", re.I)), None), "names_ai": ai,
    }
