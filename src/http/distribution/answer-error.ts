import { scopeFor } from "../../access/scope-limits.ts";
import { IdentityError } from "../../identity/identity-error.ts";
import { principalName } from "../../identity/principal.ts";
import { RegistryError, type RegistryErrorCode } from "../../registry/registry-error.ts";
import { storageTroubleOf } from "../../storage/storage-trouble.ts";
import { TooManyRequestsError } from "../doorkeeper.ts";
import type { RequestContext } from "../names.ts";
import { passingText, retryAfter } from "../unreachable.ts";
import { RefusalError } from "./refusal.ts";

/** Where what the client need not know is kept. */
export type ErrorLog = (error: unknown, message: string, requestId?: string) => void;

const statuses: Readonly<Record<RegistryErrorCode, number>> = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DENIED: 403,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_TOO_LARGE: 413,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  PAGINATION_NUMBER_INVALID: 400,
  RANGE_INVALID: 416,
  SIZE_INVALID: 400,
  STORAGE_FULL: 507,
  TAG_INVALID: 400,
  TOOMANYREQUESTS: 429,
  UNAUTHORIZED: 401,
  UNAVAILABLE: 503,
  UNKNOWN: 500,
  UNSUPPORTED: 405,
};

export const registryHeaders = { "docker-distribution-api-version": "registry/2.0" } as const;

/** The one place that turns an error into a registry's answer (distribution-spec: Error Codes). */
export function answerError(error: unknown, context: RequestContext, log: ErrorLog): Response {
  if (error instanceof RefusalError) return answerRefusal(error, context);
  if (error instanceof IdentityError) {
    return answer("UNAUTHORIZED", error.message, undefined, challenge(context, undefined, "invalid_token"));
  }
  if (error instanceof TooManyRequestsError) {
    const headers = { "retry-after": String(error.retryAfterSeconds) };
    return answer("TOOMANYREQUESTS", error.message, undefined, headers);
  }
  if (error instanceof RegistryError) {
    if (error.cause !== undefined) log(error, "registry error", context.requestId);
    return answer(error.code, error.message, error.detail);
  }
  if ((error as { name?: string } | undefined)?.name === "AbortError") {
    return answer("SIZE_INVALID", "the connection ended before the body did");
  }
  const trouble = storageTroubleOf(error);
  const passing = passingText(error);
  if (passing !== undefined) return answer("UNAVAILABLE", passing, undefined, retryAfter);
  log(error, "request failed", context.requestId);
  if (trouble === "full")
    return answer("STORAGE_FULL", "the registry's disk is full: free some space there and try again");
  if (trouble === "unwritable") return answer("UNAVAILABLE", "the registry's disk cannot be written at the moment");
  if (trouble === "away") {
    const headers = { "retry-after": String(retryAfterSeconds) };
    return answer("UNAVAILABLE", "the registry's storage does not answer at the moment: try again", undefined, headers);
  }
  return answer("UNKNOWN", "the server failed; its log says why");
}

/** Long enough for a store to come back, short enough for a client that waits. */
const retryAfterSeconds = 5;

/**
 * 401 with the challenge that tells where to log in; for nobody, whatever they asked (`scope` absent for `/v2/`). The text is our own:
 * an error with its code's usual text and no detail makes dockerd try a push again for 50 seconds and show no text at all.
 */
export function askToLogIn(context: RequestContext, scope?: string): Response {
  return answer(
    "UNAUTHORIZED",
    `authentication is required: log in to ${context.host}`,
    undefined,
    challenge(context, scope),
  );
}

/** Codes that no specification has: these say the nearest that one has. */
const wireCodes: Readonly<Partial<Record<RegistryErrorCode, RegistryErrorCode>>> = {
  MANIFEST_TOO_LARGE: "SIZE_INVALID",
  STORAGE_FULL: "UNAVAILABLE",
};

/** `{"errors":[…]}` with the code's status. */
export function answer(code: RegistryErrorCode, message: string, detail?: unknown, headers?: Record<string, string>) {
  const wireCode = wireCodes[code] ?? code;
  const error = { code: wireCode, message, ...(detail !== undefined && { detail }) };
  return Response.json({ errors: [error] }, { status: statuses[code], headers: { ...registryHeaders, ...headers } });
}

function answerRefusal({ refusal, scope, message, advice }: RefusalError, context: RequestContext): Response {
  switch (refusal.reason) {
    case "anonymous":
      return askToLogIn(context, scope);
    case "token":
      return answer("UNAUTHORIZED", message, undefined, challenge(context, scope, "insufficient_scope"));
    case "policy":
    case "scope":
    case "boundary": {
      const { reason, permission, resource, principal } = refusal;
      const detail = { reason, permission, resource, principal: principalName(principal) };
      if (reason === "scope") return answer("DENIED", message, { ...detail, scope: scopeFor(permission) });
      return answer("DENIED", message, { ...detail, ...(advice && { grant: advice }) });
    }
  }
}

/** Docker token authentication: every parameter in double quotes, for clients that read no others. */
function challenge({ origin, host }: RequestContext, scope?: string, error?: string): Record<string, string> {
  const parameters = [`realm="${origin}/v2/token"`, `service="${host}"`];
  if (scope !== undefined) parameters.push(`scope="${scope}"`);
  if (error !== undefined) parameters.push(`error="${error}"`);
  return { "www-authenticate": `Bearer ${parameters.join(",")}` };
}
