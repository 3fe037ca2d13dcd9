import { accessSync, constants, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Env } from "./context.ts";
import { Failure, messageOf } from "./failure.ts";
import { makePrivateFolder, replaceFile } from "./replace-file.ts";
import { cachePaths } from "./token-cache.ts";
import type { TokenPlan } from "./token-plan.ts";
import type { IssuedToken } from "./token-source.ts";

/** Where a plan's token is kept for other processes, and what else they should know. */
export type CachePlace = {
  path: string;
  write: (issued: IssuedToken, nowMilliseconds: number) => void;
  /** Tells those who wait for the same token what went wrong, so that they need not find out one by one. */
  writeFailure: (error: unknown, nowMilliseconds: number) => void;
  rethrowFailureSince: (milliseconds: number) => void;
  /** Remembers whose token a host got, and says so when it was another's before. */
  noteIdentity: (issued: IssuedToken, stderr: (text: string) => void) => void;
};

/** The first place that can be written; undefined on a machine where nothing can. */
export function findCachePlace(env: Env, plan: TokenPlan): CachePlace | undefined {
  const path = cachePaths(env, plan).find(isWritable);
  return path === undefined ? undefined : placeAt(path, plan);
}

function isWritable(path: string): boolean {
  try {
    const folder = dirname(path);
    makePrivateFolder(dirname(folder));
    makePrivateFolder(folder);
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function placeAt(path: string, plan: TokenPlan): CachePlace {
  const failurePath = path.replace(/\.json$/, ".failure");
  return {
    path,
    write(issued, nowMilliseconds) {
      const { token, expiresAt, account, source, scopes } = issued;
      rmSync(failurePath, { force: true });
      if (expiresAt === undefined) return;
      const issuedAt = Math.floor(nowMilliseconds / 1000);
      const entry = { fingerprint: plan.fingerprint, account, source, scopes, issuedAt, expiresAt };
      tryWrite(path, { ...entry, token: token.reveal() });
    },
    writeFailure(error, nowMilliseconds) {
      const hint = error instanceof Failure ? error.hint : undefined;
      tryWrite(failurePath, { at: nowMilliseconds, message: messageOf(error), hint });
    },
    rethrowFailureSince(milliseconds) {
      const failure = readJson(failurePath);
      if (typeof failure.message === "string" && Number(failure.at) >= milliseconds)
        throw new Failure(failure.message, typeof failure.hint === "string" ? failure.hint : undefined);
    },
    noteIdentity: ({ account, source }, stderr) => noteIdentity(path, plan, { account, source }, stderr),
  };
}

type Who = { account: string; source: string };

/** One file for all hosts: whose token each got last. The settings may say that this is as it should be. */
function noteIdentity(path: string, plan: TokenPlan, who: Who, stderr: (text: string) => void): void {
  const notesPath = join(dirname(dirname(path)), "identities.json");
  const notes = readJson(notesPath);
  const isShared = plan.isGoogle && plan.account === undefined && plan.impersonate.length === 0;
  const name = isShared ? "google" : plan.host; // Google's hosts are one, unless some of them have their own.
  const before = notes[name] as Who | undefined;
  if (before?.account === who.account) return;
  if (before !== undefined)
    stderr(
      `waybill: warning: ${plan.host} is now used as ${who.account} (${who.source}), before it was ${before.account} (${before.source})\n`,
    );
  tryWrite(notesPath, { ...notes, [name]: who });
}

/** What cannot be kept is made again by the next process. */
function tryWrite(path: string, value: unknown): void {
  try {
    replaceFile(path, `${JSON.stringify(value)}\n`, { durable: false });
  } catch {}
}

function readJson(path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
