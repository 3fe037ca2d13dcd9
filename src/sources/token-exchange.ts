import type { Context } from "./context.ts";
import { Failure, oneLine } from "./failure.ts";
import type { Secret } from "./secret.ts";
import type { ServiceAccountKey } from "./service-account-key.ts";
import { signToken } from "./signed-token.ts";
import { postForm, readTokenAnswer, ServerUnreachable } from "./token-request.ts";

/** A token from the server; `expiresInSeconds` is what the server says. */
export type AccessToken = { token: Secret; expiresInSeconds: number | undefined };

/** Gets an access token for a key at its token endpoint (RFC 7523 section 2.1; `lifetime` is Waybill's own addition). */
export async function exchangeToken(
  key: ServiceAccountKey,
  { scopes, lifetimeSeconds }: { scopes: readonly string[]; lifetimeSeconds?: number | undefined },
  context: Pick<Context, "fetch" | "now">,
): Promise<AccessToken> {
  const assertion = await signToken(key, { scopes }, context.now());
  const form = {
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    assertion: assertion.reveal(),
    ...(lifetimeSeconds === undefined ? {} : { lifetime: String(lifetimeSeconds) }),
  };
  const answer = await postForm(key.tokenUri, form, context.fetch);
  if (answer.status !== 200) throw refusal(key, answer.status, answer.fields);
  const { token, expiresAt } = readTokenAnswer(key.tokenUri, answer, 0);
  return { token, expiresInSeconds: expiresAt };
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
