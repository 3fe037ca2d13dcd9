import { html } from "hono/html";
import type { Refusal } from "../../access/decide.ts";
import type { Resource } from "../../access/resource.ts";
import { AdministrationError } from "../../identity/administration-error.ts";
import { IdentityError } from "../../identity/identity-error.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import type { ErrorLog } from "../distribution/answer-error.ts";
import { TooManyRequestsError } from "../doorkeeper.ts";
import { ApiError, apiStatuses } from "../google/api-error.ts";
import { OAuthError } from "../token/oauth-error.ts";
import { passingText, retryAfter } from "../unreachable.ts";
import { renderPage, type Viewer } from "./page.ts";
import { ForeignFormError } from "./page-form.ts";

/** Why there is a page with a sentence instead of the one that was asked for. */
export class ConsoleError extends Error {
  readonly status: number;
  readonly title: string;

  constructor(status: number, title: string, message: string) {
    super(message);
    this.name = "ConsoleError";
    this.status = status;
    this.title = title;
  }
}

/** A decision that said no. A missing and a forbidden thing read alike. */
export class RefusedError extends ConsoleError {
  readonly refusal: Refusal;
  readonly resource: Resource;

  constructor(refusal: Refusal, resource: Resource) {
    super(403, "You may not see or do this", refusal.message);
    this.name = "RefusedError";
    this.refusal = refusal;
    this.resource = resource;
  }
}

/** Turns any error into a page. */
export async function answerConsoleError(error: unknown, viewer: Viewer | undefined, log: ErrorLog): Promise<Response> {
  const { status, title, message } = explain(error, log);
  const body = html`<div class="stack"><h1>${title}</h1><p>${message}</p>
<p class="soft">Go back to try again, or to the <a href="/console/">projects</a>.</p></div>`;
  const answer = await renderPage({ title, body, viewer, narrow: true, status });
  if (status === 503) answer.headers.set("retry-after", retryAfter["retry-after"]);
  if (error instanceof TooManyRequestsError) answer.headers.set("retry-after", String(error.retryAfterSeconds));
  return answer;
}

const notDone = "That was not done";

function explain(error: unknown, log: ErrorLog): ConsoleError {
  if (error instanceof ConsoleError) return error;
  if (error instanceof AdministrationError) {
    const status = error.code === "not_found" ? 404 : error.code === "invalid" ? 400 : 409;
    return new ConsoleError(status, notDone, error.message);
  }
  if (error instanceof RegistryError) {
    const status = error.code.endsWith("_UNKNOWN") ? 404 : error.code === "DENIED" ? 403 : 400;
    return new ConsoleError(status, status === 404 ? "There is no such image" : notDone, error.message);
  }
  if (error instanceof ApiError) {
    const status = apiStatuses[error.code];
    return new ConsoleError(status, status === 404 ? "There is no such page" : notDone, error.message);
  }
  if (error instanceof ForeignFormError) return new ConsoleError(403, notDone, error.message);
  if (error instanceof OAuthError) return new ConsoleError(400, notDone, error.message);
  if (error instanceof IdentityError) return new ConsoleError(401, "Sign in again", error.message);
  if (error instanceof TooManyRequestsError) return new ConsoleError(429, "Too many requests", error.message);
  const passing = passingText(error);
  if (passing !== undefined) return new ConsoleError(503, "One moment", passing);
  log(error, "a page could not be made");
  return new ConsoleError(500, "The server is in trouble", "It could not make this page. Its log says why.");
}
