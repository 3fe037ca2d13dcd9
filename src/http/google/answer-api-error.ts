import type { Refusal } from "../../access/decide.ts";
import { scopeFor } from "../../access/scope-limits.ts";
import { AdministrationError, type AdministrationErrorCode } from "../../identity/administration-error.ts";
import { IdentityError } from "../../identity/identity-error.ts";
import { principalName } from "../../identity/principal.ts";
import { RegistryError, type RegistryErrorCode } from "../../registry/registry-error.ts";
import type { ErrorLog } from "../distribution/answer-error.ts";
import { TooManyRequestsError } from "../doorkeeper.ts";
import { passingText, retryAfter } from "../unreachable.ts";
import { ApiError, type ApiErrorCode, type ApiErrorDetail, apiStatuses } from "./api-error.ts";
import { detailsOf, errorInfo, identityErrorInfo } from "./error-info.ts";

const administrationCodes: Readonly<Record<AdministrationErrorCode, ApiErrorCode>> = {
  invalid: "INVALID_ARGUMENT",
  not_found: "NOT_FOUND",
  already_exists: "ALREADY_EXISTS",
  conflict: "ABORTED",
  failed_precondition: "FAILED_PRECONDITION",
};

/** What images can be refused for where they are administered. */
const registryCodes: Partial<Record<RegistryErrorCode, ApiErrorCode>> = {
  NAME_INVALID: "INVALID_ARGUMENT",
  TAG_INVALID: "INVALID_ARGUMENT",
  DIGEST_INVALID: "INVALID_ARGUMENT",
  NAME_UNKNOWN: "NOT_FOUND",
  MANIFEST_UNKNOWN: "NOT_FOUND",
  DENIED: "FAILED_PRECONDITION",
  UNSUPPORTED: "FAILED_PRECONDITION",
};

/** Answers may hold keys and policies: none is kept on the way. */
export const apiHeaders = { "cache-control": "private, no-store" } as const;

/** The one place that turns an error into an answer of Google's shape. */
export function answerApiError(error: unknown, log: ErrorLog, path: string): Response {
  const apiError = toApiError(error, log);
  const { code, message, headers } = apiError;
  const status = apiStatuses[code];
  const body = { error: { code: status, message, status: code, details: detailsOf(apiError, path) } };
  return Response.json(body, { status, headers: { ...apiHeaders, ...headers } });
}

/** A decision that said no, as an error. What is missing and what is forbidden come out alike. */
export function refused({ reason, permission, resource, principal, message }: Refusal): ApiError {
  if (reason === "anonymous") return unauthenticated("log in: send an access token as a Bearer token");
  const metadata = { permission, resource, principal: principalName(principal) };
  if (reason !== "scope") {
    return new ApiError("PERMISSION_DENIED", message, [
      errorInfo("IAM_PERMISSION_DENIED", "iam.googleapis.com", metadata),
    ]);
  }
  const scope = scopeFor(permission);
  return new ApiError(
    "PERMISSION_DENIED",
    message,
    [errorInfo("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "googleapis.com", { ...metadata, scope })],
    { "www-authenticate": `Bearer error="insufficient_scope", scope="${scope}"` },
  );
}

/** 401. @param error RFC 6750 section 3.1; absent where no credential came at all */
export function unauthenticated(
  message: string,
  error?: "invalid_token",
  details: readonly ApiErrorDetail[] = [],
): ApiError {
  const challenge = error === undefined ? "Bearer" : `Bearer error="${error}"`;
  return new ApiError("UNAUTHENTICATED", message, details, { "www-authenticate": challenge });
}

function toApiError(error: unknown, log: ErrorLog): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof AdministrationError) return new ApiError(administrationCodes[error.code], error.message);
  if (error instanceof IdentityError) {
    return unauthenticated(error.message, "invalid_token", [identityErrorInfo(error.code)]);
  }
  if (error instanceof RegistryError) return new ApiError(registryCodes[error.code] ?? "INTERNAL", error.message);
  if (error instanceof TooManyRequestsError) {
    return new ApiError("RESOURCE_EXHAUSTED", error.message, [], { "retry-after": String(error.retryAfterSeconds) });
  }
  if ((error as Partial<Error> | undefined)?.name === "AbortError") {
    return new ApiError("INVALID_ARGUMENT", "the connection ended before the body did");
  }
  const passing = passingText(error);
  if (passing !== undefined) return new ApiError("UNAVAILABLE", passing, [], retryAfter);
  log(error, "administration request failed");
  return new ApiError("INTERNAL", "the server failed; its log says why");
}
