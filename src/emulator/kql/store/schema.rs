//! The tables, their columns and types, and the field of a raw record that each column holds.

use super::azure::{self, Raw};
use crate::emulator::kql::value::{Cell, Type};

/// Where a column's value comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum From {
    Time,
    /// A path of keys.
    Key(&'static [&'static str]),
    Made(fn(&Raw<'_>) -> Cell),
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Type,
    pub(super) from: From,
}

#[derive(Debug)]
pub(super) struct Stored {
    pub(super) name: &'static str,
    /// What is sent here; the table without any takes what no other does.
    pub(super) categories: &'static [&'static str],
    pub(super) columns: &'static [Column],
}

const fn key(name: &'static str, kind: Type, path: &'static [&'static str]) -> Column {
    Column { name, kind, from: From::Key(path) }
}

const fn text(name: &'static str, path: &'static [&'static str]) -> Column {
    key(name, Type::Text, path)
}

const fn made(name: &'static str, make: fn(&Raw<'_>) -> Cell) -> Column {
    Column { name, kind: Type::Text, from: From::Made(make) }
}

const TIME: Column = Column { name: "TimeGenerated", kind: Type::Time, from: From::Time };

pub(super) const TABLES: &[Stored] = &[
    Stored { name: "AzureDiagnostics", categories: &[], columns: DIAGNOSTICS },
    Stored {
        name: "AzureActivity",
        categories: &[
            "Administrative",
            "Security",
            "ServiceHealth",
            "Alert",
            "Recommendation",
            "Policy",
            "Autoscale",
            "ResourceHealth",
            "Write",
            "Delete",
            "Action",
        ],
        columns: ACTIVITY,
    },
    Stored { name: "ApiManagementGatewayLogs", categories: &["GatewayLogs"], columns: GATEWAY },
    Stored { name: "ApiManagementGatewayLlmLog", categories: &["GatewayLlmLogs"], columns: GATEWAY_LLM },
    Stored { name: "ApiManagementGatewayMCPLog", categories: &["GatewayMCPLogs"], columns: GATEWAY_MCP },
];

const DIAGNOSTICS: &[Column] = &[
    made("TenantId", azure::workspace),
    TIME,
    text("ResourceId", &["resourceId"]),
    text("Category", &["category"]),
    made("ResourceGroup", azure::resource_group),
    made("SubscriptionId", azure::subscription),
    made("ResourceProvider", azure::provider),
    made("Resource", azure::resource_name),
    text("OperationName", &["operationName"]),
    text("ResultType", &["resultType"]),
    text("CorrelationId", &["correlationId"]),
    text("ResultDescription", &["resultDescription"]),
    text("ResultSignature", &["resultSignature"]),
    key("DurationMs", Type::Long, &["durationMs"]),
    text("CallerIPAddress", &["callerIpAddress"]),
    text("event_s", &["event"]),
    text("location_s", &["location"]),
    text("Tenant_s", &["Tenant"]),
    text("properties_s", &["properties"]),
    made("Type", azure::table_name),
    made("_ResourceId", azure::resource_lower),
];

const ACTIVITY: &[Column] = &[
    TIME,
    made("OperationNameValue", azure::operation_value),
    made("OperationName", azure::operation_shown),
    text("ActivityStatusValue", &["resultType"]),
    made("ActivitySubstatusValue", azure::substatus),
    text("CategoryValue", &["category"]),
    made("ResourceProviderValue", azure::activity_provider),
    text("ResourceId", &["resourceId"]),
    made("_ResourceId", azure::resource_lower),
    made("ResourceGroup", azure::resource_group),
    made("SubscriptionId", azure::subscription),
    text("CorrelationId", &["correlationId"]),
    made("EventDataId", azure::event_id),
    made("Caller", azure::caller),
    text("CallerIpAddress", &["callerIpAddress"]),
    text("Claims", &["identity", "claims"]),
    key("Claims_d", Type::Dynamic, &["identity", "claims"]),
    text("Authorization", &["identity", "authorization"]),
    key("Authorization_d", Type::Dynamic, &["identity", "authorization"]),
    text("HTTPRequest", &["httpRequest"]),
    text("Properties", &["properties"]),
    key("Properties_d", Type::Dynamic, &["properties"]),
    text("Level", &["level"]),
    text("Hierarchy", &["properties", "hierarchy"]),
    made("TenantId", azure::workspace),
    made("Type", azure::table_name),
];

const GATEWAY: &[Column] = &[
    TIME,
    text("Category", &["category"]),
    text("OperationName", &["operationName"]),
    text("CorrelationId", &["correlationId"]),
    text("Region", &["location"]),
    text("ApiId", &["properties", "apiId"]),
    text("ApiRevision", &["properties", "apiRevision"]),
    text("ApimSubscriptionId", &["properties", "apimSubscriptionId"]),
    text("UserId", &["properties", "userId"]),
    text("ProductId", &["properties", "productId"]),
    text("OperationId", &["properties", "operationId"]),
    text("WorkspaceId", &["properties", "workspaceId"]),
    text("Method", &["properties", "method"]),
    text("Url", &["properties", "url"]),
    text("Cache", &["properties", "cache"]),
    key("CacheTime", Type::Long, &["properties", "cacheTime"]),
    text("ClientProtocol", &["properties", "clientProtocol"]),
    key("ClientTime", Type::Long, &["properties", "clientTime"]),
    text("ClientTlsVersion", &["properties", "clientTlsVersion"]),
    text("BackendId", &["properties", "backendId"]),
    text("BackendMethod", &["properties", "backendMethod"]),
    text("BackendProtocol", &["properties", "backendProtocol"]),
    text("BackendUrl", &["properties", "backendUrl"]),
    key("BackendTime", Type::Long, &["properties", "backendTime"]),
    key("BackendResponseCode", Type::Int, &["properties", "backendResponseCode"]),
    text("RequestBody", &["properties", "requestBody"]),
    text("ResponseBody", &["properties", "responseBody"]),
    text("BackendRequestBody", &["properties", "backendRequestBody"]),
    text("BackendResponseBody", &["properties", "backendResponseBody"]),
    key("RequestHeaders", Type::Dynamic, &["properties", "requestHeaders"]),
    key("ResponseHeaders", Type::Dynamic, &["properties", "responseHeaders"]),
    key("BackendRequestHeaders", Type::Dynamic, &["properties", "backendRequestHeaders"]),
    key("BackendResponseHeaders", Type::Dynamic, &["properties", "backendResponseHeaders"]),
    key("RequestSize", Type::Int, &["properties", "requestSize"]),
    key("ResponseSize", Type::Int, &["properties", "responseSize"]),
    key("ResponseCode", Type::Int, &["properties", "responseCode"]),
    key("Errors", Type::Dynamic, &["properties", "errors"]),
    key("TraceRecords", Type::Dynamic, &["properties", "traceRecords"]),
    key("LastErrorElapsed", Type::Long, &["properties", "lastError", "elapsed"]),
    text("LastErrorMessage", &["properties", "lastError", "message"]),
    text("LastErrorReason", &["properties", "lastError", "reason"]),
    text("LastErrorScope", &["properties", "lastError", "scope"]),
    text("LastErrorSection", &["properties", "lastError", "section"]),
    text("LastErrorSource", &["properties", "lastError", "source"]),
    text("CallerIpAddress", &["callerIpAddress"]),
    key("IsRequestSuccess", Type::Bool, &["isRequestSuccess"]),
    key("IsMasterTrace", Type::Bool, &["isMasterTrace"]),
    key("TotalTime", Type::Long, &["durationMs"]),
    made("TenantId", azure::workspace),
    made("Type", azure::table_name),
    made("_ResourceId", azure::resource_lower),
    made("_SubscriptionId", azure::subscription),
];

const GATEWAY_LLM: &[Column] = &[
    TIME,
    made("CorrelationId", azure::correlation),
    text("Region", &["location"]),
    text("OperationName", &["operationName"]),
    text("ApiVersion", &["properties", "apiVersion"]),
    text("RequestId", &["properties", "requestId"]),
    text("ModelName", &["properties", "modelName"]),
    text("DeploymentName", &["properties", "deploymentName"]),
    key("PromptTokens", Type::Int, &["properties", "promptTokens"]),
    key("CompletionTokens", Type::Int, &["properties", "completionTokens"]),
    key("TotalTokens", Type::Int, &["properties", "totalTokens"]),
    key("RequestMessages", Type::Dynamic, &["properties", "requestMessages"]),
    key("ResponseMessages", Type::Dynamic, &["properties", "responseMessages"]),
    key("SequenceNumber", Type::Int, &["properties", "sequenceNumber"]),
    key("IsStreamCompletion", Type::Bool, &["properties", "isStreamCompletion"]),
    made("TenantId", azure::workspace),
    made("Type", azure::table_name),
    made("_ResourceId", azure::resource_lower),
    made("_SubscriptionId", azure::subscription),
];

const GATEWAY_MCP: &[Column] = &[
    TIME,
    made("CorrelationId", azure::correlation),
    text("Region", &["location"]),
    text("Method", &["properties", "method"]),
    text("ToolName", &["properties", "toolName"]),
    key("ToolCount", Type::Long, &["properties", "toolCount"]),
    text("ServerName", &["properties", "serverName"]),
    text("ClientName", &["properties", "clientName"]),
    text("ClientVersion", &["properties", "clientVersion"]),
    text("SessionId", &["properties", "sessionId"]),
    text("AuthenticationMethod", &["properties", "authenticationMethod"]),
    text("TransportType", &["properties", "transportType"]),
    text("Error", &["properties", "error"]),
    text("ErrorType", &["properties", "errorType"]),
    made("TenantId", azure::workspace),
    made("Type", azure::table_name),
    made("_ResourceId", azure::resource_lower),
    made("_SubscriptionId", azure::subscription),
];
