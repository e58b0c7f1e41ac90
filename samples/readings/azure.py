"""Azure: the activity log."""
from .values import address, at, first_of, lower, moment, present, subscription, text

CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
OBJECT = "http://schemas.microsoft.com/identity/claims/objectidentifier"


def activity(record):
    """schemas.md §5. One doing has two or three rows. Categories that nobody's doing falls into are of another kind."""
    kinds = ("administrative", "write", "action", "delete")
    if lower(text(record.get("category"))) not in kinds or not (present(record.get("operationName")) and present(record.get("resultType"))):
        return None
    claims, proof = at(record, "identity", "claims"), at(record, "identity", "authorization", "evidence")
    # Exports and tables write all of these in any case.
    resource, operation, result = (lower(text(record.get(name))) for name in ("resourceId", "operationName", "resultType"))
    substatus = (text(record.get("resultSignature")) or "").rsplit(".", 1)[-1] or None
    resource_provider, named = (operation or "").split("/")[0] or None, operation or ""
    ai = (
        named.startswith(("microsoft.cognitiveservices/", "microsoft.machinelearningservices/"))
        or (named.startswith("microsoft.apimanagement/") and "/llm" in named)
        or "/providers/microsoft.cognitiveservices/" in (resource or ""))
    refused = lower(substatus) in ("forbidden", "unauthorized")
    outcome = {
        "success": "success", "succeeded": "success", "start": "started", "started": "started", "accept": "started", "accepted": "started"}
    return {
        "time": moment(record.get("time")), "provider": "azure",
        "event.id": "/".join(part or "" for part in (text(record.get("correlationId")), resource, operation, result)),
        "request.id": text(record.get("correlationId")), "account": subscription(resource),
        "caller.id": first_of(text(at(claims, CLAIM + "upn")), text(at(claims, OBJECT)), text(at(claims, "appid"))),
        "caller.name": text(at(claims, CLAIM + "name")), "caller.role": text(at(proof, "role")), "auth.type": text(at(proof, "principalType")),
        "source.ip": address(record.get("callerIpAddress")), "operation": operation, "service": resource_provider,
        "service_kind": "ai" if ai else "other", "target": resource,
        "outcome": outcome.get(result, "denied" if refused else "failure"),
        "error.code": substatus if result in ("failure", "failed") else None,
        # 1 is a client's secret; 2 would be a certificate, 0 a public client.
        "auth.method": "key" if text(at(claims, "appidacr")) == "1" else "identity", "names_ai": ai,
    }
