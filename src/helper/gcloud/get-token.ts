import { isGoogleRegistry } from "../../docker-config/google-registries.ts";
import type { Context } from "../../sources/context.ts";
import { parseRegistryHost } from "../../sources/registry-host.ts";
import type { Secret } from "../../sources/secret.ts";
import { type HostRule, readSettings, type Settings } from "../../sources/settings.ts";
import { readCachedToken } from "../../sources/token-cache.ts";
import { planFor, ruleFor, type TokenPlan } from "../../sources/token-plan.ts";

/**
 * Is this one of the servers that gcloud's helper answers for? It compares texts: `https://` may stand before a host, and
 * nothing else. Ours answers for hosts that Waybill's settings name too, and for regions that no list has yet.
 */
export async function isSupported(server: string, { env }: Context): Promise<boolean> {
  if (env.CLOUDSDK_ARTIFACTS_ALLOW_UNRECOGNIZED_REGISTRY === "true") return parseRegistryHost(server) !== undefined;
  const host = server.replace(/^https:\/\//, "");
  if (parseRegistryHost(host) !== host) return false;
  return isGoogleRegistry(host) || hasAccount(host, readSettings(env));
}

/** The token for a server that is supported; undefined when nobody is known. */
export async function gcloudToken(server: string, context: Context): Promise<Secret | undefined> {
  const settings = readSettings(context.env);
  const plan = gcloudPlan(server, settings, context);
  if (plan === undefined) return undefined;
  const cached = await readCachedToken(context.env, plan, context.now());
  if (cached) return cached.token;
  const { renewToken } = await import("../../sources/renew-token.ts");
  return (await renewToken(plan, settings, context))?.token;
}

function gcloudPlan(server: string, settings: Settings, { env }: Context): TokenPlan | undefined {
  const host = parseRegistryHost(server);
  if (host === undefined) return undefined;
  if (hasAccount(host, settings)) return planFor(host, settings, env);
  // gcloud's tokens are for pushing too. Somebody who asked for unknown registries meant Google's identity for them.
  const rule: HostRule = { push: true, ...ruleFor(host, settings) };
  const googleHosts = [...settings.googleHosts, host];
  return planFor(host, { ...settings, googleHosts, hosts: new Map([[host, rule]]) }, env);
}

function hasAccount(host: string, settings: Settings): boolean {
  const known = parseRegistryHost(host);
  return known !== undefined && (settings.registries.has(known) || ruleFor(known, settings).account !== undefined);
}
