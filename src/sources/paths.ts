import type { Env } from "./context.ts";

/** Where accounts and settings lie; `settings.ts` draws what is in it. */
export function configFolder(env: Env): string {
  return set(env.WAYBILL_CONFIG_DIR) ?? `${absolute(env.XDG_CONFIG_HOME) ?? `${home(env)}/.config`}/waybill`;
}

/** Where things lie that can be made again: the cached tokens, one file per account in `tokens/`. */
export function cacheFolder(env: Env): string {
  return `${absolute(env.XDG_CACHE_HOME) ?? `${home(env)}/.cache`}/waybill`;
}

/** Every place that tokens may be cached in: the first that can be written is used. */
export function cacheFolders(env: Env): string[] {
  const runtime = absolute(env.XDG_RUNTIME_DIR);
  return [cacheFolder(env), ...(runtime === undefined ? [] : [`${runtime}/waybill`])];
}

/** Where gcloud keeps its settings, and Google's libraries their default credentials. */
export function gcloudFolder(env: Env): string {
  if (set(env.CLOUDSDK_CONFIG)) return env.CLOUDSDK_CONFIG as string;
  if (process.platform === "win32" && env.APPDATA) return `${env.APPDATA}/gcloud`;
  return `${home(env)}/.config/gcloud`;
}

/** The user's home. `HOME` wins: a helper may run under another user id than the folder's. */
export function home(env: Env): string {
  return set(env.HOME) ?? systemHome();
}

/** A user id without an entry in the system's list has none: then nothing is found there, and nothing can be written. */
function systemHome(): string {
  try {
    const { homedir } = require("node:os") as typeof import("node:os");
    return homedir() || "/nonexistent";
  } catch {
    return "/nonexistent";
  }
}

function set(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text;
}

/** The XDG specification: a relative path in these variables is ignored. The current folder has no say here. */
function absolute(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  return text.startsWith("/") || (process.platform === "win32" && /^(?:[a-z]:)?[\\/]/i.test(text)) ? text : undefined;
}
