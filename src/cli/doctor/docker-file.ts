// Docker's and podman's configuration as these programs read them, entries that hold a password included.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dockerConfigPath } from "../../docker-config/docker-config-file.ts";
import type { Env } from "../../sources/context.ts";
import { messageOf } from "../../sources/failure.ts";
import { home } from "../../sources/paths.ts";
import { parseRegistryHost } from "../../sources/registry-host.ts";
import { Secret } from "../../sources/secret.ts";

/** What is in such a file; `problem` instead where it cannot be read. */
export type CredentialFile = {
  path: string;
  exists: boolean;
  problem?: string;
  credHelpers: ReadonlyMap<string, string>;
  credsStore: string | undefined;
  entries: readonly PasswordEntry[];
};

/** One entry of `auths` that is not empty; `key` is how the file spells the host. */
export type PasswordEntry = { key: string; username: string; secret: Secret };

/** The file that docker reads. */
export function readDockerFile(env: Env): CredentialFile {
  return readCredentialFile(dockerConfigPath(env));
}

/** The files that podman, skopeo and buildah read before docker's, in their order (containers-auth.json(5)). */
export function readPodmanFiles(env: Env): CredentialFile[] {
  const named = env.REGISTRY_AUTH_FILE;
  const folders = [env.XDG_RUNTIME_DIR, env.XDG_CONFIG_HOME || join(home(env), ".config")];
  const paths = named ? [named] : folders.flatMap((folder) => (folder ? [join(folder, "containers/auth.json")] : []));
  return paths.map(readCredentialFile).filter(({ exists }) => exists);
}

/** Reads a file; one that is absent is empty. */
export function readCredentialFile(path: string): CredentialFile {
  const empty = { path, exists: false, credHelpers: new Map(), credsStore: undefined, entries: [] };
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const isAbsent = ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
    return isAbsent ? empty : { ...empty, exists: true, problem: `it cannot be read: ${messageOf(error)}` };
  }
  const whole = text.trim() === "" ? {} : parseObject(text);
  if (!whole) return { ...empty, exists: true, problem: "it is not a JSON object" };
  return { path, exists: true, ...partsOf(whole) };
}

/** The entry that docker takes for this host: the key itself, or one that has a scheme or a path around it. */
export function entryFor(file: CredentialFile, host: string): PasswordEntry | undefined {
  return (
    file.entries.find(({ key }) => key === host) ??
    file.entries.find(({ key }) => /^https?:\/\//i.test(key) && parseRegistryHost(key) === host)
  );
}

function partsOf(whole: Record<string, unknown>): Pick<CredentialFile, "credHelpers" | "credsStore" | "entries"> {
  const helpers = Object.entries(isObject(whole.credHelpers) ? whole.credHelpers : {});
  const auths = Object.entries(isObject(whole.auths) ? whole.auths : {});
  return {
    credHelpers: new Map(helpers.filter((entry): entry is [string, string] => typeof entry[1] === "string")),
    credsStore: typeof whole.credsStore === "string" && whole.credsStore !== "" ? whole.credsStore : undefined,
    entries: auths.flatMap(([key, value]) => parseEntry(key, isObject(value) ? value : {}) ?? []),
  };
}

/** `auth` is base64 of USER:PASSWORD; an identity token stands for itself. */
function parseEntry(key: string, value: Record<string, unknown>): PasswordEntry | undefined {
  const { auth, identitytoken, username, password } = value;
  if (typeof identitytoken === "string" && identitytoken !== "")
    return { key, username: "<token>", secret: new Secret(identitytoken) };
  if (typeof username === "string" && typeof password === "string" && username !== "")
    return { key, username, secret: new Secret(password) };
  if (typeof auth !== "string" || auth === "") return undefined;
  const text = Buffer.from(auth, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 0) return { key, username: "", secret: new Secret(text) };
  return { key, username: text.slice(0, colon), secret: new Secret(text.slice(colon + 1).replace(/\0+$/, "")) };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // The parser's message would quote the file, and with it perhaps a password.
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
