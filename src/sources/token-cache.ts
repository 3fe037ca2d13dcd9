import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Env } from "./context.ts";
import { cacheFolder } from "./paths.ts";
import { Secret } from "./secret.ts";

/** What a cached token is good for. A token of another key, audience or scope is not this one. */
export type TokenPurpose = { email: string; keyId: string; audience: string; scope: string };

/** A token with less left is renewed: BuildKit keeps what a helper said for nearly five minutes. */
const renewBeforeSeconds = 5 * 60;
/** No token lives longer; one that claims to was written when the clock was wrong. */
const lifetimeSecondsMax = 3600;

/** The cached token, or undefined when there is none that is still good. */
export function readCachedToken(env: Env, purpose: TokenPurpose, nowMilliseconds: number): Secret | undefined {
  try {
    const entry = JSON.parse(readFileSync(cachePath(env, purpose.email), "utf8"));
    const secondsLeft = entry.expiresAt - nowMilliseconds / 1000;
    const isFresh = secondsLeft >= renewBeforeSeconds && secondsLeft <= lifetimeSecondsMax;
    const fits = entry.keyId === purpose.keyId && entry.audience === purpose.audience && entry.scope === purpose.scope;
    return isFresh && fits && typeof entry.token === "string" ? new Secret(entry.token) : undefined;
  } catch {
    return undefined; // Absent, unreadable or damaged: a new token takes its place.
  }
}

/** Keeps a token for the next process. Where nothing can be written the next process makes its own. */
export async function writeCachedToken(
  env: Env,
  purpose: TokenPurpose,
  token: Secret,
  expiresAt: number,
): Promise<void> {
  const { makePrivateFolder, replaceFile } = await import("./replace-file.ts");
  const { email, ...rest } = purpose;
  try {
    makePrivateFolder(cacheFolder(env));
    makePrivateFolder(join(cacheFolder(env), "tokens"));
    const text = `${JSON.stringify({ ...rest, expiresAt, token: token.reveal() })}\n`;
    replaceFile(cachePath(env, email), text, { durable: false });
  } catch {}
}

/** Forgets an account's token. */
export function removeCachedToken(env: Env, email: string): void {
  rmSync(cachePath(env, email), { force: true });
}

function cachePath(env: Env, email: string): string {
  return join(cacheFolder(env), "tokens", `${email}.json`);
}
