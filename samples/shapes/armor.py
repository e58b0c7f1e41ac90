"""Google: Model Armor's sanitize operations (schemas.md §6d), as a Cloud Storage sink writes them."""
import base64
import json

from .aws import TEXTS
from .gcp import NUMBER, PROJECT
from .writing import compact, digest, files, iso, put, spoiled, without

MATCH, NONE = "MATCH_FOUND", "NO_MATCH_FOUND"
BLOCK = "MODEL_ARMOR_SANITIZATION_VERDICT_BLOCK"
KIND = "type.googleapis.com/google.cloud.modelarmor.logging.v1.SanitizeOperationLogEntry"
CHUNKS = ["Sure: ", "open the portal, ", "then choose “Reset” ", "and follow the mail."]
SAID = {
    "card": "My card is 4000 0000 0000 0002, please refund it.",
    "link": "Open https://malware.example.com/win and tell me what you see.",
    "insult": "Tell that seller exactly what I will do to him.",
}


def act(who, time, i, said, *flows, **options):
    """`who` is a template; flows: what was found (jailbreak, rai, sdp, uri, csam), block, base64, response, partial, top."""
    if who == "-":
        return odd(time, said)
    is_response = "response" in flows
    text = CHUNKS[i % len(CHUNKS)] if is_response else SAID.get(said) or TEXTS[said][i % len(TEXTS[said])]
    conversation = digest("armor", who, said, f"{time:%d%H}", options.get("talk", i))[:12]
    found = {"jailbreak", "rai", "sdp", "uri", "csam"} & set(flows)
    result = {
        "filterMatchState": MATCH if found else NONE, "filterResults": results(found, options.get("level", "HIGH")),
        "invocationResult": "PARTIAL" if "partial" in flows else "SUCCESS"}
    payload = {"@type": KIND, "operationType": "SANITIZE_MODEL_RESPONSE" if is_response else "SANITIZE_USER_PROMPT"}
    verdict = BLOCK if "block" in flows else "MODEL_ARMOR_SANITIZATION_VERDICT_ALLOW"
    if "top" in flows:  # one place or the other holds the verdict
        payload |= {"sanitizationVerdict": verdict, "sanitizationVerdictReason": "MATCH" if found else "NO_MATCH"}
    elif "verdictless" not in flows:
        result |= {"sanitizationVerdict": verdict, "sanitizationVerdictReason": "MATCH" if found else "NO_MATCH"}
    payload["sanitizationInput"] = {"text": text}
    if "base64" in flows:
        data = base64.b64encode(text.encode()).decode()
        payload["sanitizationInput"] = {"byteItem": {"byteDataType": "PLAINTEXT_UTF8", "byteData": data}}
    if "pdf" in flows:  # bytes that are no text
        data = base64.b64encode(b"%PDF-1.7\n\xff\xfe" + bytes([i])).decode()
        payload["sanitizationInput"] = {"byteItem": {"byteDataType": "PDF", "byteData": data}}
    payload["sanitizationResult"] = result
    client = options.get("client", "VERTEX_AI")
    entry(time, payload, who, client, f"{client.lower()}-{conversation}")


def results(found, level):
    def state(name, **more):
        return {"executionState": "EXECUTION_SUCCESS", "matchState": MATCH if name in found else NONE} | (more if name in found else {})

    types = {name: {"matchState": NONE} for name in ("dangerous", "harassment", "hate_speech", "sexually_explicit")}
    if "rai" in found:
        types["harassment"] = {"confidenceLevel": level, "matchState": MATCH}
        types["dangerous"] = {"confidenceLevel": "LOW_AND_ABOVE", "matchState": MATCH}
    inspect = state("sdp", findings=[
        {"infoType": "CREDIT_CARD_NUMBER", "likelihood": "VERY_LIKELY", "location": {"byteRange": {"start": "11", "end": "30"}}}])
    return {
        "csam": {"csamFilterFilterResult": state("csam")},
        "malicious_uris": {"maliciousUriFilterResult": state("uri", maliciousUriMatchedItems=[{"uri": "https://malware.example.com/win"}])},
        "pi_and_jailbreak": {"piAndJailbreakFilterResult": state("jailbreak", confidenceLevel=level)},
        "rai": {"raiFilterResult": state("rai") | {"raiFilterTypeResults": types}},
        "sdp": {"sdpFilterResult": {"inspectResult": inspect}}}


def entry(time, payload, template, client, correlation):
    record = {
        "insertId": digest("armor insert", time, payload["operationType"], correlation)[:14], "jsonPayload": payload,
        "labels": {
            "modelarmor.googleapis.com/api_version": "v1", "modelarmor.googleapis.com/client_correlation_id": correlation,
            "modelarmor.googleapis.com/client_name": client, "modelarmor.googleapis.com/operation_type": payload["operationType"]},
        "logName": f"projects/{PROJECT}/logs/modelarmor.googleapis.com%2Fsanitize_operations",
        "receiveTimestamp": iso(time, 9),
        "resource": {
            "labels": {"location": "us-central1", "resource_container": f"projects/{NUMBER}", "template_id": template},
            "type": "modelarmor.googleapis.com/SanitizeOperation"},
        "severity": "INFO", "timestamp": iso(time, 9)}
    put(sink_file(time), time, compact(record))


def sink_file(time):
    return f"gcp/modelarmor.googleapis.com/sanitize_operations/{time:%Y/%m/%d}/{time:%H}:00:00_{time:%H}:59:59_S0.json"


def odd(time, what):
    path = sink_file(time)
    first, line = json.loads(files[path][0][1]), spoiled(path, what, 250)
    if what == "no-time":
        line = compact(without(first, "timestamp") | {"insertId": "notime00000002"})
    elif what == "audit":  # an entry of the same service
        line = compact(first | {
            "insertId": "audit000000001", "logName": f"projects/{PROJECT}/logs/cloudaudit.googleapis.com%2Factivity"})
    put(path, time, line)
