import type { IdentityErrorCode } from "../../identity/identity-error.ts";
import type { ApiError, ApiErrorCode, ApiErrorDetail } from "./api-error.ts";

const type = "type.googleapis.com/google.rpc.ErrorInfo";

/** google.api.ErrorReason, and for the rest what happened to the thing that was asked for. */
const reasons: Readonly<Record<ApiErrorCode, string>> = {
  INVALID_ARGUMENT: "INVALID_REQUEST",
  FAILED_PRECONDITION: "FAILED_PRECONDITION",
  UNAUTHENTICATED: "CREDENTIALS_MISSING",
  PERMISSION_DENIED: "IAM_PERMISSION_DENIED",
  NOT_FOUND: "RESOURCE_NOT_FOUND",
  ALREADY_EXISTS: "RESOURCE_ALREADY_EXISTS",
  ABORTED: "CONCURRENT_CHANGE",
  RESOURCE_EXHAUSTED: "RATE_LIMIT_EXCEEDED",
  INTERNAL: "INTERNAL",
  UNAVAILABLE: "SERVICE_UNAVAILABLE",
};
/** Those that are not about one of Google's services. */
const general: ReadonlySet<ApiErrorCode> = new Set(["UNAUTHENTICATED", "RESOURCE_EXHAUSTED"]);
const identityReasons: Partial<Record<IdentityErrorCode, string>> = {
  expired: "ACCESS_TOKEN_EXPIRED",
  not_live: "ACCOUNT_STATE_INVALID",
};

/** What a program reads of an error (google.rpc.ErrorInfo). */
export function errorInfo(reason: string, domain: string, metadata: Record<string, string> = {}): ApiErrorDetail {
  return { "@type": type, reason, domain, metadata };
}

/** Why a credential was not believed, in Google's words. */
export function identityErrorInfo(code: IdentityErrorCode): ApiErrorDetail {
  return errorInfo(identityReasons[code] ?? "ACCESS_TOKEN_TYPE_UNSUPPORTED", "googleapis.com");
}

/** The details of an error, of which one is an ErrorInfo always. @param path of the request */
export function detailsOf({ code, details }: ApiError, path: string): readonly ApiErrorDetail[] {
  if (details.some((detail) => detail["@type"] === type)) return details;
  return [errorInfo(reasons[code], general.has(code) ? "googleapis.com" : domainOf(path)), ...details];
}

/** Which of Google's services has such a path. */
function domainOf(path: string): string {
  if (/:(?:generate|sign)[A-Z]\w*$/.test(path)) return "iamcredentials.googleapis.com";
  if (/\/(?:serviceAccounts|roles|workloadIdentityPools)(?:[/:]|$)/.test(path)) return "iam.googleapis.com";
  if (/\/(?:locations|occurrences|projectSettings|rules)(?:[/:]|$)|:cleanUp$/.test(path))
    return "artifactregistry.googleapis.com";
  return "cloudresourcemanager.googleapis.com";
}
