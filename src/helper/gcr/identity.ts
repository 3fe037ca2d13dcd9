import { loadSource } from "../../sources/all-sources.ts";
import type { Context } from "../../sources/context.ts";
import { messageOf } from "../../sources/failure.ts";
import { parseRegistryHost } from "../../sources/registry-host.ts";
import type { Settings } from "../../sources/settings.ts";
import { sourceContext } from "../../sources/source-context.ts";
import { type HostSource, hostSources } from "./host-sources.ts";
import { readLogin } from "./login-file.ts";

const findMilliseconds = 5_000;

/** Who a server is used as, in words and without the network; undefined when as nobody. */
export async function identityOf(server: string, suffix: string, context: Context): Promise<string | undefined> {
  const host = parseRegistryHost(server);
  const { settings, sources } = host
    ? await hostSources(host, suffix, context.env)
    : { settings: undefined, sources: [] };
  for (const source of sources) {
    const found = settings && (await identityFrom(source, settings, suffix, context).catch(unusable));
    if (found !== undefined) return found;
  }
  return undefined;
}

async function identityFrom({ kind, plan }: HostSource, settings: Settings, suffix: string, context: Context) {
  if (kind === "login") return readLogin(context.env) && `the login of docker-credential-${suffix}`;
  const bounded = sourceContext(context, settings, AbortSignal.timeout(findMilliseconds));
  for (const name of plan.sources) {
    const finding = await (await loadSource(name)).find(plan, bounded);
    if (!("absent" in finding)) return plan.impersonate.at(-1) ?? finding.account;
  }
  return undefined;
}

function unusable(error: unknown): string {
  return `an identity that cannot be used: ${messageOf(error)}`;
}
