"""A reader for each source: takes a raw record, gives its fields by name, or None for a record of another kind.

Where an event is made of several records, the reader is one of ASSEMBLERS: it takes all of them at once as (text, record or None), and gives
for each what it became: ("event", its fields), ("quarantined", why), or "merged", "other" or "duplicate" and no fields. Where a raw record
holds several, UNPACKERS give them; what holds none is a record itself.

Written from schemas.md alone; shares nothing with generate.py and nothing with Skywatch. Fields have the names of the streams, `latency` in
milliseconds as `latency_ms`; `names_ai` is for the story alone.
"""
from . import aws, azure, azure_apim, azure_mcp, azure_services, google, otel

READERS = {"aws.bedrock": aws.bedrock, "aws.cloudtrail": aws.cloudtrail, "azure.activity": azure.activity, "gcp.audit": google.audit}
READERS |= {"aws.agentcore": aws.agentcore, "otel.genai": otel.genai, "gcp.vertex": google.vertex, "gcp.model_armor": google.model_armor}
READERS |= {f"azure.{name}": getattr(azure_services, name) for name in ("openai", "openai_usage", "openai_audit", "apim_gateway")}
READERS |= {"azure.apim_mcp": azure_mcp.mcp}
ASSEMBLERS = {"azure.apim": azure_apim.assembled}
UNPACKERS = {"otel.genai": otel.spans}
