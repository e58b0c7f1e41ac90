#!/bin/sh
# Builds Skywatch and does its main job on the sample logs: raw records into an archive, the rule pack over it, a table of alerts.
# `samples/run.sh DIR` keeps the archive in DIR; SKYWATCH names a program that is built already.
set -eu
archive=${1:-$(mktemp -d)/archive}
case $archive in /*) ;; *) archive=$PWD/$archive ;; esac
cd "$(dirname "$0")/.."

[ -n "${SKYWATCH:-}" ] || cargo build --release --locked
skywatch() {
    if [ -n "${SKYWATCH:-}" ]; then "$SKYWATCH" "$@"; else cargo run --release --locked --quiet -- "$@"; fi
}
# Prompts and answers are kept too, encrypted. A key of one's own logs lies elsewhere than the archive.
key=$archive.key
[ -e "$key" ] || (umask 077 && mkdir -p "$(dirname "$key")" && head -c 32 /dev/urandom >"$key")
ingest() {
    source=$1
    shift
    # Names of the samples have no spaces.
    skywatch ingest --source "$source" $(find "$@" -type f | sort) --archive "$archive" \
        --content --content-key "file:$key" --digest-key "file:$key"
}

logs=samples/aws/AWSLogs/111122223333
ingest aws.bedrock "$logs/BedrockModelInvocationLogs"
ingest aws.cloudtrail "$logs/CloudTrail"
ingest aws.agentcore samples/aws/bedrock-agentcore
ingest azure.activity samples/azure/insights-activity-logs
ingest azure.openai samples/azure/insights-logs-requestresponse
ingest azure.openai_usage samples/azure/insights-logs-azureopenairequestusage
ingest azure.openai_audit samples/azure/insights-logs-audit
ingest azure.apim_gateway samples/azure/insights-logs-gatewaylogs
ingest azure.apim samples/azure/insights-logs-gatewayllmlogs samples/azure/insights-logs-gatewaylogs
ingest azure.apim_mcp samples/azure/insights-logs-gatewaymcplogs
ingest gcp.audit samples/gcp/cloudaudit.googleapis.com
ingest gcp.vertex samples/gcp/bigquery
ingest gcp.model_armor samples/gcp/modelarmor.googleapis.com
ingest otel.genai samples/otel
echo
skywatch run rulepacks/ai-security --archive "$archive" --content-key "file:$key"
echo "the archive is in $archive, the key of its prompts in $key"
