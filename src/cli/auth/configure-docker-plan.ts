import { findProgram } from "../../docker-config/credential-helper.ts";
import { dockerConfigPath, editDockerConfig, readDockerConfig } from "../../docker-config/docker-config-file.ts";
import { editFile, readTextFile } from "../../docker-config/edit-file.ts";
import { isGoogleRegistry } from "../../docker-config/google-registries.ts";
import {
  inheritedHelpers,
  podmanAuthPath,
  podmanLoginPath,
  registriesConfPath,
} from "../../docker-config/podman-files.ts";
import { addRegistriesHelper, helpersIn } from "../../docker-config/registries-conf.ts";
import type { Env } from "../../sources/context.ts";
import { parseRegistryHost, type RegistryHost } from "../../sources/registry-host.ts";
import { registryHostsOf } from "../../sources/server.ts";
import type { Settings } from "../../sources/settings.ts";
import { ruleFor } from "../../sources/token-plan.ts";
import { type ContainerProgram, entryLine, type FilePlan, type Plan } from "./docker-entries.ts";

/** The files that shall name the helper for these hosts. */
export function planFiles(
  programs: readonly ContainerProgram[],
  hosts: readonly RegistryHost[],
  helper: string,
  env: Env,
): FilePlan[] {
  const paths = programs.map((program) => (program === "docker" ? dockerConfigPath(env) : podmanAuthPath(env)));
  const entries = paths.map((path) => planEntries(path, hosts, helper, env));
  // podman fails for every registry when a helper that it asks for all of them is not there.
  const isThere = findProgram(`docker-credential-${helper}`, env) !== undefined;
  return programs.includes("podman") && isThere ? [...entries, planRegistries(helper, env)] : entries;
}

function planEntries(path: string, hosts: readonly RegistryHost[], helper: string, env: Env): FilePlan {
  const { credHelpers } = readDockerConfig(env, path);
  const lines = hosts.flatMap((host) => {
    const old = credHelpers.get(host);
    if (old === helper) return [];
    return [...(old === undefined ? [] : [entryLine("-", host, old)]), entryLine("+", host, helper)];
  });
  const edits = hosts.map((host) => ({ object: "credHelpers", key: host, value: helper }));
  return { path, lines, edit: () => editDockerConfig(env, edits, { path }) };
}

function planRegistries(helper: string, env: Env): FilePlan {
  const path = registriesConfPath(env);
  const inherited = inheritedHelpers(env);
  const lines = helpersIn(readTextFile(path) ?? "").includes(helper) ? [] : [`+ credential-helpers: ${helper}`];
  const edit = () =>
    editFile(path, (text = "", target) => addRegistriesHelper(text, helper, inherited, target), { mode: 0o644 });
  return { path, lines, edit };
}

/** The logins of these hosts that lie in the files: the helper takes their place, but the secret is still there. */
export function planStaleLogins(
  programs: readonly ContainerProgram[],
  hosts: readonly RegistryHost[],
  env: Env,
): FilePlan[] {
  const podman = [podmanAuthPath(env), podmanLoginPath(env)].filter((path) => path !== undefined);
  const paths = programs.flatMap((program) => (program === "docker" ? [dockerConfigPath(env)] : podman));
  return paths.map((path) => {
    const stale = [...readDockerConfig(env, path).logins].filter((key) =>
      hosts.includes(parseRegistryHost(key) as RegistryHost),
    );
    const edits = stale.map((key) => ({ object: "auths", key }));
    const lines = stale.map((key) => `- auths[${JSON.stringify(key)}], a login that is kept there`);
    return { path, lines, edit: () => editDockerConfig(env, edits, { path }) };
  });
}

/**
 * Lets our helper answer for the hosts with the active account. Google's hosts are left to Google's credentials, unless
 * the account is one of theirs.
 */
export function planSettings(hosts: readonly RegistryHost[], settings: Settings): Plan["settings"] {
  const email = settings.active;
  const account = email === undefined ? undefined : settings.accounts.get(email);
  if (email === undefined || account === undefined) return undefined;
  const own = registryHostsOf(account.server);
  const isGoogles = own.some(isGoogleRegistry);
  const taken = hosts.filter((host) => own.includes(host) || isGoogles || !isGoogleRegistry(host));
  const lines = taken
    .filter((host) => settings.registries.get(host) !== email)
    .map((host) => `${host} is used as ${email}`);
  const change = (changed: Settings) => {
    for (const host of taken) changed.registries.set(host, email);
  };
  return { lines, change };
}

/** Lets tokens for the hosts be good for pushing too, besides what is planned already. */
export function planPush(
  hosts: readonly RegistryHost[],
  settings: Settings,
  planned: Plan["settings"],
): Plan["settings"] {
  const lines = hosts.filter((host) => ruleFor(host, settings).push !== true).map((host) => `${host} may be pushed to`);
  const change = (changed: Settings) => {
    planned?.change(changed);
    for (const host of hosts) changed.hosts.set(host, { ...changed.hosts.get(host), push: true });
  };
  return { lines: [...(planned?.lines ?? []), ...lines], change };
}
