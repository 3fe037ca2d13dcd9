import { readDockerConfig } from "../../docker-config/docker-config-file.ts";
import { readSettings } from "../../sources/settings.ts";
import { carryOut, chooseHosts, type DockerInvocation, entryLine, helperName, type Plan } from "./docker-entries.ts";

/** `waybill auth unconfigure-docker` */
export async function run(invocation: DockerInvocation): Promise<number> {
  const { values, positionals, context } = invocation;
  const helper = helperName(values);
  const settings = readSettings(context.env);
  const hosts = chooseHosts(positionals, settings);
  const current = readDockerConfig(context.env).credHelpers;
  const entries = hosts.filter((host) => current.get(host) === helper);
  const known = hosts.filter((host) => settings.registries.has(host) && !entries.includes(host));
  const plan: Plan = {
    edits: entries.map((host) => ({ object: "credHelpers", key: host })),
    settings: (changed) => {
      for (const host of hosts) changed.registries.delete(host);
    },
    lines: [...entries.map((host) => entryLine("-", host, helper)), ...known.map((host) => `  ${host} is not used`)],
  };
  await carryOut(plan, invocation);
  return 0;
}
