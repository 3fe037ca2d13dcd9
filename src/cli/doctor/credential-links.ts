// The first links: which file, which entry of it, and so whose credentials docker presents to the registry.
import { ownHelper } from "../../docker-config/credential-helper.ts";
import type { Context } from "../../sources/context.ts";
import { parseRegistryHost, type RegistryHost } from "../../sources/registry-host.ts";
import { findRegistryIdentity } from "../../sources/registry-identity.ts";
import type { Secret } from "../../sources/secret.ts";
import type { Chain } from "./chain.ts";
import { type CredentialFile, entryFor, readDockerFile, readPodmanFiles } from "./docker-file.ts";
import { adoptKey, dropEntry, respellHelper, useHelper } from "./fixes.ts";
import { examineHelper } from "./helper-links.ts";
import { examineSources } from "./source-links.ts";

/** What docker presents to the registry, and who said so. */
export type Presented = { username: string; secret: Secret; by: "own helper" | "other helper" | "file" };

/** Looks at the files and the helper. Undefined where docker would ask without credentials, or cannot tell. */
export async function examineCredentials(
  host: RegistryHost,
  context: Context,
  chain: Chain,
): Promise<Presented | undefined> {
  if (context.env.DOCKER_AUTH_CONFIG)
    chain.warn(
      "environment",
      "DOCKER_AUTH_CONFIG is set: docker from version 28.2 on looks there before anywhere else",
      "unset DOCKER_AUTH_CONFIG",
    );
  const file = readDockerFile(context.env);
  const presented = file.problem ? unreadable(file, chain) : await examineFile(file, host, context, chain);
  examinePodman(host, context, chain);
  return presented;
}

function unreadable({ path, problem }: CredentialFile, chain: Chain): undefined {
  chain.broken("docker config", `${path}: ${problem}`, "mend the file; docker cannot read it either");
  chain.skip("credentials", "nobody can tell what would be presented");
}

async function examineFile(file: CredentialFile, host: RegistryHost, context: Context, chain: Chain) {
  const helper = file.credHelpers.get(host) || file.credsStore;
  if (!helper) examineSpelling(file, host, context, chain);
  const entry = entryFor(file, host);
  if (!helper && entry) return examineEntry(file, entry, host, context, chain);
  if (!helper) return await examineNothing(file, host, context, chain);
  const key = file.credHelpers.has(host) ? `credHelpers[${JSON.stringify(host)}]` : "credsStore";
  chain.ok("docker config", `${file.path}: ${key} is ${JSON.stringify(helper)}`);
  if (entry)
    chain.warn(
      "stale entry",
      `auths[${JSON.stringify(entry.key)}] still holds a password of ${entry.username}; docker asks the helper, other tools take this`,
      `docker logout ${host}`,
      dropEntry(file.path, entry.key, context),
    );
  const presented = await examineHelper(helper, host, context, chain);
  if (!presented && helper === ownHelper) await examineSources(host, context, chain);
  return presented;
}

/** Keys that a person takes for this host and docker does not. */
function examineSpelling(file: CredentialFile, host: RegistryHost, context: Context, chain: Chain): void {
  for (const [key, helper] of file.credHelpers)
    if (key !== host && parseRegistryHost(key) === host)
      chain.broken(
        "spelling",
        `credHelpers[${JSON.stringify(key)}] is not ${JSON.stringify(host)}: docker compares the whole key and ignores this one`,
        `write "${host}": ${JSON.stringify(helper)} in ${file.path}`,
        respellHelper(key, host, helper, context),
      );
}

function examineEntry(
  file: CredentialFile,
  entry: { key: string; username: string; secret: Secret },
  host: RegistryHost,
  context: Context,
  chain: Chain,
): Presented {
  const place = `${file.path}: auths[${JSON.stringify(entry.key)}] holds a password of ${entry.username || "nobody"}`;
  if (entry.username.startsWith("_json_key"))
    chain.warn(
      "docker config",
      `${place}, which is a key that does not expire, readable in base64`,
      "waybill doctor --fix: the key goes into the helper's own folder, and docker gets tokens made from it",
      adoptKey(file.path, entry, host, context),
    );
  else chain.warn("docker config", `${place}; no helper renews it`, `waybill auth configure-docker ${host}`);
  return { username: entry.username, secret: entry.secret, by: "file" };
}

async function examineNothing(file: CredentialFile, host: RegistryHost, context: Context, chain: Chain) {
  const identity = await findRegistryIdentity(host, context.env).catch(() => undefined);
  const others = [...file.credHelpers.keys()].filter((key) => isSameMachine(key, host));
  const near = others.length > 0 ? `, though it has one for ${others.join(", ")}` : "";
  const where = file.exists ? `${file.path} has no entry for ${host}${near}` : `${file.path} is not there`;
  const mend = `waybill auth configure-docker ${host}`;
  if (identity) chain.broken("docker config", `${where}: the helper is not asked`, mend, useHelper(host, context));
  else chain.warn("docker config", `${where}: docker asks without credentials`, mend);
  return undefined;
}

/** `localhost:5000` and `127.0.0.1:5000` are one server and two keys. */
function isSameMachine(key: string, host: string): boolean {
  const [, name = "", port = ""] = /^(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?$/.exec(key) ?? [];
  const [, other = "", otherPort = ""] = /^(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?$/.exec(host) ?? [];
  return name !== "" && other !== "" && name !== other && port === otherPort;
}

/** podman, skopeo and buildah read files of their own first, and what stands there wins over docker's helper. */
function examinePodman(host: RegistryHost, context: Context, chain: Chain): void {
  for (const file of readPodmanFiles(context.env)) {
    if (file.problem) chain.warn("podman config", `${file.path}: ${file.problem}`, "mend the file, or move it away");
    const entry = entryFor(file, host);
    if (!entry) continue;
    chain.warn(
      "podman config",
      `${file.path}: auths[${JSON.stringify(entry.key)}] holds a password of ${entry.username}, which podman, skopeo and buildah take before anything else`,
      `podman logout ${host}`,
      dropEntry(file.path, entry.key, context),
    );
  }
}
