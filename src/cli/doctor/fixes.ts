// What `waybill doctor --fix` does, one function for each kind of damage. Each says what it will do before it does it.
import { ownHelper } from "../../docker-config/credential-helper.ts";
import { editDockerConfig } from "../../docker-config/docker-config-file.ts";
import { activateAccount } from "../../sources/accounts.ts";
import type { Context } from "../../sources/context.ts";
import { googleHostRules, matchesAny } from "../../sources/google.ts";
import type { RegistryHost } from "../../sources/registry-host.ts";
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

/** Takes a password out of docker's or podman's file. */
export function dropEntry(path: string, key: string, { env }: Context): Fix {
  return {
    what: `take auths[${JSON.stringify(key)}] out of ${path}`,
    apply: () => editDockerConfig(env, [{ object: "auths", key }], { path }),
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
      // A key of Google's is for all of Google's registries; and what it could do before, it can still do.
      const server = matchesAny(host, googleHostRules) ? undefined : parseServer(host);
      const origin = `${path}: auths[${JSON.stringify(entry.key)}]`;
      await activateAccount(env, keyText(), origin, { server, mayPush: true });
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
