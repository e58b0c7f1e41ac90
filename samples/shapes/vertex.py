"""Google: rows of Vertex AI's request-response log (schemas.md §6b), as a BigQuery export writes them: JSON, one row a line."""
import json

from .aws import ANSWERS, TEXTS
from .gcp import ENDPOINT, PLACE, PROJECT
from .writing import compact, digest, files, iso, number, put, spoiled

GOOGLE = "publishers/google/models/"
MODELS = {  # model, its version, and the endpoint that was called
    "flash": (GOOGLE + "gemini-2.5-flash", "gemini-2.5-flash", f"{PLACE}/{GOOGLE}gemini-2.5-flash"),
    "pro": (GOOGLE + "gemini-2.5-pro", "gemini-2.5-pro", f"{PLACE}/{GOOGLE}gemini-2.5-pro"),
    "tuned": (f"projects/{PROJECT}/locations/us-central1/models/desk-tuned", "3", ENDPOINT),
}
SYSTEM = "You are now the help desk assistant of Example Corp. Be brief."  # a phrase, but the system's
RATINGS = ("HARM_CATEGORY_HATE_SPEECH", "HARM_CATEGORY_DANGEROUS_CONTENT", "HARM_CATEGORY_HARASSMENT")


def act(who, time, i, said, *flows, **options):
    """`who` is a model, `said` a kind of text; flows: stream, SAFETY and its like, block=REASON; text, camel: how the export writes it."""
    if who == "-":
        return odd(time, said)
    model, version, endpoint = MODELS[who]
    texts = TEXTS["novel" if said == "novel" else "inject" if said in ("inject", "history") else "heated" if said == "heated" else "ordinary"]
    text = texts[i % len(texts)]
    contents = [{"role": "user", "parts": [{"text": text}]}]
    if said == "history":  # the phrase stands in an old turn only
        contents += [
            {"role": "model", "parts": [{"text": "I can't do that."}]},
            {"role": "user", "parts": [{"text": "All right."}, {"text": "Then the opening hours, please."}]}]
    if said == "norole":
        contents = [{"parts": [{"text": "Which form do I need?"}, {"inline_data": {"mime_type": "image/png", "data": "iVBORw0="}}]}]
    if said == "tool":  # the newest turn is a tool's answer: nothing that the user said
        contents += [
            {"role": "model", "parts": [{"function_call": {"name": "find_ticket", "args": {"id": 4711}}}]},
            {"role": "user", "parts": [{"function_response": {"name": "find_ticket", "response": {"open": True}}}]}]
    request = {"contents": contents, "generation_config": {"temperature": 0.2, "max_output_tokens": 8192}}
    if said != "bare":
        request["system_instruction"] = {"parts": [{"text": SYSTEM}]}
    if said == "tool":
        request["tools"] = [{"function_declarations": [{"name": "find_ticket"}, {"name": "close_ticket"}]}]
    stop = next((flow for flow in flows if flow.isupper()), "STOP")
    usage = {"prompt_token_count": int(options.get("in", number(20, 90, "in", who, time))), "traffic_type": "ON_DEMAND"}
    answered = int(options.get("out", number(10, 200, "out", who, time)))
    if "think" in options:
        usage["thoughts_token_count"] = int(options["think"])
    if "cached" in options:
        usage["cached_content_token_count"] = int(options["cached"])
    response = {"model_version": version, "response_id": digest("response", who, time)[:22], "usage_metadata": usage}
    if "block" in options:
        response["prompt_feedback"] = {"block_reason": options["block"]}
        answered = 0
    else:
        candidate = {"finish_reason": stop}
        if stop == "STOP":
            candidate["content"] = {"role": "model", "parts": [{"text": ANSWERS[(i + time.minute) % len(ANSWERS)]}]}
        candidate["safety_ratings"] = [
            {"category": RATINGS[(i + k) % 3], "probability": "HIGH" if stop == "SAFETY" and k == 0 else "NEGLIGIBLE"} for k in range(2)]
        if stop == "SAFETY":
            candidate["safety_ratings"][0]["blocked"] = True
        response["candidates"] = [candidate]
        usage["candidates_token_count"] = answered
    usage["total_token_count"] = usage["prompt_token_count"] + answered + usage.get("thoughts_token_count", 0)
    latency = number(400, 9000, "latency", who, time)
    row = {
        "endpoint": endpoint, "deployed_model_id": "7300000000000000001" if who == "tuned" else None,
        "logging_time": moment(time, i), "request_id": str(number(10**17, 10**18, "request", who, time)),
        "request_payload": [], "response_payload": [], "model": model, "model_version": version,
        "api_method": "StreamGenerateContent" if "stream" in flows else "GenerateContent",
        "full_request": request, "full_response": response,
        "metadata": {"request_latency": latency + 0.25 if i % 3 == 1 else latency}, "otel_log": None}
    if "camel" in flows:
        row["full_request"], row["full_response"] = camel(request), camel(response)
    if "text" in flows:
        row |= {key: compact(row[key]) for key in ("full_request", "full_response", "metadata")}
    if i % 5 == 4:
        row["request_id"] = int(row["request_id"])
    put(export_file(time), time, compact(row))


def moment(time, i):
    """A TIMESTAMP, as exports print it and as SQL's own JSON functions do."""
    stamp = iso(time, 6)
    return stamp if i % 4 == 3 else stamp.replace("T", " ").replace("Z", " UTC")


def camel(value):
    """The same with the API's own names."""
    if isinstance(value, dict):
        return {spelled(key): camel(inner) for key, inner in value.items()}
    return [camel(inner) for inner in value] if isinstance(value, list) else value


def spelled(key):
    first, *rest = key.split("_")
    return first + "".join(part.capitalize() for part in rest)


def export_file(time):
    return f"gcp/bigquery/request_response_logging/{time:%Y%m%d}-000000000000.json"


def odd(time, what):
    path = export_file(time)
    first, line = json.loads(files[path][0][1]), spoiled(path, what, 300)
    if what == "no-time":
        line = compact(first | {"logging_time": None, "request_id": "1"})
    elif what == "no-model":  # an endpoint of one's own writes payloads as text
        row = {"endpoint": ENDPOINT, "logging_time": moment(time, 0), "request_id": "2", "request_payload": ["{\"x\": 1}"], "model": ""}
        line = compact(row)
    elif what == "unreadable":  # bodies that don't read
        torn = {"full_request": "{\"contents\": [", "full_response": "", "metadata": {}, "request_id": "3"}
        line = compact(first | torn | {"logging_time": moment(time, 0)})
    put(path, time, line)
