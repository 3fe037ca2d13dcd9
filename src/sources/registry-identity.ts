import { failedAttempt, SourcesFailed } from "./collect-token.ts";
import type { Context, Env } from "./context.ts";
import type { RegistryHost } from "./registry-host.ts";
import { readOwnSettings } from "./settings.ts";
import { planFor } from "./token-plan.ts";
import type { Found } from "./token-source.ts";

/** Whose token a registry host gets, as far as that is known without the network. */
export type RegistryIdentity = { host: RegistryHost; email: string; source: string };

/** The identity of the first source that has one for this host. Undefined for a host that must get no token. */
export async function findRegistryIdentity(
  host: RegistryHost,
  env: Env,
  offline: Partial<Context> = {},
): Promise<RegistryIdentity | undefined> {
  const settings = await readOwnSettings(env, () => {});
  const plan = planFor(host, settings, env);
  if (plan === undefined) return undefined;
  const { loadSource } = await import("./all-sources.ts");
  const signal = AbortSignal.timeout(findMillisecondsMax);
  const context = { ...silent, ...offline, env, settings, signal };
  for (const source of plan.sources) {
    const finding = await (await loadSource(source)).find(plan, context).catch((error) => {
      throw new SourcesFailed(host, [failedAttempt(source, undefined, error)]);
    });
    if (!("absent" in finding)) return { host, email: impersonated(plan.impersonate, finding), source };
  }
  return undefined;
}

const findMillisecondsMax = 5_000;

const silent = {
  now: Date.now,
  fetch: () => Promise.reject(new Error("finding an identity needs no network")),
  stderr: () => {},
};

function impersonated(chain: readonly string[], { account }: Found): string {
  return chain.at(-1) ?? account;
}

/** Every host that is configured by its name. Endings (`*.pkg.dev`) are not among them: nobody can ask for all of those. */
export async function registryHosts(env: Env): Promise<RegistryHost[]> {
  const { accounts, registries, hosts } = await readOwnSettings(env, () => {});
  const configured = [...registries].filter(([, email]) => accounts.has(email)).map(([host]) => host);
  const named = [...hosts].filter(([host, { account }]) => !host.startsWith("*") && accounts.has(account ?? ""));
  const { environmentKeys } = await import("./environment-key.ts");
  const own = environmentKeys(env).flatMap(({ hosts }) => hosts);
  return [...new Set([...configured, ...named.map(([host]) => host as RegistryHost), ...own])].sort();
}
