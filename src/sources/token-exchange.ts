import type { Context } from "./context.ts";
import { readBounded } from "./context.ts";
import { Failure, messageOf, oneLine } from "./failure.ts";
import { Secret } from "./secret.ts";
import type { ServiceAccountKey } from "./service-account-key.ts";
import { signToken } from "./signed-token.ts";
import { ServerUnreachable } from "./token-request.ts";

/** A token from the server; `expiresInSeconds` is what the server says. */
export type AccessToken = { token: Secret; expiresInSeconds: number | undefined };

const answerBytesMax = 64 * 1024;
const answerMillisecondsMax = 10_000;

/** Gets an access token for a key at its token endpoint (RFC 7523 section 2.1; `lifetime` is Waybill's own addition). */
export async function exchangeToken(
  key: ServiceAccountKey,
  { scopes, lifetimeSeconds }: { scopes: readonly string[]; lifetimeSeconds?: number | undefined },
  context: Pick<Context, "fetch" | "now">,
): Promise<AccessToken> {
  const assertion = await signToken(key, { scopes }, context.now());
  const form = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    assertion: assertion.reveal(),
  });
  if (lifetimeSeconds !== undefined) form.set("lifetime", String(lifetimeSeconds));
  const { status, text } = await post(key.tokenUri, form, context.fetch);
  const answer = parseAnswer(text);
  if (status !== 200) throw refusal(key, status, answer);
  if (typeof answer.access_token !== "string" || !/^bearer$/i.test(String(answer.token_type)))
    throw new Failure(`${key.tokenUri} gave no access token`, "is its address in the key file a token endpoint?");
  const expiresIn = Number(answer.expires_in);
  return { token: new Secret(answer.access_token), expiresInSeconds: expiresIn > 0 ? expiresIn : undefined };
}

async function post(url: string, form: URLSearchParams, fetch: Context["fetch"]) {
  const signal = AbortSignal.timeout(answerMillisecondsMax);
  try {
    // A redirect is not followed: the assertion is meant for this endpoint.
    const response = await fetch(new Request(url, { method: "POST", body: form, redirect: "manual", signal }));
    const text = response.body ? await readBounded(response.body, answerBytesMax) : "";
    return { status: response.status, text: text ?? "" };
  } catch (error) {
    throw new ServerUnreachable(`${url} does not answer: ${messageOf(error)}`, "is the server running?", {
      cause: error,
    });
  }
}

function parseAnswer(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** RFC 6749 section 5.2: the server says what it did not like. */
function refusal(key: ServiceAccountKey, status: number, answer: Record<string, unknown>): Failure {
  const texts = [answer.error, answer.error_description].filter((part) => typeof part === "string");
  const reason = oneLine(texts.join(": ")) || `status ${status}`;
  if (status >= 500) return new ServerUnreachable(`${key.tokenUri} is not able to answer: ${reason}`);
  const hint =
    answer.error === "invalid_grant"
      ? "the key may be disabled or deleted, or this machine's clock wrong; a new key: waybill iam service-accounts keys create"
      : undefined;
  return new Failure(`${key.tokenUri} refused ${key.email}: ${reason}`, hint);
}
