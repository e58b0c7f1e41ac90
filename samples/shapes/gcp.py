"""Google: Cloud Audit Logs of Vertex AI, Model Armor and neighbours (schemas.md §6a), as a Cloud Storage sink writes."""
import json
from datetime import timedelta

from .writing import compact, digest, files, iso, put, spoiled, without

PROJECT, NUMBER = "sw-demo-prod", "100000000001"
MAIL = f"{PROJECT}.iam.gserviceaccount.com"
CHAT, ETL = f"chat-backend@{MAIL}", f"etl-legacy@{MAIL}"
POOLS = f"principal://iam.googleapis.com/projects/{NUMBER}/locations/global/workloadIdentityPools"
GENAI, GCLOUD = "google-genai-sdk/1.46.0 gl-python/3.12", "google-cloud-sdk gcloud/541.0.0 command/gcloud.ai.endpoints"
PEOPLE = {  # e-mail, subject, address, agent
    "backend": (CHAT, "serviceAccount:" + CHAT, "gce-internal-ip", GENAI),
    "workload": ("", POOLS + "/ci/subject/repo:example/app", "2001:db8:7::5", GENAI),
    "kim": ("kim@example.com", "user:kim@example.com", "198.51.100.52", "Mozilla/5.0 (Macintosh) Chrome/141.0,gzip(gfe)"),
    "legacy": (ETL, "serviceAccount:" + ETL, "203.0.113.120", "python-requests/2.32.5,gzip(gfe)"),
    "lee": ("lee@example.com", "user:lee@example.com", "private", GCLOUD),
}
VERTEX, ARMOR = "aiplatform.googleapis.com", "modelarmor.googleapis.com"
V1, BETA, TEMPLATES = "google.cloud.aiplatform.v1", "google.cloud.aiplatform.v1beta1", "google.cloud.modelarmor.v1.ModelArmor"
PREDICTION, ENDPOINTS = f"{V1}.PredictionService", f"{V1}.EndpointService"
PLACE = f"projects/{PROJECT}/locations/us-central1"
GEMINI = f"{PLACE}/publishers/google/models/gemini-2.5-flash"
ENDPOINT, TEMPLATE = f"{PLACE}/endpoints/4210000000000000001", f"{PLACE}/templates/strict"
VM, FILE = f"projects/{PROJECT}/zones/us-central1-a/instances/vm-1", "projects/_/buckets/example-sets/objects/a.csv"
ACCOUNTS = "projects/-/serviceAccounts/100000000000000000007"
PREDICT = "aiplatform.endpoints.predict"
METHODS = {  # service, what stands before the name, permission, its type, resource
    "GenerateContent": (VERTEX, PREDICTION, PREDICT, "DATA_READ", GEMINI),
    "StreamGenerateContent": (VERTEX, PREDICTION, PREDICT, "DATA_READ", GEMINI),
    "BidiGenerateContent": (VERTEX, f"{BETA}.LlmBidiService", PREDICT, "DATA_READ", GEMINI),
    "CountTokens": (VERTEX, "google.cloud.aiplatform.internal.PredictionService", PREDICT, "DATA_READ", GEMINI),
    "Predict": (VERTEX, PREDICTION, PREDICT, "DATA_READ", ENDPOINT),
    "RawPredict": (VERTEX, PREDICTION, PREDICT, "DATA_READ", ENDPOINT),
    "GetEndpoint": (VERTEX, ENDPOINTS, "aiplatform.endpoints.get", "ADMIN_READ", ENDPOINT),
    "ListEndpoints": (VERTEX, ENDPOINTS, "aiplatform.endpoints.list", "ADMIN_READ", PLACE),
    "CreateEndpoint": (VERTEX, ENDPOINTS, "aiplatform.endpoints.create", "ADMIN_WRITE", PLACE),
    "DeployModel": (VERTEX, ENDPOINTS, "aiplatform.endpoints.deploy", "ADMIN_WRITE", ENDPOINT),
    "DeleteEndpoint": (VERTEX, ENDPOINTS, "aiplatform.endpoints.delete", "ADMIN_WRITE", ENDPOINT),
    "UploadModel": (VERTEX, f"{V1}.ModelService", "aiplatform.models.upload", "ADMIN_WRITE", PLACE),
    "SetPublisherModelConfig": (
        VERTEX, f"{BETA}.EndpointService", "aiplatform.endpoints.setPublisherModelConfig", "ADMIN_WRITE", GEMINI),
    "CreateTemplate": (ARMOR, TEMPLATES, "modelarmor.templates.create", "ADMIN_WRITE", PLACE),
    "UpdateTemplate": (ARMOR, TEMPLATES, "modelarmor.templates.update", "ADMIN_WRITE", TEMPLATE),
    "DeleteTemplate": (ARMOR, TEMPLATES, "modelarmor.templates.delete", "ADMIN_WRITE", TEMPLATE),
    "GetTemplate": (ARMOR, TEMPLATES, "modelarmor.templates.get", "ADMIN_READ", TEMPLATE),
    "SetIamPolicy": (
        "cloudresourcemanager.googleapis.com", "", "resourcemanager.projects.setIamPolicy", "ADMIN_WRITE",
        f"projects/{PROJECT}"),
    "CreateServiceAccountKey": (
        "iam.googleapis.com", "google.iam.admin.v1", "iam.serviceAccountKeys.create", "ADMIN_WRITE", ACCOUNTS),
    "objects.get": ("storage.googleapis.com", "storage", "storage.objects.get", "DATA_READ", FILE),
    "instances.insert": ("compute.googleapis.com", "v1.compute", "compute.instances.create", "ADMIN_WRITE", VM),
}
STATUS = {  # gRPC, not HTTP
    "denied": (7, "Permission '{}' denied on resource (or it may not exist)."),
    "busy": (8, "Quota exceeded for aiplatform.googleapis.com."),
    "failed": (9, "Model is not ready."),
}


def act(who, time, i, what, flow, **options):
    """`pair` is a stream or a long operation: one entry when it begins, one when it ends; `odd …` is no event."""
    if what == "odd":
        return odd(time, flow)
    email, subject, address, agent = PEOPLE[who]
    service, prefix, permission, permission_type, resource = METHODS[what]
    if flow == "denied" and what == "GenerateContent":
        resource = resource.replace("2.5-flash", ("2.5-pro", "2.5-flash", "2.0-flash-001")[i % 3])
    person = {"principalEmail": email} if email else {}
    person["principalSubject"] = subject
    if who == "legacy":
        key = f"projects/{PROJECT}/serviceAccounts/{email}/keys/{digest('key')[:40]}"
        person["serviceAccountKeyName"] = "//iam.googleapis.com/" + key
    grant = {
        "granted": flow != "denied", "permission": permission, "permissionType": permission_type, "resource": resource}
    payload = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog", "authenticationInfo": person,
        "authorizationInfo": [grant],
        "methodName": f"{prefix}.{what}".lstrip("."),
        "requestMetadata": {
            "callerIp": address, "callerSuppliedUserAgent": agent,
            "requestAttributes": {"auth": {}, "time": iso(time, 6)}},
        "resourceName": resource, "serviceName": service}
    if service == VERTEX:
        payload["request"] = {"@type": f"type.googleapis.com/google.cloud.aiplatform.v1.{what}Request"}
        if permission == PREDICT:
            payload["request"]["model" if "publishers" in resource else "endpoint"] = resource
    if what == "SetPublisherModelConfig":
        payload["request"]["publisherModelConfig"] = {"loggingConfig": {"enabled": False}}
    if what == "SetIamPolicy":
        change = {"auditConfigDeltas": [{"action": "REMOVE", "service": VERTEX, "logType": "DATA_READ"}]}
        if "give" in options:
            change = {"bindingDeltas": [{"action": "ADD", "role": options["give"], "member": "user:kim@example.com"}]}
        payload["serviceData"] = {"@type": "type.googleapis.com/google.iam.v1.logging.AuditData", "policyDelta": change}
    if flow in STATUS:
        code, message = STATUS[flow]
        payload["status"] = {"code": code, "message": message.format(permission)}
    elif i % 4 == 3:
        payload["status"] = {}  # success may be written so, too
    running = {"id": digest("operation", who, time, what)[:20], "producer": service}
    if what == "instances.insert":
        entry(time, payload, permission_type, running | {"first": True, "last": True})
    elif flow == "pair":
        entry(time, payload, permission_type, running | {"first": True})
        kept = ("@type", "authenticationInfo", "methodName", "resourceName", "serviceName")
        late = {key: payload[key] for key in kept} | {"requestMetadata": {}}
        if what == "BidiGenerateContent" and i % 2:
            late["status"] = {"code": 10, "message": "The session was aborted."}
        entry(time + timedelta(seconds=21), late, permission_type, running | {"last": True})
    else:
        entry(time, payload, permission_type)


def entry(time, payload, permission_type, operation=None):
    log = "activity" if permission_type == "ADMIN_WRITE" else "data_access"
    labels = {"method": payload["methodName"], "project_id": PROJECT, "service": payload["serviceName"]}
    resource = {"type": "audited_resource", "labels": labels}
    if "/endpoints/" in payload["resourceName"] and time.minute % 2:  # other projects' records have this type
        labels = {
            "endpoint_id": "4210000000000000001", "location": "us-central1", "resource_container": f"projects/{NUMBER}"}
        resource = {"type": "aiplatform.googleapis.com/Endpoint", "labels": labels}
    record = {
        "insertId": digest("insert", time, payload["methodName"], operation)[:14],
        "logName": f"projects/{PROJECT}/logs/cloudaudit.googleapis.com%2F{log}"}
    if operation:
        record["operation"] = operation
    severity = "ERROR" if payload.get("status") else "NOTICE" if log == "activity" else "INFO"
    record |= {
        "protoPayload": payload, "receiveTimestamp": iso(time + timedelta(seconds=1), 9), "resource": resource,
        "severity": severity, "timestamp": iso(time, 9)}
    put(sink_file(time, log), time, compact(record))


def sink_file(time, log):
    return f"gcp/cloudaudit.googleapis.com/{log}/{time:%Y/%m/%d}/{time:%H}:00:00_{time:%H}:59:59_S0.json"


def odd(time, what):
    path = sink_file(time, "data_access")
    line = spoiled(path, what, 200)
    if what == "no-time":
        line = compact(without(json.loads(files[path][0][1]), "timestamp") | {"insertId": "notime00000001"})
    elif line is None:
        kind = "type.googleapis.com/google.cloud.modelarmor.logging.v1.SanitizeOperationLogEntry"
        line = compact({
            "insertId": "armor000000001",
            "jsonPayload": {
                "@type": kind, "operationType": "SANITIZE_USER_PROMPT",
                "sanitizationResult": {"filterMatchState": "NO_MATCH_FOUND", "invocationResult": "SUCCESS"}},
            "logName": f"projects/{PROJECT}/logs/modelarmor.googleapis.com%2Fsanitize_operations",
            "resource": {
                "type": "modelarmor.googleapis.com/SanitizeOperation",
                "labels": {"location": "us-central1", "template_id": "strict"}},
            "severity": "INFO", "timestamp": iso(time, 9)})
    put(path, time, line)
