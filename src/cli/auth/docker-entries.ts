// What configure-docker and unconfigure-docker have in common: which hosts, in which programs' files, what would change
// there, and making it so.
import { ownHelper } from "../../docker-config/credential-helper.ts";
import { artifactRegistryHosts, gcloudDefaultHosts } from "../../docker-config/google-registries.ts";
import type { Context } from "../../sources/context.ts";
import { Failure } from "../../sources/failure.ts";
import { parseRegistryHost, type RegistryHost } from "../../sources/registry-host.ts";
import { registryHostsOf } from "../../sources/server.ts";
import { changeSettings, type Settings } from "../../sources/settings.ts";
import { ask, confirm } from "../ask.ts";
import { type Invocation, parseList, UsageError } from "../command.ts";

export type DockerInvocation = Invocation<
  "helper" | "for",
  "dry-run" | "quiet" | "include-artifact-registry" | "remove-logins" | "push"
>;

/** The programs whose files are written. */
export type ContainerProgram = "docker" | "podman";

/** What is to be done to one file, and the lines that show it. `edit` touches nothing when there are none. */
export type FilePlan = { path: string; lines: string[]; edit: () => Promise<void> };

/** What is to be done: to files, and to our own settings. `offered` is done only when somebody says so. */
export type Plan = {
  files: FilePlan[];
  offered?: FilePlan[];
  settings?: { lines: string[]; change: (settings: Settings) => void };
};

const programs: readonly ContainerProgram[] = ["docker", "podman"];

/** `--for`: whose files. */
export function chosenPrograms({ for: list = "docker" }: { for?: string }): ContainerProgram[] {
  const names = [...new Set(parseList(list))];
  const unknown = names.find((name) => !(programs as readonly string[]).includes(name));
  if (unknown !== undefined || names.length === 0)
    throw new UsageError(`--for cannot be ${JSON.stringify(unknown ?? list)}`, `some of: ${programs.join(", ")}`);
  return names as ContainerProgram[];
}

/**
 * The hosts that were named; else those of the active account's server, and without one those that gcloud configures.
 * Artifact Registry's come on top.
 */
export function chooseHosts(
  { positionals: [list], values }: Pick<DockerInvocation, "positionals" | "values">,
  settings: Settings,
): RegistryHost[] {
  const chosen = list === undefined ? defaultHosts(settings) : parseHosts(list);
  const more = values["include-artifact-registry"] ? artifactRegistryHosts : [];
  return [...new Set([...chosen, ...(more as RegistryHost[])])];
}

function defaultHosts({ active, accounts }: Settings): RegistryHost[] {
  const account = active === undefined ? undefined : accounts.get(active);
  const hosts = account ? registryHostsOf(account.server) : [];
  const isGoogle = hosts.length === 0 || hosts.includes("gcr.io" as RegistryHost);
  return isGoogle ? (gcloudDefaultHosts as RegistryHost[]) : hosts;
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
  const [files, offered] = [plan.files, plan.offered ?? []].map((all) => all.filter(({ lines }) => lines.length > 0));
  const settingsLines = plan.settings?.lines ?? [];
  if (files === undefined || offered === undefined) return;
  if (files.length + offered.length + settingsLines.length === 0)
    return context.stderr(`Nothing to change in ${plan.files.map(({ path }) => path).join(", ")}.\n`);
  const isDryRun = values["dry-run"] === true;
  const show = isDryRun ? context.stdout : context.stderr;
  for (const { path, lines } of [...files, ...offered])
    show(`${path}:\n${lines.map((line) => `  ${line}\n`).join("")}`);
  show(settingsLines.map((line) => `${line}\n`).join(""));
  if (isDryRun) return;
  const isTaken = await askFor(offered.length > 0, values.quiet !== true, context);
  if (plan.settings) await changeSettings(context.env, plan.settings.change);
  for (const { edit } of [...files, ...(isTaken ? offered : [])]) await edit();
  if (offered.length > 0 && !isTaken)
    context.stderr("waybill: hint: logins that are kept there stay there; to remove them: --remove-logins\n");
}

/** Is what is offered taken? Where nobody sits it is not. */
async function askFor(hasOffer: boolean, mayAsk: boolean, context: Context): Promise<boolean> {
  if (!mayAsk || !context.isInteractive()) return false;
  if (!hasOffer) return await confirm("Make this change?", context).then(() => false);
  const answer = await ask("Make this change? (Y/n; k: yes, but keep the logins) ", context);
  if (answer === "" || answer === "y" || answer === "yes") return true;
  if (answer === "k") return false;
  throw new Failure("nothing was changed");
}

/** How an entry of Docker's file is shown. The rest of the file may hold passwords and is never shown. */
export function entryLine(sign: "+" | "-", host: string, helper: string): string {
  return `${sign} credHelpers[${JSON.stringify(host)}] = ${JSON.stringify(helper)}`;
}
