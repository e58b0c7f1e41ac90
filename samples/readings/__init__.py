"""A reader for each source: takes a raw record, gives its fields by name, or None for a record of another kind.

Written from schemas.md alone; shares nothing with generate.py and nothing with Skywatch. Fields have the names of the streams, `latency` in
milliseconds as `latency_ms`; `names_ai` is for the story alone.
"""
from . import aws, azure, azure_services, google

READERS = {"aws.bedrock": aws.bedrock, "aws.cloudtrail": aws.cloudtrail, "azure.activity": azure.activity, "gcp.audit": google.audit}
READERS |= {"aws.agentcore": aws.agentcore, "gcp.vertex": google.vertex, "gcp.model_armor": google.model_armor}
READERS |= {f"azure.{name}": getattr(azure_services, name) for name in ("openai", "openai_usage", "openai_audit", "apim_gateway")}
