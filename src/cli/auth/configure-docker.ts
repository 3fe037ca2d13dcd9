import { isGoogleRegistry } from "../../docker-config/google-registries.ts";
import { activateHint } from "../../sources/accounts.ts";
import { Failure } from "../../sources/failure.ts";
import type { RegistryHost } from "../../sources/registry-host.ts";
import { readSettings, type Settings } from "../../sources/settings.ts";
import { planFor } from "../../sources/token-plan.ts";
import { planFiles, planPush, planSettings, planStaleLogins } from "./configure-docker-plan.ts";
import { warn } from "./configure-docker-warnings.ts";
import { carryOut, chooseHosts, chosenPrograms, type DockerInvocation, helperName } from "./docker-entries.ts";

/** `waybill auth configure-docker` */
export async function run(invocation: DockerInvocation): Promise<number> {
  const { values, context } = invocation;
  const [helper, programs] = [helperName(values), chosenPrograms(values)];
  const settings = readSettings(context.env);
  const hosts = chooseHosts(invocation, settings);
  checkIdentity(hosts, settings, invocation);
  const files = planFiles(programs, hosts, helper, context.env);
  const stale = planStaleLogins(programs, hosts, context.env);
  const pull = planSettings(hosts, settings);
  const planned = values.push ? planPush(hosts, settings, pull) : pull;
  const offer = values["remove-logins"] ? { files: [...files, ...stale] } : { files, offered: stale };
  await carryOut({ ...offer, ...(planned && { settings: planned }) }, invocation);
  await warn(programs, helper, hosts.length, context);
  return 0;
}

/** A host that nobody on this machine can be known to is a mistake; Google's are told by what is found when they are asked. */
function checkIdentity(
  hosts: readonly RegistryHost[],
  settings: Settings,
  { context: { env } }: DockerInvocation,
): void {
  if (settings.active !== undefined) return;
  const unknown = hosts.find((host) => !isGoogleRegistry(host) && planFor(host, settings, env) === undefined);
  if (unknown !== undefined)
    throw new Failure(`no account is active on this machine, and none is for ${unknown}`, activateHint);
}
