import type { Context } from "./context.ts";
import type { RegistryHost } from "./registry-host.ts";
import { readOwnSettings, type Settings } from "./settings.ts";
import { readCachedToken } from "./token-cache.ts";
import { planFor } from "./token-plan.ts";
import type { IssuedToken } from "./token-source.ts";

/**
 * The token that a registry host gets: the cached one, else a new one. The first touches no network and loads nothing.
 * Undefined when no identity is meant for the host; an identity that fails throws, and names every source asked.
 */
export async function registryCredential(
  host: RegistryHost,
  context: Context,
  reading: Promise<Settings> = readOwnSettings(context.env, context.stderr),
): Promise<IssuedToken | undefined> {
  const settings = await reading;
  const plan = planFor(host, settings, context.env);
  if (plan === undefined) return undefined;
  const cached = await readCachedToken(context.env, plan, context.now());
  if (cached) return { ...cached, isCached: true };
  const { renewToken } = await import("./renew-token.ts");
  return await renewToken(plan, settings, context);
}
