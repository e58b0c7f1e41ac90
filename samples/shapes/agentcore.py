"""Amazon: Bedrock AgentCore's runtime log (schemas.md §1, related), a record an invocation of an agent."""
import json
from datetime import datetime, timezone

from .aws import ANSWERS, TEXTS
from .aws import ACCOUNT, REGION
from .writing import compact, digest, files, number, put, spoiled, uuid

AGENTS = {"desk": "help_desk-a1B2c3D4e5", "buyer": "buyer-Z9y8X7w6V5"}
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def act(who, time, i, said, *flows, **options):
    """`who` is an agent; flows: object, turns, plain (how the prompt is written), silent (no answer), text (64-bit numbers as text)."""
    if who == "-":
        return odd(time, said)
    arn = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:runtime/{AGENTS[who]}"
    request, session = uuid("agent request", who, time), uuid("agent session", who, options.get("talk", f"{time:%d%H}"))
    trace, span = digest("trace", request)[:32], digest("span", request)[:16]
    text = TEXTS[said][i % len(TEXTS[said])]
    if not isinstance(text, str):
        text = "Go on."
    prompt = {"prompt": text, "actor_id": "DEFAULT"}
    if "object" in flows:
        prompt["prompt"] = {"role": "user", "content": text, "metadata": {"source": "web"}}
    if "turns" in flows:
        prompt["prompt"] = [
            {"role": "system", "content": "You are now a buyer. Be brief."}, {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hello, what shall I buy?"}, {"role": "user", "content": text}]
    answer = ANSWERS[(i + time.minute) % len(ANSWERS)]
    given = [{"text": answer, "metadata": {"tokens_used": 150}}, [{"role": "assistant", "content": answer}, {"role": "assistant", "content": "Bye."}], answer][i % 3]
    nanos = nanoseconds(time)
    record = {
        "resource_arn": arn, "event_timestamp": nanos // 1_000_000 + number(900, 4000, "took", request), "account_id": ACCOUNT,
        "request_id": request, "session_id": session, "span_id": span, "trace_id": trace, "service_name": "AgentCoreCodeRuntime",
        "operation": "InvokeAgentRuntime",
        "resource": {"attributes": {
            "cloud.provider": "aws", "service.name": f"{AGENTS[who].split('-')[0]}.DEFAULT", "cloud.resource_id": arn,
            "cloud.platform": "aws_bedrock_agentcore"}},
        "attributes": {
            "aws.operation.name": "InvokeAgentRuntime", "aws.request.id": request, "aws.account.id": ACCOUNT,
            "aws.resource.type": "AWS::BedrockAgentCore::Runtime", "session.id": session},
        "timeUnixNano": str(nanos) if "text" in flows else nanos, "severityNumber": 9, "severityText": "INFO",
        "body": {"request_payload": text if "plain" in flows else prompt, "response_payload": None if "silent" in flows else given},
        "traceId": trace, "spanId": span}
    put(log_file(time), time, compact(record))


def nanoseconds(time):
    return int((time - EPOCH).total_seconds()) * 1_000_000_000 + number(0, 999_999_999, "nanoseconds", time)


def log_file(time):
    return f"aws/bedrock-agentcore/runtimes/{time:%Y/%m/%d/%H}/runtime-logs.json"


def odd(time, what):
    path = log_file(time)
    first, line = json.loads(files[path][0][1]), spoiled(path, what, 200)
    if what == "no-time":
        line = compact(first | {"timeUnixNano": None, "request_id": uuid("no time")})
    elif what == "odd-time":
        line = compact(first | {"timeUnixNano": "soon", "request_id": uuid("odd time")})
    elif what == "telemetry":  # what the instrumented agent writes into the same log group
        scope = {"name": "opentelemetry.instrumentation.agent"}
        body = {"input": {"messages": []}, "output": {"messages": []}}
        line = compact({"resource": {}, "scope": scope, "timeUnixNano": nanoseconds(time), "body": body, "traceId": digest("t")[:32]})
    put(path, time, line)
