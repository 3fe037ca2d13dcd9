// Where the token of a registry comes from when docker-credential-gcr is asked. An account that Waybill's own settings
// give the host comes first; for Google's registries, and for hosts that Docker's configuration names this helper for, it
// is the sources of docker-credential-gcr's configuration, in their order. No other host gets a token.
import { isGoogleRegistry } from "../../docker-config/google-registries.ts";
import type { Env } from "../../sources/context.ts";
import type { RegistryHost } from "../../sources/registry-host.ts";
import { readSettings, type Settings } from "../../sources/settings.ts";
import { planFor, ruleFor, type TokenPlan } from "../../sources/token-plan.ts";
import { readTokenSources } from "./config-file.ts";

/** One place to ask. `plan` says how our own sources are asked; a name that nobody knows has none to ask. */
export type HostSource = { kind: "login" | "plan"; name: string; plan: TokenPlan };

/** What is asked about a host, in this order; nothing for a host that must get no token. */
export type HostSources = { settings: Settings; sources: HostSource[] };

/** The sources behind each name of docker-credential-gcr's. */
const ourSources: Readonly<Record<string, readonly string[]>> = {
  env: ["env", "metadata"],
  gcloud: ["gcloud"],
  gcloud_sdk: ["gcloud"],
};

/** Looks up what is asked about a host. */
export async function hostSources(host: RegistryHost, suffix: string, env: Env): Promise<HostSources> {
  const settings = readSettings(env);
  const own = hasAccount(host, settings) ? planFor(host, settings, env) : undefined;
  if (own) return { settings, sources: [{ kind: "plan", name: "waybill", plan: own }] };
  if (!isGoogleRegistry(host) && !(await isNamedInDocker(host, suffix, env))) return { settings, sources: [] };
  return { settings, sources: readTokenSources(env).map((name) => googleSource(name, host, settings, env)) };
}

/** Did somebody give this host an account of Waybill's? */
function hasAccount(host: RegistryHost, settings: Settings): boolean {
  return settings.registries.has(host) || ruleFor(host, settings).account !== undefined;
}

/** Somebody told docker to ask this helper for exactly this host. */
async function isNamedInDocker(host: RegistryHost, suffix: string, env: Env): Promise<boolean> {
  const { readDockerConfig } = await import("../../docker-config/docker-config-file.ts");
  return readDockerConfig(env).credHelpers.get(host) === suffix;
}

/** Google's identities for this host, to push and pull with: docker-credential-gcr never asks for less. */
function googleSource(name: string, host: RegistryHost, settings: Settings, env: Env): HostSource {
  const sources = Object.hasOwn(ourSources, name) ? (ourSources[name] ?? []) : [];
  const rule = { push: true, ...ruleFor(host, settings), sources: [...sources] };
  const googleHosts = [...settings.googleHosts, host];
  const plan = planFor(host, { ...settings, googleHosts, hosts: new Map([[host, rule]]) }, env);
  if (plan === undefined) throw new Error(`there is no plan for ${host}`); // It is one of Google's: there is.
  return { kind: name === "store" ? "login" : "plan", name, plan };
}
