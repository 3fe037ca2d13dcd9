import { type Context, readBounded } from "./context.ts";
import { limited } from "./deadline.ts";
import { Failure, messageOf, oneLine } from "./failure.ts";
import { Secret } from "./secret.ts";
import { serverOf } from "./server.ts";

const answerBytesMax = 64 * 1024;
const answerMillisecondsMax = 10_000;
/** No issuer gives a longer one; whoever says so is not believed, and is asked again. */
const lifetimeSecondsMax = 12 * 3600;

/** The server gave no answer at all, so that whoever can do without it may go on. */
export class ServerUnreachable extends Failure {}

/** What an OAuth server answers when it refuses (RFC 6749 section 5.2). */
export class TokenRefused extends Failure {
  readonly code: string | undefined;
  readonly status: number;

  constructor(message: string, status: number, code: string | undefined, hint?: string) {
    super(message, hint);
    this.status = status;
    this.code = code;
  }
}

export type Answer = { status: number; fields: Record<string, unknown> };
export type Fetch = Context["fetch"];

/** Posts a form and reads the JSON that comes back; redirects are not followed: what is sent is meant for this address. */
export async function postForm(url: string, form: Record<string, string>, fetch: Fetch): Promise<Answer> {
  return await send(new Request(requireSafe(url), { method: "POST", body: new URLSearchParams(form) }), fetch);
}

/** Sends a request and reads the JSON that comes back, a bounded amount of it. */
export async function send(request: Request, fetch: Fetch): Promise<Answer> {
  const { origin, pathname } = new URL(request.url); // What is in the query stays out of the message.
  try {
    const signal = limited(request.signal, answerMillisecondsMax);
    const response = await fetch(new Request(request, { redirect: "manual", signal }));
    const text = response.body ? await readBounded(response.body, answerBytesMax) : "";
    return { status: response.status, fields: parseFields(text ?? "") };
  } catch (error) {
    const message = `${origin}${pathname} does not answer: ${messageOf(error)}`;
    throw new ServerUnreachable(message, "is the server running?", { cause: error });
  }
}

/** A credential goes over plain HTTP to this machine only. */
export function requireSafe(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) throw new Failure(`${JSON.stringify(url)} is not a URL`);
  serverOf(parsed);
  return url;
}

/** The access token of an answer (RFC 6749 section 5.1), or the failure that the answer tells. */
export function readTokenAnswer(
  url: string,
  { status, fields }: Answer,
  nowMilliseconds: number,
): { token: Secret; expiresAt: number | undefined } {
  if (status !== 200) throw refusal(url, { status, fields });
  if (typeof fields.token_type !== "string" || !/^bearer$/i.test(fields.token_type))
    throw new Failure(`${url} gave no access token`, "is that address a token endpoint?");
  const expiresIn = Math.min(secondsIn(fields.expires_in), lifetimeSecondsMax);
  const expiresAt = expiresIn > 0 ? Math.floor(nowMilliseconds / 1000 + expiresIn) : undefined;
  return { token: asAccessToken(fields.access_token, url), expiresAt };
}

/** Some servers write the number as a text. Anything else is no number: an object's own conversion could throw. */
function secondsIn(value: unknown): number {
  return typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
}

/** A text that is fit to be one: it ends up in a header, where a space or a line break means something else. */
export function asAccessToken(value: unknown, origin: string): Secret {
  if (typeof value === "string" && /^[\x21-\x7e]+$/.test(value)) return new Secret(value);
  throw new Failure(`${origin} gave no access token`, "is that address a token endpoint?");
}

/** What a server did not like, in its own words. */
export function refusal(url: string, { status, fields }: Answer, hint?: string): Failure {
  const nested = fields.error as { message?: unknown; status?: unknown } | undefined; // Google's APIs nest it.
  const texts = [fields.error, fields.error_description, nested?.status, nested?.message];
  const reason = oneLine(texts.filter((part) => typeof part === "string").join(": ")) || `status ${status}`;
  if (status >= 500) return new ServerUnreachable(`${url} is not able to answer: ${reason}`);
  const code = typeof fields.error === "string" ? fields.error : undefined;
  return new TokenRefused(`${url} refused: ${reason}`, status, code, hint);
}

function parseFields(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
