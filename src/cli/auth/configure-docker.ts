import { findProgram } from "../../docker-config/credential-helper.ts";
import { readDockerConfig } from "../../docker-config/docker-config-file.ts";
import { activateHint } from "../../sources/accounts.ts";
import type { Context } from "../../sources/context.ts";
import { Failure } from "../../sources/failure.ts";
import type { RegistryHost } from "../../sources/registry-host.ts";
import { readSettings, type Settings } from "../../sources/settings.ts";
import { carryOut, chooseHosts, type DockerInvocation, entryLine, helperName, type Plan } from "./docker-entries.ts";

/** `waybill auth configure-docker` */
export async function run(invocation: DockerInvocation): Promise<number> {
  const { values, positionals, context } = invocation;
  const helper = helperName(values);
  const settings = readSettings(context.env);
  const hosts = chooseHosts(positionals, settings);
  if (settings.active === undefined) throw new Failure("no account is active on this machine", activateHint);
  const current = readDockerConfig(context.env).credHelpers;
  await carryOut(planEntries(hosts, helper, current, settings, settings.active), invocation);
  warnWhenMissing(helper, context);
  return 0;
}

function planEntries(
  hosts: readonly RegistryHost[],
  helper: string,
  current: ReadonlyMap<string, string>,
  { registries }: Settings,
  email: string,
): Plan {
  const lines = hosts.flatMap((host) => {
    const old = current.get(host);
    if (old === helper) return registries.get(host) === email ? [] : [`  ${host} is used as ${email}`];
    return [...(old === undefined ? [] : [entryLine("-", host, old)]), entryLine("+", host, helper)];
  });
  return {
    edits: hosts.map((host) => ({ object: "credHelpers", key: host, value: helper })),
    settings: (settings) => {
      for (const host of hosts) settings.registries.set(host, email);
    },
    lines,
  };
}

function warnWhenMissing(helper: string, { env, stderr }: Context): void {
  const program = `docker-credential-${helper}`;
  if (findProgram(program, env) !== undefined) return;
  stderr(`waybill: warning: ${program} is not on PATH, where docker looks for it\n`);
}
