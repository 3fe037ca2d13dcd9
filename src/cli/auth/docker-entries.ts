// What configure-docker and unconfigure-docker have in common: which hosts, what would change, and making it so.

import { ownHelper } from "../../docker-config/credential-helper.ts";
import { editDockerConfig, readDockerConfig } from "../../docker-config/docker-config-file.ts";
import type { Edit } from "../../docker-config/edit-json.ts";
import { activateHint } from "../../sources/accounts.ts";
import { Failure } from "../../sources/failure.ts";
import { parseRegistryHost, type RegistryHost } from "../../sources/registry-host.ts";
import { registryHostsOf } from "../../sources/server.ts";
import { changeSettings, type Settings } from "../../sources/settings.ts";
import { confirm } from "../ask.ts";
import { type Invocation, parseList, UsageError } from "../command.ts";

export type DockerInvocation = Invocation<"helper", "dry-run" | "quiet">;

/** What is to be done to Docker's file and to our own settings, and the lines that show it. */
export type Plan = { edits: Edit[]; settings?: (settings: Settings) => void; lines: string[] };

/** The hosts that were named, else those of the active account's server. */
export function chooseHosts([list]: readonly string[], settings: Settings): RegistryHost[] {
  if (list !== undefined) return parseHosts(list);
  const account = settings.active === undefined ? undefined : settings.accounts.get(settings.active);
  if (!account) throw new Failure("no account is active on this machine", activateHint);
  return registryHostsOf(account.server);
}

/** Reads `HOST,…` as an argument. */
export function parseHosts(list: string): RegistryHost[] {
  const hosts = parseList(list).map((text) => {
    const host = parseRegistryHost(text);
    if (host === undefined)
      throw new UsageError(`${JSON.stringify(text)} is not a registry host`, "like localhost:5000");
    return host;
  });
  if (hosts.length === 0) throw new UsageError("no registry host is named");
  return [...new Set(hosts)];
}

/** Docker's name for the helper: `--helper`, else our own. */
export function helperName({ helper = ownHelper }: { helper?: string }): string {
  if (!/^[a-z0-9][\w.-]*$/i.test(helper)) throw new UsageError(`--helper cannot be ${JSON.stringify(helper)}`);
  return helper;
}

/** Shows the plan, asks, and does it; with `--dry-run` it only shows. */
export async function carryOut(plan: Plan, { values, context }: DockerInvocation): Promise<void> {
  const { path } = readDockerConfig(context.env);
  const isDryRun = values["dry-run"] === true;
  const show = isDryRun ? context.stdout : context.stderr;
  if (plan.lines.length === 0) return context.stderr(`Nothing to change in ${path}.\n`);
  show(`${path}:\n${plan.lines.map((line) => `  ${line}\n`).join("")}`);
  if (isDryRun) return;
  if (!values.quiet) await confirm("Make this change?", context);
  if (plan.settings) await changeSettings(context.env, plan.settings);
  await editDockerConfig(context.env, plan.edits);
}

/** How an entry of Docker's file is shown. The rest of the file may hold passwords and is never shown. */
export function entryLine(sign: "+" | "-", host: string, helper: string): string {
  return `${sign} credHelpers[${JSON.stringify(host)}] = ${JSON.stringify(helper)}`;
}
