"""Microsoft: the activity log of a subscription (schemas.md §5), as its storage account export writes it."""
import json
from datetime import timedelta

from .writing import compact, digest, files, iso, put, spoiled, uuid, without

SUBSCRIPTION, TENANT = "00000000-1111-2222-3333-444444444444", "00000000-9999-8888-7777-666666666666"
AZURE_CLI, PORTAL = "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"
SAM = ("sam@example.com", "Sam Example", "10000000-0000-0000-0000-00000000000b", AZURE_CLI, "0")
PEOPLE = {  # user principal name, name, object id, app id, appidacr, address
    "olga": ("olga@example.com", "Olga Example", "10000000-0000-0000-0000-00000000000a", PORTAL, "2", "198.51.100.14"),
    "sam": (*SAM, "198.51.100.15"),
    "intruder": (*SAM, "203.0.113.99"),  # sam's token in somebody else's hands
    "terraform": (
        "", "", "10000000-0000-0000-0000-00000000000c", "20000000-0000-0000-0000-00000000000c", "1", "192.0.2.33"),
}
UPN = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
TENANT_ID = "http://schemas.microsoft.com/identity/claims/tenantid"

GROUP = f"/SUBSCRIPTIONS/{SUBSCRIPTION}/RESOURCEGROUPS/RG-AI/PROVIDERS"
STORE = GROUP + "/MICROSOFT.STORAGE/STORAGEACCOUNTS/STDATA"
COGNITIVE = "MICROSOFT.COGNITIVESERVICES/ACCOUNTS"
CHILDREN = {
    "deployments": "/DEPLOYMENTS/GPT-4O", "raiPolicies": "/RAIPOLICIES/STRICT", "raiBlocklists": "/RAIBLOCKLISTS/WORDS",
    "diagnosticSettings": "/PROVIDERS/MICROSOFT.INSIGHTS/DIAGNOSTICSETTINGS/TO-ARCHIVE",
    "roleAssignments": f"/PROVIDERS/MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/{uuid('role assignment').upper()}"}
PROVIDERS = {
    "diagnosticSettings": "MICROSOFT.INSIGHTS/DIAGNOSTICSETTINGS", "roleAssignments": "MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS"}
BODIES = {
    "accounts/write": {"kind": "OpenAI", "sku": {"name": "S0"}, "properties": {"disableLocalAuth": False}},
    "deployments/write": {
        "sku": {"name": "Standard", "capacity": 40},
        "properties": {"model": {"format": "OpenAI", "name": "gpt-4o", "version": "2024-11-20"}}},
    "raiPolicies/write": {"properties": {"basePolicyName": "Microsoft.Default", "contentFilters": [
        {"name": "jailbreak", "blocking": False, "enabled": False, "source": "Prompt"}]}},
    "regenerateKey/action": {"keyName": "Key1"},
    "diagnosticSettings/write": {"properties": {"logs": [{"category": "RequestResponse", "enabled": True}]}},
}
FLOWS = {  # result type, signature, seconds after the start, status code
    "ok": [("Start", "Started.", 0, ""), ("Accept", "Accepted.Created", 1, "Created"), ("Success", "Succeeded.", 4, "OK")],
    "denied": [("Failure", "Failed.Forbidden", 0, "Forbidden")],
    "failed": [("Start", "Started.", 0, ""), ("Failure", "Conflict.", 2, "Conflict")],
    "started": [("Start", "Started.", 0, "")],
}


def act(who, time, i, what, flow, **options):
    """`what` follows Microsoft.CognitiveServices/accounts/; `storage/…` is another service's; `odd …` is no event."""
    if what == "odd":
        return odd(time, flow)
    upn, name, object_id, app, credential, address = PEOPLE[who]
    operation, resource = target(what, i)
    body = BODIES.get("/".join(("accounts/" + what).split("/")[-2:]))
    if "role" in options:
        definition = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{options['role']}"
        body = {"properties": {"roleDefinitionId": definition, "principalId": object_id, "principalType": "User"}}
    claims = {
        "aud": "https://management.azure.com/", "iss": f"https://sts.windows.net/{TENANT}/", "ver": "1.0", TENANT_ID: TENANT,
        OBJECT_ID: object_id, "appid": app, "appidacr": credential, "ipaddr": address, "uti": digest("uti", who)[:22]}
    if upn:
        claims |= {UPN: upn, "name": name}
    kind = "User" if upn else "ServicePrincipal"
    evidence = {
        "role": "Contributor", "roleAssignmentScope": f"/subscriptions/{SUBSCRIPTION}",
        "principalId": object_id.replace("-", ""), "principalType": kind}
    authorization = {"scope": resource.lower(), "action": operation.lower(), "evidence": evidence}
    rows = FLOWS[flow]
    if flow == "ok" and what.endswith("/action"):
        rows = [rows[0], rows[2]]  # nothing to wait for
    for result, signature, after, code in rows:
        if result == "Accept" and what.endswith("/delete"):
            signature, code = "Accepted.", "Accepted"
        properties = {"eventCategory": "Administrative", "entity": resource.lower(), "message": operation.lower()}
        if code:
            properties["statusCode"] = code
        if result == "Failure":
            error = {"code": "AuthorizationFailed" if code == "Forbidden" else code, "message": "The request was refused."}
            properties["statusMessage"] = compact({"error": error})
        if result == "Start" and body:  # its name and its type both vary
            properties["requestBody" if who == "olga" else "requestbody"] = body if who == "terraform" else compact(body)
        duration = after * 1000 + 187 if after else 0
        record = {
            "time": iso(time + timedelta(seconds=after), 7), "resourceId": resource, "operationName": operation,
            "category": "Administrative", "resultType": result, "resultSignature": signature,
            "durationMs": str(duration) if result == "Accept" or i % 3 == 2 else duration, "callerIpAddress": address,
            "correlationId": uuid("azure", who, time, what),
            "identity": {"authorization": authorization, "claims": claims},
            "level": "Error" if result == "Failure" else "Information", "location": "global", "properties": properties,
            "tenantId": TENANT}
        put(blob(time), time + timedelta(seconds=after), compact(record))


def target(what, i):
    """The operation's full name and the resource it is done to."""
    if what == "storage/listKeys/action":
        return "MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION", STORE
    account = "AOAI-PROD" if i % 4 == 0 else f"AOAI-TEST-{i % 4}"
    place = STORE if what.startswith("storage/") else f"{GROUP}/{COGNITIVE}/{account}"
    *_, child, verb = ("accounts/" + what).split("/")
    resource = place + CHILDREN.get(child, "")
    if child in PROVIDERS:
        return f"{PROVIDERS[child]}/{verb.upper()}", resource
    if what.startswith("mixed/"):  # some exports keep the case of the documentation
        return "Microsoft.CognitiveServices/accounts/" + what.removeprefix("mixed/"), resource
    return f"{COGNITIVE}/{what.upper()}", resource


def blob(time):
    return (f"azure/insights-activity-logs/resourceId=/SUBSCRIPTIONS/{SUBSCRIPTION}"
            f"/y={time:%Y}/m={time:%m}/d={time:%d}/h={time:%H}/m=00/PT1H.json")


def odd(time, what):
    line = spoiled(blob(time), what, 180, copied=1)
    if what == "no-time":
        line = compact(without(json.loads(files[blob(time)][0][1]), "time"))
    elif line is None:
        line = compact({
            "time": iso(time, 7), "resourceId": f"/SUBSCRIPTIONS/{SUBSCRIPTION}",
            "operationName": "MICROSOFT.SERVICEHEALTH/INCIDENT/ACTION", "category": "ServiceHealth", "resultType": "Active",
            "correlationId": uuid("health"), "level": "Warning", "properties": {"title": "Azure OpenAI: higher latency"}})
    put(blob(time), time, line)
