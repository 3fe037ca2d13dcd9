import { type Context, readBounded } from "../../sources/context.ts";
import { messageOf, oneLine } from "../../sources/failure.ts";
import type { OAuthClient } from "../../sources/login/oauth-server.ts";
import { clientFields } from "../../sources/login/sign-in.ts";
import { Secret } from "../../sources/secret.ts";
import type { Login } from "./login-file.ts";
import { googleTokenUri } from "./login-page.ts";

/** The login has ended for good: only logging in again helps. */
export class LoginEnded extends Error {}

const answerBytesMax = 64 * 1024;

type Answer = { status: number; statusText: string; fields: Record<string, unknown> };

/** Asks the token endpoint with this grant (RFC 6749 section 4.1.3 or 6); the client says who it is in the form. */
export async function requestToken(
  client: OAuthClient,
  grant: Readonly<Record<string, string>>,
  { fetch, now, signal }: Pick<Context, "fetch" | "now"> & { signal: AbortSignal },
): Promise<Login> {
  const form = new URLSearchParams({ ...grant, ...clientFields(client) });
  const answer = await post(googleTokenUri, form, fetch, signal);
  if (answer.status !== 200) throw refusal(answer);
  const { access_token: token, refresh_token: refresh, expires_in: lifetime } = answer.fields;
  if (typeof token !== "string" || token === "") throw new Error("oauth2: server response missing access_token");
  return {
    accessToken: new Secret(token),
    refreshToken: typeof refresh === "string" && refresh !== "" ? new Secret(refresh) : undefined,
    expiresAt: Number(lifetime) > 0 ? now() + Number(lifetime) * 1000 : undefined,
  };
}

async function post(url: string, form: URLSearchParams, fetch: Context["fetch"], signal: AbortSignal): Promise<Answer> {
  try {
    // A redirect is not followed: what is sent here is meant for this endpoint alone.
    const response = await fetch(new Request(url, { method: "POST", body: form, redirect: "manual", signal }));
    const text = response.body ? await readBounded(response.body, answerBytesMax) : "";
    return { status: response.status, statusText: response.statusText, fields: parseFields(text ?? "") };
  } catch (error) {
    throw new Error(`Post ${JSON.stringify(url)}: ${messageOf(error)}`);
  }
}

function parseFields(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** RFC 6749 section 5.2. */
function refusal({ status, statusText, fields }: Answer): Error {
  const texts = [fields.error, fields.error_description, fields.error_uri].filter((text) => typeof text === "string");
  if (typeof fields.error !== "string")
    return new Error(`oauth2: cannot fetch token: ${status} ${oneLine(statusText)}`);
  const message = `oauth2: ${texts.map((text) => JSON.stringify(oneLine(text))).join(" ")}`;
  return fields.error === "invalid_grant" ? new LoginEnded(message) : new Error(message);
}
