// What `waybill doctor --fix` does, one function for each kind of damage. Each says what it will do before it does it.
import { existsSync, readFileSync, statSync } from "node:fs";
import { ownHelper } from "../../docker-config/credential-helper.ts";
import { dockerConfigPath, editDockerConfig } from "../../docker-config/docker-config-file.ts";
import { type Edit, editJson } from "../../docker-config/edit-json.ts";
import { activateAccount } from "../../sources/accounts.ts";
import type { Context } from "../../sources/context.ts";
import { withFileLock } from "../../sources/file-lock.ts";
import type { RegistryHost } from "../../sources/registry-host.ts";
import { replaceFile } from "../../sources/replace-file.ts";
import type { Secret } from "../../sources/secret.ts";
import { parseServer } from "../../sources/server.ts";
import { changeSettings, readSettings } from "../../sources/settings.ts";
import type { Fix } from "./chain.ts";

/** Lets docker ask the helper for a host that the helper knows. */
export function useHelper(host: RegistryHost, { env }: Context): Fix {
  return {
    what: `set credHelpers[${JSON.stringify(host)}] to ${JSON.stringify(ownHelper)}`,
    apply: () => editDockerConfig(env, [{ object: "credHelpers", key: host, value: ownHelper }]),
  };
}

/** Writes an entry under the name that docker looks for. */
export function respellHelper(key: string, host: RegistryHost, helper: string, { env }: Context): Fix {
  return {
    what: `turn credHelpers[${JSON.stringify(key)}] into credHelpers[${JSON.stringify(host)}]`,
    apply: () =>
      editDockerConfig(env, [
        { object: "credHelpers", key },
        { object: "credHelpers", key: host, value: helper },
      ]),
  };
}

/** Takes a password out of a file; where nothing else would answer for the host, it stays. */
export function dropEntry(path: string, key: string, { env }: Context, onlyWithHelper?: string): Fix | undefined {
  if (onlyWithHelper !== undefined) return undefined;
  return {
    what: `take auths[${JSON.stringify(key)}] out of ${path}`,
    apply: () => edit(path, [{ object: "auths", key }], env),
  };
}

/** Moves a JSON key from docker's file to the helper's own folder, and lets docker ask the helper. */
export function adoptKey(
  path: string,
  entry: { key: string; username: string; secret: Secret },
  host: RegistryHost,
  { env }: Context,
): Fix {
  const keyText = () =>
    entry.username === "_json_key_base64"
      ? Buffer.from(entry.secret.reveal(), "base64").toString("utf8")
      : entry.secret.reveal();
  return {
    what: `keep the JSON key of auths[${JSON.stringify(entry.key)}] readable by you only, and let docker ask the helper for ${host}`,
    async apply() {
      const { active } = readSettings(env);
      const server = parseServer(host);
      await activateAccount(env, keyText(), `${path}: auths[${JSON.stringify(entry.key)}]`, server);
      if (active !== undefined)
        await changeSettings(env, (settings) => {
          settings.active = active; // Whoever commands speak as is nobody's business here.
        });
      await editDockerConfig(env, [
        { object: "credHelpers", key: host, value: ownHelper },
        { object: "auths", key: entry.key },
      ]);
    },
  };
}

/** As docker's file is edited, for podman's: under a lock, whole, and not a byte more than needed. */
async function edit(path: string, edits: readonly Edit[], env: Context["env"]): Promise<void> {
  if (path === dockerConfigPath(env)) return await editDockerConfig(env, edits);
  if (!existsSync(path)) return;
  await withFileLock(path, () => {
    const text = readFileSync(path, "utf8");
    const { mode, uid, gid } = statSync(path);
    const edited = editJson(text, JSON.parse(text), edits, path);
    if (edited !== text) replaceFile(path, edited, { mode: mode & 0o7777, owner: { uid, gid } });
  });
}
