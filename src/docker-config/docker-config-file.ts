// Docker's configuration, $DOCKER_CONFIG/config.json or ~/.docker/config.json, is written by many programs. It is edited
// as text, so that what others put there stays: keys that we do not know, their order, the indentation, the spelling of
// numbers. podman's auth.json has the same form.
import { join } from "node:path";
import type { Env } from "../sources/context.ts";
import { Failure } from "../sources/failure.ts";
import { home } from "../sources/paths.ts";
import { editFile, readTextFile } from "./edit-file.ts";
import type { Edit } from "./edit-json.ts";

/** The parts of Docker's configuration that say where credentials come from. */
export type DockerConfig = {
  path: string;
  credHelpers: ReadonlyMap<string, string>;
  credsStore: string | undefined;
  /** The hosts that the file itself holds a login for; an entry without one, as docker leaves beside a helper, is none. */
  logins: ReadonlySet<string>;
};

type Json = Record<string, unknown>;

/** Where this user's docker looks. */
export function dockerConfigPath(env: Env): string {
  return join(env.DOCKER_CONFIG || join(home(env), ".docker"), "config.json");
}

/** Reads the configuration; a file that is absent or empty is an empty configuration. */
export function readDockerConfig(env: Env, path = dockerConfigPath(env)): DockerConfig {
  const whole = parseWhole(readTextFile(path) ?? "", path);
  const helpers = entriesOf(whole.credHelpers).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  const logins = entriesOf(whole.auths).filter(([, login]) => isRecord(login) && Object.values(login).some(Boolean));
  return {
    path,
    credHelpers: new Map(helpers),
    credsStore: typeof whole.credsStore === "string" && whole.credsStore !== "" ? whole.credsStore : undefined,
    logins: new Set(logins.map(([host]) => host)),
  };
}

/**
 * Makes the edits in one step, under a lock; without a change the file is not touched. `fresh` is what a file that is not
 * there, or empty, starts from.
 */
export async function editDockerConfig(
  env: Env,
  edits: readonly Edit[],
  { path = dockerConfigPath(env), fresh = "" } = {},
): Promise<void> {
  await editFile(path, async (text, target) => {
    const { editJson } = await import("./edit-json.ts");
    const before = text === undefined || text.trim() === "" ? fresh : text;
    const edited = editJson(before, parseWhole(before, target), edits, target);
    return edited === before ? text : edited;
  });
}

function parseWhole(text: string, path: string): Json {
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

function entriesOf(value: unknown): [string, unknown][] {
  return isRecord(value) ? Object.entries(value) : [];
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
