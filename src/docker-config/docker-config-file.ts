// Docker's configuration, $DOCKER_CONFIG/config.json or ~/.docker/config.json, is written by many programs. It is edited
// as text, so that what others put there stays: keys that we do not know, their order, the indentation, the spelling of
// numbers, the file's permissions, its owner, and a symbolic link in its place.
import { lstatSync, readFileSync, readlinkSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Env } from "../sources/context.ts";
import { Failure, messageOf } from "../sources/failure.ts";
import { withFileLock } from "../sources/file-lock.ts";
import { home } from "../sources/paths.ts";
import { makeFolderFor, replaceFile } from "../sources/replace-file.ts";
import type { Edit } from "./edit-json.ts";

/** The parts of Docker's configuration that say where credentials come from. */
export type DockerConfig = {
  path: string;
  credHelpers: ReadonlyMap<string, string>;
  credsStore: string | undefined;
};

type Snapshot = { text: string; whole: Record<string, unknown>; stats: Stats | undefined };

/** Other programs take no lock; an edit that lost a race with one is made again this many times. */
const attemptsMax = 5;

/** Where this user's docker looks. */
export function dockerConfigPath(env: Env): string {
  return join(env.DOCKER_CONFIG || join(home(env), ".docker"), "config.json");
}

/** Reads the configuration; a file that is absent or empty is an empty configuration. */
export function readDockerConfig(env: Env): DockerConfig {
  const path = dockerConfigPath(env);
  const { whole } = readSnapshot(path);
  const helpers = Object.entries(isRecord(whole.credHelpers) ? whole.credHelpers : {});
  return {
    path,
    credHelpers: new Map(helpers.filter((entry): entry is [string, string] => typeof entry[1] === "string")),
    credsStore: typeof whole.credsStore === "string" && whole.credsStore !== "" ? whole.credsStore : undefined,
  };
}

/** Makes the edits in one step, under a lock; without a change the file is not touched. */
export async function editDockerConfig(env: Env, edits: readonly Edit[]): Promise<void> {
  const target = followLinks(dockerConfigPath(env));
  makeFolderFor(target);
  await withFileLock(target, async () => {
    for (let attempt = 1; ; attempt++) {
      if (await tryEdit(target, edits)) return;
      if (attempt === attemptsMax) throw new Failure(`${target} is being changed by another program`, "try again");
    }
  });
}

async function tryEdit(target: string, edits: readonly Edit[]): Promise<boolean> {
  const { text, whole, stats } = readSnapshot(target);
  const { editJson } = await import("./edit-json.ts");
  const edited = editJson(text, whole, edits, target);
  if (edited === text) return true;
  if (!isUnchanged(stats, statSync(target, { throwIfNoEntry: false }))) return false;
  const kept = stats ? { mode: stats.mode & 0o7777, owner: { uid: stats.uid, gid: stats.gid } } : {};
  replaceFile(target, edited, kept);
  return true;
}

function readSnapshot(path: string): Snapshot {
  const stats = statSync(path, { throwIfNoEntry: false });
  let text = "";
  try {
    if (stats) text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Failure(`${path} cannot be read: ${messageOf(error)}`, `check who owns it: ls -l ${path}`);
  }
  return { text, whole: parseWhole(text, path), stats };
}

function parseWhole(text: string, path: string): Record<string, unknown> {
  let whole: unknown;
  try {
    whole = text.trim() === "" ? {} : JSON.parse(text);
  } catch {} // The parser's message would quote the file, and with it perhaps a password.
  if (isRecord(whole)) return whole;
  throw new Failure(
    `${path} is not a JSON object; it was left as it is`,
    "mend it first: docker cannot read it either",
  );
}

/** The file that a chain of symbolic links ends at, also when that is not there yet. */
function followLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    return isLink ? resolve(dirname(path), readlinkSync(path)) : path;
  }
}

function isUnchanged(before: Stats | undefined, now: Stats | undefined): boolean {
  return before?.ino === now?.ino && before?.mtimeMs === now?.mtimeMs && before?.size === now?.size;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
