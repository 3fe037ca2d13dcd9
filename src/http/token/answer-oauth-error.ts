import { AdministrationError } from "../../identity/administration-error.ts";
import { IdentityError } from "../../identity/identity-error.ts";
import type { ErrorLog } from "../distribution/answer-error.ts";
import { TooManyRequestsError } from "../doorkeeper.ts";
import { passingText, retryAfter } from "../unreachable.ts";
import { OAuthError } from "./oauth-error.ts";

/** Answers with tokens in them stay out of caches (RFC 6749 section 5.1). */
export const notStored = { "cache-control": "no-store", pragma: "no-cache" };

/** The one place that turns an error into an OAuth answer (RFC 6749 section 5.2). */
export function answerOAuthError(error: unknown, log: ErrorLog): Response {
  if (error instanceof AdministrationError)
    return answerOAuthError(new OAuthError("invalid_request", error.message), log);
  const known = error instanceof IdentityError ? new OAuthError("invalid_grant", error.message) : error;
  if (known instanceof OAuthError) {
    return Response.json({ error: known.code, error_description: known.message }, { status: 400, headers: notStored });
  }
  if (error instanceof TooManyRequestsError) {
    const body = { error: "temporarily_unavailable", error_description: error.message };
    return Response.json(body, {
      status: 429,
      headers: { ...notStored, "retry-after": String(error.retryAfterSeconds) },
    });
  }
  const passing = passingText(error);
  if (passing !== undefined) {
    const body = { error: "temporarily_unavailable", error_description: passing };
    return Response.json(body, { status: 503, headers: { ...notStored, ...retryAfter } });
  }
  log(error, "token request failed");
  const body = { error: "server_error", error_description: "the server failed; its log says why" };
  return Response.json(body, { status: 500, headers: notStored });
}
