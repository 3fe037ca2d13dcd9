/** What a test asks of single nodes, past the balancer. */
import { readFileSync } from "node:fs";
import type { KeyFile } from "../../src/identity/key-file.ts";
import { assertionOf, jwtBearer } from "../jwt.ts";

/** An access token of a key's account. */
export async function accessToken(origin: string, keyFile: string): Promise<string> {
  const key = JSON.parse(readFileSync(keyFile, "utf8")) as KeyFile;
  const body = new URLSearchParams({ grant_type: jwtBearer, assertion: assertionOf(key, Date.now(), {}) });
  const answer = await fetch(`${origin}/token`, { method: "POST", body });
  const { access_token: token, ...rest } = (await answer.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`${answer.status} ${JSON.stringify(rest)}`);
  return token;
}

export interface Answered {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly location: string;
  readonly text: string;
  readonly milliseconds: number;
}

/** Sends a request with a token; never throws: status 0 is no answer. */
export async function ask(origin: string, path: string, token: string, init: RequestInit = {}): Promise<Answered> {
  const begun = performance.now();
  const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${token}` };
  try {
    const answer = await fetch(`${origin}${path}`, { ...init, headers });
    const text = await answer.text();
    const milliseconds = performance.now() - begun;
    const location = answer.headers.get("location") ?? "";
    return { status: answer.status, retryAfter: answer.headers.get("retry-after"), location, text, milliseconds };
  } catch (error) {
    return { status: 0, retryAfter: null, location: "", text: String(error), milliseconds: performance.now() - begun };
  }
}
