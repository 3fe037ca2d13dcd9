import type { Env } from "./context.ts";
import { cacheFolders } from "./paths.ts";
import { Secret } from "./secret.ts";
import type { TokenPlan } from "./token-plan.ts";
import type { IssuedToken } from "./token-source.ts";

/** A token as the cache's file has it. Times are seconds since 1970. */
export type CachedToken = Omit<IssuedToken, "token" | "isCached" | "expiresAt"> & {
  token: Secret;
  fingerprint: string;
  issuedAt: number;
  expiresAt: number;
};

/** A token that was issued later than now was written when the clock was wrong. */
const clockSkewSeconds = 60;
/** An issuer that only gives tokens shorter than the promised lifetime is still not asked anew by every process. */
const shortTokenSeconds = 10;
/** With less left a token is as good as expired: it has a way to go. */
const lastSeconds = 30;

/** The cached token that can be handed out: it fits the plan and lasts as long as was promised. */
export async function readCachedToken(
  env: Env,
  plan: TokenPlan,
  nowMilliseconds: number,
): Promise<CachedToken | undefined> {
  const now = nowMilliseconds / 1000;
  for (const path of cachePaths(env, plan)) {
    const entry = await readEntry(path, plan);
    if (entry && isFresh(entry, plan.minimumSeconds, now)) return entry;
  }
  return undefined;
}

/** A token of this plan that has not expired, though it lasts less than was promised. */
export async function readOldToken(
  env: Env,
  plan: TokenPlan,
  nowMilliseconds: number,
): Promise<CachedToken | undefined> {
  const now = nowMilliseconds / 1000;
  const entries = await Promise.all(cachePaths(env, plan).map((path) => readEntry(path, plan)));
  return entries.find((entry) => entry && isSane(entry, now) && entry.expiresAt - now >= lastSeconds);
}

/** Where a plan's token is cached, the best place first. */
export function cachePaths(env: Env, { fingerprint }: TokenPlan): string[] {
  const name = `${Bun.hash(fingerprint).toString(36)}.json`;
  return cacheFolders(env).map((folder) => `${folder}/tokens/${name}`);
}

/** Forgets an account's tokens. */
export async function removeCachedTokens(env: Env, account: string): Promise<void> {
  const { rmSync } = require("node:fs") as typeof import("node:fs");
  for (const folder of cacheFolders(env).map((path) => `${path}/tokens`))
    for (const name of filesIn(folder)) {
      const path = `${folder}/${name}`;
      const entry = await readJson(path);
      if (entry === undefined || entry.account === account || belongsTo(entry, account)) rmSync(path, { force: true });
    }
}

/** An impersonated token has the name of another account, but came from this one. */
function belongsTo(entry: Record<string, unknown>, account: string): boolean {
  return typeof entry.fingerprint === "string" && entry.fingerprint.includes(JSON.stringify(account));
}

function isFresh(entry: CachedToken, minimumSeconds: number, now: number): boolean {
  if (!isSane(entry, now)) return false;
  if (entry.expiresAt - now >= minimumSeconds) return true;
  const isShort = entry.expiresAt - entry.issuedAt < minimumSeconds;
  return isShort && now - entry.issuedAt <= shortTokenSeconds && entry.expiresAt - now >= lastSeconds;
}

function isSane({ issuedAt }: CachedToken, now: number): boolean {
  return issuedAt <= now + clockSkewSeconds;
}

async function readEntry(path: string, plan: TokenPlan): Promise<CachedToken | undefined> {
  const entry = await readJson(path);
  if (entry?.fingerprint !== plan.fingerprint || typeof entry.token !== "string") return undefined;
  const fields = entry as unknown as CachedToken;
  if (!Number.isFinite(fields.expiresAt) || !Number.isFinite(fields.issuedAt)) return undefined;
  return { ...fields, token: new Secret(entry.token) };
}

/** Absent, unreadable or damaged: a new token takes its place. */
async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse(await Bun.file(path).text());
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function filesIn(folder: string): string[] {
  try {
    const { readdirSync } = require("node:fs") as typeof import("node:fs");
    return readdirSync(folder).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
}
