#!/usr/bin/env python3
"""Makes the sample logs beside this file: three days, three clouds, the same bytes on every run.

    python3 samples/generate.py          # writes samples/aws, samples/azure, samples/gcp, samples/otel anew

STORY says who does what when. How each log writes that down is in shapes/*.py.
What the data must set off is written nowhere here: reading.py works it out from the files alone.
"""
import gzip
import re
import shutil
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.dont_write_bytecode = True
from shapes import agentcore, armor, aws, azure, azure_apim, azure_mcp, azure_openai, gcp, otel, vertex
from shapes.writing import compact, files

HERE = Path(__file__).resolve().parent
FOLDERS = ("aws", "azure", "gcp", "otel")
# The three clouds' control planes, and logs of their own beside them.
LOGS = {
    "aws": aws, "azure": azure, "gcp": gcp, "aoai": azure_openai, "apim": azure_apim, "mcp": azure_mcp, "vertex": vertex, "armor": armor,
    "agentcore": agentcore, "otel": otel}

# cloud or service, day of November 2026, first time, how often, every, who, what. `a|b|c`: in turn; NAME=VALUE: an option.
STORY = """
# ---- AWS: ordinary days of a help desk, an analyst, a researcher
aws 02 07:00  8  9m ci         iam:ListRoles|s3:ListBuckets|ec2:DescribeInstances|iam:GetUser
aws 02 08:01 10 17m chat-app   Converse|ConverseStream haiku-4.5 ordinary
aws 02 09:12  8 11m anna       InvokeModel haiku|titan|llama|embed ordinary
aws 02 13:05  4  3m otto       Converse team resumed meta=1  # old turn holds a phrase, the newest never
aws 02 16:20  1  1m chat-app   Converse haiku-4.5 quoting  # a false alarm, but a hit
aws 03 09:02  8 21m chat-app   Converse|InvokeModelWithResponseStream haiku-4.5 ordinary
aws 03 10:10  4  9m anna       InvokeModelWithResponseStream gpt-oss ordinary
aws 04 08:05 10 19m chat-app   Converse|ConverseStream haiku-4.5 ordinary routed=us-west-2
aws 04 09:30  4 13m agent      InvokeModel haiku ordinary  # the service calls for its agent
aws 04 12:00  4  1m chat-app   Converse haiku-4.5 ordinary error=ThrottlingException
# ---- AWS: mallory tries injections through the support portal; the guardrail answers in all its shapes
aws 02 10:02  8  2m mallory    Converse haiku-4.5 inject
aws 02 10:24  1  1m mallory    Converse haiku-4.5 guarded  # the phrase stands in guardContent only
aws 02 10:30 13 20s mallory    Converse|ConverseStream|InvokeModel|
    InvokeModelWithResponseStream haiku-4.5 inject block=1
aws 02 11:05  2  4m mallory    InvokeModelWithResponseStream gpt-oss inject block=1
aws 02 14:10  5  8m nadia      InvokeModel|Converse|InvokeModelWithResponseStream haiku-4.5 heated block=1 # exactly 5
aws 02 15:00  1  1m nadia      Converse haiku-4.5 heated block=1  # the sixth is in the next hour
aws 02 14:20  8  4m pete       Converse haiku-4.5 near  # looks like injection, is none
aws 02 14:55  1  1m pete       ConverseStream haiku-4.5 heated detect=1
aws 02 14:57  1  1m pete       Converse haiku-4.5 heated stop=content_filtered
# ---- AWS: the leaked key of ci-deploy. First what may it do, then Bedrock access, then the bill, then the blindfold
aws 02 08:30  3  5m ci         s3:PutObject|s3:ListBuckets|sts:GetCallerIdentity
aws 02 21:00 24 20s leaked     bedrock:InvokeModel|bedrock:Converse error=AccessDeniedException|AccessDenied
aws 02 21:20  8 30s leaked     bedrock:ListFoundationModels|bedrock:ListGuardrails|bedrock:DeleteGuardrail|
    bedrock:ListAgents|bedrock:DeleteModelInvocationLoggingConfiguration|bedrock:CreateProvisionedModelThroughput|
    bedrock:PutUseCaseForModelAccess error=AccessDenied
aws 02 23:50  1  1m leaked     iam:AttachUserPolicy policy=AmazonBedrockFullAccess userName=ci-deploy
aws 02 23:52  4  5s leaked     bedrock:PutUseCaseForModelAccess|bedrock:ListFoundationModelAgreementOffers|
    bedrock:CreateFoundationModelAgreement|bedrock:PutFoundationModelEntitlement
aws 02 23:54  1  1m leaked     InvokeModel claude-2 probe error=ValidationException
aws 03 00:20  1  1m leaked     iam:CreateUser userName=BedrockAPIKey-abcd
aws 03 00:20  1  1m leaked     iam:CreateServiceSpecificCredential serviceName=bedrock.amazonaws.com userName=BedrockAPIKey-abcd
aws 03 00:21  1  1m leaked     iam:AttachUserPolicy policy=AmazonBedrockLimitedAccess userName=BedrockAPIKey-abcd
aws 03 00:40  2  2m phantom    InvokeModel haiku ordinary
aws 03 01:00 12  7m leaked     InvokeModelWithResponseStream sonnet-4 novel in=1500 out=4055 read=38000 write=600
aws 03 02:35  1  1m leaked     bedrock:DeleteGuardrail
aws 03 02:40  1  1m leaked     bedrock:DeleteModelInvocationLoggingConfiguration
aws 03 02:44  1  1m phantom    bedrock:ListFoundationModels  # with the key, but no model call
aws 03 02:45  9  4m phantom    Converse haiku ordinary nolog=1  # from here to 08:05 only CloudTrail sees
aws 03 02:52  1  1m leaked     bedrock:CreateProvisionedModelThroughput
aws 03 08:05  1  1m erin       bedrock:PutModelInvocationLoggingConfiguration
aws 03 08:10  1  1m erin       bedrock:CreateGuardrail
aws 03 08:20  1  1m erin       bedrock:UpdateGuardrail
aws 03 08:30  3  1m erin       iam:UpdateAccessKey|iam:DetachUserPolicy|iam:DeleteUser userName=ci-deploy
aws 03 09:15  1  1m phantom    Converse haiku ordinary error=AccessDeniedException
aws 04 10:00  1  1m erin       bedrock:CreateModelImportJob jobName=import-2026-11
aws 04 10:30  2  1m temp       Converse haiku ordinary  # a short-term Bedrock key
# ---- AWS: near misses
aws 02 15:01 20 25s deploy-bot bedrock:CreateGuardrail|bedrock:ListGuardrails|bedrock:ListFoundationModels|
    bedrock:UpdateGuardrail|bedrock:CreateProvisionedModelThroughput error=AccessDeniedException
aws 02 15:56 22 20s otto       bedrock:InvokeModel error=AccessDeniedException  # 12 before 16:00, 10 after
aws 02 17:00 22 15s backup     s3:GetBucketPolicy|s3:ListBuckets error=AccessDenied  # no AI service
aws 02 23:52  2  5m otto       Converse nova novel in=128000 out=2000
aws 03 00:02  2  5m otto       Converse nova novel in=128000 out=2000
aws 03 22:00  5  6m batch      InvokeModel haiku-4.5 novel in=90000 out=4000 read=6000  # exactly 500,000
aws 04 13:00  2  9m anna       InvokeModel haiku novel in=138000 out=2000
aws 04 13:05  2  9m anna       Converse nova novel in=143000 out=2000
aws 04 15:00 10  3m otto       InvokeModel gpt-oss novel in=700 out=4001
aws 04 15:40  1  1m otto       InvokeModel gpt-oss novel in=700 out=4000
aws 04 16:00  1  1m erin       iam:AttachUserPolicy policy=AmazonS3ReadOnlyAccess userName=anna
aws 04 16:05  4  1m erin       bedrock:GetGuardrail|bedrock:ListProvisionedModelThroughputs|
    bedrock:GetModelInvocationLoggingConfiguration|iam:ListRoles
aws 04 16:10  1  1m stack      bedrock:CreateGuardrail  # sourceIPAddress is a service name
aws 04 06:00  4 47m service    sts:AssumeRole|kms:GenerateDataKey
# ---- AWS: what is no event
aws 04 17:00  1  1m -          odd bedrock torn
aws 04 17:05  1  1m -          odd bedrock no-time
aws 04 17:10  1  1m -          odd bedrock knowledge-base
aws 04 17:15  1  1m -          odd bedrock no-caller
aws 04 17:20  1  1m -          odd bedrock body-in-s3
aws 04 17:25  1  1m -          odd bedrock copy
aws 04 17:30  1  1m -          odd trail no-time
aws 04 17:35  1  1m -          odd trail s3-notice
aws 04 17:40  1  1m -          odd trail copy
# ---- Azure: terraform builds, sam reads a key, somebody with sam's token goes further
azure 02 09:00 1 1m terraform  write ok
azure 02 09:02 2 2m terraform  deployments/write ok
azure 02 09:08 1 1m terraform  raiPolicies/write ok
azure 02 09:10 1 1m olga       diagnosticSettings/write ok
azure 02 13:00 1 1m sam        mixed/listKeys/action ok  # as some exports write it: mixed case
azure 03 05:10 22 20s intruder listKeys/action denied
azure 03 05:20 8 45s intruder  write|delete|deployments/write|deployments/delete|raiPolicies/write|
    raiPolicies/delete|regenerateKey/action denied
azure 03 05:41 1 1m intruder   listKeys/action ok
azure 03 05:43 1 1m intruder   regenerateKey/action ok
azure 03 05:44 1 1m intruder   roleAssignments/write ok role=a001fd3d-188f-4b5d-821b-7da978bf7442
azure 03 05:46 1 1m intruder   raiPolicies/delete ok
azure 03 05:47 1 1m intruder   raiPolicies/write ok
azure 03 05:49 1 1m intruder   diagnosticSettings/delete ok
azure 03 05:52 1 1m intruder   deployments/write ok
azure 03 05:58 1 1m intruder   deployments/delete ok
azure 02 15:00 20 25s olga     listKeys/action|write|deployments/write|raiPolicies/write|raiBlocklists/write denied
azure 04 09:00 1 1m terraform  deployments/write failed
azure 04 09:05 1 1m olga       raiPolicies/delete started  # never ended
azure 04 09:10 1 1m sam        storage/listKeys/action ok  # another service's keys
azure 04 09:12 1 1m olga       storage/roleAssignments/write ok role=acdd72a7-3385-48ef-bd42-f606fba81ae7
azure 04 09:20 1 1m olga       diagnosticSettings/delete failed
azure 04 09:30 1 1m -          odd torn
azure 04 09:31 1 1m -          odd no-time
azure 04 09:32 1 1m -          odd service-health
azure 04 09:33 1 1m -          odd copy
# ---- Azure OpenAI itself: apps with identities, a batch job that runs wild, and a key that was listed and used
aoai 02 08:00 12 15m chat-app ChatCompletions_Create gpt-4o ok
aoai 02 09:05  6 20m batch    Embeddings_Create text-embedding-3-large ok
aoai 02 10:30  5 12m reports  ChatCompletions_Create gpt-4o-mini ok stream=Streaming
aoai 02 11:00  8 10s chat-app ChatCompletions_Create gpt-4o busy ms=12
aoai 02 13:00  1  1m sam      ListKey
aoai 02 13:10  3  2m reports  ChatCompletions_Create gpt-4o-mini bad  # filtered, but this log can't tell
aoai 02 14:00  1  1m chat-app ChatCompletions_Create gpt-4o ok ms=-1021  # two clocks disagreed
aoai 03 05:20  2  1m intruder ListKey denied
aoai 03 05:41  1  1m intruder ListKey
aoai 03 06:05  9  3m with-key ChatCompletions_Create gpt-4o ok in=21000 out=3900  # no caller, so no rule by caller sees the tokens
aoai 03 06:40  1  1m with-key ChatCompletions_Create gpt-4o refused  # the key is no more
aoai 03 09:00 14 13m chat-app ChatCompletions_Create gpt-4o ok
aoai 03 12:20  3  2m chat-app ChatCompletions_Create gpt-4o broken ms=61000
aoai 04 02:00 12  5m batch    ChatCompletions_Create gpt-4o ok in=45000 out=4200
aoai 04 10:00  5  9m reports  ChatCompletions_Create gpt-4o-mini ok in=96000 out=4000  # exactly 500,000
aoai 04 12:00  1  1m sam      ListKey
aoai 02 11:50  1  1m -        odd requestresponse:cut-properties
aoai 02 11:51  1  1m -        odd requestresponse:no-properties
aoai 02 11:52  1  1m -        odd azureopenairequestusage:cut-properties
aoai 04 02:50  1  1m -        odd requestresponse:torn
aoai 04 02:51  1  1m -        odd requestresponse:no-time
aoai 04 02:52  1  1m -        odd requestresponse:trace
aoai 04 02:53  1  1m -        odd requestresponse:search
aoai 04 02:54  1  1m -        odd requestresponse:copy
aoai 04 02:55  1  1m -        odd azureopenairequestusage:torn
aoai 04 02:56  1  1m -        odd azureopenairequestusage:no-time
aoai 04 02:57  1  1m -        odd azureopenairequestusage:copy
aoai 04 12:10  1  1m -        odd audit:search
aoai 04 12:11  1  1m -        odd audit:copy
# ---- Azure API Management in front of it: a support portal, a trial subscription that attacks it, one that copies a model
apim 02 08:10 10 11m portal  ChatCompletions_Create gpt-4o ordinary ok tool=find_invoice
apim 02 10:00  6  3m trial   ChatCompletions_Create gpt-4o inject ok
apim 02 10:20 12  1m trial   ChatCompletions_Create gpt-4o inject filtered|filtered|stopped
apim 02 14:00  5  9m visitor ChatCompletions_Create gpt-4o heated filtered  # exactly 5
apim 02 15:00  1  1m visitor ChatCompletions_Create gpt-4o heated stopped  # the sixth is in the next hour
apim 02 14:10  4  4m visitor ChatCompletions_Create gpt-4o near ok
apim 02 16:00  2  4m visitor ChatCompletions_Create gpt-4o resumed flagged
apim 02 17:00  3  5m visitor Embeddings_Create text-embedding-3-large embed ok
apim 03 07:00  9  2s portal  ChatCompletions_Create gpt-4o ordinary busy ms=35
apim 03 07:30  6 90s portal  ChatCompletions_Create gpt-4o ordinary broken ms=58200
apim 03 09:00 12 12m portal  ChatCompletions_Create gpt-4o ordinary ok|stream
apim 03 22:00 12  4m copycat ChatCompletions_Create o4-mini ordinary ok in=42000 out=5000
apim 04 08:00  3  1m portal  ChatCompletions_Create gpt-4o novel ok  # the question is cut
apim 04 08:10  3  1m portal  ChatCompletions_Create gpt-4o ordinary ok out=4500 long=1  # so is the answer, and its tokens with it
apim 03 16:59  2 25s portal  ChatCompletions_Create gpt-4o ordinary ok ms=48000  # answered in the next hour
apim 04 08:20  2  1m portal  ChatCompletions_Create gpt-4o novel ok huge=1  # too long for one row of the other log
apim 04 08:24  2  1m visitor ChatCompletions_Create gpt-4o ordinary ok ungated=1  # only the other log has it
apim 04 09:00  4 20s nobody  ChatCompletions_Create gpt-4o ordinary denied ms=3
apim 04 08:30  1  1m -       odd torn
apim 04 08:31  1  1m -       odd no-time
apim 04 08:32  1  1m -       odd copy
apim 04 08:33  1  1m -       odd tokens
apim 04 08:34  1  1m -       odd shop
apim 04 08:35  1  1m -       odd no-bodies
apim 04 08:36  1  1m -       odd gatewayllmlogs:torn
apim 04 08:37  1  1m -       odd gatewayllmlogs:no-time
apim 04 08:38  1  1m -       odd gatewayllmlogs:copy
apim 04 08:39  1  1m -       odd gatewayllmlogs:probe
# ---- Google Cloud: a chat backend, kim's experiments, a forgotten service account key
gcp 02 09:00 10 5m backend     GenerateContent ok
gcp 02 10:00  4 9m backend     StreamGenerateContent pair
gcp 03 09:00  8 6m backend     GenerateContent ok
gcp 04 09:00  6 7m workload    GenerateContent|CountTokens ok
gcp 02 10:05  4 8m kim         Predict|RawPredict ok
gcp 03 10:05  3 9m kim         BidiGenerateContent pair
gcp 02 11:00  3 7m legacy      GenerateContent ok
gcp 03 02:00 23 20s legacy     GenerateContent denied
gcp 03 02:20  6 30s legacy     ListEndpoints|GetEndpoint|Predict|CreateEndpoint|GetTemplate|
    SetPublisherModelConfig denied
gcp 03 02:40  2 3m legacy      StreamGenerateContent pair
gcp 03 02:50  1 1m legacy      CreateServiceAccountKey ok
gcp 03 03:00  1 1m legacy      SetIamPolicy ok give=roles/aiplatform.admin
gcp 03 03:05  1 1m legacy      SetPublisherModelConfig ok
gcp 03 03:06  1 1m legacy      UpdateTemplate ok
gcp 03 03:07  1 1m legacy      DeleteTemplate ok
gcp 03 03:09  1 1m legacy      SetIamPolicy ok unlog=1
gcp 03 03:10  1 1m legacy      UploadModel pair
gcp 03 03:15  1 1m legacy      CreateEndpoint pair
gcp 03 03:20  1 1m legacy      DeployModel pair
gcp 03 03:50  1 1m legacy      DeleteEndpoint pair
gcp 02 14:00 20 25s kim        GenerateContent|Predict|GetEndpoint|ListEndpoints|UploadModel denied
gcp 03 12:00 21 20s backend    GenerateContent busy  # quota, not permission
gcp 04 11:00  1 1m lee         SetIamPolicy ok give=roles/viewer
gcp 04 11:02  1 1m lee         DeployModel failed
gcp 04 11:05  3 1m lee         GetEndpoint|CreateTemplate|GetTemplate ok
gcp 04 11:10  4 2m lee         objects.get|instances.insert ok
gcp 04 11:30  1 1m -           odd torn
gcp 04 11:31  1 1m -           odd no-time
gcp 04 11:32  1 1m -           odd model-armor
gcp 04 11:33  1 1m -           odd copy
# ---- Vertex AI: what the models were asked. The model that follows `vertex` is who was called; nobody says who called
vertex 02 09:00 10 5m flash ordinary
vertex 02 10:00  6 4m flash ordinary stream
vertex 02 13:00  4 3m tuned ordinary
vertex 02 14:00  5 3m pro   inject        # phrases
vertex 02 14:30  2 2m flash heated SAFETY
vertex 02 14:34  1 1m flash heated PROHIBITED_CONTENT
vertex 02 14:36  2 2m pro   inject block=MODEL_ARMOR
vertex 02 14:40  1 1m flash heated block=SAFETY camel
vertex 02 14:41  1 1m flash ordinary MAX_TOKENS
vertex 03 02:00  8 6m pro   novel in=60000 out=3000 think=9000  # 576,000 tokens: more than half a million in a day
vertex 03 09:00  5 100m flash novel in=90000 out=4000 think=6000 cached=80000  # exactly 500,000
vertex 03 10:00  5 7m tuned ordinary text # JSON columns come as text
vertex 04 08:00  3 5m tuned tool
vertex 04 09:00  6 5m pro   ordinary camel
vertex 04 09:40  1 1m pro   ordinary camel text
vertex 04 10:00  2 9m pro   history       # the phrase is in an old turn
vertex 04 10:20  1 1m flash norole
vertex 04 10:30  2 1m flash bare
vertex 04 10:40  1 1m flash inject text
vertex 04 11:30  1 1m -     torn
vertex 04 11:31  1 1m -     no-time
vertex 04 11:32  1 1m -     no-model
vertex 04 11:33  1 1m -     copy
vertex 04 11:34  1 1m -     unreadable
# ---- Model Armor: templates look at prompts and at the pieces of answers
armor 02 09:00 10 5m strict  ordinary
armor 02 09:01  8 1s strict  ordinary response talk=1
armor 02 10:00  8 1s strict  ordinary response talk=2 verdictless
armor 02 14:00  7 3m strict  inject jailbreak block    # more than five in an hour
armor 02 14:50  2 2m strict  inject jailbreak block base64
armor 02 15:00  1 1m strict  inject jailbreak block    # the next hour
armor 02 15:10  2 2m strict  inject base64             # not found, but there
armor 03 09:00  5 3m relaxed inject jailbreak level=MEDIUM_AND_ABOVE client=AGENT_GATEWAY  # found and let through
armor 03 09:30  3 2m relaxed card sdp client=GEMINI_ENTERPRISE
armor 03 09:40  2 2m relaxed link uri client=GEMINI_ENTERPRISE
armor 03 09:50  2 2m strict  insult rai block top
armor 03 09:56  1 1m strict  insult rai csam block top
armor 03 10:00  4 2m strict  ordinary top
armor 03 10:20  2 2m strict  ordinary partial
armor 03 10:30  2 2m strict  ordinary pdf
armor 04 09:00  5 8m relaxed ordinary client=GOOGLE_MCP_SERVER
armor 04 09:50  1 1m -       torn
armor 04 09:51  1 1m -       no-time
armor 04 09:52  1 1m -       audit
armor 04 09:53  1 1m -       copy
# ---- Agents of Bedrock AgentCore: a help desk, and a buyer that is led astray
agentcore 02 09:00 10 6m desk  ordinary
agentcore 02 11:00  5 4m desk  ordinary object
agentcore 02 13:00  6 3m buyer ordinary turns
agentcore 03 10:00  7 2m buyer inject turns talk=9
agentcore 03 10:20  2 2m desk  inject plain
agentcore 03 10:30  2 2m desk  inject object text
agentcore 03 11:00  4 5m desk  ordinary text
agentcore 04 09:00  5 9m desk  ordinary silent
agentcore 04 09:50  3 2m desk  near
agentcore 04 09:56  1 1m -     torn
agentcore 04 09:56  1 1m -     no-time
agentcore 04 09:57  1 1m -     odd-time
agentcore 04 09:57  1 1m -     telemetry
agentcore 04 09:58  1 1m -     copy
# ---- Spans of instrumented programs: a help desk, a travel agent whose search fails, a reader of web pages that is led astray
otel 02 09:00  6 7m desk   ordinary
otel 02 13:00  4 5m desk   ordinary old       # names before the conventions' version 1.37
otel 02 15:00  4 6m reader ordinary
otel 03 14:01 12 4m travel failing            # twelve failures of one tool in an hour
otel 03 15:00  2 9m reader inject             # the page that the tool fetched says more than it should
otel 03 15:40  1 1m reader inject kept        # and the agent does as it says: the phrase is a tool's input
otel 04 09:00  5 5m travel ordinary aws
otel 04 09:30  1 1m travel failing aws
otel 04 10:00 10 5m travel failing            # exactly ten
otel 04 11:00  2 5m desk   ordinary silent    # content is not captured
otel 04 11:30  1 1m -      torn
otel 04 11:31  1 1m -      no-time
otel 04 11:32  1 1m -      no-ids
otel 04 11:33  1 1m -      copy
otel 04 11:34  1 1m -      metrics
otel 04 11:35  1 1m -      web
otel 04 11:36  1 1m -      again
# ---- API Management's MCP servers: a help desk's agent, an editor, and an agent that tries what it may do
mcp 02 09:00  1  1m desk  orders initialize
mcp 02 09:00  1  1m desk  orders tools/list
mcp 02 09:01  8  5m desk  orders call
mcp 02 10:00  6  7m ide   files  call
mcp 03 14:00 12  3m desk  orders call Forbidden tool=1  # a tool that it may not use
mcp 03 15:00 10  3m ide   files  call Timeout tool=0    # not more than ten
mcp 04 09:00  3  2m nobody orders call
mcp 04 09:10  1  1m -     odd torn
mcp 04 09:11  1  1m -     odd no-time
mcp 04 09:12  1  1m -     odd copy
mcp 04 09:13  1  1m -     odd gateway
"""

UNITS = {"s": 1, "m": 60, "h": 3600}


def play(story):
    """Each line of the story, as often as it says, through the cloud's own `act`."""
    for line in re.sub(r"\|\s+", "|", story).splitlines():
        words = line.split("#")[0].split()
        if not words:
            continue
        log, day, clock, times, step, who, *what = words
        start = datetime(2026, 11, int(day), int(clock[:2]), int(clock[3:]), tzinfo=timezone.utc)
        options = dict(word.split("=", 1) for word in what if "=" in word)
        turns = [word.split("|") for word in what if "=" not in word]
        for i in range(int(times)):
            time = start + timedelta(seconds=i * int(step[:-1]) * UNITS[step[-1]])
            LOGS[log].act(who, time, i, *[choices[i % len(choices)] for choices in turns], **options)


def write():
    for folder in FOLDERS:
        shutil.rmtree(HERE / folder, ignore_errors=True)
    for path, items in sorted(files.items()):
        records = [item for _, item in sorted(items, key=lambda item: item[0])]  # stable: ties keep the story's order
        text = compact({"Records": records}) if "/CloudTrail/" in path else "".join(line + "\n" for line in records)
        target = HERE / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(gzip.compress(text.encode(), 9, mtime=0) if path.endswith(".gz") else text.encode())
    print(f"{len(files)} files, {sum(map(len, files.values()))} records")


if __name__ == "__main__":
    play(STORY)
    write()
